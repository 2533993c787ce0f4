/*
 * The swap: all or nothing, and never anything else to see (EDGE_CASES E1, E3, E4, E10, E11, E18, E19, C8).
 */
#include "../support/check.h"
#include "../support/cluster.h"
#include "../support/session.h"
#include "../support/sweep.h"

#include "base/clock.h"
#include "base/record.h"
#include "postgres/properties.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/fence.h"
#include "postgres/swap/swap.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 60000

static struct cluster *cluster;
static struct session *control;
static struct swap swap;
static struct json_object *bears; /* production's properties */
static struct text give;          /* the statements that give them to the new one */

/* Run once, by somebody else, after the swap has looked at the names and before it takes their locks. */
static const char *const *meanwhile_sql;

int PQsendQuery(PGconn *connection, const char *sql)
{
    int (*real)(PGconn *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQuery");
    if (meanwhile_sql != NULL && strstr(sql, " RENAME TO ") != NULL) {
        const char *const *statement = meanwhile_sql;
        meanwhile_sql = NULL;
        for (; *statement != NULL; statement++)
            cluster_sql(cluster, "postgres", *statement);
    }
    return real(connection, sql);
}

static struct session *open_session(const char *database)
{
    return check_session(cluster_conninfo(cluster, database));
}

static uint32_t oid_of(const char *database)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "SELECT coalesce(max(oid::text)::bigint, 0) FROM pg_database WHERE datname = '%s'", database);
    return (uint32_t)cluster_number(cluster, "postgres", sql);
}

static void make_database(const char *name, const char *which)
{
    char sql[256];

    cluster_create_database(cluster, name);
    snprintf(sql, sizeof(sql),
             "CREATE TABLE marker AS SELECT '%s'::text AS which; GRANT SELECT ON marker TO app", which);
    cluster_sql(cluster, name, sql);
}

static int start_server(void **state)
{
    (void)state;
    cluster = cluster_start("max_prepared_transactions = 5\nmax_connections = 40\n");
    cluster_sql(cluster, "postgres", "CREATE ROLE app LOGIN");
    sweep_mark();
    control = open_session("postgres");
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    session_close(control);
    cluster_stop(cluster);
    return 0;
}

/* Production "shop" with grants of its own, and what is to replace it. */
static int make_both(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    make_database("shop", "old");
    make_database("cutover_stage_1", "new");
    cluster_sql(cluster, "postgres",
                "REVOKE ALL ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO app;"
                "REVOKE ALL ON DATABASE cutover_stage_1 FROM PUBLIC");
    swap = (struct swap){.production = "shop",
                         .production_oid = oid_of("shop"),
                         .incoming = "cutover_stage_1",
                         .incoming_oid = oid_of("cutover_stage_1"),
                         .displaced = "cutover_old_1"};
    check_ok(properties_read(control, swap.production_oid, &bears, &error), error);
    check_ok(properties_give_sql("cutover_stage_1", NULL, bears, &give, &error), error);
    swap.give_sql = text_string(&give);
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_close(control, "cutover_stage_1", &error), error);
    check_ok(door_empty(control, swap.production_oid, NULL, 0, false, TIMEOUT_MS, NULL, &error), error);
    check_ok(door_empty(control, swap.incoming_oid, NULL, 0, false, TIMEOUT_MS, NULL, &error), error);
    return 0;
}

/* Whatever the test left: the next one has a control session of its own, and servers as they were. */
static int drop_both(void **state)
{
    (void)state;
    meanwhile_sql = NULL;
    json_object_put(bears);
    bears = NULL;
    text_free(&give);
    session_close(control);
    sweep();
    control = open_session("postgres");
    return 0;
}

static enum swap_outcome outcome(void)
{
    enum swap_outcome found = SWAP_LOST;
    cutover_error *error = NULL;

    check_ok(swap_outcome(control, &swap, &found, &error), error);
    return found;
}

/* A swap that is refused leaves both databases as they were, and the session without a transaction. */
static void check_refused(cutover_status expected, const char *because)
{
    cutover_error *error = NULL;
    bool commit_sent = true;

    check_status_keep(swap_run(control, &swap, &commit_sent, &error), expected, error);
    check_contains(cutover_error_message(error), because);
    cutover_error_free(error);
    assert_false(commit_sent);
    assert_int_equal(PQtransactionStatus(control->connection), PQTRANS_IDLE);
    assert_int_equal(oid_of("shop"), swap.production_oid);
    assert_int_equal(oid_of("cutover_stage_1"), swap.incoming_oid);
}

static void the_name_gets_the_other_database_and_keeps_its_grants(void **state)
{
    cutover_error *error = NULL;
    struct json_object *after = NULL;
    char *which, *open;
    bool commit_sent = false;

    (void)state;
    assert_int_equal(outcome(), SWAP_NOT_DONE);
    check_ok(swap_run(control, &swap, &commit_sent, &error), error);
    assert_true(commit_sent);
    assert_int_equal(outcome(), SWAP_DONE);
    assert_int_equal(oid_of("shop"), swap.incoming_oid);
    assert_int_equal(oid_of("cutover_old_1"), swap.production_oid);
    which = cluster_value(cluster, "shop", "SELECT which FROM marker");
    assert_string_equal(which, "new");
    free(which);
    open = cluster_value(cluster, "postgres",
                         "SELECT datallowconn FROM pg_database WHERE datname = 'cutover_old_1'");
    assert_string_equal(open, "f");
    free(open);
    check_ok(properties_read(control, swap.incoming_oid, &after, &error), error);
    assert_string_equal(json_object_to_json_string(json_member(bears, "acl")),
                        json_object_to_json_string(json_member(after, "acl")));
    json_object_put(after);
}

/* E19 */
static void a_displaced_name_that_is_taken_is_refused(void **state)
{
    (void)state;
    cluster_create_database(cluster, "cutover_old_1");
    check_refused(CUTOVER_E_CONFLICT, "cutover_old_1");
}

/* E18: by OID, not by name. */
static void a_database_that_was_replaced_is_refused(void **state)
{
    uint32_t right = swap.incoming_oid;

    (void)state;
    swap.incoming_oid = swap.production_oid + 100000;
    cluster_sql(cluster, "postgres", "SELECT 1");
    {
        cutover_error *error = NULL;
        bool commit_sent = true;
        check_status_keep(swap_run(control, &swap, &commit_sent, &error), CUTOVER_E_CONFLICT, error);
        check_contains(cutover_error_message(error), "\"cutover_stage_1\" has OID");
        cutover_error_free(error);
        assert_false(commit_sent);
    }
    swap.incoming_oid = right;
    {
        cutover_error *error = NULL;
        bool commit_sent = true;
        uint32_t production = swap.production_oid;
        swap.production_oid += 100000;
        check_status_keep(swap_run(control, &swap, &commit_sent, &error), CUTOVER_E_CONFLICT, error);
        check_contains(cutover_error_message(error), "\"shop\" has OID");
        cutover_error_free(error);
        assert_false(commit_sent);
        swap.production_oid = production;
    }
    assert_int_equal(outcome(), SWAP_NOT_DONE);
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RENAME TO cutover_old_1");
    assert_int_equal(outcome(), SWAP_LOST);
}

/* A name may become another database's between the look and the lock: what the renames did is looked at again before it is
   committed. */
static void check_renamed_meanwhile(const char *const *sql, enum swap_outcome expected)
{
    cutover_error *error = NULL;
    bool commit_sent = true;

    cluster_create_database(cluster, "another");
    meanwhile_sql = sql;
    check_status_keep(swap_run(control, &swap, &commit_sent, &error), CUTOVER_E_CONFLICT, error);
    assert_null(meanwhile_sql);
    check_contains(cutover_error_message(error), "renamed by somebody else during the swap");
    cutover_error_free(error);
    assert_false(commit_sent);
    assert_int_equal(PQtransactionStatus(control->connection), PQTRANS_IDLE);
    assert_int_equal(outcome(), expected);
    assert_int_equal(oid_of("cutover_old_1"), 0);
}

/* What the swap's transaction gave it holds its row: nobody renames it any more. */
static void nobody_puts_another_database_under_staging_s_name(void **state)
{
    static const char *const sql[] = {"DO $$ BEGIN SET LOCAL lock_timeout = '50ms';"
                                      " ALTER DATABASE cutover_stage_1 RENAME TO aside;"
                                      " EXCEPTION WHEN lock_not_available THEN NULL; END $$",
                                      NULL};
    cutover_error *error = NULL;
    bool commit_sent = false;

    (void)state;
    meanwhile_sql = sql;
    check_ok(swap_run(control, &swap, &commit_sent, &error), error);
    assert_null(meanwhile_sql);
    assert_int_equal(outcome(), SWAP_DONE);
    assert_int_equal(oid_of("aside"), 0);
}

static void another_database_under_production_s_name_is_not_displaced(void **state)
{
    static const char *const sql[] = {"ALTER DATABASE shop RENAME TO aside",
                                      "ALTER DATABASE another RENAME TO shop", NULL};

    (void)state;
    check_renamed_meanwhile(sql, SWAP_LOST);
    assert_int_equal(oid_of("aside"), swap.production_oid);
    assert_int_equal(oid_of("cutover_stage_1"), swap.incoming_oid);
}

static void a_door_that_somebody_opened_is_refused(void **state)
{
    (void)state;
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS true");
    check_refused(CUTOVER_E_CONFLICT, "door of database \"shop\"");
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS false");
    cluster_sql(cluster, "postgres", "ALTER DATABASE cutover_stage_1 ALLOW_CONNECTIONS true");
    check_refused(CUTOVER_E_CONFLICT, "door of database \"cutover_stage_1\"");
}

/* E3: without waiting the five seconds that RENAME would. */
static void a_session_inside_is_refused_at_once_and_named(void **state)
{
    (void)state;
    cluster_sql(cluster, "postgres", "ALTER DATABASE cutover_stage_1 ALLOW_CONNECTIONS true");
    PGconn *guest = cluster_connect(cluster, "cutover_stage_1");
    check_refused(CUTOVER_E_POSTGRES, "client backend");
    PQfinish(guest);
}

/* E10 */
static void a_prepared_transaction_is_refused(void **state)
{
    (void)state;
    cluster_sql(cluster, "postgres", "ALTER DATABASE cutover_stage_1 ALLOW_CONNECTIONS true");
    cluster_sql(cluster, "cutover_stage_1", "BEGIN; DELETE FROM marker; PREPARE TRANSACTION 'held_7'");
    check_refused(CUTOVER_E_POSTGRES, "held_7");
    cluster_sql(cluster, "cutover_stage_1", "ROLLBACK PREPARED 'held_7'");
}

/* E11: the second half cannot be done; the first is undone with it. */
static void a_failure_in_the_middle_undoes_the_first_rename(void **state)
{
    cutover_error *error = NULL;
    struct json_object *wrong = NULL;
    struct text wrong_sql = TEXT_INIT;
    bool commit_sent = true;
    struct json_object *grant = json_object_new_object(), *acl = json_object_new_array();

    (void)state;
    check_ok(properties_read(control, swap.production_oid, &wrong, &error), error);
    json_put_text(grant, "grantee", "nobody_of_that_name");
    json_put_text(grant, "privilege", "CONNECT");
    json_put_text(grant, "grantor", "postgres");
    json_object_array_add(acl, grant);
    json_object_object_add(wrong, "acl", acl);
    check_ok(properties_give_sql("cutover_stage_1", NULL, wrong, &wrong_sql, &error), error);
    swap.give_sql = text_string(&wrong_sql);
    check_status_keep(swap_run(control, &swap, &commit_sent, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42704");
    cutover_error_free(error);
    assert_false(commit_sent);
    assert_int_equal(outcome(), SWAP_NOT_DONE);
    swap.give_sql = text_string(&give);
    text_free(&wrong_sql);
    json_object_put(wrong);
    error = NULL;
    check_ok(swap_run(control, &swap, &commit_sent, &error), error);
    assert_int_equal(outcome(), SWAP_DONE);
}

static void a_control_session_that_is_gone_swaps_nothing(void **state)
{
    cutover_error *error = NULL;
    bool commit_sent = true;
    char sql[64];

    (void)state;
    snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)", control->backend_pid);
    cluster_sql(cluster, "postgres", sql);
    check_status(swap_run(control, &swap, &commit_sent, &error), CUTOVER_E_POSTGRES, error);
    assert_false(commit_sent);
    session_close(control);
    control = open_session("postgres");
    assert_int_equal(outcome(), SWAP_NOT_DONE);
}

static void a_cancel_before_the_commit_undoes(void **state)
{
    cutover_error *error = NULL;
    struct cancel cancel;
    bool commit_sent = true;

    (void)state;
    cancel_init(&cancel, NULL);
    cancel_ask(&cancel);
    control->cancel = &cancel;
    check_status(swap_run(control, &swap, &commit_sent, &error), CUTOVER_E_CANCELLED, error);
    control->cancel = NULL;
    assert_false(commit_sent);
    assert_int_equal(outcome(), SWAP_NOT_DONE);
}

struct reader {
    atomic_bool stop;
    atomic_int mixes, old, new;
    int64_t longest_us, last_us;
};

/* A client that connects anew each time and reads; a refused connection is a gap, another answer is a mix. */
static void *read_on(void *context)
{
    struct reader *reader = context;
    bool seen_new = false;

    reader->last_us = monotonic_us();
    while (!atomic_load(&reader->stop)) {
        PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, "shop", "app"));
        PGresult *result = PQexec(connection, "SELECT which FROM marker");
        if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
            bool is_new = strcmp(PQgetvalue(result, 0, 0), "new") == 0;
            if (seen_new && !is_new)
                atomic_fetch_add(&reader->mixes, 1);
            seen_new |= is_new;
            atomic_fetch_add(is_new ? &reader->new : &reader->old, 1);
            if (monotonic_us() - reader->last_us > reader->longest_us)
                reader->longest_us = monotonic_us() - reader->last_us;
            reader->last_us = monotonic_us();
        } else if (PQresultStatus(result) == PGRES_TUPLES_OK) {
            atomic_fetch_add(&reader->mixes, 1);
        } else {
            const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            /* Wrong content would show as a missing table or a refused privilege. */
            if (sqlstate != NULL && strncmp(sqlstate, "42", 2) == 0)
                atomic_fetch_add(&reader->mixes, 1);
        }
        PQclear(result);
        PQfinish(connection);
    }
    return NULL;
}

/* The whole end of a promotion: door, everybody out, proof, swap. P1, E1, E4. */
static void a_client_never_sees_anything_but_old_then_new(void **state)
{
    struct reader readers[3] = {0};
    struct fence_mark before = {0}, after = {0};
    struct json_object *plan = NULL;
    pthread_t threads[3];
    cutover_error *error = NULL;
    struct session *inside;
    bool commit_sent = false;
    int64_t began, emptied, proved, done;

    (void)state;
    check_ok(door_open(control, "shop", &error), error);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    check_ok(fence_plan(control, swap.production_oid, &plan, &error), error);
    check_ok(fence_raise(control, "shop", swap.production_oid, plan, TIMEOUT_MS, NULL, &error), error);
    inside = open_session("shop");
    check_ok(fence_mark_read(inside, &before, &error), error);
    while (atomic_load(&readers[0].old) < 20)
        sched_yield();

    began = monotonic_us();
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_empty(control, swap.production_oid, &inside->backend_pid, 1, false, TIMEOUT_MS, NULL, &error),
             error);
    check_ok(door_empty(control, swap.incoming_oid, NULL, 0, false, TIMEOUT_MS, NULL, &error), error);
    emptied = monotonic_us();
    check_ok(fence_mark_read(inside, &after, &error), error);
    check_ok(fence_prove(&fence_of_production, &before, &after, inside, &error), error);
    session_close(inside);
    check_ok(door_empty(control, swap.production_oid, NULL, 0, false, TIMEOUT_MS, NULL, &error), error);
    proved = monotonic_us();
    check_ok(swap_run(control, &swap, &commit_sent, &error), error);
    done = monotonic_us();

    while (atomic_load(&readers[0].new) < 20)
        sched_yield();
    for (size_t i = 0; i < 3; i++) {
        atomic_store(&readers[i].stop, true);
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(readers[i].mixes, 0);
        print_message("reader %zu: %d old, %d new, longest gap %.1f ms\n", i, readers[i].old, readers[i].new,
                      (double)readers[i].longest_us / 1000.0);
    }
    print_message("door closed %.1f ms: emptied after %.1f, proved after %.1f\n",
                  (double)(done - began) / 1000.0, (double)(emptied - began) / 1000.0,
                  (double)(proved - began) / 1000.0);
    fence_mark_free(&before);
    fence_mark_free(&after);
    json_object_put(plan);
}

static void one_promoter_at_a_time_holds_the_lock(void **state)
{
    cutover_error *error = NULL;
    struct session *other = open_session("postgres");
    int64_t key = advisory_key("project-1");
    bool held = false;
    char pid[32];

    (void)state;
    assert_int_not_equal(key, advisory_key("project-2"));
    check_ok(advisory_lock(control, key, &error), error);
    check_ok(advisory_lock_held(control, key, &held, &error), error);
    assert_true(held);
    check_ok(advisory_lock_held(other, key, &held, &error), error);
    assert_false(held);
    check_status_keep(advisory_lock(other, key, &error), CUTOVER_E_LOCKED, error);
    snprintf(pid, sizeof(pid), "pid %d", control->backend_pid);
    check_contains(cutover_error_detail(error), pid);
    cutover_error_free(error);
    error = NULL;
    check_ok(advisory_lock(other, advisory_key("project-2"), &error), error);

    session_close(control);
    control = open_session("postgres");
    for (int tries = 0; tries < 500; tries++) {
        cutover_status status = advisory_lock(other, key, &error);
        cutover_error_free(error);
        error = NULL;
        held = status == CUTOVER_OK;
        if (held)
            break;
        check_ok(cancel_sleep(NULL, 10, &error), error);
    }
    assert_true(held);
    check_ok(advisory_lock_held(control, key, &held, &error), error);
    assert_false(held);
    session_close(other);
}

/* Which database is the control database is a setting: it excludes nobody. */
static void the_lock_excludes_in_every_database(void **state)
{
    cutover_error *error = NULL;
    struct session *here = open_session("postgres"), *there = open_session("template1");
    int64_t key = advisory_key("project-5");
    bool seen = false;
    char pid[64];

    (void)state;
    check_ok(advisory_lock(here, key, &error), error);
    check_status_keep(advisory_lock(there, key, &error), CUTOVER_E_LOCKED, error);
    snprintf(pid, sizeof pid, "pid %d in database \"postgres\"", here->backend_pid);
    check_contains(cutover_error_detail(error), pid);
    cutover_error_free(error);
    error = NULL;
    /* Who was refused has let go. */
    check_ok(advisory_lock_held(there, key, &seen, &error), error);
    assert_false(seen);
    check_ok(advisory_lock_elsewhere(there, key, &seen, &error), error);
    assert_true(seen);
    check_ok(advisory_lock_elsewhere(here, key, &seen, &error), error);
    assert_false(seen);

    /* Anybody of that server sees whose it is. */
    check_ok(advisory_lock_seen(there, here, key, &seen, &error), error);
    assert_true(seen);
    check_ok(advisory_lock_seen(here, there, key, &seen, &error), error);
    assert_false(seen);

    check_ok(advisory_lock_wrest(there, key, &error), error);
    assert_false(session_answers(here));
    check_ok(advisory_lock_held(there, key, &seen, &error), error);
    assert_true(seen);
    session_close(here);
    session_close(there);
    assert_true(advisory_key_of_database("shop") != advisory_key("shop"));
    assert_true(advisory_key_of_database("shop") != advisory_key_of_database("blog"));
}

/* Who lost a session ends that one and no other; who takes a job over ends whoever has the lock. */
static void only_the_session_that_was_lost_is_ended_for_the_lock(void **state)
{
    cutover_error *error = NULL;
    struct session *holder = open_session("postgres"), *other = open_session("postgres");
    int64_t key = advisory_key("project-3");
    const int strangers[] = {0, other->backend_pid};
    bool held = false;

    (void)state;
    check_ok(advisory_lock(holder, key, &error), error);
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        check_status(advisory_lock_regain(control, key, strangers[i], &error), CUTOVER_E_LOCKED, error);
    check_ok(advisory_lock_held(holder, key, &held, &error), error);
    assert_true(held);
    check_ok(advisory_lock_regain(control, key, holder->backend_pid, &error), error);
    check_ok(advisory_lock_held(control, key, &held, &error), error);
    assert_true(held);
    assert_int_not_equal(session_run(holder, "SELECT 1", NULL), CUTOVER_OK);
    check_ok(advisory_lock_wrest(other, key, &error), error);
    check_ok(advisory_lock_held(other, key, &held, &error), error);
    assert_true(held);
    session_close(control);
    control = open_session("postgres");
    session_close(other);
    session_close(holder);
}

/* Keys with the highest bit of either half set. */
static bool holds(struct session *session, int64_t key)
{
    cutover_error *error = NULL;
    bool held = false;

    check_ok(advisory_lock_held(session, key, &held, &error), error);
    return held;
}

static void recovery_ends_whoever_holds_the_lock(void **state)
{
    cutover_error *error = NULL;
    struct session *zombie = open_session("postgres");
    int64_t key = advisory_key("project-3");

    (void)state;
    check_ok(advisory_lock(zombie, key, &error), error);
    check_ok(advisory_lock_wrest(control, key, &error), error);
    assert_true(holds(control, key));
    assert_false(session_answers(zombie));
    session_close(zombie);
    check_ok(session_run(control, "SELECT pg_advisory_unlock_all()", &error), error);
}

static void a_job_takes_its_lock_again_from_its_old_session_only(void **state)
{
    cutover_error *error = NULL;
    struct session *old = open_session("postgres"), *other = open_session("postgres");
    int64_t key = advisory_key("project-4");

    (void)state;
    check_ok(advisory_lock(old, key, &error), error);
    check_ok(advisory_lock_regain(control, key, old->backend_pid, &error), error);
    assert_true(holds(control, key));
    assert_false(session_answers(old));
    check_ok(session_run(control, "SELECT pg_advisory_unlock_all()", &error), error);
    check_ok(advisory_lock(other, key, &error), error);
    check_status(advisory_lock_regain(control, key, old->backend_pid, &error), CUTOVER_E_LOCKED, error);
    assert_true(holds(other, key));
    session_close(old);
    session_close(other);
}

static void the_lock_is_found_whatever_its_key(void **state)
{
    static const int64_t keys[] = {-1, INT64_MIN, INT64_MAX, 0, 0x80000000LL, -0x80000000LL, 1};
    cutover_error *error = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        bool held = false;
        check_ok(advisory_lock(control, keys[i], &error), error);
        check_ok(advisory_lock_held(control, keys[i], &held, &error), error);
        assert_true(held);
    }
    check_ok(session_run(control, "SELECT pg_advisory_unlock_all()", &error), error);
}

#define swap_test(name) cmocka_unit_test_setup_teardown(name, make_both, drop_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        swap_test(the_name_gets_the_other_database_and_keeps_its_grants),
        swap_test(a_displaced_name_that_is_taken_is_refused),
        swap_test(a_database_that_was_replaced_is_refused),
        swap_test(nobody_puts_another_database_under_staging_s_name),
        swap_test(another_database_under_production_s_name_is_not_displaced),
        swap_test(a_door_that_somebody_opened_is_refused),
        swap_test(a_session_inside_is_refused_at_once_and_named),
        swap_test(a_prepared_transaction_is_refused),
        swap_test(a_failure_in_the_middle_undoes_the_first_rename),
        swap_test(a_control_session_that_is_gone_swaps_nothing),
        swap_test(a_cancel_before_the_commit_undoes),
        swap_test(a_client_never_sees_anything_but_old_then_new),
        cmocka_unit_test(one_promoter_at_a_time_holds_the_lock),
        cmocka_unit_test(the_lock_excludes_in_every_database),
        cmocka_unit_test(only_the_session_that_was_lost_is_ended_for_the_lock),
        cmocka_unit_test(recovery_ends_whoever_holds_the_lock),
        cmocka_unit_test(a_job_takes_its_lock_again_from_its_old_session_only),
        cmocka_unit_test(the_lock_is_found_whatever_its_key),
    };

    return cmocka_run_group_tests_name("swap", tests, start_server, stop_server);
}
