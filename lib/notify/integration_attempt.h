/*
 * One attempt at a sync: claimed, made, and what became of it recorded.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATION_ATTEMPT_H
#define CUTOVER_NOTIFY_INTEGRATION_ATTEMPT_H

#include "notify/integrations.h"

enum attempt_outcome {
    ATTEMPT_NONE, /* not due, or somebody else is at it; or it was stopped, and is due again */
    ATTEMPT_SYNCED,
    ATTEMPT_FAILED,
    ATTEMPT_GIVEN_UP
};

/* *next is when it is due again, where it is. A client belongs to this thread. */
cutover_status integration_attempt(const cutover_integrations *integrations, struct http_client *client,
                                   const char *project_id, int provider, enum attempt_outcome *outcome,
                                   int64_t *next, cutover_error **error);

#endif
