/*
 * What the owners of databases wrote never runs in a session whose login may do more than they (DESIGN.md P11). Each door is an
 * expression that the server evaluates while a job works; behind it is a probe, owned by the tenant, that refuses to run for a login
 * that may do more than the tenant. That a door is one is seen by opening it: with CUTOVER_POLICY_TRUST_OWNERS the job fails on it.
 */
#include "support/seed.h"
#include "support/shop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cluster *cluster;

/* As the tenant: its schema and its probe. */
static const char probe_sql[] =
    "CREATE SCHEMA t;"
    "CREATE FUNCTION t.probe(door text, x int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$"
    " BEGIN"
    "  IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) session_user AND "
    "(r.rolsuper"
    "      OR r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls"
    "      OR pg_catalog.pg_has_role(r.oid, 'neighbour', 'MEMBER'))) THEN"
    "   RAISE EXCEPTION 'the probe of % ran as %', door, session_user;"
    "  END IF;"
    "  RETURN x;"
    " END $$;"
    "CREATE FUNCTION t.reader(x int) RETURNS int STABLE LANGUAGE sql AS $$ SELECT t.probe('check that reads', "
    "x) $$;";

struct door {
    const char *name, *sql;
};

static const struct door doors[] = {
    {"check",
     "CREATE TABLE t.checked (x int CHECK (t.probe('check', x) > 0)); INSERT INTO t.checked VALUES (1), (2);"},
    {"check that reads",
     "CREATE TABLE t.reading (x int CHECK (t.reader(x) > 0)); INSERT INTO t.reading VALUES (1), (2);"},
    {"domain", "CREATE DOMAIN t.positive AS int CHECK (t.probe('domain', value) > 0);"
               "CREATE TABLE t.domains (x t.positive); INSERT INTO t.domains VALUES (1), (2);"},
    {"generated",
     "CREATE TABLE t.generated (x int, y int GENERATED ALWAYS AS (t.probe('generated', x)) STORED);"
     "INSERT INTO t.generated VALUES (1), (2);"},
    {"partition key",
     "CREATE TABLE t.keyed (x int) PARTITION BY LIST (t.probe('partition key', x));"
     "CREATE TABLE t.keyed_1 PARTITION OF t.keyed FOR VALUES IN (1, 2); INSERT INTO t.keyed VALUES (1), (2);"},
    {"partition bound", "CREATE DOMAIN t.bound AS int CHECK (t.probe('partition bound', value) > 0);"
                        "CREATE TABLE t.bounded (x t.bound) PARTITION BY LIST (x);"
                        "CREATE TABLE t.bounded_1 PARTITION OF t.bounded FOR VALUES IN (1, 2);"},
    {"cast", "CREATE TYPE t.code AS ENUM ('1', '2');"
             "CREATE FUNCTION t.code_to_int(t.code) RETURNS int IMMUTABLE LANGUAGE sql AS"
             " $$ SELECT t.probe('cast', $1::text::int) $$;"
             "CREATE CAST (t.code AS int) WITH FUNCTION t.code_to_int(t.code) AS IMPLICIT;"
             "CREATE TABLE t.codes (id int PRIMARY KEY); INSERT INTO t.codes VALUES (1), (2);"
             "CREATE TABLE t.coded (code t.code REFERENCES t.codes); INSERT INTO t.coded VALUES ('1'), ('2');"},
    {"cast of partitions",
     "CREATE TYPE t.mark AS ENUM ('1', '2');"
     "CREATE FUNCTION t.mark_to_int(t.mark) RETURNS int IMMUTABLE LANGUAGE sql AS"
     " $$ SELECT t.probe('cast of partitions', $1::text::int) $$;"
     "CREATE CAST (t.mark AS int) WITH FUNCTION t.mark_to_int(t.mark) AS IMPLICIT;"
     "CREATE TABLE t.marks (id int PRIMARY KEY) PARTITION BY RANGE (id);"
     "CREATE TABLE t.marks_1 PARTITION OF t.marks FOR VALUES FROM (0) TO (9); INSERT INTO t.marks VALUES (1), "
     "(2);"
     "CREATE TABLE t.marked (mark t.mark REFERENCES t.marks); INSERT INTO t.marked VALUES ('1'), ('2');"},
    {"index", "CREATE TABLE t.indexed (x int); INSERT INTO t.indexed VALUES (1), (2);"
              "CREATE INDEX ON t.indexed (t.probe('index', x));"},
    {"materialized view",
     "CREATE TABLE t.seen (x int); INSERT INTO t.seen VALUES (1), (2);"
     "CREATE MATERIALIZED VIEW t.views AS SELECT t.probe('materialized view', x) FROM t.seen;"},
    {"statistics",
     "CREATE TABLE t.measured (x int); INSERT INTO t.measured SELECT g % 7 FROM generate_series(1, 500) g;"
     "CREATE STATISTICS t.measure ON (t.probe('statistics', x)), x FROM t.measured;"},
    {"initial value",
     "CREATE DOMAIN t.start AS int CHECK (t.probe('initial value', value) > 0);"
     "CREATE FUNCTION t.step(t.start, int) RETURNS t.start IMMUTABLE LANGUAGE sql AS 'SELECT $1';"
     "CREATE AGGREGATE t.starts(int) (SFUNC = t.step, STYPE = t.start, INITCOND = '1');"
     "COMMENT ON AGGREGATE t.starts(int) IS 'commented';"
     "REVOKE EXECUTE ON FUNCTION t.starts(int) FROM PUBLIC; GRANT EXECUTE ON FUNCTION t.starts(int) TO "
     "neighbour;"
     "CREATE VIEW t.started AS SELECT t.starts(x) FROM generate_series(1, 2) x;"},
    /* What the server reads when a definition is parsed, before there is a row. */
    {"constant of an array in a default",
     "CREATE DOMAIN t.item AS int CHECK (t.probe('constant of an array in a default', value) > 0);"
     "CREATE TYPE t.colour AS ENUM ('red');"
     "CREATE TABLE t.arrays (id serial, x t.item[] DEFAULT '{1}', colour t.colour DEFAULT 'red');"
     "COMMENT ON TABLE t.arrays IS 'commented'; COMMENT ON COLUMN t.arrays.x IS 'likewise';"
     "GRANT SELECT ON t.arrays TO neighbour; INSERT INTO t.arrays DEFAULT VALUES;"},
    {"constant of a row in a view",
     "CREATE DOMAIN t.field AS int CHECK (t.probe('constant of a row in a view', value) > 0);"
     "CREATE TYPE t.record AS (x t.field[]); CREATE DOMAIN t.records AS t.record[];"
     "CREATE VIEW t.recorded WITH (security_barrier) AS SELECT '{\"({1})\"}'::t.records AS x;"
     "COMMENT ON VIEW t.recorded IS 'commented'; GRANT SELECT ON t.recorded TO neighbour;"
     "CREATE VIEW t.again AS SELECT * FROM t.recorded;"},
    {"constant of a table's row in a policy",
     "CREATE DOMAIN t.held AS int CHECK (t.probe('constant of a table''s row in a policy', value) > 0);"
     "CREATE TABLE t.holding (x t.held); CREATE TABLE t.guarded (x int);"
     "CREATE POLICY guard ON t.guarded USING (x = ('(1)'::t.holding).x); COMMENT ON POLICY guard ON t.guarded "
     "IS 'mine';"},
    {"constant of an array in an index",
     "CREATE DOMAIN t.key AS int CHECK (t.probe('constant of an array in an index', value) > 0);"
     "CREATE TABLE t.keys (x int) PARTITION BY RANGE (x); CREATE TABLE t.keys_1 PARTITION OF t.keys DEFAULT;"
     "CREATE INDEX ON t.keys (x) WHERE x = ANY ('{1}'::t.key[]);"},
    {"constant of a range in a rule",
     "CREATE DOMAIN t.bound_of AS int CHECK (t.probe('constant of a range in a rule', value) > 0);"
     "CREATE TYPE t.between AS RANGE (subtype = t.bound_of); CREATE TABLE t.ruled (x int);"
     "CREATE RULE also AS ON INSERT TO t.ruled WHERE '[1,2]'::t.between @> new.x::t.bound_of DO ALSO NOTHING;"},
    {"constant of a multirange in a function",
     "CREATE DOMAIN t.edge AS int CHECK (t.probe('constant of a multirange in a function', value) > 0);"
     "CREATE TYPE t.stretch AS RANGE (subtype = t.edge, multirange_type_name = t.stretches);"
     "CREATE FUNCTION t.stretched() RETURNS t.stretches BEGIN ATOMIC SELECT '{[1,2]}'::t.stretches; END;"
     "COMMENT ON FUNCTION t.stretched() IS 'commented'; REVOKE EXECUTE ON FUNCTION t.stretched() FROM PUBLIC;"},
    {"constant in a trigger",
     "CREATE DOMAIN t.watched AS int CHECK (t.probe('constant in a trigger', value) > 0); CREATE TABLE "
     "t.watching (x int);"
     "CREATE FUNCTION t.watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;"
     "CREATE TRIGGER watch BEFORE INSERT ON t.watching FOR EACH ROW WHEN (new.x = ANY ('{1}'::t.watched[]))"
     "  EXECUTE FUNCTION t.watch();"},
    {"constant in statistics",
     "CREATE DOMAIN t.counted AS int CHECK (t.probe('constant in statistics', value) > 0); CREATE TABLE "
     "t.counting (x int);"
     "CREATE STATISTICS t.count ON (x = ANY ('{1}'::t.counted[])), x FROM t.counting;"},
    /* What the server plans when it is made: functions of constants are called. */
    {"plan of a partition key",
     "CREATE TABLE t.spread (x int, y int) PARTITION BY LIST ((x + t.probe('plan of a partition key', 1)));"
     "CREATE TABLE t.spread_1 PARTITION OF t.spread FOR VALUES IN (2, 3); INSERT INTO t.spread VALUES (1), (2);"
     "CREATE INDEX ON t.spread (y); CREATE FUNCTION t.spreading() RETURNS trigger LANGUAGE plpgsql AS"
     " $$ BEGIN RETURN new; END $$;"
     "CREATE TRIGGER spread AFTER INSERT ON t.spread FOR EACH ROW EXECUTE FUNCTION t.spreading();"},
    {"plan of a generated column",
     "CREATE TABLE t.derived (id serial PRIMARY KEY, x int, y int GENERATED ALWAYS AS (x + t.probe('plan of a "
     "generated column', 1)) STORED); INSERT INTO t.derived (x) VALUES (1), (2);"
     "CREATE TABLE t.derived_too (z int) INHERITS (t.derived); INSERT INTO t.derived_too (x) VALUES (3);"
     "COMMENT ON COLUMN t.derived.y IS 'commented'; GRANT SELECT ON t.derived TO neighbour;"},
    {"plan of a domain's check in a generated column",
     "CREATE DOMAIN t.cast_to AS int CHECK (value > t.probe('plan of a domain''s check in a generated column', "
     "0)); CREATE TABLE t.casting (x int, y int GENERATED ALWAYS AS (x::t.cast_to) STORED);"},
    {"plan of a domain's check in a partition key",
     "CREATE DOMAIN t.part_of AS int CHECK (value > t.probe('plan of a domain''s check in a partition key', "
     "0));"
     "CREATE TABLE t.parts (x int) PARTITION BY LIST ((x::t.part_of));"},
    {"plan of a partitioned index", "CREATE TABLE t.parted (x int) PARTITION BY RANGE (x); CREATE TABLE "
                                    "t.parted_1 PARTITION OF t.parted DEFAULT;"
                                    "CREATE INDEX parted_x ON t.parted ((x + t.probe('plan of a partitioned "
                                    "index', 1))); COMMENT ON INDEX t.parted_x IS 'x';"},
    {"plan of a materialized view's index",
     "CREATE MATERIALIZED VIEW t.viewed AS SELECT 1 AS x WITH NO DATA;"
     "CREATE INDEX ON t.viewed (x) WHERE x > t.probe('plan of a materialized view''s index', 1);"},
    /* What is validated when it is added, because it goes round in a circle. */
    {"check of whole rows", "CREATE TABLE t.whole (x int); INSERT INTO t.whole VALUES (1);"
                            "CREATE FUNCTION t.of_whole(t.whole) RETURNS int IMMUTABLE LANGUAGE sql AS"
                            " $$ SELECT t.probe('check of whole rows', $1.x) $$; ALTER TABLE t.whole ADD CHECK "
                            "(t.of_whole(whole) > 0);"},
    {"check of a domain by itself", "CREATE DOMAIN t.self AS int; CREATE FUNCTION t.of_self(int, t.self[]) "
                                    " RETURNS int IMMUTABLE LANGUAGE sql AS"
                                    " $$ SELECT t.probe('check of a domain by itself', $1) $$; ALTER DOMAIN "
                                    "t.self ADD CHECK (t.of_self(value, NULL) > 0);"
                                    "CREATE TABLE t.selves (x t.self); INSERT INTO t.selves VALUES (1);"},
    {"exclusion", "CREATE TABLE t.excluding (x int, EXCLUDE (t.probe('exclusion', x) WITH =)); INSERT INTO "
                  "t.excluding VALUES (1), (2);"},
};

/* What only planning a query evaluates, and what no job of ours may fire. */
static const char beside_sql[] =
    "CREATE TABLE t.planned (x int, y int GENERATED ALWAYS AS (x * 2) STORED, z int DEFAULT t.probe('default', "
    "3));"
    "INSERT INTO t.planned VALUES (1), (2); CREATE INDEX ON t.planned ((x + t.probe('plan of an index', 1)));"
    "CREATE TABLE t.statistics (x int, y int GENERATED ALWAYS AS (x * 2) STORED); INSERT INTO t.statistics "
    "VALUES (1), (2);"
    "CREATE STATISTICS t.numbers ON (x + t.probe('plan of statistics', 1)), x FROM t.statistics;"
    "CREATE DOMAIN t.checking AS int CHECK (value > t.probe('plan of a domain', 0));"
    "CREATE TABLE t.narrowed (x int, y int GENERATED ALWAYS AS (x * 2) STORED); INSERT INTO t.narrowed VALUES "
    "(1), (2); CREATE STATISTICS t.narrow ON ((x::t.checking) + 1), x FROM t.narrowed;"
    "CREATE TABLE t.ordered (x int, y int GENERATED ALWAYS AS (x * 2) STORED); INSERT INTO t.ordered VALUES "
    "(1), (2); CREATE INDEX ON t.ordered ((x::t.checking));"
    "CREATE FUNCTION t.fire() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM t.probe('trigger', 1); RETURN new; END $$;"
    "CREATE TRIGGER fire BEFORE INSERT ON t.planned FOR EACH ROW EXECUTE FUNCTION t.fire();"
    "CREATE RULE also AS ON INSERT TO t.statistics DO ALSO SELECT t.probe('rule', 1);";

static void tenant_sql(const char *database, const char *sql)
{
    PGconn *tenant = PQconnectdb(cluster_conninfo_as(cluster, database, "tenant"));
    PGresult *result = PQexec(tenant, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s", PQerrorMessage(tenant));
    PQclear(result);
    PQfinish(tenant);
}

static int start(void **state)
{
    (void)state;
    cluster = cluster_start("max_connections = 40\n");
    shop_use(cluster);
    cluster_sql(cluster, "postgres",
                "CREATE ROLE tenant LOGIN; CREATE ROLE neighbour; CREATE ROLE given LOGIN;"
                "CREATE ROLE manager LOGIN CREATEDB CREATEROLE; CREATE ROLE plain LOGIN CREATEDB;"
                "GRANT tenant TO given; GRANT given TO plain; GRANT pg_signal_backend TO manager, plain;"
                "GRANT tenant, neighbour TO manager, plain WITH ADMIN OPTION");
    return 0;
}

/* The tenant's schema in a database of that role. */
static void database_make(const char *database, const char *owner)
{
    char *sql = shop_format("ALTER DATABASE %s OWNER TO %s; GRANT CREATE ON DATABASE %s TO tenant", database,
                            owner, database);

    cluster_create_database(cluster, database);
    cluster_sql(cluster, "postgres", sql);
    free(sql);
    tenant_sql(database, probe_sql);
}

/* What a planner calls by SUPPORT is in C, and only a superuser names it: no owner's word, whoever owns the function. */
static void owners_name_no_support_functions(void **state)
{
    static const struct {
        const char *sql;
        int since;
    } statements[] = {
        {"CREATE FUNCTION t.helped(text) RETURNS boolean LANGUAGE sql SUPPORT text_starts_with_support"
         " AS 'SELECT true'",
         0},
        {"ALTER FUNCTION t.reader(int) SUPPORT text_starts_with_support", 0},
        {"CREATE FUNCTION t.helper(internal) RETURNS internal LANGUAGE internal AS 'text_starts_with_support'",
         0},
        {"CREATE AGGREGATE t.total(int) (sfunc = int4pl, stype = int, support = text_starts_with_support)",
         190000},
    };

    (void)state;
    database_make("helped", "tenant");
    PGconn *tenant = PQconnectdb(cluster_conninfo_as(cluster, "helped", "tenant"));
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (PQserverVersion(tenant) < statements[i].since)
            continue;
        PGresult *result = PQexec(tenant, statements[i].sql);
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (sqlstate == NULL || strcmp(sqlstate, "42501") != 0)
            fail_msg("%s: %s", statements[i].sql, PQresultErrorMessage(result));
        PQclear(result);
    }
    PQfinish(tenant);
}

/* Project and preview NAME with the tenant's things in both. */
static char *both_ready(struct shop *shop, const char *name, const char *role, bool with_loader)
{
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    for (int i = 0; i < 2; i++)
        database_make(i == 0 ? production : preview, role);
    project.id = name;
    project.organization_id = "acme";
    project.database = cluster_conninfo_as(cluster, production, role);
    project.loader_database = with_loader ? cluster_conninfo_as(cluster, production, "given") : NULL;
    check_ok(cutover_registry_project_add(shop->registry, &project, &error), error);
    shop_preview(shop, name, name, cluster_conninfo_as(cluster, preview, role), 0);
    free(production);
    free(preview);
    return shop_acked(shop, name, name);
}

static void in_both(const char *name, const char *sql)
{
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);

    tenant_sql(production, sql);
    tenant_sql(preview, sql);
    free(production);
    free(preview);
}

/* A promotion that is verified by restore, and the restore of its backup, with all doors in production and preview. */
static void all_doors_are_shut(struct shop *shop, const char *name, const char *role, bool with_loader)
{
    char *request = both_ready(shop, name, role, with_loader);
    char *production = shop_format("%s_production", name), *preview = shop_format("%s_preview", name);
    char *more = shop_format("INSERT INTO t.checked VALUES (3)");

    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
        in_both(name, doors[i].sql);
    in_both(name, beside_sql);
    tenant_sql(preview, more);
    PGconn *own = PQconnectdb(cluster_conninfo_as(cluster, preview, role));
    PGresult *result = PQexec(
        own, "CREATE TABLE t.own (id serial PRIMARY KEY, checked int CHECK (t.probe('own', checked) > 0),"
             "  up int REFERENCES t.own); ALTER TABLE t.own DROP CONSTRAINT own_checked_check");
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    result = PQexec(own, "INSERT INTO t.own (checked) VALUES (7), (8); ALTER TABLE t.own ADD CHECK "
                         "(t.probe('own', checked) > 0) NOT VALID");
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(own);
    char *expected = shop_dump(cluster, preview);
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    char *found = shop_dump(cluster, production);
    check_same_text(found, expected);
    outcome_free(&outcome);
    free(found);
    free(expected);
    free(more);
    free(production);
    free(preview);
    free(request);
}

static void doors_are_shut_for_a_superuser(void **state)
{
    all_doors_are_shut(*state, "super", "postgres", false);
}

static void doors_are_shut_for_a_role_that_makes_roles(void **state)
{
    all_doors_are_shut(*state, "made", "manager", false);
}

static void doors_are_shut_for_a_plain_role_with_a_loader(void **state)
{
    all_doors_are_shut(*state, "lent", "plain", true);
}

/* Otherwise nothing above would be seen. With a seed each other one. */
static void each_door_is_one(void **state)
{
    struct shop *shop = *state;

    shop_set_policy(shop, CUTOVER_POLICY_TRUST_OWNERS);
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        if (!seed_takes(i, 2))
            continue;
        char *name = shop_format("door%zu", i),
             *probe = shop_format("the probe of %s ran as postgres", doors[i].name);
        char *request = both_ready(shop, name, "postgres", false), *preview = shop_format("%s_preview", name);
        tenant_sql(preview, doors[i].sql);
        struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_READBACK};
        struct outcome outcome = shop_promote(shop, &promotion);
        assert_int_equal(outcome.status, CUTOVER_E_POSTGRES);
        char *told =
            shop_format("%s %s", cutover_error_message(outcome.error),
                        cutover_error_detail(outcome.error) != NULL ? cutover_error_detail(outcome.error) : "");
        check_contains(told, probe);
        outcome_free(&outcome);
        free(told);
        free(request);
        free(preview);
        free(probe);
        free(name);
    }
}

/* A superuser's tables among the tenant's come with their owner, and the loader is not let into anything of theirs for it. */
static void tables_of_superusers_come_with_their_owner(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "mixed", "postgres", false);

    tenant_sql("mixed_preview", doors[0].sql);
    cluster_sql(cluster, "mixed_preview",
                "CREATE TABLE public.ours (id bigserial PRIMARY KEY, up bigint REFERENCES public.ours);"
                "INSERT INTO public.ours (up) SELECT NULL FROM generate_series(1, 5);"
                "GRANT SELECT ON public.ours TO tenant WITH GRANT OPTION;"
                "CREATE SCHEMA walled; CREATE TABLE walled.t (a int); INSERT INTO walled.t VALUES (1);"
                "CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;"
                "CREATE SERVER near FOREIGN DATA WRAPPER nowhere; GRANT USAGE ON FOREIGN SERVER far, near TO "
                "tenant");
    for (int i = 0; i < 2; i++) {
        char *sql = shop_format("CREATE FOREIGN TABLE t.%s (x int, y int GENERATED ALWAYS AS"
                                " (x + t.probe('plan of a foreign table', 1)) STORED) SERVER %s",
                                i == 0 ? "far" : "near", i == 0 ? "far" : "near");
        tenant_sql("mixed_preview", sql);
        free(sql);
    }
    cluster_sql(
        cluster, "mixed_preview",
        "ALTER FOREIGN TABLE t.near OWNER TO postgres; REVOKE USAGE ON FOREIGN SERVER near FROM tenant");
    char *expected = shop_dump(cluster, "mixed_preview");
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    char *found = shop_dump(cluster, "mixed_production");
    check_same_text(found, expected);
    char *owners = cluster_value(
        cluster, "mixed_production",
        "SELECT string_agg(relname || ' ' || pg_get_userbyid(relowner) || ' ' ||"
        "  coalesce(replace(relacl::text, 'xtm/', 'xt/'), '-'), ', ' ORDER BY relname) FROM pg_class"
        " WHERE relname IN ('ours', 'ours_id_seq', 'ours_pkey', 't', 'checked') AND "
        "relkind IN ('r', 'S', 'i')");
    assert_string_equal(owners, "checked tenant -, ours postgres "
                                "{postgres=arwdDxt/postgres,tenant=r*/postgres}, ours_id_seq postgres -, "
                                "ours_pkey postgres -, t postgres -");
    free(owners);
    outcome_free(&outcome);
    free(found);
    free(expected);
    free(request);
}

static char *told(const struct outcome *outcome)
{
    const char *detail = cutover_error_detail(outcome->error), *hint = cutover_error_hint(outcome->error);

    return shop_format("%s\n%s\n%s", cutover_error_message(outcome->error), detail != NULL ? detail : "",
                       hint != NULL ? hint : "");
}

/* Refused before anything was made, with these words; then allowed once the role may make logins. */
static void without_a_loader_each_expression_is_named(void **state)
{
    static const char *const named[] = {
        "in the preview, with the rights of our role: constraint checked_x_check on table t.checked calls "
        "function t.probe(text,integer)",
        "in the preview, with the rights of our role: constraint positive_check of domain t.positive calls ",
        "in the preview, with the rights of our role: default value for column y of table t.generated calls "
        "function "
        "t.probe(text,integer)",
        "in the preview, with the rights of our role: table t.keyed calls function t.probe(text,integer)",
        "in the preview, with the rights of our role: cast from t.code to integer calls function "
        "t.code_to_int(t.code)",
        "in the preview, with the rights of our role: index t.indexed_probe_idx calls function",
        "in the preview, with the rights of our role: rule _RETURN on materialized view t.views calls function",
        "in the preview, with the rights of our role: rule _RETURN on view t.below calls function",
        "in the preview, with the rights of our role: statistics object t.measure calls function",
        "in production, with the rights of our role: constraint checked_x_check",
        "project.loader_database",
    };
    struct shop *shop = *state;
    char *request = both_ready(shop, "bare", "plain", false);

    for (size_t i = 0; i < 7; i++)
        tenant_sql("bare_preview", doors[i].sql);
    for (size_t i = 8; i < 11; i++)
        tenant_sql("bare_preview", doors[i].sql);
    tenant_sql("bare_preview", "CREATE VIEW t.below AS SELECT t.probe('below', x) FROM t.seen;"
                               "CREATE MATERIALIZED VIEW t.above AS SELECT * FROM t.below;");
    tenant_sql("bare_production", doors[0].sql);
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome refused = shop_promote(shop, &promotion);
    assert_int_equal(refused.status, CUTOVER_E_PREFLIGHT);
    char *words = told(&refused);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        check_contains(words, named[i]);
    free(words);
    outcome_free(&refused);
    cluster_sql(cluster, "postgres", "ALTER ROLE plain CREATEROLE");
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    cluster_sql(cluster, "postgres", "ALTER ROLE plain NOCREATEROLE");
    outcome_free(&outcome);
    free(request);
}

/* The project's preview is promoted; with its function given to the tenant it is refused, with these words. Takes the request over. */
static void becomes_refused(struct shop *shop, char *request, const char *project, const char *give_sql,
                            const char *words)
{
    char *database = shop_format("%s_preview", project), *again = shop_format("%s_again", project);
    struct shop_promotion promotion = {.request_id = request, .jobs = 2};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    outcome_free(&outcome);
    free(request);
    shop_preview(shop, again, project, cluster_conninfo(cluster, database), 0);
    promotion.request_id = request = shop_acked(shop, project, again);
    cluster_sql(cluster, database, give_sql);
    outcome = shop_promote(shop, &promotion);
    assert_int_equal(outcome.status, CUTOVER_E_FORBIDDEN);
    check_contains(cutover_error_message(outcome.error), words);
    outcome_free(&outcome);
    free(request);
    free(database);
    free(again);
}

/* It would be called by whoever makes the wrapper, and only a superuser may. */
static void a_wrapper_with_an_owners_validator_is_refused(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "wrapped", "postgres", false);

    cluster_sql(cluster, "wrapped_preview",
                "CREATE FUNCTION t.validate(text[], oid) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
                "CREATE FOREIGN DATA WRAPPER wrapped VALIDATOR t.validate");
    becomes_refused(shop, request, "wrapped", "ALTER FUNCTION t.validate(text[], oid) OWNER TO tenant",
                    "FOREIGN DATA WRAPPER wrapped calls validate(text[], oid) of role tenant");
}

/* It would be called by whoever makes a column of it: a base type, which only a superuser may make, with an owner's function. */
static void a_type_with_an_owners_modifiers_is_refused(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "modified", "postgres", false);

    cluster_sql(
        cluster, "modified_preview",
        "CREATE FUNCTION t.modifiers(cstring[]) RETURNS int IMMUTABLE STRICT LANGUAGE plpgsql AS"
        " 'BEGIN RETURN 1; END'; CREATE TYPE t.word;"
        "CREATE FUNCTION t.word_in(cstring) RETURNS t.word IMMUTABLE STRICT LANGUAGE internal AS 'textin';"
        "CREATE FUNCTION t.word_out(t.word) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS "
        "'textout'; CREATE TYPE t.word (INPUT = t.word_in, OUTPUT = t.word_out, TYPMOD_IN = t.modifiers);"
        "ALTER FUNCTION t.word_in(cstring) OWNER TO tenant; CREATE TABLE t.words (word t.word(3))");
    becomes_refused(shop, request, "modified", "ALTER FUNCTION t.modifiers(cstring[]) OWNER TO tenant",
                    "TYPE word calls modifiers(cstring[]) of role tenant wherever it is named with modifiers");
}

/* No preflight of a restored backup could have asked a server: what would read a constant, or be planned, is named, and not made. */
static void without_a_loader_nothing_is_read_or_planned(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "read", "plain", false);
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    struct outcome outcome = {.status = CUTOVER_OK};

    tenant_sql(
        "read_production",
        "CREATE DOMAIN t.item AS int CHECK (t.probe('constant', value) > 0);"
        "CREATE TABLE t.arrays (x t.item[] DEFAULT '{1}');"
        "CREATE TABLE t.derived (x int, y int GENERATED ALWAYS AS (x + t.probe('generated column', 1)) STORED);"
        "CREATE TABLE t.casting (x int, y int GENERATED ALWAYS AS (x::t.item) STORED);"
        "CREATE TABLE t.parts (x int) PARTITION BY LIST ((x::t.item));"
        "CREATE TABLE t.plain (x int, y int GENERATED ALWAYS AS (x + 1) STORED);");
    options.project_id = "read";
    options.actor = &shop_operator;
    options.verify = CUTOVER_VERIFY_RESTORE;
    outcome.status = cutover_backup_create(shop->engine, &options, NULL, &outcome.error);
    assert_int_equal(outcome.status, CUTOVER_E_VERIFY);
    char *words = told(&outcome);
    check_contains(words, "what the database's owners wrote would run with the rights of our role");
    check_contains(words, "TABLE arrays\nTABLE casting\nTABLE derived\nTABLE parts\n");
    free(words);
    outcome_free(&outcome);
    free(request);
}

static void a_loader_that_may_do_more_is_refused(void **state)
{
    static const struct {
        const char *sql, *undo, *words;
    } cases[] = {
        {"ALTER ROLE given CREATEDB", "ALTER ROLE given NOCREATEDB",
         "\"given\" may do more than owners of databases may"},
        {"ALTER ROLE given BYPASSRLS", "ALTER ROLE given NOBYPASSRLS", "may do more"},
        {"GRANT pg_read_server_files TO given", "REVOKE pg_read_server_files FROM given", "may do more"},
        {"REVOKE tenant FROM given", "GRANT tenant TO given", "\"given\" is not a member of tenant"},
        {"REVOKE given FROM plain", "GRANT given TO plain",
         "our role is not a member of the loader's role \"given\""},
        {"ALTER ROLE given NOLOGIN", "ALTER ROLE given LOGIN", "is not permitted to log in"},
    };
    struct shop *shop = *state;
    char *request = both_ready(shop, "more", "plain", true);

    in_both("more", doors[0].sql);
    struct shop_promotion promotion = {.request_id = request, .jobs = 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cluster_sql(cluster, "postgres", cases[i].sql);
        struct outcome outcome = shop_promote(shop, &promotion);
        cluster_sql(cluster, "postgres", cases[i].undo);
        assert_int_equal(outcome.status, CUTOVER_E_PREFLIGHT);
        char *words = told(&outcome);
        check_contains(words, cases[i].words);
        free(words);
        outcome_free(&outcome);
    }
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    outcome_free(&outcome);
    free(request);
}

/* As many connections as preflight says are enough, for the loader too, whom nothing is reserved for. */
static void the_connections_that_preflight_asks_for_are_enough(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "narrow", "postgres", false);
    char *others =
        cluster_value(cluster, "postgres",
                      "SELECT current_setting('max_connections')::int - 3 - count(*) FROM pg_stat_activity"
                      " WHERE backend_type = 'client backend'");
    int left = atoi(others);
    PGconn *kept[40];

    in_both("narrow", doors[0].sql);
    in_both("narrow", doors[6].sql);
    /* 2 x jobs + 5 are left, while preflight itself has three more. */
    for (int i = 0; i < left - 12; i++)
        assert_int_equal(PQstatus(kept[i] = cluster_connect(cluster, "template1")), CONNECTION_OK);
    struct shop_promotion promotion = {.request_id = request, .jobs = 2, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    for (int i = 0; i < left - 12; i++)
        PQfinish(kept[i]);
    outcome_free(&outcome);
    free(others);
    free(request);
}

static void *connections_come_back(void *context)
{
    struct shop *shop = context;
    bool seen = false;

    while (!seen) {
        usleep(10000);
        pthread_mutex_lock(&shop->log_mutex);
        seen = strstr(shop->log, "waiting for a connection of login \"given\"") != NULL;
        pthread_mutex_unlock(&shop->log_mutex);
    }
    cluster_sql(cluster, "postgres", "ALTER ROLE given CONNECTION LIMIT -1");
    return NULL;
}

static int connections_run_out(struct shop *shop, void *context)
{
    cluster_sql(cluster, "postgres", "ALTER ROLE given CONNECTION LIMIT 0");
    assert_int_equal(pthread_create(context, NULL, connections_come_back, shop), 0);
    return 0;
}

/* As one of a session that was just closed, and still counts. */
static void a_connection_of_the_loaders_is_waited_for(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "crowded", "plain", true);
    pthread_t thread;
    const struct shop_hook hooks[] = {{"stage", connections_run_out, &thread}, {NULL, NULL, NULL}};

    in_both("crowded", doors[0].sql);
    struct shop_promotion promotion = {.request_id = request, .jobs = 1, .hooks = hooks};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    pthread_join(thread, NULL);
    outcome_free(&outcome);
    free(request);
}

static cutover_status keep_data(const cutover_document *document, void *context)
{
    char **found = context;

    if (strstr(document->body, "\"cutover.promote_started\"") != NULL) {
        free(*found);
        *found = shop_format("%s", document->body);
    }
    return CUTOVER_OK;
}

/* The GRANT that a finding of preflight asks for that role, done; whether there was one. */
static bool identity_granted(struct shop *shop, const char *request, const char *role)
{
    char *grant = shop_format("GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO \"%s\"", role);
    cutover_preflight *preflight = NULL;
    cutover_error *error = NULL;
    bool told = false;

    check_ok(cutover_preflight_run(shop->engine, &shop_operator, request, 1, &preflight, &error), error);
    for (size_t i = 0; i < cutover_preflight_count(preflight); i++) {
        const cutover_finding *finding = cutover_preflight_at(preflight, i);
        if (finding->severity != CUTOVER_SEVERITY_BLOCK)
            continue;
        char *words = shop_format("%s %s", finding->message, finding->hint != NULL ? finding->hint : "");
        check_contains(words, "In database shy_production: ");
        check_contains(words, grant);
        free(words);
        told = true;
    }
    cutover_preflight_free(preflight);
    cluster_sql(cluster, "shy_production", grant);
    free(grant);
    return told;
}

/* Where somebody took away the right that everybody has, preflight says what gives it back, and that is enough. */
static void identity_that_is_kept_from_a_plain_role_is_a_finding(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "shy", "plain", true);

    cluster_sql(cluster, "shy_production",
                "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC");
    assert_true(identity_granted(shop, request, "plain"));
    assert_true(identity_granted(shop, request, "given"));
    assert_false(identity_granted(shop, request, "plain"));
    struct outcome outcome = shop_promote_ok(
        shop, &(struct shop_promotion){.request_id = request, .jobs = 1, .verify = CUTOVER_VERIFY_READBACK});
    outcome_free(&outcome);
    free(request);
}

static void trust_is_told(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "trusting"), *entry = NULL;
    cutover_error *error = NULL;

    shop_set_policy(shop, CUTOVER_POLICY_TRUST_OWNERS);
    struct shop_promotion promotion = {.request_id = request, .jobs = 1};
    struct outcome outcome = shop_promote_ok(shop, &promotion);
    check_contains(json_object_to_json_string(outcome.report),
                   "runs with the rights of our role, as the host's policy has it");
    check_ok(shop->store.list("audit", "trusting", "", 100, keep_data, &entry, &error, shop->store.userdata),
             error);
    check_contains(entry, "\"owners_trusted\":true");
    free(entry);
    outcome_free(&outcome);
    free(request);
}

/* What fails while the loader is there takes it along: the tear-down looks for logins. */
static void a_job_that_fails_leaves_no_login(void **state)
{
    struct shop *shop = *state;
    char *request = both_ready(shop, "failing", "postgres", false);

    tenant_sql("failing_preview", "CREATE TABLE t.odds (x int PRIMARY KEY)");
    cluster_sql(cluster, "failing_preview",
                "UPDATE pg_index SET indisready = false WHERE indexrelid = 't.odds_pkey'::regclass");
    tenant_sql("failing_preview", "INSERT INTO t.odds VALUES (1), (1)");
    cluster_sql(cluster, "failing_preview",
                "UPDATE pg_index SET indisready = true WHERE indexrelid = 't.odds_pkey'::regclass");
    struct shop_promotion promotion = {.request_id = request, .jobs = 2};
    struct outcome outcome = shop_promote(shop, &promotion);
    assert_int_equal(outcome.status, CUTOVER_E_POSTGRES);
    check_contains(cutover_error_message(outcome.error), "odds_pkey");
    outcome_free(&outcome);
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(doors_are_shut_for_a_superuser),
        TEST(doors_are_shut_for_a_role_that_makes_roles),
        TEST(doors_are_shut_for_a_plain_role_with_a_loader),
        TEST(each_door_is_one),
        TEST(owners_name_no_support_functions),
        TEST(tables_of_superusers_come_with_their_owner),
        TEST(without_a_loader_each_expression_is_named),
        TEST(without_a_loader_nothing_is_read_or_planned),
        TEST(a_wrapper_with_an_owners_validator_is_refused),
        TEST(a_type_with_an_owners_modifiers_is_refused),
        TEST(a_connection_of_the_loaders_is_waited_for),
        TEST(a_loader_that_may_do_more_is_refused),
        TEST(a_job_that_fails_leaves_no_login),
        TEST(the_connections_that_preflight_asks_for_are_enough),
        TEST(identity_that_is_kept_from_a_plain_role_is_a_finding),
        TEST(trust_is_told),
    };

    return cmocka_run_group_tests_name("rights", tests, start, NULL);
}
