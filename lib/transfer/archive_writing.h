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
#include "transfer/pass.h"

/* One table's file while its parts are written. */
struct table_file {
    pthread_mutex_t mutex; /* guards what follows; not held while the repository writes */
    struct object_writer *object;
    struct member *members; /* in the order of their offsets only when the file is finished */
    size_t count, capacity;
};

struct writing {
    struct operation *operation;
    const struct session_options *session;
    struct snapshot *snapshot;
    const char *backup_id;
    struct toc toc;
    size_t listings;  /* of large objects: entries of their contents */
    struct pass pass; /* over the rows */
    struct table_file *files;
    struct manifest manifest;
    struct text facts;
    struct digest large_objects;
};

/* Streams all rows, large objects and catalog facts into their files; fills the manifest's entries of them. */
cutover_status archive_rows_write(struct writing *writing, cutover_error **error);

#endif
