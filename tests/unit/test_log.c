#include "support/check.h"

#include "base/log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct seen {
    int level;
    int lines;
    bool inside;
    bool overlapped;
    char line[2048];
};

static void remember(int level, const char *line, void *userdata)
{
    struct seen *seen = userdata;
    seen->overlapped = seen->overlapped || seen->inside;
    seen->inside = true;
    seen->level = level;
    seen->lines++;
    strncpy(seen->line, line, sizeof seen->line - 1);
    seen->inside = false;
}

static void a_line_reaches_the_host(void **state)
{
    (void)state;
    struct seen seen = {.lines = 0};
    struct log log = {.write = remember, .userdata = &seen, .mutex = PTHREAD_MUTEX_INITIALIZER};
    log_line(&log, LOG_WARNING_LEVEL, "%d sessions\nended\t", 3);
    assert_int_equal(seen.level, LOG_WARNING_LEVEL);
    assert_string_equal(seen.line, "3 sessions ended ");
    memset(seen.line, 0, sizeof seen.line);
    log_line(&log, LOG_WARNING_LEVEL, "table %s",
             "gr\xc3\xb6\xc3\x9f"
             "e\x7f\xc2\x9b\x9b\xe2\x80\xae.");
    assert_string_equal(seen.line, "table gr\xc3\xb6\xc3\x9f"
                                   "e       .");
}

static void a_long_line_is_not_cut(void **state)
{
    (void)state;
    struct seen seen = {.lines = 0};
    struct log log = {.write = remember, .userdata = &seen, .mutex = PTHREAD_MUTEX_INITIALIZER};
    static const size_t lengths[] = {510, 511, 512, 513, 1500};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char text[2048] = "";
        memset(text, 'x', lengths[i]);
        log_line(&log, LOG_INFO_LEVEL, "%s", text);
        assert_string_equal(seen.line, text);
        memset(seen.line, 0, sizeof seen.line);
    }
}

static void without_a_host_nothing_happens(void **state)
{
    (void)state;
    struct log log = {.write = NULL, .userdata = NULL, .mutex = PTHREAD_MUTEX_INITIALIZER};
    log_line(&log, LOG_ERROR_LEVEL, "nobody reads this");
    log_line(NULL, LOG_ERROR_LEVEL, "nor this");
}

static void *log_much(void *log)
{
    for (int i = 0; i < 300; i++)
        log_line(log, LOG_INFO_LEVEL, "line %d", i);
    return NULL;
}

static void lines_of_many_threads_come_one_by_one(void **state)
{
    (void)state;
    struct seen seen = {.lines = 0};
    struct log log = {.write = remember, .userdata = &seen, .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_much, &log), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(seen.lines, 900);
    assert_false(seen.overlapped);
}

/* A host that answers from one thread only: what a worker logs is taken when that thread asks for it. */
struct one_thread {
    struct log *log;
    pthread_t main;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool asked;    /* the worker's line is in the host's function */
    bool answered; /* the main thread has taken it */
    int lines;
};

static void take_in_the_main_thread(int level, const char *line, void *userdata)
{
    struct one_thread *host = userdata;

    (void)level;
    (void)line;
    pthread_mutex_lock(&host->mutex);
    host->lines++;
    if (!pthread_equal(pthread_self(), host->main)) {
        host->asked = true;
        pthread_cond_broadcast(&host->changed);
        while (!host->answered)
            pthread_cond_wait(&host->changed, &host->mutex);
    }
    pthread_mutex_unlock(&host->mutex);
}

static void *log_once(void *userdata)
{
    struct one_thread *host = userdata;

    log_line(host->log, LOG_INFO_LEVEL, "from a worker");
    return NULL;
}

/* With a lock around the callback this would wait for ever: so it is killed by an alarm. */
static void a_host_with_one_main_thread_is_not_locked_out(void **state)
{
    (void)state;
    struct one_thread host = {
        .main = pthread_self(), .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct log log = {.write = take_in_the_main_thread, .userdata = &host, .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t worker;

    host.log = &log;
    alarm(60);
    assert_int_equal(pthread_create(&worker, NULL, log_once, &host), 0);
    pthread_mutex_lock(&host.mutex);
    while (!host.asked)
        pthread_cond_wait(&host.changed, &host.mutex);
    pthread_mutex_unlock(&host.mutex);
    log_line(&log, LOG_INFO_LEVEL, "from the main thread, while the worker waits for it");
    pthread_mutex_lock(&host.mutex);
    host.answered = true;
    pthread_cond_broadcast(&host.changed);
    pthread_mutex_unlock(&host.mutex);
    pthread_join(worker, NULL);
    alarm(0);
    assert_int_equal(host.lines, 2);
}

static void log_from_inside(int level, const char *line, void *userdata)
{
    struct one_thread *host = userdata;

    (void)level;
    (void)line;
    if (host->lines++ == 0)
        for (int i = 0; i < 1100; i++)
            log_line(host->log, LOG_INFO_LEVEL, "line %d", i);
}

/* A thousand lines wait; of the others it is said how many they were. */
static void a_line_from_inside_the_callback_comes_after_it(void **state)
{
    (void)state;
    struct one_thread host = {.lines = 0};
    struct log log = {.write = log_from_inside, .userdata = &host, .mutex = PTHREAD_MUTEX_INITIALIZER};

    host.log = &log;
    log_line(&log, LOG_INFO_LEVEL, "first");
    assert_int_equal(host.lines, 1 + 1000 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_reaches_the_host),
        cmocka_unit_test(a_long_line_is_not_cut),
        cmocka_unit_test(without_a_host_nothing_happens),
        cmocka_unit_test(lines_of_many_threads_come_one_by_one),
        cmocka_unit_test(a_host_with_one_main_thread_is_not_locked_out),
        cmocka_unit_test(a_line_from_inside_the_callback_comes_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
