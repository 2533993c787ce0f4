// The tabs of a project that are lists: requests, backups, jobs, displaced databases, audit.

import {call, get, Once, v1, withQuery} from './api.js';
import {auditOf} from './audit.js';
import {formDialog} from './dialog.js';
import {announce, h} from './dom.js';
import {choiceField, confirmField, textField} from './fields.js';
import {bytes, count} from './format.js';
import {requestColumns} from './page_queue.js';
import {badge, button, empty, idText, link, pagedTable, showIn, time} from './parts.js';
import {isOperator} from './session.js';
import {actionNames, actionWords, jobKinds, methods, spoken} from './words.js';

const auditPageSize = 100;

export function requestsTab(project)
{
    return pagedTable('Requests', requestColumns(false), (cursor) =>
        get(withQuery(v1('projects', project.id, 'cutover-requests'), {order: 'newest', limit: 50, cursor})),
        empty('No requests yet.', h('p', {}, 'A request is filed with “Promote” on a preview that is ready.')));
}

async function takeBackup(project)
{
    const once = new Once();
    const made = await formDialog({
        title: 'Back up production',
        intro: h('p', {}, 'Production stays open for reads and writes. The backup is proved once it is taken.'),
        fields: [textField('label', 'Label', {max: 120})],
        submitLabel: 'Take a backup',
        failedTitle: 'No backup was begun',
        submit: (values) => {
            const body = values.label ? {label: values.label} : {};
            return once.post(v1('projects', project.id, 'backups'), body);
        },
    });
    if (made) {
        announce('The backup has begun');
        goToJob(made);
    }
}

/** Shows the job that an answer of 202 names. */
export function goToJob(answer)
{
    const id = answer.location?.split('/').pop() ?? answer.data?.job_id ?? answer.data?.id;
    if (id)
        location.hash = `#/jobs/${id}`;
}

/** In a few words, what proves a backup. */
function proof(backup)
{
    if (backup.status !== 'verified')
        return h('span', {class: 'faint'}, backup.status === 'failed' ? backup.verify_detail ?? backup.error ?? 'not proved' : 'not proved');
    return h('span', {}, `${spoken(methods[backup.verify_method] ?? backup.verify_method)}: ${backup.verdict}`);
}

export async function backupsTab(project)
{
    const list = await pagedTable('Backups', [
        {title: 'Label', cell: (backup) => link(`#/backups/${encodeURIComponent(backup.id)}`, h('span', {class: 'breaks'}, backup.label || 'no label'))},
        {title: 'State', cell: (backup) => badge(backup.status)},
        {title: 'Proof', cell: proof},
        {title: 'Rows', class: 'number', cell: (backup) => count(backup.rows)},
        {title: 'Size', class: 'number', cell: (backup) => bytes(backup.bytes)},
        {title: 'Taken', cell: (backup) => time(backup.created_at, {relative: true})},
    ], (cursor) => get(withQuery(v1('projects', project.id, 'backups'), {order: 'newest', limit: 50, cursor})),
        empty('No backups yet.', h('p', {}, 'Every cutover takes one of production before it.')));
    return [isOperator() ? h('div', {class: 'actions above'}, button('Take a backup', () => takeBackup(project), {act: 'backup'})) : null, list];
}

export function jobsTab(project)
{
    return pagedTable('Jobs', [
        {title: 'Job', cell: (job) => link(`#/jobs/${encodeURIComponent(job.id)}`, jobKinds[job.kind] ?? spoken(job.kind))},
        {title: 'State', cell: (job) => badge(job.status)},
        {title: 'Request', cell: (job) => (job.request_id ? link(`#/requests/${encodeURIComponent(job.request_id)}`, idText(job.request_id))
            : h('span', {class: 'faint'}, '–'))},
        {title: 'Begun', cell: (job) => time(job.created_at, {relative: true})},
        {title: 'Id', cell: (job) => idText(job.id)},
    ], (cursor) => get(withQuery(v1('projects', project.id, 'jobs'), {order: 'newest', limit: 50, cursor})), empty('No jobs yet.'));
}

async function drop(project, database, reload)
{
    const done = await formDialog({
        title: 'Drop an old database',
        intro: h('p', {}, h('code', {}, database.name), ' is dropped for good. The cutover that put it aside cannot be rolled back then; '
                 + 'its backup stays.'),
        fields: [confirmField('name', database.name)],
        submitLabel: 'Drop it',
        danger: true,
        submit: () => call('DELETE', v1('projects', project.id, 'displaced-databases', database.name)),
    });
    if (done) {
        announce('Dropped');
        reload();
    }
}

export function displacedTab(project, reload)
{
    return pagedTable('Old databases', [
        {title: 'Database', cell: (database) => h('code', {class: 'breaks'}, database.name)},
        {title: 'Size', class: 'number', cell: (database) => bytes(database.size)},
        {title: 'Put aside', cell: (database) => time(database.displaced_at, {relative: true})},
        {title: 'By', cell: (database) => (database.request_id ? link(`#/requests/${encodeURIComponent(database.request_id)}`, 'its request')
            : link(`#/jobs/${encodeURIComponent(database.job_id)}`, 'its job'))},
        {title: 'Actions', class: 'cell-actions', cell: (database) => (isOperator()
            ? button('Drop', () => drop(project, database, reload), {class: 'button small', act: 'drop'}) : null)},
    ], (cursor) => get(withQuery(v1('projects', project.id, 'displaced-databases'), {cursor})),
        empty('None.', h('p', {}, 'What a cutover takes out of production stays on its server, closed, and is listed here until somebody drops it.')));
}

function auditData(entry)
{
    const rows = Object.entries(entry.data).filter(([, value]) => value !== null && value !== '' && typeof value !== 'object');
    if (rows.length === 0)
        return null;
    return h('details', {}, h('summary', {}, 'Details'), h('dl', {class: 'facts compact'}, rows.map(([name, value]) =>
        h('div', {class: 'fact'}, h('dt', {}, spoken(name)), h('dd', {class: 'breaks'}, String(value))))));
}

export async function auditTab(project)
{
    const entries = (await auditOf(project.id)).reverse();
    const known = actionNames.filter((name) => entries.some((entry) => entry.action === name));
    const list = h('div', {});
    const action = choiceField('action', 'What', [['', 'Everything'], ...known.map((name) => [name, actionWords(name)])], {initial: ''});
    const draw = () => showIn(list, () => pagedTable('Audit', [
        {title: 'What', cell: (entry) => h('span', {title: entry.action}, actionWords(entry.action))},
        {title: 'Who', cell: (entry) => [entry.actor_id, ' ', h('span', {class: 'faint'}, entry.actor_kind.replace('_', ' '))]},
        {title: 'When', cell: (entry) => time(entry.at, {seconds: true})},
        {title: 'Request', cell: (entry) => (entry.request_id ? link(`#/requests/${encodeURIComponent(entry.request_id)}`, idText(entry.request_id))
            : h('span', {class: 'faint'}, '–'))},
        {title: 'Details', cell: auditData},
        {title: 'No.', class: 'number', cell: (entry) => entry.sequence},
    ], (from) => auditPage(entries, action.value(), Number(from ?? 0)), empty('Nothing is recorded yet.')));
    action.input.addEventListener('change', draw);
    draw();
    return [h('form', {class: 'filters', 'aria-label': 'Filters', on: {submit: (event) => event.preventDefault()}}, action.element), list];
}

function auditPage(entries, action, from)
{
    const wanted = action ? entries.filter((entry) => entry.action === action) : entries;
    const to = from + auditPageSize;
    return {items: wanted.slice(from, to), next_cursor: to < wanted.length ? String(to) : null};
}
