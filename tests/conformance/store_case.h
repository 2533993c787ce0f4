/*
 * What the cases of the store suite share: a fresh store for each, and reads and writes that say what they expect.
 */
#ifndef CUTOVER_CONFORMANCE_STORE_CASE_H
#define CUTOVER_CONFORMANCE_STORE_CASE_H

#include "suite.h"

struct seen {
    char *kind;
    char *id;
    char *project_id;
    char *body;
    uint64_t version;
};

/* What the last get or list emitted. */
struct seen_list {
    struct seen *items;
    size_t count;
    size_t stop_at;      /* the emit that returns `stop`, from 1; 0: none does */
    cutover_status stop; /* what it returns */
};

struct store_test {
    struct suite *suite;
    cutover_store store; /* fresh; as initialised once a case closed it */
    cutover_conformance_store_open open;
    void *userdata;
    struct seen_list seen;
    cutover_error *error;
};

struct store_case {
    const char *name;
    void (*run)(struct store_test *test);
    uint32_t needs; /* capabilities */
};

/* Ended by a NULL name. */
extern const struct store_case store_document_cases[];
extern const struct store_case store_concurrency_cases[];

/* Each returns whether all was as expected. */
#define WRITE(test, expected, writes)                                                                          \
    store_write((test), (expected), (writes), sizeof(writes) / sizeof((writes)[0]), __LINE__)
#define PUT(test, expected, kind, id, project, version, body)                                                  \
    store_put((test), (expected), (kind), (id), (project), (version), (body), __LINE__)
#define HAS(test, kind, id, project, version, body)                                                            \
    store_has((test), (kind), (id), (project), (version), (body), __LINE__)
#define LACKS(test, kind, id) store_lacks((test), (kind), (id), __LINE__)
/* `ids` is an array of strings. */
#define LISTS(test, kind, project, after, limit, ids)                                                          \
    store_lists((test), (kind), (project), (after), (limit), (ids), sizeof(ids) / sizeof((ids)[0]), __LINE__)
#define LISTS_NOTHING(test, kind, project, after, limit)                                                       \
    store_lists((test), (kind), (project), (after), (limit), NULL, 0, __LINE__)

bool store_write(struct store_test *test, cutover_status expected, const cutover_write *writes, size_t count,
                 int line);
bool store_put(struct store_test *test, cutover_status expected, const char *kind, const char *id,
               const char *project_id, uint64_t version, const char *body, int line);
bool store_has(struct store_test *test, const char *kind, const char *id, const char *project_id,
               uint64_t version, const char *body, int line);
bool store_lacks(struct store_test *test, const char *kind, const char *id, int line);
bool store_lists(struct store_test *test, const char *kind, const char *project_id, const char *after,
                 uint32_t limit, const char *const *ids, size_t count, int line);

/* What the port allows at most, and what this store takes of it. */
#define COMMIT_LIMIT 64
#define LIST_LIMIT 1000
size_t store_commit_limit(const cutover_store *store);
uint32_t store_list_limit(const cutover_store *store);
size_t store_body_limit(const cutover_store *store, size_t otherwise);

/* Plain calls, for any thread: they touch neither the suite nor the test. */
cutover_status store_commit_one(const cutover_store *store, const char *kind, const char *id, uint64_t version,
                                const char *body);
/* The version and the number in {"n": …}, which is all that the racing cases write. */
cutover_status store_read_number(const cutover_store *store, const char *kind, const char *id,
                                 uint64_t *version, unsigned *number);
/* Reads, adds one, writes, again on conflict, *conflicts_left times at most: CUTOVER_E_CONFLICT when they are used up. */
cutover_status store_add_one(const cutover_store *store, const char *kind, const char *id,
                             uint64_t *won_version, unsigned *conflicts_left);

/* The emit function and what it fills; seen_clear before each use. */
cutover_status seen_emit(const cutover_document *document, void *context);
void seen_clear(struct seen_list *seen);

#endif
