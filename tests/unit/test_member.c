#include "archive/member.h"
#include "support/check.h"

#include <libdeflate.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct member_writer *open_writer(void)
{
    struct member_writer *writer;
    cutover_error *error = NULL;

    check_ok(member_writer_open(1, &writer, &error), error);
    return writer;
}

static struct member_reader *open_reader(void)
{
    struct member_reader *reader;
    cutover_error *error = NULL;

    check_ok(member_reader_open(&reader, &error), error);
    return reader;
}

static bool add(struct member_writer *writer, const void *bytes, size_t count)
{
    cutover_error *error = NULL;
    bool full = false;

    check_ok(member_writer_add(writer, bytes, count, &full, &error), error);
    return full;
}

static struct member take(struct member_writer *writer, const void **bytes, size_t *count)
{
    struct member member = {0, 0, 0, 0};
    cutover_error *error = NULL;

    check_ok(member_writer_take(writer, bytes, count, &member, &error), error);
    assert_int_equal(member.size, *count);
    return member;
}

static cutover_status inflate(struct member_reader *reader, const void *bytes, size_t count,
                              const struct member *member, const char **raw, cutover_error **error)
{
    void *buffer = member_reader_buffer(reader, count, error);

    if (buffer == NULL)
        return CUTOVER_E_NOMEM;
    memcpy(buffer, bytes, count);
    return member_reader_inflate(reader, member, raw, error);
}

static void rows_come_back(void **state)
{
    struct member_writer *writer = open_writer();
    struct member_reader *reader = open_reader();
    struct member member;
    const void *bytes = NULL;
    const char *raw = NULL;
    size_t count = 0;
    cutover_error *error = NULL;

    (void)state;
    assert_false(add(writer, "1\tone\n", 6));
    assert_false(add(writer, "\n", 1));
    member = take(writer, &bytes, &count);
    assert_int_equal(member.raw, 7);
    assert_int_equal(member.rows, 2);
    check_ok(inflate(reader, bytes, count, &member, &raw, &error), error);
    assert_memory_equal(raw, "1\tone\n\n", 7);
    member_reader_free(reader);
    member_writer_free(writer);
}

static void nothing_added_gives_no_member(void **state)
{
    struct member_writer *writer = open_writer();
    const void *bytes = NULL;
    size_t count = 9;

    (void)state;
    take(writer, &bytes, &count);
    assert_int_equal(count, 0);
    add(writer, "x\n", 2);
    take(writer, &bytes, &count);
    assert_true(count > 0);
    take(writer, &bytes, &count);
    assert_int_equal(count, 0);
    member_writer_free(writer);
}

/* Adds rows of a fixed length until a member is due. */
static uint64_t fill(struct member_writer *writer, size_t length)
{
    char *row = malloc(length);
    uint64_t rows = 1;

    assert_non_null(row);
    memset(row, 'r', length);
    row[length - 1] = '\n';
    while (!add(writer, row, length))
        rows++;
    free(row);
    return rows;
}

static void members_are_cut_at_row_ends_near_the_target(void **state)
{
    struct member_writer *writer = open_writer();
    const void *bytes = NULL;
    size_t count = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        uint64_t rows = fill(writer, 1000);
        struct member member = take(writer, &bytes, &count);
        assert_int_equal(rows, 1049);
        assert_int_equal(member.rows, rows);
        assert_int_equal(member.raw, rows * 1000);
        assert_true(member.raw >= MEMBER_RAW_TARGET && member.raw < MEMBER_RAW_TARGET + 1000);
    }
    member_writer_free(writer);
}

static void row_beyond_the_target_is_one_big_member(void **state)
{
    struct member_writer *writer = open_writer();
    struct member_reader *reader = open_reader();
    const void *bytes = NULL;
    const char *raw = NULL;
    size_t count = 0, size = 5 * MEMBER_RAW_TARGET;
    char *row = malloc(size);
    struct member member;
    cutover_error *error = NULL;

    (void)state;
    assert_non_null(row);
    for (size_t i = 0; i < size; i++)
        row[i] = (char)('a' + i * 2654435761u % 23);
    assert_false(add(writer, "small\n", 6));
    assert_true(add(writer, row, size));
    member = take(writer, &bytes, &count);
    assert_int_equal(member.rows, 2);
    assert_int_equal(member.raw, size + 6);
    check_ok(inflate(reader, bytes, count, &member, &raw, &error), error);
    assert_memory_equal(raw + 6, row, size);
    free(row);
    member_reader_free(reader);
    member_writer_free(writer);
}

/* EDGE_CASES B11: memory for one huge row is given back after it. (A sanitizer's allocator reports nothing here.) */
static void memory_of_a_huge_row_is_given_back(void **state)
{
    struct member_writer *writer = open_writer();
    size_t size = 64 * MEMBER_RAW_TARGET, count = 0;
    char *row = calloc(size, 1);
    const void *bytes = NULL;

    (void)state;
    assert_non_null(row);
    assert_true(add(writer, row, size));
    free(row);
    take(writer, &bytes, &count);
    add(writer, "x\n", 2);
    assert_true(mallinfo2().hblkhd + mallinfo2().uordblks < 8 * MEMBER_RAW_TARGET);
    fill(writer, 1000);
    take(writer, &bytes, &count);
    assert_true(count > 0);
    member_writer_free(writer);
}

/* What gzip and pg_restore do: one member after the other, as one stream. */
static void concatenation_is_one_gzip_stream(void **state)
{
    struct member_writer *writer = open_writer();
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    char file[512], out[64];
    size_t length = 0, at = 0, taken = 0, got = 0, total = 0;
    const void *bytes = NULL;
    size_t count = 0;
    struct member end = {0, 0, 0, 0};
    cutover_error *error = NULL;

    (void)state;
    for (int i = 0; i < 3; i++) {
        add(writer, "row\n", 4);
        take(writer, &bytes, &count);
        memcpy(file + length, bytes, count);
        length += count;
    }
    check_ok(member_writer_copy_end(writer, &bytes, &count, &end, &error), error);
    assert_int_equal(end.rows, 0);
    assert_int_equal(end.raw, 5);
    memcpy(file + length, bytes, count);
    length += count;
    for (; at < length; at += taken, total += got)
        assert_int_equal(libdeflate_gzip_decompress_ex(decompressor, file + at, length - at, out + total,
                                                       sizeof(out) - total, &taken, &got),
                         LIBDEFLATE_SUCCESS);
    assert_int_equal(total, 17);
    assert_memory_equal(out, "row\nrow\nrow\n\\.\n\n\n", 17);
    libdeflate_free_decompressor(decompressor);
    member_writer_free(writer);
}

/* EDGE_CASES D3, D4 */
static void damage_at_every_byte_is_found(void **state)
{
    struct member_writer *writer = open_writer();
    struct member_reader *reader = open_reader();
    const void *bytes = NULL;
    const char *raw = NULL;
    size_t count = 0;
    char copy[256];
    struct member member, other;
    cutover_error *error = NULL;

    (void)state;
    for (int i = 0; i < 10; i++)
        add(writer, "1\tone\tsome row\n", 15);
    member = take(writer, &bytes, &count);
    assert_true(count < sizeof(copy));
    memcpy(copy, bytes, count);
    for (size_t i = 0; i < count; i++) {
        /* The header's time, flags for speed and system do not change what it holds. */
        if (i >= 4 && i <= 9)
            continue;
        copy[i] = (char)(copy[i] ^ 0x10);
        check_status_keep(inflate(reader, copy, count, &member, &raw, &error), CUTOVER_E_VERIFY, error);
        assert_int_equal(cutover_error_verdict(error), CUTOVER_VERDICT_DIFFERENT);
        cutover_error_free(error);
        error = NULL;
        copy[i] = (char)(copy[i] ^ 0x10);
    }
    for (size_t size = 0; size < count; size++) {
        other = member;
        other.size = size;
        check_status(inflate(reader, copy, size, &other, &raw, &error), CUTOVER_E_VERIFY, error);
    }
    other = member;
    other.raw++;
    check_status(inflate(reader, copy, count, &other, &raw, &error), CUTOVER_E_VERIFY, error);
    other.raw -= 2;
    check_status(inflate(reader, copy, count, &other, &raw, &error), CUTOVER_E_VERIFY, error);
    copy[count] = 'x';
    other = member;
    other.size++;
    check_status(inflate(reader, copy, count + 1, &other, &raw, &error), CUTOVER_E_VERIFY, error);
    check_ok(inflate(reader, copy, count, &member, &raw, &error), error);
    member_reader_free(reader);
    member_writer_free(writer);
}

/* Large objects: their members are not listed anywhere. */
static void unlisted_members_are_read_one_after_the_other(void **state)
{
    struct member_writer *writer = open_writer();
    struct member_reader *reader = open_reader();
    char file[512], *buffer;
    const void *bytes = NULL;
    const char *raw = NULL;
    size_t length = 0, at = 0, count = 0, used = 0, raw_count = 0;
    cutover_error *error = NULL;

    (void)state;
    for (int i = 0; i < 3; i++) {
        add(writer, "chunk", (size_t)(3 + i));
        take(writer, &bytes, &count);
        memcpy(file + length, bytes, count);
        length += count;
    }
    for (size_t i = 0; i < 3; i++, at += used) {
        buffer = member_reader_buffer(reader, length - at, &error);
        assert_non_null(buffer);
        memcpy(buffer, file + at, length - at);
        check_ok(member_reader_next(reader, length - at, 100, &used, &raw, &raw_count, &error), error);
        assert_int_equal(raw_count, 3 + i);
        assert_memory_equal(raw, "chunk", raw_count);
    }
    assert_int_equal(at, length);
    buffer = member_reader_buffer(reader, length, &error);
    assert_non_null(buffer);
    memcpy(buffer, file, length);
    check_status(member_reader_next(reader, length, 2, &used, &raw, &raw_count, &error), CUTOVER_E_VERIFY,
                 error);
    check_status(member_reader_next(reader, 10, 100, &used, &raw, &raw_count, &error), CUTOVER_E_VERIFY, error);
    member_reader_free(reader);
    member_writer_free(writer);
}

static void empty_member_is_gzip_of_nothing(void **state)
{
    struct member_writer *writer = open_writer();
    struct member_reader *reader = open_reader();
    const void *bytes = NULL;
    const char *raw = NULL;
    size_t count = 0;
    struct member member = {0, 0, 9, 9};
    cutover_error *error = NULL;

    (void)state;
    check_ok(member_writer_empty(writer, &bytes, &count, &member, &error), error);
    assert_true(count >= 20);
    assert_int_equal(member.raw, 0);
    assert_int_equal(member.rows, 0);
    check_ok(inflate(reader, bytes, count, &member, &raw, &error), error);
    member_reader_free(reader);
    member_writer_free(writer);
}

/* A few bytes cannot make the reader allocate gigabytes. */
static void impossible_sizes_are_refused_before_memory_is_taken(void **state)
{
    struct member_reader *reader = open_reader();
    struct member member = {0, 100, 100 * 2000, 1};
    const char *raw = NULL;
    char bytes[100] = {0};
    cutover_error *error = NULL;

    (void)state;
    check_status_keep(inflate(reader, bytes, 100, &member, &raw, &error), CUTOVER_E_VERIFY, error);
    check_contains(cutover_error_message(error), "beyond every limit");
    cutover_error_free(error);
    error = NULL;
    member.raw = (uint64_t)MEMBER_RAW_LIMIT + 1;
    check_status(inflate(reader, bytes, 100, &member, &raw, &error), CUTOVER_E_VERIFY, error);
    assert_null(member_reader_buffer(reader, (size_t)MEMBER_RAW_LIMIT + 1, &error));
    assert_int_equal(cutover_error_code(error), CUTOVER_E_VERIFY);
    cutover_error_free(error);
    member_reader_free(reader);
}

static void level_out_of_bounds_is_refused(void **state)
{
    struct member_writer *writer = NULL;
    cutover_error *error = NULL;

    (void)state;
    check_status(member_writer_open(0, &writer, &error), CUTOVER_E_INVALID, error);
    check_status(member_writer_open(13, &writer, &error), CUTOVER_E_INVALID, error);
    assert_null(writer);
    member_writer_free(NULL);
    member_reader_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back),
        cmocka_unit_test(nothing_added_gives_no_member),
        cmocka_unit_test(members_are_cut_at_row_ends_near_the_target),
        cmocka_unit_test(row_beyond_the_target_is_one_big_member),
        cmocka_unit_test(memory_of_a_huge_row_is_given_back),
        cmocka_unit_test(concatenation_is_one_gzip_stream),
        cmocka_unit_test(damage_at_every_byte_is_found),
        cmocka_unit_test(unlisted_members_are_read_one_after_the_other),
        cmocka_unit_test(empty_member_is_gzip_of_nothing),
        cmocka_unit_test(impossible_sizes_are_refused_before_memory_is_taken),
        cmocka_unit_test(level_out_of_bounds_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
