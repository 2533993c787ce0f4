#include "job/verdict_lost.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGAIN_MS 500

struct verdict_lost {
    struct backup_record record; /* as it was to be written */
    char *job_id;
    struct verdict_lost *next;
};

struct verdicts_lost {
    pthread_mutex_t mutex;
    struct verdict_lost *first;
};

static void verdict_lost_free(struct verdict_lost *one)
{
    if (one == NULL)
        return;
    record_free(&backup_type, &one->record);
    free(one->job_id);
    free(one);
}

struct verdicts_lost *verdicts_lost_new(void)
{
    struct verdicts_lost *all = calloc(1, sizeof *all);

    if (all != NULL)
        pthread_mutex_init(&all->mutex, NULL);
    return all;
}

void verdicts_lost_free(struct verdicts_lost *all)
{
    if (all == NULL)
        return;
    while (all->first != NULL) {
        struct verdict_lost *next = all->first->next;
        verdict_lost_free(all->first);
        all->first = next;
    }
    pthread_mutex_destroy(&all->mutex);
    free(all);
}

static void remember(const struct backup *backup)
{
    struct verdicts_lost *all = backup->host->verdicts_lost;
    struct verdict_lost *one = calloc(1, sizeof *one);

    if (one != NULL)
        one->job_id = strdup(backup->again.id);
    if (one == NULL || one->job_id == NULL ||
        record_copy(&backup_type, &backup->record, &one->record, NULL) != CUTOVER_OK) {
        verdict_lost_free(one);
        return;
    }
    pthread_mutex_lock(&all->mutex);
    one->next = all->first;
    all->first = one;
    pthread_mutex_unlock(&all->mutex);
}

/* Whether the store may take it when it is asked again. */
static bool may_recover(cutover_status status)
{
    return status == CUTOVER_E_STORE || status == CUTOVER_E_CALLBACK;
}

static cutover_status record(struct backup *backup, const cutover_error *reason, cutover_error **error)
{
    cutover_status status = record_set_text(&backup->record.error, cutover_error_message(reason), error);

    return status != CUTOVER_OK ? status : backup_step(backup, BACKUP_FAILED, error);
}

void verdict_lost_record(struct backup *backup, const cutover_error *reason)
{
    static const struct timespec pause = {0, AGAIN_MS * 1000000L};
    struct host *host = backup->host;
    const int64_t until = monotonic_us() + host->verdict_wait_ms * 1000;
    cutover_error *error = NULL;
    cutover_status status = record(backup, reason, &error);

    while (may_recover(status) && monotonic_us() < until) {
        cutover_error_free(error);
        error = NULL;
        nanosleep(&pause, NULL);
        status = record(backup, reason, &error);
    }
    if (status != CUTOVER_OK) {
        remember(backup);
        log_line(&host->log, LOG_ERROR_LEVEL, "backup %s: that it is different is not recorded yet: %s",
                 backup->record.id, cutover_error_message(error));
    }
    cutover_error_free(error);
}

/* With the mutex held. */
static struct verdict_lost **find(struct verdicts_lost *all, const char *job_id)
{
    struct verdict_lost **at = &all->first;

    while (*at != NULL && strcmp((*at)->job_id, job_id) != 0)
        at = &(*at)->next;
    return at;
}

static cutover_status recall(struct backup_record *record, const struct backup_record *found)
{
    record->verify_method = found->verify_method;
    record->verdict = found->verdict;
    record->tables = found->tables;
    record->rows = found->rows;
    record->verify_ms = found->verify_ms;
    cutover_status status = record_set_text(&record->verify_detail, found->verify_detail, NULL);
    return status != CUTOVER_OK ? status : record_set_text(&record->error, found->error, NULL);
}

bool verdict_lost_recall(struct backup *backup)
{
    struct verdicts_lost *all = backup->host->verdicts_lost;

    pthread_mutex_lock(&all->mutex);
    const struct verdict_lost *one = *find(all, backup->again.id);
    const bool found = one != NULL && recall(&backup->record, &one->record) == CUTOVER_OK;
    pthread_mutex_unlock(&all->mutex);
    return found;
}

void verdict_lost_forget(struct host *host, const char *job_id)
{
    pthread_mutex_lock(&host->verdicts_lost->mutex);
    struct verdict_lost **at = find(host->verdicts_lost, job_id), *one = *at;
    if (one != NULL)
        *at = one->next;
    pthread_mutex_unlock(&host->verdicts_lost->mutex);
    verdict_lost_free(one);
}
