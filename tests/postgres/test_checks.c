#include "support/session.h"
#include "support/shop.h"

#include "postgres/check_constraints.h"

#include <stdlib.h>
#include <string.h>

/* CHECK constraints whose functions read other tables: EDGE_CASES A5. */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    return 0;
}

static struct session *open_database(const char *database)
{
    return check_session(cluster_conninfo(cluster, database));
}

#define FUNCTIONS                                                                                              \
    "CREATE TABLE known (id int PRIMARY KEY);"                                                                 \
    "CREATE FUNCTION is_known(int) RETURNS boolean LANGUAGE sql STABLE"                                        \
    "  AS 'SELECT EXISTS (SELECT FROM public.known WHERE id = $1)';"

static const char constraints_query[] =
    "SELECT string_agg(concat_ws('|', conrelid::regclass, conname, pg_get_constraintdef(oid), conislocal,"
    "  coninhcount, convalidated, obj_description(oid, 'pg_constraint')), E'\\n' ORDER BY 1, conrelid, conname)"
    " FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace";

static void expect_constraints(const char *database, const char *expected)
{
    char *found = cluster_value(cluster, database, constraints_query);

    check_same_text(found, expected);
    free(found);
}

static void come_back_as_they_were(void **state)
{
    struct checks checks = {0};
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "kinds");
    cluster_sql(
        cluster, "kinds",
        FUNCTIONS
        "CREATE FUNCTION is_small(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 1000';"
        "CREATE FUNCTION moves(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN public.is_known($1); "
        "END';"
        "CREATE TABLE \"Odd \"\"One\" (\"a b\" int, CONSTRAINT \"k \"\"1\" CHECK (is_known(\"a b\")),"
        "  CONSTRAINT own CHECK (moves(\"a b\")) NO INHERIT);"
        "COMMENT ON CONSTRAINT \"k \"\"1\" ON \"Odd \"\"One\" IS 'it''s \"one\"';"
        "CREATE TABLE kept (a int CHECK (is_small(a)), at timestamptz CHECK (at <= now()), b int CHECK (b > "
        "0));"
        "CREATE TABLE parent (a int CONSTRAINT shared CHECK (is_known(a)), CONSTRAINT above CHECK (moves(a)));"
        "CREATE TABLE child (CONSTRAINT shared CHECK (is_known(a))) INHERITS (parent);"
        "CREATE TABLE grandchild (CONSTRAINT below CHECK (is_known(a))) INHERITS (child);"
        "COMMENT ON CONSTRAINT shared ON child IS 'of the child';"
        "CREATE TABLE parted (a int CONSTRAINT within CHECK (is_known(a))) PARTITION BY RANGE (a);"
        "CREATE TABLE part (a int CONSTRAINT within CHECK (is_known(a)));"
        "ALTER TABLE parted ATTACH PARTITION part FOR VALUES FROM (0) TO (100);");
    char *before = cluster_value(cluster, "kinds", constraints_query);
    struct session *session = open_database("kinds");
    check_ok(checks_set_aside(session, &checks, &error), error);
    expect_constraints("kinds", "kept|kept_a_check|CHECK (is_small(a))|t|0|t\n"
                                "kept|kept_at_check|CHECK ((at <= now()))|t|0|t\n"
                                "kept|kept_b_check|CHECK ((b > 0))|t|0|t");
    cluster_sql(cluster, "kinds", "INSERT INTO part VALUES (7); INSERT INTO grandchild VALUES (7)");
    cluster_sql(cluster, "kinds", "INSERT INTO known VALUES (7)");
    check_ok(checks_put_back(session, &checks, &error), error);
    expect_constraints("kinds", before);
    checks_free(&checks);
    session_close(session);
    free(before);
}

static void none_is_nothing(void **state)
{
    struct checks checks = {0};
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "none");
    cluster_sql(cluster, "none", "CREATE TABLE kept (b int CHECK (b > 0))");
    struct session *session = open_database("none");
    check_ok(checks_set_aside(session, &checks, &error), error);
    check_ok(checks_put_back(session, &checks, &error), error);
    expect_constraints("none", "kept|kept_b_check|CHECK ((b > 0))|t|0|t");
    checks_free(&checks);
    session_close(session);
}

static void rows_that_break_one_are_told(void **state)
{
    struct checks checks = {0};
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "broken");
    cluster_sql(cluster, "broken", FUNCTIONS "CREATE TABLE t (a int CONSTRAINT t_known CHECK (is_known(a)))");
    struct session *session = open_database("broken");
    check_ok(checks_set_aside(session, &checks, &error), error);
    cluster_sql(cluster, "broken", "INSERT INTO t VALUES (1)");
    check_status_keep(checks_put_back(session, &checks, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "t_known");
    check_contains(cutover_error_hint(error), "NOT VALID");
    cutover_error_free(error);
    checks_free(&checks);
    session_close(session);
}

/* The session has no search_path, as pg_restore's has none. */
static void function_that_leans_on_search_path_is_told(void **state)
{
    struct checks checks = {0};
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "leaning");
    cluster_sql(cluster, "leaning",
                "CREATE TABLE known (id int);"
                "CREATE FUNCTION leans(int) RETURNS boolean LANGUAGE plpgsql"
                "  AS 'BEGIN RETURN EXISTS (SELECT FROM known WHERE id = $1); END';"
                "CREATE TABLE t (a int CHECK (leans(a)))");
    struct session *session = open_database("leaning");
    check_ok(checks_set_aside(session, &checks, &error), error);
    cluster_sql(cluster, "leaning", "INSERT INTO known VALUES (1); INSERT INTO t VALUES (1)");
    check_status_keep(checks_put_back(session, &checks, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "known");
    check_contains(cutover_error_hint(error), "leans(integer)");
    check_contains(cutover_error_hint(error), "SET search_path");
    cutover_error_free(error);
    checks_free(&checks);
    session_close(session);
}

/* The table that needs the other one is the biggest, which goes first: by rows' own order every load would fail. */
#define ORDERS                                                                                                 \
    FUNCTIONS                                                                                                  \
    "CREATE TABLE aaa (id int PRIMARY KEY, k int CONSTRAINT in_known CHECK (is_known(k)), filler text);"       \
    "COMMENT ON CONSTRAINT in_known ON aaa IS 'somebody must know it';"                                        \
    "INSERT INTO known SELECT generate_series(1, 50);"                                                         \
    "INSERT INTO aaa SELECT g, 1 + g % 50, repeat('x', 100) FROM generate_series(1, 20000) g;"

static void expect_checked(const char *database)
{
    char *comment = cluster_value(cluster, database,
                                  "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint"
                                  " WHERE conname = 'in_known' AND convalidated");
    char *rows = cluster_value(cluster, database, "SELECT count(*) FROM aaa WHERE is_known(k)");

    assert_string_equal(comment, "somebody must know it");
    assert_string_equal(rows, "20000");
    free(comment);
    free(rows);
}

static void database_with_them_is_promoted(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "checks");

    cluster_sql(cluster, "checks_production", ORDERS);
    cluster_sql(cluster, "checks_preview", ORDERS);
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .jobs = 1, .verify = CUTOVER_VERIFY_RESTORE});
    assert_string_equal(outcome_text(&outcome, "backup_verification.verdict"), "equal");
    assert_string_equal(outcome_text(&outcome, "check.verdict"), "equal");
    expect_checked("checks_production");
    outcome_free(&outcome);
    free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_back_as_they_were),
        cmocka_unit_test(none_is_nothing),
        cmocka_unit_test(rows_that_break_one_are_told),
        cmocka_unit_test(function_that_leans_on_search_path_is_told),
        cmocka_unit_test_setup_teardown(database_with_them_is_promoted, shop_setup, shop_teardown),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
