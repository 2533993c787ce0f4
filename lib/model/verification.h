/*
 * The record of a verification: a backup that is verified again, as a job of its own. What the backup is then says the backup's
 * record; this one says what this verification found, also when the backup was verified once more since, or is gone.
 */
#ifndef CUTOVER_MODEL_VERIFICATION_H
#define CUTOVER_MODEL_VERIFICATION_H

#include "base/record.h"

enum verification_status {
    VERIFICATION_RUNNING,
    VERIFICATION_EQUAL,
    VERIFICATION_DIFFERENT,
    VERIFICATION_UNDECIDED, /* nothing was found out: the backup is what it was */
    VERIFICATION_CANCELLED  /* likewise */
};

extern const char
    *const verification_status_names[]; /* "verifying", "verified", "failed", "undecided", "cancelled" */

struct verification_record {
    char *id;
    char *project_id;
    char *backup_id;
    char *backup_label;
    int status; /* enum verification_status */
    char *started_by_actor_id;
    int verify_method;   /* cutover_verify_method */
    int verdict;         /* cutover_verdict */
    char *verify_detail; /* what differed or could not be told */
    int64_t tables;
    int64_t rows;
    int64_t verify_ms;
    char *error; /* message, unless it went well */
    int64_t created_at;
    int64_t completed_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type verification_type; /* kind "verification" */

#endif
