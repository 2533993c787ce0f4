/* Requests: filed by customers, reviewed and carried out by operators. */
#include "api/acts.h"
#include "api/output.h"
#include "api/store.h"
#include "api/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOKED_KIND "preflight"

/* ---- reading ---- */

cutover_status api_find_request(struct call *call, cutover_error **error)
{
    cutover_status status = cutover_request_get(call->api->engine, call->params[0], &call->wish, error);

    if (status == CUTOVER_OK)
        call->project_id = cutover_request_project_id(call->wish);
    return status;
}

/* Answers with a request as it is now, and frees it. */
static cutover_status answer(struct call *call, unsigned http, cutover_status status, cutover_request *request,
                             cutover_error **error)
{
    if (status == CUTOVER_OK)
        status =
            call_record(call, http, cutover_request_json(request), cutover_request_version(request), error);
    cutover_request_free(request);
    return status;
}

cutover_status api_request_get(struct call *call, cutover_error **error)
{
    return call_record(call, 200, cutover_request_json(call->wish), cutover_request_version(call->wish), error);
}

cutover_status api_requests_list(struct call *call, cutover_error **error)
{
    cutover_request_list *list = NULL;
    cutover_filter filter;
    struct output output;

    call_filter(call, &filter);
    cutover_status status = cutover_requests_find(call->api->engine, &filter, &list, error);
    if (status != CUTOVER_OK)
        return status;
    const size_t count = cutover_request_list_count(list);
    call_page_begin(&output);
    for (size_t i = 0; i < count; i++)
        output_json(&output, cutover_request_json(cutover_request_list_at(list, i)));
    status = call_page_end(
        call, &output,
        count < filter.limit ? NULL : cutover_request_id(cutover_request_list_at(list, count - 1)), error);
    cutover_request_list_free(list);
    return status;
}

/* ---- acts on the record ---- */

cutover_status api_request_create(struct call *call, cutover_error **error)
{
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_request *request = NULL;
    char location[160];

    options.actor = call->request->actor;
    options.project_id = call->project_id;
    options.preview_id = call_text(call, "preview_id");
    options.customer_note = call_text(call, "customer_note");
    options.external_ticket_ref = call_text(call, "external_ticket_ref");
    options.scheduled_for = call_time(call, "scheduled_for");
    cutover_status status = cutover_request_create(call->api->engine, &options, &request, error);
    if (status != CUTOVER_OK)
        return status;
    snprintf(location, sizeof location, "/v1/cutover-requests/%s", cutover_request_id(request));
    status = answer(call, 201, status, request, error);
    return status != CUTOVER_OK ? status : call_header(call, "Location", location, error);
}

cutover_status api_request_ack(struct call *call, cutover_error **error)
{
    cutover_request_ack_options options = CUTOVER_REQUEST_ACK_OPTIONS_INIT;
    cutover_request *request = NULL;

    options.actor = call->request->actor;
    options.request_id = cutover_request_id(call->wish);
    options.operator_note = call_text(call, "operator_note");
    options.scheduled_for = call_time(call, "scheduled_for");
    options.if_version = call->if_version;
    cutover_status status = cutover_request_ack(call->api->engine, &options, &request, error);
    return answer(call, 200, status, request, error);
}

cutover_status api_request_reject(struct call *call, cutover_error **error)
{
    cutover_request *request = NULL;
    cutover_status status =
        cutover_request_reject(call->api->engine, call->request->actor, cutover_request_id(call->wish),
                               call_text(call, "reason"), &request, error);

    return answer(call, 200, status, request, error);
}

cutover_status api_request_cancel(struct call *call, cutover_error **error)
{
    cutover_request *request = NULL;
    cutover_status status = cutover_request_cancel(call->api->engine, call->request->actor,
                                                   cutover_request_id(call->wish), &request, error);

    return answer(call, 200, status, request, error);
}

cutover_status api_request_ticket(struct call *call, cutover_error **error)
{
    cutover_request *request = NULL;
    cutover_status status =
        cutover_request_set_ticket(call->api->engine, call->request->actor, cutover_request_id(call->wish),
                                   call_text(call, "external_ticket_ref"), &request, error);

    return answer(call, 200, status, request, error);
}

cutover_status api_request_reschedule(struct call *call, cutover_error **error)
{
    cutover_request *request = NULL;
    cutover_status status =
        cutover_request_reschedule(call->api->engine, call->request->actor, cutover_request_id(call->wish),
                                   call_time(call, "scheduled_for"), &request, error);

    return answer(call, 200, status, request, error);
}

/* ---- its job ---- */

static cutover_status check_run(const struct call *call, cutover_error **error)
{
    if (call->api->run != NULL)
        return CUTOVER_OK;
    return api_fail(error, CUTOVER_E_UNSUPPORTED, "this host runs no jobs", NULL);
}

cutover_status api_request_promote(struct call *call, cutover_error **error)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *promotion = NULL;

    options.actor = call->request->actor;
    options.request_id = cutover_request_id(call->wish);
    options.jobs = (uint32_t)call_count(call, "jobs", call->api->jobs);
    options.verify = call_verify(call);
    options.hold = call_flag(call, "hold");
    options.hold_max_s = (uint32_t)call_count(call, "hold_max_s", 0);
    options.writes_refused_max_s = (uint32_t)call_count(call, "writes_refused_max_s", 0);
    options.fence = call_fence(call);
    options.if_version = call->if_version;
    cutover_status status = check_run(call, error);
    if (status == CUTOVER_OK)
        status = cutover_promotion_start(call->api->engine, &options, &promotion, error);
    if (status != CUTOVER_OK)
        return status;
    return work_begin(call, WORK_PROMOTION, promotion, call->project_id, options.request_id, error);
}

cutover_status api_request_release(struct call *call, cutover_error **error)
{
    cutover_request *request = NULL;
    const char *id = cutover_request_id(call->wish);
    cutover_status status = cutover_promotion_release(call->api->engine, call->request->actor, id, error);

    if (status == CUTOVER_OK)
        status = cutover_request_get(call->api->engine, id, &request, error);
    return answer(call, 200, status, request, error);
}

/* One that would take back writes is refused here, with what there is to be decided; it may become so later, too. */
static cutover_status check_writes(struct call *call, const cutover_rollback *rollback, cutover_error **error)
{
    const cutover_writes writes = cutover_rollback_writes(rollback);

    if (writes == CUTOVER_WRITES_NONE || call_flag(call, "discard_writes"))
        return CUTOVER_OK;
    return api_fail(
        error, CUTOVER_E_STATE,
        writes == CUTOVER_WRITES_SOME ? "production was written to since the cutover"
                                      : "whether production was written to since cannot be told",
        "Set discard_writes to roll back all the same: what was written stays in the database that is "
        "displaced.");
}

cutover_status api_request_rollback(struct call *call, cutover_error **error)
{
    cutover_rollback_options options = CUTOVER_ROLLBACK_OPTIONS_INIT;
    cutover_rollback *rollback = NULL;

    options.actor = call->request->actor;
    options.request_id = cutover_request_id(call->wish);
    options.discard_writes = call_flag(call, "discard_writes");
    cutover_status status = check_run(call, error);
    if (status == CUTOVER_OK)
        status = cutover_rollback_start(call->api->engine, &options, &rollback, error);
    if (status == CUTOVER_OK)
        status = check_writes(call, rollback, error);
    if (status != CUTOVER_OK) {
        cutover_rollback_free(rollback);
        return status;
    }
    return work_begin(call, WORK_ROLLBACK, rollback, call->project_id, options.request_id, error);
}

/* ---- preflight ---- */

/* What was found, with when, for those who read it later. */
static cutover_status looked_keep(struct call *call, const cutover_preflight *preflight, cutover_error **error)
{
    const char *id = cutover_request_id(call->wish);
    cutover_error *cause = NULL;
    struct output output;
    struct kept kept;

    output_begin(&output);
    output_open(&output, '{');
    output_put(&output, "request_id", id);
    output_put_time(&output, "looked_at", api_now(call->api));
    output_put_json(&output, "preflight", cutover_preflight_json(preflight));
    output_close(&output, '}');
    cutover_status status = kept_get(call->api, LOOKED_KIND, id, &kept, &cause);
    if (status == CUTOVER_OK)
        status =
            kept_put(call->api, LOOKED_KIND, id, call->project_id, kept.version, output_text(&output), &cause);
    kept_free(&kept);
    if (status == CUTOVER_E_CONFLICT) { /* whoever was faster has looked as well */
        cutover_error_free(cause);
        cause = NULL;
        status = CUTOVER_OK;
    }
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&output), error);
    else if (error != NULL)
        *error = cause;
    output_free(&output);
    return status;
}

cutover_status api_preflight_run(struct call *call, cutover_error **error)
{
    cutover_preflight *preflight = NULL;
    cutover_status status =
        cutover_preflight_run(call->api->engine, call->request->actor, cutover_request_id(call->wish),
                              (uint32_t)call_count(call, "jobs", call->api->jobs), &preflight, error);

    if (status == CUTOVER_OK)
        status = looked_keep(call, preflight, error);
    cutover_preflight_free(preflight);
    return status;
}

/* Before there is a request. */
cutover_status api_preview_preflight(struct call *call, cutover_error **error)
{
    cutover_preflight *preflight = NULL;
    cutover_status status =
        cutover_preflight_preview(call->api->engine, call->request->actor, call->project_id,
                                  call_query(call, "preview_id"), call->api->jobs, &preflight, error);

    if (status == CUTOVER_OK)
        status = call_json(call, 200, cutover_preflight_json(preflight), error);
    cutover_preflight_free(preflight);
    return status;
}

/* What the last one found; an operator who is the first to ask has it looked at. */
cutover_status api_preflight_get(struct call *call, cutover_error **error)
{
    struct kept kept;
    cutover_status status = kept_get(call->api, LOOKED_KIND, cutover_request_id(call->wish), &kept, error);

    if (status == CUTOVER_OK && kept.body != NULL)
        status = call_json(call, 200, json_print(kept.body), error);
    else if (status == CUTOVER_OK && (call->request->actor->roles & CUTOVER_ROLE_OPERATOR) != 0)
        status = api_preflight_run(call, error);
    else if (status == CUTOVER_OK)
        status = api_fail(error, CUTOVER_E_NOT_FOUND, "nobody has looked yet", "Operators look.");
    kept_free(&kept);
    return status;
}
