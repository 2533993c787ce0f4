/*
 * A job's cancellation, asked for by any process: a document of its own (kind "cancel", id = job), so that the job's record keeps
 * its one writer. The lease's thread looks for it once a second, and the job's end deletes it.
 */
#ifndef CUTOVER_JOB_CANCELLATION_H
#define CUTOVER_JOB_CANCELLATION_H

#include "job/host.h"
#include "store/ledger.h"

/* CUTOVER_E_STATE when the job has ended. Asked for already is CUTOVER_OK. */
cutover_status cancellation_ask(const struct host *host, const cutover_actor *actor, const char *job_id,
                                cutover_error **error);
/* False, too, when the store cannot tell. */
bool cancellation_is_asked(const struct host *host, const char *job_id);
/* Deletes it in the change that ends the job, if it is there. */
cutover_status cancellation_drop(struct change *change, const char *job_id, cutover_error **error);

#endif
