/*
 * toc.dat of a pg_dump directory archive, versions 1.14 (pg_dump 12 to 15), 1.15 (16) and 1.16 (17, 18): read,
 * complete, write. Reads what others wrote: every length is bounded by the bytes that are there. No I/O.
 * Facts: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c and .h.
 */
#ifndef CUTOVER_ARCHIVE_TOC_H
#define CUTOVER_ARCHIVE_TOC_H

#include "base/text.h"

enum toc_section { TOC_SECTION_NONE = 1, TOC_SECTION_PRE_DATA, TOC_SECTION_DATA, TOC_SECTION_POST_DATA };

/* A string of the archive; NULL bytes is the archive's NULL. NUL-terminated beside its length. */
struct toc_string {
    char *bytes;
    size_t length;
};

struct toc_entry {
    int32_t dump_id;
    bool had_dumper;
    uint32_t catalog_oid; /* "tableoid": the catalog that the object is in (1259 pg_class) */
    uint32_t oid;
    struct toc_string tag, desc;
    int32_t section;
    struct toc_string defn, drop, copy;
    struct toc_string schema, tablespace, access_method;
    int32_t relkind; /* 1.16 and later */
    struct toc_string owner;
    struct toc_string with_oids; /* "false" */
    int32_t *dependencies;
    size_t dependency_count;
    struct toc_string file; /* "3360.dat", or NULL */
};

struct toc {
    int major, minor, revision;
    int int_size, offset_size, format;
    int compression;
    int32_t created[7];
    struct toc_string database, server_version, dump_version;
    struct toc_entry *entries;
    size_t count, capacity;
};

/* CUTOVER_E_VERIFY with verdict different (damaged: says at which byte) or CUTOVER_E_UNSUPPORTED (version, sizes). */
cutover_status toc_parse(const void *bytes, size_t count, struct toc *toc, cutover_error **error);
/* The bytes of toc.dat, appended to `out`. toc_format(toc_parse(x)) is x. */
cutover_status toc_format(const struct toc *toc, struct text *out, cutover_error **error);
void toc_free(struct toc *toc);

/* The entry for an object of a catalog with that desc ("TABLE", "EXTENSION"), or NULL. */
const struct toc_entry *toc_find(const struct toc *toc, uint32_t catalog_oid, uint32_t oid, const char *desc);

/* One entry to add to the data section; strings are copied. */
struct toc_addition {
    const char *desc; /* "TABLE DATA", "SEQUENCE SET", "BLOBS" */
    const char *tag, *schema, *owner;
    uint32_t catalog_oid, oid;
    const char *defn;   /* SQL of a SEQUENCE SET, else "" */
    const char *copy;   /* COPY … FROM stdin;\n of a TABLE DATA, else NULL */
    const char *file;   /* data file, or NULL */
    int32_t depends_on; /* dumpId of its owner; 0 none */
};

/* The next free dumpId. */
int32_t toc_next_id(const struct toc *toc);
/* Adds an entry after the last pre-data and data entry, before post-data; *dump_id receives its id. Data files are
   named by it: "<dumpId>.dat". */
cutover_status toc_add(struct toc *toc, const struct toc_addition *addition, int32_t *dump_id,
                       cutover_error **error);
/* Appends a dependency to an entry (post-data that must wait for data). */
cutover_status toc_depend(struct toc *toc, int32_t dump_id, int32_t depends_on, cutover_error **error);
/* Marks the archive as compressed: readers of 1.14 take any non-zero level, of 1.15 and later the algorithm gzip. */
void toc_set_gzip(struct toc *toc);

#endif
