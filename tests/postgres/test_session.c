#include "support/check.h"
#include "support/cluster.h"
#include "support/killed.h"
#include "support/pooler.h"

#include "postgres/event_triggers.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    return 0;
}

static struct conninfo parsed(const char *string)
{
    struct conninfo conninfo;
    cutover_error *error = NULL;

    check_ok(conninfo_parse("connection", string, &conninfo, &error), error);
    return conninfo;
}

static struct session *open_as(const char *string, struct session_options options)
{
    struct conninfo conninfo = parsed(string);
    struct session *session = NULL;
    cutover_error *error = NULL;

    options.conninfo = &conninfo;
    check_ok(session_open(&options, &session, &error), error);
    conninfo_free(&conninfo);
    return session;
}

static struct session *open_database(const char *database)
{
    return open_as(cluster_conninfo(cluster, database), (struct session_options){0});
}

/* The error of an attempt that must fail. */
static cutover_error *refusal(const char *string, struct session_options options, cutover_status expected)
{
    struct conninfo conninfo = parsed(string);
    struct session *session = NULL;
    cutover_error *error = NULL;

    options.conninfo = &conninfo;
    check_status_keep(session_open(&options, &session, &error), expected, error);
    assert_null(session);
    conninfo_free(&conninfo);
    return error;
}

static void assert_value(struct session *session, const char *sql, const char *expected)
{
    char *value = NULL;
    cutover_error *error = NULL;

    check_ok(session_value(session, sql, 0, NULL, &value, &error), error);
    assert_string_equal(value, expected);
    free(value);
}

static void assert_setting(struct session *session, const char *name, const char *expected)
{
    char sql[128];

    snprintf(sql, sizeof sql, "SELECT current_setting('%s')", name);
    assert_value(session, sql, expected);
}

static long server_major(void)
{
    return cluster_number(cluster, "postgres", "SHOW server_version_num") / 10000;
}

/* EDGE_CASES B2, B20, B22, A32: whatever role and database say. */
static void settings_are_pinned_against_role_and_database(void **state)
{
    static const char *const pinned[][2] = {{"statement_timeout", "0"},
                                            {"lock_timeout", "0"},
                                            {"idle_in_transaction_session_timeout", "0"},
                                            {"idle_session_timeout", "0"},
                                            {"search_path", ""},
                                            {"row_security", "off"},
                                            {"DateStyle", "ISO, YMD"},
                                            {"IntervalStyle", "postgres"},
                                            {"TimeZone", "UTC"},
                                            {"extra_float_digits", "3"},
                                            {"bytea_output", "hex"},
                                            {"xmlbinary", "base64"},
                                            {"xmloption", "content"},
                                            {"synchronize_seqscans", "off"},
                                            {"default_transaction_read_only", "off"},
                                            {"default_transaction_isolation", "read committed"},
                                            {"default_transaction_deferrable", "off"},
                                            {"synchronous_commit", "local"},
                                            {"exit_on_error", "off"},
                                            {"standard_conforming_strings", "on"},
                                            {"backslash_quote", "safe_encoding"},
                                            {"quote_all_identifiers", "off"},
                                            {"array_nulls", "on"},
                                            {"transform_null_equals", "off"},
                                            {"gin_fuzzy_search_limit", "0"},
                                            {"constraint_exclusion", "off"},
                                            {"check_function_bodies", "off"},
                                            {"enable_tidscan", "on"},
                                            {"jit", "off"},
                                            {"vacuum_cost_delay", "0"},
                                            {"temp_tablespaces", ""},
                                            {"password_encryption", "scram-sha-256"},
                                            {"client_min_messages", "warning"},
                                            {"log_parameter_max_length_on_error", "0"},
                                            {"debug_print_parse", "off"},
                                            {"debug_print_rewritten", "off"},
                                            {"debug_print_plan", "off"},
                                            {"client_encoding", "UTF8"},
                                            {"application_name", "libcutover"},
                                            {"client_connection_check_interval", "1s"}};
    struct session *session;

    (void)state;
    cluster_create_database(cluster, "pinned");
    cluster_sql(
        cluster, "postgres",
        "CREATE ROLE awkward LOGIN;"
        "ALTER ROLE awkward SET statement_timeout = '1h'; ALTER ROLE awkward SET row_security = on;"
        "ALTER ROLE awkward SET lock_timeout = '1h'; ALTER ROLE awkward SET search_path = pg_temp;"
        "ALTER ROLE awkward SET idle_session_timeout = '1h'; ALTER ROLE awkward SET xmlbinary = hex;"
        "ALTER ROLE awkward SET DateStyle = 'SQL, DMY'; ALTER ROLE awkward SET IntervalStyle = iso_8601;"
        "ALTER ROLE awkward SET TimeZone = 'Asia/Tokyo'; ALTER ROLE awkward SET bytea_output = escape;"
        "ALTER ROLE awkward SET default_transaction_isolation = serializable;"
        "ALTER ROLE awkward SET default_transaction_deferrable = on; ALTER ROLE awkward SET exit_on_error = on;"
        "ALTER ROLE awkward SET synchronous_commit = off; ALTER ROLE awkward SET backslash_quote = on;"
        "ALTER ROLE awkward SET quote_all_identifiers = on; ALTER ROLE awkward SET array_nulls = off;"
        "ALTER ROLE awkward SET transform_null_equals = on; ALTER ROLE awkward SET gin_fuzzy_search_limit = 1;"
        "ALTER ROLE awkward SET constraint_exclusion = on; ALTER ROLE awkward SET check_function_bodies = on;"
        "ALTER ROLE awkward SET enable_tidscan = off; ALTER ROLE awkward SET jit = on;"
        "ALTER ROLE awkward SET vacuum_cost_delay = 100; ALTER ROLE awkward SET temp_tablespaces = pg_default;"
        "ALTER ROLE awkward SET password_encryption = md5; ALTER ROLE awkward SET client_min_messages = debug5;"
        "ALTER ROLE awkward SET log_parameter_max_length_on_error = -1;"
        "ALTER ROLE awkward SET debug_print_parse = on; ALTER ROLE awkward SET debug_print_rewritten = on;"
        "ALTER ROLE awkward SET debug_print_plan = on;"
        "ALTER DATABASE pinned SET extra_float_digits = 0;"
        "ALTER DATABASE pinned SET default_transaction_read_only = on;"
        "ALTER DATABASE pinned SET client_encoding = latin1;"
        "ALTER DATABASE pinned SET xmloption = document;"
        "ALTER DATABASE pinned SET idle_in_transaction_session_timeout = '1h'");
    if (server_major() < 19) /* from then on there is nothing else */
        cluster_sql(cluster, "postgres", "ALTER ROLE awkward SET standard_conforming_strings = off");
    session = open_as(cluster_conninfo_as(cluster, "pinned", "awkward"), (struct session_options){0});
    for (size_t i = 0; i < sizeof pinned / sizeof pinned[0]; i++)
        assert_setting(session, pinned[i][0], pinned[i][1]);
    assert_false(session->superuser);
    session_close(session);
}

/* Who else would fail, or see less, as whom a database or a role says. */
static void we_are_who_the_connection_string_says(void **state)
{
    struct session *session;

    (void)state;
    cluster_create_database(cluster, "disguised");
    cluster_sql(cluster, "postgres",
                "CREATE ROLE mask; CREATE ROLE masked LOGIN IN ROLE mask;"
                "ALTER ROLE masked SET role = mask; ALTER DATABASE disguised SET role = mask");
    session = open_as(cluster_conninfo_as(cluster, "disguised", "masked"), (struct session_options){0});
    assert_value(session, "SELECT current_user", "masked");
    session_close(session);
    session = open_database("disguised");
    assert_value(session, "SELECT current_user", "postgres");
    assert_true(session->superuser);
    session_close(session);
}

/* The startup packet has the pins: nothing of the owner's is in force for our first statement, or while we connect. */
static void nothing_of_the_owner_s_ends_a_session_that_begins(void **state)
{
    struct session *session;
    cutover_error *error = NULL;

    (void)state;
    cluster_create_database(cluster, "hasty");
    cluster_sql(
        cluster, "postgres",
        "ALTER DATABASE hasty SET statement_timeout = 1; ALTER DATABASE hasty SET lock_timeout = 1;"
        "ALTER DATABASE hasty SET idle_session_timeout = 1; ALTER DATABASE hasty SET exit_on_error = on;"
        "ALTER DATABASE hasty SET local_preload_libraries = 'nowhere'");
    for (int i = 0; i < 20; i++) {
        session = open_database("hasty");
        assert_setting(session, "statement_timeout", "0");
        check_status(session_run(session, "SELECT 1 / 0", &error), CUTOVER_E_POSTGRES, error);
        assert_value(session, "SELECT 1", "1");
        session_close(session);
    }
}

/* One that the server cannot convert from the database's own. */
static void client_encoding_of_the_owner_s_keeps_nobody_out(void **state)
{
    struct session *session;

    (void)state;
    cluster_sql(cluster, "postgres",
                "CREATE DATABASE no_way TEMPLATE template0 ENCODING latin1 LC_COLLATE 'C' LC_CTYPE 'C'");
    cluster_sql(cluster, "postgres", "ALTER DATABASE no_way SET client_encoding = 'EUC_JP'");
    session = open_database("no_way");
    assert_setting(session, "client_encoding", "LATIN1");
    session_close(session);
}

/* libpq passes these on, behind what we give it. */
static void settings_are_pinned_against_the_environment(void **state)
{
    struct session *session;

    (void)state;
    setenv("PGTZ", "Asia/Tokyo", 1);
    setenv("PGDATESTYLE", "SQL, DMY", 1);
    session = open_database("postgres");
    unsetenv("PGTZ");
    unsetenv("PGDATESTYLE");
    assert_setting(session, "TimeZone", "UTC");
    assert_setting(session, "DateStyle", "ISO, YMD");
    session_close(session);
}

static void host_s_own_options_count_where_no_pin_contradicts(void **state)
{
    struct session *session;
    char string[400];

    (void)state;
    cluster_sql(cluster, "postgres", "CREATE ROLE hosts_choice");
    snprintf(string, sizeof string,
             "%s options='-c work_mem=9MB -c role=hosts_choice -c jit=on -c statement_timeout=1 -c "
             "search_path=public'",
             cluster_conninfo(cluster, "postgres"));
    session = open_as(string, (struct session_options){0});
    assert_setting(session, "work_mem", "9MB");
    assert_setting(session, "jit", "on");
    assert_value(session, "SELECT current_user", "hosts_choice");
    assert_setting(session, "statement_timeout", "0");
    assert_setting(session, "search_path", "");
    session_close(session);
}

/* The error of a database that does not let us in, looked up in another. */
static cutover_error *explained_refusal(const char *database, const char *role)
{
    return refusal(cluster_conninfo_as(cluster, database, role),
                   (struct session_options){.control_database = "postgres"}, CUTOVER_E_POSTGRES);
}

/* What a superuser sets cannot be overridden by others. A value may be anybody's secret. */
static void library_that_cannot_be_loaded_is_explained(void **state)
{
    cutover_error *error;

    (void)state;
    cluster_create_database(cluster, "Heavy");
    cluster_sql(cluster, "postgres",
                "CREATE ROLE laden LOGIN;"
                "ALTER DATABASE \"Heavy\" SET session_preload_libraries = 'no-such-thing'");
    error = explained_refusal("Heavy", "laden");
    check_contains(cutover_error_message(error), "Heavy");
    check_contains(cutover_error_message(error), "session_preload_libraries");
    check_contains(cutover_error_message(error), "set for database \"Heavy\"");
    check_contains(cutover_error_hint(error), "ALTER DATABASE \"Heavy\" RESET session_preload_libraries");
    assert_null(strstr(cutover_error_message(error), "no-such-thing"));
    assert_null(cutover_error_detail(error));
    assert_string_equal(cutover_error_sqlstate(error), "58P01");
    cutover_error_free(error);
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE \"Heavy\" RESET session_preload_libraries;"
                "ALTER ROLE laden IN DATABASE \"Heavy\" SET session_preload_libraries = 'no-such-thing'");
    error = explained_refusal("Heavy", "laden");
    check_contains(cutover_error_message(error), "set for role laden in database \"Heavy\"");
    check_contains(cutover_error_hint(error),
                   "ALTER ROLE laden IN DATABASE \"Heavy\" RESET session_preload_libraries");
    cutover_error_free(error);
}

static void limits_and_closed_doors_are_explained(void **state)
{
    cutover_error *error;

    (void)state;
    cluster_create_database(cluster, "narrow");
    cluster_create_database(cluster, "locked");
    cluster_sql(cluster, "postgres",
                "CREATE ROLE many LOGIN; CREATE ROLE few LOGIN CONNECTION LIMIT 0;"
                "ALTER DATABASE narrow CONNECTION LIMIT 0; ALTER DATABASE locked ALLOW_CONNECTIONS false");
    error = explained_refusal("narrow", "many");
    assert_string_equal(cutover_error_sqlstate(error), "53300");
    check_contains(cutover_error_hint(error), "ALTER DATABASE narrow CONNECTION LIMIT");
    cutover_error_free(error);
    error = explained_refusal("locked", "many");
    assert_string_equal(cutover_error_sqlstate(error), "55000");
    check_contains(cutover_error_hint(error), "ALTER DATABASE locked ALLOW_CONNECTIONS true");
    cutover_error_free(error);
    /* There is no session of this role to ask with. */
    error = explained_refusal("narrow", "few");
    check_contains(cutover_error_hint(error), "CONNECTION LIMIT of the role");
    cutover_error_free(error);
}

static void identity_is_what_the_server_says(void **state)
{
    /* From 19 on no database has a line break in its name. */
    const char *name = server_major() < 19 ? "odd 'name' = \"quoted\"\nline \\" : "odd 'name' = \"quoted\" \\";
    char *system = cluster_value(cluster, "postgres", "SELECT system_identifier FROM pg_control_system()");
    struct session *session;

    (void)state;
    cluster_create_database(cluster, name);
    session = open_as(cluster_conninfo(cluster, "postgres"), (struct session_options){.database = name});
    assert_string_equal(session->system_identifier, system);
    assert_string_equal(session->database, name);
    assert_string_equal(session->encoding, "UTF8");
    assert_int_equal(session->server_version, PQserverVersion(session->connection));
    assert_true(session->superuser);
    assert_int_equal(
        session->database_oid,
        cluster_number(cluster, name, "SELECT oid FROM pg_database WHERE datname = current_database()"));
    assert_int_equal(session->backend_pid, PQbackendPID(session->connection));
    session_close(session);
    free(system);
}

/* EDGE_CASES A32. */
static void client_encoding_is_the_databases(void **state)
{
    struct session *session;

    (void)state;
    cluster_sql(cluster, "postgres",
                "CREATE DATABASE old_bytes TEMPLATE template0 ENCODING latin1 LC_COLLATE 'C' LC_CTYPE 'C'");
    session = open_database("old_bytes");
    assert_setting(session, "client_encoding", "LATIN1");
    assert_string_equal(session->encoding, "LATIN1");
    session_close(session);
    session =
        open_as(cluster_conninfo(cluster, "old_bytes"), (struct session_options){.client_encoding = "UTF8"});
    assert_setting(session, "client_encoding", "UTF8");
    session_close(session);
}

/* EDGE_CASES B20. */
static void lc_monetary_is_the_callers_or_the_databases(void **state)
{
    struct session *session;
    cutover_error *error;

    (void)state;
    cluster_create_database(cluster, "money");
    cluster_sql(cluster, "money", "ALTER DATABASE money SET lc_monetary = 'C.UTF-8'");
    session = open_database("money");
    assert_string_equal(session->lc_monetary, "C.UTF-8");
    session_close(session);
    session = open_as(cluster_conninfo(cluster, "money"), (struct session_options){.lc_monetary = "POSIX"});
    assert_string_equal(session->lc_monetary, "POSIX");
    assert_setting(session, "lc_monetary", "POSIX");
    session_close(session);
    error = refusal(cluster_conninfo(cluster, "money"), (struct session_options){.lc_monetary = "it's \\ none"},
                    CUTOVER_E_POSTGRES);
    assert_string_equal(cutover_error_sqlstate(error), "22023");
    cutover_error_free(error);
}

static void assert_secret_kept(const cutover_error *error)
{
    assert_null(strstr(cutover_error_message(error), "wr0ng-secret"));
    if (cutover_error_detail(error) != NULL)
        assert_null(strstr(cutover_error_detail(error), "wr0ng-secret"));
    if (cutover_error_hint(error) != NULL)
        assert_null(strstr(cutover_error_hint(error), "wr0ng-secret"));
}

/* P9. */
static void wrong_password_is_refused_and_not_repeated(void **state)
{
    char string[256];
    cutover_error *error;

    (void)state;
    snprintf(string, sizeof string,
             "host=127.0.0.1 port=%d user=postgres dbname=postgres password=wr0ng-secret",
             cluster_port(cluster));
    error = refusal(string, (struct session_options){0}, CUTOVER_E_POSTGRES);
    assert_string_equal(cutover_error_sqlstate(error), "28P01");
    assert_non_null(cutover_error_hint(error));
    assert_null(strstr(cutover_error_message(error), "LOCATION"));
    assert_secret_kept(error);
    cutover_error_free(error);
    snprintf(string, sizeof string,
             "host=127.0.0.1 port=%d user=postgres dbname=postgres password=postgres-secret",
             cluster_port(cluster));
    session_close(open_as(string, (struct session_options){0}));
}

static void missing_database_has_its_sqlstate(void **state)
{
    cutover_error *error =
        refusal(cluster_conninfo(cluster, "nowhere"), (struct session_options){0}, CUTOVER_E_POSTGRES);

    (void)state;
    assert_string_equal(cutover_error_sqlstate(error), "3D000");
    assert_string_equal(cutover_error_message(error),
                        "cannot connect to database nowhere: database \"nowhere\" does not exist");
    cutover_error_free(error);
}

static void server_that_is_not_there_is_an_error_without_sqlstate(void **state)
{
    char string[256];
    cutover_error *error;

    (void)state;
    snprintf(string, sizeof string, "host=%s port=1 user=postgres dbname=x", cluster_socket_dir(cluster));
    error = refusal(string, (struct session_options){0}, CUTOVER_E_POSTGRES);
    assert_null(cutover_error_sqlstate(error));
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
}

/* A port that takes connections and never says a word (EDGE_CASES G9). */
static int mute_listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(listen(listener, 5), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static void mute_server_ends_on_the_deadline(void **state)
{
    int port, listener = mute_listener(&port);
    char string[256];
    cutover_error *error;

    (void)state;
    snprintf(string, sizeof string, "host=127.0.0.1 port=%d user=postgres dbname=x", port);
    error = refusal(string, (struct session_options){.connect_timeout_s = 1}, CUTOVER_E_POSTGRES);
    assert_string_equal(cutover_error_sqlstate(error), "08006");
    cutover_error_free(error);
    close(listener);
}

/* A server of 17, of which no real one is at hand everywhere: it ends the first session as a transaction_timeout of 1 ms does, and
   refuses the second. */
struct hasty_server {
    int listener;
    char first[8192], second[8192]; /* the packets, without NUL bytes */
};

/* Nothing is kept when nobody comes until the listener is shut. */
static void refuse_one(int listener, const char *sqlstate, char *packet, size_t size)
{
    char message[64], answer[70] = "E";
    unsigned char length[4] = {0};
    int client = accept(listener, NULL, NULL);
    size_t rest = 0;

    packet[0] = '\0';
    if (client < 0)
        return;
    if (recv(client, length, 4, MSG_WAITALL) == 4)
        rest = ((size_t)length[2] << 8 | length[3]) - 4;
    if (rest < size && recv(client, packet, rest, MSG_WAITALL) == (ssize_t)rest)
        packet[rest] = '\0';
    for (size_t i = 0; i < rest && rest < size; i++)
        if (packet[i] == '\0')
            packet[i] = '\n';
    int count = snprintf(message, sizeof message, "SFATAL%cVFATAL%cC%s%cMtoo long%c", 0, 0, sqlstate, 0, 0) + 1;
    answer[4] = (char)(count + 4);
    memcpy(answer + 5, message, (size_t)count);
    send(client, answer, (size_t)count + 5, MSG_NOSIGNAL);
    close(client);
}

static void *serve_hastily(void *context)
{
    struct hasty_server *server = context;

    refuse_one(server->listener, "25P04", server->first, sizeof server->first);
    refuse_one(server->listener, "57P03", server->second, sizeof server->second);
    return NULL;
}

static void transaction_timeout_of_the_owner_s_is_answered_with_all_that_is_known(void **state)
{
    struct hasty_server server;
    pthread_t thread;
    char string[200];
    int port;

    (void)state;
    server.listener = mute_listener(&port);
    snprintf(string, sizeof string, "host=127.0.0.1 port=%d user=postgres dbname=x sslmode=disable", port);
    assert_int_equal(pthread_create(&thread, NULL, serve_hastily, &server), 0);
    cutover_error *error = refusal(string, (struct session_options){0}, CUTOVER_E_POSTGRES);
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(server.listener);
    assert_string_equal(cutover_error_sqlstate(error), "57P03");
    cutover_error_free(error);
    check_contains(server.first, "-c statement_timeout=0 ");
    assert_null(strstr(server.first, "transaction_timeout"));
    check_contains(server.second, "-c statement_timeout=0 ");
    check_contains(server.second, "-c transaction_timeout=0 ");
}

static void *ask_soon(void *cancel)
{
    usleep(100000);
    cancel_ask(cancel);
    return NULL;
}

static void mute_server_ends_on_cancel(void **state)
{
    int port, listener = mute_listener(&port);
    struct cancel cancel;
    char string[256];
    pthread_t thread;

    (void)state;
    cancel_init(&cancel, NULL);
    snprintf(string, sizeof string, "host=127.0.0.1 port=%d user=postgres dbname=x", port);
    assert_int_equal(pthread_create(&thread, NULL, ask_soon, &cancel), 0);
    cutover_error_free(refusal(string, (struct session_options){.connect_timeout_s = 600, .cancel = &cancel},
                               CUTOVER_E_CANCELLED));
    pthread_join(thread, NULL);
    close(listener);
}

static void error_says_what_the_server_said(void **state)
{
    struct session *session = open_database("postgres");
    cutover_error *error = NULL;

    (void)state;
    check_status_keep(session_run(session,
                                  "SELECT 1; DO $$ BEGIN RAISE EXCEPTION 'no such thing' USING"
                                  " DETAIL = 'looked everywhere', HINT = 'buy one', ERRCODE = 'P0777'; END $$",
                                  &error),
                      CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_message(error), "no such thing");
    assert_string_equal(cutover_error_detail(error), "looked everywhere");
    assert_string_equal(cutover_error_hint(error), "buy one");
    assert_string_equal(cutover_error_sqlstate(error), "P0777");
    cutover_error_free(error);
    assert_value(session, "SELECT 6 * 7", "42");
    session_close(session);
}

static void values_go_as_parameters(void **state)
{
    struct session *session = open_database("postgres");
    const char *const parameters[] = {"it's $1 \\ \"", NULL};
    char *value = NULL;
    PGresult *result = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_ok(session_value(session, "SELECT $1::text", 1, parameters, &value, &error), error);
    assert_string_equal(value, parameters[0]);
    free(value);
    check_ok(session_query(session,
                           "SELECT $2::text, 4294967295::oid, -5::int8, true, false WHERE $1::text <> ''", 2,
                           parameters, &result, &error),
             error);
    assert_null(result_text(result, 0, 0));
    assert_int_equal(result_oid(result, 0, 1), 4294967295U);
    assert_int_equal(result_int(result, 0, 2), -5);
    assert_true(result_bool(result, 0, 3));
    assert_false(result_bool(result, 0, 4));
    PQclear(result);
    check_ok(session_value(session, "SELECT NULL", 0, NULL, &value, &error), error);
    assert_null(value);
    check_status(session_value(session, "SELECT 1 WHERE false", 0, NULL, &value, &error), CUTOVER_E_NOT_FOUND,
                 error);
    session_close(session);
}

struct watcher {
    struct cancel *cancel;
    int pid;
};

/* Asks as soon as the server is seen to work on the statement. */
static void *ask_when_active(void *context)
{
    struct watcher *watcher = context;
    char sql[160];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND wait_event = 'PgSleep'",
             watcher->pid);
    while (cluster_number(cluster, "postgres", sql) == 0)
        usleep(10000);
    cancel_ask(watcher->cancel);
    return NULL;
}

static void cancel_ends_the_statement_on_the_server(void **state)
{
    struct cancel cancel;
    struct session *session;
    struct watcher watcher;
    pthread_t thread;
    cutover_error *error = NULL;

    (void)state;
    cancel_init(&cancel, NULL);
    session = open_as(cluster_conninfo(cluster, "postgres"), (struct session_options){.cancel = &cancel});
    watcher = (struct watcher){&cancel, session->backend_pid};
    assert_int_equal(pthread_create(&thread, NULL, ask_when_active, &watcher), 0);
    check_status(session_run(session, "SELECT pg_sleep(600)", &error), CUTOVER_E_CANCELLED, error);
    pthread_join(thread, NULL);
    assert_int_equal(cluster_number(cluster, "postgres",
                                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"),
                     0);
    check_status(session_run(session, "SELECT 1", &error), CUTOVER_E_CANCELLED, error);
    /* What undoes things afterwards may go on with the session. */
    session->cancel = NULL;
    assert_value(session, "SELECT 1", "1");
    session_close(session);
}

static void ended_session_is_an_error_each_time(void **state)
{
    struct session *session = open_database("postgres");
    char sql[64];
    cutover_error *error = NULL;

    (void)state;
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)", session->backend_pid);
    cluster_sql(cluster, "postgres", sql);
    check_status_keep(session_run(session, "SELECT 1", &error), CUTOVER_E_POSTGRES, error);
    assert_non_null(cutover_error_sqlstate(error));
    cutover_error_free(error);
    error = NULL;
    check_status(session_run(session, "SELECT 1", &error), CUTOVER_E_POSTGRES, error);
    session_close(session);
}

/* EDGE_CASES G7. */
static void forked_copy_cannot_use_or_end_the_session(void **state)
{
    struct session *session = open_database("postgres");
    int status = 0;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        bool refused = session_run(session, "SELECT 1", NULL) == CUTOVER_E_INTERNAL;

        session_close(session);
        leave(refused ? 7 : 1);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_value(session, "SELECT 1", "1");
    session_close(session);
}

static void keep_line(int level, const char *line, void *userdata)
{
    (void)level;
    snprintf(userdata, 200, "%s", line);
}

/* EDGE_CASES G17. */
static void warnings_go_to_the_log(void **state)
{
    char line[200] = "";
    struct log log = {.write = keep_line, .userdata = line, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct session *session =
        open_as(cluster_conninfo(cluster, "postgres"), (struct session_options){.log = &log});
    cutover_error *error = NULL;

    (void)state;
    check_ok(session_run(session, "DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$", &error), error);
    check_contains(line, "mind the gap");
    session_close(session);
}

/* A warning that the server has while we connect quotes a stored value, which may be anybody's secret. */
static void value_that_is_stored_for_a_database_does_not_get_into_the_log(void **state)
{
    char line[200] = "";
    struct log log = {.write = keep_line, .userdata = line, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct session *session;

    (void)state;
    cluster_create_database(cluster, "stale");
    cluster_sql(cluster, "postgres", "ALTER DATABASE stale SET default_tablespace = 'very-secret'");
    session = open_as(cluster_conninfo(cluster, "stale"), (struct session_options){.log = &log});
    session_close(session);
    check_contains(line, "22023");
    assert_null(strstr(line, "very-secret"));
}

static void identity_that_is_kept_from_us_is_explained(void **state)
{
    cutover_error *error;

    (void)state;
    cluster_create_database(cluster, "shy");
    cluster_sql(cluster, "shy",
                "CREATE ROLE stranger LOGIN; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    error = refusal(cluster_conninfo_as(cluster, "shy", "stranger"), (struct session_options){0},
                    CUTOVER_E_POSTGRES);
    assert_string_equal(cutover_error_sqlstate(error), "42501");
    check_contains(cutover_error_hint(error),
                   "In database shy: GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO \"stranger\"");
    cutover_error_free(error);
}

/* EDGE_CASES B7: refused before anything of ours stays on the pooler's server connection. */
static void pooler_is_refused_and_left_clean(void **state)
{
    struct pooler pooler;
    char string[400];
    PGconn *client;
    PGresult *result;
    cutover_error *error;

    (void)state;
    pooler_start(&pooler, cluster, NULL);
    snprintf(string, sizeof string, "%s dbname=postgres", pooler.conninfo);
    error = refusal(string, (struct session_options){0}, CUTOVER_E_UNSUPPORTED);
    check_contains(cutover_error_message(error), "pooler");
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
    client = pooler_connect(&pooler, "postgres");
    result = PQexec(client, "SHOW search_path");
    assert_string_equal(PQgetvalue(result, 0, 0), "\"$user\", public");
    PQclear(result);
    PQfinish(client);
    /* A startup parameter that the pooler does not pass on. */
    snprintf(string, sizeof string, "%s dbname=postgres options='-c geqo=off'", pooler.conninfo);
    error = refusal(string, (struct session_options){0}, CUTOVER_E_UNSUPPORTED);
    check_contains(cutover_error_message(error), "pooler");
    cutover_error_free(error);
    pooler_stop(&pooler);
}

/* EDGE_CASES B8. */
static void standby_is_refused_unless_allowed(void **state)
{
    struct cluster *standby = cluster_start(NULL);
    char path[300];
    struct session *session;
    cutover_error *error;
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/data/standby.signal", cluster_socket_dir(standby));
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    cluster_restart(standby, "fast");
    error = refusal(cluster_conninfo(standby, "postgres"), (struct session_options){0}, CUTOVER_E_UNSUPPORTED);
    check_contains(cutover_error_message(error), "standby");
    cutover_error_free(error);
    session = open_as(cluster_conninfo(standby, "postgres"), (struct session_options){.allow_standby = true});
    assert_value(session, "SELECT 1", "1");
    session_close(session);
    cluster_stop(standby);
}

/* In the connection's start, behind what the caller gives; who may not, or whose server (before 17) does not know it, is told so
   that he can go on without. */
static void event_triggers_are_switched_off_at_the_start(void **state)
{
    char *string = NULL;
    struct session *session = NULL;
    cutover_error *error = NULL;

    (void)state;
    assert_true(asprintf(&string, "%s options='-c work_mem=5MB'", cluster_conninfo(cluster, "postgres")) > 0);
    struct conninfo conninfo = parsed(string);
    const struct session_options options = {.conninfo = &conninfo};
    conninfo.event_triggers_off = true;
    cutover_status status = session_open(&options, &session, &error);
    if (cluster_number(cluster, "postgres", "SHOW server_version_num") < 170000) {
        check_status_keep(status, CUTOVER_E_POSTGRES, error);
        assert_true(event_triggers_refused(error));
        cutover_error_free(error);
        error = NULL;
    } else {
        check_status_keep(status, CUTOVER_OK, error);
        assert_value(session, "SHOW event_triggers", "off");
        assert_value(session, "SHOW work_mem", "5MB");
        session_close(session);
    }
    conninfo.event_triggers_off = false;
    check_ok(session_open(&options, &session, &error), error);
    assert_value(session, "SHOW work_mem", "5MB");
    check_ok(event_triggers_quiet(session, &conninfo, &error), error);
    assert_int_equal(conninfo.event_triggers_off, session->server_version >= 170000);
    session_close(session);
    conninfo_free(&conninfo);
    free(string);
    error = refusal(cluster_conninfo(cluster, "nowhere"), (struct session_options){0}, CUTOVER_E_POSTGRES);
    assert_false(event_triggers_refused(error));
    cutover_error_free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_pinned_against_role_and_database),
        cmocka_unit_test(we_are_who_the_connection_string_says),
        cmocka_unit_test(nothing_of_the_owner_s_ends_a_session_that_begins),
        cmocka_unit_test(client_encoding_of_the_owner_s_keeps_nobody_out),
        cmocka_unit_test(settings_are_pinned_against_the_environment),
        cmocka_unit_test(host_s_own_options_count_where_no_pin_contradicts),
        cmocka_unit_test(library_that_cannot_be_loaded_is_explained),
        cmocka_unit_test(limits_and_closed_doors_are_explained),
        cmocka_unit_test(identity_is_what_the_server_says),
        cmocka_unit_test(event_triggers_are_switched_off_at_the_start),
        cmocka_unit_test(client_encoding_is_the_databases),
        cmocka_unit_test(lc_monetary_is_the_callers_or_the_databases),
        cmocka_unit_test(wrong_password_is_refused_and_not_repeated),
        cmocka_unit_test(missing_database_has_its_sqlstate),
        cmocka_unit_test(server_that_is_not_there_is_an_error_without_sqlstate),
        cmocka_unit_test(mute_server_ends_on_the_deadline),
        cmocka_unit_test(mute_server_ends_on_cancel),
        cmocka_unit_test(transaction_timeout_of_the_owner_s_is_answered_with_all_that_is_known),
        cmocka_unit_test(error_says_what_the_server_said),
        cmocka_unit_test(values_go_as_parameters),
        cmocka_unit_test(cancel_ends_the_statement_on_the_server),
        cmocka_unit_test(ended_session_is_an_error_each_time),
        cmocka_unit_test(forked_copy_cannot_use_or_end_the_session),
        cmocka_unit_test(warnings_go_to_the_log),
        cmocka_unit_test(value_that_is_stored_for_a_database_does_not_get_into_the_log),
        cmocka_unit_test(identity_that_is_kept_from_us_is_explained),
        cmocka_unit_test(pooler_is_refused_and_left_clean),
        cmocka_unit_test(standby_is_refused_unless_allowed),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
