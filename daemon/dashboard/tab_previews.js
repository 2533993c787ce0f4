// A project's previews, and the wish that one of them become production.

import {call, get, Once, Problem, v1, withQuery} from './api.js';
import {formDialog} from './dialog.js';
import {announce, h} from './dom.js';
import {textField} from './fields.js';
import {findingsList, verdictOf} from './findings.js';
import {offers} from './offered.js';
import {badge, button, empty, link, notice, pagedTable, showIn, time} from './parts.js';
import {isMember} from './session.js';

const noteMax = 1000;
const ticketMax = 120;

/** What preflight says before anything is filed, where the service tells it to customers. */
async function preflightBox(project, preview)
{
    if (!await offers('/v1/projects/{}/preflight'))
        return h('p', {class: 'hint'}, 'Preflight looks at both servers once it is filed; the operator sees what it says before the ack.');
    const box = h('div', {class: 'preflight-box'});
    showIn(box, async () => {
        const preflight = await get(withQuery(v1('projects', project.id, 'preflight'), {preview_id: preview.id}));
        return [verdictOf(preflight), h('details', {}, h('summary', {}, 'What preflight says'), findingsList(preflight))];
    }, 'Preflight: asking both servers');
    return box;
}

/** Files a request. */
async function wish(project, preview)
{
    const once = new Once();
    const made = await formDialog({
        title: `Promote ${preview.id}`,
        wide: true,
        intro: [h('p', {}, `This files a request: that ${preview.id} replace production’s contents as a whole. An operator reviews it. `
                  + 'What was written to production since the preview was made is not in the preview.'),
                await preflightBox(project, preview)],
        fields: [
            textField('customer_note', 'Note for the operator', {lines: 4, max: noteMax, hint: 'What changes, and what to look at afterwards.'}),
            textField('external_ticket_ref', 'Ticket', {max: ticketMax, hint: 'It can come later; without one nothing is promoted.'}),
        ],
        submitLabel: 'File the request',
        failedTitle: 'The request was not filed',
        submit: async (values) => {
            const body = {preview_id: preview.id};
            for (const [name, value] of Object.entries(values)) {
                if (value !== '')
                    body[name] = value;
            }
            return (await once.post(v1('projects', project.id, 'cutover-requests'), body)).data;
        },
    });
    if (made) {
        location.hash = `#/requests/${encodeURIComponent(made.id)}`;
        announce('Request filed');
    }
}

async function extend(project, preview, reload)
{
    const done = await formDialog({
        title: `Extend ${preview.id}`,
        intro: h('p', {}, 'It now ends ', time(preview.expires_at, {relative: true}), '.'),
        fields: [textField('ttl_hours', 'Hours from now', {inputmode: 'numeric', required: true, initial: '24'})],
        submitLabel: 'Extend',
        submit: (values) => call('POST', v1('projects', project.id, 'previews', preview.id, 'extend'),
                                 {body: {ttl_hours: Number(values.ttl_hours)}}),
    });
    if (done) {
        announce('Preview extended');
        reload();
    }
}

function isExpired(preview)
{
    return preview.expires_at !== null && new Date(preview.expires_at) <= new Date();
}

/** The live request of each preview. */
async function liveRequests(project)
{
    const {items} = await get(withQuery(v1('projects', project.id, 'cutover-requests'), {status: 'live', limit: 100}));
    return new Map(items.map((request) => [request.preview_database_id, request]));
}

function actions(project, preview, live, reload)
{
    const request = live.get(preview.id);
    const extendable = preview.expires_at ? button('Extend', () => extend(project, preview, reload), {class: 'button small', act: 'extend'}) : null;
    if (request)
        return [link(`#/requests/${encodeURIComponent(request.id)}`, 'See its request'), extendable];
    if (preview.state !== 'ready' || isExpired(preview))
        return [h('span', {class: 'faint'}, isExpired(preview) ? 'Expired: it cannot be promoted' : 'Not ready yet'), extendable];
    return [isMember() ? button('Promote', () => wish(project, preview), {class: 'button small primary', act: 'wish'}) : null, extendable];
}

export async function previewsTab(project, reload)
{
    let live = new Map();
    let note = null;
    try {
        live = await liveRequests(project);
    } catch (failure) {
        if (!(failure instanceof Problem))
            throw failure;
        note = notice('warn', 'Requests could not be read', h('p', {}, failure.message));
    }
    return [note, await pagedTable('Previews', [
        {title: 'Preview', cell: (preview) => preview.id},
        {title: 'State', cell: (preview) => badge(isExpired(preview) ? 'expired' : preview.state)},
        {title: 'Expires', cell: (preview) => time(preview.expires_at, {none: 'never', relative: true})},
        {title: 'Request', cell: (preview) => (live.has(preview.id) ? badge(live.get(preview.id).status) : h('span', {class: 'faint'}, 'none'))},
        {title: 'Actions', class: 'cell-actions', cell: (preview) => actions(project, preview, live, reload)},
    ], (cursor) => get(withQuery(v1('projects', project.id, 'previews'), {cursor})),
        empty('No previews.', h('p', {}, 'A preview is a second database of this project. Once there is one, it is promoted from here.')))];
}
