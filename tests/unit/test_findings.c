#include "support/check.h"

#include "model/findings.h"

#include <string.h>

static void nothing_found_passes(void **state)
{
    (void)state;
    struct findings findings = {0};
    const char *json = NULL;
    cutover_error *error = NULL;
    assert_int_equal(findings_severity(&findings), CUTOVER_SEVERITY_OK);
    check_ok(findings_error(&findings, "promotion", &error), error);
    check_ok(findings_json(&findings, &json, &error), error);
    assert_string_equal(json, "{\"severity\":\"ok\",\"production\":null,\"preview\":null,\"findings\":[]}");
    findings_free(&findings);
    findings_free(NULL);
}

static void worst_finding_decides(void **state)
{
    (void)state;
    struct findings findings = {0};
    cutover_error *error = NULL;
    findings_add(&findings, CUTOVER_SEVERITY_OK, "a", NULL, "fine");
    assert_int_equal(findings_severity(&findings), CUTOVER_SEVERITY_OK);
    findings_add(&findings, CUTOVER_SEVERITY_WARN, "b", NULL, "odd");
    findings_add(&findings, CUTOVER_SEVERITY_OK, "c", NULL, "fine");
    assert_int_equal(findings_severity(&findings), CUTOVER_SEVERITY_WARN);
    check_ok(findings_error(&findings, "promotion", &error), error);
    findings_add(&findings, CUTOVER_SEVERITY_BLOCK, "d", NULL, "bad");
    findings_add(&findings, CUTOVER_SEVERITY_WARN, "e", NULL, "odd");
    assert_int_equal(findings_severity(&findings), CUTOVER_SEVERITY_BLOCK);
    check_status(findings_error(&findings, "promotion", &error), CUTOVER_E_PREFLIGHT, error);
    findings_free(&findings);
}

static void strings_are_copied_and_json_tells_all(void **state)
{
    (void)state;
    struct findings findings = {0};
    const char *json = NULL;
    cutover_error *error = NULL;
    char check[] = "production.size", hint[] = "Say \"yes\".";
    findings_add(&findings, CUTOVER_SEVERITY_WARN, check, hint, "%d tables in %s", 3, "shop");
    memset(check, 'x', sizeof(check) - 1);
    memset(hint, 'x', sizeof(hint) - 1);
    check_ok(findings_json(&findings, &json, &error), error);
    assert_string_equal(
        json, "{\"severity\":\"warn\",\"production\":null,\"preview\":null,\"findings\":[{\"severity\":"
              "\"warn\",\"check\":"
              "\"production.size\",\"message\":\"3 tables in shop\",\"hint\":\"Say \\\"yes\\\".\"}]}");

    findings_add(&findings, CUTOVER_SEVERITY_BLOCK, "preview.empty", NULL, "nothing there");
    check_ok(findings_json(&findings, &json, &error), error);
    check_contains(
        json,
        "{\"severity\":\"block\",\"production\":null,\"preview\":null,\"findings\":[{\"severity\":\"warn\"");
    check_contains(json, "\"message\":\"nothing there\",\"hint\":null}]}");
    findings_free(&findings);
    assert_int_equal(findings.count, 0);
}

static void error_lists_all_that_blocks(void **state)
{
    (void)state;
    struct findings findings = {0};
    cutover_error *error = NULL;
    findings_add(&findings, CUTOVER_SEVERITY_BLOCK, "a.one", "Do this.", "first");
    check_status_keep(findings_error(&findings, "promotion", &error), CUTOVER_E_PREFLIGHT, error);
    assert_string_equal(cutover_error_message(error), "preflight: 1 finding blocks this promotion");
    cutover_error_free(error);
    error = NULL;

    findings_add(&findings, CUTOVER_SEVERITY_WARN, "b.two", "Never mind.", "second");
    findings_add(&findings, CUTOVER_SEVERITY_BLOCK, "c.three", NULL, "100%% full");
    check_status_keep(findings_error(&findings, "promotion", &error), CUTOVER_E_PREFLIGHT, error);
    assert_string_equal(cutover_error_message(error), "preflight: 2 findings block this promotion");
    assert_string_equal(cutover_error_detail(error), "a.one: first (Do this.)\nc.three: 100% full");
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
    findings_free(&findings);
}

static void many_findings_keep_their_order(void **state)
{
    (void)state;
    struct findings findings = {0};
    for (int i = 0; i < 100; i++)
        findings_add(&findings, CUTOVER_SEVERITY_OK, "n", NULL, "%d", i);
    assert_int_equal(findings.count, 100);
    assert_string_equal(findings.list[0].message, "0");
    assert_string_equal(findings.list[99].message, "99");
    assert_false(findings.failed);
    findings_free(&findings);
}

/* A finding that was lost for want of memory may have been one that blocks. */
static void lost_finding_never_passes(void **state)
{
    (void)state;
    struct findings findings = {.failed = true};
    const char *json = "untouched";
    cutover_error *error = NULL;
    assert_int_equal(findings_severity(&findings), CUTOVER_SEVERITY_BLOCK);
    check_status(findings_error(&findings, "promotion", &error), CUTOVER_E_NOMEM, error);
    check_status(findings_json(&findings, &json, &error), CUTOVER_E_NOMEM, error);
    assert_string_equal(json, "untouched");
    findings_free(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_found_passes),
        cmocka_unit_test(worst_finding_decides),
        cmocka_unit_test(strings_are_copied_and_json_tells_all),
        cmocka_unit_test(error_lists_all_that_blocks),
        cmocka_unit_test(many_findings_keep_their_order),
        cmocka_unit_test(lost_finding_never_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
