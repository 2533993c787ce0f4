#include "archive/manifest.h"

#include "base/text.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* After the first failure nothing more is built: the caller looks at status once. */
struct builder {
    cutover_status status;
    cutover_error **error;
};

static struct json_object *keep(struct builder *builder, struct json_object *value)
{
    if (value == NULL && builder->status == CUTOVER_OK)
        builder->status = error_nomem(builder->error);
    return value;
}

/* Takes the value, in every case. */
static void put(struct builder *builder, struct json_object *object, const char *name,
                struct json_object *value)
{
    if (keep(builder, value) == NULL)
        return;
    if (object == NULL || json_object_object_add(object, name, value) != 0) {
        json_object_put(value);
        keep(builder, NULL);
    }
}

static void append(struct builder *builder, struct json_object *array, struct json_object *value)
{
    if (keep(builder, value) == NULL)
        return;
    if (array == NULL || json_object_array_add(array, value) != 0) {
        json_object_put(value);
        keep(builder, NULL);
    }
}

/* A text in the database's encoding. JSON is UTF-8: bytes that are not become {"base16": "…"}. */
static struct json_object *make_raw(const char *value)
{
    size_t length = strlen(value), characters = 0;
    struct json_object *object;
    struct text hex = TEXT_INIT;

    if (utf8_count(value, length, &characters))
        return json_object_new_string(value);
    for (size_t i = 0; i < length; i++)
        text_add_format(&hex, "%02x", (unsigned)(unsigned char)value[i]);
    object = text_failed(&hex) ? NULL : json_object_new_object();
    if (object != NULL)
        json_put_text(object, "base16", text_string(&hex));
    text_free(&hex);
    return object;
}

static void put_raw(struct builder *builder, struct json_object *object, const char *name, const char *value)
{
    if (value == NULL)
        json_put_text(object, name, NULL);
    else
        put(builder, object, name, make_raw(value));
}

static struct json_object *make_raws(struct builder *builder, char *const *values, size_t count)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < count && builder->status == CUTOVER_OK; i++)
        append(builder, array, make_raw(values[i]));
    return array;
}

static void put_count(struct builder *builder, struct json_object *object, const char *name, uint64_t value)
{
    put(builder, object, name, json_object_new_uint64(value));
}

/* "size/raw/rows size/raw/rows …": a terabyte has a million members. */
static struct json_object *make_members(const struct manifest_table *table)
{
    struct json_object *string;
    struct text text = TEXT_INIT;

    for (size_t i = 0; i < table->member_count; i++) {
        const struct member *member = &table->members[i];
        text_add_format(&text, "%s%" PRIu64 "/%" PRIu64 "/%" PRIu64, i == 0 ? "" : " ", member->size,
                        member->raw, member->rows);
    }
    string = text_failed(&text) ? NULL : json_object_new_string(text_string(&text));
    text_free(&text);
    return string;
}

static struct json_object *make_table(struct builder *builder, const struct manifest_table *table)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        return NULL;
    json_put_int(object, "oid", table->oid);
    put_raw(builder, object, "schema", table->schema);
    put_raw(builder, object, "name", table->name);
    json_put_text(object, "kind", table->kind);
    put(builder, object, "columns", make_raws(builder, table->columns, table->column_count));
    put_raw(builder, object, "copy", table->copy);
    put_raw(builder, object, "condition", table->condition);
    put_count(builder, object, "rows", table->rows);
    json_put_text(object, "digest", table->digest);
    json_put_text(object, "file", table->file);
    put(builder, object, "members", make_members(table));
    return object;
}

static struct json_object *make_sequence(struct builder *builder, const struct manifest_sequence *sequence)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        return NULL;
    put_raw(builder, object, "schema", sequence->schema);
    put_raw(builder, object, "name", sequence->name);
    json_put_int(object, "last_value", sequence->last_value);
    json_put_bool(object, "is_called", sequence->is_called);
    return object;
}

static struct json_object *make_file(struct builder *builder, const struct manifest_file *file)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        return NULL;
    json_put_text(object, "name", file->name);
    put_count(builder, object, "size", file->size);
    json_put_text(object, file->by_members ? "members_sha256" : "sha256", file->sha256);
    return object;
}

static void put_lists(struct builder *builder, struct json_object *root, const struct manifest *manifest)
{
    struct json_object *tables = json_object_new_array();
    struct json_object *sequences = json_object_new_array();
    struct json_object *files = json_object_new_array();

    for (size_t i = 0; i < manifest->table_count && builder->status == CUTOVER_OK; i++)
        append(builder, tables, make_table(builder, &manifest->tables[i]));
    for (size_t i = 0; i < manifest->sequence_count && builder->status == CUTOVER_OK; i++)
        append(builder, sequences, make_sequence(builder, &manifest->sequences[i]));
    for (size_t i = 0; i < manifest->file_count && builder->status == CUTOVER_OK; i++)
        append(builder, files, make_file(builder, &manifest->files[i]));
    put(builder, root, "tables", tables);
    put(builder, root, "sequences", sequences);
    put(builder, root, "files", files);
}

static void put_source(struct builder *builder, struct json_object *root, const struct manifest *manifest)
{
    struct json_object *source = json_object_new_object();

    if (source != NULL) {
        json_put_text(source, "system_identifier", manifest->system_identifier);
        json_put_int(source, "database_oid", manifest->database_oid);
        put_raw(builder, source, "database_name", manifest->database_name);
        json_put_int(source, "server_version", manifest->server_version);
        json_put_text(source, "snapshot", manifest->snapshot);
        json_put_text(source, "lsn", manifest->lsn);
        json_put_text(source, "encoding", manifest->encoding);
        json_put_text(source, "lc_monetary", manifest->lc_monetary);
    }
    put(builder, root, "source", source);
}

static void put_large_objects(struct builder *builder, struct json_object *root,
                              const struct manifest *manifest)
{
    struct json_object *object = json_object_new_object();

    if (object != NULL) {
        put_count(builder, object, "count", manifest->large_objects);
        put_count(builder, object, "bytes", manifest->large_object_bytes);
        json_put_text(object, "digest", manifest->large_object_digest);
    }
    put(builder, root, "large_objects", object);
}

/* A JSON value that the manifest keeps: the tree gets a reference of its own. */
static void put_json(struct builder *builder, struct json_object *root, const char *name,
                     struct json_object *value)
{
    if (value == NULL)
        json_put_text(root, name, NULL);
    else
        put(builder, root, name, json_object_get(value));
}

cutover_status manifest_format(const struct manifest *manifest, char **json, cutover_error **error)
{
    struct builder builder = {CUTOVER_OK, error};
    struct json_object *root = json_object_new_object();
    char *text = NULL;

    if (root == NULL)
        return error_nomem(error);
    json_put_int(root, "format", manifest->format);
    json_put_text(root, "backup_id", manifest->backup_id);
    json_put_time(root, "created_at", manifest->created_at);
    json_put_text(root, "library_version", manifest->library_version);
    json_put_text(root, "dump_version", manifest->dump_version);
    put_source(&builder, root, manifest);
    put_json(&builder, root, "properties", manifest->properties);
    put(&builder, root, "roles", make_raws(&builder, manifest->roles, manifest->role_count));
    put_json(&builder, root, "extensions", manifest->extensions);
    put_large_objects(&builder, root, manifest);
    put_lists(&builder, root, manifest);
    if (builder.status == CUTOVER_OK)
        builder.status = json_format(root, &text, error);
    json_object_put(root);
    if (builder.status == CUTOVER_OK && strlen(text) > MANIFEST_LIMIT) {
        builder.status = error_set(error, CUTOVER_E_UNSUPPORTED, "%s would be bigger than %u bytes",
                                   MANIFEST_NAME, MANIFEST_LIMIT);
        free(text);
    }
    if (builder.status == CUTOVER_OK)
        *json = text;
    return builder.status;
}

static void free_strings(char **strings, size_t count)
{
    for (size_t i = 0; strings != NULL && i < count; i++)
        free(strings[i]);
    free(strings);
}

static void table_free(struct manifest_table *table)
{
    free(table->schema);
    free(table->name);
    free(table->kind);
    free_strings(table->columns, table->column_count);
    free(table->copy);
    free(table->condition);
    free(table->digest);
    free(table->file);
    free(table->members);
}

void manifest_file_forget(struct manifest_file *file)
{
    free(file->name);
    free(file->sha256);
    *file = (struct manifest_file){0};
}

void manifest_files_free(struct manifest_file *files, size_t count)
{
    for (size_t i = 0; files != NULL && i < count; i++)
        manifest_file_forget(&files[i]);
    free(files);
}

void manifest_forget(struct manifest *manifest)
{
    struct manifest kept = {.tables = manifest->tables,
                            .table_count = manifest->table_count,
                            .large_object_bytes = manifest->large_object_bytes,
                            .files = manifest->files,
                            .file_count = manifest->file_count};

    for (size_t i = 0; manifest->sequences != NULL && i < manifest->sequence_count; i++) {
        free(manifest->sequences[i].schema);
        free(manifest->sequences[i].name);
    }
    free(manifest->sequences);
    free(manifest->backup_id);
    free(manifest->library_version);
    free(manifest->system_identifier);
    free(manifest->database_name);
    free(manifest->dump_version);
    free(manifest->snapshot);
    free(manifest->lsn);
    free(manifest->encoding);
    free(manifest->lc_monetary);
    json_object_put(manifest->properties);
    free_strings(manifest->roles, manifest->role_count);
    json_object_put(manifest->extensions);
    free(manifest->large_object_digest);
    *manifest = kept;
}

void manifest_free(struct manifest *manifest)
{
    if (manifest == NULL)
        return;
    manifest_forget(manifest);
    for (size_t i = 0; manifest->tables != NULL && i < manifest->table_count; i++)
        table_free(&manifest->tables[i]);
    free(manifest->tables);
    manifest_files_free(manifest->files, manifest->file_count);
    memset(manifest, 0, sizeof *manifest);
}

static int compare_name(const void *key, const void *element)
{
    const char *name = key;
    const struct manifest_file *file = element;

    return strcmp(name, file->name);
}

const struct manifest_file *manifest_file_find(const struct manifest *manifest, const char *name)
{
    if (manifest->files_sorted)
        return bsearch(name, manifest->files, manifest->file_count, sizeof *manifest->files, compare_name);
    for (size_t i = 0; i < manifest->file_count; i++)
        if (strcmp(manifest->files[i].name, name) == 0)
            return &manifest->files[i];
    return NULL;
}

const struct manifest_table *manifest_table_of_file(const struct manifest *manifest,
                                                    const struct manifest_file *file)
{
    for (size_t i = 0; i < manifest->table_count; i++)
        if (strcmp(manifest->tables[i].file, file->name) == 0)
            return &manifest->tables[i];
    return NULL;
}

int64_t manifest_format_needed(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->file_count; i++)
        if (manifest->files[i].by_members)
            return MANIFEST_FORMAT;
    return MANIFEST_FORMAT_OF_FILES;
}
