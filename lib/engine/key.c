#include "model/key.h"
#include "base/id.h"
#include "base/port.h"
#include "engine/engine.h"
#include "engine/record_handle.h"
#include "store/ledger.h"

#include <stdlib.h>
#include <string.h>

struct cutover_key {
    struct record_handle handle;
};

struct cutover_key_list {
    struct record_handle_list list;
};

static const cutover_key_options options_initial = CUTOVER_KEY_OPTIONS_INIT;
static const struct port_member options_required[] = {
    {"actor", offsetof(cutover_key_options, actor), 1},
    {"label", offsetof(cutover_key_options, label), 1},
    {NULL, 0, 0},
};
static const struct port options_port = {&options_initial, sizeof(cutover_key_options),
                                         CUTOVER_KEY_OPTIONS_VERSION, NULL, options_required};

cutover_status cutover_key_options_init(cutover_key_options *options, unsigned version)
{
    return port_init(&options_port, options, version);
}

static const struct record_handle *handle_of(const cutover_key *key)
{
    return (const struct record_handle *)key;
}

/* Takes the record over; *key may be wanted by nobody. */
static cutover_status key_wrap(struct key_record *record, uint64_t version, cutover_key **key,
                               cutover_error **error)
{
    struct record_handle *made = NULL;

    if (key == NULL)
        return CUTOVER_OK;
    cutover_status status = record_handle_make(&key_type, record, version, &made, error);
    if (status == CUTOVER_OK)
        *key = (cutover_key *)made;
    return status;
}

/* ---- who may ---- */

static cutover_status key_admin(const char *name, const cutover_actor *given, cutover_actor *actor,
                                cutover_error **error)
{
    cutover_status status = engine_actor(name, given, actor, error);

    if (status == CUTOVER_OK && (actor->roles & CUTOVER_ROLE_ORG_ADMIN) == 0) {
        status = error_set(error, CUTOVER_E_FORBIDDEN, "%s is not an org_admin", actor->id);
        error_hint(error, "Keys are made and revoked by org_admins.");
    }
    return status;
}

/* The project whose ledger tells of a key. */
static const char *ledger_of(const char *project_id)
{
    return project_id != NULL ? project_id : CUTOVER_KEY_EVERY_PROJECT;
}

static cutover_status key_audit(struct change *change, const char *action, const cutover_actor *actor,
                                const struct key_record *record, cutover_error **error)
{
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "key_id", record->id);
    json_put_text(data, "label", record->label);
    json_put_text(data, "actor_id", record->actor_id);
    json_put_object(data, "roles", json_object_get(record->roles));
    json_put_time(data, "expires_at", record->expires_at);
    cutover_status status = change_audit(change, action, actor, NULL, data, error);
    json_object_put(data);
    return status;
}

/* ---- made ---- */

static cutover_status record_new(const cutover_key_options *options, int64_t now, struct key_record *record,
                                 cutover_error **error)
{
    char id[ID_SIZE];

    id_new(now, id);
    record->created_at = now;
    record->expires_at = options->expires_at;
    record->roles = key_roles_json(options->roles);
    cutover_status status =
        record->roles == NULL ? error_nomem(error) : record_set_text(&record->id, id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->label, options->label, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->actor_id, options->actor_id != NULL ? options->actor_id : id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->project_id, options->project_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->organization_id, options->organization_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->created_by_actor_id, options->actor->id, error);
    return status;
}

static cutover_status create_once(const struct host *host, const cutover_key_options *options,
                                  const struct key_record *record, const char *hash, cutover_error **error)
{
    struct json_object *secret = json_object_new_object();
    struct change *change = NULL;
    char *body = NULL;
    cutover_status status = secret == NULL ? error_nomem(error) : CUTOVER_OK;

    if (status == CUTOVER_OK) {
        json_put_text(secret, "key_id", record->id);
        status = json_format(secret, &body, error);
    }
    if (status == CUTOVER_OK)
        status = change_begin(&host->store, &host->clock, ledger_of(options->project_id), &change, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &key_type, record->id, 0, record, error);
    if (status == CUTOVER_OK)
        status = change_put(change, KEY_SECRET_KIND, hash, 0, body, error);
    if (status == CUTOVER_OK)
        status = key_audit(change, "key.created", options->actor, record, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(secret);
    free(body);
    return status;
}

static cutover_status create(const struct host *host, const cutover_key_options *options, char *secret,
                             struct key_record *record, cutover_error **error)
{
    char hash[SHA256_HEX_SIZE];
    cutover_error *cause = NULL;
    unsigned attempt = 0;

    cutover_status status = key_secret_new(secret, error);
    if (status == CUTOVER_OK)
        status = sha256_of(secret, strlen(secret), hash, error);
    if (status == CUTOVER_OK)
        status = record_new(options, clock_now(&host->clock), record, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = create_once(host, options, record, hash, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_key_create(cutover_engine *engine, const cutover_key_options *given, char **secret,
                                  cutover_key **key, cutover_error **error)
{
    cutover_key_options options;
    cutover_actor actor;
    struct key_record record = {0};
    char *made = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = port_copy(&options_port, "options", given, &options, error);
    if (status == CUTOVER_OK)
        status = key_admin("options.actor", options.actor, &actor, error);
    if (status == CUTOVER_OK) {
        options.actor = &actor;
        status = key_options_check(&options, clock_now(&engine->host.clock), error);
    }
    if (status == CUTOVER_OK && secret == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "secret: required");
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, options.project_id, error);
    if (status == CUTOVER_OK && (made = calloc(1, CUTOVER_KEY_SECRET_SIZE)) == NULL)
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        status = create(&engine->host, &options, made, &record, error);
    if (status == CUTOVER_OK)
        status = key_wrap(&record, 1, key, error);
    if (status == CUTOVER_OK) {
        *secret = made;
    } else if (made != NULL) {
        explicit_bzero(made, CUTOVER_KEY_SECRET_SIZE);
        free(made);
    }
    record_free(&key_type, &record);
    return status;
}

/* ---- asked for ---- */

static cutover_status key_load(const struct host *host, const char *key_id, struct key_record *record,
                               uint64_t *version, cutover_error **error)
{
    struct document document = {0};
    cutover_status status = document_get(&host->store, key_type.kind, key_id, &document, error);

    if (status == CUTOVER_OK)
        status = record_parse(&key_type, document.body, record, error);
    if (status == CUTOVER_OK && (record->id == NULL || strcmp(record->id, key_id) != 0)) {
        record_free(&key_type, record);
        status = error_set(error, CUTOVER_E_STORE, "key %s in the store is damaged: its id is another", key_id);
    }
    *version = document.version;
    document_free(&document);
    return status;
}

/* Reads one; where `now` is not 0 it must be good then. */
static cutover_status key_read(cutover_engine *engine, const char *key_id, int64_t now, cutover_key **key,
                               cutover_error **error)
{
    struct key_record record = {0};
    uint64_t version = 0;
    cutover_status status = key_load(&engine->host, key_id, &record, &version, error);

    if (status == CUTOVER_OK && now != 0)
        status = key_check(&record, now, error);
    if (status == CUTOVER_OK)
        status = key_wrap(&record, version, key, error);
    record_free(&key_type, &record);
    return status;
}

static cutover_status reading_check(cutover_engine *engine, const char *key_id, cutover_key **key,
                                    cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("key_id", key_id, error);
    if (status == CUTOVER_OK && key == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "key: required");
    return status;
}

cutover_status cutover_key_get(cutover_engine *engine, const char *key_id, cutover_key **key,
                               cutover_error **error)
{
    cutover_status status = reading_check(engine, key_id, key, error);

    return status != CUTOVER_OK ? status : key_read(engine, key_id, 0, key, error);
}

cutover_status cutover_key_check(cutover_engine *engine, const char *key_id, cutover_key **key,
                                 cutover_error **error)
{
    cutover_status status = reading_check(engine, key_id, key, error);

    return status != CUTOVER_OK ? status : key_read(engine, key_id, clock_now(&engine->host.clock), key, error);
}

/* The id of the key with that secret. */
static cutover_status find_secret(const struct host *host, const char *secret, char **key_id,
                                  cutover_error **error)
{
    struct document document = {0};
    char hash[SHA256_HEX_SIZE];
    bool found = false;

    if (!key_secret_is_valid(secret))
        return error_set(error, CUTOVER_E_FORBIDDEN, "no such key");
    cutover_status status = sha256_of(secret, strlen(secret), hash, error);
    if (status == CUTOVER_OK)
        status = document_find(&host->store, KEY_SECRET_KIND, hash, &document, &found, error);
    if (status == CUTOVER_OK && !found)
        status = error_set(error, CUTOVER_E_FORBIDDEN, "no such key");
    struct json_object *body =
        status == CUTOVER_OK ? json_parse(document.body, strlen(document.body), error) : NULL;
    if (status == CUTOVER_OK)
        status =
            body == NULL ? CUTOVER_E_STORE : record_set_text(key_id, json_text_or(body, "key_id", "-"), error);
    json_object_put(body);
    document_free(&document);
    return status;
}

cutover_status cutover_key_authenticate(cutover_engine *engine, const char *secret, cutover_key **key,
                                        cutover_error **error)
{
    char *key_id = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && secret == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "secret: required");
    if (status == CUTOVER_OK && key == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "key: required");
    if (status == CUTOVER_OK)
        status = find_secret(&engine->host, secret, &key_id, error);
    if (status == CUTOVER_OK)
        status = key_read(engine, key_id, clock_now(&engine->host.clock), key, error);
    free(key_id);
    return status;
}

cutover_status cutover_keys_list(cutover_engine *engine, const char *project_id, const char *after,
                                 uint32_t limit, cutover_key_list **list, cutover_error **error)
{
    error_begin(error);
    struct record_handle_list *made = NULL;
    cutover_status status = list == NULL ? error_set(error, CUTOVER_E_INVALID, "list: required") : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status = record_handle_list_read(engine, &key_type, project_id, after, limit, &made, error);
    if (status == CUTOVER_OK)
        *list = (cutover_key_list *)made;
    return status;
}

/* ---- revoked ---- */

static cutover_status revoke_once(const struct host *host, const cutover_actor *actor, const char *key_id,
                                  struct key_record *record, uint64_t *version, cutover_error **error)
{
    struct change *change = NULL;

    record_free(&key_type, record);
    cutover_status status = key_load(host, key_id, record, version, error);
    if (status != CUTOVER_OK || record->revoked_at != 0)
        return status;
    status = change_begin(&host->store, &host->clock, ledger_of(record->project_id), &change, error);
    record->revoked_at = clock_now(&host->clock);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->revoked_by_actor_id, actor->id, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &key_type, key_id, *version, record, error);
    if (status == CUTOVER_OK)
        status = key_audit(change, "key.revoked", actor, record, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    ++*version;
    change_free(change);
    return status;
}

cutover_status cutover_key_revoke(cutover_engine *engine, const cutover_actor *given, const char *key_id,
                                  cutover_key **key, cutover_error **error)
{
    struct key_record record = {0};
    uint64_t version = 0;
    cutover_actor actor;
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("key_id", key_id, error);
    if (status == CUTOVER_OK)
        status = key_admin("actor", given, &actor, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = revoke_once(&engine->host, &actor, key_id, &record, &version, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    if (status == CUTOVER_OK)
        status = key_wrap(&record, version, key, error);
    record_free(&key_type, &record);
    return status;
}

/* ---- what a key tells ---- */

#define TEXT_OF(key, member) record_handle_text(handle_of(key), &key_type, offsetof(struct key_record, member))
#define NUMBER_OF(key, member)                                                                                 \
    record_handle_number(handle_of(key), &key_type, offsetof(struct key_record, member))

const char *cutover_key_id(const cutover_key *key)
{
    return TEXT_OF(key, id);
}

const char *cutover_key_label(const cutover_key *key)
{
    return TEXT_OF(key, label);
}

const char *cutover_key_project_id(const cutover_key *key)
{
    return TEXT_OF(key, project_id);
}

const char *cutover_key_organization_id(const cutover_key *key)
{
    return TEXT_OF(key, organization_id);
}

int64_t cutover_key_created_at(const cutover_key *key)
{
    return NUMBER_OF(key, created_at);
}

int64_t cutover_key_expires_at(const cutover_key *key)
{
    return NUMBER_OF(key, expires_at);
}

int64_t cutover_key_revoked_at(const cutover_key *key)
{
    return NUMBER_OF(key, revoked_at);
}

const char *cutover_key_json(const cutover_key *key)
{
    return record_handle_json(handle_of(key), &key_type);
}

uint32_t cutover_key_roles(const cutover_key *key)
{
    return cutover_key_id(key) != NULL ? key_roles_of(((const struct key_record *)key->handle.record)->roles)
                                       : 0;
}

cutover_status cutover_key_actor(const cutover_key *key, cutover_actor *actor)
{
    if (cutover_key_id(key) == NULL || actor == NULL || actor->version != CUTOVER_ACTOR_VERSION)
        return CUTOVER_E_INVALID;
    actor->id = TEXT_OF(key, actor_id);
    actor->kind = CUTOVER_ACTOR_API_KEY;
    actor->roles = cutover_key_roles(key);
    return CUTOVER_OK;
}

void cutover_key_free(cutover_key *key)
{
    record_handle_free((struct record_handle *)key);
}

size_t cutover_key_list_count(const cutover_key_list *list)
{
    return record_handle_list_count((const struct record_handle_list *)list);
}

const cutover_key *cutover_key_list_at(const cutover_key_list *list, size_t index)
{
    return (const cutover_key *)record_handle_list_at((const struct record_handle_list *)list, index);
}

void cutover_key_list_free(cutover_key_list *list)
{
    record_handle_list_free((struct record_handle_list *)list);
}
