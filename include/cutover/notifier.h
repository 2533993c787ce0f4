/**
 * The notifier port: where outgoing events go.
 *
 * Every state change commits its events to an outbox in the store; cutover_events_deliver() (cutover/audit.h)
 * hands them to the notifier, at least once, in order within a project.
 */
#ifndef CUTOVER_NOTIFIER_H
#define CUTOVER_NOTIFIER_H

#include <cutover/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An event on its way out; pointers are valid during the call only. */
typedef struct cutover_event {
    unsigned version;       /**< 1. */
    const char *id;         /**< UUIDv7; the same again on redelivery: deduplicate by it. */
    const char *type;       /**< "cutover.requested", "restore.completed", … */
    const char *project_id; /**< Events of one project come in order. */
    uint64_t sequence;      /**< Counts up within the project, from 1. */
    int64_t created_at;     /**< Microseconds since 1970-01-01 UTC. */
    uint32_t attempt;       /**< 1 on the first delivery. */
    const char *json;       /**< The whole event as a JSON object on one line. */
} cutover_event;

#define CUTOVER_NOTIFIER_VERSION 1

typedef struct cutover_notifier {
    unsigned version; /**< CUTOVER_NOTIFIER_VERSION. */
    void *userdata;   /**< Passed as the last argument of every call. */

    /**
     * Required. Takes the event for good and returns CUTOVER_OK, or returns any other status: then it is
     * offered again later, with growing pauses. Called on the thread that called cutover_events_deliver().
     */
    cutover_status (*deliver)(const cutover_event *event, cutover_error **error, void *userdata);
    /** Required. Frees userdata. Called by cutover_notifier_close() only. */
    void (*close)(void *userdata);
} cutover_notifier;

#define CUTOVER_NOTIFIER_INIT                                                                                  \
    {                                                                                                          \
        CUTOVER_NOTIFIER_VERSION, NULL, NULL, NULL                                                             \
    }

/** Same as CUTOVER_NOTIFIER_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_notifier_init(cutover_notifier *notifier, unsigned version);

/**
 * A notifier that appends each event as one JSON line to a file (made with mode 0600), fsynced before it is
 * taken as delivered.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_IO, CUTOVER_E_NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_notifier_jsonl_open(const char *path, cutover_notifier *notifier,
                                                       cutover_error **error);

/** Calls the vtable's close once and clears it. A zeroed vtable or NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_notifier_close(cutover_notifier *notifier);

#ifdef __cplusplus
}
#endif
#endif
