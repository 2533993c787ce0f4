#include "pipeline/abandon.h"

#include "job/backup_record.h"
#include "job/leftover.h"
#include "job/target.h"
#include "job/undo.h"
#include "postgres/loader.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/swap.h"
#include "transfer/archive_verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * How a job is given up.
 *
 * Recovery was tried before, and failed: its server is not there, is another one, or somebody replaced production. Here the same
 * acts are done one by one, and one that fails holds up no other: it is written down. Whatever is done is done to what is ours, on
 * the server that the journal names by its system identifier, and to databases by OID: a database that bears production's name and
 * another OID is somebody's, and is not looked into; production's own database that bears another name now was renamed by somebody,
 * and is told to a person.
 *
 * A swap is not given up. Where the server says that it was committed, or the journal knows it and the server cannot say otherwise,
 * the records are completed; what became of production since is for a person.
 *
 * All that is written down is one commit with the job's end: who is killed before it begins again, and finds less to undo.
 */

#define ABANDON_US (600 * INT64_C(1000000))

struct abandoning {
    struct host *host;
    struct journal journal;
    struct project project;  /* the job's target; nothing where the platform does not know it */
    struct session *control; /* on the journal's server, with the job's locks; else NULL */
    cutover_error *away;     /* why control is NULL */
    struct abandonment abandonment;
};

static struct leftover leftover_of(const struct promotion_record *record, enum leftover_kind kind,
                                   const char *name, int64_t oid, int64_t since)
{
    return (struct leftover){
        .project_id = record->project_id,
        .job_id = record->id,
        .kind = (int)kind,
        .name = (char *)name,
        .oid = oid,
        .system_identifier = record->system_identifier,
        .preview_id = (char *)promotion_target_preview(record),
        .since = since,
    };
}

/* Writes down what could not be done, and takes over why. */
static cutover_status leave(struct abandoning *abandoning, enum leftover_kind kind, const char *what,
                            const char *name, int64_t oid, cutover_error *why, cutover_error **error)
{
    static const char *const subjects[] = {
        [LEFTOVER_DATABASE] = "a database that the job made, and its login",
        [LEFTOVER_FENCE] = "the fence that refuses writes",
        [LEFTOVER_DOOR] = "the door that the job closed",
        [LEFTOVER_TRAFFIC] = "the poolers before production, which may hold their clients",
        [LEFTOVER_OTHER] = "for a person to look at",
    };
    const struct promotion_record *record = &abandoning->journal.record;
    struct leftover leftover = leftover_of(record, kind, name, oid, clock_now(&abandoning->host->clock));

    leftover.fence = kind == LEFTOVER_FENCE ? record->fence : NULL;
    leftover.elsewhere = strcmp(what, "throwaway") == 0 && abandoning->project.verify_elsewhere;
    if (leftover.elsewhere)
        leftover.system_identifier = NULL;
    cutover_status status = leftovers_add(&abandoning->abandonment.left, &leftover, what, subjects[kind],
                                          cutover_error_message(why), error);
    cutover_error_free(why);
    return status;
}

/* The same for what there is no session for. */
static cutover_status leave_away(struct abandoning *abandoning, enum leftover_kind kind, const char *what,
                                 const char *name, int64_t oid, cutover_error **error)
{
    cutover_error *why = NULL;

    error_set(&why, cutover_error_code(abandoning->away), "%s", cutover_error_message(abandoning->away));
    return leave(abandoning, kind, what, name, oid, why, error);
}

/* What a person would want to know. */
static cutover_status leave_word(struct abandoning *abandoning, const char *what, const char *name, int64_t oid,
                                 const char *message, cutover_error **error)
{
    cutover_error *why = NULL;

    error_set(&why, CUTOVER_E_STATE, "%s", message);
    return leave(abandoning, LEFTOVER_OTHER, what, name, oid, why, error);
}

/* ---- reaching the server ---- */

static cutover_status check_server(const struct session *control, const struct promotion_record *record,
                                   cutover_error **error)
{
    if (strcmp(control->system_identifier, record->system_identifier) == 0)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_STATE,
                     "the connection leads to another server now (system identifier %s, not %s)",
                     control->system_identifier, record->system_identifier);
}

static cutover_status control_open(struct abandoning *abandoning, cutover_error **error)
{
    struct host *host = abandoning->host;
    const struct promotion_record *record = &abandoning->journal.record;
    struct session_options options = {
        .conninfo = &abandoning->project.production,
        .database = record->control_database,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
    };
    struct session *control = NULL;

    cutover_status status = target_of_job(host, record, &abandoning->project, error);
    if (status == CUTOVER_OK)
        status = session_open(&options, &control, error);
    if (status == CUTOVER_OK) {
        control->deadline_us = monotonic_us() + ABANDON_US;
        status = check_server(control, record, error);
    }
    if (status == CUTOVER_OK)
        status = advisory_lock_wrest(control, record->lock_key, error);
    if (status == CUTOVER_OK)
        status = advisory_lock_regain(control, advisory_key_of_database(record->production_name), 0, error);
    if (status == CUTOVER_OK)
        abandoning->control = control;
    else
        session_close(control);
    return status;
}

/* A server that cannot be asked is no reason to stop. */
static cutover_status reach(struct abandoning *abandoning, cutover_error **error)
{
    cutover_status status = control_open(abandoning, &abandoning->away);

    if (status == CUTOVER_OK || (status != CUTOVER_E_NOMEM && status != CUTOVER_E_STORE))
        return CUTOVER_OK;
    error_move(error, abandoning->away);
    abandoning->away = NULL;
    return status;
}

/* Whether the swap stands, as far as anybody can tell. */
static cutover_status was_swapped(struct abandoning *abandoning, bool *swapped, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    const struct swap swap = {
        .production = record->production_name,
        .production_oid = (uint32_t)record->production_oid,
        .incoming = record->staging_name,
        .incoming_oid = (uint32_t)record->staging_oid,
        .displaced = record->displaced_name,
    };
    enum swap_outcome found = SWAP_LOST;

    *swapped = record->swapped;
    if (abandoning->control == NULL || record->staging_oid == 0 || !record->swap_intended)
        return CUTOVER_OK;
    cutover_status status = swap_outcome(abandoning->control, &swap, &found, error);
    if (status == CUTOVER_OK)
        *swapped = found == SWAP_DONE || (found == SWAP_LOST && record->swapped);
    return status;
}

/* ---- undoing, one by one ---- */

/* What production's own database is called now, in *name; NULL: it is gone, and nothing is left of what was done to it. */
static cutover_status production_name_now(struct abandoning *abandoning, char **name, cutover_error **error)
{
    return database_name_of(abandoning->control, (uint32_t)abandoning->journal.record.production_oid, name,
                            error);
}

/* Told once, for door and fence. */
static cutover_status tell_renamed(struct abandoning *abandoning, const char *name, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    char message[400];

    snprintf(message, sizeof message,
             "the database that was production (\"%s\", OID %lld) is called \"%s\" now, and was left %s%s%s",
             record->production_name, (long long)record->production_oid, name,
             record->door_closed ? "closed" : "", record->door_closed && record->fence_raised ? " and " : "",
             record->fence_raised  ? "refusing writes"
             : record->door_closed ? ""
                                   : "as it is");
    return leave_word(abandoning, "production", name, record->production_oid, message, error);
}

static cutover_status open_production(struct abandoning *abandoning, cutover_error **error)
{
    struct promotion_record *record = &abandoning->journal.record;
    cutover_error *why = NULL;
    cutover_status status = CUTOVER_OK;

    if (record->door_closed) {
        if (door_open(abandoning->control, record->production_name, &why) == CUTOVER_OK)
            record->door_closed = false;
        else
            status = leave(abandoning, LEFTOVER_DOOR, "door", record->production_name, record->production_oid,
                           why, error);
    }
    why = NULL;
    if (status == CUTOVER_OK && record->fence_raised) {
        if (undo_fence(abandoning->host, abandoning->control, record->project_id, record->production_name,
                       (uint32_t)record->production_oid, record->fence, false, &why) == CUTOVER_OK)
            record->fence_raised = false;
        else
            status = leave(abandoning, LEFTOVER_FENCE, "fence", record->production_name, record->production_oid,
                           why, error);
    }
    return status;
}

static cutover_status production_away(struct abandoning *abandoning, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    cutover_status status = CUTOVER_OK;

    if (record->door_closed)
        status = leave_away(abandoning, LEFTOVER_DOOR, "door", record->production_name, record->production_oid,
                            error);
    if (status == CUTOVER_OK && record->fence_raised)
        status = leave_away(abandoning, LEFTOVER_FENCE, "fence", record->production_name,
                            record->production_oid, error);
    return status;
}

static cutover_status undo_production(struct abandoning *abandoning, cutover_error **error)
{
    struct promotion_record *record = &abandoning->journal.record;
    char *name = NULL;

    if (abandoning->control == NULL)
        return production_away(abandoning, error);
    cutover_status status = production_name_now(abandoning, &name, error);
    if (status != CUTOVER_OK)
        return status;
    if (name == NULL)
        record->door_closed = record->fence_raised = false;
    else if (strcmp(name, record->production_name) == 0)
        status = open_production(abandoning, error);
    else
        status = tell_renamed(abandoning, name, error);
    free(name);
    return status;
}

/* As for a swap of which nobody knows whether it was committed: what came in, and was put aside by a person since, is theirs. */
cutover_status abandon_database_check(struct session *control, const char *name, int64_t oid,
                                      cutover_error **error)
{
    uint32_t found = 0;
    bool ours = true;
    cutover_status status = database_oid_of(control, name, &found, error);

    if (status == CUTOVER_OK && found != 0)
        status = database_is_ours(control, name, (uint32_t)oid, &ours, error);
    if (status == CUTOVER_OK && !ours)
        status = error_set(error, CUTOVER_E_STATE,
                           "\"%s\" is not as the job made it, somebody has it in use: it is not dropped", name);
    return status;
}

static cutover_status undo_staging(struct abandoning *abandoning, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    cutover_error *why = NULL;

    if (!machine_job_traits(record->kind)->makes_incoming)
        return CUTOVER_OK;
    if (abandoning->control == NULL)
        return leave_away(abandoning, LEFTOVER_DATABASE, "staging", record->staging_name, record->staging_oid,
                          error);
    if (abandon_database_check(abandoning->control, record->staging_name, record->staging_oid, &why) ==
            CUTOVER_OK &&
        undo_database(abandoning->control, record->staging_name, record->staging_oid, &why) == CUTOVER_OK)
        return CUTOVER_OK;
    return leave(abandoning, LEFTOVER_DATABASE, "staging", record->staging_name, record->staging_oid, why,
                 error);
}

static cutover_status undo_verified(struct abandoning *abandoning, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    cutover_error *why = NULL;

    if (record->verify_name == NULL)
        return CUTOVER_OK;
    if (abandoning->control == NULL && !abandoning->project.verify_elsewhere)
        return leave_away(abandoning, LEFTOVER_DATABASE, "throwaway", record->verify_name, record->verify_oid,
                          error);
    if (undo_throwaway(abandoning->host, &abandoning->project, abandoning->control, record, &why) == CUTOVER_OK)
        return CUTOVER_OK;
    return leave(abandoning, LEFTOVER_DATABASE, "throwaway", record->verify_name, record->verify_oid, why,
                 error);
}

static bool fence_is_left(const struct abandoning *abandoning)
{
    const struct leftovers *left = &abandoning->abandonment.left;

    for (size_t i = 0; i < left->count; i++)
        if (left->items[i].kind == LEFTOVER_FENCE)
            return true;
    return false;
}

/* What holds clients for a fence holds them on; recovery lets them go when that is down, or was forgotten. */
static cutover_status hold_traffic(struct abandoning *abandoning, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    const cutover_platform *platform = &abandoning->host->platform;
    cutover_error *why = NULL;

    if (platform->fence_resume == NULL && platform->traffic_resume == NULL)
        return CUTOVER_OK;
    error_set(&why, CUTOVER_E_STATE, "production still refuses writes");
    if (platform_fence_resume(platform, record->project_id, 1, NULL) == CUTOVER_OK && record->swap_intended)
        platform_traffic_resume(platform, record->project_id, true, NULL);
    return leave(abandoning, LEFTOVER_TRAFFIC, "traffic", NULL, 0, why, error);
}

/* Poolers that were told to hold their clients are let go; `refuses`: as fence_resume says it. */
static cutover_status let_traffic_go(struct abandoning *abandoning, int32_t refuses, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    const cutover_platform *platform = &abandoning->host->platform;
    cutover_error *why = NULL;
    cutover_status resumed = CUTOVER_OK;

    if (fence_is_left(abandoning))
        return hold_traffic(abandoning, error);
    if (record->fence_raised || record->swap_intended)
        resumed = platform_fence_resume(platform, record->project_id, refuses, &why);
    if (record->swap_intended) {
        cutover_error *local = NULL;
        if (platform_traffic_resume(platform, record->project_id, false, &local) != CUTOVER_OK)
            resumed = cutover_error_code(local);
        error_move(&why, local);
    }
    return resumed == CUTOVER_OK ? CUTOVER_OK
                                 : leave(abandoning, LEFTOVER_TRAFFIC, "traffic", NULL, 0, why, error);
}

/* ---- ending ---- */

/* A project that the platform knows no more needs no state. */
static cutover_status return_project(struct abandoning *abandoning, cutover_error **error)
{
    const cutover_platform *platform = &abandoning->host->platform;
    const struct promotion_record *record = &abandoning->journal.record;
    struct project now = {0};

    cutover_status status = platform_project(platform, record->project_id, &now, error);
    bool there = now.found;
    project_free(&now);
    return status == CUTOVER_OK && there
               ? platform_project_return(platform, record->project_id, record->id, error)
               : status;
}

static cutover_status complete(struct abandoning *abandoning, cutover_error **error)
{
    struct journal *journal = &abandoning->journal;
    struct promotion_record *record = &journal->record;
    cutover_status status = CUTOVER_OK;

    record->swapped = true;
    record->door_closed = false;
    status = let_traffic_go(abandoning, 0, error);
    if (status == CUTOVER_OK && abandoning->control == NULL)
        status =
            leave_word(abandoning, "production", record->production_name, record->staging_oid,
                       "the swap had been committed; what production is now could not be looked at", error);
    if (status == CUTOVER_OK)
        status = return_project(abandoning, error);
    return status == CUTOVER_OK ? journal_complete(journal, error) : status;
}

static cutover_status give_up(struct abandoning *abandoning, cutover_error **error)
{
    struct journal *journal = &abandoning->journal;
    const struct abandonment *by = &abandoning->abandonment;
    cutover_error *reason = NULL;

    error_set(&reason, CUTOVER_E_INTERNAL, "its process ended before the swap, and %s abandoned it: %s",
              by->actor->id, by->reason);
    cutover_status status = undo_production(abandoning, error);
    if (status == CUTOVER_OK)
        status = undo_staging(abandoning, error);
    if (status == CUTOVER_OK)
        status = undo_verified(abandoning, error);
    if (status == CUTOVER_OK)
        status = let_traffic_go(abandoning, -1, error);
    if (status == CUTOVER_OK)
        status = undo_backup(abandoning->host, &journal->record, NULL, reason, error);
    if (status == CUTOVER_OK)
        status = return_project(abandoning, error);
    if (status == CUTOVER_OK)
        status = journal_fail(journal, false, reason, error);
    cutover_error_free(reason);
    return status;
}

/* What is there where production was, for a person. */
static cutover_status look_at_name(struct abandoning *abandoning, cutover_error **error)
{
    const struct promotion_record *record = &abandoning->journal.record;
    uint32_t oid = 0;
    char message[300];

    if (abandoning->control == NULL)
        return CUTOVER_OK;
    cutover_status status = database_oid_of(abandoning->control, record->production_name, &oid, error);
    if (status != CUTOVER_OK || oid == (uint32_t)record->production_oid)
        return status;
    if (oid == 0)
        snprintf(message, sizeof message, "production's server has no database \"%s\" any more",
                 record->production_name);
    else
        snprintf(message, sizeof message,
                 "\"%s\" is another database (OID %" PRIu32
                 ", not %lld) than when the job began: nothing was done to it",
                 record->production_name, oid, (long long)record->production_oid);
    return leave_word(abandoning, "name", record->production_name, oid, message, error);
}

static void say(const struct abandoning *abandoning, bool completed, struct text *message)
{
    const struct leftovers *left = &abandoning->abandonment.left;
    size_t tried_again = 0;

    for (size_t i = 0; i < left->count; i++)
        tried_again += left->items[i].kind != LEFTOVER_OTHER;
    text_clear(message);
    text_add(message, completed
                          ? "the swap had been committed; its records are complete now, and the project is free"
                          : "the job is given up, what could be undone is undone, and the project is free");
    if (tried_again > 0)
        text_add_format(message, "; %zu thing%s left, which recovery tries again", tried_again,
                        tried_again == 1 ? " is" : "s are");
    if (left->count > tried_again)
        text_add_format(message, "; %zu for a person to look at", left->count - tried_again);
}

static void abandoning_free(struct abandoning *abandoning)
{
    session_close(abandoning->control);
    cutover_error_free(abandoning->away);
    leftovers_free(&abandoning->abandonment.left);
    project_free(&abandoning->project);
    journal_free(&abandoning->journal);
}

cutover_status abandon_job(struct host *host, const struct abandoner *by, const char *job_id,
                           const cutover_error *why, bool *completed, struct text *message,
                           cutover_error **error)
{
    struct abandoning abandoning = {.host = host, .abandonment = {.actor = by->actor, .reason = by->reason}};

    cutover_status status = journal_load(host, job_id, &abandoning.journal, error);
    if (status != CUTOVER_OK)
        return status;
    log_line(&host->log, LOG_WARNING_LEVEL, "job %s is abandoned by %s: %s (%s)", job_id, by->actor->id,
             by->reason, cutover_error_message(why));
    abandoning.journal.abandoned = &abandoning.abandonment;
    /* First the journal, so that a zombie's next save fails. */
    status = journal_save(&abandoning.journal, error);
    if (status == CUTOVER_OK)
        status = reach(&abandoning, error);
    if (status == CUTOVER_OK)
        status = was_swapped(&abandoning, completed, error);
    if (status == CUTOVER_OK && !*completed)
        status = look_at_name(&abandoning, error);
    if (status == CUTOVER_OK)
        status = *completed ? complete(&abandoning, error) : give_up(&abandoning, error);
    if (status == CUTOVER_OK)
        say(&abandoning, *completed, message);
    abandoning_free(&abandoning);
    return status;
}

/* ---- backups taken or verified by themselves ---- */

static cutover_status backup_left_once(struct host *host, const struct abandonment *abandonment,
                                       const struct backup *backup, cutover_error **error)
{
    const struct backup_record *record = &backup->record;
    struct change *change = NULL;
    struct json_object *data = json_object_new_object();

    if (data == NULL)
        return error_nomem(error);
    json_put_text(data, "backup_id", record->id);
    json_put_text(data, "job_id", backup->again.id != NULL ? backup->again.id : record->id);
    cutover_status status = change_begin(&host->store, &host->clock, record->project_id, &change, error);
    if (status == CUTOVER_OK)
        status = abandonment_put(host, abandonment, change, record->project_id, NULL, data, error);
    if (status == CUTOVER_OK)
        status = change_commit(change, error);
    change_free(change);
    json_object_put(data);
    return status;
}

cutover_status abandon_backup(struct host *host, const struct abandoner *by, const char *job_id, bool again,
                              const cutover_error *why, struct text *message, cutover_error **error)
{
    struct abandonment abandonment = {.actor = by->actor, .reason = by->reason};
    struct backup backup = {0};
    struct project project = {0};
    char name[DATABASE_NAME_MAX + 1];
    cutover_error *reason = NULL, *cause = NULL;
    unsigned attempt = 0;

    cutover_status status =
        again ? backup_load_again(host, job_id, &backup, error) : backup_load(host, job_id, &backup, error);
    if (status != CUTOVER_OK)
        return status;
    archive_verify_database_name(name, backup.record.id);
    status = platform_project(&host->platform, backup.record.project_id, &project, error);
    struct leftover leftover = {
        .project_id = backup.record.project_id,
        .job_id = again ? backup.again.id : backup.record.id,
        .kind = LEFTOVER_DATABASE,
        .name = name,
        .elsewhere = project.verify_elsewhere,
        .system_identifier = project.verify_elsewhere ? NULL : backup.record.system_identifier,
        .since = clock_now(&host->clock),
    };
    if (status == CUTOVER_OK)
        status = leftovers_add(&abandonment.left, &leftover, "throwaway",
                               "a database that the job may have made, and its login",
                               cutover_error_message(why), error);
    if (status == CUTOVER_OK) {
        do
            status = backup_left_once(host, &abandonment, &backup, &cause);
        while (change_again(status, &attempt, &cause));
        error_move(error, cause);
    }
    if (status == CUTOVER_OK) {
        error_set(&reason, CUTOVER_E_INTERNAL, "%s abandoned it: %s", by->actor->id, by->reason);
        if (again)
            status = backup_undecided_after(&backup, reason, error);
        else
            backup_fail(&backup, reason);
        text_clear(message);
        text_add_format(message,
                        "the %s is given up; a throwaway database may be left, which recovery looks for",
                        again ? "verification" : "backup");
    }
    cutover_error_free(reason);
    leftovers_free(&abandonment.left);
    project_free(&project);
    backup_free(&backup);
    return status;
}
