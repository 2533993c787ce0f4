/* Ranges of a table's rows: which of them changed under a running application, found by one scan. */
#include "postgres/ranges.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGES 40

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("max_prepared_transactions = 5\nautovacuum = off\n");
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

static int make_database(void **state)
{
    (void)state;
    cluster_sql(cluster, "postgres", "CREATE DATABASE shop");
    return 0;
}

static int drop_database(void **state)
{
    (void)state;
    cluster_sql(cluster, "postgres", "DROP DATABASE shop WITH (FORCE)");
    return 0;
}

static void sql(const char *statement)
{
    cluster_sql(cluster, "shop", statement);
}

static void run(PGconn *connection, const char *statement)
{
    PGresult *result = PQexec(connection, statement);

    if (PQresultStatus(result) == PGRES_FATAL_ERROR)
        fail_msg("%s: %s", statement, PQerrorMessage(connection));
    PQclear(result);
}

/* A session in a snapshot, and the table "t" as it sees it. */
struct view {
    struct session *session;
    struct inventory inventory;
    const struct table *table;
};

static struct view view_open(void)
{
    struct view view = {.session = check_session(cluster_conninfo(cluster, "shop"))};
    cutover_error *error = NULL;

    check_ok(session_run(view.session, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", &error), error);
    check_ok(inventory_read(view.session, &view.inventory, &error), error);
    view.table = inventory_find(&view.inventory, "public", "t");
    assert_non_null(view.table);
    return view;
}

static void view_close(struct view *view)
{
    inventory_free(&view->inventory);
    session_close(view->session);
}

/* ---- rows that tell their places ---- */

struct rows {
    uint64_t count, told;
    struct digest digest;
    struct text bytes;
    struct row_place first_told;
};

static void read_on(struct copy_out *copy, bool places, struct rows *rows)
{
    cutover_error *error = NULL;

    for (;;) {
        const char *row = NULL;
        size_t length = 0;
        bool told = false;
        struct row_place place = {0, 0};

        if (places)
            check_ok(ranges_copy_row(copy, &row, &length, &told, &place, &error), error);
        else
            check_ok(copy_out_row(copy, &row, &length, &error), error);
        if (length == 0)
            break;
        if (told && rows->told++ == 0)
            rows->first_told = place;
        rows->count++;
        digest_row(&rows->digest, row, length - 1);
        text_add_bytes(&rows->bytes, row, length);
    }
    assert_false(text_failed(&rows->bytes));
}

static struct rows rows_in(const struct view *view, struct row_range range)
{
    struct rows rows = {.bytes = TEXT_INIT};
    struct copy_out copy;
    cutover_error *error = NULL;

    check_ok(ranges_copy_open(&copy, view->session, view->table, range, &error), error);
    read_on(&copy, true, &rows);
    return rows;
}

static const struct row_range all = {{0, 0}, {0, 0}};

static void assert_same_rows_as_a_plain_copy(const char *make, uint64_t told_min, uint64_t told_max)
{
    struct rows plain = {.bytes = TEXT_INIT};
    struct copy_out copy;
    cutover_error *error = NULL;

    sql(make);
    struct view view = view_open();
    assert_true(ranges_possible(view.table));
    struct rows rows = rows_in(&view, all);
    check_ok(copy_out_open(&copy, view.session, view.table, (struct page_range){0, 0}, COPY_TEXT, &error),
             error);
    read_on(&copy, false, &plain);
    assert_true(plain.count > 0);
    assert_int_equal(rows.count, plain.count);
    assert_string_equal(text_string(&rows.bytes), text_string(&plain.bytes));
    assert_true(digest_equal(&rows.digest, &plain.digest));
    assert_in_range(rows.told, told_min, told_max);
    text_free(&rows.bytes);
    text_free(&plain.bytes);
    view_close(&view);
    sql("DROP TABLE t");
}

static void rows_that_tell_their_places_are_those_of_a_plain_copy(void **state)
{
    (void)state;
    assert_same_rows_as_a_plain_copy(
        "CREATE TABLE t (a int, gone text, \"odd \"\"name\" text, g int GENERATED ALWAYS AS (a + 1) STORED);"
        "ALTER TABLE t DROP gone;"
        "INSERT INTO t SELECT i, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'\\t\\\\N\\n' ELSE "
        "'(1,2)' END FROM generate_series(1, 20000) i",
        20000 / 48, 20000 / 24);
    assert_same_rows_as_a_plain_copy("CREATE TABLE t (); INSERT INTO t SELECT FROM generate_series(1, 300)", 1,
                                     30);
    /* What lies elsewhere is long: each row tells. */
    assert_same_rows_as_a_plain_copy(
        "CREATE TABLE t (a text); ALTER TABLE t ALTER a SET STORAGE EXTERNAL;"
        "INSERT INTO t SELECT repeat(i::text, 9000) FROM generate_series(1, 200) i",
        200, 200);
}

/* Cut anywhere that a row tells, and read by parts. */
static void parts_between_places_that_were_told_make_up_the_whole(void **state)
{
    struct digest sum = DIGEST_INIT;
    struct row_place begin = {0, 0};
    unsigned parts = 0;

    (void)state;
    sql("CREATE TABLE t (a int, b text); INSERT INTO t SELECT i, repeat('b', i % 100) FROM generate_series(1, "
        "9000) i; DELETE FROM t WHERE a BETWEEN 3000 AND 4000");
    struct view view = view_open();
    struct rows whole = rows_in(&view, all);
    for (bool more = true; more; parts++) {
        struct rows rest = rows_in(&view, (struct row_range){begin, {0, 0}});
        struct row_place cut = rest.first_told;
        more = rest.told > 0 && row_place_compare(cut, begin) > 0;
        /* A part that begins with a row that tells ends before the next one that does. */
        if (rest.told > 1 && !more) {
            struct rows behind = rows_in(&view, (struct row_range){{cut.page, cut.line + 1}, {0, 0}});
            cut = behind.first_told;
            more = true;
            text_free(&behind.bytes);
        }
        struct rows part = rows_in(&view, (struct row_range){begin, more ? cut : (struct row_place){0, 0}});
        assert_true(part.told <= 1);
        digest_add(&sum, &part.digest);
        begin = cut;
        text_free(&part.bytes);
        text_free(&rest.bytes);
    }
    assert_true(parts > 100);
    assert_int_equal(sum.rows, 7999);
    assert_true(digest_equal(&sum, &whole.digest));
    text_free(&whole.bytes);
    view_close(&view);
}

/* ---- what changed ---- */

struct seen {
    struct row_place begins[RANGES];
    uint64_t rows[RANGES];
    bool newer[RANGES];
    char *snapshot;
    size_t count;
};

static cutover_status keep(void *context, size_t range, uint64_t rows, bool newer, cutover_error **error)
{
    struct seen *seen = context;

    (void)error;
    assert_int_equal(range, seen->count);
    assert_true(range < RANGES);
    seen->rows[range] = rows;
    seen->newer[range] = newer;
    seen->count++;
    return CUTOVER_OK;
}

/* Ranges of four pages, in a snapshot of their own; `since`: another's. */
static struct seen look_since(const char *since)
{
    struct seen seen = {.count = 0};
    struct view view = view_open();
    cutover_error *error = NULL;

    for (uint32_t i = 0; i < RANGES; i++)
        seen.begins[i] = (struct row_place){4 * i, 0};
    check_ok(session_value(view.session, "SELECT pg_current_snapshot()", 0, NULL, &seen.snapshot, &error),
             error);
    check_ok(ranges_scan(view.session, view.table, since != NULL ? since : seen.snapshot, seen.begins, RANGES,
                         keep, &seen, &error),
             error);
    assert_int_equal(seen.count, RANGES);
    /* What was set for the scan is not set any more. */
    char *memory = NULL;
    check_ok(session_value(view.session, "SELECT current_setting('work_mem')", 0, NULL, &memory, &error),
             error);
    assert_string_equal(memory, "4MB");
    free(memory);
    view_close(&view);
    return seen;
}

static struct seen look(void)
{
    return look_since(NULL);
}

/* The ranges, as a list of numbers, that may hold something else than before. */
static void assert_changed(const struct seen *before, const char *expected)
{
    struct seen now = look_since(before->snapshot);
    struct text found = TEXT_INIT;

    for (size_t i = 0; i < RANGES; i++)
        if (now.newer[i] || now.rows[i] != before->rows[i])
            text_add_format(&found, "%s%zu", found.length > 0 ? " " : "", i);
    assert_string_equal(text_string(&found), expected);
    text_free(&found);
    free(now.snapshot);
}

/* A page holds eight rows of these or so, and as many again. */
static void make_table(void)
{
    sql("CREATE TABLE t (id int PRIMARY KEY, n int, pad text) WITH (fillfactor = 50);"
        "INSERT INTO t SELECT i, 0, repeat('x', 380) FROM generate_series(1, 800) i");
}

#define IN_RANGE(n) "id = (SELECT max(id) FROM t WHERE (ctid::text::point)[0]::int / 4 = " #n ")"

static void each_change_is_found_and_nothing_else_is(void **state)
{
    (void)state;
    make_table();
    struct seen before = look();
    assert_true(before.rows[10] > 20);
    assert_int_equal(before.rows[RANGES - 1], 0);
    assert_changed(&before, "");

    sql("UPDATE t SET n = 1 WHERE " IN_RANGE(3));
    sql("DELETE FROM t WHERE " IN_RANGE(5));
    sql("INSERT INTO t SELECT 5000 + i, 0, repeat('y', 380) FROM generate_series(1, 2) i");
    char *last = cluster_value(cluster, "shop", "SELECT '3 5 ' || max((ctid::text::point)[0]::int / 4) FROM t");
    assert_changed(&before, last);
    /* The update left as many rows as there were. */
    struct seen now = look();
    assert_int_equal(now.rows[3], before.rows[3]);
    assert_int_equal(now.rows[5], before.rows[5] - 1);
    free(now.snapshot);
    free(last);
    free(before.snapshot);
}

static void what_changes_no_row_is_no_change(void **state)
{
    (void)state;
    make_table();
    sql("UPDATE t SET n = n + 1 WHERE id % 7 = 0; DELETE FROM t WHERE id % 11 = 0");
    struct seen before = look();

    sql("BEGIN; UPDATE t SET n = 9; DELETE FROM t WHERE id % 3 = 0; INSERT INTO t VALUES (9999); ROLLBACK");
    sql("BEGIN; SELECT FROM t FOR UPDATE; COMMIT");
    sql("BEGIN; SAVEPOINT s; UPDATE t SET n = 9; ROLLBACK TO s; COMMIT");
    assert_changed(&before, "");
    sql("VACUUM t");
    assert_changed(&before, "");
    sql("VACUUM FREEZE t");
    assert_changed(&before, "");
    free(before.snapshot);
}

/* They began before the snapshot, so that their numbers are not newer than what had ended by then. */
static void what_was_under_way_is_a_change_once_it_ends(void **state)
{
    (void)state;
    make_table();
    PGconn *writer = cluster_connect(cluster, "shop"), *other = cluster_connect(cluster, "shop");
    run(writer, "BEGIN; UPDATE t SET n = 1 WHERE " IN_RANGE(2));
    run(other, "BEGIN; UPDATE t SET n = 1 WHERE " IN_RANGE(4) "; PREPARE TRANSACTION 'two'");
    sql("UPDATE t SET n = 1 WHERE " IN_RANGE(12));
    struct seen before = look();
    run(writer, "COMMIT");
    /* Whatever ended after the oldest of them had begun is taken for newer. */
    assert_changed(&before, "2 12");
    run(other, "COMMIT PREPARED 'two'");
    assert_changed(&before, "2 4 12");
    PQfinish(writer);
    PQfinish(other);
    free(before.snapshot);
}

/* A savepoint's number is in no snapshot that can be read (pg_current_snapshot() has whole transactions), and an update in place
   leaves as many rows as there were: taken for what others had done before, it would be missed. */
static void savepoint_that_was_open_is_a_change(void **state)
{
    (void)state;
    make_table();
    PGconn *writer = cluster_connect(cluster, "shop");
    run(writer, "BEGIN; INSERT INTO t VALUES (7000); SAVEPOINT s; UPDATE t SET n = 1 WHERE " IN_RANGE(6));
    sql("CREATE TABLE later (); DROP TABLE later");
    struct seen before = look();
    run(writer, "RELEASE s; DELETE FROM t WHERE id = 7000; COMMIT");
    PQfinish(writer);
    struct seen now = look_since(before.snapshot);
    assert_int_equal(now.rows[6], before.rows[6]);
    assert_true(now.newer[6]);
    assert_changed(&before, "6");
    free(now.snapshot);
    free(before.snapshot);
}

/* 32 bits of a number tell nothing over such a distance, and nothing of a moment that is yet to come (another server's). */
static void snapshots_that_cannot_be_compared_leave_all_changed(void **state)
{
    (void)state;
    make_table();
    struct seen seen = look_since("99999999999:99999999999:");
    for (size_t range = 0; range < RANGES; range++)
        assert_int_equal(seen.newer[range], seen.rows[range] > 0);
    free(seen.snapshot);
}

static cutover_status refuse(void *context, size_t range, uint64_t rows, bool newer, cutover_error **error)
{
    (void)context;
    (void)rows;
    (void)newer;
    return range == 3 ? error_set(error, CUTOVER_E_CANCELLED, "enough") : CUTOVER_OK;
}

static void scan_ends_when_it_is_told_to(void **state)
{
    static const struct row_place begins[] = {{0, 0}, {1, 0}, {1, 7}, {2, 0}, {3, 1}};
    cutover_error *error = NULL;

    (void)state;
    make_table();
    struct view view = view_open();
    check_status(ranges_scan(view.session, view.table, "3:3:", begins, 5, refuse, NULL, &error),
                 CUTOVER_E_CANCELLED, error);
    view_close(&view);
}

static void scan_without_a_snapshot_of_the_session_is_refused(void **state)
{
    static const struct row_place begins[] = {{0, 0}};
    cutover_error *error = NULL;

    (void)state;
    make_table();
    struct view view = view_open();
    check_ok(session_run(view.session, "COMMIT; BEGIN ISOLATION LEVEL READ COMMITTED", &error), error);
    check_status(ranges_scan(view.session, view.table, "3:3:", begins, 1, keep, NULL, &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_ok(session_run(view.session, "ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ", &error), error);
    check_status(ranges_scan(view.session, view.table, "none", begins, 1, keep, NULL, &error),
                 CUTOVER_E_INTERNAL, error);
    view_close(&view);
}

/* A plan of it would run what a role that is no superuser owns. */
static void table_that_evaluates_has_no_ranges(void **state)
{
    (void)state;
    sql("CREATE TABLE t (a int)");
    struct view view = view_open();
    assert_true(ranges_possible(view.table));
    view_close(&view);
    sql("CREATE ROLE tenant; CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN "
        "$1; END';"
        "ALTER FUNCTION f OWNER TO tenant; CREATE INDEX ON t (f(a))");
    view = view_open();
    assert_false(ranges_possible(view.table));
    view_close(&view);
    sql("DROP TABLE t; DROP FUNCTION f; DROP ROLE tenant");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_database, drop_database)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rows_that_tell_their_places_are_those_of_a_plain_copy),
        CASE(parts_between_places_that_were_told_make_up_the_whole),
        CASE(each_change_is_found_and_nothing_else_is),
        CASE(what_changes_no_row_is_no_change),
        CASE(what_was_under_way_is_a_change_once_it_ends),
        CASE(savepoint_that_was_open_is_a_change),
        CASE(snapshots_that_cannot_be_compared_leave_all_changed),
        CASE(scan_ends_when_it_is_told_to),
        CASE(scan_without_a_snapshot_of_the_session_is_refused),
        CASE(table_that_evaluates_has_no_ranges),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
