/* Webhooks: the public functions of endpoints and deliveries. */
#include "base/text.h"
#include "engine/engine.h"
#include "engine/page.h"
#include "engine/record_handle.h"
#include "notify/webhook_delivery.h"
#include "notify/webhook_endpoint.h"
#include "notify/webhook_options.h"
#include "notify/webhook_signature.h"

#include <string.h>

#define PROJECT_ID_MAX 100 /* bytes: ids of its audit entries are longer */
#define OVERLAP_MAX_S 604800

struct cutover_webhook {
    struct record_handle handle;
};

struct cutover_webhook_delivery {
    struct record_handle handle;
};

/* ---- handles ---- */

/* Takes the record over; `webhook` may be NULL. */
static cutover_status give_webhook(struct webhook_record *record, uint64_t version, cutover_webhook **webhook,
                                   cutover_error **error)
{
    struct record_handle *made = NULL;
    cutover_status status =
        webhook != NULL ? record_handle_make(&webhook_type, record, version, &made, error) : CUTOVER_OK;

    record_free(&webhook_type, record);
    if (status == CUTOVER_OK && webhook != NULL)
        *webhook = (cutover_webhook *)made;
    return status;
}

static cutover_status give_delivery(struct webhook_delivery_record *record, uint64_t version,
                                    cutover_webhook_delivery **delivery, cutover_error **error)
{
    struct record_handle *made = NULL;
    cutover_status status = delivery != NULL
                                ? record_handle_make(&webhook_delivery_type, record, version, &made, error)
                                : CUTOVER_OK;

    record_free(&webhook_delivery_type, record);
    if (status == CUTOVER_OK && delivery != NULL)
        *delivery = (cutover_webhook_delivery *)made;
    return status;
}

/* ---- endpoints ---- */

/* Who changes them, and the id of which, where there is one yet. */
static cutover_status act_check(const cutover_webhooks *webhooks, const char *actor_name,
                                const cutover_actor *given, cutover_actor *actor, cutover_error **error)
{
    cutover_status status = webhooks_check(webhooks, error);

    if (status == CUTOVER_OK)
        status = engine_actor(actor_name, given, actor, error);
    return status == CUTOVER_OK ? webhook_actor_check(actor, error) : status;
}

static cutover_status project_id_check(const char *name, const char *project_id, cutover_error **error)
{
    cutover_status status = engine_id_check(name, project_id, error);

    if (status == CUTOVER_OK && strlen(project_id) > PROJECT_ID_MAX)
        status = error_set(error, CUTOVER_E_INVALID, "%s: longer than %d bytes", name, PROJECT_ID_MAX);
    return status;
}

cutover_status cutover_webhook_create(cutover_webhooks *webhooks, const cutover_webhook_options *given,
                                      char **secret, cutover_webhook **webhook, cutover_error **error)
{
    error_begin(error);
    cutover_webhook_options options;
    struct webhook_record record = {0};
    cutover_actor actor;
    uint64_t version = 0;
    char *made = NULL;
    cutover_status status = port_copy(&webhook_options_port, "options", given, &options, error);

    if (status == CUTOVER_OK)
        status = act_check(webhooks, "options.actor", options.actor, &actor, error);
    if (status == CUTOVER_OK)
        status = project_id_check("options.project_id", options.project_id, error);
    if (status == CUTOVER_OK && secret == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "secret: required");
    if (status != CUTOVER_OK)
        return status;
    options.actor = &actor;
    status = webhook_add(webhooks, &options, &made, &record, &version, error);
    if (status == CUTOVER_OK)
        status = give_webhook(&record, version, webhook, error);
    if (status == CUTOVER_OK)
        *secret = made;
    else
        webhook_secret_free(made);
    return status;
}

cutover_status cutover_webhook_get(cutover_webhooks *webhooks, const char *webhook_id,
                                   cutover_webhook **webhook, cutover_error **error)
{
    struct webhook_record record = {0};
    uint64_t version = 0;
    cutover_status status = webhooks_check(webhooks, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("webhook_id", webhook_id, error);
    if (status == CUTOVER_OK && webhook == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "webhook: required");
    if (status == CUTOVER_OK)
        status = webhook_read(webhooks, webhook_id, &record, &version, error);
    return status == CUTOVER_OK ? give_webhook(&record, version, webhook, error) : status;
}

cutover_status cutover_webhooks_list(cutover_webhooks *webhooks, const char *project_id, const char *after,
                                     uint32_t limit, cutover_webhook_list **list, cutover_error **error)
{
    struct record_handle_list *made = NULL;
    cutover_status status = webhooks_check(webhooks, error);

    if (status == CUTOVER_OK && project_id != NULL)
        status = project_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_limit_check(limit, error);
    if (status == CUTOVER_OK && list == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "list: required");
    if (status == CUTOVER_OK)
        status = record_handle_list_of(&webhooks->store, &webhook_type, project_id, after, limit, &made, error);
    if (status == CUTOVER_OK)
        *list = (cutover_webhook_list *)made;
    return status;
}

cutover_status cutover_webhook_update(cutover_webhooks *webhooks, const cutover_webhook_change *given,
                                      cutover_webhook **webhook, cutover_error **error)
{
    error_begin(error);
    cutover_webhook_change change;
    struct webhook_record record = {0};
    cutover_actor actor;
    uint64_t version = 0;
    cutover_status status = port_copy(&webhook_change_port, "change", given, &change, error);

    if (status == CUTOVER_OK)
        status = act_check(webhooks, "change.actor", change.actor, &actor, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("change.webhook_id", change.webhook_id, error);
    if (status == CUTOVER_OK &&
        (change.enabled < CUTOVER_WEBHOOK_AS_IT_IS || change.enabled > CUTOVER_WEBHOOK_DISABLE))
        status = error_set(error, CUTOVER_E_INVALID, "change.enabled: %d, must be 0 to 2", change.enabled);
    if (status != CUTOVER_OK)
        return status;
    change.actor = &actor;
    status = webhook_alter(webhooks, &change, &record, &version, error);
    return status == CUTOVER_OK ? give_webhook(&record, version, webhook, error) : status;
}

cutover_status cutover_webhook_delete(cutover_webhooks *webhooks, const cutover_actor *given,
                                      const char *webhook_id, cutover_error **error)
{
    struct webhook_record record = {0};
    cutover_actor actor;
    cutover_status status = act_check(webhooks, "actor", given, &actor, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("webhook_id", webhook_id, error);
    if (status == CUTOVER_OK)
        status = webhook_remove(webhooks, &actor, webhook_id, &record, error);
    if (status == CUTOVER_OK)
        status = webhook_delivery_sweep(webhooks, webhook_id, record.project_id, error);
    record_free(&webhook_type, &record);
    return status;
}

cutover_status cutover_webhook_rotate_secret(cutover_webhooks *webhooks, const cutover_actor *given,
                                             const char *webhook_id, uint32_t overlap_s, char **secret,
                                             cutover_webhook **webhook, cutover_error **error)
{
    struct webhook_record record = {0};
    cutover_actor actor;
    uint64_t version = 0;
    char *made = NULL;
    cutover_status status = act_check(webhooks, "actor", given, &actor, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("webhook_id", webhook_id, error);
    if (status == CUTOVER_OK && overlap_s > OVERLAP_MAX_S)
        status =
            error_set(error, CUTOVER_E_INVALID, "overlap_s: %u, must be at most %d", overlap_s, OVERLAP_MAX_S);
    if (status == CUTOVER_OK && secret == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "secret: required");
    if (status == CUTOVER_OK)
        status = webhook_rotate(webhooks, &actor, webhook_id, overlap_s, &made, &record, &version, error);
    if (status == CUTOVER_OK)
        status = give_webhook(&record, version, webhook, error);
    if (status == CUTOVER_OK)
        *secret = made;
    else
        webhook_secret_free(made);
    return status;
}

cutover_status cutover_webhook_test(cutover_webhooks *webhooks, const cutover_actor *given,
                                    const char *webhook_id, cutover_webhook_delivery **delivery,
                                    cutover_error **error)
{
    struct webhook_delivery_record record = {0};
    cutover_actor actor;
    cutover_status status = act_check(webhooks, "actor", given, &actor, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("webhook_id", webhook_id, error);
    if (status == CUTOVER_OK)
        status = webhook_delivery_test(webhooks, &actor, webhook_id, &record, error);
    return status == CUTOVER_OK ? give_delivery(&record, 1, delivery, error) : status;
}

/* ---- deliveries ---- */

static void item_free(void *item)
{
    record_handle_free(item);
}

static bool is_wanted(const cutover_filter *filter, const struct webhook_delivery_record *record)
{
    if (filter->status != NULL && strcmp(filter->status, webhook_delivery_status_names[record->status]) != 0)
        return false;
    return filter->kind == NULL ||
           (record->event_type != NULL && strcmp(filter->kind, record->event_type) == 0);
}

static cutover_status take_document(struct page *page, const struct record_type *type,
                                    const struct document *document, cutover_error **error)
{
    struct webhook_delivery_record record = {0};
    struct record_handle *made = NULL;
    cutover_status status = record_parse(type, document->body, &record, error);

    if (status == CUTOVER_OK && is_wanted(&page->filter, &record)) {
        status = record_handle_make(&webhook_delivery_type, &record, document->version, &made, error);
        if (status == CUTOVER_OK)
            page_add(page, made);
    }
    record_free(&webhook_delivery_type, &record);
    return status;
}

#define KINDS 2
#define AT_ONCE 200

/* An endpoint's documents of one kind, page by page. */
struct stream {
    const struct record_type *type;
    struct document_list page;
    size_t next;
    bool ended;
};

/* Makes sure that its next document is there, unless there is none. */
static cutover_status stream_fill(const cutover_webhooks *webhooks, struct stream *stream, const char *prefix,
                                  const char *from, cutover_error **error)
{
    char after[WEBHOOK_KEY_SIZE];
    size_t length = strlen(prefix);

    if (stream->next < stream->page.count || stream->ended)
        return CUTOVER_OK;
    const char *last = stream->page.count > 0 ? stream->page.items[stream->page.count - 1].id : from;
    memcpy(after, last, strlen(last) + 1);
    cutover_status status =
        document_list_read(&webhooks->store, stream->type->kind, NULL, after, AT_ONCE, &stream->page, error);
    if (status != CUTOVER_OK)
        return status;
    stream->next = 0;
    for (size_t i = 0; i < stream->page.count; i++)
        if (strncmp(stream->page.items[i].id, prefix, length) != 0) {
            for (size_t k = i; k < stream->page.count; k++)
                document_free(&stream->page.items[k]);
            stream->page.count = i;
        }
    stream->ended = stream->page.count == 0;
    return CUTOVER_OK;
}

static const struct document *stream_head(const struct stream *stream)
{
    return stream->next < stream->page.count ? &stream->page.items[stream->next] : NULL;
}

/* The one whose message is older; of the same message, which ended in between, the end. */
static struct stream *earlier(struct stream streams[KINDS])
{
    const struct document *pending = stream_head(&streams[0]), *ended = stream_head(&streams[1]);

    if (pending == NULL)
        return &streams[1];
    if (ended == NULL)
        return &streams[0];
    int order = strcmp(pending->id, ended->id);
    if (order == 0)
        streams[0].next++;
    return order < 0 ? &streams[0] : &streams[1];
}

static cutover_status merge(const cutover_webhooks *webhooks, const char *webhook_id, struct page *page,
                            cutover_error **error)
{
    struct stream streams[KINDS] = {{.type = &webhook_pending_type}, {.type = &webhook_delivery_type}};
    char prefix[WEBHOOK_KEY_SIZE], from[WEBHOOK_KEY_SIZE];
    bool ended = false;
    cutover_status status = webhook_delivery_key(webhook_id, "", prefix, error);

    if (status == CUTOVER_OK)
        status = webhook_delivery_key(webhook_id, page_from(page), from, error);
    while (status == CUTOVER_OK && !ended) {
        for (int i = 0; i < KINDS && status == CUTOVER_OK; i++)
            status = stream_fill(webhooks, &streams[i], prefix, from, error);
        if (status != CUTOVER_OK)
            break;
        struct stream *stream = earlier(streams);
        const struct document *head = stream_head(stream);
        ended = head == NULL || page_ends_before(page, head->id + strlen(prefix));
        if (!ended)
            status = take_document(page, stream->type, head, error);
        stream->next++;
    }
    for (int i = 0; i < KINDS; i++)
        document_list_free(&streams[i].page);
    return status;
}

static cutover_status find_deliveries(const cutover_webhooks *webhooks, const char *webhook_id,
                                      const cutover_filter *filter, struct record_handle_list **list,
                                      cutover_error **error)
{
    struct webhook_record webhook = {0};
    struct page page;
    uint64_t version = 0;
    cutover_status status =
        page_open(&page, filter, webhook_delivery_status_names, NULL, webhook_message_types, item_free, error);

    if (status == CUTOVER_OK && page.filter.project_id != NULL)
        status = error_set(error, CUTOVER_E_INVALID, "filter.project_id: deliveries are those of a webhook");
    if (status == CUTOVER_OK)
        status = webhook_read(webhooks, webhook_id, &webhook, &version, error);
    if (status == CUTOVER_OK)
        status = merge(webhooks, webhook_id, &page, error);
    if (status == CUTOVER_OK) {
        page_order(&page);
        status = record_handle_list_make((struct record_handle **)page.items, page.count, list, error);
    }
    record_free(&webhook_type, &webhook);
    if (status != CUTOVER_OK)
        page_free(&page);
    return status;
}

cutover_status cutover_webhook_deliveries_find(cutover_webhooks *webhooks, const char *webhook_id,
                                               const cutover_filter *filter,
                                               cutover_webhook_delivery_list **list, cutover_error **error)
{
    struct record_handle_list *made = NULL;
    cutover_status status = webhooks_check(webhooks, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("webhook_id", webhook_id, error);
    if (status == CUTOVER_OK && list == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "list: required");
    if (status == CUTOVER_OK)
        status = find_deliveries(webhooks, webhook_id, filter, &made, error);
    if (status == CUTOVER_OK)
        *list = (cutover_webhook_delivery_list *)made;
    return status;
}

cutover_status cutover_webhook_delivery_get(cutover_webhooks *webhooks, const char *webhook_id,
                                            const char *message_id, cutover_webhook_delivery **delivery,
                                            cutover_error **error)
{
    struct webhook_delivery_record record = {0};
    const struct record_type *type = NULL;
    uint64_t version = 0;
    cutover_status status = webhooks_check(webhooks, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("webhook_id", webhook_id, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("message_id", message_id, error);
    if (status == CUTOVER_OK && delivery == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "delivery: required");
    if (status == CUTOVER_OK)
        status = webhook_delivery_read(webhooks, webhook_id, message_id, &record, &version, &type, error);
    return status == CUTOVER_OK ? give_delivery(&record, version, delivery, error) : status;
}

static cutover_status selection_take(const cutover_webhook_selection *given,
                                     cutover_webhook_selection *selection, cutover_error **error)
{
    cutover_status status = port_copy(&webhook_selection_port, "selection", given, selection, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("selection.webhook_id", selection->webhook_id, error);
    if (status == CUTOVER_OK && selection->message_id != NULL)
        status = engine_id_check("selection.message_id", selection->message_id, error);
    if (status == CUTOVER_OK && selection->message_id != NULL &&
        (selection->since != 0 || selection->until != 0))
        status = error_set(error, CUTOVER_E_INVALID, "selection.message_id: one message, or those of a time");
    return status;
}

cutover_status cutover_webhook_redeliver(cutover_webhooks *webhooks, const cutover_webhook_selection *given,
                                         uint32_t *count, cutover_error **error)
{
    error_begin(error);
    cutover_webhook_selection selection;
    cutover_actor actor;
    uint32_t made = 0;
    cutover_status status = selection_take(given, &selection, error);

    if (status == CUTOVER_OK)
        status = act_check(webhooks, "selection.actor", selection.actor, &actor, error);
    if (status != CUTOVER_OK)
        return status;
    selection.actor = &actor;
    status = webhook_delivery_again(webhooks, &selection, &made, error);
    if (status == CUTOVER_OK && count != NULL)
        *count = made;
    return status;
}

/* ---- getters ---- */

#define WEBHOOK_TEXT(webhook, member)                                                                          \
    record_handle_text((const struct record_handle *)(webhook), &webhook_type,                                 \
                       offsetof(struct webhook_record, member))
#define DELIVERY_TEXT(delivery, member)                                                                        \
    record_handle_text((const struct record_handle *)(delivery), &webhook_delivery_type,                       \
                       offsetof(struct webhook_delivery_record, member))

const char *cutover_webhook_id(const cutover_webhook *webhook)
{
    return WEBHOOK_TEXT(webhook, id);
}

const char *cutover_webhook_project_id(const cutover_webhook *webhook)
{
    return WEBHOOK_TEXT(webhook, project_id);
}

const char *cutover_webhook_url(const cutover_webhook *webhook)
{
    return WEBHOOK_TEXT(webhook, url);
}

const char *cutover_webhook_status(const cutover_webhook *webhook)
{
    return record_handle_name((const struct record_handle *)webhook, &webhook_type,
                              offsetof(struct webhook_record, status), webhook_status_names);
}

const char *cutover_webhook_json(const cutover_webhook *webhook)
{
    return record_handle_json((const struct record_handle *)webhook, &webhook_type);
}

uint64_t cutover_webhook_version(const cutover_webhook *webhook)
{
    return record_handle_version((const struct record_handle *)webhook, &webhook_type);
}

void cutover_webhook_free(cutover_webhook *webhook)
{
    record_handle_free((struct record_handle *)webhook);
}

size_t cutover_webhook_list_count(const cutover_webhook_list *list)
{
    return record_handle_list_count((const struct record_handle_list *)list);
}

const cutover_webhook *cutover_webhook_list_at(const cutover_webhook_list *list, size_t index)
{
    return (const cutover_webhook *)record_handle_list_at((const struct record_handle_list *)list, index);
}

void cutover_webhook_list_free(cutover_webhook_list *list)
{
    record_handle_list_free((struct record_handle_list *)list);
}

const char *cutover_webhook_delivery_id(const cutover_webhook_delivery *delivery)
{
    return DELIVERY_TEXT(delivery, id);
}

const char *cutover_webhook_delivery_type(const cutover_webhook_delivery *delivery)
{
    return DELIVERY_TEXT(delivery, event_type);
}

const char *cutover_webhook_delivery_status(const cutover_webhook_delivery *delivery)
{
    return record_handle_name((const struct record_handle *)delivery, &webhook_delivery_type,
                              offsetof(struct webhook_delivery_record, status), webhook_delivery_status_names);
}

uint32_t cutover_webhook_delivery_attempts(const cutover_webhook_delivery *delivery)
{
    return (uint32_t)record_handle_number((const struct record_handle *)delivery, &webhook_delivery_type,
                                          offsetof(struct webhook_delivery_record, attempt_count));
}

const char *cutover_webhook_delivery_json(const cutover_webhook_delivery *delivery)
{
    return record_handle_json((const struct record_handle *)delivery, &webhook_delivery_type);
}

void cutover_webhook_delivery_free(cutover_webhook_delivery *delivery)
{
    record_handle_free((struct record_handle *)delivery);
}

size_t cutover_webhook_delivery_list_count(const cutover_webhook_delivery_list *list)
{
    return record_handle_list_count((const struct record_handle_list *)list);
}

const cutover_webhook_delivery *cutover_webhook_delivery_list_at(const cutover_webhook_delivery_list *list,
                                                                 size_t index)
{
    return (const cutover_webhook_delivery *)record_handle_list_at((const struct record_handle_list *)list,
                                                                   index);
}

void cutover_webhook_delivery_list_free(cutover_webhook_delivery_list *list)
{
    record_handle_list_free((struct record_handle_list *)list);
}
