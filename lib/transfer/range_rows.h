/*
 * A table's rows made into members that end where a range of its places ends, so that a range that changes can be read again
 * alone: about 1 MiB of rows each, as members are anyway, hence no more of them. What is known of each range is kept in a list.
 */
#ifndef CUTOVER_TRANSFER_RANGE_ROWS_H
#define CUTOVER_TRANSFER_RANGE_ROWS_H

#include "archive/member.h"
#include "base/sha256.h"
#include "postgres/ranges.h"

/* Tables of which the main fork has fewer pages are read again whole, if at all. */
#define RANGES_FROM_PAGES 2048u /* 16 MiB */

/* One member, and where the range begins of which it holds the rows. A range without rows has one of no size; one of which no row
   told its place for long has several, which follow each other in the order of the list. */
struct range {
    struct row_place first;
    struct member member;
    struct digest digest;              /* of its rows */
    unsigned char sha256[SHA256_SIZE]; /* of its bytes */
};

struct range_list {
    struct range *ranges;
    size_t count, capacity;
};

cutover_status range_list_add(struct range_list *list, const struct range *range, cutover_error **error);
/* By place; those of one range by their offsets. */
void range_list_sort(struct range_list *list);
void range_list_free(struct range_list *list);

/* Stores a member's bytes, sets its offset and notes the range; `bytes` NULL: there are none to store. */
typedef cutover_status (*range_put)(void *context, const void *bytes, struct range *range,
                                    cutover_error **error);

/* Reads the rows between two places and gives them to `put`, member by member, the ranges in the order of their places: the first
   begins where the whole does. *digest is added to. */
cutover_status range_rows_read(struct session *session, const struct table *table, struct row_range whole,
                               struct member_writer *members, range_put put, void *context,
                               struct digest *digest, cutover_error **error);

#endif
