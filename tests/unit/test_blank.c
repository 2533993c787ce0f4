#include "archive/blank.h"
#include "archive/member.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Every length up to where one has its extra field for sure, and those around the ends of a chain's members. */
static const struct {
    size_t first, last;
} lengths[] = {
    {BLANK_MIN, 400},
    {BLANK_MAX - 40, BLANK_MAX + 40},
    {2 * BLANK_MAX - 40, 2 * BLANK_MAX + 40},
    {1048576, 1048577},
};

static void each_length(void (*act)(size_t count))
{
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
        for (size_t count = lengths[i].first; count <= lengths[i].last; count++)
            act(count);
}

static char *filled(size_t count)
{
    /* Nothing is written behind the blank, and nothing of what was there stays. */
    char *bytes = malloc(count + 1);

    assert_non_null(bytes);
    memset(bytes, 0xa5, count + 1);
    blank_fill(bytes, count);
    assert_int_equal((unsigned char)bytes[count], 0xa5);
    return bytes;
}

static void check_listed(size_t count)
{
    char *bytes = filled(count);
    size_t at = 0;
    struct member_reader *reader = NULL;
    cutover_error *error = NULL;

    check_ok(member_reader_open(&reader, &error), error);
    while (at < count) {
        const struct member listed = {at, blank_next(count - at), 0, 0};
        const char *raw = NULL;
        void *buffer = member_reader_buffer(reader, listed.size, &error);

        assert_non_null(buffer);
        assert_in_range(listed.size, BLANK_MIN, BLANK_MAX);
        memcpy(buffer, bytes + at, listed.size);
        check_ok(member_reader_inflate(reader, &listed, &raw, &error), error);
        at += listed.size;
    }
    assert_int_equal(at, count);
    member_reader_free(reader);
    free(bytes);
}

static void blank_is_members_of_nothing_that_are_as_long_together(void **state)
{
    (void)state;
    each_length(check_listed);
}

static FILE *stream;

static void add_blank(size_t count)
{
    char *bytes = filled(count);

    assert_int_equal(fwrite(bytes, 1, count, stream), count);
    free(bytes);
}

static void add_word(struct member_writer *writer, const char *word)
{
    struct member member;
    const void *bytes = NULL;
    size_t count = 0;
    bool full;
    cutover_error *error = NULL;

    check_ok(member_writer_add(writer, word, strlen(word), &full, &error), error);
    check_ok(member_writer_take(writer, &bytes, &count, &member, &error), error);
    assert_int_equal(fwrite(bytes, 1, count, stream), count);
}

/* Before, between and behind members, of every length. */
static void gzip_reads_what_lies_between_blanks(void **state)
{
    char folder[] = "/tmp/blank-XXXXXX", path[64], command[200], said[64] = "";
    struct member_writer *writer = NULL;
    cutover_error *error = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file.gz", folder);
    stream = fopen(path, "w");
    assert_non_null(stream);
    check_ok(member_writer_open(1, &writer, &error), error);
    each_length(add_blank);
    add_word(writer, "one\n");
    each_length(add_blank);
    add_word(writer, "two\n");
    each_length(add_blank);
    member_writer_free(writer);
    assert_int_equal(fclose(stream), 0);

    snprintf(command, sizeof(command), "gzip -dc %s 2>&1 | tr '\\n' ' '", path);
    stream = popen(command, "r");
    assert_non_null(stream);
    assert_non_null(fgets(said, sizeof(said), stream));
    assert_int_equal(pclose(stream), 0);
    assert_string_equal(said, "one two ");
    remove(path);
    remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blank_is_members_of_nothing_that_are_as_long_together),
        cmocka_unit_test(gzip_reads_what_lies_between_blanks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
