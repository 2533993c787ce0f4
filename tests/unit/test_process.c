/*
 * Children are shells with a line of script: what they do is what the test says. When the host takes its children
 * itself is not left to luck: a handler of SIGCHLD does it.
 */
#include "support/check.h"

#include "base/clock.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR_US INT64_C(3600000000)

struct shell {
    const char *arguments[4];
    const char *environment[3];
    struct process process;
    struct text output, errors;
    int exit_status;
};

static int make_shell(void **state)
{
    static struct shell shell;
    shell = (struct shell){.arguments = {"sh", "-c", NULL, NULL},
                           .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL},
                           .output = TEXT_INIT,
                           .errors = TEXT_INIT,
                           .exit_status = -1};
    shell.process =
        (struct process){.program = "/bin/sh", .arguments = shell.arguments, .environment = shell.environment};
    *state = &shell;
    return 0;
}

static int free_shell(void **state)
{
    struct shell *shell = *state;
    text_free(&shell->output);
    text_free(&shell->errors);
    signal(SIGCHLD, SIG_DFL);
    return 0;
}

static cutover_status run(struct shell *shell, const char *script, cutover_error **error)
{
    shell->arguments[2] = script;
    return process_run(&shell->process, &shell->exit_status, &shell->output, &shell->errors, error);
}

static void no_child_is_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void output_errors_and_status_are_kept(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    check_ok(run(shell, "echo out; echo err >&2; exit 3", &error), error);
    assert_int_equal(shell->exit_status, 3);
    assert_string_equal(text_string(&shell->output), "out\n");
    assert_string_equal(text_string(&shell->errors), "err\n");
    no_child_is_left();
}

static void success_is_zero(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    shell->arguments[2] = "echo nobody reads this; exit 0";
    check_ok(process_run(&shell->process, &shell->exit_status, NULL, NULL, &error), error);
    assert_int_equal(shell->exit_status, 0);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    struct shell *shell = *state;
    for (int ignored = 0; ignored < 2; ignored++) {
        cutover_error *error = NULL;
        signal(SIGCHLD, ignored ? SIG_IGN : SIG_DFL);
        shell->process.program = "/nonexistent/pg_dump";
        check_status_keep(run(shell, "exit 0", &error), CUTOVER_E_IO, error);
        assert_string_equal(cutover_error_message(error),
                            "cannot start /nonexistent/pg_dump: No such file or directory");
        assert_int_equal(shell->exit_status, -1);
        cutover_error_free(error);
    }
}

/* EDGE_CASES G11: nothing of the host's environment, its standard input at its end. */
static void the_child_gets_only_what_it_is_given(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    static const char *const program[] = {"env", NULL};
    static const char *const environment[] = {"PGPASSFILE=/x", "LC_ALL=C", NULL};
    shell->process =
        (struct process){.program = "/usr/bin/env", .arguments = program, .environment = environment};
    check_ok(run(shell, NULL, &error), error);
    assert_string_equal(text_string(&shell->output), "PGPASSFILE=/x\nLC_ALL=C\n");
}

static void standard_input_is_empty(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    check_ok(run(shell, "cat; echo read $?", &error), error);
    assert_string_equal(text_string(&shell->output), "read 0\n");
}

/* A descriptor that the host forgot to mark close-on-exec does not reach the child either. */
static void no_descriptor_is_inherited(void **state)
{
    struct shell *shell = *state;
    for (int ignored = 0; ignored < 2; ignored++) {
        cutover_error *error = NULL;
        signal(SIGCHLD, ignored ? SIG_IGN : SIG_DFL);
        assert_int_equal(dup2(STDIN_FILENO, 55), 55);
        check_ok(run(shell, "for fd in 3 4 5 6 7 8 55; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done", &error),
                 error);
        close(55);
        assert_string_equal(text_string(&shell->output), "");
    }
}

/* EDGE_CASES G5. */
static void the_child_leads_its_own_group(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    check_ok(
        run(shell, "read -r pid name st ppid pgrp rest < /proc/$$/stat; [ $pid = $pgrp ] && echo own", &error),
        error);
    assert_string_equal(text_string(&shell->output), "own\n");
}

/* EDGE_CASES G13: what the host ignores or blocks is not inherited. */
static void the_childs_signals_are_the_default(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &block, &before);
    void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);
    check_ok(run(shell,
                 "while read -r name bits; do case $name in SigBlk:|SigIgn:) echo 0x$bits; esac; done "
                 "< /proc/self/status",
                 &error),
             error);
    signal(SIGPIPE, pipe_before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    char *end = NULL;
    unsigned long long blocked = strtoull(text_string(&shell->output), &end, 16);
    unsigned long long ignored = strtoull(end, NULL, 16);
    assert_true(end > text_string(&shell->output));
    assert_true(blocked == 0);
    assert_true((ignored & 0x7fffffff) == 0); /* 32 and 33 are the C library's own */
}

static void output_past_the_limit_is_dropped_and_harms_nothing(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    shell->process.output_limit = 1000;
    check_ok(run(shell,
                 "head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2; exit 5",
                 &error),
             error);
    assert_int_equal(shell->exit_status, 5);
    assert_int_equal(shell->output.length, 1000);
    assert_int_equal(shell->errors.length, 1000);
    assert_int_equal(shell->output.bytes[999], 'x');
    assert_int_equal(shell->errors.bytes[999], 'y');
}

static void a_child_that_closes_its_streams_is_waited_for(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    check_ok(run(shell, "echo before; exec >&- 2>&-; sleep 0.2; exit 4", &error), error);
    assert_int_equal(shell->exit_status, 4);
    assert_string_equal(text_string(&shell->output), "before\n");
    no_child_is_left();
}

static void a_child_that_died_of_a_signal_is_an_error(void **state)
{
    struct shell *shell = *state;
    for (int ignored = 0; ignored < 2; ignored++) {
        cutover_error *error = NULL;
        signal(SIGCHLD, ignored ? SIG_IGN : SIG_DFL);
        check_status_keep(run(shell, "kill -KILL $$", &error), CUTOVER_E_IO, error);
        assert_string_equal(cutover_error_message(error), "sh was ended by signal 9");
        assert_int_equal(shell->exit_status, -1);
        cutover_error_free(error);
    }
}

static void *ask_soon(void *argument)
{
    cancel_sleep(NULL, 200, NULL);
    cancel_ask(argument);
    return NULL;
}

static void cancel_while_it_runs(struct shell *shell, const char *script)
{
    cutover_error *error = NULL;
    struct cancel cancel;
    pthread_t thread;
    cancel_init(&cancel, NULL);
    shell->process.cancel = &cancel;
    assert_int_equal(pthread_create(&thread, NULL, ask_soon, &cancel), 0);
    check_status(run(shell, script, &error), CUTOVER_E_CANCELLED, error);
    pthread_join(thread, NULL);
    assert_int_equal(shell->exit_status, -1);
    no_child_is_left();
}

/* The pid that the script wrote first. */
static pid_t written_pid(const struct shell *shell)
{
    long pid = strtol(text_string(&shell->output), NULL, 10);
    assert_true(pid > 1);
    return (pid_t)pid;
}

/* Gone, or a zombie that waits for whoever adopted it. */
static void ends_soon(pid_t pid)
{
    char path[64], status[4096];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return;
        ssize_t count = read(fd, status, sizeof status - 1);
        close(fd);
        if (count <= 0)
            return;
        status[count] = '\0';
        if (strstr(status, "State:\tZ") != NULL || strstr(status, "State:\tX") != NULL)
            return;
        cancel_sleep(NULL, 10, NULL);
    }
}

static void cancelling_ends_the_whole_group(void **state)
{
    struct shell *shell = *state;
    cancel_while_it_runs(shell, "sleep 3600 & echo $!; wait");
    ends_soon(written_pid(shell));
}

static void a_child_that_ignores_the_request_is_killed(void **state)
{
    struct shell *shell = *state;
    cancel_while_it_runs(shell, "trap '' TERM; sleep 3600 & echo $!; while :; do wait; done");
    ends_soon(written_pid(shell));
}

static void endless_output_cannot_hold_off_a_cancel(void **state)
{
    struct shell *shell = *state;
    cancel_while_it_runs(shell, "exec yes");
}

static void a_cancelled_run_starts_nothing(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    cancel_ask(&cancel);
    shell->process.cancel = &cancel;
    check_status(run(shell, "echo started", &error), CUTOVER_E_CANCELLED, error);
    assert_string_equal(text_string(&shell->output), "");
}

static void a_deadline_ends_the_child(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    shell->process.deadline_us = monotonic_us() + 200000;
    check_status_keep(run(shell, "exec sleep 3600", &error), CUTOVER_E_IO, error);
    check_contains(cutover_error_message(error), "deadline");
    cutover_error_free(error);
    no_child_is_left();

    error = NULL;
    shell->process.deadline_us = monotonic_us() + HOUR_US;
    check_ok(run(shell, "exit 0", &error), error);
}

static void what_a_child_leaves_behind_is_ended(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    check_ok(run(shell, "sleep 3600 & echo $!; exit 0", &error), error);
    assert_int_equal(shell->exit_status, 0);
    ends_soon(written_pid(shell));
}

/* EDGE_CASES G3: the kernel throws the status away, and we know it nevertheless. */
static void the_status_is_known_when_the_host_ignores_its_children(void **state)
{
    struct shell *shell = *state;
    static const struct {
        const char *script;
        int exit_status;
    } cases[] = {{"echo out; echo err >&2; exit 0", 0},
                 {"echo out; echo err >&2; exit 1", 1},
                 {"echo out; echo err >&2; exit 127", 127}};
    for (size_t i = 0; i < 6; i++) {
        cutover_error *error = NULL;
        struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}, now;
        if (i < 3)
            action = (struct sigaction){.sa_handler = SIG_IGN};
        sigaction(SIGCHLD, &action, NULL);
        text_clear(&shell->output);
        text_clear(&shell->errors);
        check_ok(run(shell, cases[i % 3].script, &error), error);
        assert_int_equal(shell->exit_status, cases[i % 3].exit_status);
        assert_string_equal(text_string(&shell->output), "out\n");
        assert_string_equal(text_string(&shell->errors), "err\n");
        sigaction(SIGCHLD, NULL, &now);
        assert_true(now.sa_handler == action.sa_handler);
    }
}

static void arguments_arrive_when_the_host_ignores_its_children(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    static const char *const arguments[] = {"printf", "[%s]", "a b", "", "$HOME", "'\"", "-n", NULL};
    shell->process.program = "/usr/bin/printf";
    shell->process.arguments = arguments;
    signal(SIGCHLD, SIG_IGN);
    check_ok(run(shell, NULL, &error), error);
    assert_string_equal(text_string(&shell->output), "[a b][][$HOME]['\"][-n]");
}

static void a_stubborn_child_is_killed_when_the_host_ignores_its_children(void **state)
{
    struct shell *shell = *state;
    signal(SIGCHLD, SIG_IGN);
    cancel_while_it_runs(shell, "trap '' TERM; echo $$; while :; do sleep 1; done");
    ends_soon(written_pid(shell));
}

static void take_every_child(int number)
{
    (void)number;
    int before = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    errno = before;
}

/* EDGE_CASES G3: a host that waits for every child may take ours. Then nobody knows, and that is no success. */
static void a_lost_status_is_never_a_success(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    struct sigaction action = {.sa_handler = take_every_child};
    sigaction(SIGCHLD, &action, NULL);
    check_status_keep(run(shell, "echo out; exit 0", &error), CUTOVER_E_IO, error);
    assert_string_equal(cutover_error_message(error), "sh: exit status lost");
    assert_non_null(cutover_error_hint(error));
    assert_int_equal(shell->exit_status, -1);
    cutover_error_free(error);
}

/* EDGE_CASES G4. */
static void the_hosts_own_children_are_left_to_it(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    int status = 0;
    pid_t own = fork();
    if (own == 0)
        _exit(7);
    check_ok(run(shell, "sleep 0.1; exit 0", &error), error);
    assert_int_equal(waitpid(own, &status, 0), own);
    assert_int_equal(WEXITSTATUS(status), 7);
}

/* A daemon may have closed its standard streams: pipes then get the numbers 0 to 2. */
static void closed_standard_streams_of_the_host_do_no_harm(void **state)
{
    struct shell *shell = *state;
    for (int ignored = 0; ignored < 2; ignored++) {
        cutover_error *error = NULL;
        int saved[3];
        signal(SIGCHLD, ignored ? SIG_IGN : SIG_DFL);
        text_clear(&shell->output);
        text_clear(&shell->errors);
        for (int fd = 0; fd < 3; fd++) {
            saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
            close(fd);
        }
        cutover_status status = run(shell, "cat; echo out; echo err >&2; exit 6", &error);
        for (int fd = 0; fd < 3; fd++) {
            if (saved[fd] >= 0)
                dup2(saved[fd], fd);
            close(saved[fd]);
        }
        check_ok(status, error);
        assert_int_equal(shell->exit_status, 6);
        assert_string_equal(text_string(&shell->output), "out\n");
        assert_string_equal(text_string(&shell->errors), "err\n");
    }
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            count++;
    return count;
}

static void no_descriptor_is_left_open(void **state)
{
    struct shell *shell = *state;
    cutover_error *error = NULL;
    int before = open_descriptors();
    check_ok(run(shell, "exit 0", &error), error);
    signal(SIGCHLD, SIG_IGN);
    check_ok(run(shell, "exit 0", &error), error);
    shell->process.program = "/nonexistent/pg_dump";
    check_status(run(shell, "exit 0", &error), CUTOVER_E_IO, error);
    assert_int_equal(open_descriptors(), before);
}

#define process_test(name) cmocka_unit_test_setup_teardown(name, make_shell, free_shell)

int main(void)
{
    const struct CMUnitTest tests[] = {
        process_test(output_errors_and_status_are_kept),
        process_test(success_is_zero),
        process_test(a_program_that_is_not_there_is_an_error),
        process_test(the_child_gets_only_what_it_is_given),
        process_test(standard_input_is_empty),
        process_test(no_descriptor_is_inherited),
        process_test(the_child_leads_its_own_group),
        process_test(the_childs_signals_are_the_default),
        process_test(output_past_the_limit_is_dropped_and_harms_nothing),
        process_test(a_child_that_closes_its_streams_is_waited_for),
        process_test(a_child_that_died_of_a_signal_is_an_error),
        process_test(cancelling_ends_the_whole_group),
        process_test(a_child_that_ignores_the_request_is_killed),
        process_test(endless_output_cannot_hold_off_a_cancel),
        process_test(a_cancelled_run_starts_nothing),
        process_test(a_deadline_ends_the_child),
        process_test(what_a_child_leaves_behind_is_ended),
        process_test(the_status_is_known_when_the_host_ignores_its_children),
        process_test(arguments_arrive_when_the_host_ignores_its_children),
        process_test(a_stubborn_child_is_killed_when_the_host_ignores_its_children),
        process_test(a_lost_status_is_never_a_success),
        process_test(the_hosts_own_children_are_left_to_it),
        process_test(closed_standard_streams_of_the_host_do_no_harm),
        process_test(no_descriptor_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
