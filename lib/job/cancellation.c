#include "job/cancellation.h"

#include "job/lookup.h"

#define KIND "cancel"

bool cancellation_is_asked(const struct host *host, const char *job_id)
{
    struct document asked = {0};
    bool found = document_get(&host->store, KIND, job_id, &asked, NULL) == CUTOVER_OK;

    document_free(&asked);
    return found;
}

cutover_status cancellation_drop(struct change *change, const char *job_id, cutover_error **error)
{
    return change_drop(change, KIND, job_id, error);
}

/* Whatever ends a job moves the project's ledger, too, so that this change then conflicts. */
static cutover_status ask_in(const cutover_actor *actor, const struct found_job *job, const char *job_id,
                             struct change *change, cutover_error **error)
{
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "job_id", job_id);
    json_put_text(data, "status", found_job_status(job));
    cutover_status status = change_put(change, KIND, job_id, 0, "{}", error);
    if (status == CUTOVER_OK)
        status = change_audit(change, "job.cancel_asked", actor, found_job_request(job), data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    json_object_put(data);
    return status;
}

static cutover_status ask_once(const struct host *host, const cutover_actor *actor, const char *job_id,
                               cutover_error **error)
{
    struct found_job job = {0};
    struct change *change = NULL;

    cutover_status status = lookup_job(host, job_id, &job, error);
    if (status == CUTOVER_OK)
        status = change_begin(&host->store, &host->clock, found_job_project(&job), &change, error);
    found_job_free(&job);
    if (status == CUTOVER_OK)
        status = lookup_job(host, job_id, &job, error);
    if (status == CUTOVER_OK && found_job_is_over(&job))
        status =
            error_set(error, CUTOVER_E_STATE, "job %s has ended: it is %s", job_id, found_job_status(&job));
    if (status == CUTOVER_OK && !cancellation_is_asked(host, job_id))
        status = ask_in(actor, &job, job_id, change, error);
    change_free(change);
    found_job_free(&job);
    return status;
}

cutover_status cancellation_ask(const struct host *host, const cutover_actor *actor, const char *job_id,
                                cutover_error **error)
{
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    do
        status = ask_once(host, actor, job_id, &cause);
    while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}
