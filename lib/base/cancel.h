/*
 * A request to stop that everything which waits looks at. Setting it is safe from any thread and from a signal
 * handler; waiting code looks at least every CANCEL_SLICE_MS.
 */
#ifndef CUTOVER_BASE_CANCEL_H
#define CUTOVER_BASE_CANCEL_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CANCEL_SLICE_MS 100

struct cancel {
    atomic_int asked;            /* the user asked */
    _Atomic int64_t asked_at_us; /* when it asks by itself (monotonic_us()); 0: never */
    const struct cancel *parent; /* or NULL: asked there counts here too */
};

void cancel_init(struct cancel *cancel, const struct cancel *parent);
void cancel_ask(struct cancel *cancel);
bool cancel_asked(const struct cancel *cancel); /* NULL: false */
/* From that time of the monotonic clock on it is asked, whoever looks; 0: it is not any more. Any thread. */
void cancel_at(struct cancel *cancel, int64_t at_us);
/* Whether it is asked by that time, and by nobody before. */
bool cancel_is_overdue(const struct cancel *cancel);
/* CUTOVER_OK, or CUTOVER_E_CANCELLED with an error. */
cutover_status cancel_check(const struct cancel *cancel, cutover_error **error);
/* Sleeps up to ms, in slices. */
cutover_status cancel_sleep(const struct cancel *cancel, int64_t ms, cutover_error **error);

#endif
