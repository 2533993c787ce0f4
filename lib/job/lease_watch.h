/*
 * Whether a job of others lives: what this engine saw of their leases, and when by its own monotonic clock.
 *
 * A lease says nothing of time that another machine could judge by. What can be judged is whether it changes: a job that lives
 * writes it every LEASE_BEAT_US. So an engine remembers, for every lease that it meets, which version it saw and when it saw
 * that first, and a lease that it finds unchanged for LEASE_US is a dead job's. Clocks that are wrong by an hour change nothing.
 */
#ifndef CUTOVER_JOB_LEASE_WATCH_H
#define CUTOVER_JOB_LEASE_WATCH_H

#include "job/lease.h"

/* What an engine remembers; shared by its threads. NULL when memory is exhausted. */
struct lease_watch *lease_watch_new(void);
void lease_watch_free(struct lease_watch *watch);

/* A lease as it is found. */
struct lease_sight {
    struct lease_record record;
    uint64_t version;
    bool dead; /* its job may be taken over now */
    int64_t
        silent_us; /* one that is not dead: for how long it has been seen unchanged; -1: it gave a sign of life */
    const char *why; /* for people: "its process is gone" */
};

typedef cutover_status (*lease_each)(void *context, const struct lease_sight *sight, cutover_error **error);

/* Looks at every lease of a project (NULL: of all), in the order of their jobs, until `each` returns another status than
   CUTOVER_OK. One that is damaged, or a newer library's, is passed over, and the answer in the end is CUTOVER_E_STORE or
   CUTOVER_E_UNSUPPORTED. No lock is held while `each` runs. */
cutover_status lease_look(const struct host *host, const char *project_id, lease_each each, void *context,
                          cutover_error **error);

/* The first job of a project whose lease is dead, into job_id (ID_SIZE bytes); "": there is none, or the store cannot tell. */
void lease_find_dead(const struct host *host, const char *project_id, char *job_id);
/* Puts in front of a refusal that such a job is in the way, and that recovery is the remedy. */
void lease_tell_dead(const struct host *host, const char *project_id, cutover_error **error);

#endif
