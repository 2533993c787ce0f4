#include "base/text.h"
#include "base/utf8.h"
#include "support/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void a_text_grows_with_what_is_added(void **state)
{
    (void)state;
    struct text text = TEXT_INIT;
    char expected[2001] = "";
    assert_string_equal(text_string(&text), "");
    for (int i = 0; i < 500; i++) {
        text_add(&text, "ab");
        text_add_format(&text, "%c%s", 'c', "d");
    }
    for (size_t i = 0; i < 2000; i++)
        expected[i] = "abcd"[i % 4];
    assert_int_equal(text.length, 2000);
    assert_string_equal(text_string(&text), expected);
    assert_false(text_failed(&text));
    text_clear(&text);
    assert_string_equal(text_string(&text), "");
    text_add_bytes(&text, "x\0y", 3);
    assert_memory_equal(text.bytes, "x\0y", 4);
    text_free(&text);
    text_free(&text);
}

static void a_taken_text_starts_again(void **state)
{
    (void)state;
    struct text text = TEXT_INIT;
    char *empty = text_take(&text);
    assert_string_equal(empty, "");
    text_add(&text, "first");
    char *first = text_take(&text);
    text_add(&text, "second");
    char *second = text_take(&text);
    assert_string_equal(first, "first");
    assert_string_equal(second, "second");
    assert_null(text.bytes);
    free(empty);
    free(first);
    free(second);
}

static void a_text_remembers_that_memory_ran_out(void **state)
{
    (void)state;
    struct text text = TEXT_INIT;
    text_add(&text, "SELECT 1");
    assert_false(text_reserve(&text, SIZE_MAX - 4));
    text_add(&text, " FROM t");
    assert_true(text_failed(&text));
    assert_string_equal(text_string(&text), "SELECT 1");
    assert_null(text_take(&text));
    assert_false(text_failed(&text));
}

static void only_utf8_is_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
        int characters; /* -1: not valid */
    } cases[] = {
        {"", 0, 0},
        {"abc", 3, 3},
        {"\x7f", 1, 1},
        {"\xc2\x80", 2, 1},
        {"\xdf\xbf", 2, 1},
        {"\xe0\xa0\x80", 3, 1},
        {"\xed\x9f\xbf", 3, 1},
        {"\xee\x80\x80", 3, 1},
        {"\xef\xbf\xbf", 3, 1},
        {"\xf0\x90\x80\x80", 4, 1},
        {"\xf4\x8f\xbf\xbf", 4, 1},
        {"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x98", 10, 4},
        {"e\xcc\x81", 3, 2},         /* a base and its accent are two */
        {"a\0b", 3, -1},             /* NUL */
        {"\x80", 1, -1},             /* nothing before it */
        {"\xc0\x80", 2, -1},         /* NUL, overlong */
        {"\xc1\xbf", 2, -1},         /* overlong */
        {"\xe0\x9f\xbf", 3, -1},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 4, -1}, /* overlong */
        {"\xed\xa0\x80", 3, -1},     /* surrogate */
        {"\xed\xbf\xbf", 3, -1},     /* surrogate */
        {"\xf4\x90\x80\x80", 4, -1}, /* past U+10FFFF */
        {"\xf5\x80\x80\x80", 4, -1},
        {"\xff", 1, -1},
        {"\xc3", 1, -1}, /* cut off */
        {"\xe2\x82", 2, -1},
        {"\xf0\x9f\x90", 3, -1},
        {"\xc3"
         "a",
         2, -1},
        {"\xe2\x82"
         "a",
         3, -1},
        {"\xf0\x9f\x90"
         "a",
         4, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t characters = 99;
        bool valid = utf8_count(cases[i].bytes, cases[i].count, &characters);
        assert_int_equal(valid, cases[i].characters >= 0);
        assert_int_equal(characters, cases[i].characters >= 0 ? cases[i].characters : 99);
    }
}

/* A terminal acts upon what is in a note as upon the program's own output. */
static void what_a_terminal_acts_upon_becomes_visible(void **state)
{
    static const struct {
        const char *written, *visible;
    } cases[] = {
        {"", ""},
        {"für morgen \xe2\x82\xac", "für morgen \xe2\x82\xac"},
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
        {"\x1b[2J\x7f", "\\u001b[2J\\u007f"},
        {"\xc2\x9b"
         "31m\xc2\xa0",
         "\\u009b31m\xc2\xa0"},
        {"\xe2\x80\xae"
         "gnp\xe2\x81\xa9",
         "\\u202egnp\\u2069"},
        {"\xe2\x80\xa8\xd8\x9c\xe2\x80\x8f", "\\u2028\\u061c\\u200f"},
        {"\x9b"
         "2J\xc3",
         "\\x9b2J\\xc3"},
        /* The first and the last of each range that acts, and their neighbours. */
        {"\x01\x1f ", "\\u0001\\u001f "},
        {"~\x7f\xc2\x80\xc2\x9f\xc2\xa0", "~\\u007f\\u0080\\u009f\xc2\xa0"},
        {"\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x90", "\xe2\x80\x8d\\u200e\\u200f\xe2\x80\x90"},
        {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf", "\xe2\x80\xa7\\u2028\\u202e\xe2\x80\xaf"},
        {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa", "\xe2\x81\xa5\\u2066\\u2069\xe2\x81\xaa"},
        {"C:\\new", "C:\\new"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text = TEXT_INIT;
        text_add_visible(&text, cases[i].written);
        assert_string_equal(text_string(&text), cases[i].visible);
        text_free(&text);
    }
}

static void white_space_alone_is_blank(void **state)
{
    static const char *const blank[] = {"", " ", " \t\r\n", "\xc2\xa0\xe3\x80\x80", "\xe2\x80\x83"};
    static const char *const written[] = {"x", " x ", "\xe2\x82\xac", "\xc2", "\x1b"};

    (void)state;
    assert_true(text_is_blank(NULL));
    for (size_t i = 0; i < sizeof blank / sizeof blank[0]; i++)
        assert_true(text_is_blank(blank[i]));
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        assert_false(text_is_blank(written[i]));
}

static char *repeat(const char *character, size_t times)
{
    struct text text = TEXT_INIT;
    for (size_t i = 0; i < times; i++)
        text_add(&text, character);
    char *repeated = text_take(&text);
    assert_non_null(repeated);
    return repeated;
}

static void bounds_count_characters_not_bytes(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x98"};
    for (size_t i = 0; i < 4; i++) {
        cutover_error *error = NULL;
        char *most = repeat(characters[i], 1000);
        char *over = repeat(characters[i], 1001);
        check_ok(text_check("customer_note", most, 0, 1000, &error), error);
        check_status_keep(text_check("customer_note", over, 0, 1000, &error), CUTOVER_E_INVALID, error);
        assert_string_equal(cutover_error_message(error), "customer_note: 1001 characters, at most 1000");
        cutover_error_free(error);
        free(most);
        free(over);
    }
}

static void a_text_that_is_too_short_is_refused(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    check_status_keep(text_check("reason", "", 1, 1000, &error), CUTOVER_E_INVALID, error);
    assert_string_equal(cutover_error_message(error), "reason: 0 characters, at least 1");
    cutover_error_free(error);
    error = NULL;
    check_ok(text_check("reason", "\xf0\x9f\x90\x98", 1, 1, &error), error);
    check_ok(text_check("reason", "", 0, 0, &error), error);
}

static void a_missing_text_is_refused_only_where_one_is_needed(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    check_ok(text_check("customer_note", NULL, 0, 1000, &error), error);
    check_status_keep(text_check("reason", NULL, 1, 1000, &error), CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "reason: missing");
    cutover_error_free(error);
}

static void a_field_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    check_status_keep(text_check("customer_note", "caf\xe9", 0, 1000, &error), CUTOVER_E_INVALID, error);
    assert_string_equal(cutover_error_message(error), "customer_note: not valid UTF-8");
    cutover_error_free(error);
}

static void repair_changes_only_what_is_broken(void **state)
{
    (void)state;
    char broken[] = "caf\xe9 \xc3\xa9 \xf0\x9f\x90";
    char whole[] = "caf\xc3\xa9";
    assert_int_equal(utf8_repair(broken), sizeof broken - 1);
    assert_string_equal(broken, "caf? \xc3\xa9 ???");
    assert_int_equal(utf8_repair(whole), 5);
    assert_string_equal(whole, "caf\xc3\xa9");
}

static void a_copy_of_nothing_is_nothing(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    char *copy = NULL;
    check_ok(string_copy("text", &copy, &error), error);
    assert_string_equal(copy, "text");
    free(copy);
    check_ok(string_copy(NULL, &copy, &error), error);
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_grows_with_what_is_added),
        cmocka_unit_test(a_taken_text_starts_again),
        cmocka_unit_test(a_text_remembers_that_memory_ran_out),
        cmocka_unit_test(only_utf8_is_utf8),
        cmocka_unit_test(what_a_terminal_acts_upon_becomes_visible),
        cmocka_unit_test(white_space_alone_is_blank),
        cmocka_unit_test(bounds_count_characters_not_bytes),
        cmocka_unit_test(a_text_that_is_too_short_is_refused),
        cmocka_unit_test(a_missing_text_is_refused_only_where_one_is_needed),
        cmocka_unit_test(a_field_that_is_not_utf8_is_refused),
        cmocka_unit_test(repair_changes_only_what_is_broken),
        cmocka_unit_test(a_copy_of_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
