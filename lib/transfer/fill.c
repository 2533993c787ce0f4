#include "transfer/fill.h"

#include "base/folder.h"
#include "postgres/largeobject_entries.h"
#include "postgres/quote.h"
#include "transfer/archive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How many setval calls go in one statement. */
#define SEQUENCES_AT_ONCE 200

/* The pages of an index go to the WAL whole: compressed they are half as much to write. Who may not set it, or whose server has
   no lz4, writes more; a loader that we make has it from its role. */
static const char settings_sql[] = "SET synchronous_commit = off; SET maintenance_work_mem = '%uMB';"
                                   " SELECT pg_catalog.set_config('wal_compression', 'lz4', false)"
                                   " FROM pg_catalog.pg_settings WHERE name = 'wal_compression'"
                                   " AND setting = 'off' AND 'lz4' = ANY (enumvals)"
                                   " AND pg_catalog.current_setting('is_superuser') = 'on'";

/* How the schema's archive is restored: in parts, of which some are not for pg_restore. */
enum part_of_schema {
    PART_PRE_DATA,      /* but for what attaches partitions: bounds are evaluated */
    PART_LARGE_OBJECTS, /* where pre-data does not make them */
    PART_INDEXES, /* what is left of them, and of constraints that are one, when foreign keys are left that need them */
    PART_REST, /* of post-data, but for what was built, what refreshes, and event triggers */
    PART_EVENT_TRIGGERS
};

struct schema_act {
    const struct fill *fill;
    enum part_of_schema part;
    bool keys_apart; /* PART_INDEXES and foreign keys come first, and are not in the rest */
    size_t from, to; /* of PART_PRE_DATA: the entries from this one to before that one; 0 and 0: all */
};

static bool tag_begins(const struct toc_entry *entry, const char *kind)
{
    return entry->tag.bytes != NULL && strncmp(entry->tag.bytes, kind, strlen(kind)) == 0;
}

static bool is_named(const struct toc_entry *entry, const char *desc)
{
    return entry->desc.bytes != NULL && strcmp(entry->desc.bytes, desc) == 0;
}

static bool is_of_indexes(const struct toc_entry *entry)
{
    return is_named(entry, "INDEX") || is_named(entry, "CONSTRAINT") || is_named(entry, "INDEX ATTACH");
}

static bool is_built(const struct fill *fill, const struct toc_entry *entry)
{
    return fill->has_built != NULL && fill->has_built(fill->built, entry->dump_id);
}

/* With its comment and label. */
static bool is_event_trigger(const struct toc_entry *entry)
{
    return is_named(entry, "EVENT TRIGGER") ||
           ((is_named(entry, "COMMENT") || is_named(entry, "SECURITY LABEL")) &&
            tag_begins(entry, "EVENT TRIGGER "));
}

/* What evaluates goes through the loader, statement by statement. */
static bool is_for_loader(const struct toc_entry *entry)
{
    return is_named(entry, "TABLE ATTACH") || is_named(entry, "FK CONSTRAINT") ||
           is_named(entry, "MATERIALIZED VIEW DATA");
}

/* Its initial value is read when it is made, and a domain's constraints are checked by reading. */
static bool is_checked_aggregate(const struct toc_entry *entry)
{
    return is_named(entry, "AGGREGATE") && entry->defn.bytes != NULL &&
           strstr(entry->defn.bytes, "INITCOND") != NULL;
}

/* In the schema's section, or with the rest of what makes large objects, where these are not part of the schema. */
static bool is_large_objects(const struct fill *fill, const struct toc_entry *entry)
{
    return fill->has_large_objects && largeobject_is_made_by(entry);
}

static size_t position_of(const struct toc *toc, int32_t dump_id)
{
    size_t position = 0;

    while (position < toc->count && toc->entries[position].dump_id != dump_id)
        position++;
    return position;
}

static bool is_outside(const struct schema_act *act, const struct toc_entry *entry)
{
    if (act->to == 0)
        return false;
    size_t position = position_of(&act->fill->toc, entry->dump_id);
    return position < act->from || position >= act->to;
}

static bool leave_out(const void *context, const struct toc_entry *entry)
{
    const struct schema_act *act = context;

    if (act->part == PART_EVENT_TRIGGERS)
        return !is_event_trigger(entry);
    if (is_large_objects(act->fill, entry) || act->part == PART_LARGE_OBJECTS)
        return (act->part == PART_LARGE_OBJECTS) != is_large_objects(act->fill, entry);
    if (is_built(act->fill, entry) || is_for_loader(entry) || is_event_trigger(entry))
        return true;
    switch (act->part) {
    case PART_PRE_DATA:
        return is_outside(act, entry);
    case PART_LARGE_OBJECTS:
    case PART_EVENT_TRIGGERS:
        return false;
    case PART_INDEXES:
        return !is_of_indexes(entry);
    case PART_REST:
        return act->keys_apart && is_of_indexes(entry);
    }
    return false;
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
        .section = act->part == PART_PRE_DATA        ? "pre-data"
                   : act->part == PART_LARGE_OBJECTS ? "data"
                                                     : "post-data",
        .server = session_server(fill->control),
        /* What is left once the indexes are there takes locks of two tables at once, and side by side it may deadlock
           (EDGE_CASES A11). */
        .jobs = act->part == PART_PRE_DATA || act->part == PART_LARGE_OBJECTS ||
                        act->part == PART_EVENT_TRIGGERS || fill->has_built != NULL
                    ? 1
                    : operation->jobs,
        .maintenance_mem_mb = operation->host->maintenance_mem_mb,
        .leave_out = leave_out,
        .leave_out_context = act,
        .no_comments_on_extensions = true,
        .cancel = cancel,
    };

    return tools_restore_schema(&operation->tools, &restore, error);
}

static cutover_status schema_fill(const struct fill *fill, enum part_of_schema part, bool keys_apart,
                                  cutover_error **error)
{
    struct schema_act act = {fill, part, keys_apart, 0, 0};

    return progress_while(&fill->operation->progress, schema_restore, &act, error);
}

static cutover_status session_of(const struct fill *fill, const struct conninfo *conninfo,
                                 const struct cancel *cancel, struct session **session, cutover_error **error)
{
    struct session_options options = operation_session(fill->operation, conninfo, fill->database);
    struct session *opened = NULL;

    options.cancel = cancel;
    options.lc_monetary = fill->lc_monetary;
    options.client_encoding = fill->encoding;
    cutover_status status = session_open(&options, &opened, error);
    if (status == CUTOVER_OK)
        status = session_run_format(opened, error, settings_sql, fill->operation->host->maintenance_mem_mb);
    if (status != CUTOVER_OK) {
        session_close(opened);
        return status;
    }
    *session = opened;
    return CUTOVER_OK;
}

cutover_status fill_session(const struct fill *fill, const struct cancel *cancel, struct session **session,
                            cutover_error **error)
{
    if (fill->loader.role == NULL)
        return session_of(fill, fill->conninfo, cancel, session, error);
    cutover_status status = session_of(fill, &fill->loader.conninfo, cancel, session, error);
    const char *sqlstate = status != CUTOVER_OK && error != NULL ? cutover_error_sqlstate(*error) : NULL;
    /* 28000 and 28P01: invalid authorization, invalid password. */
    if (sqlstate != NULL && strncmp(sqlstate, "28", 2) == 0)
        error_hint(error,
                   "The server's pg_hba.conf must let the login \"%s\" into database \"%s\" by password "
                   "(scram-sha-256), from where "
                   "the library connects; or give project.loader_database a login that it lets in.",
                   fill->loader.role, fill->database);
    return status;
}

cutover_status fill_table_begin(struct copy_in *copy, struct session *session, const struct table *table,
                                bool whole, cutover_error **error)
{
    bool freeze = whole && !table->extension_config;

    cutover_status status =
        freeze ? session_run_format(session, error, "BEGIN; TRUNCATE TABLE ONLY %s", table->qualified)
               : session_run(session, "BEGIN", error);
    if (status == CUTOVER_OK)
        status = copy_in_open(copy, session, table->qualified, table->column_list, table->label, table->binary,
                              freeze, error);
    return status;
}

cutover_status fill_table_end(struct copy_in *copy, cutover_error **error)
{
    struct session *session = copy->session;
    cutover_status status = copy_in_finish(copy, error);

    return status != CUTOVER_OK ? status : session_run(session, "COMMIT", error);
}

/* A statement of the archive, as pg_restore would run it: with an empty search_path. */
cutover_status fill_run_entry(struct session *session, const struct toc_entry *entry, cutover_error **error)
{
    cutover_status status = session_run(session, entry->defn.bytes != NULL ? entry->defn.bytes : "", error);

    if (status != CUTOVER_OK)
        error_detail(error, "%s %s", entry->desc.bytes, entry->tag.bytes != NULL ? entry->tag.bytes : "");
    return status;
}

/* All entries of that kind that were not built: how many there are with a NULL session, else they run, in the archive's order. */
static cutover_status entries_run(struct fill *fill, const char *desc, struct session *session, size_t *count,
                                  cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    *count = 0;
    for (size_t i = 0; status == CUTOVER_OK && i < fill->toc.count; i++) {
        const struct toc_entry *entry = &fill->toc.entries[i];
        if (!is_named(entry, desc) || is_built(fill, entry))
            continue;
        ++*count;
        if (session != NULL)
            status = fill_run_entry(session, entry, error);
    }
    return status;
}

static cutover_status toc_read(struct fill *fill, cutover_error **error)
{
    struct text folder = TEXT_INIT;
    char *bytes = NULL;
    size_t count = 0;
    cutover_status status;

    text_add_format(&folder, "%s/%s", fill->folder, fill->name);
    if (text_failed(&folder))
        status = error_nomem(error);
    else
        status = folder_read(text_string(&folder), ARCHIVE_TOC, ARCHIVE_TOC_LIMIT, &bytes, &count, error);
    if (status == CUTOVER_OK)
        status = toc_parse(bytes, count, &fill->toc, error);
    free(bytes);
    text_free(&folder);
    for (size_t i = 0; status == CUTOVER_OK && i < fill->toc.count && !fill->has_large_objects; i++)
        fill->has_large_objects = largeobject_is_group(&fill->toc.entries[i]);
    return status;
}

/* ---- the loader ---- */

static int name_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Who owns what is in the archive; the names are the archive's. */
static cutover_status owners_list(const struct toc *toc, char ***names, size_t *count, cutover_error **error)
{
    size_t kept = 0;

    *count = 0;
    *names = calloc(toc->count + 1, sizeof **names);
    if (*names == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < toc->count; i++)
        if (toc->entries[i].owner.bytes != NULL && toc->entries[i].owner.bytes[0] != '\0')
            (*names)[(*count)++] = toc->entries[i].owner.bytes;
    qsort(*names, *count, sizeof **names, name_order);
    for (size_t i = 0; i < *count; i++)
        if (i == 0 || strcmp((*names)[i], (*names)[kept - 1]) != 0)
            (*names)[kept++] = (*names)[i];
    *count = kept;
    return CUTOVER_OK;
}

/* Without a loader what others wrote would run with our rights. */
static cutover_status refuse_evaluated(struct fill *fill, cutover_error **error)
{
    char *list = NULL;
    cutover_status status = loader_evaluated(fill->session, &list, error);

    if (status == CUTOVER_OK && list != NULL) {
        status = error_set(error, CUTOVER_E_FORBIDDEN,
                           "what the database's owners wrote would run with the rights of our role");
        error_detail(error, "%s", list);
        error_hint(error, LOADER_HINT);
    }
    free(list);
    return status;
}

static cutover_status loader_get(struct fill *fill, const char *owners, cutover_error **error)
{
    bool can = false;

    if (fill->given_loader != NULL)
        return loader_take(fill->control, fill->given_loader, fill->database, owners, &fill->loader, error);
    cutover_status status = loader_can_make(fill->control, owners, &can, error);
    if (status != CUTOVER_OK)
        return status;
    /* Twice what is open at a time: a session that was closed takes a moment to be gone. */
    if (can)
        return loader_make(fill->control, fill->conninfo, fill->database, owners, 2 * fill->operation->jobs + 2,
                           &fill->loader, error);
    fill->without_loader = true;
    return CUTOVER_OK;
}

static cutover_status loader_begin(struct fill *fill, cutover_error **error)
{
    char **names = NULL, *owners = NULL;
    size_t count = 0;

    if ((fill->operation->host->policy & CUTOVER_POLICY_TRUST_OWNERS) != 0)
        return CUTOVER_OK;
    cutover_status status = owners_list(&fill->toc, &names, &count, error);
    if (status == CUTOVER_OK)
        status = loader_owners(fill->control, names, count, &owners, error);
    if (status == CUTOVER_OK && strcmp(owners, "{}") != 0)
        status = loader_get(fill, owners, error);
    free(owners);
    free(names);
    return status;
}

/* Runs with a session of the loader's, ticking. */
struct loader_act {
    struct fill *fill;
    cutover_status (*run)(struct fill *fill, struct session *session, cutover_error **error);
};

static cutover_status loader_run(void *context, const struct cancel *cancel, cutover_error **error)
{
    struct loader_act *act = context;
    struct session *session = NULL;

    cutover_status status = fill_session(act->fill, cancel, &session, error);
    if (status == CUTOVER_OK)
        status = act->run(act->fill, session, error);
    session_close(session);
    return status;
}

static cutover_status as_loader(struct fill *fill,
                                cutover_status (*run)(struct fill *fill, struct session *session,
                                                      cutover_error **error),
                                cutover_error **error)
{
    struct loader_act act = {fill, run};

    return progress_while(&fill->operation->progress, loader_run, &act, error);
}

static cutover_status partitions_attach(struct fill *fill, struct session *session, cutover_error **error)
{
    size_t count;

    return entries_run(fill, "TABLE ATTACH", session, &count, error);
}

/* What it may do in the schemas and with the tables that are there now. */
static cutover_status loader_let_in(struct fill *fill, cutover_error **error)
{
    if (fill->loader.role != NULL)
        return loader_enter(fill->session, &fill->loader, error);
    return fill->without_loader ? refuse_evaluated(fill, error) : CUTOVER_OK;
}

static cutover_status aggregate_run(struct fill *fill, struct session *session, cutover_error **error)
{
    return fill_run_entry(session, fill->aggregate, error);
}

/* "DROP AGGREGATE s.n(…);" names it as ALTER does, too. */
static cutover_status aggregate_give(struct fill *fill, const struct toc_entry *entry, cutover_error **error)
{
    static const char drop[] = "DROP ";
    const char *name = entry->drop.bytes != NULL ? entry->drop.bytes : "";
    struct text sql = TEXT_INIT;

    if (strncmp(name, drop, strlen(drop)) != 0)
        return error_set(error, CUTOVER_E_INTERNAL, "the archive does not say how aggregate %s is called",
                         entry->tag.bytes);
    text_add_format(&sql, "ALTER %.*s OWNER TO ", (int)strcspn(name + strlen(drop), ";"), name + strlen(drop));
    quote_identifier(&sql, entry->owner.bytes);
    cutover_status status =
        text_failed(&sql) ? error_nomem(error) : session_run(fill->session, text_string(&sql), error);
    text_free(&sql);
    return status;
}

static cutover_status aggregate_make(struct fill *fill, const struct toc_entry *entry, cutover_error **error)
{
    cutover_status status = loader_let_in(fill, error);

    fill->aggregate = entry;
    if (status == CUTOVER_OK)
        status = as_loader(fill, aggregate_run, error);
    return status != CUTOVER_OK ? status : aggregate_give(fill, entry, error);
}

/* All of "pre-data", around the aggregates that are the loader's to make: what follows may depend on these. */
static cutover_status pre_data_fill(struct fill *fill, cutover_error **error)
{
    struct schema_act act = {fill, PART_PRE_DATA, false, 0, 0};
    cutover_status status = CUTOVER_OK;

    for (size_t at = 0; fill->loader.role != NULL && status == CUTOVER_OK && at < fill->toc.count; at++) {
        if (!is_checked_aggregate(&fill->toc.entries[at]))
            continue;
        act.to = at;
        if (act.to > act.from)
            status = progress_while(&fill->operation->progress, schema_restore, &act, error);
        if (status == CUTOVER_OK)
            status = aggregate_make(fill, &fill->toc.entries[at], error);
        /* Its comment, label and grants: at the head of a list pg_restore takes them for entries of the section that the last
           unlisted one is of. */
        while (status == CUTOVER_OK && at + 1 < fill->toc.count &&
               fill->toc.entries[at + 1].section == TOC_SECTION_NONE)
            status = fill_run_entry(fill->session, &fill->toc.entries[++at], error);
        act.from = at + 1;
    }
    act.to = act.from == 0 ? 0 : fill->toc.count;
    return status != CUTOVER_OK ? status
                                : progress_while(&fill->operation->progress, schema_restore, &act, error);
}

cutover_status fill_begin(struct fill *fill, cutover_error **error)
{
    size_t partitions = 0;

    cutover_status status = toc_read(fill, error);
    if (status == CUTOVER_OK)
        status = session_of(fill, fill->conninfo, &fill->operation->cancel, &fill->session, error);
    if (status == CUTOVER_OK)
        status = loader_begin(fill, error);
    if (status == CUTOVER_OK)
        status = pre_data_fill(fill, error);
    if (status == CUTOVER_OK && fill->has_large_objects)
        status = schema_fill(fill, PART_LARGE_OBJECTS, false, error);
    if (status == CUTOVER_OK)
        status = loader_let_in(fill, error);
    if (status == CUTOVER_OK)
        status = entries_run(fill, "TABLE ATTACH", NULL, &partitions, error);
    if (status == CUTOVER_OK && partitions > 0)
        status = as_loader(fill, partitions_attach, error);
    return status == CUTOVER_OK ? checks_set_aside(fill->session, &fill->checks, error) : status;
}

static cutover_status sequences_set(struct session *session, const struct manifest_sequence *sequences,
                                    size_t count, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < count;) {
        struct text sql = TEXT_INIT;
        size_t end = count - i > SEQUENCES_AT_ONCE ? i + SEQUENCES_AT_ONCE : count;
        text_add(&sql, "SELECT 1");
        for (; i < end; i++) {
            struct text name = TEXT_INIT;
            quote_qualified(&name, sequences[i].schema, sequences[i].name);
            text_add(&sql, ", pg_catalog.setval(");
            quote_literal(&sql, text_string(&name));
            text_add_format(&sql, ", %" PRId64 ", %s)", sequences[i].last_value,
                            sequences[i].is_called ? "true" : "false");
            text_free(&name);
        }
        status = text_failed(&sql) ? error_nomem(error) : session_run(session, text_string(&sql), error);
        text_free(&sql);
    }
    return status;
}

static cutover_status checks_back(struct fill *fill, struct session *session, cutover_error **error)
{
    return checks_put_back(session, &fill->checks, error);
}

static cutover_status keys_add(struct fill *fill, struct session *session, cutover_error **error)
{
    size_t count;

    return entries_run(fill, "FK CONSTRAINT", session, &count, error);
}

/* As production's own sessions would fill them. */
static cutover_status views_run(struct fill *fill, struct session *session, cutover_error **error)
{
    const char *database = conninfo_get(fill->conninfo, "dbname");
    PGresult *result = NULL;
    size_t count;

    cutover_status status = session_query(session, pins_own_forms_sql, 1, &database, &result, error);
    PQclear(result);
    return status != CUTOVER_OK ? status : entries_run(fill, "MATERIALIZED VIEW DATA", session, &count, error);
}

static cutover_status views_refresh(struct fill *fill, cutover_error **error)
{
    size_t count = 0;
    cutover_status status = entries_run(fill, "MATERIALIZED VIEW DATA", NULL, &count, error);

    return status != CUTOVER_OK || count == 0 ? status : as_loader(fill, views_run, error);
}

/* Foreign keys that were not built beside the rows (of partitioned tables) come before policies: nothing hides rows from them. */
static cutover_status keys_fill(struct fill *fill, size_t keys, cutover_error **error)
{
    if (keys == 0)
        return CUTOVER_OK;
    cutover_status status = schema_fill(fill, PART_INDEXES, true, error);
    return status != CUTOVER_OK ? status : as_loader(fill, keys_add, error);
}

cutover_status fill_end(struct fill *fill, const struct manifest_sequence *sequences, size_t count,
                        cutover_error **error)
{
    struct progress *progress = &fill->operation->progress;
    size_t keys = 0;

    cutover_status status = sequences_set(fill->session, sequences, count, error);
    if (status == CUTOVER_OK)
        status = entries_run(fill, "FK CONSTRAINT", NULL, &keys, error);
    if (status != CUTOVER_OK)
        return status;
    progress_begin(progress, fill->index_phase, 0, 0);
    if (fill->checks.add.length > 0)
        status = as_loader(fill, checks_back, error);
    if (status == CUTOVER_OK)
        status = keys_fill(fill, keys, error);
    if (status == CUTOVER_OK)
        status = schema_fill(fill, PART_REST, keys > 0, error);
    if (status == CUTOVER_OK)
        status = views_refresh(fill, error);
    progress_end(progress);
    return status;
}

/* Only then: each of our commands would fire them, in our session. To make one fires none. */
static cutover_status event_triggers_make(const struct fill *fill, cutover_error **error)
{
    for (size_t i = 0; i < fill->toc.count; i++)
        if (is_named(&fill->toc.entries[i], "EVENT TRIGGER"))
            return schema_fill(fill, PART_EVENT_TRIGGERS, false, error);
    return CUTOVER_OK;
}

cutover_status fill_finish(struct fill *fill, cutover_error **error)
{
    cutover_status status = loader_leave(fill->session, &fill->loader, error);

    if (status == CUTOVER_OK)
        status = loader_end(fill->control, fill->database, &fill->loader, error);
    return status != CUTOVER_OK ? status : event_triggers_make(fill, error);
}

void fill_close(struct fill *fill)
{
    session_close(fill->session);
    fill->session = NULL;
    toc_free(&fill->toc);
    loader_free(&fill->loader);
    checks_free(&fill->checks);
}
