// The operators' queue: requests of all projects.

import {get, withQuery} from './api.js';
import {h} from './dom.js';
import {choiceField, textField} from './fields.js';
import {badge, button, empty, link, pagedTable, showIn, time} from './parts.js';

const views = [['live', 'Waiting and running'], ['open', 'Open'], ['acked', 'Acked'], ['in_progress', 'In progress'], ['completed', 'Completed'],
               ['failed', 'Failed'], ['rejected', 'Rejected'], ['cancelled', 'Cancelled'], ['expired', 'Expired'],
               ['rolled_back', 'Rolled back'], ['', 'All']];

/** Columns of a list of requests; of one project without its name. */
export function requestColumns(withProject)
{
    return [
        {title: 'Preview', cell: (request) => link(`#/requests/${encodeURIComponent(request.id)}`, request.preview_database_id)},
        withProject ? {title: 'Project', cell: (request) => link(`#/projects/${encodeURIComponent(request.project_id)}`, request.project_id)} : null,
        {title: 'State', cell: (request) => badge(request.status)},
        {title: 'Requested by', cell: (request) => request.requested_by_actor_id},
        {title: 'Ticket', cell: (request) => (request.external_ticket_ref ? h('code', {}, request.external_ticket_ref)
            : h('span', {class: 'faint'}, 'none'))},
        {title: 'Filed', cell: (request) => time(request.created_at, {relative: true})},
        {title: 'Agreed time', cell: (request) => time(request.scheduled_for, {none: 'any'})},
    ].filter(Boolean);
}

function filtersOf(hash)
{
    const query = new URLSearchParams(hash.split('?')[1] ?? '');
    return {status: query.get('status') ?? 'live', project: query.get('project') ?? ''};
}

export async function queuePage()
{
    const filters = filtersOf(location.hash);
    const status = choiceField('status', 'State', views, {initial: filters.status});
    const project = textField('project', 'Project', {initial: filters.project, required: true});
    project.input.required = false;
    const list = h('div', {});
    const read = () => showIn(list, () => {
        const path = project.value() ? `/v1/projects/${encodeURIComponent(project.value())}/cutover-requests` : '/v1/cutover-requests';
        return pagedTable('Requests', requestColumns(true), (cursor) =>
            get(withQuery(path, {status: status.value(), order: 'newest', limit: 50, cursor})), empty(
            status.value() === 'live' ? 'Nothing waits.' : 'No request is like that.',
            h('p', {}, status.value() === 'live' ? 'Requests come here when customers file them.' : 'Try another state or project.')));
    }, 'Reading the queue');
    function changed(event)
    {
        event?.preventDefault();
        history.replaceState(null, '', withQuery('#/queue', {status: status.value() || 'all', project: project.value()}));
        read();
    }
    if (filters.status === 'all')
        status.input.value = '';
    status.input.addEventListener('change', changed);
    const element = h('div', {},
                      h('div', {class: 'page-head'}, h('h1', {tabindex: '-1'}, 'Queue'), button('Refresh', read, {class: 'button small push', act: 'refresh'})),
                      h('form', {class: 'filters', on: {submit: changed}, 'aria-label': 'Filters'}, status.element, project.element,
                        h('button', {type: 'submit', class: 'button'}, 'Filter')), list);
    read();
    return {title: 'Queue', element};
}
