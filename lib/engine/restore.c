#include "engine/engine.h"
#include "engine/job_handle.h"
#include "engine/options.h"

#include <cutover/restore.h>
#include <stdlib.h>
#include <string.h>

struct cutover_restore {
    struct job_handle handle;
};

/* What the caller gave, whole. */
static cutover_status options_take(const cutover_restore_options *given, cutover_restore_options *options,
                                   cutover_actor *actor, cutover_error **error)
{
    cutover_status status = port_copy(&restore_options_port, "options", given, options, error);

    if (status == CUTOVER_OK)
        status = engine_actor("options.actor", options->actor, actor, error);
    options->actor = actor;
    if (status == CUTOVER_OK)
        status = engine_id_check("options.backup_id", options->backup_id, error);
    if (status == CUTOVER_OK)
        status = operation_jobs_check(options->jobs, error);
    if (status == CUTOVER_OK && (options->preview_id == NULL) == (options->project_id == NULL)) {
        status = error_set(error, CUTOVER_E_INVALID,
                           "options.preview_id, options.project_id: a restore has one target");
        error_hint(error, "Give either preview_id or project_id.");
    }
    if (status == CUTOVER_OK && options->verify != CUTOVER_VERIFY_RESTORE &&
        options->verify != CUTOVER_VERIFY_READBACK)
        status = error_set(error, CUTOVER_E_INVALID, "options.verify: %d is no method", (int)options->verify);
    if (status == CUTOVER_OK && options->fence != CUTOVER_FENCE_LATE && options->fence != CUTOVER_FENCE_EARLY)
        status = error_set(error, CUTOVER_E_INVALID, "options.fence: %d is neither late (%d) nor early (%d)",
                           (int)options->fence, CUTOVER_FENCE_LATE, CUTOVER_FENCE_EARLY);
    return status;
}

static cutover_status job_make(struct job *job, struct host *host, const cutover_restore_options *options,
                               cutover_error **error)
{
    cutover_status status = restore_make(job, host, options, error);

    if (status == CUTOVER_OK)
        status = job->source->rules(job, error);
    if (status == CUTOVER_OK && options->project_id != NULL &&
        strcmp(options->project_id, job->project.id) != 0)
        status = error_set(error, CUTOVER_E_STATE, "backup %s is of project %s, not of %s", options->backup_id,
                           job->project.id, options->project_id);
    return status;
}

cutover_status cutover_restore_start(cutover_engine *engine, const cutover_restore_options *options,
                                     cutover_restore **restore, cutover_error **error)
{
    cutover_restore_options whole;
    cutover_actor actor;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK && restore == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "restore: required");
    if (status != CUTOVER_OK)
        return status;
    cutover_restore *made = (cutover_restore *)job_handle_new(sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    status = job_make(&made->handle.job, &engine->host, &whole, error);
    if (status != CUTOVER_OK) {
        cutover_restore_free(made);
        return status;
    }
    *restore = made;
    return CUTOVER_OK;
}

static struct job_handle *handle_of(cutover_restore *restore)
{
    return (struct job_handle *)restore;
}

cutover_status cutover_restore_run(cutover_restore *restore, cutover_error **error)
{
    return job_handle_run(handle_of(restore), "restore", error);
}

void cutover_restore_cancel(cutover_restore *restore)
{
    job_handle_cancel(handle_of(restore));
}

cutover_status cutover_restore_progress(cutover_restore *restore, cutover_progress *progress)
{
    return job_handle_progress(handle_of(restore), progress);
}

const char *cutover_restore_id(cutover_restore *restore)
{
    return job_handle_id(handle_of(restore));
}

const char *cutover_restore_report(cutover_restore *restore)
{
    return job_handle_report(handle_of(restore));
}

void cutover_restore_free(cutover_restore *restore)
{
    if (job_handle_close(handle_of(restore)))
        free(restore);
}
