/*
 * The store in memory: one array of immutable documents sorted by (kind, id), under one mutex. A commit checks every
 * version and allocates all that it needs before it changes anything, so that it cannot fail half way.
 */
#include "store/port.h"
#include "store/stored.h"

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct memory_store {
    pthread_mutex_t mutex;
    struct stored_list documents;
};

static int compare(const struct stored *stored, const char *kind, const char *id)
{
    int order = strcmp(stored->document.kind, kind);

    return order != 0 ? order : strcmp(stored->document.id, id);
}

/* The first position whose document is not before (kind, id). */
static size_t position(const struct memory_store *memory, const char *kind, const char *id)
{
    size_t low = 0, high = memory->documents.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(memory->documents.items[middle], kind, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct stored *find(const struct memory_store *memory, const char *kind, const char *id, size_t *where)
{
    struct stored *found;

    *where = position(memory, kind, id);
    if (*where == memory->documents.count)
        return NULL;
    found = memory->documents.items[*where];
    return compare(found, kind, id) == 0 ? found : NULL;
}

static cutover_status memory_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                 cutover_error **error, void *userdata)
{
    struct memory_store *memory = userdata;
    struct stored *found;
    size_t where;
    cutover_status status = store_check_get(kind, id, emit, error);

    if (status != CUTOVER_OK)
        return status;
    pthread_mutex_lock(&memory->mutex);
    found = find(memory, kind, id, &where);
    if (found != NULL)
        stored_ref(found);
    pthread_mutex_unlock(&memory->mutex);
    if (found == NULL)
        return error_set(error, CUTOVER_E_NOT_FOUND, "no %s %s", kind, id);
    status = emit(&found->document, context);
    stored_unref(found);
    return status;
}

/* Collects with the mutex held. */
static cutover_status collect(const struct memory_store *memory, const char *kind, const char *project_id,
                              const char *after_id, uint32_t limit, struct stored_list *list,
                              cutover_error **error)
{
    size_t i = position(memory, kind, after_id);
    cutover_status status = CUTOVER_OK;

    for (; i < memory->documents.count && list->count < limit && status == CUTOVER_OK; i++) {
        struct stored *stored = memory->documents.items[i];

        if (strcmp(stored->document.kind, kind) != 0)
            break;
        if (strcmp(stored->document.id, after_id) == 0)
            continue;
        if (project_id == NULL || strcmp(stored->document.project_id, project_id) == 0)
            status = stored_list_add(list, stored_ref(stored), error);
    }
    return status;
}

static cutover_status memory_list(const char *kind, const char *project_id, const char *after_id,
                                  uint32_t limit, cutover_document_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    struct memory_store *memory = userdata;
    struct stored_list list = {0};
    cutover_status status = store_check_list(kind, after_id, limit, emit, error);

    if (status != CUTOVER_OK)
        return status;
    pthread_mutex_lock(&memory->mutex);
    status = collect(memory, kind, project_id, after_id, limit, &list, error);
    pthread_mutex_unlock(&memory->mutex);
    if (status == CUTOVER_OK)
        status = stored_list_emit(&list, emit, context);
    stored_list_free(&list);
    return status;
}

/* Checks every write's version, and makes the new documents: fresh->items[i] is that of write i, NULL to delete. */
static cutover_status prepare(struct memory_store *memory, const cutover_write *const *writes, size_t count,
                              struct stored_list *fresh, cutover_error **error)
{
    cutover_status status = stored_list_reserve(fresh, count, error);
    size_t where;

    if (status == CUTOVER_OK)
        status = stored_list_reserve(&memory->documents, count, error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++) {
        const cutover_write *write = writes[i];
        const struct stored *found = find(memory, write->kind, write->id, &where);
        cutover_document document = {write->kind, write->id, write->project_id, write->expected_version + 1,
                                     write->body};

        if ((found != NULL ? found->document.version : 0) != write->expected_version)
            return store_conflict(write, error);
        fresh->items[i] = NULL;
        fresh->count = i + 1;
        if (write->body != NULL && (fresh->items[i] = stored_new(&document)) == NULL)
            status = error_nomem(error);
    }
    return status;
}

/* Cannot fail: prepare reserved the room. Takes `stored` over. */
static void apply(struct memory_store *memory, const cutover_write *write, struct stored *stored)
{
    struct stored_list *documents = &memory->documents;
    size_t where;
    struct stored *found = find(memory, write->kind, write->id, &where);
    struct stored **slot = documents->items + where;

    if (found != NULL && stored != NULL) {
        *slot = stored;
    } else if (stored != NULL) {
        memmove(slot + 1, slot, (documents->count - where) * sizeof *slot);
        *slot = stored;
        documents->count++;
    } else {
        memmove(slot, slot + 1, (documents->count - where - 1) * sizeof *slot);
        documents->count--;
    }
    stored_unref(found);
}

static cutover_status memory_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                    void *userdata)
{
    struct memory_store *memory = userdata;
    struct stored_list fresh = {0};
    cutover_status status = store_check_commit(writes, count, error);

    if (status != CUTOVER_OK)
        return status;
    pthread_mutex_lock(&memory->mutex);
    status = prepare(memory, writes, count, &fresh, error);
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++) {
        apply(memory, writes[i], fresh.items[i]);
        fresh.items[i] = NULL;
    }
    pthread_mutex_unlock(&memory->mutex);
    stored_list_free(&fresh);
    return status;
}

static void memory_close(void *userdata)
{
    struct memory_store *memory = userdata;

    stored_list_free(&memory->documents);
    pthread_mutex_destroy(&memory->mutex);
    free(memory);
}

cutover_status cutover_store_memory_open(cutover_store *store, cutover_error **error)
{
    error_begin(error);
    struct memory_store *memory;
    cutover_status status = port_check(&store_port, "store", store, error);

    if (status != CUTOVER_OK)
        return status;
    memory = calloc(1, sizeof *memory);
    if (memory == NULL)
        return error_nomem(error);
    if (pthread_mutex_init(&memory->mutex, NULL) != 0) {
        free(memory);
        return error_nomem(error);
    }
    const cutover_store whole = {
        .userdata = memory,
        .get = memory_get,
        .list = memory_list,
        .commit = memory_commit,
        .close = memory_close,
    };
    port_fill(&store_port, &whole, store);
    return CUTOVER_OK;
}
