/*
 * The webhooks of a store, behind the public handle.
 *
 * Kinds of documents:
 *   webhook           id = endpoint                   model/webhook.h
 *   webhook_secret    id = endpoint                   notify/webhook_secret.h
 *   webhook_pending   id = endpoint ":" message       a delivery that is to be attempted
 *   webhook_delivery  id = endpoint ":" message       one that has ended
 */
#ifndef CUTOVER_NOTIFY_WEBHOOKS_H
#define CUTOVER_NOTIFY_WEBHOOKS_H

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/http.h"

#include <cutover/webhook.h>
#include <stdatomic.h>

#define WEBHOOKS_MAGIC 0x77686f6bu

struct webhook_rounds; /* notify/webhook_attempt.h */

struct cutover_webhooks {
    uint32_t magic; /* misuse is an error, not a crash */
    cutover_store store;
    struct clock clock;
    struct log log;
    cutover_log_fn log_fn;
    void *log_userdata;
    bool allow_private;
    bool allow_plain;
    uint32_t timeout_ms;
    uint32_t parallel;
    int64_t keep_us;
    struct http_client *client; /* of the thread that delivers */
    struct webhook_rounds *rounds;
    atomic_bool taken; /* by a thread that delivers */
    atomic_bool stopped;
};

/* CUTOVER_E_INVALID for NULL or for what are no webhooks (any more). Where a public function begins. */
cutover_status webhooks_check(const cutover_webhooks *webhooks, cutover_error **error);

#endif
