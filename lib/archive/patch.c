#include "archive/patch.h"

#include "archive/blank.h"
#include "base/answer.h"

#include <stdlib.h>

/* Blanks are written by so many bytes: a chain may be cut between any two of its members. */
#define BLANK_PIECE ((size_t)16 * BLANK_MAX)

struct patch {
    const cutover_repository *repository;
    void *object;
    uint64_t size;
};

bool patch_possible(const cutover_repository *repository)
{
    return (repository->capabilities & CUTOVER_REPOSITORY_PATCH) != 0;
}

cutover_status patch_open(const cutover_repository *repository, const char *backup, const char *name,
                          uint64_t size, struct patch **patch, cutover_error **error)
{
    struct patch *opened = calloc(1, sizeof *opened);
    cutover_error *cause = NULL;

    if (opened == NULL)
        return error_nomem(error);
    opened->repository = repository;
    opened->size = size;
    cutover_status status =
        ANSWER_OF(repository->capabilities,
                  repository->patch(backup, name, &opened->object, &cause, repository->userdata));
    if (status == CUTOVER_OK) {
        *patch = opened;
        return CUTOVER_OK;
    }
    free(opened);
    status = error_from_callback(&cause, status, "repository.patch");
    error_move(error, cause);
    return status;
}

static cutover_status write_at(struct patch *patch, uint64_t offset, const void *bytes, size_t count,
                               cutover_error **error)
{
    const cutover_repository *repository = patch->repository;
    cutover_error *cause = NULL;
    cutover_status status =
        ANSWER_OF(repository->capabilities,
                  repository->write_at(patch->object, offset, bytes, count, &cause, repository->userdata));

    if (status == CUTOVER_OK)
        return CUTOVER_OK;
    status = error_from_callback(&cause, status, "repository.write_at");
    error_move(error, cause);
    return status;
}

cutover_status patch_blank(struct patch *patch, uint64_t offset, uint64_t count, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (count < BLANK_MIN || count > patch->size || offset > patch->size - count)
        return error_set(error, CUTOVER_E_INTERNAL, "no blank of %llu bytes at byte %llu of %llu",
                         (unsigned long long)count, (unsigned long long)offset,
                         (unsigned long long)patch->size);
    char *piece = malloc(BLANK_PIECE + BLANK_MIN);
    if (piece == NULL)
        return error_nomem(error);
    while (status == CUTOVER_OK && count > 0) {
        size_t one = count < BLANK_PIECE + BLANK_MIN ? (size_t)count : BLANK_PIECE;

        blank_fill(piece, one);
        status = write_at(patch, offset, piece, one, error);
        offset += one;
        count -= one;
    }
    free(piece);
    return status;
}

cutover_status patch_append(struct patch *patch, const void *bytes, size_t count, uint64_t *offset,
                            cutover_error **error)
{
    cutover_status status = write_at(patch, patch->size, bytes, count, error);

    if (status != CUTOVER_OK)
        return status;
    *offset = patch->size;
    patch->size += count;
    return CUTOVER_OK;
}

cutover_status patch_commit(struct patch *patch, cutover_error **error)
{
    const cutover_repository *repository = patch->repository;
    cutover_error *cause = NULL;
    /* Whatever it answers, the object is the repository's own again. */
    cutover_status status =
        ANSWER_OF(repository->capabilities, repository->commit(patch->object, &cause, repository->userdata));

    free(patch);
    if (status == CUTOVER_OK)
        return CUTOVER_OK;
    status = error_from_callback(&cause, status, "repository.commit");
    error_move(error, cause);
    return status;
}

void patch_abort(struct patch *patch)
{
    if (patch == NULL)
        return;
    patch->repository->abort(patch->object, patch->repository->userdata);
    free(patch);
}
