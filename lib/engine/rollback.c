#include "pipeline/rollback.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/options.h"

#include <cutover/rollback.h>
#include <stdlib.h>

struct cutover_rollback {
    struct rollback job;
    bool ran;
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
    if (status == CUTOVER_OK)
        status = engine_id_check("options.request_id", whole.request_id, error);
    if (status == CUTOVER_OK && rollback == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "rollback: required");
    if (status != CUTOVER_OK)
        return status;
    options = &whole;
    cutover_rollback *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    struct rollback *job = &made->job;
    job->host = &engine->host;
    job->discard_writes = options->discard_writes != 0;
    operation_init(&job->operation, &engine->host, 1, NULL, NULL);
    status = string_copy(actor.id, &job->actor_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->request_id, &job->request_id, error);
    if (status == CUTOVER_OK) {
        job->actor = actor;
        job->actor.id = job->actor_id;
        status = rollback_look(job, error);
    }
    if (status != CUTOVER_OK) {
        cutover_rollback_free(made);
        return status;
    }
    *rollback = made;
    return CUTOVER_OK;
}

cutover_writes cutover_rollback_writes(const cutover_rollback *rollback)
{
    switch (rollback->job.writes) {
    case MARK_SAME:
        return CUTOVER_WRITES_NONE;
    case MARK_WRITTEN:
        return CUTOVER_WRITES_SOME;
    case MARK_UNKNOWN:
        break;
    }
    return CUTOVER_WRITES_UNKNOWN;
}

const char *cutover_writes_name(cutover_writes writes)
{
    static const char *const names[] = {"none", "some", "cannot be told"};

    return (unsigned)writes < sizeof names / sizeof *names ? names[writes] : "?";
}

cutover_status cutover_rollback_run(cutover_rollback *rollback, cutover_error **error)
{
    if (rollback == NULL)
        return error_set(error, CUTOVER_E_INVALID, "rollback: required");
    if (rollback->ran)
        return error_set(error, CUTOVER_E_INVALID, "rollback: a job runs once");
    rollback->ran = true;
    return rollback_run(&rollback->job, error);
}

const char *cutover_rollback_report(cutover_rollback *rollback)
{
    return rollback != NULL ? rollback->job.report.json : NULL;
}

void cutover_rollback_free(cutover_rollback *rollback)
{
    if (rollback == NULL)
        return;
    rollback_free(&rollback->job);
    free(rollback);
}
