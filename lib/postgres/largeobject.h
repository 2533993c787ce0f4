/*
 * Large objects: their content read in chunks, written under the same OID, digested. The digest of one is over
 * "<oid>\t" and its content; digests add up as rows do (EDGE_CASES B21).
 */
#ifndef CUTOVER_POSTGRES_LARGEOBJECT_H
#define CUTOVER_POSTGRES_LARGEOBJECT_H

#include "postgres/digest.h"
#include "postgres/session.h"

typedef cutover_status (*largeobject_sink)(void *context, const void *bytes, size_t count,
                                           cutover_error **error);

/* Streams one object's bytes to sink (may be NULL) in chunks of at most 1 MiB, adds it to *digest (may be NULL) and
   its size to *size (may be NULL). In the session's current transaction. */
cutover_status largeobject_read(struct session *session, uint32_t oid, largeobject_sink sink, void *context,
                                struct digest *digest, uint64_t *size, cutover_error **error);
/* Writes an object that exists and is empty: open, write, close. Needs a transaction. */
struct largeobject_writer {
    struct session *session;
    uint32_t oid;
    uint64_t offset;
};
cutover_status largeobject_write(struct largeobject_writer *writer, const void *bytes, size_t count,
                                 cutover_error **error);

#endif
