/*
 * A job that overwrites a database from a source, as it runs: a promotion (production from a preview) or a restore
 * (production, or a preview's database, from a backup). This is what its steps hand to each other. Each step is one function;
 * the runner (promote_run) calls them in order and undoes what was done when one of them fails.
 */
#ifndef CUTOVER_PIPELINE_PROMOTE_H
#define CUTOVER_PIPELINE_PROMOTE_H

#include "job/backup_record.h"
#include "job/journal.h"
#include "job/lease.h"
#include "job/report.h"
#include "model/findings.h"
#include "postgres/swap/fence.h"
#include "transfer/archive_read.h"
#include "transfer/live_copy.h"

#include <stdatomic.h>

struct promote {
    struct operation operation;
    struct host *host;
    /* As asked. */
    enum job_kind kind;      /* JOB_PROMOTION or JOB_RESTORE */
    char *source_backup_id;  /* of a restore */
    char *target_preview_id; /* of a restore into a preview, else NULL */
    bool confirm;            /* of a restore over production */
    char *actor_id;
    cutover_actor actor; /* its id is actor_id */
    char *request_id;
    cutover_verify_method verify;
    bool hold;
    /* As found. */
    struct request_record request;
    struct project project; /* what is overwritten: see job/target.h */
    struct preview preview;
    struct findings findings;
    bool looked;             /* findings are there */
    struct session *control; /* in the control database; holds the advisory lock from lock to finish */
    struct lease lease;
    struct journal journal;
    atomic_bool claimed; /* the job is this one's: the journal is there, for any thread */
    struct backup backup;
    struct fence_mark mark; /* before the backup's snapshot */
    int64_t fenced_us;      /* monotonic: when writes began to be refused */
    struct live_copy live;
    struct backup source;   /* of a restore: the backup's record */
    struct archive archive; /* and what it holds, from preflight on */
    bool swapped;
    bool outcome_unknown; /* the server went away in the moment of the swap */
    struct report report;
};

/* Whether what is overwritten is production: then there is a fence, and a backup before. */
bool promote_over_production(const struct promote *job);

/* The rules on what the store and the platform say now: loads request or backup, project and preview. */
cutover_status promote_rules(struct promote *job, cutover_error **error);

/* preflight: opens sessions, asks the servers, closes them. Findings, not failures; CUTOVER_E_PREFLIGHT is the caller's to make. */
cutover_status promote_look(struct promote *job, cutover_error **error);
cutover_status promote_lock(struct promote *job, cutover_error **error);
cutover_status promote_backup(struct promote *job, cutover_error **error);
cutover_status promote_verify(struct promote *job, cutover_error **error);
cutover_status promote_stage(struct promote *job, cutover_error **error);
cutover_status promote_check(struct promote *job, cutover_error **error);
cutover_status promote_hold(struct promote *job, cutover_error **error);
cutover_status promote_swap(struct promote *job, cutover_error **error);
cutover_status promote_finish(struct promote *job, cutover_error **error);

/* A restore's own: its rules, what its backup needs of the server, and its ways of stage, check and proof. */
cutover_status restore_rules(struct promote *job, cutover_error **error);
cutover_status restore_look(struct promote *job, struct session *production, cutover_error **error);
cutover_status restore_stage(struct promote *job, cutover_error **error);
cutover_status restore_check(struct promote *job, cutover_error **error);
/* The preview's database is as empty as it was when the restore began. */
cutover_status restore_prove_empty(void *context, struct session *inside, cutover_error **error);
/* Drops the empty database that a restore into a preview displaced. */
cutover_status restore_drop_empty(struct promote *job, cutover_error **error);

/* Runs all of it; the report is made in every case. */
cutover_status promote_run(struct promote *job, cutover_error **error);
void promote_free(struct promote *job); /* the content */

#endif
