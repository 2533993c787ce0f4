/*
 * An archive in the making: what the writer of rows and the writer of everything else share.
 */
#ifndef CUTOVER_TRANSFER_ARCHIVE_WRITING_H
#define CUTOVER_TRANSFER_ARCHIVE_WRITING_H

#include "archive/object.h"
#include "archive/toc.h"
#include "job/operation.h"
#include "postgres/snapshot.h"
#include "transfer/archive.h"
#include "transfer/archive_write.h"
#include "transfer/pass.h"
#include "transfer/range_rows.h"

/* One table's file while its parts are written. */
struct table_file {
    pthread_mutex_t mutex; /* guards what follows; not held while the repository writes */
    struct object_writer *object;
    struct member *members; /* in the order of their offsets only when the file is finished */
    size_t count, capacity;
    /* By ranges, where it can be caught up so: in the order of their places when the file is finished. */
    bool by_ranges;
    struct range_list ranges;
    char *since;               /* pg_current_snapshot() of what the file holds */
    uint32_t relation;         /* relfilenode of then */
    bool in_place;             /* the last that was done to it */
    struct range_list written; /* by that, where it was in place; to be read back */
};

struct writing {
    struct operation *operation;
    struct session_options session;
    char *backup_id;
    bool to_be_renewed; /* so that ranges are worth what they cost */
    struct json_object *properties;
    struct text schema; /* the table of contents as pg_dump wrote it */
    /* Of the snapshot that is being read: */
    enum phase phase;
    struct snapshot *snapshot;
    const struct table **tables; /* in the manifest's order */
    struct table *read;          /* those whose rows are read, biggest first; their content is the snapshot's */
    size_t *entries;             /* which of the manifest's each of these is */
    size_t read_count;
    bool large_objects_read;
    struct toc toc;
    size_t listings;   /* of large objects: entries of their contents */
    struct pass pass;  /* over the rows */
    struct text facts; /* that its catalog says */
    /* What it holds: */
    struct manifest manifest;
    struct table_file *files; /* in the manifest's order */
    struct digest large_objects;
    struct text facts_written;
    char *unsaid; /* a digest of what pg_dump says of its schema and facts do not */
};

/* A snapshot's round: begun, what it reads decided, written, ended. What pg_dump says of the schema is dumped anew or what it was. */
cutover_status archive_round_begin(struct writing *writing, struct snapshot *snapshot, enum phase phase,
                                   cutover_error **error);
cutover_status archive_schema_dump(struct writing *writing, cutover_error **error);
cutover_status archive_schema_read(struct writing *writing, cutover_error **error);
/* Whether what no fact says is other than at the snapshot before; keeps it. */
cutover_status archive_unsaid_follow(struct writing *writing, bool *changed, cutover_error **error);
cutover_status archive_round_write(struct writing *writing, struct backup_record *record,
                                   cutover_error **error);
void archive_round_end(struct writing *writing);

/* Catches up what can be by ranges, and takes it out of what is read. */
cutover_status archive_ranges_renew(struct writing *writing, struct renewal *done, cutover_error **error);
/* Notes what a finished file's ranges are held against later. */
cutover_status archive_ranges_note(struct session *session, const struct table *table, struct table_file *file,
                                   cutover_error **error);

/* Streams the rows and large objects that are to be read into their files, and reads the facts; fills the manifest's entries of them. */
cutover_status archive_rows_write(struct writing *writing, cutover_error **error);

#endif
