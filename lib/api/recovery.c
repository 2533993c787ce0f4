/* What dead jobs left: recovery, what is given up, what is left of it, and the server that production is on. */
#include "api/acts.h"
#include "api/output.h"

#include <stdlib.h>
#include <string.h>

static const char *or_null(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : text;
}

/* ---- recovery ---- */

struct recoveries {
    struct output output;
    const char *left_by; /* only what this abandoned job left; NULL: all */
    size_t count;
};

static cutover_status recovery_emit(const cutover_recovery *recovery, void *context)
{
    struct recoveries *recoveries = context;
    struct output *output = &recoveries->output;

    if (recoveries->left_by != NULL &&
        (strcmp(recovery->job, "abandoned") != 0 || strcmp(recovery->job_id, recoveries->left_by) != 0))
        return CUTOVER_OK;
    recoveries->count++;
    output_open(output, '{');
    output_put(output, "job", or_null(recovery->job));
    output_put(output, "job_id", or_null(recovery->job_id));
    output_put(output, "project_id", recovery->project_id);
    output_put(output, "request_id", or_null(recovery->request_id));
    output_put(output, "outcome", cutover_recovered_name(recovery->outcome));
    output_put(output, "message", recovery->message);
    output_put_count(output, "ask_again_s", recovery->ask_again_s);
    output_close(output, '}');
    return CUTOVER_OK;
}

/* Of the call's project, of the one that the caller sees, or of all. */
static cutover_status recover(struct call *call, const char *left_by, cutover_error **error)
{
    const char *project_id = call->project_id != NULL ? call->project_id : call->request->project_id;
    struct recoveries recoveries = {.left_by = left_by};

    call_page_begin(&recoveries.output);
    cutover_status status = cutover_recover(call->api->engine, project_id, recovery_emit, &recoveries, error);
    /* What is left is told of; else it could not be read. */
    if (status == CUTOVER_OK && left_by != NULL && recoveries.count == 0)
        status = api_fail(error, CUTOVER_E_STORE, "what is left could not be read", NULL);
    if (status == CUTOVER_OK)
        return call_page_end(call, &recoveries.output, NULL, error);
    output_free(&recoveries.output);
    return status;
}

cutover_status api_recover(struct call *call, cutover_error **error)
{
    return recover(call, NULL, error);
}

/* The one that was told of. */
static cutover_status answer_told(struct call *call, struct recoveries *recoveries, cutover_status status,
                                  cutover_error **error)
{
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&recoveries->output), error);
    output_free(&recoveries->output);
    return status;
}

cutover_status api_job_abandon(struct call *call, cutover_error **error)
{
    cutover_abandon_options options = CUTOVER_ABANDON_OPTIONS_INIT;
    struct recoveries recoveries = {.left_by = NULL};

    if (call->job == NULL)
        return api_fail(error, CUTOVER_E_STATE, "nothing of the job was begun", "Cancel it.");
    options.actor = call->request->actor;
    options.job_id = cutover_job_id(call->job);
    options.reason = call_text(call, "reason");
    options.confirm = call_flag(call, "confirm");
    output_begin(&recoveries.output);
    cutover_status status =
        cutover_recover_abandon(call->api->engine, &options, recovery_emit, &recoveries, error);
    return answer_told(call, &recoveries, status, error);
}

/* ---- production's server ---- */

cutover_status api_server_get(struct call *call, cutover_error **error)
{
    struct recoveries recoveries = {.left_by = NULL};

    output_begin(&recoveries.output);
    cutover_status status =
        cutover_project_look(call->api->engine, call->project_id, recovery_emit, &recoveries, error);
    return answer_told(call, &recoveries, status, error);
}

cutover_status api_server_confirm(struct call *call, cutover_error **error)
{
    cutover_status status =
        cutover_project_confirm_server(call->api->engine, call->request->actor, call->project_id,
                                       call_text(call, "system_identifier"), call_text(call, "reason"), error);

    return status != CUTOVER_OK ? status : api_project_get(call, error);
}

/* ---- what abandoned jobs left ---- */

static void leftover_write(struct output *output, const cutover_leftover *leftover)
{
    output_open(output, '{');
    output_put(output, "id", leftover->id);
    output_put(output, "project_id", leftover->project_id);
    output_put(output, "job_id", leftover->job_id);
    output_put(output, "kind", leftover->kind);
    output_put(output, "database", or_null(leftover->database));
    output_put_count(output, "oid", leftover->oid);
    output_put(output, "system_identifier", or_null(leftover->system_identifier));
    output_put_time(output, "since", leftover->since);
    output_put(output, "message", leftover->message);
    output_close(output, '}');
}

static cutover_status leftover_emit(const cutover_leftover *leftover, void *context)
{
    struct window *window = context;

    if (window_follows(window, leftover->id))
        leftover_write(&window->output, leftover);
    return CUTOVER_OK;
}

cutover_status api_leftovers_list(struct call *call, cutover_error **error)
{
    const char *project_id = call->project_id != NULL ? call->project_id : call->request->project_id;
    struct window window;

    window_begin(&window, call_query(call, "cursor"), (uint64_t)call_query_count(call, "limit", 50));
    cutover_status status =
        cutover_leftovers_list(call->api->engine, project_id, leftover_emit, &window, error);
    window_end(&window);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&window.output), error);
    output_free(&window.output);
    return status;
}

struct one_leftover {
    const char *id;
    struct output output; /* empty: it is not there */
    char *project_id, *job_id;
};

static cutover_status leftover_keep(const cutover_leftover *leftover, void *context)
{
    struct one_leftover *one = context;

    if (strcmp(leftover->id, one->id) != 0)
        return CUTOVER_OK;
    leftover_write(&one->output, leftover);
    one->project_id = strdup(leftover->project_id);
    one->job_id = strdup(leftover->job_id);
    return one->project_id == NULL || one->job_id == NULL ? CUTOVER_E_NOMEM : CUTOVER_OK;
}

static void leftover_free(struct one_leftover *one)
{
    output_free(&one->output);
    free(one->project_id);
    free(one->job_id);
}

/* Frees nothing on failure: leftover_free() it in any case. */
static cutover_status leftover_find(struct call *call, struct one_leftover *one, cutover_error **error)
{
    *one = (struct one_leftover){.id = call->params[0]};
    output_begin(&one->output);
    cutover_status status = cutover_leftovers_list(call->api->engine, NULL, leftover_keep, one, error);
    if (status == CUTOVER_OK && one->project_id == NULL)
        status = api_fail(error, CUTOVER_E_NOT_FOUND, "nothing of that name is left", NULL);
    return status;
}

/* Its project is that of its job, which is there when it is gone: whoever asks again under a key gets the answer. */
static cutover_status find_job(struct call *call, bool *found, cutover_error **error)
{
    const char *id = call->params[0];
    const size_t length = strcspn(id, ":");
    cutover_error *cause = NULL;
    char job_id[201];

    *found = false;
    if (id[length] == '\0' || length >= sizeof job_id)
        return CUTOVER_OK;
    memcpy(job_id, id, length);
    job_id[length] = '\0';
    cutover_status status = cutover_job_get(call->api->engine, job_id, &call->job, &cause);
    *found = status == CUTOVER_OK;
    if (*found)
        call->project_id = cutover_job_project_id(call->job);
    if (status == CUTOVER_E_NOT_FOUND || status == CUTOVER_E_INVALID)
        status = CUTOVER_OK;
    if (status != CUTOVER_OK && error != NULL)
        *error = cause;
    else
        cutover_error_free(cause);
    return status;
}

cutover_status api_find_leftover(struct call *call, cutover_error **error)
{
    struct one_leftover one;
    bool found;
    cutover_status status = find_job(call, &found, error);

    if (status != CUTOVER_OK || found)
        return status;
    status = leftover_find(call, &one, error);
    if (status == CUTOVER_OK) {
        call->project = one.project_id;
        call->project_id = call->project;
        one.project_id = NULL;
    }
    leftover_free(&one);
    return status;
}

/* Answers with what it was. */
cutover_status api_leftover_forget(struct call *call, cutover_error **error)
{
    struct one_leftover one;
    cutover_status status = leftover_find(call, &one, error);

    if (status == CUTOVER_OK)
        status = cutover_leftover_forget(call->api->engine, call->request->actor, one.id,
                                         call_text(call, "reason"), error);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&one.output), error);
    leftover_free(&one);
    return status;
}

/* Recovery tries all of its project; told is what became of what the same job left. */
cutover_status api_leftover_retry(struct call *call, cutover_error **error)
{
    struct one_leftover one;
    cutover_status status = leftover_find(call, &one, error);

    if (status == CUTOVER_OK)
        status = recover(call, one.job_id, error);
    leftover_free(&one);
    return status;
}
