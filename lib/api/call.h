/*
 * A request on its way through the interface: what it names, what it brings, and the answer that it gets. Routes are rows of one table
 * (routes.c); an act is the function behind a row.
 */
#ifndef CUTOVER_API_CALL_H
#define CUTOVER_API_CALL_H

#include "api/answer.h"
#include "api/api.h"
#include "api/output.h"

#define PARAMS_MAX 2
#define FIELDS_MAX 12
#define CALLER_OPERATES (CUTOVER_ROLE_OPERATOR | CUTOVER_ROLE_ORG_ADMIN)
#define CALLER_ANY (CUTOVER_ROLE_MEMBER | CALLER_OPERATES)

enum given_type { GIVEN_NONE, GIVEN_TEXT, GIVEN_FLAG, GIVEN_COUNT, GIVEN_TIME, GIVEN_TEXTS };

/* What a query or a body may have. The table's rows end with one of no name. */
struct given {
    const char *name;
    enum given_type type;
    bool required;
    int64_t min, max;  /* of a count */
    const char *words; /* of a text: those that there are, as "a|b"; NULL: any */
};

struct call;
typedef cutover_status (*call_act)(struct call *call, cutover_error **error);

enum {
    ROUTE_OPEN = 1,    /* nobody need be logged in */
    ROUTE_KEYED = 2,   /* an Idempotency-Key is honoured */
    ROUTE_SECRET = 4,  /* its answer has a secret, which is not kept */
    ROUTE_MATCHED = 8, /* If-Match is honoured */
    ROUTE_STREAM = 16, /* text/event-stream */
    ROUTE_ADDS =
        32, /* asked twice it is done twice: neither its record's state nor a claim refuses the second */
};

struct route {
    const char *method;
    const char *path; /* "/v1/jobs/{job_id}" */
    uint32_t roles;   /* any of which a caller needs */
    unsigned flags;
    call_act
        find; /* reads what the path names, and sets call->project_id to the project that it is of; NULL: nothing is read */
    call_act act;
    struct given query[FIELDS_MAX];
    struct given body[FIELDS_MAX];
};

extern const struct route routes[];
extern const size_t route_count;

struct call {
    cutover_api *api;
    const cutover_api_request *request;
    const struct route *route;
    char *path;                      /* decoded: params point into it */
    const char *params[PARAMS_MAX];  /* in the order of the path */
    char *query;                     /* decoded: queries point into it */
    const char *queries[FIELDS_MAX]; /* by the route's row; NULL: not given */
    struct json_object *body;        /* an object, or NULL */
    const char *project_id;          /* that it is about, or NULL */
    char *project;                   /* the call's own copy of that */
    cutover_request *wish;           /* what the path names */
    cutover_backup *backup;
    cutover_job *job;
    cutover_webhook *webhook;
    struct once *once;       /* the key that it is asked under: once.h; NULL: none */
    struct waiting *waiting; /* a job that has no record yet: work.h */
    uint64_t if_version;     /* 0: whatever it is */
    bool done;               /* what it asks for is done: only its answer can fail yet */
    cutover_api_response *answer;
};

/* ---- what it brings ---- */

/* The one header of that name; NULL: there is none. One that is there twice is refused: the call has its answer then. */
cutover_status call_given(struct call *call, const char *name, const char **value, cutover_error **error);
/* Of the query, by name; NULL: not given. */
const char *call_query(const struct call *call, const char *name);
int64_t call_query_count(const struct call *call, const char *name, int64_t otherwise);
/* Of the body; NULL, `otherwise` where it is not given, or null. */
const char *call_text(const struct call *call, const char *name);
bool call_flag(const struct call *call, const char *name);
int64_t call_count(const struct call *call, const char *name, int64_t otherwise);
/* Of a job, as its body says: the members of these names. */
cutover_verify_method call_verify(const struct call *call);
cutover_fence call_fence(const struct call *call);
int64_t call_time(const struct call *call, const char *name); /* 0: none */
bool call_has(const struct call *call, const char *name);     /* whether it is given, and not null */
/* A list of texts: at most `most` pointers into the body, and how many there are. */
size_t call_texts(const struct call *call, const char *name, const char *texts[], size_t most);

/* ---- the answer; CUTOVER_E_NOMEM when memory is exhausted ---- */

cutover_status call_problem(struct call *call, enum problem problem, const char *detail, const char *hint,
                            const char *field, cutover_error **error);
/* A body of JSON, copied. */
cutover_status call_json(struct call *call, unsigned status, const char *json, cutover_error **error);
/* A page of a list, {"items": […], "next_cursor": …}: what is written between both are its items. The answer is made, and `output` freed, by the
   end; next_cursor NULL: there is no more. */
void call_page_begin(struct output *output);
cutover_status call_page_end(struct call *call, struct output *output, const char *next_cursor,
                             cutover_error **error);
/* The same with the ETag of a record's version, or 304 where the caller has that already. */
cutover_status call_record(struct call *call, unsigned status, const char *json, uint64_t version,
                           cutover_error **error);
cutover_status call_header(struct call *call, const char *name, const char *value, cutover_error **error);
cutover_status call_nothing(struct call *call, cutover_error **error); /* 204 */

/* A filter of the query's status, kind, order, cursor and limit, of the call's project or what the caller sees. */
void call_filter(const struct call *call, cutover_filter *filter);
/* Whether the caller sees that project. */
bool call_sees(const struct call *call, const char *project_id);

#endif
