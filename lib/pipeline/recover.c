#include "pipeline/recover.h"

#include "job/backup_record.h"
#include "job/cancellation.h"
#include "job/target.h"
#include "job/undo.h"
#include "job/verdict_lost.h"
#include "postgres/database.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/standing.h"
#include "postgres/swap/swap.h"
#include "transfer/archive_verify.h"

#include <stdlib.h>
#include <string.h>

/*
 * How a dead job is settled.
 *
 * Nothing here believes what the job thought that it had done. The journal says which databases are concerned, by OID, and what
 * was intended; whether the swap was committed is asked of production's server: who bears production's name now?
 *
 * Before that may be asked, nobody else may be able to change the answer. Three things are taken for it, in this order, and each
 * shuts out another: the lease, so that of two recoveries one goes on; the journal's version, so that the job, if it lives after
 * all, fails at its next save; and the advisory lock on production's server, by ending the session that holds it, so that a
 * statement that is under way in that session ends before we look. A job that is woken after an hour has no session and no
 * journal left to swap with. While we waited for the lock another recovery may have settled this job, and a new job may have
 * begun: so the journal is saved once more, and only then the server is asked.
 *
 * The staging database under production's name: the swap was committed, and the records are finished. Production under it: it was
 * not, and what the journal names is undone. Another one: a person must look, and nothing is done. Each act may be done again, so
 * that a recovery that is killed is itself recovered: its lease is a dead one, too.
 *
 * A job that ended, but whose lease could not be deleted, is found here and is over already. A backup that was taken or verified
 * by itself has no swap: its throwaway database goes, under the lock that its verification holds, and it is failed, or cancelled
 * where that was asked for; what was verified again is what it was before.
 */

#define SECOND INT64_C(1000000)
/* Of a swap that had been committed. */
#define IS_LOST "is not on production's server any more: that lost it, or somebody took it back by hand"
#define RECOVERY_CANNOT_HELP                                                                                   \
    "; where that is for good, an operator abandons the job (cutover_recover_abandon(), cutoverctl recover "   \
    "--abandon), which frees the project"

const char *cutover_recovered_name(cutover_recovered outcome)
{
    switch (outcome) {
    case CUTOVER_RECOVERED_COMPLETED:
        return "completed";
    case CUTOVER_RECOVERED_UNDONE:
        return "undone";
    case CUTOVER_RECOVERED_RUNNING:
        return "running";
    case CUTOVER_RECOVERED_FAILED:
        return "failed";
    case CUTOVER_RECOVERED_LOST:
        return "lost";
    case CUTOVER_RECOVERED_DIFFERENT:
        return "different";
    case CUTOVER_RECOVERED_STANDS:
        return "stands";
    case CUTOVER_RECOVERED_ABANDONED:
        return "abandoned";
    case CUTOVER_RECOVERED_LEFT:
        return "left";
    }
    return "?";
}

struct recovering {
    struct host *host;
    const struct lease_sight *sight;
    const struct abandoner *by; /* who gives the job up where it cannot be settled; NULL: nobody */
    struct lease lease;
    struct cancel cancel; /* asked when our own lease is lost */
    int64_t timeline;     /* that the server writes now */
    cutover_recovery told;
    char *request_id;
    struct text message;
};

static void outcome(struct recovering *recovering, cutover_recovered outcome, const char *message)
{
    recovering->told.outcome = outcome;
    text_clear(&recovering->message);
    text_add(&recovering->message, message);
}

static void outcome_failed(struct recovering *recovering, const cutover_error *error)
{
    outcome(recovering, CUTOVER_RECOVERED_FAILED, cutover_error_message(error));
    if (cutover_error_detail(error) != NULL)
        text_add_format(&recovering->message, " (%s)", cutover_error_detail(error));
    if (cutover_error_hint(error) != NULL)
        text_add_format(&recovering->message, ": %s", cutover_error_hint(error));
    text_add(&recovering->message, RECOVERY_CANNOT_HELP);
}

/* ---- jobs that overwrite a project ---- */

static cutover_status outcome_of(struct session *control, const struct promotion_record *record,
                                 enum swap_outcome *found, cutover_error **error)
{
    struct swap swap = {
        .production = record->production_name,
        .production_oid = (uint32_t)record->production_oid,
        .incoming = record->staging_name,
        .incoming_oid = (uint32_t)record->staging_oid,
        .displaced = record->displaced_name,
    };

    /* Nothing came in yet that could have been swapped. */
    if (record->staging_oid == 0 || !record->swap_intended) {
        *found = SWAP_NOT_DONE;
        return CUTOVER_OK;
    }
    return swap_outcome(control, &swap, found, error);
}

/* A process that died during the swap has left the host's poolers paused; where it fell on one that is not, resuming is nothing. */
static void traffic_let_go(struct host *host, const struct promotion_record *record, bool swapped)
{
    cutover_error *local = NULL;

    if (!record->swap_intended)
        return;
    if (swapped && record->fence_raised &&
        platform_fence_resume(&host->platform, record->project_id, 0, &local) != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "job %s: %s", record->id, cutover_error_message(local));
    cutover_error_free(local);
    local = NULL;
    if (platform_traffic_resume(&host->platform, record->project_id, !swapped && record->fence_raised,
                                &local) != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "job %s: %s", record->id, cutover_error_message(local));
    cutover_error_free(local);
}

/* What a restore into a preview displaced was proved to be empty: where it cannot be dropped it is only in the way. */
static void empty_one_drop(struct recovering *recovering, struct session *control,
                           const struct promotion_record *record)
{
    cutover_error *local = NULL;

    if (database_drop(control, record->displaced_name, (uint32_t)record->production_oid, &local) != CUTOVER_OK)
        log_line(&recovering->host->log, LOG_WARNING_LEVEL, "job %s: the empty database %s stays: %s",
                 record->id, record->displaced_name, cutover_error_message(local));
    cutover_error_free(local);
}

static cutover_status job_finish(struct recovering *recovering, struct session *control,
                                 struct journal *journal, cutover_error **error)
{
    struct host *host = recovering->host;
    cutover_error *local = NULL;

    journal->record.swapped = true;
    journal->record.door_closed = false;
    bool over_production = promotion_target_preview(&journal->record) == NULL;
    bool asked = cancellation_is_asked(host, journal->record.id);
    if (!over_production)
        empty_one_drop(recovering, control, &journal->record);
    traffic_let_go(host, &journal->record, true);
    cutover_status status =
        platform_project_return(&host->platform, journal->record.project_id, journal->record.id, error);
    if (status == CUTOVER_OK && over_production &&
        platform_integrations_sync(&host->platform, journal->record.project_id, &local) != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "job %s: %s", journal->record.id, cutover_error_message(local));
    cutover_error_free(local);
    if (status == CUTOVER_OK)
        status = journal_complete(journal, error);
    if (status != CUTOVER_OK)
        return status;
    outcome(
        recovering, CUTOVER_RECOVERED_COMPLETED,
        asked ? "the swap had been committed; its records are complete now; its cancellation, which was asked "
                "for, came too late"
              : "the swap had been committed; its records are complete now");
    return CUTOVER_OK;
}

/* ---- a server that is on another timeline than when the job began ---- */

static bool failed_over(const struct recovering *recovering, const struct journal *journal)
{
    return journal->record.timeline != 0 && recovering->timeline != journal->record.timeline;
}

static void failover_front(const struct recovering *recovering, const struct journal *journal,
                           cutover_error **reason)
{
    if (failed_over(recovering, journal))
        error_front(reason, "production's server failed over, or was recovered, since the job began",
                    "See that the new primary has what it should, then start again.");
}

static void tell_failover(struct recovering *recovering, const struct journal *journal)
{
    if (failed_over(recovering, journal))
        text_add_format(
            &recovering->message,
            "; its server failed over, or was recovered, since the job began (timeline %lld, now %lld)",
            (long long)journal->record.timeline, (long long)recovering->timeline);
}

/* Why it ends: as it told before it began to undo, which its process did not live to finish; else as we find it. */
static cutover_error *reason_of(const struct host *host, const struct promotion_record *record)
{
    cutover_error *reason = NULL;

    if (record->swapped) {
        error_set(&reason, CUTOVER_E_INTERNAL,
                  "its swap had been committed, and " IS_LOST "; recovery undid the rest");
        return reason;
    }
    reason = json_error(json_member(record->report, "error"));
    if (reason != NULL)
        return reason;
    if (record->cancelled_by_actor_id != NULL || cancellation_is_asked(host, record->id))
        error_set(&reason, CUTOVER_E_CANCELLED,
                  "its cancellation was asked for, and its process ended; recovery undid what it had done");
    else
        error_set(&reason, CUTOVER_E_INTERNAL,
                  "its process ended before the swap; recovery undid what it had done");
    return reason;
}

static cutover_status job_undo(struct recovering *recovering, const struct project *project,
                               struct session *control, struct journal *journal, cutover_error **error)
{
    bool lost = journal->record.swapped; /* and not there: its server forgot it before we came */
    cutover_error *reason = reason_of(recovering->host, &journal->record);
    bool cancelled = cutover_error_code(reason) == CUTOVER_E_CANCELLED;

    failover_front(recovering, journal, &reason);
    /* What opened the door was the swap. */
    if (lost)
        journal->record.door_closed = true;
    cutover_status status =
        undo_job(recovering->host, project, control, NULL, journal, NULL, cancelled, &reason, error);
    traffic_let_go(recovering->host, &journal->record, false);

    cutover_error_free(reason);
    if (status == CUTOVER_OK) {
        outcome(recovering, CUTOVER_RECOVERED_UNDONE,
                lost ? "the swap had been committed, and " IS_LOST
                       "; production is open, writable and as it was before"
                     : "the swap had not happened; production is open, writable and as it was");
        tell_failover(recovering, journal);
    }
    return status;
}

static cutover_status job_settle(struct recovering *recovering, const struct project *project,
                                 struct journal *journal, cutover_error **error)
{
    struct host *host = recovering->host;
    struct session_options options = {
        .conninfo = &project->production,
        .database = journal->record.control_database,
        .cancel = &recovering->cancel,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
    };
    struct session *control = NULL;
    enum swap_outcome found = SWAP_LOST;

    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK)
        status = undo_check_server(control, &journal->record, error);
    /* First the journal, so that the zombie's next save fails; then the lock, so that its session cannot act. */
    if (status == CUTOVER_OK)
        status = journal_save(journal, error);
    if (status == CUTOVER_OK)
        status = advisory_lock_wrest(control, journal->record.lock_key, error);
    /* Its session had both, and is gone: whoever has this one now is somebody else's job, and is waited for. */
    if (status == CUTOVER_OK)
        status =
            advisory_lock_regain(control, advisory_key_of_database(journal->record.production_name), 0, error);
    if (status == CUTOVER_OK)
        status = timeline_read(control, &recovering->timeline, error);
    /* Another recovery may have ended this job while we waited for the lock, and a new one may run: then the server's answer
       would be about that. */
    if (status == CUTOVER_OK)
        status = journal_save(journal, error);
    if (status == CUTOVER_OK)
        status = outcome_of(control, &journal->record, &found, error);
    if (status == CUTOVER_OK) {
        if (found == SWAP_DONE)
            status = job_finish(recovering, control, journal, error);
        else if (found == SWAP_NOT_DONE)
            status = job_undo(recovering, project, control, journal, error);
        else
            status = error_set(
                error, CUTOVER_E_STATE,
                "\"%s\" is neither the database that was to be displaced (OID %lld) nor the one that was "
                "to come in (OID %lld): a person must look",
                journal->record.production_name, (long long)journal->record.production_oid,
                (long long)journal->record.staging_oid);
    }
    session_close(control);
    return status;
}

static cutover_status recover_job(struct recovering *recovering, cutover_error **error)
{
    struct host *host = recovering->host;
    struct journal journal = {0};
    struct project project = {0};

    cutover_status status = journal_load(host, recovering->sight->record.job_id, &journal, error);
    if (status != CUTOVER_OK)
        return status;
    journal.recovering = true;
    recovering->told.job = job_kind_names[journal.record.kind];
    status = string_copy(journal.record.request_id, &recovering->request_id, error);
    if (status == CUTOVER_OK && machine_promotion_is_over(journal.record.status)) {
        outcome(recovering, journal.record.swapped ? CUTOVER_RECOVERED_COMPLETED : CUTOVER_RECOVERED_UNDONE,
                "it had ended already");
    } else if (status == CUTOVER_OK) {
        status = target_of_job(host, &journal.record, &project, error);
        if (status == CUTOVER_OK)
            status = job_settle(recovering, &project, &journal, error);
    }
    project_free(&project);
    journal_free(&journal);
    return status;
}

/* ---- backups taken or verified on their own ---- */

static cutover_status throwaway_drop(struct recovering *recovering, const char *project_id,
                                     const char *backup_id, cutover_error **error)
{
    struct host *host = recovering->host;
    struct project project = {0};
    struct session *control = NULL;
    char name[DATABASE_NAME_MAX + 1];

    cutover_status status = platform_project(&host->platform, project_id, &project, error);
    if (status == CUTOVER_OK && project.found) {
        struct session_options options = {
            .conninfo = project.verify_elsewhere ? &project.verify : &project.production,
            .database = project.verify_elsewhere ? NULL : project.control_database,
            .cancel = &recovering->cancel,
            .log = &host->log,
            .connect_timeout_s = host->connect_timeout_s,
        };
        archive_verify_database_name(name, backup_id);
        status = session_open(&options, &control, error);
        if (status == CUTOVER_OK)
            status = advisory_lock_wrest(control, advisory_key(name), error);
        if (status == CUTOVER_OK)
            status = undo_database(control, name, 0, error);
        session_close(control);
    }
    project_free(&project);
    return status;
}

/* Whoever was at it is gone: what that leaves. */
static cutover_error *backup_reason(const struct recovering *recovering)
{
    return cancellation_is_asked(recovering->host, recovering->sight->record.job_id)
               ? cutover_error_new(CUTOVER_E_CANCELLED, "its cancellation was asked for, and its process ended",
                                   NULL, NULL)
               : cutover_error_new(CUTOVER_E_INTERNAL, "its process ended before it was verified", NULL, NULL);
}

static cutover_status recover_backup(struct recovering *recovering, cutover_error **error)
{
    struct backup backup = {0};

    cutover_status status = backup_load(recovering->host, recovering->sight->record.job_id, &backup, error);
    if (status != CUTOVER_OK)
        return status;
    backup.recovering = true;
    outcome(recovering, CUTOVER_RECOVERED_UNDONE, "it had ended already");
    if (machine_backup_is_running(backup_status_of_own_job(&backup.record))) {
        status = throwaway_drop(recovering, backup.record.project_id, backup.record.id, error);
        if (status == CUTOVER_OK) {
            cutover_error *reason = backup_reason(recovering);
            backup_fail(&backup, reason);
            cutover_error_free(reason);
            outcome(recovering, CUTOVER_RECOVERED_UNDONE,
                    backup.record.manifest_sha256 != NULL ? "it was not verified to the end: verify it again"
                                                          : "its partial archive is swept");
        }
    }
    backup_free(&backup);
    return status;
}

static cutover_status recover_verification(struct recovering *recovering, cutover_error **error)
{
    struct backup backup = {0};

    cutover_status status =
        backup_load_again(recovering->host, recovering->sight->record.job_id, &backup, error);
    if (status != CUTOVER_OK)
        return status;
    backup.recovering = true;
    outcome(recovering, CUTOVER_RECOVERED_UNDONE, "it had ended already");
    if (backup.again.status == VERIFICATION_RUNNING) {
        status = throwaway_drop(recovering, backup.record.project_id, backup.record.id, error);
        if (status == CUTOVER_OK && verdict_lost_recall(&backup)) {
            status = backup_step(&backup, BACKUP_FAILED, error);
            outcome(recovering, CUTOVER_RECOVERED_UNDONE,
                    "the backup is not what it was taken of, which could not be recorded before");
        } else if (status == CUTOVER_OK) {
            cutover_error *reason = backup_reason(recovering);
            status = backup_undecided_after(&backup, reason, error);
            cutover_error_free(reason);
            outcome(recovering, CUTOVER_RECOVERED_UNDONE,
                    "the backup was not verified to the end, and is what it was before: verify it again");
        }
    }
    if (status == CUTOVER_OK)
        verdict_lost_forget(recovering->host, backup.again.id);
    backup_free(&backup);
    return status;
}

/* ---- one lease ---- */

/* What is no matter of the job's servers is none to give it up for. */
static bool can_be_abandoned(const struct recovering *recovering, cutover_status status)
{
    return recovering->by != NULL && status != CUTOVER_OK && status != CUTOVER_E_CANCELLED &&
           status != CUTOVER_E_NOMEM && status != CUTOVER_E_STORE && status != CUTOVER_E_UNSUPPORTED;
}

/* Takes over why it could not be settled. */
static cutover_status abandon(struct recovering *recovering, cutover_error **error)
{
    const struct lease_record *record = &recovering->sight->record;
    cutover_error *why = *error;
    cutover_status status;
    bool completed = false;

    *error = NULL;
    if (record->job != LEASE_PROMOTION)
        status = abandon_backup(recovering->host, recovering->by, record->job_id,
                                record->job == LEASE_VERIFICATION, why, &recovering->message, error);
    else
        status = abandon_job(recovering->host, recovering->by, record->job_id, why, &completed,
                             &recovering->message, error);
    recovering->told.outcome = completed ? CUTOVER_RECOVERED_COMPLETED : CUTOVER_RECOVERED_ABANDONED;
    cutover_error_free(why);
    return status;
}

static cutover_status settle(struct recovering *recovering, cutover_error **error)
{
    switch ((enum lease_job)recovering->sight->record.job) {
    case LEASE_BACKUP:
        return recover_backup(recovering, error);
    case LEASE_VERIFICATION:
        return recover_verification(recovering, error);
    case LEASE_PROMOTION:
        break;
    }
    return recover_job(recovering, error);
}

static void recover_dead(struct recovering *recovering)
{
    const struct lease_sight *sight = recovering->sight;
    cutover_error *error = NULL;

    cutover_status status = lease_take(&recovering->lease, recovering->host, &sight->record, sight->version,
                                       &recovering->cancel, &error);
    if (status == CUTOVER_E_CONFLICT) {
        outcome(recovering, CUTOVER_RECOVERED_RUNNING,
                "somebody else is recovering it, or it gave a sign of life");
        cutover_error_free(error);
        return;
    }
    if (status == CUTOVER_OK)
        status = settle(recovering, &error);
    if (can_be_abandoned(recovering, status))
        status = abandon(recovering, &error);
    status = lease_explain(&recovering->lease, status, &error);
    if (status != CUTOVER_OK)
        outcome_failed(recovering, error);
    if (recovering->by != NULL)
        *recovering->by->failed = status;
    cutover_error_free(error);
    lease_end(&recovering->lease, status != CUTOVER_OK);
}

static void leave_alone(struct recovering *recovering)
{
    const struct lease_sight *sight = recovering->sight;

    outcome(recovering, CUTOVER_RECOVERED_RUNNING, sight->why);
    if (sight->silent_us < 0)
        return;
    recovering->told.ask_again_s = (uint32_t)((LEASE_US - sight->silent_us + SECOND - 1) / SECOND);
    text_add_format(&recovering->message, ": ask again in %u s", recovering->told.ask_again_s);
}

cutover_status recover_lease(struct host *host, const struct lease_sight *sight, const struct abandoner *by,
                             cutover_recovery_emit emit, void *context)
{
    const struct lease_record *record = &sight->record;
    struct recovering recovering = {
        .host = host,
        .sight = sight,
        .by = by,
        .told = {.version = CUTOVER_RECOVERY_VERSION,
                 .job = record->job == LEASE_PROMOTION ? job_kind_names[JOB_PROMOTION]
                                                       : lease_job_names[record->job],
                 .job_id = record->job_id,
                 .project_id = record->project_id},
        .message = TEXT_INIT,
    };
    cutover_status status = CUTOVER_OK;

    cancel_init(&recovering.cancel, NULL);
    if (sight->dead) {
        log_line(&host->log, LOG_WARNING_LEVEL, "recovering job %s: %s", record->job_id, sight->why);
        recover_dead(&recovering);
    } else {
        leave_alone(&recovering);
    }
    recovering.told.request_id = recovering.request_id != NULL ? recovering.request_id : "";
    recovering.told.message = text_string(&recovering.message);
    log_line(&host->log, LOG_INFO_LEVEL, "job %s: %s: %s", record->job_id,
             cutover_recovered_name(recovering.told.outcome), recovering.told.message);
    if (emit != NULL)
        status = emit(&recovering.told, context);
    free(recovering.request_id);
    text_free(&recovering.message);
    return status;
}

/* ---- one project ---- */

/* The job that the project is restoring for, when it has ended: nobody else will return the project. */
static bool ended_job_of(struct host *host, const char *project_id, struct journal *journal)
{
    struct project project = {0};
    cutover_error *error = NULL;
    cutover_status status = platform_project(&host->platform, project_id, &project, &error);
    bool restoring = status == CUTOVER_OK && project.found && strcmp(project.state, "restoring") == 0 &&
                     project.job_id != NULL;

    if (restoring)
        status = journal_load(host, project.job_id, journal, &error);
    if (status != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "project %s: whether its job has ended cannot be told: %s",
                 project_id, cutover_error_message(error));
    cutover_error_free(error);
    project_free(&project);
    return restoring && status == CUTOVER_OK && machine_promotion_is_over(journal->record.status);
}

cutover_status recover_project(struct host *host, const char *project_id, cutover_recovery_emit emit,
                               void *context)
{
    struct journal journal = {0};
    const struct promotion_record *record = &journal.record;
    cutover_error *error = NULL;
    cutover_status status = CUTOVER_OK;

    if (ended_job_of(host, project_id, &journal)) {
        cutover_recovery told = {
            .version = CUTOVER_RECOVERY_VERSION,
            .job = job_kind_names[record->kind],
            .job_id = record->id,
            .project_id = project_id,
            .request_id = record->request_id != NULL ? record->request_id : "",
            .outcome = record->swapped ? CUTOVER_RECOVERED_COMPLETED : CUTOVER_RECOVERED_UNDONE,
            .message = "it had ended already; its project was still restoring for it, and is active again",
        };
        if (platform_project_return(&host->platform, project_id, record->id, &error) != CUTOVER_OK) {
            told.outcome = CUTOVER_RECOVERED_FAILED;
            told.message = cutover_error_message(error);
        }
        log_line(&host->log, LOG_WARNING_LEVEL, "job %s: %s: %s", told.job_id,
                 cutover_recovered_name(told.outcome), told.message);
        if (emit != NULL)
            status = emit(&told, context);
    }
    cutover_error_free(error);
    journal_free(&journal);
    return status;
}
