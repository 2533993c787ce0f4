/* Jobs, what is told of them, and the audit trail. */
#include "api/acts.h"
#include "api/stream.h"
#include "api/work.h"

#include <stdlib.h>
#include <string.h>

/* By its record, or by what is known without one. */
cutover_status api_find_job(struct call *call, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status = waiting_get(call->api, call->params[0], &call->waiting, error);

    if (status != CUTOVER_OK)
        return status;
    status = cutover_job_get(call->api->engine, call->params[0], &call->job, &cause);
    if (status == CUTOVER_E_NOT_FOUND && call->waiting != NULL) {
        status = CUTOVER_OK;
        call->project_id = kept_text(&call->waiting->kept, "project_id");
    } else if (status == CUTOVER_OK) {
        call->project_id = cutover_job_project_id(call->job);
    } else if (error != NULL) {
        *error = cause;
        cause = NULL;
    }
    cutover_error_free(cause);
    return status;
}

static cutover_status answer(struct call *call, unsigned http, cutover_error **error)
{
    struct output output;

    output_begin(&output);
    job_write(call->api, &output, call->job, call->waiting);
    cutover_status status = call_json(call, http, output_text(&output), error);
    output_free(&output);
    return status;
}

cutover_status api_job_get(struct call *call, cutover_error **error)
{
    return answer(call, 200, error);
}

cutover_status api_jobs_list(struct call *call, cutover_error **error)
{
    cutover_job_list *list = NULL;
    cutover_filter filter;
    struct output output;

    call_filter(call, &filter);
    cutover_status status = cutover_jobs_find(call->api->engine, &filter, &list, error);
    if (status != CUTOVER_OK)
        return status;
    const size_t count = cutover_job_list_count(list);
    call_page_begin(&output);
    for (size_t i = 0; i < count; i++)
        job_write(call->api, &output, cutover_job_list_at(list, i), NULL);
    status = call_page_end(call, &output,
                           count < filter.limit ? NULL : cutover_job_id(cutover_job_list_at(list, count - 1)),
                           error);
    cutover_job_list_free(list);
    return status;
}

/* Asked for, and seen to by its process within a second; one that waits in this process ends as soon as it is run. */
cutover_status api_job_cancel(struct call *call, cutover_error **error)
{
    cutover_status status = CUTOVER_E_NOT_FOUND;

    if (call->job != NULL)
        status = cutover_job_cancel(call->api->engine, call->request->actor, cutover_job_id(call->job), error);
    else if (waiting_is_over(call->api, call->waiting))
        return api_fail(error, CUTOVER_E_STATE, "the job has ended", NULL);
    else
        status = work_cancel(call->api, call->params[0]);
    if (status == CUTOVER_E_NOT_FOUND && call->job == NULL)
        return api_fail(error, CUTOVER_E_STATE, "the job waits in another process",
                        "Cancel it once it has begun.");
    return status != CUTOVER_OK ? status : answer(call, 202, error);
}

cutover_status api_job_events(struct call *call, cutover_error **error)
{
    cutover_api_stream *stream = NULL;
    const char *last;

    cutover_status status = call_given(call, "Last-Event-ID", &last, error);
    if (status != CUTOVER_OK || call->answer != NULL)
        return status;
    if (last == NULL)
        last = call_query(call, "last_event_id");
    status = stream_open(call->api, call->params[0], last, &stream, error);
    if (status != CUTOVER_OK)
        return status;
    if (stream == NULL)
        return call_nothing(call, error);
    call->answer = answer_new(200);
    if (call->answer != NULL && answer_stream(call->answer, stream))
        return call_header(call, "X-Accel-Buffering", "no", error);
    if (call->answer == NULL)
        cutover_api_stream_free(stream);
    return api_nomem(error);
}

/* ---- audit ---- */

struct entries {
    struct output output;
    char *cursor;
    size_t count;
};

static cutover_status entry_emit(const cutover_audit_entry *entry, void *context)
{
    struct entries *entries = context;

    output_json(&entries->output, entry->json);
    free(entries->cursor);
    entries->cursor = strdup(entry->cursor);
    entries->count++;
    return entries->cursor == NULL ? CUTOVER_E_NOMEM : CUTOVER_OK;
}

cutover_status api_audit_list(struct call *call, cutover_error **error)
{
    const uint32_t limit = (uint32_t)call_query_count(call, "limit", 50);
    struct entries entries = {.cursor = NULL};

    output_begin(&entries.output);
    output_open(&entries.output, '{');
    output_key(&entries.output, "items");
    output_open(&entries.output, '[');
    cutover_status status = cutover_audit_list(call->api->engine, call->project_id, call_query(call, "cursor"),
                                               limit, entry_emit, &entries, error);
    output_close(&entries.output, ']');
    output_put(&entries.output, "next_cursor", entries.count < limit ? NULL : entries.cursor);
    output_close(&entries.output, '}');
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&entries.output), error);
    output_free(&entries.output);
    free(entries.cursor);
    return status;
}
