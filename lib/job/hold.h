/*
 * The hold of a promotion, and its release: a document of its own, so that the journal keeps one writer. Kind "gate", id = promotion,
 * made by whoever releases.
 */
#ifndef CUTOVER_JOB_HOLD_H
#define CUTOVER_JOB_HOLD_H

#include "job/journal.h"

/* CUTOVER_E_STATE when it is open already, or the job ends: its cancellation was asked for, or it is being undone. */
cutover_status hold_release(const struct host *host, const cutover_actor *actor,
                            const struct promotion_record *promotion, cutover_error **error);
cutover_status hold_is_released(const struct host *host, const char *promotion_id, bool *open,
                                cutover_error **error);

#endif
