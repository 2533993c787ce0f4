#include "request/change.h"

#include <string.h>

cutover_status surroundings_look(const struct host *host, const char *project_id, const char *preview_id,
                                 struct surroundings *around, cutover_error **error)
{
    memset(around, 0, sizeof *around);
    cutover_status status = platform_project(&host->platform, project_id, &around->project, error);
    if (status == CUTOVER_OK)
        status = platform_preview(&host->platform, preview_id, &around->preview, error);
    if (status == CUTOVER_OK)
        host_facts(host, &around->project, &around->preview, &around->facts);
    return status;
}

void surroundings_free(struct surroundings *around)
{
    project_free(&around->project);
    preview_free(&around->preview);
}

cutover_status request_announce(struct change *change, enum request_verb verb, const cutover_actor *actor,
                                const struct request_record *record, struct json_object *said,
                                cutover_error **error)
{
    struct json_object *data = said != NULL ? json_object_get(said) : json_object_new_object();

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "preview_database_id", record->preview_database_id);
    json_put_text(data, "status", request_status_names[record->status]);
    json_put_text(data, "rejected_reason", record->rejected_reason);
    json_put_time(data, "scheduled_for", record->scheduled_for);
    cutover_status status = change_announce(change, machine_request_told(verb), actor, record->id, data, error);
    json_object_put(data);
    return status;
}

cutover_status claim_get(const struct host *host, const char *preview_id, struct document *claim,
                         cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status = document_get(&host->store, "claim", preview_id, claim, &local);

    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        return error_set(error, CUTOVER_E_CONFLICT, "the claim on preview %s is gone", preview_id);
    }
    error_move(error, local);
    return status;
}

static cutover_status claim_drop(const struct host *host, struct change *change, const char *preview_id,
                                 cutover_error **error)
{
    struct document claim = {0};
    cutover_status status = claim_get(host, preview_id, &claim, error);

    if (status == CUTOVER_OK)
        status = change_put(change, "claim", preview_id, claim.version, NULL, error);
    document_free(&claim);
    return status;
}

cutover_status request_commit(const struct host *host, struct request_record *record, uint64_t version,
                              const cutover_actor *actor, enum request_verb verb, struct json_object *said,
                              cutover_error **error)
{
    struct change *change = NULL;

    record->updated_at = clock_now(&host->clock);
    if (!machine_request_is_live(record->status))
        record->completed_at = record->updated_at;
    cutover_status status = change_begin(&host->store, &host->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &request_type, record->id, version, record, error);
    if (status == CUTOVER_OK && !machine_request_is_live(record->status))
        status = claim_drop(host, change, record->preview_database_id, error);
    if (status == CUTOVER_OK)
        status = request_announce(change, verb, actor, record, said, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}
