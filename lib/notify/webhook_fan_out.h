/*
 * The notifier of webhooks: an event becomes a delivery for each endpoint of its project that is on and wants it, in one commit.
 * The same event again makes what is missing, and nothing twice.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_FAN_OUT_H
#define CUTOVER_NOTIFY_WEBHOOK_FAN_OUT_H

#include "notify/webhooks.h"

cutover_status webhook_fan_out(cutover_webhooks *webhooks, const cutover_event *event, cutover_error **error);

#endif
