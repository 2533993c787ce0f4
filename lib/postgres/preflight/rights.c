/*
 * Preflight: that what the owners of the databases wrote runs with no more rights than theirs (DESIGN.md P11).
 */
#include "postgres/loader.h"
#include "postgres/preflight/checks.h"

#include <stdlib.h>
#include <string.h>

/* Who owns what is in a database; not the bootstrap superuser, of whom no note is kept. */
static const char owners_sql[] =
    "SELECT coalesce(array_agg(DISTINCT r.rolname::text), '{}') FROM pg_shdepend s JOIN pg_roles r ON r.oid = "
    "s.refobjid"
    " WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'"
    "   AND s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())";

static const char unite_sql[] =
    "SELECT array(SELECT unnest($1::text[]) UNION SELECT unnest($2::text[]) ORDER BY 1)";

/* Of production and of the preview, those that a loader can be a member of. */
static cutover_status owners_find(const struct preflight_servers *servers, char **owners, cutover_error **error)
{
    char *production = NULL, *preview = NULL, *both = NULL;

    cutover_status status = session_value(servers->production, owners_sql, 0, NULL, &production, error);
    if (status == CUTOVER_OK && servers->preview != NULL)
        status = session_value(servers->preview, owners_sql, 0, NULL, &preview, error);
    if (status == CUTOVER_OK)
        status =
            session_value(servers->control, unite_sql, 2,
                          (const char *const[]){production, preview != NULL ? preview : "{}"}, &both, error);
    if (status == CUTOVER_OK)
        status = loader_owners_of(servers->control, both, owners, error);
    free(both);
    free(preview);
    free(production);
    return status;
}

static void block(struct findings *findings, const char *name, const cutover_error *cause)
{
    findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, cutover_error_hint(cause), "%s",
                 cutover_error_message(cause));
}

/* A login that the host gave: it is fit, and gets in. */
static cutover_status check_given(const struct preflight_servers *servers, const char *name, const char *owners,
                                  struct findings *findings, cutover_error **error)
{
    const struct session_options options = {.conninfo = servers->loader,
                                            .database = servers->production->database,
                                            .cancel = servers->production->cancel,
                                            .log = servers->production->log};
    struct session *session = NULL;
    cutover_error *cause = NULL;

    cutover_status status = loader_check(servers->control, servers->loader, owners, &cause);
    if (status == CUTOVER_OK)
        status = session_open(&options, &session, &cause);
    session_close(session);
    if (status == CUTOVER_E_CANCELLED || status == CUTOVER_E_NOMEM) {
        error_move(error, cause);
        return status;
    }
    if (status == CUTOVER_OK)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "what owners wrote runs as the login \"%s\" of the host",
                     conninfo_get(servers->loader, "user"));
    else
        block(findings, name, cause);
    cutover_error_free(cause);
    return CUTOVER_OK;
}

static cutover_status list_evaluated(struct session *inside, const char *side, const char *name,
                                     struct findings *findings, size_t *count, cutover_error **error)
{
    char *list = NULL, *rest;
    cutover_status status = loader_evaluated(inside, &list, error);

    rest = list;
    for (char *line = rest != NULL ? strsep(&rest, "\n") : NULL; line != NULL; line = strsep(&rest, "\n")) {
        /* The remedy is the same for all. */
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, *count == 0 ? LOADER_HINT : NULL,
                     "in %s, with the rights of our role: %s", side, line);
        ++*count;
    }
    free(list);
    return status;
}

/* Our own role's sessions are all there is. */
static cutover_status check_without(const struct preflight_servers *servers, const char *name,
                                    struct findings *findings, cutover_error **error)
{
    size_t count = 0;

    cutover_status status = list_evaluated(servers->production, "production", name, findings, &count, error);
    if (status == CUTOVER_OK && servers->preview != NULL)
        status = list_evaluated(servers->preview, "the preview", name, findings, &count, error);
    if (status == CUTOVER_OK && count == 0)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "nothing that owners wrote is evaluated while rows are loaded");
    return status;
}

static cutover_status check_loader(const struct preflight_servers *servers, const char *name,
                                   struct findings *findings, cutover_error **error)
{
    char *owners = NULL;
    bool can = false;

    if (servers->owners_trusted) {
        findings_add(findings, CUTOVER_SEVERITY_WARN, name,
                     "Unset CUTOVER_POLICY_TRUST_OWNERS unless you trust them all.",
                     "what the owners of the databases wrote runs with the rights of our role, as the host's "
                     "policy has it");
        return CUTOVER_OK;
    }
    cutover_status status = owners_find(servers, &owners, error);
    if (status == CUTOVER_OK)
        status = loader_can_make(servers->control, owners, &can, error);
    if (status == CUTOVER_OK && strcmp(owners, "{}") == 0)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "only superusers and our own role own what is in the databases");
    else if (status == CUTOVER_OK && servers->loader != NULL)
        status = check_given(servers, name, owners, findings, error);
    else if (status == CUTOVER_OK && can)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "what owners wrote runs as a login that is made for the job");
    else if (status == CUTOVER_OK)
        status = check_without(servers, name, findings, error);
    free(owners);
    return status;
}

/* Who owns what a dump gives its owner; members of extensions come with these. No note is kept of the bootstrap superuser. */
static const char given_sql[] =
    "SELECT coalesce(array_agg(DISTINCT r.rolname::text), '{}') FROM pg_shdepend s JOIN pg_roles r"
    "    ON r.oid = s.refobjid"
    " WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'"
    "   AND s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
    "   AND s.classid <> 'pg_extension'::regclass AND NOT EXISTS (SELECT FROM pg_depend d"
    "     WHERE d.classid = s.classid AND d.objid = s.objid AND d.deptype = 'e')";

static const char cannot_give_sql[] =
    "SELECT quote_ident(o) FROM unnest($1::text[]) o JOIN pg_roles r ON r.rolname = o"
    " WHERE NOT pg_has_role(r.oid, " PREFLIGHT_BECOME ") ORDER BY 1";

static cutover_status check_owners(const struct preflight_servers *servers, const char *name,
                                   struct findings *findings, cutover_error **error)
{
    const struct preflight_listing listing = {
        .name = name,
        .severity = CUTOVER_SEVERITY_BLOCK,
        .sql = cannot_give_sql,
        .ok = "our role may give everything to its owner",
        .found = "our role may not give these what they own",
        .hint = "GRANT these roles to our role (from PostgreSQL 16 on WITH SET TRUE), or use a superuser."};
    struct session *const sides[] = {servers->production, servers->preview};
    char *both = NULL;
    cutover_status status = CUTOVER_OK;

    if (servers->control->superuser)
        return CUTOVER_OK;
    for (size_t i = 0; status == CUTOVER_OK && i < sizeof sides / sizeof *sides; i++) {
        char *owners = NULL, *before = both;
        status = session_value(sides[i], given_sql, 0, NULL, &owners, error);
        if (status == CUTOVER_OK)
            status = session_value(servers->control, unite_sql, 2,
                                   (const char *const[]){before != NULL ? before : "{}", owners}, &both, error);
        if (status == CUTOVER_OK)
            free(before);
        free(owners);
    }
    if (status == CUTOVER_OK)
        status = preflight_list(servers->control, &listing, 1, (const char *const[]){both}, findings, error);
    free(both);
    return status;
}

/* What the server lets superusers alone make, whoever owns it then. Members of extensions come with these, a range's functions with the
   range, an aggregate needs no right to its language. */
static const char superusers_only_sql[] =
    "WITH things (catalog, oid, name) AS ("
    " SELECT 'pg_extension'::regclass, x.oid, 'extension ' || quote_ident(x.extname) FROM pg_extension x"
    "  WHERE NOT EXISTS (SELECT FROM pg_available_extension_versions v"
    "    WHERE v.name = x.extname AND v.version = x.extversion AND (v.trusted OR NOT v.superuser))"
    " UNION ALL SELECT 'pg_event_trigger'::regclass, oid, 'event trigger ' || quote_ident(evtname)"
    "  FROM pg_event_trigger"
    " UNION ALL SELECT 'pg_publication'::regclass, oid, 'publication of all tables or of a schema ' || "
    "quote_ident(pubname)"
    "  FROM pg_publication p WHERE p.puballtables"
    "    OR EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = p.oid)"
    " UNION ALL SELECT 'pg_proc'::regclass, oid, 'LEAKPROOF function ' || oid::regprocedure"
    "  FROM pg_proc WHERE proleakproof"
    " UNION ALL SELECT 'pg_proc'::regclass, p.oid, 'function in ' || l.lanname || ' ' || p.oid::regprocedure"
    "  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
    "  WHERE p.prokind <> 'a' AND l.lanname <> 'sql' AND NOT l.lanpltrusted"
    " UNION ALL SELECT 'pg_language'::regclass, oid, 'language ' || quote_ident(lanname) FROM pg_language"
    " UNION ALL SELECT 'pg_am'::regclass, oid, 'access method ' || quote_ident(amname) FROM pg_am"
    " UNION ALL SELECT 'pg_opclass'::regclass, oid, 'operator class ' || quote_ident(opcname) FROM pg_opclass"
    " UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, 'foreign data wrapper ' || "
    "quote_ident(fdwname)"
    "  FROM pg_foreign_data_wrapper"
    " UNION ALL SELECT 'pg_type'::regclass, oid, 'base type ' || oid::regtype FROM pg_type"
    "  WHERE typtype = 'b' AND typelem = 0"
    " UNION ALL SELECT 'pg_ts_template'::regclass, oid, 'text search template ' || quote_ident(tmplname)"
    "  FROM pg_ts_template"
    " UNION ALL SELECT 'pg_ts_parser'::regclass, oid, 'text search parser ' || quote_ident(prsname)"
    "  FROM pg_ts_parser)"
    " SELECT t.name FROM things t WHERE t.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend d"
    "   WHERE d.classid = t.catalog AND d.objid = t.oid AND d.deptype IN ('e', 'i')) ORDER BY 1";

/* A dump gives them by SET SESSION AUTHORIZATION. Of columns they are the table's. */
static const char granted_sql[] =
    "SELECT DISTINCT 'grants of ' || pg_get_userbyid(g.grantor) || ' on ' || pg_describe_object(o.class, "
    "o.oid, 0)"
    "  FROM (SELECT 'pg_class'::regclass::oid, oid, relowner, relacl FROM pg_class"
    "    UNION ALL SELECT 'pg_class'::regclass, c.oid, c.relowner, a.attacl FROM pg_attribute a"
    "      JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped"
    "    UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, nspacl FROM pg_namespace"
    "    UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, proacl FROM pg_proc"
    "    UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typacl FROM pg_type"
    "    UNION ALL SELECT 'pg_language'::regclass, oid, lanowner, lanacl FROM pg_language"
    "    UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, srvacl FROM pg_foreign_server"
    "    UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, lomacl FROM pg_largeobject_metadata"
    "  ) o (class, oid, owner, acl), aclexplode(o.acl) g"
    " WHERE o.oid >= 16384 AND g.grantor <> o.owner AND NOT EXISTS (SELECT FROM pg_depend d"
    "   WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e') ORDER BY 1";

static const char without_sql[] = "SELECT 'extension plpgsql' WHERE NOT EXISTS (SELECT FROM pg_extension"
                                  "  WHERE extname = 'plpgsql')";

static const struct {
    const char *sql, *in_production, *in_preview, *hint;
} superusers_things[] = {
    {superusers_only_sql, "production has what only a superuser can make where the backup is tried",
     "the preview has what only a superuser can make in the new production",
     "Connect to production as a superuser, or DROP it."},
    {granted_sql,
     "rights that somebody else than the owner gave in production, which only a superuser can give",
     "rights that somebody else than the owner gave in the preview, which only a superuser can give",
     "Connect to production as a superuser, or have the owner grant these rights and revoke the others."},
    {without_sql, "production has not what every new database has, and only a superuser drops",
     "the preview has not what every new database has, and only a superuser drops",
     "Connect to production as a superuser, or CREATE EXTENSION plpgsql there."}};

/* Both sides' content is made on production's server, the preview's to be swapped in, production's to prove the backup. */
static cutover_status check_superusers_only(const struct preflight_servers *servers, const char *name,
                                            struct findings *findings, cutover_error **error)
{
    struct preflight_listing listing = {.name = name, .severity = CUTOVER_SEVERITY_BLOCK};
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < sizeof superusers_things / sizeof *superusers_things; i++) {
        if (status != CUTOVER_OK || servers->control->superuser)
            break;
        listing.sql = superusers_things[i].sql;
        listing.hint = superusers_things[i].hint;
        listing.found = superusers_things[i].in_production;
        status = preflight_list(servers->production, &listing, 0, NULL, findings, error);
        listing.found = superusers_things[i].in_preview;
        if (status == CUTOVER_OK && servers->preview != NULL)
            status = preflight_list(servers->preview, &listing, 0, NULL, findings, error);
    }
    return status;
}

const struct preflight_check preflight_rights_checks[] = {
    {"databases.superusers_only", ASK_ONCE, check_superusers_only},
    {"databases.owners", ASK_ONCE, check_owners},
    {"loader", ASK_ONCE, check_loader},
    {NULL, ASK_ONCE, NULL},
};
