/*
 * Promotions that are held: something happens meanwhile, and another thread releases them.
 */
#ifndef CUTOVER_TESTS_HELD_H
#define CUTOVER_TESTS_HELD_H

#include "support/shop.h"

/* Called once while the promotion is held. */
struct while_held {
    const char *name, *request_id;
    void (*act)(struct shop *shop, struct while_held *held);
    cutover_fence fence;
};

/* Promotes, held; acts; `releasing` (which may be the same shop) releases it. */
struct outcome promote_held(struct shop *shop, struct shop *releasing, struct while_held *held);
/* Likewise, and expects it to complete. */
struct outcome promote_held_ok(struct shop *shop, struct while_held *held);
/* Likewise of shop_ready()'s project of that name, and expects that it is released, refuses to swap, and leaves production as it
   was; the outcome is the caller's. */
struct outcome held_in_vain(struct shop *shop, const char *name, struct while_held *held,
                            cutover_status expected);
/* Likewise, and it ends at another step: nobody may have released it. */
struct outcome held_in_vain_at(struct shop *shop, const char *name, struct while_held *held,
                               cutover_status expected, const char *step);

#endif
