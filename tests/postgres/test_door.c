/*
 * The door: who is inside, closing, emptying (EDGE_CASES E1, E2, E8, E10, E20, C9).
 */
#include "../support/check.h"
#include "../support/cluster.h"
#include "../support/session.h"

#include "postgres/swap/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cluster *cluster;
static struct session *control;
static uint32_t oid;

static struct session *open_session(const char *database, const char *role)
{
    return check_session(cluster_conninfo_as(cluster, database, role));
}

static int set_up(void **state)
{
    (void)state;
    cluster = cluster_start("max_prepared_transactions = 5\nautovacuum_naptime = 1s\n"
                            "autovacuum_vacuum_cost_delay = 100ms\nautovacuum_vacuum_cost_limit = 1\n");
    cluster_sql(cluster, "postgres", "CREATE ROLE app LOGIN; CREATE ROLE other LOGIN");
    cluster_create_database(cluster, "shop");
    cluster_create_database(cluster, "elsewhere");
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop OWNER TO app");
    oid = (uint32_t)cluster_number(cluster, "postgres", "SELECT oid FROM pg_database WHERE datname = 'shop'");
    control = open_session("postgres", "postgres");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    session_close(control);
    cluster_stop(cluster);
    return 0;
}

static PGconn *connect_as(const char *database, const char *role)
{
    PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, database, role));

    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    return connection;
}

static bool alive(PGconn *connection)
{
    PGresult *result = PQexec(connection, "SELECT 1");
    bool answered = PQresultStatus(result) == PGRES_TUPLES_OK;

    PQclear(result);
    return answered;
}

static bool can_connect(const char *database)
{
    PGconn *connection = PQconnectdb(cluster_conninfo(cluster, database));
    bool connected = PQstatus(connection) == CONNECTION_OK;

    PQfinish(connection);
    return connected;
}

static void visitors_are_listed_with_who_they_are(void **state)
{
    struct visitors visitors = {NULL, 0};
    cutover_error *error = NULL;
    PGconn *app = connect_as("shop", "app"), *foreign = connect_as("elsewhere", "app");
    struct session *inside = open_session("shop", "postgres");
    bool seen_app = false, seen_us = false;

    (void)state;
    check_ok(door_visitors(control, oid, &visitors, &error), error);
    for (size_t i = 0; i < visitors.count; i++) {
        struct visitor *visitor = &visitors.list[i];
        assert_int_not_equal(visitor->pid, PQbackendPID(foreign));
        if (visitor->pid == PQbackendPID(app)) {
            seen_app = true;
            assert_string_equal(visitor->user, "app");
            assert_string_equal(visitor->backend_type, "client backend");
            assert_false(visitor->ours);
            assert_true(visitor->can_end);
        }
        if (visitor->pid == inside->backend_pid) {
            seen_us = true;
            assert_true(visitor->ours);
        }
    }
    assert_true(seen_app && seen_us);
    visitors_free(&visitors);
    session_close(inside);
    PQfinish(app);
    PQfinish(foreign);
}

/* E2 */
static void a_closed_door_refuses_everybody_until_it_is_opened(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    check_ok(door_close(control, "shop", &error), error);
    assert_false(can_connect("shop"));
    check_ok(door_open(control, "shop", &error), error);
    assert_true(can_connect("shop"));
}

/* E2 */
static void the_door_cannot_be_moved_from_inside(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    check_status(door_close(control, "postgres", &error), CUTOVER_E_INVALID, error);
}

static void emptying_ends_all_but_those_to_keep(void **state)
{
    cutover_error *error = NULL;
    uint32_t ended = 99;
    PGconn *one = connect_as("shop", "app"), *two = connect_as("shop", "postgres");
    PGconn *foreign = connect_as("elsewhere", "app");
    struct session *inside = open_session("shop", "postgres");

    (void)state;
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, false, 5000, &ended, &error), error);
    assert_true(ended >= 2);
    assert_false(alive(one));
    assert_false(alive(two));
    assert_true(alive(foreign));
    check_ok(session_run(inside, "SELECT 1", &error), error);
    check_ok(door_open(control, "shop", &error), error);
    session_close(inside);
    PQfinish(one);
    PQfinish(two);
    PQfinish(foreign);
}

/* With the door open clients come back at once: emptying for the fence ends those who were inside and returns. */
static void emptying_of_clients_does_not_wait_for_those_who_come_back(void **state)
{
    cutover_error *error = NULL;
    uint32_t ended = 0;

    (void)state;
    /* Those of the test before may still be leaving. */
    check_ok(door_empty(control, oid, NULL, 0, true, 5000, NULL, &error), error);
    PGconn *one = connect_as("shop", "app");
    check_ok(door_empty(control, oid, NULL, 0, true, 5000, &ended, &error), error);
    assert_int_equal(ended, 1);
    assert_false(alive(one));
    PQreset(one);
    assert_true(alive(one));
    PQfinish(one);
}

static bool is_inside(const char *backend_type)
{
    struct visitors visitors = {NULL, 0};
    cutover_error *error = NULL;
    bool inside = false;

    check_ok(door_visitors(control, oid, &visitors, &error), error);
    for (size_t i = 0; i < visitors.count; i++)
        inside |= strcmp(visitors.list[i].backend_type, backend_type) == 0;
    visitors_free(&visitors);
    return inside;
}

static void wait_for(bool (*is)(const char *), const char *what)
{
    for (int tries = 0; tries < 6000 && !is(what); tries++)
        usleep(10000);
    assert_true(is(what));
}

/* Some backend of the database waits for a lock or a snapshot. */
static bool is_waiting(const char *query)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%s%%'",
             query);
    return cluster_number(cluster, "postgres", sql) > 0;
}

/* E20: an autovacuum that takes its time, an index that is built concurrently, somebody who replicates. */
static void emptying_ends_whatever_kind_of_backend_is_inside(void **state)
{
    cutover_error *error = NULL;
    char conninfo[512];
    PGconn *holder = connect_as("shop", "app"), *builder = connect_as("shop", "postgres"), *walsender;

    (void)state;
    cluster_sql(cluster, "shop",
                "CREATE TABLE big AS SELECT g AS id, repeat('x', 500) AS t FROM generate_series(1, 20000) g;"
                "DELETE FROM big WHERE id % 2 = 0; CREATE TABLE small (id int)");
    snprintf(conninfo, sizeof(conninfo), "%s replication=database",
             cluster_conninfo_as(cluster, "shop", "postgres"));
    walsender = PQconnectdb(conninfo);
    assert_int_equal(PQstatus(walsender), CONNECTION_OK);
    PQclear(PQexec(holder, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class"));
    assert_int_equal(PQsendQuery(builder, "CREATE INDEX CONCURRENTLY slow ON small (id)"), 1);
    wait_for(is_waiting, "CREATE INDEX");
    wait_for(is_inside, "autovacuum worker");
    assert_true(is_inside("walsender"));
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_empty(control, oid, NULL, 0, false, 20000, NULL, &error), error);
    assert_false(is_inside("walsender") || is_inside("client backend"));
    check_ok(door_open(control, "shop", &error), error);
    assert_false(alive(holder));
    PQfinish(holder);
    PQfinish(builder);
    PQfinish(walsender);
    cluster_sql(cluster, "shop", "DROP TABLE big, small");
}

/* C9 */
static bool is_at_work(const char *backend_type)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND backend_type = '%s'",
             backend_type);
    return cluster_number(cluster, "postgres", sql) > 0;
}

/* They are their leader's, and go with it. */
static void parallel_workers_are_no_visitors(void **state)
{
    struct visitors visitors = {NULL, 0};
    cutover_error *error = NULL;
    PGconn *leader = connect_as("shop", "postgres");

    (void)state;
    PQclear(PQexec(leader, "SELECT set_config(name, 'on', false) FROM pg_settings"
                           " WHERE name IN ('force_parallel_mode', 'debug_parallel_query')"));
    assert_int_equal(PQsendQuery(leader, "SELECT pg_sleep(600)"), 1);
    wait_for(is_at_work, "parallel worker");
    check_ok(door_visitors(control, oid, &visitors, &error), error);
    for (size_t i = 0; i < visitors.count; i++)
        assert_string_not_equal(visitors.list[i].backend_type, "parallel worker");
    assert_true(visitors.count > 0);
    visitors_free(&visitors);
    check_ok(door_empty(control, oid, NULL, 0, true, 5000, NULL, &error), error);
    PQfinish(leader);
}

static void emptying_of_clients_ends_replication_too(void **state)
{
    cutover_error *error = NULL;
    char conninfo[512];

    (void)state;
    snprintf(conninfo, sizeof conninfo, "%s replication=database",
             cluster_conninfo_as(cluster, "shop", "postgres"));
    PGconn *walsender = PQconnectdb(conninfo);
    assert_int_equal(PQstatus(walsender), CONNECTION_OK);
    check_ok(door_empty(control, oid, NULL, 0, true, 5000, NULL, &error), error);
    assert_false(is_inside("walsender"));
    PQfinish(walsender);
}

static void a_session_that_we_may_not_end_is_named_and_nobody_is_ended(void **state)
{
    cutover_error *error = NULL;
    struct session *weak = open_session("postgres", "other");
    PGconn *app = connect_as("shop", "app"), *super = connect_as("shop", "postgres");

    (void)state;
    cluster_sql(cluster, "postgres", "GRANT pg_signal_backend TO other");
    check_status_keep(door_empty(weak, oid, NULL, 0, true, 5000, NULL, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "user postgres");
    assert_null(strstr(cutover_error_message(error), "user app"));
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
    assert_true(alive(app));
    PQfinish(super);

    error = NULL;
    while (cluster_number(
               cluster, "postgres",
               "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND usename = 'postgres'") > 0)
        usleep(1000);
    check_ok(door_empty(weak, oid, NULL, 0, true, 5000, NULL, &error), error);
    assert_false(alive(app));
    PQfinish(app);
    session_close(weak);
}

/* From 19 on it has a worker beside it that is nobody's: it goes with whom it works for. */
static void a_rewrite_is_ended_with_its_worker_by_who_is_no_superuser(void **state)
{
    cutover_error *error = NULL;
    PGconn *holder = connect_as("shop", "app"), *rewriter = connect_as("shop", "app");
    bool repack = PQserverVersion(rewriter) >= 190000;
    struct session *weak;

    (void)state;
    cluster_sql(cluster, "postgres", "GRANT pg_signal_backend, pg_read_all_stats TO other");
    cluster_sql(cluster, "shop",
                "CREATE TABLE public.ticket (id int PRIMARY KEY); ALTER TABLE public.ticket OWNER TO app");
    weak = open_session("postgres", "other");
    PQclear(PQexec(holder, "BEGIN; LOCK TABLE public.ticket IN ACCESS SHARE MODE"));
    assert_int_equal(
        PQsendQuery(rewriter, repack ? "REPACK (CONCURRENTLY) public.ticket" : "VACUUM FULL public.ticket"), 1);
    wait_for(is_waiting, repack ? "REPACK" : "VACUUM");
    assert_int_equal(is_at_work("REPACK decoding worker"), repack);
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_empty(weak, oid, NULL, 0, false, 5000, NULL, &error), error);
    assert_false(is_inside("client backend") || is_inside("REPACK decoding worker"));
    check_ok(door_open(control, "shop", &error), error);
    session_close(weak);
    PQfinish(holder);
    PQfinish(rewriter);
    cluster_sql(cluster, "shop", "DROP TABLE public.ticket");
}

static void a_session_that_stays_is_named_when_the_time_is_over(void **state)
{
    cutover_error *error = NULL;
    int64_t no_time = 0;
    PGconn *app = connect_as("shop", "app");

    (void)state;
    check_status_keep(door_empty(control, oid, NULL, 0, true, no_time, NULL, &error), CUTOVER_E_POSTGRES,
                      error);
    check_contains(cutover_error_message(error), "user app");
    cutover_error_free(error);
    PQfinish(app);
}

/* E10: a prepared transaction is no session, and is inside all the same. */
static void a_prepared_transaction_counts_as_inside(void **state)
{
    cutover_error *error = NULL;
    char *who = NULL;

    (void)state;
    check_ok(door_empty(control, oid, NULL, 0, false, 5000, NULL, &error), error);
    check_ok(door_inside(control, oid, &who, &error), error);
    assert_null(who);
    cluster_sql(cluster, "shop", "BEGIN; CREATE TABLE later (id int); PREPARE TRANSACTION 'two_phase_7'");
    check_ok(door_inside(control, oid, &who, &error), error);
    check_contains(who, "two_phase_7");
    free(who);
    cluster_sql(cluster, "shop", "ROLLBACK PREPARED 'two_phase_7'");
}

/*
 * A session that is starting may have passed the door already, and is in pg_stat_activity only after. Here it waits on its
 * way in: it looks for a conversion of its encoding while somebody else keeps that catalog locked.
 */
static void a_session_that_is_still_starting_counts_as_inside(void **state)
{
    cutover_error *error = NULL;
    char conninfo[512];
    PGconn *locker = cluster_connect(cluster, "shop"), *starting;
    int keep = PQbackendPID(locker);
    bool seen = false;

    (void)state;
    check_ok(door_empty(control, oid, &keep, 1, false, 5000, NULL, &error), error);
    PQclear(PQexec(locker, "BEGIN; LOCK TABLE pg_catalog.pg_conversion IN ACCESS EXCLUSIVE MODE"));
    snprintf(conninfo, sizeof(conninfo), "%s client_encoding=LATIN2",
             cluster_conninfo_as(cluster, "shop", "app"));
    starting = PQconnectStart(conninfo);
    assert_non_null(starting);
    for (int tries = 0; tries < 3000 && !seen; tries++) {
        struct visitors visitors = {NULL, 0};
        (void)PQconnectPoll(starting);
        usleep(2000);
        check_ok(door_visitors(control, oid, &visitors, &error), error);
        for (size_t i = 0; i < visitors.count; i++)
            seen |= strcmp(visitors.list[i].backend_type, "starting session") == 0;
        visitors_free(&visitors);
    }
    assert_true(seen);
    check_status_keep(door_empty(control, oid, &keep, 1, false, 50, NULL, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "starting session");
    cutover_error_free(error);
    error = NULL;
    PQfinish(locker);
    check_ok(door_empty(control, oid, NULL, 0, false, 5000, NULL, &error), error);
    PQfinish(starting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visitors_are_listed_with_who_they_are),
        cmocka_unit_test(a_closed_door_refuses_everybody_until_it_is_opened),
        cmocka_unit_test(the_door_cannot_be_moved_from_inside),
        cmocka_unit_test(emptying_ends_all_but_those_to_keep),
        cmocka_unit_test(emptying_ends_whatever_kind_of_backend_is_inside),
        cmocka_unit_test(emptying_of_clients_does_not_wait_for_those_who_come_back),
        cmocka_unit_test(parallel_workers_are_no_visitors),
        cmocka_unit_test(emptying_of_clients_ends_replication_too),
        cmocka_unit_test(a_session_that_we_may_not_end_is_named_and_nobody_is_ended),
        cmocka_unit_test(a_rewrite_is_ended_with_its_worker_by_who_is_no_superuser),
        cmocka_unit_test(a_session_that_stays_is_named_when_the_time_is_over),
        cmocka_unit_test(a_prepared_transaction_counts_as_inside),
        cmocka_unit_test(a_session_that_is_still_starting_counts_as_inside),
    };

    return cmocka_run_group_tests_name("door", tests, set_up, tear_down);
}
