#include "faults/scenarios.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- production goes on while a job runs ---- */

/* Writes as a client would: by a process of its own, so that what it calls is no point of the job. */
static void write_to_production(const char *const sql[3])
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        execl(getenv(SCENE_PSQL), "psql", "-Xqt", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d",
              getenv(SCENE_CONNINFO), "-c", sql[0], "-c", sql[1], "-c", sql[2], (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        abort();
}

/* Of production's content it changes nothing, as whoever looks afterwards knows only one; but a large object comes before the backup,
   and goes after it. The last statement finds the counters written down. */
static const char *const before_sql[] = {("SELECT lo_from_bytea(4712, 'goes') WHERE NOT EXISTS"
                                          " (SELECT FROM pg_largeobject_metadata WHERE oid = 4712)"),
                                         "SELECT", "SELECT"};
static const char *const meanwhile_sql[] = {"BEGIN; DELETE FROM orders; ROLLBACK; SELECT lo_unlink(4712)",
                                            "SELECT pg_stat_force_next_flush()", "SELECT"};
static const char *const much_meanwhile_sql[] = {"BEGIN; DELETE FROM aside.much; ROLLBACK",
                                                 "SELECT pg_stat_force_next_flush()", "SELECT"};

static void write_once(const cutover_progress *progress, const char *step, const char *const sql[3],
                       bool *written)
{
    if (!*written && strcmp(progress->step, step) == 0) {
        *written = true;
        write_to_production(sql);
    }
}

static int32_t write_meanwhile(const cutover_progress *progress, void *userdata)
{
    static bool before, meanwhile;

    (void)userdata;
    write_once(progress, "stage", before_sql, &before);
    write_once(progress, "catch_up", meanwhile_sql, &meanwhile);
    return 0;
}

/* So much of it that a round before the fence is worth it. */
static int32_t write_much_meanwhile(const cutover_progress *progress, void *userdata)
{
    static bool much;

    write_once(progress, "catch_up", much_meanwhile_sql, &much);
    return write_meanwhile(progress, userdata);
}

static void make_much(struct shop *shop, const char *request_id)
{
    (void)request_id;
    cluster_sql(shop->cluster, SCENE_PRODUCTION,
                "CREATE SCHEMA aside; CREATE TABLE aside.much AS SELECT repeat('x', 9000000) AS v");
}

/* ---- jobs ---- */

static cutover_status promotion_run(cutover_engine *engine, cutover_promotion_options *options,
                                    cutover_error **error)
{
    cutover_promotion *job = NULL;
    cutover_status status = cutover_promotion_start(engine, options, &job, error);

    if (status == CUTOVER_OK)
        status = cutover_promotion_run(job, error);
    cutover_promotion_free(job);
    return status;
}

static cutover_promotion_options promotion_options(const char *request_id, uint32_t jobs,
                                                   cutover_verify_method verify)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.request_id = request_id;
    options.jobs = jobs;
    options.verify = verify;
    options.progress = write_meanwhile;
    return options;
}

static cutover_status promote(cutover_engine *engine, const char *request_id, uint32_t jobs,
                              cutover_error **error)
{
    cutover_promotion_options options = promotion_options(request_id, jobs, CUTOVER_VERIFY_READBACK);

    return promotion_run(engine, &options, error);
}

static cutover_status promote_restored(cutover_engine *engine, const char *request_id, uint32_t jobs,
                                       cutover_error **error)
{
    cutover_promotion_options options = promotion_options(request_id, jobs, CUTOVER_VERIFY_RESTORE);

    return promotion_run(engine, &options, error);
}

static cutover_status promote_under_writes(cutover_engine *engine, const char *request_id, uint32_t jobs,
                                           cutover_error **error)
{
    cutover_promotion_options options = promotion_options(request_id, jobs, CUTOVER_VERIFY_READBACK);

    options.progress = write_much_meanwhile;
    return promotion_run(engine, &options, error);
}

static cutover_status promote_fenced_early(cutover_engine *engine, const char *request_id, uint32_t jobs,
                                           cutover_error **error)
{
    cutover_promotion_options options = promotion_options(request_id, jobs, CUTOVER_VERIFY_READBACK);

    options.fence = CUTOVER_FENCE_EARLY;
    options.progress = NULL;
    return promotion_run(engine, &options, error);
}

struct holding {
    cutover_engine *engine;
    const char *request_id;
};

/* While it waits. Here, so that what the release commits is always at the same place among the points; it is refused before the
   journal says that it is held, and once it is released. */
static int32_t release(const cutover_progress *progress, void *userdata)
{
    struct holding *holding = userdata;

    if (strcmp(progress->step, "held") == 0)
        cutover_promotion_release(holding->engine, &shop_other_operator, holding->request_id, NULL);
    return write_meanwhile(progress, NULL);
}

static cutover_status promote_held(cutover_engine *engine, const char *request_id, uint32_t jobs,
                                   cutover_error **error)
{
    cutover_promotion_options options = promotion_options(request_id, jobs, CUTOVER_VERIFY_READBACK);
    struct holding holding = {engine, request_id};

    options.hold = 1;
    options.progress = release;
    options.progress_userdata = &holding;
    return promotion_run(engine, &options, error);
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
    options.actor = &shop_operator;
    options.request_id = request_id;
    options.discard_writes = 1;
    cutover_status status = cutover_rollback_start(engine, &options, &job, error);
    if (status == CUTOVER_OK)
        status = cutover_rollback_run(job, error);
    cutover_rollback_free(job);
    return status;
}

/* The project's first backup, over production or into a preview. */
static cutover_status restore(cutover_engine *engine, const char *preview_id, uint32_t jobs,
                              cutover_error **error)
{
    cutover_restore_options options = CUTOVER_RESTORE_OPTIONS_INIT;
    cutover_backup_list *list = NULL;
    cutover_restore *job = NULL;

    cutover_status status = cutover_backups_list(engine, SCENE_PROJECT, NULL, 1, &list, error);
    if (status != CUTOVER_OK)
        return status;
    options.actor = &(cutover_actor){CUTOVER_ACTOR_VERSION, "ada", CUTOVER_ACTOR_USER,
                                     CUTOVER_ROLE_OPERATOR | CUTOVER_ROLE_ORG_ADMIN};
    options.backup_id = cutover_backup_id(cutover_backup_list_at(list, 0));
    options.preview_id = preview_id;
    options.project_id = preview_id == NULL ? SCENE_PROJECT : NULL;
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

static cutover_status restore_production(cutover_engine *engine, const char *request_id, uint32_t jobs,
                                         cutover_error **error)
{
    (void)request_id;
    return restore(engine, NULL, jobs, error);
}

static cutover_status restore_preview(cutover_engine *engine, const char *request_id, uint32_t jobs,
                                      cutover_error **error)
{
    (void)request_id;
    return restore(engine, SCENE_EMPTY, jobs, error);
}

static cutover_status backup_take(cutover_engine *engine, cutover_verify_method verify, uint32_t jobs,
                                  cutover_error **error)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.project_id = SCENE_PROJECT;
    options.jobs = jobs;
    options.verify = verify;
    return cutover_backup_create(engine, &options, NULL, error);
}

static void backed_up(struct shop *shop, const char *request_id)
{
    cutover_error *error = NULL;

    (void)request_id;
    check_ok(backup_take(shop->engine, CUTOVER_VERIFY_READBACK, 1, &error), error);
}

static cutover_status back_up(cutover_engine *engine, const char *request_id, uint32_t jobs,
                              cutover_error **error)
{
    (void)request_id;
    return backup_take(engine, CUTOVER_VERIFY_RESTORE, jobs, error);
}

#define OF_A_PROMOTION                                                                                         \
    .database = SCENE_PRODUCTION, .before = "old", .after = "new", .displaces = true, .not_begun = "acked",    \
    .undone = "failed", .done = "completed", .undone_audit = "cutover.failed",                                 \
    .done_audit = "production_overwrite_restore", .undone_event = "job.failed", .done_event = "job.completed"

const struct scenario scenarios[] = {
    {
        .name = "held",
        .one_in = 2,
        .act = promote_held,
        OF_A_PROMOTION,
        .from_step = "held",
        .held = true,
    },
    {
        .name = "promotion",
        .one_in = 2,
        .act = promote,
        OF_A_PROMOTION,
    },
    {
        .name = "promotion-verified-by-restore",
        .one_in = 4,
        .act = promote_restored,
        .from_step = "verify",
        OF_A_PROMOTION,
    },
    {
        .name = "promotion-under-writes",
        .one_in = 4,
        .arrange = make_much,
        .act = promote_under_writes,
        .from_step = "catch_up",
        OF_A_PROMOTION,
    },
    {
        .name = "promotion-fenced-early",
        .one_in = 4,
        .act = promote_fenced_early,
        .from_step = "backup",
        OF_A_PROMOTION,
    },
    {
        .name = "rollback",
        .one_in = 2,
        .arrange = promoted,
        .act = roll_back,
        .database = SCENE_PRODUCTION,
        .before = "new",
        .after = "old",
        .not_begun = "completed",
        .undone = "completed",
        .done = "rolled_back",
        .undone_audit = "cutover.rollback_failed",
        .done_audit = "cutover.rolled_back",
        .undone_event = "job.failed",
        .done_event = "job.completed",
    },
    {
        .name = "restore",
        .one_in = 4,
        .arrange = promoted,
        .act = restore_production,
        .database = SCENE_PRODUCTION,
        .before = "new",
        .after = "old",
        .not_begun = "completed",
        .undone = "completed",
        .done = "completed",
        .undone_audit = "restore.failed",
        .done_audit = "production_overwrite_restore",
        .undone_event = "restore.failed",
        .done_event = "restore.completed",
        .displaces = true,
    },
    {
        .name = "restore-preview",
        .one_in = 4,
        .arrange = backed_up,
        .act = restore_preview,
        .database = SCENE_EMPTY,
        .before = "empty",
        .after = "old",
        .not_begun = "acked",
        .undone = "acked",
        .done = "acked",
        .undone_audit = "restore.failed",
        .done_audit = "restore.completed",
        .undone_event = "restore.failed",
        .done_event = "restore.completed",
    },
    {
        .name = "backup",
        .one_in = 2,
        .act = back_up,
        .not_begun = "acked",
        .undone = "acked",
        .done = "acked",
        .undone_audit = "backup.failed",
        .done_audit = "backup.completed",
        .undone_event = "backup.failed",
        .done_event = "backup.completed",
    },
    {.name = NULL},
};
