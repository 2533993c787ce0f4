/* An archive is brought forward to a later snapshot. */
#include "postgres/catalog/facts.h"
#include "transfer/archive_read.h"
#include "transfer/archive_writing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIFFERENCES_MAX 20

/* ---- what the catalog says ---- */

static bool is_about_large_object(const char *line, size_t length)
{
    static const char class[] = "large object\t", identity[] = "\tlarge object ";

    return (length > sizeof class - 1 && memcmp(line, class, sizeof class - 1) == 0) ||
           memmem(line, length, identity, sizeof identity - 1) != NULL;
}

static cutover_status without_large_objects(const struct text *facts, struct text *rest, cutover_error **error)
{
    for (const char *line = text_string(facts); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        if (!is_about_large_object(line, length))
            text_add_bytes(rest, line, length);
        line += length;
    }
    return text_failed(rest) ? error_nomem(error) : CUTOVER_OK;
}

/* What pg_dump writes of a schema and no fact says: comments on extensions, what user mappings hold, places on disk. */
static const char unsaid_sql[] =
    "SELECT hashtextextended(string_agg(said, E'\\n' ORDER BY said COLLATE \"C\") COLLATE \"C\", 0) FROM ("
    " SELECT concat_ws(' ', 'mapping', umid, umoptions) FROM pg_user_mappings"
    " UNION ALL SELECT concat_ws(' ', 'comment', objoid, description) FROM pg_description"
    "  WHERE classoid = 'pg_extension'::regclass AND objsubid = 0"
    " UNION ALL SELECT concat_ws(' ', 'place', oid, reltablespace) FROM pg_class"
    "  WHERE reltablespace <> 0 AND NOT relisshared) s (said)";

cutover_status archive_unsaid_follow(struct writing *writing, bool *changed, cutover_error **error)
{
    char *now = NULL;
    cutover_status status = session_value(writing->snapshot->leader, unsaid_sql, 0, NULL, &now, error);

    if (status != CUTOVER_OK)
        return status;
    *changed = (now == NULL) != (writing->unsaid == NULL) || (now != NULL && strcmp(now, writing->unsaid) != 0);
    free(writing->unsaid);
    writing->unsaid = now;
    return CUTOVER_OK;
}

static const char altered_hint[] = "Start again when nobody changes its definitions.";

static cutover_status relation_altered(const struct writing *writing, uint32_t relation, cutover_error **error)
{
    const struct manifest *manifest = &writing->manifest;
    char number[48];
    struct text name = TEXT_INIT;

    snprintf(number, sizeof number, "relation with OID %" PRIu32, relation);
    for (size_t i = 0; i < manifest->table_count; i++)
        if (manifest->tables[i].oid == relation)
            text_add_format(&name, "table %s.%s", manifest->tables[i].schema, manifest->tables[i].name);
    error_set(error, CUTOVER_E_CONFLICT,
              "production was altered while the job ran: %s has other columns than it had, or another name",
              name.length > 0 ? text_string(&name) : number);
    error_hint(error, "%s", altered_hint);
    text_free(&name);
    return CUTOVER_E_CONFLICT;
}

static cutover_status altered(const struct text *before, const struct text *now, cutover_error **error)
{
    char *differences = NULL;
    size_t count = 0;

    cutover_status status = catalog_facts_compare(text_string(before), text_string(now), "before", "now",
                                                  DIFFERENCES_MAX, &differences, &count, error);
    if (status != CUTOVER_OK)
        return status;
    error_set(error, CUTOVER_E_CONFLICT, "production was altered while the job ran: %.*s",
              (int)strcspn(differences, "\n"), differences);
    error_detail(error, "%s", differences);
    error_hint(error, "%s", altered_hint);
    free(differences);
    return CUTOVER_E_CONFLICT;
}

/* Large objects come and go as rows do; whatever else is another definition ends it. */
static cutover_status facts_follow(struct writing *writing, bool *large_objects, cutover_error **error)
{
    struct text before = TEXT_INIT, now = TEXT_INIT;

    *large_objects = false;
    cutover_status status = catalog_facts_read(writing->snapshot->leader, &writing->facts, error);
    if (status != CUTOVER_OK || strcmp(text_string(&writing->facts), text_string(&writing->facts_written)) == 0)
        return status;
    *large_objects = true;
    status = without_large_objects(&writing->facts_written, &before, error);
    if (status == CUTOVER_OK)
        status = without_large_objects(&writing->facts, &now, error);
    if (status == CUTOVER_OK && strcmp(text_string(&before), text_string(&now)) != 0)
        status = altered(&before, &now, error);
    text_free(&before);
    text_free(&now);
    return status;
}

/* ---- which tables ---- */

static int by_oid(const void *a, const void *b)
{
    const struct table *one = *(const struct table *const *)a, *other = *(const struct table *const *)b;

    return (one->oid > other->oid) - (one->oid < other->oid);
}

static const struct table *table_of(const struct table **sorted, size_t count, uint32_t oid)
{
    const struct table wanted = {.oid = oid}, *key = &wanted;
    const struct table **found = bsearch(&key, sorted, count, sizeof *sorted, by_oid);

    return found != NULL ? *found : NULL;
}

static bool has_columns_of(const struct table *table, const struct manifest_table *before)
{
    bool same = table->column_count == before->column_count;

    for (size_t i = 0; same && i < table->column_count; i++)
        same = strcmp(table->columns[i], before->columns[i]) == 0;
    return same;
}

/* Facts are by name, and so they do not say that a table is the one that it was, with its columns in the order that they had. */
static bool is_table(const struct table *table, const struct manifest_table *before)
{
    return table != NULL && strcmp(table->schema, before->schema) == 0 &&
           strcmp(table->name, before->name) == 0 && has_columns_of(table, before);
}

static cutover_status tables_match(struct writing *writing, cutover_error **error)
{
    const struct inventory *inventory = &writing->snapshot->inventory;
    const struct manifest *manifest = &writing->manifest;
    const struct table **sorted = calloc(inventory->table_count + 1, sizeof *sorted);
    cutover_status status = CUTOVER_OK;

    if (sorted == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < inventory->table_count; i++)
        sorted[i] = &inventory->tables[i];
    qsort(sorted, inventory->table_count, sizeof *sorted, by_oid);
    if (inventory->table_count != manifest->table_count)
        status = error_set(error, CUTOVER_E_CONFLICT, "production has %zu tables, and had %zu",
                           inventory->table_count, manifest->table_count);
    for (size_t i = 0; status == CUTOVER_OK && i < manifest->table_count; i++) {
        writing->tables[i] = table_of(sorted, inventory->table_count, manifest->tables[i].oid);
        if (!is_table(writing->tables[i], &manifest->tables[i]))
            status = relation_altered(writing, manifest->tables[i].oid, error);
    }
    free(sorted);
    return status;
}

static int biggest_first(const void *a, const void *b)
{
    const struct table *one = a, *other = b;

    return (one->bytes < other->bytes) - (one->bytes > other->bytes);
}

struct place {
    uint32_t oid;
    size_t entry;
};

static int place_order(const void *a, const void *b)
{
    const struct place *one = a, *other = b;

    return (one->oid > other->oid) - (one->oid < other->oid);
}

static cutover_status stale_take(struct writing *writing, const struct stale *stale, cutover_error **error)
{
    const struct manifest *manifest = &writing->manifest;
    struct place *places = calloc(manifest->table_count + 1, sizeof *places);

    if (places == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < manifest->table_count; i++) {
        places[i] = (struct place){manifest->tables[i].oid, i};
        if (stale_has(stale, manifest->tables[i].oid))
            writing->read[writing->read_count++] = *writing->tables[i];
    }
    qsort(places, manifest->table_count, sizeof *places, place_order);
    qsort(writing->read, writing->read_count, sizeof *writing->read, biggest_first);
    for (size_t i = 0; i < writing->read_count; i++) {
        const struct place wanted = {.oid = writing->read[i].oid};
        const struct place *found =
            bsearch(&wanted, places, manifest->table_count, sizeof *places, place_order);
        writing->entries[i] = found->entry;
    }
    free(places);
    return CUTOVER_OK;
}

/* ---- one round ---- */

static void count_done(const struct writing *writing, struct renewal *done)
{
    done->tables += writing->read_count;
    for (size_t i = 0; i < writing->read_count; i++) {
        done->rows += writing->pass.receipts.tables[i].digest.rows;
        done->bytes += writing->pass.receipts.tables[i].bytes;
    }
}

/* Its large objects are part of what pg_dump writes of the schema, up to 16. */
static cutover_status schema_follow(struct writing *writing, bool is_other, cutover_error **error)
{
    cutover_status status = is_other ? archive_schema_dump(writing, error) : CUTOVER_OK;

    return status == CUTOVER_OK ? archive_schema_read(writing, error) : status;
}

cutover_status archive_renew(struct writing *writing, struct snapshot *snapshot, const struct stale *stale,
                             struct backup_record *record, struct renewal *done, cutover_error **error)
{
    bool others = false, unsaid = false;

    cutover_status status = archive_round_begin(writing, snapshot, PHASE_CATCH_UP, error);
    if (status == CUTOVER_OK)
        status = facts_follow(writing, &others, error);
    /* Facts have the better words for it, where they differ at all. */
    if (status == CUTOVER_OK && stale->altered != 0)
        status = relation_altered(writing, stale->altered, error);
    if (status == CUTOVER_OK)
        status = tables_match(writing, error);
    if (status == CUTOVER_OK)
        status = stale_take(writing, stale, error);
    if (status == CUTOVER_OK)
        status = archive_unsaid_follow(writing, &unsaid, error);
    if (status == CUTOVER_OK)
        status = schema_follow(writing, others || unsaid, error);
    writing->large_objects_read = stale->large_objects || others ||
                                  snapshot->inventory.large_object_count != writing->manifest.large_objects;
    if (status == CUTOVER_OK)
        status = archive_ranges_renew(writing, done, error);
    if (status == CUTOVER_OK)
        status = archive_round_write(writing, record, error);
    if (status == CUTOVER_OK)
        count_done(writing, done);
    archive_round_end(writing);
    return status;
}

/* A scan, and what little changed, in place of reading the table, compressing, writing it and reading it back. */
#define BY_RANGES_SHARE 4

uint64_t archive_stale_bytes(const struct writing *writing, const struct stale *stale)
{
    const struct manifest *manifest = &writing->manifest;
    uint64_t bytes = stale->large_objects ? manifest->large_object_bytes : 0;

    for (size_t i = 0; i < manifest->table_count; i++) {
        uint64_t raw = 0;
        for (size_t k = 0; stale_has(stale, manifest->tables[i].oid) && k < manifest->tables[i].member_count;
             k++)
            raw += manifest->tables[i].members[k].raw;
        bytes += writing->files[i].by_ranges ? raw / BY_RANGES_SHARE : raw;
    }
    return bytes;
}

cutover_status archive_check_renewed(const struct writing *writing, const struct stale *stale,
                                     cutover_error **error)
{
    const struct archive archive = {
        .host = writing->operation->host, .backup_id = writing->backup_id, .manifest = writing->manifest};
    const struct manifest *manifest = &writing->manifest;
    struct renewed_table *tables = calloc(manifest->table_count + 1, sizeof *tables);
    size_t count = 0;

    if (tables == NULL)
        return error_nomem(error);
    for (size_t i = 0; i < manifest->table_count; i++)
        if (stale_has(stale, manifest->tables[i].oid))
            tables[count++] =
                (struct renewed_table){i, writing->files[i].in_place ? &writing->files[i].written : NULL};
    /* Files of large objects that were not written again are what they were; facts and table of contents are new in each round. */
    size_t others = writing->large_objects_read ? manifest->table_count : manifest->file_count - 2;
    cutover_status status =
        archive_check_some(&archive, writing->operation, PHASE_CATCH_UP_READ, tables, count, others, error);
    free(tables);
    return status;
}

const struct text *archive_written_facts(const struct writing *writing)
{
    return &writing->facts_written;
}
