/*
 * Every route of the HTTP interface with each of its allocations failing in turn, and with each of its calls of the store refused, lost or in
 * conflict: an answer that says so, records as before or complete, nothing left, and the same request answered as ever afterwards. An
 * answer that is none of these is one as ever, to the byte. Likewise what a stream tells, and what is done with jobs that wait.
 */
#include "api/call.h"
#include "base/folder.h"
#include "faults/starve.h"
#include "model/backup.h"
#include "store/document.h"
#include "support/agree.h"
#include "support/check.h"
#include "support/shop.h"

#include <ctype.h>
#include <cutover/api.h>
#include <cutover/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START INT64_C(1767225600000000) /* 2026-01-01 */
#define REQUESTS "/v1/projects/shop/cutover-requests"
#define SECRET "postgresql://u:p@db.example/shop"

static const cutover_actor anna = {CUTOVER_ACTOR_VERSION, "anna", CUTOVER_ACTOR_USER,
                                   CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR | CUTOVER_ROLE_ORG_ADMIN};

/* ---- a world to ask in ---- */

struct world {
    char folder[64];
    int64_t now;
    cutover_store store;  /* in memory */
    cutover_store faulty; /* the same, for everybody but the test */
    cutover_repository repository;
    cutover_registry *registry;
    cutover_platform platform;
    cutover_notifier notifier;
    cutover_engine *engine;
    cutover_webhooks *webhooks;         /* NULL in a build without libcurl */
    cutover_integrations *integrations; /* likewise */
    cutover_api *api;
    cutover_api_work *works[4];
    size_t work_count;
    /* What targets name. */
    char wish[64], key[64], hook[64], message[64], job[64];
};

static const char the_backup[] = "0191d3a0-0000-7000-8000-000000000001";

static int64_t world_clock(void *userdata)
{
    return ((struct world *)userdata)->now;
}

/* ---- a store whose nth call fails ---- */

enum fault {
    FAULT_NONE,
    FAULT_REFUSED, /* any call: nothing is done */
    FAULT_LOST,    /* a commit: it is done, and its answer lost */
    FAULT_CONFLICT /* a commit: somebody else was faster, as it says */
};

static struct {
    enum fault fault;
    unsigned long nth, calls;
} store_fault;

static cutover_status fail_store(cutover_status status, cutover_error **error)
{
    *error = cutover_error_new(status, "the store is not there", NULL, NULL);
    return status;
}

static bool store_fails(bool commits)
{
    if (store_fault.fault == FAULT_NONE || (!commits && store_fault.fault != FAULT_REFUSED))
        return false;
    return ++store_fault.calls == store_fault.nth;
}

static cutover_status faulty_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                 cutover_error **error, void *userdata)
{
    struct world *world = userdata;

    if (store_fails(false))
        return fail_store(CUTOVER_E_STORE, error);
    return world->store.get(kind, id, emit, context, error, world->store.userdata);
}

static cutover_status faulty_list(const char *kind, const char *project_id, const char *after, uint32_t limit,
                                  cutover_document_emit emit, void *context, cutover_error **error,
                                  void *userdata)
{
    struct world *world = userdata;

    if (store_fails(false))
        return fail_store(CUTOVER_E_STORE, error);
    return world->store.list(kind, project_id, after, limit, emit, context, error, world->store.userdata);
}

static cutover_status faulty_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                    void *userdata)
{
    struct world *world = userdata;
    const bool fails = store_fails(true);
    cutover_status status = CUTOVER_OK;

    if (fails && store_fault.fault == FAULT_CONFLICT)
        return CUTOVER_E_CONFLICT;
    if (!fails || store_fault.fault == FAULT_LOST)
        status = world->store.commit(writes, count, error, world->store.userdata);
    return fails && status == CUTOVER_OK ? fail_store(CUTOVER_E_STORE, error) : status;
}

static void close_nothing(void *userdata)
{
    (void)userdata;
}

static void open_store(struct world *world)
{
    cutover_error *error = NULL;

    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    check_ok(cutover_store_memory_open(&world->store, &error), error);
    world->faulty = world->store;
    world->faulty.userdata = world;
    world->faulty.get = faulty_get;
    world->faulty.list = faulty_list;
    world->faulty.commit = faulty_commit;
    world->faulty.close = close_nothing;
}

/* ---- a world on it ---- */

static cutover_status take_work(cutover_api_work *work, void *userdata)
{
    struct world *world = userdata;

    if (world->work_count == sizeof world->works / sizeof *world->works)
        return CUTOVER_E_LOCKED;
    world->works[world->work_count++] = work;
    return CUTOVER_OK;
}

static void open_ports(struct world *world)
{
    cutover_error *error = NULL;
    char path[128];

    cutover_repository_init(&world->repository, CUTOVER_REPOSITORY_VERSION);
    cutover_platform_init(&world->platform, CUTOVER_PLATFORM_VERSION);
    snprintf(path, sizeof path, "%s/backups", world->folder);
    check_ok(cutover_repository_directory_open(path, &world->repository, &error), error);
    check_ok(cutover_registry_open(&world->faulty, &world->registry, &error), error);
    check_ok(cutover_registry_platform(world->registry, &world->platform, &error), error);
}

static void add_inventory(struct world *world)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;

    project.id = "shop";
    project.organization_id = "acme";
    project.database = "host=/nonexistent port=1 dbname=production";
    check_ok(cutover_registry_project_add(world->registry, &project, &error), error);
    preview.project_id = "shop";
    preview.database = "host=/nonexistent port=1 dbname=preview";
    preview.expires_at = START + 30 * 86400 * SHOP_SECOND;
    preview.id = "next";
    check_ok(cutover_registry_preview_add(world->registry, &preview, &error), error);
    preview.id = "other";
    check_ok(cutover_registry_preview_add(world->registry, &preview, &error), error);
}

static cutover_status take_event(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                                 void *userdata)
{
    (void)event;
    (void)refusal;
    (void)error;
    (void)userdata;
    return CUTOVER_OK;
}

static void open_engine(struct world *world)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_named_notifier named = CUTOVER_NAMED_NOTIFIER_INIT;
    const cutover_named_notifier *const notifiers[] = {&named};
    cutover_error *error = NULL;

    cutover_notifier_init(&world->notifier, CUTOVER_NOTIFIER_VERSION);
    world->notifier.deliver = take_event;
    world->notifier.close = close_nothing;
    named.name = "file";
    named.notifier = &world->notifier;
    options.notifiers = notifiers;
    options.notifier_count = 1;
    options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    options.store = &world->faulty;
    options.repository = &world->repository;
    options.platform = &world->platform;
    options.clock = world_clock;
    options.clock_userdata = world;
    options.pg_bin_dir = "/nonexistent";
    options.work_dir = world->folder;
    check_ok(cutover_engine_new(&options, &world->engine, &error), error);
}

static void open_outside(struct world *world)
{
#ifndef CUTOVER_WITHOUT_CURL
    cutover_webhooks_options webhooks = CUTOVER_WEBHOOKS_OPTIONS_INIT;
    cutover_integrations_options integrations = CUTOVER_INTEGRATIONS_OPTIONS_INIT;
    cutover_error *error = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/secrets", world->folder);
    webhooks.store = integrations.store = &world->faulty;
    webhooks.clock = integrations.clock = world_clock;
    webhooks.clock_userdata = integrations.clock_userdata = world;
    integrations.folder = path;
    check_ok(cutover_webhooks_new(&webhooks, &world->webhooks, &error), error);
    check_ok(cutover_integrations_new(&integrations, &world->integrations, &error), error);
#else
    (void)world;
#endif
}

static void open_api(struct world *world)
{
    cutover_api_options options = CUTOVER_API_OPTIONS_INIT;
    cutover_error *error = NULL;

    options.engine = world->engine;
    options.store = &world->faulty;
    options.platform = &world->platform;
    options.registry = world->registry;
    options.webhooks = world->webhooks;
    options.integrations = world->integrations;
    options.run = take_work;
    options.run_userdata = options.clock_userdata = world;
    options.clock = world_clock;
    check_ok(cutover_api_new(&options, &world->api, &error), error);
}

static void world_open(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->now = START;
    snprintf(world->folder, sizeof world->folder, "%s/memory-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(world->folder));
    open_store(world);
    open_ports(world);
    add_inventory(world);
    open_engine(world);
    open_outside(world);
    open_api(world);
}

static void free_works(struct world *world)
{
    while (world->work_count > 0)
        cutover_api_work_free(world->works[--world->work_count]);
}

static void world_close(struct world *world)
{
    free_works(world);
    cutover_api_free(world->api);
    cutover_webhooks_free(world->webhooks);
    cutover_integrations_free(world->integrations);
    cutover_engine_free(world->engine);
    cutover_registry_free(world->registry);
    cutover_repository_close(&world->repository);
    cutover_store_close(&world->store);
    folder_remove(world->folder);
}

/* ---- asked ---- */

struct question {
    const char *method, *target, *body;
    const char *name, *value; /* one more header, or NULL */
};

/* All of it, ready before memory runs out. */
struct asked {
    char target[256];
    cutover_api_header headers[2];
    cutover_api_request request;
};

/* Puts the world's ids where a target or a body names them. */
static void fill_in(const struct world *world, const char *text, char *filled, size_t size)
{
    const struct {
        const char *name, *id;
    } names[] = {{"WISH", world->wish}, {"BACKUP", the_backup},      {"KEY", world->key},
                 {"HOOK", world->hook}, {"MESSAGE", world->message}, {"JOB", world->job}};
    size_t used = 0;

    for (const char *at = text; *at != '\0' && used + 1 < size;) {
        size_t i = 0;
        while (i < sizeof names / sizeof *names && strncmp(at, names[i].name, strlen(names[i].name)) != 0)
            i++;
        if (i < sizeof names / sizeof *names) {
            used += (size_t)snprintf(filled + used, size - used, "%s", names[i].id);
            at += strlen(names[i].name);
        } else {
            filled[used++] = *at++;
        }
    }
    filled[used] = '\0';
}

static void prepare_asked(const struct world *world, const struct question *question, struct asked *asked)
{
    memset(asked, 0, sizeof *asked);
    fill_in(world, question->target, asked->target, sizeof asked->target);
    char *query = strchr(asked->target, '?');
    if (query != NULL)
        *query++ = '\0';
    asked->headers[0] = (cutover_api_header){"Content-Type", "application/json"};
    asked->headers[1] = (cutover_api_header){question->name, question->value};
    asked->request = (cutover_api_request)CUTOVER_API_REQUEST_INIT;
    asked->request.method = question->method;
    asked->request.path = asked->target;
    asked->request.query = query;
    asked->request.headers = asked->headers;
    asked->request.header_count = question->name == NULL ? 1 : 2;
    asked->request.body = question->body;
    asked->request.body_size = question->body == NULL ? 0 : strlen(question->body);
    asked->request.actor = &anna;
}

static cutover_api_response *ask(struct world *world, const struct question *question)
{
    struct asked asked;
    cutover_api_response *response = NULL;
    cutover_error *error = NULL;

    prepare_asked(world, question, &asked);
    check_ok(cutover_api_handle(world->api, &asked.request, &response, &error), error);
    return response;
}

/* Asks for what a case needs, and keeps a text of the answer. */
static void make(struct world *world, unsigned status, const struct question *question, const char *member,
                 char kept[64])
{
    cutover_api_response *response = ask(world, question);
    struct json_object *json = json_tokener_parse(cutover_api_response_body(response));

    if (cutover_api_response_status(response) != status)
        fail_msg("%s %s: %s", question->method, question->target, cutover_api_response_body(response));
    if (kept != NULL)
        snprintf(kept, 64, "%s", json_object_get_string(json_object_object_get(json, member)));
    json_object_put(json);
    cutover_api_response_free(response);
}

/* ---- what a request finds ---- */

static void with_nothing(struct world *world)
{
    (void)world;
}

static void with_request(struct world *world)
{
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    options.actor = &shop_member;
    options.project_id = "shop";
    options.preview_id = "next";
    options.customer_note = "please";
    options.external_ticket_ref = "T-1";
    check_ok(cutover_request_create(world->engine, &options, &request, &error), error);
    snprintf(world->wish, sizeof world->wish, "%s", cutover_request_id(request));
    cutover_request_free(request);
}

static void with_acked(struct world *world)
{
    cutover_error *error = NULL;

    with_request(world);
    check_ok(agree(world->engine, &shop_operator, world->wish, NULL, 0, NULL, &error), error);
}

static void with_preflight(struct world *world)
{
    with_request(world);
    make(world, 200, &(const struct question){"POST", "/v1/cutover-requests/WISH/preflight", NULL, NULL, NULL},
         NULL, NULL);
}

static void with_backup(struct world *world)
{
    struct backup_record record = {
        .id = (char *)the_backup,
        .project_id = (char *)"shop",
        .label = (char *)"manual",
        .status = BACKUP_VERIFIED,
        .created_by_actor_id = (char *)"olga",
        .created_at = START,
        .updated_at = START,
    };
    cutover_write write = CUTOVER_WRITE_INIT;
    cutover_error *error = NULL;
    char *body = NULL;

    check_ok(record_format(&backup_type, &record, &body, &error), error);
    write.kind = "backup";
    write.id = the_backup;
    write.project_id = "shop";
    write.body = body;
    check_ok(world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata), error);
    free(body);
}

static void put(struct world *world, const char *kind, const char *id, const char *body)
{
    const cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, "shop", 0, body};
    cutover_error *error = NULL;

    check_ok(world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata), error);
}

/* What a job that was given up left, for a person to look at. */
static void with_leftover(struct world *world)
{
    put(world, "leftover", "left",
        "{\"id\":\"left\",\"project_id\":\"shop\",\"job_id\":\"j\",\"kind\":\"other\",\"name\":\"shop\","
        "\"oid\":5,"
        "\"message\":\"a slot: a person must look\",\"since\":\"2025-11-22T08:42:09.194607Z\"}");
}

/* As if the notifier had refused it. */
static void with_event_given_up(struct world *world)
{
    put(world, "event", "shop:000000000001",
        "{\"id\":\"e\",\"type\":\"cutover.acked\",\"project_id\":\"shop\",\"sequence\":1,"
        "\"created_at\":\"2025-11-22T07:56:15.123456Z\",\"deliveries\":{\"file\":{\"status\":\"given_up\","
        "\"attempts\":1,\"failures\":1,\"last_error\":\"full\"}}}");
}

static void with_key(struct world *world)
{
    make(world, 201,
         &(const struct question){"POST", "/v1/keys",
                                  "{\"label\":\"robot\",\"roles\":[\"member\"],\"project_id\":\"shop\"}", NULL,
                                  NULL},
         "id", world->key);
}

static void with_waiting_job(struct world *world)
{
    make(world, 202, &(const struct question){"POST", "/v1/projects/shop/backups", NULL, NULL, NULL}, "id",
         world->job);
}

/* A job that was run, and refused because there is no server. */
static void with_refused_job(struct world *world)
{
    cutover_error *error = NULL;

    with_waiting_job(world);
    assert_true(cutover_api_work_run(world->works[0], &error) != CUTOVER_OK);
    cutover_error_free(error);
    free_works(world);
}

static void with_answered_key(struct world *world)
{
    make(world, 201,
         &(const struct question){"POST", REQUESTS, "{\"preview_id\":\"other\"}", "Idempotency-Key", "k"}, NULL,
         NULL);
}

#ifndef CUTOVER_WITHOUT_CURL
static void with_hook(struct world *world)
{
    make(world, 201,
         &(const struct question){"POST", "/v1/projects/shop/webhook-endpoints",
                                  "{\"url\":\"https://receiver.example/"
                                  "hook\",\"description\":\"ours\",\"event_types\":[\"cutover.acked\"]}",
                                  NULL, NULL},
         "id", world->hook);
}

static void with_message(struct world *world)
{
    with_hook(world);
    make(world, 202, &(const struct question){"POST", "/v1/webhook-endpoints/HOOK/test", NULL, NULL, NULL},
         "id", world->message);
}

/* One that nobody took. */
static void with_dead_message(struct world *world)
{
    static const char deletion[] = "webhook_pending";
    char id[130], *dead, *at;
    cutover_write writes[2] = {CUTOVER_WRITE_INIT, CUTOVER_WRITE_INIT};
    struct document document = {NULL, NULL, 0};
    cutover_error *error = NULL;

    with_message(world);
    snprintf(id, sizeof id, "%s:%s", world->hook, world->message);
    check_ok(document_get(&world->store, deletion, id, &document, &error), error);
    at = strstr(document.body, "\"pending\"");
    assert_non_null(at);
    dead = shop_format("%.*s\"dead\"%s", (int)(at - document.body), document.body, at + strlen("\"pending\""));
    writes[0].kind = deletion;
    writes[1].kind = "webhook_delivery";
    writes[0].id = writes[1].id = id;
    writes[0].project_id = writes[1].project_id = "shop";
    writes[0].expected_version = document.version;
    writes[1].body = dead;
    check_ok(world->store.commit((const cutover_write *const[]){&writes[0], &writes[1]}, 2, &error,
                                 world->store.userdata),
             error);
    document_free(&document);
    free(dead);
}

#define CONNECT                                                                                                \
    "{\"site_id\":\"prj_1\",\"token\":\"tok\",\"later\":true,\"pooled_url\":\"" SECRET                         \
    "\",\"targets\":[\"production\",\"preview\"]}"

static void with_integration(struct world *world)
{
    make(world, 200,
         &(const struct question){"POST", "/v1/projects/shop/integrations/vercel/connect", CONNECT, NULL, NULL},
         NULL, NULL);
}
#endif

/* ---- the records, by their sizes: ids and times are of one length ---- */

struct shape {
    char *lines[256];
    size_t count;
};

static cutover_status add_line(const cutover_document *document, void *context)
{
    struct shape *shape = context;
    const bool words = strcmp(document->kind, "preflight") == 0; /* of what could not be looked at */
    const char *status = strstr(document->body, "\"status\":");
    size_t size = 0;

    assert_true(shape->count < 256);
    for (const char *at = document->body; *at != '\0' && !words; at++)
        size += *at != '\\'; /* what base64 may have, and what it may not */
    shape->lines[shape->count++] =
        shop_format("%s v%d %zu bytes, %.20s", document->kind, (int)document->version, size,
                    status == NULL ? "-" : status + strlen("\"status\":"));
    return CUTOVER_OK;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Without what an answer is kept in, which may be less than all of it. */
static char *shape_of(const cutover_store *store)
{
    static const char *const kinds[] = {
        "request",      "promotion", "backup",  "audit",          "event",           "ledger",
        "claim",        "lock",      "gate",    "lease",          "project",         "preview",
        "integration",  "api_key",   "webhook", "preflight",      "cancel",          "waiting_job",
        "verification", "leftover",  "server",  "webhook_secret", "webhook_pending", "webhook_delivery"};
    struct shape shape = {.count = 0};
    cutover_error *error = NULL;
    char *text = shop_format("%s", "");

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_ok(store->list(kinds[i], NULL, "", 1000, add_line, &shape, &error, store->userdata), error);
    qsort(shape.lines, shape.count, sizeof *shape.lines, compare_lines);
    for (size_t i = 0; i < shape.count; i++) {
        char *longer = shop_format("%s%s\n", text, shape.lines[i]);
        free(text);
        free(shape.lines[i]);
        text = longer;
    }
    return text;
}

/* ---- the answers ---- */

/* The words of a refusal may be left out for want of memory (base/error.c), its code never. */
static void drop_words(struct json_object *value)
{
    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            drop_words(json_object_array_get_idx(value, i));
    if (!json_object_is_type(value, json_type_object))
        return;
    if (json_object_object_get(value, "code") != NULL) {
        json_object_object_del(value, "detail");
        json_object_object_del(value, "field"); /* it is read from the detail */
    }
    json_object_object_del(value, "hint");
    json_object_object_foreach(value, name, member)
    {
        (void)name;
        drop_words(member);
    }
}

/* What an answer is, but for what differs from one world to the next. */
static char *answer_of(const cutover_api_response *response, bool whole)
{
    const char *body = cutover_api_response_body(response);
    struct json_object *json = *body == '\0' ? NULL : json_tokener_parse(body);

    if (*body != '\0' && json == NULL)
        fail_msg("this is no JSON: %s", body);
    drop_words(json);
    if (json != NULL)
        body = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
    size_t size = 0;
    char *text, *longer;

    for (const char *at = body; *at != '\0'; at++)
        size += *at != '\\';
    text = shop_format("%u %s %zu", cutover_api_response_status(response), whole ? body : "", size);
    for (size_t i = 0; i < cutover_api_response_header_count(response); i++) {
        const char *value = cutover_api_response_header_value(response, i);
        longer = shop_format("%s\n%s: %zu", text, cutover_api_response_header_name(response, i), strlen(value));
        free(text);
        text = longer;
    }
    json_object_put(json);
    return text;
}

static bool has_header(const cutover_api_response *response, const char *name, const char *value)
{
    for (size_t i = 0; i < cutover_api_response_header_count(response); i++)
        if (strcmp(cutover_api_response_header_name(response, i), name) == 0)
            return strcmp(cutover_api_response_header_value(response, i), value) == 0;
    return false;
}

/* A problem of ours that is none of the caller's; or what preflight found, which says that it could not look. */
static bool is_honest(const cutover_api_response *response, bool fails_anyhow)
{
    const unsigned status = cutover_api_response_status(response);

    /* Recovery tells what it could not do, and why. */
    if (status == 200 && strstr(cutover_api_response_body(response), "\"outcome\":\"failed\"") != NULL)
        return true;
    if (status == 200 && strstr(cutover_api_response_body(response), "\"outcome\":\"left\"") != NULL)
        return strstr(cutover_api_response_body(response), "a person must look") != NULL;
    if (status == 200)
        return strstr(cutover_api_response_body(response), "\"severity\":\"block\"") != NULL &&
               strstr(cutover_api_response_body(response), "memory") != NULL;
    struct json_object *body = json_tokener_parse(cutover_api_response_body(response));
    const bool ours = status == 500 || status == 503 ||
                      (status == 502 && fails_anyhow); /* libpq has words of its own for it */
    const bool honest = ours && has_header(response, "Content-Type", "application/problem+json") &&
                        json_object_get_int(json_object_object_get(body, "status")) == (int)status &&
                        json_object_object_get(body, "title") != NULL &&
                        json_object_object_get(body, "code") != NULL;

    json_object_put(body);
    return honest;
}

/* ---- one request, and each of its allocations ---- */

struct route_case {
    struct question question;
    void (*prepare)(struct world *world);
};

static struct {
    const char *name;
    unsigned long nth;
} at; /* for whoever looks at a crash */

/* What came of a request. */
struct turnout {
    bool failed;   /* an allocation did */
    bool answered; /* as ever */
    char *shape;   /* of the records then */
    size_t left;   /* allocations that are not freed */
};

struct calm {
    char *before, *after, *answer;
    bool reads;
};

static const char *name_of(const struct route_case *test)
{
    static char name[300];

    snprintf(name, sizeof name, "%s %s%s", test->question.method, test->question.target,
             test->question.name == NULL ? "" : " with a header");
    return name;
}

/* Asks with the nth allocation failing. `calm` is NULL the first time, when there is nothing to hold it against. */
static struct turnout ask_starved(struct world *world, const struct route_case *test, const struct calm *calm,
                                  unsigned long nth, char **answer)
{
    struct asked asked;
    struct turnout turnout = {.shape = NULL};
    cutover_api_response *response = NULL;
    cutover_error *error = NULL;

    prepare_asked(world, &test->question, &asked);
    at.name = test->question.target;
    at.nth = nth;
    starve_forget();
    starve_begin(STARVE_THREAD, nth);
    cutover_status status = cutover_api_handle(world->api, &asked.request, &response, &error);
    starve_end(&turnout.failed);
    if ((status == CUTOVER_OK) != (response != NULL) || (status == CUTOVER_OK) != (error == NULL))
        fail_msg("%s, allocation %lu: %s, and what it gives is another", name_of(test), nth,
                 cutover_status_name(status));
    if (status != CUTOVER_OK && (status != CUTOVER_E_NOMEM || cutover_error_code(error) != CUTOVER_E_NOMEM))
        fail_msg("%s, allocation %lu: %s: %s", name_of(test), nth, cutover_status_name(status),
                 cutover_error_message(error));
    char *found = response == NULL ? NULL : answer_of(response, calm != NULL && calm->reads);
    if (calm != NULL && found != NULL) {
        turnout.answered = strcmp(found, calm->answer) == 0;
        if (!turnout.answered && !(turnout.failed && is_honest(response, strncmp(calm->answer, "502", 3) == 0)))
            fail_msg("%s, allocation %lu: %s\n%s\nwhere it is\n%s", name_of(test), nth, found,
                     cutover_api_response_body(response), calm->answer);
    }
    cutover_error_free(error);
    cutover_api_response_free(response);
    turnout.left = starve_left();
    turnout.shape = shape_of(&world->store);
    if (answer != NULL)
        *answer = found;
    else
        free(found);
    return turnout;
}

/* What libraries make once and keep is made here. */
static void warm_up(const struct route_case *test)
{
    struct world world;

    world_open(&world);
    test->prepare(&world);
    cutover_api_response_free(ask(&world, &test->question));
    world_close(&world);
}

static struct calm run_calm(const struct route_case *test)
{
    struct world world;
    struct calm calm;

    world_open(&world);
    test->prepare(&world);
    calm.before = shape_of(&world.store);
    struct turnout turnout = ask_starved(&world, test, NULL, 0, &calm.answer);
    assert_non_null(calm.answer);
    calm.after = turnout.shape;
    calm.reads = false;
    world_close(&world);
    if (starve_left() != 0)
        fail_msg("%s: %zu allocations are left", name_of(test), starve_left());
    return calm;
}

static bool is_keyed(const struct route_case *test)
{
    return test->question.name != NULL && strcmp(test->question.name, "Idempotency-Key") == 0;
}

/* What only reads is held against what it says in that very world, to the byte. */
static void read_calm(struct world *world, const struct route_case *test, struct calm *calm)
{
    if (is_keyed(test) || strcmp(calm->before, calm->after) != 0)
        return;
    cutover_api_response *response = ask(world, &test->question);

    free(calm->answer);
    calm->answer = answer_of(response, true);
    calm->reads = true;
    cutover_api_response_free(response);
}

static void check_turnout(const struct route_case *test, const struct calm *calm, const struct turnout *turnout,
                          unsigned long nth)
{
    const bool before = strcmp(turnout->shape, calm->before) == 0,
               after = strcmp(turnout->shape, calm->after) == 0;

    if (!before && !after)
        fail_msg("%s, allocation %lu: half done:\n%s\nbefore:\n%s\nafter:\n%s", name_of(test), nth,
                 turnout->shape, calm->before, calm->after);
    if (turnout->answered && !after)
        fail_msg("%s, allocation %lu: it says done, and is not:\n%s", name_of(test), nth, turnout->shape);
    if (!turnout->failed && !turnout->answered)
        fail_msg("%s: after allocation %lu it is not answered as ever", name_of(test), nth);
}

/* A world in which only this allocation has failed: what the C library makes once, on a path that only a failure takes, is not left
   a second time. */
static void check_nothing_left(const struct route_case *test, const struct calm *calm, unsigned long nth)
{
    struct world world;

    world_open(&world);
    test->prepare(&world);
    struct calm own = *calm;
    own.reads = false;
    struct turnout turnout = ask_starved(&world, test, calm->reads ? NULL : &own, nth, NULL);
    free(turnout.shape);
    world_close(&world);
    if (starve_left() != 0)
        fail_msg("%s, allocation %lu: %zu allocations are left", name_of(test), nth, starve_left());
}

/* Under the same key it is not done again, and whoever asks is told so. */
static void check_once(struct world *world, const struct route_case *test, const struct calm *calm,
                       bool answered, unsigned long nth)
{
    if (!is_keyed(test))
        return;
    cutover_api_response *response = ask(world, &test->question);
    char *shape = shape_of(&world->store);

    /* What has a secret, which nobody was told, may be made once more. */
    const bool once = answered || strncmp(test->question.target, "/v1/keys", 8) != 0;
    if ((once && strcmp(shape, calm->after) != 0) || cutover_api_response_status(response) >= 500)
        fail_msg("%s, allocation %lu: asked again, %u:\n%s", name_of(test), nth,
                 cutover_api_response_status(response), shape);
    if (answered && *calm->answer != '4' && !has_header(response, "Idempotent-Replayed", "true"))
        fail_msg("%s, allocation %lu: it was done, and is asked for again: %s", name_of(test), nth,
                 cutover_api_response_body(response));
    free(shape);
    cutover_api_response_free(response);
}

/* One world for all that leave it as it is: so whatever fails is asked once more with what it left. */
static unsigned long check_case(const struct route_case *test)
{
    warm_up(test);
    struct calm calm = run_calm(test);
    struct world world;
    struct turnout turnout = {.failed = true};
    unsigned long nth = 0;
    bool open = false;

    while (turnout.failed) {
        if (!open) {
            world_open(&world);
            test->prepare(&world);
            read_calm(&world, test, &calm);
            open = true;
        }
        turnout = ask_starved(&world, test, &calm, ++nth, NULL);
        check_turnout(test, &calm, &turnout, nth);
        if (is_keyed(test) || strcmp(turnout.shape, calm.before) != 0 || !turnout.failed) {
            check_once(&world, test, &calm, turnout.answered, nth);
            world_close(&world);
            turnout.left = starve_left();
            open = false;
        }
        free(turnout.shape);
        if (turnout.left != 0)
            check_nothing_left(test, &calm, nth);
    }
    free(calm.before);
    free(calm.after);
    free(calm.answer);
    return nth;
}

/* clang-format off */
static const struct route_case cases[] = {
    {{"GET", "/v1/openapi.json", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects?limit=1", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects/shop", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects/shop/previews?limit=1&cursor=next", NULL, NULL, NULL}, with_nothing},
    {{"POST", "/v1/projects/shop/previews/next/extend", "{\"ttl_hours\":8760}", NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects/shop/preflight?preview_id=next", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects/shop/audit-events?limit=2", NULL, NULL, NULL}, with_request},
    {{"GET", "/v1/projects/shop/displaced-databases", NULL, NULL, NULL}, with_nothing},
    {{"DELETE", "/v1/projects/shop/displaced-databases/x", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/cutover-requests?status=live&order=newest", NULL, NULL, NULL}, with_request},
    {{"GET", REQUESTS "?limit=1", NULL, NULL, NULL}, with_request},
    {{"POST", REQUESTS, "{\"preview_id\":\"other\",\"customer_note\":\"please\",\"scheduled_for\":\"2026-01-01T00:30:00Z\"}", NULL, NULL}, with_nothing},
    {{"POST", REQUESTS, "{\"preview_id\":\"other\"}", "Idempotency-Key", "k"}, with_nothing},
    {{"POST", REQUESTS, "{\"preview_id\":\"other\"}", "Idempotency-Key", "k"}, with_answered_key},
    {{"POST", REQUESTS, "{\"preview_id\":\"next\"}", "Idempotency-Key", "k"}, with_answered_key},
    {{"POST", REQUESTS, "{\"preview_id\":\"none\"}", "Idempotency-Key", "k"}, with_nothing},
    {{"GET", "/v1/cutover-requests/WISH", NULL, NULL, NULL}, with_request},
    {{"GET", "/v1/cutover-requests/WISH", NULL, "If-None-Match", "\"1\""}, with_request},
    {{"POST", "/v1/cutover-requests/WISH/ack", "{\"operator_note\":\"fine\"}", "If-Match", "\"1\""}, with_request},
    {{"POST", "/v1/cutover-requests/WISH/ack", NULL, "If-Match", "\"2\""}, with_request},
    {{"POST", "/v1/cutover-requests/WISH/reject", "{\"reason\":\"no\"}", NULL, NULL}, with_request},
    {{"POST", "/v1/cutover-requests/WISH/cancel", NULL, NULL, NULL}, with_request},
    {{"POST", "/v1/cutover-requests/WISH/ticket", "{\"external_ticket_ref\":\"T-2\"}", NULL, NULL}, with_request},
    {{"POST", "/v1/cutover-requests/WISH/reschedule", "{\"scheduled_for\":\"2026-01-01T00:30:00Z\"}", NULL, NULL}, with_acked},
    {{"POST", "/v1/cutover-requests/WISH/preflight", NULL, NULL, NULL}, with_request},
    {{"GET", "/v1/cutover-requests/WISH/preflight", NULL, NULL, NULL}, with_preflight},
    {{"POST", "/v1/cutover-requests/WISH/promote", "{\"hold\":true,\"verify\":\"readback\"}", NULL, NULL}, with_acked},
    {{"POST", "/v1/cutover-requests/WISH/release", NULL, NULL, NULL}, with_acked},
    {{"POST", "/v1/cutover-requests/WISH/rollback", NULL, NULL, NULL}, with_acked},
    {{"GET", "/v1/projects/shop/backups?status=verified", NULL, NULL, NULL}, with_backup},
    {{"POST", "/v1/projects/shop/backups", "{\"label\":\"by hand\",\"jobs\":2}", "Idempotency-Key", "k"}, with_nothing},
    {{"GET", "/v1/backups/BACKUP", NULL, NULL, NULL}, with_backup},
    {{"DELETE", "/v1/backups/BACKUP", NULL, NULL, NULL}, with_backup},
    {{"POST", "/v1/backups/BACKUP/verify", NULL, NULL, NULL}, with_backup},
    {{"POST", "/v1/projects/shop/restores", "{\"backup_id\":\"0191d3a0-0000-7000-8000-000000000001\",\"target_kind\":\"preview\",\"preview_id\":\"next\"}", NULL, NULL}, with_backup},
    {{"POST", "/v1/projects/shop/restores", "{\"backup_id\":\"0191d3a0-0000-7000-8000-000000000001\",\"target_kind\":\"project\"}", NULL, NULL}, with_backup},
    {{"GET", "/v1/jobs?kind=backup", NULL, NULL, NULL}, with_backup},
    {{"GET", "/v1/projects/shop/jobs", NULL, NULL, NULL}, with_backup},
    {{"GET", "/v1/jobs/BACKUP", NULL, NULL, NULL}, with_backup},
    {{"GET", "/v1/jobs/JOB", NULL, NULL, NULL}, with_waiting_job},
    {{"GET", "/v1/jobs/JOB", NULL, NULL, NULL}, with_refused_job},
    {{"POST", "/v1/jobs/JOB/cancel", NULL, NULL, NULL}, with_waiting_job},
    {{"POST", "/v1/jobs/BACKUP/cancel", NULL, NULL, NULL}, with_backup},
    {{"GET", "/v1/jobs/JOB/events", NULL, NULL, NULL}, with_waiting_job},
    {{"GET", "/v1/keys", NULL, NULL, NULL}, with_key},
    {{"POST", "/v1/keys", "{\"label\":\"second\",\"roles\":[\"member\",\"operator\"],\"project_id\":\"shop\"}", "Idempotency-Key", "k"}, with_nothing},
    {{"DELETE", "/v1/keys/KEY", NULL, NULL, NULL}, with_key},
#ifndef CUTOVER_WITHOUT_CURL
    {{"GET", "/v1/projects/shop/webhook-endpoints?limit=1", NULL, NULL, NULL}, with_hook},
    {{"POST", "/v1/projects/shop/webhook-endpoints", "{\"url\":\"https://a.example\",\"description\":\"mine\",\"event_types\":[\"cutover.acked\",\"cutover.failed\"]}", NULL, NULL}, with_hook},
    {{"GET", "/v1/webhook-endpoints/HOOK", NULL, NULL, NULL}, with_hook},
    {{"PATCH", "/v1/webhook-endpoints/HOOK", "{\"url\":\"https://b.example\",\"description\":\"theirs\",\"event_types\":[],\"enabled\":false}", NULL, NULL}, with_hook},
    {{"DELETE", "/v1/webhook-endpoints/HOOK", NULL, NULL, NULL}, with_hook},
    {{"POST", "/v1/webhook-endpoints/HOOK/rotate-secret", "{\"overlap_s\":60}", NULL, NULL}, with_hook},
    {{"POST", "/v1/webhook-endpoints/HOOK/test", NULL, NULL, NULL}, with_hook},
    {{"GET", "/v1/webhook-endpoints/HOOK/deliveries?status=dead&limit=1", NULL, NULL, NULL}, with_dead_message},
    {{"GET", "/v1/webhook-endpoints/HOOK/deliveries", NULL, NULL, NULL}, with_message},
    {{"GET", "/v1/webhook-endpoints/HOOK/deliveries/MESSAGE", NULL, NULL, NULL}, with_message},
    {{"POST", "/v1/webhook-endpoints/HOOK/redeliver", NULL, NULL, NULL}, with_dead_message},
    {{"GET", "/v1/projects/shop/integrations", NULL, NULL, NULL}, with_integration},
    {{"GET", "/v1/projects/shop/integrations/vercel", NULL, NULL, NULL}, with_integration},
    {{"POST", "/v1/projects/shop/integrations/vercel/connect", CONNECT, NULL, NULL}, with_nothing},
    {{"POST", "/v1/projects/shop/integrations/vercel/disconnect", NULL, NULL, NULL}, with_integration},
    {{"POST", "/v1/projects/shop/integrations/vercel/sync", NULL, NULL, NULL}, with_integration},
#endif
    {{"POST", "/v1/projects/shop/displaced-databases/expire", "{\"older_than_hours\":1}", NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects/shop/server", NULL, NULL, NULL}, with_nothing},
    {{"POST", "/v1/projects/shop/confirm-server", "{\"system_identifier\":\"1\",\"reason\":\"it moved\"}", NULL, NULL}, with_nothing},
    {{"POST", "/v1/jobs/BACKUP/abandon", "{\"reason\":\"its server is gone\",\"confirm\":true}", NULL, NULL}, with_backup},
    {{"POST", "/v1/recover", NULL, NULL, NULL}, with_leftover},
    {{"POST", "/v1/projects/shop/recover", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/leftovers", NULL, NULL, NULL}, with_leftover},
    {{"GET", "/v1/projects/shop/leftovers?limit=1", NULL, NULL, NULL}, with_leftover},
    {{"POST", "/v1/leftovers/left/forget", "{\"reason\":\"looked at\"}", NULL, NULL}, with_leftover},
    {{"POST", "/v1/leftovers/left/retry", NULL, NULL, NULL}, with_leftover},
    {{"GET", "/v1/outbox", NULL, NULL, NULL}, with_event_given_up},
    {{"GET", "/v1/projects/shop/outbox?limit=1", NULL, NULL, NULL}, with_event_given_up},
    {{"POST", "/v1/outbox/retry", "{\"notifier\":\"file\"}", "Idempotency-Key", "k"}, with_event_given_up},
    {{"POST", "/v1/outbox/discard", "{\"notifier\":\"file\"}", NULL, NULL}, with_event_given_up},
    {{"POST", "/v1/projects/shop/outbox/retry", "{\"notifier\":\"file\",\"first\":1,\"last\":1}", NULL, NULL}, with_event_given_up},
    {{"POST", "/v1/projects/shop/outbox/discard", "{\"notifier\":\"file\"}", NULL, NULL}, with_event_given_up},
    {{"GET", "/v1/keys/KEY", NULL, NULL, NULL}, with_key},
    {{"GET", "/v1/nothing", NULL, NULL, NULL}, with_nothing},
    {{"DELETE", "/v1/projects", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects/sh%2", NULL, NULL, NULL}, with_nothing},
    {{"GET", "/v1/projects?nothing=1", NULL, NULL, NULL}, with_nothing},
    {{"POST", REQUESTS, "{\"preview_id\":1}", NULL, NULL}, with_nothing},
    {{"POST", REQUESTS, "{", NULL, NULL}, with_nothing},
};
/* clang-format on */

static void requests_to_every_route_without_memory(void **state)
{
    const char *only = getenv("CUTOVER_CALL"); /* for a debugger: routes from that one on */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (only != NULL && strcmp(only, cases[i].question.target) != 0)
            continue;
        only = NULL;
        unsigned long count = check_case(&cases[i]);
        print_message("%-70s %5lu allocations\n", name_of(&cases[i]), count - 1);
    }
}

/* Whether a target is one of a route: what is in its braces may be anything. */
static bool is_of(const struct route *route, const struct question *question)
{
    const char *path = route->path, *target = question->target;

    if (strcmp(route->method, question->method) != 0)
        return false;
    while (*path != '\0' && *target != '\0' && *target != '?') {
        const size_t named = strcspn(path, "/"), given = strcspn(target, "/?");
        if (*path != '{' && (named != given || strncmp(path, target, named) != 0))
            return false;
        path += named + (path[named] == '/');
        target += given + (target[given] == '/');
    }
    return *path == '\0' && (*target == '\0' || *target == '?');
}

static void every_route_is_among_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        bool asked = false;
        for (size_t k = 0; k < sizeof cases / sizeof *cases && !asked; k++)
            asked = is_of(&routes[i], &cases[k].question);
#ifdef CUTOVER_WITHOUT_CURL
        asked = asked || strstr(routes[i].path, "webhook") != NULL ||
                strstr(routes[i].path, "integrations") != NULL;
#endif
        if (!asked)
            fail_msg("nobody asks %s %s", routes[i].method, routes[i].path);
    }
}

/* ---- one request, and each of its calls of the store ---- */

static bool is_told(const cutover_api_response *response, enum fault fault)
{
    const char *body = cutover_api_response_body(response);

    if (fault == FAULT_CONFLICT && strstr(body, "CUTOVER_E_CONFLICT") != NULL)
        return cutover_api_response_status(response) == 409 || cutover_api_response_status(response) == 412;
    if (strstr(body, "\"outcome\":\"failed\"") != NULL)
        return strstr(body, "the store is not there") != NULL;
    /* The registry is the host's platform, and on that store, too. */
    return is_honest(response, true) &&
           (strstr(body, "CUTOVER_E_STORE") != NULL || strstr(body, "CUTOVER_E_CALLBACK") != NULL);
}

static void check_faulted(const struct route_case *test, const struct calm *calm, enum fault fault,
                          bool answered, bool after, const char *shape)
{
    /* What was done, and not heard of, may be told of otherwise than what was not. */
    const bool whole = after || fault == FAULT_LOST || strcmp(shape, calm->before) == 0;

    /* Who was faster has looked as well. */
    const bool kept = after || (fault == FAULT_CONFLICT && strstr(test->question.target, "/preflight") != NULL);

    if (!whole || (answered && !kept))
        fail_msg("%s, call %lu, fault %d: half done:\n%s\nbefore:\n%s\nafter:\n%s", name_of(test),
                 store_fault.nth, fault, shape, calm->before, calm->after);
}

/* Whoever asks again gets what there is to say, and no failure that is past. */
static void check_asked_again(struct world *world, const struct route_case *test, const struct calm *calm,
                              enum fault fault)
{
    cutover_api_response *response = ask(world, &test->question);

    if (cutover_api_response_status(response) >= 500 && *calm->answer != '5')
        fail_msg("%s, call %lu, fault %d: then %s", name_of(test), store_fault.nth, fault,
                 cutover_api_response_body(response));
    cutover_api_response_free(response);
}

static bool check_store_fault(const struct route_case *test, const struct calm *calm, enum fault fault,
                              unsigned long nth)
{
    struct world world;

    world_open(&world);
    test->prepare(&world);
    store_fault.fault = fault;
    store_fault.nth = nth;
    store_fault.calls = 0;
    cutover_api_response *response = ask(&world, &test->question);
    const bool failed = store_fault.calls >= nth;
    store_fault.fault = FAULT_NONE;
    char *found = answer_of(response, false), *shape = shape_of(&world.store);
    const bool answered = strcmp(found, calm->answer) == 0;
    if (!answered && !(failed && is_told(response, fault)))
        fail_msg("%s, call %lu, fault %d: %s", name_of(test), nth, fault, cutover_api_response_body(response));
    check_faulted(test, calm, fault, answered, strcmp(shape, calm->after) == 0, shape);
    check_asked_again(&world, test, calm, fault);
    free(found);
    free(shape);
    cutover_api_response_free(response);
    world_close(&world);
    return failed;
}

static void requests_to_every_route_whose_store_fails(void **state)
{
    static const enum fault faults[] = {FAULT_REFUSED, FAULT_LOST, FAULT_CONFLICT};
    const char *only = getenv("CUTOVER_CALL");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (only != NULL && strcmp(only, cases[i].question.target) != 0)
            continue;
        only = NULL;
        warm_up(&cases[i]);
        struct calm calm = run_calm(&cases[i]);
        for (size_t k = 0; k < sizeof faults / sizeof *faults; k++)
            for (unsigned long nth = 1; check_store_fault(&cases[i], &calm, faults[k], nth);)
                nth++;
        free(calm.before);
        free(calm.after);
        free(calm.answer);
    }
}

/* ---- what a stream tells ---- */

static cutover_api_stream *open_stream(struct world *world, const char *target)
{
    cutover_api_response *response = ask(world, &(const struct question){"GET", target, NULL, NULL, NULL});
    cutover_api_stream *stream = cutover_api_response_take_stream(response);

    assert_non_null(stream);
    cutover_api_response_free(response);
    return stream;
}

static const char *next_of(cutover_api_stream *stream)
{
    cutover_error *error = NULL;
    const char *text = NULL;
    uint32_t wait_ms;

    check_ok(cutover_api_stream_next(stream, &text, &wait_ms, &error), error);
    return text;
}

/* What a look failed to tell is told by the next one, and nothing twice. */
static bool check_stream(struct world *world, const char *target, const char *told, unsigned long nth)
{
    cutover_api_stream *stream = open_stream(world, target);
    const char *text = NULL;
    uint32_t wait_ms;
    cutover_error *error = NULL;
    bool failed = false;

    at.name = target;
    at.nth = nth;
    starve_forget();
    starve_begin(STARVE_THREAD, nth);
    cutover_status status = cutover_api_stream_next(stream, &text, &wait_ms, &error);
    starve_end(&failed);
    if (status != CUTOVER_OK && (!failed || (status != CUTOVER_E_NOMEM && status != CUTOVER_E_STORE)))
        fail_msg("%s, allocation %lu: %s", target, nth, cutover_status_name(status));
    cutover_error_free(error);
    if (status != CUTOVER_OK)
        text = next_of(stream);
    if (strcmp(text, told) != 0)
        fail_msg("%s, allocation %lu: %s\nwhere it is\n%s", target, nth, text, told);
    cutover_api_stream_free(stream);
    if (starve_left() != 0)
        fail_msg("%s, allocation %lu: %zu allocations are left", target, nth, starve_left());
    return failed;
}

static void check_streams(void (*prepare)(struct world *world), const char *path)
{
    struct world world;
    char target[200];
    unsigned long nth = 1;

    world_open(&world);
    prepare(&world);
    fill_in(&world, path, target, sizeof target);
    cutover_api_stream *stream = open_stream(&world, target);
    char *told = strdup(next_of(stream));
    cutover_api_stream_free(stream);
    while (check_stream(&world, target, told, nth))
        nth++;
    print_message("%-70s %5lu allocations\n", path, nth - 1);
    free(told);
    world_close(&world);
}

static void streams_tell_later_what_they_could_not(void **state)
{
    (void)state;
    check_streams(with_waiting_job, "/v1/jobs/JOB/events");
    check_streams(with_refused_job, "/v1/jobs/JOB/events");
    check_streams(with_backup, "/v1/jobs/BACKUP/events");
}

/* ---- jobs that wait ---- */

static void check_job(struct world *world, const char *expected, unsigned long nth)
{
    cutover_api_response *response =
        ask(world, &(const struct question){"GET", "/v1/jobs/JOB", NULL, NULL, NULL});

    if (strstr(cutover_api_response_body(response), expected) == NULL)
        fail_msg("allocation %lu: %s", nth, cutover_api_response_body(response));
    cutover_api_response_free(response);
}

static bool run_starved_work(unsigned long nth, size_t *left)
{
    struct world world;
    cutover_error *error = NULL;
    bool failed = false;

    world_open(&world);
    with_waiting_job(&world);
    starve_forget();
    starve_begin(STARVE_THREAD, nth);
    cutover_status status = cutover_api_work_run(world.works[0], &error);
    starve_end(&failed);
    assert_true(status != CUTOVER_OK && cutover_error_code(error) == status);
    cutover_error_free(error);
    free_works(&world);
    check_job(&world, "\"status\":\"refused\"", nth);
    world_close(&world);
    *left = starve_left();
    return failed;
}

static void a_job_that_was_refused_says_so(void **state)
{
    unsigned long nth = 0;
    bool failed = true;

    (void)state;
    while (failed) {
        size_t left = 0;
        failed = run_starved_work(++nth, &left);
        if (left != 0)
            run_starved_work(nth, &left);
        if (left != 0)
            fail_msg("allocation %lu: %zu allocations are left", nth, left);
    }
    print_message("a job that is run %5lu allocations\n", nth - 1);
}

/* A sign of life that fails is given the next time, and what is a day old is forgotten then. */
static void jobs_that_wait_are_tended(void **state)
{
    unsigned long nth = 0;
    bool failed = true;

    (void)state;
    while (failed) {
        struct world world;
        cutover_error *error = NULL;

        world_open(&world);
        with_waiting_job(&world);
        with_answered_key(&world);
        world.now += 86400 * SHOP_SECOND;
        starve_forget();
        starve_begin(STARVE_THREAD, ++nth);
        cutover_status status = cutover_api_tend(world.api, &error);
        starve_end(&failed);
        if (status != CUTOVER_OK && (!failed || cutover_error_code(error) != status))
            fail_msg("allocation %lu: %s", nth, cutover_status_name(status));
        cutover_error_free(error);
        error = NULL;
        check_ok(cutover_api_tend(world.api, &error), error);
        check_job(&world, "\"status\":\"waiting\"", nth);
        make(&world, 409,
             &(const struct question){"POST", REQUESTS, "{\"preview_id\":\"other\"}", "Idempotency-Key", "k"},
             NULL, NULL);
        world_close(&world);
        assert_int_equal(starve_left(), 0);
    }
    print_message("tended %5lu allocations\n", nth - 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_among_them),
        cmocka_unit_test(requests_to_every_route_without_memory),
        cmocka_unit_test(requests_to_every_route_whose_store_fails),
        cmocka_unit_test(streams_tell_later_what_they_could_not),
        cmocka_unit_test(a_job_that_was_refused_says_so),
        cmocka_unit_test(jobs_that_wait_are_tended),
    };

    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
