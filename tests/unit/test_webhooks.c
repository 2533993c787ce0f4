/* Webhooks through the public interface, with a receiver on loopback and a clock of the test's. No server. */
#include "model/webhook.h"
#include "notify/webhook_schedule.h"
#include "notify/webhook_signature.h"
#include "store/ledger.h"
#include "support/check.h"
#include "support/killed.h"
#include "support/receiver.h"
#include "support/told.h"

#include <cutover.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define START INT64_C(1767225600000000) /* 2026-01-01 */
#define PROJECT "shop"

struct world {
    struct receiver *receiver;
    cutover_store store;
    char store_path[100]; /* "" in memory */
    cutover_webhooks *webhooks;
    cutover_notifier notifier;
    int64_t now;
    uint64_t sequence;
    char logged[4000];
};

static const cutover_actor operator_actor = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                             CUTOVER_ROLE_OPERATOR};
static const cutover_actor admin_actor = {CUTOVER_ACTOR_VERSION, "anna", CUTOVER_ACTOR_USER,
                                          CUTOVER_ROLE_ORG_ADMIN};
static const cutover_actor member_actor = {CUTOVER_ACTOR_VERSION, "mia", CUTOVER_ACTOR_USER,
                                           CUTOVER_ROLE_MEMBER};

static int64_t world_now(void *userdata)
{
    return ((struct world *)userdata)->now;
}

static void world_log(cutover_log_level level, const char *line, void *userdata)
{
    struct world *world = userdata;
    size_t used = strlen(world->logged);

    (void)level;
    snprintf(world->logged + used, sizeof world->logged - used, "%s\n", line);
}

static cutover_webhooks *open_webhooks(struct world *world, uint32_t timeout_ms)
{
    cutover_webhooks_options options = CUTOVER_WEBHOOKS_OPTIONS_INIT;
    cutover_webhooks *webhooks = NULL;
    cutover_error *error = NULL;

    options.flags = CUTOVER_WEBHOOKS_ALLOW_PRIVATE | CUTOVER_WEBHOOKS_ALLOW_PLAIN;
    options.store = &world->store;
    options.timeout_ms = timeout_ms;
    options.clock = world_now;
    options.clock_userdata = world;
    options.log = world_log;
    options.log_userdata = world;
    check_ok(cutover_webhooks_new(&options, &webhooks, &error), error);
    return webhooks;
}

static struct world *world_open(void)
{
    struct world *world = calloc(1, sizeof *world);
    cutover_error *error = NULL;

    assert_non_null(world);
    world->now = START;
    world->receiver = receiver_open();
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    check_ok(cutover_store_memory_open(&world->store, &error), error);
    world->webhooks = open_webhooks(world, 20000);
    cutover_notifier_init(&world->notifier, CUTOVER_NOTIFIER_VERSION);
    check_ok(cutover_webhooks_notifier(world->webhooks, &world->notifier, &error), error);
    return world;
}

static int setup(void **state)
{
    *state = world_open();
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    cutover_notifier_close(&world->notifier);
    cutover_webhooks_free(world->webhooks);
    cutover_store_close(&world->store);
    receiver_close(world->receiver);
    free(world);
    return 0;
}

/* ---- what the cases do ---- */

static void with_types(struct world *world, const char *path, const char *const *types, size_t count,
                       char id[64], char secret[100])
{
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;
    char *made = NULL;

    options.actor = &operator_actor;
    options.project_id = PROJECT;
    options.url = receiver_url(world->receiver, path);
    options.event_types = types;
    options.event_type_count = count;
    check_ok(cutover_webhook_create(world->webhooks, &options, &made, &webhook, &error), error);
    snprintf(id, 64, "%s", cutover_webhook_id(webhook));
    if (secret != NULL)
        snprintf(secret, 100, "%s", made);
    told("webhook", cutover_webhook_json(webhook));
    cutover_string_free(made);
    cutover_webhook_free(webhook);
}

static void endpoint(struct world *world, const char *path, char id[64])
{
    with_types(world, path, NULL, 0, id, NULL);
}

/* An event of the project, as the ledger counts them, handed to the notifier. Its id is kept where wanted. */
static void event_of(struct world *world, const char *type, char id[64])
{
    struct clock clock = {.now = world_now, .userdata = world};
    struct change *change = NULL;
    char event_id[64], json[300];
    cutover_refusal refusal = {1, 0, 0};
    cutover_error *error = NULL;

    check_ok(change_begin(&world->store, &clock, PROJECT, &change, &error), error);
    check_ok(change_event(change, type, NULL, NULL, &error), error);
    check_ok(change_commit(change, &error), error);
    world->sequence = (uint64_t)change_last_event(change);
    change_free(change);
    snprintf(event_id, sizeof event_id, "019b0000-0000-7000-8000-%012llu", (unsigned long long)world->sequence);
    snprintf(json, sizeof json, "{\"request_id\": null, \"data\": {\"job_id\": \"j%llu\"}}",
             (unsigned long long)world->sequence);
    const cutover_event event = {1, event_id, type, PROJECT, world->sequence, world->now, 1, json};
    check_ok(world->notifier.deliver(&event, &refusal, &error, world->notifier.userdata), error);
    if (id != NULL)
        snprintf(id, 64, "%s", event_id);
}

static cutover_webhook_round deliver_by(cutover_webhooks *webhooks)
{
    cutover_webhook_round round = CUTOVER_WEBHOOK_ROUND_INIT;
    cutover_error *error = NULL;

    check_ok(cutover_webhooks_deliver(webhooks, 0, &round, &error), error);
    return round;
}

static cutover_webhook_round deliver(struct world *world)
{
    return deliver_by(world->webhooks);
}

static cutover_webhook_round deliver_for(struct world *world, uint32_t max_ms)
{
    cutover_webhook_round round = CUTOVER_WEBHOOK_ROUND_INIT;
    cutover_error *error = NULL;

    check_ok(cutover_webhooks_deliver(world->webhooks, max_ms, &round, &error), error);
    return round;
}

/* Pumps until a request to that path is under way, which does not end by itself. */
static void deliver_until(struct world *world, const char *path)
{
    deliver_for(world, 20);

    while (receiver_count(world->receiver, path) == 0)
        deliver_for(world, 20);
}

/* Another process: what is left alone by this one is not by that. */
static void another_process(struct world *world, uint32_t timeout_ms)
{
    cutover_error *error = NULL;

    cutover_webhooks_free(world->webhooks);
    world->webhooks = open_webhooks(world, timeout_ms);
    check_ok(cutover_webhooks_notifier(world->webhooks, &world->notifier, &error), error);
}

static struct json_object *delivery_of(struct world *world, const char *webhook_id, const char *message_id)
{
    cutover_webhook_delivery *delivery = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_webhook_delivery_get(world->webhooks, webhook_id, message_id, &delivery, &error), error);
    told("webhook-delivery", cutover_webhook_delivery_json(delivery));
    struct json_object *object = json_tokener_parse(cutover_webhook_delivery_json(delivery));
    cutover_webhook_delivery_free(delivery);
    assert_non_null(object);
    return object;
}

static const char *text_of(struct json_object *object, const char *name)
{
    return json_object_get_string(json_object_object_get(object, name));
}

static void check_delivery(struct world *world, const char *webhook_id, const char *message_id,
                           const char *status, size_t attempts)
{
    struct json_object *object = delivery_of(world, webhook_id, message_id);

    assert_string_equal(text_of(object, "status"), status);
    assert_int_equal(json_object_array_length(json_object_object_get(object, "attempts")), attempts);
    json_object_put(object);
}

static void check_last_attempt(struct world *world, const char *webhook_id, const char *message_id, int status,
                               const char *failed)
{
    struct json_object *object = delivery_of(world, webhook_id, message_id);
    struct json_object *attempts = json_object_object_get(object, "attempts");
    struct json_object *last = json_object_array_get_idx(attempts, json_object_array_length(attempts) - 1);
    const char *found = text_of(last, "error");

    assert_int_equal(json_object_get_int(json_object_object_get(last, "status")), status);
    assert_string_equal(found != NULL ? found : "", failed);
    json_object_put(object);
}

/* How long from now on until the next attempt. */
static int64_t pause_of(struct world *world, const char *webhook_id, const char *message_id)
{
    struct json_object *object = delivery_of(world, webhook_id, message_id);
    const char *next = text_of(object, "next_attempt_at");
    int64_t at = 0;

    assert_true(next != NULL && time_parse(next, &at));
    json_object_put(object);
    return at - world->now;
}

static const char *status_of(struct world *world, const char *webhook_id)
{
    static char status[40];
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_webhook_get(world->webhooks, webhook_id, &webhook, &error), error);
    told("webhook", cutover_webhook_json(webhook));
    snprintf(status, sizeof status, "%s", cutover_webhook_status(webhook));
    cutover_webhook_free(webhook);
    return status;
}

static cutover_status count_audit(const cutover_document *document, void *context)
{
    struct json_object *entry = json_tokener_parse(document->body);
    const char *wanted = ((const char **)context)[0];

    told("audit-entry", document->body);
    if (strcmp(text_of(entry, "action"), wanted) == 0)
        ++*(unsigned *)(void *)((char **)context)[1];
    json_object_put(entry);
    return CUTOVER_OK;
}

static unsigned audited(struct world *world, const char *action)
{
    unsigned count = 0;
    const void *context[] = {action, &count};
    cutover_error *error = NULL;

    check_ok(world->store.list("audit", PROJECT, "", 1000, count_audit, context, &error, world->store.userdata),
             error);
    return count;
}

/* Whether what a receiver was sent is signed by that secret. */
static bool is_signed(const struct received *received, const char *secret)
{
    char id[100], timestamp[40], given[400];
    struct text made = TEXT_INIT;
    cutover_error *error = NULL;

    assert_true(received_header(received, "webhook-id", id, sizeof id));
    assert_true(received_header(received, "webhook-timestamp", timestamp, sizeof timestamp));
    assert_true(received_header(received, "webhook-signature", given, sizeof given));
    check_ok(webhook_sign(secret, id, strtoll(timestamp, NULL, 10), received->body, &made, &error), error);
    bool found = strstr(given, text_string(&made)) != NULL;
    text_free(&made);
    return found;
}

/* ---- signature, secrets, schedule ---- */

static void a_signature_is_that_of_the_specification(void **state)
{
    struct text header = TEXT_INIT;
    cutover_error *error = NULL;

    (void)state;
    check_ok(webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                          "{\"test\": 2432232314}", &header, &error),
             error);
    assert_string_equal(text_string(&header), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    text_free(&header);
}

static void a_secret_is_24_to_64_bytes_in_standard_base64(void **state)
{
    static const char *const bad[] = {
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_AAAA",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL-_w",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA====",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    uint8_t key[WEBHOOK_KEY_MOST];
    size_t size = 0;
    char *one = NULL, *other = NULL;
    cutover_error *error = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(webhook_secret_key(bad[i], key, &size));
    check_ok(webhook_secret_new(&one, &error), error);
    check_ok(webhook_secret_new(&other, &error), error);
    assert_true(webhook_secret_key(one, key, &size));
    assert_int_equal(size, 32);
    assert_string_not_equal(one, other);
    webhook_secret_free(one);
    webhook_secret_free(other);
}

static void pauses_grow_from_five_seconds_to_a_day_with_a_tenth_of_jitter(void **state)
{
    static const int64_t seconds[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};

    (void)state;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(webhook_pause_us(i + 1, 0), seconds[i] * SECOND);
        int64_t longest = webhook_pause_us(i + 1, UINT32_MAX);
        assert_true(longest > seconds[i] * SECOND && longest <= seconds[i] * SECOND * 11 / 10);
    }
    assert_int_equal(webhook_pause_us(10, 0), -1);
    assert_int_equal(webhook_pause_us(0, 0), -1);
}

/* The schema is the list that others go by. */
static void every_type_of_event_can_be_asked_for(void **state)
{
    struct json_object *schema = json_object_from_file(SCHEMAS "/event.json");
    struct json_object *types = json_object_object_get(
        json_object_object_get(json_object_object_get(schema, "properties"), "type"), "enum");
    size_t count = 0;

    (void)state;
    assert_non_null(types);
    while (webhook_event_types[count] != NULL)
        count++;
    assert_int_equal(json_object_array_length(types), count);
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++)
            found = found || strcmp(webhook_event_types[k],
                                    json_object_get_string(json_object_array_get_idx(types, i))) == 0;
        assert_true(found);
    }
    json_object_put(schema);
}

/* ---- delivered ---- */

static void an_event_is_posted_signed_once(void **state)
{
    struct world *world = *state;
    char id[64], secret[100], message[64], value[200];

    with_types(world, "/ok", NULL, 0, id, secret);
    event_of(world, "job.completed", message);
    cutover_webhook_round round = deliver(world);
    assert_int_equal(round.delivered, 1);
    assert_int_equal(round.waiting, 0);
    assert_int_equal(round.next_at, 0);
    assert_int_equal(deliver(world).delivered, 0);
    assert_int_equal(receiver_count(world->receiver, NULL), 1);

    const struct received *received = receiver_at(world->receiver, "/ok", 0);
    assert_true(is_signed(received, secret));
    assert_true(received_header(received, "webhook-id", value, sizeof value));
    assert_string_equal(value, message);
    assert_true(received_header(received, "webhook-timestamp", value, sizeof value));
    assert_string_equal(value, "1767225600");
    assert_true(received_header(received, "content-type", value, sizeof value));
    assert_string_equal(value, "application/json");
    told("webhook-message", received->body);
    assert_string_equal(
        received->body,
        "{\"type\":\"job.completed\",\"timestamp\":\"2026-01-01T00:00:00.000000Z\",\"data\":{\"project_id\":"
        "\"shop\",\"sequence\":1,\"request_id\":null,\"details\":{\"job_id\":\"j1\"}}}");
    check_delivery(world, id, message, "delivered", 1);
    check_last_attempt(world, id, message, 200, "");
}

static void an_endpoint_gets_the_types_that_it_asks_for_from_its_beginning_on(void **state)
{
    struct world *world = *state;
    static const char *const types[] = {"job.failed", "job.failed"};
    char all[64], some[64];

    endpoint(world, "/ok/all", all);
    event_of(world, "job.completed", NULL);
    with_types(world, "/ok/some", types, 2, some, NULL);
    event_of(world, "job.failed", NULL);
    event_of(world, "job.completed", NULL);
    deliver(world);
    assert_int_equal(receiver_count(world->receiver, "/ok/all"), 3);
    assert_int_equal(receiver_count(world->receiver, "/ok/some"), 1);
}

static void a_damaged_endpoint_is_told_of_and_holds_up_no_other(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    char damaged[64], good[64];

    endpoint(world, "/ok/damaged", damaged);
    endpoint(world, "/ok/good", good);
    const cutover_write write = {CUTOVER_WRITE_VERSION,       "webhook", damaged, PROJECT, 1,
                                 "{\"format\": 1, \"id\": 5}"};
    const cutover_write *writes[] = {&write};
    check_ok(world->store.commit(writes, 1, &error, world->store.userdata), error);
    event_of(world, "job.failed", NULL);
    assert_int_equal(deliver(world).delivered, 1);
    assert_int_equal(receiver_count(world->receiver, "/ok/good"), 1);
    assert_int_equal(receiver_count(world->receiver, "/ok/damaged"), 0);
    check_contains(world->logged, damaged);
}

/* The outbox hands over at least once. */
static void the_same_event_again_is_no_second_message(void **state)
{
    struct world *world = *state;
    const cutover_event event = {1, "same", "job.completed", PROJECT, 9, world->now, 2, "{}"};
    cutover_refusal refusal = {1, 0, 0};
    cutover_error *error = NULL;
    char one[64], other[64];

    endpoint(world, "/ok/one", one);
    check_ok(world->notifier.deliver(&event, &refusal, &error, world->notifier.userdata), error);
    check_ok(world->notifier.deliver(&event, &refusal, &error, world->notifier.userdata), error);
    deliver(world);
    endpoint(world, "/ok/other", other);
    check_ok(world->notifier.deliver(&event, &refusal, &error, world->notifier.userdata), error);
    deliver(world);
    assert_int_equal(receiver_count(world->receiver, "/ok/one"), 1);
    assert_int_equal(receiver_count(world->receiver, "/ok/other"), 1);
}

/* ---- failed ---- */

static void what_fails_is_tried_again_by_the_schedule_and_is_dead_at_its_end(void **state)
{
    struct world *world = *state;
    static const int64_t seconds[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    char id[64], message[64], first[100], last[100];

    endpoint(world, "/fail", id);
    event_of(world, "job.failed", message);
    for (int i = 0; i < 9; i++) {
        cutover_webhook_round round = deliver(world);
        assert_int_equal(round.failed, 1);
        assert_int_equal(round.waiting, 1);
        int64_t pause = pause_of(world, id, message);
        assert_true(pause >= seconds[i] * SECOND && pause <= seconds[i] * SECOND * 11 / 10);
        another_process(world, 20000);
        world->now += pause - 1;
        assert_int_equal(deliver(world).failed, 0);
        world->now += 1;
    }
    cutover_webhook_round round = deliver(world);
    assert_int_equal(round.dead, 1);
    assert_int_equal(round.waiting, 0);
    assert_int_equal(receiver_count(world->receiver, "/fail"), 10);
    check_delivery(world, id, message, "dead", 10);
    check_last_attempt(world, id, message, 500, "status 500");
    check_contains(world->logged, message);
    received_header(receiver_at(world->receiver, "/fail", 0), "webhook-id", first, sizeof first);
    received_header(receiver_at(world->receiver, "/fail", 9), "webhook-id", last, sizeof last);
    assert_string_equal(first, last);
}

static void a_redirect_is_a_failure_and_nobody_goes_there(void **state)
{
    struct world *world = *state;
    char id[64], message[64];

    endpoint(world, "/moved", id);
    event_of(world, "job.failed", message);
    assert_int_equal(deliver(world).failed, 1);
    check_last_attempt(world, id, message, 302, "status 302: redirects are not followed");
    assert_int_equal(receiver_count(world->receiver, NULL), 1);
}

static void retry_after_is_waited_for_where_it_is_later(void **state)
{
    struct world *world = *state;
    char later[64], date[64], message[64];

    endpoint(world, "/later", later);
    endpoint(world, "/date", date);
    event_of(world, "job.failed", message);
    assert_int_equal(deliver(world).failed, 2);
    assert_int_equal(pause_of(world, later, message), 120 * SECOND);
    assert_true(pause_of(world, date, message) < 6 * SECOND);
}

static void an_endpoint_that_is_gone_is_switched_off_and_its_messages_are_dead(void **state)
{
    struct world *world = *state;
    cutover_webhook_delivery *delivery = NULL;
    cutover_error *error = NULL;
    char id[64], first[64], second[64];

    endpoint(world, "/gone", id);
    event_of(world, "job.failed", first);
    event_of(world, "job.failed", second);
    cutover_webhook_round round = deliver(world);
    assert_int_equal(round.disabled, 1);
    assert_int_equal(receiver_count(world->receiver, "/gone"), 1);
    assert_string_equal(status_of(world, id), "disabled");
    another_process(world, 20000);
    deliver(world);
    check_delivery(world, id, first, "dead", 1);
    check_delivery(world, id, second, "dead", 0);
    event_of(world, "job.failed", NULL);
    assert_int_equal(deliver(world).waiting, 0);
    assert_int_equal(receiver_count(world->receiver, "/gone"), 1);
    assert_int_equal(audited(world, "webhook.disabled"), 1);
    check_status(cutover_webhook_test(world->webhooks, &operator_actor, id, &delivery, &error), CUTOVER_E_STATE,
                 error);
}

static void one_that_does_not_answer_is_a_failure_at_its_time_limit(void **state)
{
    struct world *world = *state;
    char hang[64], huge[64], drop[64], message[64];

    another_process(world, 300);
    endpoint(world, "/hang", hang);
    endpoint(world, "/huge", huge);
    endpoint(world, "/drop", drop);
    event_of(world, "job.failed", message);
    cutover_webhook_round round = deliver(world);
    assert_int_equal(round.failed, 2);
    assert_int_equal(round.delivered, 1); /* it said 200: the rest of its body is nobody's */
    check_delivery(world, hang, message, "pending", 1);
    check_delivery(world, huge, message, "delivered", 1);
    check_last_attempt(world, drop, message, 0, "no answer: Server returned nothing (no headers, no data)");
}

/* ---- side by side ---- */

static void *release_soon(void *argument)
{
    struct receiver *receiver = argument;

    receiver_wait(receiver, "/ok", 2);
    receiver_release(receiver);
    return NULL;
}

/* A message that comes while the other hangs is sent too: only then does the one that hangs end. */
static void an_endpoint_that_hangs_holds_up_nobody_else(void **state)
{
    struct world *world = *state;
    char hang[64], ok[64], message[64];
    pthread_t thread;

    endpoint(world, "/hang", hang);
    endpoint(world, "/ok", ok);
    event_of(world, "job.failed", NULL);
    deliver_until(world, "/hang");
    deliver_until(world, "/ok");
    event_of(world, "job.completed", message);
    assert_int_equal(pthread_create(&thread, NULL, release_soon, world->receiver), 0);
    deliver(world);
    pthread_join(thread, NULL);
    assert_int_equal(receiver_count(world->receiver, "/ok"), 2);
    check_delivery(world, ok, message, "delivered", 1);
    check_delivery(world, hang, message, "pending", 0);
}

static void what_one_process_is_at_another_leaves_alone(void **state)
{
    struct world *world = *state;
    cutover_webhooks *other = open_webhooks(world, 20000);
    char id[64];

    endpoint(world, "/hang", id);
    event_of(world, "job.failed", NULL);
    deliver_until(world, "/hang");
    /* Another process finds it claimed, and makes no attempt. */
    cutover_webhook_round round = deliver_by(other);
    assert_int_equal(round.waiting, 1);
    assert_int_equal(round.next_at, world->now + 50 * SECOND);
    cutover_webhooks_free(other);
    assert_int_equal(receiver_count(world->receiver, "/hang"), 1);
}

static void an_attempt_that_is_given_up_is_made_again_and_did_not_fail(void **state)
{
    struct world *world = *state;
    char id[64], message[64];

    endpoint(world, "/slow", id);
    event_of(world, "job.failed", message);
    deliver_until(world, "/slow");
    another_process(world, 20000);
    receiver_release(world->receiver);
    assert_int_equal(deliver(world).delivered, 1);
    check_delivery(world, id, message, "delivered", 2);
    assert_int_equal(receiver_count(world->receiver, "/slow"), 2);
}

static void a_stopped_pump_returns(void **state)
{
    struct world *world = *state;
    char id[64];

    endpoint(world, "/hang", id);
    event_of(world, "job.failed", NULL);
    cutover_webhooks_stop(world->webhooks);
    assert_int_equal(deliver(world).running, 1);
}

/* ---- killed ---- */

#ifndef CUTOVER_WITHOUT_SQLITE
/* A process that dies in the middle of an attempt: nobody makes it while its claim lasts, then it is made again. */
static void an_attempt_whose_process_was_killed_is_made_again(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    char id[64], message[64];
    int status = 0;

    snprintf(world->store_path, sizeof world->store_path, "/tmp/cutover-test-webhooks-%d.db", (int)getpid());
    cutover_webhooks_free(world->webhooks);
    cutover_store_close(&world->store);
    check_ok(cutover_store_sqlite_open(world->store_path, &world->store, &error), error);
    world->webhooks = open_webhooks(world, 20000);
    check_ok(cutover_webhooks_notifier(world->webhooks, &world->notifier, &error), error);
    endpoint(world, "/slow", id);
    event_of(world, "job.failed", message);
    cutover_webhooks_free(world->webhooks);
    cutover_store_close(&world->store);

    pid_t child = fork();
    if (child == 0) {
        cutover_webhook_round round = CUTOVER_WEBHOOK_ROUND_INIT;
        if (cutover_store_sqlite_open(world->store_path, &world->store, NULL) != CUTOVER_OK)
            leave(1);
        world->webhooks = open_webhooks(world, 20000);
        cutover_webhooks_deliver(world->webhooks, 0, &round, NULL);
        leave(2);
    }
    receiver_wait(world->receiver, "/slow", 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));

    check_ok(cutover_store_sqlite_open(world->store_path, &world->store, &error), error);
    world->webhooks = open_webhooks(world, 20000);
    receiver_release(world->receiver);
    cutover_webhook_round round = deliver(world);
    assert_int_equal(round.delivered, 0);
    assert_int_equal(round.next_at, world->now + 50 * SECOND);
    world->now = round.next_at;
    assert_int_equal(deliver(world).delivered, 1);
    check_delivery(world, id, message, "delivered", 2);
    assert_int_equal(receiver_count(world->receiver, "/slow"), 2);
    unlink(world->store_path);
}
#endif

/* ---- again ---- */

static uint32_t redeliver(struct world *world, const char *id, const char *message, int64_t since,
                          int64_t until)
{
    cutover_webhook_selection selection = CUTOVER_WEBHOOK_SELECTION_INIT;
    cutover_error *error = NULL;
    uint32_t count = 4711;

    selection.actor = &operator_actor;
    selection.webhook_id = id;
    selection.message_id = message;
    selection.since = since;
    selection.until = until;
    check_ok(cutover_webhook_redeliver(world->webhooks, &selection, &count, &error), error);
    return count;
}

static void make_all_dead(struct world *world, const char *id, int32_t how)
{
    cutover_webhook_change change = CUTOVER_WEBHOOK_CHANGE_INIT;
    cutover_error *error = NULL;

    change.actor = &operator_actor;
    change.webhook_id = id;
    change.enabled = how;
    check_ok(cutover_webhook_update(world->webhooks, &change, NULL, &error), error);
    deliver(world);
}

static void dead_letters_are_sent_again_by_range_under_their_ids(void **state)
{
    struct world *world = *state;
    char id[64], messages[40][64], value[100];

    endpoint(world, "/ok", id);
    for (int i = 0; i < 40; i++) {
        event_of(world, "job.failed", messages[i]);
        world->now += HOUR;
    }
    make_all_dead(world, id, CUTOVER_WEBHOOK_DISABLE);
    check_delivery(world, id, messages[0], "dead", 0);
    make_all_dead(world, id, CUTOVER_WEBHOOK_ENABLE);
    assert_int_equal(receiver_count(world->receiver, "/ok"), 0);
    assert_int_equal(redeliver(world, id, NULL, START + 5 * HOUR, START + 35 * HOUR), 30);
    assert_int_equal(deliver(world).delivered, 30);
    received_header(receiver_at(world->receiver, "/ok", 0), "webhook-id", value, sizeof value);
    assert_string_equal(value, messages[5]);
    assert_int_equal(redeliver(world, id, NULL, 0, 0), 10);
    assert_int_equal(deliver(world).delivered, 10);
    assert_int_equal(redeliver(world, id, NULL, 0, 0), 0);
    assert_int_equal(audited(world, "webhook.redelivered"), 3); /* 15, 15, 10 */
}

static void one_message_is_sent_again_with_its_attempts(void **state)
{
    struct world *world = *state;
    cutover_webhook_selection selection = CUTOVER_WEBHOOK_SELECTION_INIT;
    cutover_error *error = NULL;
    char id[64], message[64];

    endpoint(world, "/ok", id);
    event_of(world, "job.failed", message);
    selection.actor = &operator_actor;
    selection.webhook_id = id;
    selection.message_id = message;
    check_status(cutover_webhook_redeliver(world->webhooks, &selection, NULL, &error), CUTOVER_E_STATE, error);
    deliver(world);
    assert_int_equal(redeliver(world, id, message, 0, 0), 1);
    check_delivery(world, id, message, "pending", 1);
    deliver(world);
    check_delivery(world, id, message, "delivered", 2);
    assert_int_equal(receiver_count(world->receiver, "/ok"), 2);
    selection.message_id = "none";
    check_status(cutover_webhook_redeliver(world->webhooks, &selection, NULL, &error), CUTOVER_E_NOT_FOUND,
                 error);
}

static void deliveries_are_listed_by_status_type_and_page(void **state)
{
    struct world *world = *state;
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_webhook_delivery_list *list = NULL;
    cutover_error *error = NULL;
    char id[64], other[64], messages[4][64];

    endpoint(world, "/ok", id);
    event_of(world, "job.failed", messages[0]);
    event_of(world, "job.completed", messages[1]);
    deliver(world);
    endpoint(world, "/fail", other);
    event_of(world, "job.failed", messages[2]);
    event_of(world, "job.completed", messages[3]);

    check_ok(cutover_webhook_deliveries_find(world->webhooks, id, &filter, &list, &error), error);
    assert_int_equal(cutover_webhook_delivery_list_count(list), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(cutover_webhook_delivery_id(cutover_webhook_delivery_list_at(list, i)),
                            messages[i]);
    assert_null(cutover_webhook_delivery_list_at(list, 4));
    cutover_webhook_delivery_list_free(list);

    filter.status = "pending";
    filter.kind = "job.completed";
    check_ok(cutover_webhook_deliveries_find(world->webhooks, id, &filter, &list, &error), error);
    assert_int_equal(cutover_webhook_delivery_list_count(list), 1);
    assert_string_equal(cutover_webhook_delivery_type(cutover_webhook_delivery_list_at(list, 0)),
                        "job.completed");
    cutover_webhook_delivery_list_free(list);

    filter = (cutover_filter)CUTOVER_FILTER_INIT;
    filter.newest_first = 1;
    filter.limit = 2;
    filter.after = messages[3];
    check_ok(cutover_webhook_deliveries_find(world->webhooks, id, &filter, &list, &error), error);
    assert_int_equal(cutover_webhook_delivery_list_count(list), 2);
    assert_string_equal(cutover_webhook_delivery_id(cutover_webhook_delivery_list_at(list, 0)), messages[2]);
    cutover_webhook_delivery_list_free(list);

    filter.status = "lost";
    check_status(cutover_webhook_deliveries_find(world->webhooks, id, &filter, &list, &error),
                 CUTOVER_E_INVALID, error);
    filter.status = NULL;
    check_status(cutover_webhook_deliveries_find(world->webhooks, "none", &filter, &list, &error),
                 CUTOVER_E_NOT_FOUND, error);
}

static void what_ended_long_ago_goes(void **state)
{
    struct world *world = *state;
    cutover_webhook_delivery *delivery = NULL;
    cutover_error *error = NULL;
    char id[64], message[64];

    endpoint(world, "/ok", id);
    event_of(world, "job.failed", message);
    deliver(world);
    world->now += 29 * 24 * HOUR;
    deliver(world);
    check_delivery(world, id, message, "delivered", 1);
    world->now += 2 * 24 * HOUR;
    deliver(world);
    check_status(cutover_webhook_delivery_get(world->webhooks, id, message, &delivery, &error),
                 CUTOVER_E_NOT_FOUND, error);
}

/* ---- secrets ---- */

static void a_rotation_signs_with_both_secrets_until_the_old_one_ends(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    char id[64], old[100];
    char *new = NULL, *newest = NULL;

    with_types(world, "/ok", NULL, 0, id, old);
    check_ok(cutover_webhook_rotate_secret(world->webhooks, &admin_actor, id, 3600, &new, NULL, &error), error);
    event_of(world, "job.failed", NULL);
    deliver(world);
    assert_true(is_signed(receiver_at(world->receiver, "/ok", 0), old));
    assert_true(is_signed(receiver_at(world->receiver, "/ok", 0), new));
    world->now += HOUR;
    event_of(world, "job.failed", NULL);
    deliver(world);
    assert_false(is_signed(receiver_at(world->receiver, "/ok", 1), old));
    assert_true(is_signed(receiver_at(world->receiver, "/ok", 1), new));
    check_ok(cutover_webhook_rotate_secret(world->webhooks, &operator_actor, id, 0, &newest, NULL, &error),
             error);
    event_of(world, "job.failed", NULL);
    deliver(world);
    assert_false(is_signed(receiver_at(world->receiver, "/ok", 2), new));
    assert_true(is_signed(receiver_at(world->receiver, "/ok", 2), newest));
    assert_int_equal(audited(world, "webhook.secret_rotated"), 2);
    cutover_string_free(new);
    cutover_string_free(newest);
}

static cutover_status find_secret(const cutover_document *document, void *context)
{
    if (strstr(document->body, context) != NULL)
        fail_msg("a secret is in %s %s", document->kind, document->id);
    return CUTOVER_OK;
}

/* After everything that is done with it, the secret is in its own document and nowhere else. */
static void a_secret_is_in_no_record_that_is_listed_no_audit_entry_and_no_log(void **state)
{
    struct world *world = *state;
    static const char *const kinds[] = {"webhook", "webhook_pending", "webhook_delivery",
                                        "audit",   "event",           "ledger"};
    cutover_webhook_list *list = NULL;
    cutover_error *error = NULL;
    char id[64], secret[100];

    with_types(world, "/fail", NULL, 0, id, secret);
    event_of(world, "job.failed", NULL);
    check_ok(cutover_webhook_test(world->webhooks, &operator_actor, id, NULL, &error), error);
    deliver(world);
    world->now += 6 * SECOND;
    another_process(world, 20000);
    make_all_dead(world, id, CUTOVER_WEBHOOK_DISABLE);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_ok(
            world->store.list(kinds[i], NULL, "", 1000, find_secret, secret + 6, &error, world->store.userdata),
            error);
    check_ok(cutover_webhooks_list(world->webhooks, PROJECT, NULL, 100, &list, &error), error);
    assert_int_equal(cutover_webhook_list_count(list), 1);
    assert_null(strstr(cutover_webhook_json(cutover_webhook_list_at(list, 0)), secret + 6));
    cutover_webhook_list_free(list);
    assert_null(strstr(world->logged, secret + 6));
    assert_null(strstr(world->logged, "/fail"));
    check_contains(world->logged, id);
}

/* ---- endpoints ---- */

static void a_member_changes_nothing(void **state)
{
    struct world *world = *state;
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_webhook_change change = CUTOVER_WEBHOOK_CHANGE_INIT;
    cutover_webhook_selection selection = CUTOVER_WEBHOOK_SELECTION_INIT;
    cutover_error *error = NULL;
    char id[64];
    char *secret = NULL;

    endpoint(world, "/ok", id);
    options.actor = change.actor = selection.actor = &member_actor;
    options.project_id = PROJECT;
    options.url = "https://example.com/";
    change.webhook_id = selection.webhook_id = id;
    check_status(cutover_webhook_create(world->webhooks, &options, &secret, NULL, &error), CUTOVER_E_FORBIDDEN,
                 error);
    check_status(cutover_webhook_update(world->webhooks, &change, NULL, &error), CUTOVER_E_FORBIDDEN, error);
    check_status(cutover_webhook_delete(world->webhooks, &member_actor, id, &error), CUTOVER_E_FORBIDDEN,
                 error);
    check_status(cutover_webhook_rotate_secret(world->webhooks, &member_actor, id, 0, &secret, NULL, &error),
                 CUTOVER_E_FORBIDDEN, error);
    check_status(cutover_webhook_test(world->webhooks, &member_actor, id, NULL, &error), CUTOVER_E_FORBIDDEN,
                 error);
    check_status(cutover_webhook_redeliver(world->webhooks, &selection, NULL, &error), CUTOVER_E_FORBIDDEN,
                 error);
    assert_null(secret);
}

static void an_endpoint_is_changed_at_the_version_that_was_seen_and_only_where_it_differs(void **state)
{
    struct world *world = *state;
    static const char *const types[] = {"job.failed"};
    cutover_webhook_change change = CUTOVER_WEBHOOK_CHANGE_INIT;
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;
    char id[64];

    endpoint(world, "/ok", id);
    change.actor = &operator_actor;
    change.webhook_id = id;
    change.description = "orders";
    change.event_types = types;
    change.event_type_count = 1;
    change.url = receiver_url(world->receiver, "/ok/new");
    change.expected_version = 1;
    check_ok(cutover_webhook_update(world->webhooks, &change, &webhook, &error), error);
    assert_int_equal(cutover_webhook_version(webhook), 2);
    check_contains(cutover_webhook_url(webhook), "/ok/new");
    cutover_webhook_free(webhook);
    check_status(cutover_webhook_update(world->webhooks, &change, &webhook, &error), CUTOVER_E_CONFLICT, error);
    change.expected_version = 0;
    check_ok(cutover_webhook_update(world->webhooks, &change, &webhook, &error), error);
    assert_int_equal(cutover_webhook_version(webhook), 2);
    cutover_webhook_free(webhook);
    assert_int_equal(audited(world, "webhook.updated"), 1);
    event_of(world, "job.completed", NULL);
    event_of(world, "job.failed", NULL);
    deliver(world);
    assert_int_equal(receiver_count(world->receiver, "/ok/new"), 1);
}

static cutover_status make_with(struct world *world, cutover_webhooks_options *options, cutover_error **error)
{
    cutover_webhooks *made = NULL;

    options->store = &world->store;
    cutover_status status = cutover_webhooks_new(options, &made, error);
    assert_int_equal(made != NULL, status == CUTOVER_OK);
    cutover_webhooks_free(made);
    return status;
}

static void options_out_of_their_bounds_open_nothing(void **state)
{
    struct world *world = *state;
    const cutover_webhooks_options good = CUTOVER_WEBHOOKS_OPTIONS_INIT;
    cutover_webhooks_options wrong[12];
    char long_agent[300];
    cutover_error *error = NULL;

    memset(long_agent, 'a', sizeof long_agent - 1);
    long_agent[sizeof long_agent - 1] = '\0';
    for (size_t i = 0; i < 12; i++)
        wrong[i] = good;
    wrong[0].flags = 0x80;
    wrong[1].timeout_ms = 1;
    wrong[2].timeout_ms = 4000000000U;
    wrong[3].parallel = 257;
    wrong[4].keep_days = 3651;
    wrong[5].user_agent = "a\nb";
    wrong[6].user_agent = "\xc3\xa9";
    wrong[7].user_agent = long_agent;
    for (size_t i = 0; i < 8; i++)
        check_status(make_with(world, &wrong[i], &error), CUTOVER_E_INVALID, error);
    wrong[8].ca_file = "/nonexistent/ca.pem";
    check_status(make_with(world, &wrong[8], &error), CUTOVER_E_IO, error);
    wrong[9].version = 9;
    check_status(make_with(world, &wrong[9], &error), CUTOVER_E_UNSUPPORTED, error);
    wrong[10].user_agent = "ours/1.0 (test)";
    wrong[10].timeout_ms = 1000;
    wrong[10].parallel = 1;
    wrong[10].keep_days = 1;
    check_ok(make_with(world, &wrong[10], &error), error);
    check_status(cutover_webhooks_new(NULL, &world->webhooks, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_webhooks_new(&good, &world->webhooks, &error), CUTOVER_E_INVALID, error);
    wrong[11].store = &world->store;
    check_status(cutover_webhooks_new(&wrong[11], NULL, &error), CUTOVER_E_INVALID, error);
}

static void calls_without_what_they_need_are_errors(void **state)
{
    struct world *world = *state;
    cutover_webhooks *const webhooks = world->webhooks;
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_webhook_change change = CUTOVER_WEBHOOK_CHANGE_INIT;
    cutover_webhook_selection selection = CUTOVER_WEBHOOK_SELECTION_INIT;
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_webhook_round round = {.version = 9};
    cutover_webhook *webhook = NULL;
    cutover_webhook_list *list = NULL;
    cutover_webhook_delivery *delivery = NULL;
    cutover_webhook_delivery_list *deliveries = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;
    char id[64], long_project[120];
    uint32_t count = 0;

    memset(long_project, 'p', sizeof long_project - 1);
    long_project[sizeof long_project - 1] = '\0';
    endpoint(world, "/ok", id);
    options.actor = change.actor = selection.actor = &operator_actor;
    options.project_id = PROJECT;
    options.url = receiver_url(world->receiver, "/ok");
    change.webhook_id = selection.webhook_id = id;
    filter.limit = 10;
#define REFUSED(call) check_status((call), CUTOVER_E_INVALID, error)
    REFUSED(cutover_webhooks_notifier(NULL, &world->notifier, &error));
    REFUSED(cutover_webhooks_notifier(webhooks, NULL, &error));
    REFUSED(cutover_webhooks_deliver(NULL, 1, NULL, &error));
    check_status(cutover_webhooks_deliver(webhooks, 1, &round, &error), CUTOVER_E_UNSUPPORTED, error);
    check_ok(cutover_webhooks_deliver(webhooks, 1, NULL, &error), error);
    REFUSED(cutover_webhook_create(NULL, &options, &secret, &webhook, &error));
    REFUSED(cutover_webhook_create(webhooks, NULL, &secret, &webhook, &error));
    REFUSED(cutover_webhook_create(webhooks, &options, NULL, &webhook, &error));
    REFUSED(cutover_webhook_get(NULL, id, &webhook, &error));
    REFUSED(cutover_webhook_get(webhooks, NULL, &webhook, &error));
    REFUSED(cutover_webhook_get(webhooks, id, NULL, &error));
    REFUSED(cutover_webhooks_list(NULL, NULL, NULL, 1, &list, &error));
    REFUSED(cutover_webhooks_list(webhooks, long_project, NULL, 1, &list, &error));
    REFUSED(cutover_webhooks_list(webhooks, NULL, NULL, 0, &list, &error));
    REFUSED(cutover_webhooks_list(webhooks, NULL, NULL, 1, NULL, &error));
    change.enabled = 3;
    REFUSED(cutover_webhook_update(webhooks, &change, &webhook, &error));
    change.enabled = -1;
    REFUSED(cutover_webhook_update(webhooks, &change, &webhook, &error));
    REFUSED(cutover_webhook_update(NULL, &change, &webhook, &error));
    change.enabled = 0;
    change.webhook_id = NULL;
    REFUSED(cutover_webhook_update(webhooks, &change, &webhook, &error));
    REFUSED(cutover_webhook_delete(NULL, &operator_actor, id, &error));
    REFUSED(cutover_webhook_delete(webhooks, NULL, id, &error));
    REFUSED(cutover_webhook_delete(webhooks, &operator_actor, "", &error));
    REFUSED(cutover_webhook_rotate_secret(NULL, &operator_actor, id, 0, &secret, NULL, &error));
    REFUSED(cutover_webhook_rotate_secret(webhooks, &operator_actor, id, 604801, &secret, NULL, &error));
    REFUSED(cutover_webhook_rotate_secret(webhooks, &operator_actor, id, 0, NULL, NULL, &error));
    REFUSED(cutover_webhook_test(NULL, &operator_actor, id, &delivery, &error));
    REFUSED(cutover_webhook_test(webhooks, &operator_actor, NULL, &delivery, &error));
    REFUSED(cutover_webhook_delivery_get(NULL, id, "m", &delivery, &error));
    REFUSED(cutover_webhook_delivery_get(webhooks, NULL, "m", &delivery, &error));
    REFUSED(cutover_webhook_delivery_get(webhooks, id, NULL, &delivery, &error));
    REFUSED(cutover_webhook_delivery_get(webhooks, id, "m", NULL, &error));
    REFUSED(cutover_webhook_deliveries_find(NULL, id, &filter, &deliveries, &error));
    REFUSED(cutover_webhook_deliveries_find(webhooks, NULL, &filter, &deliveries, &error));
    REFUSED(cutover_webhook_deliveries_find(webhooks, id, &filter, NULL, &error));
    filter.project_id = PROJECT;
    REFUSED(cutover_webhook_deliveries_find(webhooks, id, &filter, &deliveries, &error));
    REFUSED(cutover_webhook_redeliver(NULL, &selection, &count, &error));
    selection.message_id = "m";
    selection.since = 1;
    REFUSED(cutover_webhook_redeliver(webhooks, &selection, &count, &error));
    selection.since = 0;
    selection.until = 1;
    REFUSED(cutover_webhook_redeliver(webhooks, &selection, &count, &error));
    selection.message_id = NULL;
    selection.webhook_id = NULL;
    REFUSED(cutover_webhook_redeliver(webhooks, &selection, &count, &error));
#undef REFUSED
    selection.webhook_id = id;
    check_ok(cutover_webhook_redeliver(webhooks, &selection, NULL, &error), error);
    assert_true(secret == NULL && webhook == NULL && list == NULL && delivery == NULL && deliveries == NULL);
    cutover_webhooks_stop(NULL);
    cutover_webhooks_free(NULL);
    cutover_webhook_free(NULL);
    cutover_webhook_list_free(NULL);
    cutover_webhook_delivery_free(NULL);
    cutover_webhook_delivery_list_free(NULL);
    assert_null(cutover_webhook_id(NULL));
    assert_null(cutover_webhook_json(NULL));
    assert_null(cutover_webhook_delivery_json(NULL));
    assert_int_equal(cutover_webhook_delivery_attempts(NULL), 0);
    assert_int_equal(cutover_webhook_list_count(NULL), 0);
    assert_null(cutover_webhook_list_at(NULL, 0));
    assert_int_equal(cutover_webhook_delivery_list_count(NULL), 0);
}

/* One that somebody damaged is told of in each round, and holds up no other. */
static void a_damaged_message_holds_up_no_other(void **state)
{
    static const char *const bodies[] = {
        "{\"format\":1,\"webhook_id\":\"w\",\"event_type\":\"x\",\"message\":{}}",
        "{\"format\":1,\"id\":\"m\",\"event_type\":\"x\",\"message\":{}}",
        "{\"format\":1,\"id\":\"m\",\"webhook_id\":\"w\",\"message\":{}}",
        "{\"format\":1,\"id\":5}",
    };
    struct world *world = *state;
    cutover_webhook_round round = CUTOVER_WEBHOOK_ROUND_INIT;
    cutover_error *error = NULL;
    char id[64], message[64], key[200];

    endpoint(world, "/ok", id);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        snprintf(key, sizeof key, "%s:damaged-%zu", id, i);
        const cutover_write write = {CUTOVER_WRITE_VERSION, "webhook_pending", key, PROJECT, 0, bodies[i]};
        check_ok(world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata),
                 error);
    }
    event_of(world, "job.failed", message);
    check_status(cutover_webhooks_deliver(world->webhooks, 0, &round, &error), CUTOVER_E_STORE, error);
    assert_int_equal(receiver_count(world->receiver, "/ok"), 1);
    check_delivery(world, id, message, "delivered", 1);
}

static void what_is_no_endpoint_is_refused_by_its_field(void **state)
{
    struct world *world = *state;
    static const char *const types[] = {"job.failed", "job.invented"};
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_error *error = NULL;
    char *secret = NULL;
    char long_text[300];

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    options.actor = &operator_actor;
    options.project_id = PROJECT;
    options.url = "ftp://example.com/";
    check_status_keep(cutover_webhook_create(world->webhooks, &options, &secret, NULL, &error),
                      CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "options.url: must begin with https://");
    cutover_error_free(error);
    error = NULL;
    options.url = "https://example.com/";
    options.event_types = types;
    options.event_type_count = 2;
    check_status_keep(cutover_webhook_create(world->webhooks, &options, &secret, NULL, &error),
                      CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "options.event_types: \"job.invented\"");
    cutover_error_free(error);
    error = NULL;
    options.event_type_count = 0;
    options.description = long_text;
    check_status(cutover_webhook_create(world->webhooks, &options, &secret, NULL, &error), CUTOVER_E_INVALID,
                 error);
    options.description = NULL;
    options.project_id = long_text;
    check_status(cutover_webhook_create(world->webhooks, &options, &secret, NULL, &error), CUTOVER_E_INVALID,
                 error);
    assert_null(secret);
}

static void there_are_so_many_endpoints_and_no_more(void **state)
{
    struct world *world = *state;
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_error *error = NULL;
    char *secret = NULL;
    char id[64];

    for (int i = 0; i < CUTOVER_WEBHOOK_MAX; i++)
        endpoint(world, "/ok", id);
    options.actor = &operator_actor;
    options.project_id = PROJECT;
    options.url = "https://example.com/";
    check_status(cutover_webhook_create(world->webhooks, &options, &secret, NULL, &error), CUTOVER_E_STATE,
                 error);
    event_of(world, "job.failed", NULL);
    assert_int_equal(deliver(world).delivered, CUTOVER_WEBHOOK_MAX);
    check_ok(cutover_webhook_delete(world->webhooks, &operator_actor, id, &error), error);
    endpoint(world, "/ok", id);
}

static cutover_status count_document(const cutover_document *document, void *context)
{
    (void)document;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static void an_endpoint_that_is_deleted_leaves_nothing_and_gets_nothing(void **state)
{
    struct world *world = *state;
    static const char *const kinds[] = {"webhook", "webhook_secret", "webhook_pending", "webhook_delivery"};
    cutover_error *error = NULL;
    unsigned left = 0;
    char id[64];

    endpoint(world, "/ok", id);
    event_of(world, "job.failed", NULL);
    deliver(world);
    event_of(world, "job.failed", NULL);
    check_ok(cutover_webhook_delete(world->webhooks, &operator_actor, id, &error), error);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_ok(
            world->store.list(kinds[i], NULL, "", 100, count_document, &left, &error, world->store.userdata),
            error);
    assert_int_equal(left, 0);
    assert_int_equal(deliver(world).delivered, 0);
    assert_int_equal(receiver_count(world->receiver, "/ok"), 1);
    assert_int_equal(audited(world, "webhook.created") + audited(world, "webhook.deleted"), 2);
    check_status(cutover_webhook_delete(world->webhooks, &operator_actor, id, &error), CUTOVER_E_NOT_FOUND,
                 error);
}

/* Made in a commit that the removal did not see. */
static void a_message_for_an_endpoint_that_is_no_more_is_swept(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    char id[64];

    endpoint(world, "/ok", id);
    event_of(world, "job.failed", NULL);
    const cutover_write write = {CUTOVER_WRITE_VERSION, "webhook", id, PROJECT, 1, NULL};
    const cutover_write *writes[] = {&write};
    check_ok(world->store.commit(writes, 1, &error, world->store.userdata), error);
    assert_int_equal(deliver(world).delivered, 0);
    assert_int_equal(deliver(world).waiting, 0);
}

static void a_test_is_a_message_of_its_own_type_whatever_the_endpoint_takes(void **state)
{
    struct world *world = *state;
    static const char *const types[] = {"job.failed"};
    cutover_webhook_delivery *delivery = NULL;
    cutover_error *error = NULL;
    char id[64], secret[100];

    with_types(world, "/ok", types, 1, id, secret);
    check_ok(cutover_webhook_test(world->webhooks, &operator_actor, id, &delivery, &error), error);
    assert_string_equal(cutover_webhook_delivery_type(delivery), "webhook.test");
    assert_int_equal(cutover_webhook_delivery_attempts(delivery), 0);
    assert_int_equal(deliver(world).delivered, 1);
    check_delivery(world, id, cutover_webhook_delivery_id(delivery), "delivered", 1);
    cutover_webhook_delivery_free(delivery);
    assert_true(is_signed(receiver_at(world->receiver, "/ok", 0), secret));
    told("webhook-message", receiver_at(world->receiver, "/ok", 0)->body);
    assert_int_equal(audited(world, "webhook.tested"), 1);
}

/* Whoever asked for it looks at what it says: it waits for no other, and not until the endpoint has rested. */
static void a_test_goes_before_what_waits(void **state)
{
    struct world *world = *state;
    cutover_webhook_delivery *delivery = NULL;
    cutover_error *error = NULL;
    char id[64], message[64];

    endpoint(world, "/fail", id);
    event_of(world, "job.failed", NULL);
    deliver(world);
    event_of(world, "job.failed", message);
    check_ok(cutover_webhook_test(world->webhooks, &operator_actor, id, &delivery, &error), error);
    deliver(world);
    check_delivery(world, id, cutover_webhook_delivery_id(delivery), "pending", 1);
    check_delivery(world, id, message, "pending", 0);
    cutover_webhook_delivery_free(delivery);
}

static void private_addresses_and_plain_http_are_refused_unless_allowed(void **state)
{
    struct world *world = *state;
    cutover_webhooks_options careful = CUTOVER_WEBHOOKS_OPTIONS_INIT;
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_webhooks *webhooks = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;
    char id[64], message[64];

    endpoint(world, "/ok", id);
    event_of(world, "job.failed", message);
    careful.store = &world->store;
    careful.clock = world_now;
    careful.clock_userdata = world;
    check_ok(cutover_webhooks_new(&careful, &webhooks, &error), error);
    options.actor = &operator_actor;
    options.project_id = PROJECT;
    options.url = "https://169.254.169.254/latest";
    check_status(cutover_webhook_create(webhooks, &options, &secret, NULL, &error), CUTOVER_E_INVALID, error);
    options.url = "http://example.com/";
    check_status(cutover_webhook_create(webhooks, &options, &secret, NULL, &error), CUTOVER_E_INVALID, error);
    /* One that was added where it was allowed is not reached either. */
    assert_int_equal(deliver_by(webhooks).failed, 1);
    assert_int_equal(receiver_connections(world->receiver), 0);
    check_delivery(world, id, message, "pending", 1);
    cutover_webhooks_free(webhooks);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_that_of_the_specification),
        cmocka_unit_test(a_secret_is_24_to_64_bytes_in_standard_base64),
        cmocka_unit_test(pauses_grow_from_five_seconds_to_a_day_with_a_tenth_of_jitter),
        cmocka_unit_test(every_type_of_event_can_be_asked_for),
        CASE(an_event_is_posted_signed_once),
        CASE(an_endpoint_gets_the_types_that_it_asks_for_from_its_beginning_on),
        CASE(a_damaged_endpoint_is_told_of_and_holds_up_no_other),
        CASE(the_same_event_again_is_no_second_message),
        CASE(what_fails_is_tried_again_by_the_schedule_and_is_dead_at_its_end),
        CASE(a_redirect_is_a_failure_and_nobody_goes_there),
        CASE(retry_after_is_waited_for_where_it_is_later),
        CASE(an_endpoint_that_is_gone_is_switched_off_and_its_messages_are_dead),
        CASE(one_that_does_not_answer_is_a_failure_at_its_time_limit),
        CASE(an_endpoint_that_hangs_holds_up_nobody_else),
        CASE(what_one_process_is_at_another_leaves_alone),
        CASE(an_attempt_that_is_given_up_is_made_again_and_did_not_fail),
        CASE(a_stopped_pump_returns),
#ifndef CUTOVER_WITHOUT_SQLITE
        CASE(an_attempt_whose_process_was_killed_is_made_again),
#endif
        CASE(dead_letters_are_sent_again_by_range_under_their_ids),
        CASE(one_message_is_sent_again_with_its_attempts),
        CASE(deliveries_are_listed_by_status_type_and_page),
        CASE(what_ended_long_ago_goes),
        CASE(a_rotation_signs_with_both_secrets_until_the_old_one_ends),
        CASE(a_secret_is_in_no_record_that_is_listed_no_audit_entry_and_no_log),
        CASE(a_member_changes_nothing),
        CASE(an_endpoint_is_changed_at_the_version_that_was_seen_and_only_where_it_differs),
        CASE(options_out_of_their_bounds_open_nothing),
        CASE(calls_without_what_they_need_are_errors),
        CASE(a_damaged_message_holds_up_no_other),
        CASE(what_is_no_endpoint_is_refused_by_its_field),
        CASE(there_are_so_many_endpoints_and_no_more),
        CASE(an_endpoint_that_is_deleted_leaves_nothing_and_gets_nothing),
        CASE(a_message_for_an_endpoint_that_is_no_more_is_swept),
        CASE(a_test_is_a_message_of_its_own_type_whatever_the_endpoint_takes),
        CASE(a_test_goes_before_what_waits),
        CASE(private_addresses_and_plain_http_are_refused_unless_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
