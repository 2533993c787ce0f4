#include "pipeline/recheck.h"

#include "job/journal.h"
#include "model/backup.h"
#include "model/machine.h"
#include "model/request.h"
#include "pipeline/abandon.h"
#include "pipeline/recheck_find.h"
#include "pipeline/recheck_mend.h"
#include "pipeline/recheck_tell.h"
#include "postgres/loader.h"
#include "postgres/swap/advisory.h"

#include <stdlib.h>
#include <string.h>

/*
 * How a project is held against its server, and what is done about what differs.
 *
 * The store has the jobs that overwrote production, oldest first; each says which database bore production's name before it, and
 * which after. The server says which one does now. Where that is the newest job's, it stands. Where it is the one that the newest
 * displaced, and what had come in is still as it was before its swap, the server lost that swap; one that was restored to an older day
 * lost several, and the newest of those before them stands. What had come in may not be there at all: then the server lost it, or a
 * person dropped it. What came in and is there, under a third name or with what the swap gave it, a person put aside, who may: that is
 * told to who asks, and left alone.
 *
 * A fence is known by what is set (postgres/fence_setting.h), so one that stands with no job under way was left by a job, whoever's.
 * A door that is closed says nothing about who closed it. It was a job's where a fence stands behind it, where a swap was lost, or where the newest job
 * meant to swap and the server began another timeline since: then what opened it again was lost. Any other closed door is told.
 *
 * Whatever is done is done under the advisory locks, which nobody is ended for: whoever holds one is at work, in this store or in
 * another's, and looks after production himself. First production is opened, then the records are made to say what is true; each act
 * may be repeated.
 *
 * When all are looked at they take turns, after what jobs left unfinished. A server that does not answer is waited for once, for
 * CONNECT_S, and its other projects are looked at the next time.
 */

/* How long a server may take to let us in when all are looked at: the others wait for it. */
#define CONNECT_S 3

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

/* Who hears of it, and of what. */
struct hearing {
    bool mends, thorough;
    cutover_recovery_emit emit;
    void *context;
};

static cutover_status look_at(struct recheck *recheck, const struct hearing *hearing)
{
    bool mends = hearing->mends;
    cutover_error *error = NULL;

    cutover_status status = recheck_look(recheck, &error), told = CUTOVER_OK;
    bool wrong = status == CUTOVER_OK && is_wrong(recheck);
    if (wrong)
        status = mends ? recheck_mend(recheck, &error) : check_nobody_at_work(recheck, &error);
    if (status == CUTOVER_OK && (!mends || is_wrong(recheck)))
        told = recheck_tell(recheck, mends, hearing->emit, hearing->context);
    else if (status != CUTOVER_OK && (!mends || is_told(status, hearing->thorough || wrong)))
        told = recheck_tell_failed(recheck, status, error, hearing->emit, hearing->context);
    else if (status != CUTOVER_OK)
        log_line(&recheck->host->log, LOG_INFO_LEVEL, "project %s was not held against its server: %s",
                 recheck->project_id, cutover_error_message(error));
    cutover_error_free(error);
    recheck_free(recheck);
    return told;
}

cutover_status recheck_project(struct host *host, const char *project_id, bool mends, bool thorough,
                               cutover_recovery_emit emit, void *context)
{
    const struct hearing hearing = {mends, thorough, emit, context};
    struct recheck recheck = {
        .host = host, .project_id = project_id, .connect_timeout_s = host->connect_timeout_s};

    return look_at(&recheck, &hearing);
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

/* Takes the name over, each one once. */
static cutover_status name_put(struct names *names, char **name, cutover_error **error)
{
    for (size_t i = names->count; i-- > 0;)
        if (strcmp(names->list[i], *name) == 0)
            return CUTOVER_OK;
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        char **grown = reallocarray(names->list, capacity, sizeof *grown);
        if (grown == NULL)
            return error_nomem(error);
        names->list = grown;
        names->capacity = capacity;
    }
    names->list[names->count++] = *name;
    *name = NULL;
    return CUTOVER_OK;
}

static cutover_status name_add(void *context, const struct document *document, cutover_error **error)
{
    struct promotion_record record = {0};

    /* One that cannot be read is for whoever reads its project. */
    cutover_status status =
        record_parse(&promotion_type, document->body, &record, NULL) == CUTOVER_OK && record.project_id != NULL
            ? name_put(context, &record.project_id, error)
            : CUTOVER_OK;
    record_free(&promotion_type, &record);
    return status;
}

static cutover_status live_add(void *context, const struct document *document, cutover_error **error)
{
    struct request_record record = {0};

    cutover_status status = record_parse(&request_type, document->body, &record, NULL) == CUTOVER_OK &&
                                    record.project_id != NULL && machine_request_is_live(record.status)
                                ? name_put(context, &record.project_id, error)
                                : CUTOVER_OK;
    record_free(&request_type, &record);
    return status;
}

static cutover_status backed_up_add(void *context, const struct document *document, cutover_error **error)
{
    struct backup_record record = {0};

    cutover_status status = record_parse(&backup_type, document->body, &record, NULL) == CUTOVER_OK &&
                                    record.project_id != NULL && record.status == BACKUP_VERIFIED
                                ? name_put(context, &record.project_id, error)
                                : CUTOVER_OK;
    record_free(&backup_type, &record);
    return status;
}

/* A preflight that was killed has no job, and so no record: what it made is looked for where there may have been one, of a request that
   is live or a backup that could be restored. That one could not be looked at is no news. */
static void look_is_swept(struct host *host, const struct recheck_silent *silent, const char *project_id)
{
    struct project project = {0};
    struct session *control = NULL;

    if (platform_project(&host->platform, project_id, &project, NULL) == CUTOVER_OK && project.found &&
        !recheck_silent_has(silent, &project.production)) {
        const struct session_options options = {
            .conninfo = &project.production,
            .database = project.control_database,
            .log = &host->log,
            .connect_timeout_s = host->connect_timeout_s < CONNECT_S ? host->connect_timeout_s : CONNECT_S,
        };
        if (session_open(&options, &control, NULL) == CUTOVER_OK)
            loader_readers_sweep(control, NULL);
        session_close(control);
    }
    project_free(&project);
}

static void looks_are_swept(struct host *host, const struct recheck_silent *silent)
{
    struct names names = {NULL, 0, 0};

    if (document_walk(&host->store, request_type.kind, NULL, live_add, &names, NULL) == CUTOVER_OK &&
        document_walk(&host->store, backup_type.kind, NULL, backed_up_add, &names, NULL) == CUTOVER_OK)
        for (size_t i = 0; i < names.count; i++)
            look_is_swept(host, silent, names.list[i]);
    names_free(&names);
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
    const struct hearing hearing = {true, false, emit, context};
    struct names names = {NULL, 0, 0};
    struct recheck_silent silent = {NULL, 0};
    cutover_error *error = NULL;

    if (!is_due(host))
        return CUTOVER_OK;
    cutover_status status = document_walk(&host->store, promotion_type.kind, NULL, name_add, &names, &error);
    if (status != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "projects were not held against their servers: %s",
                 cutover_error_message(error));
    status = CUTOVER_OK;
    for (size_t i = 0; status == CUTOVER_OK && i < names.count; i++) {
        struct recheck recheck = {.host = host, .project_id = names.list[i], .silent = &silent};
        recheck.connect_timeout_s = host->connect_timeout_s < CONNECT_S ? host->connect_timeout_s : CONNECT_S;
        status = look_at(&recheck, &hearing);
    }
    looks_are_swept(host, &silent);
    recheck_silent_free(&silent);
    if (status == CUTOVER_OK)
        status = leftovers_retry(host, NULL, false, emit, context, NULL);
    names_free(&names);
    cutover_error_free(error);
    return status;
}
