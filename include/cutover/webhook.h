/**
 * Webhooks: events of the library to HTTP endpoints of customers, as Standard Webhooks 1.0.0 has it.
 *
 *   engine's outbox ──notifier──▶ a delivery for each endpoint ──cutover_webhooks_deliver()──▶ attempts ──▶ delivered | dead
 *
 * An endpoint belongs to a project and takes all types of events, or those that it names. Each message is a POST of
 * {"type", "timestamp", "data"} (schemas/webhook-message.json) with the headers `webhook-id` (the same in every attempt),
 * `webhook-timestamp` (seconds, of the attempt) and `webhook-signature`: "v1," and the Base64 of the HMAC-SHA256 of
 * "id.timestamp.body", several with a space between them while a secret is being changed.
 *
 * An answer of 2xx within the time limit takes a message. Else it is tried again 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h
 * after the attempt before, each up to a tenth later at random, or when `Retry-After` says, where that is later; then it is
 * dead, and can be sent again by hand. A redirect is a failure. 410 (gone) switches the endpoint off. Messages are not in order, and may come more
 * than once: the receiver goes by `webhook-id`.
 *
 * What makes requests touches public addresses only, over https, unless the options allow more; names are judged by what they resolve to at
 * the very connect. Secrets lie in the store, apart from the endpoints, and are told once: when they are made.
 *
 * In a build without libcurl cutover_webhooks_new() returns CUTOVER_E_UNSUPPORTED, and so there is nothing to call the others with.
 */
#ifndef CUTOVER_WEBHOOK_H
#define CUTOVER_WEBHOOK_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/notifier.h>
#include <cutover/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The webhooks of a store. Threads may share it; cutover_webhooks_deliver() is for one thread at a time. */
typedef struct cutover_webhooks cutover_webhooks;
/** An endpoint as it was read: it does not change when its record does. Free it. */
typedef struct cutover_webhook cutover_webhook;
/** A page of endpoints. Free it; the endpoints in it go with it. */
typedef struct cutover_webhook_list cutover_webhook_list;
/** What became of one message for one endpoint, as it was read. Free it. */
typedef struct cutover_webhook_delivery cutover_webhook_delivery;
/** A page of deliveries. Free it; the deliveries in it go with it. */
typedef struct cutover_webhook_delivery_list cutover_webhook_delivery_list;

enum {
    CUTOVER_WEBHOOK_MAX = 32,              /**< Endpoints of a project. */
    CUTOVER_WEBHOOK_URL_MAX = 2000,        /**< Bytes of a URL. */
    CUTOVER_WEBHOOK_DESCRIPTION_MAX = 200, /**< Characters of a description. */
    CUTOVER_WEBHOOK_TYPES_MAX = 64         /**< Types that an endpoint may name. */
};

/** Bits of cutover_webhooks_options.flags. */
enum {
    /** Addresses that are not public (private, loopback, link-local, …) may be connected to. */
    CUTOVER_WEBHOOKS_ALLOW_PRIVATE = 1,
    /** http:// URLs are taken too: whoever is on the way reads and changes what is sent. */
    CUTOVER_WEBHOOKS_ALLOW_PLAIN = 2
};

#define CUTOVER_WEBHOOKS_OPTIONS_VERSION 1

typedef struct cutover_webhooks_options {
    unsigned version; /**< CUTOVER_WEBHOOKS_OPTIONS_VERSION. */
    uint32_t flags;   /**< CUTOVER_WEBHOOKS_* bits; 0 is the careful default. */
    const cutover_store *
        store; /**< Required: the engine's. The vtable is copied; what is behind it must outlive the webhooks. */
    const char *user_agent;      /**< At most 200 bytes of printable ASCII; NULL: "libcutover/VERSION". */
    const char *ca_file;         /**< Certificate authorities, PEM; NULL: the system's. */
    uint32_t timeout_ms;         /**< For one attempt, all of it: 100 to 60000; 0: 15000. */
    uint32_t connect_timeout_ms; /**< For its connection with TLS, within timeout_ms; 0: 10000. */
    uint32_t parallel;           /**< Attempts side by side, one of each endpoint at most: 1 to 256; 0: 16. */
    uint32_t keep_days;          /**< Days that deliveries which have ended are kept: 1 to 3650; 0: 30. */
    cutover_log_fn log;          /**< Optional. */
    void *log_userdata;          /**< Passed to log. */
    cutover_clock_fn clock;      /**< Optional; NULL: the system's clock. */
    void *clock_userdata;        /**< Passed to clock. */
} cutover_webhooks_options;

#define CUTOVER_WEBHOOKS_OPTIONS_INIT                                                                          \
    {                                                                                                          \
        CUTOVER_WEBHOOKS_OPTIONS_VERSION, 0, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL              \
    }

/** Same as CUTOVER_WEBHOOKS_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_webhooks_options_init(cutover_webhooks_options *options, unsigned version);

/**
 * Opens the webhooks of a store. Touches no network.
 * @param options  Copied, strings included.
 * @param webhooks Receives them; free with cutover_webhooks_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED (an unknown version; a build without
 *         libcurl); CUTOVER_E_IO (ca_file); CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhooks_new(const cutover_webhooks_options *options,
                                                cutover_webhooks **webhooks, cutover_error **error);

/** Frees them, when no call is running and no engine is left that has their notifier. Attempts that are under way are given up, to be made again.
    NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_webhooks_free(cutover_webhooks *webhooks);

/**
 * The notifier that makes a delivery of an event for each endpoint that wants it: one commit, nothing is sent. Give it to the engine as
 * "webhook", under that same name in every process.
 * @param notifier Receives the vtable, untouched on failure. Closing it closes nothing.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_UNSUPPORTED. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhooks_notifier(cutover_webhooks *webhooks, cutover_notifier *notifier,
                                                     cutover_error **error);

#define CUTOVER_WEBHOOK_ROUND_VERSION 1

/** What a call of cutover_webhooks_deliver() did, and what is left. */
typedef struct cutover_webhook_round {
    unsigned version;   /**< CUTOVER_WEBHOOK_ROUND_VERSION; set it before the call. */
    uint32_t delivered; /**< Messages that were taken. */
    uint32_t failed;    /**< Attempts that failed; their messages are tried again. */
    uint32_t dead;      /**< Messages that are tried no more since this call. */
    uint32_t disabled;  /**< Endpoints that said that they are gone. */
    uint32_t running;   /**< Attempts of this process that are under way still. */
    uint32_t
        waiting; /**< Messages that wait for their time, or for another process; the running ones among them. */
    int64_t
        next_at; /**< Call again then: microseconds since 1970-01-01 UTC; a time that is past: at once; 0: nothing waits. */
} cutover_webhook_round;

#define CUTOVER_WEBHOOK_ROUND_INIT                                                                             \
    {                                                                                                          \
        CUTOVER_WEBHOOK_ROUND_VERSION, 0, 0, 0, 0, 0, 0, 0                                                     \
    }

/** Same as CUTOVER_WEBHOOK_ROUND_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_webhook_round_init(cutover_webhook_round *round, unsigned version);

/**
 * Makes the attempts that are due, several endpoints side by side, until none is due or under way, or max_ms are over: what is under
 * way then goes on in the next call. What becomes due meanwhile is made too, so that an endpoint that hangs holds up nobody else. An
 * attempt is claimed in the store before it is made: two processes never make the same one at once, and one whose process died is made
 * again when its claim has run out (timeout_ms and 30 s).
 *
 * Nothing is sent by itself: call it at round.next_at, at least every few seconds where events are delivered elsewhere, from a thread of its own.
 *
 * @param max_ms Milliseconds; 0: until none is due or under way.
 * @param round  Initialised; receives the counts as far as its version has them, untouched on failure. Or NULL.
 * @return CUTOVER_OK (attempts that failed are counts, not failures); CUTOVER_E_LOCKED when another thread is at it;
 *         CUTOVER_E_INVALID; CUTOVER_E_UNSUPPORTED; CUTOVER_E_STORE (also a damaged document: the others were still delivered);
 *         CUTOVER_E_NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhooks_deliver(cutover_webhooks *webhooks, uint32_t max_ms,
                                                    cutover_webhook_round *round, cutover_error **error);

/** Makes a cutover_webhooks_deliver() that runs, or the next one, return within a second, as if max_ms were over. Any thread, and signal handlers; NULL is
    nothing. Since 0.1. */
CUTOVER_API void cutover_webhooks_stop(cutover_webhooks *webhooks);

/* ---- endpoints: changes need CUTOVER_ROLE_OPERATOR or CUTOVER_ROLE_ORG_ADMIN, and are in the audit trail; who may read is the host's to say ---- */

#define CUTOVER_WEBHOOK_OPTIONS_VERSION 1

typedef struct cutover_webhook_options {
    unsigned version;           /**< CUTOVER_WEBHOOK_OPTIONS_VERSION. */
    const cutover_actor *actor; /**< Required. */
    const char *project_id;     /**< Required: 1 to 100 bytes. The host knows its projects: any is taken. */
    const char *
        url; /**< Required: at most CUTOVER_WEBHOOK_URL_MAX bytes, without a user or a fragment. It is listed: no secrets in it. */
    const char *description; /**< Optional, at most CUTOVER_WEBHOOK_DESCRIPTION_MAX characters. */
    const char *const *
        event_types; /**< The types that it takes (schemas/event.json), `event_type_count` pointers; none: all, those of
                                         later versions too. */
    size_t event_type_count; /**< At most CUTOVER_WEBHOOK_TYPES_MAX. */
} cutover_webhook_options;

#define CUTOVER_WEBHOOK_OPTIONS_INIT                                                                           \
    {                                                                                                          \
        CUTOVER_WEBHOOK_OPTIONS_VERSION, NULL, NULL, NULL, NULL, NULL, 0                                       \
    }

/** Same as CUTOVER_WEBHOOK_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_webhook_options_init(cutover_webhook_options *options, unsigned version);

/**
 * Adds an endpoint. It gets the events that are committed from then on. Audited as webhook.created.
 *
 * @param secret  Required: receives "whsec_" and the Base64 of 32 random bytes, which nobody can read again; for cutover_string_free().
 * @param webhook Receives the endpoint, or NULL when not wanted.
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_FORBIDDEN; CUTOVER_E_STATE when the project has
 *         CUTOVER_WEBHOOK_MAX; CUTOVER_E_UNSUPPORTED, _STORE, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhook_create(cutover_webhooks *webhooks,
                                                  const cutover_webhook_options *options, char **secret,
                                                  cutover_webhook **webhook, cutover_error **error);

/** Reads an endpoint. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1. */
CUTOVER_API cutover_status cutover_webhook_get(cutover_webhooks *webhooks, const char *webhook_id,
                                               cutover_webhook **webhook, cutover_error **error);

/**
 * Lists endpoints, oldest first.
 * @param project_id Of this project; NULL: of all.
 * @param after Id of the last one of the page before; NULL or "" for the first page.
 * @param limit 1 to 1000. Fewer than that: there are no more.
 * @param list  Receives the page; free it with cutover_webhook_list_free().
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhooks_list(cutover_webhooks *webhooks, const char *project_id,
                                                 const char *after, uint32_t limit, cutover_webhook_list **list,
                                                 cutover_error **error);

/** What cutover_webhook_change.enabled says. */
enum {
    CUTOVER_WEBHOOK_AS_IT_IS = 0,
    CUTOVER_WEBHOOK_ENABLE = 1,
    CUTOVER_WEBHOOK_DISABLE = 2 /**< It gets nothing more, and what falls due for it is dead. */
};

#define CUTOVER_WEBHOOK_CHANGE_VERSION 1

/** What is to be another at an endpoint. */
typedef struct cutover_webhook_change {
    unsigned version;               /**< CUTOVER_WEBHOOK_CHANGE_VERSION. */
    int32_t enabled;                /**< CUTOVER_WEBHOOK_AS_IT_IS, _ENABLE or _DISABLE. */
    const cutover_actor *actor;     /**< Required. */
    const char *webhook_id;         /**< Required. */
    const char *url;                /**< NULL: as it is. What waits goes to the new one. */
    const char *description;        /**< NULL: as it is; "": none. */
    const char *const *event_types; /**< NULL: as it is; else `event_type_count` pointers. */
    size_t event_type_count;        /**< 0 with event_types not NULL: all. */
    uint64_t expected_version; /**< cutover_webhook_version() of what the actor has seen; 0: whatever it is. */
} cutover_webhook_change;

#define CUTOVER_WEBHOOK_CHANGE_INIT                                                                            \
    {                                                                                                          \
        CUTOVER_WEBHOOK_CHANGE_VERSION, 0, NULL, NULL, NULL, NULL, NULL, 0, 0                                  \
    }

/** Same as CUTOVER_WEBHOOK_CHANGE_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_webhook_change_init(cutover_webhook_change *change, unsigned version);

/**
 * Changes an endpoint. Audited as webhook.updated; where all is as it was, nothing is written.
 * @param webhook Receives it as it is now, or NULL when not wanted.
 * @return CUTOVER_OK; CUTOVER_E_CONFLICT when it is not at expected_version; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhook_update(cutover_webhooks *webhooks,
                                                  const cutover_webhook_change *change,
                                                  cutover_webhook **webhook, cutover_error **error);

/** Removes an endpoint with its secrets and its deliveries. Audited as webhook.deleted. CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN,
    _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1. */
CUTOVER_API cutover_status cutover_webhook_delete(cutover_webhooks *webhooks, const cutover_actor *actor,
                                                  const char *webhook_id, cutover_error **error);

/**
 * Makes a new secret. Messages are signed with it and, for a while, with the ones before it (of which four at most are kept).
 * Audited as webhook.secret_rotated.
 * @param overlap_s Seconds that the ones before it go on: at most 604800; 0: they end at once.
 * @param secret    Required: receives the new one, as cutover_webhook_create() does.
 * @param webhook   Receives the endpoint as it is now, or NULL when not wanted.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhook_rotate_secret(cutover_webhooks *webhooks, const cutover_actor *actor,
                                                         const char *webhook_id, uint32_t overlap_s,
                                                         char **secret, cutover_webhook **webhook,
                                                         cutover_error **error);

/**
 * Makes a delivery of the type "webhook.test" for an endpoint that is enabled, whatever types it takes; the next
 * cutover_webhooks_deliver() sends it. Audited as webhook.tested.
 * @param delivery Receives it, or NULL when not wanted; cutover_webhook_delivery_get() tells later what became of it.
 * @return CUTOVER_OK; CUTOVER_E_STATE when the endpoint is off; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _UNSUPPORTED,
 *         _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhook_test(cutover_webhooks *webhooks, const cutover_actor *actor,
                                                const char *webhook_id, cutover_webhook_delivery **delivery,
                                                cutover_error **error);

/* ---- deliveries ---- */

/**
 * Lists an endpoint's deliveries, each with its attempts.
 * @param filter status: "pending", "delivered" or "dead"; kind: a type of event; project_id: NULL. See engine.h.
 * @param list   Receives the page; free it with cutover_webhook_delivery_list_free().
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (the endpoint), _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhook_deliveries_find(cutover_webhooks *webhooks, const char *webhook_id,
                                                           const cutover_filter *filter,
                                                           cutover_webhook_delivery_list **list,
                                                           cutover_error **error);

/** Reads one delivery of an endpoint by its message's id. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE, _UNSUPPORTED, _NOMEM. Any thread.
    Since 0.1. */
CUTOVER_API cutover_status cutover_webhook_delivery_get(cutover_webhooks *webhooks, const char *webhook_id,
                                                        const char *message_id,
                                                        cutover_webhook_delivery **delivery,
                                                        cutover_error **error);

#define CUTOVER_WEBHOOK_SELECTION_VERSION 1

/** Which messages of an endpoint are to be sent again. */
typedef struct cutover_webhook_selection {
    unsigned version;           /**< CUTOVER_WEBHOOK_SELECTION_VERSION. */
    const cutover_actor *actor; /**< Required. */
    const char *webhook_id;     /**< Required: an endpoint that is enabled. */
    const char *message_id;     /**< This one, dead or delivered; NULL: those that are dead, by their time. */
    int64_t since; /**< Of events from this time on: microseconds since 1970-01-01 UTC; 0: from the oldest. */
    int64_t until; /**< And before this time; 0: up to the newest. */
} cutover_webhook_selection;

#define CUTOVER_WEBHOOK_SELECTION_INIT                                                                         \
    {                                                                                                          \
        CUTOVER_WEBHOOK_SELECTION_VERSION, NULL, NULL, NULL, 0, 0                                              \
    }

/** Same as CUTOVER_WEBHOOK_SELECTION_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_webhook_selection_init(cutover_webhook_selection *selection,
                                                          unsigned version);

/**
 * Sends messages again, under the ids that they had, with all attempts before them. Audited as webhook.redelivered, once for a call
 * that found any.
 * @param count Receives how many; or NULL.
 * @return CUTOVER_OK, also for none of a range; CUTOVER_E_NOT_FOUND (the endpoint, the one message); CUTOVER_E_STATE when the one waits
 *         already, or the endpoint is off; CUTOVER_E_INVALID, _FORBIDDEN, _STORE, _UNSUPPORTED, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_webhook_redeliver(cutover_webhooks *webhooks,
                                                     const cutover_webhook_selection *selection,
                                                     uint32_t *count, cutover_error **error);

/* ---- what handles tell; strings belong to them; any thread may ask, one at a time ---- */

/** The endpoint's id. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_id(const cutover_webhook *webhook);
/** The project whose events it gets. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_project_id(const cutover_webhook *webhook);
/** Where it is. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_url(const cutover_webhook *webhook);
/** "enabled" or "disabled"; static. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_status(const cutover_webhook *webhook);
/** The whole record as a JSON object (schemas/webhook.json), without secrets. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_json(const cutover_webhook *webhook);
/** The version of the record in the store when it was read: it counts the writes, and is 0 for NULL. Since 0.1. */
CUTOVER_API uint64_t cutover_webhook_version(const cutover_webhook *webhook);
/** Frees an endpoint that this header's functions gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_webhook_free(cutover_webhook *webhook);

/** How many endpoints the page has; 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_webhook_list_count(const cutover_webhook_list *list);
/** The endpoint at `index` (0 to count - 1), belonging to the list; NULL outside. Since 0.1. */
CUTOVER_API const cutover_webhook *cutover_webhook_list_at(const cutover_webhook_list *list, size_t index);
/** Frees the page and its endpoints; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_webhook_list_free(cutover_webhook_list *list);

/** The message's id: what `webhook-id` says, and within an endpoint the delivery's. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_delivery_id(const cutover_webhook_delivery *delivery);
/** The type of its event. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_delivery_type(const cutover_webhook_delivery *delivery);
/** "pending", "delivered" or "dead"; static. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_delivery_status(const cutover_webhook_delivery *delivery);
/** How many attempts there were, one that is under way included; 0 for NULL. Since 0.1. */
CUTOVER_API uint32_t cutover_webhook_delivery_attempts(const cutover_webhook_delivery *delivery);
/** The whole record as a JSON object (schemas/webhook-delivery.json). NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_webhook_delivery_json(const cutover_webhook_delivery *delivery);
/** Frees a delivery that this header's functions gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_webhook_delivery_free(cutover_webhook_delivery *delivery);

/** How many deliveries the page has; 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_webhook_delivery_list_count(const cutover_webhook_delivery_list *list);
/** The delivery at `index` (0 to count - 1), belonging to the list; NULL outside. Since 0.1. */
CUTOVER_API const cutover_webhook_delivery *
cutover_webhook_delivery_list_at(const cutover_webhook_delivery_list *list, size_t index);
/** Frees the page and its deliveries; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_webhook_delivery_list_free(cutover_webhook_delivery_list *list);

#ifdef __cplusplus
}
#endif
#endif
