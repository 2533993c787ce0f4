#include "notify/webhook_round.h"

#include "base/text.h"
#include "net/retry_after.h"
#include "notify/webhook_delivery.h"
#include "notify/webhook_endpoint.h"
#include "notify/webhook_schedule.h"
#include "notify/webhook_secret.h"
#include "store/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SECOND INT64_C(1000000)
#define SCAN_US SECOND             /* how often the store is looked at while attempts are under way */
#define REST_US (5 * SECOND)       /* of an endpoint whose attempt failed; doubles */
#define REST_MAX_US (300 * SECOND) /* and grows to this */
#define PRUNE_US (3600 * SECOND)
#define ATTEMPTS_KEPT 30
#define ANSWER_LIMIT ((size_t)64 * 1024) /* bytes; nobody reads them */
#define ID_TEXT_SIZE 201

/* An attempt that is under way. */
struct flight {
    struct flight *next;
    struct http_exchange *exchange;
    struct webhook_delivery_record delivery;
    uint64_t version; /* of its document, claimed */
    int64_t began_at;
};

/* An endpoint that is left alone for a while, by this process. */
struct rest {
    struct rest *next;
    int64_t until_us; /* of the monotonic clock */
    unsigned failures;
    char webhook_id[];
};

struct webhook_rounds {
    struct flight *flights;
    uint32_t flying;
    struct rest *rests;
    char last[ID_TEXT_SIZE]; /* the endpoint that was served last: the next one has its turn */
    int64_t pruned_at;
};

/* One call of the pump. */
struct run {
    cutover_webhooks *webhooks;
    struct webhook_rounds *rounds;
    cutover_webhook_round counts;
    cutover_error *failure; /* the first; others still go on */
    bool moved;             /* something was settled: the store is looked at again */
};

/* What a look at the store found: the first due message of each endpoint. */
struct due {
    char *webhook_id;
    char *message_id;
};

struct scan {
    struct run *run;
    struct due *items;
    size_t count, capacity;
    int64_t now;
};

cutover_status webhook_rounds_new(struct webhook_rounds **rounds, cutover_error **error)
{
    *rounds = calloc(1, sizeof **rounds);
    return *rounds != NULL ? CUTOVER_OK : error_nomem(error);
}

static void flight_free(struct flight *flight)
{
    record_free(&webhook_pending_type, &flight->delivery);
    free(flight);
}

/* ---- rests ---- */

static struct rest **rest_of(struct webhook_rounds *rounds, const char *webhook_id)
{
    struct rest **link = &rounds->rests;

    while (*link != NULL && strcmp((*link)->webhook_id, webhook_id) != 0)
        link = &(*link)->next;
    return link;
}

static void rest_forget(struct webhook_rounds *rounds, const char *webhook_id)
{
    struct rest **link = rest_of(rounds, webhook_id), *rest = *link;

    if (rest == NULL)
        return;
    *link = rest->next;
    free(rest);
}

/* How long it rests yet, 0: it does not. */
static int64_t rest_left(struct webhook_rounds *rounds, const char *webhook_id)
{
    const struct rest *rest = *rest_of(rounds, webhook_id);
    int64_t left = rest != NULL ? rest->until_us - monotonic_us() : 0;

    return left > 0 ? left : 0;
}

/* Without memory it does not rest: that is no failure. */
static void rest_begin(struct webhook_rounds *rounds, const char *webhook_id, int64_t asked_us)
{
    struct rest **link = rest_of(rounds, webhook_id);
    int64_t pause = REST_US;

    if (*link == NULL) {
        size_t size = strlen(webhook_id) + 1;
        *link = calloc(1, sizeof **link + size);
        if (*link == NULL)
            return;
        memcpy((*link)->webhook_id, webhook_id, size);
    }
    struct rest *rest = *link;
    for (unsigned i = 0; i < rest->failures && pause < REST_MAX_US; i++)
        pause *= 2;
    if (pause > REST_MAX_US)
        pause = REST_MAX_US;
    rest->failures++;
    rest->until_us = monotonic_us() + (asked_us > pause ? asked_us : pause);
}

/* ---- settled ---- */

static void keep_failure(struct run *run, cutover_error *failure)
{
    error_move(&run->failure, failure);
}

/* Somebody else did something with it: his word counts. */
static void keep_unless_conflict(struct run *run, cutover_status status, cutover_error *failure)
{
    if (status == CUTOVER_E_CONFLICT)
        cutover_error_free(failure);
    else
        keep_failure(run, failure);
}

static cutover_status add_attempt(struct webhook_delivery_record *delivery, int64_t at, int status,
                                  int64_t latency_us, const char *failed, cutover_error **error)
{
    struct json_object *attempt = json_object_new_object();

    if (!json_object_is_type(delivery->attempts, json_type_array)) {
        json_object_put(delivery->attempts);
        delivery->attempts = json_object_new_array();
    }
    json_put_int(attempt, "number", delivery->attempt_count);
    json_put_time(attempt, "at", at);
    if (status > 0)
        json_put_int(attempt, "status", status);
    else
        json_put_text(attempt, "status", NULL);
    if (latency_us >= 0)
        json_put_int(attempt, "latency_ms", latency_us / 1000);
    else
        json_put_text(attempt, "latency_ms", NULL);
    json_put_text(attempt, "error", failed);
    json_add(delivery->attempts, attempt);
    if (delivery->attempts == NULL || !json_is_complete(delivery->attempts))
        return error_nomem(error);
    size_t count = json_object_array_length(delivery->attempts);
    if (count > ATTEMPTS_KEPT)
        json_object_array_del_idx(delivery->attempts, 0, count - ATTEMPTS_KEPT);
    return CUTOVER_OK;
}

static uint32_t random_number(void)
{
    uint32_t number = 0;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        number = 0;
    return number;
}

static cutover_status settle_delivered(struct run *run, struct webhook_delivery_record *delivery,
                                       uint64_t version, cutover_error **error)
{
    delivery->status = WEBHOOK_DELIVERED;
    delivery->failures--; /* it was none */
    delivery->ended_at = clock_now(&run->webhooks->clock);
    cutover_status status = webhook_delivery_end(run->webhooks, delivery, version, error);
    if (status == CUTOVER_OK)
        run->counts.delivered++;
    return status;
}

static cutover_status settle_dead(struct run *run, struct webhook_delivery_record *delivery, uint64_t version,
                                  cutover_error **error)
{
    delivery->status = WEBHOOK_DEAD;
    delivery->ended_at = clock_now(&run->webhooks->clock);
    cutover_status status = webhook_delivery_end(run->webhooks, delivery, version, error);
    if (status != CUTOVER_OK)
        return status;
    run->counts.dead++;
    log_line(&run->webhooks->log, LOG_WARNING_LEVEL, "webhook %s: message %s (%s) is dead after %lld attempts",
             delivery->webhook_id, delivery->id, delivery->event_type, (long long)delivery->attempt_count);
    return CUTOVER_OK;
}

/* What an attempt came to. */
struct outcome {
    int status;         /* HTTP; 0: no answer */
    int64_t latency_us; /* -1: no answer */
    int64_t asked_us;   /* how long the endpoint asked to be left alone */
    char failed[300];   /* "" when it was taken */
};

/* `gone`: its endpoint is off. */
static cutover_status settle_failed(struct run *run, struct webhook_delivery_record *delivery, uint64_t version,
                                    const struct outcome *outcome, bool gone, cutover_error **error)
{
    int64_t pause = webhook_pause_us(delivery->failures, random_number());

    if (pause < 0 || gone)
        return settle_dead(run, delivery, version, error);
    if (pause < outcome->asked_us)
        pause = outcome->asked_us;
    delivery->next_attempt_at = clock_now(&run->webhooks->clock) + pause;
    cutover_status status = webhook_delivery_save(run->webhooks, delivery, version, error);
    if (status == CUTOVER_OK)
        run->counts.failed++;
    return status;
}

/* False when it could not be: then the message is tried again, so that the endpoint says it again. */
static bool switch_off(struct run *run, const char *webhook_id)
{
    cutover_error *failure = NULL;
    bool done = false;
    cutover_status status =
        webhook_switch_off(run->webhooks, webhook_id, "it answered 410 (gone)", &done, &failure);

    if (status != CUTOVER_OK)
        keep_failure(run, failure);
    if (!done)
        return status == CUTOVER_OK;
    run->counts.disabled++;
    log_line(&run->webhooks->log, LOG_WARNING_LEVEL, "webhook %s answered 410 (gone), and is off now",
             webhook_id);
    return true;
}

static void settle(struct run *run, struct flight *flight, const struct outcome *outcome)
{
    struct webhook_delivery_record *delivery = &flight->delivery;
    const char *failed = outcome->failed[0] != '\0' ? outcome->failed : NULL;
    const bool gone = outcome->status == 410 && switch_off(run, delivery->webhook_id);
    cutover_error *failure = NULL;
    cutover_status status =
        add_attempt(delivery, flight->began_at, outcome->status, outcome->latency_us, failed, &failure);

    delivery->lease_until = 0;
    delivery->next_attempt_at = 0;
    if (failed == NULL)
        rest_forget(run->rounds, delivery->webhook_id);
    else
        rest_begin(run->rounds, delivery->webhook_id, outcome->asked_us);
    if (status == CUTOVER_OK && failed == NULL)
        status = settle_delivered(run, delivery, flight->version, &failure);
    else if (status == CUTOVER_OK)
        status = settle_failed(run, delivery, flight->version, outcome, gone, &failure);
    if (status != CUTOVER_OK)
        keep_unless_conflict(run, status, failure);
    run->moved = true;
}

static void read_answer(const cutover_webhooks *webhooks, const struct http_response *response,
                        struct outcome *outcome)
{
    outcome->status = response->status;
    outcome->latency_us = response->latency_us;
    if (response->status >= 200 && response->status < 300)
        return;
    retry_after_parse(http_header(response, "retry-after"), clock_now(&webhooks->clock), &outcome->asked_us);
    snprintf(outcome->failed, sizeof outcome->failed, "status %d%s", response->status,
             response->status >= 300 && response->status < 400 ? ": redirects are not followed" : "");
}

static void land(struct run *run, struct flight *flight)
{
    struct http_response response = {0};
    struct outcome outcome = {.latency_us = -1};
    cutover_error *failure = NULL;
    cutover_status status = http_end(flight->exchange, &response, &failure);

    flight->exchange = NULL;
    if (status == CUTOVER_OK)
        read_answer(run->webhooks, &response, &outcome);
    else
        snprintf(outcome.failed, sizeof outcome.failed, "%s", cutover_error_message(failure));
    cutover_error_free(failure);
    http_response_free(&response);
    settle(run, flight, &outcome);
}

static void land_all(struct run *run)
{
    struct flight **link = &run->rounds->flights;

    while (*link != NULL) {
        struct flight *flight = *link;
        if (!http_is_over(flight->exchange)) {
            link = &flight->next;
            continue;
        }
        *link = flight->next;
        run->rounds->flying--;
        land(run, flight);
        flight_free(flight);
    }
}

/* ---- begun ---- */

static bool is_flying(const struct webhook_rounds *rounds, const char *webhook_id)
{
    for (const struct flight *flight = rounds->flights; flight != NULL; flight = flight->next)
        if (strcmp(flight->delivery.webhook_id, webhook_id) == 0)
            return true;
    return false;
}

static cutover_status send_message(struct run *run, struct flight *flight, const struct webhook_record *webhook,
                                   const char *body, const char *signature, int64_t timestamp_s,
                                   cutover_error **error)
{
    struct text id = TEXT_INIT, timestamp = TEXT_INIT, signed_by = TEXT_INIT;
    cutover_status status = CUTOVER_OK;

    text_add_format(&id, "webhook-id: %s", flight->delivery.id);
    text_add_format(&timestamp, "webhook-timestamp: %lld", (long long)timestamp_s);
    text_add_format(&signed_by, "webhook-signature: %s", signature);
    const char *const headers[] = {"Content-Type: application/json", text_string(&id), text_string(&timestamp),
                                   text_string(&signed_by)};
    const struct http_request request = {
        .method = "POST",
        .url = webhook->url,
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
        .body = body,
        .body_size = strlen(body),
        .deadline_ms = run->webhooks->timeout_ms,
        .body_limit = ANSWER_LIMIT,
    };
    if (text_failed(&id) || text_failed(&timestamp) || text_failed(&signed_by))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        status = http_start(run->webhooks->client, &request, &flight->exchange, error);
    text_free(&id);
    text_free(&timestamp);
    text_free(&signed_by);
    return status;
}

static cutover_status sign_and_send(struct run *run, struct flight *flight,
                                    const struct webhook_record *webhook, cutover_error **error)
{
    const int64_t now = clock_now(&run->webhooks->clock);
    struct webhook_secrets secrets = {NULL, 0};
    struct text signature = TEXT_INIT;
    char *body = NULL;
    cutover_status status = webhook_secrets_read(&run->webhooks->store, webhook->id, &secrets, error);

    if (status == CUTOVER_OK)
        status = json_format(flight->delivery.message, &body, error);
    if (status == CUTOVER_OK)
        status =
            webhook_secrets_sign(&secrets, now, flight->delivery.id, now / SECOND, body, &signature, error);
    if (status == CUTOVER_OK)
        status = send_message(run, flight, webhook, body, text_string(&signature), now / SECOND, error);
    text_free(&signature);
    webhook_secrets_free(&secrets);
    free(body);
    return status;
}

/* Claimed, and what cannot be sent is an attempt that failed. */
static void take_off(struct run *run, struct flight *flight, const struct webhook_record *webhook)
{
    struct outcome outcome = {.latency_us = -1};
    cutover_error *failure = NULL;
    cutover_status status = sign_and_send(run, flight, webhook, &failure);

    if (status == CUTOVER_OK) {
        flight->next = run->rounds->flights;
        run->rounds->flights = flight;
        run->rounds->flying++;
        return;
    }
    snprintf(outcome.failed, sizeof outcome.failed, "not sent: %s", cutover_error_message(failure));
    settle(run, flight, &outcome);
    if (status == CUTOVER_E_INVALID) { /* the endpoint's own: a URL that this configuration does not allow */
        cutover_error_free(failure);
        failure = NULL;
    }
    keep_failure(run, failure);
    flight_free(flight);
}

/* Whoever claimed it is gone: that was an attempt, of which nothing is known. */
static cutover_status note_lost_claim(struct flight *flight, cutover_error **error)
{
    if (flight->delivery.lease_until == 0)
        return CUTOVER_OK;
    flight->delivery.lease_until = 0;
    return add_attempt(&flight->delivery, 0, 0, -1, "the process that made it ended", error);
}

static cutover_status claim(struct run *run, struct flight *flight, cutover_error **error)
{
    struct webhook_delivery_record *delivery = &flight->delivery;
    const cutover_webhooks *webhooks = run->webhooks;
    cutover_status status = note_lost_claim(flight, error);

    if (status != CUTOVER_OK)
        return status;
    flight->began_at = clock_now(&webhooks->clock);
    delivery->attempt_count++;
    delivery->failures++;
    delivery->lease_until = flight->began_at + webhooks->timeout_ms * INT64_C(1000) + WEBHOOK_CLAIM_US;
    status = webhook_delivery_save(webhooks, delivery, flight->version, error);
    if (status == CUTOVER_OK)
        flight->version++;
    return status;
}

/* Ends what must not be sent; *ended tells. */
static cutover_status end_without(struct run *run, struct flight *flight, const struct webhook_record *webhook,
                                  bool *ended, cutover_error **error)
{
    struct webhook_delivery_record *delivery = &flight->delivery;
    cutover_status status = CUTOVER_OK;

    *ended = webhook == NULL || webhook->status != WEBHOOK_ENABLED || delivery->failures >= WEBHOOK_ATTEMPTS;
    if (webhook == NULL)
        return webhook_delivery_sweep(run->webhooks, delivery->webhook_id, delivery->project_id, error);
    if (!*ended)
        return CUTOVER_OK;
    status = note_lost_claim(flight, error);
    delivery->next_attempt_at = 0;
    if (status == CUTOVER_OK)
        status = settle_dead(run, delivery, flight->version, error);
    run->moved = true;
    return status;
}

static bool is_due(const struct webhook_delivery_record *delivery, int64_t now)
{
    return delivery->next_attempt_at <= now && delivery->lease_until <= now;
}

/* Takes the flight over. */
static cutover_status begin_flight(struct run *run, struct flight *flight, const struct webhook_record *webhook,
                                   cutover_error **error)
{
    bool ended = false;
    cutover_status status = end_without(run, flight, webhook, &ended, error);

    if (status == CUTOVER_OK && !ended)
        status = claim(run, flight, error);
    if (status == CUTOVER_OK && !ended)
        take_off(run, flight, webhook);
    else
        flight_free(flight);
    return status;
}

/* Read again: the list may be old. */
static cutover_status begin(struct run *run, const struct due *due, cutover_error **error)
{
    cutover_webhooks *webhooks = run->webhooks;
    struct webhook_record webhook = {0};
    const struct record_type *type = NULL;
    cutover_error *cause = NULL;
    uint64_t version = 0;
    struct flight *flight = calloc(1, sizeof *flight);

    if (flight == NULL)
        return error_nomem(error);
    cutover_status status = webhook_delivery_read(webhooks, due->webhook_id, due->message_id, &flight->delivery,
                                                  &flight->version, &type, &cause);
    if (status == CUTOVER_OK &&
        (type != &webhook_pending_type || !is_due(&flight->delivery, clock_now(&webhooks->clock)))) {
        flight_free(flight);
        return CUTOVER_OK;
    }
    if (status == CUTOVER_OK)
        status = webhook_read(webhooks, due->webhook_id, &webhook, &version, &cause);
    bool gone = status == CUTOVER_E_NOT_FOUND && flight->delivery.id != NULL;
    if (gone) {
        cutover_error_free(cause);
        cause = NULL;
    }
    if (status == CUTOVER_OK || gone)
        status = begin_flight(run, flight, gone ? NULL : &webhook, &cause);
    else
        flight_free(flight);
    record_free(&webhook_type, &webhook);
    if (status == CUTOVER_E_CONFLICT || status == CUTOVER_E_NOT_FOUND) { /* somebody else is at it */
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    error_move(error, cause);
    return status;
}

/* ---- looked for ---- */

static void wait_until(struct run *run, int64_t at)
{
    if (run->counts.next_at == 0 || at < run->counts.next_at)
        run->counts.next_at = at;
}

static void due_free(struct scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        free(scan->items[i].webhook_id);
        free(scan->items[i].message_id);
    }
    free(scan->items);
}

static cutover_status due_add(struct scan *scan, const struct webhook_delivery_record *delivery,
                              cutover_error **error)
{
    if (scan->count == scan->capacity) {
        size_t capacity = scan->capacity > 0 ? scan->capacity * 2 : 16;
        struct due *items = reallocarray(scan->items, capacity, sizeof *items);
        if (items == NULL)
            return error_nomem(error);
        scan->items = items;
        scan->capacity = capacity;
    }
    struct due *due = &scan->items[scan->count];
    *due = (struct due){NULL, NULL};
    cutover_status status = string_copy(delivery->webhook_id, &due->webhook_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(delivery->id, &due->message_id, error);
    if (status == CUTOVER_OK)
        scan->count++;
    else
        free(due->webhook_id);
    return status;
}

static cutover_status look_at(struct scan *scan, const struct webhook_delivery_record *delivery,
                              cutover_error **error)
{
    struct run *run = scan->run;
    struct webhook_rounds *rounds = run->rounds;

    run->counts.waiting++;
    if (!is_due(delivery, scan->now)) {
        wait_until(run, delivery->lease_until > scan->now ? delivery->lease_until : delivery->next_attempt_at);
        return CUTOVER_OK;
    }
    const bool by_hand = delivery->attempt_count == 0 && strcmp(delivery->event_type, WEBHOOK_TEST) == 0;
    int64_t rest = by_hand ? 0 : rest_left(rounds, delivery->webhook_id);
    if (rest > 0) {
        wait_until(run, scan->now + rest);
        return CUTOVER_OK;
    }
    wait_until(run, scan->now);
    if (is_flying(rounds, delivery->webhook_id))
        return CUTOVER_OK;
    /* In order of ids: one endpoint's are together. A test is waited for: it goes first. */
    struct due *last = scan->count > 0 ? &scan->items[scan->count - 1] : NULL;
    if (last == NULL || strcmp(last->webhook_id, delivery->webhook_id) != 0)
        return due_add(scan, delivery, error);
    return by_hand ? record_set_text(&last->message_id, delivery->id, error) : CUTOVER_OK;
}

/* One that cannot be read is told of, and holds up no other. */
static cutover_status scan_each(void *context, const struct document *document, cutover_error **error)
{
    struct scan *scan = context;
    struct webhook_delivery_record delivery = {0};
    cutover_error *damage = NULL;
    cutover_status status = record_parse(&webhook_pending_type, document->body, &delivery, &damage);

    if (status == CUTOVER_E_NOMEM) {
        error_move(error, damage);
        return status;
    }
    if (status == CUTOVER_OK &&
        (delivery.id == NULL || delivery.webhook_id == NULL || delivery.event_type == NULL))
        status =
            error_set(&damage, CUTOVER_E_STORE, "webhook_pending %s in the store is damaged", document->id);
    if (status == CUTOVER_OK)
        status = look_at(scan, &delivery, error);
    else
        status = CUTOVER_OK;
    keep_failure(scan->run, damage);
    record_free(&webhook_pending_type, &delivery);
    return status;
}

/* Begins as many as there is room for, in turn: after the endpoint that was served last. */
static void begin_in_turn(struct run *run, const struct scan *scan)
{
    struct webhook_rounds *rounds = run->rounds;
    size_t first = 0;

    while (first < scan->count && strcmp(scan->items[first].webhook_id, rounds->last) <= 0)
        first++;
    for (size_t i = 0; i < scan->count && rounds->flying < run->webhooks->parallel; i++) {
        const struct due *due = &scan->items[(first + i) % scan->count];
        cutover_error *failure = NULL;
        snprintf(rounds->last, sizeof rounds->last, "%s", due->webhook_id);
        if (begin(run, due, &failure) != CUTOVER_OK)
            keep_failure(run, failure);
    }
}

static cutover_status scan_store(struct run *run, cutover_error **error)
{
    struct scan scan = {.run = run, .now = clock_now(&run->webhooks->clock)};

    run->counts.waiting = 0;
    run->counts.next_at = 0;
    cutover_status status =
        document_walk(&run->webhooks->store, webhook_pending_type.kind, NULL, scan_each, &scan, error);
    if (status == CUTOVER_OK)
        begin_in_turn(run, &scan);
    due_free(&scan);
    return status;
}

/* ---- what has ended long ago goes ---- */

static cutover_status prune_each(void *context, const struct document *document, cutover_error **error)
{
    const struct run *run = context;
    const cutover_webhooks *webhooks = run->webhooks;
    struct webhook_delivery_record delivery = {0};
    cutover_error *local = NULL;
    cutover_status status = record_parse(&webhook_delivery_type, document->body, &delivery, &local);

    if (status == CUTOVER_OK && delivery.ended_at > 0 && delivery.project_id != NULL &&
        delivery.ended_at + webhooks->keep_us < clock_now(&webhooks->clock)) {
        const cutover_write write = {CUTOVER_WRITE_VERSION, webhook_delivery_type.kind, document->id,
                                     delivery.project_id,   document->version,          NULL};
        status = store_save(&webhooks->store, &write, &local);
    }
    record_free(&webhook_delivery_type, &delivery);
    if (status == CUTOVER_E_CONFLICT || status == CUTOVER_E_STORE) { /* the next time */
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

static cutover_status prune(struct run *run, cutover_error **error)
{
    const int64_t now = clock_now(&run->webhooks->clock);

    if (run->rounds->pruned_at != 0 && now - run->rounds->pruned_at < PRUNE_US)
        return CUTOVER_OK;
    run->rounds->pruned_at = now;
    return document_walk(&run->webhooks->store, webhook_delivery_type.kind, NULL, prune_each, run, error);
}

/* ---- the pump ---- */

static cutover_status turn(struct run *run, int64_t *scanned_us, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    land_all(run);
    if (run->moved || *scanned_us == 0 || monotonic_us() - *scanned_us >= SCAN_US) {
        run->moved = false;
        status = scan_store(run, error);
        *scanned_us = monotonic_us();
    }
    return status;
}

static cutover_status pump(struct run *run, uint32_t max_ms, cutover_error **error)
{
    cutover_webhooks *webhooks = run->webhooks;
    const int64_t end = monotonic_us() + (int64_t)max_ms * 1000;
    int64_t scanned_us = 0;
    cutover_status status;

    for (;;) {
        status = turn(run, &scanned_us, error);
        bool idle = run->rounds->flying == 0 && !run->moved;
        if (status != CUTOVER_OK || idle || atomic_exchange(&webhooks->stopped, false) ||
            (max_ms > 0 && monotonic_us() >= end))
            return status;
        int64_t left_ms = max_ms > 0 ? (end - monotonic_us()) / 1000 : 500;
        if (run->rounds->flying > 0)
            status = http_poll(webhooks->client,
                               (uint32_t)(left_ms > 500 ? 500
                                          : left_ms > 0 ? left_ms
                                                        : 1),
                               error);
        if (status != CUTOVER_OK)
            return status;
    }
}

cutover_status webhook_rounds_run(cutover_webhooks *webhooks, uint32_t max_ms, cutover_webhook_round *round,
                                  cutover_error **error)
{
    struct run run = {.webhooks = webhooks, .rounds = webhooks->rounds, .counts = CUTOVER_WEBHOOK_ROUND_INIT};
    cutover_status status = prune(&run, error);

    if (status == CUTOVER_OK)
        status = pump(&run, max_ms, error);
    run.counts.running = run.rounds->flying;
    if (status == CUTOVER_OK && run.failure != NULL)
        status = cutover_error_code(run.failure);
    error_move(error, run.failure);
    *round = run.counts;
    return status;
}

/* An attempt that was given up was none that failed: it is due at once. */
void webhook_rounds_free(cutover_webhooks *webhooks)
{
    struct webhook_rounds *rounds = webhooks->rounds;

    if (rounds == NULL)
        return;
    while (rounds->flights != NULL) {
        struct flight *flight = rounds->flights;
        struct http_response response = {0};
        rounds->flights = flight->next;
        if (http_end(flight->exchange, &response, NULL) == CUTOVER_OK)
            http_response_free(&response);
        flight->delivery.failures--;
        flight->delivery.lease_until = 0;
        if (add_attempt(&flight->delivery, flight->began_at, 0, -1, "given up: the process ended", NULL) ==
            CUTOVER_OK)
            webhook_delivery_save(webhooks, &flight->delivery, flight->version, NULL);
        flight_free(flight);
    }
    while (rounds->rests != NULL) {
        struct rest *rest = rounds->rests;
        rounds->rests = rest->next;
        free(rest);
    }
    free(rounds);
    webhooks->rounds = NULL;
}
