/*
 * Answers: a status, headers and a body; and problems, which are answers of RFC 9457. It knows no route and no record.
 */
#ifndef CUTOVER_API_ANSWER_H
#define CUTOVER_API_ANSWER_H

#include <cutover/api.h>
#include <json-c/json.h>
#include <stdbool.h>

/* What is the matter, beside what the library's own codes say. */
enum problem {
    PROBLEM_MALFORMED,      /* 400 */
    PROBLEM_UNKNOWN_CALLER, /* 401 */
    PROBLEM_FORBIDDEN,      /* 403 */
    PROBLEM_NOT_FOUND,      /* 404 */
    PROBLEM_METHOD,         /* 405 */
    PROBLEM_NOT_ACCEPTABLE, /* 406 */
    PROBLEM_CONFLICT,       /* 409 */
    PROBLEM_STATE,          /* 409 */
    PROBLEM_LOCKED,         /* 409 */
    PROBLEM_EXPIRED,        /* 409 */
    PROBLEM_PREFLIGHT,      /* 409 */
    PROBLEM_VERIFY,         /* 409 */
    PROBLEM_CANCELLED,      /* 409 */
    PROBLEM_IN_FLIGHT,      /* 409 */
    PROBLEM_UNANSWERED,     /* 409 */
    PROBLEM_CHANGED,        /* 412 */
    PROBLEM_TOO_LARGE,      /* 413 */
    PROBLEM_TOO_LONG,       /* 414 */
    PROBLEM_MEDIA_TYPE,     /* 415 */
    PROBLEM_INVALID,        /* 422 */
    PROBLEM_KEY_REUSED,     /* 422 */
    PROBLEM_HEADERS,        /* 431 */
    PROBLEM_INTERNAL,       /* 500 */
    PROBLEM_UNSUPPORTED,    /* 501 */
    PROBLEM_SERVER,         /* 502: a PostgreSQL server, or the host's own part */
    PROBLEM_UNAVAILABLE,    /* 503: the store or the repository; or nobody to run a job */
    PROBLEM_COUNT
};

/* An empty answer of that status; NULL when memory is exhausted. */
cutover_api_response *answer_new(unsigned status);
/* Adds a header, whose value is copied; the name is static. False when memory is exhausted. */
bool answer_header(cutover_api_response *answer, const char *name, const char *value);
/* Gives it a body of JSON, copied. False when memory is exhausted. */
bool answer_body(cutover_api_response *answer, const char *type, const char *body, size_t size);
/* The same with a stream as its body, which it owns. */
bool answer_stream(cutover_api_response *answer, cutover_api_stream *stream);
void answer_route(cutover_api_response *answer, const char *route);
void answer_status(cutover_api_response *answer, unsigned status);

/* A problem; `detail`, `hint` and `field` may be NULL. NULL when memory is exhausted. */
cutover_api_response *answer_problem(enum problem problem, const char *detail, const char *hint,
                                     const char *field);
/* What a function of the library answered. NULL when memory is exhausted. */
cutover_api_response *answer_error(cutover_status status, const cutover_error *cause);
/* The HTTP status of one. */
unsigned problem_status(enum problem problem);

#endif
