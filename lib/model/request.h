/*
 * The request record: the JSON of DESIGN.md section 3, field by field.
 */
#ifndef CUTOVER_MODEL_REQUEST_H
#define CUTOVER_MODEL_REQUEST_H

#include "base/record.h"

enum request_status {
    REQUEST_OPEN,
    REQUEST_ACKED,
    REQUEST_IN_PROGRESS,
    REQUEST_COMPLETED,
    REQUEST_FAILED,
    REQUEST_REJECTED,
    REQUEST_CANCELLED,
    REQUEST_EXPIRED,
    REQUEST_ROLLED_BACK,
    REQUEST_STATUS_COUNT
};

extern const char *const request_status_names[];
extern const char *const actor_kind_names[]; /* index cutover_actor_kind; [0] is "" */

struct request_record {
    char *id;
    char *organization_id;
    char *project_id;
    char *preview_database_id;
    int status; /* enum request_status */
    char *customer_note;
    char *external_ticket_ref;
    char *operator_note;
    char *rejected_reason;
    int64_t scheduled_for;
    char *requested_by_actor_id;
    int requested_by_actor_kind; /* cutover_actor_kind */
    int64_t ack_at;
    char *ack_by_user_id;
    char *pre_cutover_backup_id;
    char *promote_job_id;        /* of the last one, also where that was cancelled */
    struct json_object *failure; /* why it failed: {code, message, hint, step}; NULL: it did not */
    int64_t created_at;
    int64_t updated_at;
    int64_t completed_at;
    struct json_object *rest; /* members that only a newer version of the library knows, kept as they are */
};

extern const struct record_type request_type; /* kind "request" */

/* The bounds of what people write into a request; each CUTOVER_E_INVALID names field and bound. Lengths are
   characters of valid UTF-8. What is optional may be NULL or "". */
/* At create: customer_note at most CUTOVER_NOTE_MAX, external_ticket_ref at most CUTOVER_TICKET_MAX, both optional. */
cutover_status request_fields_check(const char *customer_note, const char *external_ticket_ref,
                                    cutover_error **error);
cutover_status request_ticket_check(const char *external_ticket_ref,
                                    cutover_error **error); /* 1 to TICKET_MAX */
cutover_status request_operator_note_check(const char *operator_note, cutover_error **error);
cutover_status request_reason_check(const char *rejected_reason, cutover_error **error); /* 1 to NOTE_MAX */

#endif
