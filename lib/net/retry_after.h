/*
 * What an answer says about when to come again: Retry-After (RFC 9110), which is seconds or a date.
 */
#ifndef CUTOVER_NET_RETRY_AFTER_H
#define CUTOVER_NET_RETRY_AFTER_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_AFTER_MAX_US (86400 * INT64_C(1000000)) /* no more is believed */

/* How long from `now_us` (since 1970) on, at most RETRY_AFTER_MAX_US; a date that is past is 0. False for what is neither, and for
   NULL. */
bool retry_after_parse(const char *value, int64_t now_us, int64_t *wait_us);

#endif
