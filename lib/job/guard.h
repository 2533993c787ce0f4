/*
 * The guarded swap: the door, the sessions, the proof, one transaction; and the door again if it did not happen. Promotion,
 * restore over production and rollback all go through it. What comes in is proved, too, to be what was checked, behind a closed
 * door of its own. From production's closed door to its end nothing is written to the store and
 * nothing looks at the cancel flag: it is a matter of milliseconds.
 */
#ifndef CUTOVER_JOB_GUARD_H
#define CUTOVER_JOB_GUARD_H

#include "job/journal.h"
#include "job/operation.h"
#include "job/report.h"
#include "postgres/swap/fence.h"

struct guard {
    struct operation *operation;
    const struct project *project;
    struct session *control; /* holds the advisory lock */
    struct journal *journal; /* names production, what comes in, and what production is called after */
    struct report *report;
    struct json_object *properties; /* what production bears now: the new one will */
    const char *borne;              /* properties_digest() of production before these were read */
    const struct fence_mark
        *incoming; /* of what comes in, from before it was checked; NULL: it is as it was found */
    /* Asked with the door closed and nobody but `inside` in production. Anything but CUTOVER_OK opens it again. */
    cutover_status (*prove)(void *context, struct session *inside, cutover_error **error);
    void *context;
    bool swapped;
    bool outcome_unknown; /* the server went away in the moment of the swap: only recovery can tell */
};

/* Journals the intent (status swap) and does it. CUTOVER_OK: swapped. */
cutover_status guard_swap(struct guard *guard, cutover_error **error);

#endif
