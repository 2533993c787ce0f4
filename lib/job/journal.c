#include "job/journal.h"

#include "job/lease.h"
#include "job/lease_watch.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

/*
 * How a job writes down what it does.
 *
 * A journal is one document, the promotion's record. Whatever cannot be told from the server afterwards is saved before it is
 * done: the name and OID of a database that is made, what the fence replaces, that the door is about to close, that the swap is
 * intended. So a journal that is found may say more than was done, never less, and whoever undoes it undoes things that may not
 * be there.
 *
 * It has one writer, the one that made its last version, and each save expects that version. A conflict therefore has one meaning,
 * taken over, and the job stops where it is without undoing anything: that is the other's now. What others may have to write while
 * a job runs (its release, its sign of life) is in documents of its own, for the same reason.
 *
 * A store may apply a commit and fail to say so. A save that failed looks whether the store holds the very bytes, which hold the
 * time: then it succeeded. A claim looks for its record, whose id nobody else has. Only a claim and an end (journal_end.c) write
 * more than the journal, and they are one commit each of all that belongs together, tried again when another change of the
 * project came between.
 */

cutover_status journal_load(const struct host *host, const char *promotion_id, struct journal *journal,
                            cutover_error **error)
{
    struct journal loaded = {.host = host};

    cutover_status status = document_get_record(&host->store, &promotion_type, promotion_id, &loaded.record,
                                                &loaded.version, error);
    if (status == CUTOVER_OK)
        *journal = loaded;
    return status;
}

/* Whether the store holds what it said it had not taken: the answer was lost on its way. Nobody else writes the same bytes, for
   they hold the time. */
static bool is_saved(const struct journal *journal, const char *body)
{
    struct document now = {0};
    cutover_status status =
        document_get(&journal->host->store, promotion_type.kind, journal->record.id, &now, NULL);
    bool saved = status == CUTOVER_OK && now.version == journal->version + 1 && strcmp(now.body, body) == 0;

    document_free(&now);
    return saved;
}

cutover_status journal_save(struct journal *journal, cutover_error **error)
{
    const struct host *host = journal->host;
    struct promotion_record *record = &journal->record;
    char *body = NULL;

    record->updated_at = clock_now(&host->clock);
    cutover_status status = record_format(&promotion_type, record, &body, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_write write = {CUTOVER_WRITE_VERSION, promotion_type.kind, record->id,
                           record->project_id,    journal->version,    body};
    cutover_error *local = NULL;
    status = store_save(&host->store, &write, &local);
    bool saved = status == CUTOVER_OK || is_saved(journal, body);
    free(body);
    if (saved) {
        cutover_error_free(local);
        journal->version++;
        return CUTOVER_OK;
    }
    if (status == CUTOVER_E_CONFLICT) {
        cutover_error_free(local);
        return error_set(error, CUTOVER_E_CONFLICT,
                         "promotion %s was taken over by recovery: this job stops here", record->id);
    }
    error_move(error, local);
    return status;
}

cutover_status journal_step(struct journal *journal, enum promotion_status to, cutover_error **error)
{
    cutover_status status = machine_promotion((enum promotion_status)journal->record.status, to, error);

    if (status != CUTOVER_OK)
        return status;
    journal->record.status = (int)to;
    return journal_save(journal, error);
}

void journal_free(struct journal *journal)
{
    record_free(&promotion_type, &journal->record);
    memset(journal, 0, sizeof *journal);
}

struct json_object *journal_audit_data(const struct promotion_record *promotion)
{
    struct json_object *data = json_object_new_object();

    if (data != NULL) {
        json_put_text(data, "job_id", promotion->id);
        json_put_text(data, "kind", job_kind_names[promotion->kind]);
        json_put_text(data, "status", promotion_status_names[promotion->status]);
        json_put_text(data, "preview_database_id", promotion->preview_id);
        json_put_text(data, "source_backup_id", promotion->source_backup_id);
        json_put_text(data, "undoes_job_id", promotion->undoes_id);
        json_put_text(data, "pre_cutover_backup_id", promotion->backup_id);
        json_put_text(data, "displaced_database",
                      promotion->status == PROMOTION_COMPLETED && promotion_target_preview(promotion) == NULL
                          ? promotion->displaced_name
                          : NULL);
        json_put_bool(data, "owners_trusted", promotion->owners_trusted);
        json_put_text(data, "error", promotion->error);
        if (promotion->failure != NULL)
            json_put_object(data, "failure", json_object_get(promotion->failure));
        else
            json_put_text(data, "failure", NULL);
    }
    return data;
}

/* The rules, on what the store and the platform say now; the request gets the status that they give it. */
static cutover_status claim_by_rules(const struct host *host, const cutover_actor *actor,
                                     enum request_verb verb, struct request_record *request,
                                     cutover_error **error)
{
    struct project project = {0};
    struct preview preview = {0};
    struct machine_facts facts;
    enum request_status next = (enum request_status)request->status;

    cutover_status status = platform_project(&host->platform, request->project_id, &project, error);
    if (status == CUTOVER_OK)
        status = platform_preview(&host->platform, request->preview_database_id, &preview, error);
    if (status == CUTOVER_OK) {
        host_facts(host, &project, &preview, &facts);
        status = machine_request(request, verb, actor, &facts, 0, &next, error);
    }
    if (status == CUTOVER_OK)
        request->status = (int)next;
    project_free(&project);
    preview_free(&preview);
    return status;
}

/* What a claim asks of the request, and does to it: a promotion's is in progress from now on; a rollback's stays completed
   until it is rolled back; a restore has none. */
static cutover_status claim_request(const struct host *host, const cutover_actor *actor,
                                    const struct promotion_record *fresh, struct change *change,
                                    cutover_error **error)
{
    const struct job_traits *traits = machine_job_traits(fresh->kind);
    struct request_record request = {0};
    uint64_t version = 0;

    if (!traits->has_request)
        return CUTOVER_OK;
    cutover_status status =
        document_get_record(&host->store, &request_type, fresh->request_id, &request, &version, error);
    if (status == CUTOVER_OK)
        status = claim_by_rules(host, actor, traits->claim, &request, error);
    if (status == CUTOVER_OK && traits->owns_request) {
        request.updated_at = clock_now(&host->clock);
        status = record_set_text(&request.promote_job_id, fresh->id, error);
    }
    /* A rollback writes its request unchanged: two of them meet at its version. */
    if (status == CUTOVER_OK)
        status = change_put_record(change, &request_type, request.id, version, &request, error);
    record_free(&request_type, &request);
    return status;
}

static cutover_status lock_body(const struct promotion_record *promotion, char **body, cutover_error **error)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        return error_nomem(error);
    json_put_text(object, "promotion_id", promotion->id);
    json_put_text(object, "request_id", promotion->request_id);
    json_put_time(object, "since", promotion->created_at);
    cutover_status status = json_format(object, body, error);
    json_object_put(object);
    return status;
}

cutover_status lock_check(const struct host *host, const char *project_id, cutover_error **error)
{
    struct document lock = {0};
    bool found = false;

    cutover_status status = document_find(&host->store, "lock", project_id, &lock, &found, error);
    if (status != CUTOVER_OK || !found)
        return status;
    struct json_object *object = json_parse(lock.body, strlen(lock.body), NULL);
    status = error_set(error, CUTOVER_E_LOCKED, "project %s is locked by promotion %s", project_id,
                       json_text_or(object, "promotion_id", "?"));
    error_hint(error, "Wait until it has ended; if its process is gone, run recovery, and where that cannot "
                      "help, abandon it.");
    lease_tell_dead(host, project_id, error);
    json_object_put(object);
    document_free(&lock);
    return status;
}

static cutover_status claim_once(const struct host *host, const cutover_actor *actor,
                                 const struct promotion_record *fresh, struct lease *lease,
                                 cutover_error **error)
{
    struct change *change = NULL;
    struct json_object *data = NULL;
    char *lock = NULL;

    cutover_status status = change_begin(&host->store, &host->clock, fresh->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = lock_check(host, fresh->project_id, error);
    if (status == CUTOVER_OK)
        status = claim_request(host, actor, fresh, change, error);
    if (status == CUTOVER_OK)
        status = lock_body(fresh, &lock, error);
    if (status == CUTOVER_OK)
        status = change_put_record(change, &promotion_type, fresh->id, 0, fresh, error);
    if (status == CUTOVER_OK)
        status = change_put(change, "lock", fresh->project_id, 0, lock, error);
    if (status == CUTOVER_OK)
        status = lease_put(lease, change, error);
    if (status == CUTOVER_OK && (data = journal_audit_data(fresh)) == NULL)
        status = error_nomem(error);
    const char *started = machine_job_traits(fresh->kind)->started;
    if (status == CUTOVER_OK && started != NULL)
        status = change_announce(change, started, actor, fresh->request_id, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    json_object_put(data);
    free(lock);
    change_free(change);
    return status;
}

/* A store whose answer was lost may have claimed all the same: nobody else has this id. */
cutover_status journal_claim(const struct host *host, const cutover_actor *actor,
                             const struct promotion_record *fresh, struct lease *lease, struct journal *journal,
                             cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status, found;
    unsigned attempt = 0;

    do {
        status = claim_once(host, actor, fresh, lease, &cause);
        found = journal_load(host, fresh->id, journal, status == CUTOVER_OK ? &cause : NULL);
    } while (found != CUTOVER_OK && change_again(status, &attempt, &cause));
    if (found == CUTOVER_OK) {
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    error_move(error, cause);
    return status == CUTOVER_OK ? found : status;
}

cutover_status journal_occupy(struct journal *journal, cutover_error **error)
{
    const struct host *host = journal->host;
    const char *project_id = journal->record.project_id, *job_id = journal->record.id;
    cutover_status status = platform_project_occupy(&host->platform, project_id, job_id, error);

    if (status == CUTOVER_OK)
        status = journal_save(journal, error);
    if (status == CUTOVER_E_CONFLICT && (lock_check(host, project_id, NULL) == CUTOVER_OK ||
                                         platform_project_is_for(&host->platform, project_id, job_id)))
        platform_project_return(&host->platform, project_id, job_id, NULL);
    return status;
}

bool journal_is_taken_over(const struct journal *journal)
{
    struct document now = {0};
    cutover_status status =
        document_get(&journal->host->store, promotion_type.kind, journal->record.id, &now, NULL);
    bool taken_over = status == CUTOVER_OK && now.version != journal->version;

    document_free(&now);
    return taken_over;
}
