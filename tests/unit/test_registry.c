#include "store/document.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/told.h"

#include <cutover.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOB "0191d3a0-0000-7000-8000-000000000001"
#define NEXT_JOB "0191d3a0-0000-7000-8000-000000000002"

struct world {
    cutover_store store;
    cutover_registry *registry;
    cutover_platform platform;
    char text[2000]; /* what was emitted */
};

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    cutover_store_init(&world->store, CUTOVER_STORE_VERSION);
    cutover_platform_init(&world->platform, CUTOVER_PLATFORM_VERSION);
    assert_int_equal(cutover_store_memory_open(&world->store, NULL), CUTOVER_OK);
    assert_int_equal(cutover_registry_open(&world->store, &world->registry, NULL), CUTOVER_OK);
    assert_int_equal(cutover_registry_platform(world->registry, &world->platform, NULL), CUTOVER_OK);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    cutover_registry_free(world->registry);
    cutover_store_close(&world->store);
    free(world);
    return 0;
}

static const char *shown(const char *text)
{
    return text != NULL ? text : "NULL";
}

static cutover_status show_project(const cutover_project *project, void *context)
{
    struct world *world = context;

    snprintf(world->text, sizeof(world->text), "%u|%s|%s|%s|%s|%s|%s|%s|%s", project->version, project->id,
             project->organization_id, project->state, project->database, shown(project->control_database),
             shown(project->verify_database), shown(project->loader_database), shown(project->job_id));
    for (size_t i = 0; project->pgbouncers != NULL && project->pgbouncers[i] != NULL; i++) {
        size_t used = strlen(world->text);
        snprintf(world->text + used, sizeof(world->text) - used, "|%s", project->pgbouncers[i]);
    }
    if (project->hold_fence != 0)
        strcat(world->text, "|held");
    return CUTOVER_OK;
}

static cutover_status show_preview(const cutover_preview *preview, void *context)
{
    struct world *world = context;
    size_t used = strlen(world->text);

    snprintf(world->text + used, sizeof(world->text) - used, "%u|%s|%s|%s|%s|%lld;", preview->version,
             preview->id, preview->project_id, preview->state, preview->database,
             (long long)preview->expires_at);
    return CUTOVER_OK;
}

static void add_project(struct world *world, const char *id)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    project.id = id;
    project.database = "host=db dbname=shop user=owner";
    check_ok(cutover_registry_project_add(world->registry, &project, &error), error);
}

static void add_preview(struct world *world, const char *id, const char *project_id)
{
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;

    preview.id = id;
    preview.project_id = project_id;
    preview.database = "host=db dbname=preview";
    check_ok(cutover_registry_preview_add(world->registry, &preview, &error), error);
}

static const char *project_text(struct world *world, const char *id)
{
    cutover_error *error = NULL;

    world->text[0] = '\0';
    check_ok(world->platform.project_get(id, show_project, world, &error, world->platform.userdata), error);
    return world->text;
}

static const char *preview_text(struct world *world, const char *id)
{
    cutover_error *error = NULL;

    world->text[0] = '\0';
    check_ok(world->platform.preview_get(id, show_preview, world, &error, world->platform.userdata), error);
    return world->text;
}

static void project_is_kept_with_every_field(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    const char *const consoles[] = {"host=/one port=6432", "host=two", NULL};
    cutover_project project = {CUTOVER_PROJECT_VERSION,
                               "p1",
                               "org",
                               "restoring",
                               "host=db dbname=shop user=owner passfile=/etc/pass",
                               "control",
                               "host=verify dbname=postgres",
                               JOB,
                               "host=db user=loader",
                               consoles,
                               1};

    check_ok(cutover_registry_project_add(world->registry, &project, &error), error);
    assert_string_equal(project_text(world, "p1"),
                        "4|p1|org|active|host=db dbname=shop user=owner "
                        "passfile=/etc/pass|control|host=verify dbname=postgres|host=db user=loader|NULL"
                        "|host=/one port=6432|host=two|held");
    add_project(world, "p2");
    assert_string_equal(project_text(world, "p2"),
                        "4|p2||active|host=db dbname=shop user=owner|NULL|NULL|NULL|NULL");
}

static void poolers_of_a_project_are_replaced(void **state)
{
    struct world *world = *state;
    const char *const consoles[] = {"host=/one", NULL}, *const secret[] = {"host=/one password=s3cret", NULL};
    cutover_error *error = NULL;

    add_project(world, "p1");
    check_ok(cutover_registry_project_set_pgbouncers(world->registry, "p1", consoles, &error), error);
    check_contains(project_text(world, "p1"), "|NULL|host=/one");
    check_status(cutover_registry_project_set_pgbouncers(world->registry, "p1", secret, &error),
                 CUTOVER_E_INVALID, error);
    check_status(cutover_registry_project_set_pgbouncers(world->registry, "p9", consoles, &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_contains(project_text(world, "p1"), "|NULL|host=/one");
    check_ok(cutover_registry_project_set_pgbouncers(world->registry, "p1", NULL, &error), error);
    assert_null(strstr(project_text(world, "p1"), "host=/one"));
}

/* One that a job told to hold its clients is the job's to let go. */
static void poolers_of_a_project_stay_under_a_job(void **state)
{
    struct world *world = *state;
    cutover_platform *platform = &world->platform;
    const char *const one[] = {"host=/one", NULL}, *const none[] = {NULL};
    cutover_project change = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    add_project(world, "p1");
    change.id = "p1";
    change.pgbouncers = none;
    check_ok(cutover_registry_project_set_pgbouncers(world->registry, "p1", one, &error), error);
    check_ok(platform->project_set_state("p1", "active", "restoring", JOB, &error, platform->userdata), error);
    check_status(cutover_registry_project_set_pgbouncers(world->registry, "p1", NULL, &error), CUTOVER_E_STATE,
                 error);
    check_status(cutover_registry_project_set(world->registry, &change, &error), CUTOVER_E_STATE, error);
    check_contains(project_text(world, "p1"), "|host=/one");
    check_ok(platform->project_set_state("p1", "restoring", "active", JOB, &error, platform->userdata), error);
    check_ok(cutover_registry_project_set(world->registry, &change, &error), error);
    assert_null(strstr(project_text(world, "p1"), "host=/one"));
}

static void whether_clients_are_held_is_set_but_not_under_a_job(void **state)
{
    struct world *world = *state;
    cutover_platform *platform = &world->platform;
    cutover_error *error = NULL;

    add_project(world, "p1");
    check_ok(cutover_registry_project_set_hold_fence(world->registry, "p1", 1, &error), error);
    check_contains(project_text(world, "p1"), "|held");
    check_ok(platform->project_set_state("p1", "active", "restoring", JOB, &error, platform->userdata), error);
    check_status(cutover_registry_project_set_hold_fence(world->registry, "p1", 0, &error), CUTOVER_E_STATE,
                 error);
    check_contains(project_text(world, "p1"), "|held");
    check_ok(platform->project_set_state("p1", "restoring", "active", JOB, &error, platform->userdata), error);
    check_ok(cutover_registry_project_set_hold_fence(world->registry, "p1", 0, &error), error);
    assert_null(strstr(project_text(world, "p1"), "|held"));
    check_status(cutover_registry_project_set_hold_fence(world->registry, "p9", 1, &error), CUTOVER_E_NOT_FOUND,
                 error);
}

static void existing_ids_are_conflict(void **state)
{
    struct world *world = *state;
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;

    add_project(world, "p1");
    add_preview(world, "v1", "p1");
    project.id = "p1";
    project.database = "host=db dbname=other";
    check_status(cutover_registry_project_add(world->registry, &project, &error), CUTOVER_E_CONFLICT, error);
    check_contains(project_text(world, "p1"), "host=db dbname=shop");
    preview.id = "v1";
    preview.project_id = "p1";
    preview.database = "host=db dbname=other";
    check_status(cutover_registry_preview_add(world->registry, &preview, &error), CUTOVER_E_CONFLICT, error);
    check_contains(preview_text(world, "v1"), "host=db dbname=preview");
}

static void what_is_missing_is_not_found(void **state)
{
    struct world *world = *state;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;
    void *registry = world->platform.userdata;

    check_status(world->platform.project_get("p9", show_project, world, &error, registry), CUTOVER_E_NOT_FOUND,
                 error);
    check_status(world->platform.preview_get("v9", show_preview, world, &error, registry), CUTOVER_E_NOT_FOUND,
                 error);
    check_status(world->platform.project_set_state("p9", "active", "restoring", JOB, &error, registry),
                 CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_registry_preview_extend(world->registry, "v9", 1, &error), CUTOVER_E_NOT_FOUND, error);
    preview.id = "v1";
    preview.project_id = "p9";
    preview.database = "host=db dbname=preview";
    check_status_keep(cutover_registry_preview_add(world->registry, &preview, &error), CUTOVER_E_NOT_FOUND,
                      error);
    check_contains(cutover_error_message(error), "project p9");
    cutover_error_free(error);
    assert_string_equal(world->text, "");
}

static void check_secret_refused(struct world *world, const char *conninfo, const char *secret)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;

    project.id = "p2";
    project.database = conninfo;
    check_status_keep(cutover_registry_project_add(world->registry, &project, &error), CUTOVER_E_INVALID,
                      error);
    assert_null(strstr(cutover_error_message(error), secret));
    assert_null(cutover_error_detail(error));
    check_contains(cutover_error_message(error), "database");
    cutover_error_free(error);
    error = NULL;

    project.database = "host=db dbname=shop";
    project.verify_database = conninfo;
    check_status_keep(cutover_registry_project_add(world->registry, &project, &error), CUTOVER_E_INVALID,
                      error);
    assert_null(strstr(cutover_error_message(error), secret));
    check_contains(cutover_error_message(error), "verify_database");
    cutover_error_free(error);
    error = NULL;

    preview.id = "v1";
    preview.project_id = "p1";
    preview.database = conninfo;
    check_status_keep(cutover_registry_preview_add(world->registry, &preview, &error), CUTOVER_E_INVALID,
                      error);
    assert_null(strstr(cutover_error_message(error), secret));
    cutover_error_free(error);
}

/* P9, EDGE_CASES G1 */
static void conninfo_with_a_secret_is_refused_and_not_repeated(void **state)
{
    struct world *world = *state;

    add_project(world, "p1");
    check_secret_refused(world, "host=db dbname=shop user=owner password=hunter2", "hunter2");
    check_secret_refused(world, "postgresql://owner:hunter2@db/shop", "hunter2");
    check_secret_refused(world, "postgresql://owner@db/shop?password=hunter2", "hunter2");
    check_secret_refused(world, "host=db dbname=shop sslpassword='hunter2'", "hunter2");
    check_secret_refused(world, "host=db dbname='host=db password=hunter2'", "hunter2");
    check_secret_refused(world, "host=db dbname=shop password=hunter2 and something that does not parse",
                         "hunter2");
    check_secret_refused(world, "host=db dbname=shop password hunter2", "hunter2");
}

static void check_project_refused(struct world *world, const cutover_project *project, const char *field)
{
    cutover_error *error = NULL;

    check_status_keep(cutover_registry_project_add(world->registry, project, &error), CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), field);
    cutover_error_free(error);
}

static void fields_out_of_bounds_are_refused_by_name(void **state)
{
    struct world *world = *state;
    cutover_project good = CUTOVER_PROJECT_INIT, project;
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;
    char long_id[102];

    memset(long_id, 'x', 101);
    long_id[101] = '\0';
    good.id = "p1";
    good.database = "host=db dbname=shop";
    project = good;
    project.version = CUTOVER_PROJECT_VERSION + 1;
    check_status(cutover_registry_project_add(world->registry, &project, &error), CUTOVER_E_UNSUPPORTED, error);
    project = good;
    project.id = NULL;
    check_project_refused(world, &project, "id");
    project.id = "";
    check_project_refused(world, &project, "id");
    project.id = long_id;
    check_project_refused(world, &project, "id");
    project.id = "bad\xff";
    check_project_refused(world, &project, "id");
    project = good;
    project.database = NULL;
    check_project_refused(world, &project, "database");
    project.database = "host=a b";
    check_project_refused(world, &project, "database");
    project = good;
    project.control_database = "";
    check_project_refused(world, &project, "control_database");
    check_project_refused(world, NULL, "project");

    add_project(world, "p1");
    preview.id = "v1";
    preview.project_id = "p1";
    preview.database = "host=db dbname=preview";
    preview.expires_at = -1;
    check_status(cutover_registry_preview_add(world->registry, &preview, &error), CUTOVER_E_INVALID, error);
    preview.expires_at = INT64_MAX;
    check_status(cutover_registry_preview_add(world->registry, &preview, &error), CUTOVER_E_INVALID, error);
    long_id[100] = '\0'; /* the longest that is good */
    add_project(world, long_id);
    add_preview(world, long_id, long_id);
}

static void preview_begins_ready_and_its_expiry_can_be_set(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    cutover_preview preview = {1, "v1", "p1", "whatever", "host=db dbname=preview", 1795334175123456};

    add_project(world, "p1");
    check_ok(cutover_registry_preview_add(world->registry, &preview, &error), error);
    assert_string_equal(preview_text(world, "v1"), "1|v1|p1|ready|host=db dbname=preview|1795334175123456;");
    check_ok(cutover_registry_preview_extend(world->registry, "v1", 1795334175999999, &error), error);
    assert_string_equal(preview_text(world, "v1"), "1|v1|p1|ready|host=db dbname=preview|1795334175999999;");
    check_ok(cutover_registry_preview_extend(world->registry, "v1", 0, &error), error);
    assert_string_equal(preview_text(world, "v1"), "1|v1|p1|ready|host=db dbname=preview|0;");
    check_status(cutover_registry_preview_extend(world->registry, "v1", -5, &error), CUTOVER_E_INVALID, error);
}

static void previews_are_listed_by_project_in_order(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    add_project(world, "p1");
    add_project(world, "p2");
    add_preview(world, "c", "p1");
    add_preview(world, "a", "p1");
    add_preview(world, "b", "p2");
    world->text[0] = '\0';
    check_ok(cutover_registry_previews_list(world->registry, "p1", show_preview, world, &error), error);
    assert_string_equal(world->text,
                        "1|a|p1|ready|host=db dbname=preview|0;1|c|p1|ready|host=db dbname=preview|0;");
    world->text[0] = '\0';
    check_status(cutover_registry_previews_list(world->registry, "p3", show_preview, world, &error),
                 CUTOVER_E_NOT_FOUND, error);
    assert_string_equal(world->text, "");
    check_ok(cutover_registry_previews_list(world->registry, NULL, show_preview, world, &error), error);
    check_contains(world->text, "1|b|p2|");
    check_contains(world->text, "1|a|p1|");
}

static cutover_status count_preview(const cutover_preview *preview, void *context)
{
    (void)preview;
    return ++*(unsigned *)context == 150 ? CUTOVER_E_CANCELLED : CUTOVER_OK;
}

static void listing_goes_over_pages_and_ends_when_asked(void **state)
{
    struct world *world = *state;
    unsigned count = 0;

    add_project(world, "p1");
    for (int i = 0; i < 149; i++) {
        char id[16];

        snprintf(id, sizeof(id), "v%d", i);
        add_preview(world, id, "p1");
    }
    assert_int_equal(cutover_registry_previews_list(world->registry, "p1", count_preview, &count, NULL),
                     CUTOVER_OK);
    assert_int_equal(count, 149);
    add_preview(world, "w", "p1");
    count = 0;
    assert_int_equal(cutover_registry_previews_list(world->registry, "p1", count_preview, &count, NULL),
                     CUTOVER_E_CANCELLED);
}

static void state_moves_by_compare_and_set(void **state)
{
    struct world *world = *state;
    const cutover_platform *platform = &world->platform;
    cutover_error *error = NULL;

    add_project(world, "p1");
    check_ok(platform->project_set_state("p1", "active", "restoring", JOB, &error, platform->userdata), error);
    check_contains(project_text(world, "p1"), "|restoring|");
    check_status_keep(platform->project_set_state("p1", "active", "restoring", JOB, &error, platform->userdata),
                      CUTOVER_E_CONFLICT, error);
    check_contains(cutover_error_message(error), "restoring");
    cutover_error_free(error);
    error = NULL;
    check_ok(platform->project_set_state("p1", "restoring", "active", JOB, &error, platform->userdata), error);
    check_contains(project_text(world, "p1"), "|active|");
}

static cutover_status set_state(struct world *world, const char *expected, const char *next, const char *job,
                                cutover_error **error)
{
    return world->platform.project_set_state("p1", expected, next, job, error, world->platform.userdata);
}

static void check_kept(struct world *world, const char *state, const char *job)
{
    char expected[120];

    snprintf(expected, sizeof expected, "|%s|", state);
    check_contains(project_text(world, "p1"), expected);
    snprintf(expected, sizeof expected, "|%s", job);
    const char *end = world->text + strlen(world->text) - strlen(expected);
    assert_string_equal(end, expected);
}

/* A process that was paused, and whose job was ended by others meanwhile, comes too late. */
static void a_project_is_returned_by_the_job_that_it_is_restoring_for(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    add_project(world, "p1");
    check_kept(world, "active", "NULL");
    check_ok(set_state(world, "active", "restoring", JOB, &error), error);
    check_ok(set_state(world, "restoring", "active", JOB, &error), error);
    check_kept(world, "active", "NULL");
    check_ok(set_state(world, "active", "restoring", NEXT_JOB, &error), error);
    check_kept(world, "restoring", NEXT_JOB);
    check_status_keep(set_state(world, "restoring", "active", JOB, &error), CUTOVER_E_CONFLICT, error);
    check_contains(cutover_error_message(error), "restoring for job " NEXT_JOB);
    cutover_error_free(error);
    error = NULL;
    check_status(set_state(world, "active", "restoring", JOB, &error), CUTOVER_E_CONFLICT, error);
    check_status(set_state(world, "restoring", "suspended", JOB, &error), CUTOVER_E_CONFLICT, error);
    check_status(set_state(world, "restoring", "restoring", JOB, &error), CUTOVER_E_CONFLICT, error);
    check_kept(world, "restoring", NEXT_JOB);
    check_ok(set_state(world, "restoring", "suspended", NEXT_JOB, &error), error);
    check_kept(world, "suspended", "NULL");
}

static void a_move_to_or_from_restoring_names_its_job(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    add_project(world, "p1");
    check_status(set_state(world, "active", "restoring", NULL, &error), CUTOVER_E_INVALID, error);
    check_status(set_state(world, "active", "restoring", "", &error), CUTOVER_E_INVALID, error);
    check_ok(set_state(world, "active", "restoring", JOB, &error), error);
    check_status(set_state(world, "restoring", "active", NULL, &error), CUTOVER_E_INVALID, error);
    check_ok(set_state(world, "restoring", "active", JOB, &error), error);
    /* The host's own states are its own business. */
    check_ok(set_state(world, "active", "moving", NULL, &error), error);
    check_ok(set_state(world, "moving", "active", NULL, &error), error);
}

/* A document of before there were jobs in it. */
static void a_project_that_nobody_knows_the_job_of_is_returned_by_any(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    cutover_write old = {
        CUTOVER_WRITE_VERSION,
        "project",
        "p1",
        "p1",
        0,
        "{\"id\":\"p1\",\"organization_id\":\"\",\"state\":\"restoring\",\"database\":\"dbname=shop\","
        "\"control_database\":null,\"verify_database\":null}"};

    check_ok(world->store.commit(&(const cutover_write *){&old}, 1, &error, world->store.userdata), error);
    check_kept(world, "restoring", "NULL");
    check_ok(set_state(world, "restoring", "active", JOB, &error), error);
    check_ok(set_state(world, "active", "restoring", NEXT_JOB, &error), error);
    check_kept(world, "restoring", NEXT_JOB);
}

static cutover_status take_body(const cutover_document *document, void *context)
{
    snprintf(context, 400, "%s", document->body);
    return CUTOVER_OK;
}

static void project_keeps_what_a_newer_library_added(void **state)
{
    struct world *world = *state;
    char body[400];
    cutover_error *error = NULL;
    const cutover_write write = {
        CUTOVER_WRITE_VERSION,
        "project",
        "p1",
        "p1",
        0,
        "{\"id\":\"p1\",\"organization_id\":\"\",\"state\":\"active\",\"database\":\"dbname=shop\","
        "\"added_later\":[1]}"};

    check_ok(world->store.commit(&(const cutover_write *){&write}, 1, &error, world->store.userdata), error);
    check_ok(set_state(world, "active", "restoring", JOB, &error), error);
    check_ok(world->store.get("project", "p1", take_body, body, &error, world->store.userdata), error);
    check_contains(body, "\"restoring\"");
    check_contains(body, "\"added_later\":[1]");
}

struct mover {
    struct world *world;
    unsigned moved;
    unsigned refused;
};

static void *move_project(void *argument)
{
    struct mover *mover = argument;
    const cutover_platform *platform = &mover->world->platform;
    cutover_status status =
        platform->project_set_state("p1", "active", "restoring", JOB, NULL, platform->userdata);

    mover->moved += status == CUTOVER_OK;
    mover->refused += status == CUTOVER_E_CONFLICT;
    return NULL;
}

/* P4 */
static void racing_moves_have_one_winner(void **state)
{
    struct world *world = *state;
    struct mover movers[8];
    pthread_t threads[8];
    unsigned moved = 0, refused = 0;

    add_project(world, "p1");
    for (size_t i = 0; i < 8; i++) {
        movers[i] = (struct mover){world, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, move_project, &movers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        moved += movers[i].moved;
        refused += movers[i].refused;
    }
    assert_int_equal(moved, 1);
    assert_int_equal(refused, 7);
}

static void platform_has_what_is_required_and_no_hooks(void **state)
{
    struct world *world = *state;

    assert_int_equal(world->platform.version, CUTOVER_PLATFORM_VERSION);
    assert_non_null(world->platform.project_get);
    assert_non_null(world->platform.project_set_state);
    assert_non_null(world->platform.preview_get);
    assert_null(world->platform.traffic_pause);
    assert_null(world->platform.traffic_resume);
    assert_null(world->platform.integrations_sync);
}

/* A document that somebody wrote by hand. */
static void put(struct world *world, const char *kind, const char *id, const char *body)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, "shop", 0, body};
    const cutover_write *writes[] = {&write};
    cutover_error *error = NULL;

    check_ok(world->store.commit(writes, 1, &error, world->store.userdata), error);
}

static void a_document_without_what_the_port_promises_is_damaged(void **state)
{
    static const char *const projects[] = {
        "{\"id\":\"p0\",\"state\":\"active\"}",
        "{\"id\":\"p1\",\"database\":\"host=/x\"}",
    };
    static const char *const previews[] = {
        "{\"id\":\"q0\",\"project_id\":\"shop\",\"state\":\"ready\"}",
        "{\"id\":\"q1\",\"project_id\":\"shop\",\"database\":\"host=/x\"}",
        "{\"id\":\"q2\",\"state\":\"ready\",\"database\":\"host=/x\"}",
    };
    struct world *world = *state;
    cutover_error *error = NULL;
    char id[8];

    for (int i = 0; i < 2; i++) {
        snprintf(id, sizeof id, "p%d", i);
        put(world, "project", id, projects[i]);
        check_status_keep(
            world->platform.project_get(id, show_project, world, &error, world->platform.userdata),
            CUTOVER_E_STORE, error);
        check_contains(cutover_error_message(error), "a member is missing");
        assert_non_null(cutover_error_hint(error));
        cutover_error_free(error);
        error = NULL;
    }
    for (int i = 0; i < 3; i++) {
        snprintf(id, sizeof id, "q%d", i);
        put(world, "preview", id, previews[i]);
        check_status(world->platform.preview_get(id, show_preview, world, &error, world->platform.userdata),
                     CUTOVER_E_STORE, error);
    }
    check_status(cutover_registry_previews_list(world->registry, NULL, show_preview, world, &error),
                 CUTOVER_E_STORE, error);
    assert_string_equal(world->text, "");
}

static void what_is_required_of_a_call_is_named(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    check_status(cutover_registry_previews_list(world->registry, "shop", NULL, NULL, &error), CUTOVER_E_INVALID,
                 error);
    check_status(cutover_registry_open(&world->store, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_registry_platform(NULL, &world->platform, &error), CUTOVER_E_INVALID, error);
    cutover_registry_free(NULL);
}

static void incomplete_store_is_refused(void **state)
{
    struct world *world = *state;
    cutover_store store = world->store;
    cutover_registry *registry = NULL;
    cutover_error *error = NULL;

    check_status(cutover_registry_open(NULL, &registry, &error), CUTOVER_E_INVALID, error);
    store.commit = NULL;
    check_status_keep(cutover_registry_open(&store, &registry, &error), CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "store.commit");
    cutover_error_free(error);
    error = NULL;
    store = world->store;
    store.version = CUTOVER_STORE_VERSION + 1;
    check_status(cutover_registry_open(&store, &registry, &error), CUTOVER_E_UNSUPPORTED, error);
    assert_null(registry);
    check_status(cutover_registry_project_add(NULL, NULL, &error), CUTOVER_E_INVALID, error);
    cutover_registry_free(NULL);
}

/* ---- the audit trail ---- */

static cutover_status note_entry(void *context, const struct document *document, cutover_error **error)
{
    struct json_object *entry = json_tokener_parse(document->body);
    char *text = context;
    size_t used = strlen(text);

    (void)error;
    told("audit-entry", document->body);
    struct json_object *changed = json_object_object_get(json_object_object_get(entry, "data"), "changed");
    snprintf(text + used, 1000 - used, " %s:%s:%s%s",
             json_object_get_string(json_object_object_get(entry, "action")),
             json_object_get_string(json_object_object_get(entry, "actor_kind")),
             json_object_get_string(json_object_object_get(entry, "actor_id")),
             changed != NULL ? json_object_to_json_string_ext(changed, JSON_C_TO_STRING_PLAIN) : "");
    json_object_put(entry);
    return CUTOVER_OK;
}

static void what_is_changed_is_told_of_whoever_did_it(void **state)
{
    struct world *world = *state;
    const cutover_actor olga = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR, CUTOVER_ROLE_OPERATOR};
    const char *const consoles[] = {"host=/p", NULL};
    cutover_registry *hers = NULL;
    cutover_error *error = NULL;
    char trail[1000] = "";

    check_ok(cutover_registry_open_as(&world->store, &olga, &hers, &error), error);
    add_project(world, "shop");
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    preview.id = "next";
    preview.project_id = "shop";
    preview.database = "host=/x dbname=next";
    check_ok(cutover_registry_preview_add(hers, &preview, &error), error);
    check_status(cutover_registry_preview_add(hers, &preview, &error), CUTOVER_E_CONFLICT, error);
    check_ok(cutover_registry_preview_extend(hers, "next", 5000000, &error), error);
    check_ok(cutover_registry_project_set_pgbouncers(hers, "shop", consoles, &error), error);
    check_ok(cutover_registry_project_set_hold_fence(hers, "shop", 1, &error), error);
    /* What is so already is no change. */
    check_ok(cutover_registry_project_set_hold_fence(hers, "shop", 1, &error), error);
    /* What is set at once is one, and what is not named stays. */
    cutover_project project = CUTOVER_PROJECT_INIT;
    project.id = "shop";
    project.control_database = "control";
    check_ok(cutover_registry_project_set(hers, &project, &error), error);
    project.control_database = "";
    project.hold_fence = -1;
    check_ok(cutover_registry_project_set(hers, &project, &error), error);
    check_ok(document_walk(&world->store, "audit", "shop", note_entry, trail, &error), error);
    assert_string_equal(trail, " project.added:system:cutover preview.added:operator:olga"
                               " preview.extended:operator:olga project.changed:operator:olga[\"pgbouncers\"]"
                               " project.changed:operator:olga[\"hold_fence\"]"
                               " project.changed:operator:olga[\"control_database\"]"
                               " project.changed:operator:olga[\"control_database\",\"hold_fence\"]");
    cutover_registry_free(hers);
}

static void somebody_without_a_name_is_nobody(void **state)
{
    struct world *world = *state;
    const cutover_actor nameless = {CUTOVER_ACTOR_VERSION, "", CUTOVER_ACTOR_OPERATOR, 0};
    cutover_registry *registry = NULL;
    cutover_error *error = NULL;

    check_status(cutover_registry_open_as(&world->store, &nameless, &registry, &error), CUTOVER_E_INVALID,
                 error);
    check_status(cutover_registry_open_as(&world->store, NULL, &registry, &error), CUTOVER_E_INVALID, error);
    assert_null(registry);
}

/* ---- changed, removed, reaped ---- */

static void drop(struct world *world, const char *kind, const char *id)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, "shop", 1, NULL};
    const cutover_write *writes[] = {&write};
    cutover_error *error = NULL;

    check_ok(world->store.commit(writes, 1, &error, world->store.userdata), error);
}

static void a_project_is_changed_and_what_is_not_given_stays(void **state)
{
    struct world *world = *state;
    cutover_project change = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;
    const char *const one[] = {"host=/one", NULL}, *const none[] = {NULL};

    add_project(world, "shop");
    change.id = "shop";
    change.database = "host=other dbname=shop";
    change.verify_database = "host=v dbname=v";
    change.pgbouncers = one;
    check_ok(cutover_registry_project_set(world->registry, &change, &error), error);
    assert_string_equal(project_text(world, "shop"),
                        "4|shop||active|host=other dbname=shop|NULL|host=v dbname=v|NULL|NULL|host=/one");
    change = (cutover_project)CUTOVER_PROJECT_INIT;
    change.id = "shop";
    change.verify_database = "";
    change.pgbouncers = none;
    check_ok(cutover_registry_project_set(world->registry, &change, &error), error);
    assert_string_equal(project_text(world, "shop"),
                        "4|shop||active|host=other dbname=shop|NULL|NULL|NULL|NULL");
    change.database = "dbname=shop";
    check_status(cutover_registry_project_set(world->registry, &change, &error), CUTOVER_E_INVALID, error);
    change.database = "host=x dbname=shop";
    change.id = "unknown";
    check_status(cutover_registry_project_set(world->registry, &change, &error), CUTOVER_E_NOT_FOUND, error);
    assert_non_null(strstr(project_text(world, "shop"), "host=other"));
}

/* What a job overwrites is not changed under it, nor under one that was left unfinished. */
static void under_a_job_no_project_is_changed(void **state)
{
    struct world *world = *state;
    cutover_project change = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    add_project(world, "shop");
    change.id = "shop";
    change.database = "host=other dbname=shop";
    put(world, "lock", "shop", "{\"promotion_id\":\"j1\"}");
    check_status_keep(cutover_registry_project_set(world->registry, &change, &error), CUTOVER_E_LOCKED, error);
    check_contains(cutover_error_message(error), "j1");
    cutover_error_free(error);
    error = NULL;
    drop(world, "lock", "shop");
    put(world, "lease", "j2", "{}");
    check_status(cutover_registry_project_set(world->registry, &change, &error), CUTOVER_E_LOCKED, error);
    check_status(cutover_registry_project_set_pgbouncers(world->registry, "shop", NULL, &error),
                 CUTOVER_E_LOCKED, error);
    check_status(cutover_registry_project_set_hold_fence(world->registry, "shop", 1, &error), CUTOVER_E_LOCKED,
                 error);
    drop(world, "lease", "j2");
    assert_non_null(strstr(project_text(world, "shop"), "host=db"));
    check_ok(cutover_registry_project_set(world->registry, &change, &error), error);
}

static cutover_status name_project(const cutover_project *project, void *context)
{
    struct world *world = context;
    size_t used = strlen(world->text);

    snprintf(world->text + used, sizeof(world->text) - used, "%s %s;", project->id, project->state);
    return CUTOVER_OK;
}

static void projects_are_listed(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    world->text[0] = '\0';
    check_ok(cutover_registry_projects_list(world->registry, name_project, world, &error), error);
    assert_string_equal(world->text, "");
    add_project(world, "b");
    add_project(world, "a");
    check_ok(cutover_registry_projects_list(world->registry, name_project, world, &error), error);
    assert_string_equal(world->text, "a active;b active;");
    check_status(cutover_registry_projects_list(world->registry, NULL, NULL, &error), CUTOVER_E_INVALID, error);
}

/* An engine on the registry's store; nothing of it is used but that. */
static cutover_engine *engine_of(struct world *world, cutover_repository *repository)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;

    cutover_repository_init(repository, CUTOVER_REPOSITORY_VERSION);
    check_ok(cutover_repository_directory_open(cluster_temp_dir(), repository, &error), error);
    options.store = &world->store;
    options.repository = repository;
    options.platform = &world->platform;
    options.policy = CUTOVER_POLICY_VOLATILE_STORE;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    return engine;
}

static cutover_status name_entry(const cutover_audit_entry *entry, void *context)
{
    struct world *world = context;
    size_t used = strlen(world->text);

    told("audit-entry", entry->json);
    snprintf(world->text + used, sizeof(world->text) - used, "%s by %s;", entry->action, entry->actor_id);
    return CUTOVER_OK;
}

static void a_project_of_which_something_lives_is_not_removed(void **state)
{
    static const struct {
        const char *kind, *id, *body, *says;
        cutover_status status;
    } living[] = {
        {"lock", "shop", "{\"promotion_id\":\"j1\"}", "job j1", CUTOVER_E_LOCKED},
        {"lease", "j2", "{}", "job j2", CUTOVER_E_LOCKED},
        {"claim", "v", "{\"request_id\":\"r\"}", "live request for preview v", CUTOVER_E_STATE},
        {"backup", "b", "{\"status\":\"failed\"}", "backup b", CUTOVER_E_STATE},
        {"leftover", "j3:fence", "{}", "abandoned job left: j3:fence", CUTOVER_E_STATE},
        {"preview", "w", "{}", "preview w", CUTOVER_E_STATE},
    };
    struct world *world = *state;
    cutover_repository repository;
    cutover_engine *engine = engine_of(world, &repository);
    cutover_project_removal removal = {CUTOVER_PROJECT_REMOVAL_VERSION, "shop", "moved out", 1, 0};
    cutover_error *error = NULL;

    add_project(world, "shop");
    for (size_t i = 0; i < sizeof living / sizeof *living; i++) {
        put(world, living[i].kind, living[i].id, living[i].body);
        check_status_keep(cutover_registry_project_remove(world->registry, engine, &removal, &error),
                          living[i].status, error);
        check_contains(cutover_error_message(error), living[i].says);
        cutover_error_free(error);
        error = NULL;
        drop(world, living[i].kind, living[i].id);
    }
    put(world, "backup", "gone", "{\"status\":\"deleted\"}");
    removal.confirm = 0;
    check_status(cutover_registry_project_remove(world->registry, engine, &removal, &error), CUTOVER_E_INVALID,
                 error);
    removal.confirm = 1;
    check_ok(cutover_registry_project_remove(world->registry, engine, &removal, &error), error);
    check_status(cutover_registry_project_remove(world->registry, engine, &removal, &error),
                 CUTOVER_E_NOT_FOUND, error);
    /* What became of it can still be read. */
    world->text[0] = '\0';
    check_ok(cutover_audit_list(engine, "shop", NULL, 10, name_entry, world, &error), error);
    check_contains(world->text, "project.added by ");
    check_contains(world->text, "project.removed by ");
    cutover_engine_free(engine);
    cutover_repository_close(&repository);
}

static void add_preview_until(struct world *world, const char *id, int64_t expires_at)
{
    cutover_preview preview = {1, id, "shop", "ready", "host=db dbname=preview", expires_at};
    cutover_error *error = NULL;

    check_ok(cutover_registry_preview_add(world->registry, &preview, &error), error);
}

static cutover_status name_preview(const cutover_preview *preview, void *context)
{
    struct world *world = context;
    size_t used = strlen(world->text);

    snprintf(world->text + used, sizeof(world->text) - used, "%s %s;", preview->id, preview->state);
    return strcmp(preview->id, "kept") == 0 ? CUTOVER_E_IO : CUTOVER_OK;
}

static const char *previews_of(struct world *world)
{
    cutover_error *error = NULL;

    world->text[0] = '\0';
    cutover_registry_previews_list(world->registry, "shop", show_preview, world, &error);
    check_ok(cutover_error_code(error), error);
    return world->text;
}

/* But for those that somebody uses, and those that the host could not drop. */
static void expired_previews_are_reaped(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;
    uint32_t removed = 0;

    add_project(world, "shop");
    add_preview_until(world, "asked", 1000);
    add_preview_until(world, "fresh", INT64_C(253402300799000000));
    add_preview_until(world, "kept", 1000);
    add_preview_until(world, "old", 1000);
    add_preview_until(world, "read", 1000);
    put(world, "claim", "asked", "{\"request_id\":\"r\"}");
    put(world, "lock", "shop", "{\"promotion_id\":\"j\"}");
    put(world, "promotion", "j", "{\"preview_id\":\"read\"}");
    assert_non_null(strstr(previews_of(world), "1|old|shop|expired|"));
    assert_non_null(strstr(preview_text(world, "old"), "|ready|")); /* the port tells both */
    world->text[0] = '\0';
    check_ok(cutover_registry_previews_reap(world->registry, "shop", name_preview, world, &removed, &error),
             error);
    assert_string_equal(world->text, "kept expired;old expired;");
    assert_int_equal(removed, 1);
    const char *left = previews_of(world);
    assert_null(strstr(left, "|old|"));
    check_contains(left, "|asked|shop|expired|");
    check_contains(left, "|fresh|shop|ready|");
    check_contains(left, "|kept|shop|removing|");
    check_contains(left, "|read|shop|expired|");
    /* Nobody gets it back once its database may be gone; the next reaping tries again. */
    check_status(cutover_registry_preview_extend(world->registry, "kept", 0, &error), CUTOVER_E_STATE, error);
    check_ok(cutover_registry_previews_reap(world->registry, NULL, NULL, NULL, &removed, &error), error);
    assert_int_equal(removed, 1);
    assert_null(strstr(previews_of(world), "|kept|"));
    char trail[1000] = "";
    check_ok(document_walk(&world->store, "audit", "shop", note_entry, trail, &error), error);
    check_contains(trail, "preview.removed:system:cutover");
}

static void a_preview_that_somebody_uses_is_not_removed(void **state)
{
    struct world *world = *state;
    cutover_error *error = NULL;

    add_project(world, "shop");
    add_preview_until(world, "v", 0);
    put(world, "claim", "v", "{\"request_id\":\"r\"}");
    check_status(cutover_registry_preview_remove(world->registry, "v", &error), CUTOVER_E_STATE, error);
    drop(world, "claim", "v");
    put(world, "lock", "shop", "{\"promotion_id\":\"j\"}");
    put(world, "promotion", "j", "{\"preview_id\":\"v\"}");
    check_status(cutover_registry_preview_remove(world->registry, "v", &error), CUTOVER_E_LOCKED, error);
    assert_string_equal(preview_text(world, "v"), "1|v|shop|ready|host=db dbname=preview|0;");
    drop(world, "lock", "shop");
    check_ok(cutover_registry_preview_remove(world->registry, "v", &error), error);
    check_status(cutover_registry_preview_remove(world->registry, "v", &error), CUTOVER_E_NOT_FOUND, error);
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(project_is_kept_with_every_field),
        test(what_is_changed_is_told_of_whoever_did_it),
        test(somebody_without_a_name_is_nobody),
        test(poolers_of_a_project_are_replaced),
        test(poolers_of_a_project_stay_under_a_job),
        test(whether_clients_are_held_is_set_but_not_under_a_job),
        test(existing_ids_are_conflict),
        test(what_is_missing_is_not_found),
        test(conninfo_with_a_secret_is_refused_and_not_repeated),
        test(fields_out_of_bounds_are_refused_by_name),
        test(preview_begins_ready_and_its_expiry_can_be_set),
        test(previews_are_listed_by_project_in_order),
        test(listing_goes_over_pages_and_ends_when_asked),
        test(a_project_is_changed_and_what_is_not_given_stays),
        test(under_a_job_no_project_is_changed),
        test(projects_are_listed),
        test(a_project_of_which_something_lives_is_not_removed),
        test(expired_previews_are_reaped),
        test(a_preview_that_somebody_uses_is_not_removed),
        test(state_moves_by_compare_and_set),
        test(a_project_is_returned_by_the_job_that_it_is_restoring_for),
        test(a_move_to_or_from_restoring_names_its_job),
        test(a_project_that_nobody_knows_the_job_of_is_returned_by_any),
        test(project_keeps_what_a_newer_library_added),
        test(racing_moves_have_one_winner),
        test(platform_has_what_is_required_and_no_hooks),
        test(a_document_without_what_the_port_promises_is_damaged),
        test(what_is_required_of_a_call_is_named),
        test(incomplete_store_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
