#include "pipeline/recheck_mend.h"

#include "job/journal.h"
#include "job/undo.h"
#include "pipeline/recheck_tell.h"
#include "postgres/database.h"
#include "postgres/loader.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/fence.h"

#include <string.h>

#define MEND_US (120 * INT64_C(1000000))

/* Whoever is at work has one of them; afterwards it may be another world. */
static cutover_status look_alone(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = advisory_lock(recheck->control, advisory_key(recheck->project_id), error);

    if (status == CUTOVER_OK)
        status = advisory_lock(recheck->control, advisory_key_of_database(recheck->production), error);
    if (status == CUTOVER_OK)
        status = lock_check(recheck->host, recheck->project_id, error);
    return status == CUTOVER_OK ? recheck_look_again(recheck, error) : status;
}

static cutover_status fence_down(struct recheck *recheck, cutover_error **error)
{
    struct json_object *plan = NULL;
    uint32_t oid = recheck->standing.oid;
    cutover_status status = fence_plan(recheck->control, oid, &plan, error);

    if (status == CUTOVER_OK)
        status = undo_fence(recheck->host, recheck->control, recheck->project_id, recheck->production, oid,
                            plan, false, error);
    json_object_put(plan);
    return status;
}

static cutover_status open_production(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (!recheck->standing.open)
        status = door_open(recheck->control, recheck->production, error);
    return status == CUTOVER_OK && recheck->standing.fenced != NULL ? fence_down(recheck, error) : status;
}

/* Only what is as it was before its swap: what a person put aside is his, and rows may be in it that are nowhere else. */
static cutover_status drop_incoming(struct recheck *recheck, const struct promotion_record *job,
                                    cutover_error **error)
{
    uint32_t oid = (uint32_t)job->staging_oid;
    bool ours = false;

    if (!machine_job_traits(job->kind)->makes_incoming)
        return CUTOVER_OK;
    cutover_status status = database_is_ours(recheck->control, job->staging_name, oid, &ours, error);
    if (status != CUTOVER_OK || !ours)
        return status;
    status = database_drop(recheck->control, job->staging_name, oid, error);
    return status == CUTOVER_OK ? loader_drop(recheck->control, job->staging_name, error) : status;
}

static cutover_status record_lost(struct recheck *recheck, const struct promotion_record *job,
                                  cutover_error **error)
{
    struct journal journal = {0};
    cutover_error *reason = NULL;
    struct text words = TEXT_INIT;
    char completed[TIME_TEXT_SIZE];

    time_format(job->completed_at, completed);
    text_add_format(&words, "it was completed at %s, and ", completed);
    recheck_add_loss(recheck, job, &words);
    error_set(&reason, CUTOVER_E_INTERNAL, "%s", text_string(&words));
    text_free(&words);
    cutover_status status = journal_load(recheck->host, job->id, &journal, error);
    if (status == CUTOVER_OK)
        status = journal_lose(&journal, reason, error);
    journal_free(&journal);
    cutover_error_free(reason);
    return status;
}

static cutover_status mend_lost(struct recheck *recheck, cutover_error **error)
{
    size_t at = recheck->past.count;
    cutover_status status = open_production(recheck, error);

    for (size_t i = 0; status == CUTOVER_OK && i < recheck->lost; i++) {
        const struct promotion_record *job = recheck_older(recheck, &at);
        status = drop_incoming(recheck, job, error);
        if (status == CUTOVER_OK)
            status = record_lost(recheck, job, error);
    }
    return status;
}

cutover_status recheck_mend(struct recheck *recheck, cutover_error **error)
{
    recheck->control->deadline_us = monotonic_us() + MEND_US;
    cutover_status status = look_alone(recheck, error);

    if (status == CUTOVER_OK && recheck->finding == FOUND_LOST)
        status = mend_lost(recheck, error);
    else if (status == CUTOVER_OK && recheck->finding == FOUND_LEFT)
        status = open_production(recheck, error);
    return status;
}
