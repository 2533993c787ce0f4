/*
 * A job, as it runs: a promotion, a restore, a rollback, or a backup taken or verified by itself. A kind of job is a table of
 * steps; the runner takes them in order and ends what was begun when one of them fails. What a job overwrites a project from is
 * its source, and what it overwrites its target: the steps are the same for all of them and know neither.
 *
 *                 source                          target                       steps
 *   promotion     a preview                       production                   all, held where asked
 *   restore       a backup's archive              production                   all but held
 *                                                 a preview's empty database   no backup, no verify
 *   rollback      the displaced database          production                   preflight, lock, check, swap, finish
 *   backup                                                                     preflight, backup, verify
 *   verification                                                               preflight, verify
 *
 * Everything here is one thread's, but for what says otherwise.
 */
#ifndef CUTOVER_PIPELINE_JOB_H
#define CUTOVER_PIPELINE_JOB_H

#include "base/id.h"
#include "job/backup_record.h"
#include "job/journal.h"
#include "job/lease_watch.h"
#include "job/operation.h"
#include "job/report.h"
#include "model/findings.h"
#include "postgres/swap/fence.h"
#include "postgres/swap/mark.h"
#include "transfer/archive_read.h"
#include "transfer/archive_write.h"
#include "transfer/live_copy.h"

#include <cutover/backup.h>
#include <cutover/restore.h>
#include <cutover/rollback.h>
#include <stdatomic.h>

struct job;

/* A step: CUTOVER_OK, or why the job ends here. It journals what it is about to do; whoever undoes it reads only that. */
struct step {
    const char *name; /* as progress, log and report say it */
    cutover_status (*run)(struct job *job, cutover_error **error);
    bool (*wanted)(const struct job *job); /* NULL: always */
};

struct job_type {
    const char *name;
    enum job_kind kind; /* of its journal; a backup's jobs have none */
    const struct step *steps;
    size_t step_count;
    /* What is to be done when a step has failed: makes everything as it was, and records the end with the reason. What it
       cannot do is said in *reason, and left for recovery. */
    void (*stop)(struct job *job, cutover_status status, cutover_error **reason);
    /* Whether the job's end is recorded; if not, its lease stays and it is recovery's. */
    bool (*is_over)(const struct job *job);
    const char *done;       /* the report's status of one that ended well; NULL: there is no report */
    const char *swapped;    /* what production has once it has swapped, for errors that come after */
    const char *production; /* and in a sentence, for its report */
    void (*tell)(const struct job *job,
                 struct json_object *report); /* adds what only this kind reports; NULL: nothing */
};

/* Where the new content comes from. */
struct source {
    /* The rules on what the store and the platform say now, without a server: loads what the job names, the project among it.
       Called at start, and again in preflight. */
    cutover_status (*rules)(struct job *job, cutover_error **error);
    /* Asks the servers. Findings, not failures, but where a rule is broken; leaves source_bytes. */
    cutover_status (*look)(struct job *job, cutover_error **error);
    /* Completes the job's record before it is committed: what comes in, and from where. */
    cutover_status (*enter)(struct job *job, struct promotion_record *fresh, cutover_error **error);
    /* Makes what comes in and fills it; NULL: it is there. */
    cutover_status (*stage)(struct job *job, cutover_error **error);
    /* Whether what comes in is what the source holds. CUTOVER_E_VERIFY: different, by name. */
    cutover_status (*check)(struct job *job, cutover_error **error);
    /* Whether it may still be swapped in, as the platform says right before the swap; NULL: nothing to ask. */
    cutover_status (*still)(struct job *job, cutover_error **error);
    /* Lets go of sessions and memory; may be called again. */
    void (*close)(struct job *job);
};

/* What is overwritten. */
struct target {
    const char *kind;     /* as reports say it */
    bool backed_up;       /* fenced and backed up before; its backup is the proof of the swap (P2) */
    bool keeps_displaced; /* what is displaced is kept (P7); else it was empty, and goes */
    /* Asked before the door closes, of a target that is backed up: what prove() would say of what happened so far, and what is no write
       is out of its way. `session` opens further ones inside. */
    cutover_status (*look)(struct job *job, const struct session_options *session, struct session *inside,
                           cutover_error **error);
    /* Asked with the door closed and nobody but `inside` in it; `context` is the job. */
    cutover_status (*prove)(void *context, struct session *inside, cutover_error **error);
};
extern const struct target target_production;    /* of a promotion and a restore: unchanged since the backup */
extern const struct target target_preview;       /* of a restore: still empty */
extern const struct target target_after_cutover; /* of a rollback: not written to since the cutover */

extern const struct source source_preview, source_backup, source_displaced;

/* What each source keeps between the steps; the others do not look into it. */
struct preview_source {
    struct preview preview;
    struct live_copy live;
};
struct backup_source {
    char *backup_id;
    char *into_preview; /* its target where that is a preview, else NULL */
    bool confirm;       /* its target is production: that was confirmed */
    struct backup taken;
    struct archive archive; /* what it holds, from preflight on */
};
struct displaced_source {
    bool discard_writes;
    struct promotion_record undone; /* the promotion that is taken back */
    char *name_now;                 /* what the displaced database is called today */
    enum mark_change writes;        /* to production, since the cutover */
};

/* A backup that is taken, or verified again, by itself: as asked; the caller's. */
struct own_backup {
    const char *project_id, *label, *backup_id;
};

struct job {
    const struct job_type *type;
    const struct source *source; /* NULL: nothing is overwritten */
    const struct target *target;
    struct operation operation;
    struct host *host;
    char id[ID_SIZE]; /* from start on */
    /* As asked. */
    char *actor_id;
    cutover_actor actor; /* its id is actor_id */
    char *request_id;    /* NULL for those that have none */
    cutover_verify_method verify;
    bool hold;
    int64_t hold_max_s, writes_refused_max_s; /* 0: no limit */
    cutover_fence fence;
    uint64_t if_version; /* of the request, as whoever asked for the job has seen it; 0: they do not say */
    /* As found. */
    struct request_record request;
    struct project project; /* what is overwritten: see job/target.h */
    struct findings findings;
    bool looked;             /* findings are there */
    double source_bytes;     /* how much there is to bring in, for progress */
    struct session *control; /* in the control database; holds the advisory lock from lock to finish */
    struct lease lease;
    struct journal journal;
    atomic_bool claimed;        /* the job is this one's: its record is there, for any thread */
    struct backup backup;       /* of the state that is displaced; or the one that is taken or verified */
    struct backup_record known; /* what was known of it before it was verified again */
    struct writing
        *archive; /* the backup while it is brought forward; NULL: there is none, or it is published */
    struct fence_mark mark;     /* before the snapshot that the backup is of */
    struct fence_mark incoming; /* of what comes in, before it was checked */
    struct json_object *bears;  /* production's properties, with the values of settings: never written down */
    char *borne;                /* their digest when these were read; the swap goes by it */
    int64_t backup_us;          /* how long production was read for the backup */
    int64_t caught_up_us;       /* monotonic: when what changed was looked at last */
    int64_t round_us;           /* how long the last round took */
    int64_t fenced_us;          /* monotonic: when writes began to be refused */
    bool swapped;
    bool outcome_unknown; /* the server went away in the moment of the swap */
    bool taken_over;      /* by recovery, which has the last word */
    struct report report;
    union {
        struct preview_source preview;
        struct backup_source backup;
        struct displaced_source displaced;
        struct own_backup own;
    } from;
};

/* Ready to be cancelled and watched; the id is made. `jobs` 0 is the default. job_free() it, also on failure. */
cutover_status job_init(struct job *job, const struct job_type *type, struct host *host,
                        const cutover_actor *actor, uint32_t jobs, cutover_progress_fn tell,
                        void *tell_userdata, cutover_error **error);
/* Runs all of it, once; the report is made in every case. */
cutover_status job_run(struct job *job, cutover_error **error);
void job_free(struct job *job); /* the content */

/* ---- the kinds: each makes a job of itself, of options that were checked; its rules are still to be asked ---- */

cutover_status promotion_make(struct job *job, struct host *host, const cutover_promotion_options *options,
                              cutover_error **error);
cutover_status restore_make(struct job *job, struct host *host, const cutover_restore_options *options,
                            cutover_error **error);
cutover_status rollback_make(struct job *job, struct host *host, const cutover_rollback_options *options,
                             cutover_error **error);
cutover_status backup_make(struct job *job, struct host *host, const cutover_backup_options *options,
                           cutover_error **error);
/* Verifies one again that is there. */
cutover_status verification_make(struct job *job, struct host *host, const cutover_backup_options *options,
                                 const char *backup_id, cutover_error **error);

/* ---- what kinds have in common ---- */

/* The stop of a job with a journal; its is_over. */
void job_stop_by_journal(struct job *job, cutover_status status, cutover_error **reason);
bool job_is_over_by_journal(const struct job *job);
/* The report, of an end with that status and reason or of the state that it has now (CUTOVER_OK, NULL); NULL when memory is
   exhausted. */
struct json_object *job_report(const struct job *job, cutover_status status, const cutover_error *reason);
/* One that ends because it took as long as it may: cancelled, by nobody but the library. CUTOVER_E_CANCELLED with that message. */
cutover_status job_end_by_limit(struct job *job, cutover_error **error, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* A warning, for the report and the log. */
void job_warn(struct job *job, const char *format, ...) PRINTF_LIKE(2, 3);
bool job_is_backed_up(const struct job *job); /* for step.wanted */
/* Whether its fence goes up late: its backup is brought forward, behind it. That takes a repository that can rewrite. */
bool job_catches_up(const struct job *job);
/* Whether the project is there, active, and without a job. */
cutover_status job_project_check(const struct host *host, const struct project *project, cutover_error **error);
/* What a rollback looks at before it is asked to run: by sessions of its own. */
cutover_status rollback_look(struct job *job, cutover_error **error);
/* Whether what comes in can be given `properties`; it bears none of them before the swap. */
cutover_status job_properties_try(struct job *job, struct json_object *properties, cutover_error **error);
/* A label, a request, an actor: what every backup's record says of where it comes from. */
cutover_status job_backup_record(const struct job *job, const char *label, struct backup_record *record,
                                 cutover_error **error);
/* Where its backup can be looked at, for the report. */
void job_backup_path_note(struct job *job);
/* How long verifying a backup of so many bytes takes, in bytes of work. */
void job_expect_verify(struct job *job, double bytes);

/* What the sources that need servers ask in preflight: production's server and, unless `live` is NULL, the database that it names.
   A server that cannot be reached is a finding. From then on the sessions of both are quiet about event triggers where that can be
   had (postgres/event_triggers.h). `also` (may be NULL) asks on, inside production. */
cutover_status preflight_look(struct job *job, struct conninfo *live,
                              cutover_status (*also)(struct job *job, struct session *production,
                                                     cutover_error **error),
                              cutover_error **error);

/* Whether what blocks has come up in production since: preflight was long before, and production took writes. */
cutover_status job_look_again(const struct job *job, struct session *inside, cutover_error **error);
/* Likewise of what would stay with the displaced database unseen, and no mark tells. */
cutover_status job_look_last(const struct job *job, struct session *inside, cutover_error **error);

/* ---- the fence (pipeline/fence.c) ---- */

#define SNAPSHOT_LOCK_MS 30000

/* How sessions inside production are opened; what it points to is the job's. */
struct session_options job_inside(const struct job *job);
/* Opens the sessions that the swap needs, and, where production is still read behind the fence (`reads`), those that do: from then on
   clients may take every connection that there is. What is there already stays. */
cutover_status job_reserve(struct job *job, bool reads, cutover_error **error);
/* Journals what the fence will replace, and raises it. Reserves all that is needed behind it. */
cutover_status job_fence_up(struct job *job, cutover_error **error);
/* Reads a mark of production, with its layout, before a snapshot is taken; with facts where no step after it reads them. What blocks and
   has come up since preflight is found, too. */
cutover_status job_mark_take(struct job *job, struct fence_mark *mark, cutover_error **error);

/* While it is held: brings the backup forward where enough has changed, and that is due. */
cutover_status job_catch_up_meanwhile(struct job *job, cutover_error **error);

/* ---- the steps: one file each, of that name ---- */

cutover_status step_preflight(struct job *job, cutover_error **error);
cutover_status step_lock(struct job *job, cutover_error **error);
cutover_status step_stage(struct job *job, cutover_error **error);
cutover_status step_check(struct job *job, cutover_error **error);
cutover_status step_backup(struct job *job, cutover_error **error);
cutover_status step_verify(struct job *job, cutover_error **error);
cutover_status step_held(struct job *job, cutover_error **error);
cutover_status step_catch_up(struct job *job, cutover_error **error);
cutover_status step_swap(struct job *job, cutover_error **error);
cutover_status step_finish(struct job *job, cutover_error **error);

#endif
