/*
 * The platform port's own rules: all that calls the platform, and what it tells of projects and previews, parsed. What a member
 * answers other than CUTOVER_OK is CUTOVER_E_CALLBACK that names the member; out of memory stays that.
 */
#ifndef CUTOVER_PLATFORM_PORT_H
#define CUTOVER_PLATFORM_PORT_H

#include "base/cancel.h"
#include "base/port.h"
#include "postgres/conninfo.h"

#include <cutover/platform.h>
#include <stdbool.h>

extern const struct port platform_port, project_port, preview_port;

/* A host's vtable, whole: port_copy(), and both or neither of traffic_pause and traffic_resume, of fence_pause and fence_resume. */
cutover_status platform_copy(const char *name, const cutover_platform *given, cutover_platform *copy,
                             cutover_error **error);

struct project {
    bool found;
    char *id, *organization_id, *state;
    char *job_id; /* that it is restoring for; NULL where the platform does not tell */
    struct conninfo production;
    char *control_database;
    bool verify_elsewhere;
    struct conninfo verify; /* of the server for throwaway databases, when elsewhere */
    bool loader_given;
    struct conninfo loader;      /* of a login to load with on production's server, when given */
    struct conninfo *pgbouncers; /* admin consoles */
    size_t pgbouncer_count;
    bool hold_fence; /* their clients wait until the job ends */
};

struct preview {
    bool found;
    char *id, *project_id, *state;
    int64_t expires_at;
    struct conninfo database;
};

/* Ask the platform; one that is not there is CUTOVER_OK with found false and nothing but its id. */
cutover_status platform_project(const cutover_platform *platform, const char *id, struct project *project,
                                cutover_error **error);
cutover_status platform_preview(const cutover_platform *platform, const char *id, struct preview *preview,
                                cutover_error **error);
/* Asks platform.preview_create for one; CUTOVER_E_NOT_FOUND where the host has no such member. */
cutover_status platform_preview_create(const cutover_platform *platform, const char *project_id, const char *id,
                                       struct preview *preview, cutover_error **error);
/* preview_extend, which the host has. */
cutover_status platform_preview_extend(const cutover_platform *platform, const char *id, int64_t expires_at,
                                       cutover_error **error);
void project_free(struct project *project);
void preview_free(struct preview *preview);

/* active → restoring, for a job; done already counts as done. CUTOVER_E_LOCKED when it is restoring for another job,
   CUTOVER_E_CONFLICT when it is in another state. */
cutover_status platform_project_occupy(const cutover_platform *platform, const char *project_id,
                                       const char *job_id, cutover_error **error);
/* restoring → active, at a job's end. A project that is not restoring any more, or for another job, is left as it is: this
   job has nothing there to return. */
cutover_status platform_project_return(const cutover_platform *platform, const char *project_id,
                                       const char *job_id, cutover_error **error);
/* Whether the platform says that it is restoring for this job; false, too, when it cannot tell. */
bool platform_project_is_for(const cutover_platform *platform, const char *project_id, const char *job_id);

/* integrations_sync, where there is one. */
cutover_status platform_integrations_sync(const cutover_platform *platform, const char *project_id,
                                          cutover_error **error);
/* traffic_pause and traffic_resume, where the host has them. A pause that failed after `cancel` was asked (NULL: nobody may) is
   CUTOVER_E_CANCELLED. */
cutover_status platform_traffic_pause(const cutover_platform *platform, const char *project_id,
                                      const struct cancel *cancel, cutover_error **error);
/* `fenced`: production refuses writes still, and fence_resume follows when it takes them again. */
cutover_status platform_traffic_resume(const cutover_platform *platform, const char *project_id, bool fenced,
                                       cutover_error **error);
/* fence_pause and fence_resume, likewise. */
cutover_status platform_fence_pause(const cutover_platform *platform, const char *project_id,
                                    const struct cancel *cancel, cutover_error **error);
cutover_status platform_fence_resume(const cutover_platform *platform, const char *project_id,
                                     int32_t refuses_writes, cutover_error **error);
/* In one of the two pauses, on its thread: what cancels it. Else NULL. */
const struct cancel *platform_pause_cancel(void);
/* In traffic_resume, on its thread: whether it was told that production is fenced still. Else false. */
bool platform_resumed_fenced(void);

#endif
