#include "archive/toc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "PGDMP"
#define MAGIC_SIZE 5
#define FORMAT_DIRECTORY 3 /* archTar: a directory archive bears tar's number */
#define ALGORITHM_GZIP 1
/* Seventeen ints and lengths of five bytes: no entry is smaller. */
#define ENTRY_SIZE_MIN 85
#define FILE_NAME_LIMIT 64

/* ------------------------------------------------------------------------------------------------------ reading */

/* After the first failure every read gives zeros: a caller reads on and looks at status once. */
struct reader {
    const unsigned char *bytes;
    size_t count, at;
    cutover_status status;
    cutover_error **error;
};

static void damaged(struct reader *reader, const char *what)
{
    if (reader->status != CUTOVER_OK)
        return;
    reader->status = error_verify(reader->error, CUTOVER_VERDICT_DIFFERENT,
                                  "toc.dat is damaged at byte %zu of %zu: %s", reader->at, reader->count, what);
    error_hint(reader->error, "Take the backup again, or use another one.");
}

static int read_byte(struct reader *reader)
{
    if (reader->status == CUTOVER_OK && reader->at == reader->count)
        damaged(reader, "it ends too early");
    if (reader->status != CUTOVER_OK)
        return 0;
    return reader->bytes[reader->at++];
}

static int32_t read_int(struct reader *reader)
{
    int sign = read_byte(reader);
    uint32_t value = 0;

    for (unsigned shift = 0; shift < 32; shift += 8)
        value |= (uint32_t)read_byte(reader) << shift;
    if (sign > 1 || value > INT32_MAX || (sign == 1 && value == 0)) {
        damaged(reader, "not an integer as pg_dump writes it");
        return 0;
    }
    return sign == 1 ? -(int32_t)value : (int32_t)value;
}

static int32_t read_int_within(struct reader *reader, int32_t low, int32_t high, const char *what)
{
    int32_t value = read_int(reader);

    if (value < low || value > high)
        damaged(reader, what);
    return reader->status == CUTOVER_OK ? value : 0;
}

/* Finds a string's bytes in place. False: the archive's NULL, or a failure. */
static bool read_span(struct reader *reader, const char **bytes, size_t *length)
{
    int32_t size = read_int(reader);

    if (reader->status != CUTOVER_OK || size == -1)
        return false;
    if (size < 0 || (size_t)size > reader->count - reader->at) {
        damaged(reader, "a string is longer than what is left");
        return false;
    }
    *bytes = (const char *)reader->bytes + reader->at;
    *length = (size_t)size;
    if (memchr(*bytes, '\0', *length) != NULL) {
        damaged(reader, "a string holds a zero byte");
        return false;
    }
    reader->at += *length;
    return true;
}

static void read_string(struct reader *reader, struct toc_string *string)
{
    const char *bytes = NULL;
    size_t length = 0;

    if (!read_span(reader, &bytes, &length))
        return;
    string->bytes = malloc(length + 1);
    if (string->bytes == NULL) {
        reader->status = error_nomem(reader->error);
        return;
    }
    memcpy(string->bytes, bytes, length);
    string->bytes[length] = '\0';
    string->length = length;
}

static void read_strings(struct reader *reader, struct toc_string *const *strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        read_string(reader, strings[i]);
}

/* Decimal digits without a leading zero, so that writing gives the same bytes again. */
static uint32_t parse_decimal(struct reader *reader, const char *bytes, size_t length, uint32_t limit)
{
    uint64_t value = 0;

    if (length == 0 || length > 10 || (length > 1 && bytes[0] == '0')) {
        damaged(reader, "not a number");
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < '0' || bytes[i] > '9') {
            damaged(reader, "not a number");
            return 0;
        }
        value = value * 10 + (uint64_t)(bytes[i] - '0');
    }
    if (value > limit) {
        damaged(reader, "a number is out of range");
        return 0;
    }
    return (uint32_t)value;
}

static uint32_t read_oid(struct reader *reader)
{
    const char *bytes = NULL;
    size_t length = 0;

    if (!read_span(reader, &bytes, &length)) {
        damaged(reader, "an object has no OID");
        return 0;
    }
    return parse_decimal(reader, bytes, length, UINT32_MAX);
}

/* Capacity is the next power of two, here as in toc_depend. */
static bool dependency_push(struct toc_entry *entry, int32_t dependency)
{
    size_t count = entry->dependency_count;

    if ((count & (count - 1)) == 0) {
        size_t capacity = count == 0 ? 1 : count * 2;
        int32_t *grown = realloc(entry->dependencies, capacity * sizeof(*grown));
        if (grown == NULL)
            return false;
        entry->dependencies = grown;
    }
    entry->dependencies[entry->dependency_count++] = dependency;
    return true;
}

static void read_dependencies(struct reader *reader, struct toc_entry *entry)
{
    const char *bytes = NULL;
    size_t length = 0;

    while (read_span(reader, &bytes, &length)) {
        uint32_t dependency = parse_decimal(reader, bytes, length, INT32_MAX);
        if (reader->status != CUTOVER_OK)
            return;
        if (!dependency_push(entry, (int32_t)dependency)) {
            reader->status = error_nomem(reader->error);
            return;
        }
    }
}

/* pg_restore opens this name inside the archive's folder: it must stay there. */
static bool file_name_is_plain(const struct toc_string *file)
{
    if (file->length > FILE_NAME_LIMIT || (file->length > 0 && file->bytes[0] == '.'))
        return false;
    for (size_t i = 0; i < file->length; i++) {
        char c = file->bytes[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return true;
}

static void read_entry(struct reader *reader, int minor, struct toc_entry *entry)
{
    struct toc_string *const names[] = {&entry->tag, &entry->desc};
    struct toc_string *const statements[] = {&entry->defn,   &entry->drop,       &entry->copy,
                                             &entry->schema, &entry->tablespace, &entry->access_method};
    struct toc_string *const owner[] = {&entry->owner, &entry->with_oids};

    entry->dump_id = read_int_within(reader, 1, INT32_MAX, "a dumpId is not positive");
    entry->had_dumper = read_int_within(reader, 0, 1, "not a yes or no") == 1;
    entry->catalog_oid = read_oid(reader);
    entry->oid = read_oid(reader);
    read_strings(reader, names, 2);
    if (reader->status == CUTOVER_OK && (entry->tag.bytes == NULL || entry->desc.bytes == NULL))
        damaged(reader, "an entry has no name or no kind");
    entry->section = read_int_within(reader, TOC_SECTION_NONE, TOC_SECTION_POST_DATA, "no such section");
    read_strings(reader, statements, 6);
    if (minor >= 16)
        entry->relkind = read_int(reader);
    read_strings(reader, owner, 2);
    read_dependencies(reader, entry);
    read_string(reader, &entry->file);
    if (reader->status == CUTOVER_OK && !file_name_is_plain(&entry->file))
        damaged(reader, "a file name with other characters than a-z, 0-9, '.', '_' and '-'");
}

static void read_version(struct reader *reader, struct toc *toc)
{
    if (reader->count < MAGIC_SIZE || memcmp(reader->bytes, MAGIC, MAGIC_SIZE) != 0) {
        damaged(reader, "it is not an archive of pg_dump");
        return;
    }
    reader->at = MAGIC_SIZE;
    toc->major = read_byte(reader);
    toc->minor = read_byte(reader);
    toc->revision = read_byte(reader);
    toc->int_size = read_byte(reader);
    toc->offset_size = read_byte(reader);
    toc->format = read_byte(reader);
    if (reader->status != CUTOVER_OK)
        return;
    if (toc->major != 1 || toc->minor < 14 || toc->minor > 16) {
        reader->status =
            error_set(reader->error, CUTOVER_E_UNSUPPORTED,
                      "toc.dat is of archive version %d.%d; 1.14 to 1.16 can be read", toc->major, toc->minor);
        error_hint(reader->error, "Use pg_dump and pg_restore of PostgreSQL 14 to 18.");
    } else if (toc->int_size != 4 || toc->format != FORMAT_DIRECTORY) {
        reader->status = error_set(
            reader->error, CUTOVER_E_UNSUPPORTED,
            "toc.dat has integers of %d bytes and archive format %d; only 4 and 3 (directory) can be read",
            toc->int_size, toc->format);
    }
}

static void read_head(struct reader *reader, struct toc *toc)
{
    struct toc_string *const origin[] = {&toc->database, &toc->server_version, &toc->dump_version};

    read_version(reader, toc);
    toc->compression = toc->minor >= 15 ? read_byte(reader) : read_int(reader);
    for (size_t i = 0; i < 7; i++)
        toc->created[i] = read_int(reader);
    read_strings(reader, origin, 3);
}

static void read_entries(struct reader *reader, struct toc *toc)
{
    int32_t count = read_int_within(reader, 0, INT32_MAX, "the number of entries is negative");

    if (reader->status != CUTOVER_OK)
        return;
    if ((size_t)count > (reader->count - reader->at) / ENTRY_SIZE_MIN) {
        damaged(reader, "more entries than what is left can hold");
        return;
    }
    toc->capacity = (size_t)count;
    toc->entries = calloc(toc->capacity + 1, sizeof(*toc->entries));
    if (toc->entries == NULL) {
        reader->status = error_nomem(reader->error);
        return;
    }
    for (; toc->count < (size_t)count && reader->status == CUTOVER_OK; toc->count++)
        read_entry(reader, toc->minor, &toc->entries[toc->count]);
    toc->parsed = toc->count;
    if (reader->status == CUTOVER_OK && reader->at != reader->count)
        damaged(reader, "there are bytes after its end");
}

static int compare_keys(const void *left, const void *right)
{
    const struct toc_key *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static uint64_t object_key(uint32_t catalog_oid, uint32_t oid)
{
    return (uint64_t)catalog_oid << 32 | oid;
}

static void index_entries(struct reader *reader, struct toc *toc)
{
    if (reader->status != CUTOVER_OK)
        return;
    toc->by_object = calloc(toc->parsed + 1, sizeof(*toc->by_object));
    toc->by_id = calloc(toc->parsed + 1, sizeof(*toc->by_id));
    if (toc->by_object == NULL || toc->by_id == NULL) {
        reader->status = error_nomem(reader->error);
        return;
    }
    for (size_t i = 0; i < toc->parsed; i++) {
        const struct toc_entry *entry = &toc->entries[i];
        toc->by_object[i] = (struct toc_key){object_key(entry->catalog_oid, entry->oid), i};
        toc->by_id[i] = (struct toc_key){(uint64_t)entry->dump_id, i};
        if (entry->dump_id > toc->highest_id)
            toc->highest_id = entry->dump_id;
        for (size_t j = 0; j < entry->dependency_count; j++)
            if (entry->dependencies[j] > toc->highest_id)
                toc->highest_id = entry->dependencies[j];
    }
    qsort(toc->by_object, toc->parsed, sizeof(*toc->by_object), compare_keys);
    qsort(toc->by_id, toc->parsed, sizeof(*toc->by_id), compare_keys);
    for (size_t i = 1; i < toc->parsed; i++)
        if (toc->by_id[i].key == toc->by_id[i - 1].key)
            damaged(reader, "two entries have the same dumpId");
}

cutover_status toc_parse(const void *bytes, size_t count, struct toc *toc, cutover_error **error)
{
    struct reader reader = {bytes, count, 0, CUTOVER_OK, error};
    struct toc read = {0};

    read_head(&reader, &read);
    read_entries(&reader, &read);
    index_entries(&reader, &read);
    if (reader.status != CUTOVER_OK) {
        toc_free(&read);
        return reader.status;
    }
    *toc = read;
    return CUTOVER_OK;
}

/* ------------------------------------------------------------------------------------------------------ writing */

static void write_byte(struct text *out, int value)
{
    char byte = (char)(unsigned char)value;

    text_add_bytes(out, &byte, 1);
}

static void write_int(struct text *out, int32_t value)
{
    uint32_t magnitude = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;

    write_byte(out, value < 0);
    for (unsigned shift = 0; shift < 32; shift += 8)
        write_byte(out, (int)(magnitude >> shift & 0xff));
}

static void write_string(struct text *out, const struct toc_string *string)
{
    if (string->bytes == NULL) {
        write_int(out, -1);
        return;
    }
    write_int(out, (int32_t)string->length);
    text_add_bytes(out, string->bytes, string->length);
}

static void write_decimal(struct text *out, uint32_t value)
{
    char digits[12];
    int length = snprintf(digits, sizeof(digits), "%" PRIu32, value);

    write_int(out, length);
    text_add_bytes(out, digits, (size_t)length);
}

static void write_entry(struct text *out, int minor, const struct toc_entry *entry)
{
    write_int(out, entry->dump_id);
    write_int(out, entry->had_dumper);
    write_decimal(out, entry->catalog_oid);
    write_decimal(out, entry->oid);
    write_string(out, &entry->tag);
    write_string(out, &entry->desc);
    write_int(out, entry->section);
    write_string(out, &entry->defn);
    write_string(out, &entry->drop);
    write_string(out, &entry->copy);
    write_string(out, &entry->schema);
    write_string(out, &entry->tablespace);
    write_string(out, &entry->access_method);
    if (minor >= 16)
        write_int(out, entry->relkind);
    write_string(out, &entry->owner);
    write_string(out, &entry->with_oids);
    for (size_t i = 0; i < entry->dependency_count; i++)
        write_decimal(out, (uint32_t)entry->dependencies[i]);
    write_int(out, -1);
    write_string(out, &entry->file);
}

static void write_head(struct text *out, const struct toc *toc)
{
    text_add_bytes(out, MAGIC, MAGIC_SIZE);
    write_byte(out, toc->major);
    write_byte(out, toc->minor);
    write_byte(out, toc->revision);
    write_byte(out, toc->int_size);
    write_byte(out, toc->offset_size);
    write_byte(out, toc->format);
    if (toc->minor >= 15)
        write_byte(out, toc->compression);
    else
        write_int(out, toc->compression);
    for (size_t i = 0; i < 7; i++)
        write_int(out, toc->created[i]);
    write_string(out, &toc->database);
    write_string(out, &toc->server_version);
    write_string(out, &toc->dump_version);
    write_int(out, (int32_t)toc->count);
}

/* The position of the first entry read that is of that section or a later one. */
static size_t section_start(const struct toc *toc, enum toc_section section)
{
    size_t at = 0;

    while (at < toc->parsed && toc->entries[at].section < (int32_t)section)
        at++;
    return at;
}

static void write_added(struct text *out, const struct toc *toc, enum toc_section section)
{
    for (size_t i = toc->parsed; i < toc->count; i++)
        if (toc->entries[i].section == (int32_t)section)
            write_entry(out, toc->minor, &toc->entries[i]);
}

cutover_status toc_format(const struct toc *toc, struct text *out, cutover_error **error)
{
    size_t data = section_start(toc, TOC_SECTION_DATA);
    size_t post_data = section_start(toc, TOC_SECTION_POST_DATA);

    write_head(out, toc);
    for (size_t i = 0; i < data; i++)
        write_entry(out, toc->minor, &toc->entries[i]);
    write_added(out, toc, TOC_SECTION_PRE_DATA);
    for (size_t i = data; i < post_data; i++)
        write_entry(out, toc->minor, &toc->entries[i]);
    write_added(out, toc, TOC_SECTION_DATA);
    for (size_t i = post_data; i < toc->parsed; i++)
        write_entry(out, toc->minor, &toc->entries[i]);
    return text_failed(out) ? error_nomem(error) : CUTOVER_OK;
}

/* ------------------------------------------------------------------------------------------- looking up, adding */

static void entry_free(struct toc_entry *entry)
{
    free(entry->tag.bytes);
    free(entry->desc.bytes);
    free(entry->defn.bytes);
    free(entry->drop.bytes);
    free(entry->copy.bytes);
    free(entry->schema.bytes);
    free(entry->tablespace.bytes);
    free(entry->access_method.bytes);
    free(entry->owner.bytes);
    free(entry->with_oids.bytes);
    free(entry->dependencies);
    free(entry->file.bytes);
}

void toc_free(struct toc *toc)
{
    if (toc == NULL)
        return;
    for (size_t i = 0; i < toc->count; i++)
        entry_free(&toc->entries[i]);
    free(toc->entries);
    free(toc->by_object);
    free(toc->by_id);
    free(toc->database.bytes);
    free(toc->server_version.bytes);
    free(toc->dump_version.bytes);
    memset(toc, 0, sizeof(*toc));
}

/* The first position whose key is not below. */
static size_t key_position(const struct toc_key *keys, size_t count, uint64_t key)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (keys[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct toc_entry *toc_find(const struct toc *toc, uint32_t catalog_oid, uint32_t oid, const char *desc)
{
    uint64_t key = object_key(catalog_oid, oid);

    for (size_t i = key_position(toc->by_object, toc->parsed, key);
         i < toc->parsed && toc->by_object[i].key == key; i++) {
        const struct toc_entry *entry = &toc->entries[toc->by_object[i].index];
        if (strcmp(entry->desc.bytes, desc) == 0)
            return entry;
    }
    for (size_t i = toc->parsed; i < toc->count; i++) {
        const struct toc_entry *entry = &toc->entries[i];
        if (entry->catalog_oid == catalog_oid && entry->oid == oid && strcmp(entry->desc.bytes, desc) == 0)
            return entry;
    }
    return NULL;
}

static struct toc_entry *find_id(const struct toc *toc, int32_t dump_id)
{
    size_t at = key_position(toc->by_id, toc->parsed, (uint64_t)dump_id);

    if (at < toc->parsed && toc->by_id[at].key == (uint64_t)dump_id)
        return &toc->entries[toc->by_id[at].index];
    /* Those added have consecutive ids. */
    if (toc->count > toc->parsed) {
        int64_t distance = (int64_t)dump_id - toc->entries[toc->parsed].dump_id;
        if (distance >= 0 && (uint64_t)distance < toc->count - toc->parsed)
            return &toc->entries[toc->parsed + (size_t)distance];
    }
    return NULL;
}

int32_t toc_next_id(const struct toc *toc)
{
    return toc->highest_id == INT32_MAX ? 0 : toc->highest_id + 1;
}

static bool string_set(struct toc_string *string, const char *value)
{
    if (value == NULL)
        return true;
    string->bytes = strdup(value);
    if (string->bytes == NULL)
        return false;
    string->length = strlen(value);
    return true;
}

static bool entry_fill(struct toc_entry *entry, const struct toc_addition *addition, int32_t dump_id)
{
    bool table = strcmp(addition->desc, "TABLE DATA") == 0;
    const char *defn = addition->defn != NULL && addition->defn[0] != '\0' ? addition->defn : NULL;
    char name[24];

    snprintf(name, sizeof(name), "%" PRId32 ".dat", dump_id);
    entry->dump_id = dump_id;
    entry->had_dumper = table || strcmp(addition->desc, "BLOBS") == 0;
    entry->catalog_oid = addition->catalog_oid;
    entry->oid = addition->oid;
    entry->section = strcmp(addition->desc, "BLOB") == 0 ? TOC_SECTION_PRE_DATA : TOC_SECTION_DATA;
    return string_set(&entry->tag, addition->tag) && string_set(&entry->desc, addition->desc) &&
           string_set(&entry->defn, defn) && string_set(&entry->copy, addition->copy) &&
           string_set(&entry->schema, addition->schema) && string_set(&entry->owner, addition->owner) &&
           string_set(&entry->with_oids, "false") &&
           string_set(&entry->file, addition->file != NULL ? addition->file
                                    : table                ? name
                                                           : "") &&
           (addition->depends_on == 0 || dependency_push(entry, addition->depends_on));
}

static bool entries_reserve(struct toc *toc)
{
    size_t capacity = toc->capacity < 32 ? 64 : toc->capacity * 2;
    struct toc_entry *grown;

    if (toc->count < toc->capacity)
        return true;
    grown = realloc(toc->entries, capacity * sizeof(*grown));
    if (grown == NULL)
        return false;
    toc->entries = grown;
    toc->capacity = capacity;
    return true;
}

cutover_status toc_add(struct toc *toc, const struct toc_addition *addition, int32_t *dump_id,
                       cutover_error **error)
{
    struct toc_entry entry = {0};
    int32_t id = toc_next_id(toc);

    if (id == 0 || toc->count >= INT32_MAX)
        return error_set(error, CUTOVER_E_UNSUPPORTED, "toc.dat has no free dumpId for %s %s", addition->desc,
                         addition->tag);
    if (!entry_fill(&entry, addition, id) || !entries_reserve(toc)) {
        entry_free(&entry);
        return error_nomem(error);
    }
    toc->entries[toc->count++] = entry;
    toc->highest_id = id;
    if (dump_id != NULL)
        *dump_id = id;
    return CUTOVER_OK;
}

cutover_status toc_depend(struct toc *toc, int32_t dump_id, int32_t depends_on, cutover_error **error)
{
    struct toc_entry *entry = find_id(toc, dump_id);

    if (entry == NULL || depends_on < 1)
        return error_set(error, CUTOVER_E_INTERNAL, "toc.dat has no entry %" PRId32 " to depend on %" PRId32,
                         dump_id, depends_on);
    if (!dependency_push(entry, depends_on))
        return error_nomem(error);
    return CUTOVER_OK;
}

void toc_set_gzip(struct toc *toc)
{
    if (toc->minor >= 15)
        toc->compression = ALGORITHM_GZIP;
    else if (toc->compression == 0)
        toc->compression = -1; /* zlib's default level, as pg_dump writes it */
}
