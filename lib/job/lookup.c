#include "job/lookup.h"

#include <string.h>

static cutover_status load(const struct host *host, const struct record_type *type, const char *job_id,
                           void *record, struct found_job *job, cutover_error **error)
{
    cutover_status status = document_get_record(&host->store, type, job_id, record, &job->version, error);

    if (status == CUTOVER_OK)
        job->type = type;
    return status;
}

cutover_status lookup_job(const struct host *host, const char *job_id, struct found_job *job,
                          cutover_error **error)
{
    cutover_error *local = NULL;

    memset(job, 0, sizeof *job);
    cutover_status status = load(host, &promotion_type, job_id, &job->promotion, job, &local);
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        local = NULL;
        status = load(host, &backup_type, job_id, &job->backup, job, &local);
    }
    if (status == CUTOVER_E_NOT_FOUND || (status == CUTOVER_OK && job->backup.promotion_id != NULL)) {
        cutover_error_free(local);
        found_job_free(job);
        return error_set(error, CUTOVER_E_NOT_FOUND, "no job %s", job_id);
    }
    error_move(error, local);
    return status;
}

void found_job_free(struct found_job *job)
{
    record_free(&promotion_type, &job->promotion);
    record_free(&backup_type, &job->backup);
    memset(job, 0, sizeof *job);
}

const char *found_job_project(const struct found_job *job)
{
    return job->type == &promotion_type ? job->promotion.project_id : job->backup.project_id;
}

const char *found_job_request(const struct found_job *job)
{
    return job->type == &promotion_type ? job->promotion.request_id : job->backup.request_id;
}

const char *found_job_status(const struct found_job *job)
{
    return job->type == &promotion_type ? promotion_status_names[job->promotion.status]
                                        : backup_status_names[job->backup.status];
}

bool found_job_is_over(const struct found_job *job)
{
    return job->type == &promotion_type ? machine_promotion_is_over(job->promotion.status)
                                        : !machine_backup_is_running(job->backup.status);
}

bool found_job_is_swapping(const struct found_job *job)
{
    return job->type == &promotion_type &&
           (job->promotion.status == PROMOTION_SWAP || job->promotion.status == PROMOTION_FINISH);
}
