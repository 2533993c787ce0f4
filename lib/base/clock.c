#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define DAY (INT64_C(86400) * SECOND)
#define LAST (INT64_C(253402300800) * SECOND - 1) /* 9999-12-31T23:59:59.999999Z */

static int64_t read_clock(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

int64_t clock_now(const struct clock *clock)
{
    int64_t told = clock != NULL && clock->now != NULL ? clock->now(clock->userdata) : 0;

    /* A host's clock that broke down must not take us to 1970, when no preview had expired. */
    return told > 0 ? told : read_clock(CLOCK_REALTIME);
}

int64_t monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_monotonic(const struct clock *clock)
{
    if (clock != NULL && clock->monotonic != NULL)
        return clock->monotonic(clock->userdata);
    return monotonic_us();
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to January the first of a year. */
static int64_t days_before_year(int year)
{
    int64_t before = year - 1;
    return before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

void time_format(int64_t us, char text[TIME_TEXT_SIZE])
{
    if (us < 0)
        us = 0;
    if (us > LAST)
        us = LAST;
    int64_t days = us / DAY;
    int64_t rest = us % DAY;

    int year = 1970 + (int)(days / 366);
    while (days_before_year(year + 1) <= days)
        year++;
    int day = (int)(days - days_before_year(year));
    int month = 1;
    while (day >= days_of_month(year, month))
        day -= days_of_month(year, month++);

    int seconds = (int)(rest / SECOND);
    snprintf(text, TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)(day + 1) % 100, (unsigned)(seconds / 3600) % 100,
             (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60), (unsigned)(rest % SECOND));
}

/* Reads exactly `digits` digits and moves on; -1 when they are not there. */
static int read_digits(const char **at, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool read_char(const char **at, char upper)
{
    char c = **at;
    if (c != upper && !(upper >= 'A' && upper <= 'Z' && c == upper + ('a' - 'A')))
        return false;
    (*at)++;
    return true;
}

static bool read_date(const char **at, int64_t *days)
{
    int year = read_digits(at, 4);
    if (year < 1970 || !read_char(at, '-'))
        return false;
    int month = read_digits(at, 2);
    if (month < 1 || month > 12 || !read_char(at, '-'))
        return false;
    int day = read_digits(at, 2);
    if (day < 1 || day > days_of_month(year, month))
        return false;
    *days = days_before_year(year) + day - 1;
    for (int m = 1; m < month; m++)
        *days += days_of_month(year, m);
    return true;
}

static bool read_time(const char **at, int64_t *us)
{
    int hour = read_digits(at, 2);
    if (hour < 0 || hour > 23 || !read_char(at, ':'))
        return false;
    int minute = read_digits(at, 2);
    if (minute < 0 || minute > 59 || !read_char(at, ':'))
        return false;
    int second = read_digits(at, 2);
    if (second < 0 || second > 59)
        return false;
    *us = ((int64_t)hour * 3600 + minute * 60 + second) * SECOND;
    if (!read_char(at, '.'))
        return true;

    int digits = 0;
    for (int64_t unit = SECOND / 10; **at >= '0' && **at <= '9'; unit /= 10, digits++, (*at)++)
        *us += (**at - '0') * unit;
    return digits >= 1 && digits <= 6;
}

static bool read_offset(const char **at, int64_t *us)
{
    *us = 0;
    if (read_char(at, 'Z'))
        return true;
    int sign = **at == '+' ? 1 : -1;
    if (!read_char(at, '+') && !read_char(at, '-'))
        return false;
    int hour = read_digits(at, 2);
    if (hour < 0 || hour > 23 || !read_char(at, ':'))
        return false;
    int minute = read_digits(at, 2);
    if (minute < 0 || minute > 59)
        return false;
    *us = sign * ((int64_t)hour * 3600 + minute * 60) * SECOND;
    return true;
}

bool time_parse(const char *text, int64_t *us)
{
    int64_t days, time, offset;
    if (text == NULL || !read_date(&text, &days) || !read_char(&text, 'T') || !read_time(&text, &time) ||
        !read_offset(&text, &offset) || *text != '\0')
        return false;
    int64_t found = days * DAY + time - offset;
    if (found < 0 || found > LAST)
        return false;
    *us = found;
    return true;
}
