/**
 * The repository port: where the bytes of backups live.
 *
 * A backup is a set of named objects. It is written under a name of its own, object by object, and becomes
 * visible all at once with publish. What was not published is no backup.
 */
#ifndef CUTOVER_REPOSITORY_H
#define CUTOVER_REPOSITORY_H

#include <cutover/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CUTOVER_REPOSITORY_VERSION 4

/** Bits of cutover_repository.capabilities. */
enum {
    /** Objects of a backup that is not published can be replaced and removed: see create and remove_object. */
    CUTOVER_REPOSITORY_REWRITE = 1,
    /** Bytes of a committed object can be changed in place until its backup is published: see patch. Since version 4. */
    CUTOVER_REPOSITORY_PATCH = 2
};

/** What list tells, with the members of that repository's version; pointers are valid during the emit call only. */
typedef struct cutover_object {
    const char *name;  /**< Of a backup, or of an object in a backup. */
    uint64_t size;     /**< Bytes of an object; 0 for a backup. */
    int32_t published; /**< For a backup: 1 published, 0 partial. For an object: 1. */
} cutover_object;

/** Receives one entry of a listing; see cutover_document_emit for the rules. */
typedef cutover_status (*cutover_object_emit)(const cutover_object *object, void *context);

/**
 * The vtable. Members are required unless marked optional. Names of backups are UUIDs, names of objects match
 * [a-z0-9._-]{1,64} and do not begin with a dot: the library never derives them from users' names. Different
 * objects are written and read from several threads at once; one object by one thread at a time. A failing
 * function sets *error with cutover_error_new() and returns its code.
 */
typedef struct cutover_repository {
    unsigned version;      /**< CUTOVER_REPOSITORY_VERSION. */
    uint32_t capabilities; /**< CUTOVER_REPOSITORY_* bits, CUTOVER_STRICT_ANSWERS. */
    void *userdata;        /**< Passed as the last argument of every call. */

    /** Begins a backup. CUTOVER_E_CONFLICT when one of that name exists, partial or published. */
    cutover_status (*begin)(const char *backup, cutover_error **error, void *userdata);
    /**
     * Creates an object in a backup that was begun and is not published (CUTOVER_E_NOT_FOUND, CUTOVER_E_STATE); *object
     * is the repository's, until commit or abort. CUTOVER_E_CONFLICT when that name is being written, or was committed;
     * with CUTOVER_REPOSITORY_REWRITE a committed one is replaced, by commit and at once: until then, and after abort, the
     * old object is the one that is listed and read.
     */
    cutover_status (*create)(const char *backup, const char *name, void **object, cutover_error **error,
                             void *userdata);
    /** Appends bytes. A short write is an error. */
    cutover_status (*write)(void *object, const void *bytes, size_t count, cutover_error **error,
                            void *userdata);
    /** Makes the object durable under its name and frees it, in every case. */
    cutover_status (*commit)(void *object, cutover_error **error, void *userdata);
    /** Drops the object and frees it. */
    void (*abort)(void *object, void *userdata);
    /** Makes the backup visible, durably, with all its committed objects. Nothing is added later. */
    cutover_status (*publish)(const char *backup, cutover_error **error, void *userdata);

    /**
     * Opens a committed object of a backup, published or not, for reading; *object is the repository's, until
     * close_object. When it is replaced or removed meanwhile, read goes on with what was opened or fails with
     * CUTOVER_E_REPOSITORY: it never gives bytes of another object.
     */
    cutover_status (*open)(const char *backup, const char *name, void **object, cutover_error **error,
                           void *userdata);
    /** Reads up to `capacity` bytes at `offset` (bytes); *count 0 only at the end of the object. */
    cutover_status (*read)(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
                           cutover_error **error, void *userdata);
    /** Ends reading. */
    void (*close_object)(void *object, void *userdata);

    /** Emits every backup (backup NULL) or every object of one, in any order. Missing: CUTOVER_E_NOT_FOUND. */
    cutover_status (*list)(const char *backup, cutover_object_emit emit, void *context, cutover_error **error,
                           void *userdata);
    /** Removes a backup with all its objects, published or partial. Gone already: CUTOVER_OK. */
    cutover_status (*remove)(const char *backup, cutover_error **error, void *userdata);

    /** Optional: writes the local folder of a published backup, which pg_restore can read, to `path`. */
    cutover_status (*path)(const char *backup, char *path, size_t capacity, cutover_error **error,
                           void *userdata);
    /** Frees userdata. Called by cutover_repository_close() only. */
    void (*close)(void *userdata);

    /* Since version 2. */

    /**
     * Required with CUTOVER_REPOSITORY_REWRITE, else NULL. Removes a committed object of a backup that was begun
     * (CUTOVER_E_NOT_FOUND) and is not published (CUTOVER_E_STATE): it is not listed any more, and not in the backup that
     * is published. No such object: CUTOVER_OK.
     */
    cutover_status (*remove_object)(const char *backup, const char *name, cutover_error **error,
                                    void *userdata);

    /* Since version 3. */

    /** Optional: how many bytes can still be written, for preflight to compare with what a backup will need. */
    cutover_status (*free_bytes)(uint64_t *bytes, cutover_error **error, void *userdata);

    /* Since version 4. */

    /**
     * Required with CUTOVER_REPOSITORY_PATCH, else NULL. Opens a committed object of a backup that was begun
     * (CUTOVER_E_NOT_FOUND) and is not published (CUTOVER_E_STATE) to be changed in place by write_at; *object is the
     * repository's, until commit, which makes the changes durable, or abort. CUTOVER_E_CONFLICT while that object is being
     * written or changed; while it is changed, it is not created or changed by others either, and the backup is not published.
     * Until commit, and after abort or a failure, each byte that was to be changed is the old or the new one, and what was
     * appended may be there or not; the other bytes are what they were. What is open for reading reads on.
     */
    cutover_status (*patch)(const char *backup, const char *name, void **object, cutover_error **error,
                            void *userdata);
    /**
     * Required with CUTOVER_REPOSITORY_PATCH, else NULL. Writes bytes at `offset` (bytes) of an object that patch opened: over
     * those that are there, and behind its end; an offset behind the end is CUTOVER_E_INVALID. A short write is an error.
     * Takes as long as the bytes take, however big the object is.
     */
    cutover_status (*write_at)(void *object, uint64_t offset, const void *bytes, size_t count,
                               cutover_error **error, void *userdata);
} cutover_repository;

#define CUTOVER_REPOSITORY_INIT                                                                                \
    {                                                                                                          \
        CUTOVER_REPOSITORY_VERSION, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
            NULL, NULL, NULL, NULL, NULL, NULL                                                                 \
    }

/** Same as CUTOVER_REPOSITORY_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_repository_init(cutover_repository *repository, unsigned version);

/**
 * Backups in a local directory: `PATH/<backup>/`, folders 0700, files 0600, each file fsynced and renamed
 * into place, partial backups under a name that ends in ".partial".
 *
 * @param path       Made (0700) when it does not exist; its parent must exist.
 * @param repository Initialised (CUTOVER_REPOSITORY_INIT); receives as much of the vtable as its version has: of
 *                   version 1 it cannot rewrite, below 4 not patch. Close it with cutover_repository_close().
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_REPOSITORY, CUTOVER_E_NOMEM; CUTOVER_E_UNSUPPORTED for an unknown
 *         version. Since 0.1.
 */
CUTOVER_API cutover_status cutover_repository_directory_open(const char *path, cutover_repository *repository,
                                                             cutover_error **error);

/** Calls the vtable's close once and makes it what cutover_repository_init() made it. One that holds nothing, or NULL, is
    nothing. Since 0.1. */
CUTOVER_API void cutover_repository_close(cutover_repository *repository);

#ifdef __cplusplus
}
#endif
#endif
