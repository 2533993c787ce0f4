#include "transfer/archive_write.h"

#include "base/answer.h"
#include "base/folder.h"
#include "postgres/catalog/facts.h"
#include "postgres/largeobject_entries.h"
#include "postgres/quote.h"
#include "transfer/archive_writing.h"
#include "transfer/foreign_keys.h"

#include <cutover/version.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_FOLDER "production-schema"
#define CATALOG_CLASS 1259u     /* pg_class */
#define CATALOG_EXTENSION 3079u /* pg_extension */

/* ---- the schema and the table of contents ---- */

static cutover_status dump_act(void *context, const struct cancel *cancel, cutover_error **error)
{
    struct writing *writing = context;
    const struct operation *operation = writing->operation;

    return tools_dump_schema(&operation->tools, writing->session->conninfo, writing->session->database,
                             writing->snapshot->id, writing->snapshot->leader, operation->folder, SCHEMA_FOLDER,
                             cancel, error);
}

static cutover_status schema_dump(struct writing *writing, cutover_error **error)
{
    struct operation *operation = writing->operation;
    struct text folder = TEXT_INIT;
    char *bytes = NULL;
    size_t count = 0;

    cutover_status status = progress_while(&operation->progress, dump_act, writing, error);
    if (status != CUTOVER_OK)
        return status;
    text_add_format(&folder, "%s/%s", operation->folder, SCHEMA_FOLDER);
    if (text_failed(&folder))
        status = error_nomem(error);
    else
        status = folder_read(text_string(&folder), ARCHIVE_TOC, ARCHIVE_TOC_LIMIT, &bytes, &count, error);
    if (status == CUTOVER_OK)
        status = toc_parse(bytes, count, &writing->toc, error);
    free(bytes);
    text_free(&folder);
    return status;
}

/* The entry that a table's data hangs on: the table's own, or its extension's. */
static const struct toc_entry *owner_entry(const struct toc *toc, const struct table *table)
{
    if (table->extension_config)
        return toc_find(toc, CATALOG_EXTENSION, table->extension_oid, "EXTENSION");
    return toc_find(toc, CATALOG_CLASS, table->oid, "TABLE");
}

static cutover_status names_split(const struct table *table, struct manifest_table *to, cutover_error **error)
{
    to->columns = calloc(table->column_count + 1, sizeof *to->columns);
    if (to->columns == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < table->column_count; i++) {
        cutover_status status = string_copy(table->columns[i], &to->columns[i], error);
        if (status != CUTOVER_OK)
            return status;
        to->column_count++;
    }
    return CUTOVER_OK;
}

/* Adds one table's TABLE DATA entry and begins its manifest entry. */
static cutover_status table_enter(struct writing *writing, const struct table *table, struct manifest_table *to,
                                  cutover_error **error)
{
    const struct toc_entry *owner = owner_entry(&writing->toc, table);
    struct text copy = TEXT_INIT, file = TEXT_INIT, statement = TEXT_INIT;
    int32_t id = toc_next_id(&writing->toc);
    cutover_status status;

    if (owner == NULL)
        return error_set(error, CUTOVER_E_POSTGRES, "pg_dump did not write the table %s", table->label);
    text_add_format(&copy, "COPY %s %s FROM stdin", table->qualified, table->column_list);
    text_add_format(&statement, "%s;\n", text_string(&copy));
    text_add_format(&file, "%" PRId32 ".dat", id);
    struct toc_addition addition = {
        .desc = "TABLE DATA",
        .tag = table->name,
        .schema = table->schema,
        .owner = owner->owner.bytes,
        .catalog_oid = CATALOG_CLASS,
        .oid = table->oid,
        .defn = "",
        .copy = text_string(&statement),
        .file = text_string(&file),
        .depends_on = owner->dump_id,
    };
    if (text_failed(&copy) || text_failed(&file) || text_failed(&statement))
        status = error_nomem(error);
    else
        status = toc_add(&writing->toc, &addition, &id, error);
    to->oid = table->oid;
    if (status == CUTOVER_OK)
        status = string_copy(table->schema, &to->schema, error);
    if (status == CUTOVER_OK)
        status = string_copy(table->name, &to->name, error);
    if (status == CUTOVER_OK)
        status = string_copy(table->extension_config ? "extension config" : "table", &to->kind, error);
    if (status == CUTOVER_OK)
        status = string_copy(table->condition, &to->condition, error);
    if (status == CUTOVER_OK)
        status = names_split(table, to, error);
    text_add(&file, ".gz");
    if (status == CUTOVER_OK &&
        ((to->copy = text_take(&copy)) == NULL || (to->file = text_take(&file)) == NULL))
        status = error_nomem(error);
    text_free(&copy);
    text_free(&file);
    text_free(&statement);
    return status;
}

static cutover_status tables_enter(struct writing *writing, cutover_error **error)
{
    const struct inventory *inventory = &writing->snapshot->inventory;
    cutover_status status = CUTOVER_OK;

    writing->manifest.tables = calloc(inventory->table_count + 1, sizeof *writing->manifest.tables);
    writing->files = calloc(inventory->table_count + 1, sizeof *writing->files);
    if (writing->manifest.tables == NULL || writing->files == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < inventory->table_count; i++)
        pthread_mutex_init(&writing->files[i].mutex, NULL);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory->table_count; i++)
        status = table_enter(writing, &inventory->tables[i],
                             &writing->manifest.tables[writing->manifest.table_count++], error);
    return status;
}

/* ---- sequences, after the last row was read (EDGE_CASES B29) ---- */

static cutover_status sequence_enter(struct writing *writing, const struct sequence *sequence,
                                     struct manifest_sequence *to, cutover_error **error)
{
    const struct toc_entry *entry = toc_find(&writing->toc, CATALOG_CLASS, sequence->oid, "SEQUENCE");
    struct text defn = TEXT_INIT;
    int32_t id;
    cutover_status status;

    text_add(&defn, "SELECT pg_catalog.setval(");
    quote_literal(&defn, sequence->qualified);
    text_add_format(&defn, ", %" PRId64 ", %s);\n", sequence->last_value,
                    sequence->is_called ? "true" : "false");
    /* The sequence of an identity column has no entry of its own in every version: its value depends on nothing then. */
    struct toc_addition addition = {
        .desc = "SEQUENCE SET",
        .tag = sequence->name,
        .schema = sequence->schema,
        .owner = sequence->owner,
        .defn = text_string(&defn),
        .depends_on = entry != NULL ? entry->dump_id : 0,
    };
    status = text_failed(&defn) ? error_nomem(error) : toc_add(&writing->toc, &addition, &id, error);
    text_free(&defn);
    to->last_value = sequence->last_value;
    to->is_called = sequence->is_called;
    if (status == CUTOVER_OK)
        status = string_copy(sequence->schema, &to->schema, error);
    if (status == CUTOVER_OK)
        status = string_copy(sequence->name, &to->name, error);
    return status;
}

static cutover_status sequences_enter(struct writing *writing, cutover_error **error)
{
    struct inventory *inventory = &writing->snapshot->inventory;

    cutover_status status = inventory_read_sequences(writing->snapshot->leader, inventory, error);
    if (status != CUTOVER_OK)
        return status;
    writing->manifest.sequences = calloc(inventory->sequence_count + 1, sizeof(struct manifest_sequence));
    if (writing->manifest.sequences == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory->sequence_count; i++)
        status = sequence_enter(writing, &inventory->sequences[i],
                                &writing->manifest.sequences[writing->manifest.sequence_count++], error);
    return status;
}

/* ---- large objects: what makes them, and their contents ---- */

static cutover_status large_objects_enter(struct writing *writing, cutover_error **error)
{
    struct toc *toc = &writing->toc;
    size_t before;

    cutover_status status = largeobject_entries_add(writing->snapshot->leader, toc, error);
    before = toc->count;
    if (status == CUTOVER_OK)
        status = largeobject_contents_add(toc, writing->snapshot->inventory.large_object_count > 0, error);
    writing->listings = toc->count - before;
    return status;
}

/* ---- the end: table of contents, facts, manifest ---- */

static cutover_status toc_write(struct writing *writing, struct manifest_file *file, cutover_error **error)
{
    struct text bytes = TEXT_INIT;

    toc_set_gzip(&writing->toc);
    cutover_status status = toc_format(&writing->toc, &bytes, error);
    if (status == CUTOVER_OK)
        status = object_write_all(&writing->operation->host->repository, writing->backup_id, ARCHIVE_TOC,
                                  bytes.bytes, bytes.length, file, error);
    text_free(&bytes);
    return status;
}

static cutover_status manifest_fill(struct writing *writing, struct json_object *properties,
                                    cutover_error **error)
{
    struct manifest *manifest = &writing->manifest;
    const struct session *leader = writing->snapshot->leader;
    char digest[DIGEST_TEXT_SIZE];

    manifest->format = MANIFEST_FORMAT;
    manifest->created_at = clock_now(&writing->operation->host->clock);
    manifest->database_oid = leader->database_oid;
    manifest->server_version = leader->server_version;
    manifest->large_objects = writing->snapshot->inventory.large_object_count;
    manifest->properties = json_object_get(properties);
    digest_format(&writing->large_objects, digest);
    const struct {
        const char *from;
        char **to;
    } texts[] = {
        {writing->backup_id, &manifest->backup_id},
        {cutover_version(), &manifest->library_version},
        {leader->system_identifier, &manifest->system_identifier},
        {leader->database, &manifest->database_name},
        {writing->toc.dump_version.bytes, &manifest->dump_version},
        {writing->snapshot->id, &manifest->snapshot},
        {writing->snapshot->lsn, &manifest->lsn},
        {leader->encoding, &manifest->encoding},
        {leader->lc_monetary, &manifest->lc_monetary},
        {digest, &manifest->large_object_digest},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cutover_status status = string_copy(texts[i].from, texts[i].to, error);
        if (status != CUTOVER_OK)
            return status;
    }
    cutover_status status =
        catalog_roles(writing->snapshot->leader, &manifest->roles, &manifest->role_count, error);
    return status != CUTOVER_OK ? status
                                : catalog_extensions(writing->snapshot->leader, &manifest->extensions, error);
}

static cutover_status manifest_write(struct writing *writing, struct manifest_file *file, cutover_error **error)
{
    char *json = NULL;

    cutover_status status = manifest_format(&writing->manifest, &json, error);
    if (status == CUTOVER_OK)
        status = object_write_all(&writing->operation->host->repository, writing->backup_id, MANIFEST_NAME,
                                  json, strlen(json), file, error);
    free(json);
    return status;
}

static cutover_status record_fill(const struct writing *writing, const struct manifest_file *manifest_file,
                                  struct backup_record *record, cutover_error **error)
{
    const struct manifest *manifest = &writing->manifest;

    record->database_oid = manifest->database_oid;
    record->server_version = manifest->server_version;
    record->tables = (int64_t)manifest->table_count;
    record->rows = 0;
    for (size_t i = 0; i < manifest->table_count; i++)
        record->rows += (int64_t)manifest->tables[i].rows;
    record->bytes = (int64_t)manifest_file->size;
    for (size_t i = 0; i < manifest->file_count; i++)
        record->bytes += (int64_t)manifest->files[i].size;
    cutover_status status = record_set_text(&record->system_identifier, manifest->system_identifier, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->database_name, manifest->database_name, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->snapshot_lsn, manifest->lsn, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->manifest_sha256, manifest_file->sha256, error);
    return status;
}

static cutover_status archive_finish(struct writing *writing, struct json_object *properties,
                                     struct backup_record *record, cutover_error **error)
{
    const struct host *host = writing->operation->host;
    struct manifest *manifest = &writing->manifest;
    struct manifest_file *last = &manifest->files[manifest->file_count - 2];
    struct manifest_file manifest_file = {0};
    cutover_error *local = NULL;

    cutover_status status = sequences_enter(writing, error);
    if (status == CUTOVER_OK)
        status = toc_write(writing, &last[0], error);
    if (status == CUTOVER_OK)
        status = object_write_all(&host->repository, writing->backup_id, ARCHIVE_FACTS,
                                  text_string(&writing->facts), writing->facts.length, &last[1], error);
    if (status == CUTOVER_OK)
        status = manifest_fill(writing, properties, error);
    if (status == CUTOVER_OK)
        status = manifest_write(writing, &manifest_file, error);
    if (status == CUTOVER_OK) {
        status = ANSWER_OF(host->repository.capabilities,
                           host->repository.publish(writing->backup_id, &local, host->repository.userdata));
        if (status != CUTOVER_OK) {
            status = error_from_callback(&local, status, "repository.publish");
            error_move(error, local);
        }
    }
    if (status == CUTOVER_OK)
        status = record_fill(writing, &manifest_file, record, error);
    free(manifest_file.name);
    free(manifest_file.sha256);
    return status;
}

static cutover_status archive_begin(struct writing *writing, cutover_error **error)
{
    const struct host *host = writing->operation->host;
    cutover_error *local = NULL;

    cutover_status status =
        ANSWER_OF(host->repository.capabilities,
                  host->repository.begin(writing->backup_id, &local, host->repository.userdata));
    if (status != CUTOVER_OK) {
        status = error_from_callback(&local, status, "repository.begin");
        error_move(error, local);
    }
    return status;
}

/* One per table; the lists of large objects, and one per object; the table of contents; the facts. */
static cutover_status files_make(struct writing *writing, cutover_error **error)
{
    const struct inventory *inventory = &writing->snapshot->inventory;
    struct manifest *manifest = &writing->manifest;

    manifest->file_count = inventory->table_count + writing->listings + inventory->large_object_count + 2;
    manifest->files = calloc(manifest->file_count, sizeof *manifest->files);
    return manifest->files == NULL ? error_nomem(error) : CUTOVER_OK;
}

static void writing_close(struct writing *writing)
{
    for (size_t i = 0; writing->files != NULL && i < writing->snapshot->inventory.table_count; i++) {
        object_abort(writing->files[i].object);
        free(writing->files[i].members);
        pthread_mutex_destroy(&writing->files[i].mutex);
    }
    free(writing->files);
    pass_close(&writing->pass);
    toc_free(&writing->toc);
    manifest_free(&writing->manifest);
    text_free(&writing->facts);
}

cutover_status archive_write(struct operation *operation, const struct session_options *session,
                             struct snapshot *snapshot, struct json_object *properties,
                             struct backup_record *record, cutover_error **error)
{
    struct writing writing = {
        .operation = operation,
        .session = session,
        .snapshot = snapshot,
        .backup_id = record->id,
    };
    bool waiting = false;

    cutover_status status = archive_begin(&writing, error);
    if (status == CUTOVER_OK)
        status = schema_dump(&writing, error);
    if (status == CUTOVER_OK)
        status = tables_enter(&writing, error);
    if (status == CUTOVER_OK)
        status = foreign_keys_wait(writing.snapshot->leader, &writing.toc, &waiting, error);
    if (status == CUTOVER_OK)
        status = large_objects_enter(&writing, error);
    if (status == CUTOVER_OK)
        status = files_make(&writing, error);
    if (status == CUTOVER_OK)
        status = archive_rows_write(&writing, error);
    if (status == CUTOVER_OK)
        status = archive_finish(&writing, properties, record, error);
    writing_close(&writing);
    return status;
}
