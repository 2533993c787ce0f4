/*
 * The outbox: takes events that the ledger committed and hands them to the notifiers, at least once, in order within a
 * project, with growing pauses, and gives up visibly. Safe for several processes on one store.
 *
 * Each notifier goes over the outbox by itself, and what it did is written into the event's document beside what others did
 * (notify/queued.h): so none waits for another one. The event is deleted once all that the store knows (notify/known.h) are done
 * with it.
 */
#ifndef CUTOVER_NOTIFY_OUTBOX_H
#define CUTOVER_NOTIFY_OUTBOX_H

#include "base/clock.h"
#include "base/json.h"
#include "notify/port.h"

#include <cutover/audit.h>
#include <cutover/store.h>

#define OUTBOX_LEASE_US (60 * INT64_C(1000000))             /* how long a deliverer may take over one event */
#define OUTBOX_PAUSE_US INT64_C(1000000)                    /* after the first failure; doubles with each */
#define OUTBOX_PAUSE_MAX_US (600 * INT64_C(1000000))        /* and grows to this */
#define OUTBOX_AGAIN_MAX_US (30 * 86400 * INT64_C(1000000)) /* how far ahead a notifier may name a time */

/*
 * One run of one notifier over the outbox. An event is leased before it is offered and an attempt counts from then on, so that
 * one whose deliverer died is offered again when the lease has run out, as the next attempt. A project's later events
 * wait for its earlier ones, until these are delivered or given up. A notifier that takes longer than the lease
 * may be offered the event a second time meanwhile, by another engine: one outlet is used by one thread at a time, and a second
 * call counts it as busy. `names` are those that the store knows. The counts are added to; on failure they are as they were.
 */
cutover_status outbox_deliver(const cutover_store *store, struct outlet *outlet, const struct clock *clock,
                              struct json_object *names, cutover_delivery *counts, cutover_error **error);
/* Emits what is in the outbox, in order within each project, with "deliveries" in the JSON: of each of `names`. */
cutover_status outbox_list(const cutover_store *store, struct json_object *names, const char *project_id,
                           cutover_event_emit emit, void *context, cutover_error **error);

enum outbox_act {
    OUTBOX_RETRY,  /* pending again, as if it had never failed */
    OUTBOX_DISCARD /* done with, though not delivered */
};

/* Which events, and who settles them. */
struct outbox_choice {
    const cutover_actor *actor;
    const char *project_id; /* NULL: of every one */
    uint64_t first, last;   /* 0: no bound; where they are the same, that one has to be there and given up */
    const char *name;       /* of the notifier that they were given up for */
};

/* What becomes of events that were given up for a notifier; *count is how many. CUTOVER_E_NOT_FOUND for no such event,
   CUTOVER_E_STATE when it was not given up, CUTOVER_E_CONFLICT when it is no more. */
cutover_status outbox_settle(const cutover_store *store, const struct clock *clock, struct json_object *names,
                             const struct outbox_choice *choice, enum outbox_act act, uint32_t *count,
                             cutover_error **error);

#endif
