/*
 * What is counted, as Prometheus reads it. Counts are of this process; what the store says (jobs, events, leases) is of all that share it.
 */
#ifndef CUTOVERD_METRICS_H
#define CUTOVERD_METRICS_H

#include "census.h"

#include <pthread.h>
#include <stdio.h>

enum family {
    FAMILY_REQUESTS,
    FAMILY_REQUEST_SECONDS,
    FAMILY_STREAMS,
    FAMILY_LOGINS,
    FAMILY_JOBS_ENDED,
    FAMILY_STEP_SECONDS,
    FAMILY_STEPS,
    FAMILY_WRITES_REFUSED,
    FAMILY_READS_UNAVAILABLE,
    FAMILY_SESSIONS_ENDED,
    FAMILY_JOBS_WAITING,
    FAMILY_RECOVERED,
    FAMILY_CHORE_FAILURES,
    FAMILY_JOBS,
    FAMILY_LEASE_AGE,
    FAMILY_OUTBOX_EVENTS,
    FAMILY_OUTBOX_AGE,
    FAMILY_OUTBOX_DELIVERIES,
    FAMILY_COUNT
};

struct series {
    enum family family;
    char labels[160]; /* `method="GET",status="200"` */
    double value;
};

struct metrics {
    pthread_mutex_t mutex;
    struct series *series;
    size_t count, capacity;
    struct census census; /* jobs of the store */
};

void metrics_init(struct metrics *metrics);
void metrics_free(struct metrics *metrics);
/* Adds to, or sets, one series; `labels` may be "". Values of labels are the program's own words, or ids. */
void metrics_add(struct metrics *metrics, enum family family, const char *labels, double value);
void metrics_set(struct metrics *metrics, enum family family, const char *labels, double value);
/* What a job that this process ran has to say at its end. */
void metrics_job(struct metrics *metrics, cutover_engine *engine, const char *kind, const char *job_id);
/* Writes all; reads the store for what is of all processes. */
cutover_status metrics_write(struct metrics *metrics, const struct house *house, FILE *file,
                             cutover_error **error);

#endif
