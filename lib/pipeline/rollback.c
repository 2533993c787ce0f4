#include "pipeline/rollback.h"

#include "base/id.h"
#include "job/guard.h"
#include "job/lease_watch.h"
#include "job/undo.h"
#include "pipeline/promote.h"
#include "postgres/database.h"
#include "postgres/properties.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/fence.h"
#include "postgres/swap/swap.h"

#include <stdlib.h>
#include <string.h>

#define DISPLACED_PREFIX "cutover_old_"

/* ---- looking ---- */

static cutover_status rules(struct rollback *job, cutover_error **error)
{
    struct host *host = job->host;
    struct preview none = {0};
    struct machine_facts facts;
    enum request_status next;
    uint64_t version;

    record_free(&request_type, &job->request);
    record_free(&promotion_type, &job->undone);
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
        status = document_get_record(&host->store, &promotion_type, job->request.promote_job_id, &job->undone,
                                     &version, error);
    return status;
}

/* Production must still be what the cutover brought, and what it displaced must still be there: by OID. */
static cutover_status databases_look(struct rollback *job, struct session *control, cutover_error **error)
{
    const struct promotion_record *undone = &job->undone;
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
        error_hint(error, "roll back what replaced it first, or restore a backup");
    }
    free(job->displaced_now);
    job->displaced_now = NULL;
    if (status == CUTOVER_OK)
        status = database_name_of(control, (uint32_t)undone->production_oid, &job->displaced_now, error);
    if (status == CUTOVER_OK && job->displaced_now == NULL) {
        status = error_set(error, CUTOVER_E_STATE, "the database that the cutover displaced (%s) is gone",
                           undone->displaced_name);
        error_hint(error, "restore its pre-cutover backup instead");
    }
    return status;
}

static cutover_status writes_look(struct rollback *job, struct session *inside, cutover_error **error)
{
    struct json_object *now = NULL;
    cutover_status status = mark_read(inside, &now, error);

    if (status == CUTOVER_OK)
        job->writes = mark_compare(job->undone.mark, now);
    json_object_put(now);
    return status;
}

static cutover_status writes_allowed(const struct rollback *job, cutover_error **error)
{
    if (job->writes == MARK_SAME || job->discard_writes)
        return CUTOVER_OK;
    cutover_status status = error_set(
        error, CUTOVER_E_STATE,
        job->writes == MARK_WRITTEN
            ? "production was written to since the cutover: a rollback would take these writes out of it"
            : "whether production was written to since the cutover cannot be told: the server restarted, or "
              "its "
              "counters were reset");
    error_hint(error,
               "to roll back all the same, say that these writes may be discarded; they stay in the database "
               "that is displaced");
    return status;
}

cutover_status rollback_look(struct rollback *job, cutover_error **error)
{
    struct session *control = NULL, *inside = NULL;
    cutover_status status = rules(job, error);

    if (status != CUTOVER_OK)
        return status;
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);
    status = session_open(&options, &control, error);
    if (status == CUTOVER_OK)
        status = databases_look(job, control, error);
    options.database = NULL;
    if (status == CUTOVER_OK)
        status = session_open(&options, &inside, error);
    if (status == CUTOVER_OK)
        status = writes_look(job, inside, error);
    session_close(inside);
    session_close(control);
    return status;
}

/* ---- lock ---- */

static cutover_status record_texts(struct rollback *job, struct promotion_record *fresh, cutover_error **error)
{
    char id[ID_SIZE], displaced[DATABASE_NAME_MAX + 1];

    id_new(fresh->created_at, id);
    database_name_make(displaced, DISPLACED_PREFIX, id);
    const struct {
        const char *from;
        char **to;
    } texts[] = {
        {id, &fresh->id},
        {job->request_id, &fresh->request_id},
        {job->project.id, &fresh->project_id},
        {job->undone.id, &fresh->undoes_id},
        {job->actor_id, &fresh->started_by_actor_id},
        {job->control->system_identifier, &fresh->system_identifier},
        {job->control->database, &fresh->control_database},
        {job->undone.production_name, &fresh->production_name},
        {job->displaced_now, &fresh->staging_name},
        {displaced, &fresh->displaced_name},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cutover_status status = string_copy(texts[i].from, texts[i].to, error);
        if (status != CUTOVER_OK)
            return status;
    }
    return CUTOVER_OK;
}

static cutover_status lock(struct rollback *job, cutover_error **error)
{
    struct host *host = job->host;
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);
    struct promotion_record fresh = {
        .kind = JOB_ROLLBACK,
        .status = PROMOTION_LOCK,
        .jobs = 1,
        .started_by_actor_kind = (int)job->actor.kind,
        .lock_key = advisory_key(job->project.id),
        .production_oid = job->undone.staging_oid,
        .staging_oid = job->undone.production_oid,
        .created_at = clock_now(&host->clock),
    };

    fresh.updated_at = fresh.created_at;
    cutover_status status = session_open(&options, &job->control, error);
    if (status == CUTOVER_OK)
        status = advisory_lock(job->control, fresh.lock_key, error);
    if (status == CUTOVER_OK)
        status = databases_look(job, job->control, error);
    if (status == CUTOVER_OK)
        status = record_texts(job, &fresh, error);
    if (status == CUTOVER_OK)
        status = properties_read(job->control, (uint32_t)fresh.production_oid, &fresh.properties, error);
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

/* ---- swap ---- */

/* What was written up to the last moment counts. */
static cutover_status prove_writes(void *context, struct session *inside, cutover_error **error)
{
    struct rollback *job = context;
    cutover_status status = writes_look(job, inside, error);

    return status != CUTOVER_OK ? status : writes_allowed(job, error);
}

/* The old production bears what the project has now, and no fence. It is closed: nobody notices. */
static cutover_status old_one_prepare(struct rollback *job, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    cutover_status status = CUTOVER_OK;

    if (job->undone.fence != NULL)
        status = fence_lift(job->control, record->staging_name, (uint32_t)record->staging_oid,
                            job->undone.fence, false, error);
    if (status == CUTOVER_OK)
        status = properties_apply(job->control, record->staging_name, record->properties, error);
    return status != CUTOVER_OK ? status : properties_grants_clear(job->control, record->staging_name, error);
}

static cutover_status swap(struct rollback *job, cutover_error **error)
{
    struct guard guard = {
        .operation = &job->operation,
        .project = &job->project,
        .control = job->control,
        .journal = &job->journal,
        .report = &job->report,
        .prove = prove_writes,
        .context = job,
    };

    cutover_status status = journal_step(&job->journal, PROMOTION_CHECK, error);
    if (status == CUTOVER_OK)
        status = old_one_prepare(job, error);
    if (status == CUTOVER_OK)
        status = guard_swap(&guard, error);
    job->swapped = guard.swapped;
    job->outcome_unknown = guard.outcome_unknown;
    return status;
}

static cutover_status finish(struct rollback *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;

    record->swapped = true;
    record->door_closed = false;
    cutover_status status = journal_step(&job->journal, PROMOTION_FINISH, error);
    if (status == CUTOVER_OK)
        status = platform_project_return(&job->host->platform, record->project_id, record->id, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_error *local = NULL;
    if (platform_integrations_sync(&job->host->platform, record->project_id, &local) != CUTOVER_OK)
        report_warn(&job->report, "%s", cutover_error_message(local));
    cutover_error_free(local);
    return journal_complete(&job->journal, error);
}

/* ---- all of it ---- */

static cutover_status preflight(struct rollback *job, cutover_error **error)
{
    cutover_status status = rollback_look(job, error);

    return status != CUTOVER_OK ? status : writes_allowed(job, error);
}

static const struct {
    const char *name;
    cutover_status (*run)(struct rollback *job, cutover_error **error);
} steps[] = {{"preflight", preflight}, {"lock", lock}, {"swap", swap}, {"finish", finish}};

static void report_finish(struct rollback *job, cutover_status status, const cutover_error *reason)
{
    static const char *const writes[] = {"none", "some", "cannot be told"};
    struct report_subject subject = {
        .request_id = job->request_id,
        .promotion_id = job->claimed ? job->journal.record.id : NULL,
        .status = status == CUTOVER_OK ? "rolled_back"
                  : job->claimed       ? "failed"
                                       : "refused",
        .displaced = job->swapped ? job->journal.record.displaced_name : NULL,
        .error = reason,
    };
    struct json_object *report = report_make(&job->report, &subject);

    if (report == NULL)
        return;
    json_put_text(report, "writes_since_cutover", writes[job->writes]);
    json_format(report, &job->report.json, NULL);
    json_object_put(report);
}

cutover_status rollback_run(struct rollback *job, cutover_error **error)
{
    cutover_error *reason = NULL, *local = NULL;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < sizeof steps / sizeof *steps; i++) {
        report_step_begin(&job->report, steps[i].name);
        status = steps[i].run(job, &reason);
        report_step_end(&job->report);
        status = lease_explain(&job->lease, status, &reason);
        if (status != CUTOVER_OK)
            error_step(&reason, steps[i].name);
    }
    bool taken_over = status != CUTOVER_OK && job->claimed && journal_is_taken_over(&job->journal);
    if (taken_over && !job->swapped)
        error_front(&reason, "this job was taken over, and stops here",
                    "recovery ends it: look at the project");
    if (job->control != NULL)
        job->control->cancel = NULL;
    if (status != CUTOVER_OK && job->claimed && !job->swapped && !job->outcome_unknown && !taken_over &&
        undo_job(job->host, &job->project, job->control, &job->journal, status == CUTOVER_E_CANCELLED, reason,
                 &local) != CUTOVER_OK) {
        error_detail(&reason, "undoing it failed: %s", cutover_error_message(local));
        error_front(&reason, "it ended before the swap, and is not undone yet",
                    "run recovery: it reopens production");
    }
    if (status != CUTOVER_OK && job->swapped)
        error_front(&reason, "production has its old content again, and its records are not finished yet",
                    "run recovery: it finishes them");
    cutover_error_free(local);
    session_close(job->control);
    job->control = NULL;
    lease_end(&job->lease, job->claimed && !machine_promotion_is_over(job->journal.record.status));
    report_finish(job, status, reason);
    error_move(error, reason);
    return status;
}

void rollback_free(struct rollback *job)
{
    session_close(job->control);
    journal_free(&job->journal);
    record_free(&promotion_type, &job->undone);
    record_free(&request_type, &job->request);
    project_free(&job->project);
    report_free(&job->report);
    operation_close(&job->operation);
    free(job->displaced_now);
    free(job->actor_id);
    free(job->request_id);
    memset(job, 0, sizeof *job);
}
