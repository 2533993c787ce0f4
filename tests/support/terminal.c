#include "support/terminal.h"

#include "support/check.h"
#include "support/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SILENCE_MS 60000
#define CTRL_C "\x03"

static void child_run(const char *const *arguments)
{
    const char *argv[20] = {BUILD_FOLDER "/cutoverctl", "--home", tool_home()};

    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[3 + i] = arguments[i];
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static pid_t child_piped(int *file)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
    } else {
        close(ends[1]);
        *file = ends[0];
    }
    return child;
}

void terminal_begin(struct terminal *terminal, bool tty, const char *const *arguments)
{
    *terminal = (struct terminal){.said = calloc(1, 1)};
    terminal->child = tty ? forkpty(&terminal->file, NULL, NULL, NULL) : child_piped(&terminal->file);
    if (terminal->child == 0)
        child_run(arguments);
    assert_true(terminal->child > 0);
    fcntl(terminal->file, F_SETFD, FD_CLOEXEC);
}

/* False at its end: a terminal whose other side is gone is an error. */
static bool read_more(struct terminal *terminal)
{
    struct pollfd wait = {.fd = terminal->file, .events = POLLIN};
    char part[4096];

    if (poll(&wait, 1, SILENCE_MS) == 0)
        fail_msg("cutoverctl says nothing more; it had said: %s", terminal->said);
    ssize_t count = read(terminal->file, part, sizeof part);
    if (count < 0 && errno == EINTR)
        return true;
    if (count <= 0)
        return false;
    terminal->said = realloc(terminal->said, terminal->length + (size_t)count + 1);
    assert_non_null(terminal->said);
    memcpy(terminal->said + terminal->length, part, (size_t)count);
    terminal->length += (size_t)count;
    terminal->said[terminal->length] = '\0';
    return true;
}

void terminal_await(struct terminal *terminal, const char *text)
{
    while (strstr(terminal->said, text) == NULL)
        if (!read_more(terminal))
            fail_msg("cutoverctl ended without saying \"%s\"; it said: %s", text, terminal->said);
}

void terminal_interrupt(struct terminal *terminal)
{
    if (isatty(terminal->file))
        assert_int_equal(write(terminal->file, CTRL_C, 1), 1);
    else
        assert_int_equal(kill(terminal->child, SIGINT), 0);
}

void terminal_end(struct terminal *terminal, int expected)
{
    int status = 0;

    while (read_more(terminal))
        ;
    assert_int_equal(waitpid(terminal->child, &status, 0), terminal->child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail_msg("cutoverctl ended with %d, not %d, and said: %s", status, expected, terminal->said);
}

void terminal_free(struct terminal *terminal)
{
    close(terminal->file);
    free(terminal->said);
}
