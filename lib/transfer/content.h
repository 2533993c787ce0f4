/*
 * Content: what a database, or a backup, holds, said in digests and facts, so that any two can be compared: a source as
 * it was streamed, a manifest, a database read back. The comparison answers equal, different (by name) or could not tell.
 */
#ifndef CUTOVER_TRANSFER_CONTENT_H
#define CUTOVER_TRANSFER_CONTENT_H

#include "archive/manifest.h"
#include "job/progress.h"
#include "postgres/digest.h"
#include "postgres/snapshot.h"

struct content_table {
    char *schema, *name, *label;
    char *column_list; /* as COPY wants it; the digest's order */
    char *condition;   /* of an extension's configuration table, or NULL */
    char *generated;   /* all columns where some are generated, or NULL */
    bool binary;       /* the digest is of binary rows, as they were read */
    struct digest digest;
    bool has_generated_digest;
    struct digest generated_digest; /* generated columns included (EDGE_CASES A13) */
};

struct content {
    struct content_table *tables; /* by schema, name */
    size_t table_count;
    struct manifest_sequence *sequences; /* by schema, name */
    size_t sequence_count;
    uint64_t large_objects;
    struct digest large_object_digest;
    struct text facts;  /* postgres/catalog/facts.h */
    int server_version; /* that they are of: 150018; 0: nobody said */
};

/* What a source was seen to hold while it was read: digests in the inventory's order, of binary rows where table.binary. */
cutover_status content_from_inventory(const struct inventory *inventory, const struct digest *digests,
                                      const struct digest *large_objects, struct content *content,
                                      cutover_error **error);
/* What a backup says that it holds; `facts` are taken over. */
cutover_status content_from_manifest(const struct manifest *manifest, struct text *facts,
                                     struct content *content, cutover_error **error);

struct content_reader {
    const struct session_options *session; /* where to read; a worker's cancel flag is put in */
    const struct snapshot *snapshot;       /* NULL: nobody writes there */
    unsigned jobs;
    struct progress *progress;
    int64_t
        lock_timeout_ms; /* without a snapshot: how long a worker waits for a table that somebody has locked; 0: for ever */
};

/* Reads back, in parallel, from a database the tables that `expected` names, in its column order, and its sequences,
   large objects and facts. A table that is missing is left out of `found`: the comparison names it. */
cutover_status content_read(const struct content_reader *reader, const struct content *expected,
                            struct content *found, cutover_error **error);
/* Likewise the tables' rows, and nothing else. */
cutover_status content_read_rows(const struct content_reader *reader, const struct content *expected,
                                 struct content *found, cutover_error **error);
/* Reads the digests that include generated columns, of those tables that have some, into content; not of those that evaluate
   (postgres/inventory.h). */
cutover_status content_read_generated(const struct content_reader *reader, struct content *content,
                                      cutover_error **error);

/* CUTOVER_OK: equal. CUTOVER_E_VERIFY: different, the detail names up to 20 differences and the number of the others. Facts of two
   major versions are compared in a form that both can have (postgres/catalog/versions.h); where all that is there is said otherwise
   by the newer one, or is there besides, it could not be told. */
cutover_status content_compare(const struct content *expected, const struct content *found,
                               const char *expected_name, const char *found_name, cutover_error **error);
/* Likewise of rows and large objects alone. */
cutover_status content_compare_rows(const struct content *expected, const struct content *found,
                                    const char *expected_name, const char *found_name, cutover_error **error);
void content_free(struct content *content);

/* For qsort and bsearch: by schema, then name. */
int manifest_sequence_order(const void *a, const void *b);

#endif
