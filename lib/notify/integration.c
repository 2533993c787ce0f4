#include "notify/integration.h"

#include "model/request.h"
#include "store/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const integration_provider_names[] = {
    [PROVIDER_VERCEL] = "vercel",
    [PROVIDER_NETLIFY] = "netlify",
    [PROVIDER_COUNT] = NULL,
};

const char *const integration_status_names[] = {
    [INTEGRATION_IDLE] = "idle",
    [INTEGRATION_PENDING] = "pending",
    [INTEGRATION_SYNCED] = "synced",
    [INTEGRATION_FAILED] = "failed",
    NULL,
};

#define MEMBER(type, name) #name, type, offsetof(struct integration_record, name)

static const struct field fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_ENUM, provider), integration_provider_names},
    {MEMBER(FIELD_TEXT, site_id), NULL},
    {MEMBER(FIELD_TEXT, account_id), NULL},
    {MEMBER(FIELD_TEXT, pooled_name), NULL},
    {MEMBER(FIELD_TEXT, unpooled_name), NULL},
    {MEMBER(FIELD_JSON, targets), NULL},
    {MEMBER(FIELD_BOOL, secret), NULL},
    {MEMBER(FIELD_TEXT, secrets_id), NULL},
    {MEMBER(FIELD_TEXT, connected_by_actor_id), NULL},
    {MEMBER(FIELD_ENUM, connected_by_actor_kind), actor_kind_names},
    {MEMBER(FIELD_TIME, connected_at), NULL},
    {MEMBER(FIELD_TIME, updated_at), NULL},
    {MEMBER(FIELD_ENUM, status), integration_status_names},
    {MEMBER(FIELD_TEXT, cause), NULL},
    {MEMBER(FIELD_TEXT, cause_job_id), NULL},
    {MEMBER(FIELD_INT, wish), NULL},
    {MEMBER(FIELD_INT, event_sequence), NULL},
    {MEMBER(FIELD_INT, attempts), NULL},
    {MEMBER(FIELD_TIME, next_attempt_at), NULL},
    {MEMBER(FIELD_TEXT, claim_id), NULL},
    {MEMBER(FIELD_INT, claim_wish), NULL},
    {MEMBER(FIELD_TIME, lease_until), NULL},
    {MEMBER(FIELD_TIME, synced_at), NULL},
    {MEMBER(FIELD_TEXT, last_error), NULL},
    {MEMBER(FIELD_JSON, results), NULL},
    {MEMBER(FIELD_JSON, history), NULL},
    {"", FIELD_REST, offsetof(struct integration_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type integration_type = {"integration", sizeof(struct integration_record), fields, 1};

cutover_status integration_document_id(const char *project_id, int provider,
                                       char id[INTEGRATION_DOCUMENT_ID_SIZE], cutover_error **error)
{
    int length =
        snprintf(id, INTEGRATION_DOCUMENT_ID_SIZE, "%s:%s", project_id, integration_provider_names[provider]);

    if (length > 0 && length <= STORE_ID_MAX)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "project_id: longer than 100 bytes");
}

int integration_provider_of(const char *name)
{
    for (int provider = 0; provider < PROVIDER_COUNT; provider++)
        if (strcmp(integration_provider_names[provider], name) == 0)
            return provider;
    return -1;
}

static bool is_whole(const struct integration_record *record)
{
    return record->id != NULL && record->project_id != NULL && record->site_id != NULL &&
           json_object_is_type(record->targets, json_type_array) &&
           (record->history == NULL || json_object_is_type(record->history, json_type_array));
}

cutover_status integration_parse(const struct document *document, struct integration_record *record,
                                 cutover_error **error)
{
    cutover_status status = record_parse(&integration_type, document->body, record, error);

    if (status == CUTOVER_OK && !is_whole(record)) {
        record_free(&integration_type, record);
        status = error_set(error, CUTOVER_E_STORE,
                           "integration %s in the store is damaged: a member is missing", document->id);
    }
    return status;
}

cutover_status integration_find(const cutover_store *store, const char *project_id, int provider,
                                struct integration_record *record, uint64_t *version, bool *found,
                                cutover_error **error)
{
    char id[INTEGRATION_DOCUMENT_ID_SIZE];
    struct document document = {NULL, NULL, 0};

    memset(record, 0, sizeof *record);
    *version = 0;
    *found = false;
    cutover_status status = integration_document_id(project_id, provider, id, error);
    if (status == CUTOVER_OK)
        status = document_find(store, integration_type.kind, id, &document, found, error);
    if (status == CUTOVER_OK && *found) {
        *version = document.version;
        status = integration_parse(&document, record, error);
    }
    document_free(&document);
    return status;
}

cutover_status integration_read(const cutover_store *store, const char *project_id, int provider,
                                struct integration_record *record, uint64_t *version, cutover_error **error)
{
    bool found;
    cutover_status status = integration_find(store, project_id, provider, record, version, &found, error);

    if (status == CUTOVER_OK && !found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "project %s is not connected to %s", project_id,
                           integration_provider_names[provider]);
    return status;
}

cutover_status integration_save(const cutover_store *store, const struct integration_record *record,
                                uint64_t version, cutover_error **error)
{
    char id[INTEGRATION_DOCUMENT_ID_SIZE];
    cutover_write write = {CUTOVER_WRITE_VERSION, integration_type.kind, id, record->project_id, version, NULL};
    char *body = NULL;

    cutover_status status = integration_document_id(record->project_id, record->provider, id, error);
    if (status == CUTOVER_OK)
        status = record_format(&integration_type, record, &body, error);
    if (status == CUTOVER_OK) {
        write.body = body;
        status = store_save(store, &write, error);
    }
    free(body);
    return status;
}

cutover_status integration_wish(struct integration_record *record, const char *cause, const char *job_id,
                                int64_t now, cutover_error **error)
{
    record->wish++;
    record->status = INTEGRATION_PENDING;
    record->attempts = 0;
    record->next_attempt_at = now;
    record->updated_at = now;
    cutover_status status = record_set_text(&record->cause, cause, error);
    return status == CUTOVER_OK ? record_set_text(&record->cause_job_id, job_id, error) : status;
}

bool integration_is_due(const struct integration_record *record, int64_t now, int64_t *when)
{
    *when = 0;
    if (record->status != INTEGRATION_PENDING)
        return false;
    *when = record->claim_id != NULL ? record->lease_until : record->next_attempt_at;
    return *when <= now;
}
