#include "transfer/analyze.h"

#include "base/workers.h"
#include "postgres/quote.h"

#include <stdlib.h>

/* Biggest first; partitioned tables, which have nothing of their own to vacuum, last. One that a foreign table is a part of is not analysed: that
   would ask another server, which may be production's, or away. */
static const char relations_sql[] =
    "WITH RECURSIVE reaches (oid) AS (SELECT i.inhparent FROM pg_catalog.pg_inherits i"
    "    JOIN pg_catalog.pg_class f ON f.oid = i.inhrelid AND f.relkind = 'f'"
    "   UNION SELECT i.inhparent FROM reaches r JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid)"
    "SELECT n.nspname, c.relname, CASE WHEN c.relkind = 'p' THEN 'ANALYZE '"
    "    WHEN r.oid IS NOT NULL THEN 'VACUUM ' ELSE 'VACUUM (ANALYZE) ' END, pg_catalog.pg_relation_size(c.oid)"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN reaches r ON r.oid = c.oid"
    " WHERE (c.relkind IN ('r', 'p') OR (c.relkind = 'm' AND c.relispopulated)) AND c.relpersistence <> 't'"
    " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND (c.relkind <> 'p' OR r.oid IS NULL)"
    " ORDER BY c.relkind = 'p', 4 DESC, 1, 2";

/* $1 is a database. */
static const char target_sql[] =
    "SELECT pg_catalog.set_config('default_statistics_target', substr(c, strpos(c, '=') + 1), false)"
    "  FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,"
    "       unnest(s.setconfig) c"
    " WHERE d.datname = $1 AND s.setrole = 0 AND lower(split_part(c, '=', 1)) = 'default_statistics_target'";

struct analyzing {
    const struct fill *fill;
    PGresult *relations;
};

static cutover_status worker_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct analyzing *analyzing = context;
    const char *database = conninfo_get(analyzing->fill->conninfo, "dbname");
    struct session *session = NULL;
    PGresult *result = NULL;

    cutover_status status = fill_session(analyzing->fill, cancel, &session, error);
    *state = session;
    if (status == CUTOVER_OK && database != NULL)
        status = session_query(session, target_sql, 1, &database, &result, error);
    PQclear(result);
    /* Statistics of an index's expression evaluate it. */
    return status == CUTOVER_OK ? fill_own_path(analyzing->fill, session, false, error) : status;
}

static void worker_close(void *context, void *state)
{
    (void)context;
    session_close(state);
}

static cutover_status worker_task(void *context, void *state, size_t index, cutover_error **error)
{
    struct analyzing *analyzing = context;
    const PGresult *relations = analyzing->relations;
    int row = (int)index;
    struct text sql = TEXT_INIT;

    text_add(&sql, result_text(relations, row, 2));
    quote_qualified(&sql, result_text(relations, row, 0), result_text(relations, row, 1));
    cutover_status status =
        text_failed(&sql) ? error_nomem(error) : session_run(state, text_string(&sql), error);
    text_free(&sql);
    progress_add(&analyzing->fill->operation->progress, (uint64_t)result_int(relations, row, 3), 0);
    progress_table(&analyzing->fill->operation->progress);
    return status;
}

cutover_status analyze_database(const struct fill *fill, cutover_error **error)
{
    struct operation *operation = fill->operation;
    struct analyzing analyzing = {fill, NULL};
    uint64_t bytes = 0;

    cutover_status status = session_query(fill->session, relations_sql, 0, NULL, &analyzing.relations, error);
    if (status != CUTOVER_OK)
        return status;
    size_t count = (size_t)PQntuples(analyzing.relations);
    for (size_t i = 0; i < count; i++)
        bytes += (uint64_t)result_int(analyzing.relations, (int)i, 3);
    progress_begin(&operation->progress, PHASE_STAGE_ANALYZE, bytes, (uint32_t)count);
    struct workers workers = {
        .jobs = operation->jobs,
        .tasks = count,
        .open = worker_open,
        .task = worker_task,
        .close = worker_close,
        .context = &analyzing,
        .tick = progress_tick,
        .tick_context = &operation->progress,
    };
    status = workers_run(&workers, &operation->cancel, error);
    progress_end(&operation->progress);
    PQclear(analyzing.relations);
    return status;
}
