/*
 * Ranges of a heap table: the rows that lie between two places of it, where a place is a page and a line in it. Rows are read so
 * that some of them tell theirs, and later one sequential scan says which ranges may hold something else than they did
 * (docs/decisions/0036-page-ranges.md has the rule). Tables of which no query may be planned have no ranges.
 */
#ifndef CUTOVER_POSTGRES_RANGES_H
#define CUTOVER_POSTGRES_RANGES_H

#include "postgres/copy.h"

/* Where a row lies: its ctid. {0, 0} is before all rows. */
struct row_place {
    uint32_t page;
    uint32_t line; /* below 65536 */
};

/* From `first` to before `end`; end {0, 0} is open. */
struct row_range {
    struct row_place first, end;
};

/* Heap, no condition, and planning a query of it calls nobody's functions (struct table, evaluates). */
bool ranges_possible(const struct table *table);
int row_place_compare(struct row_place one, struct row_place other);

/* Starts a COPY of a range's rows in the order of their places, in the form of COPY_TEXT. One of 32 of them tells where it lies (all of
   them where rows are long): a range may end before it. A whole table is read by a sequential scan, in its ring of buffers; a part by
   its pages alone. */
cutover_status ranges_copy_open(struct copy_out *copy, struct session *session, const struct table *table,
                                struct row_range range, cutover_error **error);
/* As copy_out_row(); *told says whether *place was set. */
cutover_status ranges_copy_row(struct copy_out *copy, const char **row, size_t *length, bool *told,
                               struct row_place *place, cutover_error **error);

/* Told of each range in order: how many of its rows the session sees, and whether one of them may be of a transaction that had not
   ended when the other snapshot was taken. A range that has as many rows as it had, and none of these, holds what it held, if the
   table's file is the same one. */
typedef cutover_status (*range_receive)(void *context, size_t range, uint64_t rows, bool newer,
                                        cutover_error **error);
/* Scans a table once, in the session's snapshot: in the transaction that it is in. `since`: pg_current_snapshot() of then.
   `begins`: where ranges begin, in order, the first at {0, 0}; each ends where the next begins, the last is open. What `receive`
   answers ends the scan when it is no CUTOVER_OK; the session cannot be used then for more than closing, as after any failure.
   Takes about a seventh of the server's CPU of a COPY of long rows, half of one of short rows, and memory of the server: 400 bytes for each range. */
cutover_status ranges_scan(struct session *session, const struct table *table, const char *since,
                           const struct row_place *begins, size_t count, range_receive receive, void *context,
                           cutover_error **error);

#endif
