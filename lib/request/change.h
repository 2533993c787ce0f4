/*
 * What the acts on a request have in common: what the platform says of its project and preview, and the one commit of the request,
 * its claim, its audit entry and its events (P6).
 */
#ifndef CUTOVER_REQUEST_CHANGE_H
#define CUTOVER_REQUEST_CHANGE_H

#include "job/host.h"
#include "store/ledger.h"

struct surroundings {
    struct project project;
    struct preview preview;
    struct machine_facts facts;
};

/* Asks the platform. surroundings_free() it whatever was answered. */
cutover_status surroundings_look(const struct host *host, const char *project_id, const char *preview_id,
                                 struct surroundings *around, cutover_error **error);
void surroundings_free(struct surroundings *around);

/* The claim of a live request on its preview: kind "claim", id = preview. CUTOVER_E_CONFLICT when it is gone: somebody ended the
   request after it was read here. */
cutover_status claim_get(const struct host *host, const char *preview_id, struct document *claim,
                         cutover_error **error);

/* Audit entry and event of a verb, in a change. `said` has what only this verb tells, or is NULL; it is borrowed. */
cutover_status request_announce(struct change *change, enum request_verb verb, const cutover_actor *actor,
                                const struct request_record *record, struct json_object *said,
                                cutover_error **error);
/* Commits a record that was read at `version`, and tells of it; one that has ended gives its claim up. */
cutover_status request_commit(const struct host *host, struct request_record *record, uint64_t version,
                              const cutover_actor *actor, enum request_verb verb, struct json_object *said,
                              cutover_error **error);

#endif
