/*
 * cutoverctl as a person runs it: on a terminal of its own, or into a pipe, while the test looks at what it says and presses keys.
 */
#ifndef CUTOVER_TESTS_TERMINAL_H
#define CUTOVER_TESTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct terminal {
    pid_t child;
    int file;   /* of what it says, and of the keys */
    char *said; /* so far */
    size_t length;
};

/* Begins it, in the home of tool_begin(), without --json; arguments are ended by a NULL. Without `tty` both outputs go into a pipe. */
void terminal_begin(struct terminal *terminal, bool tty, const char *const *arguments);
/* Reads until it has said this; fails when it ended, or said nothing for a minute. */
void terminal_await(struct terminal *terminal, const char *text);
/* Presses Ctrl-C on the terminal; without one, as the shell does it, sends the signal. */
void terminal_interrupt(struct terminal *terminal);
/* Reads all that is left, and expects this exit status; `said` stays until terminal_free(). */
void terminal_end(struct terminal *terminal, int expected);
void terminal_free(struct terminal *terminal);

#endif
