/*
 * The fence's proof: two marks compared, and what the difference means.
 */
#include "postgres/catalog/facts.h"
#include "postgres/swap/fence_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 50 /* in the error's detail */

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

static void describe_change(struct text *detail, const char *name, const struct fence_change *change)
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
    case CHANGE_LAYOUT:
        text_add_format(detail, "%s: %s\n", name,
                        old[LAYOUT_FILE] != new[LAYOUT_FILE]
                            ? "rewritten, by CLUSTER, VACUUM FULL, REPACK, TRUNCATE or ALTER TABLE"
                            : "its name or its columns changed");
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

/* Of changes that counters show as well, a layout's tell only what became of the tables that are in both marks. */
static void describe_changes(const struct fence_changes *changes, bool counted, struct session *inside,
                             struct text *names, struct text *detail)
{
    const size_t short_list = 5;
    size_t told = 0;

    for (size_t i = 0; i < changes->count && told < NAMED_MAX; i++) {
        const struct fence_change *change = &changes->list[i];
        char number[32], *name;
        if (counted && change->kind != CHANGE_LAYOUT)
            continue;
        name = relation_name(inside, fence_change_oid(change));
        snprintf(number, sizeof number, "relation with OID %u", fence_change_oid(change));
        if (names != NULL && told < short_list)
            text_add_format(names, "%s%s", told > 0 ? ", " : "", name != NULL ? name : number);
        describe_change(detail, name != NULL ? name : number, change);
        free(name);
        told++;
    }
    if (names != NULL && changes->count > short_list)
        text_add_format(names, " and %zu more", changes->count - short_list);
    if (!counted && changes->count > NAMED_MAX)
        text_add_format(detail, "and %zu more\n", changes->count - NAMED_MAX);
}

/* `layouts` may have none, where it is not known what became of the tables. */
static cutover_status different(const struct fence_subject *subject, const struct fence_changes *changes,
                                const struct fence_changes *layouts, struct session *inside,
                                cutover_error **error)
{
    struct text names = TEXT_INIT, detail = TEXT_INIT;
    bool counted = changes->count > 0;

    if (counted)
        describe_changes(changes, false, inside, &names, &detail);
    describe_changes(layouts, counted, inside, counted ? NULL : &names, &detail);
    error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s: %s", subject->written, text_string(&names));
    error_detail(error, "%s", text_string(&detail));
    error_hint(error, "%s", subject->hint);
    text_free(&names);
    text_free(&detail);
    return CUTOVER_E_VERIFY;
}

/* Those that REINDEX, also CONCURRENTLY, and ANALYZE change, and whatever rewrites a table: pg_class, pg_attribute, pg_index,
   pg_constraint, pg_depend, pg_description, pg_trigger; pg_attrdef and pg_type. */
static bool is_of_maintenance(const struct fence_change *change)
{
    static const uint32_t catalogs[] = {1259, 1249, 2604, 2610, 2606, 2608, 2609, 2620, 1247};

    if (change->kind != CHANGE_ROWS)
        return false;
    for (size_t i = 0; i < sizeof catalogs / sizeof *catalogs; i++)
        if (change->before.oid == catalogs[i])
            return true;
    return false;
}

/* Whether a mark says of the tables what another says. */
static bool is_laid_out_as(const struct fence_mark *mark, const struct fence_mark *other)
{
    return strcmp(text_string(&mark->layout), text_string(&other->layout)) == 0;
}

/* Whether it knows what its catalogs say, and another says the same. */
static bool has_facts_of(const struct fence_mark *mark, const struct fence_mark *other)
{
    return mark->facts.length > 0 && strcmp(text_string(&mark->facts), text_string(&other->facts)) == 0;
}

static bool only_maintenance(const struct fence_mark *before, const struct fence_mark *now,
                             const struct fence_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        if (!is_of_maintenance(&changes->list[i]))
            return false;
    return is_laid_out_as(now, before) && has_facts_of(before, now);
}

static cutover_status find_all(const struct fence_subject *subject, const struct fence_mark *before,
                               const struct fence_mark *after, struct fence_changes *changes,
                               cutover_error **error)
{
    if (before->database_oid != after->database_oid || before->stats_reset == NULL ||
        after->stats_reset == NULL)
        return error_set(error, CUTOVER_E_INTERNAL, "the fence's marks are not of one database");
    if (strcmp(before->server_started, after->server_started) != 0)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its server restarted", subject->unknown);
    if (strcmp(before->stats_reset, after->stats_reset) != 0)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its statistics were reset", subject->unknown);
    cutover_status status =
        fence_find_changes(&before->counters, &after->counters, CHANGE_ROWS, changes, error);
    if (status == CUTOVER_OK)
        status = fence_find_changes(&before->sequences, &after->sequences, CHANGE_SEQUENCE, changes, error);
    if (status == CUTOVER_OK && changes->backwards)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its change counters went backwards",
                            subject->unknown);
    return status;
}

/* Catalogs alone may have been touched, and say the same as before; else this tells what was. */
static cutover_status prove_maintenance(const struct fence_subject *subject, const struct fence_mark *before,
                                        const struct fence_changes *changes, struct session *inside,
                                        cutover_error **error)
{
    struct fence_changes layouts = {.count = 0};
    struct fence_mark now = {0};
    bool known = before->layout.length > 0 && inside != NULL;

    cutover_status status = known ? fence_mark_complete(inside, &now, error) : CUTOVER_OK;
    if (status == CUTOVER_OK && known)
        status = fence_find_changes(&before->layout, &now.layout, CHANGE_LAYOUT, &layouts, error);
    if (status == CUTOVER_OK && !(known && only_maintenance(before, &now, changes)))
        status = different(subject, changes, &layouts, inside, error);
    free(layouts.list);
    fence_mark_free(&now);
    return status;
}

cutover_status fence_prove(const struct fence_subject *subject, const struct fence_mark *before,
                           const struct fence_mark *after, struct session *inside, cutover_error **error)
{
    struct fence_changes changes = {.count = 0};
    cutover_status status = find_all(subject, before, after, &changes, error);

    if (status == CUTOVER_OK && changes.count > 0)
        status = prove_maintenance(subject, before, &changes, inside, error);
    free(changes.list);
    return status;
}

/* ---- what was rewritten ---- */

/* The toast tables of a layout, in the order of their OIDs. */
struct toast {
    uint32_t oid, owner;
};

struct toasts {
    struct toast *list;
    size_t count;
};

/* What a look makes of two layouts. */
struct rewriting {
    struct fence_changes layouts;
    struct toasts before, now;
    uint32_t *tables; /* those that have other files, or whose toast tables have; in order, each once */
    size_t count;
    bool alone; /* and nothing else differs */
};

static void rewriting_free(struct rewriting *rewriting)
{
    free(rewriting->layouts.list);
    free(rewriting->before.list);
    free(rewriting->now.list);
    free(rewriting->tables);
}

static int oid_order(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

    return (one > other) - (one < other);
}

static int toast_order(const void *a, const void *b)
{
    return oid_order(&((const struct toast *)a)->oid, &((const struct toast *)b)->oid);
}

static cutover_status toasts_read(const struct text *layout, struct toasts *toasts, cutover_error **error)
{
    const char *at = text_string(layout);
    struct fence_line line;
    size_t lines = 0;

    while (fence_line_next(&at, &line))
        lines++;
    toasts->list = calloc(lines + 1, sizeof *toasts->list);
    if (toasts->list == NULL)
        return error_nomem(error);
    at = text_string(layout);
    while (fence_line_next(&at, &line))
        if (line.values[LAYOUT_TOAST] != 0)
            toasts->list[toasts->count++] =
                (struct toast){.oid = (uint32_t)line.values[LAYOUT_TOAST], .owner = line.oid};
    qsort(toasts->list, toasts->count, sizeof *toasts->list, toast_order);
    return CUTOVER_OK;
}

/* The table whose toast table changed; 0: it is none. */
static uint32_t owner_of(const struct rewriting *rewriting, const struct fence_change *change)
{
    const struct toasts *toasts = change->kind == CHANGE_NEW ? &rewriting->now : &rewriting->before;
    const struct toast wanted = {.oid = fence_change_oid(change)};
    const struct toast *found =
        bsearch(&wanted, toasts->list, toasts->count, sizeof *toasts->list, toast_order);

    return found != NULL ? found->owner : 0;
}

static bool was_rewritten(const struct rewriting *rewriting, uint32_t table)
{
    return bsearch(&table, rewriting->tables, rewriting->count, sizeof table, oid_order) != NULL;
}

/* The tables that differ in their files alone, those of their toast tables included. */
static cutover_status tables_find(struct rewriting *rewriting, cutover_error **error)
{
    const struct fence_changes *layouts = &rewriting->layouts;
    size_t kept = 0;

    rewriting->tables = calloc(layouts->count + 1, sizeof *rewriting->tables);
    if (rewriting->tables == NULL)
        return error_nomem(error);
    rewriting->alone = true;
    for (size_t i = 0; i < layouts->count; i++) {
        const struct fence_change *change = &layouts->list[i];
        uint32_t owner = owner_of(rewriting, change);
        bool is_file = change->kind == CHANGE_LAYOUT
                           ? change->before.values[LAYOUT_DIGEST] == change->after.values[LAYOUT_DIGEST]
                           : owner != 0;
        rewriting->alone = rewriting->alone && is_file;
        rewriting->tables[i] = owner != 0 ? owner : fence_change_oid(change);
    }
    qsort(rewriting->tables, layouts->count, sizeof *rewriting->tables, oid_order);
    for (size_t i = 0; i < layouts->count; i++)
        if (kept == 0 || rewriting->tables[i] != rewriting->tables[kept - 1])
            rewriting->tables[kept++] = rewriting->tables[i];
    rewriting->count = kept;
    return CUTOVER_OK;
}

static cutover_status rewriting_find(const struct fence_mark *before, const struct fence_mark *now,
                                     struct rewriting *rewriting, cutover_error **error)
{
    cutover_status status =
        fence_find_changes(&before->layout, &now->layout, CHANGE_LAYOUT, &rewriting->layouts, error);

    if (status == CUTOVER_OK)
        status = toasts_read(&before->layout, &rewriting->before, error);
    if (status == CUTOVER_OK)
        status = toasts_read(&now->layout, &rewriting->now, error);
    return status == CUTOVER_OK ? tables_find(rewriting, error) : status;
}

/* REPACK (CONCURRENTLY) gives a table another toast table, which a mark counts as well. */
static bool is_toast_swapped(const struct rewriting *rewriting, const struct fence_change *change)
{
    uint32_t owner = owner_of(rewriting, change);

    return (change->kind == CHANGE_NEW || change->kind == CHANGE_GONE) && owner != 0 &&
           was_rewritten(rewriting, owner);
}

/* Whether catalogs say what they said, and all else that happened is that tables have other files. */
static bool only_rewritten(const struct fence_mark *before, const struct fence_mark *now,
                           const struct fence_changes *changes, const struct rewriting *rewriting)
{
    for (size_t i = 0; i < changes->count; i++)
        if (!is_of_maintenance(&changes->list[i]) && !is_toast_swapped(rewriting, &changes->list[i]))
            return false;
    return rewriting->alone && has_facts_of(before, now);
}

/* Takes out what has no rows of its own: those of a materialised view are its query's, and no backup has them. A REFRESH counts what it
   put in, as any write. */
static cutover_status views_take_out(struct session *inside, struct rewriting *rewriting, cutover_error **error)
{
    static const char sql[] = "SELECT oid FROM pg_class WHERE relkind = 'm' AND oid = ANY ($1::oid[])";
    struct text list = TEXT_INIT;
    PGresult *result = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < rewriting->count; i++)
        text_add_format(&list, "%s%" PRIu32, i > 0 ? "," : "{", rewriting->tables[i]);
    text_add(&list, rewriting->count > 0 ? "}" : "{}");
    cutover_status status =
        text_failed(&list)
            ? error_nomem(error)
            : session_query(inside, sql, 1, (const char *const[]){text_string(&list)}, &result, error);
    for (size_t i = 0; status == CUTOVER_OK && i < rewriting->count; i++) {
        bool is_view = false;
        for (int row = 0; !is_view && row < PQntuples(result); row++)
            is_view = result_oid(result, row, 0) == rewriting->tables[i];
        if (!is_view)
            rewriting->tables[kept++] = rewriting->tables[i];
    }
    if (status == CUTOVER_OK)
        rewriting->count = kept;
    PQclear(result);
    text_free(&list);
    return status;
}

/* What cannot be told is told of which tables. */
static cutover_status rows_compare(const struct rewriting *rewriting, struct session *inside,
                                   const struct fence_rows *rows, bool *same, cutover_error **error)
{
    struct text detail = TEXT_INIT;
    cutover_status status = rows->compare(rows->context, rewriting->tables, rewriting->count, same, error);

    if (status == CUTOVER_E_VERIFY) {
        describe_changes(&rewriting->layouts, false, inside, NULL, &detail);
        error_detail(error, "%s", text_string(&detail));
    }
    text_free(&detail);
    return status;
}

/* What is there to be seen is no write, or this tells what was written to. */
static cutover_status follow_changes(const struct fence_subject *subject, const struct fence_mark *mark,
                                     const struct fence_mark *now, const struct fence_changes *changes,
                                     struct session *inside, const struct fence_rows *rows,
                                     cutover_error **error)
{
    struct rewriting rewriting = {.count = 0};
    bool same = false;

    cutover_status status = rewriting_find(mark, now, &rewriting, error);
    if (status == CUTOVER_OK && only_rewritten(mark, now, changes, &rewriting)) {
        status = views_take_out(inside, &rewriting, error);
        same = rewriting.count == 0;
        if (!same && status == CUTOVER_OK)
            status = rows_compare(&rewriting, inside, rows, &same, error);
    }
    if (status == CUTOVER_OK && !same)
        status = different(subject, changes, &rewriting.layouts, inside, error);
    rewriting_free(&rewriting);
    return status;
}

cutover_status fence_follow(const struct fence_subject *subject, struct fence_mark *mark,
                            struct session *inside, const struct fence_rows *rows, cutover_error **error)
{
    struct fence_changes changes = {.count = 0};
    struct fence_mark now = {0};

    cutover_status status = fence_mark_read(inside, &now, error);
    if (status == CUTOVER_OK)
        status = find_all(subject, mark, &now, &changes, error);
    if (status == CUTOVER_OK)
        status = fence_mark_layout(inside, &now, error);
    /* What a session did that is still there need not be counted yet; a file that it made is there to be seen. */
    if (status == CUTOVER_OK &&
        (changes.count > 0 || (mark->layout.length > 0 && !is_laid_out_as(&now, mark)))) {
        status = catalog_facts_read(inside, &now.facts, error);
        if (status == CUTOVER_OK)
            status = follow_changes(subject, mark, &now, &changes, inside, rows, error);
        if (status == CUTOVER_OK) {
            fence_mark_free(mark);
            *mark = now;
            now = (struct fence_mark){0};
        }
    }
    free(changes.list);
    fence_mark_free(&now);
    return status;
}
