/*
 * Preflight: rows that their server keeps, and no server would take again. A CHECK is asked when a row comes in, and the values of a
 * generated column are made then: the clock goes on, and functions are replaced. When such a database is copied, or its backup
 * restored, it is asked again.
 *
 * Only what may have become false is looked at, each by one scan: what calls a function that is not IMMUTABLE, or one that was replaced
 * after the definition was made. What calls nothing but harmless functions of the server is looked at in a session of ours, everything else
 * by a login that may do no more than the owners (postgres/loader.h), which is made for it and dropped; in both with the settings
 * that the application's sessions have, in a transaction that may write nothing.
 */
#include "postgres/loader.h"
#include "postgres/own_settings.h"
#include "postgres/preflight/checks.h"

#include "base/clock.h"
#include "base/id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bigger tables are named, and not scanned. */
#define LOOK_BYTES (INT64_C(1) << 30)

#define HINT                                                                                                    \
    "Correct these rows, or make the CHECK NOT VALID (ALTER TABLE … DROP CONSTRAINT, ADD CONSTRAINT … NOT " \
    "VALID); UPDATE the rows of a generated column, which computes it anew; keep the names of indexes as "      \
    "text."

/* Of a function `p` and a definition `o`: replaced later, though it may be by the same transaction. */
#define NEWER "(age(p.xmin) < age(o.xmin) OR (p.xmin = o.xmin AND p.cmin::text::int8 > o.cmin::text::int8))"

#define USERS_FUNCTION                                                                                         \
    "(p.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass"            \
    "   AND e.objid = p.oid AND e.deptype = 'e'))"

/* The functions that an expression calls, one a row, are read from how it is stored: no dependency is kept of the server's own. */
#define CALLED(expression) "(regexp_matches(" expression "::text, ':(?:op)?funcid (\\d+)', 'g'))[1]::oid"

/* The users' functions that expressions call, and those that they call by their name. */
#define REACHED                                                                                                \
    "WITH RECURSIVE reached (root, func) AS ("                                                                 \
    "  SELECT p.oid, p.oid FROM pg_proc p WHERE " USERS_FUNCTION " AND p.oid IN ("                             \
    "    SELECT " CALLED(                                                                                      \
        "o.conbin") " FROM pg_constraint o WHERE o.contype = 'c'"                                              \
                    "    UNION SELECT " CALLED(                                                                \
                        "f.adbin") " FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid"          \
                                   "      AND a.attnum = f.adnum AND a.attgenerated = 's'"                     \
                                   "    UNION SELECT " CALLED(                                                 \
                                       "k.partexprs") " FROM pg_partitioned_table k"                           \
                                                      "    UNION SELECT " CALLED(                              \
                                                          "concat(i.indexprs, i.indpred)") " FROM pg_index i " \
                                                                                           "WHERE "            \
                                                                                           "i.indisunique)"    \
                                                                                           "  UNION SELECT "   \
                                                                                           "r.root, p.oid "    \
                                                                                           "FROM reached r "   \
                                                                                           "JOIN pg_proc f "   \
                                                                                           "ON f.oid = "       \
                                                                                           "r.func"            \
                                                                                           "    JOIN pg_proc " \
                                                                                           "p "                \
                                                                                           "ON"                \
                                                                                           " " USERS_FUNCTION  \
                                                                                           " AND (EXISTS "     \
                                                                                           "(SELECT FROM "     \
                                                                                           "pg_depend d"       \
                                                                                           "        WHERE "    \
                                                                                           "d.classid = "      \
                                                                                           "'pg_proc'::"       \
                                                                                           "regclass AND "     \
                                                                                           "d.objid = f.oid "  \
                                                                                           "AND "              \
                                                                                           "d.refclassid = "   \
                                                                                           "d.classid"         \
                                                                                           "          AND "    \
                                                                                           "d.refobjid = "     \
                                                                                           "p.oid)"            \
                                                                                           "      OR "         \
                                                                                           "p.proname ~ "      \
                                                                                           "'^\\w+$' AND "     \
                                                                                           "f.prosrc ~* "      \
                                                                                           "('\\m' || "        \
                                                                                           "p.proname || "     \
                                                                                           "'\\s*\\(')))"

#define MAY_HAVE_CHANGED                                                                                       \
    "(o.conbin::text ~ '\\{SQLVALUEFUNCTION' OR EXISTS (SELECT FROM pg_proc p WHERE p.oid < 16384"             \
    "   AND p.provolatile <> 'i' AND p.oid IN (SELECT " CALLED(                                                \
        "o.conbin") "))"                                                                                       \
                    " OR EXISTS (SELECT FROM reached r JOIN pg_proc p ON p.oid = r.func"                       \
                    "   WHERE r.root IN (SELECT " CALLED("o.conbin") ") AND (p.provolatile <> 'i' OR " NEWER   \
                                                                     ")))"

/* date, time, timestamp, timestamptz, interval, timetz */
#define TIME_TYPES "'{1082,1083,1114,1184,1186,1266}'::oid[]"

/* Nothing that somebody made, and of the server's own only what has no effect and looks at nothing but its arguments and the clock. */
#define HARMLESS                                                                                               \
    "(o.conbin::text !~ 'COERCETODOMAIN' AND NOT EXISTS (SELECT FROM regexp_matches(o.conbin::text,"           \
    "    ':\\w*(?:type|typeid|funcid|opno) (\\d+)', 'g') m WHERE m[1]::int8 >= 16384)"                         \
    " AND NOT EXISTS (SELECT FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"                           \
    "  WHERE p.oid IN (SELECT " CALLED(                                                                        \
        "o.conbin") ") AND NOT (l.lanname IN ('internal', 'sql')"                                              \
                    "    AND (p.provolatile = 'i' OR (p.provolatile = 's' AND (p.prorettype = ANY "            \
                    "(" TIME_TYPES ")"                                                                         \
                    "        OR p.proargtypes::oid[] && " TIME_TYPES "))"                                      \
                    "      OR (p.pronargs = 0 AND p.prorettype = ANY (" TIME_TYPES "))))))"

/* Of each: what it is, where its rows are, what none of its rows must be, whether a session of ours may look, the table's size. */
static const char checks_sql[] = REACHED
    "SELECT 'CHECK ' || quote_ident(o.conname) || ' of ' || o.conrelid::regclass, 'ONLY ' || "
    "o.conrelid::regclass,"
    "    'NOT (' || pg_get_expr(o.conbin, o.conrelid) || ')', " HARMLESS ", pg_relation_size(o.conrelid)"
    "  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid AND c.relkind = 'r'"
    " WHERE o.contype = 'c' AND o.convalidated AND o.conrelid >= 16384 AND " MAY_HAVE_CHANGED " ORDER BY 1";

/* Indexes are made when all rows are there. */
static const char names_sql[] =
    "SELECT 'index named by ' || a.attrelid::regclass || '.' || quote_ident(a.attname), 'ONLY ' || "
    "a.attrelid::regclass,"
    "    format('EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relkind IN (''i'', ''I'') AND c.oid "
    "OPERATOR("
    "pg_catalog.=) ' || CASE a.atttypid WHEN 'regclass'::regtype THEN '%1$I' ELSE 'ANY (%1$I)' END || ')',"
    "    a.attname), true, pg_relation_size(a.attrelid)"
    "  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.oid >= 16384"
    " WHERE a.atttypid IN ('regclass'::regtype, 'regclass[]'::regtype) AND NOT a.attisdropped ORDER BY 1";

#define REPLACED(expression)                                                                                   \
    "EXISTS (SELECT FROM reached r JOIN pg_proc p ON p.oid = r.func WHERE r.root IN (SELECT " CALLED(          \
        expression) ") AND (p.provolatile <> 'i' OR " NEWER "))"

/* An operating system that orders or compares text otherwise than when an index was made: what is equal now was not then, and was put where
   nobody looked for it. */
#define ORDERED_OTHERWISE                                                                                      \
    "EXISTS (SELECT FROM unnest(o.indcollation::oid[]) x (oid) JOIN pg_collation k ON k.oid = x.oid"           \
    "  WHERE k.collversion <> pg_collation_actual_version(k.oid))"                                             \
    " OR ('\"default\"'::regcollation = ANY (o.indcollation::oid[]) AND EXISTS (SELECT FROM pg_database d"     \
    "  WHERE d.datname = current_database()"                                                                   \
    "    AND d.datcollversion <> pg_database_collation_actual_version(d.oid)))"

static const char places_sql[] = REACHED
    "SELECT DISTINCT 'partition ' || c.oid::regclass, 'ONLY ' || c.oid::regclass,"
    "    'NOT (' || pg_get_partition_constraintdef(c.oid) || ')', false, pg_relation_size(c.oid)"
    "  FROM pg_class c, pg_partition_ancestors(c.oid) b JOIN pg_partitioned_table o ON o.partrelid = b.relid"
    " WHERE c.relispartition AND c.relkind = 'r' AND " REPLACED(
        "o.partexprs") " UNION ALL SELECT 'unique index ' || o.indexrelid::regclass, format('(SELECT FROM ONLY "
                       "%s WHERE %s"
                       " GROUP BY %s HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) d', "
                       "o.indrelid::regclass,"
                       "    concat_ws(' AND ', '(' || pg_get_expr(o.indpred, o.indrelid) || ')', CASE WHEN NOT "
                       "o.indnullsnotdistinct"
                       "      THEN string_agg('(' || pg_get_indexdef(o.indexrelid, k, false) || ') IS NOT "
                       "NULL', ' AND ') ELSE 'true'"
                       "      END), string_agg(pg_get_indexdef(o.indexrelid, k, false), ', ')), 'true', false,"
                       "    pg_relation_size(o.indrelid)"
                       "  FROM pg_index o JOIN pg_class c ON c.oid = o.indrelid AND c.relkind = 'r',"
                       "    generate_series(1, o.indnkeyatts) k"
                       " WHERE o.indisunique AND (" ORDERED_OTHERWISE " OR " REPLACED(
                           "concat(o.indexprs, o.indpred)") ") GROUP BY o.indexrelid, o.indrelid, o.indpred, "
                                                            "o.indnullsnotdistinct ORDER BY 1";

static const char values_sql[] = REACHED
    "SELECT 'generated column ' || a.attrelid::regclass || '.' || quote_ident(a.attname), 'ONLY ' || "
    "a.attrelid::regclass,"
    "    format('(%I)::text IS DISTINCT FROM (%s)::text', a.attname, pg_get_expr(o.adbin, o.adrelid)), false,"
    "    pg_relation_size(a.attrelid)"
    "  FROM pg_attrdef o JOIN pg_attribute a ON a.attrelid = o.adrelid AND a.attnum = o.adnum"
    "    AND a.attgenerated = 's' JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"
    " WHERE " REPLACED(
        "o.adbin") " UNION ALL SELECT 'CHECK ' || quote_ident(o.conname) || ' of domain ' || "
                   "o.contypid::regtype || ' in '"
                   "    || a.attrelid::regclass, 'ONLY ' || a.attrelid::regclass,"
                   "    format('((%1$I::%2$s)::%3$s)::text IS NULL AND %1$I IS NOT NULL', a.attname,"
                   "      format_type(t.typbasetype, t.typtypmod), t.oid::regtype), false, "
                   "pg_relation_size(a.attrelid)"
                   "  FROM pg_constraint o JOIN pg_type t ON t.oid = o.contypid JOIN pg_attribute a ON "
                   "a.atttypid = t.oid"
                   "    AND NOT a.attisdropped JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'"
                   " WHERE o.contype = 'c' AND o.convalidated AND " MAY_HAVE_CHANGED " ORDER BY 1";

enum who { WHO_WE, WHO_OWNERS, WHO_COUNT };

struct look {
    const struct preflight_servers *servers;
    struct session *inside; /* ours, in the database */
    const struct conninfo *at;
    struct session *control; /* where logins of its server are made */
    struct own_settings own;
    struct loader reader;
    struct session *sessions[WHO_COUNT];
    bool tried[WHO_COUNT];
    struct text broken, unseen; /* a list of each */
    size_t seen;
};

static const char owners_sql[] =
    "SELECT coalesce(array_agg(DISTINCT r.rolname::text), '{}') FROM pg_shdepend s JOIN pg_roles r ON r.oid = "
    "s.refobjid WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o'"
    "   AND s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())";

static void list_add(struct text *list, const char *what, const char *why)
{
    text_add_format(list, "%s%s (%s)", list->length > 0 ? ", " : "", what, why);
}

/* An index that lacks rows is not asked for them. */
static const char look_sql[] =
    "SET lock_timeout = '5s'; SET enable_indexscan = off; SET enable_indexonlyscan = off;"
    " SET enable_bitmapscan = off";

static cutover_status session_enter(struct look *look, const struct conninfo *conninfo, enum who who,
                                    cutover_error **error)
{
    const struct session_options options = {.conninfo = conninfo,
                                            .database = look->inside->database,
                                            .cancel = look->inside->cancel,
                                            .log = look->inside->log};
    cutover_status status = session_open(&options, &look->sessions[who], error);

    if (status == CUTOVER_OK)
        status = session_run(look->sessions[who], look_sql, error);
    return status == CUTOVER_OK ? own_settings_apply(look->sessions[who], &look->own, error) : status;
}

/* A login of the owners', with which nothing but this is done. */
static cutover_status reader_make(struct look *look, const struct conninfo *server, cutover_error **error)
{
    char id[ID_SIZE], last[13], name[64], *all = NULL, *owners = NULL;
    bool can = false;

    id_new(clock_now(NULL), id);
    id_short(id, last);
    snprintf(name, sizeof name, LOADER_READER_PREFIX "%s", last);
    cutover_status status = session_value(look->inside, owners_sql, 0, NULL, &all, error);
    if (status == CUTOVER_OK)
        status = loader_owners_of(look->control, all, &owners, error);
    if (status == CUTOVER_OK)
        status = loader_can_make(look->control, owners, &can, error);
    if (status == CUTOVER_OK && (!can || strcmp(owners, "{}") == 0))
        status = error_set(error, CUTOVER_E_FORBIDDEN, "no login with the rights of its owners can be made");
    if (status == CUTOVER_OK)
        status = loader_readers_sweep(look->control, error);
    if (status == CUTOVER_OK)
        status = loader_make_reader(look->control, server, name, owners, &look->reader, error);
    free(owners);
    free(all);
    return status;
}

static cutover_status session_of_owners(struct look *look, cutover_error **error)
{
    if (look->servers->loader != NULL && look->control == look->servers->control)
        return session_enter(look, look->servers->loader, WHO_OWNERS, error);
    cutover_error *refused = NULL;
    cutover_status status = reader_make(look, look->at, &refused);
    if (status == CUTOVER_E_FORBIDDEN && look->servers->owners_trusted) {
        cutover_error_free(refused);
        return session_enter(look, look->at, WHO_OWNERS, error);
    }
    error_move(error, refused);
    return status == CUTOVER_OK ? session_enter(look, &look->reader.conninfo, WHO_OWNERS, error) : status;
}

static bool is_of(const cutover_error *error, const char *const *classes)
{
    const char *sqlstate = cutover_error_sqlstate(error);

    for (; sqlstate != NULL && *classes != NULL; classes++)
        if (strncmp(sqlstate, *classes, strlen(*classes)) == 0)
            return true;
    return false;
}

static cutover_status rows_count(struct session *session, const char *from, const char *condition, char **count,
                                 cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status = session_run(session, "BEGIN READ ONLY", error);

    text_add_format(&sql, "SELECT pg_catalog.count(*) FROM %s WHERE %s", from, condition);
    if (status == CUTOVER_OK)
        status = text_failed(&sql) ? error_nomem(error)
                                   : session_value(session, text_string(&sql), 0, NULL, count, error);
    text_free(&sql);
    if (PQstatus(session->connection) == CONNECTION_OK &&
        PQtransactionStatus(session->connection) != PQTRANS_IDLE)
        session_run(session, "ROLLBACK", NULL);
    return status;
}

/* As the loader does: with an empty search_path, and where that does not find something with the database's own. */
static cutover_status rows_look(struct look *look, enum who who, const char *from, const char *condition,
                                char **count, cutover_error **error)
{
    static const char *const not_found[] = {"42883", "42P01", "42704", "3F000", NULL};
    struct session *session = look->sessions[who];
    cutover_error *first = NULL;

    cutover_status status = rows_count(session, from, condition, count, &first);
    if (status == CUTOVER_OK || who != WHO_OWNERS || !is_of(first, not_found)) {
        error_move(error, first);
        return status;
    }
    cutover_error_free(first);
    status = own_settings_path(session, &look->own, false, error);
    if (status == CUTOVER_OK)
        status = rows_count(session, from, condition, count, error);
    if (PQstatus(session->connection) == CONNECTION_OK)
        session_run(session, "SET search_path = ''", NULL);
    return status;
}

/* An error that a row would be refused with when it comes in, too: of data, a constraint, or raised. */
static bool is_refusal(const cutover_error *error)
{
    static const char *const classes[] = {"21", "22", "23", "P0", NULL};

    return is_of(error, classes);
}

static cutover_status suspect_look(struct look *look, const PGresult *list, int row, cutover_error **error)
{
    const char *what = result_text(list, row, 0);
    enum who who = result_bool(list, row, 3) ? WHO_WE : WHO_OWNERS;
    cutover_error *failure = NULL;
    char *count = NULL;
    cutover_status status = CUTOVER_OK;

    if (result_int(list, row, 4) > LOOK_BYTES) {
        list_add(&look->unseen, what, "more than 1 GiB");
        return CUTOVER_OK;
    }
    if (!look->tried[who])
        status =
            who == WHO_WE ? session_enter(look, look->at, WHO_WE, &failure) : session_of_owners(look, &failure);
    look->tried[who] = true;
    if (status == CUTOVER_OK && look->sessions[who] == NULL)
        list_add(&look->unseen, what, "likewise");
    else if (status == CUTOVER_OK)
        status = rows_look(look, who, result_text(list, row, 1), result_text(list, row, 2), &count, &failure);
    if (status == CUTOVER_E_CANCELLED || status == CUTOVER_E_NOMEM) {
        error_move(error, failure);
        return status;
    }
    if (status != CUTOVER_OK)
        list_add(is_refusal(failure) ? &look->broken : &look->unseen, what, cutover_error_message(failure));
    cutover_error_free(failure);
    look->seen += count != NULL;
    if (count != NULL && strcmp(count, "0") != 0) {
        char rows[48];
        snprintf(rows, sizeof rows, "%s rows", count);
        list_add(&look->broken, what, rows);
    }
    free(count);
    return CUTOVER_OK;
}

static cutover_status suspects_look(struct look *look, const char *sql, cutover_error **error)
{
    PGresult *list = NULL;

    cutover_status status = session_query(look->inside, sql, 0, NULL, &list, error);
    if (status == CUTOVER_OK && PQntuples(list) > 0 && look->own.list == NULL)
        status = own_settings_read(look->inside, NULL, &look->own, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(list); row++)
        status = suspect_look(look, list, row, error);
    PQclear(list);
    return status;
}

static void look_tell(const struct look *look, const char *name, struct findings *findings)
{
    if (look->broken.length > 0)
        findings_add(findings, CUTOVER_SEVERITY_BLOCK, name, HINT,
                     "rows that would be refused, or become others, when they come in again: %s",
                     text_string(&look->broken));
    if (look->unseen.length > 0)
        findings_add(findings, CUTOVER_SEVERITY_WARN, name,
                     "Look whether all rows are as these say now; a job fails where they are not.",
                     "may have become false, and could not be looked at: %s", text_string(&look->unseen));
    if (look->broken.length == 0 && look->unseen.length == 0 && look->seen > 0)
        findings_add(findings, CUTOVER_SEVERITY_OK, name, NULL,
                     "%zu definitions that may have become false are true of all rows", look->seen);
}

static cutover_status look_close(struct look *look, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < WHO_COUNT; i++)
        session_close(look->sessions[i]);
    if (look->reader.role != NULL)
        status = loader_drop_reader(look->control, look->reader.role, error);
    loader_free(&look->reader);
    own_settings_free(&look->own);
    text_free(&look->broken);
    text_free(&look->unseen);
    return status;
}

static cutover_status check_side(const struct preflight_servers *servers, struct session *inside,
                                 const struct conninfo *at, const char *name, struct findings *findings,
                                 cutover_error **error)
{
    struct look look = {
        .servers = servers,
        .inside = inside,
        .at = at,
        .control = inside == servers->production || preflight_same_server(servers) ? servers->control : inside};

    cutover_status status = suspects_look(&look, checks_sql, error);
    if (status == CUTOVER_OK)
        status = suspects_look(&look, values_sql, error);
    if (status == CUTOVER_OK)
        status = suspects_look(&look, places_sql, error);
    if (status == CUTOVER_OK)
        status = suspects_look(&look, names_sql, error);
    if (status == CUTOVER_OK && (text_failed(&look.broken) || text_failed(&look.unseen)))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        look_tell(&look, name, findings);
    cutover_status closed = look_close(&look, status == CUTOVER_OK ? error : NULL);
    return status == CUTOVER_OK ? closed : status;
}

static cutover_status check_production(const struct preflight_servers *servers, const char *name,
                                       struct findings *findings, cutover_error **error)
{
    return check_side(servers, servers->production, servers->production_at, name, findings, error);
}

static cutover_status check_preview(const struct preflight_servers *servers, const char *name,
                                    struct findings *findings, cutover_error **error)
{
    return check_side(servers, servers->preview, servers->preview_at, name, findings, error);
}

const struct preflight_check preflight_kept_rows_checks[] = {
    {"production.kept_rows", ASK_ONCE, check_production},
    {"preview.kept_rows", ASK_WITH_PREVIEW, check_preview},
    {NULL, ASK_ONCE, NULL},
};
