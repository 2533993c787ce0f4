#include "support/held.h"

#include <stdlib.h>
#include <time.h>

static int when_held(struct shop *shop, void *context)
{
    struct while_held *held = context;

    held->act(shop, held);
    return 0;
}

/* The hook comes at the step's first tick, when the journal may not say "held" yet: another thread releases. */
struct releaser {
    struct shop *shop;
    const char *request_id;
    atomic_bool ended; /* the promotion, also one that was never held */
};

static void *release_from_afar(void *context)
{
    struct releaser *releaser = context;
    const struct timespec pause = {0, 20 * 1000 * 1000};
    cutover_error *error = NULL;
    cutover_status status;

    do {
        nanosleep(&pause, NULL);
        cutover_error_free(error);
        error = NULL;
        status = cutover_promotion_release(releaser->shop->engine, &shop_other_operator, releaser->request_id,
                                           &error);
    } while (status == CUTOVER_E_STATE && !atomic_load(&releaser->ended));
    cutover_error_free(error);
    return NULL;
}

struct outcome promote_held(struct shop *shop, struct shop *releasing, struct while_held *held)
{
    struct shop_hook hooks[] = {{"held", when_held, held}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {
        .request_id = held->request_id, .hold = true, .hooks = hooks, .fence = held->fence};
    struct releaser releaser = {.shop = releasing, .request_id = held->request_id};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, release_from_afar, &releaser), 0);
    struct outcome outcome = shop_promote(shop, &promotion);
    atomic_store(&releaser.ended, true);
    pthread_join(thread, NULL);
    return outcome;
}

struct outcome promote_held_ok(struct shop *shop, struct while_held *held)
{
    struct outcome outcome = promote_held(shop, shop, held);

    check_ok(outcome.status, outcome.error);
    return outcome;
}

struct outcome held_in_vain(struct shop *shop, const char *name, struct while_held *held,
                            cutover_status expected)
{
    return held_in_vain_at(shop, name, held, expected, "swap");
}

struct outcome held_in_vain_at(struct shop *shop, const char *name, struct while_held *held,
                               cutover_status expected, const char *step)
{
    struct untouched before;
    char *production = shop_format("%s_production", name);

    untouched_look(&before, shop->cluster, production);
    struct outcome outcome = promote_held(shop, shop, held);
    check_status_keep(outcome.status, expected, outcome.error);
    assert_string_equal(cutover_error_step(outcome.error), step);
    untouched_check(&before, shop, name, held->request_id);
    untouched_free(&before);
    free(production);
    return outcome;
}
