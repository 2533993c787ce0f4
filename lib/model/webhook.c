#include "model/webhook.h"

#include <cutover/webhook.h>
#include <string.h>

#define EVENT_TYPES                                                                                            \
    "cutover.requested", "cutover.acked", "cutover.rejected", "cutover.cancelled", "cutover.expired",          \
        "cutover.ticket_set", "cutover.rescheduled", "cutover.promote_started", "cutover.released",            \
        "production_overwrite_restore", "cutover.failed", "cutover.promote_cancelled",                         \
        "cutover.rollback_started", "cutover.rolled_back", "cutover.rollback_failed",                          \
        "cutover.rollback_cancelled", "cutover.lost", "restore.started", "restore.completed",                  \
        "restore.failed", "restore.cancelled", "job.completed", "job.failed", "job.cancelled",                 \
        "backup.completed", "backup.failed", "backup.cancelled", "backup.deleted", "backup.verify_undecided",  \
        "backup.verify_cancelled", "preview.expiring"

const char *const webhook_event_types[] = {EVENT_TYPES, NULL};
const char *const webhook_message_types[] = {EVENT_TYPES, WEBHOOK_TEST, NULL};

const char *const webhook_status_names[] = {
    [WEBHOOK_ENABLED] = "enabled",
    [WEBHOOK_DISABLED] = "disabled",
    NULL,
};

const char *const webhook_delivery_status_names[] = {
    [WEBHOOK_PENDING] = "pending",
    [WEBHOOK_DELIVERED] = "delivered",
    [WEBHOOK_DEAD] = "dead",
    NULL,
};

#define MEMBER(type, name) #name, type, offsetof(struct webhook_record, name)

static const struct field webhook_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, url), NULL},
    {MEMBER(FIELD_TEXT, description), NULL},
    {MEMBER(FIELD_JSON, event_types), NULL},
    {MEMBER(FIELD_ENUM, status), webhook_status_names},
    {MEMBER(FIELD_TEXT, disabled_reason), NULL},
    {MEMBER(FIELD_INT, after_sequence), NULL},
    {MEMBER(FIELD_TEXT, created_by_actor_id), NULL},
    {MEMBER(FIELD_TIME, created_at), NULL},
    {MEMBER(FIELD_TIME, updated_at), NULL},
    {MEMBER(FIELD_TIME, secret_changed_at), NULL},
    {"", FIELD_REST, offsetof(struct webhook_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type webhook_type = {"webhook", sizeof(struct webhook_record), webhook_fields, 1};

#undef MEMBER
#define MEMBER(type, name) #name, type, offsetof(struct webhook_delivery_record, name)

static const struct field delivery_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, webhook_id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, event_type), NULL},
    {MEMBER(FIELD_ENUM, status), webhook_delivery_status_names},
    {MEMBER(FIELD_INT, attempt_count), NULL},
    {MEMBER(FIELD_INT, failures), NULL},
    {MEMBER(FIELD_TIME, created_at), NULL},
    {MEMBER(FIELD_TIME, next_attempt_at), NULL},
    {MEMBER(FIELD_TIME, lease_until), NULL},
    {MEMBER(FIELD_TIME, ended_at), NULL},
    {MEMBER(FIELD_JSON, attempts), NULL},
    {MEMBER(FIELD_JSON, message), NULL},
    {"", FIELD_REST, offsetof(struct webhook_delivery_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type webhook_pending_type = {"webhook_pending", sizeof(struct webhook_delivery_record),
                                                 delivery_fields, 1};
const struct record_type webhook_delivery_type = {"webhook_delivery", sizeof(struct webhook_delivery_record),
                                                  delivery_fields, 1};

static bool holds(struct json_object *array, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        const char *text = json_text(json_object_array_get_idx(array, i));
        if (text != NULL && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

bool webhook_wants(const struct webhook_record *webhook, const char *event_type)
{
    struct json_object *types = webhook->event_types;

    return !json_object_is_type(types, json_type_array) || json_object_array_length(types) == 0 ||
           holds(types, event_type);
}

cutover_status webhook_actor_check(const cutover_actor *actor, cutover_error **error)
{
    if ((actor->roles & (CUTOVER_ROLE_OPERATOR | CUTOVER_ROLE_ORG_ADMIN)) != 0)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_FORBIDDEN, "%s is neither an operator nor an organization's admin", actor->id);
    error_hint(error, "Webhooks are changed by operators and by admins of the organization.");
    return CUTOVER_E_FORBIDDEN;
}

static bool is_type(const char *name)
{
    for (const char *const *type = webhook_event_types; *type != NULL; type++)
        if (strcmp(*type, name) == 0)
            return true;
    return false;
}

cutover_status webhook_types_take(const char *field, const char *const *names, size_t count,
                                  struct json_object **types, cutover_error **error)
{
    struct json_object *taken;
    cutover_status status = CUTOVER_OK;

    if (count > CUTOVER_WEBHOOK_TYPES_MAX)
        return error_set(error, CUTOVER_E_INVALID, "%s: %zu, must be at most %d", field, count,
                         CUTOVER_WEBHOOK_TYPES_MAX);
    if (count > 0 && names == NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: required", field);
    taken = json_object_new_array();
    if (taken == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++) {
        if (names[i] == NULL || !is_type(names[i]))
            status = error_set(error, CUTOVER_E_INVALID, "%s: \"%s\" is no type of event", field,
                               names[i] != NULL ? names[i] : "");
        else if (!holds(taken, names[i]))
            json_add(taken, json_object_new_string(names[i]));
    }
    if (status == CUTOVER_OK && !json_is_complete(taken))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        *types = taken;
    else
        json_object_put(taken);
    return status;
}
