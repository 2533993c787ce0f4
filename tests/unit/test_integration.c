/* Integrations through the real client, against providers that are played on loopback. */
#include "base/json.h"
#include "base/text.h"
#include "notify/retry.h"
#include "notify/secret_file.h"
#include "store/document.h"
#include "support/check.h"
#include "support/killed.h"
#include "support/providers.h"
#include "support/told.h"

#include <cutover.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define PASSWORD "s3cr3t%2Fpass"
#define POOLED "postgresql://app:" PASSWORD "@pool.example.com:6432/shop?sslmode=require"
#define UNPOOLED "postgresql://app:" PASSWORD "@db.example.com/shop?sslmode=require"

struct world {
    char folder[64];  /* of everything */
    char secrets[80]; /* in it */
    cutover_store store;
    cutover_integrations *integrations;
    cutover_integrations_options options;
    int64_t now;
    struct text log;
};

static const cutover_actor olga = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                   CUTOVER_ROLE_OPERATOR};
static const cutover_actor ada = {CUTOVER_ACTOR_VERSION, "ada", CUTOVER_ACTOR_USER, CUTOVER_ROLE_ORG_ADMIN};
static const cutover_actor mia = {CUTOVER_ACTOR_VERSION, "mia", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};

static int64_t world_now(void *userdata)
{
    return ((struct world *)userdata)->now;
}

static void world_log(cutover_log_level level, const char *line, void *userdata)
{
    struct world *world = userdata;

    (void)level;
    text_add(&world->log, line);
    text_add(&world->log, "\n");
}

static void reopen(struct world *world)
{
    cutover_error *error = NULL;

    cutover_integrations_free(world->integrations);
    world->integrations = NULL;
    check_ok(cutover_integrations_new(&world->options, &world->integrations, &error), error);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char path[100];
    cutover_error *error = NULL;

    assert_non_null(world);
    providers_start();
    providers_reset();
    strcpy(world->folder, "/tmp/cutover-test-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(path, sizeof path, "%s/store", world->folder);
    snprintf(world->secrets, sizeof world->secrets, "%s/secrets", world->folder);
    world->store = (cutover_store)CUTOVER_STORE_INIT;
    check_ok(cutover_store_sqlite_open(path, &world->store, &error), error);
    world->now = (int64_t)time(NULL) * SECOND;
    world->options = (cutover_integrations_options)CUTOVER_INTEGRATIONS_OPTIONS_INIT;
    world->options.flags = CUTOVER_INTEGRATIONS_ALLOW_PRIVATE;
    world->options.store = &world->store;
    world->options.folder = world->secrets;
    world->options.vercel_url = providers_vercel_url();
    world->options.netlify_url = providers_netlify_url();
    world->options.timeout_ms = 5000;
    world->options.clock = world_now;
    world->options.clock_userdata = world;
    world->options.log = world_log;
    world->options.log_userdata = world;
    reopen(world);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    char command[200];

    cutover_integrations_free(world->integrations);
    cutover_store_close(&world->store);
    snprintf(command, sizeof command, "rm -rf '%s'", world->folder);
    assert_int_equal(system(command), 0);
    text_free(&world->log);
    free(world);
    return 0;
}

/* ---- what tests do ---- */

static cutover_integration_options vercel(void)
{
    cutover_integration_options options = CUTOVER_INTEGRATION_OPTIONS_INIT;

    options.actor = &olga;
    options.project_id = "shop";
    options.provider = "vercel";
    options.site_id = VERCEL_PROJECT;
    options.account_id = VERCEL_TEAM;
    options.token = VERCEL_TOKEN;
    options.pooled_url = POOLED;
    options.unpooled_url = UNPOOLED;
    return options;
}

static cutover_integration_options netlify(void)
{
    cutover_integration_options options = vercel();

    options.provider = "netlify";
    options.site_id = NETLIFY_SITE;
    options.account_id = NETLIFY_ACCOUNT;
    options.token = NETLIFY_TOKEN;
    return options;
}

static void connect_it(struct world *world, const cutover_integration_options *options)
{
    cutover_integration *integration = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_integration_connect(world->integrations, options, &integration, &error), error);
    told("integration", cutover_integration_json(integration));
    cutover_integration_free(integration);
}

static cutover_integration_run deliver(struct world *world)
{
    cutover_integration_run run = CUTOVER_INTEGRATION_RUN_INIT;
    cutover_error *error = NULL;

    check_ok(cutover_integrations_deliver(world->integrations, NULL, &run, &error), error);
    return run;
}

static cutover_integration *get(struct world *world, const char *provider)
{
    cutover_integration *integration = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_integration_get(world->integrations, "shop", provider, &integration, &error), error);
    told("integration", cutover_integration_json(integration));
    return integration;
}

static void expect_status(struct world *world, const char *provider, const char *status)
{
    cutover_integration *integration = get(world, provider);

    assert_string_equal(cutover_integration_status(integration), status);
    cutover_integration_free(integration);
}

static void expect_error(struct world *world, const char *provider, const char *part)
{
    cutover_integration *integration = get(world, provider);

    assert_non_null(cutover_integration_last_error(integration));
    check_contains(cutover_integration_last_error(integration), part);
    cutover_integration_free(integration);
}

/* What became of a variable at a target; "" where it has no result. */
static const char *outcome(struct world *world, const char *provider, const char *variable, const char *target)
{
    static char found[32];
    cutover_integration *integration = get(world, provider);
    struct json_object *record = json_tokener_parse(cutover_integration_json(integration));
    struct json_object *results = json_member(record, "results");

    found[0] = '\0';
    for (size_t i = 0; results != NULL && i < json_object_array_length(results); i++) {
        struct json_object *result = json_object_array_get_idx(results, i);
        if (strcmp(json_text_or(result, "variable", ""), variable) == 0 &&
            strcmp(json_text_or(result, "target", ""), target) == 0)
            snprintf(found, sizeof found, "%s", json_text_or(result, "outcome", ""));
    }
    json_object_put(record);
    cutover_integration_free(integration);
    return found;
}

static void expect_written(const char *name, const char *target, const char *expected)
{
    char *value = providers_value(name, target);

    assert_non_null(value);
    assert_string_equal(value, expected);
    free(value);
}

static cutover_status add_line(void *context, const struct document *document, cutover_error **error)
{
    (void)error;
    told("audit-entry", document->body);
    text_add(context, document->body);
    text_add(context, "\n");
    return CUTOVER_OK;
}

static char *trail(struct world *world)
{
    struct text text = TEXT_INIT;
    cutover_error *error = NULL;

    check_ok(document_walk(&world->store, "audit", NULL, add_line, &text, &error), error);
    return text_take(&text);
}

static void expect_audit(struct world *world, const char *part)
{
    char *all = trail(world);

    check_contains(all, part);
    free(all);
}

static unsigned files_of(const char *folder)
{
    DIR *dir = opendir(folder);
    unsigned count = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* The path of the one file of that name. */
static void path_of(const struct world *world, const char *name, char path[400])
{
    DIR *dir = opendir(world->secrets);

    assert_non_null(dir);
    path[0] = '\0';
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strlen(entry->d_name) > strlen(name) &&
            strcmp(entry->d_name + strlen(entry->d_name) - strlen(name), name) == 0)
            snprintf(path, 400, "%s/%s", world->secrets, entry->d_name);
    closedir(dir);
    assert_string_not_equal(path, "");
}

/* ---- connections ---- */

static void secrets_lie_in_files_of_their_own_and_nowhere_else(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    char path[400], all[8192], store[200];
    struct stat about;

    connect_it(world, &options);
    assert_int_equal(stat(world->secrets, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_int_equal(files_of(world->secrets), 3);
    path_of(world, ".token", path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(all, sizeof all, file));
    fclose(file);
    assert_string_equal(all, VERCEL_TOKEN);
    expect_audit(world, "integration.connected");
    assert_int_equal(deliver(world).synced, 1);
    snprintf(store, sizeof store, "grep -aqE 'vercel-token|s3cr3t' '%s'/store*", world->folder);
    assert_int_equal(WEXITSTATUS(system(store)), 1);
    assert_null(strstr(text_string(&world->log), "s3cr3t"));
}

static void a_secret_that_is_not_given_stays(void **state)
{
    struct world *world = *state;
    cutover_integration_options options = vercel();
    cutover_error *error = NULL;

    options.token = NULL;
    check_status_keep(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_STATE,
                      error);
    check_contains(cutover_error_message(error), "token");
    cutover_error_free(error);
    assert_int_equal(files_of(world->secrets), 0);

    options = vercel();
    options.unpooled_url = NULL;
    connect_it(world, &options);
    assert_int_equal(deliver(world).synced, 1);
    expect_written("DATABASE_URL_UNPOOLED", "production", POOLED);
    options.token = options.pooled_url = NULL;
    options.unpooled_url = UNPOOLED;
    connect_it(world, &options);
    assert_int_equal(files_of(world->secrets), 3);
    assert_int_equal(deliver(world).synced, 1);
    expect_written("DATABASE_URL", "production", POOLED);
    expect_written("DATABASE_URL_UNPOOLED", "production", UNPOOLED);
}

static void connecting_again_is_the_same_integration(void **state)
{
    struct world *world = *state;
    cutover_integration_options options = vercel();
    char id[40];

    connect_it(world, &options);
    cutover_integration *integration = get(world, "vercel");
    snprintf(id, sizeof id, "%s", cutover_integration_id(integration));
    cutover_integration_free(integration);
    options.actor = &ada;
    options.pooled_name = "DB";
    options.unpooled_name = "";
    options.flags = CUTOVER_INTEGRATION_LATER;
    connect_it(world, &options);
    integration = get(world, "vercel");
    assert_string_equal(cutover_integration_id(integration), id);
    assert_string_equal(cutover_integration_project_id(integration), "shop");
    assert_string_equal(cutover_integration_provider(integration), "vercel");
    assert_string_equal(cutover_integration_status(integration), "idle");
    assert_int_equal(cutover_integration_next_attempt_at(integration), 0);
    check_contains(cutover_integration_json(integration), "\"connected_by_actor_id\":\"ada\"");
    check_contains(cutover_integration_json(integration), "\"unpooled_name\":null");
    assert_int_equal(cutover_integration_version(integration), 2);
    cutover_integration_free(integration);
    assert_int_equal(deliver(world).synced, 0);
}

#define REFUSED(status, member, value, part)                                                                   \
    do {                                                                                                       \
        cutover_integration_options wrong_ones = vercel();                                                     \
        cutover_error *problem = NULL;                                                                         \
        wrong_ones.member = (value);                                                                           \
        check_status_keep(cutover_integration_connect(world->integrations, &wrong_ones, NULL, &problem),       \
                          (status), problem);                                                                  \
        check_contains(cutover_error_message(problem), (part));                                                \
        assert_null(strstr(cutover_error_message(problem), "s3cr3t"));                                         \
        cutover_error_free(problem);                                                                           \
    } while (0)

static void what_cannot_be_connected_is_refused_by_name(void **state)
{
    struct world *world = *state;
    static const char *const wrong[] = {"staging"}, *const twice[] = {"preview", "preview"};
    static const char *const all[] = {"all", "production"}, *const branch[] = {"branch: x"};
    cutover_error *error = NULL;

    REFUSED(CUTOVER_E_INVALID, project_id, "", "project_id");
    REFUSED(CUTOVER_E_INVALID, provider, "heroku", "provider");
    REFUSED(CUTOVER_E_INVALID, site_id, "", "options.site_id");
    REFUSED(CUTOVER_E_INVALID, site_id, "../env", "options.site_id");
    REFUSED(CUTOVER_E_INVALID, account_id, "a/b", "options.account_id");
    REFUSED(CUTOVER_E_INVALID, pooled_name, "1URL", "options.pooled_name");
    REFUSED(CUTOVER_E_INVALID, pooled_name, "DATABASE-URL", "options.pooled_name");
    REFUSED(CUTOVER_E_INVALID, unpooled_name, "DATABASE_URL", "options.unpooled_name");
    REFUSED(CUTOVER_E_INVALID, token, "two words", "options.token");
    REFUSED(CUTOVER_E_INVALID, token, "a\r\nX-Injected: 1", "options.token");
    REFUSED(CUTOVER_E_INVALID, flags, 64, "options.flags");
    REFUSED(CUTOVER_E_INVALID, pooled_url, "host=db user=postgres password=s3cr3t", "must begin with");
    REFUSED(CUTOVER_E_INVALID, pooled_url, "postgres://app:s3cr3t@/shop", "names no host");
    REFUSED(CUTOVER_E_INVALID, pooled_url, "postgres://db/shop?passfile=/root/s3cr3t", "sets passfile");
    REFUSED(CUTOVER_E_INVALID, unpooled_url, "postgres://db/shop?a=b&HOST=/run/s3cr3t", "sets host");
    REFUSED(CUTOVER_E_INVALID, unpooled_url, "postgres://db/s3cr3t shop", "a space");
    REFUSED(CUTOVER_E_FORBIDDEN, actor, &mia, "mia is neither");

    cutover_integration_options options = vercel();
    options.targets = wrong;
    options.target_count = 1;
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_INVALID,
                 error);
    options.targets = twice;
    options.target_count = 2;
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_INVALID,
                 error);
    options.target_count = CUTOVER_INTEGRATION_TARGETS_MAX + 1;
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_INVALID,
                 error);
    options = netlify();
    options.account_id = NULL;
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_INVALID,
                 error);
    options = netlify();
    options.targets = all;
    options.target_count = 2;
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_INVALID,
                 error);
    options.targets = branch;
    options.target_count = 1;
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_INVALID,
                 error);
    options = netlify();
    options.pooled_name = options.unpooled_name = "";
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_INVALID,
                 error);
    assert_int_equal(files_of(world->secrets), 0);
}

static void disconnecting_leaves_no_secret(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    cutover_integration *integration = NULL;
    cutover_error *error = NULL;

    connect_it(world, &options);
    check_status(cutover_integration_disconnect(world->integrations, &mia, "shop", "vercel", &error),
                 CUTOVER_E_FORBIDDEN, error);
    check_ok(cutover_integration_disconnect(world->integrations, &ada, "shop", "vercel", &error), error);
    assert_int_equal(files_of(world->secrets), 0);
    expect_audit(world, "integration.disconnected");
    check_status(cutover_integration_get(world->integrations, "shop", "vercel", &integration, &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_integration_disconnect(world->integrations, &ada, "shop", "vercel", &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_status(cutover_integration_sync(world->integrations, &olga, "shop", "vercel", NULL, &error),
                 CUTOVER_E_NOT_FOUND, error);
    assert_int_equal(deliver(world).synced, 0);
}

static void files_of_processes_that_died_are_swept_once_they_are_old(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    static const char orphan[] = "0190aaaa-0000-7000-8000-000000000001";
    const struct timespec old[2] = {{time(NULL) - 7200, 0}, {time(NULL) - 7200, 0}};
    char path[400];
    cutover_error *error = NULL;

    check_ok(secret_file_write(world->secrets, orphan, "token", "abc", &error), error);
    connect_it(world, &options);
    assert_int_equal(files_of(world->secrets), 4); /* it may be somebody's who is in the middle */
    path_of(world, ".unpooled_url", path);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    snprintf(path, sizeof path, "%s/%s.token", world->secrets, orphan);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    const cutover_integration_options another = netlify();
    connect_it(world, &another);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(files_of(world->secrets), 6);
}

static void a_secret_that_others_may_read_is_not_used(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    cutover_integrations *integrations = NULL;
    cutover_error *error = NULL;
    char path[400];

    connect_it(world, &options);
    path_of(world, ".token", path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "vercel", "others may read");
    assert_int_equal(providers_count("POST", "/env"), 0);
    assert_int_equal(chmod(path, 0600), 0);
    world->now += HOUR;
    assert_int_equal(deliver(world).synced, 1);
    assert_int_equal(chmod(world->secrets, 0755), 0);
    check_status(cutover_integrations_new(&world->options, &integrations, &error), CUTOVER_E_IO, error);
}

/* ---- Vercel ---- */

static void vercel_gets_one_call_for_each_target_and_is_read_back(void **state)
{
    struct world *world = *state;
    static const char *const targets[] = {"production", "preview"};
    cutover_integration_options options = vercel();

    options.targets = targets;
    options.target_count = 2;
    connect_it(world, &options);
    expect_status(world, "vercel", "pending");
    const cutover_integration_run run = deliver(world);
    assert_int_equal(run.synced, 1);
    assert_int_equal(run.waiting, 0);
    assert_int_equal(run.next_due, 0);
    assert_int_equal(providers_count("POST", "/v10/projects/" VERCEL_PROJECT "/env"), 2);
    assert_int_equal(providers_count("GET", "/v1/projects/" VERCEL_PROJECT "/env/"), 4);
    expect_written("DATABASE_URL", "production", POOLED);
    expect_written("DATABASE_URL_UNPOOLED", "preview", UNPOOLED);
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL", "production"), "confirmed");
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL_UNPOOLED", "preview"), "confirmed");
    cutover_integration *integration = get(world, "vercel");
    assert_string_equal(cutover_integration_status(integration), "synced");
    assert_int_equal(cutover_integration_synced_at(integration), world->now);
    assert_null(cutover_integration_last_error(integration));
    cutover_integration_free(integration);
    expect_audit(world, "integration.synced");
    providers_check();
}

static void a_personal_account_has_no_team(void **state)
{
    struct world *world = *state;
    cutover_integration_options options = vercel();

    options.account_id = NULL;
    connect_it(world, &options);
    assert_int_equal(deliver(world).synced, 1);
    struct json_object *seen = providers_seen();
    assert_null(strstr(json_object_to_json_string(seen), "teamId"));
    json_object_put(seen);
}

static void what_vercel_names_among_the_failed_is_a_failure(void **state)
{
    struct world *world = *state;
    static const char *const targets[] = {"production", "development"};
    cutover_integration_options options = vercel();

    options.targets = targets;
    options.target_count = 2;
    connect_it(world, &options);
    providers_script(
        "[{\"method\":\"POST\",\"status\":201,\"body\":{\"created\":[{\"id\":\"envX\",\"key\":"
        "\"DATABASE_URL_UNPOOLED\",\"type\":\"encrypted\",\"value\":\"x\",\"target\":[\"production\"]}],"
        "\"failed\":[{\"error\":{\"code\":\"ENV_CONFLICT\",\"message\":\"exists already\","
        "\"envVarKey\":\"DATABASE_URL\",\"value\":\"" POOLED "\"}}]}}]");
    assert_int_equal(deliver(world).failed, 1);
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL", "production"), "failed");
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL_UNPOOLED", "production"),
                        "failed"); /* not found */
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL", "development"), "confirmed");
    expect_error(world, "vercel", "ENV_CONFLICT: exists already");
    expect_audit(world, "integration.sync_failed");
}

static void a_201_that_tells_of_nothing_is_a_failure(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();

    connect_it(world, &options);
    providers_script("[{\"method\":\"POST\",\"status\":201,\"body\":{\"created\":[],\"failed\":[]}}]");
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "vercel", "does not say that it was written");
    world->now += HOUR;
    providers_script("[{\"method\":\"POST\",\"status\":201,\"body\":\"<html>\"}]");
    assert_int_equal(deliver(world).failed, 1);
}

static void another_value_that_is_read_back_is_a_failure(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();

    connect_it(world, &options);
    providers_script(
        "[{\"method\":\"GET\",\"status\":200,\"body\":{\"key\":\"DATABASE_URL\",\"type\":\"encrypted\","
        "\"decrypted\":true,\"target\":[\"production\"],\"value\":\"postgres://elsewhere/\"}}]");
    assert_int_equal(deliver(world).failed, 1);
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL", "production"), "different");
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL_UNPOOLED", "production"), "confirmed");
    expect_error(world, "vercel", "another value");
    world->now += HOUR;
    providers_script(
        "[{\"method\":\"GET\",\"status\":200,\"body\":{\"key\":\"DATABASE_URL\",\"type\":\"encrypted\","
        "\"decrypted\":true,\"target\":\"preview\",\"value\":\"" POOLED "\"}}]");
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "vercel", "not at that target");
}

static void what_cannot_be_read_back_is_said_so(void **state)
{
    struct world *world = *state;
    cutover_integration_options options = vercel();

    options.flags = CUTOVER_INTEGRATION_SECRET;
    connect_it(world, &options);
    assert_int_equal(deliver(world).synced, 1);
    expect_written("DATABASE_URL", "production", POOLED);
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL", "production"), "unreadable");
    options = netlify();
    options.flags = CUTOVER_INTEGRATION_SECRET;
    connect_it(world, &options);
    assert_int_equal(deliver(world).synced, 1);
    assert_string_equal(outcome(world, "netlify", "DATABASE_URL", "production"), "unreadable");

    options = vercel(); /* and by one who may write only */
    connect_it(world, &options);
    providers_script(
        "[{\"method\":\"GET\",\"times\":2,\"status\":403,\"body\":{\"error\":{\"code\":\"forbidden\","
        "\"message\":\"You don't have permission\"}}}]");
    assert_int_equal(deliver(world).synced, 1);
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL", "production"), "unreadable");
    providers_check();
}

/* ---- Netlify ---- */

static void netlify_gets_a_value_for_each_context_and_is_read_back(void **state)
{
    struct world *world = *state;
    static const char *const targets[] = {"production", "branch:feature/ü", "dev"};
    cutover_integration_options options = netlify();
    cutover_error *error = NULL;

    options.targets = targets;
    options.target_count = 3;
    connect_it(world, &options);
    assert_int_equal(deliver(world).synced, 1);
    assert_int_equal(providers_count("PATCH", "/accounts/" NETLIFY_ACCOUNT "/env/DATABASE_URL"), 6);
    assert_int_equal(providers_count("POST", "/accounts/" NETLIFY_ACCOUNT "/env"), 2);
    assert_int_equal(providers_count("GET", "/accounts/" NETLIFY_ACCOUNT "/env/DATABASE_URL"), 2);
    expect_written("DATABASE_URL", "production", POOLED);
    expect_written("DATABASE_URL", "branch", POOLED);
    expect_written("DATABASE_URL_UNPOOLED", "dev", UNPOOLED);
    assert_string_equal(outcome(world, "netlify", "DATABASE_URL", "branch:feature/ü"), "confirmed");

    check_ok(cutover_integration_sync(world->integrations, &olga, "shop", "netlify", NULL, &error), error);
    expect_audit(world, "integration.sync_requested");
    assert_int_equal(deliver(world).synced, 1);
    assert_int_equal(providers_count("POST", "/env"), 2); /* what is there is not made again */
    providers_check();
}

static void what_netlify_shows_otherwise_is_a_failure(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = netlify();

    connect_it(world, &options);
    providers_script(
        "[{\"method\":\"GET\",\"status\":200,\"body\":{\"key\":\"DATABASE_URL\",\"is_secret\":false,"
        "\"values\":[{\"context\":\"production\",\"value\":\"old\"}]}},"
        "{\"method\":\"GET\",\"status\":200,\"body\":{\"key\":\"DATABASE_URL_UNPOOLED\",\"values\":[]}}]");
    assert_int_equal(deliver(world).failed, 1);
    assert_string_equal(outcome(world, "netlify", "DATABASE_URL", "production"), "different");
    assert_string_equal(outcome(world, "netlify", "DATABASE_URL_UNPOOLED", "production"), "different");
    world->now += HOUR;
    providers_script(
        "[{\"method\":\"PATCH\",\"times\":2,\"status\":404,\"body\":{\"code\":404,\"message\":\"Not Found\"}},"
        "{\"method\":\"POST\",\"times\":2,\"status\":404,\"body\":{\"code\":404,\"message\":\"no site\"}}]");
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "netlify", "POST was answered 404: no site");
}

/* ---- failures, and what comes after them ---- */

static void a_failure_is_tried_again_and_then_given_up(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    static const int64_t pauses[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    cutover_error *error = NULL;

    connect_it(world, &options);
    providers_script(
        "[{\"times\":100,\"status\":500,\"body\":{\"error\":{\"code\":\"internal\",\"message\":\"oops\"}}}]");
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        const cutover_integration_run run = deliver(world);
        assert_int_equal(run.failed, 1);
        assert_int_equal(run.waiting, 1);
        assert_in_range(run.next_due, world->now + pauses[i] * SECOND,
                        world->now + pauses[i] * SECOND + pauses[i] * SECOND / 10);
        world->now = run.next_due - 1;
        assert_int_equal(deliver(world).failed, 0);
        world->now++;
    }
    expect_status(world, "vercel", "pending");
    const cutover_integration_run last = deliver(world);
    assert_int_equal(last.given_up, 1);
    assert_int_equal(last.next_due, 0);
    expect_status(world, "vercel", "failed");
    expect_error(world, "vercel", "POST was answered 500, internal: oops");
    world->now += 1000 * HOUR;
    assert_int_equal(deliver(world).failed, 0);
    assert_int_equal(providers_count("POST", "/env"), 10);

    providers_behave();
    check_ok(cutover_integration_sync(world->integrations, &ada, "shop", "vercel", NULL, &error), error);
    assert_int_equal(deliver(world).synced, 1);
    cutover_integration *integration = get(world, "vercel");
    struct json_object *record = json_tokener_parse(cutover_integration_json(integration));
    assert_int_equal(json_object_array_length(json_member(record, "history")), 10);
    json_object_put(record);
    cutover_integration_free(integration);
}

static void limits_are_honoured(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    char script[400];

    connect_it(world, &options);
    snprintf(script, sizeof script,
             "[{\"status\":429,\"headers\":{\"X-RateLimit-Remaining\":\"0\",\"X-RateLimit-Reset\":\"%lld\"},"
             "\"body\":{\"error\":{\"code\":\"rate_limited\",\"message\":\"Rate limit exceeded\"}}}]",
             (long long)(world->now / SECOND + 900));
    providers_script(script);
    cutover_integration_run run = deliver(world);
    assert_int_equal(run.next_due, (world->now / SECOND + 900) * SECOND);
    expect_error(world, "vercel", "429, rate_limited");
    world->now = run.next_due;
    providers_script("[{\"method\":\"GET\",\"status\":429,\"headers\":{\"Retry-After\":\"7000\"}}]");
    run = deliver(world);
    assert_int_equal(run.next_due, world->now + 7000 * SECOND);
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL_UNPOOLED", "production"), "failed");
    assert_int_equal(providers_count("GET", "/env"), 1); /* it was not asked on */
    world->now = run.next_due;
    providers_script("[{\"status\":503,\"headers\":{\"Retry-After\":\"999999999\"}}]");
    run = deliver(world);
    assert_int_equal(run.next_due, world->now + 24 * HOUR);
    world->now = run.next_due;
    assert_int_equal(deliver(world).synced, 1);
}

static void one_that_is_slow_or_away_is_a_failure_and_holds_up_no_other(void **state)
{
    struct world *world = *state;
    const cutover_integration_options one = vercel(), other = netlify();

    world->options.timeout_ms = 700;
    reopen(world);
    connect_it(world, &one);
    connect_it(world, &other);
    providers_script("[{\"path\":\"/vercel\",\"hang\":true}]");
    const cutover_integration_run run = deliver(world);
    assert_int_equal(run.synced, 1);
    assert_int_equal(run.failed, 1);
    expect_status(world, "netlify", "synced");
    expect_error(world, "vercel", "POST had no answer");

    world->options.vercel_url = "http://127.0.0.1:1";
    reopen(world);
    world->now += HOUR;
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "vercel", "POST had no answer");
}

static void addresses_that_are_not_public_are_refused(void **state)
{
    struct world *world = *state;
    cutover_integrations *integrations = NULL;
    cutover_error *error = NULL;

    world->options.flags = 0;
    check_status(cutover_integrations_new(&world->options, &integrations, &error), CUTOVER_E_INVALID, error);
    world->options.vercel_url = world->options.netlify_url = NULL;
    reopen(world);
    world->options.timeout_ms = 60001;
    check_status(cutover_integrations_new(&world->options, &integrations, &error), CUTOVER_E_INVALID, error);
    world->options.timeout_ms = 0;
    world->options.folder = NULL;
    check_status(cutover_integrations_new(&world->options, &integrations, &error), CUTOVER_E_INVALID, error);
    world->options.folder = world->secrets;
    world->options.user_agent = "x\r\ny";
    check_status(cutover_integrations_new(&world->options, &integrations, &error), CUTOVER_E_INVALID, error);
    world->options.user_agent = NULL;
    world->options.flags = 8;
    check_status(cutover_integrations_new(&world->options, &integrations, &error), CUTOVER_E_INVALID, error);
}

static void what_a_provider_says_is_left_out_where_it_quotes_a_secret(void **state)
{
    static const char *const said[] = {VERCEL_TOKEN, POOLED, "s3cr3t%2Fpass", "s3cr3t/pass"};
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    char script[400];

    connect_it(world, &options);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        snprintf(
            script, sizeof script,
            "[{\"status\":400,\"body\":{\"error\":{\"code\":\"bad\",\"message\":\"not <%s>\\u001b[2J\"}}}]",
            said[i]);
        providers_script(script);
        assert_int_equal(deliver(world).failed, 1);
        expect_error(world, "vercel", "400, bad: (what it says quotes a secret, and is left out)");
        world->now += 2 * HOUR;
    }
    snprintf(script, sizeof script,
             "[{\"status\":400,\"body\":{\"error\":{\"code\":\"bad\",\"message\":\"red \\u001b[31m%0300d\"}}}]",
             0);
    providers_script(script);
    world->now += 24 * HOUR;
    assert_int_equal(deliver(world).failed, 1);
    cutover_integration *integration = get(world, "vercel");
    assert_null(strchr(cutover_integration_last_error(integration), '\x1b'));
    assert_true(strlen(cutover_integration_last_error(integration)) < 400);
    cutover_integration_free(integration);
    char *all = trail(world);
    text_add(&world->log, all);
    assert_null(strstr(text_string(&world->log), "s3cr3t"));
    assert_null(strstr(text_string(&world->log), VERCEL_TOKEN));
    free(all);
}

/* ---- events ---- */

static cutover_status offer(struct world *world, const char *type, uint64_t sequence)
{
    const cutover_event event = {1,        "0190aaaa-0000-7000-8000-000000000001",
                                 type,     "shop",
                                 sequence, 1,
                                 1,        "{\"data\":{\"job_id\":\"0190aaaa-0000-7000-8000-000000000002\"}}"};
    cutover_notifier notifier = CUTOVER_NOTIFIER_INIT;
    cutover_refusal refusal = {1, 0, 0};
    cutover_error *error = NULL;

    check_ok(cutover_integrations_notifier(world->integrations, &notifier, &error), error);
    cutover_status status = notifier.deliver(&event, &refusal, &error, notifier.userdata);
    cutover_error_free(error);
    cutover_notifier_close(&notifier);
    return status;
}

static void what_overwrites_production_makes_them_due_once(void **state)
{
    static const char *const others[] = {"restore.completed", "job.completed", "cutover.failed",
                                         "backup.completed", "cutover.lost"};
    struct world *world = *state;
    cutover_integration_options one = vercel(), other = netlify();

    assert_int_equal(offer(world, "production_overwrite_restore", 1), CUTOVER_OK); /* nothing is connected */
    one.flags = other.flags = CUTOVER_INTEGRATION_LATER;
    connect_it(world, &one);
    connect_it(world, &other);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(offer(world, others[i], 2 + i), CUTOVER_OK);
    assert_int_equal(deliver(world).synced, 0);
    assert_int_equal(offer(world, "production_overwrite_restore", 10), CUTOVER_OK);
    assert_int_equal(providers_count("POST", "/env"), 0); /* whoever takes events does not wait for sites */
    cutover_integration *integration = get(world, "vercel");
    check_contains(cutover_integration_json(integration), "\"cause\":\"production_overwrite_restore\"");
    check_contains(cutover_integration_json(integration),
                   "\"cause_job_id\":\"0190aaaa-0000-7000-8000-000000000002\"");
    cutover_integration_free(integration);
    assert_int_equal(deliver(world).synced, 2);
    assert_int_equal(offer(world, "production_overwrite_restore", 10), CUTOVER_OK); /* offered again */
    assert_int_equal(deliver(world).synced, 0);
    assert_int_equal(offer(world, "cutover.rolled_back", 11), CUTOVER_OK);
    assert_int_equal(deliver(world).synced, 2);
}

/* ---- secrets of the host's ---- */

struct host {
    cutover_integration_secrets secrets;
    unsigned asked;
    bool fails;
    char site_id[40];
};

static cutover_status tell_secrets(const cutover_integration_ref *integration, cutover_integration_give give,
                                   void *context, cutover_error **error, void *userdata)
{
    struct host *host = userdata;

    assert_int_equal(integration->version, 1);
    assert_string_equal(integration->project_id, "shop");
    snprintf(host->site_id, sizeof host->site_id, "%s", integration->site_id);
    host->asked++;
    if (host->fails) {
        *error = cutover_error_new(CUTOVER_E_IO, "the vault is sealed", NULL, NULL);
        return CUTOVER_E_IO;
    }
    return cutover_answer(give(&host->secrets, context));
}

static void secrets_may_come_from_the_host_alone(void **state)
{
    struct world *world = *state;
    struct host host = {.secrets = CUTOVER_INTEGRATION_SECRETS_INIT};
    cutover_integration_options options = vercel();
    cutover_error *error = NULL;

    world->options.folder = NULL;
    world->options.secrets = tell_secrets;
    world->options.secrets_userdata = &host;
    world->options.flags |= CUTOVER_STRICT_ANSWERS;
    reopen(world);
    check_status(cutover_integration_connect(world->integrations, &options, NULL, &error), CUTOVER_E_STATE,
                 error);
    options.token = options.pooled_url = options.unpooled_url = NULL;
    connect_it(world, &options);
    host.fails = true;
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "vercel", "the vault is sealed");
    host.fails = false;
    world->now += HOUR;
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "vercel", "nobody has the token");
    host.secrets.token = VERCEL_TOKEN;
    host.secrets.pooled_url = POOLED;
    host.secrets.unpooled_url = "host=db password=s3cr3t"; /* the library's conninfo, say */
    world->now += HOUR;
    assert_int_equal(deliver(world).failed, 1);
    expect_error(world, "vercel", "unpooled_url must begin with");
    assert_int_equal(providers_count("POST", "/env"), 0);
    host.secrets.unpooled_url = UNPOOLED;
    world->now += 3 * HOUR;
    assert_int_equal(deliver(world).synced, 1);
    expect_written("DATABASE_URL_UNPOOLED", "production", UNPOOLED);
    assert_int_equal(host.asked, 4);
    assert_string_equal(host.site_id, VERCEL_PROJECT);
}

/* ---- several at once, and processes that die ---- */

static pid_t deliver_elsewhere(struct world *world)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    char path[100];
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_integrations *integrations = NULL;
    snprintf(path, sizeof path, "%s/store", world->folder);
    world->options.store = &store;
    bool done = cutover_store_sqlite_open(path, &store, NULL) == CUTOVER_OK &&
                cutover_integrations_new(&world->options, &integrations, NULL) == CUTOVER_OK &&
                cutover_integrations_deliver(integrations, NULL, NULL, NULL) == CUTOVER_OK;
    leave(done ? 0 : 1);
}

static void expect_end(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void one_that_was_killed_before_it_read_back_is_done_again_by_another(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();

    connect_it(world, &options);
    providers_script("[{\"method\":\"GET\",\"hang\":true}]");
    pid_t pid = deliver_elsewhere(world);
    providers_wait_for("GET", "/env/", 1);
    cutover_integration_run run = deliver(world); /* it is another's */
    assert_int_equal(run.synced, 0);
    assert_int_equal(run.waiting, 1);
    assert_int_equal(run.next_due, world->now + 10 * 5 * SECOND + 60 * SECOND);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    expect_status(world, "vercel", "pending");
    world->now = run.next_due;
    assert_int_equal(deliver(world).synced, 1);
    assert_int_equal(providers_count("POST", "/env"), 2);
    assert_string_equal(outcome(world, "vercel", "DATABASE_URL", "production"), "confirmed");
    providers_check();
}

static void one_whose_last_process_died_is_given_up(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();

    connect_it(world, &options);
    providers_script("[{\"times\":9,\"status\":500}]");
    for (int i = 0; i < 9; i++) {
        deliver(world);
        world->now += 30 * HOUR;
    }
    providers_script("[{\"method\":\"POST\",\"hang\":true}]");
    pid_t pid = deliver_elsewhere(world);
    providers_wait_for("POST", "/env", 10);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    providers_behave();
    world->now += HOUR;
    assert_int_equal(deliver(world).given_up, 1);
    expect_error(world, "vercel", "did not end");
    assert_int_equal(providers_count("POST", "/env"), 10);
}

static void two_processes_make_one_attempt(void **state)
{
    struct world *world = *state;
    const cutover_integration_options one = vercel(), other = netlify();

    connect_it(world, &one);
    connect_it(world, &other);
    providers_script("[{\"times\":9,\"after\":true,\"wait\":0.05}]");
    pid_t first = deliver_elsewhere(world), second = deliver_elsewhere(world), third = deliver_elsewhere(world);
    expect_end(first);
    expect_end(second);
    expect_end(third);
    assert_int_equal(providers_count("POST", "/v10/"), 1);
    assert_int_equal(providers_count("PATCH", "/env/"), 2);
    expect_status(world, "vercel", "synced");
    expect_status(world, "netlify", "synced");
}

static void *deliver_here(void *world)
{
    deliver(world);
    return NULL;
}

static void a_wish_that_comes_meanwhile_is_carried_out_after(void **state)
{
    struct world *world = *state;
    cutover_integration_options options = vercel();
    cutover_error *error = NULL;
    pthread_t thread;

    connect_it(world, &options);
    providers_script("[{\"method\":\"GET\",\"after\":true,\"wait\":0.4}]");
    assert_int_equal(pthread_create(&thread, NULL, deliver_here, world), 0);
    providers_wait_for("GET", "/env/", 1);
    options.unpooled_url = POOLED;
    connect_it(world, &options);
    assert_int_equal(deliver(world).synced, 0); /* not beside the one that is under way */
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_status(world, "vercel", "pending");
    assert_int_equal(deliver(world).synced, 1);
    expect_written("DATABASE_URL_UNPOOLED", "production", POOLED);
    expect_status(world, "vercel", "synced");

    check_ok(cutover_integration_sync(world->integrations, &olga, "shop", "vercel", NULL, &error), error);
    providers_script("[{\"method\":\"GET\",\"after\":true,\"wait\":0.4}]");
    assert_int_equal(pthread_create(&thread, NULL, deliver_here, world), 0);
    providers_wait_for("GET", "/env/", 5);
    check_ok(cutover_integration_disconnect(world->integrations, &olga, "shop", "vercel", &error), error);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(deliver(world).waiting, 0); /* what it found out is nobody's */
}

static void what_is_stopped_is_due_again_at_once(void **state)
{
    struct world *world = *state;
    const cutover_integration_options options = vercel();
    pthread_t thread;

    connect_it(world, &options);
    providers_script("[{\"method\":\"POST\",\"hang\":true}]");
    assert_int_equal(pthread_create(&thread, NULL, deliver_here, world), 0);
    providers_wait_for("POST", "/env", 1);
    cutover_integrations_stop(world->integrations);
    assert_int_equal(pthread_join(thread, NULL), 0);
    cutover_integration_run run = deliver(world);
    assert_int_equal(run.waiting, 1);
    assert_int_equal(run.next_due, world->now);
    reopen(world);
    assert_int_equal(deliver(world).synced, 1);
    cutover_integration *integration = get(world, "vercel");
    check_contains(cutover_integration_json(integration), "\"attempts\":1,");
    cutover_integration_free(integration);
}

/* ---- lists, and misuse ---- */

static cutover_status collect(const cutover_integration *integration, void *context)
{
    text_add_format(context, "%s/%s ", cutover_integration_project_id(integration),
                    cutover_integration_provider(integration));
    return CUTOVER_OK;
}

static void lists_are_in_order_and_by_project(void **state)
{
    struct world *world = *state;
    cutover_integration_options options = vercel();
    struct text all = TEXT_INIT, one = TEXT_INIT;
    cutover_error *error = NULL;

    connect_it(world, &options);
    options.project_id = "blog";
    connect_it(world, &options);
    options = netlify();
    connect_it(world, &options);
    check_ok(cutover_integrations_list(world->integrations, NULL, collect, &all, &error), error);
    assert_string_equal(text_string(&all), "blog/vercel shop/netlify shop/vercel ");
    check_ok(cutover_integrations_list(world->integrations, "shop", collect, &one, &error), error);
    assert_string_equal(text_string(&one), "shop/netlify shop/vercel ");
    text_free(&all);
    text_free(&one);
    cutover_integration_run run = CUTOVER_INTEGRATION_RUN_INIT;
    check_ok(cutover_integrations_deliver(world->integrations, "blog", &run, &error), error);
    assert_int_equal(run.synced, 1);
    assert_int_equal(deliver(world).synced, 2);
}

static cutover_status make_with(struct world *world, const cutover_integrations_options *options,
                                cutover_error **error)
{
    cutover_integrations *made = NULL;
    cutover_status status = cutover_integrations_new(options, &made, error);

    (void)world;
    assert_int_equal(made != NULL, status == CUTOVER_OK);
    cutover_integrations_free(made);
    return status;
}

static void options_out_of_their_bounds_open_nothing(void **state)
{
    struct world *world = *state;
    cutover_integrations_options options[14];
    cutover_error *error = NULL;
    char long_agent[300], long_project[250];
    cutover_integration *integration = NULL;

    memset(long_agent, 'a', sizeof long_agent - 1);
    long_agent[sizeof long_agent - 1] = '\0';
    memset(long_project, 'p', sizeof long_project - 1);
    long_project[sizeof long_project - 1] = '\0';
    for (size_t i = 0; i < 14; i++)
        options[i] = world->options;
    options[0].flags = 1U << 30;
    options[1].folder = NULL;
    options[2].timeout_ms = 99;
    options[3].timeout_ms = 60001;
    options[4].parallel = 65;
    options[5].user_agent = "";
    options[6].user_agent = long_agent;
    options[7].user_agent = "a\tb";
    options[8].vercel_url = "http://127.0.0.1:1/?query";
    options[9].netlify_url = "http://127.0.0.1:1/#part";
    options[10].netlify_url = "nowhere";
    options[11].store = NULL;
    for (size_t i = 0; i < 12; i++)
        check_status(make_with(world, &options[i], &error), CUTOVER_E_INVALID, error);
    options[12].ca_file = "/nonexistent/ca.pem";
    check_status(make_with(world, &options[12], &error), CUTOVER_E_IO, error);
    options[13].vercel_url = "http://127.0.0.1:1///";
    options[13].user_agent = "ours/1";
    options[13].parallel = 2;
    check_ok(make_with(world, &options[13], &error), error);
    check_status(cutover_integrations_new(&world->options, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_integration_get(world->integrations, long_project, "vercel", &integration, &error),
                 CUTOVER_E_INVALID, error);
    assert_null(integration);
}

static void misuse_is_an_error(void **state)
{
    struct world *world = *state;
    cutover_integration_run run = {.version = 9};
    cutover_integration *integration = NULL;
    cutover_error *error = NULL;

    check_status(cutover_integrations_deliver(NULL, NULL, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_integrations_deliver(world->integrations, NULL, &run, &error), CUTOVER_E_UNSUPPORTED,
                 error);
    check_status(cutover_integration_get(world->integrations, NULL, "vercel", &integration, &error),
                 CUTOVER_E_INVALID, error);
    check_status(cutover_integration_get(world->integrations, "shop", NULL, &integration, &error),
                 CUTOVER_E_INVALID, error);
    check_status(cutover_integration_get(world->integrations, "shop", "vercel", NULL, &error),
                 CUTOVER_E_INVALID, error);
    check_status(cutover_integrations_list(world->integrations, NULL, NULL, NULL, &error), CUTOVER_E_INVALID,
                 error);
    check_status(cutover_integrations_notifier(world->integrations, NULL, &error), CUTOVER_E_INVALID, error);
    check_status(cutover_integrations_new(NULL, NULL, &error), CUTOVER_E_INVALID, error);
    assert_null(cutover_integration_id(NULL));
    assert_null(cutover_integration_json(NULL));
    assert_int_equal(cutover_integration_version(NULL), 0);
    cutover_integration_free(NULL);
    cutover_integrations_free(NULL);
    cutover_integrations_stop(NULL);
}

static void times_to_ask_again_are_read_as_they_are_sent(void **state)
{
    (void)state;
    assert_int_equal(retry_at_seconds("1372700873"), INT64_C(1372700873) * SECOND);
    assert_int_equal(retry_at_seconds("-1"), 0);
    assert_int_equal(retry_at_seconds("9999999999999"), 0);
    assert_int_equal(retry_at_seconds(NULL), 0);
    assert_int_equal(retry_next(RETRY_ATTEMPTS, 5, 0), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(secrets_lie_in_files_of_their_own_and_nowhere_else),
        CASE(a_secret_that_is_not_given_stays),
        CASE(connecting_again_is_the_same_integration),
        CASE(what_cannot_be_connected_is_refused_by_name),
        CASE(disconnecting_leaves_no_secret),
        CASE(files_of_processes_that_died_are_swept_once_they_are_old),
        CASE(a_secret_that_others_may_read_is_not_used),
        CASE(vercel_gets_one_call_for_each_target_and_is_read_back),
        CASE(a_personal_account_has_no_team),
        CASE(what_vercel_names_among_the_failed_is_a_failure),
        CASE(a_201_that_tells_of_nothing_is_a_failure),
        CASE(another_value_that_is_read_back_is_a_failure),
        CASE(what_cannot_be_read_back_is_said_so),
        CASE(netlify_gets_a_value_for_each_context_and_is_read_back),
        CASE(what_netlify_shows_otherwise_is_a_failure),
        CASE(a_failure_is_tried_again_and_then_given_up),
        CASE(limits_are_honoured),
        CASE(one_that_is_slow_or_away_is_a_failure_and_holds_up_no_other),
        CASE(addresses_that_are_not_public_are_refused),
        CASE(what_a_provider_says_is_left_out_where_it_quotes_a_secret),
        CASE(what_overwrites_production_makes_them_due_once),
        CASE(secrets_may_come_from_the_host_alone),
        CASE(one_that_was_killed_before_it_read_back_is_done_again_by_another),
        CASE(one_whose_last_process_died_is_given_up),
        CASE(two_processes_make_one_attempt),
        CASE(a_wish_that_comes_meanwhile_is_carried_out_after),
        CASE(what_is_stopped_is_due_again_at_once),
        CASE(lists_are_in_order_and_by_project),
        CASE(options_out_of_their_bounds_open_nothing),
        CASE(misuse_is_an_error),
        cmocka_unit_test(times_to_ask_again_are_read_as_they_are_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
