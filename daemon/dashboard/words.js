// What the records' words mean to a reader: a label, a shape, and how much it asks for attention.

const states = {
    // requests
    open: ['Open', 'open', 'wait'],
    acked: ['Acked', 'half', 'wait'],
    in_progress: ['In progress', 'running', 'live'],
    completed: ['Completed', 'done', 'good'],
    failed: ['Failed', 'failed', 'bad'],
    rejected: ['Rejected', 'stopped', 'quiet'],
    cancelled: ['Cancelled', 'stopped', 'quiet'],
    expired: ['Expired', 'late', 'quiet'],
    rolled_back: ['Rolled back', 'back', 'quiet'],
    // jobs
    held: ['Held', 'held', 'wait'],
    refused: ['Refused', 'stopped', 'quiet'],
    unsettled: ['Unsettled', 'warn', 'warn'],
    waiting: ['Waiting to begin', 'late', 'live'],
    queued: ['Waiting to begin', 'late', 'live'],
    // backups
    taking: ['Being taken', 'running', 'live'],
    verifying: ['Being verified', 'running', 'live'],
    verified: ['Verified', 'done', 'good'],
    undecided: ['Could not tell', 'warn', 'warn'],
    deleted: ['Deleted', 'stopped', 'quiet'],
    // previews and projects
    ready: ['Ready', 'done', 'good'],
    active: ['Active', 'done', 'good'],
    restoring: ['Being overwritten', 'running', 'live'],
    // integrations and webhooks
    idle: ['Idle', 'none', 'quiet'],
    pending: ['Pending', 'late', 'wait'],
    synced: ['Synced', 'done', 'good'],
    confirmed: ['Read back', 'done', 'good'],
    unreadable: ['Written', 'done', 'good'],
    different: ['Read back as something else', 'warn', 'warn'],
    not_tried: ['Not tried', 'none', 'quiet'],
    delivered: ['Delivered', 'done', 'good'],
    succeeded: ['Succeeded', 'done', 'good'],
    dead: ['Given up', 'failed', 'bad'],
    given_up: ['Given up', 'failed', 'bad'],
    enabled: ['On', 'done', 'good'],
    disabled: ['Off', 'stopped', 'quiet'],
    revoked: ['Revoked', 'stopped', 'quiet'],
};

/** A word of the records, set for reading. */
export function spoken(word)
{
    const text = String(word).replaceAll('_', ' ');
    return text.charAt(0).toUpperCase() + text.slice(1);
}

/** [label, icon, tone] of a state; one that is not known is told as it is. */
export function stateOf(word)
{
    if (Object.hasOwn(states, word))
        return states[word];
    return Object.hasOwn(steps, word) ? [steps[word][0], 'running', 'live'] : [spoken(word), 'none', 'quiet'];
}

/** The steps of a job: a name, and what it does. */
export const steps = {
    preflight: ['Preflight', 'Everything that would be in the way is looked for.'],
    lock: ['Lock', 'No other job of the project can begin.'],
    stage: ['Stage', 'The new contents are built beside production.'],
    check: ['Check', 'What was built is compared with its source, row by row.'],
    backup: ['Backup', 'Production is backed up.'],
    verify: ['Verify', 'The backup is proved: read or restored, and compared.'],
    held: ['Held', 'Everything is ready, and waits for an operator.'],
    catch_up: ['Catch up', 'What production changed meanwhile is read again.'],
    'catch up': ['Catch up', 'What production changed meanwhile is read again.'],
    swap: ['Swap', 'One transaction: the new contents under production’s name.'],
    smoke: ['Smoke test', 'The new production is asked whether it works.'],
    finish: ['Finish', 'Records are closed.'],
    taking: ['Take', 'Production is read into the archive.'],
    verifying: ['Verify', 'The archive is proved, and compared.'],
};

const ways = {
    promotion: ['preflight', 'lock', 'stage', 'check', 'backup', 'verify', 'held', 'catch_up', 'swap', 'finish'],
    restore: ['preflight', 'lock', 'stage', 'check', 'backup', 'verify', 'catch_up', 'swap', 'finish'],
    rollback: ['preflight', 'lock', 'swap', 'finish'],
    backup: ['taking', 'verifying'],
    verification: ['verifying'],
};

/** The steps that a job of that kind goes through, in order. */
export function wayOf(kind)
{
    return ways[kind] ?? [];
}

export const jobKinds = {
    promotion: 'Promotion',
    rollback: 'Rollback',
    restore: 'Restore',
    backup: 'Backup',
    verification: 'Verification of a backup',
};

const actions = {
    'cutover.requested': 'Request filed',
    'cutover.acked': 'Request acked',
    'cutover.rejected': 'Request rejected',
    'cutover.cancelled': 'Request cancelled',
    'cutover.expired': 'Request expired',
    'cutover.ticket_set': 'Ticket attached',
    'cutover.rescheduled': 'Another time agreed',
    'cutover.promote_started': 'Promotion began',
    'cutover.released': 'Hold released',
    production_overwrite_restore: 'Production overwritten',
    'cutover.failed': 'Promotion failed',
    'cutover.promote_cancelled': 'Promotion cancelled',
    'cutover.rollback_started': 'Rollback began',
    'cutover.rolled_back': 'Rolled back',
    'cutover.rollback_failed': 'Rollback failed',
    'cutover.rollback_cancelled': 'Rollback cancelled',
    'cutover.lost': 'Lost by the server',
    'restore.started': 'Restore began',
    'restore.completed': 'Restore completed',
    'restore.failed': 'Restore failed',
    'restore.cancelled': 'Restore cancelled',
    'backup.started': 'Backup began',
    'backup.verify_started': 'Verification began',
    'backup.completed': 'Backup completed',
    'backup.failed': 'Backup failed',
    'backup.cancelled': 'Backup cancelled',
    'backup.verify_cancelled': 'Verification cancelled',
    'backup.deleted': 'Backup deleted',
    'backup.verify_undecided': 'Verification told nothing',
    'job.cancel_asked': 'Job asked to stop',
    'job.recovered': 'Job recovered',
    'job.abandoned': 'Job given up',
    'leftover.removed': 'Leftover removed',
    'leftover.forgotten': 'Leftover forgotten',
    'displaced.dropped': 'Old database dropped',
    'event.given_up': 'Event given up',
    'event.retried': 'Event offered again',
    'event.discarded': 'Event let go of',
    'webhook.created': 'Endpoint added',
    'webhook.updated': 'Endpoint changed',
    'webhook.deleted': 'Endpoint deleted',
    'webhook.disabled': 'Endpoint switched off',
    'webhook.secret_rotated': 'Endpoint’s secret changed',
    'webhook.tested': 'Endpoint tested',
    'webhook.redelivered': 'Messages sent again',
    'integration.connected': 'Integration connected',
    'integration.disconnected': 'Integration disconnected',
    'integration.sync_requested': 'Sync asked for',
    'integration.synced': 'Variables written',
    'integration.sync_failed': 'Variables not written',
    'project.added': 'Project added',
    'project.changed': 'Project changed',
    'project.removed': 'Project removed',
    'project.server_confirmed': 'Server confirmed',
    'preview.added': 'Preview added',
    'preview.extended': 'Preview extended',
    'preview.removed': 'Preview removed',
    'key.created': 'Key made',
    'key.revoked': 'Key revoked',
};

/** What an audit entry says in three words. */
export function actionWords(action)
{
    return Object.hasOwn(actions, action) ? actions[action] : spoken(action.replaceAll('.', ': '));
}

/** What recovery says became of a job: a title, and a tone. */
export const recovered = {
    completed: ['Its swap had happened: its records are finished', 'good'],
    undone: ['It was undone: production is as it was before', 'good'],
    running: ['It lives, or nobody can tell yet', 'info'],
    failed: ['It could not be settled now', 'bad'],
    lost: ['The server lost what was completed', 'bad'],
    different: ['The server holds something else: a person must look', 'bad'],
    stands: ['Production is what the last job left', 'good'],
    abandoned: ['It was given up', 'warn'],
    left: ['It is still there', 'warn'],
};

export const actionNames = Object.keys(actions);

export const methods = {restore: 'restored and compared', readback: 'read back and compared', '': 'not verified'};
