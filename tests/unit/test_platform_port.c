#include "support/check.h"

#include "platform/port.h"

#include <cutover/pgbouncer.h>
#include <stdlib.h>
#include <string.h>

/* What a platform of a host's may answer, and what the library makes of it. */

struct answers {
    unsigned emitted; /* how often the project or preview is handed out */
    const char *state, *job_id;
    cutover_status status;      /* returned after that */
    cutover_status move;        /* of project_set_state */
    const char *message, *hint; /* of what is returned; NULL: no error object */
    const char *database;       /* its connection string; NULL: a good one */
};

static cutover_status say(const struct answers *answers, cutover_status status, cutover_error **error)
{
    if (status != CUTOVER_OK && answers->message != NULL)
        *error = cutover_error_new(status, answers->message, "somewhere", answers->hint);
    return status;
}

static cutover_status project_get(const char *id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const struct answers *answers = userdata;
    cutover_project project = CUTOVER_PROJECT_INIT;

    project.id = id;
    project.database = answers->database != NULL ? answers->database : "host=/nowhere dbname=shop";
    project.state = answers->state;
    project.job_id = answers->job_id;
    for (unsigned i = 0; i < answers->emitted; i++) {
        cutover_status status = emit(&project, context);
        if (status != CUTOVER_OK)
            return status;
    }
    return say(answers, answers->status, error);
}

static cutover_status project_set_state(const char *id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    const struct answers *answers = userdata;

    (void)id;
    (void)expected;
    (void)next;
    (void)job_id;
    return say(answers, answers->move, error);
}

static cutover_status preview_get(const char *id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const struct answers *answers = userdata;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;

    preview.id = id;
    preview.database = answers->database != NULL ? answers->database : "host=/nowhere dbname=next";
    preview.state = answers->state;
    for (unsigned i = 0; i < answers->emitted; i++) {
        cutover_status status = emit(&preview, context);
        if (status != CUTOVER_OK)
            return status;
    }
    return say(answers, answers->status, error);
}

static cutover_platform platform_of(struct answers *answers)
{
    cutover_platform platform = CUTOVER_PLATFORM_INIT;

    platform.userdata = answers;
    platform.project_get = project_get;
    platform.project_set_state = project_set_state;
    platform.preview_get = preview_get;
    return platform;
}

static cutover_status ask_project(struct answers answers, struct project *project, cutover_error **error)
{
    cutover_platform platform = platform_of(&answers);

    return platform_project(&platform, "shop", project, error);
}

static cutover_status ask_preview(struct answers answers, struct preview *preview, cutover_error **error)
{
    cutover_platform platform = platform_of(&answers);

    return platform_preview(&platform, "next", preview, error);
}

static void what_a_platform_leaves_out_has_a_default(void **state)
{
    struct project project;
    struct preview preview;
    cutover_error *error = NULL;

    (void)state;
    check_ok(ask_project((struct answers){.emitted = 1}, &project, &error), error);
    assert_true(project.found);
    assert_string_equal(project.state, "in no state");
    assert_string_equal(project.organization_id, "");
    assert_string_equal(project.control_database, "postgres");
    assert_false(project.verify_elsewhere);
    project_free(&project);
    check_ok(ask_preview((struct answers){.emitted = 1}, &preview, &error), error);
    assert_string_equal(preview.project_id, "");
    assert_string_equal(preview.state, "in no state");
    preview_free(&preview);
}

/* What PGDATABASE names is nobody's production. */
static void a_database_that_is_not_named_is_refused(void **state)
{
    struct project project;
    struct preview preview;
    cutover_error *error = NULL;

    (void)state;
    setenv("PGDATABASE", "innocent", 1);
    check_status_keep(
        ask_project((struct answers){.emitted = 1, .database = "host=/nowhere"}, &project, &error),
        CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "project.database names no dbname");
    cutover_error_free(error);
    error = NULL;
    check_status_keep(ask_preview((struct answers){.emitted = 1, .database = "dbname=x"}, &preview, &error),
                      CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "preview.database names no host");
    cutover_error_free(error);
    unsetenv("PGDATABASE");
}

static void what_is_not_there_is_not_found(void **state)
{
    const struct answers none = {.status = CUTOVER_E_NOT_FOUND, .message = "no such thing"};
    struct project project;
    struct preview preview;
    cutover_error *error = NULL;

    (void)state;
    check_ok(ask_project(none, &project, &error), error);
    assert_false(project.found);
    assert_string_equal(project.id, "shop");
    project_free(&project);
    check_ok(ask_preview(none, &preview, &error), error);
    assert_false(preview.found);
    preview_free(&preview);
}

static void a_platform_emits_exactly_one(void **state)
{
    struct project project;
    struct preview preview;
    cutover_error *error = NULL;

    (void)state;
    check_status(ask_project((struct answers){.emitted = 2}, &project, &error), CUTOVER_E_CALLBACK, error);
    check_status(ask_project((struct answers){.emitted = 0}, &project, &error), CUTOVER_E_CALLBACK, error);
    check_status(ask_preview((struct answers){.emitted = 2}, &preview, &error), CUTOVER_E_CALLBACK, error);
    check_status(ask_preview((struct answers){.emitted = 0}, &preview, &error), CUTOVER_E_CALLBACK, error);
}

static void a_platforms_failure_is_told_with_all_that_it_says(void **state)
{
    struct project project;
    cutover_error *error = NULL;
    const struct answers failing = {
        .emitted = 1, .status = CUTOVER_E_POSTGRES, .message = "the inventory is closed", .hint = "Open it."};

    (void)state;
    check_status_keep(ask_project(failing, &project, &error), CUTOVER_E_CALLBACK, error);
    check_contains(cutover_error_message(error), "platform.project_get: the inventory is closed");
    assert_string_equal(cutover_error_detail(error), "somewhere");
    assert_string_equal(cutover_error_hint(error), "Open it.");
    cutover_error_free(error);
    error = NULL;
    check_status(ask_project((struct answers){.status = CUTOVER_E_POSTGRES}, &project, &error),
                 CUTOVER_E_CALLBACK, error);
    check_status(ask_project((struct answers){.status = CUTOVER_E_NOMEM}, &project, &error), CUTOVER_E_NOMEM,
                 error);
}

static cutover_status occupy(struct answers answers, cutover_error **error)
{
    cutover_platform platform = platform_of(&answers);

    return platform_project_occupy(&platform, "shop", "job-1", error);
}

static cutover_status give_back(struct answers answers, cutover_error **error)
{
    cutover_platform platform = platform_of(&answers);

    return platform_project_return(&platform, "shop", "job-1", error);
}

/* A conflict may be our own move, whose answer was lost. */
static void a_move_that_conflicts_is_judged_by_what_the_project_is(void **state)
{
    static const struct {
        unsigned emitted;
        const char *state, *job_id;
        cutover_status occupied, returned;
    } cases[] = {
        {1, "restoring", "job-1", CUTOVER_OK, CUTOVER_E_CONFLICT},
        {1, "restoring", "job-2", CUTOVER_E_LOCKED, CUTOVER_OK},
        {1, "restoring", NULL, CUTOVER_OK, CUTOVER_E_CONFLICT},
        {1, "restoring", "", CUTOVER_OK, CUTOVER_E_CONFLICT},
        {1, "active", NULL, CUTOVER_E_CONFLICT, CUTOVER_OK},
        {2, "active", NULL, CUTOVER_E_CONFLICT, CUTOVER_E_CONFLICT}, /* it cannot be asked */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct answers answers = {.emitted = cases[i].emitted,
                                        .state = cases[i].state,
                                        .job_id = cases[i].job_id,
                                        .move = CUTOVER_E_CONFLICT};
        cutover_error *error = NULL;
        check_status(occupy(answers, &error), cases[i].occupied, error);
        check_status(give_back(answers, &error), cases[i].returned, error);
    }
}

static void a_move_that_fails_is_a_failure(void **state)
{
    const struct answers failing = {.emitted = 1, .state = "active", .move = CUTOVER_E_IO, .message = "closed"};
    cutover_error *error = NULL;

    (void)state;
    check_status(occupy(failing, &error), CUTOVER_E_CALLBACK, error);
    check_status(give_back(failing, &error), CUTOVER_E_CALLBACK, error);
}

static void whose_a_project_is_can_only_be_told_when_it_says_so(void **state)
{
    struct answers ours = {.emitted = 1, .state = "restoring", .job_id = "job-1"};
    struct answers others = {.emitted = 1, .state = "restoring", .job_id = "job-2"};
    struct answers unknown = {.emitted = 0};
    cutover_platform platform = platform_of(&ours);

    (void)state;
    assert_true(platform_project_is_for(&platform, "shop", "job-1"));
    platform.userdata = &others;
    assert_false(platform_project_is_for(&platform, "shop", "job-1"));
    platform.userdata = &unknown;
    assert_false(platform_project_is_for(&platform, "shop", "job-1"));
}

/* As a runtime does whose exception ended the callback: what it returns is made up. */
static cutover_status extend_without_an_answer(const char *id, int64_t expires_at, cutover_error **error,
                                               void *userdata)
{
    (void)id;
    (void)expires_at;
    (void)error;
    (void)userdata;
    return CUTOVER_OK;
}

static cutover_status extend_and_answer(const char *id, int64_t expires_at, cutover_error **error,
                                        void *userdata)
{
    return cutover_answer(extend_without_an_answer(id, expires_at, error, userdata));
}

/* By itself and inside of a wrap, whose own answers are none of its. */
static void a_preview_is_extended_by_an_answer_where_answers_are_strict(void **state)
{
    struct answers answers = {.emitted = 1};
    cutover_platform inner = platform_of(&answers), outer = CUTOVER_PLATFORM_INIT;
    cutover_error *error = NULL;

    (void)state;
    inner.capabilities = CUTOVER_STRICT_ANSWERS;
    inner.preview_extend = extend_without_an_answer;
    check_ok(cutover_platform_pgbouncer_wrap(&inner, NULL, &outer, &error), error);
    check_status_keep(platform_preview_extend(&inner, "next", 1, &error), CUTOVER_E_CALLBACK, error);
    check_contains(cutover_error_message(error), "platform.preview_extend gave no answer");
    cutover_error_free(error);
    error = NULL;
    check_status(platform_preview_extend(&outer, "next", 1, &error), CUTOVER_E_CALLBACK, error);
    cutover_platform_pgbouncer_unwrap(&outer);

    inner.preview_extend = extend_and_answer;
    check_ok(cutover_platform_pgbouncer_wrap(&inner, NULL, &outer, &error), error);
    check_ok(platform_preview_extend(&inner, "next", 1, &error), error);
    check_ok(platform_preview_extend(&outer, "next", 1, &error), error);
    cutover_platform_pgbouncer_unwrap(&outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_platform_leaves_out_has_a_default),
        cmocka_unit_test(a_database_that_is_not_named_is_refused),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(a_platform_emits_exactly_one),
        cmocka_unit_test(a_platforms_failure_is_told_with_all_that_it_says),
        cmocka_unit_test(a_move_that_conflicts_is_judged_by_what_the_project_is),
        cmocka_unit_test(a_move_that_fails_is_a_failure),
        cmocka_unit_test(a_preview_is_extended_by_an_answer_where_answers_are_strict),
        cmocka_unit_test(whose_a_project_is_can_only_be_told_when_it_says_so),
    };

    return cmocka_run_group_tests_name("platform port", tests, NULL, NULL);
}
