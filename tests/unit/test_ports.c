/*
 * The layout of what hosts compile into their programs. A member that moves breaks them silently: new ones are
 * appended, and the version of the struct grows.
 */
#include "support/check.h"

#include <cutover.h>
#include <string.h>

#define AT(type, member, place)                                                                                \
    _Static_assert(offsetof(type, member) == (place), #type "." #member " has moved")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")

/* Where pointers have eight bytes; elsewhere the order is the same. */
#if UINTPTR_MAX == UINT64_MAX

AT(cutover_document, kind, 0);
AT(cutover_document, id, 8);
AT(cutover_document, project_id, 16);
AT(cutover_document, version, 24);
AT(cutover_document, body, 32);
SIZE(cutover_document, 40);

AT(cutover_write, version, 0);
AT(cutover_write, kind, 8);
AT(cutover_write, id, 16);
AT(cutover_write, project_id, 24);
AT(cutover_write, expected_version, 32);
AT(cutover_write, body, 40);
SIZE(cutover_write, 48);

AT(cutover_store, version, 0);
AT(cutover_store, capabilities, 4);
AT(cutover_store, userdata, 8);
AT(cutover_store, get, 16);
AT(cutover_store, list, 24);
AT(cutover_store, commit, 32);
AT(cutover_store, close, 40);
AT(cutover_store, max_commit_writes, 48);
AT(cutover_store, max_list, 52);
AT(cutover_store, max_body_bytes, 56);
SIZE(cutover_store, 64);

AT(cutover_object, name, 0);
AT(cutover_object, size, 8);
AT(cutover_object, published, 16);
SIZE(cutover_object, 24);

AT(cutover_repository, version, 0);
AT(cutover_repository, capabilities, 4);
AT(cutover_repository, userdata, 8);
AT(cutover_repository, begin, 16);
AT(cutover_repository, create, 24);
AT(cutover_repository, write, 32);
AT(cutover_repository, commit, 40);
AT(cutover_repository, abort, 48);
AT(cutover_repository, publish, 56);
AT(cutover_repository, open, 64);
AT(cutover_repository, read, 72);
AT(cutover_repository, close_object, 80);
AT(cutover_repository, list, 88);
AT(cutover_repository, remove, 96);
AT(cutover_repository, path, 104);
AT(cutover_repository, close, 112);
AT(cutover_repository, remove_object, 120);
AT(cutover_repository, free_bytes, 128);
AT(cutover_repository, patch, 136);
AT(cutover_repository, write_at, 144);
SIZE(cutover_repository, 152);

AT(cutover_project, version, 0);
AT(cutover_project, id, 8);
AT(cutover_project, organization_id, 16);
AT(cutover_project, state, 24);
AT(cutover_project, database, 32);
AT(cutover_project, control_database, 40);
AT(cutover_project, verify_database, 48);
AT(cutover_project, job_id, 56);
AT(cutover_project, loader_database, 64);
AT(cutover_project, pgbouncers, 72);
AT(cutover_project, hold_fence, 80);
SIZE(cutover_project, 88);

AT(cutover_preview, version, 0);
AT(cutover_preview, id, 8);
AT(cutover_preview, project_id, 16);
AT(cutover_preview, state, 24);
AT(cutover_preview, database, 32);
AT(cutover_preview, expires_at, 40);
SIZE(cutover_preview, 48);

AT(cutover_platform, version, 0);
AT(cutover_platform, capabilities, 4);
AT(cutover_platform, userdata, 8);
AT(cutover_platform, project_get, 16);
AT(cutover_platform, project_set_state, 24);
AT(cutover_platform, preview_get, 32);
AT(cutover_platform, traffic_pause, 40);
AT(cutover_platform, traffic_resume, 48);
AT(cutover_platform, integrations_sync, 56);
AT(cutover_platform, preview_create, 64);
AT(cutover_platform, fence_pause, 72);
AT(cutover_platform, fence_resume, 80);
AT(cutover_platform, preview_extend, 88);
SIZE(cutover_platform, 96);

AT(cutover_store_postgres_options, version, 0);
AT(cutover_store_postgres_options, schema, 8);
AT(cutover_store_postgres_options, timeout_ms, 16);
SIZE(cutover_store_postgres_options, 24);
AT(cutover_pgbouncer_options, version, 0);
AT(cutover_pgbouncer_options, consoles, 8);
AT(cutover_pgbouncer_options, pause_timeout_ms, 16);
AT(cutover_pgbouncer_options, hold_fence, 20);
SIZE(cutover_pgbouncer_options, 24);

AT(cutover_event, version, 0);
AT(cutover_event, id, 8);
AT(cutover_event, type, 16);
AT(cutover_event, project_id, 24);
AT(cutover_event, sequence, 32);
AT(cutover_event, created_at, 40);
AT(cutover_event, attempt, 48);
AT(cutover_event, json, 56);
SIZE(cutover_event, 64);

AT(cutover_notifier, version, 0);
AT(cutover_notifier, userdata, 8);
AT(cutover_notifier, deliver, 16);
AT(cutover_notifier, close, 24);
AT(cutover_notifier, capabilities, 32);
SIZE(cutover_notifier, 40);

AT(cutover_refusal, version, 0);
AT(cutover_refusal, never_again, 4);
AT(cutover_refusal, again_at, 8);
SIZE(cutover_refusal, 16);

AT(cutover_named_notifier, version, 0);
AT(cutover_named_notifier, attempts, 4);
AT(cutover_named_notifier, name, 8);
AT(cutover_named_notifier, notifier, 16);
AT(cutover_named_notifier, since, 24);
SIZE(cutover_named_notifier, 32);

AT(cutover_actor, version, 0);
AT(cutover_actor, id, 8);
AT(cutover_actor, kind, 16);
AT(cutover_actor, roles, 20);
SIZE(cutover_actor, 24);

AT(cutover_engine_options, version, 0);
AT(cutover_engine_options, policy, 4);
AT(cutover_engine_options, store, 8);
AT(cutover_engine_options, repository, 16);
AT(cutover_engine_options, platform, 24);
AT(cutover_engine_options, notifiers, 32);
AT(cutover_engine_options, notifier_count, 40);
AT(cutover_engine_options, pg_bin_dir, 48);
AT(cutover_engine_options, work_dir, 56);
AT(cutover_engine_options, log, 64);
AT(cutover_engine_options, log_userdata, 72);
AT(cutover_engine_options, clock, 80);
AT(cutover_engine_options, clock_userdata, 88);
AT(cutover_engine_options, connect_timeout_s, 96);
AT(cutover_engine_options, door_timeout_ms, 100);
AT(cutover_engine_options, maintenance_mem_mb, 104);
AT(cutover_engine_options, preview_notice_s, 108);
SIZE(cutover_engine_options, 112);

AT(cutover_request_options, version, 0);
AT(cutover_request_options, actor, 8);
AT(cutover_request_options, project_id, 16);
AT(cutover_request_options, preview_id, 24);
AT(cutover_request_options, customer_note, 32);
AT(cutover_request_options, external_ticket_ref, 40);
AT(cutover_request_options, scheduled_for, 48);
SIZE(cutover_request_options, 56);

AT(cutover_request_ack_options, version, 0);
AT(cutover_request_ack_options, actor, 8);
AT(cutover_request_ack_options, request_id, 16);
AT(cutover_request_ack_options, operator_note, 24);
AT(cutover_request_ack_options, scheduled_for, 32);
AT(cutover_request_ack_options, if_version, 40);
SIZE(cutover_request_ack_options, 48);

AT(cutover_backup_options, version, 0);
AT(cutover_backup_options, actor, 8);
AT(cutover_backup_options, project_id, 16);
AT(cutover_backup_options, label, 24);
AT(cutover_backup_options, jobs, 32);
AT(cutover_backup_options, verify, 36);
AT(cutover_backup_options, progress, 40);
AT(cutover_backup_options, progress_userdata, 48);
SIZE(cutover_backup_options, 56);

AT(cutover_progress, version, 0);
AT(cutover_progress, step, 8);
AT(cutover_progress, bytes_done, 16);
AT(cutover_progress, bytes_total, 24);
AT(cutover_progress, rows_done, 32);
AT(cutover_progress, tables_done, 40);
AT(cutover_progress, tables_total, 44);
AT(cutover_progress, fraction, 48);
AT(cutover_progress, seconds_elapsed, 56);
AT(cutover_progress, seconds_left, 64);
AT(cutover_progress, job_id, 72);
SIZE(cutover_progress, 80);

AT(cutover_promotion_options, version, 0);
AT(cutover_promotion_options, actor, 8);
AT(cutover_promotion_options, request_id, 16);
AT(cutover_promotion_options, jobs, 24);
AT(cutover_promotion_options, verify, 28);
AT(cutover_promotion_options, hold, 32);
AT(cutover_promotion_options, progress, 40);
AT(cutover_promotion_options, progress_userdata, 48);
AT(cutover_promotion_options, hold_max_s, 56);
AT(cutover_promotion_options, writes_refused_max_s, 60);
AT(cutover_promotion_options, if_version, 64);
AT(cutover_promotion_options, fence, 72);
SIZE(cutover_promotion_options, 80);

AT(cutover_restore_options, version, 0);
AT(cutover_restore_options, actor, 8);
AT(cutover_restore_options, backup_id, 16);
AT(cutover_restore_options, preview_id, 24);
AT(cutover_restore_options, project_id, 32);
AT(cutover_restore_options, confirm, 40);
AT(cutover_restore_options, jobs, 44);
AT(cutover_restore_options, verify, 48);
AT(cutover_restore_options, progress, 56);
AT(cutover_restore_options, progress_userdata, 64);
AT(cutover_restore_options, fence, 72);
AT(cutover_restore_options, writes_refused_max_s, 76);
SIZE(cutover_restore_options, 80);

AT(cutover_rollback_options, version, 0);
AT(cutover_rollback_options, actor, 8);
AT(cutover_rollback_options, request_id, 16);
AT(cutover_rollback_options, discard_writes, 24);
AT(cutover_rollback_options, progress, 32);
AT(cutover_rollback_options, progress_userdata, 40);
SIZE(cutover_rollback_options, 48);

AT(cutover_displaced, version, 0);
AT(cutover_displaced, name, 8);
AT(cutover_displaced, oid, 16);
AT(cutover_displaced, project_id, 24);
AT(cutover_displaced, promotion_id, 32);
AT(cutover_displaced, request_id, 40);
AT(cutover_displaced, displaced_at, 48);
AT(cutover_displaced, size, 56);
SIZE(cutover_displaced, 64);

AT(cutover_recovery, version, 0);
AT(cutover_recovery, job, 8);
AT(cutover_recovery, job_id, 16);
AT(cutover_recovery, project_id, 24);
AT(cutover_recovery, request_id, 32);
AT(cutover_recovery, outcome, 40);
AT(cutover_recovery, message, 48);
AT(cutover_recovery, ask_again_s, 56);
SIZE(cutover_recovery, 64);

AT(cutover_abandon_options, version, 0);
AT(cutover_abandon_options, actor, 8);
AT(cutover_abandon_options, job_id, 16);
AT(cutover_abandon_options, reason, 24);
AT(cutover_abandon_options, confirm, 32);
SIZE(cutover_abandon_options, 40);

AT(cutover_project_removal, version, 0);
AT(cutover_project_removal, project_id, 8);
AT(cutover_project_removal, reason, 16);
AT(cutover_project_removal, confirm, 24);
AT(cutover_project_removal, without_server, 28);
SIZE(cutover_project_removal, 32);

AT(cutover_leftover, version, 0);
AT(cutover_leftover, id, 8);
AT(cutover_leftover, project_id, 16);
AT(cutover_leftover, job_id, 24);
AT(cutover_leftover, kind, 32);
AT(cutover_leftover, database, 40);
AT(cutover_leftover, oid, 48);
AT(cutover_leftover, system_identifier, 56);
AT(cutover_leftover, message, 64);
AT(cutover_leftover, since, 72);
SIZE(cutover_leftover, 80);

AT(cutover_audit_entry, version, 0);
AT(cutover_audit_entry, cursor, 8);
AT(cutover_audit_entry, sequence, 16);
AT(cutover_audit_entry, action, 24);
AT(cutover_audit_entry, project_id, 32);
AT(cutover_audit_entry, actor_id, 40);
AT(cutover_audit_entry, actor_kind, 48);
AT(cutover_audit_entry, at, 56);
AT(cutover_audit_entry, json, 64);
SIZE(cutover_audit_entry, 72);

AT(cutover_filter, version, 0);
AT(cutover_filter, project_id, 8);
AT(cutover_filter, status, 16);
AT(cutover_filter, kind, 24);
AT(cutover_filter, newest_first, 32);
AT(cutover_filter, after, 40);
AT(cutover_filter, limit, 48);
SIZE(cutover_filter, 56);

AT(cutover_delivery_options, version, 0);
AT(cutover_delivery_options, notifier, 8);
SIZE(cutover_delivery_options, 16);

AT(cutover_key_options, version, 0);
AT(cutover_key_options, actor, 8);
AT(cutover_key_options, label, 16);
AT(cutover_key_options, roles, 24);
AT(cutover_key_options, project_id, 32);
AT(cutover_key_options, organization_id, 40);
AT(cutover_key_options, actor_id, 48);
AT(cutover_key_options, expires_at, 56);
SIZE(cutover_key_options, 64);

AT(cutover_event_selection, version, 0);
AT(cutover_event_selection, actor, 8);
AT(cutover_event_selection, notifier, 16);
AT(cutover_event_selection, project_id, 24);
AT(cutover_event_selection, first, 32);
AT(cutover_event_selection, last, 40);
SIZE(cutover_event_selection, 48);

AT(cutover_delivery, version, 0);
AT(cutover_delivery, delivered, 4);
AT(cutover_delivery, failed, 8);
AT(cutover_delivery, waiting, 12);
AT(cutover_delivery, given_up, 16);
AT(cutover_delivery, busy, 20);
SIZE(cutover_delivery, 24);

AT(cutover_integration_ref, version, 0);
AT(cutover_integration_ref, id, 8);
AT(cutover_integration_ref, project_id, 16);
AT(cutover_integration_ref, provider, 24);
AT(cutover_integration_ref, account_id, 32);
AT(cutover_integration_ref, site_id, 40);
SIZE(cutover_integration_ref, 48);

AT(cutover_integration_secrets, version, 0);
AT(cutover_integration_secrets, token, 8);
AT(cutover_integration_secrets, pooled_url, 16);
AT(cutover_integration_secrets, unpooled_url, 24);
SIZE(cutover_integration_secrets, 32);

AT(cutover_integrations_options, version, 0);
AT(cutover_integrations_options, flags, 4);
AT(cutover_integrations_options, store, 8);
AT(cutover_integrations_options, folder, 16);
AT(cutover_integrations_options, secrets, 24);
AT(cutover_integrations_options, secrets_userdata, 32);
AT(cutover_integrations_options, vercel_url, 40);
AT(cutover_integrations_options, netlify_url, 48);
AT(cutover_integrations_options, ca_file, 56);
AT(cutover_integrations_options, user_agent, 64);
AT(cutover_integrations_options, timeout_ms, 72);
AT(cutover_integrations_options, parallel, 76);
AT(cutover_integrations_options, log, 80);
AT(cutover_integrations_options, log_userdata, 88);
AT(cutover_integrations_options, clock, 96);
AT(cutover_integrations_options, clock_userdata, 104);
SIZE(cutover_integrations_options, 112);

AT(cutover_integration_run, version, 0);
AT(cutover_integration_run, synced, 4);
AT(cutover_integration_run, failed, 8);
AT(cutover_integration_run, given_up, 12);
AT(cutover_integration_run, waiting, 16);
AT(cutover_integration_run, next_due, 24);
SIZE(cutover_integration_run, 32);

AT(cutover_integration_options, version, 0);
AT(cutover_integration_options, flags, 4);
AT(cutover_integration_options, actor, 8);
AT(cutover_integration_options, project_id, 16);
AT(cutover_integration_options, provider, 24);
AT(cutover_integration_options, site_id, 32);
AT(cutover_integration_options, account_id, 40);
AT(cutover_integration_options, pooled_name, 48);
AT(cutover_integration_options, unpooled_name, 56);
AT(cutover_integration_options, targets, 64);
AT(cutover_integration_options, target_count, 72);
AT(cutover_integration_options, token, 80);
AT(cutover_integration_options, pooled_url, 88);
AT(cutover_integration_options, unpooled_url, 96);
SIZE(cutover_integration_options, 104);
AT(cutover_api_options, version, 0);
AT(cutover_api_options, engine, 8);
AT(cutover_api_options, store, 16);
AT(cutover_api_options, platform, 24);
AT(cutover_api_options, registry, 32);
AT(cutover_api_options, projects, 40);
AT(cutover_api_options, previews, 48);
AT(cutover_api_options, inventory_userdata, 56);
AT(cutover_api_options, webhooks, 64);
AT(cutover_api_options, integrations, 72);
AT(cutover_api_options, run, 80);
AT(cutover_api_options, run_userdata, 88);
AT(cutover_api_options, clock, 96);
AT(cutover_api_options, clock_userdata, 104);
AT(cutover_api_options, jobs, 112);
AT(cutover_api_options, max_body, 116);
SIZE(cutover_api_options, 120);

AT(cutover_api_header, name, 0);
AT(cutover_api_header, value, 8);
SIZE(cutover_api_header, 16);

AT(cutover_api_request, version, 0);
AT(cutover_api_request, method, 8);
AT(cutover_api_request, path, 16);
AT(cutover_api_request, query, 24);
AT(cutover_api_request, headers, 32);
AT(cutover_api_request, header_count, 40);
AT(cutover_api_request, body, 48);
AT(cutover_api_request, body_size, 56);
AT(cutover_api_request, actor, 64);
AT(cutover_api_request, project_id, 72);
SIZE(cutover_api_request, 80);

AT(cutover_finding, severity, 0);
AT(cutover_finding, check, 8);
AT(cutover_finding, message, 16);
AT(cutover_finding, hint, 24);
SIZE(cutover_finding, 32);

AT(cutover_webhooks_options, version, 0);
AT(cutover_webhooks_options, flags, 4);
AT(cutover_webhooks_options, store, 8);
AT(cutover_webhooks_options, user_agent, 16);
AT(cutover_webhooks_options, ca_file, 24);
AT(cutover_webhooks_options, timeout_ms, 32);
AT(cutover_webhooks_options, connect_timeout_ms, 36);
AT(cutover_webhooks_options, parallel, 40);
AT(cutover_webhooks_options, keep_days, 44);
AT(cutover_webhooks_options, log, 48);
AT(cutover_webhooks_options, log_userdata, 56);
AT(cutover_webhooks_options, clock, 64);
AT(cutover_webhooks_options, clock_userdata, 72);
SIZE(cutover_webhooks_options, 80);

AT(cutover_webhook_round, version, 0);
AT(cutover_webhook_round, delivered, 4);
AT(cutover_webhook_round, failed, 8);
AT(cutover_webhook_round, dead, 12);
AT(cutover_webhook_round, disabled, 16);
AT(cutover_webhook_round, running, 20);
AT(cutover_webhook_round, waiting, 24);
AT(cutover_webhook_round, next_at, 32);
SIZE(cutover_webhook_round, 40);

AT(cutover_webhook_options, version, 0);
AT(cutover_webhook_options, actor, 8);
AT(cutover_webhook_options, project_id, 16);
AT(cutover_webhook_options, url, 24);
AT(cutover_webhook_options, description, 32);
AT(cutover_webhook_options, event_types, 40);
AT(cutover_webhook_options, event_type_count, 48);
SIZE(cutover_webhook_options, 56);

AT(cutover_webhook_change, version, 0);
AT(cutover_webhook_change, enabled, 4);
AT(cutover_webhook_change, actor, 8);
AT(cutover_webhook_change, webhook_id, 16);
AT(cutover_webhook_change, url, 24);
AT(cutover_webhook_change, description, 32);
AT(cutover_webhook_change, event_types, 40);
AT(cutover_webhook_change, event_type_count, 48);
AT(cutover_webhook_change, expected_version, 56);
SIZE(cutover_webhook_change, 64);

AT(cutover_webhook_selection, version, 0);
AT(cutover_webhook_selection, actor, 8);
AT(cutover_webhook_selection, webhook_id, 16);
AT(cutover_webhook_selection, message_id, 24);
AT(cutover_webhook_selection, since, 32);
AT(cutover_webhook_selection, until, 40);
SIZE(cutover_webhook_selection, 48);

#endif

/* For every known version: the function gives what the macro gives, byte by byte; for any other, nothing. */
#define INIT_AGREES(type, macro, function, latest)                                                             \
    do {                                                                                                       \
        static const type expected = macro;                                                                    \
        type found, before;                                                                                    \
        for (unsigned version = 1; version <= (latest); version++) {                                           \
            memset(&found, 0xa5, sizeof(found));                                                               \
            assert_int_equal(function(&found, version), CUTOVER_OK);                                           \
            assert_int_equal(found.version, version);                                                          \
        }                                                                                                      \
        assert_memory_equal(&found, &expected, sizeof(found));                                                 \
        memset(&found, 0xa5, sizeof(found));                                                                   \
        before = found;                                                                                        \
        assert_int_equal(function(&found, 0), CUTOVER_E_UNSUPPORTED);                                          \
        assert_int_equal(function(&found, (latest) + 1), CUTOVER_E_UNSUPPORTED);                               \
        assert_memory_equal(&found, &before, sizeof(found));                                                   \
        assert_int_equal(function(NULL, (latest)), CUTOVER_E_INVALID);                                         \
    } while (0)

static void init_functions_of_ports_agree_with_macros(void **state)
{
    (void)state;
    INIT_AGREES(cutover_store, CUTOVER_STORE_INIT, cutover_store_init, CUTOVER_STORE_VERSION);
    INIT_AGREES(cutover_repository, CUTOVER_REPOSITORY_INIT, cutover_repository_init,
                CUTOVER_REPOSITORY_VERSION);
    INIT_AGREES(cutover_platform, CUTOVER_PLATFORM_INIT, cutover_platform_init, CUTOVER_PLATFORM_VERSION);
    INIT_AGREES(cutover_store_postgres_options, CUTOVER_STORE_POSTGRES_OPTIONS_INIT,
                cutover_store_postgres_options_init, CUTOVER_STORE_POSTGRES_OPTIONS_VERSION);
    INIT_AGREES(cutover_pgbouncer_options, CUTOVER_PGBOUNCER_OPTIONS_INIT, cutover_pgbouncer_options_init,
                CUTOVER_PGBOUNCER_OPTIONS_VERSION);
    INIT_AGREES(cutover_notifier, CUTOVER_NOTIFIER_INIT, cutover_notifier_init, CUTOVER_NOTIFIER_VERSION);
    INIT_AGREES(cutover_named_notifier, CUTOVER_NAMED_NOTIFIER_INIT, cutover_named_notifier_init,
                CUTOVER_NAMED_NOTIFIER_VERSION);
}

/* It has an empty text, which need not be the same one in two objects. */
static void init_function_of_a_write_agrees_with_its_macro(void **state)
{
    static const cutover_write expected = CUTOVER_WRITE_INIT;
    cutover_write found;

    (void)state;
    memset(&found, 0xa5, sizeof(found));
    assert_int_equal(cutover_write_init(&found, CUTOVER_WRITE_VERSION), CUTOVER_OK);
    assert_int_equal(found.version, CUTOVER_WRITE_VERSION);
    assert_null(found.kind);
    assert_null(found.id);
    assert_string_equal(found.project_id, expected.project_id);
    assert_true(found.expected_version == 0);
    assert_null(found.body);
    assert_int_equal(cutover_write_init(&found, 0), CUTOVER_E_UNSUPPORTED);
    assert_int_equal(cutover_write_init(&found, CUTOVER_WRITE_VERSION + 1), CUTOVER_E_UNSUPPORTED);
    assert_int_equal(cutover_write_init(NULL, CUTOVER_WRITE_VERSION), CUTOVER_E_INVALID);
}

static void init_functions_of_options_agree_with_macros(void **state)
{
    (void)state;
    INIT_AGREES(cutover_engine_options, CUTOVER_ENGINE_OPTIONS_INIT, cutover_engine_options_init,
                CUTOVER_ENGINE_OPTIONS_VERSION);
    INIT_AGREES(cutover_request_options, CUTOVER_REQUEST_OPTIONS_INIT, cutover_request_options_init,
                CUTOVER_REQUEST_OPTIONS_VERSION);
    INIT_AGREES(cutover_backup_options, CUTOVER_BACKUP_OPTIONS_INIT, cutover_backup_options_init,
                CUTOVER_BACKUP_OPTIONS_VERSION);
    INIT_AGREES(cutover_promotion_options, CUTOVER_PROMOTION_OPTIONS_INIT, cutover_promotion_options_init,
                CUTOVER_PROMOTION_OPTIONS_VERSION);
    INIT_AGREES(cutover_restore_options, CUTOVER_RESTORE_OPTIONS_INIT, cutover_restore_options_init,
                CUTOVER_RESTORE_OPTIONS_VERSION);
    INIT_AGREES(cutover_rollback_options, CUTOVER_ROLLBACK_OPTIONS_INIT, cutover_rollback_options_init,
                CUTOVER_ROLLBACK_OPTIONS_VERSION);
    INIT_AGREES(cutover_request_ack_options, CUTOVER_REQUEST_ACK_OPTIONS_INIT, cutover_request_ack_options_init,
                CUTOVER_REQUEST_ACK_OPTIONS_VERSION);
    INIT_AGREES(cutover_abandon_options, CUTOVER_ABANDON_OPTIONS_INIT, cutover_abandon_options_init,
                CUTOVER_ABANDON_OPTIONS_VERSION);
    INIT_AGREES(cutover_project_removal, CUTOVER_PROJECT_REMOVAL_INIT, cutover_project_removal_init,
                CUTOVER_PROJECT_REMOVAL_VERSION);
    INIT_AGREES(cutover_key_options, CUTOVER_KEY_OPTIONS_INIT, cutover_key_options_init,
                CUTOVER_KEY_OPTIONS_VERSION);
    INIT_AGREES(cutover_actor, CUTOVER_ACTOR_INIT, cutover_actor_init, CUTOVER_ACTOR_VERSION);
    INIT_AGREES(cutover_filter, CUTOVER_FILTER_INIT, cutover_filter_init, CUTOVER_FILTER_VERSION);
    INIT_AGREES(cutover_delivery_options, CUTOVER_DELIVERY_OPTIONS_INIT, cutover_delivery_options_init,
                CUTOVER_DELIVERY_OPTIONS_VERSION);
    INIT_AGREES(cutover_event_selection, CUTOVER_EVENT_SELECTION_INIT, cutover_event_selection_init,
                CUTOVER_EVENT_SELECTION_VERSION);
    INIT_AGREES(cutover_delivery, CUTOVER_DELIVERY_INIT, cutover_delivery_init, CUTOVER_DELIVERY_VERSION);
    INIT_AGREES(cutover_api_options, CUTOVER_API_OPTIONS_INIT, cutover_api_options_init,
                CUTOVER_API_OPTIONS_VERSION);
    INIT_AGREES(cutover_api_request, CUTOVER_API_REQUEST_INIT, cutover_api_request_init,
                CUTOVER_API_REQUEST_VERSION);
    INIT_AGREES(cutover_progress, CUTOVER_PROGRESS_INIT, cutover_progress_init, CUTOVER_PROGRESS_VERSION);
    INIT_AGREES(cutover_webhooks_options, CUTOVER_WEBHOOKS_OPTIONS_INIT, cutover_webhooks_options_init,
                CUTOVER_WEBHOOKS_OPTIONS_VERSION);
    INIT_AGREES(cutover_webhook_round, CUTOVER_WEBHOOK_ROUND_INIT, cutover_webhook_round_init,
                CUTOVER_WEBHOOK_ROUND_VERSION);
    INIT_AGREES(cutover_webhook_options, CUTOVER_WEBHOOK_OPTIONS_INIT, cutover_webhook_options_init,
                CUTOVER_WEBHOOK_OPTIONS_VERSION);
    INIT_AGREES(cutover_webhook_change, CUTOVER_WEBHOOK_CHANGE_INIT, cutover_webhook_change_init,
                CUTOVER_WEBHOOK_CHANGE_VERSION);
    INIT_AGREES(cutover_webhook_selection, CUTOVER_WEBHOOK_SELECTION_INIT, cutover_webhook_selection_init,
                CUTOVER_WEBHOOK_SELECTION_VERSION);
    INIT_AGREES(cutover_integration_secrets, CUTOVER_INTEGRATION_SECRETS_INIT, cutover_integration_secrets_init,
                CUTOVER_INTEGRATION_SECRETS_VERSION);
    INIT_AGREES(cutover_integrations_options, CUTOVER_INTEGRATIONS_OPTIONS_INIT,
                cutover_integrations_options_init, CUTOVER_INTEGRATIONS_OPTIONS_VERSION);
    INIT_AGREES(cutover_integration_run, CUTOVER_INTEGRATION_RUN_INIT, cutover_integration_run_init,
                CUTOVER_INTEGRATION_RUN_VERSION);
    INIT_AGREES(cutover_integration_options, CUTOVER_INTEGRATION_OPTIONS_INIT, cutover_integration_options_init,
                CUTOVER_INTEGRATION_OPTIONS_VERSION);
}

/* A macro of positional values misplaces them silently when a member is put in between. */
static void defaults_are_where_they_belong(void **state)
{
    const cutover_promotion_options promotion = CUTOVER_PROMOTION_OPTIONS_INIT;
    const cutover_backup_options backup = CUTOVER_BACKUP_OPTIONS_INIT;
    const cutover_request_options request = CUTOVER_REQUEST_OPTIONS_INIT;
    const cutover_restore_options restore = CUTOVER_RESTORE_OPTIONS_INIT;
    const cutover_rollback_options rollback = CUTOVER_ROLLBACK_OPTIONS_INIT;
    const cutover_request_ack_options ack = CUTOVER_REQUEST_ACK_OPTIONS_INIT;
    const cutover_actor actor = CUTOVER_ACTOR_INIT;
    const cutover_progress progress = CUTOVER_PROGRESS_INIT;
    const cutover_engine_options engine = CUTOVER_ENGINE_OPTIONS_INIT;
    const cutover_project project = CUTOVER_PROJECT_INIT;
    const cutover_preview preview = CUTOVER_PREVIEW_INIT;

    (void)state;
    assert_int_equal(promotion.verify, CUTOVER_VERIFY_RESTORE);
    assert_null(promotion.actor);
    assert_int_equal(promotion.hold, 0);
    assert_int_equal(backup.verify, CUTOVER_VERIFY_RESTORE);
    assert_null(backup.actor);
    assert_null(request.actor);
    assert_int_equal(restore.verify, CUTOVER_VERIFY_RESTORE);
    assert_int_equal(restore.confirm, 0);
    assert_int_equal(rollback.discard_writes, 0);
    assert_int_equal(ack.scheduled_for, 0);
    assert_int_equal(actor.kind, 0);
    assert_null(progress.step);
    assert_true(progress.seconds_left < 0);
    assert_int_equal(progress.bytes_done, 0);
    assert_int_equal(engine.policy, 0);
    assert_string_equal(project.organization_id, "");
    assert_string_equal(project.state, "active");
    assert_int_equal(project.version, CUTOVER_PROJECT_VERSION);
    assert_null(project.loader_database);
    assert_string_equal(preview.state, "ready");
    assert_int_equal(preview.expires_at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_functions_of_ports_agree_with_macros),
        cmocka_unit_test(init_function_of_a_write_agrees_with_its_macro),
        cmocka_unit_test(init_functions_of_options_agree_with_macros),
        cmocka_unit_test(defaults_are_where_they_belong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
