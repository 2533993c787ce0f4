#include "base/clock.h"
#include "postgres/quote.h"
#include "postgres/session_private.h"
#include "postgres/session_reserve.h"
#include "postgres/version.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_S 10

/* Tells a pooler before anything is set that would stay on its server connection (EDGE_CASES B7). */
static const char who_sql[] = "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery()";

static const char identity_sql[] =
    "SELECT d.oid, d.datname, current_setting('server_encoding'), current_setting('lc_monetary'),"
    "  current_setting('is_superuser') = 'on', pg_backend_pid(), s.system_identifier,"
    "  EXISTS (SELECT FROM pg_db_role_setting r WHERE r.setdatabase = d.oid)"
    " FROM pg_database d, pg_control_system() s WHERE d.datname = current_database()";

static const struct {
    const char *keyword, *value;
} keyword_defaults[] = {{"gssencmode", "disable"}, {"keepalives", "1"},
                        {"keepalives_idle", "30"}, {"keepalives_interval", "10"},
                        {"keepalives_count", "3"}, {"tcp_user_timeout", "30000"}};

static void receive_notice(void *context, const PGresult *result)
{
    const struct session *session = context;
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    /* While it connects: what it says of the database's or the role's settings repeats their values. */
    if (session->database == NULL)
        text = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    log_line(session->log, LOG_INFO_LEVEL, "database %s says: %s",
             session->database != NULL ? session->database : "?", text != NULL ? text : "(nothing)");
}

static cutover_status add_options(struct conninfo *conninfo, struct pins_server server, cutover_error **error)
{
    struct text options = TEXT_INIT;

    pins_add_options(&options, server, conninfo_get(conninfo, "options"));
    if (conninfo->event_triggers_off)
        text_add(&options, " " EVENT_TRIGGERS_OFF);
    cutover_status status = text_failed(&options)
                                ? error_nomem(error)
                                : conninfo_set(conninfo, "options", text_string(&options), error);
    text_free(&options);
    return status;
}

/* What is passed to libpq: the caller's keywords, ours where they leave something open. */
static cutover_status prepare(const struct session_options *options, struct pins_server server,
                              struct conninfo *conninfo, cutover_error **error)
{
    cutover_status status = conninfo_copy(options->conninfo, conninfo, error);

    if (status != CUTOVER_OK)
        return status;
    for (size_t i = 0; i < sizeof keyword_defaults / sizeof *keyword_defaults && status == CUTOVER_OK; i++) {
        if (conninfo_get(conninfo, keyword_defaults[i].keyword) == NULL)
            status = conninfo_set(conninfo, keyword_defaults[i].keyword, keyword_defaults[i].value, error);
    }
    const char *attrs = conninfo_get(conninfo, "target_session_attrs");
    if (status == CUTOVER_OK && attrs != NULL && conninfo_own_value("target_session_attrs", attrs) != attrs)
        status = conninfo_set(conninfo, "target_session_attrs",
                              conninfo_own_value("target_session_attrs", attrs), error);
    if (status == CUTOVER_OK && options->database != NULL)
        status = conninfo_set(conninfo, "dbname", options->database, error);
    if (status == CUTOVER_OK)
        status = conninfo_set(conninfo, "application_name", APPLICATION_NAME, error);
    if (status == CUTOVER_OK)
        status =
            conninfo_set(conninfo, "client_encoding", options->bare ? options->client_encoding : NULL, error);
    if (status == CUTOVER_OK)
        status = conninfo_set(conninfo, "replication", NULL, error);
    if (status == CUTOVER_OK && !options->bare)
        status = add_options(conninfo, server, error);
    if (status != CUTOVER_OK)
        conninfo_free(conninfo);
    return status;
}

static int64_t connect_deadline(const struct session_options *options)
{
    const char *given = conninfo_get(options->conninfo, "connect_timeout");
    int64_t seconds = options->connect_timeout_s;

    if (seconds == 0 && given != NULL)
        seconds = strtol(given, NULL, 10);
    if (seconds <= 0 || seconds > INT32_MAX)
        seconds = CONNECT_TIMEOUT_S;
    return monotonic_us() + seconds * 1000000;
}

static bool is_sqlstate(const char *text)
{
    for (int i = 0; i < 5; i++) {
        if (!isdigit((unsigned char)text[i]) && !(text[i] >= 'A' && text[i] <= 'Z'))
            return false;
    }
    return true;
}

/* What keeps a session from beginning may be a setting of the database or of the role, whose value the server then repeats: a
   library that is not there (58P01), a value that is none (22023). */
static bool is_of_a_setting(const char *sqlstate)
{
    return strcmp(sqlstate, "58P01") == 0 || strncmp(sqlstate, "22", 2) == 0;
}

static const char *connect_hint(const PGconn *connection, const char *sqlstate)
{
    if (PQconnectionNeedsPassword(connection))
        return "The server asks for a password and the connection string has none.";
    if (sqlstate == NULL)
        return "Check host, port and the network between here and the server.";
    if (strcmp(sqlstate, "28P01") == 0 || strcmp(sqlstate, "28000") == 0)
        return "Check the user and the password of the connection string, and the server's pg_hba.conf.";
    if (is_of_a_setting(sqlstate))
        return "Look at ALTER DATABASE … SET and ALTER ROLE … SET; the server's log has the value.";
    return NULL;
}

/* libpq gives a refused connection as text only. Asked to be verbose it writes "FATAL:  28P01: message" and a line
   "LOCATION: ...", from which the SQLSTATE is taken. */
static cutover_status connect_error(const PGconn *connection, const char *database, cutover_error **error)
{
    const char *message = PQerrorMessage(connection), *location = strstr(message, "\nLOCATION:");
    const char *mark = strstr(message, ":  "), *hint;
    size_t length = location != NULL ? (size_t)(location - message) : strlen(message);
    char sqlstate[6] = "";

    while (length > 0 && message[length - 1] == '\n')
        length--;
    if (mark != NULL && strlen(mark) > 10 && is_sqlstate(mark + 3) && mark[8] == ':') {
        memcpy(sqlstate, mark + 3, 5);
        if (is_of_a_setting(sqlstate))
            error_set(error, CUTOVER_E_POSTGRES,
                      "cannot connect to database %s: the server refuses a setting of the database or the role",
                      database);
        else
            error_set(error, CUTOVER_E_POSTGRES, "cannot connect to database %s: %.*s", database,
                      (int)((size_t)(message + length - mark) - 10), mark + 10);
    } else {
        error_set(error, CUTOVER_E_POSTGRES, "cannot connect to database %s: %.*s", database, (int)length,
                  message);
    }
    if (sqlstate[0] != '\0')
        error_sqlstate(error, sqlstate);
    hint = connect_hint(connection, sqlstate[0] != '\0' ? sqlstate : NULL);
    if (hint != NULL)
        error_hint(error, "%s", hint);
    return CUTOVER_E_POSTGRES;
}

static cutover_status pooler_error(cutover_error **error)
{
    error_set(error, CUTOVER_E_UNSUPPORTED, "the connection goes through a connection pooler");
    error_hint(error,
               "Give the address of the PostgreSQL server itself: snapshots, locks and settings need one "
               "server session.");
    return CUTOVER_E_UNSUPPORTED;
}

/* PgBouncer's words: it takes no `options`, or, since 1.20, few settings in them. */
static bool refused_by_pooler(const PGconn *connection)
{
    const char *message = PQerrorMessage(connection);

    return strstr(message, "unsupported startup parameter") != NULL ||
           strstr(message, "unsupported options startup parameter") != NULL;
}

static cutover_status poll_connect(struct session *session, const struct session_options *options,
                                   const char *database, cutover_error **error)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;

    while (next != PGRES_POLLING_OK) {
        cutover_status status = CUTOVER_OK;

        if (next == PGRES_POLLING_FAILED) {
            if (!options->bare && refused_by_pooler(session->connection))
                return pooler_error(error);
            return connect_error(session->connection, database, error);
        }
        if (next == PGRES_POLLING_WRITING || next == PGRES_POLLING_READING)
            status = session_wait(session, next == PGRES_POLLING_WRITING, error);
        if (status != CUTOVER_OK)
            return status;
        next = PQconnectPoll(session->connection);
    }
    return CUTOVER_OK;
}

static cutover_status start_connection(struct session *session, const struct session_options *options,
                                       struct pins_server server, cutover_error **error)
{
    struct conninfo conninfo;
    const char *database;
    cutover_status status = prepare(options, server, &conninfo, error);

    if (status != CUTOVER_OK)
        return status;
    database = conninfo_get(&conninfo, "dbname");
    if (database == NULL)
        database = "(the user's own)";
    session->connection =
        PQconnectStartParams((const char *const *)conninfo.keywords, (const char *const *)conninfo.values, 0);
    if (session->connection == NULL) {
        status = error_nomem(error);
    } else if (PQstatus(session->connection) == CONNECTION_BAD) {
        status = connect_error(session->connection, database, error);
    } else {
        PQsetNoticeReceiver(session->connection, receive_notice, session);
        PQsetErrorVerbosity(session->connection, PQERRORS_VERBOSE);
        status = poll_connect(session, options, database, error);
        PQsetErrorVerbosity(session->connection, PQERRORS_DEFAULT);
    }
    conninfo_free(&conninfo);
    if (status == CUTOVER_OK && PQsetnonblocking(session->connection, 1) != 0)
        status = session_error(session, NULL, "connecting", error);
    return status;
}

static cutover_status check_server(struct session *session, bool allow_standby, cutover_error **error)
{
    PGresult *result = NULL;
    const struct statement statement = {.sql = who_sql};
    cutover_status status;
    bool standby;

    session->server_version = PQserverVersion(session->connection);
    status = session_execute(session, &statement, "connecting", &result, error);
    if (status != CUTOVER_OK)
        return status;
    session->backend_pid = (int)result_int(result, 0, 0);
    standby = result_bool(result, 0, 1);
    PQclear(result);
    if (session->backend_pid != PQbackendPID(session->connection))
        return pooler_error(error);
    if (postgres_major(session->server_version) < POSTGRES_OLDEST)
        return error_set(error, CUTOVER_E_UNSUPPORTED,
                         "the server is PostgreSQL %d; %d is the oldest that is known",
                         postgres_major(session->server_version), POSTGRES_OLDEST);
    if (standby && !allow_standby) {
        error_set(error, CUTOVER_E_UNSUPPORTED, "the server is a standby");
        error_hint(error, "Give the address of the primary server.");
        return CUTOVER_E_UNSUPPORTED;
    }
    return CUTOVER_OK;
}

static cutover_status keep_identity(struct session *session, const PGresult *result, cutover_error **error)
{
    cutover_status status;

    if (PQntuples(result) != 1)
        return error_set(error, CUTOVER_E_POSTGRES, "the server does not list the database that we are in");
    if ((int)result_int(result, 0, 5) != session->backend_pid)
        return pooler_error(error);
    session->database_oid = result_oid(result, 0, 0);
    session->superuser = result_bool(result, 0, 4);
    status = string_copy(result_text(result, 0, 1), &session->database, error);
    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, 0, 2), &session->encoding, error);
    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, 0, 3), &session->lc_monetary, error);
    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, 0, 6), &session->system_identifier, error);
    return status;
}

/* What a role may not do here is to call pg_control_system(), when it was taken away from PUBLIC. */
static void explain_identity(const struct session *session, cutover_error **error)
{
    const char *sqlstate = error != NULL ? cutover_error_sqlstate(*error) : NULL;
    struct text role = TEXT_INIT;

    if (sqlstate != NULL && strcmp(sqlstate, "42501") == 0) {
        quote_identifier(&role, PQuser(session->connection));
        error_hint(
            error,
            "The server's identity is needed to know which server this is. In database %s: GRANT EXECUTE "
            "ON FUNCTION pg_catalog.pg_control_system() TO %s",
            PQdb(session->connection), text_failed(&role) ? "its role" : text_string(&role));
    }
    text_free(&role);
}

static cutover_status pin(struct session *session, const struct session_options *options, cutover_error **error)
{
    struct text sql = TEXT_INIT, monetary = TEXT_INIT, encoding = TEXT_INIT;
    struct statement statement = {.sql = NULL};
    PGresult *result = NULL;
    cutover_status status = CUTOVER_OK;

    quote_literal(&monetary, options->lc_monetary);
    quote_literal(&encoding, options->client_encoding);
    pins_add_sql(&sql, text_string(&monetary), text_string(&encoding));
    text_add(&sql, identity_sql);
    if (text_failed(&sql) || text_failed(&monetary) || text_failed(&encoding))
        status = error_nomem(error);
    if (status == CUTOVER_OK) {
        statement.sql = text_string(&sql);
        status = session_execute(session, &statement, "setting up the session", &result, error);
        if (status != CUTOVER_OK)
            explain_identity(session, error);
    }
    if (status == CUTOVER_OK)
        status = keep_identity(session, result, error);
    if (status == CUTOVER_OK && result_bool(result, 0, 7))
        status = session_run(session, pins_sweep_sql, error);
    PQclear(result);
    text_free(&encoding);
    text_free(&monetary);
    text_free(&sql);
    return status;
}

/* Somebody's PGDATABASE, service or proxy must not have led us elsewhere (EDGE_CASES G2). */
static cutover_status check_database(const struct session *session, const struct session_options *options,
                                     cutover_error **error)
{
    const char *asked =
        options->database != NULL ? options->database : conninfo_get(options->conninfo, "dbname");

    if (asked == NULL || options->client_encoding != NULL || strcmp(asked, session->database) == 0)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_POSTGRES, "asked for database %s, the connection led to %s", asked,
                     session->database);
}

static cutover_status open_pinned(struct session *session, const struct session_options *options,
                                  struct pins_server server, cutover_error **error)
{
    cutover_status status = start_connection(session, options, server, error);

    if (status != CUTOVER_OK || options->bare)
        return status;
    status = check_server(session, options->allow_standby, error);
    if (status == CUTOVER_OK)
        status = pin(session, options, error);
    return status;
}

/* A transaction_timeout, which is not in the packet to a server of which nothing is known, may end the session, even before it
   has said of what version it is: 17 at least. Where it ended while we were sending, its reason may be lost with the connection. Then
   all that is known goes into the packet. */
static bool learn_server(const struct session *session, cutover_error *failure, struct pins_server *server)
{
    const char *sqlstate = cutover_error_sqlstate(failure);
    const char *superuser =
        session->connection != NULL ? PQparameterStatus(session->connection, "is_superuser") : NULL;

    bool lost = sqlstate != NULL && strncmp(sqlstate, "08", 2) == 0 && session->server_version >= 170000;

    if (server->version != 0 || sqlstate == NULL || (strcmp(sqlstate, "25P04") != 0 && !lost))
        return false;
    server->or_later = session->server_version == 0;
    server->version = server->or_later ? 170000 : session->server_version;
    server->superuser = superuser != NULL && strcmp(superuser, "on") == 0;
    return true;
}

static void identity_forget(struct session *session)
{
    free(session->system_identifier);
    free(session->database);
    free(session->encoding);
    free(session->lc_monetary);
    session->system_identifier = session->database = session->encoding = session->lc_monetary = NULL;
}

/* One of the reserve, as if it had just begun; NULL: none that still answers, or leads where it led. */
static struct session *take_reserved(const struct session_options *options)
{
    struct session *taken = NULL;
    cutover_status status = CUTOVER_E_POSTGRES;

    while (options->reserve != NULL && status != CUTOVER_OK &&
           (taken = session_reserve_take(options->reserve, options)) != NULL) {
        taken->cancel = options->cancel;
        taken->log = options->log;
        taken->deadline_us = connect_deadline(options);
        identity_forget(taken);
        status = pin(taken, options, NULL);
        if (status == CUTOVER_OK)
            status = check_database(taken, options, NULL);
        taken->deadline_us = 0;
        if (status != CUTOVER_OK) {
            session_close(taken);
            taken = NULL;
        }
    }
    return taken;
}

cutover_status session_open(const struct session_options *options, struct session **session,
                            cutover_error **error)
{
    struct session *reserved = take_reserved(options);
    if (reserved != NULL) {
        *session = reserved;
        return CUTOVER_OK;
    }
    struct session *opened = calloc(1, sizeof *opened);
    struct pins_server server = {0};
    cutover_error *failure = NULL;
    cutover_status status;

    if (opened == NULL)
        return error_nomem(error);
    opened->cancel = options->cancel;
    opened->log = options->log;
    opened->owner = getpid();
    opened->deadline_us = connect_deadline(options);
    status = cancel_check(options->cancel, &failure);
    if (status == CUTOVER_OK)
        status = open_pinned(opened, options, server, &failure);
    if (status == CUTOVER_E_POSTGRES && !options->bare && learn_server(opened, failure, &server)) {
        session_shut(opened);
        cutover_error_free(failure);
        failure = NULL;
        status = open_pinned(opened, options, server, &failure);
    }
    if (status == CUTOVER_OK && !options->bare)
        status = check_database(opened, options, &failure);
    opened->deadline_us = 0;
    if (status != CUTOVER_OK) {
        session_close(opened);
        session_explain_refusal(options, &failure);
        error_move(error, failure);
        return status;
    }
    *session = opened;
    return CUTOVER_OK;
}

cutover_status session_prefer(const struct session *session, struct conninfo *conninfo, cutover_error **error)
{
    return conninfo_prefer(conninfo, PQhost(session->connection), PQhostaddr(session->connection),
                           PQport(session->connection), error);
}

void session_close(struct session *session)
{
    if (session == NULL)
        return;
    /* In a forked copy PQfinish would say goodbye on the parent's connection (EDGE_CASES G7). */
    if (session->owner == getpid())
        PQfinish(session->connection);
    identity_forget(session);
    free(session);
}

struct pins_server session_server(const struct session *session)
{
    if (session == NULL)
        return (struct pins_server){0};
    return (struct pins_server){session->server_version, session->superuser, false};
}
