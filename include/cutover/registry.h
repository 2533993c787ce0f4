/**
 * The built-in platform: a registry that keeps projects and previews as documents in a store.
 *
 * It keeps connection strings, so it refuses any with a password: let libpq find that in a password file
 * (`passfile=…`, or ~/.pgpass).
 */
#ifndef CUTOVER_REGISTRY_H
#define CUTOVER_REGISTRY_H

#include <cutover/actor.h>
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
 * Sets a project's `pgbouncers` (cutover_project): conninfos ended by a NULL, at most 100; NULL: none. A job that runs reads
 * them at each hook. As cutover_registry_project_add(), and CUTOVER_E_NOT_FOUND where there is no such project. Since 0.1.
 */
CUTOVER_API cutover_status cutover_registry_project_set_pgbouncers(cutover_registry *registry,
                                                                   const char *project_id,
                                                                   const char *const *consoles,
                                                                   cutover_error **error);
/**
 * Sets a project's `hold_fence` (cutover_project). As cutover_registry_project_set_pgbouncers(), and CUTOVER_E_STATE while the
 * project is `restoring`: a job ends with its poolers as it began with them. Since 0.2.
 */
CUTOVER_API cutover_status cutover_registry_project_set_hold_fence(cutover_registry *registry,
                                                                   const char *project_id, int32_t hold_fence,
                                                                   cutover_error **error);
/** Adds a preview of a project that exists, `ready`. As cutover_registry_project_add(). Since 0.1. */
CUTOVER_API cutover_status cutover_registry_preview_add(cutover_registry *registry,
                                                        const cutover_preview *preview, cutover_error **error);
/** Sets a preview's expiry (microseconds since 1970 UTC, 0: never). CUTOVER_E_NOT_FOUND where there is none. Since 0.1. */
CUTOVER_API cutover_status cutover_registry_preview_extend(cutover_registry *registry, const char *preview_id,
                                                           int64_t expires_at, cutover_error **error);
/** Emits the previews of a project in order of their ids. Since 0.1. */
CUTOVER_API cutover_status cutover_registry_preview_list(cutover_registry *registry, const char *project_id,
                                                         cutover_preview_emit emit, void *context,
                                                         cutover_error **error);

#ifdef __cplusplus
}
#endif
#endif
