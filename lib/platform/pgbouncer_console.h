/*
 * PgBouncer's admin console, as far as the hook (platform/pgbouncer.c) needs it: one connection, one command at a time, each with
 * a deadline. The console speaks the simple protocol only, knows no transaction and is no PostgreSQL: a session (postgres/session.h)
 * would refuse it.
 */
#ifndef CUTOVER_PLATFORM_PGBOUNCER_CONSOLE_H
#define CUTOVER_PLATFORM_PGBOUNCER_CONSOLE_H

#include "base/cancel.h"
#include "postgres/conninfo.h"

#include <libpq-fe.h>

struct console {
    PGconn *connection;
    char where[200];             /* "PgBouncer at HOST, port PORT" */
    int64_t deadline_us;         /* monotonic_us() at which whatever waits gives up */
    const struct cancel *cancel; /* whoever waits gives up with CUTOVER_E_CANCELLED; NULL: never */
};

/* Connects to the database "pgbouncer" there, whatever the string says. Closed with console_close(), also after a failure. */
cutover_status console_open(const struct conninfo *conninfo, int64_t deadline_us, const struct cancel *cancel,
                            struct console *console, cutover_error **error);
void console_close(struct console *console);

/* Sends a command whose answer may take any time; console_answered() looks for it. The connection may be closed before it came: what
   was asked for stays asked. */
cutover_status console_send(struct console *console, const char *command, cutover_error **error);
/* Does not wait. An answer that is an error is CUTOVER_E_CALLBACK with the console's words. */
cutover_status console_answered(struct console *console, bool *answered, cutover_error **error);
/* Sends a command and waits for its answer; `result` may be NULL, else it is the caller's to PQclear(). */
cutover_status console_ask(struct console *console, const char *command, PGresult **result,
                           cutover_error **error);
/* `COMMAND "database"`. One that the console refuses with these words counts as done (NULL: none). */
cutover_status console_command(struct console *console, const char *command, const char *database,
                               const char *harmless, cutover_error **error);

/* The value of a column by its name; "" where there is none. */
const char *console_value(const PGresult *result, int row, const char *column);

#endif
