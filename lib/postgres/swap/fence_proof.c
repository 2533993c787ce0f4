/*
 * The fence's proof: two marks compared, and what the difference means.
 */
#include "postgres/swap/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 50 /* named in the error */

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
    struct fence_mark now = {0};
    struct changes changes = {.count = 0};

    if (before->layout.length == 0 || inside == NULL || fence_mark_layout(inside, &now, NULL) != CUTOVER_OK) {
        fence_mark_free(&now);
        return;
    }
    find_changes(&before->layout, &now.layout, true, &changes);
    for (size_t i = 0; i < changes.count && i < CHANGES_MAX; i++) {
        const struct change *change = &changes.list[i];
        char *name = relation_name(inside, change->before.oid);
        if (change->kind == CHANGE_SEQUENCE && change->before.values[0] != change->after.values[0] &&
            name != NULL)
            text_add_format(detail, "%s: rewritten, by CLUSTER, VACUUM FULL, REPACK, TRUNCATE or ALTER TABLE\n",
                            name);
        free(name);
    }
    fence_mark_free(&now);
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

/* Those that REINDEX, also CONCURRENTLY, and ANALYZE change, and whatever rewrites a table: pg_class, pg_attribute, pg_index,
   pg_constraint, pg_depend, pg_description, pg_trigger; pg_attrdef and pg_type. */
static bool is_of_maintenance(const struct change *change)
{
    static const uint32_t catalogs[] = {1259, 1249, 2604, 2610, 2606, 2608, 2609, 2620, 1247};

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
    struct fence_mark now = {0};
    bool only = before->facts.length > 0 && inside != NULL && changes->count <= CHANGES_MAX;

    for (size_t i = 0; only && i < changes->count; i++)
        only = is_of_maintenance(&changes->list[i]);
    only = only && fence_mark_complete(inside, &now, NULL) == CUTOVER_OK &&
           strcmp(text_string(&now.layout), text_string(&before->layout)) == 0 &&
           strcmp(text_string(&now.facts), text_string(&before->facts)) == 0;
    fence_mark_free(&now);
    return only;
}

static cutover_status find_all(const struct fence_subject *subject, const struct fence_mark *before,
                               const struct fence_mark *after, struct changes *changes, cutover_error **error)
{
    if (before->database_oid != after->database_oid || before->stats_reset == NULL ||
        after->stats_reset == NULL)
        return error_set(error, CUTOVER_E_INTERNAL, "the fence's marks are not of one database");
    if (strcmp(before->server_started, after->server_started) != 0)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its server restarted", subject->unknown);
    if (strcmp(before->stats_reset, after->stats_reset) != 0)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its statistics were reset", subject->unknown);
    find_changes(&before->counters, &after->counters, false, changes);
    find_changes(&before->sequences, &after->sequences, true, changes);
    if (changes->backwards)
        return error_verify(error, CUTOVER_VERDICT_UNKNOWN, "%s: its change counters went backwards",
                            subject->unknown);
    return CUTOVER_OK;
}

cutover_status fence_prove(const struct fence_subject *subject, const struct fence_mark *before,
                           const struct fence_mark *after, struct session *inside, cutover_error **error)
{
    struct changes changes = {.count = 0};
    cutover_status status = find_all(subject, before, after, &changes, error);

    if (status != CUTOVER_OK)
        return status;
    if (changes.count > 0 && !only_maintenance(before, &changes, inside))
        return different(subject, before, &changes, inside, error);
    return CUTOVER_OK;
}

/* ---- what was rewritten ---- */

/* A layout's line: OID, file, toast table, digest. */
enum { LAYOUT_FILE, LAYOUT_TOAST, LAYOUT_DIGEST };

struct oids {
    uint32_t *list;
    size_t count;
};

static bool oids_have(const struct oids *oids, uint32_t oid)
{
    for (size_t i = 0; i < oids->count; i++)
        if (oids->list[i] == oid)
            return true;
    return false;
}

/* Whether it is the toast table of one of these, in that layout; its owner into *owner. */
static bool toast_owner(const struct text *layout, uint32_t toast, uint32_t *owner)
{
    const char *at = text_string(layout);
    struct line line;

    while (line_next(&at, &line))
        if (line.values[LAYOUT_TOAST] == (int64_t)toast) {
            *owner = line.oid;
            return true;
        }
    return false;
}

static bool oids_add(struct oids *oids, uint32_t oid)
{
    uint32_t *list = oids_have(oids, oid) ? oids->list : realloc(oids->list, (oids->count + 1) * sizeof *list);

    if (list == NULL)
        return false;
    if (!oids_have(oids, oid)) {
        oids->list = list;
        oids->list[oids->count++] = oid;
    }
    return true;
}

/* The tables that differ in their files alone, those of their toast tables included. False: something else differs too. */
static bool find_rewritten(const struct fence_mark *before, const struct fence_mark *now, struct oids *tables)
{
    struct changes changes = {.count = 0};
    bool alone = true;

    find_changes(&before->layout, &now->layout, true, &changes);
    alone = changes.count <= CHANGES_MAX;
    for (size_t i = 0; alone && i < changes.count; i++) {
        const struct change *change = &changes.list[i];
        bool is_new = change->kind == CHANGE_NEW;
        uint32_t oid = is_new ? change->after.oid : change->before.oid, owner = oid;
        bool toast = toast_owner(is_new ? &now->layout : &before->layout, oid, &owner);
        if (change->kind == CHANGE_SEQUENCE)
            alone = change->before.values[LAYOUT_DIGEST] == change->after.values[LAYOUT_DIGEST];
        else
            alone = toast;
        alone = alone && oids_add(tables, owner);
    }
    return alone;
}

/* REPACK (CONCURRENTLY) gives a table another toast table, which a mark counts as well. */
static bool is_toast_swapped(const struct fence_mark *before, const struct fence_mark *now,
                             const struct oids *tables, const struct change *change)
{
    uint32_t owner = 0;

    if (change->kind == CHANGE_GONE)
        return toast_owner(&before->layout, change->before.oid, &owner) && oids_have(tables, owner);
    return change->kind == CHANGE_NEW && toast_owner(&now->layout, change->after.oid, &owner) &&
           oids_have(tables, owner);
}

/* Whether catalogs say what they said, and all else that happened is that tables have other files. */
static bool only_rewritten(const struct fence_mark *before, const struct fence_mark *now,
                           const struct changes *changes, struct oids *tables)
{
    bool fits = before->facts.length > 0 && changes->count <= CHANGES_MAX &&
                strcmp(text_string(&now->facts), text_string(&before->facts)) == 0 &&
                find_rewritten(before, now, tables);

    for (size_t i = 0; fits && i < changes->count; i++)
        fits = is_of_maintenance(&changes->list[i]) || is_toast_swapped(before, now, tables, &changes->list[i]);
    return fits;
}

static cutover_status compare_rewritten(const struct fence_subject *subject, const struct fence_mark *mark,
                                        const struct changes *changes, struct session *inside,
                                        const struct oids *tables, const struct fence_rows *rows,
                                        cutover_error **error)
{
    cutover_error *found = NULL;
    cutover_status status =
        tables->count > 0 ? rows->compare(rows->context, tables->list, tables->count, &found) : CUTOVER_OK;

    if (status == CUTOVER_E_VERIFY) {
        cutover_error_free(found);
        return different(subject, mark, changes, inside, error);
    }
    error_move(error, found);
    return status;
}

cutover_status fence_follow(const struct fence_subject *subject, struct fence_mark *mark,
                            struct session *inside, const struct fence_rows *rows, cutover_error **error)
{
    struct changes changes = {.count = 0};
    struct fence_mark now = {0};
    struct oids tables = {NULL, 0};

    cutover_status status = fence_mark_read(inside, &now, error);
    if (status == CUTOVER_OK)
        status = find_all(subject, mark, &now, &changes, error);
    if (status == CUTOVER_OK && changes.count > 0) {
        status = fence_mark_complete(inside, &now, error);
        if (status == CUTOVER_OK)
            status = only_rewritten(mark, &now, &changes, &tables)
                         ? compare_rewritten(subject, mark, &changes, inside, &tables, rows, error)
                         : different(subject, mark, &changes, inside, error);
        if (status == CUTOVER_OK) {
            fence_mark_free(mark);
            *mark = now;
            now = (struct fence_mark){0};
        }
    }
    free(tables.list);
    fence_mark_free(&now);
    return status;
}
