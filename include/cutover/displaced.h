/**
 * Displaced databases: what a cutover, a restore over production or a rollback took out of production. They stay on production's
 * server, closed, until somebody drops them here: the library never does by itself.
 */
#ifndef CUTOVER_DISPLACED_H
#define CUTOVER_DISPLACED_H

#include <cutover/actor.h>
#include <cutover/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One displaced database that is still there; pointers are valid during the emit call only. */
typedef struct cutover_displaced {
    unsigned version; /**< 1. */
    const char *name; /**< Its name on production's server now. */
    uint32_t oid;     /**< Its OID there. */
    const char *project_id;
    const char *promotion_id; /**< The job that displaced it. */
    const char *request_id;   /**< "" where that job had none. */
    int64_t displaced_at;     /**< Microseconds since 1970-01-01 UTC. */
    uint64_t size;            /**< Bytes on disk. */
} cutover_displaced;

/** Receives one; anything but CUTOVER_OK ends the listing and is returned. */
typedef cutover_status (*cutover_displaced_emit)(const cutover_displaced *displaced, void *context);

/**
 * Emits a project's displaced databases, oldest first, on the calling thread.
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND (project), _POSTGRES, _STORE, _CALLBACK, or what emit returned. Since 0.1.
 */
CUTOVER_API cutover_status cutover_displaced_list(cutover_engine *engine, const char *project_id,
                                                  cutover_displaced_emit emit, void *context,
                                                  cutover_error **error);

/**
 * Drops a displaced database for good. The cutover that displaced it cannot be rolled back then; its pre-cutover backup stays.
 *
 * @param actor Needs CUTOVER_ROLE_OPERATOR.
 * @param name  Its name, as listed.
 * @return CUTOVER_OK; CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND when the project has no displaced database of that name;
 *         CUTOVER_E_STATE while a subscription, a replication slot or a prepared transaction hangs on it (the message names
 *         them); CUTOVER_E_LOCKED while a job of the project runs; CUTOVER_E_POSTGRES, _STORE, _CALLBACK. Since 0.1.
 */
CUTOVER_API cutover_status cutover_displaced_drop(cutover_engine *engine, const cutover_actor *actor,
                                                  const char *project_id, const char *name,
                                                  cutover_error **error);

/**
 * Drops those of a project's displaced databases that were displaced longer ago than the host's retention, as
 * cutover_displaced_drop() would; one that is refused stays, and the others go on.
 *
 * @param actor     Needs CUTOVER_ROLE_OPERATOR.
 * @param retention Microseconds, more than 0.
 * @param dropped   Told of each that was dropped; may be NULL.
 * @return CUTOVER_OK; the first refusal's status when any stayed. Since 0.1.
 */
CUTOVER_API cutover_status cutover_displaced_expire(cutover_engine *engine, const cutover_actor *actor,
                                                    const char *project_id, int64_t retention,
                                                    cutover_displaced_emit dropped, void *context,
                                                    cutover_error **error);

#ifdef __cplusplus
}
#endif
#endif
