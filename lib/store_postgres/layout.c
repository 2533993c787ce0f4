#include "store_postgres/layout.h"

#include "postgres/quote.h"

#include <stdlib.h>
#include <string.h>

/* Whoever opens the store at this moment waits: one of them makes the layout. */
static const char enter_sql[] =
    "SELECT pg_advisory_xact_lock(hashtextextended('libcutover store ' || $1::text, 0))";

static const char look_sql[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1),"
    " count(*), count(*) FILTER (WHERE c.relname = 'layout' AND c.relkind = 'r')"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1";

static const char make_sql[] =
    "CREATE TABLE layout (version integer NOT NULL);"
    "INSERT INTO layout VALUES (1);"
    "CREATE TABLE document ("
    "  kind text COLLATE \"C\" NOT NULL, id text COLLATE \"C\" NOT NULL, project_id text COLLATE \"C\" NOT "
    "NULL,"
    "  version bigint NOT NULL, body text COLLATE \"C\" NOT NULL, PRIMARY KEY (kind, id));"
    "CREATE INDEX document_by_project ON document (kind, project_id, id);"
    "CREATE TABLE commit_token ("
    "  token uuid PRIMARY KEY, applied boolean NOT NULL, at timestamptz NOT NULL DEFAULT pg_catalog.now());";

/* Of the commits that nobody asks for any more. */
static const char sweep_sql[] = "DELETE FROM commit_token WHERE at < now() - interval '1 day'; COMMIT";

_Static_assert(LAYOUT_VERSION == 1, "make_sql says the same");

/* A transaction over several statements, which a pooler in statement pooling does not give. */
static cutover_status begin(struct link *link, const char *schema, cutover_error **error)
{
    struct session *session = link->session;
    cutover_error *failure = NULL;
    PGresult *result = NULL;
    cutover_status status = session_run(session, "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", &failure);

    if (status == CUTOVER_OK)
        status = session_run(session, link->path_sql, &failure);
    if (status == CUTOVER_OK)
        status =
            session_run(session, "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10s'", &failure);
    if (status == CUTOVER_OK)
        status = session_query(session, enter_sql, 1, &schema, &result, &failure);
    PQclear(result);
    if (status != CUTOVER_OK && strstr(cutover_error_message(failure), "statement pooling") != NULL) {
        cutover_error_free(failure);
        error_set(error, CUTOVER_E_UNSUPPORTED, "the connection goes through a pooler in statement pooling");
        error_hint(error,
                   "Set pool_mode = transaction for this database, or give the address of the server itself.");
        return CUTOVER_E_UNSUPPORTED;
    }
    error_move(error, failure);
    return status;
}

static bool says(const cutover_error *failure, const char *sqlstate)
{
    const char *said = cutover_error_sqlstate(failure);

    return said != NULL && strcmp(said, sqlstate) == 0;
}

static cutover_status make_schema(struct session *session, const char *schema, cutover_error **error)
{
    struct text quoted = TEXT_INIT;

    quote_identifier(&quoted, schema);
    cutover_status status = text_failed(&quoted)
                                ? error_nomem(error)
                                : session_run_format(session, error, "CREATE SCHEMA %s", text_string(&quoted));
    if (status != CUTOVER_OK && says(*error, "42501"))
        error_hint(error, "Have it made by somebody who may: CREATE SCHEMA %s AUTHORIZATION %s",
                   text_string(&quoted), PQuser(session->connection));
    text_free(&quoted);
    return status;
}

static cutover_status make_layout(struct session *session, const char *schema, const PGresult *found,
                                  cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (result_int(found, 0, 1) != 0) {
        error_set(error, CUTOVER_E_INVALID, "schema %s holds something else than a store", schema);
        error_hint(error, "Name a schema that is empty, or one that is not there yet.");
        return CUTOVER_E_INVALID;
    }
    if (!result_bool(found, 0, 0))
        status = make_schema(session, schema, error);
    return status == CUTOVER_OK ? session_run(session, make_sql, error) : status;
}

/* Of a table `layout` that may be another's. */
static cutover_status check_version(struct session *session, const char *schema, cutover_error **error)
{
    cutover_error *failure = NULL;
    char *version = NULL;
    cutover_status status =
        session_value(session, "SELECT version::text FROM layout", 0, NULL, &version, &failure);

    if (status == CUTOVER_E_NOT_FOUND || says(failure, "42703")) {
        cutover_error_free(failure);
        return error_set(error, CUTOVER_E_INVALID, "schema %s has a table \"layout\" that is not a store's",
                         schema);
    }
    error_move(error, failure);
    if (status == CUTOVER_OK && strtol(version, NULL, 10) > LAYOUT_VERSION) {
        status = error_set(error, CUTOVER_E_UNSUPPORTED, "schema %s has layout %s, this library knows %d",
                           schema, version, LAYOUT_VERSION);
        error_hint(error, "A newer libcutover made it; use that one.");
    } else if (status == CUTOVER_OK && strtol(version, NULL, 10) != LAYOUT_VERSION) {
        status = error_set(error, CUTOVER_E_STORE, "schema %s has the unknown layout %s", schema, version);
    }
    free(version);
    return status;
}

cutover_status layout_ensure(struct link *link, const char *schema, cutover_error **error)
{
    struct session *session = link->session;
    PGresult *found = NULL;
    cutover_status status = begin(link, schema, error);

    if (status == CUTOVER_OK)
        status = session_query(session, look_sql, 1, &schema, &found, error);
    if (status == CUTOVER_OK && result_int(found, 0, 2) == 0)
        status = make_layout(session, schema, found, error);
    PQclear(found);
    if (status == CUTOVER_OK)
        status = check_version(session, schema, error);
    return status == CUTOVER_OK ? session_run(session, sweep_sql, error) : status;
}
