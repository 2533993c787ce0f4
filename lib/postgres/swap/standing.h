/*
 * How production stands on its server: what is asked of it when a store that believes a job done, or undone, is compared with it.
 */
#ifndef CUTOVER_POSTGRES_SWAP_STANDING_H
#define CUTOVER_POSTGRES_SWAP_STANDING_H

#include "postgres/session.h"

struct standing {
    uint32_t oid; /* of the database that bears production's name; 0: none does */
    bool open;    /* its door */
    char *fenced; /* where a fence stands in it (postgres/swap/fence.h); NULL: nowhere */
    int64_t timeline;
};

cutover_status standing_read(struct session *control, const char *production, struct standing *standing,
                             cutover_error **error);
void standing_free(struct standing *standing);

/* The timeline that the server writes: each promotion of a standby, and each recovery to a point in time, begins another. 0 on a
   standby. */
cutover_status timeline_read(struct session *control, int64_t *timeline, cutover_error **error);

#endif
