#include "store/document.h"
#include "support/check.h"
#include "support/desk.h"
#include "support/told.h"

#include <cutover.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const cutover_actor admin = {CUTOVER_ACTOR_VERSION, "anna", CUTOVER_ACTOR_USER, CUTOVER_ROLE_ORG_ADMIN};

static cutover_key_options for_operator(const char *project_id)
{
    cutover_key_options options = CUTOVER_KEY_OPTIONS_INIT;

    options.actor = &admin;
    options.label = "the deployer";
    options.roles = CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR;
    options.project_id = project_id;
    return options;
}

static cutover_key *created(struct desk *desk, const cutover_key_options *options, char **secret)
{
    cutover_key *key = NULL;

    *secret = NULL;
    assert_int_equal(cutover_key_create(desk->engine, options, secret, &key, NULL), CUTOVER_OK);
    return key;
}

/* Frees the key. */
static char *id_of(cutover_key *key)
{
    char *id = strdup(cutover_key_id(key));

    assert_non_null(id);
    cutover_key_free(key);
    return id;
}

static void check_answer(struct desk *desk, const char *secret, cutover_status expected)
{
    cutover_key *key = NULL;

    assert_int_equal(cutover_key_authenticate(desk->engine, secret, &key, NULL), expected);
    assert_true((key != NULL) == (expected == CUTOVER_OK));
    cutover_key_free(key);
}

static void whoever_has_the_secret_is_the_keys_actor(void **state)
{
    struct desk *desk = *state;
    cutover_key_options options = for_operator("shop");
    cutover_actor actor = CUTOVER_ACTOR_INIT;
    cutover_key *key = NULL;
    char *secret;

    options.actor_id = "olga";
    options.organization_id = "acme";
    cutover_key_free(created(desk, &options, &secret));
    assert_int_equal(strlen(secret), CUTOVER_KEY_SECRET_SIZE - 1);
    assert_int_equal(strncmp(secret, "ck_", 3), 0);
    assert_int_equal(cutover_key_authenticate(desk->engine, secret, &key, NULL), CUTOVER_OK);
    assert_int_equal(cutover_key_actor(key, &actor), CUTOVER_OK);
    assert_string_equal(actor.id, "olga");
    assert_int_equal(actor.kind, CUTOVER_ACTOR_API_KEY);
    assert_int_equal(actor.roles, CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR);
    assert_string_equal(cutover_key_project_id(key), "shop");
    assert_string_equal(cutover_key_organization_id(key), "acme");
    assert_string_equal(cutover_key_label(key), "the deployer");
    assert_true(cutover_key_created_at(key) > 0);
    told("key", cutover_key_json(key));
    cutover_key_free(key);
    cutover_string_free(secret);
}

static void a_key_acts_under_its_own_id_where_no_other_is_given(void **state)
{
    struct desk *desk = *state;
    cutover_key_options options = for_operator(NULL);
    cutover_actor actor = CUTOVER_ACTOR_INIT;
    char *secret;
    cutover_key *key = created(desk, &options, &secret);

    assert_int_equal(cutover_key_actor(key, &actor), CUTOVER_OK);
    assert_string_equal(actor.id, cutover_key_id(key));
    assert_null(cutover_key_project_id(key));
    cutover_key_free(key);
    cutover_string_free(secret);
}

static cutover_status look_for(const cutover_document *document, void *context)
{
    assert_null(strstr(document->body, context));
    assert_null(strstr(document->id, context));
    return CUTOVER_OK;
}

static void the_secret_is_nowhere_in_the_store(void **state)
{
    static const char *const kinds[] = {"api_key", "api_key_secret", "audit", "event", "ledger"};
    struct desk *desk = *state;
    cutover_key_options options = for_operator("shop");
    char *secret;
    cutover_key *key = created(desk, &options, &secret);

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_int_equal(
            desk->inner.list(kinds[i], NULL, "", 1000, look_for, secret + 3, NULL, desk->inner.userdata), NULL);
    assert_null(strstr(cutover_key_json(key), secret + 3));
    cutover_key_free(key);
    cutover_string_free(secret);
}

static void what_is_no_key_is_forbidden_and_not_repeated(void **state)
{
    static const char *const others[] = {"", "ck_", "hunter2", "ck_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                         "ck_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"};
    struct desk *desk = *state;
    cutover_key_options options = for_operator("shop");
    cutover_error *error = NULL;
    cutover_key *key = NULL;
    char *secret;

    cutover_key_free(created(desk, &options, &secret));
    secret[20] = secret[20] == 'A' ? 'B' : 'A';
    check_answer(desk, secret, CUTOVER_E_FORBIDDEN);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_answer(desk, others[i], CUTOVER_E_FORBIDDEN);
    assert_int_equal(cutover_key_authenticate(desk->engine, others[2], &key, &error), CUTOVER_E_FORBIDDEN);
    assert_null(strstr(cutover_error_message(error), "hunter2"));
    cutover_error_free(error);
    cutover_string_free(secret);
}

static void a_revoked_key_is_none_and_is_told_once(void **state)
{
    struct desk *desk = *state;
    cutover_key_options options = for_operator("shop");
    cutover_key *key = NULL;
    char *secret, *id = id_of(created(desk, &options, &secret));

    check_answer(desk, secret, CUTOVER_OK);
    assert_int_equal(cutover_key_revoke(desk->engine, &desk_operator, id, NULL, NULL), CUTOVER_E_FORBIDDEN);
    check_answer(desk, secret, CUTOVER_OK);
    assert_int_equal(cutover_key_revoke(desk->engine, &admin, id, &key, NULL), CUTOVER_OK);
    int64_t at = cutover_key_revoked_at(key);
    assert_true(at > 0);
    told("key", cutover_key_json(key));
    cutover_key_free(key);
    assert_int_equal(cutover_key_revoke(desk->engine, &admin, id, &key, NULL), CUTOVER_OK);
    assert_true(cutover_key_revoked_at(key) == at);
    cutover_key_free(key);
    key = NULL;
    check_answer(desk, secret, CUTOVER_E_FORBIDDEN);
    assert_int_equal(cutover_key_check(desk->engine, id, &key, NULL), CUTOVER_E_FORBIDDEN);
    desk_check_audit(desk, " key.created key.revoked");
    free(id);
    cutover_string_free(secret);
}

/* The library's clock goes on: the key's end is written as if it had passed. */
static void an_expired_key_is_none(void **state)
{
    struct desk *desk = *state;
    cutover_key_options options = for_operator("shop");
    struct document document = {0};
    char *secret, *id, *end;

    options.expires_at = INT64_C(1999999999000000); /* 2033 */
    id = id_of(created(desk, &options, &secret));
    check_answer(desk, secret, CUTOVER_OK);
    assert_int_equal(document_get(&desk->inner, "api_key", id, &document, NULL), CUTOVER_OK);
    end = strstr(document.body, "2033-");
    assert_non_null(end);
    memcpy(end, "2003-", 5);
    const cutover_write write = {CUTOVER_WRITE_VERSION, "api_key", id, "shop", document.version, document.body};
    const cutover_write *writes[] = {&write};
    assert_int_equal(desk->inner.commit(writes, 1, NULL, desk->inner.userdata), CUTOVER_OK);
    check_answer(desk, secret, CUTOVER_E_EXPIRED);
    document_free(&document);
    free(id);
    cutover_string_free(secret);
}

static void lists_are_of_a_project_of_none_or_of_all(void **state)
{
    struct desk *desk = *state;
    cutover_key_options one = for_operator("shop"), every = for_operator(NULL);
    cutover_key_list *list = NULL;
    char *secret;
    const struct {
        const char *project;
        size_t count;
    } pages[] = {{"shop", 1}, {CUTOVER_KEY_EVERY_PROJECT, 2}, {NULL, 3}};

    assert_int_equal(cutover_keys_list(desk->engine, CUTOVER_KEY_EVERY_PROJECT, NULL, 10, &list, NULL),
                     CUTOVER_OK);
    assert_int_equal(cutover_key_list_count(list), 0);
    cutover_key_list_free(list);
    for (unsigned i = 0; i < 3; i++) {
        cutover_key_free(created(desk, i == 0 ? &one : &every, &secret));
        cutover_string_free(secret);
    }
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        assert_int_equal(cutover_keys_list(desk->engine, pages[i].project, NULL, 10, &list, NULL), CUTOVER_OK);
        assert_int_equal(cutover_key_list_count(list), pages[i].count);
        assert_non_null(cutover_key_id(cutover_key_list_at(list, 0)));
        assert_null(cutover_key_list_at(list, pages[i].count));
        cutover_key_list_free(list);
    }
    assert_int_equal(cutover_keys_list(desk->engine, "nowhere", NULL, 10, &list, NULL), CUTOVER_E_NOT_FOUND);
}

static void a_key_is_made_by_an_org_admin_within_bounds(void **state)
{
    struct desk *desk = *state;
    const cutover_key_options good = for_operator("shop");
    char *secret = NULL;
    cutover_key_options wrong[8];
    char long_label[122];

    memset(long_label, 'a', sizeof long_label - 1);
    long_label[sizeof long_label - 1] = '\0';
    for (size_t i = 0; i < 8; i++)
        wrong[i] = good;
    wrong[0].label = "";
    wrong[1].label = long_label;
    wrong[2].roles = 0;
    wrong[3].roles = 8;
    wrong[4].project_id = CUTOVER_KEY_EVERY_PROJECT;
    wrong[5].expires_at = 1;
    wrong[6].actor_id = "";
    wrong[7].label = " \t";
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(cutover_key_create(desk->engine, &wrong[i], &secret, NULL, NULL), CUTOVER_E_INVALID);
    wrong[0] = good;
    wrong[0].actor = &desk_operator;
    assert_int_equal(cutover_key_create(desk->engine, &wrong[0], &secret, NULL, NULL), CUTOVER_E_FORBIDDEN);
    wrong[0] = good;
    wrong[0].project_id = "nowhere";
    assert_int_equal(cutover_key_create(desk->engine, &wrong[0], &secret, NULL, NULL), CUTOVER_E_NOT_FOUND);
    assert_null(secret);
    desk_check_audit(desk, "");
}

static void calls_without_what_they_need_are_errors(void **state)
{
    struct desk *desk = *state;
    const cutover_key_options good = for_operator("shop");
    cutover_key_options options;
    cutover_key *made = NULL;
    cutover_key_list *list = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;

    check_status(cutover_key_options_init(&options, 9), CUTOVER_E_UNSUPPORTED, error);
    check_status(cutover_key_create(NULL, &good, &secret, &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_create(desk->engine, NULL, &secret, &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_create(desk->engine, &good, NULL, &made, &error), CUTOVER_E_INVALID, error);
    options = good;
    options.actor = NULL;
    check_status(cutover_key_create(desk->engine, &options, &secret, &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_get(NULL, "k", &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_get(desk->engine, NULL, &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_get(desk->engine, "k", NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_get(desk->engine, "k", &made, &error), CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_key_check(NULL, "k", &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_check(desk->engine, "k", NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_authenticate(NULL, "s", &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_authenticate(desk->engine, NULL, &made, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_authenticate(desk->engine, "s", NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_revoke(NULL, good.actor, "k", NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_revoke(desk->engine, NULL, "k", NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_key_revoke(desk->engine, good.actor, NULL, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_keys_list(NULL, NULL, NULL, 1, &list, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_keys_list(desk->engine, NULL, NULL, 1, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_keys_list(desk->engine, NULL, NULL, 0, &list, &error), CUTOVER_E_INVALID, error);
    assert_null(secret);
    assert_null(made);
    assert_null(list);
    desk_check_audit(desk, "");
}

/* What somebody else wrote over a key lets nobody in. */
static void a_damaged_key_is_none(void **state)
{
    static const char *const bodies[] = {
        "{\"format\":1,\"id\":null}",
        "{\"format\":1,\"id\":\"another\",\"label\":\"x\",\"roles\":[\"member\"]}"};
    struct desk *desk = *state;
    const cutover_key_options good = for_operator("shop");
    cutover_key *made = NULL, *read = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;

    check_ok(cutover_key_create(desk->engine, &good, &secret, &made, &error), error);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const cutover_write write = {
            CUTOVER_WRITE_VERSION, "api_key", cutover_key_id(made), "shop", i + 1, bodies[i]};
        check_ok(desk->inner.commit(&(const cutover_write *){&write}, 1, &error, desk->inner.userdata), error);
        check_status(cutover_key_authenticate(desk->engine, secret, &read, &error), CUTOVER_E_STORE, error);
        check_status(cutover_key_get(desk->engine, cutover_key_id(made), &read, &error), CUTOVER_E_STORE,
                     error);
    }
    assert_null(read);
    cutover_string_free(secret);
    cutover_key_free(made);
}

static void asking_of_nothing_is_harmless(void **state)
{
    cutover_actor actor = CUTOVER_ACTOR_INIT;

    (void)state;
    assert_null(cutover_key_label(NULL));
    assert_null(cutover_key_project_id(NULL));
    assert_null(cutover_key_organization_id(NULL));
    assert_int_equal(cutover_key_created_at(NULL), 0);
    assert_int_equal(cutover_key_revoked_at(NULL), 0);
    assert_int_equal(cutover_key_list_count(NULL), 0);
    assert_null(cutover_key_list_at(NULL, 0));
    assert_null(cutover_key_id(NULL));
    assert_null(cutover_key_json(NULL));
    assert_int_equal(cutover_key_roles(NULL), 0);
    assert_int_equal(cutover_key_expires_at(NULL), 0);
    assert_int_equal(cutover_key_actor(NULL, &actor), CUTOVER_E_INVALID);
    cutover_key_free(NULL);
    cutover_key_list_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_has_the_secret_is_the_keys_actor, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_key_acts_under_its_own_id_where_no_other_is_given, desk_open,
                                        desk_close),
        cmocka_unit_test_setup_teardown(the_secret_is_nowhere_in_the_store, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(what_is_no_key_is_forbidden_and_not_repeated, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_revoked_key_is_none_and_is_told_once, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(an_expired_key_is_none, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_damaged_key_is_none, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(calls_without_what_they_need_are_errors, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(lists_are_of_a_project_of_none_or_of_all, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(a_key_is_made_by_an_org_admin_within_bounds, desk_open, desk_close),
        cmocka_unit_test(asking_of_nothing_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
