/*
 * tests/unit/data/toc.dat is from pg_dump 15 -Fd --section=pre-data --section=post-data of a database with a table,
 * its serial, an index, a materialized view and a large object; toc-full.dat from pg_dump -Fd of the same.
 */
#include "archive/toc.h"
#include "base/folder.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    char *at;
    size_t count;
};

static struct bytes fixture(const char *name)
{
    const char *source = getenv("srcdir");
    struct bytes bytes = {NULL, 0};
    char folder[4096];
    cutover_error *error = NULL;

    snprintf(folder, sizeof(folder), "%s/tests/unit/data", source != NULL ? source : ".");
    check_ok(folder_read(folder, name, 65536, &bytes.at, &bytes.count, &error), error);
    return bytes;
}

static struct toc parsed(struct bytes bytes)
{
    struct toc toc;
    cutover_error *error = NULL;

    check_ok(toc_parse(bytes.at, bytes.count, &toc, &error), error);
    return toc;
}

static struct text formatted(const struct toc *toc)
{
    struct text text = TEXT_INIT;
    cutover_error *error = NULL;

    check_ok(toc_format(toc, &text, &error), error);
    return text;
}

static void assert_string(struct toc_string found, const char *expected)
{
    if (expected == NULL) {
        assert_null(found.bytes);
        return;
    }
    assert_non_null(found.bytes);
    assert_string_equal(found.bytes, expected);
    assert_int_equal(found.length, strlen(expected));
}

static void real_archive_is_read(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc = parsed(bytes);
    const struct toc_entry *table = toc_find(&toc, 1259, 16450, "TABLE");
    const struct toc_entry *view = toc_find(&toc, 0, 16459, "MATERIALIZED VIEW DATA");

    (void)state;
    assert_int_equal(toc.minor, 14);
    assert_string(toc.database, "shop");
    assert_int_equal(toc.count, 15);
    assert_non_null(table);
    assert_int_equal(table->dump_id, 215);
    assert_int_equal(table->section, TOC_SECTION_PRE_DATA);
    assert_string(table->tag, "orders");
    assert_string(table->schema, "public");
    assert_string(table->access_method, "heap");
    assert_string(table->file, "");
    assert_false(table->had_dumper);
    assert_non_null(view);
    assert_int_equal(view->dependency_count, 2);
    assert_int_equal(view->dependencies[0], 216);
    assert_string(view->tablespace, NULL);
    assert_null(toc_find(&toc, 1259, 16450, "VIEW"));
    assert_null(toc_find(&toc, 1259, 1, "TABLE"));
    toc_free(&toc);
    free(bytes.at);
}

static void formatting_what_was_parsed_gives_the_same_bytes(void **state)
{
    static const char *const names[] = {"toc.dat", "toc-full.dat"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bytes bytes = fixture(names[i]);
        struct toc toc = parsed(bytes);
        struct text text = formatted(&toc);
        assert_int_equal(text.length, bytes.count);
        assert_memory_equal(text.bytes, bytes.at, bytes.count);
        text_free(&text);
        toc_free(&toc);
        free(bytes.at);
    }
}

static void an_entry_that_was_put_before_another_is_found_where_it_is(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc = parsed(bytes);
    const struct toc_addition first = {.desc = "TABLE DATA", .tag = "one", .schema = "s", .oid = 1};
    const struct toc_addition second = {.desc = "TABLE DATA", .tag = "two", .schema = "s", .oid = 2};
    cutover_error *error = NULL;

    (void)state;
    check_ok(toc_add(&toc, &first, NULL, &error), error);
    check_ok(toc_add(&toc, &second, NULL, &error), error);
    struct text text = formatted(&toc);
    toc_free(&toc);
    toc = parsed((struct bytes){text.bytes, text.length});
    toc_put_before(&toc, 0, 2, 1, "TABLE DATA");
    const struct toc_entry *two = toc_find(&toc, 0, 2, "TABLE DATA");
    assert_string(two[0].tag, "two");
    assert_string(two[1].tag, "one");
    for (size_t i = 0; i < toc.count; i++)
        assert_int_equal(toc_position(&toc, toc.entries[i].dump_id), i);
    assert_int_equal(toc_position(&toc, toc_next_id(&toc)), toc.count);
    toc_free(&toc);
    text_free(&text);
    free(bytes.at);
}

/* 1.15 has one byte for the compression, 1.16 a relkind in each entry. */
static void later_versions_are_read_and_written(void **state)
{
    struct bytes bytes = fixture("toc.dat");

    (void)state;
    for (int minor = 15; minor <= 16; minor++) {
        struct toc toc = parsed(bytes), again;
        struct text text, same;
        toc.minor = minor;
        toc.entries[4].relkind = 'r';
        toc_set_gzip(&toc);
        text = formatted(&toc);
        assert_int_equal(text.length, bytes.count - 4 + (minor == 16 ? 5 * toc.count : 0));
        assert_int_equal(text.bytes[11], 1);
        again = parsed((struct bytes){text.bytes, text.length});
        assert_int_equal(again.compression, 1);
        assert_int_equal(again.entries[4].relkind, minor == 16 ? 'r' : 0);
        same = formatted(&again);
        assert_int_equal(same.length, text.length);
        assert_memory_equal(same.bytes, text.bytes, text.length);
        text_free(&same);
        text_free(&text);
        toc_free(&again);
        toc_free(&toc);
    }
    free(bytes.at);
}

static void uncompressed_archive_is_marked_as_compressed(void **state)
{
    struct toc toc = {.minor = 14, .compression = 0};

    (void)state;
    toc_set_gzip(&toc);
    assert_int_not_equal(toc.compression, 0);
    toc.compression = 9;
    toc_set_gzip(&toc);
    assert_int_equal(toc.compression, 9);
}

static int32_t add(struct toc *toc, struct toc_addition addition)
{
    cutover_error *error = NULL;
    int32_t dump_id = 0;

    check_ok(toc_add(toc, &addition, &dump_id, &error), error);
    return dump_id;
}

/* As the fixture's database would have been dumped with its data. */
static void complete(struct toc *toc)
{
    const struct toc_entry *table = toc_find(toc, 1259, 16450, "TABLE");
    int32_t table_id = table->dump_id;
    const struct toc_entry *sequence = toc_find(toc, 1259, 16449, "SEQUENCE");
    int32_t sequence_id = sequence->dump_id;

    add(toc, (struct toc_addition){.desc = "TABLE DATA",
                                   .tag = "orders",
                                   .schema = "public",
                                   .owner = "postgres",
                                   .oid = 16450,
                                   .copy = "COPY public.orders (id, who) FROM stdin;\n",
                                   .depends_on = table_id});
    add(toc, (struct toc_addition){.desc = "SEQUENCE SET",
                                   .tag = "orders_id_seq",
                                   .schema = "public",
                                   .owner = "postgres",
                                   .defn = "SELECT pg_catalog.setval('public.orders_id_seq', 1, false);\n",
                                   .depends_on = sequence_id});
    add(toc, (struct toc_addition){.desc = "BLOBS", .tag = "BLOBS", .file = "blobs.toc"});
}

static void assert_same_string(struct toc_string found, struct toc_string expected)
{
    assert_string(found, expected.bytes);
}

/* All but the dumpId, and the file that is named by it. */
static void assert_same_entry(const struct toc_entry *found, const struct toc_entry *expected)
{
    assert_int_equal(found->had_dumper, expected->had_dumper);
    assert_int_equal(found->catalog_oid, expected->catalog_oid);
    assert_int_equal(found->oid, expected->oid);
    assert_int_equal(found->section, expected->section);
    assert_same_string(found->tag, expected->tag);
    assert_same_string(found->desc, expected->desc);
    assert_same_string(found->defn, expected->defn);
    assert_same_string(found->drop, expected->drop);
    assert_same_string(found->copy, expected->copy);
    assert_same_string(found->schema, expected->schema);
    assert_same_string(found->tablespace, expected->tablespace);
    assert_same_string(found->access_method, expected->access_method);
    assert_same_string(found->owner, expected->owner);
    assert_same_string(found->with_oids, expected->with_oids);
    assert_int_equal(found->dependency_count, expected->dependency_count);
    for (size_t i = 0; i < expected->dependency_count; i++)
        assert_int_equal(found->dependencies[i], expected->dependencies[i]);
}

/* EDGE_CASES A16, D18 */
static void completed_archive_is_what_pg_dump_writes(void **state)
{
    struct bytes bytes = fixture("toc.dat"), full_bytes = fixture("toc-full.dat");
    struct toc toc = parsed(bytes), full = parsed(full_bytes), again;
    struct text text;
    char file[32];

    (void)state;
    complete(&toc);
    text = formatted(&toc);
    again = parsed((struct bytes){text.bytes, text.length});
    assert_int_equal(again.count, full.count);
    for (size_t i = 0; i < full.count; i++)
        assert_same_entry(&again.entries[i], &full.entries[i]);
    snprintf(file, sizeof(file), "%d.dat", again.entries[12].dump_id);
    assert_string(again.entries[12].file, file);
    assert_string(again.entries[13].file, "");
    assert_string(again.entries[14].file, "blobs.toc");
    text_free(&text);
    toc_free(&again);
    toc_free(&full);
    toc_free(&toc);
    free(full_bytes.at);
    free(bytes.at);
}

static void large_object_is_created_before_data(void **state)
{
    struct bytes bytes = fixture("toc-full.dat");
    struct toc toc = parsed(bytes), again;
    struct text text;
    size_t at = 0;

    (void)state;
    add(&toc, (struct toc_addition){.desc = "BLOB",
                                    .tag = "16999",
                                    .owner = "postgres",
                                    .catalog_oid = 2613,
                                    .oid = 16999,
                                    .defn = "SELECT pg_catalog.lo_create('16999');\n"});
    text = formatted(&toc);
    again = parsed((struct bytes){text.bytes, text.length});
    while (again.entries[at].section < TOC_SECTION_DATA)
        at++;
    assert_string(again.entries[at - 1].tag, "16999");
    assert_int_equal(again.entries[at - 1].section, TOC_SECTION_PRE_DATA);
    assert_string(again.entries[at].desc, "TABLE DATA");
    text_free(&text);
    toc_free(&again);
    toc_free(&toc);
    free(bytes.at);
}

/* pg_dump's own boundary objects are named by dependencies and not in the archive: an entry with such an id would be
   waited for by what must not wait. */
static void new_ids_are_beyond_every_id_that_is_named(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc = parsed(bytes), named;
    struct text text;
    cutover_error *error = NULL;
    int32_t first = toc_next_id(&toc);

    (void)state;
    for (size_t i = 0; i < toc.count; i++) {
        assert_true(toc.entries[i].dump_id < first);
        for (size_t j = 0; j < toc.entries[i].dependency_count; j++)
            assert_true(toc.entries[i].dependencies[j] < first);
    }
    assert_int_equal(add(&toc, (struct toc_addition){.desc = "BLOBS", .tag = "BLOBS", .depends_on = 40000}),
                     first);
    text = formatted(&toc);
    named = parsed((struct bytes){text.bytes, text.length});
    assert_int_equal(toc_next_id(&named), 40001);
    text_free(&text);
    toc_free(&named);
    toc.highest_id = INT32_MAX;
    assert_int_equal(toc_next_id(&toc), 0);
    check_status(toc_add(&toc, &(struct toc_addition){.desc = "BLOBS", .tag = "BLOBS"}, &first, &error),
                 CUTOVER_E_UNSUPPORTED, error);
    toc_free(&toc);
    free(bytes.at);
}

/* Additions are constant work each: a hundred thousand tables are a second, not an hour. */
static void many_tables_can_be_added(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc = parsed(bytes), again;
    struct text text;

    (void)state;
    for (int i = 0; i < 100000; i++)
        add(&toc, (struct toc_addition){.desc = "TABLE DATA", .tag = "t", .depends_on = 215});
    text = formatted(&toc);
    again = parsed((struct bytes){text.bytes, text.length});
    assert_int_equal(again.count, 100015);
    assert_string(again.entries[again.count - 1].desc, "MATERIALIZED VIEW DATA");
    text_free(&text);
    toc_free(&again);
    toc_free(&toc);
    free(bytes.at);
}

/* ---------------------------------------------------------------------------------------------- hostile archives */

/* A copy in memory of exactly that size, so that a read beyond it is caught. */
static cutover_status parse_exactly(const char *bytes, size_t count, struct toc *toc, cutover_error **error)
{
    char *exact = malloc(count > 0 ? count : 1);
    cutover_status status;

    assert_non_null(exact);
    memcpy(exact, bytes, count);
    status = toc_parse(exact, count, toc, error);
    free(exact);
    return status;
}

/* EDGE_CASES D3, G14 */
static void truncated_archive_is_refused_at_every_byte(void **state)
{
    struct bytes bytes = fixture("toc-full.dat");
    struct toc toc = {.minor = 99};

    (void)state;
    for (size_t count = 0; count < bytes.count; count++) {
        cutover_error *error = NULL;
        check_status_keep(parse_exactly(bytes.at, count, &toc, &error), CUTOVER_E_VERIFY, error);
        assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
        check_contains(cutover_error_message(error), "toc.dat");
        cutover_error_free(error);
    }
    assert_int_equal(toc.minor, 99); /* untouched */
    free(bytes.at);
}

/* What is still accepted is exactly what it says. */
static void damage_at_every_byte_is_refused_or_kept(void **state)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xff};
    struct bytes bytes = fixture("toc-full.dat");
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < bytes.count * 3; i++) {
        char original = bytes.at[i / 3];
        struct toc toc;
        bytes.at[i / 3] = (char)(original ^ masks[i % 3]);
        cutover_status status = parse_exactly(bytes.at, bytes.count, &toc, NULL);
        if (status == CUTOVER_OK) {
            struct text text = formatted(&toc);
            assert_int_equal(text.length, bytes.count);
            assert_memory_equal(text.bytes, bytes.at, bytes.count);
            text_free(&text);
            toc_free(&toc);
        } else {
            assert_true(status == CUTOVER_E_VERIFY || status == CUTOVER_E_UNSUPPORTED);
            refused++;
        }
        bytes.at[i / 3] = original;
    }
    assert_true(refused > bytes.count);
    free(bytes.at);
}

static void bytes_after_the_end_are_refused(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc;
    cutover_error *error = NULL;

    (void)state;
    /* folder_read ends it with a NUL. */
    check_status(toc_parse(bytes.at, bytes.count + 1, &toc, &error), CUTOVER_E_VERIFY, error);
    free(bytes.at);
}

static void claimed_counts_are_bounded_by_what_is_there(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc = parsed(bytes), empty = toc;
    cutover_error *error = NULL;
    struct text text = TEXT_INIT;
    size_t head;

    (void)state;
    /* The head ends with the number of entries. */
    empty.count = empty.parsed = 0;
    check_ok(toc_format(&empty, &text, &error), error);
    head = text.length;
    memcpy(bytes.at + head - 4, "\xff\xff\xff\x7f", 4);
    toc_free(&toc);
    check_status_keep(toc_parse(bytes.at, bytes.count, &toc, &error), CUTOVER_E_VERIFY, error);
    check_contains(cutover_error_message(error), "more entries");
    cutover_error_free(error);
    text_free(&text);
    free(bytes.at);
}

static void refused(struct toc *toc, const char *why)
{
    struct text text = formatted(toc);
    struct toc again;
    cutover_error *error = NULL;

    check_status_keep(toc_parse(text.bytes, text.length, &again, &error), CUTOVER_E_VERIFY, error);
    check_contains(cutover_error_message(error), why);
    cutover_error_free(error);
    text_free(&text);
    toc_free(toc);
}

/* EDGE_CASES D20: pg_restore opens the file name inside the archive's folder. */
static void names_that_leave_the_folder_are_refused(void **state)
{
    static const char *const names[] = {"../x.dat", "/x", ".x", "a/b"};
    struct bytes bytes = fixture("toc.dat");

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct toc toc = parsed(bytes);
        add(&toc, (struct toc_addition){.desc = "TABLE DATA", .tag = "t", .file = names[i]});
        refused(&toc, "file name");
    }
    free(bytes.at);
}

static void two_entries_with_one_id_are_refused(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc = parsed(bytes);

    (void)state;
    toc.entries[3].dump_id = toc.entries[9].dump_id;
    refused(&toc, "same dumpId");
    free(bytes.at);
}

static void other_versions_are_unsupported(void **state)
{
    struct bytes bytes = fixture("toc.dat");
    struct toc toc;
    cutover_error *error = NULL;

    (void)state;
    bytes.at[6] = 13;
    check_status_keep(toc_parse(bytes.at, bytes.count, &toc, &error), CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_message(error), "1.13");
    cutover_error_free(error);
    error = NULL;
    bytes.at[6] = 17;
    check_status(toc_parse(bytes.at, bytes.count, &toc, &error), CUTOVER_E_UNSUPPORTED, error);
    bytes.at[6] = 14;
    bytes.at[10] = 1; /* a custom archive */
    check_status(toc_parse(bytes.at, bytes.count, &toc, &error), CUTOVER_E_UNSUPPORTED, error);
    check_status(toc_parse("-- PostgreSQL database dump", 27, &toc, &error), CUTOVER_E_VERIFY, error);
    free(bytes.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_archive_is_read),
        cmocka_unit_test(formatting_what_was_parsed_gives_the_same_bytes),
        cmocka_unit_test(an_entry_that_was_put_before_another_is_found_where_it_is),
        cmocka_unit_test(later_versions_are_read_and_written),
        cmocka_unit_test(uncompressed_archive_is_marked_as_compressed),
        cmocka_unit_test(completed_archive_is_what_pg_dump_writes),
        cmocka_unit_test(large_object_is_created_before_data),
        cmocka_unit_test(new_ids_are_beyond_every_id_that_is_named),
        cmocka_unit_test(many_tables_can_be_added),
        cmocka_unit_test(truncated_archive_is_refused_at_every_byte),
        cmocka_unit_test(damage_at_every_byte_is_refused_or_kept),
        cmocka_unit_test(bytes_after_the_end_are_refused),
        cmocka_unit_test(claimed_counts_are_bounded_by_what_is_there),
        cmocka_unit_test(names_that_leave_the_folder_are_refused),
        cmocka_unit_test(two_entries_with_one_id_are_refused),
        cmocka_unit_test(other_versions_are_unsupported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
