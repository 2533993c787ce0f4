// A project's webhook endpoints, and what became of each message.

import {call, get, Once, v1, withQuery} from './api.js';
import {formDialog, showDialog} from './dialog.js';
import {announce, h} from './dom.js';
import {checkField, choiceField, textField} from './fields.js';
import {count, counted, duration} from './format.js';
import {badge, button, empty, facts, idText, notice, pagedTable, panel, showIn, table, time} from './parts.js';

const descriptionMax = 200;
const overlaps = [['0', 'end at once'], ['3600', 'go on for an hour'], ['86400', 'go on for a day'], ['604800', 'go on for a week']];

function endpoints(project)
{
    return v1('projects', project.id, 'webhook-endpoints');
}

function endpointPath(endpoint, ...rest)
{
    return v1('webhook-endpoints', endpoint.id, ...rest);
}

function fieldsOf(endpoint)
{
    return [
        textField('url', 'URL', {required: true, type: 'url', inputmode: 'url', initial: endpoint?.url, hint: 'https, at an address that is public.'}),
        textField('description', 'Description', {max: descriptionMax, initial: endpoint?.description}),
        textField('event_types', 'Types of events', {lines: 3, initial: endpoint?.event_types?.join('\n'), spellcheck: 'false',
                                                     hint: 'One a line, cutover.acked for example. Empty: all of them.'}),
    ];
}

function bodyOf(values)
{
    return {url: values.url, description: values.description, event_types: values.event_types.split(/[\s,]+/).filter(Boolean)};
}

function showSecret(secret)
{
    return showDialog('The secret', notice('warn', 'This is shown once', h('p', {}, 'The receiver checks signatures with it. Copy it now.')),
                      h('p', {}, h('code', {class: 'secret', tabindex: '0', 'aria-label': 'The secret'}, secret)));
}

async function add(project, reload)
{
    const once = new Once();
    const made = await formDialog({
        title: 'A new endpoint',
        fields: fieldsOf(null),
        submitLabel: 'Add',
        submit: async (values) => {
            const body = bodyOf(values);
            return (await once.post(endpoints(project), body)).data;
        },
    });
    if (made) {
        await showSecret(made.secret);
        reload();
    }
}

async function change(endpoint, reload)
{
    const done = await formDialog({
        title: 'Change the endpoint',
        fields: [...fieldsOf(endpoint), checkField('enabled', 'Messages are sent', {initial: endpoint.status !== 'disabled',
                                                                                   hint: 'Switched off it gets nothing more, and what waits is given up.'})],
        submitLabel: 'Change',
        submit: (values) => call('PATCH', endpointPath(endpoint), {body: {...bodyOf(values), enabled: values.enabled}}),
    });
    if (done)
        reload();
}

async function remove(endpoint, reload)
{
    const done = await formDialog({
        title: 'Delete the endpoint?',
        intro: h('p', {class: 'breaks'}, endpoint.url, ' gets nothing more; what is known of its messages goes, too.'),
        submitLabel: 'Delete',
        danger: true,
        submit: () => call('DELETE', endpointPath(endpoint)),
    });
    if (done)
        reload();
}

async function rotate(endpoint)
{
    const once = new Once();
    const made = await formDialog({
        title: 'A new secret',
        intro: h('p', {}, 'Messages are signed with the new one, and with the one before for as long as you say.'),
        fields: [choiceField('overlap_s', 'The secrets before it', overlaps, {initial: '86400'})],
        submitLabel: 'Make one',
        submit: async (values) => (await once.post(endpointPath(endpoint, 'rotate-secret'), {overlap_s: Number(values.overlap_s)})).data,
    });
    if (made)
        await showSecret(made.secret);
}

function attempts(delivery)
{
    const made = Array.isArray(delivery.attempts) ? delivery.attempts : [];
    if (made.length === 0)
        return h('span', {class: 'faint'}, 'none yet');
    return h('details', {}, h('summary', {}, count(delivery.attempt_count)), table('Attempts', [
        {title: 'When', cell: (one) => time(one.at, {seconds: true})},
        {title: 'Answer', cell: (one) => [one.status, one.error].filter(Boolean).join(': ') || '–'},
        {title: 'Took', class: 'number', cell: (one) => (typeof one.latency_ms === 'number' ? duration(one.latency_ms) : '–')},
    ], made));
}

function deliveries(endpoint)
{
    const box = h('div', {});
    const state = choiceField('status', 'State', [['', 'All'], ['pending', 'Pending'], ['delivered', 'Delivered'], ['dead', 'Given up']], {initial: ''});
    const again = async (delivery) => {
        const once = new Once();
        const done = await formDialog({
            title: 'Send it again?',
            intro: h('p', {}, delivery ? 'It is sent again under the id that it had.' : 'All that were given up are sent again, each under the id that it had.'),
            submitLabel: 'Send again',
            submit: () => once.post(endpointPath(endpoint, 'redeliver'), delivery ? {message_id: delivery.id} : {}),
        });
        if (done) {
            announce(`${counted(done.data.count, 'message')} sent again`);
            read();
        }
    };
    const read = () => showIn(box, () => pagedTable('Deliveries', [
        {title: 'Event', cell: (delivery) => delivery.event_type},
        {title: 'State', cell: (delivery) => badge(delivery.status)},
        {title: 'Attempts', cell: attempts},
        {title: 'Next', cell: (delivery) => time(delivery.next_attempt_at, {none: '–', relative: true})},
        {title: 'Message', cell: (delivery) => idText(delivery.id)},
        {title: 'Actions', class: 'cell-actions', cell: (delivery) => (delivery.status === 'pending' ? null
            : button('Send again', () => again(delivery), {class: 'button small', act: 'redeliver'}))},
    ], (cursor) => get(withQuery(endpointPath(endpoint, 'deliveries'), {status: state.value(), order: 'newest', limit: 25, cursor})),
        empty('Nothing was sent yet.')), 'Reading the deliveries');
    state.input.addEventListener('change', read);
    const details = h('details', {class: 'well', on: {toggle: () => details.open && read()}}, h('summary', {}, 'Deliveries'),
                      h('div', {class: 'filters'}, state.element, button('Send all that were given up again', () => again(null))), box);
    return details;
}

function endpointPanel(endpoint, reload)
{
    const off = endpoint.status === 'disabled';
    const test = async () => {
        const once = new Once();
        const done = await formDialog({
            title: 'Send a test?',
            intro: h('p', {}, 'A message of the type webhook.test is sent, whatever types the endpoint takes.'),
            submitLabel: 'Send it',
            submit: () => once.post(endpointPath(endpoint, 'test'), {}),
        });
        if (done)
            announce('The test is on its way');
    };
    return panel(endpoint.description || endpoint.url, {aside: badge(endpoint.status ?? 'enabled')},
                 facts([
                     ['URL', h('span', {class: 'breaks'}, endpoint.url)],
                     ['Types of events', endpoint.event_types?.length > 0 ? endpoint.event_types.join(', ') : 'all'],
                     endpoint.disabled_reason ? ['Off since', endpoint.disabled_reason] : null,
                     ['Added', time(endpoint.created_at)],
                 ], {class: 'facts compact'}),
                 h('div', {class: 'actions spaced'},
                   off ? null : button('Send a test', test, {class: 'button small', act: 'test'}),
                   button('Change', () => change(endpoint, reload), {class: 'button small', act: 'change'}),
                   button('New secret', () => rotate(endpoint), {class: 'button small', act: 'rotate'}),
                   button('Delete', () => remove(endpoint, reload), {class: 'button small danger-quiet', act: 'delete'})),
                 deliveries(endpoint));
}

export async function webhooksTab(project, reload)
{
    const {items} = await get(withQuery(endpoints(project), {limit: 100}));
    return [h('div', {class: 'actions above'}, button('Add an endpoint', () => add(project, reload), {class: 'button primary', act: 'add-endpoint'})),
            items.length === 0 ? empty('No endpoints.', h('p', {}, 'An endpoint is an address that is told what happens to this project.'))
                : h('div', {class: 'stack'}, items.map((endpoint) => endpointPanel(endpoint, reload)))];
}
