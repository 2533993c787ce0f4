#include "notify/queued.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/ledger.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

#define KIND "event"
#define FORMAT 1

static const char *const status_names[] = {"pending", "delivered", "given_up", "discarded", NULL};

static const struct field delivery_fields[] = {
    {"status", FIELD_ENUM, offsetof(struct delivery_record, status), status_names},
    {"attempts", FIELD_INT, offsetof(struct delivery_record, attempts), NULL},
    {"failures", FIELD_INT, offsetof(struct delivery_record, failures), NULL},
    {"next_attempt_at", FIELD_TIME, offsetof(struct delivery_record, next_attempt_at), NULL},
    {"lease_until", FIELD_TIME, offsetof(struct delivery_record, lease_until), NULL},
    {"last_error", FIELD_TEXT, offsetof(struct delivery_record, last_error), NULL},
    {"", FIELD_REST, offsetof(struct delivery_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL}};
const struct record_type delivery_type = {"delivery", sizeof(struct delivery_record), delivery_fields, 1};

void queued_free(struct queued *queued)
{
    free(queued->document_id);
    json_object_put(queued->object);
    json_object_put(queued->deliveries);
    free(queued->line);
    memset(queued, 0, sizeof *queued);
}

/* Takes the deliveries out of the object. */
static cutover_status read_deliveries(struct queued *queued, cutover_error **error)
{
    struct json_object *deliveries = json_member(queued->object, "deliveries");

    if (deliveries == NULL)
        queued->deliveries = json_object_new_object();
    else if (json_object_is_type(deliveries, json_type_object))
        queued->deliveries = json_object_get(deliveries);
    else
        return error_set(error, CUTOVER_E_STORE, "its deliveries are no object");
    json_object_object_del(queued->object, "deliveries");
    return queued->deliveries != NULL ? CUTOVER_OK : error_nomem(error);
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

/* Takes the cause over. */
static cutover_status damaged(const char *document_id, cutover_error *cause, cutover_error **error)
{
    cutover_status status = cutover_error_code(cause);

    if (status == CUTOVER_E_NOMEM || status == CUTOVER_E_UNSUPPORTED) {
        error_move(error, cause);
        return status;
    }
    error_set(error, CUTOVER_E_STORE, "event %s in the store is damaged: %s", document_id,
              cutover_error_message(cause));
    error_hint(error, "Later events of its project wait: repair the document, or delete it.");
    cutover_error_free(cause);
    return CUTOVER_E_STORE;
}

cutover_status queued_parse(const struct document *document, struct queued *queued, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status = CUTOVER_OK;

    memset(queued, 0, sizeof *queued);
    queued->version = document->version;
    queued->object = json_parse(document->body, strlen(document->body), &cause);
    if (queued->object == NULL)
        status = cutover_error_code(cause);
    if (status == CUTOVER_OK)
        status = record_format_check(KIND, queued->object, FORMAT, &cause);
    if (status == CUTOVER_OK)
        status = string_copy(document->id, &queued->document_id, &cause);
    if (status == CUTOVER_OK)
        status = read_deliveries(queued, &cause);
    if (status == CUTOVER_OK)
        status = json_format(queued->object, &queued->line, &cause);
    if (status == CUTOVER_OK)
        status = read_event(queued, &cause);
    return status == CUTOVER_OK ? CUTOVER_OK : damaged(document->id, cause, error);
}

cutover_status queued_delivery(const struct queued *queued, const char *name, struct delivery_record *delivery,
                               cutover_error **error)
{
    struct json_object *found = json_member(queued->deliveries, name);
    cutover_error *cause = NULL;
    char *text = NULL;

    memset(delivery, 0, sizeof *delivery);
    if (found == NULL)
        return CUTOVER_OK;
    cutover_status status = json_format(found, &text, &cause);
    if (status == CUTOVER_OK)
        status = record_parse(&delivery_type, text, delivery, &cause);
    free(text);
    if (status == CUTOVER_OK && (delivery->attempts < 0 || delivery->attempts >= UINT32_MAX ||
                                 delivery->failures < 0 || delivery->failures > delivery->attempts)) {
        record_free(&delivery_type, delivery);
        status = error_set(&cause, CUTOVER_E_STORE, "the attempts of %s are out of range", name);
    }
    return status == CUTOVER_OK ? CUTOVER_OK : damaged(queued->document_id, cause, error);
}

static bool is_done(struct json_object *delivery)
{
    const char *status = json_text_or(delivery, "status", "");

    return strcmp(status, status_names[DELIVERY_DELIVERED]) == 0 ||
           strcmp(status, status_names[DELIVERY_DISCARDED]) == 0;
}

bool queued_is_done(const struct queued *queued, struct json_object *names, const char *but)
{
    json_object_object_foreach(names, name, days)
    {
        (void)days;
        if (but != NULL && strcmp(name, but) == 0)
            continue;
        if (!is_done(json_member(queued->deliveries, name)))
            return false;
    }
    return true;
}

static cutover_write write_of(const struct queued *queued, const char *body)
{
    return (cutover_write){CUTOVER_WRITE_VERSION, KIND, queued->document_id, queued->event.project_id,
                           queued->version,       body};
}

/* A save, as it is told. */
struct saving {
    const cutover_store *store;
    struct queued *queued;
    struct json_object *names;
    const char *name;
    const struct delivery_record *delivery;
    const struct told *told; /* or NULL */
};

static cutover_status told_data(const struct saving *saving, struct json_object **data, cutover_error **error)
{
    const cutover_event *event = &saving->queued->event;

    *data = json_object_new_object();
    if (*data == NULL)
        return error_nomem(error);
    json_put_text(*data, "event_id", event->id);
    json_put_text(*data, "type", event->type);
    json_put_int(*data, "sequence", (int64_t)event->sequence);
    json_put_text(*data, "notifier", saving->name);
    json_put_int(*data, "attempts", saving->delivery->attempts);
    json_put_text(*data, "last_error", saving->delivery->last_error);
    return CUTOVER_OK;
}

static cutover_status commit_told(const struct saving *saving, const char *body, cutover_error **error)
{
    const struct queued *queued = saving->queued;
    struct change *change = NULL;
    struct json_object *data = NULL;

    cutover_status status =
        change_begin(saving->store, saving->told->clock, queued->event.project_id, &change, error);
    if (status == CUTOVER_OK)
        status = told_data(saving, &data, error);
    if (status == CUTOVER_OK)
        status = change_put(change, KIND, queued->document_id, queued->version, body, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, saving->told->action, saving->told->actor,
                              json_text_or(queued->object, "request_id", NULL), data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    json_object_put(data);
    change_free(change);
    return status;
}

/* `body` NULL deletes. */
static cutover_status commit(const struct saving *saving, const char *body, cutover_error **error)
{
    const cutover_write write = write_of(saving->queued, body);

    return saving->told != NULL ? commit_told(saving, body, error) : store_save(saving->store, &write, error);
}

cutover_status queued_delete(const cutover_store *store, const struct queued *queued, cutover_error **error)
{
    const cutover_write write = write_of(queued, NULL);

    return store_save(store, &write, error);
}

static cutover_status queued_write(const struct saving *saving, cutover_error **error)
{
    struct queued *queued = saving->queued;
    char *body = NULL;

    if (json_object_object_add(queued->object, "deliveries", json_object_get(queued->deliveries)) != 0) {
        json_object_put(queued->deliveries);
        return error_nomem(error);
    }
    cutover_status status = json_format(queued->object, &body, error);
    json_object_object_del(queued->object, "deliveries");
    if (status == CUTOVER_OK)
        status = commit(saving, body, error);
    free(body);
    return status;
}

/* Reads the deliveries again. CUTOVER_E_CONFLICT: the event is gone, or this notifier's state is not `seen` any more. */
static cutover_status read_again(const cutover_store *store, struct queued *queued, const char *name,
                                 struct json_object *seen, cutover_error **error)
{
    struct document document = {NULL, NULL, 0};
    struct queued fresh = {.document_id = NULL};
    cutover_error *cause = NULL;
    cutover_status status = document_get(store, KIND, queued->document_id, &document, &cause);

    if (status == CUTOVER_OK)
        status = queued_parse(&document, &fresh, &cause);
    if (status == CUTOVER_E_NOT_FOUND ||
        (status == CUTOVER_OK && !json_object_equal(json_member(fresh.deliveries, name), seen))) {
        cutover_error_free(cause);
        cause = NULL;
        status = error_set(&cause, CUTOVER_E_CONFLICT, "event %s was settled for %s by somebody else",
                           queued->document_id, name);
    }
    if (status == CUTOVER_OK) {
        json_object_put(queued->deliveries);
        queued->deliveries = json_object_get(fresh.deliveries);
        queued->version = fresh.version;
    }
    queued_free(&fresh);
    document_free(&document);
    error_move(error, cause);
    return status;
}

/* Puts the state in and commits, once. On failure *queued has the one that was `seen` again. */
static cutover_status try_save(const struct saving *saving, struct json_object *state, struct json_object *seen,
                               cutover_error **error)
{
    struct queued *queued = saving->queued;
    const char *name = saving->name;
    cutover_status status;

    if (json_object_object_add(queued->deliveries, name, json_object_get(state)) != 0) {
        json_object_put(state);
        return error_nomem(error);
    }
    if (queued_is_done(queued, saving->names, NULL))
        status = commit(saving, NULL, error);
    else
        status = queued_write(saving, error);
    if (status == CUTOVER_OK)
        queued->version++;
    else if (seen == NULL)
        json_object_object_del(queued->deliveries, name);
    else /* a member that exists is replaced: no memory is asked for */
        json_object_object_add(queued->deliveries, name, json_object_get(seen));
    return status;
}

cutover_status queued_save(const cutover_store *store, struct queued *queued, struct json_object *names,
                           const char *name, const struct delivery_record *delivery, const struct told *told,
                           cutover_error **error)
{
    const struct saving saving = {store, queued, names, name, delivery, told};
    struct json_object *seen = json_object_get(json_member(queued->deliveries, name));
    struct json_object *state = record_json(&delivery_type, delivery);
    cutover_error *cause = NULL;
    cutover_status status = state != NULL ? CUTOVER_OK : error_nomem(&cause);
    unsigned attempt = 0;

    if (status == CUTOVER_OK)
        status = try_save(&saving, state, seen, &cause);
    while (change_again(status, &attempt, &cause)) {
        status = read_again(store, queued, name, seen, &cause);
        if (status != CUTOVER_OK)
            break;
        status = try_save(&saving, state, seen, &cause);
    }
    json_object_put(state);
    json_object_put(seen);
    error_move(error, cause);
    return status;
}
