/*
 * What a reader of a database has to read again: which tables may hold other rows than when a snapshot was taken, by two marks
 * (postgres/swap/fence.h), one read before the snapshot and one later.
 *
 * Why nothing is missed: a session counts what it wrote when its transaction has ended, so that what a snapshot does not see is
 * counted after it, and so after the mark before it; counters only grow, and whatever leaves them as they are (TRUNCATE, a rewrite)
 * gives the table another file. What a session that is still there has not counted yet a later mark has. The mark that decides is
 * taken behind the fence, when all are gone. What was counted late, though the snapshot saw it, is read again for nothing.
 *
 * Of definitions it says which relation has another name, schema, or other columns: facts are by name, and may end as they began.
 * Sequences are not its business: they are read each time.
 */
#ifndef CUTOVER_POSTGRES_SWAP_STALE_H
#define CUTOVER_POSTGRES_SWAP_STALE_H

#include "postgres/swap/fence.h"

struct stale {
    uint32_t *tables; /* OIDs in order, each once; those that came or went among them */
    size_t count;
    bool large_objects;
    bool all; /* counters were reset, or the server restarted: nothing is known */
    uint32_t
        altered; /* a relation whose name, schema or columns are others than they were; 0: there is none. Its rows may mean something
                         else then, without one of them being touched */
};

/* Both marks have their layout. */
cutover_status stale_find(const struct fence_mark *before, const struct fence_mark *now, struct stale *stale,
                          cutover_error **error);
bool stale_has(const struct stale *stale, uint32_t table);
bool stale_is_empty(const struct stale *stale);
void stale_free(struct stale *stale); /* the content */

#endif
