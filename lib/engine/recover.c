#include "pipeline/recover.h"
#include "engine/engine.h"
#include "pipeline/operation.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 100

static cutover_status lease_look(struct host *host, const struct document *document, cutover_recovery_emit emit,
                                 void *context, cutover_error **error)
{
    struct lease_record record = {0};
    cutover_status status = record_parse(&lease_type, document->body, &record, error);

    if (status == CUTOVER_OK)
        status = recover_lease(host, &record, document->version, emit, context);
    record_free(&lease_type, &record);
    return status;
}

cutover_status cutover_recover(cutover_engine *engine, const char *project_id, cutover_recovery_emit emit,
                               void *context, cutover_error **error)
{
    char *after = NULL;
    bool more = true;
    cutover_status status = engine_check(engine, error);

    while (status == CUTOVER_OK && more) {
        struct document_list list = {0};
        status = document_list_read(&engine->host.store, lease_type.kind, project_id,
                                    after != NULL ? after : "", PAGE, &list, error);
        for (size_t i = 0; status == CUTOVER_OK && i < list.count; i++)
            status = lease_look(&engine->host, &list.items[i], emit, context, error);
        more = list.count == PAGE;
        if (status == CUTOVER_OK && more)
            status = record_set_text(&after, list.items[list.count - 1].id, error);
        document_list_free(&list);
    }
    free(after);
    if (status == CUTOVER_OK)
        operation_sweep(&engine->host);
    return status;
}
