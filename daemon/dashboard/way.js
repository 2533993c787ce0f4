// The way of a request: what became of it, when, and by whom, from the audit trail.

import {auditOf} from './audit.js';
import {h} from './dom.js';
import {icon} from './icons.js';
import {time} from './parts.js';
import {actionWords} from './words.js';

const tones = [
    [/(failed|lost|given_up)$/, 'failed', 'bad'],
    [/(rejected|cancelled|expired)$/, 'stopped', 'quiet'],
    [/(rolled_back)$/, 'back', 'quiet'],
    [/(overwrite_restore|completed)$/, 'done', 'good'],
    [/(started|released)$/, 'running', 'live'],
    [/acked$/, 'half', 'wait'],
];

/** The audit entries of a request, the oldest first. */
export async function entriesOf(request)
{
    return (await auditOf(request.project_id)).filter((entry) => entry.request_id === request.id);
}

function detail(entry)
{
    const {data} = entry;
    const parts = [];
    if (data.rejected_reason)
        parts.push(h('p', {class: 'written'}, data.rejected_reason));
    if (data.scheduled_for && /acked|rescheduled/.test(entry.action))
        parts.push(h('p', {}, 'Agreed for ', time(data.scheduled_for)));
    if (data.external_ticket_ref)
        parts.push(h('p', {}, 'Ticket ', h('code', {}, data.external_ticket_ref)));
    const failure = data.failure?.message ?? data.error;
    if (failure)
        parts.push(h('p', {}, failure));
    return parts;
}

/** A list of the way's stations. */
export function wayList(entries)
{
    return h('ol', {class: 'way'}, entries.map((entry) => {
        const [, shape, tone] = tones.find(([pattern]) => pattern.test(entry.action)) ?? [null, 'open', 'wait'];
        return h('li', {class: `station station-${tone}`, 'data-action': entry.action}, icon(shape),
                 h('div', {}, h('p', {class: 'station-what'}, actionWords(entry.action)),
                   h('p', {class: 'faint'}, time(entry.at, {seconds: true}), ' by ', entry.actor_id), detail(entry)));
    }));
}
