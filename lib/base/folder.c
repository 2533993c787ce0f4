#include "base/folder.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLAIM_PREFIX "cutover-job-"
#define CLAIM_RANDOM "XXXXXX"
#define CLAIM_TRIES 100
#define SWEEP_PASSES 3

const char *folder_of_work(const char *work_dir)
{
    if (work_dir == NULL || work_dir[0] == '\0')
        work_dir = secure_getenv("TMPDIR");
    if (work_dir == NULL || work_dir[0] == '\0')
        work_dir = "/tmp";
    return work_dir;
}

static cutover_status make(const char *work_dir, const char *pattern, char **path, cutover_error **error)
{
    struct text template = TEXT_INIT;

    text_add_format(&template, "%s/%s", work_dir, pattern);
    char *made = text_take(&template);
    if (made == NULL)
        return error_nomem(error);
    if (mkdtemp(made) == NULL) {
        error_set_errno(error, CUTOVER_E_IO, errno, "cannot make a temporary folder in %s", work_dir);
        error_hint(error, "Name a folder that exists and can be written to as the work folder.");
        free(made);
        return CUTOVER_E_IO;
    }
    *path = made;
    return CUTOVER_OK;
}

cutover_status folder_make(const char *work_dir, char **path, cutover_error **error)
{
    return make(folder_of_work(work_dir), "cutover-XXXXXX", path, error);
}

/* Takes the descriptor. Goes on past what cannot be removed: the rest should go all the same. */
static void remove_entries(int fd)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(fd, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
            continue;
        int inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0)
            continue;
        remove_entries(inner);
        unlinkat(fd, name, AT_REMOVEDIR);
    }
    closedir(dir);
}

void folder_remove(const char *path)
{
    if (path == NULL)
        return;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    remove_entries(fd);
    rmdir(path);
}

/* True when the folder is ours; false when a sweeper has just taken it for a dead one's. */
static bool claim(const char *path, int *lock)
{
    struct stat about;

    *lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*lock < 0)
        return errno != ENOENT;
    if (flock(*lock, LOCK_EX | LOCK_NB) != 0)
        return errno != EWOULDBLOCK;
    return fstat(*lock, &about) != 0 || about.st_nlink > 0;
}

cutover_status folder_claim(const char *work_dir, char **path, int *lock, cutover_error **error)
{
    for (int tries = 1;; tries++) {
        char *made = NULL;
        int held = -1;
        cutover_status status = make(folder_of_work(work_dir), CLAIM_PREFIX CLAIM_RANDOM, &made, error);
        if (status != CUTOVER_OK)
            return status;
        if (claim(made, &held)) {
            *path = made;
            *lock = held;
            return CUTOVER_OK;
        }
        if (held >= 0)
            close(held);
        free(made);
        if (tries == CLAIM_TRIES)
            return error_set(error, CUTOVER_E_IO, "somebody removes new folders in %s",
                             folder_of_work(work_dir));
    }
}

/* Removes one folder when it is nobody's. A child process of the dead one may still write into it: more than one pass. */
static void sweep_one(int parent, const char *name)
{
    struct stat about;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &about) == 0 && about.st_uid == geteuid() && (about.st_mode & 077) == 0 &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        for (int pass = 0; pass < SWEEP_PASSES; pass++) {
            int content = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (content < 0)
                break;
            remove_entries(content);
            if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || (errno != ENOTEMPTY && errno != EEXIST))
                break;
        }
    close(fd);
}

void folder_sweep(const char *work_dir)
{
    DIR *dir = opendir(folder_of_work(work_dir));

    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strncmp(entry->d_name, CLAIM_PREFIX, strlen(CLAIM_PREFIX)) == 0 &&
            strlen(entry->d_name) == strlen(CLAIM_PREFIX CLAIM_RANDOM))
            sweep_one(dirfd(dir), entry->d_name);
    closedir(dir);
}

static char *join(const char *folder, const char *name)
{
    struct text path = TEXT_INIT;
    text_add_format(&path, "%s/%s", folder, name);
    return text_take(&path);
}

/* 0, or the errno of what failed. */
static int write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        count -= (size_t)written;
    }
    return 0;
}

cutover_status folder_write(const char *folder, const char *name, const void *bytes, size_t count,
                            cutover_error **error)
{
    char *path = join(folder, name);
    if (path == NULL)
        return error_nomem(error);

    cutover_status status = CUTOVER_OK;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = error_set_errno(error, CUTOVER_E_IO, errno, "cannot create %s", path);
    } else {
        int failure = write_all(fd, bytes, count);
        if (close(fd) != 0 && failure == 0)
            failure = errno;
        if (failure != 0) {
            status = error_set_errno(error, CUTOVER_E_IO, failure, "cannot write %s", path);
            unlink(path);
        }
    }
    free(path);
    return status;
}

cutover_status folder_replace(const char *folder, const char *name, const void *bytes, size_t count,
                              cutover_error **error)
{
    char *path = join(folder, name);
    if (path == NULL)
        return error_nomem(error);
    unlink(path);
    free(path);
    return folder_write(folder, name, bytes, count, error);
}

/* 0, or the errno of what failed; reads one byte more than `limit` when there is one. */
static int read_all(int fd, size_t limit, struct text *text)
{
    char buffer[16384];
    while (text->length <= limit) {
        size_t wanted = limit - text->length < sizeof buffer ? limit - text->length + 1 : sizeof buffer;
        ssize_t count = read(fd, buffer, wanted);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno;
        if (count == 0)
            return 0;
        text_add_bytes(text, buffer, (size_t)count);
        if (text_failed(text))
            return ENOMEM;
    }
    return 0;
}

static cutover_status read_open(int fd, const char *path, size_t limit, struct text *text,
                                cutover_error **error)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot read %s", path);
    if (!S_ISREG(about.st_mode))
        return error_set(error, CUTOVER_E_IO, "cannot read %s: it is not a file", path);
    int failure = read_all(fd, limit, text);
    if (text_failed(text))
        return error_nomem(error);
    if (failure != 0)
        return error_set_errno(error, CUTOVER_E_IO, failure, "cannot read %s", path);
    if (text->length > limit)
        return error_set(error, CUTOVER_E_IO, "%s has more than the %zu bytes that it may have", path, limit);
    return CUTOVER_OK;
}

cutover_status folder_read(const char *folder, const char *name, size_t limit, char **bytes, size_t *count,
                           cutover_error **error)
{
    struct text text = TEXT_INIT;
    char *path = join(folder, name);
    if (path == NULL)
        return error_nomem(error);

    cutover_status status = CUTOVER_OK;
    /* Nobody waits for the other end, should it be a FIFO. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        status = error_set_errno(error, CUTOVER_E_IO, errno, "cannot open %s", path);
    } else {
        status = read_open(fd, path, limit, &text, error);
        close(fd);
    }
    size_t length = text.length;
    char *taken = status == CUTOVER_OK ? text_take(&text) : NULL;
    if (status == CUTOVER_OK && taken == NULL)
        status = error_nomem(error);
    if (status == CUTOVER_OK) {
        *bytes = taken;
        if (count != NULL)
            *count = length;
    }
    text_free(&text);
    free(path);
    return status;
}
