#include "postgres/catalog/queries.h"

#include <stddef.h>

/* Columns that not all versions have are read through to_jsonb or in a statement per
   range of versions. Definitions that PostgreSQL deparses are qualified, because search_path is empty. */

/* clang-format off */
/* Tables, partitioned tables, foreign tables. TOAST options count as the table's (EDGE_CASES A28). */
static const char tables_sql[] =
    "SELECT CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END, format('%I.%I', n.nspname,"
    " c.relname), concat_ws('; ',"
    "  CASE c.relkind WHEN 'p' THEN 'partitioned by ' || pg_get_partkeydef(c.oid) WHEN 'r' THEN 'ordinary'"
    " END,"
    "  CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,"
    "  'access method ' || a.amname,"
    "  'replica identity ' || CASE c.relreplident WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing'"
    "    WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END,"
    "  CASE WHEN c.relrowsecurity THEN 'row security enabled' END,"
    "  CASE WHEN c.relforcerowsecurity THEN 'row security forced' END,"
    "  'options ' || " SORTED("c.reloptions") ","
    "  'toast options ' || " SORTED("t.reloptions") ","
    "  'of type ' || format_type(nullif(c.reloftype, 0), NULL),"
    "  'inherits ' || (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)"
    "    FROM pg_inherits i"
    " WHERE i.inhrelid = c.oid),"
    "  'partition ' || pg_get_expr(c.relpartbound, c.oid),"
    "  'server ' || quote_ident(s.srvname), 'foreign options ' || " SORTED("f.ftoptions") ")"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_am a ON a.oid = c.relam"
    " LEFT JOIN pg_class t ON t.oid = c.reltoastrelid"
    " LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid"
    " LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver"
    " WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND " USER_SCHEMA("n") " AND "
    NO_MEMBER("pg_class", "c.oid");

/* pg_attver is the server's own book-keeping (15.20 and the minor versions of its day), different in every copy;
   pg_dump leaves it out, too. */
#define USER_OPTIONS                                                                                           \
    "(SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\") FROM unnest(a.attoptions) o"                         \
    " WHERE NOT starts_with(o, 'pg_attver='))"

/* By name: the physical order is another after a restore (EDGE_CASES A17, A18). Composite types keep theirs in the
   type's definition. attstattarget is -1 up to 16 and NULL since 17 when it is not set. */
static const char columns_sql[] =
    "SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname), concat_ws('; ',"
    " format_type(a.atttypid, a.atttypmod),"
    "  CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END,"
    "  CASE WHEN a.attnotnull THEN 'not null' END,"
    "  CASE a.attgenerated WHEN '' THEN 'default ' WHEN 's' THEN 'generated stored ' ELSE 'generated"
    " virtual ' END"
    "    || pg_get_expr(d.adbin, d.adrelid),"
    "  CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,"
    "  CASE WHEN a.attstorage <> t.typstorage THEN 'storage ' || a.attstorage::text END,"
    "  CASE a.attcompression WHEN '' THEN NULL WHEN 'p' THEN 'compression pglz' WHEN 'l' THEN 'compression"
    " lz4'"
    "    ELSE 'compression ' || a.attcompression::text END,"
    "  CASE WHEN a.attstattarget >= 0 THEN 'statistics ' || a.attstattarget END,"
    "  'options ' || " USER_OPTIONS ", 'foreign options ' || " SORTED("a.attfdwoptions") ")"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_type t ON t.oid = a.atttypid"
    " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND"
    " c.relpersistence <> 't' AND " USER_SCHEMA("n") " AND " NO_MEMBER("pg_class", "c.oid");

/* Clones that foreign keys of partitioned tables have in each partition follow from the original (EDGE_CASES A10).
   Constraint triggers are triggers. */
static const char constraints_sql[] =
    "SELECT 'constraint', CASE WHEN o.conrelid <> 0 THEN format('%I.%I.%I', n.nspname, c.relname, o.conname)"
    "    ELSE format('%I.%I.%I', tn.nspname, t.typname, o.conname) END, concat_ws('; ',"
    " pg_get_constraintdef(o.oid), CASE WHEN o.convalidated THEN 'validated' ELSE 'not validated' END,"
    "    CASE WHEN o.condeferred THEN 'initially deferred' WHEN o.condeferrable THEN 'deferrable' END)"
    " FROM pg_constraint o"
    " LEFT JOIN pg_class c ON c.oid = o.conrelid"
    " LEFT JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_type t ON t.oid = o.contypid"
    " LEFT JOIN pg_namespace tn ON tn.oid = t.typnamespace"
    " WHERE o.contype <> 't' AND NOT (o.contype = 'f' AND o.conparentid <> 0) AND ((o.conrelid <> 0 AND"
    " c.relpersistence <> 't' AND " USER_SCHEMA("n") "    AND " NO_MEMBER("pg_class", "c.oid") ")"
    "    OR (o.contypid <> 0 AND " USER_SCHEMA("tn") " AND " NO_MEMBER("pg_type", "t.oid") "))";

static const char indexes_sql[] =
    "SELECT 'index', format('%I.%I', n.nspname, ic.relname), concat_ws('; ', pg_get_indexdef(i.indexrelid),"
    " CASE WHEN i.indisprimary THEN 'primary' END,"
    "  CASE WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END, CASE WHEN NOT i.indisready THEN 'not ready'"
    " END,"
    "  CASE WHEN NOT i.indimmediate THEN 'deferrable' END,"
    "  CASE WHEN i.indisclustered THEN 'clustered' END, CASE WHEN i.indisreplident THEN 'replica identity'"
    " END,"
    "  'part of ' || (SELECT h.inhparent::regclass::text"
    " FROM pg_inherits h"
    " WHERE h.inhrelid = ic.oid),"
    "  'statistics ' || (SELECT string_agg(a.attnum || ' to ' || a.attstattarget, ', ' ORDER BY a.attnum)"
    "    FROM pg_attribute a"
    " WHERE a.attrelid = ic.oid AND a.attstattarget >= 0))"
    " FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid"
    " JOIN pg_namespace n ON n.oid = ic.relnamespace"
    " WHERE c.relpersistence <> 't' AND " USER_SCHEMA("n") " AND " NO_MEMBER("pg_class", "c.oid");

static const char views_sql[] =
    "SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'matview' END, format('%I.%I', n.nspname, c.relname),"
    " concat_ws('; ', CASE WHEN c.relkind = 'm' AND c.relispopulated THEN 'populated'"
    "    WHEN c.relkind = 'm' THEN 'not populated' END,"
    "  'options ' || " SORTED("c.reloptions") ", 'access method ' || a.amname, pg_get_viewdef(c.oid))"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_am a ON a.oid = c.relam"
    " WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND " USER_SCHEMA("n") " AND "
    NO_MEMBER("pg_class", "c.oid");

/* Values are compared with the rows, not here: they are not transactional. */
static const char sequences_sql[] =
    "SELECT 'sequence', format('%I.%I', n.nspname, c.relname), concat_ws('; ', format_type(s.seqtypid,"
    " NULL), 'start ' || s.seqstart, 'increment ' || s.seqincrement,"
    "  'from ' || s.seqmin || ' to ' || s.seqmax, 'cache ' || s.seqcache, CASE WHEN s.seqcycle THEN 'cycle'"
    " END,"
    "  CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,"
    "  (SELECT CASE d.deptype WHEN 'i' THEN 'identity of ' ELSE 'owned by ' END"
    "    || format('%s.%I', d.refobjid::regclass, a.attname)"
    "    FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
    "    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0"
    "    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LIMIT 1))"
    " FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relpersistence <> 't' AND " USER_SCHEMA("n") " AND " NO_MEMBER("pg_class", "c.oid");

/* Clones in partitions follow from the original, unless they are switched otherwise. */
static const char triggers_sql[] =
    "SELECT 'trigger', format('%I on %I.%I', t.tgname, n.nspname, c.relname), concat_ws('; ', CASE"
    " t.tgenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'"
    "    WHEN 'A' THEN 'always' END, pg_get_triggerdef(t.oid))"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_trigger p ON p.oid = t.tgparentid"
    " WHERE ((t.tgparentid = 0 AND NOT t.tgisinternal)"
    "    OR (t.tgparentid <> 0 AND t.tgconstrrelid = 0 AND t.tgenabled <> p.tgenabled)) AND"
    " c.relpersistence <> 't' AND " USER_SCHEMA("n") " AND " NO_MEMBER("pg_class", "c.oid") " AND "
    NO_MEMBER("pg_trigger", "t.oid");

static const char rules_sql[] =
    "SELECT 'rule', format('%I on %I.%I', r.rulename, n.nspname, c.relname), concat_ws('; ', CASE"
    " r.ev_enabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'"
    "    WHEN 'A' THEN 'always' END, pg_get_ruledef(r.oid))"
    " FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT (r.rulename = '_RETURN' AND c.relkind IN ('v', 'm')) AND c.relpersistence <> 't' AND "
    USER_SCHEMA("n") " AND " NO_MEMBER("pg_class", "c.oid");

/* Also those on tables of extensions, which pg_dump carries (EDGE_CASES A27). */
static const char policies_sql[] =
    "SELECT 'policy', format('%I on %I.%I', p.polname, n.nspname, c.relname), concat_ws('; ', CASE WHEN"
    " p.polpermissive THEN 'permissive' ELSE 'restrictive' END,"
    "  CASE p.polcmd WHEN 'r' THEN 'for select' WHEN 'a' THEN 'for insert' WHEN 'w' THEN 'for update'"
    "    WHEN 'd' THEN 'for delete' ELSE 'for all' END,"
    "  'to ' || (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(r)) END, ',"
    " '"
    "     ORDER BY pg_get_userbyid(r) COLLATE \"C\") FROM unnest(p.polroles) r),"
    "  'using ' || pg_get_expr(p.polqual, p.polrelid), 'with check ' || pg_get_expr(p.polwithcheck,"
    " p.polrelid))"
    " FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE " USER_SCHEMA("n");

static const char statistics_sql[] =
    "SELECT 'statistics', format('%I.%I', n.nspname, s.stxname), concat_ws('; ',"
    " pg_get_statisticsobjdef(s.oid), CASE WHEN s.stxstattarget >= 0"
    "    THEN 'target ' || s.stxstattarget END)"
    " FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_class", "s.stxrelid");

/* clang-format on */
const struct catalog_query catalog_relation_queries[] = {
    {0, 0, {NULL}, tables_sql},     {0, 0, {NULL}, columns_sql}, {0, 0, {NULL}, constraints_sql},
    {0, 0, {NULL}, indexes_sql},    {0, 0, {NULL}, views_sql},   {0, 0, {NULL}, sequences_sql},
    {0, 0, {NULL}, triggers_sql},   {0, 0, {NULL}, rules_sql},   {0, 0, {NULL}, policies_sql},
    {0, 0, {NULL}, statistics_sql}, {0, 0, {NULL}, NULL},
};
