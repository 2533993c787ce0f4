/*
 * The host: the ports, policy and limits that an engine was made with, as the pipeline sees them, and what the
 * platform tells about projects and previews, parsed.
 */
#ifndef CUTOVER_JOB_HOST_H
#define CUTOVER_JOB_HOST_H

#include "base/clock.h"
#include "base/log.h"
#include "model/machine.h"
#include "postgres/session.h"

#include <cutover/engine.h>

struct host {
    cutover_store store;
    cutover_repository repository;
    cutover_platform platform;
    cutover_notifier notifier;
    bool has_notifier;
    struct clock clock;
    struct log log;
    uint32_t policy;
    char *pg_bin_dir; /* NULL: PATH */
    char *work_dir;   /* NULL: TMPDIR */
    uint32_t connect_timeout_s;
    uint32_t door_timeout_ms;
    uint32_t maintenance_mem_mb;
    uint32_t event_attempts;
    int64_t preview_notice_us;
};

struct project {
    bool found;
    char *id, *organization_id, *state;
    char *job_id; /* that it is restoring for; NULL where the platform does not tell */
    struct conninfo production;
    char *control_database;
    bool verify_elsewhere;
    struct conninfo verify; /* of the server for throwaway databases, when elsewhere */
};

struct preview {
    bool found;
    char *id, *project_id, *state;
    int64_t expires_at;
    struct conninfo database;
};

/* Ask the platform; one that is not there is CUTOVER_OK with found false and nothing but its id. */
cutover_status host_project(const struct host *host, const char *id, struct project *project,
                            cutover_error **error);
cutover_status host_preview(const struct host *host, const char *id, struct preview *preview,
                            cutover_error **error);
/* Asks platform.preview_create for one; CUTOVER_E_NOT_FOUND where the host has no such member. */
cutover_status host_preview_create(const struct host *host, const char *project_id, const char *id,
                                   struct preview *preview, cutover_error **error);
void project_free(struct project *project);
void preview_free(struct preview *preview);

/* The facts that the state machine asks for; pointers are into the three. */
void host_facts(const struct host *host, const struct project *project, const struct preview *preview,
                struct machine_facts *facts);

/* active → restoring, for a job; done already counts as done. CUTOVER_E_LOCKED when it is restoring for another job,
   CUTOVER_E_CONFLICT when it is in another state. */
cutover_status host_project_occupy(const struct host *host, const char *project_id, const char *job_id,
                                   cutover_error **error);
/* restoring → active, at a job's end. A project that is not restoring any more, or for another job, is left as it is: this
   job has nothing there to return. */
cutover_status host_project_return(const struct host *host, const char *project_id, const char *job_id,
                                   cutover_error **error);
/* Whether the platform says that it is restoring for this job; false, too, when it cannot tell. */
bool host_project_is_for(const struct host *host, const char *project_id, const char *job_id);

/* platform.integrations_sync, where there is one, after production was swapped. A failure is a warning in the log, and told. */
cutover_status host_integrations_sync(struct host *host, const char *project_id, cutover_error **error);

/* What a callback of the platform returned, other than OK, as CUTOVER_E_CALLBACK that names it; out of memory stays that. */
cutover_status host_platform_failed(cutover_error **error, cutover_status returned, const char *what);

/* The actor that the library itself is in audit entries. */
extern const cutover_actor host_system_actor;

#endif
