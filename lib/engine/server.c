/* Which server a project's production is on: a person's word. */
#include "job/server.h"
#include "engine/engine.h"

#include <cutover/recover.h>
#include <string.h>

static cutover_status check_is(struct host *host, const struct project *project, const char *system_identifier,
                               cutover_error **error)
{
    struct session *control = NULL;
    struct session_options options = {
        .conninfo = &project->production,
        .database = project->control_database,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
    };

    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK && strcmp(control->system_identifier, system_identifier) != 0)
        status = error_set(error, CUTOVER_E_CONFLICT,
                           "production of project %s is on the server with system identifier %s, not %s",
                           project->id, control->system_identifier, system_identifier);
    session_close(control);
    return status;
}

cutover_status cutover_project_confirm_server(cutover_engine *engine, const cutover_actor *given,
                                              const char *project_id, const char *system_identifier,
                                              const char *reason, cutover_error **error)
{
    struct project project = {0};
    cutover_actor actor;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("system_identifier", system_identifier, error);
    if (status == CUTOVER_OK)
        status = engine_operator("actor", given, "A server is confirmed by operators.", &actor, error);
    if (status == CUTOVER_OK)
        status = engine_reason_check("reason", reason, error);
    if (status == CUTOVER_OK)
        status = platform_project(&engine->host.platform, project_id, &project, error);
    if (status == CUTOVER_OK && !project.found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", project_id);
    if (status == CUTOVER_OK)
        status = check_is(&engine->host, &project, system_identifier, error);
    if (status == CUTOVER_OK)
        status = server_confirm(&engine->host, &actor, project_id, system_identifier, reason, error);
    project_free(&project);
    return status;
}
