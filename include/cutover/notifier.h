/**
 * The notifier port: where outgoing events go.
 *
 * Every state change commits its events to an outbox in the store. cutover_events_deliver() (cutover/audit.h) hands them to
 * the notifiers that the engine was given, each under a name: at least once, in order within a project. Each has deliveries,
 * attempts and pauses of its own: one that refuses, pauses or hangs holds up no other.
 */
#ifndef CUTOVER_NOTIFIER_H
#define CUTOVER_NOTIFIER_H

#include <cutover/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An event on its way out; the struct is the library's, and pointers are valid during the call only. */
typedef struct cutover_event {
    unsigned version;       /**< 1. */
    const char *id;         /**< UUIDv7; the same again on redelivery: deduplicate by it. */
    const char *type;       /**< "cutover.requested", "restore.completed", … */
    const char *project_id; /**< Events of one project come in order. */
    uint64_t sequence;      /**< Counts up within the project, from 1. */
    int64_t created_at;     /**< Microseconds since 1970-01-01 UTC. */
    uint32_t attempt;       /**< 1 on the first delivery to this notifier; 0 in cutover_events_list(). */
    const char *json;       /**< The whole event as a JSON object on one line. */
} cutover_event;

/** What a notifier asks for when it refuses an event. The struct is the library's, with all members but the version 0: leave
    it so to be offered the event again after the library's own pause. Read only when deliver did not return CUTOVER_OK. */
typedef struct cutover_refusal {
    unsigned version; /**< 1. */
    int32_t
        never_again; /**< Not 0: give the event up for this notifier at once; again_at does not count then. */
    int64_t
        again_at; /**< Offer it again from then on, by the engine's clock: microseconds since 1970-01-01 UTC; 0: after
                         the library's pause. One in the past is now, one that is more than 30 days ahead is 30 days. Such a
                         refusal does not count as one of cutover_named_notifier.attempts: who names a time also decides when
                         it is enough (cutover_event.attempt and created_at are there for that). */
} cutover_refusal;

#define CUTOVER_NOTIFIER_VERSION 2

/** The vtable. */
typedef struct cutover_notifier {
    unsigned version; /**< CUTOVER_NOTIFIER_VERSION. */
    void *userdata;   /**< Passed as the last argument of every call. */

    /**
     * Required. Takes the event for good and returns CUTOVER_OK; or leaves behind what was there before, sets *error (if
     * error is not NULL) with cutover_error_new(), and returns its code: then the event waits, and with it the later ones
     * of its project for this notifier, until it is offered again; `refusal` says when, or that it shall not be.
     *
     * Called on the thread that called cutover_events_deliver(), with no lock of the library held; an engine offers one
     * event at a time under one name, several engines and processes may do so at once. It may block for as long as it
     * likes, but that costs a thread of the host's; what takes longer than 60 seconds may be offered again elsewhere
     * meanwhile. It may call the library, but neither free the engine nor close the notifier.
     */
    cutover_status (*deliver)(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                              void *userdata);
    /** Required. Frees userdata. Called by cutover_notifier_close() only. */
    void (*close)(void *userdata);

    /** Since version 2. CUTOVER_STRICT_ANSWERS, or 0. */
    uint32_t capabilities;
} cutover_notifier;

#define CUTOVER_NOTIFIER_INIT                                                                                  \
    {                                                                                                          \
        CUTOVER_NOTIFIER_VERSION, NULL, NULL, NULL, 0                                                          \
    }

/**
 * Same as CUTOVER_NOTIFIER_INIT, for FFI.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_notifier_init(cutover_notifier *notifier, unsigned version);

#define CUTOVER_NAMED_NOTIFIER_VERSION 1

/** A notifier as an engine is given it: under a name. */
typedef struct cutover_named_notifier {
    unsigned version; /**< CUTOVER_NAMED_NOTIFIER_VERSION. */
    uint32_t
        attempts; /**< Refusals of one event, those with a time left out, until it is given up; 0: 12, about half an
                          hour. A delivery that never ended, because the process died, counts as one. */
    const char *
        name; /**< Required. 1 to 64 of a to z, A to Z, 0 to 9, '.', '_' and '-'. Deliveries are kept in the store
                          under it: the same after a restart and in every process. Another name is another notifier. */
    const cutover_notifier *notifier; /**< Required. Copied; what is behind it must outlive the engine. */
    int64_t
        since; /**< Events that were committed before this are none of its: microseconds since 1970-01-01 UTC. 0: it is
                      offered whatever lies in the outbox when it comes, old events that another one could not take among
                      it. */
} cutover_named_notifier;

#define CUTOVER_NAMED_NOTIFIER_INIT                                                                            \
    {                                                                                                          \
        CUTOVER_NAMED_NOTIFIER_VERSION, 0, NULL, NULL, 0                                                       \
    }

/**
 * Same as CUTOVER_NAMED_NOTIFIER_INIT, for FFI.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_named_notifier_init(cutover_named_notifier *notifier, unsigned version);

/**
 * A notifier that appends each event as one JSON line to a file (made with mode 0600), fsynced before it is
 * taken as delivered. Several processes may append to one file. Refusals name no time.
 * @param path     The file; copied. Its folder must exist.
 * @param notifier Receives the vtable, untouched on failure. Close it with cutover_notifier_close().
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_IO, CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_notifier_jsonl_open(const char *path, cutover_notifier *notifier,
                                                       cutover_error **error);

/** Calls the vtable's close once and makes it what cutover_notifier_init() made it. One that holds nothing, or NULL, is
    nothing. No engine that was given it may be left. Any thread. Since 0.1. */
CUTOVER_API void cutover_notifier_close(cutover_notifier *notifier);

#ifdef __cplusplus
}
#endif
#endif
