#include "pipeline/recheck_find.h"

#include "base/clock.h"
#include "job/journal.h"
#include "postgres/database.h"

#include <stdlib.h>
#include <string.h>

/* A server that takes longer to tell what it holds is one that does not answer. */
#define LOOK_US (10 * SECOND)
#define SECOND INT64_C(1000000)

static void past_free(struct past *past)
{
    for (size_t i = 0; i < past->count; i++)
        record_free(&promotion_type, &past->jobs[i]);
    free(past->jobs);
    memset(past, 0, sizeof *past);
}

void recheck_free(struct recheck *recheck)
{
    session_close(recheck->control);
    standing_free(&recheck->standing);
    past_free(&recheck->past);
    project_free(&recheck->project);
}

static cutover_status past_add(void *context, const struct document *document, cutover_error **error)
{
    struct past *past = context;
    struct promotion_record record = {0};
    cutover_status status = record_parse(&promotion_type, document->body, &record, error);

    if (status != CUTOVER_OK || !machine_promotion_is_over(record.status) ||
        promotion_target_preview(&record) != NULL) {
        record_free(&promotion_type, &record);
        return status;
    }
    if (past->count == past->capacity) {
        size_t capacity = past->capacity == 0 ? 8 : past->capacity * 2;
        struct promotion_record *grown = reallocarray(past->jobs, capacity, sizeof *grown);
        if (grown == NULL) {
            record_free(&promotion_type, &record);
            return error_nomem(error);
        }
        past->jobs = grown;
        past->capacity = capacity;
    }
    past->jobs[past->count++] = record;
    return CUTOVER_OK;
}

static cutover_status past_read(struct recheck *recheck, cutover_error **error)
{
    past_free(&recheck->past);
    return document_walk(&recheck->host->store, promotion_type.kind, recheck->project_id, past_add,
                         &recheck->past, error);
}

const struct promotion_record *recheck_newest(const struct recheck *recheck)
{
    const struct past *past = &recheck->past;

    return past->count > 0 ? &past->jobs[past->count - 1] : NULL;
}

/* What it did can be looked for on this server. */
static bool counts(const struct recheck *recheck, const struct promotion_record *job)
{
    return job->status == PROMOTION_COMPLETED && job->swapped &&
           strcmp(job->system_identifier, recheck->control->system_identifier) == 0 &&
           strcmp(job->production_name, recheck->production) == 0;
}

const struct promotion_record *recheck_older(const struct recheck *recheck, size_t *from)
{
    while (*from > 0) {
        const struct promotion_record *job = &recheck->past.jobs[--*from];
        if (counts(recheck, job))
            return job;
    }
    return NULL;
}

/* How many of the newest swaps are to be taken back to get at what the server holds; *known false: no number of them. */
static size_t steps_back(const struct recheck *recheck, bool *known)
{
    const struct promotion_record *job;
    size_t steps = 0, at = recheck->past.count;

    *known = true;
    for (; (job = recheck_older(recheck, &at)) != NULL; steps++) {
        if ((uint32_t)job->staging_oid == recheck->standing.oid)
            return steps;
        if ((uint32_t)job->production_oid == recheck->standing.oid)
            return steps + 1;
    }
    *known = steps == 0;
    return 0;
}

/* What became of what a job brought in. */
enum trace { TRACE_GONE, TRACE_AS_BEFORE_THE_SWAP, TRACE_KEPT /* by a person */ };

static cutover_status trace_of(struct recheck *recheck, const struct promotion_record *job, enum trace *trace,
                               cutover_error **error)
{
    uint32_t oid = (uint32_t)job->staging_oid;
    char *name = NULL;
    bool ours = false;
    cutover_status status = database_name_of(recheck->control, oid, &name, error);

    /* What bears production's name now came in once before. */
    if (status != CUTOVER_OK || name == NULL || oid == recheck->standing.oid)
        *trace = TRACE_GONE;
    else if (strcmp(name, job->staging_name) != 0)
        *trace = TRACE_KEPT;
    else if (!machine_job_traits(job->kind)->makes_incoming)
        *trace = TRACE_GONE;
    else {
        status = database_is_ours(recheck->control, name, oid, &ours, error);
        *trace = ours ? TRACE_AS_BEFORE_THE_SWAP : TRACE_KEPT;
    }
    free(name);
    return status;
}

/* What came in and is still there, but not as it was before its swap, a person has put aside. */
static cutover_status check_lost(struct recheck *recheck, cutover_error **error)
{
    size_t at = recheck->past.count;
    cutover_status status = CUTOVER_OK;
    bool lost = true, forgotten = false;

    for (size_t i = 0; status == CUTOVER_OK && lost && i < recheck->steps; i++) {
        enum trace trace = TRACE_GONE;
        status = trace_of(recheck, recheck_older(recheck, &at), &trace, error);
        lost = trace != TRACE_KEPT;
        forgotten |= trace == TRACE_AS_BEFORE_THE_SWAP;
    }
    recheck->lost = status == CUTOVER_OK && lost ? recheck->steps : 0;
    recheck->forgotten = forgotten;
    return status;
}

/* Behind a swap that was meant, on a timeline that ended, a door that is closed is the job's: but not where that swap stands,
   which opened it itself, nor where the host has a reason of its own. */
static bool door_was_left(const struct recheck *recheck)
{
    const struct promotion_record *job = recheck_newest(recheck);

    if (job == NULL || !job->swap_intended || job->timeline == 0 ||
        job->timeline >= recheck->standing.timeline || strcmp(recheck->project.state, "active") != 0)
        return false;
    return !job->swapped || (uint32_t)job->staging_oid != recheck->standing.oid;
}

static cutover_status find(struct recheck *recheck, cutover_error **error)
{
    bool known = true;

    standing_free(&recheck->standing);
    recheck->lost = 0;
    cutover_status status = standing_read(recheck->control, recheck->production, &recheck->standing, error);
    if (status != CUTOVER_OK)
        return status;
    recheck->steps = steps_back(recheck, &known);
    if (recheck->steps > 0)
        status = check_lost(recheck, error);
    if (recheck->standing.oid == 0)
        recheck->finding = FOUND_ABSENT;
    else if (recheck->lost > 0)
        recheck->finding = FOUND_LOST;
    else if (recheck->standing.fenced != NULL)
        recheck->finding = FOUND_LEFT;
    else if (!recheck->standing.open)
        recheck->finding = door_was_left(recheck) ? FOUND_LEFT : FOUND_CLOSED;
    else if (recheck->steps > 0)
        recheck->finding = FOUND_TAKEN_BACK;
    else
        recheck->finding = known ? FOUND_STANDS : FOUND_OTHER;
    return status;
}

static cutover_status ask_project(struct recheck *recheck, cutover_error **error)
{
    struct host *host = recheck->host;
    cutover_status status = platform_project(&host->platform, recheck->project_id, &recheck->project, error);

    if (status == CUTOVER_OK && !recheck->project.found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", recheck->project_id);
    if (status != CUTOVER_OK)
        return status;
    recheck->production = conninfo_get(&recheck->project.production, "dbname");
    if (recheck->production == NULL)
        return error_set(error, CUTOVER_E_INVALID, "project.database: it must name a database");
    return CUTOVER_OK;
}

static cutover_status reach_server(struct recheck *recheck, cutover_error **error)
{
    const struct conninfo *production = &recheck->project.production;
    const struct session_options options = {
        .conninfo = production,
        .database = recheck->project.control_database,
        .log = &recheck->host->log,
        .connect_timeout_s = recheck->connect_timeout_s,
    };
    int64_t began_us = monotonic_us();

    if (recheck->silent != NULL && recheck_silent_has(recheck->silent, production))
        return error_set(error, CUTOVER_E_POSTGRES, "its server did not answer a moment ago");
    cutover_status status = session_open(&options, &recheck->control, error);
    if (status == CUTOVER_OK)
        recheck->control->deadline_us = monotonic_us() + LOOK_US;
    else if (recheck->silent != NULL && monotonic_us() - began_us >= recheck->connect_timeout_s * SECOND)
        recheck_silent_add(recheck->silent, production);
    return status;
}

cutover_status recheck_look_again(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = past_read(recheck, error);

    return status == CUTOVER_OK ? find(recheck, error) : status;
}

cutover_status recheck_look(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = lock_check(recheck->host, recheck->project_id, error);

    if (status == CUTOVER_OK)
        status = ask_project(recheck, error);
    if (status == CUTOVER_OK)
        status = reach_server(recheck, error);
    return status == CUTOVER_OK ? recheck_look_again(recheck, error) : status;
}
