#include "pipeline/recheck.h"

#include "job/journal.h"
#include "job/undo.h"
#include "postgres/database.h"
#include "postgres/loader.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/fence.h"
#include "postgres/swap/standing.h"

#include <stdlib.h>
#include <string.h>

/*
 * How a project is held against its server, and what is done about what differs.
 *
 * The store has the jobs that overwrote production, oldest first; each says which database bore production's name before it, and
 * which after. The server says which one does now. Where that is the newest job's, it stands. Where it is the one that the newest
 * displaced, and what had come in is still called as it was before its swap, or is not there at all, the server lost that swap; a
 * server that was restored to an older day lost several, and the newest of those before them stands. What came in and bears a third
 * name was renamed by a person, who may: that is told to who asks, and left alone.
 *
 * A fence is known by what is set (postgres/fence_setting.h), so one that stands with no job under way was left by a job, whoever's.
 * A door that is closed says nothing about who closed it. It was a job's where a fence stands behind it, where a swap was lost, or where the newest job
 * meant to swap and the server began another timeline since: then what opened it again was lost. Any other closed door is told.
 *
 * Whatever is done is done under the advisory locks, which nobody is ended for: whoever holds one is at work, in this store or in
 * another's, and looks after production himself. First production is opened, then the records are made to say what is true; each act
 * may be repeated.
 */

#define MEND_US (120 * INT64_C(1000000))

/* Jobs over production that have ended, oldest first. */
struct past {
    struct promotion_record *jobs;
    size_t count, capacity;
};

enum finding {
    FOUND_STANDS, /* production is what the store says, or nothing of the store is about it */
    FOUND_LOST,   /* what was completed is not there */
    FOUND_LEFT,   /* a job's fence or door */
    FOUND_CLOSED, /* a door that nobody of ours closed, as far as can be told */
    FOUND_ABSENT, /* nobody bears production's name */
    FOUND_OTHER   /* a database that no job of this store made */
};

struct recheck {
    struct host *host;
    const char *project_id;
    struct project project;
    const char *production; /* its name */
    struct session *control;
    struct past past;
    size_t lost; /* how many of the newest that swapped */
    struct standing standing;
    enum finding finding;
};

static void past_free(struct past *past)
{
    for (size_t i = 0; i < past->count; i++)
        record_free(&promotion_type, &past->jobs[i]);
    free(past->jobs);
    memset(past, 0, sizeof *past);
}

static void recheck_free(struct recheck *recheck)
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

static const struct promotion_record *newest(const struct past *past)
{
    return past->count > 0 ? &past->jobs[past->count - 1] : NULL;
}

/* What it did can be looked for on this server. */
static bool counts(const struct recheck *recheck, const struct promotion_record *job)
{
    return job->status == PROMOTION_COMPLETED && job->swapped &&
           strcmp(job->system_identifier, recheck->control->system_identifier) == 0 &&
           strcmp(job->production_name, recheck->production) == 0;
}

/* The next older one that counts than index `from`; NULL: none. */
static const struct promotion_record *older(const struct recheck *recheck, size_t *from)
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
    for (; (job = older(recheck, &at)) != NULL; steps++) {
        if ((uint32_t)job->staging_oid == recheck->standing.oid)
            return steps;
        if ((uint32_t)job->production_oid == recheck->standing.oid)
            return steps + 1;
    }
    *known = steps == 0;
    return 0;
}

/* Whether what came in with each of them is called as before its swap, or is not there. */
static cutover_status check_lost(struct recheck *recheck, size_t steps, cutover_error **error)
{
    size_t at = recheck->past.count;
    cutover_status status = CUTOVER_OK;
    bool lost = true;

    for (size_t i = 0; status == CUTOVER_OK && lost && i < steps; i++) {
        const struct promotion_record *job = older(recheck, &at);
        char *name = NULL;
        status = database_name_of(recheck->control, (uint32_t)job->staging_oid, &name, error);
        /* What bears production's name now came in once before. */
        lost = name == NULL || strcmp(name, job->staging_name) == 0 ||
               (uint32_t)job->staging_oid == recheck->standing.oid;
        free(name);
    }
    recheck->lost = status == CUTOVER_OK && lost ? steps : 0;
    return status;
}

/* Behind a swap that was meant, on a timeline that ended, a door that is closed is the job's: but not where that swap stands,
   which opened it itself, nor where the host has a reason of its own. */
static bool door_was_left(const struct recheck *recheck)
{
    const struct promotion_record *job = newest(&recheck->past);

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
    size_t steps = steps_back(recheck, &known);
    if (steps > 0)
        status = check_lost(recheck, steps, error);
    if (recheck->standing.oid == 0)
        recheck->finding = FOUND_ABSENT;
    else if (recheck->lost > 0)
        recheck->finding = FOUND_LOST;
    else if (recheck->standing.fenced != NULL)
        recheck->finding = FOUND_LEFT;
    else if (!recheck->standing.open)
        recheck->finding = door_was_left(recheck) ? FOUND_LEFT : FOUND_CLOSED;
    else
        recheck->finding = known && steps == 0 ? FOUND_STANDS : FOUND_OTHER;
    return status;
}

static cutover_status open_project(struct recheck *recheck, cutover_error **error)
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
    struct session_options options = {
        .conninfo = &recheck->project.production,
        .database = recheck->project.control_database,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
    };
    status = session_open(&options, &recheck->control, error);
    if (status == CUTOVER_OK)
        recheck->control->deadline_us = monotonic_us() + MEND_US;
    return status;
}

static cutover_status look(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = lock_check(recheck->host, recheck->project_id, error);

    if (status == CUTOVER_OK)
        status = open_project(recheck, error);
    if (status == CUTOVER_OK)
        status = past_read(recheck, error);
    return status == CUTOVER_OK ? find(recheck, error) : status;
}

/* Who only looks takes no lock. */
static cutover_status check_nobody_at_work(struct recheck *recheck, cutover_error **error)
{
    const int64_t keys[] = {advisory_key(recheck->project_id), advisory_key_of_database(recheck->production)};
    cutover_status status = CUTOVER_OK;
    bool taken = false;

    for (size_t i = 0; status == CUTOVER_OK && !taken && i < sizeof keys / sizeof *keys; i++)
        status = advisory_lock_elsewhere(recheck->control, keys[i], &taken, error);
    if (status == CUTOVER_OK && taken)
        status = error_set(error, CUTOVER_E_LOCKED,
                           "a job that this store does not know is at work on production's server");
    return status;
}

/* ---- mending ---- */

/* Whoever is at work has one of them; afterwards it may be another world. */
static cutover_status look_alone(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = advisory_lock(recheck->control, advisory_key(recheck->project_id), error);

    if (status == CUTOVER_OK)
        status = advisory_lock(recheck->control, advisory_key_of_database(recheck->production), error);
    if (status == CUTOVER_OK)
        status = lock_check(recheck->host, recheck->project_id, error);
    if (status == CUTOVER_OK)
        status = past_read(recheck, error);
    return status == CUTOVER_OK ? find(recheck, error) : status;
}

static cutover_status fence_down(struct recheck *recheck, cutover_error **error)
{
    struct json_object *plan = NULL;
    uint32_t oid = recheck->standing.oid;
    cutover_status status = fence_plan(recheck->control, oid, &plan, error);

    if (status == CUTOVER_OK)
        status = undo_fence(recheck->host, recheck->control, recheck->project_id, recheck->production, oid,
                            plan, error);
    json_object_put(plan);
    return status;
}

static cutover_status open_production(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (!recheck->standing.open)
        status = door_open(recheck->control, recheck->production, error);
    return status == CUTOVER_OK && recheck->standing.fenced != NULL ? fence_down(recheck, error) : status;
}

static cutover_status drop_incoming(struct recheck *recheck, const struct promotion_record *job,
                                    cutover_error **error)
{
    if (!machine_job_traits(job->kind)->makes_incoming)
        return CUTOVER_OK;
    cutover_status status =
        database_drop(recheck->control, job->staging_name, (uint32_t)job->staging_oid, error);
    return status == CUTOVER_OK ? loader_drop(recheck->control, job->staging_name, error) : status;
}

static cutover_status record_lost(struct recheck *recheck, const struct promotion_record *job,
                                  cutover_error **error)
{
    struct journal journal = {0};
    cutover_error *reason = NULL;
    char completed[TIME_TEXT_SIZE];

    time_format(job->completed_at, completed);
    error_set(
        &reason, CUTOVER_E_INTERNAL,
        "it was completed at %s, and production's server lost it: it failed over or was restored (timeline "
        "%lld then, %lld now)",
        completed, (long long)job->timeline, (long long)recheck->standing.timeline);
    cutover_status status = journal_load(recheck->host, job->id, &journal, error);
    if (status == CUTOVER_OK)
        status = journal_lose(&journal, reason, error);
    journal_free(&journal);
    cutover_error_free(reason);
    return status;
}

static cutover_status mend_lost(struct recheck *recheck, cutover_error **error)
{
    size_t at = recheck->past.count;
    cutover_status status = open_production(recheck, error);

    for (size_t i = 0; status == CUTOVER_OK && i < recheck->lost; i++) {
        const struct promotion_record *job = older(recheck, &at);
        status = drop_incoming(recheck, job, error);
        if (status == CUTOVER_OK)
            status = record_lost(recheck, job, error);
    }
    return status;
}

static cutover_status mend(struct recheck *recheck, cutover_error **error)
{
    cutover_status status = look_alone(recheck, error);

    if (status == CUTOVER_OK && recheck->finding == FOUND_LOST)
        status = mend_lost(recheck, error);
    else if (status == CUTOVER_OK && recheck->finding == FOUND_LEFT)
        status = open_production(recheck, error);
    return status;
}

/* ---- telling ---- */

static cutover_recovered outcome_of(const struct recheck *recheck, bool mended)
{
    switch (recheck->finding) {
    case FOUND_LOST:
        return CUTOVER_RECOVERED_LOST;
    case FOUND_LEFT:
        return mended ? CUTOVER_RECOVERED_UNDONE : CUTOVER_RECOVERED_DIFFERENT;
    case FOUND_CLOSED:
    case FOUND_ABSENT:
    case FOUND_OTHER:
        return CUTOVER_RECOVERED_DIFFERENT;
    case FOUND_STANDS:
        break;
    }
    return CUTOVER_RECOVERED_STANDS;
}

static void describe_lost(const struct recheck *recheck, const struct promotion_record *job, bool mended,
                          struct text *message)
{
    text_add_format(
        message,
        "production's server lost what %s %s had completed: it failed over or was restored (timeline "
        "%lld then, %lld now); production is the database from before it (OID %u)",
        job_kind_names[job->kind], job->id, (long long)job->timeline, (long long)recheck->standing.timeline,
        recheck->standing.oid);
    if (recheck->lost > 1)
        text_add_format(message, ", and from before %zu more", recheck->lost - 1);
    text_add(message, mended ? "; it is open and writable, and the records say so" : ": run recovery");
}

static void describe(const struct recheck *recheck, const struct promotion_record *job, bool mended,
                     struct text *message)
{
    const struct standing *standing = &recheck->standing;

    switch (recheck->finding) {
    case FOUND_LOST:
        describe_lost(recheck, job, mended, message);
        break;
    case FOUND_LEFT:
        text_add_format(message, "production was left %s%s%s by a job that is gone%s",
                        standing->open ? "" : "closed",
                        standing->open || standing->fenced == NULL ? "" : " and ",
                        standing->fenced != NULL ? "refusing writes" : "",
                        mended ? "; it is open and writable again" : ": run recovery");
        break;
    case FOUND_CLOSED:
        text_add_format(
            message,
            "production is closed to everybody, and no job is known to have closed it: ALTER DATABASE "
            "\"%s\" ALLOW_CONNECTIONS true, unless somebody meant it",
            recheck->production);
        break;
    case FOUND_ABSENT:
        text_add_format(message, "production's server has no database \"%s\"", recheck->production);
        break;
    case FOUND_OTHER:
        text_add_format(
            message,
            "production is a database (OID %u) that no job of this store brought: somebody replaced it "
            "since",
            standing->oid);
        break;
    case FOUND_STANDS:
        text_add(message, job == NULL ? "production is open and writable; no job has overwritten it"
                                      : "production is open, writable, and what the last job left");
        break;
    }
}

/* The newest that swapped where one was lost, else the newest. */
static const struct promotion_record *job_told(const struct recheck *recheck)
{
    size_t at = recheck->past.count;

    return recheck->lost > 0 ? older(recheck, &at) : newest(&recheck->past);
}

static cutover_status tell(const struct recheck *recheck, cutover_recovered outcome, const char *message,
                           cutover_recovery_emit emit, void *context)
{
    const struct promotion_record *job = job_told(recheck);
    const cutover_recovery told = {
        .version = CUTOVER_RECOVERY_VERSION,
        .job = job != NULL ? job_kind_names[job->kind] : "",
        .job_id = job != NULL ? job->id : "",
        .project_id = recheck->project_id,
        .request_id = job != NULL && job->request_id != NULL ? job->request_id : "",
        .outcome = outcome,
        .message = message,
    };

    if (outcome != CUTOVER_RECOVERED_STANDS)
        log_line(&recheck->host->log, LOG_WARNING_LEVEL, "project %s: %s: %s", recheck->project_id,
                 cutover_recovered_name(outcome), message);
    return emit != NULL ? emit(&told, context) : CUTOVER_OK;
}

static cutover_status tell_found(const struct recheck *recheck, bool mended, cutover_recovery_emit emit,
                                 void *context)
{
    struct text message = TEXT_INIT;

    describe(recheck, job_told(recheck), mended, &message);
    cutover_status status = tell(recheck, outcome_of(recheck, mended), text_string(&message), emit, context);
    text_free(&message);
    return status;
}

static cutover_status tell_failed(const struct recheck *recheck, cutover_status why, const cutover_error *error,
                                  cutover_recovery_emit emit, void *context)
{
    struct text message = TEXT_INIT;
    const char *hint = cutover_error_hint(error);

    text_add_format(&message, "%s%s%s",
                    why == CUTOVER_E_LOCKED ? ""
                                            : "whether production is what the last job left cannot be told: ",
                    cutover_error_message(error), hint != NULL ? ": " : "");
    text_add(&message, hint != NULL ? hint : "");
    cutover_status status =
        tell(recheck, why == CUTOVER_E_LOCKED ? CUTOVER_RECOVERED_RUNNING : CUTOVER_RECOVERED_FAILED,
             text_string(&message), emit, context);
    text_free(&message);
    return status;
}

/* Whether it is for recovery to speak of. What people renamed, or dropped with their project, is not; nor is the closed door of a
   project that the host calls anything but active. */
static bool is_wrong(const struct recheck *recheck)
{
    enum finding finding = recheck->finding;

    return finding == FOUND_LOST || finding == FOUND_LEFT ||
           (finding == FOUND_CLOSED && strcmp(recheck->project.state, "active") == 0);
}

/* What kept recovery from looking. Somebody who is at work is no news; a server that is away is, for who asked for its project. */
static bool is_told(cutover_status status, bool asked)
{
    return asked && status != CUTOVER_E_LOCKED && status != CUTOVER_E_NOT_FOUND;
}

cutover_status recheck_project(struct host *host, const char *project_id, bool mends, bool thorough,
                               cutover_recovery_emit emit, void *context)
{
    struct recheck recheck = {.host = host, .project_id = project_id};
    cutover_error *error = NULL;

    cutover_status status = look(&recheck, &error), told = CUTOVER_OK;
    bool wrong = status == CUTOVER_OK && is_wrong(&recheck);
    if (wrong)
        status = mends ? mend(&recheck, &error) : check_nobody_at_work(&recheck, &error);
    if (status == CUTOVER_OK && (!mends || is_wrong(&recheck)))
        told = tell_found(&recheck, mends, emit, context);
    else if (status != CUTOVER_OK && (!mends || is_told(status, thorough || wrong)))
        told = tell_failed(&recheck, status, error, emit, context);
    else if (status != CUTOVER_OK)
        log_line(&host->log, LOG_INFO_LEVEL, "project %s was not held against its server: %s", project_id,
                 cutover_error_message(error));
    cutover_error_free(error);
    recheck_free(&recheck);
    return told;
}

/* ---- all of them ---- */

struct names {
    char **list;
    size_t count, capacity;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
}

static cutover_status name_add(void *context, const struct document *document, cutover_error **error)
{
    struct names *names = context;
    struct promotion_record record = {0};

    /* One that cannot be read is for whoever reads its project. */
    if (record_parse(&promotion_type, document->body, &record, NULL) != CUTOVER_OK ||
        record.project_id == NULL) {
        record_free(&promotion_type, &record);
        return CUTOVER_OK;
    }
    for (size_t i = names->count; i-- > 0;) {
        if (strcmp(names->list[i], record.project_id) == 0) {
            record_free(&promotion_type, &record);
            return CUTOVER_OK;
        }
    }
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        char **grown = reallocarray(names->list, capacity, sizeof *grown);
        if (grown == NULL) {
            record_free(&promotion_type, &record);
            return error_nomem(error);
        }
        names->list = grown;
        names->capacity = capacity;
    }
    names->list[names->count++] = record.project_id;
    record.project_id = NULL;
    record_free(&promotion_type, &record);
    return CUTOVER_OK;
}

/* Of two threads that come at once one looks. */
static bool is_due(struct host *host)
{
    int64_t now = clock_monotonic(&host->clock), last = atomic_load(&host->rechecked_us);

    if (last != 0 && now - last < RECHECK_US)
        return false;
    return atomic_compare_exchange_strong(&host->rechecked_us, &last, now != 0 ? now : 1);
}

cutover_status recheck_all(struct host *host, cutover_recovery_emit emit, void *context)
{
    struct names names = {NULL, 0, 0};
    cutover_error *error = NULL;

    if (!is_due(host))
        return CUTOVER_OK;
    cutover_status status = document_walk(&host->store, promotion_type.kind, NULL, name_add, &names, &error);
    if (status != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "projects were not held against their servers: %s",
                 cutover_error_message(error));
    status = CUTOVER_OK;
    for (size_t i = 0; status == CUTOVER_OK && i < names.count; i++)
        status = recheck_project(host, names.list[i], true, false, emit, context);
    names_free(&names);
    cutover_error_free(error);
    return status;
}
