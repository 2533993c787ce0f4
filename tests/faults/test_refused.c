/*
 * A server that refuses one statement of a job, whichever: the job is undone, or it is completed all the same. The statements
 * come one after the other (one stream), so that the same seed takes the same ones; with CUTOVER_SOAK all of them.
 */
#include "faults/scripted_libpq.h"
#include "support/seed.h"
#include "support/shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIED 20

enum end { UNDONE, COMPLETED, NOT_REFUSED };

static struct cluster *cluster;

static int start_server(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    return 0;
}

static int stop_server(void **state)
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
    unsigned tried = seed_samples() ? TRIED / 2 : TRIED;

    return getenv("CUTOVER_SOAK") != NULL || all < tried ? 1 : all / tried;
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

/*
 * One statement refused. How many there are differs a little from one job to the next (what is waited for is asked again), so
 * that the last ones may not come: then it is a job like any other.
 */
static enum end refuse_one(struct shop *shop, const char *name, const char *request, unsigned nth)
{
    char *database = shop_format("%s_production", name);
    struct script script = refusal(nth);
    struct untouched before;
    cutover_error *error = NULL;

    untouched_look(&before, cluster, database);
    struct outcome outcome = promote(shop, request, &script);
    bool refused = script.met >= nth;
    if (!refused)
        check_ok(outcome.status, outcome.error);
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
    return !refused ? NOT_REFUSED : completed ? COMPLETED : UNDONE;
}

static void a_promotion_at_which_a_statement_is_refused_is_undone_or_completed(void **state)
{
    struct shop *shop = *state;
    unsigned all = count_statements(shop), tried = 0, ends[NOT_REFUSED + 1] = {0};

    for (unsigned nth = 1 + (unsigned)(seed_given() % stride(all)); nth <= all; nth += stride(all), tried++) {
        char *name = shop_format("refused%u", nth), *request = shop_ready(shop, name);
        ends[refuse_one(shop, name, request, nth)]++;
        free(request);
        free(name);
    }
    printf("%u statements: %u refused and undone, %u refused and completed, %u not met\n", all, ends[UNDONE],
           ends[COMPLETED], ends[NOT_REFUSED]);
    assert_true(ends[UNDONE] > 0);
    assert_true(ends[NOT_REFUSED] <= tried / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_promotion_at_which_a_statement_is_refused_is_undone_or_completed,
                                        shop_setup, shop_teardown),
    };

    return cmocka_run_group_tests_name("refused", tests, start_server, stop_server);
}
