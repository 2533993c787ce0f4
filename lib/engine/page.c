#include "engine/page.h"

#include "base/port.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cutover_filter initial = CUTOVER_FILTER_INIT;
static const struct port filter_port = {&initial, sizeof(cutover_filter), CUTOVER_FILTER_VERSION, NULL, NULL};

cutover_status cutover_filter_init(cutover_filter *filter, unsigned version)
{
    return port_init(&filter_port, filter, version);
}

static bool is_one_of(const char *const *names, const char *name)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* Each of them once, of one list after the other: a name may be in both. */
static cutover_status refuse(const char *member, const char *given, const char *const *names,
                             const char *const *more, cutover_error **error)
{
    char list[500] = "";
    size_t length = 0;

    for (const char *const *at = names; at != NULL; at = at == names ? more : NULL)
        for (size_t i = 0; at[i] != NULL; i++) {
            bool told = false;
            for (size_t j = 0; j < i; j++)
                told = told || strcmp(at[j], at[i]) == 0;
            if (!told && length < sizeof list)
                length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                           length > 0 ? ", " : " of ", at[i]);
        }
    return error_set(error, CUTOVER_E_INVALID, "%s: \"%s\" is none%s", member, given, list);
}

cutover_status page_open(struct page *page, const cutover_filter *given, const char *const *statuses,
                         const char *const *groups, const char *const *kinds, void (*free_item)(void *item),
                         cutover_error **error)
{
    memset(page, 0, sizeof *page);
    page->free_item = free_item;
    cutover_filter *filter = &page->filter;
    cutover_status status = port_copy(&filter_port, "filter", given, filter, error);
    if (status == CUTOVER_OK && filter->project_id != NULL)
        status = engine_id_check("filter.project_id", filter->project_id, error);
    if (status == CUTOVER_OK)
        status = engine_limit_check(filter->limit, error);
    if (status != CUTOVER_OK)
        return status;
    if (filter->status != NULL && !is_one_of(statuses, filter->status) && !is_one_of(groups, filter->status))
        return refuse("filter.status", filter->status, statuses, groups, error);
    if (filter->kind != NULL && !is_one_of(kinds, filter->kind))
        return refuse("filter.kind", filter->kind, kinds, NULL, error);
    if (filter->after == NULL)
        filter->after = "";
    page->items = calloc(filter->limit, sizeof *page->items);
    return page->items == NULL ? error_nomem(error) : CUTOVER_OK;
}

const char *page_from(const struct page *page)
{
    return page->filter.newest_first ? "" : page->filter.after;
}

bool page_ends_before(const struct page *page, const char *id)
{
    if (!page->filter.newest_first)
        return page->count == page->filter.limit;
    return page->filter.after[0] != '\0' && strcmp(id, page->filter.after) >= 0;
}

void page_add(struct page *page, void *item)
{
    if (page->count == page->filter.limit) {
        page->free_item(page->items[0]);
        page->count--;
        memmove(page->items, page->items + 1, page->count * sizeof *page->items);
    }
    page->items[page->count++] = item;
}

void page_order(struct page *page)
{
    for (size_t i = 0; page->filter.newest_first && i < page->count / 2; i++) {
        void *item = page->items[i];
        page->items[i] = page->items[page->count - 1 - i];
        page->items[page->count - 1 - i] = item;
    }
}

void page_free(struct page *page)
{
    for (size_t i = 0; i < page->count; i++)
        page->free_item(page->items[i]);
    free(page->items);
    memset(page, 0, sizeof *page);
}
