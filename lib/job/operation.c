#include "job/operation.h"

#include "base/folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

cutover_status operation_jobs_check(uint32_t jobs, cutover_error **error)
{
    if (jobs <= JOBS_MAX)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "jobs: %u, at most %d", jobs, JOBS_MAX);
}

void operation_init(struct operation *operation, struct host *host, uint32_t jobs, cutover_progress_fn tell,
                    void *tell_userdata)
{
    memset(operation, 0, sizeof *operation);
    operation->host = host;
    operation->folder_lock = -1;
    session_reserve_init(&operation->reserved);
    operation->reserve = &operation->reserved;
    operation->jobs = jobs == 0 ? JOBS_DEFAULT : jobs;
    cancel_init(&operation->cancel, NULL);
    progress_init(&operation->progress, tell, tell_userdata, &operation->cancel);
    operation->progress.strict = host->policy & CUTOVER_STRICT_ANSWERS;
}

cutover_status operation_open(struct operation *operation, cutover_error **error)
{
    cutover_status status =
        tools_find(operation->host->pg_bin_dir, &operation->cancel, &operation->tools, error);

    if (status == CUTOVER_OK)
        status = folder_claim(operation->host->work_dir, &operation->folder, &operation->folder_lock, error);
    if (status == CUTOVER_OK)
        operation->tools.work_dir = operation->folder;
    return status;
}

void operation_close(struct operation *operation)
{
    if (operation->reserve != NULL)
        session_reserve_close(operation->reserve);
    operation->reserve = NULL;
    tools_free(&operation->tools);
    folder_remove(operation->folder);
    if (operation->folder != NULL && operation->folder_lock >= 0)
        close(operation->folder_lock);
    free(operation->folder);
    operation->folder = NULL;
    progress_destroy(&operation->progress);
}

void operation_sweep(const struct host *host)
{
    folder_sweep(host->work_dir);
}

struct session_options operation_session(const struct operation *operation, const struct conninfo *conninfo,
                                         const char *database)
{
    return (struct session_options){
        .conninfo = conninfo,
        .database = database,
        .cancel = &operation->cancel,
        .log = &operation->host->log,
        .connect_timeout_s = operation->host->connect_timeout_s,
        .reserve = operation->reserve,
    };
}
