#include "notify/webhooks.h"

#include "base/answer.h"
#include "base/port.h"
#include "base/text.h"
#include "notify/port.h"
#include "notify/webhook_fan_out.h"
#include "notify/webhook_options.h"
#include "notify/webhook_round.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 15000
#define TIMEOUT_LEAST_MS 100
#define TIMEOUT_MOST_MS 60000
#define PARALLEL 16
#define PARALLEL_MOST 256
#define KEEP_DAYS 30
#define KEEP_DAYS_MOST 3650
#define DAY_US (86400 * INT64_C(1000000))
#define USER_AGENT_MAX 200

cutover_status webhooks_check(const cutover_webhooks *webhooks, cutover_error **error)
{
    error_begin(error);
    if (webhooks != NULL && webhooks->magic == WEBHOOKS_MAGIC)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "webhooks: NULL, or freed already");
}

static void log_forward(int level, const char *line, void *userdata)
{
    const cutover_webhooks *webhooks = userdata;

    webhooks->log_fn((cutover_log_level)level, line, webhooks->log_userdata);
}

static cutover_status range_check(const char *name, uint32_t value, uint32_t least, uint32_t most,
                                  cutover_error **error)
{
    if (value == 0 || (value >= least && value <= most))
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "options.%s: %u, must be %u to %u", name, value, least, most);
}

static cutover_status user_agent_check(const char *name, cutover_error **error)
{
    size_t length = name != NULL ? strlen(name) : 0;

    for (size_t i = 0; i < length; i++)
        if (name[i] < ' ' || name[i] > '~')
            return error_set(error, CUTOVER_E_INVALID, "options.user_agent: must be printable ASCII");
    if (length > USER_AGENT_MAX)
        return error_set(error, CUTOVER_E_INVALID, "options.user_agent: longer than %d bytes", USER_AGENT_MAX);
    return CUTOVER_OK;
}

static cutover_status options_check(const cutover_webhooks_options *options, cutover_error **error)
{
    const uint32_t unknown =
        options->flags & ~(uint32_t)(CUTOVER_WEBHOOKS_ALLOW_PRIVATE | CUTOVER_WEBHOOKS_ALLOW_PLAIN);
    cutover_status status = CUTOVER_OK;

    if (unknown != 0)
        status = error_set(error, CUTOVER_E_INVALID, "options.flags: unknown bits 0x%x", unknown);
    if (status == CUTOVER_OK)
        status = range_check("timeout_ms", options->timeout_ms, TIMEOUT_LEAST_MS, TIMEOUT_MOST_MS, error);
    if (status == CUTOVER_OK)
        status = range_check("parallel", options->parallel, 1, PARALLEL_MOST, error);
    if (status == CUTOVER_OK)
        status = range_check("keep_days", options->keep_days, 1, KEEP_DAYS_MOST, error);
    if (status == CUTOVER_OK)
        status = user_agent_check(options->user_agent, error);
    return status;
}

static uint32_t or_else(uint32_t given, uint32_t otherwise)
{
    return given != 0 ? given : otherwise;
}

static cutover_status client_make(cutover_webhooks *made, const cutover_webhooks_options *options,
                                  cutover_error **error)
{
    const struct http_options http = {
        .allow_private = made->allow_private,
        .allow_plain = made->allow_plain,
        .user_agent = options->user_agent,
        .ca_file = options->ca_file,
        .connect_ms = options->connect_timeout_ms,
        .connections = made->parallel,
    };

    return http_client_new(&http, &made->client, error);
}

static cutover_status webhooks_fill(cutover_webhooks *made, const cutover_webhooks_options *options,
                                    cutover_error **error)
{
    cutover_status status = store_copy("options.store", options->store, &made->store, error);

    made->clock = (struct clock){.now = options->clock, .userdata = options->clock_userdata};
    if (options->log != NULL) {
        made->log_fn = options->log;
        made->log_userdata = options->log_userdata;
        made->log.write = log_forward;
        made->log.userdata = made;
    }
    made->allow_private = (options->flags & CUTOVER_WEBHOOKS_ALLOW_PRIVATE) != 0;
    made->allow_plain = (options->flags & CUTOVER_WEBHOOKS_ALLOW_PLAIN) != 0;
    made->timeout_ms = or_else(options->timeout_ms, TIMEOUT_MS);
    made->parallel = or_else(options->parallel, PARALLEL);
    made->keep_us = or_else(options->keep_days, KEEP_DAYS) * DAY_US;
    if (status == CUTOVER_OK)
        status = webhook_rounds_new(&made->rounds, error);
    return status == CUTOVER_OK ? client_make(made, options, error) : status;
}

cutover_status cutover_webhooks_new(const cutover_webhooks_options *given, cutover_webhooks **webhooks,
                                    cutover_error **error)
{
    error_begin(error);
    cutover_webhooks_options options;
    cutover_status status = port_copy(&webhooks_options_port, "options", given, &options, error);

    if (status == CUTOVER_OK)
        status = options_check(&options, error);
    if (status == CUTOVER_OK && webhooks == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "webhooks: required");
    if (status != CUTOVER_OK)
        return status;
    cutover_webhooks *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    pthread_mutex_init(&made->log.mutex, NULL);
    made->magic = WEBHOOKS_MAGIC;
    status = webhooks_fill(made, &options, error);
    if (status == CUTOVER_OK)
        *webhooks = made;
    else
        cutover_webhooks_free(made);
    return status;
}

void cutover_webhooks_free(cutover_webhooks *webhooks)
{
    if (webhooks == NULL || webhooks->magic != WEBHOOKS_MAGIC)
        return;
    webhook_rounds_free(webhooks);
    webhooks->magic = 0;
    http_client_free(webhooks->client);
    pthread_mutex_destroy(&webhooks->log.mutex);
    free(webhooks);
}

/* ---- the notifier ---- */

static cutover_status notifier_deliver(const cutover_event *event, cutover_refusal *refusal,
                                       cutover_error **error, void *userdata)
{
    (void)refusal;
    return webhook_fan_out(userdata, event, error);
}

static void notifier_close(void *userdata)
{
    (void)userdata;
}

cutover_status cutover_webhooks_notifier(cutover_webhooks *webhooks, cutover_notifier *notifier,
                                         cutover_error **error)
{
    cutover_status status = webhooks_check(webhooks, error);

    if (status == CUTOVER_OK)
        status = port_check(&notifier_port, "notifier", notifier, error);
    if (status != CUTOVER_OK)
        return status;
    const cutover_notifier whole = {CUTOVER_NOTIFIER_VERSION, webhooks, notifier_deliver, notifier_close, 0};
    port_fill(&notifier_port, &whole, notifier);
    return CUTOVER_OK;
}

/* ---- the pump ---- */

cutover_status cutover_webhooks_deliver(cutover_webhooks *webhooks, uint32_t max_ms,
                                        cutover_webhook_round *round, cutover_error **error)
{
    cutover_webhook_round made = CUTOVER_WEBHOOK_ROUND_INIT;
    cutover_status status = webhooks_check(webhooks, error);

    if (status == CUTOVER_OK && round != NULL)
        status = port_check(&webhook_round_port, "round", round, error);
    if (status != CUTOVER_OK)
        return status;
    if (atomic_exchange(&webhooks->taken, true))
        return error_set(error, CUTOVER_E_LOCKED, "another thread delivers these webhooks");
    status = webhook_rounds_run(webhooks, max_ms, &made, error);
    atomic_store(&webhooks->taken, false);
    if (status == CUTOVER_OK && round != NULL)
        port_fill(&webhook_round_port, &made, round);
    return status;
}

void cutover_webhooks_stop(cutover_webhooks *webhooks)
{
    if (webhooks != NULL)
        atomic_store(&webhooks->stopped, true);
}
