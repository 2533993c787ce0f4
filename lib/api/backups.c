/* Backups, what is restored from them, and the databases that cutovers displaced. */
#include "api/acts.h"
#include "api/output.h"
#include "api/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- backups ---- */

cutover_status api_find_backup(struct call *call, cutover_error **error)
{
    cutover_status status = cutover_backup_get(call->api->engine, call->params[0], &call->backup, error);

    if (status == CUTOVER_OK)
        call->project_id = cutover_backup_project_id(call->backup);
    return status;
}

cutover_status api_backup_get(struct call *call, cutover_error **error)
{
    return call_record(call, 200, cutover_backup_json(call->backup), cutover_backup_version(call->backup),
                       error);
}

cutover_status api_backups_list(struct call *call, cutover_error **error)
{
    cutover_backup_list *list = NULL;
    cutover_filter filter;
    struct output output;

    call_filter(call, &filter);
    cutover_status status = cutover_backups_find(call->api->engine, &filter, &list, error);
    if (status != CUTOVER_OK)
        return status;
    const size_t count = cutover_backup_list_count(list);
    call_page_begin(&output);
    for (size_t i = 0; i < count; i++)
        output_json(&output, cutover_backup_json(cutover_backup_list_at(list, i)));
    status = call_page_end(
        call, &output, count < filter.limit ? NULL : cutover_backup_id(cutover_backup_list_at(list, count - 1)),
        error);
    cutover_backup_list_free(list);
    return status;
}

static cutover_status check_run(const struct call *call, cutover_error **error)
{
    if (call->api->run != NULL)
        return CUTOVER_OK;
    return api_fail(error, CUTOVER_E_UNSUPPORTED, "this host runs no jobs", NULL);
}

static void backup_options(const struct call *call, cutover_backup_options *options)
{
    *options = (cutover_backup_options)CUTOVER_BACKUP_OPTIONS_INIT;
    options->actor = call->request->actor;
    options->project_id = call->project_id;
    options->label = call_text(call, "label");
    options->jobs = (uint32_t)call_count(call, "jobs", call->api->jobs);
    options->verify = call_verify(call);
}

cutover_status api_backup_create(struct call *call, cutover_error **error)
{
    cutover_backup_options options;
    cutover_backup_job *job = NULL;

    backup_options(call, &options);
    cutover_status status = check_run(call, error);
    if (status == CUTOVER_OK)
        status = cutover_backup_start(call->api->engine, &options, &job, error);
    return status != CUTOVER_OK ? status : work_begin(call, WORK_BACKUP, job, call->project_id, NULL, error);
}

cutover_status api_backup_verify(struct call *call, cutover_error **error)
{
    cutover_backup_options options;
    cutover_backup_job *job = NULL;

    backup_options(call, &options);
    cutover_status status = check_run(call, error);
    if (status == CUTOVER_OK)
        status = cutover_backup_verify_start(call->api->engine, &options, cutover_backup_id(call->backup), &job,
                                             error);
    return status != CUTOVER_OK ? status
                                : work_begin(call, WORK_VERIFICATION, job, call->project_id, NULL, error);
}

cutover_status api_backup_delete(struct call *call, cutover_error **error)
{
    cutover_status status =
        cutover_backup_delete(call->api->engine, call->request->actor, cutover_backup_id(call->backup), error);

    return status != CUTOVER_OK ? status : call_nothing(call, error);
}

/* ---- restores ---- */

/* That the backup is one of this project's, and what the target is. */
static cutover_status restore_check(struct call *call, bool into_preview, cutover_error **error)
{
    cutover_status status =
        cutover_backup_get(call->api->engine, call_text(call, "backup_id"), &call->backup, error);

    if (status == CUTOVER_OK && strcmp(cutover_backup_project_id(call->backup), call->project_id) != 0)
        return api_fail(error, CUTOVER_E_NOT_FOUND, "the project has no such backup", NULL);
    if (status == CUTOVER_OK && into_preview != (call_text(call, "preview_id") != NULL))
        return call_problem(call, PROBLEM_INVALID,
                            "preview_id: of the preview, where that is the target, and only there", NULL,
                            "preview_id", error);
    if (status == CUTOVER_OK && !into_preview && !call_flag(call, "confirm"))
        return call_problem(call, PROBLEM_INVALID, "confirm: true, to overwrite production", NULL, "confirm",
                            error);
    return status;
}

cutover_status api_restore_create(struct call *call, cutover_error **error)
{
    cutover_restore_options options = CUTOVER_RESTORE_OPTIONS_INIT;
    cutover_restore *restore = NULL;
    const bool into_preview = strcmp(call_text(call, "target_kind"), "preview") == 0;

    options.actor = call->request->actor;
    options.backup_id = call_text(call, "backup_id");
    options.preview_id = into_preview ? call_text(call, "preview_id") : NULL;
    options.project_id = into_preview ? NULL : call->project_id;
    options.confirm = call_flag(call, "confirm");
    options.jobs = (uint32_t)call_count(call, "jobs", call->api->jobs);
    options.verify = call_verify(call);
    options.writes_refused_max_s = (uint32_t)call_count(call, "writes_refused_max_s", 0);
    options.fence = call_fence(call);
    cutover_status status = check_run(call, error);
    if (status == CUTOVER_OK)
        status = restore_check(call, into_preview, error);
    if (status != CUTOVER_OK || call->answer != NULL)
        return status;
    status = cutover_restore_start(call->api->engine, &options, &restore, error);
    return status != CUTOVER_OK ? status
                                : work_begin(call, WORK_RESTORE, restore, call->project_id, NULL, error);
}

/* ---- displaced databases ---- */

static void displaced_write(struct output *output, const cutover_displaced *displaced)
{
    const bool of_request = displaced->request_id != NULL && *displaced->request_id != '\0';

    output_open(output, '{');
    output_put(output, "name", displaced->name);
    output_put_count(output, "oid", displaced->oid);
    output_put_count(output, "size", displaced->size);
    output_put_time(output, "displaced_at", displaced->displaced_at);
    output_put(output, "project_id", displaced->project_id);
    output_put(output, "job_id", displaced->promotion_id);
    output_put(output, "request_id", of_request ? displaced->request_id : NULL);
    output_close(output, '}');
}

static cutover_status displaced_emit(const cutover_displaced *displaced, void *context)
{
    struct window *window = context;

    if (window_has(window, displaced->name))
        displaced_write(&window->output, displaced);
    return CUTOVER_OK;
}

cutover_status api_displaced_list(struct call *call, cutover_error **error)
{
    struct window window;

    window_begin(&window, call_query(call, "cursor"), (uint64_t)call_query_count(call, "limit", 50));
    cutover_status status =
        cutover_displaced_list(call->api->engine, call->project_id, displaced_emit, &window, error);
    window_end(&window);
    if (status == CUTOVER_OK)
        status = call_json(call, 200, output_text(&window.output), error);
    output_free(&window.output);
    return status;
}

cutover_status api_displaced_drop(struct call *call, cutover_error **error)
{
    cutover_status status = cutover_displaced_drop(call->api->engine, call->request->actor, call->project_id,
                                                   call->params[1], error);

    return status != CUTOVER_OK ? status : call_nothing(call, error);
}

static cutover_status dropped_emit(const cutover_displaced *displaced, void *context)
{
    displaced_write(context, displaced);
    return CUTOVER_OK;
}

/* Where one is refused the others are dropped all the same, and the refusal is the answer. */
cutover_status api_displaced_expire(struct call *call, cutover_error **error)
{
    const int64_t retention = call_count(call, "older_than_hours", 0) * INT64_C(3600000000);
    struct output output;

    call_page_begin(&output);
    cutover_status status = cutover_displaced_expire(call->api->engine, call->request->actor, call->project_id,
                                                     retention, dropped_emit, &output, error);
    if (status == CUTOVER_OK)
        return call_page_end(call, &output, NULL, error);
    output_free(&output);
    return status;
}
