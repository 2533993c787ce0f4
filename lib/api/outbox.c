/* The outbox: events that wait for a notifier, and what is done about those that were given up. */
#include "api/acts.h"
#include "api/output.h"

#include <inttypes.h>
#include <stdio.h>

static cutover_status event_emit(const cutover_event *event, void *context)
{
    struct window *window = context;
    char key[201];

    snprintf(key, sizeof key, "%s:%012" PRIx64, event->project_id, event->sequence);
    if (window_follows(window, key))
        output_json(&window->output, event->json);
    return CUTOVER_OK;
}

static const char *project_of(const struct call *call)
{
    return call->project_id != NULL ? call->project_id : call->request->project_id;
}

cutover_status api_outbox_list(struct call *call, cutover_error **error)
{
    struct window window;

    window_begin(&window, call_query(call, "cursor"), (uint64_t)call_query_count(call, "limit", 50));
    cutover_status status =
        cutover_events_list(call->api->engine, project_of(call), event_emit, &window, error);
    window_end(&window);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&window.output), error);
    output_free(&window.output);
    return status;
}

static cutover_status settle(struct call *call,
                             cutover_status (*act)(cutover_engine *engine,
                                                   const cutover_event_selection *selection, uint32_t *count,
                                                   cutover_error **error),
                             cutover_error **error)
{
    cutover_event_selection selection = CUTOVER_EVENT_SELECTION_INIT;
    struct output output;
    uint32_t count = 0;

    selection.actor = call->request->actor;
    selection.notifier = call_text(call, "notifier");
    selection.project_id = project_of(call);
    selection.first = (uint64_t)call_count(call, "first", 0);
    selection.last = (uint64_t)call_count(call, "last", 0);
    cutover_status status = act(call->api->engine, &selection, &count, error);
    if (status != CUTOVER_OK)
        return status;
    output_begin(&output);
    output_open(&output, '{');
    output_put_count(&output, "count", count);
    output_close(&output, '}');
    status = call_json(call, 200, output_text(&output), error);
    output_free(&output);
    return status;
}

cutover_status api_outbox_retry(struct call *call, cutover_error **error)
{
    return settle(call, cutover_events_retry, error);
}

cutover_status api_outbox_discard(struct call *call, cutover_error **error)
{
    return settle(call, cutover_events_discard, error);
}
