#include "platform/port.h"

#include "base/answer.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const cutover_platform initial = CUTOVER_PLATFORM_INIT;
static const struct port_member required[] = {
    {"project_get", offsetof(cutover_platform, project_get), 1},
    {"project_set_state", offsetof(cutover_platform, project_set_state), 1},
    {"preview_get", offsetof(cutover_platform, preview_get), 1},
    {NULL, 0, 0},
};

static const size_t platform_older[] = {PORT_SIZE(cutover_platform, preview_create),
                                        PORT_SIZE(cutover_platform, fence_resume)};
const struct port platform_port = {&initial, sizeof(cutover_platform), CUTOVER_PLATFORM_VERSION, platform_older,
                                   required};

cutover_status cutover_platform_init(cutover_platform *platform, unsigned version)
{
    return port_init(&platform_port, platform, version);
}

static const cutover_project project_initial = CUTOVER_PROJECT_INIT;
static const size_t project_older[] = {PORT_SIZE(cutover_project, job_id),
                                       PORT_SIZE(cutover_project, loader_database),
                                       PORT_SIZE(cutover_project, pgbouncers)};
const struct port project_port = {&project_initial, sizeof(cutover_project), CUTOVER_PROJECT_VERSION,
                                  project_older, NULL};

cutover_status cutover_project_init(cutover_project *project, unsigned version)
{
    return port_init(&project_port, project, version);
}

static const cutover_preview preview_initial = CUTOVER_PREVIEW_INIT;
const struct port preview_port = {&preview_initial, sizeof(cutover_preview), CUTOVER_PREVIEW_VERSION, NULL,
                                  NULL};

cutover_status cutover_preview_init(cutover_preview *preview, unsigned version)
{
    return port_init(&preview_port, preview, version);
}

cutover_status platform_copy(const char *name, const cutover_platform *given, cutover_platform *copy,
                             cutover_error **error)
{
    cutover_status status = port_copy(&platform_port, name, given, copy, error);

    if (status == CUTOVER_OK && (copy->traffic_pause == NULL) != (copy->traffic_resume == NULL))
        status = error_set(error, CUTOVER_E_INVALID, "%s.%s: required, as the other one is there", name,
                           copy->traffic_pause == NULL ? "traffic_pause" : "traffic_resume");
    if (status == CUTOVER_OK && (copy->fence_pause == NULL) != (copy->fence_resume == NULL))
        status = error_set(error, CUTOVER_E_INVALID, "%s.%s: required, as the other one is there", name,
                           copy->fence_pause == NULL ? "fence_pause" : "fence_resume");
    return status;
}

static cutover_status failed(cutover_error **error, cutover_status returned, const char *what)
{
    cutover_error *cause = *error, *told = NULL;

    returned = error_from_callback(&cause, returned, what);
    if (returned == CUTOVER_E_NOMEM) {
        *error = cause;
        return returned;
    }
    error_set(&told, CUTOVER_E_CALLBACK, "%s: %s", what, cutover_error_message(cause));
    if (cutover_error_detail(cause) != NULL)
        error_detail(&told, "%s", cutover_error_detail(cause));
    if (cutover_error_hint(cause) != NULL)
        error_hint(&told, "%s", cutover_error_hint(cause));
    cutover_error_free(cause);
    *error = told;
    return CUTOVER_E_CALLBACK;
}

/* One that is not told is none that allows anything, and has to be called something. */
static const char *state_of(const char *told)
{
    return told != NULL && told[0] != '\0' ? told : "in no state";
}

/* `received` is what we said of what was emitted: when the platform passes that on, it is no failure of its own. */
struct project_target {
    struct project *project;
    cutover_status received;
    cutover_error **error;
};

struct preview_target {
    struct preview *preview;
    cutover_status received;
    cutover_error **error;
};

static cutover_status target_parse(const char *field, const char *string, enum conninfo_part part,
                                   struct conninfo *conninfo, cutover_error **error)
{
    cutover_status status = conninfo_check(field, string != NULL ? string : "", part, error);

    return status == CUTOVER_OK ? conninfo_parse(field, string, conninfo, error) : status;
}

static cutover_status pgbouncers_read(const char *const *from, struct project *project, cutover_error **error)
{
    size_t count = 0;
    cutover_status status = CUTOVER_OK;

    while (from != NULL && from[count] != NULL)
        count++;
    if (count == 0)
        return CUTOVER_OK;
    project->pgbouncers = calloc(count, sizeof *project->pgbouncers);
    if (project->pgbouncers == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        status = target_parse("project.pgbouncers", from[i], CONNINFO_SERVER, &project->pgbouncers[i], error);
        project->pgbouncer_count = i + 1;
    }
    return status;
}

static cutover_status project_read(const cutover_project *given, struct project_target *target)
{
    struct project *project = target->project;
    cutover_error **error = target->error;
    cutover_project whole, *from = &whole;
    cutover_status status;

    if (project->found)
        return error_set(error, CUTOVER_E_CALLBACK, "platform.project_get emitted a project twice");
    status = port_copy(&project_port, "project", given, &whole, error);
    if (status != CUTOVER_OK)
        return status;
    project->found = true;
    project->hold_fence = from->hold_fence != 0;
    status = string_copy(from->id, &project->id, error);
    if (status == CUTOVER_OK)
        status =
            string_copy(from->organization_id ? from->organization_id : "", &project->organization_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(state_of(from->state), &project->state, error);
    if (status == CUTOVER_OK)
        status = string_copy(from->job_id, &project->job_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(from->control_database ? from->control_database : "postgres",
                             &project->control_database, error);
    if (status == CUTOVER_OK)
        status =
            target_parse("project.database", from->database, CONNINFO_DATABASE, &project->production, error);
    if (status == CUTOVER_OK && from->verify_database != NULL) {
        project->verify_elsewhere = true;
        status = target_parse("project.verify_database", from->verify_database, CONNINFO_DATABASE,
                              &project->verify, error);
    }
    if (status == CUTOVER_OK && from->loader_database != NULL) {
        project->loader_given = true;
        status = target_parse("project.loader_database", from->loader_database, CONNINFO_SERVER,
                              &project->loader, error);
    }
    if (status == CUTOVER_OK)
        status = pgbouncers_read(from->pgbouncers, project, error);
    return status;
}

static cutover_status project_receive(const cutover_project *from, void *context)
{
    struct project_target *target = context;

    target->received = project_read(from, target);
    return target->received;
}

cutover_status platform_project(const cutover_platform *platform, const char *id, struct project *project,
                                cutover_error **error)
{
    cutover_error *local = NULL;
    struct project_target target = {project, CUTOVER_OK, &local};

    memset(project, 0, sizeof *project);
    cutover_status status =
        ANSWER_OF(platform->capabilities,
                  platform->project_get(id, project_receive, &target, &local, platform->userdata));
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        project_free(project);
        return string_copy(id, &project->id, error);
    }
    if (status == CUTOVER_OK && !project->found)
        status = target.received =
            error_set(&local, CUTOVER_E_CALLBACK, "platform.project_get emitted nothing");
    if (status != CUTOVER_OK) {
        status = target.received == status ? error_from_callback(&local, status, "platform.project_get")
                                           : failed(&local, status, "platform.project_get");
        error_move(error, local);
        project_free(project);
    }
    return status;
}

static cutover_status preview_read(const cutover_preview *given, struct preview_target *target)
{
    struct preview *preview = target->preview;
    cutover_error **error = target->error;
    cutover_preview whole, *from = &whole;
    cutover_status status;

    if (preview->found)
        return error_set(error, CUTOVER_E_CALLBACK, "platform.preview_get emitted a preview twice");
    status = port_copy(&preview_port, "preview", given, &whole, error);
    if (status != CUTOVER_OK)
        return status;
    preview->found = true;
    preview->expires_at = from->expires_at;
    status = string_copy(from->id, &preview->id, error);
    if (status == CUTOVER_OK)
        status = string_copy(from->project_id ? from->project_id : "", &preview->project_id, error);
    if (status == CUTOVER_OK)
        status = string_copy(state_of(from->state), &preview->state, error);
    if (status == CUTOVER_OK)
        status = target_parse("preview.database", from->database, CONNINFO_DATABASE, &preview->database, error);
    return status;
}

static cutover_status preview_receive(const cutover_preview *from, void *context)
{
    struct preview_target *target = context;

    target->received = preview_read(from, target);
    return target->received;
}

/* What a member that emits a preview answered: NOT_FOUND passes with the preview not found. */
static cutover_status preview_settle(struct preview_target *target, cutover_status status, const char *member,
                                     cutover_error **error)
{
    struct preview *preview = target->preview;
    cutover_error **local = target->error;

    if (status == CUTOVER_OK && !preview->found)
        status = target->received = error_set(local, CUTOVER_E_CALLBACK, "%s emitted nothing", member);
    if (status != CUTOVER_OK) {
        status = target->received == status ? error_from_callback(local, status, member)
                                            : failed(local, status, member);
        error_move(error, *local);
        preview_free(preview);
    }
    return status;
}

cutover_status platform_preview(const cutover_platform *platform, const char *id, struct preview *preview,
                                cutover_error **error)
{
    cutover_error *local = NULL;
    struct preview_target target = {preview, CUTOVER_OK, &local};

    memset(preview, 0, sizeof *preview);
    cutover_status status =
        ANSWER_OF(platform->capabilities,
                  platform->preview_get(id, preview_receive, &target, &local, platform->userdata));
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        preview_free(preview);
        return string_copy(id, &preview->id, error);
    }
    return preview_settle(&target, status, "platform.preview_get", error);
}

cutover_status platform_preview_create(const cutover_platform *platform, const char *project_id, const char *id,
                                       struct preview *preview, cutover_error **error)
{
    cutover_error *local = NULL;
    struct preview_target target = {preview, CUTOVER_OK, &local};

    memset(preview, 0, sizeof *preview);
    if (platform->preview_create == NULL)
        return error_set(error, CUTOVER_E_NOT_FOUND, "no preview %s, and the platform makes none", id);
    cutover_status status =
        ANSWER_OF(platform->capabilities, platform->preview_create(project_id, id, preview_receive, &target,
                                                                   &local, platform->userdata));
    return preview_settle(&target, status, "platform.preview_create", error);
}

cutover_status platform_preview_extend(const cutover_platform *platform, const char *id, int64_t expires_at,
                                       cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status =
        ANSWER_OF(platform->capabilities, platform->preview_extend(id, expires_at, &local, platform->userdata));

    if (status == CUTOVER_OK) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    status = error_from_callback(&local, status, "platform.preview_extend");
    error_move(error, local);
    return status;
}

void project_free(struct project *project)
{
    free(project->id);
    free(project->organization_id);
    free(project->state);
    free(project->job_id);
    free(project->control_database);
    conninfo_free(&project->production);
    conninfo_free(&project->verify);
    conninfo_free(&project->loader);
    for (size_t i = 0; i < project->pgbouncer_count; i++)
        conninfo_free(&project->pgbouncers[i]);
    free(project->pgbouncers);
    memset(project, 0, sizeof *project);
}

void preview_free(struct preview *preview)
{
    free(preview->id);
    free(preview->project_id);
    free(preview->state);
    conninfo_free(&preview->database);
    memset(preview, 0, sizeof *preview);
}

static cutover_status project_move(const cutover_platform *platform, const char *project_id, const char *from,
                                   const char *to, const char *job_id, cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status =
        ANSWER_OF(platform->capabilities,
                  platform->project_set_state(project_id, from, to, job_id, &local, platform->userdata));

    if (status == CUTOVER_E_CONFLICT)
        status = error_from_callback(&local, status, "platform.project_set_state");
    else if (status != CUTOVER_OK)
        status = failed(&local, status, "platform.project_set_state");
    error_move(error, local);
    return status;
}

/* For whom a project is restoring. */
enum tenant { NOBODY, THIS_JOB, ANOTHER_JOB, SOME_JOB /* the platform does not tell which */ };

static enum tenant tenant_of(const struct project *project, const char *job_id)
{
    if (!project->found || strcmp(project->state, "restoring") != 0)
        return NOBODY;
    if (project->job_id == NULL || project->job_id[0] == '\0')
        return SOME_JOB;
    return strcmp(project->job_id, job_id) == 0 ? THIS_JOB : ANOTHER_JOB;
}

cutover_status platform_project_occupy(const cutover_platform *platform, const char *project_id,
                                       const char *job_id, cutover_error **error)
{
    struct project project = {0};
    cutover_error *local = NULL;
    cutover_status status = project_move(platform, project_id, "active", "restoring", job_id, &local);

    if (status == CUTOVER_E_CONFLICT && platform_project(platform, project_id, &project, NULL) == CUTOVER_OK) {
        enum tenant tenant = tenant_of(&project, job_id);
        if (tenant != NOBODY) {
            cutover_error_free(local);
            local = NULL;
            status = CUTOVER_OK;
        }
        if (tenant == ANOTHER_JOB) {
            status = error_set(&local, CUTOVER_E_LOCKED, "project %s is restoring for job %s", project_id,
                               project.job_id);
            error_hint(
                &local,
                "Try again when that job has ended; if its process is gone, run recovery, and where that "
                "cannot help, abandon it.");
        }
        project_free(&project);
    }
    error_move(error, local);
    return status;
}

cutover_status platform_project_return(const cutover_platform *platform, const char *project_id,
                                       const char *job_id, cutover_error **error)
{
    struct project project = {0};
    cutover_error *local = NULL;
    cutover_status status = project_move(platform, project_id, "restoring", "active", job_id, &local);

    if (status == CUTOVER_E_CONFLICT && platform_project(platform, project_id, &project, NULL) == CUTOVER_OK) {
        enum tenant tenant = tenant_of(&project, job_id);
        if (project.found && (tenant == NOBODY || tenant == ANOTHER_JOB)) {
            cutover_error_free(local);
            local = NULL;
            status = CUTOVER_OK;
        }
        project_free(&project);
    }
    error_move(error, local);
    return status;
}

bool platform_project_is_for(const cutover_platform *platform, const char *project_id, const char *job_id)
{
    struct project project = {0};

    if (platform_project(platform, project_id, &project, NULL) != CUTOVER_OK)
        return false;
    bool is_for = tenant_of(&project, job_id) == THIS_JOB;
    project_free(&project);
    return is_for;
}

/* A member that acts on a project and tells nothing but whether it could; NULL: the host has none. */
static cutover_status project_act(const cutover_platform *platform,
                                  cutover_status (*act)(const char *project_id, cutover_error **error,
                                                        void *userdata),
                                  const char *member, const char *project_id, cutover_error **error)
{
    cutover_error *local = NULL;

    if (act == NULL)
        return CUTOVER_OK;
    cutover_status status = ANSWER_OF(platform->capabilities, act(project_id, &local, platform->userdata));
    if (status != CUTOVER_OK)
        status = failed(&local, status, member);
    error_move(error, local);
    return status;
}

/* ---- pauses that somebody may cancel ---- */

/* Of the hook that runs on this thread: its signature has no place for it. */
static _Thread_local const struct cancel *pause_cancel;

const struct cancel *platform_pause_cancel(void)
{
    return pause_cancel;
}

int32_t cutover_platform_cancelled(void)
{
    return cancel_asked(pause_cancel);
}

/* Of the traffic_resume that runs on this thread, likewise. */
static _Thread_local bool resumed_fenced;

bool platform_resumed_fenced(void)
{
    return resumed_fenced;
}

static cutover_status
project_pause(const cutover_platform *platform,
              cutover_status (*act)(const char *project_id, cutover_error **error, void *userdata),
              const char *member, const char *project_id, const struct cancel *cancel, cutover_error **error)
{
    const struct cancel *before = pause_cancel;
    cutover_error *local = NULL;

    pause_cancel = cancel;
    cutover_status status = project_act(platform, act, member, project_id, &local);
    pause_cancel = before;
    if (status != CUTOVER_OK && cancel_asked(cancel)) {
        cutover_error_free(local);
        return cancel_check(cancel, error);
    }
    error_move(error, local);
    return status;
}

cutover_status platform_integrations_sync(const cutover_platform *platform, const char *project_id,
                                          cutover_error **error)
{
    return project_act(platform, platform->integrations_sync, "platform.integrations_sync", project_id, error);
}

cutover_status platform_traffic_pause(const cutover_platform *platform, const char *project_id,
                                      const struct cancel *cancel, cutover_error **error)
{
    return project_pause(platform, platform->traffic_pause, "platform.traffic_pause", project_id, cancel,
                         error);
}

cutover_status platform_traffic_resume(const cutover_platform *platform, const char *project_id, bool fenced,
                                       cutover_error **error)
{
    bool before = resumed_fenced;

    resumed_fenced = fenced;
    cutover_status status =
        project_act(platform, platform->traffic_resume, "platform.traffic_resume", project_id, error);
    resumed_fenced = before;
    return status;
}

cutover_status platform_fence_pause(const cutover_platform *platform, const char *project_id,
                                    const struct cancel *cancel, cutover_error **error)
{
    return project_pause(platform, platform->fence_pause, "platform.fence_pause", project_id, cancel, error);
}

cutover_status platform_fence_resume(const cutover_platform *platform, const char *project_id,
                                     int32_t refuses_writes, cutover_error **error)
{
    cutover_error *local = NULL;

    if (platform->fence_resume == NULL)
        return CUTOVER_OK;
    cutover_status status = ANSWER_OF(
        platform->capabilities, platform->fence_resume(project_id, refuses_writes, &local, platform->userdata));
    if (status != CUTOVER_OK)
        status = failed(&local, status, "platform.fence_resume");
    error_move(error, local);
    return status;
}
