/*
 * A throwaway PostgreSQL server for a test program: in a temporary folder, listening on a socket there, as an
 * unprivileged user when the test runs as root, stopped and removed at the end (also when the test fails or the
 * program is ended by a signal that can be caught). Every function ends the test program with a message when the server
 * cannot be had: nothing is skipped.
 *
 * initdb takes longer than most tests: what it makes is kept in the build folder and copied. A second server is a copy of
 * another one than the first, as two servers have different system identifiers. PostgreSQL's programs come first in PATH.
 */
#ifndef CUTOVER_TESTS_CLUSTER_H
#define CUTOVER_TESTS_CLUSTER_H

#include <libpq-fe.h>

struct cluster;

/* Starts a server; `settings` are lines for postgresql.conf (or NULL). Trust on the socket; on 127.0.0.1 passwords
   (scram). Superuser "postgres" (password "postgres-secret"). fsync off, autovacuum on, jit off, small shared memory. It
   knows the locales of this program's LOCPATH. */
struct cluster *cluster_start(const char *settings);
/* Likewise a server of another release, whose initdb and postgres are in that folder. */
struct cluster *cluster_start_by(const char *programs, const char *settings);
void cluster_stop(struct cluster *cluster);
/* A streaming standby of another that runs: a physical copy, of the same system identifier. `settings` as above, after those that
   follow the primary. */
struct cluster *cluster_standby(struct cluster *primary, const char *settings);
/* Waits until a standby has replayed all that its primary has written. */
void cluster_catch_up(struct cluster *standby, struct cluster *primary);
/* Makes it a primary, and waits until it takes writes. */
void cluster_promote(struct cluster *standby);
/* Stops a server and leaves its files: cluster_restart() brings it back. */
void cluster_halt(struct cluster *cluster, const char *mode);
/* "host=A,B port=a,b …": leads to the first of both that takes sessions. */
const char *cluster_conninfo_of_both(struct cluster *first, struct cluster *second, const char *database);
void cluster_restart(struct cluster *cluster, const char *mode); /* "fast" or "immediate" */
/* Keeps a copy of all its databases as they are, and makes them what they were then; both restart the server. */
void cluster_save(struct cluster *cluster);
void cluster_return(struct cluster *cluster);

/* The servers that run, one after the other: begin with NULL; NULL at the end. */
struct cluster *cluster_next(const struct cluster *cluster);
int cluster_postmaster(const struct cluster *cluster); /* its process id */

const char *cluster_socket_dir(const struct cluster *cluster);
int cluster_port(const struct cluster *cluster);
/* "host=… port=… user=postgres dbname=NAME"; belongs to the cluster until it stops. */
const char *cluster_conninfo(struct cluster *cluster, const char *database);
/* Likewise for another role. */
const char *cluster_conninfo_as(struct cluster *cluster, const char *database, const char *role);
/* A connection for the test's own use; PQfinish it. */
PGconn *cluster_connect(struct cluster *cluster, const char *database);

/* Runs SQL (several statements too) in a session of its own, or, in the database "postgres", in one that is as good as new; an
   error fails the test. */
void cluster_sql(struct cluster *cluster, const char *database, const char *sql);
/* First value of the first row, malloc'd; "" for NULL or no row. */
char *cluster_value(struct cluster *cluster, const char *database, const char *sql);
long cluster_number(struct cluster *cluster, const char *database, const char *sql);
void cluster_create_database(struct cluster *cluster, const char *database);

/* Path of a PostgreSQL program ("pg_dump"), by pg_config --bindir. */
const char *cluster_program(const char *name);
/* Runs a program (argv NULL-terminated) as the test's user; returns its exit status; *output (may be NULL) gets its standard
   output and error, malloc'd. Environment: PATH, LC_ALL=C, HOME only. */
int cluster_run(const char *const *argv, char **output);
/* Makes a temporary folder that is removed at the program's end. Belongs to the support code. */
const char *cluster_temp_dir(void);

#endif
