/*
 * How often a login may be tried: ten times at once from one address, then once in six seconds. What is counted is kept for a bounded number of
 * addresses; when there are more, the one that was seen longest ago is forgotten.
 */
#ifndef CUTOVERD_ATTEMPTS_H
#define CUTOVERD_ATTEMPTS_H

#include <pthread.h>
#include <stdint.h>

enum { ATTEMPTS_AT_ONCE = 10, ATTEMPT_S = 6, ATTEMPTS_ADDRESSES = 1024, ADDRESS_SIZE = 64 };

struct attempts {
    pthread_mutex_t mutex;
    struct {
        char address[ADDRESS_SIZE]; /* "": free */
        int64_t full_at;            /* when all attempts are there again */
    } of[ATTEMPTS_ADDRESSES];
};

void attempts_init(struct attempts *attempts);
/* Takes one at that time (microseconds of the monotonic clock): 0, or the seconds to wait. */
unsigned attempts_take(struct attempts *attempts, const char *address, int64_t now);
/* It was the right key: it counts for nothing. */
void attempts_forgive(struct attempts *attempts, const char *address);

#endif
