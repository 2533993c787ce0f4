#include "postgres/conninfo.h"
#include "support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void given_keywords_are_split(void **state)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    (void)state;
    check_ok(conninfo_parse("connection",
                            "postgresql://ann:s%20ecret@db.example:6543/or%2Fders?sslmode=require", &conninfo,
                            &error),
             error);
    assert_string_equal(conninfo_get(&conninfo, "host"), "db.example");
    assert_string_equal(conninfo_get(&conninfo, "port"), "6543");
    assert_string_equal(conninfo_get(&conninfo, "user"), "ann");
    assert_string_equal(conninfo_get(&conninfo, "password"), "s ecret");
    assert_string_equal(conninfo_get(&conninfo, "dbname"), "or/ders");
    assert_string_equal(conninfo_get(&conninfo, "sslmode"), "require");
    assert_null(conninfo.keywords[conninfo.count]);
    assert_null(conninfo.values[conninfo.count]);
    conninfo_free(&conninfo);
}

/* EDGE_CASES G11: what the environment says counts when the string is parsed, and not later. */
static void environment_counts_at_parsing_only(void **state)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    (void)state;
    setenv("PGUSER", "from-environment", 1);
    setenv("PGSSLMODE", "require", 1);
    check_ok(conninfo_parse("connection", "sslmode=disable", &conninfo, &error), error);
    setenv("PGUSER", "changed-later", 1);
    assert_string_equal(conninfo_get(&conninfo, "user"), "from-environment");
    assert_string_equal(conninfo_get(&conninfo, "sslmode"), "disable");
    unsetenv("PGUSER");
    unsetenv("PGSSLMODE");
    conninfo_free(&conninfo);
}

/* They choose nothing that is overwritten: where passwords and certificates lie is the environment's, or the string's, as ever. */
static void files_of_passwords_and_certificates_stay_the_environments(void **state)
{
    static const char *const files[][2] = {{"PGPASSFILE", "passfile"},
                                           {"PGSSLROOTCERT", "sslrootcert"},
                                           {"PGSSLCERT", "sslcert"},
                                           {"PGSSLKEY", "sslkey"}};
    struct conninfo conninfo;
    cutover_error *error = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        setenv(files[i][0], files[i][1], 1);
    check_ok(conninfo_parse("connection", "host=/s dbname=d sslcert=mine", &conninfo, &error), error);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *expected = strcmp(files[i][1], "sslcert") == 0 ? "mine" : files[i][1];
        assert_non_null(conninfo_get(&conninfo, files[i][1]));
        assert_string_equal(conninfo_get(&conninfo, files[i][1]), expected);
        unsetenv(files[i][0]);
    }
    conninfo_free(&conninfo);
}

static void leads_where_the_string_says(const char *string, const char *host, const char *port,
                                        const char *database)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    check_ok(conninfo_parse("connection", string, &conninfo, &error), error);
    if (host == NULL)
        assert_null(conninfo_get(&conninfo, "host"));
    else
        assert_string_equal(conninfo_get(&conninfo, "host"), host);
    assert_null(conninfo_get(&conninfo, "hostaddr"));
    assert_string_equal(conninfo_get(&conninfo, "port"), port);
    if (database == NULL)
        assert_null(conninfo_get(&conninfo, "dbname"));
    else
        assert_string_equal(conninfo_get(&conninfo, "dbname"), database);
    assert_string_equal(conninfo_get(&conninfo, "user"), "from-service");
    assert_null(conninfo_get(&conninfo, "service"));
    conninfo_free(&conninfo);
}

/* The database that it leads to is overwritten. */
static void nothing_around_chooses_server_and_database(void **state)
{
    static const char content[] = "[shop]\nhost=innocent\nport=7777\ndbname=innocent\nuser=from-service\n";
    char path[] = "/tmp/cutover-service-XXXXXX";
    int file = mkstemp(path);

    (void)state;
    assert_int_equal(write(file, content, sizeof content - 1), sizeof content - 1);
    close(file);
    setenv("PGSERVICEFILE", path, 1);
    setenv("PGHOST", "innocent", 1);
    setenv("PGPORT", "7777", 1);
    setenv("PGDATABASE", "innocent", 1);
    setenv("PGUSER", "from-environment", 1);
    leads_where_the_string_says("service=shop", NULL, "5432", NULL);
    leads_where_the_string_says("service=shop host=db port=6000 dbname=orders", "db", "6000", "orders");
    setenv("PGSERVICE", "shop", 1);
    leads_where_the_string_says("host=db dbname=orders", "db", "5432", "orders");
    unsetenv("PGSERVICE");
    unsetenv("PGUSER");
    unsetenv("PGDATABASE");
    unsetenv("PGPORT");
    unsetenv("PGHOST");
    unsetenv("PGSERVICEFILE");
    unlink(path);
}

/* It would win over the host that the string names, in each connection. */
static void an_address_of_the_environment_is_refused(void **state)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    (void)state;
    setenv("PGHOSTADDR", "127.0.0.9", 1);
    check_status_keep(conninfo_parse("project.database", "host=db dbname=shop", &conninfo, &error),
                      CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "PGHOSTADDR");
    cutover_error_free(error);
    error = NULL;
    check_ok(conninfo_parse("project.database", "host=db hostaddr=127.0.0.1 dbname=shop", &conninfo, &error),
             error);
    assert_string_equal(conninfo_get(&conninfo, "hostaddr"), "127.0.0.1");
    conninfo_free(&conninfo);
    unsetenv("PGHOSTADDR");
}

static void what_a_string_does_not_name_is_told(void **state)
{
    static const struct {
        const char *string;
        enum conninfo_part part;
        const char *missing;
    } cases[] = {
        {"", CONNINFO_DATABASE, "host"},
        {"", CONNINFO_SERVER, "host"},
        {"dbname=shop password=hush", CONNINFO_DATABASE, "host"},
        {"postgresql:///shop", CONNINFO_DATABASE, "host"},
        {"service=shop", CONNINFO_SERVER, "host"},
        {"host='' dbname=shop", CONNINFO_DATABASE, "host"},
        {"host=db user=shop", CONNINFO_DATABASE, "dbname"},
        {"postgresql://ann:hush@db", CONNINFO_DATABASE, "dbname"},
        {"host=db dbname=''", CONNINFO_DATABASE, "dbname"},
        {"host=db user=shop", CONNINFO_SERVER, NULL},
        {"hostaddr=127.0.0.1 dbname=shop", CONNINFO_DATABASE, NULL},
        {"host=/run/postgresql dbname=shop", CONNINFO_DATABASE, NULL},
        {"postgresql://db/shop", CONNINFO_DATABASE, NULL},
    };

    (void)state;
    setenv("PGHOST", "innocent", 1);
    setenv("PGDATABASE", "innocent", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cutover_error *error = NULL;
        cutover_status status = conninfo_check("project.database", cases[i].string, cases[i].part, &error);
        if (cases[i].missing == NULL) {
            check_ok(status, error);
            continue;
        }
        check_status_keep(status, CUTOVER_E_INVALID, error);
        check_contains(cutover_error_message(error), "project.database names no ");
        check_contains(cutover_error_message(error), cases[i].missing);
        check_contains(cutover_error_hint(error), cases[i].missing);
        assert_null(strstr(cutover_error_message(error), "hush"));
        cutover_error_free(error);
    }
    unsetenv("PGHOST");
    unsetenv("PGDATABASE");
}

static void unknown_service_is_refused(void **state)
{
    struct conninfo conninfo = {.count = 77};
    cutover_error *error = NULL;

    (void)state;
    setenv("PGSERVICEFILE", "/nonexistent/service", 1);
    check_status(conninfo_parse("connection", "service=nowhere", &conninfo, &error), CUTOVER_E_INVALID, error);
    unsetenv("PGSERVICEFILE");
    assert_int_equal(conninfo.count, 77);
}

/* Whether memory ran out is not read from libpq's message, which quotes values that it refuses. */
static void value_that_speaks_of_memory_is_a_value(void **state)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    (void)state;
    check_ok(conninfo_parse("connection", "host=x sslmode='out of memory'", &conninfo, &error), error);
    assert_string_equal(conninfo_get(&conninfo, "sslmode"), "out of memory");
    conninfo_free(&conninfo);
}

/* P9, EDGE_CASES G1: libpq's own message would quote the string. */
static void error_names_the_field_and_not_the_string(void **state)
{
    static const char *const broken[] = {"password=hush host", "postgresql://ann:hush@[db/x", "nokeyword=hush",
                                         "host='hush"};

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct conninfo conninfo = {.count = 77};
        cutover_error *error = NULL;

        check_status_keep(conninfo_parse("preview.conninfo", broken[i], &conninfo, &error), CUTOVER_E_INVALID,
                          error);
        check_contains(cutover_error_message(error), "preview.conninfo");
        assert_null(strstr(cutover_error_message(error), "hush"));
        assert_null(cutover_error_detail(error));
        assert_int_equal(conninfo.count, 77);
        cutover_error_free(error);
    }
}

/* EDGE_CASES G8. */
static void gssencmode_is_kept_only_when_given(void **state)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    (void)state;
    unsetenv("PGGSSENCMODE");
    check_ok(conninfo_parse("connection", "host=x", &conninfo, &error), error);
    assert_null(conninfo_get(&conninfo, "gssencmode"));
    conninfo_free(&conninfo);
    check_ok(conninfo_parse("connection", "host=x gssencmode=prefer", &conninfo, &error), error);
    assert_string_equal(conninfo_get(&conninfo, "gssencmode"), "prefer");
    conninfo_free(&conninfo);
}

static void our_sessions_ask_for_a_server_and_not_for_a_session_that_writes(void **state)
{
    (void)state;
    assert_string_equal(conninfo_own_value("target_session_attrs", "read-write"), "primary");
    assert_string_equal(conninfo_own_value("target_session_attrs", "read-only"), "prefer-standby");
    assert_string_equal(conninfo_own_value("target_session_attrs", "standby"), "standby");
    assert_string_equal(conninfo_own_value("dbname", "read-write"), "read-write");
}

static void set_adds_replaces_and_removes(void **state)
{
    struct conninfo conninfo, copy;
    cutover_error *error = NULL;
    size_t count;

    (void)state;
    check_ok(conninfo_parse("connection", "host=x dbname=a", &conninfo, &error), error);
    count = conninfo.count;
    check_ok(conninfo_copy(&conninfo, &copy, &error), error);
    check_ok(conninfo_set(&conninfo, "dbname", "b = 'c'", &error), error);
    check_ok(conninfo_set(&conninfo, "target_session_attrs", "primary", &error), error);
    check_ok(conninfo_set(&conninfo, "host", NULL, &error), error);
    check_ok(conninfo_set(&conninfo, "sslcert", NULL, &error), error);
    assert_string_equal(conninfo_get(&conninfo, "dbname"), "b = 'c'");
    assert_string_equal(conninfo_get(&conninfo, "target_session_attrs"), "primary");
    assert_null(conninfo_get(&conninfo, "host"));
    assert_null(conninfo.keywords[conninfo.count]);
    assert_string_equal(conninfo_get(&copy, "dbname"), "a");
    assert_string_equal(conninfo_get(&copy, "host"), "x");
    assert_int_equal(copy.count, count);
    conninfo_free(&conninfo);
    conninfo_free(&copy);
    conninfo_free(&copy);
}

/* What a role may is no other's; the rest does not say who it is. */
static void what_one_user_may_switch_off_is_not_said_as_another(void **state)
{
    struct conninfo conninfo, copy;
    cutover_error *error = NULL;

    (void)state;
    check_ok(conninfo_parse("connection", "host=x user=a dbname=a", &conninfo, &error), error);
    assert_false(conninfo.event_triggers_off);
    conninfo.event_triggers_off = true;
    check_ok(conninfo_copy(&conninfo, &copy, &error), error);
    check_ok(conninfo_set(&copy, "dbname", "b", &error), error);
    assert_true(copy.event_triggers_off);
    assert_true(conninfo_same_login(&copy, &conninfo));
    check_ok(conninfo_set(&copy, "user", "b", &error), error);
    assert_false(copy.event_triggers_off);
    assert_false(conninfo_same_login(&copy, &conninfo));
    check_ok(conninfo_set(&copy, "user", "a", &error), error);
    check_ok(conninfo_set(&copy, "host", NULL, &error), error);
    assert_false(conninfo_same_login(&conninfo, &copy));
    conninfo_free(&copy);
    conninfo_free(&conninfo);
}

static void check_preferred(const char *string, const char *host, const char *address, const char *port,
                            const char *hosts, const char *addresses, const char *ports)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    check_ok(conninfo_parse("test", string, &conninfo, &error), error);
    check_ok(conninfo_prefer(&conninfo, host, address, port, &error), error);
    assert_string_equal(conninfo_get(&conninfo, "host"), hosts);
    if (addresses != NULL)
        assert_string_equal(conninfo_get(&conninfo, "hostaddr"), addresses);
    if (ports != NULL)
        assert_string_equal(conninfo_get(&conninfo, "port"), ports);
    conninfo_free(&conninfo);
}

static void the_host_that_a_session_is_on_comes_first(void **state)
{
    (void)state;
    check_preferred("host=a,b,c port=1,2,3", "b", "", "2", "b,a,c", NULL, "2,1,3");
    check_preferred("host=a,b port=7", "b", "10.0.0.2", "7", "b,a", NULL, "7");
    check_preferred("host=a,a port=1,2", "a", NULL, "2", "a,a", NULL, "2,1");
    check_preferred("host=a,a hostaddr=::1,::2 port=1", "a", "::2", "1", "a,a", "::2,::1", "1");
    check_preferred("host=a,b port=1,2", "a", "", "1", "a,b", NULL, "1,2");
    check_preferred("host=a,b port=1,2", "elsewhere", "", "1", "a,b", NULL, "1,2");
    check_preferred("host=a port=1", "a", "", "1", "a", NULL, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_keywords_are_split),
        cmocka_unit_test(environment_counts_at_parsing_only),
        cmocka_unit_test(files_of_passwords_and_certificates_stay_the_environments),
        cmocka_unit_test(nothing_around_chooses_server_and_database),
        cmocka_unit_test(an_address_of_the_environment_is_refused),
        cmocka_unit_test(what_a_string_does_not_name_is_told),
        cmocka_unit_test(unknown_service_is_refused),
        cmocka_unit_test(value_that_speaks_of_memory_is_a_value),
        cmocka_unit_test(error_names_the_field_and_not_the_string),
        cmocka_unit_test(gssencmode_is_kept_only_when_given),
        cmocka_unit_test(our_sessions_ask_for_a_server_and_not_for_a_session_that_writes),
        cmocka_unit_test(set_adds_replaces_and_removes),
        cmocka_unit_test(what_one_user_may_switch_off_is_not_said_as_another),
        cmocka_unit_test(the_host_that_a_session_is_on_comes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
