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

#define OUTBOX_LEASE_US (60 * INT64_C(1000000))      /* how long a deliverer may take over one event */
#define OUTBOX_PAUSE_US INT64_C(1000000)             /* after the first refusal; doubles with each */
#define OUTBOX_PAUSE_MAX_US (600 * INT64_C(1000000)) /* and grows to this */

/*
 * One run over the outbox. An event is leased before it is offered and an attempt counts from then on, so that one
 * whose deliverer died is offered again when the lease has run out, as the next attempt. A project's later events
 * wait for its earlier ones, until these are delivered or given up. A notifier that takes longer than the lease
 * may be offered the event a second time meanwhile.
 */
cutover_status outbox_deliver(const cutover_store *store, const cutover_notifier *notifier,
                              const struct clock *clock, uint32_t max_attempts, cutover_delivery *delivery,
                              cutover_error **error);
/* Emits what is in the outbox, in order within each project, with "delivery" in the JSON. */
cutover_status outbox_list(const cutover_store *store, const char *project_id, cutover_event_emit emit,
                           void *context, cutover_error **error);

#endif
