/**
 * The store port: where records live. A small transactional document store, so that any database can be one.
 *
 * The library keeps every record (requests, promotions, backups, audit, events, claims, locks) as a JSON
 * document under (kind, id), with a project that it belongs to and a version that counts its writes. All that
 * is asked of a store: read one, list some in order, and commit several writes all or nothing. Ids and bodies are
 * UTF-8 and come back byte for byte. The conformance suite (cutover/conformance.h) tells whether a store does it.
 */
#ifndef CUTOVER_STORE_H
#define CUTOVER_STORE_H

#include <cutover/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One document as a store hands it out, with the members of that store's version; pointers are valid during the emit call
    only. */
typedef struct cutover_document {
    const char *kind;
    const char *id;
    const char *project_id; /**< "" where it belongs to none. */
    uint64_t version;       /**< 1 after the first write, one more with each. */
    const char *body;       /**< JSON object. */
} cutover_document;

/**
 * Receives a document. The store calls it on the caller's thread; the callback does not call the store.
 * @return CUTOVER_OK to go on; anything else ends the listing, and the store returns it as it is.
 */
typedef cutover_status (*cutover_document_emit)(const cutover_document *document, void *context);

#define CUTOVER_WRITE_VERSION 1

/** One write of a commit. Pointers are the library's and valid during the commit call. */
typedef struct cutover_write {
    unsigned
        version; /**< CUTOVER_WRITE_VERSION of the library: a store that was built with an older header reads
                                    the members that it knows. */
    const char *kind;          /**< [a-z_]+, at most 32 bytes. */
    const char *id;            /**< 1 to 200 bytes. */
    const char *project_id;    /**< "" where it belongs to none. */
    uint64_t expected_version; /**< The version that must be there now; 0: the document must not exist. */
    const char *body; /**< The new JSON object, or NULL to delete the document; then expected_version is
                                    not 0. A document that is created again begins at version 1. */
} cutover_write;

#define CUTOVER_WRITE_INIT                                                                                     \
    {                                                                                                          \
        CUTOVER_WRITE_VERSION, NULL, NULL, "", 0, NULL                                                         \
    }

/** Same as CUTOVER_WRITE_INIT, for FFI: for programs that try a store. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_write_init(cutover_write *write, unsigned version);

#define CUTOVER_STORE_VERSION 2

/** Bits of cutover_store.capabilities. */
enum {
    /** The commit survives the loss of power. The engine refuses a store without it unless told otherwise. */
    CUTOVER_STORE_DURABLE = 1,
    /** Several processes may use the same store at once. */
    CUTOVER_STORE_SHARED = 2
};

/**
 * The vtable. All functions are required. Every function may be called from several threads at once, without
 * any lock of the library held. A failing function sets *error (if error is not NULL) with
 * cutover_error_new() and returns its code; it leaves the store as it was.
 */
typedef struct cutover_store {
    unsigned version;      /**< CUTOVER_STORE_VERSION. */
    uint32_t capabilities; /**< CUTOVER_STORE_* bits, CUTOVER_STRICT_ANSWERS. */
    void *userdata;        /**< Passed as the last argument of every call. */

    /** Emits the document once, or returns CUTOVER_E_NOT_FOUND. Reads what was committed last. */
    cutover_status (*get)(const char *kind, const char *id, cutover_document_emit emit, void *context,
                          cutover_error **error, void *userdata);

    /**
     * Emits the documents of a kind in ascending byte order of their ids, those after `after_id` ("" for the
     * first), at most `limit` (1 to 1000, and at most max_list), only those of `project_id` unless that is NULL.
     * All that is emitted is of one committed state. No document at all is CUTOVER_OK.
     */
    cutover_status (*list)(const char *kind, const char *project_id, const char *after_id, uint32_t limit,
                           cutover_document_emit emit, void *context, cutover_error **error, void *userdata);

    /**
     * Applies all writes or none. Returns CUTOVER_E_CONFLICT, with nothing applied, when any document's
     * version is not the expected one. After CUTOVER_OK the writes are durable (see capabilities) and seen
     * by every later get and list of any process. On any other code the outcome may be unknown: the caller
     * reads again before it acts. Two commits may name the same documents in any order at the same time: a store that locks documents
     * one by one does it in ascending byte order of kind, then id, whatever the order of `writes`; one that cannot, tries again by
     * itself where it is told of a deadlock, and does not return that. Versions are compared with all of their 64 bits, without a
     * sign; one that the store has no room for is not the one that is there: CUTOVER_E_CONFLICT. `writes` are `count` pointers, 1 to 64 and at most max_commit_writes; no two
     * writes name the same document, and no body is longer than max_body_bytes.
     */
    cutover_status (*commit)(const cutover_write *const *writes, size_t count, cutover_error **error,
                             void *userdata);

    /** Frees userdata. Called by cutover_store_close() only, when no other call is running. */
    void (*close)(void *userdata);

    /* Since version 2: what this store can take, where that is less than the comments above say; 0: it is not. */

    /** Writes of one commit: at least 32; 0: 64. */
    uint32_t max_commit_writes;
    /** Documents of one list: at least 10; 0: 1000. The library reads a longer page by several calls, each of which is of
        one committed state. */
    uint32_t max_list;
    /** Bytes of a body, without its NUL: at least 65536; 0: any. What would write a larger one fails with
        CUTOVER_E_UNSUPPORTED, and commit is not called. */
    uint64_t max_body_bytes;
} cutover_store;

#define CUTOVER_STORE_INIT                                                                                     \
    {                                                                                                          \
        CUTOVER_STORE_VERSION, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0                                        \
    }

/** Same as CUTOVER_STORE_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_store_init(cutover_store *store, unsigned version);

/**
 * A store in memory, gone with the process: for tests and trials.
 * @param store Initialised (CUTOVER_STORE_INIT); receives as much of the vtable as its version has. Close it with
 *              cutover_store_close().
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOMEM; CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1.
 */
CUTOVER_API cutover_status cutover_store_memory_open(cutover_store *store, cutover_error **error);

/**
 * The embedded default: one SQLite file in WAL mode with full fsync, safe for threads and for several
 * processes of one machine. Made with mode 0600 when it does not exist.
 *
 * @param path  The file. Not on a network file system (SQLite's WAL needs shared memory).
 * @param store As for cutover_store_memory_open().
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_STORE, CUTOVER_E_NOMEM; CUTOVER_E_UNSUPPORTED in a build
 *         without SQLite, for a file that a newer library made, or for an unknown version. Since 0.1.
 */
CUTOVER_API cutover_status cutover_store_sqlite_open(const char *path, cutover_store *store,
                                                     cutover_error **error);

#define CUTOVER_STORE_POSTGRES_OPTIONS_VERSION 1

/** A store on PostgreSQL. */
typedef struct cutover_store_postgres_options {
    unsigned version;   /**< CUTOVER_STORE_POSTGRES_OPTIONS_VERSION. */
    const char *schema; /**< Of its tables, which are all that is in it; NULL: "cutover". At most 63 bytes. */
    /** How long one call may take in all, with reconnecting, in milliseconds; 0: 10000. 1000 to 3600000. */
    uint32_t timeout_ms;
} cutover_store_postgres_options;

#define CUTOVER_STORE_POSTGRES_OPTIONS_INIT                                                                    \
    {                                                                                                          \
        CUTOVER_STORE_POSTGRES_OPTIONS_VERSION, NULL, 0                                                        \
    }

/** Same as CUTOVER_STORE_POSTGRES_OPTIONS_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_store_postgres_options_init(cutover_store_postgres_options *options,
                                                               unsigned version);

/**
 * A store for many hosts: the documents are rows of a PostgreSQL database, 14 or later, whose encoding is UTF8. It belongs on a server
 * of its own, or at least into a database that is nobody's production: where a production is overwritten, its sessions end.
 *
 * Durable as far as the server is: commits are answered with synchronous_commit on (or remote_apply, where that is set), so after the
 * server's disk has them and, where synchronous_standby_names is set, a standby's. A server with fsync off, or a failover to a
 * standby that nobody waited for, forgets what it answered.
 *
 * The schema is made where there is none, which takes the right to make schemas in the database; one that somebody else made
 * (`CREATE SCHEMA cutover AUTHORIZATION role`) is taken where it is empty. After that the owner's rights on the schema are all that is
 * needed. A commit is one transaction in one round trip. Every call may be the first one on a new connection: those that are lost are
 * made anew, and a commit whose answer was lost is sent again under the name that it had, which tells whether it is there already.
 * What is not settled within timeout_ms is CUTOVER_E_STORE with "could not tell" in the message. As many connections
 * are open as calls run at once, and at most four while none does. Nothing is kept in a session, so PgBouncer may be between, in
 * session or transaction pooling.
 *
 * @param conninfo Names the database's host and dbname itself. What it leaves open is taken from the environment when this is called
 *                 (PGPASSFILE, PGUSER); a password file is read at each connection. Several hosts are tried until one is the primary.
 * @param options  Copied; NULL: as initialised.
 * @param store    As for cutover_store_memory_open().
 * @return CUTOVER_OK; CUTOVER_E_INVALID, also for a schema in which something else is; CUTOVER_E_STORE for a server that does not
 *         let us in, or not in time: that is tried once only; CUTOVER_E_NOMEM; CUTOVER_E_UNSUPPORTED for a standby, a pooler in
 *         statement pooling, another encoding, a schema that a newer library made, or an unknown version. Errors never hold a
 *         password. Since 0.1.
 */
CUTOVER_API cutover_status cutover_store_postgres_open(const char *conninfo,
                                                       const cutover_store_postgres_options *options,
                                                       cutover_store *store, cutover_error **error);

/**
 * Opens the store that a command line or a configuration file names: "sqlite:PATH", or "postgres:CONNINFO" with the schema "cutover",
 * where CONNINFO is "host=… dbname=…" or the whole is a URI, "postgres://user@host/database".
 *
 * @param location Holds no password, which others could read there: CUTOVER_E_INVALID. It comes from a password file (PGPASSFILE,
 *                 ~/.pgpass), a service file or PGPASSWORD.
 * @param store    As for cutover_store_memory_open().
 * @return As cutover_store_sqlite_open() and cutover_store_postgres_open(). Since 0.1.
 */
CUTOVER_API cutover_status cutover_store_open(const char *location, cutover_store *store,
                                              cutover_error **error);

/** Calls the vtable's close once and makes it what cutover_store_init() made it. One that holds nothing, or NULL, is nothing.
    Since 0.1. */
CUTOVER_API void cutover_store_close(cutover_store *store);

#ifdef __cplusplus
}
#endif
#endif
