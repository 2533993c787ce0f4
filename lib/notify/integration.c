#include "notify/integration.h"

static const cutover_integration_secrets secrets_initial = CUTOVER_INTEGRATION_SECRETS_INIT;
const struct port integration_secrets_port = {&secrets_initial, sizeof(cutover_integration_secrets),
                                              CUTOVER_INTEGRATION_SECRETS_VERSION, NULL, NULL};

static const cutover_integrations_options integrations_initial = CUTOVER_INTEGRATIONS_OPTIONS_INIT;
static const struct port_member integrations_required[] = {
    {"store", offsetof(cutover_integrations_options, store), 1},
    {NULL, 0, 0},
};
const struct port integrations_options_port = {&integrations_initial, sizeof(cutover_integrations_options),
                                               CUTOVER_INTEGRATIONS_OPTIONS_VERSION, NULL,
                                               integrations_required};

static const cutover_integration_run run_initial = CUTOVER_INTEGRATION_RUN_INIT;
const struct port integration_run_port = {&run_initial, sizeof(cutover_integration_run),
                                          CUTOVER_INTEGRATION_RUN_VERSION, NULL, NULL};

static const cutover_integration_options integration_initial = CUTOVER_INTEGRATION_OPTIONS_INIT;
static const struct port_member integration_required[] = {
    {"actor", offsetof(cutover_integration_options, actor), 1},
    {"project_id", offsetof(cutover_integration_options, project_id), 1},
    {"provider", offsetof(cutover_integration_options, provider), 1},
    {"site_id", offsetof(cutover_integration_options, site_id), 1},
    {NULL, 0, 0},
};
const struct port integration_options_port = {&integration_initial, sizeof(cutover_integration_options),
                                              CUTOVER_INTEGRATION_OPTIONS_VERSION, NULL, integration_required};

cutover_status cutover_integration_secrets_init(cutover_integration_secrets *secrets, unsigned version)
{
    return port_init(&integration_secrets_port, secrets, version);
}

cutover_status cutover_integrations_options_init(cutover_integrations_options *options, unsigned version)
{
    return port_init(&integrations_options_port, options, version);
}

cutover_status cutover_integration_run_init(cutover_integration_run *run, unsigned version)
{
    return port_init(&integration_run_port, run, version);
}

cutover_status cutover_integration_options_init(cutover_integration_options *options, unsigned version)
{
    return port_init(&integration_options_port, options, version);
}

/* Nothing behind these yet: no integrations can be opened, so nobody has any to hand in. */

static cutover_status unsupported(cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no integrations");
}

cutover_status cutover_integrations_new(const cutover_integrations_options *options,
                                        cutover_integrations **integrations, cutover_error **error)
{
    (void)options, (void)integrations;
    return unsupported(error);
}

void cutover_integrations_free(cutover_integrations *integrations)
{
    (void)integrations;
}

void cutover_integrations_stop(cutover_integrations *integrations)
{
    (void)integrations;
}

cutover_status cutover_integrations_notifier(cutover_integrations *integrations, cutover_notifier *notifier,
                                             cutover_error **error)
{
    (void)integrations, (void)notifier;
    return unsupported(error);
}

cutover_status cutover_integrations_deliver(cutover_integrations *integrations, const char *project_id,
                                            cutover_integration_run *run, cutover_error **error)
{
    (void)integrations, (void)project_id, (void)run;
    return unsupported(error);
}

cutover_status cutover_integration_connect(cutover_integrations *integrations,
                                           const cutover_integration_options *options,
                                           cutover_integration **integration, cutover_error **error)
{
    (void)integrations, (void)options, (void)integration;
    return unsupported(error);
}

cutover_status cutover_integration_disconnect(cutover_integrations *integrations, const cutover_actor *actor,
                                              const char *project_id, const char *provider,
                                              cutover_error **error)
{
    (void)integrations, (void)actor, (void)project_id, (void)provider;
    return unsupported(error);
}

cutover_status cutover_integration_sync(cutover_integrations *integrations, const cutover_actor *actor,
                                        const char *project_id, const char *provider,
                                        cutover_integration **integration, cutover_error **error)
{
    (void)integrations, (void)actor, (void)project_id, (void)provider, (void)integration;
    return unsupported(error);
}

cutover_status cutover_integration_get(cutover_integrations *integrations, const char *project_id,
                                       const char *provider, cutover_integration **integration,
                                       cutover_error **error)
{
    (void)integrations, (void)project_id, (void)provider, (void)integration;
    return unsupported(error);
}

cutover_status cutover_integrations_list(cutover_integrations *integrations, const char *project_id,
                                         cutover_integration_emit emit, void *context, cutover_error **error)
{
    (void)integrations, (void)project_id, (void)emit, (void)context;
    return unsupported(error);
}

const char *cutover_integration_id(const cutover_integration *integration)
{
    (void)integration;
    return NULL;
}

const char *cutover_integration_project_id(const cutover_integration *integration)
{
    (void)integration;
    return NULL;
}

const char *cutover_integration_provider(const cutover_integration *integration)
{
    (void)integration;
    return NULL;
}

const char *cutover_integration_status(const cutover_integration *integration)
{
    (void)integration;
    return NULL;
}

int64_t cutover_integration_synced_at(const cutover_integration *integration)
{
    (void)integration;
    return 0;
}

int64_t cutover_integration_next_attempt_at(const cutover_integration *integration)
{
    (void)integration;
    return 0;
}

const char *cutover_integration_last_error(const cutover_integration *integration)
{
    (void)integration;
    return NULL;
}

const char *cutover_integration_json(const cutover_integration *integration)
{
    (void)integration;
    return NULL;
}

uint64_t cutover_integration_version(const cutover_integration *integration)
{
    (void)integration;
    return 0;
}

void cutover_integration_free(cutover_integration *integration)
{
    (void)integration;
}
