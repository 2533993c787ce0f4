/* Step backup: production is read into an archive, behind the fence or before it goes up. */
#include "pipeline/job.h"
#include "transfer/archive_write.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_CUTOVER "pre-cutover-"
#define LABEL_RESTORE "pre-restore-"

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

/* As of behind the fence; or, where it goes up late, as of now: then it is brought forward (pipeline/catch_up.c). */
static cutover_status archive_make(struct job *job, const struct session_options *options,
                                   struct snapshot *snapshot, cutover_error **error)
{
    struct json_object *properties = job->journal.record.properties;
    struct backup_record *record = &job->backup.record;

    job->backup.in_making = job_catches_up(job);
    return job_catches_up(job)
               ? archive_take(&job->operation, options, snapshot, properties, record, &job->archive, error)
               : archive_write(&job->operation, options, snapshot, properties, record, error);
}

static cutover_status production_read(struct job *job, cutover_error **error)
{
    struct session_options options = job_inside(job);
    struct snapshot *snapshot = NULL;

    cutover_status status = job_mark_take(job, &job->mark, error);
    if (status == CUTOVER_OK)
        status = snapshot_open(&options, SNAPSHOT_LOCK_MS, &snapshot, error);
    int64_t began_us = monotonic_us();
    if (status == CUTOVER_OK)
        status = archive_make(job, &options, snapshot, error);
    job->backup_us = monotonic_us() - began_us;
    snapshot_close(snapshot);
    return status;
}

cutover_status step_backup(struct job *job, cutover_error **error)
{
    cutover_status status = record_begin(job, error);

    if (status == CUTOVER_OK && !job_catches_up(job))
        status = job_fence_up(job, error);
    if (status == CUTOVER_OK)
        status = production_read(job, error);
    if (status == CUTOVER_OK)
        status = backup_step(&job->backup, BACKUP_VERIFYING, error);
    return status;
}
