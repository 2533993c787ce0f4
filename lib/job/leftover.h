/*
 * What an abandoned job left and could not be reached: a staging or throwaway database with its login, a fence, a closed door,
 * poolers that hold their clients. Each is a document of its own (kind "leftover", id = job ":" what), so that the next recovery
 * tries again, and a person sees what is still there.
 */
#ifndef CUTOVER_JOB_LEFTOVER_H
#define CUTOVER_JOB_LEFTOVER_H

#include "job/host.h"
#include "store/ledger.h"

/* As many are kept of a project; where more come the oldest are forgotten, which the audit entry says. */
#define LEFTOVERS_MAX 100

enum leftover_kind {
    LEFTOVER_DATABASE, /* made by the job: it goes, and its login */
    LEFTOVER_FENCE,    /* in the database of that name and OID */
    LEFTOVER_DOOR,     /* of the database of that name and OID */
    LEFTOVER_TRAFFIC,  /* the host's poolers, which may hold their clients */
    LEFTOVER_OTHER     /* for a person: recovery does nothing about it */
};

extern const char *const leftover_kind_names[];

struct leftover {
    char *id;
    char *project_id, *job_id;
    int kind;                  /* enum leftover_kind */
    char *name;                /* of a database; NULL for traffic */
    int64_t oid;               /* 0: not known, the name is that job's alone */
    char *system_identifier;   /* of its server; NULL: not known */
    bool elsewhere;            /* its server is the one for throwaway databases */
    char *preview_id;          /* its server is the one of that preview; NULL: production's */
    struct json_object *fence; /* what the fence replaced: postgres/swap/fence.h */
    char *message;             /* for people: what it is, and why it is still there */
    int64_t since;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type leftover_type; /* kind "leftover" */

/* A list of them; zeroed at first. */
struct leftovers {
    struct leftover *items;
    uint64_t *versions; /* in the store; 0: not there yet */
    size_t count, capacity;
};

/* All of a project (NULL: of all projects), oldest first. */
cutover_status leftovers_read(const struct host *host, const char *project_id, struct leftovers *list,
                              cutover_error **error);
/* Adds a copy, whose id is made of its job and `what` ("staging"); its message is "SUBJECT: REASON". */
cutover_status leftovers_add(struct leftovers *list, const struct leftover *like, const char *what,
                             const char *subject, const char *reason, cutover_error **error);
void leftovers_free(struct leftovers *list);

/* Takes one from the store, with an audit entry of that name that says what it was and why it is not there any more. */
cutover_status leftover_remove(const struct host *host, const cutover_actor *actor, const char *action,
                               const struct leftover *leftover, const char *reason, cutover_error **error);

/* By whom a job was given up, why, and what is left of it. */
struct abandonment {
    const cutover_actor *actor;
    const char *reason;
    struct leftovers left;
};

/* Puts what is left into the commit that ends the job, with the audit entry job.abandoned; `data` is the job's. */
cutover_status abandonment_put(const struct host *host, const struct abandonment *abandonment,
                               struct change *change, const char *project_id, const char *request_id,
                               struct json_object *data, cutover_error **error);

#endif
