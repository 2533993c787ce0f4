#include "platform/pgbouncer_console.h"

#include "base/clock.h"
#include "base/text.h"
#include "postgres/quote.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_MS 100

static void name_it(const struct conninfo *conninfo, struct console *console)
{
    const char *host = conninfo_get(conninfo, "host"), *port = conninfo_get(conninfo, "port");

    if (host == NULL)
        host = conninfo_get(conninfo, "hostaddr");
    snprintf(console->where, sizeof console->where, "PgBouncer at %.150s, port %.10s",
             host != NULL ? host : "(libpq's default)", port != NULL ? port : "(default)");
}

/* libpq's and PgBouncer's messages end with a line break. */
static cutover_status console_failed(const struct console *console, const char *what, const char *message,
                                     cutover_error **error)
{
    size_t length = strcspn(message, "\n");

    return error_set(error, CUTOVER_E_CALLBACK, "%s: %s: %.*s", console->where, what, (int)length, message);
}

static cutover_status late(const struct console *console, const char *what, cutover_error **error)
{
    if (cancel_asked(console->cancel))
        return cancel_check(console->cancel, error);
    return error_set(error, CUTOVER_E_CALLBACK, "%s: %s: no answer in time", console->where, what);
}

/* Waits for the socket, a slice at a time; false at the deadline, and when it is cancelled. */
static bool wait_socket(const struct console *console, short events)
{
    struct pollfd descriptor = {.fd = PQsocket(console->connection), .events = events};
    int64_t left_ms = (console->deadline_us - monotonic_us()) / 1000;

    if (left_ms <= 0 || cancel_asked(console->cancel))
        return false;
    (void)poll(&descriptor, 1, left_ms < SLICE_MS ? (int)left_ms + 1 : SLICE_MS);
    return true;
}

/* What a console does not understand, or what would make libpq ask it something. */
static cutover_status prepare(const struct conninfo *conninfo, struct conninfo *made, cutover_error **error)
{
    static const struct {
        const char *keyword, *value;
    } ours[] = {{"dbname", "pgbouncer"},   {"options", NULL},     {"target_session_attrs", NULL},
                {"client_encoding", NULL}, {"replication", NULL}, {"application_name", "libcutover"}};
    cutover_status status = conninfo_copy(conninfo, made, error);

    if (status != CUTOVER_OK)
        return status;
    for (size_t i = 0; status == CUTOVER_OK && i < sizeof ours / sizeof *ours; i++)
        status = conninfo_set(made, ours[i].keyword, ours[i].value, error);
    if (status == CUTOVER_OK && conninfo_get(made, "gssencmode") == NULL)
        status = conninfo_set(made, "gssencmode", "disable", error);
    if (status != CUTOVER_OK)
        conninfo_free(made);
    return status;
}

static cutover_status connect_on(struct console *console, cutover_error **error)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;

    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED)
            return console_failed(console, "connecting", PQerrorMessage(console->connection), error);
        if (!wait_socket(console, next == PGRES_POLLING_WRITING ? POLLOUT : POLLIN))
            return late(console, "connecting", error);
        next = PQconnectPoll(console->connection);
    }
    return CUTOVER_OK;
}

cutover_status console_open(const struct conninfo *conninfo, int64_t deadline_us, const struct cancel *cancel,
                            struct console *console, cutover_error **error)
{
    struct conninfo made = {0};

    *console = (struct console){.deadline_us = deadline_us, .cancel = cancel};
    name_it(conninfo, console);
    cutover_status status = prepare(conninfo, &made, error);
    if (status != CUTOVER_OK)
        return status;
    console->connection =
        PQconnectStartParams((const char *const *)made.keywords, (const char *const *)made.values, 0);
    conninfo_free(&made);
    if (console->connection == NULL)
        return error_nomem(error);
    if (PQstatus(console->connection) == CONNECTION_BAD)
        return console_failed(console, "connecting", PQerrorMessage(console->connection), error);
    return connect_on(console, error);
}

void console_close(struct console *console)
{
    PQfinish(console->connection);
    console->connection = NULL;
}

cutover_status console_send(struct console *console, const char *command, cutover_error **error)
{
    if (PQsendQuery(console->connection, command) != 1)
        return console_failed(console, command, PQerrorMessage(console->connection), error);
    return CUTOVER_OK;
}

/* The last result, and whether it is there. An error of the connection is one of the command. */
static cutover_status take(struct console *console, bool *there, PGresult **result, cutover_error **error)
{
    PGresult *next;

    *there = false;
    if (PQconsumeInput(console->connection) != 1)
        return console_failed(console, "its connection", PQerrorMessage(console->connection), error);
    while (!PQisBusy(console->connection)) {
        next = PQgetResult(console->connection);
        if (next == NULL) {
            *there = true;
            break;
        }
        PQclear(*result);
        *result = next;
    }
    return CUTOVER_OK;
}

static cutover_status judge(const struct console *console, const char *command, const PGresult *result,
                            cutover_error **error)
{
    ExecStatusType answer = PQresultStatus(result);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (answer == PGRES_COMMAND_OK || answer == PGRES_TUPLES_OK || answer == PGRES_EMPTY_QUERY)
        return CUTOVER_OK;
    return console_failed(console, command, message != NULL ? message : PQerrorMessage(console->connection),
                          error);
}

cutover_status console_answered(struct console *console, bool *answered, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = take(console, answered, &result, error);

    if (status == CUTOVER_OK && result != NULL)
        status = judge(console, "PAUSE", result, error);
    PQclear(result);
    return status;
}

cutover_status console_ask(struct console *console, const char *command, PGresult **result,
                           cutover_error **error)
{
    PGresult *answer = NULL;
    bool there = false;
    cutover_status status = console_send(console, command, error);

    while (status == CUTOVER_OK && !there) {
        if (!wait_socket(console, POLLIN))
            status = late(console, command, error);
        else
            status = take(console, &there, &answer, error);
    }
    if (status == CUTOVER_OK)
        status = judge(console, command, answer, error);
    if (status == CUTOVER_OK && result != NULL) {
        *result = answer;
        answer = NULL;
    }
    PQclear(answer);
    return status;
}

cutover_status console_command(struct console *console, const char *command, const char *database,
                               const char *harmless, cutover_error **error)
{
    struct text text = TEXT_INIT;
    cutover_error *local = NULL;

    text_add_format(&text, "%s ", command);
    quote_identifier(&text, database);
    cutover_status status =
        text_failed(&text) ? error_nomem(&local) : console_ask(console, text_string(&text), NULL, &local);
    if (status != CUTOVER_OK && harmless != NULL && strstr(cutover_error_message(local), harmless) != NULL) {
        cutover_error_free(local);
        local = NULL;
        status = CUTOVER_OK;
    }
    error_move(error, local);
    text_free(&text);
    return status;
}

const char *console_value(const PGresult *result, int row, const char *column)
{
    int number = PQfnumber(result, column);

    return number < 0 ? "" : PQgetvalue(result, row, number);
}
