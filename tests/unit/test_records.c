/*
 * The records: their JSON, word for word, and back; and the bounds of what people write into them.
 */
#include "support/check.h"

#include "model/backup.h"
#include "model/promotion.h"
#include "model/request.h"
#include "model/verification.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* DESIGN.md section 3: every field, in that order. */
static const char request_full[] =
    "{\"id\":\"0193\",\"organization_id\":\"acme\",\"project_id\":\"shop\",\"preview_database_id\":\"shop-pr-"
    "7\","
    "\"status\":\"acked\",\"customer_note\":\"Gr\\u00fc\\u00dfe "
    "\\ud83d\\udc18\\nnow/then\",\"external_ticket_ref\":\"OPS-1\","
    "\"operator_note\":\"fine\",\"rejected_reason\":\"no\",\"scheduled_for\":\"2026-11-22T08:00:00.000001Z\","
    "\"requested_by_actor_id\":\"alice\",\"requested_by_actor_kind\":\"api_key\","
    "\"ack_at\":\"2026-11-22T07:56:15.123456Z\",\"ack_by_user_id\":\"olga\",\"pre_cutover_backup_id\":\"b-1\","
    "\"promote_job_id\":\"p-1\",\"failure\":{\"code\":\"VERIFY\"},\"created_at\":\"2026-11-21T00:00:00."
    "000000Z\","
    "\"updated_at\":\"2026-11-22T09:00:00.000000Z\",\"completed_at\":\"2026-11-22T10:00:00.999999Z\"}";

static const char request_empty[] =
    "{\"id\":null,\"organization_id\":null,\"project_id\":null,\"preview_database_id\":null,\"status\":"
    "\"open\","
    "\"customer_note\":null,\"external_ticket_ref\":null,\"operator_note\":null,\"rejected_reason\":null,"
    "\"scheduled_for\":null,\"requested_by_actor_id\":null,\"requested_by_actor_kind\":\"\",\"ack_at\":null,"
    "\"ack_by_user_id\":null,\"pre_cutover_backup_id\":null,\"promote_job_id\":null,\"failure\":null,\"created_"
    "at\":null,"
    "\"updated_at\":null,\"completed_at\":null}";

static const char verification_full[] =
    "{\"id\":\"v-1\",\"project_id\":\"shop\",\"backup_id\":\"b-1\",\"backup_label\":\"weekly\",\"status\":"
    "\"undecided\","
    "\"started_by_actor_id\":\"olga\",\"verify_method\":\"restore\",\"verdict\":\"could not tell\","
    "\"verify_detail\":\"public.t\",\"tables\":3,\"rows\":4,\"verify_ms\":12,\"error\":\"none\","
    "\"created_at\":\"2026-11-21T00:00:00.000000Z\",\"completed_at\":\"2026-11-22T09:00:00.000000Z\"}";

static const char backup_full[] =
    "{\"id\":\"b-1\",\"project_id\":\"shop\",\"label\":\"pre-cutover-0193\",\"status\":\"verified\","
    "\"request_id\":\"0193\",\"promotion_id\":\"p-1\",\"created_by_actor_id\":\"olga\","
    "\"system_identifier\":\"7300000000000000001\",\"database_oid\":4294967295,\"database_name\":\"shop\","
    "\"server_version\":150018,\"snapshot_lsn\":\"0/"
    "1A2B3C\",\"manifest_sha256\":\"ab12\",\"tables\":3,\"rows\":4,"
    "\"bytes\":5000000000,\"verify_method\":\"readback\",\"verdict\":\"could not tell\","
    "\"verify_detail\":\"public.t\",\"verify_ms\":12,\"verified_at\":\"2026-11-22T07:56:15.123456Z\","
    "\"verify_job_id\":\"v-1\",\"status_before\":\"failed\",\"error\":\"none\",\"created_at\":\"2026-11-21T00:"
    "00:00.000000Z\","
    "\"updated_at\":\"2026-11-22T09:00:00.000000Z\",\"deleted_at\":\"2026-11-23T00:00:00.000000Z\"}";

static const char promotion_full[] =
    "{\"id\":\"p-1\",\"kind\":\"rollback\",\"request_id\":\"0193\",\"project_id\":\"shop\",\"preview_id\":"
    "\"shop-pr-7\","
    "\"undoes_id\":\"p-0\",\"source_backup_id\":\"b-0\",\"status\":"
    "\"swap\","
    "\"started_by_actor_id\":\"olga\",\"started_by_actor_kind\":\"operator\",\"jobs\":4,"
    "\"verify_method\":\"restore\",\"hold\":true,\"owners_trusted\":true,"
    "\"system_identifier\":\"7300000000000000001\",\"control_database\":\"postgres\",\"timeline\":3,\"lock_"
    "key\":-42,"
    "\"production_name\":\"shop\",\"production_oid\":16384,\"staging_name\":\"cutover_stage_1\","
    "\"staging_oid\":16500,\"verify_name\":\"cutover_verify_1\",\"verify_oid\":16501,"
    "\"displaced_name\":\"cutover_old_1\",\"backup_id\":\"b-1\",\"fence_raised\":true,\"fence\":{\"roles\":[]},"
    "\"properties\":{\"owner\":\"shop\"},\"door_closed\":true,\"swap_intended\":true,\"mark\":{\"counters\":"
    "\"0\"},\"swapped\":true,"
    "\"report\":{\"warnings\":[]},\"error\":\"none\",\"held_until\":\"2026-11-22T08:30:00.000000Z\","
    "\"failure\":{\"code\":\"IO\"},"
    "\"cancelled_by_actor_id\":\"otto\",\"cancelled_by_actor_kind\":\"operator\",\"created_at\":\"2026-11-"
    "21T00:00:00.000000Z\","
    "\"updated_at\":\"2026-11-22T09:00:00.000000Z\",\"completed_at\":\"2026-11-22T10:00:00.999999Z\"}";

static void assert_format(const struct record_type *type, const void *record, const char *expected)
{
    cutover_error *error = NULL;
    char *json = NULL;
    check_ok(record_format(type, record, &json, &error), error);
    assert_string_equal(json, expected);
    free(json);
}

static void request_json_is_that_of_the_design(void **state)
{
    (void)state;
    struct request_record request;
    cutover_error *error = NULL;
    check_ok(record_parse(&request_type, request_full, &request, &error), error);
    assert_string_equal(request.id, "0193");
    assert_string_equal(request.organization_id, "acme");
    assert_string_equal(request.project_id, "shop");
    assert_string_equal(request.preview_database_id, "shop-pr-7");
    assert_int_equal(request.status, REQUEST_ACKED);
    assert_string_equal(request.customer_note, "Grüße 🐘\nnow/then");
    assert_string_equal(request.external_ticket_ref, "OPS-1");
    assert_string_equal(request.operator_note, "fine");
    assert_string_equal(request.rejected_reason, "no");
    assert_true(request.scheduled_for == INT64_C(1795334400000001));
    assert_string_equal(request.requested_by_actor_id, "alice");
    assert_int_equal(request.requested_by_actor_kind, 2);
    assert_true(request.ack_at == INT64_C(1795334175123456));
    assert_string_equal(request.ack_by_user_id, "olga");
    assert_string_equal(request.pre_cutover_backup_id, "b-1");
    assert_string_equal(request.promote_job_id, "p-1");
    assert_true(request.created_at == INT64_C(1795219200000000));
    assert_true(request.updated_at == INT64_C(1795338000000000));
    assert_true(request.completed_at == INT64_C(1795341600999999));
    assert_format(&request_type, &request, request_full);
    record_free(&request_type, &request);

    struct request_record empty = {0};
    assert_format(&request_type, &empty, request_empty);
    assert_string_equal(request_type.kind, "request");
}

static void backup_json_round_trips(void **state)
{
    (void)state;
    struct backup_record backup;
    cutover_error *error = NULL;
    check_ok(record_parse(&backup_type, backup_full, &backup, &error), error);
    assert_string_equal(backup.label, "pre-cutover-0193");
    assert_int_equal(backup.status, BACKUP_VERIFIED);
    assert_true(backup.database_oid == INT64_C(4294967295));
    assert_true(backup.bytes == INT64_C(5000000000));
    assert_int_equal(backup.verify_method, 2);
    assert_int_equal(backup.verdict, CUTOVER_VERDICT_UNKNOWN);
    assert_string_equal(backup.verify_detail, "public.t");
    assert_true(backup.verified_at == INT64_C(1795334175123456));
    assert_format(&backup_type, &backup, backup_full);
    record_free(&backup_type, &backup);
    assert_string_equal(backup_type.kind, "backup");
}

static void promotion_json_round_trips(void **state)
{
    (void)state;
    struct promotion_record promotion, copy;
    cutover_error *error = NULL;
    check_ok(record_parse(&promotion_type, promotion_full, &promotion, &error), error);
    assert_int_equal(promotion.kind, JOB_ROLLBACK);
    assert_int_equal(promotion.status, PROMOTION_SWAP);
    assert_int_equal(promotion.started_by_actor_kind, 3);
    assert_int_equal(promotion.verify_method, 1);
    assert_true(promotion.hold);
    assert_true(promotion.owners_trusted);
    assert_true(promotion.lock_key == -42);
    assert_true(promotion.staging_oid == 16500 && promotion.verify_oid == 16501);
    assert_true(promotion.fence_raised && promotion.door_closed && promotion.swap_intended &&
                promotion.swapped);
    assert_string_equal(json_text_or(promotion.properties, "owner", ""), "shop");

    check_ok(record_copy(&promotion_type, &promotion, &copy, &error), error);
    record_free(&promotion_type, &promotion);
    assert_format(&promotion_type, &copy, promotion_full);
    record_free(&promotion_type, &copy);
    assert_string_equal(promotion_type.kind, "promotion");
}

/* What a crash or a foreign hand left in the store is refused by name, not guessed at. */
/* Every record that is read, changed and written back keeps what a newer library put into it. */
static void verification_json_round_trips(void **state)
{
    (void)state;
    struct verification_record verification;
    cutover_error *error = NULL;

    check_ok(record_parse(&verification_type, verification_full, &verification, &error), error);
    assert_int_equal(verification.status, VERIFICATION_UNDECIDED);
    assert_int_equal(verification.verdict, CUTOVER_VERDICT_UNKNOWN);
    assert_format(&verification_type, &verification, verification_full);
    record_free(&verification_type, &verification);
}

static void records_keep_what_a_newer_library_added(void **state)
{
    (void)state;
    static const struct {
        const struct record_type *type;
        const char *full;
    } kinds[] = {{&request_type, request_full},
                 {&backup_type, backup_full},
                 {&promotion_type, promotion_full},
                 {&verification_type, verification_full}};
    union {
        struct request_record request;
        struct backup_record backup;
        struct promotion_record promotion;
        struct verification_record verification;
    } record;
    cutover_error *error = NULL;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char longer[4096];
        size_t length = strlen(kinds[i].full) - 1; /* without the brace */
        snprintf(longer, sizeof(longer), "%.*s,\"added_later\":[1,{\"x\":null}]}", (int)length, kinds[i].full);
        check_ok(record_parse(kinds[i].type, longer, &record, &error), error);
        assert_format(kinds[i].type, &record, longer);
        record_free(kinds[i].type, &record);
    }
}

static void wrong_types_are_refused_by_name(void **state)
{
    (void)state;
    struct request_record request;
    struct promotion_record promotion;
    cutover_error *error = NULL;
    check_status_keep(record_parse(&request_type, "{\"status\":\"closed\"}", &request, &error), CUTOVER_E_STORE,
                      error);
    check_contains(cutover_error_message(error), "status");
    cutover_error_free(error);
    error = NULL;
    check_status(record_parse(&request_type, "{\"scheduled_for\":12}", &request, &error), CUTOVER_E_STORE,
                 error);
    check_status(record_parse(&promotion_type, "{\"swapped\":\"yes\"}", &promotion, &error), CUTOVER_E_STORE,
                 error);
    check_status(record_parse(&promotion_type, "{\"staging_oid\":\"1\"}", &promotion, &error), CUTOVER_E_STORE,
                 error);
}

static void assert_names(const char *const *names, const char *const *expected)
{
    size_t i = 0;
    for (; expected[i] != NULL; i++) {
        assert_non_null(names[i]);
        assert_string_equal(names[i], expected[i]);
    }
    assert_null(names[i]);
}

static void names_are_those_of_the_public_headers(void **state)
{
    (void)state;
    static const char *const requests[] = {"open",     "acked",     "in_progress", "completed",   "failed",
                                           "rejected", "cancelled", "expired",     "rolled_back", NULL};
    static const char *const backups[] = {"taking",    "verifying", "verified", "failed",
                                          "cancelled", "deleted",   NULL};
    static const char *const verifications[] = {"verifying", "verified",  "failed",
                                                "undecided", "cancelled", NULL};
    static const char *const promotions[] = {"preflight", "lock",   "stage",     "check", "backup",
                                             "verify",    "held",   "catch_up",  "swap",  "finish",
                                             "completed", "failed", "cancelled", NULL};
    static const char *const kinds[] = {"", "user", "api_key", "operator", "system", NULL};
    static const char *const methods[] = {"", "restore", "readback", NULL};
    static const char *const verdicts[] = {"none", "equal", "different", "could not tell", NULL};
    assert_names(request_status_names, requests);
    assert_names(backup_status_names, backups);
    assert_names(verification_status_names, verifications);
    assert_names(promotion_status_names, promotions);
    assert_names(actor_kind_names, kinds);
    assert_names(verify_method_names, methods);
    assert_names(verdict_names, verdicts);
    for (int i = 0; i < 4; i++)
        assert_string_equal(verdict_names[i], cutover_verdict_name((cutover_verdict)i));
}

typedef cutover_status (*text_check)(const char *value, cutover_error **error);

static cutover_status customer_note_check(const char *value, cutover_error **error)
{
    return request_fields_check(value, NULL, error);
}

static cutover_status new_ticket_check(const char *value, cutover_error **error)
{
    return request_fields_check(NULL, value, error);
}

static char *repeat(const char *character, size_t times)
{
    size_t width = strlen(character);
    char *text = malloc(width * times + 1);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * width, character, width);
    text[width * times] = '\0';
    return text;
}

static void assert_length(text_check check, const char *character, size_t length, cutover_status expected)
{
    cutover_error *error = NULL;
    char *text = repeat(character, length);
    check_status(check(text, &error), expected, error);
    free(text);
}

/* Bounds count characters, not bytes. */
static void free_texts_have_bounds_in_characters(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        text_check check;
        bool null_allowed, empty_allowed;
        size_t max;
    } fields[] = {
        {"customer_note", customer_note_check, true, true, 1000},
        {"external_ticket_ref", new_ticket_check, true, true, 120},
        {"external_ticket_ref", request_ticket_check, false, false, 120},
        {"operator_note", request_operator_note_check, true, true, 1000},
        {"rejected_reason", request_reason_check, false, false, 1000},
        {"label", backup_label_check, true, false, 120},
    };
    static const char *const characters[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x98"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        cutover_error *error = NULL;
        check_status(fields[i].check(NULL, &error), fields[i].null_allowed ? CUTOVER_OK : CUTOVER_E_INVALID,
                     error);
        check_status(fields[i].check("", &error), fields[i].empty_allowed ? CUTOVER_OK : CUTOVER_E_INVALID,
                     error);
        for (size_t c = 0; c < 4; c++) {
            assert_length(fields[i].check, characters[c], 1, CUTOVER_OK);
            assert_length(fields[i].check, characters[c], fields[i].max, CUTOVER_OK);
            assert_length(fields[i].check, characters[c], fields[i].max + 1, CUTOVER_E_INVALID);
        }
        check_status_keep(fields[i].check("a\xC3", &error), CUTOVER_E_INVALID, error);
        check_contains(cutover_error_message(error), fields[i].field);
        cutover_error_free(error);
        error = NULL;

        char *text = repeat("a", fields[i].max + 1);
        check_status_keep(fields[i].check(text, &error), CUTOVER_E_INVALID, error);
        check_contains(cutover_error_message(error), fields[i].field);
        check_contains(cutover_error_message(error), fields[i].max == 1000 ? "1000" : "120");
        cutover_error_free(error);
        free(text);
    }
}

static void invalid_utf8_is_refused_everywhere(void **state)
{
    (void)state;
    static const text_check checks[] = {customer_note_check,         new_ticket_check,     request_ticket_check,
                                        request_operator_note_check, request_reason_check, backup_label_check};
    /* A lone continuation, an overlong slash, a surrogate, above U+10FFFF, cut short, Latin-1. */
    static const char *const bad[] = {"\x80",         "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                      "\xF0\x9F\x90", "caf\xE9"};
    cutover_error *error = NULL;
    for (size_t i = 0; i < 6; i++) {
        for (size_t b = 0; b < 6; b++)
            check_status(checks[i](bad[b], &error), CUTOVER_E_INVALID, error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_json_is_that_of_the_design),
        cmocka_unit_test(backup_json_round_trips),
        cmocka_unit_test(verification_json_round_trips),
        cmocka_unit_test(promotion_json_round_trips),
        cmocka_unit_test(records_keep_what_a_newer_library_added),
        cmocka_unit_test(wrong_types_are_refused_by_name),
        cmocka_unit_test(names_are_those_of_the_public_headers),
        cmocka_unit_test(free_texts_have_bounds_in_characters),
        cmocka_unit_test(invalid_utf8_is_refused_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
