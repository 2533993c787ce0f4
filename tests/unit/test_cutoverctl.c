/*
 * The tool as a shell runs it, as far as it needs no server.
 */
#include "support/check.h"
#include "support/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *home;

/* What it says, malloc'd, after it ended with this status. */
static char *run(int expected, const char *const *arguments)
{
    const char *argv[20] = {CUTOVERCTL, "--home", home};
    char *said = NULL;

    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[3 + i] = arguments[i];
    int status = cluster_run(argv, &said);
    if (status != expected)
        fail_msg("%s ended with %d, and said: %s", arguments[0], status, said);
    return said;
}

#define RUN(expected, ...) run((expected), (const char *const[]){__VA_ARGS__, NULL})

static void done(char *said)
{
    free(said);
}

static int setup(void **state)
{
    (void)state;
    home = cluster_temp_dir();
    done(RUN(0, "init"));
    done(RUN(0, "project", "add", "shop", "--database", "host=/nowhere dbname=shop"));
    done(RUN(0, "preview", "add", "next", "--project", "shop", "--database", "host=/nowhere dbname=next",
             "--expires-in", "7d"));
    return 0;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* A customer's note goes to the operator's terminal. */
static void a_note_forges_no_line(void **state)
{
    static const char note[] = "please\n01ARZ3NDEKTSV4RRFFQ69G5FAV  acked  \x1b[2J\xc2\x9b"
                               "A\xe2\x80\xae";

    (void)state;
    done(RUN(0, "--as", "user:ann:member", "request", "create", "--project", "shop", "--preview", "next",
             "--note", note));
    char *list = RUN(0, "request", "list", "--project", "shop"),
         *json = RUN(0, "--json", "request", "list", "--project", "shop");
    assert_int_equal(lines_of(list), 1);
    assert_null(strchr(list, '\x1b'));
    assert_null(strstr(list, "\xc2\x9b"));
    check_contains(list, "please\\n01ARZ3NDEKTSV4RRFFQ69G5FAV  acked  \\u001b[2J\\u009bA\\u202e");
    check_contains(json, "please\\n01ARZ3NDEKTSV4RRFFQ69G5FAV");
    free(json);
    free(list);
}

/* PGDATABASE names nobody's production. */
static void a_target_is_named(void **state)
{
    (void)state;
    char *said = RUN(2, "project", "add", "other", "--database", "host=/nowhere user=platform");
    check_contains(said, "project.database names no dbname");
    check_contains(said, "hint: Write dbname into the connection string itself");
    free(said);
    said = RUN(2, "preview", "add", "other", "--project", "shop", "--database", "dbname=next", "--expires-in",
               "1d");
    check_contains(said, "preview.database names no host");
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_forges_no_line),
        cmocka_unit_test(a_target_is_named),
    };

    return cmocka_run_group_tests_name("cutoverctl", tests, setup, NULL);
}
