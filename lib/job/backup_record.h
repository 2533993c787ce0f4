/*
 * The record of a backup: every change of it is one commit with its audit entry and its event, but for the step from taking to
 * verifying, which is on the way.
 */
#ifndef CUTOVER_JOB_BACKUP_RECORD_H
#define CUTOVER_JOB_BACKUP_RECORD_H

#include "job/host.h"
#include "model/backup.h"
#include "model/verification.h"
#include "store/ledger.h"

struct lease;

struct backup {
    struct host *host;
    struct backup_record record;
    uint64_t version;
    const cutover_actor *actor; /* who changes it, borrowed; NULL: the library by itself */
    bool recovering;            /* after its process: the audit trail says so */
    bool
        in_making; /* its archive is not published, and may not be: the store knows of none until it is verified */
    struct verification_record
        again; /* the job that verifies it again, which goes with each commit; its id NULL: none does */
    uint64_t again_version;
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
/* Begins to verify it again: a job of that id, with its record and its lease. */
cutover_status backup_verify_again(struct backup *backup, const char *job_id, struct lease *lease,
                                   cutover_error **error);
/* Loads what a job that verifies a backup again has written: its record, and the backup. */
cutover_status backup_load_again(struct host *host, const char *job_id, struct backup *backup,
                                 cutover_error **error);
/* Back to what `known` says that it was before it was verified again (taken over), of which nothing was found out: `reason` says
   why. */
cutover_status backup_undecided(struct backup *backup, struct backup_record *known, const cutover_error *reason,
                                cutover_error **error);
/* The same in a process that knows of it only what is in the store: nothing but its status was changed there. */
cutover_status backup_undecided_after(struct backup *backup, const cutover_error *reason,
                                      cutover_error **error);
/* Marks it failed, or cancelled where that is the reason, and sweeps its partial archive. What goes wrong here is only logged: the reason
   is what the caller reports. */
void backup_fail(struct backup *backup, const cutover_error *reason);
void backup_free(struct backup *backup);

#endif
