#include "store/port.h"

#include "base/answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const cutover_store initial = CUTOVER_STORE_INIT;
static const struct port_member required[] = {
    {"get", offsetof(cutover_store, get), 1},
    {"list", offsetof(cutover_store, list), 1},
    {"commit", offsetof(cutover_store, commit), 1},
    {"close", offsetof(cutover_store, close), 1},
    {NULL, 0, 0},
};

static const size_t older[] = {PORT_SIZE(cutover_store, close)};

const struct port store_port = {&initial, sizeof(cutover_store), CUTOVER_STORE_VERSION, older, required};

cutover_status cutover_store_init(cutover_store *store, unsigned version)
{
    return port_init(&store_port, store, version);
}

static const cutover_write write_initial = CUTOVER_WRITE_INIT;
static const struct port write_port = {&write_initial, sizeof(cutover_write), CUTOVER_WRITE_VERSION, NULL,
                                       NULL};

cutover_status cutover_write_init(cutover_write *write, unsigned version)
{
    return port_init(&write_port, write, version);
}

static cutover_status limit_check(const char *name, const char *member, uint64_t limit, uint64_t least,
                                  cutover_error **error)
{
    if (limit == 0 || limit >= least)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "%s.%s: %llu, must be 0 or at least %llu", name, member,
                     (unsigned long long)limit, (unsigned long long)least);
}

cutover_status store_copy(const char *name, const cutover_store *given, cutover_store *copy,
                          cutover_error **error)
{
    cutover_status status = port_copy(&store_port, name, given, copy, error);

    if (status == CUTOVER_OK)
        status = limit_check(name, "max_commit_writes", copy->max_commit_writes, STORE_COMMIT_LEAST, error);
    if (status == CUTOVER_OK)
        status = limit_check(name, "max_list", copy->max_list, STORE_LIST_LEAST, error);
    if (status == CUTOVER_OK)
        status = limit_check(name, "max_body_bytes", copy->max_body_bytes, STORE_BODY_LEAST, error);
    return status;
}

/* ---- calls, within the store's limits */

static cutover_status body_check(const cutover_store *store, const cutover_write *write, cutover_error **error)
{
    size_t length = write->body != NULL ? strlen(write->body) : 0;

    if (store->max_body_bytes == 0 || length <= store->max_body_bytes)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "%s %s has %zu bytes, and this store takes at most %llu",
                     write->kind, write->id, length, (unsigned long long)store->max_body_bytes);
}

cutover_status store_commit(const cutover_store *store, const cutover_write *const *writes, size_t count,
                            cutover_error **error)
{
    cutover_error *cause = NULL;

    if (store->max_commit_writes != 0 && count > store->max_commit_writes)
        return error_set(error, CUTOVER_E_UNSUPPORTED,
                         "a commit of %zu writes, and this store takes at most %u", count,
                         store->max_commit_writes);
    for (size_t i = 0; i < count; i++) {
        cutover_status fits = body_check(store, writes[i], error);
        if (fits != CUTOVER_OK)
            return fits;
    }
    cutover_status status =
        ANSWER_OF(store->capabilities, store->commit(writes, count, &cause, store->userdata));
    status = error_from_callback(&cause, status, "store.commit");
    error_move(error, cause);
    return status;
}

cutover_status store_save(const cutover_store *store, const cutover_write *write, cutover_error **error)
{
    return store_commit(store, &write, 1, error);
}

struct page {
    cutover_document_emit emit;
    void *context;
    uint32_t count;
    char last[STORE_ID_MAX + 1];
};

static cutover_status page_emit(const cutover_document *document, void *context)
{
    struct page *page = context;

    page->count++;
    if (document != NULL && document->id != NULL)
        snprintf(page->last, sizeof page->last, "%s", document->id);
    return page->emit(document, page->context);
}

cutover_status store_list(const cutover_store *store, const char *kind, const char *project_id,
                          const char *after_id, uint32_t limit, cutover_document_emit emit, void *context,
                          cutover_error **error)
{
    struct page page = {emit, context, 0, ""};

    for (;;) {
        uint32_t most = store->max_list != 0 && store->max_list < limit ? store->max_list : limit;
        page.count = 0;
        cutover_status status =
            ANSWER_OF(store->capabilities,
                      store->list(kind, project_id, after_id, most, page_emit, &page, error, store->userdata));
        if (status != CUTOVER_OK || page.count < most || page.count >= limit)
            return status;
        limit -= page.count;
        after_id = page.last;
    }
}

void cutover_store_close(cutover_store *store)
{
    if (store == NULL)
        return;
    if (store->close != NULL)
        store->close(store->userdata);
    store->close = NULL;
    port_reset(&store_port, store);
}

static cutover_status check_kind(const char *kind, cutover_error **error)
{
    size_t length = kind != NULL ? strlen(kind) : 0;

    if (length < 1 || length > STORE_KIND_MAX || strspn(kind, "abcdefghijklmnopqrstuvwxyz_") != length)
        return error_set(error, CUTOVER_E_INVALID, "kind: must be 1 to %d of the letters a to z and _",
                         STORE_KIND_MAX);
    return CUTOVER_OK;
}

static cutover_status check_id(const char *id, cutover_error **error)
{
    size_t length = id != NULL ? strlen(id) : 0;

    if (length < 1 || length > STORE_ID_MAX)
        return error_set(error, CUTOVER_E_INVALID, "id: must have 1 to %d bytes, it has %zu", STORE_ID_MAX,
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
        status = error_set(error, CUTOVER_E_INVALID, "emit: required");
    return status;
}

cutover_status store_check_list(const char *kind, const char *after_id, uint32_t limit,
                                cutover_document_emit emit, cutover_error **error)
{
    cutover_status status = check_kind(kind, error);

    if (status != CUTOVER_OK)
        return status;
    if (after_id == NULL)
        return error_set(error, CUTOVER_E_INVALID, "after_id: required; \"\" begins with the first");
    if (limit < 1 || limit > STORE_LIST_MAX)
        return error_set(error, CUTOVER_E_INVALID, "limit: %u, must be 1 to %d", limit, STORE_LIST_MAX);
    if (emit == NULL)
        return error_set(error, CUTOVER_E_INVALID, "emit: required");
    return CUTOVER_OK;
}

static bool same_document(const cutover_write *a, const cutover_write *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->id, b->id) == 0;
}

cutover_status store_check_commit(const cutover_write *const *writes, size_t count, cutover_error **error)
{
    if (writes == NULL || count < 1 || count > STORE_COMMIT_MAX)
        return error_set(error, CUTOVER_E_INVALID, "a commit must have 1 to %d writes, it has %zu",
                         STORE_COMMIT_MAX, count);
    for (size_t i = 0; i < count; i++) {
        cutover_status status = check_kind(writes[i]->kind, error);

        if (status == CUTOVER_OK)
            status = check_id(writes[i]->id, error);
        if (status != CUTOVER_OK)
            return status;
        if (writes[i]->project_id == NULL)
            return error_set(error, CUTOVER_E_INVALID, "project_id: required; \"\" where there is none");
        if (writes[i]->body == NULL && writes[i]->expected_version == 0)
            return error_set(error, CUTOVER_E_INVALID, "a delete must name the version that it expects");
        for (size_t j = 0; j < i; j++)
            if (same_document(writes[i], writes[j]))
                return error_set(error, CUTOVER_E_INVALID, "a commit names %s %s twice", writes[i]->kind,
                                 writes[i]->id);
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
