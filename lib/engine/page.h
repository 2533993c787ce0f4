/*
 * Pages of what a filter lets through, in order of ids, which are in the order of time. A store lists the oldest first; the youngest
 * are found by reading all and keeping the last.
 */
#ifndef CUTOVER_ENGINE_PAGE_H
#define CUTOVER_ENGINE_PAGE_H

#include <cutover/engine.h>
#include <stdbool.h>
#include <stddef.h>

struct page {
    cutover_filter filter; /* whole, and checked */
    void **items;          /* of the page's length */
    size_t count;
    void (*free_item)(void *item);
};

/* Checks a caller's filter: `statuses` (ended by NULL) and `groups` are what its status may be, `kinds` (NULL: there are none) its
   kind. What is in `page` is freed by page_free(), also on failure. */
cutover_status page_open(struct page *page, const cutover_filter *filter, const char *const *statuses,
                         const char *const *groups, const char *const *kinds, void (*free_item)(void *item),
                         cutover_error **error);
/* Where reading begins: after this id. */
const char *page_from(const struct page *page);
/* Nothing from this id on belongs to the page: reading may end. */
bool page_ends_before(const struct page *page, const char *id);
/* Takes an item; of a page that has the youngest, the oldest makes room. */
void page_add(struct page *page, void *item);
/* Puts them into the order that was asked for. */
void page_order(struct page *page);
void page_free(struct page *page);

#endif
