/*
 * Backups in a local directory. PATH/<backup>.partial while it is written, PATH/<backup> from publish on; a file is
 * ".<name>.tmp" until it is committed. Everything is opened relative to the directory that was opened first, and no
 * link is followed (EDGE_CASES D20).
 *
 * Durability: commit syncs the file and renames it; publish syncs the backup's folder, which makes all those names
 * durable at once, renames it and syncs PATH. What was not published is no backup, so that its names need not be
 * durable before.
 */
#include "base/error.h"
#include "base/id.h"

#include <cutover/repository.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTIAL ".partial"
#define NAME_LIMIT 64
#define REMOVE_PASSES 5
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct directory {
    char *path; /* absolute */
    int fd;
};

/* An object being written (name set) or read. */
struct directory_object {
    int folder; /* -1 when read */
    int fd;
    char name[NAME_LIMIT + 1];
    char temporary[NAME_LIMIT + 6];
};

struct folder_name {
    char bytes[ID_SIZE + sizeof(PARTIAL)];
};

static cutover_status failed(cutover_error **error, int errno_value, const char *what, const char *name)
{
    error_set_errno(error, CUTOVER_E_REPOSITORY, errno_value, "cannot %s %s", what, name);
    if (errno_value == ENOSPC || errno_value == EDQUOT)
        error_hint(error, "Free space in the backup directory (or raise its quota), or use another one.");
    else if (errno_value == EACCES || errno_value == EPERM || errno_value == EROFS)
        error_hint(error, "The backup directory must be writable by the user that this process runs as.");
    return CUTOVER_E_REPOSITORY;
}

static cutover_status check_backup(const char *backup, cutover_error **error)
{
    if (id_is_valid(backup))
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "a backup's name is a UUID in lower case, not \"%.80s\"",
                     backup != NULL ? backup : "");
}

static cutover_status check_name(const char *name, cutover_error **error)
{
    size_t length = name != NULL ? strlen(name) : 0;

    if (length >= 1 && length <= NAME_LIMIT && name[0] != '.' &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID,
                     "an object's name is 1 to %d of a-z, 0-9, '.', '_', '-' and begins with no dot: \"%.80s\"",
                     NAME_LIMIT, name != NULL ? name : "");
}

static cutover_status check_names(const char *backup, const char *name, cutover_error **error)
{
    cutover_status status = check_backup(backup, error);

    return status == CUTOVER_OK ? check_name(name, error) : status;
}

static struct folder_name partial_name(const char *backup)
{
    struct folder_name name;

    snprintf(name.bytes, sizeof(name.bytes), "%s" PARTIAL, backup);
    return name;
}

static bool exists(int folder, const char *name)
{
    struct stat info;

    return fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The end of a close that wrote: delayed write errors come here. EINTR: Linux has closed it. */
static bool close_checked(int fd)
{
    return close(fd) == 0 || errno == EINTR;
}

static cutover_status sync_folder(int fd, const char *name, cutover_error **error)
{
    /* Some file systems cannot sync a folder, and say so. */
    if (fsync(fd) != 0 && errno != EINVAL)
        return failed(error, errno, "sync", name);
    return CUTOVER_OK;
}

/* ------------------------------------------------------------------------------------------------------ writing */

static cutover_status directory_begin(const char *backup, cutover_error **error, void *userdata)
{
    const struct directory *directory = userdata;
    struct folder_name partial = partial_name(backup != NULL ? backup : "");
    cutover_status status = check_backup(backup, error);

    if (status != CUTOVER_OK)
        return status;
    if (mkdirat(directory->fd, partial.bytes, 0700) != 0) {
        if (errno == EEXIST)
            return error_set(error, CUTOVER_E_CONFLICT, "backup %s was already begun", backup);
        return failed(error, errno, "make the folder of backup", backup);
    }
    /* After mkdir: whoever publishes that name in between had to have begun it. */
    if (exists(directory->fd, backup)) {
        unlinkat(directory->fd, partial.bytes, AT_REMOVEDIR);
        return error_set(error, CUTOVER_E_CONFLICT, "backup %s exists already", backup);
    }
    return CUTOVER_OK;
}

static cutover_status open_partial(const struct directory *directory, const char *backup, int *folder,
                                   cutover_error **error)
{
    struct folder_name partial = partial_name(backup);
    int fd = openat(directory->fd, partial.bytes, OPEN_FOLDER);

    if (fd >= 0) {
        *folder = fd;
        return CUTOVER_OK;
    }
    if (errno != ENOENT)
        return failed(error, errno, "open the folder of backup", backup);
    if (exists(directory->fd, backup))
        return error_set(error, CUTOVER_E_STATE, "backup %s is published: nothing is added to it", backup);
    return error_set(error, CUTOVER_E_NOT_FOUND, "backup %s was not begun", backup);
}

static void object_free(struct directory_object *object)
{
    if (object->fd >= 0)
        close(object->fd);
    if (object->folder >= 0)
        close(object->folder);
    free(object);
}

static cutover_status object_make(struct directory_object **object, cutover_error **error)
{
    struct directory_object *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return error_nomem(error);
    made->folder = -1;
    made->fd = -1;
    *object = made;
    return CUTOVER_OK;
}

static cutover_status directory_create(const char *backup, const char *name, void **object,
                                       cutover_error **error, void *userdata)
{
    struct directory_object *created = NULL;
    cutover_status status = check_names(backup, name, error);

    if (status == CUTOVER_OK)
        status = object_make(&created, error);
    if (status != CUTOVER_OK)
        return status;
    snprintf(created->name, sizeof(created->name), "%s", name);
    snprintf(created->temporary, sizeof(created->temporary), ".%s.tmp", name);
    status = open_partial(userdata, backup, &created->folder, error);
    if (status != CUTOVER_OK)
        goto free_object;
    created->fd =
        openat(created->folder, created->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (created->fd < 0) {
        status = errno == EEXIST ? error_set(error, CUTOVER_E_CONFLICT, "%s is being written already", name)
                                 : failed(error, errno, "create", name);
        goto free_object;
    }
    /* With the temporary name ours, nobody else can commit this one. */
    if (exists(created->folder, name)) {
        status = error_set(error, CUTOVER_E_CONFLICT, "backup %s has a file %s already", backup, name);
        goto unlink_temporary;
    }
    *object = created;
    return CUTOVER_OK;

unlink_temporary:
    unlinkat(created->folder, created->temporary, 0);
free_object:
    object_free(created);
    return status;
}

static cutover_status directory_write(void *object, const void *bytes, size_t count, cutover_error **error,
                                      void *userdata)
{
    const struct directory_object *target = object;
    const char *at = bytes;

    (void)userdata;
    while (count > 0) {
        ssize_t written = write(target->fd, at, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return failed(error, written < 0 ? errno : ENOSPC, "write", target->name);
        at += written;
        count -= (size_t)written;
    }
    return CUTOVER_OK;
}

static void directory_abort(void *object, void *userdata)
{
    struct directory_object *target = object;

    (void)userdata;
    if (target == NULL)
        return;
    unlinkat(target->folder, target->temporary, 0);
    object_free(target);
}

static cutover_status directory_commit(void *object, cutover_error **error, void *userdata)
{
    struct directory_object *target = object;
    cutover_status status;
    int fd = target->fd;

    if (fsync(fd) != 0) {
        status = failed(error, errno, "sync", target->name);
        goto abort_object;
    }
    target->fd = -1;
    if (!close_checked(fd)) {
        status = failed(error, errno, "close", target->name);
        goto abort_object;
    }
    if (renameat(target->folder, target->temporary, target->folder, target->name) != 0) {
        status = failed(error, errno, "give its name to", target->name);
        goto abort_object;
    }
    object_free(target);
    return CUTOVER_OK;

abort_object:
    directory_abort(target, userdata);
    return status;
}

static DIR *open_listing(int folder)
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

/* The next name that is not "." or "..": NULL with errno 0 at the end. */
static const char *next_name(DIR *listing)
{
    const struct dirent *entry;

    do {
        errno = 0;
        entry = readdir(listing);
    } while (entry != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    return entry != NULL ? entry->d_name : NULL;
}

/* Refuses a folder in which an object is still being written. */
static cutover_status check_all_committed(int folder, const char *backup, cutover_error **error)
{
    DIR *listing = open_listing(folder);
    const char *name;
    cutover_status status = CUTOVER_OK;

    if (listing == NULL)
        return failed(error, errno, "list backup", backup);
    while (status == CUTOVER_OK && (name = next_name(listing)) != NULL)
        if (name[0] == '.')
            status = error_set(error, CUTOVER_E_STATE, "backup %s has a file that was not committed: %s",
                               backup, name);
    if (status == CUTOVER_OK && errno != 0)
        status = failed(error, errno, "list backup", backup);
    closedir(listing);
    return status;
}

static cutover_status directory_publish(const char *backup, cutover_error **error, void *userdata)
{
    const struct directory *directory = userdata;
    struct folder_name partial = partial_name(backup != NULL ? backup : "");
    cutover_status status = check_backup(backup, error);
    int folder;

    if (status != CUTOVER_OK)
        return status;
    status = open_partial(directory, backup, &folder, error);
    if (status != CUTOVER_OK)
        return status;
    status = check_all_committed(folder, backup, error);
    if (status == CUTOVER_OK)
        status = sync_folder(folder, backup, error);
    close(folder);
    if (status != CUTOVER_OK)
        return status;
    if (renameat2(directory->fd, partial.bytes, directory->fd, backup, RENAME_NOREPLACE) != 0) {
        /* A file system without that flag: begin saw to it that the name is free. */
        if (errno != EINVAL || renameat(directory->fd, partial.bytes, directory->fd, backup) != 0)
            return failed(error, errno, "publish backup", backup);
    }
    return sync_folder(directory->fd, directory->path, error);
}

/* ------------------------------------------------------------------------------------------------------ reading */

/* Opens the folder of a backup, published or partial. */
static cutover_status open_backup(const struct directory *directory, const char *backup, int *folder,
                                  cutover_error **error)
{
    struct folder_name partial = partial_name(backup);
    int fd = openat(directory->fd, backup, OPEN_FOLDER);

    if (fd < 0 && errno == ENOENT)
        fd = openat(directory->fd, partial.bytes, OPEN_FOLDER);
    if (fd < 0 && errno == ENOENT)
        fd = openat(directory->fd, backup, OPEN_FOLDER); /* it was published in between */
    if (fd < 0)
        return errno == ENOENT ? error_set(error, CUTOVER_E_NOT_FOUND, "there is no backup %s", backup)
                               : failed(error, errno, "open the folder of backup", backup);
    *folder = fd;
    return CUTOVER_OK;
}

static cutover_status directory_open_object(const char *backup, const char *name, void **object,
                                            cutover_error **error, void *userdata)
{
    struct directory_object *opened = NULL;
    struct stat info;
    int folder;
    cutover_status status = check_names(backup, name, error);

    if (status == CUTOVER_OK)
        status = open_backup(userdata, backup, &folder, error);
    if (status != CUTOVER_OK)
        return status;
    status = object_make(&opened, error);
    if (status != CUTOVER_OK)
        goto close_folder;
    snprintf(opened->name, sizeof(opened->name), "%s", name);
    /* O_NONBLOCK: a fifo must not hang us before fstat tells what it is. */
    opened->fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (opened->fd < 0)
        status = errno == ENOENT
                     ? error_set(error, CUTOVER_E_NOT_FOUND, "backup %s has no file %s", backup, name)
                     : failed(error, errno, "open", name);
    else if (fstat(opened->fd, &info) != 0)
        status = failed(error, errno, "look at", name);
    else if (!S_ISREG(info.st_mode))
        status = error_set(error, CUTOVER_E_REPOSITORY, "%s of backup %s is not a regular file", name, backup);
    if (status == CUTOVER_OK)
        *object = opened;
    else
        object_free(opened);
close_folder:
    close(folder);
    return status;
}

static cutover_status directory_read(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
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
        return failed(error, errno, "read", source->name);
    *count = (size_t)got;
    return CUTOVER_OK;
}

static void directory_close_object(void *object, void *userdata)
{
    (void)userdata;
    if (object != NULL)
        object_free(object);
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
    if (!published && exists(directory->fd, backup))
        return CUTOVER_OK; /* it is listed under its published name */
    return emit(&(cutover_object){backup, 0, published}, context);
}

static cutover_status emit_object(int folder, const char *name, cutover_object_emit emit, void *context)
{
    struct stat info;

    if (check_name(name, NULL) != CUTOVER_OK || fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(info.st_mode))
        return CUTOVER_OK;
    return emit(&(cutover_object){name, (uint64_t)info.st_size, 1}, context);
}

static cutover_status directory_list(const char *backup, cutover_object_emit emit, void *context,
                                     cutover_error **error, void *userdata)
{
    const struct directory *directory = userdata;
    const char *what = backup != NULL ? backup : directory->path;
    const char *name;
    int folder = directory->fd;
    cutover_status status = backup != NULL ? check_backup(backup, error) : CUTOVER_OK;
    DIR *listing;

    if (status == CUTOVER_OK && backup != NULL)
        status = open_backup(directory, backup, &folder, error);
    if (status != CUTOVER_OK)
        return status;
    listing = open_listing(folder);
    if (listing == NULL) {
        status = failed(error, errno, "list", what);
        goto close_folder;
    }
    while (status == CUTOVER_OK && (name = next_name(listing)) != NULL)
        status = backup != NULL ? emit_object(folder, name, emit, context)
                                : emit_backup(directory, name, emit, context);
    if (status == CUTOVER_OK && errno != 0)
        status = failed(error, errno, "list", what);
    closedir(listing);
close_folder:
    if (backup != NULL)
        close(folder);
    return status;
}

static cutover_status directory_path(const char *backup, char *path, size_t capacity, cutover_error **error,
                                     void *userdata)
{
    const struct directory *directory = userdata;
    cutover_status status = check_backup(backup, error);

    if (status != CUTOVER_OK)
        return status;
    if (!exists(directory->fd, backup))
        return error_set(error, CUTOVER_E_NOT_FOUND, "there is no published backup %s", backup);
    if (strlen(directory->path) + 1 + strlen(backup) >= capacity)
        return error_set(error, CUTOVER_E_INVALID, "the path of backup %s needs more than %zu bytes", backup,
                         capacity);
    snprintf(path, capacity, "%s/%s", directory->path, backup);
    return CUTOVER_OK;
}

/* ----------------------------------------------------------------------------------------------------- removing */

static cutover_status remove_files(int folder, const char *backup, cutover_error **error)
{
    DIR *listing = open_listing(folder);
    const char *name;
    cutover_status status = CUTOVER_OK;

    if (listing == NULL)
        return failed(error, errno, "list backup", backup);
    while (status == CUTOVER_OK && (name = next_name(listing)) != NULL)
        if (unlinkat(folder, name, 0) != 0 && errno != ENOENT)
            status = failed(error, errno, "remove", name);
    if (status == CUTOVER_OK && errno != 0)
        status = failed(error, errno, "list backup", backup);
    closedir(listing);
    return status;
}

/* Removes BACKUP.partial and what is in it; gone already is fine. */
static cutover_status remove_partial(const struct directory *directory, const char *backup,
                                     cutover_error **error)
{
    struct folder_name partial = partial_name(backup);
    cutover_status status = CUTOVER_OK;
    int folder = openat(directory->fd, partial.bytes, OPEN_FOLDER);

    if (folder < 0)
        return errno == ENOENT ? CUTOVER_OK : failed(error, errno, "open the folder of backup", backup);
    /* A listing may miss names while others are removed from under it, and a writer may still be at work. */
    for (int pass = 0; pass < REMOVE_PASSES; pass++) {
        status = remove_files(folder, backup, error);
        if (status != CUTOVER_OK)
            break;
        if (unlinkat(directory->fd, partial.bytes, AT_REMOVEDIR) == 0 || errno == ENOENT)
            break;
        if ((errno != ENOTEMPTY && errno != EEXIST) || pass == REMOVE_PASSES - 1) {
            status = failed(error, errno, "remove the folder of backup", backup);
            break;
        }
    }
    close(folder);
    return status;
}

static cutover_status directory_remove(const char *backup, cutover_error **error, void *userdata)
{
    const struct directory *directory = userdata;
    struct folder_name partial = partial_name(backup != NULL ? backup : "");
    cutover_status status = check_backup(backup, error);

    if (status != CUTOVER_OK)
        return status;
    status = remove_partial(directory, backup, error);
    if (status != CUTOVER_OK)
        return status;
    /* First its name, durably: a backup of which some files are gone is never a published one. */
    if (renameat(directory->fd, backup, directory->fd, partial.bytes) == 0) {
        status = sync_folder(directory->fd, directory->path, error);
        if (status == CUTOVER_OK)
            status = remove_partial(directory, backup, error);
    } else if (errno != ENOENT) {
        status = failed(error, errno, "remove backup", backup);
    }
    return status == CUTOVER_OK ? sync_folder(directory->fd, directory->path, error) : status;
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
        return failed(error, errno, "open the parent of", path);
    status = sync_folder(parent, path, error);
    close(parent);
    return status;
}

static cutover_status open_directory(struct directory *directory, const char *path, cutover_error **error)
{
    struct stat info;
    bool made = mkdir(path, 0700) == 0;

    if (!made && errno != EEXIST)
        return failed(error, errno, "make backup directory", path);
    /* PATH itself may be a link: it is the host's word. */
    directory->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory->fd < 0)
        return failed(error, errno, "open backup directory", path);
    directory->path = realpath(path, NULL);
    if (directory->path == NULL)
        return failed(error, errno, "find the full path of", path);
    if (fstat(directory->fd, &info) != 0)
        return failed(error, errno, "look at backup directory", path);
    if ((info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0) {
        error_set(error, CUTOVER_E_REPOSITORY, "backup directory %s is writable by everybody", path);
        error_hint(error,
                   "chmod o-w it: whoever can write there could put another backup in the place of one.");
        return CUTOVER_E_REPOSITORY;
    }
    return made ? sync_parent(directory->fd, path, error) : CUTOVER_OK;
}

cutover_status cutover_repository_directory_open(const char *path, cutover_repository *repository,
                                                 cutover_error **error)
{
    struct directory *directory;
    cutover_status status;

    if (path == NULL || path[0] == '\0' || repository == NULL)
        return error_set(error, CUTOVER_E_INVALID, "a backup directory needs a path and a vtable to fill");
    directory = calloc(1, sizeof(*directory));
    if (directory == NULL)
        return error_nomem(error);
    directory->fd = -1;
    status = open_directory(directory, path, error);
    if (status != CUTOVER_OK) {
        directory_close(directory);
        return status;
    }
    *repository = (cutover_repository){
        .version = CUTOVER_REPOSITORY_VERSION,
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
    };
    return CUTOVER_OK;
}

void cutover_repository_close(cutover_repository *repository)
{
    if (repository == NULL)
        return;
    if (repository->close != NULL)
        repository->close(repository->userdata);
    memset(repository, 0, sizeof(*repository));
}
