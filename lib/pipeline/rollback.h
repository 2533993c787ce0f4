/*
 * Rollback: the displaced database goes back under production's name by the guarded swap.
 */
#ifndef CUTOVER_PIPELINE_ROLLBACK_H
#define CUTOVER_PIPELINE_ROLLBACK_H

#include "job/journal.h"
#include "job/lease.h"
#include "job/operation.h"
#include "job/report.h"
#include "postgres/swap/mark.h"

struct rollback {
    struct operation operation;
    struct host *host;
    char *actor_id;
    cutover_actor actor;
    char *request_id;
    bool discard_writes;
    /* As found. */
    struct request_record request;
    struct promotion_record undone; /* the promotion that is taken back */
    struct project project;
    char *displaced_now; /* what the displaced database is called today */
    enum mark_change writes;
    /* As it runs. */
    struct session *control;
    struct lease lease;
    struct journal journal;
    bool claimed, swapped, outcome_unknown;
    struct report report;
};

/* The rules and the server, looked at; changes nothing. */
cutover_status rollback_look(struct rollback *job, cutover_error **error);
cutover_status rollback_run(struct rollback *job, cutover_error **error);
void rollback_free(struct rollback *job); /* the content */

#endif
