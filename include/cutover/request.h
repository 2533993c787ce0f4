/**
 * Cutover requests: a customer's wish that a preview become production, and what operators do with it.
 *
 *   open ──ack──▶ acked ──promote──▶ in_progress ──▶ completed | failed
 *   open or acked ──▶ rejected | cancelled | expired
 */
#ifndef CUTOVER_REQUEST_H
#define CUTOVER_REQUEST_H

#include <cutover/actor.h>
#include <cutover/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A snapshot of a request's record: it does not change when the record does. Free it. */
typedef struct cutover_request cutover_request;
/** A page of requests. Free it; the requests in it go with it. */
typedef struct cutover_request_list cutover_request_list;

enum {
    CUTOVER_NOTE_MAX = 1000, /**< Characters (code points) of a note or reason. */
    CUTOVER_TICKET_MAX = 120 /**< Characters of an external ticket reference. */
};

#define CUTOVER_REQUEST_OPTIONS_VERSION 2

typedef struct cutover_request_options {
    unsigned version;                /**< CUTOVER_REQUEST_OPTIONS_VERSION. */
    const cutover_actor *actor;      /**< Required: needs CUTOVER_ROLE_MEMBER. */
    const char *project_id;          /**< Required. */
    const char *preview_id;          /**< Required: a ready, unexpired preview of that project. */
    const char *customer_note;       /**< Optional, at most CUTOVER_NOTE_MAX characters. */
    const char *external_ticket_ref; /**< Optional, at most CUTOVER_TICKET_MAX characters; promote needs one. */
    /** When it is wished for: as cutover_request_ack_options.scheduled_for; 0: at any time. It holds where the operator agrees to no other.
        Since version 2. */
    int64_t scheduled_for;
} cutover_request_options;

#define CUTOVER_REQUEST_OPTIONS_INIT                                                                           \
    {                                                                                                          \
        CUTOVER_REQUEST_OPTIONS_VERSION, NULL, NULL, NULL, NULL, NULL, 0                                       \
    }

/** Same as CUTOVER_REQUEST_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_request_options_init(cutover_request_options *options, unsigned version);

/**
 * Files a request.
 *
 * @param request Receives the new request, or NULL when not wanted.
 * @return CUTOVER_OK; CUTOVER_E_INVALID (field, bound); CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND (project or
 *         preview); CUTOVER_E_STATE (preview not ready, or of another project; project not active);
 *         CUTOVER_E_EXPIRED; CUTOVER_E_CONFLICT (a live request for that preview exists: the message names it);
 *         CUTOVER_E_STORE; CUTOVER_E_CALLBACK. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_request_create(cutover_engine *engine,
                                                  const cutover_request_options *options,
                                                  cutover_request **request, cutover_error **error);

/**
 * Reads a request. One whose preview is gone or expired is moved to `expired` on the way. One that is open or acked, and
 * whose preview ends within cutover_engine_options.preview_notice_s, fires the event preview.expiring, once for each
 * time that the preview is to end at. When the platform fails, the request is as the store has it, and the log says so.
 * @return CUTOVER_OK, CUTOVER_E_NOT_FOUND, CUTOVER_E_STORE. Since 0.1.
 */
CUTOVER_API cutover_status cutover_request_get(cutover_engine *engine, const char *request_id,
                                               cutover_request **request, cutover_error **error);

/**
 * Lists requests, oldest first, each as cutover_request_get() gives it.
 * @param project_id Of this project; NULL: of all, an operator's queue.
 * @param after Id of the last request of the page before; NULL or "" for the first page.
 * @param limit 1 to 1000. Fewer than that: there are no more.
 * @param list  Receives the page; free it with cutover_request_list_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the argument); CUTOVER_E_NOT_FOUND (a project that neither the store nor the platform
 *         knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_requests_list(cutover_engine *engine, const char *project_id,
                                                 const char *after, uint32_t limit, cutover_request_list **list,
                                                 cutover_error **error);

/**
 * Lists requests of a project or status, the oldest or the youngest first; each as cutover_request_get() gives it.
 * @param filter Which; see engine.h.
 * @param list   Receives the page; free it with cutover_request_list_free().
 * @return CUTOVER_OK; CUTOVER_E_INVALID (names the member); CUTOVER_E_UNSUPPORTED; CUTOVER_E_NOT_FOUND (a project that neither the
 *         store nor the platform knows); CUTOVER_E_STORE; CUTOVER_E_NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_requests_find(cutover_engine *engine, const cutover_filter *filter,
                                                 cutover_request_list **list, cutover_error **error);

#define CUTOVER_REQUEST_ACK_OPTIONS_VERSION 2

typedef struct cutover_request_ack_options {
    unsigned version; /**< CUTOVER_REQUEST_ACK_OPTIONS_VERSION. */
    const cutover_actor
        *actor; /**< Required: needs CUTOVER_ROLE_OPERATOR, and is not the requester (four eyes, engine
                                       policy). */
    const char *request_id;    /**< Required: an open request. */
    const char *operator_note; /**< Optional, at most CUTOVER_NOTE_MAX characters. */
    int64_t
        scheduled_for; /**< Promoting before this time (microseconds since 1970-01-01 UTC) is refused; 0: the
                                       time that was wished for with the request, or any. In the future, and before the preview expires. */
    /** What cutover_request_version() said when the operator read it: another one now is CUTOVER_E_CONFLICT, so that nobody agrees to
        what they have not seen. 0: whatever it is. Since version 2. */
    uint64_t if_version;
} cutover_request_ack_options;

#define CUTOVER_REQUEST_ACK_OPTIONS_INIT                                                                       \
    {                                                                                                          \
        CUTOVER_REQUEST_ACK_OPTIONS_VERSION, NULL, NULL, NULL, 0, 0                                            \
    }

/** Same as CUTOVER_REQUEST_ACK_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_request_ack_options_init(cutover_request_ack_options *options,
                                                            unsigned version);

/**
 * An operator agrees: open → acked.
 *
 * @param request Receives the request as it is now, or NULL when not wanted.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STATE, _STORE, _CALLBACK; CUTOVER_E_CONFLICT (see if_version);
 *         CUTOVER_E_EXPIRED, also when the preview expires before the agreed time (with the remedy). Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_request_ack(cutover_engine *engine,
                                               const cutover_request_ack_options *options,
                                               cutover_request **request, cutover_error **error);

/**
 * An operator declines: open or acked → rejected.
 *
 * @param actor   Needs CUTOVER_ROLE_OPERATOR.
 * @param reason  Required: 1 to CUTOVER_NOTE_MAX characters.
 * @param request Receives the request as it is now, or NULL when not wanted.
 * @return As cutover_request_ack(). Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_request_reject(cutover_engine *engine, const cutover_actor *actor,
                                                  const char *request_id, const char *reason,
                                                  cutover_request **request, cutover_error **error);

/**
 * Takes the wish back: open or acked → cancelled. By its requester (CUTOVER_ROLE_MEMBER) or an operator.
 * Otherwise as cutover_request_reject(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_request_cancel(cutover_engine *engine, const cutover_actor *actor,
                                                  const char *request_id, cutover_request **request,
                                                  cutover_error **error);

/**
 * Attaches or replaces the external ticket while the request is open or acked. By a member or an operator.
 * @param ticket 1 to CUTOVER_TICKET_MAX characters, not only white space; kept as given. Otherwise as cutover_request_reject(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_request_set_ticket(cutover_engine *engine, const cutover_actor *actor,
                                                      const char *request_id, const char *ticket,
                                                      cutover_request **request, cutover_error **error);

/**
 * Agrees on another time, once one was agreed on with the ack: the request stays acked. By its requester (CUTOVER_ROLE_MEMBER)
 * or an operator: whoever acts changes it, and the event cutover.rescheduled tells the other, with the time that it was before.
 * @param scheduled_for As cutover_request_ack_options.scheduled_for: in the future, and before the preview expires; 0: any time.
 * Otherwise as cutover_request_reject(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_request_reschedule(cutover_engine *engine, const cutover_actor *actor,
                                                      const char *request_id, int64_t scheduled_for,
                                                      cutover_request **request, cutover_error **error);

/* ---- what a request tells, as it was when it was read; strings belong to it; any thread may ask, one at a time ---- */

/** The request's id. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_request_id(const cutover_request *request);
/** The organization of its project. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_request_organization_id(const cutover_request *request);
/** The project whose production it is about. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_request_project_id(const cutover_request *request);
/** The preview that is to be promoted. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_request_preview_id(const cutover_request *request);
/** "open", "acked", "in_progress", "completed", "failed", "rejected", "cancelled", "expired" or "rolled_back"; static.
    NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_request_status(const cutover_request *request);
/** What the customer wrote; NULL where nothing was. Since 0.1. */
CUTOVER_API const char *cutover_request_customer_note(const cutover_request *request);
/** The external ticket; NULL until it is attached. Since 0.1. */
CUTOVER_API const char *cutover_request_ticket(const cutover_request *request);
/** What the operator wrote who acked it; NULL where nothing was. Since 0.1. */
CUTOVER_API const char *cutover_request_operator_note(const cutover_request *request);
/** Why it was rejected; NULL when it was not. Since 0.1. */
CUTOVER_API const char *cutover_request_rejected_reason(const cutover_request *request);
/** The agreed time, before which it is not promoted: microseconds since 1970-01-01 UTC; 0: none. Since 0.1. */
CUTOVER_API int64_t cutover_request_scheduled_for(const cutover_request *request);
/** The backup of the production that was displaced, once there is one; else NULL. Since 0.1. */
CUTOVER_API const char *cutover_request_backup_id(const cutover_request *request);
/** The job that carries it out, or did; NULL before. Since 0.1. */
CUTOVER_API const char *cutover_request_promotion_id(const cutover_request *request);
/** When it was filed: microseconds since 1970-01-01 UTC; 0 for NULL. Since 0.1. */
CUTOVER_API int64_t cutover_request_created_at(const cutover_request *request);
/** When its record was last changed, likewise. Since 0.1. */
CUTOVER_API int64_t cutover_request_updated_at(const cutover_request *request);
/** When it ended, likewise; 0 while it lives. Since 0.1. */
CUTOVER_API int64_t cutover_request_completed_at(const cutover_request *request);
/** The whole record as a JSON object with every field of the design's list, null where not set, and with the members that a
    newer version of the library added. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_request_json(const cutover_request *request);
/** The version of the record in the store when it was read: it counts the writes, and is 0 for NULL. Since 0.1. */
CUTOVER_API uint64_t cutover_request_version(const cutover_request *request);
/** Frees a request that this header's functions gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_request_free(cutover_request *request);

/** How many requests the page has; 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_request_list_count(const cutover_request_list *list);
/** The request at `index` (0 to count - 1), belonging to the list; NULL outside. Since 0.1. */
CUTOVER_API const cutover_request *cutover_request_list_at(const cutover_request_list *list, size_t index);
/** Frees the page and its requests; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_request_list_free(cutover_request_list *list);

#ifdef __cplusplus
}
#endif
#endif
