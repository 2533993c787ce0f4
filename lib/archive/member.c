#include "archive/member.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE (MEMBER_RAW_TARGET + MEMBER_RAW_TARGET / 16)
#define DEFLATE_RATIO_MAX 1032 /* RFC 1951: no block expands further */

struct buffer {
    void *bytes;
    size_t capacity;
};

/* Its bytes may move and are kept only when `keep` of them are asked for. */
static bool buffer_reserve(struct buffer *buffer, size_t size, size_t keep)
{
    size_t capacity = buffer->capacity > BUFFER_SIZE ? buffer->capacity * 2 : BUFFER_SIZE;
    void *grown;

    if (size <= buffer->capacity)
        return true;
    if (capacity < size || keep == 0)
        capacity = size > BUFFER_SIZE ? size : BUFFER_SIZE;
    if (keep == 0) {
        free(buffer->bytes);
        buffer->bytes = NULL;
        buffer->capacity = 0;
    }
    grown = realloc(buffer->bytes, capacity);
    if (grown == NULL)
        return false;
    buffer->bytes = grown;
    buffer->capacity = capacity;
    return true;
}

/* Gives back what one huge row needed. */
static void buffer_shrink(struct buffer *buffer)
{
    if (buffer->capacity <= 2 * BUFFER_SIZE)
        return;
    free(buffer->bytes);
    buffer->bytes = NULL;
    buffer->capacity = 0;
}

struct member_writer {
    struct libdeflate_compressor *compressor;
    struct buffer raw, packed;
    size_t length; /* of raw */
    uint64_t rows;
};

cutover_status member_writer_open(int level, struct member_writer **writer, cutover_error **error)
{
    struct member_writer *opened;

    if (level < 1 || level > 12)
        return error_set(error, CUTOVER_E_INVALID, "compression level is %d; it is 1 to 12", level);
    opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return error_nomem(error);
    opened->compressor = libdeflate_alloc_compressor(level);
    if (opened->compressor == NULL) {
        member_writer_free(opened);
        return error_nomem(error);
    }
    *writer = opened;
    return CUTOVER_OK;
}

void member_writer_free(struct member_writer *writer)
{
    if (writer == NULL)
        return;
    libdeflate_free_compressor(writer->compressor);
    free(writer->raw.bytes);
    free(writer->packed.bytes);
    free(writer);
}

cutover_status member_writer_add(struct member_writer *writer, const void *bytes, size_t count, bool *full,
                                 cutover_error **error)
{
    buffer_shrink(&writer->packed);
    if (count > SIZE_MAX / 2 - writer->length ||
        !buffer_reserve(&writer->raw, writer->length + count + 1, writer->length))
        return error_nomem(error);
    memcpy((char *)writer->raw.bytes + writer->length, bytes, count);
    writer->length += count;
    writer->rows++;
    *full = writer->length >= MEMBER_RAW_TARGET;
    return CUTOVER_OK;
}

static cutover_status pack(struct member_writer *writer, const void *raw, size_t length, uint64_t rows,
                           const void **bytes, size_t *count, struct member *member, cutover_error **error)
{
    size_t bound = libdeflate_gzip_compress_bound(writer->compressor, length);
    size_t size;

    if (!buffer_reserve(&writer->packed, bound, 0))
        return error_nomem(error);
    size = libdeflate_gzip_compress(writer->compressor, raw, length, writer->packed.bytes, bound);
    if (size == 0)
        return error_set(error, CUTOVER_E_INTERNAL, "%zu bytes did not compress into %zu", length, bound);
    *bytes = writer->packed.bytes;
    *count = size;
    *member = (struct member){0, size, length, rows};
    return CUTOVER_OK;
}

cutover_status member_writer_take(struct member_writer *writer, const void **bytes, size_t *count,
                                  struct member *member, cutover_error **error)
{
    cutover_status status;

    if (writer->length == 0) {
        *count = 0;
        return CUTOVER_OK;
    }
    status = pack(writer, writer->raw.bytes, writer->length, writer->rows, bytes, count, member, error);
    if (status != CUTOVER_OK)
        return status;
    writer->length = 0;
    writer->rows = 0;
    buffer_shrink(&writer->raw);
    return CUTOVER_OK;
}

cutover_status member_writer_copy_end(struct member_writer *writer, const void **bytes, size_t *count,
                                      struct member *member, cutover_error **error)
{
    return pack(writer, MEMBER_COPY_END, strlen(MEMBER_COPY_END), 0, bytes, count, member, error);
}

cutover_status member_writer_empty(struct member_writer *writer, const void **bytes, size_t *count,
                                   struct member *member, cutover_error **error)
{
    return pack(writer, "", 0, 0, bytes, count, member, error);
}

struct member_reader {
    struct libdeflate_decompressor *decompressor;
    struct buffer packed, raw;
};

cutover_status member_reader_open(struct member_reader **reader, cutover_error **error)
{
    struct member_reader *opened = calloc(1, sizeof *opened);

    if (opened == NULL)
        return error_nomem(error);
    opened->decompressor = libdeflate_alloc_decompressor();
    if (opened->decompressor == NULL) {
        member_reader_free(opened);
        return error_nomem(error);
    }
    *reader = opened;
    return CUTOVER_OK;
}

void member_reader_free(struct member_reader *reader)
{
    if (reader == NULL)
        return;
    libdeflate_free_decompressor(reader->decompressor);
    free(reader->packed.bytes);
    free(reader->raw.bytes);
    free(reader);
}

static cutover_status damaged(cutover_error **error, const char *what)
{
    return error_verify(error, CUTOVER_VERDICT_DIFFERENT, "a member of a data file is damaged: %s", what);
}

void *member_reader_buffer(struct member_reader *reader, size_t size, cutover_error **error)
{
    buffer_shrink(&reader->packed);
    buffer_shrink(&reader->raw);
    if (size > MEMBER_RAW_LIMIT) {
        damaged(error, "its size is beyond every limit");
        return NULL;
    }
    if (!buffer_reserve(&reader->packed, size > 0 ? size : 1, 0)) { /* NULL would be a failure */
        error_nomem(error);
        return NULL;
    }
    return reader->packed.bytes;
}

cutover_status member_reader_inflate(struct member_reader *reader, const struct member *member,
                                     const char **raw, cutover_error **error)
{
    size_t taken = 0;
    enum libdeflate_result result;

    if (member->size > reader->packed.capacity)
        return error_set(error, CUTOVER_E_INTERNAL, "a member was not read before it was to be inflated");
    if (member->raw > MEMBER_RAW_LIMIT || member->raw / DEFLATE_RATIO_MAX > member->size)
        return damaged(error, "its size is beyond every limit");
    if (!buffer_reserve(&reader->raw, member->raw + 1, 0))
        return error_nomem(error);
    result = libdeflate_gzip_decompress_ex(reader->decompressor, reader->packed.bytes, member->size,
                                           reader->raw.bytes, member->raw, &taken, NULL);
    if (result == LIBDEFLATE_BAD_DATA)
        return damaged(error, "not gzip, or its checksum is wrong");
    if (result != LIBDEFLATE_SUCCESS)
        return damaged(error, "it holds more or fewer bytes than the manifest says");
    if (taken != member->size)
        return damaged(error, "it ends before the manifest says");
    *raw = reader->raw.bytes;
    return CUTOVER_OK;
}

cutover_status member_reader_next(struct member_reader *reader, size_t count, size_t limit, size_t *used,
                                  const char **raw, size_t *raw_count, cutover_error **error)
{
    enum libdeflate_result result;
    size_t taken = 0, made = 0; /* set before a checksum is found to be wrong */

    if (count > reader->packed.capacity)
        return error_set(error, CUTOVER_E_INTERNAL, "a member was not read before it was to be inflated");
    if (!buffer_reserve(&reader->raw, limit, 0))
        return error_nomem(error);
    result = libdeflate_gzip_decompress_ex(reader->decompressor, reader->packed.bytes, count, reader->raw.bytes,
                                           limit, &taken, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return damaged(error, "it holds more bytes than one that this library wrote");
    if (result != LIBDEFLATE_SUCCESS)
        return damaged(error, "not gzip, or its checksum is wrong");
    *used = taken;
    *raw = reader->raw.bytes;
    *raw_count = made;
    return CUTOVER_OK;
}
