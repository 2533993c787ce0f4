#include "model/actor.h"
#include "notify/known.h"
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
    struct outlet outlet;
    struct json_object *names; /* that the store knows */
    int64_t now;
    struct clock clock;
    struct offer offers[OFFERS_MAX];
    size_t count;
    char logged[200];        /* the last line */
    const char *refuses;     /* type of the events that it refuses; NULL: none */
    cutover_refusal refusal; /* what it asks for then */
    void (*during)(struct world *world, const cutover_event *event); /* called while it is offered one */
};

static int64_t world_now(void *userdata)
{
    return ((struct world *)userdata)->now;
}

static cutover_status world_deliver(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                                    void *userdata)
{
    struct world *world = userdata;
    struct offer *offer = &world->offers[world->count];

    assert_true(world->count < OFFERS_MAX);
    assert_int_equal(event->version, 1);
    assert_int_equal(refusal->version, 1);
    assert_int_equal(refusal->never_again, 0);
    assert_int_equal(refusal->again_at, 0);
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
        *refusal = world->refusal;
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

static void name_outlet(struct world *world, const char *name)
{
    world->outlet.name = (char *)name;
    world->outlet.notifier = (cutover_notifier){CUTOVER_NOTIFIER_VERSION, world, world_deliver, NULL, 0};
    atomic_init(&world->outlet.taken, false);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    assert_int_equal(cutover_store_memory_open(&world->store, NULL), CUTOVER_OK);
    name_outlet(world, "hook");
    world->outlet.attempts = 12;
    world->names = json_object_new_object();
    json_put_int(world->names, "hook", 1);
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
    json_object_put(world->names);
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

static cutover_delivery deliver(struct world *world)
{
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;
    cutover_error *error = NULL;

    check_ok(outbox_deliver(&world->store, &world->outlet, &world->clock, world->names, &delivery, &error),
             error);
    assert_int_equal(delivery.busy, 0);
    return delivery;
}

static cutover_delivery deliver_at_most(struct world *world, uint32_t attempts)
{
    world->outlet.attempts = attempts;
    return deliver(world);
}

/* Another notifier of the same store, or another process's (of the same name). */
static struct world *beside(struct world *world, const char *name)
{
    struct world *other = calloc(1, sizeof(*other));

    assert_non_null(other);
    *other = *world;
    other->count = 0;
    other->during = NULL;
    other->refuses = NULL;
    name_outlet(other, name);
    json_put_int(world->names, name, 1);
    return other;
}

static void forget(struct world *other)
{
    forget_offers(other);
    free(other);
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
    assert_null(json_member(event, "deliveries"));
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

    check_ok(outbox_list(&world->store, world->names, "p1", keep_json, &json, &error), error);
    assert_non_null(json);
    event = json_parse(json, strlen(json), &error);
    delivery = json_member(json_member(event, "deliveries"), "hook");
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
    struct world *other = beside(world, "hook");

    (void)event;
    check_counts(deliver(other), 0, 0, 2, 0); /* both wait for the one that is leased */
    assert_int_equal(other->count, 0);
    forget(other);
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
    struct world *world = *state, *other = beside(world, "hook");

    add_event(world, "p1", "a");
    add_event(world, "p1", "b");
    add_event(world, "p1", "c");
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
    forget(other);
}

/* The event is still there, for another notifier, when this one's old listing says that it is to be offered. */
static void deliverer_does_not_offer_again_what_stays_for_another_notifier(void **state)
{
    struct world *world = *state, *other = beside(world, "hook");

    json_put_int(world->names, "log", 1);
    add_event(world, "p1", "a");
    other_world = other;
    real_store = world->store;
    world->store.list = list_then_let_another_deliver;
    check_counts(deliver(world), 0, 0, 1, 0);
    assert_int_equal(world->count, 0);
    check_offer(other, 0, "p1", "a", 1, 1);
    check_counts(deliver(world), 0, 0, 0, 0);
    assert_int_equal(world->count, 0);
    forget(other);
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
    cutover_delivery delivery = {CUTOVER_DELIVERY_VERSION, 7, 7, 7, 7, 7};
    cutover_error *error = NULL;

    real_store = world->store;
    world->during = lose_the_store;
    world->outlet.attempts = attempts;
    check_status(outbox_deliver(&world->store, &world->outlet, &world->clock, world->names, &delivery, &error),
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
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;
    cutover_error *error = NULL;

    put_event(world, "p1:000000000000", "p1", "{\"id\":\"x\",\"deliveries\":1}");
    add_event(world, "p1", "a");
    add_event(world, "p2", "x");
    check_status_keep(
        outbox_deliver(&world->store, &world->outlet, &world->clock, world->names, &delivery, &error),
        CUTOVER_E_STORE, error);
    check_contains(cutover_error_message(error), "p1:000000000000");
    cutover_error_free(error);
    assert_int_equal(world->count, 1);
    check_offer(world, 0, "p2", "x", 1, 1);
}

struct listed {
    char text[1000];
    size_t limit;
    size_t count;
};

static cutover_status note_event(const cutover_event *event, void *context)
{
    struct listed *listed = context;
    struct json_object *json = json_parse(event->json, strlen(event->json), NULL);
    size_t used = strlen(listed->text);

    assert_int_equal(event->attempt, 0);
    used += (size_t)snprintf(listed->text + used, sizeof(listed->text) - used, "%s/%llu", event->project_id,
                             (unsigned long long)event->sequence);
    json_object_object_foreach(json_member(json, "deliveries"), name, delivery)
    {
        used +=
            (size_t)snprintf(listed->text + used, sizeof(listed->text) - used, " %s:%s:%d", name,
                             json_text_or(delivery, "status", "?"), (int)json_int_or(delivery, "attempts", -1));
    }
    snprintf(listed->text + used, sizeof(listed->text) - used, "\n");
    json_object_put(json);
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
    check_ok(outbox_list(&world->store, world->names, NULL, note_event, &all, &error), error);
    assert_string_equal(all.text, "p1/1 hook:pending:1\np1/2 hook:pending:0\np2/2 hook:pending:0\n");
    check_ok(outbox_list(&world->store, world->names, "p2", note_event, &one, &error), error);
    assert_string_equal(one.text, "p2/2 hook:pending:0\n");
    assert_int_equal(outbox_list(&world->store, world->names, NULL, note_event, &stopped, NULL),
                     CUTOVER_E_CANCELLED);
    assert_int_equal(stopped.count, 1);
}

static void check_list(const struct world *world, const char *expected)
{
    struct listed listed = {"", 0, 0};
    cutover_error *error = NULL;

    check_ok(outbox_list(&world->store, world->names, NULL, note_event, &listed, &error), error);
    assert_string_equal(listed.text, expected);
}

static void settle(struct world *world, uint64_t sequence, const char *name, enum outbox_act act,
                   cutover_status expected)
{
    cutover_error *error = NULL;
    const struct outbox_choice choice = {&actor_system, "p1", sequence, sequence, name};
    uint32_t count = 0;
    cutover_status status =
        outbox_settle(&world->store, &world->clock, world->names, &choice, act, &count, &error);

    assert_int_equal(status, expected);
    assert_int_equal(cutover_error_code(error), expected);
    cutover_error_free(error);
}

/* Threads share one outbox: every event goes out, none before its elder. */
struct deliverer {
    struct world *world;
    pthread_mutex_t *mutex;
    uint64_t *last; /* sequence last delivered, of each of four projects */
    bool reordered;
    struct outlet outlet;
};

static cutover_status deliver_in_thread(const cutover_event *event, cutover_refusal *refusal,
                                        cutover_error **error, void *userdata)
{
    struct deliverer *deliverer = userdata;
    uint64_t *last = &deliverer->last[event->project_id[1] - '0'];

    (void)refusal, (void)error;
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
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;

    for (int i = 0; i < 20; i++)
        if (outbox_deliver(&deliverer->world->store, &deliverer->outlet, &deliverer->world->clock,
                           deliverer->world->names, &delivery, NULL) != CUTOVER_OK)
            deliverer->reordered = true;
    return NULL;
}

/* Two processes with two notifiers each. */
static void racing_deliverers_keep_the_order(void **state)
{
    static char *const names[] = {"hook", "log"};
    struct world *world = *state;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    uint64_t last[2][4] = {{0}};
    struct deliverer deliverers[4] = {0};
    pthread_t threads[4];

    json_put_int(world->names, "log", 1);
    for (int i = 0; i < 120; i++) {
        char project_id[] = {'p', (char)('0' + i % 4), '\0'};

        add_event(world, project_id, "x");
    }
    for (size_t i = 0; i < 4; i++) {
        struct deliverer *deliverer = &deliverers[i];
        deliverer->world = world;
        deliverer->mutex = &mutex;
        deliverer->last = last[i % 2];
        deliverer->outlet.name = names[i % 2];
        deliverer->outlet.attempts = 12;
        deliverer->outlet.notifier =
            (cutover_notifier){CUTOVER_NOTIFIER_VERSION, deliverer, deliver_in_thread, NULL, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, run_deliverer, deliverer), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_false(deliverers[i].reordered);
    }
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(last[i / 4][i % 4], 30);
    check_counts(deliver(world), 0, 0, 0, 0);
    check_list(world, "");
}

/* ---- several notifiers */

static void each_notifier_goes_on_by_itself(void **state)
{
    struct world *hook = *state, *log = beside(hook, "log");
    cutover_error *error = NULL;
    char *json = NULL;

    add_event(hook, "p1", "bad");
    add_event(hook, "p1", "b");
    hook->refuses = "bad";
    check_counts(deliver(hook), 0, 1, 1, 0);
    check_counts(deliver(log), 2, 0, 0, 0);
    check_list(hook, "p1/1 hook:pending:1 log:delivered:1\n"
                     "p1/2 hook:pending:0 log:delivered:1\n");
    check_ok(outbox_list(&hook->store, hook->names, "p1", keep_json, &json, &error), error);
    check_contains(json, "\"log\":{\"status\":\"delivered\",\"attempts\":1,\"failures\":0,");
    free(json);
    check_counts(deliver(log), 0, 0, 0, 0);
    hook->refuses = NULL;
    hook->now += SECOND;
    check_counts(deliver(hook), 2, 0, 0, 0);
    check_offer(hook, 1, "p1", "bad", 1, 2);
    check_offer(hook, 2, "p1", "b", 2, 1);
    check_offer(log, 0, "p1", "bad", 1, 1);
    check_offer(log, 1, "p1", "b", 2, 1);
    assert_int_equal(log->count, 2);
    assert_string_equal(hook->offers[0].json, log->offers[0].json);
    check_list(hook, "");
    forget(log);
}

/* Each writes what it did into the same document, at the same time. */
static struct world *meanwhile;

static void deliver_to_the_other(struct world *world, const cutover_event *event)
{
    (void)event;
    world->during = NULL;
    check_counts(deliver(meanwhile), 1, 1, 0, 0);
}

static void notifiers_write_the_same_event_at_the_same_time(void **state)
{
    struct world *hook = *state, *log = beside(hook, "log");

    add_event(hook, "p1", "a");
    add_event(hook, "p1", "bad");
    hook->during = deliver_to_the_other;
    log->refuses = "bad";
    meanwhile = log;
    check_counts(deliver(hook), 2, 0, 0, 0);
    assert_int_equal(hook->count, 2);
    check_list(hook, "p1/2 hook:delivered:1 log:pending:1\n");
    hook->now += SECOND;
    log->refuses = NULL;
    check_counts(deliver(log), 1, 0, 0, 0);
    check_list(hook, "");
    forget(log);
}

static void deliver_to_the_same_outlet(struct world *world, const cutover_event *event)
{
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;
    cutover_error *error = NULL;

    (void)event;
    check_ok(outbox_deliver(&world->store, &world->outlet, &world->clock, world->names, &delivery, &error),
             error);
    assert_int_equal(delivery.busy, 1);
    check_counts(delivery, 0, 0, 0, 0);
}

static void outlet_is_used_by_one_at_a_time(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "a");
    add_event(world, "p2", "b");
    world->during = deliver_to_the_same_outlet;
    check_counts(deliver(world), 2, 0, 0, 0);
    assert_int_equal(world->count, 2);
    check_counts(deliver(world), 0, 0, 0, 0); /* and is free again */
}

static void notifier_that_comes_later_is_offered_what_is_there(void **state)
{
    struct world *hook = *state, *log;

    add_event(hook, "p1", "a");
    add_event(hook, "p1", "bad");
    hook->refuses = "bad";
    check_counts(deliver(hook), 1, 1, 0, 0);
    log = beside(hook, "log");
    check_counts(deliver(log), 1, 0, 0, 0);
    check_offer(log, 0, "p1", "bad", 2, 1);
    forget(log);
}

static void events_before_its_time_are_none_of_a_notifiers(void **state)
{
    struct world *hook = *state, *log = beside(hook, "log");

    add_event(hook, "p1", "bad");
    add_event(hook, "p1", "a");
    hook->now += SECOND;
    log->outlet.since = hook->now;
    add_event(hook, "p1", "b");
    hook->refuses = "bad";
    check_counts(deliver_at_most(hook, 1), 2, 0, 0, 1);
    check_counts(deliver(log), 1, 0, 0, 0); /* not held up by what is none of its */
    check_offer(log, 0, "p1", "b", 3, 1);
    assert_int_equal(log->count, 1);
    check_list(hook, "p1/1 hook:given_up:1 log:pending:0\n"); /* and what waited for nobody is gone */
    settle(hook, 1, "hook", OUTBOX_DISCARD, CUTOVER_OK);
    check_counts(deliver(log), 0, 0, 0, 0);
    check_list(hook, "");
    assert_int_equal(log->count, 1);
    forget(log);
}

/* ---- what a notifier asks for */

static void refusal_names_the_time_and_does_not_count(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "bad");
    world->refuses = "bad";
    world->outlet.attempts = 2;
    for (uint32_t i = 1; i <= 5; i++) {
        world->refusal.again_at = world->now + 3000 * SECOND;
        check_counts(deliver(world), 0, 1, 0, 0);
        check_offer(world, world->count - 1, "p1", "bad", 1, i);
        world->now += 3000 * SECOND - 1;
        check_counts(deliver(world), 0, 0, 1, 0);
        world->now += 1;
    }
    world->refusal.again_at = 0; /* its own pauses begin at the first, and it has all of its attempts */
    check_counts(deliver(world), 0, 1, 0, 0);
    world->now += SECOND - 1;
    check_counts(deliver(world), 0, 0, 1, 0);
    world->now += 1;
    check_counts(deliver(world), 0, 0, 0, 1);
}

static void time_that_a_notifier_names_has_bounds(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "bad");
    world->refuses = "bad";
    world->refusal.again_at = world->now - SECOND;
    check_counts(deliver(world), 0, 1, 0, 0);
    world->refusal.again_at = INT64_MAX;
    check_counts(deliver(world), 0, 1, 0, 0); /* at once, in the next run */
    world->now += OUTBOX_AGAIN_MAX_US - 1;
    check_counts(deliver(world), 0, 0, 1, 0);
    world->now += 1;
    check_counts(deliver(world), 0, 1, 0, 0);
}

static void never_again_gives_up_at_once_and_later_ones_go_on(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "bad");
    add_event(world, "p1", "b");
    world->refuses = "bad";
    world->refusal = (cutover_refusal){1, 1, world->now + SECOND};
    check_counts(deliver(world), 1, 0, 0, 1);
    world->now += 3600 * SECOND;
    check_counts(deliver(world), 0, 0, 0, 1);
    assert_int_equal(world->count, 2);
    check_list(world, "p1/1 hook:given_up:1\n");
}

/* ---- what was given up */

static void retried_event_is_offered_again_and_holds_up_its_project(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "bad");
    world->refuses = "bad";
    check_counts(deliver_at_most(world, 1), 0, 0, 0, 1);
    settle(world, 1, "hook", OUTBOX_RETRY, CUTOVER_OK);
    add_event(world, "p1", "b");
    world->outlet.attempts = 2;
    check_counts(deliver(world), 0, 1, 1, 0); /* it has all of its attempts again */
    world->refuses = NULL;
    world->now += SECOND;
    check_counts(deliver(world), 2, 0, 0, 0);
    check_offer(world, 2, "p1", "bad", 1, 3);
    check_offer(world, 3, "p1", "b", 2, 1);
    check_list(world, "");
}

static void discarded_event_leaves_when_nobody_waits_for_it(void **state)
{
    struct world *hook = *state, *log = beside(hook, "log");

    add_event(hook, "p1", "bad");
    hook->refuses = "bad";
    check_counts(deliver_at_most(hook, 1), 0, 0, 0, 1);
    settle(hook, 1, "hook", OUTBOX_DISCARD, CUTOVER_OK);
    check_list(hook, "p1/1 hook:discarded:1 log:pending:0\n");
    check_counts(deliver(log), 1, 0, 0, 0);
    check_list(hook, "");
    add_event(hook, "p1", "bad");
    check_counts(deliver(log), 1, 0, 0, 0);
    check_counts(deliver(hook), 0, 0, 0, 1);
    settle(hook, 2, "hook", OUTBOX_DISCARD, CUTOVER_OK);
    check_list(hook, "");
    forget(log);
}

static void only_what_was_given_up_is_settled(void **state)
{
    struct world *world = *state;

    add_event(world, "p1", "bad");
    settle(world, 1, "hook", OUTBOX_RETRY, CUTOVER_E_STATE);
    settle(world, 1, "hook", OUTBOX_DISCARD, CUTOVER_E_STATE);
    settle(world, 2, "hook", OUTBOX_RETRY, CUTOVER_E_NOT_FOUND);
    world->refuses = "bad";
    check_counts(deliver_at_most(world, 1), 0, 0, 0, 1);
    settle(world, 1, "log", OUTBOX_RETRY, CUTOVER_E_STATE);
    check_list(world, "p1/1 hook:given_up:1\n");
}

/* ---- who is waited for */

static void keep_line(int level, const char *line, void *userdata)
{
    struct world *world = userdata;

    assert_int_equal(level, LOG_WARNING_LEVEL);
    snprintf(world->logged, sizeof(world->logged), "%s", line);
}

static void announce(struct world *world, char *name)
{
    struct log log = {.write = keep_line, .userdata = world, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct outlet outlet = {.name = name};
    const struct outlets outlets = {&outlet, 1};
    cutover_error *error = NULL;

    json_object_put(world->names);
    check_ok(known_announce(&world->store, &world->clock, &outlets, &log, &world->names, &error), error);
}

static bool is_known(const struct world *world, const char *name)
{
    return json_object_object_get_ex(world->names, name, NULL);
}

static void day_passes(struct world *world)
{
    world->now += 86400 * SECOND;
}

static void notifier_of_another_process_is_waited_for(void **state)
{
    struct world *world = *state;

    announce(world, "log");
    add_event(world, "p1", "a");
    announce(world, "hook");
    check_counts(deliver(world), 1, 0, 0, 0);
    check_list(world, "p1/1 log:pending:0 hook:delivered:1\n");
}

static void notifier_that_nobody_has_any_more_keeps_no_event(void **state)
{
    struct world *world = *state;

    announce(world, "gone");
    add_event(world, "p1", "a");
    for (int day = 0; day <= KNOWN_DAYS; day++) {
        announce(world, "hook");
        announce(world, "hook"); /* how often on a day does not matter */
        deliver(world);
        assert_true(is_known(world, "gone"));
        assert_string_equal(world->logged, "");
        day_passes(world);
    }
    announce(world, "hook");
    assert_false(is_known(world, "gone"));
    check_contains(world->logged, "notifier gone");
    assert_true(is_known(world, "hook"));
    check_counts(deliver(world), 0, 0, 0, 0);
    check_list(world, "");
    assert_int_equal(world->count, 1);
}

/* After a long stop the first process that comes up does not forget the notifiers of those that come up later. */
static void days_on_which_nobody_delivered_do_not_count(void **state)
{
    struct world *world = *state;

    announce(world, "log");
    announce(world, "hook");
    for (int day = 0; day < 100; day++)
        day_passes(world);
    announce(world, "hook");
    assert_true(is_known(world, "log"));
    for (int i = 0; i < 2 * KNOWN_DAYS + 2; i++) { /* two machines whose clocks differ */
        world->now += (i % 2 == 0 ? -50 : 50) * 86400 * SECOND;
        announce(world, "hook");
        assert_true(is_known(world, "log"));
    }
}

static void event_of_a_newer_format_is_left_alone(void **state)
{
    struct world *world = *state;
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;
    cutover_error *error = NULL;

    put_event(world, "p1:000000000000", "p1", "{\"format\":2}");
    add_event(world, "p1", "a");
    add_event(world, "p2", "x");
    check_status(outbox_deliver(&world->store, &world->outlet, &world->clock, world->names, &delivery, &error),
                 CUTOVER_E_UNSUPPORTED, error);
    assert_int_equal(world->count, 1);
    check_offer(world, 0, "p2", "x", 1, 1);
}

static void members_that_are_not_known_are_kept(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    char *json = NULL;

    put_event(world, "p1:000000000001", "p1",
              "{\"id\":\"e\",\"type\":\"bad\",\"project_id\":\"p1\",\"sequence\":1,"
              "\"created_at\":\"2023-11-14T00:00:00.000000Z\",\"later\":\"event\",\"deliveries\":{"
              "\"hook\":{\"status\":\"pending\",\"later\":\"delivery\"}}}");
    world->refuses = "bad";
    check_counts(deliver(world), 0, 1, 0, 0);
    check_ok(outbox_list(&world->store, world->names, "p1", keep_json, &json, &error), error);
    check_contains(json, "\"later\":\"event\"");
    check_contains(json, "\"later\":\"delivery\"");
    free(json);
}

static void damaged_list_of_notifiers_is_told(void **state)
{
    static const char *const bodies[] = {"{", "{}", "{\"day\":1,\"days\":-1,\"names\":{}}",
                                         "{\"day\":1,\"days\":1,\"names\":[]}"};
    struct world *world = *state;
    const struct outlets none = {NULL, 0};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        cutover_write write = {CUTOVER_WRITE_VERSION, "notifiers", "all", "", i, bodies[i]};
        const cutover_write *writes[] = {&write};
        struct json_object *names = NULL;
        cutover_error *error = NULL;

        check_ok(world->store.commit(writes, 1, &error, world->store.userdata), error);
        check_status_keep(known_announce(&world->store, &world->clock, &none, NULL, &names, &error),
                          CUTOVER_E_STORE, error);
        check_contains(cutover_error_message(error), "notifiers all");
        cutover_error_free(error);
        assert_null(names);
    }
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
        test(deliverer_does_not_offer_again_what_stays_for_another_notifier),
        test(event_whose_lease_ran_out_is_delivered_again),
        test(event_that_ends_its_deliverers_is_given_up),
        test(notifier_may_use_the_store),
        test(damaged_event_holds_up_its_project_only_and_is_told),
        test(list_shows_what_waits_with_attempts_so_far),
        test(racing_deliverers_keep_the_order),
        test(each_notifier_goes_on_by_itself),
        test(notifiers_write_the_same_event_at_the_same_time),
        test(outlet_is_used_by_one_at_a_time),
        test(notifier_that_comes_later_is_offered_what_is_there),
        test(events_before_its_time_are_none_of_a_notifiers),
        test(refusal_names_the_time_and_does_not_count),
        test(time_that_a_notifier_names_has_bounds),
        test(never_again_gives_up_at_once_and_later_ones_go_on),
        test(retried_event_is_offered_again_and_holds_up_its_project),
        test(discarded_event_leaves_when_nobody_waits_for_it),
        test(only_what_was_given_up_is_settled),
        test(notifier_of_another_process_is_waited_for),
        test(notifier_that_nobody_has_any_more_keeps_no_event),
        test(days_on_which_nobody_delivered_do_not_count),
        test(event_of_a_newer_format_is_left_alone),
        test(members_that_are_not_known_are_kept),
        test(damaged_list_of_notifiers_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
