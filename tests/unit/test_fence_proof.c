/* The fence's proof on marks made by hand: what each kind of change is called, and what cannot be told. */
#include "support/check.h"

#include "postgres/swap/fence.h"
#include "postgres/swap/mark.h"
#include "postgres/swap/stale.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct fence_mark mark(const char *counters, const char *sequences)
{
    struct fence_mark made = {.database_oid = 16384,
                              .counters = TEXT_INIT,
                              .sequences = TEXT_INIT,
                              .stats_reset = strdup("then"),
                              .server_started = strdup("before")};

    text_add(&made.counters, counters);
    text_add(&made.sequences, sequences);
    return made;
}

static cutover_status prove(const char *counters, const char *sequences, cutover_error **error)
{
    struct fence_mark before = mark("20000 5 1 0\n20001 7 0 0\n", "30000 12 1\n");
    struct fence_mark after = mark(counters, sequences);
    cutover_status status = fence_prove(&fence_of_production, &before, &after, NULL, error);

    fence_mark_free(&before);
    fence_mark_free(&after);
    return status;
}

static void check_verdict(const char *counters, const char *sequences, cutover_verdict verdict,
                          const char *detail)
{
    cutover_error *error = NULL;

    check_status_keep(prove(counters, sequences, &error), CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), verdict);
    if (detail != NULL)
        check_contains(cutover_error_detail(error), detail);
    cutover_error_free(error);
}

static void the_same_marks_are_equal(void **state)
{
    cutover_error *error = NULL;

    (void)state;
    check_ok(prove("20000 5 1 0\n20001 7 0 0\n", "30000 12 1\n", &error), error);
}

static void every_kind_of_change_is_different(void **state)
{
    (void)state;
    check_verdict("20000 6 1 0\n20001 7 0 0\n", "30000 12 1\n", CUTOVER_VERDICT_DIFFERENT, "1 inserted");
    check_verdict("20000 5 3 0\n20001 7 0 0\n", "30000 12 1\n", CUTOVER_VERDICT_DIFFERENT, "2 updated");
    check_verdict("20000 5 1 0\n20001 7 0 4\n", "30000 12 1\n", CUTOVER_VERDICT_DIFFERENT, "4 deleted");
    check_verdict("20001 7 0 0\n", "30000 12 1\n", CUTOVER_VERDICT_DIFFERENT, "OID 20000: dropped");
    check_verdict("20000 5 1 0\n", "30000 12 1\n", CUTOVER_VERDICT_DIFFERENT, "OID 20001: dropped");
    check_verdict("19999 0 0 0\n20000 5 1 0\n20001 7 0 0\n", "30000 12 1\n", CUTOVER_VERDICT_DIFFERENT,
                  "OID 19999: created");
    check_verdict("20000 5 1 0\n20001 7 0 0\n20002 0 0 0\n", "30000 12 1\n", CUTOVER_VERDICT_DIFFERENT,
                  "OID 20002: created");
    check_verdict("20000 5 1 0\n20001 7 0 0\n", "30000 13 1\n", CUTOVER_VERDICT_DIFFERENT, "OID 30000");
    check_verdict("20000 5 1 0\n20001 7 0 0\n", "30000 12 0\n", CUTOVER_VERDICT_DIFFERENT, "OID 30000");
    check_verdict("20000 5 1 0\n20001 7 0 0\n", "", CUTOVER_VERDICT_DIFFERENT, "OID 30000: dropped");
}

/* A sequence may be set back, and that is a write; a counter never is but by a reset. */
static void counters_that_went_backwards_cannot_tell(void **state)
{
    (void)state;
    check_verdict("20000 4 1 0\n20001 7 0 0\n", "30000 12 1\n", CUTOVER_VERDICT_UNKNOWN, NULL);
    check_verdict("20000 9 0 0\n20001 7 0 0\n", "30000 12 1\n", CUTOVER_VERDICT_UNKNOWN, NULL);
    check_verdict("20000 5 1 0\n20001 7 0 0\n", "30000 2 1\n", CUTOVER_VERDICT_DIFFERENT, NULL);
}

static void many_changes_are_counted_and_some_are_named(void **state)
{
    struct text many = TEXT_INIT;
    cutover_error *error = NULL;

    (void)state;
    for (int oid = 20000; oid < 20100; oid++)
        text_add_format(&many, "%d 90 90 90\n", oid);
    check_status_keep(prove(text_string(&many), "30000 12 1\n", &error), CUTOVER_E_VERIFY, error);
    check_contains(cutover_error_message(error), " and 95 more");
    check_contains(cutover_error_detail(error), "and 50 more");
    cutover_error_free(error);
    text_free(&many);
}

static void marks_that_do_not_belong_together_prove_nothing(void **state)
{
    struct fence_mark before = mark("1 1 1 1\n", ""), after = mark("1 1 1 1\n", "");
    cutover_error *error = NULL;

    (void)state;
    after.database_oid++;
    check_status(fence_prove(&fence_of_production, &before, &after, NULL, &error), CUTOVER_E_INTERNAL, error);
    after.database_oid = before.database_oid;
    free(after.stats_reset);
    after.stats_reset = NULL;
    check_status(fence_prove(&fence_of_production, &before, &after, NULL, &error), CUTOVER_E_INTERNAL, error);
    fence_mark_free(&before);
    fence_mark_free(&after);
}

static struct json_object *record(const char *counters, const char *sequences, const char *reset,
                                  const char *started)
{
    struct json_object *made = json_object_new_object();

    json_object_object_add(made, "counters", json_object_new_string(counters));
    json_object_object_add(made, "sequences", json_object_new_string(sequences));
    json_object_object_add(made, "stats_reset", json_object_new_string(reset));
    json_object_object_add(made, "server_started", json_object_new_string(started));
    return made;
}

static void recorded_marks_are_compared_by_each_of_their_parts(void **state)
{
    struct json_object *before = record("a", "b", "c", "d");
    struct {
        struct json_object *now;
        enum mark_change change;
    } cases[] = {
        {record("a", "b", "c", "d"), MARK_SAME},    {record("x", "b", "c", "d"), MARK_WRITTEN},
        {record("a", "x", "c", "d"), MARK_WRITTEN}, {record("a", "b", "x", "d"), MARK_UNKNOWN},
        {record("a", "b", "c", "x"), MARK_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(mark_compare(before, cases[i].now), cases[i].change);
        json_object_put(cases[i].now);
    }
    assert_int_equal(mark_compare(NULL, before), MARK_UNKNOWN);
    assert_int_equal(mark_compare(before, NULL), MARK_UNKNOWN);
    json_object_put(before);
}

/* Each spelling is "on" for the server, says what it replaced, and is nobody else's. */
static void a_fence_says_what_it_replaced(void **state)
{
    static const struct {
        const char *was, *kept;
    } settings[] = {{NULL, NULL}, {"off", "off"}, {"false", "off"}, {"0", "off"},  {"no", "off"},
                    {"on", "on"}, {"TRUE", "on"}, {"1", "on"},      {"yes", "on"}, {"t", "on"}};
    static const char *const others[] = {"on", "true", "TRUE", "True", "off", "", "1", "yes"};
    const char *was = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *value = fence_value(settings[i].was);
        assert_int_equal(strcasecmp(value, "true"), 0);
        assert_true(fence_wrote(value, &was));
        if (settings[i].kept == NULL)
            assert_null(was);
        else
            assert_string_equal(was, settings[i].kept);
    }
    was = "untouched";
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(fence_wrote(others[i], &was));
    assert_string_equal(was, "untouched");
}

/* ---- what is stale by two marks (postgres/swap/stale.h) ---- */

#define OF_LARGE_OBJECTS "2613 4 4 4\n"

static struct fence_mark laid_out_mark(const char *counters, const char *layout)
{
    struct fence_mark made = mark(counters, "");

    made.layout = (struct text)TEXT_INIT;
    text_add(&made.layout, layout);
    return made;
}

/* Takes the marks. */
static struct stale stale_by(struct fence_mark before, struct fence_mark now)
{
    struct stale stale;
    cutover_error *error = NULL;

    check_ok(stale_find(&before, &now, &stale, &error), error);
    fence_mark_free(&before);
    fence_mark_free(&now);
    return stale;
}

static struct fence_mark known(void)
{
    return laid_out_mark(OF_LARGE_OBJECTS "20000 5 1 0\n20001 7 0 0\n", "20000 1 2 3\n20001 4 5 6\n");
}

static void what_has_other_counters_or_another_file_is_stale(void **state)
{
    static const struct {
        const char *counters, *layout;
        bool first, second, large_objects;
    } cases[] = {
        {OF_LARGE_OBJECTS "20000 5 1 0\n20001 7 0 0\n", "20000 1 2 3\n20001 4 5 6\n", false, false, false},
        {OF_LARGE_OBJECTS "20000 6 1 0\n20001 7 0 0\n", "20000 1 2 3\n20001 4 5 6\n", true, false, false},
        {OF_LARGE_OBJECTS "20000 5 1 0\n20001 7 1 0\n", "20000 1 2 3\n20001 4 5 6\n", false, true, false},
        {OF_LARGE_OBJECTS "20000 5 1 1\n20001 7 0 0\n", "20000 1 2 3\n20001 4 5 6\n", true, false, false},
        {OF_LARGE_OBJECTS "20000 5 1 0\n20001 7 0 0\n", "20000 9 2 3\n20001 4 5 6\n", true, false, false},
        {OF_LARGE_OBJECTS "20000 5 1 0\n20001 7 0 0\n", "20000 1 2 3\n20001 4 9 6\n", false, true, false},
        {OF_LARGE_OBJECTS "20000 5 2 0\n20001 7 0 0\n", "20000 9 2 3\n20001 9 5 6\n", true, true, false},
        {OF_LARGE_OBJECTS "20001 7 0 0\n", "20001 4 5 6\n", true, false, false},
        {"2613 4 5 4\n20000 5 1 0\n20001 7 0 0\n", "20000 1 2 3\n20001 4 5 6\n", false, false, true},
        {OF_LARGE_OBJECTS "2995 1 0 0\n20000 5 1 0\n20001 7 0 0\n", "20000 1 2 3\n20001 4 5 6\n", false, false,
         true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stale stale = stale_by(known(), laid_out_mark(cases[i].counters, cases[i].layout));
        assert_int_equal(stale_has(&stale, 20000), cases[i].first);
        assert_int_equal(stale_has(&stale, 20001), cases[i].second);
        assert_int_equal(stale.large_objects, cases[i].large_objects);
        assert_int_equal(stale_is_empty(&stale),
                         !cases[i].first && !cases[i].second && !cases[i].large_objects);
        assert_false(stale.all);
        stale_free(&stale);
    }
}

static void check_all_stale(struct fence_mark now)
{
    struct stale stale = stale_by(known(), now);

    assert_true(stale_has(&stale, 20000) && stale_has(&stale, 20001) && stale.large_objects);
    assert_false(stale_is_empty(&stale));
    stale_free(&stale);
}

static void all_is_stale_where_nothing_can_be_told(void **state)
{
    struct fence_mark reset = known(), restarted = known();

    (void)state;
    free(reset.stats_reset);
    reset.stats_reset = strdup("later");
    free(restarted.server_started);
    restarted.server_started = strdup("later");
    check_all_stale(reset);
    check_all_stale(restarted);
    check_all_stale(laid_out_mark(OF_LARGE_OBJECTS "20000 4 1 0\n20001 7 0 0\n", "20000 1 2 3\n20001 4 5 6\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fence_says_what_it_replaced),
        cmocka_unit_test(the_same_marks_are_equal),
        cmocka_unit_test(every_kind_of_change_is_different),
        cmocka_unit_test(counters_that_went_backwards_cannot_tell),
        cmocka_unit_test(many_changes_are_counted_and_some_are_named),
        cmocka_unit_test(marks_that_do_not_belong_together_prove_nothing),
        cmocka_unit_test(recorded_marks_are_compared_by_each_of_their_parts),
        cmocka_unit_test(what_has_other_counters_or_another_file_is_stale),
        cmocka_unit_test(all_is_stale_where_nothing_can_be_told),
    };

    return cmocka_run_group_tests_name("fence proof", tests, NULL, NULL);
}
