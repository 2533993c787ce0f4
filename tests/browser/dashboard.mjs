// A shop's cutover at the dashboard: Carla, a customer, wishes it; Olga and Otto are operators, Otto administers, too.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import {addSparePreview, closeBrowser, damage, go, logIn, openBrowser, overhang, person, picture, production, promoteElsewhere, receiver, run,
        seriousFindings, settled, spare, test, visible} from './harness.mjs';

const hostile = '<img src=x onerror="document.title=\'taken\'"> & <b>bold</b>';
const note = 'The new order tables. 😀 Please look at the totals afterwards.';
let carla = null;
let olga = null;
let otto = null;
let requestId = null;

function act(page, name)
{
    return page.locator(`[data-act="${name}"]`);
}

function dialogOf(page)
{
    return page.locator('dialog[open]');
}

function submitOf(page)
{
    return dialogOf(page).locator('button[type=submit]');
}

function requestState(page, state)
{
    return page.locator(`.page-head [data-state="${state}"]`);
}

function toRequest(page)
{
    return go(page, `#/requests/${requestId}`);
}

/** Tabs until the wanted element has the focus: as somebody without a mouse does. */
async function tabTo(page, locator, atMost = 60)
{
    const wanted = await locator.elementHandle();
    for (let i = 0; i < atMost; i++) {
        if (await wanted.evaluate((element) => element === document.activeElement))
            return;
        await page.keyboard.press('Tab');
    }
    assert.fail(`not reached with ${atMost} tabs: ${locator}`);
}

test('a key that is none is refused at the login, and the field keeps the focus', async () => {
    carla = await person('carla', {refusals: [/^\/login$/, /\/preflight$/]});
    const {page} = carla;
    await page.goto(`${process.env.CUTOVER_URL}/`);
    await page.getByLabel('API key').fill(`ck_${'A'.repeat(43)}`);
    await page.keyboard.press('Enter');
    await visible(page.getByRole('alert'));
    assert.match(await page.getByRole('alert').innerText(), /does not open anything/);
    assert.equal(await page.getByLabel('API key').evaluate((element) => element === document.activeElement), true);
    assert.deepEqual(await seriousFindings(page, 'login'), []);
});

test('a customer sees no more than their project, and nothing of the queue', async () => {
    const {page} = carla;
    await logIn(carla, process.env.KEY_CARLA);
    await settled(page);
    assert.match(page.url(), /#\/projects\/shop$/);
    assert.equal(await page.getByRole('link', {name: 'Queue'}).count(), 0);
    assert.equal(await page.getByRole('link', {name: 'Keys'}).count(), 0);
    await visible(page.locator('tbody [data-state=ready]'));
});

test('characters are counted as the service counts them, and too many are told at the field', async () => {
    const {page} = carla;
    await act(page, 'wish').click();
    const field = dialogOf(page).locator('textarea');
    await field.fill('😀'.repeat(999));
    assert.match(await dialogOf(page).locator('.counter').first().innerText(), /^1 characters left$/);
    await field.fill('😀'.repeat(1001));
    await submitOf(page).click();
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.equal(await field.evaluate((element) => element === document.activeElement), true);
    assert.match(await dialogOf(page).locator('.field-error:visible').innerText(), /At most 1000 characters/);
});

test('what a customer wrote is text; a request that they cancel is cancelled', async () => {
    const {page} = carla;
    await dialogOf(page).locator('textarea').fill(hostile);
    await submitOf(page).click();
    await visible(requestState(page, 'open'));
    await settled(page);
    assert.equal(await page.locator('.fact .written').first().innerText(), hostile);
    assert.equal(await page.locator('main img').count(), 0);
    assert.notEqual(await page.title(), 'taken');
    await act(page, 'cancel').click();
    await submitOf(page).click();
    await visible(requestState(page, 'cancelled'));
});

test('a customer files a request, and sees who does what next', async () => {
    const {page} = carla;
    await go(page, '#/projects/shop');
    await act(page, 'wish').click();
    await dialogOf(page).locator('textarea').fill(note);
    await settled(page);
    await picture(page, 'promote-a-preview');
    assert.deepEqual(await seriousFindings(page, 'the wish'), []);
    await submitOf(page).click();
    await visible(requestState(page, 'open'));
    requestId = page.url().split('/').pop();
    await settled(page);
    assert.equal(await page.locator('.fact .written').first().innerText(), note);
    await visible(page.getByText('An operator looks at it next.'));
    assert.equal(await page.locator('.station[data-action="cutover.requested"]').count(), 1);
    assert.equal(await act(page, 'ack').count(), 0);
    assert.equal(await page.locator('time').first().getAttribute('title').then((title) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/.test(title)), true);
});

test('an operator acks without a mouse: escape closes, and the focus goes back', async () => {
    olga = await person('olga');
    const {page} = olga;
    await page.goto(`${process.env.CUTOVER_URL}/`);
    await visible(page.getByLabel('API key'));
    await tabTo(page, page.getByLabel('API key'));
    await page.keyboard.type(process.env.KEY_OLGA);
    await page.keyboard.press('Enter');
    await visible(page.getByRole('heading', {name: 'Queue'}));
    await settled(page);
    await picture(page, 'queue');
    // The second person opens the same page before anything is done.
    otto = await person('otto', {refusals: [/\/ack$/, /\/rollback$/, /\/connect$/]});
    await otto.page.clock.install();
    await logIn(otto, process.env.KEY_OTTO);
    await toRequest(otto.page);

    await tabTo(page, page.getByRole('link', {name: 'next'}));
    await page.keyboard.press('Enter');
    await visible(requestState(page, 'open'));
    await settled(page);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
    await tabTo(page, act(page, 'ack'));
    await page.keyboard.press('Enter');
    await visible(dialogOf(page));
    assert.equal(await page.evaluate(() => document.activeElement.closest('dialog') !== null), true);
    await page.keyboard.press('Escape');
    await dialogOf(page).waitFor({state: 'detached'});
    assert.equal(await act(page, 'ack').evaluate((element) => element === document.activeElement), true);
    await page.keyboard.press('Enter');
    await visible(dialogOf(page));
    assert.deepEqual(await seriousFindings(page, 'the ack'), []);
    await page.keyboard.type('Tonight is fine.');
    await tabTo(page, submitOf(page));
    await page.keyboard.press('Enter');
    await visible(requestState(page, 'acked'));
    await visible(page.getByText('Tonight is fine.'));
});

test('whoever acks what was changed meanwhile is shown what changed, and nothing is done', async () => {
    const {page} = otto;
    await visible(requestState(page, 'open'));
    await act(page, 'ack').click();
    await submitOf(page).click();
    await visible(dialogOf(page).getByText('This changed since you opened it'));
    const rows = await dialogOf(page).locator('tbody tr').allInnerTexts();
    assert.ok(rows.some((row) => /State\s+Open\s+Acked/.test(row)), rows.join());
    assert.ok(rows.some((row) => /Acked by\s+–\s+olga/.test(row)), rows.join());
    assert.equal(await submitOf(page).isVisible(), false);
    assert.deepEqual(await seriousFindings(page, 'outdated'), []);
    await dialogOf(page).getByRole('button', {name: 'Show it as it is now'}).click();
    await visible(requestState(page, 'acked'));
});

test('without a ticket it is the ticket that is asked for', async () => {
    const {page} = olga;
    await settled(page);
    assert.equal(await act(page, 'promote').count(), 0);
    await act(page, 'ticket').click();
    await dialogOf(page).getByLabel('Ticket').fill('SHOP-42');
    await submitOf(page).click();
    await visible(act(page, 'promote'));
    await settled(page);
    // Preflight looked while the request was open.
    await visible(page.getByText('checks found nothing wrong'));
    assert.equal(await page.getByText('would refuse the promotion').count(), 0);
    await picture(page, 'request', {fullPage: true});
});

test('what somebody else did is told on a page that stands open, and nothing moves by itself', async () => {
    const {page} = otto;
    await page.clock.fastForward('00:10');
    await visible(page.getByText('This request has changed'));
    assert.equal(await page.locator('.fact', {hasText: 'Ticket'}).innerText().then((text) => /none yet/.test(text)), true);
    await page.getByRole('button', {name: 'Show it as it is now'}).click();
    await visible(page.locator('.fact', {hasText: 'SHOP-42'}));
});

test('a promotion is held, released, and seen step by step by everybody', async () => {
    const {page} = olga;
    await toRequest(carla.page);
    await page.evaluate(() => {
        window.told = [];
        new MutationObserver(() => window.told.push(document.getElementById('announce').textContent))
            .observe(document.getElementById('announce'), {childList: true, characterData: true, subtree: true});
    });
    await act(page, 'promote').click();
    await dialogOf(page).getByLabel('Hold before the swap').check();
    await submitOf(page).click();
    await visible(page.locator('.step-current'));
    await visible(page.locator('[data-step=held].step-current'));
    await carla.page.reload();
    await visible(carla.page.locator('[data-step=held].step-current'));
    await settled(page);
    assert.equal(await page.locator('[data-step=verify].step-done').count(), 1);
    assert.equal(await page.locator('[data-step=swap].step-waiting').count(), 1);
    await page.waitForFunction(() => document.querySelector('progress').value > 0);
    // A step that moves nothing has no figures of what it moved.
    assert.equal(await page.locator('[data-part=rows]').isVisible(), false);
    await visible(page.getByText('waits to be released'));
    assert.match(await page.locator('[data-part=production-now]').innerText(), /Production/);
    assert.equal(await act(carla.page, 'release').count(), 0);
    assert.deepEqual(await seriousFindings(page, 'held'), []);
    await picture(page, 'promotion', {fullPage: true});
    assert.equal(production('SELECT release FROM shop_info'), 'the first');

    await act(page, 'release').click();
    await submitOf(page).click();
    await visible(requestState(page, 'completed'));
    await visible(carla.page.locator('.page-head [data-state=completed]'));
    await settled(page);
    const gap = await page.locator('[data-part=gap]').first().innerText();
    assert.match(gap, /Writes refused\s+\d[\d.]* \w/);
    assert.match(gap, /Reads unavailable\s+\d[\d.]* \w/);
    assert.equal(production('SELECT release FROM shop_info'), 'the second');
    const told = await page.evaluate(() => window.told.join('\n'));
    assert.match(told, /Swap\. |Promotion: Completed/);
});

test('a rollback says what it would drop, and wants the name typed', async () => {
    const {page} = otto;
    production("INSERT INTO shop_info VALUES ('written since')");
    await toRequest(page);
    await act(page, 'rollback').click();
    await dialogOf(page).locator('input[name=project]').fill('shopp');
    await submitOf(page).click();
    assert.match(await dialogOf(page).locator('.field-error:visible').innerText(), /This is not “shop”/);
    await dialogOf(page).locator('input[name=project]').fill('shop');
    await submitOf(page).click();
    await visible(dialogOf(page).getByRole('alert'));
    assert.match(await dialogOf(page).getByRole('alert').innerText(), /written to since[^]*Tick the box/);
    assert.deepEqual(await seriousFindings(page, 'the rollback'), []);
    await picture(page, 'rollback');
    assert.equal(production('SELECT count(*) FROM shop_info'), '2');
    await dialogOf(page).getByLabel('Take these writes out of production').check();
    await submitOf(page).click();
    await visible(requestState(page, 'rolled_back'));
    await visible(page.locator('.station[data-action="cutover.rolled_back"]'));
    assert.equal(production('SELECT release FROM shop_info'), 'the first');
});

test('a key is made, shown once, and opens what it is for until it is revoked', async () => {
    const {page} = otto;
    await go(page, '#/keys');
    await act(page, 'new-key').click();
    await dialogOf(page).getByLabel('Label').fill('the shop’s nightly job');
    await submitOf(page).click();
    assert.match(await dialogOf(page).locator('fieldset .field-error:visible').innerText(), /at least one/);
    await dialogOf(page).getByLabel('Member').check();
    await dialogOf(page).getByLabel('Project').fill('shop');
    await dialogOf(page).getByLabel('Acts as').fill('nina');
    await submitOf(page).click();
    const secret = await dialogOf(page).getByLabel('The secret').innerText();
    assert.deepEqual(await seriousFindings(page, 'the key'), []);
    await dialogOf(page).getByRole('button', {name: 'Done'}).click();
    const row = page.locator('tbody tr', {hasText: 'nina'});
    await visible(row);
    assert.equal((await page.content()).includes(secret), false);

    const nina = await person('nina', {refusals: [/^\/v1\//]});
    await logIn(nina, secret);
    await settled(nina.page);
    assert.match(nina.page.url(), /#\/projects\/shop$/);
    await row.getByRole('button', {name: 'Revoke'}).click();
    await submitOf(page).click();
    await visible(row.locator('[data-state=revoked]'));
    await nina.page.getByRole('link', {name: 'Backups'}).click();
    await visible(nina.page.getByLabel('API key'));
    await nina.context.close();
});

test('an endpoint is added, its secret is shown once, and signs what it is told', async () => {
    const {page} = otto;
    const {url, next} = await receiver();
    await go(page, '#/projects/shop/webhooks');
    await act(page, 'add-endpoint').click();
    await dialogOf(page).getByLabel('URL').fill(url);
    await dialogOf(page).getByLabel('Types of events').fill('cutover.acked\nbackup.completed');
    await submitOf(page).click();
    const secret = await dialogOf(page).getByLabel('The secret').innerText();
    assert.match(secret, /^whsec_/);
    await dialogOf(page).getByRole('button', {name: 'Done'}).click();
    await visible(page.locator('.panel', {hasText: url}).locator('[data-state=enabled]'));
    assert.equal((await page.content()).includes(secret), false);

    await act(page, 'test').click();
    await submitOf(page).click();
    const {headers, body} = await next();
    const signed = crypto.createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
        .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${signed}`);
    assert.equal(JSON.parse(body).type, 'webhook.test');
});

test('a backup is taken, proved and restored into a preview, and the endpoint is told', async () => {
    const {page} = otto;
    addSparePreview('spare');
    await go(page, '#/projects/shop/backups');
    await act(page, 'backup').click();
    await dialogOf(page).getByLabel('Label').fill('before the fair');
    await submitOf(page).click();
    await visible(page.locator('.job-head [data-state=verified]'));
    await page.locator('.fact', {hasText: 'Backup'}).getByRole('link').click();
    await visible(page.getByRole('heading', {name: 'before the fair'}));
    await visible(page.getByText('Restored and compared: equal'));
    await act(page, 'restore-preview').click();
    await dialogOf(page).getByLabel('Preview').selectOption('spare');
    await submitOf(page).click();
    await visible(page.getByRole('heading', {name: 'Restore', exact: true}));
    await visible(page.locator('.job-head [data-state=completed]'));
    assert.equal(spare('SELECT release FROM shop_info'), 'the first');
    assert.equal(production('SELECT release FROM shop_info'), 'the first');

    await go(page, '#/projects/shop/webhooks');
    await page.getByText('Deliveries', {exact: true}).click();
    const rows = page.locator('tr', {has: act(page, 'redeliver')});
    const delivered = rows.filter({hasText: 'backup.completed'}).locator('[data-state=delivered]');
    await page.getByLabel('State').selectOption('delivered');
    for (let i = 0; i < 100 && await delivered.count() === 0; i++) {
        await page.getByLabel('State').selectOption('delivered');
        await settled(page);
    }
    assert.equal(await delivered.count(), 1);
    assert.equal(await rows.count(), 2);
    await rows.first().locator('summary').click();
    assert.match(await rows.first().locator('table').innerText(), /204/);
});

test('production is restored from a backup by who means it, and nobody else is offered it', async () => {
    const {page} = otto;
    const backup = await page.evaluate(() => fetch('/v1/projects/shop/backups?status=verified').then((answer) => answer.json())
        .then((list) => list.items.find((one) => one.label === 'before the fair').id));
    production("INSERT INTO shop_info VALUES ('after the backup')");
    await go(olga.page, `#/backups/${backup}`);
    await visible(act(olga.page, 'restore-preview'));
    assert.equal(await act(olga.page, 'restore-project').count(), 0);
    await go(page, `#/backups/${backup}`);
    await act(page, 'restore-project').click();
    await visible(dialogOf(page).getByText('Everything that was written to production since'));
    await dialogOf(page).locator('input[name=project]').fill('shop');
    await submitOf(page).click();
    assert.match(await dialogOf(page).locator('.field-error:visible').innerText(), /Please tick this/);
    await dialogOf(page).getByLabel('I mean production').check();
    await dialogOf(page).locator('input[name=project]').fill('shopp');
    await submitOf(page).click();
    assert.match(await dialogOf(page).locator('.field-error:visible').innerText(), /This is not “shop”/);
    assert.deepEqual(await seriousFindings(page, 'the restore'), []);
    assert.equal(production('SELECT count(*) FROM shop_info'), '2');
    await dialogOf(page).locator('input[name=project]').fill('shop');
    await submitOf(page).click();
    await visible(page.locator('.job-head [data-state=completed]'));
    assert.match(await page.locator('[data-part=gap]').innerText(), /Reads unavailable\s+\d/);
    assert.equal(production('SELECT release FROM shop_info'), 'the first');
});

test('a site is connected, its variables are written and read back, and no secret is shown again', async () => {
    const {page} = otto;
    const secrets = ['vercel-token-0123456789', 'postgres://app:pw-of-shop@pool.example.com/shop'];
    await go(page, '#/projects/shop/integrations');
    await act(page, 'connect-vercel').click();
    await dialogOf(page).getByLabel('Id or name of the project').fill('prj_shop');
    await dialogOf(page).getByLabel('Id of the team').fill('team_shop');
    await dialogOf(page).getByLabel('Access token').fill(secrets[0]);
    await dialogOf(page).locator('input[name=pooled_url]').fill('mysql://x');
    assert.deepEqual(await seriousFindings(page, 'the integration'), []);
    await submitOf(page).click();
    await visible(dialogOf(page).locator('.field-error, [role=alert]').filter({visible: true}).first());
    await dialogOf(page).locator('input[name=pooled_url]').fill(secrets[1]);
    await submitOf(page).click();
    await dialogOf(page).waitFor({state: 'detached'});
    const site = page.locator('.panel', {hasText: 'prj_shop'});
    await visible(site);
    for (let i = 0; i < 600 && await site.locator('.panel-head [data-state=synced], [data-state=synced]').count() === 0; i++) {
        await page.waitForTimeout(200);
        await go(page, '#/projects/shop/integrations');
    }
    await visible(site.locator('[data-state=synced]').first());
    assert.equal(await site.locator('[data-state=confirmed]').count(), 2);
    await act(page, 'sync').click();
    await submitOf(page).click();
    await settled(page);
    for (const secret of secrets)
        assert.equal((await page.content()).includes(secret), false);
    await act(page, 'disconnect').click();
    await submitOf(page).click();
    await visible(act(page, 'connect-vercel'));
});

test('a promotion that is cancelled while it runs leaves its request acked; one that fails says what to do now', async () => {
    const {page} = olga;
    await go(carla.page, '#/projects/shop');
    await act(carla.page, 'wish').first().click();
    await dialogOf(carla.page).getByLabel('Ticket').fill('SHOP-43');
    await submitOf(carla.page).click();
    await visible(requestState(carla.page, 'open'));
    requestId = carla.page.url().split('/').pop();
    await toRequest(page);
    await act(page, 'ack').click();
    await submitOf(page).click();
    await visible(requestState(page, 'acked'));

    const hold = async () => {
        await act(page, 'promote').click();
        await dialogOf(page).getByLabel('Hold before the swap').check();
        await submitOf(page).click();
        await visible(page.locator('[data-step=held].step-current'));
    };
    await hold();
    assert.equal(await act(carla.page, 'cancel-job').count(), 0);
    await act(page, 'cancel-job').click();
    assert.match(await dialogOf(page).innerText(), /production stays as it was/);
    await submitOf(page).click();
    await visible(page.getByText('It was cancelled').first());
    await visible(requestState(page, 'acked'));
    assert.match(await page.locator('[data-part=what-now]').first().innerText(), /may be promoted/);
    assert.equal(production('SELECT release FROM shop_info'), 'the first');

    await hold();
    const request = await page.evaluate((id) => fetch(`/v1/cutover-requests/${id}`).then((answer) => answer.json()), requestId);
    const job = await page.evaluate((id) => fetch(`/v1/jobs/${id}`).then((answer) => answer.json()), request.promote_job_id);
    damage(job.record.backup_id ?? request.pre_cutover_backup_id);
    await act(page, 'release').click();
    await submitOf(page).click();
    await visible(requestState(page, 'failed'));
    await settled(page);
    const failed = page.locator('.notice', {hasText: 'It failed'}).first();
    await visible(failed);
    assert.match(await failed.innerText(), /Production now\s+Production is as it was/);
    assert.match(await failed.locator('[data-part=what-now]').innerText(), /\w/);
    assert.deepEqual(await seriousFindings(page, 'failed'), []);
    await picture(page, 'failed', {fullPage: true});
    assert.equal(production('SELECT release FROM shop_info'), 'the first');
});

test('a job whose process died is given up with a reason, and the server says that production stands', async () => {
    const {page} = otto;
    await go(carla.page, '#/projects/shop');
    await act(carla.page, 'wish').first().click();
    await dialogOf(carla.page).getByLabel('Ticket').fill('SHOP-44');
    await submitOf(carla.page).click();
    await visible(requestState(carla.page, 'open'));
    requestId = carla.page.url().split('/').pop();
    await toRequest(page);
    await act(page, 'ack').click();
    await submitOf(page).click();
    await visible(requestState(page, 'acked'));
    const elsewhere = promoteElsewhere(requestId);
    const jobOf = (id) => fetch(`/v1/cutover-requests/${id}`).then((answer) => answer.json()).then((request) => request.promote_job_id);
    await toRequest(carla.page);
    let job = null;
    for (let i = 0; i < 600 && !job; i++) {
        await carla.page.waitForTimeout(200);
        job = await carla.page.evaluate(jobOf, requestId);
    }
    await go(page, `#/jobs/${job}`);
    await visible(page.locator('[data-step=held].step-current'));
    assert.equal(await act(page, 'abandon').count(), 0);
    await elsewhere.kill();
    await page.clock.fastForward('00:40');
    await act(page, 'abandon').click();
    await dialogOf(page).getByLabel('Reason').fill('its process was killed');
    await submitOf(page).click();
    assert.match(await dialogOf(page).locator('.field-error:visible').innerText(), /Please tick this/);
    await dialogOf(page).getByLabel('Nobody can settle it otherwise').check();
    assert.deepEqual(await seriousFindings(page, 'giving up'), []);
    await submitOf(page).click();
    await visible(page.locator('.job-head [data-state=failed]'));
    assert.equal(production('SELECT release FROM shop_info'), 'the first');

    await go(page, '#/projects/shop/recovery');
    await act(page, 'look-server').click();
    await visible(page.getByText('Production is what the last job left', {exact: true}));
    await act(page, 'recover').click();
    await visible(page.getByText('Nothing is unfinished'));
    await go(carla.page, '#/projects/shop/previews');
    assert.equal(await carla.page.getByRole('link', {name: 'Recovery'}).count(), 0);
});

test('no page has what is serious for axe-core, or stands out at 360 pixels, in light and dark', async () => {
    const {page} = otto;
    const first = (path) => page.evaluate((one) => fetch(one).then((answer) => answer.json()).then((list) => list.items[0].id), path);
    const job = await first('/v1/projects/shop/jobs?order=newest');
    const backup = await first('/v1/projects/shop/backups');
    const pages = ['#/queue?status=all', '#/projects', '#/projects/shop/previews', '#/projects/shop/requests', '#/projects/shop/backups',
                   '#/projects/shop/jobs', '#/projects/shop/displaced', '#/projects/shop/audit', '#/projects/shop/webhooks',
                   '#/projects/shop/integrations', '#/projects/shop/recovery', `#/requests/${requestId}`, `#/jobs/${job}`, `#/backups/${backup}`, '#/keys', '#/nowhere'];
    for (const hash of pages) {
        await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'});
        await go(page, hash);
        assert.deepEqual(await seriousFindings(page, `${hash} light`), []);
        await page.emulateMedia({colorScheme: 'dark', reducedMotion: 'reduce'});
        assert.deepEqual(await seriousFindings(page, `${hash} dark`, ['color-contrast']), []);
        await page.setViewportSize({width: 360, height: 740});
        assert.deepEqual(await overhang(page), [], hash);
        if (hash.startsWith('#/requests'))
            await picture(page, 'request-narrow-dark');
        await page.setViewportSize({width: 1200, height: 800});
        assert.deepEqual(await page.evaluate(() => window.violations), []);
    }
    await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'});
});

test('signing out leaves nothing behind', async () => {
    const {page} = carla;
    await go(page, '#/projects/shop/backups');
    await act(page, 'sign-out').click();
    await visible(page.getByLabel('API key'));
    assert.equal(await page.evaluate(() => fetch('/session').then((answer) => answer.status)), 401);
    await page.reload();
    await visible(page.getByLabel('API key'));
});

await openBrowser();
const good = await run();
await closeBrowser();
process.exit(good ? 0 : 1);
