#include "job/target.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define PREVIEW_CONTROL_DATABASE "postgres"

static cutover_status target_preview(const struct host *host, const char *preview_id, struct project *target,
                                     cutover_error **error)
{
    struct preview preview = {0};

    cutover_status status = platform_preview(&host->platform, preview_id, &preview, error);
    if (status == CUTOVER_OK && !preview.found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no preview %s", preview_id);
    if (status == CUTOVER_OK && strcmp(preview.project_id, target->id) != 0)
        status = error_set(error, CUTOVER_E_STATE, "preview %s is not of project %s", preview_id, target->id);
    if (status == CUTOVER_OK) {
        free(target->control_database);
        target->control_database = NULL;
        conninfo_free(&target->production);
        conninfo_free(&target->verify);
        conninfo_free(&target->loader);
        target->verify_elsewhere = target->loader_given = false;
        target->production = preview.database;
        memset(&preview.database, 0, sizeof preview.database);
        status = string_copy(PREVIEW_CONTROL_DATABASE, &target->control_database, error);
    }
    preview_free(&preview);
    return status;
}

cutover_status target_of(const struct host *host, const char *project_id, const char *preview_id,
                         struct project *target, cutover_error **error)
{
    cutover_status status = platform_project(&host->platform, project_id, target, error);

    if (status == CUTOVER_OK && !target->found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no project %s", project_id);
    if (status == CUTOVER_OK && preview_id != NULL)
        status = target_preview(host, preview_id, target, error);
    if (status != CUTOVER_OK)
        project_free(target);
    return status;
}

cutover_status target_of_job(const struct host *host, const struct promotion_record *record,
                             struct project *target, cutover_error **error)
{
    return target_of(host, record->project_id, promotion_target_preview(record), target, error);
}
