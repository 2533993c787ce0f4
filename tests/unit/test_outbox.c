#include "base/record.h"
#include "notify/outbox.h"
#include "store/ledger.h"
#include "support/check.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define OFFERS_MAX 200

/* Everything that the notifier was offered. */
struct offer {
    char id[40];
    char type[40];
    char project_id[40];
    uint64_t sequence;
    uint32_t attempt;
    char *json;
};

struct world {
    cutover_store store;
    cutover_notifier notifier;
    int64_t now;
    struct clock clock;
    struct offer offers[OFFERS_MAX];
    size_t count;
    const char *refuses; /* type of the events that it refuses; NULL: none */
    void (*during)(struct world *world, const cutover_event *event); /* called while it is offered one */
};

static int64_t world_now(void *userdata)
{
    return ((struct world *)userdata)->now;
}

static cutover_status world_deliver(const cutover_event *event, cutover_error **error, void *userdata)
{
    struct world *world = userdata;
    struct offer *offer = &world->offers[world->count];

    assert_true(world->count < OFFERS_MAX);
    assert_int_equal(event->version, 1);
    snprintf(offer->id, sizeof(offer->id), "%s", event->id);
    snprintf(offer->type, sizeof(offer->type), "%s", event->type);
    snprintf(offer->project_id, sizeof(offer->project_id), "%s", event->project_id);
    offer->sequence = event->sequence;
    offer->attempt = event->attempt;
    offer->json = strdup(event->json);
    world->count++;
    if (world->during != NULL)
        world->during(world, event);
    if (world->refuses != NULL && strcmp(event->type, world->refuses) == 0) {
        if (error != NULL)
            *error = cutover_error_new(CUTOVER_E_IO, "the endpoint answered 503", NULL, NULL);
        return CUTOVER_E_IO;
    }
    return CUTOVER_OK;
}

static void forget_offers(struct world *world)
{
    for (size_t i = 0; i < world->count; i++)
        free(world->offers[i].json);
    world->count = 0;
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    assert_int_equal(cutover_store_memory_open(&world->store, NULL), CUTOVER_OK);
    world->notifier.version = CUTOVER_NOTIFIER_VERSION;
    world->notifier.userdata = world;
    world->notifier.deliver = world_deliver;
    world->now = 1700000000 * SECOND;
    world->clock = (struct clock){.now = world_now, .userdata = world};
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    forget_offers(world);
    cutover_store_close(&world->store);
    free(world);
    return 0;
}

static void add_event(struct world *world, const char *project_id, const char *type)
{
    struct change *change = NULL;
    cutover_error *error = NULL;

    check_ok(change_begin(&world->store, &world->clock, project_id, &change, &error), error);
    check_ok(change_event(change, type, "r1", NULL, &error), error);
    check_ok(change_commit(change, &error), error);
    change_free(change);
}

static cutover_delivery deliver_at_most(struct world *world, uint32_t attempts)
{
    cutover_delivery delivery = {99, 99, 99, 99};
    cutover_error *error = NULL;

    check_ok(outbox_deliver(&world->store, &world->notifier, &world->clock, attempts, &delivery, &error),
             error);
    return delivery;
}

static cutover_delivery deliver(struct world *world)
{
    return deliver_at_most(world, 12);
}

static void check_counts(cutover_delivery found, uint32_t delivered, uint32_t failed, uint32_t waiting,
                         uint32_t given_up)
{
    assert_int_equal(found.delivered, delivered);
    assert_int_equal(found.failed, failed);
    assert_int_equal(found.waiting, waiting);
    assert_int_equal(found.given_up, given_up);
}

static void check_offer(const struct world *world, size_t index, const char *project_id, const char *type,
                        uint64_t sequence, uint32_t attempt)
{
    assert_true(index < world->count);
    assert_string_equal(world->offers[index].project_id, project_id);
    assert_string_equal(world->offers[index].type, type);
    assert_int_equal(world->offers[index].sequence, sequence);
    assert_int_equal(world->offers[index].attempt, attempt);
}

static void events_go_out_in_order_and_leave_the_outbox(void **state)
{
    struct world *world = *state;

    add_event(world, "p2", "x");
    add_event(world, "p1", "a");
    add_event(world, "p1", "b");
    add_event(world, "p1", "c");
    check_counts(deliver(world), 4, 0, 0, 0);
    assert_int_equal(world->count, 4);
    check_offer(world, 0, "p1", "a", 1, 1);
    check_offer(world, 1, "p1", "b", 2, 1);
    check_offer(world, 2, "p1", "c", 3, 1);
    check_offer(world, 3, "p2", "x", 1, 1);
    check_counts(deliver(world), 0, 0, 0, 0);
    assert_int_equal(world->count, 4);
}

static void event_is_one_line_without_its_delivery(void **state)
{
    struct world *world = *state;
    struct json_object *event;

    add_event(world, "p1", "cutover.acked");
    deliver(world);
    assert_null(strchr(world->offers[0].json, '\n'));
    event = json_parse(world->offers[0].json, strlen(world->offers[0].json), NULL);
    assert_non_null(event);
    assert_string_equal(json_text_or(event, "type", ""), "cutover.acked");
    assert_string_equal(json_text_or(event, "id", ""), world->offers[0].id);
    assert_string_equal(json_text_or(event, "request_id", ""), "r1");
    assert_int_equal(json_int_or(event, "sequence", 0), 1);
    assert_null(json_member(event, "delivery"));
    json_object_put(event);
}

static void outbox_of_many_pages_is_emptied(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < 130; i++)
        add_event(world, i % 2 == 0 ? "p1" : "p2", "x");
    check_counts(deliver(world), 130, 0, 0, 0);
    for (size_t i = 0; i < 65; i++) {
        assert_int_equal(world->offers[i].sequence, i + 1);
        assert_int_equal(world->offers[65 + i].sequence, i + 1);
    }
}

static void refused_event_holds_up_its_project_only(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "bad");
    add_event(world, "p1", "b");
    add_event(world, "p2", "x");
    world->refuses = "bad";
    check_counts(deliver(world), 1, 1, 1, 0);
    assert_int_equal(world->count, 2);
    check_offer(world, 0, "p1", "bad", 1, 1);
    check_offer(world, 1, "p2", "x", 1, 1);
    check_counts(deliver(world), 0, 0, 2, 0); /* its pause is not over */
    assert_int_equal(world->count, 2);
}

static void redelivery_has_the_same_id_and_the_next_attempt(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "bad");
    add_event(world, "p1", "b");
    world->refuses = "bad";
    deliver(world);
    world->refuses = NULL;
    world->now += SECOND;
    check_counts(deliver(world), 2, 0, 0, 0);
    check_offer(world, 1, "p1", "bad", 1, 2);
    check_offer(world, 2, "p1", "b", 2, 1);
    assert_string_equal(world->offers[0].id, world->offers[1].id);
    assert_string_equal(world->offers[0].json, world->offers[1].json);
    assert_string_not_equal(world->offers[1].id, world->offers[2].id);
}

static void pauses_double_from_a_second_to_ten_minutes(void **state)
{
    static const int64_t pauses[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600};
    struct world *world = *state;

    add_event(world, "p1", "bad");
    world->refuses = "bad";
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        check_counts(deliver_at_most(world, 100), 0, 1, 0, 0);
        world->now += pauses[i] * SECOND - 1;
        check_counts(deliver_at_most(world, 100), 0, 0, 1, 0);
        world->now += 1;
    }
    assert_int_equal(world->count, sizeof(pauses) / sizeof(pauses[0]));
}

static cutover_status keep_json(const cutover_event *event, void *context)
{
    char **json = context;

    free(*json);
    *json = strdup(event->json);
    return CUTOVER_OK;
}

static void event_is_given_up_visibly_and_later_ones_go_on(void **state)
{
    struct world *world = *state;
    struct json_object *event, *delivery;
    cutover_error *error = NULL;
    char *json = NULL;

    add_event(world, "p1", "bad");
    add_event(world, "p1", "b");
    world->refuses = "bad";
    check_counts(deliver_at_most(world, 3), 0, 1, 1, 0);
    world->now += SECOND;
    check_counts(deliver_at_most(world, 3), 0, 1, 1, 0);
    world->now += 2 * SECOND;
    check_counts(deliver_at_most(world, 3), 1, 0, 0, 1);
    check_offer(world, 2, "p1", "bad", 1, 3);
    check_offer(world, 3, "p1", "b", 2, 1);
    world->now += 3600 * SECOND;
    check_counts(deliver_at_most(world, 3), 0, 0, 0, 1);
    assert_int_equal(world->count, 4);

    check_ok(outbox_list(&world->store, "p1", keep_json, &json, &error), error);
    assert_non_null(json);
    event = json_parse(json, strlen(json), &error);
    delivery = json_member(event, "delivery");
    assert_string_equal(json_text_or(event, "type", ""), "bad");
    assert_string_equal(json_text_or(delivery, "status", ""), "given_up");
    assert_int_equal(json_int_or(delivery, "attempts", 0), 3);
    assert_string_equal(json_text_or(delivery, "last_error", ""), "the endpoint answered 503");
    assert_null(json_member(delivery, "next_attempt_at"));
    json_object_put(event);
    free(json);
}

static void deliver_from_elsewhere(struct world *world, const cutover_event *event)
{
    struct world other = *world;

    (void)event;
    other.count = 0;
    other.during = NULL;
    other.notifier.userdata = &other;
    other.clock.userdata = &other;
    check_counts(deliver(&other), 0, 0, 2, 0); /* both wait for the one that is leased */
    assert_int_equal(other.count, 0);
    world->during = NULL;
}

static void second_deliverer_does_not_overtake_the_first(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "a");
    add_event(world, "p1", "b");
    world->during = deliver_from_elsewhere;
    check_counts(deliver(world), 2, 0, 0, 0);
    check_offer(world, 0, "p1", "a", 1, 1);
    check_offer(world, 1, "p1", "b", 2, 1);
}

/* The other deliverer runs between this one's listing and its lease: what was listed is old then. */
static cutover_store real_store;
static struct world *other_world;

static cutover_status list_then_let_another_deliver(const char *kind, const char *project_id,
                                                    const char *after_id, uint32_t limit,
                                                    cutover_document_emit emit, void *context,
                                                    cutover_error **error, void *userdata)
{
    struct world *other = other_world;
    cutover_status status = real_store.list(kind, project_id, after_id, limit, emit, context, error, userdata);

    other_world = NULL;
    if (other != NULL) {
        other->refuses = "b";
        deliver(other);
    }
    return status;
}

static void deliverer_with_an_old_listing_steps_aside(void **state)
{
    struct world *world = *state, *other = calloc(1, sizeof(*other));

    assert_non_null(other);
    add_event(world, "p1", "a");
    add_event(world, "p1", "b");
    add_event(world, "p1", "c");
    *other = *world;
    other->notifier.userdata = other;
    other->clock.userdata = other;
    other_world = other;
    real_store = world->store;
    world->store.list = list_then_let_another_deliver;
    check_counts(deliver(world), 0, 0, 3, 0); /* a is gone, b has its pause, c waits for b */
    assert_int_equal(world->count, 0);
    check_offer(other, 0, "p1", "a", 1, 1);
    check_offer(other, 1, "p1", "b", 2, 1);
    assert_int_equal(other->count, 2);
    world->now += SECOND;
    check_counts(deliver(world), 2, 0, 0, 0);
    check_offer(world, 0, "p1", "b", 2, 2);
    check_offer(world, 1, "p1", "c", 3, 1);
    forget_offers(other);
    free(other);
}

static cutover_status commit_nothing(const cutover_write *const *writes, size_t count, cutover_error **error,
                                     void *userdata)
{
    (void)writes, (void)count, (void)userdata;
    if (error != NULL)
        *error = cutover_error_new(CUTOVER_E_STORE, "the connection is gone", NULL, NULL);
    return CUTOVER_E_STORE;
}

/* As if the process had died while it delivered: the lease is taken, and nothing is committed after. */
static void lose_the_store(struct world *world, const cutover_event *event)
{
    (void)event;
    world->store.commit = commit_nothing;
}

static void lose_deliverer(struct world *world, uint32_t attempts)
{
    cutover_delivery delivery = {7, 7, 7, 7};
    cutover_error *error = NULL;

    real_store = world->store;
    world->during = lose_the_store;
    check_status(outbox_deliver(&world->store, &world->notifier, &world->clock, attempts, &delivery, &error),
                 CUTOVER_E_STORE, error);
    check_counts(delivery, 7, 7, 7, 7); /* untouched on failure */
    world->store = real_store;
    world->during = NULL;
}

static void event_whose_lease_ran_out_is_delivered_again(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "a");
    add_event(world, "p1", "b");
    lose_deliverer(world, 12);
    world->now += OUTBOX_LEASE_US - 1;
    check_counts(deliver(world), 0, 0, 2, 0);
    assert_int_equal(world->count, 1);
    world->now += 1;
    check_counts(deliver(world), 2, 0, 0, 0);
    check_offer(world, 1, "p1", "a", 1, 2);
    check_offer(world, 2, "p1", "b", 2, 1);
    assert_string_equal(world->offers[0].id, world->offers[1].id);
}

static void event_that_ends_its_deliverers_is_given_up(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "a");
    add_event(world, "p1", "b");
    lose_deliverer(world, 2);
    world->now += OUTBOX_LEASE_US;
    lose_deliverer(world, 2);
    world->now += OUTBOX_LEASE_US;
    check_counts(deliver_at_most(world, 2), 1, 0, 0, 1);
    assert_int_equal(world->count, 3);
    check_offer(world, 2, "p1", "b", 2, 1);
}

static void add_another(struct world *world, const cutover_event *event)
{
    (void)event;
    world->during = NULL;
    add_event(world, "p1", "more"); /* a notifier may use the library: no lock is held */
}

static void notifier_may_use_the_store(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "a");
    world->during = add_another;
    check_counts(deliver(world), 2, 0, 0, 0);
    check_offer(world, 1, "p1", "more", 2, 1);
}

static void put_event(struct world *world, const char *id, const char *project_id, const char *body)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, "event", id, project_id, 0, body};
    cutover_error *error = NULL;

    check_ok(world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata), error);
}

static void damaged_event_holds_up_its_project_only_and_is_told(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    put_event(world, "p1:000000000000", "p1", "{\"id\":\"x\",\"delivery\":{\"status\":\"odd\"}}");
    add_event(world, "p1", "a");
    add_event(world, "p2", "x");
    check_status_keep(outbox_deliver(&world->store, &world->notifier, &world->clock, 12, NULL, &error),
                      CUTOVER_E_STORE, error);
    check_contains(cutover_error_message(error), "p1:000000000000");
    cutover_error_free(error);
    assert_int_equal(world->count, 1);
    check_offer(world, 0, "p2", "x", 1, 1);
}

struct listed {
    char text[200];
    size_t limit;
    size_t count;
};

static cutover_status note_event(const cutover_event *event, void *context)
{
    struct listed *listed = context;
    size_t used = strlen(listed->text);

    snprintf(listed->text + used, sizeof(listed->text) - used, "%s/%llu/%u ", event->project_id,
             (unsigned long long)event->sequence, event->attempt);
    return ++listed->count == listed->limit ? CUTOVER_E_CANCELLED : CUTOVER_OK;
}

static void list_shows_what_waits_with_attempts_so_far(void **state)
{
    struct world *world = *state;
    struct listed all = {"", 0, 0}, one = {"", 0, 0}, stopped = {"", 1, 0};
    cutover_error *error = NULL;

    add_event(world, "p2", "x");
    add_event(world, "p1", "bad");
    add_event(world, "p1", "b");
    world->refuses = "bad";
    deliver(world);
    add_event(world, "p2", "y");
    check_ok(outbox_list(&world->store, NULL, note_event, &all, &error), error);
    assert_string_equal(all.text, "p1/1/1 p1/2/0 p2/2/0 ");
    check_ok(outbox_list(&world->store, "p2", note_event, &one, &error), error);
    assert_string_equal(one.text, "p2/2/0 ");
    assert_int_equal(outbox_list(&world->store, NULL, note_event, &stopped, NULL), CUTOVER_E_CANCELLED);
    assert_int_equal(stopped.count, 1);
}

/* Threads share one outbox: every event goes out, none before its elder. */
struct deliverer {
    struct world *world;
    pthread_mutex_t *mutex;
    uint64_t *last; /* sequence last delivered, of each of four projects */
    bool reordered;
    cutover_notifier notifier;
};

static cutover_status deliver_in_thread(const cutover_event *event, cutover_error **error, void *userdata)
{
    struct deliverer *deliverer = userdata;
    uint64_t *last = &deliverer->last[event->project_id[1] - '0'];

    (void)error;
    pthread_mutex_lock(deliverer->mutex);
    if (event->sequence != *last + 1)
        deliverer->reordered = true;
    *last = event->sequence;
    pthread_mutex_unlock(deliverer->mutex);
    return CUTOVER_OK;
}

static void *run_deliverer(void *argument)
{
    struct deliverer *deliverer = argument;
    cutover_delivery delivery;

    for (int i = 0; i < 20; i++)
        if (outbox_deliver(&deliverer->world->store, &deliverer->notifier, &deliverer->world->clock, 12,
                           &delivery, NULL) != CUTOVER_OK)
            deliverer->reordered = true;
    return NULL;
}

static void racing_deliverers_keep_the_order(void **state)
{
    struct world *world = *state;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    uint64_t last[4] = {0};
    struct deliverer deliverers[4];
    pthread_t threads[4];

    for (int i = 0; i < 120; i++) {
        char project_id[] = {'p', (char)('0' + i % 4), '\0'};

        add_event(world, project_id, "x");
    }
    for (size_t i = 0; i < 4; i++) {
        deliverers[i] = (struct deliverer){world, &mutex, last, false, CUTOVER_NOTIFIER_INIT};
        deliverers[i].notifier.deliver = deliver_in_thread;
        deliverers[i].notifier.userdata = &deliverers[i];
        assert_int_equal(pthread_create(&threads[i], NULL, run_deliverer, &deliverers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_false(deliverers[i].reordered);
    }
    check_counts(deliver(world), 0, 0, 0, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(last[i], 30);
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(events_go_out_in_order_and_leave_the_outbox),
        test(event_is_one_line_without_its_delivery),
        test(outbox_of_many_pages_is_emptied),
        test(refused_event_holds_up_its_project_only),
        test(redelivery_has_the_same_id_and_the_next_attempt),
        test(pauses_double_from_a_second_to_ten_minutes),
        test(event_is_given_up_visibly_and_later_ones_go_on),
        test(second_deliverer_does_not_overtake_the_first),
        test(deliverer_with_an_old_listing_steps_aside),
        test(event_whose_lease_ran_out_is_delivered_again),
        test(event_that_ends_its_deliverers_is_given_up),
        test(notifier_may_use_the_store),
        test(damaged_event_holds_up_its_project_only_and_is_told),
        test(list_shows_what_waits_with_attempts_so_far),
        test(racing_deliverers_keep_the_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
