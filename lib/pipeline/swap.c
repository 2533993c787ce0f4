/* Step swap: the last checks, then the guarded swap with the fence's proof. */
#include "job/cancellation.h"
#include "job/guard.h"
#include "pipeline/job.h"
#include "postgres/properties.h"
#include "postgres/swap/advisory.h"
#include "transfer/archive_read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* P2: the store says that the backup is verified, of this very database, and its files are still what was verified: a
   promotion may have been held for days. */
static cutover_status backup_still_good(struct job *job, cutover_error **error)
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
    /* Where it was brought forward that was asked seconds ago, before the fence went up. */
    if (status == CUTOVER_OK && !job_catches_up(job))
        status = archive_check_files(&archive, &job->operation, PHASE_LAST_READ, error);
    archive_close(&archive);
    backup_free(&backup);
    return status;
}

/* The fence's value for a setting's role among those that it replaced; NULL: it replaced none. */
static const char *fence_replaced(struct json_object *replaced, const char *role)
{
    for (size_t i = 0; i < json_object_array_length(replaced); i++) {
        struct json_object *setting = json_object_array_get_idx(replaced, i);
        if (strcmp(json_text_or(setting, "role", ""), role) == 0)
            return json_text_or(setting, "value", NULL);
    }
    return NULL;
}

/* The settings that the fence itself put there are not production's own: those that it replaced are, and what somebody chose behind it
   (properties_read() has told them apart). A value is given back as it was spelt. */
static cutover_status fence_take_out(struct job *job, struct json_object *properties, cutover_error **error)
{
    struct json_object *replaced = json_object_new_array(), *settings = json_member(properties, "settings");
    size_t count = settings != NULL ? json_object_array_length(settings) : 0;

    if (replaced == NULL)
        return error_nomem(error);
    cutover_status status = fence_settings(job->control, job->journal.record.fence, replaced, error);
    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        struct json_object *setting = json_object_array_get_idx(settings, i);
        const char *was = fence_replaced(replaced, json_text_or(setting, "role", ""));
        if (strcasecmp(json_text_or(setting, "name", ""), FENCE_SETTING) == 0 && was != NULL &&
            strcmp(fence_value(was), fence_value(json_text_or(setting, "value", ""))) == 0)
            json_put_text(setting, "value", was);
    }
    json_object_put(replaced);
    return status == CUTOVER_OK && !json_is_complete(properties) ? error_nomem(error) : status;
}

static cutover_status properties_now(struct job *job, struct json_object **now, cutover_error **error)
{
    cutover_status status =
        properties_read(job->control, (uint32_t)job->journal.record.production_oid, now, error);

    return status == CUTOVER_OK && job->journal.record.fence_raised ? fence_take_out(job, *now, error) : status;
}

/* What a database was made with cannot be given to another: it ends the job. */
static cutover_status place_check(const struct job *job, struct json_object *now, cutover_error **error)
{
    const char *was = json_text_or(job->bears, "tablespace", ""), *is = json_text_or(now, "tablespace", "");

    if (strcmp(was, is) == 0)
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_CONFLICT,
              "production was moved to tablespace \"%s\" while the job ran: what comes in was made in \"%s\"",
              is, was);
    error_hint(error, "Start again.");
    return CUTOVER_E_CONFLICT;
}

/* What an administrator changed of production while the job ran goes along (EDGE_CASES C7, C8). */
static cutover_status properties_follow(struct job *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;
    struct json_object *now = NULL;
    char *differences = NULL;

    cutover_status status =
        properties_digest(job->control, (uint32_t)record->production_oid, &job->borne, error);
    if (status == CUTOVER_OK)
        status = properties_now(job, &now, error);
    if (status == CUTOVER_OK)
        status = place_check(job, now, error);
    if (status == CUTOVER_OK)
        status = properties_compare(job->bears, now, &differences, error);
    if (status == CUTOVER_OK)
        status = job_properties_try(job, now, error);
    if (status == CUTOVER_OK && differences[0] != '\0') {
        job_warn(job, "production's properties changed during the %s: %s", job->type->name, differences);
        json_object_put(record->properties);
        record->properties = NULL;
        status = properties_without_values(now, &record->properties, error);
    }
    free(differences);
    json_object_put(job->bears);
    job->bears = now;
    return status;
}

/* What is there to be seen already, a write behind the fence or a subscription that was made since, costs no closed door. What
   counts is asked again behind it. */
static cutover_status look_early(struct job *job, cutover_error **error)
{
    struct session_options options = operation_session(&job->operation, &job->project.production, NULL);
    struct session *inside = NULL;

    options.control_database = job->project.control_database;
    cutover_status status = session_open(&options, &inside, error);
    if (status == CUTOVER_OK)
        status = advisory_lock_check(job->control, job->journal.record.lock_key, error);
    if (status == CUTOVER_OK)
        status = advisory_lock_shared(inside, job->control, job->journal.record.lock_key, error);
    if (status == CUTOVER_OK && inside->database_oid == (uint32_t)job->journal.record.production_oid) {
        status = job_look_again(job, inside, error);
        if (status == CUTOVER_OK)
            status = job->target->look(job, &options, inside, error);
    }
    session_close(inside);
    return status;
}

cutover_status step_swap(struct job *job, cutover_error **error)
{
    struct guard guard = {
        .operation = &job->operation,
        .project = &job->project,
        .control = job->control,
        .journal = &job->journal,
        .report = &job->report,
        /* What was there before has been written to by others: its counters say nothing. */
        .incoming = job->source->stage != NULL ? &job->incoming : NULL,
        .prove = job->target->prove,
        .context = job,
    };

    cutover_status status = job_reserve(job, false, error);
    if (status == CUTOVER_OK && job->target->backed_up)
        status = backup_still_good(job, error);
    if (status == CUTOVER_OK && job->source->still != NULL)
        status = job->source->still(job, error);
    if (status == CUTOVER_OK && job->target->backed_up)
        status = look_early(job, error);
    if (status == CUTOVER_OK)
        status = properties_follow(job, error);
    guard.properties = job->bears;
    guard.borne = job->borne;
    /* From the journal's next save on nobody is told any more that it was cancelled. */
    if (status == CUTOVER_OK && cancellation_is_asked(job->host, job->journal.record.id))
        cancel_ask(&job->operation.cancel);
    if (status == CUTOVER_OK)
        status = guard_swap(&guard, error);
    job->swapped = guard.swapped;
    job->outcome_unknown = guard.outcome_unknown;
    if (job->swapped && job->fenced_us != 0)
        job->report.writes_refused_us = monotonic_us() - job->fenced_us;
    return status;
}
