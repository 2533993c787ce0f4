#include "base/id.h"
#include "engine/engine.h"
#include "engine/handles.h"
#include "store/ledger.h"

#include <cutover/request.h>

#include <stdlib.h>
#include <string.h>

/* A verb on a request, with what it brings. */
struct request_act {
    enum request_verb verb;
    const cutover_actor *actor;
    const char *audit; /* name of its audit entry and event; NULL: none */
    const char *text;  /* note, reason or ticket */
    int64_t scheduled_for;
};

/* ---- facts ---- */

struct surroundings {
    struct project project;
    struct preview preview;
    struct machine_facts facts;
};

static cutover_status surroundings_look(const struct host *host, const char *project_id, const char *preview_id,
                                        struct surroundings *around, cutover_error **error)
{
    memset(around, 0, sizeof *around);
    cutover_status status = host_project(host, project_id, &around->project, error);
    if (status == CUTOVER_OK)
        status = host_preview(host, preview_id, &around->preview, error);
    if (status == CUTOVER_OK)
        host_facts(host, &around->project, &around->preview, &around->facts);
    return status;
}

static void surroundings_free(struct surroundings *around)
{
    project_free(&around->project);
    preview_free(&around->preview);
}

/* ---- changes: each reads, asks the state machine, commits; and again when somebody was faster ---- */

static cutover_status announce(struct change *change, const char *name, const cutover_actor *actor,
                               const struct request_record *record, cutover_error **error)
{
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "preview_database_id", record->preview_database_id);
    json_put_text(data, "status", request_status_names[record->status]);
    if (record->status == REQUEST_REJECTED)
        json_put_text(data, "rejected_reason", record->rejected_reason);
    if (record->scheduled_for != 0)
        json_put_time(data, "scheduled_for", record->scheduled_for);
    cutover_status status = change_announce(change, name, actor, record->id, data, error);
    json_object_put(data);
    return status;
}

/* No claim: somebody ended the request after it was read here. */
static cutover_status claim_get(const struct host *host, const char *preview_id, struct document *claim,
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

static cutover_status change_request(const struct host *host, struct request_record *record, uint64_t version,
                                     const cutover_actor *actor, const char *audit, cutover_error **error)
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
    if (status == CUTOVER_OK && audit != NULL)
        status = announce(change, audit, actor, record, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}

/* Moves a request whose preview is gone or expired to `expired`; others stay. */
static cutover_status expire_if_due(const struct host *host, struct request_record *record, uint64_t version,
                                    const struct surroundings *around, cutover_error **error)
{
    enum request_status next;

    if (!machine_request_is_expired(record, &around->facts))
        return CUTOVER_OK;
    cutover_status status =
        machine_request(record, VERB_EXPIRE, &host_system_actor, &around->facts, 0, &next, error);
    if (status != CUTOVER_OK)
        return status;
    record->status = (int)next;
    return change_request(host, record, version, &host_system_actor, "cutover.expired", error);
}

static cutover_status expiring_commit(const struct host *host, const struct request_record *record,
                                      const struct document *claim, const char *body, const char *ends,
                                      cutover_error **error)
{
    struct json_object *data = json_object_new_object();
    struct change *change = NULL;

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "preview_database_id", record->preview_database_id);
    json_put_text(data, "status", request_status_names[record->status]);
    json_put_text(data, "expires_at", ends);
    cutover_status status = change_begin(&host->store, &host->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_put(change, "claim", record->preview_database_id, claim->version, body, error);
    if (status == CUTOVER_OK)
        status = change_event(change, "preview.expiring", record->id, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

/* preview.expiring, once for each end that the preview was given: the claim keeps which. */
static cutover_status tell_if_expiring(const struct host *host, const struct request_record *record,
                                       const struct surroundings *around, cutover_error **error)
{
    struct document claim = {0};
    char ends[TIME_TEXT_SIZE], *body = NULL;

    if (!machine_request_is_expiring(record, &around->facts, host->preview_notice_us))
        return CUTOVER_OK;
    time_format(around->facts.preview_expires_at, ends);
    cutover_status status = claim_get(host, record->preview_database_id, &claim, error);
    if (status != CUTOVER_OK)
        return status;
    struct json_object *kept = json_parse(claim.body, strlen(claim.body), error);
    if (kept == NULL) {
        status = error != NULL && *error != NULL ? cutover_error_code(*error) : CUTOVER_E_NOMEM;
    } else if (strcmp(json_text_or(kept, "request_id", ""), record->id) != 0) {
        status = error_set(error, CUTOVER_E_CONFLICT, "preview %s is claimed by another request by now",
                           record->preview_database_id);
    } else if (strcmp(json_text_or(kept, "expiring_told", ""), ends) != 0) {
        json_put_text(kept, "expiring_told", ends);
        status = json_format(kept, &body, error);
        if (status == CUTOVER_OK)
            status = expiring_commit(host, record, &claim, body, ends, error);
    }
    free(body);
    json_object_put(kept);
    document_free(&claim);
    return status;
}

static cutover_status apply(const struct host *host, const struct request_act *act,
                            struct request_record *record, cutover_error **error)
{
    switch (act->verb) {
    case VERB_ACK:
        record->ack_at = clock_now(&host->clock);
        record->scheduled_for = act->scheduled_for;
        cutover_status status = record_set_text(&record->ack_by_user_id, act->actor->id, error);
        return status != CUTOVER_OK ? status : record_set_text(&record->operator_note, act->text, error);
    case VERB_REJECT:
        return record_set_text(&record->rejected_reason, act->text, error);
    case VERB_TICKET:
        return record_set_text(&record->external_ticket_ref, act->text, error);
    default:
        return CUTOVER_OK;
    }
}

static cutover_status act_once(const struct host *host, const struct request_act *act, const char *id,
                               struct request_record *record, cutover_error **error)
{
    struct surroundings around = {0};
    enum request_status next;
    uint64_t version = 0;

    cutover_status status = document_get_record(&host->store, &request_type, id, record, &version, error);
    if (status != CUTOVER_OK)
        return status;
    status = surroundings_look(host, record->project_id, record->preview_database_id, &around, error);
    if (status == CUTOVER_OK)
        status =
            machine_request(record, act->verb, act->actor, &around.facts, act->scheduled_for, &next, error);
    if (status == CUTOVER_OK) {
        record->status = (int)next;
        status = apply(host, act, record, error);
    }
    if (status == CUTOVER_OK)
        status = change_request(host, record, version, act->actor, act->audit, error);
    surroundings_free(&around);
    return status;
}

static cutover_status act_on(cutover_engine *engine, const struct request_act *act, const char *id,
                             cutover_request **request, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);
    cutover_error *cause = NULL;
    unsigned attempt = 0;

    if (status == CUTOVER_OK)
        status = engine_id_check("request_id", id, error);
    if (status == CUTOVER_OK && act->actor == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "actor: required");
    if (status == CUTOVER_OK)
        status = machine_actor_check(act->actor, error);
    if (status != CUTOVER_OK)
        return status;
    do {
        struct request_record record = {0};
        status = act_once(&engine->host, act, id, &record, &cause);
        if (status == CUTOVER_OK && request != NULL)
            status = request_wrap(&record, request, &cause);
        record_free(&request_type, &record);
    } while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_request_ack(cutover_engine *engine, const cutover_actor *actor, const char *request_id,
                                   const char *note, int64_t scheduled_for, cutover_request **request,
                                   cutover_error **error)
{
    struct request_act act = {VERB_ACK, actor, "cutover.acked", note, scheduled_for};
    cutover_status status = request_operator_note_check(note, error);

    return status != CUTOVER_OK ? status : act_on(engine, &act, request_id, request, error);
}

cutover_status cutover_request_reject(cutover_engine *engine, const cutover_actor *actor,
                                      const char *request_id, const char *reason, cutover_request **request,
                                      cutover_error **error)
{
    struct request_act act = {VERB_REJECT, actor, "cutover.rejected", reason, 0};
    cutover_status status = request_reason_check(reason, error);

    return status != CUTOVER_OK ? status : act_on(engine, &act, request_id, request, error);
}

cutover_status cutover_request_cancel(cutover_engine *engine, const cutover_actor *actor,
                                      const char *request_id, cutover_request **request, cutover_error **error)
{
    struct request_act act = {VERB_CANCEL, actor, "cutover.cancelled", NULL, 0};

    return act_on(engine, &act, request_id, request, error);
}

cutover_status cutover_request_set_ticket(cutover_engine *engine, const cutover_actor *actor,
                                          const char *request_id, const char *ticket, cutover_request **request,
                                          cutover_error **error)
{
    struct request_act act = {VERB_TICKET, actor, NULL, ticket, 0};
    cutover_status status = request_ticket_check(ticket, error);

    return status != CUTOVER_OK ? status : act_on(engine, &act, request_id, request, error);
}

/* ---- create ---- */

static cutover_status create_check(const cutover_request_options *options, cutover_error **error)
{
    cutover_status status = engine_options_check(options, CUTOVER_REQUEST_OPTIONS_VERSION, "options", error);

    if (status == CUTOVER_OK)
        status = machine_actor_check(&options->actor, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", options->project_id, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("preview_id", options->preview_id, error);
    if (status == CUTOVER_OK)
        status = request_fields_check(options->customer_note, options->external_ticket_ref, error);
    return status;
}

static cutover_status record_new(const struct host *host, const cutover_request_options *options,
                                 const struct project *project, struct request_record *record,
                                 cutover_error **error)
{
    char id[ID_SIZE];

    record->created_at = record->updated_at = clock_now(&host->clock);
    record->requested_by_actor_kind = (int)options->actor.kind;
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
        {options->actor.id, &record->requested_by_actor_id},
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
    cutover_error *local = NULL;

    cutover_status status = document_get(&host->store, "claim", preview_id, &claim, &local);
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    if (status != CUTOVER_OK) {
        error_move(error, local);
        return status;
    }
    struct json_object *body = json_parse(claim.body, strlen(claim.body), NULL);
    *taken = true;
    status = error_set(error, CUTOVER_E_CONFLICT, "preview %s has a live request already: %s", preview_id,
                       json_text_or(body, "request_id", "?"));
    error_hint(error, "wait for it to end, or cancel it");
    json_object_put(body);
    document_free(&claim);
    return status;
}

static cutover_status create_commit(const struct host *host, const struct request_record *record,
                                    const cutover_actor *actor, bool *taken, cutover_error **error)
{
    struct json_object *claim = json_object_new_object();
    struct change *change = NULL;
    char *body = NULL;
    cutover_status status = claim == NULL ? error_nomem(error) : CUTOVER_OK;

    if (status == CUTOVER_OK) {
        json_put_text(claim, "request_id", record->id);
        status = json_format(claim, &body, error);
    }
    if (status == CUTOVER_OK)
        status = change_begin(&host->store, &host->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = claim_check(host, record->preview_database_id, taken, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &request_type, record->id, 0, record, error);
    if (status == CUTOVER_OK)
        status = change_put(change, "claim", record->preview_database_id, 0, body, error);
    if (status == CUTOVER_OK)
        status = announce(change, "cutover.requested", actor, record, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(claim);
    free(body);
    return status;
}

static cutover_status create_once(const struct host *host, const cutover_request_options *options,
                                  struct request_record *record, bool *taken, cutover_error **error)
{
    struct surroundings around = {0};
    enum request_status next;

    cutover_status status = surroundings_look(host, options->project_id, options->preview_id, &around, error);
    if (status == CUTOVER_OK)
        status = machine_request(NULL, VERB_CREATE, &options->actor, &around.facts, 0, &next, error);
    if (status == CUTOVER_OK)
        status = record_new(host, options, &around.project, record, error);
    if (status == CUTOVER_OK) {
        record->status = (int)next;
        status = create_commit(host, record, &options->actor, taken, error);
    }
    surroundings_free(&around);
    return status;
}

cutover_status cutover_request_create(cutover_engine *engine, const cutover_request_options *options,
                                      cutover_request **request, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    bool taken = false;

    if (status == CUTOVER_OK)
        status = create_check(options, error);
    if (status != CUTOVER_OK)
        return status;
    do {
        struct request_record record = {0};
        status = create_once(&engine->host, options, &record, &taken, &cause);
        if (status == CUTOVER_OK && request != NULL)
            status = request_wrap(&record, request, &cause);
        record_free(&request_type, &record);
    } while (!taken && change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

/* ---- reading ---- */

/* Reading does not need the platform: when it fails, the request is as the store has it. */
static cutover_status read_once(struct host *host, const char *id, struct request_record *record,
                                cutover_error **error)
{
    struct surroundings around = {0};
    cutover_error *local = NULL;
    uint64_t version = 0;

    cutover_status status = document_get_record(&host->store, &request_type, id, record, &version, error);
    if (status != CUTOVER_OK || (record->status != REQUEST_OPEN && record->status != REQUEST_ACKED))
        return status;
    status = surroundings_look(host, record->project_id, record->preview_database_id, &around, &local);
    if (status == CUTOVER_OK)
        status = expire_if_due(host, record, version, &around, &local);
    if (status == CUTOVER_OK)
        status = tell_if_expiring(host, record, &around, &local);
    surroundings_free(&around);
    if (status == CUTOVER_E_CALLBACK) {
        log_line(&host->log, LOG_WARNING_LEVEL, "whether request %s has expired is not known: %s", id,
                 cutover_error_message(local));
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

cutover_status request_read(struct host *host, const char *id, struct request_record *record,
                            cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do {
        record_free(&request_type, record);
        status = read_once(host, id, record, &cause);
    } while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_request_get(cutover_engine *engine, const char *request_id, cutover_request **request,
                                   cutover_error **error)
{
    struct request_record record = {0};
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("request_id", request_id, error);
    if (status == CUTOVER_OK && request == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "request: required");
    if (status == CUTOVER_OK)
        status = request_read(&engine->host, request_id, &record, error);
    if (status == CUTOVER_OK)
        status = request_wrap(&record, request, error);
    record_free(&request_type, &record);
    return status;
}
