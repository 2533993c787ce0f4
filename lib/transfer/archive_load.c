#include "transfer/archive_read.h"

#include "archive/object.h"
#include "base/folder.h"
#include "postgres/largeobject.h"
#include "postgres/public_schema.h"
#include "postgres/quote.h"
#include "transfer/archive.h"
#include "transfer/index_build.h"
#include "transfer/pass.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGE_OBJECT_BUFFER (2u * MEMBER_RAW_TARGET)

struct loading {
    const struct archive *archive;
    struct fill *fill;
    enum phase phase;
    struct table *tables; /* as the pass and fill_table_begin want them; a member counts as a page */
    struct pass pass;
    struct index_build indexes;
};

struct loading_worker {
    struct session *session;
    struct member_reader *reader;
};

/* The manifest's tables as a plan's. */
static cutover_status tables_make(struct loading *loading, cutover_error **error)
{
    const struct manifest *manifest = &loading->archive->manifest;

    loading->tables = calloc(manifest->table_count + 1, sizeof *loading->tables);
    if (loading->tables == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *from = &manifest->tables[i];
        struct table *to = &loading->tables[i];
        struct text qualified = TEXT_INIT, columns = TEXT_INIT, label = TEXT_INIT;
        quote_qualified(&qualified, from->schema, from->name);
        text_add_format(&label, "%s.%s", from->schema, from->name);
        for (size_t k = 0; k < from->column_count; k++) {
            text_add(&columns, k == 0 ? "(" : ", ");
            quote_identifier(&columns, from->columns[k]);
        }
        if (from->column_count > 0)
            text_add(&columns, ")");
        to->qualified = text_take(&qualified);
        to->column_list = text_take(&columns);
        to->label = text_take(&label);
        if (to->qualified == NULL || to->column_list == NULL || to->label == NULL)
            return error_nomem(error);
        to->oid = from->oid;
        to->extension_config = strcmp(from->kind, "extension config") == 0;
        to->heap = true;
        to->heap_pages = from->member_count;
        for (size_t k = 0; k < from->member_count; k++)
            to->bytes += from->members[k].raw;
    }
    return CUTOVER_OK;
}

static void tables_free(struct loading *loading)
{
    for (size_t i = 0; loading->tables != NULL && i < loading->archive->manifest.table_count; i++) {
        free(loading->tables[i].qualified);
        free(loading->tables[i].column_list);
        free(loading->tables[i].label);
    }
    free(loading->tables);
}

static cutover_status worker_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct loading *loading = context;
    struct loading_worker *worker = calloc(1, sizeof *worker);

    if (worker == NULL)
        return error_nomem(error);
    *state = worker;
    cutover_status status = fill_session(loading->fill, cancel, &worker->session, error);
    return status != CUTOVER_OK ? status : member_reader_open(&worker->reader, error);
}

static void worker_close(void *context, void *state)
{
    struct loading_worker *worker = state;

    (void)context;
    if (worker == NULL)
        return;
    session_close(worker->session);
    member_reader_free(worker->reader);
    free(worker);
}

static cutover_status members_load(struct loading *loading, struct loading_worker *worker,
                                   const struct manifest_table *table, struct page_range range, void *object,
                                   struct copy_in *copy, struct digest *rows, cutover_error **error)
{
    const cutover_repository *repository = &loading->archive->host->repository;
    size_t end = range.end == 0 ? table->member_count : range.end;
    cutover_status status = CUTOVER_OK;

    for (size_t i = range.first; status == CUTOVER_OK && i < end; i++) {
        const struct member *member = &table->members[i];
        const char *raw;
        if (member->rows == 0)
            continue;
        status = member_read(repository, object, table->file, worker->reader, member, &raw, error);
        if (status == CUTOVER_OK)
            status = copy_in_put(copy, raw, member->raw, member->rows, error);
        if (status == CUTOVER_OK) {
            rows->rows += member->rows;
            progress_add(&loading->fill->operation->progress, member->raw, member->rows);
        }
    }
    return status;
}

/* The digest only counts rows here: what arrived is digested from the database. */
static cutover_status part_load(void *context, void *state, const struct part *part, struct digest *digest,
                                uint64_t *bytes, cutover_error **error)
{
    struct loading *loading = context;
    struct loading_worker *worker = state;
    const struct archive *archive = loading->archive;
    const struct manifest_table *table = &archive->manifest.tables[part->table];
    struct copy_in copy;
    void *object = NULL;

    (void)bytes;
    cutover_status status =
        object_open(&archive->host->repository, archive->backup_id, table->file, &object, error);
    if (status != CUTOVER_OK)
        return status;
    status = fill_table_begin(loading->fill, &copy, worker->session, &loading->tables[part->table], part->whole,
                              error);
    if (status == CUTOVER_OK) {
        status = members_load(loading, worker, table, part->range, object, &copy, digest, error);
        if (status == CUTOVER_OK)
            status = fill_table_end(&copy, error);
        else
            copy_in_abort(&copy);
    }
    object_close(&archive->host->repository, object);
    return status;
}

static cutover_status table_whole(void *context, void *state, size_t table, cutover_error **error)
{
    struct loading *loading = context;

    (void)state;
    (void)error;
    index_build_table_whole(&loading->indexes, table);
    return CUTOVER_OK;
}

static cutover_status index_next(void *context, void *state, cutover_error **error)
{
    struct loading *loading = context;
    struct loading_worker *worker = state;

    return index_build_next(&loading->indexes, worker->session, loading->fill, error);
}

/* ---- large objects: gzip members, one after the other, into the object that pre-data made ---- */

static cutover_status large_object_load(struct loading *loading, struct loading_worker *worker,
                                        const struct manifest_file *file, struct largeobject_writer *writer,
                                        cutover_error **error)
{
    const cutover_repository *repository = &loading->archive->host->repository;
    void *object = NULL;
    uint64_t offset = 0;

    cutover_status status = object_open(repository, loading->archive->backup_id, file->name, &object, error);
    while (status == CUTOVER_OK && offset < file->size) {
        uint64_t rest = file->size - offset;
        size_t count = rest < LARGE_OBJECT_BUFFER ? (size_t)rest : LARGE_OBJECT_BUFFER;
        void *buffer = member_reader_buffer(worker->reader, count, error);
        const char *raw;
        size_t used = 0, raw_count = 0;
        if (buffer == NULL) {
            status = error != NULL ? cutover_error_code(*error) : CUTOVER_E_NOMEM;
            break;
        }
        status = object_read_at(repository, object, file->name, offset, buffer, count, error);
        if (status == CUTOVER_OK)
            status =
                member_reader_next(worker->reader, count, LARGE_OBJECT_BUFFER, &used, &raw, &raw_count, error);
        if (status == CUTOVER_OK)
            status = largeobject_write(writer, raw, raw_count, error);
        offset += used;
        progress_add(&loading->fill->operation->progress, raw_count, 0);
    }
    object_close(repository, object);
    return status;
}

/* Whether it is exactly the name that a large object's file bears. */
static bool large_object_named(const char *name, uint32_t *oid)
{
    char written[64];

    if (sscanf(name, "blob_%" SCNu32, oid) != 1)
        return false;
    snprintf(written, sizeof written, "blob_%" PRIu32 ".dat.gz", *oid);
    return strcmp(name, written) == 0;
}

static cutover_status large_objects_load(void *context, void *state, cutover_error **error)
{
    struct loading *loading = context;
    struct loading_worker *worker = state;
    const struct manifest *manifest = &loading->archive->manifest;
    struct largeobject_writer writer = {.session = loading->fill->session};
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < manifest->file_count; i++) {
        uint32_t oid;
        if (!large_object_named(manifest->files[i].name, &oid))
            continue;
        largeobject_begin(&writer, oid);
        status = cancel_check(worker->session->cancel, error);
        if (status == CUTOVER_OK)
            status = large_object_load(loading, worker, &manifest->files[i], &writer, error);
        if (status == CUTOVER_OK)
            status = largeobject_end(&writer, error);
    }
    if (status == CUTOVER_OK)
        status = largeobject_flush(&writer, error);
    largeobject_writer_free(&writer);
    return status;
}

static cutover_status rows_check(const struct loading *loading, cutover_error **error)
{
    const struct manifest *manifest = &loading->archive->manifest;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < manifest->table_count; i++) {
        uint64_t rows = loading->pass.receipts.tables[i].digest.rows;
        if (rows != manifest->tables[i].rows)
            status = error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                                  "%s: %" PRIu64 " rows were restored, the manifest says %" PRIu64,
                                  loading->tables[i].label, rows, manifest->tables[i].rows);
    }
    return status;
}

static cutover_status rows_load(struct loading *loading, cutover_error **error)
{
    struct operation *operation = loading->fill->operation;
    size_t tables = loading->archive->manifest.table_count;

    cutover_status status = tables_make(loading, error);
    if (status == CUTOVER_OK)
        status = index_build_open(&loading->indexes, loading->fill, loading->tables, tables, error);
    if (status != CUTOVER_OK)
        return status;
    loading->fill->has_built = index_build_has;
    loading->fill->built = &loading->indexes;
    loading->pass = (struct pass){
        .tables = loading->tables,
        .table_count = tables,
        .jobs = operation->jobs,
        .split = SPLIT_WHEN_NEEDED,
        .progress = &operation->progress,
        .phase = loading->phase,
        .bytes = archive_raw_bytes(loading->archive),
        .open = worker_open,
        .close = worker_close,
        .before = large_objects_load,
        .part = part_load,
        .whole = table_whole,
        .after = index_next,
        .after_count = loading->indexes.count,
        .context = loading,
    };
    status = pass_run(&loading->pass, error);
    return status != CUTOVER_OK ? status : rows_check(loading, error);
}

/* The archive's table of contents where pg_restore can read it: FOLDER/<backup>/toc.dat. */
static cutover_status schema_fetch(const struct archive *archive, const struct operation *operation,
                                   cutover_error **error)
{
    struct text folder = TEXT_INIT;
    char *bytes = NULL;
    size_t count = 0;

    cutover_status status =
        object_read_all(&archive->host->repository, archive->backup_id, ARCHIVE_TOC, ARCHIVE_TOC_LIMIT,
                        manifest_file_find(&archive->manifest, ARCHIVE_TOC), &bytes, &count, error);
    if (status != CUTOVER_OK)
        return status;
    text_add_format(&folder, "%s/%s", operation->folder, archive->backup_id);
    if (text_failed(&folder))
        status = error_nomem(error);
    else if (mkdir(text_string(&folder), 0700) != 0 && errno != EEXIST)
        status = error_set_errno(error, CUTOVER_E_IO, errno, "cannot make a folder in the work folder");
    else
        status = folder_write(text_string(&folder), ARCHIVE_TOC, bytes, count, error);
    free(bytes);
    text_free(&folder);
    return status;
}

cutover_status archive_load(struct archive *archive, struct operation *operation, const struct destination *to,
                            enum phase phase, struct fill *fill, cutover_error **error)
{
    const struct manifest *manifest = &archive->manifest;
    struct loading loading = {.archive = archive, .fill = fill, .phase = phase};

    *fill = (struct fill){
        .operation = operation,
        .control = to->control,
        .conninfo = to->conninfo,
        .given_loader = to->given_loader,
        .database = to->database,
        .folder = operation->folder,
        .name = archive->backup_id,
        .lc_monetary = manifest->lc_monetary,
        .encoding = manifest->encoding,
        .index_phase = phase + 1,
    };
    cutover_status status = schema_fetch(archive, operation, error);
    if (status == CUTOVER_OK)
        status = fill_begin(fill, error);
    if (status == CUTOVER_OK)
        status = rows_load(&loading, error);
    if (status == CUTOVER_OK)
        status = fill_end(fill, manifest->sequences, manifest->sequence_count, error);
    if (status == CUTOVER_OK)
        status = public_schema_return(fill->session, error);
    if (status == CUTOVER_OK)
        status = fill_translate(fill, (int)manifest->server_version, &archive->facts, error);
    fill->has_built = NULL;
    fill->built = NULL;
    index_build_close(&loading.indexes);
    pass_close(&loading.pass);
    tables_free(&loading);
    return status;
}

cutover_status archive_compare(struct archive *archive, struct operation *operation,
                               const struct conninfo *conninfo, const char *database, enum phase phase,
                               cutover_error **error)
{
    struct session_options options = operation_session(operation, conninfo, database);
    struct content_reader reader = {&options, NULL, operation->jobs, &operation->progress, 0};
    struct content expected = {0}, found = {0};

    options.lc_monetary = archive->manifest.lc_monetary;
    cutover_status status = content_from_manifest(&archive->manifest, &archive->facts, &expected, error);
    if (status == CUTOVER_OK) {
        progress_begin(&operation->progress, phase, archive_raw_bytes(archive),
                       (uint32_t)archive->manifest.table_count);
        status = content_read(&reader, &expected, &found, error);
        progress_end(&operation->progress);
    }
    if (status == CUTOVER_OK)
        status = content_compare(&expected, &found, "the backup", "its restored copy", error);
    content_free(&expected);
    content_free(&found);
    return status;
}

/* ---- some tables ---- */

#define LARGE_OBJECTS_OID 2613 /* pg_largeobject */
#define LOCK_TIMEOUT_MS 30000

static bool has_large_objects(const uint32_t *tables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (tables[i] == LARGE_OBJECTS_OID)
            return true;
    return false;
}

/* The manifest of some of its tables; the list alone is its own. Of an extension's table it has what the extension says. */
static cutover_status manifest_of_tables(const struct manifest *manifest, const uint32_t *tables, size_t count,
                                         struct manifest *some, cutover_error **error)
{
    struct manifest_table *list = calloc(count + 1, sizeof *list);

    if (list == NULL)
        return error_nomem(error);
    *some = (struct manifest){.server_version = manifest->server_version,
                              .large_object_digest = manifest->large_object_digest,
                              .large_objects = manifest->large_objects,
                              .tables = list};
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        if (tables[i] == LARGE_OBJECTS_OID)
            continue;
        while (k < manifest->table_count &&
               (manifest->tables[k].oid != tables[i] || manifest->tables[k].condition != NULL))
            k++;
        if (k == manifest->table_count) {
            error_verify(error, CUTOVER_VERDICT_UNKNOWN,
                         "the backup has not all rows of the relation with OID %u", tables[i]);
            error_hint(
                error,
                "It belongs to an extension, and was rewritten while production refuses writes. Keep "
                "maintenance (VACUUM FULL, CLUSTER, REPACK) away until the job is over, and start again.");
            return CUTOVER_E_VERIFY;
        }
        list[some->table_count++] = manifest->tables[k];
    }
    return CUTOVER_OK;
}

static cutover_status some_compare(const struct content_reader *reader, struct content *expected,
                                   bool large_objects, bool *same, cutover_error **error)
{
    struct content found = {0};
    cutover_error *local = NULL;
    cutover_status status;

    if (large_objects) {
        status = content_read(reader, expected, &found, error);
    } else {
        expected->large_objects = 0;
        expected->large_object_digest = found.large_object_digest;
        status = content_read_rows(reader, expected, &found, error);
    }
    if (status == CUTOVER_OK)
        status = content_compare_rows(expected, &found, "the backup", "production", &local);
    *same = status == CUTOVER_OK;
    if (local != NULL && status == CUTOVER_E_VERIFY) {
        cutover_error_free(local);
        status = CUTOVER_OK;
    } else {
        error_move(error, local);
    }
    content_free(&found);
    return status;
}

cutover_status archive_compare_tables(const struct archive *archive, struct operation *operation,
                                      const struct session_options *session, const uint32_t *tables,
                                      size_t count, enum phase phase, bool *same, cutover_error **error)
{
    struct session_options options = *session;
    struct content_reader reader = {&options, NULL, operation->jobs, &operation->progress, LOCK_TIMEOUT_MS};
    struct text no_facts = TEXT_INIT;
    struct manifest some = {0};
    struct content expected = {0};

    options.lc_monetary = archive->manifest.lc_monetary;
    cutover_status status = manifest_of_tables(&archive->manifest, tables, count, &some, error);
    if (status == CUTOVER_OK)
        status = content_from_manifest(&some, &no_facts, &expected, error);
    if (status == CUTOVER_OK) {
        progress_begin(&operation->progress, phase, 0, (uint32_t)some.table_count);
        status = some_compare(&reader, &expected, has_large_objects(tables, count), same, error);
        progress_end(&operation->progress);
    }
    content_free(&expected);
    free(some.tables);
    return status;
}
