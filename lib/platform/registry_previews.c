/* Previews of the registry: added, extended, listed, removed, and reaped once they have expired. */
#include "platform/registry_private.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

static cutover_status check_project_exists(const cutover_registry *registry, const char *project_id,
                                           cutover_error **error)
{
    struct document document = {NULL, NULL, 0};
    cutover_status status = document_get(&registry->store, "project", project_id, &document, error);

    document_free(&document);
    return status;
}

cutover_status cutover_registry_preview_add(cutover_registry *registry, const cutover_preview *given,
                                            cutover_error **error)
{
    cutover_preview whole, *preview = &whole;
    struct preview_record record = {0};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_take_preview(given, preview, error);
    if (status == CUTOVER_OK)
        status = check_project_exists(registry, preview->project_id, error);
    if (status != CUTOVER_OK)
        return status;
    record.expires_at = preview->expires_at;
    status = record_set_text(&record.id, preview->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.project_id, preview->project_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.state, "ready", error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.database, preview->database, error);
    if (status == CUTOVER_OK)
        status = registry_save_preview(registry, &record, 0, "preview.added", error);
    record_free(&preview_type, &record);
    return status;
}

static bool is_removing(const struct preview_record *record)
{
    return record->state != NULL && strcmp(record->state, REGISTRY_REMOVING) == 0;
}

static cutover_status extend_once(const cutover_registry *registry, const char *preview_id, int64_t expires_at,
                                  cutover_error **error)
{
    struct preview_record record;
    uint64_t version = 0;
    cutover_status status =
        document_get_record(&registry->store, &preview_type, preview_id, &record, &version, error);

    if (status != CUTOVER_OK)
        return status;
    if (is_removing(&record))
        status = error_set(error, CUTOVER_E_STATE, "preview %s is being removed", preview_id);
    record.expires_at = expires_at;
    if (status == CUTOVER_OK)
        status = registry_save_preview(registry, &record, version, "preview.extended", error);
    record_free(&preview_type, &record);
    return status;
}

cutover_status cutover_registry_preview_extend(cutover_registry *registry, const char *preview_id,
                                               int64_t expires_at, cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_check_bytes("preview_id", preview_id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK)
        status = registry_check_time("expires_at", expires_at, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = extend_once(registry, preview_id, expires_at, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

/* ---- listed ---- */

struct listing {
    cutover_preview_emit emit;
    void *context;
};

static cutover_status list_each(void *context, const struct document *document, cutover_error **error)
{
    const struct listing *listing = context;
    struct preview_record record;
    cutover_status status = record_parse(&preview_type, document->body, &record, error);

    if (status != CUTOVER_OK)
        return status;
    bool expired = record.state != NULL && strcmp(record.state, "ready") == 0 && registry_is_expired(&record);
    status = registry_emit_preview(&record, expired ? "expired" : NULL, listing->emit, listing->context, error);
    record_free(&preview_type, &record);
    return status;
}

cutover_status cutover_registry_previews_list(cutover_registry *registry, const char *project_id,
                                              cutover_preview_emit emit, void *context, cutover_error **error)
{
    struct listing listing = {emit, context};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK && project_id != NULL)
        status = registry_check_bytes("project_id", project_id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    if (status == CUTOVER_OK && project_id != NULL)
        status = check_project_exists(registry, project_id, error);
    return status != CUTOVER_OK
               ? status
               : document_walk(&registry->store, preview_type.kind, project_id, list_each, &listing, error);
}

/* ---- removed ---- */

struct removal {
    const cutover_registry *registry;
    const char *preview_id;
    bool expired; /* only one that has, or is on its way out already */
};

static cutover_status may_go(const struct removal *removal, const struct preview_record *record,
                             cutover_error **error)
{
    if (removal->expired && !registry_is_expired(record) && !is_removing(record))
        return error_set(error, CUTOVER_E_STATE, "preview %s has not expired", record->id);
    return registry_check_preview_unused(removal->registry, record->project_id, record->id, error);
}

static cutover_status audit(const struct removal *removal, struct change *change,
                            const struct preview_record *record, cutover_error **error)
{
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "preview_database_id", record->id);
    json_put_time(data, "expires_at", record->expires_at);
    cutover_status status =
        change_audit(change, "preview.removed", &removal->registry->actor, NULL, data, error);
    json_object_put(data);
    return status;
}

typedef cutover_status (*removal_step)(const struct removal *removal, struct change *change,
                                       struct preview_record *record, uint64_t version, cutover_error **error);

/* First nobody asks for it any more. */
static cutover_status mark(const struct removal *removal, struct change *change, struct preview_record *record,
                           uint64_t version, cutover_error **error)
{
    cutover_status status = may_go(removal, record, error);

    if (status != CUTOVER_OK || is_removing(record))
        return status;
    status = record_set_text(&record->state, REGISTRY_REMOVING, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &preview_type, record->id, version, record, error);
    return status == CUTOVER_OK ? change_commit(change, error) : status;
}

static cutover_status take_out(const struct removal *removal, struct change *change,
                               struct preview_record *record, uint64_t version, cutover_error **error)
{
    cutover_status status = change_put(change, preview_type.kind, record->id, version, NULL, error);

    if (status == CUTOVER_OK)
        status = audit(removal, change, record, error);
    return status == CUTOVER_OK ? change_commit(change, error) : status;
}

static cutover_status step_once(const struct removal *removal, removal_step step, cutover_error **error)
{
    const cutover_store *store = &removal->registry->store;
    struct preview_record record = {0};
    struct change *change = NULL;
    uint64_t version = 0;

    cutover_status status =
        document_get_record(store, &preview_type, removal->preview_id, &record, &version, error);
    if (status == CUTOVER_OK)
        status = change_begin(store, &(struct clock){0}, record.project_id, &change, error);
    if (status == CUTOVER_OK)
        status = step(removal, change, &record, version, error);
    change_free(change);
    record_free(&preview_type, &record);
    return status;
}

static cutover_status take_step(const struct removal *removal, removal_step step, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do
        status = step_once(removal, step, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_registry_preview_remove(cutover_registry *registry, const char *preview_id,
                                               cutover_error **error)
{
    const struct removal removal = {registry, preview_id, false};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK)
        status = registry_check_bytes("preview_id", preview_id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK)
        status = take_step(&removal, mark, error);
    return status == CUTOVER_OK ? take_step(&removal, take_out, error) : status;
}

/* ---- reaped ---- */

struct reaping {
    const cutover_registry *registry;
    cutover_preview_emit drop;
    void *context;
    uint32_t removed;
};

/* What keeps one is no reason to leave the others. */
static cutover_status reap_one(const struct reaping *reaping, const struct preview_record *record, bool *gone,
                               cutover_error **error)
{
    const struct removal removal = {reaping->registry, record->id, true};
    cutover_error *local = NULL;
    cutover_status status = take_step(&removal, mark, &local);

    *gone = false;
    if (status == CUTOVER_E_STATE || status == CUTOVER_E_LOCKED || status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    if (status != CUTOVER_OK)
        return status;
    /* It stays, on its way out, until the host has done what it has to. */
    if (reaping->drop != NULL &&
        registry_emit_preview(record, "expired", reaping->drop, reaping->context, error) != CUTOVER_OK)
        return CUTOVER_OK;
    status = take_step(&removal, take_out, error);
    *gone = status == CUTOVER_OK;
    return status;
}

static cutover_status reap_each(void *context, const struct document *document, cutover_error **error)
{
    struct reaping *reaping = context;
    struct preview_record record;
    bool gone = false;
    cutover_status status = record_parse(&preview_type, document->body, &record, error);

    if (status != CUTOVER_OK)
        return status;
    if (record.id != NULL && record.project_id != NULL &&
        (registry_is_expired(&record) || is_removing(&record)))
        status = reap_one(reaping, &record, &gone, error);
    reaping->removed += gone;
    record_free(&preview_type, &record);
    return status;
}

cutover_status cutover_registry_previews_reap(cutover_registry *registry, const char *project_id,
                                              cutover_preview_emit drop, void *context, uint32_t *removed,
                                              cutover_error **error)
{
    struct reaping reaping = {registry, drop, context, 0};
    cutover_status status = registry_check(registry, error);

    if (status == CUTOVER_OK && project_id != NULL)
        status = registry_check_bytes("project_id", project_id, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK && project_id != NULL)
        status = check_project_exists(registry, project_id, error);
    if (status == CUTOVER_OK)
        status = document_walk(&registry->store, preview_type.kind, project_id, reap_each, &reaping, error);
    if (status == CUTOVER_OK && removed != NULL)
        *removed = reaping.removed;
    return status;
}
