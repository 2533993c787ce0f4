#include "support/check.h"
#include "support/cluster.h"

#include "postgres/copy.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cluster *cluster;

static const char types_sql[] =
    "CREATE TYPE mood AS ENUM ('sad', 'it''s \"ok\"'); CREATE TYPE pair AS (a int, b text);"
    "CREATE DOMAIN positive AS int CHECK (VALUE > 0);"
    "CREATE TABLE types (id int, f4 real, f8 float8, n numeric, t text, b bytea, ts timestamp, tz timestamptz,"
    "  d date, iv interval, j json, jb jsonb, x xml, u uuid, ia int[], ta text[][], m mood, p pair, pa pair[],"
    "  po positive, r int4range, mr nummultirange, pt point, net inet, mac macaddr, bits bit varying, tv "
    "tsvector,"
    "  mo money, rc regclass, c char(5), \"nul \"\"col\" text);"
    "INSERT INTO types VALUES (1, 1.1, 0.1 + 0.2, 1234567890123456789012345678901234567890.123, E'tab\\t nl\\n "
    "cr\\r"
    " back\\\\ \\\\N \\\\.', '\\x0009ff5c0a', '2026-02-03 04:05:06.789', '0044-03-15 12:00 BC', 'infinity',"
    "  '1 year -2 days 3:04:05.6', '{\"a\" : 1}', '{\"b\": [null, \"\\u00e9\"]}', '<a>&amp;</a>',"
    "  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{1,NULL,3}', '{{\"a,b\",\"\"},{\"NULL\",NULL}}', 'it''s "
    "\"ok\"',"
    "  ROW(1, E'x\\ny'), ARRAY[ROW(1, NULL)::pair], 7, '[1,5)', '{[1.5,2],(3,)}', '(1.5,-2)', '10.0.0.0/8',"
    "  '08:00:2b:01:02:03', B'10101', 'fat:1A cat', '$1234.56', 'pg_class', 'ab', NULL),"
    " (2, 'NaN', '-Infinity', 'NaN', '', '', '-infinity', 'infinity', '5874897-12-31', '-178000000 years', "
    "'null',"
    "  '\"\"', '', '00000000-0000-0000-0000-000000000000', '{}', '{}', 'sad', ROW(NULL, NULL), '{}', 1, "
    "'empty', '{}',"
    "  '(0,0)', '::1', '00:00:00:00:00:00', '', '', '-0.01', '0', '', 'x');"
    "INSERT INTO types (id) VALUES (3);"
    "INSERT INTO types (id, f8, t, b) SELECT i, random(), repeat(chr(32 + i % 900), i % 300), "
    "sha256(i::text::bytea)"
    "  FROM generate_series(4, 5000) i";

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    return 0;
}

static struct session *open_as(const char *database, const char *role, struct session_options options)
{
    struct conninfo conninfo;
    struct session *session = NULL;
    cutover_error *error = NULL;

    check_ok(conninfo_parse("connection", cluster_conninfo_as(cluster, database, role), &conninfo, &error),
             error);
    options.conninfo = &conninfo;
    check_ok(session_open(&options, &session, &error), error);
    conninfo_free(&conninfo);
    return session;
}

static struct session *open_database(const char *database)
{
    return open_as(database, "postgres", (struct session_options){0});
}

/* A session with what its database holds. */
struct side {
    struct session *session;
    struct inventory inventory;
};

static struct side side_of(struct session *session)
{
    struct side side = {.session = session};
    cutover_error *error = NULL;

    check_ok(inventory_read(session, &side.inventory, &error), error);
    return side;
}

static struct side open_side(const char *database)
{
    return side_of(open_database(database));
}

static void close_side(struct side *side)
{
    inventory_free(&side->inventory);
    session_close(side->session);
}

static const struct table *find(const struct side *side, const char *name)
{
    const struct table *table = inventory_find(&side->inventory, "public", name);

    assert_non_null(table);
    return table;
}

static struct digest digest_of(const struct side *side, const char *name, struct page_range range,
                               enum copy_form form)
{
    struct digest digest = DIGEST_INIT;
    cutover_error *error = NULL;

    check_ok(copy_digest(side->session, find(side, name), range, form, &digest, &error), error);
    return digest;
}

static struct digest whole_digest(const struct side *side, const char *name)
{
    return digest_of(side, name, (struct page_range){0, 0}, COPY_TEXT_GENERATED);
}

/* Copies a table's rows from one side to the other. */
static void carry_as(const struct side *from, const struct side *to, const struct table *table, bool binary,
                     bool freeze)
{
    struct copy_out out;
    struct copy_in in;
    const char *row = NULL;
    size_t length = 0;
    cutover_error *error = NULL;

    check_ok(copy_out_open(&out, from->session, table, (struct page_range){0, 0},
                           binary ? COPY_BINARY : COPY_TEXT, &error),
             error);
    check_ok(copy_in_open(&in, to->session, table->qualified, table->column_list, table->label, binary, freeze,
                          &error),
             error);
    for (;;) {
        check_ok(copy_out_row(&out, &row, &length, &error), error);
        if (length == 0)
            break;
        check_ok(copy_in_put(&in, row, length, 1, &error), error);
    }
    check_ok(copy_in_finish(&in, &error), error);
    assert_int_equal(in.rows, out.rows);
}

static void carry(const struct side *from, const struct side *to, const struct table *table, bool freeze)
{
    carry_as(from, to, table, false, freeze);
}

/* Makes two databases alike, fills one, and carries all tables over; equal digests, generated columns too. */
static void assert_carried(const char *first, const char *second, const char *schema, const char *rows)
{
    struct side from, to;

    cluster_create_database(cluster, first);
    cluster_create_database(cluster, second);
    cluster_sql(cluster, first, schema);
    cluster_sql(cluster, second, schema);
    cluster_sql(cluster, first, rows);
    from = open_side(first);
    to = open_side(second);
    for (size_t i = 0; i < from.inventory.table_count; i++)
        carry(&from, &to, &from.inventory.tables[i], false);
    for (size_t i = 0; i < from.inventory.table_count; i++) {
        const struct table *table = &from.inventory.tables[i];
        const struct table *twin = inventory_find(&to.inventory, table->schema, table->name);
        struct digest a = DIGEST_INIT, b = DIGEST_INIT;
        cutover_error *error = NULL;

        check_ok(copy_digest(from.session, table, (struct page_range){0, 0}, COPY_TEXT_GENERATED, &a, &error),
                 error);
        check_ok(copy_digest(to.session, twin, (struct page_range){0, 0}, COPY_TEXT_GENERATED, &b, &error),
                 error);
        assert_true(a.rows > 0);
        assert_true(digest_equal(&a, &b));
    }
    close_side(&from);
    close_side(&to);
}

/* EDGE_CASES B12, B14, B20. */
static void values_of_many_types_arrive_unchanged(void **state)
{
    char *first, *second;
    const char *hash = "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM types t";

    (void)state;
    cluster_create_database(cluster, "types_a");
    cluster_sql(cluster, "types_a", types_sql);
    cluster_sql(cluster, "postgres", "CREATE DATABASE types_b TEMPLATE types_a");
    cluster_sql(cluster, "types_b", "TRUNCATE types");
    struct side from = open_side("types_a"), to = open_side("types_b");
    struct digest a, b;

    carry(&from, &to, find(&from, "types"), false);
    a = whole_digest(&from, "types");
    b = whole_digest(&to, "types");
    assert_int_equal(a.rows, 5000);
    assert_true(digest_equal(&a, &b));
    close_side(&from);
    close_side(&to);
    first = cluster_value(cluster, "types_a", hash);
    second = cluster_value(cluster, "types_b", hash);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static const char plain_sql[] =
    "CREATE TYPE mood AS ENUM ('sad', 'it''s \"ok\"');"
    "CREATE TABLE plain (id int, bo bool, b bytea, na name, i2 int2, i8 int8, f4 real, f8 float8, n numeric,"
    "  nt numeric(12,2), t text, v varchar(9), c char(5), d date, ti time, ts timestamp, tz timestamptz, iv "
    "interval,"
    "  u uuid, j json, jb jsonb, net inet, ci cidr, mac macaddr, m mood, twice int GENERATED ALWAYS AS (id * "
    "2) STORED);"
    "CREATE TABLE nothing (a int);"
    "CREATE TABLE with_array (a int[]); CREATE TABLE with_domain (a information_schema.cardinal_number);"
    "CREATE TABLE with_class (a regclass); CREATE TABLE with_row (a nothing); CREATE TABLE with_money (a "
    "money);"
    "CREATE TABLE with_enums (a mood[]); CREATE TABLE bare ();";

static const char plain_rows_sql[] =
    "INSERT INTO plain VALUES (1, true, '\\x0009ff5c0a', 'a name', -32768, 9223372036854775807, 1.1, 0.1 + 0.2,"
    "  1234567890123456789012345678901234567890.1230, 0.10, E'tab\\t nl\\n back\\\\ \\\\N \\\\.', '', 'ab', "
    "'infinity',"
    "  '24:00', '2026-02-03 04:05:06.789', '0044-03-15 12:00 BC', '1 year -2 days 3:04:05.6',"
    "  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{\"a\" : 1}', '{\"b\": [null, \"\\u00e9\", 1.50]}', "
    "'10.0.0.1/8',"
    "  '10.0.0.0/8', '08:00:2b:01:02:03', 'it''s \"ok\"'),"
    " (2, false, '', '', 0, 0, '-0', 'NaN', 'NaN', 0, '', 'x', '', '5874897-12-31', '0:00', '-infinity', "
    "'infinity',"
    "  '-178000000 years', '00000000-0000-0000-0000-000000000000', 'null', '\"\"', '::1', '::/0', "
    "'00:00:00:00:00:00',"
    "  'sad');"
    "INSERT INTO plain (id) VALUES (NULL);"
    "INSERT INTO plain (id, f8, t, b) SELECT i, random(), repeat(chr(32 + i % 900), i % 300), "
    "sha256(i::text::bytea)"
    "  FROM generate_series(4, 5000) i;";

/* What binary rows brought is the same in text, too; and each change shows in their digest (EDGE_CASES B12 to B14, D13). */
static void plain_values_arrive_unchanged_in_binary(void **state)
{
    static const char *const changes[] = {
        "UPDATE public.plain SET f8 = f8 + 1e-15 WHERE id = 4000",
        "UPDATE public.plain SET t = '' WHERE id IS NULL",
        "UPDATE public.plain SET n = 1234567890123456789012345678901234567890.123 WHERE id = 1",
        "UPDATE public.plain SET i2 = 1, i8 = 0 WHERE id = 2", "DELETE FROM public.plain WHERE id = 77"};
    const struct page_range whole = {0, 0};
    struct side from, to;

    (void)state;
    cluster_create_database(cluster, "plain_a");
    cluster_create_database(cluster, "plain_b");
    cluster_sql(cluster, "plain_a", plain_sql);
    cluster_sql(cluster, "plain_b", plain_sql);
    cluster_sql(cluster, "plain_a", plain_rows_sql);
    from = open_side("plain_a");
    to = open_side("plain_b");
    assert_true(find(&from, "plain")->binary);
    carry_as(&from, &to, find(&from, "plain"), true, false);
    carry_as(&from, &to, find(&from, "nothing"), true, false);
    struct digest a = digest_of(&from, "plain", whole, COPY_TEXT_GENERATED),
                  b = digest_of(&to, "plain", whole, COPY_TEXT_GENERATED);
    assert_int_equal(a.rows, 5000);
    assert_true(digest_equal(&a, &b));
    a = digest_of(&from, "plain", whole, COPY_BINARY);
    b = digest_of(&to, "plain", whole, COPY_BINARY);
    assert_true(digest_equal(&a, &b));
    assert_int_equal(digest_of(&to, "nothing", whole, COPY_BINARY).rows, 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        cutover_error *error = NULL;
        check_ok(session_run_format(to.session, &error, "BEGIN; %s", changes[i]), error);
        b = digest_of(&to, "plain", whole, COPY_BINARY);
        if (digest_equal(&a, &b))
            fail_msg("%s does not show", changes[i]);
        check_ok(session_run(to.session, "ROLLBACK", &error), error);
    }
    close_side(&from);
    close_side(&to);
}

/* Where a binary form holds an OID, or has more than one way to say the same, rows go as text. */
static void what_has_no_binary_form_of_its_own_goes_as_text(void **state)
{
    static const char *const names[] = {"with_array", "with_domain", "with_class", "with_row",
                                        "with_money", "with_enums",  "bare"};
    struct side side = open_side("plain_a");

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(find(&side, names[i])->binary);
    close_side(&side);
}

static void one_changed_value_shows(void **state)
{
    struct side from = open_side("types_a"), to;
    struct digest a = whole_digest(&from, "types"), b;

    (void)state;
    cluster_sql(cluster, "types_b", "UPDATE types SET f8 = f8 + 1e-15 WHERE id = 4000");
    to = open_side("types_b");
    b = whole_digest(&to, "types");
    assert_int_equal(a.rows, b.rows);
    assert_false(digest_equal(&a, &b));
    close_side(&from);
    close_side(&to);
}

/* EDGE_CASES A13, A14, A40: partitions, inheritance, generated columns, no columns at all, odd names. */
static void odd_tables_arrive_unchanged(void **state)
{
    (void)state;
    assert_carried(
        "odd_a", "odd_b",
        "CREATE TABLE parted (a int, b text) PARTITION BY LIST (a);"
        "CREATE TABLE part_1 PARTITION OF parted FOR VALUES IN (1); CREATE TABLE part_2 (b text, a int);"
        "ALTER TABLE parted ATTACH PARTITION part_2 FOR VALUES IN (2);"
        "CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);"
        "CREATE TABLE generated (gone int, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, z text);"
        "ALTER TABLE generated DROP COLUMN gone;"
        "CREATE TABLE only_generated (a int GENERATED ALWAYS AS (42) STORED);"
        "CREATE TABLE bare (a int); ALTER TABLE bare DROP COLUMN a;"
        "CREATE SCHEMA \"sp ace\"; CREATE TABLE \"sp ace\".\"a\"\"b.c\nd\\e\" (\"select\" int, \"x\"\"y z\n\" "
        "text);"
        "CREATE TABLE ident (a int GENERATED ALWAYS AS IDENTITY)",
        "INSERT INTO parted SELECT 1 + i % 2, i::text FROM generate_series(1, 1000) i;"
        "INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (3, 4);"
        "INSERT INTO generated (a, z) SELECT i, 'z' FROM generate_series(1, 10) i;"
        "INSERT INTO only_generated DEFAULT VALUES; INSERT INTO bare DEFAULT VALUES; INSERT INTO bare DEFAULT "
        "VALUES;"
        "INSERT INTO \"sp ace\".\"a\"\"b.c\nd\\e\" VALUES (1, 'x'), (2, NULL);"
        "INSERT INTO ident SELECT FROM generate_series(1, 5)");
    assert_int_equal(cluster_number(cluster, "odd_b", "SELECT count(*) FROM ONLY parent"), 2);
    assert_int_equal(cluster_number(cluster, "odd_b", "SELECT count(*) FROM bare"), 2);
    assert_int_equal(cluster_number(cluster, "odd_b", "SELECT sum(twice) FROM generated"), 110);
    assert_int_equal(cluster_number(cluster, "odd_b", "SELECT count(*) FROM parted"), 1000);
}

static void generated_columns_count_only_when_asked_for(void **state)
{
    struct side side = open_side("odd_a");
    const struct page_range whole = {0, 0};
    struct digest with = digest_of(&side, "generated", whole, COPY_TEXT_GENERATED),
                  without = digest_of(&side, "generated", whole, COPY_TEXT);
    struct digest plain = digest_of(&side, "parent", whole, COPY_TEXT_GENERATED),
                  same = digest_of(&side, "parent", whole, COPY_TEXT);

    (void)state;
    assert_int_equal(with.rows, without.rows);
    assert_false(digest_equal(&with, &without));
    assert_true(digest_equal(&plain, &same));
    close_side(&side);
}

/* EDGE_CASES B15: parts of n pages, the last one open, make up the whole, whatever n is. */
static void page_ranges_make_up_the_whole(void **state)
{
    static const char *const names[] = {"none", "one", "two", "more", "bare"};
    static const uint64_t pages[] = {0, 1, 2, 12, 1};
    struct side side;

    (void)state;
    cluster_create_database(cluster, "pages");
    cluster_sql(cluster, "pages",
                "CREATE TABLE none (a int, b text); CREATE TABLE one (a int, b text);"
                "CREATE TABLE two (a int, b text); CREATE TABLE more (a int, b text);"
                "CREATE TABLE bare (a int); ALTER TABLE bare DROP COLUMN a;"
                "INSERT INTO bare SELECT FROM generate_series(1, 3); INSERT INTO one VALUES (1, 'x');"
                "INSERT INTO two SELECT i, repeat('x', 1000) FROM generate_series(1, 10) i;"
                "INSERT INTO more SELECT i, repeat('x', 1000) FROM generate_series(1, 80) i;"
                "DELETE FROM more WHERE a BETWEEN 20 AND 40");
    side = open_side("pages");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct digest whole = whole_digest(&side, names[i]);

        assert_int_equal(find(&side, names[i])->heap_pages, pages[i]);
        for (uint64_t step = 1; step <= pages[i] + 1; step++) {
            struct digest sum = DIGEST_INIT;

            for (uint64_t first = 0; first <= pages[i]; first += step) {
                bool last = first + step > pages[i];
                struct digest part = digest_of(
                    &side, names[i], (struct page_range){first, last ? 0 : first + step}, COPY_TEXT_GENERATED);

                digest_add(&sum, &part);
            }
            assert_true(digest_equal(&whole, &sum));
        }
    }
    struct digest binary = digest_of(&side, "more", (struct page_range){0, 0}, COPY_BINARY);
    struct digest head = digest_of(&side, "more", (struct page_range){0, 5}, COPY_BINARY);
    struct digest tail = digest_of(&side, "more", (struct page_range){5, 0}, COPY_BINARY);
    digest_add(&head, &tail);
    assert_true(digest_equal(&binary, &head));
    close_side(&side);
}

/* EDGE_CASES A21: a condition holds in parts and with an OR in it, too. */
static void extension_condition_chooses_the_rows(void **state)
{
    struct side side;
    struct digest whole, parts, rest;

    (void)state;
    cluster_create_database(cluster, "conditions");
    cluster_sql(
        cluster, "conditions",
        "CREATE TABLE settings (a int); INSERT INTO settings SELECT generate_series(1, 1000);"
        "ALTER EXTENSION plpgsql ADD TABLE settings; UPDATE pg_extension SET"
        "  extconfig = ARRAY['settings'::regclass::oid], extcondition = ARRAY[' where a > 900 OR a = 1']"
        "  WHERE extname = 'plpgsql'");
    side = open_side("conditions");
    whole = whole_digest(&side, "settings");
    assert_int_equal(whole.rows, 101);
    parts = digest_of(&side, "settings", (struct page_range){0, 2}, COPY_TEXT);
    rest = digest_of(&side, "settings", (struct page_range){2, 0}, COPY_TEXT);
    assert_int_equal(parts.rows, 1);
    digest_add(&parts, &rest);
    assert_true(digest_equal(&whole, &parts));
    close_side(&side);
}

/* EDGE_CASES B22: a policy must end the copy, not thin it out. */
static void row_security_fails_the_copy(void **state)
{
    struct side side;
    struct digest digest = {7, 7, 7};
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "policies");
    cluster_sql(
        cluster, "policies",
        "CREATE ROLE tenant LOGIN; CREATE TABLE secured (a int); INSERT INTO secured VALUES (1), (2), (3);"
        "GRANT SELECT ON secured TO tenant; ALTER TABLE secured ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY one ON secured USING (a = 1);"
        "CREATE ROLE keeper LOGIN; CREATE TABLE forced (a int); INSERT INTO forced VALUES (1), (2);"
        "ALTER TABLE forced OWNER TO keeper; ALTER TABLE forced ENABLE ROW LEVEL SECURITY;"
        "ALTER TABLE forced FORCE ROW LEVEL SECURITY");
    side = side_of(open_as("policies", "tenant", (struct session_options){0}));
    check_status_keep(copy_digest(side.session, find(&side, "secured"), (struct page_range){0, 0}, COPY_TEXT,
                                  &digest, &error),
                      CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42501");
    check_contains(cutover_error_message(error), "public.secured");
    cutover_error_free(error);
    error = NULL;
    close_side(&side);
    side = side_of(open_as("policies", "keeper", (struct session_options){0}));
    check_status(
        copy_digest(side.session, find(&side, "forced"), (struct page_range){0, 0}, COPY_TEXT, &digest, &error),
        CUTOVER_E_POSTGRES, error);
    assert_int_equal(digest.rows, 7);
    close_side(&side);
}

/* EDGE_CASES B20: database and role defaults that differ must not make equal rows differ. */
static void digests_do_not_depend_on_defaults(void **state)
{
    struct side plain, awkward;
    struct digest a, b;

    (void)state;
    cluster_sql(cluster, "postgres", "CREATE DATABASE types_c TEMPLATE types_a");
    cluster_sql(
        cluster, "types_c",
        "CREATE ROLE foreigner LOGIN SUPERUSER; ALTER ROLE foreigner SET DateStyle = 'German';"
        "ALTER DATABASE types_c SET extra_float_digits = -5; ALTER DATABASE types_c SET TimeZone = "
        "'Asia/Tokyo';"
        "ALTER DATABASE types_c SET IntervalStyle = sql_standard; ALTER DATABASE types_c SET bytea_output = "
        "escape;"
        "ALTER DATABASE types_c SET lc_monetary = 'C.UTF-8'; ALTER DATABASE types_c SET xmlbinary = hex");
    plain = open_side("types_a");
    awkward = side_of(
        open_as("types_c", "foreigner", (struct session_options){.lc_monetary = plain.session->lc_monetary}));
    a = whole_digest(&plain, "types");
    b = whole_digest(&awkward, "types");
    assert_true(digest_equal(&a, &b));
    assert_string_equal(plain.session->lc_monetary, awkward.session->lc_monetary);
    close_side(&plain);
    close_side(&awkward);
}

/* EDGE_CASES B17. */
static void freeze_marks_rows_in_the_transaction_that_made_the_table(void **state)
{
    struct side from = open_side("types_a"), to = open_side("types_b");
    cutover_error *error = NULL;

    (void)state;
    check_ok(session_run(to.session, "BEGIN; TRUNCATE public.types", &error), error);
    carry(&from, &to, find(&from, "types"), true);
    check_ok(session_run(to.session, "COMMIT; CREATE EXTENSION pg_visibility SCHEMA public", &error), error);
    /* Pages that hold rows: from 16 on a file grows by several at once. */
    assert_int_equal(cluster_number(cluster, "types_b",
                                    "SELECT count(*) FROM pg_visibility_map('types') WHERE NOT all_frozen"
                                    "   AND blkno IN (SELECT (ctid::text::point)[0]::bigint FROM types)"),
                     0);
    assert_true(cluster_number(cluster, "types_b", "SELECT count(*) FROM types") > 0);
    close_side(&from);
    close_side(&to);
}

static struct copy_in open_target(struct session *session)
{
    struct copy_in copy;
    cutover_error *error = NULL;

    check_ok(copy_in_open(&copy, session, "\"public\".\"target\"", "(\"a\", \"b\")", "public.target", false,
                          false, &error),
             error);
    return copy;
}

static void make_target(const char *name)
{
    cluster_create_database(cluster, name);
    cluster_sql(cluster, name, "CREATE TABLE target (a int PRIMARY KEY, b text)");
}

/* A server's error in the middle is noticed while rows are still being put, and not only at the end; it names the
   place, and shows nobody's data but what the server's message itself has. */
static void broken_row_is_reported_while_sending(void **state)
{
    static char row[1001];
    struct session *session;
    struct copy_in copy;
    cutover_status status = CUTOVER_OK;
    cutover_error *error = NULL;
    int puts = 0;

    (void)state;
    make_target("broken");
    session = open_database("broken");
    copy = open_target(session);
    check_ok(copy_in_put(&copy, "1\tfine\nseven\tsecret\n", 20, 2, &error), error);
    memset(row, 'x', sizeof row);
    memcpy(row, "2\t", 2);
    row[1000] = '\n';
    while (status == CUTOVER_OK && puts < 1000000) {
        status = copy_in_put(&copy, row, sizeof row, 1, &error);
        puts++;
    }
    check_status_keep(status, CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "22P02");
    check_contains(cutover_error_message(error), "copying public.target: ");
    assert_string_equal(cutover_error_detail(error), "COPY target, line 2, column a");
    cutover_error_free(error);
    copy_in_abort(&copy);
    session_close(session);
    assert_int_equal(cluster_number(cluster, "broken", "SELECT count(*) FROM target"), 0);
}

/* EDGE_CASES B19: an error that only the end brings. The row that failed is not shown. */
static void error_at_the_end_is_reported(void **state)
{
    struct session *session = open_database("broken");
    struct copy_in copy = open_target(session);
    char *value = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_ok(copy_in_put(&copy, "1\tsecret one\n1\tsecret two\n", 26, 2, &error), error);
    check_status_keep(copy_in_finish(&copy, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "23505");
    assert_null(strstr(cutover_error_message(error), "secret"));
    check_contains(cutover_error_detail(error), "COPY target, line 2");
    assert_null(strstr(cutover_error_detail(error), "secret"));
    cutover_error_free(error);
    error = NULL;
    check_ok(session_value(session, "SELECT 1", 0, NULL, &value, &error), error);
    free(value);
    session_close(session);
}

/* EDGE_CASES B19. */
static void miscounted_rows_fail(void **state)
{
    struct session *session = open_database("broken");
    struct copy_in copy = open_target(session);
    cutover_error *error = NULL;

    (void)state;
    check_ok(session_wait(session, true, &error), error);
    check_ok(copy_in_put(&copy, "1\ta\n2\tb\n", 8, 3, &error), error);
    check_status_keep(copy_in_finish(&copy, &error), CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    cutover_error_free(error);
    session_close(session);
    cluster_sql(cluster, "broken", "TRUNCATE target");
}

static void aborted_copy_leaves_no_rows(void **state)
{
    struct session *session = open_database("broken");
    struct copy_in copy = open_target(session);
    cutover_error *error = NULL;

    (void)state;
    check_ok(copy_in_put(&copy, "1\ta\n2\tb\n", 8, 2, &error), error);
    copy_in_abort(&copy);
    check_status(session_run(session, "SELECT 1", &error), CUTOVER_E_POSTGRES, error);
    session_close(session);
    assert_int_equal(cluster_number(cluster, "broken", "SELECT count(*) FROM target"), 0);
}

/* A row longer than the buffer and than one message. */
static void huge_rows_pass(void **state)
{
    const size_t size = 5000000;
    char *row = malloc(size);
    struct session *session = open_database("broken");
    struct copy_in copy = open_target(session);
    cutover_error *error = NULL;

    (void)state;
    assert_non_null(row);
    memset(row, 'y', size);
    memcpy(row, "1\t", 2);
    row[size - 1] = '\n';
    check_ok(copy_in_put(&copy, "0\tsmall\n", 8, 1, &error), error);
    check_ok(copy_in_put(&copy, row, size, 1, &error), error);
    check_ok(copy_in_put(&copy, "2\tsmall\n", 8, 1, &error), error);
    check_ok(copy_in_finish(&copy, &error), error);
    session_close(session);
    free(row);
    assert_int_equal(cluster_number(cluster, "broken", "SELECT length(b) FROM target WHERE a = 1"), size - 3);
    assert_int_equal(cluster_number(cluster, "broken", "SELECT count(*) FROM target"), 3);
}

static void missing_table_is_an_error_and_the_session_goes_on(void **state)
{
    struct session *session = open_database("broken");
    struct copy_in copy;
    char *value = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_status_keep(
        copy_in_open(&copy, session, "\"public\".\"nothing\"", "", "public.nothing", false, false, &error),
        CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42P01");
    cutover_error_free(error);
    error = NULL;
    check_ok(session_value(session, "SELECT 1", 0, NULL, &value, &error), error);
    free(value);
    session_close(session);
}

/* A row that cannot be read ends the copy, however many went before it. */
static void error_while_reading_is_reported(void **state)
{
    struct side side;
    struct digest digest;
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "unreadable");
    cluster_sql(
        cluster, "unreadable",
        "CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 100000 / (50000 - $1)';"
        "CREATE TABLE settings (a int); INSERT INTO settings SELECT generate_series(1, 100000);"
        "ALTER EXTENSION plpgsql ADD TABLE settings; UPDATE pg_extension SET"
        "  extconfig = ARRAY['settings'::regclass::oid], extcondition = ARRAY['WHERE public.half(a) <> 0']"
        "  WHERE extname = 'plpgsql'");
    side = open_side("unreadable");
    check_status_keep(copy_digest(side.session, find(&side, "settings"), (struct page_range){0, 0}, COPY_TEXT,
                                  &digest, &error),
                      CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "22012");
    cutover_error_free(error);
    close_side(&side);
}

/* Both ways a cancel ends a COPY that waits for the server, and the server's side of it. */
static void cancel_ends_a_copy(void **state)
{
    struct cancel cancel;
    struct session *session;
    struct copy_out out;
    const struct table table = {.label = "public.slow", .qualified = "\"public\".\"slow\"", .column_list = ""};
    const char *row;
    size_t length;
    cutover_error *error = NULL;

    (void)state;
    cancel_init(&cancel, NULL);
    cluster_create_database(cluster, "slow");
    cluster_sql(cluster, "slow", "CREATE TABLE slow AS SELECT i AS a FROM generate_series(1, 1000000) i");
    session = open_as("slow", "postgres", (struct session_options){.cancel = &cancel});
    check_ok(copy_out_open(&out, session, &table, (struct page_range){0, 0}, COPY_TEXT, &error), error);
    check_ok(copy_out_row(&out, &row, &length, &error), error);
    assert_string_equal(row, "1\n");
    cancel_ask(&cancel);
    for (;;) {
        cutover_status status = copy_out_row(&out, &row, &length, &error);

        if (status != CUTOVER_OK) {
            check_status(status, CUTOVER_E_CANCELLED, error);
            break;
        }
        assert_true(length > 0);
    }
    copy_out_abort(&out);
    session_close(session);
    while (cluster_number(cluster, "postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'slow'") >
           0)
        usleep(10000);
}

static void lost_server_is_an_error(void **state)
{
    static char row[1001];
    struct session *session = open_database("broken");
    struct copy_in copy = open_target(session);
    char sql[64];
    cutover_status status = CUTOVER_OK;
    cutover_error *error = NULL;

    (void)state;
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 60000)", session->backend_pid);
    cluster_sql(cluster, "postgres", sql);
    memset(row, 'x', sizeof row);
    memcpy(row, "9\t", 2);
    row[1000] = '\n';
    for (int i = 0; i < 1000 && status == CUTOVER_OK; i++)
        status = copy_in_put(&copy, row, sizeof row, 1, &error);
    if (status == CUTOVER_OK)
        status = copy_in_finish(&copy, &error);
    check_status_keep(status, CUTOVER_E_POSTGRES, error);
    assert_non_null(cutover_error_sqlstate(error));
    cutover_error_free(error);
    copy_in_abort(&copy);
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_many_types_arrive_unchanged),
        cmocka_unit_test(plain_values_arrive_unchanged_in_binary),
        cmocka_unit_test(what_has_no_binary_form_of_its_own_goes_as_text),
        cmocka_unit_test(one_changed_value_shows),
        cmocka_unit_test(odd_tables_arrive_unchanged),
        cmocka_unit_test(generated_columns_count_only_when_asked_for),
        cmocka_unit_test(page_ranges_make_up_the_whole),
        cmocka_unit_test(extension_condition_chooses_the_rows),
        cmocka_unit_test(row_security_fails_the_copy),
        cmocka_unit_test(digests_do_not_depend_on_defaults),
        cmocka_unit_test(freeze_marks_rows_in_the_transaction_that_made_the_table),
        cmocka_unit_test(broken_row_is_reported_while_sending),
        cmocka_unit_test(error_at_the_end_is_reported),
        cmocka_unit_test(miscounted_rows_fail),
        cmocka_unit_test(aborted_copy_leaves_no_rows),
        cmocka_unit_test(huge_rows_pass),
        cmocka_unit_test(missing_table_is_an_error_and_the_session_goes_on),
        cmocka_unit_test(error_while_reading_is_reported),
        cmocka_unit_test(cancel_ends_a_copy),
        cmocka_unit_test(lost_server_is_an_error),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
