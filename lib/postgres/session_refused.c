#include "postgres/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* $1 is the database. */
static const char limits_sql[] =
    "SELECT CASE WHEN NOT d.datallowconn THEN"
    "         'It is closed to everybody. Where a job was left unfinished, run recovery; else '"
    "           || format('ALTER DATABASE %I ALLOW_CONNECTIONS true.', d.datname)"
    "       WHEN d.datconnlimit >= 0 AND NOT me.rolsuper THEN"
    "         format('It has a CONNECTION LIMIT of %s: ask for fewer jobs, or ALTER DATABASE %I CONNECTION "
    "LIMIT …',"
    "                d.datconnlimit, d.datname)"
    "       END"
    "  FROM pg_database d, pg_roles me WHERE d.datname = $1 AND me.rolname = session_user";

/* Where the one setting is stored that is in force before a session can be asked, and that the packet cannot override: only a
   superuser, or who was granted it, may set it there or here. */
static const char libraries_sql[] =
    "SELECT string_agg(v.place, ' and '), string_agg(format('ALTER %s RESET session_preload_libraries', "
    "v.object), '; ')"
    "  FROM pg_db_role_setting s"
    "  LEFT JOIN pg_database d ON d.oid = s.setdatabase"
    "  LEFT JOIN pg_roles r ON r.oid = s.setrole,"
    "  unnest(s.setconfig) c,"
    "  LATERAL (SELECT CASE WHEN d.oid IS NOT NULL AND r.oid IS NOT NULL"
    "                       THEN format('role %I in database %I', r.rolname, d.datname)"
    "                       WHEN d.oid IS NOT NULL THEN format('database %I', d.datname)"
    "                       WHEN r.oid IS NOT NULL THEN format('role %I', r.rolname)"
    "                       ELSE 'all roles' END,"
    "                  CASE WHEN d.oid IS NOT NULL AND r.oid IS NOT NULL"
    "                       THEN format('ROLE %I IN DATABASE %I', r.rolname, d.datname)"
    "                       WHEN d.oid IS NOT NULL THEN format('DATABASE %I', d.datname)"
    "                       WHEN r.oid IS NOT NULL THEN format('ROLE %I', r.rolname)"
    "                       ELSE 'ROLE ALL' END) v (place, object)"
    " WHERE lower(split_part(c, '=', 1)) = 'session_preload_libraries'"
    "   AND coalesce(d.datname = $1, s.setdatabase = 0) AND coalesce(r.rolname = session_user, s.setrole = 0)";

static cutover_status open_control(const struct session_options *options, struct session **control)
{
    struct session_options elsewhere = *options;

    elsewhere.database = options->control_database;
    elsewhere.control_database = NULL;
    elsewhere.lc_monetary = elsewhere.client_encoding = NULL;
    return session_open(&elsewhere, control, NULL);
}

/* Whether there was something to say. */
static bool explain_limit(struct session *control, const char *database, cutover_error **error)
{
    char *hint = NULL;

    if (session_value(control, limits_sql, 1, &database, &hint, NULL) == CUTOVER_OK && hint != NULL)
        error_hint(error, "%s", hint);
    bool explained = hint != NULL;
    free(hint);
    return explained;
}

/* The server's message may quote the setting's value: it is not passed on. */
static void explain_libraries(struct session *control, const char *database, const char *sqlstate,
                              cutover_error **error)
{
    cutover_error *explained = NULL;
    PGresult *result = NULL;

    if (session_query(control, libraries_sql, 1, &database, &result, NULL) == CUTOVER_OK &&
        result_text(result, 0, 0) != NULL) {
        error_set(&explained, CUTOVER_E_POSTGRES,
                  "cannot connect to database %s: the server cannot load what session_preload_libraries names,"
                  " which is set for %s",
                  database, result_text(result, 0, 0));
        error_sqlstate(&explained, sqlstate);
        error_hint(&explained, "Bring the library, or have a superuser say: %s", result_text(result, 0, 1));
        cutover_error_free(*error);
        *error = explained;
    }
    PQclear(result);
}

static bool has_class(const char *sqlstate, const char *class)
{
    return strncmp(sqlstate, class, strlen(class)) == 0;
}

void session_explain_refusal(const struct session_options *options, cutover_error **error)
{
    const char *database =
        options->database != NULL ? options->database : conninfo_get(options->conninfo, "dbname");
    const char *given = cutover_error_sqlstate(*error);
    struct session *control = NULL;
    char sqlstate[6] = "";

    if (given != NULL)
        snprintf(sqlstate, sizeof sqlstate, "%s", given);
    bool limit = has_class(sqlstate, "53300") || has_class(sqlstate, "55000");
    bool library = has_class(sqlstate, "58") || has_class(sqlstate, "XX") || has_class(sqlstate, "55");
    if ((limit || library) && database != NULL && options->control_database != NULL &&
        strcmp(database, options->control_database) != 0 && open_control(options, &control) == CUTOVER_OK) {
        bool explained = limit && explain_limit(control, database, error);
        if (library && !explained)
            explain_libraries(control, database, sqlstate, error);
        session_close(control);
    }
    if (has_class(sqlstate, "53300"))
        error_hint(
            error,
            "None is free for us: ask for fewer jobs, or raise max_connections, or the CONNECTION LIMIT of "
            "the role or the database.");
}
