#include "base/text.h"
#include "engine/engine.h"
#include "engine/handles.h"
#include "engine/options.h"
#include "pipeline/job.h"

#include <stdlib.h>
#include <string.h>

const char *cutover_severity_name(cutover_severity severity)
{
    return severity <= CUTOVER_SEVERITY_BLOCK ? severity_names[severity] : "?";
}

/* What the rules refuse is a finding here, so that an operator sees all of it at once. */
static cutover_status rules_look(struct job *job, bool *known, cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status = job->source->rules(job, &local);

    *known = job->project.found && job->from.preview.preview.found;
    if (status == CUTOVER_OK) {
        findings_add(&job->findings, CUTOVER_SEVERITY_OK, "request.rules", NULL,
                     "the request may be promoted now");
        return lock_check(job->host, job->project.id, error);
    }
    bool refused = status == CUTOVER_E_STATE || status == CUTOVER_E_EXPIRED || status == CUTOVER_E_LOCKED ||
                   (status == CUTOVER_E_NOT_FOUND && job->request.id != NULL);
    if (!refused) {
        error_move(error, local);
        return status;
    }
    findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "request.rules", cutover_error_hint(local), "%s",
                 cutover_error_message(local));
    cutover_error_free(local);
    return CUTOVER_OK;
}

static cutover_status tools_look(struct job *job, bool *found, cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status = operation_open(&job->operation, &local);

    *found = status == CUTOVER_OK;
    if (status == CUTOVER_OK || status == CUTOVER_E_NOMEM) {
        error_move(error, local);
        return status;
    }
    findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "tools", cutover_error_hint(local), "%s",
                 cutover_error_message(local));
    cutover_error_free(local);
    return CUTOVER_OK;
}

static cutover_status look(struct job *job, cutover_error **error)
{
    bool known = false, tools = false;
    cutover_error *local = NULL;
    cutover_status status = rules_look(job, &known, &local);

    if (status == CUTOVER_E_LOCKED) {
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "project.lock", cutover_error_hint(local), "%s",
                     cutover_error_message(local));
        cutover_error_free(local);
        status = CUTOVER_OK;
    } else {
        error_move(error, local);
    }
    if (status == CUTOVER_OK)
        status = tools_look(job, &tools, error);
    if (status == CUTOVER_OK && known && tools)
        status = job->source->look(job, error);
    return status;
}

/* What a preview is refused for before anybody asks for it, likewise. */
static cutover_status preview_rules_look(struct job *job, const char *project_id, const char *preview_id,
                                         bool *known, cutover_error **error)
{
    struct preview *preview = &job->from.preview.preview;
    struct machine_facts facts;
    cutover_error *local = NULL;

    cutover_status status = platform_project(&job->host->platform, project_id, &job->project, error);
    if (status == CUTOVER_OK)
        status = platform_preview(&job->host->platform, preview_id, preview, error);
    if (status != CUTOVER_OK)
        return status;
    *known = job->project.found && preview->found;
    if (!*known || strcmp(preview->project_id, project_id) != 0)
        return error_set(error, CUTOVER_E_NOT_FOUND, "project %s has no preview %s", project_id, preview_id);
    host_facts(job->host, &job->project, preview, &facts);
    status = machine_preview_check(&facts, project_id, &local);
    if (status == CUTOVER_OK)
        status = job_project_check(job->host, &job->project, &local);
    if (status == CUTOVER_OK) {
        findings_add(&job->findings, CUTOVER_SEVERITY_OK, "request.rules", NULL,
                     "the preview may be asked for now");
        return CUTOVER_OK;
    }
    if (status == CUTOVER_E_STATE || status == CUTOVER_E_EXPIRED || status == CUTOVER_E_LOCKED) {
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "request.rules", cutover_error_hint(local), "%s",
                     cutover_error_message(local));
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

/* Takes the findings over into a new handle. */
static cutover_status preflight_wrap(struct findings *findings, cutover_preflight **preflight,
                                     cutover_error **error)
{
    const char *json;
    cutover_status status = findings_json(findings, &json, error);

    if (status != CUTOVER_OK)
        return status;
    cutover_preflight *made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    made->findings = *findings;
    memset(findings, 0, sizeof *findings);
    *preflight = made;
    return CUTOVER_OK;
}

cutover_status cutover_preflight_run(cutover_engine *engine, const cutover_actor *actor, const char *request_id,
                                     uint32_t jobs, cutover_preflight **preflight, cutover_error **error)
{
    struct job job;
    cutover_actor whole;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("request_id", request_id, error);
    if (status == CUTOVER_OK && preflight == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "preflight: required");
    if (status == CUTOVER_OK)
        status = engine_actor("actor", actor, &whole, error);
    if (status == CUTOVER_OK)
        status = operation_jobs_check(jobs, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    options.actor = &whole;
    options.request_id = request_id;
    options.jobs = jobs;
    status = promotion_make(&job, &engine->host, &options, error);
    if (status == CUTOVER_OK)
        status = look(&job, error);
    if (status == CUTOVER_OK)
        status = preflight_wrap(&job.findings, preflight, error);
    job_free(&job);
    return status;
}

static cutover_status preview_look(struct job *job, const char *project_id, const char *preview_id,
                                   cutover_error **error)
{
    bool known = false, tools = false;
    cutover_status status = preview_rules_look(job, project_id, preview_id, &known, error);

    if (status == CUTOVER_OK)
        status = tools_look(job, &tools, error);
    if (status == CUTOVER_OK && tools)
        status = job->source->look(job, error);
    return status;
}

cutover_status cutover_preflight_preview(cutover_engine *engine, const cutover_actor *actor,
                                         const char *project_id, const char *preview_id, uint32_t jobs,
                                         cutover_preflight **preflight, cutover_error **error)
{
    struct job job;
    cutover_actor whole;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("preview_id", preview_id, error);
    if (status == CUTOVER_OK && preflight == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "preflight: required");
    if (status == CUTOVER_OK)
        status = engine_actor("actor", actor, &whole, error);
    if (status == CUTOVER_OK && (whole.roles & (CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR)) == 0)
        status = error_set(error, CUTOVER_E_FORBIDDEN, "previews are looked at by members and operators");
    if (status == CUTOVER_OK)
        status = operation_jobs_check(jobs, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    options.actor = &whole;
    options.jobs = jobs;
    status = promotion_make(&job, &engine->host, &options, error);
    if (status == CUTOVER_OK)
        status = preview_look(&job, project_id, preview_id, error);
    if (status == CUTOVER_OK)
        status = preflight_wrap(&job.findings, preflight, error);
    job_free(&job);
    return status;
}

const cutover_preflight *preflight_of(struct findings *findings)
{
    const char *json;

    /* The handle's only member is the findings. */
    return findings_json(findings, &json, NULL) == CUTOVER_OK ? (const cutover_preflight *)findings : NULL;
}

cutover_severity cutover_preflight_severity(const cutover_preflight *preflight)
{
    return preflight != NULL ? findings_severity(&preflight->findings) : CUTOVER_SEVERITY_BLOCK;
}

size_t cutover_preflight_count(const cutover_preflight *preflight)
{
    return preflight != NULL ? preflight->findings.count : 0;
}

const cutover_finding *cutover_preflight_at(const cutover_preflight *preflight, size_t index)
{
    return index < cutover_preflight_count(preflight) ? &preflight->findings.list[index] : NULL;
}

const char *cutover_preflight_json(const cutover_preflight *preflight)
{
    return preflight != NULL ? preflight->findings.json : NULL;
}

void cutover_preflight_free(cutover_preflight *preflight)
{
    if (preflight == NULL)
        return;
    findings_free(&preflight->findings);
    free(preflight);
}
