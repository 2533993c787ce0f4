/*
 * Time: the engine's clock (wall time, may be a test's), RFC 3339, and the monotonic clock for deadlines.
 */
#ifndef CUTOVER_BASE_CLOCK_H
#define CUTOVER_BASE_CLOCK_H

#include "base/error.h"

#include <stdbool.h>

struct clock {
    int64_t (*now)(void *userdata); /* NULL: the system's */
    void *userdata;
    int64_t (*monotonic)(void *userdata); /* NULL: the system's; tests let hours pass in no time */
};

#define TIME_TEXT_SIZE 28 /* "2026-11-22T07:56:15.123456Z" and NUL */

int64_t clock_now(const struct clock *clock);            /* microseconds since 1970 UTC */
int64_t monotonic_us(void);                              /* microseconds since some start */
int64_t clock_monotonic(const struct clock *clock);      /* the same, of a clock that may be a test's */
void time_format(int64_t us, char text[TIME_TEXT_SIZE]); /* RFC 3339, UTC, six decimals */
/* RFC 3339 with Z or an offset, 0 to 6 decimals, years 1970 to 9999. False for anything else. */
bool time_parse(const char *text, int64_t *us);

#endif
