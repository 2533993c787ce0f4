#include "pipeline/recover.h"
#include "engine/engine.h"
#include "job/operation.h"

struct recovering {
    struct host *host;
    cutover_recovery_emit emit;
    void *context;
    cutover_error *unread; /* about the first lease that could not be read */
};

static cutover_status lease_look(void *context, const struct document *document, cutover_error **error)
{
    struct recovering *recovering = context;
    struct lease_record record = {0};
    cutover_error *local = NULL;
    cutover_status status = record_parse(&lease_type, document->body, &record, &local);

    /* One that is damaged, or a newer version's, holds up no other. */
    if (status == CUTOVER_E_STORE || status == CUTOVER_E_UNSUPPORTED) {
        error_move(&recovering->unread, local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    if (status == CUTOVER_OK)
        status =
            recover_lease(recovering->host, &record, document->version, recovering->emit, recovering->context);
    record_free(&lease_type, &record);
    return status;
}

cutover_status cutover_recover(cutover_engine *engine, const char *project_id, cutover_recovery_emit emit,
                               void *context, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status != CUTOVER_OK)
        return status;
    struct recovering recovering = {&engine->host, emit, context, NULL};
    status = document_walk(&engine->host.store, lease_type.kind, project_id, lease_look, &recovering, error);
    if (status == CUTOVER_OK && project_id != NULL)
        status = recover_project(&engine->host, project_id, emit, context);
    if (status == CUTOVER_OK)
        operation_sweep(&engine->host);
    if (status == CUTOVER_OK)
        status = cutover_error_code(recovering.unread);
    error_move(error, recovering.unread);
    return status;
}
