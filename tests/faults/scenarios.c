#include "faults/scenarios.h"

static cutover_status promote(cutover_engine *engine, const char *request_id, uint32_t jobs,
                              cutover_error **error)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *job = NULL;

    options.actor = shop_operator;
    options.request_id = request_id;
    options.jobs = jobs;
    cutover_status status = cutover_promotion_start(engine, &options, &job, error);
    if (status == CUTOVER_OK)
        status = cutover_promotion_run(job, error);
    cutover_promotion_free(job);
    return status;
}

static void promoted(struct shop *shop, const char *request_id)
{
    struct shop_promotion promotion = {.request_id = request_id, .jobs = 1, .verify = CUTOVER_VERIFY_READBACK};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    outcome_free(&outcome);
}

static cutover_status roll_back(cutover_engine *engine, const char *request_id, uint32_t jobs,
                                cutover_error **error)
{
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *job = NULL;

    (void)jobs;
    options.actor = shop_operator;
    options.request_id = request_id;
    options.discard_writes = 1;
    cutover_status status = cutover_rollback_start(engine, &options, &job, error);
    if (status == CUTOVER_OK)
        status = cutover_rollback_run(job, error);
    cutover_rollback_free(job);
    return status;
}

/* The request's pre-cutover backup, over production. */
static cutover_status restore(cutover_engine *engine, const char *request_id, uint32_t jobs,
                              cutover_error **error)
{
    cutover_restore_options options = CUTOVER_RESTORE_OPTIONS_INIT;
    cutover_backup_list *list = NULL;
    cutover_restore *job = NULL;

    (void)request_id;
    cutover_status status = cutover_backups_list(engine, SCENE_PROJECT, NULL, 1, &list, error);
    if (status != CUTOVER_OK)
        return status;
    options.actor = (cutover_actor){"ada", CUTOVER_ACTOR_USER, CUTOVER_ROLE_ORG_ADMIN};
    options.backup_id = cutover_backup_id(cutover_backup_list_at(list, 0));
    options.project_id = SCENE_PROJECT;
    options.confirm = 1;
    options.jobs = jobs;
    options.verify = CUTOVER_VERIFY_READBACK;
    status = cutover_restore_start(engine, &options, &job, error);
    if (status == CUTOVER_OK)
        status = cutover_restore_run(job, error);
    cutover_restore_free(job);
    cutover_backup_list_free(list);
    return status;
}

const struct scenario scenarios[] = {
    {
        .name = "promotion",
        .act = promote,
        .before = "old",
        .after = "new",
        .not_begun = "acked",
        .undone = "failed",
        .done = "completed",
        .undone_audit = "cutover.failed",
        .done_audit = "production_overwrite_restore",
        .displaces = true,
    },
    {
        .name = "rollback",
        .arrange = promoted,
        .act = roll_back,
        .before = "new",
        .after = "old",
        .not_begun = "completed",
        .undone = "completed",
        .done = "rolled_back",
        .done_audit = "cutover.rolled_back",
    },
    {
        .name = "restore",
        .arrange = promoted,
        .act = restore,
        .before = "new",
        .after = "old",
        .not_begun = "completed",
        .undone = "completed",
        .done = "completed",
        .done_audit = "production_overwrite_restore",
        .displaces = true,
    },
    {.name = NULL},
};
