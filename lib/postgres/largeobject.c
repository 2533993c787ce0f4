#include "postgres/largeobject.h"

#include "postgres/session_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define CHUNK ((size_t)1024 * 1024)
/* What is no bigger comes and goes with others; so many of them, so many bytes at a time. */
#define SMALL ((size_t)16 * 1024)
#define TOGETHER 256
#define TOGETHER_BYTES CHUNK

/* Binary both ways: a chunk is the object's own bytes. */
static const char get_sql[] = "SELECT lo_get($1::oid, $2::bigint, $3::integer)";
static const char get_many_sql[] =
    "SELECT o, lo_get(o, 0, $2::integer) FROM unnest($1::oid[]) WITH ORDINALITY u (o, n) ORDER BY n";
static const char put_many_sql[] = "SELECT lo_put(o, 0, b) FROM unnest($1::oid[], $2::bytea[]) u (o, b)";
static const char put_sql[] = "SELECT lo_put($1::oid, $2::bigint, $3::bytea)";

static cutover_status get_chunk(struct session *session, uint32_t oid, uint64_t offset, PGresult **result,
                                cutover_error **error)
{
    char oid_text[16], offset_text[24], count_text[24], what[48];
    const char *const values[] = {oid_text, offset_text, count_text};
    const struct statement statement = {.sql = get_sql, .count = 3, .values = values, .binary = true};

    snprintf(oid_text, sizeof oid_text, "%" PRIu32, oid);
    snprintf(offset_text, sizeof offset_text, "%" PRIu64, offset);
    snprintf(count_text, sizeof count_text, "%zu", CHUNK);
    snprintf(what, sizeof what, "reading large object %" PRIu32, oid);
    return session_execute(session, &statement, what, result, error);
}

/* The object as it passes. */
struct passing {
    XXH3_state_t *hash;
    largeobject_sink sink;
    void *context;
    uint64_t size;
};

static cutover_status pass(struct passing *passing, uint32_t oid, const PGresult *result, int row, int column,
                           size_t *count, cutover_error **error)
{
    const char *bytes = PQgetvalue(result, row, column);

    *count = (size_t)PQgetlength(result, row, column);
    if (XXH3_128bits_update(passing->hash, bytes, *count) != XXH_OK)
        return error_set(error, CUTOVER_E_INTERNAL, "the digest of large object %" PRIu32 " failed", oid);
    passing->size += *count;
    if (passing->sink == NULL || *count == 0)
        return CUTOVER_OK;
    return passing->sink(passing->context, bytes, *count, error);
}

static cutover_status read_chunks(struct session *session, uint32_t oid, struct passing *passing,
                                  cutover_error **error)
{
    size_t count = 0;

    do {
        PGresult *result = NULL;
        cutover_status status = get_chunk(session, oid, passing->size, &result, error);

        if (status == CUTOVER_OK)
            status = pass(passing, oid, result, 0, 0, &count, error);
        PQclear(result);
        if (status != CUTOVER_OK)
            return status;
    } while (count == CHUNK);
    return CUTOVER_OK;
}

static cutover_status passing_begin(struct passing *passing, uint32_t oid, cutover_error **error)
{
    char head[16];

    passing->hash = XXH3_createState();
    if (passing->hash == NULL)
        return error_nomem(error);
    snprintf(head, sizeof head, "%" PRIu32 "\t", oid);
    if (XXH3_128bits_reset(passing->hash) != XXH_OK ||
        XXH3_128bits_update(passing->hash, head, strlen(head)) != XXH_OK)
        return error_set(error, CUTOVER_E_INTERNAL, "the digest of large object %" PRIu32 " failed", oid);
    return CUTOVER_OK;
}

static void passing_end(struct passing *passing, cutover_status status, struct digest *digest, uint64_t *size)
{
    if (status == CUTOVER_OK) {
        XXH128_hash_t value = XXH3_128bits_digest(passing->hash);
        const struct digest part = {1, value.low64, value.high64};

        if (digest != NULL)
            digest_add(digest, &part);
        if (size != NULL)
            *size += passing->size;
    }
    XXH3_freeState(passing->hash);
}

cutover_status largeobject_read(struct session *session, uint32_t oid, largeobject_sink sink, void *context,
                                struct digest *digest, uint64_t *size, cutover_error **error)
{
    struct passing passing = {.sink = sink, .context = context};

    cutover_status status = passing_begin(&passing, oid, error);
    if (status == CUTOVER_OK)
        status = read_chunks(session, oid, &passing, error);
    passing_end(&passing, status, digest, size);
    return status;
}

/* ---- one after the other ---- */

void largeobject_reader_open(struct largeobject_reader *reader, struct session *session,
                             const struct inventory *inventory)
{
    *reader = (struct largeobject_reader){
        .session = session, .objects = inventory->large_objects, .count = inventory->large_object_count};
}

void largeobject_reader_close(struct largeobject_reader *reader)
{
    PQclear(reader->ahead);
    reader->ahead = NULL;
}

uint32_t largeobject_reader_at(const struct largeobject_reader *reader)
{
    return reader->objects[reader->at].oid;
}

static cutover_status read_ahead(struct largeobject_reader *reader, cutover_error **error)
{
    size_t left = reader->count - reader->at, count = left < TOGETHER ? left : TOGETHER;
    struct text oids = TEXT_INIT;
    char limit[24];

    largeobject_reader_close(reader);
    snprintf(limit, sizeof limit, "%zu", SMALL);
    for (size_t i = 0; i < count; i++)
        text_add_format(&oids, "%s%" PRIu32, i == 0 ? "{" : ",", reader->objects[reader->at + i].oid);
    text_add(&oids, "}");
    const char *const values[] = {text_string(&oids), limit};
    const struct statement statement = {.sql = get_many_sql, .count = 2, .values = values, .binary = true};
    cutover_status status =
        text_failed(&oids)
            ? error_nomem(error)
            : session_execute(reader->session, &statement, "reading large objects", &reader->ahead, error);
    text_free(&oids);
    if (status == CUTOVER_OK && PQntuples(reader->ahead) != (int)count)
        status = error_set(error, CUTOVER_E_INTERNAL, "%zu large objects were asked for, %d came", count,
                           PQntuples(reader->ahead));
    reader->ahead_from = reader->at;
    return status;
}

cutover_status largeobject_reader_next(struct largeobject_reader *reader, largeobject_sink sink, void *context,
                                       struct digest *digest, uint64_t *size, cutover_error **error)
{
    struct passing passing = {.sink = sink, .context = context};
    uint32_t oid = largeobject_reader_at(reader);
    size_t count = 0;

    cutover_status status = passing_begin(&passing, oid, error);
    if (status == CUTOVER_OK &&
        (reader->ahead == NULL || reader->at - reader->ahead_from >= (size_t)PQntuples(reader->ahead)))
        status = read_ahead(reader, error);
    if (status == CUTOVER_OK)
        status = pass(&passing, oid, reader->ahead, (int)(reader->at - reader->ahead_from), 1, &count, error);
    if (status == CUTOVER_OK && count == SMALL)
        status = read_chunks(reader->session, oid, &passing, error);
    passing_end(&passing, status, digest, size);
    reader->at++;
    return status;
}

/* ---- writing ---- */

static cutover_status put_chunk(const struct largeobject_writer *writer, const char *bytes, size_t count,
                                cutover_error **error)
{
    char oid_text[16], offset_text[24], what[48];
    const char *const values[] = {oid_text, offset_text, bytes};
    const int lengths[] = {0, 0, (int)count}, formats[] = {0, 0, 1};
    const struct statement statement = {
        .sql = put_sql, .count = 3, .values = values, .lengths = lengths, .formats = formats};

    snprintf(oid_text, sizeof oid_text, "%" PRIu32, writer->oid);
    snprintf(offset_text, sizeof offset_text, "%" PRIu64, writer->offset);
    snprintf(what, sizeof what, "writing large object %" PRIu32, writer->oid);
    return session_execute(writer->session, &statement, what, NULL, error);
}

static cutover_status put_chunks(struct largeobject_writer *writer, const char *bytes, size_t count,
                                 cutover_error **error)
{
    while (count > 0) {
        size_t part = count < CHUNK ? count : CHUNK;
        cutover_status status = put_chunk(writer, bytes, part, error);

        if (status != CUTOVER_OK)
            return status;
        writer->offset += part;
        bytes += part;
        count -= part;
    }
    return CUTOVER_OK;
}

void largeobject_begin(struct largeobject_writer *writer, uint32_t oid)
{
    writer->oid = oid;
    writer->offset = 0;
    text_clear(&writer->held);
}

cutover_status largeobject_write(struct largeobject_writer *writer, const void *bytes, size_t count,
                                 cutover_error **error)
{
    if (writer->offset == 0 && writer->held.length + count <= SMALL) {
        text_add_bytes(&writer->held, bytes, count);
        return text_failed(&writer->held) ? error_nomem(error) : CUTOVER_OK;
    }
    cutover_status status = put_chunks(writer, writer->held.bytes, writer->held.length, error);
    text_clear(&writer->held);
    return status != CUTOVER_OK ? status : put_chunks(writer, bytes, count, error);
}

/* "{16434,16435" and {"\\x00ff","\\x01": the closing brackets come with the flush. */
static void held_wait(struct largeobject_writer *writer)
{
    static const char digits[] = "0123456789abcdef";
    const struct text *held = &writer->held;
    struct text *contents = &writer->contents;

    text_add_format(&writer->oids, "%s%" PRIu32, writer->waiting == 0 ? "{" : ",", writer->oid);
    text_add(contents, writer->waiting == 0 ? "{\"\\\\x" : ",\"\\\\x");
    text_reserve(contents, 2 * held->length + 2);
    for (size_t i = 0; i < held->length; i++) {
        unsigned char byte = (unsigned char)held->bytes[i];
        const char hex[2] = {digits[byte >> 4], digits[byte & 15]};
        text_add_bytes(contents, hex, 2);
    }
    text_add(contents, "\"");
    writer->waiting++;
}

cutover_status largeobject_end(struct largeobject_writer *writer, cutover_error **error)
{
    if (writer->held.length == 0)
        return CUTOVER_OK;
    held_wait(writer);
    text_clear(&writer->held);
    if (text_failed(&writer->oids) || text_failed(&writer->contents))
        return error_nomem(error);
    return writer->waiting < TOGETHER && writer->contents.length < TOGETHER_BYTES
               ? CUTOVER_OK
               : largeobject_flush(writer, error);
}

cutover_status largeobject_flush(struct largeobject_writer *writer, cutover_error **error)
{
    if (writer->waiting == 0)
        return CUTOVER_OK;
    text_add(&writer->oids, "}");
    text_add(&writer->contents, "}");
    const char *const values[] = {text_string(&writer->oids), text_string(&writer->contents)};
    const struct statement statement = {.sql = put_many_sql, .count = 2, .values = values};
    cutover_status status =
        text_failed(&writer->oids) || text_failed(&writer->contents)
            ? error_nomem(error)
            : session_execute(writer->session, &statement, "writing large objects", NULL, error);
    text_clear(&writer->oids);
    text_clear(&writer->contents);
    writer->waiting = 0;
    return status;
}

void largeobject_writer_free(struct largeobject_writer *writer)
{
    text_free(&writer->held);
    text_free(&writer->oids);
    text_free(&writer->contents);
}
