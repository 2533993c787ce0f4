/*
 * manifest.json: what a backup holds, written last. Reads what others wrote. docs/backup-format.md has the JSON.
 */
#ifndef CUTOVER_ARCHIVE_MANIFEST_H
#define CUTOVER_ARCHIVE_MANIFEST_H

#include "archive/member.h"
#include "base/record.h"

#define MANIFEST_FORMAT 2
/* What is written where no file is known by its members: who knows no other reads it. */
#define MANIFEST_FORMAT_OF_FILES 1
#define MANIFEST_NAME "manifest.json"
#define MANIFEST_LIMIT (512u * 1024u * 1024u)

struct manifest_file {
    char *name;    /* "3360.dat.gz", "toc.dat", "catalog.tsv", "blobs.toc" */
    uint64_t size; /* bytes */
    char *sha256;  /* hex */
    /* sha256 is that of its members' SHA-256, 32 bytes each, in the order in which they lie: what changes it costs time with the
       members that change, not with the file. */
    bool by_members;
};

struct manifest_table {
    uint32_t oid;
    char *schema, *name;
    char *kind;     /* "table", or "extension config" */
    char **columns; /* names in the order of the COPY and of the digest; generated ones left out */
    size_t column_count;
    char *copy;      /* "COPY public.orders (id, …) FROM stdin" without semicolon, as toc.dat has it */
    char *condition; /* WHERE clause of an extension's configuration table, else NULL */
    uint64_t rows;
    char *digest; /* "rows:hex" as digest_format gives it */
    char *file;   /* name in files */
    struct member *members;
    size_t member_count;
};

struct manifest_sequence {
    char *schema, *name;
    int64_t last_value;
    bool is_called;
};

struct manifest {
    int64_t format;
    char *backup_id;
    int64_t created_at;
    char *library_version;
    /* identity of the source */
    char *system_identifier;
    int64_t database_oid;
    char *database_name;
    int64_t server_version; /* 150018 */
    char *dump_version;     /* of pg_dump, as toc.dat has it */
    char *snapshot, *lsn;
    char *encoding;                 /* of the data files: the database's */
    char *lc_monetary;              /* that money was written with */
    struct json_object *properties; /* database properties: postgres/properties.h */
    char **roles;                   /* names that owners, grants, policies use */
    size_t role_count;
    struct json_object *extensions; /* [{name, version, schema}] */
    struct manifest_table *tables;
    size_t table_count;
    struct manifest_sequence *sequences;
    size_t sequence_count;
    uint64_t large_objects, large_object_bytes;
    char *large_object_digest;
    struct manifest_file *files;
    size_t file_count;
    bool files_sorted; /* by name, as manifest_parse gives them: manifest_file_find is quick */
};

/* One line of JSON. Names, COPY and conditions are in the database's encoding: what is not UTF-8 is written in base 16. */
cutover_status manifest_format(const struct manifest *manifest, char **json, cutover_error **error);
/* Checks format, types, bounds: file names match [a-z0-9._-]{1,64} and are unique, toc.dat is one of them; each table
   has a file of its own whose members lie in it back to back, and their rows are those of the table and its digest.
   CUTOVER_E_VERIFY different: damaged; CUTOVER_E_UNSUPPORTED: a newer format. */
cutover_status manifest_parse(const char *json, size_t length, struct manifest *manifest,
                              cutover_error **error);
void manifest_free(struct manifest *manifest);
/* All but what it says of tables, large objects' bytes and files: it is to be filled again. */
void manifest_forget(struct manifest *manifest);
void manifest_file_forget(struct manifest_file *file); /* the content */
void manifest_files_free(struct manifest_file *files, size_t count);
const struct manifest_file *manifest_file_find(const struct manifest *manifest, const char *name);
/* Whose file it is, or NULL. */
const struct manifest_table *manifest_table_of_file(const struct manifest *manifest,
                                                    const struct manifest_file *file);
/* The first format that can say this. */
int64_t manifest_format_needed(const struct manifest *manifest);

#endif
