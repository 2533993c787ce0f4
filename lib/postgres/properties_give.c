/* What a database bears, as the statements that have another one bear it. */
#include "base/record.h"
#include "postgres/fence_setting.h"
#include "postgres/properties.h"
#include "postgres/properties_list.h"
#include "postgres/quote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Who has a grant on a database; '' is PUBLIC. */
static const char grantees_sql[] =
    "SELECT DISTINCT CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END"
    "  FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE d.datname = $1";

/* Whether we can act as a role, which a grant in its name needs; 'SET' is a privilege of its own since 16. */
static const char can_act_sql[] =
    "SELECT pg_has_role(r.oid, CASE WHEN current_setting('server_version_num')::int >= 160000"
    "   THEN 'SET' ELSE 'MEMBER' END) FROM pg_roles r WHERE r.rolname = $1";

/* The server repeats values in notices ("role … does not exist"), which are logged. Until the transaction's end. */
#define PROPERTIES_QUIET "SET LOCAL client_min_messages = error"

/* The variables that PostgreSQL marks GUC_LIST_QUOTE: their stored value is a list of names, already quoted. The
   same list is in pg_dump's dumputils.c; extensions may not define more. */
static bool is_quoted_list(const char *name)
{
    static const char *const names[] = {"local_preload_libraries",   "search_path",
                                        "session_preload_libraries", "shared_preload_libraries",
                                        "temp_tablespaces",          "unix_socket_directories"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Takes one name of a quoted list from *at; false: the list is over, or is none. */
static bool list_name(const char **at, struct text *name)
{
    const char *p = *at;
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == ',')
        p++;
    if (*p == '\0')
        return false;
    if (*p == '"') {
        for (p++; *p != '\0' && (p[0] != '"' || p[1] == '"'); p++) {
            if (*p == '"')
                p++;
            text_add_bytes(name, p, 1);
        }
        if (*p == '"')
            p++;
    } else {
        size_t length = strcspn(p, ", \t\n");
        text_add_bytes(name, p, length);
        p += length;
    }
    *at = p;
    return true;
}

static void add_list_value(struct text *sql, const char *value)
{
    struct text name = TEXT_INIT;
    bool first = true;

    while (list_name(&value, &name)) {
        if (!first)
            text_add(sql, ", ");
        first = false;
        quote_literal(sql, text_string(&name));
        sql->failed = sql->failed || text_failed(&name);
        text_clear(&name);
    }
    text_free(&name);
}

static void add_bearer(struct text *sql, const char *database, const char *role)
{
    if (role[0] != '\0') {
        text_add(sql, "ALTER ROLE ");
        quote_identifier(sql, role);
        text_add(sql, " IN DATABASE ");
    } else {
        text_add(sql, "ALTER DATABASE ");
    }
    quote_identifier(sql, database);
}

/* A list of no name, which is said otherwise before 19. '' would be one of an empty name, which no session finds as a library: nobody
   could connect. */
static void add_empty_list(struct text *sql, const char *database, const char *role, const char *name)
{
    text_add(sql, "SELECT pg_catalog.set_config(");
    quote_literal(sql, name);
    text_add(sql, ", '', true);\n");
    add_bearer(sql, database, role);
    text_add(sql, " SET ");
    quote_identifier(sql, name);
    text_add(sql, " FROM CURRENT;\n");
}

static void add_setting(struct text *sql, const char *database, struct json_object *setting)
{
    const char *role = json_text_or(setting, "role", "");
    const char *name = json_text_or(setting, "name", "");
    const char *value = json_text_or(setting, "value", "");

    if (is_quoted_list(name) && value[0] == '\0') {
        add_empty_list(sql, database, role, name);
        return;
    }
    add_bearer(sql, database, role);
    text_add(sql, " SET ");
    quote_identifier(sql, name);
    text_add(sql, " TO ");
    if (is_quoted_list(name))
        add_list_value(sql, value);
    else
        quote_literal(sql, value);
    text_add(sql, ";\n");
}

/* Whether an item of that list before `index` has the same member. */
static bool is_repeated(struct json_object *properties, const char *list, size_t index, const char *member)
{
    const char *value = json_text_or(properties_item(properties, list, index), member, "");

    for (size_t i = 0; i < index; i++)
        if (strcmp(json_text_or(properties_item(properties, list, i), member, ""), value) == 0)
            return true;
    return false;
}

/* From 16 on these cannot be reset, and where one is stored RESET ALL fails for everybody but superusers. They do nothing there: each
   transaction begins with values of its own. */
static bool cannot_be_reset(const char *setting)
{
    static const char *const names[] = {"seed", "transaction_deferrable", "transaction_isolation",
                                        "transaction_read_only"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(setting, names[i]) == 0)
            return true;
    return false;
}

/* `role`: "" for the database itself; `setting`: NULL for all. */
static void add_reset(struct text *sql, const char *database, const char *role, const char *setting)
{
    add_bearer(sql, database, role);
    text_add(sql, " RESET ");
    if (setting != NULL)
        quote_identifier(sql, setting);
    else
        text_add(sql, "ALL");
    text_add(sql, ";\n");
}

static bool is_of_role(struct json_object *setting, const char *role)
{
    return strcmp(json_text_or(setting, "role", ""), role) == 0;
}

/* All at once, or one by one those that can be. */
static void add_resets_of(struct text *sql, const char *database, struct json_object *has, const char *role)
{
    size_t count = properties_count(has, "settings");
    bool all = true;

    for (size_t i = 0; i < count && all; i++) {
        struct json_object *setting = properties_item(has, "settings", i);
        all = !is_of_role(setting, role) || !cannot_be_reset(json_text_or(setting, "name", ""));
    }
    if (all)
        add_reset(sql, database, role, NULL);
    /* A fence that stands is not among them. */
    if (!all)
        add_reset(sql, database, role, FENCE_SETTING);
    for (size_t i = 0; i < count && !all; i++) {
        struct json_object *setting = properties_item(has, "settings", i);
        if (is_of_role(setting, role) && !cannot_be_reset(json_text_or(setting, "name", "")))
            add_reset(sql, database, role, json_text_or(setting, "name", ""));
    }
}

static void add_resets(struct text *sql, const char *database, struct json_object *has)
{
    add_resets_of(sql, database, has, "");
    for (size_t i = 0; i < properties_count(has, "settings"); i++) {
        const char *role = json_text_or(properties_item(has, "settings", i), "role", "");
        if (role[0] != '\0' && !is_repeated(has, "settings", i, "role"))
            add_resets_of(sql, database, has, role);
    }
}

static void add_labels(struct text *sql, const char *database, struct json_object *properties)
{
    for (size_t i = 0; i < properties_count(properties, "labels"); i++) {
        struct json_object *label = properties_item(properties, "labels", i);
        text_add(sql, "SECURITY LABEL FOR ");
        quote_identifier(sql, json_text_or(label, "provider", ""));
        text_add(sql, " ON DATABASE ");
        quote_identifier(sql, database);
        text_add(sql, " IS ");
        quote_literal(sql, json_text_or(label, "label", NULL));
        text_add(sql, ";\n");
    }
}

/* A grant that somebody else than the owner made can only be made again in their name: found out now, not in the
   swap's transaction. */
static cutover_status check_grantors(struct session *control, struct json_object *properties,
                                     cutover_error **error)
{
    const char *owner = json_text_or(properties, "owner", "");
    for (size_t i = 0; i < properties_count(properties, "acl"); i++) {
        const char *grantor = json_text_or(properties_item(properties, "acl", i), "grantor", "");
        const char *parameters[] = {grantor};
        char *can = NULL;
        if (strcmp(grantor, owner) == 0)
            continue;
        cutover_status status = session_value(control, can_act_sql, 1, parameters, &can, error);
        if (status != CUTOVER_OK && status != CUTOVER_E_NOT_FOUND)
            return status;
        bool able = status == CUTOVER_OK && can != NULL && strcmp(can, "t") == 0;
        free(can);
        if (able)
            continue;
        error_set(error, CUTOVER_E_POSTGRES,
                  "the database has grants made by role \"%s\", which cannot be made again in its name",
                  grantor);
        error_hint(error, "Make our role a member of \"%s\", or have the owner make these grants.", grantor);
        return CUTOVER_E_POSTGRES;
    }
    return CUTOVER_OK;
}

/* All but settings and grants. */
static void add_others(struct text *sql, const char *database, struct json_object *wanted)
{
    text_add(sql, "COMMENT ON DATABASE ");
    quote_identifier(sql, database);
    text_add(sql, " IS ");
    quote_literal(sql, json_text_or(wanted, "comment", NULL));
    text_add(sql, ";\n");
    add_labels(sql, database, wanted);
    text_add(sql, "ALTER DATABASE ");
    quote_identifier(sql, database);
    text_add_format(sql, " WITH IS_TEMPLATE %s CONNECTION LIMIT %" PRId64 ";\nALTER DATABASE ",
                    json_bool_or(wanted, "is_template", false) ? "true" : "false",
                    json_int_or(wanted, "connection_limit", -1));
    quote_identifier(sql, database);
    /* Last: what comes before needs an owner that we are for sure. */
    text_add(sql, " OWNER TO ");
    quote_identifier(sql, json_text_or(wanted, "owner", ""));
    text_add(sql, ";\n");
}

static bool is_privilege(const char *privilege)
{
    return strcmp(privilege, "CREATE") == 0 || strcmp(privilege, "CONNECT") == 0 ||
           strcmp(privilege, "TEMPORARY") == 0;
}

static void add_role(struct text *sql, const char *role)
{
    if (role[0] == '\0')
        text_add(sql, "PUBLIC");
    else
        quote_identifier(sql, role);
}

static void add_grant(struct text *sql, const char *database, struct json_object *grant, const char *grantor)
{
    if (grantor != NULL) {
        text_add(sql, "SET LOCAL ROLE ");
        quote_identifier(sql, grantor);
        text_add(sql, ";\n");
    }
    text_add_format(sql, "GRANT %s ON DATABASE ", json_text_or(grant, "privilege", ""));
    quote_identifier(sql, database);
    text_add(sql, " TO ");
    add_role(sql, json_text_or(grant, "grantee", ""));
    if (json_bool_or(grant, "grantable", false))
        text_add(sql, " WITH GRANT OPTION");
    text_add(sql, grantor != NULL ? ";\nRESET ROLE;\n" : ";\n");
}

/* Whether a grant's grantor has, of what was granted so far, the option to make it. */
static bool grantor_ready(struct json_object *properties, struct json_object *grant, const bool *made)
{
    for (size_t i = 0; i < properties_count(properties, "acl"); i++) {
        struct json_object *other = properties_item(properties, "acl", i);
        if (made[i] && json_bool_or(other, "grantable", false) &&
            strcmp(json_text_or(other, "grantee", ""), json_text_or(grant, "grantor", "")) == 0 &&
            strcmp(json_text_or(other, "privilege", ""), json_text_or(grant, "privilege", "")) == 0)
            return true;
    }
    return false;
}

/* The owner's grants first, then those of others as soon as they can make them. */
static void add_grants(struct text *sql, const char *database, struct json_object *properties, bool *made)
{
    const char *owner = json_text_or(properties, "owner", "");
    size_t count = properties_count(properties, "acl");
    bool progress = true;

    for (size_t i = 0; i < count; i++) {
        struct json_object *grant = properties_item(properties, "acl", i);
        if (strcmp(json_text_or(grant, "grantor", owner), owner) != 0)
            continue;
        add_grant(sql, database, grant, NULL);
        made[i] = true;
    }
    while (progress) {
        progress = false;
        for (size_t i = 0; i < count; i++) {
            struct json_object *grant = properties_item(properties, "acl", i);
            if (made[i] || !grantor_ready(properties, grant, made))
                continue;
            add_grant(sql, database, grant, json_text_or(grant, "grantor", owner));
            made[i] = progress = true;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (!made[i])
            add_grant(sql, database, properties_item(properties, "acl", i), NULL);
}

cutover_status properties_grants_clear(struct session *control, const char *database, cutover_error **error)
{
    struct text sql = TEXT_INIT;
    PGresult *result = NULL;

    cutover_status status = session_query(control, grantees_sql, 1, &database, &result, error);
    if (status != CUTOVER_OK)
        return status;
    for (int row = 0; row < PQntuples(result); row++) {
        text_add(&sql, "REVOKE ALL ON DATABASE ");
        quote_identifier(&sql, database);
        text_add(&sql, " FROM ");
        add_role(&sql, result_text(result, row, 0));
        text_add(&sql, " CASCADE;\n");
    }
    PQclear(result);
    if (text_failed(&sql))
        status = error_nomem(error);
    else if (sql.length > 0)
        status = session_run(control, text_string(&sql), error);
    text_free(&sql);
    return status;
}

static void add_revokes(struct text *sql, const char *database, struct json_object *has,
                        struct json_object *wanted)
{
    text_add(sql, "REVOKE ALL ON DATABASE ");
    quote_identifier(sql, database);
    text_add(sql, " FROM PUBLIC, ");
    quote_identifier(sql, json_text_or(wanted, "owner", ""));
    text_add(sql, ", CURRENT_USER");
    for (size_t i = 0; i < properties_count(has, "acl"); i++) {
        const char *grantee = json_text_or(properties_item(has, "acl", i), "grantee", "");
        if (grantee[0] == '\0' || is_repeated(has, "acl", i, "grantee"))
            continue;
        text_add(sql, ", ");
        quote_identifier(sql, grantee);
    }
    text_add(sql, " CASCADE;\n");
}

static cutover_status add_access(struct text *sql, const char *database, struct json_object *has,
                                 struct json_object *wanted, cutover_error **error)
{
    bool *made = calloc(properties_count(wanted, "acl") + 1, sizeof *made);

    if (made == NULL)
        return error_nomem(error);
    add_revokes(sql, database, has, wanted);
    add_grants(sql, database, wanted, made);
    free(made);
    return CUTOVER_OK;
}

cutover_status properties_give_sql(const char *database, struct json_object *has, struct json_object *wanted,
                                   struct text *sql, cutover_error **error)
{
    for (size_t i = 0; i < properties_count(wanted, "acl"); i++) {
        const char *privilege = json_text_or(properties_item(wanted, "acl", i), "privilege", "");
        if (!is_privilege(privilege))
            return error_set(error, CUTOVER_E_UNSUPPORTED, "unknown privilege \"%s\" on a database", privilege);
    }
    text_add(sql, PROPERTIES_QUIET ";\n");
    add_resets(sql, database, has);
    for (size_t i = 0; i < properties_count(wanted, "settings"); i++)
        add_setting(sql, database, properties_item(wanted, "settings", i));
    add_others(sql, database, wanted);
    cutover_status status = add_access(sql, database, has, wanted, error);
    return status != CUTOVER_OK || !text_failed(sql) ? status : error_nomem(error);
}

/* Also where the job was cancelled meanwhile: the session is needed to undo it. */
static cutover_status take_back(struct session *control, cutover_error **error)
{
    const struct cancel *cancel = control->cancel;

    control->cancel = NULL;
    cutover_status status = session_run(control, "ROLLBACK", error);
    control->cancel = cancel;
    return status;
}

/* What kept a setting from being given: in our words, the server's hold the value. */
static void setting_failed(struct json_object *setting, cutover_error **error, cutover_error *cause)
{
    const char *sqlstate = cutover_error_sqlstate(cause), *role = json_text_or(setting, "role", "");
    bool denied = sqlstate != NULL && strcmp(sqlstate, "42501") == 0;

    error_set(error, cutover_error_code(cause),
              "the new database cannot be given the setting \"%s\"%s%s: %s (SQLSTATE %s)",
              json_text_or(setting, "name", ""), role[0] != '\0' ? " of role " : "", role,
              denied ? "our role may not set it" : "the server does not take it",
              sqlstate != NULL ? sqlstate : "unknown");
    error_sqlstate(error, sqlstate);
    error_hint(error,
               denied ? "Connect as a role that may set it (GRANT SET ON PARAMETER), or RESET it."
                      : "Set it anew in production, or RESET it: ALTER DATABASE, ALTER ROLE … IN DATABASE.");
}

/* Runs a part of the statements, and clears it. */
static cutover_status run_part(struct session *control, struct text *sql, cutover_error **error)
{
    cutover_status status =
        text_failed(sql) ? error_nomem(error) : session_run(control, text_string(sql), error);

    text_clear(sql);
    return status;
}

/* Each by itself, to know which one it was. */
static cutover_status try_settings(struct session *control, const char *database, struct json_object *wanted,
                                   cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < properties_count(wanted, "settings"); i++) {
        cutover_error *cause = NULL;
        add_setting(&sql, database, properties_item(wanted, "settings", i));
        status = run_part(control, &sql, &cause);
        if (status == CUTOVER_E_POSTGRES && PQstatus(control->connection) == CONNECTION_OK)
            setting_failed(properties_item(wanted, "settings", i), error, cause);
        else
            error_move(error, cause), cause = NULL;
        cutover_error_free(cause);
    }
    text_free(&sql);
    return status;
}

static cutover_status try_all(struct session *control, const char *database, struct json_object *has,
                              struct json_object *wanted, cutover_error **error)
{
    struct text sql = TEXT_INIT;

    text_add(&sql, "BEGIN; " PROPERTIES_QUIET ";\n");
    add_resets(&sql, database, has);
    cutover_status status = run_part(control, &sql, error);
    if (status == CUTOVER_OK)
        status = try_settings(control, database, wanted, error);
    if (status == CUTOVER_OK) {
        add_others(&sql, database, wanted);
        status = add_access(&sql, database, has, wanted, error);
    }
    if (status == CUTOVER_OK)
        status = run_part(control, &sql, error);
    text_free(&sql);
    return status;
}

cutover_status properties_try(struct session *control, const char *database, struct json_object *has,
                              struct json_object *wanted, cutover_error **error)
{
    cutover_status status = check_grantors(control, wanted, error);

    if (status != CUTOVER_OK)
        return status;
    status = try_all(control, database, has, wanted, error);
    if (status == CUTOVER_OK)
        status = take_back(control, error);
    else if (PQstatus(control->connection) == CONNECTION_OK)
        (void)take_back(control, NULL);
    return status;
}
