#include "postgres/swap/advisory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* How long the session that holds a lock may take to end. */
#define WREST_TRIES 100
#define WREST_PAUSE_MS 50

/* The seed carries the prefix, so that no memory is needed. */
static int64_t key_of(const char *prefix, const char *name)
{
    uint64_t hash = XXH3_64bits_withSeed(name, strlen(name), XXH3_64bits(prefix, strlen(prefix)));
    int64_t key;

    memcpy(&key, &hash, sizeof key);
    return key;
}

int64_t advisory_key(const char *project_id)
{
    return key_of("libcutover:", project_id);
}

int64_t advisory_key_of_database(const char *database)
{
    return key_of("libcutover database:", database);
}

/* pg_locks shows a 64-bit key as two halves and objsubid 1; and the locks of all databases. */
#define HOLDS_KEY                                                                                              \
    "l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"                                                 \
    " AND l.classid = (($1::int8 >> 32) & 4294967295)::oid AND l.objid = ($1::int8 & 4294967295)::oid"

static const char other_sql[] =
    "SELECT l.pid, d.datname FROM pg_locks l LEFT JOIN pg_database d ON d.oid = l.database"
    " WHERE " HOLDS_KEY " AND l.pid <> pg_backend_pid() ORDER BY l.pid DESC LIMIT 1";

static const char held_by_sql[] =
    "SELECT EXISTS (SELECT FROM pg_locks l WHERE " HOLDS_KEY " AND l.pid = $2::int AND l.database = $3::oid)";

struct key_text {
    char text[24];
};

static struct key_text key_text(int64_t key)
{
    struct key_text made;

    snprintf(made.text, sizeof made.text, "%" PRId64, key);
    return made;
}

/* Somebody else who has the lock: *pid 0 where there is none. The name is the caller's to free. */
static cutover_status other_holder(struct session *control, int64_t key, int *pid, char **database,
                                   cutover_error **error)
{
    struct key_text text = key_text(key);
    PGresult *result = NULL;
    cutover_status status =
        session_query(control, other_sql, 1, (const char *const[]){text.text}, &result, error);

    if (status != CUTOVER_OK)
        return status;
    *pid = PQntuples(result) > 0 ? (int)result_int(result, 0, 0) : 0;
    if (*pid != 0 && database != NULL)
        status = string_copy(result_text(result, 0, 1), database, error);
    PQclear(result);
    return status;
}

cutover_status advisory_lock_elsewhere(struct session *session, int64_t key, bool *taken, cutover_error **error)
{
    int pid = 0;
    cutover_status status = other_holder(session, key, &pid, NULL, error);

    if (status == CUTOVER_OK)
        *taken = pid != 0;
    return status;
}

static cutover_status ask(struct session *control, const char *sql, int64_t key, bool *answer,
                          cutover_error **error)
{
    struct key_text text = key_text(key);
    PGresult *result = NULL;
    cutover_status status = session_query(control, sql, 1, (const char *const[]){text.text}, &result, error);

    if (status != CUTOVER_OK)
        return status;
    *answer = result_bool(result, 0, 0);
    PQclear(result);
    return CUTOVER_OK;
}

cutover_status advisory_lock(struct session *control, int64_t key, cutover_error **error)
{
    char *database = NULL;
    int pid = 0;
    bool taken, let_go;
    cutover_status status = ask(control, "SELECT pg_try_advisory_lock($1::int8)", key, &taken, error);

    if (status == CUTOVER_OK)
        status = other_holder(control, key, &pid, &database, error);
    if (status == CUTOVER_OK && taken && pid == 0)
        return CUTOVER_OK;
    if (status == CUTOVER_OK && taken)
        status = ask(control, "SELECT pg_advisory_unlock($1::int8)", key, &let_go, error);
    if (status == CUTOVER_OK) {
        status = error_set(error, CUTOVER_E_LOCKED,
                           "another promotion or restore of this project or its database holds the lock on "
                           "production's server");
        if (pid != 0)
            error_detail(error, "The lock is held by the session with pid %d in database \"%s\".", pid,
                         database != NULL ? database : "?");
    }
    free(database);
    return status;
}

cutover_status advisory_lock_seen(struct session *other, const struct session *control, int64_t key, bool *seen,
                                  cutover_error **error)
{
    struct key_text text = key_text(key);
    char pid[16], database[16];
    PGresult *result = NULL;

    snprintf(pid, sizeof pid, "%d", control->backend_pid);
    snprintf(database, sizeof database, "%" PRIu32, control->database_oid);
    cutover_status status =
        session_query(other, held_by_sql, 3, (const char *const[]){text.text, pid, database}, &result, error);
    if (status != CUTOVER_OK)
        return status;
    *seen = result_bool(result, 0, 0);
    PQclear(result);
    return CUTOVER_OK;
}

cutover_status advisory_lock_check(struct session *control, int64_t key, cutover_error **error)
{
    bool held = false;
    cutover_status status = advisory_lock_held(control, key, &held, error);

    if (status == CUTOVER_OK && !held)
        status = error_set(error, CUTOVER_E_LOCKED,
                           "this job no longer holds the lock on production's server: it stops here");
    return status;
}

cutover_status advisory_lock_shared(struct session *other, const struct session *control, int64_t key,
                                    cutover_error **error)
{
    bool seen = false;
    cutover_status status = advisory_lock_seen(other, control, key, &seen, error);

    if (status == CUTOVER_OK && !seen) {
        status =
            error_set(error, CUTOVER_E_LOCKED,
                      "production's server is not the one any more that this job has its lock on: it failed "
                      "over, or the connection string leads to several");
        error_hint(error, "Nothing was swapped. Start again where the connection string leads to one primary.");
    }
    return status;
}

cutover_status advisory_lock_held(struct session *control, int64_t key, bool *held, cutover_error **error)
{
    return advisory_lock_seen(control, control, key, held, error);
}

#define ANYBODY (-1)

/* Ends the session that holds the lock, if there is one and it is that backend. */
static cutover_status end_holder(struct session *control, int64_t key, int only, cutover_error **error)
{
    char text[16];
    int pid = 0;
    PGresult *result = NULL;
    cutover_status status = other_holder(control, key, &pid, NULL, error);

    snprintf(text, sizeof text, "%d", pid);
    if (status == CUTOVER_OK && pid != 0 && (only == ANYBODY || pid == only))
        status = session_query(control, "SELECT pg_terminate_backend($1::int)", 1, (const char *const[]){text},
                               &result, error);
    PQclear(result);
    return status;
}

/* Asks for the lock until it is ours, ending its holder each time if it is that backend. */
static cutover_status take_over(struct session *control, int64_t key, int only, cutover_error **error)
{
    for (int tries = 0;; tries++) {
        cutover_error *local = NULL;
        cutover_status status = advisory_lock(control, key, &local);
        if (status != CUTOVER_E_LOCKED || tries == WREST_TRIES) {
            error_move(error, local);
            return status;
        }
        cutover_error_free(local);
        status = end_holder(control, key, only, error);
        if (status == CUTOVER_OK)
            status = cancel_sleep(control->cancel, WREST_PAUSE_MS, error);
        if (status != CUTOVER_OK)
            return status;
    }
}

cutover_status advisory_lock_wrest(struct session *control, int64_t key, cutover_error **error)
{
    return take_over(control, key, ANYBODY, error);
}

cutover_status advisory_lock_regain(struct session *control, int64_t key, int old_pid, cutover_error **error)
{
    return take_over(control, key, old_pid, error);
}
