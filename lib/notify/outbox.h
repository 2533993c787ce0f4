/*
 * The outbox: takes events that the ledger committed and hands them to the notifier, at least once, in order
 * within a project, with growing pauses, and gives up visibly. Safe for several processes on one store.
 *
 * An event document (kind "event") is {…the event…, "delivery": {status, attempts, next_attempt_at, lease_until,
 * last_error}}; it is deleted once delivered.
 */
#ifndef CUTOVER_NOTIFY_OUTBOX_H
#define CUTOVER_NOTIFY_OUTBOX_H

#include "base/clock.h"

#include <cutover/audit.h>
#include <cutover/notifier.h>
#include <cutover/store.h>

cutover_status outbox_deliver(const cutover_store *store, const cutover_notifier *notifier,
                              const struct clock *clock, uint32_t max_attempts, cutover_delivery *delivery,
                              cutover_error **error);
cutover_status outbox_list(const cutover_store *store, const char *project_id, cutover_event_emit emit,
                           void *context, cutover_error **error);

#endif
