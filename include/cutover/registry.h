/**
 * The built-in platform: a registry that keeps projects and previews as documents in a store.
 *
 * It keeps connection strings, so it refuses any with a password: let libpq find that in a password file
 * (`passfile=…`, or ~/.pgpass).
 */
#ifndef CUTOVER_REGISTRY_H
#define CUTOVER_REGISTRY_H

#include <cutover/actor.h>
#include <cutover/engine.h>
#include <cutover/platform.h>
#include <cutover/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A registry. Threads may share it. */
typedef struct cutover_registry cutover_registry;

/**
 * Opens the registry of a store.
 * @param store Copied; what it points to must outlive the registry.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, CUTOVER_E_NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_open(const cutover_store *store, cutover_registry **registry,
                                                 cutover_error **error);
/**
 * Opens the registry of a store for somebody: what is added or changed through it is written into the project's audit trail as
 * theirs, in the same commit. Through one that was opened without an actor it is the system's ("cutover"). Such a registry is
 * cheap: open one for each call that a person makes. Roles are not asked for: whoever may change the inventory is the host's to say.
 * @param actor Required; copied.
 * @return As cutover_registry_open(); CUTOVER_E_UNSUPPORTED for an actor's version that is not known. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_open_as(const cutover_store *store, const cutover_actor *actor,
                                                    cutover_registry **registry, cutover_error **error);
/** Frees the registry, not the store. Since 0.1. */
CUTOVER_API void cutover_registry_free(cutover_registry *registry);
/**
 * Fills a platform vtable that this registry serves, initialised before (CUTOVER_PLATFORM_INIT); valid as long as the registry. It keeps the job with the state; a
 * project that was `restoring` before there were jobs may be returned by any. A move between two states of the host's
 * own may have a job_id of NULL. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_platform(cutover_registry *registry, cutover_platform *platform,
                                                     cutover_error **error);

/**
 * Adds a project; its state begins as "active", for no job, whatever the struct says.
 * @return CUTOVER_OK; CUTOVER_E_INVALID (which field and why; also a conninfo with a password);
 *         CUTOVER_E_CONFLICT when the id exists; CUTOVER_E_STORE. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_project_add(cutover_registry *registry,
                                                        const cutover_project *project, cutover_error **error);
/**
 * Sets a project's `pgbouncers` (cutover_project): conninfos ended by a NULL, at most 100; NULL: none. As
 * cutover_registry_project_set(), so never under a job; and CUTOVER_E_STATE while the project is `restoring`: a job lets go
 * those whom it told to hold their clients. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_project_set_pgbouncers(cutover_registry *registry,
                                                                   const char *project_id,
                                                                   const char *const *consoles,
                                                                   cutover_error **error);
/**
 * Sets a project's `hold_fence` (cutover_project). As cutover_registry_project_set_pgbouncers(): a job ends with its
 * poolers as it began with them. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_project_set_hold_fence(cutover_registry *registry,
                                                                   const char *project_id, int32_t hold_fence,
                                                                   cutover_error **error);
/**
 * Changes a project. `id` names it; of the other members those that are NULL stay as they are, as does an organization_id of ""; an
 * optional one (control_database, verify_database, loader_database) that is "" is taken away, and so are pgbouncers by an empty list.
 * `hold_fence` stays where it is 0; above 0 it is set, below it is taken away. `state` and `job_id` are not read. All of it is one commit.
 * Refused while a job of the project is under way or was left unfinished: what a job overwrites does not
 * change under it. The audit entry `project.changed` names the members. Production on another server is confirmed by a person before the
 * next job: cutover_project_confirm_server().
 *
 * @return CUTOVER_OK, also where nothing is another; CUTOVER_E_INVALID, _NOT_FOUND, _LOCKED, _STATE (pgbouncers while the project is
 *         `restoring`), _STORE, _NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_project_set(cutover_registry *registry,
                                                        const cutover_project *project, cutover_error **error);
/** Emits all projects in order of their ids. Since 0.1. */
CUTOVER_API cutover_status cutover_registry_projects_list(cutover_registry *registry, cutover_project_emit emit,
                                                          void *context, cutover_error **error);

#define CUTOVER_PROJECT_REMOVAL_VERSION 1

/** What cutover_registry_project_remove() is to do. */
typedef struct cutover_project_removal {
    unsigned version;       /**< CUTOVER_PROJECT_REMOVAL_VERSION. */
    const char *project_id; /**< Required. */
    const char *reason;     /**< Required, 1 to 1000 characters, not blank: for the audit trail. */
    int32_t confirm;        /**< Must be non-zero: yes, remove it. */
    int32_t
        without_server; /**< Non-zero: also where its server cannot be asked whether displaced databases are left there. */
} cutover_project_removal;

#define CUTOVER_PROJECT_REMOVAL_INIT                                                                           \
    {                                                                                                          \
        CUTOVER_PROJECT_REMOVAL_VERSION, NULL, NULL, 0, 0                                                      \
    }

/** Same as CUTOVER_PROJECT_REMOVAL_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_project_removal_init(cutover_project_removal *options, unsigned version);

/**
 * Takes a project out of the registry. Its requests, jobs and audit trail stay in the store and can be listed. Never one of which
 * something lives: a job, a live request, a backup that was not deleted, a displaced database, what an abandoned job left, a preview. The
 * error says which. The audit entry is `project.removed`.
 *
 * @param engine Of the registry's platform.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _NOT_FOUND; _LOCKED (a job), _STATE (all else that lives); _POSTGRES (see
 *         without_server), _STORE, _NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_project_remove(cutover_registry *registry, cutover_engine *engine,
                                                           const cutover_project_removal *options,
                                                           cutover_error **error);
/** Adds a preview of a project that exists, `ready`. As cutover_registry_project_add(). Since 0.1. */
CUTOVER_API cutover_status cutover_registry_preview_add(cutover_registry *registry,
                                                        const cutover_preview *preview, cutover_error **error);
/** Sets a preview's expiry (microseconds since 1970 UTC, 0: never). CUTOVER_E_NOT_FOUND where there is none. Since 0.1. */
CUTOVER_API cutover_status cutover_registry_preview_extend(cutover_registry *registry, const char *preview_id,
                                                           int64_t expires_at, cutover_error **error);
/**
 * Emits the previews of a project (NULL: of all) in order of their ids. The state of a `ready` one whose end has come is told as
 * `expired` here, and here alone: the port tells both apart. CUTOVER_E_NOT_FOUND for a project that is not there. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_previews_list(cutover_registry *registry, const char *project_id,
                                                          cutover_preview_emit emit, void *context,
                                                          cutover_error **error);

/**
 * Takes a preview out of the registry; its database is the host's matter. Never one that a live request (CUTOVER_E_STATE) or a job
 * (CUTOVER_E_LOCKED) uses. The audit entry is `preview.removed`.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STATE, _LOCKED, _STORE, _NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_preview_remove(cutover_registry *registry, const char *preview_id,
                                                           cutover_error **error);
/**
 * Takes out the previews whose end has come, but for those that a live request or a job uses. Before one goes its state is `removing`,
 * so that nobody asks for it any more, and `drop` is called, where the host drops its database: at least once, and again at the next
 * reaping where it failed or the process died. Nobody calls this but a host that wants it.
 *
 * @param project_id Of this project; NULL: of all.
 * @param drop       Called for each, on the calling thread, with the state `expired`; anything but CUTOVER_OK keeps that one.
 *                   May be NULL.
 * @param removed    Receives how many went; may be NULL.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (project), _STORE, _NOMEM. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_previews_reap(cutover_registry *registry, const char *project_id,
                                                          cutover_preview_emit drop, void *context,
                                                          uint32_t *removed, cutover_error **error);

#ifdef __cplusplus
}
#endif
#endif
