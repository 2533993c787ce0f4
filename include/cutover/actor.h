/**
 * Who calls. The host authenticates; the library authorises by the roles given here.
 */
#ifndef CUTOVER_ACTOR_H
#define CUTOVER_ACTOR_H

#include <cutover/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What kind of caller it is; recorded in requests and in the audit trail, decides nothing. */
typedef enum cutover_actor_kind {
    CUTOVER_ACTOR_USER = 1,
    CUTOVER_ACTOR_API_KEY = 2,
    CUTOVER_ACTOR_OPERATOR = 3,
    CUTOVER_ACTOR_SYSTEM = 4 /**< What happens by itself. The library's own acts are those of `cutover`. */
} cutover_actor_kind;

/** Roles, to be combined with |. No role implies another. */
enum {
    CUTOVER_ROLE_MEMBER = 1,   /**< A member of the project: requests, cancels their own requests. */
    CUTOVER_ROLE_OPERATOR = 2, /**< Reviews and executes: ack, reject, cancel, promote, release, backups. */
    CUTOVER_ROLE_ORG_ADMIN = 4 /**< May restore a backup over production. */
};

#define CUTOVER_ACTOR_VERSION 1

/** An actor; option structs point to one. Borrowed for the call. */
typedef struct cutover_actor {
    unsigned version;        /**< CUTOVER_ACTOR_VERSION. */
    const char *id;          /**< Required: 1 to 200 characters. */
    cutover_actor_kind kind; /**< Required. */
    uint32_t roles;          /**< CUTOVER_ROLE_*. */
} cutover_actor;

#define CUTOVER_ACTOR_INIT                                                                                     \
    {                                                                                                          \
        CUTOVER_ACTOR_VERSION, NULL, (cutover_actor_kind)0, 0                                                  \
    }

/** Same as CUTOVER_ACTOR_INIT, for FFI. CUTOVER_E_UNSUPPORTED for an unknown version. Since 0.1. */
CUTOVER_API cutover_status cutover_actor_init(cutover_actor *actor, unsigned version);

#ifdef __cplusplus
}
#endif
#endif
