/*
 * A table whose backup lies in an archive that is not published, made what another snapshot sees: the ranges that changed since are
 * read again, their members blanked where they lie, what they hold now appended. Costs time with the changes, but for one scan of
 * the table on the server: its file is known by the SHA-256 of its members from then on.
 */
#ifndef CUTOVER_TRANSFER_RANGE_CATCH_UP_H
#define CUTOVER_TRANSFER_RANGE_CATCH_UP_H

#include "archive/manifest.h"
#include "transfer/range_rows.h"

#include <cutover/repository.h>

struct range_catch_up {
    const cutover_repository *repository; /* patch_possible() */
    const char *backup;
    struct session *session; /* in the later snapshot, in the settings that the file's rows were written in */
    struct member_writer *members; /* nothing in it */
    const struct table
        *table; /* as the session sees it: of the same file (relfilenode) and the same definition, which is the
                                      caller's to know */
    const char *since; /* pg_current_snapshot() of the backup, or of the last catching up */
    /* What the backup is: all changed to what it becomes, and as it was after a failure, after which the file is of no use. */
    struct range_list *list; /* sorted */
    struct manifest_table *to;
    struct manifest_file *file;
    struct range_list *written; /* what was written into the file, to be read back; empty before */
    /* Results. */
    uint64_t ranges, rows, bytes; /* read again: ranges, rows, raw bytes of them */
    bool
        whole; /* more than half of the ranges changed, or of the file is blank: nothing was done, it is to be written anew */
};

cutover_status range_catch_up(struct range_catch_up *catching, cutover_error **error);

#endif
