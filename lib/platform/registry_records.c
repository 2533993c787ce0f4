/* What the registry keeps, as documents. */
#include "base/clock.h"
#include "platform/registry_private.h"
#include "store/port.h"

#include <stdlib.h>

static const struct field project_fields[] = {
    {"id", FIELD_TEXT, offsetof(struct project_record, id), NULL},
    {"organization_id", FIELD_TEXT, offsetof(struct project_record, organization_id), NULL},
    {"state", FIELD_TEXT, offsetof(struct project_record, state), NULL},
    {"database", FIELD_TEXT, offsetof(struct project_record, database), NULL},
    {"control_database", FIELD_TEXT, offsetof(struct project_record, control_database), NULL},
    {"verify_database", FIELD_TEXT, offsetof(struct project_record, verify_database), NULL},
    {"loader_database", FIELD_TEXT, offsetof(struct project_record, loader_database), NULL},
    {"job_id", FIELD_TEXT, offsetof(struct project_record, job_id), NULL},
    {"pgbouncers", FIELD_JSON, offsetof(struct project_record, pgbouncers), NULL},
    {"hold_fence", FIELD_BOOL, offsetof(struct project_record, hold_fence), NULL},
    {"", FIELD_REST, offsetof(struct project_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL}};

const struct record_type project_type = {"project", sizeof(struct project_record), project_fields, 1};

static const struct field preview_fields[] = {
    {"id", FIELD_TEXT, offsetof(struct preview_record, id), NULL},
    {"project_id", FIELD_TEXT, offsetof(struct preview_record, project_id), NULL},
    {"state", FIELD_TEXT, offsetof(struct preview_record, state), NULL},
    {"database", FIELD_TEXT, offsetof(struct preview_record, database), NULL},
    {"expires_at", FIELD_TIME, offsetof(struct preview_record, expires_at), NULL},
    {"", FIELD_REST, offsetof(struct preview_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL}};

const struct record_type preview_type = {"preview", sizeof(struct preview_record), preview_fields, 1};

cutover_status registry_save(const cutover_registry *registry, const struct record_type *type, const char *id,
                             const char *project_id, uint64_t expected_version, const void *record,
                             cutover_error **error)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, type->kind, id, project_id, expected_version, NULL};
    char *body = NULL;
    cutover_status status = record_format(type, record, &body, error);

    if (status == CUTOVER_OK) {
        write.body = body;
        status = store_save(&registry->store, &write, error);
    }
    free(body);
    return status;
}

/* One commit of a record and of the audit entry that says so. */
static cutover_status told_once(const cutover_registry *registry, const struct record_type *type,
                                const char *id, const char *project_id, uint64_t expected_version,
                                const void *record, const char *told, struct json_object *data,
                                cutover_error **error)
{
    const struct clock clock = {.now = NULL};
    struct change *change = NULL;

    cutover_status status = change_begin(&registry->store, &clock, project_id, &change, error);
    if (status == CUTOVER_OK && record != NULL)
        status = change_put_record(change, type, id, expected_version, record, error);
    else if (status == CUTOVER_OK)
        status = change_put(change, type->kind, id, expected_version, NULL, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, told, &registry->actor, NULL, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}

/* Whether the document is not as it was expected to be: then trying again would not help. */
static bool is_another(const cutover_registry *registry, const char *kind, const char *id,
                       uint64_t expected_version)
{
    struct document document = {NULL, NULL, 0};
    bool found = false;
    cutover_status status = document_find(&registry->store, kind, id, &document, &found, NULL);
    uint64_t version = document.version;

    document_free(&document);
    return status == CUTOVER_OK && (found ? version : 0) != expected_version;
}

/* The same, as often as only the project's ledger has moved. `data` is borrowed. */
static cutover_status save_told(const cutover_registry *registry, const struct record_type *type,
                                const char *id, const char *project_id, uint64_t expected_version,
                                const void *record, const char *told, struct json_object *data,
                                cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status;
    bool another;

    do {
        status = told_once(registry, type, id, project_id, expected_version, record, told, data, &cause);
        another = status == CUTOVER_E_CONFLICT && is_another(registry, type->kind, id, expected_version);
    } while (!another && change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

/* What the audit trail has of a project or a preview; connection strings stay in the registry. */
static cutover_status told_of(const char *member, const char *id, struct json_object **data,
                              cutover_error **error)
{
    *data = json_object_new_object();
    if (*data == NULL)
        return error_nomem(error);
    json_put_text(*data, member, id);
    return CUTOVER_OK;
}

cutover_status registry_save_project(const cutover_registry *registry, const struct project_record *record,
                                     uint64_t expected_version, const char *told, cutover_error **error)
{
    struct json_object *data = NULL;
    cutover_status status = told_of("project_id", record->id, &data, error);

    if (status == CUTOVER_OK)
        status = save_told(registry, &project_type, record->id, record->id, expected_version, record, told,
                           data, error);
    json_object_put(data);
    return status;
}

cutover_status registry_save_preview(const cutover_registry *registry, const struct preview_record *record,
                                     uint64_t expected_version, const char *told, cutover_error **error)
{
    struct json_object *data = NULL;
    cutover_status status = told_of("preview_database_id", record->id, &data, error);

    if (status == CUTOVER_OK) {
        json_put_time(data, "expires_at", record->expires_at);
        status = save_told(registry, &preview_type, record->id, record->project_id, expected_version, record,
                           told, data, error);
    }
    json_object_put(data);
    return status;
}

cutover_status registry_set_pgbouncers(struct project_record *record, const char *const *consoles,
                                       cutover_error **error)
{
    struct json_object *list = NULL;

    if (consoles != NULL && consoles[0] != NULL) {
        list = json_object_new_array();
        if (list == NULL)
            return error_nomem(error);
        for (size_t i = 0; consoles[i] != NULL; i++)
            json_add(list, json_object_new_string(consoles[i]));
    }
    json_object_put(record->pgbouncers);
    record->pgbouncers = list;
    return list != NULL && !json_is_complete(list) ? error_nomem(error) : CUTOVER_OK;
}

cutover_status registry_refuse_incomplete(const char *kind, const char *id, cutover_error **error)
{
    error_set(error, CUTOVER_E_STORE, "%s %s in the store is damaged: a member is missing", kind,
              id != NULL ? id : "without id");
    error_hint(error, "Repair the document, or delete it and add it again.");
    return CUTOVER_E_STORE;
}

bool registry_is_expired(const struct preview_record *record)
{
    return record->expires_at != 0 && record->expires_at <= clock_now(NULL);
}

cutover_status registry_emit_preview(const struct preview_record *record, const char *state,
                                     cutover_preview_emit emit, void *context, cutover_error **error)
{
    cutover_preview preview = {CUTOVER_PREVIEW_VERSION, record->id,
                               record->project_id,      state != NULL ? state : record->state,
                               record->database,        record->expires_at};

    if (record->id == NULL || record->project_id == NULL || record->state == NULL || record->database == NULL)
        return registry_refuse_incomplete("preview", record->id, error);
    return emit(&preview, context);
}

/* The texts stay the record's; *consoles is NULL where there are none. */
static cutover_status list_pgbouncers(const struct project_record *record, const char ***consoles,
                                      cutover_error **error)
{
    if (!json_object_is_type(record->pgbouncers, json_type_array))
        return record->pgbouncers == NULL ? CUTOVER_OK
                                          : registry_refuse_incomplete("project", record->id, error);
    size_t count = json_object_array_length(record->pgbouncers);
    *consoles = calloc(count + 1, sizeof **consoles);
    if (*consoles == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < count; i++) {
        struct json_object *console = json_object_array_get_idx(record->pgbouncers, i);
        if (!json_object_is_type(console, json_type_string))
            return registry_refuse_incomplete("project", record->id, error);
        (*consoles)[i] = json_object_get_string(console);
    }
    return CUTOVER_OK;
}

cutover_status registry_emit_project(const struct project_record *record, cutover_project_emit emit,
                                     void *context, cutover_error **error)
{
    const char **consoles = NULL;

    if (record->id == NULL || record->state == NULL || record->database == NULL)
        return registry_refuse_incomplete("project", record->id, error);
    cutover_status status = list_pgbouncers(record, &consoles, error);
    if (status != CUTOVER_OK)
        return status;
    const cutover_project project = {
        .version = CUTOVER_PROJECT_VERSION,
        .id = record->id,
        .organization_id = record->organization_id,
        .state = record->state,
        .database = record->database,
        .control_database = record->control_database,
        .verify_database = record->verify_database,
        .job_id = record->job_id,
        .loader_database = record->loader_database,
        .pgbouncers = consoles,
        .hold_fence = record->hold_fence,
    };
    status = emit(&project, context);
    free(consoles);
    return status;
}
