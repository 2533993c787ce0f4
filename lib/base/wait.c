#include "base/wait.h"

#include <errno.h>
#include <time.h>

int wait_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int failure = pthread_condattr_init(&attributes);

    if (failure != 0)
        return failure;
    failure = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failure == 0)
        failure = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return failure;
}

bool wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_us)
{
    struct timespec until = {
        .tv_sec = (time_t)(deadline_us / 1000000),
        .tv_nsec = (long)(deadline_us % 1000000) * 1000,
    };

    return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}
