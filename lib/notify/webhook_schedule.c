#include "notify/webhook_schedule.h"

#include <stddef.h>

#define MINUTE 60
#define HOUR 3600

int64_t webhook_pause_us(int64_t failures, uint32_t random)
{
    static const int64_t pauses_s[WEBHOOK_ATTEMPTS - 1] = {
        5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR};

    if (failures < 1 || failures >= WEBHOOK_ATTEMPTS)
        return -1;
    int64_t pause_us = pauses_s[failures - 1] * INT64_C(1000000);
    return pause_us + pause_us / 10 * (int64_t)(random >> 16) / 0x10000;
}
