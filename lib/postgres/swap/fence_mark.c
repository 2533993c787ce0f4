/*
 * The fence's marks and the proof. Statistics live in shared memory from POSTGRES_OLDEST_FENCED on: what a session counted
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
#define CHANGES_MAX 50 /* named in the error */

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

/* All that has columns but indexes. A column that was dropped and made anew has another number; two that changed names are told by
   the digest. A file is another after whatever rewrote the table. */
static const char layout_sql[] =
    "SELECT c.oid, CASE WHEN c.relkind IN ('r', 'm', 't') THEN c.relfilenode ELSE 0 END, c.reltoastrelid,"
    "       ('x' || left(md5(c.relnamespace || ' ' || c.relname || ' ' || c.relnatts"
    "         || coalesce((SELECT string_agg(a.attnum || ' ' || a.attname, ' ' ORDER BY a.attnum) FROM "
    "pg_attribute a"
    "                       WHERE a.attrelid = c.oid AND a.attnum > 0), '')), 15))::bit(60)::int8"
    "  FROM pg_class c WHERE c.oid >= 16384 AND c.relkind NOT IN ('i', 'I') ORDER BY c.oid";

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

cutover_status fence_mark_read_all(struct session *inside, struct fence_mark *mark, cutover_error **error)
{
    struct fence_mark read = {0};
    cutover_status status = fence_mark_read(inside, &read, error);

    if (status == CUTOVER_OK)
        status = read_lines(inside, layout_sql, &read.layout, error);
    if (status == CUTOVER_OK)
        status = catalog_facts_read(inside, &read.facts, error);
    if (status == CUTOVER_OK)
        *mark = read;
    else
        fence_mark_free(&read);
    return status;
}

/* A line of a mark: an OID and up to three numbers. */
struct line {
    uint32_t oid;
    int64_t values[3];
};

struct change {
    enum { CHANGE_ROWS, CHANGE_SEQUENCE, CHANGE_NEW, CHANGE_GONE } kind;
    struct line before, after;
};

struct changes {
    struct change list[CHANGES_MAX];
    size_t count;
    bool backwards; /* a counter became smaller: it was reset */
};

/* The line at *at, which moves behind it; false at the end. */
static bool line_next(const char **at, struct line *line)
{
    char *end;

    if (**at == '\0')
        return false;
    memset(line, 0, sizeof *line);
    line->oid = (uint32_t)strtoul(*at, &end, 10);
    for (size_t i = 0; i < 3 && *end == ' '; i++)
        line->values[i] = strtoll(end, &end, 10);
    *at = *end == '\n' ? end + 1 : end;
    return true;
}

static void change_add(struct changes *changes, struct change change)
{
    if (changes->count < CHANGES_MAX)
        changes->list[changes->count] = change;
    changes->count++;
}

/* Merges two texts of lines in OID order. */
static void find_changes(const struct text *before, const struct text *after, bool sequences,
                         struct changes *changes)
{
    const char *at_before = text_string(before), *at_after = text_string(after);
    struct line old, new;
    bool has_old = line_next(&at_before, &old), has_new = line_next(&at_after, &new);

    while (has_old || has_new) {
        bool take_old = has_old && (!has_new || old.oid <= new.oid);
        bool take_new = has_new && (!has_old || new.oid <= old.oid);
        if (!take_new) {
            change_add(changes, (struct change){.kind = CHANGE_GONE, .before = old});
        } else if (!take_old) {
            change_add(changes, (struct change){.kind = CHANGE_NEW, .after = new});
        } else if (memcmp(old.values, new.values, sizeof old.values) != 0) {
            change_add(changes, (struct change){.kind = sequences ? CHANGE_SEQUENCE : CHANGE_ROWS,
                                                .before = old,
                                                .after = new});
            for (size_t i = 0; !sequences && i < 3; i++)
                changes->backwards |= new.values[i] < old.values[i];
        }
        if (take_old)
            has_old = line_next(&at_before, &old);
        if (take_new)
            has_new = line_next(&at_after, &new);
    }
}

/* A toast table is called by its owner's name. NULL: cannot be told. */
static char *relation_name(struct session *inside, uint32_t oid)
{
    char text[16], *name = NULL;

    if (inside == NULL)
        return NULL;
    snprintf(text, sizeof text, "%u", oid);
    if (session_value(
            inside,
            "SELECT coalesce((SELECT max(o.oid::regclass::text) FROM pg_class o WHERE o.reltoastrelid = c.oid),"
            " c.oid::regclass::text) FROM pg_class c WHERE c.oid = $1::oid",
            1, (const char *const[]){text}, &name, NULL) != CUTOVER_OK)
        return NULL;
    return name;
}

static void describe_change(struct text *detail, const char *name, const struct change *change)
{
    const int64_t *old = change->before.values, *new = change->after.values;

    switch (change->kind) {
    case CHANGE_NEW:
        text_add_format(detail, "%s: created\n", name);
        break;
    case CHANGE_GONE:
        text_add_format(detail, "%s: dropped\n", name);
        break;
    case CHANGE_SEQUENCE:
        text_add_format(detail, "%s: sequence moved from %" PRId64 "%s to %" PRId64 "%s\n", name, old[0],
                        old[1] ? "" : " (not called)", new[0], new[1] ? "" : " (not called)");
        break;
    case CHANGE_ROWS:
        text_add_format(detail, "%s: %" PRId64 " inserted, %" PRId64 " updated, %" PRId64 " deleted\n", name,
                        new[0] - old[0], new[1] - old[1], new[2] - old[2]);
        break;
    }
}

const struct fence_subject fence_of_production = {
    .written = "production was written to behind the fence",
    .unknown = "whether production was written to cannot be told",
    .hint =
        "A client set its transactions to read-write, or a background worker wrote. Find it (log_statement, "
        "log_line_prefix with %u and %h), stop it, and start again. PgBouncer 1.26 and later does it for "
        "clients that "
        "it had before: name its admin console for the project.",
};

const struct fence_subject fence_of_staging = {
    .written = "the staging database was written to after it was filled: it is not what was checked",
    .unknown = "whether the staging database was written to after it was filled cannot be told",
    .hint = "Only a superuser can have been in it, or a background worker. Find out who (log_connections, "
            "log_line_prefix with %d and %u), keep them out, and start again.",
};

/* Tables that have another file, or are new or gone, as far as their layout was read before. */
static void describe_rewritten(const struct fence_mark *before, struct session *inside, struct text *detail)
{
    struct text layout = TEXT_INIT;
    struct changes changes = {.count = 0};

    if (before->layout.length == 0 || inside == NULL ||
        read_lines(inside, layout_sql, &layout, NULL) != CUTOVER_OK) {
        text_free(&layout);
        return;
    }
    find_changes(&before->layout, &layout, true, &changes);
    for (size_t i = 0; i < changes.count && i < CHANGES_MAX; i++) {
        const struct change *change = &changes.list[i];
        char *name = relation_name(inside, change->before.oid);
        if (change->kind == CHANGE_SEQUENCE && change->before.values[0] != change->after.values[0] &&
            name != NULL)
            text_add_format(detail, "%s: rewritten, by CLUSTER, VACUUM FULL, TRUNCATE or ALTER TABLE\n", name);
        free(name);
    }
    text_free(&layout);
}

static cutover_status different(const struct fence_subject *subject, const struct fence_mark *before,
                                const struct changes *changes, struct session *inside, cutover_error **error)
{
    struct text names = TEXT_INIT, detail = TEXT_INIT;
    size_t named = changes->count < CHANGES_MAX ? changes->count : CHANGES_MAX;
    const size_t short_list = 5;

    for (size_t i = 0; i < named; i++) {
        const struct change *change = &changes->list[i];
        uint32_t oid = change->kind == CHANGE_NEW ? change->after.oid : change->before.oid;
        char *name = relation_name(inside, oid), number[32];
        snprintf(number, sizeof number, "relation with OID %u", oid);
        if (i < short_list)
            text_add_format(&names, "%s%s", i > 0 ? ", " : "", name != NULL ? name : number);
        describe_change(&detail, name != NULL ? name : number, change);
        free(name);
    }
    if (changes->count > short_list)
        text_add_format(&names, " and %zu more", changes->count - short_list);
    if (changes->count > named)
        text_add_format(&detail, "and %zu more\n", changes->count - named);
    describe_rewritten(before, inside, &detail);
    error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s: %s", subject->written, text_string(&names));
    error_detail(error, "%s", text_string(&detail));
    error_hint(error, "%s", subject->hint);
    text_free(&names);
    text_free(&detail);
    return CUTOVER_E_VERIFY;
}

/* Those that REINDEX, also CONCURRENTLY, and ANALYZE change: pg_class, pg_attribute, pg_index, pg_constraint, pg_depend,
   pg_description, pg_trigger. */
static bool is_of_maintenance(const struct change *change)
{
    static const uint32_t catalogs[] = {1259, 1249, 2610, 2606, 2608, 2609, 2620};

    if (change->kind != CHANGE_ROWS)
        return false;
    for (size_t i = 0; i < sizeof catalogs / sizeof *catalogs; i++)
        if (change->before.oid == catalogs[i])
            return true;
    return false;
}

/* Whether catalogs alone were touched, and say the same as before. What cannot be told is a change. */
static bool only_maintenance(const struct fence_mark *before, const struct changes *changes,
                             struct session *inside)
{
    struct text layout = TEXT_INIT, facts = TEXT_INIT;
    bool only = before->facts.length > 0 && inside != NULL && changes->count <= CHANGES_MAX;

    for (size_t i = 0; only && i < changes->count; i++)
        only = is_of_maintenance(&changes->list[i]);
    only = only && read_lines(inside, layout_sql, &layout, NULL) == CUTOVER_OK &&
           catalog_facts_read(inside, &facts, NULL) == CUTOVER_OK &&
           strcmp(text_string(&layout), text_string(&before->layout)) == 0 &&
           strcmp(text_string(&facts), text_string(&before->facts)) == 0;
    text_free(&layout);
    text_free(&facts);
    return only;
}

cutover_status fence_prove(const struct fence_subject *subject, const struct fence_mark *before,
                           const struct fence_mark *after, struct session *inside, cutover_error **error)
{
    struct changes changes = {.count = 0};

    if (before->database_oid != after->database_oid || before->stats_reset == NULL ||
        after->stats_reset == NULL)
        return error_set(error, CUTOVER_E_INTERNAL, "the fence's marks are not of one database");
    if (strcmp(before->server_started, after->server_started) != 0)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its server restarted", subject->unknown);
    if (strcmp(before->stats_reset, after->stats_reset) != 0)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its statistics were reset", subject->unknown);
    find_changes(&before->counters, &after->counters, false, &changes);
    find_changes(&before->sequences, &after->sequences, true, &changes);
    if (changes.backwards)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its change counters went backwards",
                            subject->unknown);
    if (changes.count > 0 && !only_maintenance(before, &changes, inside))
        return different(subject, before, &changes, inside, error);
    return CUTOVER_OK;
}
