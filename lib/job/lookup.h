/*
 * A job by its id, whatever it is: one that overwrites a project has a record of its own (kind "promotion"); a backup that is taken
 * by itself is known by the backup's; one that is verified again by the verification's. A backup that belongs to a job of the first sort
 * is none of its own.
 */
#ifndef CUTOVER_JOB_LOOKUP_H
#define CUTOVER_JOB_LOOKUP_H

#include "job/host.h"
#include "model/verification.h"
#include "store/ledger.h"

/* A job as its record says; zeroed at first. One of the records is loaded, as `type` says. */
struct found_job {
    const struct record_type *type; /* &promotion_type, &backup_type or &verification_type */
    uint64_t version;
    struct promotion_record promotion;
    struct backup_record backup;
    struct verification_record verification;
};

#define FOUND_JOB_TYPES 3
extern const struct record_type *const found_job_types[FOUND_JOB_TYPES];
/* The record of that type in it. */
void *found_job_record(struct found_job *job, const struct record_type *type);
/* What a document of such a type says; *job stays zeroed for a backup that is no job of its own. */
cutover_status found_job_parse(const struct record_type *type, const char *body, uint64_t version,
                               struct found_job *job, cutover_error **error);

/* CUTOVER_E_NOT_FOUND "no job ID". */
cutover_status lookup_job(const struct host *host, const char *job_id, struct found_job *job,
                          cutover_error **error);
void found_job_free(struct found_job *job);

/* For what is said of it. */
const char *found_job_id(const struct found_job *job);
const char *found_job_kind(const struct found_job *job);
int64_t found_job_created_at(const struct found_job *job);
const char *found_job_project(const struct found_job *job);
const char *found_job_request(const struct found_job *job); /* NULL where it has none */
const char *found_job_status(const struct found_job *job);
bool found_job_is_over(const struct found_job *job);
bool found_job_is_swapping(const struct found_job *job); /* at its swap, or beyond it */

#endif
