/* Webhook endpoints, and what became of each message. */
#include "api/acts.h"
#include "api/output.h"

#include <cutover/webhook.h>
#include <stdio.h>
#include <string.h>

static cutover_status check_webhooks(const struct call *call, cutover_error **error)
{
    if (call->api->webhooks != NULL)
        return CUTOVER_OK;
    return api_fail(error, CUTOVER_E_UNSUPPORTED, "this host has no webhooks", NULL);
}

cutover_status api_find_webhook(struct call *call, cutover_error **error)
{
    cutover_status status = check_webhooks(call, error);

    if (status == CUTOVER_OK)
        status = cutover_webhook_get(call->api->webhooks, call->params[0], &call->webhook, error);
    if (status == CUTOVER_OK)
        call->project_id = cutover_webhook_project_id(call->webhook);
    return status;
}

cutover_status api_webhook_get(struct call *call, cutover_error **error)
{
    return call_record(call, 200, cutover_webhook_json(call->webhook), cutover_webhook_version(call->webhook),
                       error);
}

cutover_status api_webhooks_list(struct call *call, cutover_error **error)
{
    const uint32_t limit = (uint32_t)call_query_count(call, "limit", 50);
    cutover_webhook_list *list = NULL;
    struct output output;
    cutover_status status = check_webhooks(call, error);

    if (status == CUTOVER_OK)
        status = cutover_webhooks_list(call->api->webhooks, call->project_id, call_query(call, "cursor"), limit,
                                       &list, error);
    if (status != CUTOVER_OK)
        return status;
    const size_t count = cutover_webhook_list_count(list);
    call_page_begin(&output);
    for (size_t i = 0; i < count; i++)
        output_json(&output, cutover_webhook_json(cutover_webhook_list_at(list, i)));
    status = call_page_end(call, &output,
                           count < limit ? NULL : cutover_webhook_id(cutover_webhook_list_at(list, count - 1)),
                           error);
    cutover_webhook_list_free(list);
    return status;
}

/* The endpoint as its record has it, and its new secret, which is wiped; frees both. */
static cutover_status answer_secret(struct call *call, unsigned http, cutover_status status, char *secret,
                                    cutover_webhook *webhook, cutover_error **error)
{
    const char *json = cutover_webhook_json(webhook);
    char location[260];
    struct output output;

    output_begin(&output);
    output_open(&output, '{');
    output_put(&output, "secret", secret);
    output_json(&output, json == NULL ? "" : json + 1);
    if (status == CUTOVER_OK)
        status = call_json(call, http, output_text(&output), error);
    output_free(&output);
    snprintf(location, sizeof location, "/v1/webhook-endpoints/%s",
             webhook == NULL ? "" : cutover_webhook_id(webhook));
    if (status == CUTOVER_OK)
        status = call_header(call, "Location", location, error);
    for (volatile char *at = secret; secret != NULL && *at != '\0'; at++)
        *at = '\0';
    cutover_string_free(secret);
    cutover_webhook_free(webhook);
    return status;
}

cutover_status api_webhook_create(struct call *call, cutover_error **error)
{
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    const char *types[CUTOVER_WEBHOOK_TYPES_MAX + 1];
    cutover_webhook *webhook = NULL;
    char *secret = NULL;

    options.actor = call->request->actor;
    options.project_id = call->project_id;
    options.url = call_text(call, "url");
    options.description = call_text(call, "description");
    options.event_type_count = call_texts(call, "event_types", types, CUTOVER_WEBHOOK_TYPES_MAX + 1);
    if (options.event_type_count > CUTOVER_WEBHOOK_TYPES_MAX)
        return call_problem(call, PROBLEM_INVALID, "event_types: at most 64", NULL, "event_types", error);
    options.event_types = types;
    cutover_status status = check_webhooks(call, error);
    if (status == CUTOVER_OK)
        status = cutover_webhook_create(call->api->webhooks, &options, &secret, &webhook, error);
    return answer_secret(call, 201, status, secret, webhook, error);
}

cutover_status api_webhook_update(struct call *call, cutover_error **error)
{
    cutover_webhook_change change = CUTOVER_WEBHOOK_CHANGE_INIT;
    const char *types[CUTOVER_WEBHOOK_TYPES_MAX + 1];
    cutover_webhook *webhook = NULL;

    change.actor = call->request->actor;
    change.webhook_id = call->params[0];
    change.url = call_text(call, "url");
    change.description = call_text(call, "description");
    if (call_has(call, "enabled"))
        change.enabled = call_flag(call, "enabled") ? CUTOVER_WEBHOOK_ENABLE : CUTOVER_WEBHOOK_DISABLE;
    if (call_has(call, "event_types")) {
        change.event_type_count = call_texts(call, "event_types", types, CUTOVER_WEBHOOK_TYPES_MAX + 1);
        change.event_types = types;
    }
    if (change.event_type_count > CUTOVER_WEBHOOK_TYPES_MAX)
        return call_problem(call, PROBLEM_INVALID, "event_types: at most 64", NULL, "event_types", error);
    cutover_status status = cutover_webhook_update(call->api->webhooks, &change, &webhook, error);
    if (status == CUTOVER_OK)
        status = call_record(call, 200, cutover_webhook_json(webhook), cutover_webhook_version(webhook), error);
    cutover_webhook_free(webhook);
    return status;
}

cutover_status api_webhook_delete(struct call *call, cutover_error **error)
{
    cutover_status status =
        cutover_webhook_delete(call->api->webhooks, call->request->actor, call->params[0], error);

    return status != CUTOVER_OK ? status : call_nothing(call, error);
}

cutover_status api_webhook_rotate(struct call *call, cutover_error **error)
{
    cutover_webhook *webhook = NULL;
    char *secret = NULL;
    cutover_status status =
        cutover_webhook_rotate_secret(call->api->webhooks, call->request->actor, call->params[0],
                                      (uint32_t)call_count(call, "overlap_s", 86400), &secret, &webhook, error);

    return answer_secret(call, 200, status, secret, webhook, error);
}

/* ---- deliveries ---- */

static cutover_status answer_delivery(struct call *call, unsigned http, cutover_status status,
                                      cutover_webhook_delivery *delivery, cutover_error **error)
{
    if (status == CUTOVER_OK)
        status = call_json(call, http, cutover_webhook_delivery_json(delivery), error);
    cutover_webhook_delivery_free(delivery);
    return status;
}

cutover_status api_webhook_test(struct call *call, cutover_error **error)
{
    cutover_webhook_delivery *delivery = NULL;
    cutover_status status =
        cutover_webhook_test(call->api->webhooks, call->request->actor, call->params[0], &delivery, error);

    return answer_delivery(call, 202, status, delivery, error);
}

cutover_status api_delivery_get(struct call *call, cutover_error **error)
{
    cutover_webhook_delivery *delivery = NULL;
    cutover_status status =
        cutover_webhook_delivery_get(call->api->webhooks, call->params[0], call->params[1], &delivery, error);

    return answer_delivery(call, 200, status, delivery, error);
}

cutover_status api_deliveries_list(struct call *call, cutover_error **error)
{
    cutover_webhook_delivery_list *list = NULL;
    cutover_filter filter;
    struct output output;

    call_filter(call, &filter);
    filter.project_id = NULL;
    cutover_status status =
        cutover_webhook_deliveries_find(call->api->webhooks, call->params[0], &filter, &list, error);
    if (status != CUTOVER_OK)
        return status;
    const size_t count = cutover_webhook_delivery_list_count(list);
    call_page_begin(&output);
    for (size_t i = 0; i < count; i++)
        output_json(&output, cutover_webhook_delivery_json(cutover_webhook_delivery_list_at(list, i)));
    status = call_page_end(call, &output,
                           count < filter.limit
                               ? NULL
                               : cutover_webhook_delivery_id(cutover_webhook_delivery_list_at(list, count - 1)),
                           error);
    cutover_webhook_delivery_list_free(list);
    return status;
}

cutover_status api_webhook_redeliver(struct call *call, cutover_error **error)
{
    cutover_webhook_selection selection = CUTOVER_WEBHOOK_SELECTION_INIT;
    struct output output;
    uint32_t count = 0;

    selection.actor = call->request->actor;
    selection.webhook_id = call->params[0];
    selection.message_id = call_text(call, "message_id");
    selection.since = call_time(call, "since");
    selection.until = call_time(call, "until");
    cutover_status status = cutover_webhook_redeliver(call->api->webhooks, &selection, &count, error);
    if (status != CUTOVER_OK)
        return status;
    output_begin(&output);
    output_open(&output, '{');
    output_put_count(&output, "count", count);
    output_close(&output, '}');
    status = call_json(call, 202, output_text(&output), error);
    output_free(&output);
    return status;
}
