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

    return tools_dump_schema(&operation->tools, writing->session.conninfo, writing->session.database,
                             writing->snapshot->id, writing->snapshot->leader, operation->folder, SCHEMA_FOLDER,
                             cancel, error);
}

cutover_status archive_schema_dump(struct writing *writing, cutover_error **error)
{
    struct operation *operation = writing->operation;
    struct text folder = TEXT_INIT;
    char *bytes = NULL;
    size_t count = 0;

    text_add_format(&folder, "%s/%s", operation->folder, SCHEMA_FOLDER);
    if (text_failed(&folder))
        return error_nomem(error);
    folder_remove(text_string(&folder)); /* an earlier snapshot's */
    cutover_status status = progress_while(&operation->progress, dump_act, writing, error);
    if (status == CUTOVER_OK)
        status = folder_read(text_string(&folder), ARCHIVE_TOC, ARCHIVE_TOC_LIMIT, &bytes, &count, error);
    text_free(&folder);
    if (status != CUTOVER_OK)
        return status;
    text_free(&writing->schema);
    writing->schema = (struct text){bytes, count, count, false};
    return CUTOVER_OK;
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

/* Begins one table's manifest entry. Its file is called after the number that its data will have in the table of contents, and keeps
   that name. */
static cutover_status table_begin(const struct table *table, int32_t id, struct manifest_table *to,
                                  cutover_error **error)
{
    struct text copy = TEXT_INIT, file = TEXT_INIT;

    text_add_format(&copy, "COPY %s %s FROM stdin", table->qualified, table->column_list);
    text_add_format(&file, "%" PRId32 ".dat.gz", id);
    to->oid = table->oid;
    to->copy = text_take(&copy);
    to->file = text_take(&file);
    cutover_status status = to->copy == NULL || to->file == NULL ? error_nomem(error) : CUTOVER_OK;
    if (status == CUTOVER_OK)
        status = string_copy(table->schema, &to->schema, error);
    if (status == CUTOVER_OK)
        status = string_copy(table->name, &to->name, error);
    if (status == CUTOVER_OK)
        status = string_copy(table->extension_config ? "extension config" : "table", &to->kind, error);
    if (status == CUTOVER_OK)
        status = string_copy(table->condition, &to->condition, error);
    return status == CUTOVER_OK ? names_split(table, to, error) : status;
}

/* Adds one table's TABLE DATA entry. */
static cutover_status table_enter(struct writing *writing, const struct table *table,
                                  const struct manifest_table *from, cutover_error **error)
{
    const struct toc_entry *owner = owner_entry(&writing->toc, table);
    struct text file = TEXT_INIT, statement = TEXT_INIT;
    int32_t id;
    cutover_status status;

    if (owner == NULL)
        return error_set(error, CUTOVER_E_POSTGRES, "pg_dump did not write the table %s", table->label);
    text_add_format(&statement, "%s;\n", from->copy);
    text_add_format(&file, "%.*s", (int)(strlen(from->file) - strlen(".gz")), from->file);
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
    if (text_failed(&file) || text_failed(&statement))
        status = error_nomem(error);
    else
        status = toc_add(&writing->toc, &addition, &id, error);
    text_free(&file);
    text_free(&statement);
    return status;
}

/* What the archive holds tables of is decided by its first snapshot. */
static cutover_status tables_begin(struct writing *writing, cutover_error **error)
{
    const struct inventory *inventory = &writing->snapshot->inventory;
    struct manifest *manifest = &writing->manifest;
    cutover_status status = CUTOVER_OK;

    manifest->tables = calloc(inventory->table_count + 1, sizeof *manifest->tables);
    writing->files = calloc(inventory->table_count + 1, sizeof *writing->files);
    if (manifest->tables == NULL || writing->files == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < inventory->table_count; i++)
        pthread_mutex_init(&writing->files[i].mutex, NULL);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory->table_count; i++)
        status = table_begin(&inventory->tables[i], toc_next_id(&writing->toc) + (int32_t)i,
                             &manifest->tables[manifest->table_count++], error);
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

static cutover_status manifest_fill(struct writing *writing, cutover_error **error)
{
    struct manifest *manifest = &writing->manifest;
    const struct session *leader = writing->snapshot->leader;
    char digest[DIGEST_TEXT_SIZE];

    manifest->format = manifest_format_needed(manifest);
    manifest->created_at = clock_now(&writing->operation->host->clock);
    manifest->database_oid = leader->database_oid;
    manifest->server_version = leader->server_version;
    manifest->large_objects = writing->snapshot->inventory.large_object_count;
    manifest->properties = json_object_get(writing->properties);
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

/* What is written of every snapshot. */
static cutover_status archive_finish(struct writing *writing, struct backup_record *record,
                                     cutover_error **error)
{
    const struct host *host = writing->operation->host;
    struct manifest *manifest = &writing->manifest;
    struct manifest_file *last = &manifest->files[manifest->file_count - 2];
    struct manifest_file manifest_file = {0};

    manifest_forget(manifest);
    manifest_file_forget(&last[0]);
    manifest_file_forget(&last[1]);
    cutover_status status = sequences_enter(writing, error);
    if (status == CUTOVER_OK)
        status = toc_write(writing, &last[0], error);
    if (status == CUTOVER_OK)
        status = object_write_all(&host->repository, writing->backup_id, ARCHIVE_FACTS,
                                  text_string(&writing->facts), writing->facts.length, &last[1], error);
    if (status == CUTOVER_OK)
        status = manifest_fill(writing, error);
    if (status == CUTOVER_OK)
        status = manifest_write(writing, &manifest_file, error);
    if (status == CUTOVER_OK)
        status = record_fill(writing, &manifest_file, record, error);
    manifest_file_forget(&manifest_file);
    if (status != CUTOVER_OK)
        return status;
    text_free(&writing->facts_written);
    writing->facts_written = writing->facts;
    writing->facts = (struct text)TEXT_INIT;
    return CUTOVER_OK;
}

cutover_status archive_publish(struct writing *writing, cutover_error **error)
{
    const cutover_repository *repository = &writing->operation->host->repository;
    cutover_error *local = NULL;

    cutover_status status = ANSWER_OF(repository->capabilities,
                                      repository->publish(writing->backup_id, &local, repository->userdata));
    if (status != CUTOVER_OK) {
        status = error_from_callback(&local, status, "repository.publish");
        error_move(error, local);
    }
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

/* ---- one snapshot ---- */

/* One per table; the lists of large objects, and one per object; the table of contents; the facts. What is not written again of this
   snapshot is what it was; *before has what was there else. */
static cutover_status files_make(struct writing *writing, struct manifest_file **before, size_t *before_count,
                                 cutover_error **error)
{
    struct manifest *manifest = &writing->manifest;
    size_t objects = writing->listings + writing->snapshot->inventory.large_object_count;
    size_t kept = manifest->files == NULL ? 0 : manifest->table_count;
    struct manifest_file *files = calloc(manifest->table_count + objects + 2, sizeof *files);

    if (files == NULL)
        return error_nomem(error);
    if (manifest->files != NULL && !writing->large_objects_read)
        kept += objects;
    for (size_t i = 0; i < kept; i++) {
        files[i] = manifest->files[i];
        manifest->files[i] = (struct manifest_file){0};
    }
    *before = manifest->files;
    *before_count = manifest->file_count;
    manifest->files = files;
    manifest->file_count = manifest->table_count + objects + 2;
    return CUTOVER_OK;
}

/* Takes objects out of the repository that are no file of the archive any more: those of large objects that are gone. */
static cutover_status files_sweep(const struct writing *writing, const struct manifest_file *before,
                                  size_t count, cutover_error **error)
{
    const cutover_repository *repository = &writing->operation->host->repository;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        cutover_error *local = NULL;
        if (before[i].name == NULL || manifest_file_find(&writing->manifest, before[i].name) != NULL)
            continue;
        status =
            ANSWER_OF(repository->capabilities, repository->remove_object(writing->backup_id, before[i].name,
                                                                          &local, repository->userdata));
        if (status != CUTOVER_OK) {
            status = error_from_callback(&local, status, "repository.remove_object");
            error_move(error, local);
        }
    }
    return status;
}

/* The table of contents up to where sequences come. */
static cutover_status toc_begin(struct writing *writing, cutover_error **error)
{
    const struct manifest *manifest = &writing->manifest;
    bool waiting = false;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < manifest->table_count; i++)
        status = table_enter(writing, writing->tables[i], &manifest->tables[i], error);
    if (status == CUTOVER_OK)
        status = foreign_keys_wait(writing->snapshot->leader, &writing->toc, &waiting, error);
    return status == CUTOVER_OK ? large_objects_enter(writing, error) : status;
}

cutover_status archive_schema_read(struct writing *writing, cutover_error **error)
{
    toc_free(&writing->toc);
    return toc_parse(writing->schema.bytes, writing->schema.length, &writing->toc, error);
}

/* What a round reads belongs to it: the next one begins with none. */
void archive_round_end(struct writing *writing)
{
    pass_close(&writing->pass);
    writing->pass = (struct pass){0};
    toc_free(&writing->toc);
    text_free(&writing->facts);
    free(writing->tables);
    free(writing->read);
    free(writing->entries);
    writing->tables = NULL;
    writing->read = NULL;
    writing->entries = NULL;
    writing->read_count = 0;
    writing->snapshot = NULL;
}

cutover_status archive_round_begin(struct writing *writing, struct snapshot *snapshot, enum phase phase,
                                   cutover_error **error)
{
    size_t count = snapshot->inventory.table_count;

    writing->snapshot = snapshot;
    writing->phase = phase;
    writing->tables = calloc(count + 1, sizeof *writing->tables);
    writing->read = calloc(count + 1, sizeof *writing->read);
    writing->entries = calloc(count + 1, sizeof *writing->entries);
    return writing->tables == NULL || writing->read == NULL || writing->entries == NULL ? error_nomem(error)
                                                                                        : CUTOVER_OK;
}

cutover_status archive_round_write(struct writing *writing, struct backup_record *record, cutover_error **error)
{
    struct manifest_file *before = NULL;
    size_t before_count = 0;

    cutover_status status = toc_begin(writing, error);
    if (status == CUTOVER_OK)
        status = files_make(writing, &before, &before_count, error);
    if (status == CUTOVER_OK)
        status = archive_rows_write(writing, error);
    if (status == CUTOVER_OK)
        status = archive_finish(writing, record, error);
    if (status == CUTOVER_OK)
        status = files_sweep(writing, before, before_count, error);
    manifest_files_free(before, before_count);
    return status;
}

/* ---- the first ---- */

static void all_is_read(struct writing *writing)
{
    const struct inventory *inventory = &writing->snapshot->inventory;

    for (size_t i = 0; i < inventory->table_count; i++) {
        writing->tables[i] = &inventory->tables[i];
        writing->read[i] = inventory->tables[i];
        writing->entries[i] = i;
    }
    writing->read_count = inventory->table_count;
    writing->large_objects_read = true;
}

static cutover_status writing_open(struct operation *operation, const struct session_options *session,
                                   struct json_object *properties, const struct backup_record *record,
                                   struct writing **writing, cutover_error **error)
{
    struct writing *made = calloc(1, sizeof *made);

    *writing = made;
    if (made == NULL)
        return error_nomem(error);
    made->operation = operation;
    made->session = *session;
    made->properties = json_object_get(properties);
    return string_copy(record->id, &made->backup_id, error);
}

static cutover_status take(struct writing *made, struct snapshot *snapshot, struct backup_record *record,
                           cutover_error **error)
{
    bool ignored = false;
    cutover_status status = archive_begin(made, error);

    if (status == CUTOVER_OK)
        status = archive_round_begin(made, snapshot, PHASE_BACKUP, error);
    if (status == CUTOVER_OK)
        status = archive_schema_dump(made, error);
    if (status == CUTOVER_OK)
        status = archive_schema_read(made, error);
    if (status == CUTOVER_OK && made->to_be_renewed)
        status = archive_unsaid_follow(made, &ignored, error);
    if (status == CUTOVER_OK)
        status = tables_begin(made, error);
    if (status == CUTOVER_OK) {
        all_is_read(made);
        status = archive_round_write(made, record, error);
    }
    archive_round_end(made);
    return status;
}

cutover_status archive_take(struct operation *operation, const struct session_options *session,
                            struct snapshot *snapshot, struct json_object *properties,
                            struct backup_record *record, struct writing **writing, cutover_error **error)
{
    cutover_status status = writing_open(operation, session, properties, record, writing, error);

    if (status != CUTOVER_OK)
        return status;
    (*writing)->to_be_renewed = true;
    return take(*writing, snapshot, record, error);
}

void archive_writing_free(struct writing *writing)
{
    if (writing == NULL)
        return;
    for (size_t i = 0; writing->files != NULL && i < writing->manifest.table_count; i++) {
        object_abort(writing->files[i].object);
        free(writing->files[i].members);
        free(writing->files[i].since);
        range_list_free(&writing->files[i].ranges);
        range_list_free(&writing->files[i].written);
        pthread_mutex_destroy(&writing->files[i].mutex);
    }
    free(writing->files);
    manifest_free(&writing->manifest);
    json_object_put(writing->properties);
    text_free(&writing->schema);
    text_free(&writing->facts_written);
    free(writing->unsaid);
    free(writing->backup_id);
    free(writing);
}

cutover_status archive_write(struct operation *operation, const struct session_options *session,
                             struct snapshot *snapshot, struct json_object *properties,
                             struct backup_record *record, cutover_error **error)
{
    struct writing *writing = NULL;

    cutover_status status = writing_open(operation, session, properties, record, &writing, error);
    if (status == CUTOVER_OK)
        status = take(writing, snapshot, record, error);
    if (status == CUTOVER_OK)
        status = archive_publish(writing, error);
    archive_writing_free(writing);
    return status;
}
