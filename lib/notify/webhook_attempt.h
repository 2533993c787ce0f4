/*
 * One attempt to deliver a message: claimed in the store, signed, sent by the one HTTP client, and what came of it written down. An
 * endpoint has one under way at most; several endpoints' go on side by side.
 *
 * A claim has a time limit, so that whoever dies with one holds up nothing; an attempt that was claimed and never settled counts.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_ATTEMPT_H
#define CUTOVER_NOTIFY_WEBHOOK_ATTEMPT_H

#include "model/webhook.h"
#include "notify/webhook_rest.h"
#include "notify/webhooks.h"

#define WEBHOOK_CLAIM_US (30 * INT64_C(1000000)) /* longer than the time limit of an attempt */
#define WEBHOOK_ID_TEXT_SIZE 201

struct webhook_flight; /* an attempt that is under way */

/* What stays from one call of the pump to the next. */
struct webhook_rounds {
    struct webhook_flight *flights;
    uint32_t flying;
    struct webhook_rest *rests;
    char last[WEBHOOK_ID_TEXT_SIZE]; /* the endpoint that was served last: the next one has its turn */
    int64_t pruned_at;
};

/* One call of the pump. */
struct webhook_run {
    cutover_webhooks *webhooks;
    struct webhook_rounds *rounds;
    cutover_webhook_round counts;
    cutover_error *failure; /* the first; others still go on */
    bool moved;             /* something was settled: the store is looked at again */
};

/* Takes the failure. */
void webhook_run_keep_failure(struct webhook_run *run, cutover_error *failure);

bool webhook_delivery_is_due(const struct webhook_delivery_record *delivery, int64_t now);
bool webhook_is_attempted(const struct webhook_rounds *rounds, const char *webhook_id);

/* Begins one, unless somebody else was faster, or what is listed as due is so no more. What cannot be sent is an attempt that failed. */
cutover_status webhook_attempt_begin(struct webhook_run *run, const char *webhook_id, const char *message_id,
                                     cutover_error **error);
/* Settles those that are over. */
void webhook_attempts_land(struct webhook_run *run);
/* Gives up those that are under way. */
void webhook_attempts_give_up(cutover_webhooks *webhooks);

#endif
