#include "support/held.h"
#include "support/ways_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The new production, from the moment that it is made until it is production: it lets in our sessions alone, whatever whoever
 * will own it does, and what was checked is what is swapped. Nobody but a superuser can get in between, and that is found.
 */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("max_prepared_transactions = 5\n");
    cluster_sql(
        cluster, "postgres",
        "CREATE ROLE tenant LOGIN; CREATE ROLE app LOGIN; CREATE ROLE keeper LOGIN CREATEDB;"
        "CREATE ROLE maker LOGIN CREATEDB CREATEROLE;"
        "GRANT tenant, app, pg_signal_backend, pg_read_all_stats TO keeper;"
        "GRANT pg_signal_backend, pg_read_all_stats TO maker; GRANT tenant, app TO maker WITH ADMIN OPTION");
    shop_use(cluster);
    return 0;
}

static char *staging_name(void)
{
    return cluster_value(cluster, "postgres",
                         "SELECT datname FROM pg_database WHERE datname LIKE 'cutover\\_stage\\_%'");
}

/* Expects the server to refuse what a role wants of another database. */
static void check_denied(const char *role, const char *sql)
{
    PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, "postgres", role));
    PGresult *result = PQexec(connection, sql);

    /* A GRANT by somebody who may not grant is a warning, or this. */
    assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
    PQclear(result);
    PQfinish(connection);
}

/* ---- its owner to be ---- */

static void let_itself_in(struct shop *shop, struct while_held *held)
{
    static const char *const wishes[] = {
        "GRANT CONNECT ON DATABASE \"%s\" TO tenant", "ALTER DATABASE \"%s\" OWNER TO tenant",
        "ALTER DATABASE \"%s\" CONNECTION LIMIT 5", "ALTER DATABASE \"%s\" SET search_path = mine"};
    char *staging = staging_name();
    char *owner = database_fact(cluster, staging, "pg_get_userbyid(datdba) || datconnlimit");

    (void)shop;
    (void)held;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        char *sql = shop_format(wishes[i], staging);
        if (strstr(sql, "GRANT") == NULL) {
            check_denied("tenant", sql);
        } else {
            PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, "postgres", "tenant"));
            PQclear(PQexec(connection, sql));
            PQfinish(connection);
        }
        free(sql);
    }
    PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, staging, "tenant"));
    assert_int_equal(PQstatus(connection), CONNECTION_BAD);
    check_contains(PQerrorMessage(connection), "permission denied");
    PQfinish(connection);
    assert_string_equal(owner, "postgres-1");
    free(owner);
    free(staging);
}

static void its_owner_to_be_cannot_let_itself_in(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "shut");
    struct while_held held = {.request_id = request, .act = let_itself_in};

    cluster_sql(
        cluster, "postgres",
        "ALTER DATABASE shut_production OWNER TO tenant; ALTER DATABASE shut_production CONNECTION LIMIT 21;"
        "COMMENT ON DATABASE shut_production IS 'shut'; GRANT TEMPORARY ON DATABASE shut_production TO app;"
        "ALTER DATABASE shut_production SET work_mem = '7MB';"
        "ALTER ROLE app IN DATABASE shut_production SET work_mem = '8MB'");
    char *before = shop_properties(cluster, "shut_production");
    struct outcome outcome = promote_held_ok(shop, &held);
    char *after = shop_properties(cluster, "shut_production");
    /* It bears all that production bore. */
    assert_string_equal(after, before);
    char *name = cluster_value(cluster, "shut_production", "SELECT name FROM generation");
    assert_string_equal(name, "new");
    free(name);
    free(before);
    free(after);
    outcome_free(&outcome);
    free(request);
}

/* A role may set what it likes for itself, in any database: that is no property of production's. */
static void set_for_itself(struct shop *shop, struct while_held *held)
{
    char *staging = staging_name();
    char *sql = shop_format("ALTER ROLE app IN DATABASE \"%s\" SET work_mem = '9MB'", staging);
    PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, "postgres", "app"));

    (void)shop;
    (void)held;
    PGresult *result = PQexec(connection, sql);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(connection);
    free(sql);
    free(staging);
}

static void what_a_role_set_for_itself_meanwhile_is_gone(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "own");
    struct while_held held = {.request_id = request, .act = set_for_itself};
    char *before = shop_properties(cluster, "own_production");
    struct outcome outcome = promote_held_ok(shop, &held);
    char *after = shop_properties(cluster, "own_production");

    assert_null(strstr(after, "9MB"));
    free(before);
    free(after);
    outcome_free(&outcome);
    free(request);
}

/* ---- a superuser ---- */

static void run_in_staging(const char *sql)
{
    char *staging = staging_name();

    cluster_sql(cluster, staging, sql);
    free(staging);
}

static void change_a_row(struct shop *shop, struct while_held *held)
{
    (void)shop;
    run_in_staging(held->name);
}

static void check_found(struct shop *shop, const char *name, const char *sql, const char *told)
{
    char *request = shop_ready(shop, name);
    struct while_held held = {.name = sql, .request_id = request, .act = change_a_row};
    struct outcome outcome = held_in_vain(shop, name, &held, CUTOVER_E_VERIFY);

    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_message(outcome.error), "the staging database was written to");
    check_contains(cutover_error_message(outcome.error), told);
    assert_non_null(cutover_error_hint(outcome.error));
    outcome_free(&outcome);
    free(request);
}

static void a_row_that_was_changed_after_the_check_is_found(void **state)
{
    check_found(*state, "row", "UPDATE generation SET name = 'other'", "public.generation");
}

static void a_sequence_that_moved_after_the_check_is_found(void **state)
{
    check_found(*state, "sequence",
                "SELECT nextval(c.oid::regclass) FROM pg_class c WHERE relkind = 'S' LIMIT 1", "_seq");
}

static void an_object_that_was_made_after_the_check_is_found(void **state)
{
    check_found(*state, "made", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "pg_proc");
}

static void prepare_and_commit(struct shop *shop, struct while_held *held)
{
    (void)shop;
    (void)held;
    run_in_staging("BEGIN; DELETE FROM generation; PREPARE TRANSACTION 'midnight'");
    run_in_staging("COMMIT PREPARED 'midnight'");
}

static void a_transaction_that_was_prepared_and_committed_is_found(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "twice");
    struct while_held held = {.request_id = request, .act = prepare_and_commit};
    struct outcome outcome = held_in_vain(shop, "twice", &held, CUTOVER_E_VERIFY);

    check_contains(cutover_error_message(outcome.error), "public.generation");
    outcome_free(&outcome);
    free(request);
}

static int change_while_backed_up(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    run_in_staging("UPDATE generation SET name = 'other'");
    return 0;
}

static void a_change_of_what_was_restored_is_found(void **state)
{
    struct shop *shop = *state;
    const struct shop_hook hooks[] = {{"backup", change_while_backed_up, NULL}, {NULL, NULL, NULL}};

    free(shop_ready(shop, "back"));
    char *backup = backup_taken(shop, "back");
    cluster_sql(cluster, "back_production", "UPDATE generation SET name = 'later'");
    struct outcome outcome = shop_restore(
        shop,
        &(struct shop_restore){.backup_id = backup, .project_id = "back", .confirm = true, .hooks = hooks});
    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    check_contains(cutover_error_message(outcome.error), "public.generation");
    char *name = cluster_value(cluster, "back_production", "SELECT name FROM generation");
    assert_string_equal(name, "later");
    free(name);
    free(backup);
    outcome_free(&outcome);
}

/* ---- a prepared transaction: a database that has one cannot be dropped ---- */

struct told {
    cutover_recovered outcome;
    char message[1024];
};

static cutover_status note_told(const cutover_recovery *recovery, void *context)
{
    struct told *told = context;

    told->outcome = recovery->outcome;
    snprintf(told->message, sizeof told->message, "%s", recovery->message);
    return CUTOVER_OK;
}

static struct told recovered(struct shop *shop)
{
    struct told told = {.message = ""};
    cutover_error *error = NULL;

    check_ok(cutover_recover(shop->engine, NULL, note_told, &told, &error), error);
    return told;
}

/* Its door is closed, too, as it is when the job is killed right before its swap. */
static void prepare_and_close(struct shop *shop, struct while_held *held)
{
    char *staging = staging_name();
    char *sql = shop_format("ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", staging);

    (void)shop;
    (void)held;
    run_in_staging("BEGIN; DELETE FROM generation; PREPARE TRANSACTION 'midnight'");
    cluster_sql(cluster, "postgres", sql);
    free(sql);
    free(staging);
}

static void check_prepared(struct shop *shop, const char *name, const char *end)
{
    char *request = shop_ready(shop, name), *production = shop_format("%s_production", name);
    struct while_held held = {.request_id = request, .act = prepare_and_close};
    struct untouched before;

    untouched_look(&before, cluster, production);
    struct outcome outcome = promote_held(shop, shop, &held);
    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    check_contains(cutover_error_message(outcome.error), "not undone yet");
    check_contains(cutover_error_message(outcome.error), "midnight of postgres");
    check_contains(cutover_error_detail(outcome.error), "ROLLBACK PREPARED");
    outcome_free(&outcome);
    /* Production is open and writable; the rest waits. */
    cluster_sql(cluster, production, "CREATE TABLE can_write (); DROP TABLE can_write");
    char *state = shop_project_state(shop, name);
    assert_string_equal(state, "restoring");
    free(state);
    struct told told = recovered(shop);
    assert_int_equal(told.outcome, CUTOVER_RECOVERED_FAILED);
    check_contains(told.message, "midnight of postgres");
    check_contains(told.message, "ROLLBACK PREPARED");
    run_in_staging(end);
    told = recovered(shop);
    assert_int_equal(told.outcome, CUTOVER_RECOVERED_UNDONE);
    untouched_check(&before, shop, name, request);
    untouched_free(&before);
    free(production);
    free(request);
}

static void a_transaction_that_is_prepared_in_it_is_waited_for_by_recovery(void **state)
{
    check_prepared(*state, "rolled", "ROLLBACK PREPARED 'midnight'");
    check_prepared(*state, "committed", "COMMIT PREPARED 'midnight'");
}

/* ---- roles that are no superusers ---- */

/* What is in public belongs to others than the database's owner, of which the server asks CREATE on it. */
static const char owned_sql[] =
    "ALTER TABLE generation OWNER TO tenant; CREATE TABLE apps (id int PRIMARY KEY, of int); CREATE INDEX ON "
    "apps (of);"
    "ALTER TABLE apps OWNER TO app; CREATE TYPE mood AS ENUM ('good'); ALTER TYPE mood OWNER TO app;"
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() OWNER TO tenant;"
    "CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM generation; ALTER MATERIALIZED VIEW m OWNER TO tenant;"
    "CREATE TABLE ours (a int); ALTER TABLE ours OWNER TO pg_database_owner;"
    "CREATE PUBLICATION p FOR TABLE generation; ALTER PUBLICATION p OWNER TO tenant;"
    "CREATE SCHEMA s AUTHORIZATION tenant; CREATE TABLE s.t (a int); ALTER TABLE s.t OWNER TO tenant";

static void owned_database(const char *name, const char *generation, const char *more)
{
    char *sql = shop_format("CREATE TABLE generation (name text); INSERT INTO generation VALUES ('%s'); %s; %s",
                            generation, owned_sql, more);

    shop_database(cluster, name, sql);
    free(sql);
    sql = shop_format("ALTER DATABASE %s OWNER TO tenant; ALTER DATABASE %s SET work_mem = '6MB'", name, name);
    cluster_sql(cluster, "postgres", sql);
    free(sql);
}

static char *owned_ready(struct shop *shop, const char *name, const char *role, const char *more)
{
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);

    owned_database(production, "old", "SELECT 1");
    owned_database(preview, "new", more);
    shop_project(shop, name, cluster_conninfo_as(cluster, production, role));
    shop_preview(shop, name, name, cluster_conninfo_as(cluster, preview, role), 0);
    free(production);
    free(preview);
    return shop_acked(shop, name, name);
}

static const char public_sql[] = "SELECT pg_get_userbyid(nspowner) || ' ' || nspacl::text FROM pg_namespace"
                                 " WHERE nspname = 'public'";

/* Promoted, verified by a restore: all of it is compared, and public's grants are what the preview's are. */
static void check_owned(struct shop *shop, const char *name, const char *role, const char *more)
{
    char *request = owned_ready(shop, name, role, more);
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);
    /* A role's settings are a plain role's to give to nobody. */
    if (strcmp(role, "keeper") != 0) {
        char *sql = shop_format("ALTER ROLE app IN DATABASE %s SET work_mem = '9MB'", production);
        cluster_sql(cluster, "postgres", sql);
        free(sql);
    }
    char *before = shop_properties(cluster, production);
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    char *after = shop_properties(cluster, production), *expected = cluster_value(cluster, preview, public_sql),
         *found = cluster_value(cluster, production, public_sql);

    assert_string_equal(after, before);
    assert_string_equal(found, expected);
    char *owner =
        cluster_value(cluster, production, "SELECT relowner::regrole FROM pg_class WHERE relname = 'apps'");
    assert_string_equal(owner, "app");
    free(owner);
    free(found);
    free(expected);
    free(after);
    free(before);
    free(production);
    free(preview);
    outcome_free(&outcome);
    free(request);
}

static void what_is_in_public_keeps_its_owners(void **state)
{
    check_owned(*state, "plain", "keeper", "SELECT 1");
    check_owned(*state, "made", "maker", "SELECT 1");
    check_owned(*state, "super", "postgres", "SELECT 1");
}

static void a_grant_on_public_that_the_preview_makes_stays(void **state)
{
    check_owned(*state, "all", "keeper", "GRANT CREATE ON SCHEMA public TO PUBLIC");
    check_owned(*state, "few", "keeper",
                "REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO app, tenant");
}

static void a_backup_s_owners_come_back_by_a_plain_role(void **state)
{
    struct shop *shop = *state;

    free(owned_ready(shop, "again", "keeper", "SELECT 1"));
    char *backup = backup_taken(shop, "again");
    char *before = shop_properties(cluster, "again_production"), *dump = shop_dump(cluster, "again_production");
    cluster_sql(cluster, "again_production", "INSERT INTO generation VALUES ('later')");
    struct outcome outcome =
        shop_restore(shop, &(struct shop_restore){.backup_id = backup, .project_id = "again", .confirm = true});
    check_ok(outcome.status, outcome.error);
    char *after = shop_properties(cluster, "again_production"), *now = shop_dump(cluster, "again_production");
    assert_string_equal(after, before);
    check_same_text(now, dump);
    free(after);
    free(now);
    free(before);
    free(dump);
    free(backup);
    outcome_free(&outcome);
}

static int set_what_cannot_be_given(struct shop *shop, void *before)
{
    (void)shop;
    cluster_sql(cluster, "postgres", "ALTER DATABASE given_production SET log_min_duration_statement = '9s'");
    untouched_look(before, cluster, "given_production");
    return 0;
}

/* Nothing that may fail is left to the swap: what our role cannot give is found before a row is copied, where preflight could not
   see it yet. */
static void what_cannot_be_given_is_found_before_the_rows(void **state)
{
    struct shop *shop = *state;
    char *request = owned_ready(shop, "given", "keeper", "SELECT 1");
    struct untouched before;
    const struct shop_hook hooks[] = {{"lock", set_what_cannot_be_given, &before}, {NULL, NULL, NULL}};

    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, CUTOVER_E_POSTGRES, outcome.error);
    assert_string_equal(cutover_error_step(outcome.error), "stage");
    check_contains(cutover_error_message(outcome.error), "log_min_duration_statement");
    assert_string_equal(outcome_text(&outcome, "stage.rows"), "0");
    outcome_free(&outcome);
    untouched_check(&before, shop, "given", request);
    untouched_free(&before);
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_owner_to_be_cannot_let_itself_in),
        TEST(what_a_role_set_for_itself_meanwhile_is_gone),
        TEST(a_row_that_was_changed_after_the_check_is_found),
        TEST(a_sequence_that_moved_after_the_check_is_found),
        TEST(an_object_that_was_made_after_the_check_is_found),
        TEST(a_transaction_that_was_prepared_and_committed_is_found),
        TEST(a_change_of_what_was_restored_is_found),
        TEST(a_transaction_that_is_prepared_in_it_is_waited_for_by_recovery),
        TEST(what_is_in_public_keeps_its_owners),
        TEST(a_grant_on_public_that_the_preview_makes_stays),
        TEST(a_backup_s_owners_come_back_by_a_plain_role),
        TEST(what_cannot_be_given_is_found_before_the_rows),
    };

    return cmocka_run_group_tests_name("staging", tests, start_cluster, NULL);
}
