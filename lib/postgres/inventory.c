#include "postgres/inventory.h"

#include "postgres/quote.h"

#include <stdlib.h>
#include <string.h>

/* The one rule (EDGE_CASES B30), for relations of alias c: nothing of PostgreSQL's own schemas, nothing temporary,
   nothing of an extension but its configuration. */
#define OURS                                                                                                   \
    " FROM pg_class c"                                                                                         \
    " JOIN pg_namespace n ON n.oid = c.relnamespace"                                                           \
    " LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0"        \
    "  AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'"                                        \
    " LEFT JOIN pg_extension e ON e.oid = d.refobjid"                                                          \
    " WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"             \
    "  AND (e.oid IS NULL OR c.oid = ANY (e.extconfig))"

/* The planner folds constants in the expressions and conditions of a table's indexes and of its extended statistics, and calls
   functions for it (relcache.c's RelationGetIndexExpressions, plancat.c's get_relation_statistics). A virtual column is computed
   when it is read. A function is found behind an operator too; a domain's CHECK is planned with each cast to it, whoever it calls. */
#define THEIRS(classid, objid)                                                                                 \
    "EXISTS (SELECT FROM pg_depend x LEFT JOIN pg_operator q ON x.refclassid = 'pg_operator'::regclass"        \
    "  AND q.oid = x.refobjid LEFT JOIN pg_proc p ON p.oid = CASE WHEN x.refclassid = 'pg_proc'::regclass"     \
    "  THEN x.refobjid ELSE q.oprcode END LEFT JOIN pg_type y ON x.refclassid = 'pg_type'::regclass"           \
    "  AND y.oid = x.refobjid AND y.typtype = 'd' JOIN pg_roles o ON o.oid = coalesce(p.proowner, y.typowner)" \
    "  WHERE (NOT o.rolsuper OR y.oid IS NOT NULL) AND x.classid = '" classid                                  \
    "'::regclass AND x.objid = " objid ")"
#define EVALUATES                                                                                              \
    "EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT " \
    "NULL)"                                                                                                    \
    "   AND " THEIRS(                                                                                          \
        "pg_class",                                                                                            \
        "i.indexrelid") ")"                                                                                    \
                        " OR EXISTS (SELECT FROM pg_statistic_ext s WHERE s.stxrelid = c.oid AND " THEIRS(     \
                            "pg_statistic_ext", "s.oid") ")"                                                   \
                                                         " OR EXISTS (SELECT FROM pg_attribute v WHERE "       \
                                                         "v.attrelid = c.oid AND v.attgenerated = 'v'"         \
                                                         "   AND " THEIRS("pg_class", "c.oid") ")"

static const char tables_sql[] =
    "SELECT c.oid, n.nspname, c.relname,"
    "  coalesce(pg_relation_size(c.oid), 0) + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0),"
    "  coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::bigint,"
    "  EXISTS (SELECT FROM pg_am a WHERE a.oid = c.relam AND a.amname = 'heap'), c.relispartition,"
    "  e.oid IS NOT NULL, nullif(e.extcondition[array_position(e.extconfig, c.oid)], ''), coalesce(e.oid, "
    "0), " EVALUATES OURS "  AND c.relkind = 'r' ORDER BY c.oid";
static const char names_sql[] =
    "SELECT c.oid, n.nspname, c.relname, 0, 0, false, false, false, NULL, 0, false" OURS
    "  AND c.relkind = 'r' ORDER BY c.oid";
/* Whether a column's binary form is of its value alone: no OID of a type or an object in it, and one form for each value.
   Arrays are not: one that had a NULL once may still say so. An enum's is its label. */
static const char columns_sql[] =
    "SELECT t.attrelid, t.attname, t.attgenerated <> '',"
    "  t.atttypid = ANY ('{bool,bytea,name,int2,int4,int8,float4,float8,numeric,text,varchar,bpchar,date,time,"
    "timestamp,timestamptz,interval,uuid,json,jsonb,inet,cidr,macaddr}'::regtype[])"
    "  OR EXISTS (SELECT FROM pg_type y WHERE y.oid = t.atttypid AND y.typtype = 'e')"
    " FROM pg_attribute t"
    " WHERE t.attnum > 0 AND NOT t.attisdropped AND t.attrelid IN (SELECT c.oid" OURS " AND c.relkind = 'r')"
    " ORDER BY t.attrelid, t.attnum";
static const char large_objects_sql[] =
    "SELECT m.oid, pg_get_userbyid(m.lomowner) FROM pg_largeobject_metadata m ORDER BY m.oid";
static const char sequences_sql[] = "SELECT c.oid, n.nspname, c.relname, pg_get_userbyid(c.relowner)" OURS
                                    " AND c.relkind = 'S' ORDER BY n.nspname, c.relname";

/* Sequences are read so many at a time. */
#define SEQUENCE_CHUNK 100

static char *qualify(const char *schema, const char *name)
{
    struct text sql = TEXT_INIT;

    quote_qualified(&sql, schema, name);
    return text_take(&sql);
}

static char *join_label(const char *schema, const char *name)
{
    struct text label = TEXT_INIT;

    text_add(&label, schema);
    text_add(&label, ".");
    text_add(&label, name);
    return text_take(&label);
}

static cutover_status fill_table(struct table *table, const PGresult *result, int row, cutover_error **error)
{
    cutover_status status = string_copy(result_text(result, row, 1), &table->schema, error);

    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, row, 2), &table->name, error);
    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, row, 8), &table->condition, error);
    if (status != CUTOVER_OK)
        return status;
    table->label = join_label(table->schema, table->name);
    table->qualified = qualify(table->schema, table->name);
    if (table->label == NULL || table->qualified == NULL)
        return error_nomem(error);
    table->oid = result_oid(result, row, 0);
    table->bytes = (uint64_t)result_int(result, row, 3);
    table->heap_pages = (uint64_t)result_int(result, row, 4);
    table->heap = result_bool(result, row, 5);
    table->partition = result_bool(result, row, 6);
    table->extension_config = result_bool(result, row, 7);
    table->extension_oid = result_oid(result, row, 9);
    table->evaluates = result_bool(result, row, 10);
    return CUTOVER_OK;
}

static cutover_status read_tables(struct session *session, const char *sql, struct inventory *inventory,
                                  cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(session, sql, 0, NULL, &result, error);
    size_t rows;

    if (status != CUTOVER_OK)
        return status;
    rows = (size_t)PQntuples(result);
    inventory->tables = calloc(rows + 1, sizeof *inventory->tables);
    if (inventory->tables == NULL)
        status = error_nomem(error);
    for (size_t i = 0; i < rows && status == CUTOVER_OK; i++) {
        inventory->table_count = i + 1;
        status = fill_table(&inventory->tables[i], result, (int)i, error);
        inventory->bytes += inventory->tables[i].bytes;
    }
    PQclear(result);
    return status;
}

/* Gives a table its columns, the rows first to end of the result. */
static cutover_status fill_columns(struct table *table, const PGresult *result, int first, int end,
                                   cutover_error **error)
{
    struct text list = TEXT_INIT, all = TEXT_INIT;
    bool generated = false, binary = true;
    cutover_status status = CUTOVER_OK;

    table->columns = calloc((size_t)(end - first) + 1, sizeof *table->columns);
    if (table->columns == NULL)
        return error_nomem(error);
    for (int row = first; row < end && status == CUTOVER_OK; row++) {
        const char *name = result_text(result, row, 1);

        text_add(&all, row > first ? ", " : "");
        quote_identifier(&all, name);
        if (result_bool(result, row, 2)) {
            generated = true;
            continue;
        }
        binary = binary && result_bool(result, row, 3);
        text_add(&list, table->column_count > 0 ? ", " : "(");
        quote_identifier(&list, name);
        status = string_copy(name, &table->columns[table->column_count], error);
        if (status == CUTOVER_OK)
            table->column_count++;
    }
    if (table->column_count > 0)
        text_add(&list, ")");
    table->binary = binary && table->column_count > 0;
    table->column_list = text_take(&list);
    if (generated)
        table->generated = text_take(&all);
    text_free(&all);
    if (status == CUTOVER_OK && (table->column_list == NULL || (generated && table->generated == NULL)))
        status = error_nomem(error);
    return status;
}

/* Both lists are in the order of the tables' oids. */
static cutover_status read_columns(struct session *session, struct inventory *inventory, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(session, columns_sql, 0, NULL, &result, error);
    int row = 0, rows;

    if (status != CUTOVER_OK)
        return status;
    rows = PQntuples(result);
    for (size_t i = 0; i < inventory->table_count && status == CUTOVER_OK; i++) {
        uint32_t oid = inventory->tables[i].oid;
        int end;

        while (row < rows && result_oid(result, row, 0) < oid)
            row++;
        for (end = row; end < rows && result_oid(result, end, 0) == oid; end++)
            continue;
        status = fill_columns(&inventory->tables[i], result, row, end, error);
        row = end;
    }
    PQclear(result);
    return status;
}

static cutover_status read_large_objects(struct session *session, struct inventory *inventory,
                                         cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(session, large_objects_sql, 0, NULL, &result, error);
    size_t rows;

    if (status != CUTOVER_OK)
        return status;
    rows = (size_t)PQntuples(result);
    inventory->large_objects = calloc(rows + 1, sizeof *inventory->large_objects);
    if (inventory->large_objects == NULL)
        status = error_nomem(error);
    for (size_t i = 0; i < rows && status == CUTOVER_OK; i++) {
        inventory->large_object_count = i + 1;
        inventory->large_objects[i].oid = result_oid(result, (int)i, 0);
        status = string_copy(result_text(result, (int)i, 1), &inventory->large_objects[i].owner, error);
    }
    PQclear(result);
    return status;
}

static int compare_names(const struct table *a, const struct table *b)
{
    int order = strcmp(a->schema, b->schema);

    return order != 0 ? order : strcmp(a->name, b->name);
}

/* Biggest first; names decide between equals, so that two databases are walked alike. */
static int compare_tables(const void *left, const void *right)
{
    const struct table *a = left, *b = right;

    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return compare_names(a, b);
}

cutover_status inventory_read(struct session *session, struct inventory *inventory, cutover_error **error)
{
    struct inventory found = {NULL, 0, NULL, 0, NULL, 0, 0};
    cutover_status status = read_tables(session, tables_sql, &found, error);

    if (status == CUTOVER_OK)
        status = read_columns(session, &found, error);
    if (status == CUTOVER_OK)
        status = read_large_objects(session, &found, error);
    if (status != CUTOVER_OK) {
        inventory_free(&found);
        return status;
    }
    if (found.table_count > 1)
        qsort(found.tables, found.table_count, sizeof *found.tables, compare_tables);
    *inventory = found;
    return CUTOVER_OK;
}

cutover_status inventory_list(struct session *session, struct inventory *inventory, cutover_error **error)
{
    struct inventory found = {NULL, 0, NULL, 0, NULL, 0, 0};
    cutover_status status = read_tables(session, names_sql, &found, error);

    if (status != CUTOVER_OK) {
        inventory_free(&found);
        return status;
    }
    *inventory = found;
    return CUTOVER_OK;
}

static cutover_status fill_sequence(struct sequence *sequence, const PGresult *result, int row,
                                    cutover_error **error)
{
    cutover_status status = string_copy(result_text(result, row, 1), &sequence->schema, error);

    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, row, 2), &sequence->name, error);
    if (status == CUTOVER_OK)
        status = string_copy(result_text(result, row, 3), &sequence->owner, error);
    if (status != CUTOVER_OK)
        return status;
    sequence->oid = result_oid(result, row, 0);
    sequence->qualified = qualify(sequence->schema, sequence->name);
    return sequence->qualified != NULL ? CUTOVER_OK : error_nomem(error);
}

/* last_value and is_called are in no catalog: each sequence is asked itself. */
static cutover_status read_values(struct session *session, struct sequence *sequences, size_t count,
                                  cutover_error **error)
{
    struct text sql = TEXT_INIT;
    PGresult *result = NULL;
    cutover_status status;

    for (size_t i = 0; i < count; i++)
        text_add_format(&sql, "%sSELECT %zu, last_value, is_called FROM %s", i > 0 ? " UNION ALL " : "", i,
                        sequences[i].qualified);
    text_add(&sql, " ORDER BY 1");
    status = text_failed(&sql) ? error_nomem(error)
                               : session_query(session, text_string(&sql), 0, NULL, &result, error);
    text_free(&sql);
    if (status != CUTOVER_OK)
        return status;
    if ((size_t)PQntuples(result) != count)
        status =
            error_set(error, CUTOVER_E_POSTGRES, "%d of %zu sequences have a value", PQntuples(result), count);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++) {
        sequences[i].last_value = result_int(result, (int)i, 1);
        sequences[i].is_called = result_bool(result, (int)i, 2);
    }
    PQclear(result);
    return status;
}

static void free_sequences(struct sequence *sequences, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(sequences[i].schema);
        free(sequences[i].name);
        free(sequences[i].qualified);
        free(sequences[i].owner);
    }
    free(sequences);
}

cutover_status inventory_read_sequences(struct session *session, struct inventory *inventory,
                                        cutover_error **error)
{
    PGresult *result = NULL;
    struct sequence *found;
    cutover_status status = session_query(session, sequences_sql, 0, NULL, &result, error);
    size_t count = 0, rows;

    if (status != CUTOVER_OK)
        return status;
    rows = (size_t)PQntuples(result);
    found = calloc(rows + 1, sizeof *found);
    if (found == NULL)
        status = error_nomem(error);
    while (count < rows && status == CUTOVER_OK) {
        status = fill_sequence(&found[count], result, (int)count, error);
        count++;
    }
    for (size_t first = 0; first < rows && status == CUTOVER_OK; first += SEQUENCE_CHUNK)
        status = read_values(session, found + first,
                             rows - first < SEQUENCE_CHUNK ? rows - first : SEQUENCE_CHUNK, error);
    PQclear(result);
    if (status != CUTOVER_OK) {
        free_sequences(found, count);
        return status;
    }
    free_sequences(inventory->sequences, inventory->sequence_count);
    inventory->sequences = found;
    inventory->sequence_count = rows;
    return CUTOVER_OK;
}

static void free_table(struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        free(table->columns[i]);
    free(table->columns);
    free(table->schema);
    free(table->name);
    free(table->label);
    free(table->qualified);
    free(table->column_list);
    free(table->generated);
    free(table->condition);
}

void inventory_free(struct inventory *inventory)
{
    if (inventory == NULL)
        return;
    for (size_t i = 0; i < inventory->table_count; i++)
        free_table(&inventory->tables[i]);
    free(inventory->tables);
    free_sequences(inventory->sequences, inventory->sequence_count);
    for (size_t i = 0; i < inventory->large_object_count; i++)
        free(inventory->large_objects[i].owner);
    free(inventory->large_objects);
    *inventory = (struct inventory){NULL, 0, NULL, 0, NULL, 0, 0};
}

const struct table *inventory_find(const struct inventory *inventory, const char *schema, const char *name)
{
    for (size_t i = 0; i < inventory->table_count; i++) {
        const struct table *table = &inventory->tables[i];

        if (strcmp(table->schema, schema) == 0 && strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}
