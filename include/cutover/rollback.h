/**
 * Rollback: the database that a cutover displaced becomes production again, by the same guarded swap. What it displaces is
 * kept in its turn.
 */
#ifndef CUTOVER_ROLLBACK_H
#define CUTOVER_ROLLBACK_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/promotion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A rollback. Run by one thread; cancel and progress from any. Free it after run returned. */
typedef struct cutover_rollback cutover_rollback;

/** Whether production was written to since the cutover. */
typedef enum cutover_writes {
    CUTOVER_WRITES_NONE = 0,   /**< It was not. */
    CUTOVER_WRITES_SOME = 1,   /**< It was: a rollback takes these writes out of production. */
    CUTOVER_WRITES_UNKNOWN = 2 /**< It cannot be told: the server restarted, or its counters were reset. */
} cutover_writes;

#define CUTOVER_ROLLBACK_OPTIONS_VERSION 2

typedef struct cutover_rollback_options {
    unsigned version;           /**< CUTOVER_ROLLBACK_OPTIONS_VERSION. */
    const cutover_actor *actor; /**< Required: needs CUTOVER_ROLE_OPERATOR. */
    const char *request_id;     /**< Required: a completed request, whose new production is still production. */
    int32_t
        discard_writes; /**< Non-zero: also when production was written to since, or that cannot be told. What was
                                 written stays in the database that is displaced. */
    cutover_progress_fn
        progress;            /**< Optional; on the thread that runs, at most ten a second. Since version 2. */
    void *progress_userdata; /**< Passed to progress. Since version 2. */
} cutover_rollback_options;

#define CUTOVER_ROLLBACK_OPTIONS_INIT                                                                          \
    {                                                                                                          \
        CUTOVER_ROLLBACK_OPTIONS_VERSION, NULL, NULL, 0, NULL, NULL                                            \
    }

/** Same as CUTOVER_ROLLBACK_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_rollback_options_init(cutover_rollback_options *options, unsigned version);

/**
 * Checks the rules, looks at production's server, and makes the job; changes nothing.
 *
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE (not completed; production was
 *         replaced again since; the displaced database is gone); CUTOVER_E_LOCKED, _STORE, _POSTGRES, _CALLBACK.
 *         Writes since the cutover are no failure here: see cutover_rollback_writes(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_rollback_start(cutover_engine *engine,
                                                  const cutover_rollback_options *options,
                                                  cutover_rollback **rollback, cutover_error **error);

/** What start found out. Since 0.1. */
CUTOVER_API cutover_writes cutover_rollback_writes(const cutover_rollback *rollback);
/** "none", "some" or "cannot be told"; static. Since 0.1. */
CUTOVER_API const char *cutover_writes_name(cutover_writes writes);

/**
 * Does it. Once per handle. Production is unavailable for about as long as in a cutover.
 *
 * @return CUTOVER_OK: production has its old content again. CUTOVER_E_STATE: refused, because production was written to
 *         since, also in the last moment, and discard_writes is not set. Every other status as cutover_promotion_run(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_rollback_run(cutover_rollback *rollback, cutover_error **error);
/** As cutover_promotion_cancel(). Since 0.1. */
CUTOVER_API void cutover_rollback_cancel(cutover_rollback *rollback);
/** As cutover_promotion_progress(). Since 0.1. */
CUTOVER_API cutover_status cutover_rollback_progress(cutover_rollback *rollback, cutover_progress *progress);
/** As cutover_promotion_id(). Since 0.1. */
CUTOVER_API const char *cutover_rollback_id(cutover_rollback *rollback);

/**
 * The report as a JSON object after run: as a promotion's, with writes_since_cutover ("none", "some" or "cannot be told").
 * Since 0.1.
 */
CUTOVER_API const char *cutover_rollback_report(cutover_rollback *rollback);

/** Frees a job that is not running. Since 0.1. */
CUTOVER_API void cutover_rollback_free(cutover_rollback *rollback);

#ifdef __cplusplus
}
#endif
#endif
