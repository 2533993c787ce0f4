#include "support/shop.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Passwords stay where the host keeps them (P9). Each secret here repeats none of its first byte (shop_holds). */

#define SECRET "Zq7-never-to-be-seen"
#define WRONG "Xw9-wrong-and-secret"

static struct cluster *cluster;
static char *production, *preview;

/* A platform whose connection strings hold passwords, as a host's own inventory may. */
static cutover_status project_get(const char *id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    cutover_project project = CUTOVER_PROJECT_INIT;

    (void)error;
    (void)userdata;
    project.id = id;
    project.database = production;
    return emit(&project, context);
}

static cutover_status project_set_state(const char *id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    (void)id;
    (void)expected;
    (void)next;
    (void)job_id;
    (void)error;
    (void)userdata;
    return CUTOVER_OK;
}

static cutover_status preview_get(const char *id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    cutover_preview it = CUTOVER_PREVIEW_INIT;

    (void)error;
    (void)userdata;
    it.id = id;
    it.project_id = "vault";
    it.database = preview;
    return emit(&it, context);
}

static char *conninfo_with(const char *database, const char *password)
{
    return shop_format("host=127.0.0.1 port=%d user=vault dbname=%s password=%s", cluster_port(cluster),
                       database, password);
}

/* The programs are those of a host that says nothing about them: in Debian a script that starts them (see cluster.h). */
static int start_cluster(void **state)
{
    char *path = strdup(getenv("PATH"));

    (void)state;
    cluster = cluster_start(NULL);
    setenv("PATH", path, 1);
    free(path);
    shop_use(cluster);
    cluster_sql(cluster, "postgres", "CREATE ROLE vault SUPERUSER LOGIN PASSWORD '" SECRET "'");
    shop_database(cluster, "vault_production", shop_production_sql());
    shop_database(cluster, "vault_preview", shop_preview_sql());
    return 0;
}

/* A shop whose engine asks the platform above instead of the registry. */
static int open_shop(void **state)
{
    shop_setup(state);
    struct shop *shop = *state;
    shop->known.project_get = project_get;
    shop->known.project_set_state = project_set_state;
    shop->known.preview_get = preview_get;
    return 0;
}

static int close_shop(void **state)
{
    free(production);
    free(preview);
    production = preview = NULL;
    return shop_teardown(state);
}

static void check_silent(struct shop *shop, const struct outcome *outcome, const char *secret)
{
    const char *const texts[] = {json_object_to_json_string(outcome->report),
                                 cutover_error_message(outcome->error), cutover_error_detail(outcome->error),
                                 cutover_error_hint(outcome->error)};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i] != NULL)
            assert_null(strstr(texts[i], secret));
    assert_false(shop_holds(shop, secret));
}

/* Arguments of every process of the machine are everybody's to read: the children's, while they run. */
static bool is_in_arguments(const char *secret)
{
    DIR *processes = opendir("/proc");
    bool found = false;

    assert_non_null(processes);
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        char path[300], bytes[65536];
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        int file = isdigit((unsigned char)entry->d_name[0]) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (file < 0)
            continue;
        ssize_t count = read(file, bytes, sizeof bytes);
        found = found || (count > 0 && memmem(bytes, (size_t)count, secret, strlen(secret)) != NULL);
        close(file);
    }
    closedir(processes);
    return found;
}

struct watch {
    atomic_int stop, looks, seen;
};

static void *watch_arguments(void *context)
{
    struct watch *watch = context;

    while (!watch->stop) {
        watch->seen = watch->seen || is_in_arguments(SECRET);
        watch->looks++;
        usleep(2000);
    }
    return NULL;
}

static void a_promotion_tells_no_password(void **state)
{
    struct shop *shop = *state;

    production = conninfo_with("vault_production", SECRET);
    preview = conninfo_with("vault_preview", SECRET);
    char *request = shop_acked(shop, "vault", "next");
    struct shop_promotion promotion = {.request_id = request, .verify = CUTOVER_VERIFY_RESTORE};
    struct watch watch = {0};
    pthread_t watcher;
    assert_int_equal(pthread_create(&watcher, NULL, watch_arguments, &watch), 0);
    struct outcome outcome = shop_promote(shop, &promotion);
    watch.stop = 1;
    pthread_join(watcher, NULL);
    check_ok(outcome.status, outcome.error);
    assert_true(watch.looks > 10);
    assert_false(watch.seen);

    check_silent(shop, &outcome, SECRET);
    char *name = cluster_value(cluster, "vault_production", "SELECT name FROM generation");
    assert_string_equal(name, "new");
    /* The search itself can find. */
    assert_true(shop_holds(shop, "vault_production"));
    free(name);
    outcome_free(&outcome);
    free(request);
}

static void a_refused_password_is_not_told(void **state)
{
    struct shop *shop = *state;

    production = conninfo_with("vault_production", WRONG);
    preview = conninfo_with("vault_preview", SECRET);
    char *request = shop_acked(shop, "vault", "other");
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote(shop, &promotion);

    check_status_keep(outcome.status, CUTOVER_E_PREFLIGHT, outcome.error);
    check_contains(cutover_error_detail(outcome.error), "production");
    check_silent(shop, &outcome, WRONG);
    check_silent(shop, &outcome, SECRET);
    outcome_free(&outcome);
    free(request);
}

/* What cannot be parsed is not quoted. */
static void a_broken_connection_string_is_not_told(void **state)
{
    struct shop *shop = *state;
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_error *error = NULL;

    production = shop_format("host=127.0.0.1 pasword=%s", WRONG);
    preview = conninfo_with("vault_preview", SECRET);
    options.actor = &shop_member;
    options.project_id = "vault";
    options.preview_id = "third";
    check_status_keep(cutover_request_create(shop->engine, &options, NULL, &error), CUTOVER_E_INVALID, error);
    struct outcome outcome = {.error = error, .report = json_object_new_object()};
    check_silent(shop, &outcome, WRONG);
    outcome_free(&outcome);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shop, close_shop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_promotion_tells_no_password),
        TEST(a_refused_password_is_not_told),
        TEST(a_broken_connection_string_is_not_told),
    };

    return cmocka_run_group_tests_name("secrets", tests, start_cluster, NULL);
}
