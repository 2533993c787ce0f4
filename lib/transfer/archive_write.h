/*
 * A snapshot of a database → an archive in the repository, by parallel streams.
 */
#ifndef CUTOVER_TRANSFER_ARCHIVE_WRITE_H
#define CUTOVER_TRANSFER_ARCHIVE_WRITE_H

#include "job/operation.h"
#include "model/backup.h"
#include "postgres/snapshot.h"

/*
 * Writes the archive under the record's id and publishes it; fills the record's source, sizes and the manifest's digest (whoever
 * owns the record commits it). `session` is how the snapshot's leader was opened.
 */
cutover_status archive_write(struct operation *operation, const struct session_options *session,
                             struct snapshot *snapshot, struct json_object *properties,
                             struct backup_record *record, cutover_error **error);

#endif
