#include "transfer/content.h"

#include "postgres/catalog/facts.h"
#include "postgres/copy.h"
#include "postgres/largeobject.h"
#include "postgres/quote.h"
#include "transfer/pass.h"

#include <stdlib.h>
#include <string.h>

/*
 * How a database is read back for a comparison.
 *
 * The tables to read are the expected ones that are there, found by schema and name; one that is missing is left out, and the
 * comparison, which goes by names, says so. Of each the *expected* column list, condition and form (text or binary) are used, not
 * the found ones: a digest depends on the order and form of what it is made of, and both sides must be asked the same question.
 * A column that is gone fails the COPY, and the check with it: it could not be made. One that is new is a difference of the facts.
 *
 * The rows go through a pass (transfer/pass.h), split freely, since reading costs the same in parts. The sums of the parts' digests
 * are the tables' (postgres/digest.h), so it does not matter who read what in which order.
 *
 * Each worker has a transaction of its own. Where a snapshot is given they all see that one; without one nobody writes there, which
 * is so for databases that the library made and keeps closed. Everything that is not rows (inventory, sequences, large objects,
 * facts) is read by one worker beside the first parts, from a list that it makes itself: what is there and not expected shows too.
 *
 * Generated columns are a second pass, over the tables that have some, with its own digests: COPY gives them only to a query that
 * names them, and an archive, which does not hold them, can be compared without. A table of which even planning a query calls what
 * its owner wrote (inventory.h) is left out: these sessions may do more than its owner, and only a COPY of the table itself is
 * neither planned nor calls anything. What its generated columns are is compared as definitions then, not as values.
 *
 * Progress counts a part's expected bytes when it is done, not its real ones: the rows are digested where they arrive.
 */

struct reading {
    const struct content_reader *reader;
    struct pass pass;
    struct content *found; /* for what is not rows; NULL: only rows are read */
    bool with_generated;
};

static cutover_status reading_session(const struct content_reader *reader, const struct cancel *cancel,
                                      struct session **session, cutover_error **error)
{
    struct session_options options = *reader->session;

    options.cancel = cancel;
    if (reader->snapshot != NULL)
        return snapshot_join(reader->snapshot, &options, session, error);
    cutover_status status = session_open(&options, session, error);
    if (status != CUTOVER_OK)
        return status;
    status = session_run(*session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error);
    if (status == CUTOVER_OK && reader->lock_timeout_ms > 0)
        status = session_run_format(*session, error, "SET LOCAL lock_timeout = %lld",
                                    (long long)reader->lock_timeout_ms);
    if (status != CUTOVER_OK) {
        session_close(*session);
        *session = NULL;
    }
    return status;
}

static cutover_status worker_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    struct reading *reading = context;
    struct session *session = NULL;

    cutover_status status = reading_session(reading->reader, cancel, &session, error);
    *state = session;
    return status;
}

static void worker_close(void *context, void *state)
{
    (void)context;
    session_close(state);
}

static cutover_status read_large_objects(struct session *session, const struct inventory *inventory,
                                         struct content *found, cutover_error **error)
{
    struct largeobject_reader reader;
    cutover_status status = CUTOVER_OK;

    found->large_objects = inventory->large_object_count;
    largeobject_reader_open(&reader, session, inventory);
    for (size_t i = 0; status == CUTOVER_OK && i < inventory->large_object_count; i++)
        status = largeobject_reader_next(&reader, NULL, NULL, &found->large_object_digest, NULL, error);
    largeobject_reader_close(&reader);
    return status;
}

static cutover_status rest_read(void *context, void *state, cutover_error **error)
{
    const struct reading *reading = context;
    struct session *session = state;
    struct content *found = reading->found;
    struct inventory inventory = {0};

    cutover_status status = inventory_read(session, &inventory, error);
    if (status == CUTOVER_OK)
        status = inventory_read_sequences(session, &inventory, error);
    if (status == CUTOVER_OK)
        status = read_large_objects(session, &inventory, found, error);
    if (status == CUTOVER_OK)
        status = catalog_facts_read(session, &found->facts, error);
    found->server_version = session->server_version;
    if (status == CUTOVER_OK) {
        found->sequences = calloc(inventory.sequence_count + 1, sizeof *found->sequences);
        if (found->sequences == NULL)
            status = error_nomem(error);
    }
    for (size_t i = 0; status == CUTOVER_OK && i < inventory.sequence_count; i++) {
        struct manifest_sequence *to = &found->sequences[found->sequence_count++];
        to->last_value = inventory.sequences[i].last_value;
        to->is_called = inventory.sequences[i].is_called;
        status = string_copy(inventory.sequences[i].schema, &to->schema, error);
        if (status == CUTOVER_OK)
            status = string_copy(inventory.sequences[i].name, &to->name, error);
    }
    inventory_free(&inventory);
    return status;
}

static cutover_status part_read(void *context, void *state, const struct part *part, struct digest *digest,
                                uint64_t *bytes, cutover_error **error)
{
    const struct reading *reading = context;
    const struct table *table = &reading->pass.tables[part->table];
    enum copy_form form = reading->with_generated ? COPY_TEXT_GENERATED
                          : table->binary         ? COPY_BINARY
                                                  : COPY_TEXT;

    cutover_status status = copy_digest(state, table, part->range, form, digest, error);
    if (status != CUTOVER_OK)
        return status;
    *bytes = part->bytes;
    progress_add(reading->reader->progress, part->bytes, digest->rows);
    return CUTOVER_OK;
}

/* Reads the tables, columns in the expected order; digests come into the pass's receipts. */
static cutover_status reading_run(struct reading *reading, const struct table *tables, size_t count,
                                  cutover_error **error)
{
    reading->pass = (struct pass){
        .tables = tables,
        .table_count = count,
        .jobs = reading->reader->jobs,
        .split = SPLIT_FREELY,
        .progress = reading->reader->progress,
        .in_phase = true,
        .open = worker_open,
        .close = worker_close,
        .before = reading->found != NULL ? rest_read : NULL,
        .part = part_read,
        .context = reading,
    };
    return pass_run(&reading->pass, error);
}

/* Looks the expected tables up in the database; those that are there are to be read. */
static cutover_status tables_locate(const struct content *expected, const struct inventory *inventory,
                                    bool generated_only, struct table **tables, size_t **expected_index,
                                    size_t *count, cutover_error **error)
{
    *count = 0;
    *tables = calloc(expected->table_count + 1, sizeof **tables);
    *expected_index = calloc(expected->table_count + 1, sizeof **expected_index);
    if (*tables == NULL || *expected_index == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < expected->table_count; i++) {
        const struct content_table *wanted = &expected->tables[i];
        const struct table *there = inventory_find(inventory, wanted->schema, wanted->name);
        if (there == NULL || (generated_only && (wanted->generated == NULL || there->evaluates)))
            continue;
        struct table *table = &(*tables)[*count];
        *table = *there;
        table->column_list = wanted->column_list;
        table->condition = wanted->condition;
        table->generated = wanted->generated;
        table->binary = wanted->binary;
        (*expected_index)[(*count)++] = i;
    }
    return CUTOVER_OK;
}

static cutover_status inventory_of(const struct content_reader *reader, struct inventory *inventory,
                                   cutover_error **error)
{
    struct session *session = NULL;
    cutover_status status = reading_session(reader, reader->progress->cancel, &session, error);

    if (status == CUTOVER_OK)
        status = inventory_read(session, inventory, error);
    session_close(session);
    return status;
}

static cutover_status found_add(struct content *found, const struct content_table *wanted,
                                const struct digest *digest, cutover_error **error)
{
    struct content_table *to = &found->tables[found->table_count++];

    to->digest = *digest;
    cutover_status status = string_copy(wanted->schema, &to->schema, error);
    if (status == CUTOVER_OK)
        status = string_copy(wanted->name, &to->name, error);
    if (status == CUTOVER_OK)
        status = string_copy(wanted->label, &to->label, error);
    if (status == CUTOVER_OK)
        status = string_copy(wanted->column_list, &to->column_list, error);
    if (status == CUTOVER_OK)
        status = string_copy(wanted->condition, &to->condition, error);
    if (status == CUTOVER_OK)
        status = string_copy(wanted->generated, &to->generated, error);
    return status;
}

static cutover_status read_expected(const struct content_reader *reader, const struct content *expected,
                                    bool rows_alone, struct content *found, cutover_error **error)
{
    struct inventory inventory = {0};
    struct content made = {0};
    struct reading reading = {.reader = reader, .found = rows_alone ? NULL : &made};
    struct table *tables = NULL;
    size_t *index = NULL;
    size_t count = 0;

    cutover_status status = inventory_of(reader, &inventory, error);
    if (status == CUTOVER_OK)
        status = tables_locate(expected, &inventory, false, &tables, &index, &count, error);
    if (status == CUTOVER_OK)
        status = reading_run(&reading, tables, count, error);
    if (status == CUTOVER_OK) {
        made.tables = calloc(count + 1, sizeof *made.tables);
        if (made.tables == NULL)
            status = error_nomem(error);
    }
    /* The expected ones are sorted by name, so these are too. */
    for (size_t i = 0; status == CUTOVER_OK && i < count; i++)
        status = found_add(&made, &expected->tables[index[i]], &reading.pass.receipts.tables[i].digest, error);
    if (status == CUTOVER_OK) {
        if (made.sequence_count > 0)
            qsort(made.sequences, made.sequence_count, sizeof *made.sequences, manifest_sequence_order);
        *found = made;
    } else {
        content_free(&made);
    }
    pass_close(&reading.pass);
    free(tables);
    free(index);
    inventory_free(&inventory);
    return status;
}

cutover_status content_read(const struct content_reader *reader, const struct content *expected,
                            struct content *found, cutover_error **error)
{
    return read_expected(reader, expected, false, found, error);
}

cutover_status content_read_rows(const struct content_reader *reader, const struct content *expected,
                                 struct content *found, cutover_error **error)
{
    return read_expected(reader, expected, true, found, error);
}

cutover_status content_read_generated(const struct content_reader *reader, struct content *content,
                                      cutover_error **error)
{
    struct inventory inventory = {0};
    struct reading reading = {.reader = reader, .with_generated = true};
    struct table *tables = NULL;
    size_t *index = NULL;
    size_t count = 0;

    cutover_status status = inventory_of(reader, &inventory, error);
    if (status == CUTOVER_OK)
        status = tables_locate(content, &inventory, true, &tables, &index, &count, error);
    if (status == CUTOVER_OK && count > 0) {
        uint64_t bytes = 0;
        for (size_t i = 0; i < count; i++)
            bytes += tables[i].bytes;
        progress_more(reader->progress, bytes, (uint32_t)count);
        status = reading_run(&reading, tables, count, error);
    }
    for (size_t i = 0; status == CUTOVER_OK && i < count; i++) {
        struct content_table *table = &content->tables[index[i]];
        table->generated_digest = reading.pass.receipts.tables[i].digest;
        table->has_generated_digest = true;
    }
    pass_close(&reading.pass);
    free(tables);
    free(index);
    inventory_free(&inventory);
    return status;
}
