/*
 * The store in a schema of a PostgreSQL database: links, as many as calls run at once, and what is done when one is lost.
 */
#include "base/cancel.h"
#include "base/clock.h"
#include "postgres/quote.h"
#include "store/port.h"
#include "store/stored.h"
#include "store_postgres/commit.h"
#include "store_postgres/layout.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 10000
#define TIMEOUT_MS_LEAST 1000
#define TIMEOUT_MS_MOST 3600000
#define SCHEMA_BYTES 63 /* PostgreSQL cuts longer names */
#define LINKS_KEPT 4    /* while no call runs */
#define PAUSE_MS_FIRST 10
#define PAUSE_MS_MOST 500

static const cutover_store_postgres_options options_initial = CUTOVER_STORE_POSTGRES_OPTIONS_INIT;
static const struct port options_port = {&options_initial, sizeof(cutover_store_postgres_options),
                                         CUTOVER_STORE_POSTGRES_OPTIONS_VERSION, NULL, NULL};

cutover_status cutover_store_postgres_options_init(cutover_store_postgres_options *options, unsigned version)
{
    return port_init(&options_port, options, version);
}

struct postgres_store {
    pid_t owner; /* a connection is of no use in a forked child (EDGE_CASES G7) */
    struct conninfo conninfo;
    char *schema;
    char *path_sql; /* link_path() */
    char *name;     /* for errors: DATABASE.SCHEMA */
    int64_t timeout_us;
    pthread_mutex_t mutex; /* of what follows */
    struct link *idle;
    unsigned idle_count;
};

static const char get_sql[] = "SELECT id, project_id, version, body FROM document WHERE kind = $1 AND id = $2";
static const char list_sql[] = "SELECT id, project_id, version, body FROM document"
                               " WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3::integer";
static const char list_project_sql[] = "SELECT id, project_id, version, body FROM document"
                                       " WHERE kind = $1 AND project_id = $4 AND id > $2 ORDER BY id"
                                       " LIMIT $3::integer";

/* ---- links */

static struct link *take_idle(struct postgres_store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct link *link = store->idle;
    if (link != NULL) {
        store->idle = link->next;
        store->idle_count--;
    }
    pthread_mutex_unlock(&store->mutex);
    return link;
}

static void give_back(struct postgres_store *store, struct link *link)
{
    pthread_mutex_lock(&store->mutex);
    bool keep = store->idle_count < LINKS_KEPT && link->session->connection != NULL;
    if (keep) {
        link->next = store->idle;
        store->idle = link;
        store->idle_count++;
    }
    pthread_mutex_unlock(&store->mutex);
    if (!keep)
        link_close(link);
}

static cutover_status open_link(const struct postgres_store *store, int64_t deadline_us, struct link **link,
                                cutover_error **error)
{
    return link_open(&store->conninfo, store->path_sql, deadline_us, link, error);
}

static void close_idle(struct postgres_store *store)
{
    struct link *link;

    while ((link = take_idle(store)) != NULL)
        link_close(link);
}

/* ---- calls */

/* What the server said, in the port's terms. */
static cutover_status failed(const struct postgres_store *store, const cutover_error *failure,
                             bool could_not_tell, cutover_error **error)
{
    cutover_status code = cutover_error_code(failure);

    if (code == CUTOVER_E_NOMEM)
        return error_nomem(error);
    if (code != CUTOVER_E_UNSUPPORTED && code != CUTOVER_E_INVALID)
        code = CUTOVER_E_STORE;
    error_set(error, code, "store %s: %s%s", store->name,
              could_not_tell ? "could not tell whether the commit was applied: " : "",
              cutover_error_message(failure));
    if (cutover_error_detail(failure) != NULL)
        error_detail(error, "%s", cutover_error_detail(failure));
    if (could_not_tell)
        error_hint(error, "Read the documents once the server answers, and act by what they say.");
    else if (cutover_error_hint(failure) != NULL)
        error_hint(error, "%s", cutover_error_hint(failure));
    if (cutover_error_sqlstate(failure) != NULL)
        error_sqlstate(error, cutover_error_sqlstate(failure));
    return code;
}

/* What is tried on one link after the other until it is answered. */
struct call {
    struct commit *commit; /* or a statement, whose result is `result` */
    const struct link_statement *statement;
    PGresult *result;
};

/* Each try has half of what is left, so that one whose network is gone leaves time for another. */
static cutover_status try_once(struct postgres_store *store, struct call *call, bool *lost, int64_t deadline_us,
                               cutover_error **failure)
{
    int64_t now_us = monotonic_us(), until_us = now_us + (deadline_us - now_us) / 2;
    struct link *link = take_idle(store);
    cutover_status status = CUTOVER_OK;

    if (link == NULL)
        status = open_link(store, until_us, &link, failure);
    if (status != CUTOVER_OK)
        return status;
    if (call->commit != NULL)
        status = commit_run(call->commit, link, *lost, until_us, failure);
    else
        status = link_run(link, until_us, call->statement, 1, &call->result, failure);
    if (status == CUTOVER_OK || status == CUTOVER_E_CONFLICT) {
        give_back(store, link);
        return status;
    }
    link_close(link);
    /* A server that goes ends all its sessions. */
    if (link_was_lost(*failure)) {
        *lost = true;
        close_idle(store);
    }
    return status;
}

static cutover_status run(struct postgres_store *store, struct call *call, cutover_error **error)
{
    int64_t deadline_us = monotonic_us() + store->timeout_us, pause_ms = PAUSE_MS_FIRST;
    bool lost = false;

    if (store->owner != getpid()) {
        error_set(error, CUTOVER_E_STORE, "store %s was opened by another process, before fork()", store->name);
        error_hint(error, "Open the store anew in the child process.");
        return CUTOVER_E_STORE;
    }
    for (;;) {
        cutover_error *failure = NULL;
        cutover_status status = try_once(store, call, &lost, deadline_us, &failure);

        if (status == CUTOVER_OK || status == CUTOVER_E_CONFLICT) {
            error_move(error, failure);
            return status;
        }
        /* A standby is what a failover makes of a primary: soon there is another. */
        bool retry = link_may_retry(failure) || status == CUTOVER_E_UNSUPPORTED;
        if (!retry || monotonic_us() + pause_ms * 1000 >= deadline_us) {
            status = failed(store, failure, lost && call->commit != NULL, error);
            cutover_error_free(failure);
            return status;
        }
        cutover_error_free(failure);
        cancel_sleep(NULL, pause_ms, NULL);
        pause_ms = pause_ms * 2 < PAUSE_MS_MOST ? pause_ms * 2 : PAUSE_MS_MOST;
    }
}

static cutover_status read_documents(struct postgres_store *store, const char *kind,
                                     const struct link_statement *statement, struct stored_list *list,
                                     cutover_error **error)
{
    struct call call = {.statement = statement};
    cutover_status status = run(store, &call, error);

    for (int row = 0; status == CUTOVER_OK && row < PQntuples(call.result); row++) {
        const cutover_document document = {
            kind, PQgetvalue(call.result, row, 0), PQgetvalue(call.result, row, 1),
            strtoull(PQgetvalue(call.result, row, 2), NULL, 10), PQgetvalue(call.result, row, 3)};
        status = stored_list_add(list, stored_new(&document), error);
    }
    PQclear(call.result);
    return status;
}

static cutover_status postgres_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                   cutover_error **error, void *userdata)
{
    struct postgres_store *store = userdata;
    const char *const values[] = {kind, id};
    const struct link_statement statement = {get_sql, 2, values};
    struct stored_list list = {0};
    cutover_status status = store_check_get(kind, id, emit, error);

    if (status == CUTOVER_OK)
        status = read_documents(store, kind, &statement, &list, error);
    if (status == CUTOVER_OK && list.count == 0)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "no %s %s", kind, id);
    if (status == CUTOVER_OK)
        status = stored_list_emit(&list, emit, context);
    stored_list_free(&list);
    return status;
}

static cutover_status postgres_list(const char *kind, const char *project_id, const char *after_id,
                                    uint32_t limit, cutover_document_emit emit, void *context,
                                    cutover_error **error, void *userdata)
{
    struct postgres_store *store = userdata;
    char most[12];
    const char *const values[] = {kind, after_id, most, project_id};
    const struct link_statement statement = {project_id != NULL ? list_project_sql : list_sql,
                                             project_id != NULL ? 4 : 3, values};
    struct stored_list list = {0};
    cutover_status status = store_check_list(kind, after_id, limit, emit, error);

    snprintf(most, sizeof most, "%" PRIu32, limit);
    if (status == CUTOVER_OK)
        status = read_documents(store, kind, &statement, &list, error);
    if (status == CUTOVER_OK)
        status = stored_list_emit(&list, emit, context);
    stored_list_free(&list);
    return status;
}

static cutover_status postgres_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                      void *userdata)
{
    struct postgres_store *store = userdata;
    struct commit commit;
    struct call call = {.commit = &commit};
    cutover_status status = store_check_commit(writes, count, error);

    for (size_t i = 0; i < count && status == CUTOVER_OK; i++)
        if (writes[i]->expected_version > INT64_MAX)
            status = store_conflict(writes[i], error);
    if (status != CUTOVER_OK)
        return status;
    status = commit_build(&commit, store->schema, writes, count, error);
    if (status == CUTOVER_OK)
        status = run(store, &call, error);
    commit_free(&commit);
    return status;
}

static void postgres_close(void *userdata)
{
    struct postgres_store *store = userdata;

    close_idle(store);
    pthread_mutex_destroy(&store->mutex);
    conninfo_free(&store->conninfo);
    free(store->schema);
    free(store->name);
    free(store->path_sql);
    free(store);
}

/* ---- opening */

static cutover_status take_options(const cutover_store_postgres_options *given,
                                   cutover_store_postgres_options *options, cutover_error **error)
{
    cutover_status status =
        given == NULL ? CUTOVER_OK : port_copy(&options_port, "options", given, options, error);

    if (status != CUTOVER_OK)
        return status;
    if (options->schema == NULL)
        options->schema = "cutover";
    if (options->timeout_ms == 0)
        options->timeout_ms = TIMEOUT_MS;
    if (options->timeout_ms < TIMEOUT_MS_LEAST || options->timeout_ms > TIMEOUT_MS_MOST)
        return error_set(error, CUTOVER_E_INVALID, "options.timeout_ms must be 0 or %d to %d, it is %u",
                         TIMEOUT_MS_LEAST, TIMEOUT_MS_MOST, options->timeout_ms);
    if (strlen(options->schema) > SCHEMA_BYTES)
        return error_set(error, CUTOVER_E_INVALID, "options.schema must have at most %d bytes, it has %zu",
                         SCHEMA_BYTES, strlen(options->schema));
    return text_check("options.schema", options->schema, 1, SCHEMA_BYTES, error);
}

/* With several hosts a session on a standby is of no use, and the next one may be the primary. */
static cutover_status take_conninfo(struct postgres_store *store, const char *given, cutover_error **error)
{
    cutover_status status = conninfo_check("conninfo", given, CONNINFO_DATABASE, error);

    if (status == CUTOVER_OK)
        status = conninfo_parse("conninfo", given, &store->conninfo, error);
    if (status != CUTOVER_OK)
        return status;
    const char *host = conninfo_get(&store->conninfo, "host"),
               *address = conninfo_get(&store->conninfo, "hostaddr");
    const char *attributes = conninfo_get(&store->conninfo, "target_session_attrs");
    bool several =
        (host != NULL && strchr(host, ',') != NULL) || (address != NULL && strchr(address, ',') != NULL);
    if (several && (attributes == NULL || strcmp(attributes, "any") == 0))
        status = conninfo_set(&store->conninfo, "target_session_attrs", "primary", error);
    return status;
}

static cutover_status prepare(struct postgres_store *store, const char *schema, cutover_error **error)
{
    struct text name = TEXT_INIT;

    text_add_format(&name, "%s.%s", conninfo_get(&store->conninfo, "dbname"), schema);
    store->name = text_take(&name);
    store->schema = strdup(schema);
    store->path_sql = link_path(schema);
    if (store->name == NULL || store->schema == NULL || store->path_sql == NULL)
        return error_nomem(error);
    return CUTOVER_OK;
}

/* Once: who waits for a server that is not there yet does it by himself. */
static cutover_status connect_first(struct postgres_store *store, cutover_error **error)
{
    cutover_error *failure = NULL;
    struct link *link = NULL;
    cutover_status status = open_link(store, monotonic_us() + store->timeout_us, &link, &failure);

    if (status == CUTOVER_OK)
        status = layout_ensure(link, store->schema, &failure);
    if (status == CUTOVER_OK) {
        give_back(store, link);
        return status;
    }
    link_close(link);
    status = failed(store, failure, false, error);
    cutover_error_free(failure);
    return status;
}

static cutover_status fill(struct postgres_store *store, const char *conninfo,
                           const cutover_store_postgres_options *given, cutover_error **error)
{
    cutover_store_postgres_options options = CUTOVER_STORE_POSTGRES_OPTIONS_INIT;
    cutover_status status = take_options(given, &options, error);

    if (status == CUTOVER_OK)
        status = take_conninfo(store, conninfo, error);
    if (status == CUTOVER_OK)
        status = prepare(store, options.schema, error);
    store->timeout_us = (int64_t)options.timeout_ms * 1000;
    return status == CUTOVER_OK ? connect_first(store, error) : status;
}

cutover_status cutover_store_postgres_open(const char *conninfo, const cutover_store_postgres_options *options,
                                           cutover_store *store, cutover_error **error)
{
    error_begin(error);
    cutover_status status = port_check(&store_port, "store", store, error);

    if (status == CUTOVER_OK && conninfo == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "conninfo: required");
    if (status != CUTOVER_OK)
        return status;
    struct postgres_store *opened = calloc(1, sizeof *opened);
    if (opened == NULL || pthread_mutex_init(&opened->mutex, NULL) != 0) {
        free(opened);
        return error_nomem(error);
    }
    opened->owner = getpid();
    status = fill(opened, conninfo, options, error);
    if (status != CUTOVER_OK) {
        postgres_close(opened);
        return status;
    }
    const cutover_store whole = {
        .capabilities = CUTOVER_STORE_DURABLE | CUTOVER_STORE_SHARED,
        .userdata = opened,
        .get = postgres_get,
        .list = postgres_list,
        .commit = postgres_commit,
        .close = postgres_close,
    };
    port_fill(&store_port, &whole, store);
    return CUTOVER_OK;
}
