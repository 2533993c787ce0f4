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
static const char fact[] = "acl\tschema public: CREATE to public\t";

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

static bool is_granted(const char *facts)
{
    for (const char *line = facts; (line = strstr(line, fact)) != NULL; line++)
        if (line == facts || line[-1] == '\n')
            return true;
    return false;
}

cutover_status public_schema_return(struct session *inside, const char *facts, cutover_error **error)
{
    return is_granted(facts) ? CUTOVER_OK
                             : run_where(inside, lent_sql, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", error);
}
