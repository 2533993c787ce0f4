/*
 * Preflight at real servers: everything that blocks is provoked. Production is on one server, the preview on another.
 */
#include "../support/check.h"
#include "../support/cluster.h"
#include "../support/session.h"

#include "model/findings.h"
#include "postgres/preflight/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cluster *cluster, *elsewhere;
static struct tools tools = {.pg_dump = "/bin/pg_dump", .pg_restore = "/bin/pg_restore"};
static struct findings findings;

static const char CONTENT[] = "CREATE TABLE orders (id serial PRIMARY KEY, note text);"
                              "CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders";

static int start_server(void **state)
{
    (void)state;
    cluster = cluster_start("wal_level = logical\nmax_prepared_transactions = 5\nmax_connections = 40\n"
                            "max_locks_per_transaction = 10\n");
    elsewhere = cluster_start("wal_level = logical\nmax_prepared_transactions = 5\n");
    cluster_create_database(cluster, "shop");
    cluster_sql(cluster, "shop", CONTENT);
    cluster_create_database(elsewhere, "next");
    cluster_sql(elsewhere, "next", CONTENT);
    cluster_sql(cluster, "postgres", "CREATE ROLE weak LOGIN; CREATE ROLE tenant");
    cluster_sql(elsewhere, "postgres", "CREATE ROLE tenant");
    tools.dump_version = tools.restore_version =
        (int)cluster_number(cluster, "postgres", "SHOW server_version_num");
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    cluster_stop(elsewhere);
    cluster_stop(cluster);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    findings_free(&findings);
    memset(&findings, 0, sizeof(findings));
    return 0;
}

static struct session *open_session(struct cluster *where, const char *database, const char *role)
{
    return check_session(cluster_conninfo_as(where, database, role));
}

struct look {
    const char *role;           /* on production's server; NULL: postgres */
    const char *control;        /* NULL: postgres */
    const char *preview;        /* NULL: next */
    struct cluster *preview_at; /* NULL: elsewhere */
    const struct tools *tools;
    unsigned jobs;
    bool trust;  /* in the owners */
    int version; /* that both servers are said to be of; 0: their own */
};

static void look(struct look how)
{
    const char *role = how.role != NULL ? how.role : "postgres";
    struct preflight_servers servers = {
        .production = open_session(cluster, "shop", role),
        .control = open_session(cluster, how.control != NULL ? how.control : "postgres", role),
        .preview = open_session(how.preview_at != NULL ? how.preview_at : elsewhere,
                                how.preview != NULL ? how.preview : "next", "postgres"),
        .tools = how.tools != NULL ? how.tools : &tools,
        .jobs = how.jobs != 0 ? how.jobs : 2,
        .verify_restores = true,
        .owners_trusted = how.trust};
    struct conninfo production_at = {0}, preview_at = {0};
    cutover_error *error = NULL;

    check_ok(conninfo_parse("production", cluster_conninfo_as(cluster, "shop", role), &production_at, &error),
             error);
    check_ok(conninfo_parse("preview", cluster_conninfo_as(elsewhere, "next", "postgres"), &preview_at, &error),
             error);
    servers.production_at = &production_at;
    servers.preview_at = &preview_at;
    if (how.version != 0)
        servers.production->server_version = servers.preview->server_version = how.version;
    forget(NULL);
    check_ok(preflight_servers(&servers, &findings, &error), error);
    conninfo_free(&production_at);
    conninfo_free(&preview_at);
    session_close(servers.preview);
    session_close(servers.control);
    session_close(servers.production);
}

static const cutover_finding *find(cutover_severity severity, const char *check, const char *part)
{
    for (size_t i = 0; i < findings.count; i++) {
        const cutover_finding *finding = &findings.list[i];
        if (finding->severity == severity && strcmp(finding->check, check) == 0 &&
            strstr(finding->message, part) != NULL)
            return finding;
    }
    return NULL;
}

static void expect(cutover_severity severity, const char *check, const char *part)
{
    const cutover_finding *finding = find(severity, check, part);

    if (finding == NULL) {
        for (size_t i = 0; i < findings.count; i++)
            print_message("%d %s: %s\n", (int)findings.list[i].severity, findings.list[i].check,
                          findings.list[i].message);
        fail_msg("no finding %s with \"%s\"", check, part);
    } else if (severity == CUTOVER_SEVERITY_BLOCK) {
        assert_non_null(finding->hint);
    }
}

static void expect_block(const char *check, const char *part)
{
    expect(CUTOVER_SEVERITY_BLOCK, check, part);
}

static void expect_nothing_blocks(void)
{
    for (size_t i = 0; i < findings.count; i++)
        if (findings.list[i].severity == CUTOVER_SEVERITY_BLOCK)
            fail_msg("%s: %s", findings.list[i].check, findings.list[i].message);
}

static void two_healthy_servers_pass(void **state)
{
    (void)state;
    look((struct look){0});
    expect_nothing_blocks();
    expect(CUTOVER_SEVERITY_OK, "servers.version", "production");
    expect(CUTOVER_SEVERITY_OK, "servers.tools", "fit both");
    expect(CUTOVER_SEVERITY_OK, "servers.space", "MiB");
    expect(CUTOVER_SEVERITY_OK, "preview.roles", "exists");
    expect(CUTOVER_SEVERITY_OK, "preview.materialized_views", "1 ");
}

/* A33, A34 */
static void tools_that_do_not_fit_the_servers_block(void **state)
{
    struct tools other = tools;

    (void)state;
    other.dump_version = 140010;
    other.restore_version = 130005;
    look((struct look){.tools = &other});
    expect_block("servers.tools", "cannot dump");
    expect_block("servers.tools", "cannot read");
    if (tools.dump_version < 170000) {
        other.dump_version = other.restore_version = 170002;
        look((struct look){.tools = &other});
        expect_block("servers.tools", "transaction_timeout");
    }
}

static unsigned count_of(const char *check)
{
    unsigned count = 0;

    for (size_t i = 0; i < findings.count; i++)
        count += strcmp(findings.list[i].check, check) == 0;
    return count;
}

/* Of the check of releases; the server of the tests may be of one whose attribute options such a pg_dump must not write out. */
static unsigned count_holes(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < findings.count; i++)
        count += strcmp(findings.list[i].check, "servers.releases") == 0 &&
                 findings.list[i].severity == CUTOVER_SEVERITY_WARN;
    return count;
}

/* Each program by itself, with its holes and the release to go to; and a server that is both sides once. */
static void releases_with_known_holes_warn(void **state)
{
    struct tools other = tools;

    (void)state;
    other.dump_version = 150007;
    other.restore_version = 150019;
    look((struct look){.tools = &other, .version = 150018});
    expect(CUTOVER_SEVERITY_WARN, "servers.releases",
           "production's server is PostgreSQL 15.18, with published holes that matter here: CVE-2026-15741, "
           "CVE-2026-116316");
    expect(CUTOVER_SEVERITY_WARN, "servers.releases", "the preview's server is PostgreSQL 15.18,");
    expect(CUTOVER_SEVERITY_WARN, "servers.releases", "/bin/pg_dump is PostgreSQL 15.7,");
    expect(CUTOVER_SEVERITY_WARN, "servers.releases", ": CVE-2024-7348, CVE-2025-8714, CVE-2025-8715");
    expect(CUTOVER_SEVERITY_WARN, "servers.releases", "/bin/pg_restore is PostgreSQL 15.19,");
    assert_string_equal(find(CUTOVER_SEVERITY_WARN, "servers.releases", "/bin/pg_dump")->hint,
                        "Upgrade it to 15.19 or later.");
    assert_string_equal(find(CUTOVER_SEVERITY_WARN, "servers.releases", "/bin/pg_restore")->hint,
                        "Upgrade it to 15.20 or later.");
    assert_int_equal(count_holes(), 4);
    look((struct look){.tools = &other, .version = 150018, .preview = "postgres", .preview_at = cluster});
    assert_int_equal(count_holes(), 3);
    other.dump_version = other.restore_version = 150020;
    look((struct look){.tools = &other, .version = 150020});
    assert_int_equal(count_holes(), 0);
}

/* E17 */
static void one_database_as_both_blocks(void **state)
{
    (void)state;
    look((struct look){.preview = "shop", .preview_at = cluster});
    expect_block("servers.identity", "same database");
}

/* E2 */
static void production_as_control_database_blocks(void **state)
{
    (void)state;
    look((struct look){.control = "shop"});
    expect_block("servers.identity", "control database is production");
}

/* A32 */
static void another_encoding_blocks_and_another_locale_warns(void **state)
{
    (void)state;
    cluster_sql(elsewhere, "postgres",
                "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
    cluster_sql(elsewhere, "postgres",
                "CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de'"
                " ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'");
    look((struct look){.preview = "latin"});
    expect_block("servers.locale", "LATIN1");
    look((struct look){.preview = "sorted"});
    expect(CUTOVER_SEVERITY_WARN, "servers.locale", "locale provider");
}

/* B33 */
static void more_jobs_than_connections_block(void **state)
{
    (void)state;
    look((struct look){.jobs = 30});
    expect_block("servers.connections", "65 are needed");
    cluster_sql(cluster, "postgres", "ALTER ROLE weak CONNECTION LIMIT 5");
    look((struct look){.role = "weak"});
    expect_block("servers.connections", "only 3");
    cluster_sql(cluster, "postgres", "ALTER ROLE weak CONNECTION LIMIT -1");
}

/* B9 */
static void more_tables_than_the_lock_table_holds_warn(void **state)
{
    (void)state;
    cluster_create_database(elsewhere, "many");
    cluster_sql(
        elsewhere, "many",
        "DO $$BEGIN FOR n IN 1..300 LOOP EXECUTE format('CREATE TABLE t%s (id int)', n); END LOOP; END$$");
    look((struct look){.preview = "many"});
    expect(CUTOVER_SEVERITY_WARN, "servers.locks", "300 tables");
}

/* E10 */
static void prepared_transactions_block(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop",
                "BEGIN; INSERT INTO orders (note) VALUES ('a'); PREPARE TRANSACTION 'gid_shop'");
    cluster_sql(elsewhere, "next",
                "BEGIN; INSERT INTO orders (note) VALUES ('a'); PREPARE TRANSACTION 'gid_next'");
    look((struct look){0});
    expect_block("production.prepared_transactions", "gid_shop");
    expect_block("preview.prepared_transactions", "gid_next");
    cluster_sql(cluster, "shop", "ROLLBACK PREPARED 'gid_shop'");
    cluster_sql(elsewhere, "next", "ROLLBACK PREPARED 'gid_next'");
}

/* E12, B24 */
static void slots_of_production_block_and_idle_ones_warn(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop",
                "SELECT pg_create_logical_replication_slot('debezium', 'pgoutput');"
                "SELECT pg_create_physical_replication_slot('gone_standby')");
    look((struct look){0});
    expect_block("production.replication_slots", "debezium");
    expect(CUTOVER_SEVERITY_WARN, "production.idle_slots", "gone_standby");
    cluster_sql(cluster, "shop",
                "SELECT pg_drop_replication_slot('debezium'); SELECT pg_drop_replication_slot('gone_standby')");
}

/* From 19 on it has a slot and a worker of its own, which end with it. */
static void a_rewrite_of_production_does_not_block(void **state)
{
    PGconn *holder = cluster_connect(cluster, "shop"), *rewriter = cluster_connect(cluster, "shop");
    bool repack = PQserverVersion(rewriter) >= 190000;

    (void)state;
    cluster_sql(cluster, "shop", "CREATE TABLE bloated (id int PRIMARY KEY)");
    PQclear(PQexec(holder, "BEGIN; LOCK TABLE bloated IN ACCESS SHARE MODE"));
    assert_true(PQsendQuery(rewriter, repack ? "REPACK (CONCURRENTLY) bloated" : "VACUUM FULL bloated"));
    while (cluster_number(
               cluster, "shop",
               "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'bloated'::regclass") == 0)
        usleep(10000);
    assert_int_equal(
        cluster_number(cluster, "shop", "SELECT count(*) FROM pg_replication_slots WHERE temporary"), repack);
    look((struct look){0});
    expect(CUTOVER_SEVERITY_OK, "production.replication_slots", "none");
    expect(CUTOVER_SEVERITY_OK, "production.workers", "no background worker");
    PQfinish(holder);
    PQclear(PQgetResult(rewriter));
    PQfinish(rewriter);
    cluster_sql(cluster, "shop", "DROP TABLE bloated");
}

/* By a worker, which writes into production as no client does. */
static void wait_until_fed(long value)
{
    for (int tries = 0; tries < 600; tries++) {
        if (cluster_number(cluster, "shop", "SELECT last_value FROM fed_too") == value)
            return;
        usleep(50000);
    }
    fail_msg("the sequence did not become %ld", value);
}

/* E8, E13, A26 */
static void subscriptions_and_their_workers_block(void **state)
{
    char sql[1024];

    (void)state;
    /* Sequences, too, where there is a worker of their own for them. */
    bool sequences = cluster_number(elsewhere, "postgres", "SHOW server_version_num") >= 190000;
    for (int i = 0; sequences && i < 2; i++)
        cluster_sql(i == 0 ? elsewhere : cluster, i == 0 ? "postgres" : "shop", "CREATE SEQUENCE fed_too");
    cluster_sql(elsewhere, "postgres",
                sequences ? "CREATE PUBLICATION feed FOR ALL SEQUENCES; SELECT setval('fed_too', 42)"
                          : "CREATE PUBLICATION feed");
    snprintf(
        sql, sizeof(sql),
        "CREATE SUBSCRIPTION fed CONNECTION 'host=%s port=%d user=postgres dbname=postgres' PUBLICATION feed",
        cluster_socket_dir(elsewhere), cluster_port(elsewhere));
    cluster_sql(cluster, "shop", sql);
    cluster_sql(elsewhere, "next",
                "CREATE SUBSCRIPTION copied CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)");
    for (int tries = 0; tries < 600; tries++) {
        look((struct look){0});
        if (find(CUTOVER_SEVERITY_BLOCK, "production.workers", "logical replication") != NULL)
            break;
        usleep(50000);
    }
    expect_block("production.workers", "logical replication");
    expect_block("production.subscriptions", "fed");
    expect(CUTOVER_SEVERITY_WARN, "preview.subscriptions", "copied");
    if (sequences) {
        wait_until_fed(42);
        cluster_sql(elsewhere, "postgres", "SELECT setval('fed_too', 43)");
        cluster_sql(cluster, "shop", "ALTER SUBSCRIPTION fed REFRESH SEQUENCES");
        wait_until_fed(43);
    }
    cluster_sql(cluster, "shop", "DROP SUBSCRIPTION fed");
    cluster_sql(elsewhere, "next",
                "ALTER SUBSCRIPTION copied SET (slot_name = NONE); DROP SUBSCRIPTION copied");
    cluster_sql(elsewhere, "postgres", "DROP PUBLICATION feed");
    for (int i = 0; sequences && i < 2; i++)
        cluster_sql(i == 0 ? elsewhere : cluster, i == 0 ? "postgres" : "shop", "DROP SEQUENCE fed_too");
}

/* E9 */
static void the_home_of_the_scheduler_blocks(void **state)
{
    (void)state;
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop SET cron.database_name = 'shop'");
    look((struct look){0});
    expect_block("production.cron", "cron.database_name");
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RESET cron.database_name");
}

static void store_that_would_be_displaced_blocks(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;

    (void)state;
    check_ok(cutover_store_postgres_open(cluster_conninfo(cluster, "shop"), NULL, &store, &error), error);
    cutover_store_close(&store);
    look((struct look){0});
    expect_block("production.store", "cutover");
    cluster_sql(cluster, "shop", "DROP SCHEMA cutover CASCADE");
}

#define FAKE_EXTENSION                                                                                         \
    "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)"              \
    " VALUES (99999, 'timescaledb', 10, 2200, false, '9.9')"

/* A22, A19 */
static void extensions_that_cannot_be_carried_block(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop", FAKE_EXTENSION);
    cluster_sql(elsewhere, "next", FAKE_EXTENSION);
    look((struct look){0});
    expect_block("production.hook_extensions", "timescaledb");
    expect_block("preview.hook_extensions", "timescaledb");
    expect_block("preview.extensions", "timescaledb 9.9");
    cluster_sql(cluster, "shop", "DELETE FROM pg_extension WHERE oid = 99999");
    cluster_sql(elsewhere, "next", "DELETE FROM pg_extension WHERE oid = 99999");
}

/* A19 */
static void extensions_of_another_version_than_the_default_block(void **state)
{
    (void)state;
    cluster_sql(elsewhere, "next", "CREATE EXTENSION pg_stat_statements VERSION '1.8'");
    cluster_sql(cluster, "shop", "CREATE EXTENSION pg_stat_statements VERSION '1.8'");
    look((struct look){0});
    expect_block("preview.extension_versions", "pg_stat_statements 1.8");
    expect_block("production.extension_versions", "pg_stat_statements 1.8");
    cluster_sql(elsewhere, "next", "ALTER EXTENSION pg_stat_statements UPDATE");
    cluster_sql(cluster, "shop", "ALTER EXTENSION pg_stat_statements UPDATE");
    look((struct look){0});
    expect_nothing_blocks();
    cluster_sql(elsewhere, "next", "DROP EXTENSION pg_stat_statements");
    cluster_sql(cluster, "shop", "DROP EXTENSION pg_stat_statements");
}

/* C1 */
static void roles_that_production_does_not_know_block(void **state)
{
    (void)state;
    cluster_sql(elsewhere, "next",
                "CREATE ROLE \"odd, \"\"role\\\"; CREATE ROLE stranger; CREATE TABLE hers (id int);"
                "ALTER TABLE hers OWNER TO stranger; GRANT SELECT ON hers TO \"odd, \"\"role\\\"");
    look((struct look){0});
    expect_block("preview.roles", "stranger");
    expect_block("preview.roles", "odd, \"role\\");
    cluster_sql(cluster, "postgres", "CREATE ROLE stranger; CREATE ROLE \"odd, \"\"role\\\"");
    look((struct look){0});
    expect_nothing_blocks();
    cluster_sql(elsewhere, "next", "DROP TABLE hers");
}

/* A29 */
static void a_collation_that_production_lacks_blocks(void **state)
{
    (void)state;
    cluster_sql(elsewhere, "next", "CREATE TABLE sorted (name text COLLATE \"sv-x-icu\")");
    cluster_sql(cluster, "shop", "DELETE FROM pg_collation WHERE collname = 'sv-x-icu'");
    look((struct look){0});
    expect_block("preview.collations", "sv-x-icu");
    cluster_sql(elsewhere, "next", "DROP TABLE sorted");
}

/* E21: without counting there is no proof. */
static void changes_that_are_not_counted_block(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop",
                "ALTER ROLE weak IN DATABASE shop SET track_counts = off;"
                "CREATE FUNCTION quiet() RETURNS int LANGUAGE sql SET track_counts = off AS 'SELECT 1';"
                "CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;"
                "CREATE TABLE odd (id int) USING other_heap");
    look((struct look){0});
    expect_block("production.track_counts", "role weak");
    expect_block("production.track_counts", "quiet()");
    expect_block("production.storage", "odd (other_heap)");
    cluster_sql(cluster, "shop",
                "ALTER ROLE weak IN DATABASE shop RESET track_counts; DROP FUNCTION quiet(); DROP TABLE odd;"
                "DROP ACCESS METHOD other_heap; ALTER DATABASE shop SET track_counts = off");
    look((struct look){0});
    expect_block("production.track_counts", "database");
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RESET track_counts");
}

/* It would become a production that nothing can be promoted over. */
static void a_preview_of_another_storage_blocks(void **state)
{
    (void)state;
    cluster_sql(elsewhere, "next",
                "CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;"
                "CREATE TABLE odd (id int) USING other_heap");
    look((struct look){0});
    expect_block("preview.storage", "odd (other_heap)");
    cluster_sql(elsewhere, "next", "DROP TABLE odd; DROP ACCESS METHOD other_heap");
    look((struct look){0});
    assert_null(find(CUTOVER_SEVERITY_BLOCK, "preview.storage", ""));
}

/* Servers keep pg_attver there from their minor releases of November 2026 on; an older pg_dump writes it out. */
static void a_pg_dump_that_does_not_know_the_server_s_own_options_blocks(void **state)
{
    static const char kept[] = "UPDATE pg_attribute SET attoptions = '{pg_attver=4711}'"
                               " WHERE attrelid = 'orders'::regclass AND attname = 'note'";
    static const char given_up[] = "UPDATE pg_attribute SET attoptions = NULL"
                                   " WHERE attrelid = 'orders'::regclass AND attname = 'note'";
    struct tools old = tools, new = tools;

    (void)state;
    old.dump_version = tools.dump_version / 10000 * 10000;
    new.dump_version = old.dump_version + 99;
    cluster_sql(elsewhere, "next", kept);
    look((struct look){.tools = &old});
    expect_block("servers.releases", "what the preview's server");
    look((struct look){.tools = &new});
    assert_null(find(CUTOVER_SEVERITY_BLOCK, "servers.releases", ""));
    cluster_sql(elsewhere, "next", given_up);
    cluster_sql(cluster, "shop", kept);
    look((struct look){.tools = &old});
    expect_block("servers.releases", "what production's server");
    cluster_sql(cluster, "shop", given_up);
    cluster_sql(cluster, "shop", "ALTER TABLE orders ALTER note SET (n_distinct = 5)");
    look((struct look){.tools = &new});
    assert_null(find(CUTOVER_SEVERITY_BLOCK, "servers.releases", ""));
    cluster_sql(cluster, "shop", "ALTER TABLE orders ALTER note RESET (n_distinct)");
}

/* A member that may not become the owner (16) gives nothing away. */
static void owners_that_our_role_cannot_become_block(void **state)
{
    bool set = cluster_number(cluster, "postgres", "SHOW server_version_num") >= 160000;

    (void)state;
    cluster_sql(cluster, "shop",
                "CREATE ROLE maker; CREATE TABLE made (id int); ALTER TABLE made OWNER TO tenant");
    cluster_sql(elsewhere, "next",
                "CREATE ROLE maker; SELECT lo_create(4711); ALTER LARGE OBJECT 4711 OWNER TO maker;"
                "CREATE EXTENSION hstore");
    look((struct look){.role = "weak"});
    expect_block("databases.owners", "maker, tenant");
    cluster_sql(cluster, "postgres", "GRANT maker, tenant TO weak");
    look((struct look){.role = "weak"});
    expect(CUTOVER_SEVERITY_OK, "databases.owners", "may give");
    if (set) {
        cluster_sql(cluster, "postgres",
                    "GRANT maker TO weak WITH SET FALSE; ALTER DATABASE shop OWNER TO tenant;"
                    "GRANT tenant TO weak WITH SET FALSE");
        look((struct look){.role = "weak"});
        expect_block("databases.owners", "maker, tenant");
        expect_block("production.privileges", "membership of role tenant");
        cluster_sql(cluster, "postgres", "ALTER DATABASE shop OWNER TO postgres");
    }
    look((struct look){0});
    expect_nothing_blocks();
    cluster_sql(cluster, "shop", "DROP TABLE made; REVOKE tenant FROM weak; DROP ROLE maker");
    cluster_sql(elsewhere, "next", "DROP EXTENSION hstore; SELECT lo_unlink(4711); DROP ROLE maker");
}

static void invalid_indexes_block(void **state)
{
    static const char sql[] = "CREATE INDEX broken ON orders (note);"
                              "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass";

    (void)state;
    cluster_sql(cluster, "shop", sql);
    cluster_sql(elsewhere, "next", sql);
    look((struct look){0});
    expect_block("production.invalid_indexes", "broken");
    expect_block("preview.invalid_indexes", "broken");
    cluster_sql(cluster, "shop", "DROP INDEX broken");
    cluster_sql(elsewhere, "next", "DROP INDEX broken");
}

/* A5 */
static void checks_that_read_other_tables_are_told(void **state)
{
    (void)state;
    cluster_sql(
        cluster, "shop",
        "CREATE FUNCTION looks(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE FUNCTION sees(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';"
        "CREATE TABLE looked (id int CONSTRAINT looking CHECK (looks(id)) CONSTRAINT seeing CHECK (sees(id)))");
    look((struct look){0});
    expect(CUTOVER_SEVERITY_WARN, "production.check_constraints", "looking of public.looked");
    assert_null(find(CUTOVER_SEVERITY_WARN, "production.check_constraints", "seeing"));
    cluster_sql(cluster, "shop", "DROP TABLE looked; DROP FUNCTION looks, sees");
}

/* What owners wrote is asked by a login that may do no more than they, and of which nothing is left. */
static void rows_that_no_server_would_take_again_block(void **state)
{
    static const char sql[] =
        "CREATE SCHEMA kept AUTHORIZATION tenant; SET ROLE tenant; SET search_path = kept;"
        "CREATE FUNCTION asks(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';"
        "CREATE FUNCTION made(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';"
        "CREATE TABLE t (a int CONSTRAINT asked CHECK (asks(a)), b int GENERATED ALWAYS AS (made(a)) STORED,"
        "  until date); INSERT INTO t (a, until) VALUES (1, '2000-01-01'), (2, NULL);"
        "ALTER TABLE t ADD CONSTRAINT ends CHECK (until > CURRENT_DATE) NOT VALID; CREATE TABLE u (a int "
        "CONSTRAINT fine CHECK (asks(a)));"
        "CREATE OR REPLACE FUNCTION asks(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN"
        "  RAISE '% is superuser: %, writes: %', session_user, current_setting('is_superuser'),"
        "    current_setting('transaction_read_only'); END $$;"
        "CREATE OR REPLACE FUNCTION made(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'";

    (void)state;
    cluster_sql(cluster, "shop", sql);
    cluster_sql(elsewhere, "next", sql);
    /* One that a look left which was killed, long ago. */
    cluster_sql(cluster, "postgres", "CREATE ROLE cutover_look_0123456789ab LOGIN VALID UNTIL '2020-01-01'");
    look((struct look){0});
    for (int side = 0; side < 2; side++) {
        const char *check = side == 0 ? "production.kept_rows" : "preview.kept_rows";
        expect_block(check, "CHECK asked of kept.t (");
        expect_block(check, "cutover_look_");
        expect_block(check, " is superuser: off, writes: on");
        expect_block(check, "generated column kept.t.b (1 rows)");
        assert_null(find(CUTOVER_SEVERITY_BLOCK, check, "ends"));
        assert_null(find(CUTOVER_SEVERITY_BLOCK, check, "fine of kept.u"));
        struct cluster *server = side == 0 ? cluster : elsewhere;
        assert_int_equal(
            cluster_number(server, "postgres", "SELECT count(*) FROM pg_roles WHERE rolname ~ 'cutover_look'"),
            0);
    }
    cluster_sql(cluster, "shop", "DROP SCHEMA kept CASCADE");
    cluster_sql(elsewhere, "next", "DROP SCHEMA kept CASCADE");
}

/* Who may make no login says what was not looked at; what calls nothing but the server's own needs none. */
static void rows_that_could_not_be_asked_are_named(void **state)
{
    (void)state;
    cluster_sql(
        cluster, "shop",
        "CREATE FUNCTION asks(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';"
        "CREATE TABLE kept (a int CONSTRAINT asked CHECK (asks(a)),"
        "  until date CONSTRAINT ends CHECK (until > CURRENT_DATE));"
        "INSERT INTO kept VALUES (1, '2999-01-01'); GRANT SELECT ON kept TO weak;"
        "CREATE OR REPLACE FUNCTION asks(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'");
    look((struct look){.role = "weak"});
    expect(CUTOVER_SEVERITY_WARN, "production.kept_rows", "CHECK asked of public.kept (no login");
    assert_null(find(CUTOVER_SEVERITY_WARN, "production.kept_rows", "ends"));
    assert_null(find(CUTOVER_SEVERITY_BLOCK, "production.kept_rows", ""));
    cluster_sql(cluster, "shop", "DROP TABLE kept; DROP FUNCTION asks");
}

/* C9, B22, B23, A25 */
static void a_role_that_may_too_little_is_told_all_of_it_at_once(void **state)
{
    PGconn *superuser = cluster_connect(cluster, "shop");

    (void)state;
    cluster_sql(cluster, "shop",
                "CREATE TABLE secret (id int); ALTER TABLE secret ENABLE ROW LEVEL SECURITY;"
                "GRANT SELECT ON secret TO weak; CREATE SEQUENCE hidden; SELECT lo_create(4711);"
                "ALTER ROLE stranger SET default_transaction_read_only = off");
    cluster_sql(elsewhere, "next",
                "CREATE FUNCTION fire() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
                "CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION fire()");
    look((struct look){.role = "weak"});
    expect_block("production.privileges", "CREATEDB");
    expect_block("production.privileges", "membership of role postgres");
    expect_block("production.privileges", "pg_signal_backend");
    expect_block("production.readable", "table public.orders");
    expect_block("production.readable", "sequence public.hidden");
    expect_block("production.readable", "large object 4711");
    expect_block("production.row_security", "secret");
    expect_block("production.sessions", "user postgres");
    expect_block("production.fence_roles", "stranger");
    expect_block("preview.event_triggers", "watcher");
    look((struct look){0});
    expect_nothing_blocks();
    PQfinish(superuser);
    cluster_sql(cluster, "shop",
                "DROP TABLE secret; DROP SEQUENCE hidden; SELECT lo_unlink(4711);"
                "ALTER ROLE stranger RESET ALL");
    cluster_sql(elsewhere, "next", "DROP EVENT TRIGGER watcher; DROP FUNCTION fire()");
}

/* On both sides, with whose code they run. */
static void event_triggers_are_named(void **state)
{
    static const char trigger_sql[] =
        "CREATE FUNCTION fire() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION fire()";
    struct {
        struct cluster *at;
        const char *database, *check;
    } sides[] = {{cluster, "shop", "production.event_triggers"}, {elsewhere, "next", "preview.event_triggers"}};

    (void)state;
    look((struct look){0});
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(count_of(sides[i].check), 0);
    for (size_t i = 0; i < 2; i++) {
        cluster_sql(sides[i].at, sides[i].database, trigger_sql);
        look((struct look){0});
        expect(CUTOVER_SEVERITY_OK, sides[i].check,
               "watcher of postgres (ddl_command_end, runs public.fire of postgres)");
        cluster_sql(sides[i].at, sides[i].database,
                    "ALTER EVENT TRIGGER watcher DISABLE; ALTER FUNCTION fire() OWNER TO tenant;"
                    "ALTER EVENT TRIGGER watcher ENABLE ALWAYS");
        look((struct look){0});
        expect(CUTOVER_SEVERITY_WARN, sides[i].check,
               "watcher of postgres (ddl_command_end, always, runs public.fire of tenant)");
        expect_nothing_blocks();
        cluster_sql(sides[i].at, sides[i].database, "ALTER EVENT TRIGGER watcher DISABLE");
        look((struct look){0});
        expect(CUTOVER_SEVERITY_OK, sides[i].check,
               "watcher of postgres (ddl_command_end, disabled, runs public.fire of tenant)");
        assert_int_equal(count_of(sides[i].check), 1);
        cluster_sql(sides[i].at, sides[i].database, "DROP EVENT TRIGGER watcher; DROP FUNCTION fire()");
    }
}

/* Of 17 and later; each session in `shop` fires it. */
static void a_login_trigger_that_runs_in_our_sessions_blocks(void **state)
{
    (void)state;
    if (tools.dump_version < 170000) {
        PGconn *connection = cluster_connect(cluster, "shop");
        PGresult *result = PQexec(connection, "CREATE EVENT TRIGGER door ON login EXECUTE FUNCTION fire()");
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42601");
        PQclear(result);
        PQfinish(connection);
        return;
    }
    cluster_sql(cluster, "shop",
                "CREATE FUNCTION fire() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
                "CREATE EVENT TRIGGER door ON login EXECUTE FUNCTION fire()");
    look((struct look){0});
    expect(CUTOVER_SEVERITY_WARN, "production.event_triggers",
           "login triggers that run in each session of ours: ");
    cluster_sql(cluster, "shop", "ALTER FUNCTION fire() OWNER TO tenant");
    look((struct look){0});
    expect_block("production.event_triggers", "door of postgres (login, runs public.fire of tenant)");
    look((struct look){.trust = true});
    expect(CUTOVER_SEVERITY_WARN, "production.event_triggers",
           "a role with other rights owns: door of postgres");
    expect_nothing_blocks();
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop SET event_triggers = off");
    look((struct look){0});
    expect(CUTOVER_SEVERITY_WARN, "production.event_triggers", "no session of ours does: door");
    expect_nothing_blocks();
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RESET event_triggers");
    cluster_sql(cluster, "shop", "DROP EVENT TRIGGER door; DROP FUNCTION fire()");
}

/* It would fail when the new production gets them. Values may be anybody's secret. */
static void settings_that_our_role_may_not_set_block(void **state)
{
    (void)state;
    cluster_sql(
        cluster, "postgres",
        "ALTER DATABASE shop SET log_min_duration_statement = 5; ALTER DATABASE shop SET work_mem = '8MB';"
        "ALTER ROLE weak IN DATABASE shop SET shop.flavour = 'bitter'");
    look((struct look){.role = "weak"});
    expect_block("production.settings", "log_min_duration_statement, shop.flavour");
    assert_null(find(CUTOVER_SEVERITY_BLOCK, "production.settings", "work_mem"));
    assert_null(find(CUTOVER_SEVERITY_BLOCK, "production.settings", "bitter"));
    if (cluster_number(cluster, "postgres", "SHOW server_version_num") >= 150000)
        cluster_sql(cluster, "postgres",
                    "GRANT SET ON PARAMETER log_min_duration_statement, shop.flavour TO weak");
    else
        cluster_sql(cluster, "postgres",
                    "ALTER DATABASE shop RESET ALL; ALTER ROLE weak IN DATABASE shop RESET ALL");
    look((struct look){.role = "weak"});
    expect(CUTOVER_SEVERITY_OK, "production.settings", "may give");
    look((struct look){0});
    expect_nothing_blocks();
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE shop RESET ALL; ALTER ROLE weak IN DATABASE shop RESET ALL");
}

static void a_role_with_just_enough_passes(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop",
                "CREATE ROLE keeper; GRANT keeper TO weak; ALTER DATABASE shop OWNER TO keeper;"
                "ALTER ROLE weak CREATEDB; GRANT pg_signal_backend, pg_read_all_data TO weak;"
                "ALTER ROLE weak BYPASSRLS");
    while (cluster_number(cluster, "postgres",
                          "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'"
                          " AND usename = 'postgres'") > 0)
        usleep(1000);
    look((struct look){.role = "weak"});
    expect_nothing_blocks();
}

/* Who reads all data reads large objects from 19 on; before it their owner does, and whom he lets. */
static void large_objects_are_data_since_19(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop", "SELECT lo_create(4712)");
    while (cluster_number(cluster, "postgres",
                          "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'"
                          " AND usename = 'postgres'") > 0)
        usleep(1000);
    look((struct look){.role = "weak"});
    if (cluster_number(cluster, "postgres", "SHOW server_version_num") >= 190000)
        expect_nothing_blocks();
    else
        expect_block("production.readable", "large object 4712");
    cluster_sql(cluster, "shop", "SELECT lo_unlink(4712)");
}

/* E14, A41, B31 */
static void what_is_worth_knowing_warns(void **state)
{
    char conninfo[512];
    PGconn *standby;
    PGresult *result;

    (void)state;
    cluster_sql(elsewhere, "next",
                "CREATE UNLOGGED TABLE cache (id int); CREATE FOREIGN DATA WRAPPER any_wrapper;"
                "CREATE SERVER far FOREIGN DATA WRAPPER any_wrapper OPTIONS (dbname 'shop')");
    snprintf(conninfo, sizeof(conninfo), "%s replication=true application_name=replica_7",
             cluster_conninfo(cluster, "postgres"));
    standby = PQconnectdb(conninfo);
    result = PQexec(standby, "START_REPLICATION 0/1000000");
    assert_int_equal(PQresultStatus(result), PGRES_COPY_BOTH);
    PQclear(result);
    look((struct look){0});
    expect(CUTOVER_SEVERITY_WARN, "production.standbys", "replica_7");
    expect(CUTOVER_SEVERITY_WARN, "databases.foreign_servers", "far (dbname shop)");
    expect(CUTOVER_SEVERITY_WARN, "preview.unlogged_tables", "cache");
    expect_nothing_blocks();
    PQfinish(standby);
    cluster_sql(elsewhere, "next", "DROP TABLE cache; DROP FOREIGN DATA WRAPPER any_wrapper CASCADE");
}

static void a_check_that_cannot_be_made_blocks_and_the_others_go_on(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop", "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_prepared_xact() FROM PUBLIC");
    look((struct look){.role = "weak"});
    expect_block("production.prepared_transactions", "could not be checked");
    expect(CUTOVER_SEVERITY_OK, "production.replication_slots", "none");
    cluster_sql(cluster, "shop", "GRANT EXECUTE ON FUNCTION pg_catalog.pg_prepared_xact() TO PUBLIC");
}

/* What is asked again once production refuses writes: the check, how its answer comes up, how it goes away. */
static const struct {
    const char *check, *up, *gone;
} may_come_up[] = {
    {"production.prepared_transactions",
     "BEGIN; INSERT INTO orders (note) VALUES ('a'); PREPARE TRANSACTION 'gid'", "ROLLBACK PREPARED 'gid'"},
    {"production.replication_slots", "SELECT pg_create_logical_replication_slot('late', 'pgoutput')",
     "SELECT pg_drop_replication_slot('late')"},
    {"production.subscriptions",
     "CREATE SUBSCRIPTION late CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)",
     "ALTER SUBSCRIPTION late SET (slot_name = NONE); DROP SUBSCRIPTION late"},
    {"production.cron", "ALTER DATABASE shop SET cron.database_name = 'shop'",
     "ALTER DATABASE shop RESET cron.database_name"},
    {"production.hook_extensions", FAKE_EXTENSION, "DELETE FROM pg_extension WHERE oid = 99999"},
    {"production.track_counts", "ALTER ROLE weak IN DATABASE shop SET track_counts = off",
     "ALTER ROLE weak IN DATABASE shop RESET track_counts"},
    {"production.storage",
     "CREATE ACCESS METHOD late_heap TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE odd (id int) USING "
     "late_heap",
     "DROP TABLE odd; DROP ACCESS METHOD late_heap"},
};

static void look_again(void)
{
    struct session *production = open_session(cluster, "shop", "postgres");
    cutover_error *error = NULL;

    forget(NULL);
    check_ok(preflight_again(production, true, &findings, &error), error);
    session_close(production);
}

static void what_may_come_up_in_production_is_asked_again(void **state)
{
    (void)state;
    look_again();
    expect_nothing_blocks();
    for (size_t i = 0; i < sizeof may_come_up / sizeof *may_come_up; i++) {
        cluster_sql(cluster, "shop", may_come_up[i].up);
        look_again();
        cluster_sql(cluster, "shop", may_come_up[i].gone);
        expect_block(may_come_up[i].check, "");
        for (size_t k = 0; k < findings.count; k++)
            if (findings.list[k].severity == CUTOVER_SEVERITY_BLOCK)
                assert_string_equal(findings.list[k].check, may_come_up[i].check);
    }
}

/* Nothing that blocks is asked again but what the test above knows how to bring up. */
static void every_check_that_is_asked_again_is_tested(void **state)
{
    (void)state;
    for (const struct preflight_listing *listing = preflight_listings; listing->name != NULL; listing++) {
        bool tested = false;
        for (size_t i = 0; i < sizeof may_come_up / sizeof *may_come_up; i++)
            tested = tested || strcmp(may_come_up[i].check, listing->name) == 0;
        assert_int_equal(tested, (listing->flags & ASK_AGAIN) != 0);
        /* It is given production alone. */
        assert_true(!tested || listing->side == SIDE_PRODUCTION);
    }
    for (const struct preflight_check *check = preflight_server_checks; check->name != NULL; check++)
        assert_false(check->flags & ASK_AGAIN);
    for (const struct preflight_check *check = preflight_access_checks; check->name != NULL; check++)
        assert_false(check->flags & ASK_AGAIN);
}

/* A restore has no preview: what is asked of it, or of both, is left out, and all the rest is asked. */
static void without_a_preview_production_alone_is_asked_about(void **state)
{
    struct preflight_servers servers = {.production = open_session(cluster, "shop", "postgres"),
                                        .control = open_session(cluster, "postgres", "postgres"),
                                        .tools = &tools,
                                        .jobs = 2};
    static const char *const both[] = {"servers.identity", "servers.locale", "databases.foreign_servers"};
    cutover_error *error = NULL;
    size_t of_production = 0;

    (void)state;
    cluster_sql(cluster, "shop",
                "CREATE FOREIGN DATA WRAPPER any_wrapper;"
                "CREATE SERVER far FOREIGN DATA WRAPPER any_wrapper OPTIONS (dbname 'shop')");
    check_ok(preflight_servers(&servers, &findings, &error), error);
    cluster_sql(cluster, "shop", "DROP FOREIGN DATA WRAPPER any_wrapper CASCADE");
    session_close(servers.control);
    session_close(servers.production);
    expect_nothing_blocks();
    for (size_t i = 0; i < findings.count; i++) {
        const char *check = findings.list[i].check;
        assert_int_not_equal(strncmp(check, "preview.", 8), 0);
        for (size_t k = 0; k < sizeof both / sizeof *both; k++)
            assert_string_not_equal(check, both[k]);
        of_production += strncmp(check, "production.", 11) == 0;
    }
    assert_true(of_production >= 8);
    expect(CUTOVER_SEVERITY_OK, "servers.version", "production");
    expect(CUTOVER_SEVERITY_OK, "production.privileges", "");
    expect(CUTOVER_SEVERITY_OK, "production.sessions", "");
}

#define preflight_test(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        preflight_test(two_healthy_servers_pass),
        preflight_test(tools_that_do_not_fit_the_servers_block),
        preflight_test(releases_with_known_holes_warn),
        preflight_test(one_database_as_both_blocks),
        preflight_test(production_as_control_database_blocks),
        preflight_test(another_encoding_blocks_and_another_locale_warns),
        preflight_test(more_jobs_than_connections_block),
        preflight_test(more_tables_than_the_lock_table_holds_warn),
        preflight_test(prepared_transactions_block),
        preflight_test(slots_of_production_block_and_idle_ones_warn),
        preflight_test(a_rewrite_of_production_does_not_block),
        preflight_test(subscriptions_and_their_workers_block),
        preflight_test(a_preview_of_another_storage_blocks),
        preflight_test(owners_that_our_role_cannot_become_block),
        preflight_test(a_pg_dump_that_does_not_know_the_server_s_own_options_blocks),
        preflight_test(the_home_of_the_scheduler_blocks),
        preflight_test(store_that_would_be_displaced_blocks),
        preflight_test(extensions_that_cannot_be_carried_block),
        preflight_test(extensions_of_another_version_than_the_default_block),
        preflight_test(roles_that_production_does_not_know_block),
        preflight_test(a_collation_that_production_lacks_blocks),
        preflight_test(changes_that_are_not_counted_block),
        preflight_test(invalid_indexes_block),
        preflight_test(checks_that_read_other_tables_are_told),
        preflight_test(rows_that_no_server_would_take_again_block),
        preflight_test(rows_that_could_not_be_asked_are_named),
        preflight_test(event_triggers_are_named),
        preflight_test(a_login_trigger_that_runs_in_our_sessions_blocks),
        preflight_test(a_role_that_may_too_little_is_told_all_of_it_at_once),
        preflight_test(settings_that_our_role_may_not_set_block),
        preflight_test(a_role_with_just_enough_passes),
        preflight_test(large_objects_are_data_since_19),
        preflight_test(what_is_worth_knowing_warns),
        preflight_test(what_may_come_up_in_production_is_asked_again),
        preflight_test(every_check_that_is_asked_again_is_tested),
        preflight_test(without_a_preview_production_alone_is_asked_about),
        preflight_test(a_check_that_cannot_be_made_blocks_and_the_others_go_on),
    };

    return cmocka_run_group_tests_name("preflight", tests, start_server, stop_server);
}
