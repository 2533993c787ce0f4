#include "request/act.h"

#include "request/change.h"

#include <stdlib.h>

static cutover_status apply(const struct host *host, const struct request_act *act,
                            struct request_record *record, cutover_error **error)
{
    switch (act->verb) {
    case VERB_ACK:
        record->ack_at = clock_now(&host->clock);
        if (act->scheduled_for != 0)
            record->scheduled_for = act->scheduled_for;
        cutover_status status = record_set_text(&record->ack_by_user_id, act->actor->id, error);
        return status != CUTOVER_OK ? status : record_set_text(&record->operator_note, act->text, error);
    case VERB_REJECT:
        return record_set_text(&record->rejected_reason, act->text, error);
    case VERB_TICKET:
        return record_set_text(&record->external_ticket_ref, act->text, error);
    case VERB_RESCHEDULE:
        record->scheduled_for = act->scheduled_for;
        return CUTOVER_OK;
    default:
        return CUTOVER_OK;
    }
}

/* What the act replaces, for those who are told of it; an object that the caller puts. */
static cutover_status replaced(const struct request_act *act, const struct request_record *record,
                               struct json_object **said, cutover_error **error)
{
    *said = json_object_new_object();
    if (*said == NULL)
        return error_nomem(error);
    if (act->verb == VERB_TICKET) {
        json_put_text(*said, "external_ticket_ref", act->text);
        json_put_text(*said, "previous_ticket_ref", record->external_ticket_ref);
    }
    if (act->verb == VERB_RESCHEDULE)
        json_put_time(*said, "previous_scheduled_for", record->scheduled_for);
    return CUTOVER_OK;
}

/* Whether it is no longer what somebody says that they have seen. */
static bool is_outdated(const struct request_act *act, uint64_t version)
{
    return act->if_version != 0 && version != act->if_version;
}

static cutover_status seen_check(const struct request_act *act, const char *id, uint64_t version,
                                 cutover_error **error)
{
    if (!is_outdated(act, version))
        return CUTOVER_OK;
    cutover_status status = error_set(error, CUTOVER_E_CONFLICT, "request %s was changed meanwhile", id);
    error_hint(error, "Read it again.");
    return status;
}

static cutover_status act_once(const struct host *host, const struct request_act *act, const char *id,
                               struct request_record *record, uint64_t *version, cutover_error **error)
{
    struct surroundings around = {0};
    struct json_object *said = NULL;
    enum request_status next;

    cutover_status status = document_get_record(&host->store, &request_type, id, record, version, error);
    if (status != CUTOVER_OK)
        return status;
    status = seen_check(act, id, *version, error);
    if (status == CUTOVER_OK)
        status = surroundings_look(host, record->project_id, record->preview_database_id, &around, error);
    if (status == CUTOVER_OK)
        status =
            machine_request(record, act->verb, act->actor, &around.facts, act->scheduled_for, &next, error);
    if (status == CUTOVER_OK)
        status = replaced(act, record, &said, error);
    if (status == CUTOVER_OK) {
        record->status = (int)next;
        status = apply(host, act, record, error);
    }
    if (status == CUTOVER_OK)
        status = request_commit(host, record, *version, act->actor, act->verb, said, error);
    if (status == CUTOVER_OK)
        ++*version;
    json_object_put(said);
    surroundings_free(&around);
    return status;
}

cutover_status request_act(const struct host *host, const struct request_act *act, const char *id,
                           struct request_record *record, uint64_t *version, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do {
        record_free(&request_type, record);
        status = act_once(host, act, id, record, version, &cause);
    } while (!(status != CUTOVER_OK && is_outdated(act, *version)) && change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}
