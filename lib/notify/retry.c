#include "notify/retry.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define LAST_SECOND INT64_C(253402300799) /* the end of the year 9999 */

static const int64_t pauses[RETRY_ATTEMPTS - 1] = {
    5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
};

/* 0 to most - 1. */
static int64_t some(int64_t most)
{
    uint64_t number = 0;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        number = (uint64_t)clock();
    return (int64_t)(number % (uint64_t)most);
}

int64_t retry_next(int64_t attempts, int64_t now, int64_t not_before)
{
    if (attempts < 1 || attempts >= RETRY_ATTEMPTS)
        return attempts < 1 ? now : 0;
    int64_t pause = pauses[attempts - 1], next = now + pause + some(pause / 10);
    if (not_before > now + RETRY_WAIT_MAX)
        not_before = now + RETRY_WAIT_MAX;
    return not_before > next ? not_before : next;
}

static bool number_of(const char *value, int64_t *number)
{
    char *end;

    if (value == NULL || value[strspn(value, "0123456789")] != '\0' || value[0] == '\0')
        return false;
    errno = 0;
    long long parsed = strtoll(value, &end, 10);
    *number = errno != 0 || parsed > LAST_SECOND ? LAST_SECOND : parsed;
    return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT"; obsolete forms are not taken. */
static int64_t date_of(const char *value)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm when = {0};
    char month[4];
    int end = 0;

    if (strlen(value) != 29 ||
        sscanf(value, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &when.tm_mday, month, &when.tm_year,
               &when.tm_hour, &when.tm_min, &when.tm_sec, &end) != 6 ||
        end != 29)
        return 0;
    const char *found = strstr(months, month);
    if (found == NULL || (found - months) % 3 != 0)
        return 0;
    when.tm_mon = (int)(found - months) / 3;
    when.tm_year -= 1900;
    time_t seconds = timegm(&when);
    return seconds > 0 ? (int64_t)seconds * SECOND : 0;
}

int64_t retry_after(const char *value, int64_t now)
{
    int64_t seconds;

    if (value == NULL)
        return 0;
    if (!number_of(value, &seconds))
        return date_of(value);
    return seconds > RETRY_WAIT_MAX / SECOND ? now + RETRY_WAIT_MAX : now + seconds * SECOND;
}

int64_t retry_at_seconds(const char *value)
{
    int64_t seconds;

    return number_of(value, &seconds) ? seconds * SECOND : 0;
}
