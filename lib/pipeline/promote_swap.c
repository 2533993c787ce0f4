/* Step swap: the last checks, the door, the proof, one transaction. From the closed door to its end nothing is written to the
   store and nothing looks at the cancel flag: it is a matter of milliseconds. */
#include "pipeline/promote.h"
#include "pipeline/restore.h"
#include "postgres/door.h"
#include "postgres/properties.h"
#include "postgres/swap.h"

#include <stdlib.h>
#include <string.h>

/* P2: the store says that the backup is verified, of this very database, and its files are still what was verified: a
   promotion may have been held for days. */
static cutover_status backup_still_good(struct promote *job, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    struct backup backup = {0};
    struct archive archive = {0};

    cutover_status status = backup_load(job->host, record->backup_id, &backup, error);
    if (status == CUTOVER_OK &&
        (backup.record.status != BACKUP_VERIFIED || backup.record.verdict != CUTOVER_VERDICT_EQUAL ||
         backup.record.database_oid != record->production_oid ||
         strcmp(backup.record.system_identifier, record->system_identifier) != 0))
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                              "backup %s is not a verified one of the database that would be replaced",
                              backup.record.id);
    if (status == CUTOVER_OK)
        status = archive_open(job->host, &backup.record, &archive, error);
    if (status == CUTOVER_OK) {
        status = archive_check_files(&archive, &job->operation, PHASE_LAST_READ, error);
        archive_close(&archive);
    }
    backup_free(&backup);
    return status;
}

/* The preview, as the platform says now. */
static cutover_status last_rules(struct promote *job, cutover_error **error)
{
    struct host *host = job->host;
    struct machine_facts facts;
    struct preview preview = {0};

    cutover_status status = host_preview(host, job->preview.id, &preview, error);
    if (status == CUTOVER_OK) {
        host_facts(host, &job->project, &preview, &facts);
        status = machine_preview_check(&facts, job->project.id, error);
    }
    preview_free(&preview);
    return status;
}

/* The settings that the fence itself put there are not production's own. */
static cutover_status properties_now(struct promote *job, struct json_object **now, cutover_error **error)
{
    struct json_object *kept = json_object_new_array();
    struct json_object *settings;

    if (kept == NULL)
        return error_nomem(error);
    cutover_status status =
        properties_read(job->control, (uint32_t)job->journal.record.production_oid, now, error);
    if (status != CUTOVER_OK) {
        json_object_put(kept);
        return status;
    }
    settings = json_member(*now, "settings");
    for (size_t i = 0; settings != NULL && i < json_object_array_length(settings); i++) {
        struct json_object *setting = json_object_array_get_idx(settings, i);
        if (strcmp(json_text_or(setting, "name", ""), "default_transaction_read_only") != 0)
            json_object_array_add(kept, json_object_get(setting));
    }
    settings = json_member(job->journal.record.properties, "settings");
    for (size_t i = 0; settings != NULL && i < json_object_array_length(settings); i++) {
        struct json_object *setting = json_object_array_get_idx(settings, i);
        if (strcmp(json_text_or(setting, "name", ""), "default_transaction_read_only") == 0)
            json_object_array_add(kept, json_object_get(setting));
    }
    json_object_object_add(*now, "settings", kept);
    return CUTOVER_OK;
}

/* What an administrator changed of production while the job ran goes along (EDGE_CASES C7, C8). */
static cutover_status properties_follow(struct promote *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;
    struct json_object *now = NULL;
    char *differences = NULL;

    cutover_status status = properties_now(job, &now, error);
    if (status == CUTOVER_OK)
        status = properties_compare(record->properties, now, &differences, error);
    if (status == CUTOVER_OK && differences[0] != '\0') {
        status = properties_apply(job->control, record->staging_name, now, error);
        if (status == CUTOVER_OK) {
            report_warn(&job->report, "production's properties changed during the promotion: %s", differences);
            json_object_put(record->properties);
            record->properties = json_object_get(now);
            job->stage.properties = record->properties;
        }
    }
    free(differences);
    json_object_put(now);
    return status;
}

static cutover_status lock_check_held(struct promote *job, cutover_error **error)
{
    bool held = false;
    cutover_status status = swap_lock_held(job->control, job->journal.record.lock_key, &held, error);

    if (status == CUTOVER_OK && !held)
        status = error_set(error, CUTOVER_E_LOCKED,
                           "this job no longer holds the lock on production's server: it stops here");
    return status;
}

static struct swap swap_of(const struct promotion_record *record)
{
    return (struct swap){
        .production = record->production_name,
        .production_oid = (uint32_t)record->production_oid,
        .incoming = record->staging_name,
        .incoming_oid = (uint32_t)record->staging_oid,
        .displaced = record->displaced_name,
        .properties = record->properties,
    };
}

/* With the door closed: everybody out but `inside`, the proof, then that one out too. */
static cutover_status prove_unchanged(struct promote *job, struct session **inside, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;
    uint32_t oid = (uint32_t)record->production_oid;
    struct fence_mark now = {0};
    uint32_t ended = 0;
    int64_t timeout = job->host->door_timeout_ms;

    cutover_status status =
        door_empty(job->control, oid, &(*inside)->backend_pid, 1, false, timeout, &ended, error);
    job->report.sessions_ended += ended;
    if (status == CUTOVER_OK)
        status = fence_mark_read(*inside, &now, error);
    if (status == CUTOVER_OK)
        status = fence_prove(&job->mark, &now, *inside, error);
    fence_mark_free(&now);
    session_close(*inside);
    *inside = NULL;
    if (status == CUTOVER_OK)
        status = door_empty(job->control, oid, NULL, 0, false, timeout, &ended, error);
    return status;
}

/* When the answer to COMMIT was lost: the server is asked again, by a new session (EDGE_CASES E18). */
static cutover_status outcome_ask(struct promote *job, cutover_error **error)
{
    struct session_options options =
        operation_session(&job->operation, &job->project.production, job->project.control_database);
    struct swap swap = swap_of(&job->journal.record);
    struct session *control = NULL;
    enum swap_outcome outcome = SWAP_LOST;

    options.cancel = NULL;
    job->outcome_unknown = true;
    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK)
        status = swap_outcome(control, &swap, &outcome, error);
    session_close(control);
    if (status != CUTOVER_OK)
        return status;
    if (outcome == SWAP_LOST)
        return error_set(error, CUTOVER_E_CONFLICT, "production's name belongs to a third database");
    job->outcome_unknown = false;
    job->swapped = outcome == SWAP_DONE;
    return CUTOVER_OK;
}

static cutover_status swap_commit(struct promote *job, cutover_error **error)
{
    struct swap swap = swap_of(&job->journal.record);
    cutover_error *local = NULL;
    bool sent = false;

    cutover_status status = swap_run(job->control, &swap, &sent, &local);
    if (status == CUTOVER_OK)
        job->swapped = true;
    else if (sent) {
        cutover_status asked = outcome_ask(job, &local);
        if (asked == CUTOVER_OK && job->swapped) {
            cutover_error_free(local);
            return CUTOVER_OK;
        }
        if (job->outcome_unknown)
            error_hint(&local, "whether the swap was committed is not known yet: recovery will find out");
    }
    if (status != CUTOVER_OK)
        error_move(error, local);
    return status;
}

/* Closes the door, swaps or opens it again; the time in between is what readers notice. */
static cutover_status through_the_door(struct promote *job, struct session **inside, cutover_error **error)
{
    const char *name = job->journal.record.production_name;
    int64_t closed_us = monotonic_us();

    cutover_status status = door_close(job->control, name, error);
    if (status == CUTOVER_OK)
        status = prove_unchanged(job, inside, error);
    if (status == CUTOVER_OK)
        status = swap_commit(job, error);
    if (!job->swapped && !job->outcome_unknown) {
        cutover_error *local = NULL;
        if (door_open(job->control, name, &local) == CUTOVER_OK)
            job->journal.record.door_closed = false;
        cutover_error_free(local);
    }
    job->report.reads_unavailable_us = monotonic_us() - closed_us;
    if (job->swapped)
        job->report.writes_refused_us = monotonic_us() - job->fenced_us;
    return status;
}

static cutover_status traffic(struct promote *job, bool pause, cutover_error **error)
{
    const cutover_platform *platform = &job->host->platform;
    cutover_error *local = NULL;

    if (platform->traffic_pause == NULL)
        return CUTOVER_OK;
    cutover_status status = (pause ? platform->traffic_pause
                                   : platform->traffic_resume)(job->project.id, &local, platform->userdata);
    if (status != CUTOVER_OK) {
        status =
            error_from_callback(&local, status, pause ? "platform.traffic_pause" : "platform.traffic_resume");
        error_move(error, local);
    }
    return status;
}

static cutover_status paused_swap(struct promote *job, struct session **inside, cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status = traffic(job, true, error);

    if (status == CUTOVER_OK)
        status = through_the_door(job, inside, error);
    if (traffic(job, false, &local) != CUTOVER_OK)
        report_warn(&job->report, "%s", cutover_error_message(local));
    cutover_error_free(local);
    return status;
}

cutover_status promote_swap(struct promote *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;
    struct session_options options = operation_session(&job->operation, &job->project.production, NULL);
    struct session *inside = NULL;
    uint32_t ended = 0;

    cutover_status status = backup_still_good(job, error);
    if (status == CUTOVER_OK)
        status = last_rules(job, error);
    if (status == CUTOVER_OK)
        status = properties_follow(job, error);
    if (status == CUTOVER_OK)
        status = lock_check_held(job, error);
    if (status == CUTOVER_OK)
        status = session_open(&options, &inside, error);
    if (status == CUTOVER_OK)
        status = door_empty(job->control, (uint32_t)record->staging_oid, NULL, 0, false,
                            job->host->door_timeout_ms, &ended, error);
    if (status == CUTOVER_OK)
        status = cancel_check(&job->operation.cancel, error);
    if (status == CUTOVER_OK) {
        record->door_closed = true;
        record->swap_intended = true;
        status = journal_step(&job->journal, PROMOTION_SWAP, error);
    }
    if (status == CUTOVER_OK) {
        const struct cancel *cancel = job->control->cancel;
        job->control->cancel = inside->cancel = NULL;
        status = paused_swap(job, &inside, error);
        job->control->cancel = cancel;
    }
    session_close(inside);
    return status;
}
