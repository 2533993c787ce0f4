// Where it begins: who is logged in, which page the address names, and what stands around all of them.

import {signedOut} from './api.js';
import {closeDialogs} from './dialog.js';
import {announce, fill, h} from './dom.js';
import {inUtc, setUtc, zone} from './format.js';
import {offers} from './offered.js';
import {backupPage} from './page_backup.js';
import {jobPage} from './page_job.js';
import {keysPage} from './page_keys.js';
import {loginPage} from './page_login.js';
import {projectPage, projectsPage} from './page_project.js';
import {queuePage} from './page_queue.js';
import {requestPage} from './page_request.js';
import {button, empty, link, loading, problemNotice} from './parts.js';
import {actorId, forget, home, isAdministrator, isOperator, logOut, readSession, session} from './session.js';

const content = document.getElementById('content');
const bar = document.getElementById('bar');
const foot = document.getElementById('foot');

// [pattern of the hash, page(…parts) → {title, element, close?}]
const routes = [
    [/^\/queue$/, queuePage],
    [/^\/projects$/, projectsPage],
    [/^\/projects\/([^/]+)(?:\/([a-z]+))?$/, projectPage],
    [/^\/requests\/([^/]+)$/, requestPage],
    [/^\/jobs\/([^/]+)$/, jobPage],
    [/^\/backups\/([^/]+)$/, backupPage],
    [/^\/keys$/, keysPage],
];

let shown = null;
let visit = 0;
let keysAreOffered = false;

function pathOf(hash)
{
    return hash.replace(/^#/, '').replace(/\?.*$/, '');
}

function decoded(part)
{
    if (part === undefined)
        return undefined;
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

function nowhere()
{
    return {
        title: 'Nothing here',
        element: h('div', {}, h('h1', {tabindex: '-1'}, 'Nothing here'),
                   empty('This address names no page.', h('p', {}, link(home(), 'Back to the start')))),
    };
}

function drawBar()
{
    const who = session();
    bar.hidden = !who;
    if (!who)
        return;
    const path = pathOf(location.hash);
    const places = [];
    if (isOperator() && !who.project_id)
        places.push(['#/queue', 'Queue', /^\/(queue|requests|jobs)/]);
    if (who.project_id)
        places.push([`#/projects/${encodeURIComponent(who.project_id)}`, 'Project', /^\/projects\//]);
    else
        places.push(['#/projects', 'Projects', /^\/(projects|backups)/]);
    if (isAdministrator() && keysAreOffered)
        places.push(['#/keys', 'Keys', /^\/keys/]);
    fill(bar, h('div', {class: 'bar-inner'},
                h('a', {class: 'mark', href: home()}, h('img', {src: '/icon.svg', alt: '', width: 24, height: 24}), 'Cutover'),
                h('nav', {'aria-label': 'Main'}, h('ul', {}, places.map(([hash, text, pattern]) =>
                    h('li', {}, h('a', {href: hash, 'aria-current': pattern.test(path) ? 'page' : null}, text))))),
                h('div', {class: 'who'},
                  h('span', {class: 'who-name', title: who.roles.join(', ')}, actorId(),
                    h('span', {class: 'faint who-roles'}, ` ${who.roles.join(', ').replaceAll('_', ' ')}`)),
                  button('Sign out', leave, {class: 'button quiet', act: 'sign-out'}))));
}

function drawFoot()
{
    fill(foot, h('div', {class: 'foot-inner'},
                 h('span', {}, inUtc() ? 'Times are in UTC.' : `Times are in your zone, ${zone}.`), ' ',
                 button(inUtc() ? `Show ${zone}` : 'Show UTC', () => {
                     setUtc(!inUtc());
                     drawFoot();
                     draw(false);
                     foot.querySelector('button').focus();
                     announce(inUtc() ? 'Times are in UTC now' : `Times are in ${zone} now`);
                 }, {class: 'link', act: 'times'})));
}

function leaveShown()
{
    closeDialogs();
    shown?.close?.();
    shown = null;
}

function show(page, focus)
{
    shown = page;
    fill(content, page.element);
    content.dataset.page = location.hash;
    document.title = `${page.title} · Cutover`;
    drawBar();
    if (focus) {
        window.scrollTo(0, 0);
        (page.focus ?? content.querySelector('h1') ?? content).focus({preventScroll: true});
    }
}

/** Draws the page that the address names. */
async function draw(focus = true)
{
    const turn = ++visit;
    leaveShown();
    if (!session()) {
        show(loginPage(arrive), focus);
        return;
    }
    const path = pathOf(location.hash);
    if (path === '' || path === '/') {
        location.replace(home());
        return;
    }
    const [pattern, make] = routes.find(([one]) => one.test(path)) ?? [/$/, nowhere];
    if (isAdministrator())
        keysAreOffered = await offers('/v1/keys').catch(() => false);
    const waits = setTimeout(() => turn === visit && fill(content, loading()), 150);
    let page;
    try {
        page = await make(...pattern.exec(path).slice(1).map(decoded));
    } catch (failure) {
        page = {
            title: 'Not shown',
            element: h('div', {}, h('h1', {tabindex: '-1'}, failure.status === 404 ? 'Not found' : 'This page could not be shown'),
                       problemNotice(failure), h('p', {class: 'actions'}, button('Try again', () => draw()), link(home(), 'Back to the start'))),
        };
    }
    clearTimeout(waits);
    // Whoever went on meanwhile, or is logged in no more, does not see it.
    if (turn !== visit || (!session() && path !== ''))
        page.close?.();
    else
        show(page, focus);
}

function arrive()
{
    if (pathOf(location.hash) === '' || pathOf(location.hash) === '/')
        history.replaceState(null, '', home());
    draw();
}

async function leave()
{
    leaveShown(); // It would look whether anything is new, as nobody.
    try {
        await logOut();
    } catch {
        // The cookie may be of a session that is gone already.
    }
    history.replaceState(null, '', '#/');
    draw();
}

async function begin()
{
    drawFoot();
    try {
        await readSession();
    } catch (failure) {
        fill(content, h('h1', {tabindex: '-1'}, 'Cutover'), problemNotice(failure, 'The service could not be reached'),
             h('p', {}, button('Try again', begin)));
        return;
    }
    draw(false);
}

signedOut.addEventListener('signed-out', () => {
    if (!session())
        return;
    forget();
    draw().then(() => announce('Your session has ended. Please log in again.'));
});
document.getElementById('skip').addEventListener('click', (event) => {
    event.preventDefault();
    (content.querySelector('h1') ?? content).focus();
});
window.addEventListener('hashchange', () => draw());
window.addEventListener('cutover-redraw', () => draw(false));
begin();
