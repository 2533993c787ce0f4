/*
 * Indexes, their constraints, and foreign keys, built by the workers that copy rows, each as soon as its tables are whole: while
 * a large table is still on its way, nobody waits, and foreign keys of different tables are validated side by side (EDGE_CASES
 * A11, A12, B25). What is not of plain tables (attached partitions' indexes, triggers, …) is left to pg_restore, which leaves
 * out what was built here.
 */
#ifndef CUTOVER_TRANSFER_INDEX_BUILD_H
#define CUTOVER_TRANSFER_INDEX_BUILD_H

#include "transfer/fill.h"

#include <pthread.h>

struct index_build {
    const struct toc *toc; /* of the fill */
    struct index_entry {
        size_t table;
        size_t referenced;               /* a foreign key's other table; of an index, its own */
        const struct index_entry *after; /* a foreign key's index, or NULL */
        const struct toc_entry *toc;
        double share;   /* of the work of them all, by the size of the table */
        bool exclusive; /* ALTER TABLE locks everybody else out, of both tables */
        bool calls;     /* a function that somebody made, and that may read any table */
        bool taken, done;
    } * entries;  /* of the biggest tables first; foreign keys last */
    int32_t *ids; /* their dumpIds, ascending */
    size_t count;
    struct index_table {
        bool whole;
        bool exclusive;  /* one that locks others out is being built */
        unsigned shared; /* others that are */
    } * tables;
    size_t tables_left; /* that are not whole */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool open;
};

/* Finds the indexes and foreign keys of these tables, whose OIDs are those in the schema's archive, which `fill` has read. */
cutover_status index_build_open(struct index_build *build, const struct fill *fill, const struct table *tables,
                                size_t count, cutover_error **error);
/* A table's rows are all there. */
void index_build_table_whole(struct index_build *build, size_t table);
/* Builds one that may be built now, waiting for a table if need be. Called once for each of build->count. */
cutover_status index_build_next(struct index_build *build, struct session *session, const struct fill *fill,
                                cutover_error **error);
/* Whether an entry was built here: for restore_schema.leave_out. */
bool index_build_has(const void *build, int32_t dump_id);
void index_build_close(struct index_build *build);

#endif
