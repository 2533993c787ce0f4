/*
 * What handles of running jobs have in common: a job that is run once by one thread, while others may look at it and cancel it. A
 * public handle is a struct whose first member is one of these.
 */
#ifndef CUTOVER_ENGINE_JOB_HANDLE_H
#define CUTOVER_ENGINE_JOB_HANDLE_H

#include "pipeline/job.h"

struct job_handle {
    uint32_t magic; /* misuse is an error, not a crash */
    atomic_int state;
    struct job job;
};

/* A zeroed handle of `size` bytes, to be made a job of by one of the makers; NULL when memory is exhausted. */
struct job_handle *job_handle_new(size_t size);
/* Whether it is one: NULL, and what was freed, is none. */
bool job_handle_is(const struct job_handle *handle);
/* `name` is the argument's, for errors. CUTOVER_E_INVALID for what is no handle, or ran already. */
cutover_status job_handle_run(struct job_handle *handle, const char *name, cutover_error **error);
void job_handle_cancel(struct job_handle *handle);
/* Fills as much as the caller's version has. CUTOVER_E_INVALID for what is no handle; CUTOVER_E_UNSUPPORTED for a version that is
   not known. */
cutover_status job_handle_progress(struct job_handle *handle, cutover_progress *progress);
/* The job's id, from start on; NULL for what is no handle. */
const char *job_handle_id(const struct job_handle *handle);
/* NULL until run has returned. */
const char *job_handle_report(const struct job_handle *handle);
bool job_handle_is_over(const struct job_handle *handle);
/* False, and nothing is done, while it runs and for what is no handle. The caller frees what is its own, then the handle. */
bool job_handle_close(struct job_handle *handle);

#endif
