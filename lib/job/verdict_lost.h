/*
 * What a verification found against its backup, and the store did not take: a backup that differs from what it was taken of must not
 * go on as verified because the store was away for a moment.
 *
 * It is tried again for verdict_wait_ms; then the engine remembers it, and recovery, which finds the job unfinished, writes it down in place
 * of "nothing was found out". A process that ends before that takes it along: then the verification is undecided, and its caller alone was
 * told.
 */
#ifndef CUTOVER_JOB_VERDICT_LOST_H
#define CUTOVER_JOB_VERDICT_LOST_H

#include "job/backup_record.h"

/* Less than a lease lives without a sign: until then nobody else writes down what they think became of it. */
#define VERDICT_WAIT_MS 20000

/* What an engine remembers; shared by its threads. NULL when memory is exhausted. */
struct verdicts_lost *verdicts_lost_new(void);
void verdicts_lost_free(struct verdicts_lost *findings);

/* Writes down that the backup, which its job verifies again, is different, and why. */
void verdict_lost_record(struct backup *backup, const cutover_error *reason);
/* What was found of a job's backup and is not written down: takes it over into the backup as that is in the store. False where there is
   nothing. */
bool verdict_lost_recall(struct backup *backup);
/* It is written down. */
void verdict_lost_forget(struct host *host, const char *job_id);

#endif
