#include "base/clock.h"
#include "support/check.h"

#include <string.h>
#include <time.h>

static int64_t fixed_now(void *userdata)
{
    return *(int64_t *)userdata;
}

static void the_hosts_clock_is_used(void **state)
{
    (void)state;
    int64_t now = 42;
    struct clock clock = {.now = fixed_now, .userdata = &now};
    assert_int_equal(clock_now(&clock), 42);
    now = 43;
    assert_int_equal(clock_now(&clock), 43);
}

/* At no time at all no preview would have expired. */
static void a_clock_that_answers_nothing_is_not_believed(void **state)
{
    (void)state;
    int64_t now = 0, before = (int64_t)time(NULL) - 1;
    struct clock clock = {.now = fixed_now, .userdata = &now};

    assert_true(clock_now(&clock) / 1000000 >= before);
}

static void without_one_the_system_tells_the_time(void **state)
{
    (void)state;
    struct clock none = {.now = NULL};
    int64_t before = (int64_t)time(NULL) - 1;
    int64_t now = clock_now(&none) / 1000000;
    int64_t now_too = clock_now(NULL) / 1000000;
    int64_t after = (int64_t)time(NULL) + 1;
    assert_true(before <= now && now <= after);
    assert_true(before <= now_too && now_too <= after);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t last = monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = monotonic_us();
        assert_true(now >= last);
        last = now;
    }
}

static const struct {
    int64_t us;
    const char *text;
} moments[] = {
    {0, "1970-01-01T00:00:00.000000Z"},
    {1, "1970-01-01T00:00:00.000001Z"},
    {INT64_C(951782399999999), "2000-02-28T23:59:59.999999Z"},
    {INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z"},
    {INT64_C(951868800000000), "2000-03-01T00:00:00.000000Z"},
    {INT64_C(1704067199000000), "2023-12-31T23:59:59.000000Z"},
    {INT64_C(1735603200000000), "2024-12-31T00:00:00.000000Z"},
    {INT64_C(1795334175123456), "2026-11-22T07:56:15.123456Z"},
    {INT64_C(4107542400000000), "2100-03-01T00:00:00.000000Z"},
    {INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z"},
};

static void moments_are_written_and_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        char text[TIME_TEXT_SIZE];
        int64_t us = -1;
        time_format(moments[i].us, text);
        assert_string_equal(text, moments[i].text);
        assert_true(time_parse(text, &us));
        assert_int_equal(us, moments[i].us);
    }
}

/* The C library is the judge, over every day of many years. */
static void every_day_is_where_the_c_library_has_it(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 366 * 440; day += 1) {
        time_t seconds = (time_t)(day * 86400 + 3661);
        struct tm tm;
        char expected[40], text[TIME_TEXT_SIZE];
        int64_t us = 0;
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000000Z", &tm);
        time_format((int64_t)seconds * 1000000, text);
        assert_string_equal(text, expected);
        assert_true(time_parse(text, &us));
        assert_int_equal(us, (int64_t)seconds * 1000000);
    }
}

static void moments_outside_the_range_are_clamped(void **state)
{
    (void)state;
    char text[TIME_TEXT_SIZE];
    time_format(INT64_MIN, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    time_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void offsets_and_fractions_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"2026-11-22T07:56:15Z", INT64_C(1795334175000000)},
        {"2026-11-22T07:56:15.1Z", INT64_C(1795334175100000)},
        {"2026-11-22T07:56:15.123Z", INT64_C(1795334175123000)},
        {"2026-11-22t07:56:15z", INT64_C(1795334175000000)},
        {"2026-11-22T08:56:15+01:00", INT64_C(1795334175000000)},
        {"2026-11-22T02:26:15.5-05:30", INT64_C(1795334175500000)},
        {"2026-11-22T07:56:15-00:00", INT64_C(1795334175000000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = 0;
        assert_true(time_parse(cases[i].text, &us));
        assert_int_equal(us, cases[i].us);
    }
}

static void anything_else_is_no_time(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "now",
        "2026-11-22",
        "2026-11-22T07:56:15",
        "2026-11-22 07:56:15Z",
        "2026-11-22T07:56Z",
        "2026-11-22T07:56:15.Z",
        "2026-11-22T07:56:15.1234567Z",
        "2026-11-22T07:56:15Zx",
        " 2026-11-22T07:56:15Z",
        "2026-13-22T07:56:15Z",
        "2026-00-22T07:56:15Z",
        "2026-11-31T07:56:15Z",
        "2026-11-00T07:56:15Z",
        "2026-02-29T07:56:15Z",
        "2100-02-29T07:56:15Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T07:60:15Z",
        "2026-11-22T07:56:60Z",
        "2026-11-22T07:56:15+24:00",
        "2026-11-22T07:56:15+01:60",
        "2026-11-22T07:56:15+0100",
        "2026-11-22T07:56:15+1:00",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "12026-11-22T07:56:15Z",
        "-026-11-22T07:56:15Z",
        "2026-1-22T07:56:15Z",
        "2026-11-22T07:56:15,5Z",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = 7;
        if (time_parse(cases[i], &us))
            fail_msg("\"%s\" was taken for a time", cases[i]);
        assert_int_equal(us, 7);
    }
    int64_t us = 7;
    assert_false(time_parse(NULL, &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hosts_clock_is_used),
        cmocka_unit_test(a_clock_that_answers_nothing_is_not_believed),
        cmocka_unit_test(without_one_the_system_tells_the_time),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(moments_are_written_and_read_back),
        cmocka_unit_test(every_day_is_where_the_c_library_has_it),
        cmocka_unit_test(moments_outside_the_range_are_clamped),
        cmocka_unit_test(offsets_and_fractions_are_understood),
        cmocka_unit_test(anything_else_is_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
