#include "attempts.h"

#include <stdio.h>
#include <string.h>

#define EACH (ATTEMPT_S * INT64_C(1000000))

void attempts_init(struct attempts *attempts)
{
    memset(attempts, 0, sizeof *attempts);
    pthread_mutex_init(&attempts->mutex, NULL);
}

static size_t place_of(struct attempts *attempts, const char *address)
{
    size_t oldest = 0;

    for (size_t i = 0; i < ATTEMPTS_ADDRESSES; i++) {
        if (strcmp(attempts->of[i].address, address) == 0)
            return i;
        if (attempts->of[i].full_at < attempts->of[oldest].full_at)
            oldest = i;
    }
    snprintf(attempts->of[oldest].address, sizeof attempts->of[oldest].address, "%s", address);
    attempts->of[oldest].full_at = 0;
    return oldest;
}

unsigned attempts_take(struct attempts *attempts, const char *address, int64_t now)
{
    unsigned wait = 0;

    pthread_mutex_lock(&attempts->mutex);
    int64_t *full_at = &attempts->of[place_of(attempts, address)].full_at;
    if (*full_at < now)
        *full_at = now;
    if (*full_at + EACH - now > ATTEMPTS_AT_ONCE * EACH)
        wait = (unsigned)((*full_at + EACH - now - ATTEMPTS_AT_ONCE * EACH + 999999) / 1000000);
    else
        *full_at += EACH;
    pthread_mutex_unlock(&attempts->mutex);
    return wait;
}

void attempts_forgive(struct attempts *attempts, const char *address)
{
    pthread_mutex_lock(&attempts->mutex);
    attempts->of[place_of(attempts, address)].full_at -= EACH;
    pthread_mutex_unlock(&attempts->mutex);
}
