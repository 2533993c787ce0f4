#include "base/text.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "pipeline/promote.h"

#include <cutover/restore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct cutover_restore {
    struct promote job;
    atomic_bool ran, over;
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
    return status;
}

static cutover_status job_make(struct promote *job, struct host *host, const cutover_restore_options *options,
                               cutover_error **error)
{
    job->kind = JOB_RESTORE;
    job->host = host;
    job->verify = options->verify;
    job->confirm = options->confirm != 0;
    operation_init(&job->operation, host, options->jobs, options->progress, options->progress_userdata);
    cutover_status status = string_copy(options->actor->id, &job->actor_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->backup_id, &job->source_backup_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->preview_id, &job->target_preview_id, error);
    job->actor = *options->actor;
    job->actor.id = job->actor_id;
    if (status == CUTOVER_OK)
        status = promote_rules(job, error);
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
    cutover_restore *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    status = job_make(&made->job, &engine->host, &whole, error);
    if (status != CUTOVER_OK) {
        cutover_restore_free(made);
        return status;
    }
    *restore = made;
    return CUTOVER_OK;
}

cutover_status cutover_restore_run(cutover_restore *restore, cutover_error **error)
{
    if (restore == NULL)
        return error_set(error, CUTOVER_E_INVALID, "restore: required");
    if (atomic_exchange(&restore->ran, true))
        return error_set(error, CUTOVER_E_INVALID, "restore: a job runs once");
    cutover_status status = promote_run(&restore->job, error);
    atomic_store(&restore->over, true);
    return status;
}

void cutover_restore_cancel(cutover_restore *restore)
{
    if (restore != NULL)
        cancel_ask(&restore->job.operation.cancel);
}

cutover_status cutover_restore_progress(cutover_restore *restore, cutover_progress *progress)
{
    return restore != NULL ? progress_give(&restore->job.operation.progress, progress) : CUTOVER_E_INVALID;
}

const char *cutover_restore_report(cutover_restore *restore)
{
    return restore != NULL && atomic_load(&restore->over) ? restore->job.report.json : NULL;
}

void cutover_restore_free(cutover_restore *restore)
{
    if (restore == NULL || (atomic_load(&restore->ran) && !atomic_load(&restore->over)))
        return;
    promote_free(&restore->job);
    free(restore);
}
