#include "support/seed.h"
#include "support/shop.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A promotion that does not swap leaves production as it was, whatever stopped it (P3). */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("max_connections = 80");
    shop_use(cluster);
    return 0;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Promotes project NAME, expects this status, and that production is as it was. */
static struct outcome promote_in_vain(struct shop *shop, const char *name, const char *request_id,
                                      const struct shop_promotion *how, cutover_status expected)
{
    struct shop_promotion promotion = *how;
    struct untouched before;
    char *production = shop_format("%s_production", name);

    promotion.request_id = request_id;
    untouched_look(&before, cluster, production);
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, expected, outcome.error);
    assert_string_equal(outcome_text(&outcome, "status"),
                        expected == CUTOVER_E_CANCELLED ? "cancelled" : "failed");
    assert_string_equal(outcome_text(&outcome, "error.code"), cutover_status_name(expected));
    assert_string_equal(outcome_text(&outcome, "error.step"), cutover_error_step(outcome.error));
    assert_string_equal(outcome_text(&outcome, "displaced_database"), "null");
    untouched_check(&before, shop, name, request_id);
    untouched_free(&before);
    free(production);
    return outcome;
}

/* The same request cannot be promoted again, but its preview can be asked for anew: nothing holds it. */
static void check_can_ask_again(struct shop *shop, const char *name, const char *request_id)
{
    struct shop_promotion again = {.request_id = request_id};
    struct outcome refused = shop_promote(shop, &again);

    assert_int_equal(refused.status, CUTOVER_E_STATE);
    outcome_free(&refused);
    free(shop_acked(shop, name, name));
}

/* ---- cancel ---- */

static int cancel_now(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    return 1;
}

static void cancel_at_each_step_leaves_production_as_it_was(void **state)
{
    static const char *const steps[] = {"lock", "backup", "verify", "stage", "check", "held", "swap"};
    struct shop *shop = *state;
    char *request = shop_ready(shop, "steps");
    struct shop_promotion promotion = {.hold = true, .verify = CUTOVER_VERIFY_RESTORE};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct shop_hook hooks[] = {{steps[i], cancel_now, NULL}, {NULL, NULL, NULL}};
        promotion.hooks = hooks;
        if (i == 0) {
            /* Before the lock nothing was claimed: the request stays acked. */
            promotion.request_id = request;
            struct outcome outcome = shop_promote(shop, &promotion);
            check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
            char *status = shop_request_status(shop, request);
            assert_string_equal(status, "acked");
            free(status);
            outcome_free(&outcome);
            continue;
        }
        if (strcmp(steps[i], "swap") == 0)
            promotion.hold = false;
        struct outcome outcome = promote_in_vain(shop, "steps", request, &promotion, CUTOVER_E_CANCELLED);
        assert_string_equal(cutover_error_step(outcome.error), steps[i]);
        assert_string_equal(outcome_text(&outcome, "production"),
                            "Production is as it was, and open for reads and writes.");
        outcome_free(&outcome);
        /* It is that of the next try. */
        char *status = shop_request_status(shop, request);
        assert_string_equal(status, "acked");
        free(status);
    }
    promotion = (struct shop_promotion){.request_id = request};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    assert_string_equal(outcome_text(&outcome, "production"),
                        "Production has the preview's content, and is open for reads and writes.");
    outcome_free(&outcome);
    free(request);
}

/* At whatever progress call: the promotion ends cancelled, and soon, or it is completed. */
static void cancel_at_any_tick_leaves_production_as_it_was(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "ticks");

    /* With a seed at each other of these. */
    unsigned stride = seed_samples() ? 8 : 4;
    for (unsigned tick = 3 + 4 * (unsigned)(seed_given() % (stride / 4));; tick += stride) {
        struct shop_promotion promotion = {
            .request_id = request, .verify = CUTOVER_VERIFY_RESTORE, .cancel_at_tick = tick};
        struct untouched before;
        untouched_look(&before, cluster, "ticks_production");
        struct outcome outcome = shop_promote(shop, &promotion);
        if (outcome.status == CUTOVER_E_CANCELLED && strcmp(outcome_text(&outcome, "job_id"), "null") != 0)
            untouched_check(&before, shop, "ticks", request);
        bool over = outcome.status != CUTOVER_E_CANCELLED;
        if (over)
            check_status_keep(outcome.status, CUTOVER_OK, outcome.error);
        untouched_free(&before);
        outcome_free(&outcome);
        if (over)
            break;
    }
    free(request);
}

struct canceller {
    cutover_promotion *job;
    const char *step;
    double asked_at;
};

static void *cancel_from_afar(void *context)
{
    struct canceller *canceller = context;
    const struct timespec look = {0, 1000 * 1000}, into_it = {0, 150 * 1000 * 1000};
    cutover_progress progress = CUTOVER_PROGRESS_INIT;

    do {
        nanosleep(&look, NULL);
        cutover_promotion_progress(canceller->job, &progress);
    } while (strcmp(progress.step, canceller->step) != 0 && strcmp(progress.step, "swap") != 0);
    nanosleep(&into_it, NULL);
    canceller->asked_at = seconds_now();
    cutover_promotion_cancel(canceller->job);
    return NULL;
}

/* A table whose index takes long to build: the cancel comes while a server works on one statement. */
static void cancel_from_another_thread_ends_it_soon(void **state)
{
    static const char *const steps[] = {"backup", "verify", "stage"};
    struct shop *shop = *state;

    free(shop_ready(shop, "afar"));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
        struct canceller canceller = {.step = steps[i]};
        struct untouched before;
        cutover_error *error = NULL;
        pthread_t thread;
        char *name = shop_format("afar%zu", i), *production = shop_format("%s_production", name);
        char *request = shop_ready(shop, name), *preview = shop_format("%s_preview", name);

        const char *slow =
            "CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE sql AS"
            " 'SELECT $1 FROM pg_catalog.pg_sleep(0.05)';"
            "CREATE TABLE slow_to_index (a int); INSERT INTO slow_to_index SELECT generate_series(1, 20);"
            "CREATE INDEX ON slow_to_index (slow(a));";
        cluster_sql(cluster, strcmp(steps[i], "stage") == 0 ? preview : production, slow);
        untouched_look(&before, cluster, production);
        options.actor = &shop_operator;
        options.request_id = request;
        check_ok(cutover_promotion_start(shop->engine, &options, &canceller.job, &error), error);
        assert_int_equal(pthread_create(&thread, NULL, cancel_from_afar, &canceller), 0);
        cutover_status status = cutover_promotion_run(canceller.job, &error);
        double ended_at = seconds_now();
        pthread_join(thread, NULL);
        check_status(status, CUTOVER_E_CANCELLED, error);
        assert_true(ended_at - canceller.asked_at < 5);
        cutover_promotion_free(canceller.job);
        untouched_check(&before, shop, name, request);
        untouched_free(&before);
        free(name);
        free(production);
        free(preview);
        free(request);
    }
}

/* ---- what cannot be promoted ---- */

/* EDGE_CASES A7: valid by the catalog, and not by the rows. */
static void rows_that_violate_a_foreign_key_fail_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "orphans");

    cluster_sql(
        cluster, "orphans_preview",
        "SET session_replication_role = replica; INSERT INTO orders VALUES (9999, '2026-01-01', 777777, 5)");
    struct outcome outcome =
        promote_in_vain(shop, "orphans", request, &(struct shop_promotion){.jobs = 2}, CUTOVER_E_POSTGRES);
    assert_string_equal(cutover_error_step(outcome.error), "stage");
    char *told =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    check_contains(told, "orders_person_fkey");
    check_contains(told, "777777");
    check_can_ask_again(shop, "orphans", request);
    free(told);
    outcome_free(&outcome);
    free(request);
}

/* An index whose function works by the search path of whoever calls it. From 17 on nobody makes such an index at once: the
   function came to lean on it later. */
#define LEANING_INDEX(on)                                                                                      \
    "CREATE FUNCTION inner_step(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper($1)';"              \
    "CREATE FUNCTION outer_step(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper($1)';"              \
    "CREATE INDEX by_outer_step ON " on ";"                                                                    \
    "CREATE OR REPLACE FUNCTION outer_step(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS"                   \
    "    'BEGIN RETURN inner_step($1); END'"

/* EDGE_CASES A1: it worked there, by the search path of whoever made it. */
static void schema_that_cannot_be_restored_fails_the_promotion_by_name(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "paths");

    cluster_sql(cluster, "paths_preview", LEANING_INDEX("people (outer_step(last))"));
    struct outcome outcome =
        promote_in_vain(shop, "paths", request, &(struct shop_promotion){.jobs = 2}, CUTOVER_E_POSTGRES);
    char *told =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    check_contains(told, "inner_step");
    check_contains(told, "by_outer_step");
    check_contains(cutover_error_hint(outcome.error), "public.outer_step(text)");
    check_contains(cutover_error_hint(outcome.error), "SET search_path");
    free(told);
    outcome_free(&outcome);
    free(request);
}

/* The same in production: the backup cannot be proved, so there is no cutover. */
static void backup_that_cannot_be_restored_fails_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "proof");

    cluster_sql(cluster, "proof_production", LEANING_INDEX("customers (outer_step(name))"));
    struct outcome outcome = promote_in_vain(
        shop, "proof", request, &(struct shop_promotion){.verify = CUTOVER_VERIFY_RESTORE}, CUTOVER_E_VERIFY);
    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_UNKNOWN);
    assert_string_equal(cutover_error_step(outcome.error), "verify");
    assert_string_equal(outcome_text(&outcome, "backup_verification.verdict"), "could not tell");
    outcome_free(&outcome);
    free(request);
}

/* ---- writers ---- */

struct writer {
    PGconn *connection;
    char sqlstate[8];
    long read;
};

static void writer_run(struct writer *writer, const char *sql, ExecStatusType expected)
{
    PGresult *result = PQexec(writer->connection, sql);

    if (PQresultStatus(result) != expected)
        fail_msg("%s: %s%s", sql, PQresStatus(PQresultStatus(result)), PQresultErrorMessage(result));
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    snprintf(writer->sqlstate, sizeof writer->sqlstate, "%s", sqlstate != NULL ? sqlstate : "");
    PQclear(result);
}

/* As a client sees production between the snapshot and the swap. */
static int write_and_read(struct shop *shop, void *context)
{
    struct writer writer = {.connection = PQconnectdb(context)};

    (void)shop;
    assert_int_equal(PQstatus(writer.connection), CONNECTION_OK);
    writer_run(&writer, "INSERT INTO generation VALUES ('mine')", PGRES_FATAL_ERROR);
    assert_string_equal(writer.sqlstate, "25006");
    writer_run(&writer, "SELECT name FROM generation", PGRES_TUPLES_OK);
    writer_run(&writer, "CREATE TABLE mine ()", PGRES_FATAL_ERROR);
    assert_string_equal(writer.sqlstate, "25006");
    writer_run(&writer, "SELECT nextval('invoice')", PGRES_FATAL_ERROR);
    assert_string_equal(writer.sqlstate, "25006");
    PQfinish(writer.connection);
    return 0;
}

/* Sessions that were there before are ended, so that none of them writes on. */
static int old_session_is_gone(struct shop *shop, void *context)
{
    struct writer *writer = context;

    (void)shop;
    PQclear(PQexec(writer->connection, "INSERT INTO generation VALUES ('mine')"));
    assert_int_equal(PQstatus(writer->connection), CONNECTION_BAD);
    return 0;
}

/* Until the backup production is as ever. */
static int write_freely(struct shop *shop, void *context)
{
    const char *database = context;

    (void)shop;
    cluster_sql(cluster, database, "INSERT INTO generation VALUES ('before the backup')");
    return 0;
}

static void by_an_early_fence_writes_are_refused_from_the_backup_on_and_reads_go_on(void **state)
{
    static const char rows_sql[] =
        "SELECT sum((xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', oid::regclass),"
        "  false, true, '')))[1]::text::int) FROM pg_class WHERE relkind = 'r'"
        "  AND relnamespace = 'public'::regnamespace";
    static char database[] = "writes_production";
    struct shop *shop = *state;
    char *request = shop_ready(shop, "writes");
    char *conninfo = strdup(cluster_conninfo(cluster, database));
    struct writer old = {.connection = PQconnectdb(conninfo)};
    const struct shop_hook hooks[] = {
        {"stage", write_freely, database},     {"check", write_freely, database},
        {"verify", old_session_is_gone, &old}, {"verify", write_and_read, conninfo},
        {"swap", write_and_read, conninfo},    {NULL, NULL, NULL},
    };
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks, .fence = CUTOVER_FENCE_EARLY};
    long rows = cluster_number(cluster, database, rows_sql);
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    assert_int_equal(atoi(outcome_text(&outcome, "sessions_ended")), 1);
    assert_int_equal(atoi(outcome_text(&outcome, "backup_verification.rows")), rows + 2);

    /* And it takes writes again when it is over. */
    cluster_sql(cluster, "writes_production", "INSERT INTO generation VALUES ('after')");
    outcome_free(&outcome);
    PQfinish(old.connection);
    free(conninfo);
    free(request);
}

/* Of each kind of change that a reader of the backup must meet: rows that come, change and go, a table that is emptied and filled, one
   that is only rewritten, a large object that is new, one that changed, one that is gone, a sequence that moved. */
static int write_of_all_kinds(struct shop *shop, void *context)
{
    const char *const *sql = context;

    (void)shop;
    cluster_sql(cluster, "catching_production", *sql);
    return 0;
}

/* What was displaced and the backup of it, as anybody's pg_restore reads it, are the same, to the row. */
static void backup_check(const struct outcome *outcome)
{
    char *displaced = strdup(outcome_text(outcome, "displaced_database"));
    char *open = shop_format("ALTER DATABASE %s ALLOW_CONNECTIONS true", displaced);

    cluster_sql(cluster, "postgres", open);
    char *expected = shop_dump(cluster, displaced);
    cluster_create_database(cluster, "restored");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-j2", "-d",
                              cluster_conninfo(cluster, "restored"), outcome_text(outcome, "backup_path"),
                              NULL});
    char *restored = shop_dump(cluster, "restored");
    check_same_text(restored, expected);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    free(displaced);
    free(open);
    free(expected);
    free(restored);
}

/* Nor is what was in it before it was brought forward: a verification finds whatever is no file of the archive. */
static void nothing_more_is_in_it(struct shop *shop, const char *backup_id)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_error *error = NULL;

    options.actor = &shop_operator;
    options.verify = CUTOVER_VERIFY_READBACK;
    check_ok(cutover_backup_verify(shop->engine, &options, backup_id, NULL, &error), error);
}

static void what_is_written_until_the_catch_up_is_in_the_backup(void **state)
{
    static const char *const content =
        "CREATE TABLE item (id int PRIMARY KEY, note text); INSERT INTO item SELECT n, 'item ' || n FROM "
        "generate_series(1, 2000) n; CREATE TABLE emptied AS TABLE item; CREATE TABLE rewritten AS TABLE item;"
        "CREATE TABLE wide AS SELECT n AS id, repeat(md5(n::text), 3000) AS v FROM generate_series(1, 30) n;"
        "CREATE TABLE calm AS TABLE item; SELECT lo_from_bytea(4701, 'one'), lo_from_bytea(4702, 'two')";
    static const char *const first =
        "UPDATE item SET note = 'changed' WHERE id % 7 = 0; DELETE FROM item WHERE id > 1900; TRUNCATE emptied;"
        "INSERT INTO emptied VALUES (1, 'new'); SELECT lo_put(4701, 0, 'ONE'), lo_unlink(4702),"
        " lo_from_bytea(4703, 'three')";
    static const char *const second =
        "INSERT INTO item SELECT n, 'late' FROM generate_series(3000, 3100) n; SELECT nextval('invoice');"
        "UPDATE wide SET v = v || 'x' WHERE id = 3; SELECT lo_put(4703, 0, 'THREE')";
    static const char *const rewrite = "VACUUM FULL rewritten";
    static char database[] = "catching_production";
    struct shop *shop = *state;
    char *request = shop_ready(shop, "catching");
    char *conninfo = strdup(cluster_conninfo(cluster, database));
    const struct shop_hook hooks[] = {{"verify", write_of_all_kinds, (void *)&first},
                                      {"catch_up", write_of_all_kinds, (void *)&second},
                                      {"catch_up", write_of_all_kinds, (void *)&rewrite},
                                      {"swap", write_and_read, conninfo},
                                      {NULL, NULL, NULL}};

    cluster_sql(cluster, database, content);
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){
                  .request_id = request, .hooks = hooks, .verify = CUTOVER_VERIFY_RESTORE, .jobs = 4});
    assert_int_equal(atoi(outcome_text(&outcome, "catch_up.rounds")), 1);
    assert_int_equal(atoi(outcome_text(&outcome, "catch_up.tables")), 4);
    assert_int_equal(atoi(outcome_text(&outcome, "catch_up.rows")), 1900 + 101 + 1 + 2000 + 30);

    backup_check(&outcome);
    nothing_more_is_in_it(shop, outcome_text(&outcome, "pre_cutover_backup_id"));
    outcome_free(&outcome);
    free(conninfo);
    free(request);
}

static int alter(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    cluster_sql(cluster, "altered_production", "ALTER TABLE generation ADD COLUMN extra int DEFAULT 1");
    return 0;
}

static void a_definition_that_changes_while_the_backup_is_verified_fails_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "altered");
    const struct shop_hook hooks[] = {{"verify", alter, NULL}, {NULL, NULL, NULL}};
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});

    check_status_keep(outcome.status, CUTOVER_E_CONFLICT, outcome.error);
    assert_string_equal(cutover_error_step(outcome.error), "catch_up");
    check_contains(cutover_error_message(outcome.error), "production was altered while the job ran");
    check_contains(cutover_error_detail(outcome.error), "column public.generation.extra");
    assert_int_equal(shop->traffic.pauses, 0);
    /* What was no backup yet is not kept. */
    assert_false(shop_has_partials(shop));
    cluster_sql(cluster, "altered_production", "INSERT INTO generation VALUES ('open', 2)");
    check_can_ask_again(shop, "altered", request);
    outcome_free(&outcome);
    free(request);
}

/* While the preview is copied production is open for whatever preflight would have blocked. */
static int subscribe(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    cluster_sql(
        cluster, "later_production",
        "CREATE SUBSCRIPTION came_later CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)");
    return 0;
}

static void what_comes_up_in_production_meanwhile_fails_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "later");
    const struct shop_hook hooks[] = {{"check", subscribe, NULL}, {NULL, NULL, NULL}};
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});

    check_status_keep(outcome.status, CUTOVER_E_PREFLIGHT, outcome.error);
    assert_string_equal(cutover_error_step(outcome.error), "backup");
    check_contains(cutover_error_detail(outcome.error), "production.subscriptions");
    check_contains(cutover_error_detail(outcome.error), "came_later");
    char *project = shop_project_state(shop, "later"), *status = shop_request_status(shop, request);
    assert_string_equal(project, "active");
    assert_string_equal(status, "failed");
    cluster_sql(cluster, "later_production",
                "ALTER SUBSCRIPTION came_later SET (slot_name = NONE); DROP SUBSCRIPTION came_later");
    check_can_ask_again(shop, "later", request);
    outcome_free(&outcome);
    free(project);
    free(status);
    free(request);
}

static int evade(struct shop *shop, void *context)
{
    struct writer *writer = context;

    (void)shop;
    writer->connection = PQconnectdb(cluster_conninfo(cluster, "evade_production"));
    writer_run(writer, "SET default_transaction_read_only = off", PGRES_COMMAND_OK);
    writer_run(writer, "INSERT INTO generation VALUES ('evaded')", PGRES_COMMAND_OK);
    return 0;
}

/* A client may set its transactions read-write by itself: the row that it wrote is in no backup, so there is no cutover, and
   the row stays where it was written (P2). */
static void a_write_that_slips_through_fails_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "evade");
    struct writer writer = {0};
    const struct shop_hook hooks[] = {{"swap", evade, &writer}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);

    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
    assert_string_equal(cutover_error_step(outcome.error), "swap");
    char *told =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    check_contains(told, "generation");
    assert_int_equal(
        cluster_number(cluster, "evade_production", "SELECT count(*) FROM generation WHERE name = 'evaded'"),
        1);
    cluster_sql(cluster, "evade_production", "INSERT INTO generation VALUES ('open again')");
    char *project = shop_project_state(shop, "evade"), *status = shop_request_status(shop, request);
    assert_string_equal(project, "active");
    assert_string_equal(status, "failed");
    assert_int_equal(shop->traffic.pauses, 1);
    assert_int_equal(shop->traffic.resumes, 1);
    assert_int_equal(shop->traffic.syncs, 0);
    check_can_ask_again(shop, "evade", request);
    PQfinish(writer.connection);
    outcome_free(&outcome);
    free(told);
    free(project);
    free(status);
    free(request);
}

/* Likewise when all it did was to take a number. */
static int evade_by_sequence(struct shop *shop, void *context)
{
    struct writer *writer = context;

    (void)shop;
    writer->connection = PQconnectdb(cluster_conninfo(cluster, "numbers_production"));
    writer_run(writer, "SET default_transaction_read_only = off", PGRES_COMMAND_OK);
    writer_run(writer, "SELECT nextval('invoice')", PGRES_TUPLES_OK);
    return 0;
}

static void a_number_that_was_taken_fails_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "numbers");
    struct writer writer = {0};
    const struct shop_hook hooks[] = {{"swap", evade_by_sequence, &writer}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);

    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
    assert_int_equal(cluster_number(cluster, "numbers_production", "SELECT nextval('invoice')"), 1001);
    PQfinish(writer.connection);
    outcome_free(&outcome);
    free(request);
}

/* It counts as little as VACUUM FULL does, which is none: the rows that are left tell. */
static int evade_by_truncate(struct shop *shop, void *context)
{
    struct writer *writer = context;

    (void)shop;
    writer->connection = PQconnectdb(cluster_conninfo(cluster, "emptied_production"));
    writer_run(writer, "VACUUM FULL", PGRES_COMMAND_OK);
    writer_run(writer, "SET default_transaction_read_only = off", PGRES_COMMAND_OK);
    writer_run(writer, "TRUNCATE generation", PGRES_COMMAND_OK);
    PQfinish(writer->connection);
    return 0;
}

static void a_table_that_was_emptied_fails_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "emptied");
    struct writer writer = {0};
    const struct shop_hook hooks[] = {{"swap", evade_by_truncate, &writer}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);

    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_detail(outcome.error), "public.generation: rewritten");
    assert_int_equal(shop->traffic.pauses, 0);
    outcome_free(&outcome);
    free(request);
}

static int rewrite_the_extensions(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    cluster_sql(cluster, "theirs_production", "VACUUM FULL spare");
    return 0;
}

/* A backup has no rows of an extension's table: nobody is accused of a write. */
static void an_extensions_table_that_was_rewritten_cannot_be_told(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "theirs");
    const struct shop_hook hooks[] = {{"swap", rewrite_the_extensions, NULL}, {NULL, NULL, NULL}};

    cluster_sql(cluster, "theirs_production",
                "CREATE TABLE spare AS SELECT 1 AS a; ALTER EXTENSION plpgsql ADD TABLE spare");
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});
    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_UNKNOWN);
    check_contains(cutover_error_message(outcome.error), "the backup has not all rows of the relation");
    check_contains(cutover_error_detail(outcome.error), "public.spare: rewritten");
    check_contains(cutover_error_hint(outcome.error), "belongs to an extension");
    outcome_free(&outcome);
    free(request);
}

/* ---- the lock ---- */

/* The session that took the lock on production's server. */
static struct {
    bool wanted;
    PGconn *session;
} holder;

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats, int result_format)
{
    int (*real)(PGconn *, const char *, int, const Oid *, const char *const *, const int *, const int *, int);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQueryParams");
    if (holder.wanted && strstr(sql, "pg_try_advisory_lock") != NULL) {
        holder.session = connection;
        holder.wanted = false;
    }
    return real(connection, sql, count, types, values, lengths, formats, result_format);
}

/* As a pooler does that gives a session to the next client, and as nothing should. */
static int lose_lock(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    assert_non_null(holder.session);
    PGresult *result = PQexec(holder.session, "SELECT pg_advisory_unlock_all()");
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
    return 0;
}

/* Somebody else may have it by now, and production with it: the session is asked right before the swap. */
static void a_promoter_that_lost_its_lock_does_not_swap(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "unlocked");
    const struct shop_hook hooks[] = {{"swap", lose_lock, NULL}, {NULL, NULL, NULL}};

    holder.wanted = true;
    struct outcome outcome =
        promote_in_vain(shop, "unlocked", request, &(struct shop_promotion){.hooks = hooks}, CUTOVER_E_LOCKED);
    assert_string_equal(cutover_error_step(outcome.error), "swap");
    check_contains(cutover_error_message(outcome.error), "no longer holds the lock");
    assert_int_equal(shop->traffic.pauses, 0);
    check_can_ask_again(shop, "unlocked", request);
    outcome_free(&outcome);
    free(request);
}

/* ---- the host's hooks ---- */

static void a_pause_that_fails_fails_the_promotion_and_is_resumed(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "pause");

    shop->traffic.pause_fails = true;
    struct outcome outcome =
        promote_in_vain(shop, "pause", request, &(struct shop_promotion){0}, CUTOVER_E_CALLBACK);
    assert_string_equal(cutover_error_step(outcome.error), "swap");
    char *told =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    check_contains(told, "the pooler did not pause");
    assert_int_equal(shop->traffic.pauses, 1);
    assert_int_equal(shop->traffic.resumes, 1);
    free(told);
    outcome_free(&outcome);
    free(request);
}

static void hooks_that_fail_after_the_swap_are_warnings(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "resume");

    shop->traffic.resume_fails = shop->traffic.sync_fails = true;
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    check_contains(outcome_text(&outcome, "warnings"), "the pooler did not resume");
    check_contains(outcome_text(&outcome, "warnings"), "the site was not rebuilt");
    outcome_free(&outcome);
    free(request);
}

/* ---- several at once ---- */

struct racer {
    struct shop *shop;
    const char *request;
    struct outcome outcome;
};

static void *race(void *context)
{
    struct racer *racer = context;
    struct shop_promotion promotion = {.request_id = racer->request};

    racer->outcome = shop_promote(racer->shop, &promotion);
    return NULL;
}

/* Two engines as two processes would have them, two requests of one project: one runs, the other is told. */
static void two_promotions_of_one_project_do_not_both_run(void **state)
{
    struct shop *shop = *state, other;
    char *request = shop_ready(shop, "race");

    shop_open(&other, cluster, shop->home);
    shop_database(cluster, "race_preview2", shop_preview_sql());
    shop_preview(shop, "race2", "race", cluster_conninfo(cluster, "race_preview2"), 0);
    char *second = shop_acked(shop, "race", "race2");
    struct racer racers[2] = {{.shop = shop, .request = request}, {.shop = &other, .request = second}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);

    int lost = racers[0].outcome.status == CUTOVER_OK ? 1 : 0;
    struct outcome *loser = &racers[lost].outcome;
    check_ok(racers[1 - lost].outcome.status, racers[1 - lost].outcome.error);
    /* The later may also have come when the first was done: then it was a cutover of its own. */
    if (loser->status != CUTOVER_OK) {
        /* Its preflight may also have met a production that was being fenced or swapped just then. */
        if (loser->status != CUTOVER_E_PREFLIGHT)
            check_status_keep(loser->status, CUTOVER_E_LOCKED, loser->error);
        char *status = shop_request_status(shop, racers[lost].request);
        assert_string_equal(status, "acked");
        free(status);
    }
    char *project = shop_project_state(shop, "race");
    assert_string_equal(project, "active");
    free(project);
    outcome_free(&racers[0].outcome);
    outcome_free(&racers[1].outcome);
    shop_close(&other);
    free(request);
    free(second);
}

static void check_preflight_finds(struct shop *shop, const char *request_id, const char *check)
{
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;
    bool found = false;

    check_ok(cutover_preflight_run(shop->engine, &shop_operator, request_id, 0, &preflight, &error), error);
    for (size_t i = 0; i < cutover_preflight_count(preflight); i++) {
        const cutover_finding *finding = cutover_preflight_at(preflight, i);
        found = found || (strcmp(finding->check, check) == 0 && finding->severity == CUTOVER_SEVERITY_BLOCK);
    }
    if (!found)
        fail_msg("no %s in %s", check, cutover_preflight_json(preflight));
    cutover_preflight_free(preflight);
}

/* Asked while the first is known to run: exactly one, every time. */
static int start_another(struct shop *shop, void *context)
{
    struct racer *racer = context;
    struct shop_promotion promotion = {.request_id = racer->request};

    (void)shop;
    racer->outcome = shop_promote(racer->shop, &promotion);
    check_preflight_finds(racer->shop, racer->request, "request.rules");
    return 0;
}

static void a_running_promotion_refuses_another_of_its_project(void **state)
{
    struct shop *shop = *state, other;
    char *request = shop_ready(shop, "busy");

    shop_open(&other, cluster, shop->home);
    shop_database(cluster, "busy_preview2", shop_preview_sql());
    shop_preview(shop, "busy2", "busy", cluster_conninfo(cluster, "busy_preview2"), 0);
    char *second = shop_acked(shop, "busy", "busy2");
    struct racer again = {.shop = &other, .request = second};
    const struct shop_hook hooks[] = {{"stage", start_another, &again}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    check_status_keep(again.outcome.status, CUTOVER_E_LOCKED, again.outcome.error);
    assert_non_null(cutover_error_hint(again.outcome.error));
    assert_null(again.outcome.report);
    outcome_free(&again.outcome);
    outcome_free(&outcome);
    shop_close(&other);
    free(request);
    free(second);
}

/* Two engines with stores of their own in one process, at the same time. */
static void two_engines_promote_side_by_side(void **state)
{
    struct shop *shop = *state, other;
    pthread_t threads[2];

    shop_open(&other, cluster, NULL);
    char *one = shop_ready(shop, "left"), *two = shop_ready(&other, "right");
    struct racer racers[2] = {{.shop = shop, .request = one}, {.shop = &other, .request = two}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        check_ok(racers[i].outcome.status, racers[i].outcome.error);
        outcome_free(&racers[i].outcome);
    }
    static const char *const databases[] = {"left_production", "right_production"};
    for (int i = 0; i < 2; i++) {
        char *name = cluster_value(cluster, databases[i], "SELECT name FROM generation");
        assert_string_equal(name, "new");
        free(name);
    }
    shop_close(&other);
    free(one);
    free(two);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cancel_at_each_step_leaves_production_as_it_was),
        TEST(cancel_at_any_tick_leaves_production_as_it_was),
        TEST(cancel_from_another_thread_ends_it_soon),
        TEST(rows_that_violate_a_foreign_key_fail_the_promotion),
        TEST(schema_that_cannot_be_restored_fails_the_promotion_by_name),
        TEST(backup_that_cannot_be_restored_fails_the_promotion),
        TEST(by_an_early_fence_writes_are_refused_from_the_backup_on_and_reads_go_on),
        TEST(what_is_written_until_the_catch_up_is_in_the_backup),
        TEST(a_definition_that_changes_while_the_backup_is_verified_fails_the_promotion),
        TEST(what_comes_up_in_production_meanwhile_fails_the_promotion),
        TEST(a_write_that_slips_through_fails_the_promotion),
        TEST(a_number_that_was_taken_fails_the_promotion),
        TEST(a_table_that_was_emptied_fails_the_promotion),
        TEST(an_extensions_table_that_was_rewritten_cannot_be_told),
        TEST(a_promoter_that_lost_its_lock_does_not_swap),
        TEST(a_pause_that_fails_fails_the_promotion_and_is_resumed),
        TEST(hooks_that_fail_after_the_swap_are_warnings),
        TEST(two_promotions_of_one_project_do_not_both_run),
        TEST(a_running_promotion_refuses_another_of_its_project),
        TEST(two_engines_promote_side_by_side),
    };

    return cmocka_run_group_tests_name("failed promotion", tests, start_cluster, NULL);
}
