#include "caller.h"

#include "check.h"
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cutover_status take(cutover_api_work *work, void *userdata)
{
    struct caller *caller = userdata;

    if (caller->refuses || caller->work_count == CALLER_WORKS)
        return CUTOVER_E_LOCKED;
    caller->works[caller->work_count++] = work;
    return CUTOVER_OK;
}

static int64_t tell_time(void *userdata)
{
    return ((struct caller *)userdata)->now;
}

struct caller *caller_new(cutover_engine *engine, const cutover_store *store, const cutover_platform *platform,
                          cutover_registry *registry, cutover_webhooks *webhooks,
                          cutover_integrations *integrations)
{
    struct caller *caller = calloc(1, sizeof *caller);
    cutover_api_options options = CUTOVER_API_OPTIONS_INIT;
    cutover_error *error = NULL;

    assert_non_null(caller);
    options.engine = engine;
    options.store = store;
    options.platform = platform;
    options.registry = registry;
    options.webhooks = webhooks;
    options.integrations = integrations;
    options.run = take;
    options.run_userdata = options.clock_userdata = caller;
    options.clock = tell_time;
    check_ok(cutover_api_new(&options, &caller->api, &error), error);
    return caller;
}

static void forget_answer(struct caller *caller)
{
    cutover_api_response_free(caller->response);
    json_object_put(caller->json);
    caller->response = NULL;
    caller->json = NULL;
}

void caller_free(struct caller *caller)
{
    if (caller == NULL)
        return;
    forget_answer(caller);
    for (size_t i = 0; i < caller->work_count; i++)
        cutover_api_work_free(caller->works[i]);
    cutover_api_free(caller->api);
    free(caller);
}

/* For the OpenAPI document: what was asked by which route, and what it answered. */
static void keep_answer(const struct caller *caller, const cutover_api_request *request)
{
    const char *route = cutover_api_response_route(caller->response);
    char schema[200];

    if (*route == '\0')
        snprintf(schema, sizeof schema, "api: %u", cutover_api_response_status(caller->response));
    else
        snprintf(schema, sizeof schema, "api:%s %s %u", request->method, route,
                 cutover_api_response_status(caller->response));
    told(schema,
         caller->json == NULL ? "{}" : json_object_to_json_string_ext(caller->json, JSON_C_TO_STRING_PLAIN));
}

unsigned ask_request(struct caller *caller, cutover_api_request *request)
{
    cutover_error *error = NULL;

    forget_answer(caller);
    request->actor = caller->actor;
    request->project_id = caller->project_id;
    check_ok(cutover_api_handle(caller->api, request, &caller->response, &error), error);
    const char *body = cutover_api_response_body(caller->response);
    assert_int_equal(strlen(body), cutover_api_response_body_size(caller->response));
    caller->json = *body == '\0' ? NULL : json_tokener_parse(body);
    assert_true(*body == '\0' || caller->json != NULL);
    keep_answer(caller, request);
    return cutover_api_response_status(caller->response);
}

unsigned ask_with(struct caller *caller, const char *method, const char *target, const char *name,
                  const char *value, const char *body)
{
    const cutover_api_header headers[] = {{"Content-Type", "application/json"}, {name, value}};
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;
    char *path = strdup(target);

    assert_non_null(path);
    char *query = strchr(path, '?');
    if (query != NULL)
        *query++ = '\0';
    request.method = method;
    request.path = path;
    request.query = query;
    request.headers = headers;
    request.header_count = name == NULL ? 1 : 2;
    request.body = body;
    request.body_size = body == NULL ? 0 : strlen(body);
    const unsigned status = ask_request(caller, &request);
    free(path);
    return status;
}

unsigned ask(struct caller *caller, const char *method, const char *target, const char *body)
{
    return ask_with(caller, method, target, NULL, NULL, body);
}

unsigned ask_for(struct caller *caller, const char *method, const char *body, const char *format, ...)
{
    char target[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(target, sizeof target, format, arguments);
    va_end(arguments);
    return ask(caller, method, target, body);
}

const char *said_header(const struct caller *caller, const char *name)
{
    for (size_t i = 0; i < cutover_api_response_header_count(caller->response); i++)
        if (strcmp(cutover_api_response_header_name(caller->response, i), name) == 0)
            return cutover_api_response_header_value(caller->response, i);
    return NULL;
}

const char *said(const struct caller *caller, const char *member)
{
    struct json_object *value = caller->json == NULL ? NULL : json_object_object_get(caller->json, member);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t said_number(const struct caller *caller, const char *member)
{
    return caller->json == NULL ? 0 : json_object_get_int64(json_object_object_get(caller->json, member));
}

static struct json_object *items(const struct caller *caller)
{
    struct json_object *list = json_object_object_get(caller->json, "items");

    assert_true(json_object_is_type(list, json_type_array));
    return list;
}

size_t said_items(const struct caller *caller)
{
    return json_object_array_length(items(caller));
}

const char *said_item(const struct caller *caller, size_t index, const char *member)
{
    struct json_object *item = json_object_array_get_idx(items(caller), index);

    return json_object_get_string(json_object_object_get(item, member));
}

static bool is_same(const char *found, const char *expected)
{
    return found == NULL || expected == NULL ? found == expected : strcmp(found, expected) == 0;
}

void check_problem_at(const struct caller *caller, unsigned status, const char *code, const char *field,
                      const char *file, int line)
{
    const char *body = cutover_api_response_body(caller->response);

    if (cutover_api_response_status(caller->response) != status || !is_same(said(caller, "code"), code) ||
        !is_same(said(caller, "field"), field) || said_number(caller, "status") != status ||
        !is_same(said_header(caller, "Content-Type"), "application/problem+json")) {
        print_error("%s:%d: expected %u %s about %s, got %u: %s\n", file, line, status, code,
                    field == NULL ? "nothing" : field, cutover_api_response_status(caller->response), body);
        _fail(file, line);
    }
}

cutover_status run_work(struct caller *caller, cutover_error **error)
{
    assert_true(caller->work_count > 0);
    cutover_api_work *work = caller->works[--caller->work_count];
    cutover_status status = cutover_api_work_run(work, error);
    cutover_api_work_free(work);
    return status;
}
