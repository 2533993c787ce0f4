/*
 * The runner: one for every kind of job.
 *
 * It takes the steps of the job's table in order. Before each it tells report, progress and log its name and looks whether the job
 * is to stop; a step that fails ends the row, and its name goes into the error. Then the job's kind has the word: stop() makes
 * everything as it was. For a job with a journal there are four cases, told apart by what is known and not by where it failed:
 *
 *   the record has another writer    recovery has taken the job over: it undoes or finishes, and this job touches nothing
 *   swapped                          production has its new content: only the records are missing, and recovery finishes them
 *   outcome unknown                  the server went away in the moment of the swap: recovery asks it
 *   else                             undone here, from the journal, on the session that holds the lock
 *
 * A job whose end could not be recorded keeps its lease, released, so that recovery may come at once.
 */
#include "job/failover.h"
#include "job/undo.h"
#include "pipeline/job.h"

#include <string.h>

/* It was not a person who cancelled. */
static cutover_status refused_too_long(struct job *job, cutover_error **error)
{
    cutover_error_free(*error);
    *error = NULL;
    return job_end_by_limit(job, error, "production refused writes for %lld seconds, as long as it may",
                            (long long)job->writes_refused_max_s);
}

static cutover_status step_run(struct job *job, const struct step *step, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    report_step_begin(&job->report, step->name);
    progress_step(&job->operation.progress, step->name);
    /* Nobody knows how long a person takes: what is told of it first has no time left either. */
    progress_wait(&job->operation.progress, step->run == step_held);
    log_line(&job->host->log, LOG_INFO_LEVEL, "%s: %s", job->id, step->name);
    /* Nothing is cancelled once the swap is done. */
    if (job->swapped)
        cancel_at(&job->operation.cancel, 0);
    else
        status = progress_tick(&job->operation.progress, error);
    if (status == CUTOVER_OK)
        status = step->run(job, error);
    progress_wait(&job->operation.progress, false);
    report_step_end(&job->report);
    if (status != CUTOVER_OK) {
        status = lease_explain(&job->lease, status, error);
        if (status == CUTOVER_E_CANCELLED && cancel_is_overdue(&job->operation.cancel))
            status = refused_too_long(job, error);
        error_step(error, step->name);
    }
    return status;
}

static cutover_status steps_run(struct job *job, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < job->type->step_count; i++) {
        const struct step *step = &job->type->steps[i];
        if (step->wanted == NULL || step->wanted(job))
            status = step_run(job, step, error);
    }
    return status;
}

static struct json_object *report_of(const struct job *job, const char *status, const char *production,
                                     const cutover_error *reason)
{
    struct report_subject subject = {
        .kind = job->type->name,
        .project_id = job->project.id,
        .request_id = job->request_id,
        .job_id = job->claimed ? job->journal.record.id : NULL,
        .status = status,
        .production = production,
        .displaced = job->swapped && job->target->keeps_displaced ? job->journal.record.displaced_name : NULL,
        .backup = job->backup.record.id != NULL ? &job->backup.record : NULL,
        .error = reason,
    };
    struct json_object *report = report_make(&job->report, &subject);

    if (report != NULL && job->type->tell != NULL)
        job->type->tell(job, report);
    return report;
}

static void refused_count(struct job *job)
{
    if (job->fenced_us != 0)
        job->report.writes_refused_us = monotonic_us() - job->fenced_us;
}

/* While it is undone; that it is done says the commit which ends the job. */
static const char *production_meanwhile(const struct job *job)
{
    return job->target == &target_preview
               ? report_production_untouched
               : "Production is as it was before, but may be closed or refuse writes until this job is undone.";
}

static void undo(struct job *job, cutover_status status, cutover_error **reason)
{
    cutover_error *local = NULL;

    refused_count(job);
    json_object_put(job->journal.record.report);
    job->journal.record.report = report_of(job, status == CUTOVER_E_CANCELLED ? "cancelled" : "failed",
                                           production_meanwhile(job), *reason);
    /* Before anything is undone, however long its server lets us wait, everybody can see that it ends, and how: nobody releases it
       any more. Where it cannot be saved the undoing says so. */
    journal_save(&job->journal, NULL);
    if (job->control != NULL)
        job->control->cancel = NULL;
    if ((job->journal.record.door_closed || job->journal.record.fence_raised) && job->control != NULL &&
        !session_answers(job->control)) {
        cancel_at(&job->operation.cancel,
                  0); /* the limit of refused writes ended the job, and is none to this */
        failover_wait(job->host, &job->project, &job->operation.cancel);
    }
    /* Production takes writes again before the archive is swept. */
    if (undo_job(job->host, &job->project, job->control, job->operation.reserve, &job->journal, &job->backup,
                 status == CUTOVER_E_CANCELLED, reason, &local) != CUTOVER_OK) {
        const char *hint = cutover_error_hint(local);
        error_detail(reason, "undoing it failed: %s%s%s%s", cutover_error_message(local),
                     hint != NULL ? " (" : "", hint != NULL ? hint : "", hint != NULL ? ")" : "");
        error_front(reason, "it ended before the swap, and is not undone yet",
                    "run recovery: it reopens production and drops what is left");
        log_line(&job->host->log, LOG_ERROR_LEVEL, "%s: not undone: %s", job->id, cutover_error_message(local));
    }
    cutover_error_free(local);
    refused_count(job);
}

void job_stop_by_journal(struct job *job, cutover_status status, cutover_error **reason)
{
    if (!job->claimed)
        return;
    if (job->swapped) {
        error_front(reason, job->type->swapped, "run recovery: it finishes them");
        log_line(&job->host->log, LOG_ERROR_LEVEL, "%s: swapped, but not recorded: %s", job->id,
                 cutover_error_message(*reason));
    } else if (journal_is_taken_over(&job->journal)) {
        job->taken_over = true;
        error_front(reason, "this job was taken over, and stops here", "recovery ends it: look at the project");
    } else if (!job->outcome_unknown) {
        undo(job, status, reason);
    }
}

bool job_is_over_by_journal(const struct job *job)
{
    return !job->claimed || machine_promotion_is_over(job->journal.record.status);
}

/* One of six words: what it is done with, failed, cancelled, refused, or unsettled: recovery finds out how it ended. */
static const char *status_name(const struct job *job, cutover_status status)
{
    if (status == CUTOVER_OK)
        return job->type->done;
    if (job->claimed)
        return machine_promotion_is_over(job->journal.record.status)
                   ? promotion_status_names[job->journal.record.status]
                   : "unsettled";
    return status == CUTOVER_E_CANCELLED ? "cancelled" : "refused";
}

/* What state production is in, as far as this job can say. */
static const char *production_state(const struct job *job, cutover_status status)
{
    if (job->target == &target_preview)
        return report_production_untouched;
    if (status == CUTOVER_OK)
        return job->type->production;
    if (job->swapped)
        return "Production has its new content and is open, and its records are not finished: run recovery.";
    if (job->taken_over)
        return "Recovery has taken the job over, and says what state production is in.";
    if (job->outcome_unknown)
        return "Whether production has its new content is not known, and it may be closed: run recovery.";
    if (!job->type->is_over(job))
        return "Production is as it was before, but may be closed or refuse writes: run recovery.";
    return report_production_kept;
}

struct json_object *job_report(const struct job *job, cutover_status status, const cutover_error *reason)
{
    return report_of(job, status_name(job, status), production_state(job, status), reason);
}

static void report_finish(struct job *job, cutover_status status, const cutover_error *reason)
{
    struct json_object *report = job->type->done != NULL ? job_report(job, status, reason) : NULL;

    if (report != NULL)
        json_format(report, &job->report.json, NULL);
    json_object_put(report);
}

cutover_status job_run(struct job *job, cutover_error **error)
{
    cutover_error *reason = NULL;
    cutover_status status = steps_run(job, &reason);

    if (status != CUTOVER_OK) {
        if (reason == NULL)
            error_set(&reason, status, "%s", cutover_status_name(status));
        job->type->stop(job, status, &reason);
    }
    report_finish(job, status, reason);
    session_reserve_drop(job->operation.reserve, 0);
    session_close(job->control);
    job->control = NULL;
    if (job->source != NULL)
        job->source->close(job);
    lease_end(&job->lease, !job->type->is_over(job));
    error_move(error, reason);
    return status;
}
