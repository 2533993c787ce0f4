#include "model/promotion.h"

#include "model/backup.h"
#include "model/request.h"

const char *const promotion_status_names[] = {
    [PROMOTION_PREFLIGHT] = "preflight", [PROMOTION_LOCK] = "lock",           [PROMOTION_STAGE] = "stage",
    [PROMOTION_CHECK] = "check",         [PROMOTION_BACKUP] = "backup",       [PROMOTION_VERIFY] = "verify",
    [PROMOTION_HELD] = "held",           [PROMOTION_CATCH_UP] = "catch_up",   [PROMOTION_SWAP] = "swap",
    [PROMOTION_FINISH] = "finish",       [PROMOTION_COMPLETED] = "completed", [PROMOTION_FAILED] = "failed",
    [PROMOTION_CANCELLED] = "cancelled", [PROMOTION_STATUS_COUNT] = NULL,
};

const char *const job_kind_names[] = {
    [JOB_PROMOTION] = "promotion",
    [JOB_ROLLBACK] = "rollback",
    [JOB_RESTORE] = "restore",
    NULL,
};

#define MEMBER(type, name) #name, type, offsetof(struct promotion_record, name)

static const struct field promotion_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_ENUM, kind), job_kind_names},
    {MEMBER(FIELD_TEXT, request_id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, preview_id), NULL},
    {MEMBER(FIELD_TEXT, undoes_id), NULL},
    {MEMBER(FIELD_TEXT, source_backup_id), NULL},
    {MEMBER(FIELD_ENUM, status), promotion_status_names},
    {MEMBER(FIELD_TEXT, started_by_actor_id), NULL},
    {MEMBER(FIELD_ENUM, started_by_actor_kind), actor_kind_names},
    {MEMBER(FIELD_INT, jobs), NULL},
    {MEMBER(FIELD_ENUM, verify_method), verify_method_names},
    {MEMBER(FIELD_BOOL, hold), NULL},
    {MEMBER(FIELD_BOOL, owners_trusted), NULL},
    {MEMBER(FIELD_TEXT, system_identifier), NULL},
    {MEMBER(FIELD_TEXT, control_database), NULL},
    {MEMBER(FIELD_INT, timeline), NULL},
    {MEMBER(FIELD_INT, lock_key), NULL},
    {MEMBER(FIELD_TEXT, production_name), NULL},
    {MEMBER(FIELD_INT, production_oid), NULL},
    {MEMBER(FIELD_TEXT, staging_name), NULL},
    {MEMBER(FIELD_INT, staging_oid), NULL},
    {MEMBER(FIELD_TEXT, verify_name), NULL},
    {MEMBER(FIELD_INT, verify_oid), NULL},
    {MEMBER(FIELD_TEXT, displaced_name), NULL},
    {MEMBER(FIELD_TEXT, backup_id), NULL},
    {MEMBER(FIELD_BOOL, fence_raised), NULL},
    {MEMBER(FIELD_JSON, fence), NULL},
    {MEMBER(FIELD_JSON, properties), NULL},
    {MEMBER(FIELD_BOOL, door_closed), NULL},
    {MEMBER(FIELD_BOOL, swap_intended), NULL},
    {MEMBER(FIELD_JSON, mark), NULL},
    {MEMBER(FIELD_BOOL, swapped), NULL},
    {MEMBER(FIELD_JSON, report), NULL},
    {MEMBER(FIELD_TEXT, error), NULL},
    {MEMBER(FIELD_TIME, held_until), NULL},
    {MEMBER(FIELD_JSON, failure), NULL},
    {MEMBER(FIELD_TEXT, cancelled_by_actor_id), NULL},
    {MEMBER(FIELD_ENUM, cancelled_by_actor_kind), actor_kind_names},
    {MEMBER(FIELD_TIME, created_at), NULL},
    {MEMBER(FIELD_TIME, updated_at), NULL},
    {MEMBER(FIELD_TIME, completed_at), NULL},
    {"", FIELD_REST, offsetof(struct promotion_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type promotion_type = {"promotion", sizeof(struct promotion_record), promotion_fields, 1};

const char *promotion_target_preview(const struct promotion_record *record)
{
    return record->kind == JOB_RESTORE ? record->preview_id : NULL;
}
