#include "postgres/swap/advisory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* How long the session that holds a lock may take to end. */
#define WREST_TRIES 100
#define WREST_PAUSE_MS 50

int64_t advisory_key(const char *project_id)
{
    static const char prefix[] = "libcutover:";
    /* The seed carries the prefix, so that no memory is needed. */
    uint64_t seed = XXH3_64bits(prefix, sizeof prefix - 1);
    uint64_t hash = XXH3_64bits_withSeed(project_id, strlen(project_id), seed);
    int64_t key;

    memcpy(&key, &hash, sizeof key);
    return key;
}

/* pg_locks shows a 64-bit key as two halves and objsubid 1. */
static const char holder_sql[] =
    "SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    "   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    "   AND classid = (($1::int8 >> 32) & 4294967295)::oid AND objid = ($1::int8 & 4294967295)::oid"
    "   AND (NOT $2::bool OR pid = pg_backend_pid())";

static cutover_status lock_holder(struct session *control, const char *key, bool only_us, char **pid,
                                  cutover_error **error)
{
    return session_value(control, holder_sql, 2, (const char *const[]){key, only_us ? "true" : "false"}, pid,
                         error);
}

cutover_status advisory_lock(struct session *control, int64_t key, cutover_error **error)
{
    char text[24], *pid = NULL;
    PGresult *result = NULL;
    cutover_status status;
    bool taken;

    snprintf(text, sizeof text, "%" PRId64, key);
    status = session_query(control, "SELECT pg_try_advisory_lock($1::int8)", 1, (const char *const[]){text},
                           &result, error);
    if (status != CUTOVER_OK)
        return status;
    taken = result_bool(result, 0, 0);
    PQclear(result);
    if (taken)
        return CUTOVER_OK;
    status = lock_holder(control, text, false, &pid, error);
    if (status != CUTOVER_OK)
        return status;
    status = error_set(error, CUTOVER_E_LOCKED,
                       "another promotion or restore of this project holds the lock on "
                       "production's server");
    if (pid != NULL)
        error_detail(error, "The lock is held by the session with pid %s in database \"%s\".", pid,
                     control->database);
    free(pid);
    return status;
}

cutover_status advisory_lock_held(struct session *control, int64_t key, bool *held, cutover_error **error)
{
    char text[24], *pid = NULL;
    cutover_status status;

    snprintf(text, sizeof text, "%" PRId64, key);
    status = lock_holder(control, text, true, &pid, error);
    if (status == CUTOVER_OK)
        *held = pid != NULL;
    free(pid);
    return status;
}

#define ANYBODY (-1)

/* Ends the session that holds the lock, if there is one and it is that backend. */
static cutover_status end_holder(struct session *control, const char *key, int only, cutover_error **error)
{
    char *pid = NULL;
    PGresult *result = NULL;
    cutover_status status = lock_holder(control, key, false, &pid, error);

    if (status == CUTOVER_OK && pid != NULL && (only == ANYBODY || strtol(pid, NULL, 10) == only))
        status = session_query(control, "SELECT pg_terminate_backend($1::int)", 1, (const char *const[]){pid},
                               &result, error);
    PQclear(result);
    free(pid);
    return status;
}

/* Asks for the lock until it is ours, ending its holder each time if it is that backend. */
static cutover_status take_over(struct session *control, int64_t key, int only, cutover_error **error)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, key);
    for (int tries = 0;; tries++) {
        cutover_error *local = NULL;
        cutover_status status = advisory_lock(control, key, &local);
        if (status != CUTOVER_E_LOCKED || tries == WREST_TRIES) {
            error_move(error, local);
            return status;
        }
        cutover_error_free(local);
        status = end_holder(control, text, only, error);
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
