/*
 * Recovery of jobs whose process is gone (DESIGN.md section 6).
 */
#ifndef CUTOVER_PIPELINE_RECOVER_H
#define CUTOVER_PIPELINE_RECOVER_H

#include "job/lease_watch.h"
#include "pipeline/abandon.h"

#include <cutover/recover.h>

/* Settles the job of a lease that is dead, and leaves one alone that is not. With `by` a job that cannot be settled is given up
   (NULL: it stays). What becomes of it is emitted; CUTOVER_OK unless emit says otherwise. */
cutover_status recover_lease(struct host *host, const struct lease_sight *sight, const struct abandoner *by,
                             cutover_recovery_emit emit, void *context);

/* Looks at a project: one that the platform says is restoring for a job that has ended becomes active again, and that is
   emitted. A process that was paused before it moved the project, found its job ended by others, and died before it could take
   the move back, leaves it so. CUTOVER_OK unless emit says otherwise. */
cutover_status recover_project(struct host *host, const char *project_id, cutover_recovery_emit emit,
                               void *context);

#endif
