#include "notify/webhook_attempt.h"

#include "base/text.h"
#include "net/retry_after.h"
#include "notify/webhook_delivery.h"
#include "notify/webhook_endpoint.h"
#include "notify/webhook_schedule.h"
#include "notify/webhook_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SECOND INT64_C(1000000)
#define ATTEMPTS_KEPT 30
#define ANSWER_LIMIT ((size_t)64 * 1024) /* bytes; nobody reads them */

struct webhook_flight {
    struct webhook_flight *next;
    struct http_exchange *exchange;
    struct webhook_delivery_record delivery;
    uint64_t version; /* of its document, claimed */
    int64_t began_at;
};

static void flight_free(struct webhook_flight *flight)
{
    record_free(&webhook_pending_type, &flight->delivery);
    free(flight);
}

void webhook_run_keep_failure(struct webhook_run *run, cutover_error *failure)
{
    error_move(&run->failure, failure);
}

/* Somebody else did something with it: his word counts. */
static void keep_unless_conflict(struct webhook_run *run, cutover_status status, cutover_error *failure)
{
    if (status == CUTOVER_E_CONFLICT)
        cutover_error_free(failure);
    else
        webhook_run_keep_failure(run, failure);
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

static cutover_status settle_delivered(struct webhook_run *run, struct webhook_delivery_record *delivery,
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

static cutover_status settle_dead(struct webhook_run *run, struct webhook_delivery_record *delivery,
                                  uint64_t version, cutover_error **error)
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
static cutover_status settle_failed(struct webhook_run *run, struct webhook_delivery_record *delivery,
                                    uint64_t version, const struct outcome *outcome, bool gone,
                                    cutover_error **error)
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
static bool switch_off(struct webhook_run *run, const char *webhook_id)
{
    cutover_error *failure = NULL;
    bool done = false;
    cutover_status status =
        webhook_switch_off(run->webhooks, webhook_id, "it answered 410 (gone)", &done, &failure);

    if (status != CUTOVER_OK)
        webhook_run_keep_failure(run, failure);
    if (!done)
        return status == CUTOVER_OK;
    run->counts.disabled++;
    log_line(&run->webhooks->log, LOG_WARNING_LEVEL, "webhook %s answered 410 (gone), and is off now",
             webhook_id);
    return true;
}

static void settle(struct webhook_run *run, struct webhook_flight *flight, const struct outcome *outcome)
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
        webhook_rest_forget(&run->rounds->rests, delivery->webhook_id);
    else
        webhook_rest_begin(&run->rounds->rests, delivery->webhook_id, outcome->asked_us);
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

static void land(struct webhook_run *run, struct webhook_flight *flight)
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

void webhook_attempts_land(struct webhook_run *run)
{
    struct webhook_flight **link = &run->rounds->flights;

    while (*link != NULL) {
        struct webhook_flight *flight = *link;
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

bool webhook_is_attempted(const struct webhook_rounds *rounds, const char *webhook_id)
{
    for (const struct webhook_flight *flight = rounds->flights; flight != NULL; flight = flight->next)
        if (strcmp(flight->delivery.webhook_id, webhook_id) == 0)
            return true;
    return false;
}

static cutover_status send_message(struct webhook_run *run, struct webhook_flight *flight,
                                   const struct webhook_record *webhook, const char *body,
                                   const char *signature, int64_t timestamp_s, cutover_error **error)
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

static cutover_status sign_and_send(struct webhook_run *run, struct webhook_flight *flight,
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
static void take_off(struct webhook_run *run, struct webhook_flight *flight,
                     const struct webhook_record *webhook)
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
    webhook_run_keep_failure(run, failure);
    flight_free(flight);
}

/* Whoever claimed it is gone: that was an attempt, of which nothing is known. */
static cutover_status note_lost_claim(struct webhook_flight *flight, cutover_error **error)
{
    if (flight->delivery.lease_until == 0)
        return CUTOVER_OK;
    flight->delivery.lease_until = 0;
    return add_attempt(&flight->delivery, 0, 0, -1, "the process that made it ended", error);
}

static cutover_status claim(struct webhook_run *run, struct webhook_flight *flight, cutover_error **error)
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
static cutover_status end_without(struct webhook_run *run, struct webhook_flight *flight,
                                  const struct webhook_record *webhook, bool *ended, cutover_error **error)
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

bool webhook_delivery_is_due(const struct webhook_delivery_record *delivery, int64_t now)
{
    return delivery->next_attempt_at <= now && delivery->lease_until <= now;
}

/* Takes the flight over. */
static cutover_status begin_flight(struct webhook_run *run, struct webhook_flight *flight,
                                   const struct webhook_record *webhook, cutover_error **error)
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
cutover_status webhook_attempt_begin(struct webhook_run *run, const char *webhook_id, const char *message_id,
                                     cutover_error **error)
{
    cutover_webhooks *webhooks = run->webhooks;
    struct webhook_record webhook = {0};
    const struct record_type *type = NULL;
    cutover_error *cause = NULL;
    uint64_t version = 0;
    struct webhook_flight *flight = calloc(1, sizeof *flight);

    if (flight == NULL)
        return error_nomem(error);
    cutover_status status = webhook_delivery_read(webhooks, webhook_id, message_id, &flight->delivery,
                                                  &flight->version, &type, &cause);
    if (status == CUTOVER_OK && (type != &webhook_pending_type ||
                                 !webhook_delivery_is_due(&flight->delivery, clock_now(&webhooks->clock)))) {
        flight_free(flight);
        return CUTOVER_OK;
    }
    if (status == CUTOVER_OK)
        status = webhook_read(webhooks, webhook_id, &webhook, &version, &cause);
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

/* It was none that failed: it is due at once. */
void webhook_attempts_give_up(cutover_webhooks *webhooks)
{
    struct webhook_rounds *rounds = webhooks->rounds;

    while (rounds->flights != NULL) {
        struct webhook_flight *flight = rounds->flights;
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
}
