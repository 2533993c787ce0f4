/* The fence and its mark, for the steps that need them. */
#include "pipeline/job.h"

#include <stdlib.h>
#include <string.h>

#define FENCE_TIMEOUT_MS 30000

struct session_options job_inside(const struct job *job)
{
    struct session_options options = operation_session(&job->operation, &job->project.production, NULL);

    options.control_database = job->project.control_database;
    return options;
}

/* Where the poolers did not pause nothing was raised, and so nobody's session is to be ended for its lifting. */
static void fence_forget(struct job *job)
{
    job->fenced_us = 0;
    /* One that has passed is why. */
    if (!cancel_is_overdue(&job->operation.cancel))
        cancel_at(&job->operation.cancel, 0);
    job->journal.record.fence_raised = false;
    if (journal_save(&job->journal, NULL) != CUTOVER_OK)
        job->journal.record.fence_raised = true;
}

/* Behind the fence: a mark, a snapshot's leader, its readers; for the swap: who looks early, and who proves. In the control database: who
   moves the door, and who asks what became of the swap, or undoes, when the control session is lost. */
#define INSIDE_BESIDE_READERS 4

/* A door that somebody closed is the swap's to tell of, with what it finds there. */
static cutover_status incoming_reserve(struct job *job, cutover_error **error)
{
    struct session_options incoming =
        operation_session(&job->operation, &job->project.production, job->journal.record.staging_name);
    cutover_error *cause = NULL;

    incoming.control_database = job->project.control_database;
    cutover_status status = session_reserve_fill(job->operation.reserve, &incoming, 1, &cause);
    const char *sqlstate = cutover_error_sqlstate(cause);
    if (sqlstate != NULL && strcmp(sqlstate, "55000") == 0) {
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    error_move(error, cause);
    return status;
}

cutover_status job_reserve(struct job *job, bool reads, cutover_error **error)
{
    const struct conninfo *production = &job->project.production;
    struct session_reserve *reserve = job->operation.reserve;
    struct session_options inside = job_inside(job);
    struct session_options control =
        operation_session(&job->operation, production, job->project.control_database);

    cutover_status status =
        session_reserve_fill(reserve, &inside, reads ? INSIDE_BESIDE_READERS + job->operation.jobs : 2, error);
    if (status == CUTOVER_OK)
        status = session_reserve_fill(reserve, &control, 2, error);
    if (status == CUTOVER_OK && job->source->stage != NULL)
        status = incoming_reserve(job, error);
    return status;
}

static cutover_status fence_raise_ours(struct job *job, uint32_t *ended, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;
    uint32_t oid = (uint32_t)record->production_oid;
    int *ours = NULL;
    size_t count = 0;

    cutover_status status = session_reserve_pids(job->operation.reserve, oid, &ours, &count, error);
    if (status == CUTOVER_OK)
        status = fence_raise_beside(job->control, record->production_name, oid, record->fence, ours, count,
                                    FENCE_TIMEOUT_MS, ended, error);
    free(ours);
    return status;
}

/* Raised with the host's poolers holding their clients; they are let go whatever came of it. */
static cutover_status fence_raise_held(struct job *job, cutover_error **error)
{
    const cutover_platform *platform = &job->host->platform;
    cutover_error *local = NULL;
    uint32_t ended = 0;

    cutover_status status = platform_fence_pause(platform, job->project.id, job->control->cancel, error);
    bool raised = status == CUTOVER_OK;
    if (raised)
        status = fence_raise_ours(job, &ended, error);
    job->report.sessions_ended += ended;
    cutover_status resumed = platform_fence_resume(platform, job->project.id, raised ? 1 : -1, &local);
    if (!raised)
        fence_forget(job);
    if (status == CUTOVER_OK && resumed != CUTOVER_OK) {
        error_move(error, local);
        return resumed;
    }
    if (resumed != CUTOVER_OK)
        job_warn(job, "%s", cutover_error_message(local));
    cutover_error_free(local);
    return status;
}

cutover_status job_fence_up(struct job *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;

    cutover_status status = job_reserve(job, true, error);
    if (status == CUTOVER_OK)
        status = fence_plan(job->control, (uint32_t)record->production_oid, &record->fence, error);
    if (status != CUTOVER_OK)
        return status;
    record->fence_raised = true;
    status = journal_save(&job->journal, error);
    if (status != CUTOVER_OK)
        return status;
    job->fenced_us = monotonic_us();
    if (job->writes_refused_max_s != 0)
        cancel_at(&job->operation.cancel, job->fenced_us + job->writes_refused_max_s * INT64_C(1000000));
    return fence_raise_held(job, error);
}

/* The mark is older than the snapshot: a write between them is in the backup and fails the proof, or is read again for nothing; never
   the other way round. */
cutover_status job_mark_take(struct job *job, struct fence_mark *mark, cutover_error **error)
{
    const struct session_options options = job_inside(job);
    struct session *inside = NULL;

    cutover_status status = session_open(&options, &inside, error);
    if (status == CUTOVER_OK && inside->database_oid != (uint32_t)job->journal.record.production_oid)
        status = error_set(error, CUTOVER_E_STATE,
                           "production's name now belongs to another database (OID %u, not %lld)",
                           inside->database_oid, (long long)job->journal.record.production_oid);
    if (status == CUTOVER_OK)
        status = job_look_again(job, inside, error);
    if (status == CUTOVER_OK)
        status = fence_mark_read(inside, mark, error);
    if (status == CUTOVER_OK)
        status = job_catches_up(job) ? fence_mark_layout(inside, mark, error)
                                     : fence_mark_complete(inside, mark, error);
    session_close(inside);
    return status;
}
