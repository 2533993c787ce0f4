// People at browsers: each in a context of their own, at one service. Whatever a browser complains about fails the test that it happened in.

import {execFileSync, spawn} from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import {createRequire} from 'node:module';
import {chromium} from 'playwright-core';

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const base = process.env.CUTOVER_URL;
// For a machine that has much else to do: nothing is judged by it.
export const patience = 120000;

let browser = null;
const complaints = [];

export async function openBrowser()
{
    browser = await chromium.launch({executablePath: process.env.BROWSER, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']});
}

export async function closeBrowser()
{
    await browser.close();
}

// A refusal that a test means to get makes the browser write a line, too: its address is then allowed for once.
function watch(page, name, allowed)
{
    page.on('console', (message) => {
        if (message.type() !== 'error' && message.type() !== 'warning')
            return;
        const path = (message.location().url ?? '').replace(base, '');
        if (!/^Failed to load resource/.test(message.text()) || !allowed.some((pattern) => pattern.test(path)))
            complaints.push(`${name}: ${message.text()} (${path})`);
    });
    page.on('pageerror', (error) => complaints.push(`${name}: ${error.stack}`));
    page.on('request', (request) => {
        if (!request.url().startsWith(base))
            complaints.push(`${name}: a request to another host: ${request.url()}`);
    });
    page.on('dialog', (dialog) => {
        complaints.push(`${name}: a dialog of the browser: ${dialog.message()}`);
        dialog.dismiss();
    });
}

export function takeComplaints()
{
    return complaints.splice(0);
}

/** A person at a browser of their own. `refusals` are addresses whose refusal the test wants. */
export async function person(name, options = {})
{
    const context = await browser.newContext({viewport: {width: 1200, height: 800}, colorScheme: 'light', reducedMotion: 'reduce', timezoneId: 'Europe/Berlin',
                                              locale: 'en-GB', ...options.context});
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const refusals = [/^\/session$/, ...options.refusals ?? []];
    watch(page, name, refusals);
    await page.addInitScript(() => {
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    return {name, page, context};
}

/** Logs a person in and waits for the first page. */
export async function logIn({page}, key)
{
    await page.goto(`${base}/`);
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', {name: 'Log in'}).click();
    await page.getByRole('navigation', {name: 'Main'}).waitFor();
}

/** Goes to a page by its address, as it is now, and waits until nothing of it is being read any more. */
export async function go(page, hash)
{
    const address = `${base}/${hash}`;
    if (page.url() === address)
        await page.reload();
    else
        await page.goto(address);
    await settled(page);
}

/** Until the page that the address names is shown, as a whole. */
export async function settled(page)
{
    await page.waitForFunction(() => document.querySelector('main')?.dataset.page === location.hash && document.querySelector('main h1')
        && !document.querySelector('.loading, [aria-busy]'), null, {polling: 50});
}

export async function visible(locator)
{
    await locator.waitFor({state: 'visible'});
    return locator;
}

/** What axe-core finds that is serious, of the page or of a dialog that is open; by the rules named, or by all of them. */
export async function seriousFindings(page, where, rules = null)
{
    if (!await page.evaluate(() => 'axe' in window))
        await page.evaluate(`${axeSource}; 0`);
    const {violations} = await page.evaluate((only) => window.axe.run(document, {resultTypes: ['violations'], preload: false, iframes: false, ...only && {runOnly: only}}), rules);
    return violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
        .map((one) => `${where}: ${one.id}: ${one.nodes.map((node) => node.html).slice(0, 3).join(' ')}`);
}

/** By how much the page is wider than the window, and which elements stand out. */
export function overhang(page)
{
    return page.evaluate(() => {
        const root = document.documentElement;
        if (root.scrollWidth <= root.clientWidth)
            return [];
        return [`${root.scrollWidth} of ${root.clientWidth}`, ...[...document.querySelectorAll('body *')]
            .filter((one) => one.getBoundingClientRect().right > root.clientWidth + 0.5).slice(0, 4).map((one) => one.outerHTML.slice(0, 120))];
    });
}

function query(database, statement)
{
    return execFileSync(process.env.PSQL, ['-X', '-A', '-t', '-d', database, '-c', statement], {encoding: 'utf8'}).trim();
}

/** What production answers. */
export function production(statement)
{
    return query(process.env.PRODUCTION, statement);
}

function cutoverctl(...words)
{
    execFileSync(process.env.CUTOVERCTL, words, {stdio: ['ignore', 'ignore', 'inherit']});
}

/** A preview of the shop, with an empty database of its own; what is in it is asked for by `spare`. */
export function addSparePreview(name)
{
    cutoverctl('preview', 'add', name, '--project', 'shop', '--database', process.env.SPARE, '--expires-in', '1h');
}

export function spare(statement)
{
    return query(process.env.SPARE, statement);
}

/** A promotion by another process, which waits to be released: {kill()}, which leaves it as a dead process does. */
export function promoteElsewhere(request)
{
    const child = spawn(process.env.CUTOVERCTL, ['--as', 'operator:olga', 'promote', request, '--hold'], {stdio: 'ignore'});
    const ended = new Promise((resolve) => child.on('exit', resolve));
    return {kill: () => { child.kill('SIGKILL'); return ended; }};
}

/** Damages a file of a backup's archive, in its middle: of one that a held promotion brings forward, and that is not published yet. */
export function damage(backup)
{
    const folder = `${process.env.CUTOVER_HOME}/backups/${backup}.partial`;
    const file = `${folder}/${fs.readdirSync(folder).find((name) => name.endsWith('.dat.gz'))}`;
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] ^= 0x10;
    fs.writeFileSync(file, bytes);
}

/** A receiver of webhooks: {url, next()}: a message with its headers, as it came. */
export async function receiver()
{
    const came = [];
    const waiting = [];
    const server = http.createServer(async (request, response) => {
        const parts = [];
        for await (const part of request)
            parts.push(part);
        response.writeHead(204).end();
        const message = {headers: request.headers, body: Buffer.concat(parts).toString()};
        const first = waiting.shift();
        if (first)
            first(message);
        else
            came.push(message);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    return {
        url: `http://127.0.0.1:${server.address().port}/told`,
        next: () => (came.length > 0 ? came.shift() : new Promise((resolve) => waiting.push(resolve))),
    };
}

/** A picture of the page as it is, where pictures were asked for. */
export async function picture(page, name, options = {})
{
    if (process.env.PICTURES)
        await page.screenshot({path: `${process.env.PICTURES}/${name}.png`, animations: 'disabled', caret: 'hide', ...options});
}

const tests = [];

export function test(name, run)
{
    tests.push([name, run]);
}

/** Runs the tests in their order: each goes on where the one before it ended. After a failure the rest is not run, and fails. */
export async function run()
{
    const began = Date.now();
    let passed = 0;
    for (const [name, body] of tests) {
        const at = Date.now();
        try {
            await body();
            const told = takeComplaints();
            if (told.length > 0)
                throw new Error(`the browser complains:\n${told.join('\n')}`);
            console.log(`ok: ${name} (${Date.now() - at} ms)`);
            passed++;
        } catch (error) {
            console.log(`FAILED: ${name}\n${error.stack}`);
            console.log(takeComplaints().join('\n'));
            for (const context of browser.contexts()) {
                for (const page of context.pages())
                    console.log(`---- ${page.url()}\n${await page.locator('body').innerText().catch(() => '')}`);
            }
            break;
        }
    }
    console.log(`${Date.now() - began} ms`);
    console.log(`browser: ${passed} passed, ${tests.length - passed} failed`);
    return passed === tests.length;
}
