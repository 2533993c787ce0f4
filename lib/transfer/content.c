#include "transfer/content.h"

#include "postgres/catalog/facts.h"
#include "postgres/catalog/versions.h"
#include "postgres/quote.h"
#include "postgres/version.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIFFERENCES_SHOWN 20

static int by_name(const char *schema_a, const char *name_a, const char *schema_b, const char *name_b)
{
    int order = strcmp(schema_a, schema_b);

    return order != 0 ? order : strcmp(name_a, name_b);
}

static int table_order(const void *a, const void *b)
{
    const struct content_table *one = a, *two = b;

    return by_name(one->schema, one->name, two->schema, two->name);
}

int manifest_sequence_order(const void *a, const void *b)
{
    const struct manifest_sequence *one = a, *two = b;

    return by_name(one->schema, one->name, two->schema, two->name);
}

static cutover_status sequences_copy(struct content *content, size_t count, cutover_error **error)
{
    content->sequences = calloc(count + 1, sizeof *content->sequences);
    return content->sequences == NULL ? error_nomem(error) : CUTOVER_OK;
}

static cutover_status sequence_add(struct content *content, const char *schema, const char *name,
                                   int64_t last_value, bool is_called, cutover_error **error)
{
    struct manifest_sequence *to = &content->sequences[content->sequence_count++];

    to->last_value = last_value;
    to->is_called = is_called;
    cutover_status status = string_copy(schema, &to->schema, error);
    return status != CUTOVER_OK ? status : string_copy(name, &to->name, error);
}

static cutover_status sequences_from_inventory(struct content *content, const struct inventory *inventory,
                                               cutover_error **error)
{
    cutover_status status = sequences_copy(content, inventory->sequence_count, error);

    for (size_t i = 0; status == CUTOVER_OK && i < inventory->sequence_count; i++) {
        const struct sequence *from = &inventory->sequences[i];
        status = sequence_add(content, from->schema, from->name, from->last_value, from->is_called, error);
    }
    if (status == CUTOVER_OK)
        qsort(content->sequences, content->sequence_count, sizeof *content->sequences, manifest_sequence_order);
    return status;
}

cutover_status content_from_inventory(const struct inventory *inventory, const struct digest *digests,
                                      const struct digest *large_objects, struct content *content,
                                      cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    struct content made = {0};

    made.tables = calloc(inventory->table_count + 1, sizeof *made.tables);
    if (made.tables == NULL)
        status = error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory->table_count; i++) {
        const struct table *from = &inventory->tables[i];
        struct content_table *to = &made.tables[made.table_count++];
        to->digest = digests[i];
        to->binary = from->binary;
        status = string_copy(from->schema, &to->schema, error);
        if (status == CUTOVER_OK)
            status = string_copy(from->name, &to->name, error);
        if (status == CUTOVER_OK)
            status = string_copy(from->label, &to->label, error);
        if (status == CUTOVER_OK)
            status = string_copy(from->column_list, &to->column_list, error);
        if (status == CUTOVER_OK)
            status = string_copy(from->condition, &to->condition, error);
        if (status == CUTOVER_OK)
            status = string_copy(from->generated, &to->generated, error);
    }
    if (status == CUTOVER_OK)
        status = sequences_from_inventory(&made, inventory, error);
    if (status != CUTOVER_OK) {
        content_free(&made);
        return status;
    }
    qsort(made.tables, made.table_count, sizeof *made.tables, table_order);
    made.large_objects = inventory->large_object_count;
    made.large_object_digest = *large_objects;
    *content = made;
    return CUTOVER_OK;
}

static cutover_status column_list_make(const struct manifest_table *table, char **list, cutover_error **error)
{
    struct text text = TEXT_INIT;

    for (size_t i = 0; i < table->column_count; i++) {
        text_add(&text, i == 0 ? "(" : ", ");
        quote_identifier(&text, table->columns[i]);
    }
    if (table->column_count > 0)
        text_add(&text, ")");
    *list = text_take(&text);
    return *list == NULL ? error_nomem(error) : CUTOVER_OK;
}

static cutover_status table_from_manifest(const struct manifest_table *from, struct content_table *to,
                                          cutover_error **error)
{
    struct text label = TEXT_INIT;
    cutover_status status;

    if (!digest_parse(from->digest, &to->digest) || to->digest.rows != from->rows)
        return error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s: the digest of %s.%s is damaged",
                            MANIFEST_NAME, from->schema, from->name);
    text_add_format(&label, "%s.%s", from->schema, from->name);
    to->label = text_take(&label);
    if (to->label == NULL)
        return error_nomem(error);
    status = string_copy(from->schema, &to->schema, error);
    if (status == CUTOVER_OK)
        status = string_copy(from->name, &to->name, error);
    if (status == CUTOVER_OK)
        status = string_copy(from->condition, &to->condition, error);
    if (status == CUTOVER_OK)
        status = column_list_make(from, &to->column_list, error);
    return status;
}

cutover_status content_from_manifest(const struct manifest *manifest, struct text *facts,
                                     struct content *content, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    struct content made = {0};

    made.tables = calloc(manifest->table_count + 1, sizeof *made.tables);
    if (made.tables == NULL)
        status = error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < manifest->table_count; i++)
        status = table_from_manifest(&manifest->tables[i], &made.tables[made.table_count++], error);
    if (status == CUTOVER_OK)
        status = sequences_copy(&made, manifest->sequence_count, error);
    for (size_t i = 0; status == CUTOVER_OK && i < manifest->sequence_count; i++) {
        const struct manifest_sequence *from = &manifest->sequences[i];
        status = sequence_add(&made, from->schema, from->name, from->last_value, from->is_called, error);
    }
    if (status == CUTOVER_OK && !digest_parse(manifest->large_object_digest, &made.large_object_digest))
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                              "%s: the digest of the large objects is damaged", MANIFEST_NAME);
    if (status != CUTOVER_OK) {
        content_free(&made);
        return status;
    }
    qsort(made.tables, made.table_count, sizeof *made.tables, table_order);
    qsort(made.sequences, made.sequence_count, sizeof *made.sequences, manifest_sequence_order);
    made.large_objects = manifest->large_objects;
    made.server_version = (int)manifest->server_version;
    made.facts = *facts;
    *facts = (struct text)TEXT_INIT;
    *content = made;
    return CUTOVER_OK;
}

void content_free(struct content *content)
{
    for (size_t i = 0; content->tables != NULL && i < content->table_count; i++) {
        struct content_table *table = &content->tables[i];
        free(table->schema);
        free(table->name);
        free(table->label);
        free(table->column_list);
        free(table->condition);
        free(table->generated);
    }
    free(content->tables);
    for (size_t i = 0; content->sequences != NULL && i < content->sequence_count; i++) {
        free(content->sequences[i].schema);
        free(content->sequences[i].name);
    }
    free(content->sequences);
    text_free(&content->facts);
    memset(content, 0, sizeof *content);
}

/* Differences as they are found: the first few by name, the rest by number. */
struct differences {
    struct text lines;
    size_t count;
    bool
        said_otherwise; /* there are none but facts that are there on both sides, or on that of the newer version */
};

static void difference(struct differences *differences, const char *line)
{
    if (differences->count++ < DIFFERENCES_SHOWN)
        text_add_format(&differences->lines, "%s\n", line);
}

static void compare_digest(struct differences *differences, const char *label, const char *what,
                           const struct digest *expected, const struct digest *found)
{
    struct text line = TEXT_INIT;

    if (digest_equal(expected, found))
        return;
    if (expected->rows != found->rows)
        text_add_format(&line, "%s %s: %" PRIu64 " rows | %" PRIu64 " rows", what, label, expected->rows,
                        found->rows);
    else
        text_add_format(&line, "%s %s: %" PRIu64 " rows on both sides, content differs", what, label,
                        expected->rows);
    difference(differences, text_string(&line));
    text_free(&line);
}

static void compare_tables(const struct content *expected, const struct content *found, const char *found_name,
                           struct differences *differences)
{
    for (size_t i = 0; i < expected->table_count; i++) {
        const struct content_table *one = &expected->tables[i];
        const struct content_table *two =
            found->table_count > 0 ? bsearch(one, found->tables, found->table_count, sizeof *one, table_order)
                                   : NULL;
        if (two == NULL) {
            struct text line = TEXT_INIT;
            text_add_format(&line, "table %s: not in %s", one->label, found_name);
            difference(differences, text_string(&line));
            text_free(&line);
            continue;
        }
        compare_digest(differences, one->label, "table", &one->digest, &two->digest);
        if (one->has_generated_digest && two->has_generated_digest)
            compare_digest(differences, one->label, "generated columns of", &one->generated_digest,
                           &two->generated_digest);
    }
}

static void compare_sequences(const struct content *expected, const struct content *found,
                              const char *found_name, struct differences *differences)
{
    for (size_t i = 0; i < expected->sequence_count; i++) {
        const struct manifest_sequence *one = &expected->sequences[i];
        const struct manifest_sequence *two =
            found->sequence_count > 0
                ? bsearch(one, found->sequences, found->sequence_count, sizeof *one, manifest_sequence_order)
                : NULL;
        struct text line = TEXT_INIT;
        if (two == NULL)
            text_add_format(&line, "sequence %s.%s: not in %s", one->schema, one->name, found_name);
        else if (one->last_value != two->last_value || one->is_called != two->is_called)
            text_add_format(&line, "sequence %s.%s: %" PRId64 "%s | %" PRId64 "%s", one->schema, one->name,
                            one->last_value, one->is_called ? " (called)" : "", two->last_value,
                            two->is_called ? " (called)" : "");
        if (line.length > 0)
            difference(differences, text_string(&line));
        text_free(&line);
    }
}

static void compare_large_objects(const struct content *expected, const struct content *found,
                                  struct differences *differences)
{
    if (expected->large_objects != found->large_objects ||
        !digest_equal(&expected->large_object_digest, &found->large_object_digest)) {
        struct text line = TEXT_INIT;
        text_add_format(&line, "large objects: %" PRIu64 " | %" PRIu64 "%s", expected->large_objects,
                        found->large_objects,
                        expected->large_objects == found->large_objects ? ", content differs" : "");
        difference(differences, text_string(&line));
        text_free(&line);
    }
}

/* In a form that both versions can have; facts of nobody knows which are taken for those of one. */
static cutover_status facts_reduce(const struct content *content, const struct content *other,
                                   struct text *reduced, cutover_error **error)
{
    int version = content->server_version, another = other->server_version;

    if (version == 0 || another == 0)
        version = another = 0;
    return catalog_facts_reduce(text_string(&content->facts), version, another, reduced, error);
}

static cutover_status compare_facts(const struct content *expected, const struct content *found,
                                    const char *expected_name, const char *found_name,
                                    struct differences *differences, cutover_error **error)
{
    size_t left = differences->count < DIFFERENCES_SHOWN ? DIFFERENCES_SHOWN - differences->count : 0;
    struct text wanted = TEXT_INIT, got = TEXT_INIT;
    char *lines = NULL;
    size_t count = 0;

    cutover_status status = facts_reduce(expected, found, &wanted, error);
    if (status == CUTOVER_OK)
        status = facts_reduce(found, expected, &got, error);
    if (status == CUTOVER_OK)
        status = catalog_facts_compare(text_string(&wanted), text_string(&got), expected_name, found_name, left,
                                       &lines, &count, error);
    if (status == CUTOVER_OK) {
        differences->said_otherwise = differences->count == 0 &&
                                      expected->server_version < found->server_version &&
                                      catalog_facts_missing(text_string(&wanted), text_string(&got)) == 0;
        differences->count += count;
        if (left > 0)
            text_add(&differences->lines, lines); /* with the number of those that it leaves out */
        else if (differences->count > DIFFERENCES_SHOWN)
            text_add_format(&differences->lines, "and %zu more\n", differences->count - DIFFERENCES_SHOWN);
    }
    free(lines);
    text_free(&wanted);
    text_free(&got);
    return status;
}

/* Between two major versions what one says otherwise, or besides, need not be another thing. */
static cutover_status difference_error(const struct content *expected, const struct content *found,
                                       const char *expected_name, const char *found_name,
                                       const struct differences *differences, cutover_error **error)
{
    int was = postgres_major(expected->server_version), is = postgres_major(found->server_version);
    cutover_status status;

    if (was != is && differences->said_otherwise) {
        status =
            error_verify(error, CUTOVER_VERDICT_UNKNOWN,
                         "it could not be told whether %s and %s are equal: the catalogs of PostgreSQL %d and "
                         "%d differ in %zu places",
                         expected_name, found_name, was, is, differences->count);
        error_hint(error,
                   "Compare the places by hand. A backup can be verified on a server of PostgreSQL %d "
                   "(project.verify_database), or by readback.",
                   was);
    } else {
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT, "%s and %s differ in %zu places", expected_name,
                              found_name, differences->count);
    }
    error_detail(error, "%s", text_string(&differences->lines));
    return status;
}

cutover_status content_compare(const struct content *expected, const struct content *found,
                               const char *expected_name, const char *found_name, cutover_error **error)
{
    struct differences differences = {TEXT_INIT, 0, false};

    compare_tables(expected, found, found_name, &differences);
    compare_sequences(expected, found, found_name, &differences);
    compare_large_objects(expected, found, &differences);
    cutover_status status = compare_facts(expected, found, expected_name, found_name, &differences, error);
    if (status == CUTOVER_OK && text_failed(&differences.lines))
        status = error_nomem(error);
    if (status == CUTOVER_OK && differences.count > 0)
        status = difference_error(expected, found, expected_name, found_name, &differences, error);
    text_free(&differences.lines);
    return status;
}

cutover_status content_compare_rows(const struct content *expected, const struct content *found,
                                    const char *expected_name, const char *found_name, cutover_error **error)
{
    struct differences differences = {TEXT_INIT, 0, false};
    cutover_status status = CUTOVER_OK;

    compare_tables(expected, found, found_name, &differences);
    compare_large_objects(expected, found, &differences);
    if (text_failed(&differences.lines))
        status = error_nomem(error);
    else if (differences.count > 0)
        status = difference_error(expected, found, expected_name, found_name, &differences, error);
    text_free(&differences.lines);
    return status;
}
