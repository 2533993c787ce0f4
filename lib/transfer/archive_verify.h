/*
 * Verifying an archive: it is restored into a throwaway database and compared, or read back and recomputed.
 */
#ifndef CUTOVER_TRANSFER_ARCHIVE_VERIFY_H
#define CUTOVER_TRANSFER_ARCHIVE_VERIFY_H

#include "transfer/archive_read.h"

struct verify {
    struct operation *operation;
    cutover_verify_method method;
    const struct project *project; /* where throwaway databases may be made */
    /* Called with the name before the throwaway database is made (oid 0), with its OID after, and with a NULL name once it is
       gone: for the journal. NULL: nobody asks. */
    cutover_status (*note)(void *context, const char *name, uint32_t oid, cutover_error **error);
    void *note_context;
};

/* The name of the throwaway database that a backup is restored into. */
void archive_verify_database_name(char name[64], const char *backup_id);

/*
 * Verifies a published backup and writes method, verdict, detail and duration into its record (uncommitted).
 * CUTOVER_OK: equal. CUTOVER_E_VERIFY: different or could not tell. What kept it from being told (a server away, no room)
 * is CUTOVER_E_VERIFY "could not tell", too; only CUTOVER_E_CANCELLED and CUTOVER_E_NOMEM pass as they are.
 */
cutover_status archive_verify(const struct verify *verify, struct backup_record *record, cutover_error **error);

#endif
