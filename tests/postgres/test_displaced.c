#include "support/ways_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Displaced databases: nothing is thrown away but by an explicit call, or after the host's retention (P7, EDGE_CASES E15). */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("wal_level = logical\nmax_prepared_transactions = 4");
    shop_use(cluster);
    return 0;
}

static bool database_is_there(const char *name)
{
    char *oid = database_fact(cluster, name, "oid");
    bool there = oid[0] != '\0';

    free(oid);
    return there;
}

/* ---- listed ---- */

struct listed {
    unsigned count;
    char *name, *request_id, *promotion_id;
    long oid;
    int64_t at;
    uint64_t size;
};

static cutover_status receive(const cutover_displaced *displaced, void *context)
{
    struct listed *listed = context;

    assert_int_equal(displaced->version, 1);
    listed->count++;
    listed->name = shop_format("%s", displaced->name);
    listed->request_id = shop_format("%s", displaced->request_id);
    listed->promotion_id = shop_format("%s", displaced->promotion_id);
    listed->oid = displaced->oid;
    listed->at = displaced->displaced_at;
    listed->size = displaced->size;
    return CUTOVER_OK;
}

static cutover_status receive_badly(const cutover_displaced *displaced, void *context)
{
    (void)displaced;
    (void)context;
    return CUTOVER_E_IO;
}

static void a_displaced_database_is_listed_with_size_age_and_request(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "listed"), *nothing = displaced_names(shop, "listed");
    struct shop_promotion promotion = {.request_id = request};
    struct listed listed = {0};
    cutover_error *error = NULL;

    assert_string_equal(nothing, "");
    long oid = cluster_number(cluster, "listed_production",
                              "SELECT oid FROM pg_database WHERE datname = current_database()");
    int64_t before = shop_now(shop);
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    check_ok(cutover_displaced_list(shop->engine, "listed", receive, &listed, &error), error);
    assert_int_equal(listed.count, 1);
    assert_string_equal(listed.name, outcome_text(&outcome, "displaced_database"));
    assert_string_equal(listed.request_id, request);
    assert_string_equal(listed.promotion_id, outcome.promotion_id);
    assert_int_equal(listed.oid, oid);
    assert_true(listed.at >= before && listed.at <= shop_now(shop));
    char *size = database_fact(cluster, listed.name, "pg_database_size(oid)");
    assert_int_equal(listed.size, strtoul(size, NULL, 10));
    assert_true(listed.size > 1000000);
    check_status(cutover_displaced_list(shop->engine, "listed", receive_badly, NULL, &error), CUTOVER_E_IO,
                 error);
    check_status(cutover_displaced_list(shop->engine, "nobody's", receive, &listed, &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_displaced_list(shop->engine, "listed", NULL, NULL, &error), CUTOVER_E_INVALID, error);
    outcome_free(&outcome);
    free(nothing);
    free(size);
    free(listed.name);
    free(listed.request_id);
    free(listed.promotion_id);
    free(request);
}

/* What goes back is production again, and what it displaced takes its place in the list. */
static void after_a_rollback_the_list_names_what_that_displaced(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "back"), *first = displaced_only(shop, "back");
    cutover_error *error = NULL;

    struct outcome outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));
    check_ok(outcome.status, outcome.error);
    char *second = displaced_only(shop, "back");
    assert_string_not_equal(second, first);
    assert_string_equal(second, outcome_text(&outcome, "displaced_database"));
    /* Neither under its old name nor under production's. */
    check_status(cutover_displaced_drop(shop->engine, &shop_operator, "back", first, &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_displaced_drop(shop->engine, &shop_operator, "back", "back_production", &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_ok(cutover_displaced_drop(shop->engine, &shop_operator, "back", second, &error), error);
    char *names = displaced_names(shop, "back"),
         *old = cluster_value(cluster, "back_production", "SELECT name FROM generation");
    assert_string_equal(names, "");
    assert_string_equal(old, "old");
    outcome_free(&outcome);
    free(first);
    free(second);
    free(names);
    free(old);
    free(request);
}

/* ---- dropped ---- */

static int try_drop(struct shop *shop, void *context)
{
    cutover_error *error = NULL;

    check_status(cutover_displaced_drop(shop->engine, &shop_operator, "drop", context, &error),
                 CUTOVER_E_LOCKED, error);
    check_status(cutover_displaced_expire(shop->engine, &shop_operator, "drop", 1, NULL, NULL, &error),
                 CUTOVER_E_LOCKED, error);
    return 1;
}

static void an_operator_drops_it_by_name_while_no_job_runs(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "drop"), *name = displaced_only(shop, "drop");
    cutover_engine *engine = shop->engine;
    cutover_error *error = NULL;

    free(small_ready(shop, "neighbour"));
    check_status(cutover_displaced_drop(engine, &shop_member, "drop", name, &error), CUTOVER_E_FORBIDDEN,
                 error);
    check_status(cutover_displaced_drop(engine, &shop_org_admin, "drop", name, &error), CUTOVER_E_FORBIDDEN,
                 error);
    check_status(cutover_displaced_drop(engine, NULL, "drop", name, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_displaced_drop(engine, &shop_operator, "drop", NULL, &error), CUTOVER_E_INVALID,
                 error);
    check_status(cutover_displaced_drop(engine, &shop_operator, "nobody's", name, &error), CUTOVER_E_NOT_FOUND,
                 error);
    /* Of this project only, and never what is in use. */
    check_status(cutover_displaced_drop(engine, &shop_operator, "neighbour", name, &error), CUTOVER_E_NOT_FOUND,
                 error);
    static const char *const others[] = {"drop_production", "drop_preview", "postgres", "cutover_old_x"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_status(cutover_displaced_drop(engine, &shop_operator, "drop", others[i], &error),
                     CUTOVER_E_NOT_FOUND, error);

    char *second = shop_acked(shop, "drop", "drop");
    const struct shop_hook hooks[] = {{"stage", try_drop, name}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = second, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    assert_true(database_is_there(name));
    assert_true(database_is_there("drop_production"));

    check_ok(cutover_displaced_drop(engine, &shop_operator, "drop", name, &error), error);
    assert_false(database_is_there(name));
    char *audit = shop_audit(shop, "drop");
    assert_string_equal(strrchr(audit, ' ') + 1, "displaced.dropped");
    check_status(cutover_displaced_drop(engine, &shop_operator, "drop", name, &error), CUTOVER_E_NOT_FOUND,
                 error);
    outcome_free(&outcome);
    free(audit);
    free(second);
    free(request);
    free(name);
}

/* ---- its project is not removed ---- */

static void delete_backups(struct shop *shop, const char *project_id)
{
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backups_list(shop->engine, project_id, NULL, 10, &list, &error), error);
    for (size_t i = 0; i < cutover_backup_list_count(list); i++)
        check_ok(cutover_backup_delete(shop->engine, &shop_operator,
                                       cutover_backup_id(cutover_backup_list_at(list, i)), &error),
                 error);
    cutover_backup_list_free(list);
}

static void not_removed(struct shop *shop, const cutover_project_removal *removal, cutover_status expected,
                        const char *why, const char *hint)
{
    cutover_error *error = NULL;

    check_status_keep(cutover_registry_project_remove(shop->registry, shop->engine, removal, &error), expected,
                      error);
    check_contains(cutover_error_message(error), why);
    check_contains(cutover_error_hint(error), hint);
    cutover_error_free(error);
    free(shop_project_state(shop, removal->project_id));
}

/* And where its server cannot be asked whether one is left, only by somebody who says that it will not come back. */
static void a_project_with_displaced_databases_is_not_removed(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "leaving"), *name = displaced_only(shop, "leaving");
    cutover_project_removal removal = CUTOVER_PROJECT_REMOVAL_INIT;
    cutover_project elsewhere = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    removal.project_id = elsewhere.id = "leaving";
    removal.reason = "the customer left";
    removal.confirm = 1;
    delete_backups(shop, "leaving");
    check_ok(cutover_registry_preview_remove(shop->registry, "leaving", &error), error);
    not_removed(shop, &removal, CUTOVER_E_STATE, name, "Drop its displaced databases first.");
    /* A server that answers is believed. */
    removal.without_server = 1;
    not_removed(shop, &removal, CUTOVER_E_STATE, name, "Drop its displaced databases first.");
    removal.without_server = 0;

    elsewhere.database = "host=/nonexistent dbname=leaving_production";
    check_ok(cutover_registry_project_set(shop->registry, &elsewhere, &error), error);
    not_removed(shop, &removal, CUTOVER_E_POSTGRES, "whether displaced databases are left cannot be told",
                "options.without_server");
    removal.without_server = 1;
    check_ok(cutover_registry_project_remove(shop->registry, shop->engine, &removal, &error), error);
    check_status(cutover_registry_project_remove(shop->registry, shop->engine, &removal, &error),
                 CUTOVER_E_NOT_FOUND, error);
    assert_true(database_is_there(name));
    free(name);
    free(request);
}

static void refused_because_of(struct shop *shop, const char *name, const char *hanger)
{
    cutover_error *error = NULL;

    check_status_keep(cutover_displaced_drop(shop->engine, &shop_operator, "hang", name, &error),
                      CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), hanger);
    check_contains(cutover_error_message(error), name);
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
    assert_true(database_is_there(name));
}

/* EDGE_CASES E12, E13, E15: a DROP DATABASE would take an idle slot with it, without a word. */
static void what_hangs_on_it_is_named_and_keeps_it(void **state)
{
    struct shop *shop = *state;
    char *request = small_promoted(shop, "hang"), *name = displaced_only(shop, "hang");
    cutover_error *error = NULL;

    free(closed_value(cluster, name,
                      "SELECT pg_create_logical_replication_slot('warehouse', 'pgoutput', false)"));
    refused_because_of(shop, name, "replication slot warehouse");
    cluster_sql(cluster, "postgres", "SELECT pg_drop_replication_slot('warehouse')");

    /* It still bears its fence. */
    char *unfence = shop_format("ALTER DATABASE %s RESET default_transaction_read_only", name);
    cluster_sql(cluster, "postgres", unfence);
    free(unfence);
    cluster_sql(cluster, name,
                "CREATE SUBSCRIPTION feed CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)");
    refused_because_of(shop, name, "subscription feed");
    cluster_sql(cluster, name, "ALTER SUBSCRIPTION feed SET (slot_name = NONE)");
    cluster_sql(cluster, name, "DROP SUBSCRIPTION feed");

    cluster_sql(cluster, name, "BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'payday'");
    refused_because_of(shop, name, "prepared transaction payday");
    check_status(cutover_displaced_expire(shop->engine, &shop_operator, "hang", 1, NULL, NULL, &error),
                 CUTOVER_E_STATE, error);
    assert_true(database_is_there(name));
    cluster_sql(cluster, name, "ROLLBACK PREPARED 'payday'");

    check_ok(cutover_displaced_drop(shop->engine, &shop_operator, "hang", name, &error), error);
    assert_false(database_is_there(name));
    free(request);
    free(name);
}

/* ---- after a retention ---- */

static cutover_status count(const cutover_displaced *displaced, void *context)
{
    check_contains(displaced->name, "cutover_old_");
    *(int *)context += 1;
    return CUTOVER_OK;
}

static int expire(struct shop *shop, int64_t retention)
{
    cutover_error *error = NULL;
    int dropped = 0;

    check_ok(cutover_displaced_expire(shop->engine, &shop_operator, "old", retention, count, &dropped, &error),
             error);
    return dropped;
}

static void only_what_is_older_than_the_retention_is_dropped(void **state)
{
    const int64_t day = 86400 * SHOP_SECOND;
    struct shop *shop = *state;
    char *first = small_promoted(shop, "old"), *older = displaced_only(shop, "old");
    cutover_error *error = NULL;

    shop->clock_shift_us += 3 * day;
    char *second = shop_acked(shop, "old", "old");
    struct shop_promotion promotion = {.request_id = second};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    const char *younger = outcome_text(&outcome, "displaced_database");
    check_status(cutover_displaced_expire(shop->engine, &shop_member, "old", day, NULL, NULL, &error),
                 CUTOVER_E_FORBIDDEN, error);
    check_status(cutover_displaced_expire(shop->engine, &shop_operator, "old", 0, NULL, NULL, &error),
                 CUTOVER_E_INVALID, error);
    char *both = displaced_names(shop, "old");
    char *expected = shop_format("%s %s\n%s %s", older, first, younger, second);
    assert_string_equal(both, expected);

    assert_int_equal(expire(shop, 4 * day), 0);
    assert_int_equal(expire(shop, 2 * day), 1);
    assert_false(database_is_there(older));
    assert_true(database_is_there(younger));
    assert_int_equal(expire(shop, 2 * day), 0);
    shop->clock_shift_us += 3 * day;
    assert_int_equal(expire(shop, 2 * day), 1);
    assert_false(database_is_there(younger));
    assert_true(database_is_there("old_production"));
    outcome_free(&outcome);
    free(first);
    free(second);
    free(older);
    free(both);
    free(expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_displaced_database_is_listed_with_size_age_and_request),
        TEST(after_a_rollback_the_list_names_what_that_displaced),
        TEST(an_operator_drops_it_by_name_while_no_job_runs),
        TEST(a_project_with_displaced_databases_is_not_removed),
        TEST(what_hangs_on_it_is_named_and_keeps_it),
        TEST(only_what_is_older_than_the_retention_is_dropped),
    };

    return cmocka_run_group_tests_name("displaced", tests, start_cluster, NULL);
}
