/**
 * API keys: who programs are, and people at a dashboard. A host that has accounts of its own needs none of this.
 *
 * A key is a secret that is shown once, when it is made; its SHA-256 alone is kept. It tells who acts (an actor's id, of the
 * kind CUTOVER_ACTOR_API_KEY), with which roles, and in which project. The library knows no project of an actor: whoever takes
 * calls from holders of keys (cutover/api.h does) lets one that has a project see and change that project only, and make keys for it
 * only.
 */
#ifndef CUTOVER_KEY_H
#define CUTOVER_KEY_H

#include <cutover/actor.h>
#include <cutover/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A snapshot of a key's record, without its secret. Free it. */
typedef struct cutover_key cutover_key;
/** A page of keys. Free it; the keys in it go with it. */
typedef struct cutover_key_list cutover_key_list;

/** Bytes of a secret with its NUL: "ck_" and 43 letters of base64url. */
enum { CUTOVER_KEY_SECRET_SIZE = 47 };
/** What stands for the project of keys that have none: in lists of keys, and in cutover_audit_list(), which tells
    of them under that name. No key is made for a project of this name. */
#define CUTOVER_KEY_EVERY_PROJECT "*"

#define CUTOVER_KEY_OPTIONS_VERSION 1

typedef struct cutover_key_options {
    unsigned version;            /**< CUTOVER_KEY_OPTIONS_VERSION. */
    const cutover_actor *actor;  /**< Required: needs CUTOVER_ROLE_ORG_ADMIN. */
    const char *label;           /**< Required: 1 to 120 characters, for people to know it by. */
    uint32_t roles;              /**< Required: CUTOVER_ROLE_* of whoever holds it, at least one. */
    const char *project_id;      /**< The one project that it is for; NULL: every one. */
    const char *organization_id; /**< Optional, at most 200 characters; told again, decides nothing. */
    const char *
        actor_id; /**< Who acts with it, as records name them: 1 to 200 characters. Two keys of one person bear one
                                      id, so that four eyes are four. NULL: the key's own id. */
    int64_t expires_at; /**< Microseconds since 1970-01-01 UTC, after now; 0: never. */
} cutover_key_options;

#define CUTOVER_KEY_OPTIONS_INIT                                                                               \
    {                                                                                                          \
        CUTOVER_KEY_OPTIONS_VERSION, NULL, NULL, 0, NULL, NULL, NULL, 0                                        \
    }

/**
 * Same as CUTOVER_KEY_OPTIONS_INIT, for FFI.
 * @return CUTOVER_OK; CUTOVER_E_INVALID for NULL; CUTOVER_E_UNSUPPORTED for an unknown version. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_key_options_init(cutover_key_options *options, unsigned version);

/**
 * Makes a key. The audit trail of its project, or of CUTOVER_KEY_EVERY_PROJECT, has key.created.
 *
 * @param secret Receives the secret, which nobody can tell again; wipe it and free it with cutover_string_free(). Required.
 * @param key    Receives the key; or NULL.
 * @return CUTOVER_OK; CUTOVER_E_INVALID; CUTOVER_E_FORBIDDEN; CUTOVER_E_NOT_FOUND (project); CUTOVER_E_UNSUPPORTED for a version
 *         that is not known, or where OpenSSL has no SHA-256; CUTOVER_E_CONFLICT, _STORE, _NOMEM, _INTERNAL (no random bytes). Any
 *         thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_key_create(cutover_engine *engine, const cutover_key_options *options,
                                              char **secret, cutover_key **key, cutover_error **error);

/**
 * Whose secret this is.
 *
 * @param secret As it was made. Anything else is no key: its text is in no error.
 * @param key    Receives the key. Required.
 * @return CUTOVER_OK; CUTOVER_E_FORBIDDEN for what is no key, and for one that was revoked; CUTOVER_E_EXPIRED; CUTOVER_E_INVALID,
 *         _STORE, _NOMEM; CUTOVER_E_UNSUPPORTED where OpenSSL has no SHA-256. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_key_authenticate(cutover_engine *engine, const char *secret,
                                                    cutover_key **key, cutover_error **error);

/**
 * Whether a key of that id is good now: for sessions that began with one.
 * @return As cutover_key_authenticate(); CUTOVER_E_NOT_FOUND for an id that is no key's. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_key_check(cutover_engine *engine, const char *key_id, cutover_key **key,
                                             cutover_error **error);

/**
 * Revokes a key: from then on it is none. One that was revoked stays as it is, and there is no audit entry.
 *
 * @param actor Needs CUTOVER_ROLE_ORG_ADMIN. The audit entry is key.revoked.
 * @param key   Receives the key as it is then; or NULL.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _UNSUPPORTED, _STORE, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_key_revoke(cutover_engine *engine, const cutover_actor *actor,
                                              const char *key_id, cutover_key **key, cutover_error **error);

/** Reads a key's record, also of one that expired or was revoked. CUTOVER_OK, CUTOVER_E_INVALID, _NOT_FOUND, _STORE, _NOMEM. Any
    thread. Since 0.1. */
CUTOVER_API cutover_status cutover_key_get(cutover_engine *engine, const char *key_id, cutover_key **key,
                                           cutover_error **error);

/**
 * Lists keys, oldest first.
 * @param project_id Of this project; CUTOVER_KEY_EVERY_PROJECT: those that have none; NULL: all.
 * @param after      Id of the last one of the page before; NULL or "" for the first page.
 * @param limit      1 to 1000.
 * @return CUTOVER_OK; CUTOVER_E_INVALID, _NOT_FOUND (project), _STORE, _NOMEM. Any thread. Since 0.1.
 */
CUTOVER_API cutover_status cutover_keys_list(cutover_engine *engine, const char *project_id, const char *after,
                                             uint32_t limit, cutover_key_list **list, cutover_error **error);

/* ---- what a key tells, as it was when it was read; any thread may ask, one at a time ---- */

/** The key's id. Strings of a key belong to it. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_key_id(const cutover_key *key);
/** Its label. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_key_label(const cutover_key *key);
/** Whoever holds it, as an actor of the kind CUTOVER_ACTOR_API_KEY; its id belongs to the key. CUTOVER_E_INVALID for NULL, and for an
    actor that was not initialised. Since 0.1. */
CUTOVER_API cutover_status cutover_key_actor(const cutover_key *key, cutover_actor *actor);
/** CUTOVER_ROLE_* of whoever holds it. 0 for NULL. Since 0.1. */
CUTOVER_API uint32_t cutover_key_roles(const cutover_key *key);
/** The project that it is for; NULL: every one, and for NULL. Since 0.1. */
CUTOVER_API const char *cutover_key_project_id(const cutover_key *key);
/** The organization that it was made for; NULL: none was given, and for NULL. Since 0.1. */
CUTOVER_API const char *cutover_key_organization_id(const cutover_key *key);
/** When it was made: microseconds since 1970-01-01 UTC; 0 for NULL. Since 0.1. */
CUTOVER_API int64_t cutover_key_created_at(const cutover_key *key);
/** When it ends: microseconds since 1970-01-01 UTC; 0: never, and for NULL. Since 0.1. */
CUTOVER_API int64_t cutover_key_expires_at(const cutover_key *key);
/** When it was revoked: microseconds since 1970-01-01 UTC; 0: it was not, and for NULL. Since 0.1. */
CUTOVER_API int64_t cutover_key_revoked_at(const cutover_key *key);
/** The record as a JSON object: id, label, actor_id, roles (an array of names), project_id, organization_id, created_by_actor_id,
    created_at, expires_at, revoked_by_actor_id, revoked_at. Neither the secret nor its SHA-256. NULL for NULL. Since 0.1. */
CUTOVER_API const char *cutover_key_json(const cutover_key *key);
/** Frees a key that this header's functions gave; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_key_free(cutover_key *key);
/** How many keys the page has; 0 for NULL. Since 0.1. */
CUTOVER_API size_t cutover_key_list_count(const cutover_key_list *list);
/** A key of the page, or NULL beyond its end; belongs to the list. Since 0.1. */
CUTOVER_API const cutover_key *cutover_key_list_at(const cutover_key_list *list, size_t index);
/** Frees the page and its keys; NULL is nothing. Since 0.1. */
CUTOVER_API void cutover_key_list_free(cutover_key_list *list);

#ifdef __cplusplus
}
#endif
#endif
