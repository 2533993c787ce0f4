#include "store_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void seen_clear(struct seen_list *seen)
{
    for (size_t i = 0; i < seen->count; i++) {
        free(seen->items[i].kind);
        free(seen->items[i].id);
        free(seen->items[i].project_id);
        free(seen->items[i].body);
    }
    free(seen->items);
    memset(seen, 0, sizeof(*seen));
}

cutover_status seen_emit(const cutover_document *document, void *context)
{
    struct seen_list *seen = context;
    struct seen *items = reallocarray(seen->items, seen->count + 1, sizeof(*items));
    struct seen *item;

    if (items == NULL)
        return CUTOVER_E_NOMEM;
    seen->items = items;
    item = &items[seen->count++];
    item->kind = strdup(document->kind);
    item->id = strdup(document->id);
    item->project_id = strdup(document->project_id);
    item->body = strdup(document->body);
    item->version = document->version;
    if (item->kind == NULL || item->id == NULL || item->project_id == NULL || item->body == NULL)
        return CUTOVER_E_NOMEM;
    return seen->count == seen->stop_at ? seen->stop : CUTOVER_OK;
}

bool store_write(struct store_test *test, cutover_status expected, const cutover_write *writes, size_t count,
                 int line)
{
    const cutover_write *pointers[COMMIT_LIMIT];

    for (size_t i = 0; i < count; i++)
        pointers[i] = &writes[i];
    cutover_status status = test->store.commit(pointers, count, &test->error, test->store.userdata);

    return suite_expect_status(test->suite, status, expected, &test->error, "commit", __FILE__, line);
}

bool store_put(struct store_test *test, cutover_status expected, const char *kind, const char *id,
               const char *project_id, uint64_t version, const char *body, int line)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, project_id, version, body};

    return store_write(test, expected, &write, 1, line);
}

static bool same(struct store_test *test, const char *found, const char *expected, const char *what, int line)
{
    return suite_expect_text(test->suite, found, expected, what, __FILE__, line);
}

bool store_has(struct store_test *test, const char *kind, const char *id, const char *project_id,
               uint64_t version, const char *body, int line)
{
    const struct seen *found;
    char number[40], expected_number[40];
    cutover_status status;

    seen_clear(&test->seen);
    status = test->store.get(kind, id, seen_emit, &test->seen, &test->error, test->store.userdata);
    if (!suite_expect_status(test->suite, status, CUTOVER_OK, &test->error, "get", __FILE__, line) ||
        !suite_expect(test->suite, test->seen.count == 1, "get emits once", __FILE__, line))
        return false;
    found = &test->seen.items[0];
    snprintf(number, sizeof(number), "%llu", (unsigned long long)found->version);
    snprintf(expected_number, sizeof(expected_number), "%llu", (unsigned long long)version);
    return same(test, found->kind, kind, "kind", line) && same(test, found->id, id, "id", line) &&
           same(test, found->project_id, project_id, "project_id", line) &&
           same(test, number, expected_number, "version", line) && same(test, found->body, body, "body", line);
}

bool store_lacks(struct store_test *test, const char *kind, const char *id, int line)
{
    cutover_status status;

    seen_clear(&test->seen);
    status = test->store.get(kind, id, seen_emit, &test->seen, &test->error, test->store.userdata);
    return suite_expect_status(test->suite, status, CUTOVER_E_NOT_FOUND, &test->error, "get", __FILE__, line) &&
           suite_expect(test->suite, test->seen.count == 0, "get emits nothing", __FILE__, line);
}

/* By as many calls as the store's own limit asks for. */
static cutover_status list_pages(struct store_test *test, const char *kind, const char *project_id,
                                 const char *after, uint32_t limit)
{
    const cutover_store *store = &test->store;
    uint32_t most = store_list_limit(store);
    cutover_status status = CUTOVER_OK;
    size_t before, asked;

    do {
        before = test->seen.count;
        asked = limit - before < most ? limit - before : most;
        if (before > 0)
            after = test->seen.items[before - 1].id;
        status = store->list(kind, project_id, after, (uint32_t)asked, seen_emit, &test->seen, &test->error,
                             store->userdata);
    } while (status == CUTOVER_OK && test->seen.count - before == asked && test->seen.count < limit);
    return status;
}

bool store_lists(struct store_test *test, const char *kind, const char *project_id, const char *after,
                 uint32_t limit, const char *const *ids, size_t count, int line)
{
    seen_clear(&test->seen);
    cutover_status status = list_pages(test, kind, project_id, after, limit);
    if (!suite_expect_status(test->suite, status, CUTOVER_OK, &test->error, "list", __FILE__, line))
        return false;
    for (size_t i = 0; i < count && i < test->seen.count; i++)
        if (!same(test, test->seen.items[i].id, ids[i], "listed id", line) ||
            !same(test, test->seen.items[i].kind, kind, "listed kind", line))
            return false;
    return suite_expect(test->suite, test->seen.count == count, "list emits as many as expected", __FILE__,
                        line);
}

size_t store_commit_limit(const cutover_store *store)
{
    return store->version >= 2 && store->max_commit_writes != 0 && store->max_commit_writes < COMMIT_LIMIT
               ? store->max_commit_writes
               : COMMIT_LIMIT;
}

uint32_t store_list_limit(const cutover_store *store)
{
    return store->version >= 2 && store->max_list != 0 && store->max_list < LIST_LIMIT ? store->max_list
                                                                                       : LIST_LIMIT;
}

size_t store_body_limit(const cutover_store *store, size_t otherwise)
{
    return store->version >= 2 && store->max_body_bytes != 0 && store->max_body_bytes < otherwise
               ? (size_t)store->max_body_bytes
               : otherwise;
}

cutover_status store_commit_one(const cutover_store *store, const char *kind, const char *id, uint64_t version,
                                const char *body)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, "p", version, body};

    return store->commit(&(const cutover_write *){&write}, 1, NULL, store->userdata);
}

cutover_status store_read_number(const cutover_store *store, const char *kind, const char *id,
                                 uint64_t *version, unsigned *number)
{
    struct seen_list seen = {NULL, 0, 0, CUTOVER_OK};
    cutover_status status = store->get(kind, id, seen_emit, &seen, NULL, store->userdata);

    if (status == CUTOVER_OK && (seen.count != 1 || sscanf(seen.items[0].body, "{\"n\": %u}", number) != 1))
        status = CUTOVER_E_INTERNAL;
    if (status == CUTOVER_OK)
        *version = seen.items[0].version;
    seen_clear(&seen);
    return status;
}

cutover_status store_add_one(const cutover_store *store, const char *kind, const char *id,
                             uint64_t *won_version, unsigned *conflicts_left)
{
    for (;;) {
        char body[40];
        uint64_t version = 0;
        unsigned number = 0;
        cutover_status status = store_read_number(store, kind, id, &version, &number);

        if (status != CUTOVER_OK)
            return status;
        snprintf(body, sizeof(body), "{\"n\": %u}", number + 1);
        status = store_commit_one(store, kind, id, version, body);
        *won_version = version + 1;
        if (status != CUTOVER_E_CONFLICT || *conflicts_left == 0)
            return status;
        (*conflicts_left)--;
    }
}

static void run_case(struct store_test *test, const struct store_case *one)
{
    cutover_status status;

    suite_begin(test->suite, one->name);
    cutover_store_init(&test->store, CUTOVER_STORE_VERSION);
    status = test->open(1, &test->store, &test->error, test->userdata);
    if (EXPECT_STATUS(test->suite, status, CUTOVER_OK, test->error) &&
        EXPECT(test->suite, test->store.version >= 1 && test->store.version <= CUTOVER_STORE_VERSION) &&
        EXPECT(test->suite, test->store.get != NULL && test->store.list != NULL) &&
        EXPECT(test->suite, test->store.commit != NULL && test->store.close != NULL))
        one->run(test);
    seen_clear(&test->seen);
    cutover_store_close(&test->store);
    suite_end(test->suite);
}

/* What the store says of itself; a store that does not open runs every case, and fails it. */
static uint32_t capabilities_of(struct store_test *test)
{
    uint32_t capabilities = CUTOVER_STORE_DURABLE | CUTOVER_STORE_SHARED;

    cutover_store_init(&test->store, CUTOVER_STORE_VERSION);
    if (test->open(1, &test->store, &test->error, test->userdata) == CUTOVER_OK)
        capabilities = test->store.capabilities;
    cutover_error_free(test->error);
    test->error = NULL;
    cutover_store_close(&test->store);
    return capabilities;
}

cutover_status cutover_conformance_store(cutover_conformance_store_open open, cutover_conformance_report report,
                                         void *userdata, cutover_error **error)
{
    static const struct store_case *const groups[] = {store_document_cases, store_concurrency_cases};
    struct suite suite;
    struct store_test test = {0};
    uint32_t capabilities;

    if (open == NULL) {
        if (error != NULL)
            *error = cutover_error_new(CUTOVER_E_INVALID, "open is required", NULL, NULL);
        return CUTOVER_E_INVALID;
    }
    suite_init(&suite, report, userdata);
    test.suite = &suite;
    test.open = open;
    test.userdata = userdata;
    capabilities = capabilities_of(&test);
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        for (const struct store_case *one = groups[i]; one->name != NULL; one++)
            if ((one->needs & ~capabilities) == 0)
                run_case(&test, one);
    return suite_result(&suite, error);
}
