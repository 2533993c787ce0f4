#include "support/pooler.h"

#include "support/check.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_file(const char *path, const char *content, const struct passwd *owner)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
    if (owner != NULL)
        assert_int_equal(chown(path, owner->pw_uid, owner->pw_gid), 0);
}

/* It refuses to run as root. */
static pid_t launch(const char *configuration, const struct passwd *user)
{
    pid_t parent = getpid(), pid = fork();

    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    if (user != NULL && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) {
        execlp("pgbouncer", "pgbouncer", "-q", configuration, (char *)NULL);
        /* Debian's place for it is in no ordinary user's PATH. */
        execl("/usr/sbin/pgbouncer", "pgbouncer", "-q", configuration, (char *)NULL);
    }
    _exit(127);
}

void pooler_start(struct pooler *pooler, struct cluster *cluster, const char *settings)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    const char *folder = cluster_temp_dir();
    char path[300], users[300], content[1000], string[400];

    snprintf(path, sizeof path, "%s/pgbouncer.ini", folder);
    snprintf(users, sizeof users, "%s/users", folder);
    snprintf(content, sizeof content,
             "[databases]\n* = host=%s port=%d\n"
             "[pgbouncer]\npool_mode = transaction\nlisten_port = 6432\nlisten_addr =\nunix_socket_dir = %s\n"
             "auth_type = trust\nauth_file = %s\nlogfile = %s/log\nadmin_users = postgres\n"
             "server_login_retry = 1\n%s",
             cluster_socket_dir(cluster), cluster_port(cluster), folder, users, folder,
             settings != NULL ? settings : "");
    write_file(users, "\"postgres\" \"\"\n", user);
    write_file(path, content, user);
    if (user != NULL)
        assert_int_equal(chown(folder, user->pw_uid, user->pw_gid), 0);
    pooler->pid = (int)launch(path, user);
    snprintf(pooler->conninfo, sizeof pooler->conninfo, "host=%s port=6432 user=postgres", folder);
    snprintf(string, sizeof string, "%s dbname=pgbouncer", pooler->conninfo);
    for (int i = 0; i < 1000 && PQping(string) != PQPING_OK; i++) {
        if (waitpid(pooler->pid, NULL, WNOHANG) != 0)
            fail_msg("pgbouncer ended at once: see %s/log, or install it", folder);
        usleep(10000);
    }
}

void pooler_stop(struct pooler *pooler)
{
    kill(pooler->pid, SIGKILL);
    assert_int_equal(waitpid(pooler->pid, NULL, 0), pooler->pid);
}

PGconn *pooler_connect(const struct pooler *pooler, const char *database)
{
    char string[400];

    snprintf(string, sizeof string, "%s dbname=%s", pooler->conninfo, database);
    PGconn *connection = PQconnectdb(string);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    return connection;
}

static PGresult *console(const struct pooler *pooler, const char *command)
{
    PGconn *connection = pooler_connect(pooler, "pgbouncer");
    PGresult *result = PQexec(connection, command);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", command, PQerrorMessage(connection));
    PQfinish(connection);
    return result;
}

void pooler_command(const struct pooler *pooler, const char *command)
{
    PQclear(console(pooler, command));
}

int pooler_version(const struct pooler *pooler)
{
    PGresult *result = console(pooler, "SHOW VERSION");
    int major = 0, minor = 0;

    assert_int_equal(sscanf(PQgetvalue(result, 0, 0), "PgBouncer %d.%d", &major, &minor), 2);
    PQclear(result);
    return 100 * major + minor;
}

char *pooler_setting(const struct pooler *pooler, const char *name)
{
    PGresult *result = console(pooler, "SHOW CONFIG");
    int key = PQfnumber(result, "key"), value = PQfnumber(result, "value");
    char *found = NULL;

    for (int row = 0; row < PQntuples(result); row++)
        if (found == NULL && strcmp(PQgetvalue(result, row, key), name) == 0)
            found = strdup(PQgetvalue(result, row, value));
    PQclear(result);
    assert_non_null(found);
    return found;
}

int pooler_is_paused(const struct pooler *pooler, const char *database)
{
    PGresult *result = console(pooler, "SHOW DATABASES");
    int name = PQfnumber(result, "name"), paused = PQfnumber(result, "paused"), answer = -1;

    for (int row = 0; row < PQntuples(result); row++)
        if (strcmp(PQgetvalue(result, row, name), database) == 0)
            answer = atoi(PQgetvalue(result, row, paused));
    PQclear(result);
    return answer;
}
