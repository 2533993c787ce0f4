#include "support/shop.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What readers of production's connection string see around the swap (P1). */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    /* Nothing but commits flushes the log, or adds to it. */
    cluster = cluster_start("wal_writer_delay = 10s\nbgwriter_delay = 10s\nautovacuum = off\n");
    shop_use(cluster);
    return 0;
}

static double milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

struct reader {
    const char *conninfo;
    bool keeps_session; /* one session until it breaks; else a new one for each read */
    atomic_int stop;
    long reads, olds, news, failures;
    double longest_gap_ms;
    char complaint[512]; /* the first thing that must not happen */
};

static void complain(struct reader *reader, const char *what, const char *more)
{
    if (reader->complaint[0] == '\0')
        snprintf(reader->complaint, sizeof reader->complaint, "%s: %s", what, more);
}

/* What a client may be told while the door is closed or its session is ended: nothing else. */
static bool is_the_gap(const char *message)
{
    static const char *const parts[] = {"is not currently accepting connections", "terminating connection",
                                        "does not exist", "server closed the connection unexpectedly"};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(message, parts[i]) != NULL)
            return true;
    return false;
}

/* Both tables of one generation, in one statement: a mixture would show. */
static void read_once(struct reader *reader, PGconn *connection)
{
    PGresult *result = PQexec(connection, "SELECT name, (SELECT count(*) FROM orders) FROM generation");

    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        const char *name = PQgetvalue(result, 0, 0);
        long orders = atol(PQgetvalue(result, 0, 1));
        reader->reads++;
        if (strcmp(name, "old") == 0 && orders == 3000) {
            reader->olds++;
            if (reader->news > 0)
                complain(reader, "old content after new", name);
        } else if (strcmp(name, "new") == 0 && orders == 3500) {
            reader->news++;
        } else {
            complain(reader, "neither the old nor the new", name);
        }
    } else {
        reader->failures++;
        if (!is_the_gap(PQresultErrorMessage(result)))
            complain(reader, "a read failed", PQresultErrorMessage(result));
    }
    PQclear(result);
}

static void *read_on(void *context)
{
    struct reader *reader = context;
    const struct timespec pause = {0, 500 * 1000};
    double last_good = milliseconds_now();
    PGconn *connection = NULL;

    while (!reader->stop) {
        long before = reader->reads;
        if (connection == NULL)
            connection = PQconnectdb(reader->conninfo);
        if (PQstatus(connection) == CONNECTION_OK) {
            read_once(reader, connection);
        } else {
            reader->failures++;
            if (!is_the_gap(PQerrorMessage(connection)))
                complain(reader, "a connection failed", PQerrorMessage(connection));
        }
        if (reader->reads > before) {
            double now = milliseconds_now();
            if (now - last_good > reader->longest_gap_ms)
                reader->longest_gap_ms = now - last_good;
            last_good = now;
        }
        if (!reader->keeps_session || PQstatus(connection) != CONNECTION_OK) {
            PQfinish(connection);
            connection = NULL;
        }
        nanosleep(&pause, NULL);
    }
    PQfinish(connection);
    return NULL;
}

/* Everybody reads while the cutover runs; the gap is printed for whoever looks, and decides nothing here: tests do not
   depend on how busy a machine is. */
static void readers_see_the_old_then_the_new_and_nothing_between(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "gap");
    char *conninfo = strdup(cluster_conninfo(cluster, "gap_production"));
    struct reader readers[] = {{.conninfo = conninfo, .keeps_session = true}, {.conninfo = conninfo}};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote(shop, &promotion);
    const struct timespec after = {0, 200 * 1000 * 1000};
    nanosleep(&after, NULL);
    for (int i = 0; i < 2; i++) {
        readers[i].stop = 1;
        pthread_join(threads[i], NULL);
    }
    check_ok(outcome.status, outcome.error);
    for (int i = 0; i < 2; i++) {
        print_message("reader %s: %ld reads, %ld refused, longest gap %.1f ms (reported: %s ms)\n",
                      readers[i].keeps_session ? "with a session" : "connecting anew", readers[i].reads,
                      readers[i].failures, readers[i].longest_gap_ms,
                      outcome_text(&outcome, "reads_unavailable_ms"));
        if (readers[i].complaint[0] != '\0')
            fail_msg("%s", readers[i].complaint);
        assert_true(readers[i].olds > 0);
        assert_true(readers[i].news > 0);
    }
    outcome_free(&outcome);
    free(conninfo);
    free(request);
}

/* A pooler's clients are held: pause comes before the door is closed, resume after it is open. */
static void look_while_paused(struct shop *shop, void *context)
{
    (void)context;
    assert_int_equal(shop->traffic.resumes, 0);
    char *name = cluster_value(cluster, "pool_production", "SELECT name FROM generation");
    assert_string_equal(name, "old");
    free(name);
    /* What was copied is on disk by then: the door's commit, for which clients wait, has none of it to flush. (A look into
       a catalog may tidy a page of it.) */
    assert_in_range(
        cluster_number(cluster, "postgres", "SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn()"),
        0, 1023);
}

static void traffic_is_paused_before_the_door_closes_and_resumed_after(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "pool");

    shop->traffic.while_paused = look_while_paused;
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    assert_int_equal(shop->traffic.pauses, 1);
    assert_int_equal(shop->traffic.resumes, 1);
    outcome_free(&outcome);
    free(request);
}

/* A client that holds a transaction open when the door closes is ended, and so are those of the fence: nobody goes on in
   what is the displaced database now (EDGE_CASES E16). */
static int sit_in_a_transaction(struct shop *shop, void *context)
{
    PGconn **connection = context;

    (void)shop;
    *connection = cluster_connect(cluster, "busy_production");
    PQclear(PQexec(*connection, "BEGIN ISOLATION LEVEL SERIALIZABLE"));
    PGresult *result = PQexec(*connection, "DECLARE c CURSOR FOR SELECT * FROM orders");
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQclear(PQexec(*connection, "FETCH 1 FROM c"));
    return 0;
}

static void open_transactions_do_not_hold_the_swap_up(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "busy");
    PGconn *connections[2] = {NULL, NULL};
    const struct shop_hook hooks[] = {{"verify", sit_in_a_transaction, &connections[0]},
                                      {"swap", sit_in_a_transaction, &connections[1]},
                                      {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    for (int i = 0; i < 2; i++) {
        PQclear(PQexec(connections[i], "FETCH 1 FROM c"));
        assert_int_equal(PQstatus(connections[i]), CONNECTION_BAD);
        PQfinish(connections[i]);
    }
    assert_int_equal(atoi(outcome_text(&outcome, "sessions_ended")), 2);
    outcome_free(&outcome);
    free(request);
}

/* ---- what is done behind the closed door ---- */

/* What the server was asked from the door's closing on to the swap's COMMIT; malloc'd. */
static char *behind_the_door(const char *name)
{
    char *path = shop_format("%s/log", cluster_socket_dir(cluster)), *log = NULL;
    char *closes = shop_format("ALTER DATABASE \"%s\" ALLOW_CONNECTIONS false", name);

    assert_int_equal(cluster_run((const char *[]){"/bin/cat", path, NULL}, &log), 0);
    const char *at = strstr(log, closes);
    assert_non_null(at);
    const char *end = strstr(at, ">: COMMIT");
    assert_non_null(end);
    char *asked = strndup(at, (size_t)(end - at));
    check_contains(asked, "RENAME TO");
    free(closes);
    free(log);
    free(path);
    return asked;
}

static void log_statements(const char *which)
{
    char *sql = shop_format("ALTER SYSTEM SET log_statement = '%s'", which);

    cluster_sql(cluster, "postgres", sql);
    cluster_sql(cluster, "postgres", "SELECT pg_reload_conf()");
    free(sql);
}

/* Nothing of what production bears is given while it is closed: that takes as long as there is much of it. */
static void what_production_bears_is_given_before_the_door_closes(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "laden");
    struct shop_promotion promotion = {.request_id = request};

    cluster_sql(cluster, "postgres",
                "DO $$ BEGIN FOR i IN 1 .. 200 LOOP EXECUTE format('CREATE ROLE bearer_%s', i);"
                " EXECUTE format('GRANT CONNECT ON DATABASE laden_production TO bearer_%s', i);"
                " EXECUTE format('ALTER ROLE bearer_%s IN DATABASE laden_production SET work_mem = 1000', i);"
                " END LOOP; END $$");
    log_statements("all");
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    log_statements("none");
    print_message("reads unavailable for %s ms\n", outcome_text(&outcome, "reads_unavailable_ms"));
    char *asked = behind_the_door("laden_production");
    assert_null(strstr(asked, "bearer_"));
    free(asked);
    assert_int_equal(
        cluster_number(cluster, "postgres",
                       "SELECT (SELECT count(*) FROM pg_database, aclexplode(datacl)"
                       "         WHERE datname = 'laden_production' AND grantee::regrole::text ~ '^bearer_')"
                       " + (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d"
                       "     ON d.oid = s.setdatabase WHERE datname = 'laden_production' AND setrole <> 0)"),
        400);
    outcome_free(&outcome);
    free(request);
}

/* ---- clients that take every connection ---- */

#define MOST 100

/* From the moment that the fence goes up, each that becomes free: reserved ones too, and not in production, where they would be ended. */
static struct takers {
    pthread_t thread;
    atomic_bool wanted, begun, stop;
    PGconn *taken[MOST];
    int count;
    long refused;
} takers;

static void *take_every_connection(void *context)
{
    const struct timespec pause = {0, 1000 * 1000};

    (void)context;
    while (!takers.stop && takers.count < MOST) {
        PGconn *connection = PQconnectdb(cluster_conninfo(cluster, "template1"));
        if (PQstatus(connection) == CONNECTION_OK) {
            takers.taken[takers.count++] = connection;
            continue;
        }
        takers.refused++;
        PQfinish(connection);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void takers_begin(void)
{
    const struct timespec pause = {0, 1000 * 1000};

    takers.begun = true;
    assert_int_equal(pthread_create(&takers.thread, NULL, take_every_connection, NULL), 0);
    while (takers.refused == 0)
        nanosleep(&pause, NULL);
}

/* The fence's own statement: what comes after it finds nothing free. */
int PQsendQuery(PGconn *connection, const char *sql)
{
    int (*real)(PGconn *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQuery");
    if (takers.wanted && !takers.begun && strstr(sql, " SET default_transaction_read_only = ") != NULL)
        takers_begin();
    return real(connection, sql);
}

static int takers_begin_late(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    takers_begin();
    return 0;
}

static void promoted_among_takers(struct shop *shop, const char *id, struct shop_promotion *promotion)
{
    char *request = shop_ready(shop, id), *name = shop_format("%s_production", id);

    takers = (struct takers){.wanted = promotion->hooks == NULL};
    promotion->request_id = request;
    struct outcome outcome = shop_promote(shop, promotion);
    takers.stop = true;
    assert_true(takers.begun);
    pthread_join(takers.thread, NULL);
    for (int i = 0; i < takers.count; i++)
        PQfinish(takers.taken[i]);
    takers.wanted = false;
    check_ok(outcome.status, outcome.error);
    char *generation = cluster_value(cluster, name, "SELECT name FROM generation");
    assert_string_equal(generation, "new");
    free(generation);
    free(name);
    free(request);
    outcome_free(&outcome);
}

static void clients_that_take_every_connection_do_not_keep_the_swap_up(void **state)
{
    /* Behind an early fence pg_dump connects by itself. */
    const struct shop_hook hooks[] = {{"verify", takers_begin_late, NULL}, {NULL, NULL, NULL}};

    promoted_among_takers(*state, "taken", &(struct shop_promotion){.fence = CUTOVER_FENCE_LATE});
    promoted_among_takers(*state, "early",
                          &(struct shop_promotion){.fence = CUTOVER_FENCE_EARLY, .hooks = hooks});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readers_see_the_old_then_the_new_and_nothing_between),
        TEST(traffic_is_paused_before_the_door_closes_and_resumed_after),
        TEST(open_transactions_do_not_hold_the_swap_up),
        TEST(clients_that_take_every_connection_do_not_keep_the_swap_up),
        TEST(what_production_bears_is_given_before_the_door_closes),
    };

    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    return cmocka_run_group_tests_name("swap gap", tests, start_cluster, NULL);
}
