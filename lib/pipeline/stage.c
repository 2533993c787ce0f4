/* Steps stage, check and hold of a promotion. */
#include "job/hold.h"
#include "pipeline/promote.h"

#define HOLD_LOOK_MS 250

cutover_status promote_stage(struct promote *job, cutover_error **error)
{
    struct live_copy *live = &job->live;
    struct promotion_record *record = &job->journal.record;

    if (job->kind == JOB_RESTORE)
        return restore_stage(job, error);
    *live = (struct live_copy){
        .operation = &job->operation,
        .source = &job->preview.database,
        .production = &job->project.production,
        .control = job->control,
        .name = record->staging_name,
        .properties = record->properties,
    };
    cutover_status status = journal_step(&job->journal, PROMOTION_STAGE, error);
    if (status == CUTOVER_OK)
        status = live_copy_open(live, error);
    if (status == CUTOVER_OK)
        status = live_copy_create(live, error);
    if (status != CUTOVER_OK)
        return status;
    record->staging_oid = live->oid;
    status = journal_save(&job->journal, error);
    if (status == CUTOVER_OK)
        status = live_copy_fill(live, error);
    job->report.stage_tables = live->content.table_count;
    job->report.stage_rows = live->rows;
    job->report.stage_bytes = live->bytes;
    if (live->comments_refused != NULL)
        report_warn(&job->report, "comments on extensions that production's role may not set: %s",
                    live->comments_refused);
    return status;
}

cutover_status promote_check(struct promote *job, cutover_error **error)
{
    cutover_status status = journal_step(&job->journal, PROMOTION_CHECK, error);

    if (status != CUTOVER_OK)
        return status;
    status = job->kind == JOB_RESTORE ? restore_check(job, error) : live_copy_check(&job->live, error);
    if (status == CUTOVER_OK)
        job->report.check = CUTOVER_VERDICT_EQUAL;
    else if (status == CUTOVER_E_VERIFY)
        job->report.check = CUTOVER_VERDICT_DIFFERENT;
    else if (status != CUTOVER_E_CANCELLED)
        job->report.check = CUTOVER_VERDICT_UNKNOWN;
    return status;
}

cutover_status promote_hold(struct promote *job, cutover_error **error)
{
    bool open = false;
    cutover_status status = journal_step(&job->journal, PROMOTION_HELD, error);

    while (status == CUTOVER_OK) {
        status = hold_is_released(job->host, job->journal.record.id, &open, error);
        if (status != CUTOVER_OK || open)
            break;
        status = progress_tick(&job->operation.progress, error);
        if (status == CUTOVER_OK)
            status = cancel_sleep(&job->operation.cancel, HOLD_LOOK_MS, error);
    }
    return status;
}
