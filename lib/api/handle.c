/* The way of a request: taken apart, held against the table of routes and the caller's roles, acted on, answered. */
#include "api/input.h"
#include "api/once.h"
#include "api/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};

/* ---- the route ---- */

/* Whether the segments are those of a route's path; params receive what is in its braces. */
static bool route_has(const struct route *route, const char *const segments[], size_t count,
                      const char *params[PARAMS_MAX])
{
    const char *at = route->path + 1;
    size_t params_found = 0;

    for (size_t i = 0; i < count; i++) {
        const size_t length = strcspn(at, "/");
        if (*at == '{')
            params[params_found++] = segments[i];
        else if (strlen(segments[i]) != length || strncmp(segments[i], at, length) != 0)
            return false;
        at += length;
        if (*at == '\0')
            return i + 1 == count;
        at++;
    }
    return false;
}

static bool is_method(const char *asked, const char *method)
{
    return strcmp(asked, method) == 0 || (strcmp(asked, "HEAD") == 0 && strcmp(method, "GET") == 0);
}

/* Says which methods the path has. */
static cutover_status refuse_method(struct call *call, const char *const segments[], size_t count,
                                    cutover_error **error)
{
    const char *params[PARAMS_MAX];
    char allow[64] = "";

    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        for (size_t i = 0; i < route_count; i++) {
            if (strcmp(routes[i].method, methods[m]) != 0 || !route_has(&routes[i], segments, count, params))
                continue;
            size_t used = strlen(allow);
            snprintf(allow + used, sizeof allow - used, "%s%s", used == 0 ? "" : ", ",
                     strcmp(methods[m], "GET") == 0 ? "GET, HEAD" : methods[m]);
            break;
        }
    }
    cutover_status status = call_problem(call, PROBLEM_METHOD, NULL, NULL, NULL, error);
    return status != CUTOVER_OK ? status : call_header(call, "Allow", allow, error);
}

static cutover_status refuse_caller(struct call *call, cutover_error **error)
{
    return call_problem(call, PROBLEM_UNKNOWN_CALLER, "this takes a caller who is known", NULL, NULL, error);
}

static cutover_status find_route(struct call *call, cutover_error **error)
{
    const char *segments[SEGMENTS_MAX];
    size_t count = 0;
    bool has_path = false;

    cutover_status status = input_path(call, segments, &count, error);
    if (status != CUTOVER_OK || call->answer != NULL)
        return status;
    for (size_t i = 0; count > 0 && i < route_count && call->route == NULL; i++) {
        if (!route_has(&routes[i], segments, count, call->params))
            continue;
        has_path = true;
        if (is_method(call->request->method, routes[i].method))
            call->route = &routes[i];
    }
    if (call->request->actor == NULL && (call->route == NULL || (call->route->flags & ROUTE_OPEN) == 0))
        return refuse_caller(call, error);
    if (call->route != NULL)
        return CUTOVER_OK;
    if (has_path)
        return refuse_method(call, segments, count, error);
    return call_problem(call, PROBLEM_NOT_FOUND, NULL, NULL, NULL, error);
}

/* ---- the caller ---- */

static cutover_status refuse_unseen(struct call *call, cutover_error **error)
{
    return call_problem(call, PROBLEM_NOT_FOUND, NULL, NULL, NULL, error);
}

/* What is not seen is not there; what is seen, and not for the caller's roles, is forbidden. */
static cutover_status authorise(struct call *call, cutover_error **error)
{
    const struct route *route = call->route;
    cutover_status status = CUTOVER_OK;

    if ((route->flags & ROUTE_OPEN) != 0)
        return CUTOVER_OK;
    if (route->find != NULL)
        status = route->find(call, error);
    if (status != CUTOVER_OK || call->answer != NULL)
        return status;
    if (call->project_id != NULL && !call_sees(call, call->project_id))
        return refuse_unseen(call, error);
    if ((call->request->actor->roles & route->roles) == 0)
        return call_problem(call, PROBLEM_FORBIDDEN, "the caller has no role that this takes", NULL, NULL,
                            error);
    return CUTOVER_OK;
}

/* ---- If-Match ---- */

/* Whether a list of entity tags has that of a version: `"7", "8"`. *whole is false for what is no such list. */
static bool tags_have(const char *tags, uint64_t version, bool *whole)
{
    char tag[32];
    bool has = false;

    snprintf(tag, sizeof tag, "\"%" PRIu64 "\"", version);
    *whole = true;
    for (const char *at = tags + strspn(tags, " \t"); *at != '\0'; at += strspn(at, " \t,")) {
        const bool weak = strncmp(at, "W/", 2) == 0;
        const char *begin = weak ? at + 2 : at;
        const char *end = *begin == '"' ? strchr(begin + 1, '"') : NULL;
        if (end == NULL) {
            *whole = false;
            return false;
        }
        const size_t length = (size_t)(end - begin) + 1;
        has = has || (!weak && length == strlen(tag) && strncmp(begin, tag, length) == 0);
        at = end + 1;
    }
    return has;
}

static cutover_status refuse_changed(struct call *call, cutover_error **error)
{
    return call_problem(call, PROBLEM_CHANGED, "it was changed since the caller read it", "Read it again.",
                        "If-Match", error);
}

static cutover_status match(struct call *call, cutover_error **error)
{
    const char *tags = NULL;
    bool whole;

    if ((call->route->flags & ROUTE_MATCHED) == 0)
        return CUTOVER_OK;
    cutover_status status = call_given(call, "If-Match", &tags, error);
    if (status != CUTOVER_OK || call->answer != NULL || tags == NULL || strcmp(tags, "*") == 0)
        return status;
    const uint64_t version = cutover_request_version(call->wish);
    const bool has = tags_have(tags, version, &whole);
    if (!whole || *tags == '\0')
        return call_problem(call, PROBLEM_MALFORMED, "If-Match has entity tags, or *", NULL, "If-Match", error);
    if (!has)
        return refuse_changed(call, error);
    call->if_version = version;
    return CUTOVER_OK;
}

/* Whether what an act was refused for is that somebody was faster than the caller who said what they had seen. */
static bool was_changed(const struct call *call, cutover_status status)
{
    cutover_request *now = NULL;

    if (call->if_version == 0 || status != CUTOVER_E_CONFLICT)
        return false;
    const bool read =
        cutover_request_get(call->api->engine, cutover_request_id(call->wish), &now, NULL) == CUTOVER_OK;
    const bool changed = read && cutover_request_version(now) != call->if_version;
    cutover_request_free(now);
    return changed;
}

/* ---- the act ---- */

/* Acts; what the library refuses is the answer. */
static cutover_status act(struct call *call, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status = call->route->act(call, &cause);

    if (status == CUTOVER_E_NOMEM) {
        api_nomem(error);
    } else if (status != CUTOVER_OK && was_changed(call, status)) {
        status = refuse_changed(call, error);
    } else if (status != CUTOVER_OK) {
        cutover_api_response_free(call->answer);
        call->answer = answer_error(status, cause);
        status = call->answer == NULL ? api_nomem(error) : CUTOVER_OK;
    }
    cutover_error_free(cause);
    return status;
}

static cutover_status act_once(struct call *call, cutover_error **error)
{
    const char *key = NULL;
    cutover_status status = CUTOVER_OK;

    if ((call->route->flags & ROUTE_KEYED) != 0)
        status = call_given(call, "Idempotency-Key", &key, error);
    if (status != CUTOVER_OK || call->answer != NULL)
        return status;
    return key == NULL ? act(call, error) : once(call, key, act, work_answer, error);
}

/* The steps, until one has an answer or fails. */
static cutover_status walk(struct call *call, cutover_error **error)
{
    static cutover_status (*const steps[])(struct call * call, cutover_error * *error) = {
        input_sizes, find_route, authorise, input_accept, input_query, input_body, match, act_once,
    };
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == CUTOVER_OK && call->answer == NULL; i++)
        status = steps[i](call, error);
    return status;
}

/* What finding it failed for is an answer, too. */
static cutover_status answer_failure(struct call *call, cutover_status status, cutover_error *cause,
                                     cutover_error **error)
{
    if (status == CUTOVER_E_NOMEM)
        return api_nomem(error);
    cutover_api_response_free(call->answer);
    call->answer = answer_error(status, cause);
    return call->answer == NULL ? api_nomem(error) : CUTOVER_OK;
}

static void call_free(struct call *call)
{
    free(call->path);
    free(call->query);
    free(call->project);
    json_object_put(call->body);
    cutover_request_free(call->wish);
    cutover_backup_free(call->backup);
    cutover_job_free(call->job);
    cutover_webhook_free(call->webhook);
    waiting_free(call->waiting);
}

static const char *request_fault(const cutover_api_request *request)
{
    if (request->method == NULL)
        return "request.method: required";
    if (request->path == NULL)
        return "request.path: required";
    if (request->headers == NULL && request->header_count > 0)
        return "request.headers: required";
    if (request->body == NULL && request->body_size > 0)
        return "request.body: required";
    if (request->actor != NULL && (request->actor->id == NULL || *request->actor->id == '\0'))
        return "request.actor.id: required";
    for (size_t i = 0; i < request->header_count; i++)
        if (request->headers[i].name == NULL || request->headers[i].value == NULL)
            return "request.headers: a name and a value each";
    return NULL;
}

cutover_status cutover_api_handle(cutover_api *api, const cutover_api_request *request,
                                  cutover_api_response **response, cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    if (api == NULL || request == NULL || response == NULL)
        return api_fail(error, CUTOVER_E_INVALID, "api, request, response: required", NULL);
    if (request->version != CUTOVER_API_REQUEST_VERSION ||
        (request->actor != NULL && request->actor->version != CUTOVER_ACTOR_VERSION))
        return api_fail(error, CUTOVER_E_UNSUPPORTED, "request: of a version that is not known to this library",
                        NULL);
    const char *fault = request_fault(request);
    if (fault != NULL)
        return api_fail(error, CUTOVER_E_INVALID, fault, NULL);
    struct call call = {.api = api, .request = request};
    cutover_error *cause = NULL;
    cutover_status status = walk(&call, &cause);
    if (status != CUTOVER_OK)
        status = answer_failure(&call, status, cause, error);
    cutover_error_free(cause);
    if (status == CUTOVER_OK) {
        answer_route(call.answer, call.route == NULL ? "" : call.route->path);
        *response = call.answer;
    } else {
        cutover_api_response_free(call.answer);
    }
    call_free(&call);
    return status;
}

cutover_status cutover_api_tend(cutover_api *api, cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    if (api == NULL)
        return api_fail(error, CUTOVER_E_INVALID, "api: required", NULL);
    cutover_status status = work_tend(api, error);
    return status != CUTOVER_OK ? status : once_sweep(api, error);
}
