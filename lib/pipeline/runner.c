/* The runner: the steps in order, their times, and what happens when one fails. */
#include "job/undo.h"
#include "pipeline/promote.h"

#include <stdlib.h>
#include <string.h>

struct step {
    const char *name;
    cutover_status (*run)(struct promote *job, cutover_error **error);
    bool (*wanted)(const struct promote *job); /* NULL: always */
};

static cutover_status preflight(struct promote *job, cutover_error **error)
{
    cutover_status status = operation_open(&job->operation, error);

    if (status == CUTOVER_OK)
        status = promote_rules(job, error);
    if (status == CUTOVER_OK)
        status = lock_check(job->host, job->project.id, error);
    if (status == CUTOVER_OK)
        status = promote_look(job, error);
    if (status != CUTOVER_OK)
        return status;
    for (size_t i = 0; i < job->findings.count; i++)
        if (job->findings.list[i].severity == CUTOVER_SEVERITY_WARN)
            report_warn(&job->report, "%s", job->findings.list[i].message);
    return findings_error(&job->findings, job_kind_names[job->kind], error);
}

/* What a log line is about. */
static const char *subject_of(const struct promote *job)
{
    return job->claimed              ? job->journal.record.id
           : job->request_id != NULL ? job->request_id
                                     : job->source_backup_id;
}

static bool hold_wanted(const struct promote *job)
{
    return job->hold;
}

/* Production refuses writes from the backup on: what takes long and does not read it comes before. */
static const struct step steps[] = {
    {"preflight", preflight, NULL},
    {"lock", promote_lock, NULL},
    {"stage", promote_stage, NULL},
    {"check", promote_check, NULL},
    {"backup", promote_backup, promote_over_production},
    {"verify", promote_verify, promote_over_production},
    {"held", promote_hold, hold_wanted},
    {"swap", promote_swap, NULL},
    {"finish", promote_finish, NULL},
};

static cutover_status steps_run(struct promote *job, cutover_error **error)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct step *step = &steps[i];
        if (step->wanted != NULL && !step->wanted(job))
            continue;
        report_step_begin(&job->report, step->name);
        progress_step(&job->operation.progress, step->name);
        log_line(&job->host->log, LOG_INFO_LEVEL, "%s: %s", subject_of(job), step->name);
        cutover_status status = CUTOVER_OK;
        /* Nothing is cancelled once the swap is done. */
        if (!job->swapped)
            status = progress_tick(&job->operation.progress, error);
        if (status == CUTOVER_OK)
            status = step->run(job, error);
        report_step_end(&job->report);
        if (status != CUTOVER_OK) {
            status = lease_explain(&job->lease, status, error);
            error_step(error, step->name);
            return status;
        }
    }
    return CUTOVER_OK;
}

/* Makes everything as it was. What cannot be is told with the reason, and stays in the journal for recovery. */
static void undo(struct promote *job, cutover_status status, cutover_error **reason)
{
    cutover_error *local = NULL;
    int backup = job->backup.record.status;

    live_copy_close(&job->live);
    if (job->control != NULL)
        job->control->cancel = NULL;
    if (job->backup.record.id != NULL && (backup == BACKUP_TAKING || backup == BACKUP_VERIFYING))
        backup_fail(&job->backup, *reason);
    if (undo_job(job->host, &job->project, job->control, &job->journal, status == CUTOVER_E_CANCELLED, *reason,
                 &local) != CUTOVER_OK) {
        error_detail(reason, "undoing it failed: %s", cutover_error_message(local));
        error_front(reason, "it ended before the swap, and is not undone yet",
                    "run recovery: it reopens production and drops what is left");
        log_line(&job->host->log, LOG_ERROR_LEVEL, "%s: not undone: %s", subject_of(job),
                 cutover_error_message(local));
    }
    cutover_error_free(local);
    if (job->fenced_us != 0)
        job->report.writes_refused_us = monotonic_us() - job->fenced_us;
}

static const char *status_name(const struct promote *job, cutover_status status)
{
    if (status == CUTOVER_OK)
        return "completed";
    if (job->claimed)
        return promotion_status_names[job->journal.record.status];
    return status == CUTOVER_E_CANCELLED ? "cancelled" : "refused";
}

static void report_finish(struct promote *job, cutover_status status, const cutover_error *reason)
{
    struct report_subject subject = {
        .request_id = job->request_id,
        .promotion_id = job->claimed ? job->journal.record.id : NULL,
        .status = status_name(job, status),
        .displaced = job->swapped && promote_over_production(job) ? job->journal.record.displaced_name : NULL,
        .backup = job->backup.record.id != NULL ? &job->backup.record : NULL,
        .error = reason,
    };
    struct json_object *report = report_make(&job->report, &subject);

    if (report != NULL && job->kind == JOB_RESTORE) {
        bool project = promote_over_production(job);
        json_put_text(report, "restore_id", subject.promotion_id);
        json_put_text(report, "target_kind", project ? "project" : "preview");
        json_put_text(report, "target_id", project ? job->project.id : job->target_preview_id);
        json_put_text(report, "source_backup_id", job->source_backup_id);
    }
    if (report != NULL)
        json_format(report, &job->report.json, NULL);
    json_object_put(report);
}

cutover_status promote_run(struct promote *job, cutover_error **error)
{
    cutover_error *reason = NULL;
    cutover_status status = steps_run(job, &reason);

    if (status != CUTOVER_OK && reason == NULL)
        error_set(&reason, status, "%s", cutover_status_name(status));
    /* Whoever took the journal over also undoes or finishes. */
    bool taken_over = status != CUTOVER_OK && job->claimed && journal_is_taken_over(&job->journal);
    if (taken_over && !job->swapped)
        error_front(&reason, "this job was taken over, and stops here",
                    "recovery ends it: look at the project");
    if (status != CUTOVER_OK && job->claimed && !job->swapped && !job->outcome_unknown && !taken_over)
        undo(job, status, &reason);
    if (status != CUTOVER_OK && job->swapped) {
        error_front(&reason, "production has its new content, and its records are not finished yet",
                    "run recovery: it finishes them");
        log_line(&job->host->log, LOG_ERROR_LEVEL, "request %s: swapped, but not recorded: %s", job->request_id,
                 cutover_error_message(reason));
    }
    live_copy_close(&job->live);
    session_close(job->control);
    job->control = NULL;
    /* A job that could not be ended is recovery's, at once. */
    lease_end(&job->lease, job->claimed && !machine_promotion_is_over(job->journal.record.status));
    report_finish(job, status, reason);
    error_move(error, reason);
    return status;
}

void promote_free(struct promote *job)
{
    session_close(job->control);
    live_copy_close(&job->live);
    fence_mark_free(&job->mark);
    backup_free(&job->backup);
    journal_free(&job->journal);
    findings_free(&job->findings);
    project_free(&job->project);
    preview_free(&job->preview);
    record_free(&request_type, &job->request);
    report_free(&job->report);
    operation_close(&job->operation);
    archive_close(&job->archive);
    backup_free(&job->source);
    free(job->source_backup_id);
    free(job->target_preview_id);
    free(job->actor_id);
    free(job->request_id);
    memset(job, 0, sizeof *job);
}
