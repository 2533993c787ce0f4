/*
 * Displaced databases: found by the OIDs that ended jobs' records name, dropped on demand (EDGE_CASES E15, F7).
 */
#ifndef CUTOVER_JOB_DISPLACED_H
#define CUTOVER_JOB_DISPLACED_H

#include "job/host.h"

struct displaced {
    char *name, *promotion_id, *request_id;
    uint32_t oid;
    int64_t at;
    uint64_t size;
};

struct displaced_list {
    struct displaced *items; /* oldest first */
    size_t count, capacity;
};

/* Those of a project that are still on production's server under another name than production's. `control` is a session in
   the control database. */
cutover_status displaced_find(struct host *host, const struct project *project, struct session *control,
                              struct displaced_list *list, cutover_error **error);
void displaced_list_free(struct displaced_list *list);
/* CUTOVER_E_STATE naming what hangs on it, or drops it and writes the audit entry. */
cutover_status displaced_drop(struct host *host, const cutover_actor *actor, const struct project *project,
                              struct session *control, const struct displaced *displaced,
                              cutover_error **error);

#endif
