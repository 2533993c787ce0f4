/*
 * An operation: what every job works with, whatever it does: the host, the tools, a private folder, the number of
 * streams, a way to cancel and to tell progress.
 */
#ifndef CUTOVER_JOB_OPERATION_H
#define CUTOVER_JOB_OPERATION_H

#include "job/host.h"
#include "job/progress.h"
#include "postgres/session_reserve.h"
#include "postgres/tools.h"

#define JOBS_DEFAULT 2
#define JOBS_MAX 64

struct operation {
    struct host *host;
    struct tools tools;
    char *folder;
    int folder_lock; /* with a folder: while this is open it is not swept; or -1 */
    unsigned jobs;
    struct cancel cancel;
    struct progress progress;
    struct session_reserve reserved,
        *reserve; /* what session_open() takes first, with the options below; NULL: nothing */
};

/* CUTOVER_E_INVALID when jobs is out of bounds. */
cutover_status operation_jobs_check(uint32_t jobs, cutover_error **error);
/* Ready to be cancelled and watched; nothing else is there yet. `jobs` 0 is the default. */
void operation_init(struct operation *operation, struct host *host, uint32_t jobs, cutover_progress_fn tell,
                    void *tell_userdata);
/* Finds the tools and makes the folder. */
cutover_status operation_open(struct operation *operation, cutover_error **error);
/* Removes what open made; also after init alone. */
void operation_close(struct operation *operation);

/* Removes the private folders of jobs whose process is gone. */
void operation_sweep(const struct host *host);

/* Options for a session of this operation; database NULL: as conninfo says. */
struct session_options operation_session(const struct operation *operation, const struct conninfo *conninfo,
                                         const char *database);

#endif
