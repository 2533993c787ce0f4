#include "transfer/pass.h"

#include "base/workers.h"

static cutover_status worker_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    const struct pass *pass = context;

    return pass->open(pass->context, cancel, state, error);
}

static void worker_close(void *context, void *state)
{
    const struct pass *pass = context;

    pass->close(pass->context, state);
}

static cutover_status part_move(struct pass *pass, void *state, const struct part *part, cutover_error **error)
{
    struct digest digest = DIGEST_INIT;
    uint64_t bytes = 0;
    bool last;

    cutover_status status = pass->part(pass->context, state, part, &digest, &bytes, error);
    if (status != CUTOVER_OK)
        return status;
    receipts_add(&pass->receipts, part->table, &digest, bytes, &last);
    if (!last)
        return CUTOVER_OK;
    if (pass->whole != NULL)
        status = pass->whole(pass->context, state, part->table, error);
    if (status == CUTOVER_OK)
        progress_table(pass->progress);
    return status;
}

static cutover_status worker_task(void *context, void *state, size_t index, cutover_error **error)
{
    struct pass *pass = context;
    size_t before = pass->before != NULL ? 1 : 0;

    if (index < before)
        return pass->before(pass->context, state, error);
    if (index < before + pass->plan.count)
        return part_move(pass, state, &pass->plan.parts[index - before], error);
    return pass->after(pass->context, state, error);
}

static cutover_status workers_move(struct pass *pass, cutover_error **error)
{
    const struct workers workers = {
        .jobs = pass->jobs,
        .tasks = (pass->before != NULL ? 1 : 0) + pass->plan.count + pass->after_count,
        .open = worker_open,
        .task = worker_task,
        .close = worker_close,
        .context = pass,
        .tick = progress_tick,
        .tick_context = pass->progress,
    };

    if (!pass->in_phase)
        progress_begin(pass->progress, pass->phase, pass->bytes, (uint32_t)pass->table_count);
    cutover_status status = workers_run(&workers, pass->progress->cancel, error);
    if (!pass->in_phase)
        progress_end(pass->progress);
    return status;
}

cutover_status pass_run(struct pass *pass, cutover_error **error)
{
    cutover_status status =
        plan_make(pass->tables, pass->table_count, pass->jobs, pass->split, &pass->plan, error);

    if (status == CUTOVER_OK)
        status = receipts_open(&pass->receipts, &pass->plan, pass->table_count, error);
    if (status == CUTOVER_OK)
        status = workers_move(pass, error);
    if (status == CUTOVER_OK)
        status = receipts_check(&pass->receipts, pass->tables, error);
    return status;
}

void pass_close(struct pass *pass)
{
    receipts_close(&pass->receipts);
    plan_free(&pass->plan);
}
