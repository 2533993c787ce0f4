/*
 * When somebody on the network is asked again after a failure: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h after the attempt before, each up to
 * a tenth later at random, and not before they say. Pure, but for the randomness.
 */
#ifndef CUTOVER_NOTIFY_RETRY_H
#define CUTOVER_NOTIFY_RETRY_H

#include <stdint.h>

#define RETRY_ATTEMPTS 10                         /* the first one among them */
#define RETRY_WAIT_MAX (INT64_C(86400) * 1000000) /* that they may ask for, in microseconds */

/* The time of the next one after `attempts` were made; 0: there is none. `not_before` is what they said, 0: nothing. */
int64_t retry_next(int64_t attempts, int64_t now, int64_t not_before);
/* Retry-After (RFC 9110, section 10.2.3), seconds or a date, as a time; 0 for what is neither, and for NULL. */
int64_t retry_after(const char *value, int64_t now);
/* A time in seconds since 1970, as X-RateLimit-Reset has it; likewise. */
int64_t retry_at_seconds(const char *value);

#endif
