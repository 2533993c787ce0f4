/*
 * Sessions: the one place that opens connections to PostgreSQL. Non-blocking libpq underneath: everything waits in
 * slices, looks at the cancel flag, and ends on the session's deadline. Not safe for use by two threads at once.
 */
#ifndef CUTOVER_POSTGRES_SESSION_H
#define CUTOVER_POSTGRES_SESSION_H

#include "base/cancel.h"
#include "base/log.h"
#include "base/text.h"
#include "postgres/conninfo.h"
#include "postgres/pins.h"

#include <libpq-fe.h>

#define APPLICATION_NAME "libcutover"

struct session_reserve;

struct session_options {
    const struct conninfo *conninfo;
    const char *database;        /* connects to this one instead of the conninfo's; NULL: as given */
    const struct cancel *cancel; /* what waiting looks at; may be NULL */
    struct log *log;             /* notices go here; may be NULL */
    uint32_t connect_timeout_s;  /* 0: 10 */
    const char *lc_monetary;     /* money's text form; NULL: the database's own (EDGE_CASES B20) */
    const char *client_encoding; /* NULL: the database's own (EDGE_CASES A32) */
    bool allow_standby;          /* else a standby is refused */
    /* Connects and no more: nothing is pinned, nobody is refused, and of the session only what waiting and errors need is filled.
       For what works through a pooler that gives each transaction another server. */
    bool bare;
    /* Another database of the server, in which is looked up why this one refuses us; NULL: it is not. */
    const char *control_database;
    /* Where one that is open already is taken from (postgres/session_reserve.h), whatever it was opened for; NULL: nowhere. */
    struct session_reserve *reserve;
};

struct session {
    PGconn *connection;
    const struct cancel *cancel;
    struct log *log;
    pid_t owner; /* EDGE_CASES G7 */
    int backend_pid;
    int server_version;      /* 150018 */
    char *system_identifier; /* decimal */
    uint32_t database_oid;
    char *database;    /* its name when we connected */
    char *encoding;    /* server_encoding */
    char *lc_monetary; /* what is in force here */
    bool superuser;
    int64_t deadline_us; /* monotonic_us() at which waiting gives up; 0: never */
};

/*
 * Connects, with all that this library depends on pinned from the startup packet on (postgres/pins.h): whatever the owner of the
 * database or a role has set by ALTER DATABASE and ALTER ROLE, no timeout ends this session, it is who the connection string
 * says, finds what pg_catalog has, sees every row or fails, and writes values in one form. client_connection_check_interval is
 * set where there is one; gssencmode=disable and keepalives unless given. Of the connection string's own `options` that counts
 * which no pin contradicts. Of libpq's keywords client_encoding, application_name and replication are ours.
 * Refuses a pooler (EDGE_CASES B7) and a standby (B8).
 * A library that a superuser lets the database or the login preload, and that is not there, keeps us out, as do limits and a
 * closed door: with control_database the error names setting, place and remedy.
 * Errors: CUTOVER_E_POSTGRES with SQLSTATE, CUTOVER_E_UNSUPPORTED (pooler, standby), CUTOVER_E_CANCELLED.
 */
cutover_status session_open(const struct session_options *options, struct session **session,
                            cutover_error **error);
/* Has sessions that are opened with this string, and children, try the server of that session first (conninfo_prefer()). */
cutover_status session_prefer(const struct session *session, struct conninfo *conninfo, cutover_error **error);
void session_close(struct session *session); /* NULL is nothing */
/* What it knows about its server, for a child's session there; nothing for NULL. */
struct pins_server session_server(const struct session *session);

/* Runs one or several statements without parameters; results are dropped. */
cutover_status session_run(struct session *session, const char *sql, cutover_error **error);
/* As session_run with a format; identifiers must have been quoted. */
cutover_status session_run_format(struct session *session, cutover_error **error, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Runs several statements without parameters in one round trip; each result (PGRES_TUPLES_OK or COMMAND_OK) is passed on as it
   comes, those before a failure too. */
typedef void (*session_result_fn)(const PGresult *result, void *context);
cutover_status session_run_each(struct session *session, const char *sql, session_result_fn each, void *context,
                                cutover_error **error);
/* Runs one statement with text parameters ($1…); *result (PGRES_TUPLES_OK or COMMAND_OK) is the caller's to PQclear. */
cutover_status session_query(struct session *session, const char *sql, int count, const char *const *parameters,
                             PGresult **result, cutover_error **error);
/* One value of one row as a copy; NULL for SQL NULL; no row is CUTOVER_E_NOT_FOUND. */
cutover_status session_value(struct session *session, const char *sql, int count, const char *const *parameters,
                             char **value, cutover_error **error);

/* Whether the server answers on this session within SESSION_ANSWER_MS; one that does not is closed. Not for a session whose
   transaction failed. */
#define SESSION_ANSWER_MS 3000
bool session_answers(struct session *session);

/* Waits until the socket is readable (or writable when for_write), in slices. On an open connection it also returns when there
   was nothing to read for a while: callers ask libpq again. */
cutover_status session_wait(struct session *session, bool for_write, cutover_error **error);
/* Waits for and returns the next result without blocking the cancel flag; *result NULL: no more. */
cutover_status session_result(struct session *session, PGresult **result, cutover_error **error);
/* Fills an error from a failed result (may be NULL: from the connection): message primary, detail, hint, SQLSTATE.
   `what` says what was being done ("copying public.orders"). Returns CUTOVER_E_POSTGRES. */
cutover_status session_error(struct session *session, const PGresult *result, const char *what,
                             cutover_error **error);
/* Where a function of the users' own did not find what it names without a schema, the error's hint (unless it has one) says
   which function, and the remedy (EDGE_CASES A1). */
void session_hint_search_path(const PGresult *result, cutover_error **error);

/* Oid, integers and booleans of a result's field. */
uint32_t result_oid(const PGresult *result, int row, int column);
int64_t result_int(const PGresult *result, int row, int column);
bool result_bool(const PGresult *result, int row, int column);
const char *result_text(const PGresult *result, int row, int column); /* NULL for SQL NULL */

#endif
