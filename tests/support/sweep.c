#include "support/sweep.h"
#include "support/cluster.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVERS_MAX 8
#define CHILDREN_MAX 64

struct marked {
    struct cluster *cluster;
    char *databases; /* an array of their OIDs */
};

static struct marked servers[SERVERS_MAX];
static size_t server_count;
static pid_t children[CHILDREN_MAX];
static size_t child_count;

/* ---- children ---- */

static bool is_child(const char *entry)
{
    char path[64], line[512], *end;
    long parent = 0;

    snprintf(path, sizeof path, "/proc/%.20s/stat", entry);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    /* The name, in parentheses, may hold anything. */
    bool read = fgets(line, sizeof line, file) != NULL && (end = strrchr(line, ')')) != NULL &&
                sscanf(end + 1, " %*c %ld", &parent) == 1;
    fclose(file);
    return read && parent == getpid();
}

static size_t list_children(pid_t *list, size_t capacity)
{
    DIR *folder = opendir("/proc");
    size_t count = 0;

    if (folder == NULL)
        return 0;
    for (struct dirent *entry; count < capacity && (entry = readdir(folder)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && is_child(entry->d_name))
            list[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
    closedir(folder);
    return count;
}

static void end_children(void)
{
    pid_t now[CHILDREN_MAX];
    size_t count = list_children(now, CHILDREN_MAX);

    for (size_t i = 0; i < count; i++) {
        bool keep = false;
        for (size_t k = 0; k < child_count; k++)
            keep = keep || children[k] == now[i];
        for (size_t k = 0; k < server_count; k++)
            keep = keep || cluster_postmaster(servers[k].cluster) == now[i];
        if (keep)
            continue;
        kill(now[i], SIGKILL);
        waitpid(now[i], NULL, 0);
    }
}

/* ---- servers ---- */

static PGresult *run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fprintf(stderr, "sweeping: %sin: %s\n", PQerrorMessage(connection), sql);
    return result;
}

static PGconn *connect_to(struct cluster *cluster, const char *database)
{
    PGconn *connection = PQconnectdb(cluster_conninfo(cluster, database));

    if (PQstatus(connection) != CONNECTION_OK)
        fprintf(stderr, "sweeping: %s", PQerrorMessage(connection));
    return connection;
}

/* The query gives statements in its first column; they are run, there or in the database that the second column names. */
static void run_each(struct cluster *cluster, PGconn *connection, const char *query)
{
    PGresult *statements = run(connection, query);

    for (int i = 0; i < PQntuples(statements); i++) {
        bool elsewhere = PQnfields(statements) > 1;
        PGconn *where = elsewhere ? connect_to(cluster, PQgetvalue(statements, i, 1)) : connection;
        PQclear(run(where, PQgetvalue(statements, i, 0)));
        if (elsewhere)
            PQfinish(where);
    }
    PQclear(statements);
}

/* A subscription keeps its database, and lets go of its slot, which may be on a server that is gone. */
static void drop_subscriptions(struct cluster *cluster, const char *database)
{
    PGconn *connection = connect_to(cluster, database);
    const char *const queries[] = {
        "SELECT format('ALTER SUBSCRIPTION %I DISABLE', subname)",
        "SELECT format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', subname)",
        "SELECT format('DROP SUBSCRIPTION %I', subname)",
    };

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char query[256];
        snprintf(query, sizeof query,
                 "%s FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname ="
                 " current_database()",
                 queries[i]);
        run_each(cluster, connection, query);
    }
    PQfinish(connection);
}

static void drop_databases(const struct marked *server, PGconn *connection)
{
    char query[4096];

    snprintf(query, sizeof query,
             "SELECT datname, quote_ident(datname) FROM pg_database WHERE oid <> ALL ('%s'::oid[])",
             server->databases);
    PGresult *databases = run(connection, query);
    for (int i = 0; i < PQntuples(databases); i++) {
        const char *name = PQgetvalue(databases, i, 1);
        snprintf(query, sizeof query, "ALTER DATABASE %.200s ALLOW_CONNECTIONS true IS_TEMPLATE false", name);
        PQclear(run(connection, query));
        drop_subscriptions(server->cluster, PQgetvalue(databases, i, 0));
        snprintf(query, sizeof query, "DROP DATABASE %.200s WITH (FORCE)", name);
        PQclear(run(connection, query));
    }
    PQclear(databases);
    PGresult *roles = run(connection, "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname ~ '^cutover_'");
    for (int i = 0; i < PQntuples(roles); i++) {
        snprintf(query, sizeof query, "DROP ROLE %.200s", PQgetvalue(roles, i, 0));
        PQclear(run(connection, query));
    }
    PQclear(roles);
}

static void sweep_server(const struct marked *server)
{
    PGconn *connection = connect_to(server->cluster, "postgres");

    PQclear(run(connection, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                            "  WHERE pid <> pg_backend_pid() AND (application_name LIKE 'libcutover%'"
                            "    OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))"));
    run_each(server->cluster, connection,
             "SELECT format('ROLLBACK PREPARED %L', gid), database FROM pg_prepared_xacts");
    PQclear(run(connection, "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots"
                            "  WHERE active_pid IS NOT NULL"));
    PQclear(run(connection, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"));
    drop_databases(server, connection);
    PQfinish(connection);
}

/* ---- from one case to the next ---- */

static bool is_marked(const struct cluster *cluster)
{
    for (size_t i = 0; i < server_count; i++)
        if (servers[i].cluster == cluster)
            return true;
    return false;
}

void sweep_mark(void)
{
    for (size_t i = 0; i < server_count; i++)
        free(servers[i].databases);
    server_count = 0;
    for (struct cluster *cluster = cluster_next(NULL); cluster != NULL && server_count < SERVERS_MAX;
         cluster = cluster_next(cluster))
        servers[server_count++] = (struct marked){
            cluster, cluster_value(cluster, "postgres", "SELECT array_agg(oid)::text FROM pg_database")};
    child_count = list_children(children, CHILDREN_MAX);
}

void sweep_revive(void)
{
    for (size_t i = 0; i < server_count; i++)
        if (PQping(cluster_conninfo(servers[i].cluster, "postgres")) != PQPING_OK)
            cluster_restart(servers[i].cluster, "immediate");
}

void sweep(void)
{
    struct cluster *next;

    for (struct cluster *cluster = cluster_next(NULL); cluster != NULL; cluster = next) {
        next = cluster_next(cluster);
        if (!is_marked(cluster))
            cluster_stop(cluster);
    }
    end_children();
    sweep_revive();
    for (size_t i = 0; i < server_count; i++)
        sweep_server(&servers[i]);
}
