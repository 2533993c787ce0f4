/*
 * Step held: everything is ready, and waits for its release.
 *
 * A hold has an end of its own, and does not outlive its preview: the first to come ends the job, with production open. Before the
 * preview ends, somebody is told in time, and where the host's policy says so, and its platform can, the preview is kept a little
 * longer, again and again. Nothing here decides whether a swap is right: that is asked once more right before it.
 */
#include "job/hold.h"
#include "pipeline/job.h"

#include <cutover/engine.h>

#define SECOND INT64_C(1000000)
#define HOLD_LOOK_MS 250
#define PREVIEW_LOOK_US (2 * SECOND)
#define EXTEND_EVERY_US (60 * SECOND)

/* A preview that is waited for: what the platform said last. */
struct waiting {
    struct job *job;
    int64_t looked_us; /* by the monotonic clock; 0: not yet */
    bool known;        /* the platform answered */
    struct preview preview;
    int64_t told_of;     /* the end that was told of; 0: none */
    int64_t extended_us; /* when that was tried last, by the monotonic clock; 0: not yet */
    bool extend_failed;  /* that was said */
};

/* A platform that cannot be asked now is asked again: what counts is what it says before the swap. */
static void preview_look(struct waiting *waiting)
{
    struct job *job = waiting->job;
    bool asked = waiting->looked_us != 0;
    cutover_error *local = NULL;

    preview_free(&waiting->preview);
    waiting->looked_us = monotonic_us();
    bool known = platform_preview(&job->host->platform, job->from.preview.preview.id, &waiting->preview,
                                  &local) == CUTOVER_OK;
    if (!known && (waiting->known || !asked))
        job_warn(job, "whether the preview is about to end is not known: %s", cutover_error_message(local));
    waiting->known = known;
    cutover_error_free(local);
}

static bool is_ending(const struct waiting *waiting)
{
    const struct host *host = waiting->job->host;
    const struct preview *preview = &waiting->preview;

    return preview->found && preview->expires_at != 0 &&
           preview->expires_at - clock_now(&host->clock) <= host->preview_notice_us;
}

static cutover_status ending_commit(struct waiting *waiting, cutover_error **error)
{
    struct job *job = waiting->job;
    struct host *host = job->host;
    struct json_object *data = json_object_new_object();
    struct change *change = NULL;

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "preview_database_id", waiting->preview.id);
    json_put_text(data, "status", request_status_names[REQUEST_IN_PROGRESS]);
    json_put_time(data, "expires_at", waiting->preview.expires_at);
    cutover_status status = change_begin(&host->store, &host->clock, job->project.id, &change, error);
    if (status == CUTOVER_OK)
        status = change_event(change, "preview.expiring", job->request_id, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

/* One that ends earlier than was told, or as much later that somebody must have meant it, is another end. A host may answer with
   a little more at each look. */
static bool is_told(const struct waiting *waiting)
{
    int64_t end = waiting->preview.expires_at;

    return waiting->told_of != 0 && end >= waiting->told_of &&
           end - waiting->told_of < waiting->job->host->preview_notice_us;
}

/* That it cannot be told ends no job. */
static void ending_tell(struct waiting *waiting)
{
    char ends[TIME_TEXT_SIZE];
    cutover_error *cause = NULL;
    cutover_status status;
    unsigned attempt = 0;

    if (is_told(waiting))
        return;
    waiting->told_of = waiting->preview.expires_at;
    time_format(waiting->preview.expires_at, ends);
    job_warn(waiting->job, "the preview ends at %s: release the promotion, or extend the preview, before that",
             ends);
    do
        status = ending_commit(waiting, &cause);
    while (change_again(status, &attempt, &cause));
    if (status != CUTOVER_OK)
        job_warn(waiting->job, "that was not put into the outbox: %s", cutover_error_message(cause));
    cutover_error_free(cause);
}

static bool may_extend(const struct host *host)
{
    return (host->policy & CUTOVER_POLICY_EXTEND_PREVIEW) != 0 && host->platform.preview_extend != NULL;
}

/* Whoever said no, or gave little, is not asked at each look; a notice that is short leaves time for some tries. */
static bool extend_is_due(const struct waiting *waiting)
{
    int64_t every = waiting->job->host->preview_notice_us / 4;

    if (every > EXTEND_EVERY_US)
        every = EXTEND_EVERY_US;
    return waiting->extended_us == 0 || monotonic_us() - waiting->extended_us >= every;
}

static void extend_failed(struct waiting *waiting, const char *why)
{
    if (!waiting->extend_failed)
        job_warn(waiting->job, "the preview could not be extended: %s", why);
    waiting->extend_failed = true;
}

/* By as much as leaves it out of notice for as long again. */
static void extend(struct waiting *waiting)
{
    struct job *job = waiting->job;
    struct host *host = job->host;
    int64_t until = clock_now(&host->clock) + 2 * host->preview_notice_us;
    cutover_error *local = NULL;

    waiting->extended_us = monotonic_us();
    cutover_status status =
        platform_preview_extend(&host->platform, job->from.preview.preview.id, until, &local);
    if (status != CUTOVER_OK) {
        extend_failed(waiting, cutover_error_message(local));
        cutover_error_free(local);
        return;
    }
    preview_look(waiting);
    if (!waiting->known)
        return;
    if (is_ending(waiting)) {
        extend_failed(waiting, "the platform took it, and it still ends soon");
        return;
    }
    waiting->extend_failed = false;
    log_line(&host->log, LOG_INFO_LEVEL, "%s: its preview was extended while it is held", job->id);
}

static void ending_meet(struct waiting *waiting)
{
    if (may_extend(waiting->job->host)) {
        if (!extend_is_due(waiting))
            return;
        extend(waiting);
    }
    if (waiting->known && is_ending(waiting))
        ending_tell(waiting);
}

/* What its end was may have been changed by anybody: nothing is said but of what the platform told just now. */
static cutover_status preview_watch(struct waiting *waiting, cutover_error **error)
{
    struct job *job = waiting->job;
    struct machine_facts facts;

    if (waiting->looked_us != 0 && monotonic_us() - waiting->looked_us < PREVIEW_LOOK_US)
        return CUTOVER_OK;
    preview_look(waiting);
    if (!waiting->known)
        return CUTOVER_OK;
    host_facts(job->host, &job->project, &waiting->preview, &facts);
    cutover_status status = machine_preview_check(&facts, job->project.id, error);
    if (status != CUTOVER_OK)
        return status;
    if (is_ending(waiting))
        ending_meet(waiting);
    return CUTOVER_OK;
}

static cutover_status end_check(struct job *job, int64_t began_us, cutover_error **error)
{
    if (monotonic_us() - began_us < job->hold_max_s * SECOND)
        return CUTOVER_OK;
    return job_end_by_limit(job, error, "it was held for %lld seconds, as long as it may",
                            (long long)job->hold_max_s);
}

static cutover_status wait_for_release(struct job *job, cutover_error **error)
{
    struct waiting waiting = {.job = job};
    int64_t began_us = monotonic_us();
    bool released = false;
    cutover_status status;

    do {
        status = hold_is_released(job->host, job->journal.record.id, &released, error);
        if (status == CUTOVER_OK && !released)
            status = progress_tick(&job->operation.progress, error);
        if (status == CUTOVER_OK && !released)
            status = preview_watch(&waiting, error);
        if (status == CUTOVER_OK && !released)
            status = end_check(job, began_us, error);
        if (status == CUTOVER_OK && !released)
            status = job_catch_up_meanwhile(job, error);
        if (status == CUTOVER_OK && !released)
            status = cancel_sleep(&job->operation.cancel, HOLD_LOOK_MS, error);
    } while (status == CUTOVER_OK && !released);
    preview_free(&waiting.preview);
    return status;
}

cutover_status step_held(struct job *job, cutover_error **error)
{
    /* For people: the hold itself is measured by a clock that nobody sets. */
    job->journal.record.held_until = clock_now(&job->host->clock) + job->hold_max_s * SECOND;
    cutover_status status = journal_step(&job->journal, PROMOTION_HELD, error);

    return status == CUTOVER_OK ? wait_for_release(job, error) : status;
}
