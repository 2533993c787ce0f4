#include "engine/options.h"

#include <cutover.h>

static const cutover_engine_options engine_options_initial = CUTOVER_ENGINE_OPTIONS_INIT;
static const struct port_member engine_options_required[] = {
    {"store", offsetof(cutover_engine_options, store), 1},
    {"repository", offsetof(cutover_engine_options, repository), 1},
    {"platform", offsetof(cutover_engine_options, platform), 1},
    {NULL, 0, 0},
};
const struct port engine_options_port = {&engine_options_initial, sizeof(cutover_engine_options),
                                         CUTOVER_ENGINE_OPTIONS_VERSION, NULL, engine_options_required};

cutover_status cutover_engine_options_init(cutover_engine_options *options, unsigned version)
{
    return port_init(&engine_options_port, options, version);
}

static const cutover_request_options request_options_initial = CUTOVER_REQUEST_OPTIONS_INIT;
static const struct port_member request_options_required[] = {
    {"actor", offsetof(cutover_request_options, actor), 1},
    {"project_id", offsetof(cutover_request_options, project_id), 1},
    {"preview_id", offsetof(cutover_request_options, preview_id), 1},
    {NULL, 0, 0},
};
static const size_t request_options_older[] = {PORT_SIZE(cutover_request_options, external_ticket_ref)};
const struct port request_options_port = {&request_options_initial, sizeof(cutover_request_options),
                                          CUTOVER_REQUEST_OPTIONS_VERSION, request_options_older,
                                          request_options_required};

cutover_status cutover_request_options_init(cutover_request_options *options, unsigned version)
{
    return port_init(&request_options_port, options, version);
}

static const cutover_backup_options backup_options_initial = CUTOVER_BACKUP_OPTIONS_INIT;
static const struct port_member backup_options_required[] = {
    {"actor", offsetof(cutover_backup_options, actor), 1},
    {NULL, 0, 0},
};
const struct port backup_options_port = {&backup_options_initial, sizeof(cutover_backup_options),
                                         CUTOVER_BACKUP_OPTIONS_VERSION, NULL, backup_options_required};

cutover_status cutover_backup_options_init(cutover_backup_options *options, unsigned version)
{
    return port_init(&backup_options_port, options, version);
}

static const cutover_promotion_options promotion_options_initial = CUTOVER_PROMOTION_OPTIONS_INIT;
static const struct port_member promotion_options_required[] = {
    {"actor", offsetof(cutover_promotion_options, actor), 1},
    {"request_id", offsetof(cutover_promotion_options, request_id), 1},
    {NULL, 0, 0},
};
static const size_t promotion_options_older[] = {PORT_SIZE(cutover_promotion_options, progress_userdata),
                                                 PORT_SIZE(cutover_promotion_options, writes_refused_max_s)};
const struct port promotion_options_port = {&promotion_options_initial, sizeof(cutover_promotion_options),
                                            CUTOVER_PROMOTION_OPTIONS_VERSION, promotion_options_older,
                                            promotion_options_required};

cutover_status cutover_promotion_options_init(cutover_promotion_options *options, unsigned version)
{
    return port_init(&promotion_options_port, options, version);
}

static const cutover_restore_options restore_options_initial = CUTOVER_RESTORE_OPTIONS_INIT;
static const struct port_member restore_options_required[] = {
    {"actor", offsetof(cutover_restore_options, actor), 1},
    {"backup_id", offsetof(cutover_restore_options, backup_id), 1},
    {NULL, 0, 0},
};
static const size_t restore_options_older[] = {PORT_SIZE(cutover_restore_options, progress_userdata)};
const struct port restore_options_port = {&restore_options_initial, sizeof(cutover_restore_options),
                                          CUTOVER_RESTORE_OPTIONS_VERSION, restore_options_older,
                                          restore_options_required};

cutover_status cutover_restore_options_init(cutover_restore_options *options, unsigned version)
{
    return port_init(&restore_options_port, options, version);
}

static const cutover_rollback_options rollback_options_initial = CUTOVER_ROLLBACK_OPTIONS_INIT;
static const struct port_member rollback_options_required[] = {
    {"actor", offsetof(cutover_rollback_options, actor), 1},
    {"request_id", offsetof(cutover_rollback_options, request_id), 1},
    {NULL, 0, 0},
};
static const size_t rollback_options_older[] = {PORT_SIZE(cutover_rollback_options, discard_writes)};
const struct port rollback_options_port = {&rollback_options_initial, sizeof(cutover_rollback_options),
                                           CUTOVER_ROLLBACK_OPTIONS_VERSION, rollback_options_older,
                                           rollback_options_required};

cutover_status cutover_rollback_options_init(cutover_rollback_options *options, unsigned version)
{
    return port_init(&rollback_options_port, options, version);
}

static const cutover_request_ack_options ack_options_initial = CUTOVER_REQUEST_ACK_OPTIONS_INIT;
static const struct port_member ack_options_required[] = {
    {"actor", offsetof(cutover_request_ack_options, actor), 1},
    {"request_id", offsetof(cutover_request_ack_options, request_id), 1},
    {NULL, 0, 0},
};
static const size_t ack_options_older[] = {PORT_SIZE(cutover_request_ack_options, scheduled_for)};
const struct port ack_options_port = {&ack_options_initial, sizeof(cutover_request_ack_options),
                                      CUTOVER_REQUEST_ACK_OPTIONS_VERSION, ack_options_older,
                                      ack_options_required};

cutover_status cutover_request_ack_options_init(cutover_request_ack_options *options, unsigned version)
{
    return port_init(&ack_options_port, options, version);
}

static const cutover_delivery_options delivery_options_initial = CUTOVER_DELIVERY_OPTIONS_INIT;
const struct port delivery_options_port = {&delivery_options_initial, sizeof(cutover_delivery_options),
                                           CUTOVER_DELIVERY_OPTIONS_VERSION, NULL, NULL};

cutover_status cutover_delivery_options_init(cutover_delivery_options *options, unsigned version)
{
    return port_init(&delivery_options_port, options, version);
}

static const cutover_delivery delivery_initial = CUTOVER_DELIVERY_INIT;
const struct port delivery_port = {&delivery_initial, sizeof(cutover_delivery), CUTOVER_DELIVERY_VERSION, NULL,
                                   NULL};

cutover_status cutover_delivery_init(cutover_delivery *delivery, unsigned version)
{
    return port_init(&delivery_port, delivery, version);
}

static const cutover_event_selection event_selection_initial = CUTOVER_EVENT_SELECTION_INIT;
static const struct port_member event_selection_required[] = {
    {"actor", offsetof(cutover_event_selection, actor), 1},
    {"notifier", offsetof(cutover_event_selection, notifier), 1},
    {NULL, 0, 0},
};
const struct port event_selection_port = {&event_selection_initial, sizeof(cutover_event_selection),
                                          CUTOVER_EVENT_SELECTION_VERSION, NULL, event_selection_required};

cutover_status cutover_event_selection_init(cutover_event_selection *selection, unsigned version)
{
    return port_init(&event_selection_port, selection, version);
}

static const cutover_abandon_options abandon_options_initial = CUTOVER_ABANDON_OPTIONS_INIT;
static const struct port_member abandon_options_required[] = {
    {"actor", offsetof(cutover_abandon_options, actor), 1},
    {"job_id", offsetof(cutover_abandon_options, job_id), 1},
    {"reason", offsetof(cutover_abandon_options, reason), 1},
    {NULL, 0, 0},
};
const struct port abandon_options_port = {&abandon_options_initial, sizeof(cutover_abandon_options),
                                          CUTOVER_ABANDON_OPTIONS_VERSION, NULL, abandon_options_required};

cutover_status cutover_abandon_options_init(cutover_abandon_options *options, unsigned version)
{
    return port_init(&abandon_options_port, options, version);
}

static const cutover_project_removal project_removal_initial = CUTOVER_PROJECT_REMOVAL_INIT;
static const struct port_member project_removal_required[] = {
    {"project_id", offsetof(cutover_project_removal, project_id), 1},
    {"reason", offsetof(cutover_project_removal, reason), 1},
    {NULL, 0, 0},
};
const struct port project_removal_port = {&project_removal_initial, sizeof(cutover_project_removal),
                                          CUTOVER_PROJECT_REMOVAL_VERSION, NULL, project_removal_required};

cutover_status cutover_project_removal_init(cutover_project_removal *options, unsigned version)
{
    return port_init(&project_removal_port, options, version);
}
