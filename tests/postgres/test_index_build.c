/*
 * What is built beside the rows, found in the archive that a real pg_dump wrote: each foreign key's two tables are the server's own
 * answer, for these are what keeps two of our statements from waiting for each other. And that none ever does.
 */
#include "support/session.h"
#include "support/shop.h"

#include "base/folder.h"
#include "transfer/archive.h"
#include "transfer/index_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Made in an order in which pg_dump names now the one table first, now the other. */
static const char circles_sql[] =
    "CREATE TABLE a (id int PRIMARY KEY, b int, up int REFERENCES a);"
    "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a, c int);"
    "CREATE TABLE c (id int PRIMARY KEY, b int REFERENCES b, a int REFERENCES a, code text UNIQUE);"
    "CREATE TABLE d (code text REFERENCES c (code), up int REFERENCES c);"
    "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; ALTER TABLE b ADD FOREIGN KEY (c) REFERENCES c;"
    "CREATE FUNCTION code_of(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT code FROM public.c WHERE id = "
    "$1';"
    "CREATE INDEX a_code ON a (code_of(id));";

/* Forty tables whose indexes are many, and say something of their table; keys between them, and a table for each of the ways
   to lock one that others are busy with. */
static const char crossed_sql[] =
    "DO $$ DECLARE t text; BEGIN FOR i IN 1..40 LOOP t := 'crossed_' || i;"
    " EXECUTE format('CREATE TABLE %I (id int NOT NULL, code text NOT NULL, other int, span int4range)', t);"
    " EXECUTE format('INSERT INTO %I SELECT g, g::text, g, int4range(g, g + 1) FROM generate_series(1, 300) "
    "g', t);"
    " EXECUTE format('CREATE UNIQUE INDEX %I ON %I (id)', t || '_id', t);"
    " EXECUTE format('CREATE UNIQUE INDEX %I ON %I (code)', t || '_code', t);"
    " EXECUTE format('CREATE INDEX %I ON %I (other)', t || '_other', t);"
    " EXECUTE format('CREATE INDEX %I ON %I ((other + 1))', t || '_sum', t);"
    " EXECUTE format('ALTER INDEX %I ALTER COLUMN 1 SET STATISTICS 50', t || '_sum');"
    " EXECUTE format('ALTER TABLE %I CLUSTER ON %I', t, t || CASE i % 2 WHEN 0 THEN '_other' ELSE '_code' END);"
    " EXECUTE format('ALTER TABLE %I REPLICA IDENTITY USING INDEX %I', t, t || CASE i % 2 WHEN 0 THEN '_id' "
    "ELSE "
    "'_code' END);"
    " IF i % 3 = 0 THEN EXECUTE format('ALTER TABLE %I ADD EXCLUDE USING gist (span WITH &&)', t); END IF;"
    " IF i > 1 THEN EXECUTE format('ALTER TABLE %I ADD FOREIGN KEY (other) REFERENCES %I (id)', t, 'crossed_' "
    "|| i - 1);"
    " EXECUTE format('ALTER TABLE %I ADD FOREIGN KEY (other) REFERENCES %I (id)', 'crossed_' || i - 1, t); END "
    "IF;"
    " END LOOP; END $$;";

static struct cluster *cluster;

static int setup(void **state)
{
    (void)state;
    /* Whoever waits for a lock as long as the next look for a deadlock is named in the log. */
    cluster = cluster_start("log_lock_waits = on\ndeadlock_timeout = 1ms\nautovacuum = off\n"
                            "max_connections = 40\nmax_locks_per_transaction = 256\n");
    shop_use(cluster);
    cluster_create_database(cluster, "circles");
    cluster_sql(cluster, "circles", circles_sql);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

static void toc_dump(struct toc *toc)
{
    PGconn *connection = cluster_connect(cluster, "circles");
    const char *folder = cluster_temp_dir();
    char *programs = strdup(cluster_program("pg_dump")), path[512], *bytes = NULL;
    struct conninfo conninfo;
    struct tools tools;
    size_t count = 0;
    cutover_error *error = NULL;

    *strrchr(programs, '/') = '\0';
    PQclear(PQexec(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    PGresult *snapshot = PQexec(connection, "SELECT pg_export_snapshot()");
    check_ok(conninfo_parse("test", cluster_conninfo(cluster, "circles"), &conninfo, &error), error);
    check_ok(tools_find(programs, NULL, &tools, &error), error);
    tools.work_dir = folder;
    check_ok(tools_dump_schema(&tools, &conninfo, NULL, PQgetvalue(snapshot, 0, 0), NULL, folder, "schema",
                               NULL, &error),
             error);
    snprintf(path, sizeof path, "%s/schema", folder);
    check_ok(folder_read(path, ARCHIVE_TOC, ARCHIVE_TOC_LIMIT, &bytes, &count, &error), error);
    check_ok(toc_parse(bytes, count, toc, &error), error);
    free(bytes);
    free(programs);
    PQclear(snapshot);
    PQfinish(connection);
    tools_free(&tools);
    conninfo_free(&conninfo);
}

static void both_tables_of_a_foreign_key_are_known(void **state)
{
    struct session *session = check_session(cluster_conninfo(cluster, "circles"));
    struct inventory inventory = {0};
    struct index_build build;
    struct fill fill = {0};
    unsigned keys = 0;
    cutover_error *error = NULL;

    (void)state;
    toc_dump(&fill.toc);
    check_ok(inventory_read(session, &inventory, &error), error);
    check_ok(index_build_open(&build, &fill, inventory.tables, inventory.table_count, &error), error);
    for (size_t i = 0; i < build.count; i++) {
        const struct index_entry *entry = &build.entries[i];
        char *expected;
        if (entry->after == NULL)
            continue;
        char oid[16];
        snprintf(oid, sizeof oid, "%u", entry->toc->oid);
        check_ok(
            session_value(
                session,
                "SELECT conrelid::regclass || ' ' || confrelid::regclass FROM pg_constraint WHERE oid = $1", 1,
                (const char *const[]){oid}, &expected, &error),
            error);
        char found[64];
        snprintf(found, sizeof found, "%s %s", inventory.tables[entry->table].label,
                 inventory.tables[entry->referenced].label);
        assert_string_equal(found, expected);
        free(expected);
        keys++;
    }
    assert_int_equal(keys, 8);
    index_build_close(&build);
    toc_free(&fill.toc);
    inventory_free(&inventory);
    session_close(session);
}

/* Its function may read any of them, and of a table that is still empty it would keep what is not so. */
static void an_index_that_calls_a_function_waits_for_all_tables(void **state)
{
    struct session *session = check_session(cluster_conninfo(cluster, "circles"));
    struct inventory inventory = {0};
    struct operation operation = {0};
    struct index_build build;
    struct index_entry *calling = NULL;
    struct fill fill = {.operation = &operation};
    struct cancel cancel;
    cutover_error *error = NULL;

    (void)state;
    toc_dump(&fill.toc);
    cluster_sql(cluster, "circles", "DROP INDEX a_code");
    check_ok(inventory_read(session, &inventory, &error), error);
    check_ok(index_build_open(&build, &fill, inventory.tables, inventory.table_count, &error), error);
    for (size_t i = 0; i < build.count; i++) {
        struct index_entry *entry = &build.entries[i];
        if (strcmp(entry->toc->tag.bytes, "a_code") == 0)
            calling = entry;
        else
            entry->taken = entry->done = true;
    }
    assert_non_null(calling);
    index_build_table_whole(&build, calling->table);
    cancel_init(&cancel, NULL);
    cancel_ask(&cancel);
    session->cancel = &cancel;
    assert_int_equal(index_build_next(&build, session, &fill, &error), CUTOVER_E_CANCELLED);
    assert_false(calling->taken);
    cutover_error_free(error);
    error = NULL;
    session->cancel = NULL;
    for (size_t i = 0; i < inventory.table_count; i++)
        if (i != calling->table)
            index_build_table_whole(&build, i);
    check_ok(index_build_next(&build, session, &fill, &error), error);
    assert_true(calling->done);
    index_build_close(&build);
    toc_free(&fill.toc);
    inventory_free(&inventory);
    session_close(session);
}

/* By stage and by the restore that verifies, each with eight workers on whatever processors there are. */
static void none_of_our_sessions_waits_for_another(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "crossed");

    cluster_sql(cluster, "crossed_production", crossed_sql);
    cluster_sql(cluster, "crossed_preview", crossed_sql);
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .jobs = 8, .verify = CUTOVER_VERIFY_RESTORE});
    char *waits = cluster_value(cluster, "postgres",
                                "SELECT string_agg(line, E'\\n') FROM "
                                "regexp_split_to_table(pg_read_file(current_setting('data_directory')"
                                " || '/../log'), E'\\n') line WHERE line ~ 'still waiting for .* on "
                                "(relation|tuple|transaction)|deadlock detected'");
    assert_string_equal(waits, "");
    free(waits);
    outcome_free(&outcome);
    free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_tables_of_a_foreign_key_are_known),
        cmocka_unit_test(an_index_that_calls_a_function_waits_for_all_tables),
        cmocka_unit_test_setup_teardown(none_of_our_sessions_waits_for_another, shop_setup, shop_teardown),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
