/*
 * The documents of a store, as somebody may have left them there: lines "KIND {…}". Everything that reads them without
 * a server is called: the registry, the requests and what is done with them, promotions and backups, audit, ledger and
 * outbox. Nothing may crash or hang, every refusal says why, and what is handed out is whole.
 */
#include "fuzz/fuzz.h"

#include "store/ledger.h"
#include "support/agree.h"

#include <cutover.h>
#include <time.h>

#define PROJECT "shop"
#define NOW INT64_C(1900000000000000)

/* Waits for other writers, of which there are none, take no time. */
int nanosleep(const struct timespec *request, struct timespec *remaining)
{
    (void)request;
    (void)remaining;
    return 0;
}

static const struct {
    const char *kind, *id;
} places[] = {{"project", PROJECT}, {"preview", "next"}, {"request", "r1"}, {"promotion", "p1"},
              {"backup", "b1"},     {"claim", "next"},   {"lock", PROJECT}, {"gate", "p1"},
              {"ledger", PROJECT},  {"audit", NULL},     {"event", NULL},   {"notifiers", "all"}};

static cutover_status not_here(cutover_error **error)
{
    *error = cutover_error_new(CUTOVER_E_REPOSITORY, "nothing is here", NULL, NULL);
    return CUTOVER_E_REPOSITORY;
}

static cutover_status no_backup(const char *backup, cutover_error **error, void *userdata)
{
    (void)backup;
    (void)userdata;
    return not_here(error);
}

static cutover_status no_object(const char *backup, const char *name, void **object, cutover_error **error,
                                void *userdata)
{
    (void)backup;
    (void)name;
    (void)object;
    (void)userdata;
    return not_here(error);
}

static cutover_status no_write(void *object, const void *bytes, size_t count, cutover_error **error,
                               void *userdata)
{
    (void)object;
    (void)bytes;
    (void)count;
    (void)userdata;
    return not_here(error);
}

static cutover_status no_commit(void *object, cutover_error **error, void *userdata)
{
    (void)object;
    (void)userdata;
    return not_here(error);
}

static cutover_status no_read(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
                              cutover_error **error, void *userdata)
{
    (void)object;
    (void)offset;
    (void)bytes;
    (void)capacity;
    (void)count;
    (void)userdata;
    return not_here(error);
}

static cutover_status no_list(const char *backup, cutover_object_emit emit, void *context,
                              cutover_error **error, void *userdata)
{
    (void)backup;
    (void)emit;
    (void)context;
    (void)userdata;
    return not_here(error);
}

static void drop(void *object, void *userdata)
{
    (void)object;
    (void)userdata;
}

static void close_nothing(void *userdata)
{
    (void)userdata;
}

static const cutover_repository repository = {
    .version = CUTOVER_REPOSITORY_VERSION,
    .begin = no_backup,
    .create = no_object,
    .write = no_write,
    .commit = no_commit,
    .abort = drop,
    .publish = no_backup,
    .open = no_object,
    .read = no_read,
    .close_object = drop,
    .list = no_list,
    .remove = no_backup,
    .close = close_nothing,
};

static int64_t fixed_now(void *userdata)
{
    (void)userdata;
    return NOW;
}

/* Takes the first event of each run and refuses the others. */
static cutover_status deliver(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                              void *userdata)
{
    unsigned *offered = userdata;

    REQUIRE(event->id != NULL && event->type != NULL && event->project_id != NULL);
    REQUIRE(event->sequence >= 1 && event->attempt >= 1);
    fuzz_require_json(event->json);
    if ((*offered)++ == 0)
        return CUTOVER_OK;
    refusal->never_again = *offered % 3 == 0;
    refusal->again_at = *offered % 2 == 0 ? NOW - 1 : 0;
    *error = cutover_error_new(CUTOVER_E_IO, "not now", NULL, NULL);
    return CUTOVER_E_IO;
}

/* ------------------------------------------------------------------------------------------------ putting them there */

struct world {
    cutover_store store;
    cutover_registry *registry;
    cutover_platform platform;
    cutover_notifier notifier;
    cutover_engine *engine;
    unsigned offered;
};

static void put(struct world *world, const char *kind, size_t kind_length, const char *body, unsigned line)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char id[40];
        if (strlen(places[i].kind) != kind_length || strncmp(places[i].kind, kind, kind_length) != 0)
            continue;
        snprintf(id, sizeof id, PROJECT ":%012x", line);
        const cutover_write write = {
            CUTOVER_WRITE_VERSION, places[i].kind, places[i].id != NULL ? places[i].id : id, PROJECT, 0, body};
        cutover_error *error = NULL;
        world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata);
        cutover_error_free(error);
    }
}

static void put_all(struct world *world, char *text)
{
    unsigned line = 0;
    char *at;

    while ((at = strsep(&text, "\n")) != NULL) {
        char *body = strchr(at, ' ');
        if (body != NULL)
            put(world, at, (size_t)(body - at), body + 1, ++line);
    }
}

static void open_world(struct world *world)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;

    memset(world, 0, sizeof *world);
    world->notifier = (cutover_notifier){CUTOVER_NOTIFIER_VERSION, &world->offered, deliver, close_nothing, 0};
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    cutover_platform_init(&world->platform, CUTOVER_PLATFORM_VERSION);
    REQUIRE(cutover_store_memory_open(&world->store, NULL) == CUTOVER_OK);
    REQUIRE(cutover_registry_open(&world->store, &world->registry, NULL) == CUTOVER_OK);
    REQUIRE(cutover_registry_platform(world->registry, &world->platform, NULL) == CUTOVER_OK);
    options.store = &world->store;
    options.repository = &repository;
    options.platform = &world->platform;
    cutover_named_notifier named = CUTOVER_NAMED_NOTIFIER_INIT;
    named.name = "hook";
    named.notifier = &world->notifier;
    options.notifiers = (const cutover_named_notifier *const[]){&named};
    options.notifier_count = 1;
    options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    options.clock = fixed_now;
    REQUIRE(cutover_engine_new(&options, &world->engine, NULL) == CUTOVER_OK);
}

static void close_world(struct world *world)
{
    cutover_engine_free(world->engine);
    cutover_registry_free(world->registry);
    cutover_store_close(&world->store);
}

/* -------------------------------------------------------------------------------------------------- reading them */

static void look_at_request(const cutover_request *request)
{
    fuzz_require_json(cutover_request_json(request));
    REQUIRE(cutover_request_status(request) != NULL);
    fuzz_require_utf8(cutover_request_id(request));
    fuzz_require_utf8(cutover_request_customer_note(request));
}

/* What a call that may hand out a request did. */
static void settle_request(cutover_status status, cutover_request *request, cutover_error *error)
{
    REQUIRE((status == CUTOVER_OK) == (request != NULL));
    fuzz_settle(status, error);
    if (request != NULL)
        look_at_request(request);
    cutover_request_free(request);
}

static void read_requests(struct world *world)
{
    cutover_request *request = NULL;
    cutover_request_list *list = NULL;
    cutover_error *error = NULL;
    char *json = NULL;

    cutover_status status = cutover_request_get(world->engine, "r1", &request, &error);
    settle_request(status, request, error);
    error = NULL;
    status = cutover_requests_list(world->engine, PROJECT, NULL, 10, &list, &error);
    REQUIRE((status == CUTOVER_OK) == (list != NULL));
    fuzz_settle(status, error);
    for (size_t i = 0; i < cutover_request_list_count(list); i++)
        look_at_request(cutover_request_list_at(list, i));
    cutover_request_list_free(list);
    error = NULL;
    status = cutover_promotion_show(world->engine, "r1", &json, &error);
    REQUIRE((status == CUTOVER_OK) == (json != NULL));
    fuzz_settle(status, error);
    if (json != NULL)
        fuzz_require_json(json);
    cutover_string_free(json);
}

static void read_backups(struct world *world)
{
    cutover_backup *backup = NULL;
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    char path[100];

    cutover_status status = cutover_backup_get(world->engine, "b1", &backup, &error);
    REQUIRE((status == CUTOVER_OK) == (backup != NULL));
    fuzz_settle(status, error);
    if (backup != NULL) {
        fuzz_require_json(cutover_backup_json(backup));
        fuzz_require_utf8(cutover_backup_label(backup));
        REQUIRE(cutover_backup_status(backup) != NULL);
    }
    cutover_backup_free(backup);
    error = NULL;
    status = cutover_backups_list(world->engine, PROJECT, NULL, 10, &list, &error);
    REQUIRE((status == CUTOVER_OK) == (list != NULL));
    fuzz_settle(status, error);
    cutover_backup_list_free(list);
    error = NULL;
    fuzz_settle(cutover_backup_path(world->engine, "b1", path, sizeof path, &error), error);
}

static cutover_status see_audit(const cutover_audit_entry *entry, void *context)
{
    (void)context;
    REQUIRE(entry->action != NULL && entry->actor_id != NULL && entry->actor_kind != NULL);
    fuzz_require_json(entry->json);
    return CUTOVER_OK;
}

static cutover_status see_event(const cutover_event *event, void *context)
{
    (void)context;
    REQUIRE(event->id != NULL && event->type != NULL && event->sequence >= 1);
    fuzz_require_json(event->json);
    return CUTOVER_OK;
}

static cutover_status see_preview(const cutover_preview *preview, void *context)
{
    (void)context;
    REQUIRE(preview->id != NULL && preview->project_id != NULL && preview->state != NULL);
    REQUIRE(preview->database != NULL);
    return CUTOVER_OK;
}

static cutover_status see_project(const cutover_project *project, void *context)
{
    (void)context;
    REQUIRE(project->id != NULL && project->state != NULL && project->database != NULL);
    return CUTOVER_OK;
}

static void read_lists(struct world *world)
{
    const cutover_platform *platform = &world->platform;
    cutover_error *error = NULL;

    fuzz_settle(cutover_audit_list(world->engine, PROJECT, NULL, 10, see_audit, NULL, &error), error);
    error = NULL;
    fuzz_settle(cutover_events_list(world->engine, NULL, see_event, NULL, &error), error);
    error = NULL;
    fuzz_settle(cutover_registry_previews_list(world->registry, PROJECT, see_preview, NULL, &error), error);
    error = NULL;
    fuzz_settle(platform->preview_get("next", see_preview, NULL, &error, platform->userdata), error);
    error = NULL;
    fuzz_settle(platform->project_get(PROJECT, see_project, NULL, &error, platform->userdata), error);
}

/* ------------------------------------------------------------------------------------------------ acting on them */

static void act(struct world *world)
{
    const cutover_actor ana = {CUTOVER_ACTOR_VERSION, "ana", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
    const cutover_actor otto = {CUTOVER_ACTOR_VERSION, "otto", CUTOVER_ACTOR_OPERATOR, CUTOVER_ROLE_OPERATOR};
    cutover_request_options create = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_promotion_options promote = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_promotion *promotion = NULL;
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    cutover_status status = agree(world->engine, &otto, "r1", "fine", 0, &request, &error);
    settle_request(status, request, error);
    request = NULL, error = NULL;
    status = cutover_request_set_ticket(world->engine, &ana, "r1", "OPS-1", &request, &error);
    settle_request(status, request, error);
    promote.actor = &otto;
    promote.request_id = "r1";
    error = NULL;
    status = cutover_promotion_start(world->engine, &promote, &promotion, &error);
    REQUIRE((status == CUTOVER_OK) == (promotion != NULL));
    fuzz_settle(status, error);
    cutover_promotion_free(promotion);
    error = NULL;
    fuzz_settle(cutover_promotion_release(world->engine, &otto, "r1", &error), error);
    request = NULL, error = NULL;
    status = cutover_request_cancel(world->engine, &ana, "r1", &request, &error);
    settle_request(status, request, error);
    create.actor = &ana;
    create.project_id = PROJECT;
    create.preview_id = "next";
    request = NULL, error = NULL;
    status = cutover_request_create(world->engine, &create, &request, &error);
    settle_request(status, request, error);
    error = NULL;
    fuzz_settle(cutover_backup_delete(world->engine, &otto, "b1", &error), error);
}

/* A change of the project, whatever its ledger says, is refused or becomes the next entry. */
static void change(struct world *world)
{
    const cutover_actor ana = {CUTOVER_ACTOR_VERSION, "ana", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
    const struct clock clock = {.now = fixed_now};
    struct change *change = NULL;
    cutover_error *error = NULL;
    cutover_status status = change_begin(&world->store, &clock, PROJECT, &change, &error);

    REQUIRE((status == CUTOVER_OK) == (change != NULL));
    if (status == CUTOVER_OK)
        status = change_audit(change, "cutover.acked", &ana, "r1", NULL, &error);
    if (status == CUTOVER_OK)
        status = change_event(change, "cutover.acked", "r1", NULL, &error);
    if (status == CUTOVER_OK)
        status = change_commit(change, &error);
    fuzz_settle(status, error);
    change_free(change);
}

static void deliver_events(struct world *world)
{
    const cutover_actor otto = {CUTOVER_ACTOR_VERSION, "otto", CUTOVER_ACTOR_OPERATOR, CUTOVER_ROLE_OPERATOR};
    const cutover_event_selection all = {CUTOVER_EVENT_SELECTION_VERSION, &otto, "hook", PROJECT, 0, 0},
                                  second = {CUTOVER_EVENT_SELECTION_VERSION, &otto, "hook", PROJECT, 2, 2};

    for (unsigned run = 0; run < 2; run++) {
        cutover_delivery delivery = CUTOVER_DELIVERY_INIT;
        cutover_error *error = NULL;
        world->offered = 0;
        fuzz_settle(cutover_events_deliver(world->engine, NULL, &delivery, &error), error);
        error = NULL;
        fuzz_settle(cutover_events_retry(world->engine, &all, NULL, &error), error);
        error = NULL;
        fuzz_settle(cutover_events_discard(world->engine, &second, NULL, &error), error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    char *text = fuzz_string(data, size);

    open_world(&world);
    put_all(&world, text);
    read_requests(&world);
    read_backups(&world);
    read_lists(&world);
    act(&world);
    change(&world);
    deliver_events(&world);
    close_world(&world);
    free(text);
    return 0;
}
