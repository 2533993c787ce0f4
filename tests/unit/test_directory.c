/*
 * The directory repository: the conformance suite, and what only a directory can get wrong. The system calls below
 * take the place of the C library's, so that any of them can be made to fail.
 */
#include "base/folder.h"
#include "support/check.h"

#include <cutover/conformance.h>
#include <cutover/repository.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BACKUP "01930a5e-0000-7000-8000-000000000001"
#define OTHER "01930a5e-0000-7000-8000-000000000002"

/* ---------------------------------------------------------------------------------------------- failing calls */

static struct {
    unsigned count;      /* calls made while armed */
    unsigned fail_at;    /* the call that fails, from 1; 0: none */
    int errno_value;     /* with that */
    bool stopped;        /* after it every call fails, as if the machine had stopped there */
    bool stop;           /* whether it does */
    unsigned file_syncs; /* fsync calls */
    unsigned whole_syncs;
} calls;

static bool call_fails(void)
{
    calls.count++;
    if (calls.stopped || (calls.fail_at > 0 && calls.count == calls.fail_at)) {
        calls.stopped = calls.stop;
        errno = calls.errno_value;
        return true;
    }
    return false;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (call_fails())
        return -1;
    /* Short writes, as a full disk or a signal makes them. */
    return syscall(SYS_write, fd, bytes, count > 3 && calls.fail_at > 0 ? 3 : count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    if (call_fails())
        return -1;
    return syscall(SYS_pwrite64, fd, bytes, count > 3 && calls.fail_at > 0 ? 3 : count, offset);
}

int syncfs(int fd)
{
    calls.whole_syncs++;
    return call_fails() ? -1 : (int)syscall(SYS_syncfs, fd);
}

int fsync(int fd)
{
    calls.file_syncs++;
    return call_fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    return call_fails() ? -1 : (int)syscall(SYS_mkdirat, fd, path, mode);
}

int unlinkat(int fd, const char *path, int flags)
{
    return call_fails() ? -1 : (int)syscall(SYS_unlinkat, fd, path, flags);
}

int renameat(int old_fd, const char *old_path, int new_fd, const char *new_path)
{
    return call_fails() ? -1 : (int)syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, 0);
}

int renameat2(int old_fd, const char *old_path, int new_fd, const char *new_path, unsigned flags)
{
    return call_fails() ? -1 : (int)syscall(SYS_renameat2, old_fd, old_path, new_fd, new_path, flags);
}

int openat(int fd, const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode = 0;

    va_start(arguments, flags);
    if ((flags & O_CREAT) != 0)
        mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return call_fails() ? -1 : (int)syscall(SYS_openat, fd, path, flags, mode);
}

static void arm(unsigned fail_at, int errno_value, bool stop)
{
    memset(&calls, 0, sizeof(calls));
    calls.fail_at = fail_at;
    calls.errno_value = errno_value;
    calls.stop = stop;
}

static void disarm(void)
{
    unsigned count = calls.count;

    memset(&calls, 0, sizeof(calls));
    calls.count = count;
}

/* ------------------------------------------------------------------------------------------------------ fixture */

struct fixture {
    char *path; /* holds the repository's directory, "backups" */
    char backups[4096];
    unsigned fresh;
    cutover_repository repository;
};

static cutover_status reopen(struct fixture *fixture, cutover_error **error)
{
    cutover_repository_close(&fixture->repository);
    return cutover_repository_directory_open(fixture->backups, &fixture->repository, error);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    cutover_error *error = NULL;

    assert_non_null(fixture);
    disarm();
    cutover_repository_init(&fixture->repository, CUTOVER_REPOSITORY_VERSION);
    check_ok(folder_make(NULL, &fixture->path, &error), error);
    snprintf(fixture->backups, sizeof(fixture->backups), "%s/backups", fixture->path);
    check_ok(reopen(fixture, &error), error);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    disarm();
    cutover_repository_close(&fixture->repository);
    folder_remove(fixture->path);
    free(fixture->path);
    free(fixture);
    return 0;
}

static char *inside(const struct fixture *fixture, const char *name)
{
    static char path[4200];

    snprintf(path, sizeof(path), "%s/%s", fixture->backups, name);
    return path;
}

static bool exists(const struct fixture *fixture, const char *name)
{
    struct stat info;

    return lstat(inside(fixture, name), &info) == 0;
}

static cutover_status put(const cutover_repository *repository, const char *name, cutover_error **error)
{
    void *object = NULL;
    cutover_status status = repository->create(BACKUP, name, &object, error, repository->userdata);

    if (status != CUTOVER_OK)
        return status;
    status = repository->write(object, "0123456789", 10, error, repository->userdata);
    if (status != CUTOVER_OK) {
        repository->abort(object, repository->userdata);
        return status;
    }
    return repository->commit(object, error, repository->userdata);
}

/* Ten digits become five letters, five digits and five letters more. */
static cutover_status change(const cutover_repository *repository, const char *name, cutover_error **error)
{
    void *object = NULL;
    cutover_status status = repository->patch(BACKUP, name, &object, error, repository->userdata);

    if (status == CUTOVER_OK)
        status = repository->write_at(object, 10, "ghijk", 5, error, repository->userdata);
    if (status == CUTOVER_OK)
        status = repository->write_at(object, 0, "abcde", 5, error, repository->userdata);
    if (status == CUTOVER_OK)
        return repository->commit(object, error, repository->userdata);
    if (object != NULL)
        repository->abort(object, repository->userdata);
    return status;
}

/* Writes and publishes a backup of two objects, of which one is changed. */
static cutover_status take(const cutover_repository *repository, cutover_error **error)
{
    cutover_status status = repository->begin(BACKUP, error, repository->userdata);

    if (status == CUTOVER_OK)
        status = put(repository, "toc.dat", error);
    if (status == CUTOVER_OK)
        status = put(repository, "manifest.json", error);
    if (status == CUTOVER_OK)
        status = change(repository, "manifest.json", error);
    return status == CUTOVER_OK ? repository->publish(BACKUP, error, repository->userdata) : status;
}

/* -------------------------------------------------------------------------------------------------- conformance */

static cutover_status open_for_suite(int32_t fresh, cutover_repository *repository, cutover_error **error,
                                     void *userdata)
{
    struct fixture *fixture = userdata;
    char path[4200];

    fixture->fresh += fresh != 0;
    snprintf(path, sizeof(path), "%s/suite-%u", fixture->path, fixture->fresh);
    return cutover_repository_directory_open(path, repository, error);
}

static void report(const char *name, const char *failure, void *userdata)
{
    (void)userdata;
    if (failure != NULL)
        print_error("%s: %s\n", name, failure);
}

static void directory_passes_the_conformance_suite(void **state)
{
    cutover_error *error = NULL;

    check_ok(cutover_conformance_repository(open_for_suite, report, *state, &error), error);
}

static cutover_status open_first_version(int32_t fresh, cutover_repository *repository, cutover_error **error,
                                         void *userdata)
{
    assert_int_equal(cutover_repository_init(repository, 1), CUTOVER_OK);
    return open_for_suite(fresh, repository, error, userdata);
}

static void directory_of_the_first_version_passes_it_too(void **state)
{
    cutover_error *error = NULL;

    check_ok(cutover_conformance_repository(open_first_version, report, *state, &error), error);
}

/* ------------------------------------------------------------------------------------------------ names and modes */

static mode_t mode_of(const struct fixture *fixture, const char *name)
{
    struct stat info;

    assert_int_equal(lstat(inside(fixture, name), &info), 0);
    return info.st_mode & 07777;
}

/* EDGE_CASES D20 */
static void nobody_else_can_read_a_backup(void **state)
{
    struct fixture *fixture = *state;
    mode_t before = umask(0);
    cutover_error *error = NULL;

    assert_int_equal(mode_of(fixture, "."), 0700);
    check_ok(take(&fixture->repository, &error), error);
    umask(before);
    assert_int_equal(mode_of(fixture, BACKUP), 0700);
    assert_int_equal(mode_of(fixture, BACKUP "/toc.dat"), 0600);
}

static void names_that_are_no_backups_or_objects_are_refused(void **state)
{
    static const char *const backups[] = {"", "..", "x", (BACKUP "/.."), (BACKUP ".partial"), ("../" BACKUP)};
    static const char *const names[] = {"", "..", ".x", "a/b", "A", "a b", "\xc3\xa4", NULL};
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    char long_name[66];
    void *object;
    cutover_error *error = NULL;

    for (size_t i = 0; i < 6; i++) {
        check_status(repository->begin(backups[i], &error, repository->userdata), CUTOVER_E_INVALID, error);
        check_status(repository->remove(backups[i], &error, repository->userdata), CUTOVER_E_INVALID, error);
        check_status(repository->publish(backups[i], &error, repository->userdata), CUTOVER_E_INVALID, error);
        check_status(repository->open(backups[i], "a", &object, &error, repository->userdata),
                     CUTOVER_E_INVALID, error);
    }
    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    memset(long_name, 'a', 65);
    long_name[65] = '\0';
    for (size_t i = 0; i < 9; i++) {
        const char *name = i < 8 ? names[i] : long_name;
        check_status(repository->create(BACKUP, name, &object, &error, repository->userdata), CUTOVER_E_INVALID,
                     error);
        check_status(repository->open(BACKUP, name, &object, &error, repository->userdata), CUTOVER_E_INVALID,
                     error);
    }
}

/* EDGE_CASES D20 */
static void links_are_not_followed(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    void *object;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    assert_int_equal(symlink("/etc/hostname", inside(fixture, BACKUP ".partial/toc.dat")), 0);
    assert_int_equal(symlink("/etc/hostname", inside(fixture, BACKUP ".partial/.manifest.json.tmp")), 0);
    assert_int_equal(mkfifo(inside(fixture, BACKUP ".partial/fifo"), 0600), 0);
    assert_int_equal(symlink("/tmp", inside(fixture, OTHER)), 0);
    check_status(repository->open(BACKUP, "toc.dat", &object, &error, repository->userdata),
                 CUTOVER_E_REPOSITORY, error);
    check_status(repository->open(BACKUP, "fifo", &object, &error, repository->userdata), CUTOVER_E_REPOSITORY,
                 error);
    check_status(repository->create(BACKUP, "manifest.json", &object, &error, repository->userdata),
                 CUTOVER_E_CONFLICT, error);
    check_status(repository->open(OTHER, "toc.dat", &object, &error, repository->userdata),
                 CUTOVER_E_REPOSITORY, error);
    check_status(repository->begin(OTHER, &error, repository->userdata), CUTOVER_E_CONFLICT, error);
}

static void directory_that_everybody_can_write_is_refused(void **state)
{
    struct fixture *fixture = *state;
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    cutover_error *error = NULL;

    assert_int_equal(chmod(fixture->backups, 0777), 0);
    check_status_keep(cutover_repository_directory_open(fixture->backups, &repository, &error),
                      CUTOVER_E_REPOSITORY, error);
    check_contains(cutover_error_hint(error), "chmod");
    cutover_error_free(error);
    assert_null(repository.close);
}

static void bad_arguments_are_refused(void **state)
{
    struct fixture *fixture = *state;
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    char path[4300];
    cutover_error *error = NULL;

    check_status(cutover_repository_directory_open(NULL, &repository, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_repository_directory_open("", &repository, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_repository_directory_open(fixture->backups, NULL, &error), CUTOVER_E_INVALID, error);
    snprintf(path, sizeof(path), "%s/not/there", fixture->path);
    check_status_keep(cutover_repository_directory_open(path, &repository, &error), CUTOVER_E_REPOSITORY,
                      error);
    check_contains(cutover_error_message(error), path);
    cutover_error_free(error);
    cutover_repository_close(&repository);
    cutover_repository_close(NULL);
}

static cutover_status count_names(const cutover_object *object, void *context)
{
    (void)object;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static void other_files_in_the_directory_are_left_alone(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    unsigned count = 0;
    cutover_error *error = NULL;

    assert_int_equal(mkdir(inside(fixture, "lost+found"), 0700), 0);
    assert_int_equal(mkdir(inside(fixture, BACKUP ".old"), 0700), 0);
    check_ok(folder_write(fixture->backups, OTHER, "x", 1, &error), error);
    check_ok(repository->list(NULL, count_names, &count, &error, repository->userdata), error);
    assert_int_equal(count, 0);
}

static void path_is_absolute_and_of_a_published_backup(void **state)
{
    struct fixture *fixture = *state;
    char here[4096], path[4096];
    cutover_error *error = NULL;

    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chdir(fixture->path), 0);
    cutover_repository_close(&fixture->repository);
    check_ok(cutover_repository_directory_open("backups", &fixture->repository, &error), error);
    assert_int_equal(chdir(here), 0);
    check_ok(take(&fixture->repository, &error), error);
    check_ok(fixture->repository.path(BACKUP, path, sizeof(path), &error, fixture->repository.userdata), error);
    assert_string_equal(path, inside(fixture, BACKUP));
}

/* ------------------------------------------------------------------------------------------------------- failures */

/* EDGE_CASES D19 */
static void full_disk_is_said_with_a_hint(void **state)
{
    static const int values[] = {ENOSPC, EDQUOT};
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    void *object;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    for (size_t i = 0; i < 2; i++) {
        check_ok(repository->create(BACKUP, "toc.dat", &object, &error, repository->userdata), error);
        arm(2, values[i], false); /* the first write is short, the second fails */
        check_status_keep(repository->write(object, "0123456789", 10, &error, repository->userdata),
                          CUTOVER_E_REPOSITORY, error);
        disarm();
        check_contains(cutover_error_message(error), "toc.dat");
        check_contains(cutover_error_hint(error), "Free space");
        cutover_error_free(error);
        error = NULL;
        repository->abort(object, repository->userdata);
        assert_false(exists(fixture, BACKUP ".partial/.toc.dat.tmp"));
    }
}

static void every_file_and_folder_is_synced(void **state)
{
    struct fixture *fixture = *state;
    cutover_error *error = NULL;

    arm(0, 0, false);
    check_ok(take(&fixture->repository, &error), error);
    assert_int_equal(calls.file_syncs, 5); /* two files, one again, the backup's folder, the directory */
}

static void small_written(struct fixture *fixture, unsigned number, size_t size, cutover_error **error)
{
    const cutover_repository *repository = &fixture->repository;
    static const char bytes[100000];
    char name[32];
    void *object = NULL;

    snprintf(name, sizeof name, "blob_%u.dat.gz", number);
    check_ok(repository->create(BACKUP, name, &object, error, repository->userdata), *error);
    check_ok(repository->write(object, bytes, size, error, repository->userdata), *error);
    check_ok(repository->commit(object, error, repository->userdata), *error);
}

/* A hundred thousand large objects are a hundred thousand files. Nothing is published that was not synced. */
static void many_small_files_are_synced_at_once(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    arm(0, 0, false);
    for (unsigned i = 0; i < 1200; i++)
        small_written(fixture, i, 10, &error);
    assert_int_equal(calls.file_syncs, 1000);
    small_written(fixture, 1200, 100000, &error);
    assert_int_equal(calls.file_syncs, 1001);
    assert_int_equal(calls.whole_syncs, 0);
    for (unsigned at = 1; calls.whole_syncs == 0; at++) {
        arm(at, EIO, false);
        check_status(repository->publish(BACKUP, &error, repository->userdata), CUTOVER_E_REPOSITORY, error);
    }
    arm(0, 0, false);
    check_ok(repository->publish(BACKUP, &error, repository->userdata), error);
    assert_int_equal(calls.whole_syncs, 1);
    assert_int_equal(calls.file_syncs, 2);
}

static void change_on_a_full_disk_is_said_too(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    void *object;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    check_ok(put(repository, "3.dat.gz", &error), error);
    check_ok(repository->patch(BACKUP, "3.dat.gz", &object, &error, repository->userdata), error);
    arm(2, ENOSPC, false); /* the first write is short, the second fails */
    check_status_keep(repository->write_at(object, 8, "abcdef", 6, &error, repository->userdata),
                      CUTOVER_E_REPOSITORY, error);
    disarm();
    check_contains(cutover_error_message(error), "3.dat.gz");
    check_contains(cutover_error_hint(error), "Free space");
    cutover_error_free(error);
    repository->abort(object, repository->userdata);
    assert_false(exists(fixture, BACKUP ".partial/.3.dat.gz.tmp"));
}

/* However many files there are, and however small they are. */
static void changed_file_is_synced_by_its_commit(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    for (unsigned i = 0; i < 1001; i++)
        small_written(fixture, i, 10, &error);
    arm(0, 0, false);
    check_ok(change(repository, "blob_1000.dat.gz", &error), error);
    assert_int_equal(calls.file_syncs, 1);
    arm(0, 0, false);
    check_status(change(repository, "none", &error), CUTOVER_E_NOT_FOUND, error);
    assert_int_equal(calls.file_syncs, 0);
    assert_false(exists(fixture, BACKUP ".partial/.none.tmp"));
}

struct state_seen {
    bool listed, published;
};

static cutover_status see(const cutover_object *object, void *context)
{
    struct state_seen *seen = context;

    if (strcmp(object->name, BACKUP) == 0)
        *seen = (struct state_seen){true, object->published != 0};
    return CUTOVER_OK;
}

static struct state_seen look(const cutover_repository *repository)
{
    struct state_seen seen = {false, false};
    cutover_error *error = NULL;

    check_ok(repository->list(NULL, see, &seen, &error, repository->userdata), error);
    return seen;
}

static void assert_whole(const struct fixture *fixture)
{
    static const struct {
        const char *name, *content;
    } files[] = {{BACKUP "/toc.dat", "0123456789"}, {BACKUP "/manifest.json", "abcde56789ghijk"}};
    char content[32] = "";

    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(inside(fixture, files[i].name), "r");
        assert_non_null(file);
        assert_non_null(fgets(content, sizeof(content), file));
        fclose(file);
        assert_string_equal(content, files[i].content);
    }
}

/* Whatever fails, alone or with all that follows as after a power cut: a published backup is whole, and what is left
   can be removed. EDGE_CASES D3, D19 */
static void take_with_each_call_failing(struct fixture *fixture, bool stop)
{
    cutover_error *error = NULL;
    cutover_status status = CUTOVER_E_IO;

    for (unsigned nth = 1; status != CUTOVER_OK; nth++) {
        struct state_seen seen;
        arm(nth, EIO, stop);
        status = take(&fixture->repository, &error);
        disarm();
        assert_int_equal(cutover_error_code(error), status);
        cutover_error_free(error);
        error = NULL;
        check_ok(reopen(fixture, &error), error);
        seen = look(&fixture->repository);
        assert_true(status != CUTOVER_OK || seen.published);
        assert_true(status == CUTOVER_OK ? nth > 20 : status == CUTOVER_E_REPOSITORY);
        if (seen.published)
            assert_whole(fixture);
        check_ok(fixture->repository.remove(BACKUP, &error, fixture->repository.userdata), error);
        assert_false(look(&fixture->repository).listed);
    }
}

static void published_backup_is_whole_whichever_call_fails(void **state)
{
    take_with_each_call_failing(*state, false);
}

static void published_backup_is_whole_wherever_it_stops(void **state)
{
    take_with_each_call_failing(*state, true);
}

static void half_removed_backup_is_never_published(void **state)
{
    struct fixture *fixture = *state;
    cutover_error *error = NULL;
    cutover_status status = CUTOVER_E_IO;

    for (unsigned nth = 1; status != CUTOVER_OK; nth++) {
        check_ok(take(&fixture->repository, &error), error);
        arm(nth, EIO, true);
        status = fixture->repository.remove(BACKUP, &error, fixture->repository.userdata);
        disarm();
        assert_int_equal(cutover_error_code(error), status);
        cutover_error_free(error);
        error = NULL;
        if (look(&fixture->repository).published)
            assert_whole(fixture);
        check_ok(fixture->repository.remove(BACKUP, &error, fixture->repository.userdata), error);
        assert_false(exists(fixture, BACKUP));
        assert_false(exists(fixture, BACKUP ".partial"));
    }
}

static void backup_with_an_open_object_is_not_published(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    void *object;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    check_ok(repository->create(BACKUP, "toc.dat", &object, &error, repository->userdata), error);
    check_status(repository->publish(BACKUP, &error, repository->userdata), CUTOVER_E_STATE, error);
    check_ok(repository->commit(object, &error, repository->userdata), error);
    check_ok(repository->publish(BACKUP, &error, repository->userdata), error);
    check_status(repository->publish(BACKUP, &error, repository->userdata), CUTOVER_E_STATE, error);
}

static void object_is_written_by_one_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    void *object;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    check_ok(put(repository, "late", &error), error);
    assert_false(exists(fixture, BACKUP ".partial/.late.tmp"));
    check_ok(repository->create(BACKUP, "late", &object, &error, repository->userdata), error);
    check_status(put(repository, "late", &error), CUTOVER_E_CONFLICT, error);
    repository->abort(object, repository->userdata);
}

static unsigned open_descriptors(void)
{
    DIR *listing = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(listing);
    while (readdir(listing) != NULL)
        count++;
    closedir(listing);
    return count;
}

static void no_descriptor_is_left_open_or_inherited(void **state)
{
    struct fixture *fixture = *state;
    const cutover_repository *repository = &fixture->repository;
    unsigned before = open_descriptors();
    void *object;
    cutover_error *error = NULL;

    check_ok(repository->begin(BACKUP, &error, repository->userdata), error);
    check_ok(repository->create(BACKUP, "toc.dat", &object, &error, repository->userdata), error);
    for (int fd = 3; fd < 64; fd++) {
        int flags = fcntl(fd, F_GETFD);
        char link[64], target[4200] = "";
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof(target) - 1) > 0 && strstr(target, fixture->path) == target)
            assert_true((flags & FD_CLOEXEC) != 0);
    }
    repository->abort(object, repository->userdata);
    check_ok(put(repository, "toc.dat", &error), error);
    check_ok(repository->publish(BACKUP, &error, repository->userdata), error);
    look(repository);
    check_status(repository->open(BACKUP, "none", &object, &error, repository->userdata), CUTOVER_E_NOT_FOUND,
                 error);
    check_ok(repository->open(BACKUP, "toc.dat", &object, &error, repository->userdata), error);
    repository->close_object(object, repository->userdata);
    check_ok(repository->remove(BACKUP, &error, repository->userdata), error);
    assert_int_equal(open_descriptors(), before);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(directory_passes_the_conformance_suite),
        CASE(directory_of_the_first_version_passes_it_too),
        CASE(nobody_else_can_read_a_backup),
        CASE(names_that_are_no_backups_or_objects_are_refused),
        CASE(links_are_not_followed),
        CASE(directory_that_everybody_can_write_is_refused),
        CASE(bad_arguments_are_refused),
        CASE(other_files_in_the_directory_are_left_alone),
        CASE(path_is_absolute_and_of_a_published_backup),
        CASE(full_disk_is_said_with_a_hint),
        CASE(change_on_a_full_disk_is_said_too),
        CASE(changed_file_is_synced_by_its_commit),
        CASE(every_file_and_folder_is_synced),
        CASE(many_small_files_are_synced_at_once),
        CASE(published_backup_is_whole_whichever_call_fails),
        CASE(published_backup_is_whole_wherever_it_stops),
        CASE(half_removed_backup_is_never_published),
        CASE(backup_with_an_open_object_is_not_published),
        CASE(object_is_written_by_one_at_a_time),
        CASE(no_descriptor_is_left_open_or_inherited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
