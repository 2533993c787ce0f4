/**
 * Preflight: every check that can be made before anything is touched, with all findings at once.
 */
#ifndef CUTOVER_PREFLIGHT_H
#define CUTOVER_PREFLIGHT_H

#include <cutover/actor.h>
#include <cutover/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The findings of one preflight. Free it. */
typedef struct cutover_preflight cutover_preflight;

typedef enum cutover_severity {
    CUTOVER_SEVERITY_OK = 0,   /**< Looked at, and fine. */
    CUTOVER_SEVERITY_WARN = 1, /**< Worth knowing; does not stop a promotion. */
    CUTOVER_SEVERITY_BLOCK = 2 /**< A promotion is refused until this is gone. */
} cutover_severity;

/** One finding; pointers belong to the preflight. */
typedef struct cutover_finding {
    cutover_severity severity;
    const char *check;   /**< Stable name of the check, "production.prepared_transactions" for example. */
    const char *message; /**< What was found, with names. */
    const char *hint;    /**< The remedy, or NULL. */
} cutover_finding;

/**
 * Looks at a request's rules and at both servers as a promotion would, and changes nothing that lasts: where rows are held against what
 * owners wrote, a login with their rights is made for the look and dropped after it.
 *
 * @param actor     Needs CUTOVER_ROLE_OPERATOR.
 * @param jobs      As cutover_promotion_options.jobs; 0: the default.
 * @param preflight Receives the findings. CUTOVER_OK means that the checks were made, not that they passed:
 *                  see cutover_preflight_severity().
 * @return CUTOVER_OK, CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _STORE, _CALLBACK, _NOMEM. What the request's state or
 *         a server that cannot be reached would refuse is a finding. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_preflight_run(cutover_engine *engine, const cutover_actor *actor,
                                                 const char *request_id, uint32_t jobs,
                                                 cutover_preflight **preflight, cutover_error **error);

/**
 * The same before there is a request: what a promotion of that preview would find now. Changes nothing.
 *
 * @param actor Needs CUTOVER_ROLE_MEMBER or CUTOVER_ROLE_OPERATOR.
 * @return As cutover_preflight_run(); CUTOVER_E_NOT_FOUND also for a preview of another project. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_preflight_preview(cutover_engine *engine, const cutover_actor *actor,
                                                     const char *project_id, const char *preview_id,
                                                     uint32_t jobs, cutover_preflight **preflight,
                                                     cutover_error **error);

/** The worst finding's severity; CUTOVER_SEVERITY_BLOCK for NULL. Since 0.1. */
CUTOVER_API cutover_severity cutover_preflight_severity(const cutover_preflight *preflight);
/** How many findings it has; 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_preflight_count(const cutover_preflight *preflight);
/** The finding at `index` (0 to count - 1); NULL outside. Belongs to the preflight. Since 0.1. */
CUTOVER_API const cutover_finding *cutover_preflight_at(const cutover_preflight *preflight, size_t index);
/** {"severity": "block", "production": {address, port, system_identifier, database, oid}, "preview": {the same}, "findings": [{severity,
 * check, message, hint}]}; the two are null where they were not reached. Belongs to the preflight; NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_preflight_json(const cutover_preflight *preflight);
/** Frees what cutover_preflight_run() gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_preflight_free(cutover_preflight *preflight);
/** "ok", "warn" or "block"; static. "?" for what is none. Since 0.1. */
CUTOVER_API const char *cutover_severity_name(cutover_severity severity);

#ifdef __cplusplus
}
#endif
#endif
