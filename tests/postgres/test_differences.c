#include "support/rich.h"
#include "support/session.h"
#include "support/shop.h"
#include "support/sweep.h"
#include "support/tool.h"
#include "support/ways_back.h"

#include "base/sha256.h"
#include "model/backup.h"
#include "store/document.h"
#include "store/port.h"
#include "transfer/content.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Real differences are found: in rows, sequences, large objects and every kind of catalog fact, by a promotion's check and by a
   backup's verification. */

static struct cluster *cluster;

/* Something that is changed in one of two equal databases, and what the comparison must call it. */
struct change {
    const char *sql, *line;
};

/* ---- a change while the library is at work ---- */

/* Run in a database with this prefix once, right before the library begins to read it back. */
static struct {
    const char *prefix, *sql; /* prefix NULL: nothing is to be done, or it is done */
} moment;

int PQsendQuery(PGconn *connection, const char *sql)
{
    int (*real)(PGconn *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQuery");
    if (moment.prefix != NULL && strncmp(PQdb(connection), moment.prefix, strlen(moment.prefix)) == 0 &&
        strcmp(sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") == 0) {
        moment.prefix = NULL;
        cluster_sql(cluster, PQdb(connection), moment.sql);
    }
    return real(connection, sql);
}

/* ---- the comparison by itself ---- */

/* One of each class in postgres/catalog/facts.h; test_catalog.c has more of each. */
static const struct change rich_changes[] = {
    {"DELETE FROM shop.orders WHERE id = 7", "table shop.orders: 150 rows | 149 rows"},
    {"INSERT INTO shop.empty DEFAULT VALUES", "table shop.empty: 2 rows | 3 rows"},
    {"UPDATE shop.cache SET value = value || '\\x00' WHERE key = 'key 9'",
     "table shop.cache: 200 rows on both sides, content differs"},
    {"ALTER TABLE shop.kinds ALTER r TYPE real USING CASE r WHEN '0' THEN '0' ELSE r END",
     "table shop.kinds: 254 rows on both sides, content differs"},
    {"ALTER TABLE shop.child ALTER c TYPE int USING CASE c WHEN 1 THEN 2 ELSE c END",
     "table shop.child: 200 rows on both sides, content differs"},
    {"UPDATE shop.events SET body = body || ' ' WHERE id = 17",
     "table shop.events_2025: 365 rows on both sides, content differs"},
    {"DROP TABLE shop.bookings", "table shop.bookings: not in the copy"},
    /* EDGE_CASES A13: the columns that are copied are the same. */
    {"ALTER TABLE shop.customers ALTER COLUMN slug DROP EXPRESSION; UPDATE shop.customers SET slug = 'x'"
     " WHERE id = 110",
     "generated columns of shop.customers: 300 rows on both sides, content differs"},
    {"SELECT setval('shop.free', 43, false)", "sequence shop.free: 42 | 43"},
    {"SELECT setval('shop.free', 42, true)", "sequence shop.free: 42 | 42 (called)"},
    {"DROP SEQUENCE shop.free", "sequence shop.free: not in the copy"},
    {"SELECT lo_put(400001, 8001, 'x')", "large objects: 3 | 3, content differs"},
    {"SELECT lo_unlink(400003)", "large objects: 3 | 2"},
    {"SELECT lo_from_bytea(400004, '')", "large objects: 3 | 4"},

    {"CREATE SCHEMA more", "schema more: only in the copy"},
    {"ALTER EXTENSION pg_trgm SET SCHEMA public", "extension pg_trgm: version 1.6; schema ext | version 1.6; "},
    {"ALTER TABLE shop.cache SET LOGGED", "table shop.cache: ordinary; unlogged; "},
    {"ALTER TABLE shop.orders ALTER COLUMN total DROP NOT NULL", "column shop.orders.total: "},
    {"ALTER TABLE shop.bookings DROP CONSTRAINT bookings_overlap",
     "constraint shop.bookings.bookings_overlap: only in the source"},
    {"DROP INDEX shop.orders_placed_idx", "index shop.orders_placed_idx: only in the source"},
    {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_placed_idx'::regclass",
     "index shop.orders_placed_idx: "},
    {"ALTER VIEW shop.rich_customers RESET (security_barrier)", "view shop.rich_customers: "},
    {"REFRESH MATERIALIZED VIEW shop.daily WITH NO DATA", "matview shop.daily: populated; "},
    {"ALTER SEQUENCE shop.free INCREMENT 2", "sequence shop.free: "},
    {"ALTER FUNCTION shop.sealed(integer) SECURITY INVOKER", "function shop.sealed(integer): "},
    {"DROP AGGREGATE shop.total(bigint)", "aggregate shop.total(bigint): only in the source"},
    {"ALTER TYPE shop.address ADD ATTRIBUTE more text", "type shop.address: "},
    {"ALTER DOMAIN shop.positive SET DEFAULT 2", "domain shop.positive: "},
    {"ALTER TYPE shop.mood RENAME VALUE 'sad' TO 'blue'", "enum shop.mood: "},
    {"UPDATE pg_range SET rngsubdiff = 0 WHERE rngtypid = 'shop.span'::regtype", "range shop.span: "},
    {"ALTER OPERATOR shop.=== (text, text) SET (RESTRICT = eqsel)", "operator shop.===(text,text): "},
    {"ALTER OPERATOR FAMILY shop.ints USING btree ADD OPERATOR 1 < (bigint, bigint)",
     "opfamily shop.ints using btree: "},
    {"DROP OPERATOR CLASS shop.int_desc USING btree", "opclass shop.int_desc using btree: only in the source"},
    {"DROP CAST (shop.mood AS integer)", "cast (shop.mood as integer): only in the source"},
    {"CREATE FUNCTION from_sql(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'textrecv';"
     " CREATE TRANSFORM FOR text LANGUAGE plpgsql (FROM SQL WITH FUNCTION from_sql(internal))",
     "transform for text language plpgsql: only in the copy"},
    {"ALTER COLLATION shop.plain RENAME TO other", "collation shop.plain: only in the source"},
    {"DROP CONVERSION shop.conv", "conversion shop.conv: only in the source"},
    {"ALTER TEXT SEARCH DICTIONARY shop.words (StopWords = 'french')", "text search dictionary shop.words: "},
    {"ALTER TEXT SEARCH CONFIGURATION shop.search DROP MAPPING FOR word",
     "text search configuration shop.search: "},
    {"ALTER TABLE shop.orders DISABLE TRIGGER orders_stamp", "trigger orders_stamp on shop.orders: enabled; "},
    {"ALTER TABLE shop.cache DISABLE RULE cache_keep", "rule cache_keep on shop.cache: enabled; "},
    {"ALTER POLICY customers_read ON shop.customers USING (true)", "policy customers_read on shop.customers: "},
    {"ALTER EVENT TRIGGER rich_ddl ENABLE", "event trigger rich_ddl: replica; "},
    {"ALTER PUBLICATION rich_some SET (publish = 'insert')", "publication rich_some: "},
    {"ALTER PUBLICATION rich_some DROP TABLE shop.events",
     "publication member rich_some: table shop.events: only in the source"},
    {"ALTER STATISTICS shop.orders_stats SET STATISTICS 60", "statistics shop.orders_stats: "},
    {"CREATE FOREIGN DATA WRAPPER bare", "foreign data wrapper bare: only in the copy"},
    {"ALTER SERVER elsewhere OPTIONS (SET dbname 'third')", "foreign server elsewhere: "},
    {"DROP USER MAPPING FOR rich_reader SERVER elsewhere",
     "user mapping for rich_reader on elsewhere: only in the source"},
    {"ALTER FOREIGN TABLE shop.remote OPTIONS (SET table_name 'third')", "foreign table shop.remote: "},
    {"DROP LANGUAGE plrich", "language plrich: only in the source"},
    {"CREATE ACCESS METHOD heap3 TYPE TABLE HANDLER heap_tableam_handler",
     "access method heap3: only in the copy"},
    {"COMMENT ON TABLE shop.orders IS 'other'", "comment table shop.orders: what was ordered | other"},
    {"ALTER FUNCTION shop.slug(text) OWNER TO postgres",
     "owner function shop.slug(pg_catalog.text): rich_owner | postgres"},
    {"ALTER FUNCTION ext.similarity(text, text) OWNER TO rich_owner",
     "owner function ext.similarity(pg_catalog.text,pg_catalog.text): only in the copy"},
    {"GRANT CREATE ON SCHEMA public TO PUBLIC",
     "acl schema public: CREATE to public: only in the copy, access is wider there"},
    {"REVOKE UPDATE (note) ON shop.orders FROM rich_writer",
     "acl table column shop.orders.note: UPDATE to rich_writer: only in the source"},
    {"REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC",
     "acl function pg_catalog.pg_sleep(double precision): "},
    {"ALTER DEFAULT PRIVILEGES FOR ROLE rich_owner IN SCHEMA shop REVOKE SELECT ON TABLES FROM rich_reader",
     "default acl for rich_owner in schema shop on tables: SELECT to rich_reader: only in the source"},
    {"SELECT lo_unlink(400003)", "large object 400003: only in the source"},
};

/* What a database holds of `wanted`, as the check of a promotion reads it. */
static struct content read_content(const char *database, const struct content *wanted)
{
    struct conninfo conninfo;
    struct progress progress;
    struct cancel cancel;
    struct content found = {0};
    cutover_error *error = NULL;

    cancel_init(&cancel, NULL);
    progress_init(&progress, NULL, NULL, &cancel);
    check_ok(conninfo_parse("test", cluster_conninfo(cluster, database), &conninfo, &error), error);
    struct session_options options = {.conninfo = &conninfo};
    const struct content_reader reader = {&options, NULL, 2, &progress, 0};
    check_ok(content_read(&reader, wanted, &found, &error), error);
    check_ok(content_read_generated(&reader, &found, &error), error);
    conninfo_free(&conninfo);
    progress_destroy(&progress);
    return found;
}

/* The tables of a database, and no digests yet. */
static struct content wanted_of(const char *database)
{
    struct session *session = check_session(cluster_conninfo(cluster, database));
    struct inventory inventory = {0};
    struct content wanted = {0};
    cutover_error *error = NULL;

    check_ok(inventory_read(session, &inventory, &error), error);
    struct digest *digests = calloc(inventory.table_count + 1, sizeof *digests), none = DIGEST_INIT;
    assert_non_null(digests);
    check_ok(content_from_inventory(&inventory, digests, &none, &wanted, &error), error);
    inventory_free(&inventory);
    session_close(session);
    free(digests);
    return wanted;
}

/* The detail when a copy of the database "source" is changed by this; "" for none. */
static char *compare_changed(const struct content *wanted, const struct content *source, const char *sql)
{
    cutover_error *error = NULL;

    cluster_sql(cluster, "postgres", "CREATE DATABASE changed TEMPLATE source");
    cluster_sql(cluster, "changed", sql);
    struct content changed = read_content("changed", wanted);
    cutover_status status = content_compare(source, &changed, "the source", "the copy", &error);
    char *detail = shop_format("%s", status == CUTOVER_OK ? "" : cutover_error_detail(error));
    if (status != CUTOVER_OK) {
        check_status_keep(status, CUTOVER_E_VERIFY, error);
        assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
        check_contains(cutover_error_message(error), "the source and the copy differ in ");
    }
    cutover_error_free(error);
    content_free(&changed);
    cluster_sql(cluster, "postgres", "DROP DATABASE changed WITH (FORCE)");
    return detail;
}

static void every_kind_of_change_is_a_difference(void **state)
{
    (void)state;
    shop_database(cluster, "source", rich_schema_sql());
    cluster_sql(cluster, "source", "DELETE FROM shop.orders WHERE id > 150");
    struct content wanted = wanted_of("source"), source = read_content("source", &wanted);
    char *same = compare_changed(&wanted, &source, "SELECT 1");
    assert_string_equal(same, "");
    free(same);
    for (size_t i = 0; i < sizeof rich_changes / sizeof *rich_changes; i++) {
        char *detail = compare_changed(&wanted, &source, rich_changes[i].sql);
        if (strstr(detail, rich_changes[i].line) == NULL)
            fail_msg("%s\nis to be told as: %s\nbut was told as: %s", rich_changes[i].sql, rich_changes[i].line,
                     detail);
        free(detail);
    }
    content_free(&wanted);
    content_free(&source);
}

/* ---- the whole way ---- */

static const char varied_sql[] =
    "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, born date);"
    "CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, cents int,"
    "    twice int GENERATED ALWAYS AS (cents * 2) STORED);"
    "CREATE INDEX orders_cents ON orders (cents);"
    "CREATE SEQUENCE invoice START WITH 1000;"
    "CREATE VIEW spent AS SELECT customer, sum(cents) FROM orders GROUP BY 1;"
    "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER orders_keep BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();"
    "COMMENT ON TABLE orders IS 'what was ordered';"
    "REVOKE EXECUTE ON FUNCTION keep() FROM PUBLIC;"
    "INSERT INTO customers SELECT g, 'Customer ' || g, date '1970-01-01' + g FROM generate_series(1, 40) g;"
    "INSERT INTO orders (customer, cents) SELECT 1 + g % 40, g FROM generate_series(1, 200) g;"
    "SELECT lo_from_bytea(4711, '\\x00010203'), lo_from_bytea(4712, '');";

static const struct change varied_changes[] = {
    {"DELETE FROM orders WHERE id = 200", "table public.orders: 200 rows | 199 rows"},
    {"UPDATE customers SET name = 'customer 7' WHERE id = 7",
     "table public.customers: 40 rows on both sides, content differs"},
    {"SELECT setval('orders_id_seq', 201)", "sequence public.orders_id_seq: 200 (called) | 201 (called)"},
    {"SELECT nextval('invoice')", "sequence public.invoice: 1000 | 1000 (called)"},
    {"SELECT lo_put(4711, 0, '\\x01')", "large objects: 2 | 2, content differs"},
    {"SELECT lo_unlink(4712)", "large objects: 2 | 1"},
    {"DROP INDEX orders_cents", "index public.orders_cents: only in "},
    {"ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey",
     "constraint public.orders.orders_customer_fkey: only in "},
    {"ALTER TABLE orders DISABLE TRIGGER orders_keep", "trigger orders_keep on public.orders: enabled; "},
    {"CREATE OR REPLACE VIEW spent AS SELECT customer, sum(cents + 1) AS sum FROM orders GROUP BY 1",
     "view public.spent: "},
    {"GRANT EXECUTE ON FUNCTION keep() TO PUBLIC", "access is wider there"},
    {"ALTER FUNCTION keep() OWNER TO rich_owner", "owner function public.keep(): postgres | rich_owner"},
    {"COMMENT ON TABLE orders IS NULL", "comment table public.orders: only in "},
};

#define VARIED_COUNT (sizeof varied_changes / sizeof *varied_changes)

static void check_told(const cutover_error *error, const char *step, const char *message,
                       const struct change *change)
{
    assert_int_equal(cutover_error_code(error), CUTOVER_E_VERIFY);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    if (step != NULL)
        assert_string_equal(cutover_error_step(error), step);
    check_contains(cutover_error_message(error), message);
    check_contains(cutover_error_detail(error), change->line);
}

/* As a superuser who may go into the staging database might. */
static int change_staging(struct shop *shop, void *context)
{
    char *name = cluster_value(cluster, "postgres",
                               "SELECT datname FROM pg_database WHERE datname LIKE 'cutover\\_stage\\_%'");

    (void)shop;
    cluster_sql(cluster, name, context);
    free(name);
    return 0;
}

static void a_staging_database_that_differs_fails_the_check(void **state)
{
    /* Only here are both sides asked for what they generate. */
    static const struct change generated = {
        "ALTER TABLE orders DROP COLUMN twice; ALTER TABLE orders ADD COLUMN twice int GENERATED ALWAYS AS"
        " (cents * 3) STORED",
        "generated columns of public.orders: 200 rows on both sides, content differs"};
    struct shop *shop = *state;
    struct untouched before;

    shop_database(cluster, "differ_production", varied_sql);
    shop_database(cluster, "differ_preview", varied_sql);
    shop_project(shop, "differ", cluster_conninfo(cluster, "differ_production"));
    shop_preview(shop, "differ", "differ", cluster_conninfo(cluster, "differ_preview"), 0);
    untouched_look(&before, cluster, "differ_production");
    for (size_t i = 0; i <= VARIED_COUNT; i++) {
        const struct change *change = i < VARIED_COUNT ? &varied_changes[i] : &generated;
        const struct shop_hook hooks[] = {{"check", change_staging, (void *)(uintptr_t)change->sql},
                                          {NULL, NULL, NULL}};
        char *request = shop_acked(shop, "differ", "differ");
        struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
        struct outcome outcome = shop_promote(shop, &promotion);
        check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
        check_told(outcome.error, "check", "the preview and the staging database differ in ", change);
        assert_string_equal(outcome_text(&outcome, "check.verdict"), "different");
        assert_string_equal(outcome_text(&outcome, "status"), "failed");
        untouched_check(&before, shop, "differ", request);
        outcome_free(&outcome);
        free(request);
    }
    untouched_free(&before);
}

static cutover_status verify(struct shop *shop, const char *id, cutover_verify_method method,
                             cutover_error **error)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;

    options.actor = &shop_operator;
    options.project_id = "differ";
    options.verify = method;
    return cutover_backup_verify(shop->engine, &options, id, NULL, error);
}

static void check_backup(struct shop *shop, const char *id, const char *status, const char *part)
{
    cutover_backup *backup = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backup_get(shop->engine, id, &backup, &error), error);
    assert_string_equal(cutover_backup_status(backup), status);
    check_contains(cutover_backup_json(backup), part);
    cutover_backup_free(backup);
}

/* A database of the varied schema, a project of it and a backup; its id is malloc'd. */
static char *varied_backup(struct shop *shop)
{
    shop_database(cluster, "differ", varied_sql);
    shop_project(shop, "differ", cluster_conninfo(cluster, "differ"));
    return backup_taken(shop, "differ");
}

static void a_restored_copy_that_differs_fails_the_verification(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;
    char *id = varied_backup(shop);

    for (size_t i = 0; i < VARIED_COUNT; i++) {
        moment.sql = varied_changes[i].sql;
        moment.prefix = "cutover_verify_";
        check_status_keep(verify(shop, id, CUTOVER_VERIFY_RESTORE, &error), CUTOVER_E_VERIFY, error);
        assert_null(moment.prefix);
        check_told(error, NULL, "the backup and its restored copy differ in ", &varied_changes[i]);
        cutover_error_free(error);
        error = NULL;
        check_backup(shop, id, "failed", "\"different\"");
    }
    check_ok(verify(shop, id, CUTOVER_VERIFY_RESTORE, &error), error);
    check_backup(shop, id, "verified", "\"equal\"");
    free(id);
}

/* Rewrites a backup's manifest so that the record agrees with it: what a careful forger, or a writer with a fault, would leave. */
static void manifest_rewrite(struct shop *shop, const char *id, void (*rewrite)(struct json_object *manifest))
{
    struct backup_record record = {0};
    uint64_t version = 0;
    cutover_error *error = NULL;
    char folder[4096], sha256[SHA256_HEX_SIZE], *body = NULL;

    check_ok(cutover_backup_path(shop->engine, id, folder, sizeof folder, &error), error);
    char *path = shop_format("%s/" MANIFEST_NAME, folder);
    struct json_object *manifest = json_object_from_file(path);
    assert_non_null(manifest);
    rewrite(manifest);
    const char *json = json_object_to_json_string_ext(manifest, JSON_C_TO_STRING_PLAIN);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(json, 1, strlen(json), file), strlen(json));
    assert_int_equal(fclose(file), 0);
    check_ok(sha256_of(json, strlen(json), sha256, &error), error);
    check_ok(document_get_record(&shop->store, &backup_type, id, &record, &version, &error), error);
    check_ok(record_set_text(&record.manifest_sha256, sha256, &error), error);
    check_ok(record_format(&backup_type, &record, &body, &error), error);
    const cutover_write write = {CUTOVER_WRITE_VERSION, backup_type.kind, id, record.project_id, version, body};
    check_ok(store_save(&shop->store, &write, &error), error);
    record_free(&backup_type, &record);
    json_object_put(manifest);
    free(body);
    free(path);
}

/* As many rows, and others. */
static void rewrite_digest(struct json_object *manifest)
{
    struct json_object *tables = json_object_object_get(manifest, "tables");

    for (size_t i = 0; i < json_object_array_length(tables); i++) {
        struct json_object *table = json_object_array_get_idx(tables, i);
        char *digest = shop_format("%s", json_object_get_string(json_object_object_get(table, "digest")));
        char *last = digest + strlen(digest) - 1;
        *last = *last == '0' ? '1' : '0';
        if (strcmp(json_object_get_string(json_object_object_get(table, "name")), "customers") == 0)
            json_object_object_add(table, "digest", json_object_new_string(digest));
        free(digest);
    }
}

static void a_backup_whose_rows_are_not_its_manifest_s_fails_the_verification(void **state)
{
    static const struct change restored = {"",
                                           "table public.customers: 40 rows on both sides, content differs"};
    struct shop *shop = *state;
    cutover_error *error = NULL;
    char *id = varied_backup(shop);

    manifest_rewrite(shop, id, rewrite_digest);
    check_status_keep(verify(shop, id, CUTOVER_VERIFY_READBACK, &error), CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_message(error), "the rows of public.customers are not those");
    cutover_error_free(error);
    error = NULL;
    check_backup(shop, id, "failed", "public.customers");
    check_status_keep(verify(shop, id, CUTOVER_VERIFY_RESTORE, &error), CUTOVER_E_VERIFY, error);
    check_told(error, NULL, "the backup and its restored copy differ in 1 places", &restored);
    cutover_error_free(error);
    free(id);
}

/* ---- by cutoverctl ---- */

static int tool_setup(void **state)
{
    (void)state;
    sweep_mark();
    tool_begin();
    return 0;
}

/* What no dump carries: the owner of an extension's function (EDGE_CASES A23). */
static void cutoverctl_ends_with_4_when_a_backup_is_restored_as_something_else(void **state)
{
    (void)state;
    shop_database(cluster, "differ", varied_sql);
    cluster_sql(cluster, "differ",
                "CREATE EXTENSION pg_trgm; ALTER FUNCTION similarity(text, text) OWNER TO rich_owner");
    tool_done(TOOL("project", "add", "differ", "--database", cluster_conninfo(cluster, "differ")));
    char *id = tool_id(TOOL("backup", "create", "--project", "differ", "--verify", "readback"));
    for (int i = 0; i < 2; i++) {
        char *said = i == 0 ? tool(4, TOOL("backup", "verify", id))
                            : tool(4, TOOL("backup", "create", "--project", "differ"));
        check_contains(said, "CUTOVER_E_VERIFY");
        check_contains(said, "owner function public.similarity(pg_catalog.text,pg_catalog.text): ");
        free(said);
    }
    char *shown = tool(0, TOOL("backup", "show", id));
    check_contains(shown, "\"different\"");
    free(shown);
    free(id);
}

/* A function that is not as immutable as it says: the copy's rows are others than those that were reviewed. */
static void cutoverctl_ends_with_4_when_the_copy_is_not_the_preview(void **state)
{
    (void)state;
    shop_database(cluster, "differ_production", varied_sql);
    shop_database(cluster, "differ_preview", varied_sql);
    cluster_sql(
        cluster, "differ_preview",
        "CREATE FUNCTION place() RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT current_database()::text';"
        "CREATE TABLE places (id int, place text GENERATED ALWAYS AS (place()) STORED);"
        "INSERT INTO places VALUES (1), (2)");
    char *before = shop_dump(cluster, "differ_production");
    tool_done(TOOL("project", "add", "differ", "--database", cluster_conninfo(cluster, "differ_production")));
    tool_done(TOOL("preview", "add", "differ", "--project", "differ", "--database",
                   cluster_conninfo(cluster, "differ_preview"), "--expires-in", "7d"));
    char *request = tool_id(
        TOOL("request", "create", "--project", "differ", "--preview", "differ", "--ticket", "TICKET-1"));
    tool_done(TOOL("request", "ack", request));
    char *said = tool(4, TOOL("promote", request, "--verify", "readback"));
    check_contains(said, "generated columns of public.places: 2 rows on both sides, content differs");
    char *after = shop_dump(cluster, "differ_production");
    check_same_text(after, before);
    char *shown = tool(0, TOOL("request", "show", request));
    check_contains(shown, "\"failed\"");
    free(shown);
    free(said);
    free(before);
    free(after);
    free(request);
}

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("wal_level = logical\nmax_connections = 80\n");
    cluster_sql(cluster, "postgres", rich_roles_sql());
    shop_use(cluster);
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

static int mark(void **state)
{
    (void)state;
    sweep_mark();
    return 0;
}

static int clean(void **state)
{
    (void)state;
    sweep();
    return 0;
}

#define SHOP_TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)
#define TOOL_TEST(name) cmocka_unit_test_setup_teardown(name, tool_setup, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_change_is_a_difference, mark, clean),
        SHOP_TEST(a_staging_database_that_differs_fails_the_check),
        SHOP_TEST(a_restored_copy_that_differs_fails_the_verification),
        SHOP_TEST(a_backup_whose_rows_are_not_its_manifest_s_fails_the_verification),
        TOOL_TEST(cutoverctl_ends_with_4_when_a_backup_is_restored_as_something_else),
        TOOL_TEST(cutoverctl_ends_with_4_when_the_copy_is_not_the_preview),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
