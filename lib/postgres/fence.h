/*
 * The fence: from the backup's snapshot on production refuses writes while reads go on, and before the swap it is
 * proved that none slipped through (DESIGN.md section 5).
 */
#ifndef CUTOVER_POSTGRES_FENCE_H
#define CUTOVER_POSTGRES_FENCE_H

#include "postgres/session.h"

/* What the fence will replace, read before it is raised, for the journal: {"database": {was: value or null}, "roles":
   [{role, was: value or null}]}: the settings of default_transaction_read_only of this database, for all and for each
   role whose own setting would win over the database's. */
cutover_status fence_plan(struct session *control, uint32_t database_oid, struct json_object **plan,
                          cutover_error **error);
/* Raises it: settings first, then every client session of the database is ended so that all come back under them;
   *ended counts. */
cutover_status fence_raise(struct session *control, const char *database, uint32_t database_oid,
                           struct json_object *plan, int64_t timeout_ms, uint32_t *ended,
                           cutover_error **error);
/* Puts back what the plan says was there. Safe to repeat. The sessions that began read-only are ended, so that clients
   write again at once (`end_sessions`). */
cutover_status fence_lift(struct session *control, const char *database, uint32_t database_oid,
                          struct json_object *plan, bool end_sessions, cutover_error **error);

/* A mark of the database's change counters and sequences, read by a session inside of it. Taken before the snapshot
   is; taken again by a session that was opened before the door closed, after all others ended. */
struct fence_mark {
    struct text
        counters; /* sorted lines: relation oid, n_tup_ins, upd, del, truncations of all but shared ones, pg_statistic,
                              pg_statistic_ext_data */
    struct text sequences; /* sorted lines: oid, last_value, is_called */
    char *stats_reset;     /* pg_stat_database.stats_reset */
    char *server_started;  /* pg_postmaster_start_time() */
};
cutover_status fence_mark_read(struct session *inside, struct fence_mark *mark, cutover_error **error);
/* CUTOVER_OK: nothing was written between. CUTOVER_E_VERIFY different: names what was written to. could not tell: counters
   were reset, or the server restarted. `inside` (may be NULL) resolves names. */
cutover_status fence_prove(const struct fence_mark *before, const struct fence_mark *after,
                           struct session *inside, cutover_error **error);
void fence_mark_free(struct fence_mark *mark);

#endif
