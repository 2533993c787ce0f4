/*
 * What preflight asks the servers. Each check appends findings and never stops at the first (EDGE_CASES A19, A22, A29,
 * A32, A33, A41 to A43, B7 to B9, B22 to B24, B33, C1, C5, C9, E8 to E10, E12, E13, E17, E23).
 */
#ifndef CUTOVER_POSTGRES_PREFLIGHT_PREFLIGHT_H
#define CUTOVER_POSTGRES_PREFLIGHT_PREFLIGHT_H

#include "postgres/session.h"
#include "postgres/tools.h"

#include <cutover/preflight.h>

struct findings; /* the list behind a cutover_preflight; lib/model/findings.h */

struct preflight_servers {
    struct session *production; /* inside production */
    struct session *control;    /* in another database of production's server */
    struct session
        *preview; /* inside the preview; NULL: the source is no database, only production is asked about */
    const struct conninfo *production_at, *preview_at; /* for sessions beside these */
    const struct tools *tools;
    unsigned jobs;
    bool verify_restores;          /* a throwaway database will be made */
    bool verify_elsewhere;         /* on another server */
    const struct conninfo *loader; /* that the host gave, or NULL */
    bool owners_trusted;           /* by the host's policy */
};

cutover_status preflight_servers(const struct preflight_servers *servers, struct findings *findings,
                                 cutover_error **error);

/* The check of the programs alone, of one server (twice) or of two; versions as 150018. */
void preflight_tools(const struct tools *tools, int production_version, int preview_version,
                     struct findings *findings);

/* What may have come up in production while the source was copied: slots, subscriptions and the like, and, once it refuses writes,
   prepared transactions. Asked inside it. */
cutover_status preflight_again(struct session *production, bool fenced, struct findings *findings,
                               cutover_error **error);
/* With the door closed: what stays with the database that is displaced and would be found there by nobody, slots and subscriptions. */
cutover_status preflight_last(struct session *production, struct findings *findings, cutover_error **error);

#endif
