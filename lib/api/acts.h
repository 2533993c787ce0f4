/*
 * What is behind the routes, by noun. Each is an act of call.h.
 */
#ifndef CUTOVER_API_ACTS_H
#define CUTOVER_API_ACTS_H

#include "api/call.h"

/* What a path names; each sets call->project_id. */
cutover_status api_find_project(struct call *call, cutover_error **error);
cutover_status api_find_request(struct call *call, cutover_error **error);
cutover_status api_find_backup(struct call *call, cutover_error **error);
cutover_status api_find_job(struct call *call, cutover_error **error);

cutover_status api_openapi_get(struct call *call, cutover_error **error);

cutover_status api_projects_list(struct call *call, cutover_error **error);
cutover_status api_project_get(struct call *call, cutover_error **error);
cutover_status api_previews_list(struct call *call, cutover_error **error);
cutover_status api_preview_extend(struct call *call, cutover_error **error);

cutover_status api_preview_preflight(struct call *call, cutover_error **error);

cutover_status api_requests_list(struct call *call, cutover_error **error);
cutover_status api_request_create(struct call *call, cutover_error **error);
cutover_status api_request_get(struct call *call, cutover_error **error);
cutover_status api_request_ack(struct call *call, cutover_error **error);
cutover_status api_request_reject(struct call *call, cutover_error **error);
cutover_status api_request_cancel(struct call *call, cutover_error **error);
cutover_status api_request_ticket(struct call *call, cutover_error **error);
cutover_status api_request_reschedule(struct call *call, cutover_error **error);
cutover_status api_request_promote(struct call *call, cutover_error **error);
cutover_status api_request_release(struct call *call, cutover_error **error);
cutover_status api_request_rollback(struct call *call, cutover_error **error);
cutover_status api_preflight_get(struct call *call, cutover_error **error);
cutover_status api_preflight_run(struct call *call, cutover_error **error);

cutover_status api_backups_list(struct call *call, cutover_error **error);
cutover_status api_backup_create(struct call *call, cutover_error **error);
cutover_status api_backup_get(struct call *call, cutover_error **error);
cutover_status api_backup_delete(struct call *call, cutover_error **error);
cutover_status api_backup_verify(struct call *call, cutover_error **error);
cutover_status api_restore_create(struct call *call, cutover_error **error);
cutover_status api_displaced_list(struct call *call, cutover_error **error);
cutover_status api_displaced_drop(struct call *call, cutover_error **error);
cutover_status api_displaced_expire(struct call *call, cutover_error **error);

cutover_status api_jobs_list(struct call *call, cutover_error **error);
cutover_status api_job_get(struct call *call, cutover_error **error);
cutover_status api_job_cancel(struct call *call, cutover_error **error);
cutover_status api_job_events(struct call *call, cutover_error **error);
cutover_status api_audit_list(struct call *call, cutover_error **error);

cutover_status api_recover(struct call *call, cutover_error **error);
cutover_status api_job_abandon(struct call *call, cutover_error **error);
cutover_status api_server_get(struct call *call, cutover_error **error);
cutover_status api_server_confirm(struct call *call, cutover_error **error);
cutover_status api_find_leftover(struct call *call, cutover_error **error);
cutover_status api_leftovers_list(struct call *call, cutover_error **error);
cutover_status api_leftover_forget(struct call *call, cutover_error **error);
cutover_status api_leftover_retry(struct call *call, cutover_error **error);
cutover_status api_outbox_list(struct call *call, cutover_error **error);
cutover_status api_outbox_retry(struct call *call, cutover_error **error);
cutover_status api_outbox_discard(struct call *call, cutover_error **error);

cutover_status api_find_key(struct call *call, cutover_error **error);
cutover_status api_keys_list(struct call *call, cutover_error **error);
cutover_status api_key_get(struct call *call, cutover_error **error);
cutover_status api_key_create(struct call *call, cutover_error **error);
cutover_status api_key_revoke(struct call *call, cutover_error **error);

cutover_status api_find_webhook(struct call *call, cutover_error **error);
cutover_status api_webhooks_list(struct call *call, cutover_error **error);
cutover_status api_webhook_create(struct call *call, cutover_error **error);
cutover_status api_webhook_get(struct call *call, cutover_error **error);
cutover_status api_webhook_update(struct call *call, cutover_error **error);
cutover_status api_webhook_delete(struct call *call, cutover_error **error);
cutover_status api_webhook_rotate(struct call *call, cutover_error **error);
cutover_status api_webhook_test(struct call *call, cutover_error **error);
cutover_status api_deliveries_list(struct call *call, cutover_error **error);
cutover_status api_delivery_get(struct call *call, cutover_error **error);
cutover_status api_webhook_redeliver(struct call *call, cutover_error **error);

cutover_status api_integrations_list(struct call *call, cutover_error **error);
cutover_status api_integration_get(struct call *call, cutover_error **error);
cutover_status api_integration_connect(struct call *call, cutover_error **error);
cutover_status api_integration_disconnect(struct call *call, cutover_error **error);
cutover_status api_integration_sync(struct call *call, cutover_error **error);

#endif
