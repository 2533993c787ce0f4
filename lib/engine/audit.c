#include "base/record.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "notify/known.h"
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
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, project_id, error);
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

/* Delivers to one outlet; what failed first is kept in *cause. */
static void deliver_one(struct host *host, struct outlet *outlet, struct json_object *names,
                        cutover_delivery *counts, cutover_error **cause)
{
    cutover_error *failure = NULL;

    outbox_deliver(&host->store, outlet, &host->clock, names, counts, &failure);
    error_move(cause, failure);
}

/* To the one that is named, or to each. */
static cutover_status deliver_to(cutover_engine *engine, const char *name, cutover_delivery *counts,
                                 cutover_error **error)
{
    struct host *host = &engine->host;
    struct outlets *outlets = &engine->outlets;
    struct outlet *outlet = name != NULL ? outlets_find(outlets, name) : NULL;
    struct json_object *names = NULL;
    cutover_error *cause = NULL;

    if (name != NULL && outlet == NULL)
        return error_set(error, CUTOVER_E_NOT_FOUND, "the engine has no notifier %s", name);
    cutover_status status = known_announce(&host->store, &host->clock, outlets, &host->log, &names, error);
    if (status != CUTOVER_OK)
        return status;
    if (outlet != NULL)
        deliver_one(host, outlet, names, counts, &cause);
    for (size_t i = 0; outlet == NULL && i < outlets->count; i++)
        deliver_one(host, &outlets->items[i], names, counts, &cause);
    json_object_put(names);
    status = cutover_error_code(cause);
    error_move(error, cause);
    return status;
}

cutover_status cutover_events_deliver(cutover_engine *engine, const cutover_delivery_options *given,
                                      cutover_delivery *delivery, cutover_error **error)
{
    cutover_delivery_options options = CUTOVER_DELIVERY_OPTIONS_INIT;
    cutover_delivery counts = CUTOVER_DELIVERY_INIT;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && given != NULL)
        status = port_copy(&delivery_options_port, "options", given, &options, error);
    if (status == CUTOVER_OK && delivery != NULL)
        status = port_check(&delivery_port, "delivery", delivery, error);
    if (status != CUTOVER_OK)
        return status;
    if (engine->outlets.count == 0) {
        status = error_set(error, CUTOVER_E_STATE, "the engine has no notifier to deliver to");
        error_hint(error, "Give it one: cutover_engine_options.notifiers.");
        return status;
    }
    status = deliver_to(engine, options.notifier, &counts, error);
    if (status == CUTOVER_OK && delivery != NULL)
        port_fill(&delivery_port, &counts, delivery);
    return status;
}

cutover_status cutover_events_list(cutover_engine *engine, const char *project_id, cutover_event_emit emit,
                                   void *context, cutover_error **error)
{
    struct json_object *names = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, project_id, error);
    if (status != CUTOVER_OK)
        return status;
    const struct host *host = &engine->host;
    status = known_read(&host->store, &engine->outlets, &names, error);
    if (status == CUTOVER_OK)
        status = outbox_list(&host->store, names, project_id, emit, context, error);
    json_object_put(names);
    return status;
}

static cutover_status selection_check(const cutover_event_selection *selection, cutover_error **error)
{
    cutover_status status = outlet_name_check("selection.notifier", selection->notifier, error);

    if (status == CUTOVER_OK && selection->project_id != NULL)
        status = engine_id_check("selection.project_id", selection->project_id, error);
    if (status == CUTOVER_OK && selection->project_id == NULL &&
        (selection->first != 0 || selection->last != 0))
        status = error_set(error, CUTOVER_E_INVALID,
                           "selection.project_id: required with first and last, which count within a project");
    if (status == CUTOVER_OK && selection->last != 0 && selection->last < selection->first)
        status = error_set(error, CUTOVER_E_INVALID, "selection.last: %llu, must not be before first, %llu",
                           (unsigned long long)selection->last, (unsigned long long)selection->first);
    return status;
}

/* One that was mistyped is no endpoint for which nothing was given up. */
static cutover_status notifier_check(struct json_object *names, const char *name, cutover_error **error)
{
    if (json_object_object_get_ex(names, name, NULL))
        return CUTOVER_OK;
    cutover_status status = error_set(error, CUTOVER_E_NOT_FOUND, "no notifier %s", name);
    error_hint(error, "Known are those that an engine has delivered to; each event of the list names them.");
    return status;
}

static cutover_status settle_given_up(cutover_engine *engine, const cutover_event_selection *given,
                                      enum outbox_act act, uint32_t *count, cutover_error **error)
{
    cutover_event_selection selection;
    cutover_actor actor;
    struct json_object *names = NULL;
    uint32_t settled = 0;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = port_copy(&event_selection_port, "selection", given, &selection, error);
    if (status == CUTOVER_OK)
        status = engine_operator("selection.actor", selection.actor,
                                 "Events that were given up are settled by operators.", &actor, error);
    if (status == CUTOVER_OK)
        status = selection_check(&selection, error);
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, selection.project_id, error);
    if (status != CUTOVER_OK)
        return status;
    const struct host *host = &engine->host;
    const struct outbox_choice choice = {&actor, selection.project_id, selection.first, selection.last,
                                         selection.notifier};
    status = known_read(&host->store, &engine->outlets, &names, error);
    if (status == CUTOVER_OK)
        status = notifier_check(names, selection.notifier, error);
    if (status == CUTOVER_OK)
        status = outbox_settle(&host->store, &host->clock, names, &choice, act, &settled, error);
    json_object_put(names);
    if (status == CUTOVER_OK && count != NULL)
        *count = settled;
    return status;
}

cutover_status cutover_events_retry(cutover_engine *engine, const cutover_event_selection *selection,
                                    uint32_t *count, cutover_error **error)
{
    return settle_given_up(engine, selection, OUTBOX_RETRY, count, error);
}

cutover_status cutover_events_discard(cutover_engine *engine, const cutover_event_selection *selection,
                                      uint32_t *count, cutover_error **error)
{
    return settle_given_up(engine, selection, OUTBOX_DISCARD, count, error);
}
