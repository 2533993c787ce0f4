/* Reading toc.dat. It may come from anywhere: every length is bounded by the bytes that are there. */
#include "archive/toc_private.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT_DIRECTORY 3 /* archTar: a directory archive bears tar's number */
/* Seventeen ints and lengths of five bytes: no entry is smaller. */
#define ENTRY_SIZE_MIN 85
#define FILE_NAME_LIMIT 64

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

static void read_dependencies(struct reader *reader, struct toc_entry *entry)
{
    const char *bytes = NULL;
    size_t length = 0;

    while (read_span(reader, &bytes, &length)) {
        uint32_t dependency = parse_decimal(reader, bytes, length, INT32_MAX);
        if (reader->status != CUTOVER_OK)
            return;
        if (!toc_dependency_push(entry, (int32_t)dependency)) {
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
    if (reader->count < TOC_MAGIC_SIZE || memcmp(reader->bytes, TOC_MAGIC, TOC_MAGIC_SIZE) != 0) {
        damaged(reader, "it is not an archive of pg_dump");
        return;
    }
    reader->at = TOC_MAGIC_SIZE;
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
        error_hint(reader->error, "Use pg_dump and pg_restore of a version that writes one of these.");
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
    toc->entries = calloc(toc->capacity + 1, sizeof *toc->entries);
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

static void index_ids(struct reader *reader, struct toc *toc)
{
    toc->by_id = calloc(toc->parsed + 1, sizeof *toc->by_id);
    if (toc->by_id == NULL) {
        reader->status = error_nomem(reader->error);
        return;
    }
    for (size_t i = 0; i < toc->parsed; i++)
        toc->by_id[i] = (struct toc_key){(uint64_t)toc->entries[i].dump_id, i};
    qsort(toc->by_id, toc->parsed, sizeof *toc->by_id, compare_keys);
    for (size_t i = 1; i < toc->parsed; i++)
        if (toc->by_id[i].key == toc->by_id[i - 1].key)
            damaged(reader, "two entries have the same dumpId");
}

static void index_entries(struct reader *reader, struct toc *toc)
{
    if (reader->status != CUTOVER_OK)
        return;
    toc->by_object = calloc(toc->parsed + 1, sizeof *toc->by_object);
    if (toc->by_object == NULL) {
        reader->status = error_nomem(reader->error);
        return;
    }
    for (size_t i = 0; i < toc->parsed; i++) {
        const struct toc_entry *entry = &toc->entries[i];
        toc->by_object[i] = (struct toc_key){toc_object_key(entry->catalog_oid, entry->oid), i};
        if (entry->dump_id > toc->highest_id)
            toc->highest_id = entry->dump_id;
        for (size_t j = 0; j < entry->dependency_count; j++)
            if (entry->dependencies[j] > toc->highest_id)
                toc->highest_id = entry->dependencies[j];
    }
    qsort(toc->by_object, toc->parsed, sizeof *toc->by_object, compare_keys);
    index_ids(reader, toc);
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
