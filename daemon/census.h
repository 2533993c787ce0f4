/*
 * How many jobs of which kind and status the store has, without reading all of them each time.
 *
 * Jobs lie in the order of their time, and what is over stays what it is, but for what is seldom (a backup that is deleted or verified
 * again, a job that a server lost). So jobs that are over and older than an hour are counted once, and all are counted anew each ten
 * minutes; those of the last hour, whose records may still come in between, and those that are unfinished are read each time.
 */
#ifndef CUTOVERD_CENSUS_H
#define CUTOVERD_CENSUS_H

#include "house.h"

#include <pthread.h>

#define CENSUS_KINDS 64 /* of a kind and a status: there are far fewer */

struct census_row {
    char kind[24], status[24];
    double count;
};

struct census_table {
    struct census_row rows[CENSUS_KINDS];
    size_t count;
};

struct census {
    pthread_mutex_t mutex;
    struct census_table settled; /* jobs up to `mark` that are over */
    char mark[201];
    char **unfinished; /* ids of those up to `mark` that are not */
    size_t unfinished_count;
    int64_t begun_at; /* when all were counted last; 0: never */
};

void census_init(struct census *census);
void census_free(struct census *census);

typedef void (*census_each)(const cutover_job *job, void *context);
/* Counts; `running` is told of each that is not over, with its sign of life. Of two callers one waits. */
cutover_status census_take(struct census *census, cutover_engine *engine, int64_t now,
                           struct census_table *table, census_each running, void *context,
                           cutover_error **error);

#endif
