/*
 * Jobs that acts begin, from when they are handed to the host until they have ended. As long as a job has no record of its own in the store
 * (it waits for a thread, or is in preflight, or was refused there), a document of this interface's tells of it.
 */
#ifndef CUTOVER_API_WORK_H
#define CUTOVER_API_WORK_H

#include "api/call.h"
#include "api/output.h"
#include "api/store.h"

enum work_kind { WORK_PROMOTION, WORK_ROLLBACK, WORK_RESTORE, WORK_BACKUP, WORK_VERIFICATION, WORK_KIND_COUNT };

/* Takes over a job that was started, hands it to the host and answers 202. The handle is the host's then, or freed. */
cutover_status work_begin(struct call *call, enum work_kind kind, void *handle, const char *project_id,
                          const char *request_id, cutover_error **error);

/* Answers 202, with what is known of that job. CUTOVER_E_NOT_FOUND: nobody knows it. */
cutover_status work_answer(struct call *call, const char *job_id, cutover_error **error);

/* What is known of a job without a record. */
struct waiting {
    struct kept kept;
};

/* Reads it; *waiting is NULL where there is none. waiting_free() it. */
cutover_status waiting_get(cutover_api *api, const char *job_id, struct waiting **waiting,
                           cutover_error **error);
void waiting_free(struct waiting *waiting);
/* "waiting", "preflight", "refused", "cancelled", or "lost": its process is gone, and nothing was begun. */
const char *waiting_status(cutover_api *api, const struct waiting *waiting);
bool waiting_is_over(cutover_api *api, const struct waiting *waiting);

/* Progress of a job that runs in this process, told now; CUTOVER_E_NOT_FOUND where it does not. */
cutover_status work_progress(cutover_api *api, const char *job_id, cutover_progress *progress);

/* Cancels a job that waits or runs in this process; CUTOVER_E_NOT_FOUND where it does not. */
cutover_status work_cancel(cutover_api *api, const char *job_id);

/* A job as all answers have it, from its record or from what is known without one; either may be NULL. */
void job_write(cutover_api *api, struct output *output, const cutover_job *job, const struct waiting *waiting);
void progress_write(struct output *output, const char *name, const cutover_progress *progress);

/* Renews what this process has, tells of what nobody has any more, forgets what was refused long ago. */
cutover_status work_tend(cutover_api *api, cutover_error **error);

#endif
