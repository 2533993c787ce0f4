/*
 * Leases: a running job's sign of life. A document of its own (kind "lease", id = job), renewed by a thread while the job
 * runs, so that others can tell a job that lives from one whose process is gone. A lease decides nothing about the swap:
 * the advisory lock on production's server does (DESIGN.md section 6).
 */
#ifndef CUTOVER_JOB_LEASE_H
#define CUTOVER_JOB_LEASE_H

#include "job/host.h"
#include "store/ledger.h"

#include <pthread.h>

#define LEASE_US INT64_C(30000000)
#define LEASE_BEAT_MS 5000

enum lease_job { LEASE_PROMOTION, LEASE_BACKUP, LEASE_JOB_COUNT };

/* What a lease document says. */
struct lease_record {
    char *job_id;
    char *project_id;
    int job;     /* enum lease_job */
    char *owner; /* machine, process namespace, process and its start: see lease.c */
    int64_t expires_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type lease_type; /* kind "lease" */

/* A lease that this process holds and keeps alive. */
struct lease {
    struct host *host;
    struct lease_record record;
    struct cancel *cancel;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards version, stop and lost */
    pthread_cond_t wake;
    uint64_t version; /* 0: nobody knows it to be in the store */
    bool put;         /* a commit was to bring it there */
    bool running, stop, lost;
};

/*
 * A new job's lease is written by the very commit that makes the job: a job without a lease would be nobody's to recover.
 * So it is prepared, put into that change (in each attempt anew: its time runs from there), and kept alive once the commit
 * succeeded. lease_end() belongs to each that was prepared, also when there was no commit, or one that failed.
 */
cutover_status lease_prepare(struct lease *lease, struct host *host, enum lease_job job, const char *job_id,
                             const char *project_id, cutover_error **error);
cutover_status lease_put(struct lease *lease, struct change *change, cutover_error **error);
/* Starts its thread. When it is lost (somebody took it over, or it could not be renewed in time) `cancel` is asked. */
cutover_status lease_keep(struct lease *lease, struct cancel *cancel, cutover_error **error);

/* Takes a lease over whose job is gone; read at `version`. CUTOVER_E_CONFLICT: somebody was faster. */
cutover_status lease_take(struct lease *lease, struct host *host, const struct lease_record *record,
                          uint64_t version, struct cancel *cancel, cutover_error **error);
/* What a job's failure really was: one that stops because its lease is lost was cancelled by nobody. Then CUTOVER_E_CONFLICT,
   with an error that says so in the place of *error; else `status` as it is. */
cutover_status lease_explain(struct lease *lease, cutover_status status, cutover_error **error);
/* Ends the thread, and deletes the document unless the lease was lost; or (`leave`) lets it run out now, so that recovery
   may begin at once. One that was put and not kept was left by a commit whose answer was lost, if it is there. A zeroed
   lease is nothing. */
void lease_end(struct lease *lease, bool leave);

/* Whether a lease's job may be taken over now: it ran out, or its process ran on this machine and is gone. *why says so for
   people. */
bool lease_is_dead(const struct host *host, const struct lease_record *record, const char **why);
/* The first job of a project whose lease is dead, into job_id (ID_SIZE bytes); "": there is none, or the store cannot tell. */
void lease_find_dead(const struct host *host, const char *project_id, char *job_id);
/* Puts in front of a refusal that such a job is in the way, and that recovery is the remedy. */
void lease_tell_dead(const struct host *host, const char *project_id, cutover_error **error);

#endif
