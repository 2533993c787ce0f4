#include "postgres/check_constraints.h"

#include "postgres/quote.h"

#include <string.h>

#define CHECK_VIOLATION "23514"

static const char list_sql[] =
    "SELECT n.nspname, c.relname, o.conname, pg_get_constraintdef(o.oid), o.coninhcount = 0,"
    "  obj_description(o.oid, 'pg_constraint')"
    " FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE " CHECKS_THAT_MAY_READ " ORDER BY 5 DESC, 1, 2, 3";

static void add_alter(struct text *sql, const PGresult *list, int row, const char *verb)
{
    text_add(sql, "ALTER TABLE ");
    quote_qualified(sql, result_text(list, row, 0), result_text(list, row, 1));
    text_add(sql, verb);
    quote_identifier(sql, result_text(list, row, 2));
}

static void keep_comments(struct checks *checks, const PGresult *list)
{
    for (int row = 0; row < PQntuples(list); row++) {
        const char *comment = result_text(list, row, 5);
        if (comment == NULL)
            continue;
        text_add(&checks->comments, "COMMENT ON CONSTRAINT ");
        quote_identifier(&checks->comments, result_text(list, row, 2));
        text_add(&checks->comments, " ON ");
        quote_qualified(&checks->comments, result_text(list, row, 0), result_text(list, row, 1));
        text_add(&checks->comments, " IS ");
        quote_literal(&checks->comments, comment);
        text_add(&checks->comments, ";\n");
    }
}

/* Those that are inherited go with their parent's; those that are a child's own as well are left for the next round, and
   are added before their parent's, which then finds them. */
static cutover_status round_drop(struct session *session, struct checks *checks, const PGresult *list,
                                 cutover_error **error)
{
    struct text drop = TEXT_INIT, add = TEXT_INIT;

    for (int row = 0; row < PQntuples(list) && result_bool(list, row, 4); row++) {
        add_alter(&drop, list, row, " DROP CONSTRAINT ");
        text_add(&drop, ";\n");
        add_alter(&add, list, row, " ADD CONSTRAINT ");
        text_add_format(&add, " %s;\n", result_text(list, row, 3));
    }
    text_add(&add, text_string(&checks->add));
    text_free(&checks->add);
    checks->add = add;
    cutover_status status = text_failed(&drop) || text_failed(&add) || text_failed(&checks->comments)
                                ? error_nomem(error)
                                : session_run(session, text_string(&drop), error);
    text_free(&drop);
    return status;
}

cutover_status checks_set_aside(struct session *session, struct checks *checks, cutover_error **error)
{
    cutover_status status;
    bool more = true;

    for (bool first = true; more; first = false) {
        PGresult *list = NULL;
        status = session_query(session, list_sql, 0, NULL, &list, error);
        more = status == CUTOVER_OK && PQntuples(list) > 0 && result_bool(list, 0, 4);
        if (more && first)
            keep_comments(checks, list);
        if (more)
            status = round_drop(session, checks, list, error);
        more = more && status == CUTOVER_OK;
        PQclear(list);
    }
    return status;
}

cutover_status checks_put_back(struct session *session, const struct checks *checks, cutover_error **error)
{
    cutover_status status =
        checks->add.length > 0 ? session_run(session, text_string(&checks->add), error) : CUTOVER_OK;
    const char *sqlstate = status != CUTOVER_OK && error != NULL ? cutover_error_sqlstate(*error) : NULL;

    if (sqlstate != NULL && strcmp(sqlstate, CHECK_VIOLATION) == 0)
        error_hint(error, "The rows do not satisfy it now. Correct them where they come from, or make the "
                          "constraint NOT VALID there.");
    if (status == CUTOVER_OK && checks->comments.length > 0)
        status = session_run(session, text_string(&checks->comments), error);
    return status;
}

void checks_free(struct checks *checks)
{
    text_free(&checks->add);
    text_free(&checks->comments);
}
