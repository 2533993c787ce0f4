// One backup: what is in it, what proves it, and what it can be restored into.

import {call, get, Once, v1} from './api.js';
import {formDialog} from './dialog.js';
import {announce, h} from './dom.js';
import {checkField, choiceField, confirmField, textField} from './fields.js';
import {bytes, count, duration, serverVersion} from './format.js';
import {badge, button, facts, idText, link, notice, panel, time} from './parts.js';
import {isAdministrator, isOperator} from './session.js';
import {goToJob} from './tab_lists.js';
import {methods, spoken} from './words.js';

function begin(backup, body, once)
{
    return once.post(v1('projects', backup.project_id, 'restores'), body);
}

async function restoreIntoPreview(backup)
{
    const once = new Once();
    const {items} = await get(v1('projects', backup.project_id, 'previews'));
    const made = await formDialog({
        title: 'Restore into a preview',
        intro: h('p', {}, 'The preview’s database must be empty. Production is not touched.'),
        fields: [items.length > 0 ? choiceField('preview_id', 'Preview', items.map((one) => [one.id, one.id]))
            : textField('preview_id', 'Preview', {required: true})],
        submitLabel: 'Restore',
        failedTitle: 'The restore was not begun',
        submit: (values) => begin(backup, {backup_id: backup.id, target_kind: 'preview', preview_id: values.preview_id}, once),
    });
    if (made)
        goToJob(made);
}

async function restoreOverProduction(backup)
{
    const once = new Once();
    const made = await formDialog({
        title: 'Restore over production',
        intro: [h('p', {}, `Production of ${backup.project_id} is replaced as a whole by this backup, by the same swap as a cutover. It is backed up before, and `
                  + 'what it was stays on the server, closed.'),
                notice('warn', 'What it would drop', h('p', {}, 'Everything that was written to production since ', time(backup.created_at, {seconds: true}), '.'))],
        fields: [checkField('confirm', 'I mean production, not a preview', {required: true}), confirmField('project', backup.project_id)],
        submitLabel: 'Restore over production',
        failedTitle: 'The restore was not begun',
        danger: true,
        submit: (values) => begin(backup, {backup_id: backup.id, target_kind: 'project', confirm: values.confirm}, once),
    });
    if (made)
        goToJob(made);
}

async function verify(backup)
{
    const once = new Once();
    const made = await formDialog({
        title: 'Verify it again',
        intro: h('p', {}, 'Its files are read from the repository and held against its manifest; restored and compared, if you choose that.'),
        fields: [choiceField('verify', 'How', [['readback', 'Read back'], ['restore', 'Restore and compare']], {initial: 'readback'})],
        submitLabel: 'Verify',
        failedTitle: 'The verification was not begun',
        submit: (values) => once.post(v1('backups', backup.id, 'verify'), {verify: values.verify}),
    });
    if (made)
        goToJob(made);
}

async function remove(backup)
{
    const done = await formDialog({
        title: 'Delete this backup?',
        intro: h('p', {}, 'Its files are removed from the repository for good. The record stays, as deleted.'),
        fields: [confirmField('label', backup.label || backup.id)],
        submitLabel: 'Delete',
        danger: true,
        submit: () => call('DELETE', v1('backups', backup.id)),
    });
    if (done) {
        announce('Backup deleted');
        window.dispatchEvent(new Event('cutover-redraw'));
    }
}

/** Its archive has to be there as a whole, and nobody else at it. */
function canBeVerified(backup)
{
    return ['verified', 'failed', 'cancelled'].includes(backup.status) && backup.manifest_sha256 !== null;
}

function actions(backup)
{
    if (backup.status === 'deleted')
        return null;
    const good = backup.status === 'verified';
    const buttons = [
        good && isOperator() ? button('Restore into a preview', () => restoreIntoPreview(backup), {act: 'restore-preview'}) : null,
        good && isAdministrator() ? button('Restore over production', () => restoreOverProduction(backup), {class: 'button danger-quiet', act: 'restore-project'}) : null,
        isOperator() && canBeVerified(backup) ? button('Verify again', () => verify(backup), {act: 'verify'}) : null,
        isOperator() ? button('Delete', () => remove(backup), {class: 'button danger-quiet', act: 'delete'}) : null,
    ].filter(Boolean);
    return buttons.length > 0 ? h('div', {class: 'actions'}, buttons) : null;
}

function proofPanel(backup)
{
    const proved = backup.status === 'verified';
    return panel('What proves it', {},
                 proved ? notice('good', `${spoken(methods[backup.verify_method] ?? backup.verify_method)}: ${backup.verdict}`,
                                 h('p', {}, 'Row by row, every table, against what production held at its snapshot.'))
                     : notice(backup.status === 'failed' ? 'bad' : 'info', backup.status === 'failed' ? 'It is not to be relied on' : 'It is not proved yet',
                              backup.verify_detail || backup.error ? h('p', {class: 'breaks'}, backup.verify_detail ?? backup.error) : null),
                 facts([
                     ['Verified', time(backup.verified_at, {seconds: true})],
                     backup.verify_ms ? ['Took', duration(backup.verify_ms)] : null,
                     ['Manifest’s SHA-256', backup.manifest_sha256 ? h('code', {class: 'breaks'}, backup.manifest_sha256) : h('span', {class: 'faint'}, '–')],
                     ['Snapshot’s position', backup.snapshot_lsn ? h('code', {}, backup.snapshot_lsn) : h('span', {class: 'faint'}, '–')],
                 ]));
}

function contentsPanel(backup)
{
    return panel('What is in it', {}, facts([
        ['Tables', count(backup.tables)],
        ['Rows', count(backup.rows)],
        ['Size in the repository', bytes(backup.bytes)],
        ['Database', backup.database_name ? [h('code', {}, backup.database_name), ` (OID ${backup.database_oid})`] : '–'],
        ['Server', `PostgreSQL ${serverVersion(backup.server_version)}`],
        ['System identifier', backup.system_identifier ? h('code', {}, backup.system_identifier) : '–'],
    ]));
}

function originPanel(backup)
{
    return panel('Where it comes from', {}, facts([
        ['Project', link(`#/projects/${encodeURIComponent(backup.project_id)}`, backup.project_id)],
        ['Taken by', backup.created_by_actor_id],
        ['Taken', time(backup.created_at, {seconds: true})],
        backup.request_id ? ['Before', link(`#/requests/${encodeURIComponent(backup.request_id)}`, 'this request')] : null,
        ['Job', link(`#/jobs/${encodeURIComponent(backup.promotion_id ?? backup.id)}`, idText(backup.promotion_id ?? backup.id))],
        backup.verify_job_id ? ['Verified again by', link(`#/jobs/${encodeURIComponent(backup.verify_job_id)}`, idText(backup.verify_job_id))] : null,
        backup.deleted_at ? ['Deleted', time(backup.deleted_at, {seconds: true})] : null,
        ['Backup', h('code', {class: 'breaks'}, backup.id)],
    ]));
}

export async function backupPage(id)
{
    const backup = await get(v1('backups', id));
    return {
        title: `Backup ${backup.label || backup.id}`,
        element: h('div', {},
                   h('p', {class: 'crumbs'}, link(`#/projects/${encodeURIComponent(backup.project_id)}/backups`, backup.project_id), ' / backups'),
                   h('div', {class: 'page-head'}, h('h1', {tabindex: '-1', class: 'breaks'}, backup.label || 'Backup'), badge(backup.status)),
                   actions(backup),
                   h('div', {class: 'columns even'}, h('div', {class: 'column-main stack'}, proofPanel(backup), contentsPanel(backup)),
                     h('div', {class: 'column-side stack'}, originPanel(backup)))),
    };
}
