#include "support/check.h"

#include "base/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER(type_value, member) #member, type_value, offsetof(struct sample, member)

static const char *const colour_names[] = {"red", "green", NULL};
static const char *const method_names[] = {"", "restore", NULL};

struct sample {
    char *name;
    char *note;
    int64_t made_at;
    int64_t count;
    bool flag;
    int colour;
    int method;
    struct json_object *plan;
};

static const struct field sample_fields[] = {
    {MEMBER(FIELD_TEXT, name), NULL},
    {MEMBER(FIELD_TEXT, note), NULL},
    {MEMBER(FIELD_TIME, made_at), NULL},
    {MEMBER(FIELD_INT, count), NULL},
    {MEMBER(FIELD_BOOL, flag), NULL},
    {MEMBER(FIELD_ENUM, colour), colour_names},
    {MEMBER(FIELD_ENUM, method), method_names},
    {MEMBER(FIELD_JSON, plan), NULL},
    {0},
};

static const struct record_type sample_type = {"sample", sizeof(struct sample), sample_fields, 1};

static const char full[] =
    "{\"name\":\"a/b \\\"c\\\" \\u0007 \\ud83d\\udc18\",\"note\":null,"
    "\"made_at\":\"2026-11-22T07:56:15.123456Z\",\"count\":-9223372036854775808,"
    "\"flag\":true,\"colour\":\"green\",\"method\":\"\",\"plan\":{\"steps\":[1,2.5,null]}}";

static void parse(const char *json, struct sample *sample)
{
    cutover_error *error = NULL;
    check_ok(record_parse(&sample_type, json, sample, &error), error);
}

static void a_record_survives_the_way_through_json(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct sample sample;
    char *json = NULL;
    parse(full, &sample);
    assert_string_equal(sample.name, "a/b \"c\" \a \xf0\x9f\x90\x98");
    assert_null(sample.note);
    assert_int_equal(sample.made_at, INT64_C(1795334175123456));
    assert_true(sample.count == INT64_MIN);
    assert_true(sample.flag);
    assert_int_equal(sample.colour, 1);
    assert_int_equal(sample.method, 0);
    check_ok(record_format(&sample_type, &sample, &json, &error), error);
    assert_string_equal(json, full);
    free(json);
    record_free(&sample_type, &sample);
    record_free(&sample_type, &sample);
    record_free(&sample_type, NULL);
}

static void what_is_absent_or_unknown_does_no_harm(void **state)
{
    (void)state;
    struct sample sample;
    memset(&sample, 0x5a, sizeof sample);
    parse(" {\"colour\":\"red\", \"flag\":null, \"made_at\":null, \"added_later\":{\"x\":1}}\n", &sample);
    struct sample expected = {.colour = 0};
    assert_null(sample.name);
    assert_null(sample.plan);
    assert_int_equal(sample.made_at, expected.made_at);
    assert_int_equal(sample.count, 0);
    assert_false(sample.flag);
    assert_int_equal(sample.method, 0);
    record_free(&sample_type, &sample);
}

/* The same record as a library of two versions later has it, and as one of today keeps it. */
struct grown {
    char *name;
    struct json_object *rest;
};

static const struct field grown_fields[] = {
    {"name", FIELD_TEXT, offsetof(struct grown, name), NULL},
    {"", FIELD_REST, offsetof(struct grown, rest), NULL},
    {0},
};

static const struct record_type grown_type = {"grown", sizeof(struct grown), grown_fields, 1};
static const struct record_type newer_type = {"grown", sizeof(struct grown), grown_fields, 3};

static void assert_written(const struct record_type *type, const void *record, const char *expected)
{
    cutover_error *error = NULL;
    char *json = NULL;

    check_ok(record_format(type, record, &json, &error), error);
    assert_string_equal(json, expected);
    free(json);
}

static void unknown_members_are_kept(void **state)
{
    (void)state;
    static const char after[] =
        "{\"name\":\"b\",\"later\":{\"x\":[1,null,\"\\u00e9\"]},\"none\":null,\"big\":9223372036854775807}";
    cutover_error *error = NULL;
    struct grown grown, copy;

    check_ok(record_parse(
                 &grown_type,
                 "{\"later\":{\"x\":[1,null,\"é\"]},\"name\":\"a\",\"none\":null,\"big\":9223372036854775807}",
                 &grown, &error),
             error);
    check_ok(record_set_text(&grown.name, "b", &error), error);
    assert_written(&grown_type, &grown, after);
    check_ok(record_copy(&grown_type, &grown, &copy, &error), error);
    record_free(&grown_type, &grown);
    assert_written(&grown_type, &copy, after);
    record_free(&grown_type, &copy);
    check_ok(record_parse(&grown_type, "{\"name\":\"a\"}", &grown, &error), error);
    assert_null(grown.rest);
    record_free(&grown_type, &grown);
}

static void newer_format_is_refused(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct grown grown, empty = {NULL, NULL};

    check_status_keep(record_parse(&grown_type, "{\"format\":2,\"name\":7}", &grown, &error),
                      CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_message(error), "grown: it was written by a newer version of the library");
    check_contains(cutover_error_message(error), "its format is 2, this one knows 1 to 1");
    assert_non_null(cutover_error_hint(error));
    assert_memory_equal(&grown, &empty, sizeof(grown));
    cutover_error_free(error), error = NULL;
    check_status(record_parse(&newer_type, "{\"format\":4}", &grown, &error), CUTOVER_E_UNSUPPORTED, error);
    check_status(record_parse(&newer_type, "{\"format\":9223372036854775807}", &grown, &error),
                 CUTOVER_E_UNSUPPORTED, error);
    static const char *const damaged[] = {"{\"format\":0}", "{\"format\":-1}", "{\"format\":\"1\"}",
                                          "{\"format\":1.5}"};
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++)
        check_status(record_parse(&newer_type, damaged[i], &grown, &error), CUTOVER_E_STORE, error);
}

/* What an older library wrote is read, and written in the format of today; the first has no number. */
static void format_is_written_from_the_second_on(void **state)
{
    (void)state;
    static const char *const older[] = {"{\"name\":\"a\"}", "{\"format\":1,\"name\":\"a\"}",
                                        "{\"name\":\"a\",\"format\":2}", "{\"format\":3,\"name\":\"a\"}"};
    cutover_error *error = NULL;
    struct grown grown;

    for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++) {
        check_ok(record_parse(&newer_type, older[i], &grown, &error), error);
        assert_null(grown.rest);
        assert_written(&newer_type, &grown, "{\"format\":3,\"name\":\"a\"}");
        assert_written(&grown_type, &grown, "{\"name\":\"a\"}");
        record_free(&newer_type, &grown);
    }
}

static void a_wrong_member_is_refused_by_kind_and_name(void **state)
{
    (void)state;
    static const struct {
        const char *json, *member;
    } cases[] = {
        {"{\"colour\":\"red\",\"name\":7}", "\"name\""},
        {"{\"colour\":\"red\",\"name\":{}}", "\"name\""},
        {"{\"colour\":\"red\",\"name\":\"cut\\u0000off\"}", "\"name\""},
        {"{\"colour\":\"red\",\"made_at\":1795334175}", "\"made_at\""},
        {"{\"colour\":\"red\",\"made_at\":\"yesterday\"}", "\"made_at\""},
        {"{\"colour\":\"red\",\"count\":\"7\"}", "\"count\""},
        {"{\"colour\":\"red\",\"count\":7.0}", "\"count\""},
        {"{\"colour\":\"red\",\"count\":9223372036854775808}", "\"count\""},
        {"{\"colour\":\"red\",\"flag\":1}", "\"flag\""},
        {"{\"colour\":\"red\",\"flag\":\"true\"}", "\"flag\""},
        {"{\"colour\":\"blue\"}", "\"colour\""},
        {"{\"colour\":1}", "\"colour\""},
        {"{\"colour\":\"red\",\"method\":\"readforth\"}", "\"method\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cutover_error *error = NULL;
        struct sample sample, empty = {.name = NULL};
        memset(&sample, 0x5a, sizeof sample);
        check_status_keep(record_parse(&sample_type, cases[i].json, &sample, &error), CUTOVER_E_STORE, error);
        check_contains(cutover_error_message(error), "sample: ");
        check_contains(cutover_error_message(error), cases[i].member);
        assert_memory_equal(&sample, &empty, sizeof sample);
        cutover_error_free(error);
    }
}

/* A request without a status must not read as an open one. */
static void an_enumeration_without_a_neutral_name_is_needed(void **state)
{
    (void)state;
    static const char *const cases[] = {"{}", "{\"colour\":null}"};
    for (size_t i = 0; i < 2; i++) {
        cutover_error *error = NULL;
        struct sample sample;
        check_status_keep(record_parse(&sample_type, cases[i], &sample, &error), CUTOVER_E_STORE, error);
        assert_string_equal(cutover_error_message(error), "sample: member \"colour\" is missing");
        cutover_error_free(error);
    }
}

static void what_is_not_a_json_object_is_no_record(void **state)
{
    (void)state;
    static const char *const cases[] = {NULL,
                                        "",
                                        "[]",
                                        "7",
                                        "null",
                                        "{\"colour\":\"red\"",
                                        "{\"colour\":\"red\"}}",
                                        "{\"colour\":\"red\"} {}",
                                        "{\"colour\":\"r\xe9"
                                        "d\"}"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cutover_error *error = NULL;
        struct sample sample;
        check_status_keep(record_parse(&sample_type, cases[i], &sample, &error), CUTOVER_E_STORE, error);
        check_contains(cutover_error_message(error), "sample: ");
        cutover_error_free(error);
    }
}

static void an_enumeration_out_of_range_is_not_written(void **state)
{
    (void)state;
    static const int wrong[] = {-1, 2, 1000000};
    for (size_t i = 0; i < 3; i++) {
        struct sample sample = {.colour = wrong[i]};
        struct json_object *json = record_json(&sample_type, &sample);
        struct json_object *colour = NULL;
        assert_true(json_object_object_get_ex(json, "colour", &colour));
        assert_null(colour);
        json_object_put(json);
    }
}

static void a_copy_shares_nothing_with_its_source(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct sample source, copy;
    char *json = NULL;
    parse(full, &source);
    check_ok(record_copy(&sample_type, &source, &copy, &error), error);
    source.name[0] = 'X';
    json_put_int(source.plan, "added", 1);
    record_free(&sample_type, &source);
    check_ok(record_format(&sample_type, &copy, &json, &error), error);
    assert_string_equal(json, full);
    free(json);
    record_free(&sample_type, &copy);
}

static void the_json_form_shares_nothing_with_the_record(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct sample sample;
    char *text = NULL;
    parse(full, &sample);
    struct json_object *json = record_json(&sample_type, &sample);
    json_put_int(json_member(json, "plan"), "added", 1);
    json_object_put(json);
    check_ok(record_format(&sample_type, &sample, &text, &error), error);
    assert_string_equal(text, full);
    free(text);
    record_free(&sample_type, &sample);
}

static void a_text_member_is_replaced_by_a_copy(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct sample sample = {.name = NULL};
    char value[] = "first";
    check_ok(record_set_text(&sample.name, value, &error), error);
    value[0] = 'X';
    assert_string_equal(sample.name, "first");
    check_ok(record_set_text(&sample.name, sample.name, &error), error);
    assert_string_equal(sample.name, "first");
    check_ok(record_set_text(&sample.name, NULL, &error), error);
    assert_null(sample.name);
}

static void what_could_not_be_read_again_is_not_written(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct sample sample = {.name = (char[]){"caf\xe9"}};
    char *json = NULL;
    check_status(record_format(&sample_type, &sample, &json, &error), CUTOVER_E_INVALID, error);
    check_status(json_format(NULL, &json, &error), CUTOVER_E_NOMEM, error);
    assert_null(json);
}

static void json_is_read_strictly(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{} x",
                                        "{}{}",
                                        "{\"a\":1,}",
                                        "[1 2]",
                                        "{a:1}",
                                        "// c\n{}",
                                        "7",
                                        "\"x\"",
                                        "null",
                                        "",
                                        " ",
                                        "{\"a\":",
                                        "\xef\xbb\xbf{}",
                                        "[NaN]",
                                        "{\"a\":-Infinity}",
                                        "[1.]",
                                        "[18446744073709551616]",
                                        "[-9223372036854775809]",
                                        "[1,]",
                                        "[,1]",
                                        "['x']",
                                        "{'a':1}",
                                        "[True]",
                                        "[NULL]",
                                        "[nan]",
                                        "/* c */[]",
                                        "[1/**/]",
                                        "[01]",
                                        "[-]",
                                        "[+1]",
                                        "[.5]",
                                        "[1.5.5]",
                                        "[1e]",
                                        "[1e+]",
                                        "[1-2]",
                                        "[0x1]",
                                        "[\"a\tb\"]",
                                        "{\"a\nb\":1}",
                                        "[\"\\x\"]",
                                        "[\"\\u00g0\"]",
                                        "[\"\\\xc3\xa9\"]",
                                        "[\xc3\xa9]",
                                        "[1\xc2\xa0]",
                                        "[\"\xc3\xa9\",]",
                                        "[\"\xc3\xa9\"] \xc3\xa9"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cutover_error *error = NULL;
        assert_null(json_parse(wrong[i], strlen(wrong[i]), &error));
        assert_int_equal(cutover_error_code(error), CUTOVER_E_INVALID);
        check_contains(cutover_error_message(error), "not valid JSON");
        cutover_error_free(error);
    }
    assert_null(json_parse("{}\0", 3, NULL));
    const char *whole = "[\"NaN 1.\",18446744073709551615,-9223372036854775808,1.5e3,0]";
    struct json_object *numbers = json_parse(whole, strlen(whole), NULL);
    assert_non_null(numbers);
    assert_string_equal(json_object_to_json_string_ext(numbers, JSON_C_TO_STRING_PLAIN), whole);
    json_object_put(numbers);
    struct json_object *array = json_parse(" [1] \r\n", 7, NULL);
    assert_true(json_object_is_type(array, json_type_array));
    json_object_put(array);
    struct json_object *part = json_parse("{\"a\":1}garbage", 7, NULL);
    assert_int_equal(json_int_or(part, "a", 0), 1);
    json_object_put(part);
}

/* The first and the last character of each length in UTF-8, and what lies beside the surrogates. */
#define RAW                                                                                                    \
    "{\"gr\xc3\xb6\xc3\x9f\x65\":\"\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 "             \
    "\xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\",\"list\":[\"\xe2\x80\xa6\\n\\\\\xe2\x80\xa6/\"]}"
#define ESCAPED                                                                                                \
    "{\"gr\\u00f6\\u00dfe\":\"\x7f \\u0080 \\u07ff \\u0800 \\ud7ff \\ue000 \\uffff \\ud800\\udc00 "            \
    "\\udbff\\udfff\",\"list\":[\"\\u2026\\n\\\\\\u2026/\"]}"

/* Releases of json-c do not agree on what else a strict reader takes (0.18 refuses it). */
static void json_is_written_in_ascii(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    char *text = NULL;
    struct json_object *object = json_tokener_parse(RAW);
    check_ok(json_format(object, &text, &error), error);
    assert_string_equal(text, ESCAPED);

    struct json_tokener *strict = json_tokener_new();
    json_tokener_set_flags(strict, JSON_TOKENER_STRICT);
    struct json_object *again = json_tokener_parse_ex(strict, text, (int)strlen(text));
    assert_true(json_object_equal(again, object));
    json_object_put(again);
    json_tokener_free(strict);
    free(text);
    json_object_put(object);
}

/* What an earlier version of the library wrote, what a server or a host answers. */
static void json_in_utf8_is_read_as_in_ascii(void **state)
{
    (void)state;
    static const char part[] = RAW "\xc3";
    struct json_object *object = json_tokener_parse(RAW);
    struct json_object *raw = json_parse(part, sizeof part - 2, NULL);
    struct json_object *escaped = json_parse(ESCAPED, strlen(ESCAPED), NULL);
    assert_true(json_object_equal(raw, object));
    assert_true(json_object_equal(escaped, object));
    json_object_put(escaped);
    json_object_put(raw);
    json_object_put(object);
}

static void where_json_is_wrong_is_counted_in_what_was_given(void **state)
{
    (void)state;
    static const char *const wrong[] = {"[\"..........\" x", "[\"\xf0\x9f\x90\x98\",\"a\xc3\xbc\" x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cutover_error *error = NULL;
        assert_null(json_parse(wrong[i], strlen(wrong[i]), &error));
        check_contains(cutover_error_message(error), "at byte 14");
        cutover_error_free(error);
    }
}

static void json_is_read_to_a_limited_depth(void **state)
{
    (void)state;
    static char deep[200001];
    memset(deep, '[', 100000);
    memset(deep + 100000, ']', 100000);
    struct json_object *shallow = json_parse(deep + 100000 - 32, 64, NULL);
    assert_non_null(shallow);
    json_object_put(shallow);
    cutover_error *error = NULL;
    assert_null(json_parse(deep, 200000, &error));
    assert_int_equal(cutover_error_code(error), CUTOVER_E_INVALID);
    cutover_error_free(error);
}

static void members_of_another_type_read_as_the_default(void **state)
{
    (void)state;
    static const char text[] = "{\"t\":\"x\",\"i\":7,\"b\":true,\"n\":null,\"z\":\"a\\u0000b\"}";
    struct json_object *object = json_parse(text, sizeof text - 1, NULL);
    assert_string_equal(json_text_or(object, "t", "-"), "x");
    assert_string_equal(json_text_or(object, "i", "-"), "-");
    assert_string_equal(json_text_or(object, "n", "-"), "-");
    assert_string_equal(json_text_or(object, "z", "-"), "-");
    assert_null(json_text_or(object, "absent", NULL));
    assert_int_equal(json_int_or(object, "i", 1), 7);
    assert_int_equal(json_int_or(object, "t", 1), 1);
    assert_int_equal(json_int_or(NULL, "i", 1), 1);
    assert_true(json_bool_or(object, "b", false));
    assert_true(json_bool_or(object, "i", true));
    assert_false(json_bool_or(object, "absent", false));
    assert_null(json_member(object, "n"));
    assert_null(json_member(json_member(object, "t"), "x"));
    json_object_put(object);
}

static void json_is_written_in_one_plain_line(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    char *text = NULL;
    struct json_object *object = json_object_new_object();
    json_put_text(object, "path", "a/b\nc");
    json_put_text(object, "none", NULL);
    json_put_int(object, "count", INT64_MAX);
    json_put_bool(object, "done", false);
    json_put_double(object, "share", 0.5);
    json_put_double(object, "rate", NAN);
    json_put_time(object, "at", INT64_C(1795334175123456));
    json_put_time(object, "never", 0);
    check_ok(json_format(object, &text, &error), error);
    assert_string_equal(text,
                        "{\"path\":\"a/b\\nc\",\"none\":null,\"count\":9223372036854775807,\"done\":false,"
                        "\"share\":0.5,\"rate\":null,\"at\":\"2026-11-22T07:56:15.123456Z\",\"never\":null}");
    free(text);
    json_object_put(object);
    json_put_text(NULL, "ignored", "x");
}

/* What memory ran out for is not written, and goes as anything else: a release of json-c took the mark in it for more to be freed. */
static void what_is_incomplete_is_not_written_and_can_be_freed(void **state)
{
    struct json_object *object = json_object_new_object(), *array = json_object_new_array();
    cutover_error *error = NULL;
    char *text = NULL;

    (void)state;
    json_put_int(object, "whole", 1);
    assert_true(json_is_complete(object));
    json_put_object(object, "lost", NULL);
    json_put_object(object, "lost, too", NULL);
    assert_false(json_is_complete(object));
    check_status(json_format(object, &text, &error), CUTOVER_E_NOMEM, error);
    json_add(array, object);
    assert_false(json_is_complete(array));
    json_add(array, NULL);
    json_object_put(json_object_get(array));
    assert_false(json_is_complete(array));
    json_object_put(array);
    object = json_object_new_object();
    json_put_int(object, "whole", 1);
    json_put_object(object, "lost", NULL);
    json_object_put(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_survives_the_way_through_json),
        cmocka_unit_test(what_is_absent_or_unknown_does_no_harm),
        cmocka_unit_test(unknown_members_are_kept),
        cmocka_unit_test(newer_format_is_refused),
        cmocka_unit_test(format_is_written_from_the_second_on),
        cmocka_unit_test(a_wrong_member_is_refused_by_kind_and_name),
        cmocka_unit_test(an_enumeration_without_a_neutral_name_is_needed),
        cmocka_unit_test(what_is_not_a_json_object_is_no_record),
        cmocka_unit_test(an_enumeration_out_of_range_is_not_written),
        cmocka_unit_test(a_copy_shares_nothing_with_its_source),
        cmocka_unit_test(the_json_form_shares_nothing_with_the_record),
        cmocka_unit_test(a_text_member_is_replaced_by_a_copy),
        cmocka_unit_test(what_could_not_be_read_again_is_not_written),
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(json_is_written_in_ascii),
        cmocka_unit_test(json_in_utf8_is_read_as_in_ascii),
        cmocka_unit_test(where_json_is_wrong_is_counted_in_what_was_given),
        cmocka_unit_test(json_is_read_to_a_limited_depth),
        cmocka_unit_test(members_of_another_type_read_as_the_default),
        cmocka_unit_test(json_is_written_in_one_plain_line),
        cmocka_unit_test(what_is_incomplete_is_not_written_and_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
