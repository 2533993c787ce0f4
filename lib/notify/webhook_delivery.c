#include "notify/webhook_delivery.h"

#include "base/id.h"
#include "base/text.h"
#include "notify/webhook_endpoint.h"
#include "store/ledger.h"
#include "store/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(WEBHOOK_KEY_SIZE == STORE_ID_MAX + 1, "one limit");

cutover_status webhook_delivery_key(const char *webhook_id, const char *message_id, char key[WEBHOOK_KEY_SIZE],
                                    cutover_error **error)
{
    int length = snprintf(key, WEBHOOK_KEY_SIZE, "%s:%s", webhook_id, message_id);

    if (length >= 0 && length < WEBHOOK_KEY_SIZE)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "the ids of a webhook and its message are longer than ids are");
}

/* ---- made ---- */

static struct json_object *message_body(const struct webhook_record *webhook,
                                        const struct webhook_message *message)
{
    struct json_object *body = json_object_new_object(), *data = json_object_new_object();

    if (body == NULL || data == NULL) {
        json_object_put(body);
        json_object_put(data);
        return NULL;
    }
    json_put_text(data, "project_id", webhook->project_id);
    if (message->sequence > 0)
        json_put_int(data, "sequence", message->sequence);
    else
        json_put_text(data, "sequence", NULL);
    json_put_text(data, "request_id", message->request_id);
    json_put_object(data, "details",
                    message->details != NULL ? json_object_get(message->details) : json_object_new_object());
    json_put_text(body, "type", message->type);
    json_put_time(body, "timestamp", message->created_at);
    json_put_object(body, "data", data);
    return body;
}

cutover_status webhook_delivery_make(const struct webhook_record *webhook,
                                     const struct webhook_message *message,
                                     struct webhook_delivery_record *record, cutover_error **error)
{
    struct webhook_delivery_record made = {.status = WEBHOOK_PENDING, .created_at = message->created_at};

    made.message = message_body(webhook, message);
    made.attempts = json_object_new_array();
    cutover_status status = made.message != NULL && json_is_complete(made.message) && made.attempts != NULL
                                ? CUTOVER_OK
                                : error_nomem(error);
    if (status == CUTOVER_OK)
        status = record_set_text(&made.id, message->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&made.webhook_id, webhook->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&made.project_id, webhook->project_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&made.event_type, message->type, error);
    if (status == CUTOVER_OK)
        *record = made;
    else
        record_free(&webhook_pending_type, &made);
    return status;
}

/* ---- read ---- */

static cutover_status parse(const struct record_type *type, const struct document *document,
                            struct webhook_delivery_record *record, cutover_error **error)
{
    cutover_status status = record_parse(type, document->body, record, error);

    if (status == CUTOVER_OK &&
        (record->id == NULL || record->webhook_id == NULL || record->project_id == NULL ||
         record->event_type == NULL || record->message == NULL)) {
        record_free(type, record);
        status = error_set(error, CUTOVER_E_STORE, "%s %s in the store is damaged", type->kind, document->id);
    }
    return status;
}

cutover_status webhook_delivery_read(const cutover_webhooks *webhooks, const char *webhook_id,
                                     const char *message_id, struct webhook_delivery_record *record,
                                     uint64_t *version, const struct record_type **type, cutover_error **error)
{
    /* The first once more: it may have come back in between. */
    const struct record_type *const kinds[] = {&webhook_pending_type, &webhook_delivery_type,
                                               &webhook_pending_type};
    struct document document = {NULL, NULL, 0};
    char key[WEBHOOK_KEY_SIZE];
    bool found = false;
    cutover_status status = webhook_delivery_key(webhook_id, message_id, key, error);

    for (size_t i = 0; status == CUTOVER_OK && !found && i < sizeof kinds / sizeof *kinds; i++) {
        status = document_find(&webhooks->store, kinds[i]->kind, key, &document, &found, error);
        *type = kinds[i];
    }
    if (status == CUTOVER_OK && !found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "webhook %s has no message %s", webhook_id, message_id);
    if (status == CUTOVER_OK)
        status = parse(*type, &document, record, error);
    if (status == CUTOVER_OK)
        *version = document.version;
    document_free(&document);
    return status;
}

/* ---- saved ---- */

/* A record on its way into the store, as a document of that kind; its body is to be freed. */
struct written {
    char key[WEBHOOK_KEY_SIZE];
    char *body;
    cutover_write write;
};

static cutover_status write_of(const struct record_type *type, const struct webhook_delivery_record *record,
                               uint64_t version, struct written *written, cutover_error **error)
{
    written->body = NULL;
    cutover_status status = webhook_delivery_key(record->webhook_id, record->id, written->key, error);
    if (status == CUTOVER_OK)
        status = record_format(type, record, &written->body, error);
    written->write = (cutover_write){CUTOVER_WRITE_VERSION, type->kind, written->key,
                                     record->project_id,    version,    written->body};
    return status;
}

cutover_status webhook_delivery_save(const cutover_webhooks *webhooks,
                                     const struct webhook_delivery_record *record, uint64_t version,
                                     cutover_error **error)
{
    struct written written;
    cutover_status status = write_of(&webhook_pending_type, record, version, &written, error);

    if (status == CUTOVER_OK)
        status = store_save(&webhooks->store, &written.write, error);
    free(written.body);
    return status;
}

cutover_status webhook_delivery_end(const cutover_webhooks *webhooks,
                                    const struct webhook_delivery_record *record, uint64_t version,
                                    cutover_error **error)
{
    struct written kept;
    cutover_status status = write_of(&webhook_delivery_type, record, 0, &kept, error);

    if (status == CUTOVER_OK) {
        const cutover_write gone = {
            CUTOVER_WRITE_VERSION, webhook_pending_type.kind, kept.key, record->project_id, version, NULL};
        const cutover_write *const writes[] = {&gone, &kept.write};
        status = store_commit(&webhooks->store, writes, 2, error);
    }
    free(kept.body);
    return status;
}

/* ---- all of an endpoint's ---- */

#define WALK_PAGE 100

static cutover_status walk_page(const struct document_list *page, const char *prefix, size_t length,
                                document_each each, void *context, bool *ended, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < page->count && status == CUTOVER_OK && !*ended; i++) {
        *ended = strncmp(page->items[i].id, prefix, length) != 0;
        if (!*ended)
            status = each(context, &page->items[i], error);
    }
    return status;
}

cutover_status webhook_delivery_walk(const cutover_webhooks *webhooks, const struct record_type *type,
                                     const char *webhook_id, const char *after, document_each each,
                                     void *context, cutover_error **error)
{
    struct document_list page = {NULL, 0, 0};
    char prefix[WEBHOOK_KEY_SIZE], from[WEBHOOK_KEY_SIZE];
    char *next = NULL;
    bool ended = false;
    cutover_status status = webhook_delivery_key(webhook_id, "", prefix, error);

    if (status == CUTOVER_OK)
        status = webhook_delivery_key(webhook_id, after, from, error);
    if (status == CUTOVER_OK)
        status = string_copy(from, &next, error);
    while (status == CUTOVER_OK && !ended) {
        status = document_list_read(&webhooks->store, type->kind, NULL, next, WALK_PAGE, &page, error);
        if (status != CUTOVER_OK || page.count == 0)
            break;
        status = walk_page(&page, prefix, strlen(prefix), each, context, &ended, error);
        if (status == CUTOVER_OK)
            status = record_set_text(&next, page.items[page.count - 1].id, error);
    }
    free(next);
    document_list_free(&page);
    return status;
}

struct sweeping {
    const cutover_webhooks *webhooks;
    const char *kind;
    const char *project_id;
};

static cutover_status sweep_each(void *context, const struct document *document, cutover_error **error)
{
    const struct sweeping *sweeping = context;
    const cutover_write write = {CUTOVER_WRITE_VERSION, sweeping->kind,    document->id,
                                 sweeping->project_id,  document->version, NULL};
    cutover_error *local = NULL;
    cutover_status status = store_save(&sweeping->webhooks->store, &write, &local);

    if (status == CUTOVER_E_CONFLICT) { /* who wrote it finds that the endpoint is gone */
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

cutover_status webhook_delivery_sweep(const cutover_webhooks *webhooks, const char *webhook_id,
                                      const char *project_id, cutover_error **error)
{
    const struct record_type *const types[] = {&webhook_pending_type, &webhook_delivery_type};
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < sizeof types / sizeof *types; i++) {
        struct sweeping sweeping = {webhooks, types[i]->kind, project_id};
        status = webhook_delivery_walk(webhooks, types[i], webhook_id, "", sweep_each, &sweeping, error);
    }
    return status;
}

/* ---- a test ---- */

static cutover_status enabled_check(const struct webhook_record *webhook, cutover_error **error)
{
    if (webhook->status == WEBHOOK_ENABLED)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_STATE, "webhook %s is off%s%s", webhook->id,
              webhook->disabled_reason != NULL ? ": " : "",
              webhook->disabled_reason != NULL ? webhook->disabled_reason : "");
    error_hint(error, "Enable it first.");
    return CUTOVER_E_STATE;
}

static cutover_status audit(struct change *change, const char *action, const cutover_actor *actor,
                            const struct webhook_record *webhook, const char *message_id, int64_t count,
                            cutover_error **error)
{
    struct json_object *data = NULL;
    cutover_status status = webhook_told(webhook, &data, error);

    if (status == CUTOVER_OK) {
        json_put_text(data, "message_id", message_id);
        json_put_int(data, "count", count);
        status = change_audit(change, action, actor, NULL, data, error);
    }
    json_object_put(data);
    return status;
}

static cutover_status test_once(cutover_webhooks *webhooks, const cutover_actor *actor,
                                const struct webhook_record *webhook,
                                const struct webhook_delivery_record *record, cutover_error **error)
{
    struct change *change = NULL;
    char key[WEBHOOK_KEY_SIZE];
    cutover_status status = webhook_delivery_key(webhook->id, record->id, key, error);

    if (status == CUTOVER_OK)
        status = change_begin(&webhooks->store, &webhooks->clock, webhook->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &webhook_pending_type, key, 0, record, error);
    if (status == CUTOVER_OK)
        status = audit(change, "webhook.tested", actor, webhook, record->id, 1, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}

cutover_status webhook_delivery_test(cutover_webhooks *webhooks, const cutover_actor *actor,
                                     const char *webhook_id, struct webhook_delivery_record *record,
                                     cutover_error **error)
{
    const int64_t now = clock_now(&webhooks->clock);
    char id[ID_SIZE];
    struct webhook_record webhook = {0};
    struct webhook_delivery_record made = {0};
    struct webhook_message message = {.id = id, .type = WEBHOOK_TEST, .created_at = now};
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    uint64_t version = 0;
    cutover_status status = webhook_read(webhooks, webhook_id, &webhook, &version, error);

    id_new(now, id);
    if (status == CUTOVER_OK)
        status = enabled_check(&webhook, error);
    if (status == CUTOVER_OK)
        status = webhook_delivery_make(&webhook, &message, &made, error);
    if (status == CUTOVER_OK) {
        do
            status = test_once(webhooks, actor, &webhook, &made, &cause);
        while (change_again(status, &attempt, &cause));
    }
    if (status == CUTOVER_OK)
        *record = made;
    else
        record_free(&webhook_pending_type, &made);
    record_free(&webhook_type, &webhook);
    error_move(error, cause);
    return status;
}

/* ---- again ---- */

/* Two writes each, with the ledger's own and the audit entry: what every store takes in one commit. */
#define BATCH ((STORE_COMMIT_LEAST - 2) / 2)

struct batch {
    struct webhook_delivery_record records[BATCH];
    uint64_t versions[BATCH];
    size_t count;
};

struct again {
    cutover_webhooks *webhooks;
    const cutover_webhook_selection *selection;
    const struct webhook_record *webhook;
    struct batch batch;
    uint32_t count;
};

static void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        record_free(&webhook_delivery_type, &batch->records[i]);
    batch->count = 0;
}

static cutover_status put_again(struct change *change, const struct webhook_delivery_record *record,
                                uint64_t version, cutover_error **error)
{
    char key[WEBHOOK_KEY_SIZE];
    cutover_status status = webhook_delivery_key(record->webhook_id, record->id, key, error);

    if (status == CUTOVER_OK)
        status = change_put(change, webhook_delivery_type.kind, key, version, NULL, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &webhook_pending_type, key, 0, record, error);
    return status;
}

static cutover_status batch_once(struct again *again, cutover_error **error)
{
    const cutover_webhooks *webhooks = again->webhooks;
    struct batch *batch = &again->batch;
    struct change *change = NULL;
    cutover_status status =
        change_begin(&webhooks->store, &webhooks->clock, again->webhook->project_id, &change, error);

    for (size_t i = 0; status == CUTOVER_OK && i < batch->count; i++)
        status = put_again(change, &batch->records[i], batch->versions[i], error);
    if (status == CUTOVER_OK)
        status = audit(change, "webhook.redelivered", again->selection->actor, again->webhook,
                       batch->count == 1 ? batch->records[0].id : NULL, (int64_t)batch->count, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}

/* A conflict is mostly about the ledger; where it is about a delivery, somebody else has sent that again, and it stays a conflict. */
static cutover_status batch_commit(struct again *again, cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = CUTOVER_OK;

    if (again->batch.count == 0)
        return CUTOVER_OK;
    do
        status = batch_once(again, &cause);
    while (change_again(status, &attempt, &cause));
    if (status == CUTOVER_OK)
        again->count += (uint32_t)again->batch.count;
    batch_clear(&again->batch);
    error_move(error, cause);
    return status;
}

/* Takes the record over. */
static cutover_status batch_add(struct again *again, struct webhook_delivery_record *record, uint64_t version,
                                cutover_error **error)
{
    struct batch *batch = &again->batch;

    record->status = WEBHOOK_PENDING;
    record->failures = 0;
    record->next_attempt_at = 0;
    record->ended_at = 0;
    batch->records[batch->count] = *record;
    batch->versions[batch->count++] = version;
    return batch->count == BATCH ? batch_commit(again, error) : CUTOVER_OK;
}

static cutover_status again_each(void *context, const struct document *document, cutover_error **error)
{
    struct again *again = context;
    const cutover_webhook_selection *selection = again->selection;
    struct webhook_delivery_record record = {0};
    cutover_status status = parse(&webhook_delivery_type, document, &record, error);

    if (status != CUTOVER_OK)
        return status;
    if (record.status == WEBHOOK_DEAD && record.created_at >= selection->since &&
        (selection->until == 0 || record.created_at < selection->until))
        return batch_add(again, &record, document->version, error);
    record_free(&webhook_delivery_type, &record);
    return CUTOVER_OK;
}

static cutover_status again_one(struct again *again, cutover_error **error)
{
    struct webhook_delivery_record record = {0};
    const struct record_type *type = NULL;
    uint64_t version = 0;
    const char *message_id = again->selection->message_id;
    cutover_status status =
        webhook_delivery_read(again->webhooks, again->webhook->id, message_id, &record, &version, &type, error);

    if (status != CUTOVER_OK)
        return status;
    if (type == &webhook_delivery_type)
        return batch_add(again, &record, version, error);
    record_free(type, &record);
    return error_set(error, CUTOVER_E_STATE, "message %s waits to be sent already", message_id);
}

cutover_status webhook_delivery_again(cutover_webhooks *webhooks, const cutover_webhook_selection *selection,
                                      uint32_t *count, cutover_error **error)
{
    struct webhook_record webhook = {0};
    uint64_t version = 0;
    struct again again = {.webhooks = webhooks, .selection = selection, .webhook = &webhook};
    cutover_status status = webhook_read(webhooks, selection->webhook_id, &webhook, &version, error);

    if (status == CUTOVER_OK)
        status = enabled_check(&webhook, error);
    if (status == CUTOVER_OK && selection->message_id != NULL)
        status = again_one(&again, error);
    else if (status == CUTOVER_OK)
        status =
            webhook_delivery_walk(webhooks, &webhook_delivery_type, webhook.id, "", again_each, &again, error);
    if (status == CUTOVER_OK)
        status = batch_commit(&again, error);
    batch_clear(&again.batch);
    record_free(&webhook_type, &webhook);
    *count = again.count;
    return status;
}
