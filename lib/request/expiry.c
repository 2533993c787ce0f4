#include "request/expiry.h"

#include "model/actor.h"
#include "request/change.h"

#include <stdlib.h>
#include <string.h>

/* Moves a request whose preview is gone or expired to `expired`; others stay. */
static cutover_status expire_if_due(const struct host *host, struct request_record *record, uint64_t *version,
                                    const struct surroundings *around, cutover_error **error)
{
    enum request_status next;

    if (!machine_request_is_expired(record, &around->facts))
        return CUTOVER_OK;
    cutover_status status =
        machine_request(record, VERB_EXPIRE, &actor_system, &around->facts, 0, &next, error);
    if (status != CUTOVER_OK)
        return status;
    record->status = (int)next;
    status = request_commit(host, record, *version, &actor_system, VERB_EXPIRE, NULL, error);
    if (status == CUTOVER_OK)
        ++*version;
    return status;
}

static cutover_status expiring_commit(const struct host *host, const struct request_record *record,
                                      const struct document *claim, const char *body, const char *ends,
                                      cutover_error **error)
{
    struct json_object *data = json_object_new_object();
    struct change *change = NULL;

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "preview_database_id", record->preview_database_id);
    json_put_text(data, "status", request_status_names[record->status]);
    json_put_text(data, "expires_at", ends);
    cutover_status status = change_begin(&host->store, &host->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = change_put(change, "claim", record->preview_database_id, claim->version, body, error);
    if (status == CUTOVER_OK)
        status = change_event(change, "preview.expiring", record->id, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

/* preview.expiring, once for each end that the preview was given: the claim keeps which. */
static cutover_status tell_if_expiring(const struct host *host, const struct request_record *record,
                                       const struct surroundings *around, cutover_error **error)
{
    struct document claim = {0};
    char ends[TIME_TEXT_SIZE], *body = NULL;

    if (!machine_request_is_expiring(record, &around->facts, host->preview_notice_us))
        return CUTOVER_OK;
    time_format(around->facts.preview_expires_at, ends);
    cutover_status status = claim_get(host, record->preview_database_id, &claim, error);
    if (status != CUTOVER_OK)
        return status;
    struct json_object *kept = json_parse(claim.body, strlen(claim.body), error);
    if (kept == NULL) {
        status = error != NULL && *error != NULL ? cutover_error_code(*error) : CUTOVER_E_NOMEM;
    } else if (strcmp(json_text_or(kept, "request_id", ""), record->id) != 0) {
        status = error_set(error, CUTOVER_E_CONFLICT, "preview %s is claimed by another request by now",
                           record->preview_database_id);
    } else if (strcmp(json_text_or(kept, "expiring_told", ""), ends) != 0) {
        json_put_text(kept, "expiring_told", ends);
        status = json_format(kept, &body, error);
        if (status == CUTOVER_OK)
            status = expiring_commit(host, record, &claim, body, ends, error);
    }
    free(body);
    json_object_put(kept);
    document_free(&claim);
    return status;
}

/* Reading does not need the platform: when it fails, the request is as the store has it. */
static cutover_status read_once(struct host *host, const char *id, struct request_record *record,
                                uint64_t *version, cutover_error **error)
{
    struct surroundings around = {0};
    cutover_error *local = NULL;

    cutover_status status = document_get_record(&host->store, &request_type, id, record, version, error);
    if (status != CUTOVER_OK || (record->status != REQUEST_OPEN && record->status != REQUEST_ACKED))
        return status;
    status = surroundings_look(host, record->project_id, record->preview_database_id, &around, &local);
    if (status == CUTOVER_OK)
        status = expire_if_due(host, record, version, &around, &local);
    if (status == CUTOVER_OK)
        status = tell_if_expiring(host, record, &around, &local);
    surroundings_free(&around);
    if (status == CUTOVER_E_CALLBACK) {
        log_line(&host->log, LOG_WARNING_LEVEL, "whether request %s has expired is not known: %s", id,
                 cutover_error_message(local));
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

cutover_status request_read(struct host *host, const char *id, struct request_record *record, uint64_t *version,
                            cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do {
        record_free(&request_type, record);
        status = read_once(host, id, record, version, &cause);
    } while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}
