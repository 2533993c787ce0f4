/*
 * One request, as the server read it, and its answer, as it sends it. Between the two nothing here knows of sockets.
 */
#ifndef CUTOVERD_EXCHANGE_H
#define CUTOVERD_EXCHANGE_H

#include "attempts.h"
#include "pages.h"

#include <cutover/api.h>
#include <stdbool.h>

enum {
    EXCHANGE_HEADERS_MAX = 128,
    ANSWER_HEADERS_MAX = 24,
    EXCHANGE_ID_SIZE = 33,
    KEY_ID_SIZE = 64,
    ACTOR_SIZE = 64
};

struct answer_header {
    const char *name; /* static, or the API's response's */
    char *value;      /* owned */
};

struct exchange {
    char id[EXCHANGE_ID_SIZE]; /* the header X-Request-Id, and in the log */
    char *method, *target;     /* as they stood in the request line; owned */
    char *path, *query;        /* parts of the target; owned, and one allocation */
    cutover_api_header headers[EXCHANGE_HEADERS_MAX];
    size_t header_count;
    bool headers_overflow; /* there were more */
    char *body;
    size_t body_size;
    char client[ADDRESS_SIZE];
    int64_t began; /* monotonic */

    /* The answer. */
    uint32_t status;
    const char *route;        /* for counters: one of few; static */
    char actor[ACTOR_SIZE];   /* who it was, for the log; "": nobody */
    char key_id[KEY_ID_SIZE]; /* by which key; "": nobody */
    struct answer_header answer_headers[ANSWER_HEADERS_MAX];
    size_t answer_header_count;
    const char *answer; /* borrowed from `owned`, `response`, or a page */
    size_t answer_size;
    char *owned;
    cutover_api_response *response;
    cutover_api_stream *stream; /* the body is one; whoever sends it takes it */
};

/* Makes one of a target as it stood in the request line; NULL when memory is exhausted. */
struct exchange *exchange_new(const char *target);
void exchange_free(struct exchange *exchange);
/* Adds a header of the request; copied. */
void exchange_take_header(struct exchange *exchange, const char *name, const char *value);
/* The value of the request's header, or NULL. */
const char *exchange_header(const struct exchange *exchange, const char *name);
/* The same of the last one, where each on the way adds a line of its own. */
const char *exchange_last_header(const struct exchange *exchange, const char *name);
/* The value of a cookie, for free(); NULL: there is none, or memory is exhausted. */
char *exchange_cookie(const struct exchange *exchange, const char *name);

/* The answer: each replaces what was there. */
void exchange_problem(struct exchange *exchange, uint32_t status, cutover_status code, const char *message,
                      const char *hint);
/* A cause of the library's; taken over. */
void exchange_failure(struct exchange *exchange, uint32_t status, cutover_error *cause);
/* `text` is owned by the exchange from now on; NULL is 500. */
void exchange_text(struct exchange *exchange, uint32_t status, const char *type, char *text, size_t size);
void exchange_page(struct exchange *exchange, const struct page *page);
void exchange_response(struct exchange *exchange, cutover_api_response *response);
void exchange_add_header(struct exchange *exchange, const char *name, const char *value);

#endif
