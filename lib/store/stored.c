#include "store/stored.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

static const char *append(char **end, const char *string)
{
    char *start = *end;
    size_t size = strlen(string) + 1;

    memcpy(start, string, size);
    *end = start + size;
    return start;
}

struct stored *stored_new(const struct cutover_document *document)
{
    size_t size = sizeof(struct stored) + strlen(document->kind) + strlen(document->id) +
                  strlen(document->project_id) + strlen(document->body) + 4;
    struct stored *stored = malloc(size);
    char *end;

    if (stored == NULL)
        return NULL;
    end = (char *)(stored + 1);
    atomic_init(&stored->references, 1);
    stored->document.kind = append(&end, document->kind);
    stored->document.id = append(&end, document->id);
    stored->document.project_id = append(&end, document->project_id);
    stored->document.version = document->version;
    stored->document.body = append(&end, document->body);
    return stored;
}

struct stored *stored_ref(struct stored *stored)
{
    atomic_fetch_add(&stored->references, 1);
    return stored;
}

void stored_unref(struct stored *stored)
{
    if (stored != NULL && atomic_fetch_sub(&stored->references, 1) == 1)
        free(stored);
}

cutover_status stored_list_reserve(struct stored_list *list, size_t extra, cutover_error **error)
{
    struct stored **items;
    size_t capacity = list->capacity * 2;

    if (list->capacity - list->count >= extra)
        return CUTOVER_OK;
    if (capacity < list->count + extra)
        capacity = list->count + extra;
    items = reallocarray(list->items, capacity, sizeof *items);
    if (items == NULL)
        return error_nomem(error);
    list->items = items;
    list->capacity = capacity;
    return CUTOVER_OK;
}

cutover_status stored_list_add(struct stored_list *list, struct stored *stored, cutover_error **error)
{
    cutover_status status;

    if (stored == NULL)
        return error_nomem(error);
    status = stored_list_reserve(list, 1, error);
    if (status != CUTOVER_OK) {
        stored_unref(stored);
        return status;
    }
    list->items[list->count++] = stored;
    return CUTOVER_OK;
}

cutover_status stored_list_emit(const struct stored_list *list, cutover_document_emit emit, void *context)
{
    for (size_t i = 0; i < list->count; i++) {
        cutover_status status = emit(&list->items[i]->document, context);

        if (status != CUTOVER_OK)
            return status;
    }
    return CUTOVER_OK;
}

void stored_list_free(struct stored_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        stored_unref(list->items[i]);
    free(list->items);
    memset(list, 0, sizeof *list);
}
