/* Step finish: the records, the audit, the events, the project's state. Never redone: what is missing after a crash is
   completed by recovery. */
#include "pipeline/job.h"
#include "postgres/database.h"

static void integrations_sync(struct job *job)
{
    cutover_error *local = NULL;

    if (platform_integrations_sync(&job->host->platform, job->project.id, &local) != CUTOVER_OK)
        job_warn(job, "%s", cutover_error_message(local));
    cutover_error_free(local);
}

/* What was displaced was proved to be empty: where it cannot be dropped it is only in the way. */
static void empty_one_drop(struct job *job)
{
    const struct promotion_record *record = &job->journal.record;
    cutover_error *local = NULL;

    if (database_drop(job->control, record->displaced_name, (uint32_t)record->production_oid, &local) !=
        CUTOVER_OK)
        job_warn(job, "the empty database %s stays: %s", record->displaced_name, cutover_error_message(local));
    cutover_error_free(local);
}

cutover_status step_finish(struct job *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;

    record->swapped = true;
    record->door_closed = false;
    cutover_status status = journal_step(&job->journal, PROMOTION_FINISH, error);
    if (status == CUTOVER_OK)
        status = platform_project_return(&job->host->platform, record->project_id, record->id, error);
    if (status != CUTOVER_OK)
        return status;
    if (job->target->keeps_displaced)
        integrations_sync(job);
    else
        empty_one_drop(job);
    report_step_end(&job->report);
    record->report = job_report(job, CUTOVER_OK, NULL);
    return journal_complete(&job->journal, error);
}
