#include "job/lease_watch.h"

#include "base/id.h"
#include "base/process_identity.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Times are read so that a silence is never taken for longer than it was: `seen_us` after the document was read, and the time
 * that it is compared with before the look began. A reading that took a minute does not make a job a minute older.
 *
 * A lease is told from another of the same job by its holder, not by its version alone: in a store that was restored one of the
 * same name may begin at an earlier version again.
 */

struct watched {
    struct watched *next;
    char *job_id, *project_id, *holder;
    uint64_t version;
    int64_t seen_us; /* this version, first */
    int64_t met_us;  /* in the store, last */
};

struct lease_watch {
    pthread_mutex_t mutex;
    struct watched *list; /* short: as many as there are jobs that did not end well, and those that run */
};

struct lease_watch *lease_watch_new(void)
{
    struct lease_watch *watch = calloc(1, sizeof *watch);

    if (watch != NULL)
        pthread_mutex_init(&watch->mutex, NULL);
    return watch;
}

static void watched_free(struct watched *watched)
{
    free(watched->job_id);
    free(watched->project_id);
    free(watched->holder);
    free(watched);
}

void lease_watch_free(struct lease_watch *watch)
{
    if (watch == NULL)
        return;
    while (watch->list != NULL) {
        struct watched *first = watch->list;
        watch->list = first->next;
        watched_free(first);
    }
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}

static const char *holder_of(const struct lease_record *record)
{
    return record->holder != NULL ? record->holder : "";
}

/* NULL when memory is exhausted. */
static struct watched *watched_new(const struct lease_record *record)
{
    struct watched *watched = calloc(1, sizeof *watched);

    if (watched == NULL)
        return NULL;
    if (string_copy(record->job_id, &watched->job_id, NULL) != CUTOVER_OK ||
        string_copy(record->project_id, &watched->project_id, NULL) != CUTOVER_OK ||
        string_copy(holder_of(record), &watched->holder, NULL) != CUTOVER_OK) {
        watched_free(watched);
        return NULL;
    }
    return watched;
}

static struct watched **watched_find(struct lease_watch *watch, const char *job_id)
{
    struct watched **at = &watch->list;

    while (*at != NULL && strcmp((*at)->job_id, job_id) != 0)
        at = &(*at)->next;
    return at;
}

/* How long it has been seen as it is now, as silent_us tells it. One for which there is no memory is met for the first time each
   time. */
static int64_t watch_see(struct lease_watch *watch, const struct lease_record *record, uint64_t version,
                         int64_t asked_us, int64_t now_us)
{
    int64_t silent_us = 0;

    pthread_mutex_lock(&watch->mutex);
    struct watched **at = watched_find(watch, record->job_id);
    struct watched *before = *at;
    bool same = before != NULL && before->version == version && strcmp(before->holder, holder_of(record)) == 0;
    if (same) {
        before->met_us = now_us;
        silent_us = asked_us > before->seen_us ? asked_us - before->seen_us : 0;
    } else {
        struct watched *now = watched_new(record);
        silent_us = before != NULL ? -1 : 0;
        if (before != NULL) {
            *at = before->next;
            watched_free(before);
        }
        if (now != NULL) {
            now->version = version;
            now->seen_us = now->met_us = now_us;
            now->next = watch->list;
            watch->list = now;
        }
    }
    pthread_mutex_unlock(&watch->mutex);
    return silent_us;
}

/* Forgets those that a look, which began then, did not meet: their jobs have ended. */
static void watch_forget(struct lease_watch *watch, const char *project_id, int64_t since_us)
{
    pthread_mutex_lock(&watch->mutex);
    for (struct watched **at = &watch->list; *at != NULL;) {
        struct watched *one = *at;
        bool in_look =
            project_id == NULL || (one->project_id != NULL && strcmp(one->project_id, project_id) == 0);
        if (in_look && one->met_us < since_us) {
            *at = one->next;
            watched_free(one);
        } else {
            at = &one->next;
        }
    }
    pthread_mutex_unlock(&watch->mutex);
}

/* ---- looking ---- */

struct look {
    const struct host *host;
    int64_t asked_us;
    lease_each each;
    void *context;
    cutover_error **unread;
};

static void sight_judge(struct lease_sight *sight, const struct look *look)
{
    const struct lease_record *record = &sight->record;
    int64_t now_us = clock_monotonic(&look->host->clock);

    sight->silent_us = watch_see(look->host->leases, record, sight->version, look->asked_us, now_us);
    sight->dead = true;
    if (record->released) {
        sight->why = "it gave itself up to recovery";
    } else if (process_is_gone(record->owner)) {
        sight->why = "its process is gone";
    } else if (sight->silent_us >= LEASE_US) {
        sight->why = "it gave no sign of life for 30 seconds";
    } else {
        sight->dead = false;
        sight->why = sight->silent_us < 0 ? "it gave a sign of life" : "it is watched for a sign of life";
    }
}

static cutover_status look_at(void *context, const struct document *document, cutover_error **error)
{
    struct look *look = context;
    struct lease_sight sight = {.version = document->version};
    cutover_error *local = NULL;
    cutover_status status = record_parse(&lease_type, document->body, &sight.record, &local);

    if (status == CUTOVER_OK && sight.record.job_id == NULL)
        status = error_set(&local, CUTOVER_E_STORE, "lease %s in the store is damaged: it names no job",
                           document->id);
    /* One that is damaged, or a newer version's, holds up no other. */
    if (status == CUTOVER_E_STORE || status == CUTOVER_E_UNSUPPORTED) {
        record_free(&lease_type, &sight.record);
        error_move(look->unread, local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    if (status == CUTOVER_OK) {
        sight_judge(&sight, look);
        status = look->each(look->context, &sight, error);
    }
    record_free(&lease_type, &sight.record);
    return status;
}

cutover_status lease_look(const struct host *host, const char *project_id, lease_each each, void *context,
                          cutover_error **unread, cutover_error **error)
{
    struct look look = {host, clock_monotonic(&host->clock), each, context, unread};
    cutover_status status = document_walk(&host->store, lease_type.kind, project_id, look_at, &look, error);

    if (status == CUTOVER_OK)
        watch_forget(host->leases, project_id, look.asked_us);
    return status;
}

static cutover_status keep_first_dead(void *context, const struct lease_sight *sight, cutover_error **error)
{
    char *job_id = context;

    (void)error;
    if (sight->dead && job_id[0] == '\0')
        snprintf(job_id, ID_SIZE, "%s", sight->record.job_id);
    return CUTOVER_OK;
}

void lease_find_dead(const struct host *host, const char *project_id, char *job_id)
{
    job_id[0] = '\0';
    lease_look(host, project_id, keep_first_dead, job_id, NULL, NULL);
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
    error_front(
        error, text,
        "run recovery: it finishes that job or undoes it; where it cannot, an operator abandons the job");
}
