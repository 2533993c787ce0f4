/*
 * Attempts: what is due is claimed in the store, sent by the one HTTP client, several endpoints side by side, and what came of it is
 * written down. An endpoint has one attempt under way at most, and one that failed rests for a while, longer each time, while others go on.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_ROUND_H
#define CUTOVER_NOTIFY_WEBHOOK_ROUND_H

#include "notify/webhooks.h"

#define WEBHOOK_CLAIM_US (30 * INT64_C(1000000)) /* longer than the time limit of an attempt */

cutover_status webhook_rounds_new(struct webhook_rounds **rounds, cutover_error **error);
/* What is under way is given up, and made again by whoever comes next. NULL is nothing. */
void webhook_rounds_free(cutover_webhooks *webhooks);

/* cutover_webhooks_deliver(), by one thread at a time. */
cutover_status webhook_rounds_run(cutover_webhooks *webhooks, uint32_t max_ms, cutover_webhook_round *round,
                                  cutover_error **error);

#endif
