/*
 * Documents as the built-in stores hand them out: immutable, counted, so that a store collects what it found while
 * it holds its lock, and emits it after.
 */
#ifndef CUTOVER_STORE_STORED_H
#define CUTOVER_STORE_STORED_H

#include <cutover/store.h>

#include <stdatomic.h>

struct stored {
    atomic_uint references;
    struct cutover_document document; /* points into the same allocation */
};

/* One reference; NULL when memory is exhausted. The strings are copied. */
struct stored *stored_new(const struct cutover_document *document);
struct stored *stored_ref(struct stored *stored);
void stored_unref(struct stored *stored); /* NULL is nothing */

/* Zeroed at first; freed by stored_list_free. */
struct stored_list {
    struct stored **items;
    size_t count;
    size_t capacity;
};

/* Makes room for `extra` more. */
cutover_status stored_list_reserve(struct stored_list *list, size_t extra, cutover_error **error);
/* Takes the reference over, also on failure. NULL counts as exhausted memory. */
cutover_status stored_list_add(struct stored_list *list, struct stored *stored, cutover_error **error);
/* Emits all; what emit returned first that is not CUTOVER_OK ends it and is returned. */
cutover_status stored_list_emit(const struct stored_list *list, cutover_document_emit emit, void *context);
void stored_list_free(struct stored_list *list);

#endif
