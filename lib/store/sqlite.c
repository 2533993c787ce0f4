/*
 * The store in one SQLite file: a table of documents, WAL, full fsync. One connection under one mutex serves all
 * threads; other processes open their own. What a call found is collected under the mutex and emitted after.
 */
#include "store/port.h"
#include "store/stored.h"

#include "base/error.h"

#ifdef CUTOVER_WITHOUT_SQLITE

cutover_status cutover_store_sqlite_open(const char *path, cutover_store *store, cutover_error **error)
{
    error_begin(error);
    (void)path;
    (void)store;
    error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no SQLite store");
    error_hint(error, "Build libcutover with SQLite, or implement a store of your own (cutover/store.h).");
    return CUTOVER_E_UNSUPPORTED;
}

#else

#include "store/sqlite_file.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_GET,
    STATEMENT_LIST,
    STATEMENT_LIST_PROJECT,
    STATEMENT_INSERT,
    STATEMENT_UPDATE,
    STATEMENT_DELETE,
    STATEMENT_COUNT
};

/* Parameters: 1 kind, 2 id (after which, in lists), 3 project, 4 version (the limit, in lists), 5 body. */
static const char *const statement_sql[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_GET] = "SELECT id, project_id, version, body FROM document WHERE kind = ?1 AND id = ?2",
    [STATEMENT_LIST] = "SELECT id, project_id, version, body FROM document "
                       "WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?4",
    [STATEMENT_LIST_PROJECT] = "SELECT id, project_id, version, body FROM document "
                               "WHERE kind = ?1 AND project_id = ?3 AND id > ?2 ORDER BY id LIMIT ?4",
    [STATEMENT_INSERT] = "INSERT INTO document (kind, id, project_id, version, body) "
                         "VALUES (?1, ?2, ?3, 1, ?5) ON CONFLICT DO NOTHING",
    [STATEMENT_UPDATE] = "UPDATE document SET project_id = ?3, version = version + 1, body = ?5 "
                         "WHERE kind = ?1 AND id = ?2 AND version = ?4",
    [STATEMENT_DELETE] = "DELETE FROM document WHERE kind = ?1 AND id = ?2 AND version = ?4",
};

struct sqlite_store {
    pthread_mutex_t mutex;
    pid_t owner; /* SQLite's locks do not survive fork: the child must open its own (EDGE_CASES G7) */
    char *path;
    sqlite3 *connection;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static cutover_status failed(const struct sqlite_store *sqlite, cutover_error **error)
{
    return sqlite_file_error(sqlite->connection, sqlite->path, error);
}

static cutover_status check_owner(const struct sqlite_store *sqlite, cutover_error **error)
{
    if (sqlite->owner == getpid())
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_STORE, "store %s was opened by another process, before fork()", sqlite->path);
    error_hint(error, "Open the store anew in the child process.");
    return CUTOVER_E_STORE;
}

/* NULL leaves a parameter unbound; 0 for the number likewise. */
static bool bind(sqlite3_stmt *statement, const char *kind, const char *id, const char *project_id,
                 sqlite3_int64 number, const char *body)
{
    const char *const texts[] = {kind, id, project_id, NULL, body};
    int parameters = sqlite3_bind_parameter_count(statement);

    for (int i = 0; i < 5 && i < parameters; i++)
        if (texts[i] != NULL && sqlite3_bind_text64(statement, i + 1, texts[i], strlen(texts[i]), SQLITE_STATIC,
                                                    SQLITE_UTF8) != SQLITE_OK)
            return false;
    return number == 0 || parameters < 4 || sqlite3_bind_int64(statement, 4, number) == SQLITE_OK;
}

static void unbind(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

static const char *column(sqlite3_stmt *statement, int index)
{
    return (const char *)sqlite3_column_text(statement, index);
}

static cutover_status collect_row(struct sqlite_store *sqlite, sqlite3_stmt *statement, const char *kind,
                                  struct stored_list *list, cutover_error **error)
{
    cutover_document document = {kind, column(statement, 0), column(statement, 1),
                                 (uint64_t)sqlite3_column_int64(statement, 2), column(statement, 3)};

    if (document.id != NULL && document.project_id != NULL && document.body != NULL)
        return stored_list_add(list, stored_new(&document), error);
    if (sqlite3_errcode(sqlite->connection) == SQLITE_NOMEM)
        return error_nomem(error);
    return error_set(error, CUTOVER_E_STORE, "store %s holds a document of kind %s without a body",
                     sqlite->path, kind);
}

/* Runs a bound SELECT with the mutex held. */
static cutover_status collect(struct sqlite_store *sqlite, sqlite3_stmt *statement, const char *kind,
                              struct stored_list *list, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    int result = SQLITE_ROW;

    while (status == CUTOVER_OK && (result = sqlite3_step(statement)) == SQLITE_ROW)
        status = collect_row(sqlite, statement, kind, list, error);
    if (status == CUTOVER_OK && result != SQLITE_DONE)
        status = failed(sqlite, error);
    return status;
}

static cutover_status read_documents(struct sqlite_store *sqlite, enum statement which, const char *kind,
                                     const char *id, const char *project_id, uint32_t limit,
                                     struct stored_list *list, cutover_error **error)
{
    sqlite3_stmt *statement = sqlite->statements[which];
    cutover_status status = check_owner(sqlite, error);

    if (status != CUTOVER_OK)
        return status;
    pthread_mutex_lock(&sqlite->mutex);
    if (bind(statement, kind, id, project_id, limit, NULL))
        status = collect(sqlite, statement, kind, list, error);
    else
        status = failed(sqlite, error);
    unbind(statement);
    pthread_mutex_unlock(&sqlite->mutex);
    return status;
}

static cutover_status sqlite_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                 cutover_error **error, void *userdata)
{
    struct sqlite_store *sqlite = userdata;
    struct stored_list list = {0};
    cutover_status status = store_check_get(kind, id, emit, error);

    if (status == CUTOVER_OK)
        status = read_documents(sqlite, STATEMENT_GET, kind, id, NULL, 0, &list, error);
    if (status == CUTOVER_OK && list.count == 0)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no %s %s", kind, id);
    if (status == CUTOVER_OK)
        status = stored_list_emit(&list, emit, context);
    stored_list_free(&list);
    return status;
}

static cutover_status sqlite_list(const char *kind, const char *project_id, const char *after_id,
                                  uint32_t limit, cutover_document_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    struct sqlite_store *sqlite = userdata;
    struct stored_list list = {0};
    enum statement which = project_id != NULL ? STATEMENT_LIST_PROJECT : STATEMENT_LIST;
    cutover_status status = store_check_list(kind, after_id, limit, emit, error);

    if (status == CUTOVER_OK)
        status = read_documents(sqlite, which, kind, after_id, project_id, limit, &list, error);
    if (status == CUTOVER_OK)
        status = stored_list_emit(&list, emit, context);
    stored_list_free(&list);
    return status;
}

static cutover_status run(struct sqlite_store *sqlite, enum statement which, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (sqlite3_step(sqlite->statements[which]) != SQLITE_DONE)
        status = failed(sqlite, error);
    sqlite3_reset(sqlite->statements[which]);
    return status;
}

static enum statement statement_of(const cutover_write *write)
{
    if (write->body == NULL)
        return STATEMENT_DELETE;
    return write->expected_version == 0 ? STATEMENT_INSERT : STATEMENT_UPDATE;
}

/* One write inside the transaction. */
static cutover_status apply(struct sqlite_store *sqlite, const cutover_write *write, cutover_error **error)
{
    sqlite3_stmt *statement = sqlite->statements[statement_of(write)];
    cutover_status status = CUTOVER_OK;

    if (write->expected_version > INT64_MAX)
        return store_conflict(write, error);
    if (!bind(statement, write->kind, write->id, write->project_id, (sqlite3_int64)write->expected_version,
              write->body) ||
        sqlite3_step(statement) != SQLITE_DONE)
        status = failed(sqlite, error);
    else if (sqlite3_changes(sqlite->connection) != 1)
        status = store_conflict(write, error);
    unbind(statement);
    return status;
}

static cutover_status sqlite_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                    void *userdata)
{
    struct sqlite_store *sqlite = userdata;
    cutover_status status = store_check_commit(writes, count, error);

    if (status == CUTOVER_OK)
        status = check_owner(sqlite, error);
    if (status != CUTOVER_OK)
        return status;
    pthread_mutex_lock(&sqlite->mutex);
    status = run(sqlite, STATEMENT_BEGIN, error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++)
        status = apply(sqlite, writes[i], error);
    if (status == CUTOVER_OK)
        status = run(sqlite, STATEMENT_COMMIT, error);
    /* SQLite ends the transaction by itself on some errors (disk full, I/O, no memory), not on others. */
    if (status != CUTOVER_OK && sqlite3_get_autocommit(sqlite->connection) == 0)
        run(sqlite, STATEMENT_ROLLBACK, NULL);
    pthread_mutex_unlock(&sqlite->mutex);
    return status;
}

static void sqlite_close(void *userdata)
{
    struct sqlite_store *sqlite = userdata;

    /* In a forked child the connection is the parent's: touching it would harm the file. */
    if (sqlite->owner == getpid()) {
        for (int i = 0; i < STATEMENT_COUNT; i++)
            sqlite3_finalize(sqlite->statements[i]);
        sqlite3_close(sqlite->connection);
        pthread_mutex_destroy(&sqlite->mutex);
    }
    free(sqlite->path);
    free(sqlite);
}

static cutover_status prepare(struct sqlite_store *sqlite, cutover_error **error)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        if (sqlite3_prepare_v3(sqlite->connection, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &sqlite->statements[i], NULL) != SQLITE_OK)
            return failed(sqlite, error);
    return CUTOVER_OK;
}

cutover_status cutover_store_sqlite_open(const char *path, cutover_store *store, cutover_error **error)
{
    error_begin(error);
    struct sqlite_store *sqlite;
    cutover_status status;

    if (path == NULL || path[0] == '\0')
        return error_set(error, CUTOVER_E_INVALID, "path: required");
    status = port_check(&store_port, "store", store, error);
    if (status != CUTOVER_OK)
        return status;
    sqlite = calloc(1, sizeof *sqlite);
    if (sqlite == NULL || pthread_mutex_init(&sqlite->mutex, NULL) != 0) {
        free(sqlite);
        return error_nomem(error);
    }
    sqlite->owner = getpid();
    status = sqlite_file_open(path, &sqlite->path, &sqlite->connection, error);
    if (status == CUTOVER_OK)
        status = prepare(sqlite, error);
    if (status != CUTOVER_OK) {
        sqlite_close(sqlite);
        return status;
    }
    const cutover_store whole = {
        .capabilities = CUTOVER_STORE_DURABLE | CUTOVER_STORE_SHARED,
        .userdata = sqlite,
        .get = sqlite_get,
        .list = sqlite_list,
        .commit = sqlite_commit,
        .close = sqlite_close,
    };
    port_fill(&store_port, &whole, store);
    return CUTOVER_OK;
}

#endif
