/*
 * Public handles that more than one entry point makes.
 */
#ifndef CUTOVER_ENGINE_HANDLES_H
#define CUTOVER_ENGINE_HANDLES_H

#include "job/host.h"
#include "model/findings.h"
#include "model/request.h"

#include <cutover/request.h>

struct cutover_preflight {
    struct findings findings;
};

/* Takes the record over into a new handle. */
cutover_status request_wrap(struct request_record *record, uint64_t version, cutover_request **request,
                            cutover_error **error);

/* Findings that somebody else keeps, as a handle. Their JSON is made: NULL when memory was exhausted. */
const cutover_preflight *preflight_of(struct findings *findings);

#endif
