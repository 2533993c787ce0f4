/*
 * Giving up a job that recovery cannot settle: what can be undone is undone, what cannot be reached is written down, and the project
 * is free. And what was written down, tried again.
 */
#ifndef CUTOVER_PIPELINE_ABANDON_H
#define CUTOVER_PIPELINE_ABANDON_H

#include "base/text.h"
#include "job/host.h"

#include <cutover/recover.h>

/* Who gives a job up, and why. */
struct abandoner {
    const cutover_actor *actor;
    const char *reason;
    cutover_status *failed; /* receives the status where that fails, too */
};

/* Gives up a job over whose lease the caller has; `why` is what kept recovery from it. *completed: its swap had been committed, and
   its records say so now. The message says what was done, and how much is left. */
cutover_status abandon_job(struct host *host, const struct abandoner *by, const char *job_id,
                           const cutover_error *why, bool *completed, struct text *message,
                           cutover_error **error);
/* Likewise a backup that was taken, or (`again`) verified once more, by itself. */
cutover_status abandon_backup(struct host *host, const struct abandoner *by, const char *job_id, bool again,
                              const cutover_error *why, struct text *message, cutover_error **error);

/* CUTOVER_E_STATE where a database of that name is there that is not as a job of ours makes them. */
cutover_status abandon_database_check(struct session *control, const char *name, int64_t oid,
                                      cutover_error **error);

/* Tries again what abandoned jobs of a project left, where no job is at it; NULL: of all projects. What is gone leaves the list. Emits
   what went, and with `thorough` what is still there: then a list that cannot be read is a failure, else it is logged. */
cutover_status leftovers_retry(struct host *host, const char *project_id, bool thorough,
                               cutover_recovery_emit emit, void *context, cutover_error **error);

#endif
