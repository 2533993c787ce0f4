#include "job/hold.h"

#include "job/cancellation.h"

cutover_status hold_is_released(const struct host *host, const char *promotion_id, bool *open,
                                cutover_error **error)
{
    struct document gate = {0};
    cutover_status status = document_find(&host->store, "gate", promotion_id, &gate, open, error);

    document_free(&gate);
    return status;
}

/* Until a job that waits has seen why it ends, and undone everything, its status is still "held". */
static bool is_ending(const struct host *host, const struct promotion_record *record)
{
    return record->report != NULL || record->cancelled_by_actor_id != NULL ||
           cancellation_is_asked(host, record->id);
}

/* Asked inside a change: whatever ends a job moves the project's ledger, too, so that the change then conflicts. */
static cutover_status held_check(const struct host *host, const char *promotion_id, cutover_error **error)
{
    struct journal now = {0};
    cutover_status status = journal_load(host, promotion_id, &now, error);

    if (status == CUTOVER_OK && now.record.status != PROMOTION_HELD)
        status = error_set(error, CUTOVER_E_STATE, "promotion %s is not held: it is at %s", promotion_id,
                           promotion_status_names[now.record.status]);
    if (status == CUTOVER_OK && is_ending(host, &now.record))
        status =
            error_set(error, CUTOVER_E_STATE, "promotion %s is ending, and is not held any more", promotion_id);
    journal_free(&now);
    return status;
}

static cutover_status release_once(const struct host *host, const cutover_actor *actor,
                                   const struct promotion_record *promotion, cutover_error **error)
{
    struct change *change = NULL;
    struct json_object *data = NULL;
    bool open = false;

    cutover_status status = hold_is_released(host, promotion->id, &open, error);
    if (status == CUTOVER_OK && open)
        status = error_set(error, CUTOVER_E_STATE, "promotion %s is released already", promotion->id);
    if (status == CUTOVER_OK && (data = journal_audit_data(promotion)) == NULL)
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        status = change_begin(&host->store, &host->clock, promotion->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = held_check(host, promotion->id, error);
    if (status == CUTOVER_OK)
        status = change_put(change, "gate", promotion->id, 0, "{}", error);
    if (status == CUTOVER_OK)
        status = change_announce(change, machine_request_told(VERB_RELEASE), actor, promotion->request_id, data,
                                 error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

cutover_status hold_release(const struct host *host, const cutover_actor *actor,
                            const struct promotion_record *promotion, cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do
        status = release_once(host, actor, promotion, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}
