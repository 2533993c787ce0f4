/*
 * How a test's process dies where it stands, as one that the kernel ends: nothing is flushed, and no handler runs. Where coverage
 * is counted it is written down first, or what ran before would seem not to have.
 */
#ifndef CUTOVER_TESTS_KILLED_H
#define CUTOVER_TESTS_KILLED_H

#include <signal.h>
#include <unistd.h>

#ifdef CUTOVER_COVERAGE
void __gcov_dump(void);
void __gcov_reset(void);
#endif

/* Before a process is killed, by itself or by another. */
static inline void coverage_keep(void)
{
#ifdef CUTOVER_COVERAGE
    __gcov_dump();
    __gcov_reset();
#endif
}

/* A child's end, in place of _exit(), which counts nothing either. */
static inline _Noreturn void leave(int status)
{
    coverage_keep();
    _exit(status);
}

static inline void die_here(void)
{
    coverage_keep();
    kill(getpid(), SIGKILL);
}

#endif
