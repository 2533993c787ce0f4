/*
 * The rule of the late fence, against writers that do not stop: whatever they wrote before production refused it is in the backup, and
 * what the backup holds is what was displaced, to the row.
 *
 * SEED (printed) decides what the writers do; CATCH_UP_ROUNDS how many promotions (2).
 */
#include "../support/check.h"
#include "../support/cluster.h"
#include "../support/held.h"
#include "../support/shop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITERS 3

static struct cluster *cluster;
static unsigned seed;

/* Of every kind of table that a backup has: with a key and without, with values out of line, partitions, children, generated and
   dropped columns, unlogged. What nobody writes to is there, too. */
static const char content[] =
    "CREATE TABLE acked (writer int, number int);"
    "CREATE TABLE keyed (id int PRIMARY KEY, note text, gone int, twice int GENERATED ALWAYS AS (id * "
    "2) "
    "STORED);"
    "ALTER TABLE keyed DROP COLUMN gone;"
    "INSERT INTO keyed SELECT n, 'note ' || n FROM generate_series(1, 3000) n;"
    "CREATE TABLE heap (a int, b text); INSERT INTO heap SELECT n, md5(n::text) FROM "
    "generate_series(1, 2000) "
    "n;"
    "CREATE TABLE wide (id int PRIMARY KEY, v text);"
    "INSERT INTO wide SELECT n, repeat(md5(n::text), 2000) FROM generate_series(1, 40) n;"
    "CREATE TABLE big AS SELECT n AS id, repeat(md5(n::text), 8) AS v FROM generate_series(1, 80000) "
    "n;" /* 16 MiB and more: by ranges */
    "CREATE TABLE parts (id int, v text) PARTITION BY RANGE (id);"
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);"
    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000);"
    "INSERT INTO parts SELECT n, 'p' FROM generate_series(0, 1999) n;"
    "CREATE TABLE parent (id int, v text); CREATE TABLE child () INHERITS (parent);"
    "INSERT INTO child SELECT n, 'c' FROM generate_series(1, 500) n;"
    "CREATE UNLOGGED TABLE fast (id int, v text); INSERT INTO fast SELECT n, 'f' FROM "
    "generate_series(1, 500) "
    "n;"
    "CREATE TABLE emptied (id int); INSERT INTO emptied SELECT generate_series(1, 500);"
    "CREATE TABLE calm AS TABLE keyed;"
    "CREATE TABLE prepared (id int); CREATE SEQUENCE counted;"
    "SELECT lo_from_bytea(100 + n, convert_to('object ' || n, 'UTF8')) FROM generate_series(1, 20) n";

/* %d: a number that the writer draws. */
static const char *const statements[] = {
    "UPDATE keyed SET note = note || 'x' WHERE id %% 97 = %d",
    "DELETE FROM keyed WHERE id = %d",
    "INSERT INTO keyed (id, note) VALUES (%d, 'again') ON CONFLICT (id) DO UPDATE SET note = 'again'",
    "UPDATE heap SET a = a + 1 WHERE a %% 50 = %d",
    "INSERT INTO heap SELECT n, 'more' FROM generate_series(1, %d) n",
    "DELETE FROM heap WHERE a %% 90 = %d",
    "UPDATE wide SET v = v || 'y' WHERE id = %d",
    "UPDATE big SET v = v || 'z' WHERE id %% 20000 = %d",
    "DELETE FROM big WHERE id = 70000 + %d",
    "BEGIN; SAVEPOINT s; UPDATE big SET v = 'moved' WHERE id = 30000 + %d; RELEASE s; COMMIT",
    "UPDATE parts SET id = 1999 - id WHERE id = %d",
    "INSERT INTO child VALUES (%d, 'new')",
    "DELETE FROM parent WHERE id = %d",
    "INSERT INTO fast VALUES (%d, 'fast')",
    "BEGIN; DELETE FROM heap; UPDATE keyed SET note = 'never' WHERE id < %d; ROLLBACK",
    "BEGIN; SAVEPOINT s; DELETE FROM wide; ROLLBACK TO s; UPDATE keyed SET note = 's' WHERE id = %d; COMMIT",
    "BEGIN; TRUNCATE emptied; COPY emptied FROM PROGRAM 'seq 20' WITH (FREEZE); INSERT INTO emptied VALUES "
    "(%d); COMMIT",
    "BEGIN; TRUNCATE emptied; INSERT INTO emptied VALUES (%d); ROLLBACK",
    "VACUUM FULL heap --%d",
    "VACUUM (FREEZE) keyed --%d",
    "CLUSTER keyed USING keyed_pkey --%d",
    "ANALYZE --%d",
    "SELECT nextval('counted') FROM generate_series(1, %d)",
    "SELECT lo_put(100 + %d %% 20 + 1, 0, 'OBJECT')",
    "SELECT lo_from_bytea(0, 'made %d')",
    "SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid > 200 AND oid %% 7 = %d %% 7",
    "BEGIN; SELECT FROM keyed WHERE id < %d FOR UPDATE; COMMIT",
};
#define STATEMENTS (sizeof statements / sizeof *statements)

struct writing {
    pthread_t thread;
    const char *database;
    unsigned draw; /* its own random numbers */
    int number;
    int acked; /* rows of its own that production took */
    unsigned done;
    atomic_bool stop;
};

static unsigned draw(struct writing *writing)
{
    writing->draw = writing->draw * 1103515245u + 12345u;
    return writing->draw >> 8;
}

/* Whether it was done; what is in another's way (a lock, a key) is no matter. False: production refuses writes, or the session. */
static bool run(PGconn *connection, const char *sql, bool *done)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool refused = PQstatus(connection) != CONNECTION_OK || (state != NULL && strcmp(state, "25006") == 0);

    *done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    PQclear(result);
    if (!refused && PQtransactionStatus(connection) == PQTRANS_INERROR)
        PQclear(PQexec(connection, "ROLLBACK"));
    return !refused;
}

static void *write_on(void *context)
{
    struct writing *writing = context;
    PGconn *connection = PQconnectdb(cluster_conninfo(cluster, writing->database));
    bool goes_on = PQstatus(connection) == CONNECTION_OK, done;

    /* Who wants a table for itself waits for whoever reads all of it, and all others wait for it. */
    goes_on = goes_on && run(connection, "SET lock_timeout = '100ms'", &done);
    while (goes_on && !atomic_load(&writing->stop)) {
        char sql[400], row[100];
        snprintf(sql, sizeof sql, statements[draw(writing) % STATEMENTS], (int)(draw(writing) % 100));
        goes_on = run(connection, sql, &done);
        writing->done += done;
        snprintf(row, sizeof row, "INSERT INTO acked VALUES (%d, %d)", writing->number, writing->acked + 1);
        if (goes_on)
            goes_on = run(connection, row, &done);
        if (goes_on && done)
            writing->acked++;
    }
    PQfinish(connection);
    return NULL;
}

static int prepare(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "BEGIN; INSERT INTO prepared VALUES (1); PREPARE TRANSACTION 'open'");
    return 0;
}

static int commit_prepared(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "COMMIT PREPARED 'open'");
    /* Nearly all of its pages, or some. */
    cluster_sql(cluster, context,
                seed % 2 == 0 ? "UPDATE big SET v = v || '.' WHERE id % 3 = 0"
                              : "UPDATE big SET v = v || '.' WHERE id BETWEEN 1000 AND 3000");
    return 0;
}

static int line_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A database as its sorted lines: what was caught up by ranges comes in another order. */
static char *sorted_dump(const char *database)
{
    char *dump = shop_dump(cluster, database), *place = NULL;
    size_t count = 0, length = strlen(dump);
    char **lines = calloc(length + 1, sizeof *lines), *sorted = calloc(1, length + 2), *end = sorted;

    assert_non_null(lines);
    assert_non_null(sorted);
    for (char *line = strtok_r(dump, "\n", &place); line != NULL; line = strtok_r(NULL, "\n", &place))
        lines[count++] = line;
    qsort(lines, count, sizeof *lines, line_order);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(stpcpy(end, lines[i]), "\n");
    free(lines);
    free(dump);
    return sorted;
}

/* What was displaced and the backup of it, as anybody's pg_restore reads it, are the same, and have every row that was taken. */
static void backup_check(const struct outcome *outcome, const struct writing *writers)
{
    char *displaced = strdup(outcome_text(outcome, "displaced_database"));
    char *open = shop_format("ALTER DATABASE %s ALLOW_CONNECTIONS true", displaced);

    cluster_sql(cluster, "postgres", open);
    char *expected = sorted_dump(displaced);
    cluster_create_database(cluster, "restored");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-j2", "-d",
                              cluster_conninfo(cluster, "restored"), outcome_text(outcome, "backup_path"),
                              NULL});
    char *restored = sorted_dump("restored");
    check_same_text(restored, expected);
    for (int i = 0; i < WRITERS; i++) {
        char *sql = shop_format("SELECT count(DISTINCT number) FROM acked WHERE writer = %d AND number <= %d",
                                i, writers[i].acked);
        assert_int_equal(cluster_number(cluster, "restored", sql), writers[i].acked);
        free(sql);
    }
    assert_int_equal(cluster_number(cluster, "restored", "SELECT count(*) FROM prepared"), 1);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    free(displaced);
    free(open);
    free(expected);
    free(restored);
}

static void promoted_under_writers(struct shop *shop, unsigned round)
{
    char *name = shop_format("written%u", round), *database = shop_format("written%u_production", round);
    char *request = shop_ready(shop, name);
    const struct shop_hook hooks[] = {
        {"backup", prepare, database}, {"catch_up", commit_prepared, database}, {NULL, NULL, NULL}};
    struct writing writers[WRITERS] = {{0}};
    unsigned done = 0;

    cluster_sql(cluster, database, content);
    for (int i = 0; i < WRITERS; i++) {
        writers[i].database = database;
        writers[i].number = i;
        writers[i].draw = seed * 31 + round * 7 + (unsigned)i;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]), 0);
    }
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = request,
                                                    .hooks = hooks,
                                                    .jobs = 1 + round % 3,
                                                    .verify = round % 2 == 0 ? CUTOVER_VERIFY_READBACK
                                                                             : CUTOVER_VERIFY_RESTORE});
    for (int i = 0; i < WRITERS; i++) {
        atomic_store(&writers[i].stop, true);
        pthread_join(writers[i].thread, NULL);
        done += writers[i].done;
        print_message("writer %d: %u statements, %d rows that production took\n", i, writers[i].done,
                      writers[i].acked);
    }
    check_ok(outcome.status, outcome.error);
    assert_true(done > 0);
    assert_true(atoi(outcome_text(&outcome, "catch_up.rounds")) >= 2);
    assert_true(atoi(outcome_text(&outcome, "catch_up.ranges")) > 0);
    backup_check(&outcome, writers);
    outcome_free(&outcome);
    free(name);
    free(database);
    free(request);
}

static void what_writers_were_told_is_in_the_backup_and_it_is_what_was_displaced(void **state)
{
    unsigned rounds = getenv("CATCH_UP_ROUNDS") != NULL ? (unsigned)atoi(getenv("CATCH_UP_ROUNDS")) : 2;

    for (unsigned round = 0; round < rounds; round++)
        promoted_under_writers(*state, round);
}

static int start_cluster(void **state)
{
    (void)state;
    seed = getenv("SEED") != NULL ? (unsigned)strtoul(getenv("SEED"), NULL, 10) : 1;
    print_message("SEED=%u\n", seed);
    cluster = cluster_start("max_prepared_transactions = 5\nautovacuum_naptime = 1s\n");
    shop_use(cluster);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_writers_were_told_is_in_the_backup_and_it_is_what_was_displaced,
                                        shop_setup, shop_teardown),
    };

    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
