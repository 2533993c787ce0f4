#include "postgres/database.h"

#include "base/id.h"
#include "base/record.h"
#include "postgres/public_schema.h"
#include "postgres/quote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What initdb did not make: OIDs from FirstNormalObjectId (src/include/access/transam.h) on. */
static const char leftovers_sql[] =
    "SELECT string_agg(o.name, ', ') FROM ("
    " SELECT 'relation ' || c.oid::regclass AS name FROM pg_class c"
    "  WHERE c.oid >= 16384 AND c.relnamespace <> 'pg_toast'::regnamespace AND c.relkind <> 'i'"
    " UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p WHERE p.oid >= 16384"
    " UNION ALL SELECT 'schema ' || n.nspname FROM pg_namespace n"
    "  WHERE n.oid >= 16384 AND NOT starts_with(n.nspname::text, 'pg_')"
    " UNION ALL SELECT 'extension ' || e.extname FROM pg_extension e WHERE e.oid >= 16384"
    " UNION ALL SELECT 'event trigger ' || t.evtname FROM pg_event_trigger t WHERE t.oid >= 16384"
    " UNION ALL SELECT 'large object ' || l.oid FROM pg_largeobject_metadata l"
    " LIMIT 10) o";

static const char template_tablespace_sql[] =
    "SELECT t.spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace"
    " WHERE d.datname = 'template0'";

/* 14 to 19. Between CREATE DATABASE and its grants it is closed. */
static const char is_ours_sql[] =
    "SELECT EXISTS (SELECT FROM pg_database d"
    " WHERE d.datname = $1 AND d.oid = coalesce($2::oid, d.oid)"
    "   AND d.datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
    "   AND NOT EXISTS (SELECT FROM aclexplode(d.datacl) a WHERE a.grantee = 0 AND a.privilege_type = "
    "'CONNECT')"
    "   AND (EXISTS (SELECT FROM aclexplode(d.datacl) a WHERE a.grantee = 0 AND a.privilege_type = 'CREATE')"
    "        OR ($2::oid IS NULL AND NOT d.datallowconn)))";

static const char prepared_sql[] =
    "SELECT string_agg(format('%s of %I', gid, owner), ', ' ORDER BY gid) FROM pg_prepared_xacts"
    " WHERE database = $1";

void database_name_make(char name[64], const char *prefix, const char *id)
{
    char tail[13];
    id_short(id, tail);
    snprintf(name, DATABASE_NAME_MAX + 1, "%.*s%s", DATABASE_NAME_MAX - 12, prefix, tail);
}

cutover_status database_oid_of(struct session *control, const char *name, uint32_t *oid, cutover_error **error)
{
    const char *parameters[] = {name};
    PGresult *result = NULL;
    cutover_status status =
        session_query(control, "SELECT oid FROM pg_database WHERE datname = $1", 1, parameters, &result, error);
    if (status != CUTOVER_OK)
        return status;
    *oid = PQntuples(result) > 0 ? result_oid(result, 0, 0) : 0;
    PQclear(result);
    return CUTOVER_OK;
}

cutover_status database_name_of(struct session *control, uint32_t oid, char **name, cutover_error **error)
{
    char text[16];
    const char *parameters[] = {text};
    PGresult *result = NULL;

    snprintf(text, sizeof text, "%" PRIu32, oid);
    cutover_status status = session_query(control, "SELECT datname FROM pg_database WHERE oid = $1::oid", 1,
                                          parameters, &result, error);
    if (status != CUTOVER_OK)
        return status;
    status = string_copy(PQntuples(result) > 0 ? result_text(result, 0, 0) : NULL, name, error);
    PQclear(result);
    return status;
}

static void add_literal(struct text *sql, const char *keyword, const char *value)
{
    if (value == NULL)
        return;
    text_add_format(sql, " %s ", keyword);
    quote_literal(sql, value);
}

/* Named only where it is not template0's: naming one needs CREATE on it, which a plain role has not even on
   pg_default. */
static cutover_status add_tablespace(struct session *control, const char *tablespace, struct text *sql,
                                     cutover_error **error)
{
    char *usual = NULL;

    if (tablespace == NULL)
        return CUTOVER_OK;
    cutover_status status = session_value(control, template_tablespace_sql, 0, NULL, &usual, error);
    if (status != CUTOVER_OK)
        return status;
    if (usual == NULL || strcmp(tablespace, usual) != 0) {
        text_add(sql, " TABLESPACE ");
        quote_identifier(sql, tablespace);
    }
    free(usual);
    return text_failed(sql) ? error_nomem(error) : CUTOVER_OK;
}

/* CREATE DATABASE … like `properties`, closed: nobody can come in before CONNECT is revoked. It is ours: an owner could let
   itself in. */
static cutover_status create_sql(struct session *control, const char *name, struct json_object *properties,
                                 struct text *sql, cutover_error **error)
{
    const char *provider = json_text_or(properties, "locale_provider", "libc");
    bool icu = strcmp(provider, "icu") == 0, builtin = strcmp(provider, "builtin") == 0;

    if (!icu && !builtin && strcmp(provider, "libc") != 0)
        return error_set(error, CUTOVER_E_UNSUPPORTED, "unknown locale provider \"%s\"", provider);
    if ((icu && control->server_version < 150000) || (builtin && control->server_version < 170000))
        return error_set(error, CUTOVER_E_UNSUPPORTED, "the server is too old for the locale provider \"%s\"",
                         provider);
    text_add(sql, "CREATE DATABASE ");
    quote_identifier(sql, name);
    text_add(sql, " TEMPLATE template0 ALLOW_CONNECTIONS false");
    add_literal(sql, "ENCODING", json_text_or(properties, "encoding", NULL));
    add_literal(sql, "LC_COLLATE", json_text_or(properties, "collate", NULL));
    add_literal(sql, "LC_CTYPE", json_text_or(properties, "ctype", NULL));
    if (control->server_version >= 150000)
        text_add_format(sql, " LOCALE_PROVIDER %s", provider);
    if (icu)
        add_literal(sql, "ICU_LOCALE", json_text_or(properties, "icu_locale", NULL));
    if (icu)
        add_literal(sql, "ICU_RULES", json_text_or(properties, "icu_rules", NULL));
    if (builtin)
        add_literal(sql, "BUILTIN_LOCALE", json_text_or(properties, "icu_locale", NULL));
    return add_tablespace(control, json_text_or(properties, "tablespace", NULL), sql, error);
}

static cutover_status create_failed(cutover_status status, const char *name, cutover_error **error)
{
    const char *state = error != NULL && *error != NULL ? cutover_error_sqlstate(*error) : NULL;

    if (state == NULL)
        return status;
    if (strcmp(state, "XX000") == 0)
        error_hint(error, "When the operating system's collations changed (a collation version mismatch): as a "
                          "superuser run ALTER DATABASE template0 REFRESH COLLATION VERSION, and REINDEX what "
                          "uses the old version in every other database.");
    else if (strcmp(state, "42501") == 0)
        error_hint(error, "The role that the library connects as needs CREATEDB and CREATE on the tablespace.");
    else if (strcmp(state, "42P04") == 0)
        error_hint(error, "A database named \"%s\" is there already: it was not made now and is left alone.",
                   name);
    else if (strcmp(state, "42809") == 0 || strcmp(state, "22023") == 0)
        error_hint(error, "The server's operating system must know production's locale.");
    return status;
}

static cutover_status conninfo_of(const struct session *session, struct conninfo *conninfo,
                                  cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    PQconninfoOption *options = PQconninfo(session->connection);

    if (options == NULL)
        return error_nomem(error);
    *conninfo = (struct conninfo){0};
    for (PQconninfoOption *option = options; status == CUTOVER_OK && option->keyword != NULL; option++)
        if (option->val != NULL)
            status = conninfo_set(conninfo, option->keyword, option->val, error);
    for (PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (option->val != NULL)
            explicit_bzero(option->val, strlen(option->val));
    PQconninfoFree(options);
    if (status == CUTOVER_OK)
        status = session_prefer(session, conninfo, error);
    if (status != CUTOVER_OK)
        conninfo_free(conninfo);
    return status;
}

cutover_status database_leftovers(struct session *inside, char **leftovers, cutover_error **error)
{
    return session_value(inside, leftovers_sql, 0, NULL, leftovers, error);
}

/* What a spoiled template0 left. */
static cutover_status check_leftovers(struct session *inside, cutover_error **error)
{
    char *leftovers = NULL;
    cutover_status status = database_leftovers(inside, &leftovers, error);

    if (status == CUTOVER_OK && leftovers != NULL) {
        status = error_set(error, CUTOVER_E_POSTGRES, "template0 is not empty: it holds %s", leftovers);
        error_hint(error, "Drop these objects in template0; it must stay as initdb made it.");
    }
    free(leftovers);
    return status;
}

/* A session in the new database, on the server that `control` is on, looks, and makes it ready to be filled. */
static cutover_status enter(struct session *control, const char *name, cutover_error **error)
{
    struct conninfo conninfo;
    struct session *inside = NULL;

    cutover_status status = conninfo_of(control, &conninfo, error);
    if (status != CUTOVER_OK)
        return status;
    struct session_options options = {
        .conninfo = &conninfo, .database = name, .cancel = control->cancel, .log = control->log};
    status = session_open(&options, &inside, error);
    if (status == CUTOVER_OK && strcmp(inside->system_identifier, control->system_identifier) != 0)
        status = error_set(error, CUTOVER_E_POSTGRES,
                           "a new connection with the same parameters landed on another server");
    if (status == CUTOVER_OK)
        status = check_leftovers(inside, error);
    if (status == CUTOVER_OK)
        status = public_schema_lend(inside, error);
    session_close(inside);
    conninfo_free(&conninfo);
    return status;
}

static cutover_status run_on(struct session *control, const char *before, const char *name, const char *after,
                             cutover_error **error)
{
    struct text sql = TEXT_INIT;

    text_add(&sql, before);
    quote_identifier(&sql, name);
    text_add(&sql, after);
    cutover_status status =
        text_failed(&sql) ? error_nomem(error) : session_run(control, text_string(&sql), error);
    text_free(&sql);
    return status;
}

/* CONNECT is nobody's but ours; the swap's transaction gives the real grants. What is in it may belong to anybody, of whom
   the server asks CREATE (ALTER PUBLICATION … OWNER TO): that alone lets nobody in. */
static cutover_status keep_to_ourselves(struct session *control, const char *name, cutover_error **error)
{
    cutover_status status = run_on(control, "REVOKE CONNECT ON DATABASE ", name, " FROM PUBLIC", error);

    return status != CUTOVER_OK ? status
                                : run_on(control, "GRANT CREATE ON DATABASE ", name, " TO PUBLIC", error);
}

static cutover_status create(struct session *control, const char *name, struct json_object *properties,
                             cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status = create_sql(control, name, properties, &sql, error);

    if (status == CUTOVER_OK) {
        status = session_run(control, text_string(&sql), error);
        if (status != CUTOVER_OK)
            status = create_failed(status, name, error);
    }
    text_free(&sql);
    return status;
}

/* From CREATE DATABASE to a database that lets us in; one that does not get there is dropped. */
static cutover_status settle(struct session *control, const char *name, uint32_t *oid, cutover_error **error)
{
    uint32_t made = 0;
    cutover_status status = database_oid_of(control, name, &made, error);

    /* It is there: what kept us from asking may have passed. */
    if (status != CUTOVER_OK)
        (void)database_oid_of(control, name, &made, NULL);
    if (status == CUTOVER_OK)
        status = keep_to_ourselves(control, name, error);
    if (status == CUTOVER_OK)
        status = run_on(control, "ALTER DATABASE ", name, " ALLOW_CONNECTIONS true", error);
    if (status == CUTOVER_OK)
        status = enter(control, name, error);
    if (status == CUTOVER_OK)
        *oid = made;
    else if (made != 0)
        (void)database_drop(control, name, made, NULL);
    return status;
}

cutover_status database_create(struct session *control, const char *name, struct json_object *properties,
                               uint32_t *oid, cutover_error **error)
{
    if (strlen(name) > DATABASE_NAME_MAX)
        return error_set(error, CUTOVER_E_INVALID, "database name \"%s\" has more than %d bytes", name,
                         DATABASE_NAME_MAX);
    cutover_status status = create(control, name, properties, error);

    return status != CUTOVER_OK ? status : settle(control, name, oid, error);
}

/* The name does not bear the OID: gone, or renamed by somebody. */
static cutover_status drop_other(struct session *control, const char *name, uint32_t oid, cutover_error **error)
{
    char *now = NULL;
    cutover_status status = database_name_of(control, oid, &now, error);

    if (status != CUTOVER_OK || now == NULL)
        return status;
    status = error_set(error, CUTOVER_E_CONFLICT,
                       "the database with OID %" PRIu32 " is named \"%s\" now, not \"%s\": not dropped", oid,
                       now, name);
    free(now);
    return status;
}

/* What keeps a database for as long as nobody ends it, and is said by name. */
static cutover_status drop_failed(struct session *control, const char *name, cutover_status status,
                                  cutover_error **error)
{
    char *gids = NULL;

    if (session_value(control, prepared_sql, 1, &name, &gids, NULL) == CUTOVER_OK && gids != NULL) {
        if (error != NULL) {
            cutover_error_free(*error);
            *error = NULL;
        }
        status =
            error_set(error, CUTOVER_E_POSTGRES,
                      "database \"%s\" cannot be dropped: transactions are prepared in it: %s", name, gids);
        error_hint(error,
                   "As a superuser connect to \"%s\", and ROLLBACK PREPARED each (or COMMIT PREPARED: the "
                   "database is dropped in any case); then run recovery.",
                   name);
    } else {
        error_hint(error,
                   "Prepared transactions, active replication slots, subscriptions, and sessions that our "
                   "role may not end keep a database from being dropped.");
    }
    free(gids);
    return status;
}

cutover_status database_is_ours(struct session *control, const char *name, uint32_t oid, bool *is,
                                cutover_error **error)
{
    char text[16];
    const char *parameters[] = {name, oid != 0 ? text : NULL};
    PGresult *result = NULL;

    snprintf(text, sizeof text, "%" PRIu32, oid);
    cutover_status status = session_query(control, is_ours_sql, 2, parameters, &result, error);
    if (status == CUTOVER_OK)
        *is = result_bool(result, 0, 0);
    PQclear(result);
    return status;
}

cutover_status database_drop(struct session *control, const char *name, uint32_t oid, cutover_error **error)
{
    const char *parameters[] = {name};
    PGresult *result = NULL;
    cutover_status status =
        session_query(control, "SELECT oid, datistemplate FROM pg_database WHERE datname = $1", 1, parameters,
                      &result, error);
    if (status != CUTOVER_OK)
        return status;
    bool same = PQntuples(result) > 0 && result_oid(result, 0, 0) == oid;
    bool is_template = same && result_bool(result, 0, 1);
    PQclear(result);
    if (!same)
        return drop_other(control, name, oid, error);
    if (is_template &&
        (status = run_on(control, "ALTER DATABASE ", name, " IS_TEMPLATE false", error)) != CUTOVER_OK)
        return status;
    status = run_on(control, "DROP DATABASE IF EXISTS ", name, " WITH (FORCE)", error);
    return status != CUTOVER_OK ? drop_failed(control, name, status, error) : status;
}
