/*
 * Plans: how the rows of a database are divided among workers. Biggest first; a table is split when the workers would
 * otherwise wait for it.
 */
#ifndef CUTOVER_TRANSFER_PLAN_H
#define CUTOVER_TRANSFER_PLAN_H

#include "postgres/copy.h"

#include <pthread.h>

/* One piece of work: a range of a table. */
struct part {
    size_t table; /* index into the plan's tables */
    struct page_range range;
    uint64_t bytes; /* expected */
    bool whole;     /* the table's only part */
};

struct plan {
    struct part *parts; /* biggest first */
    size_t count;
    unsigned *table_parts; /* per table: into how many parts it was divided */
};

enum plan_split {
    SPLIT_FREELY,     /* parts cost nothing extra: small ones balance best */
    SPLIT_WHEN_NEEDED /* a whole table is written better (COPY FREEZE): only what would leave workers idle */
};

/* The smallest part that is worth a stream of its own. */
#define PLAN_PART_MIN (UINT64_C(32) << 20)

/* `jobs` from 1 to JOBS_MAX. */
cutover_status plan_make(const struct table *tables, size_t count, unsigned jobs, enum plan_split split,
                         struct plan *plan, cutover_error **error);
void plan_free(struct plan *plan);

/* What workers hand in: one per table. A table is whole only when every part of it has been received (EDGE_CASES B18). */
struct receipts {
    pthread_mutex_t mutex;
    struct receipt {
        struct digest digest;
        uint64_t bytes;
        unsigned parts_left;
    } * tables;
    size_t count;
};

cutover_status receipts_open(struct receipts *receipts, const struct plan *plan, size_t tables,
                             cutover_error **error);
/* Adds a finished part; *last tells that it completed its table. */
void receipts_add(struct receipts *receipts, size_t table, const struct digest *digest, uint64_t bytes,
                  bool *last);
/* CUTOVER_E_INTERNAL naming the table when one is not whole. */
cutover_status receipts_check(const struct receipts *receipts, const struct table *tables,
                              cutover_error **error);
void receipts_close(struct receipts *receipts);

#endif
