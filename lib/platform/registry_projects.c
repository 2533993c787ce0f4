/* Projects of the registry: added, changed, listed, removed. */
#include "base/text.h"
#include "platform/registry_private.h"
#include "store/port.h"

#include <string.h>

cutover_status cutover_registry_project_add(cutover_registry *registry, const cutover_project *given,
                                            cutover_error **error)
{
    cutover_project whole, *project = &whole;
    struct project_record record = {0};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_take_project(given, project, error);
    if (status != CUTOVER_OK)
        return status;
    status = record_set_text(&record.id, project->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.organization_id,
                                 project->organization_id != NULL ? project->organization_id : "", error);
    record.hold_fence = project->hold_fence != 0;
    if (status == CUTOVER_OK)
        status = record_set_text(&record.state, "active", error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.database, project->database, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.control_database, project->control_database, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.verify_database, project->verify_database, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.loader_database, project->loader_database, error);
    if (status == CUTOVER_OK)
        status = registry_set_pgbouncers(&record, project->pgbouncers, error);
    if (status == CUTOVER_OK)
        status = registry_save_project(registry, &record, 0, "project.added", error);
    record_free(&project_type, &record);
    return status;
}

/* ---- changed ---- */

/* What is NULL stays; what is optional and "" goes. *changed gets the names of those that are another now. */
static cutover_status take_text(char **member, const char *name, const char *given, bool optional,
                                struct json_object *changed, cutover_error **error)
{
    const char *value = optional && given != NULL && given[0] == '\0' ? NULL : given;

    if (given == NULL || (*member == NULL && value == NULL) ||
        (*member != NULL && value != NULL && strcmp(*member, value) == 0))
        return CUTOVER_OK;
    json_add(changed, json_object_new_string(name));
    return record_set_text(member, value, error);
}

/* A job lets go those whom it told to hold their clients, and as it told them. */
static cutover_status refuse_restoring(const struct project_record *record, cutover_error **error)
{
    if (record->state == NULL || strcmp(record->state, REGISTRY_RESTORING) != 0)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_STATE,
                     "project %s is restoring: a job ends with its poolers as it began with them", record->id);
}

/* NULL is none. */
static size_t count_of(struct json_object *consoles)
{
    return consoles != NULL ? json_object_array_length(consoles) : 0;
}

static cutover_status apply_pgbouncers(const void *given, struct project_record *record,
                                       struct json_object *changed, cutover_error **error)
{
    struct json_object *before = json_object_get(record->pgbouncers);
    cutover_status status = refuse_restoring(record, error);

    if (status == CUTOVER_OK)
        status = registry_set_pgbouncers(record, given, error);
    bool none = count_of(before) == 0 && count_of(record->pgbouncers) == 0;
    if (status == CUTOVER_OK && !none && !json_object_equal(before, record->pgbouncers))
        json_add(changed, json_object_new_string("pgbouncers"));
    json_object_put(before);
    return status;
}

static cutover_status apply_hold_fence(const void *given, struct project_record *record,
                                       struct json_object *changed, cutover_error **error)
{
    bool hold = *(const int32_t *)given != 0;

    if (hold != record->hold_fence)
        json_add(changed, json_object_new_string("hold_fence"));
    record->hold_fence = hold;
    return refuse_restoring(record, error);
}

static cutover_status apply_members(const void *context, struct project_record *record,
                                    struct json_object *changed, cutover_error **error)
{
    const cutover_project *given = context;
    const struct {
        char **member;
        const char *name, *given;
        bool optional;
    } texts[] = {
        {&record->database, "database", given->database, false},
        {&record->control_database, "control_database", given->control_database, true},
        {&record->verify_database, "verify_database", given->verify_database, true},
        {&record->loader_database, "loader_database", given->loader_database, true},
        {&record->organization_id, "organization_id",
         given->organization_id != NULL && given->organization_id[0] != '\0' ? given->organization_id : NULL,
         false},
    };
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < sizeof texts / sizeof *texts; i++)
        status = take_text(texts[i].member, texts[i].name, texts[i].given, texts[i].optional, changed, error);
    if (status == CUTOVER_OK && given->pgbouncers != NULL)
        status = apply_pgbouncers(given->pgbouncers, record, changed, error);
    if (status == CUTOVER_OK && given->hold_fence != 0)
        status = apply_hold_fence(&(int32_t){given->hold_fence > 0}, record, changed, error);
    return status;
}

static cutover_status audit(const cutover_registry *registry, struct change *change, const char *action,
                            const char *project_id, const char *name, struct json_object *value,
                            cutover_error **error)
{
    struct json_object *data = json_object_new_object();

    if (data == NULL) {
        json_object_put(value);
        return error_nomem(error);
    }
    json_put_text(data, "project_id", project_id);
    json_put_object(data, name, value);
    cutover_status status = change_audit(change, action, &registry->actor, NULL, data, error);
    json_object_put(data);
    return status;
}

/* `apply` makes the record what is wanted, and adds to *changed the names of the members that are others then. */
struct project_change {
    const char *id;
    const void *given;
    cutover_status (*apply)(const void *given, struct project_record *record, struct json_object *changed,
                            cutover_error **error);
};

static cutover_status change_once(const cutover_registry *registry, const struct project_change *wanted,
                                  cutover_error **error)
{
    struct project_record record = {0};
    struct change *change = NULL;
    struct json_object *changed = json_object_new_array();
    uint64_t version = 0;

    cutover_status status = change_begin(&registry->store, &(struct clock){0}, wanted->id, &change, error);
    if (status == CUTOVER_OK)
        status = document_get_record(&registry->store, &project_type, wanted->id, &record, &version, error);
    if (status == CUTOVER_OK)
        status = registry_check_no_job(registry, wanted->id, error);
    if (status == CUTOVER_OK)
        status = changed != NULL ? wanted->apply(wanted->given, &record, changed, error) : error_nomem(error);
    if (status == CUTOVER_OK && !json_is_complete(changed))
        status = error_nomem(error);
    if (status == CUTOVER_OK && json_object_array_length(changed) > 0) {
        status = change_put_record(change, &project_type, wanted->id, version, &record, error);
        if (status == CUTOVER_OK)
            status = audit(registry, change, "project.changed", wanted->id, "changed", json_object_get(changed),
                           error);
        if (status == CUTOVER_OK)
            status = change_commit(change, error);
    }
    json_object_put(changed);
    change_free(change);
    record_free(&project_type, &record);
    return status;
}

static cutover_status change_project(const cutover_registry *registry, const struct project_change *wanted,
                                     cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status;

    do
        status = change_once(registry, wanted, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_registry_project_set(cutover_registry *registry, const cutover_project *given,
                                            cutover_error **error)
{
    cutover_project whole;
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_take_change(given, &whole, error);
    if (status != CUTOVER_OK)
        return status;
    const struct project_change wanted = {whole.id, &whole, apply_members};
    return change_project(registry, &wanted, error);
}

cutover_status cutover_registry_project_set_pgbouncers(cutover_registry *registry, const char *project_id,
                                                       const char *const *consoles, cutover_error **error)
{
    const struct project_change wanted = {project_id, consoles, apply_pgbouncers};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_check_bytes("project_id", project_id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK)
        status = registry_check_pgbouncers(consoles, error);
    return status == CUTOVER_OK ? change_project(registry, &wanted, error) : status;
}

cutover_status cutover_registry_project_set_hold_fence(cutover_registry *registry, const char *project_id,
                                                       int32_t hold_fence, cutover_error **error)
{
    const struct project_change wanted = {project_id, &hold_fence, apply_hold_fence};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_check_bytes("project_id", project_id, REGISTRY_ID_MAX, error);
    return status == CUTOVER_OK ? change_project(registry, &wanted, error) : status;
}

/* ---- removed ---- */

static cutover_status remove_once(const cutover_registry *registry, const char *project_id, const char *reason,
                                  cutover_error **error)
{
    struct document document = {0};
    struct change *change = NULL;

    cutover_status status = change_begin(&registry->store, &(struct clock){0}, project_id, &change, error);
    if (status == CUTOVER_OK)
        status = document_get(&registry->store, project_type.kind, project_id, &document, error);
    if (status == CUTOVER_OK)
        status = registry_check_unused(registry, project_id, error);
    if (status == CUTOVER_OK)
        status = change_put(change, project_type.kind, project_id, document.version, NULL, error);
    if (status == CUTOVER_OK)
        status = audit(registry, change, "project.removed", project_id, "reason",
                       reason != NULL ? json_object_new_string(reason) : NULL, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    document_free(&document);
    return status;
}

cutover_status registry_project_remove(cutover_registry *registry, const char *project_id, const char *reason,
                                       cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_check_bytes("project_id", project_id, REGISTRY_ID_MAX, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = remove_once(registry, project_id, reason, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

/* ---- listed ---- */

struct listing {
    cutover_project_emit emit;
    void *context;
};

static cutover_status list_each(void *context, const struct document *document, cutover_error **error)
{
    const struct listing *listing = context;
    struct project_record record;
    cutover_status status = record_parse(&project_type, document->body, &record, error);

    if (status != CUTOVER_OK)
        return status;
    status = registry_emit_project(&record, listing->emit, listing->context, error);
    record_free(&project_type, &record);
    return status;
}

cutover_status cutover_registry_projects_list(cutover_registry *registry, cutover_project_emit emit,
                                              void *context, cutover_error **error)
{
    struct listing listing = {emit, context};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    return status != CUTOVER_OK
               ? status
               : document_walk(&registry->store, project_type.kind, NULL, list_each, &listing, error);
}
