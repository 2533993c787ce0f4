// One job by itself: restores, backups, and every other.

import {call, get, v1} from './api.js';
import {formDialog} from './dialog.js';
import {announce, fill, h} from './dom.js';
import {isOver, jobPanel} from './job_panel.js';
import {button, facts, idText, link, time} from './parts.js';
import {isOperator} from './session.js';
import {abandon} from './tab_recovery.js';
import {jobKinds} from './words.js';

/** Asks whether a job is to stop, and has it stop. */
export function askToCancel(job)
{
    return formDialog({
        title: 'Cancel this job?',
        intro: h('p', {}, 'What it did is undone, and production stays as it was. Once the swap has begun it can not be cancelled any more.'),
        submitLabel: 'Cancel the job',
        cancelLabel: 'Let it go on',
        danger: true,
        submit: async () => {
            await call('POST', v1('jobs', job.id, 'cancel'), {body: {}});
            announce('The job was asked to stop');
        },
    });
}

// A job that lives gives a sign of life each 5 seconds.
const silentAfter = 30000;

/** Whether its process gives no sign of life any more. */
function isSilent(job)
{
    return !isOver(job) && job.renewed_at !== null && Date.now() - new Date(job.renewed_at) > silentAfter;
}

function actionsOf(job)
{
    if (isOver(job) || !isOperator())
        return null;
    return [button('Cancel', () => askToCancel(job), {act: 'cancel-job'}),
            isSilent(job) ? button('Give up', () => abandon(job), {class: 'button danger-quiet', act: 'abandon'}) : null].filter(Boolean);
}

function backupOf(job)
{
    return job.kind === 'backup' ? job.record?.id : job.record?.backup_id;
}

function jobFacts(job)
{
    const record = job.record ?? {};
    const backup = backupOf(job);
    return facts([
        ['Project', link(`#/projects/${encodeURIComponent(job.project_id)}`, job.project_id)],
        job.request_id ? ['Request', link(`#/requests/${encodeURIComponent(job.request_id)}`, idText(job.request_id))] : null,
        record.preview_id ? ['Preview', record.preview_id] : null,
        record.source_backup_id ? ['From backup', link(`#/backups/${encodeURIComponent(record.source_backup_id)}`, idText(record.source_backup_id))] : null,
        backup ? ['Backup', link(`#/backups/${encodeURIComponent(backup)}`, idText(backup))] : null,
        ['Job', h('code', {}, job.id)],
        record.completed_at ? ['Ended', time(record.completed_at, {seconds: true})] : null,
    ]);
}

export async function jobPage(id)
{
    const job = await get(v1('jobs', id));
    const kind = jobKinds[job.kind] ?? 'Job';
    const factBox = h('div', {}, jobFacts(job));
    const running = jobPanel(job, {
        title: 'How it goes',
        actions: actionsOf,
        begun: () => fill(factBox, jobFacts(running.job())),
        ended: (now) => fill(factBox, jobFacts(now)),
    });
    const element = h('div', {},
                      h('p', {class: 'crumbs'}, link(`#/projects/${encodeURIComponent(job.project_id)}/jobs`, job.project_id), ' / jobs'),
                      h('h1', {tabindex: '-1'}, kind), factBox, running.element);
    return {title: kind, element, close: running.close};
}
