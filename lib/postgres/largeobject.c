#include "postgres/largeobject.h"

#include "postgres/session_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define CHUNK ((size_t)1024 * 1024)

/* Binary both ways: a chunk is the object's own bytes. */
static const char get_sql[] = "SELECT lo_get($1::oid, $2::bigint, $3::integer)";
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

static cutover_status read_chunks(struct session *session, uint32_t oid, XXH3_state_t *hash,
                                  largeobject_sink sink, void *context, uint64_t *size, cutover_error **error)
{
    uint64_t offset = 0;
    size_t count;

    do {
        PGresult *result = NULL;
        cutover_status status = get_chunk(session, oid, offset, &result, error);
        const char *bytes;

        if (status != CUTOVER_OK)
            return status;
        bytes = PQgetvalue(result, 0, 0);
        count = (size_t)PQgetlength(result, 0, 0);
        if (XXH3_128bits_update(hash, bytes, count) != XXH_OK)
            status = error_set(error, CUTOVER_E_INTERNAL, "the digest of large object %" PRIu32 " failed", oid);
        if (status == CUTOVER_OK && sink != NULL && count > 0)
            status = sink(context, bytes, count, error);
        PQclear(result);
        if (status != CUTOVER_OK)
            return status;
        offset += count;
    } while (count == CHUNK);
    *size = offset;
    return CUTOVER_OK;
}

cutover_status largeobject_read(struct session *session, uint32_t oid, largeobject_sink sink, void *context,
                                struct digest *digest, uint64_t *size, cutover_error **error)
{
    XXH3_state_t *hash = XXH3_createState();
    uint64_t found = 0;
    char head[16];
    cutover_status status;

    if (hash == NULL)
        return error_nomem(error);
    snprintf(head, sizeof head, "%" PRIu32 "\t", oid);
    if (XXH3_128bits_reset(hash) != XXH_OK || XXH3_128bits_update(hash, head, strlen(head)) != XXH_OK)
        status = error_set(error, CUTOVER_E_INTERNAL, "the digest of large object %" PRIu32 " failed", oid);
    else
        status = read_chunks(session, oid, hash, sink, context, &found, error);
    if (status == CUTOVER_OK) {
        XXH128_hash_t value = XXH3_128bits_digest(hash);
        const struct digest part = {1, value.low64, value.high64};

        if (digest != NULL)
            digest_add(digest, &part);
        if (size != NULL)
            *size += found;
    }
    XXH3_freeState(hash);
    return status;
}

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

cutover_status largeobject_write(struct largeobject_writer *writer, const void *bytes, size_t count,
                                 cutover_error **error)
{
    const char *next = bytes;

    while (count > 0) {
        size_t part = count < CHUNK ? count : CHUNK;
        cutover_status status = put_chunk(writer, next, part, error);

        if (status != CUTOVER_OK)
            return status;
        writer->offset += part;
        next += part;
        count -= part;
    }
    return CUTOVER_OK;
}
