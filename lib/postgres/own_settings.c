#include "postgres/own_settings.h"

#include <string.h>

/* The last of a name wins: what is stored for the owner in this database, for the database, or the built-in search_path, which is what most
   servers have; how a server's files set it nobody but a superuser can see. */
static const char list_sql[] =
    "SELECT DISTINCT ON (pg_catalog.lower(w.name)) w.name, CASE WHEN pg_catalog.lower(w.name) = 'search_path'"
    "    THEN 'pg_catalog, ' || w.value ELSE w.value END, pg_catalog.lower(w.name) = 'search_path'"
    " FROM (SELECT pg_catalog.split_part(c, '=', 1), pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1),"
    "          CASE s.setrole WHEN 0 THEN 1 ELSE 2 END"
    "        FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,"
    "          pg_catalog.unnest(s.setconfig) c"
    "       WHERE d.datname = coalesce($1, pg_catalog.current_database()) AND s.setrole IN (0, d.datdba)"
    "      UNION ALL SELECT name, boot_val, 0 FROM pg_catalog.pg_settings WHERE name = 'search_path')"
    "      w (name, value, rank)"
    " WHERE (pg_catalog.strpos(w.name, '.') > 0 AND w.name NOT IN ('plpgsql.extra_errors', "
    "'plpgsql.extra_warnings'))"
    "    OR pg_catalog.lower(w.name) IN ('datestyle', 'intervalstyle', 'timezone', 'extra_float_digits', "
    "'bytea_output',"
    "         'xmlbinary', 'lc_numeric', 'lc_time', 'default_text_search_config', 'search_path')"
    " ORDER BY pg_catalog.lower(w.name), w.rank DESC";

cutover_status own_settings_read(struct session *session, const char *database, struct own_settings *settings,
                                 cutover_error **error)
{
    return session_query(session, list_sql, 1, &database, &settings->list, error);
}

static cutover_status setting_set(struct session *session, const struct own_settings *settings, int row,
                                  bool for_transaction, cutover_error **error)
{
    const char *parameters[] = {result_text(settings->list, row, 0), result_text(settings->list, row, 1),
                                for_transaction ? "true" : "false"};
    PGresult *result = NULL;
    cutover_status status =
        session_query(session, "SELECT pg_catalog.set_config($1, $2, $3)", 3, parameters, &result, error);

    PQclear(result);
    return status;
}

static bool is_path(const struct own_settings *settings, int row)
{
    return result_bool(settings->list, row, 2);
}

static int count_of(const struct own_settings *settings)
{
    return settings->list != NULL ? PQntuples(settings->list) : 0;
}

cutover_status own_settings_apply(struct session *session, const struct own_settings *settings,
                                  cutover_error **error)
{
    for (int row = 0; row < count_of(settings); row++) {
        cutover_error *refused = NULL;
        if (is_path(settings, row))
            continue;
        cutover_status status = setting_set(session, settings, row, false, &refused);
        /* Refused by the server, whose session goes on; what needs it says so itself. */
        if (status != CUTOVER_OK &&
            !(status == CUTOVER_E_POSTGRES && PQstatus(session->connection) == CONNECTION_OK)) {
            error_move(error, refused);
            return status;
        }
        cutover_error_free(refused);
    }
    return CUTOVER_OK;
}

cutover_status own_settings_path(struct session *session, const struct own_settings *settings,
                                 bool for_transaction, cutover_error **error)
{
    for (int row = 0; row < count_of(settings); row++)
        if (is_path(settings, row))
            return setting_set(session, settings, row, for_transaction, error);
    return CUTOVER_OK;
}

void own_settings_free(struct own_settings *settings)
{
    PQclear(settings->list);
    settings->list = NULL;
}
