/*
 * Objects of a backup through the repository port, with their SHA-256 and size counted on the way.
 */
#ifndef CUTOVER_ARCHIVE_OBJECT_H
#define CUTOVER_ARCHIVE_OBJECT_H

#include "archive/manifest.h"

#include "base/cancel.h"

#include <cutover/repository.h>

/* One object being written. The repository is asked to create it when the first bytes come. */
struct object_writer;
cutover_status object_create(const cutover_repository *repository, const char *backup, const char *name,
                             struct object_writer **writer, cutover_error **error);
/* Appends; *offset (may be NULL) receives where the bytes begin. From several threads (the streams of a split table) it is safe,
   and waits for another's write only when more than 2 MiB wait for it already: no lock is held while the repository writes.
   CUTOVER_OK says that the bytes are written, or left to the thread that writes: if it cannot, that thread fails, and so does
   the commit. */
cutover_status object_append(struct object_writer *writer, const void *bytes, size_t count, uint64_t *offset,
                             cutover_error **error);
/* Commits, once all appends have returned; fills *file (name, size, sha256; owned by the caller). Frees the writer in every case. */
cutover_status object_commit(struct object_writer *writer, struct manifest_file *file, cutover_error **error);
void object_abort(struct object_writer *writer); /* NULL is nothing */
/* Writes a whole small object. */
cutover_status object_write_all(const cutover_repository *repository, const char *backup, const char *name,
                                const void *bytes, size_t count, struct manifest_file *file,
                                cutover_error **error);

/* Reads a whole object of at most `limit` bytes, NUL-terminated. `expected` (may be NULL): size and SHA-256 must be
   these, else CUTOVER_E_VERIFY different naming the file; a missing file is CUTOVER_E_VERIFY different too. */
cutover_status object_read_all(const cutover_repository *repository, const char *backup, const char *name,
                               size_t limit, const struct manifest_file *expected, char **bytes, size_t *count,
                               cutover_error **error);
/* Who may end the reading of an object, and is told bytes as they pass; each may be NULL. */
struct object_watch {
    const struct cancel *cancel;
    void (*progress)(void *context, size_t bytes);
    void *context;
};
/* Reads an object through and compares size and SHA-256 with `expected`, as above: that of the whole, or of the members of `table`,
   whose file it is, where it is known by these (else `table` may be NULL). */
cutover_status object_check(const cutover_repository *repository, const char *backup,
                            const struct manifest_file *expected, const struct manifest_table *table,
                            const struct object_watch *watch, cutover_error **error);
/* Parts of an object, for several threads with an object of their own each. object_open fails as above when the file
   is missing. object_read_at reads exactly `count` bytes; CUTOVER_E_VERIFY different when the object is shorter. */
cutover_status object_open(const cutover_repository *repository, const char *backup, const char *name,
                           void **object, cutover_error **error);
cutover_status object_read_at(const cutover_repository *repository, void *object, const char *name,
                              uint64_t offset, void *bytes, size_t count, cutover_error **error);
void object_close(const cutover_repository *repository, void *object); /* object NULL is nothing */

#endif
