/*
 * The records of webhooks: an endpoint, and what became of one message for it. An endpoint's secrets are in a document of their own,
 * which nobody lists (notify/webhook_secret.h).
 */
#ifndef CUTOVER_MODEL_WEBHOOK_H
#define CUTOVER_MODEL_WEBHOOK_H

#include "base/record.h"

#include <cutover/actor.h>

/* Every type of event that the library has (schemas/event.json), ended by NULL. */
extern const char *const webhook_event_types[];
/* The same and WEBHOOK_TEST. */
extern const char *const webhook_message_types[];
#define WEBHOOK_TEST "webhook.test"

enum webhook_status { WEBHOOK_ENABLED, WEBHOOK_DISABLED };
extern const char *const webhook_status_names[];

struct webhook_record {
    char *id;
    char *project_id;
    char *url;
    char *description;
    struct json_object *event_types; /* array; empty: all */
    int status;                      /* enum webhook_status */
    char *disabled_reason;           /* NULL while it is enabled */
    int64_t after_sequence;          /* events of its project up to this one are none of its */
    char *created_by_actor_id;
    int64_t created_at;
    int64_t updated_at;
    int64_t secret_changed_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type webhook_type; /* kind "webhook" */

enum webhook_delivery_status { WEBHOOK_PENDING, WEBHOOK_DELIVERED, WEBHOOK_DEAD };
extern const char *const webhook_delivery_status_names[];

/* While it is pending it is of the kind "webhook_pending", then it moves to "webhook_delivery": what is due is found among few. */
struct webhook_delivery_record {
    char *id; /* of the message: the event's */
    char *webhook_id;
    char *project_id;
    char *event_type;
    int status;              /* enum webhook_delivery_status */
    int64_t attempt_count;   /* one that is under way included */
    int64_t failures;        /* since it was made, or sent again; one that is under way included */
    int64_t created_at;      /* of the event */
    int64_t next_attempt_at; /* 0: at once, or never */
    int64_t lease_until;     /* somebody makes an attempt; 0: nobody */
    int64_t ended_at;
    struct json_object *attempts; /* array of the last ones: {number, at, status, latency_ms, error} */
    struct json_object *message;  /* {type, timestamp, data}: the body */
    struct json_object *rest;
};

extern const struct record_type webhook_pending_type;
extern const struct record_type webhook_delivery_type;

/* Whether messages of a type go to it. */
bool webhook_wants(const struct webhook_record *webhook, const char *event_type);
/* Whether the actor may change endpoints: an operator or an organization's admin. CUTOVER_E_FORBIDDEN. */
cutover_status webhook_actor_check(const cutover_actor *actor, cutover_error **error);
/* An array of the names, each once, for a record: CUTOVER_E_INVALID for one that is no type. */
cutover_status webhook_types_take(const char *field, const char *const *names, size_t count,
                                  struct json_object **types, cutover_error **error);

#endif
