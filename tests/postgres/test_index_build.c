/*
 * What is built beside the rows, found in the archive that a real pg_dump wrote: each foreign key's two tables are the server's own
 * answer, for these are what keeps two of our statements from waiting for each other.
 */
#include "support/check.h"
#include "support/cluster.h"
#include "support/session.h"

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
    "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; ALTER TABLE b ADD FOREIGN KEY (c) REFERENCES c;";

static struct cluster *cluster;

static int setup(void **state)
{
    (void)state;
    cluster = cluster_start("");
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_tables_of_a_foreign_key_are_known)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
