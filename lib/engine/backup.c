#include "base/answer.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/job_handle.h"
#include "engine/options.h"
#include "engine/record_handle.h"
#include "pipeline/job.h"

#include <cutover/backup.h>
#include <stdlib.h>
#include <string.h>

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

/* Runs a job that was made, and hands out the backup's record as it is then. */
static cutover_status run(struct job *job, cutover_status made, cutover_backup **backup, cutover_error **error)
{
    cutover_status status = made == CUTOVER_OK ? job_run(job, error) : made;

    if (status == CUTOVER_OK && backup != NULL)
        status = backup_wrap(&job->backup.record, job->backup.version, backup, error);
    job_free(job);
    return status;
}

cutover_status cutover_backup_create(cutover_engine *engine, const cutover_backup_options *options,
                                     cutover_backup **backup, cutover_error **error)
{
    cutover_backup_options whole;
    cutover_actor actor;
    struct job job;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("options.project_id", whole.project_id, error);
    if (status != CUTOVER_OK)
        return status;
    return run(&job, backup_make(&job, &engine->host, &whole, error), backup, error);
}

cutover_status cutover_backup_verify(cutover_engine *engine, const cutover_backup_options *options,
                                     const char *backup_id, cutover_backup **backup, cutover_error **error)
{
    cutover_backup_options whole;
    cutover_actor actor;
    struct job job;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK)
        status = engine_id_check("backup_id", backup_id, error);
    if (status != CUTOVER_OK)
        return status;
    return run(&job, verification_make(&job, &engine->host, &whole, backup_id, error), backup, error);
}

/* ---- in two parts ---- */

struct cutover_backup_job {
    struct job_handle handle;
    char *project_id, *label, *backup_id; /* as asked */
};

static struct job_handle *job_of(cutover_backup_job *job)
{
    return (struct job_handle *)job;
}

/* Whether its project has room for a job. */
static cutover_status project_check(struct job *job, const char *project_id, cutover_error **error)
{
    cutover_status status = platform_project(&job->host->platform, project_id, &job->project, error);

    return status != CUTOVER_OK ? status : job_project_check(job->host, &job->project, error);
}

/* A whole copy of what was asked, with texts that live as long as the job. */
static cutover_status job_begin(cutover_engine *engine, const cutover_backup_options *options,
                                const char *backup_id, cutover_backup_job **job, cutover_error **error)
{
    cutover_backup_options whole;
    cutover_actor actor;
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK)
        status = options_take(options, &whole, &actor, error);
    if (status == CUTOVER_OK)
        status = backup_id != NULL ? engine_id_check("backup_id", backup_id, error)
                                   : engine_id_check("options.project_id", whole.project_id, error);
    if (status == CUTOVER_OK && job == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "job: required");
    if (status != CUTOVER_OK)
        return status;
    cutover_backup_job *made = (cutover_backup_job *)job_handle_new(sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    status = string_copy(backup_id == NULL ? whole.project_id : NULL, &made->project_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(whole.label, &made->label, error);
    if (status == CUTOVER_OK)
        status = string_copy(backup_id, &made->backup_id, error);
    whole.project_id = made->project_id;
    whole.label = made->label;
    cutover_status begun =
        backup_id == NULL
            ? backup_make(&made->handle.job, &engine->host, &whole, status == CUTOVER_OK ? error : NULL)
            : verification_make(&made->handle.job, &engine->host, &whole, backup_id,
                                status == CUTOVER_OK ? error : NULL);
    made->handle.job.from.own.backup_id = made->backup_id;
    if (status == CUTOVER_OK)
        status = begun;
    if (status != CUTOVER_OK)
        cutover_backup_job_free(made);
    else
        *job = made;
    return status;
}

cutover_status cutover_backup_start(cutover_engine *engine, const cutover_backup_options *options,
                                    cutover_backup_job **job, cutover_error **error)
{
    cutover_backup_job *made = NULL;
    cutover_status status = job_begin(engine, options, NULL, job == NULL ? NULL : &made, error);

    if (status == CUTOVER_OK)
        status = project_check(&made->handle.job, made->project_id, error);
    if (status == CUTOVER_OK)
        *job = made;
    else
        cutover_backup_job_free(made);
    return status;
}

cutover_status cutover_backup_verify_start(cutover_engine *engine, const cutover_backup_options *options,
                                           const char *backup_id, cutover_backup_job **job,
                                           cutover_error **error)
{
    cutover_backup_job *made = NULL;
    struct backup backup = {0};
    cutover_status status =
        job_begin(engine, options, backup_id == NULL ? "" : backup_id, job == NULL ? NULL : &made, error);

    if (status == CUTOVER_OK)
        status = backup_load(&engine->host, backup_id, &backup, error);
    if (status == CUTOVER_OK)
        status = machine_backup((enum backup_status)backup.record.status, BACKUP_VERIFYING, error);
    if (status == CUTOVER_OK && backup.record.manifest_sha256 == NULL)
        status = error_set(error, CUTOVER_E_STATE, "backup %s is %s, and has no archive", backup_id,
                           backup_status_names[backup.record.status]);
    if (status == CUTOVER_OK)
        status = project_check(&made->handle.job, backup.record.project_id, error);
    backup_free(&backup);
    if (status == CUTOVER_OK)
        *job = made;
    else
        cutover_backup_job_free(made);
    return status;
}

cutover_status cutover_backup_job_run(cutover_backup_job *job, cutover_error **error)
{
    return job_handle_run(job_of(job), "job", error);
}

void cutover_backup_job_cancel(cutover_backup_job *job)
{
    job_handle_cancel(job_of(job));
}

cutover_status cutover_backup_job_progress(cutover_backup_job *job, cutover_progress *progress)
{
    return job_handle_progress(job_of(job), progress);
}

const char *cutover_backup_job_id(cutover_backup_job *job)
{
    return job_handle_id(job_of(job));
}

void cutover_backup_job_free(cutover_backup_job *job)
{
    if (!job_handle_close(job_of(job)))
        return;
    free(job->project_id);
    free(job->label);
    free(job->backup_id);
    free(job);
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
    error_begin(error);
    struct record_handle_list *made = NULL;
    cutover_status status = list == NULL ? error_set(error, CUTOVER_E_INVALID, "list: required") : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status = record_handle_list_read(engine, &backup_type, project_id, after, limit, &made, error);
    if (status == CUTOVER_OK)
        *list = (cutover_backup_list *)made;
    return status;
}

cutover_status cutover_backups_find(cutover_engine *engine, const cutover_filter *filter,
                                    cutover_backup_list **list, cutover_error **error)
{
    error_begin(error);
    static const struct record_finding finding = {
        &backup_type, offsetof(struct backup_record, status), backup_status_names, NULL, NULL, NULL};
    struct record_handle_list *made = NULL;
    cutover_status status = list == NULL ? error_set(error, CUTOVER_E_INVALID, "list: required") : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status = record_handle_list_find(engine, &finding, filter, &made, error);
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
        backup.actor = &operator;
        backup.record.deleted_at = clock_now(&engine->host.clock);
        status = backup_step(&backup, BACKUP_DELETED, error);
    }
    if (status == CUTOVER_OK) {
        const cutover_repository *repository = &engine->host.repository;
        status =
            ANSWER_OF(repository->capabilities, repository->remove(backup_id, &local, repository->userdata));
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
        status = ANSWER_OF(
            engine->host.repository.capabilities,
            engine->host.repository.path(backup_id, path, capacity, &local, engine->host.repository.userdata));
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
