/* Step lock: the control session and its advisory lock on production's server; the job's record, its lease, the project's lock
   and what the request becomes, in one commit; the project is restoring from here on. */
#include "job/server.h"
#include "job/target.h"
#include "pipeline/job.h"
#include "postgres/database.h"
#include "postgres/event_triggers.h"
#include "postgres/properties.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/standing.h"

#include <string.h>

#define STAGE_PREFIX "cutover_stage_"
#define DISPLACED_PREFIX "cutover_old_"

/* Where production is: its name in the conninfo is what clients use, and its OID is what we go by. */
static cutover_status production_identify(struct job *job, struct promotion_record *fresh,
                                          cutover_error **error)
{
    const struct session *control = job->control;
    const char *name = conninfo_get(&job->project.production, "dbname");
    uint32_t oid = 0;

    if (name == NULL || strcmp(name, control->database) == 0)
        return error_set(error, CUTOVER_E_INVALID,
                         "project.database: it must name a database other than the control database \"%s\"",
                         control->database);
    cutover_status status = database_oid_of(job->control, name, &oid, error);
    if (status == CUTOVER_OK && oid == 0)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "production's server has no database \"%s\"", name);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->production_name, name, error);
    fresh->production_oid = oid;
    return status;
}

static cutover_status texts_set(const struct job *job, struct promotion_record *fresh, cutover_error **error)
{
    char staging[DATABASE_NAME_MAX + 1], displaced[DATABASE_NAME_MAX + 1];

    database_name_make(staging, STAGE_PREFIX, job->id);
    database_name_make(displaced, DISPLACED_PREFIX, job->id);
    const struct {
        const char *from;
        char **to;
    } texts[] = {
        {job->id, &fresh->id},
        {job->request_id, &fresh->request_id},
        {job->project.id, &fresh->project_id},
        {job->actor_id, &fresh->started_by_actor_id},
        {job->control->system_identifier, &fresh->system_identifier},
        {job->control->database, &fresh->control_database},
        {staging, &fresh->staging_name},
        {displaced, &fresh->displaced_name},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cutover_status status = record_set_text(texts[i].to, texts[i].from, error);
        if (status != CUTOVER_OK)
            return status;
    }
    return CUTOVER_OK;
}

static cutover_status record_make(struct job *job, struct promotion_record *fresh, cutover_error **error)
{
    fresh->kind = (int)job->type->kind;
    fresh->status = PROMOTION_LOCK;
    fresh->created_at = fresh->updated_at = clock_now(&job->host->clock);
    fresh->jobs = job->operation.jobs;
    fresh->verify_method = (int)job->verify;
    fresh->hold = job->hold;
    fresh->owners_trusted =
        job->source->stage != NULL && (job->host->policy & CUTOVER_POLICY_TRUST_OWNERS) != 0;
    fresh->started_by_actor_kind = (int)job->actor.kind;
    fresh->lock_key = advisory_key(job->project.id);
    cutover_status status = texts_set(job, fresh, error);
    if (status == CUTOVER_OK)
        status = production_identify(job, fresh, error);
    /* Another host may call the project otherwise. */
    if (status == CUTOVER_OK)
        status = advisory_lock(job->control, advisory_key_of_database(fresh->production_name), error);
    if (status == CUTOVER_OK)
        status = timeline_read(job->control, &fresh->timeline, error);
    if (status == CUTOVER_OK)
        status = job->source->enter(job, fresh, error);
    if (status == CUTOVER_OK)
        status = properties_read(job->control, (uint32_t)fresh->production_oid, &job->bears, error);
    return status != CUTOVER_OK ? status : properties_without_values(job->bears, &fresh->properties, error);
}

/* From the claim on nobody points the project at another database; what was read before it may be of before somebody did. */
static cutover_status target_unchanged(const struct job *job, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    struct project now = {0};
    cutover_status status = target_of_job(job->host, record, &now, error);

    /* As the job's own was: its hosts in the order in which this job asks them. */
    if (status == CUTOVER_OK)
        status = session_prefer(job->control, &now.production, error);
    if (status == CUTOVER_OK && (!conninfo_same_database(&now.production, &job->project.production) ||
                                 strcmp(now.control_database, job->project.control_database) != 0))
        status =
            error_set(error, CUTOVER_E_CONFLICT,
                      "project %s was pointed at another database while this job began", record->project_id);
    project_free(&now);
    return status;
}

cutover_status step_lock(struct job *job, cutover_error **error)
{
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);
    struct promotion_record fresh = {0};

    cutover_status status = session_open(&options, &job->control, error);
    if (status == CUTOVER_OK)
        status = session_prefer(job->control, &job->project.production, error);
    if (status == CUTOVER_OK && job->project.loader_given)
        status = session_prefer(job->control, &job->project.loader, error);
    if (status == CUTOVER_OK)
        status = event_triggers_quiet(job->control, &job->project.production, error);
    if (status == CUTOVER_OK)
        status = advisory_lock(job->control, advisory_key(job->project.id), error);
    if (status == CUTOVER_OK && job->target != &target_preview)
        status = server_check(job->host, job->project.id, job->control->system_identifier, error);
    if (status == CUTOVER_OK)
        status = record_make(job, &fresh, error);
    if (status == CUTOVER_OK)
        status = lease_prepare(&job->lease, job->host, LEASE_PROMOTION, fresh.id, fresh.project_id, error);
    if (status == CUTOVER_OK)
        status = journal_claim(job->host, &job->actor, &fresh, &job->lease, &job->journal, error);
    record_free(&promotion_type, &fresh);
    if (status != CUTOVER_OK)
        return status;
    job->claimed = true;
    status = lease_keep(&job->lease, &job->operation.cancel, &job->operation.progress, error);
    if (status == CUTOVER_OK)
        status = journal_occupy(&job->journal, error);
    return status != CUTOVER_OK ? status : target_unchanged(job, error);
}
