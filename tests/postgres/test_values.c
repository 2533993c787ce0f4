#include "support/held.h"
#include "support/ways_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Values of settings, and of options of servers, user mappings and subscriptions, may be passwords: no report, record, manifest,
 * event, log line or error repeats them. Names are told. An archive holds them, as pg_dump wrote them. Each value here repeats none of its first byte (shop_holds).
 */

#define OF_DATABASE "Zq7-of-the-base"
#define OF_ROLE "Yv3-of-the-rank"
#define CHANGED "Xw9-of-the-admin"
#define OPTION "Qk5-of-the-remote"

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    cluster_sql(cluster, "postgres", "CREATE ROLE worker LOGIN");
    shop_use(cluster);
    return 0;
}

static void check_silent(struct shop *shop, const struct outcome *outcome, const char *value)
{
    const char *const texts[] = {json_object_to_json_string(outcome->report),
                                 cutover_error_message(outcome->error), cutover_error_detail(outcome->error),
                                 cutover_error_hint(outcome->error)};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i] != NULL)
            assert_null(strstr(texts[i], value));
    /* The archive's own table of contents is the customer's schema, options and settings and all. */
    assert_false(shop_holds_beside(shop, value, "toc.dat"));
}

static void database_sql(const char *format, const char *name)
{
    char *sql = shop_format(format, name, name, name, name);

    cluster_sql(cluster, "postgres", sql);
    free(sql);
}

/* ---- settings ---- */

static void give_settings(const char *production)
{
    database_sql("ALTER DATABASE %s SET app.key = '" OF_DATABASE
                 "'; ALTER DATABASE %s SET app.other = '" OF_DATABASE "';"
                 "ALTER ROLE worker IN DATABASE %s SET app.key = '" OF_ROLE "';"
                 "ALTER ROLE worker IN DATABASE %s SET role = '" OF_ROLE "'",
                 production);
}

static void change_settings(struct shop *shop, struct while_held *held)
{
    (void)shop;
    database_sql("ALTER DATABASE %s SET app.key = '" CHANGED "'; ALTER DATABASE %s SET app.late = '" CHANGED
                 "';"
                 "ALTER ROLE worker IN DATABASE %s RESET app.key; ALTER DATABASE %s RESET app.other",
                 held->name);
}

/* Nothing is lost: stock pg_restore tells them, of the archive. */
static void check_archived(struct shop *shop, const char *backup, const char *line)
{
    cutover_error *error = NULL;
    char path[4096], *script = NULL;

    check_ok(cutover_backup_path(shop->engine, backup, path, sizeof path, &error), error);
    const char *argv[] = {cluster_program("pg_restore"), "--create", "--schema-only", "-f", "-", path, NULL};
    assert_int_equal(cluster_run(argv, &script), 0);
    check_contains(script, line);
    free(script);
}

static void values_of_settings_are_not_told(void **state)
{
    static const char *const values[] = {OF_DATABASE, OF_ROLE, CHANGED};
    struct shop *shop = *state;
    char *request = shop_ready(shop, "set");
    struct while_held held = {.name = "set_production", .request_id = request, .act = change_settings};

    give_settings("set_production");
    struct outcome outcome = promote_held_ok(shop, &held);
    char *backup = backup_taken(shop, "set");
    struct outcome restored =
        shop_restore(shop, &(struct shop_restore){.backup_id = backup, .project_id = "set", .confirm = true});
    check_ok(restored.status, restored.error);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        check_silent(shop, &outcome, values[i]);
        check_silent(shop, &restored, values[i]);
    }
    /* What changed is told by name, and is there. */
    check_contains(outcome_text(&outcome, "warnings"), "setting app.key: set | set otherwise");
    check_contains(outcome_text(&outcome, "warnings"), "setting app.late: (none) | set");
    check_contains(outcome_text(&outcome, "warnings"), "setting app.key of role worker: set | (none)");
    check_contains(outcome_text(&outcome, "warnings"), "setting app.other: set | (none)");
    char *properties = shop_properties(cluster, "set_production");
    check_contains(properties, "app.key=" CHANGED);
    check_contains(properties, "role=" OF_ROLE);
    assert_true(shop_holds(shop, "app.key"));
    check_archived(shop, backup, "ALTER DATABASE set_production SET \"app.key\" TO '" CHANGED "';");
    free(properties);
    free(backup);
    outcome_free(&restored);
    outcome_free(&outcome);
    free(request);
}

/* What ALTER DATABASE took once may be none any more: a value in the catalog that the server refuses stands for it. */
static void a_value_that_is_refused_is_not_told(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "stale");
    struct untouched before;

    cluster_sql(
        cluster, "postgres",
        "ALTER DATABASE stale_production SET work_mem = '5MB';"
        "SET allow_system_table_mods = on; UPDATE pg_db_role_setting SET setconfig = '{work_mem=" OF_DATABASE
        "}'"
        " WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'stale_production')");
    untouched_look(&before, cluster, "stale_production");
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, CUTOVER_E_POSTGRES, outcome.error);
    check_contains(cutover_error_message(outcome.error), "the setting \"work_mem\"");
    assert_string_equal(cutover_error_sqlstate(outcome.error), "22023");
    check_silent(shop, &outcome, OF_DATABASE);
    untouched_check(&before, shop, "stale", request);
    untouched_free(&before);
    outcome_free(&outcome);
    free(request);
}

/* It keeps even us out. */
static void a_library_that_a_setting_names_is_not_told(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "barred");
    struct shop_promotion promotion = {.request_id = request};

    cluster_sql(cluster, "postgres",
                "ALTER DATABASE barred_production SET session_preload_libraries = '" OF_DATABASE "'");
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, CUTOVER_E_PREFLIGHT, outcome.error);
    check_contains(cutover_error_detail(outcome.error), "session_preload_libraries");
    check_silent(shop, &outcome, OF_DATABASE);
    cluster_sql(cluster, "postgres", "ALTER DATABASE barred_production RESET ALL");
    outcome_free(&outcome);
    free(request);
}

/* ---- options ---- */

static const char remote_sql[] =
    "CREATE FUNCTION valid(text[], oid) RETURNS void LANGUAGE plpgsql AS 'BEGIN END';"
    "CREATE FOREIGN DATA WRAPPER wrap VALIDATOR valid OPTIONS (token '" OPTION "');"
    "CREATE SERVER remote FOREIGN DATA WRAPPER wrap OPTIONS (secret '" OPTION "');"
    "CREATE USER MAPPING FOR worker SERVER remote OPTIONS (password '" OPTION "');"
    "CREATE FOREIGN TABLE far (a int OPTIONS (code '" OPTION "')) SERVER remote OPTIONS (pin '" OPTION "');"
    "CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere.invalid password=" OPTION "' PUBLICATION p"
    "  WITH (connect = false, slot_name = NONE)";

static void values_of_options_are_not_told(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "far");

    cluster_sql(cluster, "far_preview", remote_sql);
    struct shop_promotion promotion = {.request_id = request, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    check_silent(shop, &outcome, OPTION);
    check_contains(json_object_to_json_string(outcome.report), "feed");
    char *mapping = cluster_value(cluster, "far_production", "SELECT umoptions::text FROM pg_user_mappings");
    assert_string_equal(mapping, "{password=" OPTION "}");
    free(mapping);
    outcome_free(&outcome);
    free(request);
}

/* The wrapper refuses in production's server what it took in the preview's; so does a mapping of a role that it names. */
static void an_option_that_is_refused_is_not_told(void **state)
{
    static const char *const refusals[] = {
        /* The error repeats the value; the statement that failed does, too. */
        "CREATE OR REPLACE FUNCTION valid(text[], oid) RETURNS void LANGUAGE plpgsql AS"
        " 'BEGIN RAISE ''no such thing: %'', $1; END'",
        "CREATE OR REPLACE FUNCTION valid(text[], oid) RETURNS void LANGUAGE plpgsql AS"
        " 'BEGIN RAISE ''the wrapper sleeps''; END'"};
    static const char *const told[] = {"a value of an option is refused", "the wrapper sleeps"};
    struct shop *shop = *state;

    free(shop_ready(shop, "sour"));
    cluster_sql(cluster, "sour_preview", remote_sql);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char *preview = shop_format("sour%zu", i);
        cluster_sql(cluster, "sour_preview", refusals[i]);
        shop_preview(shop, preview, "sour", cluster_conninfo(cluster, "sour_preview"), 0);
        char *request = shop_acked(shop, "sour", preview);
        struct shop_promotion promotion = {.request_id = request};
        struct outcome outcome = shop_promote(shop, &promotion);
        check_status_keep(outcome.status, CUTOVER_E_POSTGRES, outcome.error);
        check_contains(cutover_error_message(outcome.error), told[i]);
        check_contains(cutover_error_detail(outcome.error), "OPTIONS (left out)");
        check_silent(shop, &outcome, OPTION);
        outcome_free(&outcome);
        free(request);
        free(preview);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_of_settings_are_not_told),
        TEST(a_value_that_is_refused_is_not_told),
        TEST(a_library_that_a_setting_names_is_not_told),
        TEST(values_of_options_are_not_told),
        TEST(an_option_that_is_refused_is_not_told),
    };

    return cmocka_run_group_tests_name("values", tests, start_cluster, NULL);
}
