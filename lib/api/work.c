#include "api/work.h"
#include "api/once.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "waiting_job"
#define SECOND INT64_C(1000000)
/* Signs of life come each minute (cutover_api_tend()). */
#define SILENCE (300 * SECOND)
#define KEPT (7 * 86400 * SECOND)

struct cutover_api_work {
    cutover_api *api;
    enum work_kind kind;
    void *handle;
    char *job_id, *project_id, *request_id; /* the last may be NULL */
    char *actor_id;
    int64_t created_at;
    bool ran;
    cutover_api_work *next, *previous;
};

/* ---- the kinds ---- */

#define HANDLE(name)                                                                                           \
    static cutover_status name##_run(void *handle, cutover_error **error)                                      \
    {                                                                                                          \
        return cutover_##name##_run(handle, error);                                                            \
    }                                                                                                          \
    static void name##_cancel(void *handle)                                                                    \
    {                                                                                                          \
        cutover_##name##_cancel(handle);                                                                       \
    }                                                                                                          \
    static cutover_status name##_progress(void *handle, cutover_progress *progress)                            \
    {                                                                                                          \
        return cutover_##name##_progress(handle, progress);                                                    \
    }                                                                                                          \
    static const char *name##_id(void *handle)                                                                 \
    {                                                                                                          \
        return cutover_##name##_id(handle);                                                                    \
    }                                                                                                          \
    static void name##_free(void *handle)                                                                      \
    {                                                                                                          \
        cutover_##name##_free(handle);                                                                         \
    }

HANDLE(promotion)
HANDLE(rollback)
HANDLE(restore)
HANDLE(backup_job)

static const char *promotion_report(void *handle)
{
    return cutover_promotion_report(handle);
}

static const char *rollback_report(void *handle)
{
    return cutover_rollback_report(handle);
}

static const char *restore_report(void *handle)
{
    return cutover_restore_report(handle);
}

static const char *no_report(void *handle)
{
    (void)handle;
    return NULL;
}

static const struct {
    const char *name;
    cutover_status (*run)(void *handle, cutover_error **error);
    void (*cancel)(void *handle);
    cutover_status (*progress)(void *handle, cutover_progress *progress);
    const char *(*id)(void *handle);
    const char *(*report)(void *handle);
    void (*free)(void *handle);
} kinds[WORK_KIND_COUNT] = {
    [WORK_PROMOTION] = {"promotion", promotion_run, promotion_cancel, promotion_progress, promotion_id,
                        promotion_report, promotion_free},
    [WORK_ROLLBACK] = {"rollback", rollback_run, rollback_cancel, rollback_progress, rollback_id,
                       rollback_report, rollback_free},
    [WORK_RESTORE] = {"restore", restore_run, restore_cancel, restore_progress, restore_id, restore_report,
                      restore_free},
    [WORK_BACKUP] = {"backup", backup_job_run, backup_job_cancel, backup_job_progress, backup_job_id, no_report,
                     backup_job_free},
    [WORK_VERIFICATION] = {"verification", backup_job_run, backup_job_cancel, backup_job_progress,
                           backup_job_id, no_report, backup_job_free},
};

/* ---- what the store is told ---- */

static void error_write(struct output *output, const char *name, const cutover_error *error)
{
    output_key(output, name);
    if (error == NULL) {
        output_json(output, NULL);
        return;
    }
    output_open(output, '{');
    output_put(output, "code", cutover_status_name(cutover_error_code(error)));
    output_put(output, "message", cutover_error_message(error));
    output_put(output, "detail", cutover_error_detail(error));
    output_put(output, "hint", cutover_error_hint(error));
    output_put(output, "sqlstate", cutover_error_sqlstate(error));
    output_put(output, "step", cutover_error_step(error));
    output_put(output, "verdict", cutover_verdict_name(cutover_error_verdict(error)));
    output_close(output, '}');
}

static cutover_status tell_at(const cutover_api_work *work, uint64_t version, const char *status,
                              const cutover_error *failure, cutover_error **error)
{
    struct output output;

    output_begin(&output);
    output_open(&output, '{');
    output_put(&output, "id", work->job_id);
    output_put(&output, "kind", kinds[work->kind].name);
    output_put(&output, "status", status);
    output_put(&output, "project_id", work->project_id);
    output_put(&output, "request_id", work->request_id);
    output_put(&output, "actor_id", work->actor_id);
    output_put_count(&output, "created_us", (uint64_t)work->created_at);
    output_put_count(&output, "renewed_us", (uint64_t)api_now(work->api));
    error_write(&output, "error", failure);
    output_put_json(&output, "report", failure == NULL ? NULL : kinds[work->kind].report(work->handle));
    output_close(&output, '}');
    cutover_status told =
        kept_put(work->api, KIND, work->job_id, work->project_id, version, output_text(&output), error);
    output_free(&output);
    return told;
}

static bool may_pass(cutover_status status)
{
    return status == CUTOVER_E_CONFLICT || status == CUTOVER_E_NOMEM;
}

/* Over whatever is there: a sign of life that comes in between is of this process, too. */
static cutover_status tell(const cutover_api_work *work, const char *status, const cutover_error *failure,
                           cutover_error **error)
{
    cutover_status told = CUTOVER_E_CONFLICT;
    cutover_error *cause = NULL;

    for (int attempt = 0; attempt < 5 && may_pass(told); attempt++) {
        struct kept kept;
        cutover_error_free(cause);
        cause = NULL;
        told = kept_get(work->api, KIND, work->job_id, &kept, &cause);
        if (told == CUTOVER_OK)
            told = tell_at(work, kept.version, status, failure, &cause);
        kept_free(&kept);
    }
    if (error != NULL)
        *error = cause;
    else
        cutover_error_free(cause);
    return told;
}

static void forget(const cutover_api_work *work)
{
    cutover_status told = CUTOVER_E_CONFLICT;

    for (int attempt = 0; attempt < 5 && may_pass(told); attempt++) {
        struct kept kept;
        told = kept_get(work->api, KIND, work->job_id, &kept, NULL);
        if (told == CUTOVER_OK && kept.version != 0)
            told = kept_drop(work->api, KIND, work->job_id, kept.version, NULL);
        kept_free(&kept);
    }
}

/* ---- begun ---- */

static void list_add(cutover_api_work *work)
{
    cutover_api *api = work->api;

    pthread_mutex_lock(&api->lock);
    work->next = api->works;
    if (work->next != NULL)
        work->next->previous = work;
    api->works = work;
    pthread_mutex_unlock(&api->lock);
}

static void list_remove(cutover_api_work *work)
{
    cutover_api *api = work->api;

    pthread_mutex_lock(&api->lock);
    if (work->next != NULL)
        work->next->previous = work->previous;
    if (work->previous != NULL)
        work->previous->next = work->next;
    if (api->works == work)
        api->works = work->next;
    pthread_mutex_unlock(&api->lock);
}

static void work_drop(cutover_api_work *work)
{
    kinds[work->kind].free(work->handle);
    free(work->job_id);
    free(work->project_id);
    free(work->request_id);
    free(work->actor_id);
    free(work);
}

/* NULL when memory is exhausted; the handle is freed then. */
static cutover_api_work *work_make(struct call *call, enum work_kind kind, void *handle, const char *project_id,
                                   const char *request_id)
{
    cutover_api_work *work = calloc(1, sizeof *work);

    if (work == NULL) {
        kinds[kind].free(handle);
        return NULL;
    }
    work->api = call->api;
    work->kind = kind;
    work->handle = handle;
    work->created_at = api_now(call->api);
    work->job_id = strdup(kinds[kind].id(handle));
    work->project_id = strdup(project_id);
    work->request_id = request_id == NULL ? NULL : strdup(request_id);
    work->actor_id = strdup(call->request->actor->id);
    if (work->job_id != NULL && work->project_id != NULL && work->actor_id != NULL &&
        (request_id == NULL || work->request_id != NULL))
        return work;
    work_drop(work);
    return NULL;
}

cutover_status work_answer(struct call *call, const char *job_id, cutover_error **error)
{
    char location[300];
    struct waiting *waiting = NULL;
    struct output output;

    cutover_status status = waiting_get(call->api, job_id, &waiting, error);
    cutover_job *job = NULL;
    if (status == CUTOVER_OK && waiting == NULL)
        status = cutover_job_get(call->api->engine, job_id, &job, error);
    if (status == CUTOVER_OK) {
        output_begin(&output);
        job_write(call->api, &output, job, waiting);
        status = call_json(call, 202, output_text(&output), error);
        output_free(&output);
    }
    cutover_job_free(job);
    waiting_free(waiting);
    snprintf(location, sizeof location, "/v1/jobs/%s", job_id);
    return status != CUTOVER_OK ? status : call_header(call, "Location", location, error);
}

/* All that can fail, and all that can be told: from then on it is begun. */
static cutover_status prepare(struct call *call, const cutover_api_work *work, cutover_error **error)
{
    cutover_status status = once_note_job(call, work->job_id, error);

    if (status == CUTOVER_OK)
        status = tell(work, "waiting", NULL, error);
    return status != CUTOVER_OK ? status : work_answer(call, work->job_id, error);
}

cutover_status work_begin(struct call *call, enum work_kind kind, void *handle, const char *project_id,
                          const char *request_id, cutover_error **error)
{
    cutover_api_work *work = work_make(call, kind, handle, project_id, request_id);

    if (work == NULL)
        return api_nomem(error);
    cutover_status status = prepare(call, work, error);
    call->done = false; /* it has its answer, and is not begun */
    if (status != CUTOVER_OK) {
        forget(work);
        work_drop(work);
        return status;
    }
    list_add(work);
    /* From here on it may be run, and freed, at any moment. */
    call->done = call->api->run(work, call->api->run_userdata) == CUTOVER_OK;
    if (call->done)
        return CUTOVER_OK;
    forget(work);
    list_remove(work);
    work_drop(work);
    return call_problem(call, PROBLEM_UNAVAILABLE, "no more jobs are taken now", "Try again.", NULL, error);
}

/* ---- run ---- */

/* Whether the job's own record tells what became of it. */
static bool is_recorded(const cutover_api_work *work)
{
    cutover_job *job = NULL;
    const bool there = cutover_job_get(work->api->engine, work->job_id, &job, NULL) == CUTOVER_OK;

    cutover_job_free(job);
    return there;
}

cutover_status cutover_api_work_run(cutover_api_work *work, cutover_error **error)
{
    cutover_error *cause = NULL;

    if (error != NULL)
        *error = NULL;
    if (work == NULL || work->ran)
        return api_fail(error, CUTOVER_E_INVALID, work == NULL ? "work: required" : "work: it ran already",
                        NULL);
    pthread_mutex_lock(&work->api->lock);
    work->ran = true;
    pthread_mutex_unlock(&work->api->lock);
    tell(work, "preflight", NULL, NULL);
    cutover_status status = kinds[work->kind].run(work->handle, &cause);
    if (status == CUTOVER_OK || is_recorded(work))
        forget(work);
    else
        tell(work, status == CUTOVER_E_CANCELLED ? "cancelled" : "refused", cause, NULL);
    if (error != NULL)
        *error = cause;
    else
        cutover_error_free(cause);
    return status;
}

void cutover_api_work_cancel(cutover_api_work *work)
{
    if (work != NULL)
        kinds[work->kind].cancel(work->handle);
}

const char *cutover_api_work_job_id(const cutover_api_work *work)
{
    return work == NULL ? NULL : work->job_id;
}

const char *cutover_api_work_kind(const cutover_api_work *work)
{
    return work == NULL ? NULL : kinds[work->kind].name;
}

const char *cutover_api_work_project_id(const cutover_api_work *work)
{
    return work == NULL ? NULL : work->project_id;
}

void cutover_api_work_free(cutover_api_work *work)
{
    if (work == NULL)
        return;
    if (!work->ran) {
        cutover_error *never =
            cutover_error_new(CUTOVER_E_CANCELLED, "it was never run: the process that had it ended", NULL,
                              "Nothing was begun. Ask for it again.");
        tell(work, "cancelled", never, NULL);
        cutover_error_free(never);
    }
    list_remove(work);
    work_drop(work);
}

cutover_status work_progress(cutover_api *api, const char *job_id, cutover_progress *progress)
{
    cutover_status status = CUTOVER_E_NOT_FOUND;

    pthread_mutex_lock(&api->lock);
    for (cutover_api_work *work = api->works; work != NULL && status != CUTOVER_OK; work = work->next)
        if (work->ran && strcmp(work->job_id, job_id) == 0)
            status = kinds[work->kind].progress(work->handle, progress);
    progress->job_id = NULL; /* it is the job's, which may be gone as soon as this is unlocked */
    pthread_mutex_unlock(&api->lock);
    return status;
}

cutover_status work_cancel(cutover_api *api, const char *job_id)
{
    cutover_status status = CUTOVER_E_NOT_FOUND;

    pthread_mutex_lock(&api->lock);
    for (cutover_api_work *work = api->works; work != NULL; work = work->next)
        if (strcmp(work->job_id, job_id) == 0) {
            kinds[work->kind].cancel(work->handle);
            status = CUTOVER_OK;
        }
    pthread_mutex_unlock(&api->lock);
    return status;
}

/* ---- read ---- */

cutover_status waiting_get(cutover_api *api, const char *job_id, struct waiting **waiting,
                           cutover_error **error)
{
    struct kept kept;
    cutover_status status = kept_get(api, KIND, job_id, &kept, error);

    *waiting = NULL;
    if (status != CUTOVER_OK || kept.version == 0) {
        kept_free(&kept);
        return status;
    }
    *waiting = calloc(1, sizeof **waiting);
    if (*waiting == NULL) {
        kept_free(&kept);
        return api_nomem(error);
    }
    (*waiting)->kept = kept;
    return CUTOVER_OK;
}

void waiting_free(struct waiting *waiting)
{
    if (waiting == NULL)
        return;
    kept_free(&waiting->kept);
    free(waiting);
}

static bool is_open(const char *status)
{
    return status != NULL && (strcmp(status, "waiting") == 0 || strcmp(status, "preflight") == 0);
}

static const char *status_of(cutover_api *api, const struct kept *kept)
{
    const char *status = kept_text(kept, "status");

    if (is_open(status) && api_now(api) - kept_number(kept, "renewed_us") > SILENCE)
        return "lost";
    return status == NULL ? "lost" : status;
}

const char *waiting_status(cutover_api *api, const struct waiting *waiting)
{
    return status_of(api, &waiting->kept);
}

bool waiting_is_over(cutover_api *api, const struct waiting *waiting)
{
    return !is_open(waiting_status(api, waiting));
}

void progress_write(struct output *output, const char *name, const cutover_progress *progress)
{
    output_key(output, name);
    if (progress == NULL) {
        output_json(output, NULL);
        return;
    }
    output_open(output, '{');
    output_put(output, "step", progress->step);
    output_put_count(output, "bytes_done", progress->bytes_done);
    output_put_count(output, "bytes_total", progress->bytes_total);
    output_put_count(output, "rows_done", progress->rows_done);
    output_put_count(output, "tables_done", progress->tables_done);
    output_put_count(output, "tables_total", progress->tables_total);
    output_put_double(output, "fraction", progress->fraction);
    output_put_double(output, "seconds_elapsed", progress->seconds_elapsed);
    if (progress->seconds_left >= 0)
        output_put_double(output, "seconds_left", progress->seconds_left);
    else
        output_put_json(output, "seconds_left", NULL);
    output_close(output, '}');
}

/* A member of what is kept, as it is. */
static void put_kept(struct output *output, const char *name, const struct kept *kept)
{
    output_put_value(output, name, json_object_object_get(kept->body, name));
}

static void job_write_recorded(cutover_api *api, struct output *output, const cutover_job *job,
                               const struct waiting *waiting)
{
    cutover_progress progress = CUTOVER_PROGRESS_INIT;
    const bool tells =
        !cutover_job_is_over(job) && (work_progress(api, cutover_job_id(job), &progress) == CUTOVER_OK ||
                                      cutover_job_progress(job, &progress) == CUTOVER_OK);

    output_put(output, "id", cutover_job_id(job));
    output_put(output, "kind", cutover_job_kind(job));
    output_put(output, "status", cutover_job_status(job));
    output_put_flag(output, "over", cutover_job_is_over(job));
    output_put(output, "project_id", cutover_job_project_id(job));
    output_put(output, "request_id", cutover_job_request_id(job));
    output_put_time(output, "created_at", cutover_job_created_at(job));
    output_put_time(output, "renewed_at", cutover_job_renewed_at(job));
    progress_write(output, "progress", tells ? &progress : NULL);
    output_put_json(output, "record", cutover_job_json(job));
    output_put_json(output, "report", cutover_job_report(job));
    if (waiting != NULL)
        put_kept(output, "error", &waiting->kept);
    else
        output_put_json(output, "error", NULL);
}

void job_write(cutover_api *api, struct output *output, const cutover_job *job, const struct waiting *waiting)
{
    output_open(output, '{');
    if (job != NULL) {
        job_write_recorded(api, output, job, waiting);
    } else {
        const struct kept *kept = &waiting->kept;
        output_put(output, "id", kept_text(kept, "id"));
        output_put(output, "kind", kept_text(kept, "kind"));
        output_put(output, "status", waiting_status(api, waiting));
        output_put_flag(output, "over", waiting_is_over(api, waiting));
        output_put(output, "project_id", kept_text(kept, "project_id"));
        output_put(output, "request_id", kept_text(kept, "request_id"));
        output_put_time(output, "created_at", kept_number(kept, "created_us"));
        output_put_time(output, "renewed_at",
                        waiting_is_over(api, waiting) ? 0 : kept_number(kept, "renewed_us"));
        output_put_json(output, "progress", NULL);
        output_put_json(output, "record", NULL);
        put_kept(output, "report", kept);
        put_kept(output, "error", kept);
    }
    output_close(output, '}');
}

/* ---- tended ---- */

/* One of this process: its sign of life. */
static void renew(cutover_api *api, const char *job_id)
{
    struct kept kept;

    if (kept_get(api, KIND, job_id, &kept, NULL) == CUTOVER_OK && is_open(kept_text(&kept, "status")) &&
        json_object_set_int64(json_object_object_get(kept.body, "renewed_us"), api_now(api)) == 1)
        kept_put(api, KIND, job_id, kept_text(&kept, "project_id"), kept.version, json_print(kept.body), NULL);
    kept_free(&kept);
}

static bool is_here(cutover_api *api, const char *job_id)
{
    bool here = false;

    pthread_mutex_lock(&api->lock);
    for (const cutover_api_work *work = api->works; work != NULL && !here; work = work->next)
        here = strcmp(work->job_id, job_id) == 0;
    pthread_mutex_unlock(&api->lock);
    return here;
}

static cutover_status tend_one(cutover_api *api, const char *id, const struct kept *kept, void *context,
                               cutover_error **error)
{
    (void)context;
    (void)error;
    if (is_here(api, id))
        renew(api, id);
    else if (api_now(api) - kept_number(kept, "renewed_us") > KEPT)
        kept_drop(api, KIND, id, kept->version, NULL);
    return CUTOVER_OK;
}

cutover_status work_tend(cutover_api *api, cutover_error **error)
{
    return kept_walk(api, KIND, tend_one, NULL, error);
}
