/*
 * A private temporary folder (0700) for one job, and small whole-file operations in it.
 */
#ifndef CUTOVER_BASE_FOLDER_H
#define CUTOVER_BASE_FOLDER_H

#include "base/error.h"

/* Makes WORK_DIR/cutover-XXXXXX; *path is owned by the caller. work_dir NULL: TMPDIR, else /tmp. */
cutover_status folder_make(const char *work_dir, char **path, cutover_error **error);
/* Removes the folder and everything in it, following no link. NULL is nothing. */
void folder_remove(const char *path);
/* Writes FOLDER/NAME (O_EXCL, 0600). */
cutover_status folder_write(const char *folder, const char *name, const void *bytes, size_t count,
                            cutover_error **error);
/* Reads FOLDER/NAME whole, NUL-terminated (not counted); CUTOVER_E_IO over `limit` bytes. */
cutover_status folder_read(const char *folder, const char *name, size_t limit, char **bytes, size_t *count,
                           cutover_error **error);

#endif
