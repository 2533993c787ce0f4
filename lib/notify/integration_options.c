#include "notify/integration_options.h"

#include <cutover/integration.h>

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
