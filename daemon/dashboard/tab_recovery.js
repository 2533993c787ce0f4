// What operators do where a job did not end by itself: recovery, what abandoned jobs left, events that nobody took.

import {get, Once, v1, withQuery} from './api.js';
import {formDialog} from './dialog.js';
import {announce, fill, h} from './dom.js';
import {checkField, textField} from './fields.js';
import {badge, button, empty, idText, link, notice, pagedTable, panel, problemNotice, table, time} from './parts.js';
import {isOperator} from './session.js';
import {jobKinds, recovered} from './words.js';

const reasonMax = 1000;

function reasonField()
{
    return textField('reason', 'Reason', {lines: 3, max: reasonMax, required: true, missing: 'Please say why.', hint: 'It goes into the audit trail.'});
}

/** What recovery says of one job, as a notice. */
export function recoveryNotice(recovery)
{
    const [title, tone] = recovered[recovery.outcome] ?? [recovery.outcome, 'info'];
    const job = recovery.job_id ? h('p', {}, link(`#/jobs/${encodeURIComponent(recovery.job_id)}`, jobKinds[recovery.job] ?? 'Job', ' ', idText(recovery.job_id))) : null;
    return notice(tone, title, h('p', {class: 'breaks'}, recovery.message), job);
}

/** A button beside a box that shows what came of it. */
function asking(label, act, ask, options = {})
{
    const box = h('div', {class: 'stack', 'aria-live': 'polite'});
    const run = async () => {
        box.setAttribute('aria-busy', 'true');
        try {
            fill(box, await ask());
        } catch (failure) {
            fill(box, problemNotice(failure));
        }
        box.removeAttribute('aria-busy');
    };
    return h('div', {class: 'stack'}, options.text ? h('p', {}, options.text) : null,
             h('div', {class: 'actions'}, button(label, run, {class: 'button small', act})), box);
}

/** Gives a job up that recovery cannot settle. */
export async function abandon(job)
{
    const once = new Once();
    const done = await formDialog({
        title: 'Give this job up?',
        intro: h('p', {}, 'First it is recovered; where that settles it, that is all. Else what can be undone is undone, the job and its request fail, and the '
                 + 'project is free. What could not be reached is listed under Recovery. A swap that happened is not given up.'),
        fields: [reasonField(), checkField('confirm', 'Nobody can settle it otherwise', {required: true})],
        submitLabel: 'Give it up',
        cancelLabel: 'Keep it',
        failedTitle: 'It was not given up',
        danger: true,
        submit: async (values) => (await once.post(v1('jobs', job.id, 'abandon'), values)).data,
    });
    if (done) {
        announce(done.message);
        window.dispatchEvent(new Event('cutover-redraw'));
    }
}

async function forget(leftover, reload)
{
    const once = new Once();
    const done = await formDialog({
        title: 'Take it off the list?',
        intro: h('p', {}, 'Nothing is done to what it names: somebody has looked after it, or its server does not come back.'),
        fields: [reasonField()],
        submitLabel: 'Take it off',
        danger: true,
        submit: (values) => once.post(v1('leftovers', leftover.id, 'forget'), values),
    });
    if (done)
        reload();
}

function leftoversPanel(project, reload)
{
    return pagedTable('What abandoned jobs left', [
        {title: 'What', cell: (one) => h('span', {class: 'breaks'}, one.message)},
        {title: 'Database', cell: (one) => (one.database ? h('code', {class: 'breaks'}, one.database) : h('span', {class: 'faint'}, '–'))},
        {title: 'Job', cell: (one) => link(`#/jobs/${encodeURIComponent(one.job_id)}`, idText(one.job_id))},
        {title: 'Since', cell: (one) => time(one.since, {relative: true})},
        {title: 'Actions', class: 'cell-actions', cell: (one) => (isOperator()
            ? [button('Try again', () => new Once().post(v1('leftovers', one.id, 'retry'), {}).then(reload, reload), {class: 'button small', act: 'retry-leftover'}),
               button('Take off the list', () => forget(one, reload), {class: 'button small', act: 'forget-leftover'})] : null)},
    ], (cursor) => get(withQuery(v1('projects', project.id, 'leftovers'), {cursor})),
        empty('Nothing.', h('p', {}, 'What a job that was given up could not take away is listed here.')));
}

function givenUp(event)
{
    return Object.entries(event.deliveries ?? {}).filter(([, delivery]) => delivery.status === 'given_up');
}

async function settleEvent(project, event, notifier, act, reload)
{
    const discards = act === 'discard';
    const done = await formDialog({
        title: discards ? 'Let go of this event?' : 'Offer this event again?',
        intro: h('p', {}, h('code', {}, event.type), discards ? ` is not offered to ${notifier} any more.` : ` is offered to ${notifier} again, with all its attempts.`),
        submitLabel: discards ? 'Let go' : 'Offer again',
        danger: discards,
        submit: () => new Once().post(v1('projects', project.id, 'outbox', act), {notifier, first: event.sequence, last: event.sequence}),
    });
    if (done)
        reload();
}

async function eventsPanel(project, reload)
{
    const {items} = await get(withQuery(v1('projects', project.id, 'outbox'), {limit: 1000}));
    const rows = items.flatMap((event) => givenUp(event).map(([notifier, delivery]) => ({event, notifier, delivery})));
    if (rows.length === 0)
        return empty('None.', h('p', {}, `${items.length} wait to be delivered; none was given up.`));
    return table('Events that were given up', [
        {title: 'Event', cell: (row) => h('code', {}, row.event.type)},
        {title: 'For', cell: (row) => row.notifier},
        {title: 'Fired', cell: (row) => time(row.event.created_at, {relative: true})},
        {title: 'State', cell: (row) => badge(row.delivery.status)},
        {title: 'Last error', cell: (row) => h('span', {class: 'breaks'}, row.delivery.last_error ?? '–')},
        {title: 'Actions', class: 'cell-actions', cell: (row) => (isOperator()
            ? [button('Offer again', () => settleEvent(project, row.event, row.notifier, 'retry', reload), {class: 'button small', act: 'retry-event'}),
               button('Let go', () => settleEvent(project, row.event, row.notifier, 'discard', reload), {class: 'button small', act: 'discard-event'})] : null)},
    ], rows);
}

export async function recoveryTab(project, reload)
{
    const look = async () => recoveryNotice(await get(v1('projects', project.id, 'server')));
    const recover = async () => {
        const {items} = (await new Once().post(v1('projects', project.id, 'recover'), {})).data;
        return items.length > 0 ? items.map(recoveryNotice) : notice('good', 'Nothing is unfinished');
    };
    return h('div', {class: 'stack'},
             panel('Production’s server', {}, asking('Ask the server', 'look-server', look, {text: 'Whether production is what the last job left there. Nothing is changed.'})),
             isOperator() ? panel('Jobs that did not end', {}, asking('Recover now', 'recover', recover,
                 {text: 'The service does so by itself, each minute: what a dead process left is finished, or undone.'})) : null,
             panel('What abandoned jobs left', {}, await leftoversPanel(project, reload)),
             panel('Events that were given up', {}, await eventsPanel(project, reload)));
}
