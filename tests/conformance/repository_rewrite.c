/*
 * The repository suite, objects of a backup that is not published: replaced, removed, read meanwhile.
 */
#include "repository_case.h"

#include <string.h>

/* That one object is listed, and reads as this. */
static bool holds_only(struct box *box, const char *name, const char *content)
{
    struct entry_seen seen;

    return box_look(box, FIRST, name, &seen) && EXPECT(box->suite, seen.total == 1 && seen.found == 1) &&
           EXPECT(box->suite, seen.size == strlen(content)) && box_text(box, FIRST, name, content);
}

static bool remove_object(struct box *box, const char *backup, const char *name, cutover_status expected)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    cutover_status status = repository->remove_object(backup, name, &error, repository->userdata);

    return EXPECT_STATUS(box->suite, status, expected, error);
}

static void committed_object_is_in_the_way_unless_it_can_be_replaced(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    bool rewrites = (repository->capabilities & CUTOVER_REPOSITORY_REWRITE) != 0;
    cutover_error *error = NULL;
    void *object = NULL;

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "old"))
        return;
    cutover_status status = repository->create(FIRST, "toc.dat", &object, &error, repository->userdata);
    EXPECT_STATUS(box->suite, status, rewrites ? CUTOVER_OK : CUTOVER_E_CONFLICT, error);
    if (status == CUTOVER_OK)
        repository->abort(object, repository->userdata);
    holds_only(box, "toc.dat", "old");
}

static void committed_object_is_replaced_by_commit(struct box *box)
{
    void *object = NULL;

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "the old one") ||
        !box_create(box, FIRST, "toc.dat", &object) || !box_write(box, object, "new", 3))
        return;
    holds_only(box, "toc.dat", "the old one");
    if (box_commit(box, object) && holds_only(box, "toc.dat", "new") && box_publish(box, FIRST) &&
        box_reopen(box))
        holds_only(box, "toc.dat", "new");
}

static void aborted_replacement_leaves_the_old_object(struct box *box)
{
    void *object = NULL;

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "old") ||
        !box_create(box, FIRST, "toc.dat", &object) || !box_write(box, object, "half", 4))
        return;
    box->repository.abort(object, box->repository.userdata);
    if (holds_only(box, "toc.dat", "old") && box_publish(box, FIRST))
        holds_only(box, "toc.dat", "old");
}

static void object_that_is_being_written_is_nobody_elses(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL, *other = NULL;

    if (!box_begin(box, FIRST) || !box_create(box, FIRST, "toc.dat", &object))
        return;
    cutover_status status = repository->create(FIRST, "toc.dat", &other, &error, repository->userdata);
    EXPECT_STATUS(box->suite, status, CUTOVER_E_CONFLICT, error);
    if (box_write(box, object, "one", 3) && box_commit(box, object))
        holds_only(box, "toc.dat", "one");
}

static void removed_object_is_not_published(struct box *box)
{
    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "kept") ||
        !box_object(box, FIRST, "12.dat.gz", "removed") || !remove_object(box, FIRST, "12.dat.gz", CUTOVER_OK))
        return;
    /* Again, and one that never was. */
    remove_object(box, FIRST, "12.dat.gz", CUTOVER_OK);
    remove_object(box, FIRST, "13.dat.gz", CUTOVER_OK);
    if (holds_only(box, "toc.dat", "kept") && box_missing(box, FIRST, "12.dat.gz") && box_publish(box, FIRST) &&
        box_reopen(box) && holds_only(box, "toc.dat", "kept"))
        box_missing(box, FIRST, "12.dat.gz");
}

static void removed_object_can_be_created_again(struct box *box)
{
    if (box_begin(box, FIRST) && box_object(box, FIRST, "toc.dat", "the old one") &&
        remove_object(box, FIRST, "toc.dat", CUTOVER_OK) && box_object(box, FIRST, "toc.dat", "new") &&
        box_publish(box, FIRST))
        holds_only(box, "toc.dat", "new");
}

static void published_object_is_neither_replaced_nor_removed(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;

    if (!box_backup(box, FIRST, "toc.dat", "x"))
        return;
    cutover_status status = repository->create(FIRST, "toc.dat", &object, &error, repository->userdata);
    EXPECT_STATUS(box->suite, status, CUTOVER_E_STATE, error);
    remove_object(box, FIRST, "toc.dat", CUTOVER_E_STATE);
    remove_object(box, MISSING, "toc.dat", CUTOVER_E_NOT_FOUND);
    holds_only(box, "toc.dat", "x");
}

/* Half of it is read before, half after: all of the old one, or a failure. */
static void open_object_is_not_mixed_with_its_replacement(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    char bytes[8] = "";
    size_t count = 0;

    if (!box_begin(box, FIRST) || !box_object(box, FIRST, "toc.dat", "oldold") ||
        !EXPECT_STATUS(box->suite, repository->open(FIRST, "toc.dat", &object, &error, repository->userdata),
                       CUTOVER_OK, error))
        return;
    cutover_status status = repository->read(object, 0, bytes, 3, &count, &error, repository->userdata);
    EXPECT_STATUS(box->suite, status, CUTOVER_OK, error);
    if (box_object(box, FIRST, "toc.dat", "newnew")) {
        error = NULL;
        status = repository->read(object, 3, bytes, 3, &count, &error, repository->userdata);
        EXPECT(box->suite, status == CUTOVER_E_REPOSITORY ||
                               (status == CUTOVER_OK && count <= 3 && memcmp(bytes, "old", count) == 0));
        cutover_error_free(error);
    }
    repository->close_object(object, repository->userdata);
    holds_only(box, "toc.dat", "newnew");
}

const struct repository_case repository_rewrite_cases[] = {
    CASE(committed_object_is_in_the_way_unless_it_can_be_replaced, 0),
    CASE(committed_object_is_replaced_by_commit, CUTOVER_REPOSITORY_REWRITE),
    CASE(aborted_replacement_leaves_the_old_object, CUTOVER_REPOSITORY_REWRITE),
    CASE(object_that_is_being_written_is_nobody_elses, 0),
    CASE(removed_object_is_not_published, CUTOVER_REPOSITORY_REWRITE),
    CASE(removed_object_can_be_created_again, CUTOVER_REPOSITORY_REWRITE),
    CASE(published_object_is_neither_replaced_nor_removed, CUTOVER_REPOSITORY_REWRITE),
    CASE(open_object_is_not_mixed_with_its_replacement, CUTOVER_REPOSITORY_REWRITE),
    {NULL, NULL, 0},
};
