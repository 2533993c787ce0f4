#include "support/held.h"
#include "support/session.h"

#include "postgres/catalog/facts.h"
#include "postgres/properties.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an administrator changes of production while a job runs is kept, or the job ends without a swap: nothing of it is lost
   (docs/operations.md has the list). */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("wal_level = logical\nallow_in_place_tablespaces = on\n");
    cluster_sql(cluster, "postgres",
                "CREATE ROLE admin_owner; CREATE ROLE admin_reader; CREATE ROLE admin_lender");
    cluster_sql(cluster, "postgres", "CREATE TABLESPACE elsewhere LOCATION ''");
    shop_use(cluster);
    return 0;
}

static const char production_sql[] =
    "CREATE TABLE shelf (id serial PRIMARY KEY, label text, room int DEFAULT 1); INSERT INTO shelf (label) "
    "VALUES ('a');"
    "CREATE TABLE long_shelf () INHERITS (shelf); CREATE TABLE part (k int) PARTITION BY LIST (k);"
    "CREATE TYPE mood AS ENUM ('good'); CREATE DOMAIN short AS text; CREATE VIEW seen AS SELECT 1 AS one;"
    "CREATE TYPE pair AS (x int);"
    "CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM shelf;"
    "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA attic;"
    "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE FUNCTION hear() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    "CREATE EXTENSION pg_trgm; CREATE SEQUENCE counter;"
    "CREATE FOREIGN DATA WRAPPER wire; CREATE SERVER far FOREIGN DATA WRAPPER wire OPTIONS (host 'one');"
    "CREATE USER MAPPING FOR admin_reader SERVER far OPTIONS (word 'first')";

/* ---- what goes along to the new production ---- */

/* One transaction for all: each is looked for by itself. %s in both is production's name. */
static const struct kept {
    const char *sql, *look; /* of the control database; look: a text that is "t" */
} kept[] = {
    {"ALTER DATABASE %s SET work_mem = '9MB'",
     "SELECT 'work_mem=9MB' = ANY (s.setconfig) FROM pg_db_role_setting s WHERE setrole = 0 AND setdatabase ="},
    {"ALTER ROLE admin_reader IN DATABASE %s SET search_path = 'a b', c",
     "SELECT 'search_path=\"a b\", c' = ANY (s.setconfig) FROM pg_db_role_setting s"
     " WHERE setrole = 'admin_reader'::regrole AND setdatabase ="},
    {"ALTER DATABASE %s RESET lock_timeout", "SELECT NOT EXISTS (SELECT FROM unnest(s.setconfig) c WHERE c "
                                             "LIKE 'lock_timeout=%') FROM pg_db_role_setting s"
                                             " WHERE setrole = 0 AND setdatabase ="},
    {"GRANT TEMPORARY ON DATABASE %s TO admin_reader",
     "SELECT bool_or(grantee = 'admin_reader'::regrole AND privilege_type = 'TEMPORARY' AND NOT is_grantable)"
     " FROM pg_database d, aclexplode(datacl) WHERE d.oid ="},
    {"GRANT CREATE ON DATABASE %s TO admin_lender WITH GRANT OPTION; SET ROLE admin_lender;"
     "GRANT CREATE ON DATABASE %s TO admin_reader; RESET ROLE",
     "SELECT bool_or(grantee = 'admin_reader'::regrole AND grantor = 'admin_lender'::regrole)"
     " FROM pg_database d, aclexplode(datacl) WHERE d.oid ="},
    {"REVOKE CONNECT ON DATABASE %s FROM PUBLIC",
     "SELECT NOT bool_or(grantee = 0 AND privilege_type = 'CONNECT') FROM pg_database d, aclexplode(datacl) "
     "WHERE d.oid ="},
    {"ALTER DATABASE %s OWNER TO admin_owner",
     "SELECT datdba = 'admin_owner'::regrole FROM pg_database d WHERE d.oid ="},
    {"ALTER DATABASE %s CONNECTION LIMIT 44", "SELECT datconnlimit = 44 FROM pg_database d WHERE d.oid ="},
    {"ALTER DATABASE %s IS_TEMPLATE true", "SELECT datistemplate FROM pg_database d WHERE d.oid ="},
    {"COMMENT ON DATABASE %s IS 'changed late'",
     "SELECT shobj_description(d.oid, 'pg_database') = 'changed late' FROM pg_database d WHERE d.oid ="},
    {"ALTER DATABASE %s SET default_transaction_read_only = off",
     "SELECT 'default_transaction_read_only=off' = ANY (s.setconfig) FROM pg_db_role_setting s"
     " WHERE setrole = 0 AND setdatabase ="},
    {"ALTER ROLE admin_lender IN DATABASE %s SET default_transaction_read_only = on",
     "SELECT 'default_transaction_read_only=on' = ANY (s.setconfig) FROM pg_db_role_setting s"
     " WHERE setrole = 'admin_lender'::regrole AND setdatabase ="},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Statements of the control database, with production's name in the place of each %s. */
static void run_for(const char *sql, const char *name)
{
    char *made = shop_format("%s", "");

    for (const char *at = sql; *at != '\0';) {
        const char *mark = strstr(at, "%s");
        size_t length = mark != NULL ? (size_t)(mark - at) : strlen(at);
        char *longer = shop_format("%s%.*s%s", made, (int)length, at, mark != NULL ? name : "");
        free(made);
        made = longer;
        at += length + (mark != NULL ? 2 : 0);
    }
    cluster_sql(cluster, "postgres", made);
    free(made);
}

static void administer(struct shop *shop, struct while_held *held)
{
    (void)shop;
    for (size_t i = 0; i < COUNT(kept); i++)
        run_for(kept[i].sql, held->name);
}

static void check_kept(const char *name)
{
    for (size_t i = 0; i < COUNT(kept); i++) {
        char *sql = shop_format("%s (SELECT oid FROM pg_database WHERE datname = '%s')", kept[i].look, name);
        char *there = cluster_value(cluster, "postgres", sql);
        if (strcmp(there, "t") != 0)
            fail_msg("lost: %s (%s: %s)", kept[i].sql, sql, there);
        free(there);
        free(sql);
    }
}

static void kept_under(struct shop *shop, const char *id, cutover_fence fence)
{
    char *request = shop_ready(shop, id), *name = shop_format("%s_production", id);
    struct while_held held = {.name = name, .request_id = request, .act = administer, .fence = fence};

    run_for("ALTER DATABASE %s SET lock_timeout = '3s'", name);
    struct outcome outcome = promote_held_ok(shop, &held);
    check_kept(name);
    check_contains(outcome_text(&outcome, "warnings"), "changed during the promotion");
    run_for("ALTER DATABASE %s IS_TEMPLATE false", name);
    outcome_free(&outcome);
    free(name);
    free(request);
}

static void what_production_bears_goes_along(void **state)
{
    kept_under(*state, "late", CUTOVER_FENCE_LATE);
    kept_under(*state, "early", CUTOVER_FENCE_EARLY);
}

/* ---- what stays with what is displaced, and is in its backup ---- */

/* Large objects, after which the schema is dumped anew in any case, are test_catch_up.c's. */

static const struct in_backup {
    const char *sql, *words; /* of pg_restore's script */
} in_backup[] = {
    {"INSERT INTO shelf (label) VALUES ('later')", "later"},
    {"SELECT setval('counter', 4242)", "4242"},
    {"COMMENT ON EXTENSION pg_trgm IS 'three letters'", "three letters"},
    {"ALTER USER MAPPING FOR admin_reader SERVER far OPTIONS (SET word 'second')", "second"},
    {"ALTER TABLE shelf SET TABLESPACE elsewhere", "default_tablespace = elsewhere"},
};

static void alter_content(struct shop *shop, struct while_held *held)
{
    (void)shop;
    for (size_t i = 0; i < COUNT(in_backup); i++)
        cluster_sql(cluster, held->name, in_backup[i].sql);
}

static void what_is_no_definition_is_in_the_backup(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "content"), *script = NULL;
    struct while_held held = {.name = "content_production", .request_id = request, .act = alter_content};

    cluster_sql(cluster, "content_production", production_sql);
    struct outcome outcome = promote_held_ok(shop, &held);
    const char *argv[] = {cluster_program("pg_restore"), "-f", "-", outcome_text(&outcome, "backup_path"),
                          NULL};
    assert_int_equal(cluster_run(argv, &script), 0);
    for (size_t i = 0; i < COUNT(in_backup); i++)
        if (strstr(script, in_backup[i].words) == NULL)
            fail_msg("not in the backup: %s", in_backup[i].sql);
    free(script);
    outcome_free(&outcome);
    free(request);
}

/* ---- what ends the job ---- */

static const struct ending {
    const char *sql;    /* in production; "%s…": of the control database */
    const char *says;   /* the error's message, or its detail */
    const char *remedy; /* takes it back, where the next could not begin */
} endings[] = {
    {"SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')", "cdc",
     "SELECT pg_drop_replication_slot('cdc')"},
    {"CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = "
     "NONE)",
     "feed", "DROP SUBSCRIPTION feed"},
    {"ALTER DATABASE %s SET TABLESPACE elsewhere", "elsewhere", "ALTER DATABASE %s SET TABLESPACE pg_default"},
};

static void alter(const char *sql, const char *name)
{
    if (strstr(sql, "%s") != NULL)
        run_for(sql, name);
    else
        cluster_sql(cluster, name, sql);
}

struct altering {
    const struct ending *ending;
    const char *name;
};

static int alter_it(struct shop *shop, void *context)
{
    const struct altering *altering = context;

    (void)shop;
    alter(altering->ending->sql, altering->name);
    return 0;
}

static void check_says(const cutover_error *error, const struct ending *ending)
{
    const char *message = cutover_error_message(error), *detail = cutover_error_detail(error);

    if (strstr(message, ending->says) == NULL && (detail == NULL || strstr(detail, ending->says) == NULL))
        fail_msg("%s: %s (%s)", ending->sql, message, detail != NULL ? detail : "");
}

/* Production is what it was, and has what was changed; it takes writes. */
static void ends_the_job(struct shop *shop, const char *id, const char *name, const struct ending *ending)
{
    struct altering altering = {ending, name};
    const struct shop_hook hooks[] = {{"verify", alter_it, &altering}, {NULL, NULL, NULL}};
    char *request = shop_acked(shop, id, id);
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks, .jobs = 1});

    if (outcome.status == CUTOVER_OK)
        fail_msg("lost: %s", ending->sql);
    check_says(outcome.error, ending);
    cluster_sql(cluster, name, "INSERT INTO generation VALUES ('open')");
    if (ending->remedy != NULL)
        alter(ending->remedy, name);
    outcome_free(&outcome);
    free(request);
}

static void what_cannot_be_kept_ends_the_job(void **state)
{
    struct shop *shop = *state;

    cutover_error *error = NULL;
    char *request = shop_ready(shop, "ends");
    check_ok(cutover_request_cancel(shop->engine, &shop_operator, request, NULL, &error), error);
    cluster_sql(cluster, "ends_production", production_sql);
    for (size_t i = 0; i < COUNT(endings); i++)
        ends_the_job(shop, "ends", "ends_production", &endings[i]);
    free(request);
}

/* ---- definitions ---- */

/* The facts of each round of the catch-up must be those of the backup (test_catch_up.c): here is what they tell. */
static const struct definition {
    const char *sql, *says;
} definitions[] = {
    {"CREATE PUBLICATION told FOR TABLE shelf", "publication told"},
    {"ALTER PUBLICATION told ADD TABLE part", "publication member"},
    {"CREATE EXTENSION citext", "extension citext"},
    {"ALTER EXTENSION pg_trgm SET SCHEMA attic", "extension pg_trgm"},
    {"CREATE TABLE made (a int)", "public.made"},
    {"DROP TABLE made", "public.made"},
    {"ALTER TABLE shelf ADD note text", "public.shelf.note"},
    {"ALTER TABLE shelf ALTER room SET DEFAULT 2", "public.shelf.room"},
    {"ALTER TABLE shelf ALTER label SET NOT NULL", "public.shelf.label"},
    {"ALTER TABLE shelf ADD CONSTRAINT roomy CHECK (room > 0)", "public.shelf.roomy"},
    {"ALTER TABLE shelf SET (fillfactor = 60)", "public.shelf"},
    {"ALTER TABLE shelf ENABLE ROW LEVEL SECURITY", "public.shelf"},
    {"ALTER TABLE shelf REPLICA IDENTITY FULL", "public.shelf"},
    {"ALTER TABLE shelf OWNER TO admin_owner", "public.shelf"},
    {"ALTER TABLE long_shelf NO INHERIT shelf", "public.long_shelf"},
    {"CREATE TABLE part_one PARTITION OF part FOR VALUES IN (1)", "public.part_one"},
    {"CREATE INDEX by_label ON shelf (label)", "index public.by_label"},
    {"CREATE STATISTICS related ON label, room FROM shelf", "statistics public.related"},
    {"CREATE POLICY own ON shelf USING (true)", "policy own"},
    {"CREATE TRIGGER acts BEFORE INSERT ON shelf FOR EACH ROW EXECUTE FUNCTION act()", "trigger acts"},
    {"ALTER TABLE shelf DISABLE TRIGGER acts", "trigger acts"},
    {"CREATE RULE quiet AS ON DELETE TO shelf DO INSTEAD NOTHING", "rule quiet"},
    {"CREATE OR REPLACE VIEW seen AS SELECT 2 AS one", "view public.seen"},
    {"REFRESH MATERIALIZED VIEW counted WITH NO DATA", "matview public.counted"},
    {"CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2'", "function public.one()"},
    {"CREATE AGGREGATE most (int) (sfunc = int4larger, stype = int)", "aggregate public.most"},
    {"ALTER TYPE mood ADD VALUE 'bad'", "public.mood"},
    {"ALTER TYPE pair ADD ATTRIBUTE y int", "public.pair"},
    {"ALTER DOMAIN short ADD CONSTRAINT brief CHECK (length(VALUE) < 9)", "public.short.brief"},
    {"ALTER SEQUENCE counter INCREMENT 10", "sequence public.counter"},
    {"CREATE SCHEMA cellar", "schema cellar"},
    {"CREATE COLLATION plain FROM \"C\"", "collation public.plain"},
    {"CREATE TEXT SEARCH CONFIGURATION words (COPY = simple)", "text search configuration"},
    {"CREATE CAST (pair AS int) WITH INOUT", "cast"},
    {"CREATE EVENT TRIGGER hears ON ddl_command_end EXECUTE FUNCTION hear()", "event trigger hears"},
    {"ALTER SERVER far OPTIONS (SET host 'two')", "foreign server far"},
    {"CREATE USER MAPPING FOR admin_owner SERVER far", "user mapping for admin_owner"},
    {"GRANT SELECT ON shelf TO admin_reader", "SELECT to admin_reader"},
    {"GRANT UPDATE (label) ON shelf TO admin_reader", "UPDATE to admin_reader"},
    {"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO admin_reader", "default acl"},
    {"COMMENT ON TABLE shelf IS 'wooden'", "comment table public.shelf"},
};

static void facts_read(struct session *session, struct text *facts)
{
    cutover_error *error = NULL;

    check_ok(catalog_facts_read(session, facts, &error), error);
}

static void what_is_a_definition_is_told_by_facts(void **state)
{
    struct session *session;
    struct text before = TEXT_INIT, now = TEXT_INIT;

    (void)state;
    cluster_create_database(cluster, "defined");
    cluster_sql(cluster, "defined", production_sql);
    session = check_session(cluster_conninfo(cluster, "defined"));
    facts_read(session, &before);
    for (size_t i = 0; i < COUNT(definitions); i++) {
        cutover_error *error = NULL;
        char *differences = NULL;
        size_t count = 0;
        cluster_sql(cluster, "defined", definitions[i].sql);
        facts_read(session, &now);
        check_ok(catalog_facts_compare(text_string(&before), text_string(&now), "before", "now", 50,
                                       &differences, &count, &error),
                 error);
        if (strstr(differences, definitions[i].says) == NULL)
            fail_msg("%s: %s", definitions[i].sql, differences);
        free(differences);
        text_clear(&before);
        text_add(&before, text_string(&now));
    }
    text_free(&before);
    text_free(&now);
    session_close(session);
    cluster_sql(cluster, "postgres", "DROP DATABASE defined");
}

/* ---- what production bears ---- */

static char *digest_of(struct session *session, const char *name)
{
    char *sql = shop_format("SELECT oid FROM pg_database WHERE datname = '%s'", name), *digest = NULL;
    cutover_error *error = NULL;

    check_ok(properties_digest(session, (uint32_t)cluster_number(cluster, "postgres", sql), &digest, &error),
             error);
    free(sql);
    return digest;
}

/* By which the swap knows, under the locks of its renames, that what it gives is what production bears. */
static void each_change_of_what_production_bears_gives_another_digest(void **state)
{
    struct session *session = check_session(cluster_conninfo(cluster, "postgres"));

    (void)state;
    cluster_create_database(cluster, "borne");
    run_for("ALTER DATABASE %s SET lock_timeout = '3s'", "borne");
    char *before = digest_of(session, "borne");
    for (size_t i = 0; i < COUNT(kept); i++) {
        run_for(kept[i].sql, "borne");
        char *now = digest_of(session, "borne");
        if (strcmp(now, before) == 0)
            fail_msg("not told: %s", kept[i].sql);
        free(before);
        before = now;
    }
    /* Its door is the swap's own. */
    run_for("ALTER DATABASE %s IS_TEMPLATE true; ALTER DATABASE %s ALLOW_CONNECTIONS false", "borne");
    char *now = digest_of(session, "borne");
    assert_string_equal(now, before);
    free(now);
    free(before);
    session_close(session);
    run_for("ALTER DATABASE %s IS_TEMPLATE false", "borne");
    cluster_sql(cluster, "postgres", "DROP DATABASE borne");
}

/* ---- right before the door closes ---- */

/* The job has read for the last time what production bears, and has looked for slots: one that is made now waits for the swap's
   transaction, and goes with its session. */
static const struct ending last_moment[] = {
    {"ALTER DATABASE %s SET work_mem = '11MB'", "right before the swap", NULL},
    {"BEGIN READ WRITE; CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p"
     " WITH (connect = false, slot_name = NONE); COMMIT",
     "feed", "DROP SUBSCRIPTION feed"},
};

static void alter_while_paused(struct shop *shop, void *context)
{
    alter_it(shop, context);
}

static void what_comes_right_before_the_swap_ends_the_job(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "last");

    check_ok(cutover_request_cancel(shop->engine, &shop_operator, request, NULL, &error), error);
    free(request);
    for (size_t i = 0; i < COUNT(last_moment); i++) {
        const struct ending *ending = &last_moment[i];
        struct altering altering = {ending, "last_production"};
        request = shop_acked(shop, "last", "last");
        shop->traffic.while_paused = alter_while_paused;
        shop->traffic.context = &altering;
        struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = request, .jobs = 1});
        shop->traffic.while_paused = NULL;
        if (outcome.status == CUTOVER_OK)
            fail_msg("lost: %s", ending->sql);
        assert_string_equal(cutover_error_step(outcome.error), "swap");
        check_says(outcome.error, ending);
        cluster_sql(cluster, "last_production", "INSERT INTO generation VALUES ('open')");
        if (ending->remedy != NULL)
            alter(ending->remedy, "last_production");
        outcome_free(&outcome);
        free(request);
    }
}

/* ---- where the job ends without a swap ---- */

static int choose_and_fail(struct shop *shop, void *context)
{
    (void)shop;
    run_for("ALTER ROLE admin_lender IN DATABASE %s SET default_transaction_read_only = on", context);
    run_for("ALTER ROLE admin_reader IN DATABASE %s RESET default_transaction_read_only", context);
    return 1;
}

static void what_was_chosen_behind_a_fence_stays_when_it_is_lifted(void **state)
{
    static char name[] = "lifted_production";
    struct shop *shop = *state;
    char *request = shop_ready(shop, "lifted");
    const struct shop_hook hooks[] = {{"verify", choose_and_fail, name}, {NULL, NULL, NULL}};

    run_for("ALTER ROLE admin_lender IN DATABASE %s SET default_transaction_read_only = off", name);
    run_for("ALTER ROLE admin_reader IN DATABASE %s SET default_transaction_read_only = off", name);
    struct outcome outcome = shop_promote(
        shop, &(struct shop_promotion){.request_id = request, .hooks = hooks, .fence = CUTOVER_FENCE_EARLY});
    check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    char *properties = shop_properties(cluster, name);
    check_contains(properties, "admin_lender:{default_transaction_read_only=on}");
    assert_null(strstr(properties, "admin_reader:"));
    cluster_sql(cluster, name, "INSERT INTO generation VALUES ('open')");
    free(properties);
    outcome_free(&outcome);
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_production_bears_goes_along),
        TEST(what_is_no_definition_is_in_the_backup),
        TEST(what_cannot_be_kept_ends_the_job),
        cmocka_unit_test(what_is_a_definition_is_told_by_facts),
        cmocka_unit_test(each_change_of_what_production_bears_gives_another_digest),
        TEST(what_comes_right_before_the_swap_ends_the_job),
        TEST(what_was_chosen_behind_a_fence_stays_when_it_is_lifted),
    };

    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
