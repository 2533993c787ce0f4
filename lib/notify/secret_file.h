/*
 * Secrets in files of their own: FOLDER/ID.NAME, 0600 in 0700, one line each. A file that is not this user's alone is not read.
 */
#ifndef CUTOVER_NOTIFY_SECRET_FILE_H
#define CUTOVER_NOTIFY_SECRET_FILE_H

#include "base/error.h"

#include <stdbool.h>

/* Makes the folder where it is not there; CUTOVER_E_IO for what others may write to. */
cutover_status secret_folder_open(const char *folder, cutover_error **error);

/* Writes a new one, durably. */
cutover_status secret_file_write(const char *folder, const char *id, const char *name, const char *secret,
                                 cutover_error **error);
/* Reads one into memory that the caller wipes and frees (secret_wipe()); *secret is NULL where there is none. */
cutover_status secret_file_read(const char *folder, const char *id, const char *name, char **secret,
                                cutover_error **error);
/* Removes one; none there is no failure. */
cutover_status secret_file_remove(const char *folder, const char *id, const char *name, cutover_error **error);
/* Removes the files of ids that `is_used` does not know, unless they are younger than an hour: of a process that died. */
void secret_folder_sweep(const char *folder, bool (*is_used)(const char *id, void *context), void *context);

/* Overwrites and frees; NULL is nothing. */
void secret_wipe(char *secret);

#endif
