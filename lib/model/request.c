#include "model/request.h"

#include "base/text.h"

#include <cutover/request.h>

const char *const request_status_names[] = {
    [REQUEST_OPEN] = "open",           [REQUEST_ACKED] = "acked",     [REQUEST_IN_PROGRESS] = "in_progress",
    [REQUEST_COMPLETED] = "completed", [REQUEST_FAILED] = "failed",   [REQUEST_REJECTED] = "rejected",
    [REQUEST_CANCELLED] = "cancelled", [REQUEST_EXPIRED] = "expired", [REQUEST_ROLLED_BACK] = "rolled_back",
    [REQUEST_STATUS_COUNT] = NULL,
};

const char *const actor_kind_names[] = {
    "",
    [CUTOVER_ACTOR_USER] = "user",
    [CUTOVER_ACTOR_API_KEY] = "api_key",
    [CUTOVER_ACTOR_OPERATOR] = "operator",
    [CUTOVER_ACTOR_SYSTEM] = "system",
    NULL,
};

#define MEMBER(type, name) #name, type, offsetof(struct request_record, name)

static const struct field request_fields[] = {
    {MEMBER(FIELD_TEXT, id), NULL},
    {MEMBER(FIELD_TEXT, organization_id), NULL},
    {MEMBER(FIELD_TEXT, project_id), NULL},
    {MEMBER(FIELD_TEXT, preview_database_id), NULL},
    {MEMBER(FIELD_ENUM, status), request_status_names},
    {MEMBER(FIELD_TEXT, customer_note), NULL},
    {MEMBER(FIELD_TEXT, external_ticket_ref), NULL},
    {MEMBER(FIELD_TEXT, operator_note), NULL},
    {MEMBER(FIELD_TEXT, rejected_reason), NULL},
    {MEMBER(FIELD_TIME, scheduled_for), NULL},
    {MEMBER(FIELD_TEXT, requested_by_actor_id), NULL},
    {MEMBER(FIELD_ENUM, requested_by_actor_kind), actor_kind_names},
    {MEMBER(FIELD_TIME, ack_at), NULL},
    {MEMBER(FIELD_TEXT, ack_by_user_id), NULL},
    {MEMBER(FIELD_TEXT, pre_cutover_backup_id), NULL},
    {MEMBER(FIELD_TEXT, promote_job_id), NULL},
    {MEMBER(FIELD_JSON, failure), NULL},
    {MEMBER(FIELD_TIME, created_at), NULL},
    {MEMBER(FIELD_TIME, updated_at), NULL},
    {MEMBER(FIELD_TIME, completed_at), NULL},
    {"", FIELD_REST, offsetof(struct request_record, rest), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

const struct record_type request_type = {"request", sizeof(struct request_record), request_fields, 1};

cutover_status request_fields_check(const char *customer_note, const char *external_ticket_ref,
                                    cutover_error **error)
{
    cutover_status status = text_check("customer_note", customer_note, 0, CUTOVER_NOTE_MAX, error);
    if (status != CUTOVER_OK)
        return status;
    return text_check("external_ticket_ref", external_ticket_ref, 0, CUTOVER_TICKET_MAX, error);
}

/* Text that somebody has to give: blanks are none. */
static cutover_status given_check(const char *field, const char *text, size_t most, cutover_error **error)
{
    cutover_status status = text_check(field, text, 1, most, error);

    if (status == CUTOVER_OK && text_is_blank(text))
        status = error_set(error, CUTOVER_E_INVALID, "%s: nothing but white space", field);
    return status;
}

cutover_status request_ticket_check(const char *external_ticket_ref, cutover_error **error)
{
    return given_check("external_ticket_ref", external_ticket_ref, CUTOVER_TICKET_MAX, error);
}

cutover_status request_operator_note_check(const char *operator_note, cutover_error **error)
{
    return text_check("operator_note", operator_note, 0, CUTOVER_NOTE_MAX, error);
}

cutover_status request_reason_check(const char *rejected_reason, cutover_error **error)
{
    return given_check("rejected_reason", rejected_reason, CUTOVER_NOTE_MAX, error);
}
