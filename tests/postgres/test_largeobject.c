#include "support/check.h"
#include "support/cluster.h"
#include "support/session.h"

#include "postgres/largeobject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two chunks and a bit; every byte value. */
#define BIG_SIZE ((size_t)2 * 1024 * 1024 + 12345)

static struct cluster *cluster;
static unsigned char big[BIG_SIZE];

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    cluster_create_database(cluster, "objects");
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
    struct largeobject_writer writer = {.session = session, .oid = oid};
    cutover_error *error = NULL;

    check_ok(session_run_format(session, &error, "BEGIN; SELECT pg_catalog.lo_create(%u)", oid), error);
    for (size_t done = 0; done < count; done += piece) {
        size_t part = count - done < piece ? count - done : piece;

        check_ok(largeobject_write(&writer, (const char *)bytes + done, part, &error), error);
    }
    assert_int_equal(writer.offset, count);
    check_ok(session_run(session, "COMMIT", &error), error);
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
    struct largeobject_writer writer = {.session = session, .oid = 55};
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
    check_status(largeobject_write(&writer, "x", 1, &error), CUTOVER_E_POSTGRES, error);
    assert_int_equal(writer.offset, 0);
    session_close(session);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_comes_back_byte_by_byte),
        cmocka_unit_test(empty_and_exact_chunks_are_read_whole),
        cmocka_unit_test(digest_is_over_oid_and_content),
        cmocka_unit_test(content_is_of_the_transactions_snapshot),
        cmocka_unit_test(missing_object_is_named),
        cmocka_unit_test(sink_that_fails_ends_the_reading),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
