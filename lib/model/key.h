/*
 * The record of an API key, its rules, and its secret. The record does not hold the secret's hash: that is the id of a document of
 * its own (kind "api_key_secret"), which names the key.
 */
#ifndef CUTOVER_MODEL_KEY_H
#define CUTOVER_MODEL_KEY_H

#include "base/record.h"
#include "base/sha256.h"

#include <cutover/key.h>

struct key_record {
    char *id;
    char *label;
    char *actor_id;
    struct json_object *roles; /* names */
    char *project_id;          /* NULL: every one */
    char *organization_id;
    char *created_by_actor_id;
    int64_t created_at;
    int64_t expires_at; /* 0: never */
    char *revoked_by_actor_id;
    int64_t revoked_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type key_type; /* kind "api_key" */

#define KEY_SECRET_KIND "api_key_secret"

/* Label, roles, ids and end of a key to be made; each CUTOVER_E_INVALID names the member. */
cutover_status key_options_check(const cutover_key_options *options, int64_t now, cutover_error **error);

/* CUTOVER_ROLE_* by names, in a new array; NULL when memory is exhausted. Names that are not known are no role. */
struct json_object *key_roles_json(uint32_t roles);
uint32_t key_roles_of(struct json_object *names);

/* A new secret; wipe it. CUTOVER_E_INTERNAL where the kernel gives no random bytes. */
cutover_status key_secret_new(char secret[CUTOVER_KEY_SECRET_SIZE], cutover_error **error);
/* Whether it has the form of one. */
bool key_secret_is_valid(const char *secret);

/* Whether it is good now: CUTOVER_E_FORBIDDEN when it was revoked, CUTOVER_E_EXPIRED. */
cutover_status key_check(const struct key_record *record, int64_t now, cutover_error **error);

#endif
