// What may be done with a request. Each act says which version of the request it is about (If-Match): where somebody was
// faster the service answers 412, and what has changed is shown before anybody goes on.

import {call, Once, Problem, v1} from './api.js';
import {formDialog, Outdated} from './dialog.js';
import {h} from './dom.js';
import {checkField, choiceField, confirmField, textField, timeField} from './fields.js';
import {timeText} from './format.js';
import {facts, notice, time} from './parts.js';
import {actorId} from './session.js';
import {spoken, stateOf} from './words.js';

const noteMax = 1000;
const ticketMax = 120;

const names = {
    status: 'State',
    customer_note: 'Customer’s note',
    external_ticket_ref: 'Ticket',
    operator_note: 'Operator’s note',
    rejected_reason: 'Reason of the rejection',
    scheduled_for: 'Agreed time',
    ack_by_user_id: 'Acked by',
    ack_at: 'Acked',
    promote_job_id: 'Job',
    pre_cutover_backup_id: 'Backup before',
    completed_at: 'Ended',
};

function told(name, value)
{
    if (value === null || value === undefined)
        return '–';
    if (name === 'status')
        return stateOf(value)[0];
    return /_at$|_for$/.test(name) ? timeText(value, true) : String(value);
}

/** What differs between two states of a request: [[what, before, now], …]. */
export function changesOf(before, now)
{
    return Object.keys(names).filter((name) => (before[name] ?? null) !== (now[name] ?? null))
        .map((name) => [names[name] ?? spoken(name), told(name, before[name]), told(name, now[name])]);
}

/** The states in which an act can be carried out. */
const from = {
    ack: ['open'],
    reject: ['open', 'acked'],
    cancel: ['open', 'acked'],
    ticket: ['open', 'acked'],
    reschedule: ['acked'],
    promote: ['acked'],
    release: ['in_progress'],
    rollback: ['completed'],
};

/** Whether an act is of use for a request of that state. */
export function fits(act, request)
{
    return from[act].includes(request.status);
}

/**
 * Carries an act out on the version of the request that was shown.
 *
 * @param view {request, etag, reload()}: etag becomes the fresh one where the reader was shown what changed.
 */
async function carryOut(view, once, act, body)
{
    try {
        return await once.post(v1('cutover-requests', view.request.id, act), body, {ifMatch: view.etag});
    } catch (failure) {
        if (!(failure instanceof Problem) || failure.status !== 412)
            throw failure;
        const fresh = await call('GET', v1('cutover-requests', view.request.id));
        const changes = changesOf(view.request, fresh.data);
        view.request = fresh.data;
        view.etag = fresh.etag;
        throw new Outdated(changes.length > 0 ? changes : [['Record', 'as you opened it', 'written again']],
                           fits(act, fresh.data), view.reload);
    }
}

function about(request)
{
    return facts([
        ['Project', request.project_id],
        ['Preview', request.preview_database_id],
        request.customer_note ? ['Customer’s note', h('span', {class: 'written'}, request.customer_note)] : null,
    ], {class: 'facts compact'});
}

function open(view, act, dialog, bodyOf)
{
    const once = new Once();
    return formDialog({
        intro: about(view.request),
        ...dialog,
        submit: async (values) => (await carryOut(view, once, act, bodyOf(values))).data,
    });
}

function withoutEmpty(body)
{
    return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== '' && value !== null && value !== undefined));
}

export function ack(view)
{
    const mine = view.request.requested_by_actor_id === actorId();
    return open(view, 'ack', {
        title: 'Ack this request',
        intro: [about(view.request),
                mine ? notice('warn', 'You filed this request', h('p', {}, 'Where four eyes are asked for, another operator has to ack it.')) : null],
        fields: [
            textField('operator_note', 'Note', {lines: 3, max: noteMax, hint: 'The customer reads it.'}),
            timeField('scheduled_for', 'Agreed time', {hint: 'Before it nobody can promote. The preview must live longer than that.'}),
        ],
        submitLabel: 'Ack',
    }, withoutEmpty);
}

export function reject(view)
{
    return open(view, 'reject', {
        title: 'Reject this request',
        fields: [textField('reason', 'Reason', {lines: 4, max: noteMax, required: true, hint: 'The customer reads it.',
                                                missing: 'Please say why.'})],
        submitLabel: 'Reject',
        danger: true,
    }, (values) => values);
}

export function cancel(view)
{
    return open(view, 'cancel', {
        title: 'Cancel this request?',
        submitLabel: 'Cancel the request',
        cancelLabel: 'Keep it',
        danger: true,
    }, () => ({}));
}

export function ticket(view)
{
    return open(view, 'ticket', {
        title: view.request.external_ticket_ref ? 'Another ticket' : 'Attach a ticket',
        fields: [textField('external_ticket_ref', 'Ticket', {max: ticketMax, required: true, initial: view.request.external_ticket_ref,
                                                             hint: 'A promotion needs one.'})],
        submitLabel: 'Attach',
    }, (values) => values);
}

export function reschedule(view)
{
    return open(view, 'reschedule', {
        title: 'Agree another time',
        fields: [timeField('scheduled_for', 'Agreed time', {initial: view.request.scheduled_for, hint: 'Empty: at any time.'})],
        submitLabel: 'Agree',
    }, (values) => ({scheduled_for: values.scheduled_for}));
}

export function promote(view)
{
    const {request} = view;
    return open(view, 'promote', {
        title: `Promote ${request.preview_database_id}`,
        intro: [about(request), h('p', {}, 'Production’s contents are replaced as a whole by the preview’s. Before that production is backed up, and '
                                  + 'the backup is proved. What was production stays on the server, closed: the way back.')],
        fields: [
            checkField('hold', 'Hold before the swap', {hint: 'Everything is made ready, then it waits until an operator releases it. '
                                                        + 'Hold for minutes: production may refuse writes meanwhile.'}),
            choiceField('verify', 'The backup is proved by', [['restore', 'restoring and comparing it (the stronger proof)'],
                                                              ['readback', 'reading it back and comparing it (shorter)']], {initial: 'restore'}),
            textField('writes_refused_max_s', 'Give up when writes were refused for so many seconds',
                      {inputmode: 'numeric', hint: 'Then it is cancelled, and production is open. Empty: no limit.'}),
        ],
        submitLabel: 'Promote',
        failedTitle: 'The promotion was not begun',
    }, (values) => withoutEmpty({
        hold: values.hold || null,
        verify: values.verify,
        writes_refused_max_s: values.writes_refused_max_s === '' ? null : Number(values.writes_refused_max_s),
    }));
}

export function release(view)
{
    return open(view, 'release', {
        title: 'Release the hold?',
        intro: h('p', {}, 'The promotion goes on: production is swapped within moments.'),
        submitLabel: 'Release',
        cancelLabel: 'Hold on',
    }, () => ({}));
}

export function rollback(view)
{
    const {request} = view;
    const discard = checkField('discard_writes', 'Take these writes out of production',
                               {hint: 'They stay in the database that is put aside, which is kept.'});
    discard.element.hidden = true;
    return open(view, 'rollback', {
        title: 'Roll back',
        intro: [h('p', {}, 'The production from before this cutover comes back, by the same swap: readers are shut out for some tens of milliseconds. '
                  + 'What is production now is put aside and kept.'),
                facts([
                    ['Project', request.project_id],
                    ['Cutover ended', time(request.completed_at, {seconds: true, relative: true})],
                    ['Backup before', request.pre_cutover_backup_id ? h('code', {}, request.pre_cutover_backup_id) : null],
                ], {class: 'facts compact'}),
                notice('warn', 'What it would drop', h('p', {'data-part': 'would-drop'}, 'Everything that was written to production since the cutover. Where '
                       + 'something was, nothing is begun: you are told, and asked once more.'))],
        fields: [confirmField('project', request.project_id), discard],
        submitLabel: 'Roll back',
        danger: true,
        wide: true,
        failedTitle: 'Nothing was begun',
        refused: (failure) => {
            if (failure.code !== 'CUTOVER_E_STATE' || !/discard_writes/.test(failure.hint ?? ''))
                return;
            discard.element.hidden = false;
            failure.hint = 'Tick the box above to roll back all the same: what was written stays in the database that is put aside.';
        },
    }, (values) => ({discard_writes: values.discard_writes}));
}
