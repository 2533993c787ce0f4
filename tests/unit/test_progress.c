#include "support/check.h"

#include "job/progress.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the host was told. */
struct told {
    unsigned calls;
    int32_t answer;
    cutover_progress last;
    char step[32];
    pthread_t thread;
};

static int32_t tell(const cutover_progress *now, void *userdata)
{
    struct told *told = userdata;

    told->calls++;
    told->last = *now;
    strcpy(told->step, now->step);
    told->thread = pthread_self();
    return told->answer;
}

struct job {
    struct progress progress;
    struct cancel cancel;
    struct told told;
};

static void job_begin(struct job *job)
{
    memset(job, 0, sizeof *job);
    cancel_init(&job->cancel, NULL);
    progress_init(&job->progress, tell, &job->told, &job->cancel);
}

static cutover_progress now_of(struct job *job)
{
    cutover_progress now;

    progress_copy(&job->progress, &now);
    return now;
}

static void a_job_that_has_not_begun_knows_nothing(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    cutover_progress now = now_of(&job);
    assert_string_equal(now.step, "preflight");
    assert_true(now.fraction == 0);
    assert_true(now.seconds_left < 0);
    assert_true(now.seconds_elapsed >= 0);
    assert_int_equal(now.bytes_total, 0);
    progress_destroy(&job.progress);
}

static void the_fraction_is_that_of_the_work_by_weight(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_expect(&job.progress, PHASE_BACKUP, 300);
    progress_expect(&job.progress, PHASE_STAGE_COPY, 100);
    progress_begin(&job.progress, PHASE_BACKUP, 1000, 2);
    assert_true(now_of(&job).fraction == 0);
    progress_add(&job.progress, 500, 7);
    progress_table(&job.progress);
    cutover_progress now = now_of(&job);
    assert_true(now.fraction > 0.374 && now.fraction < 0.376);
    assert_int_equal(now.bytes_done, 500);
    assert_int_equal(now.bytes_total, 1000);
    assert_int_equal(now.rows_done, 7);
    assert_int_equal(now.tables_done, 1);
    assert_int_equal(now.tables_total, 2);
    assert_true(now.seconds_left >= 0);
    progress_end(&job.progress);
    assert_true(now_of(&job).fraction == 0.75);
    progress_begin(&job.progress, PHASE_STAGE_COPY, 10, 1);
    progress_end(&job.progress);
    assert_true(now_of(&job).fraction == 1);
    progress_destroy(&job.progress);
}

/* Sizes of relations only estimate the bytes of their rows: a phase that moves more than expected is not done before it ends,
   and nothing goes beyond the whole. */
static void more_bytes_than_expected_do_not_end_a_phase(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_expect(&job.progress, PHASE_BACKUP, 100);
    progress_begin(&job.progress, PHASE_BACKUP, 10, 1);
    progress_add(&job.progress, 1000, 1);
    double fraction = now_of(&job).fraction;
    assert_true(fraction < 1 && fraction > 0.9);
    progress_end(&job.progress);
    assert_true(now_of(&job).fraction == 1);
    progress_destroy(&job.progress);
}

static void the_fraction_never_goes_back(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_expect(&job.progress, PHASE_BACKUP, 100);
    progress_begin(&job.progress, PHASE_BACKUP, 100, 1);
    progress_add(&job.progress, 90, 1);
    double before = now_of(&job).fraction;
    /* More work is found. */
    progress_expect(&job.progress, PHASE_STAGE_COPY, 900);
    assert_true(now_of(&job).fraction == before);
    progress_end(&job.progress);
    assert_true(now_of(&job).fraction >= before);
    progress_destroy(&job.progress);
}

/* Indexes are built while rows are still on their way. */
static void work_beside_a_phase_counts_once(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_expect(&job.progress, PHASE_STAGE_COPY, 100);
    progress_expect(&job.progress, PHASE_STAGE_INDEX, 100);
    progress_begin(&job.progress, PHASE_STAGE_COPY, 10, 1);
    progress_beside(&job.progress, PHASE_STAGE_INDEX, 0.25);
    progress_beside(&job.progress, PHASE_STAGE_INDEX, 0.25);
    assert_true(now_of(&job).fraction == 0.25);
    progress_end(&job.progress);
    assert_true(now_of(&job).fraction == 0.75);
    progress_begin(&job.progress, PHASE_STAGE_INDEX, 0, 0);
    assert_true(now_of(&job).fraction == 0.75);
    progress_end(&job.progress);
    assert_true(now_of(&job).fraction == 1);
    progress_destroy(&job.progress);
}

/* As the archive's last reading does, where tables of production are read again. */
static void a_phase_that_comes_again_counts_once(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_expect(&job.progress, PHASE_BACKUP, 100);
    progress_expect(&job.progress, PHASE_LAST_READ, 100);
    for (int i = 0; i < 2; i++) {
        progress_begin(&job.progress, PHASE_LAST_READ, 1000, 1);
        progress_add(&job.progress, 1000, 7);
        assert_true(now_of(&job).fraction <= 0.5);
        progress_end(&job.progress);
        assert_true(now_of(&job).fraction == 0.5);
    }
    progress_destroy(&job.progress);
}

static void a_phase_without_weight_changes_nothing(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_begin(&job.progress, PHASE_CHECK, 0, 0);
    progress_add(&job.progress, 5, 5);
    progress_end(&job.progress);
    progress_end(&job.progress);
    assert_true(now_of(&job).fraction == 0);
    progress_destroy(&job.progress);
}

static void a_step_begins_its_counters_anew(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_begin(&job.progress, PHASE_BACKUP, 10, 1);
    progress_add(&job.progress, 10, 10);
    progress_table(&job.progress);
    progress_end(&job.progress);
    progress_step(&job.progress, "verify");
    cutover_progress now = now_of(&job);
    assert_string_equal(now.step, "verify");
    assert_int_equal(now.bytes_done + now.bytes_total + now.rows_done, 0);
    assert_int_equal(now.tables_done + now.tables_total, 0);
    progress_destroy(&job.progress);
}

/* Verify reads, restores and compares: what was told of the first is not taken back by the others. */
static void a_step_of_several_phases_counts_up_through_all_of_them(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_step(&job.progress, "verify");
    progress_expect(&job.progress, PHASE_VERIFY_READ, 100);
    progress_expect(&job.progress, PHASE_VERIFY_LOAD, 100);
    progress_begin(&job.progress, PHASE_VERIFY_READ, 10, 1);
    progress_add(&job.progress, 12, 5);
    progress_table(&job.progress);
    progress_end(&job.progress);
    progress_begin(&job.progress, PHASE_VERIFY_LOAD, 100, 2);
    cutover_progress now = now_of(&job);
    assert_int_equal(now.bytes_done, 12);
    assert_int_equal(now.bytes_total, 112);
    assert_int_equal(now.rows_done, 5);
    assert_int_equal(now.tables_done, 1);
    assert_int_equal(now.tables_total, 3);
    assert_true(now.fraction == 0.5);
    progress_add(&job.progress, 50, 1);
    now = now_of(&job);
    assert_int_equal(now.bytes_done, 62);
    assert_true(now.fraction > 0.74 && now.fraction < 0.76);
    progress_destroy(&job.progress);
}

/* An operator's answer is no work: what is left after it is told from what was done, not from how long he took. */
static void time_that_a_person_took_is_not_counted_as_work(void **state)
{
    struct job job;

    (void)state;
    job_begin(&job);
    progress_expect(&job.progress, PHASE_BACKUP, 100);
    progress_begin(&job.progress, PHASE_BACKUP, 100, 1);
    progress_add(&job.progress, 50, 1);
    assert_true(now_of(&job).seconds_left >= 0);
    progress_wait(&job.progress, true);
    assert_true(now_of(&job).seconds_left < 0);
    /* As if that had been an hour ago. */
    job.progress.began_us -= INT64_C(3600000000);
    job.progress.waits_us -= INT64_C(3600000000);
    assert_true(now_of(&job).seconds_left < 0);
    progress_wait(&job.progress, false);
    cutover_progress now = now_of(&job);
    assert_true(now.seconds_left >= 0 && now.seconds_left < 1800);
    assert_true(now.seconds_elapsed >= 3600);
    progress_destroy(&job.progress);
}

static void a_job_that_takes_too_long_is_cancelled(void **state)
{
    struct job job;
    cutover_error *error = NULL;

    (void)state;
    job_begin(&job);
    cancel_at(&job.cancel, INT64_MAX);
    check_ok(progress_tick(&job.progress, &error), error);
    cancel_at(&job.cancel, 1);
    check_status(progress_tick(&job.progress, &error), CUTOVER_E_CANCELLED, error);
    assert_true(cancel_is_overdue(&job.cancel));
    progress_destroy(&job.progress);
}

/* ---- telling ---- */

static void the_host_is_told_of_every_step_and_not_too_often(void **state)
{
    static const char *const steps[] = {"lock", "backup", "verify"};
    struct job job;
    cutover_error *error = NULL;

    (void)state;
    job_begin(&job);
    for (size_t i = 0; i < 3; i++) {
        progress_step(&job.progress, steps[i]);
        check_ok(progress_tick(&job.progress, &error), error);
        assert_string_equal(job.told.step, steps[i]);
        assert_int_equal(job.told.calls, i + 1);
    }
    /* As fast as it can be called, for a quarter of a second. */
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    double elapsed = 0;
    while (elapsed < 0.25) {
        check_ok(progress_tick(&job.progress, &error), error);
        clock_gettime(CLOCK_MONOTONIC, &now);
        elapsed = (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9;
    }
    assert_true(job.told.calls - 3 <= 10 * elapsed + 1);
    assert_true(pthread_equal(job.told.thread, pthread_self()));
    progress_destroy(&job.progress);
}

static void an_answer_other_than_zero_cancels(void **state)
{
    struct job job;
    cutover_error *error = NULL;

    (void)state;
    job_begin(&job);
    progress_step(&job.progress, "backup");
    job.told.answer = -1;
    check_status(progress_tick(&job.progress, &error), CUTOVER_E_CANCELLED, error);
    assert_true(cancel_asked(&job.cancel));
    progress_destroy(&job.progress);
}

static int32_t answers_go_on(const cutover_progress *now, void *userdata)
{
    (void)now;
    (void)userdata;
    return cutover_answer(CUTOVER_OK);
}

/* A callback that an exception ended returned 0, too. */
static void no_answer_cancels_where_answers_are_strict(void **state)
{
    struct job job;
    cutover_error *error = NULL;

    (void)state;
    job_begin(&job);
    job.progress.strict = CUTOVER_STRICT_ANSWERS;
    job.progress.tell = answers_go_on;
    check_ok(progress_tick(&job.progress, &error), error);
    job.progress.tell = tell;
    progress_step(&job.progress, "backup");
    check_status(progress_tick(&job.progress, &error), CUTOVER_E_CANCELLED, error);
    assert_int_equal(job.told.calls, 1);
    progress_destroy(&job.progress);
}

static void nobody_needs_to_be_told(void **state)
{
    struct progress progress;
    struct cancel cancel;
    cutover_error *error = NULL;

    (void)state;
    cancel_init(&cancel, NULL);
    progress_init(&progress, NULL, NULL, &cancel);
    check_ok(progress_tick(&progress, &error), error);
    cancel_ask(&cancel);
    check_status(progress_tick(&progress, &error), CUTOVER_E_CANCELLED, error);
    progress_destroy(&progress);
}

/* ---- acts that block ---- */

static cutover_status wait_for_cancel(void *context, const struct cancel *cancel, cutover_error **error)
{
    atomic_int *began = context;

    *began = 1;
    return cancel_sleep(cancel, 60000, error);
}

static int32_t cancel_when_begun(const cutover_progress *now, void *userdata)
{
    const atomic_int *began = userdata;

    (void)now;
    return *began;
}

static void an_act_that_blocks_is_ticked_and_can_be_cancelled(void **state)
{
    struct progress progress;
    struct cancel cancel;
    atomic_int began = 0;
    cutover_error *error = NULL;

    (void)state;
    cancel_init(&cancel, NULL);
    progress_init(&progress, cancel_when_begun, &began, &cancel);
    check_status(progress_while(&progress, wait_for_cancel, &began, &error), CUTOVER_E_CANCELLED, error);
    assert_int_equal(began, 1);
    progress_destroy(&progress);
}

static cutover_status fail_at_once(void *context, const struct cancel *cancel, cutover_error **error)
{
    (void)cancel;
    return error_set(error, CUTOVER_E_IO, "%s", (const char *)context);
}

static void the_failure_of_an_act_is_returned(void **state)
{
    struct job job;
    cutover_error *error = NULL;
    char reason[] = "the reason";

    (void)state;
    job_begin(&job);
    check_status_keep(progress_while(&job.progress, fail_at_once, reason, &error), CUTOVER_E_IO, error);
    assert_string_equal(cutover_error_message(error), "the reason");
    cutover_error_free(error);
    progress_destroy(&job.progress);
}

static void *add_much(void *context)
{
    for (int i = 0; i < 10000; i++)
        progress_add(context, 3, 1);
    return NULL;
}

static void workers_add_from_many_threads(void **state)
{
    struct job job;
    pthread_t threads[4];

    (void)state;
    job_begin(&job);
    progress_begin(&job.progress, PHASE_BACKUP, 120000, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_much, &job.progress), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(now_of(&job).bytes_done, 120000);
    assert_int_equal(now_of(&job).rows_done, 40000);
    progress_destroy(&job.progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_has_not_begun_knows_nothing),
        cmocka_unit_test(the_fraction_is_that_of_the_work_by_weight),
        cmocka_unit_test(more_bytes_than_expected_do_not_end_a_phase),
        cmocka_unit_test(the_fraction_never_goes_back),
        cmocka_unit_test(work_beside_a_phase_counts_once),
        cmocka_unit_test(a_phase_that_comes_again_counts_once),
        cmocka_unit_test(a_phase_without_weight_changes_nothing),
        cmocka_unit_test(a_step_begins_its_counters_anew),
        cmocka_unit_test(a_step_of_several_phases_counts_up_through_all_of_them),
        cmocka_unit_test(time_that_a_person_took_is_not_counted_as_work),
        cmocka_unit_test(a_job_that_takes_too_long_is_cancelled),
        cmocka_unit_test(the_host_is_told_of_every_step_and_not_too_often),
        cmocka_unit_test(an_answer_other_than_zero_cancels),
        cmocka_unit_test(no_answer_cancels_where_answers_are_strict),
        cmocka_unit_test(nobody_needs_to_be_told),
        cmocka_unit_test(an_act_that_blocks_is_ticked_and_can_be_cancelled),
        cmocka_unit_test(the_failure_of_an_act_is_returned),
        cmocka_unit_test(workers_add_from_many_threads),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
