#include "postgres/public_schema.h"

#include <string.h>

/* A row when there is one that our role may grant on. */
static const char ours_sql[] =
    "SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')";

/* A row when everybody may create in it, by our role's leave. */
static const char lent_sql[] =
    "SELECT 1 FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'public'"
    "   AND a.grantee = 0 AND a.privilege_type = 'CREATE' AND pg_has_role(n.nspowner, 'USAGE')";

/* The beginning of the line that says so of the source. */
static const char granted[] = "acl\tschema public: CREATE to public\t";

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

cutover_status public_schema_return(struct session *inside, const char *facts, cutover_error **error)
{
    if (has_line(facts, granted))
        return CUTOVER_OK;
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
