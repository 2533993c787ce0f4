#include "engine/page.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static cutover_status page_receive(const cutover_document *document, void *context)
{
    struct page *page = context;

    if (page->count == page->capacity) {
        size_t capacity = page->capacity == 0 ? 16 : page->capacity * 2;
        char **grown = reallocarray(page->bodies, capacity, sizeof *grown);
        if (grown == NULL)
            return CUTOVER_E_NOMEM;
        page->bodies = grown;
        page->capacity = capacity;
    }
    page->bodies[page->count] = strdup(document->body);
    if (page->bodies[page->count] == NULL)
        return CUTOVER_E_NOMEM;
    page->count++;
    return CUTOVER_OK;
}

cutover_status page_read(cutover_engine *engine, const char *kind, const char *project_id, const char *after,
                         uint32_t limit, struct page *page, cutover_error **error)
{
    cutover_status status = engine_check(engine, error);
    cutover_error *local = NULL;

    if (status == CUTOVER_OK)
        status = engine_id_check("project_id", project_id, error);
    if (status == CUTOVER_OK)
        status = engine_limit_check(limit, error);
    if (status != CUTOVER_OK)
        return status;
    const cutover_store *store = &engine->host.store;
    status = store->list(kind, project_id, after != NULL ? after : "", limit, page_receive, page, &local,
                         store->userdata);
    if (status != CUTOVER_OK) {
        status = error_from_callback(&local, status, "store.list");
        error_move(error, local);
        page_free(page);
    }
    return status;
}

void page_free(struct page *page)
{
    for (size_t i = 0; i < page->count; i++)
        free(page->bodies[i]);
    free(page->bodies);
    memset(page, 0, sizeof *page);
}
