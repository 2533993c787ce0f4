#include "postgres/swap/swap.h"

#include "postgres/properties.h"
#include "postgres/quote.h"
#include "postgres/swap/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How the swap is done, and why it is one transaction.
 *
 * Names and OIDs of databases are rows of pg_database, and ALTER DATABASE … RENAME is an ordinary update of one: two renames, what
 * the new production is to bear and its door fit in one transaction, and with its COMMIT every client that connects finds the other
 * database. There is no moment in which the name is nobody's. Until then what comes in is ours alone, so that nobody who owns it can
 * let himself in; what it bears was tried before (properties_try()). The displaced database's door is closed already and stays so.
 *
 * The transaction begins before production's door closes: what is given takes time with the number of grants and settings, and nobody sees
 * it before COMMIT. Behind the closed door are the renames and the door, whatever there is to bear. A transaction sees who is inside as it was
 * when it first looked: so another session looks, swap->watch.
 *
 * The session is the control session, which holds the advisory lock (advisory.h): a job that lost that lock has lost this session,
 * and so cannot get here.
 *
 * The names are read twice. First, inside of the transaction, before anything is changed: production and staging must be the OIDs of
 * the journal, the displaced name free, both doors closed: what was proved of either holds only behind a closed door. Then after the renames, under the locks that both hold until the end: the
 * OIDs must be where COMMIT would leave them. Between the two, somebody else's rename could have been committed that the first
 * reading did not see; after the second nobody can.
 *
 * RENAME counts the sessions of the database, and when there is one it looks again 100 ms later, for up to 5 s, with every new
 * connection hanging on its lock (EDGE_CASES E3). One is counted even while it leaves, refused by the closed door: under the storm
 * of clients that try to come back that is common. So an attempt gets little time, and the next one comes at once: the first has
 * FIRST_ATTEMPT_MS, each twice as long as the one before. Only an attempt that ran out of its time is followed by another. Whoever
 * is inside for longer is looked for before the first, and named.
 *
 * Up to COMMIT a failure, a cancel or a lost connection leaves nothing done. From there on only the server knows. Its answer is
 * waited for without looking at the cancel flag; when it does not come, *commit_sent tells the caller to ask swap_outcome(), by
 * OID, on a new session. A server that answers with an error has not committed, and then it is false again.
 */

#define FIRST_ATTEMPT_MS 10
#define ATTEMPTS 8

/* One row: the OIDs under the three names, and whether the first two's doors are closed. */
static const char names_sql[] = "SELECT (SELECT oid FROM pg_database WHERE datname = $1),"
                                "       (SELECT oid FROM pg_database WHERE datname = $2),"
                                "       (SELECT oid FROM pg_database WHERE datname = $3),"
                                "       (SELECT NOT datallowconn FROM pg_database WHERE datname = $1),"
                                "       (SELECT NOT datallowconn FROM pg_database WHERE datname = $2)";

struct names {
    uint32_t production, incoming, displaced; /* 0: no database of that name */
    bool closed, incoming_closed;
};

static cutover_status read_names(struct session *control, const struct swap *swap, struct names *names,
                                 cutover_error **error)
{
    const char *const parameters[] = {swap->production, swap->incoming, swap->displaced};
    PGresult *result = NULL;
    cutover_status status = session_query(control, names_sql, 3, parameters, &result, error);

    if (status != CUTOVER_OK)
        return status;
    names->production = PQgetisnull(result, 0, 0) ? 0 : result_oid(result, 0, 0);
    names->incoming = PQgetisnull(result, 0, 1) ? 0 : result_oid(result, 0, 1);
    names->displaced = PQgetisnull(result, 0, 2) ? 0 : result_oid(result, 0, 2);
    names->closed = !PQgetisnull(result, 0, 3) && result_bool(result, 0, 3);
    names->incoming_closed = !PQgetisnull(result, 0, 4) && result_bool(result, 0, 4);
    PQclear(result);
    return CUTOVER_OK;
}

cutover_status swap_outcome(struct session *control, const struct swap *swap, enum swap_outcome *outcome,
                            cutover_error **error)
{
    struct names names;
    cutover_status status = read_names(control, swap, &names, error);

    if (status != CUTOVER_OK)
        return status;
    if (names.production != 0 && names.production == swap->production_oid)
        *outcome = SWAP_NOT_DONE;
    else if (names.production != 0 && names.production == swap->incoming_oid)
        *outcome = SWAP_DONE;
    else
        *outcome = SWAP_LOST;
    return CUTOVER_OK;
}

static cutover_status check_names(struct session *control, const struct swap *swap, cutover_error **error)
{
    struct names names;
    cutover_status status = read_names(control, swap, &names, error);

    if (status != CUTOVER_OK)
        return status;
    if (names.production != swap->production_oid)
        return error_set(error, CUTOVER_E_CONFLICT,
                         "database \"%s\" has OID %u instead of %u: somebody replaced it", swap->production,
                         names.production, swap->production_oid);
    if (names.incoming != swap->incoming_oid)
        return error_set(error, CUTOVER_E_CONFLICT,
                         "database \"%s\" has OID %u instead of %u: somebody replaced it", swap->incoming,
                         names.incoming, swap->incoming_oid);
    if (names.displaced != 0)
        return error_set(error, CUTOVER_E_CONFLICT, "the name \"%s\" is taken by another database",
                         swap->displaced);
    if (!names.closed)
        return error_set(error, CUTOVER_E_CONFLICT,
                         "somebody opened the door of database \"%s\" during the swap", swap->production);
    if (!names.incoming_closed)
        return error_set(error, CUTOVER_E_CONFLICT,
                         "somebody opened the door of database \"%s\" during the swap", swap->incoming);
    return CUTOVER_OK;
}

static cutover_status check_empty(struct session *control, const char *name, uint32_t oid,
                                  cutover_error **error)
{
    char *who = NULL;
    cutover_status status = door_inside(control, oid, &who, error);

    if (status == CUTOVER_OK && who != NULL)
        status = error_set(error, CUTOVER_E_POSTGRES, "database \"%s\" is in use: %s", name, who);
    free(who);
    return status;
}

static cutover_status swap_sql(const struct swap *swap, struct text *sql, cutover_error **error)
{
    text_add(sql, "ALTER DATABASE ");
    quote_identifier(sql, swap->production);
    text_add(sql, " RENAME TO ");
    quote_identifier(sql, swap->displaced);
    text_add(sql, "; ALTER DATABASE ");
    quote_identifier(sql, swap->incoming);
    text_add(sql, " RENAME TO ");
    quote_identifier(sql, swap->production);
    text_add(sql, "; ALTER DATABASE ");
    quote_identifier(sql, swap->production);
    text_add(sql, " ALLOW_CONNECTIONS true");
    return text_failed(sql) ? error_nomem(error) : CUTOVER_OK;
}

/* Inside of the transaction, under the locks of both renames: what COMMIT would make true. */
static cutover_status check_renamed(struct session *control, const struct swap *swap, cutover_error **error)
{
    struct names names;
    cutover_status status = read_names(control, swap, &names, error);

    if (status == CUTOVER_OK && (names.production != swap->incoming_oid || names.incoming != 0 ||
                                 names.displaced != swap->production_oid || names.closed))
        status = error_set(error, CUTOVER_E_CONFLICT,
                           "databases \"%s\" and \"%s\" were renamed by somebody else during the swap",
                           swap->production, swap->incoming);
    return status;
}

/* Likewise: from here on nobody can change what production bore. */
static cutover_status check_borne(struct session *control, const struct swap *swap, cutover_error **error)
{
    char *now = NULL;

    if (swap->borne == NULL)
        return CUTOVER_OK;
    cutover_status status = properties_digest(control, swap->production_oid, &now, error);
    if (status == CUTOVER_OK && strcmp(now, swap->borne) != 0) {
        status =
            error_set(error, CUTOVER_E_CONFLICT,
                      "somebody changed what database \"%s\" bears (settings, grants, owner, comment) right "
                      "before the swap",
                      swap->production);
        error_hint(error, "Start again: what was changed is there.");
    }
    free(now);
    return status;
}

/* The answer of COMMIT is waited for even when a cancel is asked: it can no longer be taken back. */
static cutover_status commit(struct session *control, bool *commit_sent, cutover_error **error)
{
    const struct cancel *cancel = control->cancel;
    PGresult *result = NULL;
    cutover_status status;

    *commit_sent = true;
    control->cancel = NULL;
    status = session_query(control, "COMMIT", 0, NULL, &result, error);
    control->cancel = cancel;
    if (status == CUTOVER_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        status = error_set(error, CUTOVER_E_INTERNAL, "the swap's transaction had failed before its COMMIT");
    PQclear(result);
    if (status != CUTOVER_OK && PQtransactionStatus(control->connection) == PQTRANS_IDLE)
        *commit_sent = false; /* the server answered, and said no */
    return status;
}

/* The error is already there; a connection that is lost rolls back by itself. */
static void end(struct session *control, const char *sql)
{
    const struct cancel *cancel = control->cancel;

    control->cancel = NULL;
    if (PQstatus(control->connection) == CONNECTION_OK)
        (void)session_run(control, sql, NULL);
    control->cancel = cancel;
}

/* Of an error of these the server's words may hold a setting's value. */
static cutover_status give(struct session *control, const char *sql, cutover_error **error)
{
    static const char *const told[] = {"08", "3D", "40", "53", "55006", "57", "58"};
    cutover_error *cause = NULL;
    cutover_status status = session_run(control, sql, &cause);
    const char *sqlstate = cutover_error_sqlstate(cause);
    bool tell = sqlstate == NULL;

    for (size_t i = 0; !tell && i < sizeof told / sizeof *told; i++)
        tell = strncmp(sqlstate, told[i], strlen(told[i])) == 0;
    if (!tell) {
        error_set(error, status,
                  "the server does not give the new production what production bears (SQLSTATE %s)", sqlstate);
        error_sqlstate(error, sqlstate);
        error_hint(error,
                   "Somebody changed a role, or production's settings or grants, in that moment: start again.");
        cutover_error_free(cause);
    } else {
        error_move(error, cause);
    }
    return status;
}

cutover_status swap_begin(struct session *control, const struct swap *swap, cutover_error **error)
{
    cutover_status status = session_run(control, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", error);

    if (status == CUTOVER_OK)
        status = give(control, swap->give_sql, error);
    if (status == CUTOVER_OK)
        status = session_run(control, "SAVEPOINT given", error);
    if (status != CUTOVER_OK)
        swap_abort(control);
    return status;
}

void swap_abort(struct session *control)
{
    if (PQtransactionStatus(control->connection) != PQTRANS_IDLE)
        end(control, "ROLLBACK");
}

/* The renames and the door; taken back when it fails. */
static cutover_status attempt(struct session *control, const struct swap *swap, const char *sql, int timeout_ms,
                              cutover_error **error)
{
    cutover_status status = session_run_format(control, error, "SET LOCAL statement_timeout = %d", timeout_ms);

    if (status == CUTOVER_OK)
        status = check_names(control, swap, error);
    if (status == CUTOVER_OK)
        status = session_run(control, sql, error);
    if (status == CUTOVER_OK)
        status = session_run(control, "SET LOCAL statement_timeout = 0", error);
    if (status == CUTOVER_OK)
        status = check_renamed(control, swap, error);
    if (status == CUTOVER_OK)
        status = check_borne(control, swap, error);
    if (status != CUTOVER_OK)
        end(control, "ROLLBACK TO SAVEPOINT given");
    return status;
}

/* Whether an attempt only ran out of its time. */
static bool worth_another(const cutover_error *error)
{
    const char *sqlstate = cutover_error_sqlstate(error);

    return sqlstate != NULL && strcmp(sqlstate, "57014") == 0;
}

/* As many as it takes, up to ATTEMPTS; the last one's error is told. */
static cutover_status attempts(struct session *control, const struct swap *swap, const char *sql,
                               cutover_error **error)
{
    int timeout_ms = FIRST_ATTEMPT_MS;

    for (int left = ATTEMPTS;; timeout_ms *= 2) {
        cutover_error *failure = NULL;
        cutover_status status = attempt(control, swap, sql, timeout_ms, &failure);
        if (status == CUTOVER_OK || --left == 0 || !worth_another(failure)) {
            error_move(error, failure);
            return status;
        }
        cutover_error_free(failure);
    }
}

cutover_status swap_run(struct session *control, const struct swap *swap, bool *commit_sent,
                        cutover_error **error)
{
    struct session *watch = swap->watch != NULL ? swap->watch : control;
    struct text sql = TEXT_INIT;

    *commit_sent = false;
    cutover_status status = swap_sql(swap, &sql, error);
    if (status == CUTOVER_OK)
        status = check_empty(watch, swap->production, swap->production_oid, error);
    if (status == CUTOVER_OK)
        status = check_empty(watch, swap->incoming, swap->incoming_oid, error);
    if (status == CUTOVER_OK && PQtransactionStatus(control->connection) == PQTRANS_IDLE)
        status = swap_begin(control, swap, error);
    if (status == CUTOVER_OK)
        status = attempts(control, swap, text_string(&sql), error);
    if (status == CUTOVER_OK)
        status = commit(control, commit_sent, error);
    if (status != CUTOVER_OK && !*commit_sent)
        swap_abort(control);
    text_free(&sql);
    return status;
}
