/*
 * Child processes by posix_spawn: own process group, environment from scratch, default signals, standard input
 * from /dev/null, standard output and error kept (bounded). Never touches the host's handlers; waits for its own
 * pid only. Where the host ignores SIGCHLD the program runs under a shell that tells its exit status by a pipe; a
 * status that is lost all the same is a failure, never a success (EDGE_CASES G3).
 */
#ifndef CUTOVER_BASE_PROCESS_H
#define CUTOVER_BASE_PROCESS_H

#include "base/cancel.h"
#include "base/text.h"

struct process {
    const char *program;            /* absolute path */
    const char *const *arguments;   /* NULL-terminated, argv[0] included; no secrets */
    const char *const *environment; /* NULL-terminated NAME=VALUE; everything the child gets */
    const struct cancel *cancel;
    int64_t deadline_us; /* monotonic_us() at which it is ended; 0: none */
    size_t output_limit; /* bytes kept of each stream; 0: 64 KiB; the rest is read and dropped */
};

/* Runs it to its end. CUTOVER_OK with *exit_status 0..255 when it exited; CUTOVER_E_IO when it could not be
   started, was ended by a signal, or its status was lost; CUTOVER_E_CANCELLED. On cancel and deadline the group
   gets SIGTERM, after two seconds SIGKILL, and is reaped. output and errors may be NULL; they
   hold what was written when the call fails, too. */
cutover_status process_run(const struct process *process, int *exit_status, struct text *output,
                           struct text *errors, cutover_error **error);

#endif
