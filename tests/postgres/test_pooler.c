#include "support/pooler.h"
#include "support/shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Clients of production that come through PgBouncer (EDGE_CASES E5 to E7). */

static struct cluster *cluster;
static struct pooler pooler;

static int start_servers(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    pooler_start(&pooler, cluster, NULL);
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    pooler_stop(&pooler);
    return 0;
}

/* A client with one connection to the pooler, which it reads over from the moment that the preview is copied: the fence,
   which ends every session once, is up then. */
struct client {
    PGconn *connection;
    pthread_t thread;
    atomic_int stop;
    atomic_long olds, news, failures;
    char complaint[512]; /* the first failure */
};

static void read_once(struct client *client)
{
    PGresult *result = PQexec(client->connection, "SELECT name FROM generation LIMIT 1");

    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
        if (strcmp(PQgetvalue(result, 0, 0), "old") == 0)
            client->olds++;
        else
            client->news++;
    } else if (client->failures++ == 0) {
        snprintf(client->complaint, sizeof client->complaint, "%s", PQerrorMessage(client->connection));
    }
    PQclear(result);
}

static void *read_on(void *context)
{
    struct client *client = context;
    const struct timespec pause = {0, 500 * 1000};

    while (!client->stop) {
        read_once(client);
        if (PQstatus(client->connection) != CONNECTION_OK)
            PQreset(client->connection);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void wait_for_reads(const atomic_long *reads)
{
    const struct timespec pause = {0, 10 * 1000 * 1000};
    long before = *reads;

    for (int i = 0; i < 3000 && *reads == before; i++)
        nanosleep(&pause, NULL);
    assert_true(*reads > before);
}

static int client_start(struct shop *shop, void *context)
{
    struct client *client = context;

    (void)shop;
    client->connection = pooler_connect(&pooler, "pool_production");
    assert_int_equal(pthread_create(&client->thread, NULL, read_on, client), 0);
    wait_for_reads(&client->olds);
    return 0;
}

static void client_stop(struct client *client)
{
    client->stop = 1;
    pthread_join(client->thread, NULL);
    PQfinish(client->connection);
}

/* How long this pooler takes to pause. */
#define PAUSE_MS 400

/* The hooks that docs/embedding.md advises: each command on a connection of its own. */
static void pause_pooler(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    const struct timespec pause = {0, PAUSE_MS * 1000 * 1000};

    pooler_command(&pooler, "PAUSE pool_production");
    assert_int_equal(pooler_is_paused(&pooler, "pool_production"), 1);
    nanosleep(&pause, NULL);
}

static void resume_pooler(struct shop *shop, void *context)
{
    (void)shop;
    (void)context;
    pooler_command(&pooler, "RESUME pool_production");
}

static void use_hooks(struct shop *shop)
{
    shop->traffic.while_paused = pause_pooler;
    shop->traffic.at_resume = resume_pooler;
}

static void drop_databases(void)
{
    shop_check_server(cluster);
    cluster_sql(cluster, "postgres", "DROP DATABASE pool_production WITH (FORCE)");
    cluster_sql(cluster, "postgres", "DROP DATABASE pool_preview WITH (FORCE)");
}

/* EDGE_CASES E5: without an error, on the connection that it has, a client reads the old and then the new production. */
static void a_client_of_a_paused_pooler_only_waits(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "pool");
    struct client client = {0};
    const struct shop_hook hooks[] = {{"swap", client_start, &client}, {NULL, NULL, NULL}};

    use_hooks(shop);
    struct outcome outcome =
        shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});
    wait_for_reads(&client.news);
    client_stop(&client);
    if (client.failures > 0)
        fail_msg("%ld reads failed: %s", client.failures, client.complaint);
    /* It waited for as long as the pooler was paused. */
    assert_true(atof(outcome_text(&outcome, "reads_unavailable_ms")) >= PAUSE_MS);
    assert_int_equal(pooler_is_paused(&pooler, "pool_production"), 0);
    outcome_free(&outcome);
    free(request);
    drop_databases();
}

/* EDGE_CASES E6: whatever becomes of the swap, the pooler is resumed. */
static void a_pooler_is_resumed_when_there_is_no_swap(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "pool");
    struct client client = {0};
    const struct shop_hook hooks[] = {{"swap", client_start, &client}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};

    use_hooks(shop);
    shop->traffic.pause_fails = true; /* though it paused: as when the answer came too late */
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status(outcome.status, CUTOVER_E_CALLBACK, outcome.error);
    wait_for_reads(&client.olds);
    client_stop(&client);
    assert_int_equal(client.news, 0);
    assert_int_equal(pooler_is_paused(&pooler, "pool_production"), 0);
    outcome_free(&outcome);
    free(request);
    drop_databases();
}

/* EDGE_CASES E7: the pooler's idle server connections alone do not keep the swap from happening; its clients come back. */
static void a_pooler_without_hooks_delays_nothing(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "pool");
    struct client client = {0};
    const struct shop_hook hooks[] = {{"swap", client_start, &client}, {NULL, NULL, NULL}};
    PGconn *idle = pooler_connect(&pooler, "pool_production");

    PQclear(PQexec(idle, "SELECT 1"));
    struct outcome outcome =
        shop_promote_ok(shop, &(struct shop_promotion){.request_id = request, .hooks = hooks});
    wait_for_reads(&client.news);
    client_stop(&client);
    PQfinish(idle);
    outcome_free(&outcome);
    free(request);
    drop_databases();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_of_a_paused_pooler_only_waits),
        TEST(a_pooler_is_resumed_when_there_is_no_swap),
        TEST(a_pooler_without_hooks_delays_nothing),
    };

    return cmocka_run_group_tests_name("pooler", tests, start_servers, stop_servers);
}
