/*
 * A server that refuses one statement of a job, whichever: the job is undone, or it is completed all the same. The statements
 * come one after the other (one stream), so that the same seed takes the same ones; with CUTOVER_SOAK all of them.
 */
#include "faults/scripted_libpq.h"
#include "support/shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIED 30

static struct cluster *cluster;

static int start(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    script_play(NULL);
    cluster_stop(cluster);
    return 0;
}

static struct script refusal(unsigned nth)
{
    return (struct script){.nth = nth, .answer = ANSWER_INSTEAD, .text = RAISE("XX000")};
}

/* So many lie between two that are tried. */
static unsigned stride(unsigned all)
{
    return getenv("CUTOVER_SOAK") != NULL || all < TRIED ? 1 : all / TRIED;
}

static struct outcome promote(struct shop *shop, const char *request, struct script *script)
{
    struct shop_promotion promotion = {.request_id = request, .jobs = 1, .verify = CUTOVER_VERIFY_RESTORE};

    script_play(script);
    struct outcome outcome = shop_promote(shop, &promotion);
    script_play(NULL);
    return outcome;
}

/* How many statements a promotion takes that nothing is refused. */
static unsigned count_statements(struct shop *shop)
{
    struct script none = {.nth = 0};
    char *request = shop_ready(shop, "sound");
    struct outcome outcome = promote(shop, request, &none);

    check_ok(outcome.status, outcome.error);
    outcome_free(&outcome);
    free(request);
    return none.met;
}

static bool is_status(struct shop *shop, const char *request, const char *status)
{
    char *found = shop_request_status(shop, request);
    bool is = strcmp(found, status) == 0;

    free(found);
    return is;
}

/* One statement refused. True when production is the preview now. */
static bool refuse_one(struct shop *shop, const char *name, const char *request, unsigned nth)
{
    char *database = shop_format("%s_production", name);
    struct script script = refusal(nth);
    struct untouched before;
    cutover_error *error = NULL;

    untouched_look(&before, cluster, database);
    struct outcome outcome = promote(shop, request, &script);
    assert_true(script.met >= nth);
    if (is_status(shop, request, "in_progress"))
        check_ok(cutover_recover(shop->engine, NULL, NULL, NULL, &error), error);
    bool completed = is_status(shop, request, "completed");
    if (completed)
        assert_int_not_equal(outcome.status, CUTOVER_E_INVALID);
    else if (is_status(shop, request, "acked"))
        assert_int_not_equal(outcome.status, CUTOVER_OK);
    else
        untouched_check(&before, shop, name, request);
    shop_check_server(cluster);
    outcome_free(&outcome);
    untouched_free(&before);
    free(database);
    return completed;
}

static void a_promotion_at_which_a_statement_is_refused_is_undone_or_completed(void **state)
{
    struct shop *shop = *state;
    unsigned all = count_statements(shop), completed = 0, undone = 0;

    for (unsigned nth = 1; nth <= all; nth += stride(all)) {
        char *name = shop_format("refused%u", nth), *request = shop_ready(shop, name);
        if (refuse_one(shop, name, request, nth))
            completed++;
        else
            undone++;
        free(request);
        free(name);
    }
    printf("%u statements: %u refused and undone, %u refused and completed\n", all, undone, completed);
    assert_true(undone > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_promotion_at_which_a_statement_is_refused_is_undone_or_completed,
                                        shop_setup, shop_teardown),
    };

    return cmocka_run_group_tests_name("refused", tests, start, stop);
}
