#include "postgres/snapshot.h"

#include "base/clock.h"
#include "postgres/quote.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 10
#define LOCK_CHUNK 200

static const char begin_sql[] = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
/* The transaction's first query: it takes the snapshot. */
static const char export_sql[] = "SELECT pg_export_snapshot(), CASE WHEN pg_is_in_recovery() THEN"
                                 " pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END";
/* What we hold, by OID: a name may have changed its table while we waited for the lock. */
static const char held_sql[] =
    "SELECT l.relation FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = "
    "current_database()"
    " WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode = 'AccessShareLock' AND l.granted"
    " ORDER BY l.relation";

enum outcome { TAKEN, AGAIN, FAILED };

static bool has_sqlstate(const cutover_error *error, const char *sqlstate)
{
    const char *found = cutover_error_sqlstate(error);

    return found != NULL && strcmp(found, sqlstate) == 0;
}

/* LOCK TABLE takes no snapshot, and neither do SET and SAVEPOINT. */
static cutover_status lock_tables(struct session *session, const struct table *tables, size_t count, bool wait,
                                  cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status;

    text_add(&sql, "LOCK TABLE ");
    for (size_t i = 0; i < count; i++)
        text_add_format(&sql, "%sONLY %s", i > 0 ? ", " : "", tables[i].qualified);
    text_add_format(&sql, " IN ACCESS SHARE MODE%s", wait ? "" : " NOWAIT");
    status = text_failed(&sql) ? error_nomem(error) : session_run(session, text_string(&sql), error);
    text_free(&sql);
    return status;
}

static cutover_status wait_for_lock(struct session *session, const struct table *table, int64_t deadline_us,
                                    cutover_error **error)
{
    int64_t left_ms = (deadline_us - monotonic_us()) / 1000;
    cutover_error *cause = NULL;
    cutover_status status;

    status = session_run_format(session, error, "SET LOCAL lock_timeout = %lld",
                                (long long)(left_ms > 1 ? left_ms : 1));
    if (status != CUTOVER_OK)
        return status;
    status = lock_tables(session, table, 1, true, &cause);
    if (status == CUTOVER_E_POSTGRES && has_sqlstate(cause, "55P03")) {
        error_set(error, status, "could not lock table %s in time: somebody holds it exclusively",
                  table->label);
        error_sqlstate(error, "55P03");
        error_hint(error, "Wait for the other transaction to end, or end it, and try again.");
    } else if (status == CUTOVER_E_POSTGRES && cutover_error_sqlstate(cause) != NULL) {
        error_set(error, status, "cannot lock table %s: %s", table->label, cutover_error_message(cause));
        error_sqlstate(error, cutover_error_sqlstate(cause));
        if (cutover_error_hint(cause) != NULL)
            error_hint(error, "%s", cutover_error_hint(cause));
    } else {
        error_move(error, cause);
        cause = NULL;
    }
    cutover_error_free(cause);
    return status;
}

/* A chunk at once where nobody is in the way, else one by one, so that an error can name its table. */
static cutover_status lock_chunk(struct session *session, const struct table *tables, size_t count,
                                 int64_t deadline_us, cutover_error **error)
{
    cutover_error *refused = NULL;
    cutover_status status = session_run(session, "SAVEPOINT chunk", error);

    if (status != CUTOVER_OK)
        return status;
    status = lock_tables(session, tables, count, false, &refused);
    if (status == CUTOVER_OK)
        return session_run(session, "RELEASE SAVEPOINT chunk", error);
    if (status != CUTOVER_E_POSTGRES || cutover_error_sqlstate(refused) == NULL) {
        error_move(error, refused);
        return status;
    }
    cutover_error_free(refused);
    status = session_run(session, "ROLLBACK TO SAVEPOINT chunk; RELEASE SAVEPOINT chunk", error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++)
        status = wait_for_lock(session, &tables[i], deadline_us, error);
    return status;
}

static cutover_status lock_all(struct session *session, const struct inventory *inventory, int64_t deadline_us,
                               cutover_error **error)
{
    for (size_t first = 0; first < inventory->table_count; first += LOCK_CHUNK) {
        size_t left = inventory->table_count - first;
        cutover_status status = lock_chunk(session, inventory->tables + first,
                                           left < LOCK_CHUNK ? left : LOCK_CHUNK, deadline_us, error);

        if (status != CUTOVER_OK)
            return status;
    }
    return session_run(session, "SET LOCAL lock_timeout = 0", error);
}

static cutover_status export_snapshot(struct snapshot *snapshot, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(snapshot->leader, export_sql, 0, NULL, &result, error);

    if (status != CUTOVER_OK)
        return status;
    free(snapshot->id);
    free(snapshot->lsn);
    snapshot->id = NULL;
    snapshot->lsn = NULL;
    status = string_copy(result_text(result, 0, 0), &snapshot->id, error);
    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, 0, 1), &snapshot->lsn, error);
    PQclear(result);
    return status;
}

static bool is_held(const PGresult *held, uint32_t oid)
{
    int low = 0, high = PQntuples(held);

    while (low < high) {
        int middle = low + (high - low) / 2;
        uint32_t found = result_oid(held, middle, 0);

        if (found == oid)
            return true;
        if (found < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool all_held(const PGresult *held, const struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->table_count; i++) {
        if (!is_held(held, inventory->tables[i].oid))
            return false;
    }
    return true;
}

/* Whether the snapshot sees only tables that were locked before it was taken (EDGE_CASES B1). */
static cutover_status check_held(struct session *session, bool *complete, cutover_error **error)
{
    struct inventory seen = {NULL, 0, NULL, 0, NULL, 0, 0};
    PGresult *held = NULL;
    cutover_status status = session_query(session, held_sql, 0, NULL, &held, error);

    if (status != CUTOVER_OK)
        return status;
    status = inventory_list(session, &seen, error);
    if (status == CUTOVER_OK)
        *complete = all_held(held, &seen);
    inventory_free(&seen);
    PQclear(held);
    return status;
}

static enum outcome look_through_snapshot(struct snapshot *snapshot, cutover_error **error)
{
    bool complete = false;

    if (export_snapshot(snapshot, error) != CUTOVER_OK)
        return FAILED;
    if (check_held(snapshot->leader, &complete, error) != CUTOVER_OK)
        return FAILED;
    if (!complete)
        return AGAIN;
    return inventory_read(snapshot->leader, &snapshot->inventory, error) == CUTOVER_OK ? TAKEN : FAILED;
}

/* Dropped, renamed or replaced by something else since the list was read. */
static bool is_gone(const cutover_error *cause)
{
    return has_sqlstate(cause, "42P01") || has_sqlstate(cause, "3F000") || has_sqlstate(cause, "42809");
}

/* *error is wanted here and below. */
static enum outcome try_once(struct snapshot *snapshot, int64_t deadline_us, cutover_error **error)
{
    struct inventory expected = {NULL, 0, NULL, 0, NULL, 0, 0};
    cutover_error *cause = NULL;
    enum outcome outcome = FAILED;

    cutover_status status = inventory_list(snapshot->leader, &expected, &cause);
    if (status == CUTOVER_OK)
        status = session_run(snapshot->leader, begin_sql, &cause);
    bool begun = status == CUTOVER_OK;
    if (status == CUTOVER_OK)
        status = lock_all(snapshot->leader, &expected, deadline_us, &cause);
    if (status == CUTOVER_OK)
        outcome = look_through_snapshot(snapshot, &cause);
    else if (begun && is_gone(cause))
        outcome = AGAIN;
    if (outcome == FAILED)
        error_move(error, cause);
    else
        cutover_error_free(cause);
    if (outcome == AGAIN && session_run(snapshot->leader, "ROLLBACK", error) != CUTOVER_OK)
        outcome = FAILED;
    inventory_free(&expected);
    return outcome;
}

static cutover_status take(struct snapshot *snapshot, int64_t deadline_us, cutover_error **error)
{
    for (int try = 0; try < TRIES; try++) {
        switch (try_once(snapshot, deadline_us, error)) {
        case TAKEN:
            return CUTOVER_OK;
        case FAILED:
            return cutover_error_code(*error);
        case AGAIN:
            break;
        }
    }
    error_set(error, CUTOVER_E_POSTGRES, "tables of database %s came and went while they were being locked",
              snapshot->leader->database);
    error_hint(error, "Stop what creates and drops tables there and try again.");
    return CUTOVER_E_POSTGRES;
}

cutover_status snapshot_open(const struct session_options *options, int64_t lock_timeout_ms,
                             struct snapshot **snapshot, cutover_error **error)
{
    struct snapshot *opened = calloc(1, sizeof *opened);
    cutover_error *cause = NULL;
    cutover_status status;

    if (opened == NULL)
        return error_nomem(error);
    opened->lock_timeout_ms = lock_timeout_ms;
    status = session_open(options, &opened->leader, error);
    if (status == CUTOVER_OK) {
        status = take(opened, monotonic_us() + lock_timeout_ms * 1000, &cause);
        error_move(error, cause);
    }
    if (status != CUTOVER_OK) {
        snapshot_close(opened);
        return status;
    }
    *snapshot = opened;
    return CUTOVER_OK;
}

cutover_status snapshot_join(const struct snapshot *snapshot, const struct session_options *options,
                             struct session **session, cutover_error **error)
{
    struct session *opened = NULL;
    struct text sql = TEXT_INIT;
    cutover_status status = session_open(options, &opened, error);

    if (status != CUTOVER_OK)
        return status;
    text_add_format(&sql, "%s; SET LOCAL lock_timeout = %lld; SET TRANSACTION SNAPSHOT ", begin_sql,
                    (long long)snapshot->lock_timeout_ms);
    quote_literal(&sql, snapshot->id);
    status = text_failed(&sql) ? error_nomem(error) : session_run(opened, text_string(&sql), error);
    text_free(&sql);
    if (status != CUTOVER_OK) {
        session_close(opened);
        return status;
    }
    *session = opened;
    return CUTOVER_OK;
}

void snapshot_close(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    session_close(snapshot->leader);
    inventory_free(&snapshot->inventory);
    free(snapshot->id);
    free(snapshot->lsn);
    free(snapshot);
}
