/*
 * What the files of lib/postgres that speak the protocol themselves (COPY, large objects) share with session.c.
 */
#ifndef CUTOVER_POSTGRES_SESSION_PRIVATE_H
#define CUTOVER_POSTGRES_SESSION_PRIVATE_H

#include "postgres/session.h"

/* How long a server may take to confirm that it gave a statement up before its connection is closed. */
#define SESSION_INTERRUPT_MS 500

struct statement {
    const char *sql;
    int count; /* of parameters; 0 sends the simple protocol, which takes several statements */
    const char *const *values;
    const int *lengths;     /* with formats */
    const int *formats;     /* NULL: text */
    bool extended;          /* the extended protocol even without parameters */
    bool binary;            /* the result's columns */
    session_result_fn each; /* gets the result of each of several statements; NULL: nobody does */
    void *context;          /* for it */
};

/* Sends a statement, waiting while the server does not read. */
cutover_status session_send(struct session *session, const struct statement *statement, cutover_error **error);
/* Sends it and reads its results to the end; *result (may be NULL) is the last one. Any failed result is an error with
   `what`. When the wait ends early (cancel, deadline) the statement is interrupted. */
cutover_status session_execute(struct session *session, const struct statement *statement, const char *what,
                               PGresult **result, cutover_error **error);
/* Sends all that libpq holds back. */
cutover_status session_flush(struct session *session, cutover_error **error);
/* Whether the server is behind a socket of this machine's own; a loopback address may be the near end of a tunnel. */
bool session_is_here(const struct session *session);
/* Asks the server to give up what it does and reads what it still says, for at most SESSION_INTERRUPT_MS; closes the
   connection if that is not enough or a COPY is on. A server behind TCP is not asked, since PQcancel may block for
   minutes, or for ever behind a tunnel (EDGE_CASES G10): the connection is closed, and client_connection_check_interval
   ends the statement there. */
void session_interrupt(struct session *session);
/* Closes the connection at once; the session is of no use after. */
void session_shut(struct session *session);
/* Where a session was refused: says in the error which setting or limit of the database or the login is to blame, and the remedy,
   as far as a session with options->control_database can tell; never a setting's value. Nothing where that is NULL. */
void session_explain_refusal(const struct session_options *options, cutover_error **error);

#endif
