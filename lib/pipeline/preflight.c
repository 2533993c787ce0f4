/* Step preflight: the rules, then the servers; all findings at once. Nothing is changed by it. */
#include "postgres/preflight/preflight.h"
#include "base/answer.h"
#include "base/folder.h"
#include "job/lease_watch.h"
#include "job/server.h"
#include "pipeline/job.h"
#include "postgres/event_triggers.h"

#include <string.h>
#include <sys/statvfs.h>

/* A server that cannot be reached is a finding. Cancelled and out of memory are not. Whether event triggers may be switched off may
   be a guess. */
static cutover_status session_or_finding(struct job *job, struct conninfo *conninfo, const char *database,
                                         const char *check, struct session **session, cutover_error **error)
{
    struct session_options options = operation_session(&job->operation, conninfo, database);
    cutover_error *local = NULL;

    options.control_database = job->project.control_database;
    cutover_status status = session_open(&options, session, &local);
    if (status != CUTOVER_OK && conninfo->event_triggers_off && event_triggers_refused(local)) {
        conninfo->event_triggers_off = false;
        cutover_error_free(local);
        local = NULL;
        status = session_open(&options, session, &local);
    }
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

static double size_of(struct session *session)
{
    static const char size_sql[] = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())::text";
    PGresult *result = NULL;
    double size = 0;

    if (session_query(session, size_sql, 0, NULL, &result, NULL) == CUTOVER_OK)
        size = (double)result_int(result, 0, 0);
    PQclear(result);
    return size;
}

#define WORK_NEEDS (64 * UINT64_C(1048576)) /* the dumps of a schema, no rows */
#define BACKUP_PART 3                       /* a third of the rows' text is what a backup takes, or less */

static void tell_space(struct job *job, const char *check, const char *where, uint64_t there, uint64_t needed)
{
    const unsigned long long mib = 1048576;

    if (there >= needed)
        findings_add(&job->findings, CUTOVER_SEVERITY_OK, check, NULL, "%s has %llu MiB left", where,
                     there / mib);
    else
        findings_add(
            &job->findings, CUTOVER_SEVERITY_WARN, check,
            "Make room there: a job that runs out of space ends before the swap, with nothing changed.",
            "%s has %llu MiB left, and about %llu MiB may be needed", where, there / mib, needed / mib);
}

/* What production is on its disk stands for the text of its rows. */
static void look_at_space(struct job *job, double production_bytes)
{
    const cutover_repository *repository = &job->host->repository;
    const char *folder = folder_of_work(job->host->work_dir);
    struct statvfs space;
    uint64_t there = 0;

    if (statvfs(folder, &space) == 0)
        tell_space(job, "work_dir.space", folder, (uint64_t)space.f_bavail * space.f_frsize, WORK_NEEDS);
    if (job->target->backed_up && repository->free_bytes != NULL &&
        ANSWER_OF(repository->capabilities, repository->free_bytes(&there, NULL, repository->userdata)) ==
            CUTOVER_OK)
        tell_space(job, "repository.space", "the repository", there, (uint64_t)production_bytes / BACKUP_PART);
}

/* How the job's time will be spent, from what is to be backed up and what is to come in. */
static void expect_work(struct job *job, struct session *production)
{
    struct progress *progress = &job->operation.progress;
    double production_bytes = job->target->backed_up ? size_of(production) : 0;

    look_at_space(job, production_bytes);
    progress_expect(progress, PHASE_BACKUP, production_bytes);
    job_expect_verify(job, production_bytes);
    progress_expect(progress, PHASE_STAGE_COPY, job->source_bytes);
    progress_expect(progress, PHASE_STAGE_INDEX, job->source_bytes * 0.7);
    progress_expect(progress, PHASE_STAGE_ANALYZE, job->source_bytes * 0.1);
    progress_expect(progress, PHASE_CHECK, job->source_bytes * 0.5);
    progress_expect(progress, PHASE_CATCH_UP, job_catches_up(job) ? production_bytes * 0.05 : 0);
    progress_expect(progress, PHASE_LAST_READ, production_bytes * 0.05);
}

static cutover_status servers_ask(struct job *job, struct session *production, struct session *control,
                                  struct session *live, const struct conninfo *live_at,
                                  cutover_status (*also)(struct job *job, struct session *production,
                                                         cutover_error **error),
                                  cutover_error **error)
{
    struct preflight_servers servers = {
        .production = production,
        .control = control,
        .preview = live,
        .production_at = &job->project.production,
        .preview_at = live_at,
        .tools = &job->operation.tools,
        .jobs = job->operation.jobs,
        .verify_restores = job->verify == CUTOVER_VERIFY_RESTORE,
        .verify_elsewhere = job->project.verify_elsewhere,
        .loader = job->project.loader_given ? &job->project.loader : NULL,
        .owners_trusted = (job->host->policy & CUTOVER_POLICY_TRUST_OWNERS) != 0,
    };

    if (live != NULL)
        job->source_bytes = size_of(live);
    cutover_status status = preflight_servers(&servers, &job->findings, error);
    if (status == CUTOVER_OK && also != NULL)
        status = also(job, production, error);
    if (status == CUTOVER_OK)
        expect_work(job, production);
    return status;
}

/* What such clients see is libpq's refusal to connect, not the server's to write. */
static void look_at_session_attrs(struct job *job)
{
    const char *attrs = conninfo_get(&job->project.production, "target_session_attrs");

    if (job->target->backed_up && attrs != NULL && strcmp(attrs, "read-write") == 0)
        findings_add(
            &job->findings, CUTOVER_SEVERITY_WARN, "production.session_attrs",
            "Use target_session_attrs=primary, or expect them to try again until the job has ended.",
            "clients with target_session_attrs=read-write, as the project's connection string has it, cannot "
            "connect while production refuses writes, not even to read");
}

/* One that holds the project's lock refuses the job before this: what is left is a backup taken by itself. */
static void look_at_leases(struct job *job)
{
    static const char check[] = "project.unfinished";
    char job_id[ID_SIZE];

    lease_find_dead(job->host, job->project.id, job_id);
    if (job_id[0] == '\0')
        findings_add(&job->findings, CUTOVER_SEVERITY_OK, check, NULL, "no job was left unfinished");
    else
        findings_add(&job->findings, CUTOVER_SEVERITY_WARN, check,
                     "Run recovery; where it cannot help, abandon the job.",
                     "job %s was left unfinished by a process that is gone", job_id);
}

/* Whether it is the server of the project's last job. */
static cutover_status look_at_server(struct job *job, const struct session *control, cutover_error **error)
{
    static const char check[] = "production.server";
    cutover_error *local = NULL;

    if (control == NULL || job->target == &target_preview)
        return CUTOVER_OK;
    cutover_status status = server_check(job->host, job->project.id, control->system_identifier, &local);
    if (status == CUTOVER_OK)
        findings_add(&job->findings, CUTOVER_SEVERITY_OK, check, NULL,
                     "production is on no other server than at the project's last job");
    else if (status == CUTOVER_E_STATE)
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, check, cutover_error_hint(local), "%s",
                     cutover_error_message(local));
    if (status == CUTOVER_E_STATE) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

/* Production's server is asked in its control database. Another server, or as another user, can be asked inside the preview alone,
   where a login trigger would have fired by then: it is tried. */
static cutover_status triggers_quiet(struct job *job, struct session *control, struct conninfo *live,
                                     cutover_error **error)
{
    struct conninfo *production = &job->project.production;

    if (control == NULL)
        return CUTOVER_OK;
    cutover_status status = event_triggers_quiet(control, production, error);
    if (status == CUTOVER_OK && live != NULL)
        live->event_triggers_off = conninfo_same_login(live, production)
                                       ? production->event_triggers_off
                                       : control->server_version >= EVENT_TRIGGERS_OFF_SINCE;
    return status;
}

cutover_status preflight_look(struct job *job, struct conninfo *live,
                              cutover_status (*also)(struct job *job, struct session *production,
                                                     cutover_error **error),
                              cutover_error **error)
{
    struct project *project = &job->project;
    struct session *production = NULL, *control = NULL, *source = NULL;

    job->looked = true;
    look_at_leases(job);
    look_at_session_attrs(job);
    cutover_status status = session_or_finding(job, &project->production, project->control_database,
                                               "control.connection", &control, error);
    if (status == CUTOVER_OK)
        status = look_at_server(job, control, error);
    if (status == CUTOVER_OK)
        status = triggers_quiet(job, control, live, error);
    if (status == CUTOVER_OK)
        status =
            session_or_finding(job, &project->production, NULL, "production.connection", &production, error);
    if (status == CUTOVER_OK && live != NULL)
        status = session_or_finding(job, live, NULL, "preview.connection", &source, error);
    if (status == CUTOVER_OK && production != NULL && control != NULL && (source != NULL) == (live != NULL))
        status = servers_ask(job, production, control, source, live, also, error);
    session_close(source);
    session_close(control);
    session_close(production);
    return status;
}

cutover_status job_look_again(const struct job *job, struct session *inside, cutover_error **error)
{
    struct findings findings = {0};

    cutover_status status = preflight_again(inside, job->journal.record.fence_raised, &findings, error);
    if (status == CUTOVER_OK)
        status = findings_error(&findings, job->type->name, error);
    findings_free(&findings);
    return status;
}

cutover_status job_look_last(const struct job *job, struct session *inside, cutover_error **error)
{
    struct findings findings = {0};

    cutover_status status = preflight_last(inside, &findings, error);
    if (status == CUTOVER_OK)
        status = findings_error(&findings, job->type->name, error);
    findings_free(&findings);
    return status;
}

cutover_status step_preflight(struct job *job, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    /* What builds nothing needs neither tools nor a folder: a rollback works where pg_dump does not. */
    if (job->source->stage != NULL)
        status = operation_open(&job->operation, error);
    if (status == CUTOVER_OK)
        status = job->source->rules(job, error);
    if (status == CUTOVER_OK)
        status = lock_check(job->host, job->project.id, error);
    if (status == CUTOVER_OK)
        status = job->source->look(job, error);
    if (status != CUTOVER_OK)
        return status;
    for (size_t i = 0; i < job->findings.count; i++)
        if (job->findings.list[i].severity == CUTOVER_SEVERITY_WARN)
            job_warn(job, "%s", job->findings.list[i].message);
    return findings_error(&job->findings, job->type->name, error);
}
