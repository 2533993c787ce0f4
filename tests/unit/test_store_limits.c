/* A store that takes less than others: the library keeps to it, and says so where it cannot. */
#include "store/document.h"
#include "store/port.h"
#include "support/check.h"

#include <cutover/conformance.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A memory store behind a wrapper that has limits and holds everybody to them. */
struct narrow {
    cutover_store behind, store;
    unsigned commits, lists;
};

static cutover_status narrow_get(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                 cutover_error **error, void *userdata)
{
    struct narrow *narrow = userdata;

    return narrow->behind.get(kind, id, emit, context, error, narrow->behind.userdata);
}

static cutover_status narrow_list(const char *kind, const char *project_id, const char *after_id,
                                  uint32_t limit, cutover_document_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    struct narrow *narrow = userdata;

    narrow->lists++;
    if (narrow->store.max_list != 0)
        assert_in_range(limit, 1, narrow->store.max_list);
    return narrow->behind.list(kind, project_id, after_id, limit, emit, context, error,
                               narrow->behind.userdata);
}

static cutover_status narrow_commit(const cutover_write *const *writes, size_t count, cutover_error **error,
                                    void *userdata)
{
    struct narrow *narrow = userdata;

    narrow->commits++;
    if (narrow->store.max_commit_writes != 0)
        assert_in_range(count, 1, narrow->store.max_commit_writes);
    for (size_t i = 0; narrow->store.max_body_bytes != 0 && i < count; i++)
        if (writes[i]->body != NULL)
            assert_in_range(strlen(writes[i]->body), 0, narrow->store.max_body_bytes);
    return narrow->behind.commit(writes, count, error, narrow->behind.userdata);
}

static void narrow_close(void *userdata)
{
    struct narrow *narrow = userdata;

    cutover_store_close(&narrow->behind);
}

static struct narrow *narrow_new(void)
{
    struct narrow *narrow = calloc(1, sizeof(*narrow));
    cutover_error *error = NULL;

    assert_non_null(narrow);
    cutover_store_init(&narrow->behind, CUTOVER_STORE_VERSION);
    cutover_store_init(&narrow->store, CUTOVER_STORE_VERSION);
    check_ok(cutover_store_memory_open(&narrow->behind, &error), error);
    narrow->store.userdata = narrow;
    narrow->store.get = narrow_get;
    narrow->store.list = narrow_list;
    narrow->store.commit = narrow_commit;
    narrow->store.close = narrow_close;
    return narrow;
}

static int open_narrow(void **state)
{
    *state = narrow_new();
    return 0;
}

static int close_narrow(void **state)
{
    struct narrow *narrow = *state;

    cutover_store_close(&narrow->store);
    free(narrow);
    return 0;
}

static void put_numbered(struct narrow *narrow, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char id[12];
        cutover_error *error = NULL;

        snprintf(id, sizeof(id), "%03u", i);
        const cutover_write write = {CUTOVER_WRITE_VERSION, "thing", id, i % 2 == 0 ? "even" : "odd", 0, "{}"};
        check_ok(store_save(&narrow->store, &write, &error), error);
    }
}

static void check_page(const struct narrow *narrow, const char *project_id, const char *after, uint32_t limit,
                       unsigned first, unsigned step, size_t count)
{
    struct document_list page = {NULL, 0, 0};
    cutover_error *error = NULL;

    check_ok(document_list_read(&narrow->store, "thing", project_id, after, limit, &page, &error), error);
    assert_int_equal(page.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(atoi(page.items[i].id), first + i * step);
    document_list_free(&page);
}

static void longer_pages_are_read_by_several_lists(void **state)
{
    struct narrow *narrow = *state;

    put_numbered(narrow, 10);
    for (uint32_t most = 1; most <= 11; most++) {
        narrow->store.max_list = most;
        check_page(narrow, NULL, "", 1000, 0, 1, 10);
        check_page(narrow, NULL, "", 10, 0, 1, 10);
        check_page(narrow, NULL, "", 4, 0, 1, 4);
        check_page(narrow, NULL, "003", 5, 4, 1, 5);
        check_page(narrow, NULL, "009", 5, 0, 1, 0);
        check_page(narrow, "odd", "", 4, 1, 2, 4);
        check_page(narrow, "odd", "", 1000, 1, 2, 5);
    }
}

static void page_that_the_store_takes_is_one_list(void **state)
{
    struct narrow *narrow = *state;

    put_numbered(narrow, 10);
    check_page(narrow, NULL, "", 10, 0, 1, 10);
    narrow->store.max_list = 10;
    check_page(narrow, NULL, "", 10, 0, 1, 10);
    assert_int_equal(narrow->lists, 2);
}

static cutover_status count_each(void *context, const struct document *document, cutover_error **error)
{
    (void)document;
    (void)error;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static void walk_sees_every_document(void **state)
{
    struct narrow *narrow = *state;
    unsigned seen = 0;
    cutover_error *error = NULL;

    put_numbered(narrow, 250);
    narrow->store.max_list = 7;
    check_ok(document_walk(&narrow->store, "thing", NULL, count_each, &seen, &error), error);
    assert_int_equal(seen, 250);
}

static void larger_body_is_refused_before_the_store_sees_it(void **state)
{
    struct narrow *narrow = *state;
    const char *bodies[] = {"{\"text\":\"1234\"}", "{\"text\":\"12345\"}"};
    cutover_write first = {CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, bodies[0]};
    cutover_write second = {CUTOVER_WRITE_VERSION, "thing", "b", "p", 0, bodies[1]};
    cutover_error *error = NULL;

    narrow->store.max_body_bytes = strlen(bodies[0]);
    check_status_keep(store_commit(&narrow->store, (const cutover_write *[]){&first, &second}, 2, &error),
                      CUTOVER_E_UNSUPPORTED, error);
    assert_string_equal(cutover_error_message(error), "thing b has 16 bytes, and this store takes at most 15");
    cutover_error_free(error), error = NULL;
    assert_int_equal(narrow->commits, 0);
    check_ok(store_save(&narrow->store, &first, &error), error);
    cutover_write gone = {CUTOVER_WRITE_VERSION, "thing", "a", "p", 1, NULL};
    check_ok(store_save(&narrow->store, &gone, &error), error);
}

static void larger_commit_is_refused_before_the_store_sees_it(void **state)
{
    struct narrow *narrow = *state;
    cutover_write writes[3] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, "{}"},
                               {CUTOVER_WRITE_VERSION, "thing", "b", "p", 0, "{}"},
                               {CUTOVER_WRITE_VERSION, "thing", "c", "p", 0, "{}"}};
    const cutover_write *pointers[] = {&writes[0], &writes[1], &writes[2]};
    cutover_error *error = NULL;

    narrow->store.max_commit_writes = 2;
    check_status_keep(store_commit(&narrow->store, pointers, 3, &error), CUTOVER_E_UNSUPPORTED, error);
    assert_string_equal(cutover_error_message(error), "a commit of 3 writes, and this store takes at most 2");
    cutover_error_free(error), error = NULL;
    assert_int_equal(narrow->commits, 0);
    check_ok(store_commit(&narrow->store, pointers, 2, &error), error);
}

static void check_limits(struct narrow *narrow, uint32_t writes, uint32_t list, uint64_t bytes,
                         const char *refused)
{
    cutover_store copy;
    cutover_error *error = NULL;

    narrow->store.max_commit_writes = writes;
    narrow->store.max_list = list;
    narrow->store.max_body_bytes = bytes;
    if (refused == NULL) {
        check_ok(store_copy("options.store", &narrow->store, &copy, &error), error);
        return;
    }
    check_status_keep(store_copy("options.store", &narrow->store, &copy, &error), CUTOVER_E_INVALID, error);
    assert_string_equal(cutover_error_message(error), refused);
    cutover_error_free(error);
}

static void limits_too_low_to_work_with_are_refused(void **state)
{
    struct narrow *narrow = *state;

    check_limits(narrow, 0, 0, 0, NULL);
    check_limits(narrow, 32, 10, 65536, NULL);
    check_limits(narrow, 31, 0, 0, "options.store.max_commit_writes: 31, must be 0 or at least 32");
    check_limits(narrow, 0, 9, 0, "options.store.max_list: 9, must be 0 or at least 10");
    check_limits(narrow, 0, 0, 65535, "options.store.max_body_bytes: 65535, must be 0 or at least 65536");
}

static void narrow_free(void *userdata)
{
    narrow_close(userdata);
    free(userdata);
}

static cutover_status open_least(int32_t fresh, cutover_store *store, cutover_error **error, void *userdata)
{
    struct narrow *narrow = narrow_new();

    (void)error;
    (void)userdata;
    assert_true(fresh);
    narrow->store.max_commit_writes = STORE_COMMIT_LEAST;
    narrow->store.max_list = STORE_LIST_LEAST;
    narrow->store.max_body_bytes = STORE_BODY_LEAST;
    narrow->store.close = narrow_free;
    *store = narrow->store;
    return CUTOVER_OK;
}

static void report(const char *name, const char *failure, void *userdata)
{
    ++*(unsigned *)userdata;
    if (failure != NULL)
        print_error("%s: %s\n", name, failure);
}

static void store_that_takes_the_least_conforms(void **state)
{
    unsigned cases = 0;
    cutover_error *error = NULL;

    (void)state;
    check_ok(cutover_conformance_store(open_least, report, &cases, &error), error);
    assert_true(cases > 20);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_narrow, close_narrow)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(longer_pages_are_read_by_several_lists),
        CASE(page_that_the_store_takes_is_one_list),
        CASE(walk_sees_every_document),
        CASE(larger_body_is_refused_before_the_store_sees_it),
        CASE(larger_commit_is_refused_before_the_store_sees_it),
        CASE(limits_too_low_to_work_with_are_refused),
        cmocka_unit_test(store_that_takes_the_least_conforms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
