/*
 * What a job overwrites: a project's production, or, for a restore into a preview, the preview's database. Everything after
 * the choice is the same: a name on a server, and a control database beside it.
 */
#ifndef CUTOVER_JOB_TARGET_H
#define CUTOVER_JOB_TARGET_H

#include "job/host.h"

/* The project as the target of a job: `production` and what belongs to it are the preview's when preview_id is given.
   CUTOVER_E_NOT_FOUND where the platform has no project or preview. */
cutover_status target_of(const struct host *host, const char *project_id, const char *preview_id,
                         struct project *target, cutover_error **error);
/* The same from a job's record. */
cutover_status target_of_job(const struct host *host, const struct promotion_record *record,
                             struct project *target, cutover_error **error);

#endif
