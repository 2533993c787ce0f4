/*
 * Large objects: their content read in chunks, written under the same OID, digested. The digest of one is over
 * "<oid>\t" and its content; digests add up as rows do (EDGE_CASES B21). Small ones come and go many at a time: a round trip for
 * each of a hundred thousand takes longer than their bytes.
 */
#ifndef CUTOVER_POSTGRES_LARGEOBJECT_H
#define CUTOVER_POSTGRES_LARGEOBJECT_H

#include "postgres/digest.h"
#include "postgres/inventory.h"
#include "postgres/session.h"

typedef cutover_status (*largeobject_sink)(void *context, const void *bytes, size_t count,
                                           cutover_error **error);

/* Reads all of an inventory, one after the other, in the session's current transaction. */
struct largeobject_reader {
    struct session *session;
    const struct large_object *objects;
    size_t count, at;
    PGresult *ahead; /* how each of the next ones begins */
    size_t ahead_from;
};
void largeobject_reader_open(struct largeobject_reader *reader, struct session *session,
                             const struct inventory *inventory);
/* Which one is next; only while there is one. */
uint32_t largeobject_reader_at(const struct largeobject_reader *reader);
/* Streams the next one's bytes to sink (may be NULL) in chunks of at most 1 MiB, adds it to *digest (may be NULL) and its size to
   *size (may be NULL). */
cutover_status largeobject_reader_next(struct largeobject_reader *reader, largeobject_sink sink, void *context,
                                       struct digest *digest, uint64_t *size, cutover_error **error);
void largeobject_reader_close(struct largeobject_reader *reader);

/* Likewise of one object. */
cutover_status largeobject_read(struct session *session, uint32_t oid, largeobject_sink sink, void *context,
                                struct digest *digest, uint64_t *size, cutover_error **error);

/* Writes objects that exist and are empty, one after the other: begin, write …, end; nothing is certain to be there before
   largeobject_flush(). */
struct largeobject_writer {
    struct session *session;
    uint32_t oid;
    uint64_t offset;            /* in the current one */
    struct text held;           /* of the current one, while it is small */
    struct text oids, contents; /* of small ones that wait, as arrays */
    size_t waiting;
};
void largeobject_begin(struct largeobject_writer *writer, uint32_t oid);
cutover_status largeobject_write(struct largeobject_writer *writer, const void *bytes, size_t count,
                                 cutover_error **error);
cutover_status largeobject_end(struct largeobject_writer *writer, cutover_error **error);
cutover_status largeobject_flush(struct largeobject_writer *writer, cutover_error **error);
void largeobject_writer_free(struct largeobject_writer *writer);

#endif
