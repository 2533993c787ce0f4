#include "faults/points.h"

#include "support/check.h"
#include "support/killed.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHAT_MAX 120

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the two that follow, and what is written */
static unsigned reached;
static struct place place;
static atomic_bool counting;
static unsigned target_number;
static struct place target_place;
static int log_file = -1, waiting_on = -1;
static const char *from_step; /* or NULL: from the beginning */
static char step[32] = "preflight";
static bool is_backup = true; /* as long as no other job's record was seen */
static pthread_t beginner;
static _Thread_local bool is_renewing; /* the lease, by its own thread */

void points_begin(const char *path, const char *target)
{
    char *end;
    unsigned long first = strtoul(target, &end, 10);

    log_file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    assert_true(log_file >= 0);
    beginner = pthread_self();
    if (*end == '.')
        target_place = (struct place){(unsigned)first, (unsigned)strtoul(end + 1, NULL, 10)};
    else
        target_number = (unsigned)first;
    atomic_store(&counting, from_step == NULL);
}

void points_from(const char *first)
{
    from_step = first;
}

void points_wait(int descriptor)
{
    waiting_on = descriptor;
}

void points_recovery(void)
{
    snprintf(step, sizeof step, "recovery");
}

/* It may be asked more or less often, and changes no count of what is not. */
static bool is_asking(const char *call, const char *detail)
{
    return strcmp(call, "connect") == 0 || (strcmp(call, "send") == 0 && (strncmp(detail, "SELECT", 6) == 0 ||
                                                                          strncmp(detail, "WITH", 4) == 0));
}

static bool is_target(void)
{
    if (target_place.major != 0 || target_place.minor != 0)
        return place.major > target_place.major ||
               (place.major == target_place.major && place.minor >= target_place.minor);
    return reached == target_number;
}

/* One line at most, without tabs. */
static void write_point(const char *call, const char *about, const char *detail)
{
    char line[WHAT_MAX + 100];
    int start = snprintf(line, sizeof line, "%u\t%u.%u\t%s\t", reached, place.major, place.minor, step);
    int length = start + snprintf(line + start, sizeof line - 1 - (size_t)start, "%s %s %.*s", call, about,
                                  WHAT_MAX - 40, detail);

    if (length > (int)sizeof line - 2)
        length = (int)sizeof line - 2;
    for (char *at = line + start; at < line + length; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
    line[length] = '\n';
    if (write(log_file, line, (size_t)length + 1) < 0)
        abort();
}

static void point(const char *call, const char *about, const char *detail)
{
    char byte = 0;

    if (!atomic_load(&counting) || is_renewing)
        return;
    pthread_mutex_lock(&mutex);
    reached++;
    if (is_asking(call, detail))
        place.minor++;
    else
        place = (struct place){place.major + 1, 0};
    write_point(call, about, detail);
    if (is_target()) {
        atomic_store(&counting, false); /* what is written down last reaches no point */
        die_here();
    }
    if (waiting_on >= 0 && (write(waiting_on, &byte, 1) != 1 || read(waiting_on, &byte, 1) != 1))
        abort();
    pthread_mutex_unlock(&mutex);
}

/* ---- what a run reached ---- */

void points_read(const char *path, struct points *points)
{
    char line[4 * WHAT_MAX];
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    *points = (struct points){NULL, 0};
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = line, *number = strsep(&rest, "\t"), *at = strsep(&rest, "\t"),
             *name = strsep(&rest, "\t");
        struct place place_read;
        assert_non_null(rest);
        assert_int_equal(sscanf(at, "%u.%u", &place_read.major, &place_read.minor), 2);
        rest[strcspn(rest, "\n")] = '\0';
        points->list = realloc(points->list, (points->count + 1) * sizeof *points->list);
        assert_non_null(points->list);
        points->list[points->count++] =
            (struct point){(unsigned)strtoul(number, NULL, 10), place_read, strdup(name), strdup(rest)};
    }
    fclose(file);
}

void points_free(struct points *points)
{
    for (unsigned i = 0; i < points->count; i++) {
        free(points->list[i].step);
        free(points->list[i].what);
    }
    free(points->list);
    *points = (struct points){NULL, 0};
}

bool point_is(const struct point *point, const char *call)
{
    size_t length = strlen(call);

    return strncmp(point->what, call, length) == 0 && point->what[length] == ' ';
}

/* ---- the store ---- */

static cutover_store behind;

static cutover_status store_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                cutover_error **error, void *userdata)
{
    (void)userdata;
    return behind.get(kind, id, emit, context, error, behind.userdata);
}

static cutover_status store_list(const char *kind, const char *project_id, const char *after_id, uint32_t limit,
                                 cutover_document_emit emit, void *context, cutover_error **error,
                                 void *userdata)
{
    (void)userdata;
    return behind.list(kind, project_id, after_id, limit, emit, context, error, behind.userdata);
}

/* The job's own record says which step it is at; a backup's does when it is taken by itself. */
static void step_of(const cutover_write *write)
{
    struct json_object *record, *status = NULL;

    if (strcmp(write->kind, "promotion") == 0)
        is_backup = false;
    else if (strcmp(write->kind, "backup") != 0 || !is_backup)
        return;
    if (write->body == NULL || strcmp(step, "recovery") == 0)
        return;
    record = json_tokener_parse(write->body);
    if (json_object_object_get_ex(record, "status", &status))
        snprintf(step, sizeof step, "%s", json_object_get_string(status));
    json_object_put(record);
    if (from_step != NULL && strcmp(step, from_step) == 0)
        atomic_store(&counting, true);
}

static cutover_status store_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                   void *userdata)
{
    char kinds[WHAT_MAX] = "";

    (void)userdata;
    for (size_t i = 0; i < count; i++)
        step_of(writes[i]);
    for (size_t i = 0, length = 0; i < count && length < sizeof kinds; i++)
        length += (size_t)snprintf(kinds + length, sizeof kinds - length, "%s%s ",
                                   writes[i]->body == NULL ? "-" : "", writes[i]->kind);
    is_renewing = strcmp(kinds, "lease ") == 0 && !pthread_equal(pthread_self(), beginner);
    point("commit", "of", kinds);
    cutover_status status = behind.commit(writes, count, error, behind.userdata);
    point("committed", cutover_status_name(status), kinds);
    is_renewing = false;
    return status;
}

static void store_close(void *userdata)
{
    (void)userdata;
    cutover_store_close(&behind);
}

void points_store(cutover_store *store)
{
    behind = *store;
    store->userdata = &behind;
    store->get = store_get;
    store->list = store_list;
    store->commit = store_commit;
    store->close = store_close;
}

/* ---- interposed functions: the definitions that the library's objects, and SQLite, are bound to ---- */

/* ISO C knows no conversion from an object's pointer to a function's. */
#define NEXT(name)                                                                                             \
    __typeof__(name) *next;                                                                                    \
    do {                                                                                                       \
        void *found = dlsym(RTLD_NEXT, #name);                                                                 \
        memcpy(&next, &found, sizeof next);                                                                    \
    } while (0)

/* Statements whose outcome outlives the process that sent them: the server goes on with them when it is gone. */
static bool outlives(const char *sql)
{
    return strncmp(sql, "COMMIT", 6) == 0 || strstr(sql, " DATABASE ") != NULL;
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    NEXT(PQsendQuery);
    point("send", PQdb(connection), sql);
    int sent = next(connection, sql);
    if (outlives(sql))
        point("sent", PQdb(connection), sql);
    return sent;
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats, int format)
{
    NEXT(PQsendQueryParams);
    point("send", PQdb(connection), sql);
    int sent = next(connection, sql, count, types, values, lengths, formats, format);
    if (outlives(sql))
        point("sent", PQdb(connection), sql);
    return sent;
}

int PQputCopyEnd(PGconn *connection, const char *message)
{
    NEXT(PQputCopyEnd);
    point("end of COPY", PQdb(connection), message != NULL ? message : "");
    return next(connection, message);
}

PGconn *PQconnectStartParams(const char *const *keywords, const char *const *values, int expand)
{
    const char *database = "?";

    NEXT(PQconnectStartParams);
    for (size_t i = 0; keywords[i] != NULL; i++)
        if (strcmp(keywords[i], "dbname") == 0 && values[i] != NULL)
            database = values[i];
    point("connect", "to", database);
    return next(keywords, values, expand);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[])
{
    NEXT(posix_spawn);
    point("spawn", path, "");
    int failure = next(pid, path, actions, attributes, arguments, environment);
    point("spawned", path, "");
    return failure;
}

/* The path behind a descriptor, for the name of the point. */
static const char *path_of(int descriptor, char path[256])
{
    char link[64];

    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, 255);
    path[length < 0 ? 0 : length] = '\0';
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

int fsync(int descriptor)
{
    char path[256];

    NEXT(fsync);
    point("fsync", path_of(descriptor, path), "");
    return next(descriptor);
}

int fdatasync(int descriptor)
{
    char path[256];

    NEXT(fdatasync);
    point("fdatasync", path_of(descriptor, path), "");
    return next(descriptor);
}

int rename(const char *from, const char *to)
{
    NEXT(rename);
    point("rename", from, to);
    int result = next(from, to);
    point("renamed", from, to);
    return result;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    NEXT(renameat);
    point("rename", from, to);
    int result = next(from_folder, from, to_folder, to);
    point("renamed", from, to);
    return result;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    NEXT(renameat2);
    point("rename", from, to);
    int result = next(from_folder, from, to_folder, to, flags);
    point("renamed", from, to);
    return result;
}

int unlink(const char *path)
{
    NEXT(unlink);
    point("unlink", path, "");
    return next(path);
}

int unlinkat(int folder, const char *path, int flags)
{
    NEXT(unlinkat);
    point("unlink", path, "");
    return next(folder, path, flags);
}

int rmdir(const char *path)
{
    NEXT(rmdir);
    point("rmdir", path, "");
    return next(path);
}

int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir);
    point("mkdir", path, "");
    return next(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    NEXT(mkdirat);
    point("mkdir", path, "");
    return next(folder, path, mode);
}

char *mkdtemp(char *template)
{
    NEXT(mkdtemp);
    point("mkdtemp", template, "");
    char *path = next(template);
    point("made", template, "");
    return path;
}
