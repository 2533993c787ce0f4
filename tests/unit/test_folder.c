#include "support/check.h"

#include "base/folder.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_folder(void **state)
{
    cutover_error *error = NULL;
    char *folder = NULL;
    check_ok(folder_make(NULL, &folder, &error), error);
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

static char *path_in(const char *folder, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

static bool exists(const char *folder, const char *name)
{
    struct stat about;
    char *path = path_in(folder, name);
    bool found = lstat(path, &about) == 0;
    free(path);
    return found;
}

/* EDGE_CASES G16. */
static void each_folder_is_private_and_new(void **state)
{
    cutover_error *error = NULL;
    struct stat about;
    char *first = NULL, *second = NULL;
    check_ok(folder_make(*state, &first, &error), error);
    check_ok(folder_make(*state, &second, &error), error);
    assert_string_not_equal(first, second);
    assert_memory_equal(first, *state, strlen(*state));
    check_contains(first, "/cutover-");
    assert_int_equal(stat(first, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    free(first);
    free(second);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
    cutover_error *error = NULL;
    char *path = NULL, *missing = path_in(*state, "missing");
    check_status_keep(folder_make(missing, &path, &error), CUTOVER_E_IO, error);
    check_contains(cutover_error_message(error), missing);
    assert_non_null(cutover_error_hint(error));
    assert_null(path);
    cutover_error_free(error);
    free(missing);
}

static void bytes_come_back_as_they_were_written(void **state)
{
    cutover_error *error = NULL;
    static char bytes[100000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    char *read = NULL, *path = path_in(*state, "file");
    size_t count = 0;
    struct stat about;
    check_ok(folder_write(*state, "file", bytes, sizeof bytes, &error), error);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    check_ok(folder_read(*state, "file", sizeof bytes, &read, &count, &error), error);
    assert_int_equal(count, sizeof bytes);
    assert_memory_equal(read, bytes, sizeof bytes);
    assert_int_equal(read[count], '\0');
    free(read);
    free(path);
}

static void an_empty_file_reads_as_an_empty_string(void **state)
{
    cutover_error *error = NULL;
    char *read = NULL;
    size_t count = 9;
    check_ok(folder_write(*state, "file", "", 0, &error), error);
    check_ok(folder_read(*state, "file", 0, &read, &count, &error), error);
    assert_int_equal(count, 0);
    assert_string_equal(read, "");
    free(read);
}

static void a_file_is_never_overwritten(void **state)
{
    cutover_error *error = NULL;
    char *read = NULL;
    check_ok(folder_write(*state, "file", "first", 5, &error), error);
    check_status(folder_write(*state, "file", "second", 6, &error), CUTOVER_E_IO, error);
    check_ok(folder_read(*state, "file", 100, &read, NULL, &error), error);
    assert_string_equal(read, "first");
    free(read);
}

static void a_file_over_the_limit_is_refused(void **state)
{
    cutover_error *error = NULL;
    char *read = NULL;
    size_t count = 9;
    check_ok(folder_write(*state, "file", "12345", 5, &error), error);
    check_status(folder_read(*state, "file", 4, &read, &count, &error), CUTOVER_E_IO, error);
    assert_null(read);
    assert_int_equal(count, 9);
    check_ok(folder_read(*state, "file", 5, &read, &count, &error), error);
    assert_int_equal(count, 5);
    free(read);
}

static void what_is_not_a_plain_file_is_not_read(void **state)
{
    cutover_error *error = NULL;
    char *read = NULL;
    char *link = path_in(*state, "link"), *fifo = path_in(*state, "fifo"), *inner = path_in(*state, "inner");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    static const char *const names[] = {"link", "fifo", "inner", "missing"};
    for (size_t i = 0; i < 4; i++)
        check_status(folder_read(*state, names[i], 1000000, &read, NULL, &error), CUTOVER_E_IO, error);
    check_status(folder_write(*state, "link", "x", 1, &error), CUTOVER_E_IO, error);
    assert_null(read);
    free(link);
    free(fifo);
    free(inner);
}

static void removing_takes_everything_and_follows_no_link(void **state)
{
    cutover_error *error = NULL;
    char *outside = path_in(*state, "outside"), *job = path_in(*state, "job");
    assert_int_equal(mkdir(outside, 0700), 0);
    check_ok(folder_write(outside, "precious", "x", 1, &error), error);
    assert_int_equal(mkdir(job, 0700), 0);
    check_ok(folder_write(job, ".hidden", "x", 1, &error), error);
    char *inner = path_in(job, "inner"), *link = path_in(job, "link"), *deep = path_in(job, "inner/deep");
    assert_int_equal(mkdir(inner, 0700), 0);
    assert_int_equal(mkdir(deep, 0700), 0);
    check_ok(folder_write(deep, "file", "x", 1, &error), error);
    assert_int_equal(symlink(outside, link), 0);

    folder_remove(job);
    folder_remove(job);
    folder_remove(NULL);
    assert_false(exists(*state, "job"));
    assert_true(exists(outside, "precious"));

    assert_int_equal(symlink(outside, job), 0);
    folder_remove(job);
    assert_true(exists(outside, "precious"));
    free(outside);
    free(job);
    free(inner);
    free(link);
    free(deep);
}

/* EDGE_CASES G16: what a process that died left is told from what is in use, by a lock. */
static void only_folders_that_nobody_claims_are_swept(void **state)
{
    cutover_error *error = NULL;
    char *mine = NULL, *dead = NULL, *other = NULL;
    int mine_lock = -1, dead_lock = -1;
    check_ok(folder_claim(*state, &mine, &mine_lock, &error), error);
    check_ok(folder_claim(*state, &dead, &dead_lock, &error), error);
    check_ok(folder_make(*state, &other, &error), error);
    char *inner = path_in(dead, "inner"), *open_to_all = path_in(*state, "cutover-job-public");
    assert_int_equal(mkdir(inner, 0700), 0);
    check_ok(folder_write(inner, "passfile", "x", 1, &error), error);
    check_ok(folder_write(mine, "passfile", "x", 1, &error), error);
    assert_int_equal(mkdir(open_to_all, 0700), 0);
    assert_int_equal(chmod(open_to_all, 0755), 0);
    close(dead_lock); /* as the end of its process does */

    folder_sweep(*state);
    assert_int_not_equal(access(dead, F_OK), 0);
    assert_true(exists(mine, "passfile"));
    assert_int_equal(access(other, F_OK), 0);
    assert_int_equal(access(open_to_all, F_OK), 0);

    close(mine_lock);
    folder_sweep(*state);
    assert_int_not_equal(access(mine, F_OK), 0);
    free(open_to_all);
    free(inner);
    free(mine);
    free(dead);
    free(other);
}

#define folder_test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(each_folder_is_private_and_new),
        folder_test(a_folder_that_cannot_be_made_is_an_error),
        folder_test(bytes_come_back_as_they_were_written),
        folder_test(an_empty_file_reads_as_an_empty_string),
        folder_test(a_file_is_never_overwritten),
        folder_test(a_file_over_the_limit_is_refused),
        folder_test(what_is_not_a_plain_file_is_not_read),
        folder_test(removing_takes_everything_and_follows_no_link),
        folder_test(only_folders_that_nobody_claims_are_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
