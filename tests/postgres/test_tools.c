#include "support/check.h"
#include "support/cluster.h"
#include "support/rich.h"
#include "support/session.h"

#include "base/folder.h"
#include "postgres/catalog/facts.h"
#include "postgres/tools.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ODD_DATABASE "we=ird 'db' \\"

static struct cluster *cluster;
static struct tools tools;
static struct conninfo local; /* over the socket */
static const char *folder;

/* A transaction whose snapshot pg_dump is given. */
struct holder {
    PGconn *connection;
    char *snapshot;
};

static struct holder hold_snapshot(const char *database)
{
    struct holder holder = {cluster_connect(cluster, database), NULL};

    PQclear(PQexec(holder.connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    PGresult *result = PQexec(holder.connection, "SELECT pg_export_snapshot()");
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    holder.snapshot = strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return holder;
}

static void release(struct holder *holder)
{
    PQfinish(holder->connection);
    free(holder->snapshot);
}

static void dump(const char *database, const char *name)
{
    struct holder holder = hold_snapshot(database);
    cutover_error *error = NULL;

    check_ok(tools_dump_schema(&tools, &local, database, holder.snapshot, NULL, folder, name, NULL, &error),
             error);
    release(&holder);
}

static cutover_status restore_section(const char *database, const char *name, const char *section,
                                      bool no_comments, cutover_error **error)
{
    struct restore_schema restore = {.conninfo = &local,
                                     .database = database,
                                     .folder = folder,
                                     .name = name,
                                     .section = section,
                                     .server = {tools.restore_version, true, false},
                                     /* Side by side what is left of a schema may deadlock: EDGE_CASES A11. */
                                     .jobs = 1,
                                     .maintenance_mem_mb = 32,
                                     .no_comments_on_extensions = no_comments};
    return tools_restore_schema(&tools, &restore, error);
}

static void restore(const char *database, const char *name, bool no_comments)
{
    cutover_error *error = NULL;

    cluster_create_database(cluster, database);
    check_ok(restore_section(database, name, "pre-data", no_comments, &error), error);
    check_ok(restore_section(database, name, "post-data", no_comments, &error), error);
}

static int setup(void **state)
{
    cutover_error *error = NULL;
    char *bin_dir = strdup(cluster_program("pg_dump"));

    (void)state;
    *strrchr(bin_dir, '/') = '\0';
    cluster = cluster_start("wal_level = logical\n");
    folder = cluster_temp_dir();
    check_ok(conninfo_parse("test", cluster_conninfo(cluster, "postgres"), &local, &error), error);
    check_ok(tools_find(bin_dir, NULL, &tools, &error), error);
    tools.work_dir = folder;
    free(bin_dir);
    cluster_sql(cluster, "postgres", rich_roles_sql());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tools_free(&tools);
    conninfo_free(&local);
    cluster_stop(cluster);
    return 0;
}

static void programs_are_found_with_their_versions(void **state)
{
    struct tools found = {.pg_dump = NULL};
    cutover_error *error = NULL;
    char *bin_dir = strdup(tools.pg_dump), *path = strdup(getenv("PATH"));
    char with[4096];

    (void)state;
    *strrchr(bin_dir, '/') = '\0';
    assert_int_equal(tools.pg_dump[0], '/');
    assert_true(tools.dump_version >= 140000);
    assert_int_equal(tools.dump_version, tools.restore_version);
    /* EDGE_CASES G15: folders relative to the host's working directory are passed over. */
    snprintf(with, sizeof(with), "relative:.::/nowhere:%s", bin_dir);
    setenv("PATH", with, 1);
    check_ok(tools_find(NULL, NULL, &found, &error), error);
    setenv("PATH", path, 1);
    assert_string_equal(found.pg_dump, tools.pg_dump);
    assert_string_equal(found.pg_restore, tools.pg_restore);
    assert_int_equal(found.dump_version, tools.dump_version);
    tools_free(&found);
    free(bin_dir);
    free(path);
}

/* A folder with programs that say these versions. */
static const char *fake_programs(const char *dump_says, const char *restore_says)
{
    const char *made = cluster_temp_dir();
    static const char *const NAMES[] = {"pg_dump", "pg_restore"};
    const char *says[] = {dump_says, restore_says};

    for (size_t i = 0; i < 2; i++) {
        char path[4096];
        if (says[i] == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/%s", made, NAMES[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "#!/bin/sh\necho '%s'\n", says[i]);
        fclose(file);
        chmod(path, 0755);
    }
    return made;
}

/* EDGE_CASES A33, G15 */
static void unusable_programs_are_refused_by_name(void **state)
{
    static const struct {
        const char *dump, *restore, *message;
    } CASES[] = {
        {NULL, NULL, "no program pg_dump in "},
        {"pg_dump (PostgreSQL) 15.18", NULL, "no program pg_restore in "},
        {"pg_dump (PostgreSQL) 13.9", "pg_restore (PostgreSQL) 13.9", "is of version 13.9"},
        {"pg_dump (PostgreSQL) 16.1", "pg_restore (PostgreSQL) 15.18", "do not belong together"},
        {"pg_dump (EnterpriseDB) 15", "pg_restore (PostgreSQL) 15.18", "does not say its version"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct tools found = {.pg_dump = NULL};
        cutover_error *error = NULL;
        const char *fake = fake_programs(CASES[i].dump, CASES[i].restore);
        check_status_keep(tools_find(fake, NULL, &found, &error), CUTOVER_E_UNSUPPORTED, error);
        check_contains(cutover_error_message(error), CASES[i].message);
        check_contains(cutover_error_message(error), fake);
        assert_null(found.pg_dump);
        cutover_error_free(error);
    }
}

static void development_versions_are_understood(void **state)
{
    struct tools found = {.pg_dump = NULL};
    cutover_error *error = NULL;

    (void)state;
    check_ok(tools_find(fake_programs("pg_dump (PostgreSQL) 18beta1", "pg_restore (PostgreSQL) 18beta1"), NULL,
                        &found, &error),
             error);
    assert_int_equal(found.dump_version, 180000);
    tools_free(&found);
}

static char *facts_of(const char *database)
{
    struct session_options options = {.conninfo = &local, .database = database};
    struct session *session = NULL;
    struct text facts = TEXT_INIT;
    cutover_error *error = NULL;

    check_ok(session_open(&options, &session, &error), error);
    check_ok(catalog_facts_read(session, &facts, &error), error);
    session_close(session);
    return text_take(&facts);
}

static void restored_schema_is_the_dumped_one(void **state)
{
    cutover_error *error = NULL;
    char *differences = NULL;
    size_t count = 0;

    (void)state;
    cluster_create_database(cluster, ODD_DATABASE);
    cluster_sql(cluster, ODD_DATABASE, rich_schema_sql());
    /* Large objects are data, with owner and grants. */
    cluster_sql(cluster, ODD_DATABASE, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata");
    dump(ODD_DATABASE, "rich");
    restore(ODD_DATABASE "2", "rich", false);
    char *source = facts_of(ODD_DATABASE), *copy = facts_of(ODD_DATABASE "2");
    check_ok(catalog_facts_compare(source, copy, "source", "copy", 50, &differences, &count, &error), error);
    assert_string_equal(differences, "");
    free(differences);
    free(source);
    free(copy);
    assert_int_equal(cluster_number(cluster, ODD_DATABASE "2", "SELECT count(*) FROM shop.orders"), 0);
}

/* EDGE_CASES A24, D8: this, and nothing else, may be left out. */
static void comments_on_extensions_can_be_left_out(void **state)
{
    static const char COMMENTS[] =
        "SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'hstore'";

    (void)state;
    cluster_create_database(cluster, "commented");
    cluster_sql(cluster, "commented",
                "CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'ours'; CREATE TABLE t (a int);"
                " COMMENT ON TABLE t IS 'EXTENSION '");
    dump("commented", "commented");
    restore("with", "commented", false);
    restore("without", "commented", true);
    char *with = cluster_value(cluster, "with", COMMENTS),
         *without = cluster_value(cluster, "without", COMMENTS);
    char *kept = cluster_value(cluster, "without", "SELECT obj_description('t'::regclass, 'pg_class')");
    assert_string_equal(with, "ours");
    assert_string_not_equal(without, "ours");
    assert_string_equal(kept, "EXTENSION ");
    free(with);
    free(without);
    free(kept);
}

/* EDGE_CASES A26 */
static void subscriptions_are_not_dumped(void **state)
{
    char *bytes = NULL, path[4096];
    size_t count = 0;
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "subscriber");
    cluster_sql(
        cluster, "subscriber",
        "CREATE TABLE t (a int); CREATE SUBSCRIPTION s CONNECTION 'host=nowhere.invalid password=sub-secret'"
        " PUBLICATION p WITH (connect = false)");
    /* From 19 on it may connect as a foreign server says, which is dumped. */
    bool by_server = cluster_number(cluster, "postgres", "SHOW server_version_num") >= 190000;
    if (by_server)
        cluster_sql(cluster, "subscriber",
                    "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw"
                    "    OPTIONS (host 'nowhere.invalid');"
                    "CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'u', password 'p');"
                    "CREATE SUBSCRIPTION by_server SERVER far PUBLICATION p"
                    "    WITH (connect = false, slot_name = NONE)");
    dump("subscriber", "subscriber");
    cluster_sql(cluster, "subscriber", "ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s");
    if (by_server)
        cluster_sql(cluster, "subscriber", "DROP SUBSCRIPTION by_server");
    snprintf(path, sizeof(path), "%s/subscriber", folder);
    check_ok(folder_read(path, "toc.dat", 1 << 20, &bytes, &count, &error), error);
    assert_non_null(memmem(bytes, count, "CREATE TABLE", 12));
    assert_null(memmem(bytes, count, "sub-secret", 10));
    assert_null(memmem(bytes, count, "SUBSCRIPTION", 12));
    free(bytes);
}

/* EDGE_CASES B2 */
static void limits_of_the_database_do_not_end_a_run(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "limited");
    cluster_sql(cluster, "limited",
                "CREATE TABLE t (a int PRIMARY KEY); CREATE VIEW v AS SELECT a FROM t;"
                "CREATE MATERIALIZED VIEW m AS SELECT a FROM v");
    struct holder holder = hold_snapshot("limited");
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE limited SET statement_timeout = 1;"
                "ALTER DATABASE limited SET idle_in_transaction_session_timeout = 1;"
                "ALTER DATABASE limited SET local_preload_libraries = 'nowhere';"
                "ALTER DATABASE limited SET default_transaction_read_only = on");
    check_ok(
        tools_dump_schema(&tools, &local, "limited", holder.snapshot, NULL, folder, "limited", NULL, &error),
        error);
    release(&holder);
    cluster_create_database(cluster, "limited2");
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE limited2 SET statement_timeout = 1; ALTER DATABASE limited2 SET"
                " default_transaction_read_only = on");
    cluster_sql(cluster, "postgres",
                "DO $$ BEGIN IF current_setting('restrict_nonsystem_relation_kind', true) IS NOT NULL THEN"
                " ALTER DATABASE limited2 SET restrict_nonsystem_relation_kind = 'view'; END IF; END $$");
    check_ok(restore_section("limited2", "limited", "pre-data", false, &error), error);
    check_ok(restore_section("limited2", "limited", "post-data", false, &error), error);
}

/* Whatever encoding the owner wants to be spoken to in: names need not exist in it. */
static void dump_is_in_the_encoding_of_the_database(void **state)
{
    struct session *leader;
    cutover_error *error = NULL;
    char *snapshot = NULL, *bytes = NULL, toc[200];
    size_t count = 0;

    (void)state;
    snprintf(toc, sizeof toc, "%s/tongues", folder);
    cluster_create_database(cluster, "tongues");
    cluster_create_database(cluster, "tongues2");
    cluster_sql(cluster, "tongues", "CREATE TABLE \"\xe6\x97\xa5\xe6\x9c\xac\" (a int)");
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE tongues SET client_encoding = latin1;"
                "ALTER DATABASE tongues2 SET client_encoding = latin1");
    leader = check_session(cluster_conninfo(cluster, "tongues"));
    check_ok(session_run(leader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", &error), error);
    check_ok(session_value(leader, "SELECT pg_export_snapshot()", 0, NULL, &snapshot, &error), error);
    check_ok(tools_dump_schema(&tools, &local, "tongues", snapshot, leader, folder, "tongues", NULL, &error),
             error);
    session_close(leader);
    free(snapshot);
    check_ok(folder_read(toc, "toc.dat", 1 << 20, &bytes, &count, &error), error);
    assert_non_null(memmem(bytes, count, "client_encoding = 'UTF8'", 24));
    free(bytes);
    check_ok(restore_section("tongues2", "tongues", "pre-data", false, &error), error);
    assert_int_equal(
        cluster_number(cluster, "tongues2", "SELECT octet_length(relname) FROM pg_class WHERE oid >= 16384"),
        6);
}

/* EDGE_CASES A1: what fails is told in full, with the way out. */
static void failed_restore_tells_why(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "unqualified");
    cluster_sql(cluster, "unqualified",
                "CREATE FUNCTION inner_one(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';"
                "CREATE FUNCTION outer_one(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';"
                "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT public.outer_one(1);"
                /* From 17 on the view could not be made by this one. */
                "CREATE OR REPLACE FUNCTION outer_one(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
                " 'BEGIN RETURN inner_one(a); END'");
    dump("unqualified", "unqualified");
    cluster_create_database(cluster, "unqualified2");
    cluster_sql(cluster, "postgres", "ALTER DATABASE unqualified2 SET default_tablespace = 'very-secret'");
    check_ok(restore_section("unqualified2", "unqualified", "pre-data", false, &error), error);
    check_status_keep(restore_section("unqualified2", "unqualified", "post-data", false, &error),
                      CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "pg_restore failed");
    check_contains(cutover_error_message(error), "function inner_one(integer) does not exist");
    check_contains(cutover_error_detail(error), "REFRESH MATERIALIZED VIEW");
    assert_null(strstr(cutover_error_detail(error), "very-secret"));
    check_contains(cutover_error_hint(error), "search_path");
    cutover_error_free(error);
}

/* pg_restore repeats the statement that failed: not with its passwords. */
static void secrets_in_failed_statements_are_left_out(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "mapped");
    cluster_sql(
        cluster, "mapped",
        "CREATE ROLE gone; CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;"
        "CREATE USER MAPPING FOR gone SERVER s OPTIONS (user 'u', password E'mapping\\nsecret')");
    dump("mapped", "mapped");
    cluster_sql(cluster, "mapped", "DROP USER MAPPING FOR gone SERVER s; DROP ROLE gone");
    cluster_create_database(cluster, "mapped2");
    /* The server complains of it to everybody who comes in. */
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE mapped2 SET work_mem = '5MB'; SET allow_system_table_mods = on;"
                "UPDATE pg_db_role_setting SET setconfig = '{work_mem=secret}'"
                " WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'mapped2')");
    check_status_keep(restore_section("mapped2", "mapped", "pre-data", false, &error), CUTOVER_E_POSTGRES,
                      error);
    check_contains(cutover_error_message(error), "role \"gone\" does not exist");
    check_contains(cutover_error_detail(error), "CREATE USER MAPPING FOR gone SERVER s OPTIONS (left out)");
    assert_null(strstr(cutover_error_detail(error), "secret"));
    assert_null(strstr(cutover_error_message(error), "secret"));
    cutover_error_free(error);
}

static void remote_conninfo(const char *user, const char *password, struct conninfo *conninfo)
{
    char string[512];
    cutover_error *error = NULL;

    snprintf(string, sizeof(string), "host=127.0.0.1 port=%d user=%s dbname=postgres", cluster_port(cluster),
             user);
    check_ok(conninfo_parse("test", string, conninfo, &error), error);
    check_ok(conninfo_set(conninfo, "password", password, &error), error);
}

static void wrong_password_fails_clearly(void **state)
{
    struct conninfo conninfo;
    struct holder holder = hold_snapshot("postgres");
    cutover_error *error = NULL;

    (void)state;
    remote_conninfo("postgres", "wrong-secret", &conninfo);
    check_status_keep(
        tools_dump_schema(&tools, &conninfo, NULL, holder.snapshot, NULL, folder, "never", NULL, &error),
        CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "password authentication failed");
    check_contains(cutover_error_hint(error), "password");
    assert_null(strstr(cutover_error_message(error), "wrong-secret"));
    assert_null(strstr(cutover_error_detail(error), "wrong-secret"));
    cutover_error_free(error);
    release(&holder);
    conninfo_free(&conninfo);
}

static void odd_passwords_reach_the_server(void **state)
{
    struct conninfo conninfo;
    struct holder holder = hold_snapshot("postgres");
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "postgres", "CREATE ROLE odd_login LOGIN SUPERUSER PASSWORD E'a:b\\\\c ''d\" #%='");
    remote_conninfo("odd_login", "a:b\\c 'd\" #%=", &conninfo);
    check_ok(tools_dump_schema(&tools, &conninfo, NULL, holder.snapshot, NULL, folder, "odd", NULL, &error),
             error);
    release(&holder);
    conninfo_free(&conninfo);
}

static void secrets_that_would_show_are_refused(void **state)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    (void)state;
    remote_conninfo("postgres", "line\nbreak", &conninfo);
    check_status(tools_dump_schema(&tools, &conninfo, NULL, "1", NULL, folder, "never", NULL, &error),
                 CUTOVER_E_UNSUPPORTED, error);
    check_ok(conninfo_set(&conninfo, "password", "postgres-secret", &error), error);
    check_ok(conninfo_set(&conninfo, "sslpassword", "key-secret", &error), error);
    check_status_keep(tools_dump_schema(&tools, &conninfo, NULL, "1", NULL, folder, "never", NULL, &error),
                      CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_message(error), "sslpassword");
    assert_null(strstr(cutover_error_message(error), "key-secret"));
    cutover_error_free(error);
    conninfo_free(&conninfo);
}

/* A dump that waits for a lock, on a thread of its own. */
struct waiting_dump {
    pthread_t thread;
    struct conninfo conninfo;
    struct holder holder;
    PGconn *locker;
    struct cancel cancel;
    const char *name;
    cutover_status status;
    cutover_error *error;
    atomic_bool ended;
};

static void *run_dump(void *argument)
{
    struct waiting_dump *waiting = argument;
    waiting->status = tools_dump_schema(&tools, &waiting->conninfo, "locked", waiting->holder.snapshot, NULL,
                                        folder, waiting->name, &waiting->cancel, &waiting->error);
    atomic_store(&waiting->ended, true);
    return NULL;
}

static void start_waiting_dump(struct waiting_dump *waiting, const char *name)
{
    memset(waiting, 0, sizeof(*waiting));
    waiting->name = name;
    cancel_init(&waiting->cancel, NULL);
    remote_conninfo("postgres", "postgres-secret", &waiting->conninfo);
    waiting->holder = hold_snapshot("locked");
    waiting->locker = cluster_connect(cluster, "locked");
    PGresult *result = PQexec(waiting->locker, "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    assert_int_equal(pthread_create(&waiting->thread, NULL, run_dump, waiting), 0);
    while (cluster_number(cluster, "postgres",
                          "SELECT count(*) FROM pg_stat_activity WHERE datname = 'locked' AND"
                          " wait_event_type = 'Lock' AND application_name = 'libcutover'") == 0) {
        if (atomic_load(&waiting->ended))
            fail_msg("the dump did not wait: %s", cutover_error_message(waiting->error));
        usleep(20000);
    }
}

static void end_waiting_dump(struct waiting_dump *waiting)
{
    PQfinish(waiting->locker);
    pthread_join(waiting->thread, NULL);
    release(&waiting->holder);
    conninfo_free(&waiting->conninfo);
}

static bool file_contains(const char *path, const char *word)
{
    char bytes[65536];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return false;
    size_t count = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    return memmem(bytes, count, word, strlen(word)) != NULL;
}

/* How many processes have the word in their arguments, or in their environment. */
static int processes_with(const char *what, const char *word)
{
    int found = 0;
    DIR *dir = opendir("/proc");

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[512];
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, what);
        found += file_contains(path, word);
    }
    closedir(dir);
    return found;
}

/* Counts private folders that hold a passfile; checks their modes. */
static int passfiles(void)
{
    int found = 0;
    DIR *dir = opendir(folder);

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        struct stat about;
        if (strncmp(entry->d_name, "cutover-", 8) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0700);
        snprintf(path, sizeof(path), "%s/%s/passfile", folder, entry->d_name);
        if (stat(path, &about) != 0)
            continue;
        assert_int_equal(about.st_mode & 0777, 0600);
        found++;
    }
    closedir(dir);
    return found;
}

/* EDGE_CASES G1, G11 */
static void password_is_seen_by_nobody(void **state)
{
    struct waiting_dump waiting;

    (void)state;
    cluster_create_database(cluster, "locked");
    cluster_sql(cluster, "locked", "CREATE TABLE t (a int)");
    setenv("CUTOVER_POISON", "x", 1);
    start_waiting_dump(&waiting, "locked");
    assert_true(processes_with("cmdline", "--section=pre-data") >= 1); /* we do see the child's */
    assert_int_equal(processes_with("cmdline", "postgres-secret"), 0);
    assert_int_equal(processes_with("environ", "postgres-secret"), 0);
    assert_int_equal(passfiles(), 1);
    assert_int_equal(processes_with("environ", "CUTOVER_POISON"), 0);
    unsetenv("CUTOVER_POISON");
    end_waiting_dump(&waiting);
    check_status_at(waiting.status, CUTOVER_OK, &waiting.error, __FILE__, __LINE__);
    assert_int_equal(passfiles(), 0);
}

static void cancelled_dump_ends_at_once(void **state)
{
    struct waiting_dump waiting;

    (void)state;
    start_waiting_dump(&waiting, "cancelled");
    cancel_ask(&waiting.cancel);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.status, CUTOVER_E_CANCELLED);
    assert_int_equal(passfiles(), 0);
    cutover_error_free(waiting.error);
    PQfinish(waiting.locker);
    release(&waiting.holder);
    conninfo_free(&waiting.conninfo);
}

static void program_that_leaves_nothing_is_not_believed(void **state)
{
    struct tools fake = {.pg_dump = NULL};
    cutover_error *error = NULL;

    (void)state;
    check_ok(tools_find(fake_programs("pg_dump (PostgreSQL) 15.18", "pg_restore (PostgreSQL) 15.18"), NULL,
                        &fake, &error),
             error);
    fake.work_dir = folder;
    check_status_keep(tools_dump_schema(&fake, &local, NULL, "1", NULL, folder, "empty", NULL, &error),
                      CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "toc.dat");
    cutover_error_free(error);
    tools_free(&fake);
}

/* EDGE_CASES D7 */
static void missing_archive_is_an_error(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    check_status(restore_section("postgres", "nowhere", "pre-data", false, &error), CUTOVER_E_POSTGRES, error);
    check_status(restore_section("postgres", "nowhere", "pre-data", true, &error), CUTOVER_E_IO, error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_found_with_their_versions),
        cmocka_unit_test(unusable_programs_are_refused_by_name),
        cmocka_unit_test(development_versions_are_understood),
        cmocka_unit_test(restored_schema_is_the_dumped_one),
        cmocka_unit_test(comments_on_extensions_can_be_left_out),
        cmocka_unit_test(subscriptions_are_not_dumped),
        cmocka_unit_test(limits_of_the_database_do_not_end_a_run),
        cmocka_unit_test(dump_is_in_the_encoding_of_the_database),
        cmocka_unit_test(failed_restore_tells_why),
        cmocka_unit_test(secrets_in_failed_statements_are_left_out),
        cmocka_unit_test(wrong_password_fails_clearly),
        cmocka_unit_test(odd_passwords_reach_the_server),
        cmocka_unit_test(secrets_that_would_show_are_refused),
        cmocka_unit_test(password_is_seen_by_nobody),
        cmocka_unit_test(cancelled_dump_ends_at_once),
        cmocka_unit_test(program_that_leaves_nothing_is_not_believed),
        cmocka_unit_test(missing_archive_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
