#include "postgres/public_schema.h"

#include <stdlib.h>
#include <string.h>

/* A row when there is one that our role may grant on. */
static const char ours_sql[] =
    "SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')";

/* A row when everybody may create in it, by our role's leave. */
static const char lent_sql[] =
    "SELECT 1 FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'public'"
    "   AND a.grantee = 0 AND a.privilege_type = 'CREATE' AND pg_has_role(n.nspowner, 'USAGE')";

static cutover_status run_where(struct session *inside, const char *condition, const char *sql,
                                cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(inside, condition, 0, NULL, &result, error);
    bool holds = status == CUTOVER_OK && PQntuples(result) > 0;

    PQclear(result);
    return holds ? session_run(inside, sql, error) : status;
}

cutover_status public_schema_lend(struct session *inside, cutover_error **error)
{
    return run_where(inside, ours_sql, "GRANT CREATE ON SCHEMA public TO PUBLIC", error);
}

static bool has_line(const char *facts, const char *beginning)
{
    for (const char *line = facts; (line = strstr(line, beginning)) != NULL; line++)
        if (line == facts || line[-1] == '\n')
            return true;
    return false;
}

/* Of facts such as "acl\tschema x: USAGE to public\tby y" those that a database lacks: the right, and the schema's name as it is quoted. */
static const char lacking_sql[] =
    "SELECT string_agg(format('GRANT %s ON SCHEMA %s TO PUBLIC', g[1], g[2]), '; ') FROM ("
    "   SELECT ARRAY[split_part(x, ' ', 1), substr(x, strpos(x, ' ') + 1)] FROM unnest(string_to_array($1, "
    "E'\\n')) x) w (g)"
    "  JOIN pg_namespace n ON quote_ident(n.nspname) = g[2]"
    " WHERE g[1] IN ('USAGE', 'CREATE') AND pg_has_role(n.nspowner, 'USAGE') AND NOT EXISTS ("
    "   SELECT FROM aclexplode(n.nspacl) a WHERE a.grantee = 0 AND a.privilege_type = g[1])";

/* "USAGE x" of such a line, malloc'd; NULL: it says something else. */
static char *grant_of(const char *line)
{
    static const char begin[] = "acl\tschema ", end[] = " to public\t";
    const char *name = line + strlen(begin), *colon = NULL, *after = strchr(line, '\n');
    struct text grant = TEXT_INIT;

    if (strncmp(line, begin, strlen(begin)) != 0)
        return NULL;
    const char *to = strstr(name, end);
    if (to == NULL || (after != NULL && after < to))
        return NULL;
    for (const char *at = name; at < to; at++)
        if (at[0] == ':' && at[1] == ' ')
            colon = at;
    if (colon == NULL)
        return NULL;
    text_add_bytes(&grant, colon + 2, (size_t)(to - colon - 2));
    text_add(&grant, " ");
    text_add_bytes(&grant, name, (size_t)(colon - name));
    char *taken = text_failed(&grant) ? NULL : text_take(&grant);
    text_free(&grant);
    return taken;
}

cutover_status schema_grants_complete(struct session *inside, const char *facts, cutover_error **error)
{
    struct text lines = TEXT_INIT;
    char *sql = NULL;

    for (const char *line = facts; line != NULL && line[0] != '\0';
         line = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : NULL) {
        char *grant = grant_of(line);
        if (grant != NULL)
            text_add_format(&lines, "%s%s", lines.length > 0 ? "\n" : "", grant);
        free(grant);
    }
    cutover_status status =
        text_failed(&lines)
            ? error_nomem(error)
            : session_value(inside, lacking_sql, 1, (const char *const[]){text_string(&lines)}, &sql, error);
    if (status == CUTOVER_OK && sql != NULL)
        status = session_run(inside, sql, error);
    free(sql);
    text_free(&lines);
    return status;
}

cutover_status public_schema_return(struct session *inside, cutover_error **error)
{
    return run_where(inside, lent_sql, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", error);
}

cutover_status template_leftovers_drop(struct session *inside, const char *facts, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    /* It is a superuser's. */
    if (!has_line(facts, "extension\tplpgsql\t") && inside->superuser)
        status = session_run(inside, "DROP EXTENSION IF EXISTS plpgsql", error);
    if (status == CUTOVER_OK && !has_line(facts, "schema\tpublic\t"))
        status = session_run(inside, "DROP SCHEMA IF EXISTS public", error);
    return status;
}

static const char lend_sql[] =
    "SELECT string_agg(format('GRANT %s ON SCHEMA %I TO PUBLIC;', p, n.nspname), ''),"
    "       string_agg(format('REVOKE %s ON SCHEMA %I FROM PUBLIC;', p, n.nspname), '')"
    "  FROM pg_namespace n, unnest('{USAGE,CREATE}'::text[]) p"
    " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_has_role(n.nspowner, 'USAGE')"
    "   AND NOT EXISTS (SELECT FROM aclexplode(n.nspacl) a WHERE a.grantee = 0 AND a.privilege_type = p)";

cutover_status schemas_lend(struct session *inside, struct text *give_back, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(inside, lend_sql, 0, NULL, &result, error);

    if (status == CUTOVER_OK && result_text(result, 0, 0) != NULL) {
        text_add(give_back, result_text(result, 0, 1));
        status =
            text_failed(give_back) ? error_nomem(error) : session_run(inside, result_text(result, 0, 0), error);
    }
    PQclear(result);
    return status;
}
