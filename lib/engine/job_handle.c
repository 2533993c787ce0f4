#include "engine/job_handle.h"

#include <stdlib.h>

#define JOB_MAGIC 0x6a6f6220u

enum { JOB_READY, JOB_RUNNING, JOB_OVER };

struct job_handle *job_handle_new(size_t size)
{
    struct job_handle *handle = calloc(1, size);

    if (handle != NULL)
        handle->magic = JOB_MAGIC;
    return handle;
}

bool job_handle_is(const struct job_handle *handle)
{
    return handle != NULL && handle->magic == JOB_MAGIC;
}

cutover_status job_handle_run(struct job_handle *handle, const char *name, cutover_error **error)
{
    error_begin(error);
    int ready = JOB_READY;

    if (!job_handle_is(handle))
        return error_set(error, CUTOVER_E_INVALID, "%s: NULL, or freed already", name);
    if (!atomic_compare_exchange_strong(&handle->state, &ready, JOB_RUNNING))
        return error_set(error, CUTOVER_E_INVALID, "%s: a job runs once", name);
    cutover_status status = job_run(&handle->job, error);
    atomic_store(&handle->state, JOB_OVER);
    return status;
}

void job_handle_cancel(struct job_handle *handle)
{
    if (job_handle_is(handle))
        cancel_ask(&handle->job.operation.cancel);
}

cutover_status job_handle_progress(struct job_handle *handle, cutover_progress *progress)
{
    return job_handle_is(handle) ? progress_give(&handle->job.operation.progress, progress) : CUTOVER_E_INVALID;
}

const char *job_handle_id(const struct job_handle *handle)
{
    return job_handle_is(handle) ? handle->job.id : NULL;
}

bool job_handle_is_over(const struct job_handle *handle)
{
    return job_handle_is(handle) && atomic_load(&handle->state) == JOB_OVER;
}

const char *job_handle_report(const struct job_handle *handle)
{
    return job_handle_is_over(handle) ? handle->job.report.json : NULL;
}

bool job_handle_close(struct job_handle *handle)
{
    if (!job_handle_is(handle) || atomic_load(&handle->state) == JOB_RUNNING)
        return false;
    job_free(&handle->job);
    handle->magic = 0;
    return true;
}
