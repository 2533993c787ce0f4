#include "support/check.h"
#include "support/cluster.h"
#include "support/killed.h"
#include "support/pooler.h"

#include <cutover/conformance.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The store on PostgreSQL, of a role that has no rights but on its own schemas. */

static struct cluster *cluster;

#define DATABASE "control"

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start("max_connections = 60\n");
    cluster_create_database(cluster, DATABASE);
    cluster_sql(cluster, DATABASE,
                "CREATE ROLE keeper LOGIN PASSWORD 'keeper-secret'; GRANT CREATE ON DATABASE " DATABASE
                " TO keeper;"
                "CREATE ROLE clerk LOGIN PASSWORD 'clerk-secret'");
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
    cluster_sql(cluster, DATABASE,
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postgres_store_conforms_whatever_the_defaults_are),
        cmocka_unit_test(handle_is_refused_in_a_forked_child),
        cmocka_unit_test(ended_sessions_are_made_anew),
    };

    return cmocka_run_group_tests(tests, start_cluster, NULL);
}
