/*
 * A backup that is taken by itself, and one that is verified again. Nothing is overwritten, so there is no source, no target and no
 * journal: records are what recovery goes by, the backup's own, whose lease bears its id, and a verification's (model/verification.h).
 */
#include "base/text.h"
#include "job/verdict_lost.h"
#include "pipeline/job.h"
#include "postgres/event_triggers.h"
#include "postgres/preflight/preflight.h"
#include "postgres/properties.h"
#include "transfer/archive_write.h"

#include <stdlib.h>

#define LABEL_DEFAULT "manual"
#define LOCK_TIMEOUT_MS 30000

/* A backup whose end could not be recorded is recovery's. */
static bool is_over(const struct job *job)
{
    return job->backup.record.id == NULL || !machine_backup_is_running(job->backup.record.status);
}

static cutover_status project_look(struct job *job, const char *project_id, cutover_error **error)
{
    project_free(&job->project);
    cutover_status status = platform_project(&job->host->platform, project_id, &job->project, error);
    if (status == CUTOVER_OK)
        status = job_project_check(job->host, &job->project, error);
    return status != CUTOVER_OK ? status : operation_open(&job->operation, error);
}

/* ---- taken ---- */

/* What takes a backup that nothing can restore there is refused before it begins. */
static cutover_status tools_check(struct job *job, const struct session *control, cutover_error **error)
{
    struct findings findings = {0};

    preflight_tools(&job->operation.tools, control->server_version, control->server_version, &findings);
    cutover_status status = findings_error(&findings, job->type->name, error);
    findings_free(&findings);
    return status;
}

/* All other sessions are inside production. */
static cutover_status server_look(struct job *job, cutover_error **error)
{
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);
    struct session *control = NULL;

    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK)
        status = tools_check(job, control, error);
    if (status == CUTOVER_OK)
        status = session_prefer(control, &job->project.production, error);
    if (status == CUTOVER_OK && job->project.loader_given)
        status = session_prefer(control, &job->project.loader, error);
    if (status == CUTOVER_OK)
        status = event_triggers_quiet(control, &job->project.production, error);
    session_close(control);
    return status;
}

static cutover_status backup_preflight(struct job *job, cutover_error **error)
{
    progress_expect(&job->operation.progress, PHASE_BACKUP, 1);
    job_expect_verify(job, 1);
    cutover_status status = project_look(job, job->from.own.project_id, error);
    return status != CUTOVER_OK ? status : server_look(job, error);
}

/* The record, with its lease, is what makes the job. */
static cutover_status backup_claim(struct job *job, cutover_error **error)
{
    struct backup_record record = {0};
    const char *label = job->from.own.label;

    cutover_status status = job_backup_record(job, label != NULL ? label : LABEL_DEFAULT, &record, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record.id, job->id, error);
    if (status == CUTOVER_OK)
        status = lease_prepare(&job->lease, job->host, LEASE_BACKUP, record.id, record.project_id, error);
    if (status == CUTOVER_OK)
        status = backup_begin(job->host, &job->actor, &record, &job->lease, &job->backup, error);
    record_free(&backup_type, &record);
    return status != CUTOVER_OK
               ? status
               : lease_keep(&job->lease, &job->operation.cancel, &job->operation.progress, error);
}

static cutover_status production_read(struct job *job, cutover_error **error)
{
    struct session_options options = operation_session(&job->operation, &job->project.production, NULL);
    struct snapshot *snapshot = NULL;
    struct json_object *properties = NULL, *kept = NULL;

    options.control_database = job->project.control_database;
    cutover_status status = snapshot_open(&options, LOCK_TIMEOUT_MS, &snapshot, error);
    if (status == CUTOVER_OK)
        status = properties_read(snapshot->leader, snapshot->leader->database_oid, &properties, error);
    if (status == CUTOVER_OK)
        status = properties_without_values(properties, &kept, error);
    if (status == CUTOVER_OK)
        status = archive_write(&job->operation, &options, snapshot, kept, &job->backup.record, error);
    json_object_put(kept);
    json_object_put(properties);
    snapshot_close(snapshot);
    return status;
}

static cutover_status backup_take(struct job *job, cutover_error **error)
{
    cutover_status status = production_read(job, error);

    return status != CUTOVER_OK ? status : backup_step(&job->backup, BACKUP_VERIFYING, error);
}

static void backup_stop(struct job *job, cutover_status status, cutover_error **reason)
{
    (void)status;
    if (job->backup.record.id != NULL)
        backup_fail(&job->backup, *reason);
}

static const struct step backup_steps[] = {
    {"preflight", backup_preflight, NULL},
    {"lock", backup_claim, NULL},
    {"backup", backup_take, NULL},
    {"verify", step_verify, NULL},
};

static const struct job_type backup_job = {
    .name = "backup",
    .steps = backup_steps,
    .step_count = sizeof backup_steps / sizeof *backup_steps,
    .stop = backup_stop,
    .is_over = is_over,
};

cutover_status backup_make(struct job *job, struct host *host, const cutover_backup_options *options,
                           cutover_error **error)
{
    cutover_status status = job_init(job, &backup_job, host, options->actor, options->jobs, options->progress,
                                     options->progress_userdata, error);

    job->verify = options->verify;
    job->from.own.project_id = options->project_id;
    job->from.own.label = options->label;
    return status;
}

/* ---- verified again ---- */

static cutover_status verification_preflight(struct job *job, cutover_error **error)
{
    job_expect_verify(job, 1);
    cutover_status status = backup_load(job->host, job->from.own.backup_id, &job->backup, error);
    job->backup.actor = &job->actor;
    return status != CUTOVER_OK ? status : project_look(job, job->backup.record.project_id, error);
}

/* From here on the record has what this verification finds; what was found before is known. */
static void verdict_forget(struct backup_record *record)
{
    record->verify_method = 0;
    record->verdict = CUTOVER_VERDICT_NONE;
    record->verify_ms = 0;
    free(record->verify_detail);
    record->verify_detail = NULL;
}

static cutover_status verification_claim(struct job *job, cutover_error **error)
{
    struct backup *backup = &job->backup;

    if (backup->record.manifest_sha256 == NULL) {
        cutover_status refused =
            error_set(error, CUTOVER_E_STATE, "backup %s has no archive: it failed before", backup->record.id);
        error_hint(error, "Take a new one.");
        return refused;
    }
    cutover_status status = record_copy(&backup_type, &backup->record, &job->known, error);
    if (status == CUTOVER_OK)
        status = lease_prepare(&job->lease, job->host, LEASE_VERIFICATION, job->id, backup->record.project_id,
                               error);
    if (status == CUTOVER_OK)
        status = backup_verify_again(backup, job->id, &job->lease, error);
    if (status != CUTOVER_OK)
        return status;
    job->claimed = true;
    verdict_forget(&backup->record);
    return lease_keep(&job->lease, &job->operation.cancel, &job->operation.progress, error);
}

static void verification_stop(struct job *job, cutover_status status, cutover_error **reason)
{
    cutover_error *local = NULL;

    (void)status;
    if (!job->claimed || !machine_backup_is_running(job->backup.record.status))
        return;
    if (cutover_error_verdict(*reason) == CUTOVER_VERDICT_DIFFERENT)
        verdict_lost_record(&job->backup, *reason);
    /* Nothing was found against it (the job was cancelled, or it could not be told): what was known before holds. */
    else if (backup_undecided(&job->backup, &job->known, *reason, &local) != CUTOVER_OK)
        log_line(&job->host->log, LOG_WARNING_LEVEL, "backup %s stays recorded as verifying: %s",
                 job->backup.record.id, cutover_error_message(local));
    cutover_error_free(local);
}

static const struct step verification_steps[] = {
    {"preflight", verification_preflight, NULL},
    {"lock", verification_claim, NULL},
    {"verify", step_verify, NULL},
};

static const struct job_type verification_job = {
    .name = "verification",
    .steps = verification_steps,
    .step_count = sizeof verification_steps / sizeof *verification_steps,
    .stop = verification_stop,
    .is_over = is_over,
};

cutover_status verification_make(struct job *job, struct host *host, const cutover_backup_options *options,
                                 const char *backup_id, cutover_error **error)
{
    cutover_status status = job_init(job, &verification_job, host, options->actor, options->jobs,
                                     options->progress, options->progress_userdata, error);

    job->verify = options->verify;
    job->from.own.backup_id = backup_id;
    return status;
}
