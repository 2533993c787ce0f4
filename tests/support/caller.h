/*
 * Who calls the HTTP interface: an API on an engine, requests to it, and answers that are kept for the OpenAPI document to be held against
 * them (tests/openapi.py). Jobs that acts begin wait here until the test runs them.
 */
#ifndef CUTOVER_TESTS_CALLER_H
#define CUTOVER_TESTS_CALLER_H

#include <cutover.h>
#include <json-c/json.h>
#include <stdbool.h>

#define CALLER_WORKS 8

struct caller {
    cutover_api *api;
    const cutover_actor *actor; /* who calls; NULL: nobody */
    const char *project_id;     /* that they see; NULL: all */
    int64_t now;                /* by the API's clock; 0: the system's */
    bool refuses;               /* the host takes no job */
    cutover_api_work *works[CALLER_WORKS];
    size_t work_count;
    /* The last answer. */
    cutover_api_response *response;
    struct json_object *json; /* its body; NULL: it is none */
};

/* The last two may be NULL. */
struct caller *caller_new(cutover_engine *engine, const cutover_store *store, const cutover_platform *platform,
                          cutover_registry *registry, cutover_webhooks *webhooks,
                          cutover_integrations *integrations);
void caller_free(struct caller *caller);

/* Asks, and gives the status; `body` may be NULL. `target` is a path, and what stands after a "?". */
unsigned ask(struct caller *caller, const char *method, const char *target, const char *body);
/* The same with one more header. */
unsigned ask_with(struct caller *caller, const char *method, const char *target, const char *name,
                  const char *value, const char *body);
/* The same, whole; the host's own part filled in. */
unsigned ask_request(struct caller *caller, cutover_api_request *request);
/* Asks as printf formats it. */
unsigned ask_for(struct caller *caller, const char *method, const char *body, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Of the last answer. */
const char *said_header(const struct caller *caller, const char *name); /* NULL: it has none */
const char *said(const struct caller *caller, const char *member);      /* a text, or NULL */
int64_t said_number(const struct caller *caller, const char *member);
/* How many items a list has, and a member of one. */
size_t said_items(const struct caller *caller);
const char *said_item(const struct caller *caller, size_t index, const char *member);
/* Asserts that it is a problem of that status and code, about that field (NULL: none). */
#define check_problem(caller, status, code, field)                                                             \
    check_problem_at((caller), (status), (code), (field), __FILE__, __LINE__)
void check_problem_at(const struct caller *caller, unsigned status, const char *code, const char *field,
                      const char *file, int line);

/* Runs the job that was begun last, and frees it. */
cutover_status run_work(struct caller *caller, cutover_error **error);

#endif
