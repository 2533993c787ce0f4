/* A promotion: an acknowledged request's preview becomes production. */
#include "base/text.h"
#include "pipeline/job.h"

#define HOLD_MAX_DEFAULT_S 86400

static bool is_held(const struct job *job)
{
    return job->hold;
}

/* Production refuses writes from the catch-up on, or from the backup on: what takes long and does not read it comes before. */
static const struct step steps[] = {
    {"preflight", step_preflight, NULL}, {"lock", step_lock, NULL},
    {"stage", step_stage, NULL},         {"check", step_check, NULL},
    {"backup", step_backup, NULL},       {"verify", step_verify, NULL},
    {"held", step_held, is_held},        {"catch_up", step_catch_up, job_catches_up},
    {"swap", step_swap, NULL},           {"finish", step_finish, NULL},
};

static const struct job_type type = {
    .name = "promotion",
    .kind = JOB_PROMOTION,
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .stop = job_stop_by_journal,
    .is_over = job_is_over_by_journal,
    .done = "completed",
    .swapped = "production has its new content, and its records are not finished yet",
    .production = "Production has the preview's content, and is open for reads and writes.",
};

cutover_status promotion_make(struct job *job, struct host *host, const cutover_promotion_options *options,
                              cutover_error **error)
{
    cutover_status status = job_init(job, &type, host, options->actor, options->jobs, options->progress,
                                     options->progress_userdata, error);

    job->source = &source_preview;
    job->target = &target_production;
    job->verify = options->verify;
    job->hold = options->hold != 0;
    job->hold_max_s = options->hold_max_s != 0 ? options->hold_max_s : HOLD_MAX_DEFAULT_S;
    job->writes_refused_max_s = options->writes_refused_max_s;
    job->if_version = options->if_version;
    job->fence = options->fence;
    if (status == CUTOVER_OK)
        status = string_copy(options->request_id, &job->request_id, error);
    return status;
}
