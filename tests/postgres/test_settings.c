#include "support/session.h"
#include "support/ways_back.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every setting that the owner of a database may set, set to something else: for production, the preview, and the roles. Which
   these are the server says. */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("allow_in_place_tablespaces = on");
    shop_use(cluster);
    cluster_sql(cluster, "postgres",
                "CREATE ROLE mask; CREATE ROLE tenant LOGIN; GRANT mask TO tenant;"
                "CREATE ROLE master LOGIN SUPERUSER;"
                "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE BYPASSRLS;"
                "GRANT tenant, mask TO keeper WITH ADMIN OPTION;"
                "GRANT pg_signal_backend, pg_read_all_data TO keeper");
    cluster_sql(cluster, "postgres", "CREATE TABLESPACE elsewhere LOCATION ''");
    cluster_sql(cluster, "postgres", "GRANT CREATE ON TABLESPACE elsewhere TO tenant, keeper");
    return 0;
}

/* ---- the settings ---- */

/* Other values of those that are texts, and of the enumerations and numbers of which the first or the least would do nothing. */
static const struct {
    const char *name, *value;
} chosen[] = {
    {"application_name", "tenant"},
    {"client_encoding", "LATIN1"},
    {"createrole_self_grant", "set, inherit"},
    {"DateStyle", "SQL, DMY"},
    {"default_table_access_method", "heap"}, /* there is no other */
    {"default_tablespace", "elsewhere"},
    {"default_text_search_config", "pg_catalog.german"},
    {"lc_monetary", "C.UTF-8"},
    {"lc_numeric", "C.UTF-8"},
    {"lc_time", "C.UTF-8"},
    {"local_preload_libraries", "nowhere"},
    {"plpgsql.extra_errors", "all"},
    {"plpgsql.extra_warnings", "all"},
    {"restrict_nonsystem_relation_kind", "view, foreign-table"},
    {"role", "mask"},
    {"search_path", "nowhere"},
    {"seed", "0.5"},
    {"session_authorization", "tenant"},
    {"temp_tablespaces", "elsewhere"},
    {"TimeZone", "Asia/Kathmandu"},
    {"timezone_abbreviations", "India"},
    {"transaction_read_only", "on"},
};

/* Booleans are turned, enumerations take the first other value, numbers the least, or, where they have that, the next or the
   greatest. plpgsql is loaded so that its own are there. */
static const char settings_sql[] =
    "SELECT p.name, CASE p.vartype"
    "   WHEN 'bool' THEN CASE p.setting WHEN 'on' THEN 'off' ELSE 'on' END"
    "   WHEN 'enum' THEN (SELECT v.value FROM unnest(p.enumvals) WITH ORDINALITY v (value, place)"
    "                      WHERE v.value <> p.setting ORDER BY v.place LIMIT 1)"
    "   WHEN 'string' THEN NULL"
    "   ELSE CASE WHEN p.setting::float8 > p.min_val::float8 THEN p.min_val"
    "             WHEN p.vartype = 'integer' THEN (p.setting::int8 + 1)::text ELSE p.max_val END END"
    "  FROM pg_settings p WHERE p.context IN ('user', 'backend')"
    " UNION ALL SELECT name, NULL FROM (VALUES ('role'), ('session_authorization'), ('seed')) hidden (name)";

static const char *value_of(const PGresult *settings, int row)
{
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
        if (strcmp(PQgetvalue(settings, row, 0), chosen[i].name) == 0)
            return chosen[i].value;
    return PQgetisnull(settings, row, 1) ? NULL : PQgetvalue(settings, row, 1);
}

/* A login's own session, which sees what its owner may change. */
static PGconn *session_of(const char *role)
{
    PGconn *connection = PQconnectdb(cluster_conninfo_as(cluster, "postgres", role));

    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    PQclear(PQexec(connection, "SET client_min_messages = error"));
    PQclear(PQexec(connection, "DO $$ BEGIN END $$"));
    return connection;
}

/* Tries all that there is; what is refused is not the owner's to set. A text that nobody has chosen a value for fails the test:
   a version may bring one. */
static int set_everything(PGconn *by, const PGresult *settings, const char *alter, bool dotted)
{
    int count = 0;

    for (int row = 0; row < PQntuples(settings); row++) {
        const char *name = PQgetvalue(settings, row, 0), *value = value_of(settings, row);
        if (!dotted && strchr(name, '.') != NULL)
            continue;
        if (value == NULL)
            fail_msg("choose another value of %s", name);
        char *sql = shop_format("ALTER %s SET %s TO '%s'", alter, name, value);
        PGresult *result = PQexec(by, sql);
        count += PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        free(sql);
    }
    return count;
}

/* Each server that we know has more that an owner may set. */
#define LEAST_SETTINGS 110

struct tenancy {
    const char *project; /* databases NAME_production, NAME_preview */
    const char *login;   /* the library's */
    bool dotted;         /* with those of extensions, which only a superuser may give to another database */
};

/* For both databases, for the library's login in both, and for that login anywhere, which staging knows, too. */
static void set_everything_for(const struct tenancy *tenancy)
{
    PGconn *owner = session_of("tenant"), *login = session_of(tenancy->login);
    PGresult *settings = PQexec(owner, settings_sql);
    const char *name = tenancy->project;
    char *places[] = {shop_format("DATABASE %s_production", name), shop_format("DATABASE %s_preview", name),
                      shop_format("ROLE %s IN DATABASE %s_production", tenancy->login, name),
                      shop_format("ROLE %s IN DATABASE %s_preview", tenancy->login, name),
                      shop_format("ROLE %s", tenancy->login)};

    assert_int_equal(PQresultStatus(settings), PGRES_TUPLES_OK);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int count = set_everything(i < 2 ? owner : login, settings, places[i], tenancy->dotted);
        if (count < LEAST_SETTINGS)
            fail_msg("only %d settings of %s could be set", count, places[i]);
        free(places[i]);
    }
    PQclear(settings);
    PQfinish(login);
    PQfinish(owner);
}

/* A line for each, in no order of the database's. */
static char *stored_settings(const char *database)
{
    char *sql = shop_format("SELECT string_agg(s.setrole || ' ' || c, E'\n' ORDER BY s.setrole, c)"
                            "  FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase,"
                            "       unnest(s.setconfig) c WHERE d.datname = '%s'",
                            database);
    char *stored = cluster_value(cluster, "postgres", sql);

    free(sql);
    return stored;
}

/* ---- the databases ---- */

/* One of everything that a setting could change on its way: how it is written, read, compared, evaluated or found. */
static const char content_sql[] =
    "SET ROLE tenant; CREATE SCHEMA shop; SET search_path = shop;"
    "CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);"
    "CREATE FUNCTION is_known(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS"
    "  'DECLARE found text; BEGIN SELECT w INTO found FROM unnest(ARRAY[''a'', ''b'']) w; RETURN true; END';"
    "CREATE TABLE facts (id serial PRIMARY KEY, moment timestamptz, plain timestamp, day date, span interval,"
    "  weight float8, little real, bytes bytea, words text[] DEFAULT '{NULL,\"null\"}', doc xml, price money,"
    "  kind mood, share percent, note text CHECK (is_known(note)), doubled float8 GENERATED ALWAYS AS (weight "
    "* 2) STORED,"
    "  whole bool CHECK (whole IS NOT DISTINCT FROM NULL OR whole));"
    "INSERT INTO facts (moment, plain, day, span, weight, little, bytes, doc, price, kind, share, note, whole)"
    "  SELECT timestamptz '2026-02-03 04:05:06.789+01' + g * interval '25 hours', '1999-12-31 23:59:59',"
    "         date '2026-01-02' + g, make_interval(months => g - 30, days => -g, secs => 0.5), 1.0 / (g + 3),"
    "         0.1 * g, decode(md5(g::text), 'hex'), xmlparse(CONTENT 'text <a>' || g || '</a>'),"
    "         g::numeric::money, 'sad', g %% 100, E'it''s \\\\ ' || g, NULL FROM generate_series(1, 400) g;"
    "CREATE INDEX ON facts USING gin (words); CREATE INDEX ON facts (lower(note)) WHERE weight > 0.01;"
    "CREATE TABLE parts (id int REFERENCES facts, at date) PARTITION BY RANGE (at);"
    "CREATE TABLE early PARTITION OF parts FOR VALUES FROM (MINVALUE) TO ('2026-02-01');"
    "CREATE TABLE late PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO (MAXVALUE);"
    "INSERT INTO parts SELECT g, date '2026-01-02' + g FROM generate_series(1, 100) g;"
    "CREATE VIEW recent AS SELECT id, day FROM facts WHERE day > '2026-05-01';"
    "CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS recent FROM recent;"
    "ALTER TABLE facts ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON facts USING (id < 3);"
    "CREATE TABLE generation AS SELECT '%s' AS name;"
    "COMMENT ON TABLE generation IS 'what \"this\" is'";

static void database_make(const char *name, const char *generation)
{
    char *sql = shop_format(content_sql, generation),
         *owner = shop_format("ALTER DATABASE %s OWNER TO tenant", name);

    cluster_create_database(cluster, name);
    cluster_sql(cluster, "postgres", owner);
    cluster_sql(cluster, name, sql);
    free(owner);
    free(sql);
}

static void assert_generation(const struct tenancy *tenancy, const char *expected)
{
    char *database = shop_format("%s_production", tenancy->project), *found = NULL;
    struct session *session = check_session(cluster_conninfo_as(cluster, database, tenancy->login));
    cutover_error *error = NULL;

    check_ok(session_value(session, "SELECT name FROM shop.generation", 0, NULL, &found, &error), error);
    assert_string_equal(found, expected);
    free(found);
    session_close(session);
    free(database);
}

/* Nothing is left but what is the database's to say (analyze_database()), and the login's own in all databases, which is the
   host's. */
static void assert_nothing_of_the_owner_s(const struct tenancy *tenancy, const char *database)
{
    struct session *session = check_session(cluster_conninfo_as(cluster, database, tenancy->login));
    cutover_error *error = NULL;
    char *found = NULL;

    check_ok(session_value(session,
                           "SELECT string_agg(name, ' ' ORDER BY name COLLATE \"C\") FROM pg_settings"
                           " WHERE source IN ('database', 'database user')",
                           0, NULL, &found, &error),
             error);
    assert_string_equal(found, "default_statistics_target");
    free(found);
    check_ok(session_value(session, "SELECT current_user", 0, NULL, &found, &error), error);
    assert_string_equal(found, tenancy->login);
    free(found);
    session_close(session);
}

/* What the database holds, once the test's own pg_dump can get at it. */
static char *content_of(const char *database)
{
    char *sql = shop_format("ALTER DATABASE %s ALLOW_CONNECTIONS true; ALTER DATABASE %s RESET ALL", database,
                            database);

    cluster_sql(cluster, "postgres", sql);
    free(sql);
    return shop_dump(cluster, database);
}

/* ---- the cycle ---- */

static void assert_preflight_passes(struct shop *shop, const char *request)
{
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_preflight_run(shop->engine, &shop_operator, request, 2, &preflight, &error), error);
    for (size_t i = 0; i < cutover_preflight_count(preflight); i++) {
        const cutover_finding *finding = cutover_preflight_at(preflight, i);
        if (finding->severity == CUTOVER_SEVERITY_BLOCK)
            fail_msg("%s: %s", finding->check, finding->message);
    }
    cutover_preflight_free(preflight);
}

static void promote(struct shop *shop, const struct tenancy *tenancy, const char *request)
{
    struct shop_promotion promotion = {.request_id = request, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    outcome_free(&outcome);
    assert_generation(tenancy, "new");
}

static void roll_back(struct shop *shop, const struct tenancy *tenancy, const char *request)
{
    struct outcome outcome = rollback_run_out(rollback_started(shop, request, false, CUTOVER_WRITES_NONE));

    check_ok(outcome.status, outcome.error);
    outcome_free(&outcome);
    assert_generation(tenancy, "old");
}

static void restore_over(struct shop *shop, const struct tenancy *tenancy, const char *backup)
{
    struct shop_restore restore = {
        .backup_id = backup, .project_id = tenancy->project, .confirm = true, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_restore(shop, &restore);

    check_ok(outcome.status, outcome.error);
    outcome_free(&outcome);
    assert_generation(tenancy, "old");
}

static void run_cycle(struct shop *shop, const struct tenancy *tenancy)
{
    char *production = shop_format("%s_production", tenancy->project);
    char *preview = shop_format("%s_preview", tenancy->project);

    database_make(production, "old");
    database_make(preview, "new");
    char *old = shop_dump(cluster, production), *new = shop_dump(cluster, preview);
    shop_project(shop, tenancy->project, cluster_conninfo_as(cluster, production, tenancy->login));
    shop_preview(shop, tenancy->project, tenancy->project,
                 cluster_conninfo_as(cluster, preview, tenancy->login), 0);
    char *request = shop_acked(shop, tenancy->project, tenancy->project);
    set_everything_for(tenancy);
    char *stored = stored_settings(production);

    assert_nothing_of_the_owner_s(tenancy, production);
    assert_preflight_passes(shop, request);
    promote(shop, tenancy, request);
    char *after = stored_settings(production);
    check_same_text(after, stored);
    free(after);
    roll_back(shop, tenancy, request);
    char *displaced =
        cluster_value(cluster, "postgres",
                      "SELECT datname FROM pg_database WHERE NOT datallowconn AND datname LIKE 'cutover_old%'");
    char *backup = backup_taken(shop, tenancy->project);
    restore_over(shop, tenancy, backup);
    after = stored_settings(production);
    check_same_text(after, stored);
    free(after);

    after = content_of(production);
    check_same_text(after, old);
    free(after);
    after = content_of(displaced);
    check_same_text(after, new);
    free(after);
    free(displaced);
    free(backup);
    free(stored);
    free(request);
    free(old);
    free(new);
    free(preview);
    free(production);
}

static void a_superuser_does_not_depend_on_any(void **state)
{
    run_cycle(*state, &(struct tenancy){"mighty", "master", true});
}

static void a_plain_role_does_not_depend_on_any(void **state)
{
    run_cycle(*state, &(struct tenancy){"plain", "keeper", false});
}

/* ---- what cannot be pinned ---- */

static void assert_blocked(struct shop *shop, const char *request, const char *check, const char *database)
{
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;
    const cutover_finding *found = NULL;
    char *remedy = shop_format("ALTER DATABASE %s RESET session_preload_libraries", database);

    check_ok(cutover_preflight_run(shop->engine, &shop_operator, request, 2, &preflight, &error), error);
    for (size_t i = 0; found == NULL && i < cutover_preflight_count(preflight); i++)
        if (strcmp(cutover_preflight_at(preflight, i)->check, check) == 0)
            found = cutover_preflight_at(preflight, i);
    assert_non_null(found);
    assert_int_equal(found->severity, CUTOVER_SEVERITY_BLOCK);
    check_contains(found->message, "session_preload_libraries");
    check_contains(found->message, database);
    check_contains(found->hint, remedy);
    assert_null(strstr(cutover_preflight_json(preflight), "vanished-library"));
    cutover_preflight_free(preflight);
    free(remedy);
}

/* Only a superuser, or who was granted it, may set it. */
/* Behind the fence no session may write but those that say so; a client with such a string is kept out, and is told of before. */
static void a_connection_string_that_wants_to_write_keeps_nobody_of_us_out(void **state)
{
    struct shop *shop = *state;
    char *production =
        shop_format("%s target_session_attrs=read-write", cluster_conninfo(cluster, "rw_production"));
    char *preview = shop_format("%s target_session_attrs=read-only", cluster_conninfo(cluster, "rw_preview"));

    shop_database(cluster, "rw_production", shop_production_sql());
    shop_database(cluster, "rw_preview", shop_preview_sql());
    shop_project(shop, "rw", production);
    shop_preview(shop, "rw", "rw", preview, 0);
    char *request = shop_acked(shop, "rw", "rw");
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .verify = CUTOVER_VERIFY_RESTORE});
    check_contains(outcome_text(&outcome, "warnings"), "clients with target_session_attrs=read-write");
    outcome_free(&outcome);
    free(request);
    free(preview);
    free(production);
}

static void a_library_that_is_not_there_is_told_and_blocks_its_own_project_alone(void **state)
{
    struct shop *shop = *state;
    char *heavy = small_ready(shop, "heavy"), *light = small_ready(shop, "light");
    struct shop_promotion promotion = {.request_id = light};

    cluster_sql(cluster, "postgres",
                "ALTER DATABASE heavy_production SET session_preload_libraries = 'vanished-library'");
    assert_blocked(shop, heavy, "production.connection", "heavy_production");
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    outcome_free(&outcome);
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE heavy_production RESET ALL;"
                "ALTER DATABASE heavy_preview SET session_preload_libraries = 'vanished-library'");
    assert_blocked(shop, heavy, "preview.connection", "heavy_preview");
    cluster_sql(cluster, "postgres", "ALTER DATABASE heavy_preview RESET ALL");
    assert_preflight_passes(shop, heavy);
    assert_false(shop_holds(shop, "vanished-library"));
    free(heavy);
    free(light);
}

/* The new production begins with the statistics that autovacuum would gather there. */
static void new_production_is_analyzed_as_production_says(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "coarse");
    struct shop_promotion promotion = {.request_id = request};

    cluster_sql(cluster, "postgres", "ALTER DATABASE coarse_production SET default_statistics_target = 7");
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    outcome_free(&outcome);
    assert_int_equal(cluster_number(cluster, "coarse_production",
                                    "SELECT cardinality(histogram_bounds::text::int[]) FROM pg_stats"
                                    " WHERE tablename = 'items' AND attname = 'id'"),
                     8);
    free(request);
}

/* It is filled as it would be there, whatever form our sessions want values in. */
static void materialized_views_are_filled_as_production_says(void **state)
{
    struct shop *shop = *state;
    char *request = small_ready(shop, "early");
    struct shop_promotion promotion = {.request_id = request};

    cluster_sql(cluster, "early_preview",
                "CREATE MATERIALIZED VIEW clock AS SELECT timestamptz '2026-07-01 00:00+00'::text AS at");
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE early_production SET TimeZone = 'Asia/Tokyo';"
                "ALTER DATABASE early_production SET DateStyle = 'German'");
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    outcome_free(&outcome);
    char *at = cluster_value(cluster, "early_production", "SELECT at FROM clock");
    assert_string_equal(at, "01.07.2026 09:00:00 JST");
    free(at);
    free(request);
}

/* So that those get in who take away what is left. */
static int reset_and_teardown(void **state)
{
    static const char reset_sql[] = "SELECT string_agg(format('ALTER DATABASE %I RESET ALL', datname), '; ')"
                                    " FROM pg_database WHERE datname LIKE '%\\_%'";
    char *reset = cluster_value(cluster, "postgres", reset_sql);

    cluster_sql(cluster, "postgres", reset);
    cluster_sql(cluster, "postgres", "ALTER ROLE master RESET ALL; ALTER ROLE keeper RESET ALL");
    free(reset);
    return shop_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, reset_and_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_superuser_does_not_depend_on_any),
        TEST(a_plain_role_does_not_depend_on_any),
        TEST(a_connection_string_that_wants_to_write_keeps_nobody_of_us_out),
        TEST(a_library_that_is_not_there_is_told_and_blocks_its_own_project_alone),
        TEST(new_production_is_analyzed_as_production_says),
        TEST(materialized_views_are_filled_as_production_says),
    };

    return cmocka_run_group_tests_name("settings", tests, start_cluster, NULL);
}
