/*
 * The door of a database: who is inside, closing it, ending sessions, opening it (EDGE_CASES E1 to E3, E7 to E10, E20).
 * A session that is still starting is inside too: it may have passed the door before it was closed, holds the database's
 * object lock until its start is over, and only then appears in pg_stat_activity.
 */
#ifndef CUTOVER_POSTGRES_SWAP_DOOR_H
#define CUTOVER_POSTGRES_SWAP_DOOR_H

#include "postgres/session.h"

struct visitor {
    int pid;
    char *backend_type, *application, *user, *state; /* never NULL; "" where not known */
    bool ours;                                       /* application_name libcutover */
    bool can_end;                                    /* our role may terminate it */
};

struct visitors {
    struct visitor *list;
    size_t count;
};

/* Everybody connected to the database: all backend types but parallel workers' own lines. */
cutover_status door_visitors(struct session *control, uint32_t database_oid, struct visitors *visitors,
                             cutover_error **error);
void visitors_free(struct visitors *visitors);

/* ALTER DATABASE … ALLOW_CONNECTIONS, committed. CUTOVER_E_INVALID when control is inside of that database. */
cutover_status door_close(struct session *control, const char *database, cutover_error **error);
cutover_status door_open(struct session *control, const char *database, cutover_error **error);
/* Ends every session of the database but those in keep (backend pids), and waits, polling every millisecond at first,
   until none is left; *ended counts those that are not the library's own, which may be about to leave. Sessions that are
   starting at the call are waited for, then ended; those that start later meet a closed door (or, with clients_only, what
   was set before the call), and are not. After timeout_ms, and at once for a session that our role may not end:
   CUTOVER_E_POSTGRES naming who stayed. `clients_only` leaves out autovacuum and background workers, and waits only for
   those who were inside at the call: with the door open others keep coming. An autovacuum worker that our role may not
   end is not waited for: ALTER DATABASE … RENAME ends it. */
cutover_status door_empty(struct session *control, uint32_t database_oid, const int *keep, size_t keep_count,
                          bool clients_only, int64_t timeout_ms, uint32_t *ended, cutover_error **error);
/* The gids of the transactions that are prepared in the database, and whose, in one line; *gids NULL: none. */
cutover_status door_prepared(struct session *control, uint32_t database_oid, char **gids,
                             cutover_error **error);
/* Says in one line who is inside, the gids of prepared transactions too (EDGE_CASES E10); *who NULL: nobody. Left out are
   starting sessions (clients that a closed door refuses are such, too) and autovacuum workers (they pass any door, and
   ALTER DATABASE … RENAME ends them). */
cutover_status door_inside(struct session *control, uint32_t database_oid, char **who, cutover_error **error);

#endif
