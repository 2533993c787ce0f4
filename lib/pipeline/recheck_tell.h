/*
 * The words for what recovery found of a project (pipeline/recheck_find.h), and who hears them.
 */
#ifndef CUTOVER_PIPELINE_RECHECK_TELL_H
#define CUTOVER_PIPELINE_RECHECK_TELL_H

#include "base/text.h"
#include "pipeline/recheck_find.h"

#include <cutover/recover.h>

/* What emit answered; emit may be NULL. What is wrong is logged, too. */
cutover_status recheck_tell(const struct recheck *recheck, bool mended, cutover_recovery_emit emit,
                            void *context);
/* What kept it from being looked at, or from being mended. */
cutover_status recheck_tell_failed(const struct recheck *recheck, cutover_status why,
                                   const cutover_error *error, cutover_recovery_emit emit, void *context);
/* Why a job that was completed is not there, as far as it can be known. */
void recheck_add_loss(const struct recheck *recheck, const struct promotion_record *job, struct text *words);

#endif
