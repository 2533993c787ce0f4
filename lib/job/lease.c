#include "job/lease.h"

#include "base/id.h"
#include "base/text.h"
#include "store/port.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const job_names[] = {"promotion", "backup", NULL};

static const struct field lease_fields[] = {
    {"job_id", FIELD_TEXT, offsetof(struct lease_record, job_id), NULL},
    {"project_id", FIELD_TEXT, offsetof(struct lease_record, project_id), NULL},
    {"job", FIELD_ENUM, offsetof(struct lease_record, job), job_names},
    {"owner", FIELD_TEXT, offsetof(struct lease_record, owner), NULL},
    {"expires_at", FIELD_TIME, offsetof(struct lease_record, expires_at), NULL},
    {"", FIELD_REST, offsetof(struct lease_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type lease_type = {"lease", sizeof(struct lease_record), lease_fields, 1};

/* ---- who holds it: "BOOT-ID PID-NAMESPACE PID START", so that only the machine and the process namespace that can know
   whether the process lives look at it ---- */

static bool line_of(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return false;
    bool read = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

/* Field 22 of /proc/PID/stat, the process's start in clock ticks since boot. */
static bool process_start(long pid, char start[32])
{
    char path[64], line[1024];

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!line_of(path, line, sizeof line))
        return false;
    /* The program's name, in parentheses, may hold anything. */
    const char *at = strrchr(line, ')');
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at != NULL && sscanf(at + 1, "%31s", start) == 1;
}

static bool machine_of(char *machine, size_t size)
{
    char boot[64], space[64];
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);

    if (length < 0 || !line_of("/proc/sys/kernel/random/boot_id", boot, sizeof boot))
        return false;
    space[length] = '\0';
    snprintf(machine, size, "%s %s", boot, space);
    return true;
}

static void owner_of_this(char *owner, size_t size)
{
    char machine[160], start[32];

    if (!machine_of(machine, sizeof machine) || !process_start(getpid(), start))
        snprintf(owner, size, "unknown");
    else
        snprintf(owner, size, "%s %ld %s", machine, (long)getpid(), start);
}

/* True only when it is certain. */
static bool owner_is_gone(const char *owner)
{
    char machine[160], here[160], start[32], now[32];
    char boot[80], space[80];
    long pid;

    if (owner == NULL || sscanf(owner, "%79s %79s %ld %31s", boot, space, &pid, start) != 4)
        return false;
    snprintf(machine, sizeof machine, "%.79s %.79s", boot, space);
    if (!machine_of(here, sizeof here) || strcmp(machine, here) != 0)
        return false;
    if (!process_start(pid, now))
        return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
    return strcmp(start, now) != 0;
}

bool lease_is_dead(const struct host *host, const struct lease_record *record, const char **why)
{
    if (owner_is_gone(record->owner)) {
        *why = "its process is gone";
        return true;
    }
    if (record->expires_at <= clock_now(&host->clock)) {
        *why = "its lease ran out";
        return true;
    }
    *why = "it gave a sign of life";
    return false;
}

struct dead_look {
    const struct host *host;
    char *job_id;
};

static cutover_status dead_look(void *context, const struct document *document, cutover_error **error)
{
    const struct dead_look *look = context;
    struct lease_record record = {0};
    const char *why;

    (void)error;
    if (look->job_id[0] == '\0' && record_parse(&lease_type, document->body, &record, NULL) == CUTOVER_OK &&
        record.job_id != NULL && lease_is_dead(look->host, &record, &why))
        snprintf(look->job_id, ID_SIZE, "%s", record.job_id);
    record_free(&lease_type, &record);
    return CUTOVER_OK;
}

void lease_find_dead(const struct host *host, const char *project_id, char *job_id)
{
    struct dead_look look = {host, job_id};

    job_id[0] = '\0';
    document_walk(&host->store, lease_type.kind, project_id, dead_look, &look, NULL);
}

void lease_tell_dead(const struct host *host, const char *project_id, cutover_error **error)
{
    char job_id[ID_SIZE], text[128];

    if (error == NULL)
        return;
    lease_find_dead(host, project_id, job_id);
    if (job_id[0] == '\0')
        return;
    snprintf(text, sizeof text, "job %s was left unfinished by a process that is gone", job_id);
    error_front(error, text, "run recovery: it finishes that job or undoes it");
}

/* ---- keeping it ---- */

static cutover_status lease_write(struct lease *lease, int64_t length_us, cutover_error **error)
{
    struct host *host = lease->host;
    char *body = NULL;

    lease->record.expires_at = clock_now(&host->clock) + length_us;
    cutover_status status = record_format(&lease_type, &lease->record, &body, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_write write = {CUTOVER_WRITE_VERSION,    lease_type.kind, lease->record.job_id,
                           lease->record.project_id, lease->version,  body};
    status = store_save(&host->store, &write, error);
    free(body);
    if (status == CUTOVER_OK)
        lease->version++;
    return status;
}

/* With the mutex held: waits for the next beat or the end. */
static void beat_wait(struct lease *lease)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LEASE_BEAT_MS / 1000;
    while (!lease->stop && pthread_cond_timedwait(&lease->wake, &lease->mutex, &until) != ETIMEDOUT)
        ;
}

static void *lease_renew(void *context)
{
    struct lease *lease = context;
    int64_t renewed_us = monotonic_us();

    pthread_mutex_lock(&lease->mutex);
    for (beat_wait(lease); !lease->stop; beat_wait(lease)) {
        cutover_error *error = NULL;
        cutover_status status = lease_write(lease, LEASE_US, &error);
        if (status == CUTOVER_OK) {
            renewed_us = monotonic_us();
        } else if (status == CUTOVER_E_CONFLICT || monotonic_us() - renewed_us >= LEASE_US) {
            log_line(&lease->host->log, LOG_ERROR_LEVEL, "job %s has lost its lease: %s", lease->record.job_id,
                     cutover_error_message(error));
            lease->lost = true;
            cancel_ask(lease->cancel);
        }
        cutover_error_free(error);
        if (lease->lost)
            break;
    }
    pthread_mutex_unlock(&lease->mutex);
    return NULL;
}

static cutover_status thread_start(struct lease *lease, cutover_error **error)
{
    pthread_condattr_t attributes;
    sigset_t all, before;

    pthread_mutex_init(&lease->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lease->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&lease->thread, NULL, lease_renew, lease);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        pthread_cond_destroy(&lease->wake);
        pthread_mutex_destroy(&lease->mutex);
        return error_set_errno(error, CUTOVER_E_IO, failed, "cannot start the thread that renews the lease");
    }
    lease->running = true;
    return CUTOVER_OK;
}

static cutover_status owner_set(struct lease *lease, cutover_error **error)
{
    char owner[256];

    owner_of_this(owner, sizeof owner);
    return record_set_text(&lease->record.owner, owner, error);
}

static void lease_free(struct lease *lease)
{
    record_free(&lease_type, &lease->record);
    memset(lease, 0, sizeof *lease);
}

cutover_status lease_prepare(struct lease *lease, struct host *host, enum lease_job job, const char *job_id,
                             const char *project_id, cutover_error **error)
{
    memset(lease, 0, sizeof *lease);
    lease->host = host;
    lease->record.job = (int)job;
    cutover_status status = string_copy(job_id, &lease->record.job_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(project_id, &lease->record.project_id, error);
    if (status == CUTOVER_OK)
        status = owner_set(lease, error);
    if (status != CUTOVER_OK)
        lease_free(lease);
    return status;
}

cutover_status lease_put(struct lease *lease, struct change *change, cutover_error **error)
{
    lease->record.expires_at = clock_now(&lease->host->clock) + LEASE_US;
    lease->put = true;
    return change_put_record(change, &lease_type, lease->record.job_id, 0, &lease->record, error);
}

cutover_status lease_keep(struct lease *lease, struct cancel *cancel, cutover_error **error)
{
    lease->version = 1;
    lease->cancel = cancel;
    return thread_start(lease, error);
}

cutover_status lease_take(struct lease *lease, struct host *host, const struct lease_record *record,
                          uint64_t version, struct cancel *cancel, cutover_error **error)
{
    memset(lease, 0, sizeof *lease);
    lease->host = host;
    lease->version = version;
    lease->cancel = cancel;
    cutover_status status = record_copy(&lease_type, record, &lease->record, error);
    if (status == CUTOVER_OK)
        status = owner_set(lease, error);
    if (status == CUTOVER_OK)
        status = lease_write(lease, LEASE_US, error);
    if (status == CUTOVER_OK)
        status = thread_start(lease, error);
    if (status != CUTOVER_OK)
        lease_free(lease);
    return status;
}

static bool is_lost(struct lease *lease)
{
    if (!lease->running)
        return false;
    pthread_mutex_lock(&lease->mutex);
    bool lost = lease->lost;
    pthread_mutex_unlock(&lease->mutex);
    return lost;
}

cutover_status lease_explain(struct lease *lease, cutover_status status, cutover_error **error)
{
    if (status != CUTOVER_E_CANCELLED || !is_lost(lease))
        return status;
    if (error != NULL) {
        cutover_error_free(*error);
        *error = NULL;
    }
    status = error_set(error, CUTOVER_E_CONFLICT, "job %s lost its lease, and stopped", lease->record.job_id);
    error_hint(error, "Recovery took it, or the store did not renew it in time: the log says which.");
    return status;
}

static void thread_end(struct lease *lease)
{
    pthread_mutex_lock(&lease->mutex);
    lease->stop = true;
    pthread_cond_signal(&lease->wake);
    pthread_mutex_unlock(&lease->mutex);
    pthread_join(lease->thread, NULL);
    pthread_cond_destroy(&lease->wake);
    pthread_mutex_destroy(&lease->mutex);
}

/* Whether the store holds a lease as it was put last: another job of the same name (a backup may be verified by two) has
   another owner or another time. */
static bool is_there(const struct lease *lease)
{
    struct document now = {0};
    char *body = NULL;
    bool there =
        document_get(&lease->host->store, lease_type.kind, lease->record.job_id, &now, NULL) == CUTOVER_OK &&
        record_format(&lease_type, &lease->record, &body, NULL) == CUTOVER_OK && now.version == 1 &&
        strcmp(now.body, body) == 0;

    document_free(&now);
    free(body);
    return there;
}

/* What cannot be deleted now runs out, and recovery finds that its job is over. */
static void lease_delete(struct lease *lease)
{
    cutover_write write = {CUTOVER_WRITE_VERSION,    lease_type.kind, lease->record.job_id,
                           lease->record.project_id, lease->version,  NULL};

    store_save(&lease->host->store, &write, NULL);
}

void lease_end(struct lease *lease, bool leave)
{
    if (lease->host == NULL)
        return;
    if (lease->running)
        thread_end(lease);
    if (lease->version == 0 && lease->put && is_there(lease)) {
        lease->version = 1;
        leave = true;
    }
    if (lease->version != 0 && !lease->lost && leave) {
        cutover_error *error = NULL;
        lease_write(lease, 0, &error);
        cutover_error_free(error);
    } else if (lease->version != 0 && !lease->lost) {
        lease_delete(lease);
    }
    lease_free(lease);
}
