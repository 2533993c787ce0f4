#include "support/agree.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/told.h"

#include <cutover.h>

#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rules of requests (DESIGN.md section 3) through the public interface: a store that counts its commits, a platform that
   answers what the test says, a clock that the test moves. No server. */

#define SECOND INT64_C(1000000)
#define NOW (INT64_C(1790000000) * SECOND)
#define THREADS 16

struct world {
    cutover_store store; /* behind the counting one */
    atomic_int commits;
    int64_t now;
    /* What the platform says. */
    const char *project_state;
    bool project_is_there, preview_is_there;
    const char *preview_project, *preview_state;
    int64_t preview_expires_at;
    cutover_status platform_fails; /* CUTOVER_OK: it does not */
    void (*meanwhile)(struct world *world,
                      const char *request_id); /* once, while the platform is asked for a preview */
    const char *meanwhile_id;
    char log[512];                    /* the last line */
    cutover_engine *engine, *lenient; /* the second without four eyes */
};

static const cutover_actor member = {CUTOVER_ACTOR_VERSION, "carla", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
static const cutover_actor other_member = {CUTOVER_ACTOR_VERSION, "mona", CUTOVER_ACTOR_API_KEY,
                                           CUTOVER_ROLE_MEMBER};
static const cutover_actor operator_actor = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                             CUTOVER_ROLE_OPERATOR};
static const cutover_actor both = {CUTOVER_ACTOR_VERSION, "bea", CUTOVER_ACTOR_USER,
                                   CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR};
static const cutover_actor admin = {CUTOVER_ACTOR_VERSION, "ada", CUTOVER_ACTOR_USER, CUTOVER_ROLE_ORG_ADMIN};
static const cutover_actor nobody = {CUTOVER_ACTOR_VERSION, "nick", CUTOVER_ACTOR_USER, 0};

/* ---- the ports ---- */

static cutover_status counting_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                   cutover_error **error, void *userdata)
{
    const cutover_store *store = &((struct world *)userdata)->store;

    return store->get(kind, id, emit, context, error, store->userdata);
}

static cutover_status counting_list(const char *kind, const char *project_id, const char *after_id,
                                    uint32_t limit, cutover_document_emit emit, void *context,
                                    cutover_error **error, void *userdata)
{
    const cutover_store *store = &((struct world *)userdata)->store;

    return store->list(kind, project_id, after_id, limit, emit, context, error, store->userdata);
}

static cutover_status counting_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                      void *userdata)
{
    struct world *world = userdata;
    cutover_status status = world->store.commit(writes, count, error, world->store.userdata);

    if (status == CUTOVER_OK)
        world->commits++;
    return status;
}

static void close_nothing(void *userdata)
{
    (void)userdata;
}

static void world_log(cutover_log_level level, const char *line, void *userdata)
{
    struct world *world = userdata;

    (void)level;
    snprintf(world->log, sizeof world->log, "%s", line);
}

static int64_t world_clock(void *userdata)
{
    return ((struct world *)userdata)->now;
}

static cutover_status platform_says(const struct world *world, bool there, cutover_error **error)
{
    cutover_status status = world->platform_fails != CUTOVER_OK ? world->platform_fails
                            : there                             ? CUTOVER_OK
                                                                : CUTOVER_E_NOT_FOUND;

    if (status != CUTOVER_OK)
        *error = cutover_error_new(status, "the platform says no", NULL, NULL);
    return status;
}

static cutover_status project_get(const char *id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const struct world *world = userdata;
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_status status = platform_says(world, world->project_is_there, error);

    project.id = id;
    project.organization_id = "acme";
    project.state = world->project_state;
    project.database = "host=/nonexistent dbname=shop";
    return status != CUTOVER_OK ? status : emit(&project, context);
}

static cutover_status project_set_state(const char *id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    (void)id;
    (void)expected;
    (void)next;
    (void)job_id;
    return platform_says(userdata, false, error);
}

static cutover_status preview_get(const char *id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    struct world *world = userdata;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    void (*meanwhile)(struct world *, const char *) = world->meanwhile;

    world->meanwhile = NULL;
    if (meanwhile != NULL)
        meanwhile(world, world->meanwhile_id);
    cutover_status status = platform_says(world, world->preview_is_there, error);
    preview.id = id;
    preview.project_id = world->preview_project;
    preview.state = world->preview_state;
    preview.database = "host=/nonexistent dbname=next";
    preview.expires_at = world->preview_expires_at;
    return status != CUTOVER_OK ? status : emit(&preview, context);
}

/* ---- the world ---- */

static cutover_engine *engine_on(struct world *world, const cutover_store *store, uint32_t policy)
{
    cutover_platform platform = CUTOVER_PLATFORM_INIT;
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;

    platform.userdata = world;
    platform.project_get = project_get;
    platform.project_set_state = project_set_state;
    platform.preview_get = preview_get;
    check_ok(cutover_repository_directory_open(cluster_temp_dir(), &repository, &error), error);
    options.store = store;
    options.repository = &repository;
    options.platform = &platform;
    options.policy = policy | CUTOVER_POLICY_VOLATILE_STORE;
    options.clock = world_clock;
    options.clock_userdata = world;
    options.log = world_log;
    options.log_userdata = world;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    /* No test here reads or writes a backup. */
    cutover_repository_close(&repository);
    return engine;
}

static struct world *new_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    cutover_error *error = NULL;

    assert_non_null(world);
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    check_ok(cutover_store_memory_open(&world->store, &error), error);
    world->now = NOW;
    world->project_state = "active";
    world->project_is_there = world->preview_is_there = true;
    world->preview_project = "shop";
    world->preview_state = "ready";
    return world;
}

static int open_world(void **state)
{
    struct world *world = new_world();
    cutover_store counting = CUTOVER_STORE_INIT;

    counting.userdata = world;
    counting.get = counting_get;
    counting.list = counting_list;
    counting.commit = counting_commit;
    counting.close = close_nothing;
    world->engine = engine_on(world, &counting, 0);
    world->lenient = engine_on(world, &counting, CUTOVER_POLICY_ACK_BY_REQUESTER);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    told_everything(world->engine);
    cutover_engine_free(world->engine);
    cutover_engine_free(world->lenient);
    cutover_store_close(&world->store);
    free(world);
    return 0;
}

static cutover_request_options wish(void)
{
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;

    options.actor = &member;
    options.project_id = "shop";
    options.preview_id = "next";
    options.external_ticket_ref = "T-1";
    return options;
}

static char *file_request(struct world *world, const cutover_request_options *options)
{
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_request_create(world->engine, options, &request, &error), error);
    char *id = strdup(cutover_request_id(request));
    cutover_request_free(request);
    return id;
}

static char *open_request(struct world *world)
{
    cutover_request_options options = wish();

    return file_request(world, &options);
}

static char *acked_request(struct world *world)
{
    char *id = open_request(world);
    cutover_error *error = NULL;

    check_ok(agree(world->engine, &operator_actor, id, NULL, 0, NULL, &error), error);
    return id;
}

static void check_request_is(struct world *world, const char *id, const char *status)
{
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_request_get(world->engine, id, &request, &error), error);
    assert_string_equal(cutover_request_status(request), status);
    cutover_request_free(request);
}

static cutover_status add_action(const cutover_audit_entry *entry, void *context)
{
    char **list = context, *longer = NULL;

    assert_true(
        asprintf(&longer, "%s%s%s", *list != NULL ? *list : "", *list != NULL ? " " : "", entry->action) > 0);
    free(*list);
    *list = longer;
    return CUTOVER_OK;
}

static void check_audit_is(cutover_engine *engine, const char *expected)
{
    cutover_error *error = NULL;
    char *list = NULL;

    check_ok(cutover_audit_list(engine, "shop", NULL, 1000, add_action, &list, &error), error);
    assert_string_equal(list != NULL ? list : "", expected);
    free(list);
}

static cutover_status last_actor(const cutover_audit_entry *entry, void *context)
{
    snprintf(context, 64, "%s %s:%s", entry->action, entry->actor_kind, entry->actor_id);
    return CUTOVER_OK;
}

/* A refusal: its status, something to do about it, and no trace in the store. */
#define CHECK_REFUSED(world, call, status, part)                                                               \
    check_refused(world, (world)->commits, call, status, &error, part)

static void check_refused(struct world *world, int commits, cutover_status found, cutover_status expected,
                          cutover_error **error, const char *part)
{
    check_status_keep(found, expected, *error);
    check_contains(cutover_error_message(*error), part);
    if (expected != CUTOVER_E_INVALID && expected != CUTOVER_E_NOT_FOUND && expected != CUTOVER_E_CALLBACK)
        assert_non_null(cutover_error_hint(*error));
    assert_int_equal(world->commits, commits);
    cutover_error_free(*error);
    *error = NULL;
}

/* ---- filing ---- */

static void a_request_is_filed_with_all_its_fields(void **state)
{
    static const char *const fields[] = {"id",
                                         "organization_id",
                                         "project_id",
                                         "preview_database_id",
                                         "status",
                                         "customer_note",
                                         "external_ticket_ref",
                                         "operator_note",
                                         "rejected_reason",
                                         "scheduled_for",
                                         "requested_by_actor_id",
                                         "requested_by_actor_kind",
                                         "ack_at",
                                         "ack_by_user_id",
                                         "pre_cutover_backup_id",
                                         "promote_job_id",
                                         "failure",
                                         "created_at",
                                         "updated_at",
                                         "completed_at"};
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    options.customer_note = "please \xe2\x9c\x93";
    check_ok(cutover_request_create(world->engine, &options, &request, &error), error);
    struct json_object *json = json_tokener_parse(cutover_request_json(request));
    assert_non_null(json);
    assert_int_equal(json_object_object_length(json), sizeof fields / sizeof *fields);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_true(json_object_object_get_ex(json, fields[i], NULL));
    assert_string_equal(json_object_get_string(json_object_object_get(json, "created_at")),
                        "2026-09-21T14:13:20.000000Z");
    assert_string_equal(json_object_get_string(json_object_object_get(json, "requested_by_actor_kind")),
                        "user");
    json_object_put(json);
    assert_string_equal(cutover_request_status(request), "open");
    assert_string_equal(cutover_request_organization_id(request), "acme");
    assert_string_equal(cutover_request_project_id(request), "shop");
    assert_string_equal(cutover_request_preview_id(request), "next");
    assert_string_equal(cutover_request_customer_note(request), "please \xe2\x9c\x93");
    assert_string_equal(cutover_request_ticket(request), "T-1");
    assert_int_equal(cutover_request_created_at(request), NOW);
    assert_int_equal(cutover_request_completed_at(request), 0);
    assert_null(cutover_request_operator_note(request));
    assert_null(cutover_request_backup_id(request));
    assert_null(cutover_request_promotion_id(request));
    assert_int_equal(world->commits, 1);
    check_audit_is(world->engine, "cutover.requested");
    cutover_request_free(request);
}

static void only_members_file_requests(void **state)
{
    struct world *world = *state;
    const cutover_actor *const others[] = {&operator_actor, &admin, &nobody};
    cutover_error *error = NULL;

    for (size_t i = 0; i < 3; i++) {
        cutover_request_options options = wish();
        options.actor = others[i];
        CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_FORBIDDEN,
                      others[i]->id);
    }
}

static void an_actor_needs_an_id_and_a_kind(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    options.actor = NULL;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                  "options.actor: required");
    cutover_actor actor = member;
    options.actor = &actor;
    actor.id = NULL;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                  "actor.id");
    actor.id = "";
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                  "actor.id");
    actor = member;
    actor.kind = (cutover_actor_kind)0;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                  "actor.kind");
    actor = member;
    actor.version = CUTOVER_ACTOR_VERSION + 1;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_UNSUPPORTED,
                  "options.actor.version");
}

static void the_project_must_be_there_and_active(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    world->project_is_there = false;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_NOT_FOUND,
                  "shop");
    world->project_is_there = true;
    world->project_state = "paused";
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_STATE,
                  "paused");
    world->project_state = "restoring";
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_LOCKED,
                  "restoring");
}

static void the_preview_must_be_there_ready_and_of_the_project(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    world->preview_is_there = false;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_NOT_FOUND,
                  "next");
    world->preview_is_there = true;
    world->preview_state = "building";
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_STATE,
                  "building");
    world->preview_state = "ready";
    world->preview_project = "else";
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_STATE,
                  "else");
}

/* The time to live ends at its microsecond. */
static void the_preview_must_be_unexpired(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    world->preview_expires_at = world->now;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_EXPIRED,
                  "next");
    world->preview_expires_at = world->now - 1;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_EXPIRED,
                  "next");
    world->preview_expires_at = world->now + 1;
    free(file_request(world, &options));
}

/* What a host's callback returns is told as that. */
static void a_platform_that_fails_is_named(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    world->platform_fails = CUTOVER_E_IO;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_CALLBACK,
                  "platform.project_get: the platform says no");
    world->platform_fails = (cutover_status)77;
    CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_CALLBACK,
                  "platform.project_get");
}

/* ---- lengths ---- */

static char *repeat(const char *character, size_t count)
{
    size_t length = strlen(character);
    char *text = malloc(length * count + 1), *end = text;

    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, character);
    *end = '\0';
    return text;
}

static const char *const characters[] = {"x", "\xf0\x9f\x98\x80"}; /* one byte, four bytes */

static void notes_have_at_most_1000_characters(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    for (size_t i = 0; i < 2; i++) {
        char *most = repeat(characters[i], 1000), *more = repeat(characters[i], 1001);
        cutover_request_options options = wish();
        options.customer_note = more;
        CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                      "customer_note");
        options.customer_note = most;
        char *id = file_request(world, &options);
        CHECK_REFUSED(world, agree(world->engine, &operator_actor, id, more, 0, NULL, &error),
                      CUTOVER_E_INVALID, "operator_note");
        cutover_request *request = NULL;
        check_ok(agree(world->engine, &operator_actor, id, most, 0, &request, &error), error);
        assert_string_equal(cutover_request_operator_note(request), most);
        cutover_request_free(request);
        CHECK_REFUSED(world, cutover_request_reject(world->engine, &operator_actor, id, more, NULL, &error),
                      CUTOVER_E_INVALID, "rejected_reason");
        check_ok(cutover_request_reject(world->engine, &operator_actor, id, most, &request, &error), error);
        assert_string_equal(cutover_request_rejected_reason(request), most);
        cutover_request_free(request);
        free(id);
        free(most);
        free(more);
    }
}

static void tickets_have_at_most_120_characters(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    for (size_t i = 0; i < 2; i++) {
        char *most = repeat(characters[i], 120), *more = repeat(characters[i], 121);
        cutover_request_options options = wish();
        cutover_request *request = NULL;
        options.external_ticket_ref = more;
        CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                      "external_ticket_ref");
        options.external_ticket_ref = most;
        char *id = file_request(world, &options);
        CHECK_REFUSED(world, cutover_request_set_ticket(world->engine, &member, id, more, NULL, &error),
                      CUTOVER_E_INVALID, "external_ticket_ref");
        CHECK_REFUSED(world, cutover_request_set_ticket(world->engine, &member, id, "", NULL, &error),
                      CUTOVER_E_INVALID, "external_ticket_ref");
        check_ok(cutover_request_set_ticket(world->engine, &member, id, most, &request, &error), error);
        assert_string_equal(cutover_request_ticket(request), most);
        cutover_request_free(request);
        check_ok(cutover_request_cancel(world->engine, &member, id, NULL, &error), error);
        free(id);
        free(most);
        free(more);
    }
}

static void text_that_is_no_utf8_is_refused(void **state)
{
    static const char *const texts[] = {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    struct world *world = *state;
    cutover_error *error = NULL;
    char *id = open_request(world);

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cutover_request_options options = wish();
        options.customer_note = texts[i];
        CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                      "customer_note");
        options = wish();
        options.external_ticket_ref = texts[i];
        CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_INVALID,
                      "external_ticket_ref");
        CHECK_REFUSED(world, cutover_request_set_ticket(world->engine, &member, id, texts[i], NULL, &error),
                      CUTOVER_E_INVALID, "external_ticket_ref");
        CHECK_REFUSED(world, cutover_request_reject(world->engine, &operator_actor, id, texts[i], NULL, &error),
                      CUTOVER_E_INVALID, "rejected_reason");
        CHECK_REFUSED(world, agree(world->engine, &operator_actor, id, texts[i], 0, NULL, &error),
                      CUTOVER_E_INVALID, "operator_note");
    }
    free(id);
}

/* ---- what operators do ---- */

static void an_operator_acks_with_a_note(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    world->now += 5 * SECOND;
    check_ok(agree(world->engine, &operator_actor, id, "go", world->now + SECOND, &request, &error), error);
    assert_string_equal(cutover_request_status(request), "acked");
    assert_string_equal(cutover_request_operator_note(request), "go");
    assert_int_equal(cutover_request_scheduled_for(request), world->now + SECOND);
    assert_int_equal(cutover_request_updated_at(request), world->now);
    check_contains(cutover_request_json(request), "\"ack_by_user_id\":\"olga\"");
    check_audit_is(world->engine, "cutover.requested cutover.acked");
    cutover_request_free(request);
    free(id);
}

static void only_operators_ack_and_reject(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    const cutover_actor *const others[] = {&member, &other_member, &admin, &nobody};
    cutover_error *error = NULL;

    for (size_t i = 0; i < 4; i++) {
        CHECK_REFUSED(world, agree(world->engine, others[i], id, NULL, 0, NULL, &error), CUTOVER_E_FORBIDDEN,
                      others[i]->id);
        CHECK_REFUSED(world, cutover_request_reject(world->engine, others[i], id, "no", NULL, &error),
                      CUTOVER_E_FORBIDDEN, others[i]->id);
    }
    check_request_is(world, id, "open");
    free(id);
}

static void four_eyes_are_needed_unless_the_policy_says_otherwise(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    options.actor = &both;
    char *id = file_request(world, &options);
    CHECK_REFUSED(world, agree(world->engine, &both, id, NULL, 0, NULL, &error), CUTOVER_E_FORBIDDEN, "bea");
    check_ok(agree(world->lenient, &both, id, NULL, 0, NULL, &error), error);
    check_request_is(world, id, "acked");
    free(id);
}

static void acking_looks_at_the_preview_again(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    world->preview_state = "broken";
    CHECK_REFUSED(world, agree(world->engine, &operator_actor, id, NULL, 0, NULL, &error), CUTOVER_E_STATE,
                  "broken");
    world->preview_state = "ready";
    world->preview_expires_at = world->now;
    CHECK_REFUSED(world, agree(world->engine, &operator_actor, id, NULL, 0, NULL, &error), CUTOVER_E_EXPIRED,
                  "next");
    free(id);
}

static void an_agreed_time_is_ahead_and_before_the_preview_expires(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    world->preview_expires_at = world->now + 100 * SECOND;
    CHECK_REFUSED(world, agree(world->engine, &operator_actor, id, NULL, world->now, NULL, &error),
                  CUTOVER_E_INVALID, "scheduled_for");
    CHECK_REFUSED(world, agree(world->engine, &operator_actor, id, NULL, -1, NULL, &error), CUTOVER_E_INVALID,
                  "scheduled_for");
    CHECK_REFUSED(world,
                  agree(world->engine, &operator_actor, id, NULL, world->preview_expires_at, NULL, &error),
                  CUTOVER_E_EXPIRED, "expires at");
    check_ok(agree(world->engine, &operator_actor, id, NULL, world->preview_expires_at - 1, NULL, &error),
             error);
    free(id);
}

static void a_rejection_has_a_reason(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    CHECK_REFUSED(world, cutover_request_reject(world->engine, &operator_actor, id, NULL, NULL, &error),
                  CUTOVER_E_INVALID, "rejected_reason");
    CHECK_REFUSED(world, cutover_request_reject(world->engine, &operator_actor, id, "", NULL, &error),
                  CUTOVER_E_INVALID, "rejected_reason");
    CHECK_REFUSED(world, cutover_request_reject(world->engine, &operator_actor, id, " \t ", NULL, &error),
                  CUTOVER_E_INVALID, "rejected_reason");
    CHECK_REFUSED(world, cutover_request_set_ticket(world->engine, &operator_actor, id, "  ", NULL, &error),
                  CUTOVER_E_INVALID, "external_ticket_ref");
    check_ok(cutover_request_reject(world->engine, &operator_actor, id, "not on a Friday", NULL, &error),
             error);
    check_request_is(world, id, "rejected");
    check_audit_is(world->engine, "cutover.requested cutover.rejected");
    free(id);
}

static void an_acked_request_can_be_rejected_and_cancelled(void **state)
{
    struct world *world = *state;
    char *one = acked_request(world);
    cutover_error *error = NULL;

    check_ok(cutover_request_reject(world->engine, &operator_actor, one, "no", NULL, &error), error);
    char *other = acked_request(world);
    check_ok(cutover_request_cancel(world->engine, &member, other, NULL, &error), error);
    check_request_is(world, one, "rejected");
    check_request_is(world, other, "cancelled");
    free(one);
    free(other);
}

static void a_request_is_cancelled_by_its_requester_or_an_operator(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    CHECK_REFUSED(world, cutover_request_cancel(world->engine, &other_member, id, NULL, &error),
                  CUTOVER_E_FORBIDDEN, "mona");
    CHECK_REFUSED(world, cutover_request_cancel(world->engine, &admin, id, NULL, &error), CUTOVER_E_FORBIDDEN,
                  "ada");
    check_ok(cutover_request_cancel(world->engine, &operator_actor, id, NULL, &error), error);
    free(id);
    id = open_request(world);
    check_ok(cutover_request_cancel(world->engine, &member, id, NULL, &error), error);
    check_audit_is(world->engine, "cutover.requested cutover.cancelled cutover.requested cutover.cancelled");
    free(id);
}

static void what_is_over_stays_over(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    check_ok(cutover_request_cancel(world->engine, &member, id, NULL, &error), error);
    CHECK_REFUSED(world, agree(world->engine, &operator_actor, id, NULL, 0, NULL, &error), CUTOVER_E_STATE,
                  "cancelled");
    CHECK_REFUSED(world, cutover_request_reject(world->engine, &operator_actor, id, "no", NULL, &error),
                  CUTOVER_E_STATE, "cancelled");
    CHECK_REFUSED(world, cutover_request_cancel(world->engine, &member, id, NULL, &error), CUTOVER_E_STATE,
                  "cancelled");
    CHECK_REFUSED(world, cutover_request_set_ticket(world->engine, &member, id, "T", NULL, &error),
                  CUTOVER_E_STATE, "cancelled");
    free(id);
}

/* ---- promoting ---- */

static cutover_status start(struct world *world, const cutover_actor *actor, const char *id,
                            cutover_error **error)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *promotion = NULL;

    options.actor = actor;
    options.request_id = id;
    cutover_status status = cutover_promotion_start(world->engine, &options, &promotion, error);
    cutover_promotion_free(promotion);
    return status;
}

static void only_operators_promote_what_is_acked(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_STATE, "open");
    check_ok(agree(world->engine, &operator_actor, id, NULL, 0, NULL, &error), error);
    CHECK_REFUSED(world, start(world, &member, id, &error), CUTOVER_E_FORBIDDEN, "carla");
    CHECK_REFUSED(world, start(world, &admin, id, &error), CUTOVER_E_FORBIDDEN, "ada");
    CHECK_REFUSED(world, cutover_promotion_release(world->engine, &operator_actor, id, &error), CUTOVER_E_STATE,
                  "acked");
    check_ok(start(world, &operator_actor, id, &error), error);
    free(id);
}

static void promoting_needs_a_ticket_which_may_come_late(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    options.external_ticket_ref = NULL;
    char *id = file_request(world, &options);
    check_ok(agree(world->engine, &operator_actor, id, NULL, 0, NULL, &error), error);
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_STATE, "ticket");
    check_ok(cutover_request_set_ticket(world->engine, &other_member, id, "T-2", NULL, &error), error);
    check_ok(start(world, &operator_actor, id, &error), error);
    free(id);
}

static void promoting_waits_for_the_agreed_time(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    check_ok(agree(world->engine, &operator_actor, id, NULL, world->now + 10, NULL, &error), error);
    world->now += 9;
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_STATE, "agreed for");
    world->now += 1;
    check_ok(start(world, &operator_actor, id, &error), error);
    free(id);
}

/* The last entry of the audit trail, and its data. */
static cutover_status keep_last(const cutover_audit_entry *entry, void *context)
{
    char *text = context;

    snprintf(text, 1000, "%s", entry->json);
    return CUTOVER_OK;
}

static void check_last_entry(struct world *world, const char *action, const char *actor, const char *data)
{
    char text[1000] = "";
    cutover_error *error = NULL;

    check_ok(cutover_audit_list(world->engine, "shop", NULL, 100, keep_last, text, &error), error);
    check_contains(text, action);
    check_contains(text, actor);
    check_contains(text, data);
}

static void an_agreed_time_is_changed_by_either_side(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    CHECK_REFUSED(world,
                  cutover_request_reschedule(world->engine, &member, id, world->now + SECOND, NULL, &error),
                  CUTOVER_E_STATE, "open");
    check_ok(agree(world->engine, &operator_actor, id, NULL, world->now + 100, NULL, &error), error);
    check_ok(cutover_request_reschedule(world->engine, &member, id, world->now + 50, &request, &error), error);
    assert_int_equal(cutover_request_scheduled_for(request), world->now + 50);
    assert_string_equal(cutover_request_status(request), "acked");
    cutover_request_free(request);
    check_last_entry(world, "cutover.rescheduled", "carla",
                     "\"previous_scheduled_for\":\"2026-09-21T14:13:20.000100Z\"");
    check_last_entry(world, "cutover.rescheduled", "carla",
                     "\"scheduled_for\":\"2026-09-21T14:13:20.000050Z\"");
    CHECK_REFUSED(world, cutover_request_reschedule(world->engine, &other_member, id, 0, NULL, &error),
                  CUTOVER_E_FORBIDDEN, "may not reschedule");
    CHECK_REFUSED(world, cutover_request_reschedule(world->engine, &member, id, world->now, NULL, &error),
                  CUTOVER_E_INVALID, "scheduled_for");
    world->preview_expires_at = world->now + 200;
    CHECK_REFUSED(
        world, cutover_request_reschedule(world->engine, &operator_actor, id, world->now + 200, NULL, &error),
        CUTOVER_E_EXPIRED, "expires");
    world->now += 20;
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_STATE, "agreed for");
    check_ok(cutover_request_reschedule(world->engine, &operator_actor, id, 0, NULL, &error), error);
    check_last_entry(world, "cutover.rescheduled", "olga", "\"scheduled_for\":null");
    check_ok(start(world, &operator_actor, id, &error), error);
    free(id);
}

static void a_ticket_is_told_with_the_one_before(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_error *error = NULL;

    check_ok(cutover_request_set_ticket(world->engine, &other_member, id, "T-2", NULL, &error), error);
    check_last_entry(world, "cutover.ticket_set", "mona",
                     "\"external_ticket_ref\":\"T-2\",\"previous_ticket_ref\":\"T-1\"");
    free(id);
}

static void promoting_looks_at_project_and_preview_again(void **state)
{
    struct world *world = *state;
    char *id = acked_request(world);
    cutover_error *error = NULL;

    world->preview_state = "broken";
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_STATE, "broken");
    world->preview_state = "ready";
    world->preview_expires_at = world->now;
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_EXPIRED, "next");
    world->preview_expires_at = 0;
    world->project_state = "restoring";
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_LOCKED, "restoring");
    world->project_state = "archived";
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_STATE, "archived");
    free(id);
}

/* ---- expiring ---- */

static void a_request_expires_with_its_preview(void **state)
{
    struct world *world = *state;
    char *id = acked_request(world);
    cutover_error *error = NULL;

    world->preview_expires_at = world->now + SECOND;
    check_request_is(world, id, "acked");
    world->now += SECOND;
    int commits = world->commits;
    check_request_is(world, id, "expired");
    check_request_is(world, id, "expired");
    assert_int_equal(world->commits, commits + 1);
    check_audit_is(world->engine, "cutover.requested cutover.acked cutover.expired");
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_STATE, "expired");
    free(id);
}

static void a_request_expires_when_its_preview_is_gone(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);

    world->preview_is_there = false;
    check_request_is(world, id, "expired");
    /* The preview comes back under its name: a new request may be made, the old one stays over. */
    world->preview_is_there = true;
    free(open_request(world));
    check_request_is(world, id, "expired");
    free(id);
}

static void a_list_shows_who_expired(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_request_list *list = NULL;
    cutover_error *error = NULL;

    world->preview_is_there = false;
    check_ok(cutover_requests_list(world->engine, "shop", NULL, 10, &list, &error), error);
    assert_int_equal(cutover_request_list_count(list), 1);
    assert_string_equal(cutover_request_status(cutover_request_list_at(list, 0)), "expired");
    cutover_request_list_free(list);
    check_audit_is(world->engine, "cutover.requested cutover.expired");
    char last[64] = "";
    check_ok(cutover_audit_list(world->engine, "shop", NULL, 1000, last_actor, last, &error), error);
    assert_string_equal(last, "cutover.expired system:cutover");
    free(id);
}

/* Who looks at requests is not kept from it by a platform that is away; who acts is. */
static void what_is_read_while_the_platform_fails_is_what_is_stored(void **state)
{
    struct world *world = *state;
    char *id = acked_request(world);
    cutover_request_list *list = NULL;
    cutover_error *error = NULL;

    world->preview_expires_at = world->now - SECOND;
    world->platform_fails = CUTOVER_E_IO;
    int commits = world->commits;
    check_request_is(world, id, "acked");
    check_contains(world->log, "whether request ");
    check_contains(world->log, "platform.project_get: the platform says no");
    check_ok(cutover_requests_list(world->engine, "shop", NULL, 10, &list, &error), error);
    assert_int_equal(cutover_request_list_count(list), 1);
    assert_string_equal(cutover_request_status(cutover_request_list_at(list, 0)), "acked");
    cutover_request_list_free(list);
    CHECK_REFUSED(world, start(world, &operator_actor, id, &error), CUTOVER_E_CALLBACK, "platform.project_get");
    assert_int_equal(world->commits, commits);
    world->platform_fails = CUTOVER_OK;
    check_request_is(world, id, "expired");
    free(id);
}

static cutover_status count_expiring(const cutover_event *event, void *context)
{
    if (strcmp(event->type, "preview.expiring") == 0) {
        check_contains(event->json, "\"preview_database_id\":\"next\"");
        (*(int *)context)++;
    }
    return CUTOVER_OK;
}

static void check_told_of(struct world *world, const char *id, int times)
{
    cutover_error *error = NULL;
    int told = 0;

    check_request_is(world, id, "acked");
    check_request_is(world, id, "acked");
    check_ok(cutover_events_list(world->engine, "shop", count_expiring, &told, &error), error);
    assert_int_equal(told, times);
}

/* An hour before, by default; once, and once more when it was extended and comes to its new end. */
static void the_end_of_a_preview_is_told_ahead(void **state)
{
    struct world *world = *state;
    char *id = acked_request(world);

    check_told_of(world, id, 0); /* it never ends */
    world->preview_expires_at = world->now + 3600 * SECOND + 1;
    check_told_of(world, id, 0);
    world->now++;
    check_told_of(world, id, 1);
    world->now += 1800 * SECOND;
    check_told_of(world, id, 1);
    world->preview_expires_at += 24 * 3600 * SECOND;
    check_told_of(world, id, 1);
    world->now = world->preview_expires_at - 1;
    check_told_of(world, id, 2);
    check_audit_is(world->engine, "cutover.requested cutover.acked");
    world->now++;
    check_request_is(world, id, "expired");
    /* The claim that kept what was told is gone with the request. */
    world->preview_expires_at = 0;
    free(open_request(world));
    free(id);
}

static void another_takes_the_preview(struct world *world, const char *id)
{
    cutover_error *error = NULL;

    check_ok(cutover_request_cancel(world->engine, &member, id, NULL, &error), error);
    free(open_request(world));
}

/* The request that is read ends, and another claims its preview, before the claim is read: the other's is not touched. */
static void the_end_of_a_preview_is_told_of_nobody_elses_request(void **state)
{
    struct world *world = *state;
    char *id = acked_request(world);
    cutover_error *error = NULL;
    int told = 0;

    world->preview_expires_at = world->now + SECOND;
    world->meanwhile = another_takes_the_preview;
    world->meanwhile_id = id;
    check_request_is(world, id, "cancelled");
    check_ok(cutover_events_list(world->engine, "shop", count_expiring, &told, &error), error);
    assert_int_equal(told, 0);
    check_audit_is(world->engine, "cutover.requested cutover.acked cutover.cancelled cutover.requested");
    free(id);
}

/* ---- lists ---- */

/* Which of the five a filter finds, by their numbers. */
static void check_found(struct world *world, const cutover_filter *filter, char *const *ids,
                        const char *expected)
{
    cutover_request_list *list = NULL;
    cutover_error *error = NULL;
    char found[16] = "";

    check_ok(cutover_requests_find(world->engine, filter, &list, &error), error);
    for (size_t i = 0; i < cutover_request_list_count(list); i++)
        for (size_t k = 0; k < 5; k++)
            if (strcmp(cutover_request_id(cutover_request_list_at(list, i)), ids[k]) == 0)
                snprintf(found + strlen(found), 2, "%zu", k);
    assert_string_equal(found, expected);
    cutover_request_list_free(list);
}

static void requests_are_found_by_status_and_the_newest_first(void **state)
{
    struct world *world = *state;
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_request_list *list = NULL;
    cutover_error *error = NULL;
    char *ids[5];

    for (int i = 0; i < 5; i++) {
        char preview[16];
        snprintf(preview, sizeof preview, "p%d", i);
        cutover_request_options options = wish();
        options.preview_id = preview;
        world->now += SECOND;
        ids[i] = file_request(world, &options);
    }
    check_ok(cutover_request_reject(world->engine, &operator_actor, ids[1], "no", NULL, &error), error);
    filter.newest_first = 1;
    check_found(world, &filter, ids, "43210");
    filter.status = "live";
    check_found(world, &filter, ids, "4320");
    filter.limit = 3;
    check_found(world, &filter, ids, "432");
    filter.after = ids[2];
    check_found(world, &filter, ids, "0");
    filter = (cutover_filter)CUTOVER_FILTER_INIT;
    filter.status = "rejected";
    check_found(world, &filter, ids, "1");
    filter.status = "open";
    filter.after = ids[0];
    filter.limit = 2;
    check_found(world, &filter, ids, "23");
    filter.project_id = "another";
    check_found(world, &filter, ids, "");
    filter.status = "running";
    check_status(cutover_requests_find(world->engine, &filter, &list, &error), CUTOVER_E_INVALID, error);
    filter.status = NULL;
    filter.kind = "promotion";
    check_status(cutover_requests_find(world->engine, &filter, &list, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_requests_find(world->engine, NULL, &list, &error), CUTOVER_E_INVALID, error);
    for (int i = 0; i < 5; i++)
        free(ids[i]);
}

static void requests_are_listed_in_pages_oldest_first(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    char *ids[5], after[64] = "";

    for (int i = 0; i < 5; i++) {
        char preview[16];
        snprintf(preview, sizeof preview, "p%d", i);
        cutover_request_options options = wish();
        options.preview_id = preview;
        world->now += SECOND;
        ids[i] = file_request(world, &options);
    }
    for (size_t seen = 0; seen < 5;) {
        cutover_request_list *list = NULL;
        check_ok(cutover_requests_list(world->engine, "shop", after, 2, &list, &error), error);
        assert_int_equal(cutover_request_list_count(list), seen < 4 ? 2 : 1);
        for (size_t i = 0; i < cutover_request_list_count(list); i++, seen++) {
            const cutover_request *request = cutover_request_list_at(list, i);
            assert_string_equal(cutover_request_id(request), ids[seen]);
            snprintf(after, sizeof after, "%s", cutover_request_id(request));
        }
        assert_null(cutover_request_list_at(list, 2));
        cutover_request_list_free(list);
    }
    cutover_request_list *none = NULL;
    check_ok(cutover_requests_list(world->engine, "another", NULL, 10, &none, &error), error);
    assert_int_equal(cutover_request_list_count(none), 0);
    cutover_request_list_free(none);
    for (int i = 0; i < 5; i++)
        free(ids[i]);
}

struct paging {
    uint64_t sequence;
    char cursor[256];
    unsigned count, stop_after;
};

static cutover_status take_entry(const cutover_audit_entry *entry, void *context)
{
    struct paging *paging = context;

    assert_int_equal(entry->version, 1);
    assert_int_equal(entry->sequence, paging->sequence + 1);
    assert_string_equal(entry->project_id, "shop");
    assert_string_equal(entry->actor_id, "carla");
    assert_string_equal(entry->actor_kind, "user");
    assert_int_equal(entry->at, NOW);
    check_contains(entry->json, entry->action);
    paging->sequence = entry->sequence;
    snprintf(paging->cursor, sizeof paging->cursor, "%s", entry->cursor);
    paging->count++;
    return paging->count == paging->stop_after ? CUTOVER_E_CANCELLED : CUTOVER_OK;
}

static void the_audit_trail_is_numbered_and_paged(void **state)
{
    struct world *world = *state;
    struct paging paging = {0};
    cutover_error *error = NULL;

    for (int i = 0; i < 7; i++) {
        char *id = open_request(world);
        check_ok(cutover_request_cancel(world->engine, &member, id, NULL, &error), error);
        free(id);
    }
    for (unsigned pages = 0; pages < 3; pages++)
        check_ok(cutover_audit_list(world->engine, "shop", paging.cursor, 5, take_entry, &paging, &error),
                 error);
    assert_int_equal(paging.count, 14);
    /* What emit returns ends it, and is returned. */
    paging = (struct paging){.stop_after = 3};
    check_status(cutover_audit_list(world->engine, "shop", NULL, 10, take_entry, &paging, &error),
                 CUTOVER_E_CANCELLED, error);
    assert_int_equal(paging.count, 3);
}

/* ---- one live request for a preview; one outcome for a request ---- */

static void a_preview_has_one_live_request(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_error *error = NULL;

    for (int i = 0; i < 3; i++) {
        char *id = i < 2 ? open_request(world) : acked_request(world);
        CHECK_REFUSED(world, cutover_request_create(world->engine, &options, NULL, &error), CUTOVER_E_CONFLICT,
                      id);
        if (i == 0)
            check_ok(cutover_request_reject(world->engine, &operator_actor, id, "no", NULL, &error), error);
        else
            check_ok(cutover_request_cancel(world->engine, &member, id, NULL, &error), error);
        free(id);
    }
    /* Another preview is another matter. */
    char *one = open_request(world);
    options.preview_id = "other";
    char *other = file_request(world, &options);
    free(one);
    free(other);
}

struct racer {
    cutover_engine *engine;
    pthread_barrier_t *barrier;
    const char *id;
    int turn;
    cutover_status status;
    cutover_error *error;
};

static void *file_at_once(void *context)
{
    struct racer *racer = context;
    cutover_request_options options = wish();

    pthread_barrier_wait(racer->barrier);
    racer->status = cutover_request_create(racer->engine, &options, NULL, &racer->error);
    return NULL;
}

static void *act_at_once(void *context)
{
    struct racer *racer = context;

    pthread_barrier_wait(racer->barrier);
    switch (racer->turn % 3) {
    case 0:
        racer->status =
            cutover_request_reject(racer->engine, &operator_actor, racer->id, "no", NULL, &racer->error);
        break;
    case 1:
        racer->status = cutover_request_cancel(racer->engine, &member, racer->id, NULL, &racer->error);
        break;
    default:
        racer->status = agree(racer->engine, &operator_actor, racer->id, NULL, 0, NULL, &racer->error);
    }
    return NULL;
}

/* Runs all at once; each has an engine of its own choice. */
static void race(struct racer *racers, void *(*run)(void *), pthread_barrier_t *barrier)
{
    pthread_t threads[THREADS];

    assert_int_equal(pthread_barrier_init(barrier, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        racers[i].barrier = barrier;
        racers[i].turn = i;
        assert_int_equal(pthread_create(&threads[i], NULL, run, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(barrier);
}

static int count_status(struct racer *racers, cutover_status status)
{
    int count = 0;

    for (int i = 0; i < THREADS; i++)
        count += racers[i].status == status;
    return count;
}

static void free_errors(struct racer *racers)
{
    for (int i = 0; i < THREADS; i++)
        cutover_error_free(racers[i].error);
}

/* One of them files it; all others are told of that one. */
static void race_for_a_preview(cutover_engine *const *engines, size_t count)
{
    struct racer racers[THREADS] = {0};
    cutover_request_list *list = NULL;
    pthread_barrier_t barrier;
    cutover_error *error = NULL;

    for (size_t i = 0; i < THREADS; i++)
        racers[i].engine = engines[i % count];
    race(racers, file_at_once, &barrier);
    assert_int_equal(count_status(racers, CUTOVER_OK), 1);
    assert_int_equal(count_status(racers, CUTOVER_E_CONFLICT), THREADS - 1);
    check_ok(cutover_requests_list(engines[0], "shop", NULL, 100, &list, &error), error);
    assert_int_equal(cutover_request_list_count(list), 1);
    const char *id = cutover_request_id(cutover_request_list_at(list, 0));
    for (int i = 0; i < THREADS; i++)
        if (racers[i].error != NULL)
            check_contains(cutover_error_message(racers[i].error), id);
    check_audit_is(engines[0], "cutover.requested");
    cutover_request_list_free(list);
    free_errors(racers);
}

/* Some ack, some reject, some cancel: one of the last two has the last word, and the audit trail is what happened. */
static void race_for_an_outcome(cutover_engine *const *engines, size_t count)
{
    struct racer racers[THREADS] = {0};
    cutover_request_options options = wish();
    cutover_request *request = NULL;
    pthread_barrier_t barrier;
    cutover_error *error = NULL;

    check_ok(cutover_request_create(engines[0], &options, &request, &error), error);
    char *id = strdup(cutover_request_id(request));
    cutover_request_free(request);
    for (size_t i = 0; i < THREADS; i++) {
        racers[i].engine = engines[i % count];
        racers[i].id = id;
    }
    race(racers, act_at_once, &barrier);
    int acked = 0, ended = 0, ended_by = -1;
    for (int i = 0; i < THREADS; i++) {
        if (racers[i].status != CUTOVER_OK)
            assert_int_equal(racers[i].status, CUTOVER_E_STATE);
        else if (i % 3 == 2)
            acked++;
        else
            ended++, ended_by = i % 3;
    }
    assert_int_equal(ended, 1);
    assert_true(acked <= 1);
    check_ok(cutover_request_get(engines[0], id, &request, &error), error);
    assert_string_equal(cutover_request_status(request), ended_by == 0 ? "rejected" : "cancelled");
    char audit[200];
    snprintf(audit, sizeof audit, "cutover.requested %scutover.%s", acked ? "cutover.acked " : "",
             cutover_request_status(request));
    check_audit_is(engines[0], audit);
    cutover_request_free(request);
    free_errors(racers);
    free(id);
}

static void threads_that_race_for_a_preview_file_one_request(void **state)
{
    struct world *world = *state;

    race_for_a_preview(&world->engine, 1);
}

static void threads_that_race_for_an_outcome_get_one(void **state)
{
    struct world *world = *state;

    race_for_an_outcome(&world->engine, 1);
}

#ifndef CUTOVER_WITHOUT_SQLITE
/* The same on one SQLite file, through four handles, as processes would have them. */
static void race_on_sqlite(void (*run)(cutover_engine *const *engines, size_t count))
{
    struct world *world = new_world();
    cutover_store stores[4] = {0};
    cutover_engine *engines[4];
    cutover_error *error = NULL;
    char path[512];

    snprintf(path, sizeof path, "%s/store.db", cluster_temp_dir());
    for (size_t i = 0; i < 4; i++) {
        cutover_store_init(&stores[i], CUTOVER_STORE_VERSION);
        check_ok(cutover_store_sqlite_open(path, &stores[i], &error), error);
        engines[i] = engine_on(world, &stores[i], 0);
    }
    run(engines, 4);
    for (size_t i = 0; i < 4; i++) {
        cutover_engine_free(engines[i]);
        cutover_store_close(&stores[i]);
    }
    cutover_store_close(&world->store);
    free(world);
}

static void handles_that_race_for_a_preview_file_one_request(void **state)
{
    (void)state;
    race_on_sqlite(race_for_a_preview);
}

static void handles_that_race_for_an_outcome_get_one(void **state)
{
    (void)state;
    race_on_sqlite(race_for_an_outcome);
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

static void a_handle_tells_the_version_of_its_record(void **state)
{
    struct world *world = *state;
    cutover_request_options options = wish();
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_request_create(world->engine, &options, &request, &error), error);
    char *id = strdup(cutover_request_id(request));
    assert_int_equal(cutover_request_version(request), 1);
    cutover_request_free(request);
    check_ok(cutover_request_set_ticket(world->engine, &member, id, "T-1", &request, &error), error);
    assert_int_equal(cutover_request_version(request), 2);
    cutover_request_free(request);
    check_ok(cutover_request_get(world->engine, id, &request, &error), error);
    assert_int_equal(cutover_request_version(request), 2);
    cutover_request_free(request);
    free(id);
}

static void getters_of_no_handle_tell_nothing(void **state)
{
    (void)state;
    assert_null(cutover_request_id(NULL));
    assert_null(cutover_request_status(NULL));
    assert_null(cutover_request_json(NULL));
    assert_int_equal(cutover_request_created_at(NULL), 0);
    assert_int_equal(cutover_request_version(NULL), 0);
    assert_int_equal(cutover_request_list_count(NULL), 0);
    assert_null(cutover_request_list_at(NULL, 0));
    assert_null(cutover_backup_id(NULL));
    assert_null(cutover_backup_status(NULL));
    assert_null(cutover_backup_json(NULL));
    assert_int_equal(cutover_backup_verified_at(NULL), 0);
    assert_int_equal(cutover_backup_version(NULL), 0);
    assert_int_equal(cutover_backup_list_count(NULL), 0);
    assert_null(cutover_backup_list_at(NULL, 0));
}

/* ---- a newer version of the library on the same store ---- */

struct body {
    char *text;
    uint64_t version;
};

static cutover_status take_body(const cutover_document *document, void *context)
{
    struct body *body = context;

    body->text = strdup(document->body);
    body->version = document->version;
    return CUTOVER_OK;
}

/* Adds a member to a request's document, as a newer version of the library would. */
static void add_member(struct world *world, const char *id, const char *added)
{
    struct body body = {NULL, 0};
    char longer[4096];
    cutover_error *error = NULL;

    check_ok(world->store.get("request", id, take_body, &body, &error, world->store.userdata), error);
    snprintf(longer, sizeof longer, "%.*s,%s}", (int)strlen(body.text) - 1, body.text, added);
    const cutover_write write = {CUTOVER_WRITE_VERSION, "request", id, "shop", body.version, longer};
    check_ok(world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata), error);
    free(body.text);
}

static void a_request_keeps_what_a_newer_library_added(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    add_member(world, id, "\"added_later\":{\"x\":[1]}");
    check_ok(agree(world->engine, &operator_actor, id, "fine", 0, &request, &error), error);
    check_contains(cutover_request_json(request), "\"added_later\":{\"x\":[1]}");
    cutover_request_free(request);
    check_ok(cutover_request_get(world->engine, id, &request, &error), error);
    assert_string_equal(cutover_request_status(request), "acked");
    check_contains(cutover_request_json(request), "\"added_later\":{\"x\":[1]}");
    cutover_request_free(request);
    free(id);
}

/* What is written back goes under its own id, in a change of its project. */
static void a_request_without_its_id_or_project_is_damaged(void **state)
{
    static const char *const damages[][2] = {{"\"id\":\"other\"", "its id is other"},
                                             {"\"id\":null", "its id is missing"},
                                             {"\"project_id\":null", "its project is missing"},
                                             {"\"project_id\":\"\"", "its project is missing"}};
    struct world *world = *state;

    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        static const char *const previews[] = {"next-0", "next-1", "next-2", "next-3"};
        cutover_request_options options = wish();
        cutover_error *error = NULL;

        options.preview_id = previews[i];
        char *id = file_request(world, &options);
        add_member(world, id, damages[i][0]);
        check_status_keep(cutover_request_set_ticket(world->engine, &operator_actor, id, "T-9", NULL, &error),
                          CUTOVER_E_STORE, error);
        check_contains(cutover_error_message(error), damages[i][1]);
        cutover_error_free(error);
        free(id);
    }
}

static void a_request_of_a_newer_format_is_left_alone(void **state)
{
    struct world *world = *state;
    char *id = open_request(world);
    cutover_request *request = NULL;
    cutover_request_list *list = NULL;
    cutover_error *error = NULL;

    add_member(world, id, "\"format\":2");
    CHECK_REFUSED(world, cutover_request_cancel(world->engine, &operator_actor, id, NULL, &error),
                  CUTOVER_E_UNSUPPORTED, "newer version of the library");
    check_status(cutover_request_get(world->engine, id, &request, &error), CUTOVER_E_UNSUPPORTED, error);
    check_status(cutover_requests_list(world->engine, "shop", NULL, 10, &list, &error), CUTOVER_E_UNSUPPORTED,
                 error);
    assert_null(request);
    assert_null(list);
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_filed_with_all_its_fields),
        TEST(only_members_file_requests),
        TEST(an_actor_needs_an_id_and_a_kind),
        TEST(a_handle_tells_the_version_of_its_record),
        TEST(getters_of_no_handle_tell_nothing),
        TEST(the_project_must_be_there_and_active),
        TEST(the_preview_must_be_there_ready_and_of_the_project),
        TEST(the_preview_must_be_unexpired),
        TEST(a_platform_that_fails_is_named),
        TEST(notes_have_at_most_1000_characters),
        TEST(tickets_have_at_most_120_characters),
        TEST(text_that_is_no_utf8_is_refused),
        TEST(an_operator_acks_with_a_note),
        TEST(only_operators_ack_and_reject),
        TEST(four_eyes_are_needed_unless_the_policy_says_otherwise),
        TEST(acking_looks_at_the_preview_again),
        TEST(an_agreed_time_is_ahead_and_before_the_preview_expires),
        TEST(a_rejection_has_a_reason),
        TEST(an_acked_request_can_be_rejected_and_cancelled),
        TEST(a_request_is_cancelled_by_its_requester_or_an_operator),
        TEST(what_is_over_stays_over),
        TEST(only_operators_promote_what_is_acked),
        TEST(promoting_needs_a_ticket_which_may_come_late),
        TEST(promoting_waits_for_the_agreed_time),
        TEST(an_agreed_time_is_changed_by_either_side),
        TEST(a_ticket_is_told_with_the_one_before),
        TEST(promoting_looks_at_project_and_preview_again),
        TEST(a_request_expires_with_its_preview),
        TEST(a_request_expires_when_its_preview_is_gone),
        TEST(a_list_shows_who_expired),
        TEST(what_is_read_while_the_platform_fails_is_what_is_stored),
        TEST(the_end_of_a_preview_is_told_ahead),
        TEST(the_end_of_a_preview_is_told_of_nobody_elses_request),
        TEST(requests_are_listed_in_pages_oldest_first),
        TEST(requests_are_found_by_status_and_the_newest_first),
        TEST(the_audit_trail_is_numbered_and_paged),
        TEST(a_preview_has_one_live_request),
        TEST(threads_that_race_for_a_preview_file_one_request),
        TEST(threads_that_race_for_an_outcome_get_one),
        TEST(a_request_keeps_what_a_newer_library_added),
        TEST(a_request_without_its_id_or_project_is_damaged),
        TEST(a_request_of_a_newer_format_is_left_alone),
#ifndef CUTOVER_WITHOUT_SQLITE
        cmocka_unit_test(handles_that_race_for_a_preview_file_one_request),
        cmocka_unit_test(handles_that_race_for_an_outcome_get_one),
#endif
    };

    return cmocka_run_group_tests_name("request api", tests, NULL, NULL);
}
