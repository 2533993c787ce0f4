#include "base/id.h"
#include "support/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define PER_THREAD 5000

static void an_id_is_a_version_7_uuid(void **state)
{
    (void)state;
    char id[ID_SIZE];
    id_new(INT64_C(1795334175123456), id);
    assert_int_equal(strlen(id), 36);
    assert_true(id_is_valid(id));
    assert_int_equal(id[14], '7');
    assert_non_null(strchr("89ab", id[19]));
}

static void an_id_begins_with_its_milliseconds(void **state)
{
    (void)state;
    char id[ID_SIZE];
    id_new(INT64_C(1895334175123456), id); /* later than every other time in this program */
    assert_memory_equal(id, "01b94ab8-6193-774b", 18);
}

static void ids_sort_when_the_clock_stands_or_goes_back(void **state)
{
    (void)state;
    char last[ID_SIZE], id[ID_SIZE];
    id_new(INT64_C(1795334175123456), last);
    for (int64_t i = 0; i < 10000; i++) {
        id_new(INT64_C(1795334175123456) - i, id);
        assert_true(strcmp(last, id) < 0);
        memcpy(last, id, sizeof last);
    }
    id_new(-5, id);
    assert_true(strcmp(last, id) < 0);
}

struct batch {
    char ids[PER_THREAD][ID_SIZE];
};

static void *make_ids(void *argument)
{
    struct batch *batch = argument;
    for (int i = 0; i < PER_THREAD; i++)
        id_new(INT64_C(1795334175123456) + i, batch->ids[i]);
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void ids_of_all_threads_differ_and_sort_within_each(void **state)
{
    (void)state;
    static struct batch batches[THREADS];
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, make_ids, &batches[t]), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);

    char(*all)[ID_SIZE] = batches[0].ids;
    size_t count = (size_t)THREADS * PER_THREAD;
    for (size_t i = 1; i < count; i++)
        if (i % PER_THREAD != 0)
            assert_true(strcmp(all[i - 1], all[i]) < 0);
    qsort(all, count, ID_SIZE, compare_ids);
    for (size_t i = 1; i < count; i++)
        assert_memory_not_equal(all[i - 1], all[i], 18); /* the time alone differs: no two ticks are shared */
}

static void only_lower_case_uuids_are_valid(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "01b94b7b-99d3-7747-8000-00000000000",
                                        "01b94b7b-99d3-7747-8000-0000000000000",
                                        "01B94B7B-99D3-7747-8000-000000000000",
                                        "01b94b7b+99d3-7747-8000-000000000000",
                                        "01b94b7b99d3-7747-8000-0000000000000",
                                        "01b94b7g-99d3-7747-8000-000000000000",
                                        "../../../../../../../../etc/passwd--"};
    assert_true(id_is_valid("01b94b7b-99d3-7747-8000-000000000000"));
    assert_true(id_is_valid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
    assert_false(id_is_valid(NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(id_is_valid(wrong[i]));
}

static void the_short_form_is_the_random_end(void **state)
{
    (void)state;
    char out[13], first[ID_SIZE], second[ID_SIZE], other[13];
    id_short("01b94b7b-99d3-7747-8000-0123456789ab", out);
    assert_string_equal(out, "0123456789ab");
    id_new(1, first);
    id_new(1, second);
    id_short(first, out);
    id_short(second, other);
    assert_string_not_equal(out, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_a_version_7_uuid),
        cmocka_unit_test(ids_sort_when_the_clock_stands_or_goes_back),
        cmocka_unit_test(ids_of_all_threads_differ_and_sort_within_each),
        cmocka_unit_test(an_id_begins_with_its_milliseconds),
        cmocka_unit_test(only_lower_case_uuids_are_valid),
        cmocka_unit_test(the_short_form_is_the_random_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
