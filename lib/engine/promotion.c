#include "base/text.h"
#include "engine/engine.h"
#include "engine/handles.h"
#include "engine/job_handle.h"
#include "engine/options.h"
#include "job/hold.h"

#include <stdlib.h>
#include <string.h>

struct cutover_promotion {
    struct job_handle handle;
};

/* What the caller gave, whole. */
static cutover_status options_take(const cutover_promotion_options *given, cutover_promotion_options *options,
                                   cutover_actor *actor, cutover_error **error)
{
    cutover_status status = port_copy(&promotion_options_port, "options", given, options, error);

    if (status == CUTOVER_OK)
        status = engine_actor("options.actor", options->actor, actor, error);
    options->actor = actor;
    if (status == CUTOVER_OK)
        status = engine_id_check("options.request_id", options->request_id, error);
    if (status == CUTOVER_OK)
        status = operation_jobs_check(options->jobs, error);
    if (status == CUTOVER_OK && options->verify != CUTOVER_VERIFY_RESTORE &&
        options->verify != CUTOVER_VERIFY_READBACK)
        status = error_set(error, CUTOVER_E_INVALID, "options.verify: %d is no method", (int)options->verify);
    if (status == CUTOVER_OK && options->fence != CUTOVER_FENCE_LATE && options->fence != CUTOVER_FENCE_EARLY)
        status = error_set(error, CUTOVER_E_INVALID, "options.fence: %d is neither late (%d) nor early (%d)",
                           (int)options->fence, CUTOVER_FENCE_LATE, CUTOVER_FENCE_EARLY);
    return status;
}

cutover_status cutover_promotion_start(cutover_engine *engine, const cutover_promotion_options *options,
                                       cutover_promotion **promotion, cutover_error **error)
{
    cutover_promotion_options whole;
    cutover_actor actor;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK && promotion == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "promotion: required");
    if (status != CUTOVER_OK)
        return status;
    cutover_promotion *made = (cutover_promotion *)job_handle_new(sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    struct job *job = &made->handle.job;
    status = promotion_make(job, &engine->host, &whole, error);
    if (status == CUTOVER_OK)
        status = job->source->rules(job, error);
    if (status == CUTOVER_OK)
        status = lock_check(job->host, job->project.id, error);
    if (status != CUTOVER_OK) {
        cutover_promotion_free(made);
        return status;
    }
    *promotion = made;
    return CUTOVER_OK;
}

static struct job_handle *handle_of(cutover_promotion *promotion)
{
    return (struct job_handle *)promotion;
}

cutover_status cutover_promotion_run(cutover_promotion *promotion, cutover_error **error)
{
    return job_handle_run(handle_of(promotion), "promotion", error);
}

void cutover_promotion_cancel(cutover_promotion *promotion)
{
    job_handle_cancel(handle_of(promotion));
}

cutover_status cutover_promotion_progress(cutover_promotion *promotion, cutover_progress *progress)
{
    return job_handle_progress(handle_of(promotion), progress);
}

const char *cutover_promotion_id(cutover_promotion *promotion)
{
    return job_handle_id(handle_of(promotion));
}

const cutover_preflight *cutover_promotion_preflight(cutover_promotion *promotion)
{
    struct job_handle *handle = handle_of(promotion);

    if (!job_handle_is_over(handle) || !handle->job.looked)
        return NULL;
    return preflight_of(&handle->job.findings);
}

const char *cutover_promotion_report(cutover_promotion *promotion)
{
    return job_handle_report(handle_of(promotion));
}

void cutover_promotion_free(cutover_promotion *promotion)
{
    if (job_handle_close(handle_of(promotion)))
        free(promotion);
}

/* The promotion of a request, by its record. */
static cutover_status promotion_of(const struct host *host, const char *request_id,
                                   struct request_record *request, struct journal *journal,
                                   cutover_error **error)
{
    uint64_t version;
    cutover_status status =
        document_get_record(&host->store, &request_type, request_id, request, &version, error);

    if (status == CUTOVER_OK && request->promote_job_id == NULL)
        status = error_set(error, CUTOVER_E_STATE, "request %s has no promotion yet", request_id);
    return status != CUTOVER_OK ? status : journal_load(host, request->promote_job_id, journal, error);
}

cutover_status cutover_promotion_release(cutover_engine *engine, const cutover_actor *actor,
                                         const char *request_id, cutover_error **error)
{
    struct request_record request = {0};
    struct journal journal = {0};
    cutover_actor whole;
    enum request_status next;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("request_id", request_id, error);
    if (status == CUTOVER_OK)
        status = engine_actor("actor", actor, &whole, error);
    if (status != CUTOVER_OK)
        return status;
    actor = &whole;
    uint64_t version;
    status = document_get_record(&engine->host.store, &request_type, request_id, &request, &version, error);
    if (status == CUTOVER_OK)
        status = machine_request(&request, VERB_RELEASE, actor, NULL, 0, &next, error);
    record_free(&request_type, &request);
    if (status == CUTOVER_OK)
        status = promotion_of(&engine->host, request_id, &request, &journal, error);
    if (status == CUTOVER_OK)
        status = hold_release(&engine->host, actor, &journal.record, error);
    record_free(&request_type, &request);
    journal_free(&journal);
    return status;
}

cutover_status cutover_promotion_show(cutover_engine *engine, const char *request_id, char **json,
                                      cutover_error **error)
{
    struct request_record request = {0};
    struct journal journal = {0};
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("request_id", request_id, error);
    if (status == CUTOVER_OK && json == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "json: required");
    if (status == CUTOVER_OK)
        status = promotion_of(&engine->host, request_id, &request, &journal, error);
    if (status == CUTOVER_OK)
        status = record_format(&promotion_type, &journal.record, json, error);
    record_free(&request_type, &request);
    journal_free(&journal);
    return status;
}
