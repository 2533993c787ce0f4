#include "transfer/fill_private.h"

#include "base/folder.h"
#include "postgres/catalog/versions.h"
#include "postgres/largeobject_entries.h"
#include "postgres/public_schema.h"
#include "postgres/quote.h"
#include "postgres/version.h"
#include "transfer/archive.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How many setval calls go in one statement. */
#define SEQUENCES_AT_ONCE 200

#define CONNECTION_RETRY_MS 100
#define CONNECTION_WAIT_MS 10000

/* The pages of an index go to the WAL whole: compressed they are half as much to write. Who may not set it, or whose server has
   no lz4, writes more; a loader that we make has it from its role. */
static const char settings_sql[] = "SET synchronous_commit = off; SET maintenance_work_mem = '%uMB';"
                                   " SELECT pg_catalog.set_config('wal_compression', 'lz4', false)"
                                   " FROM pg_catalog.pg_settings WHERE name = 'wal_compression'"
                                   " AND setting = 'off' AND 'lz4' = ANY (enumvals)"
                                   " AND pg_catalog.current_setting('is_superuser') = 'on'";

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

static bool is_of_class(const cutover_error *error, const char *class)
{
    const char *sqlstate = error != NULL ? cutover_error_sqlstate(error) : NULL;

    return sqlstate != NULL && strncmp(sqlstate, class, strlen(class)) == 0;
}

/* A session of the loader's that was closed counts until its process is gone, and nothing is reserved for it: 53300 may pass. */
static cutover_status loader_session(const struct fill *fill, const struct cancel *cancel,
                                     struct session **session, cutover_error **error)
{
    for (int64_t waited_ms = 0;; waited_ms += CONNECTION_RETRY_MS) {
        cutover_error *refused = NULL;
        cutover_status status = session_of(fill, &fill->loader.conninfo, cancel, session, &refused);
        if (status == CUTOVER_OK || waited_ms >= CONNECTION_WAIT_MS || !is_of_class(refused, "53300")) {
            error_move(error, refused);
            return status;
        }
        if (waited_ms == 0)
            log_line(&fill->operation->host->log, LOG_INFO_LEVEL,
                     "waiting for a connection of login \"%s\": %s", fill->loader.role,
                     cutover_error_message(refused));
        cutover_error_free(refused);
        status = cancel_sleep(cancel, CONNECTION_RETRY_MS, error);
        if (status != CUTOVER_OK)
            return status;
    }
}

/* As every session of ours: what is parsed and printed in it does not depend on what is set for the database. */
static cutover_status session_plain(const struct fill *fill, const struct cancel *cancel,
                                    struct session **session, cutover_error **error)
{
    if (fill->loader.role == NULL)
        return session_of(fill, fill->conninfo, cancel, session, error);
    cutover_status status = loader_session(fill, cancel, session, error);
    /* 28000 and 28P01: invalid authorization, invalid password. */
    if (status != CUTOVER_OK && error != NULL && is_of_class(*error, "28"))
        error_hint(error,
                   "The server's pg_hba.conf must let the login \"%s\" into database \"%s\" by password "
                   "(scram-sha-256), from where "
                   "the library connects; or give project.loader_database a login that it lets in.",
                   fill->loader.role, fill->database);
    return status;
}

cutover_status fill_session(const struct fill *fill, const struct cancel *cancel, struct session **session,
                            cutover_error **error)
{
    struct session *opened = NULL;
    cutover_status status = session_plain(fill, cancel, &opened, error);

    if (status == CUTOVER_OK)
        status = own_settings_apply(opened, &fill->own, error);
    if (status != CUTOVER_OK) {
        session_close(opened);
        return status;
    }
    *session = opened;
    return CUTOVER_OK;
}

cutover_status fill_own_path(const struct fill *fill, struct session *session, bool for_transaction,
                             cutover_error **error)
{
    return fill->loader.role != NULL ? own_settings_path(session, &fill->own, for_transaction, error)
                                     : CUTOVER_OK;
}

cutover_status fill_table_begin(const struct fill *fill, struct copy_in *copy, struct session *session,
                                const struct table *table, bool whole, cutover_error **error)
{
    bool freeze = whole && !table->extension_config;

    cutover_status status =
        freeze ? session_run_format(session, error, "BEGIN; TRUNCATE TABLE ONLY %s", table->qualified)
               : session_run(session, "BEGIN", error);
    if (status == CUTOVER_OK)
        status = fill_own_path(fill, session, true, error);
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

/* Undefined function, table, object; invalid schema name. */
static bool is_not_found(const cutover_error *error)
{
    return is_of_class(error, "42883") || is_of_class(error, "42P01") || is_of_class(error, "42704") ||
           is_of_class(error, "3F000");
}

/* Runs it again with the database's own search_path where it did not find something, and there is a loader. */
static cutover_status again_with_path(const struct fill *fill, struct session *session, loader_run_fn run,
                                      void *context, cutover_error **error)
{
    cutover_error *first = NULL;
    cutover_status status = run(context, session, &first);

    if (status == CUTOVER_OK || fill->loader.role == NULL || !is_not_found(first)) {
        error_move(error, first);
        return status;
    }
    cutover_error_free(first);
    status = fill_own_path(fill, session, false, error);
    if (status == CUTOVER_OK)
        status = run(context, session, error);
    return status == CUTOVER_OK ? session_run(session, "SET search_path = ''", error) : status;
}

static cutover_status entry_run(void *context, struct session *session, cutover_error **error)
{
    return fill_run_entry(session, context, error);
}

cutover_status fill_evaluate_entry(const struct fill *fill, struct session *session,
                                   const struct toc_entry *entry, cutover_error **error)
{
    struct toc_entry copy = *entry;

    return again_with_path(fill, session, entry_run, &copy, error);
}

/* All entries of that kind: how many there are with a NULL session, else they run, in the archive's order. */
static cutover_status entries_run(struct fill *fill, const char *desc, struct session *session, size_t *count,
                                  cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    *count = 0;
    for (size_t i = 0; status == CUTOVER_OK && i < fill->toc.count; i++) {
        const struct toc_entry *entry = &fill->toc.entries[i];
        if (!fill_is_named(entry, desc))
            continue;
        ++*count;
        if (session != NULL)
            status = fill_evaluate_entry(fill, session, entry, error);
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
static cutover_status refused(const char *list, cutover_error **error)
{
    error_set(error, CUTOVER_E_FORBIDDEN,
              "what the database's owners wrote would run with the rights of our role");
    error_detail(error, "%s", list);
    error_hint(error, LOADER_HINT);
    return CUTOVER_E_FORBIDDEN;
}

static cutover_status refuse_evaluated(struct fill *fill, cutover_error **error)
{
    char *list = NULL;
    cutover_status status = loader_evaluated(fill->session, &list, error);

    if (status == CUTOVER_OK && list != NULL)
        status = refused(list, error);
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

struct loader_act {
    struct fill *fill;
    bool plain;
    loader_run_fn run;
    void *context;
};

static cutover_status loader_run(void *context, const struct cancel *cancel, cutover_error **error)
{
    struct loader_act *act = context;
    struct session *session = NULL;

    cutover_status status = act->plain ? session_plain(act->fill, cancel, &session, error)
                                       : fill_session(act->fill, cancel, &session, error);
    if (status == CUTOVER_OK)
        status = act->run(act->context, session, error);
    session_close(session);
    return status;
}

cutover_status fill_as_loader(struct fill *fill, loader_run_fn run, void *context, cutover_error **error)
{
    struct loader_act act = {fill, false, run, context};

    return progress_while(&fill->operation->progress, loader_run, &act, error);
}

static cutover_status partitions_attach(void *context, struct session *session, cutover_error **error)
{
    size_t count;

    return entries_run(context, "TABLE ATTACH", session, &count, error);
}

/* What it may do in the schemas and with the tables that are there now. */
static cutover_status loader_let_in(struct fill *fill, cutover_error **error)
{
    if (fill->loader.role != NULL)
        return loader_enter(fill->session, &fill->loader, error);
    return fill->without_loader ? refuse_evaluated(fill, error) : CUTOVER_OK;
}

/* Without a loader nothing that calls what owners wrote is even made: preflight said so of what it could see. */
static cutover_status evaluating_refuse(const struct fill *fill, cutover_error **error)
{
    struct text list = TEXT_INIT;

    if (fill->evaluating.count == 0)
        return CUTOVER_OK;
    for (size_t i = 0; i < fill->toc.count; i++)
        if (evaluating_has(&fill->evaluating, i))
            text_add_format(&list, "%s%s %s", list.length > 0 ? "\n" : "", fill->toc.entries[i].desc.bytes,
                            fill->toc.entries[i].tag.bytes);
    cutover_status status = text_failed(&list) ? error_nomem(error) : refused(text_string(&list), error);
    text_free(&list);
    return status;
}

/* Whether it belongs to a role that is there, and no superuser. */
static cutover_status is_an_owners(const struct fill *fill, const struct toc_entry *entry, bool *is,
                                   cutover_error **error)
{
    const char *parameters[] = {entry->owner.bytes};
    PGresult *result = NULL;

    cutover_status status =
        session_query(fill->control, "SELECT FROM pg_roles WHERE rolname = $1 AND NOT rolsuper", 1, parameters,
                      &result, error);
    *is = status == CUTOVER_OK && PQntuples(result) > 0;
    PQclear(result);
    return status;
}

/* Of the functions of a base type all but that of its modifiers can be written by superusers alone; that one is of this type. */
static bool is_called_by(const struct toc_entry *entry, const struct toc_entry *function)
{
    static const char of_modifiers[] = "(cstring[])";
    size_t length = function->tag.bytes != NULL ? strlen(function->tag.bytes) : 0;

    return fill_is_named(function, "FUNCTION") &&
           (!fill_is_named(entry, "TYPE") ||
            (length >= strlen(of_modifiers) &&
             strcmp(function->tag.bytes + length - strlen(of_modifiers), of_modifiers) == 0));
}

static cutover_status validators_refuse(const struct fill *fill, const struct toc_entry *entry,
                                        cutover_error **error)
{
    const char *when = fill_is_named(entry, "TYPE") ? "wherever it is named with modifiers" : "when it is made";
    cutover_status status = CUTOVER_OK;
    bool is = false;

    for (size_t i = 0; status == CUTOVER_OK && i < entry->dependency_count; i++) {
        size_t position = toc_position(&fill->toc, entry->dependencies[i]);
        const struct toc_entry *function = &fill->toc.entries[position];
        if (position == fill->toc.count || !is_called_by(entry, function))
            continue;
        status = is_an_owners(fill, function, &is, error);
        if (status != CUTOVER_OK || !is)
            continue;
        status =
            error_set(error, CUTOVER_E_FORBIDDEN, "%s %s calls %s of role %s %s, with the rights of our role",
                      entry->desc.bytes, entry->tag.bytes, function->tag.bytes, function->owner.bytes, when);
        error_hint(
            error,
            "Only superusers make these: give the function to one, or set CUTOVER_POLICY_TRUST_OWNERS if you "
            "trust all owners.");
    }
    return status;
}

/* Only a superuser may make what has a validator, and that may still be a function of somebody who is none. */
static cutover_status validators_check(const struct fill *fill, cutover_error **error)
{
    static const char *const descs[] = {"FOREIGN DATA WRAPPER", "PROCEDURAL LANGUAGE", "TYPE"};
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < fill->toc.count; i++)
        for (size_t k = 0; status == CUTOVER_OK && k < sizeof descs / sizeof *descs; k++)
            if (fill_is_named(&fill->toc.entries[i], descs[k]))
                status = validators_refuse(fill, &fill->toc.entries[i], error);
    return status;
}

static cutover_status evaluating_begin(struct fill *fill, cutover_error **error)
{
    if (fill->loader.role == NULL && !fill->without_loader)
        return CUTOVER_OK;
    cutover_status status = validators_check(fill, error);
    if (status == CUTOVER_OK)
        status = evaluating_find(&fill->toc, fill->without_loader, &fill->evaluating, error);
    return status == CUTOVER_OK && fill->without_loader ? evaluating_refuse(fill, error) : status;
}

cutover_status fill_begin(struct fill *fill, cutover_error **error)
{
    size_t partitions = 0;

    cutover_status status = toc_read(fill, error);
    if (status == CUTOVER_OK)
        status = session_of(fill, fill->conninfo, &fill->operation->cancel, &fill->session, error);
    if (status == CUTOVER_OK && fill->own.list == NULL)
        status = own_settings_read(fill->control, conninfo_get(fill->conninfo, "dbname"), &fill->own, error);
    if (status == CUTOVER_OK)
        status = loader_begin(fill, error);
    if (status == CUTOVER_OK)
        status = evaluating_begin(fill, error);
    if (status == CUTOVER_OK)
        status = fill_pre_data(fill, error);
    if (status == CUTOVER_OK && fill->has_large_objects)
        status = fill_large_objects(fill, error);
    if (status == CUTOVER_OK)
        status = loader_let_in(fill, error);
    if (status == CUTOVER_OK)
        status = entries_run(fill, "TABLE ATTACH", NULL, &partitions, error);
    if (status == CUTOVER_OK && partitions > 0)
        status = fill_as_loader(fill, partitions_attach, fill, error);
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

static cutover_status checks_run(void *context, struct session *session, cutover_error **error)
{
    const struct fill *fill = context;

    return checks_put_back(session, &fill->checks, error);
}

static cutover_status checks_back(void *context, struct session *session, cutover_error **error)
{
    return again_with_path(context, session, checks_run, context, error);
}

/* With the text forms of production's own sessions; a policy that their owner is under leaves rows out, as it does for him. */
static cutover_status views_run(void *context, struct session *session, cutover_error **error)
{
    struct fill *fill = context;
    const char *database = conninfo_get(fill->conninfo, "dbname");
    PGresult *result = NULL;
    size_t count;

    cutover_status status = session_query(session, pins_own_forms_sql, 1, &database, &result, error);
    PQclear(result);
    if (status == CUTOVER_OK)
        status = session_run(session, "SET row_security = on", error);
    return status != CUTOVER_OK ? status : entries_run(fill, "MATERIALIZED VIEW DATA", session, &count, error);
}

static cutover_status views_refresh(struct fill *fill, cutover_error **error)
{
    size_t count = 0;
    cutover_status status = entries_run(fill, "MATERIALIZED VIEW DATA", NULL, &count, error);

    return status != CUTOVER_OK || count == 0 ? status : fill_as_loader(fill, views_run, fill, error);
}

cutover_status fill_end(struct fill *fill, const struct manifest_sequence *sequences, size_t count,
                        cutover_error **error)
{
    struct progress *progress = &fill->operation->progress;

    cutover_status status = sequences_set(fill->session, sequences, count, error);
    if (status != CUTOVER_OK)
        return status;
    progress_begin(progress, fill->index_phase, 0, 0);
    if (fill->checks.add.length > 0)
        status = fill_as_loader(fill, checks_back, fill, error);
    if (status == CUTOVER_OK)
        status = fill_post_data(fill, error);
    if (status == CUTOVER_OK)
        status = views_refresh(fill, error);
    progress_end(progress);
    return status;
}

struct translation {
    int version;
    struct text *facts;
};

static cutover_status translate_run(void *context, struct session *session, cutover_error **error)
{
    const struct translation *translation = context;

    return catalog_facts_translate(session, translation->version, translation->facts, error);
}

cutover_status fill_translate(struct fill *fill, int version, struct text *facts, cutover_error **error)
{
    struct translation translation = {version, facts};
    struct loader_act act = {fill, true, translate_run, &translation};

    return postgres_major(version) == postgres_major(fill->session->server_version)
               ? CUTOVER_OK
               : progress_while(&fill->operation->progress, loader_run, &act, error);
}

cutover_status fill_finish(struct fill *fill, const char *facts, cutover_error **error)
{
    cutover_status status = loader_leave(fill->session, &fill->loader, error);

    if (status == CUTOVER_OK && fill->lent.length > 0)
        status = session_run(fill->session, text_string(&fill->lent), error);
    if (status == CUTOVER_OK)
        status = loader_end(fill->control, fill->database, &fill->loader, error);
    if (status == CUTOVER_OK)
        status = schema_grants_complete(fill->session, facts, error);
    if (status == CUTOVER_OK)
        status = template_leftovers_drop(fill->session, facts, error);
    return status != CUTOVER_OK ? status : fill_event_triggers(fill, error);
}

void fill_close(struct fill *fill)
{
    session_close(fill->session);
    fill->session = NULL;
    toc_free(&fill->toc);
    evaluating_free(&fill->evaluating);
    loader_free(&fill->loader);
    own_settings_free(&fill->own);
    checks_free(&fill->checks);
    text_free(&fill->lent);
}
