#include "notify/webhook_options.h"

static const cutover_webhooks_options webhooks_options_initial = CUTOVER_WEBHOOKS_OPTIONS_INIT;
static const struct port_member webhooks_options_required[] = {
    {"store", offsetof(cutover_webhooks_options, store), 1},
    {NULL, 0, 0},
};
const struct port webhooks_options_port = {&webhooks_options_initial, sizeof(cutover_webhooks_options),
                                           CUTOVER_WEBHOOKS_OPTIONS_VERSION, NULL, webhooks_options_required};

cutover_status cutover_webhooks_options_init(cutover_webhooks_options *options, unsigned version)
{
    return port_init(&webhooks_options_port, options, version);
}

static const cutover_webhook_round webhook_round_initial = CUTOVER_WEBHOOK_ROUND_INIT;
const struct port webhook_round_port = {&webhook_round_initial, sizeof(cutover_webhook_round),
                                        CUTOVER_WEBHOOK_ROUND_VERSION, NULL, NULL};

cutover_status cutover_webhook_round_init(cutover_webhook_round *round, unsigned version)
{
    return port_init(&webhook_round_port, round, version);
}

static const cutover_webhook_options webhook_options_initial = CUTOVER_WEBHOOK_OPTIONS_INIT;
static const struct port_member webhook_options_required[] = {
    {"actor", offsetof(cutover_webhook_options, actor), 1},
    {"project_id", offsetof(cutover_webhook_options, project_id), 1},
    {"url", offsetof(cutover_webhook_options, url), 1},
    {NULL, 0, 0},
};
const struct port webhook_options_port = {&webhook_options_initial, sizeof(cutover_webhook_options),
                                          CUTOVER_WEBHOOK_OPTIONS_VERSION, NULL, webhook_options_required};

cutover_status cutover_webhook_options_init(cutover_webhook_options *options, unsigned version)
{
    return port_init(&webhook_options_port, options, version);
}

static const cutover_webhook_change webhook_change_initial = CUTOVER_WEBHOOK_CHANGE_INIT;
static const struct port_member webhook_change_required[] = {
    {"actor", offsetof(cutover_webhook_change, actor), 1},
    {"webhook_id", offsetof(cutover_webhook_change, webhook_id), 1},
    {NULL, 0, 0},
};
const struct port webhook_change_port = {&webhook_change_initial, sizeof(cutover_webhook_change),
                                         CUTOVER_WEBHOOK_CHANGE_VERSION, NULL, webhook_change_required};

cutover_status cutover_webhook_change_init(cutover_webhook_change *change, unsigned version)
{
    return port_init(&webhook_change_port, change, version);
}

static const cutover_webhook_selection webhook_selection_initial = CUTOVER_WEBHOOK_SELECTION_INIT;
static const struct port_member webhook_selection_required[] = {
    {"actor", offsetof(cutover_webhook_selection, actor), 1},
    {"webhook_id", offsetof(cutover_webhook_selection, webhook_id), 1},
    {NULL, 0, 0},
};
const struct port webhook_selection_port = {&webhook_selection_initial, sizeof(cutover_webhook_selection),
                                            CUTOVER_WEBHOOK_SELECTION_VERSION, NULL,
                                            webhook_selection_required};

cutover_status cutover_webhook_selection_init(cutover_webhook_selection *selection, unsigned version)
{
    return port_init(&webhook_selection_port, selection, version);
}
