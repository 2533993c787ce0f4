/* Step check: what comes in, compared with what its source holds. */
#include "pipeline/job.h"
#include "postgres/swap/door.h"

#include <stdlib.h>

#define LEAVE_MS 2000
#define LEAVE_LOOK_MS 5

/* What was not built was not compared either: the report has no verdict of it. */
static void verdict_note(struct job *job, cutover_status status)
{
    if (job->source->stage == NULL || status == CUTOVER_E_CANCELLED)
        return;
    job->report.check = status == CUTOVER_OK         ? CUTOVER_VERDICT_EQUAL
                        : status == CUTOVER_E_VERIFY ? CUTOVER_VERDICT_DIFFERENT
                                                     : CUTOVER_VERDICT_UNKNOWN;
}

/* Sessions that filled it were closed and take a moment to be gone; those of a loader cannot be ended by name any more, its role is
   gone already. Whoever stays longer is not ours. */
static cutover_status fillers_gone(struct job *job, uint32_t oid, cutover_error **error)
{
    int64_t deadline = monotonic_us() + LEAVE_MS * 1000;
    cutover_status status = CUTOVER_OK;
    bool left = true;

    while (status == CUTOVER_OK && left && monotonic_us() < deadline) {
        char *who = NULL;
        status = door_inside(job->control, oid, &who, error);
        left = who != NULL;
        free(who);
        if (status == CUTOVER_OK && left)
            status = cancel_sleep(&job->operation.cancel, LEAVE_LOOK_MS, error);
    }
    return status;
}

/* Those who filled it are gone first: what a session wrote is counted for sure when it has ended. From here on every write is
   found at the swap, also one behind the check's back. */
static cutover_status incoming_mark(struct job *job, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    uint32_t oid = (uint32_t)record->staging_oid, ended = 0;
    struct session_options options =
        operation_session(&job->operation, &job->project.production, record->staging_name);
    struct session *inside = NULL;

    cutover_status status = fillers_gone(job, oid, error);
    if (status == CUTOVER_OK)
        status = door_empty(job->control, oid, NULL, 0, true, job->host->door_timeout_ms, &ended, error);
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
