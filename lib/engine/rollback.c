#include "engine/engine.h"
#include "engine/job_handle.h"
#include "engine/options.h"

#include <cutover/rollback.h>
#include <stdlib.h>

struct cutover_rollback {
    struct job_handle handle;
};

cutover_status cutover_rollback_start(cutover_engine *engine, const cutover_rollback_options *options,
                                      cutover_rollback **rollback, cutover_error **error)
{
    cutover_rollback_options whole;
    cutover_actor actor;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = port_copy(&rollback_options_port, "options", options, &whole, error);
    if (status == CUTOVER_OK)
        status = engine_actor("options.actor", whole.actor, &actor, error);
    whole.actor = &actor;
    if (status == CUTOVER_OK)
        status = engine_id_check("options.request_id", whole.request_id, error);
    if (status == CUTOVER_OK && rollback == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "rollback: required");
    if (status != CUTOVER_OK)
        return status;
    cutover_rollback *made = (cutover_rollback *)job_handle_new(sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    struct job *job = &made->handle.job;
    status = rollback_make(job, &engine->host, &whole, error);
    if (status == CUTOVER_OK)
        status = job->source->rules(job, error);
    if (status == CUTOVER_OK)
        status = rollback_look(job, error);
    if (status != CUTOVER_OK) {
        cutover_rollback_free(made);
        return status;
    }
    *rollback = made;
    return CUTOVER_OK;
}

static struct job_handle *handle_of(cutover_rollback *rollback)
{
    return (struct job_handle *)rollback;
}

cutover_writes cutover_rollback_writes(const cutover_rollback *rollback)
{
    static const cutover_writes writes[] = {
        [MARK_SAME] = CUTOVER_WRITES_NONE,
        [MARK_WRITTEN] = CUTOVER_WRITES_SOME,
        [MARK_UNKNOWN] = CUTOVER_WRITES_UNKNOWN,
    };
    const struct job_handle *handle = (const struct job_handle *)rollback;

    return job_handle_is(handle) ? writes[handle->job.from.displaced.writes] : CUTOVER_WRITES_UNKNOWN;
}

const char *cutover_writes_name(cutover_writes writes)
{
    static const char *const names[] = {"none", "some", "cannot be told"};

    return (unsigned)writes < sizeof names / sizeof *names ? names[writes] : "?";
}

cutover_status cutover_rollback_run(cutover_rollback *rollback, cutover_error **error)
{
    return job_handle_run(handle_of(rollback), "rollback", error);
}

void cutover_rollback_cancel(cutover_rollback *rollback)
{
    job_handle_cancel(handle_of(rollback));
}

cutover_status cutover_rollback_progress(cutover_rollback *rollback, cutover_progress *progress)
{
    return job_handle_progress(handle_of(rollback), progress);
}

const char *cutover_rollback_id(cutover_rollback *rollback)
{
    return job_handle_id(handle_of(rollback));
}

const char *cutover_rollback_report(cutover_rollback *rollback)
{
    return job_handle_report(handle_of(rollback));
}

void cutover_rollback_free(cutover_rollback *rollback)
{
    if (job_handle_close(handle_of(rollback)))
        free(rollback);
}
