#include "base/clock.h"
#include "base/error.h"

#ifndef CUTOVER_WITHOUT_SQLITE

#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char layout_sql[] = "CREATE TABLE document (kind TEXT NOT NULL, id TEXT NOT NULL, "
                                 "project_id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, "
                                 "PRIMARY KEY (kind, id));"
                                 "CREATE INDEX document_by_project ON document (kind, project_id, id);"
                                 "PRAGMA application_id = 1129598806;"
                                 "PRAGMA user_version = 1;";

_Static_assert(SQLITE_FILE_APPLICATION == 1129598806 && SQLITE_FILE_LAYOUT == 1, "layout_sql says the same");

static const char *hint_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "Another process kept the store busy for seconds; see what holds it, then try again.";
    case SQLITE_FULL:
        return "Make room on the disk that holds the store.";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return "The file and its folder must be readable and writable by this process's user.";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "The file is damaged, or is no store: check it with `sqlite3 FILE 'PRAGMA integrity_check'`, "
               "or restore it from a copy.";
    default:
        return NULL;
    }
}

cutover_status sqlite_file_error(sqlite3 *connection, const char *path, cutover_error **error)
{
    int result = sqlite3_extended_errcode(connection);
    const char *hint = hint_of(result);

    if ((result & 0xff) == SQLITE_NOMEM)
        return error_nomem(error);
    error_set(error, CUTOVER_E_STORE, "store %s: %s (SQLite %d)", path, sqlite3_errmsg(connection), result);
    if (hint != NULL)
        error_hint(error, "%s", hint);
    return CUTOVER_E_STORE;
}

/*
 * Makes the file with mode 0600 when there is none; SQLite gives the same mode to the files beside it.
 * Closing any descriptor of a file drops the process's POSIX locks on it, SQLite's too. The mutex keeps another
 * thread from opening the file between our open and our close; a file that exists is not opened here at all.
 */
static cutover_status create_private(const char *path, cutover_error **error)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int file, failure = 0;

    pthread_mutex_lock(&mutex);
    file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    /* The umask may have taken even the owner's bits. */
    if (file < 0 || fchmod(file, 0600) != 0)
        failure = errno;
    if (file >= 0 && close(file) != 0 && failure == 0)
        failure = errno;
    pthread_mutex_unlock(&mutex);
    if (failure == 0 || failure == EEXIST)
        return CUTOVER_OK;
    error_set_errno(error, CUTOVER_E_STORE, failure, "cannot make store %s", path);
    error_hint(error, "The folder must exist and be writable by this process's user.");
    return CUTOVER_E_STORE;
}

/* An absolute name is never taken for ":memory:" or a URI, and stays right when the host changes its directory. */
static cutover_status resolve(const char *path, char **real_path, cutover_error **error)
{
    struct stat status;
    char *resolved = realpath(path, NULL);

    if (resolved == NULL)
        return error_set_errno(error, CUTOVER_E_STORE, errno, "cannot open store %s", path);
    if (stat(resolved, &status) != 0 || !S_ISREG(status.st_mode)) {
        free(resolved);
        return error_set(error, CUTOVER_E_INVALID, "store %s is not a regular file", path);
    }
    *real_path = resolved;
    return CUTOVER_OK;
}

/* The result is SQLITE_ROW, with *number filled, or SQLite's code. */
static int query_number(sqlite3 *connection, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return result;
}

/* Whose file it is: *fresh when nobody's yet. Changes nothing. */
static cutover_status recognise(sqlite3 *connection, const char *path, bool *fresh, cutover_error **error)
{
    int64_t application = 0, layout = 0, objects = 0;

    if (query_number(connection, "PRAGMA application_id", &application) != SQLITE_ROW ||
        query_number(connection, "PRAGMA user_version", &layout) != SQLITE_ROW ||
        query_number(connection, "SELECT count(*) FROM sqlite_master", &objects) != SQLITE_ROW) {
        if ((sqlite3_errcode(connection) & 0xff) == SQLITE_NOTADB)
            return error_set(error, CUTOVER_E_INVALID, "%s is not a SQLite file", path);
        return sqlite_file_error(connection, path, error);
    }
    *fresh = application == 0 && layout == 0 && objects == 0;
    if (*fresh)
        return CUTOVER_OK;
    if (application != SQLITE_FILE_APPLICATION)
        return error_set(error, CUTOVER_E_INVALID, "%s is a SQLite file of another application", path);
    if (layout > SQLITE_FILE_LAYOUT) {
        error_set(error, CUTOVER_E_UNSUPPORTED, "store %s has layout %lld, this library knows %d", path,
                  (long long)layout, SQLITE_FILE_LAYOUT);
        error_hint(error, "A newer libcutover made it; use that one.");
        return CUTOVER_E_UNSUPPORTED;
    }
    if (layout != SQLITE_FILE_LAYOUT)
        return error_set(error, CUTOVER_E_STORE, "store %s has the unknown layout %lld", path,
                         (long long)layout);
    return CUTOVER_OK;
}

/* As recognise, of one committed state: another process may be making the layout. */
static cutover_status recognise_committed(sqlite3 *connection, const char *path, bool *fresh,
                                          cutover_error **error)
{
    cutover_status status;

    if (sqlite3_exec(connection, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_file_error(connection, path, error);
    status = recognise(connection, path, fresh, error);
    if (sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK && status == CUTOVER_OK)
        status = sqlite_file_error(connection, path, error);
    return status;
}

/* Another process may be doing the same at this moment: who comes second finds the layout made. */
static cutover_status make_layout(sqlite3 *connection, const char *path, cutover_error **error)
{
    bool fresh = false;
    cutover_status status;

    if (sqlite3_exec(connection, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_file_error(connection, path, error);
    status = recognise(connection, path, &fresh, error);
    if (status == CUTOVER_OK && fresh && sqlite3_exec(connection, layout_sql, NULL, NULL, NULL) != SQLITE_OK)
        status = sqlite_file_error(connection, path, error);
    if (status == CUTOVER_OK && sqlite3_exec(connection, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        status = sqlite_file_error(connection, path, error);
    if (status != CUTOVER_OK && sqlite3_get_autocommit(connection) == 0)
        sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* WAL stays with the file. Changing to it needs the file alone, and SQLite does not always wait for that itself. */
static cutover_status enter_wal(sqlite3 *connection, const char *path, cutover_error **error)
{
    static const struct timespec pause = {0, 20 * 1000 * 1000};
    int64_t deadline = monotonic_us() + SQLITE_FILE_BUSY_MS * 1000;
    sqlite3_stmt *statement = NULL;
    cutover_status status = CUTOVER_OK;
    int result;

    for (;;) {
        result = sqlite3_prepare_v2(connection, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
        if (result == SQLITE_OK)
            result = sqlite3_step(statement);
        if ((result & 0xff) != SQLITE_BUSY || monotonic_us() > deadline)
            break;
        sqlite3_finalize(statement);
        nanosleep(&pause, NULL);
    }
    if (result != SQLITE_ROW) {
        status = sqlite_file_error(connection, path, error);
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0) {
        status = error_set(error, CUTOVER_E_UNSUPPORTED, "store %s cannot use a write-ahead log here", path);
        error_hint(error, "Put it on a local file system.");
    }
    sqlite3_finalize(statement);
    return status;
}

static cutover_status set_up(sqlite3 *connection, const char *path, cutover_error **error)
{
    static const char settings[] = "PRAGMA synchronous = FULL;"
                                   "PRAGMA fullfsync = ON;"
                                   "PRAGMA checkpoint_fullfsync = ON;"
                                   "PRAGMA trusted_schema = OFF;";
    bool fresh = false;
    cutover_status status;

    sqlite3_extended_result_codes(connection, 1);
    if (sqlite3_busy_timeout(connection, SQLITE_FILE_BUSY_MS) != SQLITE_OK)
        return sqlite_file_error(connection, path, error);
    status = recognise_committed(connection, path, &fresh, error);
    if (status == CUTOVER_OK)
        status = enter_wal(connection, path, error);
    if (status == CUTOVER_OK && sqlite3_exec(connection, settings, NULL, NULL, NULL) != SQLITE_OK)
        status = sqlite_file_error(connection, path, error);
    if (status == CUTOVER_OK && fresh)
        status = make_layout(connection, path, error);
    return status;
}

cutover_status sqlite_file_open(const char *path, char **real_path, sqlite3 **connection, cutover_error **error)
{
    sqlite3 *opened = NULL;
    char *resolved = NULL;
    cutover_status status;

    if (sqlite3_threadsafe() == 0)
        return error_set(error, CUTOVER_E_UNSUPPORTED, "this SQLite was built without thread safety");
    status = create_private(path, error);
    if (status != CUTOVER_OK)
        return status;
    status = resolve(path, &resolved, error);
    if (status != CUTOVER_OK)
        return status;
    if (sqlite3_open_v2(resolved, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        status = opened != NULL ? sqlite_file_error(opened, resolved, error) : error_nomem(error);
        goto close;
    }
    status = set_up(opened, resolved, error);
    if (status != CUTOVER_OK)
        goto close;
    *real_path = resolved;
    *connection = opened;
    return CUTOVER_OK;
close:
    sqlite3_close(opened);
    free(resolved);
    return status;
}

#endif
