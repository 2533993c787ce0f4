/*
 * Committed objects of a backup that is not published, changed in place through the repository port: members blanked where they
 * lie, new ones appended.
 */
#ifndef CUTOVER_ARCHIVE_PATCH_H
#define CUTOVER_ARCHIVE_PATCH_H

#include "base/error.h"

#include <cutover/repository.h>
#include <stdbool.h>

/* Whether it can: else an object is written anew as a whole. */
bool patch_possible(const cutover_repository *repository);

/* One object being changed, by one thread. */
struct patch;
/* `size`: bytes that the object has, of which the caller keeps count. */
cutover_status patch_open(const cutover_repository *repository, const char *backup, const char *name,
                          uint64_t size, struct patch **patch, cutover_error **error);
/* Overwrites `count` bytes, at least BLANK_MIN, that are all there. */
cutover_status patch_blank(struct patch *patch, uint64_t offset, uint64_t count, cutover_error **error);
/* Appends; *offset receives where the bytes begin. */
cutover_status patch_append(struct patch *patch, const void *bytes, size_t count, uint64_t *offset,
                            cutover_error **error);
/* Makes the changes durable. Frees the patch in every case. After a failure, here or before, the object is of no use. */
cutover_status patch_commit(struct patch *patch, cutover_error **error);
void patch_abort(struct patch *patch); /* NULL is nothing */

#endif
