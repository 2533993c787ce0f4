#include "notify/webhook_fan_out.h"

#include "base/text.h"
#include "notify/webhook_delivery.h"
#include "store/ledger.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(CUTOVER_WEBHOOK_MAX <= STORE_COMMIT_LEAST, "what every store takes in one commit");

struct fan_out {
    cutover_webhooks *webhooks;
    const cutover_event *event;
    struct json_object *object; /* the event */
    cutover_write writes[CUTOVER_WEBHOOK_MAX];
    size_t count;
};

static void writes_free(struct fan_out *fan_out)
{
    for (size_t i = 0; i < fan_out->count; i++) {
        free((char *)fan_out->writes[i].id);
        free((char *)fan_out->writes[i].body);
    }
    fan_out->count = 0;
}

static cutover_status exists(const cutover_store *store, const char *key, bool *found, cutover_error **error)
{
    static const struct record_type *const kinds[] = {&webhook_pending_type, &webhook_delivery_type};
    cutover_status status = CUTOVER_OK;

    *found = false;
    for (size_t i = 0; i < 2 && status == CUTOVER_OK && !*found; i++) {
        struct document document = {NULL, NULL, 0};
        status = document_find(store, kinds[i]->kind, key, &document, found, error);
        document_free(&document);
    }
    return status;
}

static cutover_status add_delivery(struct fan_out *fan_out, const struct webhook_record *webhook,
                                   const char *key, cutover_error **error)
{
    const cutover_event *event = fan_out->event;
    const struct webhook_message message = {
        .id = event->id,
        .type = event->type,
        .created_at = event->created_at,
        .sequence = (int64_t)event->sequence,
        .request_id = json_text_or(fan_out->object, "request_id", NULL),
        .details = json_member(fan_out->object, "data"),
    };
    struct webhook_delivery_record record = {0};
    char *id = NULL, *body = NULL;
    cutover_status status = webhook_delivery_make(webhook, &message, &record, error);

    if (status == CUTOVER_OK)
        status = record_format(&webhook_pending_type, &record, &body, error);
    record_free(&webhook_pending_type, &record);
    if (status == CUTOVER_OK)
        status = string_copy(key, &id, error);
    if (status != CUTOVER_OK) {
        free(body);
        return status;
    }
    fan_out->writes[fan_out->count++] =
        (cutover_write){CUTOVER_WRITE_VERSION, webhook_pending_type.kind, id, event->project_id, 0, body};
    return CUTOVER_OK;
}

/* One that is damaged gets nothing, and holds up no other: it is left out. One of a later version waits for who can read it. */
static cutover_status read_webhook(struct fan_out *fan_out, const struct document *document,
                                   struct webhook_record *webhook, bool *damaged, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status = record_parse(&webhook_type, document->body, webhook, &cause);

    if (status == CUTOVER_OK && webhook->id == NULL) {
        status = error_set(&cause, CUTOVER_E_STORE, "it has no id");
        record_free(&webhook_type, webhook);
    }
    *damaged = status == CUTOVER_E_STORE;
    if (!*damaged) {
        error_move(error, cause);
        return status;
    }
    log_line(&fan_out->webhooks->log, LOG_ERROR_LEVEL,
             "webhook %s is damaged in the store, and gets no event: %s", document->id,
             cutover_error_message(cause));
    cutover_error_free(cause);
    return CUTOVER_OK;
}

static cutover_status take_webhook(void *context, const struct document *document, cutover_error **error)
{
    struct fan_out *fan_out = context;
    struct webhook_record webhook = {0};
    char key[WEBHOOK_KEY_SIZE];
    bool found = false, damaged = false;
    cutover_status status = read_webhook(fan_out, document, &webhook, &damaged, error);

    if (status != CUTOVER_OK || damaged)
        return status;
    if (webhook.status != WEBHOOK_ENABLED || !webhook_wants(&webhook, fan_out->event->type) ||
        (int64_t)fan_out->event->sequence <= webhook.after_sequence || fan_out->count == CUTOVER_WEBHOOK_MAX)
        goto done;
    status = webhook_delivery_key(webhook.id, fan_out->event->id, key, error);
    if (status == CUTOVER_OK)
        status = exists(&fan_out->webhooks->store, key, &found, error);
    if (status == CUTOVER_OK && !found)
        status = add_delivery(fan_out, &webhook, key, error);
done:
    record_free(&webhook_type, &webhook);
    return status;
}

static cutover_status fan_out_once(struct fan_out *fan_out, cutover_error **error)
{
    const cutover_store *store = &fan_out->webhooks->store;
    const cutover_write *writes[CUTOVER_WEBHOOK_MAX];
    cutover_status status =
        document_walk(store, webhook_type.kind, fan_out->event->project_id, take_webhook, fan_out, error);

    for (size_t i = 0; i < fan_out->count; i++)
        writes[i] = &fan_out->writes[i];
    if (status == CUTOVER_OK && fan_out->count > 0)
        status = store_commit(store, writes, fan_out->count, error);
    writes_free(fan_out);
    return status;
}

cutover_status webhook_fan_out(cutover_webhooks *webhooks, const cutover_event *event, cutover_error **error)
{
    struct fan_out fan_out = {.webhooks = webhooks, .event = event};
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = CUTOVER_OK;

    fan_out.object = json_parse(event->json, strlen(event->json), &cause);
    if (fan_out.object == NULL)
        status = cutover_error_code(cause);
    while (status == CUTOVER_OK || status == CUTOVER_E_CONFLICT) {
        status = fan_out_once(&fan_out, &cause);
        if (!change_again(status, &attempt, &cause))
            break;
    }
    json_object_put(fan_out.object);
    error_move(error, cause);
    return status;
}
