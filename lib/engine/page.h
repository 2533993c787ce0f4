/*
 * A page of documents of one kind, read from the store.
 */
#ifndef CUTOVER_ENGINE_PAGE_H
#define CUTOVER_ENGINE_PAGE_H

#include "engine/engine.h"

struct page {
    char **bodies; /* JSON, in order of their ids */
    size_t count, capacity;
};

/* Checks the arguments of a public list function and reads the page. */
cutover_status page_read(cutover_engine *engine, const char *kind, const char *project_id, const char *after,
                         uint32_t limit, struct page *page, cutover_error **error);
void page_free(struct page *page);

#endif
