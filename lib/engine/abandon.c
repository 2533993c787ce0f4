#include "pipeline/abandon.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "job/leftover.h"
#include "job/lookup.h"
#include "pipeline/recover.h"

#include <stdlib.h>
#include <string.h>

struct abandoning {
    struct host *host;
    struct abandoner by;
    const char *job_id;
    cutover_recovery_emit emit;
    void *context;
    bool met; /* its lease */
    cutover_recovered outcome;
    cutover_status failed; /* where that is CUTOVER_RECOVERED_FAILED */
    struct text message;
    uint32_t ask_again_s;
};

static cutover_status keep_outcome(const cutover_recovery *recovery, void *context)
{
    struct abandoning *abandoning = context;

    abandoning->outcome = recovery->outcome;
    abandoning->ask_again_s = recovery->ask_again_s;
    text_clear(&abandoning->message);
    text_add(&abandoning->message, recovery->message);
    return abandoning->emit != NULL ? abandoning->emit(recovery, abandoning->context) : CUTOVER_OK;
}

static cutover_status abandon_one(void *context, const struct lease_sight *sight, cutover_error **error)
{
    struct abandoning *abandoning = context;

    (void)error;
    if (strcmp(sight->record.job_id, abandoning->job_id) != 0)
        return CUTOVER_OK;
    abandoning->met = true;
    return recover_lease(abandoning->host, sight, &abandoning->by, keep_outcome, abandoning);
}

/* What became of it, as a status. */
static cutover_status settled(const struct abandoning *abandoning, cutover_error **error)
{
    switch (abandoning->outcome) {
    case CUTOVER_RECOVERED_RUNNING:
        error_set(error, CUTOVER_E_LOCKED, "job %s is not known to be dead: %s", abandoning->job_id,
                  text_string(&abandoning->message));
        error_hint(error,
                   "Cancel a job that runs; one whose process is gone is known to be dead after 30 seconds.");
        return CUTOVER_E_LOCKED;
    case CUTOVER_RECOVERED_FAILED:
        return error_set(error, abandoning->failed, "job %s could not be abandoned: %s", abandoning->job_id,
                         text_string(&abandoning->message));
    default:
        return CUTOVER_OK;
    }
}

static cutover_status options_take(const cutover_abandon_options *given, cutover_abandon_options *options,
                                   cutover_actor *actor, cutover_error **error)
{
    cutover_status status = port_copy(&abandon_options_port, "options", given, options, error);

    if (status == CUTOVER_OK)
        status =
            engine_operator("options.actor", options->actor, "Jobs are abandoned by operators.", actor, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("options.job_id", options->job_id, error);
    if (status == CUTOVER_OK)
        status = engine_reason_check("options.reason", options->reason, error);
    if (status == CUTOVER_OK && options->confirm == 0) {
        status = error_set(error, CUTOVER_E_INVALID, "options.confirm: required");
        error_hint(error, "An abandoned job is not tried again: what it left is for you to look after.");
    }
    return status;
}

/* The project that it is of; a job that has ended is in nobody's way. */
static cutover_status unfinished(struct host *host, const char *job_id, char **project_id,
                                 cutover_error **error)
{
    struct found_job job = {0};
    cutover_status status = lookup_job(host, job_id, &job, error);

    if (status == CUTOVER_OK)
        status = string_copy(found_job_project(&job), project_id, error);
    found_job_free(&job);
    return status;
}

static cutover_status check_over(struct host *host, const char *job_id, cutover_error **error)
{
    struct found_job job = {0};
    cutover_status status = lookup_job(host, job_id, &job, error);

    if (status == CUTOVER_OK)
        status =
            error_set(error, CUTOVER_E_STATE, "job %s has ended: it is %s", job_id, found_job_status(&job));
    found_job_free(&job);
    return status;
}

cutover_status cutover_recover_abandon(cutover_engine *engine, const cutover_abandon_options *given,
                                       cutover_recovery_emit emit, void *context, cutover_error **error)
{
    cutover_abandon_options options;
    cutover_actor actor;
    char *project_id = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(given, &options, &actor, error);
    if (status == CUTOVER_OK)
        status = unfinished(&engine->host, options.job_id, &project_id, error);
    if (status != CUTOVER_OK)
        return status;
    struct abandoning abandoning = {
        .host = &engine->host,
        .by = {&actor, options.reason, NULL},
        .job_id = options.job_id,
        .emit = emit,
        .context = context,
        .message = TEXT_INIT,
    };
    abandoning.by.failed = &abandoning.failed;
    status = lease_look(&engine->host, project_id, abandon_one, &abandoning, NULL, error);
    if (status == CUTOVER_OK)
        status =
            abandoning.met ? settled(&abandoning, error) : check_over(&engine->host, options.job_id, error);
    text_free(&abandoning.message);
    free(project_id);
    return status;
}

/* ---- what was left ---- */

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

cutover_status cutover_leftovers_list(cutover_engine *engine, const char *project_id,
                                      cutover_leftover_emit emit, void *context, cutover_error **error)
{
    struct leftovers list = {0};
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && project_id != NULL)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, project_id, error);
    if (status == CUTOVER_OK)
        status = leftovers_read(&engine->host, project_id, &list, error);
    for (size_t i = 0; status == CUTOVER_OK && i < list.count; i++) {
        const struct leftover *one = &list.items[i];
        const cutover_leftover told = {
            .version = 1,
            .id = one->id,
            .project_id = one->project_id,
            .job_id = one->job_id,
            .kind = leftover_kind_names[one->kind],
            .database = or_empty(one->name),
            .oid = (uint32_t)one->oid,
            .system_identifier = or_empty(one->system_identifier),
            .message = or_empty(one->message),
            .since = one->since,
        };
        status = emit(&told, context);
    }
    leftovers_free(&list);
    return status;
}

cutover_status cutover_leftover_forget(cutover_engine *engine, const cutover_actor *actor,
                                       const char *leftover_id, const char *reason, cutover_error **error)
{
    struct leftover leftover = {0};
    cutover_actor operator;
    uint64_t version = 0;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("leftover_id", leftover_id, error);
    if (status == CUTOVER_OK)
        status = engine_operator("actor", actor, "What jobs left is forgotten by operators.", &operator, error);
    if (status == CUTOVER_OK)
        status = engine_reason_check("reason", reason, error);
    if (status == CUTOVER_OK)
        status =
            document_get_record(&engine->host.store, &leftover_type, leftover_id, &leftover, &version, error);
    if (status != CUTOVER_OK)
        return status;
    status = leftover_remove(&engine->host, &operator, "leftover.forgotten", &leftover, reason, error);
    record_free(&leftover_type, &leftover);
    return status;
}
