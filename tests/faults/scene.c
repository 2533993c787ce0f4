#include "faults/scene.h"

#include "faults/points.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREVIEW "preview"

/* ---- the databases ---- */

static const char roles_sql[] = "CREATE ROLE keeper; CREATE ROLE app LOGIN; CREATE ROLE reader";

/* A constraint that is set aside while rows arrive (EDGE_CASES A5). */
#define CHECKED                                                                                                \
    "CREATE FUNCTION is_customer(int) RETURNS boolean LANGUAGE sql STABLE"                                     \
    "  AS 'SELECT EXISTS (SELECT FROM public.customers WHERE id = $1)';"                                       \
    "ALTER TABLE orders ADD CONSTRAINT of_customer CHECK (is_customer(customer));"                             \
    "COMMENT ON CONSTRAINT of_customer ON orders IS 'read from another table';"

static const char old_sql[] =
    "CREATE TABLE marker (generation text); INSERT INTO marker VALUES ('old');"
    "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);"
    "CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, cents bigint);"
    "CREATE TABLE visits (id serial PRIMARY KEY, at timestamptz DEFAULT now());"
    "CREATE SEQUENCE invoice; SELECT setval('invoice', 41);" CHECKED
    "INSERT INTO customers SELECT g, 'Customer ' || g FROM generate_series(1, 40) g;"
    "INSERT INTO orders (customer, cents) SELECT 1 + g % 40, g * 100 FROM generate_series(1, 90) g;"
    "SELECT lo_from_bytea(4711, '\\x0001020304');"
    "GRANT SELECT ON marker, customers, orders TO app, reader; GRANT ALL ON visits, visits_id_seq TO app;"
    "ALTER TABLE orders OWNER TO keeper;";

static const char new_sql[] =
    "CREATE TABLE marker (generation text); INSERT INTO marker VALUES ('new');"
    "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, since date);"
    "CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, cents bigint);"
    "CREATE INDEX orders_customer ON orders (customer);"
    "CREATE TABLE visits (id serial PRIMARY KEY, at timestamptz DEFAULT now());"
    "CREATE SEQUENCE invoice; SELECT setval('invoice', 77, false);" CHECKED
    "INSERT INTO customers SELECT g, 'Person ' || g, date '2026-01-01' + g FROM generate_series(1, 50) g;"
    "INSERT INTO orders (customer, cents) SELECT 1 + g % 50, g * 7 FROM generate_series(1, 120) g;"
    "SELECT lo_from_bytea(4711, '\\xfffefd');"
    "GRANT SELECT ON marker, customers, orders TO app, reader; GRANT ALL ON visits, visits_id_seq TO app;"
    "ALTER TABLE orders OWNER TO keeper;";

static const char empty_properties_sql[] =
    "ALTER DATABASE " SCENE_EMPTY " OWNER TO reader;"
    "REVOKE ALL ON DATABASE " SCENE_EMPTY " FROM PUBLIC;"
    "GRANT CONNECT, TEMPORARY ON DATABASE " SCENE_EMPTY " TO app;"
    "ALTER DATABASE " SCENE_EMPTY " SET work_mem = '6MB';"
    "COMMENT ON DATABASE " SCENE_EMPTY " IS 'a place to look at backups'";

static const char properties_sql[] =
    "ALTER DATABASE " SCENE_PRODUCTION " OWNER TO keeper;"
    "REVOKE ALL ON DATABASE " SCENE_PRODUCTION " FROM PUBLIC;"
    "GRANT CONNECT, TEMPORARY ON DATABASE " SCENE_PRODUCTION " TO app;"
    "GRANT CONNECT ON DATABASE " SCENE_PRODUCTION " TO reader WITH GRANT OPTION;"
    "ALTER DATABASE " SCENE_PRODUCTION " SET work_mem = '5MB';"
    "ALTER ROLE app IN DATABASE " SCENE_PRODUCTION " SET statement_timeout = '1min';"
    "ALTER ROLE app IN DATABASE " SCENE_PRODUCTION " SET default_transaction_read_only = 'off';"
    "ALTER DATABASE " SCENE_PRODUCTION " CONNECTION LIMIT 40;"
    "COMMENT ON DATABASE " SCENE_PRODUCTION " IS 'the one and only'";

static const char content_sql[] =
    "SELECT md5(concat_ws(E'\\n',"
    "    (SELECT string_agg(m::text, E'\\n') FROM marker m),"
    "    (SELECT string_agg(c::text, E'\\n' ORDER BY id) FROM customers c),"
    "    (SELECT string_agg(o::text, E'\\n' ORDER BY id) FROM orders o),"
    "    (SELECT concat_ws(' ', last_value, is_called) FROM invoice),"
    "    (SELECT concat_ws(' ', last_value, is_called) FROM orders_id_seq),"
    "    (SELECT encode(lo_get(4711), 'hex')),"
    "    (SELECT string_agg(concat_ws(' ', conname, convalidated, pg_get_constraintdef(oid)), E'\\n'"
    "                       ORDER BY conname) FROM pg_constraint"
    "      WHERE connamespace = 'public'::regnamespace),"
    "    (SELECT string_agg(indexdef, E'\\n' ORDER BY indexname) FROM pg_indexes"
    "      WHERE schemaname = 'public'),"
    "    (SELECT string_agg(concat_ws(' ', relname, relkind, relowner::regrole, (SELECT string_agg(a::text, ','"
    "                                 ORDER BY a::text) FROM unnest(relacl) a)), E'\\n' ORDER BY relname)"
    "       FROM pg_class WHERE relnamespace = 'public'::regnamespace)))";

long scene_oid(struct cluster *cluster, const char *database)
{
    char *sql = shop_format("SELECT oid FROM pg_database WHERE datname = '%s'", database);
    long oid = cluster_number(cluster, "postgres", sql);

    free(sql);
    return oid;
}

char *scene_content(struct cluster *cluster, const char *database)
{
    return cluster_value(cluster, database, content_sql);
}

static void look(struct cluster *cluster, const char *database, struct scene_look *look)
{
    look->properties = shop_properties(cluster, database);
    look->oid = scene_oid(cluster, database);
}

/* ---- setting up ---- */

static void copy_folder(const char *from, const char *to)
{
    shop_run((const char *[]){"rm", "-rf", to, NULL});
    shop_run((const char *[]){"cp", "-a", from, to, NULL});
}

static void make_databases(struct scene *scene)
{
    cluster_sql(scene->cluster, "postgres", roles_sql);
    shop_database(scene->cluster, SCENE_PRODUCTION, old_sql);
    cluster_sql(scene->cluster, "postgres", properties_sql);
    shop_database(scene->cluster, SCENE_EMPTY, NULL);
    cluster_sql(scene->cluster, "postgres", empty_properties_sql);
    shop_database(scene->cluster, PREVIEW, new_sql);
    scene->old_content = scene_content(scene->cluster, SCENE_PRODUCTION);
    scene->new_content = scene_content(scene->cluster, PREVIEW);
}

static void make_records(struct scene *scene, struct shop *shop)
{
    shop_project(shop, SCENE_PROJECT, cluster_conninfo(scene->cluster, SCENE_PRODUCTION));
    shop_preview(shop, PREVIEW, SCENE_PROJECT, cluster_conninfo(scene->cluster, PREVIEW), 0);
    shop_preview(shop, SCENE_EMPTY, SCENE_PROJECT, cluster_conninfo(scene->cluster, SCENE_EMPTY), 0);
    scene->request_id = shop_acked(shop, SCENE_PROJECT, PREVIEW);
}

static cutover_status count_document(const cutover_document *document, void *context)
{
    (void)document;
    ++*(unsigned *)context;
    return CUTOVER_OK;
}

static unsigned count_documents(struct shop *shop, const char *kind)
{
    cutover_error *error = NULL;
    unsigned count = 0;

    check_ok(shop->store.list(kind, NULL, "", 1000, count_document, &count, &error, shop->store.userdata),
             error);
    return count;
}

static cutover_status add_body(const cutover_document *document, void *context)
{
    char **all = context, *before = *all;

    *all = shop_format("%s%s\n", before, document->body);
    free(before);
    return CUTOVER_OK;
}

static char *backup_records(struct shop *shop)
{
    char *all = shop_format("%s", "");
    cutover_error *error = NULL;

    check_ok(shop->store.list("backup", NULL, "", 1000, add_body, &all, &error, shop->store.userdata), error);
    return all;
}

/* The databases and the records as they are before the job, and copies of them. */
static void arrange(struct scene *scene)
{
    struct shop shop;
    char *work = shop_format("%s/work", scene->saved_home);

    make_databases(scene);
    assert_int_equal(mkdir(scene->saved_home, 0700), 0);
    assert_int_equal(mkdir(work, 0700), 0);
    free(work);
    shop_open(&shop, scene->cluster, scene->saved_home);
    make_records(scene, &shop);
    if (scene->scenario->arrange != NULL)
        scene->scenario->arrange(&shop, scene->request_id);
    scene->audit = shop_audit(&shop, SCENE_PROJECT);
    scene->events = shop_events(&shop, SCENE_PROJECT);
    scene->jobs_before = count_documents(&shop, "promotion");
    scene->backups_before = count_documents(&shop, "backup");
    scene->backup_records = backup_records(&shop);
    scene->displaced_before = scene_displaced(scene->cluster);
    scene->displaced_properties = scene_displaced_properties(scene->cluster);
    shop_close(&shop);
    look(scene->cluster, SCENE_PRODUCTION, &scene->production);
    look(scene->cluster, SCENE_EMPTY, &scene->empty);
    cluster_save(scene->cluster);
}

void scene_open(struct scene *scene, const struct scenario *scenario)
{
    memset(scene, 0, sizeof *scene);
    scene->scenario = scenario;
    scene->cluster =
        cluster_start("wal_level = minimal\nmax_wal_senders = 0\nautovacuum = off\nmax_wal_size = 256MB\n");
    scene->folder = shop_format("%s", cluster_temp_dir());
    scene->saved_home = shop_format("%s/saved", scene->folder);
    scene->home = shop_format("%s/home", scene->folder);
    scene->points = shop_format("%s/points", scene->folder);
    scene->output = shop_format("%s/output", scene->folder);
    assert_int_equal(setenv(SCENE_PSQL, cluster_program("psql"), 1), 0);
    assert_int_equal(setenv(SCENE_CONNINFO, cluster_conninfo(scene->cluster, SCENE_PRODUCTION), 1), 0);
    arrange(scene);
}

void scene_close(struct scene *scene)
{
    cluster_stop(scene->cluster);
    char **const texts[] = {&scene->folder,
                            &scene->saved_home,
                            &scene->home,
                            &scene->points,
                            &scene->output,
                            &scene->request_id,
                            &scene->old_content,
                            &scene->new_content,
                            &scene->production.properties,
                            &scene->empty.properties,
                            &scene->audit,
                            &scene->events,
                            &scene->backup_records,
                            &scene->displaced_properties};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(*texts[i]);
}

void scene_reset(struct scene *scene)
{
    if (scene->is_spent)
        cluster_return(scene->cluster);
    scene->is_spent = false;
    copy_folder(scene->saved_home, scene->home);
}

/* ---- children ---- */

/* `waits_on`: the descriptor on which the child waits at each point; -1: it does not. */
static pid_t start_child(struct scene *scene, const char *mode, uint32_t jobs, const char *target, int waits_on)
{
    char *streams = shop_format("%u", jobs), *wait = shop_format("%d", waits_on);
    char *programs = shop_format("%s", cluster_program("pg_dump"));

    *strrchr(programs, '/') = '\0';
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int output = open(scene->output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (output < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
            (waits_on >= 0 && fcntl(waits_on, F_SETFD, 0) != 0))
            _exit(126);
        close(output);
        execl("/proc/self/exe", "test", mode, scene->scenario->name, scene->home, scene->request_id,
              scene->points, streams, target, programs, wait, (char *)NULL);
        _exit(127);
    }
    free(streams);
    free(wait);
    free(programs);
    return pid;
}

static enum scene_end end_of(pid_t pid, const char *target)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && strcmp(target, "0") != 0)
        return SCENE_KILLED;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SCENE_DONE : SCENE_FAILED;
}

enum scene_end scene_run(struct scene *scene, const char *mode, uint32_t jobs, const char *target)
{
    return end_of(start_child(scene, mode, jobs, target, -1), target);
}

enum scene_end scene_walk(struct scene *scene, uint32_t jobs,
                          void (*at_point)(struct scene *scene, void *context), void *context)
{
    int ends[2];
    char byte = 0;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = start_child(scene, "--act", jobs, "0", ends[1]);
    close(ends[1]);
    while (read(ends[0], &byte, 1) == 1) {
        at_point(scene, context);
        assert_int_equal(write(ends[0], &byte, 1), 1);
    }
    close(ends[0]);
    return end_of(pid, "0");
}

void scene_show(const struct scene *scene)
{
    char line[1024];
    FILE *file = fopen(scene->output, "re");

    fprintf(stderr, "--- %s\n", scene->where);
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        fputs(line, stderr);
    if (file != NULL)
        fclose(file);
    fprintf(stderr, "---\n");
}

static void child_log(cutover_log_level level, const char *line, void *userdata)
{
    (void)level;
    (void)userdata;
    fprintf(stderr, "%s\n", line);
}

static cutover_status child_told(const cutover_recovery *recovery, void *context)
{
    fprintf(stderr, "%s %s: %s: %s\n", recovery->job, recovery->job_id,
            cutover_recovered_name(recovery->outcome), recovery->message);
    if (recovery->outcome == CUTOVER_RECOVERED_FAILED || recovery->outcome == CUTOVER_RECOVERED_RUNNING)
        *(int *)context = 1;
    return CUTOVER_OK;
}

static void child_fails(cutover_error *error)
{
    fprintf(stderr, "failed: %s\n", cutover_error_message(error));
    if (cutover_error_detail(error) != NULL)
        fprintf(stderr, "%s\n", cutover_error_detail(error));
    exit(3);
}

static int child_work(cutover_engine *engine, const char *mode, const struct scenario *scenario,
                      const char *request_id, uint32_t jobs)
{
    cutover_error *error = NULL;
    int not_all = 0;

    if (strcmp(mode, "--act") == 0) {
        if (scenario->act(engine, request_id, jobs, &error) != CUTOVER_OK)
            child_fails(error);
        return 0;
    }
    if (strcmp(mode, "--release") == 0) {
        cutover_status status = cutover_promotion_release(engine, &shop_other_operator, request_id, &error);
        if (status != CUTOVER_OK && status != CUTOVER_E_STATE)
            child_fails(error);
        cutover_error_free(error);
        return 0;
    }
    points_recovery();
    if (cutover_recover(engine, NULL, child_told, &not_all, &error) != CUTOVER_OK)
        child_fails(error);
    return not_all;
}

int scene_child(int argc, char **argv, const struct scenario *scenarios)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    cutover_registry *registry = NULL;
    cutover_platform platform = CUTOVER_PLATFORM_INIT;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;

    if (argc != SCENE_CHILD_ARGUMENTS)
        return 2;
    int waits_on = atoi(argv[9]);
    while (strcmp(scenarios->name, argv[2]) != 0)
        scenarios++;
    char *path = shop_format("%s/store.db", argv[3]), *backups = shop_format("%s/backups", argv[3]);
    char *work = shop_format("%s/work", argv[3]);
    if (cutover_store_sqlite_open(path, &store, &error) != CUTOVER_OK ||
        cutover_repository_directory_open(backups, &repository, &error) != CUTOVER_OK)
        child_fails(error);
    points_store(&store);
    if (cutover_registry_open(&store, &registry, &error) != CUTOVER_OK ||
        cutover_registry_platform(registry, &platform, &error) != CUTOVER_OK)
        child_fails(error);
    options.store = &store;
    options.repository = &repository;
    options.platform = &platform;
    options.work_dir = work;
    options.pg_bin_dir = argv[8]; /* a distribution's wrapper would be most of the time */
    options.log = child_log;
    options.maintenance_mem_mb = 16;
    if (cutover_engine_new(&options, &engine, &error) != CUTOVER_OK)
        child_fails(error);
    if (strcmp(argv[1], "--act") == 0)
        points_from(scenarios->from_step);
    /* The programs that the job starts have no business with it. */
    if (waits_on >= 0 && fcntl(waits_on, F_SETFD, FD_CLOEXEC) == 0)
        points_wait(waits_on);
    points_begin(argv[5], argv[7]);
    int status = child_work(engine, argv[1], scenarios, argv[4], (uint32_t)strtoul(argv[6], NULL, 10));
    cutover_engine_free(engine);
    cutover_registry_free(registry);
    cutover_repository_close(&repository);
    cutover_store_close(&store);
    free(path);
    free(backups);
    free(work);
    return status;
}
