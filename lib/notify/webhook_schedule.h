/*
 * When a message is tried again.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_SCHEDULE_H
#define CUTOVER_NOTIFY_WEBHOOK_SCHEDULE_H

#include <stdint.h>

#define WEBHOOK_ATTEMPTS 10 /* the first, and one after each pause */

/* The pause before the next attempt after so many that failed (from 1): 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, and up to a
   tenth more, by `random`; -1 when there is none. */
int64_t webhook_pause_us(int64_t failures, uint32_t random);

#endif
