/*
 * What handles of records have in common: the record as it was read, its JSON, and pages of them. A public handle is a
 * struct whose first and only member is one of these.
 */
#ifndef CUTOVER_ENGINE_RECORD_HANDLE_H
#define CUTOVER_ENGINE_RECORD_HANDLE_H

#include "base/record.h"
#include "engine/engine.h"

struct record_handle {
    const struct record_type *type;
    void *record;
    char *json;
};

struct record_handle_list {
    struct record_handle **items;
    size_t count;
};

/* Takes the record over into a new handle, and leaves it zeroed. */
cutover_status record_handle_make(const struct record_type *type, void *record, struct record_handle **handle,
                                  cutover_error **error);
void record_handle_free(struct record_handle *handle);

/* Checks the arguments of a public list function and reads the page. */
cutover_status record_handle_list_read(cutover_engine *engine, const struct record_type *type,
                                       const char *project_id, const char *after, uint32_t limit,
                                       struct record_handle_list **list, cutover_error **error);
/* NULL beyond the end. */
const struct record_handle *record_handle_list_at(const struct record_handle_list *list, size_t index);
void record_handle_list_free(struct record_handle_list *list);

#endif
