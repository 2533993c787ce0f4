/* Projects and previews, as the host's platform or its registry tells of them. Connection strings are told to nobody. */
#include "api/acts.h"
#include "api/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR INT64_C(3600000000)

/* ---- asking the platform ---- */

/* What a member of the platform answered, as the library has it: what a host fails with is CUTOVER_E_CALLBACK. */
static cutover_status platform_status(cutover_status status, const char *member, cutover_error *cause,
                                      cutover_error **error)
{
    if (status != CUTOVER_OK && status != CUTOVER_E_NOT_FOUND && status != CUTOVER_E_NOMEM)
        status = CUTOVER_E_CALLBACK;
    if (status != CUTOVER_OK)
        api_fail(error, status, cause != NULL ? cutover_error_message(cause) : member, NULL);
    cutover_error_free(cause);
    return status;
}

static void project_write(struct output *output, const cutover_project *project)
{
    const bool none = project->organization_id == NULL || *project->organization_id == '\0';

    output_open(output, '{');
    output_put(output, "id", project->id);
    output_put(output, "organization_id", none ? NULL : project->organization_id);
    output_put(output, "state", project->state);
    output_put(output, "job_id",
               project->job_id != NULL && strcmp(project->state, "restoring") == 0 ? project->job_id : NULL);
    output_close(output, '}');
}

static cutover_status project_emit(const cutover_project *project, void *context)
{
    project_write(context, project);
    return CUTOVER_OK;
}

static cutover_status project_ask(struct call *call, const char *id, struct output *output,
                                  cutover_error **error)
{
    const cutover_platform *platform = &call->api->platform;
    cutover_error *cause = NULL;

    cutover_answer_begin();
    cutover_status status = cutover_answer_of(
        platform->capabilities, platform->project_get(id, project_emit, output, &cause, platform->userdata));
    if (status == CUTOVER_E_NOT_FOUND && cause == NULL)
        return api_fail(error, status, "there is no such project", NULL);
    return platform_status(status, "platform.project_get failed", cause, error);
}

struct owner {
    char *project_id;
    int64_t expires_at;
};

static cutover_status owner_emit(const cutover_preview *preview, void *context)
{
    struct owner *owner = context;

    owner->project_id = strdup(preview->project_id == NULL ? "" : preview->project_id);
    owner->expires_at = preview->expires_at;
    return owner->project_id == NULL ? CUTOVER_E_NOMEM : CUTOVER_OK;
}

/* Of which project a preview is, and until when. */
static cutover_status preview_ask(struct call *call, const char *id, cutover_preview_emit emit, void *context,
                                  cutover_error **error)
{
    const cutover_platform *platform = &call->api->platform;
    cutover_error *cause = NULL;

    cutover_answer_begin();
    cutover_status status = cutover_answer_of(
        platform->capabilities, platform->preview_get(id, emit, context, &cause, platform->userdata));
    if (status == CUTOVER_E_NOT_FOUND && cause == NULL)
        return api_fail(error, status, "there is no such preview", NULL);
    return platform_status(status, "platform.preview_get failed", cause, error);
}

/* ---- projects ---- */

cutover_status api_find_project(struct call *call, cutover_error **error)
{
    (void)error;
    call->project_id = call->params[0];
    return CUTOVER_OK;
}

cutover_status api_project_get(struct call *call, cutover_error **error)
{
    struct output output;

    output_begin(&output);
    cutover_status status = project_ask(call, call->project_id, &output, error);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&output), error);
    output_free(&output);
    return status;
}

static cutover_status project_emit_page(const cutover_project *project, void *context)
{
    struct window *window = context;

    if (window_has(window, project->id))
        project_write(&window->output, project);
    return CUTOVER_OK;
}

/* All projects that there are. */
static cutover_status projects_all(struct call *call, struct window *window, cutover_error **error)
{
    cutover_api *api = call->api;
    cutover_error *cause = NULL;

    if (api->registry != NULL)
        return cutover_registry_projects_list(api->registry, project_emit_page, window, error);
    if (api->projects == NULL)
        return api_fail(error, CUTOVER_E_UNSUPPORTED, "this host does not list its projects", NULL);
    cutover_answer_begin();
    cutover_status status = cutover_answer_of(
        api->platform.capabilities, api->projects(project_emit_page, window, &cause, api->inventory_userdata));
    return platform_status(status, "the host could not list its projects", cause, error);
}

/* Or the one that the caller sees. */
cutover_status api_projects_list(struct call *call, cutover_error **error)
{
    const char *own = call->request->project_id;
    struct window window;
    cutover_status status = CUTOVER_OK;

    window_begin(&window, call_query(call, "cursor"), (uint64_t)call_query_count(call, "limit", 50));
    if (own != NULL)
        status = project_ask(call, own, &window.output, error);
    else if ((call->request->actor->roles & CALLER_OPERATES) != 0)
        status = projects_all(call, &window, error);
    if (status == CUTOVER_E_NOT_FOUND && own != NULL)
        status = CUTOVER_OK;
    window_end(&window);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&window.output), error);
    output_free(&window.output);
    return status;
}

/* ---- previews ---- */

static void preview_write(struct output *output, const cutover_preview *preview, int64_t now)
{
    const bool ended = preview->expires_at != 0 && preview->expires_at <= now;

    output_open(output, '{');
    output_put(output, "id", preview->id);
    output_put(output, "project_id", preview->project_id);
    output_put(output, "state", ended && strcmp(preview->state, "ready") == 0 ? "expired" : preview->state);
    output_put_time(output, "expires_at", preview->expires_at);
    output_close(output, '}');
}

struct previews {
    struct window window;
    const char *project_id;
    int64_t now;
};

static cutover_status preview_emit_page(const cutover_preview *preview, void *context)
{
    struct previews *previews = context;

    if (preview->project_id != NULL && strcmp(preview->project_id, previews->project_id) == 0 &&
        window_has(&previews->window, preview->id))
        preview_write(&previews->window.output, preview, previews->now);
    return CUTOVER_OK;
}

static cutover_status previews_all(struct call *call, struct previews *previews, cutover_error **error)
{
    cutover_api *api = call->api;
    cutover_error *cause = NULL;

    if (api->registry != NULL)
        return cutover_registry_previews_list(api->registry, call->project_id, preview_emit_page, previews,
                                              error);
    if (api->previews == NULL)
        return api_fail(error, CUTOVER_E_UNSUPPORTED, "this host does not list its previews", NULL);
    cutover_answer_begin();
    cutover_status status =
        cutover_answer_of(api->platform.capabilities, api->previews(call->project_id, preview_emit_page,
                                                                    previews, &cause, api->inventory_userdata));
    return platform_status(status, "the host could not list its previews", cause, error);
}

cutover_status api_previews_list(struct call *call, cutover_error **error)
{
    struct previews previews = {.project_id = call->project_id, .now = api_now(call->api)};

    window_begin(&previews.window, call_query(call, "cursor"), (uint64_t)call_query_count(call, "limit", 50));
    cutover_status status = previews_all(call, &previews, error);
    window_end(&previews.window);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&previews.window.output), error);
    output_free(&previews.window.output);
    return status;
}

struct one_preview {
    struct output output;
    int64_t now;
};

static cutover_status preview_emit_one(const cutover_preview *preview, void *context)
{
    struct one_preview *one = context;

    preview_write(&one->output, preview, one->now);
    return CUTOVER_OK;
}

/* By the registry, in the caller's name, or by the platform. */
static cutover_status extend(struct call *call, const char *id, int64_t until, cutover_error **error)
{
    cutover_api *api = call->api;
    cutover_registry *registry = NULL;
    cutover_error *cause = NULL;

    if (api->registry != NULL) {
        cutover_status status = cutover_registry_open_as(&api->store, call->request->actor, &registry, error);
        if (status == CUTOVER_OK)
            status = cutover_registry_preview_extend(registry, id, until, error);
        cutover_registry_free(registry);
        return status;
    }
    if (api->platform.preview_extend == NULL)
        return api_fail(error, CUTOVER_E_UNSUPPORTED, "this host does not extend previews", NULL);
    cutover_answer_begin();
    cutover_status status = cutover_answer_of(
        api->platform.capabilities, api->platform.preview_extend(id, until, &cause, api->platform.userdata));
    return platform_status(status, "platform.preview_extend failed", cause, error);
}

/* To that many hours from now; one that lives longer, or for ever, is left as it is. */
cutover_status api_preview_extend(struct call *call, cutover_error **error)
{
    const char *id = call->params[1];
    const int64_t now = api_now(call->api), until = now + call_count(call, "ttl_hours", 0) * HOUR;
    struct owner owner = {NULL, 0};
    struct one_preview one = {.now = now};

    cutover_status status = preview_ask(call, id, owner_emit, &owner, error);
    if (status == CUTOVER_OK && strcmp(owner.project_id, call->project_id) != 0)
        status = api_fail(error, CUTOVER_E_NOT_FOUND, "the project has no such preview", NULL);
    if (status == CUTOVER_OK && owner.expires_at != 0 && owner.expires_at < until)
        status = extend(call, id, until, error);
    free(owner.project_id);
    output_begin(&one.output);
    if (status == CUTOVER_OK)
        status = preview_ask(call, id, preview_emit_one, &one, error);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&one.output), error);
    output_free(&one.output);
    return status;
}
