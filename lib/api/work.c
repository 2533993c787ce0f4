#include "api/api.h"

#include <stdlib.h>

struct cutover_api_work {
    char *job_id, *project_id;
    const char *kind;
};

cutover_status cutover_api_work_run(cutover_api_work *work, cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    return api_fail(error, CUTOVER_E_INVALID, work == NULL ? "work: required" : "work: it ran already", NULL);
}

void cutover_api_work_cancel(cutover_api_work *work)
{
    (void)work;
}

const char *cutover_api_work_job_id(const cutover_api_work *work)
{
    return work == NULL ? NULL : work->job_id;
}

const char *cutover_api_work_kind(const cutover_api_work *work)
{
    return work == NULL ? NULL : work->kind;
}

const char *cutover_api_work_project_id(const cutover_api_work *work)
{
    return work == NULL ? NULL : work->project_id;
}

void cutover_api_work_free(cutover_api_work *work)
{
    free(work);
}
