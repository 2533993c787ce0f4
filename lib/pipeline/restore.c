/* What a restore does its own way: its rules, what its backup needs of the server, stage, check and the proof. */
#include "archive/toc.h"
#include "base/folder.h"
#include "job/target.h"
#include "pipeline/promote.h"
#include "postgres/database.h"
#include "postgres/extension_comments.h"
#include "postgres/properties.h"
#include "transfer/analyze.h"
#include "transfer/archive.h"

#include <stdlib.h>
#include <string.h>

bool promote_over_production(const struct promote *job)
{
    return job->target_preview_id == NULL;
}

/* ---- rules ---- */

static cutover_status role_check(const struct promote *job, cutover_error **error)
{
    bool production = promote_over_production(job);
    uint32_t needed = production ? CUTOVER_ROLE_ORG_ADMIN : CUTOVER_ROLE_OPERATOR;
    cutover_status status = CUTOVER_OK;

    if ((job->actor.roles & needed) == 0) {
        status = error_set(error, CUTOVER_E_FORBIDDEN, "%s may not restore a backup %s", job->actor_id,
                           production ? "over production" : "into a preview");
        error_hint(error, production ? "ask an org_admin" : "ask an operator");
    } else if (production && !job->confirm) {
        status = error_set(error, CUTOVER_E_INVALID, "confirm: a restore over production must be confirmed");
        error_hint(error, "it replaces all of production; a backup of it is taken first");
    }
    return status;
}

static cutover_status source_check(struct promote *job, cutover_error **error)
{
    const struct backup_record *record = &job->source.record;

    if (record->status == BACKUP_VERIFIED && record->verdict == CUTOVER_VERDICT_EQUAL)
        return CUTOVER_OK;
    cutover_status status = error_set(error, CUTOVER_E_STATE, "backup %s is %s, not verified", record->id,
                                      backup_status_names[record->status]);
    error_hint(error, "verify it first, or choose another one");
    return status;
}

/* A preview that the platform does not know yet is made by it. */
static cutover_status preview_ensure(struct promote *job, const char *project_id, cutover_error **error)
{
    struct preview preview = {0};

    if (job->target_preview_id == NULL)
        return CUTOVER_OK;
    cutover_status status = platform_preview(&job->host->platform, job->target_preview_id, &preview, error);
    if (status == CUTOVER_OK && !preview.found) {
        preview_free(&preview);
        status =
            platform_preview_create(&job->host->platform, project_id, job->target_preview_id, &preview, error);
    }
    preview_free(&preview);
    return status;
}

cutover_status restore_rules(struct promote *job, cutover_error **error)
{
    struct host *host = job->host;

    backup_free(&job->source);
    project_free(&job->project);
    cutover_status status = role_check(job, error);
    if (status == CUTOVER_OK)
        status = backup_load(host, job->source_backup_id, &job->source, error);
    if (status == CUTOVER_OK)
        status = source_check(job, error);
    if (status == CUTOVER_OK)
        status = preview_ensure(job, job->source.record.project_id, error);
    if (status == CUTOVER_OK)
        status = target_of(host, job->source.record.project_id, job->target_preview_id, &job->project, error);
    if (status == CUTOVER_OK)
        status = lock_check(host, job->project.id, error);
    if (status == CUTOVER_OK && strcmp(job->project.state, "active") != 0)
        status =
            error_set(error, strcmp(job->project.state, "restoring") == 0 ? CUTOVER_E_LOCKED : CUTOVER_E_STATE,
                      "project %s is %s, not active", job->project.id, job->project.state);
    return status;
}

/* ---- what the backup needs ---- */

static const char roles_query[] = "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1";
static const char extension_query[] =
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

static cutover_status roles_look(struct promote *job, struct session *session, cutover_error **error)
{
    const struct manifest *manifest = &job->archive.manifest;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < manifest->role_count; i++) {
        bool found;
        status = known(session, roles_query, 1, (const char *const[]){manifest->roles[i]}, &found, error);
        if (status == CUTOVER_OK && !found)
            findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "backup.roles", "CREATE ROLE it on the server",
                         "the backup names the role \"%s\", which the server does not have",
                         manifest->roles[i]);
    }
    return status;
}

static cutover_status extensions_look(struct promote *job, struct session *session, cutover_error **error)
{
    struct json_object *extensions = job->archive.manifest.extensions;
    size_t count = extensions != NULL ? json_object_array_length(extensions) : 0;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        struct json_object *extension = json_object_array_get_idx(extensions, i);
        const char *parameters[] = {json_text_or(extension, "name", ""),
                                    json_text_or(extension, "version", "")};
        bool found;
        status = known(session, extension_query, 2, parameters, &found, error);
        if (status == CUTOVER_OK && !found)
            findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "backup.extensions",
                         "install it on the server's machine",
                         "the backup needs the extension %s %s, which the server does not have", parameters[0],
                         parameters[1]);
    }
    return status;
}

cutover_status restore_look(struct promote *job, struct session *production, cutover_error **error)
{
    const struct manifest *manifest = &job->archive.manifest;
    char *leftovers = NULL;
    cutover_status status = archive_open(job->host, &job->source.record, &job->archive, error);

    if (status != CUTOVER_OK)
        return status;
    if (strcmp(manifest->encoding, production->encoding) != 0)
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "backup.encoding",
                     "restore it into a database of the same encoding",
                     "the backup is in %s, the target database in %s", manifest->encoding,
                     production->encoding);
    if (manifest->server_version / 10000 > production->server_version / 10000)
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "backup.version",
                     "restore it on a server of that version or newer",
                     "the backup was taken from PostgreSQL %lld, the target is %d",
                     (long long)manifest->server_version / 10000, production->server_version / 10000);
    status = archive_check_files(&job->archive, &job->operation, PHASE_VERIFY_READ, error);
    if (status == CUTOVER_OK)
        status = roles_look(job, production, error);
    if (status == CUTOVER_OK)
        status = extensions_look(job, production, error);
    if (status == CUTOVER_OK && !promote_over_production(job))
        status = database_leftovers(production, &leftovers, error);
    if (status == CUTOVER_OK && leftovers != NULL)
        findings_add(&job->findings, CUTOVER_SEVERITY_BLOCK, "preview.empty",
                     "give it an empty database, or restore into another preview",
                     "the preview's database is not empty: it holds %s", leftovers);
    free(leftovers);
    return status;
}

/* ---- stage, check, proof ---- */

/* What pg_restore was told to leave out (EDGE_CASES A24). */
static cutover_status extensions_describe(struct promote *job, struct session *to, cutover_error **error)
{
    struct toc toc = {0};
    struct text folder = TEXT_INIT;
    char *bytes = NULL, *refused = NULL;
    size_t count = 0;

    text_add_format(&folder, "%s/%s", job->operation.folder, job->archive.backup_id);
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
        report_warn(&job->report, "comments on extensions that the target's role may not set: %s", refused);
    free(refused);
    return status;
}

cutover_status restore_stage(struct promote *job, cutover_error **error)
{
    struct promotion_record *record = &job->journal.record;
    struct operation *operation = &job->operation;
    struct fill fill;
    uint32_t oid = 0;

    cutover_status status = journal_step(&job->journal, PROMOTION_STAGE, error);
    if (status == CUTOVER_OK)
        status = database_create(job->control, record->staging_name, record->properties, &oid, error);
    if (status != CUTOVER_OK)
        return status;
    record->staging_oid = oid;
    status = journal_save(&job->journal, error);
    if (status != CUTOVER_OK)
        return status;
    status = archive_load(&job->archive, operation, &job->project.production, record->staging_name,
                          PHASE_STAGE_COPY, &fill, error);
    if (status == CUTOVER_OK)
        status = extensions_describe(job, fill.session, error);
    if (status == CUTOVER_OK)
        status = analyze_database(&fill, error);
    fill_close(&fill);
    if (status == CUTOVER_OK)
        status = properties_apply(job->control, record->staging_name, record->properties, error);
    job->report.stage_tables = job->archive.manifest.table_count;
    for (size_t i = 0; i < job->archive.manifest.table_count; i++)
        job->report.stage_rows += job->archive.manifest.tables[i].rows;
    job->report.stage_bytes = archive_raw_bytes(&job->archive);
    return status;
}

cutover_status restore_check(struct promote *job, cutover_error **error)
{
    return archive_compare(&job->archive, &job->operation, &job->project.production,
                           job->journal.record.staging_name, PHASE_CHECK, error);
}

cutover_status restore_prove_empty(void *context, struct session *inside, cutover_error **error)
{
    char *leftovers = NULL;
    cutover_status status = database_leftovers(inside, &leftovers, error);

    (void)context;
    if (status == CUTOVER_OK && leftovers != NULL) {
        status = error_set(error, CUTOVER_E_STATE, "the preview's database is no longer empty: it holds %s",
                           leftovers);
        error_hint(error, "nothing was touched; give the restore an empty database");
    }
    free(leftovers);
    return status;
}

cutover_status restore_drop_empty(struct promote *job, cutover_error **error)
{
    const struct promotion_record *record = &job->journal.record;

    return database_drop(job->control, record->displaced_name, (uint32_t)record->production_oid, error);
}
