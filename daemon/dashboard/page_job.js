// One job by itself: restores, backups, and every other.

import {call, get, v1} from './api.js';
import {formDialog} from './dialog.js';
import {announce, fill, h} from './dom.js';
import {isOver, jobPanel} from './job_panel.js';
import {button, facts, idText, link, time} from './parts.js';
import {isOperator} from './session.js';
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
        actions: (now) => (!isOver(now) && isOperator() ? [button('Cancel', () => askToCancel(now), {act: 'cancel-job'})] : null),
        begun: () => fill(factBox, jobFacts(running.job())),
        ended: (now) => fill(factBox, jobFacts(now)),
    });
    const element = h('div', {},
                      h('p', {class: 'crumbs'}, link(`#/projects/${encodeURIComponent(job.project_id)}/jobs`, job.project_id), ' / jobs'),
                      h('h1', {tabindex: '-1'}, kind), factBox, running.element);
    return {title: kind, element, close: running.close};
}
