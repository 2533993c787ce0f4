/*
 * A server that is away for a while: it restarts, or a standby takes its place. Where a job has left production closed, or refusing
 * writes, or knows not what became of its swap, it waits for that, so that production is not as it is until somebody runs recovery.
 */
#ifndef CUTOVER_JOB_FAILOVER_H
#define CUTOVER_JOB_FAILOVER_H

#include "job/host.h"

/* How long: a failover of Patroni's takes 40 s where nothing is set otherwise. */
#define FAILOVER_WAIT_MS 60000

/* Until a server that takes writes answers by the project's connection string; for at most host->failover_wait_ms, and no longer than
   until `cancel` is asked. Nothing is said of what it is: whoever asks it then does. */
void failover_wait(struct host *host, const struct project *project, const struct cancel *cancel);

#endif
