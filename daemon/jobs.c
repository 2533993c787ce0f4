#include "jobs.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

struct worker {
    struct jobs *jobs;
    size_t number;
};

void jobs_init(struct jobs *jobs, struct metrics *metrics)
{
    memset(jobs, 0, sizeof *jobs);
    pthread_mutex_init(&jobs->mutex, NULL);
    pthread_cond_init(&jobs->changed, NULL);
    jobs->metrics = metrics;
}

cutover_status jobs_take(cutover_api_work *work, void *userdata)
{
    struct jobs *jobs = userdata;
    cutover_status status = CUTOVER_OK;

    pthread_mutex_lock(&jobs->mutex);
    if (jobs->ending || jobs->waiting_count == JOBS_WAITING_MAX)
        status = CUTOVER_E_STATE;
    else
        jobs->waiting[jobs->waiting_count++] = work;
    metrics_set(jobs->metrics, FAMILY_JOBS_WAITING, "", (double)jobs->waiting_count);
    pthread_cond_signal(&jobs->changed);
    pthread_mutex_unlock(&jobs->mutex);
    return status;
}

static struct json_object *members_of(const cutover_api_work *work)
{
    struct json_object *members = json_object_new_object();

    if (members == NULL)
        return NULL;
    json_object_object_add(members, "job_id", json_object_new_string(cutover_api_work_job_id(work)));
    json_object_object_add(members, "kind", json_object_new_string(cutover_api_work_kind(work)));
    json_object_object_add(members, "project_id", json_object_new_string(cutover_api_work_project_id(work)));
    return members;
}

static void run(struct jobs *jobs, cutover_api_work *work)
{
    cutover_error *error = NULL;

    log_entry(CUTOVER_LOG_INFO, "a job begins", members_of(work));
    cutover_status status = cutover_api_work_run(work, &error);
    struct json_object *members = members_of(work);
    if (members != NULL && status != CUTOVER_OK) {
        json_object_object_add(members, "code", json_object_new_string(cutover_status_name(status)));
        json_object_object_add(members, "error", json_object_new_string(cutover_error_message(error)));
    }
    log_entry(status == CUTOVER_OK ? CUTOVER_LOG_INFO : CUTOVER_LOG_WARNING, "a job ends", members);
    metrics_job(jobs->metrics, jobs->engine, cutover_api_work_kind(work), cutover_api_work_job_id(work));
    cutover_error_free(error);
}

/* The next one; NULL: there will be none. Called with the mutex held. */
static cutover_api_work *next(struct jobs *jobs)
{
    while (jobs->waiting_count == 0 && !jobs->ending)
        pthread_cond_wait(&jobs->changed, &jobs->mutex);
    if (jobs->ending)
        return NULL;
    cutover_api_work *work = jobs->waiting[0];
    jobs->waiting_count--;
    memmove(jobs->waiting, jobs->waiting + 1, jobs->waiting_count * sizeof(cutover_api_work *));
    metrics_set(jobs->metrics, FAMILY_JOBS_WAITING, "", (double)jobs->waiting_count);
    return work;
}

static void *work_on(void *context)
{
    struct worker worker = *(struct worker *)context;
    struct jobs *jobs = worker.jobs;

    free(context);
    pthread_mutex_lock(&jobs->mutex);
    for (cutover_api_work *work; (work = next(jobs)) != NULL;) {
        jobs->running[worker.number] = work;
        pthread_mutex_unlock(&jobs->mutex);
        run(jobs, work);
        pthread_mutex_lock(&jobs->mutex);
        jobs->running[worker.number] = NULL; /* whoever cancels holds the mutex: it is nobody's now */
        pthread_mutex_unlock(&jobs->mutex);
        cutover_api_work_free(work);
        pthread_mutex_lock(&jobs->mutex);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

bool jobs_start(struct jobs *jobs, cutover_engine *engine, size_t workers)
{
    jobs->engine = engine;
    for (size_t i = 0; i < workers && i < JOBS_RUNNING_MAX; i++) {
        struct worker *worker = malloc(sizeof *worker);
        if (worker == NULL)
            return false;
        *worker = (struct worker){jobs, i};
        if (pthread_create(&jobs->threads[i], NULL, work_on, worker) != 0) {
            free(worker);
            return false;
        }
        jobs->worker_count++;
    }
    return true;
}

void jobs_stop(struct jobs *jobs)
{
    cutover_api_work *waiting[JOBS_WAITING_MAX];

    pthread_mutex_lock(&jobs->mutex);
    size_t count = jobs->waiting_count;
    memcpy(waiting, jobs->waiting, count * sizeof *waiting);
    jobs->waiting_count = 0;
    jobs->ending = true;
    for (size_t i = 0; i < JOBS_RUNNING_MAX; i++)
        if (jobs->running[i] != NULL)
            cutover_api_work_cancel(jobs->running[i]);
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->mutex);
    for (size_t i = 0; i < count; i++)
        cutover_api_work_free(waiting[i]);
}

size_t jobs_running(struct jobs *jobs)
{
    size_t count = 0;

    pthread_mutex_lock(&jobs->mutex);
    for (size_t i = 0; i < JOBS_RUNNING_MAX; i++)
        count += jobs->running[i] != NULL;
    pthread_mutex_unlock(&jobs->mutex);
    return count;
}

void jobs_end(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->worker_count; i++)
        pthread_join(jobs->threads[i], NULL);
    jobs->worker_count = 0;
}
