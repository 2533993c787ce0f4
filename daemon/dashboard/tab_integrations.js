// A project's integrations: where its connection strings are written again after each cutover.

import {call, get, Once, v1} from './api.js';
import {formDialog} from './dialog.js';
import {announce, h} from './dom.js';
import {checkField, textField} from './fields.js';
import {duration} from './format.js';
import {badge, button, facts, notice, panel, table, time} from './parts.js';
import {isAdministrator, isOperator} from './session.js';
import {actionWords} from './words.js';

const providers = {
    vercel: {name: 'Vercel', site: 'Id or name of the project', account: 'Id of the team', accountNeeded: false, targets: 'production, preview, development'},
    netlify: {name: 'Netlify', site: 'Id of the site', account: 'Id or slug of the team', accountNeeded: true, targets: 'production, deploy-preview, branch-deploy'},
};

function pathOf(project, provider, ...rest)
{
    return v1('projects', project.id, 'integrations', provider, ...rest);
}

function mayChange()
{
    return isOperator() || isAdministrator();
}

async function connect(project, provider, now, reload)
{
    const words = providers[provider];
    const done = await formDialog({
        title: `Connect ${words.name}`,
        intro: h('p', {}, 'What is a secret lies in a file of its own, is shown nowhere and is in no record. Empty where it is given already.'),
        fields: [
            textField('site_id', words.site, {required: true, initial: now?.site_id}),
            textField('account_id', words.account, {required: words.accountNeeded, initial: now?.account_id}),
            textField('targets', 'Targets', {initial: now?.targets?.join(', ') ?? 'production', hint: `Of ${words.targets}.`}),
            textField('pooled_name', 'Variable for the connection string through a pooler', {initial: now ? now.pooled_name : 'DATABASE_URL'}),
            textField('unpooled_name', 'Variable for the direct one', {initial: now ? now.unpooled_name : 'DATABASE_URL_UNPOOLED'}),
            checkField('secret', 'Only the site’s own code can read them', {initial: now?.secret, hint: 'What is written is then told as unreadable, not as confirmed.'}),
            textField('token', 'Access token', {type: 'password'}),
            textField('pooled_url', 'Connection string through a pooler', {type: 'password', hint: 'postgresql://…'}),
            textField('unpooled_url', 'Direct connection string', {type: 'password', hint: 'Empty: the same.'}),
        ],
        submitLabel: 'Connect',
        wide: true,
        submit: (values) => {
            const body = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== '' || /_name$/.test(name)));
            body.targets = (values.targets ?? '').split(/[\s,]+/).filter(Boolean);
            return call('POST', pathOf(project, provider, 'connect'), {body});
        },
    });
    if (done) {
        announce(`${words.name} is connected`);
        reload();
    }
}

async function ask(title, text, label, act, reload, danger = false)
{
    const done = await formDialog({title, intro: h('p', {}, text), submitLabel: label, danger, submit: act});
    if (done)
        reload();
}

function attemptsOf(integration)
{
    const made = [...integration.history ?? []].reverse();
    if (made.length === 0)
        return null;
    return h('details', {class: 'well'}, h('summary', {}, 'Last attempts'), table('Attempts', [
        {title: 'When', cell: (one) => time(one.at, {seconds: true})},
        {title: 'Outcome', cell: (one) => badge(one.outcome)},
        {title: 'Because of', cell: (one) => actionWords(one.cause)},
        {title: 'Answer', cell: (one) => one.http_status ?? '–'},
        {title: 'Took', class: 'number', cell: (one) => duration(one.latency_ms)},
        {title: 'Error', cell: (one) => one.error ?? '–'},
    ], made));
}

function resultsOf(integration)
{
    const results = integration.results ?? [];
    if (results.length === 0)
        return null;
    return table('Variables', [
        {title: 'Variable', cell: (one) => h('code', {}, one.variable)},
        {title: 'Target', cell: (one) => one.target},
        {title: 'Outcome', cell: (one) => badge(one.outcome)},
        {title: 'Error', cell: (one) => one.error ?? '–'},
    ], results);
}

function connected(project, provider, integration, reload)
{
    const words = providers[provider];
    const once = new Once();
    return panel(words.name, {aside: badge(integration.status ?? 'idle')},
                 integration.last_error ? notice('bad', 'The last attempt failed', h('p', {class: 'breaks'}, integration.last_error)) : null,
                 facts([
                     ['Site', h('code', {}, integration.site_id)],
                     integration.account_id ? ['Account', h('code', {}, integration.account_id)] : null,
                     ['Variables', [integration.pooled_name, integration.unpooled_name].filter(Boolean).join(', ') || '–'],
                     ['Targets', integration.targets?.join(', ') || 'production'],
                     ['Written last', time(integration.synced_at, {none: 'never', relative: true})],
                     integration.next_attempt_at ? ['Next attempt', time(integration.next_attempt_at, {relative: true})] : null,
                 ], {class: 'facts compact'}),
                 mayChange() ? h('div', {class: 'actions spaced'},
                     button('Write now', () => ask('Write the variables now?', `They are written to ${words.name} and read back.`, 'Write now',
                                                   () => once.post(pathOf(project, provider, 'sync'), {}), reload), {class: 'button small', act: 'sync'}),
                     button('Change', () => connect(project, provider, integration, reload), {class: 'button small', act: 'change'}),
                     button('Disconnect', () => ask(`Disconnect ${words.name}?`, 'Its secrets are removed here; the variables stay there.', 'Disconnect',
                                                    () => call('POST', pathOf(project, provider, 'disconnect'), {body: {}}), reload, true),
                            {class: 'button small danger-quiet', act: 'disconnect'})) : null,
                 resultsOf(integration), attemptsOf(integration));
}

function unconnected(project, provider, reload)
{
    return panel(providers[provider].name, {},
                 h('p', {class: 'lead'}, 'Not connected. Once it is, its variables are written again after each cutover, restore over production and rollback.'),
                 mayChange() ? h('div', {class: 'actions spaced'}, button('Connect', () => connect(project, provider, null, reload), {class: 'button small', act: `connect-${provider}`}))
                     : null);
}

export async function integrationsTab(project, reload)
{
    const {items} = await get(v1('projects', project.id, 'integrations'));
    return h('div', {class: 'stack'}, Object.keys(providers).map((provider) => {
        const integration = items.find((one) => one.provider === provider);
        return integration ? connected(project, provider, integration, reload) : unconnected(project, provider, reload);
    }));
}
