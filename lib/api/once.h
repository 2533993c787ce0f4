/*
 * What is asked once is done once: an act under an Idempotency-Key, which is kept in the store with the answer that the act got. The same
 * key with the same request gets the same answer, for a day. A key is its actor's.
 *
 * The key is there before the act. Where no answer could be kept with it, since the process or the store was gone by then, nobody acts
 * again: the job that it begun is told, where there is one, or that nobody knows.
 */
#ifndef CUTOVER_API_ONCE_H
#define CUTOVER_API_ONCE_H

#include "api/call.h"

/* Answers with a job; CUTOVER_E_NOT_FOUND: nobody knows it. */
typedef cutover_status (*once_job)(struct call *call, const char *job_id, cutover_error **error);
cutover_status once(struct call *call, const char *key, call_act act, once_job job, cutover_error **error);
/* Notes with the key, where there is one, which job the act is about to begin: nothing was begun before that is kept. */
cutover_status once_note_job(struct call *call, const char *job_id, cutover_error **error);
/* Forgets what is older than a day. */
cutover_status once_sweep(cutover_api *api, cutover_error **error);

#endif
