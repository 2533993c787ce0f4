/*
 * A private temporary folder (0700) for one job, and small whole-file operations in it. A folder whose process died is
 * told from one that is in use by a lock that ends with the process (EDGE_CASES G16).
 */
#ifndef CUTOVER_BASE_FOLDER_H
#define CUTOVER_BASE_FOLDER_H

#include "base/error.h"

/* Makes WORK_DIR/cutover-XXXXXX; *path is owned by the caller. work_dir NULL: TMPDIR, else /tmp. */
/* Where they are made: what is given, else TMPDIR, else /tmp. */
const char *folder_of_work(const char *work_dir);
cutover_status folder_make(const char *work_dir, char **path, cutover_error **error);
/* Removes the folder and everything in it, following no link. NULL is nothing. */
void folder_remove(const char *path);

/*
 * Makes WORK_DIR/cutover-job-XXXXXX for a job that may die. It is the job's for as long as *lock is open, in this process:
 * folder_sweep() leaves it alone. Close *lock after folder_remove(). Where the file system knows no locks the folder is made
 * all the same, and never swept.
 */
cutover_status folder_claim(const char *work_dir, char **path, int *lock, cutover_error **error);
/* Removes those folders of folder_claim() in WORK_DIR whose process is gone: private ones of this user. What cannot be
   removed now stays. */
void folder_sweep(const char *work_dir);
/* Writes FOLDER/NAME (O_EXCL, 0600). */
cutover_status folder_write(const char *folder, const char *name, const void *bytes, size_t count,
                            cutover_error **error);
/* Likewise, in place of one that is there. */
cutover_status folder_replace(const char *folder, const char *name, const void *bytes, size_t count,
                              cutover_error **error);
/* Reads FOLDER/NAME whole, NUL-terminated (not counted); CUTOVER_E_IO over `limit` bytes. */
cutover_status folder_read(const char *folder, const char *name, size_t limit, char **bytes, size_t *count,
                           cutover_error **error);

#endif
