/*
 * Data files: gzip members of about 1 MiB raw each, cut at row ends, made and read whole by libdeflate. pg_restore
 * reads the concatenation as one stream. Each member is on its own, so that any range of a file can be read in
 * parallel.
 */
#ifndef CUTOVER_ARCHIVE_MEMBER_H
#define CUTOVER_ARCHIVE_MEMBER_H

#include "base/text.h"

#define MEMBER_RAW_TARGET (1024u * 1024u)
/* No member is bigger, packed or not: a row of COPY text is below 1 GiB. */
#define MEMBER_RAW_LIMIT (2048u * 1024u * 1024u)
/* What ends a table's file, as pg_dump writes it. A restore into a database ends without it too, but the script of
   `pg_restore -f script.sql` does not. It is a member of its own with rows 0, which is not sent to a server. */
#define MEMBER_COPY_END "\\.\n\n\n"

/* Where a member lies. */
struct member {
    uint64_t offset; /* in the file, bytes */
    uint64_t size;   /* compressed bytes */
    uint64_t raw;    /* uncompressed bytes */
    uint64_t rows;   /* whole rows in it */
};

/* One worker's compressor: collects rows, gives whole members. */
struct member_writer;
/* level: libdeflate's, 1 to 12; up to 9 a writer takes about 2.5 MiB. */
cutover_status member_writer_open(int level, struct member_writer **writer, cutover_error **error);
void member_writer_free(struct member_writer *writer);
/* Adds one row (its bytes end in a newline), or other raw bytes that may be cut here. *full tells that
   member_writer_take is due. */
cutover_status member_writer_add(struct member_writer *writer, const void *bytes, size_t count, bool *full,
                                 cutover_error **error);
/* Compresses what was added since the last take: *bytes belong to the writer until the next call; *member gets size,
   raw and rows (offset is the file's business). *count 0: nothing was added. */
cutover_status member_writer_take(struct member_writer *writer, const void **bytes, size_t *count,
                                  struct member *member, cutover_error **error);
/* The last member of a table's file, after the last take: MEMBER_COPY_END with rows 0; otherwise as take. */
cutover_status member_writer_copy_end(struct member_writer *writer, const void **bytes, size_t *count,
                                      struct member *member, cutover_error **error);
/* A member of no bytes: all of an empty large object's file, which would not be gzip otherwise; otherwise as take. */
cutover_status member_writer_empty(struct member_writer *writer, const void **bytes, size_t *count,
                                   struct member *member, cutover_error **error);

/* One worker's decompressor. */
struct member_reader;
cutover_status member_reader_open(struct member_reader **reader, cutover_error **error);
void member_reader_free(struct member_reader *reader);
/* A buffer of at least `size` bytes to read a member's compressed bytes into; the reader's. NULL on failure. */
void *member_reader_buffer(struct member_reader *reader, size_t size, cutover_error **error);
/* Decompresses the buffer's first member->size bytes, which must be exactly one gzip member of member->raw bytes.
   *raw is the reader's until the next call. CUTOVER_E_VERIFY (different) for anything else. */
cutover_status member_reader_inflate(struct member_reader *reader, const struct member *member,
                                     const char **raw, cutover_error **error);

/* For files whose members are not listed (large objects): decompresses the first whole member of the buffer's `count`
   bytes, at most `limit` raw bytes; *used says how many bytes it took. Errors as above. */
cutover_status member_reader_next(struct member_reader *reader, size_t count, size_t limit, size_t *used,
                                  const char **raw, size_t *raw_count, cutover_error **error);

#endif
