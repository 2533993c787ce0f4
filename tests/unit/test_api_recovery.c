/* What operators do over HTTP about what was left: recovery, jobs that are given up, what these left, events that nobody took. */
#include "support/caller.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/desk.h"

#include "base/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOB "019d6f3c-0000-7000-8000-00000000000a"
#define OTHER_JOB "019d6f3c-0000-7000-8000-00000000000b"

struct room {
    struct desk *desk;
    struct caller *caller;
    cutover_platform platform;
};

static int room_open(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    cutover_error *error = NULL;

    assert_non_null(room);
    room->desk = desk_new(NULL);
    cutover_platform_init(&room->platform, CUTOVER_PLATFORM_VERSION);
    check_ok(cutover_registry_platform(room->desk->registry, &room->platform, &error), error);
    room->caller =
        caller_new(room->desk->engine, &room->desk->inner, &room->platform, room->desk->registry, NULL, NULL);
    room->caller->actor = &desk_operator;
    *state = room;
    return 0;
}

static int room_close(void **state)
{
    struct room *room = *state;

    caller_free(room->caller);
    desk_free(room->desk);
    free(room);
    return 0;
}

static struct caller *caller_of(void **state)
{
    return ((struct room *)*state)->caller;
}

static void put_document(void **state, const char *kind, const char *id, const char *project_id,
                         const char *body)
{
    const cutover_store *store = &((struct room *)*state)->desk->inner;
    const cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, project_id, 0, body};
    cutover_error *error = NULL;

    check_ok(store->commit(&(const cutover_write *){&write}, 1, &error, store->userdata), error);
}

/* The last entry of the shop's trail is that, by that actor. */
static void check_audit(void **state, const char *action, const char *actor_id)
{
    struct caller *caller = caller_of(state);

    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/audit-events?limit=1000", NULL), 200);
    const size_t last = said_items(caller) - 1;
    assert_string_equal(said_item(caller, last, "action"), action);
    assert_string_equal(said_item(caller, last, "actor_id"), actor_id);
}

/* A promotion whose process is gone, with production's server, in `stage`; its id. */
static const char *dead_job(void **state)
{
    struct desk *desk = ((struct room *)*state)->desk;
    cutover_error *error = NULL;
    char *request = desk_acked(desk);
    struct promotion_record fresh = desk_promotion(request);

    check_ok(desk_claim(desk, &fresh, &error), error);
    record_free(&promotion_type, &fresh);
    desk_step(desk, PROMOTION_STAGE);
    lease_end(&desk->lease, true);
    free(request);
    return desk->journal.record.id;
}

static void put_left(void **state, const char *id, const char *job_id, const char *project_id)
{
    char body[400];

    snprintf(
        body, sizeof body,
        "{\"id\":\"%s\",\"project_id\":\"%s\",\"job_id\":\"%s\",\"kind\":\"other\",\"name\":\"shop\","
        "\"oid\":16384,\"message\":\"a slot: a person must look\",\"since\":\"2026-11-22T08:42:09.194607Z\"}",
        id, project_id, job_id);
    put_document(state, "leftover", id, project_id, body);
}

static void a_job_that_recovery_cannot_settle_is_given_up_with_a_reason(void **state)
{
    static const char body[] = "{\"confirm\":true,\"reason\":\"its server is gone\"}";
    struct caller *caller = caller_of(state);
    const char *job = dead_job(state);
    char path[100];

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask(caller, "POST", i == 0 ? "/v1/recover" : "/v1/projects/shop/recover", NULL), 200);
        assert_string_equal(said_item(caller, 0, "job_id"), job);
        assert_string_equal(said_item(caller, 0, "outcome"), "failed");
    }
    snprintf(path, sizeof path, "/v1/jobs/%s/abandon", job);
    ask(caller, "POST", path, "{\"reason\":\"its server is gone\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "confirm");
    ask(caller, "POST", path, "{\"confirm\":true}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "reason");
    ask(caller, "POST", path, "{\"confirm\":true,\"reason\":\" \"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "reason");
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
    assert_string_equal(said(caller, "status"), "stage");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask_with(caller, "POST", path, "Idempotency-Key", "k", body), 200);
        assert_string_equal(said(caller, "outcome"), "abandoned");
        assert_string_equal(said(caller, "job_id"), job);
    }
    check_audit(state, "job.abandoned", "olga");
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
    assert_string_equal(said(caller, "status"), "failed");
    ask(caller, "POST", path, body);
    check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
}

static void what_waits_is_cancelled_and_not_given_up(void **state)
{
    struct caller *caller = caller_of(state);
    char job[64];

    assert_int_equal(ask(caller, "POST", "/v1/projects/shop/backups", NULL), 202);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    ask_for(caller, "POST", "{\"confirm\":true,\"reason\":\"why\"}", "/v1/jobs/%s/abandon", job);
    check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
    ask(caller, "POST", "/v1/jobs/" JOB "/abandon", "{\"confirm\":true,\"reason\":\"why\"}");
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
}

static void what_a_job_left_is_listed_tried_again_and_forgotten(void **state)
{
    struct caller *caller = caller_of(state);

    put_left(state, JOB ":a", JOB, "shop");
    put_left(state, JOB ":b", JOB, "shop");
    put_left(state, OTHER_JOB ":a", OTHER_JOB, "other");
    assert_int_equal(ask(caller, "GET", "/v1/leftovers", NULL), 200);
    assert_int_equal(said_items(caller), 3);
    assert_string_equal(said_item(caller, 0, "message"), "a slot: a person must look");
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/leftovers?limit=1", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_string_equal(said(caller, "next_cursor"), JOB ":a");
    assert_int_equal(ask(caller, "POST", "/v1/leftovers/" JOB ":a/retry", NULL), 200);
    assert_int_equal(said_items(caller), 2);
    assert_string_equal(said_item(caller, 0, "job"), "abandoned");
    assert_string_equal(said_item(caller, 0, "outcome"), "left");
    ask(caller, "POST", "/v1/leftovers/" JOB ":a/forget", "{\"reason\":\"\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "reason");
    assert_int_equal(ask(caller, "POST", "/v1/leftovers/" JOB ":a/forget", "{\"reason\":\"dropped by hand\"}"),
                     200);
    assert_string_equal(said(caller, "id"), JOB ":a");
    check_audit(state, "leftover.forgotten", "olga");
    ask(caller, "POST", "/v1/leftovers/" JOB ":a/forget", "{\"reason\":\"dropped by hand\"}");
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    /* A page goes on though its last item is gone. */
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/leftovers?cursor=" JOB ":a", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_string_equal(said_item(caller, 0, "id"), JOB ":b");
    assert_null(said(caller, "next_cursor"));
    /* Who sees one project sees what is left of that. */
    caller->project_id = "other";
    assert_int_equal(ask(caller, "GET", "/v1/leftovers", NULL), 404); /* the platform has no such project */
    ask(caller, "POST", "/v1/leftovers/" JOB ":b/forget", "{\"reason\":\"why\"}");
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    caller->project_id = "shop";
    assert_int_equal(ask(caller, "GET", "/v1/leftovers", NULL), 200);
    assert_int_equal(said_items(caller), 1);
}

static void a_server_that_is_away_is_told_and_not_confirmed(void **state)
{
    struct caller *caller = caller_of(state);

    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/server", NULL), 200);
    assert_string_equal(said(caller, "project_id"), "shop");
    assert_int_equal(ask(caller, "GET", "/v1/projects/none/server", NULL), 404);
    ask(caller, "POST", "/v1/projects/shop/confirm-server", "{\"system_identifier\":\"7\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "reason");
    ask(caller, "POST", "/v1/projects/shop/confirm-server",
        "{\"system_identifier\":\"7\",\"reason\":\"moved\"}");
    check_problem(caller, 502, "CUTOVER_E_POSTGRES", NULL);
    ask(caller, "POST", "/v1/projects/shop/displaced-databases/expire", "{\"older_than_hours\":1}");
    check_problem(caller, 502, "CUTOVER_E_POSTGRES", NULL);
    ask(caller, "POST", "/v1/projects/shop/displaced-databases/expire", "{\"older_than_hours\":0}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "older_than_hours");
}

/* ---- events ---- */

static cutover_status refuse(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                             void *userdata)
{
    (void)event;
    (void)userdata;
    refusal->never_again = 1;
    *error = cutover_error_new(CUTOVER_E_INVALID, "no such topic", NULL, NULL);
    return CUTOVER_E_INVALID;
}

static void close_nothing(void *userdata)
{
    (void)userdata;
}

/* Offers what waits to a notifier "bus" of another engine, which takes nothing. */
static void deliver(void **state)
{
    struct room *room = *state;
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_named_notifier named = CUTOVER_NAMED_NOTIFIER_INIT;
    const cutover_named_notifier *const list[] = {&named};
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;

    notifier.deliver = refuse;
    notifier.close = close_nothing;
    named.name = "bus";
    named.notifier = &notifier;
    options.store = &room->desk->inner;
    options.repository = &room->desk->repository;
    options.platform = &room->platform;
    options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    options.notifiers = list;
    options.notifier_count = 1;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    check_ok(cutover_events_deliver(engine, NULL, NULL, &error), error);
    cutover_engine_free(engine);
}

static void events_that_were_given_up_are_offered_again_or_let_go(void **state)
{
    struct caller *caller = caller_of(state);
    char next[100];

    caller->actor = &desk_member;
    caller->project_id = "shop";
    assert_int_equal(ask(caller, "POST", "/v1/projects/shop/cutover-requests", "{\"preview_id\":\"next\"}"),
                     201);
    char *id = strdup(said(caller, "id"));
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/cancel", id), 200);
    caller->actor = &desk_operator;
    caller->project_id = NULL;
    deliver(state);
    assert_int_equal(ask(caller, "GET", "/v1/outbox", NULL), 200);
    assert_int_equal(said_items(caller), 2);
    assert_string_equal(said_item(caller, 0, "type"), "cutover.requested");
    assert_non_null(strstr(cutover_api_response_body(caller->response), "\"last_error\":\"no such topic\""));
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/outbox?limit=1", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    snprintf(next, sizeof next, "%s", said(caller, "next_cursor"));

    ask(caller, "POST", "/v1/outbox/retry", "{\"notifier\":\"buss\"}");
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    ask(caller, "POST", "/v1/projects/shop/outbox/retry", "{\"notifier\":\"bus\",\"first\":2,\"last\":1}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "last");
    assert_int_equal(
        ask(caller, "POST", "/v1/projects/shop/outbox/retry", "{\"notifier\":\"bus\",\"first\":2,\"last\":2}"),
        200);
    assert_int_equal(said_number(caller, "count"), 1);
    check_audit(state, "event.retried", "olga");
    ask(caller, "POST", "/v1/projects/shop/outbox/discard", "{\"notifier\":\"bus\",\"first\":2,\"last\":2}");
    check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
    assert_int_equal(ask(caller, "POST", "/v1/outbox/discard", "{\"notifier\":\"bus\"}"), 200);
    assert_int_equal(said_number(caller, "count"), 1);
    check_audit(state, "event.discarded", "olga");
    /* The page before ended with an event that is gone. */
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/outbox?cursor=%s", next), 200);
    assert_int_equal(said_items(caller), 1);
    assert_string_equal(said_item(caller, 0, "type"), "cutover.cancelled");
    deliver(state);
    assert_int_equal(ask(caller, "POST", "/v1/outbox/retry", "{\"notifier\":\"bus\"}"), 200);
    assert_int_equal(said_number(caller, "count"), 1);
    assert_int_equal(ask(caller, "POST", "/v1/projects/shop/outbox/discard", "{\"notifier\":\"bus\"}"), 200);
    assert_int_equal(said_number(caller, "count"), 0);
    free(id);
}

int main(void)
{
#define IN_A_ROOM(test) cmocka_unit_test_setup_teardown(test, room_open, room_close)
    const struct CMUnitTest tests[] = {
        IN_A_ROOM(a_job_that_recovery_cannot_settle_is_given_up_with_a_reason),
        IN_A_ROOM(what_waits_is_cancelled_and_not_given_up),
        IN_A_ROOM(what_a_job_left_is_listed_tried_again_and_forgotten),
        IN_A_ROOM(a_server_that_is_away_is_told_and_not_confirmed),
        IN_A_ROOM(events_that_were_given_up_are_offered_again_or_let_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
