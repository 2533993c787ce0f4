/* Integrations as callers have them: opened, read, delivered. Changes of one: integration_change.c. */
#include "engine/integration.h"

#include "base/text.h"
#include "engine/engine.h"
#include "engine/record_handle.h"
#include "notify/integration_deliver.h"
#include "notify/integration_event.h"
#include "notify/integration_options.h"
#include "notify/provider.h"
#include "notify/secret_file.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define TIMEOUT_LEAST_MS 100
#define TIMEOUT_MOST_MS 60000
#define PARALLEL 8
#define PARALLEL_MOST 64
#define USER_AGENT_MAX 200

cutover_status integrations_check(const cutover_integrations *integrations, cutover_error **error)
{
    error_begin(error);
    if (integrations != NULL && integrations->magic == INTEGRATIONS_MAGIC)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "integrations: NULL, or freed already");
}

cutover_status integrations_named(const char *project_id, const char *provider, int *number,
                                  cutover_error **error)
{
    cutover_status status = engine_id_check("project_id", project_id, error);

    if (status == CUTOVER_OK && strlen(project_id) > PROJECT_ID_MAX)
        status = error_set(error, CUTOVER_E_INVALID, "project_id: longer than %d bytes", PROJECT_ID_MAX);
    if (status != CUTOVER_OK)
        return status;
    *number = provider != NULL ? integration_provider_of(provider) : -1;
    return *number >= 0 ? CUTOVER_OK
                        : error_set(error, CUTOVER_E_INVALID, "provider: must be vercel or netlify");
}

cutover_status integration_wrap(struct integration_record *record, uint64_t version,
                                cutover_integration **integration, cutover_error **error)
{
    struct record_handle *handle = NULL;

    if (integration == NULL)
        return CUTOVER_OK;
    cutover_status status = record_handle_make(&integration_type, record, version, &handle, error);
    if (status == CUTOVER_OK)
        *integration = (cutover_integration *)handle;
    return status;
}

/* ---- opened ---- */

static void log_forward(int level, const char *line, void *userdata)
{
    const cutover_integrations *integrations = userdata;

    integrations->log_fn((cutover_log_level)level, line, integrations->log_userdata);
}

static cutover_status check_range(const char *name, uint32_t value, uint32_t least, uint32_t most,
                                  cutover_error **error)
{
    if (value == 0 || (value >= least && value <= most))
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "options.%s must be %u to %u, or 0, it is %u", name, least, most,
                     value);
}

static cutover_status check_user_agent(const char *user_agent, cutover_error **error)
{
    size_t length = user_agent != NULL ? strlen(user_agent) : 1;

    if (length == 0 || length > USER_AGENT_MAX)
        return error_set(error, CUTOVER_E_INVALID, "options.user_agent must have 1 to %d bytes",
                         USER_AGENT_MAX);
    for (; user_agent != NULL && *user_agent != '\0'; user_agent++)
        if (*user_agent < ' ' || *user_agent > '~')
            return error_set(error, CUTOVER_E_INVALID, "options.user_agent: printable ASCII only");
    return CUTOVER_OK;
}

static cutover_status check_options(const cutover_integrations_options *options, cutover_error **error)
{
    const uint32_t known = CUTOVER_INTEGRATIONS_ALLOW_PRIVATE | CUTOVER_STRICT_ANSWERS;

    if ((options->flags & ~known) != 0)
        return error_set(error, CUTOVER_E_INVALID, "options.flags: unknown bits 0x%x", options->flags & ~known);
    if (options->folder == NULL && options->secrets == NULL)
        return error_set(error, CUTOVER_E_INVALID,
                         "options.folder: required where there are no options.secrets");
    cutover_status status =
        check_range("timeout_ms", options->timeout_ms, TIMEOUT_LEAST_MS, TIMEOUT_MOST_MS, error);
    if (status == CUTOVER_OK)
        status = check_range("parallel", options->parallel, 1, PARALLEL_MOST, error);
    return status == CUTOVER_OK ? check_user_agent(options->user_agent, error) : status;
}

/* Without the '/' that it may end in. */
static cutover_status take_url(cutover_integrations *made, int provider, const char *field, const char *given,
                               cutover_error **error)
{
    const bool private_too = (made->flags & CUTOVER_INTEGRATIONS_ALLOW_PRIVATE) != 0;
    const char *url = given != NULL ? given : provider_of(provider)->base_url;

    cutover_status status = http_url_check(field, url, private_too, private_too, error);
    if (status == CUTOVER_OK)
        status = string_copy(url, &made->base_urls[provider], error);
    if (status != CUTOVER_OK)
        return status;
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        made->base_urls[provider][--length] = '\0';
    if (strpbrk(url, "?#") != NULL)
        status = error_set(error, CUTOVER_E_INVALID, "%s: no query", field);
    return status;
}

static cutover_status take_texts(cutover_integrations *made, const cutover_integrations_options *options,
                                 cutover_error **error)
{
    cutover_status status = take_url(made, PROVIDER_VERCEL, "options.vercel_url", options->vercel_url, error);

    if (status == CUTOVER_OK)
        status = take_url(made, PROVIDER_NETLIFY, "options.netlify_url", options->netlify_url, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->folder, &made->folder, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->ca_file, &made->ca_file, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->user_agent, &made->user_agent, error);
    return status;
}

static cutover_status fill(cutover_integrations *made, const cutover_integrations_options *options,
                           cutover_error **error)
{
    struct http_client *client = NULL;

    pthread_mutex_init(&made->own_log.mutex, NULL);
    made->log = &made->own_log;
    made->flags = options->flags;
    made->clock = (struct clock){.now = options->clock, .userdata = options->clock_userdata};
    cancel_init(&made->stop, NULL);
    made->secrets = options->secrets;
    made->secrets_userdata = options->secrets_userdata;
    made->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_MS;
    made->parallel = options->parallel != 0 ? options->parallel : PARALLEL;
    if (options->log != NULL) {
        made->log_fn = options->log;
        made->log_userdata = options->log_userdata;
        made->own_log.write = log_forward;
        made->own_log.userdata = made;
    }
    cutover_status status = store_copy("options.store", options->store, &made->store, error);
    if (status == CUTOVER_OK)
        status = take_texts(made, options, error);
    /* What a client cannot do is told now: one without libcurl, or with a file that cannot be read. */
    if (status == CUTOVER_OK)
        status = integrations_client(made, &client, error);
    http_client_free(client);
    if (status == CUTOVER_OK && made->folder != NULL)
        status = secret_folder_open(made->folder, error);
    return status;
}

cutover_status cutover_integrations_new(const cutover_integrations_options *given,
                                        cutover_integrations **integrations, cutover_error **error)
{
    error_begin(error);
    cutover_integrations_options options;
    cutover_status status = port_copy(&integrations_options_port, "options", given, &options, error);

    if (status == CUTOVER_OK)
        status = check_options(&options, error);
    if (status == CUTOVER_OK && integrations == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "integrations: required");
    if (status != CUTOVER_OK)
        return status;
    cutover_integrations *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    made->magic = INTEGRATIONS_MAGIC;
    status = fill(made, &options, error);
    if (status != CUTOVER_OK) {
        cutover_integrations_free(made);
        return status;
    }
    *integrations = made;
    return CUTOVER_OK;
}

void cutover_integrations_free(cutover_integrations *integrations)
{
    if (integrations == NULL || integrations->magic != INTEGRATIONS_MAGIC)
        return;
    integrations->magic = 0;
    for (size_t i = 0; i < PROVIDER_COUNT; i++)
        free(integrations->base_urls[i]);
    free(integrations->folder);
    free(integrations->ca_file);
    free(integrations->user_agent);
    pthread_mutex_destroy(&integrations->own_log.mutex);
    free(integrations);
}

void cutover_integrations_stop(cutover_integrations *integrations)
{
    if (integrations != NULL && integrations->magic == INTEGRATIONS_MAGIC)
        cancel_ask(&integrations->stop);
}

/* ---- events, and what is due ---- */

static cutover_status deliver_event(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                                    void *userdata)
{
    (void)refusal;
    return integration_event_take(userdata, event, error);
}

static void close_nothing(void *userdata)
{
    (void)userdata;
}

cutover_status cutover_integrations_notifier(cutover_integrations *integrations, cutover_notifier *notifier,
                                             cutover_error **error)
{
    const cutover_notifier whole = {CUTOVER_NOTIFIER_VERSION, integrations, deliver_event, close_nothing, 0};
    cutover_status status = integrations_check(integrations, error);

    if (status == CUTOVER_OK)
        status = port_check(&notifier_port, "notifier", notifier, error);
    if (status == CUTOVER_OK)
        port_fill(&notifier_port, &whole, notifier);
    return status;
}

cutover_status cutover_integrations_deliver(cutover_integrations *integrations, const char *project_id,
                                            cutover_integration_run *run, cutover_error **error)
{
    cutover_integration_run whole = CUTOVER_INTEGRATION_RUN_INIT;
    cutover_status status = integrations_check(integrations, error);

    if (status == CUTOVER_OK && project_id != NULL)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK && run != NULL)
        status = port_check(&integration_run_port, "run", run, error);
    if (status == CUTOVER_OK)
        status = integrations_deliver(integrations, project_id, &whole, error);
    if (status == CUTOVER_OK && run != NULL)
        port_fill(&integration_run_port, &whole, run);
    return status;
}

/* ---- read ---- */

cutover_status cutover_integration_get(cutover_integrations *integrations, const char *project_id,
                                       const char *provider, cutover_integration **integration,
                                       cutover_error **error)
{
    struct integration_record record = {0};
    uint64_t version;
    int number;
    cutover_status status = integrations_check(integrations, error);

    if (status == CUTOVER_OK && integration == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "integration: required");
    if (status == CUTOVER_OK)
        status = integrations_named(project_id, provider, &number, error);
    if (status == CUTOVER_OK)
        status = integration_read(&integrations->store, project_id, number, &record, &version, error);
    if (status == CUTOVER_OK)
        status = integration_wrap(&record, version, integration, error);
    record_free(&integration_type, &record);
    return status;
}

struct listing {
    cutover_integration_emit emit;
    void *context;
};

static cutover_status list_each(void *context, const struct document *document, cutover_error **error)
{
    const struct listing *listing = context;
    struct integration_record record = {0};
    cutover_integration *integration = NULL;

    cutover_status status = integration_parse(document, &record, error);
    if (status == CUTOVER_OK)
        status = integration_wrap(&record, document->version, &integration, error);
    if (status == CUTOVER_OK)
        status = listing->emit(integration, listing->context);
    cutover_integration_free(integration);
    record_free(&integration_type, &record);
    return status;
}

cutover_status cutover_integrations_list(cutover_integrations *integrations, const char *project_id,
                                         cutover_integration_emit emit, void *context, cutover_error **error)
{
    struct listing listing = {emit, context};
    cutover_status status = integrations_check(integrations, error);

    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    if (status == CUTOVER_OK && project_id != NULL)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status =
            document_walk(&integrations->store, integration_type.kind, project_id, list_each, &listing, error);
    return status;
}

/* ---- what a handle tells ---- */

static const struct record_handle *handle_of(const cutover_integration *integration)
{
    return (const struct record_handle *)integration;
}

#define TEXT(integration, member)                                                                              \
    record_handle_text(handle_of(integration), &integration_type, offsetof(struct integration_record, member))
#define NUMBER(integration, member)                                                                            \
    record_handle_number(handle_of(integration), &integration_type, offsetof(struct integration_record, member))
#define NAME(integration, member, names)                                                                       \
    record_handle_name(handle_of(integration), &integration_type, offsetof(struct integration_record, member), \
                       names)

const char *cutover_integration_id(const cutover_integration *integration)
{
    return TEXT(integration, id);
}

const char *cutover_integration_project_id(const cutover_integration *integration)
{
    return TEXT(integration, project_id);
}

const char *cutover_integration_provider(const cutover_integration *integration)
{
    return NAME(integration, provider, integration_provider_names);
}

const char *cutover_integration_status(const cutover_integration *integration)
{
    return NAME(integration, status, integration_status_names);
}

int64_t cutover_integration_synced_at(const cutover_integration *integration)
{
    return NUMBER(integration, synced_at);
}

int64_t cutover_integration_next_attempt_at(const cutover_integration *integration)
{
    return NUMBER(integration, next_attempt_at);
}

const char *cutover_integration_last_error(const cutover_integration *integration)
{
    return TEXT(integration, last_error);
}

const char *cutover_integration_json(const cutover_integration *integration)
{
    return record_handle_json(handle_of(integration), &integration_type);
}

uint64_t cutover_integration_version(const cutover_integration *integration)
{
    return record_handle_version(handle_of(integration), &integration_type);
}

void cutover_integration_free(cutover_integration *integration)
{
    record_handle_free((struct record_handle *)integration);
}
