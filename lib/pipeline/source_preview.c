/* The source of a promotion: a preview, as its request names it, copied live under one snapshot. */
#include "job/lease_watch.h"
#include "pipeline/job.h"

#include <string.h>

static cutover_status rules(struct job *job, cutover_error **error)
{
    struct preview *preview = &job->from.preview.preview;
    struct host *host = job->host;
    struct machine_facts facts;
    enum request_status next;
    uint64_t version = 0;

    record_free(&request_type, &job->request);
    project_free(&job->project);
    preview_free(preview);
    cutover_status status =
        document_get_record(&host->store, &request_type, job->request_id, &job->request, &version, error);
    if (status == CUTOVER_OK && job->if_version != 0 && version != job->if_version) {
        status = error_set(error, CUTOVER_E_CONFLICT, "request %s was changed meanwhile", job->request_id);
        error_hint(error, "Read it again.");
    }
    if (status == CUTOVER_OK)
        status = platform_project(&host->platform, job->request.project_id, &job->project, error);
    if (status == CUTOVER_OK)
        status = platform_preview(&host->platform, job->request.preview_database_id, preview, error);
    if (status != CUTOVER_OK)
        return status;
    host_facts(host, &job->project, preview, &facts);
    status = machine_request(&job->request, VERB_PROMOTE, &job->actor, &facts, 0, &next, error);
    if (status == CUTOVER_E_LOCKED || (status == CUTOVER_E_STATE && job->request.status == REQUEST_IN_PROGRESS))
        lease_tell_dead(host, job->project.id, error);
    return status;
}

static cutover_status look(struct job *job, cutover_error **error)
{
    return preflight_look(job, &job->from.preview.preview.database, NULL, error);
}

static cutover_status enter(struct job *job, struct promotion_record *fresh, cutover_error **error)
{
    return record_set_text(&fresh->preview_id, job->from.preview.preview.id, error);
}

static cutover_status stage(struct job *job, cutover_error **error)
{
    struct live_copy *live = &job->from.preview.live;
    struct promotion_record *record = &job->journal.record;

    *live = (struct live_copy){
        .operation = &job->operation,
        .source = &job->from.preview.preview.database,
        .production = &job->project.production,
        .given_loader = job->project.loader_given ? &job->project.loader : NULL,
        .control = job->control,
        .name = record->staging_name,
        .properties = record->properties,
    };
    cutover_status status = live_copy_open(live, error);
    if (status == CUTOVER_OK)
        status = live_copy_create(live, error);
    if (status != CUTOVER_OK)
        return status;
    record->staging_oid = live->oid;
    status = journal_save(&job->journal, error);
    if (status == CUTOVER_OK)
        status = job_properties_try(job, job->bears, error);
    if (status == CUTOVER_OK)
        status = live_copy_fill(live, error);
    job->report.stage_tables = live->content.table_count;
    job->report.stage_rows = live->rows;
    job->report.stage_bytes = live->bytes;
    if (live->comments_refused != NULL)
        job_warn(job, "comments on extensions that production's role may not set: %s", live->comments_refused);
    return status;
}

static cutover_status check(struct job *job, cutover_error **error)
{
    struct live_copy *live = &job->from.preview.live;
    cutover_status status = live_copy_check(live, error);

    if (live->unread != NULL)
        job_warn(job,
                 "generated columns whose values were not compared, since reading them would call what their "
                 "owner wrote: %s",
                 live->unread);
    return status;
}

/* The preview, as the platform says now. */
static cutover_status still(struct job *job, cutover_error **error)
{
    struct host *host = job->host;
    struct machine_facts facts;
    struct preview preview = {0};

    cutover_status status = platform_preview(&host->platform, job->from.preview.preview.id, &preview, error);
    if (status == CUTOVER_OK) {
        host_facts(host, &job->project, &preview, &facts);
        status = machine_preview_check(&facts, job->project.id, error);
    }
    preview_free(&preview);
    return status;
}

static void close_source(struct job *job)
{
    live_copy_close(&job->from.preview.live);
    preview_free(&job->from.preview.preview);
}

const struct source source_preview = {
    .rules = rules,
    .look = look,
    .enter = enter,
    .stage = stage,
    .check = check,
    .still = still,
    .close = close_source,
};
