/*
 * An upgrade by cutover: the preview is on a server of an older release, whose programs are in the folder PREVIEW_PROGRAMS
 * (tests/versions.sh has several). Production's server and the tools are those of pg_config.
 */
#include "support/rich.h"
#include "support/shop.h"
#include "support/ways_back.h"

#include <stdlib.h>
#include <string.h>

static struct cluster *cluster, *older;

static int start_servers(void **state)
{
    const char *programs = getenv("PREVIEW_PROGRAMS");

    (void)state;
    if (programs == NULL)
        fail_msg("PREVIEW_PROGRAMS names no folder of an older release's programs");
    cluster = cluster_start(NULL);
    older = cluster_start_by(programs, NULL);
    print_message("preview on %ld, production on %ld\n",
                  cluster_number(older, "postgres", "SHOW server_version_num"),
                  cluster_number(cluster, "postgres", "SHOW server_version_num"));
    assert_true(cluster_number(older, "postgres", "SHOW server_version_num") / 10000 <
                cluster_number(cluster, "postgres", "SHOW server_version_num") / 10000);
    cluster_sql(cluster, "postgres", rich_roles_sql());
    cluster_sql(older, "postgres", rich_roles_sql());
    shop_use(cluster);
    return 0;
}

/* What stock pg_dump and pg_restore make of the preview on production's server, as a dump. */
static char *carried_over(const char *preview)
{
    char *archive = shop_format("%s/preview.dump", cluster_temp_dir());

    shop_run((const char *[]){cluster_program("pg_dump"), "-Fc", "-Z0", "-f", archive,
                              cluster_conninfo(older, preview), NULL});
    cluster_create_database(cluster, "carried_over");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-d",
                              cluster_conninfo(cluster, "carried_over"), archive, NULL});
    char *dump = shop_dump(cluster, "carried_over");
    cluster_sql(cluster, "postgres", "DROP DATABASE carried_over");
    free(archive);
    return dump;
}

/* Production becomes what the preview is, and by a rollback what it was; the preview stays as it is. */
static void upgrade_and_back(struct shop *shop, const char *production, const char *preview)
{
    char *expected = carried_over(preview), *preview_before = shop_dump(older, preview);
    char *before = shop_dump(cluster, production), *properties = shop_properties(cluster, production);

    shop_project(shop, production, cluster_conninfo(cluster, production));
    shop_preview(shop, preview, production, cluster_conninfo(older, preview), 0);
    char *request = shop_acked(shop, production, preview);
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    char *now = shop_dump(cluster, production), *preview_now = shop_dump(older, preview);
    char *properties_now = shop_properties(cluster, production);
    check_same_text(now, expected);
    check_same_text(preview_now, preview_before);
    check_same_text(properties_now, properties);
    assert_string_equal(outcome_text(&outcome, "check.verdict"), "equal");
    assert_string_equal(outcome_text(&outcome, "backup_verification.verdict"), "equal");
    outcome_free(&outcome);

    outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));
    assert_int_equal(outcome.status, CUTOVER_OK);
    char *again = shop_dump(cluster, production);
    check_same_text(again, before);
    outcome_free(&outcome);
    free(again);
    free(now);
    free(preview_now);
    free(properties_now);
    free(properties);
    free(before);
    free(preview_before);
    free(expected);
    free(request);
}

static void a_preview_of_an_older_release_becomes_production(void **state)
{
    shop_database(cluster, "plain", shop_production_sql());
    shop_database(older, "plain_next", shop_preview_sql());
    upgrade_and_back(*state, "plain", "plain_next");
}

static void a_preview_with_everything_becomes_production(void **state)
{
    shop_database(cluster, "rich", rich_schema_sql());
    shop_database(older, "rich_next", rich_schema_sql());
    cluster_sql(cluster, "rich", "DROP TABLE shop.other_heap");
    cluster_sql(older, "rich_next",
                "DROP TABLE shop.other_heap;"
                "ALTER TABLE shop.orders ADD COLUMN channel text DEFAULT 'web' NOT NULL;"
                "DELETE FROM shop.orders WHERE id % 3 = 0; SELECT lo_unlink(400003);"
                "GRANT ALL ON shop.orders TO rich_writer;");
    upgrade_and_back(*state, "rich", "rich_next");
}

/* It is restored on a server of production's release, as after an upgrade. The tools are that release's: what they take of a server
   before 17 nothing could restore there, and they are refused. */
static void a_backup_of_an_older_release_is_verified_on_a_newer_one(void **state)
{
    struct shop *shop = *state;
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    shop_database(older, "kept", rich_schema_sql());
    cluster_sql(older, "kept", "GRANT ALL ON shop.orders TO rich_writer");
    project.id = options.project_id = "kept";
    project.organization_id = "acme";
    project.database = cluster_conninfo(older, "kept");
    project.verify_database = cluster_conninfo(cluster, "postgres");
    check_ok(cutover_registry_project_add(shop->registry, &project, &error), error);
    options.actor = &shop_operator;
    options.verify = CUTOVER_VERIFY_RESTORE;
    cutover_status status = cutover_backup_create(shop->engine, &options, &backup, &error);
    if (cluster_number(older, "postgres", "SELECT current_setting('server_version_num')") < 170000) {
        check_status_keep(status, CUTOVER_E_PREFLIGHT, error);
        check_contains(cutover_error_detail(error), "transaction_timeout");
        cutover_error_free(error);
        return;
    }
    check_ok(status, error);
    assert_string_equal(cutover_backup_status(backup), "verified");
    check_contains(cutover_backup_json(backup), "\"equal\"");
    cutover_backup_free(backup);
}

/* Its views are compared in the newer server's words, which has to parse the older one's for it: not with the library's rights. */
static void a_view_is_parsed_with_its_owners_rights(void **state)
{
    static const char *const databases[] = {"parsed", "parsed_next"};
    struct cluster *const servers[] = {cluster, older};
    struct shop *shop = *state;

    for (size_t i = 0; i < 2; i++) {
        cluster_sql(servers[i], "postgres", "CREATE ROLE parser LOGIN");
        cluster_create_database(servers[i], databases[i]);
        cluster_sql(
            servers[i], databases[i],
            "CREATE SCHEMA t AUTHORIZATION parser; SET SESSION AUTHORIZATION parser;"
            "CREATE FUNCTION t.own(x int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN"
            "  IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = session_user AND r.rolsuper)"
            "    AND pg_catalog.current_setting('parser.trusts', true) IS NULL THEN"
            "   RAISE EXCEPTION 'it ran as %', session_user; END IF;"
            "  RETURN true; END $$;"
            "CREATE DOMAIN t.item AS int CHECK (t.own(value)); CREATE TABLE t.items (x int);"
            "SET parser.trusts = 'yes';"
            "CREATE VIEW t.parsed AS SELECT x, '{1}'::t.item[] AS y FROM t.items");
    }
    shop_project(shop, "parsed", cluster_conninfo(cluster, "parsed"));
    shop_preview(shop, "parsed_next", "parsed", cluster_conninfo(older, "parsed_next"), 0);
    char *request = shop_acked(shop, "parsed", "parsed_next");
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    assert_string_equal(outcome_text(&outcome, "check.verdict"), "equal");
    outcome_free(&outcome);
    free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_preview_of_an_older_release_becomes_production, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_preview_with_everything_becomes_production, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_backup_of_an_older_release_is_verified_on_a_newer_one, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_view_is_parsed_with_its_owners_rights, shop_setup, shop_teardown),
    };

    return cmocka_run_group_tests_name("upgrade", tests, start_servers, NULL);
}
