/* Step preflight: the rules, then the servers. */
#include "postgres/preflight/preflight.h"
#include "base/id.h"
#include "job/lease_watch.h"
#include "pipeline/promote.h"

#include <string.h>

cutover_status promote_rules(struct promote *job, cutover_error **error)
{
    struct host *host = job->host;
    struct machine_facts facts;
    enum request_status next;
    uint64_t version;

    if (job->kind == JOB_RESTORE)
        return restore_rules(job, error);
    record_free(&request_type, &job->request);
    project_free(&job->project);
    preview_free(&job->preview);
    cutover_status status =
        document_get_record(&host->store, &request_type, job->request_id, &job->request, &version, error);
    if (status == CUTOVER_OK)
        status = platform_project(&host->platform, job->request.project_id, &job->project, error);
    if (status == CUTOVER_OK)
        status = platform_preview(&host->platform, job->request.preview_database_id, &job->preview, error);
    if (status != CUTOVER_OK)
        return status;
    host_facts(host, &job->project, &job->preview, &facts);
    status = machine_request(&job->request, VERB_PROMOTE, &job->actor, &facts, 0, &next, error);
    if (status == CUTOVER_E_LOCKED || (status == CUTOVER_E_STATE && job->request.status == REQUEST_IN_PROGRESS))
        lease_tell_dead(host, job->project.id, error);
    return status;
}

/* A server that cannot be reached is a finding. Cancelled and out of memory are not. */
static cutover_status session_or_finding(struct promote *job, const struct conninfo *conninfo,
                                         const char *database, const char *check, struct session **session,
                                         cutover_error **error)
{
    struct session_options options = operation_session(&job->operation, conninfo, database);
    cutover_error *local = NULL;

    cutover_status status = session_open(&options, session, &local);
    if (status == CUTOVER_OK)
        return CUTOVER_OK;
    if (status == CUTOVER_E_CANCELLED || status == CUTOVER_E_NOMEM) {
        error_move(error, local);
        return status;
    }
    findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, check, cutover_error_hint(local), "%s",
                 cutover_error_message(local));
    cutover_error_free(local);
    return CUTOVER_OK;
}

/* How the job's time will be spent, from the sizes of both databases. */
static void expect_work(struct promote *job, struct session *production, struct session *preview)
{
    static const char size_query[] = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::text";
    struct progress *progress = &job->operation.progress;
    struct session *sessions[2] = {promote_over_production(job) ? production : NULL, preview};
    double sizes[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        PGresult *result = NULL;
        if (sessions[i] != NULL && session_query(sessions[i], size_query, 0, NULL, &result, NULL) == CUTOVER_OK)
            sizes[i] = (double)result_int(result, 0, 0);
        PQclear(result);
    }
    if (job->kind == JOB_RESTORE)
        sizes[1] = (double)archive_raw_bytes(&job->archive);
    bool restores = job->verify == CUTOVER_VERIFY_RESTORE;
    progress_expect(progress, PHASE_BACKUP, sizes[0]);
    progress_expect(progress, PHASE_VERIFY_READ, sizes[0] * 0.05);
    progress_expect(progress, PHASE_VERIFY_LOAD, restores ? sizes[0] * 0.9 : 0);
    progress_expect(progress, PHASE_VERIFY_INDEX, restores ? sizes[0] * 0.7 : 0);
    progress_expect(progress, PHASE_VERIFY_COMPARE, sizes[0] * (restores ? 0.5 : 0.2));
    progress_expect(progress, PHASE_STAGE_COPY, sizes[1]);
    progress_expect(progress, PHASE_STAGE_INDEX, sizes[1] * 0.7);
    progress_expect(progress, PHASE_STAGE_ANALYZE, sizes[1] * 0.1);
    progress_expect(progress, PHASE_CHECK, sizes[1] * 0.5);
    progress_expect(progress, PHASE_LAST_READ, sizes[0] * 0.05);
}

static cutover_status look_at_servers(struct promote *job, cutover_error **error)
{
    const struct project *project = &job->project;
    struct session *production = NULL, *control = NULL, *preview = NULL;

    cutover_status status =
        session_or_finding(job, &project->production, NULL, "production.connection", &production, error);
    if (status == CUTOVER_OK)
        status = session_or_finding(job, &project->production, project->control_database, "control.connection",
                                    &control, error);
    if (status == CUTOVER_OK && job->kind == JOB_PROMOTION)
        status = session_or_finding(job, &job->preview.database, NULL, "preview.connection", &preview, error);
    if (status == CUTOVER_OK && production != NULL && control != NULL &&
        (preview != NULL || job->kind == JOB_RESTORE)) {
        struct preflight_servers servers = {
            .production = production,
            .control = control,
            .preview = preview,
            .tools = &job->operation.tools,
            .jobs = job->operation.jobs,
            .verify_restores = job->verify == CUTOVER_VERIFY_RESTORE,
            .verify_elsewhere = project->verify_elsewhere,
        };
        status = preflight_servers(&servers, &job->findings, error);
        if (status == CUTOVER_OK && job->kind == JOB_RESTORE)
            status = restore_look(job, production, error);
        if (status == CUTOVER_OK)
            expect_work(job, production, preview);
    }
    session_close(preview);
    session_close(control);
    session_close(production);
    return status;
}

/* One that holds the project's lock refuses the job before this: what is left is a backup taken by itself. */
static void look_at_leases(struct promote *job)
{
    static const char check[] = "project.unfinished";
    char job_id[ID_SIZE];

    lease_find_dead(job->host, job->project.id, job_id);
    if (job_id[0] == '\0')
        findings_add(&job->findings, CUTOVER_SEVERITY_OK, check, NULL, "no job was left unfinished");
    else
        findings_add(&job->findings, CUTOVER_SEVERITY_WARN, check, "Run recovery.",
                     "job %s was left unfinished by a process that is gone", job_id);
}

cutover_status promote_look(struct promote *job, cutover_error **error)
{
    job->looked = true;
    look_at_leases(job);
    return look_at_servers(job, error);
}
