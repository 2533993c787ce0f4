#include "job/cancellation.h"

#include "job/lookup.h"

#include <stdlib.h>
#include <string.h>

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

cutover_status cancellation_name(const struct host *host, struct promotion_record *record,
                                 cutover_error **error)
{
    struct document asked = {0};
    cutover_status status = CUTOVER_OK;

    if (document_get(&host->store, KIND, record->id, &asked, NULL) != CUTOVER_OK)
        return CUTOVER_OK;
    struct json_object *object = json_parse(asked.body, strlen(asked.body), NULL);
    const char *actor_id = json_text_or(object, "actor_id", NULL);
    if (actor_id != NULL) {
        record->cancelled_by_actor_kind = (int)json_int_or(object, "actor_kind", 0);
        status = record_set_text(&record->cancelled_by_actor_id, actor_id, error);
    }
    json_object_put(object);
    document_free(&asked);
    return status;
}

static cutover_status asking_make(const cutover_actor *actor, char **body, cutover_error **error)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        return error_nomem(error);
    json_put_text(object, "actor_id", actor->id);
    json_put_int(object, "actor_kind", actor->kind);
    cutover_status status = json_format(object, body, error);
    json_object_put(object);
    return status;
}

/* Whatever ends a job moves the project's ledger, too, so that this change then conflicts. */
static cutover_status ask_in(const cutover_actor *actor, const struct found_job *job, const char *job_id,
                             struct change *change, cutover_error **error)
{
    struct json_object *data = json_object_new_object();
    char *body = NULL;

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "job_id", job_id);
    json_put_text(data, "status", found_job_status(job));
    cutover_status status = asking_make(actor, &body, error);
    if (status == CUTOVER_OK)
        status = change_put(change, KIND, job_id, 0, body, error);
    if (status == CUTOVER_OK)
        status = change_audit(change, "job.cancel_asked", actor, found_job_request(job), data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    free(body);
    json_object_put(data);
    return status;
}

/* What has gone beyond the point of no return is not promised to anybody. */
static cutover_status still_stops(const struct found_job *job, const char *job_id, cutover_error **error)
{
    if (found_job_is_over(job))
        return error_set(error, CUTOVER_E_STATE, "job %s has ended: it is %s", job_id, found_job_status(job));
    if (!found_job_is_swapping(job))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_STATE, "job %s has begun its swap, which is not stopped", job_id);
    error_hint(error, "It ends within seconds, one way or the other: see how. What was swapped can be rolled "
                      "back.");
    return CUTOVER_E_STATE;
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
    if (status == CUTOVER_OK)
        status = still_stops(&job, job_id, error);
    if (status == CUTOVER_OK && !cancellation_is_asked(host, job_id))
        status = ask_in(actor, &job, job_id, change, error);
    change_free(change);
    found_job_free(&job);
    return status;
}

/* A job moves on to its swap without the project's ledger: it may have done so before the asking was in the store. What is seen
   here has come too late; what is not is looked for once more by the job, or told by its end. */
static cutover_status stops_still(const struct host *host, const char *job_id, cutover_error **error)
{
    struct found_job job = {0};

    cutover_status status = lookup_job(host, job_id, &job, error);
    if (status == CUTOVER_OK && found_job_is_swapping(&job))
        status = still_stops(&job, job_id, error);
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
    if (status == CUTOVER_OK)
        status = stops_still(host, job_id, &cause);
    error_move(error, cause);
    return status;
}
