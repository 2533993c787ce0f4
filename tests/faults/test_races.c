/* Races between processes, and with clients: EDGE_CASES D2, D3. */
#include "faults/race.h"
#include "support/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RACERS 16

static struct cluster *cluster;
static bool soak;

static int start_cluster(void **state)
{
    (void)state;
    soak = getenv("CUTOVER_SOAK") != NULL;
    cluster = cluster_start("max_connections = 200");
    shop_use(cluster);
    return 0;
}

static int stop_cluster(void **state)
{
    (void)state;
    cluster_stop(cluster);
    return 0;
}

/* ---- one request, many processes ---- */

static void racing_project(struct shop *shop, const char *name)
{
    char *production = shop_format("%s_production", name);
    char *preview = shop_format("%s_preview", name);

    shop_database(cluster, production, shop_production_sql());
    shop_database(cluster, preview, shop_preview_sql());
    shop_project(shop, name, cluster_conninfo(cluster, production));
    shop_preview(shop, name, name, cluster_conninfo(cluster, preview), 0);
    free(production);
    free(preview);
}

struct tally {
    unsigned ack, reject, cancel, promote;
};

static void count_result(struct tally *tally, const char *verb, cutover_status result)
{
    if (result == CUTOVER_OK) {
        tally->ack += strcmp(verb, "ack") == 0;
        tally->reject += strcmp(verb, "reject") == 0;
        tally->cancel += strcmp(verb, "cancel") == 0;
        tally->promote += strcmp(verb, "promote") == 0;
    } else if (result == CUTOVER_E_LOCKED || result == CUTOVER_E_PREFLIGHT) {
        /* Preflight's sessions, too, are ended by the fence of whoever was faster. */
        assert_string_equal(verb, "promote");
    } else {
        assert_int_equal(result, CUTOVER_E_STATE);
    }
}

/* What happened is told by the records, and nothing else is. */
static void check_told(struct shop *shop, const char *name, const char *request, const struct tally *tally,
                       bool acked_before, size_t audit_before)
{
    char *audit = shop_audit(shop, name);
    char *status = shop_request_status(shop, request);
    char *state = shop_project_state(shop, name);

    assert_int_equal(tally->reject + tally->cancel + tally->promote, 1);
    assert_true(tally->ack <= (acked_before ? 0 : 1));
    assert_true(tally->promote == 0 || tally->ack == 1 || acked_before);
    char *expected =
        shop_format("cutover.requested%s %s", tally->ack == 1 || acked_before ? " cutover.acked" : "",
                    tally->reject == 1   ? "cutover.rejected"
                    : tally->cancel == 1 ? "cutover.cancelled"
                                         : "cutover.promote_started backup.started backup.completed "
                                           "production_overwrite_restore");
    assert_string_equal(audit + audit_before, expected);
    assert_string_equal(status, tally->reject == 1   ? "rejected"
                                : tally->cancel == 1 ? "cancelled"
                                                     : "completed");
    assert_string_equal(state, "active");
    free(audit);
    free(status);
    free(state);
    free(expected);
}

/* `verbs` is NULL-terminated and repeated until there are enough racers. */
static void race_for_one_request(struct shop *shop, const char *name, const char *const *verbs, bool acked,
                                 unsigned seed, struct tally *all)
{
    char *audit = shop_audit(shop, name);
    size_t before = strlen(audit) == 0 ? 0 : strlen(audit) + 1;
    char *request = acked ? shop_acked(shop, name, name) : shop_request(shop, name, name);
    const char *verb_of[RACERS];
    struct tally tally = {0};
    pid_t children[RACERS];
    struct race race;

    race_open(&race, shop);
    for (size_t i = 0, at = 0; i < RACERS; i++) {
        verb_of[i] = verbs[at++];
        at = verbs[at] == NULL ? 0 : at;
        /* Promoters look at both servers first: the others wait about as long, or not. */
        unsigned delay = strcmp(verb_of[i], "promote") == 0 || strcmp(verb_of[i], "ack") == 0
                             ? 0
                             : (unsigned)rand_r(&seed) % (acked ? 6000000 : 1000000);
        children[i] =
            race_enter(&race, &(struct racer){.verb = verb_of[i], .request_id = request, .delay_us = delay});
    }
    race_go(&race);
    for (size_t i = 0; i < RACERS; i++)
        count_result(&tally, verb_of[i], race_result(children[i]));
    check_told(shop, name, request, &tally, acked, before);
    all->reject += tally.reject;
    all->cancel += tally.cancel;
    all->promote += tally.promote;
    free(request);
    free(audit);
}

static void one_request_has_one_outcome_among_sixteen_processes(void **state)
{
    static const char *const all_verbs[] = {"ack", "reject", "cancel", "promote", NULL};
    static const char *const few_ends[] = {"ack",     "promote", "promote", "promote", "promote", "promote",
                                           "promote", "promote", "ack",     "promote", "promote", "promote",
                                           "promote", "promote", "cancel",  "reject",  NULL};
    struct shop *shop = *state;
    struct tally all = {0};

    racing_project(shop, "one");
    for (unsigned round = 0; round < (soak ? 60 : 6); round++)
        if (seed_takes(round / 2, 2))
            race_for_one_request(shop, "one", round % 2 == 0 ? all_verbs : few_ends, round % 2 == 1,
                                 round + 1 + (unsigned)(seed_given() % 1000), &all);
    print_message("outcomes: %u rejected, %u cancelled, %u promoted\n", all.reject, all.cancel, all.promote);
}

static void sixteen_promoters_of_one_request_promote_it_once(void **state)
{
    static const char *const promote[] = {"promote", NULL};
    struct shop *shop = *state;
    struct tally all = {0};

    racing_project(shop, "sixteen");
    unsigned rounds = soak ? 20 : seed_samples() ? 1 : 2;
    for (unsigned round = 0; round < rounds; round++)
        race_for_one_request(shop, "sixteen", promote, true, round, &all);
    assert_int_equal(all.promote, rounds);
}

/* ---- clients ---- */

#define WRITERS 2
#define READERS 2
#define ATTEMPTS 100000

/* How writers make their transactions writable. */
struct mode {
    const char *name, *session, *transaction;
};

enum { NOT_ACKNOWLEDGED, ACKNOWLEDGED_BY_OLD, ACKNOWLEDGED_BY_NEW };

struct clients {
    char *conninfo;
    struct mode mode;
    atomic_bool writers_over, readers_over;
};

/* One that connects, does one thing and goes, again and again. */
struct client {
    struct clients *clients;
    unsigned number, attempts;
    unsigned char *writes; /* by attempt: who acknowledged it */
    unsigned seen_old, seen_new, seen_mixed;
    pthread_t thread;
};

static void run(PGconn *connection, const char *sql)
{
    if (sql != NULL)
        PQclear(PQexec(connection, sql));
}

/* Each write has an id of its own, and tells which database takes it; it counts when COMMIT was answered. */
static void write_once(struct client *client, PGconn *connection)
{
    const struct mode *mode = &client->clients->mode;
    unsigned attempt = client->attempts++;
    char insert[160];

    snprintf(insert, sizeof insert, "INSERT INTO written VALUES (%u) RETURNING (SELECT name FROM generation)",
             client->number * ATTEMPTS + attempt);
    run(connection, mode->session);
    run(connection, "BEGIN");
    run(connection, mode->transaction);
    PGresult *result = PQexec(connection, insert);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        bool old = strcmp(PQgetvalue(result, 0, 0), "old") == 0;
        PGresult *commit = PQexec(connection, "COMMIT");
        if (PQresultStatus(commit) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(commit), "COMMIT") == 0)
            client->writes[attempt] = old ? ACKNOWLEDGED_BY_OLD : ACKNOWLEDGED_BY_NEW;
        PQclear(commit);
    }
    PQclear(result);
}

/* Marker, tables and rows in one snapshot; and never the old one after the new one. */
static void read_once(struct client *client, PGconn *connection)
{
    run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    PGresult *result =
        PQexec(connection, "SELECT (SELECT name FROM generation), to_regclass('people') IS NOT NULL,"
                           " to_regclass('customers') IS NOT NULL, (SELECT count(*) FROM orders)");
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        char found[64];
        snprintf(found, sizeof found, "%s %s %s %s", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1),
                 PQgetvalue(result, 0, 2), PQgetvalue(result, 0, 3));
        if (strcmp(found, "old f t 3000") == 0 && client->seen_new == 0)
            client->seen_old++;
        else if (strcmp(found, "new t f 3500") == 0)
            client->seen_new++;
        else
            client->seen_mixed++;
    } else if (strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL
                          ? PQresultErrorField(result, PG_DIAG_SQLSTATE)
                          : "08006",
                      "42P01") == 0) {
        client->seen_mixed++; /* a table that both have is missing */
    }
    PQclear(result);
}

static void *keep_writing(void *context)
{
    struct client *client = context;

    while (!client->clients->writers_over && client->attempts < ATTEMPTS) {
        PGconn *connection = PQconnectdb(client->clients->conninfo);
        if (PQstatus(connection) == CONNECTION_OK)
            write_once(client, connection);
        PQfinish(connection);
    }
    return NULL;
}

static void *keep_reading(void *context)
{
    struct client *client = context;

    while (!client->clients->readers_over) {
        PGconn *connection = PQconnectdb(client->clients->conninfo);
        if (PQstatus(connection) == CONNECTION_OK)
            read_once(client, connection);
        PQfinish(connection);
    }
    return NULL;
}

/* Every write that the old production acknowledged is in `database`; those of the new one, when told, in `production`. */
static unsigned check_writes(const struct client *client, const char *database, unsigned char by)
{
    PGconn *connection = cluster_connect(cluster, database);
    PGresult *result = PQexec(connection, "SELECT id FROM written");
    bool *there = calloc(ATTEMPTS, sizeof *there);
    unsigned count = 0;

    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    assert_non_null(there);
    for (int i = 0; i < PQntuples(result); i++) {
        unsigned id = (unsigned)strtoul(PQgetvalue(result, i, 0), NULL, 10);
        if (id / ATTEMPTS == client->number)
            there[id % ATTEMPTS] = true;
    }
    for (unsigned i = 0; i < client->attempts; i++) {
        if (client->writes[i] != by)
            continue;
        count++;
        if (!there[i])
            fail_msg("write %u of client %u was acknowledged and is not in %s", i, client->number, database);
    }
    free(there);
    PQclear(result);
    PQfinish(connection);
    return count;
}

static int stop_writers(struct shop *shop, void *context)
{
    (void)shop;
    atomic_store((atomic_bool *)context, true);
    return 0;
}

static void restore_backup(const struct outcome *outcome, const char *database)
{
    cluster_create_database(cluster, database);
    shop_run((const char *[]){cluster_program("pg_restore"), "-e", "-d", cluster_conninfo(cluster, database),
                              outcome_text(outcome, "backup_path"), NULL});
}

static void client_databases(struct shop *shop, const char *name, char **request)
{
    const char *const kinds[] = {"production", "preview"};

    *request = shop_ready(shop, name);
    for (size_t i = 0; i < 2; i++) {
        char *database = shop_format("%s_%s", name, kinds[i]);
        cluster_sql(cluster, database,
                    "CREATE TABLE written (id bigint PRIMARY KEY);"
                    "GRANT ALL ON ALL TABLES IN SCHEMA public TO client");
        free(database);
    }
}

static void check_clients(const struct outcome *outcome, const struct client *clients, const char *production)
{
    bool completed = outcome->status == CUTOVER_OK;
    unsigned old = 0, new = 0, reads = 0;

    if (completed)
        restore_backup(outcome, "kept");
    for (size_t i = 0; i < WRITERS; i++) {
        old += check_writes(&clients[i], completed ? "kept" : production, ACKNOWLEDGED_BY_OLD);
        new += check_writes(&clients[i], production, ACKNOWLEDGED_BY_NEW);
    }
    for (size_t i = WRITERS; i < WRITERS + READERS; i++) {
        assert_int_equal(clients[i].seen_mixed, 0);
        assert_true(completed || clients[i].seen_new == 0);
        reads += clients[i].seen_old + clients[i].seen_new;
    }
    assert_true(completed || new == 0);
    if (completed)
        cluster_sql(cluster, "postgres", "DROP DATABASE kept");
    print_message("%s: %u writes to the old, %u to the new, %u reads\n",
                  completed ? "completed" : cutover_error_message(outcome->error), old, new, reads);
}

/* Writers go on until the step begins (NULL: to the end), readers to the end. */
static bool promote_among_clients(struct shop *shop, const struct mode *mode, const char *until)
{
    static unsigned count;
    char *request, *name = shop_format("clients%u", count++), *production = shop_format("%s_production", name);
    struct client client[WRITERS + READERS] = {0};
    struct clients clients = {.mode = *mode};

    client_databases(shop, name, &request);
    clients.conninfo = shop_format("%s", cluster_conninfo_as(cluster, production, "client"));
    for (unsigned i = 0; i < WRITERS + READERS; i++) {
        client[i] = (struct client){.clients = &clients, .number = i, .writes = calloc(ATTEMPTS, 1)};
        assert_non_null(client[i].writes);
        assert_int_equal(
            pthread_create(&client[i].thread, NULL, i < WRITERS ? keep_writing : keep_reading, &client[i]), 0);
    }
    const struct shop_hook hooks[] = {{until, stop_writers, &clients.writers_over}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote(shop, &promotion);
    bool completed = outcome.status == CUTOVER_OK;
    clients.writers_over = clients.readers_over = true;
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        pthread_join(client[i].thread, NULL);
    print_message("%s until %s: ", mode->name, until != NULL ? until : "the end");
    check_clients(&outcome, client, production);
    cluster_sql(cluster, production, "CREATE TABLE can_write (); DROP TABLE can_write");
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        free(client[i].writes);
    outcome_free(&outcome);
    free(clients.conninfo);
    free(production);
    free(request);
    free(name);
    return completed;
}

/* EDGE_CASES D2, D3: the fence is a default that a client may override; the proof finds those that did. */
static void acknowledged_writes_are_kept_and_nobody_sees_a_mix(void **state)
{
    static const struct mode modes[] = {
        {"clients that respect the fence", NULL, NULL},
        {"SET TRANSACTION READ WRITE", NULL, "SET TRANSACTION READ WRITE"},
        {"SET default_transaction_read_only", "SET default_transaction_read_only = off", NULL},
    };
    static const struct {
        unsigned mode;
        const char *until; /* the step at whose begin writers stop */
    } rounds[] = {
        {0, NULL},
        {1, "catch_up"},
        {2, "verify"},
        {1, NULL},
        {2, "catch_up"},
        /* More of it, when there is time. */
        {1, "verify"},
        {1, "stage"},
        {1, "swap"},
        {2, NULL},
        {2, "stage"},
        {2, "check"},
        {0, "swap"},
    };
    struct shop *shop = *state;
    unsigned completed = 0, failed = 0;

    cluster_sql(cluster, "postgres", "CREATE ROLE client LOGIN");
    for (size_t i = 0; i < (soak ? 120 : 5); i++) {
        size_t at = i % (sizeof rounds / sizeof *rounds);
        if (i > 0 && !seed_takes(i, 2))
            continue;
        if (promote_among_clients(shop, &modes[rounds[at].mode], rounds[at].until))
            completed++;
        else
            failed++;
    }
    print_message("%u completed, %u failed\n", completed, failed);
    assert_true(completed > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_request_has_one_outcome_among_sixteen_processes, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(sixteen_promoters_of_one_request_promote_it_once, shop_setup,
                                        shop_teardown),
        cmocka_unit_test_setup_teardown(acknowledged_writes_are_kept_and_nobody_sees_a_mix, shop_setup,
                                        shop_teardown),
    };
    int code;

    if (race_is_child(argc, argv, &code))
        return code;
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
