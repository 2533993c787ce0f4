/* Step check: what comes in, compared with what its source holds. */
#include "pipeline/job.h"
#include "postgres/swap/door.h"

/* What was not built was not compared either: the report has no verdict of it. */
static void verdict_note(struct job *job, cutover_status status)
{
    if (job->source->stage == NULL || status == CUTOVER_E_CANCELLED)
        return;
    job->report.check = status == CUTOVER_OK         ? CUTOVER_VERDICT_EQUAL
                        : status == CUTOVER_E_VERIFY ? CUTOVER_VERDICT_DIFFERENT
                                                     : CUTOVER_VERDICT_UNKNOWN;
}

/* Those who filled it are gone first: what a session wrote is counted for sure when it has ended. From here on every write is
   found at the swap, also one behind the check's back. */
static cutover_status incoming_mark(struct job *job, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    struct session_options options =
        operation_session(&job->operation, &job->project.production, record->staging_name);
    struct session *inside = NULL;
    uint32_t ended = 0;

    cutover_status status = door_empty(job->control, (uint32_t)record->staging_oid, NULL, 0, true,
                                       job->host->door_timeout_ms, &ended, error);
    if (status == CUTOVER_OK)
        status = session_open(&options, &inside, error);
    if (status == CUTOVER_OK)
        status = fence_mark_read(inside, &job->incoming, error);
    session_close(inside);
    return status;
}

cutover_status step_check(struct job *job, cutover_error **error)
{
    cutover_status status = journal_step(&job->journal, PROMOTION_CHECK, error);

    if (status != CUTOVER_OK)
        return status;
    if (job->source->stage != NULL)
        status = incoming_mark(job, error);
    if (status == CUTOVER_OK)
        status = job->source->check(job, error);
    verdict_note(job, status);
    return status;
}
