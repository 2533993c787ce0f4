// A project's audit trail, as a whole: the service tells it from the beginning, and people want its end.

import {get, v1, withQuery} from './api.js';

const pageSize = 1000;

/** All entries, the oldest first. */
export async function auditOf(projectId)
{
    const entries = [];
    let cursor = null;
    do {
        const page = await get(withQuery(v1('projects', projectId, 'audit-events'), {limit: pageSize, cursor}));
        entries.push(...page.items);
        cursor = page.next_cursor;
    } while (cursor);
    return entries;
}
