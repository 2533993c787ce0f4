#include "api/call.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what it brings ---- */

const char *call_query(const struct call *call, const char *name)
{
    for (size_t i = 0; i < FIELDS_MAX && call->route->query[i].name != NULL; i++)
        if (strcmp(call->route->query[i].name, name) == 0)
            return call->queries[i];
    return NULL;
}

int64_t call_query_count(const struct call *call, const char *name, int64_t otherwise)
{
    const char *text = call_query(call, name);

    return text == NULL ? otherwise : strtol(text, NULL, 10);
}

static struct json_object *member(const struct call *call, const char *name)
{
    return call->body == NULL ? NULL : json_object_object_get(call->body, name);
}

const char *call_text(const struct call *call, const char *name)
{
    struct json_object *value = member(call, name);

    return value == NULL ? NULL : json_object_get_string(value);
}

bool call_flag(const struct call *call, const char *name)
{
    struct json_object *value = member(call, name);

    return value != NULL && json_object_get_boolean(value);
}

int64_t call_count(const struct call *call, const char *name, int64_t otherwise)
{
    struct json_object *value = member(call, name);

    return value == NULL ? otherwise : json_object_get_int64(value);
}

cutover_verify_method call_verify(const struct call *call)
{
    const char *verify = call_text(call, "verify");

    return verify != NULL && strcmp(verify, "readback") == 0 ? CUTOVER_VERIFY_READBACK : CUTOVER_VERIFY_RESTORE;
}

cutover_fence call_fence(const struct call *call)
{
    const char *fence = call_text(call, "fence");

    return fence != NULL && strcmp(fence, "early") == 0 ? CUTOVER_FENCE_EARLY : CUTOVER_FENCE_LATE;
}

int64_t call_time(const struct call *call, const char *name)
{
    const char *text = call_text(call, name);
    int64_t time = 0;

    return text != NULL && cutover_time_read(text, &time, NULL) == CUTOVER_OK ? time : 0;
}

bool call_has(const struct call *call, const char *name)
{
    return member(call, name) != NULL;
}

size_t call_texts(const struct call *call, const char *name, const char *texts[], size_t most)
{
    struct json_object *list = member(call, name);
    const size_t count = list == NULL ? 0 : json_object_array_length(list);

    for (size_t i = 0; i < count && i < most; i++)
        texts[i] = json_object_get_string(json_object_array_get_idx(list, i));
    return count;
}

/* ---- the answer ---- */

static cutover_status answer_is(struct call *call, cutover_api_response *answer, cutover_error **error)
{
    cutover_api_response_free(call->answer);
    call->answer = answer;
    return answer == NULL ? api_nomem(error) : CUTOVER_OK;
}

cutover_status call_problem(struct call *call, enum problem problem, const char *detail, const char *hint,
                            const char *field, cutover_error **error)
{
    return answer_is(call, answer_problem(problem, detail, hint, field), error);
}

cutover_status call_header(struct call *call, const char *name, const char *value, cutover_error **error)
{
    return answer_header(call->answer, name, value) ? CUTOVER_OK : api_nomem(error);
}

cutover_status call_json(struct call *call, unsigned status, const char *json, cutover_error **error)
{
    call->done = true;
    if (json == NULL)
        return api_nomem(error);
    cutover_status made = answer_is(call, answer_new(status), error);
    if (made == CUTOVER_OK && !answer_body(call->answer, "application/json", json, strlen(json)))
        made = api_nomem(error);
    return made;
}

void call_page_begin(struct output *output)
{
    output_begin(output);
    output_open(output, '{');
    output_key(output, "items");
    output_open(output, '[');
}

cutover_status call_page_end(struct call *call, struct output *output, const char *next_cursor,
                             cutover_error **error)
{
    output_close(output, ']');
    output_put(output, "next_cursor", next_cursor);
    output_close(output, '}');
    cutover_status status = call_json(call, 200, output_text(output), error);
    output_free(output);
    return status;
}

cutover_status call_nothing(struct call *call, cutover_error **error)
{
    call->done = true;
    return answer_is(call, answer_new(204), error);
}

cutover_status call_record(struct call *call, unsigned status, const char *json, uint64_t version,
                           cutover_error **error)
{
    char tag[32];
    const char *has = NULL;
    cutover_status made = CUTOVER_OK;

    call->done = true;
    if (strcmp(call->route->method, "GET") == 0)
        made = call_given(call, "If-None-Match", &has, error);
    if (made != CUTOVER_OK || call->answer != NULL)
        return made;
    snprintf(tag, sizeof tag, "\"%" PRIu64 "\"", version);
    made = has != NULL && strcmp(has, tag) == 0 ? answer_is(call, answer_new(304), error)
                                                : call_json(call, status, json, error);
    return made != CUTOVER_OK ? made : call_header(call, "ETag", tag, error);
}

/* ---- headers ---- */

cutover_status call_given(struct call *call, const char *name, const char **value, cutover_error **error)
{
    const cutover_api_request *request = call->request;

    *value = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) != 0)
            continue;
        if (*value != NULL)
            return call_problem(call, PROBLEM_MALFORMED, "a header that may be there once is there twice", NULL,
                                name, error);
        *value = request->headers[i].value;
    }
    return CUTOVER_OK;
}

/* ---- lists ---- */

bool call_sees(const struct call *call, const char *project_id)
{
    if (call->request->project_id == NULL)
        return (call->request->actor->roles & CALLER_OPERATES) != 0;
    return project_id != NULL && strcmp(call->request->project_id, project_id) == 0;
}

void call_filter(const struct call *call, cutover_filter *filter)
{
    const char *order = call_query(call, "order");

    *filter = (cutover_filter)CUTOVER_FILTER_INIT;
    filter->project_id = call->project_id != NULL ? call->project_id : call->request->project_id;
    filter->status = call_query(call, "status");
    filter->kind = call_query(call, "kind");
    filter->newest_first = order != NULL && strcmp(order, "newest") == 0;
    filter->after = call_query(call, "cursor");
    filter->limit = (uint32_t)call_query_count(call, "limit", 50);
}
