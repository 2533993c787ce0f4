/*
 * Step catch_up: the backup was taken and verified while production took writes; now it is brought forward to what production holds,
 * and only for the last of that production refuses writes (docs/decisions/0035-late-fence.md).
 *
 * A round takes a mark of production's change counters, then a snapshot, reads again what may have changed since the mark of the round
 * before (postgres/swap/stale.h), and reads that back from the repository. Rounds before the fence make the last one small: they go on
 * as long as each has much less to read than the one before. Then every file of the archive is read through once more, the fence goes
 * up, and the last round is as any other, but that nothing can be written behind it: what the archive holds then is production's
 * content, to the row. Its mark is the one that the swap proves by, with the door closed. Then the archive is published.
 *
 * Until then it is no backup, and a job that ends before has displaced nothing: what is there of it is swept.
 */
#include "pipeline/job.h"

#include <cutover/repository.h>
#include <inttypes.h>
#include <string.h>

#define SECOND INT64_C(1000000)
/* What is read in well under a second: no round of its own is worth that. */
#define WORTH_BYTES (UINT64_C(4) << 20)
#define ROUNDS_MAX 8
#define ROUND_LOCK_MS                                                                                          \
    5000 /* one before the fence, for tables that somebody has for himself; behind it nobody does */
/* While it is held: looked at once a minute; what rounds cost stays a tenth of the time. */
#define HELD_EVERY_US (60 * SECOND)
#define HELD_SHARE 10
/* Reading rows is what was measured; reading them back, sequences, facts, the manifest and the swap come on top. */
#define ESTIMATE_FACTOR 1.5
#define ESTIMATE_FIXED_S 1.0

bool job_catches_up(const struct job *job)
{
    return job->target->backed_up && job->fence == CUTOVER_FENCE_LATE &&
           (job->host->repository.capabilities & CUTOVER_REPOSITORY_REWRITE) != 0;
}

/* What a round would have to read. */
struct round {
    struct fence_mark mark;
    struct stale stale;
    uint64_t bytes;
};

static void round_free(struct round *round)
{
    fence_mark_free(&round->mark);
    stale_free(&round->stale);
    round->bytes = 0;
}

static cutover_status round_look(struct job *job, struct round *round, cutover_error **error)
{
    cutover_status status = job_mark_take(job, &round->mark, error);

    if (status == CUTOVER_OK)
        status = stale_find(&job->mark, &round->mark, &round->stale, error);
    if (status == CUTOVER_OK)
        round->bytes = archive_stale_bytes(job->archive, &round->stale);
    return status;
}

/* From now on the archive is of this round's snapshot, and what changed is found by its mark. */
static cutover_status mark_follow(struct job *job, struct round *round, cutover_error **error)
{
    const struct text *facts = archive_written_facts(job->archive);

    text_add_bytes(&round->mark.facts, text_string(facts), facts->length);
    if (text_failed(&round->mark.facts))
        return error_nomem(error);
    fence_mark_free(&job->mark);
    job->mark = round->mark;
    round->mark = (struct fence_mark){0};
    return CUTOVER_OK;
}

static cutover_status round_read(struct job *job, struct snapshot *snapshot, struct round *round,
                                 cutover_error **error)
{
    int64_t began_us = monotonic_us();

    cutover_status status =
        archive_renew(job->archive, snapshot, &round->stale, &job->backup.record, &job->report.renewed, error);
    if (status == CUTOVER_OK)
        status = archive_check_renewed(job->archive, &round->stale, error);
    if (status == CUTOVER_OK)
        status = mark_follow(job, round, error);
    job->report.rounds++;
    job->caught_up_us = monotonic_us();
    job->round_us = job->caught_up_us - began_us;
    job->report.catch_up_us += job->round_us;
    return status;
}

static cutover_status round_run(struct job *job, struct round *round, cutover_error **error)
{
    const struct session_options options = job_inside(job);
    struct snapshot *snapshot = NULL;

    cutover_status status = snapshot_open(&options, SNAPSHOT_LOCK_MS, &snapshot, error);
    if (status == CUTOVER_OK)
        status = round_read(job, snapshot, round, error);
    snapshot_close(snapshot);
    return status;
}

/* One that may be left out, where somebody has a table for himself (55P03): nothing was read then, and the next one reads what this
   would have. *done: it was not. */
static cutover_status round_try(struct job *job, struct round *round, bool *done, cutover_error **error)
{
    const struct session_options options = job_inside(job);
    struct snapshot *snapshot = NULL;
    cutover_error *cause = NULL;

    cutover_status status = snapshot_open(&options, ROUND_LOCK_MS, &snapshot, &cause);
    const char *sqlstate = cutover_error_sqlstate(cause);
    *done = status == CUTOVER_OK || sqlstate == NULL || strcmp(sqlstate, "55P03") != 0;
    if (*done)
        error_move(error, cause);
    else
        log_line(&job->host->log, LOG_INFO_LEVEL, "%s: a round of the catch-up is left out: %s", job->id,
                 cutover_error_message(cause));
    if (!*done)
        cutover_error_free(cause);
    if (status == CUTOVER_OK)
        status = round_read(job, snapshot, round, error);
    snapshot_close(snapshot);
    return *done ? status : CUTOVER_OK;
}

/* ---- before the fence ---- */

/* Rounds that are worth it: each has at most half of what the one before had. */
static cutover_status rounds_run(struct job *job, cutover_error **error)
{
    uint64_t before = UINT64_MAX;
    cutover_status status = CUTOVER_OK;

    for (int i = 0; status == CUTOVER_OK && i < ROUNDS_MAX; i++) {
        struct round round = {.bytes = 0};
        status = round_look(job, &round, error);
        /* One that must fail does so before the fence. */
        bool must = round.stale.altered != 0 || round.stale.all;
        bool worth =
            status == CUTOVER_OK && (must || round.bytes >= WORTH_BYTES) && (must || round.bytes <= before / 2);
        before = round.bytes;
        if (worth)
            status = round_try(job, &round, &worth, error);
        round_free(&round);
        if (!worth)
            break;
    }
    return status;
}

cutover_status job_catch_up_meanwhile(struct job *job, cutover_error **error)
{
    struct round round = {.bytes = 0};
    int64_t since_us = monotonic_us() - job->caught_up_us;

    if (!job_catches_up(job) || since_us < HELD_EVERY_US || since_us < HELD_SHARE * job->round_us)
        return CUTOVER_OK;
    bool done = false;
    cutover_status status = round_look(job, &round, error);
    job->caught_up_us = monotonic_us();
    if (status == CUTOVER_OK && (round.bytes >= WORTH_BYTES || round.stale.altered != 0))
        status = round_try(job, &round, &done, error);
    round_free(&round);
    return status;
}

/* What was verified is what is there still, however long it was held; what is read again from now on is read back by itself. */
static cutover_status files_check(struct job *job, cutover_error **error)
{
    struct archive archive = {0};

    cutover_status status = archive_open(job->host, &job->backup.record, &archive, error);
    if (status == CUTOVER_OK)
        status = archive_check_files(&archive, &job->operation, PHASE_LAST_READ, error);
    archive_close(&archive);
    return status;
}

/* By how fast the backup was read. */
static double estimate_s(const struct job *job, uint64_t bytes)
{
    const struct stale everything = {.all = true};
    double all = (double)archive_stale_bytes(job->archive, &everything);

    return ESTIMATE_FIXED_S +
           (all > 0 ? (double)bytes / all * (double)job->backup_us / SECOND * ESTIMATE_FACTOR : 0);
}

/* A limit that would be passed is found before a write was refused. */
static cutover_status limit_check(struct job *job, cutover_error **error)
{
    struct round round = {.bytes = 0};

    if (job->writes_refused_max_s == 0)
        return CUTOVER_OK;
    cutover_status status = round_look(job, &round, error);
    double expected_s = status == CUTOVER_OK ? estimate_s(job, round.bytes) : 0;
    if (status == CUTOVER_OK && expected_s > (double)job->writes_refused_max_s)
        status = job_end_by_limit(
            job, error,
            "production would refuse writes for about %.0f seconds, and may for %lld: %" PRIu64
            " MB of its tables are written to all the time, and are read again behind the fence",
            expected_s, (long long)job->writes_refused_max_s, round.bytes / 1000000);
    round_free(&round);
    return status;
}

/* ---- behind it ---- */

static cutover_status last_round(struct job *job, cutover_error **error)
{
    struct round round = {.bytes = 0};

    cutover_status status = round_look(job, &round, error);
    if (status == CUTOVER_OK)
        status = round_run(job, &round, error);
    round_free(&round);
    return status;
}

static cutover_status publish(struct job *job, cutover_error **error)
{
    cutover_status status = archive_publish(job->archive, error);

    if (status != CUTOVER_OK)
        return status;
    archive_writing_free(job->archive);
    job->archive = NULL;
    job->backup.in_making = false;
    job_backup_path_note(job);
    job->backup.record.verified_at = clock_now(&job->host->clock);
    return backup_step(&job->backup, BACKUP_VERIFIED, error);
}

cutover_status step_catch_up(struct job *job, cutover_error **error)
{
    cutover_status status = journal_step(&job->journal, PROMOTION_CATCH_UP, error);

    if (status == CUTOVER_OK)
        status = rounds_run(job, error);
    if (status == CUTOVER_OK)
        status = files_check(job, error);
    /* What was written meanwhile; a file that is read again is read back by itself. */
    if (status == CUTOVER_OK)
        status = rounds_run(job, error);
    if (status == CUTOVER_OK)
        status = limit_check(job, error);
    if (status == CUTOVER_OK)
        status = job_fence_up(job, error);
    if (status == CUTOVER_OK)
        status = last_round(job, error);
    return status == CUTOVER_OK ? publish(job, error) : status;
}
