#include "support/check.h"

#include "base/clock.h"
#include "base/wait.h"

#define HOUR (INT64_C(3600) * 1000000)

struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool there;
};

static void meeting_open(struct meeting *meeting)
{
    pthread_mutex_init(&meeting->mutex, NULL);
    assert_int_equal(wait_init(&meeting->changed), 0);
    meeting->there = false;
}

static void meeting_close(struct meeting *meeting)
{
    pthread_cond_destroy(&meeting->changed);
    pthread_mutex_destroy(&meeting->mutex);
}

static bool meet(struct meeting *meeting, int64_t deadline_us)
{
    pthread_mutex_lock(&meeting->mutex);
    while (!meeting->there && wait_until(&meeting->changed, &meeting->mutex, deadline_us))
        ;
    bool there = meeting->there;
    pthread_mutex_unlock(&meeting->mutex);
    return there;
}

/* On the wall clock this deadline, some time since the machine started, was decades ago. */
static void the_deadline_is_one_of_the_monotonic_clock(void **state)
{
    struct meeting meeting;
    int64_t deadline = monotonic_us() + 30000;

    (void)state;
    meeting_open(&meeting);
    assert_false(meet(&meeting, deadline));
    assert_true(monotonic_us() >= deadline);
    meeting_close(&meeting);
}

static void a_deadline_that_has_passed_waits_for_nothing(void **state)
{
    struct meeting meeting;

    (void)state;
    meeting_open(&meeting);
    assert_false(meet(&meeting, monotonic_us() - 1));
    assert_false(meet(&meeting, 0));
    meeting_close(&meeting);
}

static void *come(void *context)
{
    struct meeting *meeting = context;

    pthread_mutex_lock(&meeting->mutex);
    meeting->there = true;
    pthread_cond_signal(&meeting->changed);
    pthread_mutex_unlock(&meeting->mutex);
    return NULL;
}

static void a_signal_ends_the_wait(void **state)
{
    struct meeting meeting;
    pthread_t thread;

    (void)state;
    meeting_open(&meeting);
    assert_int_equal(pthread_create(&thread, NULL, come, &meeting), 0);
    assert_true(meet(&meeting, monotonic_us() + HOUR));
    assert_int_equal(pthread_join(thread, NULL), 0);
    meeting_close(&meeting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deadline_is_one_of_the_monotonic_clock),
        cmocka_unit_test(a_deadline_that_has_passed_waits_for_nothing),
        cmocka_unit_test(a_signal_ends_the_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
