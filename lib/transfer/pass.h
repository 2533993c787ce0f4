/*
 * A pass: all rows of a list of tables, once through. It divides the tables (transfer/plan.h), runs worker threads over the
 * parts, adds up what they hand in, tells progress, and ends well only when every table is whole (EDGE_CASES B18). What a part
 * is moved from and to is the caller's; so is what comes before the parts (what is not rows) and after them (indexes).
 *
 * Tasks are taken in this order, each by the first worker that is free: `before`, the parts, biggest first, then `after`.
 * A task of `after` may run while parts are still on their way with other workers, and may wait for them; none of the parts
 * waits for anything.
 */
#ifndef CUTOVER_TRANSFER_PASS_H
#define CUTOVER_TRANSFER_PASS_H

#include "job/progress.h"
#include "transfer/plan.h"

struct pass {
    const struct table *tables; /* kept until pass_close(); receipts are in their order */
    size_t table_count;
    unsigned jobs;
    enum plan_split split;
    struct progress *progress;
    bool in_phase; /* the caller has begun a phase, and ends it; else the pass does so with this one: */
    enum phase phase;
    uint64_t bytes; /* that it expects */

    /* As in base/workers.h: what a worker needs, opened and closed on its thread. */
    cutover_status (*open)(void *context, struct cancel *cancel, void **state, cutover_error **error);
    void (*close)(void *context, void *state);
    /* Once, beside the first parts. Optional. */
    cutover_status (*before)(void *context, void *state, cutover_error **error);
    /* Moves one part; *digest and *bytes, zero at the call, are its receipt. */
    cutover_status (*part)(void *context, void *state, const struct part *part, struct digest *digest,
                           uint64_t *bytes, cutover_error **error);
    /* Once for each table, after its last part, on the worker that moved that: the table's receipt is complete. Optional. */
    cutover_status (*whole)(void *context, void *state, size_t table, cutover_error **error);
    /* `after_count` times. */
    cutover_status (*after)(void *context, void *state, cutover_error **error);
    size_t after_count;
    void *context;

    struct plan plan; /* the pass's own */
    struct receipts receipts;
};

/* Runs it; every thread is joined on return. The first failure, or a cancel through the progress, stops them all.
   CUTOVER_E_INTERNAL when a table is not whole. */
cutover_status pass_run(struct pass *pass, cutover_error **error);
/* Frees plan and receipts, whatever became of the pass. */
void pass_close(struct pass *pass);

#endif
