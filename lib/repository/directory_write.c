/* Writing a backup: begun, its objects created and committed, published. */
#include "repository/directory_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The end of a close that wrote: delayed write errors come here. EINTR: Linux has closed it. */
static bool close_checked(int fd)
{
    return close(fd) == 0 || errno == EINTR;
}

cutover_status directory_begin(const char *backup, cutover_error **error, void *userdata)
{
    struct directory *directory = userdata;
    struct folder_name partial = directory_partial(backup != NULL ? backup : "");
    cutover_status status = directory_check_backup(backup, error);

    if (status != CUTOVER_OK)
        return status;
    if (mkdirat(directory->fd, partial.bytes, 0700) != 0) {
        if (errno == EEXIST)
            return error_set(error, CUTOVER_E_CONFLICT, "backup %s was already begun", backup);
        return directory_failed(error, errno, "make the folder of backup", backup);
    }
    /* After mkdir: whoever publishes that name in between had to have begun it. */
    if (directory_has(directory->fd, backup)) {
        unlinkat(directory->fd, partial.bytes, AT_REMOVEDIR);
        return error_set(error, CUTOVER_E_CONFLICT, "backup %s exists already", backup);
    }
    atomic_store(&directory->small_files, 0);
    return CUTOVER_OK;
}

static cutover_status open_partial(const struct directory *directory, const char *backup, int *folder,
                                   cutover_error **error)
{
    struct folder_name partial = directory_partial(backup);
    int fd = openat(directory->fd, partial.bytes, OPEN_FOLDER);

    if (fd >= 0) {
        *folder = fd;
        return CUTOVER_OK;
    }
    if (errno != ENOENT)
        return directory_failed(error, errno, "open the folder of backup", backup);
    if (directory_has(directory->fd, backup))
        return error_set(error, CUTOVER_E_STATE, "backup %s is published: nothing is added to it", backup);
    return error_set(error, CUTOVER_E_NOT_FOUND, "backup %s was not begun", backup);
}

/* An object whose temporary name is ours: nobody else creates, commits or patches this one. */
static cutover_status claim(const struct directory *directory, const char *backup, const char *name,
                            struct directory_object **object, cutover_error **error)
{
    struct directory_object *claimed = NULL;
    cutover_status status = directory_check_names(backup, name, error);

    if (status == CUTOVER_OK)
        status = directory_object_make(&claimed, error);
    if (status != CUTOVER_OK)
        return status;
    snprintf(claimed->name, sizeof claimed->name, "%s", name);
    snprintf(claimed->temporary, sizeof claimed->temporary, ".%s.tmp", name);
    status = open_partial(directory, backup, &claimed->folder, error);
    if (status != CUTOVER_OK)
        goto free_object;
    claimed->fd =
        openat(claimed->folder, claimed->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (claimed->fd < 0) {
        status = errno == EEXIST ? error_set(error, CUTOVER_E_CONFLICT, "%s is being written already", name)
                                 : directory_failed(error, errno, "create", name);
        goto free_object;
    }
    *object = claimed;
    return CUTOVER_OK;

free_object:
    directory_object_free(claimed);
    return status;
}

cutover_status directory_create(const char *backup, const char *name, void **object, cutover_error **error,
                                void *userdata)
{
    const struct directory *directory = userdata;
    struct directory_object *created = NULL;
    cutover_status status = claim(directory, backup, name, &created, error);

    if (status == CUTOVER_OK && !directory->rewrites && directory_has(created->folder, name)) {
        status = error_set(error, CUTOVER_E_CONFLICT, "backup %s has a file %s already", backup, name);
        directory_abort(created, userdata);
    }
    if (status == CUTOVER_OK)
        *object = created;
    return status;
}

/* In the place of the empty file that claims it. */
static cutover_status open_committed(struct directory_object *object, const char *backup, cutover_error **error)
{
    struct stat info;

    close(object->fd);
    object->patched = true;
    /* O_NONBLOCK: a fifo must not hang us before fstat tells what it is. */
    object->fd = openat(object->folder, object->name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (object->fd < 0)
        return errno == ENOENT
                   ? error_set(error, CUTOVER_E_NOT_FOUND, "backup %s has no file %s", backup, object->name)
                   : directory_failed(error, errno, "open", object->name);
    if (fstat(object->fd, &info) != 0)
        return directory_failed(error, errno, "look at", object->name);
    if (!S_ISREG(info.st_mode))
        return error_set(error, CUTOVER_E_REPOSITORY, "%s of backup %s is not a regular file", object->name,
                         backup);
    object->size = (uint64_t)info.st_size;
    return CUTOVER_OK;
}

cutover_status directory_patch(const char *backup, const char *name, void **object, cutover_error **error,
                               void *userdata)
{
    struct directory_object *opened = NULL;
    cutover_status status = claim(userdata, backup, name, &opened, error);

    if (status != CUTOVER_OK)
        return status;
    status = open_committed(opened, backup, error);
    if (status == CUTOVER_OK)
        *object = opened;
    else
        directory_abort(opened, userdata);
    return status;
}

cutover_status directory_remove_object(const char *backup, const char *name, cutover_error **error,
                                       void *userdata)
{
    cutover_status status = directory_check_names(backup, name, error);
    int folder = -1;

    if (status == CUTOVER_OK)
        status = open_partial(userdata, backup, &folder, error);
    if (status != CUTOVER_OK)
        return status;
    if (unlinkat(folder, name, 0) != 0 && errno != ENOENT)
        status = directory_failed(error, errno, "remove", name);
    close(folder);
    return status;
}

cutover_status directory_write(void *object, const void *bytes, size_t count, cutover_error **error,
                               void *userdata)
{
    struct directory_object *target = object;
    const char *at = bytes;

    (void)userdata;
    while (count > 0) {
        ssize_t written = write(target->fd, at, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return directory_failed(error, written < 0 ? errno : ENOSPC, "write", target->name);
        at += written;
        target->size += (uint64_t)written;
        count -= (size_t)written;
    }
    return CUTOVER_OK;
}

cutover_status directory_write_at(void *object, uint64_t offset, const void *bytes, size_t count,
                                  cutover_error **error, void *userdata)
{
    struct directory_object *target = object;
    const char *at = bytes;

    (void)userdata;
    if (offset > target->size)
        return error_set(error, CUTOVER_E_INVALID, "%s ends before byte %llu", target->name,
                         (unsigned long long)offset);
    while (count > 0) {
        ssize_t written = pwrite(target->fd, at, count, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return directory_failed(error, written < 0 ? errno : ENOSPC, "write", target->name);
        at += written;
        offset += (uint64_t)written;
        count -= (size_t)written;
        if (target->size < offset)
            target->size = offset;
    }
    return CUTOVER_OK;
}

void directory_abort(void *object, void *userdata)
{
    struct directory_object *target = object;

    (void)userdata;
    if (target == NULL)
        return;
    unlinkat(target->folder, target->temporary, 0);
    directory_object_free(target);
}

static bool is_left_to_publish(struct directory *directory, const struct directory_object *object)
{
    if (object->patched || object->size > SMALL_FILE ||
        atomic_fetch_add(&directory->small_files, 1) < SMALL_FILES_SYNCED)
        return false;
    atomic_store(&directory->unsynced, true);
    return true;
}

cutover_status directory_commit(void *object, cutover_error **error, void *userdata)
{
    struct directory_object *target = object;
    cutover_status status;
    int fd = target->fd;

    if (!is_left_to_publish(userdata, target) && fsync(fd) != 0) {
        status = directory_failed(error, errno, "sync", target->name);
        goto abort_object;
    }
    target->fd = -1;
    if (!close_checked(fd)) {
        status = directory_failed(error, errno, "close", target->name);
        goto abort_object;
    }
    if (target->patched && unlinkat(target->folder, target->temporary, 0) != 0) {
        status = directory_failed(error, errno, "end the change of", target->name);
        goto abort_object;
    }
    if (!target->patched && renameat(target->folder, target->temporary, target->folder, target->name) != 0) {
        status = directory_failed(error, errno, "give its name to", target->name);
        goto abort_object;
    }
    directory_object_free(target);
    return CUTOVER_OK;

abort_object:
    directory_abort(target, userdata);
    return status;
}

/* Refuses a folder in which an object is still being written. */
static cutover_status check_all_committed(int folder, const char *backup, cutover_error **error)
{
    DIR *listing = directory_listing(folder);
    const char *name;
    cutover_status status = CUTOVER_OK;

    if (listing == NULL)
        return directory_failed(error, errno, "list backup", backup);
    while (status == CUTOVER_OK && (name = directory_next(listing)) != NULL)
        if (name[0] == '.')
            status = error_set(error, CUTOVER_E_STATE, "backup %s has a file that was not committed: %s",
                               backup, name);
    if (status == CUTOVER_OK && errno != 0)
        status = directory_failed(error, errno, "list backup", backup);
    closedir(listing);
    return status;
}

cutover_status directory_publish(const char *backup, cutover_error **error, void *userdata)
{
    struct directory *directory = userdata;
    struct folder_name partial = directory_partial(backup != NULL ? backup : "");
    cutover_status status = directory_check_backup(backup, error);
    int folder = -1;

    if (status != CUTOVER_OK)
        return status;
    status = open_partial(directory, backup, &folder, error);
    if (status != CUTOVER_OK)
        return status;
    status = check_all_committed(folder, backup, error);
    if (status == CUTOVER_OK && atomic_load(&directory->unsynced) && syncfs(directory->fd) != 0)
        status = directory_failed(error, errno, "sync the file system of backup", backup);
    if (status == CUTOVER_OK)
        status = directory_sync(folder, backup, error);
    close(folder);
    if (status != CUTOVER_OK)
        return status;
    if (renameat2(directory->fd, partial.bytes, directory->fd, backup, RENAME_NOREPLACE) != 0) {
        /* A file system without that flag: begin saw to it that the name is free. */
        if (errno != EINVAL || renameat(directory->fd, partial.bytes, directory->fd, backup) != 0)
            return directory_failed(error, errno, "publish backup", backup);
    }
    return directory_sync(directory->fd, directory->path, error);
}
