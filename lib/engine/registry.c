/* Removing a project: its server is asked what cutovers displaced there. */
#include "engine/engine.h"
#include "engine/options.h"
#include "job/displaced.h"
#include "platform/registry_act.h"
#include "store/document.h"

#include <string.h>

static cutover_status displaced_ask(struct host *host, const struct project *project,
                                    struct displaced_list *list, cutover_error **error)
{
    struct session *control = NULL;
    struct session_options options = {
        .conninfo = &project->production,
        .database = project->control_database,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
    };

    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK)
        status = displaced_find(host, project, control, list, error);
    session_close(control);
    return status;
}

/* A project that no job has swapped has displaced nothing, wherever its server is. */
static cutover_status swapped_once(void *context, const struct document *document, cutover_error **error)
{
    struct promotion_record record = {0};
    cutover_status status = record_parse(&promotion_type, document->body, &record, error);

    if (status == CUTOVER_OK && record.status == PROMOTION_COMPLETED && record.swapped)
        *(bool *)context = true;
    record_free(&promotion_type, &record);
    return status;
}

static cutover_status check_displaced(struct host *host, const struct project *project, bool without_server,
                                      cutover_error **error)
{
    struct displaced_list list = {0};
    cutover_error *local = NULL;
    bool any = false;

    cutover_status status =
        document_walk(&host->store, promotion_type.kind, project->id, swapped_once, &any, error);
    if (status != CUTOVER_OK || !any)
        return status;
    status = displaced_ask(host, project, &list, &local);
    if (status == CUTOVER_E_POSTGRES && without_server) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    if (status == CUTOVER_E_POSTGRES)
        error_front(&local, "whether displaced databases are left cannot be told",
                    "where that server will not come back: options.without_server");
    if (status == CUTOVER_OK && list.count > 0) {
        status = error_set(&local, CUTOVER_E_STATE, "project %s has displaced database %s", project->id,
                           list.items[0].name);
        error_hint(&local, "Drop its displaced databases first.");
    }
    displaced_list_free(&list);
    error_move(error, local);
    return status;
}

static cutover_status options_take(const cutover_project_removal *given, cutover_project_removal *options,
                                   cutover_error **error)
{
    cutover_status status = port_copy(&project_removal_port, "options", given, options, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("options.project_id", options->project_id, error);
    if (status == CUTOVER_OK)
        status = engine_reason_check("options.reason", options->reason, error);
    if (status == CUTOVER_OK && options->confirm == 0)
        status = error_set(error, CUTOVER_E_INVALID, "options.confirm: required");
    return status;
}

cutover_status cutover_registry_project_remove(cutover_registry *registry, cutover_engine *engine,
                                               const cutover_project_removal *given, cutover_error **error)
{
    cutover_project_removal options;
    struct project project = {0};
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(given, &options, error);
    if (status == CUTOVER_OK)
        status = platform_project(&engine->host.platform, options.project_id, &project, error);
    if (status != CUTOVER_OK)
        return status;
    if (!project.found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", options.project_id);
    if (status == CUTOVER_OK)
        status = check_displaced(&engine->host, &project, options.without_server != 0, error);
    project_free(&project);
    return status == CUTOVER_OK ? registry_project_remove(registry, options.project_id, options.reason, error)
                                : status;
}
