/*
 * Points where a process can be killed: every commit of the store, every statement and connection to a server, every
 * child process, and every sync, rename, making and removing in the file system. They are found by interposition in the
 * test program, so that the library is the one that is shipped, and numbered from 1 in the order in which they are reached.
 *
 * A job asks a server again until an answer suits it, so that the numbers vary a little from run to run. A place does not:
 * "MAJOR.MINOR" counts what is neither a query nor a connection, and then the queries and connections since.
 */
#ifndef CUTOVER_TESTS_POINTS_H
#define CUTOVER_TESTS_POINTS_H

#include <cutover/store.h>

#include <stdbool.h>

struct place {
    unsigned major, minor;
};

/* From now on points count. Each is written to `path` as "NUMBER<TAB>PLACE<TAB>STEP<TAB>WHAT", and the process kills itself with
   SIGKILL at the target: a number, or a place "MAJOR.MINOR" (the first point that is not before it); "0": never. */
void points_begin(const char *path, const char *target);
/* To be said before that: points only count from one step of the job on; NULL: from its beginning. */
void points_from(const char *step);
/* Likewise: at each point a byte is written to this descriptor, and the process goes on when it has read one. */
void points_wait(int descriptor);
/* The following points are of recovery: their step is that, not what the job's record says. */
void points_recovery(void);
/* A store whose commits are points, before and after; it keeps what is behind `store`, and closes it. The renewals of a lease,
   which come when they come, are none. */
void points_store(cutover_store *store);

/* What a run reached. */
struct point {
    unsigned number;
    struct place place;
    char *step, *what;
};

struct points {
    struct point *list;
    unsigned count;
};

/* Reads what a run has written. */
void points_read(const char *path, struct points *points);
void points_free(struct points *points);

/* Whether a point's call is this one: "committed", "send". */
bool point_is(const struct point *point, const char *call);

#endif
