#include "support/check.h"

#include "transfer/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is expected holds one of everything; what is found is the same but for what a test changes. */

static char *copy(const char *text)
{
    char *made = strdup(text);

    assert_non_null(made);
    return made;
}

static struct content_table table_of(const char *name)
{
    struct content_table table = {
        .schema = copy("public"), .name = copy(name), .column_list = copy("(\"id\")")};

    assert_true(asprintf(&table.label, "public.%s", name) > 0);
    digest_lines(&table.digest, "1\n2\n3\n", 6);
    return table;
}

static struct manifest_sequence sequence_of(const char *name, int64_t last_value, bool is_called)
{
    return (struct manifest_sequence){
        .schema = copy("public"), .name = copy(name), .last_value = last_value, .is_called = is_called};
}

/* Tables clients, orders, with a generated column, and parcels; sequences invoice and ticket; two large objects; two facts. */
static struct content content_of(void)
{
    struct content content = {.table_count = 3, .sequence_count = 2, .large_objects = 2};

    content.tables = calloc(content.table_count, sizeof *content.tables);
    content.sequences = calloc(content.sequence_count, sizeof *content.sequences);
    assert_non_null(content.tables);
    assert_non_null(content.sequences);
    content.tables[0] = table_of("clients");
    content.tables[1] = table_of("orders");
    content.tables[1].generated = copy("\"id\", \"twice\"");
    content.tables[1].has_generated_digest = true;
    digest_lines(&content.tables[1].generated_digest, "1\t2\n2\t4\n3\t6\n", 12);
    content.tables[2] = table_of("parcels");
    content.sequences[0] = sequence_of("invoice", 1000, false);
    content.sequences[1] = sequence_of("ticket", 7, true);
    digest_lines(&content.large_object_digest, "one\ntwo\n", 8);
    text_add(&content.facts, "schema\tpublic\t\ntable\tpublic.orders\tordinary\n");
    return content;
}

struct pair {
    struct content expected, found;
};

static int make_pair(void **state)
{
    struct pair *pair = calloc(1, sizeof *pair);

    assert_non_null(pair);
    pair->expected = content_of();
    pair->found = content_of();
    *state = pair;
    return 0;
}

static int free_pair(void **state)
{
    struct pair *pair = *state;

    content_free(&pair->expected);
    content_free(&pair->found);
    free(pair);
    return 0;
}

static void check_different(const struct pair *pair, const char *message, const char *detail)
{
    cutover_error *error = NULL;

    check_status_keep(content_compare(&pair->expected, &pair->found, "the preview", "the copy", &error),
                      CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    assert_string_equal(cutover_error_message(error), message);
    assert_string_equal(cutover_error_detail(error), detail);
    cutover_error_free(error);
    error = NULL;
    check_status(content_compare(&pair->expected, &pair->found, "the preview", "the copy", NULL),
                 CUTOVER_E_VERIFY, error);
}

static void check_one(const struct pair *pair, const char *detail)
{
    check_different(pair, "the preview and the copy differ in 1 places", detail);
}

static void check_equal(const struct pair *pair)
{
    cutover_error *error = NULL;

    check_ok(content_compare(&pair->expected, &pair->found, "the preview", "the copy", &error), error);
    assert_null(error);
}

/* Takes what lies at an index out of an array whose members know how to be freed. */
static void table_remove(struct content *content, size_t at)
{
    struct content gone = {.tables = calloc(1, sizeof *gone.tables), .table_count = 1};

    assert_non_null(gone.tables);
    gone.tables[0] = content->tables[at];
    content->table_count--;
    memmove(&content->tables[at], &content->tables[at + 1], (content->table_count - at) * sizeof *gone.tables);
    content_free(&gone);
}

static void sequence_remove(struct content *content, size_t at)
{
    free(content->sequences[at].schema);
    free(content->sequences[at].name);
    content->sequence_count--;
    memmove(&content->sequences[at], &content->sequences[at + 1],
            (content->sequence_count - at) * sizeof *content->sequences);
}

static void the_same_content_is_equal(void **state)
{
    check_equal(*state);
}

static void nothing_and_nothing_are_equal(void **state)
{
    const struct pair nothing = {{0}, {0}};

    (void)state;
    check_equal(&nothing);
}

/* ---- tables ---- */

static void a_missing_table_is_a_difference(void **state)
{
    for (size_t i = 0; i < 3; i++) {
        struct pair *pair = *state;
        char *line = NULL;
        assert_true(asprintf(&line, "table %s: not in the copy", pair->expected.tables[i].label) > 0);
        table_remove(&pair->found, i);
        check_one(pair, line);
        free(line);
        free_pair(state);
        make_pair(state);
    }
}

/* A table that only the copy has comes into no digest: it shows as a fact. */
static void a_table_too_many_is_a_difference_of_facts(void **state)
{
    struct pair *pair = *state;

    table_remove(&pair->expected, 0);
    check_equal(pair);
    text_add(&pair->found.facts, "table\tpublic.zebra\tordinary\n");
    check_one(pair, "table public.zebra: only in the copy");
}

static void a_number_of_rows_is_a_difference(void **state)
{
    struct pair *pair = *state;

    digest_lines(&pair->found.tables[0].digest, "4\n", 2);
    check_one(pair, "table public.clients: 3 rows | 4 rows");
    pair->found.tables[0].digest = (struct digest)DIGEST_INIT;
    check_one(pair, "table public.clients: 3 rows | 0 rows");
}

static void a_row_that_is_another_is_a_difference(void **state)
{
    struct pair *pair = *state;

    pair->found.tables[2].digest = (struct digest)DIGEST_INIT;
    digest_lines(&pair->found.tables[2].digest, "1\n2\n4\n", 6);
    check_one(pair, "table public.parcels: 3 rows on both sides, content differs");
}

/* Either half of the digest counts. */
static void each_bit_of_a_digest_counts(void **state)
{
    struct pair *pair = *state;
    struct digest *digest = &pair->found.tables[0].digest;

    for (int bit = 0; bit < 64; bit++) {
        digest->low ^= UINT64_C(1) << bit;
        check_one(pair, "table public.clients: 3 rows on both sides, content differs");
        digest->low ^= UINT64_C(1) << bit;
        digest->high ^= UINT64_C(1) << bit;
        check_one(pair, "table public.clients: 3 rows on both sides, content differs");
        digest->high ^= UINT64_C(1) << bit;
    }
    check_equal(pair);
}

/* EDGE_CASES A13: what a server computed anew. */
static void a_generated_column_is_a_difference(void **state)
{
    struct pair *pair = *state;

    pair->found.tables[1].generated_digest.low++;
    check_one(pair, "generated columns of public.orders: 3 rows on both sides, content differs");
    /* A backup has no digest of them: nothing is said. */
    pair->expected.tables[1].has_generated_digest = false;
    check_equal(pair);
    pair->expected.tables[1].has_generated_digest = true;
    pair->found.tables[1].has_generated_digest = false;
    check_equal(pair);
}

/* The order in which columns are read is the expected one; what the copy calls it is no difference. */
static void how_a_table_was_read_is_no_difference(void **state)
{
    struct pair *pair = *state;

    pair->found.tables[0].binary = true;
    free(pair->found.tables[0].column_list);
    pair->found.tables[0].column_list = NULL;
    check_equal(pair);
}

static void tables_of_one_name_in_two_schemas_are_two(void **state)
{
    struct pair *pair = *state;

    free(pair->found.tables[2].schema);
    pair->found.tables[2].schema = copy("shadow");
    check_one(pair, "table public.parcels: not in the copy");
}

/* ---- sequences ---- */

static void a_missing_sequence_is_a_difference(void **state)
{
    struct pair *pair = *state;

    sequence_remove(&pair->found, 0);
    check_one(pair, "sequence public.invoice: not in the copy");
}

static void the_value_of_a_sequence_is_a_difference(void **state)
{
    struct pair *pair = *state;

    pair->found.sequences[0].last_value = 999;
    check_one(pair, "sequence public.invoice: 1000 | 999");
    pair->found.sequences[0].last_value = 1000;
    pair->found.sequences[1].last_value = INT64_MIN;
    check_one(pair, "sequence public.ticket: 7 (called) | -9223372036854775808 (called)");
}

/* Whether the next value is the last one, or the one after it. */
static void whether_a_sequence_was_called_is_a_difference(void **state)
{
    struct pair *pair = *state;

    pair->found.sequences[0].is_called = true;
    check_one(pair, "sequence public.invoice: 1000 | 1000 (called)");
    pair->found.sequences[0].is_called = false;
    pair->found.sequences[1].is_called = false;
    check_one(pair, "sequence public.ticket: 7 (called) | 7");
}

/* ---- large objects ---- */

static void the_number_of_large_objects_is_a_difference(void **state)
{
    struct pair *pair = *state;

    pair->found.large_objects = 1;
    pair->found.large_object_digest.rows = 1;
    check_one(pair, "large objects: 2 | 1");
}

/* One that is empty adds nothing to any sum of bytes. */
static void their_number_counts_by_itself(void **state)
{
    struct pair *pair = *state;

    pair->found.large_objects = 3;
    check_one(pair, "large objects: 2 | 3");
}

static void the_content_of_large_objects_is_a_difference(void **state)
{
    struct pair *pair = *state;

    pair->found.large_object_digest.high++;
    check_one(pair, "large objects: 2 | 2, content differs");
}

/* ---- facts ---- */

static void facts_are_differences(void **state)
{
    struct pair *pair = *state;

    text_free(&pair->found.facts);
    text_add(&pair->found.facts, "acl\ttable public.orders: SELECT to public\tby ann\n"
                                 "table\tpublic.orders\tunlogged");
    check_different(pair, "the preview and the copy differ in 3 places",
                    "acl table public.orders: SELECT to public: only in the copy, access is wider there\n"
                    "schema public: only in the preview\n"
                    "table public.orders: ordinary | unlogged");
}

/* ---- many ---- */

static void all_kinds_are_told_together(void **state)
{
    struct pair *pair = *state;

    table_remove(&pair->found, 2);
    pair->found.tables[0].digest.rows = 5;
    pair->found.tables[1].generated_digest.rows = 1;
    pair->found.sequences[1].last_value = 8;
    pair->found.large_objects = 0;
    text_add(&pair->found.facts, "view\tpublic.v\tSELECT\n");
    check_different(pair, "the preview and the copy differ in 6 places",
                    "table public.clients: 3 rows | 5 rows\n"
                    "generated columns of public.orders: 3 rows | 1 rows\n"
                    "table public.parcels: not in the copy\n"
                    "sequence public.ticket: 7 (called) | 8 (called)\n"
                    "large objects: 2 | 0\n"
                    "view public.v: only in the copy");
}

static size_t lines_of(const char *text)
{
    size_t count = 1;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* The first 20 by name, and the right number of all. */
static void the_twenty_first_difference_is_counted_and_not_shown(void **state)
{
    struct content expected = {.table_count = 25}, found = {0};
    cutover_error *error = NULL;

    (void)state;
    expected.tables = calloc(expected.table_count, sizeof *expected.tables);
    assert_non_null(expected.tables);
    for (size_t i = 0; i < expected.table_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "t%02zu", i);
        expected.tables[i] = table_of(name);
    }
    for (size_t count = 19; count <= 25; count++) {
        char message[64], more[64];
        snprintf(message, sizeof message, "a and b differ in %zu places", count);
        struct content some = {.tables = expected.tables, .table_count = count};
        check_status_keep(content_compare(&some, &found, "a", "b", &error), CUTOVER_E_VERIFY, error);
        assert_string_equal(cutover_error_message(error), message);
        snprintf(more, sizeof more, "and %zu more", count - 20);
        assert_int_equal(lines_of(cutover_error_detail(error)), count <= 20 ? count : 21);
        assert_int_equal(strstr(cutover_error_detail(error), more) != NULL, count > 20);
        check_contains(cutover_error_detail(error), "table public.t00: not in b");
        cutover_error_free(error);
        error = NULL;
    }
    content_free(&expected);
}

static void facts_share_the_twenty_lines(void **state)
{
    struct pair *pair = *state;
    cutover_error *error = NULL;

    for (int i = 0; i < 30; i++)
        text_add_format(&pair->found.facts, "view\tpublic.v%02d\tSELECT\n", i);
    pair->found.large_objects = 0;
    check_status_keep(content_compare(&pair->expected, &pair->found, "a", "b", &error), CUTOVER_E_VERIFY,
                      error);
    assert_string_equal(cutover_error_message(error), "a and b differ in 31 places");
    check_contains(cutover_error_detail(error), "large objects: 2 | 0\nview public.v00: only in b");
    check_contains(cutover_error_detail(error), "view public.v18: only in b\nand 11 more");
    assert_int_equal(lines_of(cutover_error_detail(error)), 21);
    cutover_error_free(error);
}

static cutover_verdict verdict_of(const struct pair *pair)
{
    cutover_error *error = NULL;
    cutover_verdict verdict;

    check_status_keep(content_compare(&pair->expected, &pair->found, "a", "b", &error), CUTOVER_E_VERIFY,
                      error);
    verdict = cutover_error_verdict(error);
    cutover_error_free(error);
    return verdict;
}

/* Between two major versions: what is there on both sides and said otherwise, or is there besides, may be the same. */
static void what_another_version_says_otherwise_could_not_be_told(void **state)
{
    struct pair *pair = *state;
    cutover_error *error = NULL;

    text_add(&pair->expected.facts, "trigger\tr on public.t\tone\n");
    text_add(&pair->found.facts, "trigger\tr on public.t\tanother\ntrigger\ts on public.t\tone\n");
    pair->expected.server_version = pair->found.server_version = 150020;
    assert_int_equal(verdict_of(pair), CUTOVER_VERDICT_DIFFERENT);
    pair->found.server_version = 180006;
    check_status_keep(content_compare(&pair->expected, &pair->found, "the backup", "its copy", &error),
                      CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_UNKNOWN);
    assert_string_equal(
        cutover_error_message(error),
        "it could not be told whether the backup and its copy are equal: the catalogs of PostgreSQL"
        " 15 and 18 differ in 2 places");
    check_contains(cutover_error_detail(error),
                   "trigger r on public.t: one | another\ntrigger s on public.t: only in");
    check_contains(cutover_error_hint(error), "on a server of PostgreSQL 15");
    cutover_error_free(error);
    pair->expected.server_version = 190000;
    assert_int_equal(verdict_of(pair), CUTOVER_VERDICT_DIFFERENT);
}

static void what_another_version_lacks_is_different(void **state)
{
    struct pair *pair = *state;

    pair->expected.server_version = 150020;
    pair->found.server_version = 180006;
    text_add(&pair->expected.facts, "acl\ttable public.t: MAINTAIN to public\tby a\n");
    check_equal(pair);
    text_add(&pair->found.facts, "view\tpublic.z\tSELECT\n");
    assert_int_equal(verdict_of(pair), CUTOVER_VERDICT_UNKNOWN);
    pair->found.large_objects++;
    assert_int_equal(verdict_of(pair), CUTOVER_VERDICT_DIFFERENT);
    pair->found.large_objects--;
    text_clear(&pair->expected.facts);
    text_add(&pair->expected.facts,
             "schema\tpublic\t\ntable\tpublic.orders\tordinary\nview\tpublic.y\tSELECT\n");
    assert_int_equal(verdict_of(pair), CUTOVER_VERDICT_DIFFERENT);
}

/* ---- made from an inventory ---- */

static struct table inventory_table(const char *name, bool binary)
{
    struct table table = {.schema = copy("public"), .name = copy(name), .binary = binary};

    assert_true(asprintf(&table.label, "public.%s", name) > 0);
    table.qualified = copy(name);
    table.column_list = copy("(\"a\", \"b\")");
    return table;
}

/* Biggest first, as an inventory is. */
static struct inventory inventory_of(void)
{
    struct inventory inventory = {.table_count = 3, .sequence_count = 2, .large_object_count = 1};

    inventory.tables = calloc(3, sizeof *inventory.tables);
    inventory.sequences = calloc(2, sizeof *inventory.sequences);
    inventory.large_objects = calloc(1, sizeof *inventory.large_objects);
    assert_non_null(inventory.tables);
    assert_non_null(inventory.sequences);
    assert_non_null(inventory.large_objects);
    inventory.tables[0] = inventory_table("orders", true);
    inventory.tables[0].generated = copy("\"a\", \"b\", \"g\"");
    inventory.tables[1] = inventory_table("spatial", false);
    inventory.tables[1].condition = copy("WHERE a > 1");
    inventory.tables[2] = inventory_table("clients", true);
    inventory.sequences[0] =
        (struct sequence){.schema = copy("public"), .name = copy("z"), .last_value = 9, .is_called = true};
    inventory.sequences[1] =
        (struct sequence){.schema = copy("public"), .name = copy("a"), .last_value = -3, .is_called = false};
    return inventory;
}

static void a_source_s_content_is_what_its_inventory_and_its_digests_say(void **state)
{
    const struct digest digests[] = {{1, 11, 111}, {2, 22, 222}, {3, 33, 333}}, objects = {4, 44, 444};
    struct inventory inventory = inventory_of();
    struct content content = {0};
    cutover_error *error = NULL;

    (void)state;
    check_ok(content_from_inventory(&inventory, digests, &objects, &content, &error), error);
    inventory_free(&inventory); /* nothing is borrowed */
    assert_int_equal(content.table_count, 3);
    assert_string_equal(content.tables[0].name, "clients");
    assert_string_equal(content.tables[0].column_list, "(\"a\", \"b\")");
    assert_true(digest_equal(&content.tables[0].digest, &digests[2]));
    assert_null(content.tables[0].condition);
    assert_null(content.tables[0].generated);
    assert_string_equal(content.tables[1].label, "public.orders");
    assert_true(content.tables[1].binary);
    assert_string_equal(content.tables[1].generated, "\"a\", \"b\", \"g\"");
    assert_false(content.tables[1].has_generated_digest);
    assert_true(digest_equal(&content.tables[1].digest, &digests[0]));
    assert_string_equal(content.tables[2].schema, "public");
    assert_string_equal(content.tables[2].condition, "WHERE a > 1");
    assert_false(content.tables[2].binary);
    assert_true(digest_equal(&content.tables[2].digest, &digests[1]));
    assert_int_equal(content.sequence_count, 2);
    assert_string_equal(content.sequences[0].name, "a");
    assert_int_equal(content.sequences[0].last_value, -3);
    assert_false(content.sequences[0].is_called);
    assert_string_equal(content.sequences[1].name, "z");
    assert_true(content.sequences[1].is_called);
    assert_int_equal(content.large_objects, 1);
    assert_true(digest_equal(&content.large_object_digest, &objects));
    assert_int_equal(content.facts.length, 0);
    content_free(&content);
}

/* ---- made from a manifest ---- */

static char *digest_text(uint64_t rows)
{
    const struct digest digest = {rows, 5, 6};
    char text[DIGEST_TEXT_SIZE];

    digest_format(&digest, text);
    return copy(text);
}

static struct manifest_table manifest_table_of(const char *name, uint64_t rows, size_t columns)
{
    struct manifest_table table = {
        .schema = copy("public"), .name = copy(name), .rows = rows, .column_count = columns};

    table.digest = digest_text(rows);
    table.columns = calloc(columns + 1, sizeof *table.columns);
    assert_non_null(table.columns);
    for (size_t i = 0; i < columns; i++)
        table.columns[i] = copy(i == 0 ? "id" : "Odd \"Name\"");
    return table;
}

static struct manifest manifest_of(void)
{
    struct manifest manifest = {.table_count = 2, .sequence_count = 2, .large_objects = 1};

    manifest.tables = calloc(2, sizeof *manifest.tables);
    manifest.sequences = calloc(2, sizeof *manifest.sequences);
    assert_non_null(manifest.tables);
    assert_non_null(manifest.sequences);
    manifest.tables[0] = manifest_table_of("orders", 3, 2);
    manifest.tables[0].condition = copy("WHERE id > 1");
    manifest.tables[1] = manifest_table_of("empty", 0, 0);
    manifest.sequences[0] = sequence_of("z", 9, true);
    manifest.sequences[1] = sequence_of("a", -3, false);
    manifest.large_object_digest = digest_text(1);
    return manifest;
}

static void a_backup_s_content_is_what_its_manifest_says(void **state)
{
    struct manifest manifest = manifest_of();
    struct text facts = TEXT_INIT;
    struct content content = {0};
    cutover_error *error = NULL;

    (void)state;
    text_add(&facts, "schema\tpublic\t\n");
    check_ok(content_from_manifest(&manifest, &facts, &content, &error), error);
    assert_int_equal(facts.length, 0);
    text_free(&facts);
    manifest_free(&manifest); /* nothing is borrowed */
    assert_string_equal(text_string(&content.facts), "schema\tpublic\t\n");
    assert_int_equal(content.table_count, 2);
    assert_string_equal(content.tables[0].label, "public.empty");
    assert_string_equal(content.tables[0].column_list, "");
    assert_int_equal(content.tables[0].digest.rows, 0);
    assert_string_equal(content.tables[1].name, "orders");
    assert_string_equal(content.tables[1].column_list, "(\"id\", \"Odd \"\"Name\"\"\")");
    assert_string_equal(content.tables[1].condition, "WHERE id > 1");
    assert_int_equal(content.tables[1].digest.rows, 3);
    assert_int_equal(content.tables[1].digest.low, 5);
    assert_int_equal(content.tables[1].digest.high, 6);
    assert_false(content.tables[1].binary);
    assert_false(content.tables[1].has_generated_digest);
    assert_string_equal(content.sequences[0].name, "a");
    assert_int_equal(content.sequences[0].last_value, -3);
    assert_string_equal(content.sequences[1].name, "z");
    assert_true(content.sequences[1].is_called);
    assert_int_equal(content.large_objects, 1);
    assert_int_equal(content.large_object_digest.low, 5);
    content_free(&content);
}

/* The facts stay the caller's, and nothing comes out. */
static void check_damaged(struct manifest *manifest, const char *message)
{
    struct text facts = TEXT_INIT;
    struct content content = {0};
    cutover_error *error = NULL;

    text_add(&facts, "schema\tpublic\t\n");
    check_status_keep(content_from_manifest(manifest, &facts, &content, &error), CUTOVER_E_VERIFY, error);
    assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
    assert_string_equal(cutover_error_message(error), message);
    cutover_error_free(error);
    assert_string_equal(text_string(&facts), "schema\tpublic\t\n");
    assert_null(content.tables);
    assert_null(content.sequences);
    text_free(&facts);
    manifest_free(manifest);
}

static void a_digest_that_cannot_be_read_is_damage(void **state)
{
    struct manifest manifest = manifest_of();

    (void)state;
    manifest.tables[0].digest[3] = 'x';
    check_damaged(&manifest, "manifest.json: the digest of public.orders is damaged");
    manifest = manifest_of();
    manifest.tables[1].rows = 1;
    check_damaged(&manifest, "manifest.json: the digest of public.empty is damaged");
    manifest = manifest_of();
    manifest.large_object_digest[0] = '\0';
    check_damaged(&manifest, "manifest.json: the digest of the large objects is damaged");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pair, free_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_content_is_equal),
        TEST(nothing_and_nothing_are_equal),
        TEST(a_missing_table_is_a_difference),
        TEST(a_table_too_many_is_a_difference_of_facts),
        TEST(a_number_of_rows_is_a_difference),
        TEST(a_row_that_is_another_is_a_difference),
        TEST(each_bit_of_a_digest_counts),
        TEST(a_generated_column_is_a_difference),
        TEST(how_a_table_was_read_is_no_difference),
        TEST(tables_of_one_name_in_two_schemas_are_two),
        TEST(a_missing_sequence_is_a_difference),
        TEST(the_value_of_a_sequence_is_a_difference),
        TEST(whether_a_sequence_was_called_is_a_difference),
        TEST(the_number_of_large_objects_is_a_difference),
        TEST(their_number_counts_by_itself),
        TEST(the_content_of_large_objects_is_a_difference),
        TEST(facts_are_differences),
        TEST(all_kinds_are_told_together),
        TEST(the_twenty_first_difference_is_counted_and_not_shown),
        TEST(facts_share_the_twenty_lines),
        TEST(what_another_version_says_otherwise_could_not_be_told),
        TEST(what_another_version_lacks_is_different),
        TEST(a_source_s_content_is_what_its_inventory_and_its_digests_say),
        TEST(a_backup_s_content_is_what_its_manifest_says),
        TEST(a_digest_that_cannot_be_read_is_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
