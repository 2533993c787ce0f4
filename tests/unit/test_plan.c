#include "support/check.h"

#include "transfer/plan.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)
#define PAGE 8192

static struct table table_of(const char *name, uint64_t bytes)
{
    return (struct table){
        .label = (char *)(uintptr_t)name, .bytes = bytes, .heap = true, .heap_pages = bytes / PAGE};
}

static struct plan plan_of(const struct table *tables, size_t count, unsigned jobs, enum plan_split split)
{
    struct plan plan = {0};
    cutover_error *error = NULL;

    check_ok(plan_make(tables, count, jobs, split, &plan, &error), error);
    return plan;
}

/* Every page of every table is in exactly one part, the last part of a table is open-ended (EDGE_CASES B15), and the parts come
   biggest first. */
static void check_plan(const struct plan *plan, const struct table *tables, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t next = 0;
        unsigned parts = 0;
        bool open = false;
        assert_true(plan->table_parts[i] >= 1);
        for (bool found = true; found && !open;) {
            found = false;
            for (size_t k = 0; k < plan->count && !found; k++) {
                const struct part *part = &plan->parts[k];
                if (part->table != i || part->range.first != next)
                    continue;
                found = true;
                parts++;
                open = part->range.end == 0;
                assert_true(open || part->range.end > part->range.first);
                next = part->range.end;
            }
        }
        assert_true(open);
        assert_int_equal(parts, plan->table_parts[i]);
        assert_true(parts == 1 || tables[i].heap_pages / parts >= 64);
        total += parts;
    }
    assert_int_equal(plan->count, total);
    for (size_t k = 1; k < plan->count; k++)
        assert_true(plan->parts[k - 1].bytes >= plan->parts[k].bytes);
}

static void no_tables_make_an_empty_plan(void **state)
{
    (void)state;
    struct plan plan = plan_of(NULL, 0, 4, SPLIT_FREELY);
    assert_int_equal(plan.count, 0);
    plan_free(&plan);
    plan_free(&plan);
}

static void empty_tables_are_one_part_each(void **state)
{
    const struct table tables[] = {table_of("a", 0), table_of("b", PAGE), table_of("c", 3 * PAGE)};

    (void)state;
    for (unsigned jobs = 1; jobs <= 64; jobs *= 2) {
        struct plan plan = plan_of(tables, 3, jobs, SPLIT_FREELY);
        check_plan(&plan, tables, 3);
        assert_int_equal(plan.count, 3);
        plan_free(&plan);
    }
}

static void one_stream_splits_nothing(void **state)
{
    const struct table tables[] = {table_of("huge", 100000 * MIB), table_of("small", MIB)};

    (void)state;
    struct plan plan = plan_of(tables, 2, 1, SPLIT_FREELY);
    check_plan(&plan, tables, 2);
    assert_int_equal(plan.count, 2);
    assert_int_equal(plan.parts[0].table, 0);
    plan_free(&plan);
}

static void a_table_that_is_most_of_the_work_is_split(void **state)
{
    const struct table tables[] = {table_of("small", 10 * MIB), table_of("huge", 10000 * MIB)};

    (void)state;
    for (unsigned jobs = 2; jobs <= 64; jobs++) {
        for (int split = SPLIT_FREELY; split <= SPLIT_WHEN_NEEDED; split++) {
            struct plan plan = plan_of(tables, 2, jobs, (enum plan_split)split);
            check_plan(&plan, tables, 2);
            assert_int_equal(plan.table_parts[0], 1);
            assert_true(plan.table_parts[1] >= jobs);
            assert_true(plan.parts[0].bytes >= PLAN_PART_MIN / 2);
            plan_free(&plan);
        }
    }
}

/* A whole table is written better: four that are alike keep four streams busy as they are. */
static void tables_that_balance_by_themselves_stay_whole_when_that_is_better(void **state)
{
    const struct table tables[] = {table_of("a", 1000 * MIB), table_of("b", 1001 * MIB),
                                   table_of("c", 999 * MIB), table_of("d", 1000 * MIB)};

    (void)state;
    struct plan plan = plan_of(tables, 4, 4, SPLIT_WHEN_NEEDED);
    check_plan(&plan, tables, 4);
    assert_int_equal(plan.count, 4);
    assert_int_equal(plan.parts[0].table, 1);
    plan_free(&plan);
}

static void small_tables_are_not_split(void **state)
{
    const struct table tables[] = {table_of("a", PLAN_PART_MIN)};

    (void)state;
    struct plan plan = plan_of(tables, 1, 8, SPLIT_FREELY);
    assert_int_equal(plan.count, 1);
    plan_free(&plan);
}

/* Bytes that are not in the heap's pages (toast) do not make page ranges. */
static void a_table_of_few_pages_is_not_split_into_more_than_they_are_worth(void **state)
{
    struct table tables[] = {table_of("toast", 10000 * MIB)};

    (void)state;
    tables[0].heap_pages = 200;
    struct plan plan = plan_of(tables, 1, 8, SPLIT_FREELY);
    check_plan(&plan, tables, 1);
    assert_int_equal(plan.count, 3);
    plan_free(&plan);
    tables[0].heap_pages = 0;
    plan = plan_of(tables, 1, 8, SPLIT_FREELY);
    assert_int_equal(plan.count, 1);
    plan_free(&plan);
}

static void tables_of_which_no_part_can_be_asked_for_stay_whole(void **state)
{
    struct table tables[] = {table_of("columnar", 10000 * MIB), table_of("configuration", 10000 * MIB),
                             table_of("evaluating", 10000 * MIB)};

    (void)state;
    tables[0].heap = false;
    tables[1].extension_config = true;
    tables[2].evaluates = true;
    struct plan plan = plan_of(tables, 3, 8, SPLIT_FREELY);
    check_plan(&plan, tables, 3);
    assert_int_equal(plan.count, 3);
    plan_free(&plan);
}

static void the_plan_of_the_same_tables_is_the_same(void **state)
{
    const struct table tables[] = {table_of("a", 500 * MIB), table_of("b", 500 * MIB),
                                   table_of("c", 500 * MIB)};

    (void)state;
    struct plan one = plan_of(tables, 3, 2, SPLIT_FREELY), other = plan_of(tables, 3, 2, SPLIT_FREELY);
    assert_int_equal(one.count, other.count);
    assert_memory_equal(one.parts, other.parts, one.count * sizeof *one.parts);
    plan_free(&one);
    plan_free(&other);
}

static void numbers_of_jobs_out_of_bounds_are_refused(void **state)
{
    struct plan plan = {0};
    cutover_error *error = NULL;

    (void)state;
    check_status(plan_make(NULL, 0, 0, SPLIT_FREELY, &plan, &error), CUTOVER_E_INTERNAL, error);
    check_status(plan_make(NULL, 0, 65, SPLIT_FREELY, &plan, &error), CUTOVER_E_INTERNAL, error);
    assert_null(plan.parts);
}

/* ---- receipts ---- */

static struct digest digest_of(const char *row)
{
    struct digest digest = DIGEST_INIT;

    digest_row(&digest, row, strlen(row));
    return digest;
}

static void a_table_is_whole_when_every_part_was_received(void **state)
{
    const struct table tables[] = {table_of("public.big", 10000 * MIB), table_of("public.small", 0)};
    struct plan plan = plan_of(tables, 2, 4, SPLIT_FREELY);
    struct receipts receipts;
    struct digest sum = DIGEST_INIT, row = digest_of("row");
    cutover_error *error = NULL;
    unsigned parts = plan.table_parts[0];
    bool last = false;

    (void)state;
    check_ok(receipts_open(&receipts, &plan, 2, &error), error);
    receipts_add(&receipts, 1, &row, 4, &last);
    assert_true(last);
    for (unsigned i = 0; i < parts; i++) {
        check_status_keep(receipts_check(&receipts, tables, &error), CUTOVER_E_INTERNAL, error);
        check_contains(cutover_error_message(error), "public.big");
        cutover_error_free(error);
        error = NULL;
        receipts_add(&receipts, 0, &row, 4, &last);
        digest_add(&sum, &row);
        assert_int_equal(last, i + 1 == parts);
    }
    check_ok(receipts_check(&receipts, tables, &error), error);
    assert_memory_equal(&receipts.tables[0].digest, &sum, sizeof sum);
    assert_int_equal(receipts.tables[0].bytes, 4 * parts);
    receipts_close(&receipts);
    receipts_close(&receipts);
    plan_free(&plan);
}

struct hander {
    struct receipts *receipts;
    unsigned parts, lasts;
};

static void *hand_in(void *context)
{
    struct hander *hander = context;
    struct digest row = digest_of("row");

    for (unsigned i = 0; i < hander->parts; i++) {
        bool last;
        receipts_add(hander->receipts, 0, &row, 1, &last);
        hander->lasts += last;
    }
    return NULL;
}

/* Exactly one of the threads is told that it completed the table. */
static void receipts_are_counted_right_from_many_threads(void **state)
{
    unsigned table_parts[] = {8 * 500};
    struct plan plan = {.table_parts = table_parts};
    const struct table tables[] = {table_of("t", 0)};
    struct receipts receipts;
    struct hander handers[8];
    pthread_t threads[8];
    cutover_error *error = NULL;
    unsigned lasts = 0;

    (void)state;
    check_ok(receipts_open(&receipts, &plan, 1, &error), error);
    for (int i = 0; i < 8; i++) {
        handers[i] = (struct hander){&receipts, 500, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, hand_in, &handers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        lasts += handers[i].lasts;
    }
    assert_int_equal(lasts, 1);
    assert_int_equal(receipts.tables[0].digest.rows, 4000);
    assert_int_equal(receipts.tables[0].bytes, 4000);
    check_ok(receipts_check(&receipts, tables, &error), error);
    receipts_close(&receipts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_tables_make_an_empty_plan),
        cmocka_unit_test(empty_tables_are_one_part_each),
        cmocka_unit_test(one_stream_splits_nothing),
        cmocka_unit_test(a_table_that_is_most_of_the_work_is_split),
        cmocka_unit_test(tables_that_balance_by_themselves_stay_whole_when_that_is_better),
        cmocka_unit_test(small_tables_are_not_split),
        cmocka_unit_test(a_table_of_few_pages_is_not_split_into_more_than_they_are_worth),
        cmocka_unit_test(tables_of_which_no_part_can_be_asked_for_stay_whole),
        cmocka_unit_test(the_plan_of_the_same_tables_is_the_same),
        cmocka_unit_test(numbers_of_jobs_out_of_bounds_are_refused),
        cmocka_unit_test(a_table_is_whole_when_every_part_was_received),
        cmocka_unit_test(receipts_are_counted_right_from_many_threads),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
