#include "support/ways_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Rollback: the old production under production's name again, by the same guarded swap (EDGE_CASES E22). */

static struct cluster *cluster;

/* Autovacuum comes to every table that was just filled, and soon. */
static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("max_prepared_transactions = 4\nautovacuum_naptime = 1s\n"
                            "autovacuum_vacuum_insert_threshold = 10\n"
                            "autovacuum_vacuum_insert_scale_factor = 0");
    shop_use(cluster);
    cluster_sql(cluster, "postgres",
                "CREATE ROLE keeper; CREATE ROLE heir; CREATE ROLE app LOGIN; CREATE ROLE reader");
    return 0;
}

static void check_generation(const char *database, const char *expected)
{
    char *found = cluster_value(cluster, database, "SELECT name FROM generation LIMIT 1");

    assert_string_equal(found, expected);
    free(found);
}

static void check_request(struct shop *shop, const char *request, const char *project, const char *expected)
{
    char *status = shop_request_status(shop, request), *state = shop_project_state(shop, project);

    assert_string_equal(status, expected);
    assert_string_equal(state, "active");
    free(status);
    free(state);
}

static void check_last_word(char *words, const char *expected)
{
    size_t length = strlen(words), wanted = strlen(expected);

    if (length < wanted || strcmp(words + length - wanted, expected) != 0)
        fail_msg("\"%s\" does not end with \"%s\"", words, expected);
    free(words);
}

/* A rollback that did not swap: production as it was, open and writable, and what it displaced still there, closed. */
static void check_not_rolled_back(struct shop *shop, const char *project, const char *request,
                                  const char *displaced_oid)
{
    char *production = shop_format("%s_production", project);
    char *name = displaced_only(shop, project);
    char *oid = database_fact(cluster, name, "oid"), *open = database_fact(cluster, name, "datallowconn");

    check_generation(production, "new");
    cluster_sql(cluster, production, "CREATE TABLE can_write (); DROP TABLE can_write");
    check_request(shop, request, project, "completed");
    assert_string_equal(oid, displaced_oid);
    assert_string_equal(open, "f");
    assert_int_equal(shop->traffic.pauses, shop->traffic.resumes);
    free(production);
    free(name);
    free(oid);
    free(open);
}

/* ---- the whole of it ---- */

static void properties_then(void)
{
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE all_production OWNER TO keeper;"
                "REVOKE ALL ON DATABASE all_production FROM PUBLIC;"
                "GRANT CONNECT, TEMPORARY ON DATABASE all_production TO app;"
                "GRANT CREATE ON DATABASE all_production TO reader;"
                "ALTER DATABASE all_production SET work_mem = '5MB';"
                "ALTER DATABASE all_production SET lock_timeout = '9s';"
                "ALTER ROLE app IN DATABASE all_production SET statement_timeout = '1min';"
                "ALTER ROLE app IN DATABASE all_production SET default_transaction_read_only = off;"
                "ALTER ROLE reader IN DATABASE all_production SET work_mem = '6MB';"
                "ALTER DATABASE all_production CONNECTION LIMIT 40;"
                "COMMENT ON DATABASE all_production IS 'then'");
}

static void properties_since(void)
{
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE all_production OWNER TO heir;"
                "REVOKE ALL ON DATABASE all_production FROM reader;"
                "GRANT CONNECT ON DATABASE all_production TO reader WITH GRANT OPTION;"
                "ALTER DATABASE all_production SET work_mem = '8MB';"
                "ALTER DATABASE all_production RESET lock_timeout;"
                "ALTER ROLE app IN DATABASE all_production SET statement_timeout = '2min';"
                "ALTER ROLE reader IN DATABASE all_production RESET work_mem;"
                "ALTER ROLE keeper IN DATABASE all_production SET search_path = public, pg_temp;"
                "ALTER DATABASE all_production CONNECTION LIMIT 41;"
                "COMMENT ON DATABASE all_production IS 'now'");
}

static void check_displaced(struct shop *shop, const struct outcome *outcome, const char *oid,
                            const char *content, const char *request)
{
    const char *name = outcome_text(outcome, "displaced_database");
    char *found = database_fact(cluster, name, "oid"), *listed = displaced_names(shop, "all");
    char *expected = shop_format("%s %s", name, request);

    assert_string_equal(found, oid);
    assert_string_equal(listed, expected);
    free(closed_value(cluster, name, "SELECT 1"));
    char *dump = shop_dump(cluster, name);
    check_same_text(dump, content);
    free(found);
    free(listed);
    free(expected);
    free(dump);
}

static void check_report(const struct outcome *outcome, const char *request)
{
    static const char *const names[] = {"preflight", "lock", "check", "swap", "finish"};
    struct json_object *steps = json_object_object_get(outcome->report, "steps");

    assert_string_equal(outcome_text(outcome, "request_id"), request);
    assert_int_equal(strlen(outcome_text(outcome, "job_id")), 36);
    assert_string_equal(outcome_text(outcome, "status"), "rolled_back");
    assert_string_equal(outcome_text(outcome, "writes_since_cutover"), "none");
    assert_true(atof(outcome_text(outcome, "reads_unavailable_ms")) > 0);
    assert_int_equal(atoi(outcome_text(outcome, "sessions_ended")), 1);
    assert_int_equal(json_object_array_length(json_object_object_get(outcome->report, "warnings")), 0);
    assert_int_equal(json_object_array_length(steps), sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(
            json_object_get_string(json_object_object_get(json_object_array_get_idx(steps, i), "name")),
            names[i]);
}

/* EDGE_CASES C7, C8: what the project keeps is what production has now, not what it had at its cutover. */
static void old_production_comes_back_with_what_the_project_has_now(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "all");
    struct shop_promotion promotion = {.request_id = request};

    properties_then();
    char *old_oid = database_fact(cluster, "all_production", "oid");
    char *old_content = shop_dump(cluster, "all_production");
    struct outcome promoted = shop_promote_ok(shop, &promotion);
    properties_since();
    char *new_oid = database_fact(cluster, "all_production", "oid");
    char *new_content = shop_dump(cluster, "all_production");
    char *properties = shop_properties(cluster, "all_production");
    PGconn *client = cluster_connect(cluster, "all_production");

    struct outcome outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));
    check_ok(outcome.status, outcome.error);
    check_report(&outcome, request);
    PQclear(PQexec(client, "SELECT 1"));
    assert_int_equal(PQstatus(client), CONNECTION_BAD);
    PQfinish(client);
    char *oid = database_fact(cluster, "all_production", "oid");
    char *content = shop_dump(cluster, "all_production");
    char *properties_after = shop_properties(cluster, "all_production");
    assert_string_equal(oid, old_oid);
    check_same_text(content, old_content);
    assert_string_equal(properties_after, properties);
    /* No fence is left: whoever comes next can write. */
    cluster_sql(cluster, "all_production", "INSERT INTO generation VALUES ('back'); SELECT nextval('invoice')");
    PGconn *app = PQconnectdb(cluster_conninfo_as(cluster, "all_production", "app"));
    PGresult *result = PQexec(app, "SHOW transaction_read_only");
    assert_string_equal(PQgetvalue(result, 0, 0), "off");
    PQclear(result);
    PQfinish(app);

    check_displaced(shop, &outcome, new_oid, new_content, request);
    check_request(shop, request, "all", "rolled_back");
    check_last_word(shop_audit(shop, "all"),
                    " production_overwrite_restore cutover.rollback_started cutover.rolled_back");
    check_last_word(shop_events(shop, "all"),
                    " job.completed cutover.rollback_started cutover.rolled_back job.completed");
    assert_int_equal(shop->traffic.pauses, 2);
    assert_int_equal(shop->traffic.resumes, 2);
    assert_int_equal(shop->traffic.syncs, 2); /* the cutover's and the rollback's */
    outcome_free(&promoted);
    outcome_free(&outcome);
    free(old_oid);
    free(old_content);
    free(new_oid);
    free(new_content);
    free(properties);
    free(oid);
    free(content);
    free(properties_after);
    free(request);
}

static void reading_and_vacuum_are_no_writes(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "reads");

    cluster_sql(cluster, "reads_production", "SELECT count(*) FROM items JOIN generation ON true");
    cluster_sql(cluster, "reads_production", "ANALYZE");
    cluster_sql(cluster, "reads_production", "VACUUM");
    cluster_sql(cluster, "reads_production", "VACUUM (FREEZE, ANALYZE)");
    cluster_sql(cluster, "reads_production", "SELECT last_value FROM invoice; SELECT lo_get(78)");
    free(shop_dump(cluster, "reads_production"));
    struct outcome outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));
    check_ok(outcome.status, outcome.error);
    check_generation("reads_production", "old");
    outcome_free(&outcome);
    free(request);
}

static void check_refused(const struct outcome *outcome, const char *writes, const char *message)
{
    check_status_keep(outcome->status, CUTOVER_E_STATE, outcome->error);
    check_contains(cutover_error_message(outcome->error), message);
    check_contains(cutover_error_hint(outcome->error), "discard");
    assert_string_equal(outcome_text(outcome, "writes_since_cutover"), writes);
    assert_string_equal(outcome_text(outcome, "error.code"), "CUTOVER_E_STATE");
    assert_string_equal(outcome_text(outcome, "displaced_database"), "null");
}

/* Said to be discarded, they are not: they stay in what is displaced. */
static void check_discarded(struct shop *shop, const char *request)
{
    struct outcome outcome = rollback_run_out(rollback_started(shop, request, true, CUTOVER_WRITES_SOME));

    check_ok(outcome.status, outcome.error);
    assert_string_equal(outcome_text(&outcome, "writes_since_cutover"), "some");
    check_generation("insert_production", "old");
    char *kept = closed_value(cluster, outcome_text(&outcome, "displaced_database"),
                              "SELECT label FROM items WHERE id = 9000");
    assert_string_equal(kept, "written since");
    free(kept);
    outcome_free(&outcome);
}

/* EDGE_CASES E22: an INSERT, a number that was taken, a change of the schema: each alone. */
static void any_write_since_the_cutover_refuses_the_rollback(void **state)
{
    static const char *const writes[][2] = {
        {"insert", "INSERT INTO items (id, label) VALUES (9000, 'written since')"},
        {"number", "SELECT nextval('invoice')"},
        {"schema", "CREATE VIEW since AS SELECT 1 AS one"},
    };
    struct shop *shop = *state;

    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        char *request = small_promoted(shop, writes[i][0]);
        char *production = shop_format("%s_production", writes[i][0]);
        char *displaced = displaced_only(shop, writes[i][0]);
        char *oid = database_fact(cluster, displaced, "oid"), *audit = shop_audit(shop, writes[i][0]);

        cluster_sql(cluster, production, writes[i][1]);
        struct outcome outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_SOME));
        check_refused(&outcome, "some", "written to since the cutover");
        assert_string_equal(outcome_text(&outcome, "status"), "refused");
        assert_string_equal(cutover_error_step(outcome.error), "preflight");
        check_not_rolled_back(shop, writes[i][0], request, oid);
        check_last_word(shop_audit(shop, writes[i][0]), audit);
        if (i == 0)
            check_discarded(shop, request);
        outcome_free(&outcome);
        free(request);
        free(production);
        free(displaced);
        free(oid);
        free(audit);
    }
}

static void what_cannot_be_told_refuses_the_rollback(void **state)
{
    static const char *const how[] = {"reset", "fast"};
    struct shop *shop = *state;

    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        char *request = small_promoted(shop, how[i]), *production = shop_format("%s_production", how[i]);
        char *displaced = displaced_only(shop, how[i]), *oid = database_fact(cluster, displaced, "oid");

        if (strcmp(how[i], "reset") == 0)
            cluster_sql(cluster, production, "SELECT pg_stat_reset()");
        else
            cluster_restart(cluster, how[i]);
        struct outcome refused =
            rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_UNKNOWN));
        check_refused(&refused, "cannot be told", "cannot be told");
        check_not_rolled_back(shop, how[i], request, oid);
        struct outcome outcome =
            rollback_run_out(rollback_started(shop, request, true, CUTOVER_WRITES_UNKNOWN));
        check_ok(outcome.status, outcome.error);
        check_generation(production, "old");
        outcome_free(&refused);
        outcome_free(&outcome);
        free(request);
        free(production);
        free(displaced);
        free(oid);
    }
}

static void a_write_between_start_and_run_refuses_the_rollback(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "between"), *displaced = displaced_only(shop, "between");
    char *oid = database_fact(cluster, displaced, "oid");
    cutover_rollback *job = rollback_started(shop, request, false, CUTOVER_WRITES_NONE);

    cluster_sql(cluster, "between_production", "DELETE FROM items WHERE id = 1");
    struct outcome outcome = rollback_run_out(job);
    check_refused(&outcome, "some", "written to since the cutover");
    check_not_rolled_back(shop, "between", request, oid);
    outcome_free(&outcome);
    free(request);
    free(displaced);
    free(oid);
}

static void write_now(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "INSERT INTO generation VALUES ('in the last moment')");
}

/* After every look that was made with the door open: the proof behind it is what counts. */
static void a_write_in_the_last_moment_is_caught_behind_the_door(void **state)
{
    struct shop *shop = *state;
    char production[] = "moment_production";
    char *request = small_promoted(shop, "moment"), *displaced = displaced_only(shop, "moment");
    char *oid = database_fact(cluster, displaced, "oid");

    shop->traffic.while_paused = write_now;
    shop->traffic.context = production;
    struct outcome outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));
    shop->traffic.while_paused = NULL;
    check_refused(&outcome, "some", "written to since the cutover");
    assert_string_equal(outcome_text(&outcome, "status"), "failed");
    assert_string_equal(cutover_error_step(outcome.error), "swap");
    check_not_rolled_back(shop, "moment", request, oid);
    assert_int_equal(cluster_number(cluster, production, "SELECT count(*) FROM generation"), 2);
    check_last_word(shop_events(shop, "moment"),
                    "job.completed cutover.rollback_started cutover.rollback_failed job.failed");
    outcome_free(&outcome);

    /* It is said now that it may go. */
    outcome = rollback_run_out(rollback_started(shop, request, true, CUTOVER_WRITES_SOME));
    check_ok(outcome.status, outcome.error);
    check_generation(production, "old");
    outcome_free(&outcome);
    free(request);
    free(displaced);
    free(oid);
}

/* ---- what is refused ---- */

static void check_error(cutover_error *error, const char *message, const char *hint)
{
    check_contains(cutover_error_message(error), message);
    if (hint != NULL)
        check_contains(cutover_error_hint(error), hint);
    cutover_error_free(error);
}

static int try_rollback(struct shop *shop, void *context)
{
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *job = NULL;
    cutover_error *error = NULL;

    options.actor = &shop_operator;
    options.request_id = context;
    check_status(cutover_rollback_start(shop->engine, &options, &job, &error), CUTOVER_E_LOCKED, error);
    return 0;
}

/* The one that came last goes first; then the one before it is as good as new. */
static void cutovers_are_rolled_back_in_turn(void **state)
{
    struct shop *shop = *state;
    char *first = small_promoted(shop, "turn");
    char *second = shop_acked(shop, "turn", "turn");

    cluster_sql(cluster, "turn_preview", "UPDATE generation SET name = 'newer'");
    const struct shop_hook hooks[] = {{"stage", try_rollback, first}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = second, .hooks = hooks};
    struct outcome promoted = shop_promote_ok(shop, &promotion);
    check_generation("turn_production", "newer");
    check_error(rollback_refused(shop, &shop_operator, first, CUTOVER_E_STATE), "replaced since",
                "Roll back what replaced it");

    struct outcome outcome = rollback_run_out(rollback_started(shop, second, false, CUTOVER_WRITES_NONE));
    check_ok(outcome.status, outcome.error);
    check_generation("turn_production", "new");
    outcome_free(&outcome);
    outcome = rollback_run_out(rollback_started(shop, first, false, CUTOVER_WRITES_NONE));
    check_ok(outcome.status, outcome.error);
    check_generation("turn_production", "old");
    outcome_free(&outcome);
    outcome_free(&promoted);
    free(first);
    free(second);
}

static void without_the_displaced_database_there_is_no_rollback(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "gone"), *displaced = displaced_only(shop, "gone");
    cutover_error *error = NULL;

    check_ok(cutover_displaced_drop(shop->engine, &shop_operator, "gone", displaced, &error), error);
    error = rollback_refused(shop, &shop_operator, request, CUTOVER_E_STATE);
    check_contains(cutover_error_message(error), displaced);
    check_error(error, "is gone", "pre-cutover backup");
    check_generation("gone_production", "new");
    check_request(shop, request, "gone", "completed");
    free(request);
    free(displaced);
}

/* ---- what fails ---- */

/* EDGE_CASES E10: it would block the rename for seconds, and cannot be ended. */
static void prepare(const char *database)
{
    cluster_sql(cluster, database, "BEGIN; SELECT count(*) FROM items; PREPARE TRANSACTION 'left behind'");
}

static void a_rollback_that_fails_leaves_both_databases_as_they_were(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "fails"), *displaced = displaced_only(shop, "fails");
    char *oid = database_fact(cluster, displaced, "oid");

    shop->traffic.pause_fails = true;
    struct outcome outcome = rollback_run_out(rollback_started(shop, request, true, CUTOVER_WRITES_NONE));
    shop->traffic.pause_fails = false;
    check_status_keep(outcome.status, CUTOVER_E_CALLBACK, outcome.error);
    assert_string_equal(outcome_text(&outcome, "status"), "failed");
    check_not_rolled_back(shop, "fails", request, oid);
    outcome_free(&outcome);

    prepare("fails_production");
    outcome = rollback_run_out(rollback_started(shop, request, true, CUTOVER_WRITES_SOME));
    assert_int_not_equal(outcome.status, CUTOVER_OK);
    char *told =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    check_contains(told, "left behind");
    free(told);
    check_not_rolled_back(shop, "fails", request, oid);
    cluster_sql(cluster, "fails_production", "ROLLBACK PREPARED 'left behind'");
    outcome_free(&outcome);

    outcome = rollback_run_out(rollback_started(shop, request, true, CUTOVER_WRITES_SOME));
    check_ok(outcome.status, outcome.error);
    check_generation("fails_production", "old");
    outcome_free(&outcome);
    free(request);
    free(displaced);
    free(oid);
}

/* ---- at the same time ---- */

static void *run_one(void *context)
{
    struct outcome *outcome = context;

    *outcome = rollback_run_out((cutover_rollback *)(void *)outcome->report);
    return NULL;
}

static void a_completed_cutover_is_rolled_back_once_and_by_an_operator(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "both");
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcomes[2] = {{0}};
    pthread_t threads[2];
    int won = 0;

    cutover_error_free(rollback_refused(shop, &shop_operator, request, CUTOVER_E_STATE));
    struct outcome promoted = shop_promote_ok(shop, &promotion);
    outcome_free(&promoted);
    cutover_error_free(rollback_refused(shop, &shop_member, request, CUTOVER_E_FORBIDDEN));
    cutover_error_free(rollback_refused(shop, &shop_org_admin, request, CUTOVER_E_FORBIDDEN));
    cutover_error_free(
        rollback_refused(shop, &shop_operator, "01890000-0000-7000-8000-000000000000", CUTOVER_E_NOT_FOUND));
    for (int i = 0; i < 2; i++)
        outcomes[i].report = (void *)rollback_started(shop, request, false, CUTOVER_WRITES_NONE);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_one, &outcomes[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        won += outcomes[i].status == CUTOVER_OK;
        if (outcomes[i].status != CUTOVER_OK && outcomes[i].status != CUTOVER_E_LOCKED)
            check_status_keep(outcomes[i].status, CUTOVER_E_STATE, outcomes[i].error);
        outcome_free(&outcomes[i]);
    }
    assert_int_equal(won, 1);
    check_generation("both_production", "old");
    check_request(shop, request, "both", "rolled_back");
    check_error(rollback_refused(shop, &shop_operator, request, CUTOVER_E_STATE), "rolled_back", NULL);
    free(displaced_only(shop, "both"));
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(old_production_comes_back_with_what_the_project_has_now),
        TEST(reading_and_vacuum_are_no_writes),
        TEST(any_write_since_the_cutover_refuses_the_rollback),
        TEST(what_cannot_be_told_refuses_the_rollback),
        TEST(a_write_between_start_and_run_refuses_the_rollback),
        TEST(a_write_in_the_last_moment_is_caught_behind_the_door),
        TEST(cutovers_are_rolled_back_in_turn),
        TEST(without_the_displaced_database_there_is_no_rollback),
        TEST(a_rollback_that_fails_leaves_both_databases_as_they_were),
        TEST(a_completed_cutover_is_rolled_back_once_and_by_an_operator),
    };

    return cmocka_run_group_tests_name("rollback", tests, start_cluster, NULL);
}
