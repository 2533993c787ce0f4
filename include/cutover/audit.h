/**
 * The audit trail, and the delivery of events from the outbox.
 */
#ifndef CUTOVER_AUDIT_H
#define CUTOVER_AUDIT_H

#include <cutover/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One entry; pointers are valid during the emit call only. */
typedef struct cutover_audit_entry {
    unsigned version;   /**< 1. */
    const char *cursor; /**< Pass the last one seen as `after` for the next page. */
    uint64_t sequence;  /**< Counts up within the project, from 1, without gaps. */
    const char *action; /**< "cutover.acked", "production_overwrite_restore", … */
    const char *project_id;
    const char *actor_id;
    const char *actor_kind; /**< "user", "api_key", "operator" or "system". */
    int64_t at;             /**< Microseconds since 1970-01-01 UTC. */
    const char *json;       /**< The whole entry as a JSON object. */
} cutover_audit_entry;

/** Receives an entry; anything but CUTOVER_OK ends the listing and is returned. */
typedef cutover_status (*cutover_audit_emit)(const cutover_audit_entry *entry, void *context);

/**
 * Emits a project's audit trail, oldest first, on the calling thread.
 * @param after Cursor of the last entry of the page before; NULL or "" for the first.
 * @param limit 1 to 1000.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_STORE, or what emit returned. Since 0.1.
 */
CUTOVER_API cutover_status cutover_audit_list(cutover_engine *engine, const char *project_id, const char *after,
                                              uint32_t limit, cutover_audit_emit emit, void *context,
                                              cutover_error **error);

/** What one delivery run did. */
typedef struct cutover_delivery {
    uint32_t delivered; /**< Taken by the notifier now. */
    uint32_t failed;    /**< Refused by it now; tried again after a pause. */
    uint32_t waiting;   /**< Not offered: they wait for an earlier one of their project or for their pause. */
    uint32_t given_up;  /**< In the outbox for good after too many attempts; see cutover_events_list(). */
} cutover_delivery;

/**
 * Hands what is in the outbox to the notifier: at least once, in order within a project, an event that was
 * refused after a pause that doubles from one second to ten minutes, each at most
 * cutover_engine_options.event_attempts times. Call it periodically; several processes may.
 *
 * @param delivery Receives the counts, or NULL.
 * @return CUTOVER_OK (refused events are counts, not failures); CUTOVER_E_STATE without a notifier;
 *         CUTOVER_E_STORE. Since 0.1.
 */
CUTOVER_API cutover_status cutover_events_deliver(cutover_engine *engine, cutover_delivery *delivery,
                                                  cutover_error **error);

/** Receives an event; anything but CUTOVER_OK ends the listing and is returned. */
typedef cutover_status (*cutover_event_emit)(const cutover_event *event, void *context);

/**
 * Emits what is in the outbox, in order within each project; `attempt` counts deliveries so far, and the JSON
 * carries "delivery" {status: pending | given_up, attempts, next_attempt_at, last_error}.
 * @param project_id NULL: of every project.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_STORE, or what emit returned. Since 0.1.
 */
CUTOVER_API cutover_status cutover_events_list(cutover_engine *engine, const char *project_id,
                                               cutover_event_emit emit, void *context, cutover_error **error);

#ifdef __cplusplus
}
#endif
#endif
