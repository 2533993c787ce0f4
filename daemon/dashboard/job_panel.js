// A job as it runs and as it ended: steps, how far it is, what production notices, what to do now.

import {get, v1} from './api.js';
import {announce, fill, h, put} from './dom.js';
import {bytes, count, counted, duration, wholeSeconds} from './format.js';
import {icon} from './icons.js';
import {badge, facts, idText, link, notice, panel, time} from './parts.js';
import {listen} from './stream.js';
import {actionWords, jobKinds, methods, spoken, stateOf, steps, wayOf} from './words.js';

const over = new Set(['completed', 'rolled_back', 'failed', 'cancelled', 'refused', 'unsettled', 'verified', 'undecided', 'deleted']);

export function isOver(job)
{
    return job.over ?? over.has(job.status);
}

/** What stands between start and end for a job of that kind, and of what it was asked for. */
function stepNames(job, seen)
{
    const names = wayOf(job.kind).filter((name) => name !== 'held' || job.record?.hold);
    const done = (job.report?.steps ?? []).map((step) => step.name);
    const known = done.length > 0 && isOver(job) ? done : names;
    for (const name of seen) {
        if (!known.includes(name) && steps[name])
            known.splice(known.indexOf('swap') >= 0 ? known.indexOf('swap') : known.length, 0, name);
    }
    // A step that no job of this release has is not promised; one that is under way is shown.
    return known.filter((name) => name !== 'catch_up' || seen.includes(name) || done.includes(name));
}

function stepState(name, names, job, current)
{
    const at = names.indexOf(current);
    const index = names.indexOf(name);
    if (!isOver(job))
        return index < at ? 'done' : index === at ? 'current' : 'waiting';
    const failedAt = job.report?.error?.step ?? job.record?.failure?.step ?? null;
    if (job.status === 'completed' || job.status === 'verified')
        return 'done';
    if (name === failedAt)
        return job.status === 'cancelled' ? 'stopped' : 'failed';
    const failedIndex = names.indexOf(failedAt);
    return failedIndex >= 0 && index > failedIndex ? 'waiting' : 'done';
}

const stepWords = {done: 'done', current: 'under way', waiting: 'to come', failed: 'failed here', stopped: 'stopped here'};
const stepIcons = {done: 'done', current: 'running', waiting: 'none', failed: 'failed', stopped: 'stopped'};

function stepList(job, current, seen)
{
    const names = stepNames(job, seen);
    const took = new Map((job.report?.steps ?? []).map((step) => [step.name, step.seconds]));
    return h('ol', {class: 'steps'}, names.map((name) => {
        const state = stepState(name, names, job, current);
        const [label, does] = steps[name] ?? [spoken(name), null];
        return h('li', {class: `step step-${state}`, 'data-step': name, 'aria-current': state === 'current' ? 'step' : null},
                 icon(stepIcons[state]),
                 h('span', {class: 'step-name'}, label, h('span', {class: 'unseen'}, `: ${stepWords[state]}`)),
                 h('span', {class: 'step-does'}, does),
                 h('span', {class: 'step-took'}, took.has(name) ? duration(took.get(name) * 1000) : null));
    }));
}

function figure(name, value, note)
{
    return h('div', {class: 'figure'}, h('dt', {}, name), h('dd', {}, value, note ? h('span', {class: 'figure-note'}, note) : null));
}

/** What clients noticed: as measured. */
function gapFigures(report)
{
    if (typeof report.writes_refused_ms !== 'number')
        return null;
    return h('dl', {class: 'figures', 'data-part': 'gap'},
             figure('Writes refused', duration(report.writes_refused_ms), 'as measured'),
             figure('Reads unavailable', duration(report.reads_unavailable_ms), 'as measured'),
             figure('Sessions ended', count(report.sessions_ended ?? 0), 'they reconnect'));
}

function reportFacts(report)
{
    const proof = report.backup_verification;
    return facts([
        report.pre_cutover_backup_id
            ? ['Backup before', link(`#/backups/${encodeURIComponent(report.pre_cutover_backup_id)}`, report.backup_label ?? 'backup')]
            : null,
        proof ? ['Proved by', `${methods[proof.method] ?? proof.method}: ${proof.verdict}; ${counted(proof.tables, 'table')}, `
                 + `${counted(proof.rows, 'row')} in ${duration(proof.seconds * 1000)}`] : null,
        report.stage ? ['Staged', `${counted(report.stage.tables, 'table')}, ${counted(report.stage.rows, 'row')}, ${bytes(report.stage.bytes)}`]
            : null,
        report.check ? ['Compared with its source', report.check.verdict] : null,
        report.writes_since_cutover ? ['Written since the cutover', report.writes_since_cutover] : null,
        report.displaced_database ? ['Old production', h('code', {}, report.displaced_database), ' closed, kept until somebody drops it'] : null,
    ]);
}

/** What became of it, and what to do now. */
function outcome(job)
{
    const report = job.report;
    const failure = report?.error ?? job.record?.failure ?? job.error
        ?? (job.record?.error ? {message: job.record.error, hint: null} : null);
    const failed = failure && typeof failure === 'object' ? failure : failure ? {message: failure, hint: null} : null;
    const parts = [];
    if (failed) {
        const tone = job.status === 'cancelled' ? 'warn' : 'bad';
        parts.push(notice(tone, job.status === 'cancelled' ? 'It was cancelled' : 'It failed', h('p', {}, failed.message),
                          failed.detail ? h('pre', {class: 'detail'}, failed.detail) : null,
                          h('dl', {class: 'now'},
                            report?.production ? [h('dt', {}, 'Production now'), h('dd', {}, report.production)] : null,
                            [h('dt', {}, 'What to do now'), h('dd', {'data-part': 'what-now'}, failed.hint ?? whatNow(job))])));
    } else if (report?.production) {
        parts.push(notice('good', null, h('p', {}, report.production)));
    }
    if (report?.warnings?.length > 0) {
        parts.push(h('details', {class: 'warnings'}, h('summary', {}, counted(report.warnings.length, 'warning')),
                     h('ul', {}, report.warnings.map((text) => h('li', {}, text)))));
    }
    return parts;
}

function whatNow(job)
{
    if (job.status === 'cancelled')
        return job.kind === 'promotion' ? 'Nothing has to be undone. The request is acked again and may be promoted once more.'
            : 'Nothing has to be undone.';
    if (job.status === 'unsettled')
        return 'Its end is not recorded: recovery finds out, and this page then says it.';
    return job.kind === 'promotion' ? 'A promotion is not repeated. Once the cause is gone, file a new request.'
        : 'Once the cause is gone it may be begun again.';
}

/** In one sentence, what production's clients meet while the job runs. */
function productionNow(job)
{
    if (job.kind === 'backup' || job.kind === 'verification' || isOver(job))
        return null;
    const record = job.record ?? {};
    if (record.kind === 'restore' && record.preview_id)
        return ['good', 'Production is not touched: this fills a preview.'];
    if (record.door_closed)
        return ['bad', 'Production is closed for the moment of the swap.'];
    if (record.fence_raised)
        return ['warn', 'Production serves reads and refuses writes.'];
    return ['good', 'Production is open for reads and writes.'];
}

/** How far a running job is; told again and again without being built anew, so that nothing flickers. */
class Meter {
    constructor(begun)
    {
        this.bar = h('progress', {max: '1000', 'aria-label': 'How far the job is'});
        this.percent = h('span', {class: 'meter-percent'});
        this.left = h('span', {class: 'meter-left'});
        this.moved = {};
        for (const name of ['bytes', 'rows', 'tables', 'elapsed'])
            this.moved[name] = h('dd', {'data-part': name}, '–');
        this.element = h('div', {class: 'meter'},
                         h('div', {class: 'meter-head'}, this.percent, this.left), this.bar,
                         h('dl', {class: 'figures small'},
                           [['Bytes', 'bytes'], ['Rows', 'rows'], ['Tables', 'tables'], ['Elapsed', 'elapsed']].map(([title, name]) =>
                               h('div', {class: 'figure'}, h('dt', {}, title), this.moved[name]))));
        this.seen = {elapsed: Math.max(0, (Date.now() - new Date(begun)) / 1000), left: null, at: Date.now()};
        this.percent.textContent = 'Begun';
        this.tick();
    }

    tell(progress)
    {
        if (!progress)
            return;
        this.seen = {elapsed: progress.seconds_elapsed, left: progress.seconds_left, held: progress.step === 'held', at: Date.now()};
        const thousandths = Math.floor(progress.fraction * 1000);
        this.bar.value = thousandths;
        this.percent.textContent = `${Math.floor(thousandths / 10)} %`;
        this.moved.bytes.textContent = progress.bytes_total > 0
            ? `${bytes(progress.bytes_done)} of ${bytes(Math.max(progress.bytes_total, progress.bytes_done))}` : bytes(progress.bytes_done);
        this.moved.rows.textContent = count(progress.rows_done);
        this.moved.tables.textContent = progress.tables_total > 0 ? `${progress.tables_done} of ${progress.tables_total}` : '–';
        // Figures are of the step: one that moves nothing has none.
        const moves = progress.bytes_done > 0 || progress.bytes_total > 0 || progress.rows_done > 0 || progress.tables_total > 0;
        for (const name of ['bytes', 'rows', 'tables'])
            this.moved[name].parentElement.hidden = !moves;
        this.tick();
    }

    tick()
    {
        const since = (Date.now() - this.seen.at) / 1000;
        this.moved.elapsed.textContent = wholeSeconds(this.seen.elapsed + since);
        this.left.textContent = this.seen.held ? 'waits to be released' : typeof this.seen.left === 'number'
            ? `about ${wholeSeconds(Math.max(1, this.seen.left - since))} left` : 'time left cannot be told';
    }
}

const logLines = 500;

/** What the audit trail says of the job as it goes, behind a summary. */
class Log {
    constructor()
    {
        this.lines = h('ol', {class: 'log', tabindex: '0', 'aria-label': 'What was recorded of the job'});
        this.element = h('details', {class: 'log-box', hidden: true}, h('summary', {}, 'What was recorded'), this.lines);
    }

    add(entry)
    {
        this.element.hidden = false;
        put(this.lines, h('li', {}, time(entry.at, {seconds: true}), ` ${actionWords(entry.action)}, by ${entry.actor_id}`));
        while (this.lines.childElementCount > logLines)
            this.lines.firstElementChild.remove();
    }
}

/**
 * @param job     As GET /v1/jobs/{id} tells it.
 * @param options {actions(job) → nodes, ended(job), title, link}
 * @return {element, close(), job()}
 */
export function jobPanel(job, options = {})
{
    const head = h('div', {class: 'job-head'});
    const production = h('div', {});
    const stepBox = h('div', {});
    const result = h('div', {class: 'stack'});
    const actions = h('div', {class: 'actions'});
    const connection = h('p', {class: 'hint', hidden: true}, 'The connection is lost; it is tried again.');
    const meter = new Meter(job.created_at);
    const log = new Log();
    const seen = [];
    let current = null;
    let stream = null;
    let timer = null;
    let ended = false;

    // Progress may be told of a step that is over: a job goes forward only.
    function note(step)
    {
        const order = wayOf(job.kind);
        if (!step || !steps[step] || (current && order.includes(step) && order.indexOf(step) < order.indexOf(current)))
            return false;
        const changed = step !== current;
        current = step;
        if (!seen.includes(step))
            seen.push(step);
        return changed;
    }

    function drawHead()
    {
        fill(head, badge(isOver(job) ? job.status : current ?? job.status),
             h('span', {class: 'faint'}, 'begun ', time(job.created_at, {seconds: true}), job.record?.started_by_actor_id
                 ? ` by ${job.record.started_by_actor_id}` : ''),
             options.link ? link(`#/jobs/${encodeURIComponent(job.id)}`, 'Job ', idText(job.id)) : null);
    }

    function draw()
    {
        note(isOver(job) ? null : job.status);
        note(isOver(job) ? null : job.progress?.step);
        drawHead();
        const now = productionNow(job);
        fill(production, now ? notice(now[0], null, h('p', {'data-part': 'production-now'}, now[1])) : null);
        fill(stepBox, stepList(job, current, seen));
        fill(actions, options.actions?.(job) ?? null);
        actions.hidden = actions.childElementCount === 0;
        meter.element.hidden = isOver(job);
        if (!isOver(job))
            meter.tell(job.progress);
        fill(result, isOver(job) ? [outcome(job), job.report ? [gapFigures(job.report), reportFacts(job.report)] : null] : null);
    }

    async function reload()
    {
        const waited = !job.record;
        job = await get(v1('jobs', job.id));
        draw();
        if (waited && job.record && !isOver(job))
            options.begun?.();
    }

    // What is not told by events, the fence for one, is looked at beside them.
    function readAgain()
    {
        reload().then(() => isOver(job) && end()).catch(() => {});
    }

    // The stream tells it, and whoever reads meanwhile sees it, too.
    function end()
    {
        if (ended)
            return;
        ended = true;
        stop();
        announce(`${options.title ?? jobKinds[job.kind] ?? 'Job'}: ${stateOf(job.status)[0]}`);
        options.ended?.(job);
    }

    function stop()
    {
        stream?.close();
        stream = null;
        clearInterval(timer);
        timer = null;
    }

    function follow()
    {
        let ticks = 0;
        timer = setInterval(() => {
            meter.tick();
            if (++ticks % 3 === 0)
                readAgain();
        }, 1000);
        stream = listen(job.id, {
            progress: ({progress}) => {
                if (note(progress.step))
                    stepChanged();
                job.progress = progress;
                meter.tell(progress);
            },
            step: ({step}) => note(step) && stepChanged(),
            log: (entry) => log.add(entry),
            end: () => reload().then(end).catch(() => {}),
            lost: () => { connection.hidden = false; },
            back: () => { connection.hidden = true; },
        });
    }

    function stepChanged()
    {
        announce(`${steps[current][0]}. ${steps[current][1]}`);
        drawHead();
        fill(stepBox, stepList(job, current, seen));
        readAgain();
    }

    draw();
    if (!isOver(job))
        follow();
    const element = panel(options.title ?? jobKinds[job.kind] ?? 'Job', {class: 'job', id: options.id, focusable: true},
                          head, production, connection, meter.element, actions, result, stepBox, log.element);
    return {element, close: stop, job: () => job};
}
