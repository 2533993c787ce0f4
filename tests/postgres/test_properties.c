#include "support/check.h"
#include "support/cluster.h"

#include "base/record.h"
#include "postgres/database.h"
#include "postgres/properties.h"

#include <stdlib.h>
#include <string.h>

static struct cluster *cluster;
static struct session *control;

static struct session *open_session(const char *database, const char *role)
{
    struct conninfo conninfo;
    struct session *session = NULL;
    cutover_error *error = NULL;
    const char *string =
        role != NULL ? cluster_conninfo_as(cluster, database, role) : cluster_conninfo(cluster, database);

    check_ok(conninfo_parse("test", string, &conninfo, &error), error);
    struct session_options options = {.conninfo = &conninfo};
    check_ok(session_open(&options, &session, &error), error);
    conninfo_free(&conninfo);
    return session;
}

static struct json_object *read_properties(const char *database)
{
    struct json_object *properties = NULL;
    cutover_error *error = NULL;
    uint32_t oid = 0;

    check_ok(database_oid_of(control, database, &oid, &error), error);
    check_ok(properties_read(control, oid, &properties, &error), error);
    return properties;
}

static char *differences_of(struct json_object *expected, struct json_object *found)
{
    char *differences = NULL;
    cutover_error *error = NULL;

    check_ok(properties_compare(expected, found, &differences, &error), error);
    return differences;
}

/* Gives a database the properties as the swap does: tried before, then in a transaction. */
static void give(const char *database, struct json_object *properties)
{
    struct text sql = TEXT_INIT;
    cutover_error *error = NULL;

    struct json_object *has = read_properties(database);
    check_ok(properties_try(control, database, has, properties, &error), error);
    text_add(&sql, "BEGIN;\n");
    check_ok(properties_give_sql(database, has, properties, &sql, &error), error);
    text_add(&sql, "COMMIT;\n");
    json_object_put(has);
    check_ok(session_run(control, text_string(&sql), &error), error);
    text_free(&sql);
}

static const char PRODUCTION_SQL[] =
    "CREATE ROLE app_owner; CREATE ROLE app_user LOGIN; CREATE ROLE auditor; CREATE ROLE \"Odd \"\"Role\"\"\";"
    "CREATE ROLE helper;";

static const char *const PRODUCTION_STATEMENTS[] = {
    ("CREATE DATABASE \"Prod-1=x\" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de'"
     " LC_COLLATE 'C' LC_CTYPE 'C'"),
    "ALTER DATABASE \"Prod-1=x\" OWNER TO app_owner",
    "ALTER DATABASE \"Prod-1=x\" CONNECTION LIMIT 17",
    "COMMENT ON DATABASE \"Prod-1=x\" IS E'it''s \\\\ the ''one'''",
    "ALTER DATABASE \"Prod-1=x\" SET search_path = app, \"$user\", \"Odd,Schema\", \"qu\"\"ote\", ''",
    "ALTER DATABASE \"Prod-1=x\" SET work_mem = '7MB'",
    "ALTER DATABASE \"Prod-1=x\" SET my.custom = E'a''b\\\\c=d, \"e\"'",
    "ALTER DATABASE \"Prod-1=x\" SET DateStyle = 'German, DMY'",
    "ALTER DATABASE \"Prod-1=x\" SET temp_tablespaces = ''",
    "ALTER DATABASE \"Prod-1=x\" SET session_preload_libraries = 'auto_explain'",
    "ALTER ROLE app_user IN DATABASE \"Prod-1=x\" SET statement_timeout = '3s'",
    "ALTER ROLE app_user IN DATABASE \"Prod-1=x\" SET search_path = 'user-schema'",
    "ALTER ROLE \"Odd \"\"Role\"\"\" IN DATABASE \"Prod-1=x\" SET TimeZone = 'Europe/Berlin'",
    "REVOKE CONNECT ON DATABASE \"Prod-1=x\" FROM PUBLIC",
    "REVOKE CREATE ON DATABASE \"Prod-1=x\" FROM app_owner",
    "GRANT CONNECT ON DATABASE \"Prod-1=x\" TO app_user WITH GRANT OPTION",
    "GRANT CREATE ON DATABASE \"Prod-1=x\" TO auditor",
    "SET ROLE app_user; GRANT CONNECT ON DATABASE \"Prod-1=x\" TO helper WITH GRANT OPTION; RESET ROLE",
    "SET ROLE helper; GRANT CONNECT ON DATABASE \"Prod-1=x\" TO \"Odd \"\"Role\"\"\"; RESET ROLE",
};

static int setup(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    cluster_sql(cluster, "postgres", PRODUCTION_SQL);
    for (size_t i = 0; i < sizeof(PRODUCTION_STATEMENTS) / sizeof(PRODUCTION_STATEMENTS[0]); i++)
        cluster_sql(cluster, "postgres", PRODUCTION_STATEMENTS[i]);
    control = open_session("postgres", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    session_close(control);
    cluster_stop(cluster);
    return 0;
}

static void properties_are_read(void **state)
{
    struct json_object *production = read_properties("Prod-1=x");

    (void)state;
    assert_string_equal(json_text_or(production, "name", ""), "Prod-1=x");
    assert_string_equal(json_text_or(production, "owner", ""), "app_owner");
    assert_string_equal(json_text_or(production, "encoding", ""), "UTF8");
    assert_string_equal(json_text_or(production, "locale_provider", ""), "icu");
    assert_string_equal(json_text_or(production, "icu_locale", ""), "de");
    assert_string_equal(json_text_or(production, "tablespace", ""), "pg_default");
    assert_string_equal(json_text_or(production, "comment", ""), "it's \\ the 'one'");
    assert_int_equal(json_int_or(production, "connection_limit", 0), 17);
    assert_false(json_bool_or(production, "acl_is_default", true));
    assert_int_equal(json_object_array_length(json_member(production, "settings")), 9);
    json_object_put(production);
}

/* EDGE_CASES C7, C8: the new database bears all that the old one did. */
static void copy_gets_the_same_properties(void **state)
{
    struct json_object *production = read_properties("Prod-1=x");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    check_ok(database_create(control, "cutover_stage_1", production, &oid, &error), error);
    struct json_object *bare = read_properties("cutover_stage_1");
    char *differences = differences_of(production, bare);
    /* It is ours, and nobody else may come in. */
    check_contains(differences, "owner: app_owner | postgres");
    check_contains(differences, "grant of CONNECT to app_user by app_owner: with grant option | (none)");
    check_contains(differences, "grant of CONNECT to postgres by postgres: (none) | granted");
    assert_null(strstr(differences, "grant of CONNECT to PUBLIC"));
    check_contains(differences, "connection_limit: 17 | -1");
    check_contains(differences, "comment: it's");
    check_contains(differences, "setting work_mem: set | (none)");
    check_contains(differences, "setting statement_timeout of role app_user: set | (none)");
    check_contains(differences, "grant of CONNECT to helper by app_user: with grant option | (none)");
    assert_null(strstr(differences, "encoding"));
    assert_null(strstr(differences, "icu_locale"));
    free(differences);
    json_object_put(bare);

    give("cutover_stage_1", production);
    struct json_object *staged = read_properties("cutover_stage_1");
    differences = differences_of(production, staged);
    assert_string_equal(differences, "");
    free(differences);
    char *expected = cluster_value(cluster, "Prod-1=x", "SELECT current_setting('search_path')");
    char *path = cluster_value(cluster, "cutover_stage_1", "SELECT current_setting('search_path')");
    assert_string_equal(path, expected);
    free(expected);
    free(path);
    json_object_put(staged);
    check_ok(database_drop(control, "cutover_stage_1", oid, &error), error);
    json_object_put(production);
}

static void applying_again_replaces_what_was_there(void **state)
{
    struct json_object *production = read_properties("Prod-1=x");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    check_ok(database_create(control, "again", production, &oid, &error), error);
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE again SET lock_timeout = '1s'; ALTER ROLE auditor IN DATABASE again SET "
                "work_mem = '1MB'");
    give("again", production);
    give("again", production);
    struct json_object *found = read_properties("again");
    char *differences = differences_of(production, found);
    assert_string_equal(differences, "");
    free(differences);
    json_object_put(found);
    check_ok(database_drop(control, "again", oid, &error), error);
    json_object_put(production);
}

/* It is no setting that was read; beside one that cannot be reset from 16 on, each is reset by itself. */
static void a_fence_goes_with_what_was_there(void **state)
{
    struct json_object *production = read_properties("Prod-1=x");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    check_ok(database_create(control, "fenced", production, &oid, &error), error);
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE fenced SET transaction_read_only = off;"
                "ALTER DATABASE fenced SET default_transaction_read_only = 'tRuE'");
    give("fenced", production);
    assert_int_equal(cluster_number(cluster, "postgres",
                                    "SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d"
                                    " ON d.oid = s.setdatabase WHERE d.datname = 'fenced'"
                                    " AND s.setconfig::text ~ 'default_transaction_read_only=tRuE'"),
                     0);
    check_ok(database_drop(control, "fenced", oid, &error), error);
    json_object_put(production);
}

/* A list of no library is none of one library whose name is empty: nobody could connect. */
static void a_list_that_was_emptied_is_given_empty(void **state)
{
    (void)state;
    cluster_create_database(cluster, "emptied");
    cluster_create_database(cluster, "emptied_next");
    cluster_sql(
        cluster, "postgres",
        "SELECT set_config('search_path', '', false); ALTER DATABASE emptied SET search_path FROM CURRENT;"
        "ALTER DATABASE emptied SET local_preload_libraries FROM CURRENT;"
        "ALTER ROLE app_user IN DATABASE emptied SET temp_tablespaces FROM CURRENT");
    cluster_sql(cluster, "postgres",
                cluster_number(cluster, "postgres", "SHOW server_version_num") >= 190000
                    ? "ALTER DATABASE emptied SET session_preload_libraries TO NULL"
                    : "ALTER DATABASE emptied SET session_preload_libraries FROM CURRENT");
    struct json_object *emptied = read_properties("emptied");
    assert_int_equal(json_object_array_length(json_member(emptied, "settings")), 4);
    /* Also by a session that has such libraries. */
    cluster_sql(cluster, "postgres", "ALTER ROLE postgres SET session_preload_libraries = 'auto_explain'");
    struct session *usual = control;
    control = open_session("postgres", NULL);
    give("emptied_next", emptied);
    session_close(control);
    control = usual;
    cluster_sql(cluster, "postgres", "ALTER ROLE postgres RESET session_preload_libraries");
    struct json_object *found = read_properties("emptied_next");
    char *differences = differences_of(emptied, found);
    assert_string_equal(differences, "");
    assert_int_equal(cluster_number(cluster, "emptied_next", "SELECT 1"), 1);
    free(differences);
    json_object_put(found);
    json_object_put(emptied);
}

/* EDGE_CASES C8: a default ACL is explicit after, and means the same. */
static void default_acl_and_the_same_spelt_out_are_equal(void **state)
{
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    cluster_create_database(cluster, "plain");
    struct json_object *plain = read_properties("plain");
    assert_true(json_bool_or(plain, "acl_is_default", false));
    check_ok(database_create(control, "plain_copy", plain, &oid, &error), error);
    give("plain_copy", plain);
    struct json_object *copy = read_properties("plain_copy");
    assert_false(json_bool_or(copy, "acl_is_default", true));
    char *differences = differences_of(plain, copy);
    assert_string_equal(differences, "");
    free(differences);
    json_object_put(copy);
    json_object_put(plain);
    check_ok(database_drop(control, "plain_copy", oid, &error), error);
}

static void each_changed_property_is_named(void **state)
{
    static const struct {
        const char *sql, *line;
    } CHANGES[] = {
        {"ALTER DATABASE changed SET work_mem = '8MB'", "setting work_mem: set | set otherwise"},
        {"ALTER DATABASE changed RESET work_mem", "setting work_mem: set | (none)"},
        {"ALTER DATABASE changed SET lock_timeout = '2s'", "setting lock_timeout: (none) | set"},
        {"ALTER ROLE app_user IN DATABASE changed RESET statement_timeout",
         "setting statement_timeout of role app_user: set | (none)"},
        {"GRANT CONNECT ON DATABASE changed TO PUBLIC",
         "grant of CONNECT to PUBLIC by app_owner: (none) | granted"},
        {"REVOKE GRANT OPTION FOR CONNECT ON DATABASE changed FROM app_user CASCADE",
         "grant of CONNECT to app_user by app_owner: with grant option | granted"},
        {"ALTER DATABASE changed OWNER TO postgres", "owner: app_owner | postgres"},
        {"ALTER DATABASE changed CONNECTION LIMIT 3", "connection_limit: 17 | 3"},
        {"ALTER DATABASE changed IS_TEMPLATE true", "is_template: false | true"},
        {"COMMENT ON DATABASE changed IS NULL", "| (none)"},
    };
    struct json_object *production = read_properties("Prod-1=x");
    cutover_error *error = NULL;
    uint32_t oid = 0;

    (void)state;
    check_ok(database_create(control, "changed", production, &oid, &error), error);
    for (size_t i = 0; i < sizeof(CHANGES) / sizeof(CHANGES[0]); i++) {
        give("changed", production);
        cluster_sql(cluster, "postgres", CHANGES[i].sql);
        struct json_object *found = read_properties("changed");
        char *differences = differences_of(production, found);
        check_contains(differences, CHANGES[i].line);
        free(differences);
        json_object_put(found);
    }
    check_ok(database_drop(control, "changed", oid, &error), error);
    json_object_put(production);
}

static void unknown_privilege_is_refused(void **state)
{
    struct text sql = TEXT_INIT;
    cutover_error *error = NULL;
    static const char JSON[] =
        "{\"owner\": \"o\", \"acl\": [{\"grantee\": \"\", \"privilege\": \"CONNECT ON DATABASE x TO y; DROP\","
        " \"grantable\": false, \"grantor\": \"o\"}]}";
    struct json_object *properties = json_parse(JSON, strlen(JSON), &error);

    (void)state;
    assert_non_null(properties);
    check_status(properties_give_sql("x", NULL, properties, &sql, &error), CUTOVER_E_UNSUPPORTED, error);
    assert_int_equal(sql.length, 0);
    json_object_put(properties);
}

static void missing_database_is_not_found(void **state)
{
    struct json_object *properties = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_status(properties_read(control, 999999, &properties, &error), CUTOVER_E_NOT_FOUND, error);
    assert_null(properties);
}

/* A grant in somebody's name that we cannot take is found before the swap. */
static void grantor_that_we_cannot_be_is_refused_early(void **state)
{
    struct json_object *production = read_properties("Prod-1=x");
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "postgres",
                "CREATE ROLE plain_creator LOGIN CREATEDB; GRANT app_owner TO plain_creator");
    struct session *session = open_session("postgres", "plain_creator");
    check_status_keep(properties_try(session, "Prod-1=x", NULL, production, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "helper");
    cutover_error_free(error);
    session_close(session);
    json_object_put(production);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_are_read),
        cmocka_unit_test(copy_gets_the_same_properties),
        cmocka_unit_test(applying_again_replaces_what_was_there),
        cmocka_unit_test(a_fence_goes_with_what_was_there),
        cmocka_unit_test(a_list_that_was_emptied_is_given_empty),
        cmocka_unit_test(default_acl_and_the_same_spelt_out_are_equal),
        cmocka_unit_test(each_changed_property_is_named),
        cmocka_unit_test(unknown_privilege_is_refused),
        cmocka_unit_test(missing_database_is_not_found),
        cmocka_unit_test(grantor_that_we_cannot_be_is_refused_early),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
