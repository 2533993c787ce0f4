#include "support/check.h"

#include <cutover/conformance.h>
#include <stdbool.h>
#include <string.h>

static cutover_status open_memory(int32_t fresh, cutover_store *store, cutover_error **error, void *userdata)
{
    (void)userdata;
    assert_true(fresh);
    return cutover_store_memory_open(store, error);
}

static void report(const char *name, const char *failure, void *userdata)
{
    (*(unsigned *)userdata)++;
    if (failure != NULL)
        print_error("%s: %s\n", name, failure);
}

static void memory_store_conforms(void **state)
{
    cutover_error *error = NULL;
    unsigned cases = 0;

    (void)state;
    check_ok(cutover_conformance_store(open_memory, report, &cases, &error), error);
    assert_true(cases > 20);
}

static cutover_status open_first_version(int32_t fresh, cutover_store *store, cutover_error **error,
                                         void *userdata)
{
    assert_int_equal(cutover_store_init(store, 1), CUTOVER_OK);
    return open_memory(fresh, store, error, userdata);
}

static void memory_store_of_the_first_version_conforms(void **state)
{
    cutover_error *error = NULL;
    unsigned cases = 0;

    (void)state;
    check_ok(cutover_conformance_store(open_first_version, report, &cases, &error), error);
    assert_true(cases > 20);
}

static void memory_store_does_not_pretend_to_last(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;

    (void)state;
    check_ok(cutover_store_memory_open(&store, &error), error);
    assert_int_equal(store.capabilities, 0);
    cutover_store_close(&store);
}

/* A store that applies a commit's writes one by one is what P6 is about: the suite has to see it. */
static cutover_store honest;

static cutover_status commit_one_by_one(const cutover_write *const *writes, size_t count, cutover_error **error,
                                        void *userdata)
{
    for (size_t i = 0; i < count; i++) {
        cutover_status status = honest.commit(&writes[i], 1, error, userdata);

        if (status != CUTOVER_OK)
            return status;
    }
    return CUTOVER_OK;
}

static cutover_status open_half_way(int32_t fresh, cutover_store *store, cutover_error **error, void *userdata)
{
    cutover_status status = open_memory(fresh, store, error, userdata);

    honest = *store;
    store->commit = commit_one_by_one;
    return status;
}

static void note_failure(const char *name, const char *failure, void *userdata)
{
    if (failure != NULL && strcmp(name, "commit_with_one_conflict_applies_nothing") == 0)
        *(bool *)userdata = true;
}

static void suite_finds_a_store_that_applies_half_a_commit(void **state)
{
    cutover_error *error = NULL;
    bool found = false;

    (void)state;
    check_status(cutover_conformance_store(open_half_way, note_failure, &found, &error), CUTOVER_E_VERIFY,
                 error);
    assert_true(found);
}

static cutover_status count_documents(const cutover_document *document, void *context)
{
    (void)document;
    (*(unsigned *)context)++;
    return CUTOVER_OK;
}

static void check_commit_refused(const cutover_store *store, const cutover_write *writes, size_t count,
                                 const char *message)
{
    cutover_error *error = NULL;

    const cutover_write *pointers[65];

    for (size_t i = 0; i < count; i++)
        pointers[i] = &writes[i];
    check_status_keep(store->commit(pointers, count, &error, store->userdata), CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), message);
    cutover_error_free(error);
}

static void arguments_out_of_bounds_are_refused(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    unsigned count = 0;
    char long_id[202];
    const cutover_write twice[] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, "{}"},
                                   {CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, "{}"}};
    cutover_write write = {CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, "{}"}, many[65];

    (void)state;
    check_ok(cutover_store_memory_open(&store, &error), error);
    memset(long_id, 'x', 201);
    long_id[201] = '\0';
    for (size_t i = 0; i < 65; i++)
        many[i] = write;
    check_commit_refused(&store, &write, 0, "1 to 64");
    check_commit_refused(&store, many, 65, "1 to 64");
    check_commit_refused(&store, twice, 2, "thing a twice");
    write.id = "";
    check_commit_refused(&store, &write, 1, "id");
    write.id = long_id;
    check_commit_refused(&store, &write, 1, "200");
    write = (cutover_write){CUTOVER_WRITE_VERSION, "Thing", "a", "p", 0, "{}"};
    check_commit_refused(&store, &write, 1, "kind");
    write = (cutover_write){CUTOVER_WRITE_VERSION, "thing", "a", NULL, 0, "{}"};
    check_commit_refused(&store, &write, 1, "project_id");
    write = (cutover_write){CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, NULL};
    check_commit_refused(&store, &write, 1, "delete");
    check_status(store.list("thing", NULL, "", 0, count_documents, &count, &error, store.userdata),
                 CUTOVER_E_INVALID, error);
    check_status(store.list("thing", NULL, "", 1001, count_documents, &count, &error, store.userdata),
                 CUTOVER_E_INVALID, error);
    check_ok(store.list("thing", NULL, "", 1000, count_documents, &count, &error, store.userdata), error);
    assert_int_equal(count, 0);
    cutover_store_close(&store);
}

static void close_is_once_and_takes_nothing(void **state)
{
    const cutover_store initial = CUTOVER_STORE_INIT;
    cutover_store store = CUTOVER_STORE_INIT, zero = {0};
    cutover_error *error = NULL;

    (void)state;
    cutover_store_close(NULL);
    cutover_store_close(&store);
    check_ok(cutover_store_memory_open(&store, &error), error);
    cutover_store_close(&store);
    assert_memory_equal(&store, &initial, sizeof(initial));
    cutover_store_close(&store);
    cutover_store_close(&zero);
    assert_int_equal(zero.version, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_store_conforms),
        cmocka_unit_test(memory_store_of_the_first_version_conforms),
        cmocka_unit_test(memory_store_does_not_pretend_to_last),
        cmocka_unit_test(suite_finds_a_store_that_applies_half_a_commit),
        cmocka_unit_test(arguments_out_of_bounds_are_refused),
        cmocka_unit_test(close_is_once_and_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
