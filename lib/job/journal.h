/*
 * The journal: a promotion's record, which names each act on production before it is done. One writer: whoever made the
 * record's last version. A version that is not the expected one means that somebody else has taken the promotion over:
 * then this job stops (DESIGN.md section 6).
 */
#ifndef CUTOVER_JOB_JOURNAL_H
#define CUTOVER_JOB_JOURNAL_H

#include "job/host.h"
#include "store/ledger.h"

struct abandonment;
struct lease;

struct journal {
    const struct host *host;
    struct promotion_record record;
    uint64_t version;
    bool recovering; /* after its process: the audit trail says so */
    const struct abandonment
        *abandoned; /* what its end says, where a person gave the job up (job/leftover.h); else NULL */
};

/* Reads a promotion's record. */
cutover_status journal_load(const struct host *host, const char *promotion_id, struct journal *journal,
                            cutover_error **error);
/* Commits the record as it is now. CUTOVER_E_CONFLICT: taken over by somebody else. */
cutover_status journal_save(struct journal *journal, cutover_error **error);
/* Moves to another status, by the state machine's leave, and saves. */
cutover_status journal_step(struct journal *journal, enum promotion_status to, cutover_error **error);
void journal_free(struct journal *journal);

/*
 * The transitions that touch more than the promotion, each one commit of everything that belongs together (P6).
 */

/* The job's record, its prepared lease and the project's lock; of a promotion also acked → in_progress with audit and events.
   Checks the rules anew on what the store and the platform say now. CUTOVER_E_LOCKED when the project has a job. On success
   journal is loaded, and the lease is to be kept. */
cutover_status journal_claim(const struct host *host, const cutover_actor *actor,
                             const struct promotion_record *fresh, struct lease *lease, struct journal *journal,
                             cutover_error **error);
/* Whether the journal has another writer by now. When the store cannot tell: false, and the next save will. */
bool journal_is_taken_over(const struct journal *journal);

/* Moves the project active → restoring after the claim. A job that was stopped before this, and taken over meanwhile, would
   leave the project `restoring` with nobody to end it: so the journal is saved next, and when it has another writer by now
   the project goes back, if it is restoring for this job or no job is under way. CUTOVER_E_LOCKED: it is restoring for
   another job, one that comes too late and will find so. */
cutover_status journal_occupy(struct journal *journal, cutover_error **error);
/* The job is completed, and its request, too: promotion and restore with production_overwrite_restore, a rollback with
   cutover.rolled_back. */
cutover_status journal_complete(struct journal *journal, cutover_error **error);
/* The job is failed or cancelled, with the reason; a promotion's request is failed. */
cutover_status journal_fail(struct journal *journal, bool cancelled, const cutover_error *reason,
                            cutover_error **error);

/* A job whose swap was committed, and whose record may say completed, is failed: production's server lost that commit, and the reason
   says how. A promotion's request is failed, one that was rolled back is completed again; audit and event cutover.lost. */
cutover_status journal_lose(struct journal *journal, const cutover_error *reason, cutover_error **error);

/* What audit entries and events say of a job, for the caller to complete and put; NULL when memory is exhausted. */
struct json_object *journal_audit_data(const struct promotion_record *promotion);

/* Whether a job holds the project: kind "lock", id = project. CUTOVER_E_LOCKED names it. */
cutover_status lock_check(const struct host *host, const char *project_id, cutover_error **error);

#endif
