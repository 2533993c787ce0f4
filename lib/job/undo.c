#include "job/undo.h"

#include "job/backup_record.h"
#include "postgres/loader.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/fence.h"
#include "postgres/swap/standing.h"
#include "postgres/swap/swap.h"

#include <stdio.h>
#include <string.h>

/* Nobody can cancel an undoing: a server that stops to answer leaves it to recovery. DROP DATABASE may wait for a checkpoint. */
#define UNDO_US (600 * INT64_C(1000000))
/* Who cancelled waits no longer for clients' transactions: they are ended then, as without a pooler. */
#define SOON_US (2 * INT64_C(1000000))

static cutover_status door_reopen(struct session *control, struct journal *journal, cutover_error **error)
{
    struct promotion_record *record = &journal->record;

    if (!record->door_closed)
        return CUTOVER_OK;
    cutover_status status = door_open(control, record->production_name, error);
    if (status != CUTOVER_OK)
        return status;
    record->door_closed = false;
    return journal_save(journal, error);
}

/* What a pooler of the host's does not do is told, and keeps nobody from lifting the fence. */
static void hook_told(struct host *host, const char *project_id, cutover_status status, cutover_error *error)
{
    if (status != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "project %s: %s", project_id, cutover_error_message(error));
    cutover_error_free(error);
}

cutover_status undo_fence(struct host *host, struct session *control, const char *project_id,
                          const char *production, uint32_t oid, struct json_object *plan, bool soon,
                          cutover_error **error)
{
    struct cancel limit;
    cutover_error *local = NULL;

    cancel_init(&limit, NULL);
    cancel_at(&limit, soon ? monotonic_us() + SOON_US : 0);
    cutover_status hook = platform_fence_pause(&host->platform, project_id, &limit, &local);
    hook_told(host, project_id, hook, local);
    local = NULL;
    cutover_status status = fence_lift(control, production, oid, plan, true, error);
    hook = platform_fence_resume(&host->platform, project_id, status != CUTOVER_OK ? 1 : 0, &local);
    hook_told(host, project_id, hook, local);
    return status;
}

static cutover_status fence_down(struct host *host, struct session *control, struct journal *journal, bool soon,
                                 cutover_error **error)
{
    struct promotion_record *record = &journal->record;

    if (!record->fence_raised)
        return CUTOVER_OK;
    cutover_status status = undo_fence(host, control, record->project_id, record->production_name,
                                       (uint32_t)record->production_oid, record->fence, soon, error);
    if (status != CUTOVER_OK)
        return status;
    record->fence_raised = false;
    return journal_save(journal, error);
}

static cutover_status unjournaled_look(struct session *control, const char *name, uint32_t *oid, bool *ours,
                                       cutover_error **error)
{
    cutover_status status = database_oid_of(control, name, oid, error);

    if (status == CUTOVER_OK && *oid != 0)
        status = database_is_ours(control, name, 0, ours, error);
    if (status == CUTOVER_OK && !*ours)
        log_line(control->log, LOG_WARNING_LEVEL,
                 "database \"%s\" stays: it is not as the library makes one of that name, or belongs to "
                 "another role than the one that it connects as now",
                 name);
    return status;
}

/* A database whose making was not journaled any more bears a name that only this promotion gives, and is as we make them; so does
   its loader. Whatever else has that name is somebody else's, and so is a login of the name. */
cutover_status undo_database(struct session *control, const char *name, int64_t oid, cutover_error **error)
{
    uint32_t found = (uint32_t)oid;
    cutover_status status = CUTOVER_OK;
    bool ours = true;

    if (name == NULL)
        return CUTOVER_OK;
    if (found == 0)
        status = unjournaled_look(control, name, &found, &ours, error);
    if (status != CUTOVER_OK || !ours)
        return status;
    if (found != 0)
        status = database_drop(control, name, found, error);
    /* Whoever is to end what keeps it must get in. */
    if (status == CUTOVER_E_POSTGRES && PQstatus(control->connection) == CONNECTION_OK)
        door_open(control, name, NULL);
    return status != CUTOVER_OK ? status : loader_drop(control, name, error);
}

/* What a rollback brings in was there before it, and stays. So does what came in by a swap and was put aside by a person since. */
static cutover_status drop_incoming(struct session *control, const struct promotion_record *record,
                                    cutover_error **error)
{
    bool ours = true;
    cutover_status status = CUTOVER_OK;

    if (!machine_job_traits(record->kind)->makes_incoming)
        return CUTOVER_OK;
    if (record->swapped)
        status = database_is_ours(control, record->staging_name, (uint32_t)record->staging_oid, &ours, error);
    return status == CUTOVER_OK && ours
               ? undo_database(control, record->staging_name, record->staging_oid, error)
               : status;
}

/* Whoever makes it holds the lock of its name: a CREATE DATABASE that is still under way is not overlooked. */
cutover_status undo_throwaway(struct host *host, const struct project *project, struct session *control,
                              const struct promotion_record *record, cutover_error **error)
{
    struct session *elsewhere = NULL;
    struct session_options options = {
        .conninfo = &project->verify, .log = &host->log, .connect_timeout_s = host->connect_timeout_s};
    cutover_status status = CUTOVER_OK;

    if (record->verify_name == NULL)
        return CUTOVER_OK;
    if (project->verify_elsewhere) {
        status = session_open(&options, &elsewhere, error);
        control = elsewhere;
    }
    if (status == CUTOVER_OK)
        status = advisory_lock_wrest(control, advisory_key(record->verify_name), error);
    if (status == CUTOVER_OK)
        status = undo_database(control, record->verify_name, record->verify_oid, error);
    session_close(elsewhere);
    return status;
}

/* A backup that was being taken or verified is no backup; a verified one stays a normal backup. */
cutover_status undo_backup(struct host *host, struct promotion_record *record, struct backup *known,
                           const cutover_error *reason, cutover_error **error)
{
    struct backup backup = {0};
    cutover_error *local = NULL;

    if (record->backup_id == NULL)
        return CUTOVER_OK;
    if (known != NULL && known->record.id != NULL) {
        if (machine_backup_is_running(known->record.status))
            backup_fail(known, reason);
        return CUTOVER_OK;
    }
    cutover_status status = backup_load(host, record->backup_id, &backup, &local);
    if (status == CUTOVER_E_NOT_FOUND) {
        /* It was only named. */
        cutover_error_free(local);
        return record_set_text(&record->backup_id, NULL, error);
    }
    error_move(error, local);
    if (status == CUTOVER_OK && machine_backup_is_running(backup.record.status))
        backup_fail(&backup, reason);
    backup_free(&backup);
    return status;
}

cutover_status undo_check_server(const struct session *control, const struct promotion_record *record,
                                 cutover_error **error)
{
    if (record->system_identifier == NULL || strcmp(control->system_identifier, record->system_identifier) == 0)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_STATE,
                     "project %s now lies on another server (system identifier %s, not %s)", record->project_id,
                     control->system_identifier, record->system_identifier);
}

static cutover_status control_open(struct host *host, const struct project *project,
                                   struct session_reserve *reserve, struct session **control,
                                   cutover_error **error)
{
    struct session_options options = {
        .conninfo = &project->production,
        .database = project->control_database,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
        .reserve = reserve,
    };

    return session_open(&options, control, error);
}

static cutover_status locks_regain(struct session *control, const struct promotion_record *record, int old_pid,
                                   cutover_error **error)
{
    cutover_status status = advisory_lock_regain(control, record->lock_key, old_pid, error);

    if (status == CUTOVER_OK)
        status =
            advisory_lock_regain(control, advisory_key_of_database(record->production_name), old_pid, error);
    return status;
}

/* What ended the session may be that the server is another one now: then that is the reason. */
static cutover_status failover_tell(struct session *control, const struct promotion_record *record,
                                    cutover_error **reason, cutover_error **error)
{
    int64_t now = 0;
    cutover_status status = timeline_read(control, &now, error);

    if (status == CUTOVER_OK && record->timeline != 0 && now != record->timeline) {
        char text[160];
        snprintf(text, sizeof text,
                 "production's server failed over, or was recovered, during the job (timeline %lld, now %lld)",
                 (long long)record->timeline, (long long)now);
        error_front(reason, text, "See that the new primary has what it should, then start again.");
    }
    return status;
}

cutover_status undo_job(struct host *host, const struct project *project, struct session *control,
                        struct session_reserve *reserve, struct journal *journal, struct backup *known,
                        bool cancelled, cutover_error **reason, cutover_error **error)
{
    struct promotion_record *record = &journal->record;
    struct session *own = NULL;
    cutover_error *none = NULL;
    cutover_status status = CUTOVER_OK;

    if (reason == NULL)
        reason = &none;
    if (control == NULL || !session_answers(control)) {
        status = control_open(host, project, reserve, &own, error);
        if (status == CUTOVER_OK)
            status = undo_check_server(own, record, error);
        if (status == CUTOVER_OK)
            status = locks_regain(own, record, control != NULL ? control->backend_pid : 0, error);
        if (status == CUTOVER_OK)
            status = failover_tell(own, record, reason, error);
        control = own;
    }
    if (status == CUTOVER_OK)
        control->deadline_us = monotonic_us() + UNDO_US;
    /* Every act below is on the session that holds the lock, and by the journal's one writer: whoever took this job over has
       both. */
    if (status == CUTOVER_OK)
        status = journal_save(journal, error);
    if (status == CUTOVER_OK)
        status = door_reopen(control, journal, error);
    if (status == CUTOVER_OK)
        status = fence_down(host, control, journal, cancelled, error);
    if (status == CUTOVER_OK)
        status = drop_incoming(control, record, error);
    if (status == CUTOVER_OK)
        status = undo_throwaway(host, project, control, record, error);
    session_close(own);
    if (status == CUTOVER_OK)
        status = undo_backup(host, record, known, *reason, error);
    if (status == CUTOVER_OK)
        status = platform_project_return(&host->platform, record->project_id, record->id, error);
    if (status == CUTOVER_OK)
        status = journal_fail(journal, cancelled, *reason, error);
    return status;
}
