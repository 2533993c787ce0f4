/**
 * The platform port: the host's inventory of projects and previews, and hooks around the swap.
 */
#ifndef CUTOVER_PLATFORM_H
#define CUTOVER_PLATFORM_H

#include <cutover/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CUTOVER_PROJECT_VERSION 4

/** A project as the platform tells it; pointers are valid during the emit call only. */
typedef struct cutover_project {
    unsigned version;            /**< CUTOVER_PROJECT_VERSION. */
    const char *id;              /**< At most 100 bytes. */
    const char *organization_id; /**< "" where there is none. */
    const char *state;           /**< "active", "restoring", or a state of the host's. */
    /** conninfo of production: a role that may create and rename databases. Names host (or the folder of the server's socket) and
        dbname itself: no PG* variable, service file or default of libpq chooses what is overwritten, nor the port (5432 where it
        is not given). May hold a password: the library never stores or logs it. */
    const char *database;
    const char *control_database; /**< Name of another database on production's server to hold control
                                       connections; NULL: "postgres". */
    const char
        *verify_database; /**< conninfo of a server (and a database on it to connect to), both named as for
                               `database`, where backups are restored for verification; NULL: production's. */
    const char *job_id;   /**< While "restoring": the job that it is restoring for, as project_set_state was
                             told; NULL where the platform does not keep it. Ignored in other states. */
    /** Since version 2. conninfo of a login to load with, on production's server: what a database's owners wrote is evaluated in
        its sessions, and it must be able to do no more than they may: no superuser, no CREATEDB, CREATEROLE, REPLICATION,
        BYPASSRLS, a member of the roles that own what is in production and its previews. It names its host itself; the database in it is ignored. NULL: the
        library makes one for each job, which the role of `database` must be allowed to do (a superuser, or CREATEROLE). */
    const char *loader_database;
    /** Since version 3. conninfos of the admin consoles of the PgBouncer instances that production's clients come through, ended by
        a NULL; NULL: none. Each names its host itself, and its port if that is not 5432. For cutover_platform_pgbouncer_wrap(); nothing else reads it. */
    const char *const *pgbouncers;
    /** Since version 4. Not 0: as hold_fence of cutover_pgbouncer_options, for this project's poolers. */
    int32_t hold_fence;
} cutover_project;

#define CUTOVER_PROJECT_INIT                                                                                   \
    {                                                                                                          \
        CUTOVER_PROJECT_VERSION, NULL, "", "active", NULL, NULL, NULL, NULL, NULL, NULL, 0                     \
    }

/** Same as CUTOVER_PROJECT_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_project_init(cutover_project *project, unsigned version);

#define CUTOVER_PREVIEW_VERSION 1

/** A preview as the platform tells it; pointers are valid during the emit call only. */
typedef struct cutover_preview {
    unsigned version;       /**< CUTOVER_PREVIEW_VERSION. */
    const char *id;         /**< At most 100 bytes. */
    const char *project_id; /**< Of the project that it is a preview of. */
    const char *state;      /**< "ready", or a state of the host's. */
    const char *database;   /**< conninfo of the preview, host and dbname named as for a project's: a role
                                 that may read all of it. */
    int64_t expires_at;     /**< Microseconds since 1970-01-01 UTC; 0: never. */
} cutover_preview;

#define CUTOVER_PREVIEW_INIT                                                                                   \
    {                                                                                                          \
        CUTOVER_PREVIEW_VERSION, NULL, NULL, "ready", NULL, 0                                                  \
    }

/** Same as CUTOVER_PREVIEW_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_preview_init(cutover_preview *preview, unsigned version);

typedef cutover_status (*cutover_project_emit)(const cutover_project *project, void *context);
typedef cutover_status (*cutover_preview_emit)(const cutover_preview *preview, void *context);

#define CUTOVER_PLATFORM_VERSION 3

/**
 * The vtable. Calls come on the thread that called into the library, with no lock of it held; different
 * threads may call at once. A failing function sets *error with cutover_error_new() and returns its code.
 */
typedef struct cutover_platform {
    unsigned version;      /**< CUTOVER_PLATFORM_VERSION. */
    uint32_t capabilities; /**< CUTOVER_STRICT_ANSWERS, or 0. */
    void *userdata;        /**< Passed as the last argument of every call. */

    /** Required. Emits the project once, or returns CUTOVER_E_NOT_FOUND. */
    cutover_status (*project_get)(const char *project_id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata);
    /**
     * Required. Moves the project from state `expected` to `next`; CUTOVER_E_CONFLICT, with nothing changed,
     * when it is in another. The library calls it with "active" → "restoring" when a job begins and back
     * when it ended. Setting the state that is already there by the same move again is CUTOVER_E_CONFLICT too.
     *
     * `job_id` is the job on whose behalf: a UUIDv7 (36 bytes), never NULL, valid during the call. It is a
     * fencing token: a move to "restoring" keeps it with the state, in one atomic act, and a move from
     * "restoring" is CUTOVER_E_CONFLICT when what is kept is another job's. project_get tells what is kept. In
     * SQL both are one statement:
     *
     *     UPDATE project SET state = $next, job_id = $job_id
     *      WHERE id = $id AND state = $expected
     *        AND ($expected <> 'restoring' OR coalesce(job_id, $job_id) = $job_id)
     *
     * A platform that does not keep it works, but for this: a process that was paused right before it called,
     * and whose job was ended by recovery meanwhile, can set the project to "active" under a later job. That
     * job itself is guarded by its own locks; what goes wrong is whatever the host starts on an active project.
     */
    cutover_status (*project_set_state)(const char *project_id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata);
    /** Required. Emits the preview once, or returns CUTOVER_E_NOT_FOUND. */
    cutover_status (*preview_get)(const char *preview_id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata);

    /**
     * Optional, both or neither. Called right before production's door is closed, and after it is open again,
     * however the swap ended: a connection pooler can hold its clients in between. A failing pause fails the
     * promotion before anything happened; resume is called even then, and its failure is a warning. A pause that waits asks
     * cutover_platform_cancelled() at least each second, and fails when it says so. Recovery calls resume
     * for a job that had come that far, whatever became of its pause: where nothing is paused that is no failure.
     */
    cutover_status (*traffic_pause)(const char *project_id, cutover_error **error, void *userdata);
    cutover_status (*traffic_resume)(const char *project_id, cutover_error **error, void *userdata);

    /** Optional. Production has another content: after the swap of a cutover, a rollback or a restore over production, when
     * the project is active again and before the job's record says that it completed. At least once: a recovery that
     * completes the job calls it (again). Its failure is a warning in the report and the log, and changes nothing else. */
    cutover_status (*integrations_sync)(const char *project_id, cutover_error **error, void *userdata);

    /**
     * Optional. Makes a preview of that id with an empty database, `ready`, and emits it once; asked by a restore into a
     * preview that preview_get does not know. Asked again for the same id after a failure, it may emit the one that it made.
     */
    cutover_status (*preview_create)(const char *project_id, const char *preview_id, cutover_preview_emit emit,
                                     void *context, cutover_error **error, void *userdata);

    /**
     * Since version 2. Optional, both or neither. Around each moment in which production begins to refuse writes, or ceases to:
     * sessions are ended in it, and a session that begins after it is told another default_transaction_read_only than one
     * before. A connection pooler can hold its clients in between, and has to forget what it keeps of that parameter (PgBouncer
     * from 1.26 on sets it for its clients on every server connection, and so would take them through the fence, or keep them
     * read-only for good). fence_pause is called right
     * before; fence_resume after, even where fence_pause failed, with 1 when production refuses writes now, with 0 when it takes
     * them again, and with -1 when nothing was changed. After a swap it is called with 0, inside of traffic_pause and
     * traffic_resume, without a fence_pause. A failure before production has refused a write fails the job;
     * later it is a warning. Recovery calls both as the job would have, and fence_resume again where it may have been called.
     */
    cutover_status (*fence_pause)(const char *project_id, cutover_error **error, void *userdata);
    cutover_status (*fence_resume)(const char *project_id, int32_t refuses_writes, cutover_error **error,
                                   void *userdata);

    /**
     * Since version 3. Optional. Lets a preview live until `expires_at` (microseconds since 1970-01-01 UTC), or longer; asked only
     * by CUTOVER_POLICY_EXTEND_PREVIEW. Its failure is a warning: the preview then ends when it would have.
     */
    cutover_status (*preview_extend)(const char *preview_id, int64_t expires_at, cutover_error **error,
                                     void *userdata);
} cutover_platform;

#define CUTOVER_PLATFORM_INIT                                                                                  \
    {                                                                                                          \
        CUTOVER_PLATFORM_VERSION, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL          \
    }

/**
 * For traffic_pause and fence_pause, on the thread that they were called on: whether the job is cancelled that waits for them. They
 * fail then, with whatever status, and what they paused is let go by the resume that follows.
 * @return 1 or 0; 0 anywhere else, and where nobody may cancel: while a job is undone, or recovered. Since 0.1.
 */
CUTOVER_API int32_t cutover_platform_cancelled(void);

/** Same as CUTOVER_PLATFORM_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_platform_init(cutover_platform *platform, unsigned version);

#ifdef __cplusplus
}
#endif
#endif
