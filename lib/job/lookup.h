/*
 * A job by its id, whatever it is: one that overwrites a project has a record of its own (kind "promotion"); a backup that is taken
 * or verified by itself is known by the backup's. A backup that belongs to such a job is none of its own.
 */
#ifndef CUTOVER_JOB_LOOKUP_H
#define CUTOVER_JOB_LOOKUP_H

#include "job/host.h"
#include "store/ledger.h"

/* A job as its record says; zeroed at first. Either record is loaded, as `type` says. */
struct found_job {
    const struct record_type *type; /* &promotion_type or &backup_type */
    uint64_t version;
    struct promotion_record promotion;
    struct backup_record backup;
};

/* CUTOVER_E_NOT_FOUND "no job ID". */
cutover_status lookup_job(const struct host *host, const char *job_id, struct found_job *job,
                          cutover_error **error);
void found_job_free(struct found_job *job);

/* For what is said of it. */
const char *found_job_project(const struct found_job *job);
const char *found_job_request(const struct found_job *job); /* NULL where it has none */
const char *found_job_status(const struct found_job *job);
bool found_job_is_over(const struct found_job *job);
bool found_job_is_swapping(const struct found_job *job); /* at its swap, or beyond it */

#endif
