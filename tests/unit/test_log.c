#include "support/check.h"

#include "base/log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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
    struct log log = {remember, &seen, PTHREAD_MUTEX_INITIALIZER};
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
    struct log log = {remember, &seen, PTHREAD_MUTEX_INITIALIZER};
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
    struct log log = {NULL, NULL, PTHREAD_MUTEX_INITIALIZER};
    log_line(&log, LOG_ERROR_LEVEL, "nobody reads this");
    log_line(NULL, LOG_ERROR_LEVEL, "nor this");
}

static void *log_much(void *log)
{
    for (int i = 0; i < 2000; i++)
        log_line(log, LOG_INFO_LEVEL, "line %d", i);
    return NULL;
}

static void lines_of_many_threads_come_one_by_one(void **state)
{
    (void)state;
    struct seen seen = {.lines = 0};
    struct log log = {remember, &seen, PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_much, &log), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(seen.lines, 6000);
    assert_false(seen.overlapped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_reaches_the_host),
        cmocka_unit_test(a_long_line_is_not_cut),
        cmocka_unit_test(without_a_host_nothing_happens),
        cmocka_unit_test(lines_of_many_threads_come_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
