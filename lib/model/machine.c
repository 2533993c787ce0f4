#include "model/machine.h"

#include "base/clock.h"
#include "base/text.h"

#include <cutover/engine.h>
#include <string.h>

#define ACTOR_ID_MAX 200
/* 9999-12-31T23:59:59.999999Z: the last time that RFC 3339 can write. */
#define TIME_LAST INT64_C(253402300799999999)

/* What a verb asks beyond a role and a state. The order in which they are asked is that of `checks` below. */
enum {
    CHECK_OWN_OR_OPERATOR = 1 << 0,
    CHECK_FOUR_EYES = 1 << 1,
    CHECK_NOT_RESTORING = 1 << 2,
    CHECK_PROJECT_ACTIVE = 1 << 3,
    CHECK_PREVIEW_READY = 1 << 4,
    CHECK_PREVIEW_GONE = 1 << 5,
    CHECK_TICKET = 1 << 6,
    CHECK_TIME_AHEAD = 1 << 7,
    CHECK_TIME_REACHED = 1 << 8
};

#define NEEDS_WORLD (CHECK_NOT_RESTORING | CHECK_PROJECT_ACTIVE | CHECK_PREVIEW_READY)

/* Verb → who may, and what is asked. No roles: only CUTOVER_ACTOR_SYSTEM may. */
static const struct rule {
    const char *act;  /* "actor may not …" */
    const char *done; /* "the request cannot be …" */
    uint32_t roles;   /* any of them */
    unsigned asks;
    const char *told; /* audit entry and event */
} rules[VERB_COUNT] = {
    [VERB_CREATE] = {"file a request", "filed", CUTOVER_ROLE_MEMBER, NEEDS_WORLD | CHECK_TIME_AHEAD,
                     "cutover.requested"},
    [VERB_ACK] = {"ack a request", "acked", CUTOVER_ROLE_OPERATOR,
                  NEEDS_WORLD | CHECK_FOUR_EYES | CHECK_TIME_AHEAD, "cutover.acked"},
    [VERB_REJECT] = {"reject a request", "rejected", CUTOVER_ROLE_OPERATOR, CHECK_NOT_RESTORING,
                     "cutover.rejected"},
    [VERB_CANCEL] = {"cancel a request", "cancelled", CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR,
                     CHECK_OWN_OR_OPERATOR | CHECK_NOT_RESTORING, "cutover.cancelled"},
    [VERB_TICKET] = {"attach a ticket", "given a ticket", CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR,
                     CHECK_NOT_RESTORING, "cutover.ticket_set"},
    [VERB_RESCHEDULE] = {"agree on another time", "given another time",
                         CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR,
                         CHECK_OWN_OR_OPERATOR | NEEDS_WORLD | CHECK_TIME_AHEAD, "cutover.rescheduled"},
    [VERB_EXPIRE] = {"expire a request", "expired", 0, CHECK_PREVIEW_GONE, "cutover.expired"},
    [VERB_PROMOTE] = {"promote a request", "promoted", CUTOVER_ROLE_OPERATOR,
                      NEEDS_WORLD | CHECK_TICKET | CHECK_TIME_REACHED, "cutover.promote_started"},
    [VERB_RELEASE] = {"release a held promotion", "released", CUTOVER_ROLE_OPERATOR, 0, "cutover.released"},
    [VERB_COMPLETE] = {"complete a request", "completed", 0, 0, "production_overwrite_restore"},
    [VERB_FAIL] = {"fail a request", "marked as failed", 0, 0, "cutover.failed"},
    [VERB_ROLL_BACK] = {"roll a cutover back", "rolled back", CUTOVER_ROLE_OPERATOR,
                        CHECK_NOT_RESTORING | CHECK_PROJECT_ACTIVE, "cutover.rollback_started"},
    [VERB_ROLLED_BACK] = {"mark a cutover as rolled back", "marked as rolled back", 0, 0,
                          "cutover.rolled_back"},
    [VERB_LOSE] = {"mark a cutover as lost", "marked as lost by its server", 0, 0, "cutover.lost"},
    [VERB_RETURN] = {"give a request back", "given back", 0, 0, "cutover.promote_cancelled"},
};

/* Status and verb → the status after. The first row is "no record yet"; what is not listed is refused. */
#define ROW(status) ((status) + 1)
#define TO(status) ((status) + 1)
static const unsigned char transitions[ROW(REQUEST_STATUS_COUNT)][VERB_COUNT] = {
    [0] = {[VERB_CREATE] = TO(REQUEST_OPEN)},
    [ROW(REQUEST_OPEN)] = {[VERB_ACK] = TO(REQUEST_ACKED),
                           [VERB_REJECT] = TO(REQUEST_REJECTED),
                           [VERB_CANCEL] = TO(REQUEST_CANCELLED),
                           [VERB_TICKET] = TO(REQUEST_OPEN),
                           [VERB_EXPIRE] = TO(REQUEST_EXPIRED)},
    [ROW(REQUEST_ACKED)] = {[VERB_REJECT] = TO(REQUEST_REJECTED),
                            [VERB_CANCEL] = TO(REQUEST_CANCELLED),
                            [VERB_TICKET] = TO(REQUEST_ACKED),
                            [VERB_RESCHEDULE] = TO(REQUEST_ACKED),
                            [VERB_EXPIRE] = TO(REQUEST_EXPIRED),
                            [VERB_PROMOTE] = TO(REQUEST_IN_PROGRESS)},
    [ROW(REQUEST_IN_PROGRESS)] = {[VERB_RELEASE] = TO(REQUEST_IN_PROGRESS),
                                  [VERB_COMPLETE] = TO(REQUEST_COMPLETED),
                                  [VERB_FAIL] = TO(REQUEST_FAILED),
                                  [VERB_RETURN] = TO(REQUEST_ACKED)},
    [ROW(REQUEST_COMPLETED)] = {[VERB_ROLL_BACK] = TO(REQUEST_COMPLETED),
                                [VERB_ROLLED_BACK] = TO(REQUEST_ROLLED_BACK),
                                [VERB_LOSE] = TO(REQUEST_FAILED)},
    /* It was the rollback that was lost. */
    [ROW(REQUEST_ROLLED_BACK)] = {[VERB_LOSE] = TO(REQUEST_COMPLETED)},
};

/* The remedy for what the table refuses; the last column is for every verb without one of its own. */
static const char *const remedies[REQUEST_STATUS_COUNT][VERB_COUNT + 1] = {
    [REQUEST_OPEN] = {[VERB_PROMOTE] = "Have an operator review and ack it first.",
                      [VERB_RESCHEDULE] = "No time was agreed on yet: that is done when an operator acks it.",
                      [VERB_COUNT] = "It has to be acked and promoted before that."},
    [REQUEST_ACKED] = {[VERB_ACK] =
                           "It is acked already: promote it, or reschedule it to agree on another time.",
                       [VERB_COUNT] = "It has to be promoted before that."},
    [REQUEST_IN_PROGRESS] = {[VERB_REJECT] = "Cancel its promotion instead.",
                             [VERB_CANCEL] = "Ask an operator to cancel its promotion.",
                             [VERB_TICKET] =
                                 "A ticket is attached before the promotion begins; the one that it "
                                 "has now stays.",
                             [VERB_COUNT] =
                                 "A promotion carries it out right now: wait for its end. If its process "
                                 "has died, run recovery; where that cannot help, abandon it."},
    [REQUEST_COMPLETED] = {[VERB_COUNT] = "It is done: file a new request for another cutover."},
    [REQUEST_FAILED] = {[VERB_COUNT] =
                            "A promotion is never repeated: see the audit trail for why it failed, then "
                            "file a new request."},
    [REQUEST_REJECTED] = {[VERB_COUNT] = "See its rejected_reason, then file a new request."},
    [REQUEST_CANCELLED] = {[VERB_COUNT] = "File a new request if the cutover is wanted after all."},
    [REQUEST_EXPIRED] = {[VERB_COUNT] =
                             "Its preview was gone or expired: make or extend a preview, then file a new "
                             "request."},
    [REQUEST_ROLLED_BACK] = {[VERB_COUNT] =
                                 "Production has its old content again: file a new request for another "
                                 "cutover."},
};

/* One question to the machine. */
struct question {
    const struct request_record *request; /* NULL: to be created */
    enum request_verb verb;
    const cutover_actor *actor;
    const struct machine_facts *facts;
    int64_t scheduled_for;
};

static const char *named(const char *text)
{
    return text != NULL ? text : "(unnamed)";
}

static bool same(const char *left, const char *right)
{
    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static bool preview_is_expired(const struct machine_facts *facts)
{
    return facts->preview_expires_at != 0 && facts->preview_expires_at <= facts->now;
}

cutover_status machine_actor_check(const cutover_actor *actor, cutover_error **error)
{
    if (actor == NULL) {
        error_set(error, CUTOVER_E_INVALID, "actor: required");
        error_hint(error, "Pass who calls: id, kind and roles.");
        return CUTOVER_E_INVALID;
    }
    cutover_status status = text_check("actor.id", actor->id, 1, ACTOR_ID_MAX, error);
    if (status != CUTOVER_OK)
        return status;
    switch (actor->kind) {
    case CUTOVER_ACTOR_USER:
    case CUTOVER_ACTOR_API_KEY:
    case CUTOVER_ACTOR_OPERATOR:
    case CUTOVER_ACTOR_SYSTEM:
        return CUTOVER_OK;
    }
    error_set(error, CUTOVER_E_INVALID, "actor.kind: %d is no kind of actor", (int)actor->kind);
    error_hint(error, "It is a user, an API key, an operator or the system.");
    return CUTOVER_E_INVALID;
}

static cutover_status role_check(const struct question *question, cutover_error **error)
{
    const struct rule *rule = &rules[question->verb];
    const cutover_actor *actor = question->actor;
    if (rule->roles == 0 ? actor->kind == CUTOVER_ACTOR_SYSTEM : (actor->roles & rule->roles) != 0)
        return CUTOVER_OK;

    error_set(error, CUTOVER_E_FORBIDDEN, "actor %s may not %s", actor->id, rule->act);
    if (rule->roles == 0)
        error_hint(error, "Nobody is asked to do this: it happens by itself.");
    else if (rule->roles == CUTOVER_ROLE_MEMBER)
        error_hint(error, "It takes the role of a member of the project: ask one.");
    else if (rule->roles == CUTOVER_ROLE_OPERATOR)
        error_hint(error, "It takes the role of an operator: ask one.");
    else
        error_hint(error, "It takes the role of a member of the project, or of an operator: ask one.");
    return CUTOVER_E_FORBIDDEN;
}

static cutover_status own_or_operator_check(const struct question *question, cutover_error **error)
{
    const cutover_actor *actor = question->actor;
    if ((actor->roles & CUTOVER_ROLE_OPERATOR) != 0 ||
        same(actor->id, question->request->requested_by_actor_id))
        return CUTOVER_OK;
    const char *act = question->verb == VERB_CANCEL ? "cancel" : "reschedule";
    error_set(error, CUTOVER_E_FORBIDDEN, "actor %s did not file request %s and may not %s it", actor->id,
              named(question->request->id), act);
    error_hint(error, "Ask the requester, %s, or an operator to %s it.",
               named(question->request->requested_by_actor_id), act);
    return CUTOVER_E_FORBIDDEN;
}

static cutover_status state_check(const struct question *question, int *next, cutover_error **error)
{
    const struct request_record *request = question->request;
    int code = transitions[request == NULL ? 0 : ROW(request->status)][question->verb];
    if (code != 0) {
        *next = code - 1;
        return CUTOVER_OK;
    }
    const char *remedy = remedies[request->status][question->verb];
    if (remedy == NULL)
        remedy = remedies[request->status][VERB_COUNT];
    error_set(error, CUTOVER_E_STATE, "request %s is %s and cannot be %s", named(request->id),
              request_status_names[request->status], rules[question->verb].done);
    error_hint(error, "%s", remedy);
    return CUTOVER_E_STATE;
}

static cutover_status four_eyes_check(const struct question *question, cutover_error **error)
{
    const char *requester = question->request->requested_by_actor_id;
    if ((question->facts->policy & CUTOVER_POLICY_ACK_BY_REQUESTER) != 0)
        return CUTOVER_OK;
    /* A record that names no requester cannot prove a second pair of eyes. */
    if (requester != NULL && !same(question->actor->id, requester))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_FORBIDDEN, "actor %s filed request %s and may not ack it too",
              question->actor->id, named(question->request->id));
    error_hint(error, "Ask another operator to review and ack it (four eyes).");
    return CUTOVER_E_FORBIDDEN;
}

static cutover_status not_restoring_check(const struct question *question, cutover_error **error)
{
    const struct machine_facts *facts = question->facts;
    if (!facts->project_found || !same(facts->project_state, "restoring"))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_LOCKED, "project %s is restoring: another promotion or restore runs on it",
              named(facts->project_id));
    error_hint(
        error,
        "Try again when that job has ended. If its process has died, run recovery first; where that cannot "
        "help, abandon the job.");
    return CUTOVER_E_LOCKED;
}

static cutover_status project_active_check(const struct question *question, cutover_error **error)
{
    const struct machine_facts *facts = question->facts;
    if (!facts->project_found) {
        error_set(error, CUTOVER_E_NOT_FOUND, "there is no project %s", named(facts->project_id));
        error_hint(error, "Check the project's id, and that the platform knows it.");
        return CUTOVER_E_NOT_FOUND;
    }
    if (same(facts->project_state, "active"))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_STATE, "project %s is %s, not active", named(facts->project_id),
              named(facts->project_state));
    error_hint(error, "Bring the project back to active, then try again.");
    return CUTOVER_E_STATE;
}

cutover_status machine_preview_check(const struct machine_facts *facts, const char *project_id,
                                     cutover_error **error)
{
    const char *preview = named(facts->preview_id);
    if (!facts->preview_found) {
        error_set(error, CUTOVER_E_NOT_FOUND, "there is no preview %s", preview);
        error_hint(error, "Make a new preview and file a request for that.");
        return CUTOVER_E_NOT_FOUND;
    }
    if (!same(facts->preview_project_id, project_id)) {
        error_set(error, CUTOVER_E_STATE, "preview %s belongs to project %s, not to %s", preview,
                  named(facts->preview_project_id), named(project_id));
        error_hint(error, "Promote a preview of project %s.", named(project_id));
        return CUTOVER_E_STATE;
    }
    if (!same(facts->preview_state, "ready")) {
        error_set(error, CUTOVER_E_STATE, "preview %s is %s, not ready", preview, named(facts->preview_state));
        error_hint(error, "Wait until the preview is ready, or make a new one.");
        return CUTOVER_E_STATE;
    }
    if (preview_is_expired(facts)) {
        char expiry[TIME_TEXT_SIZE];
        time_format(facts->preview_expires_at, expiry);
        error_set(error, CUTOVER_E_EXPIRED, "preview %s expired at %s", preview, expiry);
        error_hint(error, "Extend the preview if it still exists, or make a new one.");
        return CUTOVER_E_EXPIRED;
    }
    return CUTOVER_OK;
}

static cutover_status preview_ready_check(const struct question *question, cutover_error **error)
{
    const struct request_record *request = question->request;
    return machine_preview_check(question->facts,
                                 request != NULL ? request->project_id : question->facts->project_id, error);
}

static cutover_status preview_gone_check(const struct question *question, cutover_error **error)
{
    if (machine_request_is_expired(question->request, question->facts))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_STATE, "preview %s of request %s is there and unexpired",
              named(question->facts->preview_id), named(question->request->id));
    error_hint(error, "A request expires only with its preview; reject or cancel it instead.");
    return CUTOVER_E_STATE;
}

static cutover_status ticket_check(const struct question *question, cutover_error **error)
{
    const char *ticket = question->request->external_ticket_ref;
    if (!text_is_blank(ticket))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_STATE, "request %s has no external ticket", named(question->request->id));
    error_hint(error, "Attach one to the request, then promote.");
    return CUTOVER_E_STATE;
}

static cutover_status time_ahead_check(const struct question *question, cutover_error **error)
{
    const struct machine_facts *facts = question->facts;
    int64_t scheduled_for = question->scheduled_for;
    char agreed[TIME_TEXT_SIZE], other[TIME_TEXT_SIZE];

    if (scheduled_for == 0)
        return CUTOVER_OK;
    if (scheduled_for < 0 || scheduled_for > TIME_LAST) {
        error_set(error, CUTOVER_E_INVALID, "scheduled_for is not a time between the years 1970 and 9999");
        error_hint(error, "Agree on a time within these years, or on none: any time will do then.");
        return CUTOVER_E_INVALID;
    }
    time_format(scheduled_for, agreed);
    if (scheduled_for <= facts->now) {
        time_format(facts->now, other);
        error_set(error, CUTOVER_E_INVALID, "scheduled_for %s is not in the future: it is %s now", agreed,
                  other);
        error_hint(error, "Agree on a later time, or on none: any time will do then.");
        return CUTOVER_E_INVALID;
    }
    if (facts->preview_expires_at != 0 && scheduled_for >= facts->preview_expires_at) {
        time_format(facts->preview_expires_at, other);
        error_set(error, CUTOVER_E_EXPIRED, "preview %s expires at %s, before the agreed time %s",
                  named(facts->preview_id), other, agreed);
        error_hint(error,
                   "Extend the preview beyond the agreed time, then ack again; or agree on an earlier time.");
        return CUTOVER_E_EXPIRED;
    }
    return CUTOVER_OK;
}

static cutover_status time_reached_check(const struct question *question, cutover_error **error)
{
    int64_t scheduled_for = question->request->scheduled_for;
    if (scheduled_for == 0 || question->facts->now >= scheduled_for)
        return CUTOVER_OK;
    char agreed[TIME_TEXT_SIZE];
    time_format(scheduled_for, agreed);
    error_set(error, CUTOVER_E_STATE, "request %s is agreed for %s, which is not yet reached",
              named(question->request->id), agreed);
    error_hint(error, "Promote at or after %s, or agree on another time: reschedule it.", agreed);
    return CUTOVER_E_STATE;
}

static const struct {
    unsigned bit;
    cutover_status (*check)(const struct question *question, cutover_error **error);
} checks[] = {
    {CHECK_FOUR_EYES, four_eyes_check},           {CHECK_NOT_RESTORING, not_restoring_check},
    {CHECK_PROJECT_ACTIVE, project_active_check}, {CHECK_PREVIEW_READY, preview_ready_check},
    {CHECK_PREVIEW_GONE, preview_gone_check},     {CHECK_TICKET, ticket_check},
    {CHECK_TIME_AHEAD, time_ahead_check},         {CHECK_TIME_REACHED, time_reached_check},
};

/* Whether the arguments are of a shape that the tables can answer. */
static cutover_status shape_check(const struct question *question, cutover_error **error)
{
    const struct request_record *request = question->request;
    if ((unsigned)question->verb >= VERB_COUNT)
        return error_set(error, CUTOVER_E_INTERNAL, "request verb %d does not exist", (int)question->verb);
    if ((request == NULL) != (question->verb == VERB_CREATE))
        return error_set(error, CUTOVER_E_INTERNAL, "to %s, a record is %s", rules[question->verb].act,
                         request == NULL ? "needed" : "not allowed");
    if (request != NULL && (unsigned)request->status >= REQUEST_STATUS_COUNT)
        return error_set(error, CUTOVER_E_INTERNAL, "request %s has status %d, which does not exist",
                         named(request->id), request->status);
    if (rules[question->verb].asks != 0 && question->facts == NULL)
        return error_set(error, CUTOVER_E_INTERNAL, "to %s, the facts are needed", rules[question->verb].act);
    return CUTOVER_OK;
}

cutover_status machine_request(const struct request_record *request, enum request_verb verb,
                               const cutover_actor *actor, const struct machine_facts *facts,
                               int64_t scheduled_for, enum request_status *next, cutover_error **error)
{
    const struct question question = {request, verb, actor, facts, scheduled_for};
    int after = 0;

    cutover_status status = shape_check(&question, error);
    if (status == CUTOVER_OK)
        status = machine_actor_check(actor, error);
    if (status == CUTOVER_OK)
        status = role_check(&question, error);
    /* Whose request it is decides like a role does: before its state is told. */
    if (status == CUTOVER_OK && (rules[verb].asks & CHECK_OWN_OR_OPERATOR) != 0)
        status = own_or_operator_check(&question, error);
    if (status == CUTOVER_OK)
        status = state_check(&question, &after, error);
    for (size_t i = 0; status == CUTOVER_OK && i < sizeof checks / sizeof checks[0]; i++) {
        if ((rules[verb].asks & checks[i].bit) != 0)
            status = checks[i].check(&question, error);
    }
    if (status == CUTOVER_OK && next != NULL)
        *next = (enum request_status)after;
    return status;
}

const char *machine_request_told(enum request_verb verb)
{
    return (unsigned)verb < VERB_COUNT ? rules[verb].told : NULL;
}

bool machine_request_is_expired(const struct request_record *request, const struct machine_facts *facts)
{
    if (request->status != REQUEST_OPEN && request->status != REQUEST_ACKED)
        return false;
    return !facts->preview_found || preview_is_expired(facts);
}

bool machine_request_is_expiring(const struct request_record *request, const struct machine_facts *facts,
                                 int64_t notice_us)
{
    if ((request->status != REQUEST_OPEN && request->status != REQUEST_ACKED) || !facts->preview_found ||
        facts->preview_expires_at == 0 || preview_is_expired(facts))
        return false;
    return facts->preview_expires_at - facts->now <= notice_us;
}

bool machine_request_is_live(int status)
{
    return status == REQUEST_OPEN || status == REQUEST_ACKED || status == REQUEST_IN_PROGRESS;
}

/* From → the set of statuses after. Where the fence goes up before the backup there is nothing to catch up with. A rollback has nothing to stage, a restore into a preview nothing to back up. */
#define BIT(status) (1u << (status))
#define STOPPED (BIT(PROMOTION_FAILED) | BIT(PROMOTION_CANCELLED))
static const unsigned promotion_moves[PROMOTION_STATUS_COUNT] = {
    [PROMOTION_PREFLIGHT] = BIT(PROMOTION_LOCK) | STOPPED,
    [PROMOTION_LOCK] = BIT(PROMOTION_STAGE) | BIT(PROMOTION_CHECK) | STOPPED,
    [PROMOTION_STAGE] = BIT(PROMOTION_CHECK) | STOPPED,
    [PROMOTION_CHECK] = BIT(PROMOTION_BACKUP) | BIT(PROMOTION_SWAP) | STOPPED,
    [PROMOTION_BACKUP] = BIT(PROMOTION_VERIFY) | STOPPED,
    [PROMOTION_VERIFY] = BIT(PROMOTION_HELD) | BIT(PROMOTION_CATCH_UP) | BIT(PROMOTION_SWAP) | STOPPED,
    [PROMOTION_HELD] = BIT(PROMOTION_CATCH_UP) | BIT(PROMOTION_SWAP) | STOPPED,
    [PROMOTION_CATCH_UP] = BIT(PROMOTION_SWAP) | STOPPED,
    [PROMOTION_SWAP] = BIT(PROMOTION_FINISH) | BIT(PROMOTION_COMPLETED) | STOPPED,
    [PROMOTION_FINISH] = BIT(PROMOTION_COMPLETED),
};

cutover_status machine_promotion(enum promotion_status from, enum promotion_status to, cutover_error **error)
{
    if ((unsigned)from >= PROMOTION_STATUS_COUNT || (unsigned)to >= PROMOTION_STATUS_COUNT)
        return error_set(error, CUTOVER_E_INTERNAL, "a promotion cannot go from status %d to %d", (int)from,
                         (int)to);
    if ((promotion_moves[from] & BIT(to)) != 0)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_INTERNAL, "a promotion cannot go from %s to %s", promotion_status_names[from],
              promotion_status_names[to]);
    error_hint(error, "This is a fault in the library: please report it. Recovery settles the promotion.");
    return CUTOVER_E_INTERNAL;
}

cutover_status machine_promotion_lost(enum promotion_status from, cutover_error **error)
{
    if (from == PROMOTION_SWAP || from == PROMOTION_FINISH || from == PROMOTION_COMPLETED)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INTERNAL, "a promotion of status %d has no swap that could be lost",
                     (int)from);
}

bool machine_promotion_is_over(int status)
{
    return status == PROMOTION_COMPLETED || status == PROMOTION_FAILED || status == PROMOTION_CANCELLED;
}

static const struct job_traits job_traits[] = {
    [JOB_PROMOTION] = {.has_request = true,
                       .owns_request = true,
                       .claim = VERB_PROMOTE,
                       .complete = VERB_COMPLETE,
                       .fail = VERB_FAIL,
                       .lose = VERB_LOSE,
                       .cancel = VERB_RETURN,
                       .started = "cutover.promote_started",
                       .completed = "production_overwrite_restore",
                       .failed = "cutover.failed",
                       .cancelled = "cutover.promote_cancelled",
                       .tells_restore = true,
                       .makes_incoming = true},
    [JOB_ROLLBACK] = {.has_request = true,
                      .started = "cutover.rollback_started",
                      .claim = VERB_ROLL_BACK,
                      .complete = VERB_ROLLED_BACK,
                      .fail = VERB_NONE,
                      .lose = VERB_LOSE,
                      .cancel = VERB_NONE,
                      .completed = "cutover.rolled_back",
                      .failed = "cutover.rollback_failed",
                      .cancelled = "cutover.rollback_cancelled"},
    [JOB_RESTORE] = {.claim = VERB_NONE,
                     .complete = VERB_NONE,
                     .fail = VERB_NONE,
                     .lose = VERB_NONE,
                     .cancel = VERB_NONE,
                     .started = "restore.started",
                     .completed = "production_overwrite_restore",
                     .failed = "restore.failed",
                     .cancelled = "restore.cancelled",
                     .tells_restore = true,
                     .makes_incoming = true},
};

const struct job_traits *machine_job_traits(int kind)
{
    return &job_traits[kind];
}

#define BACKUP_STATUS_COUNT (BACKUP_DELETED + 1)

/* From → to, and what is told of it. What is not listed is refused. */
static const struct backup_move {
    bool allowed;
    const char *told; /* audit entry and event; NULL: a step on the way */
} backup_moves[BACKUP_STATUS_COUNT][BACKUP_STATUS_COUNT] = {
    [BACKUP_TAKING] = {[BACKUP_VERIFYING] = {true, NULL},
                       [BACKUP_FAILED] = {true, "backup.failed"},
                       [BACKUP_CANCELLED] = {true, "backup.cancelled"}},
    [BACKUP_VERIFYING] = {[BACKUP_VERIFIED] = {true, "backup.completed"},
                          [BACKUP_FAILED] = {true, "backup.failed"},
                          [BACKUP_CANCELLED] = {true, "backup.cancelled"}},
    [BACKUP_VERIFIED] =
        {[BACKUP_VERIFYING] = {true, "backup.verify_started"}, [BACKUP_DELETED] = {true, "backup.deleted"}},
    [BACKUP_FAILED] =
        {[BACKUP_VERIFYING] = {true, "backup.verify_started"}, [BACKUP_DELETED] = {true, "backup.deleted"}},
    [BACKUP_CANCELLED] =
        {[BACKUP_VERIFYING] = {true, "backup.verify_started"}, [BACKUP_DELETED] = {true, "backup.deleted"}},
};

static const char *const backup_remedies[BACKUP_STATUS_COUNT] = {
    [BACKUP_TAKING] = "It is being taken: wait until it is verified or failed.",
    [BACKUP_VERIFYING] = "It is being verified: wait until it is verified or failed.",
    [BACKUP_VERIFIED] = "A verified backup can be verified again or deleted.",
    [BACKUP_FAILED] = "A failed backup can be verified again or deleted.",
    [BACKUP_CANCELLED] = "A cancelled backup can be verified again, where it was written whole, or deleted.",
    [BACKUP_DELETED] = "Its bytes are gone: take a new backup.",
};

cutover_status machine_backup(enum backup_status from, enum backup_status to, cutover_error **error)
{
    if ((unsigned)from >= BACKUP_STATUS_COUNT || (unsigned)to >= BACKUP_STATUS_COUNT)
        return error_set(error, CUTOVER_E_STATE, "a backup cannot go from status %d to %d", (int)from, (int)to);
    if (backup_moves[from][to].allowed)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_STATE, "a backup that is %s cannot become %s", backup_status_names[from],
              backup_status_names[to]);
    error_hint(error, "%s", backup_remedies[from]);
    return CUTOVER_E_STATE;
}

const char *machine_backup_told(enum backup_status from, enum backup_status to)
{
    if ((unsigned)from >= BACKUP_STATUS_COUNT || (unsigned)to >= BACKUP_STATUS_COUNT)
        return NULL;
    return backup_moves[from][to].told;
}

bool machine_backup_is_running(int status)
{
    return status == BACKUP_TAKING || status == BACKUP_VERIFYING;
}
