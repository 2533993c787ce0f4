#include "archive/object.h"

#include "base/answer.h"
#include "base/sha256.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_READ (64u * 1024u)
#define CHECK_READ (1024u * 1024u)

/* ------------------------------------------------------------------------------------------------------ writing

   Several streams append to one object, and a repository takes one write at a time, which may be slow. So whoever comes while
   nobody writes has the turn: it writes with no lock held, and then what others left in the queue meanwhile. Whoever comes
   while another has the turn leaves a copy and goes on with its rows; only where the queue is full does it wait, and then it is
   the one that gets the turn next, for it has nothing better to do. The queue is the order in the object, so that an offset is
   known as soon as bytes are in it. Nothing is in the queue while nobody has the turn, but for what a stream that was just woken
   will write: hence nothing is left of it when every append has returned, and at most as many queues as there are streams hold
   something. */

#define QUEUE_LIMIT (2u * 1024u * 1024u)

/* What is to be written next: the bytes of the stream that has the turn, or a copy of another's. */
struct piece {
    struct piece *next;
    const void *bytes;
    size_t count;
    bool copied; /* bytes lie behind it */
};

struct object_writer {
    const cutover_repository *repository;
    char *backup, *name;
    pthread_mutex_t mutex; /* over what follows, but for what is the turn's */
    pthread_cond_t changed;
    struct piece *first, **end; /* the queue */
    size_t queued;              /* bytes of copies in it */
    unsigned waiting;           /* streams that have no room in it */
    uint64_t size;              /* with what is in the queue */
    bool busy;                  /* somebody has the turn */
    bool failed;                /* a write did: the object's end is unknown */
    /* the turn's */
    void *object; /* NULL before the first write */
    struct sha256 *sha256;
};

static void queue_put(struct object_writer *writer, struct piece *piece)
{
    piece->next = NULL;
    *writer->end = piece;
    writer->end = &piece->next;
    writer->size += piece->count;
    if (piece->copied)
        writer->queued += piece->count;
}

static struct piece *queue_take(struct object_writer *writer)
{
    struct piece *piece = writer->first;

    writer->first = piece->next;
    if (writer->first == NULL)
        writer->end = &writer->first;
    if (piece->copied)
        writer->queued -= piece->count;
    return piece;
}

static void piece_free(struct piece *piece)
{
    if (piece->copied)
        free(piece);
}

static void writer_free(struct object_writer *writer)
{
    while (writer->first != NULL)
        piece_free(queue_take(writer));
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->mutex);
    sha256_free(writer->sha256);
    free(writer->backup);
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
    pthread_mutex_init(&created->mutex, NULL);
    pthread_cond_init(&created->changed, NULL);
    created->repository = repository;
    created->end = &created->first;
    status = string_copy(backup, &created->backup, error);
    if (status == CUTOVER_OK)
        status = string_copy(name, &created->name, error);
    if (status == CUTOVER_OK)
        status = sha256_start(&created->sha256, error);
    if (status != CUTOVER_OK) {
        writer_free(created);
        return status;
    }
    *writer = created;
    return CUTOVER_OK;
}

/* In the turn, without the mutex, as what follows. */
static cutover_status made(struct object_writer *writer, cutover_error **error)
{
    const cutover_repository *repository = writer->repository;
    cutover_status status;

    if (writer->object != NULL)
        return CUTOVER_OK;
    status =
        ANSWER_OF(repository->capabilities, repository->create(writer->backup, writer->name, &writer->object,
                                                               error, repository->userdata));
    if (status != CUTOVER_OK)
        writer->object = NULL;
    return error_from_callback(error, status, "repository.create");
}

static cutover_status piece_write(struct object_writer *writer, const struct piece *piece,
                                  cutover_error **error)
{
    const cutover_repository *repository = writer->repository;
    cutover_status status = made(writer, error);

    if (status != CUTOVER_OK)
        return status;
    status = ANSWER_OF(repository->capabilities, repository->write(writer->object, piece->bytes, piece->count,
                                                                   error, repository->userdata));
    status = error_from_callback(error, status, "repository.write");
    return status != CUTOVER_OK ? status : sha256_add(writer->sha256, piece->bytes, piece->count, error);
}

/* With the mutex held, which is given up while it writes. */
static cutover_status turn(struct object_writer *writer, struct piece *own, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    bool done = false;

    queue_put(writer, own);
    writer->busy = true;
    while (status == CUTOVER_OK && writer->first != NULL && (!done || writer->waiting == 0)) {
        struct piece *piece = queue_take(writer);
        pthread_mutex_unlock(&writer->mutex);
        status = piece_write(writer, piece, error);
        done = done || piece == own;
        piece_free(piece);
        pthread_mutex_lock(&writer->mutex);
        pthread_cond_broadcast(&writer->changed);
    }
    while (status != CUTOVER_OK && writer->first != NULL)
        piece_free(queue_take(writer)); /* also its own, which is not to outlive the call */
    writer->failed = status != CUTOVER_OK;
    writer->busy = false;
    pthread_cond_broadcast(&writer->changed);
    return status;
}

static cutover_status leave(struct object_writer *writer, const void *bytes, size_t count,
                            cutover_error **error)
{
    struct piece *piece = malloc(sizeof *piece + count);

    if (piece == NULL)
        return error_nomem(error);
    *piece = (struct piece){NULL, piece + 1, count, true};
    memcpy(piece + 1, bytes, count);
    queue_put(writer, piece);
    return CUTOVER_OK;
}

static bool has_room(const struct object_writer *writer, size_t count)
{
    return count <= QUEUE_LIMIT && writer->queued <= QUEUE_LIMIT - count;
}

cutover_status object_append(struct object_writer *writer, const void *bytes, size_t count, uint64_t *offset,
                             cutover_error **error)
{
    struct piece own = {NULL, bytes, count, false};
    cutover_status status;
    uint64_t begin;

    pthread_mutex_lock(&writer->mutex);
    writer->waiting++;
    while (writer->busy && !writer->failed && !has_room(writer, count))
        pthread_cond_wait(&writer->changed, &writer->mutex);
    writer->waiting--;
    begin = writer->size;
    if (writer->failed)
        status = error_set(error, CUTOVER_E_REPOSITORY, "%s cannot be written: an earlier write to it failed",
                           writer->name);
    else if (writer->busy)
        status = leave(writer, bytes, count, error);
    else
        status = turn(writer, &own, error);
    pthread_mutex_unlock(&writer->mutex);
    if (status == CUTOVER_OK && offset != NULL)
        *offset = begin;
    return status;
}

static void drop(struct object_writer *writer)
{
    if (writer->object != NULL)
        writer->repository->abort(writer->object, writer->repository->userdata);
}

cutover_status object_commit(struct object_writer *writer, struct manifest_file *file, cutover_error **error)
{
    const cutover_repository *repository = writer->repository;
    char hex[SHA256_HEX_SIZE];
    char *sha256 = NULL;
    cutover_status status = CUTOVER_OK;

    if (writer->failed)
        status = error_set(error, CUTOVER_E_REPOSITORY, "%s cannot be committed: a write to it failed",
                           writer->name);
    if (status == CUTOVER_OK)
        status = made(writer, error);
    if (status == CUTOVER_OK)
        status = sha256_end(writer->sha256, hex, error);
    if (status == CUTOVER_OK)
        status = string_copy(hex, &sha256, error);
    if (status == CUTOVER_OK) {
        /* Whatever it answers, the object is the repository's own again. */
        status = ANSWER_OF(repository->capabilities,
                           repository->commit(writer->object, error, repository->userdata));
        status = error_from_callback(error, status, "repository.commit");
    } else {
        drop(writer);
    }
    if (status == CUTOVER_OK) {
        *file = (struct manifest_file){writer->name, writer->size, sha256, false};
        writer->name = NULL;
    } else {
        free(sha256);
    }
    writer_free(writer);
    return status;
}

void object_abort(struct object_writer *writer)
{
    if (writer == NULL)
        return;
    drop(writer);
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

cutover_status object_open(const cutover_repository *repository, const char *backup, const char *name,
                           void **object, cutover_error **error)
{
    cutover_error *cause = NULL;
    void *opened = NULL;
    cutover_status status = ANSWER_OF(repository->capabilities,
                                      repository->open(backup, name, &opened, &cause, repository->userdata));

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
        cutover_status status = ANSWER_OF(
            repository->capabilities, repository->read(source->object, offset + filled, bytes + filled,
                                                       capacity - filled, &got, error, repository->userdata));
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
    bool more = true;
    cutover_status status = CUTOVER_OK;

    while (status == CUTOVER_OK && more) {
        char *grown = realloc(buffer, capacity + 1);
        size_t got = 0;
        if (grown == NULL) {
            status = error_nomem(error);
            break;
        }
        buffer = grown;
        status = read_some(source, length, buffer + length, capacity - length, &got, error);
        length += got;
        more = length == capacity;
        if (status == CUTOVER_OK && length > limit)
            status = error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s is bigger than the limit of %zu bytes",
                                  source->name, limit);
        capacity = capacity > limit / 2 ? limit + 1 : capacity * 2;
    }
    if (status != CUTOVER_OK) {
        free(buffer);
        return status;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one turn at least made it */
    buffer[length] = '\0';
    *bytes = buffer;
    *count = length;
    return CUTOVER_OK;
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

/* Reads `count` bytes, or as many as there are, which *got tells. */
static cutover_status hash_piece(const struct source *source, struct sha256 *sha256, uint64_t offset,
                                 size_t count, const struct object_watch *watch, char *buffer, size_t *got,
                                 cutover_error **error)
{
    cutover_status status = cancel_check(watch->cancel, error);

    if (status == CUTOVER_OK)
        status = read_some(source, offset, buffer, count, got, error);
    if (status == CUTOVER_OK)
        status = sha256_add(sha256, buffer, *got, error);
    if (status == CUTOVER_OK && watch->progress != NULL && *got > 0)
        watch->progress(watch->context, *got);
    return status;
}

/* Reads on to the end, or to where the object is already too long; *size receives how long it is. */
static cutover_status hash_whole(const struct source *source, struct sha256 *sha256, uint64_t limit,
                                 const struct object_watch *watch, char *buffer, uint64_t *size,
                                 cutover_error **error)
{
    size_t got = CHECK_READ;

    while (got == CHECK_READ && *size <= limit) {
        cutover_status status = hash_piece(source, sha256, *size, CHECK_READ, watch, buffer, &got, error);
        if (status != CUTOVER_OK)
            return status;
        *size += got;
    }
    return CUTOVER_OK;
}

/* One member's bytes, added to those of all as their SHA-256; *size is moved to its end, or to the object's, which may come before. */
static cutover_status hash_member(const struct source *source, struct sha256 *all, const struct member *member,
                                  const struct object_watch *watch, char *buffer, uint64_t *size,
                                  cutover_error **error)
{
    struct sha256 *sha256 = NULL;
    unsigned char digest[SHA256_SIZE];
    size_t got = CHECK_READ;

    cutover_status status = sha256_start(&sha256, error);
    for (uint64_t left = member->size; status == CUTOVER_OK && left > 0 && got > 0; left -= got) {
        status = hash_piece(source, sha256, *size, left < CHECK_READ ? (size_t)left : CHECK_READ, watch, buffer,
                            &got, error);
        *size += got;
    }
    if (status == CUTOVER_OK)
        status = sha256_end_bytes(sha256, digest, error);
    if (status == CUTOVER_OK)
        status = sha256_add(all, digest, sizeof digest, error);
    sha256_free(sha256);
    return status;
}

static cutover_status hash_members(const struct source *source, struct sha256 *sha256,
                                   const struct manifest_table *table, const struct object_watch *watch,
                                   char *buffer, uint64_t *size, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    size_t more = 0;

    for (size_t i = 0; status == CUTOVER_OK && i < table->member_count; i++)
        status = hash_member(source, sha256, &table->members[i], watch, buffer, size, error);
    if (status == CUTOVER_OK)
        status = read_some(source, *size, buffer, 1, &more, error);
    *size += more;
    return status;
}

cutover_status object_check(const cutover_repository *repository, const char *backup,
                            const struct manifest_file *expected, const struct manifest_table *table,
                            const struct object_watch *watch, cutover_error **error)
{
    static const struct object_watch nobody = {NULL, NULL, NULL};
    struct source source = {repository, expected->name, NULL};
    struct sha256 *sha256 = NULL;
    char hex[SHA256_HEX_SIZE], *buffer = malloc(CHECK_READ);
    uint64_t size = 0;

    if (watch == NULL)
        watch = &nobody;
    if (buffer == NULL)
        return error_nomem(error);
    cutover_status status = sha256_start(&sha256, error);
    if (status == CUTOVER_OK)
        status = object_open(repository, backup, expected->name, &source.object, error);
    if (status == CUTOVER_OK)
        status = expected->by_members
                     ? hash_members(&source, sha256, table, watch, buffer, &size, error)
                     : hash_whole(&source, sha256, expected->size, watch, buffer, &size, error);
    if (status == CUTOVER_OK)
        status = compare_size(expected, size, error);
    if (status == CUTOVER_OK)
        status = sha256_end(sha256, hex, error);
    if (status == CUTOVER_OK)
        status = compare_sha256(expected, hex, error);
    object_close(repository, source.object);
    sha256_free(sha256);
    free(buffer);
    return status;
}
