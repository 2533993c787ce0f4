#include "pipeline/recheck_tell.h"

#include <string.h>

static cutover_recovered outcome_of(const struct recheck *recheck, bool mended)
{
    switch (recheck->finding) {
    case FOUND_LOST:
        return CUTOVER_RECOVERED_LOST;
    case FOUND_LEFT:
        return mended ? CUTOVER_RECOVERED_UNDONE : CUTOVER_RECOVERED_DIFFERENT;
    case FOUND_CLOSED:
    case FOUND_ABSENT:
    case FOUND_TAKEN_BACK:
    case FOUND_OTHER:
        return CUTOVER_RECOVERED_DIFFERENT;
    case FOUND_STANDS:
        break;
    }
    return CUTOVER_RECOVERED_STANDS;
}

void recheck_add_loss(const struct recheck *recheck, const struct promotion_record *job, struct text *words)
{
    long long then = (long long)job->timeline, now = (long long)recheck->standing.timeline;

    text_add(words, recheck->forgotten ? "production's server lost it: "
                                       : "it is not on production's server any more: ");
    text_add(words, then != 0 && then != now ? "that failed over or was restored since"
                                             : "that was restored to before it");
    if (!recheck->forgotten)
        text_add(words, ", or somebody took it back by hand");
    if (then != 0)
        text_add_format(words, " (timeline %lld then, %lld now)", then, now);
}

static void describe_lost(const struct recheck *recheck, const struct promotion_record *job, bool mended,
                          struct text *message)
{
    text_add_format(message, "%s %s had been completed, and ", job_kind_names[job->kind], job->id);
    recheck_add_loss(recheck, job, message);
    text_add_format(message, "; production is the database from before it (OID %u)", recheck->standing.oid);
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
    case FOUND_TAKEN_BACK:
        text_add_format(message,
                        "production is the database from before %s %s (OID %u), and what that brought in is "
                        "kept: somebody took it back by hand; its record says completed",
                        job_kind_names[job->kind], job->id, standing->oid);
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

/* The newest that swapped where that is not there, else the newest. */
static const struct promotion_record *job_told(const struct recheck *recheck)
{
    size_t at = recheck->past.count;

    return recheck->steps > 0 ? recheck_older(recheck, &at) : recheck_newest(recheck);
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

cutover_status recheck_tell(const struct recheck *recheck, bool mended, cutover_recovery_emit emit,
                            void *context)
{
    struct text message = TEXT_INIT;

    describe(recheck, job_told(recheck), mended, &message);
    cutover_status status = tell(recheck, outcome_of(recheck, mended), text_string(&message), emit, context);
    text_free(&message);
    return status;
}

cutover_status recheck_tell_failed(const struct recheck *recheck, cutover_status why,
                                   const cutover_error *error, cutover_recovery_emit emit, void *context)
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
