/* Step verify: the backup's archive is restored into a throwaway database and compared, or read back and recomputed. */
#include "base/answer.h"
#include "pipeline/job.h"
#include "transfer/archive_verify.h"

#include <string.h>

/* The throwaway database is in the journal before it is made. */
static cutover_status note(void *context, const char *name, uint32_t oid, cutover_error **error)
{
    struct job *job = context;
    struct promotion_record *record = &job->journal.record;

    record->verify_oid = oid;
    cutover_status status = record_set_text(&record->verify_name, name, error);
    return status != CUTOVER_OK ? status : journal_save(&job->journal, error);
}

void job_backup_path_note(struct job *job)
{
    const cutover_repository *repository = &job->host->repository;
    char path[4096];

    if (repository->path != NULL &&
        ANSWER_OF(repository->capabilities, repository->path(job->backup.record.id, path, sizeof path, NULL,
                                                             repository->userdata)) == CUTOVER_OK)
        job->report.backup_path = strdup(path);
}

cutover_status step_verify(struct job *job, cutover_error **error)
{
    bool journaled = job->source != NULL;
    struct verify verify = {
        .operation = &job->operation,
        .method = job->verify,
        .project = &job->project,
        .note = journaled ? note : NULL,
        .note_context = job,
    };
    cutover_status status = CUTOVER_OK;

    /* What is to be brought forward is no backup yet, and its verdict not the last word. */
    bool is_backup = !journaled || !job_catches_up(job);

    if (is_backup)
        job_backup_path_note(job);
    if (journaled)
        status = journal_step(&job->journal, PROMOTION_VERIFY, error);
    if (status == CUTOVER_OK)
        status = archive_verify(&verify, &job->backup.record, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&job->backup.record.error, NULL, error);
    if (status == CUTOVER_OK && is_backup)
        status = backup_step(&job->backup, BACKUP_VERIFIED, error);
    job->caught_up_us = monotonic_us();
    return status;
}
