#include "engine/engine.h"
#include "engine/handles.h"
#include "engine/options.h"
#include "request/act.h"
#include "request/expiry.h"

static cutover_status act_on(cutover_engine *engine, const struct request_act *act, const char *id,
                             cutover_request **request, cutover_error **error)
{
    struct request_record record = {0};
    struct request_act whole = *act;
    cutover_actor actor;
    uint64_t version = 0;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("request_id", id, error);
    if (status == CUTOVER_OK)
        status = engine_actor("actor", act->actor, &actor, error);
    whole.actor = &actor;
    if (status == CUTOVER_OK)
        status = request_act(&engine->host, &whole, id, &record, &version, error);
    if (status == CUTOVER_OK && request != NULL)
        status = request_wrap(&record, version, request, error);
    record_free(&request_type, &record);
    return status;
}

cutover_status cutover_request_ack(cutover_engine *engine, const cutover_request_ack_options *options,
                                   cutover_request **request, cutover_error **error)
{
    error_begin(error);
    cutover_request_ack_options whole;
    cutover_status status = port_copy(&ack_options_port, "options", options, &whole, error);

    if (status == CUTOVER_OK)
        status = request_operator_note_check(whole.operator_note, error);
    if (status != CUTOVER_OK)
        return status;
    struct request_act act = {VERB_ACK, whole.actor, whole.operator_note, whole.scheduled_for,
                              whole.if_version};
    return act_on(engine, &act, whole.request_id, request, error);
}

cutover_status cutover_request_reject(cutover_engine *engine, const cutover_actor *actor,
                                      const char *request_id, const char *reason, cutover_request **request,
                                      cutover_error **error)
{
    error_begin(error);
    struct request_act act = {VERB_REJECT, actor, reason, 0, 0};
    cutover_status status = request_reason_check(reason, error);

    return status != CUTOVER_OK ? status : act_on(engine, &act, request_id, request, error);
}

cutover_status cutover_request_cancel(cutover_engine *engine, const cutover_actor *actor,
                                      const char *request_id, cutover_request **request, cutover_error **error)
{
    struct request_act act = {VERB_CANCEL, actor, NULL, 0, 0};

    return act_on(engine, &act, request_id, request, error);
}

cutover_status cutover_request_set_ticket(cutover_engine *engine, const cutover_actor *actor,
                                          const char *request_id, const char *ticket, cutover_request **request,
                                          cutover_error **error)
{
    error_begin(error);
    struct request_act act = {VERB_TICKET, actor, ticket, 0, 0};
    cutover_status status = request_ticket_check(ticket, error);

    return status != CUTOVER_OK ? status : act_on(engine, &act, request_id, request, error);
}

cutover_status cutover_request_reschedule(cutover_engine *engine, const cutover_actor *actor,
                                          const char *request_id, int64_t scheduled_for,
                                          cutover_request **request, cutover_error **error)
{
    struct request_act act = {VERB_RESCHEDULE, actor, NULL, scheduled_for, 0};

    return act_on(engine, &act, request_id, request, error);
}

/* What the caller gave, whole. */
static cutover_status create_take(const cutover_request_options *given, cutover_request_options *options,
                                  cutover_actor *actor, cutover_error **error)
{
    cutover_status status = port_copy(&request_options_port, "options", given, options, error);

    if (status == CUTOVER_OK)
        status = engine_actor("options.actor", options->actor, actor, error);
    options->actor = actor;
    if (status == CUTOVER_OK)
        status = engine_id_check("options.project_id", options->project_id, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("options.preview_id", options->preview_id, error);
    if (status == CUTOVER_OK)
        status = request_fields_check(options->customer_note, options->external_ticket_ref, error);
    return status;
}

cutover_status cutover_request_create(cutover_engine *engine, const cutover_request_options *options,
                                      cutover_request **request, cutover_error **error)
{
    struct request_record record = {0};
    cutover_request_options whole;
    cutover_actor actor;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = create_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK)
        status = request_create(&engine->host, &whole, &record, error);
    if (status == CUTOVER_OK && request != NULL)
        status = request_wrap(&record, 1, request, error);
    record_free(&request_type, &record);
    return status;
}

cutover_status cutover_request_get(cutover_engine *engine, const char *request_id, cutover_request **request,
                                   cutover_error **error)
{
    struct request_record record = {0};
    uint64_t version = 0;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("request_id", request_id, error);
    if (status == CUTOVER_OK && request == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "request: required");
    if (status == CUTOVER_OK)
        status = request_read(&engine->host, request_id, &record, &version, error);
    if (status == CUTOVER_OK)
        status = request_wrap(&record, version, request, error);
    record_free(&request_type, &record);
    return status;
}
