#include "archive/object.h"
#include "base/clock.h"
#include "base/folder.h"
#include "base/wait.h"
#include "support/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BACKUP "01930a5e-0000-7000-8000-000000000001"
#define SHA_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define THREADS 4
#define PIECES 200
#define MIB (1024u * 1024u)
#define SECOND INT64_C(1000000)

/* A directory repository with a begun backup; writes and commits can be made to fail, and the first write to take its time. */
struct fixture {
    char *path;
    void (*first_write)(void *context); /* called by it, once */
    void *context;
    cutover_repository repository, inner;
    int writes_until_failure; /* 0: never */
    bool commit_fails;
    unsigned aborted;
};

static cutover_status fixture_create(const char *backup, const char *name, void **object, cutover_error **error,
                                     void *userdata)
{
    struct fixture *fixture = userdata;

    return fixture->inner.create(backup, name, object, error, fixture->inner.userdata);
}

static cutover_status fixture_write(void *object, const void *bytes, size_t count, cutover_error **error,
                                    void *userdata)
{
    struct fixture *fixture = userdata;
    void (*first_write)(void *context) = fixture->first_write;

    fixture->first_write = NULL;
    if (first_write != NULL)
        first_write(fixture->context);
    if (fixture->writes_until_failure > 0 && --fixture->writes_until_failure == 0) {
        *error = cutover_error_new(CUTOVER_E_REPOSITORY, "no space left", NULL, NULL);
        return CUTOVER_E_REPOSITORY;
    }
    return fixture->inner.write(object, bytes, count, error, fixture->inner.userdata);
}

static cutover_status fixture_commit(void *object, cutover_error **error, void *userdata)
{
    struct fixture *fixture = userdata;

    if (!fixture->commit_fails)
        return fixture->inner.commit(object, error, fixture->inner.userdata);
    fixture->inner.abort(object, fixture->inner.userdata);
    return CUTOVER_E_REPOSITORY; /* without an error, as a careless host does it */
}

static void fixture_abort(void *object, void *userdata)
{
    struct fixture *fixture = userdata;

    fixture->aborted++;
    fixture->inner.abort(object, fixture->inner.userdata);
}

static cutover_status fixture_open(const char *backup, const char *name, void **object, cutover_error **error,
                                   void *userdata)
{
    struct fixture *fixture = userdata;

    return fixture->inner.open(backup, name, object, error, fixture->inner.userdata);
}

/* Gives at most seven bytes a time. */
static cutover_status fixture_read(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
                                   cutover_error **error, void *userdata)
{
    struct fixture *fixture = userdata;

    return fixture->inner.read(object, offset, bytes, capacity < 7 ? capacity : 7, count, error,
                               fixture->inner.userdata);
}

static void fixture_close_object(void *object, void *userdata)
{
    struct fixture *fixture = userdata;

    fixture->inner.close_object(object, fixture->inner.userdata);
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
    fixture->repository = fixture->inner;
    fixture->repository.userdata = fixture;
    fixture->repository.create = fixture_create;
    fixture->repository.write = fixture_write;
    fixture->repository.commit = fixture_commit;
    fixture->repository.abort = fixture_abort;
    fixture->repository.open = fixture_open;
    fixture->repository.read = fixture_read;
    fixture->repository.close_object = fixture_close_object;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    cutover_repository_close(&fixture->inner);
    folder_remove(fixture->path);
    free(fixture->path);
    free(fixture);
    return 0;
}

static void file_clear(struct manifest_file *file)
{
    free(file->name);
    free(file->sha256);
}

static struct manifest_file write_all(struct fixture *fixture, const char *name, const char *content)
{
    struct manifest_file file = {0};
    cutover_error *error = NULL;

    check_ok(object_write_all(&fixture->repository, BACKUP, name, content, strlen(content), &file, &error),
             error);
    return file;
}

static void size_and_sha256_are_counted_on_the_way(void **state)
{
    struct fixture *fixture = *state;
    struct object_writer *writer;
    struct manifest_file file;
    uint64_t offset = 99;
    char *bytes;
    size_t count;
    cutover_error *error = NULL;

    check_ok(object_create(&fixture->repository, BACKUP, "1.dat.gz", &writer, &error), error);
    check_ok(object_append(writer, "a", 1, &offset, &error), error);
    assert_int_equal(offset, 0);
    check_ok(object_append(writer, "bc", 2, &offset, &error), error);
    assert_int_equal(offset, 1);
    check_ok(object_commit(writer, &file, &error), error);
    assert_string_equal(file.name, "1.dat.gz");
    assert_int_equal(file.size, 3);
    assert_string_equal(file.sha256, SHA_ABC);
    check_ok(object_read_all(&fixture->repository, BACKUP, "1.dat.gz", 100, &file, &bytes, &count, &error),
             error);
    assert_int_equal(count, 3);
    assert_string_equal(bytes, "abc");
    free(bytes);
    file_clear(&file);
}

struct appender {
    struct object_writer *writer;
    pthread_t thread;
    unsigned char mark;
    uint64_t offsets[PIECES];
    cutover_status status;
};

static void *append_pieces(void *context)
{
    struct appender *appender = context;
    unsigned char piece[100];

    memset(piece, appender->mark, sizeof(piece));
    for (size_t i = 0; i < PIECES && appender->status == CUTOVER_OK; i++)
        appender->status = object_append(appender->writer, piece, sizeof(piece), &appender->offsets[i], NULL);
    return NULL;
}

static void threads_append_whole_pieces(void **state)
{
    struct fixture *fixture = *state;
    struct object_writer *writer;
    struct appender appenders[THREADS] = {0};
    struct manifest_file file;
    char *bytes;
    size_t count;
    cutover_error *error = NULL;

    check_ok(object_create(&fixture->repository, BACKUP, "1.dat.gz", &writer, &error), error);
    for (unsigned i = 0; i < THREADS; i++) {
        appenders[i].writer = writer;
        appenders[i].mark = (unsigned char)('a' + i);
        assert_int_equal(pthread_create(&appenders[i].thread, NULL, append_pieces, &appenders[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(appenders[i].thread, NULL), 0);
        assert_int_equal(appenders[i].status, CUTOVER_OK);
    }
    check_ok(object_commit(writer, &file, &error), error);
    assert_int_equal(file.size, THREADS * PIECES * 100);
    check_ok(object_read_all(&fixture->repository, BACKUP, "1.dat.gz", 1 << 20, &file, &bytes, &count, &error),
             error);
    for (unsigned i = 0; i < THREADS; i++)
        for (size_t j = 0; j < PIECES; j++)
            for (size_t k = 0; k < 100; k++)
                assert_int_equal(bytes[appenders[i].offsets[j] + k], appenders[i].mark);
    free(bytes);
    file_clear(&file);
}

/* Another stream of the same object, which appends whole MiBs while this one's write is under way. */
struct other {
    struct object_writer *writer;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned wanted, appended; /* pieces */
    bool more;                 /* one more was appended while the write was under way */
    cutover_status status;
};

static void *other_appends(void *context)
{
    struct other *other = context;
    char *piece = malloc(MIB);

    for (unsigned i = 0; piece != NULL && i < other->wanted && other->status == CUTOVER_OK; i++) {
        uint64_t offset = 0;
        memset(piece, 'b' + (int)i, MIB);
        cutover_status status = object_append(other->writer, piece, MIB, &offset, NULL);
        pthread_mutex_lock(&other->mutex);
        other->status = status == CUTOVER_OK && offset != 1 + (uint64_t)i * MIB ? CUTOVER_E_INTERNAL : status;
        other->appended++;
        pthread_cond_signal(&other->changed);
        pthread_mutex_unlock(&other->mutex);
    }
    free(piece);
    return NULL;
}

static bool has_appended(struct other *other, unsigned count, int64_t patience_us)
{
    int64_t deadline = monotonic_us() + patience_us;

    pthread_mutex_lock(&other->mutex);
    while (other->appended < count && wait_until(&other->changed, &other->mutex, deadline))
        ;
    bool appended = other->appended >= count;
    pthread_mutex_unlock(&other->mutex);
    return appended;
}

/* A write that lasts until the other stream has appended what there is room for. */
static void meet_other(void *context)
{
    struct other *other = context;

    assert_int_equal(pthread_create(&other->thread, NULL, other_appends, other), 0);
    assert_true(has_appended(other, other->wanted < 2 ? other->wanted : 2, 60 * SECOND));
    other->more = other->wanted > 2 && has_appended(other, 3, SECOND / 5);
}

/* Appends "a" while the other appends; what is in the object is up to the caller. */
static struct object_writer *append_with_other(struct fixture *fixture, struct other *other,
                                               cutover_status expected)
{
    cutover_error *error = NULL;

    pthread_mutex_init(&other->mutex, NULL);
    assert_int_equal(wait_init(&other->changed), 0);
    check_ok(object_create(&fixture->repository, BACKUP, "1.dat.gz", &other->writer, &error), error);
    fixture->first_write = meet_other;
    fixture->context = other;
    check_status(object_append(other->writer, "a", 1, NULL, &error), expected, error);
    assert_int_equal(pthread_join(other->thread, NULL), 0);
    pthread_cond_destroy(&other->changed);
    pthread_mutex_destroy(&other->mutex);
    return other->writer;
}

static void check_written(struct fixture *fixture, struct object_writer *writer, unsigned pieces)
{
    struct manifest_file file;
    char *bytes;
    size_t count;
    cutover_error *error = NULL;

    check_ok(object_commit(writer, &file, &error), error);
    check_ok(object_read_all(&fixture->repository, BACKUP, "1.dat.gz", 64 * MIB, &file, &bytes, &count, &error),
             error);
    assert_int_equal(count, 1 + pieces * MIB);
    assert_int_equal(bytes[0], 'a');
    for (size_t i = 0; i < pieces * MIB; i++)
        if (bytes[1 + i] != (char)('b' + (int)(i / MIB)))
            fail_msg("byte %zu is of another piece", i);
    free(bytes);
    file_clear(&file);
}

/* The write ends only because the other stream is not kept waiting for it. */
static void a_stream_goes_on_while_anothers_write_is_slow(void **state)
{
    struct fixture *fixture = *state;
    struct other other = {.wanted = 2};
    struct object_writer *writer = append_with_other(fixture, &other, CUTOVER_OK);

    assert_int_equal(other.status, CUTOVER_OK);
    check_written(fixture, writer, 2);
}

static void no_more_than_a_little_waits_for_a_slow_write(void **state)
{
    struct fixture *fixture = *state;
    struct other other = {.wanted = 5};
    struct object_writer *writer = append_with_other(fixture, &other, CUTOVER_OK);

    assert_false(other.more);
    assert_int_equal(other.status, CUTOVER_OK);
    assert_int_equal(other.appended, 5);
    check_written(fixture, writer, 5);
}

/* What the other left was accepted, and is lost with the write: the object must not be taken for whole. */
static void what_was_left_to_a_write_that_fails_fails_the_object(void **state)
{
    struct fixture *fixture = *state;
    struct other other = {.wanted = 4};
    struct manifest_file file;
    cutover_error *error = NULL;

    fixture->writes_until_failure = 1;
    struct object_writer *writer = append_with_other(fixture, &other, CUTOVER_E_REPOSITORY);
    assert_int_equal(other.status, CUTOVER_E_REPOSITORY);
    assert_int_equal(other.appended, 3);
    check_status(object_commit(writer, &file, &error), CUTOVER_E_REPOSITORY, error);
    assert_int_equal(fixture->aborted, 1);
}

static void a_left_piece_that_cannot_be_written_fails_the_stream_that_writes(void **state)
{
    struct fixture *fixture = *state;
    struct other other = {.wanted = 1};
    struct manifest_file file;
    cutover_error *error = NULL;

    fixture->writes_until_failure = 2;
    struct object_writer *writer = append_with_other(fixture, &other, CUTOVER_E_REPOSITORY);
    assert_int_equal(other.status, CUTOVER_OK);
    check_status(object_commit(writer, &file, &error), CUTOVER_E_REPOSITORY, error);
    assert_int_equal(fixture->aborted, 1);
}

/* EDGE_CASES D19 */
static void object_with_a_failed_write_is_not_committed(void **state)
{
    struct fixture *fixture = *state;
    struct object_writer *writer;
    struct manifest_file file;
    void *object;
    cutover_error *error = NULL;

    check_ok(object_create(&fixture->repository, BACKUP, "1.dat.gz", &writer, &error), error);
    fixture->writes_until_failure = 2;
    check_ok(object_append(writer, "a", 1, NULL, &error), error);
    check_status(object_append(writer, "b", 1, NULL, &error), CUTOVER_E_REPOSITORY, error);
    check_status(object_append(writer, "c", 1, NULL, &error), CUTOVER_E_REPOSITORY, error);
    check_status(object_commit(writer, &file, &error), CUTOVER_E_REPOSITORY, error);
    assert_int_equal(fixture->aborted, 1);
    check_status(fixture->inner.open(BACKUP, "1.dat.gz", &object, &error, fixture->inner.userdata),
                 CUTOVER_E_NOT_FOUND, error);
}

static void failed_commit_is_an_error_and_frees(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_file file;
    cutover_error *error = NULL;

    fixture->commit_fails = true;
    check_status_keep(object_write_all(&fixture->repository, BACKUP, "1.dat.gz", "abc", 3, &file, &error),
                      CUTOVER_E_REPOSITORY, error);
    check_contains(cutover_error_message(error), "repository.commit");
    cutover_error_free(error);
    assert_int_equal(fixture->aborted, 0);
}

static void an_object_without_bytes_is_an_object(void **state)
{
    struct fixture *fixture = *state;
    struct object_writer *writer;
    struct manifest_file file;
    cutover_error *error = NULL;

    check_ok(object_create(&fixture->repository, BACKUP, "1.dat.gz", &writer, &error), error);
    check_ok(object_commit(writer, &file, &error), error);
    check_ok(object_check(&fixture->repository, BACKUP, &file, NULL, NULL, &error), error);
    assert_int_equal(file.size, 0);
    file_clear(&file);
}

static void aborted_object_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct object_writer *writer;
    cutover_error *error = NULL;

    check_ok(object_create(&fixture->repository, BACKUP, "1.dat.gz", &writer, &error), error);
    object_abort(writer);
    assert_int_equal(fixture->aborted, 0); /* nobody had asked for it yet */
    check_ok(object_create(&fixture->repository, BACKUP, "1.dat.gz", &writer, &error), error);
    check_ok(object_append(writer, "a", 1, NULL, &error), error);
    object_abort(writer);
    assert_int_equal(fixture->aborted, 1);
    object_abort(NULL);
}

static void assert_different(cutover_status status, cutover_error **error, const char *why)
{
    check_status_keep(status, CUTOVER_E_VERIFY, *error);
    assert_int_equal(cutover_error_verdict(*error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_message(*error), "1.dat.gz");
    check_contains(cutover_error_message(*error), why);
    cutover_error_free(*error);
    *error = NULL;
}

static void assert_found_different(struct fixture *fixture, const struct manifest_file *expected,
                                   const char *why)
{
    char *bytes = NULL;
    size_t count = 0;
    cutover_error *error = NULL;
    cutover_status status = object_read_all(&fixture->repository, BACKUP, expected->name, 1 << 20, expected,
                                            &bytes, &count, &error);

    assert_different(status, &error, why);
    assert_null(bytes);
    status = object_check(&fixture->repository, BACKUP, expected, NULL, NULL, &error);
    assert_different(status, &error, why);
}

/* EDGE_CASES D3, D10 */
static void different_content_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_file file = write_all(fixture, "1.dat.gz", "0123456789");
    char sha256[65];
    cutover_error *error = NULL;

    file.size = 9;
    assert_found_different(fixture, &file, "more bytes");
    file.size = 11;
    assert_found_different(fixture, &file, "fewer bytes");
    file.size = 10;
    memcpy(sha256, file.sha256, sizeof(sha256));
    file.sha256[63] = file.sha256[63] == '0' ? '1' : '0';
    assert_found_different(fixture, &file, "SHA-256");
    memcpy(file.sha256, sha256, sizeof(sha256));
    check_ok(object_check(&fixture->repository, BACKUP, &file, NULL, NULL, &error), error);
    file_clear(&file);
}

/* The hash is Python's hashlib's: of "0123", and of "456789", and of the 64 bytes of both. */
static void a_file_that_is_known_by_its_members_is_checked_by_them(void **state)
{
    struct fixture *fixture = *state;
    struct member members[] = {{0, 4, 4, 1}, {4, 6, 6, 1}};
    const struct manifest_table table = {.members = members, .member_count = 2};
    struct manifest_file file = write_all(fixture, "1.dat.gz", "0123456789");
    cutover_error *error = NULL;

    free(file.sha256);
    file.sha256 = strdup("3317f8c40cc5ba3fef6d2d122d0121bf1c51636ae4ea3b6a4b425823a4e58bd4");
    file.by_members = true;
    check_ok(object_check(&fixture->repository, BACKUP, &file, &table, NULL, &error), error);
    members[0].size = 5;
    members[1] = (struct member){5, 5, 5, 1};
    assert_different(object_check(&fixture->repository, BACKUP, &file, &table, NULL, &error), &error,
                     "SHA-256");
    members[1].size = 6;
    file.size = 11;
    assert_different(object_check(&fixture->repository, BACKUP, &file, &table, NULL, &error), &error,
                     "fewer bytes");
    members[1].size = 4;
    file.size = 9;
    assert_different(object_check(&fixture->repository, BACKUP, &file, &table, NULL, &error), &error,
                     "more bytes");
    file_clear(&file);
}

static void missing_file_is_different(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_file file = {(char *)"1.dat.gz", 3, (char *)SHA_ABC, false};

    assert_found_different(fixture, &file, "has no file");
}

static void object_beyond_the_limit_is_not_read(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_file file = write_all(fixture, "1.dat.gz", "0123456789");
    char *bytes = NULL;
    size_t count;
    cutover_error *error = NULL;

    assert_different(object_read_all(&fixture->repository, BACKUP, "1.dat.gz", 9, NULL, &bytes, &count, &error),
                     &error, "bigger");
    check_ok(object_read_all(&fixture->repository, BACKUP, "1.dat.gz", 10, NULL, &bytes, &count, &error),
             error);
    assert_string_equal(bytes, "0123456789");
    free(bytes);
    file_clear(&file);
}

static void count_progress(void *context, size_t bytes)
{
    *(size_t *)context += bytes;
}

static void check_tells_progress_and_can_be_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_file file = write_all(fixture, "1.dat.gz", "0123456789");
    struct cancel cancel;
    size_t passed = 0;
    cutover_error *error = NULL;

    cancel_init(&cancel, NULL);
    const struct object_watch watch = {&cancel, count_progress, &passed}, silent = {&cancel, NULL, NULL};
    check_ok(object_check(&fixture->repository, BACKUP, &file, NULL, &watch, &error), error);
    assert_int_equal(passed, 10);
    cancel_ask(&cancel);
    check_status(object_check(&fixture->repository, BACKUP, &file, NULL, &silent, &error), CUTOVER_E_CANCELLED,
                 error);
    file_clear(&file);
}

static void parts_are_read_exactly(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_file file = write_all(fixture, "1.dat.gz", "0123456789abcdefghij");
    char part[16];
    void *object;
    cutover_error *error = NULL;

    check_ok(object_open(&fixture->repository, BACKUP, "1.dat.gz", &object, &error), error);
    check_ok(object_read_at(&fixture->repository, object, "1.dat.gz", 3, part, 12, &error), error);
    assert_memory_equal(part, "3456789abcde", 12);
    assert_different(object_read_at(&fixture->repository, object, "1.dat.gz", 10, part, 11, &error), &error,
                     "ends at byte 20");
    object_close(&fixture->repository, object);
    object_close(&fixture->repository, NULL);
    file_clear(&file);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(size_and_sha256_are_counted_on_the_way),
        CASE(threads_append_whole_pieces),
        CASE(a_stream_goes_on_while_anothers_write_is_slow),
        CASE(no_more_than_a_little_waits_for_a_slow_write),
        CASE(what_was_left_to_a_write_that_fails_fails_the_object),
        CASE(a_left_piece_that_cannot_be_written_fails_the_stream_that_writes),
        CASE(object_with_a_failed_write_is_not_committed),
        CASE(an_object_without_bytes_is_an_object),
        CASE(failed_commit_is_an_error_and_frees),
        CASE(aborted_object_is_dropped),
        CASE(different_content_is_found),
        CASE(a_file_that_is_known_by_its_members_is_checked_by_them),
        CASE(missing_file_is_different),
        CASE(object_beyond_the_limit_is_not_read),
        CASE(check_tells_progress_and_can_be_cancelled),
        CASE(parts_are_read_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
