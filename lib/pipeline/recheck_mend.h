/*
 * What recovery does about what it found of a project (pipeline/recheck_find.h): production is opened, what was lost is recorded.
 */
#ifndef CUTOVER_PIPELINE_RECHECK_MEND_H
#define CUTOVER_PIPELINE_RECHECK_MEND_H

#include "pipeline/recheck_find.h"

/* Takes the advisory locks, looks again under them, and mends what is a job's; the finding is the new one then. CUTOVER_E_LOCKED:
   somebody is at work, and nothing was done. May be repeated. */
cutover_status recheck_mend(struct recheck *recheck, cutover_error **error);

#endif
