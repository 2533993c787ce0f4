/*
 * The acts on a request: making one, and what people do to it. Each reads, asks the state machine and commits, and does so again
 * when somebody was faster.
 */
#ifndef CUTOVER_REQUEST_ACT_H
#define CUTOVER_REQUEST_ACT_H

#include "job/host.h"

#include <cutover/request.h>

/* A verb on a request, with what it brings; texts are checked already. */
struct request_act {
    enum request_verb verb;
    const cutover_actor *actor;
    const char *text; /* note, reason or ticket */
    int64_t scheduled_for;
    uint64_t if_version; /* what was read before; 0: whatever it is */
};

/* *record and *version are the request's as it is after the act. */
cutover_status request_act(const struct host *host, const struct request_act *act, const char *id,
                           struct request_record *record, uint64_t *version, cutover_error **error);
/* CUTOVER_E_CONFLICT when the preview has a live request already. Its version is 1. */
cutover_status request_create(const struct host *host, const cutover_request_options *options,
                              struct request_record *record, cutover_error **error);

#endif
