#include "api/answer.h"

#include "api/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 12, PROBLEM_URI_MAX = 80 };

struct header {
    const char *name;
    char *value;
};

struct cutover_api_response {
    unsigned status;
    struct header headers[HEADERS_MAX];
    size_t header_count;
    char *body;
    size_t size;
    const char *route;
    cutover_api_stream *stream;
};

static const struct {
    unsigned status;
    cutover_status code;
    const char *name; /* the last part of its type */
    const char *title;
} problems[PROBLEM_COUNT] = {
    [PROBLEM_MALFORMED] = {400, CUTOVER_E_INVALID, "malformed", "The request cannot be read"},
    [PROBLEM_UNKNOWN_CALLER] = {401, CUTOVER_E_FORBIDDEN, "unknown-caller", "Nobody is logged in"},
    [PROBLEM_FORBIDDEN] = {403, CUTOVER_E_FORBIDDEN, "forbidden", "The caller may not do this"},
    [PROBLEM_NOT_FOUND] = {404, CUTOVER_E_NOT_FOUND, "not-found", "There is nothing of that name"},
    [PROBLEM_METHOD] = {405, CUTOVER_E_UNSUPPORTED, "method", "This cannot be done with it"},
    [PROBLEM_NOT_ACCEPTABLE] = {406, CUTOVER_E_UNSUPPORTED, "not-acceptable",
                                "There is no answer of a type that the caller takes"},
    [PROBLEM_CONFLICT] = {409, CUTOVER_E_CONFLICT, "conflict", "Somebody else changed or claimed it first"},
    [PROBLEM_STATE] = {409, CUTOVER_E_STATE, "state", "Its state does not allow this"},
    [PROBLEM_LOCKED] = {409, CUTOVER_E_LOCKED, "locked", "Another job of the project is under way"},
    [PROBLEM_EXPIRED] = {409, CUTOVER_E_EXPIRED, "expired", "The preview has expired, or would have"},
    [PROBLEM_PREFLIGHT] = {409, CUTOVER_E_PREFLIGHT, "preflight", "Preflight found something that blocks"},
    [PROBLEM_VERIFY] = {409, CUTOVER_E_VERIFY, "verify", "A check did not pass"},
    [PROBLEM_CANCELLED] = {409, CUTOVER_E_CANCELLED, "cancelled", "It was cancelled"},
    [PROBLEM_IN_FLIGHT] = {409, CUTOVER_E_CONFLICT, "in-flight", "The same request is being answered"},
    [PROBLEM_UNANSWERED] = {409, CUTOVER_E_CONFLICT, "unanswered", "Whether it was done is not known"},
    [PROBLEM_CHANGED] = {412, CUTOVER_E_CONFLICT, "changed", "It is no longer what the caller has seen"},
    [PROBLEM_TOO_LARGE] = {413, CUTOVER_E_INVALID, "too-large", "The body is too large"},
    [PROBLEM_TOO_LONG] = {414, CUTOVER_E_INVALID, "too-long", "The address is too long"},
    [PROBLEM_MEDIA_TYPE] = {415, CUTOVER_E_UNSUPPORTED, "media-type",
                            "The body is of a type that is not read here"},
    [PROBLEM_INVALID] = {422, CUTOVER_E_INVALID, "invalid", "A value is out of its bounds"},
    [PROBLEM_KEY_REUSED] = {422, CUTOVER_E_CONFLICT, "key-reused",
                            "The Idempotency-Key was used for another request"},
    [PROBLEM_HEADERS] = {431, CUTOVER_E_INVALID, "headers", "The headers are too large"},
    [PROBLEM_INTERNAL] = {500, CUTOVER_E_INTERNAL, "internal", "Something went wrong here"},
    [PROBLEM_UNSUPPORTED] = {501, CUTOVER_E_UNSUPPORTED, "unsupported", "This is not possible here"},
    [PROBLEM_SERVER] = {502, CUTOVER_E_POSTGRES, "server", "A server behind this one failed"},
    [PROBLEM_UNAVAILABLE] = {503, CUTOVER_E_STORE, "unavailable", "Not now; try again"},
};

/* By the library's codes, from CUTOVER_E_INVALID on. */
static const enum problem of_status[] = {
    PROBLEM_INVALID,     PROBLEM_NOT_FOUND,   PROBLEM_CONFLICT,  PROBLEM_STATE,    PROBLEM_FORBIDDEN,
    PROBLEM_LOCKED,      PROBLEM_EXPIRED,     PROBLEM_PREFLIGHT, PROBLEM_VERIFY,   PROBLEM_CANCELLED,
    PROBLEM_UNAVAILABLE, PROBLEM_UNAVAILABLE, PROBLEM_SERVER,    PROBLEM_INTERNAL, PROBLEM_UNAVAILABLE,
    PROBLEM_UNSUPPORTED, PROBLEM_SERVER,      PROBLEM_INTERNAL,
};

unsigned problem_status(enum problem problem)
{
    return problems[problem].status;
}

cutover_api_response *answer_new(unsigned status)
{
    cutover_api_response *answer = calloc(1, sizeof *answer);

    if (answer == NULL)
        return NULL;
    answer->status = status;
    answer->route = "";
    if (!answer_header(answer, "Cache-Control", "no-store") ||
        !answer_header(answer, "X-Content-Type-Options", "nosniff")) {
        cutover_api_response_free(answer);
        return NULL;
    }
    return answer;
}

bool answer_header(cutover_api_response *answer, const char *name, const char *value)
{
    if (answer->header_count == HEADERS_MAX)
        return false;
    char *copy = strdup(value);
    if (copy == NULL)
        return false;
    answer->headers[answer->header_count++] = (struct header){name, copy};
    return true;
}

bool answer_body(cutover_api_response *answer, const char *type, const char *body, size_t size)
{
    char *copy = malloc(size + 1);

    if (copy == NULL)
        return false;
    memcpy(copy, body, size);
    copy[size] = '\0';
    free(answer->body);
    answer->body = copy;
    answer->size = size;
    return answer_header(answer, "Content-Type", type);
}

bool answer_stream(cutover_api_response *answer, cutover_api_stream *stream)
{
    answer->stream = stream;
    return answer_header(answer, "Content-Type", "text/event-stream");
}

void answer_route(cutover_api_response *answer, const char *route)
{
    answer->route = route;
}

void answer_status(cutover_api_response *answer, unsigned status)
{
    answer->status = status;
}

/* Adds a text, or null. */
static bool member(struct json_object *object, const char *name, const char *text)
{
    struct json_object *value = text == NULL ? NULL : json_object_new_string(text);

    if (text != NULL && value == NULL)
        return false;
    if (json_object_object_add(object, name, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

/* The body: type, title, status, detail, code, hint, field. */
static bool problem_body(cutover_api_response *answer, enum problem problem, cutover_status code,
                         const char *const texts[3])
{
    char type[PROBLEM_URI_MAX];
    struct json_object *object = json_object_new_object();
    struct json_object *number = json_object_new_int((int)answer->status);
    bool made = object != NULL && number != NULL;

    snprintf(type, sizeof type, "https://libcutover.invalid/problems/1/%s", problems[problem].name);
    made = made && member(object, "type", type) && member(object, "title", problems[problem].title);
    if (made && json_object_object_add(object, "status", number) == 0)
        number = NULL;
    made = made && number == NULL && member(object, "detail", texts[0]) &&
           member(object, "code", cutover_status_name(code)) && member(object, "hint", texts[1]) &&
           member(object, "field", texts[2]);
    const char *body = made ? json_print(object) : NULL;
    made = body != NULL && answer_body(answer, "application/problem+json", body, strlen(body));
    json_object_put(number);
    json_object_put(object);
    return made;
}

/* What goes with some of them. */
static bool problem_headers(cutover_api_response *answer)
{
    if (answer->status == 401)
        return answer_header(answer, "WWW-Authenticate", "Bearer");
    if (answer->status == 503)
        return answer_header(answer, "Retry-After", "5");
    return true;
}

static cutover_api_response *problem_make(enum problem problem, unsigned status, cutover_status code,
                                          const char *const texts[3])
{
    cutover_api_response *answer = answer_new(status);

    if (answer != NULL && problem_body(answer, problem, code, texts) && problem_headers(answer))
        return answer;
    cutover_api_response_free(answer);
    return NULL;
}

cutover_api_response *answer_problem(enum problem problem, const char *detail, const char *hint,
                                     const char *field)
{
    return problem_make(problem, problems[problem].status, problems[problem].code,
                        (const char *const[]){detail, hint, field});
}

/* The library's messages about an argument begin with its name: "options.customer_note: at most 1000 characters". */
static void field_of(const char *message, char *field, size_t size)
{
    const char *colon = strchr(message, ':');
    const char *dot = strchr(message, '.');
    const char *name = dot != NULL && colon != NULL && dot < colon ? dot + 1 : message;
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz_");

    *field = '\0';
    if (colon == NULL || length == 0 || name + length != colon || length >= size)
        return;
    memcpy(field, name, length);
    field[length] = '\0';
}

cutover_api_response *answer_error(cutover_status status, const cutover_error *cause)
{
    const size_t index = (size_t)(-(int)status) - 1;
    const enum problem problem =
        status < 0 && index < sizeof of_status / sizeof *of_status ? of_status[index] : PROBLEM_INTERNAL;
    const char *detail = cause == NULL ? NULL : cutover_error_message(cause);
    char field[64] = "";

    if (detail != NULL && status == CUTOVER_E_INVALID)
        field_of(detail, field, sizeof field);
    return problem_make(
        problem, problems[problem].status, status,
        (const char *const[]){detail, cutover_error_hint(cause), *field == '\0' ? NULL : field});
}

/* The first problem of that HTTP status; PROBLEM_INTERNAL where there is none. */
static enum problem problem_of(uint32_t status)
{
    enum problem found = PROBLEM_INTERNAL;

    for (int i = PROBLEM_COUNT - 1; i >= 0; i--)
        if (problems[i].status == status)
            found = (enum problem)i;
    return found;
}

cutover_status cutover_api_problem(uint32_t status, const cutover_error *cause, cutover_api_response **response,
                                   cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    if (response == NULL || status < 400 || status > 599) {
        if (error != NULL)
            *error = cutover_error_new(
                CUTOVER_E_INVALID, response == NULL ? "response: required" : "status: 400 to 599", NULL, NULL);
        return CUTOVER_E_INVALID;
    }
    const enum problem problem = problem_of(status);
    cutover_api_response *made =
        problem_make(problem, status, cause == NULL ? problems[problem].code : cutover_error_code(cause),
                     (const char *const[]){cause == NULL ? NULL : cutover_error_message(cause),
                                           cutover_error_hint(cause), NULL});
    if (made == NULL) {
        if (error != NULL)
            *error = cutover_error_new(CUTOVER_E_NOMEM, "out of memory", NULL, NULL);
        return CUTOVER_E_NOMEM;
    }
    *response = made;
    return CUTOVER_OK;
}

uint32_t cutover_api_response_status(const cutover_api_response *response)
{
    return response == NULL ? 0 : response->status;
}

size_t cutover_api_response_header_count(const cutover_api_response *response)
{
    return response == NULL ? 0 : response->header_count;
}

const char *cutover_api_response_header_name(const cutover_api_response *response, size_t index)
{
    return response == NULL || index >= response->header_count ? NULL : response->headers[index].name;
}

const char *cutover_api_response_header_value(const cutover_api_response *response, size_t index)
{
    return response == NULL || index >= response->header_count ? NULL : response->headers[index].value;
}

const char *cutover_api_response_body(const cutover_api_response *response)
{
    if (response == NULL)
        return NULL;
    return response->body == NULL ? "" : response->body;
}

size_t cutover_api_response_body_size(const cutover_api_response *response)
{
    return response == NULL ? 0 : response->size;
}

const char *cutover_api_response_route(const cutover_api_response *response)
{
    return response == NULL ? NULL : response->route;
}

cutover_api_stream *cutover_api_response_take_stream(cutover_api_response *response)
{
    if (response == NULL)
        return NULL;
    cutover_api_stream *stream = response->stream;
    response->stream = NULL;
    return stream;
}

void cutover_api_response_free(cutover_api_response *response)
{
    if (response == NULL)
        return;
    for (size_t i = 0; i < response->header_count; i++)
        free(response->headers[i].value);
    cutover_api_stream_free(response->stream);
    free(response->body);
    free(response);
}
