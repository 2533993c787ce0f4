/*
 * Which server a project's production is on, as its last job found it (kind "server", id = project). A connection string may lead to
 * another one tomorrow, by a changed record, a name that resolves to another address, a restored copy: what is there bears the same
 * names, and nobody meant it. So a job that overwrites production goes on only where the server's system identifier is the one that is
 * known, or a person has confirmed it. A standby that was promoted has its primary's.
 */
#ifndef CUTOVER_JOB_SERVER_H
#define CUTOVER_JOB_SERVER_H

#include "job/host.h"
#include "store/ledger.h"

struct server_record {
    char *project_id;
    char *system_identifier;
    char *job_id;       /* that found it; NULL: it was confirmed */
    char *confirmed_by; /* an actor's id */
    int64_t at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type server_type; /* kind "server" */

/* CUTOVER_E_STATE where the project's production is known to be on another server than that; CUTOVER_OK where none is known yet. */
cutover_status server_check(const struct host *host, const char *project_id, const char *system_identifier,
                            cutover_error **error);
/* With a job's end: keeps the server of a project of which none is known. */
cutover_status server_put(const struct host *host, struct change *change, const char *project_id,
                          const char *job_id, const char *system_identifier, cutover_error **error);
/* From now on it is that one, with the audit entry project.server_confirmed. CUTOVER_E_LOCKED while a job is under way. */
cutover_status server_confirm(const struct host *host, const cutover_actor *actor, const char *project_id,
                              const char *system_identifier, const char *reason, cutover_error **error);

#endif
