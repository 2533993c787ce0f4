#include "store/ledger.h"
#include "support/check.h"
#include "support/told.h"

#include <cutover.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Several notifiers of one engine, and of several engines on one store, through the public interface. What the outbox does with
   one of them is in test_outbox.c. No server. */

/* A notifier that notes what it takes. While it hangs it does not answer; a second call meanwhile is a fault. */
struct listener {
    const char *name;
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    bool hangs;
    bool inside;
    bool twice;
    bool refuses;
    char heard[500]; /* "p1/1 p1/2 …" */
    cutover_notifier notifier;
};

struct world {
    char folder[64];
    cutover_store store;
    cutover_repository repository;
    cutover_registry *registry;
    cutover_platform platform;
    struct listener hook, log;
};

static cutover_status listen_to(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                                void *userdata)
{
    struct listener *listener = userdata;

    (void)refusal;
    pthread_mutex_lock(&listener->mutex);
    listener->twice = listener->twice || listener->inside;
    listener->inside = true;
    pthread_cond_broadcast(&listener->moved);
    while (listener->hangs && !listener->twice)
        pthread_cond_wait(&listener->moved, &listener->mutex);
    listener->inside = false;
    bool refuses = listener->refuses;
    if (!refuses) {
        size_t used = strlen(listener->heard);
        snprintf(listener->heard + used, sizeof listener->heard - used, "%s/%llu ", event->project_id,
                 (unsigned long long)event->sequence);
    }
    pthread_mutex_unlock(&listener->mutex);
    if (!refuses)
        return CUTOVER_OK;
    *error = cutover_error_new(CUTOVER_E_IO, "not now", NULL, NULL);
    return CUTOVER_E_IO;
}

static void keep(void *userdata)
{
    (void)userdata;
}

static void listener_open(struct listener *listener, const char *name)
{
    listener->name = name;
    pthread_mutex_init(&listener->mutex, NULL);
    pthread_cond_init(&listener->moved, NULL);
    listener->notifier = (cutover_notifier){CUTOVER_NOTIFIER_VERSION, listener, listen_to, keep, 0};
}

static void listener_close(struct listener *listener)
{
    assert_false(listener->twice);
    pthread_cond_destroy(&listener->moved);
    pthread_mutex_destroy(&listener->mutex);
}

static void wait_until_inside(struct listener *listener)
{
    pthread_mutex_lock(&listener->mutex);
    while (!listener->inside)
        pthread_cond_wait(&listener->moved, &listener->mutex);
    pthread_mutex_unlock(&listener->mutex);
}

static void let_go(struct listener *listener)
{
    pthread_mutex_lock(&listener->mutex);
    listener->hangs = false;
    pthread_cond_broadcast(&listener->moved);
    pthread_mutex_unlock(&listener->mutex);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    cutover_error *error = NULL;

    assert_non_null(world);
    snprintf(world->folder, sizeof world->folder, "/tmp/cutover-events-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    cutover_repository_init(&world->repository, CUTOVER_REPOSITORY_VERSION);
    cutover_platform_init(&world->platform, CUTOVER_PLATFORM_VERSION);
    check_ok(cutover_store_memory_open(&world->store, &error), error);
    check_ok(cutover_repository_directory_open(world->folder, &world->repository, &error), error);
    check_ok(cutover_registry_open(&world->store, &world->registry, &error), error);
    check_ok(cutover_registry_platform(world->registry, &world->platform, &error), error);
    listener_open(&world->hook, "hook");
    listener_open(&world->log, "log");
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    listener_close(&world->hook);
    listener_close(&world->log);
    cutover_registry_free(world->registry);
    cutover_repository_close(&world->repository);
    cutover_store_close(&world->store);
    assert_int_equal(rmdir(world->folder), 0);
    free(world);
    return 0;
}

/* NULL: none. */
static cutover_engine *engine_with(struct world *world, struct listener *first, struct listener *second)
{
    struct listener *const listeners[] = {first, second};
    cutover_named_notifier named[2];
    const cutover_named_notifier *notifiers[2] = {&named[0], &named[1]};
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;

    for (size_t i = 0; i < 2 && listeners[i] != NULL; i++) {
        assert_int_equal(cutover_named_notifier_init(&named[i], CUTOVER_NAMED_NOTIFIER_VERSION), CUTOVER_OK);
        named[i].name = listeners[i]->name;
        named[i].notifier = &listeners[i]->notifier;
        named[i].attempts = 1;
        options.notifier_count = i + 1;
    }
    options.notifiers = notifiers;
    options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    options.store = &world->store;
    options.repository = &world->repository;
    options.platform = &world->platform;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    return engine;
}

static void add_event(struct world *world, const char *project_id)
{
    const struct clock clock = {.now = NULL};
    struct change *change = NULL;
    cutover_error *error = NULL;

    check_ok(change_begin(&world->store, &clock, project_id, &change, &error), error);
    check_ok(change_event(change, "cutover.acked", "01a2026b-7faa-788b-8000-000000000001", NULL, &error),
             error);
    check_ok(change_commit(change, &error), error);
    change_free(change);
}

static cutover_delivery deliver(cutover_engine *engine, const char *name)
{
    cutover_delivery_options options = CUTOVER_DELIVERY_OPTIONS_INIT;
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;
    cutover_error *error = NULL;

    options.notifier = name;
    check_ok(cutover_events_deliver(engine, &options, &delivery, &error), error);
    return delivery;
}

static void check_counts(cutover_delivery found, uint32_t delivered, uint32_t failed, uint32_t waiting,
                         uint32_t given_up, uint32_t busy)
{
    assert_int_equal(found.delivered, delivered);
    assert_int_equal(found.failed, failed);
    assert_int_equal(found.waiting, waiting);
    assert_int_equal(found.given_up, given_up);
    assert_int_equal(found.busy, busy);
}

static cutover_status count_event(const cutover_event *event, void *context)
{
    (void)event;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static unsigned in_outbox(cutover_engine *engine)
{
    cutover_error *error = NULL;
    unsigned count = 0;

    check_ok(cutover_events_list(engine, NULL, count_event, &count, &error), error);
    return count;
}

struct hanging {
    cutover_engine *engine;
    cutover_delivery delivery;
    cutover_status status;
};

static void *deliver_to_the_hook(void *argument)
{
    struct hanging *hanging = argument;
    cutover_delivery_options options = CUTOVER_DELIVERY_OPTIONS_INIT;

    options.notifier = "hook";
    cutover_delivery_init(&hanging->delivery, CUTOVER_DELIVERY_VERSION);
    hanging->status = cutover_events_deliver(hanging->engine, &options, &hanging->delivery, NULL);
    return NULL;
}

/* The hook is in the middle of p1/1 and does not come back. */
static void notifier_that_hangs_holds_up_nobody(void **state)
{
    struct world *world = *state;
    cutover_engine *engine = engine_with(world, &world->hook, &world->log);
    cutover_engine *elsewhere = engine_with(world, &world->hook, &world->log); /* in another process */
    struct hanging hanging = {.engine = engine};
    pthread_t thread;

    add_event(world, "p1");
    add_event(world, "p2");
    world->hook.hangs = true;
    assert_int_equal(pthread_create(&thread, NULL, deliver_to_the_hook, &hanging), 0);
    wait_until_inside(&world->hook);

    check_counts(deliver(engine, NULL), 2, 0, 0, 0, 1);
    assert_string_equal(world->log.heard, "p1/1 p2/1 ");
    add_event(world, "p1"); /* nothing is locked */
    check_counts(deliver(engine, "log"), 1, 0, 0, 0, 0);
    assert_string_equal(world->log.heard, "p1/1 p2/1 p1/2 ");
    check_counts(deliver(engine, "hook"), 0, 0, 0, 0, 1);
    add_event(world, "p2");
    check_counts(deliver(elsewhere, "log"), 1, 0, 0, 0, 0);
    assert_string_equal(world->log.heard, "p1/1 p2/1 p1/2 p2/2 ");
    assert_int_equal(in_outbox(engine), 4);

    let_go(&world->hook);
    pthread_join(thread, NULL);
    assert_int_equal(hanging.status, CUTOVER_OK);
    deliver(engine, "hook");
    assert_int_equal(strlen(world->hook.heard), strlen("p1/1 p1/2 p2/1 p2/2 "));
    assert_int_equal(in_outbox(engine), 0);
    cutover_engine_free(elsewhere);
    cutover_engine_free(engine);
}

static void counts_are_of_the_one_that_is_named_else_the_sums(void **state)
{
    struct world *world = *state;
    cutover_engine *engine = engine_with(world, &world->hook, &world->log);

    add_event(world, "p1");
    add_event(world, "p1");
    world->hook.refuses = true;
    check_counts(deliver(engine, NULL), 2, 0, 0, 2, 0);
    check_counts(deliver(engine, "hook"), 0, 0, 0, 2, 0);
    check_counts(deliver(engine, "log"), 0, 0, 0, 0, 0);
    cutover_engine_free(engine);
}

static void name_that_the_engine_has_not_is_refused(void **state)
{
    struct world *world = *state;
    cutover_engine *engine = engine_with(world, &world->hook, NULL);
    cutover_delivery_options options = CUTOVER_DELIVERY_OPTIONS_INIT;
    cutover_error *error = NULL;

    add_event(world, "p1");
    options.notifier = "log";
    check_status_keep(cutover_events_deliver(engine, &options, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_contains(cutover_error_message(error), "log");
    cutover_error_free(error);
    error = NULL;
    options.version = CUTOVER_DELIVERY_OPTIONS_VERSION + 1;
    options.notifier = "hook";
    check_status(cutover_events_deliver(engine, &options, NULL, &error), CUTOVER_E_UNSUPPORTED, error);
    assert_string_equal(world->hook.heard, "");
    cutover_engine_free(engine);
}

static void events_wait_where_there_is_no_notifier(void **state)
{
    struct world *world = *state;
    cutover_engine *silent = engine_with(world, NULL, NULL);
    cutover_error *error = NULL;

    add_event(world, "p1");
    check_status(cutover_events_deliver(silent, NULL, NULL, &error), CUTOVER_E_STATE, error);
    assert_int_equal(in_outbox(silent), 1);
    cutover_engine *engine = engine_with(world, &world->hook, NULL);
    check_counts(deliver(engine, NULL), 1, 0, 0, 0, 0);
    assert_int_equal(in_outbox(silent), 0);
    cutover_engine_free(engine);
    cutover_engine_free(silent);
}

/* Whichever the engine delivers to, it makes all of its notifiers known. */
static void events_wait_for_the_notifiers_of_every_engine(void **state)
{
    struct world *world = *state;
    cutover_engine *both = engine_with(world, &world->hook, &world->log);
    cutover_engine *one = engine_with(world, &world->hook, NULL);

    deliver(both, "hook");
    add_event(world, "p1");
    check_counts(deliver(one, NULL), 1, 0, 0, 0, 0);
    assert_int_equal(in_outbox(one), 1);
    check_counts(deliver(both, "log"), 1, 0, 0, 0, 0);
    assert_int_equal(in_outbox(one), 0);
    cutover_engine_free(one);
    cutover_engine_free(both);
}

static void damaged_event_does_not_keep_the_next_notifier_from_its_turn(void **state)
{
    struct world *world = *state;
    cutover_engine *engine = engine_with(world, &world->hook, &world->log);
    const cutover_write write = {CUTOVER_WRITE_VERSION, "event", "p0:000000000001", "p0", 0, "{}"};
    cutover_error *error = NULL;

    check_ok(world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata), error);
    add_event(world, "p1");
    check_status_keep(cutover_events_deliver(engine, NULL, NULL, &error), CUTOVER_E_STORE, error);
    check_contains(cutover_error_message(error), "p0:000000000001");
    cutover_error_free(error);
    assert_string_equal(world->hook.heard, "p1/1 ");
    assert_string_equal(world->log.heard, "p1/1 ");
    cutover_engine_free(engine);
}

static const cutover_actor olga = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                   CUTOVER_ROLE_OPERATOR};

static cutover_event_selection given_up_for(const char *notifier, const char *project, uint64_t first,
                                            uint64_t last)
{
    cutover_event_selection selection = CUTOVER_EVENT_SELECTION_INIT;

    selection.actor = &olga;
    selection.notifier = notifier;
    selection.project_id = project;
    selection.first = first;
    selection.last = last;
    return selection;
}

static uint32_t retried(cutover_engine *engine, cutover_event_selection selection)
{
    cutover_error *error = NULL;
    uint32_t count = 0;

    check_ok(cutover_events_retry(engine, &selection, &count, &error), error);
    return count;
}

static cutover_status note_entry(const cutover_audit_entry *entry, void *context)
{
    char *text = context;
    size_t used = strlen(text);

    told("audit-entry", entry->json);
    snprintf(text + used, 500 - used, " %s:%s", entry->action, entry->actor_id);
    return CUTOVER_OK;
}

static void what_was_given_up_is_retried_or_discarded(void **state)
{
    struct world *world = *state;
    cutover_engine *engine = engine_with(world, &world->hook, &world->log);
    cutover_error *error = NULL;

    add_event(world, "p1");
    add_event(world, "p1");
    const cutover_event_selection first = given_up_for("hook", "p1", 1, 1),
                                  second = given_up_for("hook", "p1", 2, 2);
    char trail[500] = "";
    check_status(cutover_events_retry(engine, &first, NULL, &error), CUTOVER_E_STATE, error), error = NULL;
    world->hook.refuses = true;
    check_counts(deliver(engine, NULL), 2, 0, 0, 2, 0);
    world->hook.refuses = false;
    assert_int_equal(retried(engine, first), 1);
    check_ok(cutover_events_discard(engine, &second, NULL, &error), error);
    assert_int_equal(in_outbox(engine), 1);
    check_counts(deliver(engine, NULL), 1, 0, 0, 0, 0);
    assert_string_equal(world->hook.heard, "p1/1 ");
    assert_int_equal(in_outbox(engine), 0);
    check_status(cutover_events_discard(engine, &second, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    check_ok(cutover_audit_list(engine, "p1", NULL, 100, note_entry, trail, &error), error);
    assert_string_equal(trail, " event.given_up:cutover event.given_up:cutover event.retried:olga"
                               " event.discarded:olga");
    cutover_engine_free(engine);
}

/* An endpoint that was away for an hour: everything that it missed comes again, in order, and nothing of others'. */
static void a_range_or_all_of_an_endpoint_is_retried(void **state)
{
    struct world *world = *state;
    cutover_engine *engine = engine_with(world, &world->hook, &world->log);

    for (unsigned i = 0; i < 4; i++)
        add_event(world, "p1");
    add_event(world, "p2");
    world->hook.refuses = world->log.refuses = true;
    check_counts(deliver(engine, NULL), 0, 0, 0, 10, 0);
    world->hook.refuses = world->log.refuses = false;
    assert_int_equal(retried(engine, given_up_for("hook", "p1", 2, 3)), 2);
    check_counts(deliver(engine, "hook"), 2, 0, 0, 3, 0);
    assert_string_equal(world->hook.heard, "p1/2 p1/3 ");
    assert_int_equal(retried(engine, given_up_for("hook", NULL, 0, 0)), 3);
    check_counts(deliver(engine, "hook"), 3, 0, 0, 0, 0);
    assert_string_equal(world->hook.heard, "p1/2 p1/3 p1/1 p1/4 p2/1 ");
    assert_int_equal(retried(engine, given_up_for("hook", "p1", 0, 0)), 0);
    assert_string_equal(world->log.heard, "");
    cutover_engine_free(engine);
}

static void only_operators_settle_events(void **state)
{
    struct world *world = *state;
    const cutover_actor carla = {CUTOVER_ACTOR_VERSION, "carla", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
    cutover_engine *engine = engine_with(world, &world->hook, NULL);
    cutover_event_selection selection = given_up_for("hook", NULL, 0, 0);
    cutover_error *error = NULL;

    selection.actor = &carla;
    check_status(cutover_events_retry(engine, &selection, NULL, &error), CUTOVER_E_FORBIDDEN, error);
    error = NULL;
    selection = given_up_for("hook", NULL, 1, 1);
    check_status(cutover_events_retry(engine, &selection, NULL, &error), CUTOVER_E_INVALID, error);
    error = NULL;
    selection = given_up_for("hook", "p1", 3, 2);
    check_status(cutover_events_discard(engine, &selection, NULL, &error), CUTOVER_E_INVALID, error);
    cutover_engine_free(engine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(notifier_that_hangs_holds_up_nobody),
        TEST(counts_are_of_the_one_that_is_named_else_the_sums),
        TEST(name_that_the_engine_has_not_is_refused),
        TEST(events_wait_where_there_is_no_notifier),
        TEST(events_wait_for_the_notifiers_of_every_engine),
        TEST(damaged_event_does_not_keep_the_next_notifier_from_its_turn),
        TEST(what_was_given_up_is_retried_or_discarded),
        TEST(a_range_or_all_of_an_endpoint_is_retried),
        TEST(only_operators_settle_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
