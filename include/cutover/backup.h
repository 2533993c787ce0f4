/**
 * Backups: verified logical copies of production in the repository. A backup is a pg_dump directory archive
 * that stock pg_restore restores, with a manifest beside it (docs/backup-format.md).
 */
#ifndef CUTOVER_BACKUP_H
#define CUTOVER_BACKUP_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/promotion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A snapshot of a backup's record. Free it. */
typedef struct cutover_backup cutover_backup;
/** A page of backups. Free it; the backups in it go with it. */
typedef struct cutover_backup_list cutover_backup_list;

#define CUTOVER_BACKUP_OPTIONS_VERSION 1

typedef struct cutover_backup_options {
    unsigned version;             /**< CUTOVER_BACKUP_OPTIONS_VERSION. */
    const cutover_actor *actor;   /**< Required: needs CUTOVER_ROLE_OPERATOR. */
    const char *project_id;       /**< Required by create; ignored by verify. */
    const char *label;            /**< Optional, at most 120 characters; default "manual". */
    uint32_t jobs;                /**< Worker threads, 1 to 64; 0: 2. */
    cutover_verify_method verify; /**< How it is verified; default CUTOVER_VERIFY_RESTORE. */
    cutover_progress_fn progress; /**< Optional; on the calling thread, at most ten a second. Returning non-zero
                                         cancels. */
    void *progress_userdata;      /**< Passed to progress. */
} cutover_backup_options;

#define CUTOVER_BACKUP_OPTIONS_INIT                                                                            \
    {                                                                                                          \
        CUTOVER_BACKUP_OPTIONS_VERSION, NULL, NULL, NULL, 0, CUTOVER_VERIFY_RESTORE, NULL, NULL                \
    }

/** Same as CUTOVER_BACKUP_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_backup_options_init(cutover_backup_options *options, unsigned version);

/**
 * Takes a backup of a project's production database and verifies it. Production stays open for reads and
 * writes; the backup is of one snapshot.
 *
 * @param backup Receives the verified backup, or NULL when not wanted.
 * @return CUTOVER_OK; CUTOVER_E_VERIFY with a verdict; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE or _LOCKED
 *         (project busy), _CANCELLED, _CONFLICT (its lease is lost), _POSTGRES, _REPOSITORY, _STORE, _IO, _NOMEM,
 *         _UNSUPPORTED. On failure the record stays as `failed`, or `cancelled` where that is why, and the partial archive is swept. Blocks; one call per thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_backup_create(cutover_engine *engine, const cutover_backup_options *options,
                                                 cutover_backup **backup, cutover_error **error);

/**
 * Verifies a backup again. CUTOVER_OK means: equal. CUTOVER_E_VERIFY with the verdict (cutover_error_verdict())
 * and the names of what differs in the error means different or could not tell. It is a job of its own (cutover_progress.job_id): its
 * record and report stay, whatever becomes of the backup. Where nothing was found out, or it was cancelled, or its process died, the
 * backup is what it was before.
 *
 * @param options Method, jobs, progress and actor (CUTOVER_ROLE_OPERATOR).
 * @return As cutover_backup_create(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_backup_verify(cutover_engine *engine, const cutover_backup_options *options,
                                                 const char *backup_id, cutover_backup **backup,
                                                 cutover_error **error);

/** A backup that is being taken, or verified again, by itself. Run by one thread; cancel and progress from any. Free it after run returned. */
typedef struct cutover_backup_job cutover_backup_job;

/**
 * What cutover_backup_create() does, in two parts, for hosts that hand out the job's id first: checks the rules and makes the job; changes
 * nothing and touches no server.
 *
 * @param job Receives it; cutover_backup_job_run() does it.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE or _LOCKED (project busy), _STORE, _CALLBACK, _NOMEM,
 *         _UNSUPPORTED. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_backup_start(cutover_engine *engine, const cutover_backup_options *options,
                                                cutover_backup_job **job, cutover_error **error);
/** Likewise for cutover_backup_verify(); CUTOVER_E_STATE also for a backup that is being taken or verified, was deleted, or has no archive.
    Since 0.1. */
CUTOVER_API cutover_status cutover_backup_verify_start(cutover_engine *engine,
                                                       const cutover_backup_options *options,
                                                       const char *backup_id, cutover_backup_job **job,
                                                       cutover_error **error);
/** Does it; as cutover_backup_create(). Once per handle. Since 0.1. */
CUTOVER_API cutover_status cutover_backup_job_run(cutover_backup_job *job, cutover_error **error);
/** As cutover_promotion_cancel(). Since 0.1. */
CUTOVER_API void cutover_backup_job_cancel(cutover_backup_job *job);
/** As cutover_promotion_progress(). Since 0.1. */
CUTOVER_API cutover_status cutover_backup_job_progress(cutover_backup_job *job, cutover_progress *progress);
/** The job's id, from start on; of cutover_backup_start() it is the backup's. NULL for NULL. Any thread. Since 0.1. */
CUTOVER_API const char *cutover_backup_job_id(cutover_backup_job *job);
/** Frees a job that is not running; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_backup_job_free(cutover_backup_job *job);

/** Reads a backup's record. CUTOVER_OK, CUTOVER_E_NOT_FOUND, CUTOVER_E_STORE. Since 0.1. */
CUTOVER_API cutover_status cutover_backup_get(cutover_engine *engine, const char *backup_id,
                                              cutover_backup **backup, cutover_error **error);
/** Lists backups, of a project or (NULL) of all, oldest first; as cutover_requests_list(). Since 0.1. */
CUTOVER_API cutover_status cutover_backups_list(cutover_engine *engine, const char *project_id,
                                                const char *after, uint32_t limit, cutover_backup_list **list,
                                                cutover_error **error);
/** Lists backups of a project or status, the oldest or the youngest first; as cutover_requests_find(), with CUTOVER_E_NOT_FOUND for a
    project that nobody knows. Since 0.1. */
CUTOVER_API cutover_status cutover_backups_find(cutover_engine *engine, const cutover_filter *filter,
                                                cutover_backup_list **list, cutover_error **error);
/**
 * Deletes a backup: verified, failed or cancelled → deleted, then its bytes. The record stays.
 *
 * @param actor Needs CUTOVER_ROLE_OPERATOR.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_LOCKED while a job overwrites its project;
 *         CUTOVER_E_STATE when it is being taken or verified, or is deleted already; CUTOVER_E_STORE, _REPOSITORY,
 *         _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_backup_delete(cutover_engine *engine, const cutover_actor *actor,
                                                 const char *backup_id, cutover_error **error);
/**
 * The local folder that `pg_restore -d newdb FOLDER` reads.
 * @param path     Receives it, NUL-terminated.
 * @param capacity Bytes of path; 4096 is always enough.
 * @return CUTOVER_OK; CUTOVER_E_UNSUPPORTED when the repository is not local; CUTOVER_E_NOT_FOUND, _STATE. Since 0.1.
 */
CUTOVER_API cutover_status cutover_backup_path(cutover_engine *engine, const char *backup_id, char *path,
                                               size_t capacity, cutover_error **error);

/* ---- what a backup tells, as it was when it was read; any thread may ask, one at a time ---- */

/** The backup's id. Strings of a backup belong to it. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_backup_id(const cutover_backup *backup);
/** The project that it was taken of. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_backup_project_id(const cutover_backup *backup);
/** Its label. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_backup_label(const cutover_backup *backup);
/** "taking", "verifying", "verified", "failed", "cancelled" or "deleted"; static. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_backup_status(const cutover_backup *backup);
/** When it was begun: microseconds since 1970-01-01 UTC; 0 for NULL. Since 0.1. */
CUTOVER_API int64_t cutover_backup_created_at(const cutover_backup *backup);
/** When it was last verified: microseconds since 1970-01-01 UTC; 0 when it never was, and for NULL. Since 0.1. */
CUTOVER_API int64_t cutover_backup_verified_at(const cutover_backup *backup);
/** The whole record as a JSON object, with the members that a newer version of the library added. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_backup_json(const cutover_backup *backup);
/** The version of the record in the store when it was read: it counts the writes, and is 0 for NULL. Since 0.1. */
CUTOVER_API uint64_t cutover_backup_version(const cutover_backup *backup);
/** Frees a backup that this header's functions gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_backup_free(cutover_backup *backup);
/** How many backups the page has; 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_backup_list_count(const cutover_backup_list *list);
/** A backup of the page, or NULL beyond its end; belongs to the list. Since 0.1. */
CUTOVER_API const cutover_backup *cutover_backup_list_at(const cutover_backup_list *list, size_t index);
/** Frees the page and its backups; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_backup_list_free(cutover_backup_list *list);

#ifdef __cplusplus
}
#endif
#endif
