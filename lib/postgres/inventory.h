/*
 * What of a database is copied, backed up and compared: one rule for all three (EDGE_CASES B30).
 */
#ifndef CUTOVER_POSTGRES_INVENTORY_H
#define CUTOVER_POSTGRES_INVENTORY_H

#include "postgres/session.h"

/* A table whose rows are ours to move: ordinary tables and leaf partitions, unlogged ones too; configuration tables
   of extensions with their condition. No temporary, foreign, toast or other extension-owned ones. */
struct table {
    uint32_t oid;
    char *schema, *name;
    char *label;     /* schema.name unquoted, for people */
    char *qualified; /* "schema"."name" quoted */
    char **columns;  /* names without generated ones, in attnum order */
    size_t column_count;
    char *column_list; /* ("a", "b") quoted, or "" when there is no column to list (EDGE_CASES A14) */
    char *generated; /* quoted list of all columns with generated ones, for COPY (SELECT …), or NULL when none
                            is generated (EDGE_CASES A13) */
    bool binary;     /* binary COPY of its columns means the same in any database (EDGE_CASES B12 to B14) */
    uint64_t bytes;  /* of the main fork plus toast: the expected amount of work */
    uint64_t heap_pages; /* of the main fork, exact under the snapshot's lock */
    bool heap;           /* access method heap: may be split by ctid (EDGE_CASES B15) */
    bool partition;
    bool extension_config;
    bool
        evaluates; /* to plan a query of it, or to read its generated columns, may call what a role that is no superuser
                               owns: only a COPY of the table itself is harmless in a session that may do more (DESIGN.md P11) */
    char *condition;        /* extcondition ("WHERE …") or NULL */
    uint32_t extension_oid; /* its extension, for extension_config */
};

struct sequence {
    uint32_t oid;
    char *schema, *name, *qualified, *owner;
    int64_t last_value;
    bool is_called;
};

struct large_object {
    uint32_t oid;
    char *owner;
};

struct inventory {
    struct table *tables; /* biggest first */
    size_t table_count;
    struct sequence *sequences;
    size_t sequence_count;
    struct large_object *large_objects; /* by oid */
    size_t large_object_count;
    uint64_t bytes; /* of all tables */
};

/* Reads tables and large objects of the session's database in its current transaction. */
cutover_status inventory_read(struct session *session, struct inventory *inventory, cutover_error **error);
/* Reads only which tables there are: oid, schema, name, label, qualified, by oid. Opens none of them, so it waits for
   nobody's lock. */
cutover_status inventory_list(struct session *session, struct inventory *inventory, cutover_error **error);
/* Reads or re-reads the sequences with their values; after the last data read (EDGE_CASES B29). */
cutover_status inventory_read_sequences(struct session *session, struct inventory *inventory,
                                        cutover_error **error);
void inventory_free(struct inventory *inventory);
/* By schema and name, or NULL. */
const struct table *inventory_find(const struct inventory *inventory, const char *schema, const char *name);

#endif
