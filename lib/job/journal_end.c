/* How a job ends: its record, its request, the locks and claims that it held, audit and events, in one commit (P6). */
#include "job/cancellation.h"
#include "job/journal.h"
#include "job/leftover.h"
#include "job/report.h"
#include "job/server.h"
#include "model/actor.h"

#include <string.h>

/* What ends a job, read and written in one change. */
struct ending {
    struct change *change;
    struct request_record request; /* of a promotion or a rollback */
    uint64_t request_version;
    struct json_object *data; /* of audit and events */
};

static void ending_free(struct ending *ending)
{
    change_free(ending->change);
    record_free(&request_type, &ending->request);
    json_object_put(ending->data);
}

static cutover_status ending_begin(struct journal *journal, struct ending *ending, cutover_error **error)
{
    const struct host *host = journal->host;
    const struct promotion_record *record = &journal->record;

    memset(ending, 0, sizeof *ending);
    cutover_status status =
        change_begin(&host->store, &host->clock, record->project_id, &ending->change, error);
    if (status == CUTOVER_OK)
        status = change_drop(ending->change, "lock", record->project_id, error);
    if (status == CUTOVER_OK)
        status = change_drop(ending->change, "gate", record->id, error);
    if (status == CUTOVER_OK)
        status = cancellation_drop(ending->change, record->id, error);
    if (status == CUTOVER_OK && promotion_target_preview(record) == NULL && record->system_identifier != NULL)
        status =
            server_put(host, ending->change, record->project_id, record->id, record->system_identifier, error);
    if (status == CUTOVER_OK && record->request_id != NULL)
        status = document_get_record(&host->store, &request_type, record->request_id, &ending->request,
                                     &ending->request_version, error);
    if (status == CUTOVER_OK && (ending->data = journal_audit_data(record)) == NULL)
        status = error_nomem(error);
    if (status == CUTOVER_OK && journal->recovering)
        status = change_audit(ending->change, "job.recovered", &actor_system, record->request_id, ending->data,
                              error);
    return status;
}

static cutover_status request_end(struct journal *journal, struct ending *ending, enum request_verb verb,
                                  cutover_error **error)
{
    const struct promotion_record *record = &journal->record;
    struct request_record *request = &ending->request;

    request->completed_at = record->completed_at;
    if (request->status == REQUEST_FAILED) {
        json_object_put(request->failure);
        request->failure = json_object_get(record->failure);
    }
    if (!machine_job_traits(record->kind)->owns_request)
        return CUTOVER_OK;
    cutover_status status = record_set_text(&request->pre_cutover_backup_id, record->backup_id, error);
    /* What was completed gave its claim up when it was. */
    return status == CUTOVER_OK && verb != VERB_LOSE
               ? change_drop(ending->change, "claim", record->preview_id, error)
               : status;
}

/* What the job's end makes of its request, by the state machine's leave. */
static cutover_status ending_put_request(struct journal *journal, struct ending *ending, enum request_verb verb,
                                         cutover_error **error)
{
    struct request_record *request = &ending->request;
    enum request_status next = (enum request_status)request->status;

    if (verb == VERB_NONE)
        return CUTOVER_OK;
    cutover_status status = machine_request(request, verb, &actor_system, NULL, 0, &next, error);
    if (status != CUTOVER_OK)
        return status;
    request->status = (int)next;
    request->updated_at = journal->record.completed_at;
    /* One that was given back lives on, with its claim on the preview. */
    if (!machine_request_is_live(request->status))
        status = request_end(journal, ending, verb, error);
    return status != CUTOVER_OK ? status
                                : change_put_record(ending->change, &request_type, request->id,
                                                    ending->request_version, request, error);
}

static cutover_status ending_commit_once(struct journal *journal, struct ending *ending, cutover_error **error)
{
    const struct promotion_record *record = &journal->record;
    cutover_status status = CUTOVER_OK;

    if (journal->abandoned != NULL)
        status = abandonment_put(journal->host, journal->abandoned, ending->change, record->project_id,
                                 record->request_id, ending->data, error);
    if (status == CUTOVER_OK)
        status =
            change_put_record(ending->change, &promotion_type, record->id, journal->version, record, error);
    return status != CUTOVER_OK ? status : change_commit(ending->change, error);
}

static cutover_status complete_announce(const struct promotion_record *record, struct ending *ending,
                                        cutover_error **error)
{
    cutover_actor actor = {CUTOVER_ACTOR_VERSION, record->started_by_actor_id,
                           (cutover_actor_kind)record->started_by_actor_kind, 0};
    const struct job_traits *traits = machine_job_traits(record->kind);
    cutover_status status;

    if (promotion_target_preview(record) == NULL)
        status =
            change_announce(ending->change, traits->completed, &actor, record->request_id, ending->data, error);
    else
        status =
            change_audit(ending->change, "restore.completed", &actor, record->request_id, ending->data, error);
    if (status == CUTOVER_OK && traits->tells_restore)
        status = change_event(ending->change, "restore.completed", record->request_id, ending->data, error);
    if (status == CUTOVER_OK)
        status = change_event(ending->change, "job.completed", record->request_id, ending->data, error);
    return status;
}

static cutover_status complete_once(struct journal *journal, cutover_error **error)
{
    const struct promotion_record *record = &journal->record;
    struct ending ending;

    cutover_status status = ending_begin(journal, &ending, error);
    if (status == CUTOVER_OK)
        status = ending_put_request(journal, &ending, machine_job_traits(record->kind)->complete, error);
    if (status == CUTOVER_OK)
        status = complete_announce(record, &ending, error);
    if (status == CUTOVER_OK)
        status = ending_commit_once(journal, &ending, error);
    ending_free(&ending);
    return status;
}

/* A job that failed did so by itself; one that was cancelled was so by somebody. */
static cutover_actor ended_by(const struct promotion_record *record)
{
    if (record->status != PROMOTION_CANCELLED)
        return actor_system;
    return (cutover_actor){CUTOVER_ACTOR_VERSION, record->cancelled_by_actor_id,
                           (cutover_actor_kind)record->cancelled_by_actor_kind, 0};
}

static cutover_status fail_announce(const struct promotion_record *record, struct ending *ending,
                                    cutover_error **error)
{
    const struct job_traits *traits = machine_job_traits(record->kind);
    const cutover_actor actor = ended_by(record);
    bool cancelled = record->status == PROMOTION_CANCELLED;
    const char *told = cancelled ? traits->cancelled : traits->failed,
               *restore = cancelled ? "restore.cancelled" : "restore.failed";

    cutover_status status =
        change_announce(ending->change, told, &actor, record->request_id, ending->data, error);
    if (status == CUTOVER_OK && traits->tells_restore && strcmp(told, restore) != 0)
        status = change_event(ending->change, restore, record->request_id, ending->data, error);
    if (status == CUTOVER_OK)
        status = change_event(ending->change, cancelled ? "job.cancelled" : "job.failed", record->request_id,
                              ending->data, error);
    return status;
}

static cutover_status fail_once(struct journal *journal, cutover_error **error)
{
    const struct promotion_record *record = &journal->record;
    const struct job_traits *traits = machine_job_traits(record->kind);
    struct ending ending;

    cutover_status status = ending_begin(journal, &ending, error);
    if (status == CUTOVER_OK)
        status = ending_put_request(
            journal, &ending, record->status == PROMOTION_CANCELLED ? traits->cancel : traits->fail, error);
    if (status == CUTOVER_OK)
        status = fail_announce(record, &ending, error);
    if (status == CUTOVER_OK)
        status = ending_commit_once(journal, &ending, error);
    ending_free(&ending);
    return status;
}

/* What the job held was let go when it completed, and is others' by now. */
static cutover_status lose_once(struct journal *journal, cutover_error **error)
{
    const struct host *host = journal->host;
    const struct promotion_record *record = &journal->record;
    struct ending ending = {0};

    cutover_status status = change_begin(&host->store, &host->clock, record->project_id, &ending.change, error);
    if (status == CUTOVER_OK && (ending.data = journal_audit_data(record)) == NULL)
        status = error_nomem(error);
    if (status == CUTOVER_OK && record->request_id != NULL)
        status = document_get_record(&host->store, &request_type, record->request_id, &ending.request,
                                     &ending.request_version, error);
    if (status == CUTOVER_OK)
        status = ending_put_request(journal, &ending, machine_job_traits(record->kind)->lose, error);
    if (status == CUTOVER_OK) {
        status = change_announce(ending.change, "cutover.lost", &actor_system, record->request_id, ending.data,
                                 error);
    }
    if (status == CUTOVER_OK)
        status = ending_commit_once(journal, &ending, error);
    ending_free(&ending);
    return status;
}

/* A conflict here can be another change of the project (its ledger moved), which is no reason to stop, or the journal
   itself having another writer, which is. */
static cutover_status ending_try(struct journal *journal,
                                 cutover_status (*once)(struct journal *journal, cutover_error **error),
                                 cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;
    bool taken_over;

    do {
        status = once(journal, &cause);
        taken_over = status == CUTOVER_E_CONFLICT && journal_is_taken_over(journal);
    } while (!taken_over && change_again(status, &attempt, &cause));
    if (taken_over) {
        cutover_error_free(cause);
        return error_set(error, CUTOVER_E_CONFLICT,
                         "promotion %s was taken over by recovery: this job stops here", journal->record.id);
    }
    if (status == CUTOVER_OK)
        journal->version++;
    error_move(error, cause);
    return status;
}

/* A job whose end could not be recorded has not ended, here either: its lease stays, and recovery ends it. */
static cutover_status ending_commit(struct journal *journal, enum promotion_status to,
                                    cutover_status (*once)(struct journal *journal, cutover_error **error),
                                    cutover_error **error)
{
    struct promotion_record *record = &journal->record;
    int before = record->status;

    record->status = (int)to;
    record->updated_at = record->completed_at = clock_now(&journal->host->clock);
    cutover_status status = ending_try(journal, once, error);
    if (status != CUTOVER_OK) {
        record->status = before;
        record->completed_at = 0;
    }
    return status;
}

cutover_status journal_complete(struct journal *journal, cutover_error **error)
{
    cutover_status status =
        machine_promotion((enum promotion_status)journal->record.status, PROMOTION_COMPLETED, error);

    return status != CUTOVER_OK ? status : ending_commit(journal, PROMOTION_COMPLETED, complete_once, error);
}

/* {code, message, hint, step}: what a person needs who asks why, without the job's report. */
static cutover_status reason_note(struct promotion_record *record, const cutover_error *reason,
                                  cutover_error **error)
{
    struct json_object *failure = reason != NULL ? json_object_new_object() : NULL;

    json_object_put(record->failure);
    record->failure = failure;
    if (reason == NULL)
        return record_set_text(&record->error, NULL, error);
    if (failure == NULL)
        return error_nomem(error);
    json_put_text(failure, "code", cutover_status_name(cutover_error_code(reason)));
    json_put_text(failure, "message", cutover_error_message(reason));
    json_put_text(failure, "hint", cutover_error_hint(reason));
    json_put_text(failure, "step", cutover_error_step(reason));
    if (!json_is_complete(failure))
        return error_nomem(error);
    /* Of a report that was made before everything was undone. */
    if (record->report != NULL)
        json_put_object(record->report, "error", error_json(reason));
    return record_set_text(&record->error, cutover_error_message(reason), error);
}

/* The report was made before everything was undone. What a person gave up is not known to be. */
static cutover_status report_note(const struct journal *journal, enum promotion_status to,
                                  cutover_error **error)
{
    const struct promotion_record *record = &journal->record;

    if (record->report == NULL)
        return CUTOVER_OK;
    json_put_text(record->report, "status", promotion_status_names[to]);
    if (journal->abandoned == NULL)
        json_put_text(record->report, "production",
                      promotion_target_preview(record) == NULL ? report_production_kept
                                                               : report_production_untouched);
    return json_is_complete(record->report) ? CUTOVER_OK : error_nomem(error);
}

static cutover_status canceller_note(struct journal *journal, cutover_error **error)
{
    struct promotion_record *record = &journal->record;

    /* By a limit, then: it is said already. */
    if (record->cancelled_by_actor_id != NULL)
        return CUTOVER_OK;
    cutover_status status = cancellation_name(journal->host, record, error);
    if (status != CUTOVER_OK || record->cancelled_by_actor_id != NULL)
        return status;
    record->cancelled_by_actor_kind = record->started_by_actor_kind;
    return record_set_text(&record->cancelled_by_actor_id, record->started_by_actor_id, error);
}

cutover_status journal_fail(struct journal *journal, bool cancelled, const cutover_error *reason,
                            cutover_error **error)
{
    enum promotion_status from = (enum promotion_status)journal->record.status;
    enum promotion_status to = cancelled ? PROMOTION_CANCELLED : PROMOTION_FAILED;
    cutover_status status =
        journal->record.swapped ? machine_promotion_lost(from, error) : machine_promotion(from, to, error);

    journal->record.swapped = false;
    if (status == CUTOVER_OK)
        status = reason_note(&journal->record, reason, error);
    if (status == CUTOVER_OK)
        status = report_note(journal, to, error);
    if (status == CUTOVER_OK && cancelled)
        status = canceller_note(journal, error);
    return status != CUTOVER_OK ? status : ending_commit(journal, to, fail_once, error);
}

cutover_status journal_lose(struct journal *journal, const cutover_error *reason, cutover_error **error)
{
    struct promotion_record *record = &journal->record;
    cutover_status status = machine_promotion_lost((enum promotion_status)record->status, error);

    record->swapped = false;
    if (status == CUTOVER_OK)
        status = reason_note(record, reason, error);
    return status != CUTOVER_OK ? status : ending_commit(journal, PROMOTION_FAILED, lose_once, error);
}
