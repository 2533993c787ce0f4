/*
 * What every repository must do. Each case begins with a fresh repository.
 */
#include "repository_case.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define THREADS 4
#define BIG_SIZE (3u * 1024u * 1024u + 17u)

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
    if (repository->version == 1)
        EXPECT(box->suite, repository->capabilities == 0);
    else
        EXPECT(box->suite, ((repository->capabilities & CUTOVER_REPOSITORY_REWRITE) != 0) ==
                               (repository->remove_object != NULL));
    bool patches = (repository->capabilities & CUTOVER_REPOSITORY_PATCH) != 0;
    EXPECT(box->suite, !patches || repository->version >= 4);
    if (repository->version >= 4)
        EXPECT(box->suite, patches == (repository->patch != NULL) && patches == (repository->write_at != NULL));
}

static void fresh_repository_is_empty(struct box *box)
{
    struct entry_seen seen;

    if (box_look(box, NULL, FIRST, &seen))
        EXPECT(box->suite, seen.total == 0);
}

static void published_backup_reads_back_what_was_written(struct box *box)
{
    void *object = NULL;

    if (!box_begin(box, FIRST) || !box_create(box, FIRST, "12.dat.gz", &object) ||
        !box_write(box, object, "one ", 4) || !box_write(box, object, "", 0) ||
        !box_write(box, object, "two\0three", 9) || !box_commit(box, object) ||
        !box_object(box, FIRST, LONGEST, "x") || !box_publish(box, FIRST))
        return;
    box_content(box, FIRST, "12.dat.gz", "one two\0three", 13, 5);
    box_text(box, FIRST, LONGEST, "x");
}

static void empty_object_is_an_object(struct box *box)
{
    struct entry_seen seen;

    if (!box_backup(box, FIRST, "empty", "") || !box_look(box, FIRST, "empty", &seen))
        return;
    EXPECT(box->suite, seen.found == 1 && seen.size == 0);
    box_text(box, FIRST, "empty", "");
}

static void backup_without_objects_can_be_published(struct box *box)
{
    struct entry_seen seen;

    if (!box_begin(box, FIRST) || !box_publish(box, FIRST) || !box_look(box, FIRST, "toc.dat", &seen))
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

    if (!box_backup(box, FIRST, "toc.dat", "12345") ||
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
    struct entry_seen seen;

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "x") ||
        !box_backup(box, SECOND, "toc.dat", "y") || !box_look(box, NULL, FIRST, &seen))
        return;
    EXPECT(box->suite, seen.total == 2 && seen.found == 1 && seen.published == 0);
    if (box_look(box, NULL, SECOND, &seen))
        EXPECT(box->suite, seen.found == 1 && seen.published == 1);
}

static void objects_are_listed_with_their_sizes(struct box *box)
{
    struct entry_seen seen;

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "123") ||
        !box_object(box, FIRST, "blobs.toc", "1") || !box_publish(box, FIRST) ||
        !box_look(box, FIRST, "toc.dat", &seen))
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

    if (!box_backup(box, FIRST, "a", "x") || !box_backup(box, SECOND, "b", "x"))
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

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "x"))
        return;
    EXPECT_STATUS(box->suite, repository->begin(FIRST, &error, repository->userdata), CUTOVER_E_CONFLICT,
                  error);
    if (box_publish(box, FIRST))
        box_text(box, FIRST, "toc.dat", "x");
}

static void begin_of_a_published_backup_conflicts(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;

    if (!box_backup(box, FIRST, "toc.dat", "x"))
        return;
    EXPECT_STATUS(box->suite, repository->begin(FIRST, &error, repository->userdata), CUTOVER_E_CONFLICT,
                  error);
    box_text(box, FIRST, "toc.dat", "x");
}

static void aborted_object_leaves_nothing(struct box *box)
{
    void *object = NULL;
    struct entry_seen seen;

    if (!box_begin(box, FIRST) || !box_create(box, FIRST, "12.dat.gz", &object) ||
        !box_write(box, object, "half", 4))
        return;
    box->repository.abort(object, box->repository.userdata);
    if (!box_look(box, FIRST, "12.dat.gz", &seen) || !EXPECT(box->suite, seen.total == 0) ||
        !box_missing(box, FIRST, "12.dat.gz") || !box_object(box, FIRST, "12.dat.gz", "whole") ||
        !box_publish(box, FIRST))
        return;
    box_text(box, FIRST, "12.dat.gz", "whole");
}

static void object_is_not_there_before_its_commit(struct box *box)
{
    void *object = NULL;
    struct entry_seen seen;

    if (!box_begin(box, FIRST) || !box_create(box, FIRST, "12.dat.gz", &object))
        return;
    if (box_write(box, object, "half", 4) && box_missing(box, FIRST, "12.dat.gz") &&
        box_look(box, FIRST, "12.dat.gz", &seen))
        EXPECT(box->suite, seen.total == 0);
    box_commit(box, object);
}

static void object_can_be_read_before_publish(struct box *box)
{
    if (box_begin(box, FIRST) && box_object(box, FIRST, "toc.dat", "early"))
        box_text(box, FIRST, "toc.dat", "early");
}

static void nothing_is_created_in_a_backup_that_was_not_begun(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    cutover_status status = repository->create(FIRST, "toc.dat", &object, &error, repository->userdata);

    if (box_failure(box, status, error))
        box_not_listed(box, FIRST);
}

static void nothing_is_added_to_a_published_backup(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    struct entry_seen seen;
    cutover_status status;

    if (!box_backup(box, FIRST, "toc.dat", "x"))
        return;
    status = repository->create(FIRST, "late", &object, &error, repository->userdata);
    if (box_failure(box, status, error) && box_look(box, FIRST, "late", &seen))
        EXPECT(box->suite, seen.total == 1 && seen.found == 0);
}

static void publish_of_a_backup_that_was_not_begun_fails(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    cutover_status status = repository->publish(FIRST, &error, repository->userdata);

    if (box_failure(box, status, error))
        box_not_listed(box, FIRST);
}

static void missing_backup_is_not_found(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    struct entry_seen seen = {"", 0, 0, 0, 0};

    box_missing(box, MISSING, "toc.dat");
    EXPECT_STATUS(box->suite, repository->list(MISSING, box_see, &seen, &error, repository->userdata),
                  CUTOVER_E_NOT_FOUND, error);
    if (box_backup(box, FIRST, "toc.dat", "x"))
        box_missing(box, FIRST, "blobs.toc");
}

static void removed_backup_is_gone(struct box *box)
{
    if (!box_backup(box, FIRST, "toc.dat", "x") || !box_backup(box, SECOND, "toc.dat", "y") ||
        !box_remove(box, FIRST) || !box_missing(box, FIRST, "toc.dat") || !box_not_listed(box, FIRST) ||
        !box_text(box, SECOND, "toc.dat", "y"))
        return;
    /* Again, and one that never was. */
    if (box_remove(box, FIRST) && box_remove(box, MISSING))
        box_backup(box, FIRST, "toc.dat", "again");
}

static void partial_backup_can_be_removed(struct box *box)
{
    if (box_begin(box, FIRST) && box_object(box, FIRST, "toc.dat", "x") && box_remove(box, FIRST) &&
        box_not_listed(box, FIRST) && box_backup(box, FIRST, "toc.dat", "new"))
        box_text(box, FIRST, "toc.dat", "new");
}

static void published_backup_survives_reopening(struct box *box)
{
    struct entry_seen seen;

    if (!box_backup(box, FIRST, "toc.dat", "durable") || !box_reopen(box) || !box_look(box, NULL, FIRST, &seen))
        return;
    EXPECT(box->suite, seen.total == 1 && seen.found == 1 && seen.published == 1);
    box_text(box, FIRST, "toc.dat", "durable");
}

static void unpublished_backup_is_never_published_by_reopening(struct box *box)
{
    struct entry_seen seen;

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "x") || !box_reopen(box) ||
        !box_look(box, NULL, FIRST, &seen))
        return;
    EXPECT(box->suite, seen.found == 0 || seen.published == 0);
    if (box_remove(box, FIRST) && box_not_listed(box, FIRST))
        box_backup(box, FIRST, "toc.dat", "new");
}

static void removal_survives_reopening(struct box *box)
{
    if (box_backup(box, FIRST, "toc.dat", "x") && box_remove(box, FIRST) && box_reopen(box))
        box_not_listed(box, FIRST);
}

static void folder_of_a_published_backup_holds_its_objects(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    char path[4096], file[4096 + 16];
    struct stat info;
    cutover_status status;

    if (repository->path == NULL || !box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "12345"))
        return;
    status = repository->path(FIRST, path, sizeof(path), &error, repository->userdata);
    if (!box_failure(box, status, error) || !box_publish(box, FIRST))
        return;
    error = NULL;
    if (!EXPECT_STATUS(box->suite, repository->path(FIRST, path, sizeof(path), &error, repository->userdata),
                       CUTOVER_OK, error))
        return;
    EXPECT(box->suite, path[0] == '/');
    snprintf(file, sizeof(file), "%s/toc.dat", path);
    EXPECT(box->suite, stat(file, &info) == 0 && info.st_size == 5);
    status = repository->path(FIRST, path, 4, &error, repository->userdata);
    box_failure(box, status, error);
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
    if (box_begin(box, FIRST) && run_workers(box, content, run_writer) && box_publish(box, FIRST))
        run_workers(box, content, run_reader);
    free(content);
}

/* -------------------------------------------------------------------------------------------------------------- */

const struct repository_case repository_cases[] = {
    CASE(vtable_is_complete, 0),
    CASE(fresh_repository_is_empty, 0),
    CASE(published_backup_reads_back_what_was_written, 0),
    CASE(empty_object_is_an_object, 0),
    CASE(backup_without_objects_can_be_published, 0),
    CASE(reading_beyond_the_end_gives_nothing, 0),
    CASE(unpublished_backup_is_listed_as_partial, 0),
    CASE(objects_are_listed_with_their_sizes, 0),
    CASE(listing_ends_when_emit_says_so, 0),
    CASE(begin_of_a_partial_backup_conflicts, 0),
    CASE(begin_of_a_published_backup_conflicts, 0),
    CASE(aborted_object_leaves_nothing, 0),
    CASE(object_is_not_there_before_its_commit, 0),
    CASE(object_can_be_read_before_publish, 0),
    CASE(nothing_is_created_in_a_backup_that_was_not_begun, 0),
    CASE(nothing_is_added_to_a_published_backup, 0),
    CASE(publish_of_a_backup_that_was_not_begun_fails, 0),
    CASE(missing_backup_is_not_found, 0),
    CASE(removed_backup_is_gone, 0),
    CASE(partial_backup_can_be_removed, 0),
    CASE(published_backup_survives_reopening, 0),
    CASE(unpublished_backup_is_never_published_by_reopening, 0),
    CASE(removal_survives_reopening, 0),
    CASE(folder_of_a_published_backup_holds_its_objects, 0),
    CASE(objects_are_written_and_read_by_several_threads, 0),
    {NULL, NULL, 0},
};

/* What the repository says of itself; one that does not open runs every case, and fails it. */
static uint32_t capabilities_of(struct box *box)
{
    uint32_t capabilities = CUTOVER_REPOSITORY_REWRITE | CUTOVER_REPOSITORY_PATCH;
    cutover_error *cause = NULL;

    if (box->open(1, &box->repository, &cause, box->userdata) == CUTOVER_OK)
        capabilities = box->repository.capabilities;
    cutover_error_free(cause);
    cutover_repository_close(&box->repository);
    return capabilities;
}

static void run_case(struct box *box, const struct repository_case *one)
{
    cutover_error *cause = NULL;

    suite_begin(box->suite, one->name);
    if (EXPECT_STATUS(box->suite, box->open(1, &box->repository, &cause, box->userdata), CUTOVER_OK, cause))
        one->run(box);
    cutover_repository_close(&box->repository);
    suite_end(box->suite);
}

cutover_status cutover_conformance_repository(cutover_conformance_repository_open open,
                                              cutover_conformance_report report, void *userdata,
                                              cutover_error **error)
{
    static const struct repository_case *const groups[] = {repository_cases, repository_rewrite_cases,
                                                           repository_patch_cases};
    struct suite suite;

    if (error != NULL)
        *error = NULL;
    if (open == NULL) {
        if (error != NULL)
            *error = cutover_error_new(CUTOVER_E_INVALID, "the suite needs a function that opens a repository",
                                       NULL, NULL);
        return CUTOVER_E_INVALID;
    }
    suite_init(&suite, report, userdata);
    uint32_t capabilities = capabilities_of(&(struct box){&suite, open, userdata, CUTOVER_REPOSITORY_INIT});
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        for (const struct repository_case *one = groups[i]; one->name != NULL; one++)
            if ((one->needs & ~capabilities) == 0)
                run_case(&(struct box){&suite, open, userdata, CUTOVER_REPOSITORY_INIT}, one);
    return suite_result(&suite, error);
}
