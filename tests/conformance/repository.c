/*
 * What every repository must do. Each case begins with a fresh repository.
 */
#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST "01930a5e-0000-7000-8000-000000000001"
#define SECOND "01930a5e-0000-7000-8000-000000000002"
#define MISSING "01930a5e-0000-7000-8000-00000000dead"
/* 64 characters, of every kind that a name may have. */
#define LONGEST "a-long_name.of-64-characters_0123456789.abcdefghijklmnopqrst.dat"
#define THREADS 4
#define BIG_SIZE (3u * 1024u * 1024u + 17u)

struct box {
    struct suite *suite;
    cutover_conformance_repository_open open;
    void *userdata;
    cutover_repository repository;
};

typedef void (*repository_case)(struct box *box);

/* ------------------------------------------------------------------------------------------------- what cases do */

static bool expect_begin(struct box *box, const char *backup)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.begin(backup, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

static bool expect_publish(struct box *box, const char *backup)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.publish(backup, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

static bool expect_remove(struct box *box, const char *backup)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.remove(backup, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

static bool expect_create(struct box *box, const char *backup, const char *name, void **object)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite,
                         box->repository.create(backup, name, object, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

static bool expect_write(struct box *box, void *object, const void *bytes, size_t count)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite,
                         box->repository.write(object, bytes, count, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

static bool expect_commit(struct box *box, void *object)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.commit(object, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

static bool expect_object(struct box *box, const char *backup, const char *name, const char *content)
{
    void *object = NULL;

    return expect_create(box, backup, name, &object) && expect_write(box, object, content, strlen(content)) &&
           expect_commit(box, object);
}

/* A published backup with one object. */
static bool expect_backup(struct box *box, const char *backup, const char *name, const char *content)
{
    return expect_begin(box, backup) && expect_object(box, backup, name, content) &&
           expect_publish(box, backup);
}

static bool expect_missing(struct box *box, const char *backup, const char *name)
{
    cutover_error *error = NULL;
    void *object = NULL;

    return EXPECT_STATUS(box->suite,
                         box->repository.open(backup, name, &object, &error, box->repository.userdata),
                         CUTOVER_E_NOT_FOUND, error);
}

/* Reads an object in pieces of `piece` bytes, which must be `content`. */
static bool expect_content(struct box *box, const char *backup, const char *name, const char *content,
                           size_t size, size_t piece)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    size_t at = 0, count = 0;
    char *buffer = malloc(piece);
    bool held = EXPECT(box->suite, buffer != NULL) &&
                EXPECT_STATUS(box->suite, repository->open(backup, name, &object, &error, repository->userdata),
                              CUTOVER_OK, error);
    bool opened = held;

    do {
        held = held &&
               EXPECT_STATUS(box->suite,
                             repository->read(object, at, buffer, piece, &count, &error, repository->userdata),
                             CUTOVER_OK, error) &&
               EXPECT(box->suite, count <= piece && count <= size - at) &&
               EXPECT(box->suite, memcmp(buffer, content + at, count) == 0);
        at += held ? count : 0;
    } while (held && count > 0);
    if (opened)
        repository->close_object(object, repository->userdata);
    free(buffer);
    return held && EXPECT(box->suite, at == size);
}

static bool expect_text(struct box *box, const char *backup, const char *name, const char *content)
{
    return expect_content(box, backup, name, content, strlen(content), 64);
}

struct seen {
    const char *name; /* looked for */
    unsigned total, found;
    uint64_t size;
    int32_t published;
};

static cutover_status see(const cutover_object *object, void *context)
{
    struct seen *seen = context;

    seen->total++;
    if (strcmp(object->name, seen->name) == 0) {
        seen->found++;
        seen->size = object->size;
        seen->published = object->published;
    }
    return CUTOVER_OK;
}

static bool look(struct box *box, const char *backup, const char *name, struct seen *seen)
{
    cutover_error *error = NULL;

    *seen = (struct seen){name, 0, 0, 0, -1};
    return EXPECT_STATUS(box->suite, box->repository.list(backup, see, seen, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

static bool expect_not_listed(struct box *box, const char *backup)
{
    struct seen seen;

    return look(box, NULL, backup, &seen) && EXPECT(box->suite, seen.found == 0);
}

/* Any failure will do, but one that has an error. */
static bool expect_failure(struct box *box, cutover_status status, cutover_error *error)
{
    bool held = EXPECT(box->suite, status < 0) && EXPECT(box->suite, cutover_error_code(error) == status);

    cutover_error_free(error);
    return held;
}

static bool reopen(struct box *box)
{
    cutover_error *error = NULL;

    cutover_repository_close(&box->repository);
    return EXPECT_STATUS(box->suite, box->open(0, &box->repository, &error, box->userdata), CUTOVER_OK, error);
}

/* --------------------------------------------------------------------------------------------------------- cases */

static void vtable_is_complete(struct box *box)
{
    const cutover_repository *repository = &box->repository;

    EXPECT(box->suite, repository->version >= 1 && repository->version <= CUTOVER_REPOSITORY_VERSION);
    EXPECT(box->suite, repository->begin != NULL && repository->create != NULL && repository->write != NULL);
    EXPECT(box->suite, repository->commit != NULL && repository->abort != NULL && repository->publish != NULL);
    EXPECT(box->suite,
           repository->open != NULL && repository->read != NULL && repository->close_object != NULL);
    EXPECT(box->suite, repository->list != NULL && repository->remove != NULL && repository->close != NULL);
}

static void fresh_repository_is_empty(struct box *box)
{
    struct seen seen;

    if (look(box, NULL, FIRST, &seen))
        EXPECT(box->suite, seen.total == 0);
}

static void published_backup_reads_back_what_was_written(struct box *box)
{
    void *object = NULL;

    if (!expect_begin(box, FIRST) || !expect_create(box, FIRST, "12.dat.gz", &object) ||
        !expect_write(box, object, "one ", 4) || !expect_write(box, object, "", 0) ||
        !expect_write(box, object, "two\0three", 9) || !expect_commit(box, object) ||
        !expect_object(box, FIRST, LONGEST, "x") || !expect_publish(box, FIRST))
        return;
    expect_content(box, FIRST, "12.dat.gz", "one two\0three", 13, 5);
    expect_text(box, FIRST, LONGEST, "x");
}

static void empty_object_is_an_object(struct box *box)
{
    struct seen seen;

    if (!expect_backup(box, FIRST, "empty", "") || !look(box, FIRST, "empty", &seen))
        return;
    EXPECT(box->suite, seen.found == 1 && seen.size == 0);
    expect_text(box, FIRST, "empty", "");
}

static void backup_without_objects_can_be_published(struct box *box)
{
    struct seen seen;

    if (!expect_begin(box, FIRST) || !expect_publish(box, FIRST) || !look(box, FIRST, "toc.dat", &seen))
        return;
    EXPECT(box->suite, seen.total == 0);
}

static void reading_beyond_the_end_gives_nothing(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    size_t count = 99;
    char byte;

    if (!expect_backup(box, FIRST, "toc.dat", "12345") ||
        !EXPECT_STATUS(box->suite, repository->open(FIRST, "toc.dat", &object, &error, repository->userdata),
                       CUTOVER_OK, error))
        return;
    EXPECT_STATUS(box->suite, repository->read(object, 5, &byte, 1, &count, &error, repository->userdata),
                  CUTOVER_OK, error);
    EXPECT(box->suite, count == 0);
    count = 99;
    EXPECT_STATUS(box->suite,
                  repository->read(object, 1u << 30, &byte, 1, &count, &error, repository->userdata),
                  CUTOVER_OK, error);
    EXPECT(box->suite, count == 0);
    EXPECT_STATUS(box->suite, repository->read(object, 4, &byte, 1, &count, &error, repository->userdata),
                  CUTOVER_OK, error);
    EXPECT(box->suite, count == 1 && byte == '5');
    repository->close_object(object, repository->userdata);
}

static void unpublished_backup_is_listed_as_partial(struct box *box)
{
    struct seen seen;

    if (!expect_begin(box, FIRST) || !expect_object(box, FIRST, "toc.dat", "x") ||
        !expect_backup(box, SECOND, "toc.dat", "y") || !look(box, NULL, FIRST, &seen))
        return;
    EXPECT(box->suite, seen.total == 2 && seen.found == 1 && seen.published == 0);
    if (look(box, NULL, SECOND, &seen))
        EXPECT(box->suite, seen.found == 1 && seen.published == 1);
}

static void objects_are_listed_with_their_sizes(struct box *box)
{
    struct seen seen;

    if (!expect_begin(box, FIRST) || !expect_object(box, FIRST, "toc.dat", "123") ||
        !expect_object(box, FIRST, "blobs.toc", "1") || !expect_publish(box, FIRST) ||
        !look(box, FIRST, "toc.dat", &seen))
        return;
    EXPECT(box->suite, seen.total == 2 && seen.found == 1 && seen.size == 3 && seen.published == 1);
}

static cutover_status refuse(const cutover_object *object, void *context)
{
    unsigned *calls = context;

    (void)object;
    ++*calls;
    return CUTOVER_E_CANCELLED;
}

static void listing_ends_when_emit_says_so(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    unsigned calls = 0;

    if (!expect_backup(box, FIRST, "a", "x") || !expect_backup(box, SECOND, "b", "x"))
        return;
    EXPECT(box->suite,
           repository->list(NULL, refuse, &calls, &error, repository->userdata) == CUTOVER_E_CANCELLED);
    EXPECT(box->suite, calls == 1);
    cutover_error_free(error);
}

static void begin_of_a_partial_backup_conflicts(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;

    if (!expect_begin(box, FIRST) || !expect_object(box, FIRST, "toc.dat", "x"))
        return;
    EXPECT_STATUS(box->suite, repository->begin(FIRST, &error, repository->userdata), CUTOVER_E_CONFLICT,
                  error);
    if (expect_publish(box, FIRST))
        expect_text(box, FIRST, "toc.dat", "x");
}

static void begin_of_a_published_backup_conflicts(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;

    if (!expect_backup(box, FIRST, "toc.dat", "x"))
        return;
    EXPECT_STATUS(box->suite, repository->begin(FIRST, &error, repository->userdata), CUTOVER_E_CONFLICT,
                  error);
    expect_text(box, FIRST, "toc.dat", "x");
}

static void aborted_object_leaves_nothing(struct box *box)
{
    void *object = NULL;
    struct seen seen;

    if (!expect_begin(box, FIRST) || !expect_create(box, FIRST, "12.dat.gz", &object) ||
        !expect_write(box, object, "half", 4))
        return;
    box->repository.abort(object, box->repository.userdata);
    if (!look(box, FIRST, "12.dat.gz", &seen) || !EXPECT(box->suite, seen.total == 0) ||
        !expect_missing(box, FIRST, "12.dat.gz") || !expect_object(box, FIRST, "12.dat.gz", "whole") ||
        !expect_publish(box, FIRST))
        return;
    expect_text(box, FIRST, "12.dat.gz", "whole");
}

static void object_is_not_there_before_its_commit(struct box *box)
{
    void *object = NULL;
    struct seen seen;

    if (!expect_begin(box, FIRST) || !expect_create(box, FIRST, "12.dat.gz", &object))
        return;
    if (expect_write(box, object, "half", 4) && expect_missing(box, FIRST, "12.dat.gz") &&
        look(box, FIRST, "12.dat.gz", &seen))
        EXPECT(box->suite, seen.total == 0);
    expect_commit(box, object);
}

static void object_can_be_read_before_publish(struct box *box)
{
    if (expect_begin(box, FIRST) && expect_object(box, FIRST, "toc.dat", "early"))
        expect_text(box, FIRST, "toc.dat", "early");
}

static void nothing_is_created_in_a_backup_that_was_not_begun(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    cutover_status status = repository->create(FIRST, "toc.dat", &object, &error, repository->userdata);

    if (expect_failure(box, status, error))
        expect_not_listed(box, FIRST);
}

static void nothing_is_added_to_a_published_backup(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    struct seen seen;
    cutover_status status;

    if (!expect_backup(box, FIRST, "toc.dat", "x"))
        return;
    status = repository->create(FIRST, "late", &object, &error, repository->userdata);
    if (expect_failure(box, status, error) && look(box, FIRST, "late", &seen))
        EXPECT(box->suite, seen.total == 1 && seen.found == 0);
}

static void publish_of_a_backup_that_was_not_begun_fails(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    cutover_status status = repository->publish(FIRST, &error, repository->userdata);

    if (expect_failure(box, status, error))
        expect_not_listed(box, FIRST);
}

static void missing_backup_is_not_found(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    struct seen seen = {"", 0, 0, 0, 0};

    expect_missing(box, MISSING, "toc.dat");
    EXPECT_STATUS(box->suite, repository->list(MISSING, see, &seen, &error, repository->userdata),
                  CUTOVER_E_NOT_FOUND, error);
    if (expect_backup(box, FIRST, "toc.dat", "x"))
        expect_missing(box, FIRST, "blobs.toc");
}

static void removed_backup_is_gone(struct box *box)
{
    if (!expect_backup(box, FIRST, "toc.dat", "x") || !expect_backup(box, SECOND, "toc.dat", "y") ||
        !expect_remove(box, FIRST) || !expect_missing(box, FIRST, "toc.dat") ||
        !expect_not_listed(box, FIRST) || !expect_text(box, SECOND, "toc.dat", "y"))
        return;
    /* Again, and one that never was. */
    if (expect_remove(box, FIRST) && expect_remove(box, MISSING))
        expect_backup(box, FIRST, "toc.dat", "again");
}

static void partial_backup_can_be_removed(struct box *box)
{
    if (expect_begin(box, FIRST) && expect_object(box, FIRST, "toc.dat", "x") && expect_remove(box, FIRST) &&
        expect_not_listed(box, FIRST) && expect_backup(box, FIRST, "toc.dat", "new"))
        expect_text(box, FIRST, "toc.dat", "new");
}

static void published_backup_survives_reopening(struct box *box)
{
    struct seen seen;

    if (!expect_backup(box, FIRST, "toc.dat", "durable") || !reopen(box) || !look(box, NULL, FIRST, &seen))
        return;
    EXPECT(box->suite, seen.total == 1 && seen.found == 1 && seen.published == 1);
    expect_text(box, FIRST, "toc.dat", "durable");
}

static void unpublished_backup_is_never_published_by_reopening(struct box *box)
{
    struct seen seen;

    if (!expect_begin(box, FIRST) || !expect_object(box, FIRST, "toc.dat", "x") || !reopen(box) ||
        !look(box, NULL, FIRST, &seen))
        return;
    EXPECT(box->suite, seen.found == 0 || seen.published == 0);
    if (expect_remove(box, FIRST) && expect_not_listed(box, FIRST))
        expect_backup(box, FIRST, "toc.dat", "new");
}

static void removal_survives_reopening(struct box *box)
{
    if (expect_backup(box, FIRST, "toc.dat", "x") && expect_remove(box, FIRST) && reopen(box))
        expect_not_listed(box, FIRST);
}

static void folder_of_a_published_backup_holds_its_objects(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    char path[4096], file[4096 + 16];
    struct stat info;
    cutover_status status;

    if (repository->path == NULL || !expect_begin(box, FIRST) || !expect_object(box, FIRST, "toc.dat", "12345"))
        return;
    status = repository->path(FIRST, path, sizeof(path), &error, repository->userdata);
    if (!expect_failure(box, status, error) || !expect_publish(box, FIRST))
        return;
    error = NULL;
    if (!EXPECT_STATUS(box->suite, repository->path(FIRST, path, sizeof(path), &error, repository->userdata),
                       CUTOVER_OK, error))
        return;
    EXPECT(box->suite, path[0] == '/');
    snprintf(file, sizeof(file), "%s/toc.dat", path);
    EXPECT(box->suite, stat(file, &info) == 0 && info.st_size == 5);
    status = repository->path(FIRST, path, 4, &error, repository->userdata);
    expect_failure(box, status, error);
}

/* ------------------------------------------------------------------------------------------------------- threads */

struct worker {
    const cutover_repository *repository;
    pthread_t thread;
    char name[16];
    const char *content;
    cutover_status status;
};

static cutover_status write_big(const struct worker *worker)
{
    const cutover_repository *repository = worker->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    size_t at = 0;
    cutover_status status = repository->create(FIRST, worker->name, &object, &error, repository->userdata);

    if (status != CUTOVER_OK)
        goto free_error;
    while (status == CUTOVER_OK && at < BIG_SIZE) {
        size_t count = BIG_SIZE - at < 70001 ? BIG_SIZE - at : 70001;
        status = repository->write(object, worker->content + at, count, &error, repository->userdata);
        at += count;
    }
    if (status == CUTOVER_OK)
        status = repository->commit(object, &error, repository->userdata);
    else
        repository->abort(object, repository->userdata);
free_error:
    cutover_error_free(error);
    return status;
}

static cutover_status read_big(const struct worker *worker)
{
    const cutover_repository *repository = worker->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    char buffer[40009];
    size_t at = 0, count = 0;
    cutover_status status = repository->open(FIRST, worker->name, &object, &error, repository->userdata);

    if (status != CUTOVER_OK)
        goto free_error;
    do {
        status = repository->read(object, at, buffer, sizeof(buffer), &count, &error, repository->userdata);
        if (status == CUTOVER_OK && (count > BIG_SIZE - at || memcmp(buffer, worker->content + at, count) != 0))
            status = CUTOVER_E_VERIFY;
        at += count;
    } while (status == CUTOVER_OK && count > 0);
    if (status == CUTOVER_OK && at != BIG_SIZE)
        status = CUTOVER_E_VERIFY;
    repository->close_object(object, repository->userdata);
free_error:
    cutover_error_free(error);
    return status;
}

static void *run_writer(void *context)
{
    struct worker *worker = context;

    worker->status = write_big(worker);
    return NULL;
}

static void *run_reader(void *context)
{
    struct worker *worker = context;

    worker->status = read_big(worker);
    return NULL;
}

static bool run_workers(struct box *box, const char *content, void *(*run)(void *))
{
    struct worker workers[THREADS];
    unsigned started = 0;
    bool held = true;

    for (; held && started < THREADS; started += held) {
        struct worker *worker = &workers[started];
        *worker = (struct worker){.repository = &box->repository, .content = content + started * 101};
        snprintf(worker->name, sizeof(worker->name), "%u.dat.gz", started);
        held = EXPECT(box->suite, pthread_create(&worker->thread, NULL, run, worker) == 0);
    }
    for (unsigned i = 0; i < started; i++) {
        held = EXPECT(box->suite, pthread_join(workers[i].thread, NULL) == 0) && held;
        held = EXPECT(box->suite, workers[i].status == CUTOVER_OK) && held;
    }
    return held;
}

static void objects_are_written_and_read_by_several_threads(struct box *box)
{
    size_t size = BIG_SIZE + THREADS * 101;
    char *content = malloc(size);

    if (!EXPECT(box->suite, content != NULL))
        return;
    for (size_t i = 0; i < size; i++)
        content[i] = (char)(unsigned char)(i * 7919 >> 5);
    if (expect_begin(box, FIRST) && run_workers(box, content, run_writer) && expect_publish(box, FIRST))
        run_workers(box, content, run_reader);
    free(content);
}

/* -------------------------------------------------------------------------------------------------------------- */

#define CASE(function)                                                                                         \
    {                                                                                                          \
#function, function                                                                                    \
    }

static const struct {
    const char *name;
    repository_case run;
} cases[] = {
    CASE(vtable_is_complete),
    CASE(fresh_repository_is_empty),
    CASE(published_backup_reads_back_what_was_written),
    CASE(empty_object_is_an_object),
    CASE(backup_without_objects_can_be_published),
    CASE(reading_beyond_the_end_gives_nothing),
    CASE(unpublished_backup_is_listed_as_partial),
    CASE(objects_are_listed_with_their_sizes),
    CASE(listing_ends_when_emit_says_so),
    CASE(begin_of_a_partial_backup_conflicts),
    CASE(begin_of_a_published_backup_conflicts),
    CASE(aborted_object_leaves_nothing),
    CASE(object_is_not_there_before_its_commit),
    CASE(object_can_be_read_before_publish),
    CASE(nothing_is_created_in_a_backup_that_was_not_begun),
    CASE(nothing_is_added_to_a_published_backup),
    CASE(publish_of_a_backup_that_was_not_begun_fails),
    CASE(missing_backup_is_not_found),
    CASE(removed_backup_is_gone),
    CASE(partial_backup_can_be_removed),
    CASE(published_backup_survives_reopening),
    CASE(unpublished_backup_is_never_published_by_reopening),
    CASE(removal_survives_reopening),
    CASE(folder_of_a_published_backup_holds_its_objects),
    CASE(objects_are_written_and_read_by_several_threads),
};

cutover_status cutover_conformance_repository(cutover_conformance_repository_open open,
                                              cutover_conformance_report report, void *userdata,
                                              cutover_error **error)
{
    struct suite suite;

    if (open == NULL) {
        if (error != NULL && *error == NULL)
            *error = cutover_error_new(CUTOVER_E_INVALID, "the suite needs a function that opens a repository",
                                       NULL, NULL);
        return CUTOVER_E_INVALID;
    }
    suite_init(&suite, report, userdata);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct box box = {&suite, open, userdata, CUTOVER_REPOSITORY_INIT};
        cutover_error *cause = NULL;
        suite_begin(&suite, cases[i].name);
        if (EXPECT_STATUS(&suite, open(1, &box.repository, &cause, userdata), CUTOVER_OK, cause))
            cases[i].run(&box);
        cutover_repository_close(&box.repository);
        suite_end(&suite);
    }
    return suite_result(&suite, error);
}
