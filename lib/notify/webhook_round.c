#include "notify/webhook_round.h"

#include "base/text.h"
#include "notify/webhook_attempt.h"
#include "store/document.h"
#include "store/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define SCAN_US SECOND /* how often the store is looked at while attempts are under way */
#define PRUNE_US (3600 * SECOND)

/* What a look at the store found: the first due message of each endpoint. */
struct due {
    char *webhook_id;
    char *message_id;
};

struct scan {
    struct webhook_run *run;
    struct due *items;
    size_t count, capacity;
    int64_t now;
};

cutover_status webhook_rounds_new(struct webhook_rounds **rounds, cutover_error **error)
{
    *rounds = calloc(1, sizeof **rounds);
    return *rounds != NULL ? CUTOVER_OK : error_nomem(error);
}

/* ---- looked for ---- */

static void wait_until(struct webhook_run *run, int64_t at)
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
    struct webhook_run *run = scan->run;
    struct webhook_rounds *rounds = run->rounds;

    run->counts.waiting++;
    if (!webhook_delivery_is_due(delivery, scan->now)) {
        wait_until(run, delivery->lease_until > scan->now ? delivery->lease_until : delivery->next_attempt_at);
        return CUTOVER_OK;
    }
    const bool by_hand = delivery->attempt_count == 0 && strcmp(delivery->event_type, WEBHOOK_TEST) == 0;
    int64_t rest = by_hand ? 0 : webhook_rest_left(rounds->rests, delivery->webhook_id);
    if (rest > 0) {
        wait_until(run, scan->now + rest);
        return CUTOVER_OK;
    }
    wait_until(run, scan->now);
    if (webhook_is_attempted(rounds, delivery->webhook_id))
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
    webhook_run_keep_failure(scan->run, damage);
    record_free(&webhook_pending_type, &delivery);
    return status;
}

/* Begins as many as there is room for, in turn: after the endpoint that was served last. */
static void begin_in_turn(struct webhook_run *run, const struct scan *scan)
{
    struct webhook_rounds *rounds = run->rounds;
    size_t first = 0;

    while (first < scan->count && strcmp(scan->items[first].webhook_id, rounds->last) <= 0)
        first++;
    for (size_t i = 0; i < scan->count && rounds->flying < run->webhooks->parallel; i++) {
        const struct due *due = &scan->items[(first + i) % scan->count];
        cutover_error *failure = NULL;
        snprintf(rounds->last, sizeof rounds->last, "%s", due->webhook_id);
        if (webhook_attempt_begin(run, due->webhook_id, due->message_id, &failure) != CUTOVER_OK)
            webhook_run_keep_failure(run, failure);
    }
}

static cutover_status scan_store(struct webhook_run *run, cutover_error **error)
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
    const struct webhook_run *run = context;
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

static cutover_status prune(struct webhook_run *run, cutover_error **error)
{
    const int64_t now = clock_now(&run->webhooks->clock);

    if (run->rounds->pruned_at != 0 && now - run->rounds->pruned_at < PRUNE_US)
        return CUTOVER_OK;
    run->rounds->pruned_at = now;
    return document_walk(&run->webhooks->store, webhook_delivery_type.kind, NULL, prune_each, run, error);
}

/* ---- the pump ---- */

static cutover_status turn(struct webhook_run *run, int64_t *scanned_us, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    webhook_attempts_land(run);
    if (run->moved || *scanned_us == 0 || monotonic_us() - *scanned_us >= SCAN_US) {
        run->moved = false;
        status = scan_store(run, error);
        *scanned_us = monotonic_us();
    }
    return status;
}

static cutover_status pump(struct webhook_run *run, uint32_t max_ms, cutover_error **error)
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
    struct webhook_run run = {
        .webhooks = webhooks, .rounds = webhooks->rounds, .counts = CUTOVER_WEBHOOK_ROUND_INIT};
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

void webhook_rounds_free(cutover_webhooks *webhooks)
{
    if (webhooks->rounds == NULL)
        return;
    webhook_attempts_give_up(webhooks);
    webhook_rests_free(&webhooks->rounds->rests);
    free(webhooks->rounds);
    webhooks->rounds = NULL;
}
