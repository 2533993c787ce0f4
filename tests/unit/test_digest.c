#include "support/check.h"

#include "postgres/digest.h"

#include <string.h>

static struct digest digest_of(const char *const *rows, size_t count)
{
    struct digest digest = DIGEST_INIT;

    for (size_t i = 0; i < count; i++)
        digest_row(&digest, rows[i], strlen(rows[i]));
    return digest;
}

static void order_does_not_matter(void **state)
{
    const char *const one[] = {"1\tann", "2\tbob", "3\t\\N"}, *const other[] = {"3\t\\N", "1\tann", "2\tbob"};
    struct digest a = digest_of(one, 3), b = digest_of(other, 3);

    (void)state;
    assert_true(digest_equal(&a, &b));
}

static void duplicates_count(void **state)
{
    const char *const rows[] = {"1", "1", "2", "2"};
    struct digest once = digest_of(rows + 1, 2), twice = digest_of(rows, 4), none = DIGEST_INIT;
    const char *const swapped[] = {"1", "1", "1", "2"};
    struct digest other = digest_of(swapped, 4);

    (void)state;
    assert_false(digest_equal(&once, &twice));
    assert_false(digest_equal(&twice, &other));
    assert_false(digest_equal(&once, &none));
}

static void one_changed_byte_shows(void **state)
{
    const char *const one[] = {"1\tann"}, *const other[] = {"1\tanm"};
    struct digest a = digest_of(one, 1), b = digest_of(other, 1);

    (void)state;
    assert_false(digest_equal(&a, &b));
}

static void each_part_of_a_digest_is_compared(void **state)
{
    const struct digest digest = {1, 2, 3};
    const struct digest others[] = {{2, 2, 3}, {1, 3, 3}, {1, 2, 4}};

    (void)state;
    assert_true(digest_equal(&digest, &digest));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(digest_equal(&digest, &others[i]));
}

static void parts_add_up(void **state)
{
    const char *const rows[] = {"a", "b", "c", "d", "e", "", "f"};
    struct digest whole = digest_of(rows, 7), first = digest_of(rows, 3), second = digest_of(rows + 3, 4);

    (void)state;
    digest_add(&first, &second);
    assert_true(digest_equal(&whole, &first));
    assert_int_equal(whole.rows, 7);
}

static void sum_carries_into_the_high_half(void **state)
{
    struct digest digest = {1, UINT64_MAX, 5}, part = {1, 1, 7};

    (void)state;
    digest_add(&digest, &part);
    assert_int_equal(digest.low, 0);
    assert_int_equal(digest.high, 13);
    digest = (struct digest){1, UINT64_MAX, UINT64_MAX};
    part = (struct digest){1, 1, 0};
    digest_add(&digest, &part);
    assert_int_equal(digest.low, 0);
    assert_int_equal(digest.high, 0);
}

/* EDGE_CASES A14: a row without columns is an empty line, and a row. */
static void lines_are_rows(void **state)
{
    const char *const rows[] = {"1\tann", "", "2\tbob"};
    const char bytes[] = "1\tann\n\n2\tbob\n";
    struct digest expected = digest_of(rows, 3), found = DIGEST_INIT;

    (void)state;
    digest_lines(&found, bytes, sizeof bytes - 1);
    assert_true(digest_equal(&expected, &found));
}

static void a_last_line_without_its_end_is_a_row_too(void **state)
{
    const char *const rows[] = {"1\tann", "2\tbob"};
    const char bytes[] = "1\tann\n2\tbob";
    struct digest expected = digest_of(rows, 2), found = DIGEST_INIT;

    (void)state;
    digest_lines(&found, bytes, sizeof bytes - 1);
    assert_true(digest_equal(&expected, &found));
}

/* Recorded digests must mean the same in every later version: this one is of XXH3-128 with seed 0. */
static void value_never_changes(void **state)
{
    const char *const rows[] = {""};
    struct digest digest = digest_of(rows, 1);
    char text[DIGEST_TEXT_SIZE];

    (void)state;
    digest_format(&digest, text);
    assert_string_equal(text, "1:99aa06d3014798d86001c324468d497f");
}

static void text_form_comes_back(void **state)
{
    struct digest digest = {UINT64_MAX, 0x0123456789abcdefU, 0xfedcba9876543210U}, found = DIGEST_INIT;
    char text[DIGEST_TEXT_SIZE];

    (void)state;
    digest_format(&digest, text);
    assert_string_equal(text, "18446744073709551615:fedcba98765432100123456789abcdef");
    assert_true(digest_parse(text, &found));
    assert_true(digest_equal(&digest, &found));
}

static void other_texts_are_refused(void **state)
{
    static const char *const broken[] = {"",
                                         ":99aa06d3014798d86001c324468d497f",
                                         "1:99aa06d3014798d86001c324468d497",
                                         "1:99aa06d3014798d86001c324468d497ff",
                                         "1:99AA06d3014798d86001c324468d497f",
                                         "01:99aa06d3014798d86001c324468d497f",
                                         "-1:99aa06d3014798d86001c324468d497f",
                                         "18446744073709551616:99aa06d3014798d86001c324468d497f",
                                         "1 99aa06d3014798d86001c324468d497f"};
    struct digest digest = {7, 7, 7};

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_false(digest_parse(broken[i], &digest));
    assert_false(digest_parse(NULL, &digest));
    assert_int_equal(digest.rows, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(duplicates_count),
        cmocka_unit_test(one_changed_byte_shows),
        cmocka_unit_test(each_part_of_a_digest_is_compared),
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(sum_carries_into_the_high_half),
        cmocka_unit_test(lines_are_rows),
        cmocka_unit_test(a_last_line_without_its_end_is_a_row_too),
        cmocka_unit_test(value_never_changes),
        cmocka_unit_test(text_form_comes_back),
        cmocka_unit_test(other_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
