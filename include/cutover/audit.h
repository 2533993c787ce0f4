/**
 * The audit trail, and the delivery of events from the outbox.
 */
#ifndef CUTOVER_AUDIT_H
#define CUTOVER_AUDIT_H

#include <cutover/actor.h>
#include <cutover/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One entry; the struct is the library's, and pointers are valid during the emit call only. */
typedef struct cutover_audit_entry {
    unsigned version;       /**< 1. */
    const char *cursor;     /**< Pass the last one seen as `after` for the next page. */
    uint64_t sequence;      /**< Counts up within the project, from 1, without gaps. */
    const char *action;     /**< "cutover.acked", "production_overwrite_restore", … */
    const char *project_id; /**< The one that was asked for. */
    const char *actor_id;   /**< Who did it. */
    const char *actor_kind; /**< "user", "api_key", "operator" or "system". */
    int64_t at;             /**< Microseconds since 1970-01-01 UTC. */
    const char *json;       /**< The whole entry as a JSON object. */
} cutover_audit_entry;

/** Receives an entry; anything but CUTOVER_OK ends the listing and is returned. */
typedef cutover_status (*cutover_audit_emit)(const cutover_audit_entry *entry, void *context);

/**
 * Emits a project's audit trail, oldest first, on the calling thread.
 * @param project_id Required.
 * @param after      Cursor of the last entry of the page before; NULL or "" for the first.
 * @param limit      Entries of this page: 1 to 1000.
 * @param emit       Required; called with `context` for each. It does not call the library: the store is being read.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOT_FOUND (project), CUTOVER_E_STORE, CUTOVER_E_NOMEM, or what emit returned. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_audit_list(cutover_engine *engine, const char *project_id, const char *after,
                                              uint32_t limit, cutover_audit_emit emit, void *context,
                                              cutover_error **error);

#define CUTOVER_DELIVERY_OPTIONS_VERSION 1

typedef struct cutover_delivery_options {
    unsigned version; /**< CUTOVER_DELIVERY_OPTIONS_VERSION. */
    const char
        *notifier; /**< Name of the one to deliver to; NULL: to all that the engine has, one after another. */
} cutover_delivery_options;

#define CUTOVER_DELIVERY_OPTIONS_INIT                                                                          \
    {                                                                                                          \
        CUTOVER_DELIVERY_OPTIONS_VERSION, NULL                                                                 \
    }

/**
 * Same as CUTOVER_DELIVERY_OPTIONS_INIT, for FFI.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_delivery_options_init(cutover_delivery_options *options, unsigned version);

#define CUTOVER_DELIVERY_VERSION 1

/** What one call did: of one notifier when it was named, else the sums. An event counts once for each notifier. */
typedef struct cutover_delivery {
    unsigned version;   /**< CUTOVER_DELIVERY_VERSION; set it before the call. */
    uint32_t delivered; /**< Taken now. */
    uint32_t failed;    /**< Refused now; offered again after a pause. */
    uint32_t
        waiting; /**< Not offered: they wait for an earlier one of their project, for their pause, or for a delivery
                           that runs elsewhere. */
    uint32_t given_up; /**< Given up, now or earlier: they stay until cutover_events_retry() or _discard(). */
    uint32_t
        busy; /**< Notifiers that another thread of this engine delivers to at this time: passed over, and none of
                           their events is counted. */
} cutover_delivery;

#define CUTOVER_DELIVERY_INIT                                                                                  \
    {                                                                                                          \
        CUTOVER_DELIVERY_VERSION, 0, 0, 0, 0, 0                                                                \
    }

/**
 * Same as CUTOVER_DELIVERY_INIT, for FFI.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_delivery_init(cutover_delivery *delivery, unsigned version);

/**
 * Hands what is in the outbox to the notifiers: at least once, in order within a project, a refused event again after a pause
 * that doubles from one second to ten minutes, or when the notifier said, at most cutover_named_notifier.attempts times. Then,
 * or when the notifier said never again, it is given up for that notifier: later ones go on. An event leaves the outbox once
 * every notifier that the store knows has taken it. Nothing is delivered by itself: call this periodically.
 *
 * Notifiers are called on the calling thread, one after another; this returns when they have. A notifier that another
 * thread of this engine is in the middle of is passed over. So one that hangs holds its one thread and its own events: give
 * each notifier a thread that names it; or call from a pool, where the next call goes past the one that hangs. Several
 * processes may call at once.
 *
 * The store knows a notifier from the first call of an engine that was given it, whichever is delivered to, and forgets it
 * when no engine that delivered was given it on seven days: then nothing waits for it any more.
 *
 * @param options  NULL: all notifiers.
 * @param delivery Initialised; receives the counts as far as its version has them, untouched on failure. Or NULL.
 * @return CUTOVER_OK (refused events are counts, not failures); CUTOVER_E_STATE when the engine has no notifier;
 *         CUTOVER_E_NOT_FOUND when it has none of that name; CUTOVER_E_INVALID; CUTOVER_E_UNSUPPORTED for a version that is
 *         not known; CUTOVER_E_STORE (a damaged event, which holds up its project; or the store's own failure);
 *         CUTOVER_E_NOMEM. After a failure with one notifier the others were still delivered to. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_events_deliver(cutover_engine *engine,
                                                  const cutover_delivery_options *options,
                                                  cutover_delivery *delivery, cutover_error **error);

/** Receives an event of the outbox; anything but CUTOVER_OK ends the listing and is returned. It may call the library. */
typedef cutover_status (*cutover_event_emit)(const cutover_event *event, void *context);

/**
 * Emits what is in the outbox, in order within each project, on the calling thread. The JSON carries "deliveries": for each
 * notifier that the store knows or the engine has, by name, {status: pending | delivered | given_up | discarded, attempts
 * (deliveries so far), failures (those that count), next_attempt_at, lease_until (being delivered now), last_error}.
 *
 * @param project_id NULL: of every project.
 * @param emit       Required; called with `context` for each.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOT_FOUND (project), CUTOVER_E_STORE, CUTOVER_E_NOMEM, or what emit returned. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_events_list(cutover_engine *engine, const char *project_id,
                                               cutover_event_emit emit, void *context, cutover_error **error);

#define CUTOVER_EVENT_SELECTION_VERSION 1

/** Which of the events that were given up for a notifier. */
typedef struct cutover_event_selection {
    unsigned version;           /**< CUTOVER_EVENT_SELECTION_VERSION. */
    const cutover_actor *actor; /**< Required: needs CUTOVER_ROLE_OPERATOR. The audit trail names it. */
    const char *notifier;       /**< Required: the name. */
    const char *project_id;     /**< Of this project; NULL: of every one, and then first and last are 0. */
    uint64_t first;             /**< Sequence of the first; 0: from the oldest on. */
    uint64_t last;              /**< Sequence of the last; 0: up to the newest. */
} cutover_event_selection;

#define CUTOVER_EVENT_SELECTION_INIT                                                                           \
    {                                                                                                          \
        CUTOVER_EVENT_SELECTION_VERSION, NULL, NULL, NULL, 0, 0                                                \
    }

/**
 * Same as CUTOVER_EVENT_SELECTION_INIT, for FFI.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_event_selection_init(cutover_event_selection *selection, unsigned version);

/**
 * Takes events that were given up for a notifier back to pending, with all their attempts before them: the next
 * cutover_events_deliver() offers them, and later ones of their project wait for them again. Others of the selection are passed
 * over; but where it names one (first and last are the same) that one is there and was given up, or it is an error. Each is a
 * commit of its own, with an audit entry event.retried.
 *
 * @param count Receives how many; or NULL.
 * @return CUTOVER_OK, also for none of a range; CUTOVER_E_NOT_FOUND when the one is not in the outbox, or there is no such project,
 *         or no engine has ever delivered to a notifier of that name; CUTOVER_E_STATE when it was
 *         not given up for that notifier; CUTOVER_E_CONFLICT when somebody else settled it meanwhile; CUTOVER_E_INVALID,
 *         CUTOVER_E_FORBIDDEN, CUTOVER_E_UNSUPPORTED, CUTOVER_E_STORE, CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_events_retry(cutover_engine *engine,
                                                const cutover_event_selection *selection, uint32_t *count,
                                                cutover_error **error);

/**
 * Lets go of events that were given up for a notifier: it is done with them, as if it had taken them, and an event leaves the
 * outbox when no other one waits for it. The audit entries are event.discarded. Otherwise as cutover_events_retry(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_events_discard(cutover_engine *engine,
                                                  const cutover_event_selection *selection, uint32_t *count,
                                                  cutover_error **error);

#ifdef __cplusplus
}
#endif
#endif
