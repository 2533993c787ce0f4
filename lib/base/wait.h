/*
 * Waiting on a condition until a time of the monotonic clock: whoever sets the wall clock makes nobody wait longer.
 */
#ifndef CUTOVER_BASE_WAIT_H
#define CUTOVER_BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A condition to be waited for with wait_until(). 0, or an errno value. */
int wait_init(pthread_cond_t *condition);
/* With the mutex held, as pthread_cond_wait(): once, so the caller looks again at what it waits for. False when monotonic_us()
   has reached `deadline_us`. */
bool wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_us);

#endif
