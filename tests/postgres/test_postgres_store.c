#include "faults/proxy.h"
#include "support/check.h"
#include "support/cluster.h"
#include "support/killed.h"
#include "support/pooler.h"

#include <cutover/conformance.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The store on PostgreSQL, of a role that has no rights but on its own schemas. */

static struct cluster *cluster;
static struct proxy *proxy;

#define DATABASE "control"

static int start_cluster(void **state)
{
    char path[300];

    (void)state;
    cluster = cluster_start("max_connections = 60\n");
    cluster_create_database(cluster, DATABASE);
    cluster_sql(cluster, DATABASE,
                "CREATE ROLE keeper LOGIN PASSWORD 'keeper-secret'; GRANT CREATE ON DATABASE " DATABASE
                " TO keeper;"
                "CREATE ROLE clerk LOGIN PASSWORD 'clerk-secret'");
    snprintf(path, sizeof path, "%s/.s.PGSQL.%d", cluster_socket_dir(cluster), cluster_port(cluster));
    proxy = proxy_open(path);
    return 0;
}

static int stop_all(void **state)
{
    (void)state;
    proxy_close(proxy);
    return 0;
}

static const char *keeper(void)
{
    return cluster_conninfo_as(cluster, DATABASE, "keeper");
}

static cutover_status open_at(const char *conninfo, const char *schema, cutover_store *store,
                              cutover_error **error)
{
    cutover_store_postgres_options options = CUTOVER_STORE_POSTGRES_OPTIONS_INIT;

    options.schema = schema;
    options.timeout_ms = 5000;
    return cutover_store_postgres_open(conninfo, &options, store, error);
}

static void open_store(const char *schema, cutover_store *store)
{
    cutover_error *error = NULL;

    check_ok(open_at(keeper(), schema, store, &error), error);
}

static cutover_status put(const cutover_store *store, const char *id, uint64_t version, const char *body,
                          cutover_error **error)
{
    cutover_write write = {CUTOVER_WRITE_VERSION, "thing", id, "p", version, body};

    return store->commit(&(const cutover_write *){&write}, 1, error, store->userdata);
}

static cutover_status note_version(const cutover_document *document, void *context)
{
    *(uint64_t *)context = document->version;
    return CUTOVER_OK;
}

/* 0: there is none. */
static uint64_t version_of(const cutover_store *store, const char *id)
{
    cutover_error *error = NULL;
    uint64_t version = 0;
    cutover_status status = store->get("thing", id, note_version, &version, &error, store->userdata);

    if (status == CUTOVER_E_NOT_FOUND)
        cutover_error_free(error);
    else
        check_ok(status, error);
    return version;
}

/* ---- conformance */

struct place {
    const char *conninfo, *name;
    unsigned schemas;
};

static cutover_status open_numbered(int32_t fresh, cutover_store *store, cutover_error **error, void *userdata)
{
    struct place *place = userdata;
    char schema[40];

    if (fresh)
        place->schemas++;
    snprintf(schema, sizeof schema, "%s%u", place->name, place->schemas);
    return open_at(place->conninfo, schema, store, error);
}

static void report(const char *name, const char *failure, void *userdata)
{
    (void)userdata;
    if (failure != NULL)
        print_error("%s: %s\n", name, failure);
}

static void conforms(struct place place)
{
    cutover_error *error = NULL;

    check_ok(cutover_conformance_store(open_numbered, report, &place, &error), error);
}

/* Whatever an owner or an administrator has set, as far as it would lose updates, refuse writes or read another way. */
static void postgres_store_conforms_whatever_the_defaults_are(void **state)
{
    (void)state;
    cluster_sql(
        cluster, DATABASE,
        "ALTER ROLE keeper SET default_transaction_isolation = 'serializable';"
        "ALTER ROLE keeper SET default_transaction_read_only = on;"
        "ALTER ROLE keeper SET default_transaction_deferrable = on;"
        "ALTER ROLE keeper SET statement_timeout = '2s'; ALTER ROLE keeper SET lock_timeout = '1ms';"
        "ALTER ROLE keeper SET synchronous_commit = off; ALTER ROLE keeper SET client_encoding = latin1;"
        "ALTER ROLE keeper SET standard_conforming_strings = off;"
        "ALTER ROLE keeper SET search_path = nowhere");
    conforms((struct place){keeper(), "direct", 0});
    cluster_sql(cluster, DATABASE, "ALTER ROLE keeper RESET ALL");
}

/* ---- connections */

static int wait_for(pid_t child)
{
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* EDGE_CASES G7 */
static void handle_is_refused_in_a_forked_child(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;

    (void)state;
    open_store("forked", &store);
    assert_int_equal(store.capabilities, CUTOVER_STORE_DURABLE | CUTOVER_STORE_SHARED);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    pid_t child = fork();
    if (child == 0) {
        uint64_t version;
        bool refused = put(&store, "a", 1, "{}", NULL) == CUTOVER_E_STORE &&
                       store.get("thing", "a", note_version, &version, NULL, store.userdata) == CUTOVER_E_STORE;

        cutover_store_close(&store);
        leave(refused ? 0 : 1);
    }
    assert_int_equal(wait_for(child), 0);
    check_ok(put(&store, "a", 1, "{}", &error), error);
    assert_int_equal(version_of(&store, "a"), 2);
    cutover_store_close(&store);
}

static void end_sessions(void)
{
    cluster_sql(cluster, "postgres",
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'keeper'");
}

static void ended_sessions_are_made_anew(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;

    (void)state;
    open_store("anew", &store);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    for (uint64_t version = 1; version <= 3; version++) {
        end_sessions();
        check_ok(put(&store, "a", version, "{}", &error), error);
        end_sessions();
        assert_int_equal(version_of(&store, "a"), version + 1);
    }
    cluster_restart(cluster, "immediate");
    check_ok(put(&store, "a", 4, "{}", &error), error);
    cutover_store_close(&store);
}

/* ---- through a pooler */

/* Two servers for all of the suite's threads and processes. */
static void postgres_store_conforms_behind_a_pooler_of_transactions(void **state)
{
    struct pooler pooler;
    char conninfo[400];

    (void)state;
    pooler_start(&pooler, cluster, "default_pool_size = 2\n");
    snprintf(conninfo, sizeof conninfo, "%s dbname=" DATABASE, pooler.conninfo);
    conforms((struct place){conninfo, "pooled", 0});
    pooler_stop(&pooler);
}

static void check_open_refused(const char *conninfo, const char *schema, cutover_status expected,
                               const char *message, const char *hint)
{
    cutover_store store = CUTOVER_STORE_INIT;
    const cutover_store before = store;
    cutover_error *error = NULL;

    check_status_keep(open_at(conninfo, schema, &store, &error), expected, error);
    check_contains(cutover_error_message(error), message);
    if (hint != NULL)
        check_contains(cutover_error_hint(error), hint);
    const char *const texts[] = {cutover_error_message(error), cutover_error_detail(error),
                                 cutover_error_hint(error)};
    for (size_t i = 0; i < 3; i++)
        assert_true(texts[i] == NULL || strstr(texts[i], "secret") == NULL);
    assert_memory_equal(&store, &before, sizeof store);
    cutover_error_free(error);
}

static void pooler_of_statements_is_refused(void **state)
{
    struct pooler pooler;
    char conninfo[400];

    (void)state;
    pooler_start(&pooler, cluster, "pool_mode = statement\n");
    snprintf(conninfo, sizeof conninfo, "%s dbname=" DATABASE, pooler.conninfo);
    check_open_refused(conninfo, "statements", CUTOVER_E_UNSUPPORTED, "statement pooling",
                       "pool_mode = transaction");
    pooler_stop(&pooler);
    assert_int_equal(
        cluster_number(cluster, DATABASE, "SELECT count(*) FROM pg_namespace WHERE nspname = 'statements'"), 0);
}

/* ---- lost answers */

static const char *by_proxy(void)
{
    static char conninfo[200];

    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d user=keeper dbname=" DATABASE,
             proxy_port(proxy));
    return conninfo;
}

/* A commit in a thread of its own. */
struct attempt {
    const cutover_store *store;
    const cutover_write *writes;
    size_t count;
    cutover_status status;
    cutover_error *error;
    pthread_t thread;
};

static void *commit_attempt(void *context)
{
    struct attempt *attempt = context;
    const cutover_write *writes[3];

    for (size_t i = 0; i < attempt->count; i++)
        writes[i] = &attempt->writes[i];
    attempt->status = attempt->store->commit(writes, attempt->count, &attempt->error, attempt->store->userdata);
    return NULL;
}

static void attempt_begin(struct attempt *attempt)
{
    assert_int_equal(pthread_create(&attempt->thread, NULL, commit_attempt, attempt), 0);
}

static void attempt_end(struct attempt *attempt, cutover_status expected)
{
    pthread_join(attempt->thread, NULL);
    check_status(attempt->status, expected, attempt->error);
}

/* Until a query answers something else than 0; its number. */
static long wait_number(const char *sql)
{
    long number = 0;

    for (int i = 0; i < 1000 && number == 0; i++) {
        number = cluster_number(cluster, DATABASE, sql);
        if (number == 0)
            usleep(10000);
    }
    if (number == 0)
        fail_msg("it never is so: %s", sql);
    return number;
}

static void commit_whose_answer_is_lost_is_done_once(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 1, "{\"n\": 2}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "b", "p", 0, "{}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "c", "p", 1, NULL}};
    struct attempt attempt = {&store, writes, 3, CUTOVER_E_INTERNAL, NULL, 0};
    cutover_error *error = NULL;

    (void)state;
    check_ok(open_at(by_proxy(), "lost", &store, &error), error);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    check_ok(put(&store, "c", 0, "{}", &error), error);
    proxy_set(proxy, PROXY_MUTE);
    attempt_begin(&attempt);
    wait_number("SELECT version - 1 FROM lost.document WHERE id = 'a'");
    proxy_set(proxy, PROXY_CUT);
    attempt_end(&attempt, CUTOVER_OK);
    assert_int_equal(version_of(&store, "a"), 2);
    assert_int_equal(version_of(&store, "b"), 1);
    assert_int_equal(version_of(&store, "c"), 0);
    cutover_store_close(&store);
}

/* What was sent lies in the server's buffer while it is sent again, and is read when the documents have those versions once more. */
static void commit_that_arrives_late_is_not_done_again(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, "{}"}};
    struct attempt attempt = {&store, writes, 1, CUTOVER_E_INTERNAL, NULL, 0};
    cutover_error *error = NULL;
    char gone[100];

    (void)state;
    check_ok(open_at(by_proxy(), "late", &store, &error), error);
    check_ok(put(&store, "other", 0, "{}", &error), error);
    pid_t backend = (pid_t)wait_number("SELECT pid FROM pg_stat_activity WHERE usename = 'keeper'");
    assert_int_equal(kill(backend, SIGSTOP), 0);
    attempt_begin(&attempt);
    usleep(100000); /* it is sent; were it not, there would be nothing to arrive late */
    proxy_set(proxy, PROXY_CUT);
    attempt_end(&attempt, CUTOVER_OK);
    check_ok(put(&store, "a", 1, NULL, &error), error);
    assert_int_equal(kill(backend, SIGCONT), 0);
    snprintf(gone, sizeof gone, "SELECT (count(*) = 0)::int FROM pg_stat_activity WHERE pid = %d",
             (int)backend);
    wait_number(gone);
    assert_int_equal(version_of(&store, "a"), 0);
    cutover_store_close(&store);
}

static void what_cannot_be_told_is_said(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_store_postgres_options options = CUTOVER_STORE_POSTGRES_OPTIONS_INIT;
    cutover_error *error = NULL;

    (void)state;
    options.schema = "untold";
    options.timeout_ms = 1000;
    check_ok(cutover_store_postgres_open(by_proxy(), &options, &store, &error), error);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    proxy_set(proxy, PROXY_MUTE);
    check_status_keep(put(&store, "a", 1, "{}", &error), CUTOVER_E_STORE, error);
    check_contains(cutover_error_message(error), "could not tell");
    assert_non_null(cutover_error_hint(error));
    cutover_error_free(error);
    error = NULL;
    proxy_set(proxy, PROXY_CUT);
    wait_number("SELECT version - 1 FROM untold.document WHERE id = 'a'");
    assert_int_equal(version_of(&store, "a"), 2);
    proxy_set(proxy, PROXY_REFUSE);
    check_status_keep(store.get("thing", "a", note_version, &(uint64_t){0}, &error, store.userdata),
                      CUTOVER_E_STORE, error);
    assert_null(strstr(cutover_error_message(error), "could not tell"));
    cutover_error_free(error);
    proxy_set(proxy, PROXY_FORWARD);
    assert_int_equal(version_of(&store, "a"), 2);
    cutover_store_close(&store);
}

/* Somebody has the server wait no longer: it has committed at home alone, and says so in a warning. */
static void commit_is_answered_when_its_standby_has_it(void **state)
{
    static const char waiting[] = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE usename = 'keeper' "
                                  "AND wait_event = 'SyncRep'";
    cutover_store store = CUTOVER_STORE_INIT;
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 0, "{}"}};
    struct attempt attempt = {&store, writes, 1, CUTOVER_E_INTERNAL, NULL, 0};
    char sql[200];

    (void)state;
    open_store("standby", &store);
    cluster_sql(cluster, "postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    cluster_sql(cluster, "postgres", "SELECT pg_reload_conf()");
    attempt_begin(&attempt);
    int first = (int)wait_number(waiting);
    snprintf(sql, sizeof sql, "SELECT pg_cancel_backend(%d)", first);
    cluster_sql(cluster, "postgres", sql);
    snprintf(sql, sizeof sql, "%s AND pid <> %d", waiting, first);
    wait_number(sql);
    cluster_sql(cluster, "postgres", "ALTER SYSTEM RESET synchronous_standby_names");
    cluster_sql(cluster, "postgres", "SELECT pg_reload_conf()");
    attempt_end(&attempt, CUTOVER_OK);
    assert_int_equal(version_of(&store, "a"), 1);
    cutover_store_close(&store);
}

/* Nobody should, and nothing is half applied when somebody does. */
static void document_changed_by_hand_meanwhile_is_conflict(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    const cutover_write writes[] = {{CUTOVER_WRITE_VERSION, "thing", "a", "p", 1, "{}"},
                                    {CUTOVER_WRITE_VERSION, "thing", "b", "p", 0, "{}"}};
    struct attempt attempt = {&store, writes, 2, CUTOVER_E_INTERNAL, NULL, 0};
    cutover_error *error = NULL;

    (void)state;
    open_store("hand", &store);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    PGconn *hand = cluster_connect(cluster, DATABASE);
    PQclear(PQexec(hand, "BEGIN; UPDATE hand.document SET version = 7"));
    attempt_begin(&attempt);
    wait_number("SELECT count(*) FROM pg_stat_activity WHERE usename = 'keeper' AND wait_event_type = 'Lock'");
    PQclear(PQexec(hand, "COMMIT"));
    PQfinish(hand);
    attempt_end(&attempt, CUTOVER_E_CONFLICT);
    assert_int_equal(version_of(&store, "a"), 7);
    assert_int_equal(version_of(&store, "b"), 0);
    cutover_store_close(&store);
}

/* ---- a history under killed backends */

#define WRITERS 4
#define COMMITS 60

struct writer {
    const char *name;
    cutover_store store;
    cutover_status answers[COMMITS];
    pthread_t thread;
};

static uint64_t read_or_zero(const cutover_store *store, const char *id)
{
    uint64_t version = 0;

    store->get("thing", id, note_version, &version, NULL, store->userdata);
    return version;
}

/* Each commit makes a document of its own, and counts in two that all writers change, named in an order of the writer's own. */
static void *write_history(void *context)
{
    struct writer *writer = context;
    bool turned = writer->name[0] % 2 != 0;

    for (int i = 0; i < COMMITS; i++) {
        char id[40];
        snprintf(id, sizeof id, "%s%d", writer->name, i);
        const cutover_write writes[] = {
            {CUTOVER_WRITE_VERSION, "thing", "left", "p", read_or_zero(&writer->store, "left"), "{}"},
            {CUTOVER_WRITE_VERSION, "thing", id, "p", 0, "{}"},
            {CUTOVER_WRITE_VERSION, "thing", "right", "p", read_or_zero(&writer->store, "right"), "{}"}};
        const cutover_write *order[] = {&writes[turned ? 2 : 0], &writes[1], &writes[turned ? 0 : 2]};
        writer->answers[i] = writer->store.commit(order, 3, NULL, writer->store.userdata);
    }
    return NULL;
}

static atomic_bool writing;
static atomic_long killed;

/* Ends the backends that write, in the middle of whatever they do, and loses what the server answers through the proxy. */
static void *kill_backends(void *context)
{
    unsigned rounds = 0;

    (void)context;
    while (writing) {
        killed += cluster_number(cluster, "postgres",
                                 "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                                 " WHERE usename = 'keeper' AND state <> 'idle' AND random() < 0.7");
        if (++rounds % 10 == 0) {
            proxy_set(proxy, PROXY_MUTE);
            usleep(10000);
            proxy_set(proxy, PROXY_CUT);
        }
        usleep(20000);
    }
    return NULL;
}

static void history_of_killed_backends_is_whole(void **state)
{
    struct writer writers[WRITERS] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    uint64_t there = 0, told = 0, refused = 0;
    pthread_t killer;

    (void)state;
    open_store("history", &store);
    check_ok(put(&store, "left", 0, "{}", &error), error);
    check_ok(put(&store, "right", 0, "{}", &error), error);
    writing = true;
    for (size_t i = 0; i < WRITERS; i++) {
        cutover_store_init(&writers[i].store, CUTOVER_STORE_VERSION);
        check_ok(open_at(i % 2 == 0 ? keeper() : by_proxy(), "history", &writers[i].store, &error), error);
    }
    assert_int_equal(pthread_create(&killer, NULL, kill_backends, NULL), 0);
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_history, &writers[i]), 0);
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    writing = false;
    pthread_join(killer, NULL);
    for (size_t i = 0; i < WRITERS; i++) {
        for (int k = 0; k < COMMITS; k++) {
            char id[40];
            snprintf(id, sizeof id, "%s%d", writers[i].name, k);
            uint64_t version = version_of(&store, id);
            cutover_status answer = writers[i].answers[k];
            if ((answer == CUTOVER_OK && version != 1) || (answer == CUTOVER_E_CONFLICT && version != 0))
                fail_msg("%s: answered %d, and has version %llu", id, answer, (unsigned long long)version);
            there += version;
            told += answer == CUTOVER_OK;
            refused += answer == CUTOVER_E_CONFLICT;
        }
        cutover_store_close(&writers[i].store);
    }
    assert_int_equal(version_of(&store, "left"), there + 1);
    assert_int_equal(version_of(&store, "right"), there + 1);
    assert_true(told > COMMITS && refused > 0 && killed > 10);
    cutover_store_close(&store);
}

/* ---- what is refused */

static void standby_is_refused(void **state)
{
    struct cluster *standby = cluster_standby(cluster, NULL);

    (void)state;
    check_open_refused(cluster_conninfo_as(standby, DATABASE, "keeper"), "direct1", CUTOVER_E_UNSUPPORTED,
                       "standby", "primary");
    cluster_stop(standby);
}

static void schema_of_a_newer_library_is_unsupported(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;

    (void)state;
    open_store("newer", &store);
    cutover_store_close(&store);
    cluster_sql(cluster, DATABASE, "UPDATE newer.layout SET version = 2");
    check_open_refused(keeper(), "newer", CUTOVER_E_UNSUPPORTED, "layout 2", "newer libcutover");
    cluster_sql(cluster, DATABASE, "UPDATE newer.layout SET version = 1");
    open_store("newer", &store);
    cutover_store_close(&store);
}

static void schema_that_holds_something_else_is_left_alone(void **state)
{
    (void)state;
    cluster_sql(cluster, DATABASE,
                "CREATE SCHEMA other AUTHORIZATION keeper; CREATE TABLE other.t (a int);"
                "CREATE SCHEMA plan AUTHORIZATION keeper; CREATE TABLE plan.layout (a int);"
                "ALTER TABLE plan.layout OWNER TO keeper");
    check_open_refused(keeper(), "other", CUTOVER_E_INVALID, "something else", "empty");
    check_open_refused(keeper(), "plan", CUTOVER_E_INVALID, "not a store's", NULL);
    assert_int_equal(cluster_number(cluster, DATABASE,
                                    "SELECT count(*) FROM pg_tables WHERE schemaname IN ('other', 'plan')"),
                     2);
}

static void schema_of_its_own_is_all_that_a_role_needs(void **state)
{
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    const char *clerk = cluster_conninfo_as(cluster, DATABASE, "clerk");

    (void)state;
    check_open_refused(clerk, "Clerk's \"own\"", CUTOVER_E_STORE, "permission denied",
                       "CREATE SCHEMA \"Clerk's \"\"own\"\"\" AUTHORIZATION clerk");
    cluster_sql(cluster, DATABASE, "CREATE SCHEMA \"Clerk's \"\"own\"\"\" AUTHORIZATION clerk");
    check_ok(open_at(clerk, "Clerk's \"own\"", &store, &error), error);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    assert_int_equal(version_of(&store, "a"), 1);
    cutover_store_close(&store);
}

static void connections_that_cannot_be_are_explained_without_secrets(void **state)
{
    char conninfo[300];

    (void)state;
    snprintf(conninfo, sizeof conninfo,
             "host=127.0.0.1 port=%d user=keeper password=no-secret dbname=" DATABASE, cluster_port(cluster));
    check_open_refused(conninfo, "x", CUTOVER_E_STORE, "password authentication failed", "password");
    check_open_refused("host=here password=a-secret nonsense", "x", CUTOVER_E_INVALID, "conninfo", NULL);
    check_open_refused("dbname=control password=a-secret", "x", CUTOVER_E_INVALID, "conninfo names no host",
                       NULL);
    check_open_refused("host=here password=a-secret", "x", CUTOVER_E_INVALID, "conninfo names no dbname", NULL);
    check_open_refused("host=127.0.0.1 port=1 dbname=control user=k password=a-secret", "x", CUTOVER_E_STORE,
                       "store control.x: cannot connect", NULL);
    check_open_refused(keeper(), "", CUTOVER_E_INVALID, "options.schema", NULL);
    check_open_refused(keeper(), "a-name-that-has-more-than-the-sixty-three-bytes-that-are-kept-of-it",
                       CUTOVER_E_INVALID, "options.schema", NULL);
}

static void other_encodings_are_refused(void **state)
{
    (void)state;
    cluster_sql(cluster, "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
    check_open_refused(cluster_conninfo(cluster, "latin"), "x", CUTOVER_E_UNSUPPORTED, "LATIN1",
                       "ENCODING 'UTF8'");
}

static void location_names_the_store_and_no_password(void **state)
{
    static const char *const refused[][2] = {
        {"cutover.db", "neither sqlite:PATH nor postgres:CONNINFO"},
        {"mysql:host=x", "neither"},
        {"postgres:host=here dbname=control password=a-secret", "holds a password"},
        {"postgres://keeper:a-secret@here/control", "holds a password"},
        {"postgres:host=here", "names no dbname"},
    };
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    char location[300];

    (void)state;
    snprintf(location, sizeof location, "postgres:%s", keeper());
    check_ok(cutover_store_open(location, &store, &error), error);
    check_ok(put(&store, "a", 0, "{}", &error), error);
    cutover_store_close(&store);
    assert_int_equal(cluster_number(cluster, DATABASE, "SELECT count(*) FROM cutover.document"), 1);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        check_status_keep(cutover_store_open(refused[i][0], &store, &error), CUTOVER_E_INVALID, error);
        check_contains(cutover_error_message(error), refused[i][1]);
        assert_null(strstr(cutover_error_message(error), "secret"));
        cutover_error_free(error);
        error = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgres_store_conforms_whatever_the_defaults_are),
        cmocka_unit_test(handle_is_refused_in_a_forked_child),
        cmocka_unit_test(ended_sessions_are_made_anew),
        cmocka_unit_test(postgres_store_conforms_behind_a_pooler_of_transactions),
        cmocka_unit_test(pooler_of_statements_is_refused),
        cmocka_unit_test(commit_whose_answer_is_lost_is_done_once),
        cmocka_unit_test(commit_that_arrives_late_is_not_done_again),
        cmocka_unit_test(what_cannot_be_told_is_said),
        cmocka_unit_test(commit_is_answered_when_its_standby_has_it),
        cmocka_unit_test(document_changed_by_hand_meanwhile_is_conflict),
        cmocka_unit_test(history_of_killed_backends_is_whole),
        cmocka_unit_test(standby_is_refused),
        cmocka_unit_test(schema_of_a_newer_library_is_unsupported),
        cmocka_unit_test(schema_that_holds_something_else_is_left_alone),
        cmocka_unit_test(schema_of_its_own_is_all_that_a_role_needs),
        cmocka_unit_test(connections_that_cannot_be_are_explained_without_secrets),
        cmocka_unit_test(other_encodings_are_refused),
        cmocka_unit_test(location_names_the_store_and_no_password),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_all);
}
