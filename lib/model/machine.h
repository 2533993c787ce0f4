/*
 * The state machine: who may do what to which record when. Pure: tables and functions of their arguments, no I/O,
 * no clock of its own. Every refusal says what a person can do.
 */
#ifndef CUTOVER_MODEL_MACHINE_H
#define CUTOVER_MODEL_MACHINE_H

#include "model/backup.h"
#include "model/promotion.h"
#include "model/request.h"

#include <cutover/actor.h>

enum request_verb {
    VERB_CREATE, /* no record yet */
    VERB_ACK,
    VERB_REJECT,
    VERB_CANCEL,
    VERB_TICKET,
    VERB_RESCHEDULE,
    VERB_EXPIRE, /* system */
    VERB_PROMOTE,
    VERB_RELEASE,
    VERB_COMPLETE,    /* system: its promotion has swapped */
    VERB_FAIL,        /* system: its promotion has ended without a swap */
    VERB_ROLL_BACK,   /* the claim of a rollback: the cutover stands until production is back */
    VERB_ROLLED_BACK, /* system: the rollback has swapped */
    VERB_LOSE,        /* system: production's server lost what had been completed, or rolled back */
    VERB_RETURN, /* system: its promotion was cancelled before its swap: an operator may promote it once more */
    VERB_COUNT,
    VERB_NONE = VERB_COUNT
};

/* The world as the caller found it. */
struct machine_facts {
    int64_t now;
    uint32_t policy; /* CUTOVER_POLICY_* */
    bool project_found;
    const char *project_id;
    const char *project_state; /* "active", … */
    bool preview_found;
    const char *preview_id;
    const char *preview_project_id;
    const char *preview_state;
    int64_t preview_expires_at; /* 0: never */
};

/* Whether the actor is well formed: id of 1 to 200 characters, a known kind. CUTOVER_E_INVALID. */
cutover_status machine_actor_check(const cutover_actor *actor, cutover_error **error);

/* Whether `verb` is allowed: role first (FORBIDDEN; for cancel and reschedule also whose request it is), then state (STATE), then
   four eyes (FORBIDDEN), then project and preview (NOT_FOUND, LOCKED, STATE, EXPIRED), then what only that verb asks
   (promote: ticket, then scheduled_for; ack and reschedule: the new scheduled_for, CUTOVER_E_INVALID unless it is after now). An
   actor that is not well formed is CUTOVER_E_INVALID before all that. `request` is NULL for VERB_CREATE.
   `scheduled_for` is the new one for VERB_ACK and VERB_RESCHEDULE, else 0. *next (may be NULL) receives the state after; it is untouched
   on failure. System verbs need CUTOVER_ACTOR_SYSTEM.
   A project that is `restoring` is CUTOVER_E_LOCKED for everything but release and the system verbs. Create, ack, reschedule
   and promote need it active; reject, cancel and ticket also work while the host keeps it in another state, or has none
   of that name any more. `facts` may be NULL for release, complete, fail and rolled_back. */
cutover_status machine_request(const struct request_record *request, enum request_verb verb,
                               const cutover_actor *actor, const struct machine_facts *facts,
                               int64_t scheduled_for, enum request_status *next, cutover_error **error);

/* What the audit trail and the event of a verb are called. There is none without. */
const char *machine_request_told(enum request_verb verb);

/* Whether the facts' preview can be promoted into that project now: found, of it, ready, unexpired (NOT_FOUND, STATE,
   EXPIRED). Create, ack and promote ask it by themselves; the pipeline asks it again before the swap. */
cutover_status machine_preview_check(const struct machine_facts *facts, const char *project_id,
                                     cutover_error **error);

/* True when the request is open or acked and its preview is gone or expired: VERB_EXPIRE is due. */
bool machine_request_is_expired(const struct request_record *request, const struct machine_facts *facts);
/* True when the request is open or acked and its preview, which is there, ends within notice_us: somebody should know. */
bool machine_request_is_expiring(const struct request_record *request, const struct machine_facts *facts,
                                 int64_t notice_us);
/* open, acked or in_progress. */
bool machine_request_is_live(int status);

/* Whether a promotion may go from one status to the next: forward only, never out of an end state. Steps before
   check may be passed over; held only follows check, swap only check or held, finish only swap, completed only swap or
   finish. Failed or cancelled from any step up to swap (a swap that did not commit has changed nothing), never after
   it. CUTOVER_E_INTERNAL otherwise. */
cutover_status machine_promotion(enum promotion_status from, enum promotion_status to, cutover_error **error);
bool machine_promotion_is_over(int status);
/* Whether one whose swap was committed may become failed all the same: production's server lost that commit, by a failover or by
   being restored. From swap, finish and completed. */
cutover_status machine_promotion_lost(enum promotion_status from, cutover_error **error);

/* What a kind of job does to its request, what is told of it, and what it leaves when it is undone. */
struct job_traits {
    bool has_request;  /* it carries a request out, or takes its cutover back */
    bool owns_request; /* the request is in progress for it and names it; its preview's claim ends with it */
    enum request_verb claim, complete, fail, lose,
        cancel;                               /* what it does to its request; VERB_NONE: leaves it as it is */
    const char *started, *completed, *failed; /* audit entry and event; NULL: none */
    const char *cancelled;                    /* likewise */
    bool tells_restore;                       /* restore.completed, restore.failed */
    bool makes_incoming; /* what comes in is made by the job, and dropped when it is undone */
};
const struct job_traits *machine_job_traits(int kind);
/* Whether a backup may go from one status to another: taking→verifying|failed|cancelled, verifying→verified|failed|
   cancelled, verified→verifying (verified again)|deleted, failed→verifying (its archive may have been repaired)|deleted, cancelled
   likewise. CUTOVER_E_STATE otherwise. */
cutover_status machine_backup(enum backup_status from, enum backup_status to, cutover_error **error);

/* What the audit trail and the event of such a move are called; NULL for one that is a step on the way. What begins a backup is
   MACHINE_BACKUP_STARTED; where nothing was found by verifying it again, and it is what it was, MACHINE_BACKUP_UNDECIDED; where that was cancelled,
   MACHINE_BACKUP_VERIFY_CANCELLED. */
const char *machine_backup_told(enum backup_status from, enum backup_status to);
#define MACHINE_BACKUP_STARTED "backup.started"
#define MACHINE_BACKUP_UNDECIDED "backup.verify_undecided"
#define MACHINE_BACKUP_VERIFY_CANCELLED "backup.verify_cancelled"

/* taking or verifying: a job is at it, or was. */
bool machine_backup_is_running(int status);

#endif
