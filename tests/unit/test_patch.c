#include "archive/blank.h"
#include "archive/member.h"
#include "archive/object.h"
#include "archive/patch.h"
#include "base/folder.h"
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#define BACKUP "01930a5e-0000-7000-8000-000000000001"
#define NAME "12.dat.gz"
#define LIMIT (8u * 1024u * 1024u)

/* A file of members of random text, so that none is small, in a repository of which a call can fail. */
struct fixture {
    char *path;
    cutover_repository repository, inner;
    struct member_writer *writer;
    uint64_t size;
    unsigned calls, fail_at; /* from 1 */
};

static bool fails(struct fixture *fixture)
{
    return ++fixture->calls == fixture->fail_at;
}

static cutover_status failing_patch(const char *backup, const char *name, void **object, cutover_error **error,
                                    void *userdata)
{
    struct fixture *fixture = userdata;

    if (fails(fixture))
        return CUTOVER_E_REPOSITORY; /* without an error, as a careless host does it */
    return fixture->inner.patch(backup, name, object, error, fixture->inner.userdata);
}

static cutover_status failing_write_at(void *object, uint64_t offset, const void *bytes, size_t count,
                                       cutover_error **error, void *userdata)
{
    struct fixture *fixture = userdata;

    if (fails(fixture))
        return CUTOVER_E_REPOSITORY;
    return fixture->inner.write_at(object, offset, bytes, count, error, fixture->inner.userdata);
}

static cutover_status failing_commit(void *object, cutover_error **error, void *userdata)
{
    struct fixture *fixture = userdata;

    if (!fails(fixture))
        return fixture->inner.commit(object, error, fixture->inner.userdata);
    fixture->inner.abort(object, fixture->inner.userdata);
    return CUTOVER_E_REPOSITORY;
}

static void passing_abort(void *object, void *userdata)
{
    struct fixture *fixture = userdata;

    fixture->inner.abort(object, fixture->inner.userdata);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    cutover_error *error = NULL;

    assert_non_null(fixture);
    check_ok(folder_make(NULL, &fixture->path, &error), error);
    cutover_repository_init(&fixture->inner, CUTOVER_REPOSITORY_VERSION);
    check_ok(cutover_repository_directory_open(fixture->path, &fixture->inner, &error), error);
    check_ok(fixture->inner.begin(BACKUP, &error, fixture->inner.userdata), error);
    check_ok(member_writer_open(1, &fixture->writer, &error), error);
    fixture->repository = fixture->inner;
    fixture->repository.userdata = fixture;
    fixture->repository.patch = failing_patch;
    fixture->repository.write_at = failing_write_at;
    fixture->repository.commit = failing_commit;
    fixture->repository.abort = passing_abort;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    member_writer_free(fixture->writer);
    cutover_repository_close(&fixture->inner);
    folder_remove(fixture->path);
    free(fixture->path);
    free(fixture);
    return 0;
}

/* A member of `size` bytes that do not compress, but for their first. */
static struct member packed(struct fixture *fixture, char first, size_t size, const void **bytes)
{
    struct member member = {0};
    char *raw = malloc(size);
    size_t count = 0;
    uint64_t noise = 88172645463325252u;
    bool full;
    cutover_error *error = NULL;

    assert_non_null(raw);
    for (size_t i = 0; i < size; i++) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        raw[i] = (char)(noise >> 32);
    }
    raw[0] = first;
    check_ok(member_writer_add(fixture->writer, raw, size, &full, &error), error);
    check_ok(member_writer_take(fixture->writer, bytes, &count, &member, &error), error);
    free(raw);
    return member;
}

static void file_write(struct fixture *fixture, struct member *members, const char *firsts, size_t size)
{
    struct object_writer *writer = NULL;
    struct manifest_file file = {0};
    cutover_error *error = NULL;

    check_ok(object_create(&fixture->inner, BACKUP, NAME, &writer, &error), error);
    for (size_t i = 0; firsts[i] != '\0'; i++) {
        const void *bytes = NULL;
        members[i] = packed(fixture, firsts[i], size, &bytes);
        check_ok(object_append(writer, bytes, members[i].size, &members[i].offset, &error), error);
    }
    check_ok(object_commit(writer, &file, &error), error);
    fixture->size = file.size;
    free(file.name);
    free(file.sha256);
}

/* The first bytes of the members that hold something, and how many there are in all. */
static unsigned file_read(struct fixture *fixture, char *firsts, size_t capacity)
{
    struct member_reader *reader = NULL;
    char *bytes = NULL;
    size_t size = 0, used = 0, raw_count = 0, found = 0;
    const char *raw = NULL;
    unsigned members = 0;
    cutover_error *error = NULL;

    check_ok(object_read_all(&fixture->inner, BACKUP, NAME, LIMIT, NULL, &bytes, &size, &error), error);
    check_ok(member_reader_open(&reader, &error), error);
    for (size_t at = 0; at < size; at += used, members++) {
        memcpy(member_reader_buffer(reader, size - at, &error), bytes + at, size - at);
        check_ok(member_reader_next(reader, size - at, LIMIT, &used, &raw, &raw_count, &error), error);
        assert_true(found + 1 < capacity);
        if (raw_count > 0)
            firsts[found++] = raw[0];
    }
    firsts[found] = '\0';
    member_reader_free(reader);
    free(bytes);
    return members;
}

static cutover_status replace(struct fixture *fixture, const struct member *old, char first, size_t size,
                              struct member *new, cutover_error **error)
{
    const void *bytes = NULL;
    struct patch *patch = NULL;
    cutover_status status = patch_open(&fixture->repository, BACKUP, NAME, fixture->size, &patch, error);

    if (status != CUTOVER_OK)
        return status;
    *new = packed(fixture, first, size, &bytes);
    status = patch_blank(patch, old->offset, old->size, error);
    if (status == CUTOVER_OK)
        status = patch_append(patch, bytes, new->size, &new->offset, error);
    if (status == CUTOVER_OK)
        return patch_commit(patch, error);
    patch_abort(patch);
    return status;
}

static void replaced_member_is_blank_and_its_successor_is_the_last(void **state)
{
    static const size_t sizes[] = {10, 70000, 16 * BLANK_MAX - 20, 16 * BLANK_MAX + 100, 2000000};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct member members[3], new;
        char firsts[8];
        uint64_t blanks = 0;
        cutover_error *error = NULL;

        file_write(fixture, members, "abc", sizes[i]);
        check_ok(replace(fixture, &members[1], 'n', 10, &new, &error), error);
        assert_int_equal(new.offset, fixture->size);
        for (uint64_t left = members[1].size; left > 0; left -= blank_next(left))
            blanks++;
        assert_int_equal(file_read(fixture, firsts, sizeof(firsts)), 3 + blanks);
        assert_string_equal(firsts, "acn");
    }
}

static void what_is_not_there_is_not_blanked(void **state)
{
    struct fixture *fixture = *state;
    struct member members[1];
    struct patch *patch = NULL;
    cutover_error *error = NULL;

    file_write(fixture, members, "a", 100);
    check_ok(patch_open(&fixture->repository, BACKUP, NAME, fixture->size, &patch, &error), error);
    check_status(patch_blank(patch, 1, fixture->size, &error), CUTOVER_E_INTERNAL, error);
    check_status(patch_blank(patch, UINT64_MAX, BLANK_MIN, &error), CUTOVER_E_INTERNAL, error);
    check_status(patch_blank(patch, 0, BLANK_MIN - 1, &error), CUTOVER_E_INTERNAL, error);
    patch_abort(patch);
}

static void each_failure_is_told_and_leaves_nothing_open(void **state)
{
    struct fixture *fixture = *state;
    struct member members[3], new;
    char firsts[8];
    unsigned failures = 0;
    cutover_status status;

    file_write(fixture, members, "abc", 100);
    do {
        cutover_error *error = NULL;
        fixture->calls = 0;
        fixture->fail_at = failures + 1;
        status = replace(fixture, &members[1], 'n', 10, &new, &error);
        assert_int_equal(cutover_error_code(error), status);
        if (status != CUTOVER_OK) {
            assert_int_equal(status, CUTOVER_E_REPOSITORY);
            failures++;
        }
        cutover_error_free(error);
    } while (status != CUTOVER_OK);
    assert_int_equal(failures, 4);
    file_read(fixture, firsts, sizeof(firsts));
    assert_string_equal(firsts, "acn");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(replaced_member_is_blank_and_its_successor_is_the_last),
        CASE(what_is_not_there_is_not_blanked),
        CASE(each_failure_is_told_and_leaves_nothing_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
