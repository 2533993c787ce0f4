/*
 * Jobs for others to see. A job's record is of one of a few types (job/lookup.h); a list of them is all lists of records, merged by
 * their ids, which are in the order of time.
 */
#include <cutover/job.h>

#include "base/id.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/page.h"
#include "job/cancellation.h"
#include "job/lease.h"
#include "job/lease_watch.h"
#include "job/lookup.h"

#include <stdlib.h>
#include <string.h>

#define JOB_MAGIC 0x73746174u
#define LIST_MAGIC 0x70616765u

struct cutover_job {
    uint32_t magic; /* misuse is an error, not a crash */
    struct found_job found;
    char *json;
    char *report;                 /* NULL: there is none */
    struct json_object *progress; /* NULL: not told */
    int64_t renewed_at;           /* of its lease; 0: there is none, or it was not read */
};

struct cutover_job_list {
    uint32_t magic;
    cutover_job **items;
    size_t count;
};

static bool is_job(const cutover_job *job)
{
    return job != NULL && job->magic == JOB_MAGIC;
}

static bool is_list(const cutover_job_list *list)
{
    return list != NULL && list->magic == LIST_MAGIC;
}

/* What a backup, or a verification of it, has to say at its end. */
struct backup_end {
    const char *backup_id, *label, *error;
    int method, verdict;
    int64_t tables, rows, ms;
};

static struct json_object *backup_report(const struct found_job *found, const struct backup_end *end)
{
    struct json_object *object = json_object_new_object(), *verification = json_object_new_object();

    json_put_text(object, "kind", found_job_kind(found));
    json_put_text(object, "project_id", found_job_project(found));
    json_put_text(object, "job_id", found_job_id(found));
    json_put_text(object, "status", found_job_status(found));
    json_put_text(object, "backup_id", end->backup_id);
    json_put_text(object, "backup_label", end->label);
    json_put_text(verification, "method", end->method != 0 ? verify_method_names[end->method] : NULL);
    json_put_text(verification, "verdict", verdict_names[end->verdict]);
    json_put_int(verification, "tables", end->tables);
    json_put_int(verification, "rows", end->rows);
    json_put_double(verification, "seconds", (double)end->ms / 1000);
    json_put_object(object, "backup_verification", verification);
    json_put_text(object, "error", end->error);
    json_put_text(object, "production", "Production was only read.");
    return object;
}

static struct json_object *report_of(const struct found_job *found)
{
    const struct backup_record *backup = &found->backup;
    const struct verification_record *again = &found->verification;

    if (found->type == &promotion_type)
        return json_object_get(found->promotion.report);
    if (found->type == &verification_type)
        return backup_report(found, &(struct backup_end){again->backup_id, again->backup_label, again->error,
                                                         again->verify_method, again->verdict, again->tables,
                                                         again->rows, again->verify_ms});
    return backup_report(found, &(struct backup_end){backup->id, backup->label, backup->error,
                                                     backup->verify_method, backup->verdict, backup->tables,
                                                     backup->rows, backup->verify_ms});
}

static cutover_status report_find(cutover_job *job, cutover_error **error)
{
    const struct found_job *found = &job->found;
    struct json_object *report = NULL;

    if (!found_job_is_over(found))
        return CUTOVER_OK;
    if (found->type == &promotion_type && found->promotion.report == NULL)
        return CUTOVER_OK;
    report = report_of(found);
    cutover_status status = json_format(report, &job->report, error);
    json_object_put(report);
    return status;
}

/* Takes what was found over into a new handle. */
static cutover_status job_wrap(struct found_job *found, cutover_job **job, cutover_error **error)
{
    cutover_job *made = calloc(1, sizeof *made);

    if (made == NULL)
        return error_nomem(error);
    made->magic = JOB_MAGIC;
    made->found = *found;
    memset(found, 0, sizeof *found);
    cutover_status status =
        record_format(made->found.type, found_job_record(&made->found, made->found.type), &made->json, error);
    if (status == CUTOVER_OK)
        status = report_find(made, error);
    if (status == CUTOVER_OK)
        *job = made;
    else
        cutover_job_free(made);
    return status;
}

/* What its lease says of it; a job without one has none, and one that ended has nothing to tell. */
static cutover_status progress_find(const struct host *host, cutover_job *job, cutover_error **error)
{
    struct lease_record lease = {0};
    cutover_error *local = NULL;
    uint64_t version;

    if (found_job_is_over(&job->found))
        return CUTOVER_OK;
    cutover_status status =
        document_get_record(&host->store, &lease_type, cutover_job_id(job), &lease, &version, &local);
    if (status == CUTOVER_OK) {
        job->progress = json_object_get(lease.progress);
        job->renewed_at = lease.renewed_at;
    }
    record_free(&lease_type, &lease);
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

cutover_status cutover_job_get(cutover_engine *engine, const char *job_id, cutover_job **job,
                               cutover_error **error)
{
    struct found_job found = {0};
    cutover_job *made = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("job_id", job_id, error);
    if (status == CUTOVER_OK && job == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "job: required");
    if (status == CUTOVER_OK)
        status = lookup_job(&engine->host, job_id, &found, error);
    if (status == CUTOVER_OK)
        status = job_wrap(&found, &made, error);
    found_job_free(&found);
    if (status == CUTOVER_OK)
        status = progress_find(&engine->host, made, error);
    if (status == CUTOVER_OK)
        *job = made;
    else
        cutover_job_free(made);
    return status;
}

/* ---- lists ---- */

#define READ_AT_ONCE 200

/* The records of one type, page by page. */
struct stream {
    const struct record_type *type;
    struct document_list page;
    size_t at;
    bool ended; /* the page is the last */
};

/* The next document of a stream; NULL at its end. */
static cutover_status stream_peek(const struct host *host, const char *project_id, const char *after,
                                  uint32_t limit, struct stream *stream, const struct document **next,
                                  cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (stream->at == stream->page.count && !stream->ended) {
        char *from = NULL;
        status = string_copy(stream->page.count > 0 ? stream->page.items[stream->page.count - 1].id : after,
                             &from, error);
        if (status == CUTOVER_OK)
            status = document_list_read(&host->store, stream->type->kind, project_id, from, limit,
                                        &stream->page, error);
        free(from);
        stream->at = 0;
        stream->ended = stream->page.count < limit;
    }
    *next = stream->at < stream->page.count ? &stream->page.items[stream->at] : NULL;
    return status;
}

/* Of a backup that belongs to another job nothing is made. */
static cutover_status document_wrap(const struct record_type *type, const struct document *document,
                                    cutover_job **job, cutover_error **error)
{
    struct found_job found = {0};

    cutover_status status = found_job_parse(type, document->body, document->version, &found, error);
    if (status == CUTOVER_OK && found.type != NULL)
        status = job_wrap(&found, job, error);
    found_job_free(&found);
    return status;
}

static bool is_wanted(const cutover_filter *filter, const cutover_job *job)
{
    const char *wanted = filter->status;

    if (filter->kind != NULL && strcmp(filter->kind, cutover_job_kind(job)) != 0)
        return false;
    if (wanted == NULL || strcmp(wanted, cutover_job_status(job)) == 0)
        return true;
    return strcmp(wanted, cutover_job_is_over(job) ? "over" : "running") == 0;
}

/* The stream whose next document comes first; NULL when all are at their end. */
static cutover_status stream_first(const struct host *host, struct stream streams[FOUND_JOB_TYPES],
                                   const struct page *page, struct stream **first, const struct document **next,
                                   cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    *first = NULL;
    for (int i = 0; status == CUTOVER_OK && i < FOUND_JOB_TYPES; i++) {
        const struct document *found = NULL;
        status = stream_peek(host, page->filter.project_id, page_from(page), READ_AT_ONCE, &streams[i], &found,
                             error);
        if (status == CUTOVER_OK && found != NULL && (*first == NULL || strcmp(found->id, (*next)->id) < 0)) {
            *first = &streams[i];
            *next = found;
        }
    }
    return status;
}

static cutover_status page_fill(const struct host *host, struct stream streams[FOUND_JOB_TYPES],
                                struct page *page, cutover_error **error)
{
    const struct document *next = NULL;
    struct stream *first = NULL;

    for (;;) {
        cutover_status status = stream_first(host, streams, page, &first, &next, error);
        cutover_job *job = NULL;
        if (status != CUTOVER_OK || first == NULL || page_ends_before(page, next->id))
            return status;
        status = document_wrap(first->type, next, &job, error);
        if (status != CUTOVER_OK)
            return status;
        if (job != NULL && is_wanted(&page->filter, job))
            page_add(page, job);
        else
            cutover_job_free(job);
        first->at++;
    }
}

static void item_free(void *item)
{
    cutover_job_free(item);
}

/* Statuses of records of all types, and kinds. */
static cutover_status jobs_page_open(struct page *page, const cutover_filter *filter, cutover_error **error)
{
    static const char *const kinds[] = {"promotion", "rollback", "restore", "backup", "verification", NULL};
    const char *names[PROMOTION_STATUS_COUNT + BACKUP_DELETED + VERIFICATION_CANCELLED + 3];
    size_t count = 0;

    for (size_t i = 0; promotion_status_names[i] != NULL; i++)
        names[count++] = promotion_status_names[i];
    for (size_t i = 0; backup_status_names[i] != NULL; i++)
        names[count++] = backup_status_names[i];
    for (size_t i = 0; verification_status_names[i] != NULL; i++)
        names[count++] = verification_status_names[i];
    names[count] = NULL;
    return page_open(page, filter, names, (const char *const[]){"running", "over", NULL}, kinds, item_free,
                     error);
}

cutover_status cutover_jobs_find(cutover_engine *engine, const cutover_filter *filter, cutover_job_list **list,
                                 cutover_error **error)
{
    struct stream streams[FOUND_JOB_TYPES] = {{.type = NULL}};
    struct page page = {0};
    cutover_job_list *made = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && list == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "list: required");
    if (status == CUTOVER_OK)
        status = jobs_page_open(&page, filter, error);
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, page.filter.project_id, error);
    for (int i = 0; i < FOUND_JOB_TYPES; i++)
        streams[i].type = found_job_types[i];
    if (status == CUTOVER_OK)
        status = page_fill(&engine->host, streams, &page, error);
    for (int i = 0; i < FOUND_JOB_TYPES; i++)
        document_list_free(&streams[i].page);
    if (status == CUTOVER_OK && (made = calloc(1, sizeof *made)) == NULL)
        status = error_nomem(error);
    if (status != CUTOVER_OK) {
        page_free(&page);
        return status;
    }
    page_order(&page);
    *made = (cutover_job_list){LIST_MAGIC, (cutover_job **)page.items, page.count};
    *list = made;
    return CUTOVER_OK;
}

cutover_status cutover_jobs_list(cutover_engine *engine, const char *project_id, const char *after,
                                 uint32_t limit, cutover_job_list **list, cutover_error **error)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;

    filter.project_id = project_id;
    filter.after = after;
    filter.limit = limit;
    return cutover_jobs_find(engine, &filter, list, error);
}

size_t cutover_job_list_count(const cutover_job_list *list)
{
    return is_list(list) ? list->count : 0;
}

const cutover_job *cutover_job_list_at(const cutover_job_list *list, size_t index)
{
    return index < cutover_job_list_count(list) ? list->items[index] : NULL;
}

void cutover_job_list_free(cutover_job_list *list)
{
    if (!is_list(list))
        return;
    list->magic = 0;
    for (size_t i = 0; i < list->count; i++)
        cutover_job_free(list->items[i]);
    free(list->items);
    free(list);
}

/* ---- cancelling ---- */

/* One that died at its swap ends within seconds of nobody's. */
static void tell_dead(const struct host *host, const char *job_id, cutover_error **error)
{
    struct found_job job = {0};
    char dead[ID_SIZE];

    if (lookup_job(host, job_id, &job, NULL) != CUTOVER_OK)
        return;
    lease_find_dead(host, found_job_project(&job), dead);
    if (strcmp(dead, job_id) == 0)
        lease_tell_dead(host, found_job_project(&job), error);
    found_job_free(&job);
}

cutover_status cutover_job_cancel(cutover_engine *engine, const cutover_actor *actor, const char *job_id,
                                  cutover_error **error)
{
    cutover_actor whole;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("job_id", job_id, error);
    if (status == CUTOVER_OK)
        status = engine_operator("actor", actor, "Jobs are cancelled by operators.", &whole, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_error *local = NULL;
    status = cancellation_ask(&engine->host, &whole, job_id, &local);
    if (status == CUTOVER_E_STATE)
        tell_dead(&engine->host, job_id, &local);
    error_move(error, local);
    return status;
}

/* ---- what a job tells ---- */

const char *cutover_job_id(const cutover_job *job)
{
    return is_job(job) ? found_job_id(&job->found) : NULL;
}

const char *cutover_job_kind(const cutover_job *job)
{
    return is_job(job) ? found_job_kind(&job->found) : NULL;
}

const char *cutover_job_status(const cutover_job *job)
{
    return is_job(job) ? found_job_status(&job->found) : NULL;
}

int32_t cutover_job_is_over(const cutover_job *job)
{
    return is_job(job) && found_job_is_over(&job->found);
}

const char *cutover_job_project_id(const cutover_job *job)
{
    return is_job(job) ? found_job_project(&job->found) : NULL;
}

const char *cutover_job_request_id(const cutover_job *job)
{
    return is_job(job) ? found_job_request(&job->found) : NULL;
}

int64_t cutover_job_created_at(const cutover_job *job)
{
    return is_job(job) ? found_job_created_at(&job->found) : 0;
}

uint64_t cutover_job_version(const cutover_job *job)
{
    return is_job(job) ? job->found.version : 0;
}

const char *cutover_job_json(const cutover_job *job)
{
    return is_job(job) ? job->json : NULL;
}

cutover_status cutover_job_progress(const cutover_job *job, cutover_progress *progress)
{
    cutover_progress told;

    if (!is_job(job))
        return CUTOVER_E_INVALID;
    if (job->progress == NULL)
        return CUTOVER_E_STATE;
    progress_read(job->progress, &told);
    told.job_id = cutover_job_id(job);
    /* It was told with a sign of life, perhaps before the job was held: nobody knows how long a person takes. */
    if (strcmp(cutover_job_status(job), promotion_status_names[PROMOTION_HELD]) == 0)
        told.seconds_left = -1;
    return progress_hand_over(&told, progress);
}

const char *cutover_job_report(const cutover_job *job)
{
    return is_job(job) ? job->report : NULL;
}

int64_t cutover_job_renewed_at(const cutover_job *job)
{
    return is_job(job) ? job->renewed_at : 0;
}

void cutover_job_free(cutover_job *job)
{
    if (!is_job(job))
        return;
    job->magic = 0;
    found_job_free(&job->found);
    json_object_put(job->progress);
    free(job->report);
    free(job->json);
    free(job);
}
