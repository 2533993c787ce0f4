/*
 * The pump: looks for what is due, begins as many attempts (notify/webhook_attempt.h) as there is room for, endpoint after endpoint, and
 * takes away what has ended long ago.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_ROUND_H
#define CUTOVER_NOTIFY_WEBHOOK_ROUND_H

#include "notify/webhooks.h"

cutover_status webhook_rounds_new(struct webhook_rounds **rounds, cutover_error **error);
/* What is under way is given up, and made again by whoever comes next. NULL is nothing. */
void webhook_rounds_free(cutover_webhooks *webhooks);

/* cutover_webhooks_deliver(), by one thread at a time. */
cutover_status webhook_rounds_run(cutover_webhooks *webhooks, uint32_t max_ms, cutover_webhook_round *round,
                                  cutover_error **error);

#endif
