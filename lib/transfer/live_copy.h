/*
 * A live database → another one, rows, indexes, constraints, statistics, roles, grants; then the copy is read back and compared
 * with the source's snapshot. One snapshot serves both.
 */
#ifndef CUTOVER_TRANSFER_LIVE_COPY_H
#define CUTOVER_TRANSFER_LIVE_COPY_H

#include "transfer/content.h"
#include "transfer/fill.h"

struct live_copy {
    struct operation *operation;
    const struct conninfo *source;       /* of the preview */
    const struct conninfo *production;   /* of production's server */
    const struct conninfo *given_loader; /* that the host has for it, or NULL */
    struct session *control;             /* on it, in the control database */
    const char *name;                    /* of the staging database */
    uint32_t oid;                        /* once it is made */
    struct json_object *properties;      /* production's: what staging is made like */
    struct snapshot *snapshot;           /* of the source, from stage to the end of check */
    struct content content;              /* what the source was seen to hold */
    uint64_t rows, bytes;                /* bytes of COPY rows */
    char *unread;           /* tables whose generated columns were compared as definitions alone, or NULL */
    char *comments_refused; /* extensions whose comments could not be set, or NULL */
};

/* Opens the source's snapshot; the sizes in it are what progress expects. */
cutover_status live_copy_open(struct live_copy *live, cutover_error **error);
/* Makes the staging database; the name is journaled by the caller before, the OID after. */
cutover_status live_copy_create(struct live_copy *live, cutover_error **error);
/* Fills it: schema, rows, large objects, sequences, indexes and constraints, statistics, then properties. */
cutover_status live_copy_fill(struct live_copy *live, cutover_error **error);
/* Compares it with the source. CUTOVER_E_VERIFY: different, by name. Ends the source's snapshot. */
cutover_status live_copy_check(struct live_copy *live, cutover_error **error);
void live_copy_close(struct live_copy *live);

#endif
