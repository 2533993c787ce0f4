#include "support/check.h"

#include "postgres/redact.h"

#include <string.h>

/* What pg_restore says of a statement that failed, without the values in it. */

#define FAILED "pg_restore: error: could not execute query: ERROR:  "

static void check_redacted(const char *said, const char *expected)
{
    struct text out = TEXT_INIT;

    redact(&out, said, "pg_restore");
    assert_string_equal(text_string(&out), expected);
    text_free(&out);
}

static void what_has_no_options_is_told(void **state)
{
    static const char said[] =
        "pg_restore: while PROCESSING TOC:\n"
        "pg_restore: from TOC entry 7; 1259 16400 TABLE t shop\n" FAILED "type \"public.mood\" does not exist\n"
        "LINE 2: a public.mood\n"
        "Command was: CREATE TABLE public.t (\n    a public.mood\n);\n\n";

    (void)state;
    check_redacted(said, said);
    check_redacted("", "");
    check_redacted("no line break", "no line break");
}

static void options_are_left_out(void **state)
{
    (void)state;
    check_redacted(FAILED "role \"gone\" does not exist\n"
                          "Command was: CREATE USER MAPPING FOR gone SERVER s OPTIONS (\n    \"user\" 'u',\n"
                          "    password 'one'\n);\n\npg_restore: warning: errors ignored on restore: 1\n",
                   FAILED "role \"gone\" does not exist\n"
                          "Command was: CREATE USER MAPPING FOR gone SERVER s OPTIONS (left out)\n"
                          "pg_restore: warning: errors ignored on restore: 1\n");
    check_redacted(FAILED "no such slot\nCommand was: CREATE SUBSCRIPTION s CONNECTION 'host=h password=one'"
                          " PUBLICATION p;\n",
                   FAILED "no such slot\nCommand was: CREATE SUBSCRIPTION s CONNECTION (left out)\n");
}

static void what_the_server_repeats_of_them_is_left_out(void **state)
{
    static const char left_out[] = "pg_restore: error: a value of an option is refused\n"
                                   "Command was: CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (left out)\n";

    (void)state;
    check_redacted(FAILED
                   "bad value: one\nCommand was: CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (x 'one');\n",
                   left_out);
    /* A part of it, too. */
    check_redacted(FAILED "missing \"=\" after \"one\"\n"
                          "Command was: CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (x 'host=h one');\n",
                   left_out);
    /* Not so what is only within another word. */
    check_redacted(FAILED "nobody has done it\n"
                          "Command was: CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (x 'one');\n",
                   FAILED "nobody has done it\n"
                          "Command was: CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (left out)\n");
}

/* The body of a function may say OPTIONS, and name the type that is missing. */
static void what_is_missing_for_another_statement_is_told(void **state)
{
    (void)state;
    check_redacted(
        FAILED "type \"mood\" does not exist\n"
               "Command was: CREATE FUNCTION f() RETURNS mood LANGUAGE sql AS $$ OPTIONS 'mood' $$;\n",
        FAILED "type \"mood\" does not exist\n"
               "Command was: CREATE FUNCTION f() RETURNS mood LANGUAGE sql AS $$ OPTIONS (left out)\n");
}

static void notices_are_left_out(void **state)
{
    (void)state;
    check_redacted(
        "WARNING:  invalid value for parameter \"work_mem\": \"one\"\nHINT:  Valid units are kB.\n" FAILED
        "stop\nHINT:  Go on.\n",
        FAILED "stop\nHINT:  Go on.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_no_options_is_told),
        cmocka_unit_test(options_are_left_out),
        cmocka_unit_test(what_the_server_repeats_of_them_is_left_out),
        cmocka_unit_test(what_is_missing_for_another_statement_is_told),
        cmocka_unit_test(notices_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
