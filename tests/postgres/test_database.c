#include "support/check.h"
#include "support/cluster.h"

#include "base/id.h"
#include "base/record.h"
#include "postgres/database.h"
#include "postgres/properties.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cluster *cluster;
static struct session *control;

static struct session *open_session(const char *string)
{
    struct conninfo conninfo;
    struct session *session = NULL;
    cutover_error *error = NULL;

    check_ok(conninfo_parse("test", string, &conninfo, &error), error);
    struct session_options options = {.conninfo = &conninfo};
    check_ok(session_open(&options, &session, &error), error);
    conninfo_free(&conninfo);
    return session;
}

static uint32_t oid_of(const char *name)
{
    cutover_error *error = NULL;
    uint32_t oid = 0;

    check_ok(database_oid_of(control, name, &oid, &error), error);
    return oid;
}

static struct json_object *properties_of(const char *name)
{
    struct json_object *properties = NULL;
    cutover_error *error = NULL;

    check_ok(properties_read(control, oid_of(name), &properties, &error), error);
    return properties;
}

static int setup(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    cluster_sql(cluster, "postgres", "CREATE ROLE visitor LOGIN; CREATE ROLE creator LOGIN CREATEDB");
    cluster_sql(cluster, "postgres",
                "CREATE DATABASE prod TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
    control = open_session(cluster_conninfo(cluster, "postgres"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    session_close(control);
    cluster_stop(cluster);
    return 0;
}

/* EDGE_CASES E19 */
static void names_fit_and_end_in_the_id(void **state)
{
    char id[ID_SIZE], tail[13], name[64], prefix[200];

    (void)state;
    id_new(1, id);
    id_short(id, tail);
    database_name_make(name, "cutover_stage_", id);
    assert_int_equal(strlen(name), 26);
    assert_memory_equal(name, "cutover_stage_", 14);
    assert_string_equal(name + 14, tail);
    memset(prefix, 'x', sizeof(prefix));
    prefix[sizeof(prefix) - 1] = '\0';
    database_name_make(name, prefix, id);
    assert_int_equal(strlen(name), DATABASE_NAME_MAX);
    assert_string_equal(name + DATABASE_NAME_MAX - 12, tail);
}

static void names_and_oids_are_looked_up(void **state)
{
    cutover_error *error = NULL;
    char *name = NULL;

    (void)state;
    assert_int_equal(oid_of("nowhere"), 0);
    assert_int_equal(oid_of("postgres"), control->database_oid);
    check_ok(database_name_of(control, control->database_oid, &name, &error), error);
    assert_string_equal(name, "postgres");
    free(name);
    check_ok(database_name_of(control, 4000000000u, &name, &error), error);
    assert_null(name);
}

/* EDGE_CASES A30, A31: production's encoding and locale, nothing of template1. */
static void new_database_is_like_production_and_empty(void **state)
{
    struct json_object *properties = properties_of("prod");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    cluster_sql(cluster, "template1", "CREATE TABLE leftover (a int)");
    check_ok(database_create(control, "stage", properties, &oid, &error), error);
    cluster_sql(cluster, "template1", "DROP TABLE leftover");
    assert_int_equal(oid, oid_of("stage"));
    assert_int_equal(cluster_number(cluster, "stage", "SELECT count(*) FROM pg_class WHERE oid >= 16384"), 0);
    struct json_object *made = properties_of("stage");
    assert_string_equal(json_text_or(made, "encoding", ""), "LATIN1");
    assert_string_equal(json_text_or(made, "collate", ""), "C");
    json_object_put(made);
    json_object_put(properties);
    check_ok(database_drop(control, "stage", oid, &error), error);
}

static void nobody_may_connect_to_a_new_database(void **state)
{
    struct json_object *properties = properties_of("prod");
    cutover_error *error = NULL;
    struct conninfo conninfo;
    struct session *session = NULL;
    uint32_t oid = 0;

    (void)state;
    check_ok(database_create(control, "stage", properties, &oid, &error), error);
    check_ok(conninfo_parse("test", cluster_conninfo_as(cluster, "stage", "visitor"), &conninfo, &error),
             error);
    struct session_options options = {.conninfo = &conninfo};
    check_status_keep(session_open(&options, &session, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42501");
    cutover_error_free(error);
    error = NULL;
    conninfo_free(&conninfo);
    check_ok(database_drop(control, "stage", oid, &error), error);
    json_object_put(properties);
}

static bool is_ours(const char *name, uint32_t oid)
{
    cutover_error *error = NULL;
    bool is = false;

    check_ok(database_is_ours(control, name, oid, &is, &error), error);
    return is;
}

/* Neither what bears the name of one, nor what was one. */
static void only_what_was_made_and_never_came_in_is_ours(void **state)
{
    struct json_object *properties = properties_of("prod");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    check_ok(database_create(control, "made", properties, &oid, &error), error);
    assert_true(is_ours("made", oid));
    assert_true(is_ours("made", 0));
    assert_false(is_ours("made", oid + 1));
    assert_false(is_ours("nowhere", 0));
    assert_false(is_ours("prod", 0));
    cluster_sql(cluster, "postgres", "GRANT CONNECT ON DATABASE made TO PUBLIC");
    assert_false(is_ours("made", oid));
    cluster_sql(cluster, "postgres",
                "REVOKE CONNECT ON DATABASE made FROM PUBLIC; ALTER DATABASE made OWNER TO visitor");
    assert_false(is_ours("made", oid));
    /* Between CREATE DATABASE and its grants. */
    cluster_sql(cluster, "postgres", "CREATE DATABASE begun ALLOW_CONNECTIONS false");
    cluster_sql(cluster, "postgres", "REVOKE CONNECT ON DATABASE begun FROM PUBLIC");
    assert_true(is_ours("begun", 0));
    assert_false(is_ours("begun", oid_of("begun")));
    cluster_sql(cluster, "postgres", "DROP DATABASE begun");
    cluster_sql(cluster, "postgres", "DROP DATABASE made");
    json_object_put(properties);
}

static void taken_name_is_refused_and_left_alone(void **state)
{
    struct json_object *properties = properties_of("prod");
    cutover_error *error = NULL;
    uint32_t oid = 7, before = oid_of("prod");

    (void)state;
    check_status_keep(database_create(control, "prod", properties, &oid, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42P04");
    check_contains(cutover_error_hint(error), "left alone");
    cutover_error_free(error);
    assert_int_equal(oid, 7);
    assert_int_equal(oid_of("prod"), before);
    json_object_put(properties);
}

static void unknown_locale_is_explained(void **state)
{
    struct json_object *properties = properties_of("prod");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    json_put_text(properties, "collate", "xx_YY.nowhere");
    check_status_keep(database_create(control, "stage", properties, &oid, &error), CUTOVER_E_POSTGRES, error);
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
    assert_int_equal(oid_of("stage"), 0);
    json_object_put(properties);
}

static void long_name_is_refused(void **state)
{
    struct json_object *properties = properties_of("prod");
    cutover_error *error = NULL;
    char name[65];
    uint32_t oid = 0;

    (void)state;
    memset(name, 'n', 64);
    name[64] = '\0';
    check_status(database_create(control, name, properties, &oid, &error), CUTOVER_E_INVALID, error);
    json_object_put(properties);
}

/* EDGE_CASES A31: template0 itself was spoiled. */
static void spoiled_template_is_found(void **state)
{
    struct json_object *properties = properties_of("prod");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    cluster_sql(cluster, "postgres", "ALTER DATABASE template0 ALLOW_CONNECTIONS true");
    cluster_sql(cluster, "template0", "CREATE TABLE spoilt (a int)");
    check_status_keep(database_create(control, "stage", properties, &oid, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "relation public.spoilt");
    cutover_error_free(error);
    cluster_sql(cluster, "template0", "DROP TABLE spoilt");
    cluster_sql(cluster, "postgres", "ALTER DATABASE template0 ALLOW_CONNECTIONS false");
    assert_int_equal(oid_of("stage"), 0);
    json_object_put(properties);
}

static void drop_ends_sessions_and_passes_every_bar(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "doomed");
    uint32_t oid = oid_of("doomed");
    PGconn *inside = cluster_connect(cluster, "doomed");
    cluster_sql(cluster, "postgres", "ALTER DATABASE doomed WITH ALLOW_CONNECTIONS false IS_TEMPLATE true");
    check_ok(database_drop(control, "doomed", oid, &error), error);
    assert_int_equal(oid_of("doomed"), 0);
    PQfinish(inside);
    check_ok(database_drop(control, "doomed", oid, &error), error);
}

/* EDGE_CASES E15: what an interrupted DROP DATABASE leaves. */
static void invalid_database_is_dropped(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "invalid");
    cluster_sql(cluster, "postgres", "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'invalid'");
    check_ok(database_drop(control, "invalid", oid_of("invalid"), &error), error);
    assert_int_equal(oid_of("invalid"), 0);
}

static void another_database_of_that_name_is_not_dropped(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "mine");
    uint32_t oid = oid_of("mine");
    cluster_sql(cluster, "postgres", "ALTER DATABASE mine RENAME TO renamed");
    cluster_create_database(cluster, "mine");
    check_status_keep(database_drop(control, "mine", oid, &error), CUTOVER_E_CONFLICT, error);
    check_contains(cutover_error_message(error), "renamed");
    cutover_error_free(error);
    error = NULL;
    assert_int_not_equal(oid_of("mine"), 0);
    assert_int_equal(oid_of("renamed"), oid);
    check_ok(database_drop(control, "renamed", oid, &error), error);
    /* Gone for good; the namesake stays. */
    check_ok(database_drop(control, "mine", oid, &error), error);
    assert_int_not_equal(oid_of("mine"), 0);
}

static void what_keeps_a_database_is_hinted_at(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "subscribed");
    cluster_sql(cluster, "subscribed",
                "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere.invalid' PUBLICATION p WITH (connect = false)");
    uint32_t oid = oid_of("subscribed");
    check_status_keep(database_drop(control, "subscribed", oid, &error), CUTOVER_E_POSTGRES, error);
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
    error = NULL;
    cluster_sql(cluster, "subscribed", "ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s");
    check_ok(database_drop(control, "subscribed", oid, &error), error);
}

/* EDGE_CASES A42 */
static void tablespace_is_productions(void **state)
{
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    char *folder = cluster_value(cluster, "postgres", "SELECT current_setting('data_directory') || '/space'");
    char sql[600];
    snprintf(sql, sizeof(sql), "COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; mkdir %s'", folder);
    cluster_sql(cluster, "postgres", sql);
    snprintf(sql, sizeof(sql), "CREATE TABLESPACE \"Space 1\" LOCATION '%s'", folder);
    cluster_sql(cluster, "postgres", sql);
    free(folder);
    struct json_object *properties = properties_of("prod");
    json_put_text(properties, "tablespace", "Space 1");
    check_ok(database_create(control, "stage", properties, &oid, &error), error);
    struct json_object *made = properties_of("stage");
    assert_string_equal(json_text_or(made, "tablespace", ""), "Space 1");
    json_object_put(made);
    json_object_put(properties);
    check_ok(database_drop(control, "stage", oid, &error), error);
    cluster_sql(cluster, "postgres", "DROP TABLESPACE \"Space 1\"");
}

static void role_without_createdb_is_told_so(void **state)
{
    struct json_object *properties = properties_of("prod");
    struct session *poor = open_session(cluster_conninfo_as(cluster, "postgres", "visitor"));
    struct session *able = open_session(cluster_conninfo_as(cluster, "postgres", "creator"));
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    check_status_keep(database_create(poor, "stage", properties, &oid, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42501");
    check_contains(cutover_error_hint(error), "CREATEDB");
    cutover_error_free(error);
    error = NULL;
    check_ok(database_create(able, "stage", properties, &oid, &error), error);
    check_ok(database_drop(able, "stage", oid, &error), error);
    session_close(poor);
    session_close(able);
    json_object_put(properties);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_fit_and_end_in_the_id),
        cmocka_unit_test(names_and_oids_are_looked_up),
        cmocka_unit_test(new_database_is_like_production_and_empty),
        cmocka_unit_test(nobody_may_connect_to_a_new_database),
        cmocka_unit_test(only_what_was_made_and_never_came_in_is_ours),
        cmocka_unit_test(taken_name_is_refused_and_left_alone),
        cmocka_unit_test(unknown_locale_is_explained),
        cmocka_unit_test(long_name_is_refused),
        cmocka_unit_test(spoiled_template_is_found),
        cmocka_unit_test(drop_ends_sessions_and_passes_every_bar),
        cmocka_unit_test(invalid_database_is_dropped),
        cmocka_unit_test(another_database_of_that_name_is_not_dropped),
        cmocka_unit_test(what_keeps_a_database_is_hinted_at),
        cmocka_unit_test(tablespace_is_productions),
        cmocka_unit_test(role_without_createdb_is_told_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
