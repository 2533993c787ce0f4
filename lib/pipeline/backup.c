/* Step backup: the fence goes up, and the backup is of the state behind it. */
#include "pipeline/job.h"
#include "transfer/archive_write.h"

#include <cutover/repository.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_CUTOVER "pre-cutover-"
#define LABEL_RESTORE "pre-restore-"
#define LOCK_TIMEOUT_MS 30000
#define FENCE_TIMEOUT_MS 30000

/* Its label says what it was taken for. */
static cutover_status label_make(const struct job *job, char **label, cutover_error **error)
{
    struct text text = TEXT_INIT;

    if (job->request_id != NULL)
        text_add_format(&text, LABEL_CUTOVER "%s", job->request_id);
    else
        text_add_format(&text, LABEL_RESTORE "%s", job->journal.record.id);
    *label = text_take(&text);
    return *label == NULL ? error_nomem(error) : CUTOVER_OK;
}

/* The journal names the backup before there is one. */
static cutover_status record_begin(struct job *job, cutover_error **error)
{
    struct backup_record record = {0};
    char *label = NULL;

    cutover_status status = label_make(job, &label, error);
    if (status == CUTOVER_OK)
        status = job_backup_record(job, label, &record, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&job->journal.record.backup_id, record.id, error);
    if (status == CUTOVER_OK)
        status = journal_step(&job->journal, PROMOTION_BACKUP, error);
    if (status == CUTOVER_OK)
        status = backup_begin(job->host, &job->actor, &record, NULL, &job->backup, error);
    record_free(&backup_type, &record);
    free(label);
    return status;
}

/* Where the poolers did not pause nothing was raised, and so nobody's session is to be ended for its lifting. */
static void fence_forget(struct job *job)
{
    job->fenced_us = 0;
    /* One that has passed is why. */
    if (!cancel_is_overdue(&job->operation.cancel))
        cancel_at(&job->operation.cancel, 0);
    job->journal.record.fence_raised = false;
    if (journal_save(&job->journal, NULL) != CUTOVER_OK)
        job->journal.record.fence_raised = true;
}

/* Raised with the host's poolers holding their clients; they are let go whatever came of it. */
static cutover_status fence_raise_held(struct job *job, cutover_error **error)
{
    const cutover_platform *platform = &job->host->platform;
    struct promotion_record *record = &job->journal.record;
    cutover_error *local = NULL;
    uint32_t ended = 0;

    cutover_status status = platform_fence_pause(platform, job->project.id, job->control->cancel, error);
    bool raised = status == CUTOVER_OK;
    if (raised)
        status = fence_raise(job->control, record->production_name, (uint32_t)record->production_oid,
                             record->fence, FENCE_TIMEOUT_MS, &ended, error);
    job->report.sessions_ended += ended;
    cutover_status resumed = platform_fence_resume(platform, job->project.id, raised ? 1 : -1, &local);
    if (!raised)
        fence_forget(job);
    if (status == CUTOVER_OK && resumed != CUTOVER_OK) {
        error_move(error, local);
        return resumed;
    }
    if (resumed != CUTOVER_OK)
        job_warn(job, "%s", cutover_error_message(local));
    cutover_error_free(local);
    return status;
}

static cutover_status fence_up(struct job *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;

    cutover_status status = fence_plan(job->control, (uint32_t)record->production_oid, &record->fence, error);
    if (status != CUTOVER_OK)
        return status;
    record->fence_raised = true;
    status = journal_save(&job->journal, error);
    if (status != CUTOVER_OK)
        return status;
    job->fenced_us = monotonic_us();
    if (job->writes_refused_max_s != 0)
        cancel_at(&job->operation.cancel, job->fenced_us + job->writes_refused_max_s * INT64_C(1000000));
    return fence_raise_held(job, error);
}

/* The mark is older than the snapshot: a write between them is in the backup and fails the proof; never the other way
   round. */
static cutover_status mark_take(struct job *job, const struct session_options *options, cutover_error **error)
{
    struct session *inside = NULL;

    cutover_status status = session_open(options, &inside, error);
    if (status == CUTOVER_OK && inside->database_oid != (uint32_t)job->journal.record.production_oid)
        status = error_set(error, CUTOVER_E_STATE,
                           "production's name now belongs to another database (OID %u, not %lld)",
                           inside->database_oid, (long long)job->journal.record.production_oid);
    if (status == CUTOVER_OK)
        status = job_look_again(job, inside, error);
    if (status == CUTOVER_OK)
        status = fence_mark_read_all(inside, &job->mark, error);
    session_close(inside);
    return status;
}

static cutover_status archive_take(struct job *job, cutover_error **error)
{
    struct session_options options = operation_session(&job->operation, &job->project.production, NULL);
    struct snapshot *snapshot = NULL;

    options.control_database = job->project.control_database;
    cutover_status status = mark_take(job, &options, error);
    if (status == CUTOVER_OK)
        status = snapshot_open(&options, LOCK_TIMEOUT_MS, &snapshot, error);
    if (status == CUTOVER_OK)
        status = archive_write(&job->operation, &options, snapshot, job->journal.record.properties,
                               &job->backup.record, error);
    snapshot_close(snapshot);
    return status;
}

cutover_status step_backup(struct job *job, cutover_error **error)
{
    cutover_status status = record_begin(job, error);

    if (status == CUTOVER_OK)
        status = fence_up(job, error);
    if (status == CUTOVER_OK)
        status = archive_take(job, error);
    if (status == CUTOVER_OK)
        status = backup_step(&job->backup, BACKUP_VERIFYING, error);
    return status;
}
