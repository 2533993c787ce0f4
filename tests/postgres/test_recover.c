#include "support/killed.h"
#include "support/ways_back.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Recovery of jobs whose process was killed (DESIGN.md section 6, EDGE_CASES E2, E18, D3): what it says of them, what it leaves
 * alone, and what it does when it cannot. Jobs run in a child, which is this program again; tests/faults kills them at every
 * point there is.
 */

static struct cluster *cluster, *second;

/* ---- the child ---- */

static const char *kill_at;
static cutover_platform known = CUTOVER_PLATFORM_INIT;

/* A place in a job where the child may end. */
static void reached(const char *place)
{
    if (strcmp(place, kill_at) == 0)
        die_here();
}

#define LOGINS "SELECT count(*) FROM pg_roles WHERE rolname ~ '^cutover_'"
#define LOGIN_OF "login of "

/* "login of CONNINFO" is a place, too: where the job's login is on that server. */
static void look_for_login(void)
{
    if (strncmp(kill_at, LOGIN_OF, strlen(LOGIN_OF)) != 0)
        return;
    PGconn *connection = PQconnectdb(kill_at + strlen(LOGIN_OF));
    PGresult *result = PQexec(connection, LOGINS);
    if (PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "0") != 0)
        reached(kill_at);
    PQclear(result);
    PQfinish(connection);
}

static int32_t child_progress(const cutover_progress *progress, void *userdata)
{
    (void)userdata;
    reached(progress->step);
    look_for_login();
    return 0;
}

static cutover_status child_set_state(const char *id, const char *expected, const char *next,
                                      const char *job_id, cutover_error **error, void *userdata)
{
    reached(next);
    return known.project_set_state(id, expected, next, job_id, error, userdata);
}

static cutover_store stored = CUTOVER_STORE_INIT;

/* Dies once that many commits are in the store. */
static cutover_status child_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                   void *userdata)
{
    static unsigned commits;
    char place[32];
    cutover_status status = stored.commit(writes, count, error, userdata);

    snprintf(place, sizeof place, "commit %u", ++commits);
    reached(place);
    return status;
}

static cutover_status child_pause(const char *id, cutover_error **error, void *userdata)
{
    (void)id;
    (void)error;
    (void)userdata;
    reached("paused");
    return CUTOVER_OK;
}

static cutover_status child_resume(const char *id, cutover_error **error, void *userdata)
{
    (void)id;
    (void)error;
    (void)userdata;
    reached("resumed");
    return CUTOVER_OK;
}

static int32_t child_cancels(const cutover_progress *progress, void *userdata)
{
    (void)userdata;
    return strcmp(progress->step, "check") == 0;
}

static cutover_status child_promotes(cutover_engine *engine, const char *id, cutover_progress_fn progress,
                                     cutover_error **error)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *job = NULL;

    options.actor = &shop_operator;
    options.request_id = id;
    options.progress = progress;
    cutover_status status = cutover_promotion_start(engine, &options, &job, error);
    return status != CUTOVER_OK ? status : cutover_promotion_run(job, error);
}

static cutover_status child_rolls_back(cutover_engine *engine, const char *id, cutover_error **error)
{
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *job = NULL;

    options.actor = &shop_operator;
    options.request_id = id;
    options.discard_writes = 1;
    cutover_status status = cutover_rollback_start(engine, &options, &job, error);
    return status != CUTOVER_OK ? status : cutover_rollback_run(job, error);
}

static cutover_status child_restores(cutover_engine *engine, const char *preview, const char *project,
                                     const char *id, cutover_error **error)
{
    cutover_restore_options options = CUTOVER_RESTORE_OPTIONS_INIT;
    cutover_restore *job = NULL;

    options.actor = project != NULL ? &shop_org_admin : &shop_operator;
    options.backup_id = id;
    options.preview_id = preview;
    options.project_id = project;
    options.confirm = 1;
    options.verify = CUTOVER_VERIFY_READBACK;
    options.progress = child_progress;
    cutover_status status = cutover_restore_start(engine, &options, &job, error);
    return status != CUTOVER_OK ? status : cutover_restore_run(job, error);
}

static cutover_status child_backs_up(cutover_engine *engine, const char *project, cutover_error **error)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.project_id = project;
    options.progress = child_progress;
    return cutover_backup_create(engine, &options, NULL, error);
}

static cutover_status child_verifies(cutover_engine *engine, const char *backup, cutover_error **error)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.progress = child_progress;
    return cutover_backup_verify(engine, &options, backup, NULL, error);
}

static cutover_status child_abandons(cutover_engine *engine, const char *id, cutover_error **error)
{
    cutover_abandon_options options = CUTOVER_ABANDON_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.job_id = id;
    options.reason = "as told";
    options.confirm = 1;
    return cutover_recover_abandon(engine, &options, NULL, NULL, error);
}

/* "--act HOME PLACE VERB ID [TARGET]" */
static int child(char **argv)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    cutover_registry *registry = NULL;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;
    cutover_status status = CUTOVER_E_INVALID;
    char *path = shop_format("%s/store.db", argv[2]), *backups = shop_format("%s/backups", argv[2]);
    char *work = shop_format("%s/work", argv[2]);
    const char *verb = argv[4], *id = argv[5], *target = argv[6];

    kill_at = argv[3];
    check_ok(cutover_store_sqlite_open(path, &stored, &error), error);
    cutover_store store = stored;
    store.commit = child_commit;
    check_ok(cutover_repository_directory_open(backups, &repository, &error), error);
    check_ok(cutover_registry_open(&store, &registry, &error), error);
    check_ok(cutover_registry_platform(registry, &known, &error), error);
    cutover_platform platform = known;
    platform.project_set_state = child_set_state;
    platform.traffic_pause = child_pause;
    platform.traffic_resume = child_resume;
    options.store = &store;
    options.repository = &repository;
    options.platform = &platform;
    options.work_dir = work;
    options.maintenance_mem_mb = 16;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    if (strcmp(verb, "promote") == 0)
        status = child_promotes(engine, id, child_progress, &error);
    else if (strcmp(verb, "cancel") == 0)
        status = child_promotes(engine, id, child_cancels, &error);
    else if (strcmp(verb, "rollback") == 0)
        status = child_rolls_back(engine, id, &error);
    else if (strcmp(verb, "restore") == 0)
        status = child_restores(engine, NULL, target, id, &error);
    else if (strcmp(verb, "restore-preview") == 0)
        status = child_restores(engine, target, NULL, id, &error);
    else if (strcmp(verb, "backup") == 0)
        status = child_backs_up(engine, id, &error);
    else if (strcmp(verb, "verify") == 0)
        status = child_verifies(engine, id, &error);
    else if (strcmp(verb, "abandon") == 0)
        status = child_abandons(engine, id, &error);
    fprintf(stderr, "%s was not killed at %s: %s %s\n", verb, kill_at, cutover_status_name(status),
            cutover_error_message(error));
    return 1;
}

/* Runs a job that may be killed at a place; whether it was. */
static bool job_ends(struct shop *shop, const char *place, const char *verb, const char *id, const char *target)
{
    int status;

    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/proc/self/exe", "test_recover", "--act", shop->home, place, verb, id, target, (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    if (!WIFEXITED(status))
        fail_msg("%s at %s ended with %d", verb, place, status);
    return false;
}

/* Runs a job that is killed at a place. */
static void job_killed(struct shop *shop, const char *place, const char *verb, const char *id,
                       const char *target)
{
    if (!job_ends(shop, place, verb, id, target))
        fail_msg("%s was not killed at %s", verb, place);
}

/* ---- what recovery says ---- */

struct told {
    unsigned count;
    cutover_recovered outcome;
    uint32_t ask_again_s;
    char job[16], job_id[64], project_id[64], request_id[64], message[512];
};

static cutover_status tell(const cutover_recovery *recovery, void *context)
{
    struct told *told = context;

    assert_int_equal(recovery->version, CUTOVER_RECOVERY_VERSION);
    told->count++;
    told->outcome = recovery->outcome;
    told->ask_again_s = recovery->ask_again_s;
    snprintf(told->job, sizeof told->job, "%s", recovery->job);
    snprintf(told->job_id, sizeof told->job_id, "%s", recovery->job_id);
    snprintf(told->project_id, sizeof told->project_id, "%s", recovery->project_id);
    snprintf(told->request_id, sizeof told->request_id, "%s", recovery->request_id);
    snprintf(told->message, sizeof told->message, "%s", recovery->message);
    return CUTOVER_OK;
}

static struct told recovered(struct shop *shop)
{
    struct told told = {0};
    cutover_error *error = NULL;

    check_ok(cutover_recover(shop->engine, NULL, tell, &told, &error), error);
    return told;
}

static struct told recovered_to(struct shop *shop, cutover_recovered expected)
{
    struct told told = recovered(shop);

    assert_int_equal(told.count, 1);
    if (told.outcome != expected)
        fail_msg("%s instead of %s: %s", cutover_recovered_name(told.outcome), cutover_recovered_name(expected),
                 told.message);
    assert_int_equal(strlen(told.job_id), 36);
    assert_int_not_equal(told.message[0], '\0');
    assert_null(strchr(told.message, '\n'));
    return told;
}

static void check_nothing_unfinished(struct shop *shop)
{
    struct told told = recovered(shop);

    assert_int_equal(told.count, 0);
    assert_int_equal(
        cluster_number(cluster, "postgres",
                       "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_(stage|verify)_'"),
        0);
    check_becomes_zero(cluster, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
}

static void check_generation(const char *database, const char *expected)
{
    char *found = cluster_value(cluster, database, "SELECT name FROM generation LIMIT 1");

    assert_string_equal(found, expected);
    free(found);
    cluster_sql(cluster, database, "CREATE TABLE can_write (); DROP TABLE can_write");
}

static void check_request(struct shop *shop, const char *request, const char *project, const char *expected)
{
    char *status = shop_request_status(shop, request), *state = shop_project_state(shop, project);

    assert_string_equal(status, expected);
    assert_string_equal(state, "active");
    free(status);
    free(state);
}

/* ---- fixtures ---- */

static int start_clusters(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    second = cluster_start(NULL);
    return 0;
}

/* ---- each job, killed ---- */

/* What the promotion's record says, as text. Malloc'd. */
static char *shown(struct shop *shop, const char *request, const char *member)
{
    cutover_error *error = NULL;
    char *json = NULL;

    check_ok(cutover_promotion_show(shop->engine, request, &json, &error), error);
    struct json_object *record = json_tokener_parse(json);
    char *text = shop_format("%s", json_object_get_string(json_object_object_get(record, member)));
    json_object_put(record);
    cutover_string_free(json);
    return text;
}

static void check_shown(struct shop *shop, const char *request, const char *member, const char *expected)
{
    char *text = shown(shop, request, member);

    check_contains(text, expected);
    free(text);
}

/* It is not cancelled any more, and does not end by itself either. */
static void check_cancelling_needs_recovery(struct shop *shop, const char *request)
{
    char *id = shown(shop, request, "id");
    cutover_error *error = NULL;

    check_status_keep(cutover_job_cancel(shop->engine, &shop_operator, id, &error), CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), "by a process that is gone");
    check_contains(cutover_error_hint(error), "run recovery");
    cutover_error_free(error);
    free(id);
}

/* What it had copied is dropped, and the next promotion goes on with nothing of it (EDGE_CASES B4, B6). */
static void a_promotion_killed_before_its_swap_is_undone(void **state)
{
    static const char *const places[] = {"restoring", "backup", "verify", "stage", "check", "paused"};
    struct shop *shop = *state;
    char *request = small_ready(shop, "before");

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct untouched before;
        untouched_look(&before, cluster, "before_production");
        job_killed(shop, places[i], "promote", request, NULL);
        if (strcmp(places[i], "paused") == 0)
            check_cancelling_needs_recovery(shop, request);
        struct told told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
        assert_string_equal(told.job, "promotion");
        assert_string_equal(told.project_id, "before");
        assert_string_equal(told.request_id, request);
        check_nothing_unfinished(shop);
        untouched_check(&before, shop, "before", request);
        untouched_free(&before);
        free(request);
        request = shop_acked(shop, "before", "before");
    }
    /* What was killed with the traffic paused was let go. */
    assert_int_equal(shop->traffic.resumes, 1);
    /* Before the lock nothing had begun. */
    job_killed(shop, "lock", "promote", request, NULL);
    check_nothing_unfinished(shop);
    check_request(shop, request, "before", "acked");
    char *preview = shop_dump(cluster, "before_preview");
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .jobs = 2});
    char *now = shop_dump(cluster, "before_production");
    check_same_text(now, preview);
    outcome_free(&outcome);
    free(now);
    free(preview);
    free(request);
}

static void check_cancelled(struct shop *shop, const char *request, const struct untouched *before)
{
    recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    check_nothing_unfinished(shop);
    check_request(shop, request, "cancelled", "acked");
    untouched_check(before, shop, "cancelled", request);
    check_shown(shop, request, "status", "cancelled");
}

/* Whether somebody else asked, or its own process was stopped: a person did that, and may promote it once more. */
static void a_promotion_that_was_cancelled_before_its_process_was_killed_has_not_failed(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "cancelled");
    struct untouched before;
    cutover_error *error = NULL;

    untouched_look(&before, cluster, "cancelled_production");
    job_killed(shop, "check", "promote", request, NULL);
    char *id = shown(shop, request, "id");
    check_ok(cutover_job_cancel(shop->engine, &shop_other_operator, id, &error), error);
    check_cancelled(shop, request, &before);
    check_shown(shop, request, "cancelled_by_actor_id", shop_other_operator.id);
    check_shown(shop, request, "error", "its cancellation was asked for, and its process ended");

    /* While it undid. */
    job_killed(shop, "active", "cancel", request, NULL);
    check_shown(shop, request, "report", "may be closed or refuse writes until this job is undone");
    check_cancelled(shop, request, &before);
    check_shown(shop, request, "cancelled_by_actor_id", shop_operator.id);
    check_shown(shop, request, "failure", "\"step\": \"check\"");
    check_shown(shop, request, "report",
                "\"production\": \"Production is as it was, and open for reads and writes.\"");
    untouched_free(&before);
    free(id);
    free(request);
}

/* Right before its record said "swap": the job did not see it any more. */
static void asked_late(struct shop *shop, const char *request, const char *project)
{
    char *id = shown(shop, request, "id");
    cutover_write asking = {CUTOVER_WRITE_VERSION, "cancel", id, project, 0, "{\"actor_id\":\"otto\"}"};
    const cutover_write *writes[] = {&asking};
    cutover_error *error = NULL;

    check_ok(shop->store.commit(writes, 1, &error, shop->store.userdata), error);
    free(id);
}

static void a_promotion_killed_after_its_swap_is_completed(void **state)
{
    static const char *const places[] = {"resumed", "active"};
    struct shop *shop = *state;
    char *request = small_ready(shop, "after");

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (i > 0) {
            cluster_sql(cluster, "after_preview", "UPDATE generation SET name = 'newer'");
            request = shop_acked(shop, "after", "after");
        }
        job_killed(shop, places[i], "promote", request, NULL);
        shop->traffic.sync_fails = i > 0; /* which is nothing to stop for */
        if (i > 0)
            asked_late(shop, request, "after");
        struct told told = recovered_to(shop, CUTOVER_RECOVERED_COMPLETED);
        assert_int_equal(strstr(told.message, "came too late") != NULL, i > 0);
        assert_int_equal(shop->traffic.syncs, i + 1);
        assert_string_equal(told.request_id, request);
        check_nothing_unfinished(shop);
        check_generation("after_production", i == 0 ? "new" : "newer");
        check_request(shop, request, "after", "completed");
        char *audit = shop_audit(shop, "after");
        assert_string_equal(strrchr(audit, ' ') + 1, "production_overwrite_restore");
        free(audit);
        free(request);
    }
}

/* Its server was restored, or failed over, before anybody could finish the records. */
static void a_swap_that_was_lost_before_it_was_recorded_is_undone(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "lost");

    cluster_save(cluster);
    job_killed(shop, "active", "promote", request, NULL);
    check_generation("lost_production", "new");
    cluster_return(cluster);
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    check_contains(told.message, "is not on production's server any more");
    check_nothing_unfinished(shop);
    check_generation("lost_production", "old");
    check_request(shop, request, "lost", "failed");
    free(request);
}

static void a_killed_rollback_is_undone_or_completed_and_drops_nothing(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "back"), *displaced = displaced_only(shop, "back");

    job_killed(shop, "paused", "rollback", request, NULL);
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    assert_string_equal(told.job, "rollback");
    assert_string_equal(told.request_id, request);
    char *still = displaced_only(shop, "back");
    assert_string_equal(still, displaced);
    check_generation("back_production", "new");
    check_request(shop, request, "back", "completed");

    job_killed(shop, "resumed", "rollback", request, NULL);
    told = recovered_to(shop, CUTOVER_RECOVERED_COMPLETED);
    assert_string_equal(told.job, "rollback");
    check_nothing_unfinished(shop);
    char *other = displaced_only(shop, "back");
    assert_string_not_equal(other, displaced);
    check_generation("back_production", "old");
    check_request(shop, request, "back", "rolled_back");
    free(request);
    free(displaced);
    free(still);
    free(other);
}

static void check_restored(struct shop *shop, const char *verb, const char *database, const char *target,
                           const char *backup)
{
    char *oid = database_fact(cluster, database, "oid"), *empty = shop_dump(cluster, database);

    job_killed(shop, "stage", verb, backup, target);
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    assert_string_equal(told.job, "restore");
    assert_string_equal(told.project_id, "again");
    assert_string_equal(told.request_id, "");
    check_nothing_unfinished(shop);
    char *now = database_fact(cluster, database, "oid"), *content = shop_dump(cluster, database);
    assert_string_equal(now, oid);
    check_same_text(content, empty);

    job_killed(shop, "resumed", verb, backup, target);
    told = recovered_to(shop, CUTOVER_RECOVERED_COMPLETED);
    assert_string_equal(told.job, "restore");
    check_nothing_unfinished(shop);
    check_generation(database, "old");
    char *state = shop_project_state(shop, "again");
    assert_string_equal(state, "active");
    free(state);
    free(oid);
    free(empty);
    free(now);
    free(content);
}

static void a_killed_restore_is_undone_or_completed(void **state)
{
    struct shop *shop = *state;

    free(small_ready(shop, "again"));
    cluster_create_database(cluster, "again_empty");
    shop_preview(shop, "empty", "again", cluster_conninfo(cluster, "again_empty"), 0);
    char *backup = backup_taken(shop, "again");
    check_restored(shop, "restore-preview", "again_empty", "empty", backup);
    /* The empty database that it took the place of went, and is not called displaced. */
    assert_int_equal(
        cluster_number(cluster, "postgres", "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_'"), 0);
    cluster_sql(cluster, "again_production", "UPDATE generation SET name = 'spoilt'");
    check_restored(shop, "restore", "again_production", "again", backup);
    char *displaced = displaced_only(shop, "again");
    char *spoilt = closed_value(cluster, displaced, "SELECT name FROM generation");
    assert_string_equal(spoilt, "spoilt");
    free(spoilt);
    free(displaced);
    free(backup);
}

static void check_backup_is(struct shop *shop, const char *id, const char *status)
{
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backup_get(shop->engine, id, &backup, &error), error);
    assert_string_equal(cutover_backup_status(backup), status);
    cutover_backup_free(backup);
}

static void check_job_is(struct shop *shop, const char *id, const char *status, bool over)
{
    cutover_job *job = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_job_get(shop->engine, id, &job, &error), error);
    assert_string_equal(cutover_job_status(job), status);
    assert_int_equal(cutover_job_is_over(job), over);
    cutover_job_free(job);
}

static void check_backup_failed(struct shop *shop, const char *id, bool kept)
{
    char *folder = shop_format("%s/backups/%s", shop->home, id);

    check_backup_is(shop, id, "failed");
    assert_int_equal(access(folder, F_OK), kept ? 0 : -1);
    free(folder);
}

static void a_killed_backup_is_failed_and_its_partial_archive_swept(void **state)
{
    struct shop *shop = *state;

    free(small_ready(shop, "alone"));
    job_killed(shop, "backup", "backup", "alone", NULL);
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    assert_string_equal(told.job, "backup");
    assert_string_equal(told.project_id, "alone");
    assert_string_equal(told.request_id, "");
    check_nothing_unfinished(shop);
    check_backup_failed(shop, told.job_id, false);

    job_killed(shop, "verify", "backup", "alone", NULL);
    told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    check_contains(told.message, "verify it again");
    check_nothing_unfinished(shop);
    check_backup_failed(shop, told.job_id, true);
    free(backup_taken(shop, "alone"));
}

/* ---- what others are told before recovery has run ---- */

static void check_told_of_dead_job(cutover_status found, cutover_status expected, cutover_error **error)
{
    check_status_keep(found, expected, *error);
    check_contains(cutover_error_message(*error), "was left unfinished by a process that is gone");
    check_contains(cutover_error_hint(*error), "run recovery");
    cutover_error_free(*error);
    *error = NULL;
}

static void who_meets_unfinished_work_is_told_to_recover_it(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "left");
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_backup_options backup = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_promotion *job = NULL;
    cutover_error *error = NULL;

    job_killed(shop, "stage", "promote", request, NULL);
    options.actor = backup.actor = &shop_operator;
    options.request_id = request;
    backup.project_id = "left";
    check_told_of_dead_job(cutover_promotion_start(shop->engine, &options, &job, &error), CUTOVER_E_STATE,
                           &error);
    check_told_of_dead_job(cutover_backup_create(shop->engine, &backup, NULL, &error), CUTOVER_E_LOCKED,
                           &error);
    recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    free(request);

    /* A backup that was taken by itself is in nobody's way: it is said in a warning. */
    request = shop_acked(shop, "left", "left");
    job_killed(shop, "backup", "backup", "left", NULL);
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    check_contains(outcome_text(&outcome, "warnings"), "was left unfinished by a process that is gone");
    outcome_free(&outcome);
    recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    check_nothing_unfinished(shop);
    free(request);
}

/* ---- what is left alone ---- */

/* By another engine, too, on whose wall clock it is an hour earlier or later. */
static int recover_meanwhile(struct shop *shop, void *context)
{
    struct shop *other = context;
    static const int64_t hours[] = {0, 1, -1, 24};

    recovered_to(shop, CUTOVER_RECOVERED_RUNNING);
    for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
        other->clock_shift_us = hours[i] * 3600 * SHOP_SECOND;
        recovered_to(other, CUTOVER_RECOVERED_RUNNING);
    }
    return 0;
}

static void a_job_that_lives_is_left_alone(void **state)
{
    struct shop *shop = *state;
    struct shop other;
    char *request = small_ready(shop, "alive");
    const struct shop_hook hooks[] = {
        {"backup", recover_meanwhile, &other}, {"swap", recover_meanwhile, &other}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};

    shop_open(&other, cluster, shop->home);
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    shop_close(&other);
    check_nothing_unfinished(shop);
    check_generation("alive_production", "new");
    outcome_free(&outcome);
    free(request);
}

/* ---- documents, edited ---- */

struct edit {
    char *body, *project_id;
    uint64_t version;
};

static cutover_status receive(const cutover_document *document, void *context)
{
    struct edit *edit = context;

    edit->body = shop_format("%s", document->body);
    edit->project_id = shop_format("%s", document->project_id);
    edit->version = document->version;
    return CUTOVER_OK;
}

/* Sets a member of a document to a text; what it was is malloc'd. */
static char *document_edit(struct shop *shop, const char *kind, const char *id, const char *member,
                           const char *value)
{
    struct edit edit = {0};
    struct json_object *object, *was = NULL;
    cutover_error *error = NULL;

    check_ok(shop->store.get(kind, id, receive, &edit, &error, shop->store.userdata), error);
    object = json_tokener_parse(edit.body);
    assert_true(json_object_object_get_ex(object, member, &was));
    char *before = shop_format("%s", json_object_get_string(was));
    json_object_object_add(object, member, json_object_new_string(value));
    cutover_write write = {CUTOVER_WRITE_VERSION, kind,         id,
                           edit.project_id,       edit.version, json_object_to_json_string(object)};
    check_ok(shop->store.commit(&(const cutover_write *){&write}, 1, &error, shop->store.userdata), error);
    json_object_put(object);
    free(edit.body);
    free(edit.project_id);
    return before;
}

static char *lease_of(struct shop *shop, const char *project)
{
    struct edit edit = {0};
    cutover_error *error = NULL;

    check_ok(shop->store.list("lease", project, "", 1, receive, &edit, &error, shop->store.userdata), error);
    struct json_object *lease = json_tokener_parse(edit.body);
    char *id = shop_format("%s", json_object_get_string(json_object_object_get(lease, "job_id")));

    json_object_put(lease);
    free(edit.body);
    free(edit.project_id);
    return id;
}

static int take_lease(struct shop *shop, void *context)
{
    char *id = lease_of(shop, context);

    free(document_edit(shop, "lease", id, "holder", "somebody else"));
    free(id);
    return 0;
}

/* It is told apart from a cancel. */
static void a_job_that_lost_its_lease_says_so(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "leased");
    const struct shop_hook hooks[] = {{"held", take_lease, (void *)"leased"}, {NULL, NULL, NULL}};
    /* It is held for ever when losing its lease does not end it: a minute of it is enough to see that. */
    const unsigned limit = 600;
    struct shop_promotion promotion = {
        .request_id = request, .hold = true, .hooks = hooks, .cancel_at_tick = limit};
    struct outcome outcome = shop_promote(shop, &promotion);

    assert_true(outcome.ticks < limit);
    check_status_keep(outcome.status, CUTOVER_E_CONFLICT, outcome.error);
    check_contains(cutover_error_message(outcome.error), "lost its lease");
    assert_string_equal(cutover_error_step(outcome.error), "held");
    assert_string_equal(outcome_text(&outcome, "status"), "failed");
    check_generation("leased_production", "old");
    check_request(shop, request, "leased", "failed");
    shop_leases_fall_silent(shop);
    recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    check_nothing_unfinished(shop);
    outcome_free(&outcome);
    free(request);
}

static int halt_server(struct shop *shop, void *context)
{
    (void)shop, (void)context;
    cluster_halt(cluster, "immediate");
    return 0;
}

/* Its report does not say of which step it was, as if that were an end. */
static void a_job_whose_server_went_away_is_unsettled_until_it_is_recovered(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "away");
    const struct shop_hook hooks[] = {{"check", halt_server, NULL}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);

    cluster_restart(cluster, "immediate");
    check_status_keep(outcome.status, CUTOVER_E_POSTGRES, outcome.error);
    assert_string_equal(outcome_text(&outcome, "status"), "unsettled");
    recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    char *audit = shop_audit(shop, "away");
    check_contains(audit, "cutover.promote_started job.recovered cutover.failed");
    check_request(shop, request, "away", "failed");
    check_shown(shop, request, "failure", "\"code\": \"CUTOVER_E_POSTGRES\"");
    check_nothing_unfinished(shop);
    outcome_free(&outcome);
    free(audit);
    free(request);
}

static void check_watched(struct shop *shop, uint32_t ask_again_s)
{
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_RUNNING);

    assert_int_equal(told.ask_again_s, ask_again_s);
    check_contains(told.message, "ask again in");
}

/* Whether a process of another machine lives cannot be seen: whether its lease changes can. */
static void a_job_of_another_machine_is_left_alone_until_it_was_silent_for_30_seconds(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "far");

    job_killed(shop, "stage", "promote", request, NULL);
    /* Under a lease that nobody could know to be dead. */
    struct told told = {0};
    cutover_error *error = NULL;
    char *id = lease_of(shop, "far");
    free(document_edit(shop, "lease", id, "owner", "11111111-2222-3333-4444-555555555555 pid:[1] 1 1"));
    check_watched(shop, 30);
    cutover_project another = CUTOVER_PROJECT_INIT;
    another.id = "another";
    another.organization_id = "acme";
    another.database = cluster_conninfo(cluster, "another_production");
    check_ok(cutover_registry_project_add(shop->registry, &another, &error), error);
    check_ok(cutover_recover(shop->engine, "another", tell, &told, &error), error);
    assert_int_equal(told.count, 0);
    shop->clock_shift_us = 3600 * SHOP_SECOND;
    check_watched(shop, 30);
    shop->clock_shift_us = -3600 * SHOP_SECOND;
    shop->monotonic_us += 20 * SHOP_SECOND;
    check_watched(shop, 10);
    /* A sign of life, and then no other. */
    free(document_edit(shop, "lease", id, "renewed_at", "2026-01-01T00:00:00Z"));
    shop->monotonic_us += 20 * SHOP_SECOND;
    told = recovered_to(shop, CUTOVER_RECOVERED_RUNNING);
    assert_int_equal(told.ask_again_s, 0);
    shop->monotonic_us += 20 * SHOP_SECOND;
    check_watched(shop, 10);
    shop->monotonic_us += 10 * SHOP_SECOND;
    told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    assert_string_equal(told.job_id, id);
    check_nothing_unfinished(shop);
    check_generation("far_production", "old");
    check_request(shop, request, "far", "failed");
    free(id);
    free(request);
}

/* ---- what cannot be recovered now ---- */

static cutover_status refuse(const cutover_recovery *recovery, void *context)
{
    (void)recovery;
    (void)context;
    return CUTOVER_E_IO;
}

static void what_cannot_be_recovered_now_can_be_at_once_when_it_can(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "later");
    cutover_error *error = NULL;

    job_killed(shop, "stage", "promote", request, NULL);
    /* Nobody listens there. */
    char *conninfo = document_edit(shop, "project", "later", "database",
                                   "host=/nonexistent user=postgres dbname=later_production");
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    check_contains(told.message, "/nonexistent");
    /* Another server, with a database of that name: nothing of the journal may be done to it. */
    cluster_create_database(second, "later_production");
    free(document_edit(shop, "project", "later", "database", cluster_conninfo(second, "later_production")));
    told = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    check_contains(told.message, "another server");
    check_contains(told.message, "system identifier");
    char *status = shop_request_status(shop, request);
    assert_string_equal(status, "in_progress");
    free(document_edit(shop, "project", "later", "database", conninfo));
    check_status(cutover_recover(shop->engine, NULL, refuse, NULL, &error), CUTOVER_E_IO, error);
    check_nothing_unfinished(shop);
    check_generation("later_production", "old");
    check_request(shop, request, "later", "failed");
    free(conninfo);
    free(status);
    free(request);
}

/* ---- what cannot be recovered at all ---- */

/* Gives a job up, and expects this of it. */
/* Abandoned once more; where the commit that ended it had come through nothing is left to do but its lease. */
static void check_abandoned_or_over(struct shop *shop, const char *job_id)
{
    cutover_abandon_options options = {CUTOVER_ABANDON_OPTIONS_VERSION, &shop_operator, job_id, "why", 1};
    cutover_error *error = NULL;

    cutover_status status = cutover_recover_abandon(shop->engine, &options, NULL, NULL, &error);
    if (status != CUTOVER_E_STATE)
        check_ok(status, error);
    cutover_error_free(error);
}

static struct told abandoned_to(struct shop *shop, const char *job_id, cutover_recovered expected)
{
    cutover_abandon_options options = CUTOVER_ABANDON_OPTIONS_INIT;
    struct told told = {0};
    cutover_error *error = NULL;

    options.actor = &shop_operator;
    options.job_id = job_id;
    options.reason = "the customer dropped it";
    options.confirm = 1;
    check_ok(cutover_recover_abandon(shop->engine, &options, tell, &told, &error), error);
    assert_int_equal(told.count, 1);
    if (told.outcome != expected)
        fail_msg("%s instead of %s: %s", cutover_recovered_name(told.outcome), cutover_recovered_name(expected),
                 told.message);
    return told;
}

/* "KIND DATABASE;" of each that is left, and the messages. */
struct left {
    unsigned count;
    char list[512], messages[4096], ids[8][80];
};

static cutover_status keep_left(const cutover_leftover *leftover, void *context)
{
    struct left *left = context;
    size_t used = strlen(left->list), said = strlen(left->messages);

    snprintf(left->list + used, sizeof left->list - used, "%s %s;", leftover->kind, leftover->database);
    snprintf(left->messages + said, sizeof left->messages - said, "%s\n", leftover->message);
    snprintf(left->ids[left->count++], sizeof *left->ids, "%s", leftover->id);
    return CUTOVER_OK;
}

static struct left left_of(struct shop *shop, const char *project)
{
    struct left left = {0};
    cutover_error *error = NULL;

    check_ok(cutover_leftovers_list(shop->engine, project, keep_left, &left, &error), error);
    return left;
}

static void forget_all(struct shop *shop, const struct left *left)
{
    cutover_error *error = NULL;

    for (unsigned i = 0; i < left->count; i++)
        check_ok(cutover_leftover_forget(shop->engine, &shop_operator, left->ids[i], "seen", &error), error);
}

static void check_refused(struct shop *shop, cutover_abandon_options options, cutover_status expected)
{
    struct told told = {0};
    cutover_error *error = NULL;

    check_status(cutover_recover_abandon(shop->engine, &options, tell, &told, &error), expected, error);
    assert_int_equal(told.count, 0);
}

/* Production was dropped, and another one is there by its name (which is nobody's of ours), or none is. */
static void a_job_whose_production_is_gone_is_given_up(void **state)
{
    struct shop *shop = *state;
    cutover_abandon_options options = CUTOVER_ABANDON_OPTIONS_INIT;
    char *request = small_ready(shop, "gone");

    for (int recreated = 0; recreated <= 1; recreated++) {
        unsigned resumes = shop->traffic.resumes;
        job_killed(shop, "paused", "promote", request, NULL);
        cluster_sql(cluster, "postgres", "DROP DATABASE gone_production");
        if (recreated)
            shop_database(cluster, "gone_production", "CREATE TABLE theirs AS SELECT 1 AS a");
        struct told told = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
        check_contains(told.message, "a person must look");
        check_contains(told.message, "cutover_recover_abandon()");
        char *state_then = shop_project_state(shop, "gone");
        assert_string_equal(state_then, "restoring");

        options =
            (cutover_abandon_options){CUTOVER_ABANDON_OPTIONS_VERSION, &shop_operator, told.job_id, "why", 0};
        check_refused(shop, options, CUTOVER_E_INVALID);
        options.confirm = 1;
        options.reason = " ";
        check_refused(shop, options, CUTOVER_E_INVALID);
        options.reason = "why";
        options.actor = &shop_member;
        check_refused(shop, options, CUTOVER_E_FORBIDDEN);

        struct told given_up = abandoned_to(shop, told.job_id, CUTOVER_RECOVERED_ABANDONED);
        assert_string_equal(given_up.request_id, request);
        assert_int_equal(shop->traffic.resumes, resumes + 1);
        check_request(shop, request, "gone", "failed");
        check_nothing_unfinished(shop);
        struct left left = left_of(shop, "gone");
        assert_string_equal(left.list, "other gone_production;");
        check_contains(left.messages, recreated ? "is another database" : "has no database");
        char *audit = shop_audit(shop, "gone");
        check_contains(audit, "cutover.failed job.abandoned");
        if (recreated)
            assert_int_equal(cluster_number(cluster, "gone_production", "SELECT count(*) FROM theirs"), 1);
        else
            shop_database(cluster, "gone_production", small_production_sql());
        options.actor = &shop_operator;
        check_refused(shop, options, CUTOVER_E_STATE);
        forget_all(shop, &left);
        assert_int_equal(left_of(shop, "gone").count, 0);
        free(audit);
        free(state_then);
        free(request);
        request = shop_acked(shop, "gone", "gone");
    }
    free(request);
}

/* What cannot be reached is kept, and the next recovery that reaches it takes it away. On another server nothing is done. */
static void what_an_abandoned_job_left_is_tried_again(void **state)
{
    struct shop *shop = *state;
    struct told told = {0};
    cutover_error *error = NULL;
    char *request = small_ready(shop, "moved");
    const char *elsewhere = cluster_conninfo(second, "moved_production");

    job_killed(shop, "paused", "promote", request, NULL);
    cluster_create_database(second, "moved_production");
    char *conninfo = document_edit(shop, "project", "moved", "database", elsewhere);
    struct told failed = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    check_contains(failed.message, "another server");
    abandoned_to(shop, failed.job_id, CUTOVER_RECOVERED_ABANDONED);
    check_request(shop, request, "moved", "failed");
    struct left left = left_of(shop, "moved");
    check_contains(left.list, "fence moved_production;");
    check_contains(left.list, "database cutover_stage_");
    check_contains(left.messages, "another server now");
    assert_int_equal(cluster_number(second, "postgres",
                                    "SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = "
                                    "setdatabase WHERE datname = 'moved_production'"),
                     0);
    /* Still away. */
    check_ok(cutover_recover(shop->engine, "moved", tell, &told, &error), error);
    assert_int_equal(told.outcome, CUTOVER_RECOVERED_LEFT);
    assert_int_equal(left_of(shop, "moved").count, left.count);

    free(document_edit(shop, "project", "moved", "database", conninfo));
    memset(&told, 0, sizeof told);
    check_ok(cutover_recover(shop->engine, "moved", tell, &told, &error), error);
    assert_int_equal(told.outcome, CUTOVER_RECOVERED_UNDONE);
    assert_int_equal(left_of(shop, "moved").count, 0);
    check_nothing_unfinished(shop);
    check_generation("moved_production", "old");
    char *audit = shop_audit(shop, "moved");
    check_contains(audit, "leftover.removed");
    free(audit);
    free(request);

    /* A backup by itself, likewise. */
    job_killed(shop, "verify", "backup", "moved", NULL);
    free(document_edit(shop, "project", "moved", "database", "host=/nonexistent dbname=moved_production"));
    failed = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    abandoned_to(shop, failed.job_id, CUTOVER_RECOVERED_ABANDONED);
    check_backup_failed(shop, failed.job_id, true);
    left = left_of(shop, "moved");
    check_contains(left.list, "database cutover_verify_");
    free(document_edit(shop, "project", "moved", "database", conninfo));
    check_ok(cutover_recover(shop->engine, "moved", NULL, NULL, &error), error);
    assert_int_equal(left_of(shop, "moved").count, 0);
    check_nothing_unfinished(shop);

    /* And the login that fills a database which somebody owns. */
    cluster_sql(cluster, "moved_preview",
                "CREATE ROLE moved_owner; ALTER TABLE generation OWNER TO moved_owner");
    request = shop_acked(shop, "moved", "moved");
    char *place = shop_format(LOGIN_OF "%s", cluster_conninfo(cluster, "postgres"));
    job_killed(shop, place, "promote", request, NULL);
    free(document_edit(shop, "project", "moved", "database", "host=/nonexistent dbname=moved_production"));
    failed = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    abandoned_to(shop, failed.job_id, CUTOVER_RECOVERED_ABANDONED);
    left = left_of(shop, "moved");
    check_contains(left.messages, "and its login");
    assert_int_equal(cluster_number(cluster, "postgres", LOGINS), 1);
    free(document_edit(shop, "project", "moved", "database", conninfo));
    check_ok(cutover_recover(shop->engine, "moved", NULL, NULL, &error), error);
    assert_int_equal(left_of(shop, "moved").count, 0);
    assert_int_equal(cluster_number(cluster, "postgres", LOGINS), 0);
    check_nothing_unfinished(shop);
    cluster_sql(cluster, "moved_preview", "ALTER TABLE generation OWNER TO postgres; DROP ROLE moved_owner");
    free(place);
    free(request);
    free(conninfo);
}

/* Nothing was found against the backup: it is what it was, and its verification is a job that ended. */
static void a_killed_verification_leaves_the_backup_what_it_was(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;

    free(small_ready(shop, "proved"));
    char *backup = backup_taken(shop, "proved");
    job_killed(shop, "verify", "verify", backup, NULL);
    check_backup_is(shop, backup, "verifying");
    check_job_is(shop, backup, "verified", true);
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_UNDONE);
    assert_string_equal(told.job, "verification");
    assert_string_not_equal(told.job_id, backup);
    check_nothing_unfinished(shop);
    check_backup_is(shop, backup, "verified");
    check_job_is(shop, told.job_id, "undecided", true);

    job_killed(shop, "verify", "verify", backup, NULL);
    char *conninfo =
        document_edit(shop, "project", "proved", "database", "host=/nonexistent dbname=proved_production");
    told = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    check_job_is(shop, told.job_id, "verifying", false);
    check_ok(cutover_job_cancel(shop->engine, &shop_operator, told.job_id, &error), error);
    abandoned_to(shop, told.job_id, CUTOVER_RECOVERED_ABANDONED);
    check_backup_is(shop, backup, "verified");
    check_job_is(shop, told.job_id, "undecided", true);
    free(document_edit(shop, "project", "proved", "database", conninfo));
    check_ok(cutover_recover(shop->engine, "proved", NULL, NULL, &error), error);
    assert_int_equal(left_of(shop, "proved").count, 0);
    check_nothing_unfinished(shop);
    free(conninfo);
    free(backup);
}

static void an_abandoning_that_is_killed_is_repeated(void **state)
{
    static const char *const places[] = {"resumed", "active"};
    struct shop *shop = *state;
    char *request = small_ready(shop, "twice");

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        job_killed(shop, "paused", "promote", request, NULL);
        cluster_sql(cluster, "postgres", "DROP DATABASE twice_production");
        struct told told = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
        job_killed(shop, places[i], "abandon", told.job_id, NULL);
        abandoned_to(shop, told.job_id, CUTOVER_RECOVERED_ABANDONED);
        check_request(shop, request, "twice", "failed");
        check_nothing_unfinished(shop);
        struct left left = left_of(shop, "twice");
        assert_string_equal(left.list, "other twice_production;");
        forget_all(shop, &left);
        shop_database(cluster, "twice_production", small_production_sql());
        free(request);
        request = shop_acked(shop, "twice", "twice");
    }
    free(request);
}

/* Whichever commit of it was the last that came through: each trial is a copy of what the killed promotion left. */
static void an_abandoning_that_is_killed_at_any_commit_is_repeated(void **state)
{
    struct shop *shop = *state, trial = {0};
    char *request = small_ready(shop, "often");
    const char *home = cluster_temp_dir();
    char *copy = shop_format("rm -rf %s && cp -a %s %s", home, shop->home, home);
    bool killed = true;

    job_killed(shop, "paused", "promote", request, NULL);
    cluster_sql(cluster, "postgres", "DROP DATABASE often_production");
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    for (int commit = 1; killed; commit++) {
        char *place = shop_format("commit %d", commit);
        assert_int_equal(system(copy), 0);
        shop_open(&trial, cluster, home);
        killed = job_ends(&trial, place, "abandon", told.job_id, NULL);
        assert_true(killed || commit > 3);
        if (killed)
            check_abandoned_or_over(&trial, told.job_id);
        check_request(&trial, request, "often", "failed");
        check_nothing_unfinished(&trial);
        char *audit = shop_audit(&trial, "often");
        assert_non_null(strstr(audit, "job.abandoned"));
        assert_null(strstr(strstr(audit, "job.abandoned") + 1, "job.abandoned"));
        free(audit);
        shop_close(&trial);
        free(place);
    }
    abandoned_to(shop, told.job_id, CUTOVER_RECOVERED_ABANDONED);
    shop_database(cluster, "often_production", small_production_sql());
    free(copy);
    free(request);
}

/* A swap is not given up: what is known of it is recorded. */
static void a_swap_that_was_committed_is_completed_when_its_job_is_abandoned(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "done");

    /* Its journal says that it was, and there is no server to ask. */
    job_killed(shop, "active", "promote", request, NULL);
    char *conninfo =
        document_edit(shop, "project", "done", "database", "host=/nonexistent dbname=done_production");
    struct told told = recovered_to(shop, CUTOVER_RECOVERED_FAILED);
    told = abandoned_to(shop, told.job_id, CUTOVER_RECOVERED_COMPLETED);
    check_request(shop, request, "done", "completed");
    struct left left = left_of(shop, "done");
    assert_string_equal(left.list, "other done_production;");
    forget_all(shop, &left);
    free(document_edit(shop, "project", "done", "database", conninfo));
    check_nothing_unfinished(shop);
    check_generation("done_production", "new");
    free(conninfo);
    free(request);
}

/* ---- the right server ---- */

static cutover_project pointed_at(const char *project, const char *conninfo)
{
    cutover_project change = CUTOVER_PROJECT_INIT;

    change.id = project;
    change.database = conninfo;
    return change;
}

static int point_elsewhere(struct shop *shop, void *context)
{
    cutover_project change = pointed_at("aim", context);
    cutover_error *error = NULL;

    check_ok(cutover_registry_project_set(shop->registry, &change, &error), error);
    return 0;
}

static int pointing_is_refused(struct shop *shop, void *context)
{
    cutover_project change = pointed_at("aim", context);
    cutover_error *error = NULL;

    check_status(cutover_registry_project_set(shop->registry, &change, &error), CUTOVER_E_LOCKED, error);
    return 0;
}

/* What a job began with is what it overwrites, or nothing is. */
static void a_project_is_not_pointed_elsewhere_under_its_job(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "aim"),
         *home = shop_format("%s", cluster_conninfo(cluster, "aim_production"));
    char *other = shop_format("%s", cluster_conninfo(cluster, "aim_other"));
    const struct shop_hook late[] = {{"lock", point_elsewhere, other}, {NULL, NULL, NULL}};
    const struct shop_hook running[] = {{"stage", pointing_is_refused, other}, {NULL, NULL, NULL}};

    shop_database(cluster, "aim_other", small_production_sql());
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request, .hooks = late});
    check_status_keep(outcome.status, CUTOVER_E_CONFLICT, outcome.error);
    check_contains(cutover_error_message(outcome.error), "pointed at another database");
    outcome_free(&outcome);
    check_generation("aim_production", "old");
    check_generation("aim_other", "old");
    point_elsewhere(shop, home);
    free(request);
    request = shop_acked(shop, "aim", "aim");
    outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .hooks = running});
    outcome_free(&outcome);
    check_generation("aim_production", "new");
    check_generation("aim_other", "old");
    free(other);
    free(home);
    free(request);
}

struct entries {
    const char *action;
    unsigned count;
};

static cutover_status count_entry(const cutover_audit_entry *entry, void *context)
{
    struct entries *entries = context;

    entries->count += strcmp(entry->action, entries->action) == 0;
    return CUTOVER_OK;
}

static unsigned entries_of(struct shop *shop, const char *project, const char *action)
{
    struct entries entries = {action, 0};
    cutover_error *error = NULL;

    check_ok(cutover_audit_list(shop->engine, project, NULL, 1000, count_entry, &entries, &error), error);
    return entries.count;
}

static struct json_object *preflight_of(struct shop *shop, const char *request)
{
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_preflight_run(shop->engine, &shop_operator, request, 0, &preflight, &error), error);
    struct json_object *found = json_tokener_parse(cutover_preflight_json(preflight));
    cutover_preflight_free(preflight);
    return found;
}

/* As "ADDRESS PORT DATABASE OID SYSTEM". */
static char *side_of(struct json_object *preflight, const char *name)
{
    struct json_object *side = json_object_object_get(preflight, name);
    const char *texts[] = {"address", "port", "database", "oid", "system_identifier"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        texts[i] = json_object_get_string(json_object_object_get(side, texts[i]));
    return shop_format("%s %s %s %s %s", texts[0], texts[1], texts[2], texts[3], texts[4]);
}

static void check_side(struct json_object *preflight, const char *name, struct cluster *server,
                       const char *database)
{
    char *found = side_of(preflight, name), *oid = database_fact(server, database, "oid");
    char *system = cluster_value(server, "postgres", "SELECT system_identifier FROM pg_control_system()");
    char *expected =
        shop_format("%s %d %s %s %s", cluster_socket_dir(server), cluster_port(server), database, oid, system);

    assert_string_equal(found, expected);
    free(expected);
    free(system);
    free(oid);
    free(found);
}

/* A name that resolves elsewhere, a restored copy: production on another server than at its last job is a person's to confirm. */
static void production_on_another_server_is_confirmed_by_a_person(void **state)
{
    struct shop *shop = *state;
    char *done = small_promoted(shop, "home"), *request = shop_acked(shop, "home", "home");
    char *there = cluster_value(second, "postgres", "SELECT system_identifier FROM pg_control_system()");
    char *here = cluster_value(cluster, "postgres", "SELECT system_identifier FROM pg_control_system()");
    cutover_project change = pointed_at("home", cluster_conninfo(second, "home_production"));
    cutover_error *error = NULL;

    struct json_object *preflight = preflight_of(shop, request);
    check_side(preflight, "production", cluster, "home_production");
    check_side(preflight, "preview", cluster, "home_preview");
    check_contains(json_object_to_json_string(preflight), "no other server than at the project's last job");
    json_object_put(preflight);

    shop_database(second, "home_production", small_production_sql());
    check_ok(cutover_registry_project_set(shop->registry, &change, &error), error);
    preflight = preflight_of(shop, request);
    check_side(preflight, "production", second, "home_production");
    assert_string_equal(json_object_get_string(json_object_object_get(preflight, "severity")), "block");
    json_object_put(preflight);
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request});
    check_status_keep(outcome.status, CUTOVER_E_PREFLIGHT, outcome.error);
    check_contains(cutover_error_detail(outcome.error), "on another server than at its last job");
    check_contains(cutover_error_detail(outcome.error), "confirm-server home");
    outcome_free(&outcome);

    check_status(cutover_project_confirm_server(shop->engine, &shop_member, "home", there, "moved", &error),
                 CUTOVER_E_FORBIDDEN, error);
    check_status(cutover_project_confirm_server(shop->engine, &shop_operator, "home", there, " ", &error),
                 CUTOVER_E_INVALID, error);
    check_status(cutover_project_confirm_server(shop->engine, &shop_operator, "home", here, "moved", &error),
                 CUTOVER_E_CONFLICT, error);
    check_ok(cutover_project_confirm_server(shop->engine, &shop_operator, "home", there, "moved", &error),
             error);
    assert_int_equal(entries_of(shop, "home", "project.server_confirmed"), 1);
    outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    char *name = cluster_value(second, "home_production", "SELECT name FROM generation LIMIT 1");
    assert_string_equal(name, "new");
    outcome_free(&outcome);
    free(name);
    free(here);
    free(there);
    free(request);
    free(done);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_promotion_killed_before_its_swap_is_undone),
        TEST(a_promotion_that_was_cancelled_before_its_process_was_killed_has_not_failed),
        TEST(a_promotion_killed_after_its_swap_is_completed),
        TEST(a_swap_that_was_lost_before_it_was_recorded_is_undone),
        TEST(a_killed_rollback_is_undone_or_completed_and_drops_nothing),
        TEST(a_killed_restore_is_undone_or_completed),
        TEST(a_killed_backup_is_failed_and_its_partial_archive_swept),
        TEST(a_killed_verification_leaves_the_backup_what_it_was),
        TEST(who_meets_unfinished_work_is_told_to_recover_it),
        TEST(a_job_that_lives_is_left_alone),
        TEST(a_job_that_lost_its_lease_says_so),
        TEST(a_job_whose_server_went_away_is_unsettled_until_it_is_recovered),
        TEST(a_job_of_another_machine_is_left_alone_until_it_was_silent_for_30_seconds),
        TEST(what_cannot_be_recovered_now_can_be_at_once_when_it_can),
        TEST(a_job_whose_production_is_gone_is_given_up),
        TEST(what_an_abandoned_job_left_is_tried_again),
        TEST(an_abandoning_that_is_killed_is_repeated),
        TEST(an_abandoning_that_is_killed_at_any_commit_is_repeated),
        TEST(a_swap_that_was_committed_is_completed_when_its_job_is_abandoned),
        TEST(a_project_is_not_pointed_elsewhere_under_its_job),
        TEST(production_on_another_server_is_confirmed_by_a_person),
    };

    if (argc >= 6 && strcmp(argv[1], "--act") == 0)
        return child(argv);
    return cmocka_run_group_tests_name("recover", tests, start_clusters, NULL);
}
