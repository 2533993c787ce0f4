#include "postgres/loader.h"

#include "postgres/quote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SECRET_BYTES 32

static const char owners_sql[] =
    "SELECT coalesce(array_agg(r.rolname::text ORDER BY r.rolname), '{}')::text FROM pg_roles r"
    " WHERE r.rolname = ANY ($1::text[]) AND NOT r.rolsuper AND r.rolname <> current_user AND r.rolname !~ "
    "'^pg_'";

/* Who may make roles may make them members of any but superusers up to 15; from 16 on of those that it administers. */
static const char can_make_sql[] =
    "SELECT r.rolsuper OR r.rolcreaterole AND (current_setting('server_version_num')::int < 160000"
    "   OR NOT EXISTS (SELECT FROM unnest($1::text[]) o WHERE NOT pg_has_role(o, 'USAGE WITH ADMIN OPTION')))"
    " FROM pg_roles r WHERE r.rolname = current_user";

/* A job, or a look, is over in that time; a login that was forgotten by everybody is of no use after it. */
#define JOB_TIME "7 days"
#define LOOK_TIME "1 hour"
/* Whoever has made one holds this for as long as it lives. */
#define READER_LOCK(function) "SELECT " function "(hashtextextended($1, 0))"

static const char about_sql[] =
    "SELECT (now() + $2::interval)::text, array_to_string(array(SELECT quote_ident(o) FROM "
    "unnest($1::text[]) o), ', '),"
    "  EXISTS (SELECT FROM pg_settings s WHERE s.name = 'wal_compression' AND s.setting = 'off'"
    "   AND 'lz4' = ANY (s.enumvals))";

static const char given_sql[] =
    "SELECT r.rolsuper OR r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls,"
    "  array_to_string(array(SELECT quote_ident(o) FROM unnest($2::text[]) o WHERE NOT pg_has_role(r.oid, o, "
    "'USAGE')), ', '),"
    "  array_to_string(array(SELECT quote_ident(p.rolname) FROM pg_roles p"
    "     WHERE p.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')"
    "       AND pg_has_role(r.oid, p.oid, 'MEMBER')), ', '),"
    "  pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE "
    "'MEMBER' END)"
    " FROM pg_roles r WHERE r.rolname = $1::name";

#define USERS_SCHEMA "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

#define NOT_A_MEMBERS_ROLE " AND (r.rolsuper OR r.rolname = current_user OR r.rolname ~ '^pg_')"

/* What an owner took from himself, as the archive's grants say it: he would load nothing, and a foreign key is looked up as him.
   Who owns as a superuser lacks nothing. */
#define OWNERS_LACK(kind, catalog, relation, name, privileges, lacks)                                          \
    " SELECT 1, format('GRANT %s ON " kind " %s TO %I', p, " name ", r.rolname),"                              \
    "        format('REVOKE %s ON " kind " %s FROM %I', p, " name ", r.rolname)"                               \
    "   FROM " catalog " x JOIN pg_namespace n ON n.oid = x." relation "namespace"                             \
    "     JOIN pg_roles r ON r.oid = x." relation "owner, unnest('{" privileges "}'::text[]) p"                \
    "  WHERE x." relation "acl IS NOT NULL AND " USERS_SCHEMA " AND pg_has_role(r.oid, 'USAGE') AND " lacks

#define TABLES_LACK                                                                                            \
    OWNERS_LACK("TABLE", "pg_class", "rel", "x.oid::regclass",                                                 \
                "SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES",                                             \
                "x.relkind IN ('r', 'p', 'm') AND NOT has_table_privilege(r.oid, x.oid, p)")
#define SEQUENCES_LACK                                                                                         \
    OWNERS_LACK("SEQUENCE", "pg_class", "rel", "x.oid::regclass", "USAGE,SELECT,UPDATE",                       \
                "x.relkind = 'S' AND NOT has_sequence_privilege(r.oid, x.oid, p)")
#define ROUTINES_LACK                                                                                          \
    OWNERS_LACK("ROUTINE", "pg_proc", "pro", "x.oid::regprocedure", "EXECUTE",                                 \
                "NOT has_function_privilege(r.oid, x.oid, p)")

/* What the loader lacks in each schema and of foreign servers, and the tables and domains of roles that it cannot be a member of:
   statements, and those that take them back, in the opposite order. Sequences and indexes go with their table. */
static const char enter_sql[] =
    "SELECT string_agg(x.give || E';\\n', '' ORDER BY x.place),"
    "  string_agg(x.back || E';\\n', '' ORDER BY x.place DESC)"
    " FROM ("
    " SELECT 1 AS place, format('GRANT %s ON SCHEMA %I TO %I', p, n.nspname, $1::text) AS give,"
    "        format('REVOKE %s ON SCHEMA %I FROM %I', p, n.nspname, $1::text) AS back"
    "   FROM pg_namespace n, unnest('{USAGE,CREATE}'::text[]) p"
    "  WHERE " USERS_SCHEMA
    "    AND pg_has_role(n.nspowner, 'USAGE') AND NOT has_schema_privilege($1::name, n.oid, p)"
    " UNION ALL"
    " SELECT 1, format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, r.rolname),"
    "        format('REVOKE USAGE ON SCHEMA %I FROM %I', n.nspname, r.rolname)"
    "   FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner"
    "  WHERE n.nspacl IS NOT NULL AND " USERS_SCHEMA
    "    AND pg_has_role(r.oid, 'USAGE') AND NOT has_schema_privilege(r.oid, n.oid, 'USAGE')"
    " UNION ALL" TABLES_LACK " UNION ALL" SEQUENCES_LACK " UNION ALL" ROUTINES_LACK " UNION ALL"
    " SELECT 2, format('ALTER TABLE %I.%I OWNER TO %I', n.nspname, c.relname, $1::text),"
    "        format('ALTER TABLE %I.%I OWNER TO %I', n.nspname, c.relname, r.rolname)"
    "   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner"
    "  WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'"
    "    AND " USERS_SCHEMA NOT_A_MEMBERS_ROLE " UNION ALL"
    " SELECT 2, format('ALTER DOMAIN %I.%I OWNER TO %I', n.nspname, t.typname, $1::text),"
    "        format('ALTER DOMAIN %I.%I OWNER TO %I', n.nspname, t.typname, r.rolname)"
    "   FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_roles r ON r.oid = t.typowner"
    "  WHERE t.typtype = 'd' AND " USERS_SCHEMA NOT_A_MEMBERS_ROLE
    "    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid"
    "      AND d.deptype = 'e')"
    " UNION ALL"
    " SELECT 1, format('GRANT USAGE ON FOREIGN SERVER %I TO %I', s.srvname, $1::text),"
    "        format('REVOKE USAGE ON FOREIGN SERVER %I FROM %I', s.srvname, $1::text)"
    "   FROM pg_foreign_server s"
    "  WHERE pg_has_role(s.srvowner, 'USAGE') AND NOT has_server_privilege($1::name, s.oid, 'USAGE')) x";

/* Functions are called by what depends on them, or on an operator of theirs. A generated column's expression is its column's, a
   partition key's its table's; a materialized view calls what the views call that it reads. */
static const char evaluated_sql[] =
    "WITH RECURSIVE filled (oid) AS (SELECT c.oid FROM pg_class c WHERE c.relkind = 'm' AND c.relispopulated"
    "  UNION SELECT d.refobjid FROM filled f JOIN pg_rewrite w ON w.ev_class = f.oid"
    "   JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid"
    "     AND d.refclassid = 'pg_class'::regclass"
    "   JOIN pg_class v ON v.oid = d.refobjid AND v.relkind = 'v'),"
    " theirs AS (SELECT 'pg_proc'::regclass::oid AS class, p.oid"
    "   FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE NOT r.rolsuper"
    "  UNION ALL SELECT 'pg_operator'::regclass::oid, o.oid FROM pg_operator o"
    "   JOIN pg_proc p ON p.oid = o.oprcode JOIN pg_roles r ON r.oid = p.proowner WHERE NOT r.rolsuper)"
    " SELECT string_agg(line, E'\\n') FROM (SELECT DISTINCT"
    "   pg_describe_object(d.classid, d.objid, d.objsubid)"
    "     || coalesce(' of domain ' || (SELECT nullif(k.contypid, 0)::regtype FROM pg_constraint k"
    "          WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid), '')"
    "     || ' calls ' || pg_describe_object(d.refclassid, d.refobjid, 0) AS line"
    "   FROM pg_depend d JOIN theirs t ON t.class = d.refclassid AND t.oid = d.refobjid"
    "  WHERE d.classid IN ('pg_constraint'::regclass, 'pg_cast'::regclass, 'pg_statistic_ext'::regclass)"
    "    OR d.classid = 'pg_rewrite'::regclass AND EXISTS (SELECT FROM pg_rewrite w JOIN filled f"
    "         ON f.oid = w.ev_class WHERE w.oid = d.objid)"
    "    OR d.classid = 'pg_attrdef'::regclass AND EXISTS (SELECT FROM pg_attrdef f JOIN pg_attribute a"
    "         ON a.attrelid = f.adrelid AND a.attnum = f.adnum"
    "         WHERE f.oid = d.objid AND a.attgenerated <> '')"
    "    OR d.classid = 'pg_class'::regclass"
    "       AND (EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partrelid = d.objid)"
    "         OR EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = d.objid)"
    "         OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = d.objid AND a.attnum = d.objsubid"
    "                     AND a.attnum > 0 AND a.attgenerated <> ''))"
    "  ORDER BY 1) x";

cutover_status loader_owners_of(struct session *control, const char *roles, char **owners,
                                cutover_error **error)
{
    const char *parameters[] = {roles};

    return session_value(control, owners_sql, 1, parameters, owners, error);
}

cutover_status loader_owners(struct session *control, char *const *roles, size_t count, char **owners,
                             cutover_error **error)
{
    struct text array = TEXT_INIT;

    quote_array(&array, roles, count);
    cutover_status status = text_failed(&array) ? error_nomem(error)
                                                : loader_owners_of(control, text_string(&array), owners, error);
    text_free(&array);
    return status;
}

cutover_status loader_can_make(struct session *control, const char *owners, bool *can, cutover_error **error)
{
    const char *parameters[] = {owners};
    PGresult *result = NULL;

    cutover_status status = session_query(control, can_make_sql, 1, parameters, &result, error);
    if (status == CUTOVER_OK)
        *can = PQntuples(result) == 1 && result_bool(result, 0, 0);
    PQclear(result);
    return status;
}

/* Random bytes as hexadecimal digits. */
static cutover_status secret_new(char secret[2 * SECRET_BYTES + 1], cutover_error **error)
{
    unsigned char bytes[SECRET_BYTES];
    ssize_t count;

    do
        count = getrandom(bytes, sizeof bytes, 0);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof bytes)
        return error_set_errno(error, CUTOVER_E_INTERNAL, errno, "no random bytes for a password");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(secret + 2 * i, 3, "%02x", bytes[i]);
    explicit_bzero(bytes, sizeof bytes);
    return CUTOVER_OK;
}

static cutover_status conninfo_make(const struct conninfo *server, const char *role, const char *secret,
                                    struct conninfo *conninfo, cutover_error **error)
{
    cutover_status status = conninfo_copy(server, conninfo, error);

    if (status != CUTOVER_OK)
        return status;
    status = conninfo_set(conninfo, "user", role, error);
    if (status == CUTOVER_OK)
        status = conninfo_set(conninfo, "password", secret, error);
    if (status == CUTOVER_OK)
        status = conninfo_set(conninfo, "passfile", NULL, error);
    return status;
}

/* What to make of it: it may enter the database that bears its name, or is for a look at one that others may enter. */
struct making {
    const char *role, *owners;
    unsigned sessions;
    bool enters;
};

static void make_sql(struct text *sql, const struct session *control, const struct making *making,
                     const PGresult *about, const char *verifier)
{
    const char *database = making->role;

    text_add(sql, "CREATE ROLE ");
    quote_identifier(sql, database);
    text_add_format(sql, " LOGIN CONNECTION LIMIT %u PASSWORD ", making->sessions);
    quote_literal(sql, verifier);
    text_add(sql, " VALID UNTIL ");
    quote_literal(sql, result_text(about, 0, 0));
    text_add_format(sql, ";\nGRANT %s TO ", result_text(about, 0, 1));
    quote_identifier(sql, database);
    if (making->enters) {
        text_add(sql, ";\nGRANT CONNECT ON DATABASE ");
        quote_identifier(sql, database);
        text_add(sql, " TO ");
        quote_identifier(sql, database);
    }
    if (!control->superuser) {
        /* To end its sessions, and to lend it what is ours. */
        text_add(sql, ";\nGRANT ");
        quote_identifier(sql, database);
        text_add(sql, " TO CURRENT_USER");
    } else if (result_bool(about, 0, 2)) {
        /* The pages of an index go to the WAL whole: compressed they are half as much to write. */
        text_add(sql, ";\nALTER ROLE ");
        quote_identifier(sql, database);
        text_add(sql, " SET wal_compression = lz4");
    }
}

static cutover_status role_make(struct session *control, const struct making *making, const char *secret,
                                cutover_error **error)
{
    const char *parameters[] = {making->owners, making->enters ? JOB_TIME : LOOK_TIME};
    struct text sql = TEXT_INIT;
    PGresult *about = NULL;

    char *verifier = PQencryptPasswordConn(control->connection, secret, making->role, "scram-sha-256");
    if (verifier == NULL)
        return error_nomem(error);
    cutover_status status = session_query(control, about_sql, 2, parameters, &about, error);
    if (status == CUTOVER_OK) {
        make_sql(&sql, control, making, about, verifier);
        status = text_failed(&sql) ? error_nomem(error) : session_run(control, text_string(&sql), error);
    }
    PQclear(about);
    text_free(&sql);
    PQfreemem(verifier);
    return status;
}

static cutover_status login_make(struct session *control, const struct conninfo *server,
                                 const struct making *making, struct loader *loader, cutover_error **error)
{
    char secret[2 * SECRET_BYTES + 1];

    cutover_status status = secret_new(secret, error);
    if (status == CUTOVER_OK)
        status = role_make(control, making, secret, error);
    if (status == CUTOVER_OK) {
        loader->made = true;
        status = string_copy(making->role, &loader->role, error);
    }
    if (status == CUTOVER_OK)
        status = conninfo_make(server, making->role, secret, &loader->conninfo, error);
    explicit_bzero(secret, sizeof secret);
    return status;
}

cutover_status loader_make(struct session *control, const struct conninfo *server, const char *database,
                           const char *owners, unsigned sessions, struct loader *loader, cutover_error **error)
{
    const struct making making = {database, owners, sessions, true};

    return login_make(control, server, &making, loader, error);
}

cutover_status loader_make_reader(struct session *control, const struct conninfo *server, const char *role,
                                  const char *owners, struct loader *loader, cutover_error **error)
{
    const struct making making = {role, owners, 1, false};
    const char *parameters[] = {role};
    char *nothing = NULL;

    cutover_status status =
        session_value(control, READER_LOCK("pg_advisory_lock"), 1, parameters, &nothing, error);
    free(nothing);
    return status == CUTOVER_OK ? login_make(control, server, &making, loader, error) : status;
}

/* Its lock goes in any case: whoever may drop it does so when they see it. */
cutover_status loader_drop_reader(struct session *control, const char *role, cutover_error **error)
{
    const char *parameters[] = {role};
    char *nothing = NULL;

    cutover_status status = loader_drop(control, role, error);
    cutover_status unlocked =
        session_value(control, READER_LOCK("pg_advisory_unlock"), 1, parameters, &nothing, NULL);
    free(nothing);
    return status == CUTOVER_OK && unlocked != CUTOVER_OK
               ? error_set(error, unlocked, "the lock of login \"%s\" could not be let go", role)
               : status;
}

static cutover_status reader_sweep(struct session *control, const char *role, cutover_error **error)
{
    const char *parameters[] = {role};
    PGresult *locked = NULL;

    cutover_status status =
        session_query(control, READER_LOCK("pg_try_advisory_lock"), 1, parameters, &locked, error);
    /* One that we may not drop stays. */
    if (status == CUTOVER_OK && result_bool(locked, 0, 0))
        loader_drop_reader(control, role, NULL);
    PQclear(locked);
    return status;
}

cutover_status loader_readers_sweep(struct session *control, cutover_error **error)
{
    PGresult *left = NULL;

    cutover_status status = session_query(
        control, "SELECT rolname FROM pg_roles WHERE rolname ~ '^" LOADER_READER_PREFIX "[0-9a-f]+$'", 0, NULL,
        &left, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(left); row++)
        status = reader_sweep(control, result_text(left, row, 0), error);
    PQclear(left);
    return status;
}

static cutover_status given_judge(const PGresult *about, const char *role, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (PQntuples(about) != 1) {
        status = error_set(error, CUTOVER_E_FORBIDDEN, "the loader's role \"%s\" does not exist there", role);
    } else if (result_bool(about, 0, 0) || result_text(about, 0, 2)[0] != '\0') {
        status = error_set(error, CUTOVER_E_FORBIDDEN,
                           "the loader's role \"%s\" may do more than owners of databases may", role);
        error_hint(error, "Give project.loader_database a login that is no superuser, may make no databases or "
                          "roles, does not "
                          "replicate or bypass row security, and is in none of pg_read_server_files, "
                          "pg_write_server_files and "
                          "pg_execute_server_program.");
    } else if (result_text(about, 0, 1)[0] != '\0') {
        status = error_set(error, CUTOVER_E_FORBIDDEN, "the loader's role \"%s\" is not a member of %s", role,
                           result_text(about, 0, 1));
        error_hint(error, "GRANT these roles, which own what is to be loaded, to it.");
    } else if (!result_bool(about, 0, 3)) {
        status =
            error_set(error, CUTOVER_E_FORBIDDEN, "our role is not a member of the loader's role \"%s\"", role);
        error_hint(error, "GRANT \"%s\" to it: what our role owns is lent to the loader while rows are loaded.",
                   role);
    }
    return status;
}

cutover_status loader_check(struct session *control, const struct conninfo *given, const char *owners,
                            cutover_error **error)
{
    const char *role = conninfo_get(given, "user");
    const char *parameters[] = {role, owners};
    PGresult *about = NULL;

    cutover_status status = session_query(control, given_sql, 2, parameters, &about, error);
    if (status == CUTOVER_OK)
        status = given_judge(about, role, error);
    PQclear(about);
    return status;
}

cutover_status loader_take(struct session *control, const struct conninfo *given, const char *database,
                           const char *owners, struct loader *loader, cutover_error **error)
{
    const char *role = conninfo_get(given, "user");
    struct text sql = TEXT_INIT;

    cutover_status status = loader_check(control, given, owners, error);
    if (status == CUTOVER_OK)
        status = string_copy(role, &loader->role, error);
    if (status == CUTOVER_OK)
        status = conninfo_copy(given, &loader->conninfo, error);
    if (status != CUTOVER_OK)
        return status;
    text_add(&sql, "GRANT CONNECT ON DATABASE ");
    quote_identifier(&sql, database);
    text_add(&sql, " TO ");
    quote_identifier(&sql, role);
    status = text_failed(&sql) ? error_nomem(error) : session_run(control, text_string(&sql), error);
    text_free(&sql);
    return status;
}

cutover_status loader_enter(struct session *inside, struct loader *loader, cutover_error **error)
{
    const char *parameters[] = {loader->role};
    PGresult *result = NULL;

    cutover_status status = session_query(inside, enter_sql, 1, parameters, &result, error);
    if (status == CUTOVER_OK && result_text(result, 0, 0) != NULL) {
        text_add(&loader->give_back, result_text(result, 0, 1));
        status = text_failed(&loader->give_back) ? error_nomem(error)
                                                 : session_run(inside, result_text(result, 0, 0), error);
    }
    PQclear(result);
    return status;
}

cutover_status loader_leave(struct session *inside, struct loader *loader, cutover_error **error)
{
    if (loader->give_back.length == 0)
        return CUTOVER_OK;
    cutover_status status = session_run(inside, text_string(&loader->give_back), error);
    text_clear(&loader->give_back);
    return status;
}

cutover_status loader_end(struct session *control, const char *database, struct loader *loader,
                          cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status = CUTOVER_OK;

    if (loader->role != NULL) {
        text_add(&sql, "REVOKE CONNECT ON DATABASE ");
        quote_identifier(&sql, database);
        text_add(&sql, " FROM ");
        quote_identifier(&sql, loader->role);
        if (loader->made) {
            text_add(&sql, ";\nDROP ROLE ");
            quote_identifier(&sql, loader->role);
        }
        status = text_failed(&sql) ? error_nomem(error) : session_run(control, text_string(&sql), error);
        text_free(&sql);
    }
    if (status == CUTOVER_OK)
        loader_free(loader);
    return status;
}

void loader_free(struct loader *loader)
{
    conninfo_free(&loader->conninfo);
    free(loader->role);
    text_free(&loader->give_back);
    memset(loader, 0, sizeof *loader);
}

cutover_status loader_drop(struct session *control, const char *database, cutover_error **error)
{
    const char *parameters[] = {database};
    struct text sql = TEXT_INIT;
    PGresult *result = NULL;

    /* Who may not make roles may not even ask for one to be dropped that is not there. */
    cutover_status status =
        session_query(control, "SELECT FROM pg_roles WHERE rolname = $1", 1, parameters, &result, error);
    if (status == CUTOVER_OK && PQntuples(result) > 0) {
        text_add(&sql, "DROP ROLE IF EXISTS ");
        quote_identifier(&sql, database);
        status = text_failed(&sql) ? error_nomem(error) : session_run(control, text_string(&sql), error);
    }
    PQclear(result);
    text_free(&sql);
    return status;
}

cutover_status loader_evaluated(struct session *inside, char **list, cutover_error **error)
{
    return session_value(inside, evaluated_sql, 0, NULL, list, error);
}
