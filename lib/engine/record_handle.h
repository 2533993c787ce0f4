/*
 * What handles of records have in common: the record as it was read, its JSON, and pages of them. A public handle is a
 * struct whose first and only member is one of these.
 */
#ifndef CUTOVER_ENGINE_RECORD_HANDLE_H
#define CUTOVER_ENGINE_RECORD_HANDLE_H

#include "base/record.h"
#include "engine/engine.h"

struct record_handle {
    uint32_t magic; /* misuse is an error, not a crash */
    const struct record_type *type;
    void *record;
    uint64_t version; /* of the record in the store, when it was read */
    char *json;
};

struct record_handle_list {
    uint32_t magic;
    struct record_handle **items;
    size_t count;
};

/* Takes the record over into a new handle, and leaves it zeroed. */
cutover_status record_handle_make(const struct record_type *type, void *record, uint64_t version,
                                  struct record_handle **handle, cutover_error **error);
void record_handle_free(struct record_handle *handle);

/* A member of the record: a FIELD_TEXT's (NULL where it is not set), a number's or a FIELD_ENUM's name. For NULL, and for what is
   no handle of that type, NULL and 0. */
const char *record_handle_text(const struct record_handle *handle, const struct record_type *type,
                               size_t offset);
int64_t record_handle_number(const struct record_handle *handle, const struct record_type *type, size_t offset);
const char *record_handle_name(const struct record_handle *handle, const struct record_type *type,
                               size_t offset, const char *const *names);
const char *record_handle_json(const struct record_handle *handle, const struct record_type *type);
uint64_t record_handle_version(const struct record_handle *handle, const struct record_type *type);

/* Checks the arguments of a public list function and reads the page. */
cutover_status record_handle_list_read(cutover_engine *engine, const struct record_type *type,
                                       const char *project_id, const char *after, uint32_t limit,
                                       struct record_handle_list **list, cutover_error **error);
/* The same by a filter, which page_open() took; `statuses` are the names of the type's member at that offset, `group` and its
   members a name for several of them (NULL: none). `now` (may be NULL) makes a record what it is now, before it is judged. */
struct record_finding {
    const struct record_type *type;
    size_t status_offset;
    const char *const *statuses;
    const char *group;
    bool (*is_in_group)(int status);
    cutover_status (*now)(struct host *host, void *record, uint64_t *version, cutover_error **error);
};
cutover_status record_handle_list_find(cutover_engine *engine, const struct record_finding *finding,
                                       const cutover_filter *filter, struct record_handle_list **list,
                                       cutover_error **error);
/* The same of a store, by arguments that were checked. */
cutover_status record_handle_list_of(const cutover_store *store, const struct record_type *type,
                                     const char *project_id, const char *after, uint32_t limit,
                                     struct record_handle_list **list, cutover_error **error);
/* Takes `count` handles over, and the array that they are in; not on failure. */
cutover_status record_handle_list_make(struct record_handle **items, size_t count,
                                       struct record_handle_list **list, cutover_error **error);
/* NULL beyond the end, and of what is no list. */
const struct record_handle *record_handle_list_at(const struct record_handle_list *list, size_t index);
size_t record_handle_list_count(const struct record_handle_list *list);
void record_handle_list_free(struct record_handle_list *list);

#endif
