/*
 * Deliveries in the store: a message for an endpoint, before and after its end. A pending one and one that has ended are of different
 * kinds (model/webhook.h) and never both there; records are the caller's to free.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_DELIVERY_H
#define CUTOVER_NOTIFY_WEBHOOK_DELIVERY_H

#include "model/webhook.h"
#include "notify/webhooks.h"
#include "store/document.h"

#define WEBHOOK_KEY_SIZE 201 /* STORE_ID_MAX and NUL */

/* The document's id. CUTOVER_E_INVALID when the two are longer than ids are. */
cutover_status webhook_delivery_key(const char *webhook_id, const char *message_id, char key[WEBHOOK_KEY_SIZE],
                                    cutover_error **error);

/* A delivery that is due at once: {type, timestamp, data: {project_id, sequence, request_id, details}}. `details` is borrowed, NULL is
   an empty object; sequence 0 is null. */
struct webhook_message {
    const char *id;
    const char *type;
    int64_t created_at;
    int64_t sequence;
    const char *request_id;
    struct json_object *details;
};
cutover_status webhook_delivery_make(const struct webhook_record *webhook,
                                     const struct webhook_message *message,
                                     struct webhook_delivery_record *record, cutover_error **error);

/* Reads one, pending or not: *type is its kind's. CUTOVER_E_NOT_FOUND "no message ID". */
cutover_status webhook_delivery_read(const cutover_webhooks *webhooks, const char *webhook_id,
                                     const char *message_id, struct webhook_delivery_record *record,
                                     uint64_t *version, const struct record_type **type, cutover_error **error);

/* Saves a pending one at a version. CUTOVER_E_CONFLICT: somebody else did something with it. */
cutover_status webhook_delivery_save(const cutover_webhooks *webhooks,
                                     const struct webhook_delivery_record *record, uint64_t version,
                                     cutover_error **error);
/* The same for one that ends: it moves. */
cutover_status webhook_delivery_end(const cutover_webhooks *webhooks,
                                    const struct webhook_delivery_record *record, uint64_t version,
                                    cutover_error **error);

/* Calls `each` for an endpoint's deliveries of a kind, in order of their ids, after that message ("": from the first), until it returns
   another status than CUTOVER_OK. */
cutover_status webhook_delivery_walk(const cutover_webhooks *webhooks, const struct record_type *type,
                                     const char *webhook_id, const char *after, document_each each,
                                     void *context, cutover_error **error);
/* Deletes all of an endpoint's. */
cutover_status webhook_delivery_sweep(const cutover_webhooks *webhooks, const char *webhook_id,
                                      const char *project_id, cutover_error **error);

/* A message of the type webhook.test, audited. */
cutover_status webhook_delivery_test(cutover_webhooks *webhooks, const cutover_actor *actor,
                                     const char *webhook_id, struct webhook_delivery_record *record,
                                     cutover_error **error);
/* What the selection has is pending again, audited. */
cutover_status webhook_delivery_again(cutover_webhooks *webhooks, const cutover_webhook_selection *selection,
                                      uint32_t *count, cutover_error **error);

#endif
