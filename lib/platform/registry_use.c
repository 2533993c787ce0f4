/* What of a project or a preview lives, as its documents in the store say: jobs, requests, backups, and what jobs left. */
#include "platform/registry_private.h"

#include <stdlib.h>
#include <string.h>

static cutover_status keep_first(void *context, const struct document *document, cutover_error **error)
{
    char **id = context;

    (void)error;
    *id = *id == NULL ? strdup(document->id) : *id;
    return CUTOVER_OK;
}

/* Refuses where there is a document of that kind. */
static cutover_status check_none(const cutover_registry *registry, const char *kind, const char *project_id,
                                 cutover_status code, const char *format, const char *hint,
                                 cutover_error **error)
{
    char *id = NULL;
    cutover_status status = document_walk(&registry->store, kind, project_id, keep_first, &id, error);

    if (status == CUTOVER_OK && id != NULL) {
        status = error_set(error, code, "project %s %s %s", project_id, format, id);
        error_hint(error, "%s", hint);
    }
    free(id);
    return status;
}

/* The job that has the project's lock, malloc'd; NULL: none has. */
static cutover_status lock_holder(const cutover_registry *registry, const char *project_id, char **job_id,
                                  cutover_error **error)
{
    struct document lock = {0};
    bool found = false;

    cutover_status status = document_find(&registry->store, "lock", project_id, &lock, &found, error);
    if (status != CUTOVER_OK || !found)
        return status;
    struct json_object *body = json_parse(lock.body, strlen(lock.body), error);
    if (body == NULL)
        status = CUTOVER_E_STORE;
    else if ((*job_id = strdup(json_text_or(body, "promotion_id", "?"))) == NULL)
        status = error_nomem(error);
    json_object_put(body);
    document_free(&lock);
    return status;
}

cutover_status registry_check_no_job(const cutover_registry *registry, const char *project_id,
                                     cutover_error **error)
{
    static const char hint[] = "Wait until it has ended; if its process is gone, run recovery, and where that "
                               "cannot help, abandon it.";
    char *job_id = NULL;
    cutover_status status = lock_holder(registry, project_id, &job_id, error);

    if (status == CUTOVER_OK && job_id != NULL) {
        status =
            error_set(error, CUTOVER_E_LOCKED, "project %s is being worked on by job %s", project_id, job_id);
        error_hint(error, "%s", hint);
    }
    free(job_id);
    if (status == CUTOVER_OK)
        status = check_none(registry, "lease", project_id, CUTOVER_E_LOCKED, "is being worked on by job", hint,
                            error);
    return status;
}

static cutover_status first_kept(void *context, const struct document *document, cutover_error **error)
{
    char **id = context;
    struct json_object *body = json_parse(document->body, strlen(document->body), error);

    if (body == NULL)
        return CUTOVER_E_STORE;
    if (*id == NULL && strcmp(json_text_or(body, "status", ""), "deleted") != 0)
        *id = strdup(document->id);
    json_object_put(body);
    return CUTOVER_OK;
}

static cutover_status check_no_backup(const cutover_registry *registry, const char *project_id,
                                      cutover_error **error)
{
    char *id = NULL;
    cutover_status status = document_walk(&registry->store, "backup", project_id, first_kept, &id, error);

    if (status == CUTOVER_OK && id != NULL) {
        status = error_set(error, CUTOVER_E_STATE, "project %s has backup %s", project_id, id);
        error_hint(error, "Delete its backups first.");
    }
    free(id);
    return status;
}

cutover_status registry_check_unused(const cutover_registry *registry, const char *project_id,
                                     cutover_error **error)
{
    cutover_status status = registry_check_no_job(registry, project_id, error);

    if (status == CUTOVER_OK)
        status = check_none(registry, "claim", project_id, CUTOVER_E_STATE, "has a live request for preview",
                            "Reject or cancel it first.", error);
    if (status == CUTOVER_OK)
        status = check_no_backup(registry, project_id, error);
    if (status == CUTOVER_OK)
        status = check_none(
            registry, "leftover", project_id, CUTOVER_E_STATE, "has something that an abandoned job left:",
            "Run recovery; what will never be reached again is taken off the list by an operator.", error);
    if (status == CUTOVER_OK)
        status = check_none(registry, preview_type.kind, project_id, CUTOVER_E_STATE, "has preview",
                            "Remove its previews first.", error);
    return status;
}

/* The preview that a promotion reads, or a restore writes. */
static cutover_status used_by(const cutover_registry *registry, const char *job_id, const char *preview_id,
                              bool *used, cutover_error **error)
{
    struct document job = {0};
    bool found = false;

    cutover_status status = document_find(&registry->store, "promotion", job_id, &job, &found, error);
    if (status != CUTOVER_OK || !found)
        return status;
    struct json_object *body = json_parse(job.body, strlen(job.body), error);
    if (body == NULL)
        status = CUTOVER_E_STORE;
    *used = strcmp(json_text_or(body, "preview_id", ""), preview_id) == 0;
    json_object_put(body);
    document_free(&job);
    return status;
}

cutover_status registry_check_preview_unused(const cutover_registry *registry, const char *project_id,
                                             const char *preview_id, cutover_error **error)
{
    struct document claim = {0};
    char *job_id = NULL;
    bool claimed = false, used = false;

    cutover_status status = document_find(&registry->store, "claim", preview_id, &claim, &claimed, error);
    document_free(&claim);
    if (status == CUTOVER_OK && claimed) {
        status = error_set(error, CUTOVER_E_STATE, "preview %s has a live request", preview_id);
        error_hint(error, "Reject or cancel it first.");
    }
    if (status == CUTOVER_OK)
        status = lock_holder(registry, project_id, &job_id, error);
    if (status == CUTOVER_OK && job_id != NULL)
        status = used_by(registry, job_id, preview_id, &used, error);
    if (status == CUTOVER_OK && used)
        status = error_set(error, CUTOVER_E_LOCKED, "preview %s is used by job %s", preview_id, job_id);
    free(job_id);
    return status;
}
