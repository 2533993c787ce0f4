/*
 * The notifier of integrations: an event after which production has another content makes the project's integrations due.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATION_EVENT_H
#define CUTOVER_NOTIFY_INTEGRATION_EVENT_H

#include "notify/integrations.h"

/* As cutover_notifier.deliver. */
cutover_status integration_event_take(const cutover_integrations *integrations, const cutover_event *event,
                                      cutover_error **error);

#endif
