/* Every route: what it takes, who may, and the act behind it. The OpenAPI document says the same, and tests hold the two together. */
#include "api/acts.h"

/* clang-format off */
#define MEMBER CUTOVER_ROLE_MEMBER
#define OPERATOR CUTOVER_ROLE_OPERATOR
#define ADMIN CUTOVER_ROLE_ORG_ADMIN

#define TEXT(name) {name, GIVEN_TEXT, false, 0, 0, NULL}
#define TEXT_NEEDED(name) {name, GIVEN_TEXT, true, 0, 0, NULL}
#define WORD(name, words) {name, GIVEN_TEXT, false, 0, 0, words}
#define WORD_NEEDED(name, words) {name, GIVEN_TEXT, true, 0, 0, words}
#define FLAG(name) {name, GIVEN_FLAG, false, 0, 0, NULL}
#define COUNT(name, min, max) {name, GIVEN_COUNT, false, min, max, NULL}
#define COUNT_NEEDED(name, min, max) {name, GIVEN_COUNT, true, min, max, NULL}
#define TIME(name) {name, GIVEN_TIME, false, 0, 0, NULL}
#define TEXTS(name) {name, GIVEN_TEXTS, false, 0, 0, NULL}
#define TEXTS_NEEDED(name) {name, GIVEN_TEXTS, true, 0, 0, NULL}

#define ORDER WORD("order", "oldest|newest")
#define PAGE TEXT("cursor"), COUNT("limit", 1, 1000)
#define REQUEST_STATUS \
    WORD("status", "open|acked|in_progress|completed|failed|rejected|cancelled|expired|rolled_back|live")
#define BACKUP_STATUS WORD("status", "taking|verifying|verified|failed|cancelled|deleted")
#define JOB_STATUS TEXT("status")
#define JOB_KIND WORD("kind", "promotion|rollback|restore|backup|verification")
#define JOBS COUNT("jobs", 1, 64)
#define SEQUENCE_MAX INT64_C(9007199254740991)
#define GIVEN_UP TEXT_NEEDED("notifier"), COUNT("first", 1, SEQUENCE_MAX), COUNT("last", 1, SEQUENCE_MAX)
#define VERIFY WORD("verify", "restore|readback")
#define FENCE WORD("fence", "late|early")
#define REFUSED_MAX COUNT("writes_refused_max_s", 1, 86400)

const struct route routes[] = {
    {"GET", "/v1/openapi.json", CALLER_ANY, ROUTE_OPEN, NULL, api_openapi_get, {{0}}, {{0}}},

    {"GET", "/v1/projects", CALLER_ANY, 0, NULL, api_projects_list, {PAGE}, {{0}}},
    {"GET", "/v1/projects/{project_id}", CALLER_ANY, 0, api_find_project, api_project_get, {{0}}, {{0}}},
    {"GET", "/v1/projects/{project_id}/previews", CALLER_ANY, 0, api_find_project, api_previews_list, {PAGE}, {{0}}},
    {"POST", "/v1/projects/{project_id}/previews/{preview_id}/extend", CALLER_ANY, ROUTE_KEYED, api_find_project,
     api_preview_extend, {{0}}, {COUNT_NEEDED("ttl_hours", 1, 8760)}},
    {"GET", "/v1/projects/{project_id}/preflight", MEMBER | OPERATOR, 0, api_find_project, api_preview_preflight,
     {TEXT_NEEDED("preview_id")}, {{0}}},
    {"GET", "/v1/projects/{project_id}/audit-events", CALLER_ANY, 0, api_find_project, api_audit_list, {PAGE}, {{0}}},
    {"GET", "/v1/projects/{project_id}/displaced-databases", CALLER_ANY, 0, api_find_project, api_displaced_list, {PAGE}, {{0}}},
    {"DELETE", "/v1/projects/{project_id}/displaced-databases/{name}", OPERATOR, 0, api_find_project, api_displaced_drop,
     {{0}}, {{0}}},

    {"POST", "/v1/projects/{project_id}/displaced-databases/expire", OPERATOR, ROUTE_KEYED, api_find_project,
     api_displaced_expire, {{0}}, {COUNT_NEEDED("older_than_hours", 1, 876000)}},
    {"GET", "/v1/projects/{project_id}/server", OPERATOR | ADMIN, 0, api_find_project, api_server_get, {{0}}, {{0}}},
    {"POST", "/v1/projects/{project_id}/confirm-server", OPERATOR, ROUTE_KEYED, api_find_project, api_server_confirm, {{0}},
     {TEXT_NEEDED("system_identifier"), TEXT_NEEDED("reason")}},

    {"GET", "/v1/cutover-requests", OPERATOR | ADMIN, 0, NULL, api_requests_list, {REQUEST_STATUS, ORDER, PAGE}, {{0}}},
    {"GET", "/v1/projects/{project_id}/cutover-requests", CALLER_ANY, 0, api_find_project, api_requests_list,
     {REQUEST_STATUS, ORDER, PAGE}, {{0}}},
    {"POST", "/v1/projects/{project_id}/cutover-requests", MEMBER, ROUTE_KEYED, api_find_project, api_request_create, {{0}},
     {TEXT_NEEDED("preview_id"), TEXT("customer_note"), TEXT("external_ticket_ref"), TIME("scheduled_for")}},
    {"GET", "/v1/cutover-requests/{request_id}", CALLER_ANY, 0, api_find_request, api_request_get, {{0}}, {{0}}},
    {"POST", "/v1/cutover-requests/{request_id}/ack", OPERATOR, ROUTE_KEYED | ROUTE_MATCHED, api_find_request,
     api_request_ack, {{0}}, {TEXT("operator_note"), TIME("scheduled_for")}},
    {"POST", "/v1/cutover-requests/{request_id}/reject", OPERATOR, ROUTE_KEYED, api_find_request, api_request_reject, {{0}},
     {TEXT_NEEDED("reason")}},
    {"POST", "/v1/cutover-requests/{request_id}/cancel", MEMBER | OPERATOR, ROUTE_KEYED, api_find_request,
     api_request_cancel, {{0}}, {{0}}},
    {"POST", "/v1/cutover-requests/{request_id}/ticket", MEMBER | OPERATOR, ROUTE_KEYED, api_find_request,
     api_request_ticket, {{0}}, {TEXT_NEEDED("external_ticket_ref")}},
    {"POST", "/v1/cutover-requests/{request_id}/reschedule", MEMBER | OPERATOR, ROUTE_KEYED, api_find_request,
     api_request_reschedule, {{0}}, {TIME("scheduled_for")}},
    {"GET", "/v1/cutover-requests/{request_id}/preflight", CALLER_ANY, 0, api_find_request, api_preflight_get, {{0}}, {{0}}},
    {"POST", "/v1/cutover-requests/{request_id}/preflight", OPERATOR, 0, api_find_request, api_preflight_run, {{0}}, {JOBS}},
    {"POST", "/v1/cutover-requests/{request_id}/promote", OPERATOR, ROUTE_KEYED | ROUTE_MATCHED, api_find_request,
     api_request_promote, {{0}},
     {FLAG("hold"), COUNT("hold_max_s", 1, 2592000), REFUSED_MAX, FENCE, JOBS, VERIFY}},
    {"POST", "/v1/cutover-requests/{request_id}/release", OPERATOR, ROUTE_KEYED, api_find_request, api_request_release,
     {{0}}, {{0}}},
    {"POST", "/v1/cutover-requests/{request_id}/rollback", OPERATOR, ROUTE_KEYED, api_find_request, api_request_rollback,
     {{0}}, {FLAG("discard_writes")}},

    {"GET", "/v1/projects/{project_id}/backups", CALLER_ANY, 0, api_find_project, api_backups_list,
     {BACKUP_STATUS, ORDER, PAGE}, {{0}}},
    {"POST", "/v1/projects/{project_id}/backups", OPERATOR, ROUTE_KEYED, api_find_project, api_backup_create, {{0}},
     {TEXT("label"), JOBS, VERIFY}},
    {"GET", "/v1/backups/{backup_id}", CALLER_ANY, 0, api_find_backup, api_backup_get, {{0}}, {{0}}},
    {"DELETE", "/v1/backups/{backup_id}", OPERATOR, 0, api_find_backup, api_backup_delete, {{0}}, {{0}}},
    {"POST", "/v1/backups/{backup_id}/verify", OPERATOR, ROUTE_KEYED, api_find_backup, api_backup_verify, {{0}},
     {JOBS, VERIFY}},
    {"POST", "/v1/projects/{project_id}/restores", OPERATOR | ADMIN, ROUTE_KEYED, api_find_project, api_restore_create, {{0}},
     {TEXT_NEEDED("backup_id"), WORD_NEEDED("target_kind", "preview|project"), TEXT("preview_id"), FLAG("confirm"),
      REFUSED_MAX, FENCE, JOBS, VERIFY}},

    {"GET", "/v1/jobs", OPERATOR | ADMIN, 0, NULL, api_jobs_list, {JOB_STATUS, JOB_KIND, ORDER, PAGE}, {{0}}},
    {"GET", "/v1/projects/{project_id}/jobs", CALLER_ANY, 0, api_find_project, api_jobs_list,
     {JOB_STATUS, JOB_KIND, ORDER, PAGE}, {{0}}},
    {"GET", "/v1/jobs/{job_id}", CALLER_ANY, 0, api_find_job, api_job_get, {{0}}, {{0}}},
    {"POST", "/v1/jobs/{job_id}/cancel", OPERATOR, ROUTE_KEYED, api_find_job, api_job_cancel, {{0}}, {{0}}},
    {"GET", "/v1/jobs/{job_id}/events", CALLER_ANY, ROUTE_STREAM, api_find_job, api_job_events, {TEXT("last_event_id")}, {{0}}},

    {"POST", "/v1/jobs/{job_id}/abandon", OPERATOR, ROUTE_KEYED, api_find_job, api_job_abandon, {{0}},
     {TEXT_NEEDED("reason"), FLAG("confirm")}},
    {"POST", "/v1/recover", OPERATOR, 0, NULL, api_recover, {{0}}, {{0}}},
    {"POST", "/v1/projects/{project_id}/recover", OPERATOR, 0, api_find_project, api_recover, {{0}}, {{0}}},
    {"GET", "/v1/leftovers", OPERATOR | ADMIN, 0, NULL, api_leftovers_list, {PAGE}, {{0}}},
    {"GET", "/v1/projects/{project_id}/leftovers", OPERATOR | ADMIN, 0, api_find_project, api_leftovers_list, {PAGE}, {{0}}},
    {"POST", "/v1/leftovers/{leftover_id}/forget", OPERATOR, ROUTE_KEYED, api_find_leftover, api_leftover_forget, {{0}},
     {TEXT_NEEDED("reason")}},
    {"POST", "/v1/leftovers/{leftover_id}/retry", OPERATOR, 0, api_find_leftover, api_leftover_retry, {{0}}, {{0}}},

    {"GET", "/v1/outbox", OPERATOR | ADMIN, 0, NULL, api_outbox_list, {PAGE}, {{0}}},
    {"POST", "/v1/outbox/retry", OPERATOR, ROUTE_KEYED, NULL, api_outbox_retry, {{0}}, {TEXT_NEEDED("notifier")}},
    {"POST", "/v1/outbox/discard", OPERATOR, ROUTE_KEYED, NULL, api_outbox_discard, {{0}}, {TEXT_NEEDED("notifier")}},
    {"GET", "/v1/projects/{project_id}/outbox", OPERATOR | ADMIN, 0, api_find_project, api_outbox_list, {PAGE}, {{0}}},
    {"POST", "/v1/projects/{project_id}/outbox/retry", OPERATOR, ROUTE_KEYED, api_find_project, api_outbox_retry, {{0}},
     {GIVEN_UP}},
    {"POST", "/v1/projects/{project_id}/outbox/discard", OPERATOR, ROUTE_KEYED, api_find_project, api_outbox_discard, {{0}},
     {GIVEN_UP}},

    {"GET", "/v1/keys", ADMIN, 0, NULL, api_keys_list, {TEXT("project_id"), PAGE}, {{0}}},
    {"POST", "/v1/keys", ADMIN, ROUTE_KEYED | ROUTE_SECRET | ROUTE_ADDS, NULL, api_key_create, {{0}},
     {TEXT_NEEDED("label"), TEXTS_NEEDED("roles"), TEXT("project_id"), TEXT("organization_id"), TEXT("actor_id"),
      TIME("expires_at")}},
    {"GET", "/v1/keys/{key_id}", ADMIN, 0, api_find_key, api_key_get, {{0}}, {{0}}},
    {"DELETE", "/v1/keys/{key_id}", ADMIN, 0, api_find_key, api_key_revoke, {{0}}, {{0}}},

    {"GET", "/v1/projects/{project_id}/webhook-endpoints", CALLER_ANY, 0, api_find_project, api_webhooks_list, {PAGE},
     {{0}}},
    {"POST", "/v1/projects/{project_id}/webhook-endpoints", OPERATOR | ADMIN, ROUTE_KEYED | ROUTE_SECRET | ROUTE_ADDS,
     api_find_project, api_webhook_create, {{0}}, {TEXT_NEEDED("url"), TEXT("description"), TEXTS("event_types")}},
    {"GET", "/v1/webhook-endpoints/{endpoint_id}", CALLER_ANY, 0, api_find_webhook, api_webhook_get, {{0}}, {{0}}},
    {"PATCH", "/v1/webhook-endpoints/{endpoint_id}", OPERATOR | ADMIN, 0, api_find_webhook, api_webhook_update, {{0}},
     {TEXT("url"), TEXT("description"), TEXTS("event_types"), FLAG("enabled")}},
    {"DELETE", "/v1/webhook-endpoints/{endpoint_id}", OPERATOR | ADMIN, 0, api_find_webhook, api_webhook_delete, {{0}},
     {{0}}},
    {"POST", "/v1/webhook-endpoints/{endpoint_id}/rotate-secret", OPERATOR | ADMIN, ROUTE_KEYED | ROUTE_SECRET | ROUTE_ADDS,
     api_find_webhook, api_webhook_rotate, {{0}}, {COUNT("overlap_s", 0, 604800)}},
    {"POST", "/v1/webhook-endpoints/{endpoint_id}/test", OPERATOR | ADMIN, ROUTE_KEYED | ROUTE_ADDS, api_find_webhook,
     api_webhook_test, {{0}}, {{0}}},
    {"GET", "/v1/webhook-endpoints/{endpoint_id}/deliveries", CALLER_ANY, 0, api_find_webhook, api_deliveries_list,
     {WORD("status", "pending|delivered|dead"), TEXT("kind"), ORDER, PAGE}, {{0}}},
    {"GET", "/v1/webhook-endpoints/{endpoint_id}/deliveries/{message_id}", CALLER_ANY, 0, api_find_webhook,
     api_delivery_get, {{0}}, {{0}}},
    {"POST", "/v1/webhook-endpoints/{endpoint_id}/redeliver", OPERATOR | ADMIN, ROUTE_KEYED | ROUTE_ADDS, api_find_webhook,
     api_webhook_redeliver, {{0}}, {TEXT("message_id"), TIME("since"), TIME("until")}},

    {"GET", "/v1/projects/{project_id}/integrations", CALLER_ANY, 0, api_find_project, api_integrations_list, {{0}},
     {{0}}},
    {"GET", "/v1/projects/{project_id}/integrations/{provider}", CALLER_ANY, 0, api_find_project, api_integration_get,
     {{0}}, {{0}}},
    {"POST", "/v1/projects/{project_id}/integrations/{provider}/connect", OPERATOR | ADMIN, 0, api_find_project,
     api_integration_connect, {{0}},
     {TEXT_NEEDED("site_id"), TEXT("account_id"), TEXT("pooled_name"), TEXT("unpooled_name"), TEXTS("targets"),
      TEXT("token"), TEXT("pooled_url"), TEXT("unpooled_url"), FLAG("secret"), FLAG("later")}},
    {"POST", "/v1/projects/{project_id}/integrations/{provider}/disconnect", OPERATOR | ADMIN, 0, api_find_project,
     api_integration_disconnect, {{0}}, {{0}}},
    {"POST", "/v1/projects/{project_id}/integrations/{provider}/sync", OPERATOR | ADMIN, ROUTE_KEYED, api_find_project,
     api_integration_sync, {{0}}, {{0}}},
};
/* clang-format on */

const size_t route_count = sizeof routes / sizeof *routes;

cutover_status api_openapi_get(struct call *call, cutover_error **error)
{
    return call_json(call, 200, cutover_api_openapi(), error);
}
