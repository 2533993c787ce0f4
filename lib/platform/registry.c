#include "base/record.h"
#include "base/text.h"
#include "model/actor.h"
#include "model/machine.h"
#include "platform/port.h"
#include "postgres/conninfo.h"
#include "store/document.h"
#include "store/ledger.h"
#include "store/port.h"

#include <cutover/registry.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define REGISTRY_MAGIC 0x72656769u
#define ID_MAX_BYTES 100
#define ORGANIZATION_MAX 200 /* characters */
#define DATABASE_NAME_MAX 63 /* bytes; NAMEDATALEN - 1 */
#define PGBOUNCERS_MAX 100
#define RESTORING "restoring"
#define CONNINFO_MAX 4096                     /* characters */
#define LAST_TIME INT64_C(253402300799999999) /* the end of the year 9999: RFC 3339 knows no later one */

struct cutover_registry {
    unsigned magic;
    cutover_store store;
    cutover_actor actor; /* who changes something through this one */
    char *actor_id;      /* that actor.id points to */
};

struct project_record {
    char *id;
    char *organization_id;
    char *state;
    char *database;
    char *control_database;
    char *verify_database;
    char *loader_database;
    struct json_object *pgbouncers; /* an array of conninfos; NULL: none */
    bool hold_fence;
    char *job_id; /* that it is restoring for; else NULL, and in documents of before there was one */
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

static const struct field project_fields[] = {
    {"id", FIELD_TEXT, offsetof(struct project_record, id), NULL},
    {"organization_id", FIELD_TEXT, offsetof(struct project_record, organization_id), NULL},
    {"state", FIELD_TEXT, offsetof(struct project_record, state), NULL},
    {"database", FIELD_TEXT, offsetof(struct project_record, database), NULL},
    {"control_database", FIELD_TEXT, offsetof(struct project_record, control_database), NULL},
    {"verify_database", FIELD_TEXT, offsetof(struct project_record, verify_database), NULL},
    {"loader_database", FIELD_TEXT, offsetof(struct project_record, loader_database), NULL},
    {"job_id", FIELD_TEXT, offsetof(struct project_record, job_id), NULL},
    {"pgbouncers", FIELD_JSON, offsetof(struct project_record, pgbouncers), NULL},
    {"hold_fence", FIELD_BOOL, offsetof(struct project_record, hold_fence), NULL},
    {"", FIELD_REST, offsetof(struct project_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL}};
static const struct record_type project_type = {"project", sizeof(struct project_record), project_fields, 1};

struct preview_record {
    char *id;
    char *project_id;
    char *state;
    char *database;
    int64_t expires_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

static const struct field preview_fields[] = {
    {"id", FIELD_TEXT, offsetof(struct preview_record, id), NULL},
    {"project_id", FIELD_TEXT, offsetof(struct preview_record, project_id), NULL},
    {"state", FIELD_TEXT, offsetof(struct preview_record, state), NULL},
    {"database", FIELD_TEXT, offsetof(struct preview_record, database), NULL},
    {"expires_at", FIELD_TIME, offsetof(struct preview_record, expires_at), NULL},
    {"", FIELD_REST, offsetof(struct preview_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL}};
static const struct record_type preview_type = {"preview", sizeof(struct preview_record), preview_fields, 1};

/* ---------------------------------------------------------------------------------------------- what is refused */

static cutover_status check_registry(const cutover_registry *registry, cutover_error **error)
{
    error_begin(error);
    if (registry == NULL || registry->magic != REGISTRY_MAGIC)
        return error_set(error, CUTOVER_E_INVALID, "registry: not open");
    return CUTOVER_OK;
}

static cutover_status check_bytes(const char *field, const char *value, size_t most, cutover_error **error)
{
    cutover_status status = text_check(field, value, 1, most, error);
    size_t length = value != NULL ? strlen(value) : 0;

    if (status == CUTOVER_OK && length > most)
        status = error_set(error, CUTOVER_E_INVALID, "%s must have at most %zu bytes, it has %zu", field, most,
                           length);
    return status;
}

static cutover_status check_time(const char *field, int64_t time, cutover_error **error)
{
    if (time < 0 || time > LAST_TIME)
        return error_set(error, CUTOVER_E_INVALID,
                         "%s must be microseconds from 1970 to the end of 9999, or 0, it is %lld", field,
                         (long long)time);
    return CUTOVER_OK;
}

static void free_options(PQconninfoOption *options)
{
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
        if (option->val != NULL)
            explicit_bzero(option->val, strlen(option->val));
    PQconninfoFree(options);
}

/* A name of an option that holds a secret, or NULL. libpq marks them with "*": shown as a password field. A database
   name may be a connection string itself, which libpq can be asked to expand. */
static const char *secret_option(const PQconninfoOption *options)
{
    const char *secret = NULL;

    for (; options->keyword != NULL && secret == NULL; options++) {
        if (options->val == NULL || options->val[0] == '\0')
            continue;
        if (options->dispchar[0] == '*')
            secret = options->keyword;
        else if (strcmp(options->keyword, "dbname") == 0) {
            PQconninfoOption *nested = PQconninfoParse(options->val, NULL);

            if (nested != NULL)
                secret = secret_option(nested);
            free_options(nested);
        }
    }
    return secret;
}

/* The string never appears in an error, nor does libpq's message, which quotes parts of it (EDGE_CASES G1). */
static cutover_status check_conninfo(const char *field, const char *string, enum conninfo_part part,
                                     cutover_error **error)
{
    cutover_status status = text_check(field, string, 1, CONNINFO_MAX, error);

    if (status == CUTOVER_OK)
        status = conninfo_check(field, string, part, error);
    if (status != CUTOVER_OK)
        return status;
    PQconninfoOption *options = PQconninfoParse(string, NULL);
    if (options == NULL)
        return error_nomem(error);
    const char *secret = secret_option(options);
    if (secret != NULL) {
        status =
            error_set(error, CUTOVER_E_INVALID, "%s must not hold a secret, but it sets %s", field, secret);
        error_hint(error, "Leave it out, and let libpq find it in a password file: passfile=… or ~/.pgpass.");
    }
    free_options(options);
    return status;
}

static cutover_status check_pgbouncers(const char *const *consoles, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && consoles != NULL && consoles[i] != NULL; i++) {
        status = i < PGBOUNCERS_MAX ? check_conninfo("project.pgbouncers", consoles[i], CONNINFO_SERVER, error)
                                    : error_set(error, CUTOVER_E_INVALID,
                                                "project.pgbouncers must be at most %d", PGBOUNCERS_MAX);
    }
    return status;
}

/* What the caller gave, whole. */
static cutover_status take_project(const cutover_project *given, cutover_project *project,
                                   cutover_error **error)
{
    cutover_status status = port_copy(&project_port, "project", given, project, error);

    if (status != CUTOVER_OK)
        return status;
    status = check_bytes("project.id", project->id, ID_MAX_BYTES, error);
    if (status == CUTOVER_OK)
        status = text_check("project.organization_id", project->organization_id, 0, ORGANIZATION_MAX, error);
    if (status == CUTOVER_OK)
        status = check_conninfo("project.database", project->database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK && project->control_database != NULL)
        status = check_bytes("project.control_database", project->control_database, DATABASE_NAME_MAX, error);
    if (status == CUTOVER_OK && project->verify_database != NULL)
        status = check_conninfo("project.verify_database", project->verify_database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK && project->loader_database != NULL)
        status = check_conninfo("project.loader_database", project->loader_database, CONNINFO_SERVER, error);
    if (status == CUTOVER_OK)
        status = check_pgbouncers(project->pgbouncers, error);
    return status;
}

static cutover_status take_preview(const cutover_preview *given, cutover_preview *preview,
                                   cutover_error **error)
{
    cutover_status status = port_copy(&preview_port, "preview", given, preview, error);

    if (status != CUTOVER_OK)
        return status;
    status = check_bytes("preview.id", preview->id, ID_MAX_BYTES, error);
    if (status == CUTOVER_OK)
        status = check_bytes("preview.project_id", preview->project_id, ID_MAX_BYTES, error);
    if (status == CUTOVER_OK)
        status = check_conninfo("preview.database", preview->database, CONNINFO_DATABASE, error);
    if (status == CUTOVER_OK)
        status = check_time("preview.expires_at", preview->expires_at, error);
    return status;
}

/* ------------------------------------------------------------------------------------------------------- writing */

static cutover_status save(const cutover_registry *registry, const struct record_type *type, const char *id,
                           const char *project_id, uint64_t expected_version, const void *record,
                           cutover_error **error)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, type->kind, id, project_id, expected_version, NULL};
    char *body = NULL;
    cutover_status status = record_format(type, record, &body, error);

    if (status == CUTOVER_OK) {
        write.body = body;
        status = store_save(&registry->store, &write, error);
    }
    free(body);
    return status;
}

/* One commit of a record, or of its end (`record` NULL), and of the audit entry that says so. */
static cutover_status told_once(const cutover_registry *registry, const struct record_type *type,
                                const char *id, const char *project_id, uint64_t expected_version,
                                const void *record, const char *told, struct json_object *data,
                                cutover_error **error)
{
    const struct clock clock = {.now = NULL};
    struct change *change = NULL;

    cutover_status status = change_begin(&registry->store, &clock, project_id, &change, error);
    if (status == CUTOVER_OK && record != NULL)
        status = change_put_record(change, type, id, expected_version, record, error);
    else if (status == CUTOVER_OK)
        status = change_put(change, type->kind, id, expected_version, NULL, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, told, &registry->actor, NULL, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}

/* Whether the document is not as it was expected to be: then trying again would not help. */
static bool is_another(const cutover_registry *registry, const char *kind, const char *id,
                       uint64_t expected_version)
{
    struct document document = {NULL, NULL, 0};
    bool found = false;
    cutover_status status = document_find(&registry->store, kind, id, &document, &found, NULL);
    uint64_t version = document.version;

    document_free(&document);
    return status == CUTOVER_OK && (found ? version : 0) != expected_version;
}

/* The same, as often as only the project's ledger has moved. `data` is borrowed. */
static cutover_status save_told(const cutover_registry *registry, const struct record_type *type,
                                const char *id, const char *project_id, uint64_t expected_version,
                                const void *record, const char *told, struct json_object *data,
                                cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status;
    bool another;

    do {
        status = told_once(registry, type, id, project_id, expected_version, record, told, data, &cause);
        another = status == CUTOVER_E_CONFLICT && is_another(registry, type->kind, id, expected_version);
    } while (!another && change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

/* What the audit trail has of a project or a preview; connection strings stay in the registry. */
static cutover_status told_of(const char *member, const char *id, struct json_object **data,
                              cutover_error **error)
{
    *data = json_object_new_object();
    if (*data == NULL)
        return error_nomem(error);
    json_put_text(*data, member, id);
    return CUTOVER_OK;
}

static cutover_status save_project(const cutover_registry *registry, const struct project_record *record,
                                   uint64_t expected_version, const char *told, cutover_error **error)
{
    struct json_object *data = NULL;
    cutover_status status = told_of("project_id", record->id, &data, error);

    if (status == CUTOVER_OK)
        status = save_told(registry, &project_type, record->id, record->id, expected_version, record, told,
                           data, error);
    json_object_put(data);
    return status;
}

static cutover_status save_preview(const cutover_registry *registry, const struct preview_record *record,
                                   uint64_t expected_version, const char *told, cutover_error **error)
{
    struct json_object *data = NULL;
    cutover_status status = told_of("preview_database_id", record->id, &data, error);

    if (status == CUTOVER_OK) {
        json_put_time(data, "expires_at", record->expires_at);
        status = save_told(registry, &preview_type, record->id, record->project_id, expected_version, record,
                           told, data, error);
    }
    json_object_put(data);
    return status;
}

/* Replaces what the record has. */
static cutover_status set_pgbouncers(struct project_record *record, const char *const *consoles,
                                     cutover_error **error)
{
    struct json_object *list = NULL;

    if (consoles != NULL && consoles[0] != NULL) {
        list = json_object_new_array();
        if (list == NULL)
            return error_nomem(error);
        for (size_t i = 0; consoles[i] != NULL; i++)
            json_add(list, json_object_new_string(consoles[i]));
    }
    json_object_put(record->pgbouncers);
    record->pgbouncers = list;
    return list != NULL && !json_is_complete(list) ? error_nomem(error) : CUTOVER_OK;
}

cutover_status cutover_registry_project_add(cutover_registry *registry, const cutover_project *given,
                                            cutover_error **error)
{
    cutover_project whole, *project = &whole;
    struct project_record record = {0};
    cutover_status status = check_registry(registry, error);

    if (status == CUTOVER_OK)
        status = take_project(given, project, error);
    if (status != CUTOVER_OK)
        return status;
    status = record_set_text(&record.id, project->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.organization_id,
                                 project->organization_id != NULL ? project->organization_id : "", error);
    record.hold_fence = project->hold_fence != 0;
    if (status == CUTOVER_OK)
        status = record_set_text(&record.state, "active", error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.database, project->database, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.control_database, project->control_database, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.verify_database, project->verify_database, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.loader_database, project->loader_database, error);
    if (status == CUTOVER_OK)
        status = set_pgbouncers(&record, project->pgbouncers, error);
    if (status == CUTOVER_OK)
        status = save_project(registry, &record, 0, "project.added", error);
    record_free(&project_type, &record);
    return status;
}

static cutover_status pgbouncers_once(const cutover_registry *registry, const char *project_id,
                                      const char *const *consoles, cutover_error **error)
{
    struct project_record record;
    uint64_t version = 0;
    cutover_status status =
        document_get_record(&registry->store, &project_type, project_id, &record, &version, error);

    if (status != CUTOVER_OK)
        return status;
    status = set_pgbouncers(&record, consoles, error);
    if (status == CUTOVER_OK)
        status = save_project(registry, &record, version, "project.changed", error);
    record_free(&project_type, &record);
    return status;
}

cutover_status cutover_registry_project_set_pgbouncers(cutover_registry *registry, const char *project_id,
                                                       const char *const *consoles, cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = check_registry(registry, error);

    if (status == CUTOVER_OK)
        status = check_bytes("project_id", project_id, ID_MAX_BYTES, error);
    if (status == CUTOVER_OK)
        status = check_pgbouncers(consoles, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = pgbouncers_once(registry, project_id, consoles, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

static cutover_status hold_fence_once(const cutover_registry *registry, const char *project_id,
                                      int32_t hold_fence, cutover_error **error)
{
    struct project_record record;
    uint64_t version = 0;
    cutover_status status =
        document_get_record(&registry->store, &project_type, project_id, &record, &version, error);

    if (status != CUTOVER_OK)
        return status;
    if (record.state != NULL && strcmp(record.state, RESTORING) == 0)
        status =
            error_set(error, CUTOVER_E_STATE,
                      "project %s is restoring: a job ends with its poolers as it began with them", project_id);
    record.hold_fence = hold_fence != 0;
    if (status == CUTOVER_OK)
        status = save(registry, &project_type, project_id, project_id, version, &record, error);
    record_free(&project_type, &record);
    return status;
}

cutover_status cutover_registry_project_set_hold_fence(cutover_registry *registry, const char *project_id,
                                                       int32_t hold_fence, cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = check_registry(registry, error);

    if (status == CUTOVER_OK)
        status = check_bytes("project_id", project_id, ID_MAX_BYTES, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = hold_fence_once(registry, project_id, hold_fence, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

static cutover_status check_project_exists(const cutover_registry *registry, const char *project_id,
                                           cutover_error **error)
{
    struct document document = {NULL, NULL, 0};
    cutover_status status = document_get(&registry->store, "project", project_id, &document, error);

    document_free(&document);
    return status;
}

cutover_status cutover_registry_preview_add(cutover_registry *registry, const cutover_preview *given,
                                            cutover_error **error)
{
    cutover_preview whole, *preview = &whole;
    struct preview_record record = {0};
    cutover_status status = check_registry(registry, error);

    if (status == CUTOVER_OK)
        status = take_preview(given, preview, error);
    if (status == CUTOVER_OK)
        status = check_project_exists(registry, preview->project_id, error);
    if (status != CUTOVER_OK)
        return status;
    record.expires_at = preview->expires_at;
    status = record_set_text(&record.id, preview->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.project_id, preview->project_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.state, "ready", error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.database, preview->database, error);
    if (status == CUTOVER_OK)
        status = save_preview(registry, &record, 0, "preview.added", error);
    record_free(&preview_type, &record);
    return status;
}

static cutover_status extend_once(const cutover_registry *registry, const char *preview_id, int64_t expires_at,
                                  cutover_error **error)
{
    struct preview_record record;
    uint64_t version = 0;
    cutover_status status =
        document_get_record(&registry->store, &preview_type, preview_id, &record, &version, error);

    if (status != CUTOVER_OK)
        return status;
    record.expires_at = expires_at;
    status = save_preview(registry, &record, version, "preview.extended", error);
    record_free(&preview_type, &record);
    return status;
}

cutover_status cutover_registry_preview_extend(cutover_registry *registry, const char *preview_id,
                                               int64_t expires_at, cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status = check_registry(registry, error);

    if (status == CUTOVER_OK)
        status = check_bytes("preview_id", preview_id, ID_MAX_BYTES, error);
    if (status == CUTOVER_OK)
        status = check_time("expires_at", expires_at, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = extend_once(registry, preview_id, expires_at, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

/* ------------------------------------------------------------------------------------------------------- reading */

/* What the port's structs promise is there, whatever a document holds. */
static cutover_status refuse_incomplete(const char *kind, const char *id, cutover_error **error)
{
    error_set(error, CUTOVER_E_STORE, "%s %s in the store is damaged: a member is missing", kind,
              id != NULL ? id : "without id");
    error_hint(error, "Repair the document, or delete it and add it again.");
    return CUTOVER_E_STORE;
}

static cutover_status emit_preview(const struct preview_record *record, cutover_preview_emit emit,
                                   void *context, cutover_error **error)
{
    cutover_preview preview = {CUTOVER_PREVIEW_VERSION, record->id,       record->project_id,
                               record->state,           record->database, record->expires_at};

    if (record->id == NULL || record->project_id == NULL || record->state == NULL || record->database == NULL)
        return refuse_incomplete("preview", record->id, error);
    return emit(&preview, context);
}

struct listing {
    cutover_preview_emit emit;
    void *context;
};

static cutover_status list_each(void *context, const struct document *document, cutover_error **error)
{
    const struct listing *listing = context;
    struct preview_record record;
    cutover_status status = record_parse(&preview_type, document->body, &record, error);

    if (status != CUTOVER_OK)
        return status;
    status = emit_preview(&record, listing->emit, listing->context, error);
    record_free(&preview_type, &record);
    return status;
}

cutover_status cutover_registry_preview_list(cutover_registry *registry, const char *project_id,
                                             cutover_preview_emit emit, void *context, cutover_error **error)
{
    struct listing listing = {emit, context};
    cutover_status status = check_registry(registry, error);

    if (status == CUTOVER_OK)
        status = check_bytes("project_id", project_id, ID_MAX_BYTES, error);
    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    return status != CUTOVER_OK
               ? status
               : document_walk(&registry->store, "preview", project_id, list_each, &listing, error);
}

/* --------------------------------------------------------------------------------------------- the platform port */

/* The texts stay the record's; *consoles is NULL where there are none. */
static cutover_status list_pgbouncers(const struct project_record *record, const char ***consoles,
                                      cutover_error **error)
{
    if (!json_object_is_type(record->pgbouncers, json_type_array))
        return record->pgbouncers == NULL ? CUTOVER_OK : refuse_incomplete("project", record->id, error);
    size_t count = json_object_array_length(record->pgbouncers);
    *consoles = calloc(count + 1, sizeof **consoles);
    if (*consoles == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < count; i++) {
        struct json_object *console = json_object_array_get_idx(record->pgbouncers, i);
        if (!json_object_is_type(console, json_type_string))
            return refuse_incomplete("project", record->id, error);
        (*consoles)[i] = json_object_get_string(console);
    }
    return CUTOVER_OK;
}

static cutover_status project_get(const char *project_id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_registry *registry = userdata;
    struct project_record record;
    uint64_t version = 0;
    cutover_project project;
    const char **consoles = NULL;
    cutover_status status = check_bytes("project_id", project_id, ID_MAX_BYTES, error);

    if (status == CUTOVER_OK)
        status = document_get_record(&registry->store, &project_type, project_id, &record, &version, error);
    if (status != CUTOVER_OK)
        return status;
    project = (cutover_project){CUTOVER_PROJECT_VERSION, record.id,
                                record.organization_id,  record.state,
                                record.database,         record.control_database,
                                record.verify_database,  record.job_id,
                                record.loader_database,  NULL,
                                record.hold_fence};
    if (record.id == NULL || record.state == NULL || record.database == NULL)
        status = refuse_incomplete("project", project_id, error);
    else
        status = list_pgbouncers(&record, &consoles, error);
    project.pgbouncers = consoles;
    if (status == CUTOVER_OK)
        status = emit(&project, context);
    free(consoles);
    record_free(&project_type, &record);
    return status;
}

static cutover_status preview_extend(const char *preview_id, int64_t expires_at, cutover_error **error,
                                     void *userdata)
{
    return cutover_registry_preview_extend(userdata, preview_id, expires_at, error);
}

static cutover_status preview_get(const char *preview_id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_registry *registry = userdata;
    struct preview_record record;
    uint64_t version = 0;
    cutover_status status = check_bytes("preview_id", preview_id, ID_MAX_BYTES, error);

    if (status == CUTOVER_OK)
        status = document_get_record(&registry->store, &preview_type, preview_id, &record, &version, error);
    if (status != CUTOVER_OK)
        return status;
    status = emit_preview(&record, emit, context, error);
    record_free(&preview_type, &record);
    return status;
}

static bool is_anothers(const struct project_record *record, const char *job_id)
{
    return strcmp(record->state, RESTORING) == 0 && record->job_id != NULL &&
           strcmp(record->job_id, job_id) != 0; /* NOLINT(clang-analyzer-core.NonNullParamChecker): no move from
                                                   restoring is without one */
}

/* *differs tells a state that differs (which is final) from a write that lost a race (which is tried again). */
static cutover_status move_once(const cutover_registry *registry, const char *project_id, const char *expected,
                                const char *next, const char *job_id, bool *differs, cutover_error **error)
{
    struct project_record record;
    uint64_t version = 0;
    cutover_status status =
        document_get_record(&registry->store, &project_type, project_id, &record, &version, error);

    if (status != CUTOVER_OK)
        return status;
    *differs = record.state == NULL || strcmp(record.state, expected) != 0;
    if (*differs)
        status = error_set(error, CUTOVER_E_CONFLICT, "project %s is %s, not %s", project_id,
                           record.state != NULL ? record.state : "without state", expected);
    if (status == CUTOVER_OK && is_anothers(&record, job_id)) {
        *differs = true;
        status = error_set(error, CUTOVER_E_CONFLICT, "project %s is restoring for job %s, not %s", project_id,
                           record.job_id, job_id);
    }
    if (status == CUTOVER_OK)
        status = record_set_text(&record.state, next, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.job_id, strcmp(next, RESTORING) == 0 ? job_id : NULL, error);
    if (status == CUTOVER_OK)
        status = save(registry, &project_type, project_id, project_id, version, &record, error);
    record_free(&project_type, &record);
    return status;
}

static cutover_status project_set_state(const char *project_id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    const cutover_registry *registry = userdata;
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    bool differs = false;
    cutover_status status = check_bytes("project_id", project_id, ID_MAX_BYTES, error);

    if (status == CUTOVER_OK)
        status = text_check("expected", expected, 1, ID_MAX_BYTES, error);
    if (status == CUTOVER_OK)
        status = text_check("next", next, 1, ID_MAX_BYTES, error);
    /* A move of the host's own, between states of its own, is no job's. */
    if (status == CUTOVER_OK &&
        (job_id != NULL || strcmp(expected, RESTORING) == 0 || strcmp(next, RESTORING) == 0))
        status = check_bytes("job_id", job_id, ID_MAX_BYTES, error);
    if (status != CUTOVER_OK)
        return status;
    do
        status = move_once(registry, project_id, expected, next, job_id, &differs, &cause);
    while (!differs && change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status cutover_registry_platform(cutover_registry *registry, cutover_platform *platform,
                                         cutover_error **error)
{
    cutover_status status = check_registry(registry, error);

    if (status != CUTOVER_OK)
        return status;
    status = port_check(&platform_port, "platform", platform, error);
    if (status != CUTOVER_OK)
        return status;
    const cutover_platform whole = {
        .userdata = registry,
        .project_get = project_get,
        .project_set_state = project_set_state,
        .preview_get = preview_get,
        .preview_extend = preview_extend,
    };
    port_fill(&platform_port, &whole, platform);
    return CUTOVER_OK;
}

/* The actor is whole. */
static cutover_status open_as(const cutover_store *store, const cutover_actor *actor,
                              cutover_registry **registry, cutover_error **error)
{
    error_begin(error);
    cutover_registry *opened;
    cutover_store whole;
    cutover_status status = store_copy("store", store, &whole, error);

    if (status != CUTOVER_OK)
        return status;
    if (registry == NULL)
        return error_set(error, CUTOVER_E_INVALID, "registry: required");
    opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return error_nomem(error);
    opened->magic = REGISTRY_MAGIC;
    opened->store = whole;
    opened->actor = *actor;
    status = string_copy(actor->id, &opened->actor_id, error);
    opened->actor.id = opened->actor_id;
    if (status == CUTOVER_OK)
        *registry = opened;
    else
        cutover_registry_free(opened);
    return status;
}

cutover_status cutover_registry_open(const cutover_store *store, cutover_registry **registry,
                                     cutover_error **error)
{
    return open_as(store, &actor_system, registry, error);
}

cutover_status cutover_registry_open_as(const cutover_store *store, const cutover_actor *given,
                                        cutover_registry **registry, cutover_error **error)
{
    error_begin(error);
    cutover_actor actor;
    cutover_status status = port_copy(&actor_port, "actor", given, &actor, error);

    if (status == CUTOVER_OK)
        status = machine_actor_check(&actor, error);
    return status != CUTOVER_OK ? status : open_as(store, &actor, registry, error);
}

void cutover_registry_free(cutover_registry *registry)
{
    if (registry == NULL || registry->magic != REGISTRY_MAGIC)
        return;
    registry->magic = 0;
    free(registry->actor_id);
    free(registry);
}
