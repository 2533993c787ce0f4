#include "model/key.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define LABEL_MAX 120
#define ID_MAX 200
#define SECRET_BYTES 32
#define PREFIX "ck_"
#define EVERY_ROLE ((uint32_t)(CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR | CUTOVER_ROLE_ORG_ADMIN))

static const struct {
    uint32_t role;
    const char *name;
} roles_known[] = {
    {CUTOVER_ROLE_MEMBER, "member"},
    {CUTOVER_ROLE_OPERATOR, "operator"},
    {CUTOVER_ROLE_ORG_ADMIN, "org_admin"},
};
#define ROLES_KNOWN (sizeof roles_known / sizeof *roles_known)

#define MEMBER(type, name) #name, type, offsetof(struct key_record, name)

static const struct field key_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, label), NULL},
    {MEMBER(FIELD_TEXT, actor_id), NULL},
    {MEMBER(FIELD_JSON, roles), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, organization_id), NULL},
    {MEMBER(FIELD_TEXT, created_by_actor_id), NULL},
    {MEMBER(FIELD_TIME, created_at), NULL},
    {MEMBER(FIELD_TIME, expires_at), NULL},
    {MEMBER(FIELD_TEXT, revoked_by_actor_id), NULL},
    {MEMBER(FIELD_TIME, revoked_at), NULL},
    {"", FIELD_REST, offsetof(struct key_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type key_type = {"api_key", sizeof(struct key_record), key_fields, 1};

static cutover_status id_check(const char *member, const char *id, cutover_error **error)
{
    return id == NULL ? CUTOVER_OK : text_check(member, id, 1, ID_MAX, error);
}

cutover_status key_options_check(const cutover_key_options *options, int64_t now, cutover_error **error)
{
    cutover_status status = text_check("options.label", options->label, 1, LABEL_MAX, error);

    if (status == CUTOVER_OK && text_is_blank(options->label))
        status = error_set(error, CUTOVER_E_INVALID, "options.label: nothing but white space");
    if (status == CUTOVER_OK && (options->roles == 0 || (options->roles & ~EVERY_ROLE) != 0))
        status = error_set(error, CUTOVER_E_INVALID,
                           "options.roles: 0x%x, must be one or more of CUTOVER_ROLE_*", options->roles);
    if (status == CUTOVER_OK)
        status = id_check("options.project_id", options->project_id, error);
    if (status == CUTOVER_OK && options->project_id != NULL &&
        strcmp(options->project_id, CUTOVER_KEY_EVERY_PROJECT) == 0) {
        status = error_set(error, CUTOVER_E_INVALID, "options.project_id: %s is no project",
                           CUTOVER_KEY_EVERY_PROJECT);
        error_hint(error, "A key that is for every project is made without one.");
    }
    if (status == CUTOVER_OK)
        status = id_check("options.organization_id", options->organization_id, error);
    if (status == CUTOVER_OK)
        status = id_check("options.actor_id", options->actor_id, error);
    if (status == CUTOVER_OK && options->expires_at != 0 && options->expires_at <= now)
        status = error_set(error, CUTOVER_E_INVALID, "options.expires_at: must be after now");
    return status;
}

struct json_object *key_roles_json(uint32_t roles)
{
    struct json_object *names = json_object_new_array();

    for (size_t i = 0; names != NULL && i < ROLES_KNOWN; i++)
        if ((roles & roles_known[i].role) != 0)
            json_add(names, json_object_new_string(roles_known[i].name));
    if (names != NULL && !json_is_complete(names)) {
        json_object_put(names);
        names = NULL;
    }
    return names;
}

uint32_t key_roles_of(struct json_object *names)
{
    uint32_t roles = 0;

    if (!json_object_is_type(names, json_type_array))
        return 0;
    for (size_t at = 0; at < json_object_array_length(names); at++) {
        const char *name = json_text(json_object_array_get_idx(names, at));
        for (size_t i = 0; name != NULL && i < ROLES_KNOWN; i++)
            if (strcmp(name, roles_known[i].name) == 0)
                roles |= roles_known[i].role;
    }
    return roles;
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

cutover_status key_secret_new(char secret[CUTOVER_KEY_SECRET_SIZE], cutover_error **error)
{
    unsigned char bytes[SECRET_BYTES + 1] = {0};
    char *out = secret + sizeof PREFIX - 1;
    ssize_t count;

    do
        count = getrandom(bytes, SECRET_BYTES, 0);
    while (count < 0 && errno == EINTR);
    if (count != SECRET_BYTES)
        return error_set_errno(error, CUTOVER_E_INTERNAL, errno, "no random bytes for a key");
    memcpy(secret, PREFIX, sizeof PREFIX - 1);
    for (size_t i = 0; i < sizeof bytes;
         i += 3) { /* 33 bytes are 44 letters; the last one is only the added byte's */
        uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = letters[three >> shift & 63];
    }
    secret[CUTOVER_KEY_SECRET_SIZE - 1] = '\0';
    explicit_bzero(bytes, sizeof bytes);
    return CUTOVER_OK;
}

bool key_secret_is_valid(const char *secret)
{
    return strncmp(secret, PREFIX, sizeof PREFIX - 1) == 0 &&
           strnlen(secret, CUTOVER_KEY_SECRET_SIZE) == CUTOVER_KEY_SECRET_SIZE - 1 &&
           strspn(secret + sizeof PREFIX - 1, letters) == CUTOVER_KEY_SECRET_SIZE - sizeof PREFIX;
}

cutover_status key_check(const struct key_record *record, int64_t now, cutover_error **error)
{
    if (record->revoked_at != 0)
        return error_set(error, CUTOVER_E_FORBIDDEN, "key %s was revoked", record->id);
    if (record->expires_at != 0 && record->expires_at <= now)
        return error_set(error, CUTOVER_E_EXPIRED, "key %s has expired", record->id);
    return CUTOVER_OK;
}
