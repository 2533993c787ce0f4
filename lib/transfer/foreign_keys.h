/*
 * What an archive's table of contents must say of foreign keys of partitioned tables and partitions, and pg_dump does not.
 */
#ifndef CUTOVER_TRANSFER_FOREIGN_KEYS_H
#define CUTOVER_TRANSFER_FOREIGN_KEYS_H

#include "archive/toc.h"
#include "postgres/session.h"

/* A partition's own key comes behind those of what it is a partition of, and waits for them: restored first it would become part of one
   that says the same. A partitioned table's key waits for the rows of all partitions, as far as their entries are there. In the session
   whose snapshot pg_dump had. *changed: whether the entries are not as they were read. */
cutover_status foreign_keys_wait(struct session *session, struct toc *toc, bool *changed,
                                 cutover_error **error);

#endif
