/* A rollback: the database that a cutover displaced goes back under production's name, by the same guarded swap. */
#include "base/text.h"
#include "pipeline/job.h"

static const struct step steps[] = {
    {"preflight", step_preflight, NULL}, {"lock", step_lock, NULL},     {"check", step_check, NULL},
    {"swap", step_swap, NULL},           {"finish", step_finish, NULL},
};

static void tell(const struct job *job, struct json_object *report)
{
    static const char *const writes[] = {
        [MARK_SAME] = "none", [MARK_WRITTEN] = "some", [MARK_UNKNOWN] = "cannot be told"};

    json_put_text(report, "writes_since_cutover", writes[job->from.displaced.writes]);
}

static const struct job_type type = {
    .name = "rollback",
    .kind = JOB_ROLLBACK,
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
    .stop = job_stop_by_journal,
    .is_over = job_is_over_by_journal,
    .done = "rolled_back",
    .swapped = "production has its old content again, and its records are not finished yet",
    .production = "Production has its old content again, and is open for reads and writes.",
    .tell = tell,
};

cutover_status rollback_make(struct job *job, struct host *host, const cutover_rollback_options *options,
                             cutover_error **error)
{
    cutover_status status =
        job_init(job, &type, host, options->actor, 1, options->progress, options->progress_userdata, error);

    job->source = &source_displaced;
    job->target = &target_after_cutover;
    job->from.displaced.discard_writes = options->discard_writes != 0;
    if (status == CUTOVER_OK)
        status = string_copy(options->request_id, &job->request_id, error);
    return status;
}
