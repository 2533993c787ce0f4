/**
 * Promotions: the job that carries an acknowledged request out.
 *
 *   preflight ▶ lock ▶ stage ▶ check ▶ backup ▶ verify ▶ [held] ▶ catch_up ▶ swap ▶ finish ▶ completed
 *
 * Production takes writes until the last of catch_up, and no more until the swap; or (CUTOVER_FENCE_EARLY) until the backup begins,
 * and there is no catch_up.
 */
#ifndef CUTOVER_PROMOTION_H
#define CUTOVER_PROMOTION_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/preflight.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A running job. Run by one thread; cancel and progress from any. Free it after run returned. */
typedef struct cutover_promotion cutover_promotion;

/** How a backup is verified. */
typedef enum cutover_verify_method {
    CUTOVER_VERIFY_RESTORE = 1, /**< Restored into a throwaway database and compared. The default. */
    CUTOVER_VERIFY_READBACK = 2 /**< Read again from the repository and recomputed. */
} cutover_verify_method;

/** When production begins to refuse writes. */
typedef enum cutover_fence {
    /** When the backup is taken and verified; it is then brought forward to what has changed since. The default. Where the repository
        cannot rewrite what is not published (CUTOVER_REPOSITORY_REWRITE) it is as CUTOVER_FENCE_EARLY, and the report warns. */
    CUTOVER_FENCE_LATE = 0,
    CUTOVER_FENCE_EARLY = 1 /**< Before the backup is taken. */
} cutover_fence;

#define CUTOVER_PROGRESS_VERSION 2

/** Where a job stands; pointers are static or valid during the call. */
typedef struct cutover_progress {
    unsigned version;    /**< CUTOVER_PROGRESS_VERSION: set by whoever wants it filled. */
    const char *step;    /**< "backup", "stage", … */
    uint64_t bytes_done; /**< Bytes moved in this step; never goes back within it. */
    uint64_t
        bytes_total; /**< Expected bytes of this step so far, from relation sizes; 0: not known. A step that goes
                                 through its tables more than once (verify reads, restores and compares) expects more each
                                 time. */
    uint64_t rows_done; /**< Rows moved in this step; as bytes_done. */
    uint32_t
        tables_done; /**< Tables finished in this step, once for each time through; of an archive's files, files. */
    uint32_t tables_total;  /**< Tables of this step so far; grows as bytes_total does. */
    double fraction;        /**< Of the whole job, 0 to 1; never goes back. */
    double seconds_elapsed; /**< Since run began. */
    double seconds_left;    /**< Estimate for the whole job; negative: cannot be told, as while it is held. */
    const char *job_id;     /**< Of the job, for cutover_job_get() and cutover_job_cancel(). Since version 2. */
} cutover_progress;

#define CUTOVER_PROGRESS_INIT                                                                                  \
    {                                                                                                          \
        CUTOVER_PROGRESS_VERSION, NULL, 0, 0, 0, 0, 0, 0, 0, -1, NULL                                          \
    }

/** Same as CUTOVER_PROGRESS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_progress_init(cutover_progress *progress, unsigned version);

/** Receives progress; returning non-zero cancels the job. With CUTOVER_STRICT_ANSWERS in the engine's policy it counts what it says by
    cutover_answer(). */
typedef int32_t (*cutover_progress_fn)(const cutover_progress *progress, void *userdata);

#define CUTOVER_PROMOTION_OPTIONS_VERSION 3

typedef struct cutover_promotion_options {
    unsigned version;             /**< CUTOVER_PROMOTION_OPTIONS_VERSION. */
    const cutover_actor *actor;   /**< Required: needs CUTOVER_ROLE_OPERATOR. */
    const char *request_id;       /**< Required: an acked request with a ticket. */
    uint32_t jobs;                /**< Worker threads, 1 to 64; 0: 2. */
    cutover_verify_method verify; /**< Default CUTOVER_VERIFY_RESTORE. */
    int32_t hold;                 /**< Non-zero: wait before the swap until cutover_promotion_release(). */
    cutover_progress_fn progress; /**< Optional; on the thread that runs, at most ten a second. */
    void *progress_userdata;      /**< Passed to progress. */
    uint32_t
        hold_max_s; /**< Seconds that it may be held; then it is cancelled, and production is open. 0: 86400, a
                                       day. Since version 2. */
    uint32_t
        writes_refused_max_s; /**< Seconds that production may refuse writes before the swap; then it is cancelled, and
                                        production is open. 0: no limit. Since version 2. */
    /** What cutover_request_version() said when the operator read the request: another one is CUTOVER_E_CONFLICT, at the start, or where
        it is changed before anything is begun. 0: whatever it is. Since version 3. */
    uint64_t if_version;
    cutover_fence fence; /**< When production begins to refuse writes. Since version 3. */
} cutover_promotion_options;

#define CUTOVER_PROMOTION_OPTIONS_INIT                                                                         \
    {                                                                                                          \
        CUTOVER_PROMOTION_OPTIONS_VERSION, NULL, NULL, 0, CUTOVER_VERIFY_RESTORE, 0, NULL, NULL, 0, 0, 0,      \
            CUTOVER_FENCE_LATE                                                                                 \
    }

/** Same as CUTOVER_PROMOTION_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_promotion_options_init(cutover_promotion_options *options, unsigned version);

/**
 * Checks the rules and makes the job; changes nothing and touches no server.
 *
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE (not acked, no ticket, before its
 *         agreed time); CUTOVER_E_CONFLICT (see if_version); CUTOVER_E_EXPIRED; CUTOVER_E_LOCKED; CUTOVER_E_STORE; CUTOVER_E_CALLBACK. Any
 *         thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_promotion_start(cutover_engine *engine,
                                                   const cutover_promotion_options *options,
                                                   cutover_promotion **promotion, cutover_error **error);

/**
 * Does it, in the calling thread and up to `jobs` worker threads that are joined before it returns. Once per
 * handle.
 *
 * @return CUTOVER_OK: production has the preview's contents. CUTOVER_E_PREFLIGHT, _LOCKED, _STATE, _EXPIRED:
 *         refused, production was not changed; what comes up after the step `lock` fails the request, too (the report's
 *         status says it). CUTOVER_E_CANCELLED, CUTOVER_E_CONFLICT (its lease is lost, or recovery took it
 *         over), CUTOVER_E_VERIFY and every other: it ended before the swap, production is as it was, open and writable. A
 *         request whose promotion was cancelled, also by a limit of its options, is acked again: nothing is repeated by
 *         itself, but an operator may promote it once more. Every other end fails it.
 *         Where that is not so the message says it, and the hint says to run recovery: a server lost in the very moment
 *         of the swap, a server or store that could not be reached to undo what was done, records that could not be
 *         finished after the swap. A server that is away while it has production closed or refusing writes is waited for, or what
 *         takes its place, for a minute, or until the job is cancelled. Since 0.1.
 */
CUTOVER_API cutover_status cutover_promotion_run(cutover_promotion *promotion, cutover_error **error);

/** Asks a running job to stop; it does so within a second, unless the swap has begun. Any thread. Since 0.1. */
CUTOVER_API void cutover_promotion_cancel(cutover_promotion *promotion);

/**
 * Copies where the job stands.
 * @param progress Initialised; receives as much as its version has.
 * @return CUTOVER_OK; CUTOVER_E_INVALID (NULL) and CUTOVER_E_UNSUPPORTED (an unknown version), with nothing filled. Any
 *         thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_promotion_progress(cutover_promotion *promotion, cutover_progress *progress);

/** The job's id, from start on; its record is there once run has passed the step `lock`. NULL for NULL. Any thread. Since 0.1. */
CUTOVER_API const char *cutover_promotion_id(cutover_promotion *promotion);

/** The preflight's findings, after run has returned, if it got so far; else NULL. Belongs to the job. Since 0.1. */
CUTOVER_API const cutover_preflight *cutover_promotion_preflight(cutover_promotion *promotion);

/**
 * The report as a JSON object (schema: report.json), after run has returned: job_id, kind, project_id, request_id, status
 * ("completed", "rolled_back", "failed", "cancelled", "refused" before anything was begun, or "unsettled": recovery finds out),
 * pre_cutover_backup_id, backup_label, backup_path, backup_verification {method, verdict, tables, rows, seconds},
 * stage {method, tables, rows, bytes, seconds}, check {verdict}, catch_up {rounds, tables, ranges, rows, bytes, seconds} (null where there was none), writes_refused_ms, reads_unavailable_ms,
 * sessions_ended, displaced_database, steps [{name, seconds}], warnings [], production (in one sentence, what state it is
 * in), and error {code, message, detail, hint, sqlstate, step, verdict}, null where it went well. Belongs to the job; NULL
 * before. Since 0.1.
 */
CUTOVER_API const char *cutover_promotion_report(cutover_promotion *promotion);

/** Frees a job that is not running. Since 0.1. */
CUTOVER_API void cutover_promotion_free(cutover_promotion *promotion);

/**
 * Lets a held promotion go on, from any thread or process that shares the store.
 * @param actor Needs CUTOVER_ROLE_OPERATOR.
 * @return CUTOVER_OK; CUTOVER_E_FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE when it is not held; CUTOVER_E_STORE. Since 0.1.
 */
CUTOVER_API cutover_status cutover_promotion_release(cutover_engine *engine, const cutover_actor *actor,
                                                     const char *request_id, cutover_error **error);

/**
 * The record of a request's promotion, running or ended, as JSON; from any process that shares the store.
 * @param json Receives a string; free it with cutover_string_free(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_promotion_show(cutover_engine *engine, const char *request_id, char **json,
                                                  cutover_error **error);

#ifdef __cplusplus
}
#endif
#endif
