#include "transfer/fill.h"

#include "postgres/quote.h"

#include <inttypes.h>
#include <string.h>

/* How many setval calls go in one statement. */
#define SEQUENCES_AT_ONCE 200

/* The pages of an index go to the WAL whole: compressed they are half as much to write. Who may not set it, or whose server has
   no lz4, writes more. */
static const char settings_sql[] = "SET synchronous_commit = off; SET maintenance_work_mem = '%uMB';"
                                   " SELECT pg_catalog.set_config('wal_compression', 'lz4', false)"
                                   " FROM pg_catalog.pg_settings WHERE name = 'wal_compression'"
                                   " AND setting = 'off' AND 'lz4' = ANY (enumvals)"
                                   " AND pg_catalog.current_setting('is_superuser') = 'on'";

struct schema_act {
    const struct fill *fill;
    const char *section;
    enum restore_event_triggers event_triggers;
};

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
        /* What is left once the indexes are there (attached partitions and their foreign keys) takes locks of two tables at
           once, and side by side it may deadlock (EDGE_CASES A11). */
        .jobs = strcmp(act->section, "pre-data") == 0 || fill->has_built != NULL ||
                        act->event_triggers == EVENT_TRIGGERS_ALONE
                    ? 1
                    : operation->jobs,
        .maintenance_mem_mb = operation->host->maintenance_mem_mb,
        .leave_out = fill->has_built,
        .leave_out_context = fill->built,
        .no_comments_on_extensions = true,
        .event_triggers = act->event_triggers,
        .cancel = cancel,
    };

    return tools_restore_schema(&operation->tools, &restore, error);
}

/* "pre-data" (one stream) or "post-data" (jobs streams), ticking. */
static cutover_status schema_fill(const struct fill *fill, const char *section,
                                  enum restore_event_triggers event_triggers, cutover_error **error)
{
    struct schema_act act = {fill, section, event_triggers};

    return progress_while(&fill->operation->progress, schema_restore, &act, error);
}

cutover_status fill_session(const struct fill *fill, const struct cancel *cancel, struct session **session,
                            cutover_error **error)
{
    struct session_options options = operation_session(fill->operation, fill->conninfo, fill->database);
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

cutover_status fill_begin(struct fill *fill, cutover_error **error)
{
    cutover_status status = schema_fill(fill, "pre-data", EVENT_TRIGGERS_LEFT_OUT, error);

    if (status == CUTOVER_OK)
        status = fill_session(fill, &fill->operation->cancel, &fill->session, error);
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

static cutover_status checks_act(void *context, const struct cancel *cancel, cutover_error **error)
{
    const struct fill *fill = context;

    (void)cancel;
    return checks_put_back(fill->session, &fill->checks, error);
}

cutover_status fill_end(struct fill *fill, const struct manifest_sequence *sequences, size_t count,
                        cutover_error **error)
{
    struct progress *progress = &fill->operation->progress;
    cutover_status status = sequences_set(fill->session, sequences, count, error);

    if (status != CUTOVER_OK)
        return status;
    progress_begin(progress, fill->index_phase, 0, 0);
    status = progress_while(progress, checks_act, fill, error);
    if (status == CUTOVER_OK)
        status = schema_fill(fill, "post-data", EVENT_TRIGGERS_LEFT_OUT, error);
    progress_end(progress);
    return status;
}

cutover_status fill_event_triggers(const struct fill *fill, cutover_error **error)
{
    return schema_fill(fill, "post-data", EVENT_TRIGGERS_ALONE, error);
}

void fill_close(struct fill *fill)
{
    session_close(fill->session);
    fill->session = NULL;
    checks_free(&fill->checks);
}
