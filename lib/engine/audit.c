#include "base/record.h"
#include "engine/engine.h"
#include "notify/outbox.h"
#include "store/port.h"

#include <cutover/audit.h>
#include <string.h>

struct audit_target {
    cutover_audit_emit emit;
    void *context;
    cutover_status emitted; /* what the caller's function said */
    cutover_error **error;
};

/* Takes the cause over. */
static cutover_status audit_damaged(const cutover_document *document, cutover_error *cause,
                                    cutover_error **error)
{
    cutover_status status = cutover_error_code(cause) == CUTOVER_E_NOMEM ? CUTOVER_E_NOMEM : CUTOVER_E_STORE;

    if (status == CUTOVER_E_NOMEM)
        error_nomem(error);
    else
        error_set(error, status, "audit entry %s in the store is damaged: %s", document->id,
                  cutover_error_message(cause));
    cutover_error_free(cause);
    return status;
}

static cutover_status audit_receive(const cutover_document *document, void *context)
{
    struct audit_target *target = context;
    cutover_error *cause = NULL;
    struct json_object *body = json_parse(document->body, strlen(document->body), &cause);

    if (body == NULL)
        return audit_damaged(document, cause, target->error);
    int64_t at = 0;
    time_parse(json_text_or(body, "at", ""), &at);
    cutover_audit_entry entry = {
        .version = 1,
        .cursor = document->id,
        .sequence = (uint64_t)json_int_or(body, "sequence", 0),
        .action = json_text_or(body, "action", ""),
        .project_id = document->project_id,
        .actor_id = json_text_or(body, "actor_id", ""),
        .actor_kind = json_text_or(body, "actor_kind", ""),
        .at = at,
        .json = document->body,
    };
    target->emitted = target->emit(&entry, target->context);
    json_object_put(body);
    return target->emitted;
}

cutover_status cutover_audit_list(cutover_engine *engine, const char *project_id, const char *after,
                                  uint32_t limit, cutover_audit_emit emit, void *context, cutover_error **error)
{
    cutover_error *local = NULL;
    struct audit_target target = {emit, context, CUTOVER_OK, &local};
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_limit_check(limit, error);
    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    if (status != CUTOVER_OK)
        return status;
    const cutover_store *store = &engine->host.store;
    status = store_list(store, "audit", project_id, after != NULL ? after : "", limit, audit_receive, &target,
                        &local);
    if (status != CUTOVER_OK && target.emitted == CUTOVER_OK)
        status = error_from_callback(&local, status, "store.list");
    error_move(error, local);
    return status;
}

cutover_status cutover_events_deliver(cutover_engine *engine, cutover_delivery *delivery, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status != CUTOVER_OK)
        return status;
    struct host *host = &engine->host;
    if (!host->has_notifier) {
        status = error_set(error, CUTOVER_E_STATE, "the engine has no notifier to deliver to");
        error_hint(error, "give it one: cutover_engine_options.notifier");
        return status;
    }
    return outbox_deliver(&host->store, &host->notifier, &host->clock, host->event_attempts, delivery, error);
}

cutover_status cutover_events_list(cutover_engine *engine, const char *project_id, cutover_event_emit emit,
                                   void *context, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    return status != CUTOVER_OK ? status : outbox_list(&engine->host.store, project_id, emit, context, error);
}
