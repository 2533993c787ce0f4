/*
 * Processes that run this program again, so many at a time; some only when another one has ended well. What each says is kept, to
 * be shown if it failed.
 */
#ifndef CUTOVER_TESTS_TASKS_H
#define CUTOVER_TESTS_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TASK_ARGUMENTS 10

struct task {
    char *arguments[TASK_ARGUMENTS + 1]; /* malloc'd, after the program's name; ended by NULL */
    const struct task *after;            /* or NULL */
    char *output;                        /* malloc'd: a path */
    pid_t pid;                           /* 0: not running */
    bool ended, succeeded;
};

/* Those that are earlier in the list begin earlier, if they can. */
void tasks_run(struct task *tasks, size_t count, unsigned at_once);
void task_show(const struct task *task);
void task_free(struct task *task);

/* Processors that this process may use. */
unsigned processors(void);

#endif
