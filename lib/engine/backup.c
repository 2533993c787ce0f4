#include "base/text.h"
#include "engine/engine.h"
#include "engine/options.h"
#include "engine/record_handle.h"
#include "job/backup_record.h"
#include "job/journal.h"
#include "job/lease.h"
#include "pipeline/verify.h"
#include "postgres/properties.h"
#include "transfer/archive_write.h"

#include <cutover/backup.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_DEFAULT "manual"
#define LOCK_TIMEOUT_MS 30000

struct cutover_backup {
    struct record_handle handle;
};

struct cutover_backup_list {
    struct record_handle_list list;
};

static const struct record_handle *handle_of(const cutover_backup *backup)
{
    return (const struct record_handle *)backup;
}

static cutover_status backup_wrap(struct backup_record *record, uint64_t version, cutover_backup **backup,
                                  cutover_error **error)
{
    struct record_handle *made = NULL;
    cutover_status status = record_handle_make(&backup_type, record, version, &made, error);

    if (status == CUTOVER_OK)
        *backup = (cutover_backup *)made;
    return status;
}

/* ---- who may ---- */

static const char who_may[] = "backups are taken, verified and deleted by operators";

/* What the caller gave, whole. */
static cutover_status options_take(const cutover_backup_options *given, cutover_backup_options *options,
                                   cutover_actor *actor, cutover_error **error)
{
    cutover_status status = port_copy(&backup_options_port, "options", given, options, error);

    if (status == CUTOVER_OK)
        status = engine_operator("options.actor", options->actor, who_may, actor, error);
    options->actor = actor;
    if (status == CUTOVER_OK)
        status = operation_jobs_check(options->jobs, error);
    if (status == CUTOVER_OK)
        status = backup_label_check(options->label, error);
    if (status == CUTOVER_OK && options->verify != CUTOVER_VERIFY_RESTORE &&
        options->verify != CUTOVER_VERIFY_READBACK)
        status = error_set(error, CUTOVER_E_INVALID, "options.verify: %d is no method", (int)options->verify);
    return status;
}

/* The project must be there, active, and without a job. */
static cutover_status project_free_of_jobs(const struct host *host, const char *project_id,
                                           struct project *project, cutover_error **error)
{
    cutover_status status = platform_project(&host->platform, project_id, project, error);

    if (status == CUTOVER_OK && !project->found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", project_id);
    if (status == CUTOVER_OK)
        status = lock_check(host, project_id, error);
    if (status == CUTOVER_OK && strcmp(project->state, "active") != 0)
        status = error_set(error, strcmp(project->state, "restoring") == 0 ? CUTOVER_E_LOCKED : CUTOVER_E_STATE,
                           "project %s is %s, not active", project_id, project->state);
    return status;
}

/* ---- create ---- */

struct taking {
    struct operation operation;
    struct lease lease; /* named by the backup */
    struct project project;
    struct backup backup;
};

/* A backup whose end could not be recorded is recovery's: its lease stays. */
static void taking_end(struct taking *taking)
{
    const struct backup_record *record = &taking->backup.record;

    lease_end(&taking->lease,
              record->id != NULL && (record->status == BACKUP_TAKING || record->status == BACKUP_VERIFYING));
}

static void expect_work(struct progress *progress, cutover_verify_method method, bool takes)
{
    bool restores = method == CUTOVER_VERIFY_RESTORE;

    progress_expect(progress, PHASE_BACKUP, takes ? 1 : 0);
    progress_expect(progress, PHASE_VERIFY_READ, 0.05);
    progress_expect(progress, PHASE_VERIFY_LOAD, restores ? 0.9 : 0);
    progress_expect(progress, PHASE_VERIFY_INDEX, restores ? 0.7 : 0);
    progress_expect(progress, PHASE_VERIFY_COMPARE, restores ? 0.5 : 0.2);
}

static cutover_status archive_take(struct taking *taking, cutover_error **error)
{
    struct session_options options = operation_session(&taking->operation, &taking->project.production, NULL);
    struct snapshot *snapshot = NULL;
    struct json_object *properties = NULL;

    cutover_status status = snapshot_open(&options, LOCK_TIMEOUT_MS, &snapshot, error);
    if (status == CUTOVER_OK)
        status = properties_read(snapshot->leader, snapshot->leader->database_oid, &properties, error);
    if (status == CUTOVER_OK)
        status =
            archive_write(&taking->operation, &options, snapshot, properties, &taking->backup.record, error);
    json_object_put(properties);
    snapshot_close(snapshot);
    return status;
}

static cutover_status take_and_verify(struct taking *taking, cutover_verify_method method,
                                      cutover_error **error)
{
    struct verify verify = {.operation = &taking->operation, .method = method, .project = &taking->project};

    progress_step(&taking->operation.progress, "backup");
    cutover_status status = lease_keep(&taking->lease, &taking->operation.cancel, error);
    if (status == CUTOVER_OK)
        status = archive_take(taking, error);
    if (status == CUTOVER_OK)
        status = backup_step(&taking->backup, BACKUP_VERIFYING, error);
    if (status == CUTOVER_OK) {
        progress_step(&taking->operation.progress, "verify");
        status = verify_backup(&verify, &taking->backup.record, error);
    }
    if (status == CUTOVER_OK)
        status = backup_step(&taking->backup, BACKUP_VERIFIED, error);
    return status;
}

static cutover_status record_begin(struct taking *taking, struct host *host,
                                   const cutover_backup_options *options, cutover_error **error)
{
    struct backup_record record = {0};
    cutover_status status =
        string_copy(options->label != NULL ? options->label : LABEL_DEFAULT, &record.label, error);

    if (status == CUTOVER_OK)
        status = string_copy(options->project_id, &record.project_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(options->actor->id, &record.created_by_actor_id, error);
    if (status == CUTOVER_OK)
        status = backup_prepare(host, &record, error);
    if (status == CUTOVER_OK)
        status = lease_prepare(&taking->lease, host, LEASE_BACKUP, record.id, record.project_id, error);
    if (status == CUTOVER_OK)
        return backup_begin(host, &record, &taking->lease, &taking->backup, error);
    record_free(&backup_type, &record);
    return status;
}

cutover_status cutover_backup_create(cutover_engine *engine, const cutover_backup_options *options,
                                     cutover_backup **backup, cutover_error **error)
{
    struct taking taking = {0};
    cutover_backup_options whole;
    cutover_actor actor;
    cutover_error *reason = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("options.project_id", whole.project_id, error);
    if (status != CUTOVER_OK)
        return status;
    options = &whole;
    operation_init(&taking.operation, &engine->host, options->jobs, options->progress,
                   options->progress_userdata);
    expect_work(&taking.operation.progress, options->verify, true);
    status = project_free_of_jobs(&engine->host, options->project_id, &taking.project, &reason);
    if (status == CUTOVER_OK)
        status = operation_open(&taking.operation, &reason);
    if (status == CUTOVER_OK)
        status = record_begin(&taking, &engine->host, options, &reason);
    if (status == CUTOVER_OK) {
        status = take_and_verify(&taking, options->verify, &reason);
        status = lease_explain(&taking.lease, status, &reason);
        if (status != CUTOVER_OK)
            backup_fail(&taking.backup, reason);
    }
    taking_end(&taking);
    if (status == CUTOVER_OK && backup != NULL)
        status = backup_wrap(&taking.backup.record, taking.backup.version, backup, &reason);
    error_move(error, reason);
    backup_free(&taking.backup);
    project_free(&taking.project);
    operation_close(&taking.operation);
    return status;
}

/* ---- verify again ---- */

/* Nothing was found against the backup (the job was cancelled, or it could not be told): what was known before holds. */
static cutover_status known_before(struct backup *backup, struct backup_record *before, cutover_error **error)
{
    enum backup_status to = (enum backup_status)before->status;
    struct backup_record now = backup->record;

    backup->record = *before;
    backup->record.status = now.status;
    memset(before, 0, sizeof *before);
    record_free(&backup_type, &now);
    return backup_step(backup, to, error);
}

static cutover_status verify_again(struct taking *taking, cutover_verify_method method, cutover_error **error)
{
    struct verify verify = {.operation = &taking->operation, .method = method, .project = &taking->project};
    struct backup *backup = &taking->backup;
    struct backup_record before = {0};
    cutover_error *reason = NULL;

    if (backup->record.manifest_sha256 == NULL) {
        cutover_status refused =
            error_set(error, CUTOVER_E_STATE, "backup %s has no archive: it failed before", backup->record.id);
        error_hint(error, "take a new one");
        return refused;
    }
    progress_step(&taking->operation.progress, "verify");
    cutover_status status = record_copy(&backup_type, &backup->record, &before, error);
    if (status == CUTOVER_OK)
        status = lease_prepare(&taking->lease, taking->operation.host, LEASE_BACKUP, backup->record.id,
                               backup->record.project_id, error);
    if (status == CUTOVER_OK)
        status = backup_step_leased(backup, BACKUP_VERIFYING, &taking->lease, error);
    if (status == CUTOVER_OK) {
        status = lease_keep(&taking->lease, &taking->operation.cancel, &reason);
        if (status == CUTOVER_OK)
            status = verify_backup(&verify, &backup->record, &reason);
        if (status == CUTOVER_OK) {
            record_set_text(&backup->record.error, NULL, NULL);
            status = backup_step(backup, BACKUP_VERIFIED, &reason);
        } else if (cutover_error_verdict(reason) == CUTOVER_VERDICT_DIFFERENT) {
            backup_fail(backup, reason);
        } else {
            cutover_error *local = NULL;
            if (known_before(backup, &before, &local) != CUTOVER_OK)
                log_line(&backup->host->log, LOG_WARNING_LEVEL, "backup %s stays recorded as verifying: %s",
                         backup->record.id, cutover_error_message(local));
            cutover_error_free(local);
        }
    }
    status = lease_explain(&taking->lease, status, &reason);
    taking_end(taking);
    record_free(&backup_type, &before);
    error_move(error, reason);
    return status;
}

cutover_status cutover_backup_verify(cutover_engine *engine, const cutover_backup_options *options,
                                     const char *backup_id, cutover_backup **backup, cutover_error **error)
{
    struct taking taking = {0};
    cutover_backup_options whole;
    cutover_actor actor;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("backup_id", backup_id, error);
    if (status != CUTOVER_OK)
        return status;
    options = &whole;
    operation_init(&taking.operation, &engine->host, options->jobs, options->progress,
                   options->progress_userdata);
    expect_work(&taking.operation.progress, options->verify, false);
    status = backup_load(&engine->host, backup_id, &taking.backup, error);
    if (status == CUTOVER_OK)
        status = project_free_of_jobs(&engine->host, taking.backup.record.project_id, &taking.project, error);
    if (status == CUTOVER_OK)
        status = operation_open(&taking.operation, error);
    if (status == CUTOVER_OK)
        status = verify_again(&taking, options->verify, error);
    if (status == CUTOVER_OK && backup != NULL)
        status = backup_wrap(&taking.backup.record, taking.backup.version, backup, error);
    backup_free(&taking.backup);
    project_free(&taking.project);
    operation_close(&taking.operation);
    return status;
}

/* ---- reading and deleting ---- */

cutover_status cutover_backup_get(cutover_engine *engine, const char *backup_id, cutover_backup **backup,
                                  cutover_error **error)
{
    struct backup loaded = {0};
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("backup_id", backup_id, error);
    if (status == CUTOVER_OK && backup == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "backup: required");
    if (status == CUTOVER_OK)
        status = backup_load(&engine->host, backup_id, &loaded, error);
    if (status == CUTOVER_OK)
        status = backup_wrap(&loaded.record, loaded.version, backup, error);
    backup_free(&loaded);
    return status;
}

cutover_status cutover_backups_list(cutover_engine *engine, const char *project_id, const char *after,
                                    uint32_t limit, cutover_backup_list **list, cutover_error **error)
{
    struct record_handle_list *made = NULL;
    cutover_status status = list == NULL ? error_set(error, CUTOVER_E_INVALID, "list: required") : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status = record_handle_list_read(engine, &backup_type, project_id, after, limit, &made, error);
    if (status == CUTOVER_OK)
        *list = (cutover_backup_list *)made;
    return status;
}

cutover_status cutover_backup_delete(cutover_engine *engine, const cutover_actor *actor, const char *backup_id,
                                     cutover_error **error)
{
    struct backup backup = {0};
    struct project project = {0};
    cutover_actor operator;
    cutover_error *local = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("backup_id", backup_id, error);
    if (status == CUTOVER_OK)
        status = engine_operator("actor", actor, who_may, &operator, error);
    if (status == CUTOVER_OK)
        status = backup_load(&engine->host, backup_id, &backup, error);
    if (status == CUTOVER_OK)
        status = lock_check(&engine->host, backup.record.project_id, error);
    if (status == CUTOVER_OK) {
        backup.record.deleted_at = clock_now(&engine->host.clock);
        status = backup_step(&backup, BACKUP_DELETED, error);
    }
    if (status == CUTOVER_OK) {
        const cutover_repository *repository = &engine->host.repository;
        status = repository->remove(backup_id, &local, repository->userdata);
        if (status != CUTOVER_OK) {
            status = error_from_callback(&local, status, "repository.remove");
            error_move(error, local);
        }
    }
    project_free(&project);
    backup_free(&backup);
    return status;
}

cutover_status cutover_backup_path(cutover_engine *engine, const char *backup_id, char *path, size_t capacity,
                                   cutover_error **error)
{
    struct backup backup = {0};
    cutover_error *local = NULL;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = engine_id_check("backup_id", backup_id, error);
    if (status == CUTOVER_OK && (path == NULL || capacity == 0))
        status = error_set(error, CUTOVER_E_INVALID, "path: required");
    if (status == CUTOVER_OK)
        status = backup_load(&engine->host, backup_id, &backup, error);
    if (status == CUTOVER_OK && backup.record.status == BACKUP_DELETED)
        status = error_set(error, CUTOVER_E_STATE, "backup %s is deleted", backup_id);
    if (status == CUTOVER_OK && engine->host.repository.path == NULL)
        status = error_set(error, CUTOVER_E_UNSUPPORTED, "this repository is not local: it has no paths");
    if (status == CUTOVER_OK) {
        status =
            engine->host.repository.path(backup_id, path, capacity, &local, engine->host.repository.userdata);
        if (status != CUTOVER_OK) {
            status = error_from_callback(&local, status, "repository.path");
            error_move(error, local);
        }
    }
    backup_free(&backup);
    return status;
}

/* ---- handles ---- */

const char *cutover_backup_id(const cutover_backup *backup)
{
    return record_handle_text(handle_of(backup), &backup_type, offsetof(struct backup_record, id));
}

const char *cutover_backup_project_id(const cutover_backup *backup)
{
    return record_handle_text(handle_of(backup), &backup_type, offsetof(struct backup_record, project_id));
}

const char *cutover_backup_label(const cutover_backup *backup)
{
    return record_handle_text(handle_of(backup), &backup_type, offsetof(struct backup_record, label));
}

const char *cutover_backup_status(const cutover_backup *backup)
{
    return record_handle_name(handle_of(backup), &backup_type, offsetof(struct backup_record, status),
                              backup_status_names);
}

int64_t cutover_backup_created_at(const cutover_backup *backup)
{
    return record_handle_number(handle_of(backup), &backup_type, offsetof(struct backup_record, created_at));
}

int64_t cutover_backup_verified_at(const cutover_backup *backup)
{
    return record_handle_number(handle_of(backup), &backup_type, offsetof(struct backup_record, verified_at));
}

const char *cutover_backup_json(const cutover_backup *backup)
{
    return record_handle_json(handle_of(backup), &backup_type);
}

uint64_t cutover_backup_version(const cutover_backup *backup)
{
    return record_handle_version(handle_of(backup), &backup_type);
}

void cutover_backup_free(cutover_backup *backup)
{
    record_handle_free((struct record_handle *)backup);
}

size_t cutover_backup_list_count(const cutover_backup_list *list)
{
    return record_handle_list_count((const struct record_handle_list *)list);
}

const cutover_backup *cutover_backup_list_at(const cutover_backup_list *list, size_t index)
{
    return (const cutover_backup *)record_handle_list_at((const struct record_handle_list *)list, index);
}

void cutover_backup_list_free(cutover_backup_list *list)
{
    record_handle_list_free((struct record_handle_list *)list);
}
