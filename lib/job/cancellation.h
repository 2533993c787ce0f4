/*
 * A job's cancellation, asked for by any process: a document of its own (kind "cancel", id = job), so that the job's record keeps
 * its one writer, with who asked. The lease's thread looks for it twice a second, and the job's end deletes it.
 */
#ifndef CUTOVER_JOB_CANCELLATION_H
#define CUTOVER_JOB_CANCELLATION_H

#include "job/host.h"
#include "model/promotion.h"
#include "store/ledger.h"

/* CUTOVER_E_STATE when the job has ended, or is at its swap. Asked for already is CUTOVER_OK. */
cutover_status cancellation_ask(const struct host *host, const cutover_actor *actor, const char *job_id,
                                cutover_error **error);
/* False, too, when the store cannot tell. */
bool cancellation_is_asked(const struct host *host, const char *job_id);
/* Who asked, into the job's record, which stays as it is where nobody did or that cannot be told. */
cutover_status cancellation_name(const struct host *host, struct promotion_record *record,
                                 cutover_error **error);
/* Deletes it in the change that ends the job, if it is there. */
cutover_status cancellation_drop(struct change *change, const char *job_id, cutover_error **error);

#endif
