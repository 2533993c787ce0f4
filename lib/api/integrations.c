/* Integrations: sites of customers that are told a project's connection strings. */
#include "api/acts.h"
#include "api/output.h"

#include <cutover/integration.h>
#include <string.h>

static cutover_status check_integrations(const struct call *call, cutover_error **error)
{
    if (call->api->integrations != NULL)
        return CUTOVER_OK;
    return api_fail(error, CUTOVER_E_UNSUPPORTED, "this host has no integrations", NULL);
}

/* Answers with one as it is now, and frees it. */
static cutover_status answer(struct call *call, unsigned http, cutover_status status,
                             cutover_integration *integration, cutover_error **error)
{
    if (status == CUTOVER_OK)
        status = call_record(call, http, cutover_integration_json(integration),
                             cutover_integration_version(integration), error);
    cutover_integration_free(integration);
    return status;
}

static cutover_status emit(const cutover_integration *integration, void *context)
{
    output_json(context, cutover_integration_json(integration));
    return CUTOVER_OK;
}

cutover_status api_integrations_list(struct call *call, cutover_error **error)
{
    struct output output;
    cutover_status status = check_integrations(call, error);

    call_page_begin(&output);
    if (status == CUTOVER_OK)
        status = cutover_integrations_list(call->api->integrations, call->project_id, emit, &output, error);
    if (status == CUTOVER_OK)
        return call_page_end(call, &output, NULL, error);
    output_free(&output);
    return status;
}

cutover_status api_integration_get(struct call *call, cutover_error **error)
{
    cutover_integration *integration = NULL;
    cutover_status status = check_integrations(call, error);

    if (status == CUTOVER_OK)
        status = cutover_integration_get(call->api->integrations, call->project_id, call->params[1],
                                         &integration, error);
    return answer(call, 200, status, integration, error);
}

cutover_status api_integration_connect(struct call *call, cutover_error **error)
{
    cutover_integration_options options = CUTOVER_INTEGRATION_OPTIONS_INIT;
    const char *targets[CUTOVER_INTEGRATION_TARGETS_MAX + 1];
    cutover_integration *integration = NULL;
    cutover_status status = check_integrations(call, error);

    options.flags = (call_flag(call, "secret") ? (uint32_t)CUTOVER_INTEGRATION_SECRET : 0) |
                    (call_flag(call, "later") ? (uint32_t)CUTOVER_INTEGRATION_LATER : 0);
    options.actor = call->request->actor;
    options.project_id = call->project_id;
    options.provider = call->params[1];
    options.site_id = call_text(call, "site_id");
    options.account_id = call_text(call, "account_id");
    options.pooled_name = call_text(call, "pooled_name");
    options.unpooled_name = call_text(call, "unpooled_name");
    options.target_count = call_texts(call, "targets", targets, CUTOVER_INTEGRATION_TARGETS_MAX + 1);
    options.targets = targets;
    options.token = call_text(call, "token");
    options.pooled_url = call_text(call, "pooled_url");
    options.unpooled_url = call_text(call, "unpooled_url");
    if (status == CUTOVER_OK && options.target_count > CUTOVER_INTEGRATION_TARGETS_MAX)
        return call_problem(call, PROBLEM_INVALID, "targets: at most 16", NULL, "targets", error);
    if (status == CUTOVER_OK)
        status = cutover_integration_connect(call->api->integrations, &options, &integration, error);
    return answer(call, 200, status, integration, error);
}

cutover_status api_integration_disconnect(struct call *call, cutover_error **error)
{
    cutover_status status = check_integrations(call, error);

    if (status == CUTOVER_OK)
        status = cutover_integration_disconnect(call->api->integrations, call->request->actor, call->project_id,
                                                call->params[1], error);
    return status != CUTOVER_OK ? status : call_nothing(call, error);
}

cutover_status api_integration_sync(struct call *call, cutover_error **error)
{
    cutover_integration *integration = NULL;
    cutover_status status = check_integrations(call, error);

    if (status == CUTOVER_OK)
        status = cutover_integration_sync(call->api->integrations, call->request->actor, call->project_id,
                                          call->params[1], &integration, error);
    return answer(call, 202, status, integration, error);
}
