/* Step backup, the rows: tables, large objects and facts as worker threads read them. */
#include "archive/patch.h"
#include "postgres/catalog/facts.h"
#include "postgres/copy.h"
#include "postgres/largeobject.h"
#include "postgres/largeobject_entries.h"
#include "transfer/archive_writing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct writing_worker {
    struct session *session;
    struct member_writer *members;
};

/* ---- rows ---- */

static cutover_status worker_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct writing *writing = context;
    struct session_options options = writing->session;
    struct writing_worker *worker = calloc(1, sizeof *worker);

    if (worker == NULL)
        return error_nomem(error);
    options.cancel = cancel;
    *state = worker;
    cutover_status status = snapshot_join(writing->snapshot, &options, &worker->session, error);
    if (status == CUTOVER_OK)
        status = member_writer_open(ARCHIVE_GZIP_LEVEL, &worker->members, error);
    return status;
}

static void worker_close(void *context, void *state)
{
    struct writing_worker *worker = state;

    (void)context;
    if (worker == NULL)
        return;
    session_close(worker->session);
    member_writer_free(worker->members);
    free(worker);
}

static cutover_status member_note(struct table_file *file, const struct member *member, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    pthread_mutex_lock(&file->mutex);
    if (file->count == file->capacity) {
        size_t capacity = file->capacity == 0 ? 16 : file->capacity * 2;
        struct member *grown = reallocarray(file->members, capacity, sizeof *grown);
        if (grown == NULL)
            status = error_nomem(error);
        else {
            file->members = grown;
            file->capacity = capacity;
        }
    }
    if (status == CUTOVER_OK)
        file->members[file->count++] = *member;
    pthread_mutex_unlock(&file->mutex);
    return status;
}

/* Appends a compressed member to the table's file and notes where it lies. */
static cutover_status member_append(struct table_file *file, const void *bytes, size_t count,
                                    struct member member, cutover_error **error)
{
    cutover_status status = object_append(file->object, bytes, count, &member.offset, error);

    return status != CUTOVER_OK ? status : member_note(file, &member, error);
}

static int by_offset(const void *a, const void *b)
{
    const struct member *one = a, *two = b;

    return (one->offset > two->offset) - (one->offset < two->offset);
}

/* Appends what the worker has collected; *raw counts its bytes. */
static cutover_status rows_append(struct member_writer *members, struct table_file *file, uint64_t *raw,
                                  cutover_error **error)
{
    const void *bytes;
    size_t count;
    struct member member = {0};

    cutover_status status = member_writer_take(members, &bytes, &count, &member, error);
    if (status != CUTOVER_OK || count == 0)
        return status;
    *raw += member.raw;
    return member_append(file, bytes, count, member, error);
}

static cutover_status file_open(struct writing *writing, const struct table *table, size_t entry,
                                cutover_error **error)
{
    const cutover_repository *repository = &writing->operation->host->repository;
    struct table_file *file = &writing->files[entry];
    cutover_status status = CUTOVER_OK;

    pthread_mutex_lock(&file->mutex);
    if (file->object == NULL) {
        status = object_create(repository, writing->backup_id, writing->manifest.tables[entry].file,
                               &file->object, error);
        range_list_free(&file->ranges);
        range_list_free(&file->written);
        file->in_place = false;
        file->by_ranges = writing->to_be_renewed && table->heap_pages >= RANGES_FROM_PAGES &&
                          ranges_possible(table) && patch_possible(repository);
    }
    pthread_mutex_unlock(&file->mutex);
    return status;
}

/* The last part of a table ends its file. */
static cutover_status file_finish(void *context, void *state, size_t table, cutover_error **error)
{
    struct writing *writing = context;
    struct writing_worker *worker = state;
    const size_t place = writing->entries[table];
    struct table_file *file = &writing->files[place];
    struct manifest_table *to = &writing->manifest.tables[place];
    struct member member = {0};
    const void *bytes;
    size_t count;

    cutover_status status = member_writer_copy_end(worker->members, &bytes, &count, &member, error);
    if (status == CUTOVER_OK)
        status = member_append(file, bytes, count, member, error);
    if (status == CUTOVER_OK && file->by_ranges)
        status = archive_ranges_note(worker->session, &writing->read[table], file, error);
    if (status != CUTOVER_OK)
        return status;
    struct object_writer *object = file->object;
    file->object = NULL;
    manifest_file_forget(&writing->manifest.files[place]);
    status = object_commit(object, &writing->manifest.files[place], error);
    if (status != CUTOVER_OK)
        return status;
    /* Streams noted theirs as they came to it; the manifest lists them as they lie. */
    qsort(file->members, file->count, sizeof *file->members, by_offset);
    const struct receipt *receipt = &writing->pass.receipts.tables[table];
    char digest[DIGEST_TEXT_SIZE];
    digest_format(&receipt->digest, digest);
    to->rows = receipt->digest.rows;
    free(to->members);
    to->members = file->members;
    to->member_count = file->count;
    file->members = NULL;
    file->count = file->capacity = 0;
    free(to->digest);
    return string_copy(digest, &to->digest, error);
}

static cutover_status rows_write(struct writing *writing, struct writing_worker *worker,
                                 const struct table *table, size_t entry, struct page_range range,
                                 struct digest *digest, uint64_t *raw, cutover_error **error)
{
    struct table_file *file = &writing->files[entry];
    struct progress *progress = &writing->operation->progress;
    struct copy_out copy;
    uint64_t told = 0, rows_told = 0;

    cutover_status status = copy_out_open(&copy, worker->session, table, range, COPY_TEXT, error);
    if (status != CUTOVER_OK)
        return status;
    for (;;) {
        const char *row;
        size_t length;
        bool full;
        status = copy_out_row(&copy, &row, &length, error);
        if (status != CUTOVER_OK || length == 0)
            break;
        digest_row(digest, row, length - 1);
        status = member_writer_add(worker->members, row, length, &full, error);
        if (status == CUTOVER_OK && full) {
            status = rows_append(worker->members, file, raw, error);
            progress_add(progress, *raw - told, digest->rows - rows_told);
            told = *raw;
            rows_told = digest->rows;
        }
        if (status != CUTOVER_OK)
            break;
    }
    if (status != CUTOVER_OK) {
        copy_out_abort(&copy);
        return status;
    }
    status = rows_append(worker->members, file, raw, error);
    progress_add(progress, *raw - told, digest->rows - rows_told);
    return status;
}

/* A part whose rows become members by ranges. */
struct ranging {
    struct table_file *file;
    struct progress *progress;
    uint64_t *raw;
};

static cutover_status range_append(void *context, const void *bytes, struct range *range, cutover_error **error)
{
    struct ranging *ranging = context;
    struct table_file *file = ranging->file;
    struct member *member = &range->member;
    cutover_status status = CUTOVER_OK;

    if (bytes != NULL)
        status = object_append(file->object, bytes, member->size, &member->offset, error);
    if (status == CUTOVER_OK && bytes != NULL)
        status = member_note(file, member, error);
    if (status != CUTOVER_OK)
        return status;
    *ranging->raw += member->raw;
    progress_add(ranging->progress, member->raw, member->rows);
    pthread_mutex_lock(&file->mutex);
    status = range_list_add(&file->ranges, range, error);
    pthread_mutex_unlock(&file->mutex);
    return status;
}

static cutover_status ranges_write(struct writing *writing, struct writing_worker *worker,
                                   const struct table *table, struct table_file *file, struct page_range range,
                                   struct digest *digest, uint64_t *raw, cutover_error **error)
{
    struct ranging ranging = {file, &writing->operation->progress, raw};
    const struct row_range rows = {{(uint32_t)range.first, 0}, {(uint32_t)range.end, 0}};

    return range_rows_read(worker->session, table, rows, worker->members, range_append, &ranging, digest,
                           error);
}

static cutover_status part_write(void *context, void *state, const struct part *part, struct digest *digest,
                                 uint64_t *bytes, cutover_error **error)
{
    struct writing *writing = context;
    const struct table *table = &writing->read[part->table];
    const size_t entry = writing->entries[part->table];

    cutover_status status = file_open(writing, table, entry, error);
    if (status != CUTOVER_OK)
        return status;
    return writing->files[entry].by_ranges
               ? ranges_write(writing, state, table, &writing->files[entry], part->range, digest, bytes, error)
               : rows_write(writing, state, table, entry, part->range, digest, bytes, error);
}

/* ---- what is not rows ---- */

struct large_object_sink {
    struct member_writer *members;
    struct object_writer *object;
    struct progress *progress;
};

static cutover_status large_object_flush(struct large_object_sink *sink, cutover_error **error)
{
    struct member member;
    const void *bytes;
    size_t count;

    cutover_status status = member_writer_take(sink->members, &bytes, &count, &member, error);
    if (status == CUTOVER_OK && count > 0)
        status = object_append(sink->object, bytes, count, NULL, error);
    return status;
}

/* The file of an empty object is gzip, too. */
static cutover_status large_object_empty(struct large_object_sink *sink, cutover_error **error)
{
    struct member member;
    const void *bytes;
    size_t count;

    cutover_status status = member_writer_empty(sink->members, &bytes, &count, &member, error);
    return status != CUTOVER_OK ? status : object_append(sink->object, bytes, count, NULL, error);
}

static cutover_status large_object_receive(void *context, const void *bytes, size_t count,
                                           cutover_error **error)
{
    struct large_object_sink *sink = context;
    bool full;

    cutover_status status = member_writer_add(sink->members, bytes, count, &full, error);
    if (status == CUTOVER_OK && full)
        status = large_object_flush(sink, error);
    progress_add(sink->progress, count, 0);
    return status;
}

static cutover_status large_object_write(struct writing *writing, struct writing_worker *worker,
                                         struct largeobject_reader *reader, struct manifest_file *entry,
                                         cutover_error **error)
{
    struct large_object_sink sink = {worker->members, NULL, &writing->operation->progress};
    char name[64];
    uint64_t size = 0;

    snprintf(name, sizeof name, "blob_%" PRIu32 ".dat.gz", largeobject_reader_at(reader));
    cutover_status status =
        object_create(&writing->operation->host->repository, writing->backup_id, name, &sink.object, error);
    if (status != CUTOVER_OK)
        return status;
    status =
        largeobject_reader_next(reader, large_object_receive, &sink, &writing->large_objects, &size, error);
    writing->manifest.large_object_bytes += size;
    if (status == CUTOVER_OK)
        status = size > 0 ? large_object_flush(&sink, error) : large_object_empty(&sink, error);
    if (status != CUTOVER_OK) {
        object_abort(sink.object);
        return status;
    }
    return object_commit(sink.object, entry, error);
}

static void listing_add(struct text *listing, uint32_t oid)
{
    text_add_format(listing, "%" PRIu32 " blob_%" PRIu32 ".dat\n", oid, oid);
}

/* Of a group (its oids, one a line), or of all. */
static void listing_make(const struct writing *writing, const struct toc_entry *group, struct text *listing)
{
    const struct inventory *inventory = &writing->snapshot->inventory;

    for (size_t i = 0; group == NULL && i < inventory->large_object_count; i++)
        listing_add(listing, inventory->large_objects[i].oid);
    for (const char *line = group != NULL ? group->defn.bytes : NULL; line != NULL && *line != '\0';
         line += strcspn(line, "\n") + 1)
        listing_add(listing, (uint32_t)strtoul(line, NULL, 10));
}

static cutover_status listings_write(struct writing *writing, struct manifest_file *files,
                                     cutover_error **error)
{
    const struct toc *toc = &writing->toc;
    cutover_status status = CUTOVER_OK;

    for (size_t i = toc->parsed; status == CUTOVER_OK && i < toc->count; i++) {
        const struct toc_entry *contents = &toc->entries[i];
        struct text listing = TEXT_INIT;
        if (!largeobject_is_contents(contents))
            continue;
        listing_make(writing, largeobject_group(toc, contents), &listing);
        status = text_failed(&listing)
                     ? error_nomem(error)
                     : object_write_all(&writing->operation->host->repository, writing->backup_id,
                                        contents->file.bytes, listing.bytes, listing.length, files++, error);
        text_free(&listing);
    }
    return status;
}

static cutover_status large_objects_write(struct writing *writing, struct writing_worker *worker,
                                          cutover_error **error)
{
    const struct inventory *inventory = &writing->snapshot->inventory;
    struct manifest_file *listings = &writing->manifest.files[writing->manifest.table_count];
    struct manifest_file *files = listings + writing->listings;
    struct largeobject_reader reader;
    cutover_status status = CUTOVER_OK;

    writing->large_objects = (struct digest)DIGEST_INIT;
    writing->manifest.large_object_bytes = 0;
    largeobject_reader_open(&reader, worker->session, inventory);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory->large_object_count; i++)
        status = large_object_write(writing, worker, &reader, &files[i], error);
    largeobject_reader_close(&reader);
    return status != CUTOVER_OK ? status : listings_write(writing, listings, error);
}

/* Catalog facts, where they were not read before, and large objects. */
static cutover_status rest_write(void *context, void *state, cutover_error **error)
{
    struct writing *writing = context;
    struct writing_worker *worker = state;

    cutover_status status =
        writing->facts.length > 0 ? CUTOVER_OK : catalog_facts_read(worker->session, &writing->facts, error);
    if (status == CUTOVER_OK && writing->large_objects_read)
        status = large_objects_write(writing, worker, error);
    return status;
}

static uint64_t bytes_to_read(const struct writing *writing)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < writing->read_count; i++)
        bytes += writing->read[i].bytes;
    return bytes;
}

cutover_status archive_rows_write(struct writing *writing, cutover_error **error)
{
    struct operation *operation = writing->operation;

    writing->pass = (struct pass){
        .tables = writing->read,
        .table_count = writing->read_count,
        .jobs = operation->jobs,
        .split = SPLIT_FREELY,
        .progress = &operation->progress,
        .phase = writing->phase,
        .bytes = bytes_to_read(writing),
        .open = worker_open,
        .close = worker_close,
        .before = rest_write,
        .part = part_write,
        .whole = file_finish,
        .context = writing,
    };
    return pass_run(&writing->pass, error);
}
