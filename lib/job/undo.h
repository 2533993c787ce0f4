/*
 * Undoing a job that did not swap, from its journal alone: in the process that ran it, and in recovery.
 */
#ifndef CUTOVER_JOB_UNDO_H
#define CUTOVER_JOB_UNDO_H

#include "job/backup_record.h"
#include "job/journal.h"

/* Undoes what the journal says was done, by a session of its own or `control`, and marks the job failed (or cancelled) with the
   reason, which says first, where its server failed over meanwhile, that it did. Every act may be repeated. What cannot be undone
   now fails, and stays for recovery. The session of its own comes from `reserve`, where there is one (may be NULL). */
cutover_status undo_job(struct host *host, const struct project *project, struct session *control,
                        struct session_reserve *reserve, struct journal *journal, struct backup *known,
                        bool cancelled, cutover_error **reason, cutover_error **error);
/* Lifts a fence as fence_lift() does, with the host's poolers holding their clients; what a pooler does not do is logged. `soon`:
   clients' transactions are waited for no longer than two seconds. */
cutover_status undo_fence(struct host *host, struct session *control, const char *project_id,
                          const char *production, uint32_t oid, struct json_object *plan, bool soon,
                          cutover_error **error);
/* The parts of an undoing that one who gives a job up does one by one. Drops a database that a job made, of that OID (0: its name is
   the job's alone), and its login; NULL: there is none. */
cutover_status undo_database(struct session *control, const char *name, int64_t oid, cutover_error **error);
/* The same of the throwaway database, wherever it is; `control` may be NULL where that is another server. */
cutover_status undo_throwaway(struct host *host, const struct project *project, struct session *control,
                              const struct promotion_record *record, cutover_error **error);
/* Marks the job's backup failed, or cancelled, where it was being taken or verified: `known`, or as the store has it (NULL). What there is
   of its archive is swept, however long that takes. */
cutover_status undo_backup(struct host *host, struct promotion_record *record, struct backup *known,
                           const cutover_error *reason, cutover_error **error);

/* CUTOVER_E_STATE where a session is on another server than the one that the job began on: a connection string may lead elsewhere by now. */
cutover_status undo_check_server(const struct session *control, const struct promotion_record *record,
                                 cutover_error **error);

#endif
