/* The registry as a platform: its port, and its beginning and end. */
#include "base/text.h"
#include "model/actor.h"
#include "model/machine.h"
#include "platform/registry_private.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

static cutover_status project_get(const char *project_id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_registry *registry = userdata;
    struct project_record record;
    uint64_t version = 0;
    cutover_status status = registry_check_bytes("project_id", project_id, REGISTRY_ID_MAX, error);

    if (status == CUTOVER_OK)
        status = document_get_record(&registry->store, &project_type, project_id, &record, &version, error);
    if (status != CUTOVER_OK)
        return status;
    status = registry_emit_project(&record, emit, context, error);
    record_free(&project_type, &record);
    return status;
}

static cutover_status preview_extend(const char *preview_id, int64_t expires_at, cutover_error **error,
                                     void *userdata)
{
    return cutover_registry_preview_extend(userdata, preview_id, expires_at, error);
}

static cutover_status preview_get(const char *preview_id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_registry *registry = userdata;
    struct preview_record record;
    uint64_t version = 0;
    cutover_status status = registry_check_bytes("preview_id", preview_id, REGISTRY_ID_MAX, error);

    if (status == CUTOVER_OK)
        status = document_get_record(&registry->store, &preview_type, preview_id, &record, &version, error);
    if (status != CUTOVER_OK)
        return status;
    status = registry_emit_preview(&record, NULL, emit, context, error);
    record_free(&preview_type, &record);
    return status;
}

static bool is_anothers(const struct project_record *record, const char *job_id)
{
    return strcmp(record->state, REGISTRY_RESTORING) == 0 && record->job_id != NULL &&
           strcmp(record->job_id, job_id) != 0; /* NOLINT(clang-analyzer-core.NonNullParamChecker): no move from
                                                   restoring is without one */
}

/* *differs tells a state that differs (which is final) from a write that lost a race (which is tried again). */
static cutover_status move_once(const cutover_registry *registry, const char *project_id, const char *expected,
                                const char *next, const char *job_id, bool *differs, cutover_error **error)
{
    struct project_record record;
    uint64_t version = 0;
    cutover_status status =
        document_get_record(&registry->store, &project_type, project_id, &record, &version, error);

    if (status != CUTOVER_OK)
        return status;
    *differs = record.state == NULL || strcmp(record.state, expected) != 0;
    if (*differs)
        status = error_set(error, CUTOVER_E_CONFLICT, "project %s is %s, not %s", project_id,
                           record.state != NULL ? record.state : "without state", expected);
    if (status == CUTOVER_OK && is_anothers(&record, job_id)) {
        *differs = true;
        status = error_set(error, CUTOVER_E_CONFLICT, "project %s is restoring for job %s, not %s", project_id,
                           record.job_id, job_id);
    }
    if (status == CUTOVER_OK)
        status = record_set_text(&record.state, next, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.job_id, strcmp(next, REGISTRY_RESTORING) == 0 ? job_id : NULL, error);
    if (status == CUTOVER_OK)
        status = registry_save(registry, &project_type, project_id, project_id, version, &record, error);
    record_free(&project_type, &record);
    return status;
}

static cutover_status project_set_state(const char *project_id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    const cutover_registry *registry = userdata;
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    bool differs = false;
    cutover_status status = registry_check_bytes("project_id", project_id, REGISTRY_ID_MAX, error);

    if (status == CUTOVER_OK)
        status = text_check("expected", expected, 1, REGISTRY_ID_MAX, error);
    if (status == CUTOVER_OK)
        status = text_check("next", next, 1, REGISTRY_ID_MAX, error);
    /* A move of the host's own, between states of its own, is no job's. */
    if (status == CUTOVER_OK &&
        (job_id != NULL || strcmp(expected, REGISTRY_RESTORING) == 0 || strcmp(next, REGISTRY_RESTORING) == 0))
        status = registry_check_bytes("job_id", job_id, REGISTRY_ID_MAX, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = move_once(registry, project_id, expected, next, job_id, &differs, &cause);
    while (!differs && change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_registry_platform(cutover_registry *registry, cutover_platform *platform,
                                         cutover_error **error)
{
    cutover_status status = registry_check(registry, error);

    if (status != CUTOVER_OK)
        return status;
    status = port_check(&platform_port, "platform", platform, error);
    if (status != CUTOVER_OK)
        return status;
    const cutover_platform whole = {
        .userdata = registry,
        .project_get = project_get,
        .project_set_state = project_set_state,
        .preview_get = preview_get,
        .preview_extend = preview_extend,
    };
    port_fill(&platform_port, &whole, platform);
    return CUTOVER_OK;
}

/* The actor is whole. */
static cutover_status open_as(const cutover_store *store, const cutover_actor *actor,
                              cutover_registry **registry, cutover_error **error)
{
    error_begin(error);
    cutover_registry *opened;
    cutover_store whole;
    cutover_status status = store_copy("store", store, &whole, error);

    if (status != CUTOVER_OK)
        return status;
    if (registry == NULL)
        return error_set(error, CUTOVER_E_INVALID, "registry: required");
    opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return error_nomem(error);
    opened->magic = REGISTRY_MAGIC;
    opened->store = whole;
    opened->actor = *actor;
    status = string_copy(actor->id, &opened->actor_id, error);
    opened->actor.id = opened->actor_id;
    if (status == CUTOVER_OK)
        *registry = opened;
    else
        cutover_registry_free(opened);
    return status;
}

cutover_status cutover_registry_open(const cutover_store *store, cutover_registry **registry,
                                     cutover_error **error)
{
    return open_as(store, &actor_system, registry, error);
}

cutover_status cutover_registry_open_as(const cutover_store *store, const cutover_actor *given,
                                        cutover_registry **registry, cutover_error **error)
{
    error_begin(error);
    cutover_actor actor;
    cutover_status status = port_copy(&actor_port, "actor", given, &actor, error);

    if (status == CUTOVER_OK)
        status = machine_actor_check(&actor, error);
    return status != CUTOVER_OK ? status : open_as(store, &actor, registry, error);
}

void cutover_registry_free(cutover_registry *registry)
{
    if (registry == NULL || registry->magic != REGISTRY_MAGIC)
        return;
    registry->magic = 0;
    free(registry->actor_id);
    free(registry);
}
