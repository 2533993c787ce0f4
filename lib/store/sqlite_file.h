/*
 * The SQLite store's file: made private, recognised, brought to its layout. Hands out a connection that is set up;
 * knows nothing of documents but their table.
 */
#ifndef CUTOVER_STORE_SQLITE_FILE_H
#define CUTOVER_STORE_SQLITE_FILE_H

#include "base/error.h"

#include <sqlite3.h>

#define SQLITE_FILE_APPLICATION 0x43544f56 /* "CTOV", in the file's header */
#define SQLITE_FILE_LAYOUT 1               /* user_version */
#define SQLITE_FILE_BUSY_MS 5000           /* how long a call waits for another process's write */

/* Opens or makes the file. *real_path receives its absolute name, owned by the caller. */
cutover_status sqlite_file_open(const char *path, char **real_path, sqlite3 **connection,
                                cutover_error **error);

/* Turns the connection's last failure into CUTOVER_E_STORE (or CUTOVER_E_NOMEM) with a hint. */
cutover_status sqlite_file_error(sqlite3 *connection, const char *path, cutover_error **error);

#endif
