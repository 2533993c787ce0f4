/* Steps stage, check and hold of a promotion. */
#include "job/hold.h"
#include "pipeline/promote.h"

#define GATE_LOOK_MS 250

cutover_status promote_stage(struct promote *job, cutover_error **error)
{
    struct stage *stage = &job->stage;
    struct promotion_record *record = &job->journal.record;

    if (job->kind == JOB_RESTORE)
        return restore_stage(job, error);
    *stage = (struct stage){
        .operation = &job->operation,
        .source = &job->preview.database,
        .production = &job->project.production,
        .control = job->control,
        .name = record->staging_name,
        .properties = record->properties,
    };
    cutover_status status = journal_step(&job->journal, PROMOTION_STAGE, error);
    if (status == CUTOVER_OK)
        status = stage_open(stage, error);
    if (status == CUTOVER_OK)
        status = stage_create(stage, error);
    if (status != CUTOVER_OK)
        return status;
    record->staging_oid = stage->oid;
    status = journal_save(&job->journal, error);
    if (status == CUTOVER_OK)
        status = stage_fill(stage, error);
    job->report.stage_tables = stage->content.table_count;
    job->report.stage_rows = stage->rows;
    job->report.stage_bytes = stage->bytes;
    if (stage->comments_refused != NULL)
        report_warn(&job->report, "comments on extensions that production's role may not set: %s",
                    stage->comments_refused);
    return status;
}

cutover_status promote_check(struct promote *job, cutover_error **error)
{
    cutover_status status = journal_step(&job->journal, PROMOTION_CHECK, error);

    if (status != CUTOVER_OK)
        return status;
    status = job->kind == JOB_RESTORE ? restore_check(job, error) : stage_check(&job->stage, error);
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
        status = gate_is_open(job->host, job->journal.record.id, &open, error);
        if (status != CUTOVER_OK || open)
            break;
        status = progress_tick(&job->operation.progress, error);
        if (status == CUTOVER_OK)
            status = cancel_sleep(&job->operation.cancel, GATE_LOOK_MS, error);
    }
    return status;
}
