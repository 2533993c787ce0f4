/*
 * What abandoned jobs left, tried again: each by the rules that it was left by. The server is the one whose system identifier was
 * written down, or nothing is done there; a database is dropped, opened or made writable by name and OID, or not at all. Under the
 * advisory locks, which nobody is ended for: whoever has one is at work there.
 */
#include "job/leftover.h"
#include "job/target.h"
#include "job/undo.h"
#include "model/actor.h"
#include "pipeline/abandon.h"
#include "postgres/loader.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_US (120 * INT64_C(1000000))

struct retry {
    struct host *host;
    const struct leftover *leftover;
    struct project project; /* with the target's server as its production */
    struct session *session;
};

static cutover_status session_to(struct retry *retry, cutover_error **error)
{
    struct host *host = retry->host;
    const struct leftover *leftover = retry->leftover;
    struct session_options options = {.log = &host->log, .connect_timeout_s = host->connect_timeout_s};

    cutover_status status = target_of(host, leftover->project_id, leftover->preview_id, &retry->project, error);
    if (status == CUTOVER_OK && leftover->elsewhere && !retry->project.verify_elsewhere)
        status = error_set(error, CUTOVER_E_STATE,
                           "project %s has no server of its own for throwaway databases any more",
                           leftover->project_id);
    if (status != CUTOVER_OK)
        return status;
    options.conninfo = leftover->elsewhere ? &retry->project.verify : &retry->project.production;
    options.database = leftover->elsewhere ? NULL : retry->project.control_database;
    status = session_open(&options, &retry->session, error);
    if (status == CUTOVER_OK)
        retry->session->deadline_us = monotonic_us() + RETRY_US;
    if (status == CUTOVER_OK && leftover->system_identifier != NULL &&
        strcmp(leftover->system_identifier, retry->session->system_identifier) != 0)
        status = error_set(error, CUTOVER_E_STATE,
                           "the connection leads to another server (system identifier %s, not %s)",
                           retry->session->system_identifier, leftover->system_identifier);
    return status;
}

/* Nobody else is at the project there, nor at the database. */
static cutover_status locks_take(const struct retry *retry, cutover_error **error)
{
    const struct leftover *leftover = retry->leftover;
    cutover_status status = advisory_lock(retry->session, advisory_key(leftover->project_id), error);

    if (status == CUTOVER_OK)
        status = advisory_lock(retry->session, advisory_key_of_database(leftover->name), error);
    return status;
}

/* A database that is not called that any more was renamed, or swapped out, by somebody: it is theirs. */
static cutover_status is_there(const struct retry *retry, bool *there, cutover_error **error)
{
    char *name = NULL;
    cutover_status status = database_name_of(retry->session, (uint32_t)retry->leftover->oid, &name, error);

    *there = name != NULL && strcmp(name, retry->leftover->name) == 0;
    free(name);
    return status;
}

static cutover_status drop(const struct retry *retry, cutover_error **error)
{
    const struct leftover *leftover = retry->leftover;
    cutover_status status = advisory_lock(retry->session, advisory_key(leftover->name), error);

    if (status == CUTOVER_OK)
        status = abandon_database_check(retry->session, leftover->name, leftover->oid, error);
    return status == CUTOVER_OK ? undo_database(retry->session, leftover->name, leftover->oid, error) : status;
}

static cutover_status open_again(const struct retry *retry, cutover_error **error)
{
    const struct leftover *leftover = retry->leftover;
    bool there = false;
    cutover_status status = locks_take(retry, error);

    if (status == CUTOVER_OK)
        status = is_there(retry, &there, error);
    if (status != CUTOVER_OK || !there)
        return status;
    if (leftover->kind == LEFTOVER_DOOR)
        return door_open(retry->session, leftover->name, error);
    return undo_fence(retry->host, retry->session, leftover->project_id, leftover->name,
                      (uint32_t)leftover->oid, leftover->fence, false, error);
}

static cutover_status fence_is_gone(const struct retry *retry, cutover_error **error)
{
    const struct leftover *leftover = retry->leftover;
    struct leftovers list = {0};
    cutover_status status = leftovers_read(retry->host, leftover->project_id, &list, error);

    for (size_t i = 0; status == CUTOVER_OK && i < list.count; i++)
        if (list.items[i].kind == LEFTOVER_FENCE)
            status = error_set(error, CUTOVER_E_STATE, "a fence is left that they wait for");
    leftovers_free(&list);
    return status;
}

/* Who is held for a fence would see it, and a pooler may keep for him what he saw. */
static cutover_status traffic_let_go(const struct retry *retry, cutover_error **error)
{
    const cutover_platform *platform = &retry->host->platform;
    const char *project_id = retry->leftover->project_id;
    cutover_status status = fence_is_gone(retry, error);

    if (status == CUTOVER_OK)
        status = platform_fence_resume(platform, project_id, -1, error);

    return status == CUTOVER_OK ? platform_traffic_resume(platform, project_id, false, error) : status;
}

static cutover_status retry_one(struct host *host, const struct leftover *leftover, cutover_error **error)
{
    struct retry retry = {.host = host, .leftover = leftover};
    cutover_status status;

    if (leftover->kind == LEFTOVER_TRAFFIC)
        return traffic_let_go(&retry, error);
    status = session_to(&retry, error);
    if (status == CUTOVER_OK)
        status = leftover->kind == LEFTOVER_DATABASE ? drop(&retry, error) : open_again(&retry, error);
    session_close(retry.session);
    project_free(&retry.project);
    return status;
}

/* ---- telling ---- */

static cutover_status tell(const struct leftover *leftover, cutover_recovered outcome, const char *message,
                           cutover_recovery_emit emit, void *context)
{
    const cutover_recovery told = {
        .version = CUTOVER_RECOVERY_VERSION,
        .job = "abandoned",
        .job_id = leftover->job_id,
        .project_id = leftover->project_id,
        .request_id = "",
        .outcome = outcome,
        .message = message,
    };

    return emit != NULL ? emit(&told, context) : CUTOVER_OK;
}

static cutover_status tell_gone(struct host *host, const struct leftover *leftover, cutover_recovery_emit emit,
                                void *context)
{
    struct text message = TEXT_INIT;

    text_add_format(&message, "what it had left is gone: %s%s%s", leftover_kind_names[leftover->kind],
                    leftover->name != NULL ? " " : "", leftover->name != NULL ? leftover->name : "");
    log_line(&host->log, LOG_WARNING_LEVEL, "job %s: %s", leftover->job_id, text_string(&message));
    const char *said = text_failed(&message) ? "what it had left is gone" : text_string(&message);
    cutover_status status = tell(leftover, CUTOVER_RECOVERED_UNDONE, said, emit, context);
    text_free(&message);
    return status;
}

static cutover_status tell_left(const struct leftover *leftover, const cutover_error *why,
                                cutover_recovery_emit emit, void *context)
{
    struct text message = TEXT_INIT;

    const char *was = leftover->message != NULL ? leftover->message : "";
    text_add(&message, was);
    if (why != NULL)
        text_add_format(&message, "; now: %s", cutover_error_message(why));
    text_add_format(&message, " (leftover %s)", leftover->id);
    const char *said = text_failed(&message) ? was : text_string(&message);
    cutover_status status = tell(leftover, CUTOVER_RECOVERED_LEFT, said, emit, context);
    text_free(&message);
    return status;
}

static cutover_status settle_one(struct host *host, const struct leftover *leftover, bool thorough,
                                 cutover_recovery_emit emit, void *context)
{
    cutover_error *error = NULL;
    cutover_status status = CUTOVER_E_STATE, told = CUTOVER_OK;

    if (leftover->kind != LEFTOVER_OTHER && lock_check(host, leftover->project_id, &error) == CUTOVER_OK)
        status = retry_one(host, leftover, &error);
    if (status == CUTOVER_OK)
        status = leftover_remove(host, &actor_system, "leftover.removed", leftover, NULL, &error);
    if (status == CUTOVER_OK)
        told = tell_gone(host, leftover, emit, context);
    else if (thorough)
        told = tell_left(leftover, error, emit, context);
    cutover_error_free(error);
    return told;
}

cutover_status leftovers_retry(struct host *host, const char *project_id, bool thorough,
                               cutover_recovery_emit emit, void *context, cutover_error **error)
{
    struct leftovers list = {0};
    cutover_error *cause = NULL;
    cutover_status told = leftovers_read(host, project_id, &list, &cause);

    if (told != CUTOVER_OK)
        log_line(&host->log, LOG_WARNING_LEVEL, "what abandoned jobs left cannot be read: %s",
                 cutover_error_message(cause));
    if (told != CUTOVER_OK && thorough) { /* who asks for them is not told of none */
        leftovers_free(&list);
        error_move(error, cause);
        return told;
    }
    told = CUTOVER_OK;
    /* Traffic waits for what stands before it. */
    for (size_t i = 0; told == CUTOVER_OK && i < list.count; i++)
        if (list.items[i].kind != LEFTOVER_TRAFFIC)
            told = settle_one(host, &list.items[i], thorough, emit, context);
    for (size_t i = 0; told == CUTOVER_OK && i < list.count; i++)
        if (list.items[i].kind == LEFTOVER_TRAFFIC)
            told = settle_one(host, &list.items[i], thorough, emit, context);
    leftovers_free(&list);
    cutover_error_free(cause);
    return told;
}
