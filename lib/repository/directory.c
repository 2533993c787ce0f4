/*
 * Backups in a local directory. PATH/<backup>.partial while it is written, PATH/<backup> from publish on; a file is
 * ".<name>.tmp" until it is committed. Everything is opened relative to the directory that was opened first, and no
 * link is followed (EDGE_CASES D20). While a committed file is changed in place, ".<name>.tmp" is an empty file.
 *
 * Durability: commit syncs the file and renames it; publish syncs the backup's folder, which makes all those names
 * durable at once, renames it and syncs PATH. What was not published is no backup, so that its names need not be
 * durable before.
 */
#include "repository/directory_private.h"
#include "repository/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define REMOVE_PASSES 5

cutover_status directory_failed(cutover_error **error, int errno_value, const char *what, const char *name)
{
    error_set_errno(error, CUTOVER_E_REPOSITORY, errno_value, "cannot %s %s", what, name);
    if (errno_value == ENOSPC || errno_value == EDQUOT)
        error_hint(error, "Free space in the backup directory (or raise its quota), or use another one.");
    else if (errno_value == EACCES || errno_value == EPERM || errno_value == EROFS)
        error_hint(error, "The backup directory must be writable by the user that this process runs as.");
    return CUTOVER_E_REPOSITORY;
}

cutover_status directory_check_backup(const char *backup, cutover_error **error)
{
    if (id_is_valid(backup))
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "a backup's name is a UUID in lower case, not \"%.80s\"",
                     backup != NULL ? backup : "");
}

cutover_status directory_check_name(const char *name, cutover_error **error)
{
    size_t length = name != NULL ? strlen(name) : 0;

    if (length >= 1 && length <= NAME_LIMIT && name[0] != '.' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID,
                     "an object's name is 1 to %d of a-z, 0-9, '.', '_', '-' and begins with no dot: \"%.80s\"",
                     NAME_LIMIT, name != NULL ? name : "");
}

cutover_status directory_check_names(const char *backup, const char *name, cutover_error **error)
{
    cutover_status status = directory_check_backup(backup, error);

    return status == CUTOVER_OK ? directory_check_name(name, error) : status;
}

struct folder_name directory_partial(const char *backup)
{
    struct folder_name name;

    snprintf(name.bytes, sizeof name.bytes, "%s" PARTIAL, backup);
    return name;
}

bool directory_has(int folder, const char *name)
{
    struct stat info;

    return fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

cutover_status directory_sync(int fd, const char *name, cutover_error **error)
{
    /* Some file systems cannot sync a folder, and say so. */
    if (fsync(fd) != 0 && errno != EINVAL)
        return directory_failed(error, errno, "sync", name);
    return CUTOVER_OK;
}

DIR *directory_listing(int folder)
{
    int fd = openat(folder, ".", OPEN_FOLDER);
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;

    if (listing == NULL && fd >= 0) {
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return listing;
}

const char *directory_next(DIR *listing)
{
    const struct dirent *entry;

    do {
        errno = 0;
        entry = readdir(listing);
    } while (entry != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry != NULL ? entry->d_name : NULL;
}

void directory_object_free(struct directory_object *object)
{
    if (object->fd >= 0)
        close(object->fd);
    if (object->folder >= 0)
        close(object->folder);
    free(object);
}

cutover_status directory_object_make(struct directory_object **object, cutover_error **error)
{
    struct directory_object *made = calloc(1, sizeof *made);

    if (made == NULL)
        return error_nomem(error);
    made->folder = -1;
    made->fd = -1;
    *object = made;
    return CUTOVER_OK;
}

/* ----------------------------------------------------------------------------------------------------- removing */

static cutover_status remove_files(int folder, const char *backup, cutover_error **error)
{
    DIR *listing = directory_listing(folder);
    const char *name;
    cutover_status status = CUTOVER_OK;

    if (listing == NULL)
        return directory_failed(error, errno, "list backup", backup);
    while (status == CUTOVER_OK && (name = directory_next(listing)) != NULL)
        if (unlinkat(folder, name, 0) != 0 && errno != ENOENT)
            status = directory_failed(error, errno, "remove", name);
    if (status == CUTOVER_OK && errno != 0)
        status = directory_failed(error, errno, "list backup", backup);
    closedir(listing);
    return status;
}

/* Removes BACKUP.partial and what is in it; gone already is fine. */
static cutover_status remove_partial(const struct directory *directory, const char *backup,
                                     cutover_error **error)
{
    struct folder_name partial = directory_partial(backup);
    cutover_status status = CUTOVER_OK;
    int folder = openat(directory->fd, partial.bytes, OPEN_FOLDER);

    if (folder < 0)
        return errno == ENOENT ? CUTOVER_OK
                               : directory_failed(error, errno, "open the folder of backup", backup);
    /* A listing may miss names while others are removed from under it, and a writer may still be at work. */
    for (int pass = 0; pass < REMOVE_PASSES; pass++) {
        status = remove_files(folder, backup, error);
        if (status != CUTOVER_OK)
            break;
        if (unlinkat(directory->fd, partial.bytes, AT_REMOVEDIR) == 0 || errno == ENOENT)
            break;
        if ((errno != ENOTEMPTY && errno != EEXIST) || pass == REMOVE_PASSES - 1) {
            status = directory_failed(error, errno, "remove the folder of backup", backup);
            break;
        }
    }
    close(folder);
    return status;
}

static cutover_status directory_remove(const char *backup, cutover_error **error, void *userdata)
{
    const struct directory *directory = userdata;
    struct folder_name partial = directory_partial(backup != NULL ? backup : "");
    cutover_status status = directory_check_backup(backup, error);

    if (status != CUTOVER_OK)
        return status;
    status = remove_partial(directory, backup, error);
    if (status != CUTOVER_OK)
        return status;
    /* First its name, durably: a backup of which some files are gone is never a published one. */
    if (renameat(directory->fd, backup, directory->fd, partial.bytes) == 0) {
        status = directory_sync(directory->fd, directory->path, error);
        if (status == CUTOVER_OK)
            status = remove_partial(directory, backup, error);
    } else if (errno != ENOENT) {
        status = directory_failed(error, errno, "remove backup", backup);
    }
    return status == CUTOVER_OK ? directory_sync(directory->fd, directory->path, error) : status;
}

/* ----------------------------------------------------------------------------------------------- opening, closing */

static void directory_close(void *userdata)
{
    struct directory *directory = userdata;

    if (directory == NULL)
        return;
    if (directory->fd >= 0)
        close(directory->fd);
    free(directory->path);
    free(directory);
}

/* A new directory is durable when its parent is synced. */
static cutover_status sync_parent(int fd, const char *path, cutover_error **error)
{
    int parent = openat(fd, "..", OPEN_FOLDER);
    cutover_status status;

    if (parent < 0)
        return directory_failed(error, errno, "open the parent of", path);
    status = directory_sync(parent, path, error);
    close(parent);
    return status;
}

static cutover_status directory_free_bytes(uint64_t *bytes, cutover_error **error, void *userdata)
{
    const struct directory *directory = userdata;
    struct statvfs space;

    if (fstatvfs(directory->fd, &space) != 0)
        return directory_failed(error, errno, "look for free space in", directory->path);
    *bytes = (uint64_t)space.f_bavail * space.f_frsize;
    return CUTOVER_OK;
}

static cutover_status open_directory(struct directory *directory, const char *path, cutover_error **error)
{
    struct stat info;
    bool made = mkdir(path, 0700) == 0;

    if (!made && errno != EEXIST)
        return directory_failed(error, errno, "make backup directory", path);
    /* PATH itself may be a link: it is the host's word. */
    directory->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory->fd < 0)
        return directory_failed(error, errno, "open backup directory", path);
    directory->path = realpath(path, NULL);
    if (directory->path == NULL)
        return directory_failed(error, errno, "find the full path of", path);
    if (fstat(directory->fd, &info) != 0)
        return directory_failed(error, errno, "look at backup directory", path);
    if ((info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0) {
        error_set(error, CUTOVER_E_REPOSITORY, "backup directory %s is writable by everybody", path);
        error_hint(error, "Take that right away (chmod o-w): whoever can write there could put another backup "
                          "in the place of one.");
        return CUTOVER_E_REPOSITORY;
    }
    return made ? sync_parent(directory->fd, path, error) : CUTOVER_OK;
}

cutover_status cutover_repository_directory_open(const char *path, cutover_repository *repository,
                                                 cutover_error **error)
{
    error_begin(error);
    struct directory *directory;
    cutover_status status;

    if (path == NULL || path[0] == '\0')
        return error_set(error, CUTOVER_E_INVALID, "path: required");
    status = port_check(&repository_port, "repository", repository, error);
    if (status != CUTOVER_OK)
        return status;
    directory = calloc(1, sizeof *directory);
    if (directory == NULL)
        return error_nomem(error);
    directory->fd = -1;
    status = open_directory(directory, path, error);
    if (status != CUTOVER_OK) {
        directory_close(directory);
        return status;
    }
    directory->rewrites = repository->version >= 2;
    const cutover_repository whole = {
        .capabilities = (directory->rewrites ? (uint32_t)CUTOVER_REPOSITORY_REWRITE : 0) |
                        (repository->version >= 4 ? (uint32_t)CUTOVER_REPOSITORY_PATCH : 0),
        .userdata = directory,
        .begin = directory_begin,
        .create = directory_create,
        .write = directory_write,
        .commit = directory_commit,
        .abort = directory_abort,
        .publish = directory_publish,
        .open = directory_open_object,
        .read = directory_read,
        .close_object = directory_close_object,
        .list = directory_list,
        .remove = directory_remove,
        .path = directory_path,
        .close = directory_close,
        .remove_object = directory_remove_object,
        .free_bytes = directory_free_bytes,
        .patch = directory_patch,
        .write_at = directory_write_at,
    };
    port_fill(&repository_port, &whole, repository);
    return CUTOVER_OK;
}
