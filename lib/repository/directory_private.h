/*
 * What the files of the directory repository share: names, folders, objects. The port's functions are split by what they
 * are for: directory_write.c, directory_read.c, and the rest in directory.c.
 */
#ifndef CUTOVER_REPOSITORY_DIRECTORY_PRIVATE_H
#define CUTOVER_REPOSITORY_DIRECTORY_PRIVATE_H

#include "base/error.h"
#include "base/id.h"

#include <cutover/repository.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>

#define PARTIAL ".partial"
#define NAME_LIMIT 64
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct directory {
    char *path; /* absolute */
    int fd;
    bool rewrites; /* CUTOVER_REPOSITORY_REWRITE */
    /* Large objects are files of their own, and a disk syncs some hundred a second: beyond the first of these, small files are left
       to one sync of the whole file system, before the backup gets its name. */
    atomic_uint small_files; /* since a backup was begun */
    atomic_bool unsynced;
};

#define SMALL_FILE (UINT64_C(64) * 1024)
#define SMALL_FILES_SYNCED 1000u

/* An object being written (name set) or read. */
struct directory_object {
    int folder; /* -1 when read */
    int fd;
    bool patched;  /* in place: its temporary name is an empty file that says so */
    uint64_t size; /* written so far */
    char name[NAME_LIMIT + 1];
    char temporary[NAME_LIMIT + 6];
};

struct folder_name {
    char bytes[ID_SIZE + sizeof PARTIAL];
};

/* CUTOVER_E_REPOSITORY: cannot `what` `name`, with a hint for what a person can change. */
cutover_status directory_failed(cutover_error **error, int errno_value, const char *what, const char *name);
cutover_status directory_check_backup(const char *backup, cutover_error **error);
cutover_status directory_check_name(const char *name, cutover_error **error);
cutover_status directory_check_names(const char *backup, const char *name, cutover_error **error);
struct folder_name directory_partial(const char *backup);
bool directory_has(int folder, const char *name);
cutover_status directory_sync(int fd, const char *name, cutover_error **error);
/* NULL with errno set. */
DIR *directory_listing(int folder);
/* The next name that is not "." or "..": NULL with errno 0 at the end. */
const char *directory_next(DIR *listing);
cutover_status directory_object_make(struct directory_object **object, cutover_error **error);
void directory_object_free(struct directory_object *object);

/* The port's. */
cutover_status directory_begin(const char *backup, cutover_error **error, void *userdata);
cutover_status directory_create(const char *backup, const char *name, void **object, cutover_error **error,
                                void *userdata);
cutover_status directory_write(void *object, const void *bytes, size_t count, cutover_error **error,
                               void *userdata);
cutover_status directory_remove_object(const char *backup, const char *name, cutover_error **error,
                                       void *userdata);
cutover_status directory_patch(const char *backup, const char *name, void **object, cutover_error **error,
                               void *userdata);
cutover_status directory_write_at(void *object, uint64_t offset, const void *bytes, size_t count,
                                  cutover_error **error, void *userdata);
void directory_abort(void *object, void *userdata);
cutover_status directory_commit(void *object, cutover_error **error, void *userdata);
cutover_status directory_publish(const char *backup, cutover_error **error, void *userdata);
cutover_status directory_open_object(const char *backup, const char *name, void **object, cutover_error **error,
                                     void *userdata);
cutover_status directory_read(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
                              cutover_error **error, void *userdata);
void directory_close_object(void *object, void *userdata);
cutover_status directory_list(const char *backup, cutover_object_emit emit, void *context,
                              cutover_error **error, void *userdata);
cutover_status directory_path(const char *backup, char *path, size_t capacity, cutover_error **error,
                              void *userdata);

#endif
