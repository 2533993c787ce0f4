/*
 * When a provider is asked again after a failure: as a webhook's message is sent again (notify/webhook_schedule.h), and not before it
 * says.
 */
#ifndef CUTOVER_NOTIFY_RETRY_H
#define CUTOVER_NOTIFY_RETRY_H

#include "notify/webhook_schedule.h"

#include <stdint.h>

#define RETRY_ATTEMPTS WEBHOOK_ATTEMPTS           /* the first one among them */
#define RETRY_WAIT_MAX (INT64_C(86400) * 1000000) /* that may be asked for, in microseconds */

/* The time of the next attempt after so many (from 1); 0: there is none. `not_before` is what the provider said; 0: nothing. */
int64_t retry_next(int64_t attempts, int64_t now, int64_t not_before);
/* A time in seconds since 1970, as X-RateLimit-Reset has it, in microseconds; 0 for what is none, and for NULL. */
int64_t retry_at_seconds(const char *value);

#endif
