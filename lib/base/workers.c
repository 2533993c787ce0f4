#include "base/workers.h"

#include "base/clock.h"
#include "base/wait.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 100

/* One call of workers_run(); everything below the mutex is read and written under it. */
struct run {
    const struct workers *workers;
    struct cancel cancel;
    pthread_cond_t changed;
    pthread_mutex_t mutex;
    size_t next;           /* the first task that nobody took */
    size_t receipts;       /* tasks that returned CUTOVER_OK */
    unsigned running;      /* threads that have not ended */
    cutover_status status; /* of the first failure */
    cutover_error *error;
};

/* Takes the error. */
static void run_fail(struct run *run, cutover_status status, cutover_error *error)
{
    pthread_mutex_lock(&run->mutex);
    if (run->status == CUTOVER_OK) {
        run->status = status;
        run->error = error;
        error = NULL;
    }
    pthread_mutex_unlock(&run->mutex);
    cancel_ask(&run->cancel);
    cutover_error_free(error);
}

static bool take_task(struct run *run, size_t *index)
{
    if (cancel_asked(&run->cancel))
        return false;
    pthread_mutex_lock(&run->mutex);
    bool taken = run->next < run->workers->tasks;
    if (taken)
        *index = run->next++;
    pthread_mutex_unlock(&run->mutex);
    return taken;
}

static void do_tasks(struct run *run, void *state)
{
    const struct workers *workers = run->workers;
    for (size_t index = 0; take_task(run, &index);) {
        cutover_error *error = NULL;
        cutover_status status = workers->task(workers->context, state, index, &error);
        if (status != CUTOVER_OK) {
            run_fail(run, status, error);
            return;
        }
        cutover_error_free(error);
        pthread_mutex_lock(&run->mutex);
        run->receipts++;
        pthread_mutex_unlock(&run->mutex);
    }
}

static void *worker_main(void *argument)
{
    struct run *run = argument;
    const struct workers *workers = run->workers;
    cutover_error *error = NULL;
    void *state = NULL;
    cutover_status status = CUTOVER_OK;

    if (workers->open != NULL)
        status = workers->open(workers->context, &run->cancel, &state, &error);
    if (status == CUTOVER_OK) {
        cutover_error_free(error);
        do_tasks(run, state);
    } else {
        run_fail(run, status, error);
    }
    if (workers->close != NULL && (status == CUTOVER_OK || state != NULL))
        workers->close(workers->context, state);

    pthread_mutex_lock(&run->mutex);
    run->running--;
    pthread_cond_signal(&run->changed);
    pthread_mutex_unlock(&run->mutex);
    return NULL;
}

/* Starts up to `wanted` threads and tells how many there are. One that cannot be had is no failure while another
   runs (EDGE_CASES B33). Signals stay with the host's threads. */
static unsigned start_threads(struct run *run, pthread_t *threads, unsigned wanted)
{
    sigset_t all, before;
    unsigned started = 0;
    int failure = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < wanted && failure == 0) {
        pthread_mutex_lock(&run->mutex);
        run->running++;
        pthread_mutex_unlock(&run->mutex);
        failure = pthread_create(&threads[started], NULL, worker_main, run);
        if (failure == 0)
            started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (failure != 0) {
        pthread_mutex_lock(&run->mutex);
        run->running--;
        pthread_mutex_unlock(&run->mutex);
    }
    if (started == 0 && failure != 0) {
        cutover_error *error = NULL;
        error_set_errno(&error, CUTOVER_E_IO, failure, "cannot start a worker thread");
        error_hint(&error, "Raise the host's limit of threads or processes.");
        run_fail(run, CUTOVER_E_IO, error);
    }
    return started;
}

/* Waits until a thread may have ended, at most TICK_MS; false when none runs any more. */
static bool wait_tick(struct run *run)
{
    int64_t until = monotonic_us() + TICK_MS * 1000;

    pthread_mutex_lock(&run->mutex);
    while (run->running > 0 && wait_until(&run->changed, &run->mutex, until))
        ;
    bool running = run->running > 0;
    pthread_mutex_unlock(&run->mutex);
    return running;
}

/* False when it failed: it is not called again. */
static bool tick(struct run *run)
{
    cutover_error *error = NULL;
    if (run->workers->tick == NULL)
        return true;
    cutover_status status = run->workers->tick(run->workers->tick_context, &error);
    if (status != CUTOVER_OK) {
        run_fail(run, status, error);
        return false;
    }
    cutover_error_free(error);
    return true;
}

static void run_threads(struct run *run, pthread_t *threads, unsigned wanted)
{
    unsigned started = start_threads(run, threads, wanted);
    bool ticking = true;
    while (wait_tick(run))
        ticking = ticking && tick(run);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (ticking)
        tick(run);
}

static cutover_status outcome(struct run *run, cutover_error **error)
{
    if (run->status != CUTOVER_OK) {
        error_set(&run->error, run->status, "a worker failed and gave no reason");
        error_move(error, run->error);
        return run->status;
    }
    if (run->receipts == run->workers->tasks)
        return CUTOVER_OK;
    cutover_status status = cancel_check(&run->cancel, error);
    if (status != CUTOVER_OK)
        return status;
    return error_set(error, CUTOVER_E_INTERNAL, "%zu of %zu tasks have no receipt",
                     run->workers->tasks - run->receipts, run->workers->tasks);
}

cutover_status workers_run(const struct workers *workers, const struct cancel *cancel, cutover_error **error)
{
    struct run run = {.workers = workers, .status = CUTOVER_OK};
    cutover_status status = cancel_check(cancel, error);
    if (status != CUTOVER_OK)
        return status;
    cancel_init(&run.cancel, cancel);

    unsigned wanted = workers->jobs > 0 ? workers->jobs : 1;
    if (wanted > workers->tasks)
        wanted = (unsigned)workers->tasks;
    pthread_t *threads = calloc(wanted > 0 ? wanted : 1, sizeof *threads);
    if (threads == NULL)
        return error_nomem(error);

    int failure = pthread_mutex_init(&run.mutex, NULL);
    if (failure != 0) {
        status = error_set_errno(error, CUTOVER_E_IO, failure, "cannot make a mutex");
        goto free_threads;
    }
    failure = wait_init(&run.changed);
    if (failure != 0) {
        status = error_set_errno(error, CUTOVER_E_IO, failure, "cannot make a condition variable");
        goto destroy_mutex;
    }
    run_threads(&run, threads, wanted);
    status = outcome(&run, error);

    pthread_cond_destroy(&run.changed);
destroy_mutex:
    pthread_mutex_destroy(&run.mutex);
free_threads:
    free(threads);
    return status;
}
