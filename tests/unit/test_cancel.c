#include "support/check.h"

#include "base/cancel.h"
#include "base/clock.h"

#include <pthread.h>
#include <signal.h>

static void nothing_is_cancelled_at_first(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    assert_false(cancel_asked(&cancel));
    assert_false(cancel_asked(NULL));
    check_ok(cancel_check(&cancel, &error), error);
    check_ok(cancel_check(NULL, &error), error);
}

static void asking_a_parent_counts_below_and_not_above(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct cancel top, middle, bottom;
    cancel_init(&top, NULL);
    cancel_init(&middle, &top);
    cancel_init(&bottom, &middle);
    cancel_ask(&middle);
    assert_true(cancel_asked(&bottom));
    assert_true(cancel_asked(&middle));
    assert_false(cancel_asked(&top));
    check_status(cancel_check(&bottom, &error), CUTOVER_E_CANCELLED, error);
    check_ok(cancel_check(&top, &error), error);
}

/* Whoever looks sees it, also where nobody tells progress. */
static void a_time_asks_by_itself_below_too(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct cancel top, bottom;
    cancel_init(&top, NULL);
    cancel_init(&bottom, &top);
    cancel_at(&top, INT64_MAX);
    check_ok(cancel_check(&bottom, &error), error);
    assert_false(cancel_is_overdue(&top));
    cancel_at(&top, 1);
    check_status(cancel_sleep(&bottom, INT64_C(3600000), &error), CUTOVER_E_CANCELLED, error);
    assert_true(cancel_is_overdue(&top));
    cancel_at(&top, 0);
    check_ok(cancel_check(&bottom, &error), error);

    /* A person was faster. */
    cancel_ask(&top);
    cancel_at(&top, 1);
    assert_false(cancel_is_overdue(&top));
}

static void a_sleep_lasts_as_long_as_asked(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    int64_t before = monotonic_us();
    check_ok(cancel_sleep(&cancel, 150, &error), error);
    assert_true(monotonic_us() - before >= 150000);
    check_ok(cancel_sleep(NULL, 0, &error), error);
    check_ok(cancel_sleep(NULL, -5, &error), error);
}

static void a_sleeper_that_is_cancelled_already_does_not_sleep(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct cancel cancel;
    cancel_init(&cancel, NULL);
    cancel_ask(&cancel);
    check_status(cancel_sleep(&cancel, INT64_C(3600000), &error), CUTOVER_E_CANCELLED, error);
}

static void *sleep_an_hour(void *argument)
{
    cutover_error *error = NULL;
    cutover_status status = cancel_sleep(argument, INT64_C(3600000), &error);
    cutover_error_free(error);
    return status == CUTOVER_E_CANCELLED ? argument : NULL;
}

static void a_sleeper_wakes_when_another_thread_asks(void **state)
{
    (void)state;
    struct cancel cancel;
    pthread_t thread;
    void *result = NULL;
    cancel_init(&cancel, NULL);
    assert_int_equal(pthread_create(&thread, NULL, sleep_an_hour, &cancel), 0);
    cancel_ask(&cancel);
    pthread_join(thread, &result);
    assert_ptr_equal(result, &cancel);
}

static struct cancel asked_by_signal;

static void on_signal(int number)
{
    (void)number;
    cancel_ask(&asked_by_signal);
}

static void a_signal_handler_may_ask(void **state)
{
    (void)state;
    cutover_error *error = NULL;
    struct sigaction action = {.sa_handler = on_signal}, before;
    cancel_init(&asked_by_signal, NULL);
    sigaction(SIGUSR1, &action, &before);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, NULL);
    check_status(cancel_check(&asked_by_signal, &error), CUTOVER_E_CANCELLED, error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_cancelled_at_first),
        cmocka_unit_test(asking_a_parent_counts_below_and_not_above),
        cmocka_unit_test(a_time_asks_by_itself_below_too),
        cmocka_unit_test(a_sleep_lasts_as_long_as_asked),
        cmocka_unit_test(a_sleeper_that_is_cancelled_already_does_not_sleep),
        cmocka_unit_test(a_sleeper_wakes_when_another_thread_asks),
        cmocka_unit_test(a_signal_handler_may_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
