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

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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
    /* Its index is marked from the beginning: that is a fact of the catalog. */
    "ALTER TABLE keyed CLUSTER ON keyed_pkey;"
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
    ("BEGIN; TRUNCATE emptied; COPY emptied FROM PROGRAM 'seq 20' WITH (FREEZE); INSERT INTO emptied VALUES "
     "(%d); COMMIT"),
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

/* What was displaced and the backup of it, as anybody's pg_restore reads it, are the same. It is in database "restored" then. */
static void backup_restore(const struct outcome *outcome)
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
    free(displaced);
    free(open);
    free(expected);
    free(restored);
}

/* Of a shell script without "". */
static int shell_run(const char *folder, const char *script)
{
    char *output = NULL, *command = shop_format("cd '%s' && %s", folder, script);
    int status = cluster_run((const char *[]){"/bin/sh", "-c", command, NULL}, &output);

    print_message("%s", output != NULL ? output : "");
    free(command);
    free(output);
    return status;
}

/* docs/backup-format.md says how to find out without the library. */
static void backup_check_by_hand(const char *path)
{
    char *python = shop_format("sed -n '/^```python$/,/^```$/p' '" BACKUP_FORMAT "' | sed '1d;$d' | python3 -");

    assert_int_equal(shell_run(path, "jq -e '.files[] | select(.members_sha256)' manifest.json"), 0);
    assert_int_equal(shell_run(path, "jq -r '.files[] | select(.sha256) | .sha256 + \"  \" + .name' "
                                     "manifest.json | sha256sum -c --quiet"),
                     0);
    assert_int_equal(shell_run(path, python), 0);
    assert_int_equal(
        shell_run(
            path,
            "f=$(jq -r '[.files[] | select(.members_sha256)][0].name' manifest.json) "
            "&& cp $f whole && chmod u+w $f && printf x | dd of=$f bs=1 seek=1000 conv=notrunc status=none"),
        0);
    assert_int_not_equal(shell_run(path, python), 0);
    assert_int_equal(shell_run(path, "f=$(jq -r '[.files[] | select(.members_sha256)][0].name' manifest.json) "
                                     "&& mv whole $f"),
                     0);
    free(python);
}

/* And it has every row that was taken. */
static void backup_check(const struct outcome *outcome, const struct writing *writers)
{
    backup_restore(outcome);
    for (int i = 0; i < WRITERS; i++) {
        char *sql = shop_format("SELECT count(DISTINCT number) FROM acked WHERE writer = %d AND number <= %d",
                                i, writers[i].acked);
        assert_int_equal(cluster_number(cluster, "restored", sql), writers[i].acked);
        free(sql);
    }
    assert_int_equal(cluster_number(cluster, "restored", "SELECT count(*) FROM prepared"), 1);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
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
    if (seed % 2 != 0)
        assert_true(atoi(outcome_text(&outcome, "catch_up.ranges")) > 0);
    if (seed % 2 != 0 && round == 0)
        backup_check_by_hand(outcome_text(&outcome, "backup_path"));
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

/* ---- right after a snapshot ---- */

static bool is_of_production(PGconn *connection)
{
    return strcmp(PQdb(connection), "right_production") == 0;
}

/* Where writes come: each into a table of its own, to which nobody else ever writes; NULL: nobody writes. */
static const char *written_after_snapshots;
static unsigned snapshots;
static bool exported;

static void write_after_snapshot(void)
{
    char *sql = shop_format("INSERT INTO after_%u VALUES ('seen by the next round')", ++snapshots);
    const char *database = written_after_snapshots;
    PGconn *connection;
    bool done;

    written_after_snapshots = NULL; /* while it is at it */
    connection = PQconnectdb(cluster_conninfo(cluster, database));
    run(connection, sql, &done); /* the last one is refused */
    PQfinish(connection);
    char *counted = shop_format("SELECT count(*) FROM after_%u", snapshots);
    assert_int_equal(cluster_number(cluster, database, counted), done);
    written_after_snapshots = database;
    free(counted);
    free(sql);
}

/* The snapshot is taken when something is sent after what exports it. */
static void pass(PGconn *connection, const char *sql)
{
    if (written_after_snapshots == NULL)
        return;
    if (exported) {
        exported = false;
        write_after_snapshot();
    }
    exported = strstr(sql, "pg_export_snapshot") != NULL && is_of_production(connection);
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    int (*real)(PGconn *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQuery");
    pass(connection, sql);
    return real(connection, sql);
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats, int format)
{
    int (*real)(PGconn *, const char *, int, const Oid *, const char *const *, const int *, const int *, int);

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQueryParams");
    pass(connection, sql);
    return real(connection, sql, count, types, values, lengths, formats, format);
}

static int write_much(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "UPDATE big SET v = v || '.'");
    return 0;
}

static void what_is_written_right_after_a_snapshot_is_read_again(void **state)
{
    static char database[] = "right_production";
    struct shop *shop = *state;
    char *request = shop_ready(shop, "right");
    const struct shop_hook hooks[] = {{"catch_up", write_much, database}, {NULL, NULL, NULL}};

    cluster_sql(cluster, database, content);
    cluster_sql(cluster, database,
                "CREATE TABLE after_1 (t text); CREATE TABLE after_2 (t text); CREATE TABLE after_3 (t text)");
    snapshots = 0;
    written_after_snapshots = database;
    struct outcome outcome = shop_promote_ok(
        shop,
        &(struct shop_promotion){.request_id = request, .hooks = hooks, .verify = CUTOVER_VERIFY_READBACK});
    written_after_snapshots = NULL;
    assert_int_equal(atoi(outcome_text(&outcome, "catch_up.rounds")), 2);
    assert_int_equal(snapshots, 3);
    backup_restore(&outcome);
    assert_int_equal(cluster_number(cluster, "restored", "SELECT count(*) FROM after_1"), 1);
    assert_int_equal(cluster_number(cluster, "restored", "SELECT count(*) FROM after_2"), 1);
    assert_int_equal(cluster_number(cluster, "restored", "SELECT count(*) FROM after_3"), 0);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    outcome_free(&outcome);
    free(request);
}

/* ---- large objects that are as many as they were ---- */

static int write_large_object(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "SELECT lo_put(105, 0, 'OBJECT')");
    return 0;
}

static void a_large_object_that_was_written_to_is_read_again(void **state)
{
    static char database[] = "objects_production";
    struct shop *shop = *state;
    char *request = shop_ready(shop, "objects");
    const struct shop_hook hooks[] = {{"catch_up", write_large_object, database}, {NULL, NULL, NULL}};

    cluster_sql(cluster, database, "SELECT lo_from_bytea(105, 'object')");
    struct outcome outcome = shop_promote_ok(
        shop,
        &(struct shop_promotion){.request_id = request, .hooks = hooks, .verify = CUTOVER_VERIFY_READBACK});
    backup_restore(&outcome);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    outcome_free(&outcome);
    free(request);
}

/* ---- what ends it ---- */

static bool damages, damages_in_place;

/* A disk that keeps something else than it was given, once the file has its name. */
int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);

    if (result == 0 && damages && strstr(to, ".dat.gz") != NULL) {
        unsigned char byte = 0;
        int file = openat(to_folder, to, O_RDWR | O_CLOEXEC);
        assert_true(file >= 0);
        assert_int_equal(pread(file, &byte, 1, 30), 1);
        byte ^= 1;
        assert_int_equal(pwrite(file, &byte, 1, 30), 1);
        close(file);
        damages = false;
    }
    return result;
}

/* And one that keeps a byte of what is written over what was there as it was, in the middle of a member that is appended. */
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    char *other = NULL;
    ssize_t written;

    if (damages_in_place && count > 1000) {
        other = malloc(count);
        assert_non_null(other);
        memcpy(other, bytes, count);
        other[count / 2] ^= 1;
        damages_in_place = false;
    }
    written = syscall(SYS_pwrite64, file, other != NULL ? other : bytes, count, offset);
    free(other);
    return written;
}

static int write_and_damage_in_place(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "UPDATE big SET v = v || 'z' WHERE id = 7000");
    damages_in_place = true;
    return 0;
}

static int write_and_damage(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "UPDATE orders SET total = total + 1");
    damages = true;
    return 0;
}

/* Its backup has failed, has no archive for anybody, and nothing of it is in the repository. */
static void check_nothing_kept(struct shop *shop, const char *project)
{
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    char path[4096];

    check_ok(cutover_backups_list(shop->engine, project, NULL, 10, &list, &error), error);
    assert_int_equal(cutover_backup_list_count(list), 1);
    const cutover_backup *backup = cutover_backup_list_at(list, 0);
    assert_true(strcmp(cutover_backup_status(backup), "verified") != 0);
    cutover_status status =
        cutover_backup_path(shop->engine, cutover_backup_id(backup), path, sizeof path, &error);
    assert_int_not_equal(status, CUTOVER_OK);
    cutover_error_free(error);
    assert_false(shop_has_partials(shop));
    cutover_backup_list_free(list);
}

/* A disk that damages what `act` makes the job write, which it says like that. */
static void check_damage_is_found(struct shop *shop, const char *project, const char *content_sql,
                                  int (*act)(struct shop *shop, void *context), const char *why)
{
    char *request = shop_ready(shop, project), *database = shop_format("%s_production", project);
    const struct shop_hook hooks[] = {{"catch_up", act, database}, {NULL, NULL, NULL}};

    cluster_sql(cluster, database, content_sql);
    struct outcome outcome = shop_promote(
        shop,
        &(struct shop_promotion){.request_id = request, .hooks = hooks, .verify = CUTOVER_VERIFY_READBACK});
    assert_false(damages || damages_in_place);
    check_status_keep(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_message(outcome.error), why);
    assert_string_equal(cutover_error_step(outcome.error), "catch_up");
    cluster_sql(cluster, database, "INSERT INTO generation VALUES ('open')");
    check_nothing_kept(shop, project);
    outcome_free(&outcome);
    free(database);
    free(request);
}

static void what_is_damaged_while_it_is_read_again_fails_the_promotion(void **state)
{
    check_damage_is_found(*state, "damaged", "SELECT", write_and_damage, "SHA-256");
}

static void what_is_damaged_where_it_is_changed_in_place_fails_the_promotion(void **state)
{
    check_damage_is_found(*state, "altered",
                          "CREATE TABLE big AS SELECT n AS id, repeat(md5(n::text), 8) AS v "
                          "FROM generate_series(1, 80000) n",
                          write_and_damage_in_place, "and on are not what was written");
}

static int write_some(struct shop *shop, void *context)
{
    (void)shop;
    cluster_sql(cluster, context, "UPDATE orders SET total = total + 1");
    return 0;
}

/* Any work behind the fence takes longer than a second, by the estimate. */
static void a_limit_that_would_be_passed_is_found_before_a_write_is_refused(void **state)
{
    static char database[] = "limited_production";
    struct shop *shop = *state;
    char *request = shop_ready(shop, "limited");
    const struct shop_hook hooks[] = {{"catch_up", write_some, database}, {NULL, NULL, NULL}};
    struct outcome outcome = shop_promote(
        shop, &(struct shop_promotion){.request_id = request, .hooks = hooks, .writes_refused_max_s = 1});

    check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    check_contains(cutover_error_message(outcome.error), "production would refuse writes for about");
    assert_int_equal(shop->traffic.pauses, 0);
    check_nothing_kept(shop, "limited");
    outcome_free(&outcome);
    free(request);
}

/* What ends with the words that it began with, and means something else: facts are by name. */
static const char *const same_words[] = {
    ("ALTER TABLE plain ADD c2 int; UPDATE plain SET c2 = b; ALTER TABLE plain DROP b; ALTER TABLE plain "
     "RENAME "
     "c2 TO b"),
    "ALTER TABLE plain DROP c; ALTER TABLE plain ADD c int",
    "ALTER TABLE plain RENAME a TO x; ALTER TABLE plain RENAME b TO a; ALTER TABLE plain RENAME x TO b",
    "ALTER TYPE pair DROP ATTRIBUTE y; ALTER TYPE pair ADD ATTRIBUTE y int",
    "ALTER SCHEMA live RENAME TO x; ALTER SCHEMA next RENAME TO live; ALTER SCHEMA x RENAME TO next",
    "ALTER TABLE plain RENAME TO x; ALTER TABLE other RENAME TO plain; ALTER TABLE x RENAME TO other",
};

static int alter_to_the_same_words(struct shop *shop, void *context)
{
    const char *const *sql = context;

    (void)shop;
    cluster_sql(cluster, "words_production", *sql);
    return 0;
}

static void definitions_that_end_as_they_began_fail_the_promotion(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "words");

    cluster_sql(
        cluster, "words_production",
        "CREATE TABLE plain (a int, b int, c int); INSERT INTO plain VALUES (1, 2, 3);"
        "CREATE TABLE other (a int, b int, c int); INSERT INTO other VALUES (4, 5, 6);"
        "CREATE TYPE pair AS (x int, y int); CREATE TABLE typed (p pair); INSERT INTO typed VALUES ((1, 2));"
        "CREATE SCHEMA live; CREATE TABLE live.t AS SELECT 'blue' AS c;"
        "CREATE SCHEMA next; CREATE TABLE next.t AS SELECT 'green' AS c");
    for (size_t i = 0; i < sizeof same_words / sizeof *same_words; i++) {
        const struct shop_hook hooks[] = {
            {i % 2 == 0 ? "verify" : "catch_up", alter_to_the_same_words, (void *)&same_words[i]},
            {NULL, NULL, NULL}};
        struct outcome outcome =
            shop_promote(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});
        check_status_keep(outcome.status, CUTOVER_E_CONFLICT, outcome.error);
        assert_string_equal(cutover_error_step(outcome.error), "catch_up");
        check_contains(cutover_error_message(outcome.error), "production was altered while the job ran");
        cluster_sql(cluster, "words_production", "INSERT INTO generation VALUES ('open')");
        outcome_free(&outcome);
        free(request);
        request = shop_acked(shop, "words", "words");
    }
    free(request);
}

/* What a round would read is enough for one, and somebody has it for himself: behind the fence he has not. */
static int keep_for_oneself(struct shop *shop, void *context)
{
    PGconn **keeper = context;

    (void)shop;
    cluster_sql(cluster, "kept_production",
                "INSERT INTO pile SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, 40000) g");
    *keeper = cluster_connect(cluster, "kept_production");
    PGresult *result = PQexec(*keeper, "BEGIN; LOCK TABLE pile IN ACCESS EXCLUSIVE MODE");
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    return 0;
}

static void a_table_that_somebody_keeps_for_himself_costs_a_round_and_not_the_job(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "kept");
    PGconn *keeper = NULL;
    const struct shop_hook hooks[] = {{"catch_up", keep_for_oneself, &keeper}, {NULL, NULL, NULL}};

    cluster_sql(cluster, "kept_production",
                "CREATE TABLE pile (a int, b text); INSERT INTO pile SELECT g, repeat(md5(g::text), 8) FROM "
                "generate_series(1, 40000) g");
    struct outcome outcome =
        shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});
    PQfinish(keeper);
    check_contains(shop->log, "a round of the catch-up is left out");
    backup_restore(&outcome);
    assert_int_equal(cluster_number(cluster, "restored", "SELECT count(*) FROM pile"), 80000);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    outcome_free(&outcome);
    free(request);
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
        cmocka_unit_test_setup_teardown(what_is_written_right_after_a_snapshot_is_read_again, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(a_large_object_that_was_written_to_is_read_again, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(what_is_damaged_while_it_is_read_again_fails_the_promotion, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(what_is_damaged_where_it_is_changed_in_place_fails_the_promotion,
                                        shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(a_limit_that_would_be_passed_is_found_before_a_write_is_refused,
                                        shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(a_table_that_somebody_keeps_for_himself_costs_a_round_and_not_the_job,
                                        shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(definitions_that_end_as_they_began_fail_the_promotion, shop_setup,
                                        shop_teardown),
    };

    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
