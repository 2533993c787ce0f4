// Projects, and one project with its tabs.

import {get, v1, withQuery} from './api.js';
import {h} from './dom.js';
import {offers} from './offered.js';
import {badge, empty, link, pagedTable, showIn} from './parts.js';
import {isAdministrator, isOperator} from './session.js';
import {auditTab, backupsTab, displacedTab, jobsTab, requestsTab} from './tab_lists.js';
import {integrationsTab} from './tab_integrations.js';
import {previewsTab} from './tab_previews.js';
import {recoveryTab} from './tab_recovery.js';
import {webhooksTab} from './tab_webhooks.js';

// [name in the address, title, tab(project, reload) → nodes, who sees it, the path that has to be offered]
const tabs = [
    ['previews', 'Previews', previewsTab, () => true],
    ['requests', 'Requests', requestsTab, () => true],
    ['backups', 'Backups', backupsTab, () => true],
    ['jobs', 'Jobs', jobsTab, () => true],
    ['displaced', 'Old databases', displacedTab, () => isOperator()],
    ['audit', 'Audit', auditTab, () => true],
    ['webhooks', 'Webhooks', webhooksTab, () => isOperator() || isAdministrator(), '/v1/projects/{}/webhook-endpoints'],
    ['integrations', 'Integrations', integrationsTab, () => true, '/v1/projects/{}/integrations'],
    ['recovery', 'Recovery', recoveryTab, () => isOperator() || isAdministrator(), '/v1/projects/{}/leftovers'],
];

async function shownTabs()
{
    const there = await Promise.all(tabs.map(([, , , mine, path]) => mine() && (!path || offers(path))));
    return tabs.filter((tab, index) => there[index]);
}

export async function projectPage(id, name = 'previews')
{
    const project = await get(v1('projects', id));
    const shown = await shownTabs();
    const [, title, make] = shown.find((tab) => tab[0] === name) ?? shown[0];
    const box = h('div', {class: 'tab'});
    const base = `#/projects/${encodeURIComponent(id)}`;
    const bar = h('nav', {class: 'tabs', 'aria-label': 'Parts of the project'}, h('ul', {},
        shown.map(([each, text]) =>
            h('li', {}, h('a', {href: `${base}/${each}`, 'aria-current': text === title ? 'page' : null}, text)))));
    const element = h('div', {},
                      h('div', {class: 'page-head'}, h('h1', {tabindex: '-1'}, h('span', {class: 'unseen'}, 'Project '), project.id), badge(project.state),
                        project.organization_id ? h('span', {class: 'faint'}, project.organization_id) : null),
                      bar, h('h2', {class: 'unseen'}, title), box);
    const reload = () => showIn(box, () => make(project, reload), `Reading ${title.toLowerCase()}`);
    reload();
    return {title: `${title} of ${project.id}`, element};
}

export async function projectsPage()
{
    const list = h('div', {});
    showIn(list, () => pagedTable('Projects', [
        {title: 'Project', cell: (project) => link(`#/projects/${encodeURIComponent(project.id)}`, project.id)},
        {title: 'State', cell: (project) => badge(project.state)},
        {title: 'Organization', cell: (project) => project.organization_id || h('span', {class: 'faint'}, '–')},
    ], (cursor) => get(withQuery('/v1/projects', {cursor})),
        empty('No project is known.', h('p', {}, 'Projects are added with ', h('code', {}, 'cutoverctl project add'), '.'))), 'Reading the projects');
    return {title: 'Projects', element: h('div', {}, h('h1', {tabindex: '-1'}, 'Projects'), list)};
}
