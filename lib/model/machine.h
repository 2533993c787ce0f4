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
    VERB_EXPIRE, /* system */
    VERB_PROMOTE,
    VERB_RELEASE,
    VERB_COMPLETE, /* system: the pipeline */
    VERB_FAIL,     /* system: the pipeline */
    VERB_COUNT
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

/* Whether `verb` is allowed: role first (FORBIDDEN), then state (STATE), then four eyes (FORBIDDEN), then project
   and preview (NOT_FOUND, STATE, EXPIRED), then what only that verb asks (ticket, scheduled_for). `request` is NULL
   for VERB_CREATE. `scheduled_for` is the new one for VERB_ACK, else 0. *next receives the state after. System
   verbs need CUTOVER_ACTOR_SYSTEM. A project that is `restoring` is CUTOVER_E_LOCKED for create, ack, promote. */
cutover_status machine_request(const struct request_record *request, enum request_verb verb,
                               const cutover_actor *actor, const struct machine_facts *facts,
                               int64_t scheduled_for, enum request_status *next, cutover_error **error);

/* True when the request is open or acked and its preview is gone or expired: VERB_EXPIRE is due. */
bool machine_request_is_expired(const struct request_record *request, const struct machine_facts *facts);
/* open, acked or in_progress. */
bool machine_request_is_live(int status);

/* Whether a promotion may go from one status to the next: forward only, failed or cancelled from any before swap,
   never out of an end state. CUTOVER_E_INTERNAL otherwise. */
cutover_status machine_promotion(enum promotion_status from, enum promotion_status to, cutover_error **error);
bool machine_promotion_is_over(int status);
/* Whether a backup may go from one status to another: taking→verifying|failed, verifying→verified|failed,
   verified→verifying (verified again)|deleted, failed→deleted. CUTOVER_E_STATE otherwise. */
cutover_status machine_backup(enum backup_status from, enum backup_status to, cutover_error **error);

#endif
