#include "support/check.h"
#include "support/cluster.h"
#include "support/session.h"

#include "postgres/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    return 0;
}

static struct session *open_database(const char *database)
{
    return check_session(cluster_conninfo(cluster, database));
}

static struct inventory read_inventory(const char *database)
{
    struct session *session = open_database(database);
    struct inventory inventory = {NULL, 0, NULL, 0, NULL, 0, 0};
    cutover_error *error = NULL;

    check_ok(inventory_read(session, &inventory, &error), error);
    check_ok(inventory_read_sequences(session, &inventory, &error), error);
    session_close(session);
    return inventory;
}

/* EDGE_CASES B30, B31, A41. */
static void tables_are_those_that_hold_our_rows(void **state)
{
    static const char *const ours[] = {"plain", "unlogged", "part_1", "part_2", "parent", "child"};
    static const char *const others[] = {"parted", "part_sub", "outside", "seen", "stored", "kind"};
    PGconn *temporary;
    struct inventory inventory;

    (void)state;
    cluster_create_database(cluster, "kinds");
    cluster_sql(cluster, "kinds",
                "CREATE TABLE plain (a int); CREATE UNLOGGED TABLE unlogged (a int);"
                "CREATE TABLE parted (a int) PARTITION BY RANGE (a);"
                "CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);"
                "CREATE TABLE part_sub PARTITION OF parted FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a);"
                "CREATE TABLE part_2 PARTITION OF part_sub FOR VALUES FROM (10) TO (20);"
                "CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent);"
                "CREATE FOREIGN DATA WRAPPER fdw; CREATE SERVER s FOREIGN DATA WRAPPER fdw;"
                "CREATE FOREIGN TABLE outside (a int) SERVER s;"
                "CREATE VIEW seen AS SELECT 1; CREATE MATERIALIZED VIEW stored AS SELECT 1;"
                "CREATE TYPE kind AS (a int)");
    temporary = cluster_connect(cluster, "kinds");
    PQclear(PQexec(temporary, "CREATE TEMP TABLE passing (a int)"));
    inventory = read_inventory("kinds");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        assert_non_null(inventory_find(&inventory, "public", ours[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(inventory_find(&inventory, "public", others[i]));
    assert_int_equal(inventory.table_count, sizeof ours / sizeof ours[0]);
    assert_true(inventory_find(&inventory, "public", "part_2")->partition);
    assert_false(inventory_find(&inventory, "public", "child")->partition);
    assert_true(inventory_find(&inventory, "public", "plain")->heap);
    inventory_free(&inventory);
    PQfinish(temporary);
}

/* EDGE_CASES A13, A14, A17, A18, A40. */
static void columns_are_quoted_and_generated_ones_apart(void **state)
{
    struct inventory inventory;
    const struct table *table;

    (void)state;
    cluster_create_database(cluster, "columns");
    cluster_sql(cluster, "columns",
                "CREATE SCHEMA \"my \"\"schema\"\"\";"
                "CREATE TABLE \"my \"\"schema\"\"\".\"odd\nname.x\" (gone int, \"A b\" int, \"c\"\"d\" text,"
                "  \"select\" int GENERATED ALWAYS AS (\"A b\" * 2) STORED, \"last\" int);"
                "ALTER TABLE \"my \"\"schema\"\"\".\"odd\nname.x\" DROP COLUMN gone;"
                "CREATE TABLE empty (a int); ALTER TABLE empty DROP COLUMN a;"
                "CREATE TABLE only_generated (a int GENERATED ALWAYS AS (42) STORED)");
    inventory = read_inventory("columns");
    table = inventory_find(&inventory, "my \"schema\"", "odd\nname.x");
    assert_non_null(table);
    assert_string_equal(table->label, "my \"schema\".odd\nname.x");
    assert_string_equal(table->qualified, "\"my \"\"schema\"\"\".\"odd\nname.x\"");
    assert_int_equal(table->column_count, 3);
    assert_string_equal(table->columns[0], "A b");
    assert_string_equal(table->columns[2], "last");
    assert_string_equal(table->column_list, "(\"A b\", \"c\"\"d\", \"last\")");
    assert_string_equal(table->generated, "\"A b\", \"c\"\"d\", \"select\", \"last\"");
    table = inventory_find(&inventory, "public", "empty");
    assert_int_equal(table->column_count, 0);
    assert_string_equal(table->column_list, "");
    assert_null(table->generated);
    table = inventory_find(&inventory, "public", "only_generated");
    assert_int_equal(table->column_count, 0);
    assert_string_equal(table->column_list, "");
    assert_string_equal(table->generated, "\"a\"");
    inventory_free(&inventory);
}

/* EDGE_CASES B15: never pg_class.relpages, which is 0 until somebody analyzes. */
static void sizes_are_exact_and_the_biggest_comes_first(void **state)
{
    struct inventory inventory;
    uint64_t sum = 0;

    (void)state;
    cluster_create_database(cluster, "sizes");
    cluster_sql(cluster, "sizes",
                "CREATE TABLE none (a int) WITH (autovacuum_enabled = off);"
                "CREATE TABLE one (a int) WITH (autovacuum_enabled = off); INSERT INTO one VALUES (1);"
                "CREATE TABLE many (a int, b text) WITH (autovacuum_enabled = off);"
                "INSERT INTO many SELECT i, repeat('x', 500) FROM generate_series(1, 1000) i;"
                "CREATE TABLE toasted (b text) WITH (autovacuum_enabled = off);"
                "ALTER TABLE toasted ALTER b SET STORAGE EXTERNAL;"
                "INSERT INTO toasted VALUES (repeat('x', 3000000))");
    inventory = read_inventory("sizes");
    assert_int_equal(inventory_find(&inventory, "public", "none")->heap_pages, 0);
    assert_int_equal(inventory_find(&inventory, "public", "one")->heap_pages, 1);
    assert_int_equal(inventory_find(&inventory, "public", "toasted")->heap_pages, 1);
    assert_int_equal(inventory_find(&inventory, "public", "many")->heap_pages,
                     cluster_number(cluster, "sizes", "SELECT pg_relation_size('many') / 8192"));
    assert_string_equal(inventory.tables[0].name, "toasted");
    assert_string_equal(inventory.tables[1].name, "many");
    assert_true(inventory.tables[0].bytes >= 3000000);
    for (size_t i = 0; i < inventory.table_count; i++)
        sum += inventory.tables[i].bytes;
    assert_int_equal(sum, inventory.bytes);
    inventory_free(&inventory);
}

/* EDGE_CASES A21, B30: an extension's tables are the extension's, but for its configuration. The extension is made
   by hand, so that the test needs none installed. */
static void extensions_give_their_configuration_only(void **state)
{
    struct inventory inventory;
    const struct table *table;

    (void)state;
    cluster_create_database(cluster, "extended");
    cluster_sql(cluster, "extended",
                "CREATE TABLE internals (a int); CREATE TABLE settings (a int, standard bool);"
                "CREATE TABLE rates (a int); CREATE SEQUENCE hidden; CREATE SEQUENCE kept;"
                "ALTER EXTENSION plpgsql ADD TABLE internals; ALTER EXTENSION plpgsql ADD TABLE settings;"
                "ALTER EXTENSION plpgsql ADD TABLE rates; ALTER EXTENSION plpgsql ADD SEQUENCE hidden;"
                "ALTER EXTENSION plpgsql ADD SEQUENCE kept;"
                "UPDATE pg_extension SET extconfig = ARRAY['settings', 'rates', 'kept']::regclass[]::oid[],"
                "  extcondition = ARRAY['WHERE NOT standard', '', ''] WHERE extname = 'plpgsql'");
    inventory = read_inventory("extended");
    assert_int_equal(inventory.table_count, 2);
    table = inventory_find(&inventory, "public", "settings");
    assert_true(table->extension_config);
    assert_string_equal(table->condition, "WHERE NOT standard");
    assert_int_equal(
        table->extension_oid,
        cluster_number(cluster, "extended", "SELECT oid FROM pg_extension WHERE extname = 'plpgsql'"));
    table = inventory_find(&inventory, "public", "rates");
    assert_true(table->extension_config);
    assert_null(table->condition);
    assert_int_equal(inventory.sequence_count, 1);
    assert_string_equal(inventory.sequences[0].name, "kept");
    inventory_free(&inventory);
}

static const struct sequence *find_sequence(const struct inventory *inventory, const char *name)
{
    for (size_t i = 0; i < inventory->sequence_count; i++) {
        if (strcmp(inventory->sequences[i].name, name) == 0)
            return &inventory->sequences[i];
    }
    fail_msg("no sequence %s", name);
    return NULL;
}

/* EDGE_CASES A15, A16: serial, identity and free ones; fresh, used and set; more than are read at a time. */
static void sequences_have_value_and_called_flag(void **state)
{
    struct inventory inventory;
    const struct sequence *sequence;

    (void)state;
    cluster_create_database(cluster, "sequences");
    cluster_sql(
        cluster, "sequences",
        "CREATE TABLE t (a serial, b bigint GENERATED ALWAYS AS IDENTITY);"
        "CREATE SEQUENCE \"Free one\" START 100; CREATE SEQUENCE down INCREMENT -1 MAXVALUE -5;"
        "INSERT INTO t SELECT FROM generate_series(1, 7); SELECT setval('t_b_seq', 9007199254740993, false);"
        "SELECT nextval('down'), nextval('down');"
        "DO $$ BEGIN FOR i IN 1..250 LOOP EXECUTE format('CREATE SEQUENCE many_%s START %s', i, i);"
        "  END LOOP; END $$; CREATE TEMP SEQUENCE passing");
    inventory = read_inventory("sequences");
    assert_int_equal(inventory.sequence_count, 254);
    sequence = find_sequence(&inventory, "t_a_seq");
    assert_int_equal(sequence->last_value, 7);
    assert_true(sequence->is_called);
    assert_string_equal(sequence->owner, "postgres");
    sequence = find_sequence(&inventory, "t_b_seq");
    assert_int_equal(sequence->last_value, 9007199254740993);
    assert_false(sequence->is_called);
    sequence = find_sequence(&inventory, "Free one");
    assert_int_equal(sequence->last_value, 100);
    assert_false(sequence->is_called);
    assert_string_equal(sequence->qualified, "\"public\".\"Free one\"");
    assert_int_equal(find_sequence(&inventory, "down")->last_value, -6);
    assert_int_equal(find_sequence(&inventory, "many_213")->last_value, 213);
    inventory_free(&inventory);
}

/* EDGE_CASES B29. */
static void sequences_can_be_read_again(void **state)
{
    struct inventory inventory = read_inventory("sequences");
    struct session *session = open_database("sequences");
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "sequences", "SELECT nextval('t_a_seq'); DROP SEQUENCE many_1");
    check_ok(inventory_read_sequences(session, &inventory, &error), error);
    assert_int_equal(find_sequence(&inventory, "t_a_seq")->last_value, 8);
    assert_int_equal(inventory.sequence_count, 253);
    session_close(session);
    inventory_free(&inventory);
}

/* EDGE_CASES B21. */
static void large_objects_come_by_oid(void **state)
{
    struct inventory inventory;

    (void)state;
    cluster_create_database(cluster, "objects");
    cluster_sql(cluster, "objects",
                "CREATE ROLE painter; SELECT lo_create(4294967290), lo_create(77);"
                "ALTER LARGE OBJECT 77 OWNER TO painter");
    inventory = read_inventory("objects");
    assert_int_equal(inventory.large_object_count, 2);
    assert_int_equal(inventory.large_objects[0].oid, 77);
    assert_string_equal(inventory.large_objects[0].owner, "painter");
    assert_int_equal(inventory.large_objects[1].oid, 4294967290U);
    inventory_free(&inventory);
}

/* A table that somebody holds exclusively must not make the mere list wait. */
static void list_waits_for_nobody(void **state)
{
    PGconn *holder;
    struct session *session = open_database("sizes");
    struct inventory inventory = {NULL, 0, NULL, 0, NULL, 0, 0};
    cutover_error *error = NULL;

    (void)state;
    holder = cluster_connect(cluster, "sizes");
    PQclear(PQexec(holder, "BEGIN; LOCK TABLE many IN ACCESS EXCLUSIVE MODE"));
    check_ok(session_run(session, "SET lock_timeout = '50ms'; SET statement_timeout = '60s'", &error), error);
    check_ok(inventory_list(session, &inventory, &error), error);
    assert_int_equal(inventory.table_count, 4);
    assert_string_equal(inventory_find(&inventory, "public", "many")->qualified, "\"public\".\"many\"");
    inventory_free(&inventory);
    PQfinish(holder);
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_those_that_hold_our_rows),
        cmocka_unit_test(columns_are_quoted_and_generated_ones_apart),
        cmocka_unit_test(sizes_are_exact_and_the_biggest_comes_first),
        cmocka_unit_test(extensions_give_their_configuration_only),
        cmocka_unit_test(sequences_have_value_and_called_flag),
        cmocka_unit_test(sequences_can_be_read_again),
        cmocka_unit_test(large_objects_come_by_oid),
        cmocka_unit_test(list_waits_for_nobody),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
