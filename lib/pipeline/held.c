/* Step held: everything is ready, and waits for its release. */
#include "job/hold.h"
#include "pipeline/job.h"

#define HOLD_LOOK_MS 250

cutover_status step_held(struct job *job, cutover_error **error)
{
    bool released = false;
    cutover_status status = journal_step(&job->journal, PROMOTION_HELD, error);

    while (status == CUTOVER_OK) {
        status = hold_is_released(job->host, job->journal.record.id, &released, error);
        if (status != CUTOVER_OK || released)
            break;
        status = progress_tick(&job->operation.progress, error);
        if (status == CUTOVER_OK)
            status = cancel_sleep(&job->operation.cancel, HOLD_LOOK_MS, error);
    }
    return status;
}
