#include "store/document.h"

#include "base/answer.h"
#include "base/text.h"
#include "store/port.h"

#include <stdlib.h>
#include <string.h>

#define WALK_PAGE 100

struct page {
    struct document_list *list;
    const char *kind;
    cutover_error **error;
};

static cutover_status copy_document(const cutover_document *found, struct document *document,
                                    cutover_error **error)
{
    struct document copy = {NULL, NULL, found->version};
    cutover_status status = string_copy(found->id, &copy.id, error);

    if (status == CUTOVER_OK)
        status = string_copy(found->body, &copy.body, error);
    if (status != CUTOVER_OK) {
        document_free(&copy);
        return status;
    }
    *document = copy;
    return CUTOVER_OK;
}

static cutover_status page_add(const cutover_document *found, void *context)
{
    struct page *page = context;
    struct document_list *list = page->list;
    cutover_status status;

    if (found == NULL || found->id == NULL || found->body == NULL)
        return error_set(page->error, CUTOVER_E_CALLBACK, "the store emitted a %s without id or body",
                         page->kind);
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? list->capacity * 2 : 8;
        struct document *items = reallocarray(list->items, capacity, sizeof *items);

        if (items == NULL)
            return error_nomem(page->error);
        list->items = items;
        list->capacity = capacity;
    }
    status = copy_document(found, &list->items[list->count], page->error);
    if (status == CUTOVER_OK)
        list->count++;
    return status;
}

cutover_status document_get(const cutover_store *store, const char *kind, const char *id,
                            struct document *document, cutover_error **error)
{
    struct document_list list = {NULL, 0, 0};
    cutover_error *cause = NULL;
    struct page page = {&list, kind, &cause};
    cutover_status status =
        ANSWER_OF(store->capabilities, store->get(kind, id, page_add, &page, &cause, store->userdata));

    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(cause);
        cause = NULL;
        error_set(&cause, status, "no %s %s", kind, id);
    } else {
        status = error_from_callback(&cause, status, "store.get");
    }
    if (status == CUTOVER_OK && list.count != 1) {
        status = error_set(&cause, CUTOVER_E_CALLBACK, "store.get emitted %zu documents for %s %s", list.count,
                           kind, id);
    } else if (status == CUTOVER_OK) {
        *document = list.items[0];
        list.count = 0;
    }
    document_list_free(&list);
    error_move(error, cause);
    return status;
}

cutover_status document_find(const cutover_store *store, const char *kind, const char *id,
                             struct document *document, bool *found, cutover_error **error)
{
    cutover_error *local = NULL;
    cutover_status status = document_get(store, kind, id, document, &local);

    *found = status == CUTOVER_OK;
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    error_move(error, local);
    return status;
}

void document_free(struct document *document)
{
    free(document->id);
    free(document->body);
    memset(document, 0, sizeof *document);
}

cutover_status document_list_read(const cutover_store *store, const char *kind, const char *project_id,
                                  const char *after_id, uint32_t limit, struct document_list *list,
                                  cutover_error **error)
{
    cutover_error *cause = NULL;
    struct page page = {list, kind, &cause};
    cutover_status status;

    for (size_t i = 0; i < list->count; i++)
        document_free(&list->items[i]);
    list->count = 0;
    status = store_list(store, kind, project_id, after_id, limit, page_add, &page, &cause);
    status = error_from_callback(&cause, status, "store.list");
    error_move(error, cause);
    return status;
}

void document_list_free(struct document_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        document_free(&list->items[i]);
    free(list->items);
    memset(list, 0, sizeof *list);
}

cutover_status document_walk(const cutover_store *store, const char *kind, const char *project_id,
                             document_each each, void *context, cutover_error **error)
{
    struct document_list page = {NULL, 0, 0};
    char *after = NULL;
    cutover_status status = string_copy("", &after, error);

    while (status == CUTOVER_OK) {
        status = document_list_read(store, kind, project_id, after, WALK_PAGE, &page, error);
        if (status != CUTOVER_OK || page.count == 0)
            break;
        for (size_t i = 0; i < page.count && status == CUTOVER_OK; i++)
            status = each(context, &page.items[i], error);
        if (status == CUTOVER_OK)
            status = record_set_text(&after, page.items[page.count - 1].id, error);
    }
    free(after);
    document_list_free(&page);
    return status;
}

/* What is written back goes to the record's own id, in a change of its project: both must be there. */
static cutover_status check_names(const struct record_type *type, const char *id, const void *record,
                                  cutover_error **error)
{
    for (const struct field *field = type->fields; field->name != NULL; field++) {
        const char *found;
        if (field->type != FIELD_TEXT)
            continue;
        found = *(char *const *)((const char *)record + field->offset);
        if (strcmp(field->name, "id") == 0 && (found == NULL || strcmp(found, id) != 0))
            return error_set(error, CUTOVER_E_STORE, "%s %s in the store is damaged: its id is %s", type->kind,
                             id, found != NULL ? found : "missing");
        if (strcmp(field->name, "project_id") == 0 && (found == NULL || found[0] == '\0'))
            return error_set(error, CUTOVER_E_STORE, "%s %s in the store is damaged: its project is missing",
                             type->kind, id);
    }
    return CUTOVER_OK;
}

cutover_status document_get_record(const cutover_store *store, const struct record_type *type, const char *id,
                                   void *record, uint64_t *version, cutover_error **error)
{
    struct document document = {NULL, NULL, 0};
    cutover_status status = document_get(store, type->kind, id, &document, error);

    if (status == CUTOVER_OK)
        status = record_parse(type, document.body, record, error);
    if (status == CUTOVER_OK) {
        status = check_names(type, id, record, error);
        if (status == CUTOVER_OK)
            *version = document.version;
        else
            record_free(type, record);
    }
    document_free(&document);
    return status;
}
