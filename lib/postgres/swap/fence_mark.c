/*
 * The fence's marks. Statistics live in shared memory from POSTGRES_OLDEST_FENCED on: what a session counted
 * is there when the session is gone.
 */
#include "postgres/catalog/facts.h"
#include "postgres/quote.h"
#include "postgres/swap/fence.h"
#include "postgres/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEQUENCES_PER_QUERY 500

/* A crash discards all statistics and keeps the postmaster's start time: each of the fixed kinds is reset then, and a
   reset by hand of one of them leaves the others. */
static const char state_sql[] =
    "SELECT pg_stat_clear_snapshot(), current_setting('track_counts'),"
    "       coalesce((SELECT stats_reset::text FROM pg_stat_database"
    "                  WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())), ''),"
    "       pg_postmaster_start_time()::text || ' '"
    "         || least((SELECT stats_reset FROM pg_stat_bgwriter), (SELECT stats_reset FROM pg_stat_archiver),"
    "                  (SELECT stats_reset FROM pg_stat_wal))::text";

/* What ANALYZE writes is left out, toasted values included; VACUUM's changes of pg_class are in place and not counted. */
static const char counters_sql[] =
    "SELECT c.oid, pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid),"
    "       pg_stat_get_tuples_deleted(c.oid)"
    "  FROM pg_class c"
    " WHERE c.relkind IN ('r', 't', 'm') AND NOT c.relisshared"
    "   AND NOT EXISTS (SELECT 1 FROM pg_class s"
    "                    WHERE s.oid IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)"
    "                      AND c.oid IN (s.oid, s.reltoastrelid))"
    " ORDER BY c.oid";

static const char sequences_sql[] =
    "SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'S' AND c.relpersistence <> 't' ORDER BY c.oid";

/* All that has columns but indexes and what is temporary. A column that was dropped and made anew has another number; two that changed
   names are told by the hash, and so are tables and schemas that did: facts are by name, and know none of that. (md5() fails on servers
   whose OpenSSL keeps to FIPS 140.) A file is another after whatever rewrote the table. Of the catalogs, that of large objects alone has
   what no fact tells. */
static const char layout_sql[] =
    "SELECT c.oid, CASE WHEN c.relkind IN ('r', 'm', 't') THEN c.relfilenode ELSE 0 END, c.reltoastrelid,"
    "       CASE WHEN c.relkind = 't' THEN 0 ELSE hashtextextended("
    "         (quote_ident(n.nspname) || ' ' || c.relname || ' ' || c.relnatts"
    "          || coalesce((SELECT string_agg(a.attnum || ' ' || a.attname, ' ' ORDER BY a.attnum)"
    "                         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0), ''))"
    "         COLLATE \"C\", 0) END"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE (c.oid >= 16384 AND c.relkind NOT IN ('i', 'I') AND c.relpersistence <> 't')"
    "    OR c.oid = 'pg_largeobject'::regclass"
    " ORDER BY c.oid";

void fence_mark_free(struct fence_mark *mark)
{
    text_free(&mark->counters);
    text_free(&mark->sequences);
    text_free(&mark->layout);
    text_free(&mark->facts);
    free(mark->stats_reset);
    free(mark->server_started);
    memset(mark, 0, sizeof *mark);
}

static cutover_status read_state(struct session *inside, struct fence_mark *mark, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(inside, state_sql, 0, NULL, &result, error);

    if (status != CUTOVER_OK)
        return status;
    if (strcmp(result_text(result, 0, 1), "on") != 0) {
        status =
            error_verify(error, CUTOVER_VERDICT_UNKNOWN,
                         "writes to database \"%s\" cannot be told: track_counts is off", inside->database);
        error_hint(error, "Set track_counts = on for this database and server.");
    } else if ((mark->stats_reset = strdup(result_text(result, 0, 2))) == NULL ||
               (mark->server_started = strdup(result_text(result, 0, 3))) == NULL) {
        status = error_nomem(error);
    }
    PQclear(result);
    return status;
}

/* Every row as a line of its fields, separated by spaces. */
static void add_lines(struct text *lines, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result); column++)
            text_add_format(lines, "%s%s", PQgetvalue(result, row, column),
                            column + 1 < PQnfields(result) ? " " : "\n");
}

static cutover_status read_lines(struct session *inside, const char *sql, struct text *lines,
                                 cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(inside, sql, 0, NULL, &result, error);

    if (status != CUTOVER_OK)
        return status;
    add_lines(lines, result);
    PQclear(result);
    return text_failed(lines) ? error_nomem(error) : CUTOVER_OK;
}

static cutover_status read_some_sequences(struct session *inside, const PGresult *names, int first, int end,
                                          struct text *lines, cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status;

    for (int row = first; row < end; row++) {
        text_add_format(&sql, "%sSELECT %s::oid, last_value, is_called::int FROM ",
                        row > first ? " UNION ALL " : "", result_text(names, row, 0));
        quote_qualified(&sql, result_text(names, row, 1), result_text(names, row, 2));
    }
    text_add(&sql, " ORDER BY 1");
    status = text_failed(&sql) ? error_nomem(error) : read_lines(inside, text_string(&sql), lines, error);
    text_free(&sql);
    return status;
}

static cutover_status read_sequences(struct session *inside, struct text *lines, cutover_error **error)
{
    PGresult *names = NULL;
    cutover_status status = session_query(inside, sequences_sql, 0, NULL, &names, error);

    if (status != CUTOVER_OK)
        return status;
    for (int first = 0; status == CUTOVER_OK && first < PQntuples(names); first += SEQUENCES_PER_QUERY) {
        int end = first + SEQUENCES_PER_QUERY;
        status = read_some_sequences(inside, names, first, end < PQntuples(names) ? end : PQntuples(names),
                                     lines, error);
    }
    PQclear(names);
    return status;
}

cutover_status fence_mark_read(struct session *inside, struct fence_mark *mark, cutover_error **error)
{
    struct fence_mark read = {.database_oid = inside->database_oid};
    cutover_status status;

    if (postgres_major(inside->server_version) < POSTGRES_OLDEST_FENCED)
        return error_set(error, CUTOVER_E_UNSUPPORTED,
                         "the fence needs PostgreSQL %d or later (statistics in shared memory); this is %d",
                         POSTGRES_OLDEST_FENCED, postgres_major(inside->server_version));
    status = read_state(inside, &read, error);
    if (status == CUTOVER_OK)
        status = read_lines(inside, counters_sql, &read.counters, error);
    if (status == CUTOVER_OK)
        status = read_sequences(inside, &read.sequences, error);
    if (status == CUTOVER_OK)
        *mark = read;
    else
        fence_mark_free(&read);
    return status;
}

cutover_status fence_mark_layout(struct session *inside, struct fence_mark *mark, cutover_error **error)
{
    text_clear(&mark->layout);
    return read_lines(inside, layout_sql, &mark->layout, error);
}

cutover_status fence_mark_complete(struct session *inside, struct fence_mark *mark, cutover_error **error)
{
    cutover_status status = fence_mark_layout(inside, mark, error);

    return status == CUTOVER_OK ? catalog_facts_read(inside, &mark->facts, error) : status;
}

cutover_status fence_mark_read_all(struct session *inside, struct fence_mark *mark, cutover_error **error)
{
    struct fence_mark read = {0};
    cutover_status status = fence_mark_read(inside, &read, error);

    if (status == CUTOVER_OK)
        status = fence_mark_complete(inside, &read, error);
    if (status == CUTOVER_OK)
        *mark = read;
    else
        fence_mark_free(&read);
    return status;
}
