/* Step finish: the records, the audit, the events, the project's state. Never redone: what is missing after a crash is
   completed by recovery. */
#include "pipeline/promote.h"

cutover_status promote_finish(struct promote *job, cutover_error **error)
{
    struct host *host = job->host;
    struct promotion_record *record = &job->journal.record;

    record->swapped = true;
    record->door_closed = false;
    cutover_status status = journal_step(&job->journal, PROMOTION_FINISH, error);
    if (status == CUTOVER_OK)
        status = platform_project_return(&host->platform, record->project_id, record->id, error);
    if (status != CUTOVER_OK)
        return status;
    if (promote_over_production(job)) {
        cutover_error *local = NULL;
        if (platform_integrations_sync(&host->platform, record->project_id, &local) != CUTOVER_OK)
            report_warn(&job->report, "%s", cutover_error_message(local));
        cutover_error_free(local);
    }
    report_step_end(&job->report);
    struct report_subject subject = {
        .request_id = job->request_id,
        .promotion_id = record->id,
        .status = "completed",
        .displaced = promote_over_production(job) ? record->displaced_name : NULL,
        .backup = job->backup.record.id != NULL ? &job->backup.record : NULL,
    };
    record->report = report_make(&job->report, &subject);
    if (!promote_over_production(job)) {
        cutover_error *local = NULL;
        if (restore_drop_empty(job, &local) != CUTOVER_OK)
            report_warn(&job->report, "the empty database %s stays: %s", record->displaced_name,
                        cutover_error_message(local));
        cutover_error_free(local);
    }
    return journal_complete(&job->journal, error);
}
