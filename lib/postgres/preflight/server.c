/*
 * Preflight checks of the servers themselves: who they are, versions, locale, room.
 */
#include "postgres/preflight/checks.h"
#include "postgres/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

static void add_version(const char *side, int version, const char *name, struct findings *findings)
{
    if (postgres_major(version) < POSTGRES_OLDEST_FENCED || postgres_major(version) > POSTGRES_NEWEST)
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, "Upgrade it, or use a library made for it.",
                     "%s's server is PostgreSQL %d; %d to %d are supported", side, postgres_major(version),
                     POSTGRES_OLDEST_FENCED, POSTGRES_NEWEST);
    else
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL, "%s's server is PostgreSQL %d.%d", side,
                     postgres_major(version), version % 10000);
}

static cutover_status check_versions(const struct preflight_servers *servers, const char *name,
                                     struct findings *findings, cutover_error **error)
{
    int production = servers->production->server_version, preview = servers->preview->server_version;

    (void)error;
    add_version("production", production, name, findings);
    add_version("the preview", preview, name, findings);
    if (postgres_major(preview) > postgres_major(production))
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name,
                     "Upgrade production first, or make the preview on its version.",
                     "the preview's server (%d) is newer than production's (%d): its schema may not load there",
                     postgres_major(preview), postgres_major(production));
    return CUTOVER_OK;
}

/* pg_dump refuses a newer server (EDGE_CASES A33); pg_restore of 17 and later sends SET transaction_timeout, which
   servers before 17 refuse (A34). */
void preflight_tools(const struct tools *tools, int production_version, int preview_version,
                     struct findings *findings)
{
    static const char name[] = "servers.tools";
    int production = postgres_major(production_version), preview = postgres_major(preview_version);
    int newest = production > preview ? production : preview;
    bool fine = true;

    if (postgres_major(tools->dump_version) < newest) {
        fine = false;
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name,
                     "Point pg_bin_dir at the programs of the server's version.",
                     "%s is of PostgreSQL %d and cannot dump a server of %d", tools->pg_dump,
                     postgres_major(tools->dump_version), newest);
    }
    if (postgres_major(tools->restore_version) < postgres_major(tools->dump_version)) {
        fine = false;
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, "Point pg_bin_dir at programs of one version.",
                     "%s (PostgreSQL %d) cannot read what %s (%d) writes", tools->pg_restore,
                     postgres_major(tools->restore_version), tools->pg_dump,
                     postgres_major(tools->dump_version));
    }
    if (postgres_major(tools->restore_version) >= 17 && production < 17) {
        fine = false;
        findings_add(
            findings, CUTOVER_SEVERITY_BLOCK, name, "Point pg_bin_dir at the programs of the server's version.",
            "%s is of PostgreSQL %d and makes scripts that a server of %d refuses (transaction_timeout)",
            tools->pg_restore, postgres_major(tools->restore_version), production);
    }
    if (fine)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL, "pg_dump %d and pg_restore %d fit both servers",
                     postgres_major(tools->dump_version), postgres_major(tools->restore_version));
}

static cutover_status check_tools(const struct preflight_servers *servers, const char *name,
                                  struct findings *findings, cutover_error **error)
{
    (void)name;
    (void)error;
    preflight_tools(servers->tools, servers->production->server_version, servers->preview->server_version,
                    findings);
    return CUTOVER_OK;
}

/* EDGE_CASES E17, E2 */
static cutover_status check_identity(const struct preflight_servers *servers, const char *name,
                                     struct findings *findings, cutover_error **error)
{
    const struct session *production = servers->production, *control = servers->control;

    (void)error;
    if (preflight_same_server(servers) && production->database_oid == servers->preview->database_oid)
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, "Correct the platform's record of one of the two.",
                     "production and the preview are the same database: \"%s\", OID %" PRIu32
                     " of the server with system identifier %s",
                     production->database, production->database_oid, production->system_identifier);
    else
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "production is \"%s\" (OID %" PRIu32
                     ") on %s port %s (system identifier %s), the preview is \"%s\" "
                     "(OID %" PRIu32 ") on %s port %s (system identifier %s)",
                     production->database, production->database_oid, preflight_address(production),
                     PQport(production->connection), production->system_identifier, servers->preview->database,
                     servers->preview->database_oid, preflight_address(servers->preview),
                     PQport(servers->preview->connection), servers->preview->system_identifier);
    if (strcmp(control->system_identifier, production->system_identifier) != 0)
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, "Name a database of production's server.",
                     "the control database \"%s\" is on another server than production", control->database);
    else if (control->database_oid == production->database_oid)
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name,
                     "Name another database of the same server (\"postgres\").",
                     "the control database is production itself, which cannot be renamed from inside");
    return CUTOVER_OK;
}

/* EDGE_CASES B8 */
static cutover_status check_standby(const struct preflight_servers *servers, const char *name,
                                    struct findings *findings, cutover_error **error)
{
    struct session *const sessions[] = {servers->production, servers->preview};
    static const char *const sides[] = {"production", "the preview"};

    for (size_t i = 0; i < 2; i++) {
        char *recovering = NULL;
        cutover_status status =
            session_value(sessions[i], "SELECT pg_is_in_recovery()", 0, NULL, &recovering, error);
        if (status != CUTOVER_OK)
            return status;
        if (recovering != NULL && recovering[0] == 't')
            findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, "Give the connection string of the primary.",
                         "%s's server is a standby", sides[i]);
        free(recovering);
    }
    return CUTOVER_OK;
}

/* One row: encoding, provider, collate, ctype, the provider's own locale and rules. */
static const char locale_sql[] =
    "SELECT pg_encoding_to_char(d.encoding), coalesce(j ->> 'datlocprovider', 'c'), d.datcollate, d.datctype,"
    "       coalesce(j ->> 'datlocale', j ->> 'daticulocale', ''), coalesce(j ->> 'daticurules', '')"
    "  FROM pg_database d, to_jsonb(d) j WHERE d.datname = current_database()";

static void compare_locales(const PGresult *production, const PGresult *preview, const char *name,
                            struct findings *findings)
{
    static const char *const facts[] = {"encoding", "locale provider", "lc_collate",
                                        "lc_ctype", "locale",          "ICU rules"};
    bool fine = true;

    for (int column = 0; column < PQnfields(production); column++) {
        const char *here = PQgetvalue(production, 0, column), *there = PQgetvalue(preview, 0, column);
        if (strcmp(here, there) == 0)
            continue;
        fine = false;
        if (column == 0)
            findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, "Make the preview in production's encoding.",
                         "encodings differ: production is %s, the preview is %s", here, there);
        else
            findings_add(findings, CUTOVER_SEVERITY_WARN, name,
                         "The new production keeps production's: text may sort otherwise.",
                         "%s differs: production has \"%s\", the preview has \"%s\"", facts[column], here,
                         there);
    }
    if (fine)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL, "both are %s, %s", PQgetvalue(production, 0, 0),
                     PQgetvalue(production, 0, 2));
}

/* EDGE_CASES A32 */
static cutover_status check_locale(const struct preflight_servers *servers, const char *name,
                                   struct findings *findings, cutover_error **error)
{
    PGresult *production = NULL, *preview = NULL;
    cutover_status status = session_query(servers->production, locale_sql, 0, NULL, &production, error);

    if (status == CUTOVER_OK)
        status = session_query(servers->preview, locale_sql, 0, NULL, &preview, error);
    if (status == CUTOVER_OK)
        compare_locales(production, preview, name, findings);
    PQclear(production);
    PQclear(preview);
    return status;
}

/* What may still be opened: of the server (the loader is no superuser, for whom some are kept), of our role's limit, of the
   database's. */
static const char free_sql[] =
    "WITH used AS (SELECT datid, usesysid FROM pg_stat_activity"
    "               WHERE usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend')"
    " SELECT least(current_setting('max_connections')::int - (SELECT count(*) FROM used)"
    "                - current_setting('superuser_reserved_connections')::int"
    "                - coalesce(current_setting('reserved_connections', true)::int, 0),"
    "              CASE WHEN me.rolconnlimit >= 0 AND NOT me.rolsuper"
    "                   THEN me.rolconnlimit - (SELECT count(*) FROM used WHERE usesysid = me.oid) END,"
    "              CASE WHEN d.datconnlimit >= 0 AND NOT me.rolsuper"
    "                   THEN d.datconnlimit - (SELECT count(*) FROM used WHERE datid = d.oid) END)"
    "   FROM pg_roles me, pg_database d WHERE me.rolname = current_user AND d.datname = current_database()";

static cutover_status check_free(struct session *session, const char *side, unsigned needed, const char *name,
                                 struct findings *findings, cutover_error **error)
{
    char *found = NULL;
    cutover_status status = session_value(session, free_sql, 0, NULL, &found, error);

    if (status != CUTOVER_OK)
        return status;
    if (found != NULL && strtoll(found, NULL, 10) >= (long long)needed)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "%s: %s connections are free for us, %u are needed", side, found, needed);
    else
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name,
                     "Use fewer jobs, or raise max_connections or the limit of the role or database.",
                     "%s: only %s connections are free for us, and %u are needed", side,
                     found != NULL ? found : "0", needed);
    free(found);
    return CUTOVER_OK;
}

/* EDGE_CASES B33 */
static cutover_status check_connections(const struct preflight_servers *servers, const char *name,
                                        struct findings *findings, cutover_error **error)
{
    unsigned needed = servers->jobs * 2 + 5;
    cutover_status status = check_free(servers->production, "production", needed, name, findings, error);

    if (status == CUTOVER_OK && !preflight_same_server(servers))
        status = check_free(servers->preview, "preview", servers->jobs + 3, name, findings, error);
    return status;
}

/* Tables that one transaction will lock, and what the lock table holds. */
static const char locks_sql[] =
    "SELECT (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'm', 'S') AND oid >= 16384),"
    "       current_setting('max_locks_per_transaction')::int8"
    "         * (current_setting('max_connections')::int8 + "
    "current_setting('max_prepared_transactions')::int8)";

static cutover_status read_locks(struct session *session, int64_t *objects, int64_t *capacity,
                                 cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(session, locks_sql, 0, NULL, &result, error);

    if (status != CUTOVER_OK)
        return status;
    *objects = result_int(result, 0, 0);
    *capacity = result_int(result, 0, 1);
    PQclear(result);
    return CUTOVER_OK;
}

/* EDGE_CASES B9: half of the table is for everybody else. */
static cutover_status check_locks(const struct preflight_servers *servers, const char *name,
                                  struct findings *findings, cutover_error **error)
{
    int64_t production = 0, preview = 0, capacity = 0, ignored = 0, most;
    cutover_status status = read_locks(servers->production, &production, &capacity, error);

    if (status == CUTOVER_OK)
        status = read_locks(servers->preview, &preview, &ignored, error);
    if (status != CUTOVER_OK)
        return status;
    if (ignored < capacity)
        capacity = ignored;
    if (preflight_same_server(servers))
        most = production + preview;
    else
        most = production > preview ? production : preview;
    if (most > capacity / 2)
        findings_add(
            findings, CUTOVER_SEVERITY_WARN, name, "Raise max_locks_per_transaction (needs a restart).",
            "%" PRId64 " tables are locked at once, and the lock table holds about %" PRId64, most, capacity);
    else
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "%" PRId64 " tables are locked at once; the lock table holds about %" PRId64, most,
                     capacity);
    return CUTOVER_OK;
}

/* EDGE_CASES B24: SQL does not see free space; the numbers are for those who do. */
static cutover_status check_space(const struct preflight_servers *servers, const char *name,
                                  struct findings *findings, cutover_error **error)
{
    static const char sql[] = "SELECT pg_database_size(current_database())";
    char *production = NULL, *preview = NULL;
    cutover_status status = session_value(servers->production, sql, 0, NULL, &production, error);

    if (status == CUTOVER_OK)
        status = session_value(servers->preview, sql, 0, NULL, &preview, error);
    if (status == CUTOVER_OK) {
        double old = strtod(production, NULL), new = strtod(preview, NULL);
        bool twice = servers->verify_restores && !servers->verify_elsewhere;
        findings_add(
            findings, CUTOVER_SEVERITY_OK, name, NULL,
            "production has %.0f MiB, the preview %.0f MiB; production's server needs about %.0f MiB of free"
            " space, and as much for WAL; free space cannot be seen from here",
            old / MIB, new / MIB, (new + (twice ? old : 0)) / MIB);
    }
    free(production);
    free(preview);
    return status;
}

/* A restored backup gets each extension in its default version, and would be found different (EDGE_CASES A19). */
static cutover_status check_extension_versions(const struct preflight_servers *servers, const char *name,
                                               struct findings *findings, cutover_error **error)
{
    static const struct preflight_listing listing = {
        .name = "production.extension_versions",
        .severity = CUTOVER_SEVERITY_BLOCK,
        .sql =
            "SELECT x.extname || ' ' || x.extversion || ' (now ' || coalesce(a.default_version, 'none') || ')'"
            "  FROM pg_extension x LEFT JOIN pg_available_extensions a ON a.name = x.extname"
            " WHERE a.default_version IS DISTINCT FROM x.extversion ORDER BY 1",
        .found = "a restored backup of production would have other versions of its extensions",
        .hint = "ALTER EXTENSION … UPDATE in production, or verify the backup by readback."};

    (void)name;
    if (!servers->verify_restores || servers->verify_elsewhere)
        return CUTOVER_OK;
    return preflight_list(servers->production, &listing, 0, NULL, findings, error);
}

const struct preflight_check preflight_server_checks[] = {
    {"servers.version", ASK_ONCE, check_versions},
    {"servers.tools", ASK_ONCE, check_tools},
    {"servers.releases", ASK_ONCE, preflight_releases},
    {"servers.identity", ASK_WITH_PREVIEW, check_identity},
    {"servers.standby", ASK_ONCE, check_standby},
    {"servers.locale", ASK_WITH_PREVIEW, check_locale},
    {"servers.connections", ASK_ONCE, check_connections},
    {"servers.locks", ASK_ONCE, check_locks},
    {"servers.space", ASK_ONCE, check_space},
    {"production.extension_versions", ASK_ONCE, check_extension_versions},
    {NULL, ASK_ONCE, NULL},
};
