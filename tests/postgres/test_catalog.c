#include "support/check.h"
#include "support/cluster.h"
#include "support/rich.h"

#include "base/record.h"
#include "postgres/catalog/facts.h"

#include <stdlib.h>
#include <string.h>

static struct cluster *cluster;
static char *source_facts;

static struct session *open_session(const char *database)
{
    struct conninfo conninfo;
    struct session *session = NULL;
    cutover_error *error = NULL;

    check_ok(conninfo_parse("test", cluster_conninfo(cluster, database), &conninfo, &error), error);
    struct session_options options = {.conninfo = &conninfo};
    check_ok(session_open(&options, &session, &error), error);
    conninfo_free(&conninfo);
    return session;
}

static char *read_facts(struct session *session)
{
    struct text facts = TEXT_INIT;
    cutover_error *error = NULL;

    check_ok(catalog_facts_read(session, &facts, &error), error);
    return text_take(&facts);
}

static char *facts_of(const char *database)
{
    struct session *session = open_session(database);
    char *facts = read_facts(session);
    session_close(session);
    return facts;
}

static char *compare(const char *first, const char *second, size_t *count)
{
    char *differences = NULL;
    cutover_error *error = NULL;

    check_ok(catalog_facts_compare(first, second, "the preview", "staging", 1000, &differences, count, &error),
             error);
    return differences;
}

static int setup(void **state)
{
    char *output = NULL;
    const char *folder = cluster_temp_dir();
    char *archive = NULL, *source = NULL, *copy = NULL;

    (void)state;
    cluster = cluster_start("wal_level = logical\n");
    cluster_sql(cluster, "postgres", rich_roles_sql());
    cluster_create_database(cluster, "source");
    cluster_sql(cluster, "source", rich_schema_sql());
    char *newer = rich_newer_sql((int)cluster_number(cluster, "postgres", "SHOW server_version_num"));
    cluster_sql(cluster, "source", newer);
    free(newer);
    cluster_create_database(cluster, "copy");
    if (asprintf(&archive, "--file=%s/rich.dump", folder) < 0 ||
        asprintf(&source, "--dbname=%s", cluster_conninfo(cluster, "source")) < 0 ||
        asprintf(&copy, "--dbname=%s", cluster_conninfo(cluster, "copy")) < 0)
        return -1;
    const char *const dump[] = {cluster_program("pg_dump"), source, "--format=custom", archive, NULL};
    if (cluster_run(dump, &output) != 0)
        fail_msg("%s", output);
    free(output);
    const char *const restore[] = {cluster_program("pg_restore"), copy, "--exit-on-error",
                                   strchr(archive, '=') + 1, NULL};
    if (cluster_run(restore, &output) != 0)
        fail_msg("%s", output);
    free(output);
    free(archive);
    free(source);
    free(copy);
    source_facts = facts_of("source");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(source_facts);
    cluster_stop(cluster);
    return 0;
}

/* EDGE_CASES D14, A3, A6, A9, A17, A18, A23, A27, A28, C3, C6, F8, F9: what stock tools carry is equal. */
static void restored_copy_has_equal_facts(void **state)
{
    size_t count = 0;
    (void)state;
    char *copy = facts_of("copy");
    char *differences = compare(source_facts, copy, &count);
    assert_string_equal(differences, "");
    assert_int_equal(count, 0);
    assert_true(strlen(copy) > 20000);
    free(differences);
    free(copy);
}

/* The facts that a change would give; it is rolled back. */
static char *facts_after(struct session *session, const char *sql)
{
    cutover_error *error = NULL;

    check_ok(session_run(session, "BEGIN", &error), error);
    if (session_run(session, sql, &error) != CUTOVER_OK)
        fail_msg("%s: %s (%s)", sql, cutover_error_message(error), cutover_error_detail(error));
    char *facts = read_facts(session);
    check_ok(session_run(session, "ROLLBACK", &error), error);
    return facts;
}

struct mutation {
    const char *sql;
    const char *line; /* part of the line that must name it */
};

/* Each must be named. The first database is the untouched source. */
static const struct mutation MUTATIONS[] = {
    {"DROP INDEX shop.orders_placed_idx", "index shop.orders_placed_idx: only in the preview"},
    {"CREATE INDEX extra ON shop.orders (total)", "index shop.extra: only in staging"},
    {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_placed_idx'::regclass",
     "index shop.orders_placed_idx: "},
    {"ALTER TABLE shop.customers SET WITHOUT CLUSTER", "index shop.customers_pkey: "},
    {"ALTER INDEX shop.orders_expression_idx ALTER COLUMN 2 SET STATISTICS -1",
     "index shop.orders_expression_idx: "},
    {"ALTER TABLE shop.orders DISABLE TRIGGER orders_stamp", "trigger orders_stamp on shop.orders: enabled; "},
    {"ALTER TABLE shop.orders ENABLE TRIGGER orders_off", "trigger orders_off on shop.orders: disabled; "},
    {"ALTER TABLE shop.events_2025 ENABLE TRIGGER events_seen",
     "trigger events_seen on shop.events_2025: only in the preview"},
    {"ALTER TABLE shop.event_notes ALTER COLUMN note TYPE character varying(20)",
     "column shop.event_notes.note: text | character varying(20)"},
    {"ALTER TABLE shop.orders ALTER COLUMN total SET DEFAULT 1", "column shop.orders.total: "},
    {"ALTER TABLE shop.orders ALTER COLUMN total DROP NOT NULL", "column shop.orders.total: "},
    {"ALTER TABLE shop.orders ALTER COLUMN total SET STATISTICS 10", "column shop.orders.total: "},
    {"ALTER TABLE shop.orders ALTER COLUMN note SET STORAGE EXTENDED", "column shop.orders.note: "},
    {"ALTER TABLE shop.orders ALTER COLUMN note SET COMPRESSION DEFAULT", "column shop.orders.note: "},
    {"ALTER TABLE shop.orders ALTER COLUMN customer RESET (n_distinct)", "column shop.orders.customer: "},
    {"ALTER TABLE shop.customers ALTER COLUMN id SET GENERATED BY DEFAULT", "column shop.customers.id: "},
    {"ALTER TABLE shop.customers ALTER COLUMN slug DROP EXPRESSION", "column shop.customers.slug: "},
    {"ALTER TABLE shop.orders ADD COLUMN extra int", "column shop.orders.extra: only in staging"},
    {"ALTER TABLE shop.orders DROP COLUMN flags", "column shop.orders.flags: only in the preview"},
    {"ALTER VIEW shop.rich_customers ALTER COLUMN name DROP DEFAULT", "column shop.rich_customers.name: "},
    /* A6, A9 */
    {"DELETE FROM shop.orders WHERE note = 'never'; ALTER TABLE shop.orders VALIDATE CONSTRAINT "
     "orders_note_check",
     "constraint shop.orders.orders_note_check: "},
    {"ALTER TABLE shop.orders ALTER CONSTRAINT orders_customer_fkey NOT DEFERRABLE",
     "constraint shop.orders.orders_customer_fkey: "},
    {"ALTER TABLE shop.bookings DROP CONSTRAINT bookings_overlap",
     "constraint shop.bookings.bookings_overlap: only in the preview"},
    {"ALTER TABLE shop.events DROP CONSTRAINT events_customer_fkey",
     "constraint shop.events.events_customer_fkey: only in the preview"},
    {"ALTER DOMAIN shop.positive DROP CONSTRAINT positive_value", "constraint shop.positive.positive_value: "},
    {"ALTER DOMAIN shop.positive SET DEFAULT 2", "domain shop.positive: "},
    {"ALTER TYPE shop.mood RENAME VALUE 'sad' TO 'blue'", "enum shop.mood: "},
    {"ALTER TYPE shop.address ADD ATTRIBUTE more text", "type shop.address: "},
    /* A27, A28 */
    {"ALTER TABLE shop.customers DISABLE ROW LEVEL SECURITY", "table shop.customers: "},
    {"ALTER TABLE shop.customers NO FORCE ROW LEVEL SECURITY", "table shop.customers: "},
    {"ALTER POLICY customers_read ON shop.customers USING (true)", "policy customers_read on shop.customers: "},
    {"ALTER POLICY customers_read ON shop.customers TO PUBLIC", "policy customers_read on shop.customers: "},
    {"DROP POLICY customers_write ON shop.customers",
     "policy customers_write on shop.customers: only in the preview"},
    {"ALTER TABLE shop.cache SET LOGGED", "table shop.cache: ordinary; unlogged; "},
    {"ALTER TABLE shop.cache REPLICA IDENTITY DEFAULT", "table shop.cache: "},
    {"ALTER TABLE shop.customers REPLICA IDENTITY DEFAULT", "index shop.customers_identity: "},
    {"ALTER TABLE shop.orders SET (fillfactor = 90)", "table shop.orders: "},
    {"ALTER TABLE shop.orders RESET (toast.autovacuum_enabled)", "table shop.orders: "},
    {"ALTER TABLE shop.child NO INHERIT shop.parent", "table shop.child: "},
    {"ALTER TABLE shop.event_notes DROP CONSTRAINT event_notes_event_day_fkey;"
     " ALTER TABLE shop.events DETACH PARTITION shop.events_rest",
     "table shop.events_rest: "},
    {"ALTER STATISTICS shop.orders_stats SET STATISTICS 60", "statistics shop.orders_stats: "},
    {"DROP STATISTICS shop.orders_stats", "statistics shop.orders_stats: only in the preview"},
    {"CREATE OR REPLACE VIEW shop.bodies AS SELECT shop.body(id, 2) AS body, count(*) OVER () FROM shop.orders",
     "view shop.bodies: "},
    {"ALTER VIEW shop.rich_customers RESET (security_barrier)", "view shop.rich_customers: "},
    {"REFRESH MATERIALIZED VIEW shop.daily WITH NO DATA", "matview shop.daily: populated; "},
    {"ALTER SEQUENCE shop.free INCREMENT 2", "sequence shop.free: "},
    {"ALTER SEQUENCE shop.owned OWNED BY NONE", "sequence shop.owned: "},
    {"CREATE OR REPLACE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
     "function shop.nothing(): "},
    {"ALTER FUNCTION shop.sealed(integer) SECURITY INVOKER", "function shop.sealed(integer): "},
    {"DROP AGGREGATE shop.total(bigint)", "aggregate shop.total(bigint): only in the preview"},
    {"ALTER OPERATOR shop.=== (text, text) SET (RESTRICT = eqsel)", "operator shop.===(text,text): "},
    {"DROP CAST (shop.mood AS integer)", "cast (shop.mood as integer): only in the preview"},
    {"ALTER OPERATOR FAMILY shop.ints USING btree ADD OPERATOR 1 < (bigint, bigint)",
     "opfamily shop.ints using btree: "},
    {"DROP OPERATOR CLASS shop.int_desc USING btree", "opclass shop.int_desc using btree: only in the preview"},
    {"DROP CONVERSION shop.conv", "conversion shop.conv: only in the preview"},
    {"ALTER TEXT SEARCH DICTIONARY shop.words (StopWords = 'french')", "text search dictionary shop.words: "},
    {"ALTER TEXT SEARCH CONFIGURATION shop.search DROP MAPPING FOR word",
     "text search configuration shop.search: "},
    {"ALTER RULE cache_keep ON shop.cache RENAME TO kept",
     "rule cache_keep on shop.cache: only in the preview"},
    {"ALTER TABLE shop.cache DISABLE RULE cache_keep", "rule cache_keep on shop.cache: enabled; "},
    {"ALTER EVENT TRIGGER rich_ddl ENABLE", "event trigger rich_ddl: replica; "},
    /* F9 */
    {"ALTER PUBLICATION rich_some DROP TABLE shop.events",
     "publication member rich_some: table shop.events: only in the preview"},
    {"ALTER PUBLICATION rich_some SET TABLE shop.orders (id), shop.events",
     "publication member rich_some: table shop.orders: "},
    {"ALTER PUBLICATION rich_some SET (publish = 'insert')", "publication rich_some: "},
    {"ALTER SERVER elsewhere OPTIONS (SET dbname 'third')", "foreign server elsewhere: "},
    {"ALTER FOREIGN TABLE shop.remote OPTIONS (SET table_name 'third')", "foreign options (left out)"},
    {"DROP USER MAPPING FOR rich_reader SERVER elsewhere",
     "user mapping for rich_reader on elsewhere: only in the preview"},
    {"COMMENT ON TABLE shop.orders IS 'other'", "comment table shop.orders: what was ordered | other"},
    {"COMMENT ON LARGE OBJECT 400002 IS NULL", "comment large object 400002: only in the preview"},
    {"SELECT lo_unlink(400003)", "large object 400003: only in the preview"},
    {"ALTER LARGE OBJECT 400001 OWNER TO postgres", "owner large object 400001: rich_owner | postgres"},
    {"REVOKE SELECT ON LARGE OBJECT 400001 FROM rich_reader",
     "acl large object 400001: SELECT to rich_reader: only in the preview"},
    {"ALTER TABLE shop.orders OWNER TO postgres", "owner table shop.orders: rich_owner | postgres"},
    {"ALTER SCHEMA public OWNER TO postgres", "owner schema public: pg_database_owner | postgres"}, /* C6 */
    /* C3 */
    {"GRANT CREATE ON SCHEMA public TO PUBLIC",
     "acl schema public: CREATE to public: only in staging, access is wider there"},
    {"GRANT EXECUTE ON FUNCTION shop.sealed(integer) TO PUBLIC",
     "acl function shop.sealed(integer): EXECUTE to public: only in staging, access is wider there"},
    {"REVOKE EXECUTE ON FUNCTION shop.nothing() FROM PUBLIC",
     "acl function shop.nothing(): EXECUTE to public: only in the preview"},
    {"REVOKE UPDATE (note) ON shop.orders FROM rich_writer",
     "acl table column shop.orders.note: UPDATE to rich_writer: only in the preview"},
    {"REVOKE GRANT OPTION FOR SELECT ON shop.orders FROM rich_writer CASCADE",
     "acl table shop.orders: SELECT to rich_writer: by rich_owner with grant option | by rich_owner"},
    {"GRANT DELETE ON shop.orders TO rich_owner",
     "acl table shop.orders: DELETE to rich_owner: only in staging"},
    {"ALTER DEFAULT PRIVILEGES FOR ROLE rich_owner IN SCHEMA shop REVOKE SELECT ON TABLES FROM rich_reader",
     "default acl for rich_owner in schema shop on tables: SELECT to rich_reader: only in the preview"},
    /* A23 */
    {"GRANT EXECUTE ON FUNCTION ext.show_trgm(text) TO PUBLIC",
     "acl function ext.show_trgm(pg_catalog.text): EXECUTE to public: only in staging, access is wider there"},
    {"ALTER FUNCTION ext.similarity(text, text) OWNER TO rich_owner",
     "owner function ext.similarity(pg_catalog.text,pg_catalog.text): only in staging"},
    {"REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC",
     "acl function pg_catalog.pg_sleep(double precision): "},
    {"ALTER EXTENSION pg_trgm SET SCHEMA public",
     "extension pg_trgm: version 1.6; schema ext | version 1.6; schema public"},
    {"DROP SCHEMA \"Odd.Schema\" CASCADE", "schema \"Odd.Schema\": only in the preview"},
    {"DROP INDEX \"Odd.Schema\".\"Odd \"\"Index\"\"\"",
     "index \"Odd.Schema\".\"Odd \"\"Index\"\"\": only in the preview"},
    {"DROP TRANSFORM IF EXISTS FOR integer LANGUAGE plpgsql; DROP LANGUAGE plrich",
     "language plrich: only in the preview"},
    {"ALTER COLLATION shop.plain RENAME TO other", "collation shop.plain: only in the preview"},
};

/* Of what came after 15, by the first version of the server that has it. */
static const struct {
    int since;
    struct mutation mutation;
} NEWER_MUTATIONS[] = {
    {150000,
     {"ALTER TABLE newer.one DROP CONSTRAINT one_a_b_key,"
      " ADD UNIQUE (a, b)",
      "constraint newer.one.one_a_b_key: "}},
    {170000,
     {"REVOKE MAINTAIN ON newer.names FROM pg_monitor",
      "acl table newer.names: MAINTAIN to pg_monitor: only in the preview"}},
    {170000, {"ALTER TABLE newer.counted ALTER COLUMN id DROP IDENTITY", "column newer.counted.id: "}},
    {170000,
     {"DROP TABLE newer.names; DROP COLLATION newer.plain;"
      " CREATE COLLATION newer.plain (provider = builtin, locale = 'C')",
      "collation newer.plain: "}},
    {180000,
     {"ALTER TABLE newer.figured DROP COLUMN doubled, ADD COLUMN doubled integer GENERATED ALWAYS AS (a * 4)",
      "column newer.figured.doubled: "}},
    {180000,
     {"ALTER TABLE newer.figured DROP COLUMN doubled, ADD COLUMN doubled integer GENERATED ALWAYS AS (a * 2) "
      "STORED",
      "column newer.figured.doubled: "}},
    {180000,
     {"DELETE FROM newer.loose; ALTER TABLE newer.loose ALTER CONSTRAINT loose_other ENFORCED",
      "constraint newer.loose.loose_other: "}},
    {180000,
     {"DELETE FROM newer.loose; ALTER TABLE newer.loose DROP CONSTRAINT loose_a,"
      " ADD CONSTRAINT loose_a CHECK (a > 0)",
      "constraint newer.loose.loose_a: "}},
    {180000,
     {"DELETE FROM newer.loose; ALTER TABLE newer.loose VALIDATE CONSTRAINT loose_b",
      "constraint newer.loose.loose_b: "}},
    {180000,
     {"ALTER TABLE newer.loose RENAME CONSTRAINT loose_b TO other_b",
      "constraint newer.loose.loose_b: only in the preview"}},
    {180000,
     {"ALTER TABLE newer.meals DROP CONSTRAINT meals_stay; ALTER TABLE newer.stays DROP CONSTRAINT stays_key,"
      " ADD CONSTRAINT stays_key PRIMARY KEY (room, during)",
      "constraint newer.stays.stays_key: "}},
    {180000,
     {"TRUNCATE newer.kin_child; ALTER TABLE newer.kin ALTER CONSTRAINT kin_a INHERIT",
      "constraint newer.kin.kin_a: "}},
    {180000,
     {"ALTER PUBLICATION newer_figured SET (publish_generated_columns = none)", "publication newer_figured: "}},
    {190000,
     {"ALTER PUBLICATION newer_most SET ALL TABLES EXCEPT (TABLE newer.names)",
      "publication member newer_most: table newer.counted: only in the preview"}},
    {190000, {"ALTER PUBLICATION newer_sequences SET ALL TABLES", "publication newer_sequences: "}},
    {190000,
     {"CREATE OR REPLACE AGGREGATE newer.total(int) (sfunc = int4pl, stype = int, initcond = '0',"
      " support = textlike_support)",
      "aggregate newer.total(integer): "}},
    {190000,
     {"ALTER FOREIGN DATA WRAPPER newer_wrapper NO CONNECTION", "foreign data wrapper newer_wrapper: "}},
};

static void check_named(struct session *session, const struct mutation *mutation)
{
    size_t count = 0;
    char *changed = facts_after(session, mutation->sql);
    char *differences = compare(source_facts, changed, &count);

    if (count == 0)
        fail_msg("not seen: %s", mutation->sql);
    check_contains(differences, mutation->line);
    free(differences);
    free(changed);
}

static void every_change_is_named(void **state)
{
    struct session *session = open_session("source");

    (void)state;
    for (size_t i = 0; i < sizeof(MUTATIONS) / sizeof(MUTATIONS[0]); i++)
        check_named(session, &MUTATIONS[i]);
    for (size_t i = 0; i < sizeof(NEWER_MUTATIONS) / sizeof(NEWER_MUTATIONS[0]); i++)
        if (session->server_version >= NEWER_MUTATIONS[i].since)
            check_named(session, &NEWER_MUTATIONS[i].mutation);
    session_close(session);
}

/* What a change of no effect looks like: the default spelt out, another order. */
static void spelt_out_defaults_are_equal(void **state)
{
    static const char *const SAME[] = {
        "GRANT EXECUTE ON FUNCTION shop.nothing() TO PUBLIC",
        "GRANT ALL ON TABLE shop.bookings TO postgres",
        "REVOKE SELECT ON shop.cache FROM PUBLIC; GRANT SELECT ON shop.cache TO PUBLIC",
        ("ALTER TABLE shop.orders RESET (fillfactor, autovacuum_enabled);"
         " ALTER TABLE shop.orders SET (autovacuum_enabled = false, fillfactor = 80)"),
        "SELECT nextval('shop.free')",
        "INSERT INTO shop.event_notes VALUES (NULL, NULL, NULL)",
        "CREATE TEMPORARY TABLE passing (a int)",
    };
    struct session *session = open_session("source");

    (void)state;
    for (size_t i = 0; i < sizeof(SAME) / sizeof(SAME[0]); i++) {
        size_t count = 0;
        char *changed = facts_after(session, SAME[i]);
        char *differences = compare(source_facts, changed, &count);
        assert_string_equal(differences, "");
        free(differences);
        free(changed);
    }
    session_close(session);
}

/* A17, A18 */
static void column_order_does_not_matter(void **state)
{
    size_t count = 0;
    (void)state;
    cluster_create_database(cluster, "order_a");
    cluster_create_database(cluster, "order_b");
    cluster_sql(cluster, "order_a", "CREATE TABLE t (a int, gone int, b text); ALTER TABLE t DROP COLUMN gone");
    cluster_sql(cluster, "order_b", "CREATE TABLE t (b text, a int)");
    char *a = facts_of("order_a"), *b = facts_of("order_b");
    char *differences = compare(a, b, &count);
    assert_string_equal(differences, "");
    free(differences);
    free(a);
    free(b);
}

static void facts_hold_no_secret_and_no_control_character(void **state)
{
    (void)state;
    assert_null(strstr(source_facts, "mapping-secret"));
    assert_null(strstr(source_facts, "elsewhere.invalid"));
    for (const char *p = source_facts; *p != '\0'; p++)
        assert_true((unsigned char)*p >= ' ' || *p == '\t' || *p == '\n');
    check_contains(source_facts,
                   "column\t\"Odd.Schema\".\"Odd \"\"Table\"\" 'x'\".\"tab\\tnew\\nline\"\ttext\n");
}

static void facts_are_sorted(void **state)
{
    size_t lines = 0;
    (void)state;
    char *copy = strdup(source_facts), *before = NULL, *position = NULL;
    for (char *line = strtok_r(copy, "\n", &position); line != NULL; line = strtok_r(NULL, "\n", &position)) {
        if (before != NULL)
            assert_true(strcmp(before, line) < 0);
        before = line;
        lines++;
    }
    assert_true(lines > 500);
    free(copy);
}

static void settings_of_the_role_do_not_change_facts(void **state)
{
    size_t count = 0;
    (void)state;
    cluster_sql(
        cluster, "postgres",
        "ALTER DATABASE source SET quote_all_identifiers = on; ALTER DATABASE source SET search_path = shop");
    char *again = facts_of("source");
    cluster_sql(cluster, "postgres", "ALTER DATABASE source RESET ALL");
    char *differences = compare(source_facts, again, &count);
    assert_string_equal(differences, "");
    free(differences);
    free(again);
}

static void comparison_is_limited_and_counted(void **state)
{
    char *differences = NULL;
    size_t count = 0;
    cutover_error *error = NULL;

    (void)state;
    check_ok(catalog_facts_compare("a\tone\tx\na\tthree\tx\na\ttwo\tx\n", "a\tone\ty\na\tzero\tx\n", "A", "B",
                                   2, &differences, &count, &error),
             error);
    assert_string_equal(differences, "a one: x | y\na three: only in A\nand 2 more\n");
    assert_int_equal(count, 4);
    free(differences);
    check_ok(catalog_facts_compare("", "", "A", "B", 2, &differences, &count, &error), error);
    assert_string_equal(differences, "");
    assert_int_equal(count, 0);
    free(differences);
    check_ok(catalog_facts_compare("a\tn\tx\n", "", "A", "B", 2, &differences, &count, &error), error);
    assert_string_equal(differences, "a n: only in A\n");
    free(differences);
    /* A name that begins with another; the same identity twice. */
    check_ok(catalog_facts_compare("a\tn\tx\na\tn\tz\n", "a\tn\tx\na\tn 2\tx\n", "A", "B", 9, &differences,
                                   &count, &error),
             error);
    assert_string_equal(differences, "a n: only in A\na n 2: only in B\n");
    free(differences);
}

static void long_definitions_are_shown_where_they_differ(void **state)
{
    char first[2000], second[2000], *differences = NULL;
    size_t count = 0;
    cutover_error *error = NULL;

    (void)state;
    memset(first, 'x', sizeof(first));
    memcpy(first, "function\tf()\t", 13);
    first[sizeof(first) - 1] = '\0';
    memcpy(second, first, sizeof(first));
    memcpy(first + 1000, "OLD", 3);
    memcpy(second + 1000, "NEW", 3);
    check_ok(catalog_facts_compare(first, second, "A", "B", 9, &differences, &count, &error), error);
    check_contains(differences, "OLD");
    check_contains(differences, "NEW");
    assert_true(strlen(differences) < 600);
    free(differences);
}

static void has_role(char **roles, size_t count, const char *name, bool wanted)
{
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || strcmp(roles[i], name) == 0;
    if (found != wanted)
        fail_msg("role %s is %s", name, found ? "listed" : "not listed");
}

/* C1 */
static void roles_are_all_that_are_named(void **state)
{
    struct session *session = open_session("source");
    char **roles = NULL;
    size_t count = 0;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "postgres",
                "CREATE ROLE only_default; CREATE ROLE only_policy; CREATE ROLE only_mapping");
    check_ok(session_run(session,
                         "BEGIN; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO only_default;"
                         " CREATE POLICY more ON shop.customers TO only_policy;"
                         " CREATE USER MAPPING FOR only_mapping SERVER elsewhere",
                         &error),
             error);
    check_ok(catalog_roles(session, &roles, &count, &error), error);
    has_role(roles, count, "postgres", true);
    has_role(roles, count, "rich_owner", true);
    has_role(roles, count, "rich_reader", true);
    has_role(roles, count, "rich_writer", true);
    has_role(roles, count, "Odd \"Role\"", true);
    has_role(roles, count, "only_default", true);
    has_role(roles, count, "only_policy", true);
    has_role(roles, count, "only_mapping", true);
    has_role(roles, count, "rich_login", false);
    for (size_t i = 1; i < count; i++)
        assert_true(strcmp(roles[i - 1], roles[i]) < 0);
    for (size_t i = 0; i < count; i++)
        free(roles[i]);
    free(roles);
    session_close(session);
}

static void extensions_have_version_and_schema(void **state)
{
    struct session *session = open_session("source");
    struct json_object *extensions = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_ok(catalog_extensions(session, &extensions, &error), error);
    assert_int_equal(json_object_array_length(extensions), 6);
    struct json_object *citext = json_object_array_get_idx(extensions, 1);
    assert_string_equal(json_text_or(citext, "name", ""), "citext");
    assert_string_equal(json_text_or(citext, "schema", ""), "ext");
    assert_true(strlen(json_text_or(citext, "version", "")) > 0);
    json_object_put(extensions);
    session_close(session);
}

static void failed_transaction_leaves_facts_untouched(void **state)
{
    struct session *session = open_session("source");
    struct text facts = TEXT_INIT;
    cutover_error *error = NULL;

    (void)state;
    text_add(&facts, "before");
    check_ok(session_run(session, "BEGIN", &error), error);
    check_status(session_run(session, "SELECT 1/0", &error), CUTOVER_E_POSTGRES, error);
    check_status(catalog_facts_read(session, &facts, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(text_string(&facts), "before");
    text_free(&facts);
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restored_copy_has_equal_facts),
        cmocka_unit_test(every_change_is_named),
        cmocka_unit_test(spelt_out_defaults_are_equal),
        cmocka_unit_test(column_order_does_not_matter),
        cmocka_unit_test(facts_hold_no_secret_and_no_control_character),
        cmocka_unit_test(facts_are_sorted),
        cmocka_unit_test(settings_of_the_role_do_not_change_facts),
        cmocka_unit_test(comparison_is_limited_and_counted),
        cmocka_unit_test(long_definitions_are_shown_where_they_differ),
        cmocka_unit_test(roles_are_all_that_are_named),
        cmocka_unit_test(extensions_have_version_and_schema),
        cmocka_unit_test(failed_transaction_leaves_facts_untouched),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
