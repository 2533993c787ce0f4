#include "model/backup.h"

#include "base/text.h"

#include <cutover/promotion.h>
#include <string.h>

const char *const backup_status_names[] = {
    [BACKUP_TAKING] = "taking",
    [BACKUP_VERIFYING] = "verifying",
    [BACKUP_VERIFIED] = "verified",
    [BACKUP_FAILED] = "failed",
    [BACKUP_CANCELLED] = "cancelled",
    [BACKUP_DELETED] = "deleted",
    NULL,
};

const char *const verify_method_names[] = {
    "",
    [CUTOVER_VERIFY_RESTORE] = "restore",
    [CUTOVER_VERIFY_READBACK] = "readback",
    NULL,
};

const char *const verdict_names[] = {
    [CUTOVER_VERDICT_NONE] = "none",
    [CUTOVER_VERDICT_EQUAL] = "equal",
    [CUTOVER_VERDICT_DIFFERENT] = "different",
    [CUTOVER_VERDICT_UNKNOWN] = "could not tell",
    NULL,
};

#define MEMBER(type, name) #name, type, offsetof(struct backup_record, name)

static const struct field backup_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, label), NULL},
    {MEMBER(FIELD_ENUM, status), backup_status_names},
    {MEMBER(FIELD_TEXT, request_id), NULL},
    {MEMBER(FIELD_TEXT, promotion_id), NULL},
    {MEMBER(FIELD_TEXT, created_by_actor_id), NULL},
    {MEMBER(FIELD_TEXT, system_identifier), NULL},
    {MEMBER(FIELD_INT, database_oid), NULL},
    {MEMBER(FIELD_TEXT, database_name), NULL},
    {MEMBER(FIELD_INT, server_version), NULL},
    {MEMBER(FIELD_TEXT, snapshot_lsn), NULL},
    {MEMBER(FIELD_TEXT, manifest_sha256), NULL},
    {MEMBER(FIELD_INT, tables), NULL},
    {MEMBER(FIELD_INT, rows), NULL},
    {MEMBER(FIELD_INT, bytes), NULL},
    {MEMBER(FIELD_ENUM, verify_method), verify_method_names},
    {MEMBER(FIELD_ENUM, verdict), verdict_names},
    {MEMBER(FIELD_TEXT, verify_detail), NULL},
    {MEMBER(FIELD_INT, verify_ms), NULL},
    {MEMBER(FIELD_TIME, verified_at), NULL},
    {MEMBER(FIELD_TEXT, verify_job_id), NULL},
    {MEMBER(FIELD_TEXT, status_before), NULL},
    {MEMBER(FIELD_TEXT, error), NULL},
    {MEMBER(FIELD_TIME, created_at), NULL},
    {MEMBER(FIELD_TIME, updated_at), NULL},
    {MEMBER(FIELD_TIME, deleted_at), NULL},
    {"", FIELD_REST, offsetof(struct backup_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type backup_type = {"backup", sizeof(struct backup_record), backup_fields, 1};

int backup_status_of_own_job(const struct backup_record *record)
{
    for (int i = 0; record->status_before != NULL && backup_status_names[i] != NULL; i++)
        if (strcmp(backup_status_names[i], record->status_before) == 0)
            return i;
    return record->status;
}

cutover_status backup_label_check(const char *label, cutover_error **error)
{
    if (label == NULL)
        return CUTOVER_OK;
    return text_check("label", label, 1, BACKUP_LABEL_MAX, error);
}
