#include "job/lease.h"

#include "base/id.h"
#include "base/process_identity.h"
#include "base/text.h"
#include "base/wait.h"
#include "job/cancellation.h"
#include "store/port.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * How a job says that it lives.
 *
 * Its lease is a document of which nothing matters but that it changes. Every LEASE_BEAT_US the lease's thread writes it anew,
 * expecting the version that it wrote last. Who watches from another process needs no clock in common with us: it sees the
 * version change, or it sees that it did not for LEASE_US of its own time (lease_watch.c). Six beats fit into that, so that a
 * store may fail a few times, and a machine may be busy, before anybody is taken for dead.
 *
 * Taking a job over is writing the lease, too: at the version that was seen, with another holder. Then the beat of the one that
 * was thought dead conflicts, and it knows. So there are two ways to lose a lease: a conflict with another holder, and LEASE_US
 * without a beat that succeeded, counted from before the commit of the last that did: no observer can have begun to count
 * earlier, so a job that cannot reach its store gives up about when others may begin to undo it. Either way the job's cancel is
 * asked, which everything looks at that waits, and lease_explain() turns the cancelled status into what it was. Nothing is safe
 * *because* of that: the journal's version and the advisory lock keep a job out that does not notice (job/journal.h,
 * postgres/swap/advisory.h).
 *
 * A conflict with ourselves is no loss. When the answer to a commit is lost we do not know the version; but only we write our
 * holder's id, so a document that bears it is ours at whatever version it is, and we go on from there. That is also how
 * lease_end() finds a lease whose first commit, the job's own, was never answered.
 *
 * The thread owns record and version while it runs, so that no lock is held over the store's callbacks: a host may do there what
 * it likes, and a store that hangs keeps nobody but the thread waiting, until lease_end() joins it. The mutex is for `stop` only.
 *
 * A job that ends deletes its lease. One whose end could not be recorded marks it as released: it is nobody's from now on, and
 * recovery need not wait for a silence. What cannot even be marked falls silent.
 */

#define CANCEL_LOOK_US INT64_C(500000)

const char *const lease_job_names[] = {"promotion", "backup", "verification", NULL};

static const struct field lease_fields[] = {
    {"job_id", FIELD_TEXT, offsetof(struct lease_record, job_id), NULL},
    {"project_id", FIELD_TEXT, offsetof(struct lease_record, project_id), NULL},
    {"job", FIELD_ENUM, offsetof(struct lease_record, job), lease_job_names},
    {"owner", FIELD_TEXT, offsetof(struct lease_record, owner), NULL},
    {"holder", FIELD_TEXT, offsetof(struct lease_record, holder), NULL},
    {"renewed_at", FIELD_TIME, offsetof(struct lease_record, renewed_at), NULL},
    {"released", FIELD_BOOL, offsetof(struct lease_record, released), NULL},
    {"progress", FIELD_JSON, offsetof(struct lease_record, progress), NULL},
    {"", FIELD_REST, offsetof(struct lease_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type lease_type = {"lease", sizeof(struct lease_record), lease_fields, 1};

/* ---- in the store ---- */

static cutover_status write_once(struct lease *lease, cutover_error **error)
{
    struct host *host = lease->host;
    char *body = NULL;

    lease->record.renewed_at = clock_now(&host->clock);
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

/* Whether what the store holds was written by this lease and no other; then *version is its version. */
static bool is_ours(const struct lease *lease, uint64_t *version)
{
    struct document now = {0};
    struct lease_record record = {0};
    bool ours =
        document_get(&lease->host->store, lease_type.kind, lease->record.job_id, &now, NULL) == CUTOVER_OK &&
        record_parse(&lease_type, now.body, &record, NULL) == CUTOVER_OK && record.holder != NULL &&
        strcmp(record.holder, lease->record.holder) == 0;

    if (ours)
        *version = now.version;
    record_free(&lease_type, &record);
    document_free(&now);
    return ours;
}

/* The answer to this write may have been lost, or the answer to an earlier one: then this one conflicts with that. */
static cutover_status lease_write(struct lease *lease, cutover_error **error)
{
    uint64_t expected = lease->version + 1, found = 0;
    cutover_error *cause = NULL;
    cutover_status status = write_once(lease, &cause);

    if (status != CUTOVER_OK && is_ours(lease, &found)) {
        lease->version = found;
        cutover_error_free(cause);
        cause = NULL;
        status = found == expected && status != CUTOVER_E_CONFLICT ? CUTOVER_OK : write_once(lease, &cause);
    }
    error_move(error, cause);
    return status;
}

static cutover_status delete_once(struct lease *lease)
{
    cutover_write write = {CUTOVER_WRITE_VERSION,    lease_type.kind, lease->record.job_id,
                           lease->record.project_id, lease->version,  NULL};

    return store_save(&lease->host->store, &write, NULL);
}

/* What cannot be deleted now falls silent, and recovery finds that its job is over. */
static void lease_delete(struct lease *lease)
{
    if (delete_once(lease) != CUTOVER_OK && is_ours(lease, &lease->version))
        delete_once(lease);
}

/* ---- its thread ---- */

/* Until that time of the monotonic clock. False when it is to end. */
static bool wait_for(struct lease *lease, int64_t until)
{
    pthread_mutex_lock(&lease->mutex);
    while (!lease->stop && wait_until(&lease->wake, &lease->mutex, until))
        ;
    bool stop = lease->stop;
    pthread_mutex_unlock(&lease->mutex);
    return !stop;
}

static void progress_tell(struct lease *lease)
{
    if (lease->progress == NULL)
        return;
    json_object_put(lease->record.progress);
    lease->record.progress = progress_json(lease->progress);
}

/* Whoever recovers a job goes on, also where its cancellation was asked for. */
static void cancellation_look(struct lease *lease)
{
    if (lease->progress == NULL || cancel_asked(lease->cancel) ||
        !cancellation_is_asked(lease->host, lease->record.job_id))
        return;
    log_line(&lease->host->log, LOG_INFO_LEVEL, "job %s: its cancellation was asked for", lease->record.job_id);
    cancel_ask(lease->cancel);
}

/* Until the next sign of life is due, looking for a cancellation meanwhile. False when it is to end. */
static bool beat_wait(struct lease *lease)
{
    int64_t now = monotonic_us(), due = now + lease->beat_us;
    bool go_on = true;

    for (; go_on && now < due; now = monotonic_us()) {
        int64_t look = now + CANCEL_LOOK_US;
        go_on = wait_for(lease, look < due ? look : due);
        if (go_on)
            cancellation_look(lease);
    }
    return go_on;
}

static void lose(struct lease *lease, const cutover_error *error)
{
    log_line(&lease->host->log, LOG_ERROR_LEVEL, "job %s has lost its lease: %s", lease->record.job_id,
             cutover_error_message(error));
    atomic_store(&lease->lost, true);
    cancel_ask(lease->cancel);
}

static void *lease_renew(void *context)
{
    struct lease *lease = context;
    const struct clock *clock = &lease->host->clock;
    int64_t renewed_us = clock_monotonic(clock);

    while (!atomic_load(&lease->lost) && beat_wait(lease)) {
        int64_t began_us = clock_monotonic(clock);
        cutover_error *error = NULL;
        progress_tell(lease);
        cutover_status status = lease_write(lease, &error);
        if (status == CUTOVER_OK)
            renewed_us = began_us;
        else if (status == CUTOVER_E_CONFLICT || clock_monotonic(clock) - renewed_us >= LEASE_US)
            lose(lease, error);
        cutover_error_free(error);
    }
    return NULL;
}

static cutover_status thread_start(struct lease *lease, cutover_error **error)
{
    sigset_t all, before;

    pthread_mutex_init(&lease->mutex, NULL);
    wait_init(&lease->wake);
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

static void thread_end(struct lease *lease)
{
    pthread_mutex_lock(&lease->mutex);
    lease->stop = true;
    pthread_cond_signal(&lease->wake);
    pthread_mutex_unlock(&lease->mutex);
    pthread_join(lease->thread, NULL);
    pthread_cond_destroy(&lease->wake);
    pthread_mutex_destroy(&lease->mutex);
    lease->running = false;
}

/* ---- from its beginning to its end ---- */

static void lease_zero(struct lease *lease, struct host *host)
{
    memset(lease, 0, sizeof *lease);
    lease->host = host;
    lease->beat_us = LEASE_BEAT_US;
}

static void lease_free(struct lease *lease)
{
    record_free(&lease_type, &lease->record);
    memset(lease, 0, sizeof *lease);
}

/* From now on it is this process that keeps it, and this struct. */
static cutover_status holder_set(struct lease *lease, cutover_error **error)
{
    char owner[PROCESS_IDENTITY_SIZE], holder[ID_SIZE];

    process_identity(owner);
    id_new(clock_now(&lease->host->clock), holder);
    lease->record.released = false;
    cutover_status status = record_set_text(&lease->record.owner, owner, error);
    return status != CUTOVER_OK ? status : record_set_text(&lease->record.holder, holder, error);
}

cutover_status lease_prepare(struct lease *lease, struct host *host, enum lease_job job, const char *job_id,
                             const char *project_id, cutover_error **error)
{
    lease_zero(lease, host);
    lease->record.job = (int)job;
    cutover_status status = string_copy(job_id, &lease->record.job_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(project_id, &lease->record.project_id, error);
    if (status == CUTOVER_OK)
        status = holder_set(lease, error);
    if (status != CUTOVER_OK)
        lease_free(lease);
    return status;
}

cutover_status lease_put(struct lease *lease, struct change *change, cutover_error **error)
{
    lease->record.renewed_at = clock_now(&lease->host->clock);
    lease->put = true;
    return change_put_record(change, &lease_type, lease->record.job_id, 0, &lease->record, error);
}

cutover_status lease_keep(struct lease *lease, struct cancel *cancel, struct progress *progress,
                          cutover_error **error)
{
    lease->version = 1;
    lease->cancel = cancel;
    lease->progress = progress;
    return thread_start(lease, error);
}

cutover_status lease_take(struct lease *lease, struct host *host, const struct lease_record *record,
                          uint64_t version, struct cancel *cancel, cutover_error **error)
{
    lease_zero(lease, host);
    lease->version = version;
    lease->cancel = cancel;
    cutover_status status = record_copy(&lease_type, record, &lease->record, error);
    if (status == CUTOVER_OK)
        status = holder_set(lease, error);
    if (status == CUTOVER_OK)
        status = lease_write(lease, error);
    if (status != CUTOVER_OK) {
        lease_free(lease);
        return status;
    }
    status = thread_start(lease, error);
    if (status != CUTOVER_OK)
        lease_end(lease, true);
    return status;
}

cutover_status lease_explain(struct lease *lease, cutover_status status, cutover_error **error)
{
    if (status != CUTOVER_E_CANCELLED || !atomic_load(&lease->lost))
        return status;
    if (error != NULL) {
        cutover_error_free(*error);
        *error = NULL;
    }
    status = error_set(error, CUTOVER_E_CONFLICT, "job %s lost its lease, and stopped", lease->record.job_id);
    error_hint(error, "Recovery took it, or the store did not renew it in time: the log says which.");
    return status;
}

void lease_end(struct lease *lease, bool leave)
{
    if (lease->host == NULL)
        return;
    if (lease->running)
        thread_end(lease);
    if (lease->version == 0 && lease->put && is_ours(lease, &lease->version))
        leave = true;
    if (lease->version != 0 && leave) {
        cutover_error *error = NULL;
        lease->record.released = true;
        lease_write(lease, &error);
        cutover_error_free(error);
    } else if (lease->version != 0) {
        lease_delete(lease);
    }
    lease_free(lease);
}
