/*
 * Preflight checks of roles and sessions, and of what only some roles may do.
 */
#include "postgres/catalog/facts.h"
#include "postgres/preflight/checks.h"
#include "postgres/quote.h"
#include "postgres/swap/door.h"
#include "postgres/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* EDGE_CASES C1 */
static cutover_status check_roles(const struct preflight_servers *servers, const char *name,
                                  struct findings *findings, cutover_error **error)
{
    const struct preflight_listing listing = {
        .name = name,
        .severity = CUTOVER_SEVERITY_BLOCK,
        .sql =
            "SELECT x FROM unnest($1::text[]) x WHERE NOT EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = x)"
            " ORDER BY 1",
        .ok = "every role that the preview names exists on production's server",
        .found = "roles that the preview names do not exist on production's server",
        .hint = "CREATE ROLE them there, or reassign what they own and revoke what they were granted in the "
                "preview."};
    struct text array = TEXT_INIT;
    char **roles = NULL;
    size_t count = 0;
    cutover_status status = catalog_roles(servers->preview, &roles, &count, error);

    if (status != CUTOVER_OK)
        return status;
    quote_array(&array, roles, count);
    for (size_t i = 0; i < count; i++)
        free(roles[i]);
    free(roles);
    status = text_failed(&array) ? error_nomem(error)
                                 : preflight_list(servers->production, &listing, 1,
                                                  (const char *const[]){text_string(&array)}, findings, error);
    text_free(&array);
    return status;
}

/* EDGE_CASES C9: a superuser's session, seen by a role that is none. */
static cutover_status check_sessions(const struct preflight_servers *servers, const char *name,
                                     struct findings *findings, cutover_error **error)
{
    struct visitors visitors = {NULL, 0};
    struct text names = TEXT_INIT;
    size_t inside = 0;
    cutover_status status =
        door_visitors(servers->control, servers->production->database_oid, &visitors, error);

    if (status != CUTOVER_OK)
        return status;
    for (size_t i = 0; i < visitors.count; i++) {
        const struct visitor *visitor = &visitors.list[i];
        if (visitor->pid == servers->production->backend_pid || visitor->pid == servers->preview->backend_pid)
            continue;
        inside++;
        if (!visitor->can_end && strcmp(visitor->backend_type, "autovacuum worker") != 0)
            text_add_format(&names, "%spid %d (%s, user %s)", names.length > 0 ? ", " : "", visitor->pid,
                            visitor->backend_type, visitor->user);
    }
    if (text_failed(&names))
        status = error_nomem(error);
    else if (names.length > 0)
        findings_add(
            findings, CUTOVER_SEVERITY_BLOCK, name,
            "Disconnect them, or connect as a superuser: only a superuser may end a superuser's session.",
            "sessions in production that our role may not end: %s", text_string(&names));
    else
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "%zu sessions are in production; they are ended when writes stop, and again at the swap",
                     inside);
    text_free(&names);
    visitors_free(&visitors);
    return status;
}

/* What a database's owner or a superuser set for it can only be set for the new one by who may: a superuser, or (15) who was
   granted it. Names that the control database does not know are of extensions that are not loaded there. */
#define SETTINGS_SQL(granted)                                                                                  \
    "SELECT DISTINCT split_part(c, '=', 1) FROM pg_db_role_setting s, unnest(s.setconfig) c"                   \
    "  LEFT JOIN pg_settings p ON lower(p.name) = lower(split_part(c, '=', 1))"                                \
    " WHERE s.setdatabase = $1::oid AND NOT " granted "   AND CASE WHEN p.name IS NULL"                        \
    "       THEN split_part(c, '=', 1) LIKE '%.%' ELSE p.context = 'superuser' END ORDER BY 1"

static cutover_status check_settings(const struct preflight_servers *servers, const char *name,
                                     struct findings *findings, cutover_error **error)
{
    bool grants = postgres_major(servers->control->server_version) >= 15;
    const struct preflight_listing listing = {
        .name = name,
        .severity = CUTOVER_SEVERITY_BLOCK,
        .sql = grants ? SETTINGS_SQL("has_parameter_privilege(split_part(c, '=', 1), 'SET')")
                      : SETTINGS_SQL("false"),
        .ok = "our role may give the new production what is set for this one",
        .found = "set for production, or for a role in it, and our role may not set it for the new one",
        .hint = "Connect to production as a superuser, GRANT SET ON PARAMETER … to our role, or ALTER DATABASE "
                "… RESET "
                "them."};
    char oid[16];

    if (servers->control->superuser)
        return CUTOVER_OK;
    snprintf(oid, sizeof oid, "%u", servers->production->database_oid);
    return preflight_list(servers->control, &listing, 1, (const char *const[]){oid}, findings, error);
}

/* EDGE_CASES A41, E23: by name they find another database after the swap than before. */
static cutover_status check_foreign_servers(const struct preflight_servers *servers, const char *name,
                                            struct findings *findings, cutover_error **error)
{
    static const char sql[] = "SELECT s.srvname || ' (dbname ' || substr(o, 8) || ')' FROM pg_foreign_server "
                              "s, unnest(s.srvoptions) o"
                              " WHERE o LIKE 'dbname=%' AND substr(o, 8) IN ($1, $2) ORDER BY 1";
    const char *const databases[] = {servers->production->database, servers->preview->database};
    const struct preflight_listing listings[] = {
        {.name = name,
         .severity = CUTOVER_SEVERITY_WARN,
         .sql = sql,
         .found = "foreign servers of production that name one of the two databases",
         .hint = "They go with the displaced database."},
        {.name = name,
         .severity = CUTOVER_SEVERITY_WARN,
         .sql = sql,
         .found = "foreign servers of the preview that name one of the two databases",
         .hint = "Look at what they will point to when the preview is the new production."}};
    cutover_status status = preflight_list(servers->production, &listings[0], 2, databases, findings, error);

    if (status == CUTOVER_OK)
        status = preflight_list(servers->preview, &listings[1], 2, databases, findings, error);
    return status;
}

/* EDGE_CASES A43: a label's provider is loaded by the server, and cannot be asked for. */
static cutover_status check_labels(const struct preflight_servers *servers, const char *name,
                                   struct findings *findings, cutover_error **error)
{
    const struct preflight_listing listing = {
        .name = name,
        .severity = CUTOVER_SEVERITY_WARN,
        .sql = "SELECT DISTINCT provider FROM pg_seclabel ORDER BY 1",
        .found = "security labels of providers of which it is not known whether production's server has them",
        .hint = "Load them on production's server (shared_preload_libraries)."};

    if (preflight_same_server(servers))
        return CUTOVER_OK;
    return preflight_list(servers->preview, &listing, 0, NULL, findings, error);
}

/* EDGE_CASES A2 to A4: how much of the load is refreshing. */
static cutover_status check_matviews(const struct preflight_servers *servers, const char *name,
                                     struct findings *findings, cutover_error **error)
{
    char *count = NULL;
    cutover_status status =
        session_value(servers->preview, "SELECT count(*) FROM pg_class WHERE relkind = 'm' AND relispopulated",
                      0, NULL, &count, error);

    if (status == CUTOVER_OK)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL, "%s materialized views will be refreshed",
                     count);
    free(count);
    return status;
}

const struct preflight_check preflight_access_checks[] = {
    {"preview.roles", ASK_WITH_PREVIEW, check_roles},
    {"production.sessions", ASK_ONCE, check_sessions},
    {"production.settings", ASK_ONCE, check_settings},
    {"databases.foreign_servers", ASK_WITH_PREVIEW, check_foreign_servers},
    {"preview.security_labels", ASK_WITH_PREVIEW, check_labels},
    {"preview.materialized_views", ASK_WITH_PREVIEW, check_matviews},
    {NULL, ASK_ONCE, NULL},
};
