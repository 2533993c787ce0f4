/*
 * The state machine against expectations that are written without its tables: arrows as text, rules as prose.
 */
#include "support/check.h"

#include "model/machine.h"

#include <cutover/engine.h>
#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1795334175123456) /* 2026-11-22T07:56:15.123456Z */
#define HOUR INT64_C(3600000000)
#define ALL_ROLES (CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR | CUTOVER_ROLE_ORG_ADMIN)
#define NO_RECORD (-1)

static const char *const statuses[] = {"open",     "acked",     "in_progress", "completed",  "failed",
                                       "rejected", "cancelled", "expired",     "rolled_back"};
static const char *const verbs[] = {"create",     "ack",       "reject",      "cancel",  "ticket",
                                    "reschedule", "expire",    "promote",     "release", "complete",
                                    "fail",       "roll_back", "rolled_back", "lose",    "return"};

/* DESIGN.md section 3, the request's diagram. */
static const char *const arrows[] = {
    "open ack acked",
    "open reject rejected",
    "acked reject rejected",
    "open cancel cancelled",
    "acked cancel cancelled",
    "open ticket open",
    "acked ticket acked",
    "acked reschedule acked",
    "open expire expired",
    "acked expire expired",
    "acked promote in_progress",
    "in_progress release in_progress",
    "in_progress complete completed",
    "in_progress fail failed",
    "in_progress return acked",
    "completed roll_back completed",
    "completed rolled_back rolled_back",
    /* what production's server lost after it was acknowledged */
    "completed lose failed",
    "rolled_back lose completed",
};

enum project { ACTIVE, RESTORING, SUSPENDED, NO_PROJECT, PROJECTS };
enum preview { READY, BUILDING, EXPIRED, GONE, FOREIGN, PREVIEWS };

/* One combination of everything that the machine looks at. */
struct scene {
    int status; /* or NO_RECORD */
    int verb;
    uint32_t roles;
    cutover_actor_kind kind;
    bool own; /* the actor is the requester */
    bool ack_by_requester;
    enum project project;
    enum preview preview;
    bool ticket;
    bool agreed_time_ahead;
};

struct expectation {
    cutover_status status;
    const char *next;
};

static bool is_verb(const struct scene *scene, const char *name)
{
    return strcmp(verbs[scene->verb], name) == 0;
}

static bool actor_may(const struct scene *scene)
{
    bool member = (scene->roles & CUTOVER_ROLE_MEMBER) != 0;
    bool operator_role = (scene->roles & CUTOVER_ROLE_OPERATOR) != 0;
    if (is_verb(scene, "create"))
        return member;
    if (is_verb(scene, "cancel") || is_verb(scene, "reschedule"))
        return operator_role || (member && scene->own);
    if (is_verb(scene, "ticket"))
        return operator_role || member;
    if (is_verb(scene, "expire") || is_verb(scene, "complete") || is_verb(scene, "fail") ||
        is_verb(scene, "rolled_back") || is_verb(scene, "lose") || is_verb(scene, "return"))
        return scene->kind == CUTOVER_ACTOR_SYSTEM;
    return operator_role;
}

static const char *arrow_end(const struct scene *scene)
{
    if (scene->status == NO_RECORD)
        return "open";
    char start[64];
    int length = snprintf(start, sizeof(start), "%s %s ", statuses[scene->status], verbs[scene->verb]);
    for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++) {
        if (strncmp(arrows[i], start, (size_t)length) == 0)
            return arrows[i] + length;
    }
    return NULL;
}

static cutover_status world_answer(const struct scene *scene)
{
    bool by_people = is_verb(scene, "reject") || is_verb(scene, "cancel") || is_verb(scene, "ticket");
    bool needs_both = is_verb(scene, "create") || is_verb(scene, "ack") || is_verb(scene, "promote") ||
                      is_verb(scene, "reschedule");
    bool project_only = is_verb(scene, "roll_back");
    if ((by_people || needs_both || project_only) && scene->project == RESTORING)
        return CUTOVER_E_LOCKED;
    if (is_verb(scene, "expire"))
        return scene->preview == EXPIRED || scene->preview == GONE ? CUTOVER_OK : CUTOVER_E_STATE;
    if (!needs_both && !project_only)
        return CUTOVER_OK;
    if (scene->project == NO_PROJECT)
        return CUTOVER_E_NOT_FOUND;
    if (scene->project == SUSPENDED)
        return CUTOVER_E_STATE;
    if (project_only)
        return CUTOVER_OK;
    switch (scene->preview) {
    case GONE:
        return CUTOVER_E_NOT_FOUND;
    case FOREIGN:
    case BUILDING:
        return CUTOVER_E_STATE;
    case EXPIRED:
        return CUTOVER_E_EXPIRED;
    default:
        return CUTOVER_OK;
    }
}

static struct expectation expect(const struct scene *scene)
{
    if ((scene->status == NO_RECORD) != is_verb(scene, "create"))
        return (struct expectation){CUTOVER_E_INTERNAL, NULL};
    if (!actor_may(scene))
        return (struct expectation){CUTOVER_E_FORBIDDEN, NULL};
    const char *next = arrow_end(scene);
    if (next == NULL)
        return (struct expectation){CUTOVER_E_STATE, NULL};
    if (is_verb(scene, "ack") && scene->own && !scene->ack_by_requester)
        return (struct expectation){CUTOVER_E_FORBIDDEN, NULL};
    cutover_status world = world_answer(scene);
    if (world != CUTOVER_OK)
        return (struct expectation){world, NULL};
    if (is_verb(scene, "promote") && (!scene->ticket || scene->agreed_time_ahead))
        return (struct expectation){CUTOVER_E_STATE, NULL};
    return (struct expectation){CUTOVER_OK, next};
}

static struct machine_facts facts_of(const struct scene *scene)
{
    static const char *const states[PROJECTS] = {"active", "restoring", "suspended", NULL};
    return (struct machine_facts){
        .now = NOW,
        .policy = scene->ack_by_requester ? CUTOVER_POLICY_ACK_BY_REQUESTER : 0,
        .project_found = scene->project != NO_PROJECT,
        .project_id = "shop",
        .project_state = states[scene->project],
        .preview_found = scene->preview != GONE,
        .preview_id = "shop-pr-7",
        .preview_project_id = scene->preview == FOREIGN ? "blog" : "shop",
        .preview_state = scene->preview == BUILDING ? "building" : "ready",
        .preview_expires_at = scene->preview == EXPIRED ? NOW - HOUR : NOW + HOUR,
    };
}

/* Members of records are not const; the machine only reads them. */
static char request_id[] = "r-1", project_id[] = "shop", preview_id[] = "shop-pr-7", requester[] = "alice",
            ticket[] = "OPS-1";

static struct request_record request_in(int status)
{
    return (struct request_record){
        .id = request_id,
        .project_id = project_id,
        .preview_database_id = preview_id,
        .status = status,
        .requested_by_actor_id = requester,
        .requested_by_actor_kind = CUTOVER_ACTOR_USER,
        .external_ticket_ref = ticket,
    };
}

static void fail_scene(const struct scene *scene, const char *what, cutover_status found,
                       cutover_status expected)
{
    fail_msg(
        "%s %s, roles %u, kind %d, own %d, policy %d, project %d, preview %d, ticket %d, ahead %d: %s: %s, "
        "expected %s",
        scene->status == NO_RECORD ? "no record" : statuses[scene->status], verbs[scene->verb], scene->roles,
        (int)scene->kind, scene->own, scene->ack_by_requester, (int)scene->project, (int)scene->preview,
        scene->ticket, scene->agreed_time_ahead, what, cutover_status_name(found),
        cutover_status_name(expected));
}

static void play(const struct scene *scene)
{
    const struct machine_facts facts = facts_of(scene);
    const cutover_actor actor = {CUTOVER_ACTOR_VERSION, scene->own ? "alice" : "olga", scene->kind,
                                 scene->roles};
    const struct expectation expected = expect(scene);
    const enum request_status untouched = (enum request_status)77;
    enum request_status next = untouched;
    cutover_error *error = NULL;

    struct request_record request = request_in(scene->status);
    if (!scene->ticket)
        request.external_ticket_ref = NULL;
    request.scheduled_for = scene->agreed_time_ahead ? NOW + 1 : NOW;

    cutover_status found = machine_request(scene->status == NO_RECORD ? NULL : &request,
                                           (enum request_verb)scene->verb, &actor, &facts, 0, &next, &error);
    if (found != expected.status || cutover_error_code(error) != expected.status)
        fail_scene(scene, "status", found, expected.status);
    if (found == CUTOVER_OK) {
        if ((unsigned)next >= REQUEST_STATUS_COUNT || strcmp(statuses[next], expected.next) != 0)
            fail_scene(scene, "another state after", found, expected.status);
    } else {
        if (next != untouched)
            fail_scene(scene, "output touched", found, expected.status);
        const char *hint = cutover_error_hint(error);
        if (found != CUTOVER_E_INTERNAL && (hint == NULL || strlen(hint) < 10))
            fail_scene(scene, "no hint", found, expected.status);
        /* It is read at a shell, too. */
        if (hint != NULL && (strstr(hint, "cutover_") != NULL || strstr(hint, "CUTOVER_") != NULL))
            fail_scene(scene, "a hint that only a programmer understands", found, expected.status);
    }
    cutover_error_free(error);
}

static void every_state_verb_role_and_kind(void **state)
{
    (void)state;
    unsigned played = 0;
    for (int status = NO_RECORD; status < REQUEST_STATUS_COUNT; status++) {
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            for (unsigned rest = 0; rest < 8 * 4 * 2 * 2 * 2; rest++) {
                bool good = rest / 128 != 0;
                play(&(struct scene){.status = status,
                                     .verb = verb,
                                     .roles = rest % 8,
                                     .kind = (cutover_actor_kind)(CUTOVER_ACTOR_USER + rest / 8 % 4),
                                     .own = rest / 32 % 2 != 0,
                                     .ack_by_requester = rest / 64 % 2 != 0,
                                     .project = good ? ACTIVE : RESTORING,
                                     .preview = good ? READY : GONE,
                                     .ticket = good,
                                     .agreed_time_ahead = !good});
                played++;
            }
        }
    }
    assert_int_equal(played, 10 * 15 * 256);
}

static void every_state_and_verb_in_every_world(void **state)
{
    (void)state;
    for (int status = NO_RECORD; status < REQUEST_STATUS_COUNT; status++) {
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            for (unsigned rest = 0; rest < PROJECTS * PREVIEWS * 16; rest++) {
                unsigned bits = rest / (PROJECTS * PREVIEWS);
                play(&(struct scene){.status = status,
                                     .verb = verb,
                                     .roles = ALL_ROLES,
                                     .kind = CUTOVER_ACTOR_SYSTEM,
                                     .own = (bits & 1) != 0,
                                     .ack_by_requester = (bits & 2) != 0,
                                     .project = (enum project)(rest % PROJECTS),
                                     .preview = (enum preview)(rest / PROJECTS % PREVIEWS),
                                     .ticket = (bits & 4) != 0,
                                     .agreed_time_ahead = (bits & 8) != 0});
            }
        }
    }
}

static const cutover_actor member = {CUTOVER_ACTOR_VERSION, "alice", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
static const cutover_actor olga = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                   CUTOVER_ROLE_OPERATOR};
static const cutover_actor machinery = {CUTOVER_ACTOR_VERSION, "cutover", CUTOVER_ACTOR_SYSTEM, 0};

static struct machine_facts good_facts(void)
{
    return facts_of(&(struct scene){.project = ACTIVE, .preview = READY});
}

/* Asks on a good world but for the given expiry; verb create, ack, promote or expire. */
static cutover_status ask_with_expiry(enum request_verb verb, int64_t expires_at, cutover_error **error)
{
    struct machine_facts facts = good_facts();
    struct request_record request = request_in(verb == VERB_ACK ? REQUEST_OPEN : REQUEST_ACKED);
    const cutover_actor *actor = verb == VERB_CREATE ? &member : verb == VERB_EXPIRE ? &machinery : &olga;
    facts.preview_expires_at = expires_at;
    return machine_request(verb == VERB_CREATE ? NULL : &request, verb, actor, &facts, 0, NULL, error);
}

static void preview_expires_at_its_very_microsecond(void **state)
{
    (void)state;
    static const enum request_verb asking[] = {VERB_CREATE, VERB_ACK, VERB_PROMOTE};
    cutover_error *error = NULL;
    for (size_t i = 0; i < 3; i++) {
        check_ok(ask_with_expiry(asking[i], NOW + 1, &error), error);
        check_status(ask_with_expiry(asking[i], NOW, &error), CUTOVER_E_EXPIRED, error);
        check_status(ask_with_expiry(asking[i], NOW - 1, &error), CUTOVER_E_EXPIRED, error);
        check_status(ask_with_expiry(asking[i], -1, &error), CUTOVER_E_EXPIRED, error);
        check_ok(ask_with_expiry(asking[i], 0, &error), error);
        check_ok(ask_with_expiry(asking[i], INT64_MAX, &error), error);
    }
    check_status_keep(ask_with_expiry(VERB_PROMOTE, NOW, &error), CUTOVER_E_EXPIRED, error);
    check_contains(cutover_error_message(error), "shop-pr-7");
    check_contains(cutover_error_message(error), "2026-11-22T07:56:15.123456Z");
    check_contains(cutover_error_hint(error), "Extend");
    cutover_error_free(error);
}

static void expire_is_due_at_the_very_microsecond(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    check_status(ask_with_expiry(VERB_EXPIRE, NOW + 1, &error), CUTOVER_E_STATE, error);
    check_ok(ask_with_expiry(VERB_EXPIRE, NOW, &error), error);
    check_ok(ask_with_expiry(VERB_EXPIRE, NOW - 1, &error), error);
    check_status(ask_with_expiry(VERB_EXPIRE, 0, &error), CUTOVER_E_STATE, error);
}

static void only_open_and_acked_requests_are_due_to_expire(void **state)
{
    (void)state;
    for (int status = 0; status < REQUEST_STATUS_COUNT; status++) {
        bool waiting = strcmp(statuses[status], "open") == 0 || strcmp(statuses[status], "acked") == 0;
        struct request_record request = request_in(status);
        struct machine_facts facts = good_facts();
        assert_false(machine_request_is_expired(&request, &facts));
        facts.preview_expires_at = NOW + 1;
        assert_false(machine_request_is_expired(&request, &facts));
        facts.preview_expires_at = 0;
        assert_false(machine_request_is_expired(&request, &facts));
        facts.preview_expires_at = NOW;
        assert_int_equal(machine_request_is_expired(&request, &facts), waiting);
        facts.preview_expires_at = NOW - 1;
        assert_int_equal(machine_request_is_expired(&request, &facts), waiting);
        facts.preview_expires_at = 0;
        facts.preview_found = false;
        assert_int_equal(machine_request_is_expired(&request, &facts), waiting);
    }
}

static void live_are_open_acked_and_in_progress(void **state)
{
    (void)state;
    for (int status = -1; status <= REQUEST_STATUS_COUNT; status++)
        assert_int_equal(machine_request_is_live(status),
                         status == REQUEST_OPEN || status == REQUEST_ACKED || status == REQUEST_IN_PROGRESS);
}

static cutover_status ack_for(int64_t scheduled_for, int64_t expires_at, cutover_error **error)
{
    struct machine_facts facts = good_facts();
    struct request_record request = request_in(REQUEST_OPEN);
    facts.preview_expires_at = expires_at;
    return machine_request(&request, VERB_ACK, &olga, &facts, scheduled_for, NULL, error);
}

static void agreed_time_is_in_the_future(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    check_ok(ack_for(0, 0, &error), error);
    check_ok(ack_for(NOW + 1, 0, &error), error);
    check_status(ack_for(NOW, 0, &error), CUTOVER_E_INVALID, error);
    check_status(ack_for(NOW - 1, 0, &error), CUTOVER_E_INVALID, error);
    check_status(ack_for(1, 0, &error), CUTOVER_E_INVALID, error);
    check_status(ack_for(-1, 0, &error), CUTOVER_E_INVALID, error);
    check_status(ack_for(INT64_MIN, 0, &error), CUTOVER_E_INVALID, error);
    check_ok(ack_for(INT64_C(253402300799999999), 0, &error), error);
    check_status(ack_for(INT64_C(253402300800000000), 0, &error), CUTOVER_E_INVALID, error);
    check_status(ack_for(INT64_MAX, 0, &error), CUTOVER_E_INVALID, error);
}

static void agreed_time_is_before_the_preview_expires(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    check_ok(ack_for(NOW + HOUR - 1, NOW + HOUR, &error), error);
    check_status(ack_for(NOW + HOUR + 1, NOW + HOUR, &error), CUTOVER_E_EXPIRED, error);
    check_status_keep(ack_for(NOW + HOUR, NOW + HOUR, &error), CUTOVER_E_EXPIRED, error);
    check_contains(cutover_error_message(error), "2026-11-22T08:56:15.123456Z");
    check_contains(cutover_error_hint(error), "Extend the preview");
    cutover_error_free(error);
}

static cutover_status promote_request(struct request_record *request, cutover_error **error)
{
    const struct machine_facts facts = good_facts();
    return machine_request(request, VERB_PROMOTE, &olga, &facts, 0, NULL, error);
}

static void promote_waits_for_the_agreed_time(void **state)
{
    (void)state;
    struct request_record request = request_in(REQUEST_ACKED);
    cutover_error *error = NULL;
    check_ok(promote_request(&request, &error), error);
    request.scheduled_for = NOW - 1;
    check_ok(promote_request(&request, &error), error);
    request.scheduled_for = NOW;
    check_ok(promote_request(&request, &error), error);
    request.scheduled_for = NOW + 1;
    check_status_keep(promote_request(&request, &error), CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), "2026-11-22T07:56:15.123457Z");
    cutover_error_free(error);
}

static void promote_without_ticket_is_refused(void **state)
{
    (void)state;
    char empty[] = "", blanks[] = " \t\xc2\xa0";
    struct request_record request = request_in(REQUEST_ACKED);
    cutover_error *error = NULL;
    request.external_ticket_ref = empty;
    check_status(promote_request(&request, &error), CUTOVER_E_STATE, error);
    request.external_ticket_ref = blanks;
    check_status(promote_request(&request, &error), CUTOVER_E_STATE, error);
    request.external_ticket_ref = NULL;
    check_status_keep(promote_request(&request, &error), CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), "ticket");
    check_contains(cutover_error_hint(error), "Attach one to the request");
    cutover_error_free(error);
}

static void ack_by_requester_is_refused(void **state)
{
    (void)state;
    const cutover_actor both = {CUTOVER_ACTOR_VERSION, "alice", CUTOVER_ACTOR_OPERATOR,
                                CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR};
    const cutover_actor other_case = {CUTOVER_ACTOR_VERSION, "Alice", CUTOVER_ACTOR_OPERATOR,
                                      CUTOVER_ROLE_OPERATOR};
    struct machine_facts facts = good_facts();
    struct request_record request = request_in(REQUEST_OPEN);
    cutover_error *error = NULL;

    check_status_keep(machine_request(&request, VERB_ACK, &both, &facts, 0, NULL, &error), CUTOVER_E_FORBIDDEN,
                      error);
    check_contains(cutover_error_hint(error), "another operator");
    cutover_error_free(error);
    error = NULL;
    check_ok(machine_request(&request, VERB_ACK, &other_case, &facts, 0, NULL, &error), error);

    request.requested_by_actor_id = NULL;
    check_status(machine_request(&request, VERB_ACK, &olga, &facts, 0, NULL, &error), CUTOVER_E_FORBIDDEN,
                 error);
    facts.policy = CUTOVER_POLICY_VOLATILE_STORE;
    check_status(machine_request(&request, VERB_ACK, &olga, &facts, 0, NULL, &error), CUTOVER_E_FORBIDDEN,
                 error);
    facts.policy = CUTOVER_POLICY_ACK_BY_REQUESTER;
    check_ok(machine_request(&request, VERB_ACK, &both, &facts, 0, NULL, &error), error);
}

static void facts_that_are_missing_refuse(void **state)
{
    (void)state;
    struct request_record request = request_in(REQUEST_ACKED);
    struct machine_facts facts = good_facts();
    cutover_error *error = NULL;

    facts.project_state = NULL;
    check_status(machine_request(&request, VERB_PROMOTE, &olga, &facts, 0, NULL, &error), CUTOVER_E_STATE,
                 error);
    facts = good_facts();
    facts.preview_state = NULL;
    check_status(machine_request(&request, VERB_PROMOTE, &olga, &facts, 0, NULL, &error), CUTOVER_E_STATE,
                 error);
    facts = good_facts();
    facts.preview_project_id = NULL;
    check_status(machine_request(&request, VERB_PROMOTE, &olga, &facts, 0, NULL, &error), CUTOVER_E_STATE,
                 error);
    check_status(machine_request(&request, VERB_PROMOTE, &olga, NULL, 0, NULL, &error), CUTOVER_E_INTERNAL,
                 error);

    request.status = REQUEST_IN_PROGRESS;
    check_ok(machine_request(&request, VERB_COMPLETE, &machinery, NULL, 0, NULL, &error), error);
    check_ok(machine_request(&request, VERB_FAIL, &machinery, NULL, 0, NULL, &error), error);
    check_ok(machine_request(&request, VERB_RELEASE, &olga, NULL, 0, NULL, &error), error);
    request.status = REQUEST_COMPLETED;
    check_ok(machine_request(&request, VERB_ROLLED_BACK, &machinery, NULL, 0, NULL, &error), error);
}

static void check_becomes(int from, enum request_verb verb, const cutover_actor *actor, enum request_status to)
{
    const struct machine_facts facts = good_facts();
    struct request_record request = request_in(from);
    enum request_status next = REQUEST_STATUS_COUNT;
    cutover_error *error = NULL;

    check_ok(machine_request(&request, verb, actor, &facts, 0, &next, &error), error);
    assert_int_equal(next, to);
}

/* What a job makes of its request: the claim, and the end that only the pipeline may tell. */
static void what_a_job_makes_of_its_request_is_decided_here(void **state)
{
    (void)state;
    static const enum request_verb ends[] = {VERB_COMPLETE, VERB_FAIL, VERB_RETURN, VERB_ROLLED_BACK};
    cutover_error *error = NULL;

    check_becomes(REQUEST_ACKED, VERB_PROMOTE, &olga, REQUEST_IN_PROGRESS);
    check_becomes(REQUEST_IN_PROGRESS, VERB_COMPLETE, &machinery, REQUEST_COMPLETED);
    check_becomes(REQUEST_IN_PROGRESS, VERB_FAIL, &machinery, REQUEST_FAILED);
    check_becomes(REQUEST_IN_PROGRESS, VERB_RETURN, &machinery, REQUEST_ACKED);
    check_becomes(REQUEST_COMPLETED, VERB_ROLL_BACK, &olga, REQUEST_COMPLETED);
    check_becomes(REQUEST_COMPLETED, VERB_ROLLED_BACK, &machinery, REQUEST_ROLLED_BACK);
    check_becomes(REQUEST_COMPLETED, VERB_LOSE, &machinery, REQUEST_FAILED);
    check_becomes(REQUEST_ROLLED_BACK, VERB_LOSE, &machinery, REQUEST_COMPLETED);
    for (int from = 0; from < REQUEST_STATUS_COUNT; from++)
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            struct request_record request = request_in(from);
            if (from == (ends[i] == VERB_ROLLED_BACK ? REQUEST_COMPLETED : REQUEST_IN_PROGRESS))
                check_status(machine_request(&request, ends[i], &olga, NULL, 0, NULL, &error),
                             CUTOVER_E_FORBIDDEN, error);
            else
                check_status(machine_request(&request, ends[i], &machinery, NULL, 0, NULL, &error),
                             CUTOVER_E_STATE, error);
        }
}

static void preview_of_another_project_is_refused(void **state)
{
    (void)state;
    const struct machine_facts facts = good_facts();
    cutover_error *error = NULL;
    check_ok(machine_preview_check(&facts, "shop", &error), error);
    check_status(machine_preview_check(&facts, NULL, &error), CUTOVER_E_STATE, error);
    check_status_keep(machine_preview_check(&facts, "blog", &error), CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), "belongs to project shop, not to blog");
    cutover_error_free(error);
}

static void unknown_states_and_verbs_are_refused(void **state)
{
    (void)state;
    const cutover_actor anybody = {CUTOVER_ACTOR_VERSION, "x", CUTOVER_ACTOR_SYSTEM, ALL_ROLES};
    const struct machine_facts facts = good_facts();
    struct request_record request = request_in(REQUEST_STATUS_COUNT);
    cutover_error *error = NULL;
    check_status(machine_request(&request, VERB_ACK, &anybody, &facts, 0, NULL, &error), CUTOVER_E_INTERNAL,
                 error);
    request.status = -1;
    check_status(machine_request(&request, VERB_ACK, &anybody, &facts, 0, NULL, &error), CUTOVER_E_INTERNAL,
                 error);
    request.status = REQUEST_OPEN;
    check_status(machine_request(&request, VERB_COUNT, &anybody, &facts, 0, NULL, &error), CUTOVER_E_INTERNAL,
                 error);
}

static cutover_status check_actor(const char *id, int kind, cutover_error **error)
{
    const cutover_actor actor = {CUTOVER_ACTOR_VERSION, id, (cutover_actor_kind)kind, ALL_ROLES};
    return machine_actor_check(&actor, error);
}

static void actor_is_named_and_of_a_known_kind(void **state)
{
    (void)state;
    char ascii[202], wide[4 * 201 + 1];
    cutover_error *error = NULL;
    memset(ascii, 'a', sizeof(ascii));
    ascii[201] = '\0';
    for (size_t i = 0; i < 201; i++)
        memcpy(wide + 4 * i, "\xF0\x9F\x90\x98", 4);
    wide[4 * 201] = '\0';

    check_status(machine_actor_check(NULL, &error), CUTOVER_E_INVALID, error);
    check_status(check_actor(NULL, CUTOVER_ACTOR_USER, &error), CUTOVER_E_INVALID, error);
    check_status(check_actor("", CUTOVER_ACTOR_USER, &error), CUTOVER_E_INVALID, error);
    check_status(check_actor("a\xFF", CUTOVER_ACTOR_USER, &error), CUTOVER_E_INVALID, error);
    check_status(check_actor(ascii, CUTOVER_ACTOR_USER, &error), CUTOVER_E_INVALID, error);
    check_status(check_actor(wide, CUTOVER_ACTOR_USER, &error), CUTOVER_E_INVALID, error);
    ascii[200] = '\0';
    wide[4 * 200] = '\0';
    check_ok(check_actor(ascii, CUTOVER_ACTOR_USER, &error), error);
    check_ok(check_actor(wide, CUTOVER_ACTOR_USER, &error), error);
    for (int kind = -1; kind <= 6; kind++)
        check_status(check_actor("alice", kind, &error),
                     kind >= 1 && kind <= 4 ? CUTOVER_OK : CUTOVER_E_INVALID, error);
    check_status(machine_request(NULL, VERB_CREATE, NULL, NULL, 0, NULL, &error), CUTOVER_E_INTERNAL, error);

    const struct machine_facts facts = good_facts();
    check_status(machine_request(NULL, VERB_CREATE, NULL, &facts, 0, NULL, &error), CUTOVER_E_INVALID, error);
}

/* Rows: from; columns: to; both in the order of the steps, then completed, failed, cancelled. */
static const char *const promotion_pairs[] = {
    /*            plscbvHCSFCfx */
    /* preflight */ ".x.........xx",
    /* lock      */ "..xx.......xx",
    /* stage     */ "...x.......xx",
    /* check     */ "....x...x..xx",
    /* backup    */ ".....x.....xx",
    /* verify    */ "......xxx..xx",
    /* held      */ ".......xx..xx",
    /* catch_up  */ "........x..xx",
    /* swap      */ ".........xxxx",
    /* finish    */ "..........x..",
    /* completed */ ".............",
    /* failed    */ ".............",
    /* cancelled */ ".............",
};

static void promotion_goes_forward_only(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    for (int from = 0; from < PROMOTION_STATUS_COUNT; from++) {
        for (int to = 0; to < PROMOTION_STATUS_COUNT; to++) {
            bool allowed = promotion_pairs[from][to] == 'x';
            cutover_status found =
                machine_promotion((enum promotion_status)from, (enum promotion_status)to, &error);
            if (found != (allowed ? CUTOVER_OK : CUTOVER_E_INTERNAL))
                fail_msg("%s to %s: %s", promotion_status_names[from], promotion_status_names[to],
                         cutover_status_name(found));
            assert_true(to > from || !allowed);
            cutover_error_free(error);
            error = NULL;
        }
        assert_int_equal(machine_promotion_is_over(from), from >= PROMOTION_COMPLETED);
    }
    for (int from = 0; from < PROMOTION_STATUS_COUNT; from++) {
        cutover_status status = machine_promotion_lost((enum promotion_status)from, &error);
        bool swapped = from == PROMOTION_SWAP || from == PROMOTION_FINISH || from == PROMOTION_COMPLETED;
        assert_int_equal(status, swapped ? CUTOVER_OK : CUTOVER_E_INTERNAL);
        cutover_error_free(error);
        error = NULL;
    }
    check_status(machine_promotion(PROMOTION_STATUS_COUNT, PROMOTION_FAILED, &error), CUTOVER_E_INTERNAL,
                 error);
    check_status(machine_promotion(PROMOTION_SWAP, PROMOTION_STATUS_COUNT, &error), CUTOVER_E_INTERNAL, error);
    check_status(machine_promotion((enum promotion_status) - 1, PROMOTION_FAILED, &error), CUTOVER_E_INTERNAL,
                 error);
    assert_false(machine_promotion_is_over(-1));
    assert_false(machine_promotion_is_over(PROMOTION_STATUS_COUNT));
}

static void backup_goes_its_ways_only(void **state)
{
    (void)state;
    static const char *const ways[] = {"taking verifying",    "taking failed",       "verifying verified",
                                       "verifying failed",    "verified verifying",  "verified deleted",
                                       "failed verifying",    "failed deleted",      "taking cancelled",
                                       "verifying cancelled", "cancelled verifying", "cancelled deleted"};
    cutover_error *error = NULL;
    for (int from = BACKUP_TAKING; from <= BACKUP_DELETED; from++) {
        for (int to = BACKUP_TAKING; to <= BACKUP_DELETED; to++) {
            char way[64];
            bool allowed = false;
            snprintf(way, sizeof(way), "%s %s", backup_status_names[from], backup_status_names[to]);
            for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
                allowed = allowed || strcmp(way, ways[i]) == 0;
            cutover_status found = machine_backup((enum backup_status)from, (enum backup_status)to, &error);
            if (found != (allowed ? CUTOVER_OK : CUTOVER_E_STATE))
                fail_msg("%s: %s", way, cutover_status_name(found));
            if (!allowed)
                assert_non_null(cutover_error_hint(error));
            cutover_error_free(error);
            error = NULL;
        }
    }
    check_status(machine_backup((enum backup_status)(BACKUP_DELETED + 1), BACKUP_DELETED, &error),
                 CUTOVER_E_STATE, error);
    check_status(machine_backup(BACKUP_FAILED, (enum backup_status) - 1, &error), CUTOVER_E_STATE, error);
}

/* Nothing that changes a record is silent: what a verb, or a job, does is in the audit trail under a name of its own. */
static void everything_is_told(void **state)
{
    static const int kinds[] = {JOB_PROMOTION, JOB_ROLLBACK, JOB_RESTORE};
    (void)state;

    for (int verb = 0; verb < VERB_COUNT; verb++) {
        assert_non_null(machine_request_told((enum request_verb)verb));
        for (int other = 0; other < verb; other++)
            assert_string_not_equal(machine_request_told((enum request_verb)verb),
                                    machine_request_told((enum request_verb)other));
    }
    assert_null(machine_request_told(VERB_NONE));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct job_traits *traits = machine_job_traits(kinds[i]);
        assert_non_null(traits->failed);
        assert_non_null(traits->started);
        assert_non_null(traits->completed);
        if (traits->claim != VERB_NONE)
            assert_string_equal(traits->started, machine_request_told(traits->claim));
        if (traits->complete != VERB_NONE)
            assert_string_equal(traits->completed, machine_request_told(traits->complete));
        if (traits->fail != VERB_NONE)
            assert_string_equal(traits->failed, machine_request_told(traits->fail));
        assert_non_null(traits->cancelled);
        if (traits->cancel != VERB_NONE)
            assert_string_equal(traits->cancelled, machine_request_told(traits->cancel));
    }
    for (int from = BACKUP_TAKING; from <= BACKUP_DELETED; from++)
        for (int to = BACKUP_TAKING; to <= BACKUP_DELETED; to++) {
            bool allowed = machine_backup((enum backup_status)from, (enum backup_status)to, NULL) == CUTOVER_OK;
            bool on_the_way = from == BACKUP_TAKING && to == BACKUP_VERIFYING;
            assert_int_equal(machine_backup_told((enum backup_status)from, (enum backup_status)to) != NULL,
                             allowed && !on_the_way);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_verb_role_and_kind),
        cmocka_unit_test(every_state_and_verb_in_every_world),
        cmocka_unit_test(preview_expires_at_its_very_microsecond),
        cmocka_unit_test(expire_is_due_at_the_very_microsecond),
        cmocka_unit_test(only_open_and_acked_requests_are_due_to_expire),
        cmocka_unit_test(live_are_open_acked_and_in_progress),
        cmocka_unit_test(agreed_time_is_in_the_future),
        cmocka_unit_test(agreed_time_is_before_the_preview_expires),
        cmocka_unit_test(promote_waits_for_the_agreed_time),
        cmocka_unit_test(promote_without_ticket_is_refused),
        cmocka_unit_test(ack_by_requester_is_refused),
        cmocka_unit_test(facts_that_are_missing_refuse),
        cmocka_unit_test(what_a_job_makes_of_its_request_is_decided_here),
        cmocka_unit_test(preview_of_another_project_is_refused),
        cmocka_unit_test(unknown_states_and_verbs_are_refused),
        cmocka_unit_test(actor_is_named_and_of_a_known_kind),
        cmocka_unit_test(promotion_goes_forward_only),
        cmocka_unit_test(backup_goes_its_ways_only),
        cmocka_unit_test(everything_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
