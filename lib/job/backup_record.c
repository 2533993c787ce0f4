#include "job/backup_record.h"

#include "base/answer.h"
#include "base/id.h"
#include "job/cancellation.h"
#include "job/lease.h"
#include "model/actor.h"

#include <stdlib.h>
#include <string.h>

cutover_status backup_prepare(const struct host *host, struct backup_record *record, cutover_error **error)
{
    char id[ID_SIZE];

    record->status = BACKUP_TAKING;
    record->created_at = record->updated_at = clock_now(&host->clock);
    id_new(record->created_at, id);
    return record_set_text(&record->id, id, error);
}

/* Whose it is now: the one that verifies it again, or overwrites its project, or its own. */
static const char *job_of(const struct backup *backup)
{
    const struct backup_record *record = &backup->record;

    if (backup->again.id != NULL)
        return backup->again.id;
    return record->promotion_id != NULL ? record->promotion_id : record->id;
}

static cutover_status told_data(const struct backup *backup, struct json_object **data, cutover_error **error)
{
    const struct backup_record *record = &backup->record;

    *data = json_object_new_object();
    if (*data == NULL)
        return error_nomem(error);
    json_put_text(*data, "backup_id", record->id);
    json_put_text(*data, "job_id", job_of(backup));
    json_put_text(*data, "label", record->label);
    json_put_text(*data, "status", backup_status_names[record->status]);
    json_put_text(*data, "verdict", verdict_names[record->verdict]);
    json_put_text(*data, "error", record->error);
    return CUTOVER_OK;
}

/* `name` NULL: it is a step on the way. That something begins is for the audit trail only: its end goes out. */
static cutover_status tell(struct change *change, const struct backup *backup, const char *name,
                           cutover_error **error)
{
    const struct backup_record *record = &backup->record;
    const cutover_actor *actor = backup->actor != NULL ? backup->actor : &actor_system;
    struct json_object *data = NULL;

    if (name == NULL)
        return CUTOVER_OK;
    cutover_status status = told_data(backup, &data, error);
    if (status == CUTOVER_OK && backup->recovering)
        status = change_audit(change, "job.recovered", actor, record->request_id, data, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, name, actor, record->request_id, data, error);
    if (status == CUTOVER_OK && !machine_backup_is_running(record->status))
        status = change_event(change, name, record->request_id, data, error);
    json_object_put(data);
    return status;
}

static cutover_status begin_once(const struct backup *backup, struct lease *lease, cutover_error **error)
{
    const struct host *host = backup->host;
    const struct backup_record *record = &backup->record;
    struct change *change = NULL;

    cutover_status status = change_begin(&host->store, &host->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &backup_type, record->id, 0, record, error);
    if (status == CUTOVER_OK)
        status = tell(change, backup, MACHINE_BACKUP_STARTED, error);
    if (status == CUTOVER_OK && lease != NULL)
        status = lease_put(lease, change, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}

cutover_status backup_begin(struct host *host, const cutover_actor *actor, struct backup_record *record,
                            struct lease *lease, struct backup *backup, cutover_error **error)
{
    struct backup made = {.host = host, .actor = actor};
    cutover_error *cause = NULL;
    unsigned attempt = 0;

    cutover_status status = record->id == NULL ? backup_prepare(host, record, &cause) : CUTOVER_OK;
    made.record = *record;
    memset(record, 0, sizeof *record);
    if (status == CUTOVER_OK)
        do
            status = begin_once(&made, lease, &cause);
        while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    if (status != CUTOVER_OK) {
        backup_free(&made);
        return status;
    }
    made.version = 1;
    *backup = made;
    return CUTOVER_OK;
}

cutover_status backup_load(struct host *host, const char *backup_id, struct backup *backup,
                           cutover_error **error)
{
    struct backup loaded = {.host = host};

    cutover_status status =
        document_get_record(&host->store, &backup_type, backup_id, &loaded.record, &loaded.version, error);
    if (status == CUTOVER_OK)
        *backup = loaded;
    return status;
}

/* Whoever comes after this process finds no archive that it would have to keep. */
static struct backup_record for_the_store(const struct backup *backup)
{
    struct backup_record record = backup->record;

    if (backup->in_making)
        record.manifest_sha256 = NULL;
    return record;
}

static cutover_status step_once(struct backup *backup, const char *told, struct lease *lease,
                                cutover_error **error)
{
    struct host *host = backup->host;
    const struct backup_record stored = for_the_store(backup), *record = &stored;
    struct change *change = NULL;

    cutover_status status = change_begin(&host->store, &host->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &backup_type, record->id, backup->version, record, error);
    if (status == CUTOVER_OK)
        status = tell(change, backup, told, error);
    if (status == CUTOVER_OK && lease != NULL)
        status = lease_put(lease, change, error);
    if (status == CUTOVER_OK && backup->again.id != NULL)
        status = change_put_record(change, &verification_type, backup->again.id, backup->again_version,
                                   &backup->again, error);
    if (status == CUTOVER_OK && !machine_backup_is_running(record->status))
        status = cancellation_drop(change, backup->again.id != NULL ? backup->again.id : record->id, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    return status;
}

enum stored { AS_BEFORE, AS_SENT, BY_SOMEBODY_ELSE };

/* What the store holds after a commit that failed: a store may apply one and fail to say so, and nobody else writes the same bytes, as
   they hold the time (job/journal.c). As before also when it cannot tell: then the next try will. */
static enum stored look(const struct backup *backup, const char *sent)
{
    struct document now = {0};
    enum stored stored = AS_BEFORE;

    if (document_get(&backup->host->store, backup_type.kind, backup->record.id, &now, NULL) == CUTOVER_OK &&
        now.version != backup->version)
        stored = now.version == backup->version + 1 && strcmp(now.body, sent) == 0 ? AS_SENT : BY_SOMEBODY_ELSE;
    document_free(&now);
    return stored;
}

/* Where only the project's ledger has moved, the same step is tried again. */
static cutover_status step_commit(struct backup *backup, const char *told, struct lease *lease,
                                  cutover_error **error)
{
    const struct backup_record record = for_the_store(backup);
    enum stored stored = AS_BEFORE;
    cutover_error *cause = NULL;
    char *sent = NULL;
    unsigned attempt = 0;
    cutover_status status = record_format(&backup_type, &record, &sent, error);

    if (status != CUTOVER_OK)
        return status;
    do {
        status = step_once(backup, told, lease, &cause);
        if (status != CUTOVER_OK)
            stored = look(backup, sent);
    } while (stored == AS_BEFORE && change_again(status, &attempt, &cause));
    free(sent);
    if (stored == AS_BEFORE) {
        error_move(error, cause);
        return status;
    }
    cutover_error_free(cause);
    return stored == AS_SENT ? CUTOVER_OK
                             : error_set(error, CUTOVER_E_CONFLICT, "backup %s was changed by somebody else",
                                         backup->record.id);
}

/* What this verification found, for who asks later. */
static cutover_status again_end(struct backup *backup, enum verification_status as, const char *message,
                                cutover_error **error)
{
    const struct backup_record *record = &backup->record;
    struct verification_record *again = &backup->again;

    again->status = (int)as;
    again->verify_method = record->verify_method;
    again->verdict = record->verdict;
    again->tables = record->tables;
    again->rows = record->rows;
    again->verify_ms = record->verify_ms;
    again->completed_at = clock_now(&backup->host->clock);
    cutover_status status = record_set_text(&again->verify_detail, record->verify_detail, error);
    return status == CUTOVER_OK ? record_set_text(&again->error, message, error) : status;
}

static cutover_status move(struct backup *backup, enum backup_status to, const char *told, struct lease *lease,
                           cutover_error **error)
{
    int from = backup->record.status;
    cutover_status status = machine_backup((enum backup_status)from, to, error);

    if (status != CUTOVER_OK)
        return status;
    if (!machine_backup_is_running((int)to))
        status = record_set_text(&backup->record.status_before, NULL, error);
    if (status == CUTOVER_OK && to != BACKUP_VERIFYING && backup->again.id != NULL &&
        backup->again.status == VERIFICATION_RUNNING)
        status = again_end(backup, to == BACKUP_VERIFIED ? VERIFICATION_EQUAL : VERIFICATION_DIFFERENT,
                           backup->record.error, error);
    if (status != CUTOVER_OK)
        return status;
    backup->record.status = (int)to;
    backup->record.updated_at = clock_now(&backup->host->clock);
    status = step_commit(backup, told, lease, error);
    if (status == CUTOVER_OK) {
        backup->version++;
        backup->again_version += backup->again.id != NULL;
    } else {
        backup->record.status = from;
    }
    return status;
}

cutover_status backup_step(struct backup *backup, enum backup_status to, cutover_error **error)
{
    return move(backup, to, machine_backup_told((enum backup_status)backup->record.status, to), NULL, error);
}

/* ---- verified again ---- */

static cutover_status again_begin(struct backup *backup, const char *job_id, cutover_error **error)
{
    struct backup_record *record = &backup->record;
    struct verification_record *again = &backup->again;

    again->status = VERIFICATION_RUNNING;
    again->created_at = clock_now(&backup->host->clock);
    cutover_status status = record_set_text(&again->id, job_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&again->project_id, record->project_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&again->backup_id, record->id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&again->backup_label, record->label, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&again->started_by_actor_id,
                                 backup->actor != NULL ? backup->actor->id : actor_system.id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->verify_job_id, job_id, error);
    if (status == CUTOVER_OK)
        status = record_set_text(&record->status_before, backup_status_names[record->status], error);
    return status;
}

cutover_status backup_verify_again(struct backup *backup, const char *job_id, struct lease *lease,
                                   cutover_error **error)
{
    int from = backup->record.status;
    cutover_status status = machine_backup((enum backup_status)from, BACKUP_VERIFYING, error);

    if (status == CUTOVER_OK)
        status = again_begin(backup, job_id, error);
    return status != CUTOVER_OK
               ? status
               : move(backup, BACKUP_VERIFYING, machine_backup_told((enum backup_status)from, BACKUP_VERIFYING),
                      lease, error);
}

cutover_status backup_load_again(struct host *host, const char *job_id, struct backup *backup,
                                 cutover_error **error)
{
    struct verification_record again = {0};
    uint64_t version = 0;

    cutover_status status =
        document_get_record(&host->store, &verification_type, job_id, &again, &version, error);
    if (status == CUTOVER_OK)
        status = backup_load(host, again.backup_id, backup, error);
    if (status != CUTOVER_OK) {
        record_free(&verification_type, &again);
        return status;
    }
    backup->again = again;
    backup->again_version = version;
    return CUTOVER_OK;
}

static cutover_status undecided(struct backup *backup, int to, const cutover_error *reason,
                                cutover_error **error)
{
    bool cancelled = cutover_error_code(reason) == CUTOVER_E_CANCELLED;

    backup->again.status = (int)(cancelled ? VERIFICATION_CANCELLED : VERIFICATION_UNDECIDED);
    return move(backup, (enum backup_status)to,
                cancelled ? MACHINE_BACKUP_VERIFY_CANCELLED : MACHINE_BACKUP_UNDECIDED, NULL, error);
}

cutover_status backup_undecided(struct backup *backup, struct backup_record *known, const cutover_error *reason,
                                cutover_error **error)
{
    struct backup_record found = backup->record;
    int to = known->status;

    cutover_status status = again_end(backup, VERIFICATION_UNDECIDED, cutover_error_message(reason), error);
    if (status != CUTOVER_OK)
        return status;
    backup->record = *known;
    memset(known, 0, sizeof *known);
    backup->record.status = found.status;
    status = record_set_text(&backup->record.verify_job_id, found.verify_job_id, error);
    record_free(&backup_type, &found);
    return status == CUTOVER_OK ? undecided(backup, to, reason, error) : status;
}

cutover_status backup_undecided_after(struct backup *backup, const cutover_error *reason, cutover_error **error)
{
    struct verification_record *again = &backup->again;

    again->completed_at = clock_now(&backup->host->clock);
    cutover_status status = record_set_text(&again->error, cutover_error_message(reason), error);
    return status == CUTOVER_OK ? undecided(backup, backup_status_of_own_job(&backup->record), reason, error)
                                : status;
}

/* ---- its end ---- */

void backup_fail(struct backup *backup, const cutover_error *reason)
{
    struct host *host = backup->host;
    cutover_error *error = NULL;
    bool cancelled = cutover_error_code(reason) == CUTOVER_E_CANCELLED;

    if (backup->in_making)
        record_set_text(&backup->record.manifest_sha256, NULL, NULL);
    bool published = backup->record.manifest_sha256 != NULL;
    if (!published && ANSWER_OF(host->repository.capabilities,
                                host->repository.remove(backup->record.id, &error,
                                                        host->repository.userdata)) != CUTOVER_OK) {
        log_line(&host->log, LOG_WARNING_LEVEL, "backup %s: its partial archive stays: %s", backup->record.id,
                 cutover_error_message(error));
        cutover_error_free(error);
        error = NULL;
    }
    if (record_set_text(&backup->record.error, cutover_error_message(reason), &error) != CUTOVER_OK ||
        backup_step(backup, cancelled ? BACKUP_CANCELLED : BACKUP_FAILED, &error) != CUTOVER_OK)
        log_line(&host->log, LOG_ERROR_LEVEL, "backup %s: not recorded as %s: %s", backup->record.id,
                 cancelled ? "cancelled" : "failed", cutover_error_message(error));
    cutover_error_free(error);
}

void backup_free(struct backup *backup)
{
    record_free(&backup_type, &backup->record);
    record_free(&verification_type, &backup->again);
    memset(backup, 0, sizeof *backup);
}
