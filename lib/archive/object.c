#include "archive/object.h"

#include "base/sha256.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_READ (64u * 1024u)
#define CHECK_READ (1024u * 1024u)

/* ------------------------------------------------------------------------------------------------------ writing */

struct object_writer {
    const cutover_repository *repository;
    void *object;
    char *name;
    pthread_mutex_t mutex; /* over what follows and the object */
    struct sha256 *sha256;
    uint64_t size;
    bool failed; /* a write did: the object's end is unknown */
};

static void writer_free(struct object_writer *writer)
{
    pthread_mutex_destroy(&writer->mutex);
    sha256_free(writer->sha256);
    free(writer->name);
    free(writer);
}

cutover_status object_create(const cutover_repository *repository, const char *backup, const char *name,
                             struct object_writer **writer, cutover_error **error)
{
    struct object_writer *created = calloc(1, sizeof *created);
    cutover_status status;

    if (created == NULL)
        return error_nomem(error);
    if (pthread_mutex_init(&created->mutex, NULL) != 0) {
        free(created);
        return error_nomem(error);
    }
    created->repository = repository;
    status = string_copy(name, &created->name, error);
    if (status != CUTOVER_OK)
        goto free_writer;
    status = sha256_start(&created->sha256, error);
    if (status != CUTOVER_OK)
        goto free_writer;
    status = repository->create(backup, name, &created->object, error, repository->userdata);
    status = error_from_callback(error, status, "repository.create");
    if (status != CUTOVER_OK)
        goto free_writer;
    *writer = created;
    return CUTOVER_OK;

free_writer:
    writer_free(created);
    return status;
}

static cutover_status append_locked(struct object_writer *writer, const void *bytes, size_t count,
                                    cutover_error **error)
{
    const cutover_repository *repository = writer->repository;
    cutover_status status;

    if (writer->failed)
        return error_set(error, CUTOVER_E_REPOSITORY, "%s cannot be written: an earlier write to it failed",
                         writer->name);
    status = repository->write(writer->object, bytes, count, error, repository->userdata);
    status = error_from_callback(error, status, "repository.write");
    if (status == CUTOVER_OK)
        status = sha256_add(writer->sha256, bytes, count, error);
    if (status != CUTOVER_OK)
        writer->failed = true;
    else
        writer->size += count;
    return status;
}

cutover_status object_append(struct object_writer *writer, const void *bytes, size_t count, uint64_t *offset,
                             cutover_error **error)
{
    cutover_status status;
    uint64_t begin;

    pthread_mutex_lock(&writer->mutex);
    begin = writer->size;
    status = append_locked(writer, bytes, count, error);
    pthread_mutex_unlock(&writer->mutex);
    if (status == CUTOVER_OK && offset != NULL)
        *offset = begin;
    return status;
}

cutover_status object_commit(struct object_writer *writer, struct manifest_file *file, cutover_error **error)
{
    const cutover_repository *repository = writer->repository;
    char hex[SHA256_HEX_SIZE];
    char *sha256 = NULL;
    cutover_status status;

    if (writer->failed) {
        status = error_set(error, CUTOVER_E_REPOSITORY, "%s cannot be committed: a write to it failed",
                           writer->name);
        goto abort_object;
    }
    status = sha256_end(writer->sha256, hex, error);
    if (status != CUTOVER_OK)
        goto abort_object;
    status = string_copy(hex, &sha256, error);
    if (status != CUTOVER_OK)
        goto abort_object;
    status = repository->commit(writer->object, error, repository->userdata);
    status = error_from_callback(error, status, "repository.commit");
    if (status != CUTOVER_OK)
        goto free_writer;
    *file = (struct manifest_file){writer->name, writer->size, sha256};
    writer->name = NULL;
    writer_free(writer);
    return CUTOVER_OK;

abort_object:
    repository->abort(writer->object, repository->userdata);
free_writer:
    free(sha256);
    writer_free(writer);
    return status;
}

void object_abort(struct object_writer *writer)
{
    if (writer == NULL)
        return;
    writer->repository->abort(writer->object, writer->repository->userdata);
    writer_free(writer);
}

cutover_status object_write_all(const cutover_repository *repository, const char *backup, const char *name,
                                const void *bytes, size_t count, struct manifest_file *file,
                                cutover_error **error)
{
    struct object_writer *writer;
    cutover_status status = object_create(repository, backup, name, &writer, error);

    if (status != CUTOVER_OK)
        return status;
    status = object_append(writer, bytes, count, NULL, error);
    if (status != CUTOVER_OK) {
        object_abort(writer);
        return status;
    }
    return object_commit(writer, file, error);
}

/* ------------------------------------------------------------------------------------------------------ reading */

struct source {
    const cutover_repository *repository;
    const char *name;
    void *object;
};

/* Who looks on while an object is read through. */
struct object_watch {
    const struct cancel *cancel;
    void (*progress)(void *context, size_t bytes); /* or NULL */
    void *context;
};

cutover_status object_open(const cutover_repository *repository, const char *backup, const char *name,
                           void **object, cutover_error **error)
{
    cutover_error *cause = NULL;
    void *opened = NULL;
    cutover_status status = repository->open(backup, name, &opened, &cause, repository->userdata);

    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(cause);
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT, "backup %s has no file %s", backup, name);
        error_hint(error, "Use another backup: this one is incomplete.");
        return status;
    }
    status = error_from_callback(&cause, status, "repository.open");
    if (status == CUTOVER_OK) {
        *object = opened;
        return CUTOVER_OK;
    }
    error_move(error, cause);
    return status;
}

void object_close(const cutover_repository *repository, void *object)
{
    if (object != NULL)
        repository->close_object(object, repository->userdata);
}

/* At most `capacity` bytes from `offset` on; fewer only at the end of the object. */
static cutover_status read_some(const struct source *source, uint64_t offset, char *bytes, size_t capacity,
                                size_t *count, cutover_error **error)
{
    const cutover_repository *repository = source->repository;
    size_t filled = 0;

    while (filled < capacity) {
        size_t got = 0;
        cutover_status status = repository->read(source->object, offset + filled, bytes + filled,
                                                 capacity - filled, &got, error, repository->userdata);
        status = error_from_callback(error, status, "repository.read");
        if (status != CUTOVER_OK)
            return status;
        if (got > capacity - filled)
            return error_set(error, CUTOVER_E_CALLBACK, "repository.read gave more bytes than were asked for");
        if (got == 0)
            break;
        filled += got;
    }
    *count = filled;
    return CUTOVER_OK;
}

cutover_status object_read_at(const cutover_repository *repository, void *object, const char *name,
                              uint64_t offset, void *bytes, size_t count, cutover_error **error)
{
    struct source source = {repository, name, object};
    size_t got = 0;
    cutover_status status = read_some(&source, offset, bytes, count, &got, error);

    if (status == CUTOVER_OK && got < count)
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s ends at byte %llu, before byte %llu", name,
                              (unsigned long long)(offset + got), (unsigned long long)(offset + count));
    return status;
}

static cutover_status compare_size(const struct manifest_file *expected, uint64_t size, cutover_error **error)
{
    if (size == expected->size)
        return CUTOVER_OK;
    return error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s has %s than the %llu bytes that were written",
                        expected->name, size < expected->size ? "fewer bytes" : "more bytes",
                        (unsigned long long)expected->size);
}

static cutover_status compare_sha256(const struct manifest_file *expected, const char *hex,
                                     cutover_error **error)
{
    if (strcmp(hex, expected->sha256) == 0)
        return CUTOVER_OK;
    error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s is not what was written: its SHA-256 differs",
                 expected->name);
    error_detail(error, "expected %s\nfound    %s", expected->sha256, hex);
    return CUTOVER_E_VERIFY;
}

/* Reads until the end or one byte beyond the limit. */
static cutover_status read_whole(const struct source *source, size_t limit, char **bytes, size_t *count,
                                 cutover_error **error)
{
    size_t capacity = limit < FIRST_READ ? limit + 1 : FIRST_READ, length = 0;
    char *buffer = NULL;
    cutover_status status;

    for (;;) {
        char *grown = realloc(buffer, capacity + 1);
        size_t got = 0;
        if (grown == NULL) {
            status = error_nomem(error);
            goto free_buffer;
        }
        buffer = grown;
        status = read_some(source, length, buffer + length, capacity - length, &got, error);
        if (status != CUTOVER_OK)
            goto free_buffer;
        length += got;
        if (length < capacity)
            break;
        if (length > limit) {
            status = error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s is bigger than the limit of %zu bytes",
                                  source->name, limit);
            goto free_buffer;
        }
        capacity = capacity > limit / 2 ? limit + 1 : capacity * 2;
    }
    buffer[length] = '\0';
    *bytes = buffer;
    *count = length;
    return CUTOVER_OK;

free_buffer:
    free(buffer);
    return status;
}

cutover_status object_read_all(const cutover_repository *repository, const char *backup, const char *name,
                               size_t limit, const struct manifest_file *expected, char **bytes, size_t *count,
                               cutover_error **error)
{
    struct source source = {repository, name, NULL};
    char hex[SHA256_HEX_SIZE];
    char *read = NULL;
    size_t length = 0;
    cutover_status status = object_open(repository, backup, name, &source.object, error);

    if (status != CUTOVER_OK)
        return status;
    status = read_whole(&source, limit, &read, &length, error);
    object_close(repository, source.object);
    if (status == CUTOVER_OK && expected != NULL) {
        status = compare_size(expected, length, error);
        if (status == CUTOVER_OK)
            status = sha256_of(read, length, hex, error);
        if (status == CUTOVER_OK)
            status = compare_sha256(expected, hex, error);
    }
    if (status != CUTOVER_OK) {
        free(read);
        return status;
    }
    *bytes = read;
    *count = length;
    return CUTOVER_OK;
}

/* Reads on to the end, or to where the object is already too long. */
static cutover_status check_through(const struct source *source, struct sha256 *sha256,
                                    const struct manifest_file *expected, const struct object_watch *watch,
                                    char *buffer, cutover_error **error)
{
    uint64_t size = 0;
    size_t got = 0;

    do {
        cutover_status status = cancel_check(watch->cancel, error);
        if (status == CUTOVER_OK)
            status = read_some(source, size, buffer, CHECK_READ, &got, error);
        if (status != CUTOVER_OK)
            return status;
        status = sha256_add(sha256, buffer, got, error);
        if (status != CUTOVER_OK)
            return status;
        size += got;
        if (watch->progress != NULL && got > 0)
            watch->progress(watch->context, got);
    } while (got == CHECK_READ && size <= expected->size);
    return compare_size(expected, size, error);
}

cutover_status object_check(const cutover_repository *repository, const char *backup,
                            const struct manifest_file *expected, const struct cancel *cancel,
                            void (*progress)(void *context, size_t bytes), void *context, cutover_error **error)
{
    struct source source = {repository, expected->name, NULL};
    struct object_watch watch = {cancel, progress, context};
    struct sha256 *sha256 = NULL;
    char *buffer = malloc(CHECK_READ);
    char hex[SHA256_HEX_SIZE];
    cutover_status status;

    if (buffer == NULL)
        return error_nomem(error);
    status = sha256_start(&sha256, error);
    if (status != CUTOVER_OK)
        goto free_buffer;
    status = object_open(repository, backup, expected->name, &source.object, error);
    if (status != CUTOVER_OK)
        goto free_sha256;
    status = check_through(&source, sha256, expected, &watch, buffer, error);
    if (status == CUTOVER_OK)
        status = sha256_end(sha256, hex, error);
    if (status == CUTOVER_OK)
        status = compare_sha256(expected, hex, error);
    object_close(repository, source.object);
free_sha256:
    sha256_free(sha256);
free_buffer:
    free(buffer);
    return status;
}
