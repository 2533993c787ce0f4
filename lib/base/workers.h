/*
 * Worker threads over a list of tasks, joined before the call returns. Tasks are taken in index order.
 */
#ifndef CUTOVER_BASE_WORKERS_H
#define CUTOVER_BASE_WORKERS_H

#include "base/cancel.h"

struct workers {
    unsigned jobs; /* threads; at least 1, no more than tasks are started */
    size_t tasks;
    /* Opens what a worker needs for all its tasks (sessions, buffers). Called on the worker's thread. A failing open may
       leave what it has so far in *state: then it is closed, too. */
    cutover_status (*open)(void *context, struct cancel *cancel, void **state, cutover_error **error);
    cutover_status (*task)(void *context, void *state, size_t index, cutover_error **error);
    void (*close)(void *context, void *state);
    void *context;
    /* Called on the calling thread about ten times a second while workers run, and once at the end. Non-OK
       cancels the workers. Optional. */
    cutover_status (*tick)(void *tick_context, cutover_error **error);
    void *tick_context;
};

/* Runs them. The first failure cancels the others (they see it through the cancel given to open, whose parent is
   `cancel`) and is returned. CUTOVER_OK only when every task returned CUTOVER_OK: receipts are counted. */
cutover_status workers_run(const struct workers *workers, const struct cancel *cancel, cutover_error **error);

#endif
