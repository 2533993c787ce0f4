/*
 * Leases: a running job's sign of life. A document of its own (kind "lease", id = job), written anew by a thread while the job
 * runs, so that others can tell a job that lives from one whose process is gone (job/lease_watch.h). A lease decides nothing
 * about the swap: the advisory lock on production's server does (DESIGN.md section 6).
 */
#ifndef CUTOVER_JOB_LEASE_H
#define CUTOVER_JOB_LEASE_H

#include "job/host.h"
#include "job/progress.h"
#include "store/ledger.h"

#include <pthread.h>
#include <stdatomic.h>

#define LEASE_US INT64_C(30000000)
#define LEASE_BEAT_US INT64_C(5000000)

enum lease_job { LEASE_PROMOTION, LEASE_BACKUP, LEASE_VERIFICATION };

/* What a lease document says. */
struct lease_record {
    char *job_id;
    char *project_id;
    int job;                      /* enum lease_job */
    char *owner;                  /* base/process_identity.h */
    char *holder;                 /* of this struct lease and no other: who keeps it now */
    int64_t renewed_at;           /* by the holder's clock: for people, nothing is decided by it */
    bool released;                /* its holder gave up: recovery may begin at once */
    struct json_object *progress; /* job/progress.h, as of the last sign of life; NULL: not told */
    struct json_object *rest;     /* members that only a newer version of the library knows, kept as they are */
};

extern const char *const lease_job_names[]; /* index enum lease_job */
extern const struct record_type lease_type; /* kind "lease" */

/* A lease that this process holds and keeps alive. */
struct lease {
    struct host *host;
    struct lease_record record; /* while its thread runs it is the thread's, as version is */
    uint64_t version;           /* 0: nobody knows it to be in the store */
    struct cancel *cancel;
    struct progress *progress; /* told with each sign of life; NULL: nothing is */
    int64_t beat_us;           /* between two signs of life */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards stop */
    pthread_cond_t wake;
    bool put;     /* a commit was to bring it into the store */
    bool running; /* the thread */
    bool stop;
    atomic_bool lost;
};

/*
 * A new job's lease is written by the very commit that makes the job: a job without a lease would be nobody's to recover.
 * So it is prepared, put into that change (in each attempt anew), and kept alive once the commit succeeded. lease_end() belongs
 * to each that was prepared, also when there was no commit, or one that failed.
 */
cutover_status lease_prepare(struct lease *lease, struct host *host, enum lease_job job, const char *job_id,
                             const char *project_id, cutover_error **error);
cutover_status lease_put(struct lease *lease, struct change *change, cutover_error **error);
/* Starts its thread, which calls the store with no lock held: a sign of life every LEASE_BEAT_US, with `progress`, and
   twice a second a look whether somebody asked for the job's cancellation; then `cancel` is asked. When it is lost (somebody took
   it over, or it could not be renewed for LEASE_US) `cancel` is asked, too. */
cutover_status lease_keep(struct lease *lease, struct cancel *cancel, struct progress *progress,
                          cutover_error **error);

/* Takes a lease over whose job is dead (lease_sight); read at `version`. CUTOVER_E_CONFLICT: somebody was faster, or it gave a sign
   of life after all. */
cutover_status lease_take(struct lease *lease, struct host *host, const struct lease_record *record,
                          uint64_t version, struct cancel *cancel, cutover_error **error);
/* What a job's failure really was: one that stops because its lease is lost was cancelled by nobody. Then CUTOVER_E_CONFLICT,
   with an error that says so in the place of *error; else `status` as it is. */
cutover_status lease_explain(struct lease *lease, cutover_status status, cutover_error **error);
/* Ends the thread, and deletes the document; or (`leave`) marks it as released, so that recovery may begin at once. One that is
   another's by now is left alone. One that was put and not kept was left by a commit whose answer was lost, if it is there. A
   zeroed lease is nothing. */
void lease_end(struct lease *lease, bool leave);

#endif
