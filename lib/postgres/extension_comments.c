#include "postgres/extension_comments.h"

#include "postgres/quote.h"

#include <string.h>

#define INSUFFICIENT_PRIVILEGE "42501"

static const char comments_sql[] =
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

/* Runs a COMMENT; that our role may not set it is no failure, but named. */
static cutover_status comment_run(struct session *to, const char *name, const char *sql, struct text *refused,
                                  cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status = session_run(to, sql, &local);
    const char *sqlstate = cutover_error_sqlstate(local);

    if (status == CUTOVER_E_POSTGRES && sqlstate != NULL && strcmp(sqlstate, INSUFFICIENT_PRIVILEGE) == 0) {
        text_add_format(refused, "%s%s", refused->length > 0 ? ", " : "", name);
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

static cutover_status comment_set(struct session *to, const char *name, const char *comment,
                                  struct text *refused, cutover_error **error)
{
    struct text sql = TEXT_INIT;

    text_add(&sql, "COMMENT ON EXTENSION ");
    quote_identifier(&sql, name);
    text_add(&sql, " IS ");
    quote_literal(&sql, comment);
    cutover_status status =
        text_failed(&sql) ? error_nomem(error) : comment_run(to, name, text_string(&sql), refused, error);
    text_free(&sql);
    return status;
}

cutover_status extension_comments_copy(struct session *from, struct session *to, char **refused,
                                       cutover_error **error)
{
    PGresult *wanted = NULL, *there = NULL;
    struct text names = TEXT_INIT;

    cutover_status status = session_query(from, comments_sql, 0, NULL, &wanted, error);
    if (status == CUTOVER_OK)
        status = session_query(to, comments_sql, 0, NULL, &there, error);
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

/* ---- from an archive ---- */

static const struct toc_entry *extension_find(const struct toc *toc, const char *name)
{
    for (size_t i = 0; i < toc->count; i++) {
        const struct toc_entry *entry = &toc->entries[i];
        if (entry->desc.bytes != NULL && strcmp(entry->desc.bytes, "EXTENSION") == 0 &&
            entry->tag.bytes != NULL && strcmp(entry->tag.bytes, name) == 0)
            return entry;
    }
    return NULL;
}

/* The COMMENT that depends on it, as SQL, or NULL. */
static const char *comment_find(const struct toc *toc, const struct toc_entry *extension)
{
    for (size_t i = 0; i < toc->count; i++) {
        const struct toc_entry *entry = &toc->entries[i];
        if (entry->desc.bytes == NULL || strcmp(entry->desc.bytes, "COMMENT") != 0)
            continue;
        for (size_t k = 0; k < entry->dependency_count; k++)
            if (entry->dependencies[k] == extension->dump_id)
                return entry->defn.bytes;
    }
    return NULL;
}

/* Whether the SQL would set the comment that is there. */
static bool sets_the_same(const char *sql, const char *comment)
{
    struct text end = TEXT_INIT;
    size_t length = strlen(sql);

    while (length > 0 && sql[length - 1] == '\n')
        length--;
    text_add(&end, " IS ");
    quote_literal(&end, comment);
    text_add(&end, ";");
    bool same = !text_failed(&end) && end.length <= length &&
                memcmp(sql + length - end.length, text_string(&end), end.length) == 0;
    text_free(&end);
    return same;
}

cutover_status extension_comments_restore(const struct toc *toc, struct session *to, char **refused,
                                          cutover_error **error)
{
    PGresult *there = NULL;
    struct text names = TEXT_INIT;

    cutover_status status = session_query(to, comments_sql, 0, NULL, &there, error);
    for (int row = 0; status == CUTOVER_OK && row < PQntuples(there); row++) {
        const char *name = result_text(there, row, 0), *now = result_text(there, row, 1);
        const struct toc_entry *extension = extension_find(toc, name);
        const char *sql = extension != NULL ? comment_find(toc, extension) : NULL;
        /* What is in no archive was there before: template0's own. */
        if (extension == NULL || (sql == NULL && now == NULL) || (sql != NULL && sets_the_same(sql, now)))
            continue;
        status = sql != NULL ? comment_run(to, name, sql, &names, error)
                             : comment_set(to, name, NULL, &names, error);
    }
    if (status == CUTOVER_OK && text_failed(&names))
        status = error_nomem(error);
    if (status == CUTOVER_OK)
        *refused = names.length > 0 ? text_take(&names) : NULL;
    text_free(&names);
    PQclear(there);
    return status;
}
