/*
 * A commit as SQL: two statements of one transaction. The first locks the documents' names, the second compares all versions and
 * writes all or nothing. So that it may be sent again when its answer was lost, each commit has a token, which is written with it.
 */
#ifndef CUTOVER_STORE_POSTGRES_COMMIT_H
#define CUTOVER_STORE_POSTGRES_COMMIT_H

#include "store_postgres/link.h"

#include <cutover/store.h>

struct commit {
    const cutover_write *const *writes;
    size_t count;
    char token[ID_SIZE];
    struct text locks, apply; /* the second statement */
    const char *schema;
    const char **values; /* the parameters of the second */
    char (*numbers)[24];
};

/* Builds it, of checked writes whose versions fit into 63 bits. commit_free() it, also after a failure. */
cutover_status commit_build(struct commit *commit, const char *schema, const cutover_write *const *writes,
                            size_t count, cutover_error **error);
/* Runs it. `again`: an answer to it was lost. CUTOVER_OK: it is applied, now or by an earlier try. CUTOVER_E_CONFLICT: it is not, and no
   earlier try will be. Any other failure is link_run()'s. */
cutover_status commit_run(struct commit *commit, struct link *link, bool again, int64_t deadline_us,
                          cutover_error **error);
void commit_free(struct commit *commit);

#endif
