#include "base/error.h"

#ifdef __clang_analyzer__
#undef error_set
#undef error_set_errno
#undef error_nomem
#undef error_verify
#endif

#include "base/answer.h"
#include "base/utf8.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cutover_error {
    cutover_status code;
    cutover_verdict verdict;
    char *message;
    char *detail;
    char *hint;
    char *step;
    char sqlstate[6];
};

#define NAME(status) [-(status)] = #status

static const char *const status_names[] = {
    NAME(CUTOVER_OK),           NAME(CUTOVER_E_INVALID),     NAME(CUTOVER_E_NOT_FOUND),
    NAME(CUTOVER_E_CONFLICT),   NAME(CUTOVER_E_STATE),       NAME(CUTOVER_E_FORBIDDEN),
    NAME(CUTOVER_E_LOCKED),     NAME(CUTOVER_E_EXPIRED),     NAME(CUTOVER_E_PREFLIGHT),
    NAME(CUTOVER_E_VERIFY),     NAME(CUTOVER_E_CANCELLED),   NAME(CUTOVER_E_STORE),
    NAME(CUTOVER_E_REPOSITORY), NAME(CUTOVER_E_POSTGRES),    NAME(CUTOVER_E_IO),
    NAME(CUTOVER_E_NOMEM),      NAME(CUTOVER_E_UNSUPPORTED), NAME(CUTOVER_E_CALLBACK),
    NAME(CUTOVER_E_INTERNAL)};

#define STATUS_COUNT (sizeof status_names / sizeof *status_names)

/* One error for each failure that stands in when there is no memory for a real one, so that the code stays true
   and a check that failed never reads as equal. Handed out, never written to, never freed. */
static char reserve_message[] = "memory is exhausted";

#define RESERVE(status, verdict_value)                                                                         \
    [-(status)] = {.code = (status), .verdict = (verdict_value), .message = reserve_message}
#define RESERVE_PLAIN(status) RESERVE(status, CUTOVER_VERDICT_NONE)

static struct cutover_error reserve[STATUS_COUNT] = {
    RESERVE_PLAIN(CUTOVER_E_INVALID),   RESERVE_PLAIN(CUTOVER_E_NOT_FOUND),
    RESERVE_PLAIN(CUTOVER_E_CONFLICT),  RESERVE_PLAIN(CUTOVER_E_STATE),
    RESERVE_PLAIN(CUTOVER_E_FORBIDDEN), RESERVE_PLAIN(CUTOVER_E_LOCKED),
    RESERVE_PLAIN(CUTOVER_E_EXPIRED),   RESERVE_PLAIN(CUTOVER_E_PREFLIGHT),
    RESERVE_PLAIN(CUTOVER_E_CANCELLED), RESERVE(CUTOVER_E_VERIFY, CUTOVER_VERDICT_UNKNOWN),
    RESERVE_PLAIN(CUTOVER_E_STORE),     RESERVE_PLAIN(CUTOVER_E_REPOSITORY),
    RESERVE_PLAIN(CUTOVER_E_POSTGRES),  RESERVE_PLAIN(CUTOVER_E_IO),
    RESERVE_PLAIN(CUTOVER_E_NOMEM),     RESERVE_PLAIN(CUTOVER_E_UNSUPPORTED),
    RESERVE_PLAIN(CUTOVER_E_CALLBACK),  RESERVE_PLAIN(CUTOVER_E_INTERNAL)};

static bool is_failure(int code)
{
    return code < 0 && code > -(int)STATUS_COUNT;
}

static bool is_reserve(const cutover_error *error)
{
    for (size_t i = 0; i < STATUS_COUNT; i++)
        if (error == &reserve[i])
            return true;
    return false;
}

static cutover_error *reserve_for(cutover_status code)
{
    return &reserve[is_failure(code) ? -(int)code : -(int)CUTOVER_E_NOMEM];
}

/* Server and tool messages may end in a newline, span lines, or be in an encoding of the server's. */
static void make_presentable(char *string, bool one_line)
{
    size_t length = utf8_repair(string);
    while (length > 0 && (unsigned char)string[length - 1] <= ' ')
        string[--length] = '\0';
    for (; *string != '\0'; string++) {
        unsigned char c = (unsigned char)*string;
        if (c < 0x20 && (one_line || (c != '\n' && c != '\t')))
            *string = ' ';
    }
}

static char *format_text(bool one_line, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static char *format_text(bool one_line, const char *format, va_list arguments)
{
    char *string = NULL;
    if (vasprintf(&string, format, arguments) < 0)
        return NULL;
    make_presentable(string, one_line);
    return string;
}

/* Takes the message, NULL when memory for it ran out. */
static cutover_error *error_make(cutover_status code, char *message)
{
    cutover_error *made = message != NULL ? calloc(1, sizeof *made) : NULL;
    if (made == NULL) {
        free(message);
        return reserve_for(code);
    }
    made->code = code;
    made->message = message;
    return made;
}

void error_begin(cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
}

cutover_status error_set(cutover_error **error, cutover_status code, const char *format, ...)
{
    if (error == NULL || *error != NULL)
        return code;
    va_list arguments;
    va_start(arguments, format);
    *error = error_make(code, format_text(true, format, arguments));
    va_end(arguments);
    return code;
}

cutover_status error_set_errno(cutover_error **error, cutover_status code, int errno_value, const char *format,
                               ...)
{
    if (error == NULL || *error != NULL)
        return code;
    va_list arguments;
    va_start(arguments, format);
    char *what = format_text(true, format, arguments);
    va_end(arguments);

    char buffer[128];
    const char *why = strerror_r(errno_value, buffer, sizeof buffer);
    char *message = NULL;
    if (what != NULL && asprintf(&message, "%s: %s", what, why) < 0)
        message = NULL;
    free(what);
    if (message != NULL)
        make_presentable(message, true);
    *error = error_make(code, message);
    return code;
}

cutover_status error_nomem(cutover_error **error)
{
    if (error != NULL && *error == NULL)
        *error = reserve_for(CUTOVER_E_NOMEM);
    return CUTOVER_E_NOMEM;
}

/* The error that may still be completed, or NULL. */
static cutover_error *open_error(cutover_error **error)
{
    return error != NULL && *error != NULL && !is_reserve(*error) ? *error : NULL;
}

void error_detail(cutover_error **error, const char *format, ...)
{
    cutover_error *open = open_error(error);
    if (open == NULL || open->detail != NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    open->detail = format_text(false, format, arguments);
    va_end(arguments);
}

void error_hint(cutover_error **error, const char *format, ...)
{
    cutover_error *open = open_error(error);
    if (open == NULL || open->hint != NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    open->hint = format_text(false, format, arguments);
    va_end(arguments);
}

void error_sqlstate(cutover_error **error, const char *sqlstate)
{
    cutover_error *open = open_error(error);
    if (open == NULL || open->sqlstate[0] != '\0' || sqlstate == NULL || strlen(sqlstate) != 5)
        return;
    memcpy(open->sqlstate, sqlstate, sizeof open->sqlstate);
}

void error_step(cutover_error **error, const char *step)
{
    cutover_error *open = open_error(error);
    if (open != NULL && open->step == NULL && step != NULL)
        open->step = strdup(step);
}

void error_verdict(cutover_error **error, cutover_verdict verdict)
{
    cutover_error *open = open_error(error);
    if (open != NULL && open->verdict == CUTOVER_VERDICT_NONE)
        open->verdict = verdict;
}

void error_front(cutover_error **error, const char *text, const char *hint)
{
    cutover_error *open = open_error(error);
    char *message = NULL, *advice = NULL;

    if (open == NULL)
        return;
    if (asprintf(&message, "%s: %s", text, open->message) < 0)
        return;
    advice = strdup(hint);
    free(open->message);
    open->message = message;
    if (advice == NULL)
        return;
    free(open->hint);
    open->hint = advice;
}

void error_move(cutover_error **to, cutover_error *from)
{
    if (to != NULL && *to == NULL)
        *to = from;
    else
        cutover_error_free(from);
}

cutover_status error_verify(cutover_error **error, cutover_verdict verdict, const char *format, ...)
{
    if (error == NULL || *error != NULL)
        return CUTOVER_E_VERIFY;
    va_list arguments;
    va_start(arguments, format);
    *error = error_make(CUTOVER_E_VERIFY, format_text(true, format, arguments));
    va_end(arguments);
    error_verdict(error, verdict == CUTOVER_VERDICT_DIFFERENT ? verdict : CUTOVER_VERDICT_UNKNOWN);
    return CUTOVER_E_VERIFY;
}

cutover_status error_from_callback(cutover_error **error, cutover_status returned, const char *what)
{
    if (returned == CUTOVER_OK) {
        if (error != NULL) {
            cutover_error_free(*error);
            *error = NULL;
        }
        return CUTOVER_OK;
    }
    if (returned == ANSWER_NONE) {
        error_set(error, CUTOVER_E_CALLBACK, "%s gave no answer", what);
        error_hint(
            error,
            "An exception ended it, or it did not return by cutover_answer(), as CUTOVER_STRICT_ANSWERS asks.");
        return CUTOVER_E_CALLBACK;
    }
    if (!is_failure(returned))
        return error_set(error, CUTOVER_E_CALLBACK, "%s returned %d, which is no cutover_status", what,
                         (int)returned);
    return error_set(error, returned, "%s failed and gave no reason (%s)", what, cutover_status_name(returned));
}

static bool put(struct json_object *object, const char *name, const char *value)
{
    struct json_object *member = NULL;
    if (value != NULL && (member = json_object_new_string(value)) == NULL)
        return false;
    if (json_object_object_add(object, name, member) == 0)
        return true;
    json_object_put(member);
    return false;
}

struct json_object *error_json(const cutover_error *error)
{
    struct json_object *object = json_object_new_object();
    if (object == NULL)
        return NULL;
    if (put(object, "code", cutover_status_name(cutover_error_code(error))) &&
        put(object, "message", cutover_error_message(error)) &&
        put(object, "detail", cutover_error_detail(error)) && put(object, "hint", cutover_error_hint(error)) &&
        put(object, "sqlstate", cutover_error_sqlstate(error)) &&
        put(object, "step", cutover_error_step(error)) &&
        put(object, "verdict", cutover_verdict_name(cutover_error_verdict(error))))
        return object;
    json_object_put(object);
    return NULL;
}

cutover_status cutover_error_code(const cutover_error *error)
{
    return error != NULL ? error->code : CUTOVER_OK;
}

const char *cutover_error_message(const cutover_error *error)
{
    return error != NULL ? error->message : "";
}

const char *cutover_error_detail(const cutover_error *error)
{
    return error != NULL ? error->detail : NULL;
}

const char *cutover_error_hint(const cutover_error *error)
{
    return error != NULL ? error->hint : NULL;
}

const char *cutover_error_sqlstate(const cutover_error *error)
{
    return error != NULL && error->sqlstate[0] != '\0' ? error->sqlstate : NULL;
}

const char *cutover_error_step(const cutover_error *error)
{
    return error != NULL ? error->step : NULL;
}

cutover_verdict cutover_error_verdict(const cutover_error *error)
{
    return error != NULL ? error->verdict : CUTOVER_VERDICT_NONE;
}

void cutover_error_free(cutover_error *error)
{
    if (error == NULL || is_reserve(error))
        return;
    free(error->message);
    free(error->detail);
    free(error->hint);
    free(error->step);
    free(error);
}

/* False only when memory ran out. */
static bool copy_text(const char *from, bool one_line, char **to)
{
    if (from == NULL)
        return true;
    if ((*to = strdup(from)) == NULL)
        return false;
    make_presentable(*to, one_line);
    return true;
}

cutover_error *cutover_error_new(cutover_status code, const char *message, const char *detail, const char *hint)
{
    cutover_error *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->code = is_failure(code) ? code : CUTOVER_E_CALLBACK;
    if (copy_text(message != NULL ? message : "no reason was given", true, &made->message) &&
        copy_text(detail, false, &made->detail) && copy_text(hint, false, &made->hint))
        return made;
    cutover_error_free(made);
    return NULL; /* NOLINT(clang-analyzer-unix.Malloc): the reserve is another object */
}

const char *cutover_status_name(cutover_status status)
{
    if (status == CUTOVER_OK || is_failure(status))
        return status_names[-(int)status];
    return "CUTOVER_E_?";
}

const char *cutover_verdict_name(cutover_verdict verdict)
{
    switch (verdict) {
    case CUTOVER_VERDICT_NONE:
        return "none";
    case CUTOVER_VERDICT_EQUAL:
        return "equal";
    case CUTOVER_VERDICT_DIFFERENT:
        return "different";
    case CUTOVER_VERDICT_UNKNOWN:
        break;
    }
    return "could not tell";
}
