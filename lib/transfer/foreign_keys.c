#include "transfer/foreign_keys.h"

#define CATALOG_CLASS 1259u      /* pg_class */
#define CATALOG_CONSTRAINT 2606u /* pg_constraint */
#define KEY "FK CONSTRAINT"

/*
 * pg_dump lets a partitioned table's key wait for that table, which has no rows. One that is NOT VALID (18) would be there before rows
 * that it does not let in, when pg_restore runs several jobs. And it puts foreign keys in the order of their names: a partition's own
 * that comes first is taken for a part of the partitioned table's when that is made, which from 18 on validates it, too
 * (docs/versions.md). The order of entries is what pg_restore goes by with one job, their
 * dependencies with several.
 */

/* Of partitioned tables, each with every partition that has rows. */
static const char partitioned_sql[] =
    "SELECT o.oid, t.relid::oid FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid AND c.relkind = 'p',"
    "  LATERAL pg_partition_tree(c.oid) t"
    " WHERE o.contype = 'f' AND o.conparentid = 0 AND t.isleaf ORDER BY 1, 2";

/* Of partitions, by themselves, each with every key of what they are partitions of; those nearest to the root last, so that theirs
   come before all. */
static const char partitions_sql[] =
    "SELECT o.oid, a.oid FROM pg_constraint o, LATERAL pg_partition_ancestors(o.conrelid) p (relid),"
    "  pg_constraint a"
    " WHERE o.contype = 'f' AND o.conparentid = 0 AND p.relid <> o.conrelid AND a.conrelid = p.relid"
    "   AND a.contype = 'f' AND a.conparentid = 0"
    " ORDER BY (SELECT count(*) FROM pg_partition_ancestors(o.conrelid)) DESC, 1, 2";

static cutover_status wait_for_rows(struct session *session, struct toc *toc, bool *changed,
                                    cutover_error **error)
{
    PGresult *result = NULL;

    cutover_status status = session_query(session, partitioned_sql, 0, NULL, &result, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(result); row++) {
        const struct toc_entry *rows = toc_find(toc, CATALOG_CLASS, result_oid(result, row, 1), "TABLE DATA");
        if (rows == NULL)
            continue;
        status = toc_depend(toc, CATALOG_CONSTRAINT, result_oid(result, row, 0), KEY, rows->dump_id, error);
        *changed = true;
    }
    PQclear(result);
    return status;
}

static cutover_status wait_for_keys(struct session *session, struct toc *toc, bool *changed,
                                    cutover_error **error)
{
    PGresult *result = NULL;

    cutover_status status = session_query(session, partitions_sql, 0, NULL, &result, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(result); row++) {
        uint32_t own = result_oid(result, row, 0), whole = result_oid(result, row, 1);
        const struct toc_entry *first = toc_find(toc, CATALOG_CONSTRAINT, whole, KEY);
        if (first == NULL)
            continue;
        status = toc_depend(toc, CATALOG_CONSTRAINT, own, KEY, first->dump_id, error);
        toc_put_before(toc, CATALOG_CONSTRAINT, whole, own, KEY);
        *changed = true;
    }
    PQclear(result);
    return status;
}

cutover_status foreign_keys_wait(struct session *session, struct toc *toc, bool *changed, cutover_error **error)
{
    cutover_status status = wait_for_rows(session, toc, changed, error);

    return status == CUTOVER_OK ? wait_for_keys(session, toc, changed, error) : status;
}
