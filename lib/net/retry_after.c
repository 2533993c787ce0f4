#include "net/retry_after.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define US INT64_C(1000000)

static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool digits(const char *text, size_t count, int *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

static bool parse_seconds(const char *value, int64_t *wait_us)
{
    size_t length = strspn(value, "0123456789");
    int64_t seconds = 0;

    if (length == 0 || value[length] != '\0')
        return false;
    for (size_t i = 0; i < length && seconds <= RETRY_AFTER_MAX_US / US; i++)
        seconds = seconds * 10 + (value[i] - '0');
    *wait_us = seconds * US;
    return true;
}

static bool month_of(const char *name, int *month)
{
    for (int i = 0; i < 12; i++)
        if (memcmp(months + (ptrdiff_t)i * 3, name, 3) == 0) {
            *month = i;
            return true;
        }
    return false;
}

/* The one form that may be sent, without a locale: "Sun, 06 Nov 1994 08:49:37 GMT". */
static bool parse_date(const char *value, int64_t *at_us)
{
    struct tm tm = {0};
    int year = 0;

    if (strlen(value) != 29 || memcmp(value + 3, ", ", 2) != 0 || memcmp(value + 25, " GMT", 4) != 0 ||
        value[7] != ' ' || value[11] != ' ' || value[16] != ' ' || value[19] != ':' || value[22] != ':')
        return false;
    if (!digits(value + 5, 2, &tm.tm_mday) || !month_of(value + 8, &tm.tm_mon) ||
        !digits(value + 12, 4, &year) || !digits(value + 17, 2, &tm.tm_hour) ||
        !digits(value + 20, 2, &tm.tm_min) || !digits(value + 23, 2, &tm.tm_sec))
        return false;
    if (year < 1970 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    tm.tm_year = year - 1900;
    *at_us = (int64_t)timegm(&tm) * US;
    return true;
}

bool retry_after_parse(const char *value, int64_t now_us, int64_t *wait_us)
{
    int64_t wait = 0, at = 0;

    if (value == NULL)
        return false;
    if (!parse_seconds(value, &wait)) {
        if (!parse_date(value, &at))
            return false;
        wait = at - now_us;
    }
    if (wait < 0)
        wait = 0;
    *wait_us = wait < RETRY_AFTER_MAX_US ? wait : RETRY_AFTER_MAX_US;
    return true;
}
