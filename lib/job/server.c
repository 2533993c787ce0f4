#include "job/server.h"

#include "job/journal.h"

#include <string.h>

#define MEMBER(type, name) #name, type, offsetof(struct server_record, name)

static const struct field server_fields[] = {
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, system_identifier), NULL},
    {MEMBER(FIELD_TEXT, job_id), NULL},
    {MEMBER(FIELD_TEXT, confirmed_by), NULL},
    {MEMBER(FIELD_TIME, at), NULL},
    {"", FIELD_REST, offsetof(struct server_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type server_type = {"server", sizeof(struct server_record), server_fields, 1};

/* *version 0: none is known. */
static cutover_status read_known(const struct host *host, const char *project_id, struct server_record *record,
                                 uint64_t *version, cutover_error **error)
{
    struct document document = {0};
    bool found = false;

    memset(record, 0, sizeof *record);
    *version = 0;
    cutover_status status = document_find(&host->store, server_type.kind, project_id, &document, &found, error);
    if (status == CUTOVER_OK && found) {
        status = record_parse(&server_type, document.body, record, error);
        *version = document.version;
    }
    if (status == CUTOVER_OK && found && record->system_identifier == NULL) {
        status = error_set(error, CUTOVER_E_STORE,
                           "server %s in the store is damaged: its system identifier is missing", project_id);
        record_free(&server_type, record);
    }
    document_free(&document);
    return status;
}

cutover_status server_check(const struct host *host, const char *project_id, const char *system_identifier,
                            cutover_error **error)
{
    struct server_record known;
    uint64_t version = 0;
    cutover_status status = read_known(host, project_id, &known, &version, error);

    if (status == CUTOVER_OK && version != 0 && strcmp(known.system_identifier, system_identifier) != 0) {
        status =
            error_set(error, CUTOVER_E_STATE,
                      "production of project %s is on another server than at its last job (system identifier "
                      "%s, not %s)",
                      project_id, system_identifier, known.system_identifier);
        error_hint(error,
                   "Look whether that is the server that you mean. If it is, an operator confirms it: "
                   "cutover_project_confirm_server(), cutoverctl project confirm-server %s %s.",
                   project_id, system_identifier);
    }
    record_free(&server_type, &known);
    return status;
}

static cutover_status put(struct change *change, const struct server_record *record, uint64_t version,
                          cutover_error **error)
{
    return change_put_record(change, &server_type, record->project_id, version, record, error);
}

cutover_status server_put(const struct host *host, struct change *change, const char *project_id,
                          const char *job_id, const char *system_identifier, cutover_error **error)
{
    struct server_record known;
    const struct server_record found = {.project_id = (char *)project_id,
                                        .system_identifier = (char *)system_identifier,
                                        .job_id = (char *)job_id,
                                        .at = clock_now(&host->clock)};
    uint64_t version = 0;
    cutover_status status = read_known(host, project_id, &known, &version, error);

    record_free(&server_type, &known);
    return status == CUTOVER_OK && version == 0 ? put(change, &found, 0, error) : status;
}

static cutover_status confirm_in(const struct host *host, const cutover_actor *actor, const char *project_id,
                                 const char *system_identifier, const char *reason,
                                 const struct server_record *known, uint64_t version, struct change *change,
                                 cutover_error **error)
{
    struct json_object *data = json_object_new_object();
    const struct server_record confirmed = {.project_id = (char *)project_id,
                                            .system_identifier = (char *)system_identifier,
                                            .confirmed_by = (char *)actor->id,
                                            .at = clock_now(&host->clock)};

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "system_identifier", system_identifier);
    json_put_text(data, "before", known->system_identifier);
    json_put_text(data, "reason", reason);
    cutover_status status = put(change, &confirmed, version, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, "project.server_confirmed", actor, NULL, data, error);
    json_object_put(data);
    return status == CUTOVER_OK ? change_commit(change, error) : status;
}

static cutover_status confirm_once(const struct host *host, const cutover_actor *actor, const char *project_id,
                                   const char *system_identifier, const char *reason, cutover_error **error)
{
    struct server_record known = {0};
    struct change *change = NULL;
    uint64_t version = 0;

    cutover_status status = change_begin(&host->store, &host->clock, project_id, &change, error);
    if (status == CUTOVER_OK)
        status = lock_check(host, project_id, error);
    if (status == CUTOVER_OK)
        status = read_known(host, project_id, &known, &version, error);
    if (status == CUTOVER_OK && (version == 0 || strcmp(known.system_identifier, system_identifier) != 0))
        status = confirm_in(host, actor, project_id, system_identifier, reason, &known, version, change, error);
    record_free(&server_type, &known);
    change_free(change);
    return status;
}

cutover_status server_confirm(const struct host *host, const cutover_actor *actor, const char *project_id,
                              const char *system_identifier, const char *reason, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do
        status = confirm_once(host, actor, project_id, system_identifier, reason, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}
