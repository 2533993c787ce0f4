#include "support/shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A server that speaks French, to a role that may not ask it for another language: the library decides by SQLSTATE and exit
   status, never by what a message says (EDGE_CASES G12). */

static struct cluster *cluster;

/* Of the locale's own definition, in a folder of this test's. */
static void make_locale(void)
{
    const char *folder = cluster_temp_dir();
    char *path = shop_format("%s/fr_FR.UTF-8", folder);

    shop_run((const char *[]){"localedef", "-i", "fr_FR", "-f", "UTF-8", path, NULL});
    shop_run((const char *[]){"chmod", "-R", "a+rX", folder, NULL});
    setenv("LOCPATH", folder, 1);
    free(path);
}

static int start_cluster(void **state)
{
    (void)state;
    make_locale();
    cluster = cluster_start("lc_messages = 'fr_FR.UTF-8'");
    unsetenv("LOCPATH"); /* it is for the server alone */
    shop_use(cluster);
    cluster_sql(cluster, "postgres", "CREATE ROLE own LOGIN CREATEDB; GRANT pg_signal_backend TO own");
    return 0;
}

static void give_database(const char *name, const char *sql)
{
    char *owner = shop_format("ALTER DATABASE %s OWNER TO own", name);
    char *as_owner = shop_format("SET ROLE own; %s", sql);

    shop_database(cluster, name, NULL);
    cluster_sql(cluster, "postgres", owner);
    cluster_sql(cluster, name, as_owner);
    free(owner);
    free(as_owner);
}

static char *ready(struct shop *shop, const char *id, const char *production, const char *preview)
{
    give_database(production, shop_production_sql());
    give_database(preview, shop_preview_sql());
    shop_project(shop, id, cluster_conninfo_as(cluster, production, "own"));
    shop_preview(shop, id, id, cluster_conninfo_as(cluster, preview, "own"), 0);
    return shop_acked(shop, id, id);
}

static void the_server_speaks_french(void **state)
{
    PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, "postgres", "own"));
    PGresult *result = PQexec(connection, "SELECT * FROM nowhere");

    (void)state;
    check_contains(PQresultErrorMessage(result), "n'existe pas");
    PQclear(result);
    PQfinish(connection);
}

static void a_promotion_understands_it(void **state)
{
    struct shop *shop = *state;
    char *request = ready(shop, "fr", "fr_old", "fr_new");
    char *preview = shop_dump(cluster, "fr_new");
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    char *now = shop_dump(cluster, "fr_old");

    check_same_text(now, preview);
    outcome_free(&outcome);
    free(now);
    free(preview);
    free(request);
}

static void a_failure_names_what_failed_whatever_its_words(void **state)
{
    struct shop *shop = *state;
    char *request = ready(shop, "orphans", "orphans_old", "orphans_new");
    struct untouched before;

    cluster_sql(
        cluster, "orphans_new",
        "SET session_replication_role = replica; INSERT INTO orders VALUES (9999, '2026-01-01', 777777, 5)");
    untouched_look(&before, cluster, "orphans_old");
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request, .jobs = 2});
    check_status_keep(outcome.status, CUTOVER_E_POSTGRES, outcome.error);
    char *told =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    check_contains(told, "orders_person_fkey");
    untouched_check(&before, shop, "orphans", request);
    untouched_free(&before);
    outcome_free(&outcome);
    free(told);
    free(request);
}

static void a_refused_connection_has_its_sqlstate(void **state)
{
    struct shop *shop = *state;
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_error *error = NULL;

    shop_project(shop, "nowhere", cluster_conninfo_as(cluster, "nowhere", "own"));
    options.actor = &shop_operator;
    options.project_id = "nowhere";
    check_status_keep(cutover_backup_create(shop->engine, &options, NULL, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "3D000");
    check_contains(cutover_error_message(error), "n'existe pas");
    cutover_error_free(error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_speaks_french),
        TEST(a_promotion_understands_it),
        TEST(a_failure_names_what_failed_whatever_its_words),
        TEST(a_refused_connection_has_its_sqlstate),
    };

    return cmocka_run_group_tests_name("language", tests, start_cluster, NULL);
}
