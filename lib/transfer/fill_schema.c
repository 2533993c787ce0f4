/*
 * The schema of a database that is filled. pg_restore runs the archive's statements in a session of our role's; what evaluates while
 * it is run goes through the loader instead, statement by statement, at its place in the archive's order: what makes indexes and
 * constraints, and what archive/evaluating.h finds. So a section is a row of slices for pg_restore, with the loader's entries between.
 */
#include "transfer/fill_private.h"

#include "postgres/largeobject_entries.h"
#include "postgres/public_schema.h"
#include "postgres/quote.h"

#include <string.h>

enum runner {
    RUN_APART, /* elsewhere, or not at all */
    RUN_RESTORE,
    RUN_LOADER
};

enum part_of_schema { PART_SLICE, PART_LARGE_OBJECTS, PART_EVENT_TRIGGERS };

struct schema_act {
    const struct fill *fill;
    enum part_of_schema part;
    const char *section;
    size_t from, to; /* of PART_SLICE: the entries from this one to before that one */
};

bool fill_is_named(const struct toc_entry *entry, const char *desc)
{
    return entry->desc.bytes != NULL && strcmp(entry->desc.bytes, desc) == 0;
}

bool fill_is_built(const struct fill *fill, const struct toc_entry *entry)
{
    return fill->has_built != NULL && fill->has_built(fill->built, entry->dump_id);
}

static bool is_one_of(const struct toc_entry *entry, const char *const *descs)
{
    for (; *descs != NULL; descs++)
        if (fill_is_named(entry, *descs))
            return true;
    return false;
}

static bool tag_begins(const struct toc_entry *entry, const char *kind)
{
    return entry->tag.bytes != NULL && strncmp(entry->tag.bytes, kind, strlen(kind)) == 0;
}

/* With its comment and label. */
static bool is_event_trigger(const struct toc_entry *entry)
{
    return fill_is_named(entry, "EVENT TRIGGER") ||
           ((fill_is_named(entry, "COMMENT") || fill_is_named(entry, "SECURITY LABEL")) &&
            tag_begins(entry, "EVENT TRIGGER "));
}

/* In the schema's section, or with the rest of what makes large objects, where these are not part of the schema. */
static bool is_large_objects(const struct fill *fill, const struct toc_entry *entry)
{
    return fill->has_large_objects && largeobject_is_made_by(entry);
}

/* Partitions are attached, and views filled, when the rest of their section is there; statistics are gathered anew. */
static bool is_apart(const struct toc_entry *entry)
{
    static const char *const descs[] = {"TABLE ATTACH", "MATERIALIZED VIEW DATA", "STATISTICS DATA", NULL};

    return is_one_of(entry, descs);
}

/* What is validated by rows, and expressions that the server plans and keeps. */
static bool is_of_rows(const struct toc_entry *entry)
{
    static const char *const descs[] = {
        "INDEX", "INDEX ATTACH", "CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", NULL};

    return is_one_of(entry, descs);
}

static enum runner runner_of(const struct fill *fill, size_t position)
{
    const struct toc_entry *entry = &fill->toc.entries[position];

    if (is_large_objects(fill, entry) || fill_is_built(fill, entry) || is_apart(entry) ||
        is_event_trigger(entry))
        return RUN_APART;
    return is_of_rows(entry) || evaluating_has(&fill->evaluating, position) ? RUN_LOADER : RUN_RESTORE;
}

/* ---- pg_restore ---- */

static bool leave_out(const void *context, const struct toc_entry *entry)
{
    const struct schema_act *act = context;

    if (act->part == PART_EVENT_TRIGGERS)
        return !is_event_trigger(entry);
    if (act->part == PART_LARGE_OBJECTS)
        return !is_large_objects(act->fill, entry);
    size_t position = toc_position(&act->fill->toc, entry->dump_id);
    return position < act->from || position >= act->to || runner_of(act->fill, position) != RUN_RESTORE;
}

static cutover_status schema_restore(void *context, const struct cancel *cancel, cutover_error **error)
{
    const struct schema_act *act = context;
    const struct fill *fill = act->fill;
    const struct operation *operation = fill->operation;
    struct restore_schema restore = {
        .conninfo = fill->conninfo,
        .database = fill->database,
        .folder = fill->folder,
        .name = fill->name,
        .section = act->section,
        .server = session_server(fill->control),
        /* What is left once the indexes are there takes locks of two tables at once, and side by side it may deadlock
           (EDGE_CASES A11). */
        .jobs = 1,
        .maintenance_mem_mb = operation->host->maintenance_mem_mb,
        .leave_out = leave_out,
        .leave_out_context = act,
        .no_comments_on_extensions = true,
        .cancel = cancel,
    };

    return tools_restore_schema(&operation->tools, &restore, error);
}

static cutover_status schema_run(struct fill *fill, struct schema_act act, cutover_error **error)
{
    return progress_while(&fill->operation->progress, schema_restore, &act, error);
}

/* ---- the loader ---- */

/* A run of the loader's entries, with what is said of them (comments, labels, grants), which is ours to say. */
struct loader_group {
    struct fill *fill;
    size_t from, to;
    bool before_rows; /* what is lent for it goes back at its end */
};

static bool has_owner(const struct toc_entry *entry)
{
    static const char *const descs[] = {"AGGREGATE",  "FUNCTION", "PROCEDURE",         "DOMAIN",
                                        "TABLE",      "VIEW",     "MATERIALIZED VIEW", "FOREIGN TABLE",
                                        "STATISTICS", NULL};

    return is_one_of(entry, descs) && entry->owner.bytes != NULL && entry->owner.bytes[0] != '\0';
}

/* "DROP AGGREGATE s.n(…);" names it as ALTER does, too. */
static cutover_status entry_give(struct fill *fill, const struct toc_entry *entry, cutover_error **error)
{
    static const char drop[] = "DROP ";
    const char *name = entry->drop.bytes != NULL ? entry->drop.bytes : "";
    struct text sql = TEXT_INIT;
    size_t length = strlen(name);

    while (length > 0 && strchr(";\n", name[length - 1]) != NULL)
        length--;
    if (strncmp(name, drop, strlen(drop)) != 0)
        return error_set(error, CUTOVER_E_INTERNAL, "the archive does not say how %s %s is called",
                         entry->desc.bytes, entry->tag.bytes);
    text_add(&sql, "ALTER ");
    text_add_bytes(&sql, name + strlen(drop), length - strlen(drop));
    text_add(&sql, " OWNER TO ");
    quote_identifier(&sql, entry->owner.bytes);
    cutover_status status =
        text_failed(&sql) ? error_nomem(error) : session_run(fill->session, text_string(&sql), error);
    text_free(&sql);
    return status;
}

/* As pg_restore does: how a table is stored is not in its statement. Of a partitioned one it is what its partitions are to have. */
static cutover_status method_set(struct session *session, const struct toc_entry *entry, bool partitioned,
                                 cutover_error **error)
{
    struct text sql = TEXT_INIT;

    if (entry->access_method.bytes == NULL || entry->access_method.bytes[0] == '\0' ||
        (entry->relkind == 'p') != partitioned)
        return CUTOVER_OK;
    if (partitioned) {
        text_add(&sql, "ALTER TABLE ");
        quote_qualified(&sql, entry->schema.bytes, entry->tag.bytes);
        text_add(&sql, " SET ACCESS METHOD ");
    } else {
        text_add(&sql, "SET default_table_access_method = ");
    }
    quote_identifier(&sql, entry->access_method.bytes);
    cutover_status status =
        text_failed(&sql) ? error_nomem(error) : session_run(session, text_string(&sql), error);
    text_free(&sql);
    return status;
}

static cutover_status loader_entry_run(struct fill *fill, struct session *session,
                                       const struct toc_entry *entry, cutover_error **error)
{
    cutover_status status = method_set(session, entry, false, error);

    if (status == CUTOVER_OK)
        status = fill_evaluate_entry(fill, session, entry, error);
    if (status == CUTOVER_OK)
        status = method_set(session, entry, true, error);
    return status == CUTOVER_OK && has_owner(entry) ? entry_give(fill, entry, error) : status;
}

/* Nothing of the database itself, which pg_restore leaves alone, or of extensions, which are not ours to comment on. */
static cutover_status remark_run(struct fill *fill, const struct toc_entry *entry, cutover_error **error)
{
    return tag_begins(entry, "DATABASE ") || tag_begins(entry, "EXTENSION ")
               ? CUTOVER_OK
               : fill_run_entry(fill->session, entry, error);
}

static cutover_status group_run(void *context, struct session *session, cutover_error **error)
{
    struct loader_group *group = context;
    struct fill *fill = group->fill;
    cutover_status status = CUTOVER_OK;

    for (size_t i = group->from; status == CUTOVER_OK && i < group->to; i++) {
        const struct toc_entry *entry = &fill->toc.entries[i];
        enum runner runner = runner_of(fill, i);
        if (runner == RUN_RESTORE)
            status = remark_run(fill, entry, error);
        else if (runner == RUN_LOADER)
            status = loader_entry_run(fill, session, entry, error);
    }
    return status;
}

static cutover_status group_fill(struct loader_group *group, cutover_error **error)
{
    struct fill *fill = group->fill;
    cutover_status status = CUTOVER_OK;

    if (fill->loader.role != NULL)
        status = loader_enter(fill->session, &fill->loader, error);
    if (status == CUTOVER_OK)
        status = fill_as_loader(fill, group_run, group, error);
    if (status == CUTOVER_OK && group->before_rows)
        status = loader_leave(fill->session, &fill->loader, error);
    return status;
}

/* ---- a section ---- */

/* Behind the loader's entries from there on, and what is said of them. */
static size_t group_end(const struct fill *fill, size_t at, size_t to)
{
    while (at < to && (runner_of(fill, at) != RUN_RESTORE || fill->toc.entries[at].section == TOC_SECTION_NONE))
        at++;
    return at;
}

/* The entries from..to: those between two of the loader's are one run of pg_restore. At the head of its list it takes a comment, label
   or grant for one of the section that the last unlisted entry is of: these are run here. */
static cutover_status section_fill(struct fill *fill, const char *section, size_t from, size_t to,
                                   cutover_error **error)
{
    struct schema_act act = {fill, PART_SLICE, section, from, to};
    bool before_rows = strcmp(section, "pre-data") == 0, some = false;
    cutover_status status = CUTOVER_OK;

    for (size_t at = from; status == CUTOVER_OK && at < to;) {
        enum runner runner = runner_of(fill, at);
        bool remark = runner == RUN_RESTORE && !some && fill->toc.entries[at].section == TOC_SECTION_NONE;
        if (runner != RUN_LOADER && !remark) {
            some = some || runner == RUN_RESTORE;
            at++;
            continue;
        }
        act.to = at;
        if (some)
            status = schema_run(fill, act, error);
        struct loader_group group = {fill, at, group_end(fill, at, to), before_rows};
        if (status == CUTOVER_OK && remark)
            status = remark_run(fill, &fill->toc.entries[at], error);
        else if (status == CUTOVER_OK)
            status = group_fill(&group, error);
        act.from = at = remark ? at + 1 : group.to;
        some = false;
    }
    act.to = to;
    return status == CUTOVER_OK && some ? schema_run(fill, act, error) : status;
}

/* The position of the first entry that is of that section or a later one. */
static size_t section_start(const struct toc *toc, enum toc_section section)
{
    size_t at = 0;

    while (at < toc->count && toc->entries[at].section < (int32_t)section)
        at++;
    return at;
}

/* Who gives an object to a role that may not create in its schema must be a superuser (the server asks that of the new owner). */
static bool has_guests(const struct fill *fill, const struct toc_entry *schema)
{
    for (size_t i = 0; i < fill->toc.count; i++) {
        const struct toc_entry *entry = &fill->toc.entries[i];
        if (entry->schema.bytes != NULL && entry->owner.bytes != NULL &&
            strcmp(entry->schema.bytes, schema->tag.bytes) == 0 &&
            strcmp(entry->owner.bytes, schema->owner.bytes) != 0)
            return true;
    }
    return false;
}

/* Behind the schemas, which come first, and what is granted on them; 0 where nobody but their owners has something in them. */
static size_t schemas_end(const struct fill *fill, size_t to)
{
    bool guests = false;
    size_t end = 0;

    for (size_t i = 0; i < to; i++) {
        const struct toc_entry *entry = &fill->toc.entries[i];
        if (!fill_is_named(entry, "SCHEMA") || entry->owner.bytes == NULL)
            continue;
        guests = guests || has_guests(fill, entry);
        for (end = i + 1; end < to && fill->toc.entries[end].section == TOC_SECTION_NONE;)
            end++;
    }
    return guests ? end : 0;
}

cutover_status fill_pre_data(struct fill *fill, cutover_error **error)
{
    size_t to = section_start(&fill->toc, TOC_SECTION_DATA);
    size_t schemas = fill->session->superuser ? 0 : schemas_end(fill, to);
    cutover_status status = CUTOVER_OK;

    if (schemas > 0) {
        status = section_fill(fill, "pre-data", 0, schemas, error);
        if (status == CUTOVER_OK)
            status = schemas_lend(fill->session, &fill->lent, error);
    }
    return status == CUTOVER_OK ? section_fill(fill, "pre-data", schemas, to, error) : status;
}

cutover_status fill_post_data(struct fill *fill, cutover_error **error)
{
    return section_fill(fill, "post-data", section_start(&fill->toc, TOC_SECTION_POST_DATA), fill->toc.count,
                        error);
}

cutover_status fill_large_objects(struct fill *fill, cutover_error **error)
{
    return schema_run(fill, (struct schema_act){fill, PART_LARGE_OBJECTS, "data", 0, 0}, error);
}

cutover_status fill_event_triggers(struct fill *fill, cutover_error **error)
{
    for (size_t i = 0; i < fill->toc.count; i++)
        if (fill_is_named(&fill->toc.entries[i], "EVENT TRIGGER"))
            return schema_run(fill, (struct schema_act){fill, PART_EVENT_TRIGGERS, "post-data", 0, 0}, error);
    return CUTOVER_OK;
}
