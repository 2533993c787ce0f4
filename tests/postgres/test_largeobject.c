#include "support/check.h"
#include "support/cluster.h"
#include "support/session.h"
#include "support/shop.h"

#include "postgres/largeobject.h"
#include "postgres/largeobject_entries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two chunks and a bit; every byte value. */
#define BIG_SIZE ((size_t)2 * 1024 * 1024 + 12345)

static struct cluster *cluster;
static unsigned char big[BIG_SIZE];

static const char keepers_sql[] = "CREATE ROLE keeper; CREATE ROLE \"odd \"\"keeper\"; CREATE ROLE looker;"
                                  "CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader";

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    cluster_create_database(cluster, "objects");
    cluster_sql(cluster, "postgres", keepers_sql);
    shop_use(cluster);
    for (size_t i = 0; i < BIG_SIZE; i++)
        big[i] = (unsigned char)(i * 2654435761U >> 13);
    return 0;
}

static struct session *open_objects(void)
{
    return check_session(cluster_conninfo(cluster, "objects"));
}

/* Makes the object with these bytes, written in pieces of `piece`. */
static void make(struct session *session, uint32_t oid, const void *bytes, size_t count, size_t piece)
{
    struct largeobject_writer writer = {.session = session};
    cutover_error *error = NULL;

    check_ok(session_run_format(session, &error, "SELECT pg_catalog.lo_create(%u)", oid), error);
    largeobject_begin(&writer, oid);
    for (size_t done = 0; done < count; done += piece) {
        size_t part = count - done < piece ? count - done : piece;

        check_ok(largeobject_write(&writer, (const char *)bytes + done, part, &error), error);
    }
    check_ok(largeobject_end(&writer, &error), error);
    check_ok(largeobject_flush(&writer, &error), error);
    largeobject_writer_free(&writer);
}

struct collected {
    struct text bytes;
    size_t longest;
};

static cutover_status collect(void *context, const void *bytes, size_t count, cutover_error **error)
{
    struct collected *collected = context;

    (void)error;
    text_add_bytes(&collected->bytes, bytes, count);
    if (count > collected->longest)
        collected->longest = count;
    return CUTOVER_OK;
}

static void content_comes_back_byte_by_byte(void **state)
{
    struct session *session = open_objects();
    struct collected collected = {TEXT_INIT, 0};
    uint64_t size = 0;
    cutover_error *error = NULL;

    (void)state;
    make(session, 4000000001U, big, BIG_SIZE, 100000);
    check_ok(largeobject_read(session, 4000000001U, collect, &collected, NULL, &size, &error), error);
    assert_int_equal(size, BIG_SIZE);
    assert_int_equal(collected.bytes.length, BIG_SIZE);
    assert_memory_equal(collected.bytes.bytes, big, BIG_SIZE);
    assert_true(collected.longest <= 1024 * 1024);
    text_free(&collected.bytes);
    session_close(session);
}

static void empty_and_exact_chunks_are_read_whole(void **state)
{
    const size_t chunk = (size_t)1024 * 1024;
    struct session *session = open_objects();
    uint64_t size = 0;
    struct digest digest = DIGEST_INIT;
    cutover_error *error = NULL;

    (void)state;
    make(session, 1000, NULL, 0, 1);
    make(session, 1001, big, chunk, 2 * chunk);
    make(session, 1002, big, 1, 1);
    check_ok(largeobject_read(session, 1000, NULL, NULL, &digest, &size, &error), error);
    assert_int_equal(size, 0);
    check_ok(largeobject_read(session, 1001, NULL, NULL, &digest, &size, &error), error);
    assert_int_equal(size, chunk);
    check_ok(largeobject_read(session, 1002, NULL, NULL, &digest, &size, &error), error);
    assert_int_equal(size, chunk + 1);
    assert_int_equal(digest.rows, 3);
    session_close(session);
}

/* EDGE_CASES B21: the digest is that of a row "<oid>\t<content>": the OID counts, since rows refer to it. */
static void digest_is_over_oid_and_content(void **state)
{
    struct session *session = open_objects();
    char *row = malloc(BIG_SIZE + 16);
    struct digest expected = DIGEST_INIT, found = DIGEST_INIT, other = DIGEST_INIT;
    int head;
    cutover_error *error = NULL;

    (void)state;
    assert_non_null(row);
    head = snprintf(row, 16, "4000000001\t");
    memcpy(row + head, big, BIG_SIZE);
    digest_row(&expected, row, (size_t)head + BIG_SIZE);
    check_ok(largeobject_read(session, 4000000001U, NULL, NULL, &found, NULL, &error), error);
    assert_true(digest_equal(&expected, &found));
    make(session, 4000000002U, big, BIG_SIZE, BIG_SIZE);
    check_ok(largeobject_read(session, 4000000002U, NULL, NULL, &other, NULL, &error), error);
    assert_false(digest_equal(&expected, &other));
    free(row);
    session_close(session);
}

/* Read under a snapshot, whatever others write meanwhile (EDGE_CASES B5). */
static void content_is_of_the_transactions_snapshot(void **state)
{
    struct session *session = open_objects();
    struct digest before = DIGEST_INIT, after = DIGEST_INIT;
    cutover_error *error = NULL;

    (void)state;
    check_ok(session_run(session, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", &error), error);
    check_ok(largeobject_read(session, 1001, NULL, NULL, &before, NULL, &error), error);
    cluster_sql(cluster, "objects", "SELECT lo_put(1001, 5, 'changed')");
    check_ok(largeobject_read(session, 1001, NULL, NULL, &after, NULL, &error), error);
    assert_true(digest_equal(&before, &after));
    check_ok(session_run(session, "COMMIT", &error), error);
    after = (struct digest)DIGEST_INIT;
    check_ok(largeobject_read(session, 1001, NULL, NULL, &after, NULL, &error), error);
    assert_false(digest_equal(&before, &after));
    session_close(session);
}

static void missing_object_is_named(void **state)
{
    struct session *session = open_objects();
    struct largeobject_writer writer = {.session = session};
    struct digest digest = DIGEST_INIT;
    uint64_t size = 9;
    cutover_error *error = NULL;

    (void)state;
    check_status_keep(largeobject_read(session, 55, NULL, NULL, &digest, &size, &error), CUTOVER_E_POSTGRES,
                      error);
    assert_string_equal(cutover_error_sqlstate(error), "42704");
    check_contains(cutover_error_message(error), "large object 55");
    assert_int_equal(digest.rows, 0);
    assert_int_equal(size, 9);
    cutover_error_free(error);
    error = NULL;
    largeobject_begin(&writer, 55);
    check_ok(largeobject_write(&writer, "x", 1, &error), error);
    check_ok(largeobject_end(&writer, &error), error);
    check_status_keep(largeobject_flush(&writer, &error), CUTOVER_E_POSTGRES, error);
    assert_string_equal(cutover_error_sqlstate(error), "42704");
    cutover_error_free(error);
    error = NULL;
    largeobject_begin(&writer, 55);
    check_status(largeobject_write(&writer, big, BIG_SIZE, &error), CUTOVER_E_POSTGRES, error);
    largeobject_writer_free(&writer);
    session_close(session);
}

/* Sizes around those at which something changes: what goes with others, what goes alone, what takes several chunks. */
static const size_t sizes[] = {
    0, 1, 2047, 2048, 16383, 16384, 16385, 16385, 1024 * 1024, 1024 * 1024 + 16384, 3000, 0};
#define SIZES (sizeof sizes / sizeof *sizes)

/* More than go at a time; read through the inventory as backups, copies and checks do. */
static void many_objects_come_one_after_the_other(void **state)
{
    enum { COUNT = 700 };
    struct session *session = open_objects();
    struct largeobject_writer writer = {.session = session};
    struct largeobject_reader reader;
    struct inventory inventory = {0};
    struct digest together = DIGEST_INIT, alone = DIGEST_INIT;
    uint64_t size = 0, expected = 0;
    cutover_error *error = NULL;

    (void)state;
    cluster_sql(cluster, "objects",
                "SELECT lo_unlink(oid) FROM pg_largeobject_metadata;"
                "SELECT lo_create(g) FROM generate_series(70000, 70699) g");
    for (unsigned i = 0; i < COUNT; i++) {
        size_t count = sizes[i % SIZES];
        largeobject_begin(&writer, 70000 + i);
        for (size_t done = 0; done < count; done += 9000)
            check_ok(
                largeobject_write(&writer, big + i + done, count - done < 9000 ? count - done : 9000, &error),
                error);
        check_ok(largeobject_end(&writer, &error), error);
        expected += count;
    }
    check_ok(largeobject_flush(&writer, &error), error);
    largeobject_writer_free(&writer);
    check_ok(inventory_read(session, &inventory, &error), error);
    assert_int_equal(inventory.large_object_count, COUNT);
    largeobject_reader_open(&reader, session, &inventory);
    for (unsigned i = 0; i < COUNT; i++) {
        struct collected whole = {TEXT_INIT, 0};
        assert_int_equal(largeobject_reader_at(&reader), 70000 + i);
        check_ok(largeobject_reader_next(&reader, collect, &whole, &together, &size, &error), error);
        check_ok(largeobject_read(session, 70000 + i, NULL, NULL, &alone, NULL, &error), error);
        assert_int_equal(whole.bytes.length, sizes[i % SIZES]);
        if (whole.bytes.length > 0)
            assert_memory_equal(whole.bytes.bytes, big + i, whole.bytes.length);
        text_free(&whole.bytes);
    }
    largeobject_reader_close(&reader);
    assert_int_equal(size, expected);
    assert_int_equal(together.rows, COUNT);
    assert_true(digest_equal(&together, &alone));
    inventory_free(&inventory);
    session_close(session);
}

/* ---- through a promotion, a backup and stock tools ---- */

/* Groups of one object, of some, and of more than an entry of pg_dump's holds; grants in every form. */
static const char kept_sql[] =
    "CREATE TABLE generation (name text); CREATE TABLE papers (id int PRIMARY KEY, paper oid);"
    "SELECT lo_from_bytea(g, convert_to(repeat(g::text, g % 50), 'UTF8')) FROM generate_series(50001, 53410) g;"
    "INSERT INTO papers SELECT g, g FROM generate_series(50001, 53410) g;"
    "DO $$ BEGIN FOR g IN 52301..53400 LOOP"
    " EXECUTE format('ALTER LARGE OBJECT %s OWNER TO keeper; GRANT SELECT ON LARGE OBJECT %s TO looker', g, g);"
    " END LOOP; END $$;"
    "SELECT lo_put(53400, 0, convert_to(repeat('a big one ', 200000), 'UTF8'));"
    "ALTER LARGE OBJECT 53401 OWNER TO \"odd \"\"keeper\";"
    "GRANT ALL ON LARGE OBJECT 53401 TO PUBLIC;"
    "GRANT UPDATE ON LARGE OBJECT 53402 TO \"odd \"\"keeper\" WITH GRANT OPTION;"
    "ALTER LARGE OBJECT 53403 OWNER TO keeper; ALTER LARGE OBJECT 53404 OWNER TO keeper;"
    "REVOKE UPDATE ON LARGE OBJECT 53403 FROM keeper; REVOKE ALL ON LARGE OBJECT 53404 FROM keeper;"
    "GRANT SELECT ON LARGE OBJECT 53405, 53406 TO looker WITH GRANT OPTION;"
    "SET ROLE looker; GRANT SELECT ON LARGE OBJECT 53405, 53406 TO keeper; RESET ROLE;"
    "GRANT UPDATE ON LARGE OBJECT 53405, 53406 TO looker;"
    "COMMENT ON LARGE OBJECT 50001 IS E'it\\'s \\\\ one\\nof \"them\"';"
    "COMMENT ON LARGE OBJECT 52999 IS 'one of the keeper''s';"
    "COMMENT ON LARGE OBJECT 53405 IS 'alone';";

static const char kept_fact_sql[] =
    "SELECT string_agg(format('%s %s %s %s %s', oid, md5(lo_get(oid)), lomowner::regrole, lomacl,"
    "   obj_description(oid, 'pg_largeobject')), E'\\n' ORDER BY oid) FROM pg_largeobject_metadata";

static void owners_grants_and_comments_come_through(void **state)
{
    struct shop *shop = *state;
    bool all_data = cluster_number(cluster, "postgres", "SHOW server_version_num") >= 190000;

    shop_database(cluster, "kept_production", kept_sql);
    shop_database(cluster, "kept_preview", kept_sql);
    cluster_sql(cluster, "kept_preview",
                "SELECT lo_put(50002, 3, 'new'); ALTER LARGE OBJECT 50003 OWNER TO keeper;"
                "SELECT lo_unlink(50004); DELETE FROM papers WHERE id = 50004");
    char *production = cluster_value(cluster, "kept_production", kept_fact_sql);
    char *preview = cluster_value(cluster, "kept_preview", kept_fact_sql);
    check_contains(production, " keeper {} ");
    shop_project(shop, "kept", cluster_conninfo(cluster, "kept_production"));
    /* From 19 on who reads all data reads these. */
    shop_preview(shop, "kept", "kept",
                 cluster_conninfo_as(cluster, "kept_preview", all_data ? "reader" : "postgres"), 0);
    char *request = shop_acked(shop, "kept", "kept");
    const struct shop_promotion promotion = {.request_id = request, .verify = CUTOVER_VERIFY_RESTORE};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    char *found = cluster_value(cluster, "kept_production", kept_fact_sql);
    check_same_text(found, preview);
    cluster_create_database(cluster, "kept_restored");
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-j2", "-d",
                              cluster_conninfo(cluster, "kept_restored"), outcome_text(&outcome, "backup_path"),
                              NULL});
    char *restored = cluster_value(cluster, "kept_restored", kept_fact_sql);
    check_same_text(restored, production);
    outcome_free(&outcome);
    free(request);
    free(production);
    free(preview);
    free(found);
    free(restored);
}

static cutover_status refuse(void *context, const void *bytes, size_t count, cutover_error **error)
{
    (void)context;
    (void)bytes;
    (void)count;
    return error_set(error, CUTOVER_E_IO, "the disk is full");
}

static void sink_that_fails_ends_the_reading(void **state)
{
    struct session *session = open_objects();
    struct digest digest = DIGEST_INIT;
    cutover_error *error = NULL;

    (void)state;
    check_status_keep(largeobject_read(session, 1001, refuse, NULL, &digest, NULL, &error), CUTOVER_E_IO,
                      error);
    assert_string_equal(cutover_error_message(error), "the disk is full");
    assert_int_equal(digest.rows, 0);
    cutover_error_free(error);
    session_close(session);
}

static const struct toc_entry *entry_of(const struct toc *toc, const char *desc, const char *tag)
{
    for (size_t i = 0; i < toc->count; i++)
        if (strcmp(toc->entries[i].desc.bytes, desc) == 0 && strcmp(toc->entries[i].tag.bytes, tag) == 0)
            return &toc->entries[i];
    fail_msg("no entry %s %s", desc, tag);
    return NULL;
}

/* What an archive of pg_dump 17 has, asked of any server. */
static void objects_of_one_owner_and_grants_are_a_group(void **state)
{
    struct session *session = open_objects();
    struct toc toc = {.major = 1, .minor = 16};
    cutover_error *error = NULL;

    (void)state;
    check_ok(
        session_run(session,
                    "BEGIN; SELECT lo_unlink(oid) FROM pg_largeobject_metadata;"
                    "SELECT lo_create(n) FROM generate_series(70001, 70005) n;"
                    "ALTER LARGE OBJECT 70003 OWNER TO \"odd \"\"keeper\";"
                    "COMMENT ON LARGE OBJECT 70002 IS 'it''s';"
                    "GRANT SELECT ON LARGE OBJECT 70004, 70005 TO looker WITH GRANT OPTION;"
                    "SET SESSION AUTHORIZATION looker; GRANT SELECT ON LARGE OBJECT 70004, 70005 TO keeper;"
                    "RESET SESSION AUTHORIZATION",
                    &error),
        error);
    check_ok(largeobject_entries_add(session, &toc, &error), error);
    check_ok(largeobject_contents_add(&toc, true, &error), error);
    assert_string_equal(entry_of(&toc, "BLOB METADATA", "70001..70002")->defn.bytes, "70001\n70002\n");
    assert_string_equal(entry_of(&toc, "BLOB METADATA", "70003")->owner.bytes, "odd \"keeper");
    check_contains(entry_of(&toc, "COMMENT", "LARGE OBJECT 70002")->defn.bytes,
                   "COMMENT ON LARGE OBJECT 70002 IS 'it''s';");
    check_contains(entry_of(&toc, "ACL", "LARGE OBJECT 70004")->defn.bytes,
                   "GRANT SELECT ON LARGE OBJECT 70004 TO looker WITH GRANT OPTION;");
    /* What is done in another's name is said for each. */
    check_contains(entry_of(&toc, "ACL", "LARGE OBJECT 70005")->defn.bytes,
                   "SET SESSION AUTHORIZATION looker;\nGRANT SELECT ON LARGE OBJECT 70005 TO keeper;");
    size_t contents = 0;
    for (size_t i = 0; i < toc.count; i++)
        contents += largeobject_is_contents(&toc.entries[i]);
    assert_int_equal(contents, 3);
    toc_free(&toc);
    /* Before, pre-data has them, and one entry stands for all contents. */
    toc = (struct toc){.major = 1, .minor = 15};
    check_ok(largeobject_entries_add(session, &toc, &error), error);
    assert_int_equal(toc.count, 0);
    check_ok(largeobject_contents_add(&toc, true, &error), error);
    assert_int_equal(toc.count, 1);
    assert_true(largeobject_is_contents(&toc.entries[0]));
    assert_null(largeobject_group(&toc, &toc.entries[0]));
    toc_free(&toc);
    check_ok(session_run(session, "ROLLBACK", &error), error);
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_comes_back_byte_by_byte),
        cmocka_unit_test(empty_and_exact_chunks_are_read_whole),
        cmocka_unit_test(digest_is_over_oid_and_content),
        cmocka_unit_test(content_is_of_the_transactions_snapshot),
        cmocka_unit_test(missing_object_is_named),
        cmocka_unit_test(sink_that_fails_ends_the_reading),
        cmocka_unit_test(objects_of_one_owner_and_grants_are_a_group),
        cmocka_unit_test(many_objects_come_one_after_the_other),
        cmocka_unit_test_setup_teardown(owners_grants_and_comments_come_through, shop_setup, shop_teardown),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
