#include "archive/toc_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM_GZIP 1

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
    int length = snprintf(digits, sizeof digits, "%" PRIu32, value);

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
    text_add_bytes(out, TOC_MAGIC, TOC_MAGIC_SIZE);
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

static void write_added(struct text *out, const struct toc *toc, bool pre_data)
{
    for (size_t i = toc->parsed; i < toc->count; i++)
        if ((toc->entries[i].section == TOC_SECTION_PRE_DATA) == pre_data)
            write_entry(out, toc->minor, &toc->entries[i]);
}

cutover_status toc_format(const struct toc *toc, struct text *out, cutover_error **error)
{
    size_t data = section_start(toc, TOC_SECTION_DATA);
    size_t post_data = section_start(toc, TOC_SECTION_POST_DATA);

    write_head(out, toc);
    for (size_t i = 0; i < data; i++)
        write_entry(out, toc->minor, &toc->entries[i]);
    write_added(out, toc, true);
    for (size_t i = data; i < post_data; i++)
        write_entry(out, toc->minor, &toc->entries[i]);
    write_added(out, toc, false);
    for (size_t i = post_data; i < toc->parsed; i++)
        write_entry(out, toc->minor, &toc->entries[i]);
    return text_failed(out) ? error_nomem(error) : CUTOVER_OK;
}

/* ------------------------------------------------------------------------------------------- looking up, adding */

/* Capacity is the next power of two. */
bool toc_dependency_push(struct toc_entry *entry, int32_t dependency)
{
    size_t count = entry->dependency_count;

    if ((count & (count - 1)) == 0) {
        size_t capacity = count == 0 ? 1 : count * 2;
        int32_t *grown = realloc(entry->dependencies, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        entry->dependencies = grown;
    }
    entry->dependencies[entry->dependency_count++] = dependency;
    return true;
}

uint64_t toc_object_key(uint32_t catalog_oid, uint32_t oid)
{
    return (uint64_t)catalog_oid << 32 | oid;
}

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
    memset(toc, 0, sizeof *toc);
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
    uint64_t key = toc_object_key(catalog_oid, oid);

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

size_t toc_position(const struct toc *toc, int32_t dump_id)
{
    size_t found = key_position(toc->by_id, toc->parsed, (uint64_t)dump_id);

    return found < toc->parsed && toc->by_id[found].key == (uint64_t)dump_id ? toc->by_id[found].index
                                                                             : toc->count;
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

static enum toc_section section_of(const char *desc)
{
    static const char *const none[] = {"ACL", "COMMENT", "SECURITY LABEL"};

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (strcmp(desc, none[i]) == 0)
            return TOC_SECTION_NONE;
    return strcmp(desc, "BLOB") == 0 ? TOC_SECTION_PRE_DATA : TOC_SECTION_DATA;
}

static bool entry_fill(struct toc_entry *entry, const struct toc_addition *addition, int32_t dump_id)
{
    bool table = strcmp(addition->desc, "TABLE DATA") == 0;
    const char *defn = addition->defn != NULL && addition->defn[0] != '\0' ? addition->defn : NULL;
    char name[24];

    snprintf(name, sizeof name, "%" PRId32 ".dat", dump_id);
    entry->dump_id = dump_id;
    entry->had_dumper = table || strcmp(addition->desc, "BLOBS") == 0;
    entry->catalog_oid = addition->catalog_oid;
    entry->oid = addition->oid;
    entry->section = (int32_t)section_of(addition->desc);
    return string_set(&entry->tag, addition->tag) && string_set(&entry->desc, addition->desc) &&
           string_set(&entry->defn, defn) && string_set(&entry->drop, addition->drop) &&
           string_set(&entry->copy, addition->copy) && string_set(&entry->schema, addition->schema) &&
           string_set(&entry->owner, addition->owner) && string_set(&entry->with_oids, "false") &&
           string_set(&entry->file, addition->file != NULL ? addition->file
                                    : table                ? name
                                                           : "") &&
           (addition->depends_on == 0 || toc_dependency_push(entry, addition->depends_on));
}

static bool entries_reserve(struct toc *toc)
{
    size_t capacity = toc->capacity < 32 ? 64 : toc->capacity * 2;
    struct toc_entry *grown;

    if (toc->count < toc->capacity)
        return true;
    grown = realloc(toc->entries, capacity * sizeof *grown);
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

cutover_status toc_depend(struct toc *toc, uint32_t catalog_oid, uint32_t oid, const char *desc, int32_t on,
                          cutover_error **error)
{
    const struct toc_entry *entry = toc_find(toc, catalog_oid, oid, desc);

    if (entry == NULL)
        return CUTOVER_OK;
    return toc_dependency_push(&toc->entries[entry - toc->entries], on) ? CUTOVER_OK : error_nomem(error);
}

/* The entry at `from` is now at `to`, before it. */
static void keys_move(struct toc_key *keys, size_t count, size_t from, size_t to)
{
    for (size_t i = 0; i < count; i++) {
        size_t *index = &keys[i].index;
        if (*index == from)
            *index = to;
        else if (*index >= to && *index < from)
            ++*index;
    }
}

void toc_put_before(struct toc *toc, uint32_t catalog_oid, uint32_t oid, uint32_t other, const char *desc)
{
    const struct toc_entry *moved = toc_find(toc, catalog_oid, oid, desc);
    const struct toc_entry *stays = toc_find(toc, catalog_oid, other, desc);

    if (moved == NULL || stays == NULL || moved <= stays || moved >= toc->entries + toc->parsed)
        return;
    size_t from = (size_t)(moved - toc->entries), to = (size_t)(stays - toc->entries);
    struct toc_entry entry = *moved;
    memmove(&toc->entries[to + 1], &toc->entries[to], (from - to) * sizeof entry);
    toc->entries[to] = entry;
    keys_move(toc->by_object, toc->parsed, from, to);
    keys_move(toc->by_id, toc->parsed, from, to);
}

void toc_set_gzip(struct toc *toc)
{
    if (toc->minor >= 15)
        toc->compression = ALGORITHM_GZIP;
    else if (toc->compression == 0)
        toc->compression = -1; /* zlib's default level, as pg_dump writes it */
}
