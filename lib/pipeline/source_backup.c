/* The source of a restore: a verified backup, loaded from its files, and compared with what its manifest says. */
#include "archive/toc.h"
#include "base/folder.h"
#include "job/target.h"
#include "pipeline/job.h"
#include "postgres/database.h"
#include "postgres/extension_comments.h"
#include "transfer/analyze.h"
#include "transfer/archive.h"

#include <stdlib.h>
#include <string.h>

/* ---- rules ---- */

static cutover_status role_check(const struct job *job, cutover_error **error)
{
    bool production = job->from.backup.into_preview == NULL;
    uint32_t needed = production ? CUTOVER_ROLE_ORG_ADMIN : CUTOVER_ROLE_OPERATOR;
    cutover_status status = CUTOVER_OK;

    if ((job->actor.roles & needed) == 0) {
        status = error_set(error, CUTOVER_E_FORBIDDEN, "%s may not restore a backup %s", job->actor_id,
                           production ? "over production" : "into a preview");
        error_hint(error, production ? "Ask an org_admin." : "Ask an operator.");
    } else if (production && !job->from.backup.confirm) {
        status = error_set(error, CUTOVER_E_INVALID, "confirm: a restore over production must be confirmed");
        error_hint(error, "It replaces all of production; a backup of it is taken first.");
    }
    return status;
}

static cutover_status source_check(struct job *job, cutover_error **error)
{
    const struct backup_record *record = &job->from.backup.taken.record;

    if (record->status == BACKUP_VERIFIED && record->verdict == CUTOVER_VERDICT_EQUAL)
        return CUTOVER_OK;
    cutover_status status = error_set(error, CUTOVER_E_STATE, "backup %s is %s, not verified", record->id,
                                      backup_status_names[record->status]);
    error_hint(error, "Verify it first, or choose another one.");
    return status;
}

/* A preview that the platform does not know yet is made by it. */
static cutover_status preview_ensure(struct job *job, const char *project_id, cutover_error **error)
{
    struct preview preview = {0};

    if (job->from.backup.into_preview == NULL)
        return CUTOVER_OK;
    cutover_status status =
        platform_preview(&job->host->platform, job->from.backup.into_preview, &preview, error);
    if (status == CUTOVER_OK && !preview.found) {
        preview_free(&preview);
        status = platform_preview_create(&job->host->platform, project_id, job->from.backup.into_preview,
                                         &preview, error);
    }
    preview_free(&preview);
    return status;
}

static cutover_status rules(struct job *job, cutover_error **error)
{
    struct host *host = job->host;

    backup_free(&job->from.backup.taken);
    project_free(&job->project);
    cutover_status status = role_check(job, error);
    if (status == CUTOVER_OK)
        status = backup_load(host, job->from.backup.backup_id, &job->from.backup.taken, error);
    if (status == CUTOVER_OK)
        status = source_check(job, error);
    if (status == CUTOVER_OK)
        status = preview_ensure(job, job->from.backup.taken.record.project_id, error);
    if (status == CUTOVER_OK)
        status = target_of(host, job->from.backup.taken.record.project_id, job->from.backup.into_preview,
                           &job->project, error);
    return status != CUTOVER_OK ? status : job_project_check(host, &job->project, error);
}

/* ---- what the backup needs ---- */

static const char roles_sql[] = "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1";
static const char extension_sql[] =
    "SELECT 1 FROM pg_catalog.pg_available_extension_versions WHERE name = $1 AND version = $2";

static cutover_status known(struct session *session, const char *query, int count,
                            const char *const *parameters, bool *found, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(session, query, count, parameters, &result, error);

    *found = status == CUTOVER_OK && PQntuples(result) > 0;
    PQclear(result);
    return status;
}

static cutover_status roles_look(struct job *job, struct session *session, cutover_error **error)
{
    const struct manifest *manifest = &job->from.backup.archive.manifest;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < manifest->role_count; i++) {
        bool found;
        status = known(session, roles_sql, 1, (const char *const[]){manifest->roles[i]}, &found, error);
        if (status == CUTOVER_OK && !found)
            findings_add(
                &job->findings, CUTOVER_SEVERITY_BLOCK, "backup.roles", "CREATE ROLE it on the server.",
                "the backup names the role \"%s\", which the server does not have", manifest->roles[i]);
    }
    return status;
}

static cutover_status extensions_look(struct job *job, struct session *session, cutover_error **error)
{
    struct json_object *extensions = job->from.backup.archive.manifest.extensions;
    size_t count = extensions != NULL ? json_object_array_length(extensions) : 0;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        struct json_object *extension = json_object_array_get_idx(extensions, i);
        const char *parameters[] = {json_text_or(extension, "name", ""),
                                    json_text_or(extension, "version", "")};
        bool found;
        status = known(session, extension_sql, 2, parameters, &found, error);
        if (status == CUTOVER_OK && !found)
            findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "backup.extensions",
                         "Install it on the server's machine.",
                         "the backup needs the extension %s %s, which the server does not have", parameters[0],
                         parameters[1]);
    }
    return status;
}

static cutover_status backup_look(struct job *job, struct session *production, cutover_error **error)
{
    const struct manifest *manifest = &job->from.backup.archive.manifest;
    char *leftovers = NULL;
    cutover_status status =
        archive_open(job->host, &job->from.backup.taken.record, &job->from.backup.archive, error);

    if (status != CUTOVER_OK)
        return status;
    if (strcmp(manifest->encoding, production->encoding) != 0)
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "backup.encoding",
                     "Restore it into a database of the same encoding.",
                     "the backup is in %s, the target database in %s", manifest->encoding,
                     production->encoding);
    if (manifest->server_version / 10000 > production->server_version / 10000)
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "backup.version",
                     "Restore it on a server of that version or newer.",
                     "the backup was taken from PostgreSQL %lld, the target is %d",
                     (long long)manifest->server_version / 10000, production->server_version / 10000);
    status = archive_check_files(&job->from.backup.archive, &job->operation, PHASE_VERIFY_READ, error);
    if (status == CUTOVER_OK)
        status = roles_look(job, production, error);
    if (status == CUTOVER_OK)
        status = extensions_look(job, production, error);
    if (status == CUTOVER_OK && job->from.backup.into_preview != NULL)
        status = database_leftovers(production, &leftovers, error);
    if (status == CUTOVER_OK && leftovers != NULL)
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "preview.empty",
                     "Give it an empty database, or restore into another preview.",
                     "the preview's database is not empty: it holds %s", leftovers);
    free(leftovers);
    job->source_bytes = (double)archive_raw_bytes(&job->from.backup.archive);
    return status;
}

static cutover_status look(struct job *job, cutover_error **error)
{
    return preflight_look(job, NULL, backup_look, error);
}

static cutover_status enter(struct job *job, struct promotion_record *fresh, cutover_error **error)
{
    cutover_status status = record_set_text(&fresh->source_backup_id, job->from.backup.backup_id, error);

    return status != CUTOVER_OK ? status
                                : record_set_text(&fresh->preview_id, job->from.backup.into_preview, error);
}

/* ---- stage and check ---- */

/* What pg_restore was told to leave out (EDGE_CASES A24). */
static cutover_status extensions_describe(struct job *job, struct session *to, cutover_error **error)
{
    struct toc toc = {0};
    struct text folder = TEXT_INIT;
    char *bytes = NULL, *refused = NULL;
    size_t count = 0;

    text_add_format(&folder, "%s/%s", job->operation.folder, job->from.backup.archive.backup_id);
    cutover_status status = text_failed(&folder) ? error_nomem(error)
                                                 : folder_read(text_string(&folder), ARCHIVE_TOC,
                                                               ARCHIVE_TOC_LIMIT, &bytes, &count, error);
    text_free(&folder);
    if (status == CUTOVER_OK)
        status = toc_parse(bytes, count, &toc, error);
    free(bytes);
    if (status != CUTOVER_OK)
        return status;
    status = extension_comments_restore(&toc, to, &refused, error);
    toc_free(&toc);
    if (refused != NULL)
        job_warn(job, "comments on extensions that the target's role may not set: %s", refused);
    free(refused);
    return status;
}

static cutover_status stage(struct job *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;
    struct operation *operation = &job->operation;
    const struct destination to = {
        .control = job->control,
        .conninfo = &job->project.production,
        .given_loader = job->project.loader_given ? &job->project.loader : NULL,
        .database = record->staging_name,
    };
    struct fill fill;
    uint32_t oid = 0;

    cutover_status status =
        database_create(job->control, record->staging_name, record->properties, &oid, error);
    if (status != CUTOVER_OK)
        return status;
    record->staging_oid = oid;
    status = journal_save(&job->journal, error);
    if (status == CUTOVER_OK)
        status = job_properties_try(job, job->bears, error);
    if (status != CUTOVER_OK)
        return status;
    status = archive_load(&job->from.backup.archive, operation, &to, PHASE_STAGE_COPY, &fill, error);
    if (status == CUTOVER_OK)
        status = extensions_describe(job, fill.session, error);
    if (status == CUTOVER_OK)
        status = analyze_database(&fill, error);
    if (status == CUTOVER_OK)
        status = fill_finish(&fill, text_string(&job->from.backup.archive.facts), error);
    fill_close(&fill);
    job->report.stage_tables = job->from.backup.archive.manifest.table_count;
    for (size_t i = 0; i < job->from.backup.archive.manifest.table_count; i++)
        job->report.stage_rows += job->from.backup.archive.manifest.tables[i].rows;
    job->report.stage_bytes = archive_raw_bytes(&job->from.backup.archive);
    return status;
}

static cutover_status check(struct job *job, cutover_error **error)
{
    return archive_compare(&job->from.backup.archive, &job->operation, &job->project.production,
                           job->journal.record.staging_name, PHASE_CHECK, error);
}

static void close_source(struct job *job)
{
    struct backup_source *from = &job->from.backup;

    archive_close(&from->archive);
    backup_free(&from->taken);
    free(from->backup_id);
    free(from->into_preview);
    memset(from, 0, sizeof *from);
}

const struct source source_backup = {
    .rules = rules,
    .look = look,
    .enter = enter,
    .stage = stage,
    .check = check,
    .close = close_source,
};
