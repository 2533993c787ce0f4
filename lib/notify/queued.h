/*
 * An event in the outbox: one document (kind "event", id = project ":" 12 hex digits), written by the ledger without, and kept
 * here with, "deliveries": {NAME: {status, attempts, failures, next_attempt_at, lease_until, last_error}}, the state of each
 * notifier that was offered it. A notifier that is not there was offered nothing yet.
 *
 * Deliverers of different notifiers write the same document at the same time, each its own state and no other: a conflict
 * is begun again from the document as it is then, unless it was about the same notifier.
 */
#ifndef CUTOVER_NOTIFY_QUEUED_H
#define CUTOVER_NOTIFY_QUEUED_H

#include "base/clock.h"
#include "base/record.h"
#include "store/document.h"

#include <cutover/actor.h>
#include <cutover/notifier.h>

enum delivery_status { DELIVERY_PENDING, DELIVERY_DELIVERED, DELIVERY_GIVEN_UP, DELIVERY_DISCARDED };

struct delivery_record {
    int status;
    int64_t
        attempts; /* offers so far; never less than it was, so that no two states of one notifier are equal */
    int64_t failures; /* those that count: the running one among them, until it is known how it ended */
    int64_t next_attempt_at;
    int64_t lease_until; /* somebody delivers it; 0: nobody */
    char *last_error;
    struct json_object *rest; /* what a newer library has there */
};

extern const struct record_type delivery_type;

/* An event document, taken apart; zeroed memory. */
struct queued {
    char *document_id;
    uint64_t version;               /* of the document, as it was read or written last */
    struct json_object *object;     /* the event, without its deliveries */
    struct json_object *deliveries; /* never NULL */
    char *line;                     /* the event as text */
    cutover_event event;            /* points into object and line */
};

/* CUTOVER_E_STORE for what is no event, CUTOVER_E_UNSUPPORTED for one of a newer library's format; *queued is to be freed in any case. */
cutover_status queued_parse(const struct document *document, struct queued *queued, cutover_error **error);
void queued_free(struct queued *queued);

/* The state of one notifier, zeros where it has none yet; the caller frees it (record_free). CUTOVER_E_STORE and
   CUTOVER_E_UNSUPPORTED as above. */
cutover_status queued_delivery(const struct queued *queued, const char *name, struct delivery_record *delivery,
                               cutover_error **error);
/* Whether every notifier of `names` (members of an object), `but` (NULL: none) left out, is done with it. */
bool queued_is_done(const struct queued *queued, struct json_object *names, const char *but);
/* Who did what with it, for the audit trail, in the same commit. */
struct told {
    const struct clock *clock;
    const cutover_actor *actor;
    const char *action; /* "event.given_up" */
};

/* Makes `delivery` the state of one notifier, from the one that *queued has; the document goes when all of `names` are done
   with it then. CUTOVER_E_CONFLICT: that notifier's state, or the whole event, is another by now, and nothing was done. `told` may be NULL. */
cutover_status queued_save(const cutover_store *store, struct queued *queued, struct json_object *names,
                           const char *name, const struct delivery_record *delivery, const struct told *told,
                           cutover_error **error);
/* Deletes it as it was read. CUTOVER_E_CONFLICT: somebody wrote it meanwhile. */
cutover_status queued_delete(const cutover_store *store, const struct queued *queued, cutover_error **error);

#endif
