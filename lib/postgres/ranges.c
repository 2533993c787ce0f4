#include "postgres/ranges.h"

#include "postgres/quote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of which the hash has these bits 0 tells its place: a ctid in each row costs half of a COPY of short rows again (17 %
   with this). A table whose rows are long in the main, by what they have outside of it, tells each. */
#define SOME_ROWS "CASE WHEN hashtid(ctid) & 31 = 0 THEN ctid END"
#define PAGE_SIZE UINT64_C(8192)
#define LONG_ROWS (4 * PAGE_SIZE) /* bytes for each page of the main fork */

/* Of the server, for each range: seen were 200 in a hash table that had just grown, and 94 to sort them. */
#define SCAN_MEMORY 400
/* Snapshots that are further apart than this are not compared by 32 bits: nearly half of what they can tell. */
#define APART_MAX (UINT64_C(1) << 31)

bool ranges_possible(const struct table *table)
{
    return table->heap && !table->evaluates && table->condition == NULL;
}

int row_place_compare(struct row_place one, struct row_place other)
{
    if (one.page != other.page)
        return one.page < other.page ? -1 : 1;
    return (one.line > other.line) - (one.line < other.line);
}

/* ---- rows that tell their places ---- */

static void add_bound(struct text *sql, const char *word, const char *operator, struct row_place place)
{
    text_add_format(sql, "%sctid %s '(%" PRIu32 ",%" PRIu32 ")'::tid", word, operator, place.page, place.line);
}

static bool is_begin(struct row_place place)
{
    return place.page == 0 && place.line == 0;
}

cutover_status ranges_copy_open(struct copy_out *copy, struct session *session, const struct table *table,
                                struct row_range range, cutover_error **error)
{
    bool whole = is_begin(range.first);
    struct text sql = TEXT_INIT;
    cutover_status status;

    text_add_format(&sql, "COPY (SELECT %s",
                    table->bytes / LONG_ROWS >= table->heap_pages ? "ctid" : SOME_ROWS);
    for (size_t i = 0; i < table->column_count; i++) {
        text_add(&sql, ", ");
        quote_identifier(&sql, table->columns[i]);
    }
    text_add_format(&sql, " FROM ONLY %s", table->qualified);
    if (!whole)
        add_bound(&sql, " WHERE ", ">=", range.first);
    if (!is_begin(range.end))
        add_bound(&sql, whole ? " WHERE " : " AND ", "<", range.end);
    text_add(&sql, ") TO STDOUT");
    status = text_failed(&sql) ? error_nomem(error) : CUTOVER_OK;
    /* A parallel scan gives rows as they come. */
    if (status == CUTOVER_OK)
        status = session_run(session, "SET LOCAL max_parallel_workers_per_gather = 0", error);
    if (status == CUTOVER_OK)
        status = copy_out_query(copy, session, text_string(&sql), table->label, error);
    text_free(&sql);
    return status;
}

/* "(page,line)", or \N; what is behind it and its tab is the row. */
static bool place_parse(const char *text, bool *told, struct row_place *place, const char **end)
{
    unsigned long page, line;
    char *rest;

    *told = text[0] == '(';
    if (!*told) {
        *end = text + 2;
        return strncmp(text, "\\N", 2) == 0;
    }
    page = strtoul(text + 1, &rest, 10);
    if (*rest != ',' || page > UINT32_MAX)
        return false;
    line = strtoul(rest + 1, &rest, 10);
    if (*rest != ')' || line > UINT16_MAX)
        return false;
    *place = (struct row_place){(uint32_t)page, (uint32_t)line};
    *end = rest + 1;
    return true;
}

cutover_status ranges_copy_row(struct copy_out *copy, const char **row, size_t *length, bool *told,
                               struct row_place *place, cutover_error **error)
{
    const char *text = NULL, *end = NULL;
    size_t count = 0;
    cutover_status status = copy_out_row(copy, &text, &count, error);

    if (status != CUTOVER_OK)
        return status;
    *length = 0;
    if (count == 0)
        return CUTOVER_OK;
    if (!place_parse(text, told, place, &end))
        return error_set(error, CUTOVER_E_POSTGRES, "copying %s: a row does not say where it lies",
                         copy->label);
    if (*end == '\t')
        end++; /* a table without columns has none */
    *row = end;
    *length = count - (size_t)(end - text);
    return CUTOVER_OK;
}

/* ---- what changed ---- */

/* Whether numbers of 32 bits tell what is newer than the oldest transaction that ran then. Not where each statement has a snapshot
   of its own: rows could be younger than what age() counts from. */
static cutover_status compare_snapshots(struct session *session, const char *since, bool *comparable,
                                        uint32_t *oldest, cutover_error **error)
{
    char *end = NULL, *value = NULL;
    uint64_t then = strtoull(since, &end, 10), now;
    char low[16];
    const char *parameters[] = {low};

    if (end == since || *end != ':')
        return error_set(error, CUTOVER_E_INTERNAL, "no snapshot: \"%.40s\"", since);
    *oldest = (uint32_t)then;
    snprintf(low, sizeof low, "%" PRIu32, *oldest);
    /* Its age is below 0 once the server has given out 2^31 numbers since, which our snapshot need not know yet. */
    cutover_status status = session_value(
        session,
        "SELECT CASE WHEN age($1::xid) >= 0 THEN pg_snapshot_xmax(pg_current_snapshot()) ELSE '0'::xid8 END"
        " WHERE current_setting('transaction_isolation') = 'repeatable read'",
        1, parameters, &value, error);
    if (status != CUTOVER_OK)
        return status;
    now = strtoull(value, NULL, 10);
    free(value);
    *comparable = now >= then && now - then < APART_MAX;
    return CUTOVER_OK;
}

/* Whether a row is newer is asked of the distance of its xmin from the next number (age()), which is right for whatever is younger
   than 2^31; frozen rows keep theirs, which may be any. All of a transaction's savepoints have higher numbers than it has: hence
   the oldest that ran, and not those that the snapshot lists, which are no savepoints. The subquery stays one for its OFFSET: else the
   planner takes each row for a group of its own, and sorts them all, on disk (`ctid` is unique). */
static void add_scan(struct text *sql, const struct table *table, bool comparable, uint32_t oldest,
                     const struct row_place *begins, size_t count)
{
    text_add(sql, "COPY (SELECT r, count(*), count(*)");
    if (comparable)
        text_add_format(sql, " FILTER (WHERE age(x) <= (SELECT age('%" PRIu32 "'::xid)) AND age(x) >= 1)",
                        oldest);
    text_add(sql, " FROM (SELECT width_bucket(ctid, '{");
    for (size_t i = 0; i < count; i++)
        text_add_format(sql, "%s\"(%" PRIu32 ",%" PRIu32 ")\"", i > 0 ? "," : "", begins[i].page,
                        begins[i].line);
    text_add_format(sql,
                    "}'::tid[]) AS r, xmin AS x FROM ONLY %s OFFSET 0) AS s GROUP BY r ORDER BY r) TO STDOUT",
                    table->qualified);
}

/* Until the savepoint is rolled back. A parallel scan would hand each row over to be counted. */
static cutover_status settings_begin(struct session *session, size_t count, cutover_error **error)
{
    return session_run_format(session, error,
                              "SAVEPOINT ranges; SET LOCAL max_parallel_workers_per_gather = 0;"
                              " SELECT set_config('work_mem', greatest(setting::bigint, %zu)::text, true)"
                              " FROM pg_settings WHERE name = 'work_mem'",
                              count * SCAN_MEMORY / 1024 + 1024);
}

struct scan {
    size_t count, next; /* ranges; the one that is told of next */
    range_receive receive;
    void *context;
};

static cutover_status tell_empty(struct scan *scan, size_t end, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    while (status == CUTOVER_OK && scan->next < end)
        status = scan->receive(scan->context, scan->next++, 0, false, error);
    return status;
}

/* "bucket rows newer"; buckets are from 1. */
static cutover_status tell(struct scan *scan, const char *line, const char *label, cutover_error **error)
{
    uint64_t bucket, rows, newer;

    if (sscanf(line, "%" SCNu64 "\t%" SCNu64 "\t%" SCNu64, &bucket, &rows, &newer) != 3 ||
        bucket <= scan->next || bucket > scan->count)
        return error_set(error, CUTOVER_E_POSTGRES, "looking through %s: a range that was not asked for",
                         label);
    cutover_status status = tell_empty(scan, (size_t)bucket - 1, error);
    return status != CUTOVER_OK ? status : scan->receive(scan->context, scan->next++, rows, newer > 0, error);
}

static cutover_status tell_all(struct scan *scan, struct copy_out *copy, cutover_error **error)
{
    const char *line = NULL;
    size_t length = 0;
    cutover_status status;

    while ((status = copy_out_row(copy, &line, &length, error)) == CUTOVER_OK && length > 0) {
        status = tell(scan, line, copy->label, error);
        if (status != CUTOVER_OK)
            break;
    }
    if (status == CUTOVER_OK)
        status = tell_empty(scan, scan->count, error);
    if (status != CUTOVER_OK)
        copy_out_abort(copy);
    return status;
}

cutover_status ranges_scan(struct session *session, const struct table *table, const char *since,
                           const struct row_place *begins, size_t count, range_receive receive, void *context,
                           cutover_error **error)
{
    struct scan scan = {count, 0, receive, context};
    struct text sql = TEXT_INIT;
    struct copy_out copy;
    bool comparable = false;
    uint32_t oldest = 0;

    cutover_status status = compare_snapshots(session, since, &comparable, &oldest, error);
    if (status == CUTOVER_OK)
        status = settings_begin(session, count, error);
    if (status != CUTOVER_OK)
        return status;
    add_scan(&sql, table, comparable, oldest, begins, count);
    status = text_failed(&sql) ? error_nomem(error)
                               : copy_out_query(&copy, session, text_string(&sql), table->label, error);
    text_free(&sql);
    if (status == CUTOVER_OK)
        status = tell_all(&scan, &copy, error);
    return status != CUTOVER_OK
               ? status
               : session_run(session, "ROLLBACK TO SAVEPOINT ranges; RELEASE SAVEPOINT ranges", error);
}
