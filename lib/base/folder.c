#include "base/folder.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

cutover_status folder_make(const char *work_dir, char **path, cutover_error **error)
{
    struct text template = TEXT_INIT;
    if (work_dir == NULL || work_dir[0] == '\0')
        work_dir = secure_getenv("TMPDIR");
    if (work_dir == NULL || work_dir[0] == '\0')
        work_dir = "/tmp";

    text_add_format(&template, "%s/cutover-XXXXXX", work_dir);
    char *made = text_take(&template);
    if (made == NULL)
        return error_nomem(error);
    if (mkdtemp(made) == NULL) {
        error_set_errno(error, CUTOVER_E_IO, errno, "cannot make a temporary folder in %s", work_dir);
        error_hint(error, "name a folder that exists and can be written to as the work folder");
        free(made);
        return CUTOVER_E_IO;
    }
    *path = made;
    return CUTOVER_OK;
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
        goto free_path;
    }
    int failure = write_all(fd, bytes, count);
    if (close(fd) != 0 && failure == 0)
        failure = errno;
    if (failure != 0) {
        status = error_set_errno(error, CUTOVER_E_IO, failure, "cannot write %s", path);
        unlink(path);
    }
free_path:
    free(path);
    return status;
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
        goto free_path;
    }
    status = read_open(fd, path, limit, &text, error);
    if (status != CUTOVER_OK)
        goto close_file;

    size_t length = text.length;
    char *taken = text_take(&text);
    if (taken == NULL) {
        status = error_nomem(error);
        goto close_file;
    }
    *bytes = taken;
    if (count != NULL)
        *count = length;

close_file:
    close(fd);
free_path:
    text_free(&text);
    free(path);
    return status;
}
