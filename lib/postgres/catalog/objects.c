#include "postgres/catalog/queries.h"

#include <stddef.h>

/* Names of functions, operators and types come from the reg* types, which qualify them because search_path is empty. */

/* clang-format off */
static const char schemas_sql[] =
    "SELECT 'schema', quote_ident(n.nspname), ''"
    " FROM pg_namespace n"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_namespace", "n.oid");

static const char extensions_sql[] =
    "SELECT 'extension', quote_ident(e.extname), format('version %s; schema %I', e.extversion, n.nspname)"
    " FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace";

static const char functions_sql[] =
    "SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid)"
    " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE p.prokind <> 'a' AND " USER_SCHEMA("n") " AND " NO_MEMBER("pg_proc", "p.oid");

/* Members that are zero are left out; regproc shows them as "-". */
static const char aggregates_sql[] =
    "SELECT 'aggregate', p.oid::regprocedure::text, concat_ws('; ',"
    "  pg_get_function_arguments(p.oid), 'returns ' || pg_get_function_result(p.oid), 'kind ' ||"
    " a.aggkind::text,"
    "  'direct ' || a.aggnumdirectargs, 'parallel ' || p.proparallel::text,"
    "  'functions ' || concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn,"
    " a.aggdeserialfn,"
    "    a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn),"
    "  'state ' || format_type(a.aggtranstype, NULL) || ' ' || a.aggtransspace,"
    "  'moving ' || format_type(nullif(a.aggmtranstype, 0), NULL) || ' ' || a.aggmtransspace,"
    "  'extra ' || concat_ws(' ', a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify),"
    "  'sort ' || nullif(a.aggsortop, 0)::regoperator::text, 'initial ' || a.agginitval,"
    "  'moving initial ' || a.aggminitval, 'support ' || nullif(p.prosupport, 0)::regproc::text)"
    " FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_proc", "p.oid");

/* Array and multirange types follow from theirs; a table's row type from the table. */
static const char types_sql[] =
    "SELECT CASE t.typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' ELSE 'type'"
    " END, format('%I.%I', n.nspname, t.typname), CASE t.typtype"
    "  WHEN 'e' THEN (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)"
    "    FROM pg_enum e"
    " WHERE e.enumtypid = t.oid)"
    "  WHEN 'c' THEN (SELECT string_agg(concat_ws(' ', quote_ident(a.attname),"
    "    format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation <> at.typcollation"
    "    THEN 'collate ' || a.attcollation::regcollation::text END), ', ' ORDER BY a.attnum)"
    "    FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid"
    "    WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)"
    "  WHEN 'd' THEN concat_ws('; ', format_type(t.typbasetype, t.typtypmod),"
    "    CASE WHEN t.typcollation <> b.typcollation THEN 'collate ' || t.typcollation::regcollation::text"
    " END,"
    "    CASE WHEN t.typnotnull THEN 'not null' END, 'default ' || t.typdefault)"
    "  WHEN 'r' THEN concat_ws('; ', format_type(r.rngsubtype, NULL),"
    "    'class ' || (SELECT format('%I.%I', cn.nspname, o.opcname)"
    " FROM pg_opclass o"
    "     JOIN pg_namespace cn ON cn.oid = o.opcnamespace"
    " WHERE o.oid = r.rngsubopc),"
    "    'collate ' || nullif(r.rngcollation, 0)::regcollation::text,"
    "    'canonical ' || r.rngcanonical::text, 'difference ' || r.rngsubdiff::text,"
    "    'multirange ' || format_type(r.rngmultitypid, NULL))"
    "  ELSE concat_ws('; ', CASE WHEN NOT t.typisdefined THEN 'shell' END,"
    "    'functions ' || concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin,"
    "    t.typmodout, t.typanalyze, t.typsubscript),"
    "    'length ' || t.typlen, 'by value ' || t.typbyval, 'align ' || t.typalign::text, 'storage ' ||"
    " t.typstorage::text,"
    "    'category ' || t.typcategory::text, 'preferred ' || t.typispreferred, 'delimiter ' ||"
    " t.typdelim::text,"
    "    'element ' || format_type(nullif(t.typelem, 0), NULL), 'default ' || t.typdefault,"
    "    'collate ' || nullif(t.typcollation, 0)::regcollation::text) END"
    " FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
    " LEFT JOIN pg_type b ON b.oid = t.typbasetype"
    " LEFT JOIN pg_range r ON r.rngtypid = t.oid"
    " LEFT JOIN pg_class c ON c.oid = t.typrelid"
    " WHERE (t.typtype IN ('b', 'd', 'e', 'r') OR (t.typtype = 'p' AND NOT t.typisdefined)"
    "    OR (t.typtype = 'c' AND c.relkind = 'c')) AND NOT EXISTS (SELECT"
    " FROM pg_type el"
    " WHERE el.typarray = t.oid) AND " USER_SCHEMA("n") " AND " NO_MEMBER("pg_type", "t.oid");

/* Not those that others only name as commutator or negator, and nobody defined: pg_dump leaves them out. */
static const char operators_sql[] =
    "SELECT 'operator', o.oid::regoperator::text, concat_ws('; ', 'function ' || o.oprcode::text,"
    "  'returns ' || format_type(o.oprresult, NULL), 'commutator ' || nullif(o.oprcom,"
    " 0)::regoperator::text,"
    "  'negator ' || nullif(o.oprnegate, 0)::regoperator::text, 'restrict ' || o.oprrest::text, 'join ' ||"
    " o.oprjoin::text,"
    "  CASE WHEN o.oprcanhash THEN 'hashes' END, CASE WHEN o.oprcanmerge THEN 'merges' END)"
    " FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace"
    " WHERE o.oprcode <> 0 AND " USER_SCHEMA("n") " AND " NO_MEMBER("pg_operator", "o.oid");

static const char families_sql[] =
    "SELECT 'opfamily', format('%I.%I using %I', n.nspname, f.opfname, a.amname), concat_ws('; ',"
    "  (SELECT string_agg(concat_ws(' ', 'operator', m.amopstrategy, m.amopopr::regoperator::text,"
    " m.amoppurpose), ', '"
    "     ORDER BY m.amopstrategy, m.amopopr::regoperator::text COLLATE \"C\")"
    "    FROM pg_amop m"
    " WHERE m.amopfamily = f.oid),"
    "  (SELECT string_agg(concat_ws(' ', 'function', m.amprocnum, format_type(m.amproclefttype, NULL),"
    "    format_type(m.amprocrighttype, NULL), m.amproc::regprocedure), ', '"
    "    "
    " ORDER BY m.amprocnum, m.amproc::regprocedure::text COLLATE \"C\", format_type(m.amproclefttype, NULL)"
    "    COLLATE \"C\", format_type(m.amprocrighttype, NULL) COLLATE \"C\")"
    "    FROM pg_amproc m"
    " WHERE m.amprocfamily = f.oid))"
    " FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_opfamily", "f.oid");

static const char classes_sql[] =
    "SELECT 'opclass', format('%I.%I using %I', n.nspname, o.opcname, a.amname), concat_ws('; ',"
    "  'for ' || format_type(o.opcintype, NULL), CASE WHEN o.opcdefault THEN 'default' END,"
    "  'family ' || format('%I.%I', fn.nspname, f.opfname),"
    "  'storage ' || format_type(nullif(o.opckeytype, 0), NULL))"
    " FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am a ON a.oid = o.opcmethod"
    " JOIN pg_opfamily f ON f.oid = o.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_opclass", "o.oid");

static const char casts_sql[] =
    "SELECT 'cast', format('(%s as %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)),"
    " concat_ws('; ', 'function ' || nullif(c.castfunc, 0)::regprocedure::text, 'context ' ||"
    " c.castcontext::text,"
    "    'method ' || c.castmethod::text)"
    " FROM pg_cast c"
    " WHERE " USER_OID("c.oid") " AND " NO_MEMBER("pg_cast", "c.oid");

static const char transforms_sql[] =
    "SELECT 'transform', format('for %s language %I', format_type(t.trftype, NULL), l.lanname),"
    " concat_ws('; ', nullif(t.trffromsql, 0)::regprocedure::text, nullif(t.trftosql,"
    " 0)::regprocedure::text)"
    " FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang"
    " WHERE " USER_OID("t.oid") " AND " NO_MEMBER("pg_transform", "t.oid");

/* The version is the operating system's matter: a copy is sorted by today's (EDGE_CASES A29). Nor is it a difference whether one of the operating system's is for any
   encoding, as those FROM "C" are, or for this database's, as CREATE COLLATION makes them. */
static const char collations_sql[] =
    "SELECT 'collation', format('%I.%I', n.nspname, c.collname), concat_ws('; ', 'provider ' ||"
    " c.collprovider::text,"
    "  'collate ' || c.collcollate, 'ctype ' || c.collctype,"
    "  'locale ' || coalesce(j.row->>'colllocale', j.row->>'colliculocale'), 'rules ' ||"
    " (j.row->>'collicurules'),"
    "  CASE WHEN NOT c.collisdeterministic THEN 'not deterministic' END,"
    "  CASE WHEN c.collencoding >= 0 OR c.collprovider = 'c'"
    "    THEN 'encoding ' || pg_encoding_to_char(CASE WHEN c.collencoding >= 0 THEN c.collencoding"
    "      ELSE (SELECT encoding FROM pg_database WHERE datname = current_database()) END) END)"
    " FROM pg_collation c"
    " JOIN pg_namespace n ON n.oid = c.collnamespace, LATERAL (SELECT to_jsonb(c) AS row) j"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_collation", "c.oid");

static const char conversions_sql[] =
    "SELECT 'conversion', format('%I.%I', n.nspname, c.conname), concat_ws('; ',"
    "  pg_encoding_to_char(c.conforencoding) || ' to ' || pg_encoding_to_char(c.contoencoding),"
    "  'function ' || c.conproc::text, CASE WHEN c.condefault THEN 'default' END)"
    " FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_conversion", "c.oid");

static const char search_configurations_sql[] =
    "SELECT 'text search configuration', format('%I.%I', n.nspname, c.cfgname), concat_ws('; ',"
    "  (SELECT format('parser %I.%I', pn.nspname, p.prsname)"
    " FROM pg_ts_parser p"
    "     JOIN pg_namespace pn ON pn.oid = p.prsnamespace"
    " WHERE p.oid = c.cfgparser),"
    "  (SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary::text, ', '"
    "     ORDER BY m.maptokentype, m.mapseqno)"
    " FROM pg_ts_config_map m"
    " WHERE m.mapcfg = c.oid))"
    " FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_ts_config", "c.oid");

static const char search_objects_sql[] =
    "SELECT 'text search dictionary', format('%I.%I', n.nspname, d.dictname), concat_ws('; ',"
    "  (SELECT format('template %I.%I', tn.nspname, t.tmplname)"
    " FROM pg_ts_template t"
    "     JOIN pg_namespace tn ON tn.oid = t.tmplnamespace"
    " WHERE t.oid = d.dicttemplate), d.dictinitoption)"
    " FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_ts_dict", "d.oid")
    " UNION ALL SELECT 'text search parser', format('%I.%I', n.nspname, p.prsname),"
    "  concat_ws(' ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype)"
    " FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_ts_parser", "p.oid")
    " UNION ALL SELECT 'text search template', format('%I.%I', n.nspname, t.tmplname),"
    "  concat_ws(' ', t.tmplinit, t.tmpllexize)"
    " FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace"
    " WHERE " USER_SCHEMA("n") " AND " NO_MEMBER("pg_ts_template", "t.oid");

static const char event_triggers_sql[] =
    "SELECT 'event trigger', quote_ident(e.evtname), concat_ws('; ', CASE e.evtenabled WHEN 'O' THEN"
    " 'enabled'"
    "  WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END, 'on ' || e.evtevent,"
    "  'function ' || e.evtfoid::regprocedure::text, 'tags ' || " SORTED("e.evttags") ")"
    " FROM pg_event_trigger e"
    " WHERE " NO_MEMBER("pg_event_trigger", "e.oid");

/* The row's own flags differ between versions; its name and owner are told elsewhere. From 19 on one of all tables may have members
   that are none of it. */
static const char publications_sql[] =
    "SELECT 'publication', quote_ident(p.pubname), (to_jsonb(p) - 'oid' - 'pubname' - 'pubowner')::text"
    " FROM pg_publication p"
    " WHERE " NO_MEMBER("pg_publication", "p.oid");

static const char PUBLICATION_TABLES_14[] =
    "SELECT 'publication member', format('%I: table %s', p.pubname, r.prrelid::regclass), ''"
    " FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid";

static const char publication_tables_sql[] =
    "SELECT 'publication member', format('%I: table %s', p.pubname, r.prrelid::regclass), concat_ws('; ',"
    "  CASE WHEN (to_jsonb(r) ->> 'prexcept')::boolean THEN 'all but it' END,"
    "  'columns ' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE \"C\")"
    "    FROM unnest(r.prattrs) k JOIN pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = k),"
    "  'where ' || pg_get_expr(r.prqual, r.prrelid))"
    " FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid"
    " UNION ALL SELECT 'publication member', format('%I: schema %I', p.pubname, n.nspname), ''"
    " FROM pg_publication_namespace s JOIN pg_publication p ON p.oid = s.pnpubid"
    " JOIN pg_namespace n ON n.oid = s.pnnspid";

/* Options may hold passwords: a server's are told as a digest, a user mapping's by their names (EDGE_CASES A41). */
static const char foreign_sql[] =
    "SELECT 'foreign data wrapper', quote_ident(w.fdwname), concat_ws('; ',"
    "  'handler ' || nullif(w.fdwhandler, 0)::regproc::text, 'validator ' || nullif(w.fdwvalidator,"
    " 0)::regproc::text,"
    "  'connection ' || nullif((to_jsonb(w) ->> 'fdwconnection')::oid, 0)::regproc::text,"
    "  'options ' || left(encode(sha256(convert_to(" SORTED("w.fdwoptions") ", 'UTF8')), 'hex'), 16))"
    " FROM pg_foreign_data_wrapper w"
    " WHERE " NO_MEMBER("pg_foreign_data_wrapper", "w.oid")
    " UNION ALL SELECT 'foreign server', quote_ident(s.srvname), concat_ws('; ', 'wrapper ' ||"
    " quote_ident(w.fdwname),"
    "  'type ' || s.srvtype, 'version ' || s.srvversion,"
    "  'options ' || left(encode(sha256(convert_to(" SORTED("s.srvoptions") ", 'UTF8')), 'hex'), 16))"
    " FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw"
    " WHERE " NO_MEMBER("pg_foreign_server", "s.oid")
    " UNION ALL SELECT 'user mapping', format('for %s on %I', coalesce(quote_ident(m.usename), 'public'),"
    " m.srvname),"
    "  'options ' || (SELECT string_agg(split_part(o, '=', 1), ', ' ORDER BY o COLLATE \"C\")"
    "    FROM unnest(m.umoptions) o)"
    " FROM pg_user_mappings m";

static const char languages_sql[] =
    "SELECT 'language', quote_ident(l.lanname), concat_ws('; ', CASE WHEN l.lanpltrusted THEN 'trusted' END,"
    "  'handler ' || nullif(l.lanplcallfoid, 0)::regproc::text, 'inline ' || nullif(l.laninline,"
    " 0)::regproc::text,"
    "  'validator ' || nullif(l.lanvalidator, 0)::regproc::text)"
    " FROM pg_language l"
    " WHERE " USER_OID("l.oid") " AND " NO_MEMBER("pg_language", "l.oid")
    " UNION ALL SELECT 'access method', quote_ident(a.amname), concat_ws('; ', 'type ' || a.amtype::text,"
    "  'handler ' || a.amhandler::text)"
    " FROM pg_am a"
    " WHERE " USER_OID("a.oid") " AND " NO_MEMBER("pg_am", "a.oid");

static const char large_objects_sql[] =
    "SELECT 'large object', l.oid::text, ''"
    " FROM pg_largeobject_metadata l";

/* Comments on extensions need their ownership and are not carried (EDGE_CASES A24); comments on members come with
   them. 2200 is the schema public. */
static const char comments_sql[] =
    "SELECT 'comment', i.type || ' ' || i.identity, d.description"
    " FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i"
    " WHERE (" USER_OID("d.objoid") " OR (d.classoid = 'pg_namespace'::regclass AND d.objoid = 2200)"
    "    OR d.classoid = 'pg_largeobject'::regclass) AND d.classoid <> 'pg_extension'::regclass AND"
    " i.identity IS NOT NULL AND coalesce(NOT starts_with(i.schema, 'pg_') AND i.schema <>"
    " 'information_schema', true) AND NOT EXISTS (SELECT"
    " FROM pg_depend x"
    " WHERE x.classid = d.classoid AND x.objid = d.objoid"
    "    AND x.objsubid = 0 AND x.deptype = 'e')";

static const char labels_sql[] =
    "SELECT 'security label', format('%s %s for %s', i.type, i.identity, l.provider), l.label"
    " FROM pg_seclabel l, LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i"
    " WHERE i.identity IS NOT NULL AND NOT EXISTS (SELECT"
    " FROM pg_depend x"
    " WHERE x.classid = l.classoid AND x.objid = l.objoid"
    "    AND x.objsubid = 0 AND x.deptype = 'e')";

/* clang-format on */
const struct catalog_query catalog_object_queries[] = {
    {0, 0, {NULL}, schemas_sql},
    {0, 0, {NULL}, extensions_sql},
    {0, 0, {NULL}, functions_sql},
    {0, 0, {NULL}, aggregates_sql},
    {0, 0, {NULL}, types_sql},
    {0, 0, {NULL}, operators_sql},
    {0, 0, {NULL}, families_sql},
    {0, 0, {NULL}, classes_sql},
    {0, 0, {NULL}, casts_sql},
    {0, 0, {NULL}, transforms_sql},
    {0, 0, {NULL}, collations_sql},
    {0, 0, {NULL}, conversions_sql},
    {0, 0, {NULL}, search_configurations_sql},
    {0, 0, {NULL}, search_objects_sql},
    {0, 0, {NULL}, event_triggers_sql},
    {0, 0, {NULL}, publications_sql},
    {0, 150000, {NULL}, PUBLICATION_TABLES_14},
    {150000, 0, {NULL}, publication_tables_sql},
    {0, 0, {NULL}, foreign_sql},
    {0, 0, {NULL}, languages_sql},
    {0, 0, {NULL}, large_objects_sql},
    {0, 0, {NULL}, comments_sql},
    {0, 0, {NULL}, labels_sql},
    {0, 0, {NULL}, NULL},
};
