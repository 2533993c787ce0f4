/*
 * A link: one connection to the server that the store is on, and a transaction on it in one round trip. A link keeps nothing in its
 * server session, so a pooler may be between; one that failed is not used again. Not for two threads at once.
 */
#ifndef CUTOVER_STORE_POSTGRES_LINK_H
#define CUTOVER_STORE_POSTGRES_LINK_H

#include "base/id.h"
#include "postgres/session.h"

struct link {
    struct session *session;
    const char *path_sql; /* link_path() of the schema */
    struct link *next;    /* for whoever keeps several */
    char settled
        [ID_SIZE]; /* the commit on it whose answer came, and which is still noted at the server; "" where none is */
    bool warned; /* the server said WARNING since the transaction began */
};

struct link_statement {
    const char *sql;
    int count; /* of parameters */
    const char *const *values;
};

/* The statement that has a transaction find the schema's tables by their names, and else what pg_catalog has; NULL: no memory. */
char *link_path(const char *schema);
/* Connects to a primary whose encoding is UTF8, until the deadline (monotonic_us()). */
cutover_status link_open(const struct conninfo *conninfo, const char *path_sql, int64_t deadline_us,
                         struct link **link, cutover_error **error);
void link_close(struct link *link); /* NULL is nothing */

/* Runs at most LINK_STATEMENTS statements as one transaction, READ COMMITTED and READ WRITE, whatever the database and the role have
   as defaults; *result is the last statement's, the caller's to PQclear. Nobody waits for a lock beyond the deadline. After a failure
   the link must be closed. */
#define LINK_STATEMENTS 2
cutover_status link_run(struct link *link, int64_t deadline_us, const struct link_statement *statements,
                        size_t count, PGresult **result, cutover_error **error);

/* What a failure says. Of one that is neither the outcome is known, nothing was applied, and another try is in vain. */
bool link_was_lost(
    const cutover_error *failure); /* the connection ended: whether a commit was applied is not known */
bool link_may_retry(const cutover_error *failure); /* lost, or nothing was applied and another try may do */

#endif
