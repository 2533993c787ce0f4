#include "support/rich.h"
#include "support/shop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cluster *cluster, *second;

static int start_clusters(void **state)
{
    (void)state;
    cluster = cluster_start("max_connections = 80");
    second = cluster_start(NULL);
    cluster_sql(cluster, "postgres", rich_roles_sql());
    shop_use(cluster);
    return 0;
}

/* What a promotion must leave as it was, and what it must bring. */
struct expected {
    char *preview, *production, *properties;
};

static struct expected expect(const char *production, struct cluster *preview_cluster, const char *preview)
{
    return (struct expected){shop_dump(preview_cluster, preview), shop_dump(cluster, production),
                             shop_properties(cluster, production)};
}

static void check_promoted(struct expected *expected, const char *production, struct cluster *preview_cluster,
                           const char *preview)
{
    char *now = shop_dump(cluster, production);
    char *preview_now = shop_dump(preview_cluster, preview);
    char *properties = shop_properties(cluster, production);

    check_same_text(now, expected->preview);
    check_same_text(preview_now, expected->preview);
    check_same_text(properties, expected->properties);
    free(now);
    free(preview_now);
    free(properties);
    free(expected->preview);
    free(expected->production);
    free(expected->properties);
}

/* ---- the whole of it ---- */

static void give_properties(void)
{
    cluster_sql(cluster, "postgres",
                "CREATE ROLE project_owner; ALTER DATABASE rich_production OWNER TO project_owner;"
                "REVOKE ALL ON DATABASE rich_production FROM PUBLIC;"
                "GRANT CONNECT ON DATABASE rich_production TO rich_reader, rich_login;"
                "GRANT TEMPORARY ON DATABASE rich_production TO rich_writer WITH GRANT OPTION;"
                "ALTER DATABASE rich_production SET work_mem = '7MB';"
                "ALTER DATABASE rich_production SET search_path = shop, public;"
                "ALTER ROLE rich_login IN DATABASE rich_production SET statement_timeout = '90s';"
                "ALTER ROLE rich_login IN DATABASE rich_production SET default_transaction_read_only = off;"
                "ALTER DATABASE rich_production CONNECTION LIMIT 33;"
                "COMMENT ON DATABASE rich_production IS 'the shop''s own'");
}

/* Both as pg_restore makes them: it puts the late columns of a child table elsewhere (EDGE_CASES A17), so that the dump
   of a restored database is not that of the first; from then on it is. */
static void rich_databases(const char *one, const char *other)
{
    char *archive = shop_format("%s/rich.dump", cluster_temp_dir());

    shop_database(cluster, "rich_first", rich_schema_sql());
    shop_run((const char *[]){cluster_program("pg_dump"), "-Fc", "-Z0", "-f", archive,
                              cluster_conninfo(cluster, "rich_first"), NULL});
    cluster_sql(cluster, "postgres", "DROP DATABASE rich_first");
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? one : other;
        cluster_create_database(cluster, name);
        shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-d", cluster_conninfo(cluster, name),
                                  archive, NULL});
    }
    free(archive);
}

static void check_displaced(const struct outcome *outcome, const char *old_oid)
{
    const char *name = outcome_text(outcome, "displaced_database");
    char *sql = shop_format("SELECT oid || ' ' || datallowconn FROM pg_database WHERE datname = '%s'", name);
    char *found = cluster_value(cluster, "postgres", sql);
    char *expected = shop_format("%s false", old_oid);
    PGconn *connection = PQconnectdb(cluster_conninfo(cluster, name));

    assert_string_equal(found, expected);
    assert_int_equal(PQstatus(connection), CONNECTION_BAD);
    check_contains(PQerrorMessage(connection), "not currently accepting connections");
    PQfinish(connection);
    free(sql);
    free(found);
    free(expected);
}

static void check_report(const struct outcome *outcome, const char *request_id)
{
    assert_string_equal(outcome_text(outcome, "request_id"), request_id);
    assert_string_equal(outcome_text(outcome, "job_id"), outcome->promotion_id);
    assert_string_equal(outcome_text(outcome, "status"), "completed");
    check_contains(outcome_text(outcome, "pre_cutover_backup_id"), "-");
    check_contains(outcome_text(outcome, "backup_label"), request_id);
    check_contains(outcome_text(outcome, "backup_path"), outcome_text(outcome, "pre_cutover_backup_id"));
    assert_string_equal(outcome_text(outcome, "backup_verification.method"), "restore");
    assert_string_equal(outcome_text(outcome, "backup_verification.verdict"), "equal");
    assert_true(atoi(outcome_text(outcome, "backup_verification.tables")) == 16);
    assert_true(atoi(outcome_text(outcome, "backup_verification.rows")) > 15000);
    assert_true(atof(outcome_text(outcome, "backup_verification.seconds")) > 0);
    assert_string_equal(outcome_text(outcome, "stage.method"), "copy");
    assert_true(atoi(outcome_text(outcome, "stage.tables")) == 17);
    assert_true(atoi(outcome_text(outcome, "stage.rows")) > 22000);
    assert_true(atoi(outcome_text(outcome, "stage.bytes")) > 1000000);
    assert_true(atof(outcome_text(outcome, "stage.seconds")) > 0);
    assert_string_equal(outcome_text(outcome, "check.verdict"), "equal");
    assert_true(atof(outcome_text(outcome, "writes_refused_ms")) >
                atof(outcome_text(outcome, "reads_unavailable_ms")));
    assert_true(atof(outcome_text(outcome, "reads_unavailable_ms")) > 0);
    assert_int_equal(atoi(outcome_text(outcome, "sessions_ended")), 1);
    assert_string_equal(
        json_type_to_name(json_object_get_type(json_object_object_get(outcome->report, "warnings"))), "array");
    struct json_object *steps = json_object_object_get(outcome->report, "steps");
    static const char *const names[] = {"preflight", "lock",     "stage", "check", "backup",
                                        "verify",    "catch_up", "swap",  "finish"};
    assert_int_equal(json_object_array_length(steps), 9);
    for (size_t i = 0; i < 9; i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);
        assert_string_equal(json_object_get_string(json_object_object_get(step, "name")), names[i]);
        assert_true(json_object_get_double(json_object_object_get(step, "seconds")) >= 0);
    }
}

static void check_backup(struct shop *shop, const struct outcome *outcome, const char *old_production)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    const char *id = outcome_text(outcome, "pre_cutover_backup_id");
    cutover_error *error = NULL;
    char path[4096];

    check_ok(cutover_backup_path(shop->engine, id, path, sizeof path, &error), error);
    assert_string_equal(path, outcome_text(outcome, "backup_path"));
    cluster_create_database(cluster, "restored");
    const char *argv[] = {cluster_program("pg_restore"),         "-e", "-j2", "-d",
                          cluster_conninfo(cluster, "restored"), path, NULL};
    shop_run(argv);
    char *restored = shop_dump(cluster, "restored");
    check_same_text(restored, old_production);
    free(restored);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    options.actor = &shop_operator;
    options.verify = CUTOVER_VERIFY_READBACK;
    check_ok(cutover_backup_verify(shop->engine, &options, id, NULL, &error), error);
}

/* A promotion of one rich database by another, with everything that the issue asks to be as before or as the preview. */
static void production_becomes_what_the_preview_is(void **state)
{
    struct shop *shop = *state;

    rich_databases("rich_production", "rich_preview");
    cluster_sql(cluster, "rich_production",
                "DROP TABLE shop.bookings, shop.other_heap; DELETE FROM shop.orders WHERE id % 3 = 0;"
                "SELECT lo_from_bytea(500001, 'only here');");
    /* An operator that was named and never defined is there, and pg_dump does not see it. */
    cluster_sql(cluster, "rich_preview",
                "DROP TABLE shop.other_heap;"
                "CREATE OPERATOR shop.==~ (FUNCTION = shop.same_length, LEFTARG = text, RIGHTARG = text,"
                "    NEGATOR = OPERATOR(shop.!=~));"
                "DROP OPERATOR shop.==~ (text, text);"
                "ALTER TABLE shop.orders ADD COLUMN channel text DEFAULT 'web';"
                "SELECT lo_unlink(400003); INSERT INTO shop.cache VALUES ('preview', '\\x00');"
                "SELECT nextval('shop.free'), setval('shop.orders_id_seq', 777777);");
    give_properties();
    shop_project(shop, "rich", cluster_conninfo(cluster, "rich_production"));
    shop_preview(shop, "next", "rich", cluster_conninfo(cluster, "rich_preview"), 0);
    char *request = shop_acked(shop, "rich", "next");
    struct expected expected = expect("rich_production", cluster, "rich_preview");
    char *old = strdup(expected.production);
    char *old_oid =
        cluster_value(cluster, "postgres", "SELECT oid FROM pg_database WHERE datname = 'rich_production'");
    PGconn *client = cluster_connect(cluster, "rich_production");
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    check_promoted(&expected, "rich_production", cluster, "rich_preview");
    PQclear(PQexec(client, "SELECT 1"));
    assert_int_equal(PQstatus(client), CONNECTION_BAD);
    PQfinish(client);
    check_displaced(&outcome, old_oid);
    check_report(&outcome, request);
    char *project = shop_project_state(shop, "rich"), *status = shop_request_status(shop, request);
    assert_string_equal(project, "active");
    assert_string_equal(status, "completed");
    assert_int_equal(shop->traffic.pauses, 1);
    assert_int_equal(shop->traffic.resumes, 1);
    assert_int_equal(shop->traffic.syncs, 1);
    char *audit = shop_audit(shop, "rich"), *events = shop_events(shop, "rich");
    assert_string_equal(audit, "cutover.requested cutover.acked cutover.promote_started backup.started "
                               "backup.completed production_overwrite_restore");
    assert_string_equal(events, "cutover.requested cutover.acked cutover.promote_started backup.completed "
                                "production_overwrite_restore restore.completed job.completed");
    check_backup(shop, &outcome, old);
    outcome_free(&outcome);
    free(audit);
    free(events);
    free(project);
    free(status);
    free(old);
    free(old_oid);
    free(request);
}

/* ---- kinds of content, numbers of streams, kinds of servers ---- */

/* Promotes PREVIEW over PRODUCTION and checks what a promotion owes. */
static void promote_pair(struct shop *shop, const char *production, struct cluster *preview_cluster,
                         const char *preview, const struct shop_promotion *how)
{
    struct shop_promotion promotion = *how;
    struct expected expected = expect(production, preview_cluster, preview);

    shop_project(shop, production, cluster_conninfo(cluster, production));
    shop_preview(shop, preview, production, cluster_conninfo(preview_cluster, preview), 0);
    char *request = shop_acked(shop, production, preview);
    promotion.request_id = request;
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    check_promoted(&expected, production, preview_cluster, preview);
    assert_string_equal(outcome_text(&outcome, "check.verdict"), "equal");
    assert_string_equal(outcome_text(&outcome, "backup_verification.verdict"), "equal");
    outcome_free(&outcome);
    free(request);
}

/* EDGE_CASES A13 to A16, B15, B17, B20: tables of no row, no column, no column to copy, few pages, names that need
   quoting, sequences that were never asked, unlogged tables, large objects. */
static const char odd_sql[] =
    "CREATE TABLE nothing_in_it (id int, t text);"
    "CREATE TABLE makers (id int PRIMARY KEY); INSERT INTO makers VALUES (1);"
    "CREATE TABLE made (id int, maker int) PARTITION BY RANGE (id);"
    "CREATE TABLE made_1 PARTITION OF made FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);"
    "CREATE TABLE made_1a PARTITION OF made_1 FOR VALUES FROM (0) TO (5); INSERT INTO made VALUES (1, 1);"
    "ALTER TABLE made ADD CONSTRAINT whole FOREIGN KEY (maker) REFERENCES makers;"
    "ALTER TABLE made_1 ADD CONSTRAINT middle FOREIGN KEY (maker) REFERENCES makers;"
    "ALTER TABLE made_1a ADD CONSTRAINT its_own FOREIGN KEY (maker) REFERENCES makers NOT VALID;"
    "COMMENT ON CONSTRAINT its_own ON made_1a IS 'by itself';"
    "CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES;"
    "CREATE TABLE lost_columns (a int); INSERT INTO lost_columns VALUES (1), (2); ALTER TABLE lost_columns "
    "DROP a;"
    "CREATE TABLE only_generated (g int GENERATED ALWAYS AS (41 + 1) STORED);"
    "INSERT INTO only_generated DEFAULT VALUES;"
    "CREATE TABLE three_pages (id int, t text);"
    "INSERT INTO three_pages SELECT g, repeat('p', 200) FROM generate_series(1, 100) g;"
    "CREATE TABLE holes (id int, t text); INSERT INTO holes SELECT g, repeat('h', 500) FROM generate_series(1, "
    "500) g;"
    "DELETE FROM holes WHERE id % 100 <> 0;"
    "CREATE UNLOGGED TABLE unlogged_one (id int); INSERT INTO unlogged_one SELECT generate_series(1, 99);"
    "CREATE SEQUENCE never_asked START WITH 5; CREATE SEQUENCE asked; SELECT nextval('asked'), "
    "nextval('asked');"
    "CREATE SEQUENCE reset; SELECT setval('reset', 77, false);"
    "CREATE SCHEMA \"Odd \"\"Schema\"; CREATE TABLE \"Odd \"\"Schema\".\"it's; DROP TABLE x\" (\"select\" int, "
    "\"a\tb\" text);"
    "INSERT INTO \"Odd \"\"Schema\".\"it's; DROP TABLE x\" VALUES (1, E'tab\\t nl\\n cr\\r \\\\N'), (NULL, "
    "NULL);"
    "CREATE TABLE pay (amount money, list money[]); INSERT INTO pay SELECT g::text::money, "
    "ARRAY[g::text::money, NULL]"
    "    FROM generate_series(-50, 50) g;"
    "CREATE TABLE parts (id int, y int) PARTITION BY RANGE (y);"
    "CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (MINVALUE) TO (0);"
    "CREATE TABLE parts_high (y int, id int); ALTER TABLE parts ATTACH PARTITION parts_high FOR VALUES FROM "
    "(0) TO (MAXVALUE);"
    "INSERT INTO parts SELECT g, g FROM generate_series(-100, 100) g;"
    "SELECT lo_from_bytea(1, ''), lo_from_bytea(2, decode(repeat('00ff5c0a', 3000), 'hex'));"
    "CREATE TABLE toasted (id int, t text); ALTER TABLE toasted ALTER t SET STORAGE EXTERNAL;"
    "INSERT INTO toasted SELECT g, repeat(chr(65 + g), 100000) FROM generate_series(1, 20) g;";

/* With what later releases brought, from 17 on in a locale of the server's own. */
static void odd_database(const char *name)
{
    int version = (int)cluster_number(cluster, "postgres", "SHOW server_version_num");
    char *create = shop_format("CREATE DATABASE %s TEMPLATE template0%s", name,
                               version >= 170000 ? " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" : "");
    char *newer = rich_newer_sql(version);

    cluster_sql(cluster, "postgres", create);
    cluster_sql(cluster, name, odd_sql);
    cluster_sql(cluster, name, newer);
    free(create);
    free(newer);
}

static void odd_content(struct shop *shop, const char *name, const struct shop_promotion *how)
{
    char *production = shop_format("%s_old", name), *preview = shop_format("%s_new", name);

    odd_database(production);
    odd_database(preview);
    cluster_sql(cluster, preview,
                "ALTER TABLE three_pages ADD COLUMN more int DEFAULT 3; DROP TABLE holes;"
                "SELECT lo_unlink(1); DELETE FROM parts WHERE y = 50; INSERT INTO newer.one VALUES (2, 2);");
    promote_pair(shop, production, cluster, preview, how);
    free(production);
    free(preview);
}

static void odd_content_is_promoted_by_one_stream(void **state)
{
    odd_content(*state, "one", &(struct shop_promotion){.jobs = 1, .verify = CUTOVER_VERIFY_RESTORE});
}

static void odd_content_is_promoted_by_four_streams(void **state)
{
    odd_content(*state, "four", &(struct shop_promotion){.jobs = 4});
}

/* The rows of a table that is split come in another order: its content is compared by sums. */
static const char sums_sql[] =
    "SELECT concat_ws(' ', count(*), sum(id), sum(hashtextextended(filler, id)), sum(length(filler)))"
    "  FROM big";

/* What a client may do behind the fence without evading it: every table, and what is derived from one, gets another file, and no row
   changes. */
static int rewrite_everything(struct shop *shop, void *context)
{
    PGconn *client = cluster_connect(cluster, "big_old");
    const char *const statements[] = {"VACUUM FULL", "CLUSTER big USING big_pkey",
                                      PQserverVersion(client) >= 190000 ? "REPACK (CONCURRENTLY) big"
                                                                        : "CLUSTER"};

    (void)shop;
    (void)context;
    for (int i = 0; i < 3; i++) {
        PGresult *result = PQexec(client, statements[i]);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            fail_msg("%s: %s", statements[i], PQresultErrorMessage(result));
        PQclear(result);
    }
    PQfinish(client);
    return 0;
}

/* A table that several streams share, in the backup, in its verification and in staging, loses and doubles nothing
   (EDGE_CASES B15, B18). Nor does it matter that it is rewritten behind the fence: it is read once more. */
static void a_split_table_is_promoted_whole(void **state)
{
    struct shop *shop = *state;
    const char *const names[] = {"big_old", "big_new"};
    const char *const rows[] = {
        "INSERT INTO big SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 72000) g",
        "INSERT INTO big SELECT g, repeat(md5((-g)::text), 31) FROM generate_series(1, 73000) g"};
    char *sums[2];

    for (int i = 0; i < 2; i++) {
        shop_database(cluster, names[i],
                      "CREATE TABLE big (id bigint PRIMARY KEY, filler text);"
                      "ALTER TABLE big ALTER filler SET STORAGE PLAIN; ALTER TABLE big CLUSTER ON big_pkey;"
                      "SELECT lo_from_bytea(4711, 'kept');");
        cluster_sql(cluster, names[i], rows[i]);
        cluster_sql(cluster, names[i],
                    "CREATE MATERIALIZED VIEW firsts AS SELECT id, filler FROM big WHERE id < 9;"
                    "CREATE UNIQUE INDEX ON firsts (id)");
        assert_true(cluster_number(cluster, names[i], "SELECT pg_relation_size('big')") > 64 << 20);
        sums[i] = cluster_value(cluster, names[i], sums_sql);
    }
    shop_project(shop, "big", cluster_conninfo(cluster, "big_old"));
    shop_preview(shop, "big", "big", cluster_conninfo(cluster, "big_new"), 0);
    char *request = shop_acked(shop, "big", "big");
    const struct shop_hook hooks[] = {{"verify", rewrite_everything, NULL}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {
        .request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE, .hooks = hooks};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    char *now = cluster_value(cluster, "big_old", sums_sql);
    assert_string_equal(now, sums[1]);
    free(now);

    cluster_create_database(cluster, "restored");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-j2", "-d",
                              cluster_conninfo(cluster, "restored"), outcome_text(&outcome, "backup_path"),
                              NULL});
    now = cluster_value(cluster, "restored", sums_sql);
    assert_string_equal(now, sums[0]);
    cluster_sql(cluster, "postgres", "DROP DATABASE restored");
    cluster_sql(cluster, "postgres", "DROP DATABASE big_old");
    cluster_sql(cluster, "postgres", "DROP DATABASE big_new");
    outcome_free(&outcome);
    free(now);
    free(sums[0]);
    free(sums[1]);
    free(request);
}

static void a_preview_on_another_server_is_promoted(void **state)
{
    struct shop *shop = *state;

    shop_database(cluster, "far_old", shop_production_sql());
    shop_database(second, "far_new", shop_preview_sql());
    promote_pair(shop, "far_old", second, "far_new", &(struct shop_promotion){.jobs = 2});
}

/* OIDs that a server gave out: making a database with something in it takes some. */
static long next_oid(struct cluster *server)
{
    cluster_sql(server, "postgres", "CREATE TABLE probe ()");
    long oid = cluster_number(server, "postgres", "SELECT 'probe'::regclass::oid::bigint");
    cluster_sql(server, "postgres", "DROP TABLE probe");
    return oid;
}

/* The throwaway database for the verification is made on the server that the platform names. */
static void a_backup_is_verified_on_another_server(void **state)
{
    struct shop *shop = *state;
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    shop_database(cluster, "away_old", shop_production_sql());
    shop_database(cluster, "away_new", shop_preview_sql());
    project.id = "away";
    project.database = cluster_conninfo(cluster, "away_old");
    project.verify_database = cluster_conninfo(second, "postgres");
    check_ok(cutover_registry_project_add(shop->registry, &project, &error), error);
    shop_preview(shop, "away", "away", cluster_conninfo(cluster, "away_new"), 0);
    char *request = shop_acked(shop, "away", "away");
    long before = next_oid(second);
    struct shop_promotion promotion = {.request_id = request, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    assert_true(next_oid(second) > before + 10);
    assert_string_equal(outcome_text(&outcome, "backup_verification.verdict"), "equal");
    outcome_free(&outcome);
    free(request);
}

/* A managed service's rights: the project's role owns its databases and may make more, and that is all. */
static void a_role_that_is_no_superuser_promotes(void **state)
{
    struct shop *shop = *state;
    static const char *const names[] = {"own_old", "own_new"};

    cluster_sql(cluster, "postgres",
                "CREATE ROLE own_reader; CREATE ROLE own LOGIN CREATEDB;"
                "GRANT pg_signal_backend, own_reader TO own; CREATE ROLE own_client LOGIN");
    for (int i = 0; i < 2; i++) {
        char *sql = shop_format("ALTER DATABASE %s OWNER TO own", names[i]);
        shop_database(cluster, names[i], NULL);
        cluster_sql(cluster, "postgres", sql);
        free(sql);
        sql = shop_format(
            "SET ROLE own; CREATE EXTENSION citext; %s CREATE SCHEMA s; CREATE TABLE s.t (a citext);"
            "GRANT SELECT ON orders TO own_reader",
            i == 0 ? shop_production_sql() : shop_preview_sql());
        cluster_sql(cluster, names[i], sql);
        free(sql);
    }
    cluster_sql(cluster, "postgres", "ALTER DATABASE own_old SET work_mem = '5MB'");
    cluster_sql(cluster, "postgres", "GRANT CONNECT ON DATABASE own_old TO own_client");
    struct expected expected = expect("own_old", cluster, "own_new");
    shop_project(shop, "own", cluster_conninfo_as(cluster, "own_old", "own"));
    shop_preview(shop, "own", "own", cluster_conninfo_as(cluster, "own_new", "own"), 0);
    char *request = shop_acked(shop, "own", "own");
    PGconn *client = PQconnectdb(cluster_conninfo_as(cluster, "own_old", "own_client"));
    assert_int_equal(PQstatus(client), CONNECTION_OK);
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    check_promoted(&expected, "own_old", cluster, "own_new");
    char *owner =
        cluster_value(cluster, "own_old", "SELECT tableowner FROM pg_tables WHERE tablename = 'orders'");
    assert_string_equal(owner, "own");
    free(owner);
    PQfinish(client);
    outcome_free(&outcome);
    free(request);
}

/* Bytes that are no UTF-8 arrive as they are (EDGE_CASES A32, A33). */
static void other_encodings_are_promoted(void **state)
{
    static const struct {
        const char *encoding, *sql;
    } cases[] = {
        {"LATIN1", "CREATE TABLE t (a text); INSERT INTO t SELECT chr(g) FROM generate_series(160, 255) g;"
                   "COMMENT ON TABLE t IS U&'caf\\00e9'"},
        {"SQL_ASCII",
         "CREATE TABLE t (a text);"
         "INSERT INTO t SELECT convert_from(decode('80e9ff' || lpad(to_hex(g), 2, '0'), 'hex'), 'SQL_ASCII')"
         "    FROM generate_series(1, 255) g"},
    };

    for (size_t i = 0; i < 2; i++) {
        char *production = shop_format("enc%zu_old", i), *preview = shop_format("enc%zu_new", i);
        const char *const names[] = {production, preview};
        for (int k = 0; k < 2; k++) {
            char *sql = shop_format("CREATE DATABASE %s TEMPLATE template0 ENCODING '%s' LOCALE 'C'", names[k],
                                    cases[i].encoding);
            cluster_sql(cluster, "postgres", sql);
            cluster_sql(cluster, names[k], cases[i].sql);
            free(sql);
        }
        cluster_sql(cluster, preview, "DELETE FROM t WHERE ctid = '(0,7)'");
        promote_pair(*state, production, cluster, preview, &(struct shop_promotion){.jobs = 2});
        free(production);
        free(preview);
    }
}

/* EDGE_CASES G3: with SIGCHLD ignored nobody can wait for a child the plain way. */
static void a_host_that_ignores_sigchld_promotes(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "quiet");
    struct shop_promotion promotion = {.request_id = request, .verify = CUTOVER_VERIFY_RESTORE};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before, after;

    sigaction(SIGCHLD, &ignore, &before);
    struct outcome outcome = shop_promote(shop, &promotion);
    sigaction(SIGCHLD, &before, &after);
    check_ok(outcome.status, outcome.error);
    assert_true(after.sa_handler == SIG_IGN);
    sigaction(SIGPIPE, NULL, &after);
    assert_true(after.sa_handler == SIG_DFL);
    outcome_free(&outcome);
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(production_becomes_what_the_preview_is),  TEST(odd_content_is_promoted_by_one_stream),
        TEST(odd_content_is_promoted_by_four_streams), TEST(a_split_table_is_promoted_whole),
        TEST(a_preview_on_another_server_is_promoted), TEST(a_backup_is_verified_on_another_server),
        TEST(a_role_that_is_no_superuser_promotes),    TEST(other_encodings_are_promoted),
        TEST(a_host_that_ignores_sigchld_promotes),
    };

    return cmocka_run_group_tests_name("promotion", tests, start_clusters, NULL);
}
