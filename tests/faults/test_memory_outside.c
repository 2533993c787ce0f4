/*
 * What calls others, with each of its allocations failing in turn, libcurl's included: the HTTP client, webhooks, integrations. What
 * fails says so, leaves nothing behind, and is made good by the next try: no event is lost, each attempt is listed, and nothing that was
 * not written is told as written.
 */
#include "base/folder.h"
#include "base/json.h"
#include "faults/starve.h"
#include "notify/integration_attempt.h"
#include "notify/integration_deliver.h"
#include "store/document.h"
#include "support/check.h"
#include "support/providers.h"
#include "support/receiver.h"

#include <cutover.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define START INT64_C(1767225600000000) /* 2026-01-01 */
#define POOLED "postgresql://app:s3cr3t@pool.example.com:6432/shop"
#define RECEIVER_USES 80 /* what it keeps has an end */

static const cutover_actor olga = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                   CUTOVER_ROLE_OPERATOR};

static bool soak;

static struct {
    struct receiver *receiver;
    unsigned uses;
} shared;

/* For one try more. */
static void use_receiver(void)
{
    if (shared.receiver != NULL && shared.uses++ >= RECEIVER_USES) {
        receiver_close(shared.receiver);
        shared.receiver = NULL;
    }
    if (shared.receiver == NULL) {
        shared.receiver = receiver_open();
        shared.uses = 0;
    }
}

static int close_receiver(void **state)
{
    (void)state;
    if (shared.receiver != NULL)
        receiver_close(shared.receiver);
    shared.receiver = NULL;
    return 0;
}

/* ---- each allocation of a try ---- */

static struct {
    const char *name;
    unsigned long nth;
} at; /* for whoever looks at a crash */

/* One try with the nth allocation failing, and what must hold afterwards; true when there was an nth. */
typedef bool (*starved_try)(const void *context, unsigned long nth);

/* What libraries make once, on a path that only a failure takes, is not left a second time. What libcurl itself had no memory for it may
   leave (7.88 does). */
static bool has_left(void)
{
    return starve_left() != 0 && !starve_failed_in("libcurl");
}

static void check_tries(const char *name, starved_try try, const void *context, unsigned long stride)
{
    unsigned long nth = 1;
    bool failed = true;

    at.name = name;
    try(context, 0);
    for (; failed; nth += stride) {
        at.nth = nth;
        failed = try(context, nth);
        if (has_left())
            try(context, nth);
        if (has_left())
            fail_msg("%s, allocation %lu: %zu allocations are left", name, nth, starve_left());
    }
    print_message("%-30s %5lu allocations\n", name, nth - 1 - stride);
}

static void begin_at(unsigned long nth)
{
    starve_forget();
    starve_begin(STARVE_THREAD, nth);
}

/* ---- the HTTP client ---- */

struct sending {
    const char *path;
    bool with_client; /* which is made with too little memory, too */
};

static cutover_status make_client(struct http_client **client, cutover_error **error)
{
    static const struct http_options options = {
        .allow_private = true, .allow_plain = true, .user_agent = "tests/1"};

    return http_client_new(&options, client, error);
}

static cutover_status send_by(struct http_client *client, const char *url, struct http_response *response,
                              cutover_error **error)
{
    static const char *const headers[] = {"Content-Type: application/json", "X-Test: yes"};
    const struct http_request request = {.method = "POST",
                                         .url = url,
                                         .headers = headers,
                                         .header_count = 2,
                                         .body = "{\"a\":1}",
                                         .body_size = 7,
                                         .deadline_ms = 5000};

    return http_send(client, &request, response, error);
}

/* An answer is whole, or there is none. */
static void check_sent(cutover_status status, cutover_error *error, struct http_response *response, bool failed,
                       unsigned long nth)
{
    if (status == CUTOVER_OK) {
        assert_null(error);
        assert_int_equal(response->status, 200);
        assert_int_equal(strlen(response->body), response->body_size);
        assert_non_null(http_header(response, "content-length"));
        assert_int_equal(atol(http_header(response, "content-length")), response->body_size);
    } else if (!failed || cutover_error_code(error) != status ||
               (status != CUTOVER_E_NOMEM && status != CUTOVER_E_IO)) {
        fail_msg("allocation %lu: %s: %s", nth, cutover_status_name(status), cutover_error_message(error));
    }
    cutover_error_free(error);
    http_response_free(response);
}

static bool try_send(const void *context, unsigned long nth)
{
    const struct sending *sending = context;
    use_receiver();
    const char *url = receiver_url(shared.receiver, sending->path);
    struct http_response response = {0};
    struct http_client *client = NULL;
    cutover_error *error = NULL;
    bool failed = false;
    cutover_status status = CUTOVER_OK;

    if (!sending->with_client)
        check_ok(make_client(&client, &error), error);
    begin_at(nth);
    if (sending->with_client)
        status = make_client(&client, &error);
    if (status == CUTOVER_OK)
        status = send_by(client, url, &response, &error);
    starve_end(&failed);
    check_sent(status, error, &response, failed, nth);
    error = NULL;
    if (client == NULL)
        check_ok(make_client(&client, &error), error);
    status = send_by(client, url, &response, &error);
    check_sent(status, error, &response, false, nth);
    http_client_free(client);
    return failed;
}

static void requests_are_answered_whole_or_not_at_all(void **state)
{
    const struct sending first = {"/ok", true}, next = {"/ok", false};

    (void)state;
    check_tries("a client and its request", try_send, &first, 1);
    check_tries("a request", try_send, &next, 1);
}

static bool try_url(const void *context, unsigned long nth)
{
    cutover_error *error = NULL;
    char *host = NULL;
    bool failed = false;

    begin_at(nth);
    cutover_status status = http_url_check("url", context, false, false, &error);
    if (status == CUTOVER_OK)
        status = http_url_host(context, &host, &error);
    starve_end(&failed);
    if (status != CUTOVER_OK && (!failed || status != CUTOVER_E_NOMEM))
        fail_msg("allocation %lu: %s: %s", nth, cutover_status_name(status), cutover_error_message(error));
    if (status == CUTOVER_OK)
        assert_string_equal(host, "receiver.example:8443");
    cutover_error_free(error);
    free(host);
    return failed;
}

static void a_url_that_there_is_no_memory_for_is_not_called_a_wrong_one(void **state)
{
    (void)state;
    check_tries("a URL", try_url, "https://receiver.example:8443/hook?a=b", 1);
}

/* ---- webhooks ---- */

struct world {
    int64_t now;
    cutover_store store;
    cutover_webhooks *webhooks;
    cutover_notifier notifier;
};

static int64_t world_clock(void *userdata)
{
    return ((struct world *)userdata)->now;
}

static cutover_status make_webhooks(struct world *world, cutover_error **error)
{
    cutover_webhooks_options options = CUTOVER_WEBHOOKS_OPTIONS_INIT;

    options.flags = CUTOVER_WEBHOOKS_ALLOW_PRIVATE | CUTOVER_WEBHOOKS_ALLOW_PLAIN;
    options.store = &world->store;
    options.user_agent = "tests/1";
    options.timeout_ms = 5000;
    options.clock = world_clock;
    options.clock_userdata = world;
    return cutover_webhooks_new(&options, &world->webhooks, error);
}

static void open_webhooks(struct world *world)
{
    cutover_error *error = NULL;

    check_ok(make_webhooks(world, &error), error);
    cutover_notifier_init(&world->notifier, CUTOVER_NOTIFIER_VERSION);
    check_ok(cutover_webhooks_notifier(world->webhooks, &world->notifier, &error), error);
}

static void close_webhooks(struct world *world)
{
    cutover_notifier_close(&world->notifier);
    cutover_webhooks_free(world->webhooks);
    world->webhooks = NULL;
}

static void world_open(struct world *world)
{
    cutover_error *error = NULL;

    memset(world, 0, sizeof *world);
    world->now = START;
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    check_ok(cutover_store_memory_open(&world->store, &error), error);
    open_webhooks(world);
}

static void world_close(struct world *world)
{
    close_webhooks(world);
    cutover_store_close(&world->store);
}

static void add_endpoint(struct world *world, const char *path, char id[64])
{
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;

    options.actor = &olga;
    options.project_id = "shop";
    options.url = receiver_url(shared.receiver, path);
    check_ok(cutover_webhook_create(world->webhooks, &options, &secret, &webhook, &error), error);
    snprintf(id, 64, "%s", cutover_webhook_id(webhook));
    cutover_string_free(secret);
    cutover_webhook_free(webhook);
}

static const char event_id[] = "019b0000-0000-7000-8000-000000000007";

static cutover_status take_event(struct world *world, cutover_error **error)
{
    const cutover_event event = {1,
                                 event_id,
                                 "cutover.acked",
                                 "shop",
                                 7,
                                 START,
                                 1,
                                 "{\"request_id\":\"r\",\"data\":{\"job_id\":\"j\"}}"};
    cutover_refusal refusal = {1, 0, 0};

    return world->notifier.deliver(&event, &refusal, error, world->notifier.userdata);
}

static cutover_status count_one(const cutover_document *document, void *context)
{
    assert_non_null(strstr(document->body, "\"job_id\":\"j\"")); /* with all that it has to tell */
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static unsigned count_kind(struct world *world, const char *kind)
{
    cutover_error *error = NULL;
    unsigned count = 0;

    check_ok(world->store.list(kind, NULL, "", 1000, count_one, &count, &error, world->store.userdata), error);
    return count;
}

static bool try_fan_out(const void *context, unsigned long nth)
{
    struct world world;
    cutover_error *error = NULL;
    bool failed = false;
    char id[64];

    (void)context;
    use_receiver();
    world_open(&world);
    add_endpoint(&world, "/ok/1", id);
    add_endpoint(&world, "/ok/2", id);
    begin_at(nth);
    cutover_status status = take_event(&world, &error);
    starve_end(&failed);
    if (status != CUTOVER_OK && (!failed || cutover_error_code(error) != status))
        fail_msg("allocation %lu: %s", nth, cutover_status_name(status));
    cutover_error_free(error);
    error = NULL;
    /* Both or none: it comes again where this said that it failed. */
    const unsigned taken = count_kind(&world, "webhook_pending");
    if (taken != 0 && taken != 2)
        fail_msg("allocation %lu: %u of 2 endpoints have it", nth, taken);
    if (status == CUTOVER_OK)
        assert_int_equal(taken, 2);
    check_ok(take_event(&world, &error), error);
    assert_int_equal(count_kind(&world, "webhook_pending"), 2);
    world_close(&world);
    return failed;
}

static void an_event_is_taken_for_all_endpoints_or_for_none(void **state)
{
    (void)state;
    check_tries("an event, two endpoints", try_fan_out, NULL, 1);
}

struct round {
    const char *path, *status; /* of the delivery in the end */
    const char *endpoint;      /* likewise */
};

static cutover_status pump(struct world *world, cutover_error **error)
{
    cutover_webhook_round round = CUTOVER_WEBHOOK_ROUND_INIT;

    return cutover_webhooks_deliver(world->webhooks, 0, &round, error);
}

static void check_round(struct world *world, const struct round *round, const char *path, const char *hook,
                        unsigned long nth)
{
    cutover_webhook_delivery *delivery = NULL;
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_webhook_delivery_get(world->webhooks, hook, event_id, &delivery, &error), error);
    check_ok(cutover_webhook_get(world->webhooks, hook, &webhook, &error), error);
    if (strcmp(cutover_webhook_delivery_status(delivery), round->status) != 0 ||
        strcmp(cutover_webhook_status(webhook), round->endpoint) != 0)
        fail_msg("%s, allocation %lu: %s of %s", round->path, nth, cutover_webhook_delivery_json(delivery),
                 cutover_webhook_json(webhook));
    /* Sent whole, and listed as often as it was sent. */
    const struct received *received = receiver_at(shared.receiver, path, 0);
    assert_non_null(received);
    assert_non_null(strstr(received->body, "\"job_id\":\"j\""));
    assert_true(cutover_webhook_delivery_attempts(delivery) >= receiver_count(shared.receiver, path));
    cutover_webhook_delivery_free(delivery);
    cutover_webhook_free(webhook);
}

/* A round that runs out of memory, then a process that goes on when claims have ended. */
static bool try_round(const void *context, unsigned long nth)
{
    const struct round *round = context;
    static unsigned tries;
    struct world world;
    cutover_error *error = NULL;
    bool failed = false;
    char hook[64], path[64];

    use_receiver();
    world_open(&world);
    snprintf(path, sizeof path, "%s/%u", round->path, ++tries);
    add_endpoint(&world, path, hook);
    check_ok(take_event(&world, &error), error);
    begin_at(nth);
    cutover_status status = pump(&world, &error);
    starve_end(&failed);
    if (status != CUTOVER_OK && (!failed || cutover_error_code(error) != status || status == CUTOVER_E_INVALID))
        fail_msg("%s, allocation %lu: %s: %s", round->path, nth, cutover_status_name(status),
                 cutover_error_message(error));
    cutover_error_free(error);
    error = NULL;
    close_webhooks(&world);
    world.now += 2 * DAY;
    open_webhooks(&world);
    check_ok(pump(&world, &error), error);
    check_round(&world, round, path, hook, nth);
    world_close(&world);
    return failed;
}

static void a_message_is_delivered_by_a_later_round(void **state)
{
    static const struct round rounds[] = {
        {"/ok", "delivered", "enabled"}, {"/fail", "pending", "enabled"}, {"/gone", "dead", "disabled"}};

    (void)state;
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++)
        check_tries(rounds[i].path, try_round, &rounds[i], soak || i != 1 ? 1 : 3);
}

static bool try_new(const void *context, unsigned long nth)
{
    struct world world;
    cutover_error *error = NULL;
    cutover_webhook_list *list = NULL;
    bool failed = false;
    char id[64];

    (void)context;
    use_receiver();
    world_open(&world);
    add_endpoint(&world, "/ok", id);
    close_webhooks(&world);
    begin_at(nth);
    cutover_status status = make_webhooks(&world, &error);
    if (status == CUTOVER_OK)
        status = cutover_webhooks_notifier(world.webhooks, &world.notifier, &error);
    if (status == CUTOVER_OK)
        status = cutover_webhooks_list(world.webhooks, "shop", NULL, 10, &list, &error);
    starve_end(&failed);
    if (status != CUTOVER_OK && (!failed || status != CUTOVER_E_NOMEM || list != NULL))
        fail_msg("allocation %lu: %s: %s", nth, cutover_status_name(status), cutover_error_message(error));
    if (status == CUTOVER_OK)
        assert_int_equal(cutover_webhook_list_count(list), 1);
    cutover_error_free(error);
    cutover_webhook_list_free(list);
    world_close(&world);
    return failed;
}

static void webhooks_are_opened_whole_or_not_at_all(void **state)
{
    (void)state;
    check_tries("webhooks", try_new, NULL, 1);
}

/* ---- integrations ---- */

struct site {
    const char *provider, *site_id, *account_id, *token;
    int number;
};

struct sites {
    int64_t now;
    char folder[64];
    cutover_store store;
    cutover_integrations *integrations;
    struct http_client *client;
};

static int64_t sites_clock(void *userdata)
{
    return ((struct sites *)userdata)->now;
}

static cutover_status make_integrations(struct sites *sites, cutover_error **error)
{
    cutover_integrations_options options = CUTOVER_INTEGRATIONS_OPTIONS_INIT;

    options.flags = CUTOVER_INTEGRATIONS_ALLOW_PRIVATE;
    options.store = &sites->store;
    options.folder = sites->folder;
    options.vercel_url = providers_vercel_url();
    options.netlify_url = providers_netlify_url();
    options.timeout_ms = 5000;
    options.clock = sites_clock;
    options.clock_userdata = sites;
    return cutover_integrations_new(&options, &sites->integrations, error);
}

static void sites_open(struct sites *sites)
{
    cutover_error *error = NULL;

    memset(sites, 0, sizeof *sites);
    sites->now = START;
    snprintf(sites->folder, sizeof sites->folder, "%s/memory-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(sites->folder));
    cutover_store_init(&sites->store, CUTOVER_STORE_VERSION);
    check_ok(cutover_store_memory_open(&sites->store, &error), error);
    check_ok(make_integrations(sites, &error), error);
    check_ok(integrations_client(sites->integrations, &sites->client, &error), error);
}

static void sites_close(struct sites *sites)
{
    http_client_free(sites->client);
    cutover_integrations_free(sites->integrations);
    cutover_store_close(&sites->store);
    folder_remove(sites->folder);
}

static void connect_site(struct sites *sites, const struct site *site)
{
    static const char *const targets[] = {"production"};
    cutover_integration_options options = CUTOVER_INTEGRATION_OPTIONS_INIT;
    cutover_error *error = NULL;

    options.actor = &olga;
    options.project_id = "shop";
    options.provider = site->provider;
    options.site_id = site->site_id;
    options.account_id = site->account_id;
    options.token = site->token;
    options.pooled_url = POOLED;
    options.targets = targets;
    options.target_count = 1;
    check_ok(cutover_integration_connect(sites->integrations, &options, NULL, &error), error);
}

static cutover_status sync_site(struct sites *sites, const struct site *site, enum attempt_outcome *outcome,
                                cutover_error **error)
{
    int64_t next = 0;

    return integration_attempt(sites->integrations, sites->client, "shop", site->number, outcome, &next, error);
}

/* What it says of a site is what the site has. */
static void check_site(struct sites *sites, const struct site *site, enum attempt_outcome outcome,
                       unsigned long nth)
{
    cutover_integration *integration = NULL;
    cutover_error *error = NULL;
    char *value = providers_value("DATABASE_URL", "production");

    check_ok(cutover_integration_get(sites->integrations, "shop", site->provider, &integration, &error), error);
    const bool synced = strcmp(cutover_integration_status(integration), "synced") == 0;
    if ((synced || outcome == ATTEMPT_SYNCED) && (value == NULL || strcmp(value, POOLED) != 0))
        fail_msg("%s, allocation %lu: it says synced, and is not", site->provider, nth);
    if (strstr(cutover_integration_json(integration), "s3cr3t") != NULL)
        fail_msg("%s, allocation %lu: %s", site->provider, nth, cutover_integration_json(integration));
    cutover_integration_free(integration);
    free(value);
}

static bool try_sync(const void *context, unsigned long nth)
{
    const struct site *site = context;
    struct sites sites;
    enum attempt_outcome outcome = ATTEMPT_NONE;
    cutover_error *error = NULL;
    bool failed = false;

    providers_reset();
    sites_open(&sites);
    connect_site(&sites, site);
    begin_at(nth);
    cutover_status status = sync_site(&sites, site, &outcome, &error);
    starve_end(&failed);
    if (status != CUTOVER_OK && (!failed || cutover_error_code(error) != status))
        fail_msg("%s, allocation %lu: %s", site->provider, nth, cutover_status_name(status));
    cutover_error_free(error);
    error = NULL;
    check_site(&sites, site, outcome, nth);
    const bool again = status != CUTOVER_OK || outcome != ATTEMPT_SYNCED;
    sites.now += 2 * DAY;
    if (again)
        check_ok(sync_site(&sites, site, &outcome, &error), error);
    if (outcome != ATTEMPT_SYNCED)
        fail_msg("%s, allocation %lu: then %d", site->provider, nth, (int)outcome);
    check_site(&sites, site, outcome, nth);
    sites_close(&sites);
    return failed;
}

static void a_site_is_told_by_a_later_attempt(void **state)
{
    static const struct site sites[] = {
        {"vercel", VERCEL_PROJECT, VERCEL_TEAM, VERCEL_TOKEN, PROVIDER_VERCEL},
        {"netlify", NETLIFY_SITE, NETLIFY_ACCOUNT, NETLIFY_TOKEN, PROVIDER_NETLIFY},
    };

    (void)state;
    providers_start();
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        check_tries(sites[i].provider, try_sync, &sites[i], soak ? 1 : 3);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_whole_or_not_at_all),
        cmocka_unit_test(a_url_that_there_is_no_memory_for_is_not_called_a_wrong_one),
        cmocka_unit_test(webhooks_are_opened_whole_or_not_at_all),
        cmocka_unit_test(an_event_is_taken_for_all_endpoints_or_for_none),
        cmocka_unit_test(a_message_is_delivered_by_a_later_round),
        cmocka_unit_test(a_site_is_told_by_a_later_attempt),
    };

    soak = getenv("CUTOVER_SOAK") != NULL;
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, close_receiver);
}
