/*
 * The Nth call of the system fails, for every N: what writes files, runs programs and keeps backups says so, leaves no descriptor
 * open, and works again the next time. Where a call was only interrupted it is made again.
 */
#include "support/check.h"
#include "support/cluster.h"

#include "base/folder.h"
#include "base/process.h"
#include "notify/secret_file.h"

#include <cutover.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP "0191d3a0-0000-7000-8000-000000000001"

/* ---- the calls ---- */

static atomic_bool counting;
static _Atomic unsigned calls, fail_at;
static int failure;

/* Whether this is the call that fails. */
static bool fails(void)
{
    if (!atomic_load(&counting) || atomic_fetch_add(&calls, 1) + 1 != atomic_load(&fail_at))
        return false;
    errno = failure;
    return true;
}

#define INSTEAD(result, name, parameters, arguments)                                                           \
    result name parameters                                                                                     \
    {                                                                                                          \
        result(*real) parameters;                                                                              \
                                                                                                               \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                             \
        return fails() ? -1 : real arguments;                                                                  \
    }

INSTEAD(ssize_t, read, (int file, void *bytes, size_t count), (file, bytes, count))
INSTEAD(ssize_t, pread, (int file, void *bytes, size_t count, off_t at), (file, bytes, count, at))
INSTEAD(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
INSTEAD(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at))
INSTEAD(int, fsync, (int file), (file))
INSTEAD(int, fstat, (int file, struct stat *status), (file, status))
INSTEAD(int, flock, (int file, int operation), (file, operation))
INSTEAD(int, pipe2, (int ends[2], int flags), (ends, flags))
INSTEAD(int, mkdir, (const char *path, mode_t mode), (path, mode))
INSTEAD(int, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))
INSTEAD(int, unlink, (const char *path), (path))
INSTEAD(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
INSTEAD(int, rename, (const char *from, const char *to), (from, to))
INSTEAD(int, renameat, (int from_folder, const char *from, int to_folder, const char *to),
        (from_folder, from, to_folder, to))
INSTEAD(int, ftruncate, (int file, off_t size), (file, size))

static mode_t mode_of(int flags, va_list rest)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(rest, unsigned) : 0;
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    va_list rest;

    *(void **)&real = dlsym(RTLD_NEXT, "open");
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return fails() ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    va_list rest;

    *(void **)&real = dlsym(RTLD_NEXT, "openat");
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return fails() ? -1 : real(folder, path, flags, mode);
}

DIR *fdopendir(int file)
{
    DIR *(*real)(int);

    *(void **)&real = dlsym(RTLD_NEXT, "fdopendir");
    return fails() ? NULL : real(file);
}

/* ---- what makes them ---- */

static char folder[256];

static cutover_status run_folder(cutover_error **error)
{
    char *claimed = NULL, *bytes = NULL;
    size_t count = 0;
    int lock = -1;

    cutover_status status = folder_claim(folder, &claimed, &lock, error);
    if (status == CUTOVER_OK)
        status = folder_write(claimed, "file", "bytes", 5, error);
    if (status == CUTOVER_OK)
        status = folder_read(claimed, "file", 100, &bytes, &count, error);
    if (status == CUTOVER_OK)
        assert_string_equal(bytes, "bytes");
    folder_remove(claimed);
    if (claimed != NULL && lock >= 0)
        close(lock);
    folder_sweep(folder);
    free(claimed);
    free(bytes);
    return status;
}

static cutover_status run_program(cutover_error **error)
{
    const char *const arguments[] = {"sh", "-c", "echo out; echo err >&2", NULL};
    const char *const environment[] = {NULL};
    const struct process process = {.program = "/bin/sh", .arguments = arguments, .environment = environment};
    struct text output = TEXT_INIT, errors = TEXT_INIT;
    int exit_status = -1;

    cutover_status status = process_run(&process, &exit_status, &output, &errors, error);
    if (status == CUTOVER_OK)
        assert_int_equal(exit_status, 0);
    text_free(&output);
    text_free(&errors);
    return status;
}

static cutover_status run_events(cutover_error **error)
{
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    const cutover_event event = {1, "id", "type", "p1", 1, 1, 1, "{\"n\":1}"};
    cutover_refusal refusal = {1, 0, 0};
    char path[300];

    snprintf(path, sizeof path, "%s/events", folder);
    cutover_status status = cutover_notifier_jsonl_open(path, &notifier, error);
    if (status != CUTOVER_OK)
        return status;
    status = notifier.deliver(&event, &refusal, error, notifier.userdata);
    cutover_notifier_close(&notifier);
    return status;
}

/* A secret that could not be kept whole is not there at all. */
static cutover_status run_secrets(cutover_error **error)
{
    char secrets[300], *secret = NULL;

    snprintf(secrets, sizeof secrets, "%s/secrets", folder);
    cutover_status status = secret_folder_open(secrets, error);
    if (status != CUTOVER_OK)
        return status;
    status = secret_file_write(secrets, BACKUP, "token", "s3cr3t", error);
    const bool written = status == CUTOVER_OK;
    if (status == CUTOVER_OK)
        status = secret_file_read(secrets, BACKUP, "token", &secret, error);
    if (status == CUTOVER_OK)
        assert_string_equal(secret, "s3cr3t");
    secret_wipe(secret);
    if (status == CUTOVER_OK)
        status = secret_file_remove(secrets, BACKUP, "token", error);
    atomic_store(&counting, false);
    cutover_error *unread = NULL;
    check_ok(secret_file_read(secrets, BACKUP, "token", &secret, &unread), unread);
    assert_true(secret == NULL || (written && status != CUTOVER_OK));
    secret_wipe(secret);
    check_ok(secret_file_remove(secrets, BACKUP, "token", &unread), unread);
    return status;
}

static cutover_status pass_over(const cutover_object *object, void *context)
{
    (void)object;
    (void)context;
    return CUTOVER_OK;
}

static cutover_status write_object(const cutover_repository *repository, cutover_error **error)
{
    void *object = NULL;
    cutover_status status = repository->create(BACKUP, "data", &object, error, repository->userdata);

    if (status != CUTOVER_OK)
        return status;
    status = repository->write(object, "bytes", 5, error, repository->userdata);
    if (status == CUTOVER_OK)
        return repository->commit(object, error, repository->userdata);
    repository->abort(object, repository->userdata);
    return status;
}

static cutover_status change_object(const cutover_repository *repository, cutover_error **error)
{
    void *object = NULL;
    cutover_status status = repository->patch(BACKUP, "data", &object, error, repository->userdata);

    if (status != CUTOVER_OK)
        return status;
    status = repository->write_at(object, 2, "TE", 2, error, repository->userdata);
    if (status == CUTOVER_OK)
        return repository->commit(object, error, repository->userdata);
    repository->abort(object, repository->userdata);
    return status;
}

static cutover_status read_object(const cutover_repository *repository, cutover_error **error)
{
    char bytes[16];
    void *object = NULL;
    size_t count = 0;
    cutover_status status = repository->open(BACKUP, "data", &object, error, repository->userdata);

    if (status != CUTOVER_OK)
        return status;
    status = repository->read(object, 0, bytes, sizeof bytes, &count, error, repository->userdata);
    if (status == CUTOVER_OK) {
        assert_int_equal(count, 5);
        assert_memory_equal(bytes, "byTEs", 5);
    }
    repository->close_object(object, repository->userdata);
    return status;
}

static cutover_status run_repository(cutover_error **error)
{
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    cutover_status status = cutover_repository_directory_open(folder, &repository, error);

    if (status != CUTOVER_OK)
        return status;
    status = repository.begin(BACKUP, error, repository.userdata);
    if (status == CUTOVER_OK)
        status = write_object(&repository, error);
    if (status == CUTOVER_OK)
        status = change_object(&repository, error);
    if (status == CUTOVER_OK)
        status = repository.publish(BACKUP, error, repository.userdata);
    if (status == CUTOVER_OK)
        status = read_object(&repository, error);
    if (status == CUTOVER_OK)
        status = repository.list(BACKUP, pass_over, NULL, error, repository.userdata);
    if (status == CUTOVER_OK)
        status = repository.remove(BACKUP, error, repository.userdata);
    atomic_store(&counting, false);
    if (status != CUTOVER_OK)
        repository.remove(BACKUP, NULL, repository.userdata);
    cutover_repository_close(&repository);
    return status;
}

/* ---- one after the other ---- */

static unsigned descriptors(void)
{
    DIR *open_ones = opendir("/proc/self/fd");
    unsigned count = 0;

    while (readdir(open_ones) != NULL)
        count++;
    closedir(open_ones);
    return count;
}

static cutover_status run_failing(cutover_status (*run)(cutover_error **error), unsigned nth,
                                  cutover_error **error)
{
    atomic_store(&calls, 0);
    atomic_store(&fail_at, nth);
    atomic_store(&counting, true);
    cutover_status status = run(error);
    atomic_store(&counting, false);
    return status;
}

/* Every call in turn; how many of them were failures in the end. */
static unsigned each_call(cutover_status (*run)(cutover_error **error), int number)
{
    unsigned failures = 0;

    failure = number;
    for (unsigned nth = 1;; nth++) {
        unsigned before = descriptors();
        cutover_error *error = NULL;
        cutover_status status = run_failing(run, nth, &error);
        assert_int_equal(descriptors(), before);
        if (status != CUTOVER_OK) {
            failures++;
            assert_non_null(error);
            assert_int_equal(cutover_error_code(error), status);
            cutover_error_free(error);
            error = NULL;
        }
        if (atomic_load(&calls) < nth)
            break;
        check_ok(run_failing(run, 0, &error), error);
    }
    return failures;
}

static void files_that_cannot_be_written_or_read_are_a_failure(void **state)
{
    (void)state;
    assert_true(each_call(run_folder, EIO) > 3);
    each_call(run_folder, EINTR);
}

static void programs_that_cannot_be_run_are_a_failure(void **state)
{
    (void)state;
    assert_true(each_call(run_program, EMFILE) > 1);
    each_call(run_program, EINTR);
}

static void events_that_cannot_be_written_are_a_failure(void **state)
{
    (void)state;
    assert_true(each_call(run_events, EIO) > 3);
    each_call(run_events, EINTR);
}

static void backups_that_cannot_be_kept_are_a_failure(void **state)
{
    (void)state;
    assert_true(each_call(run_repository, EIO) > 5);
    each_call(run_repository, EINTR);
}

static void secrets_that_cannot_be_kept_are_a_failure(void **state)
{
    (void)state;
    assert_true(each_call(run_secrets, EIO) > 5);
    each_call(run_secrets, EINTR);
}

/* What is not this user's alone, or no file, is not read, and nothing is kept where others may look. */
static void secrets_of_others_are_not_used(void **state)
{
    char secrets[300], path[400], *secret = NULL;
    cutover_error *error = NULL;

    (void)state;
    snprintf(secrets, sizeof secrets, "%s/file", folder);
    close(open(secrets, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    check_status(secret_folder_open(secrets, &error), CUTOVER_E_IO, error);
    snprintf(secrets, sizeof secrets, "%s/none/none", folder);
    check_status(secret_folder_open(secrets, &error), CUTOVER_E_IO, error);
    snprintf(secrets, sizeof secrets, "%s/open", folder);
    assert_int_equal(mkdir(secrets, 0700), 0);
    assert_int_equal(chmod(secrets, 0750), 0);
    check_status(secret_folder_open(secrets, &error), CUTOVER_E_IO, error);
    snprintf(secrets, sizeof secrets, "%s/own", folder);
    check_ok(secret_folder_open(secrets, &error), error);
    snprintf(path, sizeof path, "%s/" BACKUP ".token", secrets);
    assert_int_equal(mkdir(path, 0700), 0);
    check_status(secret_file_read(secrets, BACKUP, "token", &secret, &error), CUTOVER_E_IO, error);
    check_status(secret_file_remove(secrets, BACKUP, "token", &error), CUTOVER_E_IO, error);
    check_status(secret_file_write(secrets, BACKUP, "token", "s3cr3t", &error), CUTOVER_E_IO, error);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    check_status(secret_file_read(secrets, BACKUP, "token", &secret, &error), CUTOVER_E_IO, error);
    assert_null(secret);
    folder_remove(secrets);
    if (geteuid() != 0)
        return;
    snprintf(secrets, sizeof secrets, "%s/theirs", folder);
    check_ok(secret_folder_open(secrets, &error), error);
    check_ok(secret_file_write(secrets, BACKUP, "token", "s3cr3t", &error), error);
    snprintf(path, sizeof path, "%s/" BACKUP ".token", secrets);
    assert_int_equal(chown(path, 1, 1), 0);
    check_status(secret_file_read(secrets, BACKUP, "token", &secret, &error), CUTOVER_E_IO, error);
    assert_int_equal(chown(secrets, 1, 1), 0);
    check_status(secret_folder_open(secrets, &error), CUTOVER_E_IO, error);
    assert_null(secret);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s/calls-XXXXXX", cluster_temp_dir());
    assert_non_null(mkdtemp(folder));
    return 0;
}

#define test(name) cmocka_unit_test_setup(name, make_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(files_that_cannot_be_written_or_read_are_a_failure),
        test(programs_that_cannot_be_run_are_a_failure),
        test(events_that_cannot_be_written_are_a_failure),
        test(backups_that_cannot_be_kept_are_a_failure),
        test(secrets_that_cannot_be_kept_are_a_failure),
        test(secrets_of_others_are_not_used),
    };

    return cmocka_run_group_tests_name("system calls", tests, NULL, NULL);
}
