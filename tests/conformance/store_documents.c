/*
 * The store suite, one caller: what get, list and commit mean.
 */
#include "store_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void get_of_missing_document_is_not_found(struct store_test *test)
{
    LACKS(test, "thing", "a");
    PUT(test, CUTOVER_OK, "thing", "ab", "p", 0, "{}");
    LACKS(test, "thing", "a");
    LACKS(test, "thin", "ab");
}

static void first_write_has_version_one(struct store_test *test)
{
    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    HAS(test, "thing", "a", "p", 1, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "b", "", 0, "{}");
    HAS(test, "thing", "b", "", 1, "{}");
}

static void each_write_adds_one_to_the_version(struct store_test *test)
{
    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 1, "{\"n\": 2}");
    HAS(test, "thing", "a", "p", 2, "{\"n\": 2}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 2, "{\"n\": 2}"); /* the same body counts too */
    HAS(test, "thing", "a", "p", 3, "{\"n\": 2}");
}

static void creating_an_existing_document_is_conflict(struct store_test *test)
{
    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "q", 0, "{\"n\": 2}");
    HAS(test, "thing", "a", "p", 1, "{\"n\": 1}");
}

static void writing_at_another_version_is_conflict(struct store_test *test)
{
    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 1, "{\"n\": 2}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 1, "{\"n\": 3}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 3, "{\"n\": 3}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", UINT64_C(1) << 32, "{\"n\": 3}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", UINT64_C(1) << 63, "{\"n\": 3}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", UINT64_MAX, "{\"n\": 3}");
    HAS(test, "thing", "a", "p", 2, "{\"n\": 2}");
}

/* A version is 64 bits without a sign: one that is kept in 32, or with a sign, meets another one. */
static void versions_of_all_64_bits_are_told_apart(struct store_test *test)
{
    static const uint64_t far[] = {
        (UINT64_C(1) << 31) + 1, UINT64_C(1) << 32,       (UINT64_C(1) << 32) + 1, INT64_MAX,
        UINT64_C(1) << 63,       (UINT64_C(1) << 63) + 1, UINT64_MAX - 1,          UINT64_MAX};

    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", far[i], "{\"n\": 2}");
        PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", far[i], NULL);
        PUT(test, CUTOVER_E_CONFLICT, "thing", "missing", "p", far[i], "{\"n\": 2}");
        PUT(test, CUTOVER_E_CONFLICT, "thing", "missing", "p", far[i], NULL);
    }
    HAS(test, "thing", "a", "p", 1, "{\"n\": 1}");
    LACKS(test, "thing", "missing");
}

static void writing_a_missing_document_at_a_version_is_conflict(struct store_test *test)
{
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 1, "{}");
    LACKS(test, "thing", "a");
    LISTS_NOTHING(test, "thing", NULL, "", 10);
}

static void delete_removes_the_document(struct store_test *test)
{
    static const char *const left[] = {"b"};

    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{}");
    PUT(test, CUTOVER_OK, "thing", "b", "p", 0, "{}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 1, NULL);
    LACKS(test, "thing", "a");
    LISTS(test, "thing", NULL, "", 10, left);
    LISTS(test, "thing", "p", "", 10, left);
}

static void delete_at_another_version_is_conflict(struct store_test *test)
{
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 1, NULL);
    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 2, NULL);
    HAS(test, "thing", "a", "p", 1, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 1, NULL);
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 1, NULL);
}

static void deleted_document_is_created_again_at_version_one(struct store_test *test)
{
    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 1, "{\"n\": 2}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 2, NULL);
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 2, "{\"n\": 3}");
    PUT(test, CUTOVER_E_CONFLICT, "thing", "a", "p", 3, "{\"n\": 3}");
    PUT(test, CUTOVER_OK, "thing", "a", "q", 0, "{\"n\": 3}");
    HAS(test, "thing", "a", "q", 1, "{\"n\": 3}");
}

static void same_id_in_another_kind_is_another_document(struct store_test *test)
{
    static const char *const ids[] = {"a"};

    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "things", "a", "p", 0, "{\"n\": 2}");
    PUT(test, CUTOVER_OK, "thing_", "a", "p", 0, "{\"n\": 3}");
    PUT(test, CUTOVER_OK, "thing_", "a", "p", 1, NULL);
    HAS(test, "thing", "a", "p", 1, "{\"n\": 1}");
    HAS(test, "things", "a", "p", 1, "{\"n\": 2}");
    LACKS(test, "thing_", "a");
    LISTS(test, "thing", NULL, "", 10, ids);
}

static void commit_applies_all_its_writes(struct store_test *test)
{
    const cutover_write before[] = {{CUTOVER_WRITE_VERSION, "thing", "update", "p", 0, "{\"n\": 1}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "delete", "p", 0, "{\"n\": 1}"}};
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "thing", "create", "p", 0, "{\"n\": 2}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "update", "q", 1, "{\"n\": 2}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "delete", "p", 1, NULL},
                                    {CUTOVER_WRITE_VERSION, "other", "create", "", 0, "{\"n\": 2}"}};

    WRITE(test, CUTOVER_OK, before);
    WRITE(test, CUTOVER_OK, writes);
    HAS(test, "thing", "create", "p", 1, "{\"n\": 2}");
    HAS(test, "thing", "update", "q", 2, "{\"n\": 2}");
    LACKS(test, "thing", "delete");
    HAS(test, "other", "create", "", 1, "{\"n\": 2}");
}

/* The conflict is tried in every place, and as every sort of write. */
static void commit_with_one_conflict_applies_nothing(struct store_test *test)
{
    const cutover_write before[] = {{CUTOVER_WRITE_VERSION, "thing", "update", "p", 0, "{\"n\": 1}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "delete", "p", 0, "{\"n\": 1}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "stale", "p", 0, "{\"n\": 1}"}};
    const cutover_write conflicts[] = {{CUTOVER_WRITE_VERSION, "thing", "stale", "p", 0, "{\"n\": 9}"},
                                       {CUTOVER_WRITE_VERSION, "thing", "stale", "p", 2, "{\"n\": 9}"},
                                       {CUTOVER_WRITE_VERSION, "thing", "stale", "p", 2, NULL},
                                       {CUTOVER_WRITE_VERSION, "thing", "missing", "p", 1, "{\"n\": 9}"}};

    WRITE(test, CUTOVER_OK, before);
    for (size_t i = 0; i < 4; i++) {
        for (size_t place = 0; place < 4; place++) {
            cutover_write writes[4] = {{CUTOVER_WRITE_VERSION, "thing", "create", "p", 0, "{\"n\": 2}"},
                                       {CUTOVER_WRITE_VERSION, "thing", "update", "p", 1, "{\"n\": 2}"},
                                       {CUTOVER_WRITE_VERSION, "thing", "delete", "p", 1, NULL}};

            memmove(&writes[place + 1], &writes[place], (3 - place) * sizeof(writes[0]));
            writes[place] = conflicts[i];
            if (!WRITE(test, CUTOVER_E_CONFLICT, writes) || !LACKS(test, "thing", "create") ||
                !HAS(test, "thing", "update", "p", 1, "{\"n\": 1}") ||
                !HAS(test, "thing", "delete", "p", 1, "{\"n\": 1}") ||
                !HAS(test, "thing", "stale", "p", 1, "{\"n\": 1}") || !LACKS(test, "thing", "missing"))
                return;
        }
    }
}

static void limits_leave_room_to_work(struct store_test *test)
{
    const cutover_store *store = &test->store;

    if (store->version < 2)
        return;
    EXPECT(test->suite, store->max_commit_writes == 0 || store->max_commit_writes >= 32);
    EXPECT(test->suite, store->max_list == 0 || store->max_list >= 10);
    EXPECT(test->suite, store->max_body_bytes == 0 || store->max_body_bytes >= 65536);
}

static void commit_takes_as_many_writes_as_it_may(struct store_test *test)
{
    const size_t count = store_commit_limit(&test->store), last = count - 1;
    cutover_write writes[COMMIT_LIMIT];
    char ids[COMMIT_LIMIT][24];

    for (size_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof(ids[i]), "%02zu", i);
        writes[i] = (cutover_write){CUTOVER_WRITE_VERSION, "thing", ids[i], "p", 0, "{\"n\": 1}"};
    }
    if (!store_write(test, CUTOVER_OK, writes, count, __LINE__))
        return;
    for (size_t i = 0; i < count; i++) {
        writes[i].expected_version = 1;
        writes[i].body = i != last ? "{\"n\": 2}" : NULL;
    }
    writes[last].expected_version = 2;
    store_write(test, CUTOVER_E_CONFLICT, writes, count, __LINE__);
    HAS(test, "thing", "00", "p", 1, "{\"n\": 1}");
    writes[last].expected_version = 1;
    store_write(test, CUTOVER_OK, writes, count, __LINE__);
    HAS(test, "thing", ids[last - 1], "p", 2, "{\"n\": 2}");
    LACKS(test, "thing", ids[last]);
}

static void failures_need_no_error_pointer(struct store_test *test)
{
    const cutover_store *store = &test->store;
    cutover_write write = {CUTOVER_WRITE_VERSION, "thing", "a", "p", 1, "{}"};

    EXPECT(test->suite,
           store->get("thing", "a", seen_emit, &test->seen, NULL, store->userdata) == CUTOVER_E_NOT_FOUND);
    EXPECT(test->suite,
           store->commit(&(const cutover_write *){&write}, 1, NULL, store->userdata) == CUTOVER_E_CONFLICT);
}

static void list_is_in_byte_order(struct store_test *test)
{
    /* Not as a collation or a signed char would have it. */
    static const char *const ordered[] = {" ",
                                          "!",
                                          "0",
                                          "00",
                                          "1",
                                          "10",
                                          "2",
                                          "A",
                                          "B",
                                          "_",
                                          "a",
                                          "a b",
                                          "a:",
                                          "a:1",
                                          "aa",
                                          "b",
                                          "\x7f",
                                          "\xc3\x84",
                                          "\xc3\xa9",
                                          "\xe2\x82\xac",
                                          "\xef\xbf\xbd",
                                          "\xf0\x9f\x98\x80"};
    const size_t count = sizeof(ordered) / sizeof(ordered[0]);

    for (size_t i = 0; i < count; i++) {
        const char *id = ordered[(i * 7) % count]; /* 7 and 22 have no common divisor */

        if (!PUT(test, CUTOVER_OK, "thing", id, "p", 0, "{}"))
            return;
    }
    LISTS(test, "thing", NULL, "", 1000, ordered);
    LISTS(test, "thing", "p", "", 1000, ordered);
}

static void list_goes_on_after_an_id(struct store_test *test)
{
    static const char *const all[] = {"a", "b", "c", "d", "e"};
    static const char *const first[] = {"a", "b"};
    static const char *const middle[] = {"c", "d"};
    static const char *const last[] = {"e"};

    for (size_t i = 0; i < 5; i++)
        if (!PUT(test, CUTOVER_OK, "thing", all[4 - i], "p", 0, "{}"))
            return;
    LISTS(test, "thing", NULL, "", 2, first);
    LISTS(test, "thing", NULL, "b", 2, middle);
    LISTS(test, "thing", NULL, "d", 2, last);
    LISTS_NOTHING(test, "thing", NULL, "e", 2);
    LISTS(test, "thing", NULL, "bb", 2, middle); /* the id need not exist, nor exist any more */
    LISTS(test, "thing", NULL, "", 5, all);
    LISTS(test, "thing", NULL, "", 6, all);
    LISTS(test, "thing", "p", "b", 2, middle);
}

static void list_of_no_documents_is_ok(struct store_test *test)
{
    LISTS_NOTHING(test, "thing", NULL, "", 1);
    PUT(test, CUTOVER_OK, "other", "a", "p", 0, "{}");
    LISTS_NOTHING(test, "thing", NULL, "", 1000);
    LISTS_NOTHING(test, "other", "q", "", 1000);
}

static void list_keeps_to_the_project(struct store_test *test)
{
    static const char *const p[] = {"a", "c"};
    static const char *const q[] = {"b"};
    static const char *const none[] = {"d"};
    static const char *const all[] = {"a", "b", "c", "d"};
    static const char *const moved[] = {"a", "b"};

    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{}");
    PUT(test, CUTOVER_OK, "thing", "b", "q", 0, "{}");
    PUT(test, CUTOVER_OK, "thing", "c", "p", 0, "{}");
    PUT(test, CUTOVER_OK, "thing", "d", "", 0, "{}");
    LISTS(test, "thing", "p", "", 10, p);
    LISTS(test, "thing", "q", "", 10, q);
    LISTS(test, "thing", "", "", 10, none);
    LISTS(test, "thing", NULL, "", 10, all);
    PUT(test, CUTOVER_OK, "thing", "a", "q", 1, "{}");
    LISTS(test, "thing", "q", "", 10, moved);
    LISTS(test, "thing", "q", "a", 1, q);
}

static void list_gives_documents_whole(struct store_test *test)
{
    static const char *const ids[] = {"a"};

    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "a", "p", 1, "{\"n\": 2}");
    if (!LISTS(test, "thing", NULL, "", 10, ids))
        return;
    EXPECT(test->suite, test->seen.items[0].version == 2);
    EXPECT_TEXT(test->suite, test->seen.items[0].project_id, "p");
    EXPECT_TEXT(test->suite, test->seen.items[0].body, "{\"n\": 2}");
}

static void emit_ends_a_listing_with_its_own_status(struct store_test *test)
{
    const cutover_store *store = &test->store;
    cutover_status status;

    for (int i = 0; i < 5; i++) {
        char id[] = {(char)('a' + i), '\0'};

        PUT(test, CUTOVER_OK, "thing", id, "p", 0, "{}");
    }
    seen_clear(&test->seen);
    test->seen.stop_at = 2;
    test->seen.stop = CUTOVER_E_STATE;
    status = store->list("thing", NULL, "", 10, seen_emit, &test->seen, NULL, store->userdata);
    EXPECT(test->suite, status == CUTOVER_E_STATE);
    EXPECT(test->suite, test->seen.count == 2);

    seen_clear(&test->seen);
    test->seen.stop_at = 1;
    test->seen.stop = CUTOVER_E_CANCELLED;
    status = store->get("thing", "a", seen_emit, &test->seen, NULL, store->userdata);
    EXPECT(test->suite, status == CUTOVER_E_CANCELLED);
    EXPECT(test->suite, test->seen.count == 1);
    HAS(test, "thing", "e", "p", 1, "{}");
}

static void body_of_a_mebibyte_or_what_it_may_have_is_kept(struct store_test *test)
{
    static const char *const ids[] = {"big0", "big1", "big2"};
    const size_t size = store_body_limit(&test->store, (size_t)1 << 20);
    char *body = malloc(size + 1);

    if (!EXPECT(test->suite, body != NULL))
        return;
    for (size_t i = 0; i < size; i++)
        body[i] = (char)('a' + (i * 31 + i / 4096) % 26);
    memcpy(body, "{\"n\":\"", 6);
    memcpy(body + size - 2, "\"}", 3);
    for (size_t i = 0; i < 3; i++)
        PUT(test, CUTOVER_OK, "thing", ids[i], "p", 0, body);
    HAS(test, "thing", "big1", "p", 1, body);
    LISTS(test, "thing", NULL, "", 10, ids);
    body[100]++;
    PUT(test, CUTOVER_OK, "thing", "big1", "p", 1, body);
    HAS(test, "thing", "big1", "p", 2, body);
    free(body);
}

static void odd_text_is_kept_byte_for_byte(struct store_test *test)
{
    static const char *const bodies[] = {
        "{\"t\":\"\xf0\x9f\x98\x80 \xe2\x80\xa8 \xef\xbf\xbf \xf4\x8f\xbf\xbf\"}", /* far planes, U+2028, U+FFFF */
        "{\"t\":\"e\xcc\x81 \xc3\xa9\"}", /* composed and not: no normalisation */
        "{\"t\":\"it's \\\"quoted\\\" \\\\ \\u0000 %s ?1 $1 ; --\"}",
        "{ \"t\" :\t1.50,\n \"t\": 2 }", /* white space, trailing zeros, double keys */
        "{\"t\":12345678901234567890123}",
        "{\"t\":\"\xef\xbb\xbf\xe2\x80\x8b\"}", /* byte order mark, zero width space */
    };
    static const char *const ids[] = {"'; DROP TABLE document; --", "%",          "a\nb", "\\",
                                      "\xf0\x9f\x98\x80",           "{\"id\": 1}"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        PUT(test, CUTOVER_OK, "thing", ids[i], ids[i], 0, bodies[i]);
        HAS(test, "thing", ids[i], ids[i], 1, bodies[i]);
        store_lists(test, "thing", ids[i], "", 10, &ids[i], 1, __LINE__);
    }
}

static void longest_names_are_kept(struct store_test *test)
{
    static const char kind[] = "abcdefghijklmnopqrstuvwxyz_abcde"; /* 32 bytes */
    char id[201], other[201];
    const char *const after[] = {other};

    memset(id, 'x', 200);
    id[200] = '\0';
    memcpy(other, id, sizeof(id));
    other[199] = 'y';
    PUT(test, CUTOVER_OK, kind, id, id, 0, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, kind, other, id, 0, "{\"n\": 2}");
    HAS(test, kind, id, id, 1, "{\"n\": 1}");
    HAS(test, kind, other, id, 1, "{\"n\": 2}");
    LISTS(test, kind, id, id, 10, after);
}

static void reopened_store_has_what_was_committed(struct store_test *test)
{
    static const char *const ids[] = {"a", "b"};
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, "{\"n\": 1}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "b", "p", 0, "{\"n\": 1}"}};
    cutover_status status;

    WRITE(test, CUTOVER_OK, writes);
    PUT(test, CUTOVER_OK, "thing", "a", "q", 1, "{\"n\": 2}");
    PUT(test, CUTOVER_OK, "thing", "c", "q", 0, "{\"n\": 1}");
    PUT(test, CUTOVER_OK, "thing", "c", "q", 1, NULL);
    cutover_store_close(&test->store);
    status = test->open(0, &test->store, &test->error, test->userdata);
    if (!EXPECT_STATUS(test->suite, status, CUTOVER_OK, test->error))
        return;
    HAS(test, "thing", "a", "q", 2, "{\"n\": 2}");
    LISTS(test, "thing", NULL, "", 10, ids);
    PUT(test, CUTOVER_E_CONFLICT, "thing", "b", "p", 0, "{}");
    PUT(test, CUTOVER_OK, "thing", "b", "p", 1, "{\"n\": 2}");
}

static void fresh_store_is_empty(struct store_test *test)
{
    cutover_status status;

    PUT(test, CUTOVER_OK, "thing", "a", "p", 0, "{}");
    cutover_store_close(&test->store);
    status = test->open(1, &test->store, &test->error, test->userdata);
    if (!EXPECT_STATUS(test->suite, status, CUTOVER_OK, test->error))
        return;
    LACKS(test, "thing", "a");
    LISTS_NOTHING(test, "thing", NULL, "", 10);
}

#define CASE(name, needs)                                                                                      \
    {                                                                                                          \
#name, name, needs                                                                                     \
    }

const struct store_case store_document_cases[] = {
    CASE(fresh_store_is_empty, 0),
    CASE(get_of_missing_document_is_not_found, 0),
    CASE(first_write_has_version_one, 0),
    CASE(each_write_adds_one_to_the_version, 0),
    CASE(creating_an_existing_document_is_conflict, 0),
    CASE(writing_at_another_version_is_conflict, 0),
    CASE(versions_of_all_64_bits_are_told_apart, 0),
    CASE(writing_a_missing_document_at_a_version_is_conflict, 0),
    CASE(delete_removes_the_document, 0),
    CASE(delete_at_another_version_is_conflict, 0),
    CASE(deleted_document_is_created_again_at_version_one, 0),
    CASE(same_id_in_another_kind_is_another_document, 0),
    CASE(commit_applies_all_its_writes, 0),
    CASE(commit_with_one_conflict_applies_nothing, 0),
    CASE(limits_leave_room_to_work, 0),
    CASE(commit_takes_as_many_writes_as_it_may, 0),
    CASE(failures_need_no_error_pointer, 0),
    CASE(list_is_in_byte_order, 0),
    CASE(list_goes_on_after_an_id, 0),
    CASE(list_of_no_documents_is_ok, 0),
    CASE(list_keeps_to_the_project, 0),
    CASE(list_gives_documents_whole, 0),
    CASE(emit_ends_a_listing_with_its_own_status, 0),
    CASE(body_of_a_mebibyte_or_what_it_may_have_is_kept, 0),
    CASE(odd_text_is_kept_byte_for_byte, 0),
    CASE(longest_names_are_kept, 0),
    CASE(reopened_store_has_what_was_committed, CUTOVER_STORE_DURABLE),
    {NULL, NULL, 0},
};
