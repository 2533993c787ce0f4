/*
 * One view of a database for many sessions: the leader locks every table (ACCESS SHARE, EDGE_CASES B1), exports its
 * snapshot and stays; others join it. Reading is REPEATABLE READ, READ ONLY.
 */
#ifndef CUTOVER_POSTGRES_SNAPSHOT_H
#define CUTOVER_POSTGRES_SNAPSHOT_H

#include "postgres/inventory.h"

struct snapshot {
    struct session *leader;  /* holds the locks and the snapshot */
    char *id;                /* for SET TRANSACTION SNAPSHOT and pg_dump --snapshot */
    char *lsn;               /* pg_current_wal_lsn() at the export */
    int64_t lock_timeout_ms; /* of the sessions that join */
    struct inventory inventory;
};

/* Opens the leader's session and takes the snapshot with its inventory (tables and large objects; sequences are read
   when asked for). Waits for locks at most lock_timeout_ms in all, then CUTOVER_E_POSTGRES 55P03 with the table. */
cutover_status snapshot_open(const struct session_options *options, int64_t lock_timeout_ms,
                             struct snapshot **snapshot, cutover_error **error);
/* Opens another session in the same snapshot; close it with session_close. No statement of it waits longer than lock_timeout_ms for a
   lock: somebody may stand in line for a table with TRUNCATE, VACUUM FULL or REPACK, behind the leader and before this session, and
   would so wait for ever for one that waits for him. CUTOVER_E_POSTGRES 55P03 then. */
cutover_status snapshot_join(const struct snapshot *snapshot, const struct session_options *options,
                             struct session **session, cutover_error **error);
void snapshot_close(struct snapshot *snapshot);

#endif
