#include "postgres/catalog/facts.h"

#include "base/record.h"
#include "postgres/catalog/queries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Output must not depend on the role's or the database's settings. */
static const char prepare_sql[] =
    "SET LOCAL search_path TO ''; SET LOCAL quote_all_identifiers TO off; SET LOCAL jit TO off";

static void add_query(struct text *sql, const struct catalog_query *query)
{
    text_add(sql, "; ");
    for (size_t i = 0; i < sizeof query->common / sizeof *query->common && query->common[i] != NULL; i++)
        text_add_format(sql, "%s%s ", i == 0 ? "WITH " : ", ", query->common[i]);
    text_add(sql, query->sql);
}

/* The queries that add_query added, in one round trip. They see one state: in the caller's transaction, or in one of our own. */
static cutover_status read_catalog(struct session *session, const struct text *queries, session_result_fn each,
                                   void *context, cutover_error **error)
{
    bool ours = PQtransactionStatus(session->connection) == PQTRANS_IDLE;
    struct text sql = TEXT_INIT;

    text_add_format(&sql, "%s%s%s", ours ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " : "",
                    prepare_sql, text_string(queries));
    cutover_status status = text_failed(&sql) || text_failed(queries)
                                ? error_nomem(error)
                                : session_run_each(session, text_string(&sql), each, context, error);
    text_free(&sql);
    if (status == CUTOVER_E_POSTGRES)
        error_detail(error, "while reading the catalog of database %s", session->database);
    if (status != CUTOVER_OK && ours)
        (void)session_run(session, "ROLLBACK", NULL);
    return status != CUTOVER_OK || !ours ? status : session_run(session, "COMMIT", error);
}

static const char letters[] = "btnvfr"; /* \b is 8 */

/* COPY's text form, with every control character escaped: no byte of a line is less than the tab between fields, so
   that lines sort as their fields do. */
void catalog_facts_escape(const char *value, struct text *text)
{
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
            text_add_format(text, "\\%c", letters[*value - '\b']);
        else
            text_add_format(text, "\\x%02x", (unsigned)*value);
        value++;
    }
}

void catalog_facts_unescape(const char *field, size_t length, struct text *text)
{
    for (size_t i = 0; i < length; i++) {
        const char *letter = NULL;
        char byte = field[i];
        if (byte == '\\' && i + 1 < length) {
            byte = field[++i];
            if (byte == 'x' && i + 2 < length) {
                const char hex[3] = {field[i + 1], field[i + 2], '\0'};
                byte = (char)strtoul(hex, NULL, 16);
                i += 2;
            } else if ((letter = strchr(letters, byte)) != NULL) {
                byte = (char)('\b' + (letter - letters));
            }
        }
        text_add_bytes(text, &byte, 1);
    }
}

/* Lines, each ended by NUL. */
struct lines {
    struct text text;
    size_t count;
};

static void add_rows(const PGresult *result, void *context)
{
    struct lines *lines = context;
    int rows = PQntuples(result);

    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < 3; column++) {
            const char *value = result_text(result, row, column);
            if (column > 0)
                text_add(&lines->text, "\t");
            catalog_facts_escape(value != NULL ? value : "", &lines->text);
        }
        text_add_bytes(&lines->text, "", 1);
    }
    lines->count += (size_t)rows;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static cutover_status sort_lines(const struct lines *lines, struct text *facts, cutover_error **error)
{
    size_t count = lines->count;
    const char **order = calloc(count + 1, sizeof *order);
    if (order == NULL)
        return error_nomem(error);
    const char *line = text_string(&lines->text);
    for (size_t i = 0; i < count; i++) {
        order[i] = line;
        line += strlen(line) + 1;
    }
    qsort(order, count, sizeof *order, compare_lines);
    struct text sorted = TEXT_INIT;
    text_reserve(&sorted, lines->text.length);
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
    static const struct catalog_query *const groups[] = {catalog_object_queries, catalog_relation_queries,
                                                         catalog_rights_queries};
    struct lines lines = {TEXT_INIT, 0};
    struct text queries = TEXT_INIT;
    int version = session->server_version;

    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (const struct catalog_query *query = groups[i]; query->sql != NULL; query++)
            if (version >= query->since && (query->before == 0 || version < query->before))
                add_query(&queries, query);
    cutover_status status = read_catalog(session, &queries, add_rows, &lines, error);
    if (status == CUTOVER_OK)
        status = text_failed(&lines.text) ? error_nomem(error) : sort_lines(&lines, facts, error);
    text_free(&queries);
    text_free(&lines.text);
    return status;
}

struct names {
    char **list;
    size_t count;
    bool failed;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
}

/* Of the one result that has rows. */
static void keep_names(const PGresult *result, void *context)
{
    struct names *names = context;
    int rows = PQntuples(result);

    if (rows == 0)
        return;
    names->list = calloc((size_t)rows, sizeof *names->list);
    names->failed = names->list == NULL;
    for (int row = 0; row < rows && !names->failed; row++) {
        names->failed = string_copy(result_text(result, row, 0), &names->list[row], NULL) != CUTOVER_OK;
        names->count += !names->failed;
    }
}

cutover_status catalog_roles(struct session *session, char ***roles, size_t *count, cutover_error **error)
{
    struct text query = TEXT_INIT;
    struct names names = {NULL, 0, false};

    add_query(&query, &catalog_roles_query);
    cutover_status status = read_catalog(session, &query, keep_names, &names, error);
    text_free(&query);
    if (status == CUTOVER_OK && names.failed)
        status = error_nomem(error);
    if (status != CUTOVER_OK) {
        names_free(&names);
        return status;
    }
    *roles = names.list;
    *count = names.count;
    return CUTOVER_OK;
}

cutover_status catalog_extensions(struct session *session, struct json_object **extensions,
                                  cutover_error **error)
{
    static const char extensions_sql[] =
        "SELECT e.extname, e.extversion, n.nspname FROM pg_extension e"
        " JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname COLLATE \"C\"";
    PGresult *result = NULL;

    cutover_status status = session_query(session, extensions_sql, 0, NULL, &result, error);
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
