/*
 * The ledger: state changes as single commits. It collects a change's writes, its audit entries and its outgoing
 * events, numbers them within the project, and commits all or none of it (P6).
 *
 * One document per project, kind "ledger", counts audit entries and events; each commit compares and sets it, so
 * that changes of one project are serial, and every list of them has one order. Kinds kept here:
 *   ledger   id = project                       {"audit": n, "events": n}
 *   audit    id = project ":" 12 hex digits     one audit entry
 *   event    id = project ":" 12 hex digits     one event in the outbox
 */
#ifndef CUTOVER_STORE_LEDGER_H
#define CUTOVER_STORE_LEDGER_H

#include "base/clock.h"
#include "store/document.h"

#include <cutover/actor.h>

struct change; /* one commit in the making */

/* Begins a change of a project: reads its ledger document. */
cutover_status change_begin(const cutover_store *store, const struct clock *clock, const char *project_id,
                            struct change **change, cutover_error **error);
/* Adds a write: body copied; NULL deletes. */
cutover_status change_put(struct change *change, const char *kind, const char *id, uint64_t expected_version,
                          const char *body, cutover_error **error);
cutover_status change_put_record(struct change *change, const struct record_type *type, const char *id,
                                 uint64_t expected_version, const void *record, cutover_error **error);
/* Adds the deletion of a document at the version that it has now; nothing when it is not there. */
cutover_status change_drop(struct change *change, const char *kind, const char *id, cutover_error **error);
/* Adds an audit entry {id, sequence, action, project_id, request_id, actor_id, actor_kind, at, data}. `data` is
   borrowed, may be NULL. `id` is a UUIDv7; the document's id is the cursor. */
cutover_status change_audit(struct change *change, const char *action, const cutover_actor *actor,
                            const char *request_id, struct json_object *data, cutover_error **error);
/* The sequence of the project's last event as of this change; every later change counts on from there. */
int64_t change_last_event(const struct change *change);
/* Adds an outgoing event {id, type, project_id, sequence, created_at, request_id, data} to the outbox; what became of it
   with each notifier is written there later (notify/queued.h). */
cutover_status change_event(struct change *change, const char *type, const char *request_id,
                            struct json_object *data, cutover_error **error);
/* Both, by the same name. */
cutover_status change_announce(struct change *change, const char *name, const cutover_actor *actor,
                               const char *request_id, struct json_object *data, cutover_error **error);
/* Commits, once. CUTOVER_E_CONFLICT: nothing happened, somebody was faster: begin again from reading. */
cutover_status change_commit(struct change *change, cutover_error **error);
void change_free(struct change *change);

/* For a command that reads and decides anew when it met CUTOVER_E_CONFLICT: do ... while (change_again(status, &attempt,
   &cause)), with attempt 0 at first. True after a short random pause, and the cause is freed; false when the status is
   another one, or it was tried CHANGE_TRIES times. */
#define CHANGE_TRIES 50
bool change_again(cutover_status status, unsigned *attempt, cutover_error **cause);

#endif
