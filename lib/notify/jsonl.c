/*
 * The notifier that appends events to a file, a JSON line each. A line is written whole or taken back: the file is
 * locked while it is written, so that several processes may share it, and what a crash tore is ended before the
 * next line begins.
 */
#include "notify/port.h"

#include "base/error.h"
#include "base/port.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct jsonl {
    pthread_mutex_t mutex;
    int file;
    char path[];
};

/* Appends all bytes, or returns false with errno set. */
static bool append(int file, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(file, bytes, count);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

/* Where the next line begins: *end, with *torn when what lies before it does not end in a newline. */
static bool find_end(int file, off_t *end, bool *torn)
{
    struct stat status;
    char last = '\n';

    if (fstat(file, &status) != 0)
        return false;
    if (status.st_size > 0 && pread(file, &last, 1, status.st_size - 1) != 1)
        return false;
    *end = status.st_size;
    *torn = last != '\n';
    return true;
}

/* With the file locked. */
static cutover_status append_line(const struct jsonl *jsonl, const char *line, size_t length,
                                  cutover_error **error)
{
    off_t end = 0;
    bool torn = false;
    int failure;

    if (!find_end(jsonl->file, &end, &torn))
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot read %s", jsonl->path);
    if ((!torn || append(jsonl->file, "\n", 1)) && append(jsonl->file, line, length)) {
        if (fsync(jsonl->file) == 0)
            return CUTOVER_OK;
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot flush %s to disk", jsonl->path);
    }
    failure = errno;
    if (ftruncate(jsonl->file, end) != 0)
        error_set_errno(error, CUTOVER_E_IO, failure, "half an event was written to %s", jsonl->path);
    return error_set_errno(error, CUTOVER_E_IO, failure, "cannot write to %s", jsonl->path);
}

static bool lock_file(int file)
{
    int result;

    do
        result = flock(file, LOCK_EX);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static cutover_status jsonl_deliver(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                                    void *userdata)
{
    struct jsonl *jsonl = userdata;
    size_t length = strlen(event->json);
    cutover_status status;
    char *line;

    if (memchr(event->json, '\n', length) != NULL) {
        refusal->never_again = 1;
        return error_set(error, CUTOVER_E_INVALID, "event %s spans lines", event->id);
    }
    line = malloc(length + 1);
    if (line == NULL)
        return error_nomem(error);
    memcpy(line, event->json, length);
    line[length] = '\n';

    pthread_mutex_lock(&jsonl->mutex);
    if (lock_file(jsonl->file)) {
        status = append_line(jsonl, line, length + 1, error);
        flock(jsonl->file, LOCK_UN);
    } else {
        status = error_set_errno(error, CUTOVER_E_IO, errno, "cannot lock %s", jsonl->path);
    }
    pthread_mutex_unlock(&jsonl->mutex);
    free(line);
    return status;
}

static void jsonl_close(void *userdata)
{
    struct jsonl *jsonl = userdata;

    close(jsonl->file);
    pthread_mutex_destroy(&jsonl->mutex);
    free(jsonl);
}

/* The name of a new file is durable once its folder is. */
static cutover_status sync_folder(const char *path, cutover_error **error)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    cutover_status status = CUTOVER_OK;
    int file;

    if (folder == NULL)
        return error_nomem(error);
    file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0)
        status = error_set_errno(error, CUTOVER_E_IO, errno, "cannot flush folder %s to disk", folder);
    if (file >= 0)
        close(file);
    free(folder);
    return status;
}

/* O_NONBLOCK keeps a named pipe from hanging the call; it means nothing for the regular file that is asked for. */
static cutover_status open_file(struct jsonl *jsonl, cutover_error **error)
{
    struct stat status;

    jsonl->file = open(jsonl->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (jsonl->file < 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot open %s", jsonl->path);
    if (fstat(jsonl->file, &status) != 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot look at %s", jsonl->path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, CUTOVER_E_INVALID, "%s is not a regular file", jsonl->path);
    return sync_folder(jsonl->path, error);
}

cutover_status cutover_notifier_jsonl_open(const char *path, cutover_notifier *notifier, cutover_error **error)
{
    error_begin(error);
    struct jsonl *jsonl;
    cutover_status status;
    size_t size;

    if (path == NULL || path[0] == '\0')
        return error_set(error, CUTOVER_E_INVALID, "path: required");
    if (notifier == NULL)
        return error_set(error, CUTOVER_E_INVALID, "notifier: required");
    size = strlen(path) + 1;
    jsonl = calloc(1, sizeof *jsonl + size);
    if (jsonl == NULL)
        return error_nomem(error);
    memcpy(jsonl->path, path, size);
    if (pthread_mutex_init(&jsonl->mutex, NULL) != 0) {
        free(jsonl);
        return error_nomem(error);
    }
    status = open_file(jsonl, error);
    if (status != CUTOVER_OK) {
        if (jsonl->file >= 0)
            close(jsonl->file);
        pthread_mutex_destroy(&jsonl->mutex);
        free(jsonl);
        return status;
    }
    /* The first version's members are all that are needed, and all that an older program has room for. */
    const cutover_notifier whole = {
        .version = 1, .userdata = jsonl, .deliver = jsonl_deliver, .close = jsonl_close};
    memcpy(notifier, &whole, PORT_SIZE(cutover_notifier, close));
    return CUTOVER_OK;
}
