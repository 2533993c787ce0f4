/*
 * The host: the ports, policy and limits that an engine was made with.
 */
#ifndef CUTOVER_JOB_HOST_H
#define CUTOVER_JOB_HOST_H

#include "base/clock.h"
#include "base/log.h"
#include "model/machine.h"
#include "platform/port.h"
#include "postgres/session.h"

#include <cutover/engine.h>
#include <stdatomic.h>

struct verdicts_lost;
struct lease_watch;

struct host {
    cutover_store store;
    cutover_repository repository;
    cutover_platform platform;
    struct clock clock;
    struct log log;
    struct lease_watch *leases;          /* what was seen of others' leases */
    struct verdicts_lost *verdicts_lost; /* job/verdict_lost.h */
    _Atomic int64_t rechecked_us;        /* when projects were last held against their servers; 0: not yet */
    uint32_t policy;
    char *pg_bin_dir; /* NULL: PATH */
    char *work_dir;   /* NULL: TMPDIR */
    uint32_t connect_timeout_s;
    uint32_t door_timeout_ms;
    int64_t failover_wait_ms; /* job/failover.h */
    int64_t verdict_wait_ms;  /* job/verdict_lost.h */
    uint32_t maintenance_mem_mb;
    int64_t preview_notice_us;
};

/* The facts that the state machine asks for; pointers are into the three. */
void host_facts(const struct host *host, const struct project *project, const struct preview *preview,
                struct machine_facts *facts);

#endif
