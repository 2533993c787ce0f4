#include "store_postgres/link.h"

#include "base/clock.h"
#include "postgres/quote.h"
#include "postgres/session_private.h"
#include "postgres/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char begin_sql[] = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE, NOT DEFERRABLE";

/* For this transaction alone. An answered commit is on the server's disk, and on the standby's that the server waits for. The wait for a
   standby is no statement's: statement_timeout would end it with a commit that looks like any other. */
static const char settings_sql[] =
    "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', $1, true),"
    " set_config('row_security', 'off', true), set_config('synchronous_commit',"
    "   CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, "
    "true)";

static const char where_sql[] =
    "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('server_encoding')";

/* ---- opening */

/* pg_catalog comes before all that is named; temporary tables would, too, and behind a pooler they are others'. */
char *link_path(const char *schema)
{
    struct text sql = TEXT_INIT;

    text_add(&sql, "SET LOCAL search_path = ");
    quote_identifier(&sql, schema);
    text_add(&sql, ", pg_temp");
    return text_take(&sql);
}

static void receive_notice(void *context, const PGresult *notice)
{
    struct link *link = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        link->warned = true;
}

static cutover_status standby_error(cutover_error **error)
{
    error_set(error, CUTOVER_E_UNSUPPORTED, "the server is a standby");
    error_hint(error, "Give the address of the primary server, or of all of them.");
    return CUTOVER_E_UNSUPPORTED;
}

static cutover_status check_server(struct link *link, cutover_error **error)
{
    int major = postgres_major(PQserverVersion(link->session->connection));
    const char *standby = PQparameterStatus(link->session->connection, "in_hot_standby");
    PGresult *result = NULL;
    cutover_status status = CUTOVER_OK;

    if (major < POSTGRES_OLDEST)
        return error_set(error, CUTOVER_E_UNSUPPORTED,
                         "the server is PostgreSQL %d; %d is the oldest that is known", major, POSTGRES_OLDEST);
    /* It takes no query of a role whose default is serializable. A pooler does not pass this parameter on. */
    if (standby != NULL && strcmp(standby, "on") == 0)
        return standby_error(error);
    status = session_query(link->session, where_sql, 0, NULL, &result, error);
    if (status != CUTOVER_OK)
        return status;
    if (result_bool(result, 0, 0)) {
        status = standby_error(error);
    } else if (strcmp(PQgetvalue(result, 0, 1), "UTF8") != 0) {
        status = error_set(error, CUTOVER_E_UNSUPPORTED, "the database's encoding is %s, it must be UTF8",
                           PQgetvalue(result, 0, 1));
        error_hint(error, "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 makes one for the store.");
    }
    PQclear(result);
    return status;
}

cutover_status link_open(const struct conninfo *conninfo, const char *path_sql, int64_t deadline_us,
                         struct link **link, cutover_error **error)
{
    int64_t left_us = deadline_us - monotonic_us();
    const struct session_options options = {
        .conninfo = conninfo,
        .connect_timeout_s = left_us > 1000000 ? (uint32_t)(left_us / 1000000) : 1,
        .client_encoding = "UTF8",
        .bare = true,
    };
    struct link *opened = calloc(1, sizeof *opened);
    cutover_status status;

    if (opened == NULL)
        return error_nomem(error);
    opened->path_sql = path_sql;
    status = session_open(&options, &opened->session, error);
    if (status == CUTOVER_OK) {
        opened->session->deadline_us = deadline_us;
        PQsetNoticeReceiver(opened->session->connection, receive_notice, opened);
        status = check_server(opened, error);
    }
    if (status != CUTOVER_OK) {
        link_close(opened);
        return status;
    }
    *link = opened;
    return CUTOVER_OK;
}

void link_close(struct link *link)
{
    if (link == NULL)
        return;
    session_close(link->session);
    free(link);
}

/* ---- a transaction */

static cutover_status send_statement(struct link *link, const struct link_statement *statement,
                                     cutover_error **error)
{
    if (PQsendQueryParams(link->session->connection, statement->sql, statement->count, NULL, statement->values,
                          NULL, NULL, 0) == 0)
        return session_error(link->session, NULL, NULL, error);
    return CUTOVER_OK;
}

static cutover_status send_all(struct link *link, const struct link_statement *statements, size_t count,
                               cutover_error **error)
{
    PGconn *connection = link->session->connection;
    cutover_status status = CUTOVER_OK;

    if (PQpipelineStatus(connection) == PQ_PIPELINE_OFF && PQenterPipelineMode(connection) == 0)
        return session_error(link->session, NULL, NULL, error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++)
        status = send_statement(link, &statements[i], error);
    if (status == CUTOVER_OK && PQpipelineSync(connection) == 0)
        status = session_error(link->session, NULL, NULL, error);
    return status == CUTOVER_OK ? session_flush(link->session, error) : status;
}

/* The next statement's result, and the NULL that ends it; of the last one, the end of the pipeline's, there is none. */
static cutover_status next_result(struct link *link, ExecStatusType wanted, PGresult **result,
                                  cutover_error **error)
{
    PGresult *got = NULL, *end = NULL;
    cutover_status status = session_result(link->session, &got, error);

    if (status == CUTOVER_OK && (got == NULL || PQresultStatus(got) != wanted))
        status = session_error(link->session, got, NULL, error);
    if (status == CUTOVER_OK && wanted != PGRES_PIPELINE_SYNC)
        status = session_result(link->session, &end, error);
    PQclear(end);
    if (status == CUTOVER_OK)
        *result = got;
    else
        PQclear(got);
    return status;
}

/* A server that was told to wait no longer for its standby warns, and has committed at home
   alone: then it is as if the answer were lost. */
static cutover_status expect_command(struct link *link, const char *command, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = next_result(link, PGRES_COMMAND_OK, &result, error);

    if (status == CUTOVER_OK && (strcmp(PQcmdStatus(result), command) != 0 || link->warned)) {
        status = error_set(error, CUTOVER_E_POSTGRES, "the server committed with a warning");
        error_sqlstate(error, "08007");
    }
    PQclear(result);
    return status;
}

static cutover_status read_all(struct link *link, size_t count, PGresult **result, cutover_error **error)
{
    PGresult *last = NULL, *sync = NULL;
    cutover_status status = expect_command(link, "BEGIN", error);

    if (status == CUTOVER_OK)
        status = expect_command(link, "SET", error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++) {
        PQclear(last);
        last = NULL;
        status = next_result(link, PGRES_TUPLES_OK, &last, error);
    }
    if (status == CUTOVER_OK)
        status = expect_command(link, "COMMIT", error);
    /* The commit was answered: what ends the connection now is the next call's. */
    if (status == CUTOVER_OK && next_result(link, PGRES_PIPELINE_SYNC, &sync, NULL) != CUTOVER_OK)
        session_shut(link->session);
    PQclear(sync);
    if (status == CUTOVER_OK)
        *result = last;
    else
        PQclear(last);
    return status;
}

cutover_status link_run(struct link *link, int64_t deadline_us, const struct link_statement *statements,
                        size_t count, PGresult **result, cutover_error **error)
{
    struct link_statement all[LINK_STATEMENTS + 4];
    char wait[24];
    const char *const settings[] = {wait};
    int64_t left_ms = (deadline_us - monotonic_us()) / 1000;
    cutover_status status;

    snprintf(wait, sizeof wait, "%" PRId64, left_ms > 1 ? left_ms : 1);
    all[0] = (struct link_statement){.sql = begin_sql};
    all[1] = (struct link_statement){.sql = link->path_sql};
    all[2] = (struct link_statement){settings_sql, 1, settings};
    memcpy(all + 3, statements, count * sizeof *statements);
    all[count + 3] = (struct link_statement){.sql = "COMMIT"};
    link->session->deadline_us = deadline_us;
    link->warned = false;
    status = send_all(link, all, count + 4, error);
    return status == CUTOVER_OK ? read_all(link, count + 1, result, error) : status;
}

/* ---- failures */

static bool is_one_of(const char *sqlstate, const char *const *list)
{
    while (*list != NULL && strncmp(sqlstate, *list, strlen(*list)) != 0)
        list++;
    return *list != NULL;
}

bool link_was_lost(const cutover_error *failure)
{
    /* connection exceptions, PgBouncer's among them; the server goes down, crashed, or ended the session */
    static const char *const lost[] = {"08", "57P01", "57P02", "57P05", "25P03", "25P04", NULL};
    const char *sqlstate = cutover_error_sqlstate(failure);

    if (cutover_error_code(failure) != CUTOVER_E_POSTGRES)
        return cutover_error_code(failure) == CUTOVER_E_IO;
    return sqlstate == NULL || is_one_of(sqlstate, lost);
}

bool link_may_retry(const cutover_error *failure)
{
    /* serialization, deadlock; a lock was not given in time; the statement was cancelled; somebody wrote past the store; and, of a
       connection: the server starts, is full */
    static const char *const again[] = {"40", "55P03", "57014", "23505", "22012", "57P03", "53300", NULL};
    const char *sqlstate = cutover_error_sqlstate(failure);

    return link_was_lost(failure) || (cutover_error_code(failure) == CUTOVER_E_POSTGRES && sqlstate != NULL &&
                                      is_one_of(sqlstate, again));
}
