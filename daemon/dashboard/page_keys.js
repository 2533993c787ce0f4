// API keys, for whoever administers the organization.

import {call, get, Once, withQuery} from './api.js';
import {formDialog, showDialog} from './dialog.js';
import {announce, h} from './dom.js';
import {checksField, textField, timeField} from './fields.js';
import {badge, button, empty, link, notice, pagedTable, showIn, time} from './parts.js';
import {session} from './session.js';

const roles = [['member', 'Member', 'Files requests, sees the project.'], ['operator', 'Operator', 'Acks, promotes, rolls back, restores into previews.'],
               ['org_admin', 'Administrator', 'Restores over production, makes keys.']];

function stateOf(key)
{
    if (key.revoked_at)
        return badge('revoked');
    if (key.expires_at && new Date(key.expires_at) < new Date())
        return badge('expired');
    return badge('enabled', 'Good');
}

function columns(reload)
{
    return [
        {title: 'Label', cell: (key) => key.label},
        {title: 'State', cell: stateOf},
        {title: 'Acts as', cell: (key) => key.actor_id},
        {title: 'Roles', cell: (key) => key.roles.join(', ').replaceAll('_', ' ')},
        {title: 'Project', cell: (key) => (key.project_id ? link(`#/projects/${encodeURIComponent(key.project_id)}`, key.project_id) : 'every one')},
        {title: 'Made', cell: (key) => time(key.created_at)},
        {title: 'Ends', cell: (key) => time(key.expires_at, {none: 'never'})},
        {title: 'Actions', class: 'cell-actions', cell: (key) => (key.revoked_at ? null
            : button('Revoke', () => revoke(key, reload), {class: 'button small', act: 'revoke'}))},
    ];
}

async function revoke(key, reload)
{
    const done = await formDialog({
        title: `Revoke “${key.label}”?`,
        intro: h('p', {}, 'Whoever uses it is refused from now on, and logged out. This cannot be taken back.'),
        submitLabel: 'Revoke',
        danger: true,
        submit: () => call('DELETE', `/v1/keys/${encodeURIComponent(key.id)}`),
    });
    if (done) {
        announce('Key revoked');
        reload();
    }
}

async function create(reload)
{
    const once = new Once();
    const made = await formDialog({
        title: 'A new key',
        fields: [
            textField('label', 'Label', {max: 120, required: true, hint: 'For people to know it by.'}),
            checksField('roles', 'Roles', roles, {required: true}),
            textField('project_id', 'Project', {initial: session().project_id, hint: 'The one project that it is for. Empty: every one.'}),
            textField('actor_id', 'Acts as', {hint: 'The name in records. Two keys of one person bear one name. Empty: the key’s own id.'}),
            timeField('expires_at', 'Ends', {hint: 'Empty: never.'}),
        ],
        submitLabel: 'Make the key',
        submit: async (values) => {
            const body = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== '' && value !== null));
            return (await once.post('/v1/keys', body)).data;
        },
    });
    if (!made)
        return;
    await showDialog('The key', notice('warn', 'This is shown once', h('p', {}, 'Copy it now: nobody can tell it again.')),
                     h('p', {}, h('code', {class: 'secret', tabindex: '0', 'aria-label': 'The secret'}, made.secret)));
    reload();
}

export async function keysPage()
{
    const list = h('div', {});
    const reload = () => showIn(list, () => pagedTable('Keys', columns(reload), (cursor) =>
        get(withQuery('/v1/keys', {limit: 50, cursor})), empty('No keys.')), 'Reading the keys');
    reload();
    return {
        title: 'Keys',
        element: h('div', {}, h('div', {class: 'page-head'}, h('h1', {tabindex: '-1'}, 'Keys'),
                                button('New key', () => create(reload), {class: 'button primary push', act: 'new-key'})),
                   h('p', {class: 'lead'}, 'A key says who acts, in which roles, and in which project.'), list),
    };
}
