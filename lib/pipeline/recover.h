/*
 * Recovery of jobs whose process is gone (DESIGN.md section 6).
 */
#ifndef CUTOVER_PIPELINE_RECOVER_H
#define CUTOVER_PIPELINE_RECOVER_H

#include "pipeline/lease.h"

#include <cutover/recover.h>

/* Looks at one lease, read at `version`. What becomes of its job is emitted; CUTOVER_OK unless emit says otherwise. */
cutover_status recover_lease(struct host *host, const struct lease_record *record, uint64_t version,
                             cutover_recovery_emit emit, void *context);

#endif
