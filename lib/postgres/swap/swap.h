/*
 * The swap: one transaction on the control session that renames two databases, sets their doors, and gives the new one what the
 * old one bore.
 */
#ifndef CUTOVER_POSTGRES_SWAP_SWAP_H
#define CUTOVER_POSTGRES_SWAP_SWAP_H

#include "postgres/session.h"

struct swap {
    const char *production; /* the name that never changes */
    uint32_t production_oid;
    const char *incoming; /* staging's name */
    uint32_t incoming_oid;
    const char *displaced; /* the name that production's database gets */
    const char
        *give_sql; /* what makes it bear what production does: properties_give_sql() of the incoming's name */
    struct session *
        watch; /* another session of the server, which looks who is inside; NULL: `control`, where nothing was begun */
    const char *borne; /* what production bore when that was made (properties_digest()); NULL: not asked */
};

/* What the server says about it: by OID, never by guessing. */
enum swap_outcome {
    SWAP_NOT_DONE, /* production's name carries production_oid */
    SWAP_DONE,     /* production's name carries incoming_oid */
    SWAP_LOST      /* neither: somebody else acted; a person must look */
};
cutover_status swap_outcome(struct session *control, const struct swap *swap, enum swap_outcome *outcome,
                            cutover_error **error);

/* Begins the transaction, and gives what comes in what it will bear: before production's door closes, since that takes as long as there is
   much of it. Nobody sees it, and it goes with swap_abort(). The incoming's door is closed. */
cutover_status swap_begin(struct session *control, const struct swap *swap, cutover_error **error);
void swap_abort(struct session *control); /* nothing where nothing was begun */

/* Both doors are closed and nobody is inside: begins where swap_begin() did not, checks both OIDs under their names and their doors, that the displaced name is
   free and that neither has sessions or prepared transactions, renames both, gives the new production what the old one bore, opens
   its door (the displaced one stays closed), commits. Gives up after about 2.5 s of sessions that keep it waiting. A failure before COMMIT was sent leaves nothing done. When COMMIT was sent and its answer
   was lost: CUTOVER_E_POSTGRES with *commit_sent true; ask swap_outcome on a new session. */
cutover_status swap_run(struct session *control, const struct swap *swap, bool *commit_sent,
                        cutover_error **error);

#endif
