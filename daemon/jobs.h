/*
 * The workers that run jobs. The API hands each over as it begins; so many run at once, the others wait. At the end of the daemon none is
 * taken any more, those that wait are told as cancelled, and those that run are asked to stop: one at its swap ends it.
 */
#ifndef CUTOVERD_JOBS_H
#define CUTOVERD_JOBS_H

#include "metrics.h"

enum { JOBS_WAITING_MAX = 200, JOBS_RUNNING_MAX = 64 };

struct jobs {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    cutover_api_work *waiting[JOBS_WAITING_MAX];
    size_t waiting_count;
    cutover_api_work *running[JOBS_RUNNING_MAX];
    pthread_t threads[JOBS_RUNNING_MAX];
    size_t worker_count;
    bool ending;
    struct metrics *metrics;
    cutover_engine *engine;
};

void jobs_init(struct jobs *jobs, struct metrics *metrics);
/* False where a thread cannot be made; then jobs_end() ends those that are there. */
bool jobs_start(struct jobs *jobs, cutover_engine *engine, size_t workers);
/* A cutover_api_run_fn. */
cutover_status jobs_take(cutover_api_work *work, void *jobs);
/* No more are taken; what runs is asked to stop. Returns at once. */
void jobs_stop(struct jobs *jobs);
/* How many run. */
size_t jobs_running(struct jobs *jobs);
/* Waits until all have ended. */
void jobs_end(struct jobs *jobs);

#endif
