/* For PostgreSQL 14 to 18. */
#include "postgres/extension_comments.h"

#include "postgres/quote.h"

#include <string.h>

#define INSUFFICIENT_PRIVILEGE "42501"

static const char COMMENTS_SQL[] =
    "SELECT e.extname, pg_catalog.obj_description(e.oid, 'pg_extension') FROM pg_catalog.pg_extension e";

/* The comment of an extension there: true when it is there and bears another than `comment` (NULL: none). */
static bool bears_another(const PGresult *there, const char *name, const char *comment)
{
    for (int row = 0; row < PQntuples(there); row++) {
        const char *its = result_text(there, row, 1);
        if (strcmp(result_text(there, row, 0), name) == 0)
            return (its == NULL) != (comment == NULL) || (its != NULL && strcmp(its, comment) != 0);
    }
    return false;
}

static cutover_status comment_set(struct session *to, const char *name, const char *comment,
                                  struct text *refused, cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_error *local = NULL;

    text_add(&sql, "COMMENT ON EXTENSION ");
    quote_identifier(&sql, name);
    text_add(&sql, " IS ");
    quote_literal(&sql, comment);
    cutover_status status =
        text_failed(&sql) ? error_nomem(&local) : session_run(to, text_string(&sql), &local);
    text_free(&sql);
    const char *sqlstate = cutover_error_sqlstate(local);
    if (status == CUTOVER_E_POSTGRES && sqlstate != NULL && strcmp(sqlstate, INSUFFICIENT_PRIVILEGE) == 0) {
        text_add_format(refused, "%s%s", refused->length > 0 ? ", " : "", name);
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

cutover_status extension_comments_copy(struct session *from, struct session *to, char **refused,
                                       cutover_error **error)
{
    PGresult *wanted = NULL, *there = NULL;
    struct text names = TEXT_INIT;

    cutover_status status = session_query(from, COMMENTS_SQL, 0, NULL, &wanted, error);
    if (status == CUTOVER_OK)
        status = session_query(to, COMMENTS_SQL, 0, NULL, &there, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(wanted); row++) {
        const char *name = result_text(wanted, row, 0), *comment = result_text(wanted, row, 1);
        if (bears_another(there, name, comment))
            status = comment_set(to, name, comment, &names, error);
    }
    if (status == CUTOVER_OK && text_failed(&names))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        *refused = names.length > 0 ? text_take(&names) : NULL;
    text_free(&names);
    PQclear(wanted);
    PQclear(there);
    return status;
}
