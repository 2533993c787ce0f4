/**
 * Restore: a backup becomes the content of a preview's database, or of production. Over production it is the same pipeline
 * as a promotion with the same promises, and takes its own pre-restore backup first.
 */
#ifndef CUTOVER_RESTORE_H
#define CUTOVER_RESTORE_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/promotion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A running restore. Run by one thread; cancel and progress from any. Free it after run returned. */
typedef struct cutover_restore cutover_restore;

#define CUTOVER_RESTORE_OPTIONS_VERSION 2

typedef struct cutover_restore_options {
    unsigned version; /**< CUTOVER_RESTORE_OPTIONS_VERSION. */
    const cutover_actor
        *actor; /**< Required: CUTOVER_ROLE_OPERATOR for a preview, CUTOVER_ROLE_ORG_ADMIN for production. */
    const char *backup_id; /**< Required: a verified backup. */
    const char *
        preview_id; /**< Target: a preview of the backup's project, whose database is there and empty. Where the
                                       platform has none of that id, its preview_create is asked for one. */
    const char *project_id;       /**< Target: production of the backup's project; then preview_id is NULL. */
    int32_t confirm;              /**< Must be non-zero to overwrite production. */
    uint32_t jobs;                /**< Worker threads, 1 to 64; 0: 2. */
    cutover_verify_method verify; /**< Of the pre-restore backup; default CUTOVER_VERIFY_RESTORE. */
    cutover_progress_fn progress; /**< Optional; on the thread that runs, at most ten a second. */
    void *progress_userdata;      /**< Passed to progress. */
    cutover_fence fence;          /**< Over production: when it begins to refuse writes. Since version 2. */
    uint32_t
        writes_refused_max_s; /**< Seconds that production may refuse writes before the swap, as of a promotion. 0: no
                                        limit. Since version 2. */
} cutover_restore_options;

#define CUTOVER_RESTORE_OPTIONS_INIT                                                                           \
    {                                                                                                          \
        CUTOVER_RESTORE_OPTIONS_VERSION, NULL, NULL, NULL, NULL, 0, 0, CUTOVER_VERIFY_RESTORE, NULL, NULL,     \
            CUTOVER_FENCE_LATE, 0                                                                              \
    }

/** Same as CUTOVER_RESTORE_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_restore_options_init(cutover_restore_options *options, unsigned version);

/**
 * Checks the rules and makes the job; touches no server and no database.
 *
 * @return CUTOVER_OK; CUTOVER_E_INVALID (not exactly one target, no confirm); CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND;
 *         CUTOVER_E_STATE (the backup is not verified, or of another project); CUTOVER_E_LOCKED, _STORE, _CALLBACK. Since 0.1.
 */
CUTOVER_API cutover_status cutover_restore_start(cutover_engine *engine, const cutover_restore_options *options,
                                                 cutover_restore **restore, cutover_error **error);

/**
 * Does it; as cutover_promotion_run(). A restore that fails, or is cancelled, never touches what was there: everything is
 * built beside it, compared with the backup, and swapped in at the end. CUTOVER_E_VERIFY, before anything changed, when the
 * backup's files are no longer what was verified; CUTOVER_E_PREFLIGHT when the preview's database is not empty, CUTOVER_E_STATE
 * when it was filled meanwhile. Since 0.1.
 */
CUTOVER_API cutover_status cutover_restore_run(cutover_restore *restore, cutover_error **error);
/** As cutover_promotion_cancel(). Since 0.1. */
CUTOVER_API void cutover_restore_cancel(cutover_restore *restore);
/** As cutover_promotion_progress(). Since 0.1. */
CUTOVER_API cutover_status cutover_restore_progress(cutover_restore *restore, cutover_progress *progress);
/** As cutover_promotion_id(). Since 0.1. */
CUTOVER_API const char *cutover_restore_id(cutover_restore *restore);
/**
 * The report as a JSON object after run: as a promotion's, with target_kind ("preview" or "project"), target_id and
 * source_backup_id. Since 0.1.
 */
CUTOVER_API const char *cutover_restore_report(cutover_restore *restore);
/** Frees a job that is not running. Since 0.1. */
CUTOVER_API void cutover_restore_free(cutover_restore *restore);

#ifdef __cplusplus
}
#endif
#endif
