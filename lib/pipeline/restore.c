/* A restore: a backup becomes the content of production, or of a preview's empty database. */
#include "base/text.h"
#include "pipeline/job.h"

static const struct step steps[] = {
    {"preflight", step_preflight, NULL},
    {"lock", step_lock, NULL},
    {"stage", step_stage, NULL},
    {"check", step_check, NULL},
    {"backup", step_backup, job_is_backed_up},
    {"verify", step_verify, job_is_backed_up},
    {"catch_up", step_catch_up, job_catches_up},
    {"swap", step_swap, NULL},
    {"finish", step_finish, NULL},
};

static void tell(const struct job *job, struct json_object *report)
{
    const struct backup_source *from = &job->from.backup;

    json_put_text(report, "target_kind", job->target->kind);
    json_put_text(report, "target_id", from->into_preview != NULL ? from->into_preview : job->project.id);
    json_put_text(report, "source_backup_id", from->backup_id);
}

static const struct job_type type = {
    .name = "restore",
    .kind = JOB_RESTORE,
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .stop = job_stop_by_journal,
    .is_over = job_is_over_by_journal,
    .done = "completed",
    .swapped = "production has its new content, and its records are not finished yet",
    .production = "Production has the backup's content, and is open for reads and writes.",
    .tell = tell,
};

cutover_status restore_make(struct job *job, struct host *host, const cutover_restore_options *options,
                            cutover_error **error)
{
    struct backup_source *from = &job->from.backup;
    cutover_status status = job_init(job, &type, host, options->actor, options->jobs, options->progress,
                                     options->progress_userdata, error);

    job->source = &source_backup;
    job->target = options->preview_id != NULL ? &target_preview : &target_production;
    job->verify = options->verify;
    job->fence = options->fence;
    job->writes_refused_max_s = options->writes_refused_max_s;
    from->confirm = options->confirm != 0;
    if (status == CUTOVER_OK)
        status = string_copy(options->backup_id, &from->backup_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->preview_id, &from->into_preview, error);
    return status;
}
