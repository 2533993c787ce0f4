/*
 * A desk: a host on a store in memory, a project "shop" with a preview "next", and one promotion's records from its request on:
 * what the tests of a job's records work with, without a job that runs.
 */
#ifndef CUTOVER_TESTS_DESK_H
#define CUTOVER_TESTS_DESK_H

#include "job/journal.h"
#include "job/lease.h"

#include <cutover.h>

struct desk {
    cutover_store inner;
    cutover_repository repository;
    cutover_registry *registry;
    cutover_engine *engine;
    struct host *host;
    unsigned lost;                     /* so many commits are made, and answered with a failure */
    unsigned refused;                  /* so many are not made */
    void (*before)(struct desk *desk); /* called once, right before the next; NULL: nothing */
    struct lease lease;
    struct journal journal;
};

extern const cutover_actor desk_member, desk_operator;

/* Production is where `production` says (NULL: nowhere). */
struct desk *desk_new(const char *production);
void desk_free(struct desk *desk);
/* cmocka's set-up and tear-down of a test that has a desk without a server for its state. */
int desk_open(void **state);
int desk_close(void **state);

/* Whether the store holds such a document. */
bool desk_has(struct desk *desk, const char *kind, const char *id);
/* Audit actions and event types of the project, oldest first, each after a space. */
void desk_check_audit(struct desk *desk, const char *expected);
void desk_check_events(struct desk *desk, const char *expected);
void desk_check_request(struct desk *desk, const char *id, const char *status);

/* A request that is acked; malloc'd id. */
char *desk_acked(struct desk *desk);
/* The record of a promotion that is to be claimed. */
struct promotion_record desk_promotion(const char *request_id);
/* Claims, with a lease: the desk's journal is that of the job. */
cutover_status desk_claim(struct desk *desk, struct promotion_record *fresh, cutover_error **error);
/* By each step on the way. */
void desk_step(struct desk *desk, enum promotion_status last);
/* Somebody else saves the job's record. */
void desk_take_over(struct desk *desk);

#endif
