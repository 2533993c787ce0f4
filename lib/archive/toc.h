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

/* A position in entries, sorted by what it is looked up by. */
struct toc_key {
    uint64_t key;
    size_t index;
};

struct toc {
    int major, minor, revision;
    int int_size, offset_size, format;
    int compression;
    int32_t created[7];
    struct toc_string database, server_version, dump_version;
    /* Those read, in the archive's order; then those added: toc_format puts them in their place. */
    struct toc_entry *entries;
    size_t count, capacity;
    size_t parsed;             /* entries that were read */
    struct toc_key *by_object; /* of those; the module's own */
    struct toc_key *by_id;     /* likewise */
    int32_t highest_id;        /* of all dumpIds, those that dependencies name too */
};

/* CUTOVER_E_VERIFY with verdict different (damaged: says at which byte) or CUTOVER_E_UNSUPPORTED (version, sizes). */
cutover_status toc_parse(const void *bytes, size_t count, struct toc *toc, cutover_error **error);
/* The bytes of toc.dat, appended to `out`. toc_format(toc_parse(x)) is x. */
cutover_status toc_format(const struct toc *toc, struct text *out, cutover_error **error);
void toc_free(struct toc *toc);

/* The entry for an object of a catalog with that desc ("TABLE", "EXTENSION"), or NULL. Valid until the next toc_add. */
const struct toc_entry *toc_find(const struct toc *toc, uint32_t catalog_oid, uint32_t oid, const char *desc);

/* Where in `entries` the one that was read with that dumpId is; toc->count: there is none. */
size_t toc_position(const struct toc *toc, int32_t dump_id);

/* One entry to add to the data section; strings are copied. */
struct toc_addition {
    const char *
        desc; /* "TABLE DATA", "SEQUENCE SET", "BLOBS", "BLOB", "BLOB METADATA", "ACL", "COMMENT", "SECURITY LABEL" */
    const char *tag, *schema, *owner;
    uint32_t catalog_oid, oid;
    const char *
        defn; /* SQL of a SEQUENCE SET, BLOB, ACL, COMMENT or SECURITY LABEL, OIDs of a BLOB METADATA, else NULL or "" */
    const char *drop;   /* or NULL */
    const char *copy;   /* COPY … FROM stdin;\n of a TABLE DATA, else NULL */
    const char *file;   /* data file; NULL: "<dumpId>.dat" for a TABLE DATA, else none */
    int32_t depends_on; /* dumpId of its owner; 0 none */
};

/* The next free dumpId; 0 when there is none left. */
int32_t toc_next_id(const struct toc *toc);
/* Adds an entry after all that are not post-data (a BLOB, which creates a large object: as the last of pre-data), behind those
   added before; *dump_id receives its id. As pg_dump writes them: TABLE DATA has catalog 0 and the table's oid, SEQUENCE SET 0
   and 0, both their owner's role; BLOBS has catalog and oid 0 and no schema, up to 1.15 no owner and the file "blobs.toc",
   from 1.16 on the objects' owner; a BLOB has catalog 2613, the large object's oid, which is its tag too, its owner, no schema,
   and for defn "SELECT pg_catalog.lo_create('16434');\n". What is of several large objects: postgres/largeobject_entries.h.
   ACL, COMMENT and SECURITY LABEL have no section of their own: they count as of that of the entry before them. */
cutover_status toc_add(struct toc *toc, const struct toc_addition *addition, int32_t *dump_id,
                       cutover_error **error);
/* Another dependency of the entry for an object that was read with that desc; nothing where there is none. */
cutover_status toc_depend(struct toc *toc, uint32_t catalog_oid, uint32_t oid, const char *desc, int32_t on,
                          cutover_error **error);
/* Puts the entry for one object of a catalog right before another's of the same desc, where both were read and it comes behind that. */
void toc_put_before(struct toc *toc, uint32_t catalog_oid, uint32_t oid, uint32_t other, const char *desc);
/* Marks the archive as compressed: readers of 1.14 take any non-zero level, of 1.15 and later the algorithm gzip. */
void toc_set_gzip(struct toc *toc);

#endif
