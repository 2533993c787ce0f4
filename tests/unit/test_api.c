/* The HTTP interface without a socket and without a server: what is asked, what is refused, and that a refusal changes nothing. */
#include "api/call.h"
#include "model/backup.h"
#include "support/caller.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTS "/v1/projects/shop/cutover-requests"

static const cutover_actor admin = {CUTOVER_ACTOR_VERSION, "ada", CUTOVER_ACTOR_USER, CUTOVER_ROLE_ORG_ADMIN};
static const cutover_actor both = {CUTOVER_ACTOR_VERSION, "bea", CUTOVER_ACTOR_USER,
                                   CUTOVER_ROLE_ORG_ADMIN | CUTOVER_ROLE_OPERATOR};
static const cutover_actor key = {CUTOVER_ACTOR_VERSION, "robot", CUTOVER_ACTOR_API_KEY,
                                  CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR};

struct room {
    struct desk *desk;
    struct caller *caller;
    cutover_platform platform;
    cutover_webhooks *webhooks;         /* NULL in a build without libcurl */
    cutover_integrations *integrations; /* likewise */
};

static void check_open(cutover_status status, cutover_error *error)
{
    assert_true(status == CUTOVER_OK || status == CUTOVER_E_UNSUPPORTED);
    cutover_error_free(error);
}

/* What calls others: in a build without libcurl there is none. */
static void open_outside(struct room *room)
{
    cutover_webhooks_options webhooks = CUTOVER_WEBHOOKS_OPTIONS_INIT;
    cutover_integrations_options integrations = CUTOVER_INTEGRATIONS_OPTIONS_INIT;
    cutover_error *error = NULL;
    char folder[200];

    snprintf(folder, sizeof folder, "%s/integrations", cluster_temp_dir());
    webhooks.store = integrations.store = &room->desk->inner;
    integrations.folder = folder;
    cutover_status status = cutover_webhooks_new(&webhooks, &room->webhooks, &error);
    check_open(status, error);
    error = NULL;
    status = cutover_integrations_new(&integrations, &room->integrations, &error);
    check_open(status, error);
}

static int room_open(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    cutover_error *error = NULL;

    assert_non_null(room);
    room->desk = desk_new(NULL);
    cutover_platform_init(&room->platform, CUTOVER_PLATFORM_VERSION);
    check_ok(cutover_registry_platform(room->desk->registry, &room->platform, &error), error);
    open_outside(room);
    room->caller = caller_new(room->desk->engine, &room->desk->inner, &room->platform, room->desk->registry,
                              room->webhooks, room->integrations);
    *state = room;
    return 0;
}

static int room_close(void **state)
{
    struct room *room = *state;

    caller_free(room->caller);
    cutover_webhooks_free(room->webhooks);
    cutover_integrations_free(room->integrations);
    desk_free(room->desk);
    free(room);
    return 0;
}

static struct caller *as(void **state, const cutover_actor *actor, const char *project_id)
{
    struct caller *caller = ((struct room *)*state)->caller;

    caller->actor = actor;
    caller->project_id = project_id;
    return caller;
}

static struct caller *as_member(void **state)
{
    return as(state, &desk_member, "shop");
}

static struct caller *as_operator(void **state)
{
    return as(state, &desk_operator, NULL);
}

/* A request of the shop's member; its id, malloc'd. */
static char *filed(void **state)
{
    struct caller *caller = as_member(state);

    assert_int_equal(ask(caller, "POST", REQUESTS, "{\"preview_id\":\"next\",\"external_ticket_ref\":\"T-1\"}"),
                     201);
    char *id = strdup(said(caller, "id"));
    assert_non_null(id);
    return id;
}

static void put_document(struct room *room, const char *kind, const char *id, const char *body)
{
    const cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, "shop", 0, body};
    cutover_error *error = NULL;

    check_ok(room->desk->inner.commit(&(const cutover_write *){&write}, 1, &error, room->desk->inner.userdata),
             error);
}

/* A backup of the shop's, verified, as the store has one. */
static void put_backup(struct room *room, const char *id)
{
    struct backup_record record = {
        .id = (char *)id,
        .project_id = (char *)"shop",
        .label = (char *)"manual",
        .status = BACKUP_VERIFIED,
        .created_by_actor_id = (char *)"olga",
        .manifest_sha256 = (char *)"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .created_at = 1,
        .updated_at = 1,
    };
    cutover_error *error = NULL;
    char *body = NULL;

    check_ok(record_format(&backup_type, &record, &body, &error), error);
    put_document(room, "backup", id, body);
    free(body);
}

/* ---- a request's way ---- */

static void a_request_is_filed_read_and_listed(void **state)
{
    char *id = filed(state);
    struct caller *caller = as_member(state);

    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/cutover-requests/%s", id), 200);
    assert_string_equal(said(caller, "status"), "open");
    assert_string_equal(said(caller, "external_ticket_ref"), "T-1");
    assert_string_equal(said_header(caller, "ETag"), "\"1\"");
    assert_int_equal(ask(caller, "GET", REQUESTS "?status=live&limit=10", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_string_equal(said_item(caller, 0, "id"), id);
    assert_null(said(caller, "next_cursor"));
    assert_int_equal(ask(caller, "GET", REQUESTS "?status=rejected", NULL), 200);
    assert_int_equal(said_items(caller), 0);
    free(id);
}

/* What the store has of the shop: audit entries count its changes. */
static size_t changes(struct caller *caller)
{
    const cutover_actor *actor = caller->actor;
    const char *project_id = caller->project_id;

    caller->actor = &desk_operator;
    caller->project_id = NULL;
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/audit-events?limit=1000", NULL), 200);
    caller->actor = actor;
    caller->project_id = project_id;
    return said_items(caller);
}

static void acts_on_a_request_answer_with_it_as_it_is_then(void **state)
{
    char *id = filed(state);
    struct caller *caller = as_member(state);

    assert_int_equal(
        ask_for(caller, "POST", "{\"external_ticket_ref\":\"T-2\"}", "/v1/cutover-requests/%s/ticket", id),
        200);
    assert_string_equal(said(caller, "external_ticket_ref"), "T-2");
    assert_string_equal(said_header(caller, "ETag"), "\"2\"");
    caller = as_operator(state);
    assert_int_equal(
        ask_for(caller, "POST", "{\"operator_note\":\"after lunch\"}", "/v1/cutover-requests/%s/ack", id), 200);
    assert_string_equal(said(caller, "status"), "acked");
    assert_string_equal(said(caller, "operator_note"), "after lunch");
    assert_int_equal(ask_for(caller, "POST", "{\"scheduled_for\":\"2099-01-31T12:00:00+01:00\"}",
                             "/v1/cutover-requests/%s/reschedule", id),
                     200);
    assert_string_equal(said(caller, "scheduled_for"), "2099-01-31T11:00:00.000000Z");
    assert_int_equal(
        ask_for(caller, "POST", "{\"scheduled_for\":null}", "/v1/cutover-requests/%s/reschedule", id), 200);
    assert_null(said(caller, "scheduled_for"));
    assert_int_equal(
        ask_for(caller, "POST", "{\"reason\":\"not today\"}", "/v1/cutover-requests/%s/reject", id), 200);
    assert_string_equal(said(caller, "rejected_reason"), "not today");
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/cancel", id), 409);
    check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
    free(id);
    id = filed(state);
    caller = as_member(state);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/cancel", id), 200);
    assert_string_equal(said(caller, "status"), "cancelled");
    free(id);
}

static void lists_go_on_where_the_page_before_ended(void **state)
{
    struct caller *caller = as_member(state);
    char *ids[3], next[100];

    for (size_t i = 0; i < 3; i++) {
        ids[i] = filed(state);
        assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/cancel", ids[i]), 200);
    }
    assert_int_equal(ask(caller, "GET", REQUESTS "?limit=2", NULL), 200);
    assert_int_equal(said_items(caller), 2);
    assert_string_equal(said_item(caller, 0, "id"), ids[0]);
    snprintf(next, sizeof next, "%s", said(caller, "next_cursor"));
    assert_int_equal(ask_for(caller, "GET", NULL, REQUESTS "?limit=2&cursor=%s", next), 200);
    assert_int_equal(said_items(caller), 1);
    assert_string_equal(said_item(caller, 0, "id"), ids[2]);
    assert_null(said(caller, "next_cursor"));
    assert_int_equal(ask(caller, "GET", REQUESTS "?order=newest&limit=1", NULL), 200);
    assert_string_equal(said_item(caller, 0, "id"), ids[2]);
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/audit-events?limit=3", NULL), 200);
    snprintf(next, sizeof next, "%s", said(caller, "next_cursor"));
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/projects/shop/audit-events?cursor=%s", next), 200);
    assert_int_equal(said_items(caller), 5); /* of 2 for the inventory, and 2 for each request */
    caller = as_operator(state);
    assert_int_equal(ask(caller, "GET", "/v1/cutover-requests?status=cancelled", NULL), 200);
    assert_int_equal(said_items(caller), 3);
    for (size_t i = 0; i < 3; i++)
        free(ids[i]);
}

/* ---- projects and previews ---- */

static void the_inventory_is_told_without_connection_strings(void **state)
{
    struct caller *caller = as_operator(state);

    assert_int_equal(ask(caller, "GET", "/v1/projects", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_string_equal(said_item(caller, 0, "id"), "shop");
    assert_string_equal(said_item(caller, 0, "organization_id"), "acme");
    assert_null(strstr(cutover_api_response_body(caller->response), "dbname"));
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/previews", NULL), 200);
    assert_string_equal(said_item(caller, 0, "id"), "next");
    assert_string_equal(said_item(caller, 0, "state"), "ready");
    assert_null(strstr(cutover_api_response_body(caller->response), "dbname"));
    assert_int_equal(ask(caller, "GET", "/v1/projects/none", NULL), 404);
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    assert_int_equal(ask(caller, "GET", "/v1/projects/none/previews", NULL), 404);
}

static void a_preview_is_extended_in_the_callers_name_and_never_shortened(void **state)
{
    struct room *room = *state;
    cutover_error *error = NULL;

    check_ok(cutover_registry_preview_extend(room->desk->registry, "next", INT64_C(1790000000000000), &error),
             error);
    struct caller *caller = as_member(state);
    caller->now = INT64_C(1790003600000000);
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/previews", NULL), 200);
    assert_string_equal(said_item(caller, 0, "state"), "expired");
    assert_int_equal(ask(caller, "POST", "/v1/projects/shop/previews/next/extend", "{\"ttl_hours\":2}"), 200);
    assert_string_equal(said(caller, "expires_at"), "2026-09-21T17:13:20.000000Z");
    assert_string_equal(said(caller, "state"), "ready");
    assert_int_equal(ask(caller, "POST", "/v1/projects/shop/previews/next/extend", "{\"ttl_hours\":1}"), 200);
    assert_string_equal(said(caller, "expires_at"), "2026-09-21T17:13:20.000000Z");
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/audit-events?limit=1000", NULL), 200);
    assert_string_equal(said_item(caller, said_items(caller) - 1, "action"), "preview.extended");
    assert_string_equal(said_item(caller, said_items(caller) - 1, "actor_id"), "carla");
    assert_int_equal(ask(caller, "POST", "/v1/projects/shop/previews/none/extend", "{\"ttl_hours\":1}"), 404);
    caller = as_operator(state);
    assert_int_equal(ask(caller, "POST", "/v1/projects/other/previews/next/extend", "{\"ttl_hours\":9}"), 404);
}

/* ---- keys, webhooks, integrations ---- */

static void a_key_is_made_shown_once_and_revoked(void **state)
{
    struct caller *caller = as(state, &admin, NULL);
    char id[64], target[100];

    assert_int_equal(
        ask_with(caller, "POST", "/v1/keys", "Idempotency-Key", "k",
                 "{\"label\":\"robot\",\"roles\":[\"member\",\"operator\"],\"project_id\":\"shop\"}"),
        201);
    assert_int_equal(strncmp(said(caller, "secret"), "ck_", 3), 0);
    snprintf(id, sizeof id, "%s", said(caller, "id"));
    snprintf(target, sizeof target, "/v1/keys/%s", id);
    assert_string_equal(said_header(caller, "Location"), target);
    /* The secret is not kept with the key's answer. */
    ask_with(caller, "POST", "/v1/keys", "Idempotency-Key", "k",
             "{\"label\":\"robot\",\"roles\":[\"member\",\"operator\"],\"project_id\":\"shop\"}");
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", NULL);
    assert_string_equal(said_header(caller, "Location"), target);
    assert_int_equal(ask(caller, "GET", "/v1/keys", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_null(strstr(cutover_api_response_body(caller->response), "ck_"));
    ask(caller, "POST", "/v1/keys", "{\"label\":\"robot\",\"roles\":[\"god\"]}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "roles");
    ask(caller, "POST", "/v1/keys", "{\"label\":\"robot\",\"roles\":\"member\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "roles");
    /* An administrator of one project makes keys for it alone. */
    caller = as(state, &admin, "other");
    assert_int_equal(ask(caller, "DELETE", target, NULL), 404);
    ask(caller, "POST", "/v1/keys", "{\"label\":\"robot\",\"roles\":[\"member\"],\"project_id\":\"shop\"}");
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    caller = as(state, &admin, "shop");
    assert_int_equal(ask(caller, "POST", "/v1/keys", "{\"label\":\"second\",\"roles\":[\"member\"]}"), 201);
    assert_string_equal(said(caller, "project_id"), "shop");
    /* Operators review what a project's own people ask for: these make none, unless they are one. */
    static const char operator[] = "{\"label\":\"third\",\"roles\":[\"member\",\"operator\"]}";
    ask(caller, "POST", "/v1/keys", operator);
    check_problem(caller, 403, "CUTOVER_E_FORBIDDEN", NULL);
    assert_int_equal(ask(caller, "GET", "/v1/keys", NULL), 200);
    assert_int_equal(said_items(caller), 2);
    caller = as(state, &both, "shop");
    assert_int_equal(ask(caller, "POST", "/v1/keys", operator), 201);
    caller = as(state, &admin, "shop");
    assert_int_equal(ask(caller, "DELETE", target, NULL), 200);
    assert_non_null(said(caller, "revoked_at"));
}

static void webhook_endpoints_are_made_changed_and_removed(void **state)
{
    struct room *room = *state;
    struct caller *caller = as_operator(state);
    static const char list[] = "/v1/projects/shop/webhook-endpoints";
    char target[120];

    if (room->webhooks == NULL) {
        ask(caller, "GET", list, NULL);
        check_problem(caller, 501, "CUTOVER_E_UNSUPPORTED", NULL);
        return;
    }
    ask(caller, "POST", list, "{\"url\":\"ftp://receiver.example\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "url");
    assert_int_equal(ask(caller, "POST", list,
                         "{\"url\":\"https://receiver.example/hook\",\"event_types\":[\"cutover.acked\"]}"),
                     201);
    assert_int_equal(strncmp(said(caller, "secret"), "whsec_", 6), 0);
    snprintf(target, sizeof target, "/v1/webhook-endpoints/%s", said(caller, "id"));
    assert_int_equal(ask(caller, "GET", target, NULL), 200);
    assert_null(said(caller, "secret"));
    assert_int_equal(ask(caller, "PATCH", target, "{\"description\":\"ours\",\"event_types\":[]}"), 200);
    assert_string_equal(said(caller, "description"), "ours");
    assert_int_equal(ask_for(caller, "POST", NULL, "%s/rotate-secret", target), 200);
    assert_int_equal(strncmp(said(caller, "secret"), "whsec_", 6), 0);
    assert_int_equal(ask_for(caller, "POST", NULL, "%s/test", target), 202);
    assert_string_equal(said(caller, "event_type"), "webhook.test");
    char message[64];
    snprintf(message, sizeof message, "%s", said(caller, "id"));
    assert_int_equal(ask_for(caller, "GET", NULL, "%s/deliveries/%s", target, message), 200);
    assert_int_equal(ask_for(caller, "GET", NULL, "%s/deliveries?status=pending&limit=10", target), 200);
    assert_int_equal(said_items(caller), 1);
    assert_int_equal(ask_for(caller, "POST", "{\"since\":\"2026-01-01T00:00:00Z\"}", "%s/redeliver", target),
                     202);
    assert_int_equal(said_number(caller, "count"), 0);
    assert_int_equal(ask(caller, "PATCH", target, "{\"enabled\":false}"), 200);
    assert_string_equal(said(caller, "status"), "disabled");
    assert_int_equal(ask_for(caller, "POST", NULL, "%s/test", target), 409);
    assert_int_equal(ask(caller, "GET", list, NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_int_equal(ask(caller, "DELETE", target, NULL), 204);
    assert_int_equal(ask(caller, "GET", target, NULL), 404);
}

static void integrations_are_connected_synced_and_forgotten(void **state)
{
    struct room *room = *state;
    struct caller *caller = as_operator(state);
    static const char vercel[] = "/v1/projects/shop/integrations/vercel";

    if (room->integrations == NULL) {
        ask(caller, "GET", vercel, NULL);
        check_problem(caller, 501, "CUTOVER_E_UNSUPPORTED", NULL);
        return;
    }
    ask(caller, "GET", vercel, NULL);
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    assert_int_equal(
        ask_for(caller, "POST",
                "{\"site_id\":\"prj_1\",\"token\":\"tok-secret\",\"later\":true,"
                "\"pooled_url\":\"postgresql://u:pw-secret@db.example/shop\",\"targets\":[\"production\"]}",
                "%s/connect", vercel),
        200);
    assert_string_equal(said(caller, "status"), "idle");
    assert_null(strstr(cutover_api_response_body(caller->response), "secret@"));
    assert_null(strstr(cutover_api_response_body(caller->response), "tok-"));
    assert_int_equal(ask_for(caller, "POST", NULL, "%s/sync", vercel), 202);
    assert_string_equal(said(caller, "status"), "pending");
    assert_int_equal(ask(caller, "GET", vercel, NULL), 200);
    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/integrations", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_int_equal(ask_for(caller, "POST", NULL, "%s/disconnect", vercel), 204);
    ask(caller, "POST", "/v1/projects/shop/integrations/heroku/connect", "{\"site_id\":\"x\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "provider");
}

static void a_preview_is_looked_at_before_it_is_asked_for(void **state)
{
    struct caller *caller = as_member(state);

    assert_int_equal(ask(caller, "GET", "/v1/projects/shop/preflight?preview_id=next", NULL), 200);
    assert_string_equal(said(caller, "severity"), "block"); /* its servers are not there */
    check_contains(cutover_api_response_body(caller->response), "the preview may be asked for now");
    ask(caller, "GET", "/v1/projects/shop/preflight?preview_id=none", NULL);
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    ask(caller, "GET", "/v1/projects/shop/preflight", NULL);
    check_problem(caller, 400, "CUTOVER_E_INVALID", "preview_id");
}

static void what_preflight_found_is_read_by_whoever_sees_the_request(void **state)
{
    char *id = filed(state);
    struct caller *caller = as_member(state);

    ask_for(caller, "GET", NULL, "/v1/cutover-requests/%s/preflight", id);
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    caller = as_operator(state);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/preflight", id), 200);
    assert_string_equal(said(caller, "request_id"), id);
    caller = as_member(state);
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/cutover-requests/%s/preflight", id), 200);
    assert_non_null(said(caller, "looked_at"));
    assert_non_null(json_object_object_get(json_object_object_get(caller->json, "preflight"), "findings"));
    free(id);
}

/* ---- refusals of the rules ---- */

static void what_the_rules_refuse_has_its_status_and_changes_nothing(void **state)
{
    static const struct {
        const char *act, *body;
        unsigned status;
        const char *code, *field;
    } refused[] = {
        {"promote", NULL, 409, "CUTOVER_E_STATE", NULL}, /* not acked */
        {"release", NULL, 409, "CUTOVER_E_STATE", NULL},
        {"rollback", NULL, 409, "CUTOVER_E_STATE", NULL},
        {"reschedule", "{\"scheduled_for\":\"2099-01-01T00:00:00Z\"}", 409, "CUTOVER_E_STATE", NULL},
        {"ack", "{\"scheduled_for\":\"1999-01-01T00:00:00Z\"}", 422, "CUTOVER_E_INVALID", NULL},
        {"ack", "{\"scheduled_for\":\"tomorrow\"}", 422, "CUTOVER_E_INVALID", "scheduled_for"},
        {"reject", "{\"reason\":\"\"}", 422, "CUTOVER_E_INVALID", "rejected_reason"},
        {"reject", NULL, 422, "CUTOVER_E_INVALID", "reason"},
        {"ticket", "{\"external_ticket_ref\":\" \"}", 422, "CUTOVER_E_INVALID", "external_ticket_ref"},
        {"promote", "{\"jobs\":65}", 422, "CUTOVER_E_INVALID", "jobs"},
        {"promote", "{\"jobs\":\"2\"}", 422, "CUTOVER_E_INVALID", "jobs"},
        {"promote", "{\"verify\":\"luck\"}", 422, "CUTOVER_E_INVALID", "verify"},
        {"promote", "{\"hold\":1}", 422, "CUTOVER_E_INVALID", "hold"},
        {"promote", "{\"force\":true}", 422, "CUTOVER_E_INVALID", "force"},
        {"ack", "{\"operator_note\":\"a\\u0000b\"}", 422, "CUTOVER_E_INVALID", "operator_note"},
    };
    char *id = filed(state);
    struct caller *caller = as_operator(state);
    const size_t before = changes(caller);

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ask_for(caller, "POST", refused[i].body, "/v1/cutover-requests/%s/%s", id, refused[i].act);
        check_problem(caller, refused[i].status, refused[i].code, refused[i].field);
    }
    assert_int_equal(changes(caller), before);
    assert_int_equal(caller->work_count, 0);
    caller = as_member(state);
    ask(caller, "POST", REQUESTS, "{\"preview_id\":\"next\"}");
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", NULL);
    ask(caller, "POST", REQUESTS, "{\"preview_id\":\"none\"}");
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    ask(caller, "POST", REQUESTS, "{}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "preview_id");
    caller = as(state, &key, NULL);
    caller->actor =
        &(const cutover_actor){CUTOVER_ACTOR_VERSION, "carla", CUTOVER_ACTOR_USER, CUTOVER_ROLE_OPERATOR};
    ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/ack", id);
    check_problem(caller, 403, "CUTOVER_E_FORBIDDEN", NULL); /* four eyes */
    assert_int_equal(changes(caller), before);
    free(id);
}

static void the_time_that_is_wished_for_holds_where_no_other_is_agreed_on(void **state)
{
    struct caller *caller = as_member(state);
    char id[64];

    ask(caller, "POST", REQUESTS, "{\"preview_id\":\"next\",\"scheduled_for\":\"1999-01-01T00:00:00Z\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", NULL);
    assert_int_equal(ask(caller, "POST", REQUESTS,
                         "{\"preview_id\":\"next\",\"external_ticket_ref\":\"T-1\",\"scheduled_for\":\"2099-01-"
                         "01T00:00:00Z\"}"),
                     201);
    assert_string_equal(said(caller, "scheduled_for"), "2099-01-01T00:00:00.000000Z");
    snprintf(id, sizeof id, "%s", said(caller, "id"));
    caller = as_operator(state);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/ack", id), 200);
    assert_string_equal(said(caller, "scheduled_for"), "2099-01-01T00:00:00.000000Z");
    ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id);
    check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
    assert_int_equal(ask_for(caller, "POST", "{}", "/v1/cutover-requests/%s/reschedule", id), 200);
    assert_null(said(caller, "scheduled_for"));
}

static void what_is_promoted_too_early_or_too_late_is_refused(void **state)
{
    struct room *room = *state;
    char *id = filed(state);
    struct caller *caller = as_operator(state);
    cutover_error *error = NULL;

    assert_int_equal(ask_for(caller, "POST", "{\"scheduled_for\":\"2099-01-01T00:00:00Z\"}",
                             "/v1/cutover-requests/%s/ack", id),
                     200);
    ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id);
    check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
    check_ok(cutover_registry_preview_extend(room->desk->registry, "next", 1, &error), error);
    ask_for(caller, "GET", NULL, "/v1/cutover-requests/%s", id);
    assert_string_equal(said(caller, "status"), "expired");
    caller = as_member(state);
    ask(caller, "POST", REQUESTS, "{\"preview_id\":\"next\"}");
    check_problem(caller, 409, "CUTOVER_E_EXPIRED", NULL);
    free(id);
}

/* ---- nobody acts on what they have not seen ---- */

static void an_outdated_page_acks_nothing(void **state)
{
    char *id = filed(state), target[120], promote[120];
    struct caller *caller = as_member(state);

    snprintf(target, sizeof target, "/v1/cutover-requests/%s/ack", id);
    snprintf(promote, sizeof promote, "/v1/cutover-requests/%s/promote", id);
    assert_int_equal(
        ask_for(caller, "POST", "{\"external_ticket_ref\":\"T-9\"}", "/v1/cutover-requests/%s/ticket", id),
        200);
    caller = as_operator(state);
    const size_t before = changes(caller);
    ask_with(caller, "POST", target, "If-Match", "\"1\"", NULL);
    check_problem(caller, 412, "CUTOVER_E_CONFLICT", "If-Match");
    ask_with(caller, "POST", target, "If-Match", "W/\"2\"", NULL);
    check_problem(caller, 412, "CUTOVER_E_CONFLICT", "If-Match");
    ask_with(caller, "POST", target, "If-Match", "2", NULL);
    check_problem(caller, 400, "CUTOVER_E_INVALID", "If-Match");
    assert_int_equal(changes(caller), before);
    assert_int_equal(ask_with(caller, "POST", target, "If-Match", "\"1\", \"2\"", NULL), 200);
    ask_with(caller, "POST", promote, "If-Match", "\"2\"", NULL);
    check_problem(caller, 412, "CUTOVER_E_CONFLICT", "If-Match");
    assert_int_equal(caller->work_count, 0);
    assert_int_equal(ask_with(caller, "GET", promote, "If-None-Match", "\"3\"", NULL), 405);
    free(id);
}

/* Somebody writes between the look at the version and the commit. */
static const char *changed_id;
static void change_it(struct desk *desk)
{
    cutover_error *error = NULL;

    check_ok(cutover_request_set_ticket(desk->engine, &desk_member, changed_id, "T-3", NULL, &error), error);
}

static void a_change_between_the_look_and_the_act_is_seen(void **state)
{
    struct room *room = *state;
    char *id = filed(state), target[120];
    struct caller *caller = as_operator(state);

    snprintf(target, sizeof target, "/v1/cutover-requests/%s/ack", id);
    changed_id = id;
    room->desk->before = change_it;
    ask_with(caller, "POST", target, "If-Match", "\"1\"", NULL);
    check_problem(caller, 412, "CUTOVER_E_CONFLICT", "If-Match");
    desk_check_request(room->desk, id, "open");
    assert_int_equal(ask_with(caller, "POST", target, "If-Match", "*", NULL), 200);
    free(id);
}

static void what_has_not_changed_is_not_sent_again(void **state)
{
    char *id = filed(state), target[120];
    struct caller *caller = as_member(state);

    snprintf(target, sizeof target, "/v1/cutover-requests/%s", id);
    assert_int_equal(ask_with(caller, "GET", target, "If-None-Match", "\"1\"", NULL), 304);
    assert_null(caller->json);
    assert_string_equal(said_header(caller, "ETag"), "\"1\"");
    assert_int_equal(ask_with(caller, "GET", target, "If-None-Match", "\"2\"", NULL), 200);
    free(id);
}

/* Which is asked only by who reads: an act is not answered with what is wrong with it. */
static void an_act_has_nothing_that_it_must_not_match(void **state)
{
    const cutover_api_header twice[] = {{"If-None-Match", "\"1\""}, {"If-None-Match", "\"1\""}};
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;
    char *id = filed(state), target[120];

    snprintf(target, sizeof target, "/v1/cutover-requests/%s/ack", id);
    request.method = "POST";
    request.path = target;
    request.headers = twice;
    request.header_count = 2;
    struct caller *caller = as_operator(state);
    assert_int_equal(ask_request(caller, &request), 200);
    assert_string_equal(said(caller, "status"), "acked");
    *strrchr(target, '/') = '\0';
    request.method = "GET";
    assert_int_equal(ask_request(caller, &request), 400);
    check_problem(caller, 400, "CUTOVER_E_INVALID", "If-None-Match");
    free(id);
}

/* ---- once ---- */

static void the_same_key_gets_the_same_answer(void **state)
{
    static const char body[] = "{\"preview_id\":\"next\",\"customer_note\":\"please\"}";
    struct caller *caller = as_member(state);
    char *id;

    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k-1", body), 201);
    id = strdup(said(caller, "id"));
    const size_t before = changes(caller);
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k-1", body), 201);
    assert_string_equal(said(caller, "id"), id);
    assert_string_equal(said_header(caller, "Idempotent-Replayed"), "true");
    assert_string_equal(said_header(caller, "ETag"), "\"1\"");
    assert_non_null(strstr(said_header(caller, "Location"), id));
    assert_int_equal(changes(caller), before);
    ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k-1", "{\"preview_id\":\"other\"}");
    check_problem(caller, 422, "CUTOVER_E_CONFLICT", "Idempotency-Key");
    ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "", body);
    check_problem(caller, 400, "CUTOVER_E_INVALID", "Idempotency-Key");
    /* A refusal is an answer, too. */
    ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k-2", body);
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", NULL);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/cancel", id), 200);
    ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k-2", body);
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", NULL);
    free(id);
}

static cutover_status count_one(const cutover_document *document, void *context)
{
    (void)document;
    ++*(size_t *)context;
    return CUTOVER_OK;
}

static void a_key_is_its_actors_and_lives_for_a_day(void **state)
{
    static const char body[] = "{\"preview_id\":\"next\"}";
    struct room *room = *state;
    struct caller *caller = as_member(state);
    cutover_error *error = NULL;
    char id[64];

    caller->now = INT64_C(1790000000000000);
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body), 201);
    snprintf(id, sizeof id, "%s", said(caller, "id"));
    caller = as(state, &key, NULL);
    ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body);
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", NULL); /* a live request: asked, not replayed */
    assert_null(said_header(caller, "Idempotent-Replayed"));
    caller = as_member(state);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/cancel", id), 200);
    caller->now += INT64_C(86400) * 1000000 - 1;
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body), 201);
    assert_string_equal(said(caller, "id"), id);
    caller->now += 1;
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body), 201);
    assert_string_not_equal(said(caller, "id"), id);
    caller->now += INT64_C(86400) * 1000000;
    check_ok(cutover_api_tend(caller->api, &error), error);
    size_t left = 0;
    check_ok(room->desk->inner.list("idempotency", NULL, "", 10, count_one, &left, &error,
                                    room->desk->inner.userdata),
             error);
    assert_int_equal(left, 0);
}

/* The store fails in the act, which its rules would not let be done twice: the key is free again. */
static void an_act_that_failed_here_may_be_asked_again(void **state)
{
    static const char body[] = "{\"preview_id\":\"next\"}";
    struct room *room = *state;
    struct caller *caller = as_member(state);

    caller->now = INT64_C(1790000000000000);
    room->desk->refused = 1;
    ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body);
    check_problem(caller, 503, "CUTOVER_E_STORE", NULL);
    assert_string_equal(said_header(caller, "Retry-After"), "5");
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body), 201);
}

/* What an answer adds to a key is gone: its process, or the store, was before it could be kept. */
static cutover_status lose_answer(const cutover_document *document, void *context)
{
    struct json_object *body = json_tokener_parse(document->body);
    cutover_write *write = context;

    json_object_object_del(body, "status");
    json_object_object_del(body, "body");
    write->id = strdup(document->id);
    write->expected_version = document->version;
    write->body = strdup(json_object_to_json_string(body));
    json_object_put(body);
    return CUTOVER_OK;
}

/* Of the only key that there is. */
static void lose_answers(struct room *room)
{
    const cutover_store *store = &room->desk->inner;
    cutover_write write = CUTOVER_WRITE_INIT;
    cutover_error *error = NULL;

    check_ok(store->list("idempotency", NULL, "", 10, lose_answer, &write, &error, store->userdata), error);
    write.kind = "idempotency";
    check_ok(store->commit(&(const cutover_write *){&write}, 1, &error, store->userdata), error);
    free((char *)write.id);
    free((char *)write.body);
}

static void check_unanswered(struct caller *caller)
{
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", "Idempotency-Key");
    assert_non_null(strstr(said(caller, "type"), "/unanswered"));
}

static void what_was_begun_and_not_answered_is_not_done_again(void **state)
{
    static const char body[] = "{\"preview_id\":\"next\"}";
    struct room *room = *state;
    struct caller *caller = as_member(state);
    char id[64];

    caller->now = INT64_C(1790000000000000);
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body), 201);
    snprintf(id, sizeof id, "%s", said(caller, "id"));
    lose_answers(room);
    /* Its rules would allow it by now. */
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/cancel", id), 200);
    caller->now += INT64_C(119) * 1000000;
    ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body);
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", "Idempotency-Key");
    assert_string_equal(said_header(caller, "Retry-After"), "1");
    for (size_t i = 0; i < 2; i++) {
        caller->now += INT64_C(1000000);
        ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", body);
        check_unanswered(caller);
    }
    assert_int_equal(ask(caller, "GET", REQUESTS, NULL), 200);
    assert_int_equal(said_items(caller), 1);
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k-2", body), 201);
}

static void a_job_whose_begin_was_not_answered_is_found_by_its_key(void **state)
{
    static const char path[] = "/v1/projects/shop/backups";
    struct room *room = *state;
    struct caller *caller = as_operator(state);
    cutover_error *error = NULL;
    char job[64];

    caller->now = INT64_C(1790000000000000);
    assert_int_equal(ask_with(caller, "POST", path, "Idempotency-Key", "k", "{\"label\":\"one\"}"), 202);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    lose_answers(room);
    caller->now += INT64_C(120) * 1000000;
    static const char *const statuses[] = {"waiting", "refused"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask_with(caller, "POST", path, "Idempotency-Key", "k", "{\"label\":\"one\"}"), 202);
        assert_string_equal(said(caller, "id"), job);
        assert_string_equal(said(caller, "status"), statuses[i]);
        assert_string_equal(said_header(caller, "Idempotent-Replayed"), "true");
        assert_non_null(strstr(said_header(caller, "Location"), job));
        if (i == 0) {
            assert_int_equal(caller->work_count, 1);
            check_status(run_work(caller, &error), CUTOVER_E_POSTGRES, error);
        }
    }
    assert_int_equal(caller->work_count, 0);
}

/* The store failed in it, and perhaps after it: keys of one label are two keys. */
static void what_would_be_done_twice_is_not_tried_again_under_its_key(void **state)
{
    static const char body[] = "{\"label\":\"robot\",\"roles\":[\"member\"],\"project_id\":\"shop\"}";
    struct room *room = *state;
    struct caller *caller = as(state, &admin, NULL);

    caller->now = INT64_C(1790000000000000);
    room->desk->lost = 1;
    ask_with(caller, "POST", "/v1/keys", "Idempotency-Key", "k", body);
    check_problem(caller, 503, "CUTOVER_E_STORE", NULL);
    caller->now += INT64_C(120) * 1000000;
    ask_with(caller, "POST", "/v1/keys", "Idempotency-Key", "k", body);
    check_unanswered(caller);
    assert_int_equal(ask(caller, "GET", "/v1/keys", NULL), 200);
    assert_int_equal(said_items(caller), 1);
}

/* Asks the same from within the act. */
static struct caller *second;
static void ask_meanwhile(struct desk *desk)
{
    (void)desk;
    ask_with(second, "POST", REQUESTS, "Idempotency-Key", "k", "{\"preview_id\":\"next\"}");
    check_problem(second, 409, "CUTOVER_E_CONFLICT", "Idempotency-Key");
}

static void a_key_in_flight_is_refused(void **state)
{
    struct room *room = *state;
    struct caller *caller = as_member(state);

    second =
        caller_new(room->desk->engine, &room->desk->inner, &room->platform, room->desk->registry, NULL, NULL);
    second->actor = &desk_member;
    second->project_id = "shop";
    room->desk->before = ask_meanwhile;
    assert_int_equal(ask_with(caller, "POST", REQUESTS, "Idempotency-Key", "k", "{\"preview_id\":\"next\"}"),
                     201);
    assert_null(room->desk->before);
    caller_free(second);
}

/* ---- jobs ---- */

static void a_job_is_handed_over_and_told_of_before_it_has_a_record(void **state)
{
    struct room *room = *state;
    char *id = filed(state), job[64], location[100];
    struct caller *caller = as_operator(state);
    cutover_error *error = NULL;

    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/ack", id), 200);
    assert_int_equal(ask_for(caller, "POST", "{\"hold\":true}", "/v1/cutover-requests/%s/promote", id), 202);
    assert_string_equal(said(caller, "status"), "waiting");
    assert_string_equal(said(caller, "kind"), "promotion");
    assert_string_equal(said(caller, "request_id"), id);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    snprintf(location, sizeof location, "/v1/jobs/%s", job);
    assert_string_equal(said_header(caller, "Location"), location);
    assert_int_equal(ask(caller, "GET", location, NULL), 200);
    assert_string_equal(said(caller, "status"), "waiting");
    assert_string_equal(cutover_api_work_job_id(caller->works[0]), job);
    assert_string_equal(cutover_api_work_kind(caller->works[0]), "promotion");
    assert_string_equal(cutover_api_work_project_id(caller->works[0]), "shop");
    /* Its servers are not there: preflight refuses. */
    check_status(run_work(caller, &error), CUTOVER_E_PREFLIGHT, error);
    assert_int_equal(ask(caller, "GET", location, NULL), 200);
    assert_string_equal(said(caller, "status"), "refused");
    struct json_object *failure = json_object_object_get(caller->json, "error");
    assert_string_equal(json_object_get_string(json_object_object_get(failure, "code")), "CUTOVER_E_PREFLIGHT");
    desk_check_request(room->desk, id, "acked");
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/jobs/%s/cancel", job), 409);
    /* Nobody took it. */
    caller->refuses = true;
    ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id);
    check_problem(caller, 503, "CUTOVER_E_STORE", NULL);
    caller->refuses = false;
    free(id);
}

static void a_job_that_waits_is_cancelled_before_it_begins(void **state)
{
    char *id = filed(state), job[64];
    struct caller *caller = as_operator(state);
    cutover_error *error = NULL;

    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/ack", id), 200);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id), 202);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/jobs/%s/cancel", job), 202);
    check_status(run_work(caller, &error), CUTOVER_E_CANCELLED, error);
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
    assert_string_equal(said(caller, "status"), "cancelled");
    /* One that is dropped without having been run. */
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id), 202);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    cutover_api_work_free(caller->works[--caller->work_count]);
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
    assert_string_equal(said(caller, "status"), "cancelled");
    /* And one whose process is gone. */
    caller->now = INT64_C(1790000000000000);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id), 202);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    caller->now += INT64_C(240) * 1000000;
    check_ok(cutover_api_tend(caller->api, &error), error);
    caller->now += INT64_C(240) * 1000000;
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
    assert_string_equal(said(caller, "status"), "waiting");
    caller->now += INT64_C(240) * 1000000;
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
    assert_string_equal(said(caller, "status"), "lost");
    caller->now = 0;
    free(id);
}

static void restores_say_what_they_overwrite(void **state)
{
    struct caller *caller = as_operator(state);
    static const char path[] = "/v1/projects/shop/restores";

    ask(caller, "POST", path, "{\"backup_id\":\"none\",\"target_kind\":\"project\",\"confirm\":true}");
    check_problem(caller, 404, "CUTOVER_E_NOT_FOUND", NULL);
    ask(caller, "POST", path, "{\"backup_id\":\"none\",\"target_kind\":\"everything\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "target_kind");
    ask(caller, "POST", path, "{\"target_kind\":\"project\"}");
    check_problem(caller, 422, "CUTOVER_E_INVALID", "backup_id");
    assert_int_equal(caller->work_count, 0);
}

/* ---- events ---- */

static void events_are_told_once_and_go_on_from_the_last_id(void **state)
{
    char *id = filed(state), job[64], last[80], target[140];
    struct caller *caller = as_operator(state);
    cutover_error *error = NULL;
    const char *text;
    uint32_t wait;

    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/ack", id), 200);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id), 202);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    snprintf(target, sizeof target, "/v1/jobs/%s/events", job);
    assert_int_equal(ask(caller, "GET", target, NULL), 200);
    assert_string_equal(said_header(caller, "Content-Type"), "text/event-stream");
    cutover_api_stream *stream = cutover_api_response_take_stream(caller->response);
    assert_non_null(stream);
    assert_null(cutover_api_response_take_stream(caller->response));
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    check_contains(text, "event: step\n");
    check_contains(text, "\"step\":\"waiting\"");
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_string_equal(text, "");
    assert_true(wait > 0);
    check_status(run_work(caller, &error), CUTOVER_E_PREFLIGHT, error);
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    check_contains(text, "event: end\n");
    check_contains(text, "\"status\":\"refused\"");
    assert_int_equal(sscanf(strstr(text, "id: "), "id: %79[^\n]", last), 1);
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_null(text);
    cutover_api_stream_free(stream);
    assert_int_equal(ask_with(caller, "GET", target, "Last-Event-ID", last, NULL), 204);
    assert_int_equal(ask_with(caller, "GET", target, "Last-Event-ID", "1.0.0", NULL), 200);
    stream = cutover_api_response_take_stream(caller->response);
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_null(strstr(text, "event: step"));
    check_contains(text, "event: end\n");
    cutover_api_stream_free(stream);
    assert_int_equal(ask_with(caller, "GET", target, "Accept", "application/json", NULL), 406);
    /* What is no id of ours is as none. */
    static const char *const strange[] = {"",       "1",      "1.0",       "x.0.0",      "99.0.0",
                                          "1.0.-5", "1.0.0.", "1.0.0 end", "1.0.0.end ", "1.0.0.endless"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        if (ask_with(caller, "GET", target, "Last-Event-ID", strange[i], NULL) != 200)
            fail_msg("%s: %u", strange[i], cutover_api_response_status(caller->response));
        stream = cutover_api_response_take_stream(caller->response);
        check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
        check_contains(text, "event: end\n");
        cutover_api_stream_free(stream);
    }
    free(id);
}

/* Who may see a job is asked when its stream is opened. */
static void a_stream_ends_by_itself_and_the_client_goes_on_where_it_was(void **state)
{
    char *id = filed(state), target[140], last[80];
    struct caller *caller = as_operator(state);
    cutover_error *error = NULL;
    const char *text;
    uint32_t wait;

    caller->now = INT64_C(4102444800000000);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/ack", id), 200);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/promote", id), 202);
    snprintf(target, sizeof target, "/v1/jobs/%s/events", said(caller, "id"));
    assert_int_equal(ask(caller, "GET", target, NULL), 200);
    cutover_api_stream *stream = cutover_api_response_take_stream(caller->response);
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_int_equal(sscanf(strstr(text, "id: "), "id: %79[^\n]", last), 1);
    caller->now += INT64_C(299000000);
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_string_equal(text, ": still here\n\n");
    caller->now += INT64_C(1000000);
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_null(text);
    cutover_api_stream_free(stream);
    assert_int_equal(ask_with(caller, "GET", target, "Last-Event-ID", last, NULL), 200);
    stream = cutover_api_response_take_stream(caller->response);
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_string_equal(text, "retry: 2000\n\n");
    caller->now -= 1; /* a clock that was put back */
    check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
    assert_null(text);
    cutover_api_stream_free(stream);
    free(id);
}

/* ---- what is no request ---- */

static void paths_are_decoded_once_and_played_no_tricks_with(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
    } paths[] = {
        {"/v1/projects/shop", 200},
        {"/v1/projects/%73hop", 200},
        {"/v1/projects/%2573hop", 404},
        {"/v1/projects/shop/", 404},
        {"/v1//projects/shop", 404},
        {"//v1/projects/shop", 404},
        {"/v1/projects/../projects/shop", 400},
        {"/v1/projects/%2e%2e/projects/shop", 400},
        {"/v1/projects/./shop", 400},
        {"/v1/projects/shop%2fpreviews", 404},
        {"/v1/projects/shop%00", 400},
        {"/v1/projects/sh%6", 400},
        {"/v1/projects/sh%zzop", 400},
        {"/v1/projects/%ff", 400},
        {"/v1/projects/%c0%ae", 400},
        {"/v1/projects/%ed%a0%80", 400},
        {"/v1/projects/%0a", 400},
        {"/v1/projects/%7f", 400},
        {"/v1/projects/%c2%85", 400},
        {"/v1/projects/%C3%A9t%c3%a9", 404},
        {"/v1/projects/%c3%28", 400},
        {"/v1/projects/%e2%82%ac", 404},
        {"/v1/projects/%e2%82%28", 400},
        {"/v1/projects/%e2%28%ac", 400},
        {"/v1/projects/%e2%82%ff", 400},
        {"/v1/projects/%f0%9f%90%98", 404},
        {"/v1/projects/%f0%9f%90", 400},
        {"/v1/projects/%f5%80%80%80", 400},
        {"/V1/projects/shop", 404},
        {"/v1/projects/SHOP", 404},
        {"v1/projects/shop", 400},
        {"*", 400},
        {"", 400},
        {"/", 404},
        {"/v1", 404},
        {"/v1/projects/shop/previews/next/extend/a/b/c/d", 404},
        {"http://h/v1/projects", 400},
        {"/v1/projects/shop;a=b", 404},
        {"/v1/projects/s+hop", 404},
    };
    struct caller *caller = as_operator(state);
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;

    request.method = "GET";
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        request.path = paths[i].path;
        if (ask_request(caller, &request) != paths[i].status)
            fail_msg("%s: %u, not %u", paths[i].path, cutover_api_response_status(caller->response),
                     paths[i].status);
    }
}

static void queries_are_known_by_name(void **state)
{
    static const struct {
        const char *query, *field;
        unsigned status;
    } queries[] = {
        {"limit=10", NULL, 200},
        {"limit=1000", NULL, 200},
        {"", NULL, 200},
        {"&&limit=1&", NULL, 200},
        {"%6cimit=1", NULL, 200},
        {"cursor=a+b", NULL, 200},
        {"cursor", NULL, 200},
        {"limit=1x", "limit", 400},
        {"limit=a", "limit", 400},
        {"status=ack", "status", 400},
        {"status=acked%20", "status", 400},
        {"%zz=1", NULL, 400},
        {"limit=0", "limit", 400},
        {"limit=1001", "limit", 400},
        {"limit=-1", "limit", 400},
        {"limit=1e2", "limit", 400},
        {"limit=", "limit", 400},
        {"limit", "limit", 400},
        {"limit=99999999999999999999", "limit", 400},
        {"status=gone", "status", 400},
        {"status=", "status", 400},
        {"order=random", "order", 400},
        {"Limit=1", "Limit", 400},
        {"limit=1&limit=1", "limit", 400},
        {"page=2", "page", 400},
        {"limit=%zz", NULL, 400},
        {"status=%00", NULL, 400},
        {"cursor=%ff", NULL, 400},
        {"=1", "", 400},
    };
    struct caller *caller = as_operator(state);
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;

    request.method = "GET";
    request.path = REQUESTS;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        request.query = queries[i].query;
        const unsigned status = ask_request(caller, &request);
        if (status != queries[i].status)
            fail_msg("%s: %u, not %u", queries[i].query, status, queries[i].status);
        if (status != 200)
            check_problem(caller, 400, "CUTOVER_E_INVALID", queries[i].field);
    }
}

static void bodies_are_json_objects_of_known_members(void **state)
{
    static const struct {
        const char *body, *field;
        unsigned status;
    } bodies[] = {
        {"{\"preview_id\":\"next\"", NULL, 400},
        {"{\"preview_id\":\"next\"} x", NULL, 400},
        {"[]", NULL, 400},
        {"\"next\"", NULL, 400},
        {"null", NULL, 400},
        {"true", NULL, 400},
        {"1", NULL, 400},
        {" -1.5e3", NULL, 400},
        {"{\"preview_id\":NaN}", NULL, 400},
        {"{preview_id:\"next\"}", NULL, 400},
        {"{\"preview_id\":\"\xff\"}", NULL, 400},
        {"{\"preview_id\":\"a\nb\"}", NULL, 400},
        {"{\"preview_id\":[[[[[[[[]]]]]]]]}", NULL, 400},
        {"{\"preview_id\":{\"id\":\"next\"}}", "preview_id", 422},
        {"{\"preview_id\":1}", "preview_id", 422},
        {"{\"preview_id\":null}", "preview_id", 422},
        {"{\"preview\":\"next\"}", "preview", 422},
        {"{\"preview_id\":\"next\",\"status\":\"acked\"}", "status", 422},
        {"", "preview_id", 422},
    };
    struct caller *caller = as_member(state);

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        if (ask(caller, "POST", REQUESTS, bodies[i].body) != bodies[i].status)
            fail_msg("%s: %u", bodies[i].body, cutover_api_response_status(caller->response));
        check_problem(caller, bodies[i].status, "CUTOVER_E_INVALID", bodies[i].field);
    }
    assert_int_equal(ask(caller, "GET", REQUESTS, "{}"), 400);
    assert_int_equal(ask(caller, "GET", REQUESTS, NULL), 200);
    assert_int_equal(said_items(caller), 0);
}

static void types_sizes_and_headers_have_their_refusals(void **state)
{
    static const char body[] = "{\"preview_id\":\"next\"}";
    struct caller *caller = as_member(state);
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;
    cutover_api_header many[101],
        headers[] = {{"content-TYPE", "application/json; charset=UTF-8"}, {"Accept", "*/*"}};
    char *large = malloc(70000);

    assert_non_null(large);
    memset(large, 'a', 69999);
    large[69999] = '\0';
    request.method = "POST";
    request.path = REQUESTS;
    request.body = body;
    request.body_size = sizeof body - 1;
    request.headers = headers;
    request.header_count = 2;
    headers[0].value = "text/plain";
    assert_int_equal(ask_request(caller, &request), 415);
    check_problem(caller, 415, "CUTOVER_E_UNSUPPORTED", "Content-Type");
    headers[0].value = "application/jsonp";
    assert_int_equal(ask_request(caller, &request), 415);
    headers[0].value = "application/json; charset=latin1";
    assert_int_equal(ask_request(caller, &request), 415);
    request.header_count = 0;
    assert_int_equal(ask_request(caller, &request), 415);
    request.header_count = 2;
    headers[0].value = "application/json";
    headers[1] = (cutover_api_header){"Content-Encoding", "gzip"};
    assert_int_equal(ask_request(caller, &request), 415);
    headers[1] = (cutover_api_header){"Content-Type", "application/json"};
    assert_int_equal(ask_request(caller, &request), 400);
    headers[1] = (cutover_api_header){"Content-Encoding", "identity"};
    headers[0].value = "application/json;charset=\"utf-8\"";
    request.body = "[]";
    request.body_size = 2;
    assert_int_equal(ask_request(caller, &request), 400); /* of the body: its type and encoding are right */
    check_problem(caller, 400, "CUTOVER_E_INVALID", NULL);
    request.body = body;
    request.body_size = sizeof body - 1;
    headers[0].value = "application/json";
    static const char *const unwanted[] = {
        "text/html",       "application/json;q=0",    "application/json; q=0.000", "application/json;Q=0, */*",
        "*/*;q=0",         "application/xml, text/*", "applicationx/json",         "image/*, a/b",
        "application/jsox"};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
        headers[1] = (cutover_api_header){"Accept", unwanted[i]};
        if (ask_request(caller, &request) != 406)
            fail_msg("%s: %u", unwanted[i], cutover_api_response_status(caller->response));
    }
    static const char *const wanted[] = {"application/json;q=0.01",   "*/*",
                                         "application/*;level=1;q=1", "text/html,application/json;v=2",
                                         "*/*;q=0, application/json", "application/json;x=0"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const cutover_api_header accept = {"Accept", wanted[i]};
        cutover_api_request get = CUTOVER_API_REQUEST_INIT;
        get.method = "GET";
        get.path = REQUESTS;
        get.headers = &accept;
        get.header_count = 1;
        if (ask_request(caller, &get) != 200)
            fail_msg("%s: %u", wanted[i], cutover_api_response_status(caller->response));
    }
    headers[1] = (cutover_api_header){"Accept", "text/html, application/*;q=0"};
    assert_int_equal(ask_request(caller, &request), 406);
    check_problem(caller, 406, "CUTOVER_E_UNSUPPORTED", "Accept");
    request.body = large;
    request.body_size = 69999;
    headers[1].value = "text/html, application/json;q=0.5";
    assert_int_equal(ask_request(caller, &request), 413);
    request.body = NULL;
    request.body_size = 0;
    request.path = large;
    assert_int_equal(ask_request(caller, &request), 414);
    request.path = REQUESTS;
    request.query = large;
    assert_int_equal(ask_request(caller, &request), 414);
    request.query = NULL;
    headers[1].value = large;
    assert_int_equal(ask_request(caller, &request), 431);
    for (size_t i = 0; i < 101; i++)
        many[i] = (cutover_api_header){"X-A", "b"};
    request.headers = many;
    request.header_count = 101;
    assert_int_equal(ask_request(caller, &request), 431);
    assert_int_equal(ask(caller, "GET", REQUESTS, NULL), 200);
    assert_int_equal(said_items(caller), 0);
    free(large);
}

static void methods_that_a_path_has_not_are_told_those_that_it_has(void **state)
{
    struct caller *caller = as_operator(state);

    assert_int_equal(ask(caller, "PUT", REQUESTS, NULL), 405);
    assert_string_equal(said_header(caller, "Allow"), "GET, HEAD, POST");
    assert_int_equal(ask(caller, "get", "/v1/projects", NULL), 405);
    assert_string_equal(said_header(caller, "Allow"), "GET, HEAD");
    assert_int_equal(ask(caller, "POST", "/v1/backups/x", NULL), 405);
    assert_string_equal(said_header(caller, "Allow"), "GET, HEAD, DELETE");
    assert_int_equal(ask(caller, "HEAD", "/v1/projects", NULL), 200);
    assert_true(cutover_api_response_body_size(caller->response) > 0);
    assert_int_equal(ask(caller, "HEAD", "/v1/cutover-requests/x/ack", NULL), 405);
}

/* ---- who is nobody, and what is no call ---- */

static void nobody_sees_more_than_the_document(void **state)
{
    struct caller *caller = as(state, NULL, NULL);

    assert_int_equal(ask(caller, "GET", "/v1/openapi.json", NULL), 200);
    assert_string_equal(said(caller, "openapi"), "3.1.0");
    assert_int_equal(ask(caller, "GET", "/v1/projects", NULL), 401);
    check_problem(caller, 401, "CUTOVER_E_FORBIDDEN", NULL);
    assert_string_equal(said_header(caller, "WWW-Authenticate"), "Bearer");
    assert_int_equal(ask(caller, "GET", "/v1/nothing", NULL), 401);
}

static void calls_without_what_they_need_are_errors_and_answer_nothing(void **state)
{
    struct room *room = *state;
    cutover_api_options options = CUTOVER_API_OPTIONS_INIT;
    cutover_api_request request = CUTOVER_API_REQUEST_INIT;
    cutover_api_response *response = NULL;
    cutover_api *api = NULL;
    cutover_error *error = NULL;

    check_status(cutover_api_new(NULL, &api, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_api_new(&options, NULL, &error), CUTOVER_E_INVALID, error);
    assert_int_equal(cutover_api_new(NULL, &api, NULL), CUTOVER_E_INVALID);
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_INVALID, error);
    options.engine = room->desk->engine;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_INVALID, error);
    options.store = &room->desk->inner;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_INVALID, error);
    cutover_platform platform = room->platform;
    options.platform = &platform;
    platform.version = 0;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_UNSUPPORTED, error);
    platform.version = CUTOVER_PLATFORM_VERSION + 1;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_UNSUPPORTED, error);
    cutover_store store = room->desk->inner;
    options.store = &store;
    store.version = CUTOVER_STORE_VERSION + 1;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_UNSUPPORTED, error);
    options.store = &room->desk->inner;
    options.platform = &room->platform;
    options.jobs = 65;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_INVALID, error);
    options.jobs = 0;
    options.max_body = 1;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_INVALID, error);
    options.max_body = 1048577;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_INVALID, error);
    options.max_body = 0;
    options.version = 2;
    check_status(cutover_api_new(&options, &api, &error), CUTOVER_E_UNSUPPORTED, error);
    options.version = 1;
    check_ok(cutover_api_new(&options, &api, &error), error);
    check_status(cutover_api_handle(NULL, &request, &response, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_api_handle(api, NULL, &response, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_api_handle(api, &request, NULL, &error), CUTOVER_E_INVALID, error);
    assert_int_equal(cutover_api_handle(api, &request, &response, NULL), CUTOVER_E_INVALID);
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    request.method = "GET";
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    request.path = "/v1/projects";
    request.header_count = 1;
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    static const cutover_api_header nameless = {NULL, "a"}, worthless = {"a", NULL};
    request.headers = &nameless;
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    request.headers = &worthless;
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    request.header_count = 0;
    request.body_size = 1;
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    request.body_size = 0;
    cutover_actor nobody = {CUTOVER_ACTOR_VERSION, NULL, CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
    request.actor = &nobody;
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    nobody.id = "";
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_INVALID, error);
    nobody.id = "a";
    nobody.version = CUTOVER_ACTOR_VERSION + 1;
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_UNSUPPORTED, error);
    request.actor = NULL;
    request.version = 2;
    check_status(cutover_api_handle(api, &request, &response, &error), CUTOVER_E_UNSUPPORTED, error);
    assert_null(response);
    cutover_api_free(api);
    cutover_api_free(NULL);
    check_status(cutover_api_problem(200, NULL, &response, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_api_problem(600, NULL, &response, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_api_problem(500, NULL, NULL, &error), CUTOVER_E_INVALID, error);
    assert_int_equal(cutover_api_problem(500, NULL, NULL, NULL), CUTOVER_E_INVALID);
    cutover_error *cause = cutover_error_new(CUTOVER_E_LOCKED, "busy", NULL, "Wait.");
    check_ok(cutover_api_problem(599, cause, &response, &error), error);
    assert_int_equal(cutover_api_response_status(response), 599);
    check_contains(cutover_api_response_body(response), "\"code\":\"CUTOVER_E_LOCKED\"");
    check_contains(cutover_api_response_body(response), "Wait.");
    const size_t count = cutover_api_response_header_count(response);
    assert_null(cutover_api_response_header_name(response, count));
    assert_null(cutover_api_response_header_value(response, count));
    assert_null(cutover_api_response_take_stream(response));
    cutover_api_response_free(response);
    cutover_error_free(cause);
    assert_int_equal(cutover_api_response_header_count(NULL), 0);
    assert_null(cutover_api_response_header_name(NULL, 0));
    assert_null(cutover_api_response_header_value(NULL, 0));
    assert_null(cutover_api_response_body(NULL));
    assert_int_equal(cutover_api_response_body_size(NULL), 0);
    assert_null(cutover_api_response_route(NULL));
    assert_null(cutover_api_response_take_stream(NULL));
    check_ok(cutover_api_problem(429, NULL, &response, &error), error);
    assert_int_equal(cutover_api_response_status(response), 429);
    cutover_api_response_free(response);
    assert_int_equal(cutover_api_response_status(NULL), 0);
    cutover_api_response_free(NULL);
    cutover_api_stream_free(NULL);
    cutover_api_work_free(NULL);
    check_status(cutover_api_work_run(NULL, &error), CUTOVER_E_INVALID, error);
    assert_int_equal(cutover_api_work_run(NULL, NULL), CUTOVER_E_INVALID);
    cutover_api_work_cancel(NULL);
    assert_null(cutover_api_work_job_id(NULL));
    assert_null(cutover_api_work_kind(NULL));
    assert_null(cutover_api_work_project_id(NULL));
    const char *text;
    uint32_t wait_ms;
    check_status(cutover_api_stream_next(NULL, &text, &wait_ms, &error), CUTOVER_E_INVALID, error);
    assert_int_equal(cutover_api_tend(NULL, NULL), CUTOVER_E_INVALID);
    check_status(cutover_api_tend(NULL, &error), CUTOVER_E_INVALID, error);
}

/* A host without a registry, a queue, a list of its projects. */
static void what_the_host_has_not_is_unsupported(void **state)
{
    struct room *room = *state;
    cutover_api_options options = CUTOVER_API_OPTIONS_INIT;
    struct caller bare = {0};
    cutover_error *error = NULL;
    char *id = filed(state);

    options.engine = room->desk->engine;
    options.store = &room->desk->inner;
    options.platform = &room->platform;
    check_ok(cutover_api_new(&options, &bare.api, &error), error);
    bare.actor = &desk_operator;
    ask(&bare, "GET", "/v1/projects", NULL);
    check_problem(&bare, 501, "CUTOVER_E_UNSUPPORTED", NULL);
    ask(&bare, "GET", "/v1/projects/shop/previews", NULL);
    check_problem(&bare, 501, "CUTOVER_E_UNSUPPORTED", NULL);
    ask_for(&bare, "POST", NULL, "/v1/cutover-requests/%s/promote", id);
    check_problem(&bare, 501, "CUTOVER_E_UNSUPPORTED", NULL);
    ask(&bare, "POST", "/v1/projects/shop/backups", NULL);
    check_problem(&bare, 501, "CUTOVER_E_UNSUPPORTED", NULL);
    bare.project_id = "shop";
    assert_int_equal(ask(&bare, "GET", "/v1/projects", NULL), 200);
    assert_int_equal(said_items(&bare), 1);
    cutover_api_response_free(bare.response);
    json_object_put(bare.json);
    cutover_api_free(bare.api);
    free(id);
}

/* ---- a host with an inventory of its own ---- */

struct inventory {
    cutover_status fails; /* with it, without a word */
    int64_t extended_to;
};

static cutover_status own_projects(cutover_project_emit emit, void *context, cutover_error **error,
                                   void *userdata)
{
    static const char *const ids[] = {"shop", "stock"};
    const struct inventory *inventory = userdata;

    (void)error;
    for (size_t i = 0; i < 2 && inventory->fails == CUTOVER_OK; i++) {
        cutover_project project = CUTOVER_PROJECT_INIT;
        project.id = ids[i];
        project.organization_id = i == 0 ? "" : NULL;
        project.state = i == 0 ? "restoring" : "active";
        project.job_id = "01a22400-0000-7000-8000-000000000001";
        cutover_status status = emit(&project, context);
        if (status != CUTOVER_OK)
            return status;
    }
    return inventory->fails;
}

static cutover_status own_previews(const char *project_id, cutover_preview_emit emit, void *context,
                                   cutover_error **error, void *userdata)
{
    const struct inventory *inventory = userdata;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;

    (void)project_id;
    (void)error;
    preview.id = "nobody's";
    preview.state = "ready";
    cutover_status status = emit(&preview, context);
    preview.id = "of-stock";
    preview.project_id = "stock";
    if (status == CUTOVER_OK)
        status = emit(&preview, context);
    preview.id = "old";
    preview.project_id = "shop";
    preview.state = "creating";
    preview.expires_at = 1;
    if (status == CUTOVER_OK)
        status = emit(&preview, context);
    return status == CUTOVER_OK ? inventory->fails : status;
}

static cutover_status own_extend(const char *preview_id, int64_t expires_at, cutover_error **error,
                                 void *userdata)
{
    struct inventory *inventory = userdata;

    (void)preview_id;
    (void)error;
    if (inventory->fails == CUTOVER_OK)
        inventory->extended_to = expires_at;
    return inventory->fails;
}

/* The registry's members, asked with what they know. */
static cutover_platform registry_platform;
static cutover_status own_project_get(const char *project_id, cutover_project_emit emit, void *context,
                                      cutover_error **error, void *userdata)
{
    const struct inventory *inventory = userdata;

    if (inventory->fails != CUTOVER_OK)
        return inventory->fails;
    return registry_platform.project_get(project_id, emit, context, error, registry_platform.userdata);
}

static cutover_status own_preview_get(const char *preview_id, cutover_preview_emit emit, void *context,
                                      cutover_error **error, void *userdata)
{
    (void)userdata;
    return registry_platform.preview_get(preview_id, emit, context, error, registry_platform.userdata);
}

static void a_hosts_own_inventory_is_told_and_extended(void **state)
{
    static const char extend[] = "/v1/projects/shop/previews/next/extend";
    struct room *room = *state;
    struct inventory inventory = {CUTOVER_OK, 0};
    cutover_api_options options = CUTOVER_API_OPTIONS_INIT;
    cutover_platform platform = room->platform;
    cutover_store store = room->desk->inner;
    struct caller own = {.actor = &desk_operator};
    cutover_error *error = NULL;

    check_ok(cutover_registry_preview_extend(room->desk->registry, "next", INT64_C(4000000000000000), &error),
             error);
    registry_platform = room->platform;
    platform.userdata = &inventory;
    platform.project_get = own_project_get;
    platform.preview_get = own_preview_get;
    platform.preview_extend = own_extend;
    store.version = 1; /* an older host */
    options.engine = room->desk->engine;
    options.store = &store;
    options.platform = &platform;
    options.projects = own_projects;
    options.previews = own_previews;
    options.inventory_userdata = &inventory;
    options.max_body = 1024;
    check_ok(cutover_api_new(&options, &own.api, &error), error);
    assert_int_equal(ask(&own, "GET", "/v1/projects?limit=1", NULL), 200);
    assert_int_equal(said_items(&own), 1);
    assert_string_equal(said_item(&own, 0, "job_id"), "01a22400-0000-7000-8000-000000000001");
    assert_null(said_item(&own, 0, "organization_id"));
    assert_string_equal(said(&own, "next_cursor"), "shop");
    assert_int_equal(ask(&own, "GET", "/v1/projects?cursor=shop", NULL), 200);
    assert_string_equal(said_item(&own, 0, "id"), "stock");
    assert_null(said_item(&own, 0, "job_id")); /* of a job that has ended */
    assert_int_equal(ask(&own, "GET", "/v1/projects/shop/previews", NULL), 200);
    assert_int_equal(said_items(&own), 1);
    assert_string_equal(said_item(&own, 0, "id"), "old");
    assert_string_equal(said_item(&own, 0, "state"), "creating"); /* which it is, also when its time is over */
    own.now = 0;
    assert_int_equal(ask(&own, "POST", extend, "{\"ttl_hours\":1}"), 200);
    assert_int_equal(inventory.extended_to, 0); /* it lives longer */
    check_ok(cutover_registry_preview_extend(room->desk->registry, "next", 1, &error), error);
    assert_int_equal(ask(&own, "POST", extend, "{\"ttl_hours\":1}"), 200);
    assert_true(inventory.extended_to > 1);
    inventory.fails = CUTOVER_E_IO;
    ask(&own, "GET", "/v1/projects", NULL);
    check_problem(&own, 502, "CUTOVER_E_CALLBACK", NULL);
    ask(&own, "GET", "/v1/projects/shop/previews", NULL);
    check_problem(&own, 502, "CUTOVER_E_CALLBACK", NULL);
    ask(&own, "POST", extend, "{\"ttl_hours\":2}");
    check_problem(&own, 502, "CUTOVER_E_CALLBACK", NULL);
    own.project_id = "shop";
    ask(&own, "GET", "/v1/projects", NULL);
    check_problem(&own, 502, "CUTOVER_E_CALLBACK", NULL);
    inventory.fails = CUTOVER_E_NOT_FOUND;
    ask(&own, "GET", "/v1/projects/shop", NULL);
    check_problem(&own, 404, "CUTOVER_E_NOT_FOUND", NULL);
    assert_int_equal(ask(&own, "GET", "/v1/projects", NULL), 200);
    assert_int_equal(said_items(&own), 0);
    cutover_api_response_free(own.response);
    json_object_put(own.json);
    cutover_api_free(own.api);
    platform.preview_extend = NULL;
    inventory.fails = CUTOVER_OK;
    own = (struct caller){.actor = &desk_operator};
    check_ok(cutover_api_new(&options, &own.api, &error), error);
    ask(&own, "POST", extend, "{\"ttl_hours\":2}");
    check_problem(&own, 501, "CUTOVER_E_UNSUPPORTED", NULL);
    cutover_api_response_free(own.response);
    json_object_put(own.json);
    cutover_api_free(own.api);
}

#define LITTLE_KNOWN "01a22400-0000-7000-8000-000000000002"

/* A job that waits, of which what is kept says less than this version writes. */
static void a_job_of_which_little_is_known_is_lost(void **state)
{
    static const char *const bodies[] = {
        "{\"id\":\"" LITTLE_KNOWN "\",\"project_id\":\"shop\",\"kind\":\"backup\",\"created_us\":"
        "1767225600000000}",
        "{\"id\":\"" LITTLE_KNOWN "\",\"project_id\":\"shop\",\"kind\":\"backup\",\"created_us\":"
        "1767225600000000,\"status\":\"waiting\",\"renewed_us\":1}"};
    struct room *room = *state;
    struct caller *caller = as_operator(state);
    cutover_error *error = NULL;

    for (size_t i = 0; i < 2; i++) {
        const cutover_write write = {CUTOVER_WRITE_VERSION, "waiting_job", LITTLE_KNOWN, "shop", i, bodies[i]};
        check_ok(
            room->desk->inner.commit(&(const cutover_write *){&write}, 1, &error, room->desk->inner.userdata),
            error);
        assert_int_equal(ask(caller, "GET", "/v1/jobs/" LITTLE_KNOWN, NULL), 200);
        assert_string_equal(said(caller, "status"), "lost");
        assert_null(said(caller, "renewed_at"));
        ask(caller, "POST", "/v1/jobs/" LITTLE_KNOWN "/cancel", NULL);
        check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
    }
    /* Long after, it is forgotten. */
    check_ok(cutover_api_tend(caller->api, &error), error);
    assert_int_equal(ask(caller, "GET", "/v1/jobs/" LITTLE_KNOWN, NULL), 404);
}

/* ---- who may ---- */

/* A key of the shop's; its id, malloc'd. */
static char *put_key(struct room *room)
{
    cutover_key_options options = CUTOVER_KEY_OPTIONS_INIT;
    cutover_key *made = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;

    options.actor = &admin;
    options.label = "robot";
    options.roles = CUTOVER_ROLE_MEMBER;
    options.project_id = "shop";
    check_ok(cutover_key_create(room->desk->engine, &options, &secret, &made, &error), error);
    char *id = strdup(cutover_key_id(made));
    cutover_string_free(secret);
    cutover_key_free(made);
    return id;
}

/* A webhook endpoint of the shop's, likewise; NULL where there are none. */
static char *put_webhook(struct room *room)
{
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_webhook *made = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;

    if (room->webhooks == NULL)
        return NULL;
    options.actor = &admin;
    options.project_id = "shop";
    options.url = "https://receiver.example/hook";
    check_ok(cutover_webhook_create(room->webhooks, &options, &secret, &made, &error), error);
    char *id = strdup(cutover_webhook_id(made));
    cutover_string_free(secret);
    cutover_webhook_free(made);
    return id;
}

enum { NAMED = 5 };

struct named {
    const char *name, *id;
};

/* Puts the ids where a target names them; false for one of what is not there. */
static bool fill_in(const struct named names[NAMED], const char *target, char *filled, size_t size)
{
    snprintf(filled, size, "%s", target);
    for (size_t i = 0; i < NAMED; i++) {
        const char *at = strstr(target, names[i].name);
        if (at == NULL)
            continue;
        if (names[i].id == NULL)
            return false;
        snprintf(filled, size, "%.*s%s%s", (int)(at - target), target, names[i].id, at + strlen(names[i].name));
    }
    return true;
}

/* Every route for every role. What a row's `may` has not is 403; of another's project everything is 404. */
static void every_role_is_held_against_every_route(void **state)
{
    enum { M = CUTOVER_ROLE_MEMBER, O = CUTOVER_ROLE_OPERATOR, A = CUTOVER_ROLE_ORG_ADMIN };
    static const struct {
        const char *method, *target, *body;
        uint32_t may;
        bool of_all; /* of no project */
    } rows[] = {
        {"GET", "/v1/projects", NULL, M | O | A, true},
        {"GET", "/v1/projects/shop", NULL, M | O | A, false},
        {"GET", "/v1/projects/shop/previews", NULL, M | O | A, false},
        {"POST", "/v1/projects/shop/previews/next/extend", "{\"ttl_hours\":0}", M | O | A, false},
        {"GET", "/v1/projects/shop/audit-events", NULL, M | O | A, false},
        {"GET", "/v1/projects/shop/displaced-databases", NULL, M | O | A, false},
        {"DELETE", "/v1/projects/shop/displaced-databases/x", NULL, O, false},
        {"POST", "/v1/projects/shop/displaced-databases/expire", "{\"x\":1}", O, false},
        {"GET", "/v1/projects/shop/server", NULL, O | A, false},
        {"POST", "/v1/projects/shop/confirm-server", "{\"x\":1}", O, false},
        {"GET", "/v1/cutover-requests", NULL, O | A, true},
        {"GET", REQUESTS, NULL, M | O | A, false},
        {"POST", REQUESTS, "{}", M, false},
        {"GET", "/v1/cutover-requests/ID", NULL, M | O | A, false},
        {"POST", "/v1/cutover-requests/ID/ack", "{\"x\":1}", O, false},
        {"POST", "/v1/cutover-requests/ID/reject", "{\"x\":1}", O, false},
        {"POST", "/v1/cutover-requests/ID/cancel", "{\"x\":1}", M | O, false},
        {"POST", "/v1/cutover-requests/ID/ticket", "{\"x\":1}", M | O, false},
        {"POST", "/v1/cutover-requests/ID/reschedule", "{\"x\":1}", M | O, false},
        {"GET", "/v1/cutover-requests/ID/preflight", NULL, M | O | A, false},
        {"POST", "/v1/cutover-requests/ID/preflight", "{\"x\":1}", O, false},
        {"POST", "/v1/cutover-requests/ID/promote", "{\"x\":1}", O, false},
        {"POST", "/v1/cutover-requests/ID/release", "{\"x\":1}", O, false},
        {"POST", "/v1/cutover-requests/ID/rollback", "{\"x\":1}", O, false},
        {"GET", "/v1/projects/shop/backups", NULL, M | O | A, false},
        {"POST", "/v1/projects/shop/backups", "{\"x\":1}", O, false},
        {"GET", "/v1/backups/BACKUP", NULL, M | O | A, false},
        {"DELETE", "/v1/backups/BACKUP", "{}", O, false},
        {"POST", "/v1/backups/BACKUP/verify", "{\"x\":1}", O, false},
        {"POST", "/v1/projects/shop/restores", "{\"x\":1}", O | A, false},
        {"GET", "/v1/jobs", NULL, O | A, true},
        {"GET", "/v1/projects/shop/jobs", NULL, M | O | A, false},
        {"GET", "/v1/jobs/BACKUP", NULL, M | O | A, false},
        {"POST", "/v1/jobs/BACKUP/cancel", "{\"x\":1}", O, false},
        {"GET", "/v1/jobs/BACKUP/events", NULL, M | O | A, false},
        {"GET", "/v1/projects/shop/preflight?preview_id=none", NULL, M | O, false},
        {"POST", "/v1/jobs/BACKUP/abandon", "{\"x\":1}", O, false},
        {"POST", "/v1/recover", "{\"x\":1}", O, true},
        {"POST", "/v1/projects/shop/recover", "{\"x\":1}", O, false},
        {"GET", "/v1/leftovers?limit=0", NULL, O | A, true},
        {"GET", "/v1/projects/shop/leftovers", NULL, O | A, false},
        {"POST", "/v1/leftovers/LEFT/forget", "{\"x\":1}", O, false},
        {"POST", "/v1/leftovers/LEFT/retry", "{\"x\":1}", O, false},
        {"GET", "/v1/outbox?limit=0", NULL, O | A, true},
        {"POST", "/v1/outbox/retry", "{\"x\":1}", O, true},
        {"POST", "/v1/outbox/discard", "{\"x\":1}", O, true},
        {"GET", "/v1/projects/shop/outbox", NULL, O | A, false},
        {"POST", "/v1/projects/shop/outbox/retry", "{\"x\":1}", O, false},
        {"POST", "/v1/projects/shop/outbox/discard", "{\"x\":1}", O, false},
        {"GET", "/v1/keys", NULL, A, true},
        {"POST", "/v1/keys", "{\"x\":1}", A, true},
        {"GET", "/v1/keys/KEY", NULL, A, false},
        {"DELETE", "/v1/keys/KEY", "{}", A, false},
        {"GET", "/v1/projects/shop/webhook-endpoints", NULL, M | O | A, false},
        {"POST", "/v1/projects/shop/webhook-endpoints", "{\"x\":1}", O | A, false},
        {"GET", "/v1/webhook-endpoints/HOOK", NULL, M | O | A, false},
        {"PATCH", "/v1/webhook-endpoints/HOOK", "{\"x\":1}", O | A, false},
        {"DELETE", "/v1/webhook-endpoints/HOOK", "{}", O | A, false},
        {"POST", "/v1/webhook-endpoints/HOOK/rotate-secret", "{\"x\":1}", O | A, false},
        {"POST", "/v1/webhook-endpoints/HOOK/test", "{\"x\":1}", O | A, false},
        {"GET", "/v1/webhook-endpoints/HOOK/deliveries", NULL, M | O | A, false},
        {"GET", "/v1/webhook-endpoints/HOOK/deliveries/x", NULL, M | O | A, false},
        {"POST", "/v1/webhook-endpoints/HOOK/redeliver", "{\"x\":1}", O | A, false},
        {"GET", "/v1/projects/shop/integrations", NULL, M | O | A, false},
        {"GET", "/v1/projects/shop/integrations/vercel", NULL, M | O | A, false},
        {"POST", "/v1/projects/shop/integrations/vercel/connect", "{\"x\":1}", O | A, false},
        {"POST", "/v1/projects/shop/integrations/vercel/disconnect", "{\"x\":1}", O | A, false},
        {"POST", "/v1/projects/shop/integrations/vercel/sync", "{\"x\":1}", O | A, false},
    };
    static const char backup[] = "019d6f3c-0000-7000-8000-000000000001",
                      left[] = "019d6f3c-0000-7000-8000-000000000002:other";
    char *id = filed(state);
    struct caller *caller = as_operator(state);
    cutover_actor actor = {CUTOVER_ACTOR_VERSION, "somebody", CUTOVER_ACTOR_USER, 0};

    put_backup(*state, backup);
    put_document(*state, "leftover", left,
                 "{\"id\":\"019d6f3c-0000-7000-8000-000000000002:other\",\"project_id\":\"shop\","
                 "\"job_id\":\"019d6f3c-0000-7000-8000-000000000002\",\"kind\":\"other\","
                 "\"message\":\"a slot\",\"since\":\"2026-11-22T08:42:09.194607Z\"}");
    const struct named names[NAMED] = {{"ID", id},
                                       {"BACKUP", backup},
                                       {"KEY", put_key(*state)},
                                       {"HOOK", put_webhook(*state)},
                                       {"LEFT", left}};
    const size_t before = changes(caller);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char target[160];
        const bool there = fill_in(names, rows[i].target, target, sizeof target);
        /* What is asked for is not there, and those who may are told so. */
        const bool absent = strstr(target, "none") != NULL || strstr(target, "/vercel") != NULL ||
                            strstr(target, "deliveries/x") != NULL || strstr(target, "/preflight") != NULL;
        for (uint32_t roles = 0; roles < 8 && there; roles++) {
            actor.roles = roles;
            caller->actor = &actor;
            caller->project_id = "shop";
            unsigned status = ask(caller, rows[i].method, target, rows[i].body);
            const bool may = (roles & rows[i].may) != 0;
            if ((status == 403) == may || status == 405 || (status == 404 && !(may && absent)))
                fail_msg("%s %s as %u: %u", rows[i].method, target, (unsigned)roles, status);
            caller->project_id = "other";
            status = ask(caller, rows[i].method, target, rows[i].body);
            if (!rows[i].of_all && status != 404)
                fail_msg("%s %s as %u of another project: %u", rows[i].method, target, (unsigned)roles, status);
            if (rows[i].of_all && status == 200)
                assert_int_equal(said_items(caller), 0);
            /* Who is of no project, and operates nothing, sees none. */
            caller->project_id = NULL;
            status = ask(caller, rows[i].method, target, rows[i].body);
            if ((roles & (O | A)) == 0 && !rows[i].of_all && status != 404)
                fail_msg("%s %s as %u of no project: %u", rows[i].method, target, (unsigned)roles, status);
        }
    }
    /* That is all of the table, but for the document. */
    assert_int_equal(sizeof rows / sizeof *rows, route_count - 1);
    assert_int_equal(changes(caller), before);
    assert_int_equal(caller->work_count, 0);
    free((char *)names[2].id);
    free((char *)names[3].id);
    free(id);
}

int main(void)
{
#define IN_A_ROOM(test) cmocka_unit_test_setup_teardown(test, room_open, room_close)
    const struct CMUnitTest tests[] = {
        IN_A_ROOM(a_request_is_filed_read_and_listed),
        IN_A_ROOM(acts_on_a_request_answer_with_it_as_it_is_then),
        IN_A_ROOM(lists_go_on_where_the_page_before_ended),
        IN_A_ROOM(the_inventory_is_told_without_connection_strings),
        IN_A_ROOM(a_preview_is_extended_in_the_callers_name_and_never_shortened),
        IN_A_ROOM(a_key_is_made_shown_once_and_revoked),
        IN_A_ROOM(webhook_endpoints_are_made_changed_and_removed),
        IN_A_ROOM(integrations_are_connected_synced_and_forgotten),
        IN_A_ROOM(a_preview_is_looked_at_before_it_is_asked_for),
        IN_A_ROOM(what_preflight_found_is_read_by_whoever_sees_the_request),
        IN_A_ROOM(what_the_rules_refuse_has_its_status_and_changes_nothing),
        IN_A_ROOM(the_time_that_is_wished_for_holds_where_no_other_is_agreed_on),
        IN_A_ROOM(what_is_promoted_too_early_or_too_late_is_refused),
        IN_A_ROOM(an_outdated_page_acks_nothing),
        IN_A_ROOM(a_change_between_the_look_and_the_act_is_seen),
        IN_A_ROOM(what_has_not_changed_is_not_sent_again),
        IN_A_ROOM(an_act_has_nothing_that_it_must_not_match),
        IN_A_ROOM(the_same_key_gets_the_same_answer),
        IN_A_ROOM(a_key_is_its_actors_and_lives_for_a_day),
        IN_A_ROOM(an_act_that_failed_here_may_be_asked_again),
        IN_A_ROOM(what_was_begun_and_not_answered_is_not_done_again),
        IN_A_ROOM(a_job_whose_begin_was_not_answered_is_found_by_its_key),
        IN_A_ROOM(what_would_be_done_twice_is_not_tried_again_under_its_key),
        IN_A_ROOM(a_key_in_flight_is_refused),
        IN_A_ROOM(a_job_is_handed_over_and_told_of_before_it_has_a_record),
        IN_A_ROOM(a_job_that_waits_is_cancelled_before_it_begins),
        IN_A_ROOM(restores_say_what_they_overwrite),
        IN_A_ROOM(events_are_told_once_and_go_on_from_the_last_id),
        IN_A_ROOM(a_stream_ends_by_itself_and_the_client_goes_on_where_it_was),
        IN_A_ROOM(paths_are_decoded_once_and_played_no_tricks_with),
        IN_A_ROOM(queries_are_known_by_name),
        IN_A_ROOM(bodies_are_json_objects_of_known_members),
        IN_A_ROOM(types_sizes_and_headers_have_their_refusals),
        IN_A_ROOM(methods_that_a_path_has_not_are_told_those_that_it_has),
        IN_A_ROOM(nobody_sees_more_than_the_document),
        IN_A_ROOM(calls_without_what_they_need_are_errors_and_answer_nothing),
        IN_A_ROOM(what_the_host_has_not_is_unsupported),
        IN_A_ROOM(a_hosts_own_inventory_is_told_and_extended),
        IN_A_ROOM(a_job_of_which_little_is_known_is_lost),
        IN_A_ROOM(every_role_is_held_against_every_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
