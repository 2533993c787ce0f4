/*
 * Marks for the record: a fence mark (postgres/swap/fence.h) boiled down to digests, so that a rollback can tell later whether
 * the new production was written to.
 */
#ifndef CUTOVER_POSTGRES_SWAP_MARK_H
#define CUTOVER_POSTGRES_SWAP_MARK_H

#include "postgres/swap/fence.h"

enum mark_change {
    MARK_SAME,    /* nothing was written since */
    MARK_WRITTEN, /* something was */
    MARK_UNKNOWN  /* counters were reset, the server restarted, or no mark was taken */
};

/* {counters, sequences, stats_reset, server_started} of a mark that was read. */
cutover_status mark_make(const struct fence_mark *read, struct json_object **mark, cutover_error **error);
/* Reads one by a session inside the database. */
cutover_status mark_read(struct session *inside, struct json_object **mark, cutover_error **error);
/* `before` may be NULL. */
enum mark_change mark_compare(struct json_object *before, struct json_object *now);

#endif
