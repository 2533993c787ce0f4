/*
 * The record of a backup: every change of it is one commit with its audit entry and its event, but for the step from taking to
 * verifying, which is on the way.
 */
#ifndef CUTOVER_JOB_BACKUP_RECORD_H
#define CUTOVER_JOB_BACKUP_RECORD_H

#include "job/host.h"
#include "model/backup.h"
#include "store/ledger.h"

struct lease;

struct backup {
    struct host *host;
    struct backup_record record;
    uint64_t version;
    const cutover_actor *actor; /* who changes it, borrowed; NULL: the library by itself */
    bool recovering;            /* after its process: the audit trail says so */
};

/* Gives a new record its id, times and status (taking). */
cutover_status backup_prepare(const struct host *host, struct backup_record *record, cutover_error **error);
/* Commits a new record, prepared or to be prepared here, with its lease (NULL: a promotion's has none of its own); the record
   is taken over, also on failure. The actor stays that of the backup. */
cutover_status backup_begin(struct host *host, const cutover_actor *actor, struct backup_record *record,
                            struct lease *lease, struct backup *backup, cutover_error **error);
cutover_status backup_load(struct host *host, const char *backup_id, struct backup *backup,
                           cutover_error **error);
/* Moves the record on and commits it, told as the state machine says. */
cutover_status backup_step(struct backup *backup, enum backup_status to, cutover_error **error);
/* The step that begins a job of its own, with the job's lease. */
cutover_status backup_step_leased(struct backup *backup, enum backup_status to, struct lease *lease,
                                  cutover_error **error);
/* Back to what it was before it was verified again, of which nothing was found out. */
cutover_status backup_step_undecided(struct backup *backup, enum backup_status to, cutover_error **error);
/* Marks it failed with the reason and sweeps its partial archive. What goes wrong here is only logged: the reason
   is what the caller reports. */
void backup_fail(struct backup *backup, const cutover_error *reason);
void backup_free(struct backup *backup);

#endif
