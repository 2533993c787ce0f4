#include "support/check.h"
#include "support/desk.h"

#include "base/record.h"
#include "job/hold.h"

#include <stdlib.h>

/* A job's records from its claim to its end, on a store in memory: no server, and no job's steps. */

static cutover_status claim(struct desk *desk, const char *request_id, cutover_error **error)
{
    struct promotion_record fresh = desk_promotion(request_id);
    cutover_status status = desk_claim(desk, &fresh, error);

    record_free(&promotion_type, &fresh);
    return status;
}

/* ---- the claim ---- */

static void a_claim_is_the_job_its_lease_the_lock_and_the_request(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(claim(desk, request, &error), error);
    desk_check_request(desk, request, "in_progress");
    assert_true(desk_has(desk, "lock", "shop"));
    assert_true(desk_has(desk, "lease", desk->journal.record.id));
    assert_true(desk_has(desk, "promotion", desk->journal.record.id));
    desk_check_audit(desk, " cutover.requested cutover.acked cutover.promote_started");
    desk_check_events(desk, " cutover.requested cutover.acked cutover.promote_started");
    free(request);
}

static void a_claim_asks_the_rules_anew(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(cutover_registry_preview_extend(desk->registry, "next", 1, &error), error);
    check_status(claim(desk, request, &error), CUTOVER_E_EXPIRED, error);
    assert_false(desk_has(desk, "lock", "shop"));
    free(request);
}

static void a_project_has_one_job(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_write lock = {CUTOVER_WRITE_VERSION, "lock", "shop", "shop", 0, "{\"promotion_id\":\"another\"}"};
    const cutover_write *writes[] = {&lock};
    cutover_error *error = NULL;

    check_ok(desk->inner.commit(writes, 1, &error, desk->inner.userdata), error);
    check_status_keep(claim(desk, request, &error), CUTOVER_E_LOCKED, error);
    check_contains(cutover_error_message(error), "another");
    cutover_error_free(error);
    desk_check_request(desk, request, "acked");
    free(request);
}

static void a_claim_whose_answer_was_lost_is_made(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    desk->lost = 1;
    check_ok(claim(desk, request, &error), error);
    desk_check_request(desk, request, "in_progress");
    free(request);
}

static void a_claim_that_was_not_made_leaves_nothing(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    desk->refused = 1;
    check_status(claim(desk, request, &error), CUTOVER_E_STORE, error);
    desk_check_request(desk, request, "acked");
    assert_false(desk_has(desk, "lock", "shop"));
    free(request);
}

/* ---- while it runs ---- */

static void a_job_goes_forward_only(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(claim(desk, request, &error), error);
    check_status(journal_step(&desk->journal, PROMOTION_SWAP, &error), CUTOVER_E_INTERNAL, error);
    assert_int_equal(desk->journal.record.status, PROMOTION_LOCK);
    check_status(journal_complete(&desk->journal, &error), CUTOVER_E_INTERNAL, error);
    desk_step(desk, PROMOTION_SWAP);
    check_ok(journal_complete(&desk->journal, &error), error);
    check_status(journal_fail(&desk->journal, false, NULL, &error), CUTOVER_E_INTERNAL, error);
    desk_check_request(desk, request, "completed");
    free(request);
}

static void a_save_whose_answer_was_lost_is_made(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(claim(desk, request, &error), error);
    desk->lost = 1;
    check_ok(journal_save(&desk->journal, &error), error);
    check_ok(journal_save(&desk->journal, &error), error);
    desk->refused = 1;
    check_status(journal_save(&desk->journal, &error), CUTOVER_E_STORE, error);
    check_ok(journal_save(&desk->journal, &error), error);
    free(request);
}

static void a_job_that_was_taken_over_writes_nothing_more(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(claim(desk, request, &error), error);
    desk_step(desk, PROMOTION_SWAP);
    assert_false(journal_is_taken_over(&desk->journal));
    desk_take_over(desk);
    assert_true(journal_is_taken_over(&desk->journal));
    check_status(journal_save(&desk->journal, &error), CUTOVER_E_CONFLICT, error);
    check_status_keep(journal_complete(&desk->journal, &error), CUTOVER_E_CONFLICT, error);
    check_contains(cutover_error_message(error), "taken over by recovery");
    cutover_error_free(error);
    assert_int_equal(desk->journal.record.status, PROMOTION_SWAP);
    assert_int_equal(desk->journal.record.completed_at, 0);
    desk_check_request(desk, request, "in_progress");
    free(request);
}

/* ---- its end ---- */

/* Held and released: everything that a job has beside its record is there. */
static char *released(struct desk *desk)
{
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(claim(desk, request, &error), error);
    assert_true(desk_has(desk, "claim", "next"));
    desk_step(desk, PROMOTION_HELD);
    check_ok(hold_release(desk->host, &desk_operator, &desk->journal.record, &error), error);
    assert_true(desk_has(desk, "gate", desk->journal.record.id));
    desk_step(desk, PROMOTION_SWAP);
    return request;
}

static void check_nothing_is_held(struct desk *desk)
{
    assert_false(desk_has(desk, "lock", "shop"));
    assert_false(desk_has(desk, "gate", desk->journal.record.id));
    assert_false(desk_has(desk, "claim", "next"));
}

static void a_completed_job_holds_nothing_and_is_told(void **state)
{
    struct desk *desk = *state;
    char *request = released(desk);
    cutover_error *error = NULL;

    check_ok(journal_complete(&desk->journal, &error), error);
    check_nothing_is_held(desk);
    desk_check_request(desk, request, "completed");
    desk_check_audit(desk, " cutover.requested cutover.acked cutover.promote_started cutover.released"
                           " production_overwrite_restore");
    desk_check_events(
        desk,
        " cutover.requested cutover.acked cutover.promote_started cutover.released production_overwrite_restore"
        " restore.completed job.completed");
    free(request);
}

static void check_request_says(struct desk *desk, const char *id, const char *expected)
{
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_request_get(desk->engine, id, &request, &error), error);
    check_contains(cutover_request_json(request), expected);
    cutover_request_free(request);
}

static cutover_status last_actor(const cutover_audit_entry *entry, void *context)
{
    snprintf(context, 64, "%s %s:%s", entry->action, entry->actor_kind, entry->actor_id);
    return CUTOVER_OK;
}

/* Nobody can tell by whom, but for the audit trail. */
static void check_last_actor(struct desk *desk, const char *expected)
{
    char last[64] = "";
    cutover_error *error = NULL;

    check_ok(cutover_audit_list(desk->engine, "shop", NULL, 1000, last_actor, last, &error), error);
    assert_string_equal(last, expected);
}

/* What was stopped by a person is that person's to begin again. */
static void a_cancelled_job_gives_its_request_back(void **state)
{
    static const cutover_actor otto = {CUTOVER_ACTOR_VERSION, "otto", CUTOVER_ACTOR_USER,
                                       CUTOVER_ROLE_OPERATOR};
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL, *reason = cutover_error_new(CUTOVER_E_CANCELLED, "cancelled", NULL, NULL);

    check_ok(claim(desk, request, &error), error);
    desk_step(desk, PROMOTION_HELD);
    check_ok(cutover_job_cancel(desk->engine, &otto, desk->journal.record.id, &error), error);
    check_ok(journal_fail(&desk->journal, true, reason, &error), error);
    assert_false(desk_has(desk, "lock", "shop"));
    assert_false(desk_has(desk, "cancel", desk->journal.record.id));
    assert_true(desk_has(desk, "claim", "next"));
    desk_check_request(desk, request, "acked");
    check_request_says(desk, request, "\"failure\":null");
    check_request_says(desk, request, "\"completed_at\":null");
    check_last_actor(desk, "cutover.promote_cancelled user:otto");
    desk_check_events(desk, " cutover.requested cutover.acked cutover.promote_started cutover.promote_cancelled"
                            " restore.cancelled job.cancelled");

    /* Once more, and by whoever runs it, where nobody else asked. */
    journal_free(&desk->journal);
    check_ok(claim(desk, request, &error), error);
    desk_check_request(desk, request, "in_progress");
    check_ok(journal_fail(&desk->journal, true, reason, &error), error);
    desk_check_request(desk, request, "acked");
    check_last_actor(desk, "cutover.promote_cancelled operator:olga");
    cutover_error_free(reason);
    free(request);
}

/* Its status says "held" until it is undone. */
static void a_job_that_ends_is_not_released(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(claim(desk, request, &error), error);
    desk_step(desk, PROMOTION_HELD);
    desk->journal.record.report = json_object_new_object();
    check_ok(journal_save(&desk->journal, &error), error);
    check_status(hold_release(desk->host, &desk_operator, &desk->journal.record, &error), CUTOVER_E_STATE,
                 error);
    json_object_put(desk->journal.record.report);
    desk->journal.record.report = NULL;
    check_ok(record_set_text(&desk->journal.record.cancelled_by_actor_id, "limit", &error), error);
    check_ok(journal_save(&desk->journal, &error), error);
    check_status(hold_release(desk->host, &desk_operator, &desk->journal.record, &error), CUTOVER_E_STATE,
                 error);
    check_ok(record_set_text(&desk->journal.record.cancelled_by_actor_id, NULL, &error), error);
    check_ok(journal_save(&desk->journal, &error), error);
    check_ok(cutover_job_cancel(desk->engine, &desk_operator, desk->journal.record.id, &error), error);
    check_status_keep(hold_release(desk->host, &desk_operator, &desk->journal.record, &error), CUTOVER_E_STATE,
                      error);
    check_contains(cutover_error_message(error), "is ending");
    cutover_error_free(error);
    assert_false(desk_has(desk, "gate", desk->journal.record.id));
    desk_check_events(desk, " cutover.requested cutover.acked cutover.promote_started");
    free(request);
}

static void a_job_at_its_swap_is_not_cancelled_any_more(void **state)
{
    struct desk *desk = *state;
    char *request = released(desk);
    cutover_error *error = NULL;

    check_status_keep(cutover_job_cancel(desk->engine, &desk_operator, desk->journal.record.id, &error),
                      CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), "has begun its swap, which is not stopped");
    cutover_error_free(error);
    assert_false(desk_has(desk, "cancel", desk->journal.record.id));
    free(request);
}

static void begins_its_swap(struct desk *desk)
{
    desk_step(desk, PROMOTION_SWAP);
}

/* Which the ledger does not show. */
static void a_job_that_begins_its_swap_while_it_is_asked_does_not_promise_to_stop(void **state)
{
    struct desk *desk = *state;
    char *request = desk_acked(desk);
    cutover_error *error = NULL;

    check_ok(claim(desk, request, &error), error);
    desk_step(desk, PROMOTION_HELD);
    desk->before = begins_its_swap;
    check_status_keep(cutover_job_cancel(desk->engine, &desk_operator, desk->journal.record.id, &error),
                      CUTOVER_E_STATE, error);
    check_contains(cutover_error_message(error), "has begun its swap, which is not stopped");
    cutover_error_free(error);
    error = NULL;
    check_ok(journal_complete(&desk->journal, &error), error);
    assert_false(desk_has(desk, "cancel", desk->journal.record.id));
    free(request);
}

static void a_failed_job_holds_nothing_and_is_told(void **state)
{
    struct desk *desk = *state;
    char *request = released(desk);
    cutover_error *error = NULL, *reason = cutover_error_new(CUTOVER_E_VERIFY, "a reason", NULL, "look");

    check_ok(journal_fail(&desk->journal, false, reason, &error), error);
    check_nothing_is_held(desk);
    desk_check_request(desk, request, "failed");
    assert_string_equal(desk->journal.record.error, "a reason");
    check_request_says(desk, request,
                       "\"failure\":{\"code\":\"CUTOVER_E_VERIFY\",\"message\":\"a reason\",\"hint\":\"look\"");
    desk_check_events(desk, " cutover.requested cutover.acked cutover.promote_started cutover.released "
                            "cutover.failed restore.failed"
                            " job.failed");
    cutover_error_free(reason);
    free(request);
}

static void an_end_that_cannot_be_recorded_is_none(void **state)
{
    struct desk *desk = *state;
    char *request = released(desk);
    cutover_error *error = NULL;

    desk->refused = 1;
    check_status(journal_complete(&desk->journal, &error), CUTOVER_E_STORE, error);
    assert_int_equal(desk->journal.record.status, PROMOTION_SWAP);
    assert_true(desk_has(desk, "lock", "shop"));
    desk_check_request(desk, request, "in_progress");
    check_ok(journal_complete(&desk->journal, &error), error);
    free(request);
}

#define test(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_claim_is_the_job_its_lease_the_lock_and_the_request),
        test(a_claim_asks_the_rules_anew),
        test(a_project_has_one_job),
        test(a_claim_whose_answer_was_lost_is_made),
        test(a_claim_that_was_not_made_leaves_nothing),
        test(a_job_goes_forward_only),
        test(a_save_whose_answer_was_lost_is_made),
        test(a_job_that_was_taken_over_writes_nothing_more),
        test(a_completed_job_holds_nothing_and_is_told),
        test(a_failed_job_holds_nothing_and_is_told),
        test(a_cancelled_job_gives_its_request_back),
        test(a_job_that_ends_is_not_released),
        test(a_job_at_its_swap_is_not_cancelled_any_more),
        test(a_job_that_begins_its_swap_while_it_is_asked_does_not_promise_to_stop),
        test(an_end_that_cannot_be_recorded_is_none),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
