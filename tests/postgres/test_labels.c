#include "support/shop.h"
#include "support/ways_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Security labels come through promotion, backup and restore: those of what lies in a database from where its content comes, the
   database's own with the project, and those of roles stay where they are (EDGE_CASES A43, C7). */

static struct cluster *cluster, *unlabelled; /* the other one has no provider */

static const char labelled_sql[] =
    "CREATE SCHEMA vault;"
    "CREATE TABLE generation (name text);"
    "CREATE TABLE vault.cards (id serial PRIMARY KEY, number text, note text);"
    "CREATE VIEW vault.listed AS SELECT id FROM vault.cards;"
    "CREATE MATERIALIZED VIEW vault.counted AS SELECT count(*) FROM vault.cards;"
    "CREATE DOMAIN vault.digits AS text CHECK (VALUE ~ '^[0-9]+$');"
    "CREATE FUNCTION vault.open_it(int) RETURNS int LANGUAGE sql AS 'SELECT $1';"
    "CREATE PROCEDURE vault.close_it() LANGUAGE sql AS 'SELECT 1';"
    "CREATE PUBLICATION cards FOR TABLE vault.cards;"
    "INSERT INTO vault.cards (number, note) SELECT g, 'note' FROM generate_series(1, 50) g;"
    "SELECT lo_from_bytea(4711, '\\x0001');"
    "SECURITY LABEL FOR shop ON SCHEMA vault IS 'secret';"
    "SECURITY LABEL FOR shop ON TABLE vault.cards IS 'it''s \\ \"secret\"';"
    "SECURITY LABEL FOR shop ON COLUMN vault.cards.number IS E'top\\nsecret';"
    "SECURITY LABEL FOR shop ON COLUMN vault.cards.note IS 'plain';"
    "SECURITY LABEL FOR shop ON SEQUENCE vault.cards_id_seq IS 'counts';"
    "SECURITY LABEL FOR shop ON VIEW vault.listed IS 'seen';"
    "SECURITY LABEL FOR shop ON MATERIALIZED VIEW vault.counted IS 'known';"
    "SECURITY LABEL FOR shop ON DOMAIN vault.digits IS 'typed';"
    "SECURITY LABEL FOR shop ON FUNCTION vault.open_it(int) IS 'called';"
    "SECURITY LABEL FOR shop ON PROCEDURE vault.close_it() IS 'run';"
    "SECURITY LABEL FOR shop ON PUBLICATION cards IS 'told';"
    "SECURITY LABEL FOR shop ON LARGE OBJECT 4711 IS 'large';";

#define LABEL_COUNT 12

/* Into the server's own folder: its user reads nothing else of this test's. */
static void load_provider(void)
{
    char *module = shop_format("%s/label_provider.so", cluster_socket_dir(cluster));
    char *version = shop_format(
        "-DSERVER_VERSION=%ld",
        cluster_number(cluster, "postgres", "SELECT current_setting('server_version_num')::int / 100"));
    char *load = shop_format("ALTER SYSTEM SET session_preload_libraries = '%s'", module);

    shop_run((const char *[]){"sh", "-c", TEST_CC " -shared -fPIC \"$@\"", "sh", version, "-o", module,
                              LABEL_PROVIDER, NULL});
    shop_run((const char *[]){"chmod", "a+rx", module, NULL});
    cluster_sql(cluster, "postgres", load);
    cluster_sql(cluster, "postgres", "SELECT pg_reload_conf()");
    cluster_restart(cluster, "fast");
    free(module);
    free(version);
    free(load);
}

static int start_clusters(void **state)
{
    (void)state;
    cluster = cluster_start("wal_level = logical\n");
    unlabelled = cluster_start("wal_level = logical\n");
    load_provider();
    cluster_sql(cluster, "postgres", "CREATE ROLE keeper; SECURITY LABEL FOR shop ON ROLE keeper IS 'trusted'");
    shop_use(cluster);
    return 0;
}

static int stop_clusters(void **state)
{
    (void)state;
    cluster_stop(unlabelled);
    cluster_stop(cluster);
    return 0;
}

/* One line for each label in a database, sorted. */
static char *labels_of(const char *database)
{
    return cluster_value(
        cluster, database,
        "SELECT string_agg(concat_ws(' ', i.type, i.identity, l.provider, l.label), E'\\n'"
        "    ORDER BY i.type, i.identity)"
        "  FROM pg_seclabel l, LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i");
}

static char *label_of_database(const char *database)
{
    char *sql = shop_format("SELECT label FROM pg_shseclabel l JOIN pg_database d ON d.oid = l.objoid"
                            "  WHERE classoid = 'pg_database'::regclass AND datname = '%s'",
                            database);
    char *label = cluster_value(cluster, "postgres", sql);

    free(sql);
    return label;
}

static void check_label_of_database(const char *database, const char *expected)
{
    char *label = label_of_database(database);

    assert_string_equal(label, expected);
    free(label);
}

static void check_label_of_role(void)
{
    assert_int_equal(cluster_number(cluster, "postgres",
                                    "SELECT count(*) FROM pg_shseclabel WHERE label = 'trusted'"
                                    "  AND objoid = 'keeper'::regrole"),
                     1);
}

/* Production without labels inside, a preview with all of them; the databases themselves are labelled, too. */
static char *labelled_ready(struct shop *shop, const char *name)
{
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);
    char *label = shop_format("SECURITY LABEL FOR shop ON DATABASE %s IS 'the project''s';"
                              "SECURITY LABEL FOR shop ON DATABASE %s IS 'a preview''s'",
                              production, preview);

    shop_database(cluster, production, shop_production_sql());
    shop_database(cluster, preview, labelled_sql);
    cluster_sql(cluster, "postgres", label);
    shop_project(shop, name, cluster_conninfo(cluster, production));
    shop_preview(shop, name, name, cluster_conninfo(cluster, preview), 0);
    free(production);
    free(preview);
    free(label);
    return shop_acked(shop, name, name);
}

static void labels_come_with_a_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = labelled_ready(shop, "come");
    char *labels = labels_of("come_preview"), *dump = shop_dump(cluster, "come_preview");
    struct shop_promotion promotion = {.request_id = request, .verify = CUTOVER_VERIFY_RESTORE};

    assert_int_equal(cluster_number(cluster, "come_preview", "SELECT count(*) FROM pg_seclabel"), LABEL_COUNT);
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    char *now = labels_of("come_production"), *now_dump = shop_dump(cluster, "come_production");
    check_same_text(now, labels);
    check_same_text(now_dump, dump);
    check_label_of_database("come_production", "the project's");
    check_label_of_role();
    outcome_free(&outcome);
    free(now);
    free(now_dump);
    free(labels);
    free(dump);
    free(request);
}

static void labels_come_back_from_a_backup(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;

    shop_database(cluster, "back", labelled_sql);
    cluster_sql(cluster, "postgres", "SECURITY LABEL FOR shop ON DATABASE back IS 'the project''s'");
    shop_project(shop, "back", cluster_conninfo(cluster, "back"));
    char *labels = labels_of("back"), *id = backup_taken(shop, "back");
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    options.actor = &shop_operator;
    options.verify = CUTOVER_VERIFY_RESTORE;
    check_ok(cutover_backup_verify(shop->engine, &options, id, NULL, &error), error);

    cluster_sql(cluster, "back",
                "SECURITY LABEL FOR shop ON TABLE vault.cards IS NULL;"
                "SECURITY LABEL FOR shop ON COLUMN vault.cards.number IS 'published'");
    struct shop_restore restore = {.backup_id = id, .project_id = "back", .confirm = true};
    struct outcome outcome = shop_restore(shop, &restore);
    check_status_keep(outcome.status, CUTOVER_OK, outcome.error);
    char *now = labels_of("back");
    check_same_text(now, labels);
    check_label_of_database("back", "the project's");
    check_label_of_role();
    outcome_free(&outcome);
    free(now);
    free(labels);
    free(id);
}

static int change_staging(struct shop *shop, void *context)
{
    char *name = cluster_value(cluster, "postgres",
                               "SELECT datname FROM pg_database WHERE datname LIKE 'cutover\\_stage\\_%'");

    (void)shop;
    cluster_sql(cluster, name, context);
    free(name);
    return 0;
}

static void a_label_that_is_lost_fails_the_check(void **state)
{
    static const struct {
        const char *sql, *line;
    } losses[] = {
        {"SECURITY LABEL FOR shop ON TABLE vault.cards IS NULL",
         "security label table vault.cards for shop: only in the preview"},
        {"SECURITY LABEL FOR shop ON COLUMN vault.cards.note IS 'public'",
         "security label table column vault.cards.note for shop: plain | public"},
        {"SECURITY LABEL FOR shop ON FUNCTION vault.open_it(int) IS NULL",
         "security label function vault.open_it(integer) for shop: only in the preview"},
        {"SECURITY LABEL FOR shop ON LARGE OBJECT 4711 IS NULL",
         "security label large object 4711 for shop: only in the preview"},
        {"SECURITY LABEL FOR shop ON TABLE generation IS 'more'",
         "security label table public.generation for shop: only in the staging database"},
    };
    struct shop *shop = *state;
    char *request = labelled_ready(shop, "lost");
    struct untouched before;

    untouched_look(&before, cluster, "lost_production");
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        const struct shop_hook hooks[] = {{"check", change_staging, (void *)(uintptr_t)losses[i].sql},
                                          {NULL, NULL, NULL}};
        struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
        struct outcome outcome = shop_promote(shop, &promotion);
        check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
        assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
        check_contains(cutover_error_detail(outcome.error), losses[i].line);
        untouched_check(&before, shop, "lost", request);
        outcome_free(&outcome);
        free(request);
        request = shop_acked(shop, "lost", "lost");
    }
    check_label_of_database("lost_production", "the project's");
    untouched_free(&before);
    free(request);
}

/* The label is not left out: the promotion ends, and says of which provider. */
static void a_server_without_the_provider_takes_no_labels(void **state)
{
    struct shop *shop = *state;
    struct untouched before;

    shop_database(unlabelled, "bare_production", shop_production_sql());
    shop_database(cluster, "bare_preview", labelled_sql);
    shop_project(shop, "bare", cluster_conninfo(unlabelled, "bare_production"));
    shop_preview(shop, "bare", "bare", cluster_conninfo(cluster, "bare_preview"), 0);
    char *request = shop_acked(shop, "bare", "bare");
    untouched_look(&before, unlabelled, "bare_production");
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, CUTOVER_E_POSTGRES, outcome.error);
    assert_string_equal(cutover_error_step(outcome.error), "stage");
    char *told =
        shop_format("%s %s", cutover_error_message(outcome.error), cutover_error_detail(outcome.error));
    check_contains(told, "security label provider \"shop\" is not loaded");
    untouched_check(&before, shop, "bare", request);
    shop_check_server(cluster);
    untouched_free(&before);
    outcome_free(&outcome);
    free(told);
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(labels_come_with_a_promotion),
        TEST(labels_come_back_from_a_backup),
        TEST(a_label_that_is_lost_fails_the_check),
        TEST(a_server_without_the_provider_takes_no_labels),
    };

    return cmocka_run_group_tests(tests, start_clusters, stop_clusters);
}
