#include "notify/outbox.h"

#include "base/text.h"
#include "base/utf8.h"
#include "store/document.h"
#include "store/port.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define LAST_ERROR_MAX 500 /* bytes kept of a notifier's message */

enum delivery_status { DELIVERY_PENDING, DELIVERY_GIVEN_UP };
static const char *const delivery_status_names[] = {"pending", "given_up", NULL};

struct delivery_record {
    int status;
    int64_t attempts;
    int64_t next_attempt_at;
    int64_t lease_until;
    char *last_error;
};

static const struct field delivery_fields[] = {
    {"status", FIELD_ENUM, offsetof(struct delivery_record, status), delivery_status_names},
    {"attempts", FIELD_INT, offsetof(struct delivery_record, attempts), NULL},
    {"next_attempt_at", FIELD_TIME, offsetof(struct delivery_record, next_attempt_at), NULL},
    {"lease_until", FIELD_TIME, offsetof(struct delivery_record, lease_until), NULL},
    {"last_error", FIELD_TEXT, offsetof(struct delivery_record, last_error), NULL},
    {NULL, FIELD_TEXT, 0, NULL}};
static const struct record_type delivery_type = {"delivery", sizeof(struct delivery_record), delivery_fields,
                                                 1};

/* One event document, taken apart. */
struct queued {
    const char *document_id;
    uint64_t version;           /* of the document, as it is in the store */
    struct json_object *object; /* the event, without its delivery */
    char *line;                 /* the same as text */
    struct delivery_record delivery;
    cutover_event event; /* points into object and line */
};

struct run {
    const cutover_store *store;
    const cutover_notifier *notifier;
    const struct clock *clock;
    int64_t max_attempts;
    cutover_delivery counts;
    struct json_object *blocked; /* set of projects whose next events have to wait */
    cutover_error *damage;       /* the first document that could not be read */
};

static void queued_free(struct queued *queued)
{
    json_object_put(queued->object);
    free(queued->line);
    record_free(&delivery_type, &queued->delivery);
    memset(queued, 0, sizeof(*queued));
}

static cutover_status read_delivery(struct queued *queued, cutover_error **error)
{
    struct json_object *delivery = json_member(queued->object, "delivery");
    char *text = NULL;
    cutover_status status;

    if (delivery == NULL)
        return error_set(error, CUTOVER_E_STORE, "it has no delivery");
    status = json_format(delivery, &text, error);
    if (status == CUTOVER_OK)
        status = record_parse(&delivery_type, text, &queued->delivery, error);
    if (status == CUTOVER_OK && (queued->delivery.attempts < 0 || queued->delivery.attempts > UINT32_MAX))
        status = error_set(error, CUTOVER_E_STORE, "its attempts are out of range");
    free(text);
    if (status == CUTOVER_OK)
        json_object_object_del(queued->object, "delivery");
    return status;
}

static cutover_status read_event(struct queued *queued, cutover_error **error)
{
    cutover_event *event = &queued->event;
    int64_t sequence = json_int_or(queued->object, "sequence", 0);

    event->version = 1;
    event->id = json_text_or(queued->object, "id", NULL);
    event->type = json_text_or(queued->object, "type", NULL);
    event->project_id = json_text_or(queued->object, "project_id", NULL);
    if (event->id == NULL || event->type == NULL || event->project_id == NULL || sequence < 1 ||
        !time_parse(json_text_or(queued->object, "created_at", ""), &event->created_at))
        return error_set(error, CUTOVER_E_STORE, "a member is missing");
    event->sequence = (uint64_t)sequence;
    event->json = queued->line;
    return CUTOVER_OK;
}

/* CUTOVER_E_STORE for what is no event; *queued is to be freed in any case. */
static cutover_status queued_parse(const struct document *document, struct queued *queued,
                                   cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status = CUTOVER_OK;

    memset(queued, 0, sizeof(*queued));
    queued->document_id = document->id;
    queued->version = document->version;
    queued->object = json_parse(document->body, strlen(document->body), &cause);
    if (queued->object == NULL)
        status = cutover_error_code(cause);
    if (status == CUTOVER_OK)
        status = read_delivery(queued, &cause);
    if (status == CUTOVER_OK)
        status = json_format(queued->object, &queued->line, &cause);
    if (status == CUTOVER_OK)
        status = read_event(queued, &cause);
    if (status == CUTOVER_OK || status == CUTOVER_E_NOMEM) {
        error_move(error, cause);
        return status;
    }
    error_set(error, CUTOVER_E_STORE, "event %s in the store is damaged: %s", document->id,
              cutover_error_message(cause));
    error_hint(error, "Later events of its project wait: repair the document, or delete it.");
    cutover_error_free(cause);
    return CUTOVER_E_STORE;
}

/* Compares and sets the event's document to what queued->delivery says now. */
static cutover_status queued_save(struct run *run, struct queued *queued, cutover_error **error)
{
    struct json_object *delivery = record_json(&delivery_type, &queued->delivery);
    cutover_write write = {CUTOVER_WRITE_VERSION,    "event",         queued->document_id,
                           queued->event.project_id, queued->version, NULL};
    char *body = NULL;
    cutover_status status;

    if (delivery == NULL || json_object_object_add(queued->object, "delivery", delivery) != 0) {
        json_object_put(delivery);
        return error_nomem(error);
    }
    status = json_format(queued->object, &body, error);
    json_object_object_del(queued->object, "delivery");
    if (status != CUTOVER_OK)
        return status;
    write.body = body;
    status = store_save(run->store, &write, error);
    free(body);
    if (status == CUTOVER_OK)
        queued->version++;
    return status;
}

static cutover_status queued_delete(struct run *run, const struct queued *queued, cutover_error **error)
{
    cutover_write write = {CUTOVER_WRITE_VERSION,    "event",         queued->document_id,
                           queued->event.project_id, queued->version, NULL};

    return store_save(run->store, &write, error);
}

static cutover_status block(struct run *run, const char *project_id, cutover_error **error)
{
    if (json_object_object_add(run->blocked, project_id, NULL) != 0)
        return error_nomem(error);
    return CUTOVER_OK;
}

/* Whether a commit met another deliverer, to whom the project is left then; its error is dropped. */
static bool met_another(cutover_status status, cutover_error **cause)
{
    if (status != CUTOVER_E_CONFLICT)
        return false;
    cutover_error_free(*cause);
    *cause = NULL;
    return true;
}

static int64_t pause_after(int64_t attempts)
{
    int64_t pause = OUTBOX_PAUSE_US;

    for (int64_t i = 1; i < attempts && pause < OUTBOX_PAUSE_MAX_US; i++)
        pause *= 2;
    return pause < OUTBOX_PAUSE_MAX_US ? pause : OUTBOX_PAUSE_MAX_US;
}

static cutover_status set_last_error(struct queued *queued, const char *message, cutover_error **error)
{
    char kept[LAST_ERROR_MAX + 1];
    size_t length = strlen(message), characters;

    if (length > LAST_ERROR_MAX)
        length = LAST_ERROR_MAX;
    while (length > 0 && !utf8_count(message, length, &characters))
        length--; /* a character that the limit cut */
    memcpy(kept, message, length);
    kept[length] = '\0';
    return record_set_text(&queued->delivery.last_error, kept, error);
}

static cutover_status settle_delivered(struct run *run, struct queued *queued, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status = queued_delete(run, queued, &cause);

    run->counts.delivered++;
    if (met_another(status, &cause))
        return block(run, queued->event.project_id, error);
    error_move(error, cause);
    return status;
}

static cutover_status settle_given_up(struct run *run, struct queued *queued, const char *message,
                                      cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;

    queued->delivery.status = DELIVERY_GIVEN_UP;
    queued->delivery.next_attempt_at = 0;
    queued->delivery.lease_until = 0;
    status = set_last_error(queued, message, &cause);
    if (status == CUTOVER_OK)
        status = queued_save(run, queued, &cause);
    if (met_another(status, &cause)) {
        run->counts.waiting++;
        return block(run, queued->event.project_id, error);
    }
    if (status == CUTOVER_OK)
        run->counts.given_up++;
    error_move(error, cause);
    return status;
}

static cutover_status settle_refused(struct run *run, struct queued *queued, const char *message,
                                     cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;

    if (queued->delivery.attempts >= run->max_attempts)
        return settle_given_up(run, queued, message, error);
    run->counts.failed++;
    queued->delivery.lease_until = 0;
    queued->delivery.next_attempt_at = clock_now(run->clock) + pause_after(queued->delivery.attempts);
    status = set_last_error(queued, message, &cause);
    if (status == CUTOVER_OK)
        status = queued_save(run, queued, &cause);
    if (status == CUTOVER_OK || met_another(status, &cause))
        return block(run, queued->event.project_id, error);
    error_move(error, cause);
    return status;
}

static cutover_status offer(struct run *run, struct queued *queued, cutover_error **error)
{
    const cutover_notifier *notifier = run->notifier;
    cutover_error *refusal = NULL;
    cutover_status status;

    queued->event.attempt = (uint32_t)queued->delivery.attempts;
    status = notifier->deliver(&queued->event, &refusal, notifier->userdata);
    status = error_from_callback(&refusal, status, "notifier.deliver");
    if (status == CUTOVER_OK)
        return settle_delivered(run, queued, error);
    status = settle_refused(run, queued, cutover_error_message(refusal), error);
    cutover_error_free(refusal);
    return status;
}

/* Takes the lease, so that no other deliverer offers the same event or a later one of its project. */
static cutover_status lease_and_offer(struct run *run, struct queued *queued, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;

    queued->delivery.attempts++;
    queued->delivery.next_attempt_at = 0;
    queued->delivery.lease_until = clock_now(run->clock) + OUTBOX_LEASE_US;
    status = queued_save(run, queued, &cause);
    if (met_another(status, &cause)) {
        run->counts.waiting++;
        return block(run, queued->event.project_id, error);
    }
    if (status == CUTOVER_OK)
        return offer(run, queued, error);
    error_move(error, cause);
    return status;
}

static cutover_status handle(struct run *run, struct queued *queued, cutover_error **error)
{
    const struct delivery_record *delivery = &queued->delivery;
    const char *project_id = queued->event.project_id;
    int64_t now = clock_now(run->clock);

    if (delivery->status == DELIVERY_GIVEN_UP) {
        run->counts.given_up++;
        return CUTOVER_OK;
    }
    if (json_object_object_get_ex(run->blocked, project_id, NULL)) {
        run->counts.waiting++;
        return CUTOVER_OK;
    }
    if (delivery->lease_until > now || delivery->next_attempt_at > now) {
        run->counts.waiting++;
        return block(run, project_id, error);
    }
    if (delivery->attempts >= run->max_attempts) /* the last one's deliverer died */
        return settle_given_up(run, queued, "the last delivery did not end", error);
    return lease_and_offer(run, queued, error);
}

/* A document that cannot be read holds up its own project, no other. */
static cutover_status handle_damaged(struct run *run, const char *document_id, cutover_error *damage,
                                     cutover_error **error)
{
    const char *end = strrchr(document_id, ':');
    char *project_id = strndup(document_id, end != NULL ? (size_t)(end - document_id) : strlen(document_id));
    cutover_status status;

    error_move(&run->damage, damage);
    if (project_id == NULL)
        return error_nomem(error);
    status = block(run, project_id, error);
    free(project_id);
    return status;
}

static cutover_status deliver_each(void *context, const struct document *document, cutover_error **error)
{
    struct run *run = context;
    struct queued queued;
    cutover_error *cause = NULL;
    cutover_status status = queued_parse(document, &queued, &cause);

    if (status == CUTOVER_OK)
        status = handle(run, &queued, error);
    else if (status == CUTOVER_E_STORE)
        status = handle_damaged(run, document->id, cause, error);
    else
        error_move(error, cause);
    queued_free(&queued);
    return status;
}

cutover_status outbox_deliver(const cutover_store *store, const cutover_notifier *notifier,
                              const struct clock *clock, uint32_t max_attempts, cutover_delivery *delivery,
                              cutover_error **error)
{
    struct run run = {store, notifier, clock, max_attempts > 0 ? max_attempts : 1, {0, 0, 0, 0}, NULL, NULL};
    cutover_status status;

    run.blocked = json_object_new_object();
    if (run.blocked == NULL)
        return error_nomem(error);
    status = document_walk(store, "event", NULL, deliver_each, &run, error);
    json_object_put(run.blocked);
    if (status == CUTOVER_OK && run.damage != NULL)
        status = CUTOVER_E_STORE;
    if (status == CUTOVER_OK && delivery != NULL)
        *delivery = run.counts;
    error_move(error, run.damage);
    return status;
}

struct listing {
    cutover_event_emit emit;
    void *context;
};

static cutover_status list_each(void *context, const struct document *document, cutover_error **error)
{
    struct listing *listing = context;
    struct queued queued;
    cutover_status status = queued_parse(document, &queued, error);

    if (status == CUTOVER_OK) {
        queued.event.attempt = (uint32_t)queued.delivery.attempts;
        queued.event.json = document->body;
        status = listing->emit(&queued.event, listing->context);
    }
    queued_free(&queued);
    return status;
}

cutover_status outbox_list(const cutover_store *store, const char *project_id, cutover_event_emit emit,
                           void *context, cutover_error **error)
{
    struct listing listing = {emit, context};

    return document_walk(store, "event", project_id, list_each, &listing, error);
}
