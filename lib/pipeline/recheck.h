/*
 * What the store calls done, held against what production's server holds. A server may lose what it had acknowledged: a standby is
 * promoted that did not have it yet, a backup of the whole server is restored, a disk forgets what it was told to keep.
 */
#ifndef CUTOVER_PIPELINE_RECHECK_H
#define CUTOVER_PIPELINE_RECHECK_H

#include "job/host.h"

#include <cutover/recover.h>

/* Looks at one project that no job is at. With `mend`: a cutover that the server lost is recorded as lost, production is opened and
   its fence lifted, staging dropped; a fence or door that a job left is taken away; and emit hears of what was wrong, of what cannot
   be told where `thorough`. Without: nothing is changed, and emit hears in any case, once. CUTOVER_OK unless emit says otherwise. */
cutover_status recheck_project(struct host *host, const char *project_id, bool mend, bool thorough,
                               cutover_recovery_emit emit, void *context);
/* The same, mending, of every project that has had a job; at most once in RECHECK_US of the engine's time. */
#define RECHECK_US (600 * INT64_C(1000000))
cutover_status recheck_all(struct host *host, cutover_recovery_emit emit, void *context);

#endif
