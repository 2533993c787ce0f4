/* The source of a rollback: the database that a cutover displaced. It is there, by OID, and is not copied: it gets what production
   bears today, and goes back. And its target: production as the cutover left it. */
#include "base/text.h"
#include "job/lease_watch.h"
#include "pipeline/job.h"
#include "postgres/database.h"
#include "postgres/event_triggers.h"
#include "postgres/properties.h"

#include <stdlib.h>
#include <string.h>

static cutover_status rules(struct job *job, cutover_error **error)
{
    struct displaced_source *from = &job->from.displaced;
    struct host *host = job->host;
    struct preview none = {0};
    struct machine_facts facts;
    enum request_status next;
    uint64_t version;

    record_free(&request_type, &job->request);
    record_free(&promotion_type, &from->undone);
    project_free(&job->project);
    cutover_status status =
        document_get_record(&host->store, &request_type, job->request_id, &job->request, &version, error);
    if (status == CUTOVER_OK)
        status = platform_project(&host->platform, job->request.project_id, &job->project, error);
    if (status != CUTOVER_OK)
        return status;
    host_facts(host, &job->project, &none, &facts);
    status = machine_request(&job->request, VERB_ROLL_BACK, &job->actor, &facts, 0, &next, error);
    if (status == CUTOVER_E_LOCKED)
        lease_tell_dead(host, job->project.id, error);
    if (status == CUTOVER_OK)
        status = lock_check(host, job->project.id, error);
    if (status == CUTOVER_OK)
        status = document_get_record(&host->store, &promotion_type, job->request.promote_job_id, &from->undone,
                                     &version, error);
    return status;
}

/* Production must still be what the cutover brought, and what it displaced must still be there: by OID. */
static cutover_status databases_look(struct job *job, struct session *control, cutover_error **error)
{
    struct displaced_source *from = &job->from.displaced;
    const struct promotion_record *undone = &from->undone;
    uint32_t now = 0;
    cutover_status status;

    if (strcmp(control->system_identifier, undone->system_identifier) != 0)
        return error_set(error, CUTOVER_E_STATE, "project %s now lies on another server than at its cutover",
                         job->project.id);
    status = database_oid_of(control, undone->production_name, &now, error);
    if (status == CUTOVER_OK && now != (uint32_t)undone->staging_oid) {
        status =
            error_set(error, CUTOVER_E_STATE,
                      "production is no longer the database that request %s brought: it was replaced since",
                      job->request_id);
        error_hint(error, "Roll back what replaced it first, or restore a backup.");
    }
    free(from->name_now);
    from->name_now = NULL;
    if (status == CUTOVER_OK)
        status = database_name_of(control, (uint32_t)undone->production_oid, &from->name_now, error);
    if (status == CUTOVER_OK && from->name_now == NULL) {
        status = error_set(error, CUTOVER_E_STATE, "the database that the cutover displaced (%s) is gone",
                           undone->displaced_name);
        error_hint(error, "Restore its pre-cutover backup instead.");
    }
    return status;
}

static cutover_status writes_look(struct job *job, struct session *inside, cutover_error **error)
{
    struct displaced_source *from = &job->from.displaced;
    struct json_object *now = NULL;
    cutover_status status = mark_read(inside, &now, error);

    if (status == CUTOVER_OK)
        from->writes = mark_compare(from->undone.mark, now);
    json_object_put(now);
    return status;
}

static cutover_status writes_allowed(const struct job *job, cutover_error **error)
{
    const struct displaced_source *from = &job->from.displaced;

    if (from->writes == MARK_SAME || from->discard_writes)
        return CUTOVER_OK;
    cutover_status status = error_set(
        error, CUTOVER_E_STATE,
        from->writes == MARK_WRITTEN
            ? "production was written to since the cutover: a rollback would take these writes out of it"
            : "whether production was written to since the cutover cannot be told: the server restarted, or "
              "its counters were reset");
    error_hint(error,
               "To roll back all the same, say that these writes may be discarded; they stay in the database "
               "that is displaced.");
    return status;
}

cutover_status rollback_look(struct job *job, cutover_error **error)
{
    struct session *control = NULL, *inside = NULL;
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);

    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK)
        status = event_triggers_quiet(control, &job->project.production, error);
    if (status == CUTOVER_OK)
        status = databases_look(job, control, error);
    options.database = NULL;
    if (status == CUTOVER_OK)
        status = session_open(&options, &inside, error);
    if (status == CUTOVER_OK)
        status = writes_look(job, inside, error);
    if (status == CUTOVER_OK)
        status = job_look_last(job, inside, error);
    session_close(inside);
    session_close(control);
    return status;
}

static cutover_status look(struct job *job, cutover_error **error)
{
    cutover_status status = rollback_look(job, error);

    return status != CUTOVER_OK ? status : writes_allowed(job, error);
}

static cutover_status enter(struct job *job, struct promotion_record *fresh, cutover_error **error)
{
    const struct promotion_record *undone = &job->from.displaced.undone;

    cutover_status status = databases_look(job, job->control, error);
    if (status == CUTOVER_OK && fresh->production_oid != undone->staging_oid)
        status = error_set(error, CUTOVER_E_STATE,
                           "project %s is now the database \"%s\", not \"%s\", which its cutover replaced",
                           job->project.id, fresh->production_name, undone->production_name);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->undoes_id, undone->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->staging_name, job->from.displaced.name_now, error);
    fresh->staging_oid = undone->production_oid;
    return status;
}

/* The old production bears no fence and no grants: what the project has now comes with the swap. It is closed: nobody notices. */
static cutover_status check(struct job *job, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    struct json_object *fence = job->from.displaced.undone.fence;
    cutover_status status = CUTOVER_OK;

    if (fence != NULL)
        status =
            fence_lift(job->control, record->staging_name, (uint32_t)record->staging_oid, fence, false, error);
    if (status == CUTOVER_OK)
        status = properties_grants_clear(job->control, record->staging_name, error);
    return status != CUTOVER_OK ? status : job_properties_try(job, job->bears, error);
}

static void close_source(struct job *job)
{
    struct displaced_source *from = &job->from.displaced;

    record_free(&promotion_type, &from->undone);
    free(from->name_now);
    from->name_now = NULL;
}

const struct source source_displaced = {
    .rules = rules,
    .look = look,
    .enter = enter,
    .check = check,
    .close = close_source,
};

/* What was written up to the last moment counts. */
static cutover_status prove_writes(void *context, struct session *inside, cutover_error **error)
{
    struct job *job = context;
    cutover_status status = writes_look(job, inside, error);

    if (status == CUTOVER_OK)
        status = writes_allowed(job, error);
    return status == CUTOVER_OK ? job_look_last(job, inside, error) : status;
}

const struct target target_after_cutover = {
    .kind = "project",
    .backed_up = false,
    .keeps_displaced = true,
    .prove = prove_writes,
};
