/* A table's file caught up range by range, held against all of the table and against what stock pg_restore makes of the file. */
#include "archive/blank.h"
#include "archive/object.h"
#include "base/folder.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/session.h"
#include "transfer/range_catch_up.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKUP "01930a5e-0000-7000-8000-000000000001"
#define NAME "12.dat.gz"

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("autovacuum = off\n");
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

/* The backup of the table "t" in the database "shop". */
struct fixture {
    char *path;
    cutover_repository repository;
    struct member_writer *members;
    struct object_writer *object;
    struct range_list list;
    struct manifest_table table;
    struct manifest_file file;
    char *since;
};

/* A session in a snapshot, and the table as it sees it. */
struct view {
    struct session *session;
    struct inventory inventory;
    const struct table *table;
};

static struct view view_open(void)
{
    struct view view = {.session = check_session(cluster_conninfo(cluster, "shop"))};
    cutover_error *error = NULL;

    check_ok(session_run(view.session, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", &error), error);
    check_ok(inventory_read(view.session, &view.inventory, &error), error);
    view.table = inventory_find(&view.inventory, "public", "t");
    assert_non_null(view.table);
    return view;
}

static void view_close(struct view *view)
{
    inventory_free(&view->inventory);
    session_close(view->session);
}

static void sql(const char *statement)
{
    cluster_sql(cluster, "shop", statement);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    cutover_error *error = NULL;

    assert_non_null(fixture);
    cluster_sql(cluster, "postgres", "CREATE DATABASE shop");
    check_ok(folder_make(NULL, &fixture->path, &error), error);
    cutover_repository_init(&fixture->repository, CUTOVER_REPOSITORY_VERSION);
    check_ok(cutover_repository_directory_open(fixture->path, &fixture->repository, &error), error);
    check_ok(fixture->repository.begin(BACKUP, &error, fixture->repository.userdata), error);
    check_ok(member_writer_open(1, &fixture->members, &error), error);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    cluster_sql(cluster, "postgres", "DROP DATABASE shop WITH (FORCE)");
    member_writer_free(fixture->members);
    range_list_free(&fixture->list);
    free(fixture->table.members);
    free(fixture->table.digest);
    free(fixture->table.file);
    free(fixture->file.name);
    free(fixture->file.sha256);
    free(fixture->since);
    cutover_repository_close(&fixture->repository);
    folder_remove(fixture->path);
    free(fixture->path);
    free(fixture);
    return 0;
}

/* ---- the backup ---- */

static void member_add(struct fixture *fixture, struct member member)
{
    struct manifest_table *table = &fixture->table;

    table->members = realloc(table->members, (table->member_count + 1) * sizeof(member));
    assert_non_null(table->members);
    table->members[table->member_count++] = member;
}

static cutover_status put(void *context, const void *bytes, struct range *range, cutover_error **error)
{
    struct fixture *fixture = context;
    cutover_status status = CUTOVER_OK;

    if (bytes != NULL) {
        status = object_append(fixture->object, bytes, range->member.size, &range->member.offset, error);
        member_add(fixture, range->member);
    }
    return status != CUTOVER_OK ? status : range_list_add(&fixture->list, range, error);
}

/* In two parts, the second first, as two workers might. */
static void back_up(struct fixture *fixture)
{
    struct digest digest = DIGEST_INIT;
    struct member end = {0};
    char text[DIGEST_TEXT_SIZE];
    const void *bytes = NULL;
    size_t count = 0;
    cutover_error *error = NULL;
    struct view view = view_open();
    const struct row_place middle = {(uint32_t)view.table->heap_pages / 2, 0};
    const struct row_range parts[] = {{middle, {0, 0}}, {{0, 0}, middle}};

    check_ok(session_value(view.session, "SELECT pg_current_snapshot()", 0, NULL, &fixture->since, &error),
             error);
    check_ok(object_create(&fixture->repository, BACKUP, NAME, &fixture->object, &error), error);
    for (size_t i = 0; i < 2; i++)
        check_ok(range_rows_read(view.session, view.table, parts[i], fixture->members, put, fixture, &digest,
                                 &error),
                 error);
    check_ok(member_writer_copy_end(fixture->members, &bytes, &count, &end, &error), error);
    check_ok(object_append(fixture->object, bytes, count, &end.offset, &error), error);
    member_add(fixture, end);
    check_ok(object_commit(fixture->object, &fixture->file, &error), error);
    range_list_sort(&fixture->list);
    digest_format(&digest, text);
    fixture->table.file = strdup(NAME);
    fixture->table.digest = strdup(text);
    fixture->table.rows = digest.rows;
    view_close(&view);
}

/* ---- what it must be ---- */

/* Each listed member holds what the list says, and all together what the table does. */
static struct digest digest_of_file(struct fixture *fixture)
{
    struct digest digest = DIGEST_INIT;
    struct member_reader *reader = NULL;
    void *object = NULL;
    uint64_t size = 0;
    cutover_error *error = NULL;

    check_ok(member_reader_open(&reader, &error), error);
    check_ok(object_open(&fixture->repository, BACKUP, NAME, &object, &error), error);
    for (size_t i = 0; i < fixture->table.member_count; i++) {
        const struct member *member = &fixture->table.members[i];
        void *buffer = member_reader_buffer(reader, member->size, &error);
        const char *raw = NULL;
        uint64_t before = digest.rows;
        assert_non_null(buffer);
        assert_int_equal(member->offset, size);
        size += member->size;
        check_ok(
            object_read_at(&fixture->repository, object, NAME, member->offset, buffer, member->size, &error),
            error);
        check_ok(member_reader_inflate(reader, member, &raw, &error), error);
        if (member->rows > 0)
            digest_lines(&digest, raw, member->raw);
        assert_int_equal(digest.rows - before, member->rows);
    }
    assert_int_equal(size, fixture->file.size);
    object_close(&fixture->repository, object);
    member_reader_free(reader);
    return digest;
}

static void assert_file_is_the_table(struct fixture *fixture, const struct view *view)
{
    struct digest expected = DIGEST_INIT, found = digest_of_file(fixture), listed = DIGEST_INIT;
    char text[DIGEST_TEXT_SIZE];
    cutover_error *error = NULL;

    check_ok(copy_digest(view->session, view->table, (struct page_range){0, 0}, COPY_TEXT, &expected, &error),
             error);
    assert_true(digest_equal(&found, &expected));
    digest_format(&expected, text);
    assert_string_equal(fixture->table.digest, text);
    assert_int_equal(fixture->table.rows, expected.rows);
    for (size_t i = 0; i < fixture->list.count; i++)
        digest_add(&listed, &fixture->list.ranges[i].digest);
    assert_true(digest_equal(&listed, &expected));
    check_ok(object_check(&fixture->repository, BACKUP, &fixture->file, &fixture->table, NULL, &error), error);
}

static char *file_read(struct fixture *fixture, size_t *size)
{
    char path[4200], *bytes;

    snprintf(path, sizeof(path), "%s/" BACKUP ".partial/" NAME, fixture->path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    *size = fixture->file.size;
    bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size + 1, file), *size);
    fclose(file);
    return bytes;
}

/* What is not listed as written, and so is not read back, is what it was. */
static void assert_only_written_changed(struct fixture *fixture, const char *before, size_t size,
                                        const struct range_list *written)
{
    size_t after_size = 0;
    char *after = file_read(fixture, &after_size);
    bool *listed = calloc(after_size + 1, sizeof(*listed));

    assert_non_null(listed);
    for (size_t i = 0; i < written->count; i++) {
        const struct range *range = &written->ranges[i];
        unsigned char sha256[SHA256_SIZE];
        cutover_error *error = NULL;
        assert_true(range->member.offset + range->member.size <= after_size);
        memset(listed + range->member.offset, true, range->member.size);
        check_ok(sha256_bytes_of(after + range->member.offset, range->member.size, sha256, &error), error);
        assert_memory_equal(sha256, range->sha256, SHA256_SIZE);
    }
    for (size_t i = 0; i < after_size; i++)
        assert_true(listed[i] || (i < size && after[i] == before[i]));
    free(listed);
    free(after);
}

static struct range_catch_up catch_up(struct fixture *fixture)
{
    struct view view = view_open();
    struct range_list written = {NULL, 0, 0};
    struct range_catch_up asked = {
        .repository = &fixture->repository,
        .backup = BACKUP,
        .session = view.session,
        .members = fixture->members,
        .table = view.table,
        .since = fixture->since,
        .list = &fixture->list,
        .to = &fixture->table,
        .file = &fixture->file,
        .written = &written,
    };
    size_t size = 0;
    char *now = NULL, *before = file_read(fixture, &size);
    cutover_error *error = NULL;

    check_ok(session_value(view.session, "SELECT pg_current_snapshot()", 0, NULL, &now, &error), error);
    check_ok(range_catch_up(&asked, &error), error);
    if (!asked.whole) {
        assert_file_is_the_table(fixture, &view);
        free(fixture->since);
        fixture->since = now;
    } else {
        free(now);
    }
    assert_only_written_changed(fixture, before, size, &written);
    assert_true(written.count == 0 || fixture->file.by_members);
    range_list_free(&written);
    free(before);
    view_close(&view);
    return asked;
}

#define MAKE                                                                                                   \
    "CREATE TABLE t (id int PRIMARY KEY, n int, pad text) WITH (fillfactor = 90);"                             \
    "INSERT INTO t SELECT i, 0, md5(i::text) || repeat(md5((i * 7)::text), 5) FROM generate_series(1, "        \
    "120000) i"

/* ---- tests ---- */

static void members_end_where_ranges_do_and_are_no_more_than_others(void **state)
{
    struct fixture *fixture = *state;

    sql(MAKE);
    back_up(fixture);
    struct view view = view_open();
    assert_file_is_the_table(fixture, &view);
    /* Each is what lies between its place and the next one's. */
    for (size_t i = 0; i < fixture->list.count; i++) {
        const struct range *range = &fixture->list.ranges[i];
        char query[300], *count = NULL;
        struct row_place end = i + 1 < fixture->list.count ? range[1].first : (struct row_place){UINT32_MAX, 0};
        cutover_error *error = NULL;
        snprintf(query, sizeof(query),
                 "SELECT count(*) FROM public.t WHERE ctid >= '(%u,%u)' AND ctid < '(%u,%u)'",
                 range->first.page, range->first.line, end.page, end.line);
        check_ok(session_value(view.session, query, 0, NULL, &count, &error), error);
        assert_int_equal(strtoull(count, NULL, 10), range->member.rows);
        assert_true(range->member.raw < MEMBER_RAW_TARGET + 100000);
        free(count);
    }
    /* 120,000 rows of 200 bytes in two parts. */
    assert_in_range(fixture->list.count, 20, 27);
    view_close(&view);
}

static void changed_ranges_are_read_again_and_no_others(void **state)
{
    struct fixture *fixture = *state;

    sql(MAKE);
    back_up(fixture);
    uint64_t size = fixture->file.size;
    struct range_catch_up nothing = catch_up(fixture);
    assert_int_equal(nothing.ranges, 0);
    assert_int_equal(fixture->file.size, size);

    sql("UPDATE t SET n = 1 WHERE id = 30000");
    struct range_catch_up one = catch_up(fixture);
    assert_int_equal(one.ranges, 1);
    assert_in_range(one.rows, 4000, 7000);
    assert_true(fixture->file.size > size && fixture->file.size < size + size / 10);

    /* Again the same one, others, a range that is emptied, and rows behind the end. */
    sql("UPDATE t SET n = 2 WHERE id = 30000; DELETE FROM t WHERE id BETWEEN 50000 AND 61000;"
        "INSERT INTO t SELECT i, 0, repeat('n', 180) FROM generate_series(200000, 211000) i");
    struct range_catch_up more = catch_up(fixture);
    assert_in_range(more.ranges, 4, 7);
    assert_int_equal(catch_up(fixture).ranges, 0);
    sql("VACUUM FREEZE t");
    assert_int_equal(catch_up(fixture).ranges, 0);
    /* What was emptied is filled. */
    sql("INSERT INTO t SELECT i, 0, repeat('m', 180) FROM generate_series(300000, 309000) i");
    assert_in_range(catch_up(fixture).ranges, 1, 5);
}

static void table_that_changed_all_over_is_left_to_be_written_anew(void **state)
{
    struct fixture *fixture = *state;

    sql(MAKE);
    back_up(fixture);
    uint64_t size = fixture->file.size;
    sql("UPDATE t SET n = 1 WHERE id % 100 = 0");
    assert_true(catch_up(fixture).whole);
    assert_int_equal(fixture->file.size, size);
}

static void empty_table_catches_up(void **state)
{
    struct fixture *fixture = *state;

    sql("CREATE TABLE t (id int PRIMARY KEY, n int, pad text)");
    back_up(fixture);
    sql("INSERT INTO t VALUES (1, 2, 'three')");
    assert_int_equal(catch_up(fixture).rows, 1);
    sql("DELETE FROM t");
    assert_int_equal(catch_up(fixture).ranges, 1);
}

/* Stock tools read the file, whatever was done to it. */
static void gzip_reads_the_rows_and_their_end(void **state)
{
    struct fixture *fixture = *state;
    char command[4300], *said = NULL;
    const char *argv[] = {"/bin/sh", "-c", command, NULL};

    sql(MAKE);
    back_up(fixture);
    sql("UPDATE t SET n = 1 WHERE id IN (30000, 90000)");
    assert_int_equal(catch_up(fixture).ranges, 2);
    snprintf(command, sizeof(command),
             "cd %s/%s.partial && zcat " NAME " | tail -n 3 | head -n 1 && zcat " NAME
             " | sed -n '/^\\\\\\.$/q;p' | wc -l",
             fixture->path, BACKUP);
    int status = cluster_run(argv, &said);
    if (status != 0)
        fail_msg("%s", said);
    assert_string_equal(said, "\\.\n120000\n");
    free(said);
}

/* ---- writers at random ---- */

static unsigned seed;

static unsigned draw(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static void write_something(void)
{
    char statement[400];
    unsigned id = 1 + draw(120000), count = 1 + draw(300);

    switch (draw(7)) {
    case 0:
        snprintf(statement, sizeof(statement), "UPDATE t SET n = n + 1 WHERE id BETWEEN %u AND %u", id,
                 id + count);
        break;
    case 1:
        snprintf(statement, sizeof(statement), "DELETE FROM t WHERE id BETWEEN %u AND %u", id, id + count);
        break;
    case 2:
        snprintf(
            statement, sizeof(statement),
            "INSERT INTO t SELECT i, 7, repeat('z', %u) FROM generate_series(%u, %u) i ON CONFLICT DO NOTHING",
            draw(900), id, id + count);
        break;
    case 3:
        snprintf(statement, sizeof(statement), "VACUUM %s t", draw(2) == 0 ? "" : "FREEZE");
        break;
    case 4:
        snprintf(statement, sizeof(statement),
                 "BEGIN; SAVEPOINT a; UPDATE t SET n = 3 WHERE id = %u; ROLLBACK TO a; SAVEPOINT b;"
                 "UPDATE t SET pad = repeat(md5(id::text), 200) WHERE id = %u; COMMIT",
                 id, id + 1);
        break;
    case 5:
        snprintf(statement, sizeof(statement), "BEGIN; DELETE FROM t WHERE id < %u; ROLLBACK", id);
        break;
    default:
        snprintf(statement, sizeof(statement),
                 "BEGIN; DELETE FROM t WHERE id = %u; INSERT INTO t VALUES (%u, 5, 'back'); COMMIT", id, id);
        break;
    }
    sql(statement);
}

/* Begins in one round and ends in the next, with a savepoint that no snapshot tells of. */
static void write_slowly(PGconn *connection, unsigned round)
{
    char statement[300];
    unsigned id = 1 + draw(110000);

    snprintf(statement, sizeof(statement),
             "BEGIN; INSERT INTO t VALUES (%u, 1, 'slow'); SAVEPOINT s; UPDATE t SET n = -1 WHERE id = %u;"
             "RELEASE s; DELETE FROM t WHERE id = %u",
             900000 + round, id, 900000 + round);
    PGresult *result = PQexec(connection, round % 2 == 0 ? statement : (draw(4) == 0 ? "ROLLBACK" : "COMMIT"));
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
}

static void whatever_was_written_the_file_is_the_table(void **state)
{
    struct fixture *fixture = *state;
    unsigned ranges = 0;

    seed = 20261129;
    sql(MAKE);
    back_up(fixture);
    PGconn *slow = cluster_connect(cluster, "shop");
    for (unsigned round = 0; round < 14; round++) {
        write_slowly(slow, round);
        for (unsigned i = draw(3); i > 0; i--)
            write_something();
        struct range_catch_up done = catch_up(fixture);
        assert_false(done.whole);
        ranges += (unsigned)done.ranges;
    }
    PQfinish(slow);
    assert_true(ranges > 10);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(members_end_where_ranges_do_and_are_no_more_than_others),
        CASE(changed_ranges_are_read_again_and_no_others),
        CASE(table_that_changed_all_over_is_left_to_be_written_anew),
        CASE(empty_table_catches_up),
        CASE(gzip_reads_the_rows_and_their_end),
        CASE(whatever_was_written_the_file_is_the_table),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
