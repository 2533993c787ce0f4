#include "repository/port.h"

static const cutover_repository initial = CUTOVER_REPOSITORY_INIT;
static const struct port_member required[] = {
    {"begin", offsetof(cutover_repository, begin), 1},
    {"create", offsetof(cutover_repository, create), 1},
    {"write", offsetof(cutover_repository, write), 1},
    {"commit", offsetof(cutover_repository, commit), 1},
    {"abort", offsetof(cutover_repository, abort), 1},
    {"publish", offsetof(cutover_repository, publish), 1},
    {"open", offsetof(cutover_repository, open), 1},
    {"read", offsetof(cutover_repository, read), 1},
    {"close_object", offsetof(cutover_repository, close_object), 1},
    {"list", offsetof(cutover_repository, list), 1},
    {"remove", offsetof(cutover_repository, remove), 1},
    {"close", offsetof(cutover_repository, close), 1},
    {NULL, 0, 0},
};

static const size_t older[] = {PORT_SIZE(cutover_repository, close),
                               PORT_SIZE(cutover_repository, remove_object),
                               PORT_SIZE(cutover_repository, free_bytes)};

const struct port repository_port = {&initial, sizeof(cutover_repository), CUTOVER_REPOSITORY_VERSION, older,
                                     required};

cutover_status repository_copy(const char *name, const cutover_repository *given, cutover_repository *copy,
                               cutover_error **error)
{
    cutover_status status = port_copy(&repository_port, name, given, copy, error);

    if (status == CUTOVER_OK && (copy->capabilities & CUTOVER_REPOSITORY_REWRITE) != 0 &&
        copy->remove_object == NULL)
        status = error_set(error, CUTOVER_E_INVALID,
                           "%s.remove_object: required with CUTOVER_REPOSITORY_REWRITE", name);
    if (status == CUTOVER_OK && (copy->capabilities & CUTOVER_REPOSITORY_PATCH) != 0 &&
        (copy->patch == NULL || copy->write_at == NULL))
        status = error_set(error, CUTOVER_E_INVALID, "%s.%s: required with CUTOVER_REPOSITORY_PATCH", name,
                           copy->patch == NULL ? "patch" : "write_at");
    return status;
}

cutover_status cutover_repository_init(cutover_repository *repository, unsigned version)
{
    return port_init(&repository_port, repository, version);
}

void cutover_repository_close(cutover_repository *repository)
{
    if (repository == NULL)
        return;
    if (repository->close != NULL)
        repository->close(repository->userdata);
    repository->close = NULL;
    port_reset(&repository_port, repository);
}
