/*
 * A snapshot of a database → an archive in the repository, by parallel streams.
 *
 * An archive may be brought forward: taken of one snapshot, its files are in the repository and can be read and verified, but it is
 * not published. What changed since is read again of a later snapshot, into files that take the place of theirs, as often as it is
 * wanted; then it is published, and is a backup of the last snapshot. The repository must be one that can rewrite.
 */
#ifndef CUTOVER_TRANSFER_ARCHIVE_WRITE_H
#define CUTOVER_TRANSFER_ARCHIVE_WRITE_H

#include "job/operation.h"
#include "job/report.h"
#include "model/backup.h"
#include "postgres/snapshot.h"
#include "postgres/swap/stale.h"

/* An archive in the making. One thread's. */
struct writing;

/*
 * Writes the archive under the record's id; fills the record's source, sizes and the manifest's digest (whoever owns the record
 * commits it). `session` is how the snapshot's leader was opened: what it points to is used for as long as the archive is in the
 * making; the snapshot is not, nor is the record. *writing is the caller's in every case, NULL included.
 */
cutover_status archive_take(struct operation *operation, const struct session_options *session,
                            struct snapshot *snapshot, struct json_object *properties,
                            struct backup_record *record, struct writing **writing, cutover_error **error);

/*
 * Brings it forward to a later snapshot of the same database: what is stale is read again; the rest is what it was, which the caller
 * answers for. Sequences, facts, table of contents and manifest are new in any case. *done counts up. CUTOVER_E_CONFLICT: the
 * catalog does not say what it said, but of large objects (its detail has the differences), or a relation was altered. The record is filled as by
 * archive_take(), whose archive this is no more, also on failure.
 */
cutover_status archive_renew(struct writing *writing, struct snapshot *snapshot, const struct stale *stale,
                             struct backup_record *record, struct renewal *done, cutover_error **error);
/* Reads back from the repository what archive_renew() has read again of what was stale. CUTOVER_E_VERIFY different: damaged. */
cutover_status archive_check_renewed(const struct writing *writing, const struct stale *stale,
                                     cutover_error **error);
/* How much work that would be, in raw bytes of what is stale, as the archive has it; of what can be caught up by ranges a part. */
uint64_t archive_stale_bytes(const struct writing *writing, const struct stale *stale);
/* The facts of the snapshot that it is of. */
const struct text *archive_written_facts(const struct writing *writing);
/* From now on it is a backup, and nothing of it changes. */
cutover_status archive_publish(struct writing *writing, cutover_error **error);
void archive_writing_free(struct writing *writing); /* NULL is nothing */

/* Takes one and publishes it. */
cutover_status archive_write(struct operation *operation, const struct session_options *session,
                             struct snapshot *snapshot, struct json_object *properties,
                             struct backup_record *record, cutover_error **error);

#endif
