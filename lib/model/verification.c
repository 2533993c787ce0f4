#include "model/verification.h"

#include "model/backup.h"

const char *const verification_status_names[] = {
    [VERIFICATION_RUNNING] = "verifying",   [VERIFICATION_EQUAL] = "verified",
    [VERIFICATION_DIFFERENT] = "failed",    [VERIFICATION_UNDECIDED] = "undecided",
    [VERIFICATION_CANCELLED] = "cancelled", NULL,
};

#define MEMBER(type, name) #name, type, offsetof(struct verification_record, name)

static const struct field verification_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, backup_id), NULL},
    {MEMBER(FIELD_TEXT, backup_label), NULL},
    {MEMBER(FIELD_ENUM, status), verification_status_names},
    {MEMBER(FIELD_TEXT, started_by_actor_id), NULL},
    {MEMBER(FIELD_ENUM, verify_method), verify_method_names},
    {MEMBER(FIELD_ENUM, verdict), verdict_names},
    {MEMBER(FIELD_TEXT, verify_detail), NULL},
    {MEMBER(FIELD_INT, tables), NULL},
    {MEMBER(FIELD_INT, rows), NULL},
    {MEMBER(FIELD_INT, verify_ms), NULL},
    {MEMBER(FIELD_TEXT, error), NULL},
    {MEMBER(FIELD_TIME, created_at), NULL},
    {MEMBER(FIELD_TIME, completed_at), NULL},
    {"", FIELD_REST, offsetof(struct verification_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type verification_type = {"verification", sizeof(struct verification_record),
                                              verification_fields, 1};
