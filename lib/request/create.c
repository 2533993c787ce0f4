#include "base/id.h"
#include "request/act.h"
#include "request/change.h"

#include <stdlib.h>
#include <string.h>

static cutover_status record_new(const struct host *host, const cutover_request_options *options,
                                 const struct project *project, struct request_record *record,
                                 cutover_error **error)
{
    char id[ID_SIZE];

    record->created_at = record->updated_at = clock_now(&host->clock);
    record->requested_by_actor_kind = (int)options->actor->kind;
    record->scheduled_for = options->scheduled_for;
    id_new(record->created_at, id);
    const struct {
        const char *from;
        char **to;
    } texts[] = {
        {id, &record->id},
        {project->organization_id, &record->organization_id},
        {options->project_id, &record->project_id},
        {options->preview_id, &record->preview_database_id},
        {options->customer_note, &record->customer_note},
        {options->external_ticket_ref, &record->external_ticket_ref},
        {options->actor->id, &record->requested_by_actor_id},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cutover_status status = string_copy(texts[i].from, texts[i].to, error);
        if (status != CUTOVER_OK)
            return status;
    }
    return CUTOVER_OK;
}

/* The claim is what makes a live request the only one of its preview. *taken tells this conflict, which is an answer, from
   those that are tried again. */
static cutover_status claim_check(const struct host *host, const char *preview_id, bool *taken,
                                  cutover_error **error)
{
    struct document claim = {0};
    bool found = false;

    cutover_status status = document_find(&host->store, "claim", preview_id, &claim, &found, error);
    if (status != CUTOVER_OK || !found)
        return status;
    struct json_object *body = json_parse(claim.body, strlen(claim.body), NULL);
    *taken = true;
    status = error_set(error, CUTOVER_E_CONFLICT, "preview %s has a live request already: %s", preview_id,
                       json_text_or(body, "request_id", "?"));
    error_hint(error, "Wait for it to end, or cancel it.");
    json_object_put(body);
    document_free(&claim);
    return status;
}

static cutover_status create_commit(const struct host *host, const struct request_record *record,
                                    const cutover_actor *actor, struct change *change, bool *taken,
                                    cutover_error **error)
{
    struct json_object *claim = json_object_new_object();
    char *body = NULL;
    cutover_status status = claim == NULL ? error_nomem(error) : CUTOVER_OK;

    if (status == CUTOVER_OK) {
        json_put_text(claim, "request_id", record->id);
        status = json_format(claim, &body, error);
    }
    if (status == CUTOVER_OK)
        status = claim_check(host, record->preview_database_id, taken, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &request_type, record->id, 0, record, error);
    if (status == CUTOVER_OK)
        status = change_put(change, "claim", record->preview_database_id, 0, body, error);
    if (status == CUTOVER_OK)
        status = request_announce(change, VERB_CREATE, actor, record, NULL, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    json_object_put(claim);
    free(body);
    return status;
}

static cutover_status create_once(const struct host *host, const cutover_request_options *options,
                                  struct request_record *record, bool *taken, cutover_error **error)
{
    struct surroundings around = {0};
    struct change *change = NULL;
    enum request_status next;

    /* Before the preview is looked at: whoever takes it away meanwhile is another change of the project. */
    cutover_status status = change_begin(&host->store, &host->clock, options->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = surroundings_look(host, options->project_id, options->preview_id, &around, error);
    if (status == CUTOVER_OK)
        status = machine_request(NULL, VERB_CREATE, options->actor, &around.facts, options->scheduled_for,
                                 &next, error);
    if (status == CUTOVER_OK)
        status = record_new(host, options, &around.project, record, error);
    if (status == CUTOVER_OK) {
        record->status = (int)next;
        status = create_commit(host, record, options->actor, change, taken, error);
    }
    change_free(change);
    surroundings_free(&around);
    return status;
}

cutover_status request_create(const struct host *host, const cutover_request_options *options,
                              struct request_record *record, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;
    bool taken = false;

    do {
        record_free(&request_type, record);
        status = create_once(host, options, record, &taken, &cause);
    } while (!taken && change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}
