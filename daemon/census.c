#include "census.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define RECENT (3600 * SECOND)
#define ANEW (600 * SECOND)

enum { PAGE = 1000 };

struct taking {
    struct census *census;
    cutover_engine *engine;
    int64_t now;
    struct census_table *table;
    census_each running;
    void *context;
};

void census_init(struct census *census)
{
    memset(census, 0, sizeof *census);
    pthread_mutex_init(&census->mutex, NULL);
}

static void forget(struct census *census)
{
    for (size_t i = 0; i < census->unfinished_count; i++)
        free(census->unfinished[i]);
    free(census->unfinished);
    census->unfinished = NULL;
    census->unfinished_count = 0;
    census->settled.count = 0;
    census->mark[0] = '\0';
}

void census_free(struct census *census)
{
    forget(census);
    pthread_mutex_destroy(&census->mutex);
}

static void add_row(struct census_table *table, const char *kind, const char *status, double count)
{
    size_t i = 0;

    while (i < table->count &&
           (strcmp(table->rows[i].kind, kind) != 0 || strcmp(table->rows[i].status, status) != 0))
        i++;
    if (i == CENSUS_KINDS)
        return;
    struct census_row *row = &table->rows[i];
    if (i == table->count) {
        *row = (struct census_row){.count = 0};
        snprintf(row->kind, sizeof row->kind, "%s", kind);
        snprintf(row->status, sizeof row->status, "%s", status);
        table->count++;
    }
    row->count += count;
}

static void add(struct census_table *table, const cutover_job *job)
{
    add_row(table, cutover_job_kind(job), cutover_job_status(job), 1);
}

/* Counts one, and reads it again where it is not over: a list has no sign of life. */
static void meet(const struct taking *taking, const cutover_job *job)
{
    cutover_job *now = NULL;

    add(taking->table, job);
    if (cutover_job_is_over(job) ||
        cutover_job_get(taking->engine, cutover_job_id(job), &now, NULL) != CUTOVER_OK)
        return;
    taking->running(now, taking->context);
    cutover_job_free(now);
}

static cutover_status remember(struct census *census, const char *id, cutover_error **error)
{
    char **grown = reallocarray(census->unfinished, census->unfinished_count + 1, sizeof *grown);
    char *copy = strdup(id);

    if (grown != NULL)
        census->unfinished = grown;
    if (grown == NULL || copy == NULL) {
        free(copy);
        *error = cutover_error_new(CUTOVER_E_NOMEM, "out of memory", NULL, NULL);
        return CUTOVER_E_NOMEM;
    }
    census->unfinished[census->unfinished_count++] = copy;
    return CUTOVER_OK;
}

/* One of those after the mark. */
static cutover_status pass(const struct taking *taking, const cutover_job *job, bool *recent,
                           cutover_error **error)
{
    struct census *census = taking->census;
    cutover_status status = CUTOVER_OK;

    *recent = *recent || cutover_job_created_at(job) > taking->now - RECENT;
    if (*recent) {
        meet(taking, job);
        return CUTOVER_OK;
    }
    if (cutover_job_is_over(job))
        add(&census->settled, job);
    else
        status = remember(census, cutover_job_id(job), error);
    if (status == CUTOVER_OK)
        snprintf(census->mark, sizeof census->mark, "%s", cutover_job_id(job));
    return status;
}

static cutover_status take_new(const struct taking *taking, cutover_error **error)
{
    char after[201];
    size_t count = PAGE;
    bool recent = false;
    cutover_status status = CUTOVER_OK;

    snprintf(after, sizeof after, "%s", taking->census->mark);
    while (status == CUTOVER_OK && count == PAGE) {
        cutover_job_list *page = NULL;
        status = cutover_jobs_list(taking->engine, NULL, after, PAGE, &page, error);
        count = status == CUTOVER_OK ? cutover_job_list_count(page) : 0;
        for (size_t i = 0; i < count && status == CUTOVER_OK; i++) {
            const cutover_job *job = cutover_job_list_at(page, i);
            status = pass(taking, job, &recent, error);
            snprintf(after, sizeof after, "%s", cutover_job_id(job));
        }
        cutover_job_list_free(page);
    }
    return status;
}

/* Those that were not over when they were met; one that is, is counted for good. */
static void take_unfinished(const struct taking *taking)
{
    struct census *census = taking->census;
    size_t kept = 0;

    for (size_t i = 0; i < census->unfinished_count; i++) {
        cutover_job *job = NULL;
        char *id = census->unfinished[i];
        const bool known = cutover_job_get(taking->engine, id, &job, NULL) == CUTOVER_OK;
        if (known && cutover_job_is_over(job)) {
            add(&census->settled, job);
            free(id);
        } else {
            if (known)
                meet(taking, job);
            census->unfinished[kept++] = id;
        }
        cutover_job_free(job);
    }
    census->unfinished_count = kept;
}

static void add_settled(const struct census *census, struct census_table *table)
{
    for (size_t i = 0; i < census->settled.count; i++)
        add_row(table, census->settled.rows[i].kind, census->settled.rows[i].status,
                census->settled.rows[i].count);
}

cutover_status census_take(struct census *census, cutover_engine *engine, int64_t now,
                           struct census_table *table, census_each running, void *context,
                           cutover_error **error)
{
    const struct taking taking = {census, engine, now, table, running, context};

    table->count = 0;
    pthread_mutex_lock(&census->mutex);
    if (census->begun_at == 0 || now - census->begun_at >= ANEW || now < census->begun_at) {
        forget(census);
        census->begun_at = now;
    }
    take_unfinished(&taking);
    cutover_status status = take_new(&taking, error);
    if (status == CUTOVER_OK)
        add_settled(census, table);
    else
        census->begun_at = 0;
    pthread_mutex_unlock(&census->mutex);
    return status;
}
