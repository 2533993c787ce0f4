#include "postgres/catalog.h"

#include "base/record.h"
#include "postgres/catalog_queries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Output must not depend on the role's or the database's settings. */
static const char PREPARE_SQL[] =
    "SET LOCAL search_path TO ''; SET LOCAL quote_all_identifiers TO off; SET LOCAL jit TO off";

/* All queries have to see one state: in the caller's transaction, or in one of our own. */
static cutover_status view_open(struct session *session, bool *ours, cutover_error **error)
{
    cutover_status status;

    *ours = PQtransactionStatus(session->connection) == PQTRANS_IDLE;
    if (*ours &&
        (status = session_run(session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error)) != CUTOVER_OK)
        return status;
    status = session_run(session, PREPARE_SQL, error);
    if (status != CUTOVER_OK && *ours)
        (void)session_run(session, "ROLLBACK", NULL);
    return status;
}

static cutover_status view_close(struct session *session, bool ours, cutover_status status,
                                 cutover_error **error)
{
    if (!ours)
        return status;
    if (status != CUTOVER_OK) {
        (void)session_run(session, "ROLLBACK", NULL);
        return status;
    }
    return session_run(session, "COMMIT", error);
}

static cutover_status run_query(struct session *session, const struct catalog_query *query, PGresult **result,
                                cutover_error **error)
{
    struct text sql = TEXT_INIT;

    for (size_t i = 0; i < 2 && query->common[i] != NULL; i++) {
        text_add(&sql, i == 0 ? "WITH " : ", ");
        text_add(&sql, query->common[i]);
    }
    text_add(&sql, " ");
    text_add(&sql, query->sql);
    cutover_status status = text_failed(&sql)
                                ? error_nomem(error)
                                : session_query(session, text_string(&sql), 0, NULL, result, error);
    if (status == CUTOVER_E_POSTGRES)
        error_detail(error, "while reading the catalog: %s", query->name);
    text_free(&sql);
    return status;
}

/* COPY's text form, with every control character escaped: no byte of a line is less than the tab between fields, so
   that lines sort as their fields do. */
static void add_escaped(struct text *text, const char *value)
{
    static const char LETTERS[] = "btnvfr"; /* \b is 8 */

    while (*value != '\0') {
        size_t plain = 0;
        while ((unsigned char)value[plain] >= ' ' && value[plain] != '\\')
            plain++;
        text_add_bytes(text, value, plain);
        value += plain;
        if (*value == '\0')
            break;
        if (*value == '\\')
            text_add(text, "\\\\");
        else if (*value >= '\b' && *value <= '\r')
            text_add_format(text, "\\%c", LETTERS[*value - '\b']);
        else
            text_add_format(text, "\\x%02x", (unsigned)*value);
        value++;
    }
}

/* Appends a result's rows as lines, each ended by NUL. */
static size_t add_rows(struct text *lines, const PGresult *result)
{
    int rows = PQntuples(result);

    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < 3; column++) {
            const char *value = result_text(result, row, column);
            if (column > 0)
                text_add(lines, "\t");
            add_escaped(lines, value != NULL ? value : "");
        }
        text_add_bytes(lines, "", 1);
    }
    return (size_t)rows;
}

static cutover_status read_lines(struct session *session, const struct catalog_query *queries,
                                 struct text *lines, size_t *count, cutover_error **error)
{
    for (const struct catalog_query *query = queries; query->name != NULL; query++) {
        PGresult *result = NULL;
        if (session->server_version < query->since ||
            (query->before != 0 && session->server_version >= query->before))
            continue;
        cutover_status status = run_query(session, query, &result, error);
        if (status != CUTOVER_OK)
            return status;
        *count += add_rows(lines, result);
        PQclear(result);
        if (text_failed(lines))
            return error_nomem(error);
    }
    return CUTOVER_OK;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static cutover_status sort_lines(const struct text *lines, size_t count, struct text *facts,
                                 cutover_error **error)
{
    const char **order = calloc(count + 1, sizeof(*order));
    if (order == NULL)
        return error_nomem(error);
    const char *line = text_string(lines);
    for (size_t i = 0; i < count; i++) {
        order[i] = line;
        line += strlen(line) + 1;
    }
    qsort(order, count, sizeof(*order), compare_lines);
    struct text sorted = TEXT_INIT;
    text_reserve(&sorted, lines->length);
    for (size_t i = 0; i < count; i++) {
        text_add(&sorted, order[i]);
        text_add(&sorted, "\n");
    }
    free(order);
    if (text_failed(&sorted)) {
        text_free(&sorted);
        return error_nomem(error);
    }
    text_free(facts);
    *facts = sorted;
    return CUTOVER_OK;
}

cutover_status catalog_facts_read(struct session *session, struct text *facts, cutover_error **error)
{
    static const struct catalog_query *const GROUPS[] = {CATALOG_OBJECT_QUERIES, CATALOG_RELATION_QUERIES,
                                                         CATALOG_RIGHTS_QUERIES};
    struct text lines = TEXT_INIT;
    size_t count = 0;
    bool ours;

    cutover_status status = view_open(session, &ours, error);
    if (status != CUTOVER_OK)
        return status;
    for (size_t i = 0; status == CUTOVER_OK && i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++)
        status = read_lines(session, GROUPS[i], &lines, &count, error);
    status = view_close(session, ours, status, error);
    if (status == CUTOVER_OK)
        status = sort_lines(&lines, count, facts, error);
    text_free(&lines);
    return status;
}

cutover_status catalog_roles(struct session *session, char ***roles, size_t *count, cutover_error **error)
{
    PGresult *result = NULL;
    bool ours;

    cutover_status status = view_open(session, &ours, error);
    if (status != CUTOVER_OK)
        return status;
    status = view_close(session, ours, run_query(session, &CATALOG_ROLES_QUERY, &result, error), error);
    if (status != CUTOVER_OK)
        goto clear_result;
    size_t found = (size_t)PQntuples(result), copied = 0;
    char **names = calloc(found + 1, sizeof(*names));
    if (names == NULL) {
        status = error_nomem(error);
        goto clear_result;
    }
    for (; copied < found && status == CUTOVER_OK; copied++)
        status = string_copy(result_text(result, (int)copied, 0), &names[copied], error);
    if (status != CUTOVER_OK) {
        for (size_t i = 0; i < copied; i++)
            free(names[i]);
        free(names);
        goto clear_result;
    }
    *roles = names;
    *count = found;
clear_result:
    PQclear(result);
    return status;
}

cutover_status catalog_extensions(struct session *session, struct json_object **extensions,
                                  cutover_error **error)
{
    static const char SQL[] = "SELECT e.extname, e.extversion, n.nspname FROM pg_extension e"
                              " JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname COLLATE \"C\"";
    PGresult *result = NULL;

    cutover_status status = session_query(session, SQL, 0, NULL, &result, error);
    if (status != CUTOVER_OK)
        return status;
    struct json_object *list = json_object_new_array();
    for (int row = 0; list != NULL && row < PQntuples(result); row++) {
        struct json_object *item = json_object_new_object();
        if (item == NULL || json_object_array_add(list, item) != 0) {
            json_object_put(item);
            json_object_put(list);
            list = NULL;
            break;
        }
        json_put_text(item, "name", result_text(result, row, 0));
        json_put_text(item, "version", result_text(result, row, 1));
        json_put_text(item, "schema", result_text(result, row, 2));
    }
    PQclear(result);
    if (list == NULL)
        return error_nomem(error);
    *extensions = list;
    return CUTOVER_OK;
}
