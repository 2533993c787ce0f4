#include "notify/retry.h"

#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define DIGITS_MAX 12

int64_t retry_next(int64_t attempts, int64_t now, int64_t not_before)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)clock();
    int64_t pause = webhook_pause_us(attempts, random);
    if (pause < 0)
        return 0;
    if (not_before > now + RETRY_WAIT_MAX)
        not_before = now + RETRY_WAIT_MAX;
    return not_before > now + pause ? not_before : now + pause;
}

int64_t retry_at_seconds(const char *value)
{
    int64_t seconds = 0;

    if (value == NULL || value[strspn(value, "0123456789")] != '\0' || strlen(value) > DIGITS_MAX)
        return 0;
    for (; *value != '\0'; value++)
        seconds = seconds * 10 + (*value - '0');
    return seconds * SECOND;
}
