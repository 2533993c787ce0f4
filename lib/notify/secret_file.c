#include "notify/secret_file.h"

#include "base/id.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECRET_FILE_MAX 8192
#define YOUNG_S 3600

void secret_wipe(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static cutover_status refuse(const char *path, const char *why, cutover_error **error)
{
    error_set(error, CUTOVER_E_IO, "%s is not used: %s", path, why);
    error_hint(error, "A secret is for the user alone that this runs as: chown, and chmod 600 (a folder 700).");
    return CUTOVER_E_IO;
}

cutover_status secret_folder_open(const char *folder, cutover_error **error)
{
    struct stat about;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot make %s", folder);
    if (stat(folder, &about) != 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot read %s", folder);
    if (!S_ISDIR(about.st_mode))
        return error_set(error, CUTOVER_E_IO, "%s is not a folder", folder);
    if (about.st_uid != geteuid())
        return refuse(folder, "it is another user's", error);
    if ((about.st_mode & 077) != 0)
        return refuse(folder, "others may look into it", error);
    return CUTOVER_OK;
}

static cutover_status path_of(const char *folder, const char *id, const char *name, char **path,
                              cutover_error **error)
{
    struct text text = TEXT_INIT;

    text_add_format(&text, "%s/%s.%s", folder, id, name);
    *path = text_take(&text);
    return *path != NULL ? CUTOVER_OK : error_nomem(error);
}

/* 0, or the errno of what failed. */
static int write_whole(int fd, const char *bytes, size_t count)
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
    return fsync(fd) != 0 ? errno : 0;
}

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno;
    int failure = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return failure;
}

cutover_status secret_file_write(const char *folder, const char *id, const char *name, const char *secret,
                                 cutover_error **error)
{
    char *path = NULL;
    cutover_status status = path_of(folder, id, name, &path, error);

    if (status != CUTOVER_OK)
        return status;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int failure = fd < 0 ? errno : write_whole(fd, secret, strlen(secret));
    if (fd >= 0 && close(fd) != 0 && failure == 0)
        failure = errno;
    if (failure == 0)
        failure = sync_folder(folder);
    if (failure != 0)
        status = error_set_errno(error, CUTOVER_E_IO, failure, "cannot write %s", path);
    if (failure != 0 && fd >= 0)
        unlink(path);
    free(path);
    return status;
}

/* 0, or the errno of what failed. */
static int read_whole(int fd, char *bytes, size_t size)
{
    size_t count = 0;

    for (ssize_t got; count < size - 1; count += (size_t)got) {
        got = read(fd, bytes + count, size - 1 - count);
        if (got < 0 && errno == EINTR)
            got = 0;
        else if (got < 0)
            return errno;
        else if (got == 0)
            break;
    }
    bytes[count] = '\0';
    bytes[strcspn(bytes, "\r\n")] = '\0'; /* one that was put there by an editor ends in one */
    return 0;
}

static cutover_status read_open(int fd, const char *path, char **secret, cutover_error **error)
{
    struct stat about;

    if (fstat(fd, &about) != 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot read %s", path);
    if (!S_ISREG(about.st_mode))
        return refuse(path, "it is not a file", error);
    if (about.st_uid != geteuid())
        return refuse(path, "it is another user's", error);
    if ((about.st_mode & 077) != 0)
        return refuse(path, "others may read or write it", error);
    char *bytes = calloc(1, SECRET_FILE_MAX + 1);
    if (bytes == NULL)
        return error_nomem(error);
    int failure = read_whole(fd, bytes, SECRET_FILE_MAX + 1);
    if (failure == 0) {
        *secret = bytes;
        return CUTOVER_OK;
    }
    secret_wipe(bytes);
    return error_set_errno(error, CUTOVER_E_IO, failure, "cannot read %s", path);
}

cutover_status secret_file_read(const char *folder, const char *id, const char *name, char **secret,
                                cutover_error **error)
{
    char *path = NULL;
    cutover_status status = path_of(folder, id, name, &path, error);

    *secret = NULL;
    if (status != CUTOVER_OK)
        return status;
    /* Nobody waits for the other end, should it be a FIFO. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        status = read_open(fd, path, secret, error);
        close(fd);
    } else if (errno != ENOENT) {
        status = error_set_errno(error, CUTOVER_E_IO, errno, "cannot open %s", path);
    }
    free(path);
    return status;
}

cutover_status secret_file_remove(const char *folder, const char *id, const char *name, cutover_error **error)
{
    char *path = NULL;
    cutover_status status = path_of(folder, id, name, &path, error);

    if (status == CUTOVER_OK && unlink(path) != 0 && errno != ENOENT)
        status = error_set_errno(error, CUTOVER_E_IO, errno, "cannot remove %s", path);
    free(path);
    return status;
}

void secret_folder_sweep(const char *folder, bool (*is_used)(const char *id, void *context), void *context)
{
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char id[ID_SIZE];
        struct stat about;
        if (strlen(entry->d_name) < ID_SIZE || entry->d_name[ID_SIZE - 1] != '.')
            continue;
        memcpy(id, entry->d_name, ID_SIZE - 1);
        id[ID_SIZE - 1] = '\0';
        if (id_is_valid(id) && !is_used(id, context) &&
            fstatat(dirfd(dir), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode) &&
            about.st_mtime < time(NULL) - YOUNG_S)
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
}
