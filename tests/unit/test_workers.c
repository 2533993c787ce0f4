#include "support/check.h"

#include "base/clock.h"
#include "base/workers.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Threads that pthread_create() still grants; negative: as many as wanted. */
static atomic_int threads_granted = -1;

/* Stands before the C library's, so that a thread can be refused (EDGE_CASES B33). */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    static create_fn *real;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (threads_granted == 0)
        return EAGAIN;
    if (threads_granted > 0)
        threads_granted--;
    return real(thread, attributes, start, argument);
}

#define TASKS 100

struct bench {
    pthread_mutex_t mutex;
    unsigned opened, closed;
    bool refuse_half_open; /* with something to close */
    unsigned done[TASKS];
    size_t order[TASKS];
    size_t count;
    size_t fail_at;       /* this task fails; SIZE_MAX: none */
    size_t wait_from;     /* tasks from here on wait to be cancelled; SIZE_MAX: none */
    unsigned refuse_open; /* this open fails, counted from 1; 0: none */
    unsigned ticks, fail_tick;
    const struct cancel *outer;
    struct cancel *ask; /* asked by the first tick */
    bool signals_blocked;
    pthread_t caller;
    bool tick_elsewhere, task_here;
};

static int reset(void **state)
{
    static struct bench bench;
    bench = (struct bench){.mutex = PTHREAD_MUTEX_INITIALIZER,
                           .fail_at = SIZE_MAX,
                           .wait_from = SIZE_MAX,
                           .signals_blocked = true,
                           .caller = pthread_self()};
    threads_granted = -1;
    *state = &bench;
    return 0;
}

static cutover_status bench_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct bench *bench = context;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    pthread_mutex_lock(&bench->mutex);
    unsigned number = ++bench->opened;
    if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGCHLD) || !sigismember(&blocked, SIGPIPE))
        bench->signals_blocked = false;
    if (pthread_equal(pthread_self(), bench->caller))
        bench->task_here = true;
    pthread_mutex_unlock(&bench->mutex);
    if (number == bench->refuse_open && bench->refuse_half_open)
        *state = cancel;
    if (number == bench->refuse_open)
        return error_set(error, CUTOVER_E_POSTGRES, "sorry, too many clients already");
    *state = cancel;
    return CUTOVER_OK;
}

static cutover_status bench_task(void *context, void *state, size_t index, cutover_error **error)
{
    struct bench *bench = context;
    pthread_mutex_lock(&bench->mutex);
    bench->done[index]++;
    bench->order[bench->count++] = index;
    pthread_mutex_unlock(&bench->mutex);
    if (index == bench->fail_at)
        return error_set(error, CUTOVER_E_IO, "task %zu failed", index);
    if (index >= bench->wait_from)
        return cancel_sleep(state, INT64_C(3600000), error);
    return CUTOVER_OK;
}

static void bench_close(void *context, void *state)
{
    struct bench *bench = context;
    pthread_mutex_lock(&bench->mutex);
    if (state != NULL)
        bench->closed++;
    pthread_mutex_unlock(&bench->mutex);
}

static cutover_status bench_tick(void *context, cutover_error **error)
{
    struct bench *bench = context;
    bench->ticks++;
    if (!pthread_equal(pthread_self(), bench->caller))
        bench->tick_elsewhere = true;
    if (bench->ask != NULL)
        cancel_ask(bench->ask);
    if (bench->ticks == bench->fail_tick)
        return error_set(error, CUTOVER_E_STORE, "the lease is lost");
    return CUTOVER_OK;
}

static cutover_status run(struct bench *bench, unsigned jobs, size_t tasks, cutover_error **error)
{
    struct workers workers = {.jobs = jobs,
                              .tasks = tasks,
                              .open = bench_open,
                              .task = bench_task,
                              .close = bench_close,
                              .context = bench,
                              .tick = bench_tick,
                              .tick_context = bench};
    return workers_run(&workers, bench->outer, error);
}

static void each_task_is_done_once(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    check_ok(run(bench, 4, TASKS, &error), error);
    for (size_t i = 0; i < TASKS; i++)
        assert_int_equal(bench->done[i], 1);
    assert_int_equal(bench->opened, 4);
    assert_int_equal(bench->closed, 4);
    assert_false(bench->task_here);
}

static void one_worker_takes_tasks_in_order(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    check_ok(run(bench, 0, TASKS, &error), error);
    assert_int_equal(bench->opened, 1);
    for (size_t i = 0; i < TASKS; i++)
        assert_int_equal(bench->order[i], i);
}

static void no_more_workers_than_tasks_start(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    check_ok(run(bench, 8, 2, &error), error);
    assert_int_equal(bench->opened, 2);
}

static void no_tasks_are_done_at_once(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    check_ok(run(bench, 8, 0, &error), error);
    assert_int_equal(bench->opened, 0);
    assert_int_equal(bench->ticks, 1);
}

static void the_first_failure_stops_the_others_and_is_returned(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    bench->fail_at = 3;
    bench->wait_from = 4; /* they would wait for an hour */
    check_status_keep(run(bench, 4, TASKS, &error), CUTOVER_E_IO, error);
    assert_string_equal(cutover_error_message(error), "task 3 failed");
    assert_true(bench->count < TASKS);
    assert_int_equal(bench->opened, bench->closed);
    cutover_error_free(error);
}

static void a_worker_that_cannot_open_fails_the_run(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    bench->refuse_open = 2;
    bench->wait_from = 0;
    check_status_keep(run(bench, 3, TASKS, &error), CUTOVER_E_POSTGRES, error);
    check_contains(cutover_error_message(error), "too many clients");
    assert_int_equal(bench->closed, bench->opened - 1);
    cutover_error_free(error);
}

static void what_a_failing_open_has_made_is_closed(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    bench->refuse_open = 2;
    bench->refuse_half_open = true;
    bench->wait_from = 0;
    check_status(run(bench, 3, TASKS, &error), CUTOVER_E_POSTGRES, error);
    assert_int_equal(bench->closed, bench->opened);
}

static void a_cancelled_run_starts_nothing(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    cancel_ask(&cancel);
    bench->outer = &cancel;
    check_status(run(bench, 2, TASKS, &error), CUTOVER_E_CANCELLED, error);
    assert_int_equal(bench->opened, 0);
}

static void cancelling_ends_what_runs(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    bench->outer = &cancel;
    bench->ask = &cancel;
    bench->wait_from = 0;
    check_status(run(bench, 2, TASKS, &error), CUTOVER_E_CANCELLED, error);
    assert_int_equal(bench->closed, 2);
}

static cutover_status ask_and_succeed(void *context, void *state, size_t index, cutover_error **error)
{
    (void)state;
    (void)error;
    if (index == 0)
        cancel_ask(context);
    return CUTOVER_OK;
}

/* Every task that ran says OK, but not every task ran. */
static void tasks_that_were_never_taken_are_no_success(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    struct workers workers = {.jobs = 1, .tasks = 2, .task = ask_and_succeed, .context = &cancel};
    check_status(workers_run(&workers, &cancel, &error), CUTOVER_E_CANCELLED, error);

    cancel_init(&cancel, NULL);
    workers.tasks = 1;
    check_ok(workers_run(&workers, &cancel, &error), error);
}

static void ticks_come_on_the_callers_thread(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    check_ok(run(bench, 2, TASKS, &error), error);
    assert_true(bench->ticks >= 1);
    assert_false(bench->tick_elsewhere);
}

static void a_tick_that_fails_ends_the_run_and_is_the_last(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    bench->wait_from = 0;
    bench->fail_tick = 2;
    check_status_keep(run(bench, 2, TASKS, &error), CUTOVER_E_STORE, error);
    assert_string_equal(cutover_error_message(error), "the lease is lost");
    assert_int_equal(bench->ticks, 2);
    cutover_error_free(error);
}

static void a_last_tick_that_fails_counts_as_well(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    bench->fail_tick = 1;
    check_status(run(bench, 2, 0, &error), CUTOVER_E_STORE, error);
}

static void signals_stay_with_the_hosts_threads(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    check_ok(run(bench, 2, TASKS, &error), error);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_true(bench->signals_blocked);
    for (int i = 1; i < SIGRTMAX; i++)
        assert_int_equal(sigismember(&before, i), sigismember(&after, i));
}

/* EDGE_CASES B33. */
static void fewer_threads_than_wanted_still_do_the_work(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    threads_granted = 2;
    check_ok(run(bench, 8, TASKS, &error), error);
    assert_int_equal(bench->opened, 2);
    assert_int_equal(bench->closed, 2);
    assert_int_equal(bench->count, TASKS);
}

/* EDGE_CASES B33. */
static void no_thread_at_all_is_an_error(void **state)
{
    struct bench *bench = *state;
    cutover_error *error = NULL;
    threads_granted = 0;
    check_status_keep(run(bench, 8, TASKS, &error), CUTOVER_E_IO, error);
    assert_non_null(cutover_error_hint(error));
    assert_int_equal(bench->count, 0);
    cutover_error_free(error);
}

static cutover_status fail_without_a_word(void *context, void *state, size_t index, cutover_error **error)
{
    (void)context;
    (void)state;
    (void)index;
    (void)error;
    return CUTOVER_E_NOT_FOUND;
}

static void a_failure_without_a_reason_gets_one(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct workers workers = {.jobs = 1, .tasks = 1, .task = fail_without_a_word};
    check_status_keep(workers_run(&workers, NULL, &error), CUTOVER_E_NOT_FOUND, error);
    assert_int_equal(cutover_error_code(error), CUTOVER_E_NOT_FOUND);
    cutover_error_free(error);
    assert_int_equal(workers_run(&workers, NULL, NULL), CUTOVER_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_task_is_done_once, reset),
        cmocka_unit_test_setup(one_worker_takes_tasks_in_order, reset),
        cmocka_unit_test_setup(no_more_workers_than_tasks_start, reset),
        cmocka_unit_test_setup(no_tasks_are_done_at_once, reset),
        cmocka_unit_test_setup(the_first_failure_stops_the_others_and_is_returned, reset),
        cmocka_unit_test_setup(a_worker_that_cannot_open_fails_the_run, reset),
        cmocka_unit_test_setup(what_a_failing_open_has_made_is_closed, reset),
        cmocka_unit_test_setup(a_cancelled_run_starts_nothing, reset),
        cmocka_unit_test_setup(cancelling_ends_what_runs, reset),
        cmocka_unit_test_setup(tasks_that_were_never_taken_are_no_success, reset),
        cmocka_unit_test_setup(ticks_come_on_the_callers_thread, reset),
        cmocka_unit_test_setup(a_tick_that_fails_ends_the_run_and_is_the_last, reset),
        cmocka_unit_test_setup(a_last_tick_that_fails_counts_as_well, reset),
        cmocka_unit_test_setup(signals_stay_with_the_hosts_threads, reset),
        cmocka_unit_test_setup(fewer_threads_than_wanted_still_do_the_work, reset),
        cmocka_unit_test_setup(no_thread_at_all_is_an_error, reset),
        cmocka_unit_test_setup(a_failure_without_a_reason_gets_one, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
