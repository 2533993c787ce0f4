/* Step finish: the records, the audit, the events, the project's state. Never redone: what is missing after a crash is
   completed by recovery. */
#include "job/cancellation.h"
#include "pipeline/job.h"
#include "postgres/database.h"
#include "postgres/swap/standby.h"

/* How long what was swapped may take to be on a synchronous standby before the job is told as completed without it. */
#define CONFIRM_MS 10000

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

/* Production is open by now, and nobody waits but us. */
static void standbys_confirm(struct job *job)
{
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);
    cutover_error *local = NULL;

    options.cancel = NULL;
    if (standby_confirm(job->control, &options, CONFIRM_MS, &local) != CUTOVER_OK)
        job_warn(
            job,
            "no synchronous standby has confirmed the swap, and a failover now would lose it (run recovery "
            "after one): %s",
            cutover_error_message(local));
    cutover_error_free(local);
}

/* Between the last look and the journal's word that the swap is intended. */
static void late_cancellation_tell(struct job *job)
{
    if (cancellation_is_asked(job->host, job->journal.record.id))
        job_warn(job, "its cancellation was asked for when the swap had begun: it came too late");
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
    standbys_confirm(job);
    if (job->target->keeps_displaced)
        integrations_sync(job);
    else
        empty_one_drop(job);
    late_cancellation_tell(job);
    report_step_end(&job->report);
    record->report = job_report(job, CUTOVER_OK, NULL);
    return journal_complete(&job->journal, error);
}
