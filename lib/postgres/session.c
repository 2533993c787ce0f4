#include "postgres/session.h"

#include "base/clock.h"
#include "postgres/session_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Beyond the server's own statement_timeout: after that the network is taken for gone. */

void session_shut(struct session *session)
{
    PQfinish(session->connection);
    session->connection = NULL;
}

static cutover_status connection_lost(struct session *session, cutover_error **error)
{
    if (session->connection == NULL)
        return error_set(error, CUTOVER_E_POSTGRES, "the session with database %s was closed before",
                         session->database != NULL ? session->database : "?");
    return session_error(session, NULL, NULL, error);
}

static cutover_status deadline_check(const struct session *session, cutover_error **error)
{
    if (session->deadline_us == 0 || monotonic_us() < session->deadline_us)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_POSTGRES, "the server did not answer in time");
    error_sqlstate(error, "08006");
    error_hint(error, "Look at the server's load and at the network between here and there.");
    return CUTOVER_E_POSTGRES;
}

cutover_status session_wait(struct session *session, bool for_write, cutover_error **error)
{
    struct pollfd ready = {.fd = PQsocket(session->connection),
                           .events = (short)(for_write ? POLLIN | POLLOUT : POLLIN)};

    if (ready.fd < 0)
        return connection_lost(session, error);
    for (;;) {
        cutover_status status = cancel_check(session->cancel, error);
        int count;

        if (status == CUTOVER_OK)
            status = deadline_check(session, error);
        if (status != CUTOVER_OK)
            return status;
        count = poll(&ready, 1, CANCEL_SLICE_MS);
        /* libpq that had no memory for a message which it has whole says that it waits for more of it, and reads it again
           when it is asked again: so it is asked, or both sides would wait for ever. */
        if (count > 0 || (count == 0 && !for_write && PQstatus(session->connection) == CONNECTION_OK))
            return CUTOVER_OK;
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return error_set_errno(error, CUTOVER_E_IO, errno, "cannot wait for a server's connection");
    }
}

cutover_status session_flush(struct session *session, cutover_error **error)
{
    int left;

    while ((left = PQflush(session->connection)) > 0) {
        cutover_status status = session_wait(session, true, error);

        if (status != CUTOVER_OK)
            return status;
        if (PQconsumeInput(session->connection) == 0)
            return connection_lost(session, error);
    }
    return left == 0 ? CUTOVER_OK : connection_lost(session, error);
}

cutover_status session_send(struct session *session, const struct statement *statement, cutover_error **error)
{
    int sent;

    if (session->owner != getpid())
        return error_set(error, CUTOVER_E_INTERNAL,
                         "a session was used in another process than it was opened in");
    if (session->connection == NULL)
        return connection_lost(session, error);
    if (statement->count == 0 && !statement->extended)
        sent = PQsendQuery(session->connection, statement->sql);
    else
        sent = PQsendQueryParams(session->connection, statement->sql, statement->count, NULL, statement->values,
                                 statement->lengths, statement->formats, statement->binary ? 1 : 0);
    if (sent == 0)
        return connection_lost(session, error);
    return session_flush(session, error);
}

cutover_status session_result(struct session *session, PGresult **result, cutover_error **error)
{
    while (PQisBusy(session->connection)) {
        cutover_status status = session_wait(session, false, error);

        if (status != CUTOVER_OK)
            return status;
        /* A failure is in the next result, with all that the server said about it. */
        if (PQconsumeInput(session->connection) == 0)
            break;
    }
    *result = PQgetResult(session->connection);
    return CUTOVER_OK;
}

static bool in_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

bool session_is_here(const struct session *session)
{
    const char *host = PQhost(session->connection);

    return host != NULL && (host[0] == '/' || host[0] == '@');
}

/* PQcancel writes to a socket of its own without MSG_NOSIGNAL: a SIGPIPE of it must not reach the host (G13). */
static bool ask_to_stop(struct session *session)
{
    const struct timespec now = {0, 0};
    PGcancel *request = PQgetCancel(session->connection);
    sigset_t pipe_signal, before, pending;
    char message[256];
    bool asked;

    if (request == NULL)
        return false;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    asked = PQcancel(request, message, sizeof message) == 1;
    if (!sigismember(&pending, SIGPIPE)) {
        while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR)
            continue;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    PQfreeCancel(request);
    return asked;
}

/* Reads and drops results; true once the server is idle again. */
static bool drain(struct session *session)
{
    for (;;) {
        PGresult *result = NULL;

        if (session_result(session, &result, NULL) != CUTOVER_OK)
            return false;
        if (result == NULL)
            return PQstatus(session->connection) == CONNECTION_OK;
        if (in_copy(result)) {
            PQclear(result);
            return false;
        }
        PQclear(result);
    }
}

bool session_answers(struct session *session)
{
    const struct cancel *cancel = session->cancel;
    int64_t deadline = session->deadline_us;

    if (session->connection == NULL || PQstatus(session->connection) != CONNECTION_OK)
        return false;
    session->cancel = NULL;
    session->deadline_us = monotonic_us() + SESSION_ANSWER_MS * 1000;
    bool answers = session_run(session, "SELECT 1", NULL) == CUTOVER_OK;
    session->cancel = cancel;
    session->deadline_us = deadline;
    return answers;
}

void session_interrupt(struct session *session)
{
    const struct cancel *cancel = session->cancel;
    int64_t deadline = session->deadline_us;

    if (session->connection == NULL)
        return;
    session->cancel = NULL;
    session->deadline_us = monotonic_us() + SESSION_INTERRUPT_MS * 1000;
    if (!session_is_here(session) || !ask_to_stop(session) || !drain(session))
        session_shut(session);
    session->cancel = cancel;
    session->deadline_us = deadline;
}

static bool failed(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* Reads all results, passes them on, and keeps the last one, or the first failure. */
static cutover_status gather(struct session *session, const struct statement *statement, PGresult **kept,
                             cutover_error **error)
{
    PGresult *last = NULL;

    for (;;) {
        PGresult *result = NULL;
        cutover_status status = session_result(session, &result, error);

        if (status == CUTOVER_OK && result != NULL && in_copy(result)) {
            PQclear(result);
            session_shut(session);
            status = error_set(error, CUTOVER_E_INTERNAL, "a COPY was run as an ordinary statement");
        }
        if (status != CUTOVER_OK) {
            PQclear(last);
            session_interrupt(session);
            return status;
        }
        if (result == NULL)
            break;
        if (last != NULL && failed(last)) {
            PQclear(result);
            continue;
        }
        PQclear(last);
        last = result;
        if (statement->each != NULL && !failed(result))
            statement->each(result, statement->context);
    }
    *kept = last;
    return CUTOVER_OK;
}

cutover_status session_execute(struct session *session, const struct statement *statement, const char *what,
                               PGresult **result, cutover_error **error)
{
    PGresult *last = NULL;
    cutover_status status = cancel_check(session->cancel, error);

    if (status != CUTOVER_OK)
        return status;
    status = session_send(session, statement, error);
    if (status != CUTOVER_OK) {
        session_interrupt(session);
        return status;
    }
    status = gather(session, statement, &last, error);
    if (status != CUTOVER_OK)
        return status;
    if (last == NULL || failed(last)) {
        status = session_error(session, last, what, error);
        PQclear(last);
        return status;
    }
    if (result != NULL)
        *result = last;
    else
        PQclear(last);
    return CUTOVER_OK;
}

cutover_status session_run(struct session *session, const char *sql, cutover_error **error)
{
    const struct statement statement = {.sql = sql};

    return session_execute(session, &statement, NULL, NULL, error);
}

cutover_status session_run_each(struct session *session, const char *sql, session_result_fn each, void *context,
                                cutover_error **error)
{
    const struct statement statement = {.sql = sql, .each = each, .context = context};

    return session_execute(session, &statement, NULL, NULL, error);
}

cutover_status session_run_format(struct session *session, cutover_error **error, const char *format, ...)
{
    cutover_status status;
    va_list arguments;
    char *sql = NULL;
    int length;

    va_start(arguments, format);
    length = vasprintf(&sql, format, arguments);
    va_end(arguments);
    if (length < 0)
        return error_nomem(error);
    status = session_run(session, sql, error);
    free(sql);
    return status;
}

cutover_status session_query(struct session *session, const char *sql, int count, const char *const *parameters,
                             PGresult **result, cutover_error **error)
{
    const struct statement statement = {.sql = sql, .count = count, .values = parameters, .extended = true};

    return session_execute(session, &statement, NULL, result, error);
}

cutover_status session_value(struct session *session, const char *sql, int count, const char *const *parameters,
                             char **value, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(session, sql, count, parameters, &result, error);

    if (status != CUTOVER_OK)
        return status;
    if (PQntuples(result) == 0 || PQnfields(result) == 0)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "database %s has no such row", session->database);
    else
        status = string_copy(result_text(result, 0, 0), value, error);
    PQclear(result);
    return status;
}

/* The last words of a connection: the first line says what happened, and those behind it what it may mean. */
static void error_from_connection(const PGconn *connection, const char *what, cutover_error **error)
{
    const char *message = PQerrorMessage(connection);
    size_t length = strcspn(message, "\n");
    const char *rest = message + length + strspn(message + length, "\n\t ");

    while (length > 0 && (message[length - 1] == '.' || message[length - 1] == ' '))
        length--;
    if (length == 0) {
        message = "the connection to the server was lost";
        length = strlen(message);
    }
    error_set(error, CUTOVER_E_POSTGRES, "%s%s%.*s", what != NULL ? what : "", what != NULL ? ": " : "",
              (int)length, message);
    if (rest[0] != '\0')
        error_detail(error, "%s", rest);
    if (PQstatus(connection) != CONNECTION_OK)
        error_sqlstate(error, "08006");
}

/* The line of a context that names the function: "PL/pgSQL function public.f(integer) line 1 at RETURN". NULL: none. */
static const char *function_line(const char *context)
{
    for (; context != NULL; context = strchr(context, '\n')) {
        context += context[0] == '\n';
        if (strncmp(context, "SQL function ", 13) == 0 || strncmp(context, "PL/", 3) == 0)
            return context;
    }
    return NULL;
}

void session_hint_search_path(const PGresult *result, cutover_error **error)
{
    static const char *const undefined[] = {"42883", "42P01", "42704", "3F000"};
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *line = function_line(PQresultErrorField(result, PG_DIAG_CONTEXT));

    for (size_t i = 0; line != NULL && sqlstate != NULL && i < sizeof undefined / sizeof *undefined; i++)
        if (strcmp(sqlstate, undefined[i]) == 0)
            error_hint(error,
                       "%.*s: nothing is restored with a search_path. Name schemas in the function, or ALTER "
                       "FUNCTION … SET search_path.",
                       (int)strcspn(line, "\n"), line);
}

cutover_status session_error(struct session *session, const PGresult *result, const char *what,
                             cutover_error **error)
{
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (error == NULL || *error != NULL)
        return CUTOVER_E_POSTGRES;
    if (primary == NULL) {
        error_from_connection(session->connection, what, error);
        return CUTOVER_E_POSTGRES;
    }
    error_set(error, CUTOVER_E_POSTGRES, "%s%s%s", what != NULL ? what : "", what != NULL ? ": " : "", primary);
    if (detail != NULL)
        error_detail(error, "%s", detail);
    session_hint_search_path(result, error);
    if (hint != NULL)
        error_hint(error, "%s", hint);
    if (sqlstate != NULL)
        error_sqlstate(error, sqlstate);
    return CUTOVER_E_POSTGRES;
}

uint32_t result_oid(const PGresult *result, int row, int column)
{
    return (uint32_t)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

int64_t result_int(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

bool result_bool(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

const char *result_text(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}
