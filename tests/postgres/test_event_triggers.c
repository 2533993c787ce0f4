#include "support/ways_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Event triggers fire with the rights of whoever's command it is: none does for a command of ours, in whatever a job makes, and
   they arrive as they were (P11). */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    cluster_sql(cluster, "postgres",
                "CREATE ROLE tenant; CREATE ROLE guard SUPERUSER LOGIN;"
                "CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader");
    return 0;
}

/* What a job has to do where event triggers are: every one of these is a command after which, or in which, they would fire. */
static const char content_sql[] =
    "CREATE TABLE people (id int PRIMARY KEY, name text CHECK (name <> ''));"
    "INSERT INTO people SELECT g, 'person ' || g FROM generate_series(1, 50) g;"
    "CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people, paid numeric);"
    "INSERT INTO orders SELECT g, 1 + g % 50, g FROM generate_series(1, 80) g;"
    "CREATE INDEX ON orders (person);"
    "CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);"
    "CREATE TABLE parts_26 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
    "CREATE INDEX ON parts (id);"
    "CREATE MATERIALIZED VIEW totals AS SELECT person, sum(paid) FROM orders GROUP BY 1;"
    "CREATE INDEX ON totals (person);"
    "COMMENT ON EXTENSION plpgsql IS 'our own';"
    "CREATE EXTENSION citext; COMMENT ON EXTENSION citext IS 'ours as well';"
    "ALTER TABLE people OWNER TO tenant;";

/* The probe does nothing but say who it ran as. The triggers are the superuser's, since only one can make them; what they run is
   the tenant's. */
static const char triggers_sql[] =
    "CREATE SCHEMA probe AUTHORIZATION tenant;"
    "CREATE FUNCTION probe.told() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  RAISE EXCEPTION 'the probe ran as % at % of %', session_user, tg_event, tg_tag; END $$;"
    "ALTER FUNCTION probe.told() OWNER TO tenant;"
    "CREATE EVENT TRIGGER at_rewrite ON table_rewrite EXECUTE FUNCTION probe.told();"
    "CREATE EVENT TRIGGER at_drop ON sql_drop EXECUTE FUNCTION probe.told();"
    "CREATE EVENT TRIGGER at_off ON ddl_command_end EXECUTE FUNCTION probe.told();"
    "ALTER EVENT TRIGGER at_off DISABLE;"
    "CREATE EVENT TRIGGER at_replica ON ddl_command_end EXECUTE FUNCTION probe.told();"
    "ALTER EVENT TRIGGER at_replica ENABLE REPLICA;"
    "CREATE EVENT TRIGGER at_always ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'COMMENT')"
    " EXECUTE FUNCTION probe.told();"
    "ALTER EVENT TRIGGER at_always ENABLE ALWAYS;"
    "CREATE EVENT TRIGGER at_end ON ddl_command_end EXECUTE FUNCTION probe.told();"
    "CREATE EVENT TRIGGER at_start ON ddl_command_start EXECUTE FUNCTION probe.told();"
    "COMMENT ON EVENT TRIGGER at_start IS 'says who it ran as';"
    "ALTER EVENT TRIGGER at_start OWNER TO guard;";

static const char facts_sql[] = "SELECT string_agg(concat_ws(' ', evtname, evtevent, evtenabled, evttags, "
                                "evtowner::regrole, evtfoid::regproc,"
                                "  proowner::regrole, obj_description(e.oid)), E'\\n' ORDER BY evtname)"
                                " FROM pg_event_trigger e JOIN pg_proc p ON p.oid = evtfoid";

static const char facts[] =
    "at_always ddl_command_end A {\"CREATE TABLE\",COMMENT} postgres probe.told tenant\n"
    "at_drop sql_drop O postgres probe.told tenant\n"
    "at_end ddl_command_end O postgres probe.told tenant\n"
    "at_off ddl_command_end D postgres probe.told tenant\n"
    "at_replica ddl_command_end R postgres probe.told tenant\n"
    "at_rewrite table_rewrite O postgres probe.told tenant\n"
    "at_start ddl_command_start O guard probe.told tenant says who it ran as";

static void make(const char *name)
{
    shop_database(cluster, name, content_sql);
    cluster_sql(cluster, name, triggers_sql);
}

/* They are there as they were, and do fire, for others; so is what their presence was no reason to leave out. */
static void check_arrived(const char *database)
{
    char *found = cluster_value(cluster, database, facts_sql);
    PGconn *connection = cluster_connect(cluster, database);
    PGresult *result = PQexec(connection, "CREATE TABLE more ()");

    check_same_text(found, facts);
    check_contains(PQresultErrorMessage(result),
                   "the probe ran as postgres at ddl_command_start of CREATE TABLE");
    PQclear(result);
    PQfinish(connection);
    free(found);
    assert_int_equal(cluster_number(cluster, database, "SELECT count(*) FROM totals"), 50);
    assert_int_equal(cluster_number(cluster, database,
                                    "SELECT count(*) FROM pg_extension WHERE extname = 'citext'"
                                    " AND obj_description(oid) = 'ours as well'"),
                     1);
}

/* A promotion brings them into production; then production has them, and its backup, which is restored to be verified. */
static void they_do_not_fire_in_a_promotion_and_arrive_as_they_were(void **state)
{
    struct shop *shop = *state;

    shop_database(cluster, "to", "CREATE TABLE old ()");
    make("from");
    shop_project(shop, "shop", cluster_conninfo(cluster, "to"));
    for (int round = 0; round < 2; round++) {
        shop_preview(shop, round == 0 ? "first" : "second", "shop", cluster_conninfo(cluster, "from"), 0);
        char *request = shop_acked(shop, "shop", round == 0 ? "first" : "second");
        struct outcome outcome = shop_promote_ok(
            shop, &(struct shop_promotion){.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE});
        check_arrived("to");
        assert_int_equal(cluster_number(cluster, "to",
                                        "SELECT count(*) FROM pg_extension WHERE extname = 'plpgsql'"
                                        " AND obj_description(oid) = 'our own'"),
                         1);
        outcome_free(&outcome);
        free(request);
    }
}

static void they_do_not_fire_in_a_restore(void **state)
{
    struct shop *shop = *state;

    make("kept");
    cluster_create_database(cluster, "empty");
    shop_project(shop, "shop", cluster_conninfo(cluster, "kept"));
    shop_preview(shop, "next", "shop", cluster_conninfo(cluster, "empty"), 0);
    char *backup = backup_taken(shop, "shop");
    struct outcome into = shop_restore(shop, &(struct shop_restore){.backup_id = backup, .preview_id = "next"});
    check_status_keep(into.status, CUTOVER_OK, into.error);
    check_arrived("empty");
    struct outcome over =
        shop_restore(shop, &(struct shop_restore){.backup_id = backup, .project_id = "shop", .confirm = true});
    check_status_keep(over.status, CUTOVER_OK, over.error);
    check_arrived("kept");
    outcome_free(&over);
    outcome_free(&into);
    free(backup);
}

/* Of 17 and later: it fires at each connection, and refuses ours. */
static const char login_sql[] =
    "CREATE FUNCTION probe.entered() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  IF current_setting('application_name') = 'libcutover' THEN"
    "    RAISE EXCEPTION 'the probe ran as % at login', session_user; END IF; END $$;"
    "ALTER FUNCTION probe.entered() OWNER TO tenant;"
    "CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION probe.entered();"
    "ALTER EVENT TRIGGER at_login ENABLE ALWAYS";

static bool has_login_triggers(void)
{
    return cluster_number(cluster, "postgres", "SHOW server_version_num") >= 170000;
}

static void make_entrance(const char *name, const char *content)
{
    shop_database(cluster, name, content);
    cluster_sql(cluster, name, "CREATE SCHEMA probe AUTHORIZATION tenant");
    if (has_login_triggers())
        cluster_sql(cluster, name, login_sql);
}

/* Every job's sessions: where none of them may be refused at the door, every one of them is seen. */
static void no_session_of_ours_runs_a_login_trigger(void **state)
{
    struct shop *shop = *state;

    make_entrance("doors_production",
                  "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('old')");
    make_entrance("doors_preview",
                  "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('new')");
    shop_project(shop, "doors", cluster_conninfo(cluster, "doors_production"));
    /* Another login than production's: what it may is not known before it is inside. */
    shop_preview(shop, "doors", "doors", cluster_conninfo_as(cluster, "doors_preview", "guard"), 0);
    char *backup = backup_taken(shop, "doors"), *request = shop_acked(shop, "doors", "doors");
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE});
    outcome_free(&outcome);
    outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));
    check_status_keep(outcome.status, CUTOVER_OK, outcome.error);
    outcome_free(&outcome);
    outcome =
        shop_restore(shop, &(struct shop_restore){.backup_id = backup, .project_id = "doors", .confirm = true});
    check_status_keep(outcome.status, CUTOVER_OK, outcome.error);
    outcome_free(&outcome);
    assert_int_equal(cluster_number(cluster, "doors_production",
                                    "SELECT count(*) FROM pg_event_trigger WHERE evtenabled = 'A'"),
                     has_login_triggers());
    free(backup);
    free(request);
}

/* Who may not switch them off is refused when he says so; then he does not. */
static void a_preview_is_read_by_who_may_not_switch_them_off(void **state)
{
    struct shop *shop = *state;

    shop_database(cluster, "plain", "CREATE TABLE old ()");
    shop_database(cluster, "plain_preview", "CREATE TABLE new (id int); INSERT INTO new VALUES (1)");
    shop_project(shop, "plain", cluster_conninfo(cluster, "plain"));
    shop_preview(shop, "plain", "plain", cluster_conninfo_as(cluster, "plain_preview", "reader"), 0);
    char *request = shop_acked(shop, "plain", "plain");
    struct outcome outcome = shop_promote_ok(shop, &(struct shop_promotion){.request_id = request});
    assert_int_equal(cluster_number(cluster, "plain", "SELECT count(*) FROM new"), 1);
    outcome_free(&outcome);
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

#define NOTE_LOGIN(first)                                                                                      \
    "CREATE OR REPLACE FUNCTION note_login() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN " first        \
    " INSERT INTO public.logins VALUES (session_user); END $$;"

static int a_client_comes(struct shop *shop, void *context)
{
    bool *came = context;

    (void)shop;
    cluster_sql(cluster, "noted_production", "SELECT 1");
    *came = true;
    return 0;
}

/* Behind the fence every login would fail that makes one write. On a server before 17 nobody's does. */
static void a_login_trigger_that_writes_is_found_before_the_fence(void **state)
{
    struct shop *shop = *state;
    bool came = false;
    const struct shop_hook hooks[] = {{"verify", a_client_comes, &came}, {NULL, NULL, NULL}};

    shop_database(cluster, "noted_production", "CREATE TABLE old ()");
    shop_database(cluster, "noted_preview", "CREATE TABLE new ()");
    shop_project(shop, "noted", cluster_conninfo(cluster, "noted_production"));
    shop_preview(shop, "noted", "noted", cluster_conninfo(cluster, "noted_preview"), 0);
    char *request = shop_acked(shop, "noted", "noted");
    if (has_login_triggers()) {
        cluster_sql(cluster, "noted_production",
                    "CREATE TABLE logins (who text);" NOTE_LOGIN(
                        "") "CREATE EVENT TRIGGER noted ON login EXECUTE FUNCTION note_login()");
        struct outcome refused = shop_promote(shop, &(struct shop_promotion){.request_id = request});
        check_status_keep(refused.status, CUTOVER_E_PREFLIGHT, refused.error);
        check_contains(cutover_error_detail(refused.error), "login triggers that seem to write");
        check_contains(cutover_error_detail(refused.error), "noted");
        outcome_free(&refused);
        cluster_sql(cluster, "noted_production",
                    NOTE_LOGIN("IF current_setting('transaction_read_only') = 'on' THEN RETURN; END IF;"));
    }
    struct outcome outcome =
        shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});
    assert_true(came);
    outcome_free(&outcome);
    free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(they_do_not_fire_in_a_promotion_and_arrive_as_they_were),
        TEST(they_do_not_fire_in_a_restore),
        TEST(no_session_of_ours_runs_a_login_trigger),
        TEST(a_login_trigger_that_writes_is_found_before_the_fence),
        TEST(a_preview_is_read_by_who_may_not_switch_them_off),
    };

    return cmocka_run_group_tests_name("event triggers", tests, start_cluster, NULL);
}
