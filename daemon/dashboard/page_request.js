// One request: its way, its facts, what preflight says, the job that carries it out, and what may be done now.

import {call, get, v1} from './api.js';
import {announce, fill, h} from './dom.js';
import {findingsList, sides, verdictOf} from './findings.js';
import {isOver, jobPanel} from './job_panel.js';
import {askToCancel} from './page_job.js';
import {badge, button, facts, idText, link, notice, panel, problemNotice, showIn, time} from './parts.js';
import * as acts from './request_acts.js';
import {actorId, isOperator} from './session.js';
import {entriesOf, wayList} from './way.js';

const lookEvery = 10000;
const jobsShown = 5;

class RequestPage {
    constructor(answer)
    {
        this.request = answer.data;
        this.etag = answer.etag;
        this.id = this.request.id;
        this.panels = [];
        this.begun = null;
        this.closed = false;
        this.reload = () => this.load();
        this.head = h('div', {class: 'page-head'});
        this.news = h('div', {'aria-live': 'polite'});
        this.next = h('div', {});
        this.jobs = h('div', {class: 'stack'});
        this.preflight = h('div', {});
        this.factBox = h('div', {});
        this.wayBox = h('div', {});
        this.element = h('div', {},
                         h('p', {class: 'crumbs'}, link(`#/projects/${encodeURIComponent(this.request.project_id)}/requests`, this.request.project_id),
                           ' / requests'), this.head, this.news,
                         h('div', {class: 'columns'},
                           h('div', {class: 'column-main stack'}, this.next, this.jobs, this.preflight),
                           h('div', {class: 'column-side stack'},
                             panel('The request', {}, this.factBox), panel('Its way', {}, this.wayBox))));
    }

    close()
    {
        this.closed = true;
        clearTimeout(this.timer);
        this.panels.forEach((one) => one.close());
        this.panels = [];
    }

    /** Reads it anew and draws all of it. */
    async load()
    {
        try {
            await this.read();
        } catch (failure) {
            fill(this.news, problemNotice(failure));
            return;
        }
        fill(this.news);
        await this.draw();
    }

    async read()
    {
        const answer = await call('GET', v1('cutover-requests', this.id));
        this.request = answer.data;
        this.etag = answer.etag;
    }

    async draw()
    {
        if (this.closed)
            return;
        this.drawHead();
        this.drawFacts();
        await this.drawJobs();
        this.drawNext();
        this.drawPreflight();
        this.lookLater();
        await this.drawWay();
    }

    drawHead()
    {
        const {request} = this;
        fill(this.head, h('h1', {tabindex: '-1'}, request.preview_database_id, h('span', {class: 'arrow'}, ' to '), request.project_id),
             badge(request.status), h('span', {class: 'faint'}, 'since ', time(request.updated_at, {relative: true})));
    }

    drawFacts()
    {
        const {request} = this;
        fill(this.factBox, facts([
            ['Requested by', request.requested_by_actor_id],
            ['Filed', time(request.created_at, {seconds: true})],
            ['Preview', request.preview_database_id],
            ['Ticket', request.external_ticket_ref ? h('code', {}, request.external_ticket_ref) : h('span', {class: 'faint'}, 'none yet')],
            request.customer_note ? ['Customer’s note', h('span', {class: 'written'}, request.customer_note)] : null,
            request.ack_at ? ['Acked by', request.ack_by_user_id] : null,
            request.ack_at ? ['Acked', time(request.ack_at, {seconds: true})] : null,
            request.operator_note ? ['Operator’s note', h('span', {class: 'written'}, request.operator_note)] : null,
            request.ack_at ? ['Agreed time', time(request.scheduled_for, {none: 'any', relative: true})] : null,
            request.rejected_reason ? ['Reason', h('span', {class: 'written'}, request.rejected_reason)] : null,
            request.completed_at ? ['Ended', time(request.completed_at, {seconds: true})] : null,
            request.pre_cutover_backup_id
                ? ['Backup before', link(`#/backups/${encodeURIComponent(request.pre_cutover_backup_id)}`, idText(request.pre_cutover_backup_id))] : null,
            ['Request', h('code', {class: 'breaks'}, request.id)],
        ]));
    }

    /** [label, act, class] of what may be done now. */
    offers()
    {
        const {request} = this;
        const mine = request.requested_by_actor_id === actorId();
        const offers = [];
        const offer = (name, label, kind) => acts.fits(name, request) && offers.push([name, label, kind]);
        if (isOperator()) {
            offer('ack', 'Ack', 'primary');
            if (request.external_ticket_ref)
                offer('promote', 'Promote', 'primary');
        }
        if (isOperator() || mine) {
            offer('ticket', request.external_ticket_ref ? 'Change ticket' : 'Attach a ticket',
                  isOperator() && request.status === 'acked' && !request.external_ticket_ref ? 'primary' : '');
            offer('reschedule', 'Another time', '');
        }
        if (isOperator())
            offer('reject', 'Reject', '');
        if (isOperator() || mine)
            offer('cancel', 'Cancel request', '');
        if (isOperator())
            offer('rollback', 'Roll back', 'danger-quiet');
        return offers;
    }

    advice()
    {
        const {request} = this;
        const early = request.scheduled_for && new Date(request.scheduled_for) > new Date();
        switch (request.status) {
        case 'open':
            return isOperator() ? 'Look at what preflight says and at both sides, then ack or reject.' : 'An operator looks at it next.';
        case 'acked':
            if (!request.external_ticket_ref)
                return 'A ticket is needed before it can be promoted.';
            if (early)
                return ['It can be promoted from ', time(request.scheduled_for, {relative: true}), ' on.'];
            return isOperator() ? 'Everything is agreed: it can be promoted.' : 'It is agreed. An operator promotes it next.';
        case 'in_progress':
            return 'It is being carried out.';
        case 'completed':
            return 'Production has the preview’s contents.';
        case 'rejected':
            return ['It was rejected: ', h('span', {class: 'written'}, request.rejected_reason ?? '')];
        case 'failed':
            return 'It failed. A promotion is not repeated: once the cause is gone, file a new request.';
        case 'rolled_back':
            return 'It was rolled back: production is what it was before.';
        case 'expired':
            return 'Its preview expired or is gone. Extend or make a preview, and file a new request.';
        default:
            return 'It was cancelled. Nothing was changed.';
        }
    }

    drawNext()
    {
        const running = this.runningJob();
        const offers = running ? [] : this.offers();
        const advice = running?.kind === 'rollback' ? 'It is being rolled back.' : this.advice();
        fill(this.next, panel('What is next', {class: 'next'}, h('p', {class: 'lead'}, advice),
                              offers.length > 0 ? h('div', {class: 'actions'}, offers.map(([name, label, kind]) =>
                                  button(label, () => this.act(name), {class: `button ${kind}`.trim(), act: name}))) : null));
    }

    async act(name)
    {
        const done = await acts[name](this);
        if (!done)
            return;
        if (name === 'promote' || name === 'rollback')
            this.begun = done.id;
        await this.load();
        announce('Done');
        const running = this.element.querySelector('.job h2');
        if ((name === 'promote' || name === 'rollback') && running)
            running.focus();
        else
            this.element.querySelector('h1').focus();
    }

    jobActions(job)
    {
        if (isOver(job) || !isOperator())
            return null;
        const held = job.status === 'held' || job.progress?.step === 'held';
        return [
            held ? button('Release', () => this.release(job), {class: 'button primary', act: 'release'}) : null,
            button('Cancel', () => askToCancel(job), {act: 'cancel-job'}),
        ];
    }

    async release()
    {
        const view = {request: this.request, etag: null, reload: this.reload};
        if (await acts.release(view))
            announce('Released');
    }

    /** The request's jobs, the newest first, as they are. */
    async readJobs()
    {
        const {request} = this;
        if (['open', 'rejected', 'expired'].includes(request.status) && !request.promote_job_id)
            return [];
        // One that waits for its turn is in no list yet.
        const named = [this.begun, request.promote_job_id].filter(Boolean);
        const {items} = await get(`${v1('projects', request.project_id, 'jobs')}?order=newest&limit=100`);
        const ids = items.filter((job) => job.request_id === request.id).map((job) => job.id);
        const all = [...new Set([...named, ...ids])].sort().reverse();
        return Promise.all(all.slice(0, jobsShown).map((id) => get(v1('jobs', id))));
    }

    /** The promotion, and what came after it. A job that ended since the request was read has changed the request. */
    async drawJobs()
    {
        let jobs = [];
        try {
            jobs = await this.readJobs();
            if (jobs.some((job) => isOver(job) && (job.record?.updated_at ?? '') > this.request.updated_at)) {
                await this.read();
                this.drawHead();
                this.drawFacts();
            }
        } catch (failure) {
            fill(this.jobs, problemNotice(failure, 'Its jobs could not be read'));
            return;
        }
        if (this.closed)
            return;
        this.panels.forEach((one) => one.close());
        this.panels = jobs.map((job) => jobPanel(job, {
            link: true, actions: (now) => this.jobActions(now), begun: () => this.readOn(), ended: () => this.load(),
        }));
        fill(this.jobs, this.panels.map((one) => one.element));
    }

    /** Its job has begun, which has moved the request on. */
    async readOn()
    {
        try {
            await this.read();
        } catch {
            return; // Its end is read, too.
        }
        this.drawHead();
        this.drawFacts();
        this.drawNext();
        fill(this.preflight);
        this.drawWay();
    }

    runningJob()
    {
        return this.panels.map((one) => one.job()).find((job) => !isOver(job));
    }

    /** That a request has to be acked first is no news to whoever looks at it to ack it, and no truth where it was changed since. */
    withoutItsOwnState(preflight, at)
    {
        if (this.request.status !== 'open' && at >= this.request.updated_at)
            return preflight;
        return {...preflight, findings: preflight.findings.filter((one) => one.check !== 'request.rules')};
    }

    drawPreflight()
    {
        fill(this.preflight);
        if (!['open', 'acked'].includes(this.request.status))
            return;
        const box = h('div', {});
        const path = v1('cutover-requests', this.id, 'preflight');
        const look = (again) => showIn(box, async () => {
            try {
                const {preflight, looked_at: at} = again ? (await call('POST', path, {body: {}})).data : await get(path);
                const shown = this.withoutItsOwnState(preflight, at);
                return [verdictOf(shown), h('p', {class: 'hint looked'}, 'Looked at ', time(at, {seconds: true, relative: true})),
                        sides(preflight), findingsList(shown)];
            } catch (failure) {
                if (failure.status !== 404 || isOperator())
                    throw failure;
                return h('p', {class: 'lead'}, 'Nobody has looked yet. An operator does, before the request is acked.');
            }
        }, 'Asking both servers');
        fill(this.preflight, panel('Preflight', {
            aside: isOperator() ? button('Run again', () => look(true), {class: 'button small', act: 'preflight'}) : null,
        }, box));
        look(false);
    }

    async drawWay()
    {
        await showIn(this.wayBox, async () => wayList(await entriesOf(this.request)), 'Reading the audit trail');
    }

    /** Looks now and then whether somebody else changed it: that is told, and nothing moves under the reader's hands. */
    lookLater()
    {
        clearTimeout(this.timer);
        if (this.closed || !['open', 'acked', 'completed'].includes(this.request.status))
            return;
        this.timer = setTimeout(async () => {
            try {
                const answer = document.hidden ? null : await call('GET', v1('cutover-requests', this.id));
                if (answer?.etag && answer.etag !== this.etag && !this.closed)
                    this.tellNews(answer.data);
            } catch {
                // The next look may have more luck; what one does says by itself what is wrong.
            }
            this.lookLater();
        }, lookEvery);
    }

    tellNews(now)
    {
        const changes = acts.changesOf(this.request, now);
        if (changes.length === 0 || this.news.childElementCount > 0)
            return;
        fill(this.news, notice('warn', 'This request has changed',
                               h('ul', {}, changes.map(([what, before, after]) => h('li', {}, `${what}: ${before}, now ${after}`))),
                               h('p', {}, button('Show it as it is now', () => this.load()))));
    }
}

export async function requestPage(id)
{
    const page = new RequestPage(await call('GET', v1('cutover-requests', id)));
    page.draw();
    return {title: `${page.request.preview_database_id} to ${page.request.project_id}`, element: page.element, close: () => page.close()};
}
