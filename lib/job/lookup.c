#include "job/lookup.h"

#include <string.h>

const struct record_type *const found_job_types[FOUND_JOB_TYPES] = {&promotion_type, &backup_type,
                                                                    &verification_type};

void *found_job_record(struct found_job *job, const struct record_type *type)
{
    if (type == &promotion_type)
        return &job->promotion;
    return type == &backup_type ? (void *)&job->backup : &job->verification;
}

/* A backup that belongs to another job is none. */
static bool is_job(const struct found_job *job)
{
    return job->type != &backup_type || job->backup.promotion_id == NULL;
}

cutover_status found_job_parse(const struct record_type *type, const char *body, uint64_t version,
                               struct found_job *job, cutover_error **error)
{
    struct found_job found = {.type = type, .version = version};
    cutover_status status = record_parse(type, body, found_job_record(&found, type), error);

    if (status == CUTOVER_OK && is_job(&found))
        *job = found;
    else
        found_job_free(&found);
    return status;
}

cutover_status lookup_job(const struct host *host, const char *job_id, struct found_job *job,
                          cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status = CUTOVER_E_NOT_FOUND;

    memset(job, 0, sizeof *job);
    for (size_t i = 0; status == CUTOVER_E_NOT_FOUND && i < FOUND_JOB_TYPES; i++) {
        cutover_error_free(local);
        local = NULL;
        job->type = found_job_types[i];
        status = document_get_record(&host->store, job->type, job_id, found_job_record(job, job->type),
                                     &job->version, &local);
    }
    if (status == CUTOVER_OK && is_job(job))
        return CUTOVER_OK;
    found_job_free(job);
    if (status == CUTOVER_OK || status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        return error_set(error, CUTOVER_E_NOT_FOUND, "no job %s", job_id);
    }
    error_move(error, local);
    return status;
}

void found_job_free(struct found_job *job)
{
    record_free(&promotion_type, &job->promotion);
    record_free(&backup_type, &job->backup);
    record_free(&verification_type, &job->verification);
    memset(job, 0, sizeof *job);
}

const char *found_job_id(const struct found_job *job)
{
    if (job->type == &promotion_type)
        return job->promotion.id;
    return job->type == &backup_type ? job->backup.id : job->verification.id;
}

const char *found_job_kind(const struct found_job *job)
{
    return job->type == &promotion_type ? job_kind_names[job->promotion.kind] : job->type->kind;
}

const char *found_job_project(const struct found_job *job)
{
    if (job->type == &promotion_type)
        return job->promotion.project_id;
    return job->type == &backup_type ? job->backup.project_id : job->verification.project_id;
}

int64_t found_job_created_at(const struct found_job *job)
{
    if (job->type == &promotion_type)
        return job->promotion.created_at;
    return job->type == &backup_type ? job->backup.created_at : job->verification.created_at;
}

const char *found_job_request(const struct found_job *job)
{
    if (job->type == &promotion_type)
        return job->promotion.request_id;
    return job->type == &backup_type ? job->backup.request_id : NULL;
}

const char *found_job_status(const struct found_job *job)
{
    if (job->type == &promotion_type)
        return promotion_status_names[job->promotion.status];
    return job->type == &backup_type ? backup_status_names[backup_status_of_own_job(&job->backup)]
                                     : verification_status_names[job->verification.status];
}

bool found_job_is_over(const struct found_job *job)
{
    if (job->type == &promotion_type)
        return machine_promotion_is_over(job->promotion.status);
    return job->type == &backup_type ? !machine_backup_is_running(backup_status_of_own_job(&job->backup))
                                     : job->verification.status != VERIFICATION_RUNNING;
}

bool found_job_is_swapping(const struct found_job *job)
{
    return job->type == &promotion_type &&
           (job->promotion.status == PROMOTION_SWAP || job->promotion.status == PROMOTION_FINISH);
}
