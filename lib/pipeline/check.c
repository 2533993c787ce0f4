/* Step check: what comes in, compared with what its source holds. */
#include "pipeline/job.h"

/* What was not built was not compared either: the report has no verdict of it. */
static void verdict_note(struct job *job, cutover_status status)
{
    if (job->source->stage == NULL || status == CUTOVER_E_CANCELLED)
        return;
    job->report.check = status == CUTOVER_OK         ? CUTOVER_VERDICT_EQUAL
                        : status == CUTOVER_E_VERIFY ? CUTOVER_VERDICT_DIFFERENT
                                                     : CUTOVER_VERDICT_UNKNOWN;
}

cutover_status step_check(struct job *job, cutover_error **error)
{
    cutover_status status = journal_step(&job->journal, PROMOTION_CHECK, error);

    if (status != CUTOVER_OK)
        return status;
    status = job->source->check(job, error);
    verdict_note(job, status);
    return status;
}
