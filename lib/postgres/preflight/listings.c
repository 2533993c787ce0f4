/*
 * Preflight checks that are one query each.
 */
#include "postgres/check_constraints.h"
#include "postgres/fence_setting.h"
#include "postgres/preflight/checks.h"

#define BLOCK CUTOVER_SEVERITY_BLOCK
#define WARN CUTOVER_SEVERITY_WARN

/* Not a system's, a temporary or a toast schema. */
#define USERS_SCHEMA(n)                                                                                        \
    n ".nspname <> 'information_schema' AND " n ".nspname !~ '^pg_(catalog$|toast|temp_|toast_temp_)'"

static const char prepared_sql[] =
    "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() ORDER BY 1";

/* Those that have a leader end with it: parallel workers, and that of REPACK (CONCURRENTLY), 19. */
static const char workers_sql[] =
    "SELECT backend_type || ' (pid ' || pid || ')' FROM pg_stat_activity WHERE datid = $1::oid"
    "   AND backend_type NOT IN ('client backend', 'autovacuum worker', 'walsender') AND leader_pid IS NULL"
    " ORDER BY 1";

/* REPACK (CONCURRENTLY) has one of its own, which goes with it. */
static const char slots_sql[] = "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
                                "   AND NOT (temporary AND plugin = 'pgrepack') ORDER BY 1";

static const char cron_sql[] = "SELECT 'extension pg_cron' FROM pg_extension WHERE extname = 'pg_cron'"
                               " UNION ALL SELECT 'setting cron.database_name'"
                               "  WHERE current_setting('cron.database_name', true) = current_database()";

static const char hooks_sql[] =
    "SELECT extname FROM pg_extension WHERE extname IN ('timescaledb', 'citus', 'citus_columnar') ORDER BY 1";

/* Statistics that nobody counts prove nothing. */
/* The tables of store_postgres/layout.h. */
static const char store_sql[] =
    "SELECT format('%I', n.nspname) FROM pg_namespace n WHERE 3 = (SELECT count(*) FROM pg_class c"
    "   WHERE c.relnamespace = n.oid AND c.relkind = 'r' AND c.relname IN ('layout', 'document', "
    "'commit_token'))"
    " ORDER BY 1";

static const char track_counts_sql[] =
    "SELECT 'server' WHERE current_setting('track_counts') <> 'on'"
    " UNION ALL SELECT coalesce('role ' || r.rolname, 'database') FROM pg_db_role_setting s"
    "   LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c"
    "  WHERE s.setdatabase IN (0, $1::oid)"
    "    AND CASE WHEN split_part(c, '=', 1) = 'track_counts' THEN NOT split_part(c, '=', 2)::bool ELSE false "
    "END"
    " UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p, unnest(p.proconfig) c"
    "  WHERE split_part(c, '=', 1) = 'track_counts'";

static const char other_storage_sql[] =
    "SELECT c.oid::regclass || ' (' || a.amname || ')' FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
    " WHERE c.relkind IN ('r', 'm', 't') AND a.amname <> 'heap' ORDER BY 1";

static const char tablespaces_sql[] =
    "SELECT DISTINCT t.spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace"
    " WHERE t.spcname <> 'pg_global' ORDER BY 1";

static const char unlogged_sql[] =
    "SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') AND relpersistence = 'u' ORDER BY 1";

/* What the hash of is made of OIDs, which are others in a copy: enums, and what is made of them. */
static const char hash_partitions_sql[] =
    "WITH RECURSIVE by_oid (oid) AS (SELECT t.oid FROM pg_type t WHERE t.typtype = 'e'"
    "   UNION SELECT n.oid FROM by_oid b JOIN LATERAL ("
    "     SELECT t.oid FROM pg_type t WHERE (t.typelem = b.oid AND t.typcategory = 'A') OR t.typbasetype = "
    "b.oid"
    "     UNION ALL SELECT r.rngtypid FROM pg_range r WHERE r.rngsubtype = b.oid"
    "     UNION ALL SELECT r.rngmultitypid FROM pg_range r WHERE r.rngtypid = b.oid"
    "     UNION ALL SELECT c.reltype FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    "       WHERE a.atttypid = b.oid AND NOT a.attisdropped AND c.reltype <> 0) n ON true)"
    "SELECT DISTINCT p.partrelid::regclass || ' (' || a.atttypid::regtype || ')' FROM pg_partitioned_table p"
    "  JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])"
    "  JOIN by_oid b ON b.oid = a.atttypid"
    " WHERE p.partstrat = 'h' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = p.partrelid) ORDER BY "
    "1";

static const char invalid_indexes_sql[] =
    "SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    "  JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT i.indisvalid AND c.relkind = 'i' AND " USERS_SCHEMA("n") " ORDER BY 1";

/* Roles that catalogs name and nobody can be: taken from pg_authid by hand, or lost by a server's fault. What is depended on is noted beside
   owners and access lists; either may be alone. */
static const char ghosts_sql[] =
    "WITH owned (class, oid, owner, acl) AS ("
    "   SELECT 'pg_class'::regclass, oid, relowner, relacl FROM pg_class"
    "   UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, nspacl FROM pg_namespace"
    "   UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, proacl FROM pg_proc"
    "   UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typacl FROM pg_type"
    "   UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, lomacl FROM pg_largeobject_metadata"
    "   UNION ALL SELECT 'pg_default_acl'::regclass, oid, defaclrole, defaclacl FROM pg_default_acl"
    "   UNION ALL SELECT 'pg_database'::regclass, oid, datdba, datacl FROM pg_database"
    "     WHERE datname = current_database()),"
    " named (class, oid, role) AS (SELECT class, oid, owner FROM owned"
    "   UNION SELECT o.class, o.oid, r.role FROM owned o, aclexplode(o.acl) a,"
    "     LATERAL (VALUES (a.grantee), (a.grantor)) r (role) WHERE r.role <> 0"
    "   UNION SELECT classid, objid, refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass"
    "     AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    "SELECT format('%s (role with OID %s)', CASE WHEN n.class = 'pg_default_acl'::regclass THEN 'default "
    "privileges'"
    "   ELSE pg_describe_object(n.class, n.oid, 0) END, n.role)"
    "  FROM named n WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = n.role) ORDER BY 1";

static const char checks_sql[] =
    "SELECT quote_ident(o.conname) || ' of ' || o.conrelid::regclass FROM pg_constraint o"
    " WHERE o.coninhcount = 0 AND " CHECKS_THAT_MAY_READ " ORDER BY 1";

/* From 18 on NOT NULL is a constraint, which says itself whether children have it. */
static const char inherited_not_null_sql[] =
    "SELECT i.inhrelid::regclass || '.' || quote_ident(a.attname) || ' (parent ' || i.inhparent::regclass || "
    "')'"
    "  FROM pg_inherits i JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attnotnull AND p.attnum > 0"
    "  JOIN pg_attribute a ON a.attrelid = i.inhrelid AND a.attname = p.attname AND NOT a.attnotnull"
    " WHERE current_setting('server_version_num')::int < 180000 ORDER BY 1";

/* What reads a table is guessed from its text: a name behind FROM or JOIN that some table has; functions that it calls by name, too. */
static const char reading_sql[] =
    "WITH RECURSIVE uses (what, func) AS ("
    "  SELECT w.what, coalesce(o.oprcode, d.refobjid) FROM ("
    "    SELECT 'pg_class'::regclass, g.attrelid, g.attnum::int, 'generated column ' || g.attrelid::regclass"
    "        || '.' || quote_ident(g.attname) FROM pg_attribute g WHERE g.attgenerated <> ''"
    "    UNION ALL SELECT 'pg_attrdef'::regclass, f.oid, 0, 'generated column ' || g.attrelid::regclass || '.'"
    "        || quote_ident(g.attname) FROM pg_attrdef f JOIN pg_attribute g ON g.attrelid = f.adrelid"
    "          AND g.attnum = f.adnum AND g.attgenerated <> ''"
    "    UNION ALL SELECT 'pg_class'::regclass, k.partrelid, 0, 'partition key of ' || k.partrelid::regclass"
    "      FROM pg_partitioned_table k"
    "    UNION ALL SELECT 'pg_constraint'::regclass, o.oid, 0, 'CHECK ' || quote_ident(o.conname) || ' of "
    "domain '"
    "        || o.contypid::regtype FROM pg_constraint o WHERE o.contypid <> 0 AND o.contype = 'c'"
    "  ) w (class, obj, sub, what) JOIN pg_depend d ON d.classid = w.class AND d.objid = w.obj"
    "     AND d.objsubid = w.sub"
    "   LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid"
    "  WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)"
    "  UNION SELECT u.what, p.oid FROM uses u JOIN pg_proc f ON f.oid = u.func"
    "   JOIN pg_proc p ON p.oid >= 16384 AND p.proname ~ '^\\w+$'"
    "    AND f.prosrc ~* ('\\m' || p.proname || '\\s*\\(')"
    "  WHERE f.oid >= 16384),"
    " code AS (SELECT DISTINCT p.oid, p.prosrc, p.prosqlbody FROM uses u JOIN pg_proc p ON p.oid = u.func"
    "  WHERE p.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass"
    "    AND e.objid = p.oid AND e.deptype = 'e')),"
    " reading AS (SELECT oid FROM code WHERE prosqlbody::text LIKE '%:rtekind 0 %'"
    "  UNION SELECT code.oid FROM code, regexp_matches(prosrc, '\\m(?:from|join)\\s+(?:only\\s+)?"
    "(?:(?:\"[^\"]+\"|[[:alpha:]_][[:alnum:]_$]*)\\s*\\.\\s*)?(\"[^\"]+\"|[[:alpha:]_][[:alnum:]_$]*)', 'gi') m"
    "   JOIN pg_class c ON c.relname = CASE WHEN m[1] LIKE '\"%' THEN btrim(m[1], '\"') ELSE lower(m[1]) END"
    "     AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    "   JOIN pg_namespace n ON n.oid = c.relnamespace AND " USERS_SCHEMA(
        "n") ")"
             "SELECT DISTINCT u.what || ' (' || u.func::regprocedure || ')' FROM uses u JOIN reading r ON "
             "r.oid = u.func"
             " ORDER BY 1";

static const char unreadable_sql[] =
    "SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.oid::regclass"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'm', 'S') AND c.relpersistence <> 't' AND " USERS_SCHEMA(
        "n") "   AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'))"
             " UNION ALL SELECT 'large object ' || l.oid FROM pg_largeobject_metadata l"
             "  WHERE NOT pg_has_role(l.lomowner, 'USAGE')"
             "    AND NOT (current_setting('server_version_num')::int >= 190000"
             "             AND pg_has_role('pg_read_all_data', 'USAGE')) AND NOT EXISTS ("
             "    SELECT 1 FROM aclexplode(l.lomacl) a WHERE a.privilege_type = 'SELECT'"
             "       AND CASE a.grantee WHEN 0 THEN true ELSE pg_has_role(a.grantee, 'USAGE') END)";

/* row_security_active() is for our own role, superuser, BYPASSRLS and FORCE considered. */
static const char row_security_sql[] = "SELECT oid::regclass FROM pg_class WHERE relrowsecurity AND relkind IN "
                                       "('r', 'p') AND row_security_active(oid)"
                                       " ORDER BY 1";

static const char fence_roles_sql[] =
    "SELECT r.rolname FROM pg_roles r JOIN pg_roles me ON me.rolname = current_user"
    " WHERE r.oid IN (SELECT s.setrole FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "                  WHERE s.setdatabase IN (0, $1::oid)"
    "                    AND split_part(c, '=', 1) = 'default_transaction_read_only')"
    "   AND NOT (me.rolsuper OR r.oid = me.oid"
    "            OR (me.rolcreaterole AND NOT r.rolsuper"
    "                AND (current_setting('server_version_num')::int < 160000"
    "                     OR pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'))))"
    " ORDER BY 1";

static const char fence_sql[] =
    "SELECT coalesce('role ' || r.rolname, 'the database') FROM pg_db_role_setting s"
    "  LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c"
    " WHERE s.setdatabase = $1::oid AND split_part(c, '=', 1) = '" FENCE_SETTING "'"
    "   AND substr(c, strpos(c, '=') + 1) IN (" FENCE_VALUES ") ORDER BY r.rolname NULLS FIRST";

/* Refused in read-only transactions from 16 on. */
static const char large_objects_sql[] = "SELECT count(*) FROM pg_largeobject_metadata"
                                        " WHERE current_setting('server_version_num')::int < 160000"
                                        " HAVING count(*) > 0";

/* What a client's login runs behind the fence, too, where it may not write. That it looks first is believed. */
#define LOGIN_TRIGGERS                                                                                         \
    "SELECT quote_ident(e.evtname) || ' (runs ' || e.evtfoid::regproc || ')' FROM pg_event_trigger e"          \
    "  JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_language l ON l.oid = p.prolang"                            \
    " WHERE e.evtevent = 'login' AND e.evtenabled IN ('O', 'A') AND p.prosrc !~* 'read_only' AND "
#define LOGIN_WRITES                                                                                           \
    "(l.lanname IN ('plpgsql', 'sql')"                                                                         \
    " AND p.prosrc ~* "                                                                                        \
    "'\\m(insert|update|delete|merge|truncate|create|drop|alter|grant|revoke|copy|nextval|setval)\\M')"

static const char login_writes_sql[] = LOGIN_TRIGGERS LOGIN_WRITES " ORDER BY 1";
static const char login_others_sql[] = LOGIN_TRIGGERS "NOT " LOGIN_WRITES " ORDER BY 1";

static const char powers_sql[] =
    "SELECT v.what FROM pg_roles me JOIN pg_database d ON d.oid = $1::oid, LATERAL (VALUES"
    "   ('CREATEDB', me.rolsuper OR me.rolcreatedb),"
    "   ('membership of role ' || pg_get_userbyid(d.datdba),"
    "    pg_has_role(d.datdba, 'USAGE') AND pg_has_role(d.datdba, " PREFLIGHT_BECOME ")),"
    "   ('membership of role pg_signal_backend', pg_has_role('pg_signal_backend', 'USAGE'))) v (what, has)"
    " WHERE me.rolname = current_user AND NOT v.has";

static const char standbys_sql[] =
    "SELECT coalesce(nullif(application_name, ''), 'standby') || coalesce(' at ' || client_addr, '')"
    "  FROM pg_stat_replication ORDER BY 1";

/* How many must answer (FIRST and ANY have a number before the list; a list alone means one), and how many there are. To whom the
   server does not show their state it shows none. */
static const char synchronous_sql[] =
    "SELECT n.names FROM current_setting('synchronous_standby_names') n (names)"
    " WHERE n.names <> ''"
    "   AND coalesce(substring(n.names FROM '^\\s*(?:[A-Za-z]+\\s*)?([0-9]+)\\s*\\(')::int, 1)"
    "       > (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))"
    "   AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IS NULL)";

static const char idle_slots_sql[] =
    "SELECT slot_name FROM pg_replication_slots WHERE NOT active AND database IS NULL ORDER BY 1";

static const char template_sql[] =
    "SELECT datname FROM pg_database WHERE datname = 'template0' AND datcollversion IS NOT NULL"
    "   AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)";

const struct preflight_listing preflight_listings[] = {
    {"production.privileges", SIDE_CONTROL, ASK_ONCE, BLOCK, powers_sql,
     "our role may create, rename and empty databases", "our role lacks on production's server",
     "Grant these to the role of production's connection, or use a superuser."},
    {"production.readable", SIDE_PRODUCTION, ASK_ONCE, BLOCK, unreadable_sql, "everything can be read",
     "our role may not read", "GRANT SELECT on them (and USAGE on their schemas), or use a role that may."},
    {"preview.readable", SIDE_PREVIEW, ASK_ONCE, BLOCK, unreadable_sql, "everything can be read",
     "our role may not read", "GRANT SELECT on them (and USAGE on their schemas), or use a role that may."},
    {"production.row_security", SIDE_PRODUCTION, ASK_ONCE, BLOCK, row_security_sql,
     "no row is hidden from our role", "row security would hide rows of these tables",
     "Give our role BYPASSRLS, or use a superuser."},
    {"preview.row_security", SIDE_PREVIEW, ASK_ONCE, BLOCK, row_security_sql, "no row is hidden from our role",
     "row security would hide rows of these tables", "Give our role BYPASSRLS, or use a superuser."},
    {"production.prepared_transactions", SIDE_PRODUCTION, ASK_AGAIN | COMES_AND_GOES, BLOCK, prepared_sql,
     "none", "prepared transactions would block the rename", "COMMIT PREPARED or ROLLBACK PREPARED them."},
    {"preview.prepared_transactions", SIDE_PREVIEW, ASK_ONCE, BLOCK, prepared_sql, "none",
     "prepared transactions of the preview would not be carried", "COMMIT PREPARED or ROLLBACK PREPARED them."},
    {"production.replication_slots", SIDE_PRODUCTION, ASK_AGAIN | ASK_LAST, BLOCK, slots_sql, "none",
     "logical replication slots would stay with the displaced database",
     "Stop their consumers and drop the slots; make new ones after the promotion."},
    {"production.subscriptions", SIDE_PRODUCTION, ASK_AGAIN | ASK_LAST, BLOCK,
     "SELECT subname FROM pg_subscription WHERE subdbid = $1::oid ORDER BY 1", "none",
     "subscriptions would stay with the displaced database", "Drop them; make new ones after the promotion."},
    {"preview.subscriptions", SIDE_PREVIEW, ASK_ONCE, WARN,
     "SELECT subname FROM pg_subscription WHERE subdbid ="
     " (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1",
     "none", "subscriptions of the preview are not carried",
     "Make them anew in production when they are wanted."},
    {"production.workers", SIDE_CONTROL, ASK_ONCE, BLOCK, workers_sql, "no background worker is inside",
     "background workers are inside of production, and come back when ended",
     "Stop them, with their extension's own function, for the time of the promotion."},
    {"production.cron", SIDE_PRODUCTION, ASK_AGAIN, BLOCK, cron_sql, NULL,
     "production is the home of pg_cron's scheduler",
     "Move it to another database (cron.database_name); the scheduler does not survive its session's end."},
    {"production.store", SIDE_PRODUCTION, ASK_ONCE, BLOCK, store_sql, NULL,
     "production holds a store of this library, which would be displaced with it, in schema",
     "Move the store to a database that is nobody's production; where it is no longer used, drop the schema."},
    {"production.hook_extensions", SIDE_PRODUCTION, ASK_AGAIN, BLOCK, hooks_sql, NULL,
     "extensions whose data a logical backup does not carry",
     "Such a database cannot be promoted by this library."},
    {"preview.hook_extensions", SIDE_PREVIEW, ASK_ONCE, BLOCK, hooks_sql, NULL,
     "extensions whose data a logical copy does not carry",
     "Such a database cannot be promoted by this library."},
    {"production.track_counts", SIDE_PRODUCTION, ASK_AGAIN, BLOCK, track_counts_sql, "changes are counted",
     "changes are not counted everywhere, so that the fence could prove nothing: track_counts is set for",
     "Set track_counts = on there."},
    {"production.storage", SIDE_PRODUCTION, ASK_AGAIN, BLOCK, other_storage_sql, NULL,
     "tables of other access methods than heap, of which it is not known that they count changes",
     "Move them to heap (ALTER TABLE … SET ACCESS METHOD heap)."},
    {"preview.storage", SIDE_PREVIEW, ASK_ONCE, BLOCK, other_storage_sql, NULL,
     "tables of other access methods than heap, of which it is not known that they count changes: once they are"
     " production's, nothing can be promoted over them",
     "Move them to heap (ALTER TABLE … SET ACCESS METHOD heap)."},
    {"production.fence_roles", SIDE_CONTROL, ASK_ONCE, BLOCK, fence_roles_sql, "every role can be fenced",
     "roles with a default_transaction_read_only of their own that our role may not change",
     "ALTER ROLE … RESET default_transaction_read_only, or use a superuser."},
    {"production.fence", SIDE_CONTROL, ASK_ONCE, BLOCK, fence_sql, NULL,
     "production refuses writes behind the fence of a job that runs or did not end, raised for",
     "Wait for it, or run recovery where it was started; where nobody knows it: ALTER DATABASE, ALTER ROLE … "
     "IN "
     "DATABASE … RESET " FENCE_SETTING "."},
    {"production.login_triggers", SIDE_PRODUCTION, ASK_ONCE, BLOCK, login_writes_sql, NULL,
     "login triggers that seem to write: behind the fence every login of a client would fail at",
     "Have them return where current_setting('transaction_read_only') is on, or ALTER EVENT TRIGGER … DISABLE "
     "them for the time of the job."},
    {"production.login_triggers", SIDE_PRODUCTION, ASK_ONCE, WARN, login_others_sql, NULL,
     "login triggers of which it cannot be seen that they write: if they do, every login of a client fails "
     "behind "
     "the fence at",
     "Have them return where current_setting('transaction_read_only') is on."},
    {"production.large_object_writes", SIDE_PRODUCTION, ASK_ONCE, WARN, large_objects_sql, NULL,
     "before PostgreSQL 16 the functions for large objects write in read-only transactions, too: one that does "
     "behind the fence fails the job; large objects",
     "Keep clients from writing large objects for the time of the job."},
    {"production.invalid_indexes", SIDE_PRODUCTION, ASK_ONCE, BLOCK, invalid_indexes_sql, NULL,
     "invalid indexes are in no backup", "REINDEX or DROP them."},
    {"preview.invalid_indexes", SIDE_PREVIEW, ASK_ONCE, BLOCK, invalid_indexes_sql, NULL,
     "invalid indexes are not carried", "REINDEX or DROP them."},
    {"production.lost_roles", SIDE_PRODUCTION, ASK_ONCE, BLOCK, ghosts_sql, NULL,
     "owners, or those who have or made grants, are no roles any more: no backup could give them back",
     "As a superuser ALTER … OWNER TO somebody, or DROP and make anew what they have grants on."},
    {"preview.lost_roles", SIDE_PREVIEW, ASK_ONCE, BLOCK, ghosts_sql, NULL,
     "owners, or those who have or made grants, are no roles any more",
     "As a superuser ALTER … OWNER TO somebody, or DROP and make anew what they have grants on."},
    {"production.hash_partitions", SIDE_PRODUCTION, ASK_ONCE, BLOCK, hash_partitions_sql, NULL,
     "tables partitioned by a hash of enums, which is another in every database: the backup's rows would "
     "belong "
     "into other partitions",
     "Partition them BY LIST, or BY HASH of the enum's text in a column of its own."},
    {"preview.hash_partitions", SIDE_PREVIEW, ASK_ONCE, BLOCK, hash_partitions_sql, NULL,
     "tables partitioned by a hash of enums, which is another in every database: rows would belong into other "
     "partitions",
     "Partition them BY LIST, or BY HASH of the enum's text in a column of its own."},
    {"production.inherited_not_null", SIDE_PRODUCTION, ASK_ONCE, BLOCK, inherited_not_null_sql, NULL,
     "columns of children without the NOT NULL of their parent's, which a restored backup would give them",
     "ALTER TABLE … ALTER COLUMN … SET NOT NULL for the child's, or DROP NOT NULL for the parent's."},
    {"preview.inherited_not_null", SIDE_PREVIEW, ASK_ONCE, BLOCK, inherited_not_null_sql, NULL,
     "columns of children without the NOT NULL of their parent's, which a copy would give them",
     "ALTER TABLE … ALTER COLUMN … SET NOT NULL for the child's, or DROP NOT NULL for the parent's."},
    {"production.reading_definitions", SIDE_PRODUCTION, ASK_ONCE, BLOCK, reading_sql, NULL,
     "functions that seem to read tables are called while rows come in, when those may not be there yet, by",
     "Keep the value in a column of its own, by a trigger, or have the function read nothing."},
    {"preview.reading_definitions", SIDE_PREVIEW, ASK_ONCE, BLOCK, reading_sql, NULL,
     "functions that seem to read tables are called while rows come in, when those may not be there yet, by",
     "Keep the value in a column of its own, by a trigger, or have the function read nothing."},
    {"production.check_constraints", SIDE_PRODUCTION, ASK_ONCE, WARN, checks_sql, NULL,
     "CHECK constraints whose functions may read other tables: pg_restore by itself loads rows in any order",
     "Restore the backup with this library, which adds them after the rows."},
    {"production.template0", SIDE_CONTROL, ASK_ONCE, BLOCK, template_sql, NULL,
     "no database can be made, because the operating system's collations changed since this template was",
     "ALTER DATABASE template0 REFRESH COLLATION VERSION, after REINDEX where indexes depend on it."},
    {"preview.tablespaces", SIDE_PREVIEW, ASK_ONCE, WARN, tablespaces_sql, NULL,
     "the new production is made in production's tablespace, without the preview's tablespaces",
     "Move relations after the promotion when their place matters."},
    {"preview.unlogged_tables", SIDE_PREVIEW, ASK_ONCE, WARN, unlogged_sql, NULL,
     "unlogged tables are copied, and are empty again after a crash or on a standby",
     "ALTER TABLE … SET LOGGED where their rows matter."},
    {"production.standbys", SIDE_CONTROL, ASK_ONCE, WARN, standbys_sql, NULL,
     "sessions that are open on a standby stay in the displaced database",
     "Recycle the connections of read pools after the promotion."},
    {"production.synchronous_standbys", SIDE_CONTROL, ASK_ONCE, WARN, synchronous_sql, NULL,
     "clients' commits wait for synchronous standbys that are not there, and a failover loses what this job "
     "does; asked for are",
     "Bring them back, or take them out of synchronous_standby_names; what this job commits waits for none."},
    {"production.idle_slots", SIDE_CONTROL, ASK_ONCE, WARN, idle_slots_sql, NULL,
     "replication slots that nobody reads keep all the WAL that the copy makes",
     "Drop them, or watch the disk."},
    {NULL, SIDE_PRODUCTION, ASK_ONCE, CUTOVER_SEVERITY_OK, NULL, NULL, NULL, NULL}};

/* Used by a user's column, domain or index; those of the database itself (default) are compared elsewhere. */
static const char collations_sql[] =
    "SELECT array_agg(DISTINCT c.collname)::text FROM pg_collation c"
    "  JOIN pg_namespace n ON n.oid = c.collnamespace AND n.nspname = 'pg_catalog'"
    " WHERE c.collname <> 'default' AND c.oid IN ("
    "   SELECT a.attcollation FROM pg_attribute a WHERE a.attrelid >= 16384"
    "   UNION SELECT t.typcollation FROM pg_type t WHERE t.oid >= 16384"
    "   UNION SELECT u.c FROM pg_index i, unnest(i.indcollation::oid[]) u (c) WHERE i.indexrelid >= 16384)";

static const char collation_missing_sql[] =
    "SELECT x FROM unnest($1::text[]) x WHERE NOT EXISTS (SELECT 1 FROM pg_collation c"
    "  JOIN pg_namespace n ON n.oid = c.collnamespace AND n.nspname = 'pg_catalog'"
    " WHERE c.collname = x AND c.collencoding IN (-1,"
    "   (SELECT encoding FROM pg_database WHERE datname = current_database()))) ORDER BY 1";

/* Name and version of what orders text: the same name may order otherwise on another operating system. */
static const char collation_versions_sql[] =
    "SELECT array_agg(DISTINCT c.collname || ' ' || c.collversion)::text FROM pg_collation c"
    "  JOIN pg_namespace n ON n.oid = c.collnamespace AND n.nspname = 'pg_catalog'"
    " WHERE c.collversion IS NOT NULL AND c.oid IN ("
    "   SELECT a.attcollation FROM pg_attribute a WHERE a.attrelid >= 16384"
    "   UNION SELECT t.typcollation FROM pg_type t WHERE t.oid >= 16384)";

static const char collation_version_missing_sql[] =
    "SELECT x FROM unnest($1::text[]) x WHERE NOT EXISTS (SELECT 1 FROM pg_collation c"
    "  JOIN pg_namespace n ON n.oid = c.collnamespace AND n.nspname = 'pg_catalog'"
    " WHERE c.collname || ' ' || c.collversion = x) ORDER BY 1";

static const char extensions_sql[] = "SELECT array_agg(extname || ' ' || extversion)::text FROM pg_extension";

static const char extension_missing_sql[] =
    "SELECT x FROM unnest($1::text[]) x WHERE NOT EXISTS (SELECT 1 FROM pg_available_extension_versions v"
    " WHERE v.name || ' ' || v.version = x) ORDER BY 1";

static const char extension_other_default_sql[] =
    "SELECT x || ' (here ' || e.default_version || ')' FROM unnest($1::text[]) x"
    "  JOIN pg_available_extensions e ON x LIKE e.name || ' %' AND x <> e.name || ' ' || e.default_version"
    " ORDER BY 1";

/* What needs a shared library and comes with no extension; $libdir alone is the server's own. */
static const char libraries_sql[] =
    "SELECT array_agg(DISTINCT p.probin)::text FROM pg_proc p"
    " WHERE p.probin IS NOT NULL AND p.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend d"
    "   WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')";

static const char library_unknown_sql[] = "SELECT x FROM unnest($1::text[]) x WHERE NOT EXISTS (SELECT 1 FROM "
                                          "pg_proc p WHERE p.probin = x) ORDER BY 1";

static const char languages_sql[] =
    "SELECT array_agg(l.kind || l.name)::text FROM ("
    " SELECT 'language ' AS kind, lanname AS name FROM pg_language WHERE lanispl AND NOT EXISTS (SELECT 1 FROM "
    "pg_depend d"
    "   WHERE d.classid = 'pg_language'::regclass AND d.objid = pg_language.oid AND d.deptype = 'e')"
    " UNION ALL SELECT 'access method ', amname FROM pg_am WHERE oid >= 16384 AND NOT EXISTS (SELECT 1 FROM "
    "pg_depend d"
    "   WHERE d.classid = 'pg_am'::regclass AND d.objid = pg_am.oid AND d.deptype = 'e')) l";

static const char language_unknown_sql[] =
    "SELECT x FROM unnest($1::text[]) x WHERE NOT EXISTS (SELECT 1 FROM pg_language l WHERE 'language ' || "
    "l.lanname = x)"
    "   AND NOT EXISTS (SELECT 1 FROM pg_am a WHERE 'access method ' || a.amname = x) ORDER BY 1";

/* Extensions come in another version with another release of PostgreSQL, as with any dump that is restored there. */
static const char extension_unknown_sql[] =
    "SELECT x FROM unnest($1::text[]) x WHERE NOT EXISTS (SELECT 1 FROM pg_available_extensions e"
    " WHERE starts_with(x, e.name || ' ')) ORDER BY 1";

const struct preflight_need preflight_needs[] = {
    {"preview.extensions", BLOCK, extensions_sql, extension_missing_sql,
     "every extension is available on production's server in its version",
     "extensions that production's server does not have in this version",
     "Install them on production's server, or ALTER EXTENSION … UPDATE in the preview.", NEED_WITHIN_MAJOR},
    {"preview.extension_versions", BLOCK, extensions_sql, extension_other_default_sql, NULL,
     "extensions that production's server would make in another version",
     "ALTER EXTENSION … UPDATE in the preview, or install the same release on both servers.",
     NEED_WITHIN_MAJOR},
    {"preview.extensions", BLOCK, extensions_sql, extension_unknown_sql,
     "every extension is available on production's server", "extensions that production's server does not have",
     "Install them on production's server.", NEED_ACROSS_MAJORS},
    {"preview.extension_versions", WARN, extensions_sql, extension_other_default_sql, NULL,
     "extensions that production's release of PostgreSQL has in another version",
     "Read what changed in them; the new production gets production's.", NEED_ACROSS_MAJORS},
    {"preview.collations", BLOCK, collations_sql, collation_missing_sql,
     "every collation exists on production's server", "collations that production's server does not have",
     "Install the locale there and run pg_import_system_collations('pg_catalog').", NEED_ALWAYS},
    {"preview.collation_versions", WARN, collation_versions_sql, collation_version_missing_sql, NULL,
     "collations that may order otherwise on production's server", NULL, NEED_ALWAYS},
    {"preview.languages", WARN, languages_sql, language_unknown_sql, NULL,
     "production does not have these, and whether its server can is not known",
     "Install their libraries there.", NEED_ALWAYS},
    {"preview.libraries", WARN, libraries_sql, library_unknown_sql, NULL,
     "functions of libraries of which it is not known whether production's server has them",
     "Install them on production's server.", NEED_ALWAYS},
    {NULL, CUTOVER_SEVERITY_OK, NULL, NULL, NULL, NULL, NULL, NEED_ALWAYS}};
