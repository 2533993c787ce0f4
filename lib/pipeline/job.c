#include "pipeline/job.h"

#include "base/text.h"
#include "model/actor.h"
#include "postgres/properties.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cutover_status job_init(struct job *job, const struct job_type *type, struct host *host,
                        const cutover_actor *actor, uint32_t jobs, cutover_progress_fn tell,
                        void *tell_userdata, cutover_error **error)
{
    memset(job, 0, sizeof *job);
    job->type = type;
    job->host = host;
    operation_init(&job->operation, host, jobs, tell, tell_userdata);
    id_new(clock_now(&host->clock), job->id);
    job->operation.progress.now.job_id = job->id;
    cutover_status status = string_copy(actor->id, &job->actor_id, error);
    job->actor = *actor;
    job->actor.id = job->actor_id;
    return status;
}

void job_free(struct job *job)
{
    if (job->source != NULL)
        job->source->close(job);
    session_close(job->control);
    fence_mark_free(&job->mark);
    fence_mark_free(&job->incoming);
    json_object_put(job->bears);
    free(job->borne);
    archive_writing_free(job->archive);
    backup_free(&job->backup);
    record_free(&backup_type, &job->known);
    journal_free(&job->journal);
    findings_free(&job->findings);
    project_free(&job->project);
    record_free(&request_type, &job->request);
    report_free(&job->report);
    operation_close(&job->operation);
    free(job->actor_id);
    free(job->request_id);
    memset(job, 0, sizeof *job);
}

void job_warn(struct job *job, const char *format, ...)
{
    va_list arguments;
    char *line = NULL;

    va_start(arguments, format);
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    log_line(&job->host->log, LOG_WARNING_LEVEL, "%s: %s", job->id, line);
    report_warn(&job->report, "%s", line);
    free(line);
}

cutover_status job_end_by_limit(struct job *job, cutover_error **error, const char *format, ...)
{
    struct promotion_record *record = &job->journal.record;
    va_list arguments;
    char *message = NULL;

    va_start(arguments, format);
    int length = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (length < 0)
        return error_nomem(error);
    error_set(error, CUTOVER_E_CANCELLED, "%s", message);
    error_hint(error,
               "Its request can be promoted once more, with another limit where this one was too short.");
    free(message);
    record->cancelled_by_actor_kind = (int)actor_system.kind;
    return record_set_text(&record->cancelled_by_actor_id, actor_system.id, error) == CUTOVER_OK
               ? CUTOVER_E_CANCELLED
               : CUTOVER_E_NOMEM;
}

bool job_is_backed_up(const struct job *job)
{
    return job->target->backed_up;
}

cutover_status job_project_check(const struct host *host, const struct project *project, cutover_error **error)
{
    if (!project->found)
        return error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", project->id);
    cutover_status status = lock_check(host, project->id, error);
    if (status == CUTOVER_OK && strcmp(project->state, "active") != 0)
        status = error_set(error, strcmp(project->state, "restoring") == 0 ? CUTOVER_E_LOCKED : CUTOVER_E_STATE,
                           "project %s is %s, not active", project->id, project->state);
    return status;
}

cutover_status job_properties_try(struct job *job, struct json_object *properties, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    struct json_object *has = NULL;

    cutover_status status = properties_read(job->control, (uint32_t)record->staging_oid, &has, error);
    if (status == CUTOVER_OK)
        status = properties_try(job->control, record->staging_name, has, properties, error);
    json_object_put(has);
    return status;
}

cutover_status job_backup_record(const struct job *job, const char *label, struct backup_record *record,
                                 cutover_error **error)
{
    const struct {
        const char *from;
        char **to;
    } texts[] = {
        {label, &record->label},
        {job->project.id, &record->project_id},
        {job->request_id, &record->request_id},
        {job->source != NULL ? job->journal.record.id : NULL, &record->promotion_id},
        {job->actor_id, &record->created_by_actor_id},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cutover_status status = string_copy(texts[i].from, texts[i].to, error);
        if (status != CUTOVER_OK)
            return status;
    }
    return backup_prepare(job->host, record, error);
}

void job_expect_verify(struct job *job, double bytes)
{
    struct progress *progress = &job->operation.progress;
    bool restores = job->verify == CUTOVER_VERIFY_RESTORE;

    progress_expect(progress, PHASE_VERIFY_READ, bytes * 0.05);
    progress_expect(progress, PHASE_VERIFY_LOAD, restores ? bytes * 0.9 : 0);
    progress_expect(progress, PHASE_VERIFY_INDEX, restores ? bytes * 0.7 : 0);
    progress_expect(progress, PHASE_VERIFY_COMPARE, bytes * (restores ? 0.5 : 0.2));
}
