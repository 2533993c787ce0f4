#include "support/check.h"

#include <cutover/conformance.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

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

/* What a suite found of a store with this commit before the honest one. */
static cutover_status (*bad_commit)(const cutover_write *const *writes, size_t count, cutover_error **error,
                                    void *userdata);

static cutover_status open_bad(int32_t fresh, cutover_store *store, cutover_error **error, void *userdata)
{
    cutover_status status = open_memory(fresh, store, error, userdata);

    honest = *store;
    store->commit = bad_commit;
    return status;
}

struct wanted {
    const char *name;
    bool failed;
};

static void note_wanted(const char *name, const char *failure, void *userdata)
{
    struct wanted *wanted = userdata;

    wanted->failed = wanted->failed || (failure != NULL && strcmp(name, wanted->name) == 0);
}

static void check_found(cutover_status (*commit)(const cutover_write *const *writes, size_t count,
                                                 cutover_error **error, void *userdata),
                        const char *name)
{
    struct wanted wanted = {name, false};
    cutover_error *error = NULL;

    bad_commit = commit;
    check_status(cutover_conformance_store(open_bad, note_wanted, &wanted, &error), CUTOVER_E_VERIFY, error);
    assert_true(wanted.failed);
}

/* Each document has a lock, taken in the order of the writes. A server that finds two waiting for each other ends one of them. */
static pthread_mutex_t document_locks[2] = {
    [0] = PTHREAD_MUTEX_INITIALIZER,
    [1] = PTHREAD_MUTEX_INITIALIZER,
};

static cutover_status commit_in_the_order_named(const cutover_write *const *writes, size_t count,
                                                cutover_error **error, void *userdata)
{
    if (count != 2 || strcmp(writes[0]->kind, "pair") != 0)
        return honest.commit(writes, count, error, userdata);
    pthread_mutex_t *first = &document_locks[writes[0]->id[0] - 'a'],
                    *second = &document_locks[writes[1]->id[0] - 'a'];
    const struct timespec meanwhile = {0, 200000};
    cutover_status status = CUTOVER_E_STORE; /* a deadlock */
    pthread_mutex_lock(first);
    nanosleep(&meanwhile, NULL);
    if (pthread_mutex_trylock(second) == 0) {
        status = honest.commit(writes, count, error, userdata);
        pthread_mutex_unlock(second);
    }
    pthread_mutex_unlock(first);
    return status;
}

static void suite_finds_a_store_that_deadlocks(void **state)
{
    (void)state;
    check_found(commit_in_the_order_named,
                "commits_that_name_documents_in_opposite_order_do_not_lock_each_other_out");
}

/* Nobody ever wins: whoever tries again until he does would never end. */
static cutover_status commit_no_change(const cutover_write *const *writes, size_t count, cutover_error **error,
                                       void *userdata)
{
    for (size_t i = 0; i < count; i++)
        if (writes[i]->expected_version > 0)
            return CUTOVER_E_CONFLICT;
    return honest.commit(writes, count, error, userdata);
}

static void suite_ends_with_a_store_that_refuses_every_change(void **state)
{
    (void)state;
    check_found(commit_no_change, "racing_threads_have_one_winner_per_version");
    check_found(commit_no_change, "commits_that_name_documents_in_opposite_order_do_not_lock_each_other_out");
}

/* The versions of a commit as a store of other numbers has them. */
static cutover_status commit_with_versions(const cutover_write *const *writes, size_t count,
                                           cutover_error **error, void *userdata, uint64_t mask,
                                           uint64_t largest)
{
    cutover_write changed[64];
    const cutover_write *pointers[64];

    for (size_t i = 0; i < count; i++) {
        changed[i] = *writes[i];
        if (changed[i].expected_version > largest)
            return CUTOVER_E_STORE; /* out of range */
        changed[i].expected_version &= mask;
        pointers[i] = &changed[i];
    }
    return honest.commit(pointers, count, error, userdata);
}

static cutover_status commit_without_the_highest_bit(const cutover_write *const *writes, size_t count,
                                                     cutover_error **error, void *userdata)
{
    return commit_with_versions(writes, count, error, userdata, INT64_MAX, UINT64_MAX);
}

static cutover_status commit_with_32_bits(const cutover_write *const *writes, size_t count,
                                          cutover_error **error, void *userdata)
{
    return commit_with_versions(writes, count, error, userdata, UINT32_MAX, UINT64_MAX);
}

static cutover_status commit_with_signed_versions(const cutover_write *const *writes, size_t count,
                                                  cutover_error **error, void *userdata)
{
    return commit_with_versions(writes, count, error, userdata, UINT64_MAX, INT64_MAX);
}

static void suite_finds_a_store_whose_versions_are_too_small(void **state)
{
    (void)state;
    check_found(commit_without_the_highest_bit, "versions_of_all_64_bits_are_told_apart");
    check_found(commit_with_32_bits, "versions_of_all_64_bits_are_told_apart");
    check_found(commit_with_signed_versions, "versions_of_all_64_bits_are_told_apart");
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
        cmocka_unit_test(suite_finds_a_store_that_deadlocks),
        cmocka_unit_test(suite_ends_with_a_store_that_refuses_every_change),
        cmocka_unit_test(suite_finds_a_store_whose_versions_are_too_small),
        cmocka_unit_test(arguments_out_of_bounds_are_refused),
        cmocka_unit_test(close_is_once_and_takes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
