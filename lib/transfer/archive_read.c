#include "transfer/archive_read.h"

#include "archive/object.h"
#include "base/answer.h"
#include "base/sha256.h"
#include "base/workers.h"
#include "transfer/archive.h"

#include <stdlib.h>
#include <string.h>

static cutover_status facts_read(struct archive *archive, cutover_error **error)
{
    const struct manifest_file *file = manifest_file_find(&archive->manifest, ARCHIVE_FACTS);
    char *bytes = NULL;
    size_t count = 0;

    if (file == NULL)
        return error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s does not name %s", MANIFEST_NAME,
                            ARCHIVE_FACTS);
    cutover_status status = object_read_all(&archive->host->repository, archive->backup_id, ARCHIVE_FACTS,
                                            ARCHIVE_FACTS_LIMIT, file, &bytes, &count, error);
    if (status != CUTOVER_OK)
        return status;
    archive->facts = (struct text){bytes, count, count, false};
    return CUTOVER_OK;
}

cutover_status archive_open(const struct host *host, const struct backup_record *record,
                            struct archive *archive, cutover_error **error)
{
    struct archive opened = {.host = host, .backup_id = record->id};
    char *json = NULL;
    size_t count = 0;
    char sha256[SHA256_HEX_SIZE];

    cutover_status status = object_read_all(&host->repository, record->id, MANIFEST_NAME, MANIFEST_LIMIT, NULL,
                                            &json, &count, error);
    if (status == CUTOVER_OK)
        status = sha256_of(json, count, sha256, error);
    if (status == CUTOVER_OK &&
        (record->manifest_sha256 == NULL || strcmp(sha256, record->manifest_sha256) != 0))
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                              "%s is not the one that was written: its SHA-256 differs from the record's",
                              MANIFEST_NAME);
    if (status == CUTOVER_OK)
        status = manifest_parse(json, count, &opened.manifest, error);
    free(json);
    if (status == CUTOVER_OK)
        status = facts_read(&opened, error);
    if (status != CUTOVER_OK) {
        archive_close(&opened);
        return status;
    }
    *archive = opened;
    return CUTOVER_OK;
}

void archive_close(struct archive *archive)
{
    manifest_free(&archive->manifest);
    text_free(&archive->facts);
}

uint64_t archive_raw_bytes(const struct archive *archive)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < archive->manifest.table_count; i++)
        for (size_t k = 0; k < archive->manifest.tables[i].member_count; k++)
            bytes += archive->manifest.tables[i].members[k].raw;
    return bytes;
}

/* ---- files ---- */

struct checking {
    const struct archive *archive;
    struct operation *operation;
    const struct renewed_table *tables; /* which; where not all are read */
    size_t count, others;
};

static cutover_status cancel_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    (void)context;
    (void)error;
    *state = cancel;
    return CUTOVER_OK;
}

static void cancel_close(void *context, void *state)
{
    (void)context;
    (void)state;
}

static void check_progress(void *context, size_t bytes)
{
    struct operation *operation = context;

    progress_add(&operation->progress, bytes, 0);
}

static cutover_status file_check(const struct archive *archive, size_t index, const struct object_watch *watch,
                                 cutover_error **error)
{
    const struct manifest *manifest = &archive->manifest;
    const struct manifest_file *file = &manifest->files[index];

    return object_check(&archive->host->repository, archive->backup_id, file,
                        file->by_members ? manifest_table_of_file(manifest, file) : NULL, watch, error);
}

static cutover_status file_task(void *context, void *state, size_t index, cutover_error **error)
{
    struct checking *checking = context;
    const struct object_watch watch = {state, check_progress, checking->operation};

    cutover_status status = file_check(checking->archive, index, &watch, error);
    progress_table(&checking->operation->progress);
    return status;
}

struct stranger {
    const struct manifest *manifest;
    cutover_error **error;
};

static cutover_status stranger_look(const cutover_object *object, void *context)
{
    const struct stranger *look = context;

    if (strcmp(object->name, MANIFEST_NAME) == 0 || manifest_file_find(look->manifest, object->name) != NULL)
        return CUTOVER_OK;
    return error_verify(look->error, CUTOVER_VERDICT_DIFFERENT,
                        "%s is in the backup, but its manifest does not name it", object->name);
}

cutover_status archive_check_files(const struct archive *archive, struct operation *operation, enum phase phase,
                                   cutover_error **error)
{
    const cutover_repository *repository = &archive->host->repository;
    const struct manifest *manifest = &archive->manifest;
    struct checking checking = {.archive = archive, .operation = operation};
    cutover_error *local = NULL;
    struct stranger look = {manifest, &local};
    uint64_t bytes = 0;

    for (size_t i = 0; i < manifest->file_count; i++)
        bytes += manifest->files[i].size;
    progress_begin(&operation->progress, phase, bytes, (uint32_t)manifest->file_count);
    struct workers workers = {
        .jobs = operation->jobs,
        .tasks = manifest->file_count,
        .open = cancel_open,
        .task = file_task,
        .close = cancel_close,
        .context = &checking,
        .tick = progress_tick,
        .tick_context = &operation->progress,
    };
    cutover_status status = workers_run(&workers, &operation->cancel, error);
    progress_end(&operation->progress);
    if (status != CUTOVER_OK)
        return status;
    status = ANSWER_OF(repository->capabilities, repository->list(archive->backup_id, stranger_look, &look,
                                                                  &local, repository->userdata));
    if (status != CUTOVER_OK) {
        status = error_from_callback(&local, status, "repository.list");
        error_move(error, local);
    }
    return status;
}

cutover_status member_read(const cutover_repository *repository, void *object, const char *file,
                           struct member_reader *reader, const struct member *member, const char **raw,
                           cutover_error **error)
{
    void *buffer = member_reader_buffer(reader, member->size, error);

    if (buffer == NULL)
        return error != NULL ? cutover_error_code(*error) : CUTOVER_E_NOMEM;
    cutover_status status =
        object_read_at(repository, object, file, member->offset, buffer, member->size, error);
    if (status == CUTOVER_OK)
        status = member_reader_inflate(reader, member, raw, error);
    if (status == CUTOVER_E_VERIFY)
        error_detail(error, "file %s, byte %llu", file, (unsigned long long)member->offset);
    return status;
}

/* ---- rows, read back without a server ---- */

struct row_worker {
    struct member_reader *reader;
    struct cancel *cancel;
};

static cutover_status row_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct row_worker *worker = calloc(1, sizeof *worker);

    (void)context;
    if (worker == NULL)
        return error_nomem(error);
    *state = worker;
    worker->cancel = cancel;
    return member_reader_open(&worker->reader, error);
}

static void row_close(void *context, void *state)
{
    struct row_worker *worker = state;

    (void)context;
    if (worker == NULL)
        return;
    member_reader_free(worker->reader);
    free(worker);
}

static cutover_status table_check(const struct checking *checking, struct row_worker *worker,
                                  const struct manifest_table *table, void *object, cutover_error **error)
{
    const cutover_repository *repository = &checking->archive->host->repository;
    struct digest digest = DIGEST_INIT;
    char text[DIGEST_TEXT_SIZE];

    for (size_t i = 0; i < table->member_count; i++) {
        const struct member *member = &table->members[i];
        uint64_t rows = digest.rows;
        const char *raw = NULL;
        cutover_status status = cancel_check(worker->cancel, error);
        if (status == CUTOVER_OK)
            status = member_read(repository, object, table->file, worker->reader, member, &raw, error);
        if (status != CUTOVER_OK)
            return status;
        if (member->rows == 0)
            continue;
        digest_lines(&digest, raw, member->raw);
        if (digest.rows - rows != member->rows)
            return error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                                "%s: its manifest says other rows than member %zu has", table->file, i);
        progress_add(&checking->operation->progress, member->raw, member->rows);
    }
    digest_format(&digest, text);
    if (strcmp(text, table->digest) != 0)
        return error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                            "%s: the rows of %s.%s are not those that were backed up", table->file,
                            table->schema, table->name);
    return CUTOVER_OK;
}

static cutover_status table_read_back(struct checking *checking, struct row_worker *worker, size_t table,
                                      cutover_error **error)
{
    const struct archive *archive = checking->archive;
    const struct manifest_table *from = &archive->manifest.tables[table];
    void *object = NULL;

    cutover_status status =
        object_open(&archive->host->repository, archive->backup_id, from->file, &object, error);
    if (status != CUTOVER_OK)
        return status;
    status = table_check(checking, worker, from, object, error);
    object_close(&archive->host->repository, object);
    progress_table(&checking->operation->progress);
    return status;
}

static cutover_status row_task(void *context, void *state, size_t index, cutover_error **error)
{
    return table_read_back(context, state, index, error);
}

static cutover_status rows_run(struct checking *checking, size_t tasks,
                               cutover_status (*task)(void *context, void *state, size_t index,
                                                      cutover_error **error),
                               cutover_error **error)
{
    struct operation *operation = checking->operation;
    struct workers workers = {
        .jobs = operation->jobs,
        .tasks = tasks,
        .open = row_open,
        .task = task,
        .close = row_close,
        .context = checking,
        .tick = progress_tick,
        .tick_context = &operation->progress,
    };

    return workers_run(&workers, &operation->cancel, error);
}

cutover_status archive_check_rows(const struct archive *archive, struct operation *operation,
                                  cutover_error **error)
{
    struct checking checking = {.archive = archive, .operation = operation};

    progress_begin(&operation->progress, PHASE_VERIFY_COMPARE, archive_raw_bytes(archive),
                   (uint32_t)archive->manifest.table_count);
    cutover_status status = rows_run(&checking, archive->manifest.table_count, row_task, error);
    progress_end(&operation->progress);
    return status;
}

/* ---- what was written anew ---- */

/* The bytes that were written, and in them the rows that were read. */
static cutover_status written_check(const struct checking *checking, struct row_worker *worker,
                                    const char *file, void *object, const struct range *written,
                                    cutover_error **error)
{
    const cutover_repository *repository = &checking->archive->host->repository;
    const struct member *member = &written->member;
    unsigned char sha256[SHA256_SIZE];
    struct digest digest = DIGEST_INIT;
    const char *raw = NULL;
    void *bytes = member_reader_buffer(worker->reader, member->size, error);

    if (bytes == NULL)
        return error != NULL ? cutover_error_code(*error) : CUTOVER_E_NOMEM;
    cutover_status status = cancel_check(worker->cancel, error);
    if (status == CUTOVER_OK)
        status = object_read_at(repository, object, file, member->offset, bytes, member->size, error);
    if (status == CUTOVER_OK)
        status = sha256_bytes_of(bytes, member->size, sha256, error);
    if (status == CUTOVER_OK && memcmp(sha256, written->sha256, SHA256_SIZE) != 0)
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s: byte %llu and on are not what was written",
                              file, (unsigned long long)member->offset);
    if (status == CUTOVER_OK)
        status = member_reader_inflate(worker->reader, member, &raw, error);
    if (status == CUTOVER_OK && member->rows > 0)
        digest_lines(&digest, raw, member->raw);
    if (status == CUTOVER_OK && !digest_equal(&digest, &written->digest))
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                              "%s: the rows from byte %llu on are not those that were read", file,
                              (unsigned long long)member->offset);
    progress_add(&checking->operation->progress, member->raw, member->rows);
    return status;
}

static cutover_status written_read_back(const struct checking *checking, struct row_worker *worker,
                                        const char *file, const struct range_list *written,
                                        cutover_error **error)
{
    const struct archive *archive = checking->archive;
    void *object = NULL;

    cutover_status status = object_open(&archive->host->repository, archive->backup_id, file, &object, error);
    for (size_t i = 0; status == CUTOVER_OK && i < written->count; i++)
        status = written_check(checking, worker, file, object, &written->ranges[i], error);
    object_close(&archive->host->repository, object);
    progress_table(&checking->operation->progress);
    return status;
}

/* A table's file and its rows, or what was written of it, or one of the files that are no table's. */
static cutover_status some_task(void *context, void *state, size_t index, cutover_error **error)
{
    struct checking *checking = context;
    struct row_worker *worker = state;
    const struct archive *archive = checking->archive;
    const struct object_watch watch = {worker->cancel, NULL, NULL};

    if (index >= checking->count)
        return file_check(archive, checking->others + index - checking->count, &watch, error);
    const struct renewed_table *renewed = &checking->tables[index];
    if (renewed->written != NULL)
        return written_read_back(checking, worker, archive->manifest.tables[renewed->table].file,
                                 renewed->written, error);
    cutover_status status = file_check(archive, renewed->table, &watch, error);
    return status == CUTOVER_OK ? table_read_back(checking, worker, renewed->table, error) : status;
}

static uint64_t renewed_bytes(const struct manifest *manifest, const struct renewed_table *renewed)
{
    const struct manifest_table *table = &manifest->tables[renewed->table];
    uint64_t bytes = 0;

    for (size_t i = 0; renewed->written != NULL && i < renewed->written->count; i++)
        bytes += renewed->written->ranges[i].member.raw;
    for (size_t i = 0; renewed->written == NULL && i < table->member_count; i++)
        bytes += table->members[i].raw;
    return bytes;
}

cutover_status archive_check_some(const struct archive *archive, struct operation *operation, enum phase phase,
                                  const struct renewed_table *tables, size_t count, size_t others,
                                  cutover_error **error)
{
    struct checking checking = {archive, operation, tables, count, others};
    const struct manifest *manifest = &archive->manifest;
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += renewed_bytes(manifest, &tables[i]);
    progress_begin(&operation->progress, phase, bytes, (uint32_t)count);
    cutover_status status = rows_run(&checking, count + manifest->file_count - others, some_task, error);
    progress_end(&operation->progress);
    return status;
}
