#include "support/shop.h"
#include "support/agree.h"
#include "support/sweep.h"

#include "base/id.h"
#include "engine/engine.h"
#include "job/lease_watch.h"
#include "told.h"

#include <dirent.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const cutover_actor shop_member = {CUTOVER_ACTOR_VERSION, "carla", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER};
const cutover_actor shop_operator = {CUTOVER_ACTOR_VERSION, "olga", CUTOVER_ACTOR_OPERATOR,
                                     CUTOVER_ROLE_OPERATOR};
const cutover_actor shop_other_operator = {CUTOVER_ACTOR_VERSION, "otto", CUTOVER_ACTOR_OPERATOR,
                                           CUTOVER_ROLE_OPERATOR};

char *shop_format(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    assert_true(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

/* Names in a folder, without "." and "..". */
static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = -2;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* ---- the platform: the registry's, and hooks that are counted ---- */

static cutover_status project_get(const char *id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_platform *known = &((struct shop *)userdata)->known;

    return known->project_get(id, emit, context, error, known->userdata);
}

static cutover_status project_set_state(const char *id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata)
{
    const cutover_platform *known = &((struct shop *)userdata)->known;

    return known->project_set_state(id, expected, next, job_id, error, known->userdata);
}

static cutover_status preview_get(const char *id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata)
{
    const cutover_platform *known = &((struct shop *)userdata)->known;

    return known->preview_get(id, emit, context, error, known->userdata);
}

static cutover_status preview_extend(const char *id, int64_t expires_at, cutover_error **error, void *userdata)
{
    const cutover_platform *known = &((struct shop *)userdata)->known;

    return known->preview_extend(id, expires_at, error, known->userdata);
}

static cutover_status hook_result(bool fails, const char *message, cutover_error **error)
{
    if (!fails)
        return CUTOVER_OK;
    *error = cutover_error_new(CUTOVER_E_IO, message, NULL, NULL);
    return CUTOVER_E_IO;
}

static cutover_status traffic_pause(const char *project_id, cutover_error **error, void *userdata)
{
    struct shop *shop = userdata;

    (void)project_id;
    shop->traffic.pauses++;
    if (shop->traffic.while_paused != NULL)
        shop->traffic.while_paused(shop, shop->traffic.context);
    return hook_result(shop->traffic.pause_fails, "the pooler did not pause", error);
}

static cutover_status traffic_resume(const char *project_id, cutover_error **error, void *userdata)
{
    struct shop *shop = userdata;

    (void)project_id;
    shop->traffic.resumes++;
    if (shop->traffic.at_resume != NULL)
        shop->traffic.at_resume(shop, shop->traffic.context);
    return hook_result(shop->traffic.resume_fails, "the pooler did not resume", error);
}

static cutover_status integrations_sync(const char *project_id, cutover_error **error, void *userdata)
{
    struct shop *shop = userdata;

    (void)project_id;
    shop->traffic.syncs++;
    return hook_result(shop->traffic.sync_fails, "the site was not rebuilt", error);
}

/* ---- opening and closing ---- */

static void *do_nothing(void *context)
{
    return context;
}

/* A sanitizer may start a thread of its own with the first of ours. */
static int count_threads(void)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
    pthread_join(thread, NULL);
    return count_entries("/proc/self/task");
}

/* Polls: a thread that was joined takes a moment to be gone. */
static bool threads_end(int expected)
{
    const struct timespec pause = {0, 20 * 1000 * 1000};
    int count = count_entries("/proc/self/task");

    for (int try = 0; try < 250 && count > expected; try++) {
        nanosleep(&pause, NULL);
        count = count_entries("/proc/self/task");
    }
    return count <= expected;
}

int64_t shop_now(struct shop *shop)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * SHOP_SECOND + now.tv_nsec / 1000 + shop->clock_shift_us;
}

static int64_t shop_clock(void *userdata)
{
    return shop_now(userdata);
}

static int64_t shop_monotonic(void *userdata)
{
    return ((struct shop *)userdata)->monotonic_us;
}

void shop_drive_monotonic(struct shop *shop)
{
    assert_ptr_equal(shop->engine->host.clock.userdata, shop);
    shop->engine->host.clock.monotonic = shop_monotonic;
    shop->engine->host.failover_wait_ms = 0;
    shop->engine->host.verdict_wait_ms = 0;
}

void shop_leases_fall_silent(struct shop *shop)
{
    char dead[ID_SIZE];

    lease_find_dead(&shop->engine->host, NULL, dead);
    shop->monotonic_us += 31 * SHOP_SECOND;
}

static void keep_log(cutover_log_level level, const char *line, void *userdata)
{
    struct shop *shop = userdata;
    size_t length = strlen(line);

    (void)level;
    pthread_mutex_lock(&shop->log_mutex);
    char *grown = realloc(shop->log, shop->log_length + length + 2);
    if (grown != NULL) {
        shop->log = grown;
        memcpy(grown + shop->log_length, line, length);
        shop->log_length += length + 1;
        grown[shop->log_length - 1] = '\n';
        grown[shop->log_length] = '\0';
    }
    pthread_mutex_unlock(&shop->log_mutex);
}

static void open_engine(struct shop *shop, const char *work, uint32_t policy)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_platform platform = CUTOVER_PLATFORM_INIT;
    cutover_error *error = NULL;

    platform.userdata = shop;
    platform.project_get = project_get;
    platform.project_set_state = project_set_state;
    platform.preview_get = preview_get;
    platform.preview_extend = preview_extend;
    platform.traffic_pause = traffic_pause;
    platform.traffic_resume = traffic_resume;
    platform.integrations_sync = integrations_sync;
    options.store = &shop->store;
    options.repository = &shop->repository;
    options.platform = &platform;
    options.work_dir = work;
    options.log = keep_log;
    options.log_userdata = shop;
    options.clock = shop_clock;
    options.clock_userdata = shop;
    options.maintenance_mem_mb = 16;
    options.policy = policy;
    check_ok(cutover_engine_new(&options, &shop->engine, &error), error);
    shop_drive_monotonic(shop);
}

void shop_open(struct shop *shop, struct cluster *cluster, const char *home)
{
    cutover_error *error = NULL;

    memset(shop, 0, sizeof *shop);
    shop->cluster = cluster;
    shop->shares_home = home != NULL;
    shop->descriptors = count_entries("/proc/self/fd");
    shop->threads = count_threads();
    pthread_mutex_init(&shop->log_mutex, NULL);
    snprintf(shop->home, sizeof shop->home, "%s", home != NULL ? home : cluster_temp_dir());
    char *store = shop_format("%s/store.db", shop->home);
    char *backups = shop_format("%s/backups", shop->home);
    char *work = shop_format("%s/work", shop->home);

    if (!shop->shares_home)
        assert_int_equal(mkdir(work, 0700), 0);
    cutover_store_init(&shop->store, CUTOVER_STORE_VERSION);
    cutover_repository_init(&shop->repository, CUTOVER_REPOSITORY_VERSION);
    cutover_platform_init(&shop->known, CUTOVER_PLATFORM_VERSION);
    check_ok(cutover_store_sqlite_open(store, &shop->store, &error), error);
    check_ok(cutover_repository_directory_open(backups, &shop->repository, &error), error);
    check_ok(cutover_registry_open(&shop->store, &shop->registry, &error), error);
    check_ok(cutover_registry_platform(shop->registry, &shop->known, &error), error);
    open_engine(shop, work, 0);
    free(store);
    free(backups);
    free(work);
}

void shop_set_policy(struct shop *shop, uint32_t policy)
{
    char *work = shop_format("%s/work", shop->home);

    cutover_engine_free(shop->engine);
    open_engine(shop, work, policy);
    free(work);
}

static void complain(char **left, const char *what)
{
    char *longer = shop_format("%s%s%s", *left, (*left)[0] != '\0' ? ", " : "", what);

    free(*left);
    *left = longer;
}

static bool a_child_ended(void)
{
    siginfo_t ended = {0};

    return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0;
}

/* Closes, and says what was left. What a job may still use, after a test that failed while it ran, is left open. */
static void close_and_look(struct shop *shop, char **left)
{
    if (!threads_end(shop->threads)) {
        complain(left, "threads that run");
        return;
    }
    told_everything(shop->engine);
    cutover_engine_free(shop->engine);
    cutover_registry_free(shop->registry);
    cutover_repository_close(&shop->repository);
    cutover_store_close(&shop->store);
    pthread_mutex_destroy(&shop->log_mutex);
    free(shop->log);
    /* SQLite keeps a file that another connection locks open until that one goes, too. */
    if (!shop->shares_home && count_entries("/proc/self/fd") > shop->descriptors)
        complain(left, "open descriptors");
    if (a_child_ended())
        complain(left, "a child that nobody waited for");
    char *work = shop_format("%s/work", shop->home);
    if (count_entries(work) != 0)
        complain(left, "folders of jobs");
    free(work);
}

static void fail_for(char *left)
{
    if (left[0] != '\0')
        fail_msg("left behind: %s", left);
    free(left);
}

void shop_close(struct shop *shop)
{
    char *left = shop_format("%s", "");

    close_and_look(shop, &left);
    fail_for(left);
}

static long becomes_zero(struct cluster *cluster, const char *sql)
{
    const struct timespec pause = {0, 10 * 1000 * 1000};
    long count = -1;

    for (int try = 0; try < 500 && count != 0; try++) {
        if (try > 0)
            nanosleep(&pause, NULL);
        count = cluster_number(cluster, "postgres", sql);
    }
    return count;
}

void check_becomes_zero(struct cluster *cluster, const char *sql)
{
    long count = becomes_zero(cluster, sql);

    if (count != 0)
        fail_msg("%ld: %s", count, sql);
}

static void look_at_server(struct cluster *cluster, char **left)
{
    static const char *const queries[][2] = {
        {"sessions", "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'libcutover%'"},
        {"advisory locks", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"},
        {"logins", "SELECT count(*) FROM pg_roles WHERE rolname ~ '^cutover_'"},
        {"databases of a job", "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_(stage|verify)_'"},
    };

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        if (becomes_zero(cluster, queries[i][1]) != 0)
            complain(left, queries[i][0]);
}

void shop_check_server(struct cluster *cluster)
{
    char *left = shop_format("%s", "");

    look_at_server(cluster, &left);
    fail_for(left);
    for (;;) {
        char *name = cluster_value(
            cluster, "postgres",
            "SELECT quote_ident(datname) FROM pg_database WHERE datname ~ '^cutover_old_' LIMIT 1");
        bool last = name[0] == '\0';
        char *sql = shop_format("DROP DATABASE %s WITH (FORCE)", name);
        if (!last)
            cluster_sql(cluster, "postgres", sql);
        free(sql);
        free(name);
        if (last)
            return;
    }
}

static struct cluster *used;

void shop_use(struct cluster *cluster)
{
    used = cluster;
}

int shop_setup(void **state)
{
    struct shop *shop = calloc(1, sizeof *shop);

    assert_non_null(shop);
    sweep_mark();
    shop_open(shop, used, NULL);
    *state = shop;
    return 0;
}

int shop_teardown(void **state)
{
    char *left = shop_format("%s", "");

    sweep_revive();
    close_and_look(*state, &left);
    for (struct cluster *cluster = cluster_next(NULL); cluster != NULL; cluster = cluster_next(cluster))
        look_at_server(cluster, &left);
    bool open = strstr(left, "threads") != NULL;
    sweep();
    if (!open)
        free(*state);
    fail_for(left);
    return 0;
}

bool shop_has_partials(const struct shop *shop)
{
    char *pattern = shop_format("%s/backups/*.partial", shop->home);
    glob_t found;
    int status = glob(pattern, 0, NULL, &found);

    assert_true(status == 0 || status == GLOB_NOMATCH);
    globfree(&found);
    free(pattern);
    return status == 0;
}

/* ---- projects, previews, requests ---- */

void shop_project(struct shop *shop, const char *id, const char *conninfo)
{
    cutover_project project = CUTOVER_PROJECT_INIT;
    cutover_error *error = NULL;

    project.id = id;
    project.organization_id = "acme";
    project.database = conninfo;
    check_ok(cutover_registry_project_add(shop->registry, &project, &error), error);
}

void shop_preview(struct shop *shop, const char *id, const char *project_id, const char *conninfo,
                  int64_t expires_at)
{
    cutover_preview preview = CUTOVER_PREVIEW_INIT;
    cutover_error *error = NULL;

    preview.id = id;
    preview.project_id = project_id;
    preview.database = conninfo;
    preview.expires_at = expires_at;
    check_ok(cutover_registry_preview_add(shop->registry, &preview, &error), error);
}

char *shop_request(struct shop *shop, const char *project_id, const char *preview_id)
{
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    options.actor = &shop_member;
    options.project_id = project_id;
    options.preview_id = preview_id;
    options.external_ticket_ref = "TICKET-1";
    check_ok(cutover_request_create(shop->engine, &options, &request, &error), error);
    char *id = shop_format("%s", cutover_request_id(request));
    cutover_request_free(request);
    return id;
}

char *shop_acked(struct shop *shop, const char *project_id, const char *preview_id)
{
    cutover_error *error = NULL;
    char *id = shop_request(shop, project_id, preview_id);

    check_ok(agree(shop->engine, &shop_operator, id, NULL, 0, NULL, &error), error);
    return id;
}

char *shop_ready(struct shop *shop, const char *name)
{
    char *production = shop_format("%s_production", name);
    char *preview = shop_format("%s_preview", name);

    shop_database(shop->cluster, production, shop_production_sql());
    shop_database(shop->cluster, preview, shop_preview_sql());
    shop_project(shop, name, cluster_conninfo(shop->cluster, production));
    shop_preview(shop, name, name, cluster_conninfo(shop->cluster, preview), 0);
    free(production);
    free(preview);
    return shop_acked(shop, name, name);
}

static cutover_status receive_state(const cutover_project *project, void *context)
{
    *(char **)context = shop_format("%s", project->state);
    return CUTOVER_OK;
}

char *shop_project_state(struct shop *shop, const char *project_id)
{
    cutover_error *error = NULL;
    char *state = NULL;

    check_ok(shop->known.project_get(project_id, receive_state, &state, &error, shop->known.userdata), error);
    return state;
}

char *shop_request_status(struct shop *shop, const char *request_id)
{
    cutover_request *request = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_request_get(shop->engine, request_id, &request, &error), error);
    char *status = shop_format("%s", cutover_request_status(request));
    cutover_request_free(request);
    return status;
}

static void add_word(char **list, const char *word)
{
    char *longer = *list == NULL ? shop_format("%s", word) : shop_format("%s %s", *list, word);

    free(*list);
    *list = longer;
}

static cutover_status receive_action(const cutover_audit_entry *entry, void *context)
{
    if (strncmp(entry->action, "project.", 8) == 0 || strncmp(entry->action, "preview.", 8) == 0)
        return CUTOVER_OK;
    add_word(context, entry->action);
    return CUTOVER_OK;
}

char *shop_audit(struct shop *shop, const char *project_id)
{
    cutover_error *error = NULL;
    char *list = NULL;

    check_ok(cutover_audit_list(shop->engine, project_id, NULL, 1000, receive_action, &list, &error), error);
    return list != NULL ? list : shop_format("%s", "");
}

static cutover_status receive_event(const cutover_event *event, void *context)
{
    add_word(context, event->type);
    return CUTOVER_OK;
}

char *shop_events(struct shop *shop, const char *project_id)
{
    cutover_error *error = NULL;
    char *list = NULL;

    check_ok(cutover_events_list(shop->engine, project_id, receive_event, &list, &error), error);
    return list != NULL ? list : shop_format("%s", "");
}

/* ---- promotions ---- */

struct watching {
    struct shop *shop;
    const struct shop_promotion *promotion;
    unsigned ticks;
    unsigned fired; /* bits: which hooks were called */
    cutover_progress last;
    char step[32]; /* of that */
};

/* Nothing that was told is taken back within a step; and nobody can say how long a person takes. */
static void check_goes_on(struct watching *watching, const cutover_progress *now)
{
    const cutover_progress *last = &watching->last;

    assert_true(now->fraction >= last->fraction && now->fraction <= 1);
    if (strcmp(watching->step, now->step) == 0) {
        assert_true(now->bytes_done >= last->bytes_done && now->rows_done >= last->rows_done);
        assert_true(now->tables_done >= last->tables_done && now->tables_done <= now->tables_total);
    }
    assert_true(strcmp(now->step, "held") != 0 || now->seconds_left < 0);
    snprintf(watching->step, sizeof watching->step, "%s", now->step);
    watching->last = *now;
}

static int32_t watch(const cutover_progress *progress, void *userdata)
{
    struct watching *watching = userdata;
    const struct shop_promotion *promotion = watching->promotion;
    int32_t cancel = 0;

    watching->ticks++;
    check_goes_on(watching, progress);
    for (unsigned i = 0; promotion->hooks != NULL && promotion->hooks[i].step != NULL; i++) {
        const struct shop_hook *hook = &promotion->hooks[i];
        if ((watching->fired & (1u << i)) != 0 || strcmp(hook->step, progress->step) != 0)
            continue;
        watching->fired |= 1u << i;
        if (hook->act(watching->shop, hook->context) != 0)
            cancel = 1;
    }
    return watching->ticks == promotion->cancel_at_tick ? 1 : cancel;
}

struct outcome shop_promote(struct shop *shop, const struct shop_promotion *promotion)
{
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    struct watching watching = {.shop = shop, .promotion = promotion};
    struct outcome outcome = {0};
    cutover_promotion *job = NULL;

    options.actor = &shop_operator;
    options.request_id = promotion->request_id;
    options.jobs = promotion->jobs;
    options.verify = promotion->verify != 0 ? promotion->verify : CUTOVER_VERIFY_READBACK;
    options.hold = promotion->hold;
    options.hold_max_s = promotion->hold_max_s;
    options.writes_refused_max_s = promotion->writes_refused_max_s;
    options.fence = promotion->fence;
    options.progress = watch;
    options.progress_userdata = &watching;
    outcome.status = cutover_promotion_start(shop->engine, &options, &job, &outcome.error);
    if (outcome.status != CUTOVER_OK)
        return outcome;
    assert_null(cutover_promotion_report(job));
    outcome.status = cutover_promotion_run(job, &outcome.error);
    outcome.ticks = watching.ticks;
    assert_int_equal(cutover_error_code(outcome.error), outcome.status);
    outcome.report = json_tokener_parse(cutover_promotion_report(job));
    told("report", cutover_promotion_report(job));
    told("preflight", cutover_preflight_json(cutover_promotion_preflight(job)));
    assert_non_null(outcome.report);
    if (cutover_promotion_id(job) != NULL)
        snprintf(outcome.promotion_id, sizeof outcome.promotion_id, "%s", cutover_promotion_id(job));
    cutover_promotion_free(job);
    return outcome;
}

struct outcome shop_promote_ok(struct shop *shop, const struct shop_promotion *promotion)
{
    struct outcome outcome = shop_promote(shop, promotion);

    check_ok(outcome.status, outcome.error);
    return outcome;
}

void outcome_free(struct outcome *outcome)
{
    cutover_error_free(outcome->error);
    json_object_put(outcome->report);
    memset(outcome, 0, sizeof *outcome);
}

const char *outcome_text(const struct outcome *outcome, const char *path)
{
    struct json_object *object = outcome->report;
    char *copy = shop_format("%s", path), *rest = copy;

    for (char *name = strsep(&rest, "."); name != NULL; name = strsep(&rest, ".")) {
        struct json_object *member = NULL;
        if (!json_object_object_get_ex(object, name, &member))
            fail_msg("no %s in the report: %s", path, json_object_to_json_string(outcome->report));
        object = member;
    }
    free(copy);
    return object == NULL ? "null" : json_object_get_string(object);
}

/* ---- what a database and a folder hold ---- */

void shop_run(const char *const *argv)
{
    char *output = NULL;
    int status = cluster_run(argv, &output);

    if (status != 0)
        fail_msg("%s ended with %d:\n%s", argv[0], status, output);
    free(output);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the rows of each COPY: the order in which a table's pages take them is nobody's promise. */
static void sort_rows(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t first = i + 1;
        if (strncmp(lines[i], "COPY ", 5) != 0 || strstr(lines[i], " FROM stdin;") == NULL)
            continue;
        while (i < count && strcmp(lines[i], "\\.") != 0)
            i++;
        if (i > first)
            qsort(lines + first, i - first, sizeof *lines, compare_lines);
    }
}

/* Takes a dump, and gives it without what differs from one run of pg_dump to the next. */
static char *keep_content(char *dump)
{
    size_t length = strlen(dump), count = 0;
    char **lines = calloc(length + 1, sizeof *lines);
    char *content = malloc(length + 2), *end = content;

    assert_non_null(lines);
    assert_non_null(content);
    for (char *rest = dump, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (strncmp(line, "\\restrict ", 10) != 0 && strncmp(line, "\\unrestrict ", 12) != 0)
            lines[count++] = line;
    sort_rows(lines, count);
    *end = '\0';
    for (size_t i = 0; i < count; i++)
        end = stpcpy(stpcpy(end, lines[i]), "\n");
    free(lines);
    free(dump);
    return content;
}

char *shop_dump(struct cluster *cluster, const char *database)
{
    const char *argv[] = {cluster_program("pg_dump"), "--no-owner", "-d", cluster_conninfo(cluster, database),
                          NULL};
    char *output = NULL;
    int status = cluster_run(argv, &output);

    if (status != 0)
        fail_msg("pg_dump ended with %d:\n%s", status, output);
    return keep_content(output);
}

char *shop_properties(struct cluster *cluster, const char *database)
{
    char *sql = shop_format(
        "SELECT concat_ws(' | ', pg_get_userbyid(datdba), datconnlimit, datallowconn, encoding, datcollate,"
        "    datctype, datlocprovider, to_jsonb(d) ->> 'datlocale', dattablespace, shobj_description(d.oid, "
        "'pg_database'),"
        "    (SELECT string_agg(g, ',' ORDER BY g) FROM (SELECT format('%%s:%%s:%%s:%%s', grantee::regrole,"
        "            privilege_type, is_grantable, grantor::regrole) AS g"
        "       FROM aclexplode(coalesce(datacl, acldefault('d', datdba)))) a),"
        "    (SELECT string_agg(format('%%s:%%s', setrole::regrole, setconfig), ',' ORDER BY "
        "setrole::regrole::text)"
        "       FROM pg_db_role_setting WHERE setdatabase = d.oid))"
        "  FROM pg_database d WHERE datname = '%s'",
        database);
    char *value = cluster_value(cluster, "postgres", sql);

    free(sql);
    return value;
}

void shop_database(struct cluster *cluster, const char *name, const char *sql)
{
    cluster_create_database(cluster, name);
    if (sql != NULL)
        cluster_sql(cluster, name, sql);
}

static const char *sought, *left_out; /* left_out: a file's name, or NULL */
static bool found;

static int search_file(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    if (type != FTW_F || (left_out != NULL && strcmp(path + walk->base, left_out) == 0))
        return 0;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t matched = 0, length = strlen(sought);
    for (int byte = fgetc(file); byte != EOF && matched < length; byte = fgetc(file)) {
        /* Nothing that is sought repeats its first byte, so that a mismatch restarts at this byte. */
        if (byte == (unsigned char)sought[matched])
            matched++;
        else
            matched = byte == (unsigned char)sought[0];
    }
    fclose(file);
    found = found || matched == length;
    return found;
}

bool shop_holds(struct shop *shop, const char *bytes)
{
    return shop_holds_beside(shop, bytes, NULL);
}

bool shop_holds_beside(struct shop *shop, const char *bytes, const char *file)
{
    assert_null(strchr(bytes + 1, bytes[0]));
    sought = bytes;
    left_out = file;
    found = shop->log != NULL && strstr(shop->log, bytes) != NULL;
    assert_true(found || nftw(shop->home, search_file, 8, FTW_PHYS) >= 0);
    return found;
}

void check_same_text(const char *found_text, const char *expected)
{
    size_t same = 0;

    if (strcmp(found_text, expected) == 0)
        return;
    while (found_text[same] == expected[same])
        same++;
    size_t from = same > 200 ? same - 200 : 0;
    fail_msg("different at byte %zu\nfound:    …%.600s\nexpected: …%.600s", same, found_text + from,
             expected + from);
}

/* ---- what a promotion that did not swap leaves ---- */

void untouched_look(struct untouched *untouched, struct cluster *cluster, const char *database)
{
    char *sql = shop_format("SELECT oid FROM pg_database WHERE datname = '%s'", database);

    untouched->cluster = cluster;
    untouched->database = shop_format("%s", database);
    untouched->dump = shop_dump(cluster, database);
    untouched->properties = shop_properties(cluster, database);
    untouched->oid = cluster_number(cluster, "postgres", sql);
    free(sql);
}

void untouched_check(const struct untouched *untouched, struct shop *shop, const char *project_id,
                     const char *request_id)
{
    struct untouched now;
    char *state = shop_project_state(shop, project_id);
    char *status = shop_request_status(shop, request_id);
    char *audit = shop_audit(shop, project_id);

    untouched_look(&now, untouched->cluster, untouched->database);
    check_same_text(now.dump, untouched->dump);
    assert_string_equal(now.properties, untouched->properties);
    assert_int_equal(now.oid, untouched->oid);
    cluster_sql(untouched->cluster, untouched->database, "CREATE TABLE can_write (); DROP TABLE can_write;");
    shop_check_server(untouched->cluster);
    assert_string_equal(state, "active");
    const char *last = strrchr(audit, ' ');
    assert_non_null(last);
    /* One that was cancelled can be promoted once more. */
    if (strcmp(status, "acked") == 0) {
        assert_string_equal(last + 1, "cutover.promote_cancelled");
    } else {
        assert_string_equal(status, "failed");
        assert_string_equal(last + 1, "cutover.failed");
    }
    /* Recovery resumes what a process that died may have paused. */
    assert_true(shop->traffic.pauses <= shop->traffic.resumes);
    untouched_free(&now);
    free(state);
    free(status);
    free(audit);
}

void untouched_free(struct untouched *untouched)
{
    free(untouched->database);
    free(untouched->dump);
    free(untouched->properties);
    memset(untouched, 0, sizeof *untouched);
}

/* ---- the small schema ---- */

static const char production_sql[] =
    "CREATE TABLE customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, born date);"
    "CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers,"
    "    total numeric(10,2) NOT NULL CHECK (total >= 0), placed timestamptz NOT NULL, note text);"
    "CREATE INDEX orders_placed ON orders (placed);"
    "CREATE VIEW spent AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;"
    "CREATE UNLOGGED TABLE carts (customer int, content jsonb);"
    "CREATE SEQUENCE invoice START WITH 1000;"
    "INSERT INTO customers (name, born) SELECT 'Customer ' || g, date '1970-01-01' + g"
    "    FROM generate_series(1, 200) g;"
    "INSERT INTO orders (customer, total, placed, note) SELECT 1 + g % 200, g * 1.5,"
    "    timestamptz '2026-01-01 00:00Z' + g * interval '1 minute', repeat('n', g % 50)"
    "    FROM generate_series(1, 3000) g;"
    "INSERT INTO carts SELECT g, jsonb_build_object('n', g) FROM generate_series(1, 50) g;"
    "SELECT lo_from_bytea(4711, '\\x00010203');"
    "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('old');";

static const char preview_sql[] =
    "CREATE TYPE size AS ENUM ('small', 'large');"
    "CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, first text NOT NULL,"
    "    last text NOT NULL, full_name text GENERATED ALWAYS AS (first || ' ' || last) STORED);"
    "CREATE TABLE orders (id bigint NOT NULL, placed date NOT NULL, person int NOT NULL REFERENCES people,"
    "    cents bigint NOT NULL, parcel size DEFAULT 'small', PRIMARY KEY (id, placed))"
    "    PARTITION BY RANGE (placed);"
    "CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"
    "CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
    "CREATE FUNCTION cents_only() RETURNS trigger LANGUAGE plpgsql AS"
    "    $$ BEGIN IF NEW.cents < 0 THEN RAISE EXCEPTION 'cents'; END IF; RETURN NEW; END $$;"
    "CREATE TRIGGER orders_cents BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION cents_only();"
    "INSERT INTO people (first, last) SELECT 'First' || g, 'Last' || g FROM generate_series(1, 250) g;"
    "INSERT INTO orders SELECT g, date '2025-06-01' + g % 400, 1 + g % 250, g * 150"
    "    FROM generate_series(1, 3500) g;"
    "CREATE MATERIALIZED VIEW monthly AS SELECT date_trunc('month', placed) AS month, sum(cents) AS cents"
    "    FROM orders GROUP BY 1;"
    "CREATE SEQUENCE ticket START WITH 7; SELECT nextval('ticket');"
    "SELECT lo_from_bytea(4712, 'preview');"
    "CREATE TABLE generation (name text); INSERT INTO generation VALUES ('new');";

const char *shop_production_sql(void)
{
    return production_sql;
}

const char *shop_preview_sql(void)
{
    return preview_sql;
}
