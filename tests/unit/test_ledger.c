#include "base/id.h"
#include "store/ledger.h"
#include "support/check.h"

#include <cutover/store.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START INT64_C(1795334175123456) /* 2026-11-22T07:56:15.123456Z */

static int64_t fake_now(void *userdata)
{
    return *(int64_t *)userdata;
}

static int64_t now = START;
static const struct clock fake_clock = {.now = fake_now, .userdata = &now};
static const cutover_actor reviewer = {CUTOVER_ACTOR_VERSION, "op-1", CUTOVER_ACTOR_OPERATOR,
                                       CUTOVER_ROLE_OPERATOR};

static int open_store(void **state)
{
    cutover_store *store = calloc(1, sizeof(*store));

    assert_non_null(store);
    cutover_store_init(store, CUTOVER_STORE_VERSION);
    assert_int_equal(cutover_store_memory_open(store, NULL), CUTOVER_OK);
    *state = store;
    return 0;
}

static int close_store(void **state)
{
    cutover_store_close(*state);
    free(*state);
    return 0;
}

static struct change *begin(const cutover_store *store, const char *project_id)
{
    struct change *change = NULL;
    cutover_error *error = NULL;

    check_ok(change_begin(store, &fake_clock, project_id, &change, &error), error);
    return change;
}

static void commit(struct change *change, cutover_status expected)
{
    cutover_error *error = NULL;

    check_status(change_commit(change, &error), expected, error);
    change_free(change);
}

/* The document parsed, to be put by the caller. */
static struct json_object *read_json(const cutover_store *store, const char *kind, const char *id)
{
    struct document document = {NULL, NULL, 0};
    struct json_object *object;
    cutover_error *error = NULL;

    check_ok(document_get(store, kind, id, &document, &error), error);
    object = json_parse(document.body, strlen(document.body), &error);
    assert_non_null(object);
    document_free(&document);
    return object;
}

static void check_missing(const cutover_store *store, const char *kind, const char *id)
{
    struct document document = {NULL, NULL, 0};
    cutover_error *error = NULL;

    check_status(document_get(store, kind, id, &document, &error), CUTOVER_E_NOT_FOUND, error);
    assert_null(document.body);
}

static void change_commits_document_audit_and_event_together(void **state)
{
    const cutover_store *store = *state;
    struct change *change = begin(store, "p1");
    struct json_object *data = json_object_new_object(), *entry;
    cutover_error *error = NULL;

    json_put_text(data, "why", "because");
    check_ok(change_put(change, "request", "r1", 0, "{\"a\":1}", &error), error);
    check_ok(change_audit(change, "cutover.acked", &reviewer, "r1", data, &error), error);
    check_ok(change_event(change, "cutover.acked", "r1", data, &error), error);
    check_missing(store, "request", "r1");
    commit(change, CUTOVER_OK);
    json_object_put(data);

    json_object_put(read_json(store, "request", "r1"));
    entry = read_json(store, "audit", "p1:000000000001");
    assert_true(id_is_valid(json_text_or(entry, "id", "")));
    assert_int_equal(json_int_or(entry, "sequence", 0), 1);
    assert_string_equal(json_text_or(entry, "action", ""), "cutover.acked");
    assert_string_equal(json_text_or(entry, "project_id", ""), "p1");
    assert_string_equal(json_text_or(entry, "request_id", ""), "r1");
    assert_string_equal(json_text_or(entry, "actor_id", ""), "op-1");
    assert_string_equal(json_text_or(entry, "actor_kind", ""), "operator");
    assert_string_equal(json_text_or(entry, "at", ""), "2026-11-22T07:56:15.123456Z");
    assert_string_equal(json_text_or(json_member(entry, "data"), "why", ""), "because");
    json_object_put(entry);

    entry = read_json(store, "event", "p1:000000000001");
    assert_true(id_is_valid(json_text_or(entry, "id", "")));
    assert_string_equal(json_text_or(entry, "type", ""), "cutover.acked");
    assert_int_equal(json_int_or(entry, "sequence", 0), 1);
    assert_string_equal(json_text_or(entry, "created_at", ""), "2026-11-22T07:56:15.123456Z");
    json_object_put(entry);
}

static void numbering_goes_on_within_a_project(void **state)
{
    const cutover_store *store = *state;
    cutover_error *error = NULL;

    for (int i = 0; i < 3; i++) {
        struct change *change = begin(store, i == 1 ? "other" : "p1");

        check_ok(change_audit(change, "a", &reviewer, NULL, NULL, &error), error);
        check_ok(change_audit(change, "b", &reviewer, NULL, NULL, &error), error);
        check_ok(change_event(change, "e", NULL, NULL, &error), error);
        commit(change, CUTOVER_OK);
    }
    json_object_put(read_json(store, "audit", "p1:000000000004"));
    check_missing(store, "audit", "p1:000000000005");
    json_object_put(read_json(store, "audit", "other:000000000002"));
    check_missing(store, "audit", "other:000000000003");
    json_object_put(read_json(store, "event", "p1:000000000002"));
    check_missing(store, "event", "p1:000000000003");
}

/* P6 */
static void conflict_leaves_nothing(void **state)
{
    const cutover_store *store = *state;
    struct change *slow = begin(store, "p1"), *fast = begin(store, "p1");
    struct json_object *entry;
    cutover_error *error = NULL;

    check_ok(change_put(slow, "request", "slow", 0, "{}", &error), error);
    check_ok(change_audit(slow, "slow", &reviewer, NULL, NULL, &error), error);
    check_ok(change_event(slow, "slow", NULL, NULL, &error), error);
    check_ok(change_audit(fast, "fast", &reviewer, NULL, NULL, &error), error);
    commit(fast, CUTOVER_OK);
    commit(slow, CUTOVER_E_CONFLICT);
    check_missing(store, "request", "slow");
    check_missing(store, "event", "p1:000000000001");
    check_missing(store, "audit", "p1:000000000002");
    entry = read_json(store, "audit", "p1:000000000001");
    assert_string_equal(json_text_or(entry, "action", ""), "fast");
    json_object_put(entry);
}

/* One live request per preview: both would create the same claim, in whatever project. */
static void claim_has_one_winner(void **state)
{
    const cutover_store *store = *state;
    struct change *first = begin(store, "p1"), *second = begin(store, "p2");
    cutover_error *error = NULL;

    check_ok(change_put(first, "claim", "preview-1", 0, "{\"request\":\"r1\"}", &error), error);
    check_ok(change_put(first, "request", "r1", 0, "{}", &error), error);
    check_ok(change_put(second, "claim", "preview-1", 0, "{\"request\":\"r2\"}", &error), error);
    check_ok(change_put(second, "request", "r2", 0, "{}", &error), error);
    check_ok(change_event(second, "cutover.requested", "r2", NULL, &error), error);
    commit(first, CUTOVER_OK);
    commit(second, CUTOVER_E_CONFLICT);
    check_missing(store, "request", "r2");
    check_missing(store, "event", "p2:000000000001");
    check_missing(store, "ledger", "p2");
}

struct writer {
    const cutover_store *store;
    atomic_int *failures;
};

static cutover_status write_entry(const cutover_store *store)
{
    struct change *change = NULL;
    cutover_status status = change_begin(store, &fake_clock, "p1", &change, NULL);

    if (status == CUTOVER_OK)
        status = change_audit(change, "raced", &reviewer, NULL, NULL, NULL);
    if (status == CUTOVER_OK)
        status = change_event(change, "raced", NULL, NULL, NULL);
    if (status == CUTOVER_OK)
        status = change_commit(change, NULL);
    change_free(change);
    return status;
}

static void *write_entries(void *argument)
{
    struct writer *writer = argument;

    for (int i = 0; i < 10; i++) {
        cutover_error *cause = NULL;
        cutover_status status;
        unsigned attempt = 0;

        do
            status = write_entry(writer->store);
        while (change_again(status, &attempt, &cause));
        if (status != CUTOVER_OK)
            atomic_fetch_add(writer->failures, 1);
    }
    return NULL;
}

static void audit_numbering_is_gapless_when_threads_race(void **state)
{
    const cutover_store *store = *state;
    struct document_list list = {NULL, 0, 0};
    cutover_error *error = NULL;
    pthread_t threads[8];
    atomic_int failures;
    struct writer writer = {store, &failures};
    static const char *const kinds[] = {"audit", "event"};

    atomic_init(&failures, 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_entries, &writer), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&failures), 0);
    for (size_t k = 0; k < 2; k++) {
        check_ok(document_list_read(store, kinds[k], "p1", "", 1000, &list, &error), error);
        assert_int_equal(list.count, 80);
        for (size_t i = 0; i < list.count; i++) {
            struct json_object *entry = json_parse(list.items[i].body, strlen(list.items[i].body), &error);

            assert_int_equal(json_int_or(entry, "sequence", 0), i + 1);
            json_object_put(entry);
        }
    }
    document_list_free(&list);
}

static void change_is_refused_after_its_commit(void **state)
{
    struct change *change = begin(*state, "p1");
    cutover_error *error = NULL;

    check_ok(change_commit(change, &error), error);
    check_status(change_put(change, "thing", "a", 0, "{}", &error), CUTOVER_E_INTERNAL, error);
    check_status(change_commit(change, &error), CUTOVER_E_INTERNAL, error);
    change_free(change);
}

static void change_refuses_one_document_twice_and_too_many(void **state)
{
    struct change *change = begin(*state, "p1");
    cutover_error *error = NULL;

    check_ok(change_put(change, "thing", "a", 0, "{}", &error), error);
    check_status(change_put(change, "thing", "a", 0, "{}", &error), CUTOVER_E_INTERNAL, error);
    for (int i = 0; i < 62; i++) {
        char id[16];

        snprintf(id, sizeof(id), "b%d", i);
        check_ok(change_put(change, "thing", id, 0, "{}", &error), error);
    }
    check_status(change_put(change, "thing", "c", 0, "{}", &error), CUTOVER_E_INTERNAL, error);
    commit(change, CUTOVER_OK); /* 63, and the ledger */
}

static void damaged_ledger_is_an_error_not_a_new_beginning(void **state)
{
    static const char *const bodies[] = {"{\"audit\":1}", "{\"audit\":-1,\"events\":0}", "nonsense",
                                         "{\"audit\":\"1\",\"events\":0}"};
    const cutover_store *store = *state;
    struct change *change = NULL;
    cutover_error *error = NULL;

    for (uint64_t i = 0; i < 4; i++) {
        cutover_write write = {CUTOVER_WRITE_VERSION, "ledger", "p1", "p1", i, bodies[i]};

        check_ok(store->commit(&(const cutover_write *){&write}, 1, &error, store->userdata), error);
        check_status(change_begin(store, &fake_clock, "p1", &change, &error), CUTOVER_E_STORE, error);
        assert_null(change);
    }
}

static void ledger_keeps_what_a_newer_library_added(void **state)
{
    const cutover_store *store = *state;
    const cutover_write write = {
        CUTOVER_WRITE_VERSION, "ledger", "p1", "p1", 0, "{\"later\":{\"x\":1},\"audit\":4,\"events\":7}"};
    struct change *change = NULL;
    struct document ledger = {NULL, NULL, 0};
    cutover_error *error = NULL;

    check_ok(store->commit(&(const cutover_write *){&write}, 1, &error, store->userdata), error);
    check_ok(change_begin(store, &fake_clock, "p1", &change, &error), error);
    check_ok(change_announce(change, "cutover.acked", &reviewer, "r1", NULL, &error), error);
    commit(change, CUTOVER_OK);
    check_ok(document_get(store, "ledger", "p1", &ledger, &error), error);
    assert_string_equal(ledger.body, "{\"later\":{\"x\":1},\"audit\":5,\"events\":8}");
    document_free(&ledger);
}

static void ledger_of_a_newer_format_is_refused(void **state)
{
    const cutover_store *store = *state;
    const cutover_write write = {
        CUTOVER_WRITE_VERSION, "ledger", "p1", "p1", 0, "{\"format\":2,\"audit\":{},\"events\":{}}"};
    struct change *change = NULL;
    cutover_error *error = NULL;

    check_ok(store->commit(&(const cutover_write *){&write}, 1, &error, store->userdata), error);
    check_status_keep(change_begin(store, &fake_clock, "p1", &change, &error), CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_message(error), "newer version of the library");
    cutover_error_free(error);
    assert_null(change);
}

static cutover_status get_nothing(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    (void)kind, (void)id, (void)emit, (void)context, (void)error, (void)userdata;
    return CUTOVER_OK;
}

static cutover_status get_nonsense(const char *kind, const char *id, cutover_document_emit emit, void *context,
                                   cutover_error **error, void *userdata)
{
    (void)kind, (void)id, (void)emit, (void)context, (void)error, (void)userdata;
    return (cutover_status)77;
}

static void store_that_breaks_its_contract_is_an_error(void **state)
{
    cutover_store broken = *(const cutover_store *)*state;
    struct document document = {NULL, NULL, 0};
    cutover_error *error = NULL;

    broken.get = get_nothing;
    check_status(document_get(&broken, "thing", "a", &document, &error), CUTOVER_E_CALLBACK, error);
    broken.get = get_nonsense;
    check_status(document_get(&broken, "thing", "a", &document, &error), CUTOVER_E_CALLBACK, error);
}

static void missing_document_is_named(void **state)
{
    struct document document = {NULL, NULL, 0};
    cutover_error *error = NULL;

    check_status_keep(document_get(*state, "request", "r9", &document, &error), CUTOVER_E_NOT_FOUND, error);
    assert_string_equal(cutover_error_message(error), "no request r9");
    cutover_error_free(error);
}

static void only_a_conflict_is_tried_again_and_not_for_ever(void **state)
{
    static const cutover_status others[] = {CUTOVER_OK, CUTOVER_E_STATE, CUTOVER_E_STORE, CUTOVER_E_LOCKED};
    cutover_error *cause = NULL;
    unsigned attempt = 0, tries = 0;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(change_again(others[i], &attempt, &cause));
    assert_int_equal(attempt, 0);
    do {
        tries++;
        assert_null(cause);
        error_set(&cause, CUTOVER_E_CONFLICT, "somebody was faster");
    } while (change_again(CUTOVER_E_CONFLICT, &attempt, &cause));
    assert_int_equal(tries, CHANGE_TRIES);
    assert_string_equal(cutover_error_message(cause), "somebody was faster");
    cutover_error_free(cause);
}

struct walking {
    unsigned seen, stop_at;
    char last[16];
};

static cutover_status walk_on(void *context, const struct document *document, cutover_error **error)
{
    struct walking *walking = context;

    assert_true(strcmp(walking->last, document->id) < 0);
    snprintf(walking->last, sizeof walking->last, "%s", document->id);
    return ++walking->seen == walking->stop_at ? error_set(error, CUTOVER_E_CANCELLED, "far enough")
                                               : CUTOVER_OK;
}

static void walk_sees_every_document_of_a_project_in_order(void **state)
{
    const cutover_store *store = *state;
    struct walking all = {0, 0, ""}, some = {0, 230, ""}, none = {0, 0, ""};
    cutover_error *error = NULL;

    for (int i = 0; i < 250; i++) {
        char id[16];
        snprintf(id, sizeof id, "d%03d", i);
        cutover_write write = {CUTOVER_WRITE_VERSION, "thing", id, i % 50 == 49 ? "p2" : "p1", 0, "{}"};
        check_ok(store->commit(&(const cutover_write *){&write}, 1, &error, store->userdata), error);
    }
    check_ok(document_walk(store, "thing", "p1", walk_on, &all, &error), error);
    assert_int_equal(all.seen, 245);
    check_status(document_walk(store, "thing", NULL, walk_on, &some, &error), CUTOVER_E_CANCELLED, error);
    assert_int_equal(some.seen, 230);
    check_ok(document_walk(store, "thing", "p3", walk_on, &none, &error), error);
    assert_int_equal(none.seen, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(change_commits_document_audit_and_event_together),
        test(numbering_goes_on_within_a_project),
        test(conflict_leaves_nothing),
        test(claim_has_one_winner),
        test(audit_numbering_is_gapless_when_threads_race),
        test(change_is_refused_after_its_commit),
        test(change_refuses_one_document_twice_and_too_many),
        test(damaged_ledger_is_an_error_not_a_new_beginning),
        test(ledger_keeps_what_a_newer_library_added),
        test(ledger_of_a_newer_format_is_refused),
        test(store_that_breaks_its_contract_is_an_error),
        test(missing_document_is_named),
        test(only_a_conflict_is_tried_again_and_not_for_ever),
        test(walk_sees_every_document_of_a_project_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
