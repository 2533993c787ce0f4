#include "support/check.h"
#include "support/cluster.h"

#include "postgres/copy.h"
#include "postgres/snapshot.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLENTY_MS 600000

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    return 0;
}

/* A database with tables "one" and "two", a thousand rows each. */
static struct conninfo make_database(const char *name)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    cluster_create_database(cluster, name);
    cluster_sql(cluster, name,
                "CREATE TABLE one AS SELECT i AS a FROM generate_series(1, 1000) i;"
                "CREATE TABLE two AS SELECT i AS a FROM generate_series(1, 1000) i");
    check_ok(conninfo_parse("connection", cluster_conninfo(cluster, name), &conninfo, &error), error);
    return conninfo;
}

static uint64_t rows_seen(struct session *session, const struct snapshot *snapshot, const char *name)
{
    struct digest digest = DIGEST_INIT;
    cutover_error *error = NULL;

    check_ok(copy_digest(session, inventory_find(&snapshot->inventory, "public", name),
                         (struct page_range){0, 0}, COPY_TEXT, &digest, &error),
             error);
    return digest.rows;
}

/* The SQLSTATE of a statement that must not wait for ever. */
static void assert_blocked(PGconn *connection, const char *sql)
{
    PGresult *result;

    PQclear(PQexec(connection, "SET lock_timeout = '100ms'"));
    result = PQexec(connection, sql);
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "55P03");
    PQclear(result);
}

/* EDGE_CASES B1: what would empty a table for the workers waits until the snapshot is closed. */
static void truncate_and_rewrite_wait_for_the_snapshot(void **state)
{
    struct conninfo conninfo = make_database("held");
    const struct session_options options = {.conninfo = &conninfo};
    PGconn *other = cluster_connect(cluster, "held");
    struct snapshot *snapshot = NULL;
    struct session *worker = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_ok(snapshot_open(&options, PLENTY_MS, &snapshot, &error), error);
    assert_blocked(other, "TRUNCATE one");
    assert_blocked(other, "ALTER TABLE two ALTER a TYPE bigint");
    assert_blocked(other, "DROP TABLE two");
    PQclear(PQexec(other, "DELETE FROM one WHERE a > 400; INSERT INTO two VALUES (0)"));
    check_ok(snapshot_join(snapshot, &options, &worker, &error), error);
    assert_int_equal(rows_seen(worker, snapshot, "one"), 1000);
    assert_int_equal(rows_seen(worker, snapshot, "two"), 1000);
    assert_int_equal(rows_seen(snapshot->leader, snapshot, "one"), 1000);
    session_close(worker);
    snapshot_close(snapshot);
    cluster_sql(cluster, "held", "TRUNCATE one");
    PQfinish(other);
    conninfo_free(&conninfo);
}

/* Who stands in line for a table waits for the snapshot's leader, and whoever comes after waits for him. */
static void a_joined_session_does_not_wait_for_ever_behind_a_rewrite(void **state)
{
    struct conninfo conninfo = make_database("queue");
    const struct session_options options = {.conninfo = &conninfo};
    PGconn *other = cluster_connect(cluster, "queue");
    struct digest digest = DIGEST_INIT;
    struct snapshot *snapshot = NULL;
    struct session *worker = NULL;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "queue", "ALTER TABLE one ADD PRIMARY KEY (a)");
    check_ok(snapshot_open(&options, 500, &snapshot, &error), error);
    check_ok(snapshot_join(snapshot, &options, &worker, &error), error);
    assert_true(
        PQsendQuery(other, PQserverVersion(other) >= 190000 ? "REPACK (CONCURRENTLY) one" : "VACUUM FULL one"));
    while (cluster_number(cluster, "queue",
                          "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'one'::regclass") ==
           0)
        usleep(10000);
    check_status_keep(copy_digest(worker, inventory_find(&snapshot->inventory, "public", "one"),
                                  (struct page_range){0, 0}, COPY_TEXT, &digest, &error),
                      CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "55P03");
    check_contains(cutover_error_message(error), "public.one");
    check_contains(cutover_error_hint(error), "REPACK");
    cutover_error_free(error);
    session_close(worker);
    snapshot_close(snapshot);
    PQclear(PQgetResult(other));
    PQfinish(other);
    conninfo_free(&conninfo);
}

static void joined_sessions_read_only(void **state)
{
    struct conninfo conninfo = make_database("readonly");
    const struct session_options options = {.conninfo = &conninfo};
    struct snapshot *snapshot = NULL;
    struct session *worker = NULL;
    char *lsn;
    cutover_error *error = NULL;

    (void)state;
    check_ok(snapshot_open(&options, PLENTY_MS, &snapshot, &error), error);
    check_ok(session_value(snapshot->leader, "SELECT pg_current_wal_lsn() >= $1::pg_lsn", 1,
                           (const char *const *)&snapshot->lsn, &lsn, &error),
             error);
    assert_string_equal(lsn, "t");
    free(lsn);
    check_ok(snapshot_join(snapshot, &options, &worker, &error), error);
    check_status_keep(session_run(worker, "INSERT INTO public.one VALUES (1)", &error), CUTOVER_E_POSTGRES,
                      error);
    assert_string_equal(cutover_error_sqlstate(error), "25006");
    cutover_error_free(error);
    session_close(worker);
    snapshot_close(snapshot);
    conninfo_free(&conninfo);
}

/* EDGE_CASES B3: an id that is left over from another run. */
static void closed_snapshot_cannot_be_joined(void **state)
{
    struct conninfo conninfo = make_database("closed");
    const struct session_options options = {.conninfo = &conninfo};
    struct snapshot *snapshot = NULL, stale = {0};
    struct session *worker = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_ok(snapshot_open(&options, PLENTY_MS, &snapshot, &error), error);
    stale.id = strdup(snapshot->id);
    char gone[96];
    snprintf(gone, sizeof gone, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d",
             snapshot->leader->backend_pid);
    snapshot_close(snapshot);
    /* A session that was closed takes a moment to be gone, and its snapshot with it. */
    while (cluster_number(cluster, "postgres", gone) != 0)
        usleep(10000);
    check_status(snapshot_join(&stale, &options, &worker, &error), CUTOVER_E_POSTGRES, error);
    assert_null(worker);
    free(stale.id);
    conninfo_free(&conninfo);
}

/* Opens a snapshot on a thread of its own, so that a test can act while it waits for a lock. */
struct opening {
    struct session_options options;
    int64_t timeout_ms;
    struct snapshot *snapshot;
    cutover_error *error;
    cutover_status status;
    pthread_t thread;
};

static void *open_it(void *context)
{
    struct opening *opening = context;

    opening->status =
        snapshot_open(&opening->options, opening->timeout_ms, &opening->snapshot, &opening->error);
    return NULL;
}

static void start_opening(struct opening *opening, const char *database)
{
    char sql[200];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
             " WHERE NOT l.granted AND d.datname = '%s'",
             database);
    assert_int_equal(pthread_create(&opening->thread, NULL, open_it, opening), 0);
    while (cluster_number(cluster, "postgres", sql) == 0)
        usleep(10000);
}

static PGconn *hold(const char *database, const char *sql)
{
    PGconn *holder = cluster_connect(cluster, database);
    PGresult *result = PQexec(holder, sql);

    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    return holder;
}

static void let_go(PGconn *holder, const char *sql)
{
    PGresult *result = PQexec(holder, sql);

    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(holder);
}

/* EDGE_CASES B1, B27: a table that was made while we waited is in the snapshot, so it must have been locked too. */
static void table_made_meanwhile_is_locked_too(void **state)
{
    struct conninfo conninfo = make_database("meanwhile");
    struct opening opening = {.options = {.conninfo = &conninfo}, .timeout_ms = PLENTY_MS};
    PGconn *holder, *other;

    (void)state;
    holder = hold("meanwhile", "BEGIN; LOCK TABLE one IN ACCESS EXCLUSIVE MODE");
    start_opening(&opening, "meanwhile");
    cluster_sql(cluster, "meanwhile", "CREATE TABLE three AS SELECT 3 AS a");
    let_go(holder, "COMMIT");
    pthread_join(opening.thread, NULL);
    check_ok(opening.status, opening.error);
    assert_int_equal(opening.snapshot->inventory.table_count, 3);
    other = cluster_connect(cluster, "meanwhile");
    assert_blocked(other, "TRUNCATE three");
    PQfinish(other);
    assert_int_equal(rows_seen(opening.snapshot->leader, opening.snapshot, "three"), 1);
    snapshot_close(opening.snapshot);
    conninfo_free(&conninfo);
}

static void table_dropped_meanwhile_is_left_out(void **state)
{
    struct conninfo conninfo = make_database("dropped");
    struct opening opening = {.options = {.conninfo = &conninfo}, .timeout_ms = PLENTY_MS};
    PGconn *holder;

    (void)state;
    holder = hold("dropped", "BEGIN; DROP TABLE one; TRUNCATE two; INSERT INTO two VALUES (1), (2)");
    start_opening(&opening, "dropped");
    let_go(holder, "COMMIT");
    pthread_join(opening.thread, NULL);
    check_ok(opening.status, opening.error);
    assert_int_equal(opening.snapshot->inventory.table_count, 1);
    assert_int_equal(rows_seen(opening.snapshot->leader, opening.snapshot, "two"), 2);
    snapshot_close(opening.snapshot);
    conninfo_free(&conninfo);
}

/* The names changed their tables while we waited: both are locked by the end, each once. */
static void swapped_names_end_up_locked(void **state)
{
    struct conninfo conninfo = make_database("swapped");
    struct opening opening = {.options = {.conninfo = &conninfo}, .timeout_ms = PLENTY_MS};
    PGconn *holder, *other;

    (void)state;
    holder = hold("swapped", "BEGIN; ALTER TABLE one RENAME TO three; CREATE TABLE one AS SELECT 1 AS a");
    start_opening(&opening, "swapped");
    let_go(holder, "COMMIT");
    pthread_join(opening.thread, NULL);
    check_ok(opening.status, opening.error);
    other = cluster_connect(cluster, "swapped");
    assert_blocked(other, "TRUNCATE one");
    assert_blocked(other, "TRUNCATE three");
    PQfinish(other);
    assert_int_equal(rows_seen(opening.snapshot->leader, opening.snapshot, "one"), 1);
    assert_int_equal(rows_seen(opening.snapshot->leader, opening.snapshot, "three"), 1000);
    snapshot_close(opening.snapshot);
    conninfo_free(&conninfo);
}

static void lock_that_is_not_to_be_had_names_the_table(void **state)
{
    struct conninfo conninfo = make_database("busy");
    const struct session_options options = {.conninfo = &conninfo};
    PGconn *holder = hold("busy", "BEGIN; LOCK TABLE two IN ACCESS EXCLUSIVE MODE");
    struct snapshot *snapshot = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_status_keep(snapshot_open(&options, 100, &snapshot, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "55P03");
    check_contains(cutover_error_message(error), "public.two");
    assert_null(snapshot);
    cutover_error_free(error);
    PQfinish(holder);
    conninfo_free(&conninfo);
}

static void cancel_ends_the_waiting(void **state)
{
    struct conninfo conninfo = make_database("cancelled");
    struct cancel cancel;
    struct opening opening = {.options = {.conninfo = &conninfo, .cancel = &cancel}, .timeout_ms = PLENTY_MS};
    PGconn *holder = hold("cancelled", "BEGIN; LOCK TABLE two IN ACCESS EXCLUSIVE MODE");

    (void)state;
    cancel_init(&cancel, NULL);
    start_opening(&opening, "cancelled");
    cancel_ask(&cancel);
    pthread_join(opening.thread, NULL);
    check_status(opening.status, CUTOVER_E_CANCELLED, opening.error);
    assert_null(opening.snapshot);
    PQfinish(holder);
    conninfo_free(&conninfo);
}

/* EDGE_CASES B23. */
static void table_that_may_not_be_read_is_named(void **state)
{
    struct conninfo conninfo = make_database("private"), stranger;
    const struct session_options options = {.conninfo = &stranger};
    struct snapshot *snapshot = NULL;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "private", "CREATE ROLE reader LOGIN; GRANT SELECT ON one TO reader");
    check_ok(conninfo_parse("connection", cluster_conninfo_as(cluster, "private", "reader"), &stranger, &error),
             error);
    check_status_keep(snapshot_open(&options, PLENTY_MS, &snapshot, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42501");
    check_contains(cutover_error_message(error), "public.two");
    cutover_error_free(error);
    conninfo_free(&stranger);
    conninfo_free(&conninfo);
}

/* More tables than are locked in one statement. */
static void every_one_of_many_tables_is_locked(void **state)
{
    struct conninfo conninfo = make_database("many");
    const struct session_options options = {.conninfo = &conninfo};
    struct snapshot *snapshot = NULL;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "many",
                "DO $$ BEGIN FOR i IN 1..448 LOOP EXECUTE format('CREATE TABLE %I (a int)', 't '||i); END "
                "LOOP; END $$");
    check_ok(snapshot_open(&options, PLENTY_MS, &snapshot, &error), error);
    assert_int_equal(snapshot->inventory.table_count, 450);
    assert_int_equal(
        cluster_number(cluster, "many",
                       "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                       " WHERE l.mode = 'AccessShareLock' AND l.granted AND c.relkind = 'r'"
                       " AND c.relnamespace = 'public'::regnamespace AND l.pid <> pg_backend_pid()"),
        450);
    snapshot_close(snapshot);
    conninfo_free(&conninfo);
}

static void empty_database_has_a_snapshot(void **state)
{
    struct conninfo conninfo = make_database("bare");
    const struct session_options options = {.conninfo = &conninfo};
    struct snapshot *snapshot = NULL;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "bare", "DROP TABLE one, two");
    check_ok(snapshot_open(&options, PLENTY_MS, &snapshot, &error), error);
    assert_int_equal(snapshot->inventory.table_count, 0);
    assert_int_equal(snapshot->inventory.bytes, 0);
    snapshot_close(snapshot);
    conninfo_free(&conninfo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncate_and_rewrite_wait_for_the_snapshot),
        cmocka_unit_test(a_joined_session_does_not_wait_for_ever_behind_a_rewrite),
        cmocka_unit_test(joined_sessions_read_only),
        cmocka_unit_test(closed_snapshot_cannot_be_joined),
        cmocka_unit_test(table_made_meanwhile_is_locked_too),
        cmocka_unit_test(table_dropped_meanwhile_is_left_out),
        cmocka_unit_test(swapped_names_end_up_locked),
        cmocka_unit_test(lock_that_is_not_to_be_had_names_the_table),
        cmocka_unit_test(cancel_ends_the_waiting),
        cmocka_unit_test(table_that_may_not_be_read_is_named),
        cmocka_unit_test(every_one_of_many_tables_is_locked),
        cmocka_unit_test(empty_database_has_a_snapshot),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
