#include "support/check.h"
#include "support/killed.h"

#include <cutover/notifier.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 200

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/cutover-test-XXXXXX");

    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/events", (char *)*state);
    unlink(path);
    assert_int_equal(rmdir(*state), 0);
    free(*state);
    return 0;
}

static void path_in(const char *folder, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/events", folder);
}

static cutover_status deliver(const cutover_notifier *notifier, const char *json, cutover_error **error)
{
    const cutover_event event = {1, "id", "type", "p1", 1, 1, 1, json};
    cutover_refusal refusal = {1, 0, 0};

    return notifier->deliver(&event, &refusal, error, notifier->userdata);
}

static char *contents(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path, "r");

    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) < (1 << 20) - 1);
    fclose(file);
    return text;
}

static void check_contents(const char *path, const char *expected)
{
    char *found = contents(path);

    assert_string_equal(found, expected);
    free(found);
}

static void append_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void events_are_appended_a_line_each(void **state)
{
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE];

    path_in(*state, path);
    check_ok(cutover_notifier_jsonl_open(path, &notifier, &error), error);
    check_ok(deliver(&notifier, "{\"n\":1}", &error), error);
    check_contents(path, "{\"n\":1}\n");
    check_ok(deliver(&notifier, "{\"n\":2}", &error), error);
    cutover_notifier_close(&notifier);
    check_ok(cutover_notifier_jsonl_open(path, &notifier, &error), error);
    check_ok(deliver(&notifier, "{\"n\":3}", &error), error);
    cutover_notifier_close(&notifier);
    check_contents(path, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
}

static void file_is_private_and_closed_on_exec(void **state)
{
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE], name[40], target[PATH_SIZE];
    struct stat status;
    mode_t before = umask(0);
    int found = 0;

    path_in(*state, path);
    check_ok(cutover_notifier_jsonl_open(path, &notifier, &error), error);
    umask(before);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    for (int file = 0; file < 256; file++) {
        ssize_t length;

        snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
        length = readlink(name, target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        if (strcmp(target, path) != 0)
            continue;
        found++;
        assert_true(fcntl(file, F_GETFD) & FD_CLOEXEC);
    }
    assert_int_equal(found, 1);
    cutover_notifier_close(&notifier);
}

static void line_that_a_crash_tore_is_ended_first(void **state)
{
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE];

    path_in(*state, path);
    append_text(path, "{\"n\":1}\n{\"n\":");
    check_ok(cutover_notifier_jsonl_open(path, &notifier, &error), error);
    check_ok(deliver(&notifier, "{\"n\":2}", &error), error);
    cutover_notifier_close(&notifier);
    check_contents(path, "{\"n\":1}\n{\"n\":\n{\"n\":2}\n");
}

static void event_that_finds_no_room_leaves_nothing(void **state)
{
    char path[PATH_SIZE];
    int status = 0;
    pid_t child;

    path_in(*state, path);
    child = fork();
    if (child == 0) {
        struct rlimit before, limit;
        cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
        cutover_error *error = NULL;

        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        limit = (struct rlimit){20, before.rlim_max};
        if (cutover_notifier_jsonl_open(path, &notifier, NULL) != CUTOVER_OK ||
            deliver(&notifier, "{\"n\":1}", NULL) != CUTOVER_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        if (deliver(&notifier, "{\"n\":\"longer than the room\"}", &error) != CUTOVER_E_IO ||
            cutover_error_code(error) != CUTOVER_E_IO)
            _exit(2);
        cutover_error_free(error);
        if (deliver(&notifier, "{\"n\":3}", NULL) != CUTOVER_OK)
            _exit(3);
        cutover_notifier_close(&notifier);
        setrlimit(RLIMIT_FSIZE, &before);
        leave(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    check_contents(path, "{\"n\":1}\n{\"n\":3}\n");
}

static void check_refused(const char *path, cutover_status expected)
{
    cutover_notifier notifier, before;
    cutover_error *error = NULL;

    memset(&notifier, 0x5a, sizeof(notifier));
    before = notifier;
    check_status(cutover_notifier_jsonl_open(path, &notifier, &error), expected, error);
    assert_memory_equal(&notifier, &before, sizeof(notifier));
}

static void what_is_no_file_is_refused(void **state)
{
    char path[PATH_SIZE];

    check_refused(NULL, CUTOVER_E_INVALID);
    check_refused("", CUTOVER_E_INVALID);
    check_refused(*state, CUTOVER_E_IO);
    check_refused("/dev/null", CUTOVER_E_INVALID);
    snprintf(path, sizeof(path), "%s/missing/events", (char *)*state);
    check_refused(path, CUTOVER_E_IO);
    path_in(*state, path);
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused(path, CUTOVER_E_INVALID); /* and does not wait for a reader */
}

static void event_of_two_lines_is_refused_for_good(void **state)
{
    const cutover_event event = {1, "id", "type", "p1", 1, 1, 1, "{\n}"};
    cutover_refusal refusal = {1, 0, 0};
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE];

    path_in(*state, path);
    check_ok(cutover_notifier_jsonl_open(path, &notifier, &error), error);
    check_status(notifier.deliver(&event, &refusal, &error, notifier.userdata), CUTOVER_E_INVALID, error);
    assert_int_equal(refusal.never_again, 1);
    check_contents(path, "");
    cutover_notifier_close(&notifier);
}

static void *deliver_many(void *argument)
{
    const cutover_notifier *notifier = argument;

    for (int i = 0; i < 25; i++)
        if (deliver(notifier, "{\"n\":\"0123456789\"}", NULL) != CUTOVER_OK)
            return argument;
    return NULL;
}

/* Two notifiers on one file, as two processes have them, with two threads each. */
static void lines_of_several_writers_stay_whole(void **state)
{
    cutover_notifier notifiers[2] = {CUTOVER_NOTIFIER_INIT, CUTOVER_NOTIFIER_INIT};
    cutover_error *error = NULL;
    pthread_t threads[4];
    char path[PATH_SIZE], *text;
    size_t lines = 0;

    path_in(*state, path);
    for (size_t i = 0; i < 2; i++)
        check_ok(cutover_notifier_jsonl_open(path, &notifiers[i], &error), error);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, deliver_many, &notifiers[i % 2]), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (size_t i = 0; i < 2; i++)
        cutover_notifier_close(&notifiers[i]);
    text = contents(path);
    for (const char *line = text; *line != '\0'; line += 19, lines++)
        assert_memory_equal(line, "{\"n\":\"0123456789\"}\n", 19);
    assert_int_equal(lines, 100);
    free(text);
}

static void close_is_once_and_takes_nothing(void **state)
{
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_error *error = NULL;
    char path[PATH_SIZE];

    cutover_notifier_close(NULL);
    cutover_notifier_close(&notifier);
    path_in(*state, path);
    check_ok(cutover_notifier_jsonl_open(path, &notifier, &error), error);
    cutover_notifier_close(&notifier);
    assert_null(notifier.deliver);
    cutover_notifier_close(&notifier);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(events_are_appended_a_line_each),
        test(file_is_private_and_closed_on_exec),
        test(line_that_a_crash_tore_is_ended_first),
        test(event_that_finds_no_room_leaves_nothing),
        test(what_is_no_file_is_refused),
        test(event_of_two_lines_is_refused_for_good),
        test(lines_of_several_writers_stay_whole),
        test(close_is_once_and_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
