/*
 * Reading documents: a store hands them out for the length of a callback, the library wants to keep them.
 */
#ifndef CUTOVER_STORE_DOCUMENT_H
#define CUTOVER_STORE_DOCUMENT_H

#include "base/record.h"

#include <cutover/store.h>

/* A document as read: zeroed, filled by document_get, freed by document_free. */
struct document {
    char *id;
    char *body;
    uint64_t version;
};

/* Reads one document. CUTOVER_E_NOT_FOUND says "no <kind> <id>". */
cutover_status document_get(const cutover_store *store, const char *kind, const char *id,
                            struct document *document, cutover_error **error);
/* The same for one that need not be there: then CUTOVER_OK, and *found is false. */
cutover_status document_find(const cutover_store *store, const char *kind, const char *id,
                             struct document *document, bool *found, cutover_error **error);
void document_free(struct document *document);

/* A page of documents in order of their ids; zeroed at first, freed by document_list_free. */
struct document_list {
    struct document *items;
    size_t count;
    size_t capacity;
};

/* Reads a page as the store's list does; `list` is emptied first. */
cutover_status document_list_read(const cutover_store *store, const char *kind, const char *project_id,
                                  const char *after_id, uint32_t limit, struct document_list *list,
                                  cutover_error **error);
void document_list_free(struct document_list *list);

typedef cutover_status (*document_each)(void *context, const struct document *document, cutover_error **error);

/* Calls `each` for every document of a kind, in order of their ids, page by page, until it returns another status than
   CUTOVER_OK. project_id NULL: of all projects. */
cutover_status document_walk(const cutover_store *store, const char *kind, const char *project_id,
                             document_each each, void *context, cutover_error **error);

/* Reads a document into a record; *version receives its version. CUTOVER_E_STORE when the record's id is another,
   or its project is missing. */
cutover_status document_get_record(const cutover_store *store, const struct record_type *type, const char *id,
                                   void *record, uint64_t *version, cutover_error **error);

#endif
