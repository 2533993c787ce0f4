#include "store/port.h"

#include "base/error.h"

#include <stdbool.h>
#include <string.h>

cutover_status store_check(const cutover_store *store, cutover_error **error)
{
    const char *missing = NULL;

    if (store == NULL)
        return error_set(error, CUTOVER_E_INVALID, "store is required");
    if (store->version != CUTOVER_STORE_VERSION) {
        error_set(error, CUTOVER_E_UNSUPPORTED, "store.version is %u, this library knows %u", store->version,
                  CUTOVER_STORE_VERSION);
        error_hint(error, "Fill the vtable with CUTOVER_STORE_INIT or cutover_store_init() first.");
        return CUTOVER_E_UNSUPPORTED;
    }
    if (store->get == NULL)
        missing = "get";
    else if (store->list == NULL)
        missing = "list";
    else if (store->commit == NULL)
        missing = "commit";
    else if (store->close == NULL)
        missing = "close";
    if (missing != NULL)
        return error_set(error, CUTOVER_E_INVALID, "store.%s is required", missing);
    return CUTOVER_OK;
}

void cutover_store_close(cutover_store *store)
{
    if (store == NULL)
        return;
    if (store->close != NULL)
        store->close(store->userdata);
    memset(store, 0, sizeof(*store));
}

static cutover_status check_kind(const char *kind, cutover_error **error)
{
    size_t length = kind != NULL ? strlen(kind) : 0;

    if (length < 1 || length > STORE_KIND_MAX || strspn(kind, "abcdefghijklmnopqrstuvwxyz_") != length)
        return error_set(error, CUTOVER_E_INVALID, "kind must be 1 to %d of the letters a to z and _",
                         STORE_KIND_MAX);
    return CUTOVER_OK;
}

static cutover_status check_id(const char *id, cutover_error **error)
{
    size_t length = id != NULL ? strlen(id) : 0;

    if (length < 1 || length > STORE_ID_MAX)
        return error_set(error, CUTOVER_E_INVALID, "id must have 1 to %d bytes, it has %zu", STORE_ID_MAX,
                         length);
    return CUTOVER_OK;
}

cutover_status store_check_get(const char *kind, const char *id, cutover_document_emit emit,
                               cutover_error **error)
{
    cutover_status status = check_kind(kind, error);

    if (status == CUTOVER_OK)
        status = check_id(id, error);
    if (status == CUTOVER_OK && emit == NULL)
        status = error_set(error, CUTOVER_E_INVALID, "emit is required");
    return status;
}

cutover_status store_check_list(const char *kind, const char *after_id, uint32_t limit,
                                cutover_document_emit emit, cutover_error **error)
{
    cutover_status status = check_kind(kind, error);

    if (status != CUTOVER_OK)
        return status;
    if (after_id == NULL)
        return error_set(error, CUTOVER_E_INVALID, "after_id is required; \"\" begins with the first");
    if (limit < 1 || limit > STORE_LIST_MAX)
        return error_set(error, CUTOVER_E_INVALID, "limit must be 1 to %d, it is %u", STORE_LIST_MAX, limit);
    if (emit == NULL)
        return error_set(error, CUTOVER_E_INVALID, "emit is required");
    return CUTOVER_OK;
}

static bool same_document(const cutover_write *a, const cutover_write *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->id, b->id) == 0;
}

cutover_status store_check_commit(const cutover_write *writes, size_t count, cutover_error **error)
{
    if (writes == NULL || count < 1 || count > STORE_COMMIT_MAX)
        return error_set(error, CUTOVER_E_INVALID, "a commit must have 1 to %d writes, it has %zu",
                         STORE_COMMIT_MAX, count);
    for (size_t i = 0; i < count; i++) {
        cutover_status status = check_kind(writes[i].kind, error);

        if (status == CUTOVER_OK)
            status = check_id(writes[i].id, error);
        if (status != CUTOVER_OK)
            return status;
        if (writes[i].project_id == NULL)
            return error_set(error, CUTOVER_E_INVALID, "project_id is required; \"\" where there is none");
        if (writes[i].body == NULL && writes[i].expected_version == 0)
            return error_set(error, CUTOVER_E_INVALID, "a delete must name the version that it expects");
        for (size_t j = 0; j < i; j++)
            if (same_document(&writes[i], &writes[j]))
                return error_set(error, CUTOVER_E_INVALID, "a commit names %s %s twice", writes[i].kind,
                                 writes[i].id);
    }
    return CUTOVER_OK;
}

cutover_status store_conflict(const cutover_write *write, cutover_error **error)
{
    if (write->expected_version == 0)
        error_set(error, CUTOVER_E_CONFLICT, "%s %s exists already", write->kind, write->id);
    else
        error_set(error, CUTOVER_E_CONFLICT, "%s %s was changed or deleted by somebody else", write->kind,
                  write->id);
    error_hint(error, "Read it again and decide anew.");
    return CUTOVER_E_CONFLICT;
}
