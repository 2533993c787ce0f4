#include "engine/record_handle.h"

#include "base/text.h"
#include "engine/page.h"
#include "store/document.h"

#include <stdlib.h>
#include <string.h>

#define HANDLE_MAGIC 0x68616e64u
#define LIST_MAGIC 0x6c697374u

cutover_status record_handle_make(const struct record_type *type, void *record, uint64_t version,
                                  struct record_handle **handle, cutover_error **error)
{
    struct record_handle *made = calloc(1, sizeof *made);

    if (made == NULL)
        return error_nomem(error);
    made->magic = HANDLE_MAGIC;
    made->type = type;
    made->version = version;
    made->record = calloc(1, type->size);
    cutover_status status =
        made->record == NULL ? error_nomem(error) : record_format(type, record, &made->json, error);
    if (status != CUTOVER_OK) {
        record_handle_free(made);
        return status;
    }
    memcpy(made->record, record, type->size);
    memset(record, 0, type->size);
    *handle = made;
    return CUTOVER_OK;
}

/* The record, or NULL for what is no handle of that type. */
static const char *record_of(const struct record_handle *handle, const struct record_type *type)
{
    return handle != NULL && handle->magic == HANDLE_MAGIC && handle->type == type ? handle->record : NULL;
}

const char *record_handle_text(const struct record_handle *handle, const struct record_type *type,
                               size_t offset)
{
    const char *record = record_of(handle, type);
    char *text = NULL;

    if (record != NULL)
        memcpy(&text, record + offset, sizeof text);
    return text;
}

int64_t record_handle_number(const struct record_handle *handle, const struct record_type *type, size_t offset)
{
    const char *record = record_of(handle, type);
    int64_t number = 0;

    if (record != NULL)
        memcpy(&number, record + offset, sizeof number);
    return number;
}

const char *record_handle_name(const struct record_handle *handle, const struct record_type *type,
                               size_t offset, const char *const *names)
{
    const char *record = record_of(handle, type);
    int index = 0;

    if (record == NULL)
        return NULL;
    memcpy(&index, record + offset, sizeof index);
    return names[index];
}

const char *record_handle_json(const struct record_handle *handle, const struct record_type *type)
{
    return record_of(handle, type) != NULL ? handle->json : NULL;
}

uint64_t record_handle_version(const struct record_handle *handle, const struct record_type *type)
{
    return record_of(handle, type) != NULL ? handle->version : 0;
}

void record_handle_free(struct record_handle *handle)
{
    if (handle == NULL || handle->magic != HANDLE_MAGIC)
        return;
    handle->magic = 0;
    if (handle->record != NULL)
        record_free(handle->type, handle->record);
    free(handle->record);
    free(handle->json);
    free(handle);
}

static cutover_status list_fill(const struct record_type *type, const struct document_list *page,
                                struct record_handle_list *list, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    void *record = calloc(1, type->size);

    list->items = calloc(page->count + 1, sizeof(struct record_handle *));
    if (record == NULL || list->items == NULL)
        status = error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < page->count; i++) {
        status = record_parse(type, page->items[i].body, record, error);
        if (status == CUTOVER_OK)
            status = record_handle_make(type, record, page->items[i].version, &list->items[i], error);
        record_free(type, record);
        if (status == CUTOVER_OK)
            list->count = i + 1;
    }
    free(record);
    return status;
}

cutover_status record_handle_list_of(const cutover_store *store, const struct record_type *type,
                                     const char *project_id, const char *after, uint32_t limit,
                                     struct record_handle_list **list, cutover_error **error)
{
    struct document_list page = {0};
    struct record_handle_list *made = NULL;
    cutover_status status =
        document_list_read(store, type->kind, project_id, after != NULL ? after : "", limit, &page, error);

    if (status == CUTOVER_OK && (made = calloc(1, sizeof *made)) == NULL)
        status = error_nomem(error);
    if (status == CUTOVER_OK) {
        made->magic = LIST_MAGIC;
        status = list_fill(type, &page, made, error);
    }
    document_list_free(&page);
    if (status == CUTOVER_OK)
        *list = made;
    else
        record_handle_list_free(made);
    return status;
}

cutover_status record_handle_list_make(struct record_handle **items, size_t count,
                                       struct record_handle_list **list, cutover_error **error)
{
    struct record_handle_list *made = calloc(1, sizeof *made);

    if (made == NULL)
        return error_nomem(error);
    made->magic = LIST_MAGIC;
    made->items = items;
    made->count = count;
    *list = made;
    return CUTOVER_OK;
}

cutover_status record_handle_list_read(cutover_engine *engine, const struct record_type *type,
                                       const char *project_id, const char *after, uint32_t limit,
                                       struct record_handle_list **list, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);

    if (status == CUTOVER_OK && project_id != NULL)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_limit_check(limit, error);
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, project_id, error);
    if (status == CUTOVER_OK)
        status = record_handle_list_of(&engine->host.store, type, project_id, after, limit, list, error);
    return status;
}

/* ---- by a filter ---- */

struct finder {
    struct host *host;
    const struct record_finding *finding;
    struct page page;
    bool ended;
};

static void item_free(void *item)
{
    record_handle_free(item);
}

static bool is_wanted(const struct finder *finder, const void *record)
{
    const struct record_finding *finding = finder->finding;
    const char *wanted = finder->page.filter.status;
    int status;

    memcpy(&status, (const char *)record + finding->status_offset, sizeof status);
    if (wanted == NULL || strcmp(wanted, finding->statuses[status]) == 0)
        return true;
    return finding->group != NULL && strcmp(wanted, finding->group) == 0 && finding->is_in_group(status);
}

static cutover_status find_record(struct finder *finder, const struct document *document, void *record,
                                  cutover_error **error)
{
    const struct record_finding *finding = finder->finding;
    struct record_handle *made = NULL;
    uint64_t version = document->version;

    cutover_status status = record_parse(finding->type, document->body, record, error);
    if (status == CUTOVER_OK && finding->now != NULL)
        status = finding->now(finder->host, record, &version, error);
    if (status == CUTOVER_OK && is_wanted(finder, record)) {
        status = record_handle_make(finding->type, record, version, &made, error);
        if (status == CUTOVER_OK)
            page_add(&finder->page, made);
    }
    record_free(finding->type, record);
    return status;
}

static cutover_status find_in_page(struct finder *finder, const struct document_list *documents,
                                   cutover_error **error)
{
    cutover_status status = CUTOVER_OK;
    void *record = calloc(1, finder->finding->type->size);

    if (record == NULL)
        return error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && !finder->ended && i < documents->count; i++) {
        finder->ended = page_ends_before(&finder->page, documents->items[i].id);
        if (!finder->ended)
            status = find_record(finder, &documents->items[i], record, error);
    }
    free(record);
    return status;
}

#define FIND_AT_ONCE 200

static cutover_status find_all(struct finder *finder, cutover_error **error)
{
    const struct page *page = &finder->page;
    struct document_list documents = {0};
    char *from = NULL;
    cutover_status status = string_copy(page_from(page), &from, error);

    while (status == CUTOVER_OK && !finder->ended) {
        status = document_list_read(&finder->host->store, finder->finding->type->kind, page->filter.project_id,
                                    from, FIND_AT_ONCE, &documents, error);
        if (status == CUTOVER_OK)
            status = find_in_page(finder, &documents, error);
        finder->ended = finder->ended || documents.count < FIND_AT_ONCE;
        if (status == CUTOVER_OK && !finder->ended)
            status = record_set_text(&from, documents.items[documents.count - 1].id, error);
    }
    free(from);
    document_list_free(&documents);
    return status;
}

cutover_status record_handle_list_find(cutover_engine *engine, const struct record_finding *finding,
                                       const cutover_filter *filter, struct record_handle_list **list,
                                       cutover_error **error)
{
    const char *const groups[] = {finding->group, NULL};
    struct finder finder = {.finding = finding};
    struct record_handle_list *made = NULL;
    cutover_status status = engine_check(engine, error);

    if (status != CUTOVER_OK)
        return status;
    finder.host = &engine->host;
    status = page_open(&finder.page, filter, finding->statuses, groups, NULL, item_free, error);
    if (status == CUTOVER_OK)
        status = engine_project_check(engine, finder.page.filter.project_id, error);
    if (status == CUTOVER_OK)
        status = find_all(&finder, error);
    if (status == CUTOVER_OK) {
        page_order(&finder.page);
        status = record_handle_list_make((struct record_handle **)finder.page.items, finder.page.count, &made,
                                         error);
    }
    if (status != CUTOVER_OK)
        page_free(&finder.page);
    else
        *list = made;
    return status;
}

static bool is_list(const struct record_handle_list *list)
{
    return list != NULL && list->magic == LIST_MAGIC;
}

size_t record_handle_list_count(const struct record_handle_list *list)
{
    return is_list(list) ? list->count : 0;
}

const struct record_handle *record_handle_list_at(const struct record_handle_list *list, size_t index)
{
    return index < record_handle_list_count(list) ? list->items[index] : NULL;
}

void record_handle_list_free(struct record_handle_list *list)
{
    if (!is_list(list))
        return;
    list->magic = 0;
    for (size_t i = 0; i < list->count; i++)
        record_handle_free(list->items[i]);
    free(list->items);
    free(list);
}
