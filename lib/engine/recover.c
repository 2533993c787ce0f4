#include "pipeline/recover.h"
#include "engine/engine.h"
#include "job/operation.h"
#include "pipeline/abandon.h"
#include "pipeline/recheck.h"

struct recovering {
    struct host *host;
    cutover_recovery_emit emit;
    void *context;
};

static cutover_status recover_one(void *context, const struct lease_sight *sight, cutover_error **error)
{
    const struct recovering *recovering = context;

    (void)error;
    return recover_lease(recovering->host, sight, NULL, recovering->emit, recovering->context);
}

cutover_status cutover_recover(cutover_engine *engine, const char *project_id, cutover_recovery_emit emit,
                               void *context, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && project_id != NULL)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, project_id, error);
    if (status != CUTOVER_OK)
        return status;
    struct recovering recovering = {&engine->host, emit, context};
    cutover_error *unread = NULL;
    status = lease_look(&engine->host, project_id, recover_one, &recovering, &unread, error);
    if (status == CUTOVER_OK && project_id != NULL)
        status = recover_project(&engine->host, project_id, emit, context);
    if (status == CUTOVER_OK)
        status = project_id != NULL ? recheck_project(&engine->host, project_id, true, true, emit, context)
                                    : recheck_all(&engine->host, emit, context);
    if (status == CUTOVER_OK && project_id != NULL)
        status = leftovers_retry(&engine->host, project_id, true, emit, context, error);
    if (status == CUTOVER_OK)
        operation_sweep(&engine->host);
    if (status == CUTOVER_OK)
        status = cutover_error_code(unread);
    error_move(error, unread);
    return status;
}

cutover_status cutover_project_look(cutover_engine *engine, const char *project_id, cutover_recovery_emit emit,
                                    void *context, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, project_id, error);
    return status != CUTOVER_OK ? status
                                : recheck_project(&engine->host, project_id, false, true, emit, context);
}
