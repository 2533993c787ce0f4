#include "transfer/live_copy.h"

#include "base/folder.h"
#include "postgres/catalog/facts.h"
#include "postgres/database.h"
#include "postgres/extension_comments.h"
#include "postgres/largeobject.h"
#include "postgres/largeobject_entries.h"
#include "postgres/public_schema.h"
#include "transfer/analyze.h"
#include "transfer/archive.h"
#include "transfer/foreign_keys.h"
#include "transfer/index_build.h"
#include "transfer/pass.h"

#include <stdlib.h>
#include <string.h>

/*
 * How a live database is copied.
 *
 * One snapshot stays open from the first row to the end of the check. The session that exported it holds a lock on every table
 * (postgres/snapshot.h), so nobody changes or drops one; pg_dump and all workers join it. Schema, rows, large objects and facts
 * are therefore of one moment, however long the copy takes and whatever is written to the source meanwhile.
 *
 * The order is that of pg_dump's sections, but the rows are ours: "pre-data" makes tables without indexes and constraints; a pass
 * (transfer/pass.h) moves the rows; sequences are set; "post-data" makes what is left. Statistics and event triggers come last.
 *
 * A worker holds two sessions, one in the source under the snapshot and one in the copy, and hands on each row from COPY TO to
 * COPY FROM, in binary where the table's types allow it. As a row passes it is added to the table's digest: what the *source* gave
 * is what is remembered, and the check reads the copy back and compares with that, not with what was sent. A table that is one
 * part is truncated and filled in one transaction, so that its rows can be frozen; parts of a split table cannot.
 *
 * The pass's first task is what is not rows: facts and large objects. Its last tasks are indexes and foreign keys (index_build.c),
 * which a worker that finds no more rows builds while others still copy; "post-data" leaves those out.
 *
 * Sequences follow no snapshot. They are read when the last row has been, so that none is behind an id that was copied.
 *
 * COPY leaves generated columns out, so the pass saw none of their values. The check reads them on both sides, the source's
 * under the same snapshot: they differ where an expression computes something else in the copy. Then the snapshot ends.
 */

#define SCHEMA_FOLDER "preview-schema"
#define LOCK_TIMEOUT_MS 30000

/* How much a stream moves between two counts of its progress. */
#define TELL_BYTES (1u << 20)

struct copying {
    struct live_copy *live;
    struct fill *fill;
    struct session_options source;
    struct pass pass;
    struct index_build indexes;
    struct digest large_objects;
    struct text facts;
};

struct copying_worker {
    struct session *from, *to;
};

cutover_status live_copy_open(struct live_copy *live, cutover_error **error)
{
    struct session_options options = operation_session(live->operation, live->source, NULL);

    return snapshot_open(&options, LOCK_TIMEOUT_MS, &live->snapshot, error);
}

cutover_status live_copy_create(struct live_copy *live, cutover_error **error)
{
    return database_create(live->control, live->name, live->properties, &live->oid, error);
}

static cutover_status worker_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct copying *copying = context;
    struct session_options options = copying->source;
    struct copying_worker *worker = calloc(1, sizeof *worker);

    if (worker == NULL)
        return error_nomem(error);
    *state = worker;
    options.cancel = cancel;
    cutover_status status = snapshot_join(copying->live->snapshot, &options, &worker->from, error);
    return status != CUTOVER_OK ? status : fill_session(copying->fill, cancel, &worker->to, error);
}

static void worker_close(void *context, void *state)
{
    struct copying_worker *worker = state;

    (void)context;
    if (worker == NULL)
        return;
    session_close(worker->from);
    session_close(worker->to);
    free(worker);
}

static cutover_status rows_copy(struct copying *copying, struct copy_out *from, struct copy_in *to,
                                struct digest *digest, uint64_t *bytes, cutover_error **error)
{
    struct progress *progress = &copying->live->operation->progress;
    uint64_t bytes_told = 0, rows_told = 0;

    for (;;) {
        const char *row;
        size_t length;
        cutover_status status = copy_out_row(from, &row, &length, error);
        if (status != CUTOVER_OK)
            return status;
        if (length == 0)
            break;
        copy_out_digest(from, row, length, digest);
        *bytes += length;
        status = copy_in_put(to, row, length, 1, error);
        if (status != CUTOVER_OK)
            return status;
        if (*bytes - bytes_told >= TELL_BYTES) {
            progress_add(progress, *bytes - bytes_told, digest->rows - rows_told);
            bytes_told = *bytes;
            rows_told = digest->rows;
        }
    }
    progress_add(progress, *bytes - bytes_told, digest->rows - rows_told);
    return CUTOVER_OK;
}

static cutover_status part_copy(void *context, void *state, const struct part *part, struct digest *digest,
                                uint64_t *bytes, cutover_error **error)
{
    struct copying *copying = context;
    struct copying_worker *worker = state;
    const struct table *table = &copying->pass.tables[part->table];
    struct copy_out from;
    struct copy_in to;

    cutover_status status =
        copy_out_open(&from, worker->from, table, part->range, table->binary ? COPY_BINARY : COPY_TEXT, error);
    if (status != CUTOVER_OK)
        return status;
    status = fill_table_begin(copying->fill, &to, worker->to, table, part->whole, error);
    if (status != CUTOVER_OK) {
        copy_out_abort(&from);
        return status;
    }
    status = rows_copy(copying, &from, &to, digest, bytes, error);
    if (status == CUTOVER_OK)
        status = fill_table_end(&to, error);
    if (status != CUTOVER_OK) {
        copy_in_abort(&to);
        copy_out_abort(&from);
    }
    return status;
}

static cutover_status table_whole(void *context, void *state, size_t table, cutover_error **error)
{
    struct copying *copying = context;

    (void)state;
    (void)error;
    index_build_table_whole(&copying->indexes, table);
    return CUTOVER_OK;
}

static cutover_status index_next(void *context, void *state, cutover_error **error)
{
    struct copying *copying = context;
    struct copying_worker *worker = state;

    return index_build_next(&copying->indexes, worker->to, copying->fill, error);
}

static cutover_status large_object_receive(void *context, const void *bytes, size_t count,
                                           cutover_error **error)
{
    return largeobject_write(context, bytes, count, error);
}

static cutover_status large_objects_copy(struct copying *copying, struct copying_worker *worker,
                                         cutover_error **error)
{
    const struct inventory *inventory = &copying->live->snapshot->inventory;
    struct largeobject_writer writer = {.session = copying->fill->session};
    struct largeobject_reader reader;
    cutover_status status = CUTOVER_OK;

    largeobject_reader_open(&reader, worker->from, inventory);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory->large_object_count; i++) {
        largeobject_begin(&writer, largeobject_reader_at(&reader));
        status = cancel_check(worker->to->cancel, error);
        if (status == CUTOVER_OK)
            status = largeobject_reader_next(&reader, large_object_receive, &writer, &copying->large_objects,
                                             NULL, error);
        if (status == CUTOVER_OK)
            status = largeobject_end(&writer, error);
    }
    if (status == CUTOVER_OK)
        status = largeobject_flush(&writer, error);
    largeobject_reader_close(&reader);
    largeobject_writer_free(&writer);
    return status;
}

/* The source's facts, and large objects: nothing in these is evaluated, and an owner need not be one that a loader can be. */
static cutover_status rest_copy(void *context, void *state, cutover_error **error)
{
    struct copying *copying = context;
    struct copying_worker *worker = state;

    cutover_status status = catalog_facts_read(worker->from, &copying->facts, error);
    return status != CUTOVER_OK ? status : large_objects_copy(copying, worker, error);
}

static cutover_status rows_move(struct copying *copying, cutover_error **error)
{
    struct operation *operation = copying->live->operation;
    const struct inventory *inventory = &copying->live->snapshot->inventory;

    cutover_status status =
        index_build_open(&copying->indexes, copying->fill, inventory->tables, inventory->table_count, error);
    if (status != CUTOVER_OK)
        return status;
    copying->fill->has_built = index_build_has;
    copying->fill->built = &copying->indexes;
    copying->pass = (struct pass){
        .tables = inventory->tables,
        .table_count = inventory->table_count,
        .jobs = operation->jobs,
        .split = SPLIT_WHEN_NEEDED,
        .progress = &operation->progress,
        .phase = PHASE_STAGE_COPY,
        .bytes = inventory->bytes,
        .open = worker_open,
        .close = worker_close,
        .before = rest_copy,
        .part = part_copy,
        .whole = table_whole,
        .after = index_next,
        .after_count = copying->indexes.count,
        .context = copying,
    };
    return pass_run(&copying->pass, error);
}

/* What was seen, for the check: digests as the rows passed, sequences read last (EDGE_CASES B29). */
static cutover_status content_keep(struct copying *copying, cutover_error **error)
{
    struct live_copy *live = copying->live;
    struct inventory *inventory = &live->snapshot->inventory;
    struct digest *digests = calloc(inventory->table_count + 1, sizeof *digests);

    if (digests == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < inventory->table_count; i++) {
        digests[i] = copying->pass.receipts.tables[i].digest;
        live->rows += digests[i].rows;
        live->bytes += copying->pass.receipts.tables[i].bytes;
    }
    cutover_status status = inventory_read_sequences(live->snapshot->leader, inventory, error);
    if (status == CUTOVER_OK)
        status = content_from_inventory(inventory, digests, &copying->large_objects, &live->content, error);
    if (status == CUTOVER_OK) {
        live->content.facts = copying->facts;
        live->content.server_version = live->snapshot->leader->server_version;
        copying->facts = (struct text)TEXT_INIT;
    }
    free(digests);
    return status;
}

static cutover_status dump_act(void *context, const struct cancel *cancel, cutover_error **error)
{
    struct live_copy *live = context;
    const struct operation *operation = live->operation;

    return tools_dump_schema(&operation->tools, live->source, NULL, live->snapshot->id, live->snapshot->leader,
                             operation->folder, SCHEMA_FOLDER, cancel, error);
}

static cutover_status finish_database(struct live_copy *live, struct fill *fill, cutover_error **error)
{
    cutover_status status = fill_end(fill, live->content.sequences, live->content.sequence_count, error);

    if (status == CUTOVER_OK)
        status = extension_comments_copy(live->snapshot->leader, fill->session, &live->comments_refused, error);
    if (status == CUTOVER_OK)
        status = analyze_database(fill, error);
    if (status == CUTOVER_OK)
        status = public_schema_return(fill->session, error);
    if (status == CUTOVER_OK)
        status = fill_translate(fill, live->content.server_version, &live->content.facts, error);
    if (status == CUTOVER_OK)
        status = fill_finish(fill, text_string(&live->content.facts), error);
    return status;
}

/* What pg_dump leaves to us in its archive's table of contents: of 17 and later large objects, and what foreign keys wait for. */
static cutover_status schema_complete(const struct live_copy *live, cutover_error **error)
{
    struct text folder = TEXT_INIT, completed = TEXT_INIT;
    struct toc toc = {0};
    bool changed = false;
    char *bytes = NULL;
    size_t count = 0;
    cutover_status status;

    text_add_format(&folder, "%s/%s", live->operation->folder, SCHEMA_FOLDER);
    status = text_failed(&folder)
                 ? error_nomem(error)
                 : folder_read(text_string(&folder), ARCHIVE_TOC, ARCHIVE_TOC_LIMIT, &bytes, &count, error);
    if (status == CUTOVER_OK)
        status = toc_parse(bytes, count, &toc, error);
    free(bytes);
    if (status == CUTOVER_OK && live->snapshot->inventory.large_object_count > 0)
        status = largeobject_entries_add(live->snapshot->leader, &toc, error);
    if (status == CUTOVER_OK)
        status = foreign_keys_wait(live->snapshot->leader, &toc, &changed, error);
    if (status == CUTOVER_OK && (changed || toc.count > toc.parsed)) {
        status = toc_format(&toc, &completed, error);
        if (status == CUTOVER_OK)
            status =
                folder_replace(text_string(&folder), ARCHIVE_TOC, completed.bytes, completed.length, error);
    }
    toc_free(&toc);
    text_free(&completed);
    text_free(&folder);
    return status;
}

cutover_status live_copy_fill(struct live_copy *live, cutover_error **error)
{
    struct operation *operation = live->operation;
    struct fill fill = {
        .operation = operation,
        .control = live->control,
        .given_loader = live->given_loader,
        .conninfo = live->production,
        .database = live->name,
        .folder = operation->folder,
        .name = SCHEMA_FOLDER,
        .index_phase = PHASE_STAGE_INDEX,
        .lc_monetary = live->snapshot->leader->lc_monetary,
        .encoding = live->snapshot->leader->encoding,
    };
    struct copying copying = {
        .live = live,
        .fill = &fill,
        .source = operation_session(operation, live->source, NULL),
    };

    cutover_status status = progress_while(&operation->progress, dump_act, live, error);
    if (status == CUTOVER_OK)
        status = schema_complete(live, error);
    if (status == CUTOVER_OK)
        status = own_settings_read(live->snapshot->leader, NULL, &fill.own, error);
    if (status == CUTOVER_OK)
        status = fill_begin(&fill, error);
    if (status == CUTOVER_OK)
        status = rows_move(&copying, error);
    if (status == CUTOVER_OK)
        status = content_keep(&copying, error);
    if (status == CUTOVER_OK)
        status = finish_database(live, &fill, error);
    fill_close(&fill);
    index_build_close(&copying.indexes);
    pass_close(&copying.pass);
    text_free(&copying.facts);
    return status;
}

static cutover_status unread_list(struct live_copy *live, cutover_error **error)
{
    struct text list = TEXT_INIT;

    for (size_t i = 0; i < live->content.table_count; i++) {
        const struct content_table *table = &live->content.tables[i];
        if (table->generated != NULL && !table->has_generated_digest)
            text_add_format(&list, "%s%s", list.length > 0 ? ", " : "", table->label);
    }
    if (text_failed(&list))
        return error_nomem(error);
    live->unread = list.length > 0 ? text_take(&list) : NULL;
    text_free(&list);
    return CUTOVER_OK;
}

cutover_status live_copy_check(struct live_copy *live, cutover_error **error)
{
    struct operation *operation = live->operation;
    struct session_options source = operation_session(operation, live->source, NULL);
    struct session_options staging = operation_session(operation, live->production, live->name);
    struct content_reader source_reader = {&source, live->snapshot, operation->jobs, &operation->progress, 0};
    struct content_reader reader = {&staging, NULL, operation->jobs, &operation->progress, 0};
    struct content found = {0};

    /* Both sides spell money alike (EDGE_CASES B20). */
    staging.lc_monetary = live->snapshot->leader->lc_monetary;
    staging.client_encoding = live->snapshot->leader->encoding;
    progress_begin(&operation->progress, PHASE_CHECK, live->snapshot->inventory.bytes,
                   (uint32_t)live->snapshot->inventory.table_count);
    cutover_status status = content_read_generated(&source_reader, &live->content, error);
    if (status == CUTOVER_OK)
        status = unread_list(live, error);
    if (status == CUTOVER_OK)
        status = content_read(&reader, &live->content, &found, error);
    if (status == CUTOVER_OK)
        status = content_read_generated(&reader, &found, error);
    progress_end(&operation->progress);
    if (status == CUTOVER_OK)
        status = content_compare(&live->content, &found, "the preview", "the staging database", error);
    content_free(&found);
    snapshot_close(live->snapshot);
    live->snapshot = NULL;
    return status;
}

void live_copy_close(struct live_copy *live)
{
    snapshot_close(live->snapshot);
    live->snapshot = NULL;
    content_free(&live->content);
    free(live->unread);
    live->unread = NULL;
    free(live->comments_refused);
    live->comments_refused = NULL;
}
