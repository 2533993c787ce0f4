#include "postgres/catalog/queries.h"

#include <stddef.h>

/* Owners, grants, default privileges. */

/* pg_dump carries nothing of information_schema, but changed grants of pg_catalog. */
#define CARRIED_SCHEMA(n) n ".nspname <> 'information_schema' AND " n ".nspname !~ '^pg_(temp_|toast)'"

/* clang-format off */
/* Every object that can have an owner: its catalog, OID, sub-OID, owner, ACL, the letter of acldefault() (NULL: it has
   no ACL), and whether it is `special`: made by initdb or by an extension. */
static const char objects_sql[] =
    "objects AS MATERIALIZED (SELECT o.*, s.extension, coalesce(s.extension IS NOT NULL OR o.system, false)"
    " AS special"
    " FROM ( SELECT 'pg_class'::regclass::oid AS class, c.oid, c.relowner AS owner, c.relacl AS acl,"
    "    (CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\" AS letter, NOT (" USER_SCHEMA("n")
    ") AS system"
    "    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't'"
    "    AND " CARRIED_SCHEMA("n")
    " UNION ALL SELECT 'pg_namespace'::regclass, n.oid, n.nspowner, n.nspacl, 'n', NOT (" USER_SCHEMA("n") ")"
    "    FROM pg_namespace n"
    " WHERE " CARRIED_SCHEMA("n")
    " UNION ALL SELECT 'pg_proc'::regclass, p.oid, p.proowner, p.proacl, 'f', NOT (" USER_SCHEMA("n") ")"
    "    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE " CARRIED_SCHEMA("n")
    " UNION ALL SELECT 'pg_type'::regclass, t.oid, t.typowner, t.typacl, 'T', NOT (" USER_SCHEMA("n") ")"
    "    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
    " LEFT JOIN pg_class c ON c.oid = t.typrelid"
    "    WHERE " CARRIED_SCHEMA("n") " AND (t.typtype IN ('b', 'd', 'e', 'r') OR c.relkind = 'c')"
    "    AND NOT EXISTS (SELECT"
    " FROM pg_type el"
    " WHERE el.typarray = t.oid)"
    " UNION ALL SELECT 'pg_language'::regclass, l.oid, l.lanowner, l.lanacl, 'l', l.oid < 16384"
    " FROM pg_language l"
    " UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, w.fdwowner, w.fdwacl, 'F', false"
    "    FROM pg_foreign_data_wrapper w"
    " UNION ALL SELECT 'pg_foreign_server'::regclass, f.oid, f.srvowner, f.srvacl, 'S', false"
    "    FROM pg_foreign_server f"
    " UNION ALL SELECT 'pg_largeobject'::regclass, l.oid, l.lomowner, l.lomacl, 'L', false"
    "    FROM pg_largeobject_metadata l"
    " UNION ALL SELECT 'pg_operator'::regclass, o.oid, o.oprowner, NULL, NULL, o.oid < 16384"
    " FROM pg_operator o WHERE o.oprcode <> 0"
    " UNION ALL SELECT 'pg_opclass'::regclass, o.oid, o.opcowner, NULL, NULL, o.oid < 16384"
    " FROM pg_opclass o"
    " UNION ALL SELECT 'pg_opfamily'::regclass, o.oid, o.opfowner, NULL, NULL, o.oid < 16384"
    " FROM pg_opfamily o"
    " UNION ALL SELECT 'pg_collation'::regclass, o.oid, o.collowner, NULL, NULL, o.oid < 16384"
    " FROM pg_collation o"
    " UNION ALL SELECT 'pg_conversion'::regclass, o.oid, o.conowner, NULL, NULL, o.oid < 16384"
    "    FROM pg_conversion o"
    " UNION ALL SELECT 'pg_ts_dict'::regclass, o.oid, o.dictowner, NULL, NULL, o.oid < 16384"
    " FROM pg_ts_dict o"
    " UNION ALL SELECT 'pg_ts_config'::regclass, o.oid, o.cfgowner, NULL, NULL, o.oid < 16384"
    " FROM pg_ts_config o"
    " UNION ALL SELECT 'pg_event_trigger'::regclass, o.oid, o.evtowner, NULL, NULL, false"
    " FROM pg_event_trigger o"
    " UNION ALL SELECT 'pg_publication'::regclass, o.oid, o.pubowner, NULL, NULL, false"
    " FROM pg_publication o"
    " UNION ALL SELECT 'pg_statistic_ext'::regclass, o.oid, o.stxowner, NULL, NULL, false"
    " FROM pg_statistic_ext o ) o"
    " LEFT JOIN (SELECT x.classid, x.objid, min(x.refobjid) AS extension"
    " FROM pg_depend x"
    "    WHERE x.deptype = 'e' AND x.objsubid = 0 GROUP BY 1, 2) s ON s.classid = o.class AND s.objid ="
    " o.oid)";

/* Grants, with the built-in default spelt out, so that a default and the same granted by hand are equal. Of special
   objects only those whose grants are no longer what initdb or the extension gave (EDGE_CASES A23, C3). */
static const char grants_sql[] =
    "grants AS MATERIALIZED ( SELECT o.class, o.oid, 0 AS sub, g.*"
    " FROM objects o "
    " LEFT JOIN pg_init_privs i ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = 0,"
    "  LATERAL aclexplode(coalesce(o.acl, acldefault(o.letter, o.owner))) g"
    "  WHERE o.letter IS NOT NULL AND (NOT o.special OR (o.acl IS NOT NULL OR i.initprivs IS NOT NULL)"
    "    AND NOT (coalesce(o.acl, acldefault(o.letter, o.owner))"
    "    @> coalesce(i.initprivs, acldefault(o.letter, o.owner))"
    "    AND coalesce(o.acl, acldefault(o.letter, o.owner))"
    "    <@ coalesce(i.initprivs, acldefault(o.letter, o.owner))))"
    " UNION ALL SELECT o.class, o.oid, a.attnum, g.*"
    " FROM objects o "
    " JOIN pg_attribute a ON o.class = 'pg_class'::regclass AND a.attrelid = o.oid AND a.attacl IS NOT NULL "
    " LEFT JOIN pg_init_privs i ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = a.attnum,"
    "  LATERAL aclexplode(a.attacl) g"
    "  WHERE a.attnum > 0 AND NOT a.attisdropped"
    "  AND (NOT o.special OR i.initprivs IS NULL OR NOT (a.attacl @> i.initprivs AND a.attacl <@"
    " i.initprivs)))";

/* Members belong to their extension's owner, or to the superuser that initdb made when it is trusted; the extension's
   own owner is whoever created it and cannot be given (EDGE_CASES A23). */
static const char owners_and_grants_sql[] =
    "SELECT 'owner', i.type || ' ' || i.identity, pg_get_userbyid(o.owner)"
    " FROM objects o"
    " LEFT JOIN pg_extension e ON e.oid = o.extension, LATERAL pg_identify_object(o.class, o.oid, 0) i"
    " WHERE NOT o.special OR (o.extension IS NOT NULL AND o.owner <> e.extowner AND o.owner <> 10)"
    " UNION ALL SELECT 'acl', format('%s %s: %s to %s', i.type, i.identity, g.privilege_type,"
    "    CASE g.grantee WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(g.grantee)) END), format('by"
    " %I%s', pg_get_userbyid(g.grantor), CASE WHEN g.is_grantable THEN ' with grant option' END)"
    " FROM grants g, LATERAL pg_identify_object(g.class, g.oid, g.sub) i";

/* An entry that grants nothing still takes away what is built in. */
static const char default_acls_sql[] =
    "SELECT 'default acl', format('for %I%s on %s: %s', pg_get_userbyid(d.defaclrole), ' in schema ' ||"
    " quote_ident("
    "    n.nspname), CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN"
    " 'functions'"
    "    WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' ELSE"
    " d.defaclobjtype::text END,"
    "    coalesce(g.privilege_type || ' to ' || CASE g.grantee WHEN 0 THEN 'public'"
    "    ELSE quote_ident(pg_get_userbyid(g.grantee)) END, 'nothing')), coalesce(format('by %I%s',"
    " pg_get_userbyid(g.grantor),"
    "    CASE WHEN g.is_grantable THEN ' with grant option' END), '')"
    " FROM pg_default_acl d"
    " LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace"
    " LEFT JOIN LATERAL aclexplode(d.defaclacl) g ON true";

static const char roles_sql[] =
    "SELECT DISTINCT pg_get_userbyid(r.role)::text COLLATE \"C\""
    " FROM ( SELECT o.owner AS role"
    " FROM objects o"
    " LEFT JOIN pg_extension e ON e.oid = o.extension"
    "    WHERE NOT o.special OR (o.extension IS NOT NULL AND o.owner <> e.extowner AND o.owner <> 10)"
    " UNION ALL SELECT g.grantee"
    " FROM grants g"
    " UNION ALL SELECT g.grantor"
    " FROM grants g"
    " UNION ALL SELECT d.defaclrole"
    " FROM pg_default_acl d"
    " UNION ALL SELECT x.r"
    " FROM pg_default_acl d, LATERAL aclexplode(d.defaclacl) g,"
    "    LATERAL (VALUES (g.grantee), (g.grantor)) x(r)"
    " UNION ALL SELECT unnest(p.polroles)"
    " FROM pg_policy p"
    " UNION ALL SELECT m.umuser"
    " FROM pg_user_mappings m) r"
    " WHERE r.role <> 0 ORDER BY 1";

/* clang-format on */
const struct catalog_query catalog_rights_queries[] = {
    {0, 0, {objects_sql, grants_sql}, owners_and_grants_sql},
    {0, 0, {NULL}, default_acls_sql},
    {0, 0, {NULL}, NULL},
};

const struct catalog_query catalog_roles_query = {0, 0, {objects_sql, grants_sql}, roles_sql};
