/* Reading a manifest, which may be anybody's: nothing in it is believed before it is checked. */
#include "archive/manifest.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

/* After the first failure every read gives zeros: the caller looks at status once. */
struct parser {
    cutover_status status;
    cutover_error **error;
};

static void damaged(struct parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);

static void damaged(struct parser *parser, const char *format, ...)
{
    va_list arguments;
    char what[200];

    if (parser->status != CUTOVER_OK)
        return;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    parser->status =
        error_verify(parser->error, CUTOVER_VERDICT_DIFFERENT, "%s is damaged: %s", MANIFEST_NAME, what);
    error_hint(parser->error, "Take the backup again, or use another one.");
}

static struct json_object *get(struct parser *parser, struct json_object *object, const char *name,
                               enum json_type type)
{
    struct json_object *value = NULL;

    if (parser->status != CUTOVER_OK)
        return NULL;
    value = json_member(object, name);
    if (value == NULL || !json_object_is_type(value, type)) {
        damaged(parser, "\"%s\" is missing or of the wrong type", name);
        return NULL;
    }
    return value;
}

static char *copy_string(struct parser *parser, const char *string)
{
    char *copy = NULL;

    if (parser->status == CUTOVER_OK)
        parser->status = string_copy(string, &copy, parser->error);
    return copy;
}

static char *get_text(struct parser *parser, struct json_object *object, const char *name)
{
    struct json_object *value = get(parser, object, name, json_type_string);

    if (value == NULL)
        return NULL;
    if (strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value)) {
        damaged(parser, "\"%s\" holds a NUL", name);
        return NULL;
    }
    return copy_string(parser, json_object_get_string(value));
}

static bool is_null(struct json_object *object, const char *name)
{
    return json_member(object, name) == NULL;
}

static char *get_text_or_null(struct parser *parser, struct json_object *object, const char *name)
{
    return is_null(object, name) ? NULL : get_text(parser, object, name);
}

static uint64_t get_count(struct parser *parser, struct json_object *object, const char *name, uint64_t limit)
{
    struct json_object *value = get(parser, object, name, json_type_int);
    uint64_t count;

    if (value == NULL)
        return 0;
    count = json_object_get_uint64(value);
    if (json_object_get_int64(value) < 0 || count > limit) {
        damaged(parser, "\"%s\" is out of range", name);
        return 0;
    }
    return count;
}

static int64_t get_int(struct parser *parser, struct json_object *object, const char *name)
{
    struct json_object *value = get(parser, object, name, json_type_int);

    /* json-c keeps what is past INT64_MAX as unsigned and would answer INT64_MAX. */
    if (value != NULL && json_object_get_int64(value) == INT64_MAX &&
        json_object_get_uint64(value) != INT64_MAX) {
        damaged(parser, "\"%s\" is out of range", name);
        return 0;
    }
    return json_object_get_int64(value);
}

static bool get_bool(struct parser *parser, struct json_object *object, const char *name)
{
    struct json_object *value = get(parser, object, name, json_type_boolean);

    return value != NULL && json_object_get_boolean(value);
}

static int nibble(char digit)
{
    const char *found = digit != '\0' ? strchr(hex_digits, digit) : NULL;

    return found != NULL ? (int)(found - hex_digits) : -1;
}

static char *parse_base16(struct parser *parser, const char *name, const char *hex)
{
    size_t length = strlen(hex);
    char *bytes = calloc(length / 2 + 1, 1);

    if (bytes == NULL) {
        parser->status = error_nomem(parser->error);
        return NULL;
    }
    for (size_t i = 0; i < length; i += 2) {
        int high = nibble(hex[i]), low = nibble(hex[i + 1]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            damaged(parser, "\"%s\" is not text in base 16", name);
            free(bytes);
            return NULL;
        }
        bytes[i / 2] = (char)(high << 4 | low);
    }
    return bytes;
}

/* Undoes make_raw(). `name` is for the error. */
static char *parse_raw(struct parser *parser, const char *name, struct json_object *value)
{
    const char *hex;

    if (parser->status != CUTOVER_OK)
        return NULL;
    hex = json_text_or(value, "base16", NULL);
    if (hex != NULL)
        return parse_base16(parser, name, hex);
    if (!json_object_is_type(value, json_type_string) ||
        strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value)) {
        damaged(parser, "\"%s\" is missing or of the wrong type", name);
        return NULL;
    }
    return copy_string(parser, json_object_get_string(value));
}

static char *get_raw(struct parser *parser, struct json_object *object, const char *name)
{
    return parse_raw(parser, name, json_member(object, name));
}

/* An array, its length, and room for as many elements of that size, zeroed (also for none). */
static struct json_object *get_array(struct parser *parser, struct json_object *object, const char *name,
                                     size_t element_size, void **elements, size_t *count)
{
    struct json_object *array = get(parser, object, name, json_type_array);

    if (array == NULL)
        return NULL;
    *elements = calloc(json_object_array_length(array) + 1, element_size);
    if (*elements == NULL) {
        parser->status = error_nomem(parser->error);
        return NULL;
    }
    *count = json_object_array_length(array);
    return array;
}

static char **get_raws(struct parser *parser, struct json_object *object, const char *name, size_t *count)
{
    void *elements = NULL;
    struct json_object *array = get_array(parser, object, name, sizeof(char *), &elements, count);
    char **values = elements;

    for (size_t i = 0; array != NULL && i < *count; i++)
        values[i] = parse_raw(parser, name, json_object_array_get_idx(array, i));
    return values;
}

static bool matches(const char *text, size_t length, const char *alphabet)
{
    return strlen(text) == length && strspn(text, alphabet) == length;
}

static bool file_name_is_valid(const char *name)
{
    size_t length = strlen(name);

    return length >= 1 && length <= 64 && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static void parse_file(struct parser *parser, struct json_object *object, struct manifest_file *file)
{
    file->name = get_text(parser, object, "name");
    file->size = get_count(parser, object, "size", INT64_MAX);
    file->by_members = is_null(object, "sha256");
    file->sha256 = get_text(parser, object, file->by_members ? "members_sha256" : "sha256");
    if (parser->status != CUTOVER_OK)
        return;
    if (!file_name_is_valid(file->name) || strcmp(file->name, MANIFEST_NAME) == 0)
        damaged(parser, "a file has a name that no backup gives it");
    else if (!matches(file->sha256, 64, hex_digits))
        damaged(parser, "the SHA-256 of %s is not 64 hex digits", file->name);
}

static int compare_files(const void *left, const void *right)
{
    const struct manifest_file *a = left, *b = right;

    return strcmp(a->name, b->name);
}

static void parse_files(struct parser *parser, struct json_object *root, struct manifest *manifest)
{
    void *elements = NULL;
    struct json_object *array =
        get_array(parser, root, "files", sizeof(struct manifest_file), &elements, &manifest->file_count);

    manifest->files = elements;
    for (size_t i = 0; array != NULL && i < manifest->file_count; i++)
        parse_file(parser, json_object_array_get_idx(array, i), &manifest->files[i]);
    if (parser->status != CUTOVER_OK)
        return;
    if (manifest->file_count > 0)
        qsort(manifest->files, manifest->file_count, sizeof *manifest->files, compare_files);
    manifest->files_sorted = true;
    for (size_t i = 1; i < manifest->file_count; i++)
        if (compare_files(&manifest->files[i - 1], &manifest->files[i]) == 0)
            damaged(parser, "two files are called %s", manifest->files[i].name);
    if (manifest_file_find(manifest, "toc.dat") == NULL)
        damaged(parser, "it names no toc.dat");
}

/* Decimal digits up to `limit`, moving *at behind them and the character `end` that must follow. */
static uint64_t parse_number(struct parser *parser, const char **at, char end, uint64_t limit)
{
    uint64_t value = 0;
    const char *start = *at;

    for (; **at >= '0' && **at <= '9' && value <= limit; (*at)++)
        value = value * 10 + (uint64_t)(**at - '0');
    if (*at == start || value > limit || (**at != end && !(end == ' ' && **at == '\0'))) {
        damaged(parser, "the members of a table are not \"size/raw/rows …\" within their limits");
        return 0;
    }
    if (**at != '\0')
        (*at)++;
    return value;
}

static void parse_members(struct parser *parser, const char *text, struct manifest_table *table)
{
    size_t slashes = 0;
    uint64_t offset = 0;

    for (const char *c = text; *c != '\0'; c++)
        slashes += *c == '/';
    table->members = calloc(slashes / 2 + 1, sizeof *table->members);
    if (table->members == NULL) {
        parser->status = error_nomem(parser->error);
        return;
    }
    while (*text != '\0' && parser->status == CUTOVER_OK) {
        struct member *member = &table->members[table->member_count];
        if (table->member_count == slashes / 2) {
            damaged(parser, "the members of a table are not \"size/raw/rows …\"");
            return;
        }
        member->offset = offset;
        member->size = parse_number(parser, &text, '/', MEMBER_RAW_LIMIT);
        member->raw = parse_number(parser, &text, '/', MEMBER_RAW_LIMIT);
        member->rows = parse_number(parser, &text, ' ', member->raw);
        offset += member->size;
        table->member_count++;
    }
}

/* A table's digest, members and file tell the same. */
static void check_table(struct parser *parser, const struct manifest *manifest,
                        const struct manifest_table *table, bool *used)
{
    const struct manifest_file *file = manifest_file_find(manifest, table->file);
    uint64_t size = 0, rows = 0;
    char prefix[24];
    size_t length = (size_t)snprintf(prefix, sizeof prefix, "%" PRIu64 ":", table->rows);

    for (size_t i = 0; i < table->member_count; i++) {
        size += table->members[i].size;
        rows += table->members[i].rows;
    }
    if (strcmp(table->kind, "table") != 0 && strcmp(table->kind, "extension config") != 0)
        damaged(parser, "a table is of no kind that this format has");
    else if (strncmp(table->digest, prefix, length) != 0 || !matches(table->digest + length, 32, hex_digits))
        damaged(parser, "a table's digest is not of its %" PRIu64 " rows", table->rows);
    else if (file == NULL || used[file - manifest->files])
        damaged(parser, "a table's file is not there, or is another table's too");
    else if (size != file->size || rows != table->rows)
        damaged(parser, "the members of %s do not add up to it", table->file);
    else
        used[file - manifest->files] = true;
}

static void parse_table(struct parser *parser, struct json_object *object, struct manifest_table *table)
{
    struct json_object *members;

    table->oid = (uint32_t)get_count(parser, object, "oid", UINT32_MAX);
    table->schema = get_raw(parser, object, "schema");
    table->name = get_raw(parser, object, "name");
    table->kind = get_text(parser, object, "kind");
    table->columns = get_raws(parser, object, "columns", &table->column_count);
    table->copy = get_raw(parser, object, "copy");
    table->condition = is_null(object, "condition") ? NULL : get_raw(parser, object, "condition");
    table->rows = get_count(parser, object, "rows", INT64_MAX);
    table->digest = get_text(parser, object, "digest");
    table->file = get_text(parser, object, "file");
    members = get(parser, object, "members", json_type_string);
    if (members != NULL)
        parse_members(parser, json_object_get_string(members), table);
}

static void parse_tables(struct parser *parser, struct json_object *root, struct manifest *manifest)
{
    void *elements = NULL;
    struct json_object *array =
        get_array(parser, root, "tables", sizeof(struct manifest_table), &elements, &manifest->table_count);
    bool *used = calloc(manifest->file_count + 1, sizeof *used);

    manifest->tables = elements;
    if (used == NULL && parser->status == CUTOVER_OK)
        parser->status = error_nomem(parser->error);
    for (size_t i = 0; array != NULL && i < manifest->table_count && parser->status == CUTOVER_OK; i++) {
        parse_table(parser, json_object_array_get_idx(array, i), &manifest->tables[i]);
        if (parser->status == CUTOVER_OK)
            check_table(parser, manifest, &manifest->tables[i], used);
    }
    for (size_t i = 0; parser->status == CUTOVER_OK && i < manifest->file_count; i++)
        if (manifest->files[i].by_members && !used[i])
            damaged(parser, "%s has a SHA-256 of members, but is no table's", manifest->files[i].name);
    free(used);
}

static void parse_sequences(struct parser *parser, struct json_object *root, struct manifest *manifest)
{
    void *elements = NULL;
    struct json_object *array = get_array(parser, root, "sequences", sizeof(struct manifest_sequence),
                                          &elements, &manifest->sequence_count);

    manifest->sequences = elements;
    for (size_t i = 0; array != NULL && i < manifest->sequence_count && parser->status == CUTOVER_OK; i++) {
        struct json_object *object = json_object_array_get_idx(array, i);
        struct manifest_sequence *sequence = &manifest->sequences[i];
        sequence->last_value = get_int(parser, object, "last_value");
        sequence->schema = get_raw(parser, object, "schema");
        sequence->name = get_raw(parser, object, "name");
        sequence->is_called = get_bool(parser, object, "is_called");
    }
}

static void parse_source(struct parser *parser, struct json_object *root, struct manifest *manifest)
{
    struct json_object *source = get(parser, root, "source", json_type_object);

    manifest->system_identifier = get_text(parser, source, "system_identifier");
    manifest->database_oid = (int64_t)get_count(parser, source, "database_oid", UINT32_MAX);
    manifest->database_name = get_raw(parser, source, "database_name");
    manifest->server_version = (int64_t)get_count(parser, source, "server_version", INT32_MAX);
    manifest->snapshot = get_text_or_null(parser, source, "snapshot");
    manifest->lsn = get_text_or_null(parser, source, "lsn");
    manifest->encoding = get_text(parser, source, "encoding");
    manifest->lc_monetary = get_text_or_null(parser, source, "lc_monetary");
}

static void parse_head(struct parser *parser, struct json_object *root, struct manifest *manifest)
{
    char *created_at;

    manifest->backup_id = get_text(parser, root, "backup_id");
    if (parser->status == CUTOVER_OK && !id_is_valid(manifest->backup_id))
        damaged(parser, "\"backup_id\" is not a UUID");
    created_at = get_text(parser, root, "created_at");
    if (parser->status == CUTOVER_OK &&
        (!time_parse(created_at, &manifest->created_at) || manifest->created_at == 0))
        damaged(parser, "\"created_at\" is not a time");
    free(created_at);
    manifest->library_version = get_text(parser, root, "library_version");
    manifest->dump_version = get_text_or_null(parser, root, "dump_version");
    if (!is_null(root, "properties"))
        manifest->properties = json_object_get(get(parser, root, "properties", json_type_object));
    if (!is_null(root, "extensions"))
        manifest->extensions = json_object_get(get(parser, root, "extensions", json_type_array));
    manifest->roles = get_raws(parser, root, "roles", &manifest->role_count);
}

static void parse_large_objects(struct parser *parser, struct json_object *root, struct manifest *manifest)
{
    struct json_object *object = get(parser, root, "large_objects", json_type_object);

    manifest->large_objects = get_count(parser, object, "count", INT64_MAX);
    manifest->large_object_bytes = get_count(parser, object, "bytes", INT64_MAX);
    manifest->large_object_digest = is_null(object, "digest") ? NULL : get_text(parser, object, "digest");
}

/* Reads the tree; the format comes first: a newer one may have everything else elsewhere. */
static void parse_root(struct parser *parser, struct json_object *root, struct manifest *manifest)
{
    manifest->format = (int64_t)get_count(parser, root, "format", INT32_MAX);
    if (parser->status == CUTOVER_OK && manifest->format != MANIFEST_FORMAT &&
        manifest->format != MANIFEST_FORMAT_OF_FILES) {
        parser->status =
            error_set(parser->error, CUTOVER_E_UNSUPPORTED,
                      "the backup has manifest format %" PRId64 "; this library reads formats up to %d",
                      manifest->format, MANIFEST_FORMAT);
        error_hint(parser->error, "Use the version of the library that took it, or a newer one; pg_restore can "
                                  "restore it without any (docs/backup-format.md).");
    }
    parse_head(parser, root, manifest);
    parse_source(parser, root, manifest);
    parse_large_objects(parser, root, manifest);
    parse_files(parser, root, manifest);
    parse_tables(parser, root, manifest);
    parse_sequences(parser, root, manifest);
}

cutover_status manifest_parse(const char *json, size_t length, struct manifest *manifest, cutover_error **error)
{
    struct parser parser = {CUTOVER_OK, error};
    struct manifest parsed = {0};
    cutover_error *cause = NULL;
    struct json_object *root;

    if (length > MANIFEST_LIMIT) {
        damaged(&parser, "it is bigger than %u bytes", MANIFEST_LIMIT);
        return parser.status;
    }
    root = json_parse(json, length, &cause);
    if (root == NULL && cutover_error_code(cause) != CUTOVER_E_INVALID)
        parser.status = error_nomem(error);
    else if (root == NULL)
        damaged(&parser, "%s", cutover_error_message(cause));
    cutover_error_free(cause);
    if (root != NULL)
        parse_root(&parser, root, &parsed);
    json_object_put(root);
    if (parser.status != CUTOVER_OK) {
        manifest_free(&parsed);
        return parser.status;
    }
    *manifest = parsed;
    return CUTOVER_OK;
}
