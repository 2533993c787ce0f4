/*
 * The fence: from the backup's snapshot on production refuses writes while reads go on, and before the swap it is
 * proved that none slipped through (DESIGN.md section 5).
 */
#ifndef CUTOVER_POSTGRES_SWAP_FENCE_H
#define CUTOVER_POSTGRES_SWAP_FENCE_H

#include "postgres/fence_setting.h"
#include "postgres/session.h"

/* What the fence will replace, read before it is raised, for the journal: {"database": {was: value or null}, "roles":
   [{role, oid, was: value or null}]}: the settings of default_transaction_read_only of this database, for all and for each
   role whose own setting would win over the database's. Where a fence stands already, whoever raised it, what that one
   replaced. */
cutover_status fence_plan(struct session *control, uint32_t database_oid, struct json_object **plan,
                          cutover_error **error);
/* Raises it: settings first, then every client session of the database is ended so that all come back under them;
   *ended counts. The library's own sessions inside are ended too: open them after. Safe to repeat. */
cutover_status fence_raise(struct session *control, const char *database, uint32_t database_oid,
                           struct json_object *plan, int64_t timeout_ms, uint32_t *ended,
                           cutover_error **error);
/* Likewise, and leaves the backends of `keep`: sessions of ours, which write nothing. */
cutover_status fence_raise_beside(struct session *control, const char *database, uint32_t database_oid,
                                  struct json_object *plan, const int *keep, size_t keep_count,
                                  int64_t timeout_ms, uint32_t *ended, cutover_error **error);
/* Where a fence stands by what is set, whoever raised it, as a list for people: "the database, role app"; *where NULL: nowhere. */
cutover_status fence_standing(struct session *control, uint32_t database_oid, char **where,
                              cutover_error **error);
/* Puts back what the plan says was there, where the fence's own value is still what stands. Safe to repeat. With end_sessions the client sessions, which began read-only,
   are ended, so that clients write again at once; our own, and those that our role may not end, are left. */
cutover_status fence_lift(struct session *control, const char *database, uint32_t database_oid,
                          struct json_object *plan, bool end_sessions, cutover_error **error);

/* What it replaced, as properties (postgres/properties.h) list settings: what production itself has. */
cutover_status fence_settings(struct session *control, struct json_object *plan, struct json_object *settings,
                              cutover_error **error);

/* A mark of the database's change counters and sequences, read by a session inside of it. Taken after the fence was
   raised and before the snapshot is; taken again by a session that was opened before the door closed, after all others
   ended: a session's counters are complete as soon as it is gone (statistics in shared memory: POSTGRES_OLDEST_FENCED).
   What it does not take for a change: reading, ANALYZE, VACUUM, autovacuum. What it does: everything that writes to a
   table or to a catalog, rolled back or not, CREATE TEMP TABLE too; nextval and setval.

   A session that is read-only may REINDEX, and ANALYZE what was an inheritance parent: both change catalogs and nothing else. With
   layout and facts in the first mark, which fence_mark_read_all() reads, changes of the catalogs that these touch are no write where
   layout and facts are the same afterwards. CLUSTER, VACUUM FULL and REPACK (19), which a read-only session may as well, give a table
   another file, as TRUNCATE and ALTER TABLE do: fence_follow() tells them apart by the rows. */
struct fence_mark {
    uint32_t database_oid;
    struct text
        counters; /* sorted lines: relation oid, rows inserted, updated, deleted; without shared relations,
                              pg_statistic, pg_statistic_ext_data and their toast tables */
    struct text sequences; /* sorted lines: oid, last_value, is_called; without temporary ones */
    struct text layout;    /* sorted lines: oid, file, toast table, a digest of its name and its columns' */
    struct text facts;     /* catalog facts (postgres/catalog/facts.h); "": changes of catalogs are writes */
    char *stats_reset;     /* pg_stat_database.stats_reset, "" when never */
    char *server_started;  /* pg_postmaster_start_time(), and when a crash last discarded the statistics */
};
/* CUTOVER_E_UNSUPPORTED before PostgreSQL 15; CUTOVER_E_VERIFY (could not tell) when track_counts is off. */
cutover_status fence_mark_read(struct session *inside, struct fence_mark *mark, cutover_error **error);
/* With layout and facts. */
cutover_status fence_mark_read_all(struct session *inside, struct fence_mark *mark, cutover_error **error);
/* Reads layout and facts, or the layout alone, into one that was read without: they are younger than its counters, never older. */
cutover_status fence_mark_layout(struct session *inside, struct fence_mark *mark, cutover_error **error);
cutover_status fence_mark_complete(struct session *inside, struct fence_mark *mark, cutover_error **error);
/* What a proof's error says of the database that it is about. */
struct fence_subject {
    const char *written; /* "production was written to behind the fence" */
    const char *unknown; /* "whether production was written to cannot be told" */
    const char *hint;
};
extern const struct fence_subject fence_of_production;
extern const struct fence_subject
    fence_of_staging; /* nobody but us may be in it; its mark is taken before it is checked */
/* CUTOVER_OK: nothing was written between. CUTOVER_E_VERIFY different: names what was written to. could not tell: counters
   were reset, or the server restarted. `inside` (may be NULL) resolves names. */
cutover_status fence_prove(const struct fence_subject *subject, const struct fence_mark *before,
                           const struct fence_mark *after, struct session *inside, cutover_error **error);
/* Whether tables, by OID, hold the rows that are known of them; pg_largeobject may be among them. Where that cannot be told it fails,
   and so does who asked, with the same error. */
struct fence_rows {
    cutover_status (*compare)(void *context, const uint32_t *tables, size_t count, bool *same,
                              cutover_error **error);
    void *context;
};
/*
 * Asked while others may still be inside: fence_prove() with what is so far, and the mark follows what was no write. What sessions
 * that are still there have not counted yet is seen by the files that it gave tables. Where catalogs alone were touched and say what they said, and tables have other files but not other columns, those tables' rows are compared, and *mark
 * becomes that of now; so the proof behind the door has less to look at, and a rewrite is no write for it.
 *
 * Why this is sound: a table whose counters are as they were had no row inserted, updated or deleted by whoever has ended since; what
 * can still have happened to it is TRUNCATE or ALTER TABLE, which give it another file. The counters of the new mark are older than its
 * layout, facts and the rows that were compared, so that what is not in these is counted later and found by the proof, or gives a table
 * another file once more.
 */
cutover_status fence_follow(const struct fence_subject *subject, struct fence_mark *mark,
                            struct session *inside, const struct fence_rows *rows, cutover_error **error);
void fence_mark_free(struct fence_mark *mark);

#endif
