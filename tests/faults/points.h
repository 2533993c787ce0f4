/*
 * Points where a process can be killed: every commit of the store, every statement and connection to a server, every
 * child process, and every sync, rename, making and removing in the file system. They are found by interposition in the
 * test program, so that the library is the one that is shipped, and numbered from 1 in the order in which they are reached.
 */
#ifndef CUTOVER_TESTS_POINTS_H
#define CUTOVER_TESTS_POINTS_H

#include <cutover/store.h>

/* From now on points count. Each is written to `path` as "NUMBER<TAB>STEP<TAB>WHAT", and the process kills itself with SIGKILL at
   number `target`; 0: never. */
void points_begin(const char *path, unsigned target);
/* To be said before that: points only count from one step of the job on; NULL: from its beginning. */
void points_from(const char *step);
/* The following points are of recovery: their step is that, not what the job's record says. */
void points_recovery(void);
/* A store whose commits are points, before and after; it keeps what is behind `store`, and closes it. */
void points_store(cutover_store *store);

/* What a run reached. */
struct point {
    unsigned number;
    char *step, *what;
};

struct points {
    struct point *list;
    unsigned count;
};

/* Reads what a run has written. */
void points_read(const char *path, struct points *points);
void points_free(struct points *points);

#endif
