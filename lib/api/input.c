#include "api/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PATH_MAX_BYTES = 1024,
    QUERY_MAX_BYTES = 2048,
    HEADERS_MAX_COUNT = 100,
    HEADERS_MAX_BYTES = 16384,
    BODY_DEPTH = 4,
};

/* ---- sizes ---- */

cutover_status input_sizes(struct call *call, cutover_error **error)
{
    const cutover_api_request *request = call->request;
    size_t bytes = 0;

    if (strlen(request->path) > PATH_MAX_BYTES)
        return call_problem(call, PROBLEM_TOO_LONG, "a path is at most 1024 bytes long", NULL, NULL, error);
    if (request->query != NULL && strlen(request->query) > QUERY_MAX_BYTES)
        return call_problem(call, PROBLEM_TOO_LONG, "a query is at most 2048 bytes long", NULL, NULL, error);
    for (size_t i = 0; i < request->header_count && bytes <= HEADERS_MAX_BYTES; i++)
        bytes += strlen(request->headers[i].name) + strlen(request->headers[i].value);
    if (request->header_count > HEADERS_MAX_COUNT || bytes > HEADERS_MAX_BYTES)
        return call_problem(call, PROBLEM_HEADERS, "at most 100 headers of 16384 bytes in all", NULL, NULL,
                            error);
    return CUTOVER_OK;
}

/* ---- characters ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* How many bytes the character at `at` has, by RFC 3629; 0: there is none, or it is a control. */
static size_t character(const unsigned char *at)
{
    static const struct {
        unsigned char first, last; /* of the first byte */
        size_t more;
        unsigned char low, high; /* of the second */
    } forms[] = {
        {0x20, 0x7e, 0, 0, 0},       {0xc2, 0xc2, 1, 0xa0, 0xbf}, {0xc3, 0xdf, 1, 0x80, 0xbf},
        {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f},
        {0xee, 0xef, 2, 0x80, 0xbf}, {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf},
        {0xf4, 0xf4, 3, 0x80, 0x8f},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (*at < forms[i].first || *at > forms[i].last)
            continue;
        if (forms[i].more > 0 && (at[1] < forms[i].low || at[1] > forms[i].high))
            return 0;
        for (size_t k = 2; k <= forms[i].more; k++)
            if (at[k] < 0x80 || at[k] > 0xbf)
                return 0;
        return forms[i].more + 1;
    }
    return 0;
}

/* Whether it is text: UTF-8 without control characters. */
static bool is_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != '\0') {
        size_t size = character(at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

/* Decodes %XX, and + to a space where `plus`, in place. False for half of one, a NUL, and what is no text. */
static bool decode(char *text, bool plus)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '+' && plus) {
            *to++ = ' ';
        } else if (*from == '%') {
            const int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return is_text(text);
}

/* ---- path ---- */

static cutover_status refuse_path(struct call *call, cutover_error **error)
{
    return call_problem(call, PROBLEM_MALFORMED,
                        "a path has percent-encoded UTF-8 without control characters, and no `.` or `..`", NULL,
                        NULL, error);
}

cutover_status input_path(struct call *call, const char *segments[SEGMENTS_MAX], size_t *count,
                          cutover_error **error)
{
    *count = 0;
    if (*call->request->path != '/')
        return refuse_path(call, error);
    call->path = strdup(call->request->path + 1);
    if (call->path == NULL)
        return api_nomem(error);
    size_t found = 0;
    for (char *segment = call->path, *next = NULL; segment != NULL; segment = next, found++) {
        char *end = strchr(segment, '/');
        next = end == NULL ? NULL : end + 1;
        if (end != NULL)
            *end = '\0';
        if (!decode(segment, false) || strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
            return refuse_path(call, error);
        if (found == SEGMENTS_MAX || *segment == '\0')
            return CUTOVER_OK;
        segments[found] = segment;
    }
    *count = found;
    return CUTOVER_OK;
}

/* ---- headers ---- */

static const char *past_space(const char *text)
{
    return text + strspn(text, " \t");
}

/* Whether a media range, `length` bytes, has the type; how exactly: 1 for any, 2 for its family, 3 for itself, 0 for no. */
static int range_has(const char *range, size_t length, const char *type)
{
    const size_t family = (size_t)(strchr(type, '/') - type) + 1;

    if (length == 3 && strncmp(range, "*/*", 3) == 0)
        return 1;
    if (length == family + 1 && strncasecmp(range, type, family) == 0 && range[family] == '*')
        return 2;
    return length == strlen(type) && strncasecmp(range, type, length) == 0 ? 3 : 0;
}

/* Whether the parameters of a media range say that it is not wanted: q=0. */
static bool is_unwanted(const char *parameters, const char *end)
{
    for (const char *at = parameters; at < end; at++) {
        if (*at != ';')
            continue;
        const char *name = past_space(at + 1);
        if ((*name == 'q' || *name == 'Q') && name[1] == '=' && name[2] == '0' &&
            strspn(name + 2, "0.") == strcspn(name + 2, " \t;,"))
            return true;
    }
    return false;
}

/* Looks for the range of one Accept header that has the type most exactly. */
static void accept_look(const char *accept, const char *type, int *exact, bool *wanted)
{
    for (const char *range = past_space(accept); *range != '\0';) {
        const char *end = range + strcspn(range, ",");
        const size_t length = strcspn(range, " \t;,");
        const int has = range_has(range, length, type);
        if (has > *exact) {
            *exact = has;
            *wanted = !is_unwanted(range + length, end);
        }
        range = *end == '\0' ? end : past_space(end + 1);
    }
}

cutover_status input_accept(struct call *call, cutover_error **error)
{
    const cutover_api_request *request = call->request;
    const char *type = (call->route->flags & ROUTE_STREAM) != 0 ? "text/event-stream" : "application/json";
    bool asked = false, wanted = false;
    int exact = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "Accept") != 0)
            continue;
        asked = true;
        accept_look(request->headers[i].value, type, &exact, &wanted);
    }
    if (!asked || wanted)
        return CUTOVER_OK;
    return call_problem(call, PROBLEM_NOT_ACCEPTABLE,
                        (call->route->flags & ROUTE_STREAM) != 0 ? "the answer is text/event-stream"
                                                                 : "the answer is application/json",
                        NULL, "Accept", error);
}

/* ---- query ---- */

static size_t field_index(const struct given fields[FIELDS_MAX], const char *name)
{
    size_t i = 0;

    while (i < FIELDS_MAX && fields[i].name != NULL && strcmp(fields[i].name, name) != 0)
        i++;
    return i == FIELDS_MAX || fields[i].name == NULL ? FIELDS_MAX : i;
}

/* Whether a word is one of "a|b|c". */
static bool is_word(const char *words, const char *word)
{
    const size_t length = strlen(word);

    for (const char *at = words; at != NULL; at = strchr(at, '|') == NULL ? NULL : strchr(at, '|') + 1)
        if (length > 0 && strncmp(at, word, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return true;
    return false;
}

static bool read_count(const char *text, int64_t *count)
{
    char *end = NULL;

    if (*text < '0' || *text > '9' || strlen(text) > 10)
        return false;
    *count = strtol(text, &end, 10);
    return *end == '\0';
}

/* What is wrong with a value of the query, written into `detail`; false: nothing is. */
static bool value_is_wrong(const struct given *field, const char *value, char *detail, size_t size)
{
    int64_t count = 0;

    if (field->type == GIVEN_COUNT && (!read_count(value, &count) || count < field->min || count > field->max))
        snprintf(detail, size, "%s: a number from %lld to %lld", field->name, (long long)field->min,
                 (long long)field->max);
    else if (field->words != NULL && !is_word(field->words, value))
        snprintf(detail, size, "%s: one of %s", field->name, field->words);
    else
        return false;
    return true;
}

/* One name=value of the query, which ends there. */
static cutover_status take_parameter(struct call *call, char *pair, cutover_error **error)
{
    char *value = strchr(pair, '=');
    char detail[320];

    if (value != NULL)
        *value++ = '\0';
    if (!decode(pair, true) || (value != NULL && !decode(value, true)))
        return call_problem(call, PROBLEM_MALFORMED,
                            "a query has percent-encoded UTF-8 without control characters", NULL, NULL, error);
    const size_t index = field_index(call->route->query, pair);
    if (index == FIELDS_MAX) {
        snprintf(detail, sizeof detail, "the query has no `%.200s` here", pair);
        return call_problem(call, PROBLEM_MALFORMED, detail, NULL, pair, error);
    }
    if (call->queries[index] != NULL) {
        snprintf(detail, sizeof detail, "the query has `%.200s` twice", pair);
        return call_problem(call, PROBLEM_MALFORMED, detail, NULL, pair, error);
    }
    if (value_is_wrong(&call->route->query[index], value == NULL ? "" : value, detail, sizeof detail))
        return call_problem(call, PROBLEM_MALFORMED, detail, NULL, pair, error);
    call->queries[index] = value == NULL ? "" : value;
    return CUTOVER_OK;
}

/* Whether all of the query is there that must be. */
static cutover_status query_whole(struct call *call, cutover_error **error)
{
    const struct given *fields = call->route->query;

    for (size_t i = 0; i < FIELDS_MAX && fields[i].name != NULL; i++)
        if (fields[i].required && (call->queries[i] == NULL || *call->queries[i] == '\0'))
            return call_problem(call, PROBLEM_MALFORMED, "the query must have it", NULL, fields[i].name, error);
    return CUTOVER_OK;
}

cutover_status input_query(struct call *call, cutover_error **error)
{
    if (call->request->query == NULL || *call->request->query == '\0')
        return query_whole(call, error);
    call->query = strdup(call->request->query);
    if (call->query == NULL)
        return api_nomem(error);
    for (char *pair = call->query, *next = NULL; pair != NULL; pair = next) {
        char *end = strchr(pair, '&');
        next = end == NULL ? NULL : end + 1;
        if (end != NULL)
            *end = '\0';
        if (*pair == '\0')
            continue;
        cutover_status status = take_parameter(call, pair, error);
        if (status != CUTOVER_OK || call->answer != NULL)
            return status;
    }
    return query_whole(call, error);
}

/* ---- body ---- */

/* Whether a Content-Type is JSON in UTF-8. */
static bool is_json(const char *type)
{
    const size_t length = strcspn(type, " \t;");
    const char *rest = past_space(type + length);

    if (length != strlen("application/json") || strncasecmp(type, "application/json", length) != 0)
        return false;
    if (*rest == '\0')
        return true;
    rest = past_space(rest + 1);
    return strcasecmp(rest, "charset=utf-8") == 0 || strcasecmp(rest, "charset=\"utf-8\"") == 0;
}

static cutover_status check_type(struct call *call, cutover_error **error)
{
    const char *type, *encoding;
    cutover_status status = call_given(call, "Content-Type", &type, error);

    if (status == CUTOVER_OK && call->answer == NULL)
        status = call_given(call, "Content-Encoding", &encoding, error);
    if (status != CUTOVER_OK || call->answer != NULL)
        return status;
    if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
        return call_problem(call, PROBLEM_MEDIA_TYPE, "a body is not compressed", NULL, "Content-Encoding",
                            error);
    if (type == NULL || !is_json(type))
        return call_problem(call, PROBLEM_MEDIA_TYPE, "a body is application/json, in UTF-8", NULL,
                            "Content-Type", error);
    return CUTOVER_OK;
}

static cutover_status parse(struct call *call, cutover_error **error)
{
    const cutover_api_request *request = call->request;
    cutover_error *wrong = NULL;
    struct json_tokener *tokener = NULL;

    cutover_status status = cutover_json_check(request->body, request->body_size, &wrong);
    if (status != CUTOVER_OK) {
        if (status == CUTOVER_E_INVALID)
            status = call_problem(call, PROBLEM_MALFORMED, cutover_error_message(wrong), NULL, NULL, error);
        else
            status = api_nomem(error);
        cutover_error_free(wrong);
        return status;
    }
    tokener = json_tokener_new_ex(BODY_DEPTH);
    if (tokener == NULL)
        return api_nomem(error);
    errno = 0; /* json-c may lose a member for want of memory, and say nothing else */
    call->body = json_tokener_parse_ex(tokener, request->body, (int)request->body_size);
    const bool lost = errno == ENOMEM;
    const enum json_tokener_error found = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    if (lost)
        return api_nomem(error);
    if (found == json_tokener_error_depth)
        return call_problem(call, PROBLEM_MALFORMED, "the body is nested deeper than anything here", NULL, NULL,
                            error);
    if (found != json_tokener_success)
        return api_nomem(error);
    if (json_object_is_type(call->body, json_type_object))
        return CUTOVER_OK;
    return call_problem(call, PROBLEM_MALFORMED, "the body is a JSON object", NULL, NULL, error);
}

static bool is_whole_text(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

static bool are_texts(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(value); i++)
        if (!is_whole_text(json_object_array_get_idx(value, i)))
            return false;
    return true;
}

/* What a member of the body must be, where it is not that; NULL: it is. */
static const char *member_wants(const struct given *field, struct json_object *value)
{
    int64_t time;

    switch (field->type) {
    case GIVEN_TEXT:
        if (!is_whole_text(value))
            return "a text without NUL";
        return field->words == NULL || is_word(field->words, json_object_get_string(value)) ? NULL
                                                                                            : field->words;
    case GIVEN_FLAG:
        return json_object_is_type(value, json_type_boolean) ? NULL : "true or false";
    case GIVEN_COUNT:
        return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= field->min &&
                       json_object_get_int64(value) <= field->max
                   ? NULL
                   : "a whole number";
    case GIVEN_TIME:
        return is_whole_text(value) &&
                       cutover_time_read(json_object_get_string(value), &time, NULL) == CUTOVER_OK
                   ? NULL
                   : "a time as of RFC 3339: 2026-01-31T12:00:00Z";
    case GIVEN_TEXTS:
        return are_texts(value) ? NULL : "a list of texts without NUL";
    case GIVEN_NONE:
        break;
    }
    return "nothing";
}

static cutover_status check_member(struct call *call, const char *name, struct json_object *value,
                                   cutover_error **error)
{
    const size_t index = field_index(call->route->body, name);
    char detail[400];

    if (index == FIELDS_MAX) {
        snprintf(detail, sizeof detail, "the body has no `%.200s` here", name);
        return call_problem(call, PROBLEM_INVALID, detail, NULL, name, error);
    }
    const struct given *field = &call->route->body[index];
    if (value == NULL)
        return CUTOVER_OK;
    const char *wants = member_wants(field, value);
    if (wants == NULL)
        return CUTOVER_OK;
    if (field->type == GIVEN_COUNT)
        snprintf(detail, sizeof detail, "%s: %s from %lld to %lld", name, wants, (long long)field->min,
                 (long long)field->max);
    else
        snprintf(detail, sizeof detail, "%s: %s%s", name, field->words == wants ? "one of " : "", wants);
    return call_problem(call, PROBLEM_INVALID, detail, NULL, name, error);
}

static cutover_status check_members(struct call *call, cutover_error **error)
{
    const struct given *fields = call->route->body;
    cutover_status status = CUTOVER_OK;

    if (call->body != NULL) {
        json_object_object_foreach(call->body, name, value)
        {
            if (status == CUTOVER_OK && call->answer == NULL)
                status = check_member(call, name, value, error);
        }
    }
    for (size_t i = 0; i < FIELDS_MAX && fields[i].name != NULL; i++) {
        if (status != CUTOVER_OK || call->answer != NULL || !fields[i].required ||
            (call->body != NULL && json_object_object_get(call->body, fields[i].name) != NULL))
            continue;
        status = call_problem(call, PROBLEM_INVALID, "the body must have it", NULL, fields[i].name, error);
    }
    return status;
}

cutover_status input_body(struct call *call, cutover_error **error)
{
    const cutover_api_request *request = call->request;
    const bool takes = strcmp(call->route->method, "POST") == 0 || strcmp(call->route->method, "PATCH") == 0;

    if (request->body_size > call->api->max_body)
        return call_problem(call, PROBLEM_TOO_LARGE, "the body is larger than anything that is read here", NULL,
                            NULL, error);
    if (request->body_size > 0 && !takes)
        return call_problem(call, PROBLEM_MALFORMED, "there is no body here", NULL, NULL, error);
    cutover_status status = CUTOVER_OK;
    if (request->body_size > 0)
        status = check_type(call, error);
    if (status == CUTOVER_OK && call->answer == NULL && request->body_size > 0)
        status = parse(call, error);
    if (status == CUTOVER_OK && call->answer == NULL && takes)
        status = check_members(call, error);
    return status;
}
