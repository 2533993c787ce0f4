/* Step lock: the advisory lock on production's server, then the claim, then the project's state. */
#include "base/id.h"
#include "pipeline/promote.h"
#include "postgres/database.h"
#include "postgres/properties.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/swap.h"

#include <string.h>

#define STAGE_PREFIX "cutover_stage_"
#define DISPLACED_PREFIX "cutover_old_"

/* Where production is: its name in the conninfo is what clients use, and its OID is what we go by. */
static cutover_status production_identify(struct promote *job, struct promotion_record *fresh,
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
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->control_database, control->database, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->system_identifier, control->system_identifier, error);
    fresh->production_oid = oid;
    return status;
}

static cutover_status record_name(struct promotion_record *fresh, cutover_error **error)
{
    char name[DATABASE_NAME_MAX + 1];

    database_name_make(name, STAGE_PREFIX, fresh->id);
    cutover_status status = record_set_text(&fresh->staging_name, name, error);
    if (status != CUTOVER_OK)
        return status;
    database_name_make(name, DISPLACED_PREFIX, fresh->id);
    return record_set_text(&fresh->displaced_name, name, error);
}

static cutover_status record_make(struct promote *job, struct promotion_record *fresh, cutover_error **error)
{
    char id[ID_SIZE];

    fresh->kind = (int)job->kind;
    fresh->status = PROMOTION_LOCK;
    fresh->created_at = fresh->updated_at = clock_now(&job->host->clock);
    fresh->jobs = job->operation.jobs;
    fresh->verify_method = (int)job->verify;
    fresh->hold = job->hold;
    fresh->started_by_actor_kind = (int)job->actor.kind;
    fresh->lock_key = advisory_key(job->project.id);
    id_new(fresh->created_at, id);
    cutover_status status = record_set_text(&fresh->id, id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->request_id, job->request_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->project_id, job->project.id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->preview_id,
                                 job->kind == JOB_RESTORE ? job->target_preview_id : job->preview.id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->source_backup_id, job->source_backup_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&fresh->started_by_actor_id, job->actor_id, error);
    if (status == CUTOVER_OK)
        status = record_name(fresh, error);
    if (status == CUTOVER_OK)
        status = production_identify(job, fresh, error);
    if (status == CUTOVER_OK)
        status = properties_read(job->control, (uint32_t)fresh->production_oid, &fresh->properties, error);
    return status;
}

cutover_status promote_lock(struct promote *job, cutover_error **error)
{
    struct host *host = job->host;
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);
    struct promotion_record fresh = {0};

    cutover_status status = session_open(&options, &job->control, error);
    if (status == CUTOVER_OK)
        status = advisory_lock(job->control, advisory_key(job->project.id), error);
    if (status == CUTOVER_OK)
        status = record_make(job, &fresh, error);
    if (status == CUTOVER_OK)
        status = lease_prepare(&job->lease, host, LEASE_PROMOTION, fresh.id, fresh.project_id, error);
    if (status == CUTOVER_OK)
        status = journal_claim(host, &job->actor, &fresh, &job->lease, &job->journal, error);
    record_free(&promotion_type, &fresh);
    if (status != CUTOVER_OK)
        return status;
    job->claimed = true;
    status = lease_keep(&job->lease, &job->operation.cancel, error);
    return status != CUTOVER_OK ? status : journal_occupy(&job->journal, error);
}
