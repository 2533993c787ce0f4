/*
 * The backup record. What the archive holds is in its manifest (archive/manifest.h); the record holds what the
 * state machine and a list need, and the manifest's SHA-256.
 */
#ifndef CUTOVER_MODEL_BACKUP_H
#define CUTOVER_MODEL_BACKUP_H

#include "base/record.h"

enum backup_status {
    BACKUP_TAKING,
    BACKUP_VERIFYING,
    BACKUP_VERIFIED,
    BACKUP_FAILED,
    BACKUP_CANCELLED,
    BACKUP_DELETED
};

extern const char *const backup_status_names[];
extern const char *const verify_method_names[]; /* index cutover_verify_method: "", "restore", "readback" */
extern const char
    *const verdict_names[]; /* index cutover_verdict: "none", "equal", "different", "could not tell" */

struct backup_record {
    char *id;
    char *project_id;
    char *label;
    int status;         /* enum backup_status */
    char *request_id;   /* of a pre-cutover backup, else NULL */
    char *promotion_id; /* likewise */
    char *created_by_actor_id;
    char *system_identifier; /* of the server it was taken from */
    int64_t database_oid;
    char *database_name;
    int64_t server_version; /* 150018 */
    char *snapshot_lsn;
    char *manifest_sha256; /* hex; set when published */
    int64_t tables;
    int64_t rows;
    int64_t bytes;       /* of the archive */
    int verify_method;   /* cutover_verify_method of the last verification; 0 none */
    int verdict;         /* cutover_verdict of it */
    char *verify_detail; /* what differed or could not be told */
    int64_t verify_ms;
    int64_t verified_at;
    char *
        verify_job_id; /* of its last verification by itself, or of the one that is under way; NULL: there was none */
    char *status_before; /* what it is called meanwhile by its own job; NULL: it is not being verified again */
    char *error;         /* message, when failed or cancelled */
    int64_t created_at;
    int64_t updated_at;
    int64_t deleted_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type backup_type; /* kind "backup" */

/* The status that the job which took it has, or ended with: one that is being verified again is another job's. */
int backup_status_of_own_job(const struct backup_record *record);

#define BACKUP_LABEL_MAX 120 /* characters */

/* NULL, or 1 to BACKUP_LABEL_MAX characters of valid UTF-8; else CUTOVER_E_INVALID. */
cutover_status backup_label_check(const char *label, cutover_error **error);

#endif
