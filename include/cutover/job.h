/**
 * Jobs, as any process that shares the store sees them: promotions, rollbacks, restores, and backups that are taken or verified by
 * themselves. Whoever runs one has a handle of its own (promotion.h, restore.h, rollback.h); here are the records of all of them.
 */
#ifndef CUTOVER_JOB_H
#define CUTOVER_JOB_H

#include <cutover/engine.h>
#include <cutover/promotion.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A job's record as it was when it was read. Any thread may use it, one at a time. Free it with cutover_job_free(). */
typedef struct cutover_job cutover_job;

/** A page of jobs. Free it with cutover_job_list_free(); its jobs belong to it. */
typedef struct cutover_job_list cutover_job_list;

/**
 * Reads a job, and how far it is.
 *
 * @param job_id What cutover_promotion_id() and its like tell; of a backup that is taken by itself, the backup's id; of one that is
 *               verified again, cutover_progress.job_id.
 * @param job    Receives the job; free it with cutover_job_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND, also for the backup of a promotion or a
 *         restore, which is no job of its own; CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_job_get(cutover_engine *engine, const char *job_id, cutover_job **job,
                                           cutover_error **error);

/**
 * Lists jobs, running and ended, oldest first.
 *
 * @param project_id Of this project; NULL: of all.
 * @param after      Id of the last job of the page before; NULL or "" for the first page.
 * @param limit      1 to 1000. Fewer than that: there are no more.
 * @param list       Receives the page; free it with cutover_job_list_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform
 *         knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_jobs_list(cutover_engine *engine, const char *project_id, const char *after,
                                             uint32_t limit, cutover_job_list **list, cutover_error **error);

/**
 * Lists jobs, running and ended, of a project, kind or status, the oldest or the youngest first.
 *
 * @param filter Which; see engine.h.
 * @param list   Receives the page; free it with cutover_job_list_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED; CUTOVER_E_NOT_FOUND (a project that neither the
 *         store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_jobs_find(cutover_engine *engine, const cutover_filter *filter,
                                             cutover_job_list **list, cutover_error **error);

/**
 * Asks a job to stop, wherever it runs. Its process looks twice a second, and then does as cutover_promotion_cancel(). An audit
 * entry, job.cancel_asked, says who asked, and so does the one of the job's end. A job whose process is gone is not reached by
 * this: see cutover_recover().
 *
 * @param actor Needs CUTOVER_ROLE_OPERATOR.
 * @return CUTOVER_OK, also when it was asked already: the job stops, unless it begins its swap in this very moment, which its end
 *         tells; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND; CUTOVER_E_STATE when it has ended, or has begun its swap;
 *         CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_job_cancel(cutover_engine *engine, const cutover_actor *actor,
                                              const char *job_id, cutover_error **error);

/** The job's id. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_job_id(const cutover_job *job);
/** "promotion", "rollback", "restore", "backup" (taken by itself, and goes by the backup's id) or "verification" (of a backup that is
    there, with an id of its own); static. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_job_kind(const cutover_job *job);
/**
 * Where it stands: of a backup "taking", "verifying", "verified", "failed", "cancelled" or "deleted"; of a verification "verifying",
 * "verified", "failed", or "undecided" and "cancelled", which left the backup as it was; of the others "lock", "stage", "check",
 * "backup", "verify", "held", "catch_up", "swap", "finish", "completed", "failed" or "cancelled"; static. NULL for NULL. Since 0.1.
 */
CUTOVER_API const char *cutover_job_status(const cutover_job *job);
/** Non-zero when it has ended. A job that has not may be one whose process is gone. Zero for NULL. Since 0.1. */
CUTOVER_API int32_t cutover_job_is_over(const cutover_job *job);
/** The project. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_job_project_id(const cutover_job *job);
/** The request that it carries out or takes back; NULL where there is none. Since 0.1. */
CUTOVER_API const char *cutover_job_request_id(const cutover_job *job);
/** When it began: microseconds since 1970-01-01 UTC; 0 for NULL. Since 0.1. */
CUTOVER_API int64_t cutover_job_created_at(const cutover_job *job);
/** The version of its record when it was read; 0 for NULL. Since 0.1. */
CUTOVER_API uint64_t cutover_job_version(const cutover_job *job);
/** The whole record as a JSON object. Belongs to the job; NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_job_json(const cutover_job *job);
/**
 * How far it was at its last sign of life, which comes every 5 seconds.
 *
 * @param progress Filled as far as its version goes; its texts belong to the job.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for a version that is not known; CUTOVER_E_STATE when
 *         nothing is told: it has ended, or has just begun, or it came from a list. Since 0.1.
 */
CUTOVER_API cutover_status cutover_job_progress(const cutover_job *job, cutover_progress *progress);
/**
 * What it did, once it has ended: what cutover_promotion_report() and its like tell, for anybody, and of a backup {kind, project_id,
 * job_id, status (as cutover_job_status(), so `verified` where it went well), backup_id, backup_label, backup_verification, error,
 * production}. NULL: it has not ended, or recovery ended it, whose reason is `failure` in the record.
 * Belongs to the job. Since 0.1.
 */
CUTOVER_API const char *cutover_job_report(const cutover_job *job);
/** Its last sign of life, by the clock of the process that runs it: microseconds since 1970-01-01 UTC. The first is its beginning, and
    a job that lives gives one every 5 seconds. 0 where it has ended, and for a job of a list. Since 0.1. */
CUTOVER_API int64_t cutover_job_renewed_at(const cutover_job *job);
/** Frees a job that cutover_job_get() gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_job_free(cutover_job *job);

/** How many jobs the page has; 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_job_list_count(const cutover_job_list *list);
/** A job of the page, or NULL beyond its end; belongs to the list. Since 0.1. */
CUTOVER_API const cutover_job *cutover_job_list_at(const cutover_job_list *list, size_t index);
/** Frees the page and its jobs; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_job_list_free(cutover_job_list *list);

#ifdef __cplusplus
}
#endif
#endif
