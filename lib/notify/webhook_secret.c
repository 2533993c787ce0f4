#include "notify/webhook_secret.h"

#include "notify/webhook_signature.h"

#include <stdlib.h>
#include <string.h>

#define KIND "webhook_secret"
#define FORMAT 1

static cutover_status damaged(cutover_error **error)
{
    error_set(error, CUTOVER_E_STORE, "a webhook's secrets in the store are damaged");
    error_hint(error, "Remove that webhook, and add it anew.");
    return CUTOVER_E_STORE;
}

/* What was wrong with it is not told: it might show some of it. */
static cutover_status parse(const struct document *document, struct webhook_secrets *secrets,
                            cutover_error **error)
{
    cutover_error *cause = NULL;
    struct json_object *object = json_parse(document->body, strlen(document->body), &cause);
    cutover_status status = object != NULL ? CUTOVER_OK : cutover_error_code(cause);
    struct json_object *list = json_member(object, "secrets");

    if (status == CUTOVER_E_NOMEM)
        error_nomem(error);
    else if (object != NULL)
        status = record_format_check(KIND, object, FORMAT, error);
    if (status != CUTOVER_E_NOMEM && status != CUTOVER_E_UNSUPPORTED &&
        !json_object_is_type(list, json_type_array))
        status = damaged(error);
    if (status == CUTOVER_OK) {
        secrets->list = json_object_get(list);
        secrets->version = document->version;
    }
    json_object_put(object);
    cutover_error_free(cause);
    return status;
}

cutover_status webhook_secrets_read(const cutover_store *store, const char *webhook_id,
                                    struct webhook_secrets *secrets, cutover_error **error)
{
    struct document document = {NULL, NULL, 0};
    cutover_status status = document_get(store, KIND, webhook_id, &document, error);

    if (status == CUTOVER_OK)
        status = parse(&document, secrets, error);
    webhook_secret_free(document.body);
    document.body = NULL;
    document_free(&document);
    return status;
}

void webhook_secrets_free(struct webhook_secrets *secrets)
{
    json_object_put(secrets->list);
    *secrets = (struct webhook_secrets){NULL, 0};
}

/* When it ends; INT64_MAX: not by itself. */
static int64_t end_of(struct json_object *entry)
{
    const char *until = json_text_or(entry, "until", NULL);
    int64_t at = 0;

    return until != NULL && time_parse(until, &at) ? at : INT64_MAX;
}

static void append(struct json_object *list, const char *secret, int64_t until)
{
    struct json_object *entry = json_object_new_object();

    if (entry != NULL) {
        json_put_text(entry, "secret", secret);
        json_put_time(entry, "until", until);
    }
    json_add(list, entry);
}

cutover_status webhook_secrets_add(struct webhook_secrets *secrets, int64_t now, int64_t until, char **secret,
                                   cutover_error **error)
{
    struct json_object *list = json_object_new_array();
    char *made = NULL;
    cutover_status status = list != NULL ? webhook_secret_new(&made, error) : error_nomem(error);
    size_t count = secrets->list != NULL ? json_object_array_length(secrets->list) : 0;

    if (status == CUTOVER_OK)
        append(list, made, 0);
    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        struct json_object *entry = json_object_array_get_idx(secrets->list, i);
        int64_t end = end_of(entry) < until ? end_of(entry) : until;
        if (end > now && json_object_array_length(list) < WEBHOOK_SECRETS_MAX)
            append(list, json_text_or(entry, "secret", NULL), end);
    }
    if (status == CUTOVER_OK && !json_is_complete(list))
        status = error_nomem(error);
    if (status != CUTOVER_OK) {
        json_object_put(list);
        webhook_secret_free(made);
        return status;
    }
    json_object_put(secrets->list);
    secrets->list = list;
    *secret = made;
    return CUTOVER_OK;
}

cutover_status webhook_secrets_put(const struct webhook_secrets *secrets, struct change *change,
                                   const char *webhook_id, cutover_error **error)
{
    struct json_object *object = json_object_new_object();
    char *body = NULL;

    json_put_object(object, "secrets", json_object_get(secrets->list));
    cutover_status status = json_format(object, &body, error);
    if (status == CUTOVER_OK)
        status = change_put(change, KIND, webhook_id, secrets->version, body, error);
    webhook_secret_free(body);
    json_object_put(object);
    return status;
}

cutover_status webhook_secrets_sign(const struct webhook_secrets *secrets, int64_t now, const char *id,
                                    int64_t timestamp_s, const char *body, struct text *header,
                                    cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < json_object_array_length(secrets->list); i++) {
        struct json_object *entry = json_object_array_get_idx(secrets->list, i);
        if (end_of(entry) > now)
            status = webhook_sign(json_text_or(entry, "secret", NULL), id, timestamp_s, body, header, error);
    }
    if (status == CUTOVER_OK && header->length == 0)
        status = damaged(error);
    return status;
}
