#include "base/answer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "support/check.h"

#include <cutover/version.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static void the_deeper_error_wins(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    assert_int_equal(error_set(&error, CUTOVER_E_IO, "disk %d is full", 3), CUTOVER_E_IO);
    assert_int_equal(error_set(&error, CUTOVER_E_STORE, "cannot commit"), CUTOVER_E_STORE);
    assert_int_equal(error_set_errno(&error, CUTOVER_E_STORE, EIO, "cannot commit"), CUTOVER_E_STORE);
    assert_int_equal(error_nomem(&error), CUTOVER_E_NOMEM);
    assert_int_equal(error_verify(&error, CUTOVER_VERDICT_DIFFERENT, "differs"), CUTOVER_E_VERIFY);
    assert_int_equal(cutover_error_code(error), CUTOVER_E_IO);
    assert_string_equal(cutover_error_message(error), "disk 3 is full");
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_NONE);
    cutover_error_free(error);
}

static void a_caller_may_want_no_error(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, CUTOVER_E_IO, "x"), CUTOVER_E_IO);
    assert_int_equal(error_set_errno(NULL, CUTOVER_E_IO, EIO, "x"), CUTOVER_E_IO);
    assert_int_equal(error_nomem(NULL), CUTOVER_E_NOMEM);
    assert_int_equal(error_verify(NULL, CUTOVER_VERDICT_DIFFERENT, "x"), CUTOVER_E_VERIFY);
    assert_int_equal(error_from_callback(NULL, CUTOVER_E_STORE, "store.get"), CUTOVER_E_STORE);
    assert_int_equal(error_from_callback(NULL, CUTOVER_OK, "store.get"), CUTOVER_OK);
    error_detail(NULL, "x");
    error_hint(NULL, "x");
    error_sqlstate(NULL, "40001");
    error_step(NULL, "swap");
    error_verdict(NULL, CUTOVER_VERDICT_UNKNOWN);
    error_move(NULL, NULL);
}

static void a_message_is_one_line_of_utf8(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    error_set(&error, CUTOVER_E_POSTGRES, "FATAL:\tno\nsuch \xe9 thing\x01\r\n");
    assert_string_equal(cutover_error_message(error), "FATAL: no such ? thing");
    error_detail(&error, "LINE 1\n\tcaf\xe9\n\n");
    assert_string_equal(cutover_error_detail(error), "LINE 1\n\tcaf?");
    cutover_error_free(error);
}

static void the_text_of_errno_is_appended(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    error_set_errno(&error, CUTOVER_E_IO, ENOENT, "cannot open %s", "toc.dat");
    assert_string_equal(cutover_error_message(error), "cannot open toc.dat: No such file or directory");
    cutover_error_free(error);
}

static void out_of_memory_is_one_static_error(void **state)
{
    (void)state;
    cutover_error *first = NULL, *second = NULL;
    error_nomem(&first);
    cutover_error_free(first);
    error_nomem(&second);
    assert_ptr_equal(first, second);
    assert_int_equal(cutover_error_code(second), CUTOVER_E_NOMEM);
    assert_string_equal(cutover_error_message(second), "memory is exhausted");
}

static void the_static_error_cannot_be_completed(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    error_nomem(&error);
    error_detail(&error, "detail");
    error_hint(&error, "hint");
    error_sqlstate(&error, "40001");
    error_step(&error, "swap");
    error_verdict(&error, CUTOVER_VERDICT_EQUAL);
    assert_null(cutover_error_detail(error));
    assert_null(cutover_error_hint(error));
    assert_null(cutover_error_sqlstate(error));
    assert_null(cutover_error_step(error));
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_NONE);
}

static void completing_sets_each_value_once(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    error_detail(&error, "there is no error to complete");
    assert_null(error);
    error_set(&error, CUTOVER_E_POSTGRES, "m");
    for (int i = 1; i <= 2; i++) {
        error_detail(&error, "detail %d", i);
        error_hint(&error, "hint %d", i);
        error_sqlstate(&error, i == 1 ? "25006" : "57P01");
        error_step(&error, i == 1 ? "backup" : "swap");
        error_verdict(&error, i == 1 ? CUTOVER_VERDICT_UNKNOWN : CUTOVER_VERDICT_DIFFERENT);
    }
    assert_string_equal(cutover_error_detail(error), "detail 1");
    assert_string_equal(cutover_error_hint(error), "hint 1");
    assert_string_equal(cutover_error_sqlstate(error), "25006");
    assert_string_equal(cutover_error_step(error), "backup");
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    cutover_error_free(error);
}

/* EDGE_CASES G14: libpq may have no SQLSTATE to tell. */
static void only_five_characters_are_a_sqlstate(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    error_set(&error, CUTOVER_E_POSTGRES, "m");
    error_sqlstate(&error, NULL);
    error_sqlstate(&error, "");
    error_sqlstate(&error, "250061");
    assert_null(cutover_error_sqlstate(error));
    error_sqlstate(&error, "25006");
    assert_string_equal(cutover_error_sqlstate(error), "25006");
    cutover_error_free(error);
}

static void a_failed_check_never_says_equal(void **state)
{
    (void)state;
    static const cutover_verdict given[] = {CUTOVER_VERDICT_NONE, CUTOVER_VERDICT_EQUAL,
                                            CUTOVER_VERDICT_DIFFERENT, CUTOVER_VERDICT_UNKNOWN};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        cutover_error *error = NULL;
        check_status_keep(error_verify(&error, given[i], "table %d", 7), CUTOVER_E_VERIFY, error);
        assert_string_equal(cutover_error_message(error), "table 7");
        assert_int_equal(cutover_error_verdict(error), given[i] == CUTOVER_VERDICT_DIFFERENT
                                                           ? CUTOVER_VERDICT_DIFFERENT
                                                           : CUTOVER_VERDICT_UNKNOWN);
        cutover_error_free(error);
    }
}

static void a_callback_that_gave_no_reason_gets_one(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    check_status_keep(error_from_callback(&error, CUTOVER_E_CONFLICT, "store.commit"), CUTOVER_E_CONFLICT,
                      error);
    assert_int_equal(cutover_error_code(error), CUTOVER_E_CONFLICT);
    check_contains(cutover_error_message(error), "store.commit");
    cutover_error_free(error);
}

static void a_callback_keeps_its_own_reason(void **state)
{
    (void)state;
    cutover_error *error = cutover_error_new(CUTOVER_E_STORE, "etcd is away", "three tries", "start etcd");
    check_status_keep(error_from_callback(&error, CUTOVER_E_STORE, "store.commit"), CUTOVER_E_STORE, error);
    assert_string_equal(cutover_error_message(error), "etcd is away");
    assert_string_equal(cutover_error_detail(error), "three tries");
    assert_string_equal(cutover_error_hint(error), "start etcd");
    cutover_error_free(error);
}

static void an_unknown_answer_of_a_callback_is_a_failure(void **state)
{
    (void)state;
    static const int answers[] = {1, 42, -19, -1000};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        cutover_error *error = NULL;
        check_status_keep(error_from_callback(&error, (cutover_status)answers[i], "platform.preview_get"),
                          CUTOVER_E_CALLBACK, error);
        check_contains(cutover_error_message(error), "platform.preview_get");
        cutover_error_free(error);
    }
}

/* An exception in a callback of Python is 0, or what was left where the result should be. */
static void no_answer_is_no_success_where_answers_are_strict(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    cutover_status status = ANSWER_OF(CUTOVER_STRICT_ANSWERS, CUTOVER_OK);

    status = error_from_callback(&error, status, "store.commit");
    check_status_keep(status, CUTOVER_E_CALLBACK, error);
    assert_string_equal(cutover_error_message(error), "store.commit gave no answer");
    check_contains(cutover_error_hint(error), "cutover_answer()");
    cutover_error_free(error);
    assert_int_equal(ANSWER_OF(0, CUTOVER_OK), CUTOVER_OK);
    assert_int_equal(ANSWER_OF(0, cutover_answer(CUTOVER_E_STATE)), CUTOVER_E_STATE);
    assert_int_equal(ANSWER_OF(CUTOVER_STRICT_ANSWERS, cutover_answer(CUTOVER_OK)), CUTOVER_OK);
    assert_int_equal(ANSWER_OF(CUTOVER_STRICT_ANSWERS, (cutover_answer(CUTOVER_E_CONFLICT), CUTOVER_OK)),
                     CUTOVER_E_CONFLICT);
}

static cutover_status calls_the_library(void)
{
    assert_int_equal(ANSWER_OF(CUTOVER_STRICT_ANSWERS, cutover_answer(CUTOVER_OK)), CUTOVER_OK);
    return CUTOVER_OK; /* an exception ends it here */
}

static void the_answer_of_an_inner_callback_is_not_that_of_the_outer_one(void **state)
{
    (void)state;
    cutover_answer(CUTOVER_OK); /* what nobody asked for is not kept either */
    assert_int_equal(ANSWER_OF(CUTOVER_STRICT_ANSWERS, calls_the_library()), ANSWER_NONE);
}

static void a_callback_that_succeeds_leaves_no_error(void **state)
{
    (void)state;
    cutover_error *error = cutover_error_new(CUTOVER_E_STORE, "left by mistake", NULL, NULL);
    check_ok(error_from_callback(&error, CUTOVER_OK, "store.get"), error);
    assert_null(error);
}

static void an_error_is_moved_to_one_owner(void **state)
{
    (void)state;
    cutover_error *to = NULL, *first = NULL, *second = NULL;
    error_set(&first, CUTOVER_E_IO, "first");
    error_set(&second, CUTOVER_E_IO, "second");
    error_move(&to, first);
    error_move(&to, second);
    assert_ptr_equal(to, first);
    error_move(NULL, to);
}

static void what_must_be_said_goes_in_front(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    error_front(&error, "x", "y");
    assert_null(error);
    error_front(NULL, "x", "y");
    error_set(&error, CUTOVER_E_POSTGRES, "connection refused");
    error_hint(&error, "check the network");
    error_sqlstate(&error, "08006");
    error_front(&error, "it is not undone yet", "run recovery");
    assert_string_equal(cutover_error_message(error), "it is not undone yet: connection refused");
    assert_string_equal(cutover_error_hint(error), "run recovery");
    assert_string_equal(cutover_error_sqlstate(error), "08006");
    cutover_error_free(error);
    error = NULL;
    error_nomem(&error);
    error_front(&error, "it is not undone yet", "run recovery");
    assert_string_equal(cutover_error_message(error), "memory is exhausted");
}

static void an_error_has_a_json_form(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    error_verify(&error, CUTOVER_VERDICT_DIFFERENT, "a \"b\"");
    error_step(&error, "check");
    error_hint(&error, "look");
    error_sqlstate(&error, "57P01");
    struct json_object *json = error_json(error);
    assert_string_equal(
        json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
        "{\"code\":\"CUTOVER_E_VERIFY\",\"message\":\"a \\\"b\\\"\",\"detail\":null,\"hint\":\"look\","
        "\"sqlstate\":\"57P01\",\"step\":\"check\",\"verdict\":\"different\"}");
    cutover_error *again = json_error(json);
    struct json_object *same = error_json(again);
    assert_int_equal(json_object_equal(same, json), 1);
    json_object_put(same);
    cutover_error_free(again);

    json_object_object_add(json, "code", json_object_new_string("CUTOVER_E_OF_TOMORROW"));
    again = json_error(json);
    assert_int_equal(cutover_error_code(again), CUTOVER_E_INTERNAL);
    cutover_error_free(again);
    assert_null(json_error(NULL));
    json_object_put(json);
    cutover_error_free(error);
}

static void a_host_cannot_make_an_error_that_means_success(void **state)
{
    (void)state;
    cutover_error *error = cutover_error_new(CUTOVER_OK, NULL, NULL, NULL);
    assert_int_equal(cutover_error_code(error), CUTOVER_E_CALLBACK);
    assert_string_not_equal(cutover_error_message(error), "");
    cutover_error_free(error);
}

static void no_error_reads_as_nothing(void **state)
{
    (void)state;
    assert_int_equal(cutover_error_code(NULL), CUTOVER_OK);
    assert_string_equal(cutover_error_message(NULL), "");
    assert_null(cutover_error_detail(NULL));
    assert_null(cutover_error_hint(NULL));
    assert_null(cutover_error_sqlstate(NULL));
    assert_null(cutover_error_step(NULL));
    assert_int_equal(cutover_error_verdict(NULL), CUTOVER_VERDICT_NONE);
    cutover_error_free(NULL);
}

static void statuses_and_verdicts_have_names(void **state)
{
    (void)state;
    assert_string_equal(cutover_status_name(CUTOVER_OK), "CUTOVER_OK");
    assert_string_equal(cutover_status_name(CUTOVER_E_INVALID), "CUTOVER_E_INVALID");
    assert_string_equal(cutover_status_name(CUTOVER_E_NOMEM), "CUTOVER_E_NOMEM");
    assert_string_equal(cutover_status_name(CUTOVER_E_UNSUPPORTED), "CUTOVER_E_UNSUPPORTED");
    assert_string_equal(cutover_status_name(CUTOVER_E_INTERNAL), "CUTOVER_E_INTERNAL");
    assert_string_equal(cutover_status_name((cutover_status)-19), "CUTOVER_E_?");
    assert_string_equal(cutover_status_name((cutover_status)1), "CUTOVER_E_?");
    assert_string_equal(cutover_verdict_name(CUTOVER_VERDICT_NONE), "none");
    assert_string_equal(cutover_verdict_name(CUTOVER_VERDICT_EQUAL), "equal");
    assert_string_equal(cutover_verdict_name(CUTOVER_VERDICT_DIFFERENT), "different");
    assert_string_equal(cutover_verdict_name(CUTOVER_VERDICT_UNKNOWN), "could not tell");
    assert_string_equal(cutover_verdict_name((cutover_verdict)9), "could not tell");
}

static void the_version_is_that_of_the_headers(void **state)
{
    (void)state;
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", CUTOVER_VERSION_MAJOR, CUTOVER_VERSION_MINOR,
             CUTOVER_VERSION_PATCH);
    assert_string_equal(cutover_version(), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deeper_error_wins),
        cmocka_unit_test(a_caller_may_want_no_error),
        cmocka_unit_test(a_message_is_one_line_of_utf8),
        cmocka_unit_test(the_text_of_errno_is_appended),
        cmocka_unit_test(out_of_memory_is_one_static_error),
        cmocka_unit_test(the_static_error_cannot_be_completed),
        cmocka_unit_test(completing_sets_each_value_once),
        cmocka_unit_test(only_five_characters_are_a_sqlstate),
        cmocka_unit_test(a_failed_check_never_says_equal),
        cmocka_unit_test(a_callback_that_gave_no_reason_gets_one),
        cmocka_unit_test(a_callback_keeps_its_own_reason),
        cmocka_unit_test(an_unknown_answer_of_a_callback_is_a_failure),
        cmocka_unit_test(no_answer_is_no_success_where_answers_are_strict),
        cmocka_unit_test(the_answer_of_an_inner_callback_is_not_that_of_the_outer_one),
        cmocka_unit_test(a_callback_that_succeeds_leaves_no_error),
        cmocka_unit_test(an_error_is_moved_to_one_owner),
        cmocka_unit_test(what_must_be_said_goes_in_front),
        cmocka_unit_test(an_error_has_a_json_form),
        cmocka_unit_test(a_host_cannot_make_an_error_that_means_success),
        cmocka_unit_test(no_error_reads_as_nothing),
        cmocka_unit_test(statuses_and_verdicts_have_names),
        cmocka_unit_test(the_version_is_that_of_the_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
