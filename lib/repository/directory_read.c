/* Reading backups: their objects, lists of them, and where they lie. */
#include "repository/directory_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the folder of a backup, published or partial. */
static cutover_status open_backup(const struct directory *directory, const char *backup, int *folder,
                                  cutover_error **error)
{
    struct folder_name partial = directory_partial(backup);
    int fd = openat(directory->fd, backup, OPEN_FOLDER);

    if (fd < 0 && errno == ENOENT)
        fd = openat(directory->fd, partial.bytes, OPEN_FOLDER);
    if (fd < 0 && errno == ENOENT)
        fd = openat(directory->fd, backup, OPEN_FOLDER); /* it was published in between */
    if (fd < 0)
        return errno == ENOENT ? error_set(error, CUTOVER_E_NOT_FOUND, "there is no backup %s", backup)
                               : directory_failed(error, errno, "open the folder of backup", backup);
    *folder = fd;
    return CUTOVER_OK;
}

cutover_status directory_open_object(const char *backup, const char *name, void **object, cutover_error **error,
                                     void *userdata)
{
    struct directory_object *opened = NULL;
    struct stat info;
    int folder = -1;
    cutover_status status = directory_check_names(backup, name, error);

    if (status == CUTOVER_OK)
        status = open_backup(userdata, backup, &folder, error);
    if (status != CUTOVER_OK)
        return status;
    status = directory_object_make(&opened, error);
    if (status != CUTOVER_OK)
        goto close_folder;
    snprintf(opened->name, sizeof opened->name, "%s", name);
    /* O_NONBLOCK: a fifo must not hang us before fstat tells what it is. */
    opened->fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (opened->fd < 0)
        status = errno == ENOENT
                     ? error_set(error, CUTOVER_E_NOT_FOUND, "backup %s has no file %s", backup, name)
                     : directory_failed(error, errno, "open", name);
    else if (fstat(opened->fd, &info) != 0)
        status = directory_failed(error, errno, "look at", name);
    else if (!S_ISREG(info.st_mode))
        status = error_set(error, CUTOVER_E_REPOSITORY, "%s of backup %s is not a regular file", name, backup);
    if (status == CUTOVER_OK)
        *object = opened;
    else
        directory_object_free(opened);
close_folder:
    close(folder);
    return status;
}

cutover_status directory_read(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
                              cutover_error **error, void *userdata)
{
    const struct directory_object *source = object;
    ssize_t got;

    (void)userdata;
    if (offset > INT64_MAX) {
        *count = 0;
        return CUTOVER_OK;
    }
    do
        got = pread(source->fd, bytes, capacity, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return directory_failed(error, errno, "read", source->name);
    *count = (size_t)got;
    return CUTOVER_OK;
}

void directory_close_object(void *object, void *userdata)
{
    (void)userdata;
    if (object != NULL)
        directory_object_free(object);
}

/* Tells whether a name in PATH is a backup's, and gives it without the suffix. */
static bool parse_folder_name(const char *name, char backup[ID_SIZE], bool *published)
{
    snprintf(backup, ID_SIZE, "%s", name);
    if (!id_is_valid(backup))
        return false;
    *published = name[ID_SIZE - 1] == '\0';
    return *published || strcmp(name + ID_SIZE - 1, PARTIAL) == 0;
}

static cutover_status emit_backup(const struct directory *directory, const char *name, cutover_object_emit emit,
                                  void *context)
{
    char backup[ID_SIZE];
    bool published;
    struct stat info;

    if (!parse_folder_name(name, backup, &published) ||
        fstatat(directory->fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(info.st_mode))
        return CUTOVER_OK;
    if (!published && directory_has(directory->fd, backup))
        return CUTOVER_OK; /* it is listed under its published name */
    return emit(&(cutover_object){backup, 0, published}, context);
}

static cutover_status emit_object(int folder, const char *name, cutover_object_emit emit, void *context)
{
    struct stat info;

    if (directory_check_name(name, NULL) != CUTOVER_OK ||
        fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
        return CUTOVER_OK;
    return emit(&(cutover_object){name, (uint64_t)info.st_size, 1}, context);
}

cutover_status directory_list(const char *backup, cutover_object_emit emit, void *context,
                              cutover_error **error, void *userdata)
{
    const struct directory *directory = userdata;
    const char *what = backup != NULL ? backup : directory->path;
    const char *name;
    int folder = directory->fd;
    cutover_status status = backup != NULL ? directory_check_backup(backup, error) : CUTOVER_OK;
    DIR *listing;

    if (status == CUTOVER_OK && backup != NULL)
        status = open_backup(directory, backup, &folder, error);
    if (status != CUTOVER_OK)
        return status;
    listing = directory_listing(folder);
    if (listing == NULL) {
        status = directory_failed(error, errno, "list", what);
        goto close_folder;
    }
    while (status == CUTOVER_OK && (name = directory_next(listing)) != NULL)
        status = backup != NULL ? emit_object(folder, name, emit, context)
                                : emit_backup(directory, name, emit, context);
    if (status == CUTOVER_OK && errno != 0)
        status = directory_failed(error, errno, "list", what);
    closedir(listing);
close_folder:
    if (backup != NULL)
        close(folder);
    return status;
}

cutover_status directory_path(const char *backup, char *path, size_t capacity, cutover_error **error,
                              void *userdata)
{
    const struct directory *directory = userdata;
    cutover_status status = directory_check_backup(backup, error);

    if (status != CUTOVER_OK)
        return status;
    if (!directory_has(directory->fd, backup))
        return error_set(error, CUTOVER_E_NOT_FOUND, "there is no published backup %s", backup);
    if (strlen(directory->path) + 1 + strlen(backup) >= capacity)
        return error_set(error, CUTOVER_E_INVALID, "the path of backup %s needs more than %zu bytes", backup,
                         capacity);
    snprintf(path, capacity, "%s/%s", directory->path, backup);
    return CUTOVER_OK;
}
