/*
 * All syncs that are due, several side by side.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATION_DELIVER_H
#define CUTOVER_NOTIFY_INTEGRATION_DELIVER_H

#include "notify/integrations.h"

/* project_id NULL: of all. The counts are set on success. */
cutover_status integrations_deliver(const cutover_integrations *integrations, const char *project_id,
                                    cutover_integration_run *run, cutover_error **error);
/* A client as these integrations use it. */
cutover_status integrations_client(const cutover_integrations *integrations, struct http_client **client,
                                   cutover_error **error);

#endif
