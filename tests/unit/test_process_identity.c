#include "support/check.h"

#include "base/process_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of a child that has ended, and was waited for, when this returns. */
static void identity_of_the_dead(char identity[PROCESS_IDENTITY_SIZE])
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        process_identity(identity);
        _exit(write(ends[1], identity, PROCESS_IDENTITY_SIZE) == PROCESS_IDENTITY_SIZE ? 0 : 1);
    }
    assert_int_equal(read(ends[0], identity, PROCESS_IDENTITY_SIZE), PROCESS_IDENTITY_SIZE);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
}

/* Replaces one of its four words. */
static void with_word(char identity[PROCESS_IDENTITY_SIZE], int which, const char *word)
{
    char words[4][PROCESS_IDENTITY_SIZE / 4];

    assert_int_equal(sscanf(identity, "%63s %63s %63s %63s", words[0], words[1], words[2], words[3]), 4);
    snprintf(words[which], sizeof words[which], "%s", word);
    snprintf(identity, PROCESS_IDENTITY_SIZE, "%.63s %.63s %.63s %.63s", words[0], words[1], words[2],
             words[3]);
}

static void this_process_is_not_gone(void **state)
{
    char identity[PROCESS_IDENTITY_SIZE], again[PROCESS_IDENTITY_SIZE];

    (void)state;
    process_identity(identity);
    process_identity(again);
    assert_string_equal(identity, again);
    assert_false(process_is_gone(identity));
}

static void a_process_that_has_ended_is_gone(void **state)
{
    char identity[PROCESS_IDENTITY_SIZE];

    (void)state;
    identity_of_the_dead(identity);
    assert_true(process_is_gone(identity));
}

/* Its number is another's by now. */
static void a_process_id_that_is_used_again_is_another_process(void **state)
{
    char identity[PROCESS_IDENTITY_SIZE];

    (void)state;
    process_identity(identity);
    with_word(identity, 3, "1");
    assert_true(process_is_gone(identity));
}

static void of_another_machine_or_namespace_nothing_is_known(void **state)
{
    char identity[PROCESS_IDENTITY_SIZE];

    (void)state;
    identity_of_the_dead(identity);
    with_word(identity, 0, "11111111-2222-3333-4444-555555555555");
    assert_false(process_is_gone(identity));
    identity_of_the_dead(identity);
    with_word(identity, 1, "pid:[1]");
    assert_false(process_is_gone(identity));
}

static void what_is_no_identity_is_nobody_s(void **state)
{
    static const char *const texts[] = {NULL, "", "unknown", "a b", "a b c d", "somebody else"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(process_is_gone(texts[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_process_is_not_gone),
        cmocka_unit_test(a_process_that_has_ended_is_gone),
        cmocka_unit_test(a_process_id_that_is_used_again_is_another_process),
        cmocka_unit_test(of_another_machine_or_namespace_nothing_is_known),
        cmocka_unit_test(what_is_no_identity_is_nobody_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
