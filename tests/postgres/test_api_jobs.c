/* Jobs over HTTP, with real servers: from a request to what takes it back, with its events, and what is done with backups. */
#include "support/caller.h"
#include "support/shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENTS_MAX 200
#define TRIES 3000

static const cutover_actor admin = {CUTOVER_ACTOR_VERSION, "ada", CUTOVER_ACTOR_USER,
                                    CUTOVER_ROLE_ORG_ADMIN | CUTOVER_ROLE_OPERATOR};

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

static void pause_ms(long ms)
{
    const struct timespec span = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&span, NULL);
}

/* ---- a job on a thread of the host's ---- */

struct running {
    cutover_api_work *work;
    cutover_status status;
    cutover_error *error;
    pthread_t thread;
};

static void *run(void *argument)
{
    struct running *running = argument;

    running->status = cutover_api_work_run(running->work, &running->error);
    return NULL;
}

static void begin_run(struct caller *caller, struct running *running)
{
    *running = (struct running){.work = caller->works[--caller->work_count]};
    assert_int_equal(pthread_create(&running->thread, NULL, run, running), 0);
}

static void end_run(struct running *running)
{
    assert_int_equal(pthread_join(running->thread, NULL), 0);
    check_ok(running->status, running->error);
    cutover_api_work_free(running->work);
}

/* ---- events ---- */

struct events {
    char *all[EVENTS_MAX]; /* whole, without their blank line */
    size_t count;
    bool ended;
};

static void take(struct events *events, const char *text)
{
    for (const char *at = text, *end; (end = strstr(at, "\n\n")) != NULL; at = end + 2) {
        if (strncmp(at, "id: ", 4) != 0)
            continue;
        assert_true(events->count < EVENTS_MAX);
        events->all[events->count++] = strndup(at, (size_t)(end - at));
    }
}

/* What there is now. */
static void read_events(cutover_api_stream *stream, struct events *events)
{
    cutover_error *error = NULL;
    const char *text = "";
    uint32_t wait = 0;

    while (wait == 0 && !events->ended) {
        check_ok(cutover_api_stream_next(stream, &text, &wait, &error), error);
        events->ended = text == NULL;
        if (text != NULL)
            take(events, text);
    }
}

static cutover_api_stream *open_stream(struct caller *caller, const char *job, const char *last)
{
    char target[120];

    snprintf(target, sizeof target, "/v1/jobs/%s/events", job);
    assert_int_equal(ask_with(caller, "GET", target, last == NULL ? NULL : "Last-Event-ID", last, NULL), 200);
    cutover_api_stream *stream = cutover_api_response_take_stream(caller->response);
    assert_non_null(stream);
    return stream;
}

static void free_events(struct events *events)
{
    for (size_t i = 0; i < events->count; i++)
        free(events->all[i]);
    *events = (struct events){.count = 0};
}

static bool is_progress(const char *event)
{
    return strstr(event, "\nevent: progress\n") != NULL;
}

/* How often there is an event with that text. */
static size_t times(const struct events *events, const char *text)
{
    size_t found = 0;

    for (size_t i = 0; i < events->count; i++)
        found += strstr(events->all[i], text) != NULL;
    return found;
}

/* A client that comes again with the id of any event gets all that came after it, and nothing else. */
static void check_resumes(struct caller *caller, const char *job, const struct events *told)
{
    for (size_t i = 0; i + 1 < told->count; i++) {
        struct events again = {.count = 0};
        char last[100];
        assert_int_equal(sscanf(told->all[i], "id: %99[^\n]", last), 1);
        cutover_api_stream *stream = open_stream(caller, job, last);
        read_events(stream, &again);
        assert_true(again.ended);
        cutover_api_stream_free(stream);
        for (size_t k = 0; k < told->count; k++) {
            const char *data = strstr(told->all[k], "\nevent: ");
            if (is_progress(told->all[k]) || strstr(data, "event: end") != NULL)
                continue;
            const size_t expected = k > i ? 1 : 0;
            if (times(&again, data) != expected)
                fail_msg("after %s: %zu times %s", last, times(&again, data), data);
        }
        assert_int_equal(times(&again, "\nevent: end\n"), 1);
        free_events(&again);
    }
}

/* ---- the whole of it ---- */

static void wait_for(struct caller *caller, const char *job, const char *status)
{
    for (int i = 0; i < TRIES; i++) {
        assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
        if (strcmp(said(caller, "status"), status) == 0)
            return;
        assert_false(json_object_get_boolean(json_object_object_get(caller->json, "over")));
        pause_ms(10);
    }
    fail_msg("job %s does not become %s", job, status);
}

static void make(struct shop *shop)
{
    shop_database(cluster, "web_production", shop_production_sql());
    shop_database(cluster, "web_preview", shop_preview_sql());
    shop_project(shop, "web", cluster_conninfo(cluster, "web_production"));
    shop_preview(shop, "next", "web", cluster_conninfo(cluster, "web_preview"), 0);
}

/* Production is what the last job left, on the server that is known; another one is not there. */
static void check_server(struct caller *caller)
{
    char *system = cluster_value(cluster, "postgres", "SELECT system_identifier FROM pg_control_system()");

    assert_int_equal(ask(caller, "GET", "/v1/projects/web/server", NULL), 200);
    assert_string_equal(said(caller, "outcome"), "stands");
    assert_int_equal(ask_for(caller, "POST", "{\"system_identifier\":\"7\",\"reason\":\"it moved\"}",
                             "/v1/projects/web/confirm-server"),
                     409);
    check_problem(caller, 409, "CUTOVER_E_CONFLICT", NULL);
    char body[120];
    snprintf(body, sizeof body, "{\"system_identifier\":\"%s\",\"reason\":\"it moved\"}", system);
    assert_int_equal(ask(caller, "POST", "/v1/projects/web/confirm-server", body), 200);
    assert_string_equal(said(caller, "id"), "web");
    free(system);
}

static void from_a_request_to_its_promotion_and_back(void **state)
{
    struct shop *shop = *state;
    struct running running;
    struct events told = {.count = 0};
    char id[64], job[64], target[140], tag[32];
    cutover_error *error = NULL;

    make(shop);
    struct caller *caller = caller_new(shop->engine, &shop->store, &shop->known, shop->registry, NULL, NULL);
    caller->actor = &shop_member;
    caller->project_id = "web";
    assert_int_equal(
        ask(caller, "POST", "/v1/projects/web/cutover-requests",
            "{\"preview_id\":\"next\",\"customer_note\":\"please\",\"external_ticket_ref\":\"T-1\"}"),
        201);
    snprintf(id, sizeof id, "%s", said(caller, "id"));
    snprintf(tag, sizeof tag, "%s", said_header(caller, "ETag"));
    caller->actor = &shop_operator;
    caller->project_id = NULL;
    snprintf(target, sizeof target, "/v1/cutover-requests/%s/ack", id);
    assert_int_equal(ask_with(caller, "POST", target, "If-Match", tag, NULL), 200);
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/projects/web/preflight?preview_id=next"), 200);
    assert_string_not_equal(said(caller, "severity"), "block");

    assert_int_equal(ask_for(caller, "POST", "{\"hold\":true,\"verify\":\"readback\"}",
                             "/v1/cutover-requests/%s/promote", id),
                     202);
    snprintf(job, sizeof job, "%s", said(caller, "id"));
    cutover_api_stream *stream = open_stream(caller, job, NULL);
    read_events(stream, &told);
    begin_run(caller, &running);
    wait_for(caller, job, "held");
    read_events(stream, &told);
    assert_int_equal(times(&told, "\"step\":\"held\"}"), 1);
    assert_int_equal(ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/release", id), 200);
    end_run(&running);
    while (!told.ended)
        read_events(stream, &told);
    cutover_api_stream_free(stream);
    static const char *const steps[] = {"waiting", "preflight", "lock", "stage", "check",
                                        "backup",  "verify",    "held", "swap",  "finish"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        char text[60];
        snprintf(text, sizeof text, "\"step\":\"%s\"}", steps[i]);
        if (times(&told, text) != 1)
            fail_msg("%zu times %s", times(&told, text), text);
    }
    assert_int_equal(times(&told, "\"cutover.promote_started\""), 1);
    assert_int_equal(times(&told, "\"production_overwrite_restore\""), 1);
    assert_int_equal(times(&told, "\nevent: end\n"), 1);
    assert_true(times(&told, "\nevent: progress\n") > 0);
    check_resumes(caller, job, &told);
    free_events(&told);
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/jobs/%s", job), 200);
    assert_string_equal(said(caller, "status"), "completed");
    char *content = cluster_value(cluster, "web_production", "SELECT name FROM generation LIMIT 1");
    assert_string_equal(content, "new");
    free(content);

    /* Back again, and what that displaced is dropped. */
    cluster_sql(cluster, "web_production", "CREATE TABLE written_since ()");
    ask_for(caller, "POST", NULL, "/v1/cutover-requests/%s/rollback", id);
    check_problem(caller, 409, "CUTOVER_E_STATE", NULL);
    assert_int_equal(
        ask_for(caller, "POST", "{\"discard_writes\":true}", "/v1/cutover-requests/%s/rollback", id), 202);
    check_ok(run_work(caller, &error), error);
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/cutover-requests/%s", id), 200);
    assert_string_equal(said(caller, "status"), "rolled_back");
    check_server(caller);
    assert_int_equal(
        ask(caller, "POST", "/v1/projects/web/displaced-databases/expire", "{\"older_than_hours\":1}"), 200);
    assert_int_equal(said_items(caller), 0); /* it is younger */
    assert_int_equal(ask(caller, "GET", "/v1/projects/web/displaced-databases?limit=10", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    snprintf(target, sizeof target, "/v1/projects/web/displaced-databases/%s", said_item(caller, 0, "name"));
    assert_int_equal(ask(caller, "DELETE", target, NULL), 204);
    assert_int_equal(ask(caller, "DELETE", target, NULL), 404);
    assert_int_equal(ask(caller, "POST", "/v1/projects/web/recover", NULL), 200);
    assert_int_equal(said_items(caller), 0);
    caller_free(caller);
}

/* A document of the store, kept to be put there again. */
struct taken {
    char id[80];
    char *body;
};

static cutover_status take_document(const cutover_document *document, void *context)
{
    struct taken *taken = context;

    snprintf(taken->id, sizeof taken->id, "%s", document->id);
    free(taken->body);
    taken->body = strdup(document->body);
    return CUTOVER_OK;
}

/* What is told of a job without a record is still there where its process was killed right after the job's end. */
static void check_ends_with_its_record(struct caller *caller, const struct shop *shop, const char *location,
                                       const struct taken *waiting)
{
    const cutover_write write = {CUTOVER_WRITE_VERSION, "waiting_job", waiting->id, "web", 0, waiting->body};
    const cutover_write *const writes[] = {&write};
    struct events events = {.count = 0};
    cutover_error *error = NULL;

    assert_non_null(strstr(location, waiting->id));
    check_ok(shop->store.commit(writes, 1, &error, shop->store.userdata), error);
    cutover_api_stream *stream = open_stream(caller, waiting->id, NULL);
    read_events(stream, &events);
    assert_true(events.ended);
    assert_int_equal(times(&events, "\nevent: end\n"), 1);
    free_events(&events);
    cutover_api_stream_free(stream);
}

static void backups_are_taken_verified_restored_and_deleted(void **state)
{
    struct shop *shop = *state;
    char backup[64];
    cutover_error *error = NULL;

    make(shop);
    struct caller *caller = caller_new(shop->engine, &shop->store, &shop->known, shop->registry, NULL, NULL);
    caller->actor = &admin;
    assert_int_equal(
        ask(caller, "POST", "/v1/projects/web/backups", "{\"label\":\"before\",\"verify\":\"readback\"}"), 202);
    assert_string_equal(said(caller, "kind"), "backup");
    snprintf(backup, sizeof backup, "%s", said(caller, "id"));
    check_ok(run_work(caller, &error), error);
    assert_int_equal(ask_for(caller, "GET", NULL, "/v1/backups/%s", backup), 200);
    assert_string_equal(said(caller, "status"), "verified");
    assert_string_equal(said(caller, "label"), "before");
    assert_int_equal(ask_for(caller, "POST", "{\"verify\":\"readback\"}", "/v1/backups/%s/verify", backup),
                     202);
    assert_string_equal(said(caller, "kind"), "verification");
    char location[100];
    snprintf(location, sizeof location, "%s", said_header(caller, "Location"));
    struct taken waiting = {.body = NULL};
    check_ok(
        shop->store.list("waiting_job", NULL, "", 10, take_document, &waiting, &error, shop->store.userdata),
        error);
    check_ok(run_work(caller, &error), error);
    assert_int_equal(ask(caller, "GET", location, NULL), 200);
    assert_string_equal(said(caller, "kind"), "verification");
    assert_true(json_object_get_boolean(json_object_object_get(caller->json, "over")));
    check_ends_with_its_record(caller, shop, location, &waiting);
    free(waiting.body);

    cluster_sql(cluster, "web_production", "CREATE TABLE written_since ()");
    char body[200];
    snprintf(body, sizeof body, "{\"backup_id\":\"%s\",\"target_kind\":\"project\",\"verify\":\"readback\"}",
             backup);
    ask(caller, "POST", "/v1/projects/web/restores", body);
    check_problem(caller, 422, "CUTOVER_E_INVALID", "confirm");
    snprintf(body, sizeof body,
             "{\"backup_id\":\"%s\",\"target_kind\":\"project\",\"confirm\":true,\"verify\":\"readback\"}",
             backup);
    caller->actor = &shop_operator;
    ask(caller, "POST", "/v1/projects/web/restores", body);
    check_problem(caller, 403, "CUTOVER_E_FORBIDDEN", NULL);
    caller->actor = &admin;
    assert_int_equal(ask(caller, "POST", "/v1/projects/web/restores", body), 202);
    check_ok(run_work(caller, &error), error);
    char *there = cluster_value(cluster, "web_production",
                                "SELECT count(*) FROM pg_class WHERE relname = 'written_since'");
    assert_string_equal(there, "0");
    free(there);
    assert_int_equal(ask_for(caller, "DELETE", NULL, "/v1/backups/%s", backup), 204);
    assert_int_equal(ask(caller, "GET", "/v1/projects/web/backups?status=deleted", NULL), 200);
    assert_int_equal(said_items(caller), 1);
    caller_free(caller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_a_request_to_its_promotion_and_back, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(backups_are_taken_verified_restored_and_deleted, shop_setup,
                                        shop_teardown),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
