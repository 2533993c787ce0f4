/*
 * The fence: reads go on, writes are refused, and a write by a client that evades it is found out (EDGE_CASES E21).
 */
#include "../support/check.h"
#include "../support/cluster.h"
#include "../support/session.h"

#include "base/record.h"
#include "postgres/swap/door.h"
#include "postgres/swap/fence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 60000
#define EVADE "SET default_transaction_read_only = off"

static struct cluster *cluster;
static struct session *control;
static uint32_t oid;

static struct session *open_session(const char *database)
{
    return check_session(cluster_conninfo(cluster, database));
}

static const char CONTENT[] =
    "CREATE TABLE orders (id serial PRIMARY KEY, note text);"
    "INSERT INTO orders (note) SELECT 'order ' || n FROM generate_series(1, 100) n;"
    "CREATE TABLE child () INHERITS (orders);"
    "CREATE UNLOGGED TABLE fast (id int);"
    "CREATE TABLE wide (id int, words text[]);"
    "INSERT INTO wide SELECT n, ARRAY(SELECT md5(n::text || m) FROM generate_series(1, 20) m)"
    "  FROM generate_series(1, 3000) n;"
    "CREATE STATISTICS orders_both ON id, note FROM orders;"
    "CREATE SEQUENCE ticket; CREATE SEQUENCE \"odd \"\"name\";"
    "CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders;"
    "CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part_1 PARTITION OF parts FOR VALUES "
    "FROM (0) TO (100);"
    "CREATE TABLE twin_a (x int, y int); INSERT INTO twin_a VALUES (1, 2);"
    "CREATE TABLE twin_b (x int, y int); INSERT INTO twin_b VALUES (3, 4);"
    "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE orphan () INHERITS (parent); DROP TABLE orphan;"
    "SELECT lo_create(4711);"
    "GRANT SELECT, INSERT ON orders TO app;";

static int set_up(void **state)
{
    (void)state;
    cluster = cluster_start("max_prepared_transactions = 5\nautovacuum_naptime = 1s\n");
    cluster_sql(cluster, "postgres",
                "CREATE ROLE app LOGIN; CREATE ROLE writer LOGIN; CREATE ROLE reporter LOGIN");
    cluster_create_database(cluster, "shop");
    cluster_sql(cluster, "shop", CONTENT);
    oid = (uint32_t)cluster_number(cluster, "postgres", "SELECT oid FROM pg_database WHERE datname = 'shop'");
    control = open_session("postgres");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    session_close(control);
    cluster_stop(cluster);
    return 0;
}

/* Runs SQL as a client of its own; the SQLSTATE of its failure, "" when it succeeded; malloc'd. */
static char *client(const char *role, const char *first, const char *sql)
{
    PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, "shop", role));
    PGresult *result;
    const char *sqlstate;
    char *answer;

    if (first != NULL)
        PQclear(PQexec(connection, first));
    result = PQexec(connection, sql);
    sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    answer = strdup(sqlstate != NULL ? sqlstate : "");
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    PQclear(result);
    PQfinish(connection);
    return answer;
}

static void check_client(const char *role, const char *first, const char *sql, const char *sqlstate)
{
    char *found = client(role, first, sql);

    if (strcmp(found, sqlstate) != 0)
        fail_msg("as %s: %s: SQLSTATE \"%s\" instead of \"%s\"", role, sql, found, sqlstate);
    free(found);
}

static char *settings(void)
{
    return cluster_value(
        cluster, "postgres",
        "SELECT string_agg(setdatabase::regclass::text || setrole::regrole::text || setconfig::text, ';'"
        " ORDER BY setdatabase, setrole) FROM pg_db_role_setting");
}

static struct json_object *plan_and_raise(uint32_t *ended)
{
    struct json_object *plan = NULL;
    cutover_error *error = NULL;

    check_ok(fence_plan(control, oid, &plan, &error), error);
    check_ok(fence_raise(control, "shop", oid, plan, TIMEOUT_MS, ended, &error), error);
    return plan;
}

static void lift(struct json_object *plan)
{
    cutover_error *error = NULL;

    check_ok(fence_lift(control, "shop", oid, plan, true, &error), error);
    json_object_put(plan);
}

static void writes_are_refused_at_once_and_reads_go_on(void **state)
{
    struct json_object *plan = plan_and_raise(NULL);

    (void)state;
    check_client("app", NULL, "INSERT INTO orders (note) VALUES ('late')", "25006");
    check_client("app", NULL, "SELECT count(*) FROM orders", "");
    lift(plan);
    check_client("postgres", NULL, "BEGIN; INSERT INTO orders (note) VALUES ('on'); ROLLBACK", "");
}

static void sessions_from_before_are_ended(void **state)
{
    PGconn *before = cluster_connect(cluster, "shop");
    uint32_t ended = 0;
    struct json_object *plan = plan_and_raise(&ended);
    PGresult *result = PQexec(before, "SELECT 1");

    (void)state;
    assert_int_equal(ended, 1);
    assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
    PQclear(result);
    PQfinish(before);
    lift(plan);
}

static void a_role_with_a_setting_of_its_own_is_fenced_too(void **state)
{
    struct json_object *plan;

    (void)state;
    cluster_sql(cluster, "postgres",
                "ALTER ROLE writer SET default_transaction_read_only = off;"
                "ALTER ROLE reporter IN DATABASE shop SET default_transaction_read_only = off;"
                "ALTER ROLE reporter SET work_mem = '1MB';"
                "GRANT pg_write_all_data, pg_read_all_data TO writer, reporter");
    plan = plan_and_raise(NULL);
    check_client("writer", NULL, "INSERT INTO fast VALUES (1)", "25006");
    check_client("reporter", NULL, "INSERT INTO fast VALUES (1)", "25006");
    lift(plan);
    check_client("writer", NULL, "INSERT INTO fast VALUES (1)", "");
}

static void lifting_puts_back_exactly_what_was_there(void **state)
{
    char *before, *after;
    struct json_object *plan;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE shop SET default_transaction_read_only = 'off'; ALTER DATABASE shop SET "
                "work_mem = '3MB';"
                "ALTER ROLE writer IN DATABASE shop SET application_name = 'w';"
                "ALTER ROLE reporter IN DATABASE shop SET default_transaction_read_only = 'false'");
    before = settings();
    plan = plan_and_raise(NULL);
    check_ok(fence_raise(control, "shop", oid, plan, TIMEOUT_MS, NULL, &error), error);
    after = settings();
    assert_string_not_equal(before, after);
    free(after);
    check_ok(fence_lift(control, "shop", oid, plan, false, &error), error);
    check_ok(fence_lift(control, "shop", oid, plan, false, &error), error);
    after = settings();
    assert_string_equal(before, after);
    free(before);
    free(after);
    json_object_put(plan);
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RESET ALL");
}

static bool answers(PGconn *connection)
{
    PGresult *result = PQexec(connection, "SELECT 1");
    bool answered = PQresultStatus(result) == PGRES_TUPLES_OK;

    PQclear(result);
    return answered;
}

/* A client that came in behind the fence is read-only, and would stay so. */
static void lifting_ends_the_sessions_that_began_read_only_but_ours(void **state)
{
    struct json_object *plan = plan_and_raise(NULL);
    PGconn *client = PQconnectdb(cluster_conninfo_as(cluster, "shop", "app"));
    struct session *ours = open_session("shop");
    cutover_error *error = NULL;

    (void)state;
    assert_true(answers(client));
    check_ok(fence_lift(control, "shop", oid, plan, true, &error), error);
    assert_false(answers(client));
    assert_true(session_answers(ours));
    session_close(ours);
    PQfinish(client);
    json_object_put(plan);
}

static void lifting_leaves_those_whom_we_may_not_end(void **state)
{
    struct json_object *plan = NULL;
    cutover_error *error = NULL;

    (void)state;
    /* What other tests set for roles only a superuser may set. */
    cluster_sql(cluster, "postgres",
                "ALTER ROLE writer RESET ALL; ALTER ROLE writer IN DATABASE shop RESET ALL; ALTER ROLE "
                "reporter RESET ALL;"
                "ALTER ROLE reporter IN DATABASE shop RESET ALL; ALTER ROLE app RESET ALL;"
                "ALTER ROLE app IN DATABASE shop RESET ALL");
    cluster_sql(cluster, "postgres", "GRANT pg_signal_backend TO writer; ALTER DATABASE shop OWNER TO writer");
    struct session *weak = check_session(cluster_conninfo_as(cluster, "postgres", "writer"));
    check_ok(fence_plan(weak, oid, &plan, &error), error);
    check_ok(fence_raise(weak, "shop", oid, plan, TIMEOUT_MS, NULL, &error), error);
    PGconn *client = PQconnectdb(cluster_conninfo_as(cluster, "shop", "app"));
    PGconn *superuser = PQconnectdb(cluster_conninfo(cluster, "shop"));
    assert_true(answers(client) && answers(superuser));
    check_ok(fence_lift(weak, "shop", oid, plan, true, &error), error);
    assert_false(answers(client));
    assert_true(answers(superuser));
    PQfinish(superuser);
    PQfinish(client);
    session_close(weak);
    json_object_put(plan);
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE shop OWNER TO postgres; REVOKE pg_signal_backend FROM writer");
}

static void lifting_survives_a_role_that_was_dropped_or_renamed(void **state)
{
    struct json_object *plan;
    char *left;

    (void)state;
    cluster_sql(cluster, "postgres",
                "CREATE ROLE leaver; ALTER ROLE leaver SET default_transaction_read_only = off;"
                "CREATE ROLE bride; ALTER ROLE bride SET default_transaction_read_only = off");
    plan = plan_and_raise(NULL);
    cluster_sql(cluster, "postgres", "DROP ROLE leaver; ALTER ROLE bride RENAME TO wife");
    lift(plan);
    left = cluster_value(cluster, "postgres",
                         "SELECT count(*) FROM pg_db_role_setting WHERE setdatabase <> 0"
                         " AND setrole = 'wife'::regrole");
    assert_string_equal(left, "0");
    free(left);
}

static void the_fence_is_not_raised_on_another_database_of_that_name(void **state)
{
    struct json_object *plan = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_ok(fence_plan(control, oid, &plan, &error), error);
    check_status(fence_raise(control, "shop", oid + 1, plan, TIMEOUT_MS, NULL, &error), CUTOVER_E_CONFLICT,
                 error);
    check_status(fence_raise(control, "gone", oid, plan, TIMEOUT_MS, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    json_object_put(plan);
}

/* What fence_follow() is told of the tables that it asks about, and which those were. */
struct asked {
    enum { ROWS_SAME, ROWS_OTHERS, ROWS_UNKNOWN } answer;
    uint32_t tables[16];
    size_t count; /* of all of them */
};

static cutover_status rows_answer(void *context, const uint32_t *tables, size_t count, bool *same,
                                  cutover_error **error)
{
    struct asked *asked = context;

    asked->count = count;
    memcpy(asked->tables, tables, (count < 16 ? count : 16) * sizeof *tables);
    *same = asked->answer == ROWS_SAME;
    return asked->answer != ROWS_UNKNOWN
               ? CUTOVER_OK
               : error_verify(error, CUTOVER_VERDICT_UNKNOWN, "nobody knows the rows of before");
}

/* What is said of what a client did: by a look with the door open, by the proof behind it, and by one without such a look. */
struct verdicts {
    cutover_status early, behind, without;
};

/* Mark, what a client does behind the fence, a look, everybody out, mark again. */
static struct verdicts prove_around(const char *sql, struct asked *asked, cutover_error **proof)
{
    const struct fence_rows rows = {rows_answer, asked};
    struct fence_mark before = {0}, unlooked = {0}, after = {0};
    struct json_object *plan = plan_and_raise(NULL);
    struct session *inside = open_session("shop");
    cutover_error *error = NULL;
    struct verdicts verdicts;

    check_ok(fence_mark_read_all(inside, &before, &error), error);
    check_ok(fence_mark_read_all(inside, &unlooked, &error), error);
    check_client("postgres", EVADE, sql, "");
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, true, TIMEOUT_MS, NULL, &error), error);
    verdicts.early = fence_follow(&fence_of_production, &before, inside, &rows, NULL);
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, false, TIMEOUT_MS, NULL, &error), error);
    check_ok(fence_mark_read(inside, &after, &error), error);
    verdicts.behind = fence_prove(&fence_of_production, &before, &after, inside, proof);
    verdicts.without = fence_prove(&fence_of_production, &unlooked, &after, inside, NULL);
    check_ok(door_open(control, "shop", &error), error);
    session_close(inside);
    fence_mark_free(&before);
    fence_mark_free(&unlooked);
    fence_mark_free(&after);
    lift(plan);
    return verdicts;
}

static void check_verdicts(const char *sql, struct verdicts found, struct verdicts wanted)
{
    if (memcmp(&found, &wanted, sizeof found) != 0)
        fail_msg("%s: %d with the door open, %d behind it, %d without a look", sql, found.early, found.behind,
                 found.without);
}

static const struct verdicts all_equal = {CUTOVER_OK, CUTOVER_OK, CUTOVER_OK};
static const struct verdicts all_failed = {CUTOVER_E_VERIFY, CUTOVER_E_VERIFY, CUTOVER_E_VERIFY};
static const struct verdicts equal_when_followed = {CUTOVER_OK, CUTOVER_OK, CUTOVER_E_VERIFY};

struct write {
    const char *sql;
    const char *named; /* what the error must name */
};

static const struct write writes[] = {
    {"INSERT INTO public.orders (note) VALUES ('x')", "public.orders"},
    {"BEGIN READ WRITE; INSERT INTO public.fast VALUES (7); COMMIT", "public.fast"},
    {"UPDATE public.orders SET note = 'y' WHERE id = 1", "public.orders"},
    {"DELETE FROM public.orders WHERE id = 2", "public.orders"},
    {"CREATE TABLE public.sneaked (id int)", "pg_class"},
    {"DROP TABLE public.sneaked", "pg_class"},
    {"SELECT nextval('public.ticket')", "public.ticket"},
    {"SELECT setval('public.ticket', 1, false)", "public.ticket"},
    {"SELECT nextval('public.\"odd \"\"name\"')", "odd"},
    {"SELECT lo_create(4712)", "pg_largeobject_metadata"},
    {"SELECT lo_put(4711, 0, 'bytes')", "pg_largeobject"},
    {"SELECT lo_unlink(4711)", "pg_largeobject"},
    {"ALTER TABLE public.orders ADD COLUMN more int", "pg_attribute"},
    {"COMMENT ON TABLE public.orders IS 'hello'", "pg_description"},
    {"GRANT SELECT ON public.fast TO app", "pg_class"},
    {"INSERT INTO public.parts VALUES (1)", "public.part_1"},
    {"INSERT INTO public.wide VALUES (0, ARRAY[repeat('z', 10)])", "public.wide"},
    {"CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "pg_proc"},
    {"CREATE TEMP TABLE passing (id int)", "pg_class"},
    {"REFRESH MATERIALIZED VIEW public.totals", "public.totals"},
    {"REFRESH MATERIALIZED VIEW public.totals WITH NO DATA", "pg_class"},
    {"REFRESH MATERIALIZED VIEW public.totals", "pg_class"},
    /* What leaves every definition as it was, and not what is in the tables. */
    {"CLUSTER public.orders USING orders_pkey", "public.orders: rewritten"},
    {"ALTER TABLE public.twin_a DROP COLUMN x, ADD COLUMN x int", "pg_attribute"},
    {"BEGIN; ALTER TABLE public.twin_a RENAME x TO z; ALTER TABLE public.twin_a RENAME y TO x;"
     "ALTER TABLE public.twin_a RENAME z TO y; COMMIT",
     "pg_attribute"},
    {"BEGIN; ALTER TABLE public.twin_a RENAME TO twin_c; ALTER TABLE public.twin_b RENAME TO twin_a;"
     "ALTER TABLE public.twin_c RENAME TO twin_b; COMMIT",
     "pg_class"},
};

/* What nothing but the rows of the tables that were rewritten shows, or what cannot be read again. */
static const struct write shown_by_rows[] = {
    {"TRUNCATE public.fast", "pg_class"},
    {"TRUNCATE public.fast", "public.fast: rewritten"},
    {"ALTER TABLE public.fast ALTER id TYPE int USING id + 1", "pg_"},
};

static void find_out(const struct write *write, bool same)
{
    struct asked asked = {.answer = same ? ROWS_SAME : ROWS_OTHERS};
    cutover_error *error = NULL;
    char all[8192];

    check_verdicts(write->sql, prove_around(write->sql, &asked, &error), all_failed);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    snprintf(all, sizeof(all), "%s\n%s", cutover_error_message(error), cutover_error_detail(error));
    check_contains(all, write->named);
    cutover_error_free(error);
}

static void every_kind_of_write_behind_the_fence_is_found_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
        find_out(&writes[i], true);
    for (size_t i = 0; i < sizeof(shown_by_rows) / sizeof(shown_by_rows[0]); i++)
        find_out(&shown_by_rows[i], false);
}

/* COPY needs the protocol, and so stands apart. */
static void copy_behind_the_fence_is_found_out(void **state)
{
    struct fence_mark before = {0}, after = {0};
    struct session *inside = open_session("shop");
    cutover_error *error = NULL;
    PGconn *connection = cluster_connect(cluster, "shop");

    (void)state;
    check_ok(fence_mark_read(inside, &before, &error), error);
    PQclear(PQexec(connection, "COPY public.fast FROM STDIN"));
    assert_int_equal(PQputCopyData(connection, "5\n", 2), 1);
    assert_int_equal(PQputCopyEnd(connection, NULL), 1);
    PQclear(PQgetResult(connection));
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, false, TIMEOUT_MS, NULL, &error), error);
    check_ok(fence_mark_read(inside, &after, &error), error);
    check_status(fence_prove(&fence_of_production, &before, &after, NULL, &error), CUTOVER_E_VERIFY, error);
    fence_mark_free(&before);
    fence_mark_free(&after);
    session_close(inside);
    PQfinish(connection);
}

static void a_two_phase_commit_behind_the_fence_is_found_out(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "shop", "BEGIN; INSERT INTO public.fast VALUES (8); PREPARE TRANSACTION 'old'");
    struct asked asked = {.answer = ROWS_SAME};
    check_verdicts("COMMIT PREPARED", prove_around("COMMIT PREPARED 'old'", &asked, &error), all_failed);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_message(error), "public.fast");
    cutover_error_free(error);
}

/* A session that is still connected, idle, when the door closes: its counters come with its end. */
static void a_write_whose_session_is_ended_by_the_door_is_found_out(void **state)
{
    struct fence_mark before = {0}, after = {0};
    struct json_object *plan = plan_and_raise(NULL);
    struct session *inside = open_session("shop");
    PGconn *evader = cluster_connect(cluster, "shop");
    cutover_error *error = NULL;

    (void)state;
    check_ok(fence_mark_read(inside, &before, &error), error);
    PQclear(PQexec(evader, EVADE));
    PQclear(PQexec(evader, "INSERT INTO public.fast VALUES (9)"));
    check_ok(door_close(control, "shop", &error), error);
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, false, TIMEOUT_MS, NULL, &error), error);
    check_ok(fence_mark_read(inside, &after, &error), error);
    check_status_keep(fence_prove(&fence_of_production, &before, &after, inside, &error), CUTOVER_E_VERIFY,
                      error);
    check_contains(cutover_error_detail(error), "public.fast: 1 inserted");
    cutover_error_free(error);
    error = NULL;
    check_ok(door_open(control, "shop", &error), error);
    PQfinish(evader);
    session_close(inside);
    fence_mark_free(&before);
    fence_mark_free(&after);
    lift(plan);
}

/* ANALYZE stores big values in the toast table of pg_statistic: that is no write either. */
static const char *const harmless[] = {
    "SELECT count(*) FROM public.orders JOIN public.wide USING (id)",
    "ANALYZE",
    "VACUUM",
    "VACUUM (ANALYZE, FREEZE) public.wide",
    "BEGIN; LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE; SELECT 1; COMMIT",
    "SELECT last_value FROM public.ticket",
    "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT * FROM public.wide ORDER BY words; FETCH 1 FROM c; COMMIT",
    "SELECT pg_stat_reset_shared('bgwriter')",
    "REINDEX TABLE public.orders",
    "REINDEX INDEX CONCURRENTLY public.orders_pkey",
    "REINDEX SYSTEM shop",
    "ANALYZE public.parent",
};

/* As clients may behind the fence, without evading it. */
static void maintenance_needs_no_evasion(void **state)
{
    struct json_object *plan = plan_and_raise(NULL);

    (void)state;
    check_client("postgres", NULL, "REINDEX TABLE public.orders", "");
    check_client("postgres", NULL, "VACUUM FULL public.wide", "");
    lift(plan);
}

static void what_is_no_write_stays_equal(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop", "ALTER TABLE public.wide ALTER words SET STATISTICS 10000; ANALYZE");
    assert_true(cluster_number(cluster, "shop",
                               "SELECT pg_stat_get_tuples_inserted(reltoastrelid) FROM pg_class"
                               " WHERE relname = 'pg_statistic'") > 0);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        struct asked asked = {.answer = ROWS_SAME};
        cutover_error *error = NULL;
        check_verdicts(harmless[i], prove_around(harmless[i], &asked, &error), all_equal);
        assert_int_equal(asked.count, 0);
    }
}

/* What gives tables other files: no write where their rows are what they were, and who asks is told whose. */
static const struct {
    const char *sql;
    int since; /* server version */
    const char *table;
} rewrites[] = {
    {"VACUUM FULL public.wide", 0, "public.wide"},
    {"CLUSTER public.orders", 0, "public.orders"},
    {"CLUSTER", 0, "public.orders"},
    {"TRUNCATE public.fast", 0, "public.fast"},
    {"ALTER TABLE public.twin_a ALTER y TYPE int USING y + 1", 0, "public.twin_a"},
    {"VACUUM FULL public.part_1, public.child, public.wide", 0, "public.part_1"},
    {"VACUUM FULL pg_catalog.pg_largeobject", 0, "pg_catalog.pg_largeobject"},
    {"VACUUM FULL pg_catalog.pg_class, pg_catalog.pg_proc", 0, NULL},
    {"REPACK public.wide", 190000, "public.wide"},
    {"REPACK public.orders USING INDEX", 190000, "public.orders"},
    {"REPACK (CONCURRENTLY) public.orders", 190000, "public.orders"},
    {"REPACK (CONCURRENTLY, ANALYZE) public.stored", 190000, "public.stored"},
    {"REPACK public.parts", 190000, "public.part_1"},
};

static bool was_asked(const struct asked *asked, const char *table)
{
    char sql[128];

    snprintf(sql, sizeof sql, "SELECT '%s'::regclass::oid", table);
    uint32_t wanted = (uint32_t)cluster_number(cluster, "shop", sql);
    for (size_t i = 0; i < asked->count && i < 16; i++)
        if (asked->tables[i] == wanted)
            return true;
    return false;
}

static void a_rewrite_is_no_write_where_the_rows_are_what_they_were(void **state)
{
    (void)state;
    cluster_sql(
        cluster, "shop",
        "ALTER TABLE orders CLUSTER ON orders_pkey;"
        "CREATE TABLE stored (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        "  twice int GENERATED ALWAYS AS (id) STORED, word text DEFAULT 'a' NOT NULL CHECK (word <> ''),"
        "  body text, UNIQUE (word, id)); ALTER TABLE stored ALTER body SET STORAGE EXTERNAL;"
        "CREATE INDEX ON stored (lower(word)) WHERE id > 3; COMMENT ON TABLE stored IS 'commented';"
        "INSERT INTO stored (body) SELECT repeat(md5(n::text), 200) FROM generate_series(1, 50) n");
    for (size_t i = 0; i < sizeof rewrites / sizeof *rewrites; i++) {
        struct asked asked = {.answer = ROWS_SAME}, refused = {.answer = ROWS_OTHERS};
        const char *sql = rewrites[i].sql, *table = rewrites[i].table;
        cutover_error *error = NULL;
        if (control->server_version < rewrites[i].since)
            continue;
        check_verdicts(sql, prove_around(sql, &asked, &error), table != NULL ? equal_when_followed : all_equal);
        assert_int_equal(asked.count > 0, table != NULL);
        if (table == NULL)
            continue;
        assert_true(was_asked(&asked, table));
        /* And a write where they are not. */
        check_verdicts(sql, prove_around(sql, &refused, &error), all_failed);
        cutover_error_free(error);
    }
}

/* Each has a toast table that gets another file, too. */
static void a_rewrite_of_very_many_tables_is_no_write(void **state)
{
    struct asked asked = {.answer = ROWS_SAME};
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(
        cluster, "shop",
        "DO $$BEGIN FOR n IN 1..60 LOOP EXECUTE format('CREATE TABLE public.one_of_many_%s (word text)', n);"
        " END LOOP; END$$");
    check_verdicts("VACUUM FULL", prove_around("VACUUM FULL", &asked, &error), equal_when_followed);
    assert_in_range(asked.count, 61, 100);
    cluster_sql(cluster, "shop",
                "DO $$BEGIN FOR n IN 1..60 LOOP EXECUTE format('DROP TABLE public.one_of_many_%s', n);"
                " END LOOP; END$$");
}

/* ---- a look while somebody is still inside ---- */

static const char rows_sql[] = "SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM ONLY public.orders o";

/* What public.orders had, for a look that really reads it. */
static cutover_status rows_read(void *context, const uint32_t *tables, size_t count, bool *same,
                                cutover_error **error)
{
    const char *had = context;
    char *has = cluster_value(cluster, "shop", rows_sql);

    (void)error;
    assert_int_equal(count, 1);
    assert_int_equal(tables[0], cluster_number(cluster, "shop", "SELECT 'public.orders'::regclass::oid"));
    *same = strcmp(had, has) == 0;
    free(has);
    return CUTOVER_OK;
}

/* A client that commits, and has not ended the statement since: what it did is not counted before that. */
static PGconn *commit_and_stay(const char *sql)
{
    static const char sleeping[] = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    PGconn *client = cluster_connect(cluster, "shop");
    char block[500];

    PQclear(PQexec(client, EVADE));
    snprintf(block, sizeof block, "DO $$BEGIN %s; COMMIT; PERFORM pg_sleep(600); END$$", sql);
    assert_int_equal(PQsendQuery(client, block), 1);
    for (int tries = 0; tries < 600 && cluster_number(cluster, "postgres", sleeping) == 0; tries++)
        usleep(20000);
    assert_int_equal(cluster_number(cluster, "postgres", sleeping), 1);
    return client;
}

/* Told with the door open, by the rows and not by counters; and behind the door, when the session is gone and has counted. */
static void check_uncounted(const char *sql, cutover_status early)
{
    struct fence_mark before = {0}, after = {0};
    struct json_object *plan = plan_and_raise(NULL);
    struct session *inside = open_session("shop");
    char *had = cluster_value(cluster, "shop", rows_sql);
    const struct fence_rows rows = {rows_read, had};
    cutover_error *error = NULL;

    check_ok(fence_mark_read_all(inside, &before, &error), error);
    PGconn *client = commit_and_stay(sql);
    check_status_keep(fence_follow(&fence_of_production, &before, inside, &rows, &error), early, error);
    if (early == CUTOVER_E_VERIFY) {
        assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
        check_contains(cutover_error_message(error), "public.orders");
        check_contains(cutover_error_detail(error), "public.orders: rewritten");
    }
    cutover_error_free(error);
    error = NULL;
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, true, TIMEOUT_MS, NULL, &error), error);
    check_ok(fence_mark_read(inside, &after, &error), error);
    check_status(fence_prove(&fence_of_production, &before, &after, inside, &error), early, error);
    PQfinish(client);
    session_close(inside);
    fence_mark_free(&before);
    fence_mark_free(&after);
    free(had);
    lift(plan);
}

static void what_is_not_counted_yet_is_seen_by_its_files(void **state)
{
    (void)state;
    cluster_sql(cluster, "shop", "ALTER TABLE public.orders CLUSTER ON orders_pkey");
    check_uncounted("CLUSTER public.orders", CUTOVER_OK);
    check_uncounted("UPDATE public.orders SET note = 'z' WHERE id = 3; CLUSTER public.orders",
                    CUTOVER_E_VERIFY);
}

/* A materialised view's rows are its query's: nobody asks for them. */
static void a_rewritten_materialised_view_is_no_write(void **state)
{
    static const char *const statements[] = {
        "VACUUM FULL public.lines", "CLUSTER public.lines USING lines_word_idx", "REPACK public.lines"};

    (void)state;
    cluster_sql(
        cluster, "shop",
        "CREATE MATERIALIZED VIEW lines AS SELECT repeat(md5(n::text), 200) AS body, n::text AS word"
        " FROM generate_series(1, 9) n;"
        "CREATE INDEX lines_word_idx ON lines (word); ALTER MATERIALIZED VIEW lines CLUSTER ON lines_word_idx");
    for (int i = 0; i < (control->server_version < 190000 ? 2 : 3); i++) {
        struct asked asked = {.answer = ROWS_OTHERS};
        cutover_error *error = NULL;
        check_verdicts(statements[i], prove_around(statements[i], &asked, &error), equal_when_followed);
        assert_int_equal(asked.count, 0);
        cutover_error_free(error);
    }
    struct asked asked = {.answer = ROWS_SAME};
    cutover_error *error = NULL;
    check_verdicts("both", prove_around("VACUUM FULL public.lines, public.wide", &asked, &error),
                   equal_when_followed);
    assert_int_equal(asked.count, 1);
    assert_true(was_asked(&asked, "public.wide"));
    cluster_sql(cluster, "shop", "DROP MATERIALIZED VIEW lines");
}

/* As of an extension's table: there are no rows of before. */
static void rows_that_cannot_be_told_are_no_write(void **state)
{
    struct asked asked = {.answer = ROWS_UNKNOWN};
    const struct fence_rows rows = {rows_answer, &asked};
    struct fence_mark before = {0};
    struct session *inside = open_session("shop");
    cutover_error *error = NULL;

    (void)state;
    check_ok(fence_mark_read_all(inside, &before, &error), error);
    cluster_sql(cluster, "shop", "VACUUM FULL public.wide");
    check_status_keep(fence_follow(&fence_of_production, &before, inside, &rows, &error), CUTOVER_E_VERIFY,
                      error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    assert_string_equal(cutover_error_message(error), "nobody knows the rows of before");
    check_contains(cutover_error_detail(error), "public.wide: rewritten");
    cutover_error_free(error);
    fence_mark_free(&before);
    session_close(inside);
}

static void autovacuum_between_the_marks_stays_equal(void **state)
{
    static const char RUNS[] = "SELECT sum(autovacuum_count) + sum(autoanalyze_count) FROM pg_stat_all_tables "
                               "WHERE schemaname = 'public'";
    struct fence_mark before = {0}, after = {0};
    struct session *inside = open_session("shop");
    cutover_error *error = NULL;
    long runs;

    (void)state;
    cluster_sql(cluster, "shop",
                "CREATE TABLE busy AS SELECT n AS id, ARRAY(SELECT md5(n::text || m) FROM generate_series(1, "
                "20) m) AS words"
                " FROM generate_series(1, 5000) n;"
                "ALTER TABLE busy ALTER words SET STATISTICS 1000; DELETE FROM busy WHERE id > 2000");
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, true, TIMEOUT_MS, NULL, &error), error);
    check_ok(fence_mark_read(inside, &before, &error), error);
    runs = cluster_number(cluster, "shop", RUNS);
    for (int tries = 0; tries < 600 && cluster_number(cluster, "shop", RUNS) == runs; tries++)
        usleep(100000);
    assert_true(cluster_number(cluster, "shop", RUNS) > runs);
    check_ok(door_empty(control, oid, &inside->backend_pid, 1, false, TIMEOUT_MS, NULL, &error), error);
    check_ok(fence_mark_read(inside, &after, &error), error);
    check_ok(fence_prove(&fence_of_production, &before, &after, inside, &error), error);
    fence_mark_free(&before);
    fence_mark_free(&after);
    session_close(inside);
}

static void reset_counters_cannot_tell(void **state)
{
    struct asked asked = {.answer = ROWS_SAME};
    cutover_error *error = NULL;

    (void)state;
    check_verdicts("reset", prove_around("SELECT pg_stat_reset()", &asked, &error), all_failed);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    cutover_error_free(error);
    error = NULL;
    check_verdicts(
        "reset of one",
        prove_around("SELECT pg_stat_reset_single_table_counters('public.orders'::regclass)", &asked, &error),
        all_failed);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    cutover_error_free(error);
}

static void without_track_counts_no_mark_is_made(void **state)
{
    struct fence_mark mark = {0};
    struct session *inside;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop SET track_counts = off");
    inside = open_session("shop");
    check_status_keep(fence_mark_read(inside, &mark, &error), CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    cutover_error_free(error);
    session_close(inside);
    cluster_sql(cluster, "postgres", "ALTER DATABASE shop RESET track_counts");
}

/* More sequences than one statement reads; the last of them moves. */
static void a_sequence_among_very_many_is_found_out(void **state)
{
    struct asked asked = {.answer = ROWS_SAME};
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "shop",
                "DO $$BEGIN FOR n IN 1..1100 LOOP EXECUTE format('CREATE SEQUENCE public.many_%s', n); END "
                "LOOP; END$$");
    check_verdicts("nextval", prove_around("SELECT nextval('public.many_1100')", &asked, &error), all_failed);
    check_contains(cutover_error_message(error), "public.many_1100");
    check_contains(cutover_error_detail(error), "from 1 (not called) to 1");
    cutover_error_free(error);
    error = NULL;
    check_verdicts("SELECT", prove_around("SELECT 1", &asked, &error), all_equal);
}

/* The statistics are discarded in a crash, and the postmaster goes on. Keep these two at the end. */
static void a_crashed_backend_between_the_marks_cannot_tell(void **state)
{
    struct fence_mark before = {0}, after = {0};
    struct session *inside = open_session("shop");
    cutover_error *error = NULL;
    PGconn *victim = cluster_connect(cluster, "postgres");
    char command[64];

    (void)state;
    check_ok(fence_mark_read(inside, &before, &error), error);
    snprintf(command, sizeof(command), "COPY (SELECT 1) TO PROGRAM 'kill -9 %d'", PQbackendPID(victim));
    PQclear(PQexec(victim, command));
    while (PQping(cluster_conninfo(cluster, "shop")) != PQPING_OK || PQstatus(victim) == CONNECTION_BAD) {
        usleep(20000);
        PQreset(victim);
    }
    session_close(inside);
    inside = open_session("shop");
    check_ok(fence_mark_read(inside, &after, &error), error);
    assert_string_not_equal(before.server_started, after.server_started);
    check_status_keep(fence_prove(&fence_of_production, &before, &after, inside, &error), CUTOVER_E_VERIFY,
                      error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    cutover_error_free(error);
    fence_mark_free(&before);
    fence_mark_free(&after);
    session_close(inside);
    PQfinish(victim);
}

static void a_restart_between_the_marks_cannot_tell(void **state)
{
    struct fence_mark before = {0}, after = {0};
    struct session *inside = open_session("shop");
    cutover_error *error = NULL;

    (void)state;
    check_ok(fence_mark_read(inside, &before, &error), error);
    session_close(inside);
    cluster_restart(cluster, "fast");
    inside = open_session("shop");
    check_ok(fence_mark_read(inside, &after, &error), error);
    check_status_keep(fence_prove(&fence_of_production, &before, &after, inside, &error), CUTOVER_E_VERIFY,
                      error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    cutover_error_free(error);
    fence_mark_free(&before);
    fence_mark_free(&after);
    session_close(inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_are_refused_at_once_and_reads_go_on),
        cmocka_unit_test(sessions_from_before_are_ended),
        cmocka_unit_test(a_role_with_a_setting_of_its_own_is_fenced_too),
        cmocka_unit_test(lifting_puts_back_exactly_what_was_there),
        cmocka_unit_test(lifting_ends_the_sessions_that_began_read_only_but_ours),
        cmocka_unit_test(lifting_leaves_those_whom_we_may_not_end),
        cmocka_unit_test(lifting_survives_a_role_that_was_dropped_or_renamed),
        cmocka_unit_test(the_fence_is_not_raised_on_another_database_of_that_name),
        cmocka_unit_test(every_kind_of_write_behind_the_fence_is_found_out),
        cmocka_unit_test(copy_behind_the_fence_is_found_out),
        cmocka_unit_test(a_two_phase_commit_behind_the_fence_is_found_out),
        cmocka_unit_test(a_write_whose_session_is_ended_by_the_door_is_found_out),
        cmocka_unit_test(what_is_no_write_stays_equal),
        cmocka_unit_test(a_rewrite_is_no_write_where_the_rows_are_what_they_were),
        cmocka_unit_test(maintenance_needs_no_evasion),
        cmocka_unit_test(a_rewrite_of_very_many_tables_is_no_write),
        cmocka_unit_test(what_is_not_counted_yet_is_seen_by_its_files),
        cmocka_unit_test(a_rewritten_materialised_view_is_no_write),
        cmocka_unit_test(rows_that_cannot_be_told_are_no_write),
        cmocka_unit_test(autovacuum_between_the_marks_stays_equal),
        cmocka_unit_test(reset_counters_cannot_tell),
        cmocka_unit_test(without_track_counts_no_mark_is_made),
        cmocka_unit_test(a_sequence_among_very_many_is_found_out),
        cmocka_unit_test(a_crashed_backend_between_the_marks_cannot_tell),
        cmocka_unit_test(a_restart_between_the_marks_cannot_tell),
    };

    return cmocka_run_group_tests_name("fence", tests, set_up, tear_down);
}
