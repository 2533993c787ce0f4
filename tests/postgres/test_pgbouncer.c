#include "support/killed.h"
#include "support/pooler.h"
#include "support/shop.h"
#include "support/tool.h"

#include "engine/engine.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/*
 * The library's own PgBouncer hook, with the PgBouncer that is here (docs/decisions/0021 tells what each version does): clients in
 * every mode read and write before the fence, behind it and after it; and what keeps a pause from being one.
 */

static struct cluster *cluster;

#define PRODUCTION "pool_production"
#define NEVER "server_login_retry = 3600\n"

static int start_server(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    return 0;
}

/* ---- clients ---- */

/* One connection to a pooler, by which statements are sent over and over; one that is lost is made again. */
struct client {
    const struct pooler *pooler;
    const char *name;
    bool writes;
    pthread_t thread;
    atomic_int stop;
    atomic_long done, refused,
        failed;          /* as wanted; in a read-only transaction; any other failure, a lost connection too */
    char complaint[512]; /* the first failure */
};

static void complain(struct client *client, const char *message)
{
    if (client->failed++ == 0)
        snprintf(client->complaint, sizeof client->complaint, "%s", message);
}

static void act(struct client *client, PGconn *connection)
{
    char insert[200];

    snprintf(insert, sizeof insert, "INSERT INTO visits VALUES ('%s')", client->name);
    PGresult *result = PQexec(connection, client->writes ? insert : "SELECT name FROM generation");
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK)
        client->done++;
    else if (sqlstate != NULL && strcmp(sqlstate, "25006") == 0)
        client->refused++;
    else
        complain(client, PQerrorMessage(connection));
    PQclear(result);
}

static void *act_on(void *context)
{
    struct client *client = context;
    const struct timespec pause = {0, 2 * 1000 * 1000};
    char string[400];

    snprintf(string, sizeof string, "%s dbname=" PRODUCTION " connect_timeout=60", client->pooler->conninfo);
    PGconn *connection = PQconnectdb(string);
    while (!client->stop) {
        if (PQstatus(connection) == CONNECTION_OK)
            act(client, connection);
        else
            complain(client, PQerrorMessage(connection));
        if (PQstatus(connection) != CONNECTION_OK)
            PQreset(connection);
        nanosleep(&pause, NULL);
    }
    PQfinish(connection);
    return NULL;
}

static void client_begin(struct client *client, const struct pooler *pooler, const char *name, bool writes)
{
    *client = (struct client){.pooler = pooler, .name = name, .writes = writes};
    assert_int_equal(pthread_create(&client->thread, NULL, act_on, client), 0);
}

/* Until one more is counted; a client that waits forever fails the test. */
static void wait_for(const struct client *client, const atomic_long *count)
{
    const struct timespec pause = {0, 10 * 1000 * 1000};
    long before = *count;

    for (int i = 0; i < 6000 && *count == before; i++)
        nanosleep(&pause, NULL);
    if (*count == before)
        fail_msg("%s: nothing more: %ld done, %ld refused, %ld failed: %s", client->name, client->done,
                 client->refused, client->failed, client->complaint);
}

static void client_end(struct client *client)
{
    client->stop = 1;
    pthread_join(client->thread, NULL);
}

static void check_no_failure(const struct client *client)
{
    if (client->failed > 0)
        fail_msg("%s: %ld failures: %s", client->name, client->failed, client->complaint);
}

/* ---- a shop behind poolers ---- */

#define POOLERS 2

struct front {
    struct shop *shop;
    struct pooler poolers[POOLERS];
    int count;
    cutover_platform plain, wrapped; /* what the engine had, and what it has */
    char *request;
    bool hold, sessions;
    struct client before, behind, readers[POOLERS];
};

static void wrap(struct front *front, const cutover_pgbouncer_options *options)
{
    cutover_error *error = NULL;

    front->plain = front->shop->engine->host.platform;
    cutover_platform_init(&front->wrapped, CUTOVER_PLATFORM_VERSION);
    check_ok(cutover_platform_pgbouncer_wrap(&front->plain, options, &front->wrapped, &error), error);
    front->shop->engine->host.platform = front->wrapped;
}

static void unwrap(struct front *front)
{
    front->shop->engine->host.platform = front->plain;
    cutover_platform_pgbouncer_unwrap(&front->wrapped);
    assert_null(front->wrapped.project_get);
}

static void front_open(struct front *front, struct shop *shop, int count, const char *settings)
{
    const char *consoles[POOLERS + 1] = {NULL};
    cutover_error *error = NULL;

    *front = (struct front){.shop = shop, .count = count};
    front->request = shop_ready(shop, "pool");
    cluster_sql(cluster, PRODUCTION, "CREATE TABLE visits (who text)");
    cluster_sql(cluster, "pool_preview", "CREATE TABLE visits (who text)");
    for (int i = 0; i < count; i++) {
        pooler_start(&front->poolers[i], cluster, settings);
        consoles[i] = front->poolers[i].conninfo;
    }
    check_ok(cutover_registry_project_set_pgbouncers(shop->registry, "pool", consoles, &error), error);
}

static void front_close(struct front *front)
{
    for (int i = 0; i < front->count; i++) {
        assert_int_not_equal(pooler_is_paused(&front->poolers[i], PRODUCTION), 1);
        pooler_stop(&front->poolers[i]);
    }
    unwrap(front);
    shop_check_server(cluster);
    cluster_sql(cluster, "postgres", "DROP DATABASE " PRODUCTION " WITH (FORCE)");
    cluster_sql(cluster, "postgres", "DROP DATABASE pool_preview WITH (FORCE)");
    free(front->request);
}

/* Whether a pooler sets default_transaction_read_only for its clients. */
static bool carries(const struct front *front)
{
    return pooler_version(&front->poolers[0]) >= 126;
}

/* ---- what clients see of a promotion ---- */

static int clients_behind(struct shop *shop, void *context)
{
    struct front *front = context;

    (void)shop;
    client_begin(&front->behind, &front->poolers[0], "behind", true);
    if (front->hold)
        return 0;
    /* The first since production refuses writes is among them: whoever came before it has none of its own left. */
    wait_for(&front->before, &front->before.refused);
    wait_for(&front->before, &front->before.refused);
    wait_for(&front->behind, &front->behind.refused);
    return 0;
}

static void clients_begin(struct front *front)
{
    client_begin(&front->before, &front->poolers[0], "before", true);
    wait_for(&front->before, &front->before.done);
    for (int i = 0; i < front->count; i++) {
        client_begin(&front->readers[i], &front->poolers[i], "reader", false);
        wait_for(&front->readers[i], &front->readers[i].done);
    }
}

/* All of them are served again; then they leave. */
static void clients_end(struct front *front)
{
    wait_for(&front->before, &front->before.done);
    wait_for(&front->behind, &front->behind.done);
    client_end(&front->before);
    client_end(&front->behind);
    for (int i = 0; i < front->count; i++) {
        wait_for(&front->readers[i], &front->readers[i].done);
        client_end(&front->readers[i]);
    }
}

/* A row of the table in docs/decisions/0021, as it stands there (tests/tables.sh); also into the file that the environment names. */
static void print_row(const struct front *front, const char *mode, const char *hook)
{
    const char *path = getenv("CUTOVER_POOLERS_TABLE");
    int version = pooler_version(&front->poolers[0]);
    long failures = 0;
    char row[300];

    for (int i = 0; i < front->count; i++)
        failures += front->readers[i].failed;
    snprintf(row, sizeof row, "| %d.%d | %s | %s | %s | %s | %s |\n", version / 100, version % 100, mode, hook,
             failures == 0 ? "no error" : "connections end", front->hold ? "wait" : "refused (25006)",
             front->before.failed + front->behind.failed == 0 ? "go on" : "go on, reconnected");
    print_message("%s", row);
    if (path == NULL)
        return;
    FILE *table = fopen(path, "ae");
    assert_non_null(table);
    assert_true(fputs(row, table) >= 0);
    assert_int_equal(fclose(table), 0);
}

static void promote_under_clients(struct shop *shop, const char *mode, bool hold)
{
    struct front front;
    char settings[100];
    const struct shop_hook hooks[] = {{"swap", clients_behind, &front}, {NULL, NULL, NULL}};
    const cutover_pgbouncer_options options = {CUTOVER_PGBOUNCER_OPTIONS_VERSION, NULL, 20000, hold};

    snprintf(settings, sizeof settings, "pool_mode = %s\n" NEVER, mode);
    front_open(&front, shop, POOLERS, settings);
    front.hold = hold;
    front.sessions = strcmp(mode, "session") == 0;
    wrap(&front, &options);
    clients_begin(&front);
    struct outcome outcome =
        shop_promote_ok(shop, &(struct shop_promotion){.request_id = front.request, .hooks = hooks});
    clients_end(&front);
    print_row(&front, mode, hold ? "held" : "yes");
    /* Both write into the new production, on connections that they have. */
    assert_int_equal(cluster_number(cluster, PRODUCTION, "SELECT count(DISTINCT who) FROM visits"), 2);
    if (!front.sessions && (hold || !carries(&front))) {
        check_no_failure(&front.before);
        check_no_failure(&front.behind);
        for (int i = 0; i < front.count; i++)
            check_no_failure(&front.readers[i]);
    }
    if (hold && !front.sessions)
        assert_int_equal(front.before.refused + front.behind.refused, 0);
    /* A lost connection is one failure, at the fence and at the swap each; the new one is good at once. */
    for (int i = 0; i < front.count; i++)
        assert_in_range(front.readers[i].failed, 0, 6);
    outcome_free(&outcome);
    front_close(&front);
}

static void clients_of_a_transaction_pool_see_no_error(void **state)
{
    promote_under_clients(*state, "transaction", false);
}

static void clients_that_are_held_see_no_error_and_no_refusal(void **state)
{
    promote_under_clients(*state, "transaction", true);
}

static void clients_of_a_session_pool_come_back(void **state)
{
    promote_under_clients(*state, "session", false);
}

/* The job fails at its pause for the swap: production takes writes again, from whoever comes through the poolers. */
static void clients_write_again_after_a_promotion_that_failed(void **state)
{
    struct shop *shop = *state;
    struct front front;
    const struct shop_hook hooks[] = {{"swap", clients_behind, &front}, {NULL, NULL, NULL}};

    front_open(&front, shop, POOLERS, NEVER);
    wrap(&front, NULL);
    clients_begin(&front);
    shop->traffic.pause_fails = true;
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = front.request, .hooks = hooks});
    check_status(outcome.status, CUTOVER_E_CALLBACK, outcome.error);
    clients_end(&front);
    assert_int_equal(cluster_number(cluster, PRODUCTION, "SELECT count(DISTINCT who) FROM visits"), 2);
    if (!carries(&front)) {
        check_no_failure(&front.before);
        check_no_failure(&front.behind);
    }
    outcome_free(&outcome);
    front_close(&front);
}

/* Somebody whom no fence keeps from writing, right before the door closes. */
static void write_behind_the_fence(struct shop *shop, void *context)
{
    (void)context;
    cluster_sql(shop->cluster, PRODUCTION, "BEGIN READ WRITE; CREATE TABLE late (id int); COMMIT");
}

/* The inner platform is told after the poolers were, or were not. */
static void look_whether_they_are_held(struct shop *shop, void *context)
{
    const struct front *front = context;

    (void)shop;
    for (int i = 0; i < front->count; i++)
        assert_int_equal(pooler_is_paused(&front->poolers[i], PRODUCTION), 1);
}

/* The swap fails at its proof, and production is fenced until that is undone. */
static void clients_that_are_held_see_nothing_of_a_swap_that_failed(void **state)
{
    struct shop *shop = *state;
    struct front front;
    const struct shop_hook hooks[] = {{"swap", clients_behind, &front}, {NULL, NULL, NULL}};
    const cutover_pgbouncer_options options = {CUTOVER_PGBOUNCER_OPTIONS_VERSION, NULL, 20000, 1};

    front_open(&front, shop, POOLERS, NEVER);
    front.hold = true;
    wrap(&front, &options);
    clients_begin(&front);
    shop->traffic.while_paused = write_behind_the_fence;
    shop->traffic.at_resume = look_whether_they_are_held;
    shop->traffic.context = &front;
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = front.request, .hooks = hooks});
    check_status(outcome.status, CUTOVER_E_VERIFY, outcome.error);
    assert_int_equal(shop->traffic.resumes, 1);
    clients_end(&front);
    check_no_failure(&front.before);
    check_no_failure(&front.behind);
    assert_int_equal(front.before.refused + front.behind.refused, 0);
    for (int i = 0; i < front.count; i++)
        check_no_failure(&front.readers[i]);
    assert_int_equal(cluster_number(cluster, PRODUCTION, "SELECT count(DISTINCT who) FROM visits"), 2);
    outcome_free(&outcome);
    front_close(&front);
}

/* ---- what keeps a pause from being one ---- */

static PGconn *begin(const struct pooler *pooler, const char *database)
{
    PGconn *connection = pooler_connect(pooler, database);
    PGresult *result = PQexec(connection, "BEGIN; SELECT 1");

    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
    return connection;
}

static void check_alive(PGconn *connection)
{
    PGresult *result = PQexec(connection, "SELECT 1");

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(connection));
    PQclear(result);
}

static void refused_for_a_transaction(struct shop *shop, const char *first)
{
    struct front front;
    const cutover_pgbouncer_options options = {CUTOVER_PGBOUNCER_OPTIONS_VERSION, NULL, 300, 0};

    front_open(&front, shop, 1, NULL);
    wrap(&front, &options);
    PGconn *open = begin(&front.poolers[0], PRODUCTION);
    if (first != NULL) {
        /* It is answered when the server connections of that time are gone; nobody waits for that here. */
        PGconn *console = pooler_connect(&front.poolers[0], "pgbouncer");
        assert_int_equal(PQsendQuery(console, first), 1);
        pooler_command(&front.poolers[0], "SHOW VERSION");
        PQfinish(console);
    }
    struct outcome outcome = shop_promote(shop, &(struct shop_promotion){.request_id = front.request});
    check_status_keep(outcome.status, CUTOVER_E_CALLBACK, outcome.error);
    check_contains(cutover_error_message(outcome.error), "did not pause within 300 ms: 1 of");
    check_contains(cutover_error_hint(outcome.error), "SHOW CLIENTS");
    assert_string_equal(cutover_error_step(outcome.error), "catch_up");
    assert_true(atof(outcome_text(&outcome, "writes_refused_ms")) == 0);
    check_alive(open);
    PQfinish(open);
    outcome_free(&outcome);
    front_close(&front);
}

static void a_transaction_that_does_not_end_fails_the_job_before_the_fence(void **state)
{
    refused_for_a_transaction(*state, NULL);
}

/* ---- a pause that is cancelled ---- */

struct cancelled {
    struct front front;
    cutover_promotion *job;
    const char *step; /* from which on a transaction is open */
    PGconn *open;
};

static int32_t begin_at(const cutover_progress *progress, void *context)
{
    struct cancelled *cancelled = context;

    if (cancelled->open == NULL && strcmp(progress->step, cancelled->step) == 0)
        cancelled->open = begin(&cancelled->front.poolers[0], PRODUCTION);
    return 0;
}

/* Asks when the database is being paused for the transaction that does not end. */
static void *cancel_in_the_pause(void *context)
{
    struct cancelled *cancelled = context;
    const struct timespec look = {0, 5 * 1000 * 1000};

    do
        nanosleep(&look, NULL);
    while (cancelled->open == NULL || pooler_is_paused(&cancelled->front.poolers[0], PRODUCTION) != 1);
    cutover_promotion_cancel(cancelled->job);
    return NULL;
}

/* Nobody else ends it within the hour that it may take. */
static void cancelled_in_a_pause(struct shop *shop, const char *step)
{
    struct cancelled cancelled = {.step = step};
    const cutover_pgbouncer_options options = {CUTOVER_PGBOUNCER_OPTIONS_VERSION, NULL, 3600000, 0};
    cutover_promotion_options promotion = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_error *error = NULL;
    pthread_t thread;

    front_open(&cancelled.front, shop, 1, NULL);
    wrap(&cancelled.front, &options);
    promotion.actor = &shop_operator;
    promotion.request_id = cancelled.front.request;
    promotion.verify = CUTOVER_VERIFY_READBACK;
    promotion.progress = begin_at;
    promotion.progress_userdata = &cancelled;
    check_ok(cutover_promotion_start(shop->engine, &promotion, &cancelled.job, &error), error);
    assert_int_equal(pthread_create(&thread, NULL, cancel_in_the_pause, &cancelled), 0);
    cutover_status status = cutover_promotion_run(cancelled.job, &error);
    pthread_join(thread, NULL);
    check_status(status, CUTOVER_E_CANCELLED, error);
    PQfinish(cancelled.open);
    cutover_promotion_free(cancelled.job);
    cluster_sql(cluster, PRODUCTION, "INSERT INTO visits VALUES ('afterwards')");
    front_close(&cancelled.front);
}

static void a_cancelled_job_leaves_the_pause_for_its_fence(void **state)
{
    cancelled_in_a_pause(*state, "check");
}

static void a_cancelled_job_leaves_the_pause_for_its_swap(void **state)
{
    cancelled_in_a_pause(*state, "swap");
}

/* From then on PAUSE is answered at once, while transactions run. */
static void a_pause_is_not_believed_after_a_wait_close(void **state)
{
    refused_for_a_transaction(*state, "WAIT_CLOSE " PRODUCTION);
}

/* PAUSE is answered only when nobody is left in any database that is paused. */
static void a_transaction_in_another_paused_database_is_not_waited_for(void **state)
{
    struct front front;

    front_open(&front, *state, 1, NULL);
    wrap(&front, NULL);
    PGconn *other = begin(&front.poolers[0], "postgres"),
           *console = pooler_connect(&front.poolers[0], "pgbouncer");
    assert_int_equal(PQsendQuery(console, "PAUSE postgres"), 1);
    pooler_command(&front.poolers[0], "SHOW VERSION");
    struct outcome outcome = shop_promote_ok(*state, &(struct shop_promotion){.request_id = front.request});
    check_alive(other);
    assert_int_equal(pooler_is_paused(&front.poolers[0], "postgres"), 1);
    PQfinish(console);
    PQfinish(other);
    outcome_free(&outcome);
    front_close(&front);
}

/* Alias and name lead to production; the other database does not. */
static void every_database_that_leads_to_production_is_paused_and_no_other(void **state)
{
    struct front front;
    cutover_error *error = NULL;
    char databases[300];

    snprintf(
        databases, sizeof databases,
        "[databases]\nalias = host=%s port=%d dbname=" PRODUCTION "\nother = host=%s port=%d dbname=postgres\n",
        cluster_socket_dir(cluster), cluster_port(cluster), cluster_socket_dir(cluster), cluster_port(cluster));
    front_open(&front, *state, 1, databases);
    wrap(&front, NULL);
    const cutover_platform *platform = &front.wrapped;
    check_ok(platform->traffic_pause("pool", &error, platform->userdata), error);
    assert_int_equal(pooler_is_paused(&front.poolers[0], "alias"), 1);
    assert_int_equal(pooler_is_paused(&front.poolers[0], "other"), 0);
    check_ok(platform->traffic_resume("pool", &error, platform->userdata), error);
    assert_int_equal(pooler_is_paused(&front.poolers[0], "alias"), 0);
    /* Where nothing is paused there is nothing to do. */
    check_ok(platform->traffic_resume("pool", &error, platform->userdata), error);
    front_close(&front);
}

/* A pool whose first login comes in a pause would wait server_login_retry: an hour here. */
static void a_first_login_during_a_pause_does_not_wait_for_long(void **state)
{
    struct front front;
    cutover_error *error = NULL;

    front_open(&front, *state, 1, NEVER);
    wrap(&front, NULL);
    const cutover_platform *platform = &front.wrapped;
    check_ok(platform->traffic_pause("pool", &error, platform->userdata), error);
    client_begin(&front.before, &front.poolers[0], "first", false);
    for (int i = 0; i < 100; i++)
        pooler_command(&front.poolers[0], "SHOW POOLS");
    check_ok(platform->traffic_resume("pool", &error, platform->userdata), error);
    wait_for(&front.before, &front.before.done);
    client_end(&front.before);
    check_no_failure(&front.before);
    char *retry = pooler_setting(&front.poolers[0], "server_login_retry");
    assert_int_equal(atoi(retry), 3600);
    free(retry);
    front_close(&front);
}

/* As a process leaves it that dies before it has set it back: what it was is in what it is. */
static void a_retry_that_a_dead_process_left_is_set_back(void **state)
{
    struct front front;
    cutover_error *error = NULL;

    front_open(&front, *state, 1, NEVER);
    wrap(&front, NULL);
    const cutover_platform *platform = &front.wrapped;
    for (int known = 0; known <= 1; known++) {
        pooler_command(&front.poolers[0],
                       known ? "SET server_login_retry = '0.173600'" : "SET server_login_retry = '7.5'");
        check_ok(platform->traffic_resume("pool", &error, platform->userdata), error);
        char *retry = pooler_setting(&front.poolers[0], "server_login_retry");
        assert_string_equal(retry, known ? "3600" : "7.5");
        free(retry);
    }
    front_close(&front);
}

/* One instance is gone: nothing is begun, and the other is let go. */
static void an_instance_that_is_gone_fails_the_job_and_leaves_the_others_open(void **state)
{
    struct front front;
    const cutover_pgbouncer_options options = {CUTOVER_PGBOUNCER_OPTIONS_VERSION, NULL, 300, 0};

    front_open(&front, *state, 2, NULL);
    wrap(&front, &options);
    client_begin(&front.readers[0], &front.poolers[0], "reader", false);
    wait_for(&front.readers[0], &front.readers[0].done);
    pooler_stop(&front.poolers[1]);
    front.count = 1;
    struct outcome outcome = shop_promote(*state, &(struct shop_promotion){.request_id = front.request});
    check_status_keep(outcome.status, CUTOVER_E_CALLBACK, outcome.error);
    check_contains(cutover_error_message(outcome.error), "PgBouncer at ");
    wait_for(&front.readers[0], &front.readers[0].done);
    client_end(&front.readers[0]);
    outcome_free(&outcome);
    front_close(&front);
}

/* ---- a process that dies with the poolers paused ---- */

static cutover_platform of_the_dead;

static cutover_status pause_and_die(const char *project_id, cutover_error **error, void *userdata)
{
    (void)userdata;
    check_ok(of_the_dead.traffic_pause(project_id, error, of_the_dead.userdata), *error);
    die_here();
    return CUTOVER_OK;
}

/* "--die HOME REQUEST" */
static int die(char **argv)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_promotion_options promotion = CUTOVER_PROMOTION_OPTIONS_INIT;
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_repository repository = CUTOVER_REPOSITORY_INIT;
    cutover_platform known = CUTOVER_PLATFORM_INIT;
    cutover_registry *registry = NULL;
    cutover_engine *engine = NULL;
    cutover_promotion *job = NULL;
    cutover_error *error = NULL;
    char *path = shop_format("%s/store.db", argv[2]), *backups = shop_format("%s/backups", argv[2]);
    char *work = shop_format("%s/work", argv[2]);

    cutover_platform_init(&of_the_dead, CUTOVER_PLATFORM_VERSION);
    check_ok(cutover_store_sqlite_open(path, &store, &error), error);
    check_ok(cutover_repository_directory_open(backups, &repository, &error), error);
    check_ok(cutover_registry_open(&store, &registry, &error), error);
    check_ok(cutover_registry_platform(registry, &known, &error), error);
    check_ok(cutover_platform_pgbouncer_wrap(&known, NULL, &of_the_dead, &error), error);
    cutover_platform platform = of_the_dead;
    platform.traffic_pause = pause_and_die;
    options.store = &store;
    options.repository = &repository;
    options.platform = &platform;
    options.work_dir = work;
    options.maintenance_mem_mb = 16;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    promotion.actor = &shop_operator;
    promotion.request_id = argv[3];
    promotion.verify = CUTOVER_VERIFY_READBACK;
    check_ok(cutover_promotion_start(engine, &promotion, &job, &error), error);
    cutover_status status = cutover_promotion_run(job, &error);
    fprintf(stderr, "not killed: %s %s\n", cutover_status_name(status), cutover_error_message(error));
    return 1;
}

/* A promotion whose process dies with the poolers paused for its swap. */
static void die_in_a_pause(const struct front *front)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/proc/self/exe", "test_pgbouncer", "--die", front->shop->home, front->request, (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    assert_true(WIFSIGNALED(status));
    look_whether_they_are_held(front->shop, (void *)front);
}

static void recovery_lets_go_what_a_dead_process_paused(void **state)
{
    struct shop *shop = *state;
    struct front front;
    cutover_error *error = NULL;

    front_open(&front, shop, POOLERS, NULL);
    wrap(&front, NULL);
    clients_begin(&front);
    die_in_a_pause(&front);
    check_ok(cutover_recover(shop->engine, NULL, NULL, NULL, &error), error);
    for (int i = 0; i < POOLERS; i++) {
        assert_int_equal(pooler_is_paused(&front.poolers[i], PRODUCTION), 0);
        wait_for(&front.readers[i], &front.readers[i].done);
        client_end(&front.readers[i]);
    }
    wait_for(&front.before, &front.before.done);
    client_end(&front.before);
    front_close(&front);
}

static cutover_status keep_job(const cutover_recovery *recovery, void *context)
{
    snprintf(context, 64, "%s", recovery->job_id);
    return CUTOVER_OK;
}

static void give_up(struct shop *shop)
{
    cutover_abandon_options options = CUTOVER_ABANDON_OPTIONS_INIT;
    cutover_error *error = NULL;
    char job[64] = "";

    check_ok(cutover_recover(shop->engine, NULL, keep_job, job, &error), error);
    options.actor = &shop_operator;
    options.job_id = job;
    options.reason = "its server is away";
    options.confirm = 1;
    check_ok(cutover_recover_abandon(shop->engine, &options, NULL, NULL, &error), error);
}

static cutover_status keep_kind(const cutover_leftover *leftover, void *context)
{
    strcat(strcat(context, leftover->kind), " ");
    if (strcmp(leftover->kind, "traffic") == 0)
        check_contains(leftover->message, "still refuses writes");
    return CUTOVER_OK;
}

static void check_left(struct shop *shop, const char *expected)
{
    cutover_error *error = NULL;
    char kinds[200] = "";

    check_ok(cutover_leftovers_list(shop->engine, "pool", keep_kind, kinds, &error), error);
    assert_string_equal(kinds, expected);
}

/* Its server is away, and has the fence when it comes back. Whoever was let go would see it, and PgBouncer may keep it for them. */
static void clients_of_an_abandoned_job_wait_as_long_as_its_fence_stands(void **state)
{
    struct shop *shop = *state;
    struct front front;
    cutover_error *error = NULL;

    front_open(&front, shop, POOLERS, NEVER);
    check_ok(cutover_registry_project_set_hold_fence(shop->registry, "pool", 1, &error), error);
    wrap(&front, NULL);
    clients_begin(&front);
    die_in_a_pause(&front);
    cluster_halt(cluster, "fast");
    give_up(shop);
    look_whether_they_are_held(shop, &front);
    check_left(shop, "door fence database traffic ");
    check_ok(cutover_recover(shop->engine, "pool", NULL, NULL, &error), error);
    look_whether_they_are_held(shop, &front);

    cluster_restart(cluster, "fast");
    client_begin(&front.behind, &front.poolers[0], "behind", true);
    check_ok(cutover_recover(shop->engine, "pool", NULL, NULL, &error), error);
    check_left(shop, "");
    clients_end(&front);
    assert_int_equal(front.before.refused + front.behind.refused, 0);
    check_no_failure(&front.before);
    check_no_failure(&front.behind);
    front_close(&front);
}

/* ---- by cutoverctl ---- */

static void cutoverctl_pauses_the_poolers_that_a_project_names(void **state)
{
    struct front front;

    front_open(&front, *state, 1, NULL);
    wrap(&front, NULL);
    char *consoles = shop_format("host=/nowhere; %s", front.poolers[0].conninfo);
    tool_begin();
    tool_done(TOOL("project", "add", "pool", "--database", cluster_conninfo(cluster, PRODUCTION), "--pgbouncer",
                   consoles));
    char *said = tool(0, TOOL("project", "set", "pool", "--pgbouncer", front.poolers[0].conninfo));
    check_contains(said, front.poolers[0].conninfo);
    assert_null(strstr(said, "/nowhere"));
    tool_done(TOOL("preview", "add", "pool", "--project", "pool", "--database",
                   cluster_conninfo(cluster, "pool_preview"), "--expires-in", "24h"));
    char *request =
        tool_id(TOOL("request", "create", "--project", "pool", "--preview", "pool", "--ticket", "OPS-1"));
    tool_done(TOOL("request", "ack", request));
    PGconn *open = begin(&front.poolers[0], PRODUCTION);
    char *refused = tool(1, TOOL("promote", request, "--verify", "readback"));
    check_contains(refused, "did not pause within 5000 ms: 1 of");
    check_alive(open);
    PQfinish(open);
    free(refused);
    free(request);
    free(said);
    free(consoles);
    front_close(&front);
}

/* Whatever PgBouncer it is. */
static void clients_that_cutoverctl_was_told_to_hold_see_no_error(void **state)
{
    struct front front;

    front_open(&front, *state, POOLERS, NEVER);
    wrap(&front, NULL);
    char *consoles = shop_format("%s; %s", front.poolers[0].conninfo, front.poolers[1].conninfo);
    tool_begin();
    tool_done(TOOL("project", "add", "pool", "--database", cluster_conninfo(cluster, PRODUCTION), "--pgbouncer",
                   consoles));
    char *said = tool(0, TOOL("project", "set", "pool", "--hold-fence", "yes"));
    check_contains(said, front.poolers[1].conninfo);
    check_contains(said, "hold_fence");
    tool_done(TOOL("preview", "add", "pool", "--project", "pool", "--database",
                   cluster_conninfo(cluster, "pool_preview"), "--expires-in", "24h"));
    char *request =
        tool_id(TOOL("request", "create", "--project", "pool", "--preview", "pool", "--ticket", "OPS-1"));
    tool_done(TOOL("request", "ack", request));
    clients_begin(&front);
    tool_done(TOOL("promote", request, "--verify", "readback"));
    client_begin(&front.behind, &front.poolers[0], "behind", true);
    clients_end(&front);
    check_no_failure(&front.before);
    check_no_failure(&front.behind);
    assert_int_equal(front.before.refused + front.behind.refused, 0);
    for (int i = 0; i < front.count; i++)
        check_no_failure(&front.readers[i]);
    assert_int_equal(cluster_number(cluster, PRODUCTION, "SELECT count(DISTINCT who) FROM visits"), 2);
    free(request);
    free(said);
    free(consoles);
    front_close(&front);
}

/* ---- what is refused ---- */

static void a_wrap_says_what_is_wrong_with_it(void **state)
{
    const struct shop *shop = *state;
    const char *const secret[] = {"host=/nowhere password=s3cret-word sslmode=never-heard-of", NULL};
    cutover_pgbouncer_options options = CUTOVER_PGBOUNCER_OPTIONS_INIT;
    cutover_platform platform = CUTOVER_PLATFORM_INIT;
    cutover_error *error = NULL;

    options.consoles = (const char *const[]){"host=/nowhere no-such-keyword=1", NULL};
    check_status_keep(cutover_platform_pgbouncer_wrap(&shop->known, &options, &platform, &error),
                      CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "options.consoles");
    cutover_error_free(error), error = NULL;
    options.consoles = secret;
    options.pause_timeout_ms = 3600001;
    check_status_keep(cutover_platform_pgbouncer_wrap(&shop->known, &options, &platform, &error),
                      CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "pause_timeout_ms");
    cutover_error_free(error), error = NULL;
    options.consoles = NULL;
    options.pause_timeout_ms = 0;
    platform.version = 1;
    check_status_keep(cutover_platform_pgbouncer_wrap(&shop->known, &options, &platform, &error),
                      CUTOVER_E_UNSUPPORTED, error);
    check_contains(cutover_error_message(error), "fence_pause");
    cutover_error_free(error), error = NULL;
    check_status(
        cutover_platform_pgbouncer_wrap(NULL, &options, &(cutover_platform)CUTOVER_PLATFORM_INIT, &error),
        CUTOVER_E_INVALID, error);
    /* What is no wrap is left alone. */
    cutover_platform known = shop->known;
    cutover_platform_pgbouncer_unwrap(&known);
    assert_ptr_equal(known.project_get, shop->known.project_get);
    cutover_platform_pgbouncer_unwrap(NULL);
}

static void a_project_keeps_its_consoles_without_secrets(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;

    shop_project(shop, "kept", cluster_conninfo(cluster, "postgres"));
    check_status_keep(
        cutover_registry_project_set_pgbouncers(
            shop->registry, "kept", (const char *const[]){"host=/nowhere password=s3cret", NULL}, &error),
        CUTOVER_E_INVALID, error);
    check_contains(cutover_error_message(error), "project.pgbouncers must not hold a secret");
    cutover_error_free(error), error = NULL;
    check_status(cutover_registry_project_set_pgbouncers(shop->registry, "nowhere", NULL, &error),
                 CUTOVER_E_NOT_FOUND, error);
    check_ok(
        cutover_registry_project_set_pgbouncers(
            shop->registry, "kept", (const char *const[]){"host=/one port=6432", "host=/two", NULL}, &error),
        error);
    assert_true(shop_holds(shop, "host=/two"));
    assert_false(shop_holds(shop, "s3cret"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(clients_of_a_transaction_pool_see_no_error),
        TEST(clients_that_are_held_see_no_error_and_no_refusal),
        TEST(clients_of_a_session_pool_come_back),
        TEST(clients_write_again_after_a_promotion_that_failed),
        TEST(clients_that_are_held_see_nothing_of_a_swap_that_failed),
        TEST(a_transaction_that_does_not_end_fails_the_job_before_the_fence),
        TEST(a_cancelled_job_leaves_the_pause_for_its_fence),
        TEST(a_cancelled_job_leaves_the_pause_for_its_swap),
        TEST(a_pause_is_not_believed_after_a_wait_close),
        TEST(a_transaction_in_another_paused_database_is_not_waited_for),
        TEST(every_database_that_leads_to_production_is_paused_and_no_other),
        TEST(a_first_login_during_a_pause_does_not_wait_for_long),
        TEST(a_retry_that_a_dead_process_left_is_set_back),
        TEST(an_instance_that_is_gone_fails_the_job_and_leaves_the_others_open),
        TEST(recovery_lets_go_what_a_dead_process_paused),
        TEST(clients_of_an_abandoned_job_wait_as_long_as_its_fence_stands),
        TEST(cutoverctl_pauses_the_poolers_that_a_project_names),
        TEST(clients_that_cutoverctl_was_told_to_hold_see_no_error),
        TEST(a_wrap_says_what_is_wrong_with_it),
        TEST(a_project_keeps_its_consoles_without_secrets),
    };

    if (argc == 4 && strcmp(argv[1], "--die") == 0)
        return die(argv);
    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    return cmocka_run_group_tests_name("pgbouncer", tests, start_server, NULL);
}
