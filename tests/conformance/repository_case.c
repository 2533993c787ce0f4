#include "repository_case.h"

#include <stdlib.h>
#include <string.h>

bool box_begin(struct box *box, const char *backup)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.begin(backup, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

bool box_publish(struct box *box, const char *backup)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.publish(backup, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

bool box_remove(struct box *box, const char *backup)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.remove(backup, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

bool box_create(struct box *box, const char *backup, const char *name, void **object)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite,
                         box->repository.create(backup, name, object, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

bool box_write(struct box *box, void *object, const void *bytes, size_t count)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite,
                         box->repository.write(object, bytes, count, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

bool box_commit(struct box *box, void *object)
{
    cutover_error *error = NULL;

    return EXPECT_STATUS(box->suite, box->repository.commit(object, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

bool box_object(struct box *box, const char *backup, const char *name, const char *content)
{
    void *object = NULL;

    return box_create(box, backup, name, &object) && box_write(box, object, content, strlen(content)) &&
           box_commit(box, object);
}

bool box_backup(struct box *box, const char *backup, const char *name, const char *content)
{
    return box_begin(box, backup) && box_object(box, backup, name, content) && box_publish(box, backup);
}

bool box_missing(struct box *box, const char *backup, const char *name)
{
    cutover_error *error = NULL;
    void *object = NULL;

    return EXPECT_STATUS(box->suite,
                         box->repository.open(backup, name, &object, &error, box->repository.userdata),
                         CUTOVER_E_NOT_FOUND, error);
}

bool box_content(struct box *box, const char *backup, const char *name, const char *content, size_t size,
                 size_t piece)
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

bool box_text(struct box *box, const char *backup, const char *name, const char *content)
{
    return box_content(box, backup, name, content, strlen(content), 64);
}

cutover_status box_see(const cutover_object *object, void *context)
{
    struct entry_seen *seen = context;

    seen->total++;
    if (strcmp(object->name, seen->name) == 0) {
        seen->found++;
        seen->size = object->size;
        seen->published = object->published;
    }
    return CUTOVER_OK;
}

bool box_look(struct box *box, const char *backup, const char *name, struct entry_seen *seen)
{
    cutover_error *error = NULL;

    *seen = (struct entry_seen){name, 0, 0, 0, -1};
    return EXPECT_STATUS(box->suite,
                         box->repository.list(backup, box_see, seen, &error, box->repository.userdata),
                         CUTOVER_OK, error);
}

bool box_not_listed(struct box *box, const char *backup)
{
    struct entry_seen seen;

    return box_look(box, NULL, backup, &seen) && EXPECT(box->suite, seen.found == 0);
}

bool box_failure(struct box *box, cutover_status status, cutover_error *error)
{
    bool held = EXPECT(box->suite, status < 0) && EXPECT(box->suite, cutover_error_code(error) == status);

    cutover_error_free(error);
    return held;
}

bool box_reopen(struct box *box)
{
    cutover_error *error = NULL;

    cutover_repository_close(&box->repository);
    return EXPECT_STATUS(box->suite, box->open(0, &box->repository, &error, box->userdata), CUTOVER_OK, error);
}
