/*
 * The repository suite, committed objects of a backup that is not published: their bytes changed in place.
 */
#include "repository_case.h"

#include <string.h>

#define OBJECT "12.dat.gz"

static bool patch(struct box *box, const char *backup, void **object, cutover_status expected)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    cutover_status status = repository->patch(backup, OBJECT, object, &error, repository->userdata);

    return EXPECT_STATUS(box->suite, status, expected, error);
}

static bool write_at(struct box *box, void *object, uint64_t offset, const char *bytes, cutover_status expected)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    cutover_status status =
        repository->write_at(object, offset, bytes, strlen(bytes), &error, repository->userdata);

    return EXPECT_STATUS(box->suite, status, expected, error);
}

/* A backup with that object, open to be changed. */
static bool opened(struct box *box, const char *content, void **object)
{
    return box_begin(box, FIRST) && box_object(box, FIRST, "toc.dat", "another") &&
           box_object(box, FIRST, OBJECT, content) && patch(box, FIRST, object, CUTOVER_OK);
}

static bool holds(struct box *box, const char *content)
{
    struct entry_seen seen;

    return box_look(box, FIRST, OBJECT, &seen) && EXPECT(box->suite, seen.total == 2 && seen.found == 1) &&
           EXPECT(box->suite, seen.size == strlen(content)) && box_text(box, FIRST, OBJECT, content) &&
           box_text(box, FIRST, "toc.dat", "another");
}

static void bytes_are_changed_in_place_and_behind_the_end(struct box *box)
{
    void *object = NULL;

    if (!opened(box, "0123456789", &object))
        return;
    write_at(box, object, 7, "h", CUTOVER_OK);
    write_at(box, object, 0, "ab", CUTOVER_OK);
    write_at(box, object, 10, "more", CUTOVER_OK);
    write_at(box, object, 13, "ER", CUTOVER_OK); /* over the end */
    write_at(box, object, 15, "", CUTOVER_OK);
    if (box_commit(box, object) && holds(box, "ab23456h89morER") && box_publish(box, FIRST) && box_reopen(box))
        holds(box, "ab23456h89morER");
}

static void object_is_changed_more_than_once(struct box *box)
{
    void *object = NULL;

    if (opened(box, "012", &object) && write_at(box, object, 3, "3", CUTOVER_OK) && box_commit(box, object) &&
        patch(box, FIRST, &object, CUTOVER_OK) && write_at(box, object, 4, "4", CUTOVER_OK) &&
        write_at(box, object, 0, "x", CUTOVER_OK) && box_commit(box, object))
        holds(box, "x1234");
}

static void offset_behind_the_end_is_refused(struct box *box)
{
    void *object = NULL;

    if (!opened(box, "012", &object))
        return;
    write_at(box, object, 4, "x", CUTOVER_E_INVALID);
    if (box_commit(box, object))
        holds(box, "012");
}

/* Only what was to be changed may be either. */
static void aborted_change_leaves_the_other_bytes(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL;
    char bytes[8] = "";
    size_t count = 0;

    if (!opened(box, "01234567", &object))
        return;
    write_at(box, object, 2, "xy", CUTOVER_OK);
    repository->abort(object, repository->userdata);
    if (!EXPECT_STATUS(box->suite, repository->open(FIRST, OBJECT, &object, &error, repository->userdata),
                       CUTOVER_OK, error))
        return;
    error = NULL;
    if (EXPECT_STATUS(box->suite,
                      repository->read(object, 0, bytes, sizeof(bytes), &count, &error, repository->userdata),
                      CUTOVER_OK, error)) {
        EXPECT(box->suite, count == 8 && memcmp(bytes, "01", 2) == 0 && memcmp(bytes + 4, "4567", 4) == 0);
        EXPECT(box->suite, (bytes[2] == '2' || bytes[2] == 'x') && (bytes[3] == '3' || bytes[3] == 'y'));
    }
    repository->close_object(object, repository->userdata);
    box_publish(box, FIRST);
}

static void object_that_is_being_changed_is_nobody_elses(struct box *box)
{
    const cutover_repository *repository = &box->repository;
    cutover_error *error = NULL;
    void *object = NULL, *other = NULL;

    if (!opened(box, "old", &object))
        return;
    patch(box, FIRST, &other, CUTOVER_E_CONFLICT);
    cutover_status status = repository->create(FIRST, OBJECT, &other, &error, repository->userdata);
    EXPECT_STATUS(box->suite, status, CUTOVER_E_CONFLICT, error);
    error = NULL;
    status = repository->publish(FIRST, &error, repository->userdata);
    EXPECT_STATUS(box->suite, status, CUTOVER_E_STATE, error);
    if (write_at(box, object, 0, "n", CUTOVER_OK) && box_commit(box, object) && holds(box, "nld"))
        box_publish(box, FIRST);
}

static void object_that_is_not_committed_cannot_be_changed(struct box *box)
{
    void *object = NULL, *other = NULL;

    if (!box_begin(box, FIRST) || !box_create(box, FIRST, OBJECT, &object))
        return;
    patch(box, FIRST, &other, CUTOVER_E_CONFLICT);
    box->repository.abort(object, box->repository.userdata);
    patch(box, FIRST, &other, CUTOVER_E_NOT_FOUND);
    patch(box, MISSING, &other, CUTOVER_E_NOT_FOUND);
    if (box_missing(box, FIRST, OBJECT))
        box_publish(box, FIRST);
}

static void published_object_is_not_changed(struct box *box)
{
    void *object = NULL;

    if (!box_backup(box, FIRST, OBJECT, "x"))
        return;
    patch(box, FIRST, &object, CUTOVER_E_STATE);
    box_text(box, FIRST, OBJECT, "x");
}

const struct repository_case repository_patch_cases[] = {
    CASE(bytes_are_changed_in_place_and_behind_the_end, CUTOVER_REPOSITORY_PATCH),
    CASE(object_is_changed_more_than_once, CUTOVER_REPOSITORY_PATCH),
    CASE(offset_behind_the_end_is_refused, CUTOVER_REPOSITORY_PATCH),
    CASE(aborted_change_leaves_the_other_bytes, CUTOVER_REPOSITORY_PATCH),
    CASE(object_that_is_being_changed_is_nobody_elses, CUTOVER_REPOSITORY_PATCH),
    CASE(object_that_is_not_committed_cannot_be_changed, CUTOVER_REPOSITORY_PATCH),
    CASE(published_object_is_not_changed, CUTOVER_REPOSITORY_PATCH),
    {NULL, NULL, 0},
};
