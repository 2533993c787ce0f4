#include "base/cancel.h"

#include "base/clock.h"

#include <time.h>

void cancel_init(struct cancel *cancel, const struct cancel *parent)
{
    atomic_init(&cancel->asked, 0);
    atomic_init(&cancel->asked_at_us, 0);
    cancel->parent = parent;
}

void cancel_ask(struct cancel *cancel)
{
    atomic_store(&cancel->asked, 1);
}

void cancel_at(struct cancel *cancel, int64_t at_us)
{
    atomic_store(&cancel->asked_at_us, at_us);
}

static bool is_due(const struct cancel *cancel)
{
    int64_t at_us = atomic_load(&cancel->asked_at_us);

    return at_us != 0 && monotonic_us() >= at_us;
}

bool cancel_is_overdue(const struct cancel *cancel)
{
    return atomic_load(&cancel->asked) == 0 && is_due(cancel);
}

bool cancel_asked(const struct cancel *cancel)
{
    for (; cancel != NULL; cancel = cancel->parent)
        if (atomic_load(&cancel->asked) != 0 || is_due(cancel))
            return true;
    return false;
}

cutover_status cancel_check(const struct cancel *cancel, cutover_error **error)
{
    if (cancel_asked(cancel))
        return error_set(error, CUTOVER_E_CANCELLED, "cancelled");
    return CUTOVER_OK;
}

cutover_status cancel_sleep(const struct cancel *cancel, int64_t ms, cutover_error **error)
{
    int64_t end = monotonic_us() + (ms > 0 ? ms : 0) * 1000;
    for (;;) {
        cutover_status status = cancel_check(cancel, error);
        int64_t left = end - monotonic_us();
        if (status != CUTOVER_OK || left <= 0)
            return status;
        if (left > CANCEL_SLICE_MS * 1000)
            left = CANCEL_SLICE_MS * 1000;
        struct timespec slice = {.tv_nsec = (long)left * 1000};
        nanosleep(&slice, NULL);
    }
}
