/*
 * What is asked once is done once: an act under an Idempotency-Key, which is kept in the store with the answer that the act got. The same
 * key with the same request gets the same answer, for a day. A key is its actor's.
 */
#ifndef CUTOVER_API_ONCE_H
#define CUTOVER_API_ONCE_H

#include "api/call.h"

cutover_status once(struct call *call, const char *key, call_act act, cutover_error **error);
/* Forgets what is older than a day. */
cutover_status once_sweep(cutover_api *api, cutover_error **error);

#endif
